"""The names that a check sees: its own, Python's, the instructor's, then those in the room."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from .handles import is_function


class Names(dict):
    """The namespace of locked cells and checks.

    A name that was fetched from the room and is then given another meaning, or deleted, changes in
    the room: so a check can take a student's function away, to see whether another one uses it.
    """

    def __init__(self, ask: Callable[..., Any], provided: Mapping[str, str]) -> None:
        super().__init__(__name__="__main__", __builtins__=builtins)
        self._ask, self._provided = ask, provided
        self._fetched: set[str] = set()
        self._functions: dict[str, Any] = {}
        """those that came from the room, and still are what their names mean there"""

    def fetch_anew(self) -> None:
        """Keep no function any more: a name may mean another one by now."""
        self._functions.clear()

    def learn(self, functions: Mapping[str, Any]) -> None:
        """Take note of functions that a cell has left behind: they need not be fetched."""
        self._functions.update(functions)

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            raise KeyError(name)
        if name in self._provided:
            with contextlib.suppress(ImportError):
                exec(self._provided[name], self)
                return self[name]
        value = self._functions.get(name)
        if value is None:
            try:
                value = self._ask("fetch", name)
            except NameError:
                raise KeyError(name) from None
            if is_function(value):
                self._functions[name] = value
        self._fetched.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._fetched:
            self._functions.pop(name, None)
            self._ask("bind", name, value)
        else:
            super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        if name in self:
            super().__delitem__(name)
        elif name in self._fetched:
            self._functions.pop(name, None)
            self._ask("unbind", name)
        else:
            raise KeyError(name)
