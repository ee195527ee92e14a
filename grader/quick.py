"""Large libraries, imported without those parts of them that take a second and that nobody uses."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


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
def _instead(stand_ins: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Have modules stand in for others while a block imports; with None there are none."""
    new = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(new)  # type: ignore[arg-type]
    try:
        yield
    finally:
        # Whoever imports them later gets the real ones.
        for name in new:
            del sys.modules[name]


def do_without_formats_of_addresses() -> None:
    """Have jsonschema not compile a grammar that takes a second, for what no notebook has in it."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def import_nbformat() -> None:
    """Import nbformat without those of jsonschema's formats that no notebook has in it."""
    formats = "fqdn idna isoduration rfc3339_validator rfc3986_validator uri_template webcolors"
    with uncollected(), _instead(dict.fromkeys(formats.split())):
        import nbformat  # noqa: F401


def import_nbgrader() -> None:
    """Import nbgrader's gradebook, without what nobody needs who has no web server."""
    parts = ("assignment_list", "course_list", "validate_assignment", "formgrader")
    stand_ins: dict[str, ModuleType | None] = {}
    for part in parts:
        stand_in = ModuleType(part)
        vars(stand_in)["load_jupyter_server_extension"] = None
        stand_ins[f"nbgrader.server_extensions.{part}"] = stand_in
    stand_ins |= {name: _Later(name) for name in ("requests", "setuptools.archive_util")}
    with uncollected(), _instead(stand_ins):
        import nbgrader.api  # noqa: F401


class _Later(ModuleType):
    """Stands in for a module of functions, which is imported when one of them is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)

        return call
