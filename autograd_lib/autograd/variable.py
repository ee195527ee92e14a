"""torch.autograd.variable: the old name for tensors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..grad_mode import mode
from ..tensor import Tensor, fresh


class _VariableType(type):
    def __instancecheck__(cls, other: Any) -> bool:
        return isinstance(other, Tensor)


class _Engine:
    """The engine, as far as programs talk to it."""

    @staticmethod
    def queue_callback(callback: Any) -> None:
        """Call `callback()` when the walk that is under way has ended."""
        if mode.task is None:
            raise RuntimeError("Final callbacks can only be installed during backward pass.")
        mode.task.callbacks.append(callback)

    @staticmethod
    def is_checkpoint_valid() -> bool:
        """Whether the walk that is under way goes to all leaves, as reentrant checkpoints need."""
        return mode.task is None or mode.task.wanted is None


class Variable(metaclass=_VariableType):
    """A tensor on the memory of `data`; kept for old programs, since every tensor is one now."""

    _execution_engine = _Engine

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        if data is None:
            return fresh(np.zeros(0, np.float32)).requires_grad_(requires_grad)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)


__all__ = ["Variable"]
