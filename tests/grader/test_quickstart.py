"""A course that this project did not make: `nbgrader quickstart`'s example, graded unchanged."""

import copy
import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.init import STOCK_DOOR

NOTEBOOKS = ("problem1", "problem2")

SQUARES = "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n    return {}"
ANSWERS = {
    "full": {},
    "own_sum": {"sum_of_squares": "def sum_of_squares(n):\n    return n*(n+1)*(2*n+1)//6"},
    "no_error": {"squares": "def squares(n):\n    return [i**2 for i in range(1, n + 1)]"},
    "crashes": {"squares": "def squares(n):\n    import os\n    os._exit(0)"},
    "lies": {
        "squares": "class S:\n    def __eq__(self, other): return True\n" + SQUARES.format("S()")
    },
}
POINTS = {
    "correct_squares": 1.0,
    "squares_invalid_input": 1.0,
    "correct_sum_of_squares": 0.5,
    "sum_of_squares_uses_squares": 0.5,
}
LOST = {
    "full": set(),
    "blank": set(POINTS),
    "own_sum": {"sum_of_squares_uses_squares"},
    "no_error": {"squares_invalid_input"},
    "crashes": set(POINTS) - {"sum_of_squares_uses_squares"},
    "lies": {"correct_squares", "correct_sum_of_squares"},
}
BY_HAND = {"sum_of_squares_equation", "sum_of_squares_application", "part-a", "part-b"}


def nbgrader(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=root, capture_output=True, text=True
    )


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The example course with our door, and a class that has handed in."""
    folder = tmp_path_factory.mktemp("quickstart")
    nbgrader(folder, "quickstart", "course")
    root = folder / "course"
    with open(root / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write("\n" + STOCK_DOOR + "c.Sandbox.cell_seconds = 5\n")
    made = nbgrader(root, "generate_assignment", "ps1")
    assert made.returncode == 0, made.stderr
    for student in LOST:
        hand_in(root, student)
    return root


def hand_in(root, student):
    folder = root / "submitted" / student / "ps1"
    shutil.copytree(root / "release" / "ps1", folder)
    for name in NOTEBOOKS if student != "blank" else ():
        notebook = read(folder / f"{name}.ipynb")
        solved = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source
                  for c in read(root / "source" / "ps1" / f"{name}.ipynb").cells}  # fmt: skip
        for cell in notebook.cells:
            own = cell.metadata.get("nbgrader", {})
            if own.get("solution"):
                right = solved[own["grade_id"]]
                cell.source = ANSWERS[student].get(own["grade_id"], right)
        nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def graded(course):
    done = nbgrader(course, "autograde", "ps1")
    assert done.returncode == 0, done.stderr
    return course


@pytest.mark.parametrize("student", LOST)
def test_each_check_sees_what_it_sees_in_a_kernel(graded, student):
    record = json.loads((graded / "results" / "ps1" / f"{student}.json").read_text())
    found = {check["id"]: check for check in record["checks"]}
    assert {check["notebook"] for check in found.values()} == set(NOTEBOOKS)
    assert {name for name in POINTS if found[name]["points"] == 0.0} == LOST[student]
    kept = {name for name in POINTS if name not in LOST[student]}
    assert all(found[name]["status"] == "passed" for name in kept)
    expected = sum(POINTS[name] for name in kept)
    assert record["score"] == expected and record["max_score"] == 13
    waits = {name for name, check in found.items() if check["status"] == "awaiting_manual"}
    assert waits >= (BY_HAND if student != "blank" else set())
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as book:
        submission = book.find_submission("ps1", student)
        assert (submission.score, submission.max_score) == (expected, 13)
        assert submission.needs_manual_grade


def test_statuses_say_what_happened(graded):
    def statuses(student):
        record = json.loads((graded / "results" / "ps1" / f"{student}.json").read_text())
        return {check["id"]: check["status"] for check in record["checks"]}

    assert statuses("crashes")["correct_squares"] == "crashed"
    assert statuses("blank")["correct_squares"] == "not_attempted"
    assert statuses("blank")["part-a"] == "not_attempted"
    assert statuses("no_error")["squares_invalid_input"] == "failed"


def test_a_notebook_that_was_not_handed_in_is_missing_and_counts(graded):
    folder = graded / "submitted" / "half" / "ps1"
    shutil.copytree(graded / "submitted" / "full" / "ps1", folder)
    (folder / "problem2.ipynb").unlink()
    assert nbgrader(graded, "autograde", "ps1", "--student", "half").returncode == 0
    record = json.loads((graded / "results" / "ps1" / "half.json").read_text())
    assert (record["score"], record["max_score"]) == (3.0, 13.0)
    missing = [check["id"] for check in record["checks"] if check["status"] == "missing"]
    assert missing == ["part-a", "part-b"]


def test_a_check_that_the_judge_cannot_support_is_refused_and_named(course, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(course, root, ignore=shutil.ignore_patterns("results", "autograded"))
    path = root / "source" / "ps1" / "problem1.ipynb"
    notebook = read(path)
    before = copy.deepcopy(notebook)
    cell = next(c for c in notebook.cells
                if c.metadata.get("nbgrader", {}).get("grade_id") == "correct_squares")  # fmt: skip
    cell.source += "\nimport inspect\nassert 'range' in inspect.getsource(squares)"
    nbformat.write(notebook, path)
    done = nbgrader(root, "autograde", "ps1", "--student", "full", "--force")
    assert done.returncode == 1
    assert "problem1, correct_squares: TypeError" in done.stderr
    assert not (root / "results" / "ps1" / "full.json").exists()
    nbformat.write(before, path)
    assert nbgrader(root, "autograde", "ps1", "--student", "full", "--force").returncode == 0
