"""The table: positions and sorting."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..operands import return_type
from ..recorder import Array, Index, op, word
from ..saved import stale
from ..tensor import INFERENCE, Tensor, wrap_dim
from .comparing import where_
from .shapes import cat, reshape, zeros_of

_add = np.add.reduce


class Places(tuple):
    """Positions in each dimension, and the tensors that they were read from, with their versions.
    """

    watched: tuple = ()

    @classmethod
    def of(cls, places, keys):
        out = cls(places)
        out.watched = tuple((t, t._counter[0]) for t in keys
                            if isinstance(t, Tensor) and t._counter is not INFERENCE)
        return out


def unchanged(indices):
    """The same positions. Raises if the memory they stand in was changed since."""
    for t, version in getattr(indices, "watched", ()):
        if t._counter[0] != version:
            raise stale(None, t._a, t._edge, t._counter[0], version)
    return indices


@op(node="IndexBackward0", public=False, error="index",
    self="index_back(grad, self_sym_sizes, unchanged(indices))")
def index(self: Array, indices):
    return self[indices]


@op(grad="index(grad, indices)", public=False, node="IndexPutBackward0")
def _index_back_op(grad: Array, shape, indices):
    out = np.zeros(shape, grad.dtype)
    np.add.at(out, indices, grad)
    return out


@word
def index_back(grad, shape, indices):
    return _index_back_op(grad, tuple(shape), indices)


@op(node="IndexPutBackward0", public=False, error="index_put",
    self="grad if accumulate else index_cleared(grad, unchanged(indices))",
    values="index(grad, unchanged(indices))")
def index_put_op(self: Array, indices, values: Array, accumulate=False):
    out = self.copy()
    if accumulate:
        np.add.at(out, indices, values)
    else:
        out[indices] = values
    return out


@op(self="index_cleared(grad, indices)", public=False)
def index_cleared(self: Array, indices):
    out = self.copy()
    out[indices] = 0
    return out


def _along(dim, index):
    """Indices for NumPy: `index` along `dim`, the element's own position elsewhere."""
    places = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    places[dim] = index
    return tuple(places)


@op(self="scatter_add_(zeros_of(self_sym_sizes, grad), dim, index, grad)")
def gather(self: Array, dim, index: Index, *, sparse_grad=False):
    if self.ndim == 0 or index.ndim == 0:
        r = np.atleast_1d(self)[np.atleast_1d(index)]
        return r.reshape(index.shape)
    if index.size == 0:
        return np.zeros(index.shape, self.dtype)
    if index.ndim != self.ndim:
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor"
        )
    d = wrap_dim(dim, self.ndim)
    try:
        return self[_along(d, index)]
    except IndexError:
        n = self.shape[d]
        bad = index[(index < -n) | (index >= n)][0]
        raise RuntimeError(
            f"index {bad} is out of bounds for dimension {d} with size {n}"
        ) from None


@op(node="ScatterAddBackward0", public=False, error="scatter_add",
    self="grad",
    src="gather(grad, dim, index)")
def scatter_add_(self: Array, dim, index: Index, src: Array):
    out = self.copy()
    if index.size == 0:
        return out
    if self.ndim == 0:
        np.add.at(out.reshape(1), np.atleast_1d(index), np.atleast_1d(src))
        return out
    window = tuple(slice(n) for n in index.shape)
    np.add.at(out, _along(wrap_dim(dim, self.ndim), index), np.broadcast_to(src, src.shape)[window])
    return out


@op(node="ScatterBackward0", public=False, error="scatter",
    self="scatter_value(grad, dim, index, 0)",
    src="gather(grad, dim, index)")
def scatter_(self: Array, dim, index: Index, src: Array):
    out = self.copy()
    if self.ndim == 0:
        out[...] = np.asarray(src).reshape(())
        return out
    window = tuple(slice(n) for n in index.shape)
    out[_along(wrap_dim(dim, self.ndim), index)] = src[window]
    return out


@op(node="ScatterBackward1", public=False, error="scatter",
    self="scatter_value(grad, dim, index, 0)")
def scatter_value(self: Array, dim, index: Index, value):
    out = self.copy()
    if self.ndim == 0:
        out[...] = value
        return out
    out[_along(wrap_dim(dim, self.ndim), index)] = value
    return out


# -- scatter_reduce: what goes to one place is multiplied, averaged, or the largest kept --------


@word
def reduced_shares(grad, self, dim, index, src, result):
    """For the largest (or smallest): the gradient, divided among all that are equal to it."""
    equal = where_(src == gather(result, dim, index), 1.0, 0.0)
    return grad / scatter_add_(where_(self == result, 1.0, 0.0), dim, index, equal)


@word
def reduced_counts(like, dim, index, src, include_self):
    """For the mean: how many elements went to each place."""
    n = scatter_add_(zeros_of(like.shape, like) + (1 if include_self else 0), dim, index,
                     zeros_of(src.shape, like) + 1)
    return n + (n == 0)


@word
def scatter_reduce_self(grad, self, dim, index, src, reduce, include_self, result):
    if reduce == "prod":
        others = where_(self == 0, 1.0, self)
        grad = grad * scatter_reduce_(others, dim, index, src, reduce, include_self) / others
    elif reduce == "mean":
        grad = grad / reduced_counts(grad, dim, index, src, include_self)
    elif reduce != "sum":
        shares = reduced_shares(grad, self, dim, index, src, result)
        grad = shares * where_(self == result, 1.0, 0.0)
    return grad if include_self else scatter_value(grad, dim, index, 0)


@word
def scatter_reduce_src(grad, self, dim, index, src, reduce, include_self, result):
    if reduce == "prod":
        zero = src == 0
        count = scatter_add_(zeros_of(self.shape, grad), dim, index, where_(zero, 1.0, 0.0))
        lone = zero & (gather(count, dim, index) == 1)
        rest = scatter_reduce_(self, dim, index, where_(lone, 1.0, src), reduce, include_self)
        divided = gather(grad * result, dim, index) / where_(zero, 1.0, src)
        return where_(lone, gather(grad * rest, dim, index), divided)
    if reduce == "mean":
        grad = grad / reduced_counts(grad, dim, index, src, include_self)
    elif reduce != "sum":
        shares = gather(reduced_shares(grad, self, dim, index, src, result), dim, index)
        return shares * where_(src == gather(result, dim, index), 1.0, 0.0)
    return gather(grad, dim, index)


_REDUCTIONS = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum,
               "amin": np.minimum}


@op(node="ScatterReduceBackward0", public=False, error="scatter_reduce",
    self="scatter_reduce_self(grad, self, dim, index, src, reduce, include_self, result)",
    src="scatter_reduce_src(grad, self, dim, index, src, reduce, include_self, result)")
def scatter_reduce_(self: Array, dim, index: Index, src: Array, reduce, include_self=True):
    if reduce not in _REDUCTIONS:
        raise RuntimeError(
            "reduce argument must be either sum, prod, mean, amax or amin, got " + str(reduce)
        )
    out = np.atleast_1d(self).copy()
    index, src = np.atleast_1d(index), np.atleast_1d(src)
    places = _along(wrap_dim(dim, out.ndim), index)
    if not include_self:
        out[places] = {"prod": 1, "amax": -np.inf, "amin": np.inf}.get(reduce, 0)
    _REDUCTIONS[reduce].at(out, places, src[tuple(slice(n) for n in index.shape)])
    if reduce == "mean":
        count = np.full(out.shape, 1 if include_self else 0)
        np.add.at(count, places, 1)
        count = np.maximum(count, 1).astype(out.dtype)  # (divided by integers, it would be float64)
        out = out / count if out.dtype.kind in "fc" else out // count
    return out.reshape(self.shape)


# -- elements of `source`, one after another, at `places` ------------------------------------------


@word
def first_of(grad, places, shape):
    """The gradient of a source of which only the first elements were used."""
    used = reshape(index(grad, places), (-1,))
    n = math.prod(shape)
    return reshape(cat([used, zeros_of((n - used.shape[0],), grad)], 0), tuple(shape))


@op(node="MaskedScatterBackward0", public=False, error="masked_scatter", hides=("places",),
    self="index_cleared(grad, places)",
    source="first_of(grad, places, source_sym_sizes)")
def masked_scatter_(self: Array, source: Array, places):
    n = places[0].size
    if source.size < n:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes and source to have at "
            f"least {n} elements, but it has {source.size}"
        )
    out = self.copy()
    out[places] = source.reshape(-1)[:n]
    return out


@op(node="PutBackward0", public=False, error="put", hides=("places",),
    self="grad if accumulate else index_cleared(grad, places)",
    source="reshape(index(grad, places), tuple(source_sym_sizes))")
def put_(self: Array, source: Array, places, accumulate=False):
    return index_put_op(self, places, source.reshape(places[0].shape), accumulate)


@op(self="index_add_(zeros_of(self_sym_sizes, grad), dim, index, grad)")
def index_select(self: Array, dim, index: Index):
    if self.ndim == 0:
        return np.atleast_1d(self)[index.reshape(-1)[0]]
    try:
        return np.take(self, index, wrap_dim(dim, self.ndim))
    except IndexError:
        raise IndexError("index out of range in self") from None


@op(node="IndexAddBackward0", public=False, error="index_add",
    self="grad",
    source="scale(index_select(grad, dim, index), alpha)")
def index_add_(self: Array, dim, index: Index, source: Array, *, alpha=1):
    out = self.copy()
    d = wrap_dim(dim, self.ndim)
    where_to: Any = (*(slice(None),) * d, index)
    if self.ndim == 0:
        np.add.at(out.reshape(1), np.atleast_1d(index), np.atleast_1d(source) * alpha)
        return out
    np.add.at(out, where_to, source if alpha == 1 else source * alpha)
    return out


@op(node="SortBackward0", outputs=2, public=False, error="sort",
    result_type=return_type("sort", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, True, indices)", names=("values", "indices"))
def sort_(self: Array, dim=-1, descending=False):
    i = _argsort(self, dim, descending)
    return (np.take_along_axis(self, i, dim) if self.ndim else self.copy()), i


def _argsort(a, dim, descending):
    if a.ndim == 0:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(a, dim, kind="stable")
    flipped = np.argsort(np.flip(a, dim), dim, kind="stable")
    return np.flip(a.shape[dim] - 1 - flipped, dim).copy()


@op(node="TopkBackward0", outputs=2, public=False, error="topk",
    result_type=return_type("topk", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, True, indices)", names=("values", "indices"))
def topk_(self: Array, k, dim=-1, largest=True):
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    d = wrap_dim(dim, self.ndim)
    if not 0 <= k <= self.shape[d]:
        raise RuntimeError("selected index k out of range")
    i = np.take(_argsort(self, d, largest), range(k), d)
    return np.take_along_axis(self, i, d), i


@op(node="MedianBackward0", public=False, error="median",
    self="evenly(grad, self, result)")
def median_all(self: Array):
    if self.size == 0:
        return np.asarray(np.nan, self.dtype)
    flat = np.sort(self, axis=None)
    return flat[-1] if np.isnan(flat[-1]) else flat[(self.size - 1) // 2]


@op(node="NanmedianBackward0", public=False, error="nanmedian",
    self="evenly(grad, self, result)")
def nanmedian_all(self: Array):
    if np.isnan(self).all():
        return np.asarray(np.nan, self.dtype)
    flat = np.sort(self[~np.isnan(self)], axis=None)
    return flat[(flat.size - 1) // 2]


@op(node="MedianBackward1", outputs=2, public=False, error="median",
    result_type=return_type("median", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)", names=("values", "indices"))
def median_dim(self: Array, dim, keepdim=False):
    return kth(self, (self.shape[dim] + 1) // 2 if self.ndim else 1, dim, keepdim)


@op(node="KthvalueBackward0", outputs=2, public=False, error="kthvalue",
    result_type=return_type("kthvalue", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)", names=("values", "indices"))
def kthvalue_(self: Array, k, dim=-1, keepdim=False):
    return kth(self, k, dim, keepdim)


def kth(a, k, dim, keepdim):
    if a.ndim == 0:
        return a.copy(), np.zeros((), np.int64)
    d = wrap_dim(dim, a.ndim)
    i = np.take(np.argsort(a, d, kind="stable"), [k - 1], d)
    v = np.take_along_axis(a, i, d)
    return (v, i) if keepdim else (np.squeeze(v, d), np.squeeze(i, d))


# -- running extremes, and the most frequent element -----------------------------------------------


def _running(f):
    def forward(self: Array, dim):
        if self.ndim == 0:
            wrap_dim(dim, 0)
            return self.copy(), np.zeros((), np.int64)
        d = wrap_dim(dim, self.ndim)
        values = f.accumulate(self, d)
        places = np.arange(self.shape[d]).reshape([-1 if k == d else 1 for k in range(self.ndim)])
        reached = (self == values) | (self != self)
        return values, np.maximum.accumulate(np.where(reached, places, 0), d)

    forward.__annotations__["self"] = "Array"
    return forward


for _name, _f in (("cummax", np.maximum), ("cummin", np.minimum)):
    op(_name, outputs=2, names=("values", "indices"),
       result_type=return_type(_name, "values", "indices"),
       self="running_back(grad, self_sym_sizes, dim, indices)")(_running(_f))


@word
def running_back(grad, shape, dim, indices):
    return scatter_add_(zeros_of(shape, grad), dim, indices, grad) if shape else grad


@op(outputs=2, names=("values", "indices"), result_type=return_type("mode", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)")
def mode(self: Array, dim=-1, keepdim=False):
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    d = wrap_dim(dim, self.ndim)
    rows = np.moveaxis(self, d, -1)
    i = np.empty((*rows.shape[:-1], 1), np.int64)
    for place in np.ndindex(rows.shape[:-1]):
        found, counts = np.unique(rows[place], return_counts=True)
        i[place] = np.flatnonzero(rows[place] == found[counts.argmax()])[-1]
    i = np.moveaxis(i, -1, d)
    v = np.take_along_axis(self, i, d)
    return (v, i) if keepdim else (np.squeeze(v, d), np.squeeze(i, d))
