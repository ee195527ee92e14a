"""Intake: find submissions, read their notebooks, and say in a sentence what is wrong with a file.

Nothing here trusts a submission: links are not followed, sizes are limited, and a file that cannot
be read sets its own submission aside and no other.
"""

from __future__ import annotations

import hashlib
import json
import stat
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .directory import CourseDirectory, Lesson

LARGEST_NOTEBOOK = 20_000_000
"""bytes; a lesson solved with all its pictures is a hundredth of it"""

TIMESTAMP_FILE = "timestamp.txt"


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


def students(course: CourseDirectory, lesson: Lesson, known: set[str]) -> list[str]:
    """Return each student who has a folder for the lesson, or is `known`."""
    found = {
        folder.name
        for folder in course.submitted.iterdir()
        if not folder.name.startswith(".") and (folder / lesson.name).exists()
    }
    return sorted(found | known)


def submissions(course: CourseDirectory, lesson: Lesson, known: set[str]) -> list[Submission]:
    """Return a submission for each student who has a folder for the lesson, or is `known`."""
    return [read(course, lesson, student) for student in students(course, lesson, known)]


def strangers(course: CourseDirectory) -> list[str]:
    """Return a sentence for each submitted folder that belongs to no assignment."""
    return [
        f"submitted/{student.name}/{folder.name} was left alone: there is no such assignment. "
        f"Rename it to one of: {', '.join(course.lessons)}."
        for student in sorted(course.submitted.iterdir())
        if student.is_dir() and not student.name.startswith(".")
        for folder in sorted(student.iterdir())
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in course.lessons
    ]


def read(course: CourseDirectory, lesson: Lesson, student: str) -> Submission:
    """Read one student's notebook; whatever is wrong with it is in the result's `problem`."""
    submission = Submission(student, lesson.name)
    folder = course.submitted / student / lesson.name
    place = f"submitted/{student}/{lesson.name}"
    wanted = f"{lesson.name}.ipynb"
    if not folder.exists():
        submission.absent = True
        submission.problem = f"There is no folder {place}: nothing was handed in."
        return submission
    if folder.is_symlink() or not folder.is_dir():
        submission.problem = (
            f"{place} is a link or a file, not a folder. Put a folder in its place."
        )
        return submission
    submission.timestamp = _timestamp(folder / TIMESTAMP_FILE)
    notebooks = sorted(p.name for p in folder.iterdir() if p.suffix == ".ipynb")
    others = [name for name in notebooks if name != wanted]
    if not notebooks:
        what = "is empty" if not any(folder.iterdir()) else "has no notebook in it"
        submission.problem = (
            f"{place} {what}. Ask the student for {wanted}, put it there, and grade again."
        )
    elif wanted not in notebooks and len(others) == 1:
        submission.problem = (
            f"{place}/{others[0]} has the wrong name. If it is the submission, rename it to "
            f"{wanted}, and grade again."
        )
    elif wanted not in notebooks:
        submission.problem = (
            f"{place} has several notebooks, none with the right name: {', '.join(others)}. "
            f"Rename the one that counts to {wanted}, and grade again."
        )
    else:
        if others:
            submission.notes.append(
                f"{', '.join(others)} stood beside {wanted} and was not looked at. If it is the "
                f"one that counts, rename it to {wanted}, and grade again."
            )
        _read_notebook(submission, folder / wanted, f"{place}/{wanted}")
    return submission


def _read_notebook(submission: Submission, path: Path, place: str) -> None:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            submission.problem = f"{place} is a link or a device, not a file of its own."
            return
        if status.st_size > LARGEST_NOTEBOOK:
            submission.problem = (
                f"{place} is {status.st_size // 1_000_000} MB large. Ask the student to choose "
                "Edit > Clear Outputs of All Cells in JupyterLab, and to hand it in again."
            )
            return
        raw = path.read_bytes()
    except OSError as error:
        submission.problem = f"{place} cannot be read: {error.strerror}."
        return
    submission.sha256 = hashlib.sha256(raw).hexdigest()
    try:
        content = json.loads(raw)
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
            # What nbformat's schema asks for beyond this takes as long as all else together.
            notebook = nbformat.v4.nbjson.JSONReader().to_notebook(content)
            _check_cells(notebook)
    except Exception as error:
        submission.problem = (
            f"{place} is damaged: {_short(error)}. Ask the student to open it in JupyterLab, to "
            "save it, and to hand it in again."
        )
        return
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        submission.problem = (
            f"{place} is a notebook for the language {language!r}, and the course is in Python. "
            "Ask the student to choose a Python kernel, and to hand it in again."
        )
        return
    submission.notebook = notebook


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


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:150] if str(error) else type(error).__name__


def _timestamp(path: Path) -> str | None:
    """Read the time that an exchange or LMS export left beside the notebook, None if unreadable."""
    try:
        text = path.read_text(encoding="utf-8").strip()
        when = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except (OSError, ValueError):
        return None
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
