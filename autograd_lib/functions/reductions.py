"""Overloads of reductions: over all elements, over dimensions; sorting and choosing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..derivatives import axes
from ..operands import return_type
from ..recorder import public, register
from ..tensor import Tensor, fresh, wrap_dim
from .common import W
from .types import to_dtype


def _typed(input: Tensor, d: Any) -> Tensor:
    return input if d is None else to_dtype(input, d)


@public()
def sum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Tensor:
    """The sum of all elements, or along `dim`."""
    if dtype is not None:
        input = _typed(input, dtype)
    if dim is None and axis is None and not keepdim:
        return W["sum_all"](input)
    return W["sum_dim"](input, dim if axis is None else axis, keepdim)


@public()
def mean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Tensor:
    """The mean of all elements, or along `dim`. Raises RuntimeError for integers."""
    if dtype is not None:
        input = _typed(input, dtype)
    if dim is None and axis is None and not keepdim:
        return W["mean_all"](input)
    return W["mean_dim"](input, dim if axis is None else axis, keepdim)


@public()
def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product of all elements, or along `dim`."""
    input = _typed(input, dtype)
    return W["prod_all"](input) if dim is None else W["prod_dim"](input, dim, keepdim)


_MISSING: Any = object()


def _correction(args: tuple, unbiased: Any, correction: Any, dim: Any, keepdim: Any) -> Any:
    args = list(args)  # type: ignore[assignment]
    if args and isinstance(args[0], bool):
        unbiased = args.pop(0)  # type: ignore[attr-defined]
    elif args:
        dim = args.pop(0)  # type: ignore[attr-defined]
        if args:
            unbiased = args.pop(0)  # type: ignore[attr-defined]
        if args:
            keepdim = args.pop(0)  # type: ignore[attr-defined]
    if correction is _MISSING or correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return dim, correction, keepdim


@public()
def var(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Tensor:
    """The variance of all elements, or along `dim`, dividing by n - correction."""
    return W["var_"](input, *_correction(args, unbiased, correction, dim, keepdim))


@public()
def std(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Tensor:
    """The standard deviation: the square root of `var`."""
    return W["std_"](input, *_correction(args, unbiased, correction, dim, keepdim))


@public(method=False)
def var_mean(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Any:
    """Variance and mean."""
    d, c, k = _correction(args, unbiased, correction, dim, keepdim)
    return W["var_"](input, d, c, k), mean(input, d, k)


@public(method=False)
def std_mean(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Any:
    """Standard deviation and mean."""
    d, c, k = _correction(args, unbiased, correction, dim, keepdim)
    return W["std_"](input, d, c, k), mean(input, d, k)


def _extreme(name: str, pairwise: str) -> None:
    def function(
        input: Tensor, *args: Any, dim: Any = None, keepdim: bool = False, other: Any = None
    ) -> Any:
        if args and isinstance(args[0], Tensor):
            return W[pairwise](input, args[0])
        if other is not None:
            return W[pairwise](input, other)
        if args:
            dim = args[0]
            keepdim = args[1] if len(args) > 1 else keepdim
        if dim is None:
            return W[f"{name}_all"](input)
        return W[f"{name}_dim"](input, dim, keepdim)

    function.__name__ = name
    function.__doc__ = f"The {name}imum of all elements; along `dim` with its positions."
    register(name, function)


_extreme("max", "maximum")
_extreme("min", "minimum")


RETURN_AMINMAX = return_type("aminmax", "min", "max")


@public()
def aminmax(input: Tensor, *, dim: Any = None, keepdim: bool = False) -> Any:
    """Smallest and largest elements."""
    d = () if dim is None else (dim,)
    return RETURN_AMINMAX((W["amin"](input, d, keepdim), W["amax"](input, d, keepdim)))


def _logical(name: str, f: Any) -> None:
    def function(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        if dim is None:
            return fresh(np.asarray(f(input._a)))
        kind = np.uint8 if input._a.dtype == np.uint8 else bool
        return fresh(
            np.asarray(f(input._a, axis=axes(dim, input.ndim), keepdims=keepdim)).astype(kind)
        )

    function.__name__ = name
    register(name, function)


_logical("all", np.all)
_logical("any", np.any)


@public()
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return fresh(
        np.asarray(np.count_nonzero(input._a, axis=None if dim is None else axes(dim, input.ndim)))
    )


@public()
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) along `dim`, without overflow."""
    return W["logsumexp_"](input, dim, keepdim)


@public()
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(input) divided by its sum along `dim`."""
    wrap_dim(dim, input.ndim)
    return W["softmax_"](_typed(input, dtype), dim)


@public()
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """log(softmax(input)), without overflow."""
    wrap_dim(dim, input.ndim)
    return W["log_softmax_"](_typed(input, dtype), dim)


@public()
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along `dim`."""
    return W["cumsum_"](_typed(input, dtype), dim)


@public()
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along `dim`."""
    return W["cumprod_"](_typed(input, dtype), dim)


@public()
def median(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The median (the lower of two middle elements)."""
    return W["median_all"](input) if dim is None else W["median_dim"](input, dim, keepdim)


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along `dim`, with its position."""
    return W["kthvalue_"](input, k, dim, keepdim)


@public()
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
    """Elements in order along `dim`, with their positions."""
    wrap_dim(dim, input.ndim)
    return W["sort_"](input, dim, descending)


@public()
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> Tensor:
    """The positions that would sort along `dim`."""
    return sort(input, dim, descending)[1]


register("msort", lambda input: sort(input, 0)[0])


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) elements along `dim`, with their positions."""
    return W["topk_"](input, k, dim, largest)
