"""Which level of isolation a command grades at: full, unless another is asked for by name."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from .errors import UsageError
from .sandbox import FULL, NONE, REDUCED, bubblewrap


class Isolation(StrEnum):
    """How far student code is shut off from this machine."""

    FULL = FULL
    REDUCED = REDUCED
    NONE = NONE


IsolationOption = Annotated[
    Isolation,
    typer.Option(
        "--isolation",
        help="How far student code is shut off from this machine. Less than full only where "
        "`grader doctor` says that full is not to be had, and you trust your students.",
    ),
]


def require(level: str) -> str:
    """Return a level that this machine has; raises UsageError where it does not."""
    if level == FULL and bubblewrap.problem():
        raise UsageError(
            f"This machine cannot shut student code off: {bubblewrap.problem()}. `grader doctor` "
            "says how to mend that. To grade with less protection, say so: --isolation reduced."
        )
    return level
