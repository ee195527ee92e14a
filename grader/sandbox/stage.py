"""What a room is given to see: a folder with the student's packages, and nothing of the clone."""

from __future__ import annotations

import compileall
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

ROOM_PACKAGE = "autograd_room"


def stage(folder: Path, *, engine: bool = True) -> Path:
    """Lay out what may be imported in a room; returns where.

    Without `engine` there is none, for exercises in which students build one of their own; and of
    the course, which needs it, only the data and the names that notebooks call.
    """
    inside = Path(__file__).parent / "inside"
    packages = folder / "packages"
    if not sys.dont_write_bytecode:
        # Nobody imports most of it out here, and a room cannot leave anything for the next one.
        compileall.compile_dir(inside, quiet=2)
    shutil.copytree(inside, packages / ROOM_PACKAGE)
    if engine:
        shutil.copytree(_home("autograd_lib"), packages / "autograd_lib")
        # No lessons' sources, and so no keys: what a student's install has.
        nothing_secret = shutil.ignore_patterns("lessons", "syllabus.toml")
        shutil.copytree(_home("course"), packages / "course", ignore=nothing_secret)
    else:
        shutil.copytree(_home("course") / "data", packages / "course" / "data")
        shutil.copyfile(inside / "bare_course.py", packages / "course" / "__init__.py")
    return packages


def installed(names: Iterable[str]) -> list[str]:
    """Return the folders in which libraries are, of those that this Python has."""
    places = (Path(folder) / name for folder in library_path() for name in names)
    return sorted({os.path.realpath(place) for place in places if place.is_dir()})


def _home(package: str) -> Path:
    """Return the folder that a package is in, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"there is no package {package}", name=package)
    return Path(spec.origin).parent


def library_path() -> list[str]:
    """Return where this Python's own libraries are, and nothing that was added to its path."""
    paths = sysconfig.get_paths()
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    standard = Path(paths["stdlib"])
    found = [
        str(standard.parent / zipped),
        str(standard),
        sysconfig.get_config_var("DESTSHARED") or str(standard / "lib-dynload"),
        paths["platlib"],
        paths["purelib"],
        *_homes_of("numpy", "matplotlib", "IPython"),
    ]
    return list(dict.fromkeys(found))


def _homes_of(*names: str) -> list[str]:
    """Return the folders that packages were found in, where that is not the usual one."""
    found = []
    for name in names:
        with contextlib.suppress(ModuleNotFoundError):
            found.append(str(_home(name).parent))
    return found


def font_cache() -> Path:
    """Return a folder with matplotlib's list of fonts: finding them takes seconds, once."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "autograd-course" / "matplotlib"
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("fontlist*.json")):
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=os.environ | {"MPLCONFIGDIR": str(folder)},
            check=False,
            capture_output=True,
        )
    return folder
