"""Intake: find submissions, read their notebooks, and say in a sentence what is wrong with a file.

Nothing here trusts a submission: links are not followed, sizes are limited, and a file that cannot
be read sets its own submission aside and no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from .directory import CourseDirectory, Lesson
from .pages import clean_line
from .sandbox.inside.wire import is_crowded, is_deep, whole_characters

LARGEST_NOTEBOOK = 20_000_000
"""bytes; a lesson solved with all its pictures is a hundredth of it"""

TIMESTAMP_FILE = "timestamp.txt"
LARGEST_TIMESTAMP = 1000
LONGEST_NAME, MOST_BYTES = 100, 240
"""of a student; a result's file has the name in its own, and that may have 255 bytes"""


@dataclass
class Submission:
    """One student's folder for one assignment, as it was found."""

    student: str
    assignment: str
    notebook: NotebookNode | None = None
    sha256: str | None = None
    problem: str = ""
    """why there is no notebook, and what to do about it"""
    absent: bool = False
    """True where nothing was handed in at all"""
    notes: list[str] = field(default_factory=list)
    timestamp: str | None = None
    given_up: tuple[str, ...] = ()
    """checks in which the process that graded it has ended, in earlier tries"""
    note: Path | None = None
    """where it is left which check is run, should the process end in it"""
    parts: dict[str, Submission] = field(default_factory=dict)
    """of an assignment that is not a lesson, the notebooks that were handed in, by name"""

    def __getstate__(self) -> dict[str, Any]:
        """Travel as text: a notebook's many small parts would each be looked at several times."""
        return {**vars(self), "notebook": self.notebook and json.dumps(self.notebook)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, notebook=state["notebook"] and _parse(state["notebook"]))

    def set_parts(self, parts: dict[str, Submission]) -> None:
        """Take the notebooks in; what is wrong with one of them is wrong with the submission."""
        self.parts = parts
        hashes = "".join(f"{name} {part.sha256}\n" for name, part in sorted(parts.items()))
        self.sha256 = hashlib.sha256(hashes.encode()).hexdigest()
        self.problem = next((part.problem for part in parts.values() if part.problem), "")


def students(course: CourseDirectory, lesson: Lesson, known: set[str]) -> list[str]:
    """Return each student who has a folder for the lesson, or is `known`."""
    found = {
        folder.name
        for folder in course.submitted.iterdir()
        if is_name(folder.name) and os.path.lexists(folder / lesson.name)
    }
    return sorted(found | known)


def is_name(name: str) -> bool:
    """Say whether a folder can be a student's: its name becomes part of files and pages."""
    if not name.isprintable() or name.startswith("."):
        return False
    return len(name) <= LONGEST_NAME and len(name.encode()) <= MOST_BYTES


def submissions(course: CourseDirectory, lesson: Lesson, known: set[str]) -> list[Submission]:
    """Return a submission for each student who has a folder for the lesson, or is `known`."""
    return [read(course, lesson, student) for student in students(course, lesson, known)]


def strangers(course: CourseDirectory) -> list[str]:
    """Return a sentence for each submitted folder that belongs to no assignment."""
    students = [s for s in sorted(course.submitted.iterdir()) if not s.name.startswith(".")]
    place = course.shown(course.submitted)
    return [
        f"{place}/{ascii(student.name)[1:-1]} was left alone: its name has characters that "
        f"cannot be shown, or more than {LONGEST_NAME} of them, or more than {MOST_BYTES} "
        "bytes. Rename it to the student's id."
        for student in students
        if not is_name(student.name)
    ] + [
        f"{place}/{student.name}/{ascii(folder.name)[1:-1]} was left alone: there is no such "
        f"assignment. Rename it to one of: {', '.join(course.lessons)}."
        for student in students
        if is_name(student.name) and student.is_dir() and not student.is_symlink()
        for folder in sorted(student.iterdir())
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in course.lessons
    ]


def read(course: CourseDirectory, lesson: Lesson, student: str) -> Submission:
    """Read one student's notebooks; whatever is wrong with them is in the result's `problem`."""
    folder = course.submitted / student / lesson.name
    submission = Submission(student, lesson.name)
    notebooks = () if lesson.source else lesson.notebooks
    read_folder(submission, folder, course.shown(folder), notebooks)
    return submission


def read_folder(
    submission: Submission, folder: Path, place: str, notebooks: Sequence[str] = ()
) -> None:
    """Read a lesson's notebook, or another assignment's `notebooks`, from a folder.

    Staff know the folder as `place`.
    """
    if not os.path.lexists(folder):
        submission.absent = True
        submission.problem = f"There is no folder {place}: nothing was handed in."
        return
    if folder.parent.is_symlink() or folder.is_symlink() or not folder.is_dir():
        submission.problem = (
            f"{place} is a link or a file, not a folder. Put a folder in its place."
        )
        return
    submission.timestamp = _timestamp(folder / TIMESTAMP_FILE)
    wanted = [f"{name}.ipynb" for name in notebooks or [submission.assignment]]
    found = sorted(p.name for p in folder.iterdir() if p.suffix == ".ipynb")
    there = [name for name in wanted if name in found]
    # Names may hold what a terminal obeys, or bytes that are no letters.
    others = [clean_line(name, 100) for name in found if name not in wanted]
    if not found:
        what = "is empty" if not any(folder.iterdir()) else "has no notebook in it"
        submission.problem = (
            f"{place} {what}. Ask the student for {_and(wanted)}, put it there, and grade again."
        )
    elif others and len(there) < len(wanted):
        submission.problem = _misnamed(place, [n for n in wanted if n not in found], others, there)
    else:
        if others:
            submission.notes.append(
                f"{', '.join(others)} stood beside {_and(wanted)} and was not looked at. If it is "
                f"the one that counts, rename it to {' or '.join(wanted)}, and grade again."
            )
        if not notebooks:
            read_notebook(submission, folder / wanted[0], f"{place}/{wanted[0]}")
            return
        parts = {}
        for name in there:
            part = parts[name.removesuffix(".ipynb")] = Submission(
                submission.student, submission.assignment
            )
            read_notebook(part, folder / name, f"{place}/{name}")
        submission.set_parts(parts)


def _misnamed(place: str, missing: list[str], others: list[str], there: list[str]) -> str:
    """Say that notebooks have other names than those that are missing."""
    way_out = (
        f" If not, move {'it' if len(others) == 1 else 'them'} out of that folder." if there else ""
    )
    if len(others) == 1:
        return (
            f"{place}/{others[0]} has the wrong name. If it is the submission, rename it to "
            f"{' or '.join(missing)}, and grade again.{way_out}"
        )
    none = f"and not {_and(missing)}" if there else "none with the right name"
    return (
        f"{place} has several notebooks, {none}: {', '.join(others)}. Rename the one that counts "
        f"to {' or '.join(missing)}, and grade again.{way_out}"
    )


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def read_notebook(submission: Submission, path: Path, place: str) -> None:
    """Read one file into a submission; whatever is wrong with it is said in its `problem`."""
    try:
        raw = _read_file(path, LARGEST_NOTEBOOK)
    except _NotItsOwn:
        submission.problem = (
            f"{place} is a link or a device, not a file of its own: another folder may hold the "
            "same file. Ask the student for the notebook itself, put it there, and grade again."
        )
        return
    except _TooLarge as error:
        submission.problem = (
            f"{place} is {error} MB large. Ask the student to choose "
            "Edit > Clear Outputs of All Cells in JupyterLab, and to hand it in again."
        )
        return
    except OSError as error:
        submission.problem = f"{place} cannot be read: {error.strerror}."
        return
    submission.sha256 = hashlib.sha256(raw).hexdigest()
    if is_crowded(raw):
        submission.problem = (
            f"{place} has more parts than any notebook. Ask the student to choose Edit > Clear "
            "Outputs of All Cells in JupyterLab, and to hand it in again."
        )
        return
    try:
        content = _parse(whole_characters(raw))
    except (ValueError, RecursionError) as error:
        submission.problem = (
            f"{place} is not a notebook: its text is not JSON ({_short(error)}). Perhaps the "
            "upload was cut off, or another file was renamed. Ask the student to hand it in again."
        )
        return
    version = content.get("nbformat") if isinstance(content, dict) else None
    if version != 4:
        submission.problem = (
            f"{place} has notebook format {version}, and 4 is needed. Ask the student to open it "
            "in JupyterLab, save it, and hand it in again."
            if isinstance(version, int)
            else f"{place} is JSON, but no notebook. Ask the student to hand in {path.name}."
        )
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw.decode("utf-8")
            _drop_outputs(content)
            # What nbformat's schema asks for beyond this takes as long as all else together.
            notebook = nbformat.v4.rwbase.rejoin_lines(content)
            _check_cells(notebook)
    except Exception as error:
        submission.problem = (
            f"{place} is damaged: {_short(error)}. Ask the student to open it in JupyterLab, to "
            "save it, and to hand it in again."
        )
        return
    language = _language(notebook)
    if not language.lower().startswith("python"):
        submission.problem = (
            f"{place} is a notebook for the language {language!r}, and the course is in Python. "
            "Ask the student to choose a Python kernel, and to hand it in again."
        )
        return
    submission.notebook = notebook


def _parse(text: str | bytes) -> Any:
    """Read JSON whose objects are nodes of a notebook, as soon as they are there."""
    return json.loads(text, object_hook=NotebookNode)


def instructors_notebook(path: Path) -> NotebookNode:
    """Read a notebook of the instructor's once for all who look at it; nobody may change it."""
    return _instructors_notebook(path, path.stat().st_mtime_ns)


@lru_cache(16)
def _instructors_notebook(path: Path, written: int) -> NotebookNode:
    # Whether it keeps to nbformat's schema is its maker's business, and takes long to ask.
    notebook = nbformat.reader.reads(path.read_text(encoding="utf-8"))
    return notebook if notebook.nbformat == 4 else nbformat.convert(notebook, 4)


class _NotItsOwn(Exception):
    """What stands there is not a plain file with one name."""


class _TooLarge(Exception):
    """A file is larger than it may be; the text is how many megabytes it has."""


def _read_file(path: Path, largest: int) -> bytes:
    """Read a file that a student left: follows no link, waits for nobody, and stops at `largest`.

    Raises OSError too. A second name for a file (a hard link) may be of one that is not theirs.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise _NotItsOwn
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise _NotItsOwn
        raw = file.read(largest + 1)
    if len(raw) > largest:
        raise _TooLarge(max(status.st_size, len(raw)) // 1_000_000)
    return raw


def _drop_outputs(content: dict[str, Any]) -> None:
    """Forget what nobody reads: notebooks wait in memory, and travel to the workers."""
    cells = content.get("cells")
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict):
            cell.pop("outputs", None)
            if cell.get("cell_type") != "markdown":
                # What was pasted into a text is part of an answer.
                cell.pop("attachments", None)


def _check_cells(notebook: NotebookNode) -> None:
    """Raise ValueError for cells that later steps could not read.

    This is less than nbformat's schema asks for: what other tools leave out or add does no harm.
    """
    if not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no list of cells")
    for number, cell in enumerate(notebook.cells, 1):
        if cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise ValueError(f"cell {number} is of no known type")
        if not isinstance(cell.get("source"), str) or not isinstance(cell.get("metadata"), dict):
            raise ValueError(f"cell {number} has no text or no metadata")
    if not isinstance(notebook.get("metadata"), dict):
        raise ValueError("it has no metadata")
    if is_deep(notebook):
        raise ValueError("it is nested too deeply")


def _language(notebook: NotebookNode) -> str:
    """Return the language that a notebook says it is in; what makes no sense says nothing."""
    kernel = notebook.metadata.get("kernelspec")
    language = kernel.get("language") if isinstance(kernel, dict) else None
    return language if isinstance(language, str) else "python"


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:150] if str(error) else type(error).__name__


def _timestamp(path: Path) -> str | None:
    """Read the time that an exchange or LMS export left beside the notebook, None if unreadable."""
    try:
        text = _read_file(path, LARGEST_TIMESTAMP).decode("utf-8").strip()
        when = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
        return when.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    except (OSError, ValueError, OverflowError, _NotItsOwn, _TooLarge):
        return None
