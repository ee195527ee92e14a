"""The table: sums, means, extremes and running sums."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import math
import warnings

import numpy as np

from .. import errors, unbroadcast
from ..dtypes import long_name
from ..numeric import FEW, FLOAT32, ROWS_OF_ONES, complex_met, kept, sum_along, total
from ..operands import return_type
from ..recorder import Array, op, speak_tensors, word
from ..tensor import wrap_dim
from .arithmetic import exp, log
from .comparing import where
from .positions import scatter_
from .shapes import (
    any_of,
    axes,
    cat,
    flip,
    max_of,
    ones_like,
    reshape,
    restore,
    slice_,
    unsqueeze,
    zeros_like,
    zeros_of,
)

_add = np.add.reduce


# -- undoing a broadcast ---------------------------------------------------------------------------


@word
def sum_to(grad, shape):
    """Undo broadcasting: sum over the dimensions along which a value was repeated."""
    if not len(shape):
        return sum(grad)
    lead = grad.ndim - len(shape)
    dims = [
        i
        for i in range(grad.ndim)
        if i < lead or (shape[i - lead] == 1 and grad.shape[i] != 1)
    ]
    summed = sum(grad, dims, True) if dims else grad
    return reshape(summed, shape) if lead else summed


@word
def repeat_back(grad, repeats, shape):
    if any_of(r == 0 for r in repeats):
        return zeros_of(shape, grad)
    lead = len(repeats) - len(shape)
    split, dims = [], []
    for i, r in enumerate(repeats):
        dims.append(len(split))
        split += [r] if i < lead else [r, shape[i - lead]]
    return sum(reshape(grad, tuple(split)), dims) if dims else grad


unbroadcast.sum_to_array = sum_to
unbroadcast.sum_to_tensor = speak_tensors(sum_to)

# -- sums and means --------------------------------------------------------------------------------


@op(node="SumBackward0", public=False, calm=True,
    self="expand(grad, self_sym_sizes)")
def sum_all(self: Array):
    return _add(self, None, np.int64) if self.dtype.kind in "iub" else total(self)


@op(node="SumBackward1", public=False, error="sum",
    self="expand(restore(grad, self_sym_sizes, dim, keepdim), self_sym_sizes)")
def sum_dim(self: Array, dim, keepdim=False):
    kind = np.int64 if self.dtype.kind in "iub" else None
    return _add(self, axis=axes(dim, self.ndim), keepdims=keepdim, dtype=kind)


def sum(self, dim=None, keepdim=False):
    if dim is None:
        return total(self)
    if keepdim and dim.__class__ is int and self.ndim:
        return sum_along(self, dim)
    return _add(self, axis=axes(dim, self.ndim), keepdims=keepdim)


def _need_float(name, a):
    if a.dtype.kind in "iub":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {long_name(a.dtype)}"
        )


@op(node="MeanBackward0", public=False, calm=True,
    self="expand(grad / self_sym_numel, self_sym_sizes)")
def mean_all(self: Array):
    # A sum and a division: a fifth of the time of ndarray.mean. (Dividing a float32 scalar by a
    # Python integer stays in float32.)
    n = self.size
    if self.dtype is FLOAT32 and self.ndim == 1 and 0 < n <= FEW:
        return self.dot(ROWS_OF_ONES[n]) / n  # as `total` does it, 0.1 us less
    _need_float("mean", self)
    return total(self) / (n or math.nan)


@op(node="MeanBackward1", public=False, error="mean", keeps=("self_sym_numel",),
    self="expand(restore(grad, self_sym_sizes, dim, keepdim) / count(self_sym_sizes, dim), "
         "self_sym_sizes)")
def mean_dim(self: Array, dim, keepdim=False):
    _need_float("mean", self)
    dims = axes(dim, self.ndim)
    return _add(self, axis=dims, keepdims=keepdim) / self.dtype.type(count(self.shape, dim))


def count(shape, dim):
    """How many elements a reduction over `dim` combines."""
    return math.prod(shape[d] for d in axes(dim, len(shape))) if shape else 1


@op(node="VarBackward0", public=False, error="var",
    self="var_back(grad, self, dim, correction, keepdim)")
def var_(self: Array, dim, correction, keepdim=False):
    return variance(self, dim, correction, keepdim, "var")


@op(node="StdBackward0", public=False, error="std",
    self="std_back(grad, self, result, dim, correction, keepdim)")
def std_(self: Array, dim, correction, keepdim=False):
    return np.sqrt(variance(self, dim, correction, keepdim, "std"))


def variance(a, dim, correction, keepdim, name):
    _need_std(name, a)
    dims = axes(dim, a.ndim)
    n = count(a.shape, dim)
    if n - correction <= 0:
        warnings.warn(errors.VAR_DEGREES.format(name), UserWarning, stacklevel=4)
    centred = a - _add(a, axis=dims, keepdims=True) / a.dtype.type(n)
    if a.dtype.kind == "c":
        complex_met()
        centred = np.abs(centred)
    squares = _add(centred * centred, axis=dims, keepdims=keepdim)
    return squares / squares.dtype.type(max_of(n - correction, 0))


def _need_std(name, a):
    if a.dtype.kind in "iub":
        raise RuntimeError("std and var only support floating point and complex dtypes")


@word
def var_back(grad, self, dim, correction, keepdim):
    n = count(self.shape, dim)
    grad = restore(grad, self.shape, dim, keepdim)
    freedom = n - correction
    if freedom == 0:
        return grad * (self - mean(self, dim, True)) * math.inf
    return grad * (self - mean(self, dim, True)) * (2.0 / freedom)


@word
def std_back(grad, self, result, dim, correction, keepdim):
    inner = where(result == 0, 0.0, grad / (result * 2))
    return var_back(inner, self, dim, correction, keepdim)


def mean(self, dim=None, keepdim=False):
    return _add(self, axis=axes(dim, self.ndim), keepdims=keepdim) / count(self.shape, dim)


@op(node="ProdBackward0", public=False,
    self="prod_back(grad, self, result)")
def prod_all(self: Array):
    return np.multiply.reduce(self, axis=None, dtype=_summed(self))


@op(node="ProdBackward1", public=False, error="prod",
    self="prod_dim_back(grad, self, result, dim, keepdim)")
def prod_dim(self: Array, dim, keepdim=False):
    return np.multiply.reduce(self, axis=axes(dim, self.ndim), keepdims=keepdim,
                              dtype=_summed(self))


def _summed(a):
    return np.int64 if a.dtype.kind in "iub" else a.dtype


@word
def prod_back(grad, self, result):
    if self.ndim == 0:
        return grad
    return reshape(
        grad * product_of_others(reshape(self, (math.prod(self.shape),)), 0), tuple(self.shape)
    )


@word
def prod_dim_back(grad, self, result, dim, keepdim):
    if self.ndim == 0:
        return grad
    return restore(grad, self.shape, dim, keepdim) * product_of_others(self, dim)


@word
def product_of_others(self, dim):
    """For each element the product of all others along `dim`, right for zeros too.

    Products of everything before, times products of everything after.
    """
    d = axes(dim, self.ndim)[0]
    n = self.shape[d]
    if n == 0:
        return zeros_like(self)
    one = ones_like(slice_(self, d, 0, 1))
    before = cumprod(cat([one, slice_(self, d, 0, n - 1)], d), d)
    after = flip(cumprod(cat([one, flip(slice_(self, d, 1, n), (d,))], d), d), (d,))
    return before * after


def _extreme(name, node_dim, node_all, find, argument):
    """max and min: the first extreme along a dim, or all that tie for the extreme of everything."""

    def all_(self: Array):
        _not_empty(name, self)
        return find(self)

    def along(self: Array, dim, keepdim=False):
        if self.ndim == 0:
            wrap_dim(dim, 0)
            return self, np.zeros((), np.int64)
        d = wrap_dim(dim, self.ndim)
        if self.shape[d] == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim {dim} to have non-zero size."
            )
        i = argument(self, d)
        return find(self, axis=d, keepdims=keepdim), np.expand_dims(i, d) if keepdim else i

    def extremes(self: Array, dim=(), keepdim=False):
        if not self.size and (dim is None or dim == ()):
            raise RuntimeError(
                f"a{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        for d in axes(dim, self.ndim) if not self.size else ():
            if not self.shape[d]:
                raise IndexError(f"a{name}(): Expected reduction dim {d} to have non-zero size.")
        return find(self, axis=axes(dim, self.ndim), keepdims=keepdim)

    for f in (all_, along, extremes):
        f.__annotations__["self"] = "Array"
    entire = op(
        f"{name}_all", node=node_all, public=False, error=name,
        self="evenly(grad, self, result)",
    )(all_)
    one_dim = op(
        f"{name}_dim", node=node_dim, public=False, error=name, outputs=2,
        result_type=return_type(name, "values", "indices"),
        self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)",
        names=("values", "indices"),
    )(along)
    many_dims = op(
        f"a{name}",
        self="evenly_dim(grad, self, result, dim, keepdim)",
    )(extremes)
    return entire, one_dim, many_dims


def _not_empty(name, a):
    if a.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify "
            "the reduction dim with the 'dim' argument."
        )


@word
def evenly(grad, self, result):
    """The gradient of an extreme, shared evenly by all elements that attain it."""
    mask = self != self if is_nan(result) else self == result
    return kept(grad / sum(mask * 1), mask)


def is_nan(result):
    return bool(result != result)


@word
def evenly_dim(grad, self, result, dim, keepdim):
    grad, result = (restore(x, self.shape, dim, keepdim) for x in (grad, result))
    mask = self == result
    if self.ndim == 0:
        return grad * mask
    return mask * (grad / sum(mask * 1, axes(dim, self.ndim), True))


@word
def pick_back(grad, shape, dim, keepdim, indices):
    """The gradient of choosing along `dim` the elements at `indices`: back to where they were."""
    if not shape:
        return grad
    d = wrap_dim(dim, len(shape))
    if not keepdim:
        grad, indices = unsqueeze(grad, d), unsqueeze(indices, d)
    return scatter_(zeros_of(shape, grad), d, indices, grad)


max_all, max_dim, amax = _extreme("max", "MaxBackward0", "MaxBackward1", np.max, np.argmax)
min_all, min_dim, amin = _extreme("min", "MinBackward0", "MinBackward1", np.min, np.argmin)


@op()
def argmax(self: Array, dim=None, keepdim=False):
    return _argextreme(np.argmax, "argmax", self, dim, keepdim)


@op()
def argmin(self: Array, dim=None, keepdim=False):
    return _argextreme(np.argmin, "argmin", self, dim, keepdim)


def _argextreme(f, name, a, dim, keepdim):
    if dim is None:
        if a.size == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        r = np.asarray(f(a))
        return r.reshape((1,) * a.ndim) if keepdim else r
    if a.ndim == 0:
        wrap_dim(dim, 0)
        return np.zeros((), np.int64)
    return f(a, axis=wrap_dim(dim, a.ndim), keepdims=keepdim)


@op(promote="float", node="LogsumexpBackward0", public=False, error="logsumexp",
    self="restore(grad, self.shape, dim, keepdim) * exp(self - restore(result, self.shape, dim, "
         "keepdim))")
def logsumexp_(self: Array, dim, keepdim=False):
    if self.ndim == 0:
        return self.copy()
    dims = axes(dim, self.ndim)
    top = np.max(self, axis=dims, keepdims=True, initial=-np.inf)
    top = np.where(np.isinf(top), 0, top).astype(self.dtype)
    out = np.log(_add(np.exp(self - top), axis=dims, keepdims=True)) + top
    return out if keepdim else np.squeeze(out, dims)


@op(promote="float", name="logcumsumexp", node="LogcumsumexpBackward0",
    self="logcumsumexp_back(grad, self, result, dim)")
def logcumsumexp_(self: Array, dim):
    if self.ndim == 0:
        wrap_dim(dim, 0)
        return self.copy()
    return np.logaddexp.accumulate(self, wrap_dim(dim, self.ndim))


def logcumsumexp(self, dim):
    return logcumsumexp_(np.asarray(self), dim)


@word
def logcumsumexp_back(grad, self, result, dim):
    """The sum of grad * exp(self - result) from here on, computed without overflow."""
    if self.ndim == 0:
        return grad
    total = zeros_like(grad)
    for sign in (1, -1):
        there = grad * sign > 0
        logs = where(there, log(where(there, grad * sign, 1.0)) - where(there, result, 0.0),
                     -math.inf)
        total = total + sign * exp(flip(logcumsumexp(flip(logs, (dim,)), dim), (dim,)) + self)
    return total


@op(self="cumsum_back(grad, dim)", node="CumsumBackward0", public=False)
def cumsum_(self: Array, dim):
    if self.ndim == 0:
        wrap_dim(dim, 0)
        return self.astype(_summed(self))
    return np.cumsum(self, wrap_dim(dim, self.ndim), dtype=_summed(self))


def cumsum(self, dim):
    return cumsum_(np.asarray(self), dim)


@word
def cumsum_back(grad, dim):
    if grad.ndim == 0:
        return grad
    return flip(cumsum(flip(grad, (dim,)), dim), (dim,))


@op(self="cumprod_back(grad, self, dim, result)",
    node="CumprodBackward0", public=False)
def cumprod_(self: Array, dim):
    if self.ndim == 0:
        wrap_dim(dim, 0)
        return self.astype(_summed(self))
    return np.cumprod(self, wrap_dim(dim, self.ndim), dtype=_summed(self))


def cumprod(self, dim):
    return cumprod_(np.asarray(self), dim)


@word
def cumprod_back(grad, self, dim, result):
    """Sum over the products that an element is part of, each without that element.

    Without zeros that is (sum of grad * result from here on) / self. With zeros, each row of the
    matrix of partial products is computed with the element left out.
    """
    if self.ndim == 0:
        return grad
    if not has_zero(self) and not tracked(self):
        return cumsum_back(grad * result, dim) / self
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d]
    parts = []
    for k in range(n):
        before = prod(slice_(self, d, 0, k), d, True)
        rest = slice_(self, d, k + 1, n)
        chain = cumprod(cat([before, rest], d), d)
        parts.append(sum(slice_(grad, d, k, n) * chain, d, True))
    return cat(parts, d) if parts else grad


def has_zero(self):
    return bool(np.any(np.asarray(self) == 0))


def tracked(self):
    return False


def prod(self, dim, keepdim=False):
    return np.multiply.reduce(self, axis=axes(dim, self.ndim), keepdims=keepdim)
