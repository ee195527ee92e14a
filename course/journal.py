"""A learner's own record: what was tried, what passed, which solutions were looked at.

It is one file of the user's, outside of all lesson folders, so that moving a notebook, renaming a
lesson or installing a new version loses nothing. Lessons go by their slugs. Nobody else reads it:
it is sent nowhere, and grading takes no notice of it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType
from typing import Any

import platformdirs

from .render import graded

FILE_VARIABLE = "AUTOGRAD_COURSE_JOURNAL"
"""An environment variable that names another file for the record."""

TRIES = 3
"""different answers that did not pass, after which a hint is offered"""


def path() -> Path:
    """Return where the record is kept."""
    named = os.environ.get(FILE_VARIABLE)
    return (
        Path(named) if named else platformdirs.user_data_path("autograd-course") / "journal.jsonl"
    )


def slug(assignment: str) -> str:
    """Return the part of a lesson's name that never changes."""
    number, _, rest = assignment.partition("_")
    return rest if number.isdigit() and rest else assignment


def write(assignment: str, exercise: str, **entry: Any) -> None:
    """Add an entry to the record; does nothing where it cannot be written, or while grading."""
    if graded():
        return
    when = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"when": when, "lesson": slug(assignment), "exercise": exercise, **entry})
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with path().open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError:
        # A full disk or a home that is read-only must not stand between a learner and a check.
        return


def read() -> Iterator[dict[str, Any]]:
    """Yield the record's entries, the oldest first; skips what is no entry."""
    try:
        lines = path().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and {"lesson", "exercise"} <= entry.keys():
            yield entry


def tries(assignment: str, exercise: str) -> int:
    """Return how many different answers have not passed since the exercise was last solved."""
    different: set[str] = set()
    for entry in read():
        if (entry["lesson"], entry["exercise"]) == (slug(assignment), exercise):
            if entry.get("status") == "passed":
                different.clear()
            elif entry.get("status") in ("failed", "error"):
                different.add(str(entry.get("answer")))
    return len(different)


def answer_id(answer: Any) -> str:
    """Return a name for what an answer does: the same for the same code, comments aside."""
    codes: list[CodeType] = []
    parts = vars(answer).values() if isinstance(answer, type) else (answer,)
    for part in parts:
        code = getattr(getattr(part, "__func__", part), "__code__", None)
        if isinstance(code, CodeType):
            codes.append(code)
    text = "\n".join(_text(code) for code in codes)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _text(code: CodeType) -> str:
    constants = (_text(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return " ".join([code.co_code.hex(), *constants, *code.co_names, *code.co_varnames])
