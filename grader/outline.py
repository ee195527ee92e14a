"""What an assignment asks, in its own order: for pages that speak about it.

It is read from the notebook that students got, so it knows nothing that they may not know: the
ideas behind hidden checks, but no hidden check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from course import find

from .directory import CourseDirectory
from .results import Result


@dataclass(frozen=True)
class OutlinedCheck:
    """One check: what it looks at, in words."""

    id: str
    idea: str
    hidden: bool
    max_points: float


@dataclass(frozen=True)
class KnownMistake:
    """A mistake of the lesson's catalogue, in its author's words."""

    name: str
    number: int | None
    what: str
    experiment: str


@dataclass
class OutlinedExercise:
    """One exercise with its checks, or one written question, which is its own only check."""

    name: str
    section: str = ""
    """the heading under which it stands in the notebook"""
    written: bool = False
    stub: str = ""
    """the cell as students got it"""
    checks: list[OutlinedCheck] = field(default_factory=list)
    mistakes: dict[str, KnownMistake] = field(default_factory=dict)
    """by name; a result names a mistake, and the words for it are looked up here"""


@dataclass
class Outline:
    """An assignment's title and exercises."""

    assignment: str
    title: str
    exercises: list[OutlinedExercise]

    @property
    def max_points(self) -> float:
        """All points that can be had."""
        return sum(check.max_points for item in self.exercises for check in item.checks)


def read_outline(course: CourseDirectory, assignment: str, results: Iterable[Result]) -> Outline:
    """Read an assignment's outline; checks that only `results` know of come last.

    Without a released notebook (in a course that was tidied up) the results alone have to do.
    Raises UsageError for an assignment that the course does not have.
    """
    lesson = course.lesson(assignment)
    path = course.assignments / assignment / f"{assignment}.ipynb"
    exercises: dict[str, OutlinedExercise] = {}
    if path.exists():
        for exercise in _exercises(json.loads(path.read_text(encoding="utf-8"))):
            exercises[exercise.name] = exercise
    for name, mistakes in _mistakes(course, assignment).items():
        exercises.setdefault(name, OutlinedExercise(name)).mistakes = mistakes
    known = {check.id for exercise in exercises.values() for check in exercise.checks}
    for result in results:
        for found in result.checks:
            if found.id not in known:
                known.add(found.id)
                exercise = exercises.setdefault(found.exercise, OutlinedExercise(found.exercise))
                check = OutlinedCheck(found.id, _idea_from(found.id), True, found.max_points)
                exercise.checks.append(check)
    return Outline(assignment, lesson.title, [item for item in exercises.values() if item.checks])


def _exercises(notebook: Mapping[str, Any]) -> Iterator[OutlinedExercise]:
    section = ""
    exercises: dict[str, OutlinedExercise] = {}
    for cell in notebook["cells"]:
        text = source_of(cell)
        own = cell["metadata"].get("autograd_course", {})
        grading = cell["metadata"].get("nbgrader", {})
        points = float(grading.get("points", 0.0))
        match own.get("role"):
            case None if cell["cell_type"] == "markdown":
                headings = re.findall(r"^#{1,3} +(.+?)\s*#*$", text, re.MULTILINE)
                section = headings[-1] if headings else section
            case "exercise":
                name = grading["grade_id"]
                exercises[name] = OutlinedExercise(name, section, stub=text)
            case "check":
                name = own["exercise"]
                exercise = exercises.setdefault(name, OutlinedExercise(name, section))
                check = OutlinedCheck(own["check"], own["idea"], own["hidden"], points)
                exercise.checks.append(check)
            case "written":
                name = grading["grade_id"]
                check = OutlinedCheck(name, "an answer in your own words", False, points)
                exercises[name] = OutlinedExercise(name, section, True, text, [check])
    yield from exercises.values()


def _mistakes(course: CourseDirectory, assignment: str) -> dict[str, dict[str, KnownMistake]]:
    """Read the catalogue that came with the visible cases, {} where there is none."""
    own = course.assignments / assignment / f"{assignment}.cases.json"
    for path in (find.RECORDED / f"{assignment}.json", own):
        if path.exists():
            record = json.loads(path.read_text(encoding="utf-8"))
            return {
                exercise["name"]: {
                    entry["name"]: KnownMistake(**entry) for entry in exercise["mistakes"]
                }
                for exercise in record["exercises"]
            }
    return {}


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's text; notebook files keep it as one string or as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _idea_from(check: str) -> str:
    return check.partition("-")[2].replace("_", " ") or check
