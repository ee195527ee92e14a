"""Statistics, and sums and differences along a line, made of other operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..operands import return_type
from ..recorder import PUBLIC, public
from ..tensor import Tensor, fresh, wrap_dim
from .common import W, is_number
from .shapes import cat, expand, reshape

# -- without what is not a number ------------------------------------------------------------------


@public()
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of all elements, or along `dim`, NaN counting as nothing."""
    known = W["where"](fresh(np.isnan(input._a)), 0.0, input)
    return PUBLIC["sum"](known, dim, keepdim, dtype=dtype)


@public()
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of all elements, or along `dim`, that are numbers."""
    counts = PUBLIC["sum"](fresh(~np.isnan(input._a)), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / counts


NANMEDIAN = return_type("nanmedian", "values", "indices")


@public()
def nanmedian(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The median of the elements that are numbers."""
    if dim is None:
        return W["nanmedian_all"](input)
    if not input.ndim:
        return NANMEDIAN((input.clone(), fresh(np.zeros((), np.int64))))
    d = wrap_dim(dim, input.ndim)
    order = np.argsort(input._a, d, kind="stable")
    known = (~np.isnan(input._a)).sum(d, keepdims=True)
    places = fresh(np.take_along_axis(order, np.maximum(known - 1, 0) // 2, d))
    values = W["gather"](input, d, places)
    both = (values, places)
    return NANMEDIAN(both if keepdim else [PUBLIC["squeeze"](t, d) for t in both])


def _quantile(input: Tensor, q: Any, dim: Any, keepdim: bool, how: str, skip: bool) -> Tensor:
    if not input.numel():
        raise RuntimeError("quantile() input tensor must be non-empty")
    q = q if isinstance(q, Tensor) else fresh(np.asarray(q, input._a.dtype))
    if (q._a < 0).any() or (q._a > 1).any():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    ndim = input.ndim
    if dim is None:
        input, d = reshape(input, -1), 0
    else:
        d = wrap_dim(dim, input.ndim)
        input = input if input.ndim else reshape(input, 1)
    ordered = PUBLIC["sort"](input, d)[0].movedim(d, -1)
    n = ordered.shape[-1]
    known = ~np.isnan(ordered._a)
    count = known.sum(-1) if skip else np.where(known.all(-1), n, 0)
    column = reshape(q, -1, *[1] * count.ndim)
    rank = column._a * np.maximum(count - 1, 0)
    # (A row that is not all numbers has none for its quantile: its last element.)
    rank = np.where(count > 0, rank, n - 1).astype(input._a.dtype)
    if how in ("lower", "higher", "nearest"):
        rounded: Any = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}[how]
        rank = rounded(rank)
    low = np.floor(rank)
    if how == "linear":
        # (By way of `q`, which may want a gradient too.)
        steps = fresh(np.maximum(count - 1, 0).astype(rank.dtype))
        part = W["where"](fresh(count > 0), column * steps - fresh(low), 0.0)
    else:
        part = fresh(0.5 * (rank != low).astype(rank.dtype))

    def at(rank: Any) -> Tensor:
        places = np.moveaxis(rank.astype(np.int64), 0, -1)
        return W["gather"](ordered, -1, fresh(places)).movedim(-1, 0)

    out = PUBLIC["lerp"](at(low), at(np.ceil(rank)), part)
    if keepdim and ndim:
        out = out.unsqueeze(d + 1) if dim is not None else reshape(out, -1, *[1] * ndim)
    return out if q.ndim else out[0]


@public()
def quantile(input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *,
             interpolation: str = "linear") -> Tensor:  # fmt: skip
    """What the share `q` of all elements (along `dim`) lies below."""
    return _quantile(input, q, dim, keepdim, interpolation, False)


@public()
def nanquantile(input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *,
                interpolation: str = "linear") -> Tensor:  # fmt: skip
    """The same among the elements that are numbers."""
    return _quantile(input, q, dim, keepdim, interpolation, True)


# -- how variables go together ---------------------------------------------------------------------


@public()
def cov(
    input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None
) -> Tensor:
    """The covariances of variables (rows) over observations (columns)."""
    x = input.reshape(1, -1) if input.ndim < 2 else input
    w = None
    for given in (fweights, aweights):
        if given is not None:
            w = given if w is None else w * given
    count = x.shape[1] if w is None else w.sum()
    mean = x.mean(1, keepdim=True) if w is None else (x * w).sum(1, keepdim=True) / count
    if aweights is not None and correction:
        freedom = count - correction * (w * aweights).sum() / count
    else:
        freedom = count - correction
    freedom = freedom.clamp(min=0) if isinstance(freedom, Tensor) else max(freedom, 0)
    centred = x - mean
    weighted = centred if w is None else centred * w
    out = (centred @ weighted.t().conj()) / freedom
    return out.squeeze()


@public()
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables (rows)."""
    c = cov(input)
    if not c.ndim:
        return c / c
    deviation = PUBLIC["sqrt"](PUBLIC["real"](PUBLIC["diagonal"](c)))
    out = c / deviation.unsqueeze(1) / deviation.unsqueeze(0)
    return out if out.is_complex() else out.clamp(-1, 1)


# -- differences and areas -------------------------------------------------------------------------


@public()
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """Differences of neighbours along `dim`, `n` times."""
    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if not n:
        return input.clone()
    parts = [t for t in (prepend, input, append) if t is not None]
    x = cat(parts, dim) if len(parts) > 1 else input
    d = wrap_dim(dim, x.ndim)
    for _ in range(min(n, x.shape[d])):
        size = max(x.shape[d] - 1, 0)
        last, first = x.narrow(d, min(1, x.shape[d]), size), x.narrow(d, 0, size)
        x = last ^ first if x._a.dtype == np.bool_ else last - first
    return x


def _areas(y: Tensor, x: Any, dx: Any, dim: int) -> Tensor:
    """The area of each piece between neighbours."""
    d = wrap_dim(dim, y.ndim)
    n = max(y.shape[d] - 1, 0)
    pairs = y.narrow(d, min(1, y.shape[d]), n) + y.narrow(d, 0, n)
    width = 1 if dx is None else dx
    if x is not None:
        if x.ndim == 1 and y.ndim > 1:
            x = reshape(x, *[-1 if k == d else 1 for k in range(y.ndim)])
        elif x.ndim < y.ndim:
            x = reshape(x, *[1] * (y.ndim - x.ndim), *x.shape)
        width = diff(x, dim=d)
    return pairs * width / 2.0


def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under `y` along `dim`, by straight lines between points."""
    if is_number(x):
        x, dx = None, x
    return _areas(y, x, dx, dim).sum(dim)


def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under `y` up to each point."""
    return PUBLIC["cumsum"](_areas(y, x, dx, dim), dim)


for _function in (trapezoid, cumulative_trapezoid):
    public(method=False)(_function)
public(method=False, name="trapz")(trapezoid)


# -- distances -------------------------------------------------------------------------------------


@public(method=False)
def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:  # fmt: skip
    """The distance of each row of `x1` from each row of `x2`."""
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    apart = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    return W["_norm"](apart, p) if False else PUBLIC["norm"](apart, p, -1)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances between all pairs of rows."""
    i, j = np.triu_indices(input.shape[0], 1)
    return PUBLIC["norm"](W["index"](input, (i,)) - W["index"](input, (j,)), p, -1)


public(method=False)(pdist)


# -- counting and searching ------------------------------------------------------------------------


@public()
def bincount(input: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each whole number occurs."""
    w = None if weights is None else weights._a
    return fresh(np.bincount(input._a, w, minlength))


@public()
def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max]."""
    low, high = (
        (input._a.min(), input._a.max()) if min == max == 0 and input.numel() else (min, max)
    )
    return fresh(np.histogram(input._a, bins, (low, high))[0].astype(input._a.dtype))


@public(method=False)
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False,
         invert: bool = False) -> Tensor:  # fmt: skip
    """Which elements are among the others."""
    a, b = (x._a if isinstance(x, Tensor) else x for x in (elements, test_elements))
    return fresh(np.asarray(np.isin(a, b, invert=invert)))


@public(method=False)
def searchsorted(sorted_sequence: Tensor, input: Any, *, out_int32: bool = False,
                 right: bool = False, side: Any = None, sorter: Any = None) -> Tensor:  # fmt: skip
    """Where each element would be put to keep the order."""
    rows, x = sorted_sequence._a, input._a if isinstance(input, Tensor) else np.asarray(input)
    side = side or ("right" if right else "left")
    if rows.ndim == 1:
        found = np.asarray(np.searchsorted(rows, x, side))
    else:
        found = np.empty(x.shape, np.int64)
        for place in np.ndindex(x.shape[:-1]):
            found[place] = np.searchsorted(rows[place], x[place], side)
    return fresh(found.astype(np.int32 if out_int32 else np.int64))


@public(method=False)
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False,
              right: bool = False) -> Tensor:  # fmt: skip
    """The number of the interval between boundaries that each element lies in."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@public()
def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False,
                       dim: Any = None) -> Any:  # fmt: skip
    """The elements, each run of equal ones once."""
    a = input._a.reshape(-1)
    starts = np.flatnonzero(np.concatenate([[True], a[1:] != a[:-1]])) if a.size else a[:0]
    inverse = np.cumsum(np.concatenate([[0], a[1:] != a[:-1]])) if a.size else a[:0]
    out = [fresh(a[starts.astype(np.int64)])]
    if return_inverse:
        out.append(fresh(inverse.astype(np.int64).reshape(input._a.shape)))
    if return_counts:
        out.append(fresh(np.diff(np.append(starts, a.size)).astype(np.int64)))
    return out[0] if len(out) == 1 else tuple(out)


for _name, _ufunc in (("gcd", np.gcd), ("lcm", np.lcm)):

    def _whole(input: Tensor, other: Tensor, ufunc: Any = _ufunc) -> Tensor:
        return fresh(np.asarray(ufunc(input._a, other._a)))

    _whole.__name__ = _name
    public()(_whole)


@public()
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2 ** other."""
    return input * PUBLIC["pow"](2.0, other)


__all__ = ["cdist", "expand", "pdist"]
