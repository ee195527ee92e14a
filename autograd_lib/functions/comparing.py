"""Comparing whole tensors, and questions about them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..recorder import public, register
from ..tensor import Tensor, fresh


@public()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shape and all elements are the same."""
    return bool(input._a.shape == other._a.shape and np.array_equal(input._a, other._a))


@public()
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Elementwise |input - other| <= atol + rtol |other|."""
    return fresh(np.asarray(np.isclose(input._a, other._a, rtol, atol, equal_nan)))


@public()
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether all elements are close."""
    if input._a.dtype != other._a.dtype:
        raise RuntimeError(
            f"{dtypes.long_name(input._a.dtype)} did not match {dtypes.long_name(other._a.dtype)}"
        )
    return bool(np.allclose(input._a, other._a, rtol, atol, equal_nan))


@public(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


@public()
def numel(input: Tensor) -> int:
    """How many elements there are."""
    return input._a.size


register("is_floating_point", lambda input: input._a.dtype.kind == "f")
register("is_complex", lambda input: input._a.dtype.kind == "c")
register("is_nonzero", lambda input: bool(input))
register("detach", lambda input: input.detach(), method=False)


@public()
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: Any = None,
) -> Any:  # fmt: skip
    """The distinct elements (or slices along `dim`), in order."""
    found: Any = np.unique(  # type: ignore[call-overload]
        input._a, return_inverse=return_inverse, return_counts=return_counts, axis=dim
    )
    return tuple(fresh(np.asarray(a)) for a in found) if isinstance(found, tuple) else fresh(found)
