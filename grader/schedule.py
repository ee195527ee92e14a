"""Many submissions: hand them to worker processes, and take results as they come.

Results come back in whatever order they are done. A worker that dies takes no other submission with
it: whatever was under way is tried again alone, as is what the grader itself failed on, and only
what fails then is at fault. Where a check is what a worker dies in, that check alone is lost. A
submission that ran out of wall-clock time beside others is tried again alone, too.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from .intake import Submission
from .judge.bounds import be_expendable
from .pipeline import Assignment, Graded, get_ready, grade_whole
from .results import NOT_GRADED, Result
from .sandbox import FULL, Limits
from .sandbox.launch import Sandbox, SandboxError

Pool = Callable[[int], Executor]
T = TypeVar("T")

AHEAD = 8
"""how many submissions per worker are read before they are needed"""

_sandboxes: dict[tuple[str, Limits, bool], Sandbox] = {}


def local_pool(jobs: int) -> Executor:
    """Return a pool of processes on this machine, started afresh rather than forked.

    A fork would inherit the coordinator's open gradebook.
    """
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=be_expendable)


def forked_pool(jobs: int) -> Executor:
    """Return a pool of forks of this process: they share its modules and its sandbox."""
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=be_expendable)


def start_workers(jobs: int, level: str, limits: Limits, assignment: Assignment) -> Executor:
    """Start processes that share this one's modules and one sandbox, which gets ready meanwhile.

    To be called before a gradebook is opened or a thread started, since both would be forked too.
    """
    if sys.platform != "linux":
        return local_pool(jobs)
    sandbox = sandbox_of(level, limits, assignment.engine)
    get_ready(assignment, limits, sandbox)
    workers = forked_pool(jobs)
    # At the first call all of them are forked.
    workers.submit(int)
    return workers


def sandbox_of(level: str, limits: Limits, engine: bool) -> Sandbox:
    """Return this process's sandbox of a kind, which its forks share; it ends with the process."""
    kind = level, limits, engine
    if kind not in _sandboxes:
        sandbox = _sandboxes[kind] = Sandbox(level, limits, engine=engine)
        multiprocessing.util.Finalize(None, sandbox.close, exitpriority=10)
    return _sandboxes[kind]


def hang_up() -> None:
    """Let the sandboxes of this process end: whoever grades after this starts another."""
    while _sandboxes:
        _sandboxes.popitem()[1].hang_up()


def work(level: str, assignment: Assignment, submission: Submission, limits: Limits) -> Graded:
    """Grade one submission in this process's sandbox, which is started when first needed."""
    kind = level, limits, assignment.engine
    try:
        return grade_whole(assignment, submission, limits, sandbox_of(*kind))
    except SandboxError:
        # Whatever ended the fork server, it is not this submission's fault before a second time.
        _sandboxes.pop(kind).close()
        return grade_whole(assignment, submission, limits, sandbox_of(*kind))


def grade_all(
    assignment: Assignment,
    submissions: Iterable[Submission],
    limits: Limits,
    jobs: int,
    pool: Pool = local_pool,
    level: str = FULL,
    workers: Executor | None = None,
) -> Iterator[Graded]:
    """Grade all submissions; yields a result for each, whatever becomes of the workers.

    They are handed to `workers`, which are shut down afterwards and get the first ones at once, or
    to those of a `pool`.
    """
    task = partial(work, level)
    hand_out = _HandOut(task, assignment, limits, iter(submissions), AHEAD * jobs)
    if workers is not None:
        hand_out.fill(workers)

    def results() -> Iterator[Graded]:
        again: list[Submission] = []
        executor = workers or pool(jobs)
        while True:
            with executor:
                while hand_out.fill(executor):
                    for submission, future in hand_out.done():
                        graded = _outcome(assignment, submission, future)
                        # A fault of our own may be the busy machine's; slowness surely may.
                        if graded.fault or (graded.slow and jobs > 1):
                            again.append(submission)
                        else:
                            yield graded
            if hand_out.is_over:
                break
            executor = pool(jobs)
        for submission in again:
            yield _alone(task, assignment, submission, limits, pool)

    return results()


class _HandOut:
    """Submissions on their way to workers, some of them ahead of when they are needed."""

    def __init__(
        self,
        task: Callable[..., Graded],
        assignment: Assignment,
        limits: Limits,
        rest: Iterator[Submission],
        most: int,
    ) -> None:
        self._task, self._assignment, self._limits = task, assignment, limits
        self._rest, self._most = rest, most
        self._futures: dict[Future[Graded], Submission] = {}
        self._broken: Executor | None = None
        self.is_over = False
        """whether there is nothing more to hand out"""

    def fill(self, executor: Executor) -> bool:
        """Hand out as many as there may be at once; says whether any are under way."""
        # Where one of its workers has died, the others are of no use any more.
        while not self.is_over and executor is not self._broken and len(self._futures) < self._most:
            submission = next(self._rest, None)
            if submission is None:
                self.is_over = True
                break
            try:
                asked = self._assignment, submission, self._limits
                self._futures[executor.submit(self._task, *asked)] = submission
            except BrokenProcessPool:
                self._rest, self._broken = chain([submission], self._rest), executor
        return bool(self._futures)

    def done(self) -> Iterator[tuple[Submission, Future[Graded]]]:
        """Wait for some of them, and return these."""
        for future in wait(self._futures, return_when=FIRST_COMPLETED).done:
            yield self._futures.pop(future), future


def _alone(
    task: Callable[..., Graded],
    assignment: Assignment,
    submission: Submission,
    limits: Limits,
    pool: Pool,
) -> Graded:
    """Grade a submission beside no other; its own faults become a result that says so."""
    future: Future[Graded] = Future()
    try:
        future.set_result(apart(task, assignment, submission, limits, pool))
    except Exception as error:
        future.set_exception(error)
    return _outcome(assignment, submission, future)


def apart(
    task: Callable[..., T],
    assignment: Assignment,
    submission: Submission,
    limits: Limits,
    pool: Pool,
) -> T:
    """Do something with a submission in a process of its own; returns or raises what that does.

    A check in which the process dies is given up. Raises BrokenProcessPool where it dies elsewhere.
    """
    with tempfile.TemporaryDirectory() as folder:
        submission = replace(submission, note=Path(folder) / "check")
        while True:
            with pool(1) as executor:
                future = executor.submit(task, assignment, submission, limits)
            ended_in = _read_note(submission)
            died = isinstance(future.exception(), BrokenProcessPool)
            if not died or not ended_in or ended_in in submission.given_up:
                return future.result()
            submission = replace(submission, given_up=(*submission.given_up, ended_in))


def _read_note(submission: Submission) -> str:
    """Return the check that was run last, "" before the first one."""
    try:
        return submission.note.read_text(encoding="utf-8") if submission.note else ""
    except OSError:
        return ""


def _outcome(assignment: Assignment, submission: Submission, future: Future[Graded]) -> Graded:
    """Return what a worker returned; its own faults become a result that says so."""
    error = future.exception()
    # Its notebooks have been graded, and would only fill the coordinator's memory.
    bare = replace(submission, notebook=None, parts={})
    if error is None:
        return replace(future.result(), submission=bare)
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
    return Graded(result, detail={"fault": repr(error)}, fault=True, submission=bare)
