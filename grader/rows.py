"""Results into the gradebook's tables, row by row.

nbgrader's own methods make an object of every row, with its relations, which takes ten times as
long as grading its cell. Here the same rows are written as tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
    new_uuid,
)
from nbgrader.utils import parse_utc
from sqlalchemy import Boolean, and_, bindparam, insert, or_, select, update

from .pipeline import Graded
from .results import GRADED


@dataclass(frozen=True)
class _Cell:
    """A cell that can be graded or commented on."""

    notebook: str
    """the notebook's id, of the instructor's version"""
    id: str
    name: str
    points: float = 0.0


Places = Mapping[tuple[str, str], str]
"""From a student and the id of the instructor's notebook to that of the student's"""


class AssignmentRows:
    """One assignment's rows in an open gradebook. Nothing is committed here."""

    def __init__(self, session: Any, assignment: str) -> None:
        self._session = session
        self._id = session.scalars(select(Assignment.id).where(Assignment.name == assignment)).one()
        notebooks = select(Notebook.id, Notebook.name).where(Notebook.assignment_id == self._id)
        self._notebooks = dict(session.execute(notebooks).all())
        self._graded = [*self._cells(GradeCell, points=True), *self._cells(TaskCell, points=True)]
        self._commented = [*self._cells(SolutionCell), *self._cells(TaskCell)]

    def _cells(self, kind: Any, points: bool = False) -> Iterator[_Cell]:
        columns = [BaseCell.notebook_id, BaseCell.id, BaseCell.name]
        columns += [kind.max_score] if points else []
        tables = BaseCell.__table__.join(kind.__table__)
        query = select(*columns).select_from(tables)
        for row in self._session.execute(query.where(BaseCell.notebook_id.in_(self._notebooks))):
            yield _Cell(*row)

    def enter(self, batch: Sequence[Graded]) -> None:
        """Enter results; what a person has given stays as it is.

        Nothing is made of a student who never handed in; of one who did, and whose folder is gone,
        the old score goes too.
        """
        known = set(self._submissions_of([graded.result.student for graded in batch]).values())
        batch = [g for g in batch if not _is_absent(g) or g.result.student in known]
        places = self._places([graded.result.student for graded in batch])
        self._run(_TIME, self._times(batch))
        self._run(_GRADE, self._grades(batch, places))
        self._run(_COMMENT, self._comments(batch, places))

    def _run(self, statement: Any, rows: Iterator[dict[str, Any]]) -> None:
        found = list(rows)
        if found:
            self._session.connection().execute(statement, found)

    # Rows that are not there yet

    def _places(self, students: Sequence[str]) -> Places:
        """Return where the students' notebooks are, after making what is missing."""
        known = set(self._session.scalars(select(Student.id).where(Student.id.in_(students))))
        self._run(insert(Student), ({"id": name} for name in students if name not in known))
        submissions = self._submissions(students)
        query = select(
            SubmittedNotebook.assignment_id, SubmittedNotebook.notebook_id, SubmittedNotebook.id
        ).where(SubmittedNotebook.assignment_id.in_(submissions))
        places = {
            (submissions[submission], notebook): id
            for submission, notebook, id in self._session.execute(query)
        }
        new: dict[tuple[str, str], str] = {}
        rows = []
        for submission, student in submissions.items():
            for notebook in self._notebooks:
                if (student, notebook) not in places:
                    new[student, notebook] = id = new_uuid()
                    rows.append({"id": id, "assignment_id": submission, "notebook_id": notebook})
        self._run(insert(SubmittedNotebook), iter(rows))
        for table, cells in ((Grade, self._graded), (Comment, self._commented)):
            self._run(
                insert(table),
                (
                    {"notebook_id": id, "cell_id": cell.id}
                    for (_, notebook), id in new.items()
                    for cell in cells
                    if cell.notebook == notebook
                ),
            )
        return places | new

    def _submissions(self, students: Sequence[str]) -> dict[str, str]:
        """Return the student of each submission, by the submission's id."""
        found = self._submissions_of(students)
        known = set(found.values())
        new = {new_uuid(): student for student in students if student not in known}
        self._run(
            insert(SubmittedAssignment),
            (
                {"id": id, "assignment_id": self._id, "student_id": student}
                for id, student in new.items()
            ),
        )
        return found | new

    def _submissions_of(self, students: Sequence[str]) -> dict[str, str]:
        """Return the student of each submission that is there, by its id."""
        query = select(SubmittedAssignment.id, SubmittedAssignment.student_id).where(
            SubmittedAssignment.assignment_id == self._id,
            SubmittedAssignment.student_id.in_(students),
        )
        return {row.id: row.student_id for row in self._session.execute(query)}

    # What grading came to

    def _times(self, batch: Sequence[Graded]) -> Iterator[dict[str, Any]]:
        for graded in batch:
            submission = graded.submission
            yield {
                "of_assignment": self._id,
                "of_student": graded.result.student,
                "timestamp": parse_utc(submission and submission.timestamp),
            }

    def _grades(self, batch: Sequence[Graded], places: Places) -> Iterator[dict[str, Any]]:
        for graded in batch:
            result = graded.result
            points = {(check.notebook, check.id): check.points for check in result.checks}
            for cell in self._graded:
                # Of a submission that was set aside nothing stands, not an older score either.
                score = points.get((self._notebooks[cell.notebook], cell.name))
                yield {
                    "of_notebook": places[result.student, cell.notebook],
                    "of_cell": cell.id,
                    "auto_score": score,
                    "waits": score is None,
                    "counts": result.status != GRADED or cell.points != 0,
                }

    def _comments(self, batch: Sequence[Graded], places: Places) -> Iterator[dict[str, Any]]:
        for graded in batch:
            result = graded.result
            for cell in self._commented:
                answer = self._notebooks[cell.notebook], cell.name
                text = "No response." if answer in graded.unchanged else None
                yield {
                    "of_notebook": places[result.student, cell.notebook],
                    "of_cell": cell.id,
                    "auto_comment": text if result.status == GRADED else result.message,
                }


def _is_absent(graded: Graded) -> bool:
    return graded.submission is not None and graded.submission.absent


_TIME = (
    update(SubmittedAssignment)
    .where(SubmittedAssignment.assignment_id == bindparam("of_assignment"))
    .where(SubmittedAssignment.student_id == bindparam("of_student"))
    .values(timestamp=bindparam("timestamp"))
)
# A cell waits for a person where it has no automatic points, or where a person gave it points
# before it was graded again.
_GRADE = (
    update(Grade)
    .where(Grade.notebook_id == bindparam("of_notebook"), Grade.cell_id == bindparam("of_cell"))
    .values(
        auto_score=bindparam("auto_score"),
        needs_manual_grade=and_(
            bindparam("counts", type_=Boolean()),
            or_(bindparam("waits", type_=Boolean()), Grade.manual_score.is_not(None)),
        ),
    )
)
_COMMENT = (
    update(Comment)
    .where(Comment.notebook_id == bindparam("of_notebook"), Comment.cell_id == bindparam("of_cell"))
    .values(auto_comment=bindparam("auto_comment"))
)
