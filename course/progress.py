"""A map of the course: which exercises are done, from the learner's own record."""

from __future__ import annotations

import html
from collections import defaultdict

from . import find, journal, released
from .cases import RecordedCases
from .render import display_or_print

SIGNS = {
    "done": ("●", "done"),
    "shown": ("◐", "solution looked at"),
    "tried": ("◔", "tried"),
    "open": ("○", "not tried yet"),
}


def progress() -> None:
    """Draw a map of lessons and exercises: done, tried, solution looked at, or not tried yet.

    An exercise is done when all its visible checks have passed, in this version of the lesson or
    an earlier one.
    """
    states = _states()
    rows = []
    for name, lesson in released.lessons().items():
        if (find.RECORDED / f"{name}.json").exists():
            cases = RecordedCases.read(find.RECORDED / f"{name}.json")
            exercises = {
                exercise: _state(states[(journal.slug(name), exercise)], _visible(cases, exercise))
                for exercise in (*cases.exercises, *cases.questions)
            }
            rows.append((name.partition("_")[0], lesson["title"], exercises))
    display_or_print(_as_text(rows), _as_html(rows))


def _visible(cases: RecordedCases, exercise: str) -> set[str]:
    return {c.id for c in cases.checks.values() if c.exercise == exercise and not c.hidden}


def _states() -> dict[tuple[str, str], set[str]]:
    """Return for each exercise the checks that passed, and `tried` and `shown` where that is so."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in journal.read():
        marks = found[entry["lesson"], entry["exercise"]]
        if entry.get("looked"):
            marks.add("shown")
        elif entry.get("status") == "passed":
            marks.add(str(entry.get("check")))
        else:
            marks.add("tried")
    return found


def _state(marks: set[str], checks: set[str]) -> str:
    if checks and checks <= marks:
        return "shown" if "shown" in marks else "done"
    return "shown" if "shown" in marks else "tried" if marks else "open"


def _count(exercises: dict[str, str]) -> str:
    done = sum(state == "done" for state in exercises.values())
    return f"{done} of {len(exercises)}"


def _as_text(rows: list[tuple[str, str, dict[str, str]]]) -> str:
    lines = []
    for number, title, exercises in rows:
        signs = "".join(SIGNS[state][0] for state in exercises.values())
        lines.append(f"{number}  {title:42} {signs:14} {_count(exercises)}")
    legend = ", ".join(f"{sign} {word}" for sign, word in SIGNS.values())
    return "\n".join([*lines, legend, f"Your record: {journal.path()}"])


def _as_html(rows: list[tuple[str, str, dict[str, str]]]) -> str:
    parts = [
        "<table><caption>Your way through the course</caption><thead><tr><th>lesson</th>"
        "<th style='text-align:left'>title</th><th style='text-align:left'>exercises</th>"
        "<th>done</th></tr></thead><tbody>"
    ]
    for number, title, exercises in rows:
        marks = "".join(
            f"<span title='{html.escape(name)}: {SIGNS[state][1]}' role='img' "
            f"aria-label='{html.escape(name)}: {SIGNS[state][1]}'>{SIGNS[state][0]}</span> "
            for name, state in exercises.items()
        )
        parts.append(
            f"<tr><td>{number}</td><td style='text-align:left'>{html.escape(title)}</td>"
            f"<td style='text-align:left'>{marks}</td><td>{_count(exercises)}</td></tr>"
        )
    legend = ", ".join(f"{sign} {word}" for sign, word in SIGNS.values())
    place = html.escape(str(journal.path()))
    return f"{''.join(parts)}</tbody></table><p>{legend}.<br>Your record: <code>{place}</code></p>"
