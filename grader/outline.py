"""What an assignment asks, in its own order: for pages that speak about it.

It is read from the notebook that students got, so it knows nothing that they may not know: the
ideas behind hidden checks, but no hidden check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from course import find

from .directory import CourseDirectory
from .restore import exercises, grade_id, is_answer, role
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

    def in_full(self, notebook: str) -> list[OutlinedExercise]:
        """Return the exercises under their notebook's name as well."""
        return [
            replace(
                exercise,
                name=f"{notebook}/{exercise.name}",
                checks=[replace(check, id=f"{notebook}/{check.id}") for check in exercise.checks],
            )
            for exercise in self.exercises
        ]

    @property
    def max_points(self) -> float:
        """All points that can be had."""
        return sum(check.max_points for item in self.exercises for check in item.checks)


def read_outline(
    course: CourseDirectory, assignment: str, results: Iterable[Result], notebook: str = ""
) -> Outline:
    """Read an assignment's outline; checks that only `results` know of come last.

    Of several notebooks one is chosen by its name, else all have a part in it, as in
    `Result.in_full`. Without a released notebook (in a course that was tidied up) the results alone
    have to do. Raises UsageError for an assignment that the course does not have.
    """
    lesson = course.lesson(assignment)
    several = len(lesson.notebooks) > 1
    if several and not notebook:
        found = list(results)
        whole = Outline(assignment, lesson.title, [])
        for name in lesson.notebooks:
            parts = [result.of_notebook(name) for result in found]
            whole.exercises += read_outline(course, assignment, parts, name).in_full(name)
        return whole
    name = notebook or lesson.notebooks[0]
    path = course.assignments / assignment / f"{name}.ipynb"
    items: dict[str, OutlinedExercise] = {}
    if path.exists():
        for exercise in _exercises(nbformat.read(path, as_version=4)):
            items[exercise.name] = exercise
    for told, mistakes in _mistakes(course, assignment).items():
        items.setdefault(told, OutlinedExercise(told)).mistakes = mistakes
    known = {check.id for exercise in items.values() for check in exercise.checks}
    for result in results:
        for one in result.checks:
            if one.id not in known:
                known.add(one.id)
                exercise = items.setdefault(one.exercise, OutlinedExercise(one.exercise))
                check = OutlinedCheck(one.id, _idea_from(one.id), True, one.max_points)
                exercise.checks.append(check)
    title = f"{lesson.title}: {name}" if several else lesson.title
    return Outline(assignment, title, [item for item in items.values() if item.checks])


def _exercises(notebook: NotebookNode) -> Iterator[OutlinedExercise]:
    section = ""
    items: dict[str, OutlinedExercise] = {}
    belongs = exercises(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_answer(cell):
            headings = re.findall(r"^#{1,3} +(.+?)\s*#*$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        name = grade_id(cell) or ""
        points = float(cell.metadata.get("nbgrader", {}).get("points", 0.0))
        what = role(cell)
        if what == "exercise":
            items[name] = OutlinedExercise(name, section, stub=cell.source)
        elif what == "check":
            own = cell.metadata.get("autograd_course", {})
            exercise = items.setdefault(belongs[name], OutlinedExercise(belongs[name], section))
            idea = own.get("idea") or _first_words(cell.source) or _idea_from(name)
            hidden = own.get("hidden", False)
            exercise.checks.append(OutlinedCheck(own.get("check", name), idea, hidden, points))
        elif what == "written":
            check = OutlinedCheck(name, "an answer in your own words", False, points)
            items[name] = OutlinedExercise(name, section, True, cell.source, [check])
    yield from items.values()


def _first_words(source: str) -> str:
    """Return what a check cell says of itself in its beginning, as a text or a comment."""
    found = re.match(r"""\s*(?:#+\s*|(?:'{3}|"{3}|'|"))([^\n"']+)""", source)
    return found[1].strip().rstrip(".") if found else ""


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
