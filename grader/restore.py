"""Restore: the instructor's cells around the student's own.

What is graded is the instructor's notebook with the student's cells in it. The instructor's order
is the backbone; a student's further cells stay behind the cell that they stood behind. So a check
cell that was deleted, changed, doubled or moved is there as it was released, exactly once.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

START = ""
"""Stands for the place before the first cell of the backbone."""


@dataclass
class Restored:
    """A notebook that can be graded."""

    cells: list[NotebookNode] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    unchanged: set[str] = field(default_factory=set)
    """grade ids of solution cells that are as they were released"""
    shown: dict[str, str] = field(default_factory=dict)
    """what students got of each check cell"""


def role(cell: NotebookNode) -> str:
    """Return what a cell is: opening, setup, exercise, check, written, or "" for others.

    Of a cell that our build did not make, nbgrader's own flags say it.
    """
    own = cell.metadata.get("autograd_course")
    if isinstance(own, Mapping):
        return own.get("role", "")
    flags = cell.metadata.get("nbgrader")
    if not isinstance(flags, Mapping) or grade_id(cell) is None:
        return ""
    if flags.get("solution") or flags.get("task"):
        return "written" if flags.get("grade") or flags.get("task") else "exercise"
    return "check" if flags.get("grade") else "setup"


def grade_id(cell: NotebookNode) -> str | None:
    """Return a cell's grade id, None where it has none or its metadata makes no sense."""
    own = cell.metadata.get("nbgrader")
    name = own.get("grade_id") if isinstance(own, Mapping) else None
    return name if isinstance(name, str) else None


def restore(submitted: NotebookNode, solution: NotebookNode, release: NotebookNode) -> Restored:
    """Put a student's cells into the instructor's notebook.

    `solution` is nbgrader's source version, with the hidden tests; `release` is what students got.
    """
    restored = Restored()
    released = {grade_id(cell): cell for cell in release.cells if grade_id(cell)}
    backbone = [cell for cell in solution.cells if grade_id(cell) in released]
    answers, extras = _sort_out(submitted, backbone, restored)
    restored.cells += extras.get(START, [])
    for cell in backbone:
        name = grade_id(cell)
        assert name is not None
        if role(cell) in ("exercise", "written"):
            restored.cells.append(_answer(name, cell, answers, released, restored))
        else:
            restored.cells.append(_marked(cell, cell.source))
            restored.shown[name] = released[name].source
        restored.cells += extras.get(name, [])
    for number, cell in enumerate(restored.cells):
        # New cells get random ids, and a restored notebook is to be the same on every run.
        cell.id = f"cell-{number}"
    return restored


def _sort_out(
    submitted: NotebookNode, backbone: list[NotebookNode], restored: Restored
) -> tuple[dict[str, NotebookNode], dict[str, list[NotebookNode]]]:
    """Tell the student's answers from the cells that they added; note what was tampered with."""
    ours = {grade_id(cell): cell for cell in backbone}
    answers: dict[str, NotebookNode] = {}
    extras: dict[str, list[NotebookNode]] = {}
    seen: set[str] = set()
    last = START
    for cell in submitted.cells:
        name = grade_id(cell)
        if name is None or name not in ours:
            extras.setdefault(last, []).append(_plain(cell, cell.source))
            continue
        if role(ours[name]) in ("exercise", "written"):
            if name in answers:
                # A second copy may be the one that the student went on working in: it runs too,
                # as a cell of the student's own, where it stood.
                restored.repairs.append(f"The cell {name} was there twice; both were run in turn.")
                extras.setdefault(last, []).append(_plain(cell, cell.source))
                continue
            answers[name] = cell
        elif name in seen:
            restored.repairs.append(f"The cell {name} was there twice; it counts once.")
            continue
        seen.add(name)
        last = name
    for name, cell in ours.items():
        if name is None:
            continue
        if role(cell) == "check" and name not in seen:
            restored.repairs.append(f"The check cell {name} was missing and was put back.")
        elif role(cell) == "exercise" and name not in seen:
            found = _find_definition(name, extras)
            if found is not None:
                answers[name] = found
                restored.repairs.append(
                    f"The cell of {name} had lost its mark; it was found by what it defines."
                )
    return answers, extras


def _find_definition(name: str, extras: dict[str, list[NotebookNode]]) -> NotebookNode | None:
    """Take out of the student's further cells the last one that defines `name`."""
    for place in reversed(extras):
        for cell in reversed(extras[place]):
            if cell.cell_type == "code" and name in _definitions(cell.source):
                extras[place].remove(cell)
                return cell
    return None


def _definitions(source: str) -> set[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _answer(
    name: str,
    cell: NotebookNode,
    answers: Mapping[str, NotebookNode],
    released: Mapping[str | None, NotebookNode],
    restored: Restored,
) -> NotebookNode:
    stub = released[name].source if not _is_task(cell) else None
    if name not in answers:
        restored.repairs.append(f"The cell of {name} was missing; its stub was put back.")
    if stub is None:
        # A task is a text of the instructor's; students answer it in cells of their own.
        return _marked(cell, cell.source)
    source = answers[name].source if name in answers else stub
    if source.strip() == stub.strip():
        restored.unchanged.add(name)
    return _marked(cell, source)


def _is_task(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("task"))


def _plain(cell: NotebookNode, source: str) -> NotebookNode:
    """Make a cell of the same type without outputs, tags, attachments or other metadata."""
    new = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }[cell.cell_type](source)
    return new


def _marked(cell: NotebookNode, source: str) -> NotebookNode:
    """Make a cell with the metadata and the id of the instructor's `cell`."""
    new = _plain(cell, source)
    new.metadata = nbformat.from_dict(cell.metadata)
    return new
