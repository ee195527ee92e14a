"""The table: arithmetic, and functions of one argument."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import math

import numpy as np

from ..dtypes import default_numpy
from ..numeric import FLOAT32, ONE, above_zero, complex_met, loud, quiet, where_not_zero
from ..recorder import Array, Number, op, unary, word
from .comparing import logical_and, where
from .complexes import conj_physical, is_complex, real_part
from .shapes import all_of, zeros_like

PI = math.pi
_multiply = np.multiply


@word
def scale(grad, alpha):
    return grad if alpha == 1 else grad * alpha


def _check_alpha(alpha, *operands):
    if isinstance(alpha, float) and all_of(
        x.dtype.kind in "iub" for x in operands if isinstance(x, np.ndarray)
    ):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating "
                           "point number.")


@op(promote="same", ufunc=np.add,
    self="grad",
    other="grad if alpha == 1 else grad * alpha")
def add(self: Number, other: Number, *, alpha=1):
    if alpha == 1:
        return self + other
    _check_alpha(alpha, self, other)
    return self + other * alpha


@op(promote="same", ufunc=np.subtract,
    self="grad",
    other="scale(-grad, alpha)")
def sub(self: Number, other: Number, *, alpha=1):
    kinds = [getattr(x, "dtype", None) for x in (self, other)]
    if kinds == [np.bool_, np.bool_]:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if np.bool_ in kinds:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    if alpha == 1:
        return self - other
    _check_alpha(alpha, self, other)
    return self - other * alpha


@op(promote="same", node="RsubBackward0", public=False, error="rsub",
    self="scale(-grad, alpha)",
    other="grad")
def rsub_tensor(self: Array, other: Array, *, alpha=1):
    return rsub_scalar(self, other, alpha=alpha)


@op(promote="same", node="RsubBackward1", public=False, error="rsub",
    self="scale(-grad, alpha)")
def rsub_scalar(self: Array, other: Number, *, alpha=1):
    if self.dtype == bool:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return other - (self if alpha == 1 else self * alpha)


@op(promote="same", ufunc=np.multiply,
    self="grad * other",
    other="grad * self")
def mul(self: Number, other: Number):
    return self * other


@op(promote="same_float", ufunc=np.true_divide, node="DivBackward0", public=False, error="div",
    self="grad / other",
    other="-grad * ((self / other) / other)")
def true_div(self: Number, other: Number):
    return np.true_divide(self, other)


@op(promote="same", keeps=("rounding_mode",), node="DivBackward1", public=False, error="div",
    self="zeros_like(grad)",
    other="zeros_like(grad)")
def div_mode(self: Number, other: Number, rounding_mode):
    if rounding_mode == "floor":
        return floor_division(self, other)
    r = np.asarray(np.true_divide(self, other))
    kind = np.result_type(self, other)
    return np.trunc(r).astype(kind if r.dtype != kind else r.dtype)


def floor_division(self, other):
    r = np.asarray(self), np.asarray(other)
    if r[0].dtype.kind in "iu" and r[1].dtype.kind in "iu" and np.any(r[1] == 0):
        raise RuntimeError("ZeroDivisionError")
    if (r[0].dtype.kind == "f") or (r[1].dtype.kind == "f"):
        quotient = np.floor_divide(self, other)
        # NumPy calls x // 0 NaN; IEEE division says infinity.
        return np.where(r[1] == 0, np.true_divide(self, other), quotient).astype(quotient.dtype)
    return np.floor_divide(self, other)


@op(promote="same", public=False, node="NotImplemented", error="floor_divide",
    label="torch::autograd::NotImplemented",
    self='not_differentiable("floor_divide")')
def floor_divide_(self: Number, other: Number):
    return floor_division(self, other)


@word
def not_differentiable(name):
    raise RuntimeError(f"derivative for aten::{name} is not implemented")


@op(promote="same",
    self="grad",
    other='-grad * div(self, other, rounding_mode="floor")',
    node="RemainderBackward1", public=False, error="remainder")
def remainder_tensor(self: Number, other: Number):
    return remainder_scalar(self, other)


@op(promote="same", node="RemainderBackward0", public=False, error="remainder",
    self="grad")
def remainder_scalar(self: Array, other: Number):
    whole = all_of(np.asarray(x).dtype.kind in "iu" for x in (self, other))
    if whole and np.any(np.asarray(other) == 0):
        raise RuntimeError("ZeroDivisionError")
    return np.remainder(self, other)


@op(promote="same",
    self="grad",
    other='-grad * div(self, other, rounding_mode="trunc")',
    node="FmodBackward1", public=False, error="fmod")
def fmod_tensor(self: Array, other: Array):
    return np.fmod(self, other)


@op(promote="same", node="FmodBackward0", public=False, error="fmod", self="grad")
def fmod_scalar(self: Array, other: Number):
    return np.fmod(self, other)


def div(self, other, *, rounding_mode=None):
    if rounding_mode is None:
        return true_div(self, other)
    if rounding_mode == "floor":
        return floor_division(self, other)
    return np.trunc(np.true_divide(self, other))


def twice(self):
    return self + self


@word
def pow_self(grad, self, exponent):
    if exponent == 0:
        return zeros_like(grad)
    return grad * (pow(self, exponent - 1) * exponent)


@op(node="PowBackward0", public=False, error="pow", calm=True,
    self="grad * twice(self) if exponent == 2 else pow_self(grad, self, exponent)")
def pow_scalar(self: Array, exponent):
    kind = self.dtype
    if exponent == 2 and (kind is FLOAT32 or kind.kind == "f"):
        return _multiply(self, self)
    kind = kind.kind
    if kind in "iub":
        if isinstance(exponent, float):
            return self.astype(default_numpy()) ** exponent
        if exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if kind == "b":
            self = self.astype(np.int64)
    token = quiet()
    try:
        return self**exponent
    finally:
        loud(token)


@word
def pow_base(grad, self, exponent):
    return grad * where(exponent == 0, 0.0, exponent * pow(self, exponent - 1))


@word
def pow_exponent(grad, self, exponent, result):
    # d/dy x**y = x**y log x, but 0**y is constant for y >= 0.
    flat = logical_and(self == 0, exponent >= 0)
    return grad * where(flat, 0.0, result * log(where(flat, 1.0, self)))


@op(promote="same", node="PowBackward1", public=False, error="pow",
    self="pow_base(grad, self, exponent)",
    exponent="pow_exponent(grad, self, exponent, result)")
def pow_tensor(self: Array, exponent: Array):
    if self.dtype.kind in "iu" and np.any(exponent < 0):
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return self**exponent


@word
def pow_number_back(grad, self, exponent, result):
    if self == 0:
        return grad * where(exponent >= 0, 0.0, result * -math.inf)
    return grad * (result * (math.log(self) if self > 0 else math.nan))


@op(node="PowBackward2", public=False, error="pow",
    exponent="pow_number_back(grad, self, exponent, result)")
def pow_number(self: Number, exponent: Array):
    if exponent.dtype.kind in "iub" and isinstance(self, float):
        exponent = exponent.astype(default_numpy())
    return np.power(np.asarray(self).astype(exponent.dtype), exponent)


def pow(self, exponent):
    return self**exponent


@op(self="-grad")
def neg(self: Array):
    if self.dtype == bool:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return -self


@op(self="grad * sgn(self)")
def abs(self: Array):
    if self.dtype.kind == "c":
        complex_met()
    return np.abs(self)


def _sign(self):
    return self if self.dtype == bool else np.sign(self)


@op(self="zeros_like(grad)")
def sign(self: Array):
    return _sign(self)


@op(self="sgn_back(grad, self, result)", holomorphic=False)
def sgn(self: Array):
    return _sign(self)


@word
def sgn_back(grad, self, result):
    """Nothing for real numbers; of complex ones, a part along the unit circle."""
    if not is_complex(self):
        return zeros_like(grad)
    size = abs(self)
    across = grad - real_part(grad * conj_physical(result)) * result
    return where(size == 0, 0.0, across / where(size == 0, 1.0, size))


@word
def copysign_sign(result, self):
    """The sign that copysign gave to `self`: 1 where it kept it, -1 where it turned it."""
    return result / where(self == 0, 1.0, self)


@op(promote="same",
    self="share(grad, self < other, self == other)",
    other="share(grad, other < self, self == other)")
def maximum(self: Array, other: Array):
    return np.maximum(self, other)


@op(promote="same",
    self="share(grad, self > other, self == other)",
    other="share(grad, other > self, self == other)")
def minimum(self: Array, other: Array):
    return np.minimum(self, other)


@word
def share(grad, lost, tied):
    """No gradient where the other operand was chosen, half of it where both were equal."""
    return where(lost, 0.0, where(tied, grad / 2, grad))


@op(promote="same",
    self="kept(grad, logical_or(self >= other, other != other))",
    other="kept(grad, logical_not(logical_or(self >= other, other != other)))")
def fmax(self: Array, other: Array):
    return np.fmax(self, other)


@op(promote="same",
    self="kept(grad, logical_or(self <= other, other != other))",
    other="kept(grad, logical_not(logical_or(self <= other, other != other)))")
def fmin(self: Array, other: Array):
    return np.fmin(self, other)


@op(promote="same",
    self="grad * (1 - weight)",
    end="grad * weight",
    weight="grad * (end - self)",
    node="LerpBackward1", public=False, error="lerp")
def lerp_tensor(self: Array, end: Array, weight: Array):
    return self + (end - self) * weight


@op(promote="same", node="LerpBackward0", public=False, error="lerp",
    self="grad * (1 - weight)",
    end="grad * weight")
def lerp_scalar(self: Array, end: Array, weight):
    return self + (end - self) * weight


@op(promote="same",
    self="grad",
    tensor1="scale(grad * tensor2, value)",
    tensor2="scale(grad * tensor1, value)")
def addcmul(self: Array, tensor1: Array, tensor2: Array, *, value=1):
    return self + (tensor1 * tensor2 if value == 1 else value * tensor1 * tensor2)


@op(promote="same",
    self="grad",
    tensor1="grad * (value / tensor2)",
    tensor2="-grad * (value * tensor1 / (tensor2 * tensor2))")
def addcdiv(self: Array, tensor1: Array, tensor2: Array, *, value=1):
    return self + value * tensor1 / tensor2


@op(promote="same_float",
    self="grad * other * one_over(self * self + other * other)",
    other="grad * -self * one_over(self * self + other * other)")
def atan2(self: Array, other: Array):
    return np.arctan2(self, other)


@word
def one_over(x):
    """1 / x, and 0 for 0."""
    return where(x == 0, 0.0, 1 / where(x == 0, 1.0, x))


@op(promote="same",
    self="grad * self / result",
    other="grad * other / result")
def hypot(self: Array, other: Array):
    return np.hypot(self, other)


@op(promote="same_float",
    self="grad * exp(self - result)",
    other="grad * exp(other - result)")
def logaddexp(self: Array, other: Array):
    return np.logaddexp(self, other)


@op(promote="same_float",
    self="grad * exp2(self - result)",
    other="grad * exp2(other - result)")
def logaddexp2(self: Array, other: Array):
    return np.logaddexp2(self, other)


@op(promote="same_float",
    self="grad * log(where((self == 0) & (other <= 0), 1.0, other))",
    other="grad * self / other")
def xlogy(self: Number, other: Number):
    r = self * np.log(other)
    return np.where((np.asarray(self) == 0) & ~np.isnan(other), np.zeros_like(r), r)


# -- functions of one argument ---------------------------------------------------------------------


def _elementwise(scalar):
    """A function of Python's math module, for each element in double precision."""
    many = np.frompyfunc(scalar, 1, 1)
    return lambda a: np.asarray(many(a.astype(np.float64)), dtype=np.float64).astype(a.dtype)


def _or_nan(f):
    def guarded(x):
        try:
            return f(x)
        except (ValueError, OverflowError):
            return math.inf if f is math.lgamma else math.nan

    return guarded


def sigmoid_array(self):
    one = ONE.get(self.dtype, 1)
    return one / (one + np.exp(-self))


#      forward                             derivative
exp = unary("exp", np.exp,               "grad * result")
exp2 = unary("exp2", np.exp2,            "grad * result * math.log(2)")
expm1 = unary("expm1", np.expm1,         "grad * (result + 1)")
log = unary("log", np.log,               "grad / self")
log2 = unary("log2", np.log2,            "grad / (self * math.log(2))")
log10 = unary("log10", np.log10,         "grad / (self * math.log(10))")
log1p = unary("log1p", np.log1p,         "grad / (self + 1)")
sqrt = unary("sqrt", np.sqrt,            "grad / (2 * result)")
rsqrt = unary("rsqrt", lambda a: 1 / np.sqrt(a), "-0.5 * grad * pow(result, 3)")
reciprocal = unary("reciprocal", lambda a: 1 / a, "-grad * (result * result)")
sin = unary("sin", np.sin,               "grad * cos(self)")
cos = unary("cos", np.cos,               "grad * -sin(self)")
tan = unary("tan", np.tan,               "grad * (1 + result * result)")
asin = unary("asin", np.arcsin,          "grad * rsqrt(1 - self * self)")
acos = unary("acos", np.arccos,          "-grad * rsqrt(1 - self * self)")
atan = unary("atan", np.arctan,          "grad / (self * self + 1)")
sinh = unary("sinh", np.sinh,            "grad * cosh(self)")
cosh = unary("cosh", np.cosh,            "grad * sinh(self)")
tanh = unary("tanh", np.tanh,            "grad * (1 - result * result)")
asinh = unary("asinh", np.arcsinh,       "grad * rsqrt(self * self + 1)")
acosh = unary("acosh", np.arccosh,       "grad * rsqrt(self * self - 1)")
atanh = unary("atanh", np.arctanh,       "grad / (1 - self * self)")
sigmoid = unary("sigmoid", sigmoid_array, "grad * (1 - result) * result")
erf = unary("erf", _elementwise(math.erf),
                    "2 / math.sqrt(PI) * exp(-(self * self)) * grad")
erfc = unary("erfc", _elementwise(math.erfc),
                    "-2 / math.sqrt(PI) * exp(-(self * self)) * grad")
deg2rad = unary("deg2rad", lambda a: a * (PI / 180), "grad * (PI / 180)")
rad2deg = unary("rad2deg", lambda a: a * (180 / PI), "grad * (180 / PI)")
sinc = unary("sinc", np.sinc,            "grad * sinc_slope(self)")


@word
def sinc_slope(self):
    """d sinc(x) = (cos(pi x) - sinc(x)) / x, and 0 at 0."""
    safe = where(self == 0, 1.0, self)
    return where(self == 0, self * 0, (cos(safe * PI) * PI * safe - sin(safe * PI)) /
                 (safe * safe * PI))


@op(self="threshold_backward(grad, result)", calm=True)
def relu(self: Array):
    return above_zero(self)


@op(public=False, node="ThresholdBackwardBackward0", calm=True,
    grad_output="threshold_backward(grad, self)",
    self="zeros_like(grad)")
def threshold_backward(grad_output: Array, self: Array):
    return where_not_zero(grad_output, self)  # what relu returns is never below zero


def _rounding(name, forward):
    def function(self: Array):
        return self.copy() if self.dtype.kind in "iub" else forward(self)

    function.__name__ = name
    function.__annotations__["self"] = "Array"
    return op(name, self="zeros_like(grad)")(function)


floor = _rounding("floor", np.floor)
ceil = _rounding("ceil", np.ceil)
trunc = _rounding("trunc", np.trunc)


@op(self="zeros_like(grad)")
def round(self: Array, *, decimals=0):
    return np.round(self, decimals)


@op(self="grad")
def frac(self: Array):
    return self - np.trunc(self)
