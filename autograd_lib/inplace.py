"""Operations in place: ``x.add_(1)``, ``x += 1``, ``x[0] = 1``.

The new values are computed like those of the ordinary operation and written into the tensor's
memory. What is left is bookkeeping: the version counter goes up, so that nodes which saved the old
values notice; and when recording, the tensor gets the operation as its new origin, on top of the
old one. When the tensor is a view, that origin belongs to its base (a CopySlices node).
"""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from . import errors
from .derivatives.shapes import in_memory, laid_out
from .dtypes import FROM_NUMPY, can_cast_numpy, long_name
from .grad_mode import mode, unusual
from .hooks import move_retained
from .node import Node, run_node, sequence
from .numeric import FLOAT32, FLOAT64
from .recorder import ENTRIES, METHODS, PUBLIC, WORDS
from .tensor import INFERENCE, INFERENCE_MODE, MULTIPLE, NO_GRAD, Tensor, fresh, refresh
from .unbroadcast import fit_array

# In anomaly mode: address of the memory -> source line of its last change.
last_changes: dict[int, str] = {}


def check(self: Tensor, tracked: bool) -> None:
    """Raise if `self` may not be changed in place while recording."""
    view = self._view
    if view is not None and view[2] and mode.enabled and (tracked or view[0]._rg):
        if view[2] == NO_GRAD:
            raise RuntimeError(errors.NO_GRAD_VIEW)
        what = errors.NO_GRAD_VIEW_IS
        if self._edge is not None:
            name = self._edge[1].name().rstrip("0123456789").removesuffix("Backward")
            what = errors.VIEW_IS.format(self._edge[2] or 0, name)
        why = errors.MULTI_VIEW if view[2] == MULTIPLE else errors.CUSTOM_VIEW
        raise RuntimeError(what + why)
    if not mode.enabled:
        return
    if view is not None and self._counter is INFERENCE:
        return  # `changed` will say what is wrong
    if view is not None and view[0]._edge is None and (self._rg or view[0]._rg):
        raise errors.view_of_leaf_in_place()
    if self._rg and self._edge is None:
        raise errors.leaf_in_place()


def changed(self: Tensor) -> None:
    """Count a change of `self`'s memory."""
    if self._counter is not INFERENCE:
        self._counter[0] += 1
    elif not mode.inference:
        # As in torch, the values have changed by the time that this is noticed.
        raise RuntimeError(errors.INFERENCE_INPLACE)
    if mode.anomaly:
        for frame in reversed(traceback.extract_stack()):
            if "autograd_lib" not in frame.filename and not frame.filename.startswith("<op"):
                address = self._a.__array_interface__["data"][0]
                last_changes[address] = f"{frame.filename}:{frame.lineno}: {frame.line}"
                return


def write(self: Tensor, r: Any) -> None:
    """Put the values of `r` into the memory of `self`."""
    a = self._a
    r = np.asarray(r)
    if r.shape != a.shape:
        raise RuntimeError(
            f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(r.shape)}"
        )
    if r.dtype != a.dtype and not can_cast_numpy(r.dtype, a.dtype):
        raise RuntimeError(
            f"result type {long_name(r.dtype)} can't be cast to the desired output type "
            f"{long_name(a.dtype)}"
        )
    check_memory(a)
    if mode.before_write is not None:
        mode.before_write(self)
    a[...] = r


def check_memory(a: np.ndarray) -> None:
    if (
        0 in a.strides
        and a.size > 1
        and any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape, strict=True))
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


def tracked_arguments(args: Any) -> bool:
    return any(isinstance(x, Tensor) and x.requires_grad for x in args)


def apply(function: Any, self: Tensor, args: tuple, kwargs: dict) -> Tensor:
    """Do `function` in place on `self`."""
    view = self._view
    if view is not None:
        if view[2] == INFERENCE_MODE and mode.enabled and view[0]._rg:
            raise RuntimeError(errors.INFERENCE_VIEW)
        if view[2]:
            check(self, self._rg)  # says more than that it cannot be brought up to date
        refresh(self)
    tracked = self._rg or tracked_arguments(args)
    check(self, tracked)
    if not (tracked and mode.enabled):
        before, mode.enabled = mode.enabled, False
        try:
            r = function(self, *args, **kwargs)
        finally:
            mode.enabled = before
        write(self, r._a)
        changed(self)
        return self
    # The operation sees a stand-in with the old history. If its derivative needs the old values,
    # the stand-in has a copy of them, because the memory is about to change.
    before = fresh(self._a)
    before._edge, before._rg, before._counter = self._edge, self._rg, self._counter
    out = function(before, *args, **kwargs)
    if out._edge is None and self._rg:
        # What has no derivative, such as a comparison, lets nothing through.
        out = WORDS["overwritten"](before, out._a.astype(self._a.dtype))
    node = out._edge[1] if out._edge is not None else None
    if node is not None and getattr(node, "saved_self", None) is before:
        before._a, before._counter = self._a.copy(), [0]
        node.version_self = 0
    write(self, out._a)
    changed(self)
    if node is None:
        return self
    for name in node.saved_variables:
        if name in node._results and getattr(node, f"saved_{name}") is out._a:
            setattr(node, f"saved_{name}", self._a)
            setattr(node, f"counter_{name}", self._counter)
            setattr(node, f"version_{name}", self._counter[0])
    node._shape, node._dtype = self._a.shape, self._a.dtype
    set_history(self, node)
    return self


def set_history(self: Tensor, node: Node) -> None:
    """Make `node` the origin of `self`'s new values."""
    if self._view is None:
        old = self._edge
        self._edge, self._rg = node._edge(), True
        if old is not None and old[1]._hooks is not None:
            move_retained(self, old)
        return
    base = self._view[0]
    outer = CustomCopySlices() if node._custom else CopySlices()
    outer._seq, outer._hooks = next(sequence), None
    outer.fn = node
    outer.geometry = geometry(base, self)
    outer.strides = None if base._a.flags.c_contiguous else base.stride()
    outer.kind = self._a.dtype if self._a.dtype != base._a.dtype else None
    outer._shape, outer._dtype = base._a.shape, base._a.dtype
    rest = node._edges[1:] if node._edges else ()
    outer._edges = ((base._edge or base) if base._rg else None, *rest)
    old = base._edge
    if node._custom:
        outer._shape, outer._dtype = [outer._shape], [outer._dtype]
    base._edge, base._rg = outer._edge(), True
    if old is not None and old[1]._hooks is not None:
        move_retained(base, old)
    self._view[1] = -1  # out of date: the next look at its history renews it
    refresh(self)


def geometry(base: Tensor, view: Tensor) -> tuple:
    """Where `view` lies in the memory of `base`: its size, strides and offset, in elements of the
    view; and the base's strides, as the view sees it, if they are not those of its size."""
    a, b, item = view._a, base._a, view._a.itemsize
    start = a.__array_interface__["data"][0] - b.__array_interface__["data"][0]
    strides = None
    if not b.flags.c_contiguous:
        strides = tuple(s // item for s in b.strides)
        if b.itemsize > item:
            strides = (*strides, 1)
        elif b.itemsize < item:
            strides = strides[:-1]
    return a.shape, tuple(s // item for s in a.strides), start // item, strides


def window(base: Tensor, view: Tensor) -> Tensor:
    """The view, as a strided window on its base."""
    kind = view._a.dtype if view._a.dtype != base._a.dtype else None
    return WORDS["as_strided_"](_seen_as(base, kind), *geometry(base, view))


def _seen_as(t: Tensor, kind: Any) -> Any:
    """Complex numbers as pairs of this real type, or the reverse; None: as they are."""
    if kind is None:
        return t
    return WORDS["view_as_complex" if kind.kind == "c" else "view_as_real"](t)


class CopySlices(Node):
    """An operation in place on part of a tensor: the rest of the gradient passes by it."""

    __slots__ = ("fn", "geometry", "kind", "strides")
    _label = "torch::autograd::CopySlices"
    fn: Any
    geometry: tuple
    strides: Any  # of the base, if they are not those of its size
    kind: Any  # the view's type, if it sees complex numbers as pairs of real ones or the reverse

    @property
    def _holomorphic(self) -> bool:  # type: ignore[override]
        return self.kind is None

    def _release(self) -> None:
        self.fn._release()

    def _run(self, grad: Any, keep: bool) -> tuple:
        size, stride, offset, _ = self.geometry
        out = laid_out(grad, self.strides)
        part = in_memory(out, size, stride, offset, self.kind)
        given = part.copy()
        grad = [given] if self._custom else given
        grads = self.fn._run(grad, keep) if self.kind is None else run_node(self.fn, grad, False)
        part[...] = 0 if grads[0] is None else fit_array(self, grads[0], part.shape, part.dtype)
        return (out, *grads[1:])

    def _run_tensors(self, grad: Any, keep: bool) -> tuple:
        size, stride, offset, strides = self.geometry
        whole, grad = grad.dtype, grad if self.kind is None else grad.contiguous()
        grad = _seen_as(grad, self.kind)
        given = WORDS["strided_take"](grad, size, stride, offset, strides)
        given = [given] if self._custom else given
        tensors = self.fn._run_tensors
        grads = tensors(given, keep) if self.kind is None else run_node(self.fn, given, True)
        hole = laid_out(np.ones(grad.shape, bool), strides)
        in_memory(hole, size, stride, offset)[...] = False
        out = WORDS["where"](fresh(hole), grad, 0.0)
        if grads[0] is not None:
            out = out + WORDS["as_strided_backward"](
                grads[0].expand(size), tuple(grad.shape), size, stride, offset, strides
            )
        return (_seen_as(out, None if self.kind is None else whole.np), *grads[1:])


class CustomCopySlices(CopySlices):
    """The same around the node of a user's Function, which takes lists of gradients."""

    __slots__ = ()
    _wants_all = _custom = True

    def _run(self, grads: Any, keep: bool) -> tuple:
        return super()._run(grads[0], keep)

    def _run_tensors(self, grads: Any, keep: bool) -> tuple:
        return super()._run_tensors(grads[0], keep)


CustomCopySlices.__name__ = "CopySlices"  # torch has one class for both


def method(name: str) -> Any:
    """The in-place method of the operation `name`."""
    function = PUBLIC.get(name) or WORDS.get(name) or METHODS[name]

    def in_place(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return apply(function, self, args, kwargs)

    in_place.__name__ = in_place.__qualname__ = f"{name}_"
    in_place.__doc__ = f"`{name}`, in place: changes this tensor's memory and returns it."
    return in_place


# Operations that Tensor also has in place.
NAMES = [
    "abs", "acos", "acosh", "add", "addcdiv", "addcmul", "addmm", "addmv", "addbmm", "asin",
    "asinh", "atan", "atan2", "atanh", "baddbmm", "ceil", "clamp", "clamp_min", "clamp_max",
    "clip", "copysign", "cos", "cosh", "cumprod", "cumsum", "deg2rad", "digamma", "div",
    "divide", "eq", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "floor", "floor_divide",
    "fmod", "frac", "ge", "gt", "heaviside", "hypot", "index_add", "index_copy", "index_fill",
    "index_put", "ldexp", "le", "lerp", "lgamma", "log", "log10", "log1p", "log2",
    "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "lt", "masked_fill",
    "masked_scatter", "mul", "multiply", "mvlgamma", "nan_to_num", "ne", "neg", "negative",
    "polygamma", "pow", "put", "rad2deg", "reciprocal", "relu", "remainder", "renorm", "round",
    "rsqrt", "scatter", "scatter_add", "scatter_reduce", "sgn", "sigmoid", "sign", "sin",
    "sinc", "sinh", "sqrt", "square", "sub", "subtract", "tan", "tanh", "tril", "triu",
    "true_divide", "trunc", "xlogy", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not",
    "fix", "arccos", "arcsin", "arctan", "arccosh", "arcsinh", "arctanh", "greater", "less",
    "float_power", "absolute", "addr", "arctan2", "greater_equal", "index_reduce", "less_equal",
    "nextafter", "not_equal",
]  # fmt: skip


OPERANDS = (Tensor, int, float, complex, np.number, np.bool_)


def fast_arithmetic(name: str, ufunc: Any, unknown: Any = None) -> Any:
    """add_, sub_, mul_, div_: straight into the memory when nothing is recorded.

    `unknown` is for Python's operator: what to return to it for what is neither tensor nor number.
    """
    slow = method(name)

    def in_place(self: Tensor, other: Any, *, alpha: Any = 1) -> Any:
        # What an optimizer does once per parameter and step: same shape, same type, no recording.
        if other.__class__ is Tensor and alpha == 1 and unusual and mode.state is False:
            a, b, counter = self._a, other._a, self._counter
            kind = a.dtype
            if (
                b.dtype is kind
                and (kind is FLOAT32 or kind is FLOAT64)
                # No two elements share a place in memory: not in an array's own, nor if they are
                # contiguous. (The first question takes a third of the time.)
                and (a.base is None or a.flags.c_contiguous)
                and counter is not INFERENCE
            ):
                try:
                    ufunc(a, b, a)
                except ValueError:  # shapes that do not fit (to compare them would take 0.06 us)
                    return slow(self, other)
                except RuntimeWarning:
                    pass  # (where a warning is an error, it comes after the result was written)
                counter[0] += 1
                return self
        elif not isinstance(other, OPERANDS):
            if unknown is not None:
                return unknown
            raise TypeError(
                f"{name}_(): argument 'other' (position 1) must be Tensor, not "
                f"{type(other).__name__}"
            )
        return slow(self, other) if alpha == 1 else slow(self, other, alpha=alpha)

    in_place.__name__ = in_place.__qualname__ = f"{name}_"
    in_place.__doc__ = slow.__doc__
    return in_place


def operator(in_place: Any) -> Any:
    """Python's operator such as &=, of an in-place method."""

    def assigned(self: Tensor, other: Any) -> Any:
        # What is neither tensor nor number may know itself what to do.
        return in_place(self, other) if isinstance(other, OPERANDS) else NotImplemented

    return assigned


def zero_(self: Tensor) -> Tensor:
    """Set every element to zero, in place."""
    if not self._rg and self._view is None and (not unusual or mode.state.__class__ is bool):
        self._a.fill(0)
        self._counter[0] += 1
        return self
    return apply(WORDS["zero"], self, (), {})


def fill_(self: Tensor, value: Any) -> Tensor:
    """Set every element to `value`, in place."""
    if isinstance(value, Tensor):
        if value._a.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value._a.ndim} dimensions."
            )
        return apply(WORDS["fill_tensor"], self, (value,), {})
    return apply(WORDS["fill_scalar"], self, (value,), {})


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Copy the values of `src` (broadcast to this shape) into this tensor."""
    if not isinstance(src, Tensor):
        raise TypeError(
            "copy_(): argument 'other' (position 1) must be Tensor, not " + type(src).__name__
        )

    def copy(self: Tensor, src: Tensor) -> Tensor:
        try:
            return WORDS["copy_from"](self, src)
        except ValueError:
            raise RuntimeError(
                f"The size of tensor a ({self.shape[-1] if self.ndim else 1}) must match the size "
                f"of tensor b ({src.shape[-1]}) at non-singleton dimension "
                f"{max(self.ndim, src.ndim) - 1}"
            ) from None

    if src._a.dtype != self._a.dtype:
        # Copying converts, even from float to int.
        src = WORDS["to_"](src, self._a.dtype)
    return apply(copy, self, (src,), {})


def transposing(name: str) -> Any:
    """t_, transpose_, squeeze_ and their like: change how the memory is looked at."""
    function = PUBLIC[name]

    def in_place(self: Tensor, *args: Any) -> Tensor:
        if mode.enabled:
            check(self, self.requires_grad)
        out = function(self, *args)
        if self._view is None:
            self._a = out._a
            if out._edge is not None:
                self._edge, self._rg = out._edge, True
            changed(self)
            return self
        self._a, self._edge, self._rg = out._a, out._edge, out._rg
        changed(self)
        self._view[1] = self._counter[0]
        return self

    in_place.__name__ = in_place.__qualname__ = f"{name}_"
    return in_place


def install() -> None:
    """Give Tensor its in-place methods."""
    for name in NAMES:
        if name in PUBLIC:
            METHODS[f"{name}_"] = method(name)
    for name, ufunc in {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide
    }.items():  # fmt: skip
        METHODS[f"{name}_"] = fast_arithmetic(name, ufunc)
        python = "truediv" if name == "div" else name
        METHODS[f"__i{python}__"] = fast_arithmetic(name, ufunc, NotImplemented)
    for name in ("and", "or", "xor", "lshift", "rshift"):
        METHODS[f"__i{name}__"] = operator(method(f"__{name}__"))
    METHODS.update(zero_=zero_, fill_=fill_, copy_=copy_)
    for name in ("t", "transpose", "squeeze", "unsqueeze", "swapaxes", "swapdims"):
        if name in PUBLIC:
            METHODS[f"{name}_"] = transposing(name)


__all__ = ["ENTRIES", "FROM_NUMPY", "apply", "check", "install"]
