"""What NumPy calls cost, and how not to pay it: the engine's few tricks with bare arrays.

The times are those of arrays of eleven numbers, where the work itself takes no time at all.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

FLOAT32, FLOAT64 = np.dtype("f4"), np.dtype("f8")
ZERO = {d: np.zeros((), d) for d in (FLOAT32, FLOAT64)}
ONE = {d: np.ones((), d) for d in (FLOAT32, FLOAT64)}
# The gradient to start from: a NumPy scalar is the cheapest there is.
START = {np.dtype(d): np.dtype(d).type(1) for d in ("f2", "f4", "f8")}


def complex_met() -> None:
    """From now on, no walk takes the short way, which minds real numbers only."""
    START.clear()


# -- Python numbers --------------------------------------------------------------------------------
# `a * 0.5` takes 0.67 us, because NumPy finds out each time what 0.5 is; `a * half`, where `half`
# is an array of a's own type, takes 0.22 us. Programs use the same few numbers over and over.


class _Numbers(dict[Any, Any]):
    """Numbers as arrays of one type. (To look one up takes 0.05 us: there is no call.)"""

    def __init__(self, dtype: np.dtype):
        self.dtype = dtype

    def __missing__(self, x: Any) -> Any:
        if self.dtype not in ZERO or not abs(x) < 3e38:
            return x  # what overflows float32 is left to NumPy; NaN would never be found again
        a = np.array(x, self.dtype)
        a.flags.writeable = False
        if x != 0:  # 0.0 and -0.0 are the same key, and not the same number
            if len(self) >= 4096:
                self.clear()
            self[x] = a
        return a


class _ByType(dict[np.dtype, _Numbers]):
    def __missing__(self, dtype: np.dtype) -> _Numbers:
        self[dtype] = numbers = _Numbers(dtype)
        return numbers


CONSTANTS = _ByType()  # CONSTANTS[dtype][x]: `x` as an array; of other types than floats, as it is


# -- sums and extremes -----------------------------------------------------------------------------
# Of a matrix of 1,024 by 10, the sum of all rows takes 15 us, as a product with a row of ones,
# which is one BLAS call, 2 us; the sums along rows 17 and 3. The largest of each row takes 137 us,
# of each column of the transposed copy 5, because NumPy reduces many short rows one by one.

_MANY = 4096
_ONES = {FLOAT32: np.ones(_MANY, "f4"), FLOAT64: np.ones(_MANY, "f8")}
FEW = 256
ROWS_OF_ONES = [_ONES[FLOAT32][:n] for n in range(FEW + 1)]  # by length
COLUMNS = [np.ones((n, 2), "f4") for n in range(33)]  # by length
_ROWS = np.arange(_MANY)
_LONG = 65536
_ZEROS = {FLOAT32: np.zeros(_LONG, "f4"), FLOAT64: np.zeros(_LONG, "f8")}
_WHOLE = {FLOAT32: np.dtype("i4"), FLOAT64: np.dtype("i8")}
_add, _max = np.add.reduce, np.maximum.reduce


def total(a: Any) -> Any:
    """The sum of all elements."""
    # Of a few numbers, their product with as many ones: 0.3 us, where reducing takes 0.8.
    if a.ndim == 1 and a.dtype is FLOAT32 and a.size <= FEW:
        return a.dot(ROWS_OF_ONES[a.size])
    return _add(a, None)


def sum_of_rows(a: Any) -> Any:
    """The sum along the first dimension."""
    if a.ndim == 2 and a.shape[0] <= _MANY:
        ones = _ONES.get(a.dtype)
        if ones is not None:
            return ones[: a.shape[0]].dot(a)
    return _add(a, 0)


def sum_along(a: Any, dim: int) -> Any:
    """The sum along one dimension, which stays, with size 1."""
    if dim == 1 and a.ndim == 2 and a.shape[1] <= _MANY:
        ones = _ONES.get(a.dtype)
        if ones is not None:
            return a.dot(ones[: a.shape[1]])[:, None]
    return _add(a, dim, keepdims=True)


def max_along(a: Any, dim: int) -> Any:
    """The largest element along one dimension, which stays, with size 1."""
    if dim == 1 and a.ndim == 2 and a.shape[1] <= 64:
        return _max(a.T.copy(), 0)[:, None]
    return _max(a, dim, keepdims=True)


def above_zero(a: Any) -> Any:
    """The elements above zero (and NaN), zeros for the others."""
    # Against an array of zeros, which is as long as it is, a row takes a third of the time that it
    # takes against one zero. (With the zeros first, -0 stays -0, as in torch.)
    zeros = _ZEROS.get(a.dtype)
    if zeros is None or a.size < 1024:
        return np.maximum(ZERO.get(a.dtype, 0), a)
    if a.size <= _LONG:
        return np.maximum(zeros[: a.size].reshape(a.shape), a)
    return np.maximum(zeros[: a.shape[-1]] if a.shape[-1] <= _LONG else ZERO[a.dtype], a)


def where_not_zero(grad: Any, a: Any) -> Any:
    """`grad` where `a` is not zero, and zero elsewhere, even if `grad` is infinite there."""
    # The bits of `grad` times 1 or 0: as fast as a product of floats, and a tenth of `np.where`.
    whole = _WHOLE.get(grad.dtype)
    if whole is None:
        return np.where(a != 0, grad, ZERO.get(grad.dtype, 0))
    bits = (a != ZERO[grad.dtype]).astype(whole)
    bits *= grad.view(whole)
    return bits.view(grad.dtype)


def rows(n: int) -> Any:
    """0, 1, ..., n - 1."""
    return _ROWS[:n] if n <= _MANY else np.arange(n)


# -- choosing -------------------------------------------------------------------------------------
# A gradient times a mask is NaN where it is infinite and the mask zero. `np.where` is right, but
# takes 34 us for 128 by 128 numbers, as nobody can foresee which it takes; "and" with the bits, 6.

_BITS = {FLOAT32: np.dtype("i4"), FLOAT64: np.dtype("i8")}


def kept(g: Any, mask: Any) -> Any:
    """The numbers of `g` where the mask is true, zero elsewhere."""
    bits = _BITS.get(g.dtype)
    if bits is None or mask.size < 512 or mask.shape != g.shape:
        return np.where(mask, g, ZERO.get(g.dtype, 0))
    out = mask.view("i1").astype(bits)
    np.negative(out, out)
    return np.bitwise_and(out, g.view(bits), out).view(g.dtype)


# -- memory ----------------------------------------------------------------------------------------


def owner(a: np.ndarray) -> np.ndarray:
    """The array whose memory `a` looks at."""
    while True:
        base: Any = a.base
        if base is not None and not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)  # what NumPy's as_strided puts in between
        if not isinstance(base, np.ndarray):
            return a
        a = base


def memory(a: np.ndarray) -> tuple[np.ndarray, int]:
    """All the memory that `a` is a part of, in one dimension, and where in it `a` begins."""
    whole = owner(a)
    if not whole.flags.c_contiguous:
        whole = whole.transpose(np.argsort([-s for s in whole.strides], kind="stable"))
    start = a.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return whole.reshape(-1), start // a.itemsize


# -- silence ---------------------------------------------------------------------------------------
# Dividing by zero or overflowing is no reason to warn: torch does not. `np.errstate` takes 0.8 us
# to enter and leave; setting the variable behind it, and setting it back, takes 0.1 us.

try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    # `quiet()` silences NumPy on this thread, until the result is given to `loud`.
    quiet: Any = functools.partial(_extobj_contextvar.set, _make_extobj(all="ignore"))
    loud: Any = _extobj_contextvar.reset

except ImportError:  # a NumPy that keeps this elsewhere

    def quiet() -> Any:
        """Silence NumPy on this thread, until the result is given to `loud`."""
        return np.seterr(all="ignore")

    def loud(token: Any) -> None:
        """Undo `quiet`."""
        np.seterr(**token)
