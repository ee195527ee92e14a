"""The room: what the grader asks of any place where student code runs.

Three verbs go in, and only plain data comes out. Whoever builds a better room (a jail, another
machine) keeps to this protocol, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from course.describe import Plain


@dataclass(frozen=True)
class Limits:
    """How long a submission may take, in seconds of wall-clock time."""

    cell_seconds: float = 30
    submission_seconds: float = 300
    start_seconds: float = 120


@dataclass
class CellRun:
    """What running one cell came to."""

    status: str
    """ok, error (an exception), timeout, or crashed (the process died)"""
    outputs: list[Mapping[str, Any]] = field(default_factory=list)
    """as nbformat has them"""
    error: tuple[str, str] | None = None
    """the exception's name and text"""


class Room(Protocol):
    """One submission's process."""

    isolation: str
    """full, reduced or none: how far the process is shut off from the machine"""

    def run(self, source: str) -> CellRun:
        """Run a cell as Jupyter would; after timeout or crashed the room is over."""
        ...

    def fetch(self, name: str) -> Plain:
        """Return the observation (see `course.observe`) of the value that a name has."""
        ...

    def call(self, function: str, case: Plain, sees: list[str]) -> Plain:
        """Call a function of the student's on a case's description; return what was seen.

        The answer is that of `course.trial.Trial.to_plain`.
        """
        ...

    def peak_memory_mb(self) -> float | None:
        """Return the most memory that the process has held so far, None where nobody counts it."""
        ...

    def close(self) -> None:
        """End the process and all that it started."""
        ...
