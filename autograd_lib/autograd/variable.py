"""torch.autograd.variable: the old name for tensors."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class _VariableType(type):
    def __instancecheck__(cls, other: Any) -> bool:
        return isinstance(other, Tensor)


class Variable(metaclass=_VariableType):
    """A tensor on the memory of `data`; kept for old programs, since every tensor is one now."""

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Any:
        return data.detach().requires_grad_(requires_grad)


__all__ = ["Variable"]
