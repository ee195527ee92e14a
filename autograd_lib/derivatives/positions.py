"""The table: positions and sorting."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

from typing import Any

import numpy as np

from ..operands import return_type
from ..recorder import Array, Index, op, word
from ..tensor import wrap_dim
from .shapes import ones_like, zeros_of

_add = np.add.reduce


@op(node="IndexBackward0", public=False, error="index",
    self="index_back(grad, self_sym_sizes, indices)")
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
    self="grad if accumulate else index_cleared(grad, indices)",
    values="index(grad, indices)")
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


# -- scattering with another operation than a sum --------------------------------------------------


@op(public=False, node="ScatterReduceBackward0", error="scatter_reduce",
    self="scatter_extreme_back(grad, self, dim, index, src, include_self, result)[0]",
    src="scatter_extreme_back(grad, self, dim, index, src, include_self, result)[1]")
def scatter_extreme(self: Array, dim, index: Index, src: Array, largest, include_self):
    out = self.copy()
    window = tuple(slice(n) for n in index.shape)
    places = _along(wrap_dim(dim, self.ndim), index)
    if not include_self:
        out[places] = src[window]
    (np.maximum if largest else np.minimum).at(out, places, src[window])
    return out


@word
def scatter_extreme_back(grad, self, dim, index, src, include_self, result):
    """Evenly to all that attain the extreme of their place."""
    mine = (self == result) * ones_like(grad)
    theirs = (src == gather(result, dim, index)) * ones_like(src)
    shared = grad / scatter_add_(mine, dim, index, theirs)
    mine_back = mine * shared
    if not include_self:
        mine_back = scatter_value(mine_back, dim, index, 0)
    return mine_back, theirs * gather(shared, dim, index)
