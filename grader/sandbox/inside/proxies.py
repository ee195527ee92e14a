"""A function of the other side's, on this side."""

from __future__ import annotations

from typing import Any


class Callback:
    """A function that was handed in as an argument: calling it asks the other side."""

    def __init__(self, peer: Any, number: int, name: str) -> None:
        self._peer, self._number = peer, number
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._peer.request("call", self, args, tuple(kwargs.items()))

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"
