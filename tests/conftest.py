"""Courses and submissions for the tests."""

import copy
import os
import shutil
import tempfile

import nbformat
import pytest

from course import journal
from grader.directory import CourseDirectory
from grader.grading import grade_assignment
from grader.init import make_course
from grader.restore import grade_id
from grader.sandbox import FULL, LEVELS, bubblewrap

# What tests try must not turn up in the record of whoever runs them.
os.environ[journal.FILE_VARIABLE] = os.path.join(tempfile.mkdtemp(), "journal.jsonl")

LEVEL = os.environ.get("ISOLATION", FULL)
"""The level of isolation at which the tests grade: `make test ISOLATION=reduced` asks for less"""


def pytest_configure(config):
    config.addinivalue_line("markers", "full: holds at the full level of isolation alone")
    if LEVEL not in LEVELS:
        pytest.exit(f"ISOLATION is {LEVEL!r}; it can be {', '.join(LEVELS)}.", 2)
    if LEVEL == FULL and bubblewrap.problem():
        pytest.exit(
            f"This machine cannot shut student code off: {bubblewrap.problem()}. `grader doctor` "
            "says how to mend that. To test what can be had without: make test ISOLATION=reduced",
            2,
        )
    # Whoever asks for another level by name still gets that.
    grade_assignment.__kwdefaults__["isolation"] = LEVEL


def pytest_report_header():
    less = "" if LEVEL == FULL else ": what only namespaces can do is NOT tested"
    return f"isolation: {LEVEL}{less}"


def pytest_collection_modifyitems(config, items):
    if LEVEL != FULL:
        kept = [item for item in items if item.get_closest_marker("full") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


LESSON = "06_gradients_add_up"


@pytest.fixture(scope="session")
def built_course(tmp_path_factory):
    """A course with lesson 06, to be copied, not written into."""
    return make_course(tmp_path_factory.mktemp("course") / "course", "06", "a secret").root


class Classroom:
    """A course directory, and ways to hand something in."""

    def __init__(self, root):
        self.root = root

    @property
    def course(self):
        return CourseDirectory(self.root)

    def notebook(self, top="solutions"):
        path = self.root / top / LESSON / f"{LESSON}.ipynb"
        return copy.deepcopy(nbformat.read(path, as_version=4))

    def answers(self, **answers):
        """The released notebook with these cells filled in, the others as in the solution."""
        solved = {grade_id(c): c.source for c in self.notebook().cells if grade_id(c)}
        notebook = self.notebook("assignments")
        for cell in notebook.cells:
            own = cell.metadata.get("nbgrader", {})
            if own.get("solution"):
                cell.source = answers.get(own["grade_id"], solved[own["grade_id"]])
        return notebook

    def hand_in(self, student, notebook, name=f"{LESSON}.ipynb"):
        folder = self.root / "submitted" / student / LESSON
        folder.mkdir(parents=True, exist_ok=True)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name


@pytest.fixture
def classroom(built_course, tmp_path):
    root = tmp_path / "a course with spaces"
    shutil.copytree(built_course, root)
    return Classroom(root)
