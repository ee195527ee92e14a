"""Libraries that cannot be imported in a room, for exercises in which students build their own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any


class _Refuse:
    """Asked before all others where a module is."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise ModuleNotFoundError for a library that is not to be had, say nothing of others."""
        top = name.partition(".")[0]
        if top in self._names:
            raise ModuleNotFoundError(
                f"{top} cannot be imported while this notebook is graded: here you build an engine "
                "of your own. NumPy is there.",
                name=name,
            )


def refuse(names: Iterable[str]) -> None:
    """Refuse to import these from now on."""
    sys.meta_path.insert(0, _Refuse(names))
