"""The rehearsal: before a class, the instructor's own solution is graded as a submission.

Unless it gets every point that no person gives, the assignment is refused, and the cells are named
that stand in the way: so what a check does that the judge cannot support is never a student's
failure. A rehearsal that went well is remembered until something changes that it depends on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from .directory import UsageError
from .intake import Submission, instructors_notebook
from .pipeline import Assignment, Graded, blank_result, grade_whole
from .restore import grade_id, role
from .results import Result
from .sandbox import Limits
from .sandbox.launch import Sandbox

NOBODY = ""
"""No student's folder can have this name."""


def rehearse(assignment: Assignment, limits: Limits, sandbox: Sandbox) -> None:
    """Grade the solution here and now, unless that is done; raises UsageError."""
    rehearsal = Rehearsal(assignment, limits, sandbox.level)
    if rehearsal.needed:
        rehearsal.judge(grade_whole(assignment, rehearsal.submission, limits, sandbox))


class Rehearsal:
    """One assignment's rehearsal, for a certain level of isolation."""

    def __init__(self, assignment: Assignment, limits: Limits, level: str) -> None:
        self._assignment, self._level = assignment, level
        self.submission = Submission(NOBODY, assignment.name)
        if assignment.notebooks:
            parts = {part.title: _solved(part) for part in assignment.parts()}
            self.submission.set_parts(parts)
        else:
            self.submission = _solved(assignment)
        self._basis = _basis(blank_result(assignment, self.submission, limits), limits, level)
        self._path = assignment.root / "results" / ".rehearsed" / f"{assignment.name}.json"

    @property
    def needed(self) -> bool:
        """Say whether anything has changed since the last one that went well."""
        try:
            return bool(self._path.read_text(encoding="utf-8") != self._basis)
        except OSError:
            return True

    def first(self, submissions: Iterable[Submission]) -> Iterator[Submission]:
        """Put the solution before a class's submissions, if there are any."""
        waiting = self.needed
        for submission in submissions:
            if waiting:
                waiting = False
                yield self.submission
            yield submission

    def passed_on(self, graded: Iterable[Graded]) -> Iterator[Graded]:
        """Pass a class's results on once the solution's own has come, which is not among them.

        Raises UsageError, and passes none of them on, where the solution is not full.
        """
        waiting, held = self.needed, []
        for one in graded:
            if waiting and one.result.student == NOBODY:
                waiting = False
                self.judge(one)
            else:
                held.append(one)
            if not waiting:
                yield from held
                held = []

    def judge(self, graded: Graded) -> None:
        """Remember that the solution is full; raises UsageError where it is not."""
        if graded.fault:
            # The grader's own failure says nothing of the solution; each submission will tell it.
            return
        problems = [*_autotests(self._assignment), *_problems(graded)]
        if problems:
            raise UsageError(
                f"The solution in {self._assignment.solution.parent} does not get full points "
                "itself, so nobody's answer could, and nothing was graded. Mend these cells (what "
                "a check may do is told in docs/instructors.md):\n" + "\n".join(problems)
            )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._basis, encoding="utf-8")


def _solved(assignment: Assignment) -> Submission:
    """Hand the solution of one notebook in."""
    path = assignment.solution
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Submission(NOBODY, assignment.name, instructors_notebook(path), sha256)


def _basis(blank: Result, limits: Limits, level: str) -> str:
    record = asdict(blank)
    for name in ("started", "student", "status"):
        del record[name]
    return json.dumps([record, asdict(limits), level], indent=1, sort_keys=True)


_AUTOTEST = re.compile(r"^\s*#+\s*(?:HASHED\s+)?AUTOTEST\b", re.MULTILINE)


def _autotests(assignment: Assignment) -> Iterator[str]:
    """Name each check that nbgrader would write tests into: as it stands it tests nothing."""
    for part in assignment.parts():
        for cell in instructors_notebook(part.solution).cells:
            if role(cell) == "check" and _AUTOTEST.search(cell.source):
                yield (
                    f"  {part.title}, {grade_id(cell)}: nbgrader's AUTOTEST lines are not run "
                    "here. Write the test out: assert ..."
                )


def _problems(graded: Graded) -> Iterator[str]:
    """Name each check that the solution does not pass, with what was raised in it."""
    if not graded.result.checks and graded.result.message:
        yield f"  {graded.result.message}"
    evidence = graded.detail.get("checks", {})
    for name, check in graded.result.by_name().items():
        if check.status not in ("passed", "awaiting_manual") and check.max_points:
            raised = ": ".join(evidence.get(name, {}).get("error", ()))
            yield f"  {check.notebook}, {check.id}: {raised or check.message}"
