"""torch.autograd.profiler: contexts for programs that use them; nothing is measured."""

from __future__ import annotations

import functools
from typing import Any


class _Nothing:
    """A context, also a decorator, that does nothing."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return wrapper


class record_function(_Nothing):
    """Marks a part of a program by name."""


class profile(_Nothing):
    """Would record the operations inside; there are no events here."""

    @property
    def function_events(self) -> list:
        return []

    def key_averages(self, *args: Any, **kwargs: Any) -> list:
        return []


class emit_nvtx(_Nothing):
    """Would mark operations for NVIDIA's tools."""


class emit_itt(_Nothing):
    """Would mark operations for Intel's tools."""
