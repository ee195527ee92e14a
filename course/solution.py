"""solution(): a lesson's own answer, for those who learn without an instructor."""

from __future__ import annotations

import json
from typing import Any

from . import find, journal
from .render import present

MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


def show_solution(assignment: str, exercise: str, *, now: bool) -> None:
    """Show how a lesson solves an exercise, once it was tried or `now`; notes it in the record.

    Of a written question it shows the model answer and what to look for, without asking.

    Raises LookupError where the lesson has no such exercise.
    """
    path = find.CLONE / "solutions" / assignment / f"{assignment}.ipynb"
    if not path.exists():
        present(
            "note",
            "No solutions here",
            [
                "This install holds no solutions. A clone of the project does, in the folder "
                f"solutions/{assignment}. If you take the course in a class, ask your instructor.",
            ],
        )
        return
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    own = {role: _answers(cells, role) for role in ("exercise", "written")}
    if exercise in own["written"]:
        paragraphs = own["written"][exercise].split("\n\n")
        present(
            "note",
            f"{exercise}: one way to answer it",
            [" ".join(paragraph.split()) for paragraph in paragraphs],
        )
        return
    sources = own["exercise"]
    if exercise not in sources:
        raise LookupError(f"this lesson has no exercise called {exercise!r}")
    tried = any(
        (entry["lesson"], entry["exercise"]) == (journal.slug(assignment), exercise)
        and entry.get("status") in ("passed", "failed", "error")
        for entry in journal.read()
    )
    if not (tried or now):
        present(
            "note",
            f"{exercise}: not yet",
            [
                "You have not tried it yet, and one try of your own is worth more than the answer. "
                "The first hint below the exercise says where to begin.",
                f'To see the answer all the same: `course.solution("{exercise}", now=True)`',
            ],
        )
        return
    journal.write(assignment, exercise, looked=True)
    present(
        "note",
        f"{exercise}: one way to solve it",
        ["Other ways may be as good. Close it, and write it anew from memory."],
        detail=sources[exercise],
        closing=["That you have looked is noted in your own record, and nowhere else."],
    )


def _answers(cells: list[dict[str, Any]], role: str) -> dict[str, str]:
    """Return the answers of a solved notebook's cells with this role, by name."""
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "\n".join(
            line for line in "".join(cell["source"]).splitlines() if line.strip() not in MARKS
        ).strip()
        for cell in cells
        if cell["metadata"].get("autograd_course", {}).get("role") == role
    }
