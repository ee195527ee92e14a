"""The table, continued: special functions, in NumPy alone.

Approximations: digamma and the polygamma functions shift their argument up by recurrence and use
the asymptotic series there (Abramowitz and Stegun 6.3.18, 6.4.11); the Bessel functions i0 and i1
sum their power series, or for large arguments the asymptotic one (9.6.10, 9.7.1).
"""

# `sum`, `abs`, `pow` and their like are torch's words here, as in the first part of the table.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import math

import numpy as np

from ..dtypes import default_numpy
from ..recorder import PUBLIC, Array, Number, op, public, unary, word
from ..recorder import WORDS as W
from . import copysign_sign, logical_and, where
from .arithmetic import PI, _elementwise, _or_nan

_BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510]


def _digamma(a: np.ndarray) -> np.ndarray:
    x = a.astype(np.float64)
    # psi(1 - x) = psi(x) + pi / tan(pi x) brings negative arguments to the right.
    negative = x < 0
    whole = negative & (x == np.floor(x))
    y = np.where(negative, 1 - x, x)
    out = np.zeros_like(y)
    for _ in range(10):
        small = y < 10
        out = np.where(small, out - 1 / np.where(small, y, 1), out)
        y = np.where(small, y + 1, y)
    out += np.log(y) - 0.5 / y
    for k, b in enumerate(_BERNOULLI, 1):
        out -= b / (2 * k * y ** (2 * k))
    turned = x - np.floor(x)
    out = np.where(negative, out - PI / np.tan(PI * np.where(negative, turned, 0.5)), out)
    out = np.where(whole, np.nan, out)
    return np.where(x == 0, np.where(np.signbit(x), np.inf, -np.inf), out).astype(a.dtype)


def _zeta(s: float, q: np.ndarray) -> np.ndarray:
    """The Hurwitz zeta function for s > 1, q > 0, by Euler and Maclaurin."""
    q = q.astype(np.float64)
    out = np.zeros_like(q)
    for _ in range(12):
        out += q**-s
        q = q + 1
    out += q ** (1 - s) / (s - 1) + 0.5 * q**-s
    factor = s
    for k, b in enumerate(_BERNOULLI, 1):
        out += b / math.factorial(2 * k) * factor * q ** (-s - 2 * k + 1)
        factor *= (s + 2 * k - 1) * (s + 2 * k)
    return out


def _cot_derivative(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of pi cot(pi x), as a polynomial in cot."""
    c = 1 / np.tan(PI * x)
    p = np.polynomial.Polynomial([0, 1])
    for _ in range(n):
        p = p.deriv() * np.polynomial.Polynomial([-1, 0, -1])
    return PI ** (n + 1) * p(c)


def _polygamma(n: int, a: np.ndarray) -> np.ndarray:
    if n == 0:
        return _digamma(a)
    x = a.astype(np.float64)
    negative = x <= 0
    pole = negative & (x == np.floor(x))
    y = np.where(negative, 1 - x, x)
    sign = (-1) ** (n + 1) * math.factorial(n)
    out = sign * _zeta(n + 1, y)
    turned = np.where(negative & ~pole, x - np.floor(x), 0.5)
    reflected = (-1) ** n * out - _cot_derivative(n, turned)
    # psi_n(1 - x) + (-1)^(n+1) psi_n(x) = (-1)^n d^n/dx^n pi cot(pi x)
    out = np.where(negative, reflected, out)
    return np.where(pole, np.inf, out).astype(a.dtype)


def _erfinv(a: np.ndarray) -> np.ndarray:
    x = a.astype(np.float64)
    w = -np.log((1 - x) * (1 + x))
    # Winitzki's formula to start with, then Newton's method on erf.
    k = 0.147
    t = 2 / (PI * k) - w / 2
    y = np.sign(x) * np.sqrt(np.maximum(np.sqrt(t * t + w / k) - t, 0))
    erf, erfc = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)
    inside = np.abs(x) < 1
    y = np.where(inside, y, 0)
    for _ in range(4):
        near = np.asarray(erf(y), np.float64) - x
        far = np.where(x > 0, (1 - x) - np.asarray(erfc(y), np.float64),
                       np.asarray(erfc(-y), np.float64) - (1 + x))
        error = np.where(np.abs(x) > 0.9, far, near)
        step = error * math.sqrt(PI) / 2 * np.exp(y * y)
        y = y - step / (1 + y * step)
    y = np.where(inside, y, np.where(np.abs(x) == 1, np.copysign(np.inf, x), np.nan))
    return y.astype(a.dtype)


def _bessel_i(n: int, x: np.ndarray, scaled: bool) -> np.ndarray:
    a = np.abs(x).astype(np.float64)
    small = np.minimum(a, 30.0)
    term = (small / 2) ** n / math.factorial(n)
    total = term.copy()
    for k in range(1, 80):
        term = term * (small / 2) ** 2 / (k * (k + n))
        total = total + term
    total = total * np.exp(-small)
    big = np.maximum(a, 30.0)
    series, t = np.ones_like(big), np.ones_like(big)
    for k in range(1, 12):
        t = -t * (4 * n * n - (2 * k - 1) ** 2) / (k * 8 * big)
        series = series + t
    large = series / np.sqrt(2 * PI * big)
    out = np.where(a < 30, total, large)
    if not scaled:
        out = out * np.exp(a)
    return (out * np.sign(x) ** n if n else out).astype(x.dtype)


def _ndtri(a: np.ndarray) -> np.ndarray:
    return math.sqrt(2) * _erfinv(2 * a.astype(np.float64) - 1).astype(a.dtype)


def _log_ndtr(a: np.ndarray) -> np.ndarray:
    x = a.astype(np.float64)
    erfc = np.frompyfunc(math.erfc, 1, 1)
    direct = np.log(np.asarray(erfc(-np.maximum(x, -20) / math.sqrt(2)), np.float64) / 2)
    y = np.minimum(x, -20)
    z = 1 / (y * y)
    tail = -y * y / 2 - np.log(-y * math.sqrt(2 * PI)) + np.log1p(
        -z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z))))
    return np.where(x > -20, direct, tail).astype(a.dtype)


def _entr(a: np.ndarray) -> np.ndarray:
    return np.where(a > 0, -a * np.log(a), np.where(a == 0, 0, -np.inf)).astype(a.dtype)


def _erfcx(a: np.ndarray) -> np.ndarray:
    x = a.astype(np.float64)
    erfc = np.frompyfunc(math.erfc, 1, 1)
    near = np.exp(np.minimum(x, 25) ** 2) * np.asarray(erfc(np.minimum(x, 25)), np.float64)
    y = np.maximum(x, 10)
    z = 1 / (2 * y * y)
    far = 1 / (y * math.sqrt(PI)) * (1 - z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z * (1 - 9 * z)))))
    return np.where(x > 10, far, near).astype(a.dtype)



lgamma = unary("lgamma", _elementwise(_or_nan(math.lgamma)),
                                         "grad * digamma(self)")
digamma = unary("digamma", _digamma,     "grad * polygamma(1, self)")
erfinv = unary("erfinv", _erfinv,
      "0.5 * math.sqrt(PI) * exp(result * result) * grad")
i0 = unary("i0", lambda a: _bessel_i(0, a, False), "grad * special_i1(self)")
special_i1 = unary("special_i1", lambda a: _bessel_i(1, a, False),
      "grad * (i0(self) - over(result, self))")
special_i0e = unary("special_i0e", lambda a: _bessel_i(0, a, True),
      "grad * (special_i1e(self) - sgn(self) * result)")
special_i1e = unary("special_i1e", lambda a: _bessel_i(1, a, True),
      "grad * (special_i0e(self) - result * sgn(self) - over(result, self))")
special_ndtri = unary("special_ndtri", _ndtri,
      "grad * math.sqrt(2 * PI) * exp(0.5 * result * result)")
special_log_ndtr = unary("special_log_ndtr", _log_ndtr,
      "grad * exp(-0.5 * self * self - result) * (1 / math.sqrt(2 * PI))")
special_erfcx = unary("special_erfcx", _erfcx,
      "grad * (2.0 * self * result - 2.0 / math.sqrt(PI))")
special_entr = unary("special_entr", _entr,
      "grad * where(self == 0, math.inf, -1.0 - log(self))")





@word
def over(result, x):
    """result / x, whose limit at 0 is one half."""
    return where(x == 0, 0.5, result / where(x == 0, 1.0, x))


@op(name="polygamma_", node="PolygammaBackward0", promote="float", public=False, error="polygamma",
    self="grad * polygamma(n + 1, self)")
def polygamma_(self: Array, n):
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(n, self)


@word
def polygamma(n, self):
    return polygamma_(self, n)


public(name="polygamma", method=False)(lambda n, input: W["polygamma_"](input, n))


@op(promote="float", self="logit_back(grad, self, eps)")
def logit(self: Array, eps=None):
    if eps is not None:
        self = np.clip(self, eps, 1 - eps)
    return np.log(self / (1 - self))


@word
def logit_back(grad, self, eps):
    slope = grad / (self * (1.0 - self))
    if eps is None:
        return where(logical_and(self >= 0, self <= 1), slope, math.nan)
    return where(logical_and(self >= eps, self <= 1 - eps), slope, 0.0)


@op(node="SpecialXlog1PyBackward0", promote="same_float", public=False, error="xlog1py",
    self="where(logical_and(self == 0, other <= -1), 0.0, grad * log1p(other))",
    other="grad * self / (other + 1)")
def xlog1py(self: Number, other: Number):
    r = self * np.log1p(other)
    return np.where((np.asarray(self) == 0) & ~np.isnan(other), np.zeros_like(r), r)




@op(promote="same_float",
    self="copysign_back(grad, self, result)",
    other="grad * 0")
def copysign(self: Array, other: Number):
    return np.copysign(self, other)


@word
def copysign_back(grad, self, result):
    return where(self == 0, 0.0, grad * copysign_sign(result, self))


@op(promote="same", node="NotImplemented", label="torch::autograd::NotImplemented",
    self='not_differentiable("heaviside")',
    values='not_differentiable("heaviside")')
def heaviside(self: Array, values: Array):
    return np.heaviside(self, values).astype(self.dtype)


@op(promote="same",
    self="where(self == other, 0.0, grad)",
    other="where(self == other, grad, 0.0)")
def nextafter(self: Array, other: Array):
    return np.nextafter(self, other)


@op(promote="same_float",
    self="grad * exp2(other)",
    other="grad * result * math.log(2)")
def _ldexp(self: Array, other: Number):
    return self * np.exp2(other).astype(default_numpy())




@public()
def mvlgamma(input, p):
    """The multivariate log-gamma function: sum of lgamma(x - i / 2), and a constant."""
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    out = p * (p - 1) / 4 * math.log(PI)
    for i in range(p):
        out = W["lgamma"](input - i / 2) + out
    return out


@public()
def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """NaN and infinities replaced by numbers."""
    a = input._a
    if a.dtype.kind in "iub":
        return W["clone"](input)
    info = np.finfo(a.dtype)
    high = info.max if posinf is None else posinf
    low = info.min if neginf is None else neginf
    good = np.isfinite(a)
    fixed = np.nan_to_num(a, nan=0.0 if nan is None else nan, posinf=high, neginf=low)
    from ..tensor import fresh

    return W["where"](fresh(good), input, fresh(np.asarray(fixed, a.dtype)))


def namespace():
    """The functions of torch.special, by name."""
    names = {
        "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "exp2": "exp2", "expm1": "expm1",
        "log1p": "log1p", "gammaln": "lgamma", "digamma": "digamma", "psi": "digamma",
        "polygamma": "polygamma", "i0": "i0", "i0e": "special_i0e", "i1": "special_i1",
        "i1e": "special_i1e", "ndtri": "special_ndtri", "log_ndtr": "special_log_ndtr",
        "erfcx": "special_erfcx", "entr": "special_entr", "logit": "logit", "expit": "sigmoid",
        "sinc": "sinc", "round": "round", "xlogy": "xlogy", "multigammaln": "mvlgamma",
        "logsumexp": "logsumexp",
    }
    out = {new: PUBLIC[old] for new, old in names.items() if old in PUBLIC}
    out["xlog1py"] = W["xlog1py"]
    out["ndtr"] = lambda input: 0.5 * W["erfc"](input * -math.sqrt(0.5))
    out["softmax"] = lambda input, dim, dtype=None: W["softmax_"](input, dim)
    out["log_softmax"] = lambda input, dim, dtype=None: W["log_softmax_"](input, dim)
    return out
