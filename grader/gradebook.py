"""The single writer of nbgrader's gradebook.

Only this module opens the database while a class is graded. Grades and comments are written as
nbgrader's own tools would have left them, of a submission all or nothing, and marks that a person
has given are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import is_grade, is_solution, is_task

from .directory import CourseDirectory, Lesson, UsageError
from .intake import instructors_notebook
from .pipeline import Assignment, Graded
from .restore import grade_id
from .results import GRADED
from .rows import AssignmentRows

PENALTIES = {"AssignLatePenalties", "LateSubmissionPlugin"}
"""Settings without which nbgrader takes no points off for lateness"""


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
        for part in Assignment.of(self._course, lesson).parts():
            self._register_notebook(part)

    def _register_notebook(self, part: Assignment) -> None:
        if self._knows(part):
            return
        from nbgrader import preprocessors

        # Its own copy, which these change.
        notebook = nbformat.read(part.solution, as_version=4)

        resources = {
            "nbgrader": {
                "assignment": part.name,
                "notebook": part.title,
                "db_url": self._course.gradebook_url,
            }
        }
        config = self._course.config
        try:
            for step in (
                preprocessors.LockCells,
                preprocessors.ClearSolutions,
                preprocessors.ClearOutput,
                preprocessors.ComputeChecksums,
                preprocessors.SaveCells,
            ):
                notebook, resources = step(config=config).preprocess(notebook, resources)
        except RuntimeError as error:
            raise UsageError(
                f"The cells of {part.title} have changed since its first submissions were graded, "
                "and the gradebook holds grades for the old ones. Go back to the old version, or "
                f"give up its grades: nbgrader db assignment remove {part.name} --force"
            ) from error
        # What SaveCells wrote through a connection of its own is not what this one remembers.
        self._book.db.expire_all()

    def _knows(self, part: Assignment) -> bool:
        """Say whether the gradebook has just these cells."""
        try:
            entry = self._book.find_notebook(part.title, part.name)
            notebook = instructors_notebook(part.solution)
            release = instructors_notebook(part.release)
        except (MissingEntry, OSError, ValueError):
            return False
        stubs = {grade_id(cell): cell.source for cell in release.cells}
        cells = {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}
        sources = {
            name: stubs.get(name) if is_solution(cell) else cell.source
            for name, cell in cells.items()
        }

        def points(kind: Callable[[NotebookNode], bool]) -> dict[str | None, float]:
            found = {name: cell for name, cell in cells.items() if kind(cell)}
            return {name: float(cell.metadata.nbgrader.points) for name, cell in found.items()}

        return (
            sources == {cell.name: cell.source for cell in entry.source_cells}
            and points(is_grade) == {cell.name: cell.max_score for cell in entry.grade_cells}
            and points(is_task) == {cell.name: cell.max_score for cell in entry.task_cells}
            and {name for name, cell in cells.items() if is_solution(cell)}
            == {cell.name for cell in entry.solution_cells}
        )

    def write(self, batch: Sequence[Graded]) -> None:
        """Enter results in one transaction, and leave their notebooks in autograded/."""
        entered: dict[str, list[Graded]] = {}
        for graded in batch:
            result = graded.result
            folder = self._course.autograded / result.student / result.assignment
            if result.status == GRADED:
                _leave_notebooks(folder, graded.texts)
            else:
                # An old notebook beside what could not be graded would look like its own.
                shutil.rmtree(folder, ignore_errors=True)
            entered.setdefault(result.assignment, []).append(graded)
        try:
            for assignment, group in entered.items():
                AssignmentRows(self._book.db, assignment).enter(group)
        except BaseException:
            self._book.db.rollback()
            raise
        self._book.db.commit()
        if PENALTIES & self._course.config.keys():
            self._penalize(batch)

    def _penalize(self, batch: Sequence[Graded]) -> None:
        """Have the plug-in that a course's settings name take points off for lateness."""
        from nbgrader.preprocessors import AssignLatePenalties

        step = AssignLatePenalties(config=self._course.config)
        for graded in batch:
            for notebook in graded.texts:
                names = {"notebook": notebook, "db_url": self._course.gradebook_url}
                names |= {
                    "assignment": graded.result.assignment, "student": graded.result.student
                }  # fmt: skip
                step.preprocess(nbformat.v4.new_notebook(), {"nbgrader": names})


def _leave_notebooks(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        new = folder / f".{name}.ipynb.new"
        new.write_text(text, encoding="utf-8")
        new.replace(folder / f"{name}.ipynb")
    for path in folder.glob("*.ipynb"):
        # Of one that was handed in before, and is no longer.
        if path.stem not in texts:
            path.unlink()
