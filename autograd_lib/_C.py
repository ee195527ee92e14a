"""torch._C: the few names of torch's compiled core that Python code reaches for."""

from __future__ import annotations

from typing import Any

from . import grad_mode
from .engine import AccumulateGrad
from .grad_mode import is_grad_enabled as _is_grad_enabled
from .random import Generator


def _set_grad_enabled(enabled: bool) -> None:
    """Switch recording on or off on this thread."""
    grad_mode.mode.enabled = enabled


def _is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` was told last."""
    from .autograd.grad_mode import set_multithreading_enabled

    return set_multithreading_enabled.now


class _functions:
    """torch._C._functions: classes of nodes."""

    AccumulateGrad = AccumulateGrad


class _autograd:
    """torch._C._autograd: the stack of default hooks on saved tensors."""

    @staticmethod
    def _push_saved_tensors_default_hooks(pack: Any, unpack: Any) -> None:
        grad_mode.push_saved_hooks(pack, unpack)

    @staticmethod
    def _pop_saved_tensors_default_hooks() -> None:
        grad_mode.pop_saved_hooks()


__all__ = [
    "Generator", "_autograd", "_functions", "_is_grad_enabled", "_is_multithreading_enabled",
    "_set_grad_enabled",
]  # fmt: skip
