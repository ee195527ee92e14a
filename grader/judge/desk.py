"""The folder that checks run in: it holds what students got with the notebook.

A check may open a released file, or import a released module, as it could in a kernel. What a
submission handed in beside its notebook, and what it writes, is never there.
"""

from __future__ import annotations

import multiprocessing.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_laid_out: tuple[Mapping[str, bytes], Path] | None = None


@contextmanager
def at_desk(files: Mapping[str, bytes]) -> Iterator[None]:
    """Have these files in the working directory, and its modules within reach, for a while."""
    if not files:
        yield
        return
    before, folder = os.getcwd(), str(_folder(files))
    os.chdir(folder)
    # Last: no released file may stand in for a library.
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        os.chdir(before)


def _folder(files: Mapping[str, bytes]) -> Path:
    """Lay the files out once for a whole class."""
    global _laid_out
    if _laid_out is not None and _laid_out[0] == files:
        return _laid_out[1]
    if _laid_out is not None:
        _clear(_laid_out[1])
    folder = Path(tempfile.mkdtemp(prefix="grader-"))
    # Worker processes end without the usual ways of tidying up.
    multiprocessing.util.Finalize(None, shutil.rmtree, (folder, True), exitpriority=5)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    _laid_out = files, folder
    return folder


def _clear(folder: Path) -> None:
    """Forget a folder and the modules that were imported from it: another one may have the same."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
            del sys.modules[name]
    shutil.rmtree(folder, ignore_errors=True)
