"""The other door: nbgrader's own `autograde`, and formgrader's button, in the same room.

Named in nbgrader_config.py in the place of nbgrader's own steps (see `grader.init.STOCK_DOOR`).
What was handed in goes through the very pipeline of `grader grade`, and leaves the same result.
Works in any nbgrader course, whether this project made its assignments or not.
"""

from __future__ import annotations

import atexit
import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory as NbgraderCourse
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import compute_checksum

from course import find

from .directory import UsageError
from .intake import Submission, read_folder
from .isolation import require
from .limits import level_of, make_limits
from .pipeline import Assignment, Graded, grade
from .rehearsal import rehearse
from .restore import grade_id, role
from .results import CheckResult, Result, write_result
from .sandbox import Limits
from .sandbox.launch import Sandbox

_sandboxes: dict[tuple[str, Limits, bool], Sandbox] = {}
_parts: dict[tuple[str, str], dict[str, Graded]] = {}
"""Of each submission, what came of its notebooks, until all of them are there"""


class SetAside(Exception):
    """A submission cannot be read; nbgrader goes on with the next one. The text says why."""


class GradeInRoom(NbGraderPreprocessor):
    """Grades a submitted notebook in the sandbox, and shows nbgrader what came of it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the restored and graded notebook, from which nbgrader reads the points.

        Raises SetAside for a notebook that cannot be read, and UsageError where the assignment
        cannot be graded at all.
        """
        names = resources["nbgrader"]
        student, name = names["student"], names["assignment"]
        course = NbgraderCourse(config=self.config)
        section = dict(self.config.get("Sandbox", {}))
        limits = make_limits(section)
        assignments = list(_assignments(course, name))
        folder = Path(course.format_path(course.submitted_directory, student, name))
        place = f"{course.submitted_directory}/{student}/{name}"
        wanted = next(a for a in assignments if a.title == names["notebook"])
        sandbox = _sandbox(require(level_of(section)), limits, wanted.engine)
        results = wanted.root / "results"
        submission = Submission(student, name)
        read_folder(submission, folder, place, wanted.title, [a.title for a in assignments])
        if submission.notebook is not None:
            rehearse(wanted, limits, sandbox)
        graded = grade(wanted, submission, limits, sandbox)
        if graded.notebook is None:
            write_result(results, graded.result)
            _forget_scores(names["db_url"], graded.result)
            raise SetAside(graded.result.message)
        _show(graded)
        whole = _whole_result(assignments, folder, wanted.title, graded)
        if whole is not None:
            write_result(results, *whole)
        return graded.notebook, resources


class SaveGrades(SaveAutoGrades):
    """nbgrader's own step, which makes nobody look at answers that are worth nothing."""

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._add_score(cell, resources)
        if not cell.metadata.nbgrader.get("points"):
            name = cell.metadata.nbgrader["grade_id"]
            where = self.notebook_id, self.assignment_id, self.student_id
            self.gradebook.find_grade(name, *where).needs_manual_grade = False
            self.gradebook.db.commit()


def _sandbox(level: str, limits: Limits, engine: bool) -> Sandbox:
    kind = level, limits, engine
    if kind not in _sandboxes:
        sandbox = _sandboxes[kind] = Sandbox(level, limits, engine=engine)
        atexit.register(sandbox.close)
    return _sandboxes[kind]


def _assignments(course: NbgraderCourse, name: str) -> Iterable[Assignment]:
    """Yield an nbgrader assignment's notebooks; raises UsageError where one is not released."""
    root = Path(course.root).resolve()
    try:
        key = find.lesson_folder(name, root)
    except find.NotFound:
        key = None
    for path in sorted((root / course.source_directory / name).glob("*.ipynb")):
        folders = course.source_directory, course.release_directory
        found = Assignment(name, root, key, path.stem, *folders)
        if not found.release.exists():
            raise UsageError(
                f"There is no {found.release}, which students got. Type: nbgrader "
                f"generate_assignment {name}"
            )
        yield found


def _forget_scores(address: str, result: Result) -> None:
    """Take back what the gradebook holds of a submission, and have a person look at it."""
    with Gradebook(address) as book:
        entry = book.find_submission(result.assignment, result.student)
        for notebook in entry.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = None, True
            for comment in notebook.comments:
                comment.auto_comment = result.message
        book.db.commit()


def _show(graded: Graded) -> None:
    """Make nbgrader, which reads points from outputs, read the points that were given."""
    assert graded.notebook is not None
    checks = {check.id: check for check in graded.result.checks}
    for cell in graded.notebook.cells:
        check = checks.get(_check_id(cell))
        if grade_id(cell) in graded.unchanged:
            cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
        elif check is not None and cell.cell_type == "code" and check.points is not None:
            cell.outputs = _outputs(cell.outputs, check)


def _check_id(cell: NotebookNode) -> str:
    own = cell.metadata.get("autograd_course", {})
    return str(own.get("check", grade_id(cell)))


def _outputs(outputs: list[NotebookNode], check: CheckResult) -> list[NotebookNode]:
    """Leave what says nothing about points, and add what says it right."""
    failed = check.status != "passed"
    shown = [
        output
        for output in outputs
        if output.output_type == "display_data"
        or (output.output_type == "stream" and output.name == "stdout")
        or (output.output_type == "error" and failed and not check.points)
    ]
    if check.points and check.points < check.max_points:
        data = {"text/plain": repr(check.points)}
        shown.append(nbformat.v4.new_output("execute_result", data, execution_count=None))
    elif failed and not any(output.output_type == "error" for output in shown):
        words = [f"{check.status}: {check.message}"]
        shown.append(
            nbformat.v4.new_output("error", ename=check.status, evalue="", traceback=words)
        )
    return shown


def _whole_result(
    assignments: list[Assignment], folder: Path, notebook: str, graded: Graded
) -> tuple[Result, dict[str, Any]] | None:
    """Return a submission's result and detail once each of its notebooks has been graded."""
    result = graded.result
    parts = _parts.setdefault((result.student, result.assignment), {})
    parts[notebook] = graded
    whole = replace(result, checks=[], repairs=[])
    hashes = []
    for one in assignments:
        path = folder / f"{one.title}.ipynb"
        if not os.path.lexists(path):
            parts.pop(one.title, None)
            whole.checks += _missing(one)
            continue
        if one.title not in parts:
            return None
        # A part that belongs to an older version of the file does not count.
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        if parts[one.title].result.submission_sha256 != sha256:
            return None
        whole.checks += parts[one.title].result.checks
        whole.repairs += parts[one.title].result.repairs
        hashes.append(parts[one.title].result)
    for name in ("submission_sha256", "assignment_sha256") if len(hashes) > 1 else ():
        joined = "".join(getattr(part, name) for part in hashes)
        setattr(whole, name, hashlib.sha256(joined.encode()).hexdigest())
    whole.score = sum(check.points or 0.0 for check in whole.checks)
    whole.max_score = sum(check.max_points for check in whole.checks)
    whole.seconds = round(sum(part.seconds for part in hashes), 3)
    peaks = [part.peak_memory_mb for part in hashes if part.peak_memory_mb is not None]
    whole.peak_memory_mb = max(peaks, default=None)
    details = [part.detail for part in _parts.pop((result.student, result.assignment)).values()]
    evidence = {name: kept for detail in details for name, kept in detail["checks"].items()}
    return whole, {"cells": [c for detail in details for c in detail["cells"]], "checks": evidence}


def _missing(assignment: Assignment) -> list[CheckResult]:
    """Return a result for each check of a notebook that was not handed in."""
    found = []
    for cell in nbformat.read(assignment.solution, as_version=4).cells:
        own = cell.metadata.get("nbgrader", {})
        if role(cell) in ("check", "written") and "points" in own:
            name, points = own["grade_id"], float(own["points"])
            words = f"{assignment.title}.ipynb was not handed in."
            found.append(CheckResult(name, assignment.title, name, 0.0, points, "missing", words))
    return found
