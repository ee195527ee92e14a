"""The table: products of matrices and vectors."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import numpy as np

from ..dtypes import long_name
from ..recorder import Array, op, word


def _same_type(name, a, b, what="both vectors to have same dtype"):
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise RuntimeError(
            f"{name} : expected {what}, but found {long_name(a.dtype)} and {long_name(b.dtype)}"
        )


@op(self="grad * tensor",
    tensor="grad * self")
def dot(self: Array, tensor: Array):
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {self.ndim}D and {tensor.ndim}D tensors"
        )
    _same_type("dot", self, tensor)
    if self.shape != tensor.shape:
        n, m = self.shape[0], tensor.shape[0]
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same "
            f"number of elements, but got {n} and {m} elements respectively"
        )
    return np.dot(self, tensor)


@op(self="outer(grad, vec)",
    vec="mv(t(self), grad)")
def mv(self: Array, vec: Array):
    if self.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got 1, {self.ndim}, {vec.ndim}"
        )
    if self.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({self.shape[0]}), mat "
            f"({self.shape[0]}x{self.shape[1]}), vec ({vec.shape[0]})"
        )
    _same_dtype(self, vec)
    return self @ vec


def _same_dtype(a, b):
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_name(a)} != {_c_name(b)}"
        )


def _c_name(a):
    return {"f4": "float", "f8": "double", "i8": "long", "i4": "int"}.get(a.dtype.str[1:], "?")


def product(a, b):
    """The word mm without its checks: shapes in a derivative are right already."""
    return a.dot(b)


def turned(a):
    return a.T


@word
def product_back(mat1, grad, mat2_turned):
    """The gradient of the second matrix, in its layout: a weight comes as the transpose of one."""
    if mat2_turned:
        return turned(product(turned(grad), mat1))
    return product(turned(mat1), grad)


def outer(self, vec2):
    return np.multiply.outer(self, vec2)


def _check_mm(a, b):
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
            f"{b.shape[0]}x{b.shape[1]})"
        )
    _same_dtype(a, b)


@op(shows=("self_sym_sizes", "self_sym_strides", "mat2_sym_sizes", "mat2_sym_strides"),
    self="product(grad, turned(mat2))",
    mat2="product_back(self, grad, mat2_turned)", hides=("mat2_turned",))
def mm(self: Array, mat2: Array):
    if self.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if mat2.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    _check_mm(self, mat2)
    return self.dot(mat2)  # (0.3 us faster than @, which has to find out what it is given)


@op(self="bmm(grad, transpose(mat2, 1, 2))",
    mat2="bmm(transpose(self, 1, 2), grad)")
def bmm(self: Array, mat2: Array):
    if self.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if mat2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        b, _, m = self.shape
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{b}, {m}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    return self @ mat2


@op(shows=("mat1_sym_sizes", "mat1_sym_strides", "mat2_sym_sizes", "mat2_sym_strides"),
    self="scale(grad, beta)",
    mat1="scale(product(grad, turned(mat2)), alpha)",
    mat2="scale(product_back(mat1, grad, mat2_turned), alpha)", hides=("mat2_turned",))
def addmm(self: Array, mat1: Array, mat2: Array, *, beta=1, alpha=1):
    if mat1.ndim != 2 or mat2.ndim != 2:
        raise RuntimeError(f"mat1 must be a matrix, got {mat1.ndim}-D tensor"
                           if mat1.ndim != 2 else
                           f"mat2 must be a matrix, got {mat2.ndim}-D tensor")
    _check_mm(mat1, mat2)
    r = mat1.dot(mat2)
    if alpha != 1:
        r = r * alpha
    if beta == 1 and r.dtype == self.dtype and self.ndim == 1 and self.shape == r.shape[1:]:
        r += self  # the product is ours, so the bias is added without another array
        return r
    if beta == 0:
        return r
    return r + (self if beta == 1 else self * beta)


@op(self="scale(grad, beta)",
    mat="scale(outer(grad, vec), alpha)",
    vec="scale(mv(t(mat), grad), alpha)")
def addmv(self: Array, mat: Array, vec: Array, *, beta=1, alpha=1):
    r = (mat @ vec) * alpha
    return np.broadcast_to(r if beta == 0 else r + self * beta, r.shape).astype(r.dtype)


@op(self="scale(grad, beta)",
    batch1="scale(bmm(grad, transpose(batch2, 1, 2)), alpha)",
    batch2="scale(bmm(transpose(batch1, 1, 2), grad), alpha)")
def baddbmm(self: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    r = (batch1 @ batch2) * alpha
    return r if beta == 0 else r + self * beta
