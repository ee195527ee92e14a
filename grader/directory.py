"""A course directory: an nbgrader course, perhaps with a course.toml beside it.

Its folders are those that nbgrader itself uses there, as the nbgrader_config.py says, so that every
nbgrader tool works in it. What it teaches are lessons of the syllabus, chosen in the course.toml,
and any other assignment that stands in its source directory. The clone of the project is a course
directory without a course.toml: it has all lessons, with the points of the syllabus.
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

CONFIG = "nbgrader_config.py"
SQLITE = "sqlite:///"
LAYOUT = "{nbgrader_step}/{student_id}/{assignment_id}"

__all__ = ["CourseDirectory", "Lesson", "UsageError", "all_lessons"]


@dataclass(frozen=True)
class Lesson:
    """A lesson as the syllabus and the course.toml together have it."""

    name: str
    title: str
    points: Mapping[str, float]
    feedback: str
    due: Any
    source: Path | None
    """the folder with lesson.md and key.py, None for an assignment that was made with nbgrader"""
    notebooks: tuple[str, ...]
    """the names of its notebooks: of a lesson one, which is called as the lesson is"""

    @property
    def folder(self) -> Path:
        """The lesson's source; raises UsageError where there is none to build."""
        if self.source is None:
            raise UsageError(
                f"{self.name} was made with nbgrader, and has no lesson.md to build it from. Type: "
                f"nbgrader generate_assignment {self.name}"
            )
        return self.source

    @property
    def is_own(self) -> bool:
        """Say whether the lesson is the instructor's own, from an overlay folder."""
        return self.source is not None and self.source.parent != find.PACKAGE / "lessons"


class CourseDirectory:
    """One course: where its files are, and what its course.toml says."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        if not self.root.is_dir():
            raise UsageError(
                f"There is no folder {root}. `grader init {root}` makes a course there."
            )

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """What nbgrader's settings say here; raises UsageError where they cannot be read."""
        # nbgrader itself reads them in this way; importing it would take a second.
        from jupyter_core.paths import jupyter_config_path
        from traitlets.config.loader import Config, PyFileConfigLoader

        found = Config()
        for folder in (*reversed(jupyter_config_path()), str(self.root)):
            path = Path(folder, CONFIG)
            if path.exists():
                try:
                    found.merge(PyFileConfigLoader(CONFIG, path=folder).load_config())
                except Exception as error:
                    raise UsageError(
                        f"{path} cannot be read: {type(error).__name__}: {error}. Mend that line."
                    ) from error
        return found

    def section(self, name: str) -> dict[str, Any]:
        """Return what nbgrader's settings say of one class, such as `c.Sandbox`."""
        return dict(self.config.get(name, {}))

    def _folder(self, step: str, usual: str) -> Path:
        """Return the folder of one of nbgrader's steps; raises UsageError for an unusual layout."""
        own = self.section("CourseDirectory")
        layout = own.get("directory_structure", LAYOUT)
        if Path(layout) != Path(LAYOUT):
            raise UsageError(
                f"{CONFIG} sets c.CourseDirectory.directory_structure to {layout!r}, and grader "
                f"works with nbgrader's usual {LAYOUT!r} alone. Take that setting out, and move "
                "the folders; or go on with nbgrader's own commands."
            )
        return self.root / own.get(f"{step}_directory", usual)

    @property
    def solutions(self) -> Path:
        """Where the solved notebooks are: nbgrader's source directory."""
        return self._folder("source", "source" if self._is_nbgraders else "solutions")

    @property
    def assignments(self) -> Path:
        """Where the notebooks for students are: nbgrader's release directory."""
        return self._folder("release", "release" if self._is_nbgraders else "assignments")

    @property
    def _is_nbgraders(self) -> bool:
        """Whether nbgrader's own names hold, where its settings name none."""
        return (self.root / CONFIG).exists() or (self.root / "source").is_dir()

    @property
    def submitted(self) -> Path:
        """Where submissions are: submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb."""
        return self._folder("submitted", "submitted")

    @property
    def autograded(self) -> Path:
        """Where graded notebooks are left, as nbgrader's formgrader expects them."""
        return self._folder("autograded", "autograded")

    @property
    def feedback(self) -> Path:
        """Where a page for each student and assignment is left."""
        return self._folder("feedback", "feedback")

    def shown(self, path: Path) -> str:
        """Return a path as staff know it: from the course directory on."""
        within = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if within else str(path)

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
        address = str(self.section("CourseDirectory").get("db_url", f"{SQLITE}gradebook.db"))
        if address.startswith(SQLITE):
            # Where the command was typed must not matter.
            return SQLITE + str(self.root / address.removeprefix(SQLITE))
        return address

    @property
    def has_gradebook(self) -> bool:
        """Say whether there is a database; nbgrader would make an empty one on a look at it."""
        address = self.gradebook_url
        return not address.startswith(SQLITE) or Path(address.removeprefix(SQLITE)).exists()

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
        """The course's lessons by name, in their order, and then its other assignments."""
        syllabus = all_lessons(self.root)
        chosen = self.settings.get("lessons", self._usual_lessons(syllabus))
        missing = [name for name in chosen if name not in syllabus]
        if missing:
            raise UsageError(
                f"course.toml names lessons that do not exist: {', '.join(missing)}. "
                f"There are: {', '.join(syllabus)}."
            )
        made = {name: self._lesson(name, syllabus[name]) for name in chosen}
        others = [name for name in folders_in(self.solutions) if name not in syllabus]
        return made | {name: self._other(name) for name in others if self._notebooks(name)}

    def _usual_lessons(self, syllabus: Mapping[str, Any]) -> list[str]:
        """Return the lessons of a course that does not name them."""
        if (self.root / "course.toml").exists() or self.root == find.CLONE:
            return list(syllabus)
        there = {*folders_in(self.solutions), *folders_in(self.assignments)}
        return [name for name in syllabus if name in there]

    def _notebooks(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in (self.solutions / name).glob("[!.]*.ipynb")))

    def _other(self, name: str) -> Lesson:
        """Return an assignment that was made with nbgrader: all about it is in its notebooks."""
        feedback, due = self._said_of(name)
        return Lesson(name, name, {}, feedback, due, None, self._notebooks(name))

    def _said_of(self, name: str) -> tuple[str, Any]:
        """Return how much feedback says of an assignment, and when it is due."""
        own = self.settings.get("assignment", {}).get(name, {})
        feedback = own.get("feedback", self.settings.get("feedback", "named"))
        if feedback not in POLICIES:
            raise UsageError(
                f"course.toml asks for feedback = {feedback!r}; it can be {', '.join(POLICIES)}."
            )
        return feedback, own.get("due")

    def _lesson(self, name: str, entry: Mapping[str, Any]) -> Lesson:
        own = self.settings.get("assignment", {}).get(name, {})
        feedback, due = self._said_of(name)
        points = entry["points"] | own.get("points", {})
        stray = set(own.get("points", {})) - set(entry["points"])
        if stray:
            raise UsageError(
                f"course.toml gives points to checks that {name} does not have: "
                f"{', '.join(sorted(stray))}."
            )
        source = find.lesson_folder(name, self.root)
        return Lesson(name, entry["title"], points, feedback, due, source, (name,))

    def lesson(self, name: str) -> Lesson:
        """Return one lesson; raises UsageError that lists what there is."""
        if name not in self.lessons:
            raise UsageError(
                f"There is no assignment called {name!r} in {self.root}. There are: "
                f"{', '.join(self.lessons) or 'none, for ' + str(self.solutions) + ' has none'}."
            )
        return self.lessons[name]


def folders_in(path: Path) -> list[str]:
    """Return the names of the folders in a folder, sorted; none where it is not there."""
    if not path.is_dir():
        return []
    return sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


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
