"""Large libraries, imported without those parts of them that take a second and that nobody uses."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage while a block imports, nor ever again in what it has imported.

    Python would go through all objects several times meanwhile, and again when it ends: a sixth of
    the time that a large import takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


@contextmanager
def _instead(stand_ins: dict[str, ModuleType]) -> Iterator[None]:
    """Have modules stand in for others while a block imports."""
    new = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(new)
    try:
        yield
    finally:
        # Whoever imports them later gets the real ones.
        for name in new:
            del sys.modules[name]


def do_without_formats_of_addresses() -> None:
    """Have jsonschema not compile a grammar that takes a second, for what no notebook has in it."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def import_nbgrader() -> None:
    """Import nbgrader without its extensions of Jupyter's server."""
    parts = ("assignment_list", "course_list", "validate_assignment", "formgrader")
    stand_ins: dict[str, ModuleType] = {}
    for part in parts:
        stand_in = ModuleType(part)
        vars(stand_in)["load_jupyter_server_extension"] = None
        stand_ins[f"nbgrader.server_extensions.{part}"] = stand_in
    with uncollected(), _instead(stand_ins):
        import nbgrader  # noqa: F401
