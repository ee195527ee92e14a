"""The other door: nbgrader's own `autograde`, and formgrader's button, in the same room.

Named in nbgrader_config.py in the place of nbgrader's own steps (see `grader.init.STOCK_DOOR`).
What was handed in goes through the very pipeline of `grader grade`, and leaves the same result.
Works in any nbgrader course, whether this project made its assignments or not.
"""

from __future__ import annotations

import copy
import glob
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory as NbgraderCourse
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import compute_checksum

from course import find

from .directory import CourseDirectory, UsageError
from .gradebook import GradebookWriter
from .intake import Submission, is_name, read_folder
from .isolation import require
from .limits import level_of, make_limits
from .pages import clean_line
from .pipeline import Assignment, Graded, blank_result, grade_parts, joined_parts, unread
from .rehearsal import rehearse
from .restore import grade_id
from .results import MADE_OF, CheckResult, Result, write_result
from .rows import AssignmentRows
from .sandbox import Limits
from .sandbox.launch import Sandbox
from .schedule import apart, forked_pool, sandbox_of

_graded: dict[tuple[str, str], tuple[Result, dict[str, Graded]]] = {}
"""Of each submission, its result, and its notebooks until nbgrader has asked for all of them"""


class SetAside(Exception):
    """A submission cannot be read; nbgrader goes on with the next one. The text says why."""


class Intake(NotebookExporter):
    """Has nbgrader open nothing that a student handed in: the sandbox's own intake does.

    nbgrader makes one for each run, when it has looked for submissions. What cannot be read is set
    aside here, before nbgrader gets to it, and that includes what nbgrader would not look at.
    """

    def __init__(self, config: Any = None, **options: Any) -> None:
        super().__init__(config=config, **options)
        if isinstance(self.parent, Autograde):
            try:
                _prepare(self.parent)
            except UsageError as error:
                self.parent.log.error(str(error))
                raise NbGraderException(str(error)) from error

    def from_filename(
        self, filename: str, resources: Any = None, **options: Any
    ) -> tuple[Any, Any]:
        """Hand a submitted notebook's place on, and no more; any other is read as ever."""
        if any(isinstance(step, GradeInRoom) for step in self._preprocessors):
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources, **options)
        return super().from_filename(filename, resources, **options)


class GradeInRoom(NbGraderPreprocessor):
    """Grades a submitted notebook in the sandbox, and shows nbgrader what came of it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the restored and graded notebook, from which nbgrader reads the points.

        Raises SetAside for a submission that cannot be read, and UsageError where the assignment
        cannot be graded at all.
        """
        names = resources["nbgrader"]
        door = _Door(NbgraderCourse(config=self.config), self.config, names["assignment"])
        submission = door.read(names["student"])
        if submission.problem:
            door.set_aside(submission)
            raise SetAside(submission.problem)
        graded = door.graded(submission, names["notebook"])
        return _shown(graded), resources


class SaveGrades(SaveAutoGrades):
    """nbgrader's own step, which makes nobody look at answers that are worth nothing."""

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._add_score(cell, resources)
        if not cell.metadata.nbgrader.get("points"):
            name = cell.metadata.nbgrader["grade_id"]
            where = self.notebook_id, self.assignment_id, self.student_id
            self.gradebook.find_grade(name, *where).needs_manual_grade = False
            self.gradebook.db.commit()


class _Door:
    """One assignment of a course, as nbgrader's settings have it."""

    def __init__(self, course: NbgraderCourse, config: Any, name: str) -> None:
        self.course, self.assignment = course, _assignment(course, name)
        section = dict(config.get("Sandbox", {}))
        self._limits, self._level = make_limits(section), require(level_of(section))
        self._results = self.assignment.root / "results"

    def read(self, student: str) -> Submission:
        """Read what a student handed in."""
        submission = Submission(student, self.assignment.name)
        folder = self._folder(self.course.submitted_directory, student)
        place = f"{self.course.submitted_directory}/{student}/{self.assignment.name}"
        read_folder(submission, folder, place, self.assignment.notebooks)
        submission.problem = submission.problem or _hazard(folder, place)
        return submission

    def enter(self) -> None:
        """Enter the assignment into the gradebook, where nothing has done that yet."""
        with Gradebook(self.course.db_url, self.course.course_id) as book:
            try:
                book.find_assignment(self.assignment.name)
                return
            except MissingEntry:
                pass
        directory = CourseDirectory(self.assignment.root)
        with GradebookWriter(directory) as writer:
            writer.register(directory.lesson(self.assignment.name))

    def rehearse(self) -> None:
        """Grade the solution, unless that is done; raises UsageError where it is not full."""
        rehearse(self.assignment, self._limits, self._sandbox())

    def graded(self, submission: Submission, notebook: str) -> Graded:
        """Return one notebook of a submission, graded; with the first, the result is written."""
        key = submission.student, submission.assignment
        now = blank_result(self.assignment, submission, self._limits)
        result, parts = _graded.get(key, (now, {}))
        if notebook not in parts or any(getattr(result, n) != getattr(now, n) for n in MADE_OF):
            self.rehearse()
            parts = self._parts(submission)
            whole = joined_parts(self.assignment, submission, self._limits, parts)
            write_result(self._results, whole.result, whole.detail)
            _graded[key] = whole.result, parts
        part = parts.pop(notebook)
        if not parts:
            del _graded[key]
        return part

    def _parts(self, submission: Submission) -> dict[str, Graded]:
        """Grade a submission, on Linux in a fork, which a check may take with it."""
        sandbox = self._sandbox()
        if sys.platform != "linux":
            return grade_parts(self.assignment, submission, self._limits, sandbox)
        sandbox.wait()
        task = partial(_in_fork, self._level)
        return apart(task, self.assignment, submission, self._limits, forked_pool)

    def set_aside(self, submission: Submission) -> None:
        """Leave a result that says why, take old scores back, and have a person look at it."""
        graded = unread(self.assignment, submission, self._limits)
        write_result(self._results, graded.result)
        with Gradebook(self.course.db_url, self.course.course_id) as book:
            AssignmentRows(book.db, self.assignment.name).enter([graded])
            book.db.commit()
        old = self._folder(self.course.autograded_directory, submission.student)
        shutil.rmtree(old, ignore_errors=True)

    def _folder(self, step: str, student: str) -> Path:
        return Path(self.course.format_path(step, student, self.assignment.name))

    def _sandbox(self) -> Sandbox:
        return sandbox_of(self._level, self._limits, self.assignment.engine)


def _in_fork(
    level: str, assignment: Assignment, submission: Submission, limits: Limits
) -> dict[str, Graded]:
    sandbox = sandbox_of(level, limits, assignment.engine)
    return grade_parts(assignment, submission, limits, sandbox)


def _assignment(course: NbgraderCourse, name: str) -> Assignment:
    """Return an nbgrader assignment; raises UsageError where it is not released."""
    root = Path(course.root).resolve()
    folders = course.source_directory, course.release_directory
    try:
        found = Assignment(name, root, find.lesson_folder(name, root), "", *folders)
    except find.NotFound:
        there = (root / course.source_directory / name).glob("[!.]*.ipynb")
        notebooks = tuple(sorted(path.stem for path in there))
        found = Assignment(name, root, None, "", *folders, notebooks)
    for part in found.parts():
        if not part.release.exists():
            raise UsageError(
                f"There is no {part.release}, which students got. Type: nbgrader "
                f"generate_assignment {name}"
            )
    return found


def _prepare(run: Autograde) -> None:
    """Before a run: rehearse, and set aside what cannot be read; raises UsageError.

    It is raised where nothing is left to grade, too: formgrader's button then shows why.
    """
    course = run.coursedir
    door = _Door(course, run.config, course.assignment_id)
    door.enter()
    door.rehearse()
    for folder, student in _folders(course):
        submission = door.read(student)
        if submission.problem:
            door.set_aside(submission)
            run.log.error("%s was set aside: %s", clean_line(student), submission.problem)
            run.assignments.pop(folder, None)
    if not run.assignments:
        raise UsageError("Nothing is left to grade. For what was set aside: grader quarantine")


def _folders(course: NbgraderCourse) -> Iterator[tuple[str, str]]:
    """Yield the folders in which nbgrader looks for submissions, with their students."""
    what = course.submitted_directory, course.student_id, course.assignment_id
    excluded = course.student_id_exclude.split(",")
    for folder in sorted(glob.glob(course.format_path(*what))):
        student = Path(folder).parent.name
        if is_name(student) and student not in excluded:
            yield folder, student


def _hazard(folder: Path, place: str) -> str:
    """Say which file nbgrader would follow out of a submission, or wait for, as it copies them."""
    for top, folders, files in os.walk(folder):
        for path in (Path(top, name) for name in (*folders, *files)):
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode) and (
                not stat.S_ISREG(status.st_mode) or status.st_nlink > 1
            ):
                name = clean_line(path.relative_to(folder), 100)
                return (
                    f"{place}/{name} is a link or a device, and nbgrader would follow it. Delete "
                    "it and grade again, or type `grader grade`, which leaves such files alone."
                )
    return ""


def _shown(graded: Graded) -> NotebookNode:
    """Make nbgrader, which reads points from outputs, read the points that were given."""
    assert graded.notebook is not None
    checks = {check.id: check for check in graded.result.checks}
    unchanged = {name for _, name in graded.unchanged}
    # Its metadata is the instructor's own, and not to be changed.
    notebook = copy.deepcopy(graded.notebook)
    for cell in notebook.cells:
        check = checks.get(_check_id(cell))
        if grade_id(cell) in unchanged:
            cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
        elif check is not None and cell.cell_type == "code" and check.points is not None:
            cell.outputs = _outputs(cell.outputs, check)
    return notebook


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
