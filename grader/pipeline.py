"""One submission in, one result out.

`grade` runs in a worker process and touches no gradebook: it restores the instructor's cells, runs
the notebook in a room, judges each check, and returns plain values. Whatever goes wrong in a
submission is a status of that submission.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

import autograd_lib
from course import find

from . import __version__
from .directory import CourseDirectory, Lesson
from .evidence import joined
from .intake import Submission, instructors_notebook
from .judge import Definition, judge
from .judge.afresh import afresh
from .judge.ahead import may_run_ahead
from .judge.court import Court
from .judge.desk import at_desk
from .judge.later import may_wait
from .judge.provided import provided
from .judge.scopes import wanted
from .provenance import assignment_sha256, environment
from .restore import Backbone, Restored, exercises, grade_id, restore, role
from .results import GRADED, NOT_GRADED, QUARANTINED, CheckResult, Result
from .sandbox import CellRun, Limits, RoomEnded
from .sandbox.launch import Sandbox, SandboxRoom, Template
from .shown import tame

LONGEST_OUTPUT = 20_000
"""characters of printed text kept of one cell"""

LARGEST_OUTPUTS = 20_000_000
"""characters kept of all that a notebook's cells show; pictures of the rest are left out"""


@dataclass(frozen=True)
class Assignment:
    """What every submission of one notebook has in common; read once per worker."""

    name: str
    root: Path
    source: Path | None
    """the folder with the answer key, None where checks need none"""
    notebook: str = ""
    """the notebook's name, where it is not the assignment's"""
    solutions: str = "solutions"
    assignments: str = "assignments"
    notebooks: tuple[str, ...] = ()
    """the names of its notebooks, where it has several or another than its own"""

    @classmethod
    def of(cls, course: CourseDirectory, lesson: Lesson) -> Assignment:
        """Return what a course has of a lesson, or of another assignment."""
        folders = str(course.solutions), str(course.assignments)
        whole = cls(lesson.name, course.root, lesson.source, "", *folders)
        return whole if lesson.source else replace(whole, notebooks=lesson.notebooks)

    def parts(self) -> list[Assignment]:
        """Return the assignment of each notebook by itself."""
        return [replace(self, notebook=name, notebooks=()) for name in self.notebooks] or [self]

    @property
    def title(self) -> str:
        """The name of the notebook."""
        return self.notebook or self.name

    @property
    def solution(self) -> Path:
        """The instructor's notebook, with hidden tests."""
        return self.root / self.solutions / self.name / f"{self.title}.ipynb"

    @property
    def engine(self) -> bool:
        """Say whether rooms have an engine: not where students build one of their own."""
        solutions = [part.solution for part in self.parts()]
        found = [instructors_notebook(path).metadata for path in solutions]
        return not any(own.get("autograd_course", {}).get("own_engine") for own in found)

    @property
    def release(self) -> Path:
        """The notebook that students got."""
        return self.root / self.assignments / self.name / f"{self.title}.ipynb"


@dataclass
class Graded:
    """A result, the notebook to show beside it, and what only staff may see."""

    result: Result
    notebook: NotebookNode | None = None
    unchanged: set[tuple[str, str]] = field(default_factory=set)
    """notebooks and grade ids of answers that are as they were released"""
    detail: dict[str, Any] = field(default_factory=dict)
    fault: bool = False
    """True where the grader itself failed, not the submission"""
    slow: bool = False
    """True where wall-clock time ended a cell, which a busy machine may be the reason for"""
    submission: Submission | None = None
    """what was graded, without its notebook"""
    texts: dict[str, str] = field(default_factory=dict)
    """the notebooks by name, as their files have them, once nobody will change them any more"""


def grade_whole(
    assignment: Assignment, submission: Submission, limits: Limits, sandbox: Sandbox
) -> Graded:
    """Grade a submission with all its notebooks, which come back as text alone.

    Text travels better between processes. The only exceptions are faults of the grader's own.
    """
    parts = grade_parts(assignment, submission, limits, sandbox)
    return joined_parts(assignment, submission, limits, parts)


def unread(assignment: Assignment, submission: Submission, limits: Limits) -> Graded:
    """Return the result of a submission that cannot be read: none, and the reason."""
    result = blank_result(assignment, submission, limits)
    result.status = NOT_GRADED if submission.absent else QUARANTINED
    result.message = submission.problem
    return Graded(result, submission=submission)


def grade_parts(
    assignment: Assignment, submission: Submission, limits: Limits, sandbox: Sandbox
) -> dict[str, Graded]:
    """Grade each notebook that was handed in by itself; returns them by name.

    A submission with a problem is set aside as a whole.
    """
    if not assignment.notebooks or submission.problem:
        return {assignment.title: grade(assignment, submission, limits, sandbox)}
    return {
        name: grade(part, _within(submission, submission.parts[name]), limits, sandbox)
        for part in assignment.parts()
        if (name := part.title) in submission.parts
    }


def _within(whole: Submission, part: Submission) -> Submission:
    """Return one notebook of a submission, with what is known of earlier tries of the whole."""
    return replace(part, given_up=whole.given_up, note=whole.note)


def joined_parts(
    assignment: Assignment, submission: Submission, limits: Limits, parts: Mapping[str, Graded]
) -> Graded:
    """Make one result of a submission's notebooks, as `grade_parts` returns them."""
    texts = {
        name: notebook_text(part.notebook)
        for name, part in parts.items()
        if part.notebook is not None
    }
    if not assignment.notebooks or submission.problem:
        (only,) = parts.values()
        return replace(only, notebook=None, texts=texts)
    result = blank_result(assignment, submission, limits)
    result.status, result.repairs = GRADED, list(submission.notes)
    for one in assignment.parts():
        if one.title in parts:
            part = parts[one.title].result
            result.checks += part.checks
            result.repairs += [f"{one.title}: {repair}" for repair in part.repairs]
            result.isolation = part.isolation
        else:
            result.checks += _missing(one)
    found = [part.result for part in parts.values()]
    result.score, result.max_score = _sums(result.checks)
    result.seconds = round(sum(part.seconds for part in found), 3)
    result.peak_memory_mb = max(filter(None, (part.peak_memory_mb for part in found)), default=None)
    evidence = {
        name: parts[check.notebook].detail["checks"].get(check.id, {})
        for name, check in result.by_name().items()
        if check.notebook in parts
    }
    cells = [
        {"notebook": name, **cell} for name, part in parts.items() for cell in part.detail["cells"]
    ]
    return Graded(
        result,
        unchanged={answer for part in parts.values() for answer in part.unchanged},
        detail={"cells": cells, "checks": evidence},
        slow=any(part.slow for part in parts.values()),
        texts=texts,
    )


def _missing(assignment: Assignment) -> list[CheckResult]:
    """Return a result for each check of a notebook that was not handed in."""
    cells = instructors_notebook(assignment.solution).cells
    belongs = exercises(cells)
    words = f"{assignment.title}.ipynb was not handed in."
    found = []
    for cell in cells:
        name = grade_id(cell)
        if name in belongs and "points" in cell.metadata["nbgrader"]:
            points = float(cell.metadata["nbgrader"]["points"])
            found.append(
                CheckResult(name, assignment.title, belongs[name], 0.0, points, "missing", words)
            )
    return found


def _sums(checks: list[CheckResult]) -> tuple[float, float]:
    """Return the points that were given, and all that could be had."""
    return sum(check.points or 0.0 for check in checks), sum(check.max_points for check in checks)


def get_ready(assignment: Assignment, limits: Limits, sandbox: Sandbox) -> None:
    """Read what all will need, before there are workers that would each do so.

    The cells that most submissions will have in common begin to run. Whatever is wrong is told
    where a submission meets it.
    """
    sandbox.drop_templates()
    around = os.environ.get(find.COURSE_DIRECTORY_VARIABLE)
    os.environ[find.COURSE_DIRECTORY_VARIABLE] = str(assignment.root)
    try:
        blank_result(assignment, Submission("", assignment.name), limits)
        for part in assignment.parts():
            if not released_files(part.release.parent):
                release = instructors_notebook(part.release)
                untouched = restore(release, _backbone(part))
                sandbox.start_template(tuple(_common(untouched.cells, release)))
            _provided(part.solution, part.solution.stat().st_mtime_ns)
        if assignment.source is not None:
            find.recorded_cases(assignment.name)
            cases = find.live_cases(assignment.name)
            for check in cases.checks:
                for case in cases.of(check):
                    case.expected()
    except Exception:
        return
    finally:
        if around is None:
            del os.environ[find.COURSE_DIRECTORY_VARIABLE]
        else:
            os.environ[find.COURSE_DIRECTORY_VARIABLE] = around


def grade(
    assignment: Assignment, submission: Submission, limits: Limits, sandbox: Sandbox
) -> Graded:
    """Grade one submission. The only exceptions are faults of the grader's own."""
    started = time.perf_counter()
    if submission.notebook is None:
        return unread(assignment, submission, limits)
    result = blank_result(assignment, submission, limits)
    release = instructors_notebook(assignment.release)
    restored = restore(submission.notebook, _backbone(assignment))
    # For checks that find their key by it; nothing in a room has this environment.
    os.environ[find.COURSE_DIRECTORY_VARIABLE] = str(assignment.root)
    files = released_files(assignment.release.parent)
    sitting = _Sitting(
        sandbox,
        files,
        limits,
        _provided(assignment.solution, assignment.solution.stat().st_mtime_ns),
        submission,
    )
    ahead = [] if files else _common(restored.cells, release)
    left = set(_sources(restored.cells)).difference(ahead if sitting.begin_behind(ahead) else ())
    if any(map(_DRAWS.search, left)):
        sitting.pictures = _pictures(assignment, files, sandbox)
    with afresh(), at_desk(files), closing(sitting):
        result.checks = _run(assignment.title, restored, sitting)
    result.isolation = sandbox.level
    result.peak_memory_mb = sitting.peak_memory_mb
    result.status = GRADED
    result.repairs = [*submission.notes, *restored.repairs]
    result.score, result.max_score = _sums(result.checks)
    result.seconds = round(time.perf_counter() - started, 3)
    tame(restored.cells, restored.own)
    notebook = NotebookNode(
        nbformat=4, nbformat_minor=5, metadata=release.metadata, cells=restored.cells
    )
    detail = {"cells": sitting.log, "checks": sitting.evidence}
    unchanged = {(assignment.title, name) for name in restored.unchanged}
    return Graded(result, notebook, unchanged, detail, slow=sitting.slow)


_DRAWS = re.compile("matplotlib|plt")


def blank_result(assignment: Assignment, submission: Submission, limits: Limits) -> Result:
    """Return a result that says what a submission would be graded with, and nothing yet of it."""
    seed = find.grading_seed(assignment.name, assignment.root)
    return Result(
        student=submission.student,
        assignment=assignment.name,
        status=NOT_GRADED,
        submission_sha256=submission.sha256,
        assignment_sha256=_assignment_sha256(assignment),
        key_sha256=_sha256(assignment.source / "key.py") if assignment.source else None,
        environment=environment(limits),
        engine_version=autograd_lib.__version__,
        grader_version=__version__,
        # A name for the seed that does not give it away.
        seed_id=hashlib.sha256(f"seed {seed}".encode()).hexdigest()[:12],
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _backbone(assignment: Assignment) -> Backbone:
    paths = assignment.solution, assignment.release
    return _backbone_of(*((path, path.stat().st_mtime_ns) for path in paths))


@lru_cache(8)
def _backbone_of(solution: tuple[Path, int], release: tuple[Path, int]) -> Backbone:
    return Backbone(instructors_notebook(solution[0]), instructors_notebook(release[0]))


@lru_cache(8)
def _provided(path: Path, written: int) -> Mapping[str, str]:
    return provided(instructors_notebook(path))


def notebook_text(notebook: NotebookNode) -> str:
    """Write a notebook with a line for each cell: with nbformat's own lines it takes ten times."""
    cells = ",\n".join(json.dumps(cell, ensure_ascii=False) for cell in notebook.cells)
    rest = json.dumps({k: v for k, v in notebook.items() if k != "cells"}, ensure_ascii=False)
    return f'{{"cells": [\n{cells}\n],\n{rest[1:]}\n'


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _assignment_sha256(assignment: Assignment) -> str:
    notebooks = (path for part in assignment.parts() for path in (part.solution, part.release))
    return assignment_sha256(assignment.name, notebooks, assignment.release.parent)


def released_files(folder: Path) -> dict[str, bytes]:
    """Read the data that students got with the notebook, never what they handed in."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix != ".ipynb"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


_drawn: dict[tuple[Path, int], dict[str, str]] = {}


def _pictures(assignment: Assignment, files: dict[str, bytes], sandbox: Sandbox) -> dict[str, str]:
    """Draw the pictures of the released notebook, once for a class; returns them by fingerprint.

    What students got holds no secret, so a room may know its pictures.
    """
    key = assignment.release, assignment.release.stat().st_mtime_ns
    if key not in _drawn:
        _drawn[key] = {}
        notebook = instructors_notebook(assignment.release)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if any("matplotlib" in cell.source for cell in cells):
            room = sandbox.open(files)
            with closing(room), suppress(RoomEnded):
                for cell in cells:
                    if role(cell) != "check":
                        room.run(cell.source)
                _drawn[key] = room.drawn()
    return _drawn[key]


def _sources(cells: list[NotebookNode]) -> list[str]:
    return [c.source for c in cells if c.cell_type == "code" and role(c) != "check"]


def _common(cells: list[NotebookNode], release: NotebookNode) -> list[str]:
    """Return the cells that are everybody's and may be run before any of a student's own.

    Checks that are plain statements may look at anything, and at when it came to be so.
    """
    ours = {c.source for c in release.cells if role(c) not in ("check", "exercise")}
    found = []
    for cell in cells:
        if cell.cell_type == "code" and role(cell) != "check":
            found.append((cell.source, role(cell) != "exercise" and cell.source in ours))
        elif cell.cell_type == "code" and not _is_ours(cell):
            return []
    return [found[place][0] for place in may_run_ahead(found)]


def _run(notebook: str, restored: Restored, sitting: _Sitting) -> list[CheckResult]:
    """Run all cells; returns a result for each check and written question, in their order.

    Hidden tests come last, when nothing is shown any more of what a submission does: a function
    that has seen a hidden input could print it in the next cell.
    """
    definitions: dict[str, Definition] = {}
    sitting.checks = tuple(cell.source for cell in restored.cells if role(cell) == "check")
    belongs = exercises(restored.cells)
    checks: list[CheckResult | _Hidden] = []
    for cell in restored.cells:
        kind, name = role(cell), grade_id(cell)
        if kind == "written" and "points" in cell.metadata["nbgrader"]:
            checks.append(_written(cell, notebook, name in restored.unchanged))
        if cell.cell_type != "code":
            continue
        if kind != "check":
            run = sitting.run(cell.source, kind)
            sitting.fill(cell, run)
            if kind == "exercise" and name is not None:
                definitions[name] = Definition(run.status, run.error)
            continue
        exercise = belongs[str(name)]
        definition = definitions.get(exercise, Definition("missing"))
        shown = restored.shown[str(name)]
        run = sitting.check(cell, shown)
        sitting.fill(cell, run)
        sitting.evidence[str(name)] = run.evidence
        seen = judge(cell, notebook, exercise, run, definition)
        # A check of ours stops where it does not pass, and so would not come to its hidden part.
        stopped = run.ended or (_is_ours(cell) and run.status == "error")
        if shown.strip() == cell.source.strip() or stopped:
            checks.append(seen)
        else:
            checks.append(_Hidden(cell, sitting.place, sitting.count, definition, seen, run))
    hidden = [one for one in checks if isinstance(one, _Hidden)]
    if hidden:
        sitting.go_on_in_silence([(one.cell.source, one.place) for one in hidden])
    return [_reveal(one, notebook, sitting) if isinstance(one, _Hidden) else one for one in checks]


@dataclass
class _Hidden:
    """A check with hidden tests in it, of which only what students have too has been run."""

    cell: NotebookNode
    place: int
    """how many cells stand before it"""
    count: int
    definition: Definition
    seen: CheckResult
    """what came of the part that students have"""
    run: CellRun
    """the run of that part"""


def _reveal(one: _Hidden, notebook: str, sitting: _Sitting) -> CheckResult:
    """Run the whole of a check; what was seen in its first part may be told, no more.

    Of a check of ours only the hidden part: it stands by itself, and the other has been run.
    """
    if _is_ours(one.cell):
        run = sitting.check(one.cell, _hidden_part(one.cell.source), one.place, one.count)
        run.outputs = [*one.run.outputs, *run.outputs]
        run.evidence = joined(one.run.evidence, run.evidence)
    else:
        run = sitting.check(one.cell, one.cell.source, one.place, one.count)
    sitting.evidence[one.seen.id] = run.evidence
    check = judge(one.cell, notebook, one.seen.exercise, run, one.definition, hidden=True)
    if check.status == "passed":
        one.cell.outputs = [_cut(output) for output in run.outputs]
        return check
    if any(output.output_type == "error" for output in one.cell.outputs):
        return replace(one.seen, points=check.points)
    words = [f"{check.status}: {check.message}"]
    error = nbformat.v4.new_output("error", ename=check.status, evalue="", traceback=words)
    one.cell.outputs = [*map(_cut, run.outputs), error]
    return check


def _is_ours(cell: NotebookNode) -> bool:
    """Say whether a check consists of calls of `course.check`, and not of plain statements."""
    return "check" in cell.metadata.get("autograd_course", {})


def _hidden_part(source: str) -> str:
    _, _, rest = source.partition("BEGIN HIDDEN TESTS\n")
    return rest.partition("### END HIDDEN TESTS")[0]


def _written(cell: NotebookNode, notebook: str, unchanged: bool) -> CheckResult:
    name, points = grade_id(cell) or "", float(cell.metadata["nbgrader"]["points"])
    if unchanged:
        status, given, message = "not_attempted", 0.0, "There is no answer to this question."
    else:
        status, given, message = "awaiting_manual", None, "A person will read this answer."
    return CheckResult(name, notebook, name, given, points, status, message)


def _size(value: Any) -> int:
    """Return about how many characters plain data takes: writing it down would take far longer."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return sum(len(str(name)) + 4 + _size(one) for name, one in value.items())
    return sum(map(_size, value)) + 2 if isinstance(value, list) else 8


def _cut(output: Any) -> NotebookNode:
    """Keep the beginning of what a cell printed: enough to see what it is."""
    output = nbformat.from_dict(output)
    if output.output_type == "stream" and len(output.text) > LONGEST_OUTPUT:
        dropped = len(output.text) - LONGEST_OUTPUT
        output.text = f"{output.text[:LONGEST_OUTPUT]}\n[{dropped} more characters cut off]\n"
    return output


def _numbered(output: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    return {**output, "execution_count": number} if "execution_count" in output else output


@dataclass(frozen=True)
class _Past:
    """A cell that has been run and that later ones may depend on."""

    source: str
    number: int
    """the one in brackets beside it"""
    locked: bool
    ahead: bool
    """whether rooms begin behind it"""


class _Sitting:
    """A submission's time in rooms: when one ends early, the next is brought to where it was.

    Cells that ended a room are not run again, check cells leave nothing behind that later cells may
    count on; all others are run again, in their order, when the next check needs them.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        files: dict[str, bytes],
        limits: Limits,
        provided: Mapping[str, str],
        submission: Submission,
    ) -> None:
        self._sandbox, self._files, self._provided = sandbox, files, provided
        self.checks: tuple[str, ...] = ()
        """the text of each check"""
        self._given_up, self._note = submission.given_up, submission.note
        self.pictures: Mapping[str, str] = {}
        """what need not be drawn in a room, by fingerprint"""
        self._template: Template | None = None
        self._shown: dict[str, list[list[Any]]] = {}
        """what the template has shown, by cell; of cells that read alike, in their order"""
        self._room: SandboxRoom | None = None
        self._court: Court | None = None
        self._past: list[_Past] = []
        self._ran = 0
        """how many of the past cells this room has run"""
        self._silent = False
        self._behind_all = False
        self._deadline = time.monotonic() + limits.submission_seconds
        self.count = 0
        self._room_for_outputs = LARGEST_OUTPUTS
        self.slow = False
        self.peak_memory_mb: float | None = None
        self.log: list[dict[str, Any]] = []
        self.evidence: dict[str, dict[str, Any]] = {}

    @property
    def place(self) -> int:
        """How many cells have been run that later ones may depend on."""
        return len(self._past)

    def begin_behind(self, cells: list[str]) -> bool:
        """Have rooms begin where these cells have been run already; says whether they can."""
        self._template = self._sandbox.template(tuple(cells))
        if self._template is not None and self._template.outputs is not None:
            for source, outputs in zip(cells, self._template.outputs, strict=True):
                self._shown.setdefault(source, []).append(outputs)
        return self._template is not None

    def run(self, source: str, kind: str) -> CellRun:
        """Run a cell of the student's, or a locked one, in a new room if the last one ended."""
        self.count += 1
        locked, ahead = kind in ("opening", "setup"), bool(self._shown.get(source))
        past = _Past(source, self.count, locked, ahead)
        if ahead:
            self._past.append(past)
            self.log.append({"cell": self.count, "status": "ok", "error": None})
            return CellRun("ok", [_numbered(o, self.count) for o in self._shown[source].pop(0)])
        run = self._with_room(
            lambda room, court: self._cell(room, court, past), self.place, self.count
        )
        if not run.ended:
            self._past.append(past)
            self._ran += 1
        return run

    def fill(self, cell: NotebookNode, run: CellRun) -> None:
        """Show in a cell what its run has shown, as long as the notebook does not become huge."""
        cell.execution_count = self.count
        cell.outputs = []
        for output in map(_cut, run.outputs):
            self._room_for_outputs -= _size(output)
            if self._room_for_outputs < 0:
                words = "[more output, left out: the notebook has shown too much already]\n"
                cell.outputs.append(nbformat.v4.new_output("stream", text=words))
                return
            cell.outputs.append(output)

    def check(
        self, cell: NotebookNode, source: str, place: int | None = None, count: int = 0
    ) -> CellRun:
        """Run a cell's check outside of the room: by default behind all cells so far."""
        if place is None:
            self.count += 1
            place, count = self.place, self.count
        elif self._behind_all:
            place = self.place
        name = str(grade_id(cell))
        if name in self._given_up:
            return CellRun("timeout")
        if self._note is not None:
            self._note.write_text(name, encoding="utf-8")
        return self._with_room(lambda room, court: court.run_check(source), place, count)

    def go_on_in_silence(self, checks: list[tuple[str, int]]) -> None:
        """Keep nothing more of what is printed; `checks` are to come, with their places."""
        self._silent = True
        sources = [past.source for past in self._past]
        self._behind_all = all(
            may_wait(source, sources[:place], sources[place:]) for source, place in checks
        )
        if not self._behind_all:
            self.close()
        elif self._court is not None:
            self._court.silent = True

    def _with_room(
        self, do: Callable[[SandboxRoom, Court], CellRun], place: int, count: int
    ) -> CellRun:
        try:
            run = do(*self._enter(place))
        except RoomEnded as ended:
            run = CellRun(ended.status)
        if run.ended:
            self.close()
        self.log.append({"cell": count, "status": run.status, "error": run.error})
        return run

    def _enter(self, place: int) -> tuple[SandboxRoom, Court]:
        """Return a room in which the cells before `place` have been run."""
        if time.monotonic() > self._deadline:
            self.slow = True
            raise RoomEnded("timeout")
        if self._room is None or self._court is None or self._room.ended:
            self.close()
            self._room = self._sandbox.open(self._files, self.pictures, self._template)
            self._court = Court(self._room, self._provided)
            self._court.silent = self._silent
            self._room.until = self._deadline
            self._ran = 0
        for past in self._past[self._ran : place]:
            run = self._cell(self._room, self._court, past)
            if run.ended:
                raise RoomEnded(run.status)
            self._ran += 1
        return self._room, self._court

    def _cell(self, room: SandboxRoom, court: Court, past: _Past) -> CellRun:
        if past.ahead:
            run = CellRun("ok")
        else:
            run = room.run(past.source, past.number, wanted(past.source, self.checks))
        court.has_run(past.source, run.functions)
        if past.locked and not run.ended:
            court.run_locked(past.source)
            if room.ended:
                return CellRun(room.ended, run.outputs)
        return run

    def close(self) -> None:
        """End the room, if there is one."""
        if self._room is not None:
            self._room.close()
            self.slow = self.slow or self._room.slow
            peak = self._room.peak_memory_mb()
            self.peak_memory_mb = max(filter(None, (peak, self.peak_memory_mb)), default=None)
            self._room = self._court = None
