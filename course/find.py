"""Where things are: recorded cases, answer keys, solved lessons, a class's secret seed.

A student has the installed package alone. An instructor has a clone, in which `course/lessons` and
`solutions/` stand beside it, and perhaps a course directory with a `course.toml` of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from .cases import CheckInfo, LiveCases, RecordedCases
from .key import Exercise, Question, load_key

PACKAGE = Path(__file__).parent
CLONE = PACKAGE.parent
RECORDED = PACKAGE / "recorded"
COURSE_DIRECTORY_VARIABLE = "AUTOGRAD_COURSE_DIRECTORY"


class NotFound(Exception):
    """Something a check needs is not on this machine; the text says what to do about it."""


def recorded_cases(assignment: str) -> RecordedCases:
    """Return a lesson's recorded cases: the package's, else those of a file beside the notebook."""
    beside = Path(f"{assignment}.cases.json")
    places = [RECORDED / f"{assignment}.json", beside]
    if COURSE_DIRECTORY_VARIABLE in os.environ:
        course = Path(os.environ[COURSE_DIRECTORY_VARIABLE])
        places.append(course / "assignments" / assignment / beside)
    for path in places:
        if path.exists():
            return _read_cases(*_stamps(path.absolute()))
    raise NotFound(
        f"The checks of {assignment} are not installed here. If this lesson is part of the course, "
        "type `pip install --upgrade autograd-course`. If your instructor wrote it, put the file "
        f"{assignment}.cases.json, which came with the notebook, into the notebook's folder."
    )


def _stamps(*paths: Path) -> Iterator[tuple[Path, int, int]]:
    """Say of each file which it is and when it was written, so that what was read can be kept."""
    for path in paths:
        status = path.stat() if path.exists() else None
        yield path, status.st_mtime_ns if status else 0, status.st_size if status else 0


@lru_cache(4)
def _read_cases(file: tuple[Path, int, int]) -> RecordedCases:
    return RecordedCases.read(file[0])


def course_directory(start: Path | None = None) -> Path | None:
    """Return the course directory around `start`: the nearest folder with a course.toml."""
    if COURSE_DIRECTORY_VARIABLE in os.environ:
        return Path(os.environ[COURSE_DIRECTORY_VARIABLE])
    folder = (start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / "course.toml").exists():
            return candidate
    return None


def settings(directory: Path | None) -> dict[str, Any]:
    """Read a course directory's course.toml, {} where there is none."""
    path = directory / "course.toml" if directory else None
    if path is None or not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def lesson_folders(directory: Path | None) -> list[Path]:
    """Return the folders with lesson sources: an instructor's overlay first, then the course's."""
    overlay = settings(directory).get("overlay")
    own = [(directory / overlay)] if directory and overlay else []
    return [*own, PACKAGE / "lessons"]


def lesson_folder(assignment: str, directory: Path | None) -> Path:
    """Return the folder of one lesson's source; raises NotFound."""
    for folder in lesson_folders(directory):
        if (folder / assignment / "key.py").exists():
            return folder / assignment
    raise NotFound(
        f"There is no answer key for {assignment} on this machine. Hidden checks run where the "
        "course was cloned, or where an overlay folder named in course.toml holds the key."
    )


def grading_seed(assignment: str, directory: Path | None) -> str:
    """Return the seed of an assignment's graded cases: HMAC(course secret, assignment).

    A course without a secret, such as a plain clone, has a seed that everybody can work out.
    """
    secret = directory / ".secret" if directory else None
    word = secret.read_bytes().strip() if secret is not None and secret.exists() else b"open course"
    return hmac.new(word, assignment.encode(), hashlib.sha256).hexdigest()


def live_cases(assignment: str) -> LiveCases:
    """Return a lesson's cases made from its key with the class's seed; raises NotFound."""
    directory = course_directory()
    folder = lesson_folder(assignment, directory)
    for root in filter(None, (directory, CLONE)):
        solution = root / "solutions" / assignment / f"{assignment}.ipynb"
        if solution.exists():
            break
    else:
        raise NotFound(f"The solved notebook of {assignment} is missing: type `grader build`.")
    seed = grading_seed(assignment, directory)
    return _make_cases(*_stamps(solution, folder / "key.py"), seed)


@lru_cache(4)
def _make_cases(
    solution: tuple[Path, int, int], key: tuple[Path, int, int], seed: str
) -> LiveCases:
    """Make live cases once for a whole class, as long as the files stay as they are."""
    notebook = json.loads(solution[0].read_text(encoding="utf-8"))
    return live_cases_of(notebook, load_key(key[0]), seed)


def live_cases_of(
    notebook: Mapping[str, Any], key: dict[str, Exercise | Question], seed: str
) -> LiveCases:
    """Make live cases from a solved notebook (as JSON holds it), its key and a seed."""
    lesson = notebook["metadata"]["autograd_course"]
    checks = [
        CheckInfo(own["check"], own["exercise"], own["idea"], own["hidden"])
        for own in map(_own_metadata, notebook["cells"])
        if "check" in own
    ]
    objects = solved_objects(notebook)
    return LiveCases(lesson["assignment"], lesson["release"], key, checks, objects, seed)


def solved_objects(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Run a solved notebook's set-up and exercise cells and return all names they define."""
    objects: dict[str, Any] = {"__name__": "lesson"}
    for number, cell in enumerate(notebook["cells"]):
        if _own_metadata(cell).get("role") in ("setup", "exercise"):
            source = cell["source"]
            text = source if isinstance(source, str) else "".join(source)
            exec(compile(text, f"<solution, cell {number}>", "exec"), objects)
    return objects


def _own_metadata(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    return cell["metadata"].get("autograd_course", {})
