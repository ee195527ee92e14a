"""Put a sample class into a course directory of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

from course import find
from course.key import load_key

from ..directory import CONFIG, CourseDirectory, UsageError
from ..init import make_course
from .students import Handed, students

ASSIGNMENT = "06_gradients_add_up"
SECRET = "the sample class is the same on every machine"
MARK = ".demo"
"""A file that says a folder may be replaced by the next demo."""


def make_class(root: Path, number: int | None = None) -> tuple[CourseDirectory, str]:
    """Make a course with a class that has handed in lesson 06; returns it and the assignment.

    `number` is how many students (default: one of each kind); beyond that come students with a mix
    of right and wrong answers. Raises UsageError where `root` holds something else than a demo.
    """
    if root.exists() and any(root.iterdir()):
        if not (root / MARK).exists():
            raise UsageError(
                f"{root} has something else in it. Name an empty folder: grader demo --dir NAME"
            )
        shutil.rmtree(root)
    make_course(root, ASSIGNMENT, SECRET)
    (root / MARK).touch()
    settings = root / CONFIG
    # The class has an endless loop in it: a short limit shows what comes of it.
    text = settings.read_text(encoding="utf-8").replace("cell_seconds = 30", "cell_seconds = 5")
    settings.write_text(text, encoding="utf-8")
    course = CourseDirectory(root)
    lesson = course.lesson(ASSIGNMENT)
    release = nbformat.read(course.assignments / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", 4)
    solution = nbformat.read(course.solutions / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", 4)
    key = load_key(find.lesson_folder(lesson.name, root) / "key.py")
    for student, handed in students(release, solution, key, number):
        _hand_in(course.submitted / student / ASSIGNMENT, handed)
    return course, ASSIGNMENT


def _hand_in(folder: Path, handed: Handed) -> None:
    folder.mkdir(parents=True)
    for name, text in handed.items():
        (folder / name).write_text(text, encoding="utf-8")
