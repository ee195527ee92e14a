"""Operations that torch writes as several, done at once: linear, cross_entropy, vector @ matrix.

Each has a node that does all the steps on the way back, and says how it unfolds: what torch's nodes
are, which it becomes as soon as somebody looks inside (see `FoldedNode`). What is unusual in any
way (other shapes and types, modes) raises `Unusual`, and the caller takes the plain operations.
"""

# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any

import numpy as np

from .derivatives.matrices import turned
from .node import Node
from .numeric import FLOAT32, FLOAT64, rows, sum_of_rows, total
from .operands import Unusual
from .recorder import ARRAYS, ENTRIES, WORDS, Array, Index, op
from .saved import FREED
from .tensor import Tensor, fresh, view_of

_max = np.maximum.reduce
INT64, FLOATS = np.dtype("i8"), (FLOAT32, FLOAT64)


def bare(name: str, edges: tuple, **saved: Any) -> Any:
    """A node of the operation `name`, filled by hand."""
    node = ENTRIES[name].node_class()
    node._edges, node._hooks = edges, None
    for key, value in saved.items():
        setattr(node, key, value)
    return node


def inner(outer: Any, n: int, name: str, edges: tuple, shape: tuple, **saved: Any) -> Any:
    """The edge to a node that a folded one stood for too, the nth from the end; None if untracked.

    The operation left the numbers of its inner nodes free.
    """
    if edges == (None,) * len(edges):
        return None
    node = bare(name, edges, **saved)
    node._seq, node._shape, node._dtype = outer._seq + n, shape, outer._dtype
    return node._edge()


def seen(t: Any, name: str, edge: Any, *args: Any) -> Any:
    """A saved tensor as the inner operation saw it: a view of it, made by the node at `edge`."""
    if not isinstance(t, Tensor):
        return t  # not saved, or freed
    view = WORDS[name](t.detach(), *args)
    view._edge, view._rg, view._view = edge, edge is not None, view_of(t)
    return view


# -- linear: t, then addmm -------------------------------------------------------------------------


def unfold_linear(node: Any) -> Node:
    to_bias, to_input, to_weight = node._edges
    edge = inner(node, 1, "t", (to_weight,), node.saved_mat2_sym_sizes[::-1])
    return bare("addmm", (to_bias, to_input, edge),
                saved_mat1=node.saved_mat1, version_mat1=node.version_mat1,
                saved_mat2=seen(node.saved_mat2, "t", edge), version_mat2=node.version_mat2,
                saved_alpha=1, saved_beta=1, saved_mat2_turned=True)


# (`self` is the bias; arguments are named as in addmm.)
@op(public=False, node="AddmmBackward0", unfold=unfold_linear, keeps=("mat2_sym_sizes",), calm=True,
    self="grad",
    mat1="product(grad, mat2)",
    mat2="product(turned(grad), mat1)")
def linear_(self: Array, mat1: Array, mat2: Array):
    kind = self.dtype
    if (
        mat1.dtype is not kind or mat2.dtype is not kind or kind not in FLOATS
        or mat1.ndim != 2 or mat2.ndim != 2 or self.shape != mat2.shape[:1]
    ):
        raise Unusual
    result = mat1.dot(mat2.T)
    result += self
    return result


# -- vector @ matrix: unsqueeze, mm, squeeze_ ------------------------------------------------------


def unfold_row(node: Any) -> Node:
    to_vector, to_matrix = node._edges
    n, m = node.saved_mat2_sym_sizes
    vector = inner(node, 2, "unsqueeze", (to_vector,), (1, n), saved_dim=0)
    product = inner(node, 1, "mm", (vector, to_matrix), (1, m),
                    saved_self=seen(node.saved_self, "unsqueeze", vector, 0),
                    version_self=node.version_self,
                    saved_mat2=node.saved_mat2, version_mat2=node.version_mat2,
                    saved_mat2_turned=node.saved_mat2_turned)
    return bare("squeeze_in_place", (product,), saved_dim=0, saved_self_sym_sizes=(1, m))


@op(public=False, node="SqueezeBackward4", unfold=unfold_row, keeps=("mat2_sym_sizes",), calm=True,
    self="mat2.dot(grad)",
    mat2="row_back(self, grad, mat2_turned)")
def row(self: Array, mat2: Array):
    if self.dtype is not mat2.dtype or self.dtype not in FLOATS:
        raise Unusual
    return self.dot(mat2)


def row_back(vector, grad, matrix_turned):
    if matrix_turned:
        return turned(grad[:, None] * vector)
    return vector[:, None] * grad


# -- cross_entropy: log_softmax, then nll_loss -----------------------------------------------------


def unfold_cross_entropy(node: Any) -> Node:
    shape, logp, total = node.saved_self_sym_sizes, node.saved_logp, node.saved_logp
    if logp is not FREED:
        logp = logp.T.copy()
    edge = inner(node, 1, "log_softmax_", node._edges, shape,
                 saved_result=logp, counter_result=[0], version_result=0, saved_dim=1)
    if logp is not FREED:
        logp, total = fresh(logp), np.asarray(shape[0], node._dtype)
        logp._edge, logp._rg = edge, True
    return bare("nll_loss_forward", (edge,), saved_self=logp, version_self=0,
                saved_target=node.saved_target, version_target=node.version_target,
                saved_weight=None, version_weight=0, saved_reduction=1, saved_ignore_index=-100,
                saved_total_weight=total, counter_total_weight=[0], version_total_weight=0)


@op(public=False, node="NllLossBackward0", unfold=unfold_cross_entropy, calm=True,
    inside=("logp", "places"), keeps=("target", "self_sym_sizes"),
    self="cross_entropy_back(grad, logp, places)")
def cross_entropy_(self: Array, target: Index):
    if self.ndim != 2 or target.ndim != 1 or target.dtype is not INT64 or self.dtype not in FLOATS:
        raise Unusual
    n = len(target)
    # (Where the smallest class is, and which: 0.2 us, where its value alone would take 0.8.)
    if n != len(self) or not n or target.item(target.argmin()) < 0:
        raise Unusual
    # One row for each class: NumPy is fastest along long rows.
    logp = self.T.copy()
    logp -= _max(logp, 0)
    logp -= np.log(sum_of_rows(np.exp(logp)))
    places = target * n
    places += rows(n)
    # (An IndexError here is a class that does not exist.)
    return total(logp.ravel()[places]) / -n, logp, places


def cross_entropy_back(grad, logp, places):
    """(softmax - 1 at the target, else 0), for each sample, divided by their number."""
    g = np.exp(logp)
    g.ravel()[places] -= 1
    g *= grad / len(places)
    return g.T


ARRAYS.update(row_back=row_back, cross_entropy_back=cross_entropy_back)
