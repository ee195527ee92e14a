"""Linear algebra made of other operations: systems, exponentials, ranks, eigenvalues."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..derivatives import linalg
from ..numeric import complex_met
from ..operands import return_type
from ..recorder import ARRAYS, METHODS, PUBLIC, WORDS, Array, op, public
from ..tensor import Tensor, fresh
from .common import W
from .shapes import reshape

# -- systems of equations --------------------------------------------------------------------------


@public()
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution of A x = input, given the Cholesky factor of A."""
    factor = L.mH if upper else L
    return linalg.solve(factor @ factor.mH, input)


TRIANGULAR = return_type("triangular_solve", "solution", "cloned_coefficient")


@public()
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """The solution of A x = b for a triangular A, and a copy of A."""
    matrix, above = (A.mT, not upper) if transpose else (A, upper)
    solution = linalg.solve_triangular(matrix, b, upper=above, unitriangular=unitriangular)
    return TRIANGULAR((solution, A.clone()))


SOLVED = return_type("linalg_solve_ex", "result", "info")


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """`solve`, and 0 for each system that could be solved."""
    return SOLVED((linalg.solve(A, B, left=left), fresh(np.zeros(A.shape[:-2], np.int32))))


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map of tensors, its first `ind` dimensions against the others."""
    first, last = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    flat = reshape(A, math.prod(first), math.prod(last))
    return reshape(linalg.inv(flat), *last, *first)


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """The X with tensordot(A, X) = B."""
    if dims is not None:
        order = [d for d in range(A.ndim) if d not in {x % A.ndim for x in dims}]
        A = A.permute(*order, *[d % A.ndim for d in dims])
    shape = tuple(A.shape[B.ndim :])
    flat = reshape(A, B.numel(), math.prod(shape))
    return reshape(linalg.solve(flat, reshape(B, -1)), *shape)


# -- functions of a matrix -------------------------------------------------------------------------


@public()
def matrix_exp(input: Tensor) -> Tensor:
    """The sum of A^k / k!, by halving A until it is small and squaring the result."""
    if not input.numel():
        return input.clone()
    size = float(np.abs(input._a).sum(-2).max())
    halvings = max(0, math.ceil(math.log2(size)) + 1) if size > 0 and math.isfinite(size) else 0
    a = input / 2.0**halvings
    one = fresh(np.broadcast_to(np.eye(a.shape[-1], dtype=a._a.dtype), a._a.shape).copy())
    out = one
    for k in range(18, 0, -1):
        out = one + a @ out / k
    for _ in range(halvings):
        out = out @ out
    return out


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None,
                rtol: Any = None) -> Tensor:  # fmt: skip
    """How many singular values are not negligible."""
    s = np.linalg.svd(A._a, compute_uv=False)
    atol = tol if atol is None else atol
    least = 0.0 if atol is None else (atol._a if isinstance(atol, Tensor) else atol)
    if rtol is None and atol is None:
        rtol = max(A.shape[-2:]) * float(np.finfo(A._a.dtype).eps)
    share = s.max(-1, keepdims=True, initial=0) * (0.0 if rtol is None else rtol)
    return fresh(np.asarray((s > np.maximum(share, least)).sum(-1)))


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The norm of A times the norm of its inverse."""
    if p in (None, 2, -2):
        s = linalg.svdvals(A)
        first, last = s[..., 0], s[..., -1]
        return last / first if p == -2 else first / last
    return linalg.matrix_norm(A, p) * linalg.matrix_norm(linalg.inv(A), p)


# -- eigenvalues -----------------------------------------------------------------------------------


@op(name="eig_", node="LinalgEigBackward0", public=False, outputs=(0, 1), names=("L", "V"),
    result_type=return_type("linalg_eig", "eigenvalues", "eigenvectors"), holomorphic=False,
    self="eig_back(grads, L, V)")  # fmt: skip
def eig_(self: Array) -> Any:
    complex_met()
    kind = np.result_type(self.dtype, np.complex64)
    values, vectors = np.linalg.eig(self)
    return values.astype(kind), vectors.astype(kind)


def _eig_back(conj: Any, solve: Any, turned: Any, eye: Any) -> Any:
    def back(grads: Any, L: Any, V: Any) -> Any:
        gL, gV = grads
        vh = conj(turned(V))
        inner = vh @ gV
        gaps = conj(L[..., None, :] - L[..., :, None])
        own = eye(L)
        # (Vectors of length 1 move only across themselves.)
        norm = (vh @ V) * (inner.real * own).sum(-2)[..., None, :]
        ratio = (inner - norm) * (1 - own) / (gaps + own)
        return solve(vh, (ratio + gL[..., None, :] * own) @ vh)

    return back


WORDS["eig_back"] = _eig_back(
    lambda x: x.conj(),
    linalg.solve,
    lambda x: x.mT,
    lambda L: fresh(np.eye(L.shape[-1], dtype=L._a.real.dtype)),
)
ARRAYS["eig_back"] = _eig_back(
    np.conj,
    np.linalg.solve,
    lambda x: np.swapaxes(x, -1, -2),
    lambda L: np.eye(L.shape[-1], dtype=L.real.dtype),
)


def eig(A: Tensor) -> Any:
    """The eigenvalues of any square matrix, with eigenvectors of length 1."""
    return W["eig_"](A)


def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of any square matrix."""
    return eig(A)[0]


linalg.NAMESPACE.update(
    solve_ex=solve_ex, tensorinv=tensorinv, tensorsolve=tensorsolve,
    matrix_exp=matrix_exp, matrix_rank=matrix_rank, cond=cond, eig=eig, eigvals=eigvals,
)  # fmt: skip
METHODS["svd"] = lambda self, some=True, compute_uv=True: PUBLIC["svd"](self, some, compute_uv)
