"""What checks saw, case by case, for a grader that keeps it for staff.

This tells all, hidden inputs and expected values included. On a student's machine nobody listens,
and nothing of it is ever shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .describe import Plain
from .observe import Difference
from .trial import Trial

listener: Callable[[dict[str, Any]], None] | None = None
"""Is handed a record of plain data for each case, law or answer that a check looked at."""


def tell_case(
    arguments: Plain, expected: Plain, trial: Trial, why: Difference | None, agrees: bool
) -> None:
    """Tell of one case: the inputs as they were described, what came back, what should have."""
    if listener is not None:
        listener(
            {
                "kind": "case",
                "agrees": agrees,
                "inputs": arguments,
                "came_back": trial.to_plain(),
                "expected": expected,
                "why": "" if why is None else why.detail or why.text,
                "printed": trial.printed,
                "line": "" if trial.raised is None else trial.raised.line,
            }
        )


def tell_law(must_hold: str, error: BaseException | None, where: str) -> None:
    """Tell of one law: what must hold, and what its last try ended with."""
    if listener is not None:
        raised = None if error is None else [type(error).__name__, _text(error)]
        listener(
            {
                "kind": "law",
                "agrees": error is None,
                "must_hold": must_hold,
                "came_back": {"raised": raised} if raised else {},
                "line": where,
            }
        )


def tell_answer(answer: Plain, agrees: bool, why: str) -> None:
    """Tell of the answer to a question, which the key knows by its hash alone."""
    if listener is not None:
        seen = {"seen": {"the answer": answer}}
        listener({"kind": "answer", "agrees": agrees, "came_back": seen, "why": why})


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""
