"""Released notebooks: which there are, and how a student gets one.

An install holds them in the package, a clone in `assignments/`.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

from . import find
from .journal import slug

INSTALLED = find.PACKAGE / "released"


class NotStarted(Exception):
    """A lesson could not be fetched; the text says why, and what to do."""


def lessons() -> dict[str, dict[str, Any]]:
    """Return the syllabus's lessons by name, in their order: title, minutes, objectives."""
    text = (find.PACKAGE / "syllabus.toml").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in tomllib.loads(text)["lesson"]}


def lesson(wanted: str) -> str:
    """Return the name of a lesson from its name, number or slug; raises NotStarted."""
    for name in lessons():
        number = name.partition("_")[0]
        if wanted in (name, slug(name)) or (wanted.isdigit() and int(wanted) == int(number)):
            return name
    numbers = ", ".join(name.partition("_")[0] for name in lessons())
    raise NotStarted(f"There is no lesson {wanted!r}. There are: {numbers}.")


def start(wanted: str, into: Path) -> Path:
    """Copy a lesson's folder into `into` and return its notebook; raises NotStarted.

    Work that is there already is never written over.
    """
    name = lesson(wanted)
    source = next(
        (top / name for top in (INSTALLED, find.CLONE / "assignments") if (top / name).is_dir()),
        None,
    )
    if source is None:
        raise NotStarted(
            f"Lesson {name} is not in this install. Install anew: pip install --force-reinstall "
            "autograd-course"
        )
    target = into / name
    if target.exists():
        raise NotStarted(
            f"{target} is there already, and stays as it is. To go on with it: "
            f'jupyter lab "{target / f"{name}.ipynb"}". To begin anew, rename that folder first.'
        )
    # Not copytree's own way: a read-only install must not make read-only notebooks.
    try:
        shutil.copytree(source, target, copy_function=shutil.copyfile)
        for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
    except OSError as error:
        raise NotStarted(f"{target} cannot be written: {error.strerror}.") from error
    return target / f"{name}.ipynb"
