"""Gradients in the shape and type of what they belong to: broadcasting is undone here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import FROM_NUMPY
from .errors import hint
from .numeric import COLUMNS, FLOAT32, sum_of_rows
from .tensor import Tensor

if TYPE_CHECKING:
    from .node import Node

# Filled by the table: how to bring a gradient to the shape of what it belongs to.
sum_to_array: Any = None
sum_to_tensor: Any = None


def fit_array(node: Node, g: Any, shape: Any, dtype: Any) -> Any:
    """A gradient in the shape and type of what it belongs to."""
    if not shape:
        # Of a few numbers, their product with a column of ones (twice, as one number is no matrix):
        # 0.4 us, where reducing takes 0.8. (The way of `total` takes 0.3, but adds doubles: where
        # torch rounds each sum, so do gradients.)
        if g.dtype is dtype is FLOAT32 and g.ndim == 1 and g.size <= 32:
            return g.dot(COLUMNS[g.size])[0]
        g = np.add.reduce(g, None)
    elif g.shape != shape:
        if g.shape[1:] == shape:
            g = sum_of_rows(g)  # a bias, mostly
        else:
            check_shape(node.name(), 0, g.shape, shape)
            g = sum_to_array(g, shape)
    return g if g.dtype is dtype else _cast(g, dtype)


def _cast(g: Any, dtype: Any) -> Any:
    if g.dtype == dtype:
        return g
    if g.dtype.kind == "c" and dtype.kind == "f":
        g = g.real
    return g.astype(dtype)


def fit_tensor(node: Node, g: Any, shape: Any, dtype: Any) -> Any:
    if g._a.shape != shape:
        check_shape(node.name(), 0, g._a.shape, shape)
        g = sum_to_tensor(g, shape)
    return g if g._a.dtype == dtype else g.to(FROM_NUMPY[dtype])


def fit_dtype(g: Any, dtype: Any) -> Any:
    """The same of an array or a tensor, whichever it is."""
    if isinstance(g, Tensor):
        return g.to(FROM_NUMPY[np.dtype(dtype)])
    return _cast(g, np.dtype(dtype))


def check_shape(name: str, i: int, got: tuple, wanted: tuple, owner: str = "tensor") -> None:
    """Raise unless a gradient, returned as the one number `i`, may be of this shape."""
    lead = len(got) - len(wanted)
    if lead < 0 or any(w not in (1, n) for w, n in zip(wanted, got[lead:], strict=True)):
        raise hint(
            RuntimeError(
                f"Function {name} returned an invalid gradient at index {i} - got {list(got)} but "
                f"expected shape compatible with {list(wanted)}"
            ),
            f"a gradient has the shape of the {owner} that it belongs to.",
        )
