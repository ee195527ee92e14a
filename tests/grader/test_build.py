"""Lessons become notebooks: the same on every build, with nothing that students must not see."""

import ast
import copy
import json
import random
import shutil

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course import find
from course.key import Exercise, load_key
from grader.build import BuildError, build, solved_notebook
from grader.directory import CourseDirectory, UsageError
from grader.restore import grade_id, role

LESSONS = sorted(path.parent.name for path in (find.PACKAGE / "lessons").glob("*/key.py"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """All lessons of the syllabus, built into an empty course."""
    root = tmp_path_factory.mktemp("fresh")
    (root / "course.toml").touch()
    build(CourseDirectory(root))
    return root


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("top", ["solutions", "assignments"])
def test_the_notebooks_in_the_clone_are_current(fresh, top, name):
    place = f"{top}/{name}/{name}.ipynb"
    assert (find.CLONE / place).read_bytes() == (fresh / place).read_bytes(), "type: make build"


def close(one, other):
    """Compare JSON, numbers by value: another processor may round a sum's last digit otherwise."""
    if isinstance(one, float) and isinstance(other, float):
        return np.isclose(one, other, rtol=1e-4, atol=1e-6)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return one == other


@pytest.mark.parametrize("name", LESSONS)
def test_the_recorded_cases_are_current(name):
    from course.cases import record

    lesson = CourseDirectory(find.CLONE).lesson(name)
    key = load_key(lesson.source / "key.py")
    notebook = solved_notebook(lesson, key)
    wanted = json.loads(json.dumps(record(find.live_cases_of(notebook, key, f"public/{name}"))))
    found = json.loads((find.RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    assert close(found, wanted), "type: make build"


def test_a_second_build_changes_nothing(fresh):
    assert build(CourseDirectory(fresh)) == []


@pytest.mark.parametrize("name", LESSONS)
def test_a_release_holds_no_solution_and_no_hidden_check(fresh, name):
    text = (fresh / f"assignments/{name}/{name}.ipynb").read_text(encoding="utf-8")
    for secret in ("hidden=True", "BEGIN HIDDEN", "BEGIN SOLUTION", "Model answer"):
        assert secret not in text
    release = nbformat.reads(text, as_version=4)
    stubs = {grade_id(c): c.source for c in release.cells if role(c) == "exercise"}
    solution = nbformat.read(fresh / f"solutions/{name}/{name}.ipynb", as_version=4)
    for cell in solution.cells:
        if role(cell) == "exercise":
            stub = stubs[grade_id(cell)]
            functions = [n for n in ast.walk(ast.parse(stub)) if isinstance(n, ast.FunctionDef)]
            open_ones = [f for f in functions if "NotImplementedError" in ast.unparse(f)]
            assert open_ones, f"{grade_id(cell)} leaves nothing to write"
            for function in open_ones:
                # What is given may stand before it; what is asked for is that one line.
                assert isinstance(function.body[-1], ast.Raise), function.name


@pytest.mark.parametrize("name", LESSONS)
def test_recorded_cases_hold_no_hidden_case_and_no_code(name):
    record = json.loads((find.RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    hidden = {check["id"] for check in record["checks"] if check["hidden"]}
    assert hidden and not hidden & set(record["cases"])
    kept = " ".join(json.dumps(record).replace("\\n", "\n").split())
    notebook = nbformat.read(find.CLONE / "solutions" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if role(cell) == "exercise":
            for solution in cell.source.split("### BEGIN SOLUTION")[1:]:
                code = " ".join(solution.split("### END SOLUTION")[0].split())
                assert len(code) < 30 or code not in kept


@pytest.mark.parametrize("name", LESSONS)
def test_a_released_notebook_raises_only_in_its_checks(fresh, name):
    notebook = nbformat.read(fresh / f"assignments/{name}/{name}.ipynb", as_version=4)
    NotebookClient(notebook, allow_errors=True, timeout=120).execute()
    raising = {
        role(cell)
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any(output.output_type == "error" for output in cell.outputs)
    }
    assert raising == {"check"}


@pytest.mark.parametrize("name", LESSONS)
def test_a_solved_notebook_runs_from_top_to_bottom_and_then_in_any_order(fresh, name):
    notebook = nbformat.read(fresh / f"solutions/{name}/{name}.ipynb", as_version=4)
    again = [copy.deepcopy(cell) for cell in notebook.cells[1:] if cell.cell_type == "code"]
    random.Random(name).shuffle(again)
    for number, cell in enumerate(again):
        cell.id = f"again-{number}"
    notebook.cells += again
    NotebookClient(notebook, timeout=120).execute()
    # At least one picture a lesson, and each of them in words too.
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    drawings = [output for output in shown if "image/svg+xml" in output.get("data", {})]
    drawings += [o for o in shown if "<svg" in "".join(o.get("data", {}).get("text/html", ""))]
    assert pictures or drawings
    assert all(picture.metadata["image/png"]["alt"] for picture in pictures)


@pytest.mark.parametrize("name", LESSONS)
def test_each_exercise_has_what_the_course_promises(name):
    key = load_key(find.PACKAGE / "lessons" / name / "key.py")
    for exercise in key.values():
        if isinstance(exercise, Exercise):
            assert len(exercise.rights) >= 2, f"{exercise.name}: two other right answers"
            assert exercise.wrongs and exercise.experiment, exercise.name


def test_what_was_edited_by_hand_is_never_overwritten(classroom):
    course = classroom.course
    path = course.solutions / "06_gradients_add_up/06_gradients_add_up.ipynb"
    edited = path.read_text().replace("Gradients add up", "Gradients add up!")
    path.write_text(edited)
    with pytest.raises(UsageError, match=r"06_gradients_add_up\.ipynb") as refused:
        build(course)
    assert "delete these files" in str(refused.value)
    assert path.read_text() == edited
    path.unlink()
    assert build(course) == [path]


def test_points_and_feedback_come_from_the_course(classroom):
    settings = classroom.root / "course.toml"
    text = settings.read_text() + (
        '\n[assignment.06_gradients_add_up]\nfeedback = "observed"\n'
        "[assignment.06_gradients_add_up.points]\nsix_times-six = 7\n"
    )
    settings.write_text(text)
    build(classroom.course)
    notebook = classroom.notebook("assignments")
    cells = {grade_id(cell): cell for cell in notebook.cells}
    assert cells["six_times-six"].metadata.nbgrader.points == 7
    assert 'feedback="observed"' in cells["begin"].source


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (":idea: what a leaf is\n", "", "an idea"),
        (":check: recall_leaf-answer", ":check: recall_leaf-other", "recall_leaf-other"),
        (":setup: true", ":setpu: true", "setpu"),
        (":exercise: six_times\n", "", "six_times"),
        (":check: six_times-six", ":check: six_times-any_number", "two cells"),
        (
            ":idea: what a leaf",
            ":idea: a leaf: what",
            r"(?s)lesson.md, line \d+: .*a leaf: what.*quotes",
        ),
    ],
)
def test_a_lesson_that_makes_no_sense_is_refused(classroom, before, after, says):
    own = classroom.root / "own"
    name = "06_gradients_add_up"
    shutil.copytree(find.PACKAGE / "lessons" / name, own / name)
    shutil.copy(find.PACKAGE / "syllabus.toml", own)
    path = own / name / "lesson.md"
    path.write_text(path.read_text().replace(before, after))
    settings = classroom.root / "course.toml"
    settings.write_text('overlay = "own"\n' + settings.read_text())
    old = classroom.notebook()
    with pytest.raises(BuildError, match=says):
        build(classroom.course)
    assert classroom.notebook() == old
