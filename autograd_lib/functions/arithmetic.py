"""Overloads of arithmetic: of tensors and of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..recorder import PUBLIC, public, register
from ..tensor import Tensor, fresh
from .common import W, need_tensor
from .types import to_dtype


@public()
def div(input: Any, other: Any, *, rounding_mode: Any = None) -> Tensor:
    """Division; with `rounding_mode` "trunc" or "floor", rounded."""
    if rounding_mode is None:
        return W["true_div"](input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return W["div_mode"](input, other, rounding_mode)


register("divide", div)
register("true_divide", lambda input, other: W["true_div"](input, other))


@public()
def floor_divide(input: Any, other: Any) -> Tensor:
    """Division rounded down."""
    return W["floor_divide_"](input, other)


@public()
def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    name = "rsub_tensor" if isinstance(other, Tensor) else "rsub_scalar"
    return W[name](input, other, alpha=alpha)


@public()
def remainder(input: Any, other: Any) -> Tensor:
    """What division rounded down leaves over: has the sign of `other`."""
    if isinstance(other, Tensor):
        return W["remainder_tensor"](input, other)
    return W["remainder_scalar"](input, other)


@public()
def fmod(input: Tensor, other: Any) -> Tensor:
    """What division rounded towards zero leaves over: has the sign of `input`."""
    return W["fmod_tensor" if isinstance(other, Tensor) else "fmod_scalar"](input, other)


@public()
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input)."""
    if isinstance(weight, Tensor):
        return W["lerp_tensor"](input, end, weight)
    return W["lerp_scalar"](input, end, _plain_number(weight))


@public()
def pow(input: Any, exponent: Any) -> Tensor:
    """`input` to the power `exponent`."""
    if not isinstance(exponent, Tensor):
        need_tensor(input, "pow")
        return W["pow_scalar"](input, _plain_number(exponent))
    if not isinstance(input, Tensor):
        return W["pow_number"](_plain_number(input), exponent)
    return W["pow_tensor"](input, exponent)


def _plain_number(x: Any) -> Any:
    return x.item() if isinstance(x, np.generic) else x


@public()
def square(input: Tensor) -> Tensor:
    """input ** 2."""
    need_tensor(input, "square")
    return W["pow_scalar"](input, 2)


@public()
def float_power(input: Any, exponent: Any) -> Tensor:
    """The power in double precision."""

    def double(x: Any) -> Any:
        return to_dtype(x, dtypes.float64) if isinstance(x, Tensor) else x

    return pow(double(input), double(exponent))


def aliases(**names: str) -> None:
    for new, old in names.items():
        register(new, PUBLIC[old])


@public()
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Elements moved into the interval from `min` to `max` (numbers or tensors)."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):

        def as_tensor(x: Any) -> Any:
            return (
                x
                if x is None or isinstance(x, Tensor)
                else fresh(np.asarray(x, dtype=input._a.dtype))
            )

        return W["clamp_tensor"](input, as_tensor(min), as_tensor(max))
    return W["clamp_scalar"](input, _plain_number(min), _plain_number(max))


register("clip", clamp)
register("clamp_min", lambda input, min: clamp(input, min=min))
register("clamp_max", lambda input, max: clamp(input, max=max))
