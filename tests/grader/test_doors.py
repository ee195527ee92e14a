"""`nbgrader autograde` with the shipped config grades as `grader grade` does."""

import html
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook

from grader.demo import make_class
from grader.grading import grade_assignment
from grader.results import read_results
from tests.conftest import LESSON
from tests.exploits.handed_in import SCRIPT, says

GRADED = {
    "full_solution", "half_done", "blank", "warns_but_right", "mean_of_means", "deleted_check",
    "scripts", "doubled_cell", "syntax_error", "endless_loop", "leaves_python",
}  # fmt: skip
UNREADABLE = {
    "corrupt_file", "old_format", "empty_folder", "misnamed", "no_text", "new_format", "link",
}  # fmt: skip


def nbgrader(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=root, capture_output=True, text=True
    )


def spoil(course):
    """Hand in what nbgrader would not look at, or would end on."""

    def folder(student):
        return shutil.copytree(
            course.submitted / "full_solution" / LESSON, course.submitted / student / LESSON
        )

    name = f"{LESSON}.ipynb"
    (folder("misnamed") / name).rename(course.submitted / "misnamed" / LESSON / "homework.ipynb")
    (folder("no_text") / name).write_bytes(b"\x80\x81 no text")
    path = folder("new_format") / name
    path.write_text(path.read_text().replace('"nbformat": 4', '"nbformat": 17'))
    path = folder("link") / name
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    """One class twice: graded by `grader grade`, and by nbgrader."""
    ours, _ = make_class(tmp_path_factory.mktemp("ours") / "course")
    for folder in ours.submitted.iterdir():
        if folder.name not in GRADED | UNREADABLE:
            shutil.rmtree(folder)
    spoil(ours)
    says(SCRIPT)(ours.submitted / "scripts" / LESSON)
    folder = tmp_path_factory.mktemp("theirs") / "course"
    theirs = type(ours)(shutil.copytree(ours.root, folder, symlinks=True))
    grade_assignment(ours, ours.lesson(LESSON), jobs=2)
    done = nbgrader(theirs.root, "autograde", LESSON)
    assert done.returncode == 0, done.stderr
    return ours, theirs


def results(course):
    found = read_results(course.results, LESSON)
    return {r.student: replace(r, started="", seconds=0, peak_memory_mb=0) for r in found}


def test_every_submission_has_the_same_result(doors):
    ours, theirs = map(results, doors)
    assert theirs.keys() == GRADED | UNREADABLE
    assert theirs == ours
    assert {student for student in theirs if theirs[student].score is None} == UNREADABLE


def rows(course, student):
    with Gradebook(course.gradebook_url) as book:
        notebook = book.find_submission_notebook(LESSON, LESSON, student)
        marks = {g.name: (g.auto_score, g.needs_manual_grade) for g in notebook.grades}
        return marks, {c.name: c.auto_comment for c in notebook.comments}


@pytest.mark.parametrize("student", sorted(GRADED | UNREADABLE))
def test_the_gradebook_has_the_same_points_and_comments_for_each_cell(doors, student):
    ours, theirs = doors
    assert rows(ours, student) == rows(theirs, student)


def test_a_submission_that_cannot_be_read_ends_nobody_elses_grading(doors):
    _, theirs = doors
    for student in UNREADABLE:
        assert not (theirs.autograded / student / LESSON).exists()
        marks, comments = rows(theirs, student)
        assert set(marks.values()) == {(None, True)}
        assert set(comments.values()) == {results(theirs)[student].message}


def test_nbgraders_pages_show_no_hidden_test_and_run_no_script(doors):
    _, theirs = doors
    done = nbgrader(theirs.root, "generate_feedback", LESSON, "--student", "scripts")
    assert done.returncode == 0, done.stderr
    text = (theirs.feedback / "scripts" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<img src=x" not in text
    # What checks say of it is shown, not its source.
    assert "&lt;div" not in text and "&lt;p" not in text
    words = html.unescape(re.sub("<[^>]*>", "", text))
    assert 'check("six_times-six", six_times)' in words
    assert "hidden=True" not in words and "HIDDEN TESTS" not in words


def test_an_old_score_does_not_stand_for_a_link_in_the_place_of_a_notebook(doors):
    _, theirs = doors
    assert rows(theirs, "full_solution")[0]["six_times-six"] == (2.0, False)
    path = theirs.submitted / "full_solution" / LESSON / f"{LESSON}.ipynb"
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    done = nbgrader(theirs.root, "autograde", LESSON, "--student", "full_solution", "--force")
    # Nothing else was to be graded: formgrader's button shows what is said then.
    assert done.returncode == 1 and "is a link" in done.stderr
    assert results(theirs)["full_solution"].status == "quarantined"
    marks, comments = rows(theirs, "full_solution")
    assert set(marks.values()) == {(None, True)}
    assert all("is a link" in comment for comment in comments.values())
