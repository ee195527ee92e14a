"""A class of every kind of submission, graded for real."""

import copy
import csv
import io
import json
import shutil
import sqlite3
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import nbformat
import pytest
from nbgrader.api import Gradebook

from course import find
from course.key import load_key
from grader import schedule
from grader.demo import make_class
from grader.grading import grade_assignment
from grader.restore import role
from grader.results import NOT_GRADED, read_results
from tests.conftest import LESSON, LEVEL


def grade(course, **options):
    return grade_assignment(course, course.lesson(LESSON), jobs=2, **options)


def results_of(course):
    return {result.student: result for result in read_results(course.results, LESSON)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo class, graded: the course and its results."""
    course, _ = make_class(tmp_path_factory.mktemp("demo") / "demo")
    summary = grade(course)
    assert not summary.faults
    return course, results_of(course)


def statuses(result):
    return {check.id: check.status for check in result.checks}


def test_the_demo_class_is_large_and_repeats_itself(demo, tmp_path):
    course, results = demo
    assert len(results) >= 24
    again, _ = make_class(tmp_path / "again")
    for path in course.submitted.rglob("*.ipynb"):
        other = again.submitted / path.relative_to(course.submitted)
        assert path.read_bytes() == other.read_bytes()
    some, _ = make_class(tmp_path / "some", 40)
    assert len(list(some.submitted.iterdir())) == 40


@pytest.mark.parametrize(
    "student",
    [
        "full_solution",
        "alternative_1",
        "alternative_2",
        "warns_but_right",
        "deleted_check",
        "doubled_cell",
    ],
)
def test_right_answers_get_full_points(demo, student):
    result = demo[1][student]
    assert (result.status, result.score) == ("graded", result.max_score)


def test_a_blank_notebook_gets_nothing_and_a_half_done_one_its_half(demo):
    blank, half = demo[1]["blank"], demo[1]["half_done"]
    assert blank.score == 0 and set(statuses(blank).values()) == {"not_attempted"}
    assert 0 < half.score < half.max_score
    assert set(statuses(half).values()) >= {"passed", "not_attempted"}


def test_a_mistake_costs_its_own_exercise_and_no_other(demo):
    key = load_key(find.PACKAGE / "lessons" / LESSON / "key.py")
    tried = 0
    for name, exercise in key.items():
        for wrong in getattr(exercise, "wrongs", []):
            result = demo[1][wrong.name]
            lost = {
                check.exercise for check in result.checks if check.status in ("failed", "error")
            }
            assert lost == {name}, wrong.name
            named = {check.diagnosis["name"] for check in result.checks if check.diagnosis}
            assert named == {wrong.name}
            tried += 1
    assert tried >= 12


@pytest.mark.parametrize(
    ("student", "exercise", "status", "says"),
    [
        ("endless_loop", "six_times", "timeout", "did not come to an end"),
        ("leaves_python", "zero_gradients", "crashed", "Python itself ended"),
        ("syntax_error", "six_times", "error", "SyntaxError"),
    ],
)
def test_accidents_cost_one_exercise(demo, student, exercise, status, says):
    result = demo[1][student]
    for check in result.checks:
        if check.exercise == exercise:
            assert check.status == status and says in check.message
        elif check.max_points:
            assert check.status == "passed", check.id


@pytest.mark.parametrize(
    "student", ["corrupt_file", "old_format", "wrong_name", "two_notebooks", "empty_folder"]
)
def test_what_cannot_be_read_is_set_aside(demo, student):
    course, results = demo
    result = results[student]
    assert (result.status, result.score) == ("quarantined", None) and result.message
    with Gradebook(course.gradebook_url) as book:
        submission = book.find_submission(LESSON, student)
        assert submission.needs_manual_grade and submission.score == 0


def test_results_say_what_they_were_made_with(demo):
    result = demo[1]["full_solution"]
    for name in ("submission_sha256", "assignment_sha256", "key_sha256"):
        assert len(getattr(result, name)) == 64
    assert result.environment.keys() == {"python", "numpy", "machine", "limits", "code"}
    assert result.engine_version and result.grader_version and len(result.seed_id) == 12
    assert result.isolation == LEVEL and result.seconds > 0 and result.peak_memory_mb > 10
    assert result.started.endswith("+00:00")


def test_repairs_are_told(demo):
    assert "six_times-six" in demo[1]["deleted_check"].repairs[0]
    assert "six_times" in demo[1]["doubled_cell"].repairs[0]
    assert demo[1]["full_solution"].repairs == []


def test_the_gradebook_has_every_score(demo):
    course, results = demo
    with Gradebook(course.gradebook_url) as book:
        for student, result in results.items():
            submission = book.find_submission(LESSON, student)
            assert submission.score == (result.score or 0)
            assert submission.max_score == (result.max_score or 15)
        full = book.find_submission(LESSON, "full_solution")
        assert not full.needs_manual_grade
        comments = {
            c.name: c.comment
            for c in book.find_submission_notebook(LESSON, LESSON, "blank").comments
        }
        assert set(comments.values()) == {"No response."}


def test_rows_are_those_that_nbgrader_itself_would_make(classroom):
    classroom.hand_in("anna", classroom.answers())
    grade(classroom.course)
    with Gradebook(classroom.course.gradebook_url) as book:
        book.add_student("bo")
        book.add_submission(LESSON, "bo")
        ours, theirs = (book.find_submission(LESSON, name) for name in ("anna", "bo"))
        for rows in ("grades", "comments"):
            (mine,), (other,) = (
                [sorted(row.name for row in getattr(notebook, rows)) for notebook in s.notebooks]
                for s in (ours, theirs)
            )
            assert mine == other and mine


def test_graded_notebooks_are_where_formgrader_looks(demo):
    course, results = demo
    for student, result in results.items():
        path = course.autograded / student / LESSON / f"{LESSON}.ipynb"
        assert path.exists() == (result.status == "graded")
    graded = nbformat.read(course.autograded / "blank" / LESSON / f"{LESSON}.ipynb", as_version=4)
    nbformat.validate(graded)
    checks = [cell for cell in graded.cells if role(cell) == "check"]
    assert all(cell.outputs for cell in checks)


STEADY = ("started", "seconds", "peak_memory_mb")


def test_grading_again_gives_the_same_results(demo):
    course, results = demo
    kinds = ["full_solution", "mean_of_means", "syntax_error", "corrupt_file", "blank"]
    before = {student: copy.deepcopy(results[student]) for student in kinds}
    for path in course.submitted.iterdir():
        if path.name not in kinds:
            shutil.rmtree(path)
    grade(course, force=True)
    after = results_of(course)
    for student, old in before.items():
        for name in STEADY:
            setattr(old, name, getattr(after[student], name))
        assert old == after[student]


# One class more, small, for what happens when things change


def test_unchanged_submissions_are_not_graded_again(classroom):
    classroom.hand_in("anna", classroom.answers())
    assert grade(classroom.course).graded == 1
    assert grade(classroom.course).kept == 1
    classroom.hand_in("anna", classroom.answers(six_times="def six_times(*a): return 1"))
    assert grade(classroom.course).graded == 1
    (classroom.root / ".secret").write_text("another secret")
    assert grade(classroom.course).graded == 1
    assert grade(classroom.course, force=True).graded == 1


def test_manual_marks_and_comments_are_kept(classroom):
    classroom.hand_in("anna", classroom.answers())
    grade(classroom.course)
    with Gradebook(classroom.course.gradebook_url) as book:
        mark = book.find_grade("six_times-six", LESSON, LESSON, "anna")
        mark.manual_score, mark.extra_credit = 0.5, 0.25
        comment = book.find_comment("six_times", LESSON, LESSON, "anna")
        comment.manual_comment = "See me."
        book.db.commit()
    grade(classroom.course, force=True)
    with Gradebook(classroom.course.gradebook_url) as book:
        mark = book.find_grade("six_times-six", LESSON, LESSON, "anna")
        assert (mark.manual_score, mark.extra_credit, mark.auto_score) == (0.5, 0.25, 2)
        assert mark.needs_manual_grade
        assert book.find_comment("six_times", LESSON, LESSON, "anna").comment == "See me."


def test_an_old_score_does_not_stand_for_a_file_that_cannot_be_read(classroom):
    classroom.hand_in("anna", classroom.answers())
    grade(classroom.course)
    classroom.hand_in("anna", "{")
    summary = grade(classroom.course)
    assert [result.student for result in summary.set_aside] == ["anna"]
    with Gradebook(classroom.course.gradebook_url) as book:
        submission = book.find_submission(LESSON, "anna")
        assert submission.score == 0 and submission.needs_manual_grade
    assert not (classroom.course.autograded / "anna" / LESSON).exists()


def test_a_student_who_handed_in_nothing_is_listed(classroom):
    classroom.hand_in("anna", classroom.answers())
    with Gradebook(classroom.course.gradebook_url) as book:
        book.add_student("bo")
    summary = grade(classroom.course)
    assert [result.student for result in summary.absent] == ["bo"]
    assert results_of(classroom.course)["bo"].status == NOT_GRADED


def test_a_written_answer_waits_for_a_person_where_it_has_points(classroom):
    settings = classroom.root / "course.toml"
    points = f"\n[assignment.{LESSON}.points]\nwritten-1 = 3\n"
    settings.write_text(settings.read_text() + points)
    from grader.build import build

    build(classroom.course)
    classroom.hand_in("anna", classroom.answers())
    classroom.hand_in("bo", classroom.notebook("assignments"))
    grade(classroom.course)
    found = results_of(classroom.course)
    assert statuses(found["anna"])["written-1"] == "awaiting_manual"
    assert statuses(found["bo"])["written-1"] == "not_attempted"
    with Gradebook(classroom.course.gradebook_url) as book:
        assert book.find_grade("written-1", LESSON, LESSON, "anna").needs_manual_grade
        assert not book.find_grade("written-1", LESSON, LESSON, "bo").needs_manual_grade


def test_a_cell_left_out_of_the_gradebook_rolls_everything_back(classroom, monkeypatch):
    """One transaction: where writing a result fails half way, nothing of it is there."""
    classroom.hand_in("anna", classroom.answers())
    grade(classroom.course)
    before = dump(classroom)
    classroom.hand_in("anna", classroom.notebook("assignments"))

    def fail(*_):
        # Grades are in the database by then, and are not committed.
        raise OSError("disk full")

    monkeypatch.setattr("grader.rows.AssignmentRows._comments", fail)
    with pytest.raises(OSError, match="disk full"):
        grade(classroom.course)
    assert dump(classroom) == before


def dump(classroom):
    with sqlite3.connect(classroom.root / "gradebook.db") as database:
        return sorted(line for line in database.iterdump() if "INTO grade" in line)


class DyingPool:
    """A pool whose worker dies under one student's submission, as under a fault of the grader's."""

    def __init__(self, killer):
        self.killer, self.broken = killer, False

    def __call__(self, jobs):
        return DyingPool(self.killer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, assignment, submission, limits):
        future = Future()
        self.broken = self.broken or submission.student == self.killer
        if self.broken:
            future.set_exception(BrokenProcessPool("a worker died"))
        else:
            future.set_result(function(assignment, submission, limits))
        return future


def test_a_worker_that_dies_takes_no_other_submission_with_it(classroom):
    from grader import intake
    from grader.pipeline import Assignment
    from grader.sandbox import Limits

    for student in ("anna", "bo", "cleo"):
        classroom.hand_in(student, classroom.answers())
    course = classroom.course
    lesson = course.lesson(LESSON)
    found = intake.submissions(course, lesson, set())
    assignment = Assignment(LESSON, course.root, lesson.source)
    graded = schedule.grade_all(assignment, found, Limits(), 1, DyingPool("bo"))
    by_student = {g.result.student: g for g in graded}
    assert by_student["bo"].fault and "not the student's fault" in by_student["bo"].result.message
    for student in ("anna", "cleo"):
        assert by_student[student].result.score == 15


def test_replay_after_a_crash_brings_later_checks_to_the_same_state(classroom):
    """A helper defined before the crash is there after it; what crashed is not run again."""
    notebook = classroom.answers(
        six_times="def six_times(*arguments):\n    import os\n    os._exit(1)",
        zero_gradients=(
            "def zero_gradients(parameters):\n    for p in parameters:\n        helper(p)\n"
        ),
    )
    helper = "def helper(p):\n    if p.grad is not None:\n        p.grad.zero_()"
    notebook.cells.insert(2, nbformat.v4.new_code_cell(helper))
    notebook.cells.insert(3, nbformat.v4.new_code_cell("import os\nif False: os._exit(2)"))
    classroom.hand_in("anna", notebook)
    grade(classroom.course)
    result = results_of(classroom.course)["anna"]
    found = statuses(result)
    assert found["six_times-six"] == "crashed" and found["zero_gradients-zero"] == "passed"


def test_results_are_json_that_others_can_read(demo):
    course, _ = demo
    record = json.loads((course.results / LESSON / "blank.json").read_text())
    assert record["schema"] == 1 and record["checks"][0].keys() >= {"id", "status", "diagnosis"}
    detail = json.loads((course.results / LESSON / "blank.detail").read_text())
    assert detail["cells"]


def test_a_spreadsheet_reads_no_formula(classroom):
    from grader.cli import _as_csv
    from grader.results import CheckResult, Result

    check = CheckResult("a-b", "n", "a", 0.0, 1.0, "failed", diagnosis={"name": "@x"})
    text = _as_csv([Result("=cmd()", LESSON, "graded", 1.0, 2.0, [check])])
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][1] == "'=cmd()" and rows[1][-1] == "'@x"


def test_a_late_penalty_is_what_the_courses_plug_in_says(classroom):
    with open(classroom.root / "course.toml", "a", encoding="utf-8") as settings:
        settings.write(f"\n[assignment.{LESSON}]\ndue = 2027-01-31T23:59:00\n")
    with open(classroom.root / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    for student, day in (("ada", "2027-02-01"), ("bo", "2027-01-30")):
        path = classroom.hand_in(student, classroom.answers())
        (path.parent / "timestamp.txt").write_text(f"{day} 12:00:00 UTC")
    grade(classroom.course)
    with Gradebook(classroom.course.gradebook_url) as book:
        found = {
            s.student.id: s.late_submission_penalty for s in book.assignment_submissions(LESSON)
        }
        assert found == {"ada": 15.0, "bo": 0.0}
    # It is no part of a result, whose score is that before penalties.
    assert {r.score for r in read_results(classroom.course.results, LESSON)} == {15.0}
