"""Parameters: the leaves that modules train."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import errors
from ..tensor import Tensor, fresh


class Parameter(Tensor):
    """A tensor that requires grad and that modules find by themselves."""

    __slots__ = ()
    __module__ = "torch.nn.parameter"

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        a = np.zeros(0, np.float32) if data is None else data._a
        if requires_grad and a.dtype.kind not in "fc":
            raise errors.only_floats()
        out = fresh(a, cls)
        out._rg = bool(requires_grad)
        return out

    def __deepcopy__(self, memo: dict) -> Any:
        # (Unlike other leaves, a parameter leaves its gradient behind.)
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.detach().clone(), self._rg)
        return memo[id(self)]

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + Tensor.__repr__(self)
