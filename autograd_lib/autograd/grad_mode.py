"""torch.autograd.grad_mode: switching recording on and off."""

from __future__ import annotations

import functools
from typing import Any

from ..grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..tensor import Tensor


class set_multithreading_enabled:
    """Here for compatibility: this engine always walks on the thread that called it."""

    now = True

    def __init__(self, mode: bool):
        self.mode, self.before = mode, set_multithreading_enabled.now
        set_multithreading_enabled.now = mode

    def __call__(self, function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with type(self)(self.mode):
                return function(*args, **kwargs)

        return wrapper

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        set_multithreading_enabled.now = self.before


class _force_original_view_tracking:
    """Here for compatibility: views are always followed by where they lie in memory."""

    now = False

    def __init__(self, mode: bool):
        self.mode, self.before = mode, _force_original_view_tracking.now
        _force_original_view_tracking.now = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        _force_original_view_tracking.now = self.before


def is_view_replay_enabled() -> bool:
    """What `_force_original_view_tracking` was told last."""
    return _force_original_view_tracking.now


def is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` was told last."""
    return set_multithreading_enabled.now


class _unsafe_preserve_version_counter:
    """Within this context, changes of these tensors' memory are not counted."""

    def __init__(self, tensors: Any):
        self.tensors = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)

    def __enter__(self) -> None:
        self.before = [t._version for t in self.tensors]

    def __exit__(self, *error: Any) -> None:
        for t, version in zip(self.tensors, self.before, strict=True):
            t._counter[0] = version


for _c in (set_multithreading_enabled, _force_original_view_tracking,
           _unsafe_preserve_version_counter):  # fmt: skip
    _c.__module__ = "torch.autograd.grad_mode"

__all__ = [
    "_force_original_view_tracking", "_unsafe_preserve_version_counter", "enable_grad",
    "inference_mode", "is_multithreading_enabled", "is_view_replay_enabled", "no_grad",
    "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip
