"""From what a check cell did to a typed status, points and words for the student.

Verdicts come from the structured outcomes that `course.check` emits, never from printed text. A
check whose outcomes are not all there has not been passed, whatever else the cell showed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from course.check import OUTCOME

from ..results import CheckResult
from ..sandbox import CellRun

_CALL = re.compile(r"^\s*check\(", re.MULTILINE)


@dataclass(frozen=True)
class Definition:
    """What became of the cell that should define what a check looks at."""

    status: str
    """ok, error, timeout, crashed, or missing"""
    error: tuple[str, str] | None = None


def judge(cell: NotebookNode, notebook: str, run: CellRun, definition: Definition) -> CheckResult:
    """Judge one check cell (the instructor's version, as it was run)."""
    own = cell.metadata["autograd_course"]
    points = float(cell.metadata["nbgrader"]["points"])
    check = CheckResult(own["check"], notebook, own["exercise"], 0.0, points, "error")
    outcomes = _outcomes(run, own["check"])
    failed = next((found for found in outcomes if found["status"] != "passed"), None)
    if run.status in ("timeout", "crashed"):
        check.status, check.message = run.status, _WORDS[run.status].format(own["exercise"])
    elif failed is not None:
        check.status = failed["status"]
        check.message = _message(failed)
        check.diagnosis = failed["diagnosis"]
    elif run.status == "error":
        check.message = _explain_error(own["exercise"], run.error, definition)
    elif len(outcomes) < len(_CALL.findall(cell.source)):
        check.message = (
            "The check did not report what it found. Perhaps the notebook uses the name `check` "
            "for something else: rename that."
        )
    else:
        check.status, check.points = "passed", points
    return check


def _outcomes(run: CellRun, check: str) -> list[Mapping[str, Any]]:
    found = [output.get("data", {}).get(OUTCOME) for output in run.outputs]
    return [outcome for outcome in found if outcome is not None and outcome.get("id") == check]


def _message(outcome: Mapping[str, Any]) -> str:
    parts = [outcome["message"], outcome["detail"]]
    if outcome["experiment"]:
        parts.append(f"Something to try: {outcome['experiment']}")
    return "\n".join(part for part in parts if part)


_WORDS = {
    "timeout": "`{}` did not come to an end in the time that a check has. Is there a loop whose "
    "condition never becomes false?",
    "crashed": "Python itself ended while this check ran `{}`. Look for exit calls, or for a "
    "recursion without end.",
}

_DEFINITION_WORDS = {
    "timeout": "the cell that defines `{}` did not come to an end",
    "crashed": "the cell that defines `{}` ended Python itself",
    "missing": "no cell defines `{}`",
}


def _explain_error(exercise: str, error: tuple[str, str] | None, definition: Definition) -> str:
    name, text = error or ("an exception", "")
    if name != "NameError":
        return f"The check stopped with {name}: {text}"[:500]
    if definition.error is not None:
        reason = "{}: {}".format(*definition.error)[:300]
        return (
            f"There is no `{exercise}`, because the cell that defines it stopped with {reason}. "
            "Mend that cell first; all checks after it depend on it."
        )
    words = _DEFINITION_WORDS.get(definition.status)
    if words is not None:
        return f"There is no `{exercise}`: {words.format(exercise)}."
    return f"There is no `{exercise}`, though its cell ran. Is the `def` still called that? {text}."
