"""The room: what the grader asks of any place where student code runs.

Verbs go in, and only plain data comes out. Whoever builds another room (another machine, another
kind of jail) keeps to this protocol, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

FULL, REDUCED, NONE = LEVELS = ("full", "reduced", "none")
"""How far a room is shut off from the machine"""


@dataclass(frozen=True)
class Limits:
    """What a submission may use."""

    cell_seconds: float = 30
    """CPU time of one cell"""
    submission_seconds: float = 300
    """wall-clock time of a whole submission"""
    start_seconds: float = 120
    """wall-clock time until a room is ready"""
    memory_mb: int = 1024
    """address space of one process, and memory of all processes together"""
    output_mb: float = 10
    """what one cell may send out, pictures included"""
    message_mb: int = 64
    """one value that goes in or out"""
    processes: int = 32
    open_files: int = 128
    file_mb: int = 32
    """the largest file that may be written"""
    disk_mb: int = 64
    """all files together"""
    files: int = 2048

    @property
    def wall_seconds(self) -> float:
        """Wall-clock time of one cell: generous, because a busy machine must decide nothing."""
        return 2 * self.cell_seconds + 5


@dataclass
class CellRun:
    """What running one cell came to."""

    status: str
    """ok, error (an exception), timeout, out_of_memory, output_limit, or crashed"""
    outputs: list[Mapping[str, Any]] = field(default_factory=list)
    """as nbformat has them"""
    error: tuple[str, str] | None = None
    """the exception's name and text"""
    line: int = 0
    """of a check: the number of its line in which the exception arose"""
    value: float | None = None
    """of a check: the number it ended with, which is the points it gives"""
    functions: dict[str, Any] = field(default_factory=dict)
    """of a cell: those of the functions asked for that it has left behind"""
    evidence: dict[str, Any] = field(default_factory=dict)
    """of a check: what staff may see of it, see `grader.evidence`"""

    @property
    def ended(self) -> bool:
        """Say whether the room is over."""
        return self.status not in ("ok", "error")


class RoomEnded(Exception):
    """The room is over, or was ended because of what happened in it."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the room has ended: {status}")
        self.status = status


class Room(Protocol):
    """One submission's process."""

    isolation: str
    """full, reduced or none"""

    def run(self, source: str, number: int | None = None, wanted: tuple[str, ...] = ()) -> CellRun:
        """Run a cell as Jupyter would; where `ended` is true of the result, the room is over.

        Its `number` is the one in brackets beside it, by default the next. Which functions will be
        `wanted` of the room afterwards may be said at once, so that it need not be asked for each.
        """
        ...

    def fetch(self, name: str) -> Any:
        """Return what a name means in the notebook: a copy, a function, or a handle.

        Raises NameError, or RoomEnded.
        """
        ...

    def ask(self, what: str, *values: Any) -> Any:
        """Ask something of the notebook (see the handlers of `inside.room.Room`)."""
        ...

    def peak_memory_mb(self) -> float | None:
        """Return the most memory that the process has held so far, None where nobody counts it."""
        ...

    def close(self) -> None:
        """End the process and all that it started."""
        ...
