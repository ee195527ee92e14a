"""The table: complex numbers, their parts and their conjugates.

Formulas elsewhere in the table are derivatives as of real numbers; the engine conjugates (see
`run_node`). Here are the operations that are no complex functions in the sense of calculus, and
those that lead from complex numbers to real ones: their formulas say exactly what torch's do.
"""

# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import numpy as np

from ..numeric import complex_met
from ..recorder import Array, op, word
from .comparing import where
from .shapes import any_of, long_name, zeros_like

COMPLEX_OF = {"f2": "c8", "f4": "c8", "f8": "c16"}


def is_complex(self):
    return self.dtype.kind == "c"


@op(node="ComplexBackward0", public=False, error="complex", holomorphic=False,
    real="real_part(grad)", imag="imag_part(grad)")
def complex_(real: Array, imag: Array):
    out = np.empty(np.broadcast_shapes(real.shape, imag.shape), COMPLEX_OF[real.dtype.str[1:]])
    out.real, out.imag = real, imag
    return out


@op(node="PolarBackward0", public=False, error="polar", holomorphic=False,
    abs="real_part(conj_physical(grad) * sgn(result))",
    angle="real_part(conj_physical(grad) * (result * 1j))")
def polar_(abs: Array, angle: Array):
    out = np.empty(np.broadcast_shapes(abs.shape, angle.shape), COMPLEX_OF[abs.dtype.str[1:]])
    out.real, out.imag = abs * np.cos(angle), abs * np.sin(angle)
    return out


@op(public=False, node="RealBackward0", self="complex_(grad, grad * 0)")
def real_part(self: Array):
    complex_met()
    return self.real.copy()


@op(public=False, node="ImagBackward0", self="complex_(grad * 0, grad)")
def imag_part(self: Array):
    complex_met()
    return self.imag.copy()


@op(view=True, node="ViewAsRealBackward0",
    self="view_as_complex(grad)")
def view_as_real(self: Array):
    if self.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    complex_met()
    half = self.real
    return np.lib.stride_tricks.as_strided(
        half, (*self.shape, 2), (*half.strides, half.itemsize)
    )


@op(view=True, node="ViewAsComplexBackward0", error="view_as_complex", holomorphic=False,
    self="view_as_real(grad)")
def view_as_complex(self: Array):
    if self.dtype.kind != "f":
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            f"tensor of scalar type: {long_name(self.dtype)}"
        )
    if self.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if self.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if not self.size:
        return np.zeros(self.shape[:-1], COMPLEX_OF[self.dtype.str[1:]])
    if self.strides[-1] != self.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any_of(s % (2 * self.itemsize) for s in self.strides[:-1]):
        raise RuntimeError(
            "Tensor must have a stride divisible by 2 for all but last dimension"
        )
    return self.view(COMPLEX_OF[self.dtype.str[1:]])[..., 0]


@op(node="ConjBackward0", public=False, holomorphic=False, self="conj_physical(grad)")
def conj_(self: Array):
    return np.conj(self)


@op(holomorphic=False, self="conj_physical(grad)")
def conj_physical(self: Array):
    return np.conj(self) if self.dtype.kind == "c" else self


@op(promote="float", self="angle_back(grad, self)")
def angle(self: Array):
    if self.dtype.kind == "c":
        complex_met()
        return np.angle(self).astype(self.real.dtype)
    return np.where(np.isnan(self), self, np.where(self < 0, np.pi, 0.0)).astype(self.dtype)


@word
def angle_back(grad, self):
    if not is_complex(self):
        return zeros_like(grad)
    square = real_part(self * conj_physical(self))
    flat = square == 0
    return where(flat, 0.0, self * 1j * grad / where(flat, 1.0, square))
