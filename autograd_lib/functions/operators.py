"""Python's operators on tensors."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..recorder import ENTRIES, METHODS
from ..tensor import Tensor
from .arithmetic import aliases, floor_divide, pow, remainder, rsub
from .common import W
from .matrices import matmul
from .reductions import mean, sum

_OTHERS = (Tensor, int, float, bool, builtins.complex, np.number, np.bool_)


def mean_method(
    self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Tensor:
    """The mean of all elements, or along `dim`."""
    if dim is None and dtype is None and axis is None and not keepdim:
        return mean_all(self)
    return mean(self, dim, keepdim, dtype=dtype, axis=axis)


def sum_method(self: Tensor, *dim: Any, keepdim: bool = False, **named: Any) -> Tensor:
    """The sum of all elements, or along `dim`."""
    if not dim and not keepdim and not named:
        return sum_all(self)
    if len(dim) == 2 and isinstance(dim[1], bool):
        keepdim = dim[1]
        dim = dim[:1]
    given: Any = dim[0] if len(dim) == 1 else (dim or None)
    if "dim" in named:
        given = named.pop("dim")
    return sum(self, given, keepdim, **named)


mean_all, sum_all = W["mean_all"], W["sum_all"]
METHODS["mean"], METHODS["sum"] = mean_method, sum_method


def _operator(name: str, f: Any, swap: bool = False) -> None:
    def method(self: Tensor, other: Any) -> Any:
        # What is neither tensor nor number may know itself what to do.
        if other.__class__ is Tensor or isinstance(other, _OTHERS):
            return f(other, self) if swap else f(self, other)
        return NotImplemented

    method.__name__ = method.__qualname__ = name
    METHODS[name] = method


def install_operators() -> None:
    """Give Tensor Python's operators."""
    # These are written as operators by the recorder, one call less.
    for name in ("add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne"):
        METHODS[f"__{name}__"] = ENTRIES[name].operator
    METHODS["__truediv__"] = ENTRIES["true_div"].operator
    METHODS["__radd__"], METHODS["__rmul__"] = METHODS["__add__"], METHODS["__mul__"]
    for name, f in {
        "floordiv": floor_divide, "mod": remainder, "and": W["bitwise_and"],
        "or": W["bitwise_or"], "xor": W["bitwise_xor"], "lshift": W["bitwise_left_shift"],
        "rshift": W["bitwise_right_shift"],
    }.items():  # fmt: skip
        _operator(f"__{name}__", f)
    for name, f in {
        "rsub": rsub, "rand": W["bitwise_and"],
        "ror": W["bitwise_or"], "rxor": W["bitwise_xor"],
    }.items():  # fmt: skip
        _operator(f"__{name}__", f)
    power = W["pow_scalar"]

    def pow_(self: Tensor, other: Any) -> Any:
        if other.__class__ is int or other.__class__ is float:
            return power(self, other)
        return pow(self, other) if isinstance(other, _OTHERS) else NotImplemented

    METHODS["__pow__"] = pow_
    _operator("__rtruediv__", lambda s, o: W["mul"](W["reciprocal"](s), o))
    _operator("__rpow__", pow, swap=True)
    _operator("__rfloordiv__", floor_divide, swap=True)
    _operator("__rmod__", remainder, swap=True)

    def rmatmul(self: Tensor, other: Any) -> Any:
        return NotImplemented

    def matmul_(self: Tensor, other: Any) -> Any:
        return matmul(self, other) if isinstance(other, Tensor) else NotImplemented

    METHODS.update(
        __matmul__=matmul_, __rmatmul__=rmatmul, __neg__=W["neg"], __abs__=W["abs"],
        __pos__=lambda self: self, __invert__=W["bitwise_not"],
    )  # fmt: skip
    for name in ("add", "sub", "mul", "div", "pow", "floor_divide", "remainder", "bitwise_and",
                 "bitwise_or", "bitwise_xor"):  # fmt: skip
        python = {
            "div": "truediv",
            "floor_divide": "floordiv",
            "remainder": "mod",
            "bitwise_and": "and",
            "bitwise_or": "or",
            "bitwise_xor": "xor",
        }.get(name, name)

        def augmented(self: Tensor, other: Any, _f: Any = None, _n: str = f"{name}_") -> Any:
            if not isinstance(other, _OTHERS):
                return NotImplemented
            return METHODS[_n](self, other)

        METHODS[f"__i{python}__"] = augmented


aliases(
    multiply="mul", subtract="sub", negative="neg", absolute="abs", arccos="acos", arcsin="asin",
    arctan="atan", arccosh="acosh", arcsinh="asinh", arctanh="atanh", arctan2="atan2", fix="trunc",
    greater="gt", greater_equal="ge", less="lt", less_equal="le", not_equal="ne",
)  # fmt: skip
