"""The other door: nbgrader's own `autograde`, and formgrader's button, in the same room.

Named in nbgrader_config.py in the place of nbgrader's `Execute`:

    c.Autograde.autograde_preprocessors = [
        "grader.autograde.GradeInRoom",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

What was handed in goes through the very pipeline of `grader grade`, and leaves the same result.
Works in any nbgrader course, whether this project made its assignments or not.
"""

from __future__ import annotations

import atexit
import hashlib
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory as NbgraderCourse
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum

from course import find

from .directory import UsageError
from .intake import Submission, read_notebook
from .isolation import require
from .limits import level_of, make_limits
from .pipeline import Assignment, Graded, grade
from .restore import grade_id
from .results import QUARANTINED, CheckResult, Result, write_result
from .sandbox import Limits
from .sandbox.launch import Sandbox

_sandboxes: dict[tuple[str, Limits], Sandbox] = {}
_parts: dict[tuple[str, str], dict[str, Result]] = {}
"""Results of the notebooks of one submission, until all of them are there"""


class GradeInRoom(NbGraderPreprocessor):
    """Grades a submitted notebook in the sandbox, and shows nbgrader what came of it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the restored and graded notebook, from which nbgrader reads the points."""
        names = resources["nbgrader"]
        student, assignment, notebook = (
            names[part] for part in ("student", "assignment", "notebook")
        )
        course = NbgraderCourse(config=self.config)
        root = Path(course.root).resolve()
        section = dict(self.config.get("Sandbox", {}))
        limits = make_limits({k: v for k, v in section.items() if k != "isolation"})
        sandbox = _sandbox(require(level_of(section)), limits)
        folder = Path(course.format_path(course.submitted_directory, student, assignment))
        submission = Submission(student, assignment)
        read_notebook(submission, folder / f"{notebook}.ipynb", f"{student}/{assignment}")
        if submission.notebook is None:
            raise UsageError(submission.problem)
        wanted = Assignment(
            assignment,
            root,
            _key_folder(assignment, root),
            notebook,
            course.source_directory,
            course.release_directory,
        )
        graded = grade(wanted, submission, limits, sandbox)
        assert graded.notebook is not None
        _show(graded)
        _leave_result(root / "results", notebook, graded)
        return graded.notebook, resources


def _sandbox(level: str, limits: Limits) -> Sandbox:
    if (level, limits) not in _sandboxes:
        sandbox = _sandboxes[level, limits] = Sandbox(level, limits)
        atexit.register(sandbox.close)
    return _sandboxes[level, limits]


def _key_folder(assignment: str, root: Path) -> Path | None:
    try:
        return find.lesson_folder(assignment, root)
    except find.NotFound:
        return None


def _show(graded: Graded) -> None:
    """Make nbgrader, which reads points from outputs, read the points that were given."""
    assert graded.notebook is not None
    checks = {check.id: check for check in graded.result.checks}
    for cell in graded.notebook.cells:
        check = checks.get(_check_id(cell))
        if check is None:
            continue
        if grade_id(cell) in graded.unchanged:
            cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
        elif cell.cell_type == "code" and check.points is not None:
            cell.outputs = _outputs(cell.outputs, check)


def _check_id(cell: NotebookNode) -> str:
    own = cell.metadata.get("autograd_course", {})
    return str(own.get("check", grade_id(cell)))


def _outputs(outputs: list[NotebookNode], check: CheckResult) -> list[NotebookNode]:
    shown = [
        output
        for output in outputs
        if output.output_type == "display_data"
        or (output.output_type == "stream" and output.name == "stdout")
        or (output.output_type == "error" and not check.points)
    ]
    points = check.points or 0.0
    if points and points < check.max_points:
        data = {"text/plain": repr(points)}
        shown.append(nbformat.v4.new_output("execute_result", data, execution_count=None))
    elif not points and not any(output.output_type == "error" for output in shown):
        words = [f"{check.status}: {check.message}"]
        shown.append(
            nbformat.v4.new_output("error", ename=check.status, evalue="", traceback=words)
        )
    return shown


def _leave_result(folder: Path, notebook: str, graded: Graded) -> None:
    """Write a submission's result, of all its notebooks that have been graded so far."""
    result = graded.result
    parts = _parts.setdefault((result.student, result.assignment), {})
    parts[notebook] = result
    whole = Result(**vars(result))
    whole.checks = [check for part in parts.values() for check in part.checks]
    whole.repairs = [repair for part in parts.values() for repair in part.repairs]
    if len(parts) > 1:
        for name in ("submission_sha256", "assignment_sha256"):
            hashes = "".join(getattr(part, name) or "" for part in parts.values())
            setattr(whole, name, hashlib.sha256(hashes.encode()).hexdigest())
    if whole.status != QUARANTINED:
        whole.score = sum(check.points or 0.0 for check in whole.checks)
        whole.max_score = sum(check.max_points for check in whole.checks)
    whole.seconds = round(sum(part.seconds for part in parts.values()), 3)
    write_result(folder, whole, graded.detail)
