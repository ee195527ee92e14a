"""What a result depends on: a score can change only where one of these does."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path

import numpy

import autograd_lib
import course
from course import find

from .sandbox import Limits


def environment(limits: Limits) -> dict[str, str]:
    """Describe what a submission is graded in: versions, the machine, limits, our own code."""
    return {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "limits": ", ".join(f"{name} {value:g}" for name, value in asdict(limits).items()),
        "code": code_sha256()[:16],
    }


@cache
def code_sha256() -> str:
    """Return a hash of the engine, the course's runtime and the grader, without lessons and keys.

    What several keys have in common, course/lessons/*.py, counts as code.
    """
    homes = [Path(str(module.__file__)).parent for module in (autograd_lib, course)]
    files = [
        path
        for home in (*homes, Path(__file__).parent)
        for path in sorted(home.rglob("*.py"))
        if home / "lessons" not in path.parents or path.parent == home / "lessons"
    ]
    return files_sha256(files)


def assignment_sha256(name: str, notebooks: Iterable[Path], release: Path) -> str:
    """Return a hash of all that an assignment is: its notebooks, solved and released, its data in
    the folder of its release, its recorded cases.
    """
    data = (path for path in sorted(release.rglob("*")) if path.suffix != ".ipynb")
    recorded = find.RECORDED / f"{name}.json"
    return files_sha256([*notebooks, *data, recorded])


def files_sha256(paths: Iterable[Path]) -> str:
    """Return a hash of these files' names and contents; what is no file is left out."""
    files = [path for path in paths if path.is_file()]
    return _files_sha256(tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(16)
def _files_sha256(files: tuple[tuple[Path, int], ...]) -> str:
    """Hash files once for a whole class, as long as they stay as they are."""
    whole = hashlib.sha256()
    for path, _ in files:
        data = path.read_bytes()
        whole.update(f"{path.name} {len(data)}\n".encode() + data)
    return whole.hexdigest()
