"""Whatever an editor does to a notebook, an honest answer keeps its marks; a blank one has none."""

import copy

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.feedback import write_feedback
from grader.grading import grade_assignment
from grader.intake import Submission
from grader.pipeline import Assignment, grade
from grader.restore import Backbone, grade_id, restore, role
from grader.results import read_results
from grader.sandbox import FULL, Limits
from grader.sandbox.launch import Sandbox
from tests.conftest import LESSON, Classroom

LIMITS = Limits()


@pytest.fixture(scope="module")
def room(built_course):
    return Classroom(built_course)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(FULL, LIMITS) as opened:
        yield opened


# What editors and people do, with numbers that choose the cells. An answer is never deleted.


def ours(notebook):
    return [n for n, cell in enumerate(notebook.cells) if grade_id(cell)]


def of_role(notebook, *roles):
    return [n for n, cell in enumerate(notebook.cells) if role(cell) in roles]


def delete(notebook, a, b):
    places = of_role(notebook, "check", "opening", "setup")
    if places:
        del notebook.cells[places[a % len(places)]]


def double(notebook, a, b):
    places = ours(notebook)
    twin = copy.deepcopy(notebook.cells[places[a % len(places)]])
    notebook.cells.insert(b % (len(notebook.cells) + 1), twin)


def retype(notebook, a, b):
    places = ours(notebook)
    notebook.cells[places[a % len(places)]].cell_type = ("markdown", "raw", "code")[b % 3]


def move(notebook, a, b):
    places = ours(notebook)
    cell = notebook.cells.pop(places[a % len(places)])
    notebook.cells.insert(b % (len(notebook.cells) + 1), cell)


def add(notebook, a, b):
    texts = ["mine = 1", "    print('indented')", "%matplotlib inline\n1 + 1", "1 / 0"]
    cell = nbformat.v4.new_code_cell(texts[b % len(texts)])
    notebook.cells.insert(a % (len(notebook.cells) + 1), cell)


def merge(notebook, a, b):
    places = [
        n
        for n in range(len(notebook.cells) - 1)
        if notebook.cells[n].cell_type == notebook.cells[n + 1].cell_type == "code"
        # A cell whose first line is a mistake would take the other one with it.
        and "1 / 0" not in notebook.cells[n].source
        and not notebook.cells[n + 1].source.startswith((" ", "%"))
    ]
    if places:
        n = places[a % len(places)]
        second = notebook.cells.pop(n + 1)
        notebook.cells[n].source += "\n\n" + second.source


def split(notebook, a, b):
    places = [n for n in of_role(notebook, "exercise") if notebook.cells[n].cell_type == "code"]
    if not places:
        return
    n = places[a % len(places)]
    cell = notebook.cells[n]
    lines = cell.source.split("\n")
    # Inside of a docstring nobody splits.
    quoted = [text.count('"""') % 2 for text in ("\n".join(lines[:k]) for k in range(len(lines)))]
    allowed = [k for k in range(1, len(lines)) if not quoted[k]]
    if allowed:
        k = allowed[b % len(allowed)]
        second = copy.deepcopy(cell) if a % 2 else nbformat.v4.new_code_cell("")
        cell.source, second.source = "\n".join(lines[:k]), "\n".join(lines[k:])
        notebook.cells.insert(n + 1, second)


def strip(notebook, a, b):
    cell = notebook.cells[a % len(notebook.cells)]
    cell.metadata = nbformat.from_dict([{}, {"id": "x"}, {"nbgrader": [1]}][b % 3])


def strip_all(notebook, a, b):
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"colab": {"base_uri": "x"}} if a % 2 else {})
        cell.id = f"c{b}"[:8] if b % 2 else cell.id


IN_TURN = [delete, move, add, double, retype, merge, split, strip, strip_all]
NUMBERS = st.integers(0, 1000)
EDITS = st.lists(st.tuples(st.sampled_from(IN_TURN), NUMBERS, NUMBERS), min_size=1, max_size=7)


def edited(notebook, edits):
    """Apply edits in an order in which none of them takes an answer apart that another moves."""
    for edit, a, b in sorted(edits, key=lambda one: IN_TURN.index(one[0])):
        edit(notebook, a, b)
    return notebook


def graded(room, sandbox, notebook):
    course = room.course
    lesson = course.lesson(LESSON)
    assignment = Assignment(lesson.name, course.root, lesson.source)
    submission = Submission("anna", lesson.name, notebook, "0" * 64)
    return grade(assignment, submission, LIMITS, sandbox).result


SLOWLY = settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@settings(SLOWLY, max_examples=30)
@given(edits=EDITS)
def test_an_honest_answer_keeps_its_marks(room, sandbox, edits):
    result = graded(room, sandbox, edited(room.answers(), edits))
    lost = [(c.id, c.status, c.message) for c in result.checks if c.status != "passed"]
    assert result.score == result.max_score, (lost, result.repairs)


@settings(SLOWLY, max_examples=15)
@given(edits=EDITS)
def test_a_blank_notebook_gets_nothing_from_being_damaged(room, sandbox, edits):
    result = graded(room, sandbox, edited(room.notebook("assignments"), edits))
    assert result.score == 0, result.repairs


@settings(SLOWLY, max_examples=200)
@given(edits=EDITS)
def test_every_cell_is_there_once_and_in_order(room, edits):
    solution, release = room.notebook(), room.notebook("assignments")
    found = restore(edited(room.answers(), edits), Backbone(solution, release))
    again = restore(edited(room.answers(), edits), Backbone(solution, release))
    assert [c.source for c in found.cells] == [c.source for c in again.cells]
    assert [grade_id(c) for c in found.cells if grade_id(c)] == [
        grade_id(c) for c in solution.cells if grade_id(c)
    ]
    stubs = {grade_id(c): c.source for c in release.cells if role(c) == "exercise"}
    for cell in found.cells:
        if role(cell) == "exercise":
            assert f"def {grade_id(cell)}" in cell.source
            assert cell.source != stubs[grade_id(cell)]


# One by one, and what is said


def repaired(room, notebook):
    return restore(notebook, Backbone(room.notebook(), room.notebook("assignments")))


def place(notebook, name):
    return next(n for n, cell in enumerate(notebook.cells) if grade_id(cell) == name)


def test_after_colab_all_is_found_and_helpers_stay_where_they_were(room):
    notebook = room.answers(**{"written-1": "Micro-batches would no longer add up."})
    helper = nbformat.v4.new_code_cell("mine = torch.ones(2)")
    notebook.cells.insert(place(notebook, "zero_gradients"), helper)
    strip_all(notebook, 1, 1)
    found = repaired(room, notebook)
    # Not before the cell that imports torch.
    names = [grade_id(cell) or cell.source for cell in found.cells]
    assert names.index("setup-2") < names.index("mine = torch.ones(2)")
    assert names.index("mine = torch.ones(2)") < names.index("zero_gradients")
    written = next(cell for cell in found.cells if grade_id(cell) == "written-1")
    assert written.source == "Micro-batches would no longer add up."
    assert "written-1" not in found.unchanged
    assert [text for text in found.repairs if text.startswith("Without its mark")]
    assert len(found.repairs) == 1


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda nb: nb.cells.pop(place(nb, "six_times-six")), "Missing, and put back"),
        (lambda nb: nb.cells.append(nb.cells[place(nb, "six_times-six")]), "counted once"),
        (lambda nb: nb.cells.insert(0, nb.cells.pop(place(nb, "six_times-six"))), "Moved"),
        (lambda nb: nb.cells[place(nb, "six_times-six")].update(source="pass"), "Changed"),
        (
            lambda nb: nb.cells[place(nb, "six_times-six")].update(cell_type="raw"),
            "No longer the kind",
        ),
        (
            lambda nb: nb.cells[place(nb, "six_times-six")].update(metadata={}),
            "Without its mark",
        ),
    ],
)
def test_each_repair_is_recorded_by_name(room, edit, says):
    notebook = room.answers()
    edit(notebook)
    (said,) = repaired(room, notebook).repairs
    assert said.startswith(says) or says in said
    assert "six_times-six" in said


def test_a_class_and_a_name_that_is_bound_are_found_too(room):
    for text in ("class six_times:\n    pass", "six_times = print", "async def six_times(): 1"):
        notebook = room.answers()
        cell = notebook.cells[place(notebook, "six_times")]
        cell.source, cell.metadata = text, nbformat.from_dict({})
        found = repaired(room, notebook)
        assert next(c for c in found.cells if grade_id(c) == "six_times").source == text


def test_a_stub_left_beside_an_answer_does_not_win(room):
    notebook = room.answers()
    stub = next(c for c in room.notebook("assignments").cells if grade_id(c) == "six_times")
    answer = notebook.cells[place(notebook, "six_times")].source
    for where in (place(notebook, "six_times"), place(notebook, "six_times") + 1):
        both = copy.deepcopy(notebook)
        both.cells.insert(where, copy.deepcopy(stub))
        cells = repaired(room, both).cells
        assert [c.source for c in cells if "def six_times" in c.source] == [answer]


def test_an_answer_written_into_a_new_cell_counts(room):
    notebook = room.notebook("assignments")
    notebook.cells.append(nbformat.v4.new_code_cell("def six_times(*_):\n    return 1"))
    found = repaired(room, notebook)
    assert "six_times" not in found.unchanged
    assert [c.source for c in found.cells].count("def six_times(*_):\n    return 1") == 1


def test_a_moved_check_does_not_take_a_helper_behind_itself(room):
    """A, check A, check B (moved here), helper, B: the helper still comes before B's check."""
    notebook = room.answers()
    check = notebook.cells.pop(place(notebook, "zero_gradients-zero"))
    notebook.cells.insert(place(notebook, "zero_gradients"), check)
    helper = nbformat.v4.new_code_cell("helper = 1")
    notebook.cells.insert(place(notebook, "zero_gradients"), helper)
    names = [grade_id(c) or c.source for c in repaired(room, notebook).cells]
    assert names.index("helper = 1") < names.index("zero_gradients-zero")


def test_text_that_quotes_code_is_no_answer(room):
    notebook = room.notebook("assignments")
    quoted = "I tried\n```\ndef six_times(x):\n    pass\n```"
    notebook.cells.append(nbformat.v4.new_markdown_cell(quoted))
    assert "six_times" in repaired(room, notebook).unchanged


def test_a_long_list_of_repairs_is_short(room):
    said = repaired(room, nbformat.v4.new_notebook()).repairs
    assert len(said) == 2 and all(len(text) < 400 for text in said)
    assert " more." in said[0]


def test_repairs_are_in_the_result_and_on_the_students_page(classroom):
    notebook = classroom.answers()
    del notebook.cells[place(notebook, "six_times-six")]
    classroom.hand_in("anna", notebook)
    course = classroom.course
    grade_assignment(course, course.lesson(LESSON), jobs=1)
    (result,) = read_results(course.results, LESSON)
    assert result.score == 15 and "six_times-six" in result.repairs[0]
    (page,) = write_feedback(course, LESSON)
    assert result.repairs[0] in page.read_text()
