"""The table: comparing and choosing."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import numpy as np

from ..dtypes import FROM_NUMPY, default_numpy
from ..recorder import Array, Index, Number, Optional, op, word


def _comparison(name, ufunc):
    def function(self: Array, other: Number):
        return ufunc(self, other)

    function.__name__ = name
    function.__annotations__ = {"self": "Array", "other": "Number"}
    return op(name, promote="same", ufunc=ufunc)(function)


eq = _comparison("eq", np.equal)
ne = _comparison("ne", np.not_equal)
lt = _comparison("lt", np.less)
le = _comparison("le", np.less_equal)
gt = _comparison("gt", np.greater)
ge = _comparison("ge", np.greater_equal)
logical_and = _comparison("logical_and", np.logical_and)
logical_or = _comparison("logical_or", np.logical_or)
logical_xor = _comparison("logical_xor", np.logical_xor)
bitwise_and = _comparison("bitwise_and", np.bitwise_and)
bitwise_or = _comparison("bitwise_or", np.bitwise_or)
bitwise_xor = _comparison("bitwise_xor", np.bitwise_xor)
bitwise_left_shift = _comparison("bitwise_left_shift", np.left_shift)
bitwise_right_shift = _comparison("bitwise_right_shift", np.right_shift)


def _test(name, ufunc):
    def function(self: Array):
        return ufunc(self)

    function.__name__ = name
    function.__annotations__["self"] = "Array"
    return op(name)(function)


isnan = _test("isnan", np.isnan)
isinf = _test("isinf", np.isinf)
isfinite = _test("isfinite", np.isfinite)
isposinf = _test("isposinf", np.isposinf)
isneginf = _test("isneginf", np.isneginf)
isreal = _test("isreal", np.isreal)
signbit = _test("signbit", np.signbit)
logical_not = _test("logical_not", np.logical_not)
bitwise_not = _test("bitwise_not", np.invert)


@op(promote="same", public=False, node="WhereBackward0", error="where",
    self="where(condition, grad, 0.0)",
    other="where(condition, 0.0, grad)")
def where_(condition: Index, self: Number, other: Number):
    if condition.dtype != bool and condition.dtype != np.uint8:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{FROM_NUMPY[condition.dtype]._long}"
        )
    return np.where(condition, self, other)


def where(condition, self, other):
    return np.where(condition, self, other)


@op(node="MaskedFillBackward0", public=False, error="masked_fill",
    self="where(mask, 0.0, grad)")
def masked_fill_scalar(self: Array, mask: Index, value):
    if mask.dtype != bool:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{FROM_NUMPY[mask.dtype].name.removesuffix('32')}"
        )
    return np.where(mask, np.asarray(value).astype(self.dtype), self)


@op(node="MaskedFillBackward1", public=False, error="masked_fill",
    self="where(mask, 0.0, grad)",
    value="sum(where(mask, grad, 0.0))")
def masked_fill_tensor(self: Array, mask: Index, value: Array):
    return np.where(mask, value.astype(self.dtype), self)


@op(node="ClampBackward1", public=False, error="clamp",
    self="kept(grad, inside(self, min, max))")
def clamp_scalar(self: Array, min=None, max=None):
    if self.dtype.kind in "iub" and (isinstance(min, float) or isinstance(max, float)):
        self = self.astype(default_numpy())
    if min is not None:
        self = np.maximum(self, min)
    return self if max is None else np.minimum(self, max)


@word
def inside(self, min, max):
    if min is None:
        return self <= max
    return self >= min if max is None else logical_and(self >= min, self <= max)


@op(node="ClampBackward0", promote="same", public=False, error="clamp",
    self="kept(grad, inside(self, min, max))",
    min="kept(grad, below(self, min, max))",
    max="kept(grad, above(self, min, max))")
def clamp_tensor(self: Array, min: Optional = None, max: Optional = None):
    if min is not None:
        self = np.maximum(self, min)
    return self if max is None else np.minimum(self, max)


@word
def below(self, min, max):
    return self < min if max is None else logical_and(min < max, self < min)


@word
def above(self, min, max):
    return self > max if min is None else logical_or(self > max, max < min)
