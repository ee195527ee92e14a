"""One check of one submission again, from what was kept: nothing is run.

Everything here comes from a submission, or from a check that looked at one. It is shown as plain
text, without what could steer a terminal or turn the reading direction round.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from course.describe import numbers_in

from .directory import CourseDirectory, UsageError
from .evidence import CUT, MOST_ITEMS
from .feedback import students_cells
from .pages import STATUS_WORDS, clean, clean_line, number
from .results import GRADED, MADE_OF, CheckResult, Result, detail_path, result_path

NEAR = 8
"""names listed where a name was not found"""

LONGEST = 4_000
"""characters of one block"""


def replay(course: CourseDirectory, student: str, assignment: str, check: str) -> list[str]:
    """Return what staff may know of one check, as lines of plain text.

    Raises UsageError for a student, an assignment or a check that there is no result of.
    """
    result = read_result(course, student, assignment)
    if result.status != GRADED:
        raise UsageError(
            f"{student} has no verdicts in {assignment}: the submission was "
            f"{_plain(result.status)}. {clean(result.message)} To look inside: "
            f"grader look {clean_line(student)} {assignment}"
        )
    found = result.by_name()
    if check not in found:
        raise UsageError(
            f"{assignment} has no check called {clean_line(check)!r}. The checks of {student}: "
            + ", ".join(f"{name} ({_plain(one.status)})" for name, one in found.items())
            + "."
        )
    path = result_path(course.results, assignment, student)
    evidence = read_detail(path, result).get("checks", {}).get(check)
    return list(_lines(course, result, found[check], evidence))


def read_result(course: CourseDirectory, student: str, assignment: str) -> Result:
    """Read one result; raises UsageError that says what there is."""
    course.lesson(assignment)
    folder = course.results / assignment
    students = sorted(path.stem for path in folder.glob("*.json"))
    if student not in students:
        raise UsageError(_no_such_student(student, assignment, students))
    path = result_path(course.results, assignment, student)
    try:
        return Result.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} cannot be read ({clean_line(error)}). Grade again: "
            f"grader grade {assignment} --force"
        ) from error


def _no_such_student(student: str, assignment: str, students: list[str]) -> str:
    if not students:
        return f"There are no results of {assignment} yet. Type: grader grade {assignment}"
    near = difflib.get_close_matches(student, students, NEAR, 0.5) or students[:NEAR]
    return (
        f"{assignment} has no result of a student called {clean_line(student)!r}. "
        f"There are {len(students)}, such as: {', '.join(map(clean_line, near))}."
    )


def read_detail(path: Path, result: Result) -> Mapping[str, Any]:
    """Read what stands beside a result, {} where it is not there or belongs to another one."""
    try:
        detail = json.loads(detail_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    same = isinstance(detail, dict) and all(
        detail.get(name) == getattr(result, name) for name in MADE_OF
    )
    return detail if same else {}


# Words


def _lines(
    course: CourseDirectory,
    result: Result,
    check: CheckResult,
    evidence: Mapping[str, Any] | None,
) -> Iterator[str]:
    symbol, verdict = STATUS_WORDS[check.status]
    points = f"{number(check.points)} of {number(check.max_points)} points"
    yield f"{symbol} {check.id} of {clean_line(result.student)} in {result.assignment}: {verdict}"
    yield f"  {_plain(check.status)}, {points}"
    yield from _block("What the student may be told", check.message)
    if check.diagnosis:
        yield from _block("The likely mistake", str(check.diagnosis.get("what", "")))
    if evidence:
        yield from _evidence_lines(evidence)
    elif check.status != "awaiting_manual":
        yield from _block(
            "Evidence",
            "None was kept with this result. To gather it: "
            f"grader grade {result.assignment} --force",
        )
    source = students_cells(course, result, check.notebook).get(check.exercise)
    if source is not None:
        yield from _block(f"The cell of {check.exercise}, as it was graded", source)
    for repair in result.repairs:
        yield from _block("Repaired before grading", repair)
    yield from _block("Graded with", "\n".join(_provenance(course, result)))


def _evidence_lines(evidence: Mapping[str, Any]) -> Iterator[str]:
    tries = evidence.get("tries", [])
    if evidence.get("tried"):
        yield ""
        yield f"{evidence['agreed']} of {evidence['tried']} cases and laws agreed."
    for one in tries:
        yield from _try_lines(one)
    if "line" in evidence:
        line, text = evidence["line"]
        yield from _block(f"Line {line} of the check", str(text))
    if "error" in evidence:
        yield from _block("The check ended with", ": ".join(map(str, evidence["error"])))
    yield from _calls(evidence)


def _try_lines(one: Mapping[str, Any]) -> Iterator[str]:
    verdict = "agrees" if one["agrees"] else "does not agree"
    yield ""
    yield f"{one['kind'].title()}: {verdict}"
    if "must_hold" in one:
        yield from _block("What must hold", str(one["must_hold"]))
    if "inputs" in one:
        yield from _block("Inputs", "\n".join(_input_lines(one["inputs"])))
    yield from _block("What came back", "\n".join(_behaviour(one.get("came_back", {}))))
    if "expected" in one:
        yield from _block("What was expected", "\n".join(_behaviour(one["expected"])))
    if one.get("line"):
        yield from _block("In the line", str(one["line"]))
    if not one["agrees"] or one["kind"] == "answer":
        yield from _block("Why", str(one.get("why", "")))
    yield from _block("It printed", str(one.get("printed", "")))
    yield from _calls(one)


def _input_lines(inputs: Any) -> Iterator[str]:
    if isinstance(inputs, dict) and inputs.get("$") == "program":
        yield from _input_lines(inputs["names"])
        yield str(inputs["text"])
    elif isinstance(inputs, dict):
        for name, value in inputs.items():
            yield f"{name} = {show(value)}"


def _behaviour(behaviour: Mapping[str, Any]) -> Iterator[str]:
    if "raised" in behaviour:
        yield "raised " + ": ".join(filter(None, map(str, behaviour["raised"])))
    for path, value in behaviour.get("seen", {}).items():
        yield f"{path} = {show(value)}"


def _calls(record: Mapping[str, Any]) -> Iterator[str]:
    said = "\n".join(_call_lines(record.get("calls", ())))
    yield from _block("The last calls (arguments as they stood afterwards)", said)


def _call_lines(calls: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for call in calls:
        given = [show(value) for value in call["arguments"]]
        given += [f"{name}={show(value)}" for name, value in call.get("named", {}).items()]
        end = f"raised {': '.join(call['raised'])}" if "raised" in call else show(call["result"])
        yield f"{call['function']}({', '.join(given)}) -> {end}"


def _provenance(course: CourseDirectory, result: Result) -> Iterator[str]:
    for name in MADE_OF:
        yield f"{name} {getattr(result, name)}"
    yield f"grader {result.grader_version}, engine {result.engine_version}"
    yield f"isolation {result.isolation}, started {result.started}"
    for name, value in result.environment.items():
        yield f"{name} {value}"


def _block(title: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"  {title}:"
        for line in clean(text, LONGEST).rstrip().split("\n"):
            yield f"    {line}"


def _plain(status: str) -> str:
    return status.replace("_", " ")


# Values


def show(record: Any) -> str:
    """Show a described input or an observed value, with all the digits that were kept."""
    if isinstance(record, list):
        return f"[{', '.join(map(show, record))}]"
    if not isinstance(record, dict):
        return repr(record)
    if set(record) == {CUT}:
        return f"... and {record[CUT]} more"
    if "values" in record:
        return _show_numbers(record)
    if "items" in record:
        return _show_items(record)
    if "value" in record and "type" in record:
        plain = record["type"] in ("NoneType", "bool", "int", "str", "float")
        return repr(record["value"]) if plain else f"{record['type']}({record['value']})"
    if "type" in record:
        shape = f" of shape {tuple(record['shape'])}" if "shape" in record else ""
        return f"<{record['type']}{shape}>"
    kind = record.get("$")
    rest = {name: value for name, value in record.items() if name != "$"}
    shown = ", ".join(f"{name}={show(value)}" for name, value in rest.items())
    return f"{{{shown}}}" if kind is None else f"{kind}({shown})"


def _show_items(record: Mapping[str, Any]) -> str:
    if record["type"] == "dict":
        pairs = (": ".join(map(show, item)) for item in record["items"] if isinstance(item, list))
        return f"{{{', '.join(pairs)}}}"
    opening, closing = "[]" if record["type"] == "list" else "()"
    return f"{opening}{', '.join(map(show, record['items']))}{closing}"


def _show_numbers(record: Mapping[str, Any]) -> str:
    values, shape = record["values"], tuple(record["shape"])
    kind = record.get("type") or record.get("$")
    more = ", requires_grad" if record.get("requires_grad") else ""
    if record.get("grad") is not None:
        more += f", grad={show(record['grad'])}"
    if any(isinstance(value, dict) for value in values):
        text = f"[{', '.join(map(show, values))}]"
    else:
        text = np.array2string(
            numbers_in(record), separator=", ", max_line_width=90, threshold=MOST_ITEMS + 1
        )
    return f"{kind}({text}, {record['dtype']}, shape {shape}{more})"
