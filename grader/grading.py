"""Grade an assignment: find its submissions, hand them out, write down what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from . import intake
from .directory import CourseDirectory, Lesson, UsageError
from .limits import limits_of
from .pipeline import Assignment, Graded, blank_result
from .quick import import_nbgrader, uncollected
from .rehearsal import Rehearsal
from .results import GRADED, QUARANTINED, Result, result_path, write_result
from .sandbox import FULL, Limits
from .schedule import grade_all, hang_up, start_workers

if TYPE_CHECKING:
    from .gradebook import GradebookWriter

BATCH_SECONDS = 1.0
"""results of so long are written together: a transaction waits for the disk"""


@dataclass
class Summary:
    """What grading one assignment came to."""

    graded: int = 0
    kept: int = 0
    """results of an earlier run, for the very same files"""
    set_aside: list[Result] = field(default_factory=list)
    absent: list[Result] = field(default_factory=list)
    faults: list[Result] = field(default_factory=list)

    def count(self, graded: Graded) -> None:
        """Count one more."""
        result = graded.result
        if graded.fault:
            self.faults.append(result)
        elif result.status == GRADED:
            self.graded += 1
        elif result.status == QUARANTINED:
            self.set_aside.append(result)
        else:
            self.absent.append(result)


def to_grade(course: CourseDirectory, names: list[str] | None) -> list[Lesson]:
    """Return the lessons to grade: those named, else all that somebody has handed in.

    Raises UsageError where there is nothing to grade.
    """
    chosen = [course.lesson(name) for name in names or course.lessons]
    if not chosen:
        raise UsageError(_no_assignments(course))
    place = course.shown(course.submitted)
    if not course.submitted.is_dir():
        raise UsageError(
            f"There is no folder {course.submitted}. Put each notebook that was handed in at "
            f"{place}/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb (`nbgrader collect` and `nbgrader "
            "zip_collect` do that), and grade again."
        )
    if not names:
        chosen = [lesson for lesson in chosen if any(course.submitted.glob(f"*/{lesson.name}"))]
        if not chosen:
            raise UsageError(
                f"Nothing in {course.submitted} is a submission. There should be folders "
                f"STUDENT/ASSIGNMENT, with an ASSIGNMENT of: {', '.join(course.lessons)}."
            )
    for lesson in chosen:
        for part in Assignment.of(course, lesson).parts():
            if not part.solution.exists():
                raise UsageError(f"{part.solution.parent} has no notebook yet. Type: grader build")
            if not part.release.exists():
                made_by = "grader build" if lesson.source else "nbgrader generate_assignment"
                raise UsageError(
                    f"There is no {part.release}, which students got. Type: {made_by} {lesson.name}"
                )
    return chosen


def _no_assignments(course: CourseDirectory) -> str:
    return (
        f"{course.root} is no course directory: there is no notebook at "
        f"{course.shown(course.solutions)}/ASSIGNMENT/NOTEBOOK.ipynb. Type the command in a course "
        "directory, or say where one is: --course DIR. To make one: grader init DIR"
    )


def grade_assignment(
    course: CourseDirectory,
    lesson: Lesson,
    *,
    jobs: int,
    force: bool = False,
    isolation: str = FULL,
    is_last: bool = False,
    on_start: Callable[[int], Any] = lambda total: None,
    on_result: Callable[[Result], Any] = lambda result: None,
) -> Summary:
    """Grade an assignment's submissions; a result is on disk before `on_result` hears of it.

    Where it `is_last`, the sandbox ends while the last results are written.
    """
    assignment = Assignment.of(course, lesson)
    limits = limits_of(course)
    summary = Summary()
    with start_workers(jobs, isolation, limits, assignment) as workers, ExitStack() as open_ones:

        @cache
        def gradebook() -> GradebookWriter:
            """Open it: to import what that takes is long enough to grade the first submissions."""
            with uncollected():
                import_nbgrader()
                from .gradebook import GradebookWriter

            book = open_ones.enter_context(GradebookWriter(course))
            book.register(lesson)
            return book

        handed_in = intake.students(course, lesson, set())

        @cache
        def others() -> list[str]:
            """Return the students of whom only the gradebook knows."""
            return sorted(gradebook().students().difference(handed_in))

        def everybody() -> Iterator[str]:
            yield from handed_in
            # Not asked before the first are under way.
            yield from others()

        def changed() -> Iterator[intake.Submission]:
            for name in everybody():
                submission = intake.read(course, lesson, name)
                if force or not has_result(course, assignment, submission, limits, isolation):
                    yield submission
                else:
                    summary.kept += 1

        rehearsal = Rehearsal(assignment, limits, isolation)
        found = grade_all(
            assignment, rehearsal.first(changed()), limits, jobs, level=isolation, workers=workers
        )
        book = gradebook()
        on_start(len(handed_in) + len(others()))
        batch: list[Graded] = []

        def settle() -> None:
            settled = batch.copy()
            batch.clear()
            book.write(settled)
            for graded in settled:
                write_result(course.results, graded.result, graded.detail)
                summary.count(graded)
                on_result(graded.result)

        started = time.monotonic()
        try:
            for graded in rehearsal.passed_on(found):
                batch.append(graded)
                if time.monotonic() - started > BATCH_SECONDS:
                    settle()
                    started = time.monotonic()
        finally:
            if is_last:
                hang_up()
            settle()
    return summary


def has_result(
    course: CourseDirectory,
    assignment: Assignment,
    submission: intake.Submission,
    limits: Limits,
    isolation: str,
) -> bool:
    """Say whether a result is there that grading again could not change."""
    path = result_path(course.results, assignment.name, submission.student)
    try:
        old = Result.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError):
        return False
    if submission.problem or old.status != GRADED:
        return False
    new = blank_result(assignment, submission, limits)
    return old.isolation == isolation and all(
        getattr(old, name) == getattr(new, name)
        for name in (
            "submission_sha256",
            "assignment_sha256",
            "key_sha256",
            "environment",
            "engine_version",
            "grader_version",
            "seed_id",
        )
    )
