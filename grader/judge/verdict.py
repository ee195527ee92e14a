"""From what a check cell did to a typed status, points and words for the student.

Verdicts come from the structured outcomes that `course.check` emits, never from printed text. A
check whose outcomes are not all there has not been passed, whatever else the cell showed.
"""

from __future__ import annotations

import math
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
    """that of the cell's run (see `CellRun`), or missing"""
    error: tuple[str, str] | None = None


def judge(
    cell: NotebookNode,
    notebook: str,
    exercise: str,
    run: CellRun,
    definition: Definition,
    *,
    hidden: bool = False,
) -> CheckResult:
    """Judge one check cell of an exercise (the instructor's version, as it was run).

    Of `hidden` tests nothing is told that a submission has had a hand in.
    """
    own = cell.metadata.get("autograd_course", {})
    points = float(cell.metadata["nbgrader"]["points"])
    name = own.get("check", cell.metadata["nbgrader"]["grade_id"])
    check = CheckResult(name, notebook, exercise, 0.0, points, "error")
    outcomes = _outcomes(run, name)
    failed = next((found for found in outcomes if found["status"] != "passed"), None)
    if run.ended:
        check.status, check.message = run.status, _WORDS[run.status].format(check.exercise)
    elif "check" not in own:
        _judge_statements(check, run, hidden)
    elif failed is not None:
        check.status = failed["status"]
        check.message = _message(failed)
        check.diagnosis = failed["diagnosis"]
    elif run.status == "error":
        error = _without_words(run.error) if hidden else run.error
        check.message = _explain_error(check.exercise, error, definition)
    elif len(outcomes) < len(_CALL.findall(cell.source)):
        check.message = (
            "The check did not report what it found. Perhaps the notebook uses the name `check` "
            "for something else: rename that."
        )
    else:
        check.status, check.points = "passed", points
    return check


def _judge_statements(check: CheckResult, run: CellRun, hidden: bool) -> None:
    """Judge a check that is plain statements: it has passed when nothing was raised.

    A number that it ends with is the points that it gives, as nbgrader has it, within their range.
    """
    if run.error is None:
        share = check.max_points if run.value is None else run.value
        check.points = min(max(share, 0.0), check.max_points) if math.isfinite(share) else 0.0
        whole = check.points >= check.max_points
        check.status = "passed" if whole else "failed"
        check.message = (
            "" if whole else f"This gives {check.points:g} of {check.max_points:g} points."
        )
        return
    kind, text = run.error
    check.status = "failed" if kind == "AssertionError" else "error"
    if run.error == ("NotImplementedError", ""):
        check.status, check.message = "not_attempted", "A function is still as it came."
    elif hidden:
        check.message = "A test that is run only when graded did not pass."
    elif kind == "AssertionError":
        check.message = text[:500] or "What this check asserts does not hold."
    else:
        check.message = f"The check stopped with {kind}: {text}"[:500]


def _without_words(error: tuple[str, str] | None) -> tuple[str, str]:
    return ("NameError" if error and error[0] == "NameError" else "an exception", "")


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
    "out_of_memory": "`{}` used up the memory that a submission has. Does something grow in "
    "a loop?",
    "output_limit": "`{}` printed or returned more than a check may send. Is there a print in a "
    "loop?",
}

_DEFINITION_WORDS = {
    "timeout": "the cell that defines `{}` did not come to an end",
    "crashed": "the cell that defines `{}` ended Python itself",
    "missing": "no cell defines `{}`",
    "out_of_memory": "the cell that defines `{}` used up the memory that a submission has",
    "output_limit": "the cell that defines `{}` printed more than a cell may",
}


def _explain_error(exercise: str, error: tuple[str, str] | None, definition: Definition) -> str:
    name, text = error or ("an exception", "")
    if name != "NameError":
        return f"The check stopped with {name}{text and ': '}{text}"[:500]
    if definition.error is not None:
        reason = "{}: {}".format(*definition.error)[:300]
        return (
            f"There is no `{exercise}`, because the cell that defines it stopped with {reason}. "
            "Mend that cell first; all checks after it depend on it."
        )
    words = _DEFINITION_WORDS.get(definition.status)
    if words is not None:
        return f"There is no `{exercise}`: {words.format(exercise)}."
    says = f"There is no `{exercise}`, though its cell ran. Is the `def` still called that? {text}"
    return says.strip()
