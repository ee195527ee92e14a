"""Whatever happened to a notebook's cells: each check is there once, after its exercise."""

import nbformat
import pytest

from grader.restore import Backbone, grade_id, restore, role


@pytest.fixture
def restored(classroom):
    def run(submitted):
        return restore(submitted, Backbone(classroom.notebook(), classroom.notebook("assignments")))

    return run


def ids(cells):
    return [grade_id(cell) for cell in cells if grade_id(cell)]


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def assert_complete(restored, solution):
    """All cells of the instructor's are there once, in order, and the locked ones word for word."""
    assert ids(restored.cells) == ids(solution.cells)
    source = {grade_id(cell): cell.source for cell in solution.cells}
    for cell in restored.cells:
        if role(cell) in ("check", "setup", "opening"):
            assert cell.source == source[grade_id(cell)]


def test_an_honest_notebook_needs_no_repair(classroom, restored):
    found = restored(classroom.answers())
    assert_complete(found, classroom.notebook())
    assert found.repairs == [] and found.unchanged == set()
    assert restored(classroom.notebook("assignments")).unchanged >= {"six_times", "written-1"}


def delete(notebook):
    notebook.cells.remove(cell_of(notebook, "six_times-six"))


def double_check(notebook):
    notebook.cells.append(cell_of(notebook, "six_times-six"))


def move(notebook):
    cell = cell_of(notebook, "six_times-six")
    notebook.cells.remove(cell)
    notebook.cells.insert(0, cell)


def retype(notebook):
    cell_of(notebook, "six_times-six").cell_type = "markdown"


def weaken(notebook):
    cell_of(notebook, "six_times-six").source = "pass"


def raise_points(notebook):
    cell_of(notebook, "six_times-six").metadata.nbgrader.points = 1000


def lose_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = {}


def spoil_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"nbgrader": [1, {}], "autograd_course": 3})


@pytest.mark.parametrize(
    "damage",
    [delete, double_check, move, retype, weaken, raise_points, lose_metadata, spoil_metadata],
)
def test_damaged_cells_are_put_back(classroom, restored, damage):
    submitted = classroom.answers()
    damage(submitted)
    found = restored(submitted)
    assert_complete(found, classroom.notebook())
    answers = {grade_id(c): c.source for c in classroom.answers().cells}
    for cell in found.cells:
        if role(cell) == "exercise":
            assert cell.source == answers[grade_id(cell)]
    points = {c.metadata.nbgrader.points for c in found.cells if role(c) == "check"}
    assert max(points) == 2


@pytest.mark.parametrize("damage", [delete, double_check, lose_metadata])
def test_repairs_are_recorded(classroom, restored, damage):
    submitted = classroom.answers()
    damage(submitted)
    assert restored(submitted).repairs


def test_both_copies_of_a_doubled_answer_run_in_turn(classroom, restored):
    submitted = classroom.answers(six_times="first = 1")
    twin = nbformat.from_dict(cell_of(submitted, "six_times"))
    twin.source = "second = 2"
    submitted.cells.insert(submitted.cells.index(cell_of(submitted, "six_times")) + 1, twin)
    found = restored(submitted)
    sources = [cell.source for cell in found.cells]
    assert sources.index("first = 1") + 1 == sources.index("second = 2")
    assert_complete(found, classroom.notebook())


def test_a_students_own_cells_stay_where_they_were_and_bring_no_tags(classroom, restored):
    submitted = classroom.answers()
    own = nbformat.v4.new_code_cell("mine = 1", metadata={"tags": ["skip-execution"]})
    submitted.cells.insert(submitted.cells.index(cell_of(submitted, "six_times")), own)
    cell_of(submitted, "six_times").metadata["tags"] = ["skip-execution"]
    found = restored(submitted)
    sources = [cell.source for cell in found.cells]
    assert sources.index("mine = 1") < sources.index(cell_of(submitted, "six_times").source)
    assert not any("tags" in cell.metadata for cell in found.cells)


def test_an_empty_notebook_gets_every_cell_back(classroom, restored):
    found = restored(nbformat.v4.new_notebook())
    assert_complete(found, classroom.notebook())
    assert "six_times" in found.unchanged


def test_a_picture_in_a_written_answer_stays_and_nothing_else_that_is_attached(classroom, restored):
    notebook = classroom.answers(**{"written-1": "So: ![](attachment:a.png)"})
    attached = {
        "a.png": {"image/png": "iVBORw0KGgo=", "text/html": "<script>"},
        "b.svg": {"image/svg+xml": "<svg onload=alert(1)>"},
        "c.png": {"image/png": '"><script>'},
        "d": 3,
    }
    for cell in notebook.cells:
        cell["attachments"] = attached
    found = restored(notebook)
    kept = {grade_id(cell): cell.get("attachments") for cell in found.cells}
    assert kept.pop("written-1") == {"a.png": {"image/png": "iVBORw0KGgo="}}
    assert set(kept.values()) == {None}
