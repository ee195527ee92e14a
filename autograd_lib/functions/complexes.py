"""Complex numbers: parts, conjugates, and how they are made."""

from __future__ import annotations

from typing import Any

from ..recorder import METHODS, public
from ..tensor import Tensor
from .common import W


@public(method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers from their real and imaginary parts."""
    if real.dtype != imag.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {real.dtype._long} but got scalar type "
            f"{imag.dtype._long} for second argument"
        )
    return W["complex_"](real, imag)


@public(method=False)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers from their sizes and angles."""
    return W["polar_"](abs, angle)


@public()
def conj(input: Tensor) -> Tensor:
    """The conjugates; real numbers are their own. (A copy at once: torch's waits until needed.)"""
    return W["conj_"](input) if input._a.dtype.kind == "c" else input


@public(method=False)
def real(input: Tensor) -> Tensor:
    """A view of the real parts; the tensor itself if it is real."""
    return W["select"](W["view_as_real"](input), -1, 0) if input.is_complex() else input


@public(method=False)
def imag(input: Tensor) -> Tensor:
    """A view of the imaginary parts."""
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return W["select"](W["view_as_real"](input), -1, 1)


def _set_real(self: Tensor, value: Any) -> None:
    real(self).copy_(value)


def _set_imag(self: Tensor, value: Any) -> None:
    imag(self).copy_(value)


METHODS["real"], METHODS["imag"] = property(real, _set_real), property(imag, _set_imag)


@public()
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates are computed at once here."""
    return input


@public()
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: signs are turned at once here."""
    return input


@public()
def is_conj(input: Tensor) -> bool:
    """False: conjugates are computed at once here."""
    return False


@public()
def is_neg(input: Tensor) -> bool:
    """False: signs are turned at once here."""
    return False
