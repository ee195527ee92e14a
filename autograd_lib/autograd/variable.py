"""torch.autograd.variable: the old name for tensors."""

from __future__ import annotations

from typing import Any

from ..grad_mode import mode
from ..tensor import Tensor


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


class Variable(metaclass=_VariableType):
    """A tensor on the memory of `data`; kept for old programs, since every tensor is one now."""

    _execution_engine = _Engine

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Any:
        return data.detach().requires_grad_(requires_grad)


__all__ = ["Variable"]
