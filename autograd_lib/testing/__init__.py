"""torch.testing: comparing tensors in tests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..creation import as_tensor
from ..dtypes import FROM_NUMPY, finfo, iinfo
from ..recorder import PUBLIC
from ..tensor import Tensor

# Tolerances by type, (relative, absolute); for a mixture of types the wider one counts.
_TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
               "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7)}  # fmt: skip


_COMPARABLE: tuple = (Tensor, (int, float, complex, np.number), np.ndarray)


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None,
    atol: float | None = None, equal_nan: bool = False, check_device: bool = True,
    check_dtype: bool = True, check_layout: bool = True, check_stride: bool = False,
    msg: Any = None,
) -> None:  # fmt: skip
    """Raise AssertionError unless |actual - expected| <= atol + rtol |expected|, elementwise.

    Also compares shapes and types; sequences and mappings are compared item by item.
    """
    if (rtol is None) is not (atol is None):
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
            f"{'rtol' if rtol is None else 'atol'}."
        )
    options = {"rtol": rtol, "atol": atol, "equal_nan": equal_nan, "check_dtype": check_dtype}
    fault = _compare(actual, expected, **options)
    if fault:
        raise AssertionError(msg(fault) if callable(msg) else msg or fault)


def _compare(actual: Any, expected: Any, **options: Any) -> str:
    """What is wrong; empty if nothing is."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        missing, more = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
        if missing or more:
            return (
                f"The keys of the mappings do not match:\nMissing keys in the actual mapping: "
                f"{missing}\nAdditional keys in the actual mapping: {more}"
            )
        actual, expected = [actual[k] for k in expected], list(expected.values())
    if isinstance(expected, (tuple, list)) and isinstance(actual, (tuple, list)):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        faults = (_compare(a, e, **options) for a, e in zip(actual, expected, strict=True))
        return next((fault for fault in faults if fault), "")
    if expected is None or actual is None:
        return "" if actual is expected else f"None mismatch: {actual} is not {expected}"
    if isinstance(actual, bool) and isinstance(expected, bool):
        return "" if actual == expected else f"Booleans mismatch: {actual} is not {expected}"
    if not any(all(isinstance(x, kind) for x in (actual, expected)) for kind in _COMPARABLE):
        raise TypeError(
            f"No comparison pair was able to handle inputs of type {type(actual)} and "
            f"{type(expected)}."
        )
    both_tensors = isinstance(actual, Tensor) and isinstance(expected, Tensor)
    a, e = (np.asarray(as_tensor(x).detach().numpy()) for x in (actual, expected))
    if a.shape != e.shape:
        return (
            "The values for attribute 'shape' do not match: "
            f"{as_tensor(actual).shape} != {as_tensor(expected).shape}."
        )
    if both_tensors and options["check_dtype"] and a.dtype != e.dtype:
        return (
            "The values for attribute 'dtype' do not match: "
            f"{FROM_NUMPY[a.dtype]} != {FROM_NUMPY[e.dtype]}."
        )
    return _compare_values(a, e, options["rtol"], options["atol"], options["equal_nan"])


def _compare_values(a: Any, e: Any, rtol: Any, atol: Any, equal_nan: bool) -> str:
    if rtol is None:
        found = [_TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, e)]
        rtol, atol = (max(pair) for pair in zip(*found, strict=True))
    with np.errstate(all="ignore"):
        wrong = ~np.isclose(a, e, rtol, atol, equal_nan)
        if not wrong.any():
            return ""
        exact = a.dtype.kind in "iu" and e.dtype.kind in "iu"
        wide = np.dtype(np.int64) if exact else np.result_type(a, e, 1.0)
        off = np.where(wrong, np.abs(np.subtract(a, e, dtype=wide)), 0)
        relative = np.where(wrong, off / np.abs(e), 0)
    kind = "Scalars" if a.ndim == 0 else "Tensor-likes"
    if rtol == 0 and atol == 0:
        head, allowed = f"{kind} are not equal!", ("", "")
    else:
        head = f"{kind} are not close!"
        allowed = (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
    if a.ndim == 0:
        return (
            f"{head}\n\nExpected {e.item()} but got {a.item()}.\nAbsolute difference: "
            f"{off.item()}{allowed[0]}\nRelative difference: {relative.item()}{allowed[1]}"
        )
    count = int(wrong.sum())

    def place(x: Any) -> str:
        i = np.unravel_index(int(x.argmax()), x.shape)
        return str(tuple(int(k) for k in i) if len(i) > 1 else (int(i[0]),))

    return (
        f"{head}\n\nMismatched elements: {count} / {a.size} ({100 * count / a.size:.1f}%)\n"
        f"Greatest absolute difference: {off.max()} at index {place(off)}{allowed[0]}\n"
        f"Greatest relative difference: {relative.max()} at index {place(relative)}{allowed[1]}"
    )


def make_tensor(
    *shape: Any, dtype: Any, device: Any = None, low: Any = None, high: Any = None,
    requires_grad: bool = False, noncontiguous: bool = False, exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of numbers drawn evenly from [low, high); for most types from [-9, 9]."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    whole = dtype.np.kind in "iub"
    if requires_grad and whole:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, but got "
            f"dtype={dtype}"
        )
    least, most, usual = _limits(dtype)
    low, high = usual[0] if low is None else low, usual[1] if high is None else high
    if low > high or (low == high and whole):
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    low, high = (min(max(x, least), most) for x in (low, high))
    noncontiguous = noncontiguous and math.prod(shape) > 1
    sizes = (*shape[:-1], 2 * shape[-1]) if noncontiguous else shape
    if whole:
        out = PUBLIC["randint"](math.ceil(low), math.ceil(high), sizes, dtype=dtype)
    else:
        out = PUBLIC["empty"](sizes, dtype=dtype)
        (PUBLIC["view_as_real"](out) if out.is_complex() else out).uniform_(low, high)
    if noncontiguous:
        out = out[..., 1::2]
    if exclude_zero:
        out[out == 0] = 1 if whole else finfo(dtype).tiny
    return out.requires_grad_(requires_grad)


def _limits(dtype: Any) -> tuple:
    """The least and the largest number to draw, and the usual ones."""
    kind = dtype.np.kind
    if kind == "b":
        return 0, 2, (0, 2)
    if kind in "iu":
        info = iinfo(dtype)
        return info.min, info.max + (dtype.itemsize < 8), (-9, 10)
    return finfo(dtype).min, finfo(dtype).max, (-9, 9)


__all__ = ["assert_close", "make_tensor"]
