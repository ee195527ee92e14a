"""Make a course directory."""

from __future__ import annotations

import secrets
from pathlib import Path

from course import find

from .build import build
from .directory import CourseDirectory, UsageError, all_lessons

SETTINGS = """# Your course. After a change here, type: grader build

# Which lessons it has, in their order.
lessons = [
{lessons}
]

# How much students are told of a wrong answer, in their notebooks and in feedback:
#   "named"      what was seen, and the likely mistake
#   "observed"   what was seen
#   "pass_fail"  only whether the answer is right
feedback = "named"

# A folder with lessons and keys of your own, beside this file (see docs/instructors.md).
# overlay = "own_lessons"

# Each assignment can have a date, points and feedback of its own. What you leave out stays.
# [assignment.{example}]
# due = 2027-01-31T23:59:00
# feedback = "observed"
# [assignment.{example}.points]
# {check} = 5
"""

STOCK_DOOR = """\
# `nbgrader autograde` and formgrader's button grade as `grader grade` does, in the same sandbox.
# Without these lines they run student code unprotected, and honest answers get the same scores.
c.Autograde.exporter_class = "grader.autograde.Intake"
c.Autograde.sanitize_preprocessors = ["grader.autograde.GradeInRoom"]
c.Autograde.autograde_preprocessors = [
    "grader.autograde.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# Pages show no hidden tests, and run no script that a submission has left in its output.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.sanitize_html = True
"""

CONFIG = f"""\
# nbgrader's settings for this course. All of nbgrader's commands and formgrader work here.
import os

c = get_config()  # noqa: F821
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"

{STOCK_DOOR}# What a submission may use; `grader doctor` shows all limits.
c.Sandbox.cell_seconds = 30
# c.Sandbox.memory_mb = 1024
"""


def make_course(root: Path, lessons: str = "all", secret: str | None = None) -> CourseDirectory:
    """Make a course in `root` and build its lessons.

    `lessons` is "all", or numbers and names separated by commas. Raises UsageError where there is a
    course already, or a lesson is not known.
    """
    if (root / "course.toml").exists():
        raise UsageError(
            f"{root} is a course already: its settings are in {root / 'course.toml'}. Change them "
            "there, and type: grader build"
        )
    chosen = _choose(lessons)
    root.mkdir(parents=True, exist_ok=True)
    points = all_lessons(find.CLONE)[chosen[0]]["points"]
    (root / "course.toml").write_text(
        SETTINGS.format(
            lessons="\n".join(f'  "{name}",' for name in chosen),
            example=chosen[0],
            check=next(iter(points)),
        ),
        encoding="utf-8",
    )
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (root / "submitted").mkdir(exist_ok=True)
    path = root / ".secret"
    path.touch(mode=0o600)
    path.write_text((secret or secrets.token_hex(32)) + "\n", encoding="utf-8")
    course = CourseDirectory(root)
    build(course)
    return course


def _choose(lessons: str) -> list[str]:
    there = list(all_lessons(find.CLONE))
    if lessons == "all":
        return there
    chosen = []
    for word in (word.strip() for word in lessons.split(",")):
        matching = [name for name in there if name == word or name.split("_")[0] == word]
        if not matching:
            raise UsageError(f"There is no lesson {word!r}. There are: {', '.join(there)}.")
        chosen += matching
    return chosen
