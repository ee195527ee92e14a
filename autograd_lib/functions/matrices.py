"""matmul for all shapes, and products made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import errors
from ..operands import Unusual
from ..recorder import METHODS, public, register
from ..tensor import Tensor, wrap_dim
from .common import W, max_, need_tensor
from .reductions import sum
from .shapes import expand, permute, reshape


@public()
def matmul(input: Any, other: Any) -> Tensor:
    """Matrix product: of vectors, of matrices, of stacks of matrices (the others broadcast)."""
    if not isinstance(other, Tensor):
        need_tensor(other, "matmul", "other", 2)
    need_tensor(input, "matmul")
    n, m = input._a.ndim, other._a.ndim
    if n == 2 and m == 2:
        return W["mm"](input, other)
    if n == 0 or m == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D"
        )
    if n == 1 and m == 1:
        return W["dot"](input, other)
    if n == 2 and m == 1:
        return W["mv"](input, other)
    if n == 1 and m == 2:
        try:
            return W["row"](input, other)
        except (Unusual, ValueError):
            pass
        return W["squeeze_in_place"](W["mm"](W["unsqueeze"](input, 0), other), 0)
    return _matmul_many(input, other)


def _matmul_many(a: Tensor, b: Tensor) -> Tensor:
    # A stack times one matrix is one tall matrix times it.
    if a.ndim >= 3 and b.ndim <= 2:
        lead = a._a.shape[:-1]
        flat = reshape(a, (math.prod(lead), a._a.shape[-1]))
        if b.ndim == 2:
            return W["unsafe_view"](W["mm"](flat, b), (*lead, b._a.shape[1]))
        return W["unsafe_view"](W["mv"](flat, b), lead)
    if a.ndim <= 2 and b.ndim >= 3:
        turned = W["transpose"](b, -2, -1)
        if a.ndim == 1:
            lead = turned._a.shape[:-1]
            return W["unsafe_view"](
                W["mv"](reshape(turned, (math.prod(lead), turned._a.shape[-1])), a), lead
            )
        return W["transpose"](_matmul_many(turned, W["t"](a)), -2, -1)
    n, m = a._a.shape[-2:]
    k, p = b._a.shape[-2:]
    wrong = errors.broadcast_error(a._a.shape[:-2], b._a.shape[:-2])
    if wrong:
        raise wrong
    lead = np.broadcast_shapes(a._a.shape[:-2], b._a.shape[:-2])
    count = math.prod(lead)
    left = reshape(expand(a, *lead, n, m), (count, n, m))
    right = reshape(expand(b, *lead, k, p), (count, k, p))
    return W["unsafe_view"](W["bmm"](left, right), (*lead, n, p))


@public()
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The product of every element of one vector with every element of another."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if input.ndim != 1 else 'vec2'}, but got "
            f"{input.ndim if input.ndim != 1 else vec2.ndim}-D"
        )
    return W["mul"](reshape(input, (input._a.shape[0], 1)), vec2)


register("ger", outer)


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products along the last dimension."""
    if input.ndim == 0 or other.ndim == 0:
        return W["mul"](input, other)
    return tensordot(input, other, ([-1], [-1]))


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The dot product of two vectors, the first of them conjugated."""
    return W["dot"](input.conj(), other)


@public(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Any = None) -> Tensor:
    """The sum of products over `dims`: a number of them, or one list for each tensor."""
    if isinstance(dims, int):
        da, db = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        da, db = [list(d) if not isinstance(d, int) else [d] for d in dims]
    da = [wrap_dim(int(d), a.ndim) for d in da]
    db = [wrap_dim(int(d), b.ndim) for d in db]
    fa = [i for i in range(a.ndim) if i not in da]
    fb = [i for i in range(b.ndim) if i not in db]
    # A dimension of size 1 stands for any size on the other side.
    for x, y in list(zip(da, db, strict=True)):
        if a.shape[x] != b.shape[y]:
            if a.shape[x] == 1:
                b = sum(b, y, True)
            elif b.shape[y] == 1:
                a = sum(a, x, True)
            else:
                raise RuntimeError(
                    "contracted dimensions need to match, but first has size "
                    f"{a.shape[x]} in dim {x} and second has size {b.shape[y]} in dim {y}"
                )
    n = math.prod(a.shape[d] for d in da)
    left = reshape(permute(a, *fa, *da) if a.ndim else a, (math.prod(a.shape[i] for i in fa), n))
    right = reshape(permute(b, *db, *fb) if b.ndim else b, (n, math.prod(b.shape[i] for i in fb)))
    return reshape(W["mm"](left, right), (*[a.shape[i] for i in fa], *[b.shape[i] for i in fb]))


@public(method=False)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product."""
    n = max_(input.ndim, other.ndim)
    a = reshape(input, (1,) * (n - input.ndim) + tuple(input.shape))
    b = reshape(other, (1,) * (n - other.ndim) + tuple(other.shape))
    left = reshape(a, tuple(x for s in a.shape for x in (s, 1)))
    right = reshape(b, tuple(x for s in b.shape for x in (1, s)))
    return reshape(W["mul"](left, right),
                   tuple(s * r for s, r in zip(a.shape, b.shape, strict=True)))  # fmt: skip


METHODS["kron"] = kron


@public()
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """beta * input + alpha * the sum over a stack of matrix products."""
    total = sum(W["bmm"](batch1, batch2), 0)
    total = total if alpha == 1 else W["mul"](total, alpha)
    return W["add"](total, input if beta == 1 else W["mul"](input, beta)) if beta else total


@public()
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    product = outer(vec1, vec2)
    product = product if alpha == 1 else W["mul"](product, alpha)
    return W["add"](product, W["mul"](input, beta)) if beta else product


@public(method=False)
def chain_matmul(*matrices: Any) -> Tensor:
    """The product of matrices, from left to right."""
    out = matrices[0]
    for m in matrices[1:]:
        out = W["mm"](out, m)
    return out
