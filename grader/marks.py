"""Marks and comments that people gave, as nbgrader's gradebook has them. Reads, never writes."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from .directory import CourseDirectory
from .results import Result


@dataclass
class Marks:
    """What people said about one submission; cells go by their grade ids."""

    manual: dict[str, float] = field(default_factory=dict)
    """points instead of the automatic ones, extra credit included"""
    extra: dict[str, float] = field(default_factory=dict)
    """points on top of the automatic ones"""
    comments: dict[str, str] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    """cells marked by a person whose submission was graded anew since"""
    late_penalty: float = 0.0

    def points(self, check: str, automatic: float | None) -> float | None:
        """Return a check's points, None while a person has to give them."""
        if check in self.manual:
            return self.manual[check]
        if check in self.extra:
            return (automatic or 0.0) + self.extra[check]
        return automatic

    def score(self, result: Result) -> float | None:
        """Return a submission's score before penalties, None while nothing has been graded."""
        by_people = {**self.extra, **self.manual}
        if not by_people:
            return result.score
        checks = {check.id: check.points for check in result.checks} | dict.fromkeys(
            by_people.keys() - {check.id for check in result.checks}
        )
        return sum(self.points(check, points) or 0.0 for check, points in checks.items())


def marks_by_people(
    course: CourseDirectory, assignment: str, notebook: str = ""
) -> dict[str, Marks]:
    """Read manual marks, comments and late penalties by student; {} without a gradebook.

    Of several notebooks one is chosen by its name, else cells go by both, as in `Result.in_full`.
    """
    # nbgrader would make an empty database where there is none.
    if not course.has_gradebook:
        return {}
    several = len(course.lesson(assignment).notebooks) > 1
    found: dict[str, Marks] = {}
    with Gradebook(course.gradebook_url) as book:

        def rows(table: type, *columns: object) -> list[tuple]:
            """Query the assignment's rows of a table, grades or comments, by student and cell."""
            query = (
                book.db.query(Student.id, Notebook.name, BaseCell.name, *columns)
                .select_from(table)
                .join(SubmittedNotebook, table.notebook_id == SubmittedNotebook.id)  # type: ignore[attr-defined]
                .join(
                    SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id
                )
                .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                .join(Student, SubmittedAssignment.student_id == Student.id)
                .join(BaseCell, table.cell_id == BaseCell.id)  # type: ignore[attr-defined]
                .join(Notebook, BaseCell.notebook_id == Notebook.id)
                .filter(Assignment.name == assignment)
                .all()
            )
            return [
                (student, f"{home}/{cell}" if several and not notebook else cell, *rest)
                for student, home, cell, *rest in query
                if not (several and notebook) or home == notebook
            ]

        grades = rows(Grade, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
        for student, cell, manual, extra, unsure in grades:
            marks = found.setdefault(student, Marks())
            if manual is not None:
                marks.manual[cell] = manual + (extra or 0.0)
                if unsure:
                    marks.again.add(cell)
            elif extra:
                marks.extra[cell] = extra
        for student, cell, text in rows(Comment, Comment.manual_comment):
            if text:
                found.setdefault(student, Marks()).comments[cell] = text
        for entry in book.assignment_submissions(assignment) if found else []:
            found.setdefault(entry.student_id, Marks()).late_penalty = sum(
                part.late_submission_penalty or 0.0
                for part in entry.notebooks
                if not (several and notebook) or part.name == notebook
            )
    return found


def known_students(course: CourseDirectory) -> set[str]:
    """Return all students that the gradebook knows, or that have a folder in submitted/."""
    folders = course.submitted.iterdir() if course.submitted.is_dir() else ()
    students = {path.name for path in folders if path.is_dir() and path.name[:1] != "."}
    if course.has_gradebook:
        with Gradebook(course.gradebook_url) as book:
            students |= {student for (student,) in book.db.query(Student.id).all()}
    return students
