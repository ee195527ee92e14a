"""Lessons as the tests need them: the key, the solved notebook, what it defines, its prose."""

import re
from functools import cache

from course import find
from course.key import load_key
from grader.build import solved_notebook
from grader.directory import CourseDirectory

NAMES = sorted(path.parent.name for path in (find.PACKAGE / "lessons").glob("*/key.py"))


@cache
def key(name):
    return load_key(find.PACKAGE / "lessons" / name / "key.py")


@cache
def notebook(name):
    return solved_notebook(CourseDirectory(find.CLONE).lesson(name), key(name))


@cache
def solved(name):
    """All names that the solved lesson's set-up and exercise cells define."""
    return find.solved_objects(notebook(name))


def cases(name, seed):
    return find.live_cases_of(notebook(name), key(name), seed)


def text(name):
    """The whole lesson, text and code, with white space made one."""
    return _one_line("\n\n".join(cell.source for cell in notebook(name).cells))


def prose(name):
    """The lesson's text without its code, with white space made one."""
    cells = (cell.source for cell in notebook(name).cells if cell.cell_type == "markdown")
    return _one_line("\n\n".join(cells))


def key_text(name):
    """The text of the answer key, adjacent strings joined as Python joins them."""
    path = find.PACKAGE / "lessons" / name / "key.py"
    return _one_line(re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8")))


def _one_line(words):
    return " ".join(words.split())
