"""What was set aside, why, and what is in it: to be read, and nothing else.

A submission that could not be read may be a cut-off upload or something worse. Here it is never
run, rendered or followed: cells are shown as text without control characters, and what is no text
as bytes in hexadecimal.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .directory import CourseDirectory, UsageError
from .feedback import load_results
from .intake import LARGEST_NOTEBOOK
from .outline import source_of
from .pages import clean, clean_line
from .results import QUARANTINED, Result

LONGEST_CELL = 2_000
"""characters shown of one cell"""
MOST_CELLS = 200
MOST_FILES = 50
LONGEST_TEXT = 2_000
"""characters shown of a file that is no notebook"""
MOST_BYTES = 512
"""bytes shown of a file that is no text"""


def set_aside(course: CourseDirectory, names: list[str] | None) -> list[Result]:
    """Return the results of submissions that were set aside; raises UsageError for unknown ones."""
    return [
        result
        for name in names or course.lessons
        for result in load_results(course, name)
        if result.status == QUARANTINED
    ]


def look(course: CourseDirectory, student: str, assignment: str) -> Iterator[str]:
    """Yield what a submission holds, as lines of plain text; raises UsageError where it is not."""
    course.lesson(assignment)
    folder = course.submitted / student / assignment
    if student in ("", ".", "..") or Path(student).name != student or not os.path.lexists(folder):
        raise UsageError(
            f"There is no submitted/{clean_line(student)}/{assignment}. Students who handed "
            f"something in: {_some_students(course, assignment)}"
        )
    for result in load_results(course, assignment):
        if result.student == student:
            yield f"{clean_line(student)}, {assignment}: {result.status.replace('_', ' ')}"
            yield from _indented(result.message)
    if folder.is_symlink() or not folder.is_dir():
        yield f"submitted/{clean_line(student)}/{assignment} is {_kind(folder)}; it was not opened."
        return
    files = sorted(folder.iterdir())
    for path in files[:MOST_FILES]:
        yield ""
        yield from _file(path)
    if len(files) > MOST_FILES:
        yield f"... and {len(files) - MOST_FILES} more files"


def _some_students(course: CourseDirectory, assignment: str) -> str:
    found = sorted(path.parent.name for path in course.submitted.glob(f"*/{assignment}"))
    listed = ", ".join(clean_line(name, 80) for name in found[:8])
    return f"{listed}{', ...' if len(found) > 8 else ''}." if found else "none."


def _kind(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"a link to {clean_line(os.readlink(path))}"
    for test, words in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISREG, "a file"),
    ):
        if test(mode):
            return words
    return "a device"


def _file(path: Path) -> Iterator[str]:
    name = clean_line(path.name) or "(a name of control characters)"
    kind = _kind(path)
    if kind != "a file":
        yield f"{name}: {kind}, not opened"
        return
    size = path.lstat().st_size
    yield f"{name}: {size} bytes"
    try:
        data = _read(path)
    except OSError as error:
        yield f"  It cannot be read: {error.strerror}."
        return
    cells = _cells(data) if path.suffix == ".ipynb" and size <= LARGEST_NOTEBOOK else None
    yield from _cell_lines(cells) if cells is not None else _text_lines(data, size)


def _read(path: Path) -> bytes:
    """Read a file's beginning, without following a link that has just taken its place."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with open(descriptor, "rb") as file:
        return file.read(LARGEST_NOTEBOOK + 1)


def _cells(data: bytes) -> list[Any] | None:
    """Return a notebook's cells, of any version that has some; None where it is no notebook."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    cells = found.get("cells")
    if cells is None and isinstance(found.get("worksheets"), list):
        sheets = (sheet for sheet in found["worksheets"] if isinstance(sheet, dict))
        lists = (sheet["cells"] for sheet in sheets if isinstance(sheet.get("cells"), list))
        cells = [cell for some in lists for cell in some]
    return cells if isinstance(cells, list) else None


def _cell_lines(cells: list[Any]) -> Iterator[str]:
    yield f"  A notebook of {len(cells)} cells. Outputs are not shown."
    for number, cell in enumerate(cells[:MOST_CELLS], 1):
        if not isinstance(cell, Mapping):
            yield f"  [{number}] no cell, but a {type(cell).__name__}"
            continue
        yield f"  [{number}] {clean_line(cell.get('cell_type'), 40)}{_mark(cell)}"
        yield from _indented(_source(cell), "      ", LONGEST_CELL)
    if len(cells) > MOST_CELLS:
        yield f"  ... and {len(cells) - MOST_CELLS} more cells"


def _mark(cell: Mapping[str, Any]) -> str:
    metadata = cell.get("metadata")
    own = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    name = own.get("grade_id") if isinstance(own, Mapping) else None
    return f" {clean_line(name, 80)}" if isinstance(name, str) else ""


def _source(cell: Mapping[str, Any]) -> str:
    # Version 3 said `input`.
    source = cell if "source" in cell else {"source": cell.get("input", "")}
    try:
        return source_of(source)
    except TypeError:
        return ""


def _text_lines(data: bytes, size: int) -> Iterator[str]:
    text = data[: 4 * LONGEST_TEXT].decode("utf-8", "replace")
    strange = sum(c == "\ufffd" or (ord(c) < 32 and c not in "\t\n\r") for c in text)
    if not text:
        return
    if strange > len(text) / 20:
        yield "  Not a text. Its first bytes:"
        for start in range(0, min(len(data), MOST_BYTES), 16):
            row = data[start : start + 16]
            letters = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
            yield f"  {start:06x}  {row.hex(' '):47}  {letters}"
    else:
        yield from _indented(text, "  ", LONGEST_TEXT)
    if size > len(data):
        yield f"  (only the first {len(data)} bytes were read)"


def _indented(text: str, indent: str = "  ", longest: int = LONGEST_TEXT) -> Iterator[str]:
    for line in clean(text, longest).rstrip().split("\n"):
        yield f"{indent}{line}".rstrip()
