"""One submission in, one result out.

`grade` runs in a worker process and touches no gradebook: it restores the instructor's cells, runs
the notebook in a room, judges each check, and returns plain values. Whatever goes wrong in a
submission is a status of that submission.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

import autograd_lib
from course import find

from . import __version__
from .intake import Submission
from .judge import Definition, judge
from .judge.court import Court
from .provenance import assignment_sha256, environment
from .restore import Restored, grade_id, restore, role
from .results import GRADED, NOT_GRADED, QUARANTINED, CheckResult, Result
from .sandbox import CellRun, Limits, RoomEnded
from .sandbox.launch import Sandbox, SandboxRoom

LONGEST_OUTPUT = 20_000
"""characters of printed text kept of one cell"""


@dataclass(frozen=True)
class Assignment:
    """What every submission of one assignment has in common; read once per worker."""

    name: str
    root: Path
    source: Path
    """the folder with the answer key"""

    @property
    def solution(self) -> Path:
        """The instructor's notebook, with hidden tests."""
        return self.root / "solutions" / self.name / f"{self.name}.ipynb"

    @property
    def engine(self) -> bool:
        """Say whether rooms have an engine: not where students build one of their own."""
        own = _read(self.solution, self.solution.stat().st_mtime_ns).metadata
        return not own.get("autograd_course", {}).get("own_engine", False)

    @property
    def release(self) -> Path:
        """The notebook that students got."""
        return self.root / "assignments" / self.name / f"{self.name}.ipynb"


@dataclass
class Graded:
    """A result, the notebook to show beside it, and what only staff may see."""

    result: Result
    notebook: NotebookNode | None = None
    unchanged: set[str] = field(default_factory=set)
    detail: dict[str, Any] = field(default_factory=dict)
    fault: bool = False
    """True where the grader itself failed, not the submission"""
    slow: bool = False
    """True where wall-clock time ended a cell, which a busy machine may be the reason for"""
    submission: Submission | None = None
    """what was graded, without its notebook"""


def grade(
    assignment: Assignment, submission: Submission, limits: Limits, sandbox: Sandbox
) -> Graded:
    """Grade one submission. The only exceptions are faults of the grader's own."""
    started = time.perf_counter()
    result = blank_result(assignment, submission, limits)
    if submission.notebook is None:
        result.status = NOT_GRADED if submission.absent else QUARANTINED
        result.message = submission.problem
        return Graded(result)
    solution = _read(assignment.solution, assignment.solution.stat().st_mtime_ns)
    release = _read(assignment.release, assignment.release.stat().st_mtime_ns)
    restored = restore(submission.notebook, solution, release)
    # For checks that find their key by it; nothing in a room has this environment.
    os.environ[find.COURSE_DIRECTORY_VARIABLE] = str(assignment.root)
    sitting = _Sitting(sandbox, released_files(assignment.release.parent), limits)
    with ExitStack() as stack:
        stack.callback(sitting.close)
        result.checks = _run(assignment.name, restored, sitting)
    result.isolation = sandbox.level
    result.peak_memory_mb = sitting.peak_memory_mb
    result.status = GRADED
    result.repairs = [*submission.notes, *restored.repairs]
    result.score = sum(check.points or 0.0 for check in result.checks)
    result.max_score = sum(check.max_points for check in result.checks)
    result.seconds = round(time.perf_counter() - started, 3)
    notebook = nbformat.v4.new_notebook(cells=restored.cells, metadata=release.metadata)
    detail = {"cells": sitting.log, "checks": sitting.evidence}
    return Graded(result, notebook, restored.unchanged, detail, slow=sitting.slow)


def blank_result(assignment: Assignment, submission: Submission, limits: Limits) -> Result:
    """Return a result that says what a submission would be graded with, and nothing yet of it."""
    seed = find.grading_seed(assignment.name, assignment.root)
    return Result(
        student=submission.student,
        assignment=assignment.name,
        status=NOT_GRADED,
        submission_sha256=submission.sha256,
        assignment_sha256=_assignment_sha256(assignment),
        key_sha256=_sha256(assignment.source / "key.py"),
        environment=environment(limits),
        engine_version=autograd_lib.__version__,
        grader_version=__version__,
        # A name for the seed that does not give it away.
        seed_id=hashlib.sha256(f"seed {seed}".encode()).hexdigest()[:12],
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@lru_cache(8)
def _read(path: Path, written: int) -> NotebookNode:
    """Read a notebook of the instructor's once for a whole class; nobody may change it."""
    return nbformat.read(path, as_version=4)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _assignment_sha256(assignment: Assignment) -> str:
    return assignment_sha256(assignment.name, assignment.solution, assignment.release)


def released_files(folder: Path) -> dict[str, bytes]:
    """Read the data that students got with the notebook, never what they handed in."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix != ".ipynb"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def _run(notebook: str, restored: Restored, sitting: _Sitting) -> list[CheckResult]:
    """Run all cells in their order; returns a result for each check and written question."""
    definitions: dict[str, Definition] = {}
    checks = []
    for cell in restored.cells:
        kind, name = role(cell), grade_id(cell)
        if kind == "written":
            if "points" in cell.metadata["nbgrader"]:
                checks.append(_written(cell, notebook, name in restored.unchanged))
            continue
        if cell.cell_type != "code":
            continue
        run = sitting.check(cell.source) if kind == "check" else sitting.run(cell.source, kind)
        cell.outputs = [_cut(output) for output in run.outputs]
        cell.execution_count = sitting.count
        if kind == "exercise" and name is not None:
            definitions[name] = Definition(run.status, run.error)
        elif kind == "check":
            exercise = cell.metadata.get("autograd_course", {}).get("exercise")
            definition = definitions.get(exercise, Definition("missing"))
            checks.append(judge(cell, notebook, run, definition))
            sitting.evidence[checks[-1].id] = run.evidence
    return checks


def _written(cell: NotebookNode, notebook: str, unchanged: bool) -> CheckResult:
    name, points = grade_id(cell) or "", float(cell.metadata["nbgrader"]["points"])
    if unchanged:
        status, given, message = "not_attempted", 0.0, "There is no answer to this question."
    else:
        status, given, message = "awaiting_manual", None, "A person will read this answer."
    return CheckResult(name, notebook, name, given, points, status, message)


def _cut(output: Any) -> NotebookNode:
    """Keep the beginning of what a cell printed: enough to see what it is."""
    output = nbformat.from_dict(output)
    if output.output_type == "stream" and len(output.text) > LONGEST_OUTPUT:
        dropped = len(output.text) - LONGEST_OUTPUT
        output.text = f"{output.text[:LONGEST_OUTPUT]}\n[{dropped} more characters cut off]\n"
    return output


class _Sitting:
    """A submission's time in rooms: when one ends early, the next is brought to where it was.

    Cells that ended a room are not run again, check cells leave nothing behind that later cells may
    count on; all others are run again, in their order, when the next check needs them.
    """

    def __init__(self, sandbox: Sandbox, files: dict[str, bytes], limits: Limits) -> None:
        self._sandbox, self._files = sandbox, files
        self._room: SandboxRoom | None = None
        self._court: Court | None = None
        self._past: list[tuple[str, bool]] = []
        self._deadline = time.monotonic() + limits.submission_seconds
        self.count = 0
        self.slow = False
        self.peak_memory_mb: float | None = None
        self.log: list[dict[str, Any]] = []
        self.evidence: dict[str, dict[str, Any]] = {}

    def run(self, source: str, kind: str) -> CellRun:
        """Run a cell of the student's, or a locked one, in a new room if the last one ended."""
        locked = kind in ("opening", "setup")
        run = self._with_room(lambda room, court: self._cell(room, court, source, locked))
        if not run.ended:
            self._past.append((source, locked))
        return run

    def check(self, source: str) -> CellRun:
        """Run a check, outside of the room."""
        return self._with_room(lambda room, court: court.run_check(source))

    def _with_room(self, do: Callable[[SandboxRoom, Court], CellRun]) -> CellRun:
        self.count += 1
        try:
            run = do(*self._enter())
        except RoomEnded as ended:
            run = CellRun(ended.status)
        if run.ended:
            self.close()
        self.log.append({"cell": self.count, "status": run.status, "error": run.error})
        return run

    def _enter(self) -> tuple[SandboxRoom, Court]:
        if time.monotonic() > self._deadline:
            self.slow = True
            raise RoomEnded("timeout")
        if self._room is None or self._court is None:
            self._room = self._sandbox.open(self._files)
            self._court = Court(self._room)
            for source, locked in self._past:
                run = self._cell(self._room, self._court, source, locked)
                if run.ended:
                    raise RoomEnded(run.status)
        return self._room, self._court

    @staticmethod
    def _cell(room: SandboxRoom, court: Court, source: str, locked: bool) -> CellRun:
        run = room.run(source)
        court.has_run(source)
        if locked and not run.ended:
            court.run_locked(source)
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
