"""nbgrader's own commands, with a config that only names directories, come to the same scores."""

import shutil
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

from grader.demo import make_class
from grader.grading import grade_assignment
from grader.results import read_results
from tests.conftest import LESSON

HONEST = {"full_solution": 15.0, "half_done": None, "blank": 0.0, "warns_but_right": 15.0}


def nbgrader(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def scores(course):
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        return {s.student.id: s.score for s in book.assignment_submissions(LESSON)}


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """The honest students twice: one course for `grader grade`, one for nbgrader alone."""
    ours, _ = make_class(tmp_path_factory.mktemp("ours") / "course")
    for folder in ours.submitted.iterdir():
        if folder.name not in HONEST:
            shutil.rmtree(folder)
    theirs = tmp_path_factory.mktemp("theirs") / "course"
    shutil.copytree(ours.root, theirs)
    summary = grade_assignment(ours, ours.lesson(LESSON), jobs=2)
    assert summary.graded == len(HONEST)
    stock = type(ours)(theirs)
    released = (stock.assignments / LESSON / f"{LESSON}.ipynb").read_bytes()
    shutil.rmtree(stock.assignments)
    config = (theirs / "nbgrader_config.py").read_text()
    (theirs / "nbgrader_config.py").write_text(config.split("\n# `nbgrader autograde`")[0])
    nbgrader(theirs, "generate_assignment", LESSON)
    nbgrader(theirs, "autograde", LESSON)
    return ours, stock, released


def test_both_give_the_honest_the_same_scores(classes):
    ours, stock, _ = classes
    assert scores(ours) == scores(stock)
    expected = {name: score for name, score in HONEST.items() if score is not None}
    assert expected.items() <= scores(stock).items()
    assert 0 < scores(stock)["half_done"] < 15
    assert {r.student: r.score for r in read_results(ours.results, LESSON)} == scores(stock)


def test_both_give_every_single_cell_the_same_points(classes):
    def cells(course):
        with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
            return {
                (student, grade.name): grade.auto_score
                for student in HONEST
                for grade in book.find_submission_notebook(LESSON, LESSON, student).grades
            }

    ours, stock, _ = classes
    assert cells(ours) == cells(stock)
    assert len(cells(ours)) > 40


def test_nbgraders_release_is_ours(classes):
    _, stock, released = classes
    assert (stock.assignments / LESSON / f"{LESSON}.ipynb").read_bytes() == released


def test_nbgraders_feedback_and_validation_work_on_what_we_leave(classes):
    ours, _, _ = classes
    nbgrader(ours.root, "generate_feedback", LESSON)
    page = ours.root / "feedback" / "half_done" / LESSON / f"{LESSON}.html"
    text = page.read_text(encoding="utf-8")
    # nbgrader's page shows the score, our checks' words and nbgrader's comment on empty answers.
    assert f"(Score: {scores(ours)['half_done']} / 15.0)" in text
    assert "Not written yet" in text and "No response." in text
    solution = ours.solutions / LESSON / f"{LESSON}.ipynb"
    assert (
        "Success"
        in subprocess.run(
            [sys.executable, "-m", "nbgrader", "validate", str(solution)],
            cwd=ours.root,
            capture_output=True,
            text=True,
        ).stdout
    )
