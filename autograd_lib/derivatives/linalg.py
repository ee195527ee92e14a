"""The table, continued: linear algebra, and the functions of torch.linalg.

The formulas for decompositions follow M. Giles, "An extended collection of matrix derivative
results for forward and reverse mode algorithmic differentiation" (2008).
"""

# `sum`, `abs`, `pow` and their like are torch's words here, as in the first part of the table.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..numeric import complex_met
from ..operands import return_type
from ..recorder import PUBLIC, Array, op, public, word
from ..recorder import WORDS as W
from ..tensor import Tensor, fresh, wrap_dim
from . import (
    abs,
    axes,
    cat,
    complex_,
    conj_physical,
    count,
    diag_embed,
    diagonal,
    exp,
    expand,
    eye_like,
    imag_part,
    index,
    is_complex,
    log,
    ones_like,
    pow,
    real_part,
    reshape,
    restore,
    sgn,
    slice_,
    stack,
    sum,
    tracked,
    transpose,
    tril,
    triu,
    unsqueeze,
    where,
    zeros_like,
    zeros_of,
)

_add = np.add.reduce


@word
def mT(a):
    return transpose(a, -2, -1)


@word
def mH(a):
    return conj_physical(transpose(a, -2, -1))


def matmul(a, b):
    """The word on arrays; on tensors it is torch's matmul."""
    return a @ b


# == Norms =========================================================================================


@word
def norm_back(grad, self, ord, result, dim, keepdim):
    grad = restore(grad, self.shape, dim, keepdim)
    result = restore(result, self.shape, dim, keepdim)
    if ord == 0:
        return zeros_like(self)
    if ord == 1:
        return sgn(self) * grad
    if ord in (math.inf, -math.inf):
        hit = abs(self) == result
        many = sum(hit * 1.0, axes(dim, self.ndim), True) if self.ndim else 1.0
        return sgn(self) * hit * (grad / many)
    if ord < 1:
        slope = sgn(self) * where(self == 0, 0.0, pow(abs(self), ord - 1))
        return slope * grad * pow(result, 1 - ord)
    # At zero a norm has many subgradients; torch takes 0.
    if ord == 2:
        return grad * where(result == 0, 0.0, self / result)
    if ord < 2:
        slope, size = sgn(self) * pow(abs(self), ord - 1), pow(result, ord - 1)
    else:
        slope, size = self * pow(abs(self), ord - 2), pow(result, ord - 1)
    return slope * where(result == 0, 0.0, grad / size)


@op(node="LinalgVectorNormBackward0", public=False, error="linalg.vector_norm",
    self="norm_back(grad, self, ord, result, dim, keepdim)")
def vector_norm_(self: Array, ord=2, dim=None, keepdim=False):
    if self.dtype.kind in "iub":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{_long(self)}"
        )
    ax = axes(dim, self.ndim)
    a = np.abs(self)
    if ord == 0:
        return _add((self != 0).astype(self.dtype), axis=ax, keepdims=keepdim)
    if ord == 1:
        return _add(a, axis=ax, keepdims=keepdim)
    if ord == 2:
        return np.sqrt(_add(a * a, axis=ax, keepdims=keepdim))
    if ord == math.inf:
        return np.max(a, axis=ax, keepdims=keepdim, initial=0)
    if ord == -math.inf:
        return np.min(a, axis=ax, keepdims=keepdim)
    return _add(a**ord, axis=ax, keepdims=keepdim) ** (1 / ord)


def _long(a: Any) -> str:
    from ..dtypes import long_name

    return long_name(a.dtype)


def norm(
    input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of a vector, or of a matrix for p "fro" and "nuc"."""
    if dtype is not None:
        input = PUBLIC_to(input, dtype)
    if isinstance(p, Tensor):
        p = p.item()
    if p is None or (p == "fro" and (dim is None or isinstance(dim, int) or len(dim) <= 2)):
        return W["vector_norm_"](input, 2, dim, keepdim)
    if p == "nuc":
        d = (-2, -1) if dim is None else dim
        return matrix_norm(input, "nuc", d, keepdim)
    return W["vector_norm_"](input, p, dim, keepdim)


def PUBLIC_to(t: Any, dtype: Any) -> Any:
    return t.to(dtype)


public(name="norm")(norm)
W["norm"] = norm


@public()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other."""
    return W["vector_norm_"](W["sub"](input, other), p)


@public()
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Slices along `dim` scaled down to a p-norm of at most maxnorm."""
    d = wrap_dim(dim, input.ndim)
    others = tuple(i for i in range(input.ndim) if i != d)
    n = W["vector_norm_"](input, p, others, True)
    return input * W["where"](n > maxnorm, maxnorm / (n + 1e-7), 1.0)


# == Inverses and systems ==========================================================================


@op(name="inv_ex", node="LinalgInvExBackward0", public=False, error="linalg.inv",
    A="-matmul(mT(result), matmul(grad, mT(result)))")
def inv_ex(A: Array):
    _square("linalg.inv", A)
    try:
        return np.linalg.inv(A)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.inv: The diagonal element 1 is zero, the inversion could not be completed "
            "because the input matrix is singular."
        ) from None


class LinAlgError(RuntimeError):
    """A matrix that does not allow the operation."""

    __module__ = "torch._C"


_LinAlgError = LinAlgError


def _square(name: str, a: Any) -> None:
    if a.ndim < 2:
        raise RuntimeError(
            f"{name}: The input tensor A must have at least 2 dimensions."
        )
    if a.shape[-1] != a.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {a.shape[-2]} by "
            f"{a.shape[-1]} matrices"
        )


@op(name="solve_ex", node="LinalgSolveExBackward0", public=False, error="linalg.solve",
    A="solve_left(grad, A, result)",
    B="solve_word(mT(A), grad)")
def solve_ex(A: Array, B: Array):
    _square("linalg.solve", A)
    if B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1]):
        return np.linalg.solve(A, B[..., None])[..., 0]
    return np.linalg.solve(A, B)


@word
def solve_word(A, B):
    return solve_ex(A, B)


@word
def solve_left(grad, A, result):
    """X = A^-1 B, so dA = -A^-T dX X^T."""
    g = solve_word(mT(A), grad)
    if result.ndim == A.ndim - 1:
        return -matmul(unsqueeze(g, -1), unsqueeze(result, -2))
    return -matmul(g, mT(result))


@op(name="triangular_solve_", node="LinalgSolveTriangularBackward0", public=False,
    error="linalg.solve_triangular",
    self="triangular_left(grad, self, upper, left, unitriangular, result)",
    B="triangular_word(mT(self), grad, not upper, left, unitriangular)")
def triangular_solve_(self: Array, B: Array, upper, left=True, unitriangular=False):
    a = np.triu(self) if upper else np.tril(self)
    if unitriangular:
        n = a.shape[-1]
        a = a * (1 - np.eye(n, dtype=a.dtype)) + np.eye(n, dtype=a.dtype)
    if left:
        return np.linalg.solve(a, B)
    x = np.linalg.solve(np.swapaxes(a, -2, -1), np.swapaxes(B, -2, -1))
    return np.swapaxes(x, -2, -1)


@word
def triangular_word(A, B, upper, left, unitriangular):
    return triangular_solve_(A, B, upper, left, unitriangular)


@word
def triangular_left(grad, A, upper, left, unitriangular, result):
    g = triangular_word(mT(A), grad, not upper, left, unitriangular)
    out = -matmul(g, mT(result)) if left else -matmul(mT(result), g)
    k = 1 if unitriangular else 0
    return triu(out, k) if upper else tril(out, -k)


@op(name="det_", node="LinalgDetBackward0", public=False, error="linalg.det",
    A="det_back(grad, A, result)")
def det_(A: Array):
    _square("linalg.det", A)
    return np.linalg.det(A).astype(A.dtype) if A.size else np.ones(A.shape[:-2], A.dtype)


@word
def det_back(grad, A, result):
    """d det = det tr(A^-1 dA): the matrix of cofactors, found without dividing by det."""
    return reshape(grad, (*grad.shape, 1, 1)) * cofactors(A, result)


@word
def cofactors(A, result):
    if nonsingular(A):
        return reshape(result, (*result.shape, 1, 1)) * mT(inv_ex(A))
    return cofactors_from_minors(A)


def nonsingular(a):
    a = getattr(a, "_a", a)
    return bool(a.size) and bool(np.all(np.linalg.cond(a) < 1e10))


@word
def cofactors_from_minors(A):
    n = A.shape[-1]
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            sign = 1.0 if (i + j) % 2 == 0 else -1.0
            row.append(det_(minor(A, i, j)) * sign if n > 1 else ones_of(A))
        rows.append(stack(row, -1))
    return stack(rows, -2) if rows else A * 0


@word
def minor(A, i, j):
    n = A.shape[-1]
    keep_i = [k for k in range(n) if k != i]
    keep_j = [k for k in range(n) if k != j]
    return take_both(A, keep_i, keep_j)


@word
def take_both(A, i, j):
    lead = (slice(None),) * (A.ndim - 2)
    return index(A, (*lead, np.array(i)[:, None], np.array(j)[None, :]))


@word
def ones_of(A):
    return sum(A, (-2, -1)) * 0 + 1.0


@op(name="slogdet_", node="LinalgSlogdetBackward0", public=False, error="linalg.slogdet",
    outputs=(0, 1), names=("sign", "logabsdet"),
    result_type=return_type("linalg_slogdet", "sign", "logabsdet"),
    A="slogdet_back(grads, sign, A)", holomorphic=False)
def slogdet_(A: Array):
    _square("linalg.slogdet", A)
    note_complex(A)
    if not A.size:
        return np.ones(A.shape[:-2], A.dtype), np.zeros(A.shape[:-2], A.dtype)
    return tuple(np.linalg.slogdet(A))


@word
def slogdet_back(grads, sign, A):
    """For complex matrices the sign turns as the imaginary part of log det says."""
    g = grads[1]
    if is_complex(A):
        g = complex_(g, -imag_part(conj_physical(grads[0]) * sign))
    return reshape(g, (*g.shape, 1, 1)) * mH(inv_ex(A))


def note_complex(a):
    """To be called where complex matrices have real results."""
    if a.dtype.kind == "c":
        complex_met()


# == Decompositions ================================================================================


@op(name="cholesky_ex", node="LinalgCholeskyExBackward0", public=False, error="linalg.cholesky",
    self="cholesky_back(grad, result, upper)", holomorphic=False)
def cholesky_ex(self: Array, upper=False):
    _square("linalg.cholesky", self)
    try:
        L = np.linalg.cholesky(np.tril(self) + _adjoint(np.tril(self, -1))
                               if not upper else
                               np.triu(self) + _adjoint(np.triu(self, 1)))
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.cholesky: The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order 1 is not positive-definite)."
        ) from None
    return _adjoint(L) if upper else L


def _adjoint(a):
    return np.conj(np.swapaxes(a, -2, -1))


@word
def cholesky_back(grad, result, upper):
    """With Phi(X) the lower triangle, diagonal halved: S = L^-T Phi(L^T dL) L^-1, symmetrized."""
    L, g = (mH(result), mH(grad)) if upper else (result, grad)
    phi = tril(matmul(mH(L), tril(g, 0)), 0)
    half = phi - 0.5 * diag_embed(diagonal(phi, 0, -2, -1), 0, -2, -1)
    s = triangular_word(mH(L), half, True, True, False)
    s = triangular_word(L, s, False, False, False)
    return 0.5 * (s + mH(s))


@op(name="qr_", node="LinalgQrBackward0", public=False, outputs=(0, 1), names=("Q", "R"),
    error="linalg.qr", result_type=return_type("linalg_qr", "Q", "R"),
    A="qr_back(grads, Q, R, mode)", holomorphic=False)
def qr_(A: Array, mode="reduced"):
    if mode == "r":
        r = np.linalg.qr(A, "r")
        return np.zeros(0, A.dtype), r
    return tuple(np.linalg.qr(A, mode))


@word
def hermitian(M):
    """The matrix that equals its own adjoint and has the lower triangle of M."""
    low, middle = tril(M, -1), diagonal(M, 0, -2, -1)
    middle = real_part(middle) if is_complex(M) else middle
    return low + mH(low) + diag_embed(middle, 0, -2, -1)


@word
def qr_back(grads, Q, R, mode):
    gq, gr = grads
    m, n = Q.shape[-2], R.shape[-1]
    k = Q.shape[-1]
    if k == n:
        M = matmul(R, mH(gr)) - matmul(mH(gq), Q)
        sym = hermitian(M)
        return mH(triangular_word(R, mH(gq + matmul(Q, sym)), True, True, False))
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
        )
    # A wide matrix: its first columns determine Q; the others only pass through R = Q^T A.
    R1, R2 = slice_(R, -1, 0, k), slice_(R, -1, k, n)
    g1, g2 = slice_(gr, -1, 0, k), slice_(gr, -1, k, n)
    gq = gq + matmul(Q, matmul(R2, mH(g2)))
    M = matmul(R1, mH(g1)) - matmul(mH(gq), Q)
    sym = hermitian(M)
    first = mH(triangular_word(R1, mH(gq + matmul(Q, sym)), True, True, False))
    return cat([first, matmul(Q, g2)], -1)


@op(name="eigh_", node="LinalgEighBackward0", public=False, outputs=(0, 1),
    names=("eigenvalues", "eigenvectors"), error="linalg.eigh",
    result_type=return_type("linalg_eigh", "eigenvalues", "eigenvectors"),
    A="eigh_back(grads, eigenvalues, eigenvectors)", holomorphic=False)
def eigh_(A: Array, UPLO="L"):
    note_complex(A)
    return tuple(np.linalg.eigh(A, UPLO))


@word
def eigh_back(grads, L, V):
    gl, gv = grads
    n = L.shape[-1]
    one = eye_like(L, (n, n))
    gap = unsqueeze(L, -2) - unsqueeze(L, -1) + one
    middle = matmul(mH(V), gv) * (1.0 - one) / gap
    middle = middle + diag_embed(gl, 0, -2, -1)
    out = matmul(V, matmul(middle, mH(V)))
    return 0.5 * (out + mH(out))


@op(name="svd_", node="LinalgSvdBackward0", public=False, outputs=(0, 1, 2),
    names=("U", "S", "Vh"), error="linalg.svd",
    result_type=return_type("linalg_svd", "U", "S", "Vh"),
    A="svd_back(grads, U, S, Vh)", holomorphic=False)
def svd_(A: Array, full_matrices=True):
    note_complex(A)
    u, s, vh = np.linalg.svd(A, full_matrices=full_matrices)
    return u, s, vh


@word
def nothing(g):
    """Whether no gradient arrived: only zeros, put there in its place."""
    return not np.any(g) if isinstance(g, np.ndarray) else not (tracked(g) or g._a.any())


@word
def svd_back(grads, U, S, Vh):
    gu, gs, gvh = grads
    k = S.shape[-1]
    m, n = U.shape[-2], Vh.shape[-1]
    U, Vh = slice_(U, -1, 0, k), slice_(Vh, -2, 0, k)
    gu, gvh = slice_(gu, -1, 0, k), slice_(gvh, -2, 0, k)
    V, gv = mH(Vh), mH(gvh)
    if nothing(gu) and nothing(gvh):
        return matmul(U * unsqueeze(gs, -2), Vh)
    row, col = unsqueeze(S, -2), unsqueeze(S, -1)
    # Equal singular values have no derivatives of their own; the diagonal is not needed.
    gap = (row - col) * (row + col) + eye_like(S, (k, k))
    E = (1.0 - eye_like(S, (k, k))) / gap
    ug, vg = matmul(mH(U), gu), matmul(mH(V), gv)
    skew_u, skew_v = (ug - mH(ug)) * E, (vg - mH(vg)) * E
    middle = skew_u * row + col * skew_v + diag_embed(gs, 0, -2, -1)
    if is_complex(U):
        turn = diagonal(ug - mH(ug), 0, -2, -1) / (2.0 * S)
        middle = middle + diag_embed(turn, 0, -2, -1)
    out = matmul(U, matmul(middle, Vh))
    if m > k:
        rest = gu - matmul(U, ug)
        out = out + matmul(rest / row, Vh)
    if n > k:
        rest = gv - matmul(V, vg)
        out = out + matmul(U, mH(rest / row))
    return out


# == The module ====================================================================================


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of order `ord`, over all elements or along `dim`."""
    return W["vector_norm_"](x if dtype is None else PUBLIC_to(x, dtype), ord, dim, keepdim)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of matrices: "fro", "nuc", inf, -inf, 1, -1, 2 or -2."""
    A = A if dtype is None else PUBLIC_to(A, dtype)
    d0, d1 = (wrap_dim(d, A.ndim) for d in dim)
    if ord == "fro":
        return W["vector_norm_"](A, 2, (d0, d1), keepdim)
    if ord in ("nuc", 2, -2):
        moved = PUBLIC["movedim"](A, (d0, d1), (-2, -1))
        s = svdvals(moved)
        out = (PUBLIC["sum"](s, -1) if ord == "nuc" else
               W["amax"](s, (-1,)) if ord == 2 else W["amin"](s, (-1,)))
        if keepdim:
            for d in sorted((d0, d1)):
                out = W["unsqueeze"](out, d)
        return out
    summed, other = (d0, d1) if ord in (1, -1) else (d1, d0)
    totals = PUBLIC["sum"](W["abs"](A), summed, True)
    out = W["amax" if ord > 0 else "amin"](totals, (other,), True)
    return out if keepdim else PUBLIC["squeeze"](out, (d0, d1))


def _norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A vector norm, or a matrix norm where `ord` or two dims ask for one."""
    A = A if dtype is None else PUBLIC_to(A, dtype)
    if ord is None:
        return W["vector_norm_"](A, 2, dim, keepdim)
    if isinstance(ord, str) or (dim is None and A.ndim == 2) or (
        isinstance(dim, (tuple, list)) and len(dim) == 2
    ):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim)
    return W["vector_norm_"](A, ord, dim, keepdim)


def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices. Raises for singular ones."""
    return W["inv_ex"](A)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B (or X A = B)."""
    if not left:
        return _T(W["solve_ex"](_T(A), _T(B)))
    return W["solve_ex"](A, B)


def _T(a: Tensor) -> Tensor:
    return W["transpose"](a, -2, -1)


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A X = B for a triangular A."""
    return W["triangular_solve_"](A, B, upper, left, unitriangular)


def det(A: Tensor) -> Tensor:
    """The determinant of square matrices."""
    return W["det_"](A)


def slogdet(A: Tensor) -> Any:
    """Sign and logarithm of the determinant."""
    return W["slogdet_"](A)


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """L with L L^T = A, for symmetric positive definite A."""
    return W["cholesky_ex"](A, upper)


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """Orthonormal Q and upper triangular R with Q R = A."""
    return W["qr_"](A, mode)


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    return W["eigh_"](A, UPLO)


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues of symmetric matrices."""
    return W["eigh_"](A, UPLO)[0]


def svd(A: Tensor, full_matrices: bool = True) -> Any:
    """U, S, Vh with U diag(S) Vh = A."""
    return W["svd_"](A, full_matrices)


def svdvals(A: Tensor) -> Tensor:
    """The singular values."""
    return W["svd_"](A, False)[1]


def pinv(
    A: Tensor, rcond: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Tensor:
    """The pseudo-inverse."""
    rtol = rcond if rtol is None else rtol
    U, S, Vh = W["svd_"](A, False)
    if not S.numel():
        return PUBLIC["matmul"](_T(Vh).conj(), _T(U).conj())
    if rtol is None:
        rtol = max(A.shape[-2:]) * np.finfo(A._a.dtype).eps if atol is None else 0.0
    limit = W["amax"](S, (-1,), True).detach() * rtol
    if atol is not None:
        limit = W["maximum"](limit, limit * 0 + atol)
    inverse = W["where"](limit < S, 1.0 / W["where"](limit < S, S, 1.0), 0.0)
    return PUBLIC["matmul"](_T(Vh).conj() * W["unsqueeze"](inverse, -2), _T(U).conj())


def matrix_power(A: Tensor, n: int) -> Tensor:
    """A multiplied by itself n times; a negative n inverts."""
    _square("linalg.matrix_power", A)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        return A * 0 + fresh(np.eye(A.shape[-1], dtype=A._a.dtype))
    out = None
    square = A
    while n:
        if n & 1:
            out = square if out is None else PUBLIC["matmul"](out, square)
        n >>= 1
        if n:
            square = PUBLIC["matmul"](square, square)
    assert out is not None
    return out if out is not A else W["clone"](A)


def multi_dot(tensors: Any) -> Tensor:
    """The product of several matrices."""
    out = tensors[0]
    for t in tensors[1:]:
        out = PUBLIC["matmul"](out, t)
    return out


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Dot products along `dim`."""
    return PUBLIC["sum"](x.conj() * y, dim)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Cross products of vectors with three elements along `dim`."""
    input, other = PUBLIC["broadcast_tensors"](input, other)
    d = wrap_dim(dim, input.ndim)
    a, b = [[W["slice_"](t, d, i, i + 1) for i in range(3)] for t in (input, other)]
    return PUBLIC["cat"]([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                          a[0] * b[1] - a[1] * b[0]], d)


def diagonal_of(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of matrices."""
    return W["diagonal"](A, offset, dim1, dim2)


def vander(x: Tensor, *, N: Any = None) -> Tensor:
    """The powers 0 to N - 1 of each element."""
    x = x if x.ndim else W["unsqueeze"](x, 0)
    n = x.shape[-1] if N is None else N
    ones = W["ones_like"](W["unsqueeze"](x, -1))
    if n == 1:
        return ones
    powers = expand_last(x, n - 1)
    return PUBLIC["cat"]([ones, PUBLIC["cumprod"](powers, -1)], -1)


def expand_last(x: Tensor, n: int) -> Tensor:
    return W["expand"](W["unsqueeze"](x, -1), *x.shape, n)


def logdet(A: Tensor) -> Tensor:
    """The logarithm of the determinant; NaN if that is negative."""
    sign, logabs = slogdet(A)
    return logabs + W["log"](sign.detach()) if (sign._a != 1).any() else logabs


NAMESPACE = {
    "norm": _norm, "vector_norm": vector_norm, "matrix_norm": matrix_norm, "inv": inv,
    "solve": solve, "solve_triangular": solve_triangular, "det": det, "slogdet": slogdet,
    "cholesky": cholesky, "qr": qr, "eigh": eigh, "eigvalsh": eigvalsh, "svd": svd,
    "svdvals": svdvals, "pinv": pinv, "matrix_power": matrix_power, "multi_dot": multi_dot,
    "vecdot": vecdot, "cross": cross, "diagonal": diagonal_of, "vander": vander,
    "LinAlgError": LinAlgError, "matmul": lambda a, b: PUBLIC["matmul"](a, b),
    "cholesky_ex": lambda A, *, upper=False, check_errors=False: (
        W["cholesky_ex"](A, upper), fresh(np.zeros(A.shape[:-2], np.int32))),
    "inv_ex": lambda A, *, check_errors=False: (
        W["inv_ex"](A), fresh(np.zeros(A.shape[:-2], np.int32))),
}
public(name="inverse")(inv)
public(name="det")(det)
public(name="slogdet")(slogdet)
public(name="logdet")(lambda input: logdet(input))
public(name="matrix_power")(matrix_power)
public(name="pinverse")(lambda input, rcond=1e-15: pinv(input, rtol=rcond))
public(name="cross")(lambda input, other, dim=None: cross(
    input, other, dim=-1 if dim is None else dim))
public(name="cholesky")(lambda input, upper=False: cholesky(input, upper=upper))
public(name="qr")(lambda input, some=True: qr(input, "reduced" if some else "complete"))


@public()
def svd_function(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """U, S, V with U diag(S) V^T = input."""
    U, S, Vh = W["svd_"](input, not some)
    return return_type("svd", "U", "S", "V")((U, S, _T(Vh).conj()))


PUBLIC["svd"] = PUBLIC.pop("svd_function")

__all__ = ["count", "exp", "expand", "log", "ones_like", "pow", "reshape", "zeros_of"]
