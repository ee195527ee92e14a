"""The single writer of nbgrader's gradebook.

Only this module opens the database while a class is graded. A submission's grades and comments are
written in one transaction, as nbgrader's own tools would have left them, and marks that a person
has given are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import nbformat
from nbgrader import preprocessors
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.utils import parse_utc

from .directory import CourseDirectory, Lesson, UsageError
from .intake import Submission
from .pipeline import Graded
from .results import GRADED, Result


class GradebookWriter:
    """An open gradebook; use it in a `with` statement."""

    def __init__(self, course: CourseDirectory) -> None:
        self._course = course
        self._book = Gradebook(course.gradebook_url)

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._book.close()

    def students(self) -> set[str]:
        """Return the ids of all students that the gradebook knows."""
        return {student.id for student in self._book.students}

    def register(self, lesson: Lesson) -> None:
        """Enter an assignment with its cells, as `nbgrader generate_assignment` does.

        Raises UsageError where its cells changed after submissions were graded.
        """
        due = {"duedate": lesson.due} if lesson.due is not None else {}
        self._book.update_or_create_assignment(lesson.name, **due)
        path = self._course.solutions / lesson.name / f"{lesson.name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        resources = {
            "nbgrader": {
                "assignment": lesson.name,
                "notebook": lesson.name,
                "db_url": self._course.gradebook_url,
            }
        }
        try:
            for step in (
                preprocessors.LockCells,
                preprocessors.ClearSolutions,
                preprocessors.ClearOutput,
                preprocessors.ComputeChecksums,
                preprocessors.SaveCells,
            ):
                notebook, resources = step().preprocess(notebook, resources)
        except RuntimeError as error:
            raise UsageError(
                f"The cells of {lesson.name} have changed since its first submissions were graded, "
                "and the gradebook holds grades for the old ones. Build the old version again, or "
                f"give up its grades: nbgrader db assignment remove {lesson.name} --force"
            ) from error
        # What SaveCells wrote through a connection of its own is not what this one remembers.
        self._book.db.expire_all()

    def write(self, submission: Submission, graded: Graded) -> None:
        """Enter one submission's result, and leave its notebook in autograded/."""
        result = graded.result
        folder = self._course.autograded / result.student / result.assignment
        if result.status == GRADED and graded.notebook is not None:
            _leave_notebook(folder, result.assignment, graded)
        else:
            # An old notebook beside a submission that could not be graded would look like its own.
            shutil.rmtree(folder, ignore_errors=True)
        if submission.absent and not self._knows(result):
            return
        # Without no_autoflush, nbgrader's own steps make SQLAlchemy warn of half-made rows.
        with self._one_transaction(), self._book.db.no_autoflush:
            self._book.update_or_create_student(result.student)
            entry = self._book.update_or_create_submission(
                result.assignment, result.student, timestamp=parse_utc(submission.timestamp)
            )
            _enter(entry, result, graded.unchanged)

    def _knows(self, result: Result) -> bool:
        """Say whether the student has handed this assignment in before."""
        try:
            self._book.find_submission(result.assignment, result.student)
        except MissingEntry:
            return False
        return True

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """Make nbgrader's methods, which commit after every step, commit once, or not at all."""
        session = self._book.db
        session.commit = session.flush
        try:
            yield
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.commit
        session.commit()


def _enter(entry: SubmittedAssignment, result: Result, unchanged: set[str]) -> None:
    checks = {check.id: check for check in result.checks}
    for notebook in entry.notebooks:
        for grade in notebook.grades:
            check = checks.get(grade.cell.name)
            # Of a submission that was set aside nothing stands, not an older score either.
            grade.auto_score = check.points if check is not None else None
            waits = grade.auto_score is None or grade.manual_score is not None
            worth_nothing = result.status == GRADED and grade.cell.max_score == 0
            grade.needs_manual_grade = waits and not worth_nothing
        for comment in notebook.comments:
            if result.status != GRADED:
                comment.auto_comment = result.message
            else:
                blank = comment.cell.name in unchanged
                comment.auto_comment = "No response." if blank else None


def _leave_notebook(folder: Path, name: str, graded: Graded) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{name}.ipynb.new"
    nbformat.write(graded.notebook, new)
    new.replace(folder / f"{name}.ipynb")
