"""Many submissions: hand them to worker processes, and take results as they come.

Results come back in whatever order they are done. A worker that dies takes no other submission with
it: whatever was under way is tried again alone, and only what ends a worker then is at fault.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from .intake import Submission
from .pipeline import Assignment, Graded, grade
from .results import NOT_GRADED, Result
from .sandbox import Limits

Pool = Callable[[int], Executor]


def local_pool(jobs: int) -> Executor:
    """Return a pool of processes on this machine, started afresh rather than forked.

    A fork would inherit the coordinator's open gradebook.
    """
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))


def grade_all(
    assignment: Assignment,
    submissions: Sequence[Submission],
    limits: Limits,
    jobs: int,
    pool: Pool = local_pool,
) -> Iterator[Graded]:
    """Grade all submissions; yields a result for each, whatever becomes of the workers."""
    again: list[Submission] = []
    if submissions:
        with pool(min(jobs, len(submissions))) as executor:
            futures: dict[Future[Graded], Submission] = {}
            for submission in submissions:
                try:
                    futures[executor.submit(grade, assignment, submission, limits)] = submission
                except BrokenProcessPool:
                    again.append(submission)
            for future in as_completed(futures):
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    again.append(futures[future])
                else:
                    yield _outcome(assignment, futures[future], future)
    for submission in again:
        with pool(1) as executor:
            yield _outcome(
                assignment, submission, executor.submit(grade, assignment, submission, limits)
            )


def _outcome(assignment: Assignment, submission: Submission, future: Future[Graded]) -> Graded:
    """Return what a worker returned; its own faults become a result that says so."""
    error = future.exception()
    if error is None:
        return future.result()
    result = Result(
        student=submission.student,
        assignment=assignment.name,
        status=NOT_GRADED,
        submission_sha256=submission.sha256,
        message=(
            "The grader itself failed on this submission; that is not the student's fault. Grade "
            f"again; if it fails again, report this: {type(error).__name__}: {error}"
        ),
    )
    return Graded(result, detail={"fault": repr(error)}, fault=True)
