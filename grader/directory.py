"""A course directory: an nbgrader course with a course.toml beside it.

Its folders are nbgrader's own (solutions is the source directory, assignments the release
directory), so that every nbgrader tool works in it. The clone of the project is one, without a
course.toml: it has all lessons, with the points of the syllabus.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from course import find
from course.check import POLICIES

from .errors import UsageError

__all__ = ["CourseDirectory", "Lesson", "UsageError", "all_lessons"]


@dataclass(frozen=True)
class Lesson:
    """A lesson as the syllabus and the course.toml together have it."""

    name: str
    title: str
    points: Mapping[str, float]
    feedback: str
    due: Any
    source: Path
    """the folder with lesson.md and key.py"""

    @property
    def is_own(self) -> bool:
        """Say whether the lesson is the instructor's own, from an overlay folder."""
        return self.source.parent != find.PACKAGE / "lessons"


class CourseDirectory:
    """One course: where its files are, and what its course.toml says."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        if not self.root.is_dir():
            raise UsageError(
                f"There is no folder {root}. `grader init {root}` makes a course there."
            )

    @property
    def solutions(self) -> Path:
        """Where the solved notebooks are: nbgrader's source directory."""
        return self.root / "solutions"

    @property
    def assignments(self) -> Path:
        """Where the notebooks for students are: nbgrader's release directory."""
        return self.root / "assignments"

    @property
    def submitted(self) -> Path:
        """Where submissions are: submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb."""
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        """Where graded notebooks are left, as nbgrader's formgrader expects them."""
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        """Where a page for each student and assignment is left."""
        return self.root / "feedback"

    @property
    def results(self) -> Path:
        """Where results are left: results/ASSIGNMENT/STUDENT.json."""
        return self.root / "results"

    @property
    def report(self) -> Path:
        """Where reports on the class are left."""
        return self.root / "report"

    @property
    def gradebook_url(self) -> str:
        """The address of nbgrader's database."""
        return f"sqlite:///{self.root / 'gradebook.db'}"

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What course.toml says; raises UsageError where it cannot be read."""
        path = self.root / "course.toml"
        try:
            found = find.settings(self.root)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}. Mend that line.") from error
        unknown = set(found) - {"name", "lessons", "feedback", "overlay", "assignment"}
        if unknown:
            raise UsageError(
                f"{path} has an entry that means nothing here: {', '.join(sorted(unknown))}."
            )
        return found

    @cached_property
    def lessons(self) -> dict[str, Lesson]:
        """The course's lessons by name, in their order."""
        syllabus = all_lessons(self.root)
        chosen = self.settings.get("lessons", list(syllabus))
        missing = [name for name in chosen if name not in syllabus]
        if missing:
            raise UsageError(
                f"course.toml names lessons that do not exist: {', '.join(missing)}. "
                f"There are: {', '.join(syllabus)}."
            )
        return {name: self._lesson(name, syllabus[name]) for name in chosen}

    def _lesson(self, name: str, entry: Mapping[str, Any]) -> Lesson:
        own = self.settings.get("assignment", {}).get(name, {})
        feedback = own.get("feedback", self.settings.get("feedback", "named"))
        if feedback not in POLICIES:
            raise UsageError(
                f"course.toml asks for feedback = {feedback!r}; it can be {', '.join(POLICIES)}."
            )
        points = entry["points"] | own.get("points", {})
        stray = set(own.get("points", {})) - set(entry["points"])
        if stray:
            raise UsageError(
                f"course.toml gives points to checks that {name} does not have: "
                f"{', '.join(sorted(stray))}."
            )
        source = find.lesson_folder(name, self.root)
        return Lesson(name, entry["title"], points, feedback, own.get("due"), source)

    def lesson(self, name: str) -> Lesson:
        """Return one lesson; raises UsageError that lists what there is."""
        if name not in self.lessons:
            raise UsageError(
                f"There is no assignment called {name!r} in {self.root}. "
                f"There are: {', '.join(self.lessons)}."
            )
        return self.lessons[name]


def all_lessons(root: Path) -> dict[str, Any]:
    """Read the lessons of the syllabus, and after them those of an overlay, by name."""
    entries: dict[str, Any] = {}
    for folder in reversed(find.lesson_folders(root)):
        path = (folder.parent if folder == find.PACKAGE / "lessons" else folder) / "syllabus.toml"
        if not path.exists():
            raise UsageError(
                f"{path} is missing: it lists the lessons in {folder} and their points."
            )
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("lesson", []):
            entries[entry["name"]] = entry
    return entries
