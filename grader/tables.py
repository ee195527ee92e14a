"""Tables for the terminal: what each student got, and what the class understood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .pages import clean
from .results import GRADED, Result

if TYPE_CHECKING:
    # It needs nbgrader, which tables of other things do not.
    from .report import Summary


def results_table(title: str, found: list[Result]) -> Table:
    """Return a table of one assignment's results: a row for each student."""
    table = _table(title, "student", "status", "score", "what was not passed")
    for result in found:
        score = f"{result.score:g} of {result.max_score:g}" if result.score is not None else "-"
        what = _missed(result) if result.status == GRADED else clean(result.message)
        table.add_row(
            escape(clean(result.student)), result.status.replace("_", " "), score, escape(what)
        )
    return table


def _missed(result: Result) -> str:
    """Say which exercises lost points, and how: `six_times: timeout; recall_leaf: failed`."""
    missed: dict[str, list[str]] = {}
    for check in result.checks:
        if check.max_points and check.status not in ("passed", "awaiting_manual"):
            missed.setdefault(check.status.replace("_", " "), []).append(check.exercise)
    if result.checks and all(check.status == "not_attempted" for check in result.checks):
        return "nothing attempted"
    return "; ".join(f"{how}: {', '.join(dict.fromkeys(names))}" for how, names in missed.items())


def exercises_table(found: Summary) -> Table:
    """Return a table of how many got each exercise right."""
    table = _table("How many got each exercise right", "exercise", "right", "share")
    for exercise in found.exercises:
        if exercise.share is not None:
            table.add_row(
                exercise.name, f"{exercise.right} of {exercise.of}", f"{exercise.share:.0%}"
            )
    return table


def mistakes_table(found: Summary) -> Table:
    """Return a table of the known mistakes that were made, the most frequent first."""
    table = _table("Which mistakes this class made", "exercise", "mistake", "students")
    for mistake in found.mistakes:
        table.add_row(mistake.exercise, escape(mistake.what), str(mistake.count))
    return table


def plain_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """Return a table of texts."""
    table = _table(title, *columns)
    for row in rows:
        table.add_row(*(escape(clean(text)) for text in row))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=escape(title), title_justify="left")
    for name in columns:
        right = name in ("score", "right", "share", "students")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table
