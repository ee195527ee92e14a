"""The table: each operation once, its forward beside its derivative.

Read an entry so::

    @op(self=lambda grad, other: grad * other,
        other=lambda grad, self: grad * self)
    def mul(self: Array, other: Number):
        return self * other

The function is the forward on arrays. Each keyword is the derivative with respect to that argument:
it takes the gradient of the result and whatever else it names, which is thereby saved in the
forward pass: arguments, ``result``, or ``<argument>_sym_sizes`` (its shape). Nodes, their names and
their ``_saved_*`` attributes follow from the entry; see `recorder`.

Formulas use only operators and words: functions defined in this table. That is what lets them run
on arrays and, when the derivative is to be differentiated again, on tensors. They need not care
about broadcasting: the engine sums a gradient to the shape that it belongs to.
"""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import builtins
import math
import warnings
from typing import Any

import numpy as np

from . import engine, errors
from .dtypes import FROM_NUMPY, default_numpy, long_name, result_numpy
from .numeric import ONE, ZERO, sum_along
from .recorder import Array, Arrays, Index, Number, Optional, op, speak_tensors, unary, word
from .tensor import wrap_dim

_add = np.add.reduce
PI = math.pi

# == Shapes ========================================================================================


def axes(dim: Any, ndim: int) -> tuple:
    """A `dim` argument as a tuple of axes; None and () mean all of them."""
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, (tuple, list)):
        out = tuple(wrap_dim(int(d), ndim) for d in dim)
        if len(set(out)) != len(out):
            twice = next(d for d in out if out.count(d) > 1)
            raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
        return tuple(range(ndim)) if not out else out if ndim else ()
    d = wrap_dim(int(dim), ndim)
    return (d,) if ndim else ()


def sizes_of(sizes: tuple) -> tuple:
    """Sizes given one by one or as one sequence."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        return tuple(int(s) for s in sizes[0])
    return tuple(int(s) for s in sizes)


def infer(shape: tuple, n: int) -> tuple:
    """`shape` with its -1 worked out for `n` elements."""
    known = math.prod(s for s in shape if s != -1)
    gaps = shape.count(-1)
    if gaps > 1:
        raise RuntimeError("only one dimension can be inferred")
    if gaps and known == 0:
        raise RuntimeError(
            f"cannot reshape tensor of {n} elements into shape {list(shape)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    full = tuple(n // known if s == -1 else s for s in shape) if gaps else shape
    if math.prod(full) != n or any_of(s < 0 for s in full):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
    return full


any_of, all_of = builtins.any, builtins.all
as_strided_array = np.lib.stride_tricks.as_strided


@word
def sum_to(grad, shape):
    """Undo broadcasting: sum over the dimensions along which a value was repeated."""
    lead = grad.ndim - len(shape)
    dims = [
        i
        for i in range(grad.ndim)
        if i < lead or (shape[i - lead] == 1 and grad.shape[i] != 1)
    ]
    return reshape(sum(grad, dims, True), shape) if dims else reshape(grad, shape)


@word
def restore(grad, shape, dim, keepdim):
    """The gradient of a reduction with its reduced dimensions back, of size 1."""
    if keepdim or not shape:
        return grad
    dims = axes(dim, len(shape))
    return reshape(grad, tuple(1 if i in dims else n for i, n in enumerate(shape)))


@op(node="ViewBackward0", view=True, error="view", public=False,
    self="reshape(grad, self_sym_sizes)")
def view_(self: Array, size):
    if self.shape == size:
        return self[...]
    shape = infer(size, self.size)
    try:
        return np.reshape(self, shape, copy=False)
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        ) from None


@op(public=False, self="reshape(grad, self_sym_sizes)")
def unsafe_view(self: Array, size):
    return np.reshape(self, infer(size, self.size))


@op(view=True, self="grad")
def alias(self: Array):
    return self[...]


@op(self="grad")
def clone(self: Array, *, memory_format=None):
    return self.copy("K")


@op(node="ExpandBackward0", view=True, error="expand", public=False,
    self="sum_to(grad, self_sym_sizes)")
def expand_(self: Array, size):
    lead = len(size) - self.ndim
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{long_name(self.dtype)}Tensor{{{list(self.shape)}}}, "
            f"size={list(size)}): the number of sizes provided ({len(size)}) must be greater or "
            f"equal to the number of dimensions in the tensor ({self.ndim})"
        )
    full = tuple(self.shape[i - lead] if s == -1 and i >= lead else s for i, s in enumerate(size))
    for i, s in enumerate(full):
        if i >= lead and self.shape[i - lead] not in (1, s):
            raise RuntimeError(
                f"The expanded size of the tensor ({s}) must match the existing size "
                f"({self.shape[i - lead]}) at non-singleton dimension {i}.  Target sizes: "
                f"{list(size)}.  Tensor sizes: {list(self.shape)}"
            )
    strides = (0,) * lead + tuple(
        0 if n == 1 and s != 1 else st
        for n, s, st in zip(self.shape, full[lead:], self.strides, strict=True)
    )
    return as_strided_array(self, full, strides)


def expand(self, size):
    """The word on arrays: `self` repeated to this shape."""
    if self.ndim == 0:
        # Filling a small array takes a tenth of the time that a broadcast takes to set up.
        out = np.empty(size, self.dtype)
        if out.size <= 4096:
            out.fill(self)
            return out
    return self if self.shape == size else expand_(np.asarray(self), size)


def reshape(self, shape):
    """The word on arrays, where a view and a copy need not be told apart."""
    return self if self.shape == shape else np.reshape(self, shape)


@op(self="transpose(grad, dim0, dim1)", view=True)
def transpose(self: Array, dim0, dim1):
    if self.ndim == 0:
        wrap_dim(dim0, 0), wrap_dim(dim1, 0)
        return self[...]
    return self.swapaxes(wrap_dim(dim0, self.ndim), wrap_dim(dim1, self.ndim))


@op(self="t(grad)", view=True)
def t(self: Array):
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.T


@word
def permute_back(grad, dims):
    inverse = [0] * len(dims)
    for i, d in enumerate(dims):
        inverse[d] = i
    return permute(grad, tuple(inverse))


@op(node="PermuteBackward0", view=True, public=False, error="permute",
    self="permute_back(grad, dims)")
def permute_(self: Array, dims):
    return np.transpose(self, dims)


def permute(self, dims):
    return np.transpose(self, dims)


@op(self="squeeze_dim(grad, dim)", view=True)
def unsqueeze(self: Array, dim):
    # (Indexing with None does what np.expand_dims does, in a tenth of its time.)
    return self[(slice(None),) * wrap_dim(dim, self.ndim + 1) + (None,)]


@op(node="SqueezeBackward0", view=True, public=False,
    self="reshape(grad, self_sym_sizes)")
def squeeze_all(self: Array):
    return np.squeeze(self)


@op(node="SqueezeBackward1", view=True, public=False, keeps=("dim",),
    self="reshape(grad, self_sym_sizes)")
def squeeze_dim(self: Array, dim):
    d = wrap_dim(dim, self.ndim)
    return np.squeeze(self, d) if self.ndim and self.shape[d] == 1 else self[...]


@op(node="SqueezeBackward2", view=True, public=False, keeps=("dim",),
    self="reshape(grad, self_sym_sizes)")
def squeeze_dims(self: Array, dim):
    dims = axes(dim, self.ndim) if dim else ()
    return np.squeeze(self, tuple(d for d in dims if self.shape[d] == 1))


@op(node="SqueezeBackward4", view=True, public=False, keeps=("dim",),
    self="reshape(grad, self_sym_sizes)")
def squeeze_in_place(self: Array, dim):
    return np.squeeze(self, wrap_dim(dim, self.ndim))


# -- windows: a view of part of a tensor; its gradient is zero around the window -------------------


@op(self="select_backward(grad, self_sym_sizes, dim, index)",
    view=True)
def select(self: Array, dim, index):
    if self.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at "
            f"dimension {dim}"
        )
    return self[(slice(None),) * d + (index, ...)]


@op(self="select(grad, dim, index)", public=False)
def select_backward(self: Array, input_sizes, dim, index):
    out = np.zeros(input_sizes, self.dtype)
    select(out, dim, index)[...] = self
    return out


@op(self="slice_backward(grad, self_sym_sizes, dim, start, end, step)",
    node="SliceBackward0", view=True, public=False)
def slice_(self: Array, dim=0, start=None, end=None, step=1):
    return self[(slice(None),) * wrap_dim(dim, self.ndim) + (slice(start, end, step),)]


@op(self="slice_(grad, dim, start, end, step)", public=False)
def slice_backward(self: Array, input_sizes, dim, start, end, step):
    out = np.zeros(input_sizes, self.dtype)
    slice_(out, dim, start, end, step)[...] = self
    return out


@op(self="as_strided_backward(grad, self_sym_sizes, size, stride, storage_offset)",
    node="AsStridedBackward0", view=True, public=False)
def as_strided_(self: Array, size, stride, storage_offset=0):
    # Offsets and strides count elements from the first element of `self`.
    base = self.reshape(-1) if self.flags.c_contiguous else self
    if self.flags.c_contiguous:
        base = base[storage_offset:]
    item = self.itemsize
    return as_strided_array(base, size, tuple(s * item for s in stride))


@op(self="as_strided_(contiguous(grad), size, stride, storage_offset)", public=False)
def as_strided_backward(self: Array, input_sizes, size, stride, storage_offset):
    out = np.zeros(input_sizes, self.dtype)
    places = as_strided_(np.arange(out.size).reshape(input_sizes), size, stride, storage_offset)
    np.add.at(out.reshape(-1), places, self)
    return out


def contiguous(self):
    return np.ascontiguousarray(self)


@op(self="diagonal_backward(grad, self_sym_sizes, offset, dim1, dim2)", view=True)
def diagonal(self: Array, offset=0, dim1=0, dim2=1):
    d1, d2 = wrap_dim(dim1, self.ndim), wrap_dim(dim2, self.ndim)
    if d1 == d2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    moved = np.moveaxis(self, (d1, d2), (-2, -1))
    n, m = moved.shape[-2:]
    i, j = (0, offset) if offset >= 0 else (-offset, 0)
    length = max_of(min_of(n - i, m - j), 0)
    if length == 0:
        return np.zeros((*moved.shape[:-2], 0), self.dtype)
    s1, s2 = moved.strides[-2:]
    return as_strided_array(
        moved[..., i:, j:], (*moved.shape[:-2], length), (*moved.strides[:-2], s1 + s2)
    )


max_of, min_of = builtins.max, builtins.min


@op(self="diagonal(grad, offset, dim1, dim2)", public=False)
def diagonal_backward(self: Array, input_sizes, offset, dim1, dim2):
    out = np.zeros(input_sizes, self.dtype)
    diagonal(out, offset, dim1, dim2)[...] = self
    return out


@op(self="stack(grads, dim)", outputs="many", view=True, multiple_views=True)
def unbind(self: Array, dim=0):
    if self.ndim == 0:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    if dim:
        self = np.moveaxis(self, wrap_dim(dim, self.ndim), 0)
    return [self[i, ...] for i in range(self.shape[0])]


@op(node="SplitBackward0", outputs="many", view=True, multiple_views=True, public=False,
    self="cat(grads, dim)")
def split_size(self: Array, split_size, dim=0):
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d]
    if split_size == 0 and n:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got {n}")
    if split_size < 0:
        raise RuntimeError(
            f"split expects split_size be non-negative, but got split_size={split_size}"
        )
    starts = range(0, n, split_size) if n else [0]
    return [slice_(self, d, i, i + split_size) for i in starts]


@op(node="SplitWithSizesBackward0", outputs="many", view=True, multiple_views=True, public=False,
    self="cat(grads, dim)")
def split_with_sizes(self: Array, split_sizes, dim=0):
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d]
    if builtins.sum(split_sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
            f"dimension {dim}), but got split_sizes={list(split_sizes)}"
        )
    ends = np.cumsum(split_sizes)
    return [
        slice_(self, d, int(e) - s, int(e)) for e, s in zip(ends, split_sizes, strict=True)
    ]


# -- joining ---------------------------------------------------------------------------------------


@word
def cat_back(grad, sizes, dim):
    parts, start = [], 0
    for s in sizes:
        if len(s) == 1 and s[0] == 0 and grad.ndim != 1:
            parts.append(zeros_of(s, grad))
            continue
        d = wrap_dim(dim, len(s))
        parts.append(slice_(grad, d, start, start + s[d]))
        start += s[d]
    return parts


def zeros_of(size, like):
    return np.zeros(size, like.dtype)


@op(name="cat_", node="CatBackward0", public=False, error="cat",
    tensors="cat_back(grad, tensors_sym_sizes, dim)",
    hides=("tensors_sym_sizes",))
def cat(tensors: Arrays, dim=0):
    if not len(tensors):
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    # An empty 1-d tensor may join anything.
    kept = [a for a in tensors if a.shape != (0,)] or tensors[:1]
    first = kept[0]
    if first.ndim == 0:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    d = wrap_dim(dim, first.ndim)
    for i, a in enumerate(tensors):
        if a.shape == (0,):
            continue
        if a.ndim != first.ndim:
            raise RuntimeError(
                "Tensors must have same number of dimensions: got "
                f"{first.ndim} and {a.ndim}"
            )
        if a.shape[:d] + a.shape[d + 1 :] != first.shape[:d] + first.shape[d + 1 :]:
            k = next(k for k in range(a.ndim) if k != d and a.shape[k] != first.shape[k])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {d}. Expected size "
                f"{first.shape[k]} but got size {a.shape[k]} for tensor number {i} in the list."
            )
    kind = _common_type(kept)
    return np.concatenate(kept, d, dtype=kind, casting="unsafe")


def _common_type(arrays):
    kind = arrays[0].dtype
    return kind if all_of(a.dtype is kind for a in arrays) else result_numpy(arrays)


@op(name="stack_", node="StackBackward0", public=False, error="stack",
    tensors="unbind(grad, dim)")
def stack(tensors: Arrays, dim=0):
    if not len(tensors):
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0]
    if first.ndim == 0:
        # A few numbers, such as the gradients of unpacked parameters: NumPy joins them at once.
        out = np.array(tensors)
        if out.ndim == 1 and out.dtype is first.dtype:
            return out
    for i, a in enumerate(tensors):
        if a.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at "
                f"entry 0 and {list(a.shape)} at entry {i}"
            )
    return np.stack(tensors, wrap_dim(dim, first.ndim + 1), dtype=_common_type(tensors),
                    casting="unsafe")


# -- copies in another order -----------------------------------------------------------------------


@op(self="flip(grad, dims)", node="FlipBackward0", public=False)
def flip_(self: Array, dims):
    return np.flip(self, axes(dims, self.ndim) if dims else ()).copy()


def flip(self, dims):
    return np.flip(self, axes(dims, self.ndim) if dims else ())


@op(self="roll(grad, tuple(-s for s in shifts), dims)",
    node="RollBackward0", public=False)
def roll_(self: Array, shifts, dims):
    return roll(self, shifts, dims)


def roll(self, shifts, dims):
    if not dims:
        return np.roll(self, shifts[0])
    return np.roll(self, shifts, dims)


@word
def repeat_back(grad, repeats, shape):
    if any_of(r == 0 for r in repeats):
        return zeros_of(shape, grad)
    lead = len(repeats) - len(shape)
    split, dims = [], []
    for i, r in enumerate(repeats):
        dims.append(len(split))
        split += [r] if i < lead else [r, shape[i - lead]]
    return sum(reshape(grad, tuple(split)), dims) if dims else grad


@op(self="repeat_back(grad, repeats, self_sym_sizes)",
    node="RepeatBackward0", public=False)
def repeat_(self: Array, repeats):
    if len(repeats) < self.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    return np.tile(self, repeats)


@op(self="tril(grad, diagonal)")
def tril(self: Array, diagonal=0):
    return np.tril(self, diagonal)


@op(self="triu(grad, diagonal)")
def triu(self: Array, diagonal=0):
    return np.triu(self, diagonal)


@op(self="diagonal(grad, offset, dim1, dim2)")
def diag_embed(self: Array, offset=0, dim1=-2, dim2=-1):
    n = self.shape[-1] + builtins.abs(offset)
    ndim = self.ndim + 1
    d1, d2 = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    out = np.zeros((*self.shape[:-1], n, n), self.dtype)
    diagonal(out, offset, -2, -1)[...] = self
    return np.moveaxis(out, (-2, -1), (d1, d2))


@op(self="trace_back(grad, self_sym_sizes)")
def trace(self: Array):
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    return np.trace(self)


@word
def trace_back(grad, shape):
    return grad * eye_like(grad, shape)


def eye_like(like, shape):
    return np.eye(*shape, dtype=like.dtype)


# == Filling and copying ===========================================================================


def zeros_like(self):
    return np.zeros(self.shape, self.dtype)


def ones_like(self):
    return np.ones(self.shape, self.dtype)


@op(self="zeros_like(grad)", public=False, node="ZeroBackward0")
def zero(self: Array):
    return np.zeros_like(self)


@op(self="zeros_like(grad)", public=False, node="FillBackward2")
def fill_scalar(self: Array, value):
    return np.full_like(self, value)


@op(self="zeros_like(grad)", value="sum(grad)", public=False,
    node="FillBackward3")
def fill_tensor(self: Array, value: Array):
    return np.full_like(self, value)


@op(self="None", src="grad", public=False, node="CopyBackwards",
    label="torch::autograd::CopyBackwards")
def copy_from(self: Array, src: Array):
    return np.broadcast_to(src, self.shape)


@op(node="BernoulliBackward0", public=False, self="zeros_like(grad)")
def bernoulli_like(self: Array, drawn):
    return drawn


@op(node="NormalBackward0", public=False,
    self="zeros_of(self_sym_sizes, grad)")
def normal_like(self: Array, drawn):
    return drawn


@op(name="to_", node="ToCopyBackward0", self="grad", public=False)
def to_type(self: Array, dtype):
    with np.errstate(all="ignore"):
        if self.dtype.kind == "c" and dtype.kind != "c":
            self = self.real
        return self.astype(dtype)


# == Arithmetic ====================================================================================


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
    if np.bool_ in (getattr(self, "dtype", None), getattr(other, "dtype", None)):
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


@word
def pow_self(grad, self, exponent):
    if exponent == 0:
        return zeros_like(grad)
    if exponent == 2:
        return grad * (self + self)
    return grad * (pow(self, exponent - 1) * exponent)


@op(node="PowBackward0", public=False, error="pow",
    self="pow_self(grad, self, exponent)")
def pow_scalar(self: Array, exponent):
    kind = self.dtype.kind
    if kind in "iub":
        if isinstance(exponent, float):
            return self.astype(default_numpy()) ** exponent
        if exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if kind == "b":
            self = self.astype(np.int64)
    return self**exponent


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
    return np.abs(self)


def _sign(self):
    return self if self.dtype == bool else np.sign(self)


@op(self="zeros_like(grad)")
def sign(self: Array):
    return _sign(self)


@op(self="zeros_like(grad)")
def sgn(self: Array):
    return _sign(self)


@word
def copysign_sign(result, self):
    """The sign that copysign gave to `self`: 1 where it kept it, -1 where it turned it."""
    return result / where(self == 0, 1.0, self)


@op(promote="same",
    self="share(grad, self > other, self == other)",
    other="share(grad, other > self, self == other)")
def maximum(self: Array, other: Array):
    return np.maximum(self, other)


@op(promote="same",
    self="share(grad, self < other, self == other)",
    other="share(grad, other < self, self == other)")
def minimum(self: Array, other: Array):
    return np.minimum(self, other)


@word
def share(grad, mine, tied):
    """All of the gradient where this operand was chosen, half of it where both were equal."""
    return where(mine, grad, where(tied, grad / 2, 0.0))


@op(promote="same",
    self="grad * logical_or(self >= other, other != other)",
    other="grad * logical_not(logical_or(self >= other, other != other))")
def fmax(self: Array, other: Array):
    return np.fmax(self, other)


@op(promote="same",
    self="grad * logical_or(self <= other, other != other)",
    other="grad * logical_not(logical_or(self <= other, other != other))")
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
    self="grad * other / (self * self + other * other)",
    other="grad * -self / (self * self + other * other)")
def atan2(self: Array, other: Array):
    return np.arctan2(self, other)


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
    self="grad * where(other == 0, 0.0, log(where(other == 0, 1.0, other)))",
    other="grad * self / other")
def xlogy(self: Number, other: Number):
    r = self * np.log(other)
    return np.where((np.asarray(self) == 0) & ~np.isnan(other), np.zeros_like(r), r)


@op(node="ComplexBackward0", public=False, error="complex",
    real="real_part(grad)", imag="imag_part(grad)")
def complex_(real: Array, imag: Array):
    kind = np.complex128 if real.dtype == np.float64 else np.complex64
    return (real + 1j * imag).astype(kind)


@op(public=False, node="RealBackward0", self="complex_(grad, grad * 0)")
def real_part(self: Array):
    return self.real.copy()


@op(public=False, node="ImagBackward0", self="complex_(grad * 0, grad)")
def imag_part(self: Array):
    return self.imag.copy()


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


@op(self="grad * positive(result)", calm=True)
def relu(self: Array):
    return np.maximum(self, ZERO.get(self.dtype, 0))


def positive(self):
    return self > ZERO.get(self.dtype, 0)


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


# == Comparing and choosing ========================================================================


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
    return np.where(condition, self, other)


def where(condition, self, other):
    return np.where(condition, self, other)


@op(node="MaskedFillBackward0", public=False, error="masked_fill",
    self="where(mask, 0.0, grad)")
def masked_fill_scalar(self: Array, mask: Index, value):
    if mask.dtype != bool:
        raise RuntimeError(
            f"masked_fill only supports boolean masks, but got mask with dtype "
            f"{FROM_NUMPY[mask.dtype].name}"
        )
    return np.where(mask, np.asarray(value).astype(self.dtype), self)


@op(node="MaskedFillBackward1", public=False, error="masked_fill",
    self="where(mask, 0.0, grad)",
    value="sum(where(mask, grad, 0.0))")
def masked_fill_tensor(self: Array, mask: Index, value: Array):
    return np.where(mask, value.astype(self.dtype), self)


@op(node="ClampBackward1", public=False, error="clamp",
    self="grad * inside(self, min, max)")
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
    self="grad * inside(self, min, max)",
    min="grad * below(self, min, max)",
    max="grad * above(self, min, max)")
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


# == Reductions ====================================================================================


@op(node="SumBackward0", public=False, calm=True,
    self="expand(grad, self_sym_sizes)")
def sum_all(self: Array):
    return _add(self, None, np.int64 if self.dtype.kind in "iub" else None)


@op(node="SumBackward1", public=False, error="sum",
    self="expand(restore(grad, self_sym_sizes, dim, keepdim), self_sym_sizes)")
def sum_dim(self: Array, dim, keepdim=False):
    kind = np.int64 if self.dtype.kind in "iub" else None
    return _add(self, axis=axes(dim, self.ndim), keepdims=keepdim, dtype=kind)


def sum(self, dim=None, keepdim=False):
    if dim is None:
        return _add(self, None)
    if keepdim and dim.__class__ is int and self.ndim:
        return sum_along(self, dim)
    return _add(self, axis=axes(dim, self.ndim), keepdims=keepdim)


def _need_float(name, a):
    if a.dtype.kind in "iub":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {long_name(a.dtype)}"
        )


@op(node="MeanBackward0", public=False, calm=True,
    self="expand(grad / self_sym_numel, self_sym_sizes)")
def mean_all(self: Array):
    if self.dtype.kind in "iub":
        _need_float("mean", self)
    # A sum and a division: a fifth of the time of ndarray.mean. (Dividing a float32 scalar by a
    # Python integer stays in float32.)
    return _add(self, None) / (self.size or math.nan)


@op(node="MeanBackward1", public=False, error="mean", keeps=("self_sym_numel",),
    self="expand(restore(grad, self_sym_sizes, dim, keepdim) / count(self_sym_sizes, dim), "
         "self_sym_sizes)")
def mean_dim(self: Array, dim, keepdim=False):
    _need_float("mean", self)
    dims = axes(dim, self.ndim)
    return _add(self, axis=dims, keepdims=keepdim) / self.dtype.type(count(self.shape, dim))


def count(shape, dim):
    """How many elements a reduction over `dim` combines."""
    return math.prod(shape[d] for d in axes(dim, len(shape))) if shape else 1


@op(node="VarBackward0", public=False, error="var",
    self="var_back(grad, self, dim, correction, keepdim)")
def var_(self: Array, dim, correction, keepdim=False):
    return variance(self, dim, correction, keepdim, "var")


@op(node="StdBackward0", public=False, error="std",
    self="std_back(grad, self, result, dim, correction, keepdim)")
def std_(self: Array, dim, correction, keepdim=False):
    return np.sqrt(variance(self, dim, correction, keepdim, "std"))


def variance(a, dim, correction, keepdim, name):
    _need_std(name, a)
    dims = axes(dim, a.ndim)
    n = count(a.shape, dim)
    if n - correction <= 0:
        warnings.warn(errors.VAR_DEGREES.format(name), UserWarning, stacklevel=4)
    centred = a - _add(a, axis=dims, keepdims=True) / a.dtype.type(n)
    total = _add(centred * centred, axis=dims, keepdims=keepdim)
    return total / a.dtype.type(max_of(n - correction, 0))


def _need_std(name, a):
    if a.dtype.kind in "iub":
        raise RuntimeError("std and var only support floating point and complex dtypes")


@word
def var_back(grad, self, dim, correction, keepdim):
    n = count(self.shape, dim)
    grad = restore(grad, self.shape, dim, keepdim)
    freedom = n - correction
    if freedom == 0:
        return grad * (self - mean(self, dim, True)) * math.inf
    return grad * (self - mean(self, dim, True)) * (2.0 / freedom)


@word
def std_back(grad, self, result, dim, correction, keepdim):
    inner = where(result == 0, 0.0, grad / (result * 2))
    return var_back(inner, self, dim, correction, keepdim)


def mean(self, dim=None, keepdim=False):
    return _add(self, axis=axes(dim, self.ndim), keepdims=keepdim) / count(self.shape, dim)


@op(node="ProdBackward0", public=False,
    self="prod_back(grad, self, result)")
def prod_all(self: Array):
    return np.multiply.reduce(self, axis=None, dtype=_summed(self))


@op(node="ProdBackward1", public=False, error="prod",
    self="prod_dim_back(grad, self, result, dim, keepdim)")
def prod_dim(self: Array, dim, keepdim=False):
    return np.multiply.reduce(self, axis=axes(dim, self.ndim), keepdims=keepdim,
                              dtype=_summed(self))


def _summed(a):
    return np.int64 if a.dtype.kind in "iub" else a.dtype


@word
def prod_back(grad, self, result):
    if self.ndim == 0:
        return grad
    return reshape(
        grad * product_of_others(reshape(self, (math.prod(self.shape),)), 0), tuple(self.shape)
    )


@word
def prod_dim_back(grad, self, result, dim, keepdim):
    if self.ndim == 0:
        return grad
    return restore(grad, self.shape, dim, keepdim) * product_of_others(self, dim)


@word
def product_of_others(self, dim):
    """For each element the product of all others along `dim`, right for zeros too.

    Products of everything before, times products of everything after.
    """
    d = axes(dim, self.ndim)[0]
    n = self.shape[d]
    if n == 0:
        return zeros_like(self)
    one = ones_like(slice_(self, d, 0, 1))
    before = cumprod(cat([one, slice_(self, d, 0, n - 1)], d), d)
    after = flip(cumprod(cat([one, flip(slice_(self, d, 1, n), (d,))], d), d), (d,))
    return before * after


def _extreme(name, node_dim, node_all, find, argument):
    """max and min: the first extreme along a dim, or all that tie for the extreme of everything."""

    def all_(self: Array):
        _not_empty(name, self)
        return find(self)

    def along(self: Array, dim, keepdim=False):
        if self.ndim == 0:
            wrap_dim(dim, 0)
            return self, np.zeros((), np.int64)
        d = wrap_dim(dim, self.ndim)
        if self.shape[d] == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim {dim} to have non-zero size."
            )
        i = argument(self, d)
        return find(self, axis=d, keepdims=keepdim), np.expand_dims(i, d) if keepdim else i

    def extremes(self: Array, dim=(), keepdim=False):
        if not self.size and (dim is None or dim == ()):
            raise RuntimeError(
                f"a{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        return find(self, axis=axes(dim, self.ndim), keepdims=keepdim)

    for f in (all_, along, extremes):
        f.__annotations__["self"] = "Array"
    entire = op(
        f"{name}_all", node=node_all, public=False, error=name,
        self="evenly(grad, self, result)",
    )(all_)
    one_dim = op(
        f"{name}_dim", node=node_dim, public=False, error=name, outputs=2,
        result_type=return_type(name, "values", "indices"),
        self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)",
        names=("values", "indices"),
    )(along)
    many_dims = op(
        f"a{name}",
        self="evenly_dim(grad, self, result, dim, keepdim)",
    )(extremes)
    return entire, one_dim, many_dims


def _not_empty(name, a):
    if a.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify "
            "the reduction dim with the 'dim' argument."
        )


@word
def evenly(grad, self, result):
    """The gradient of an extreme, shared evenly by all elements that attain it."""
    mask = self == result
    return mask * (grad / sum(mask * 1))


@word
def evenly_dim(grad, self, result, dim, keepdim):
    grad, result = (restore(x, self.shape, dim, keepdim) for x in (grad, result))
    mask = self == result
    if self.ndim == 0:
        return grad * mask
    return mask * (grad / sum(mask * 1, axes(dim, self.ndim), True))


@word
def pick_back(grad, shape, dim, keepdim, indices):
    """The gradient of choosing along `dim` the elements at `indices`: back to where they were."""
    if not shape:
        return grad
    d = wrap_dim(dim, len(shape))
    if not keepdim:
        grad, indices = unsqueeze(grad, d), unsqueeze(indices, d)
    return scatter_(zeros_of(shape, grad), d, indices, grad)


def return_type(name: str, *fields: str) -> Any:
    """A named tuple that prints as torch's do."""
    from collections import namedtuple

    base: Any = namedtuple(name, fields)  # type: ignore[misc]

    def show(self):
        inside = ",\n".join(f"{f}={v!r}" for f, v in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n{inside})"

    made: Any = type(name, (base,), {"__repr__": show, "__slots__": (), "__module__":
                                "torch.return_types"})
    RETURN_TYPES[name] = made
    return made._make


RETURN_TYPES: dict[str, Any] = {}
max_all, max_dim, amax = _extreme("max", "MaxBackward0", "MaxBackward1", np.max, np.argmax)
min_all, min_dim, amin = _extreme("min", "MinBackward0", "MinBackward1", np.min, np.argmin)


@op()
def argmax(self: Array, dim=None, keepdim=False):
    return _argextreme(np.argmax, "argmax", self, dim, keepdim)


@op()
def argmin(self: Array, dim=None, keepdim=False):
    return _argextreme(np.argmin, "argmin", self, dim, keepdim)


def _argextreme(f, name, a, dim, keepdim):
    if dim is None:
        if a.size == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        r = np.asarray(f(a))
        return r.reshape((1,) * a.ndim) if keepdim else r
    if a.ndim == 0:
        wrap_dim(dim, 0)
        return np.zeros((), np.int64)
    return f(a, axis=wrap_dim(dim, a.ndim), keepdims=keepdim)


@op(promote="float", node="LogsumexpBackward0", public=False, error="logsumexp",
    self="restore(grad, self.shape, dim, keepdim) * exp(self - restore(result, self.shape, dim, "
         "keepdim))")
def logsumexp_(self: Array, dim, keepdim=False):
    if self.ndim == 0:
        return self.copy()
    dims = axes(dim, self.ndim)
    top = np.max(self, axis=dims, keepdims=True, initial=-np.inf)
    top = np.where(np.isinf(top), 0, top).astype(self.dtype)
    out = np.log(_add(np.exp(self - top), axis=dims, keepdims=True)) + top
    return out if keepdim else np.squeeze(out, dims)


@op(self="cumsum_back(grad, dim)", node="CumsumBackward0", public=False)
def cumsum_(self: Array, dim):
    if self.ndim == 0:
        wrap_dim(dim, 0)
        return self.astype(_summed(self))
    return np.cumsum(self, wrap_dim(dim, self.ndim), dtype=_summed(self))


def cumsum(self, dim):
    return cumsum_(np.asarray(self), dim)


@word
def cumsum_back(grad, dim):
    if grad.ndim == 0:
        return grad
    return flip(cumsum(flip(grad, (dim,)), dim), (dim,))


@op(self="cumprod_back(grad, self, dim, result)",
    node="CumprodBackward0", public=False)
def cumprod_(self: Array, dim):
    if self.ndim == 0:
        wrap_dim(dim, 0)
        return self.astype(_summed(self))
    return np.cumprod(self, wrap_dim(dim, self.ndim), dtype=_summed(self))


def cumprod(self, dim):
    return cumprod_(np.asarray(self), dim)


@word
def cumprod_back(grad, self, dim, result):
    """Sum over the products that an element is part of, each without that element.

    Without zeros that is (sum of grad * result from here on) / self. With zeros, each row of the
    matrix of partial products is computed with the element left out.
    """
    if self.ndim == 0:
        return grad
    if not has_zero(self) and not tracked(self):
        return cumsum_back(grad * result, dim) / self
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d]
    parts = []
    for k in range(n):
        before = prod(slice_(self, d, 0, k), d, True)
        rest = slice_(self, d, k + 1, n)
        chain = cumprod(cat([before, rest], d), d)
        parts.append(sum(slice_(grad, d, k, n) * chain, d, True))
    return cat(parts, d) if parts else grad


def has_zero(self):
    return bool(np.any(np.asarray(self) == 0))


def tracked(self):
    return False


def prod(self, dim, keepdim=False):
    return np.multiply.reduce(self, axis=axes(dim, self.ndim), keepdims=keepdim)


# == Matrices ======================================================================================


def _same_type(name, a, b, what="both vectors to have same dtype"):
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise RuntimeError(
            f"{name} : expected {what}, but found {long_name(a.dtype)} and {long_name(b.dtype)}"
        )


@op(self="grad * tensor",
    tensor="grad * self")
def dot(self: Array, tensor: Array):
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {self.ndim}D and {tensor.ndim}D tensors"
        )
    _same_type("dot", self, tensor)
    if self.shape != tensor.shape:
        n, m = self.shape[0], tensor.shape[0]
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same "
            f"number of elements, but got {n} and {m} elements respectively"
        )
    return np.dot(self, tensor)


@op(self="outer(grad, vec)",
    vec="mv(t(self), grad)")
def mv(self: Array, vec: Array):
    if self.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got 1, {self.ndim}, {vec.ndim}"
        )
    if self.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({self.shape[0]}), mat "
            f"({self.shape[0]}x{self.shape[1]}), vec ({vec.shape[0]})"
        )
    _same_dtype(self, vec)
    return self @ vec


def _same_dtype(a, b):
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_name(a)} != {_c_name(b)}"
        )


def _c_name(a):
    return {"f4": "float", "f8": "double", "i8": "long", "i4": "int"}.get(a.dtype.str[1:], "?")


def product(a, b):
    """The word mm without its checks: shapes in a derivative are right already."""
    return a @ b


def turned(a):
    return a.T


def outer(self, vec2):
    return np.multiply.outer(self, vec2)


def _check_mm(a, b):
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
            f"{b.shape[0]}x{b.shape[1]})"
        )
    _same_dtype(a, b)


@op(shows=("self_sym_sizes", "self_sym_strides", "mat2_sym_sizes", "mat2_sym_strides"),
    self="product(grad, turned(mat2))",
    mat2="product(turned(self), grad)")
def mm(self: Array, mat2: Array):
    if self.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if mat2.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    _check_mm(self, mat2)
    return self @ mat2


@op(self="bmm(grad, transpose(mat2, 1, 2))",
    mat2="bmm(transpose(self, 1, 2), grad)")
def bmm(self: Array, mat2: Array):
    if self.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if mat2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        b, _, m = self.shape
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{b}, {m}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    return self @ mat2


@op(shows=("mat1_sym_sizes", "mat1_sym_strides", "mat2_sym_sizes", "mat2_sym_strides"),
    self="scale(grad, beta)",
    mat1="scale(product(grad, turned(mat2)), alpha)",
    mat2="scale(product(turned(mat1), grad), alpha)")
def addmm(self: Array, mat1: Array, mat2: Array, *, beta=1, alpha=1):
    if mat1.ndim != 2 or mat2.ndim != 2:
        raise RuntimeError(f"mat1 must be a matrix, got {mat1.ndim}-D tensor"
                           if mat1.ndim != 2 else
                           f"mat2 must be a matrix, got {mat2.ndim}-D tensor")
    _check_mm(mat1, mat2)
    r = mat1 @ mat2
    if alpha != 1:
        r = r * alpha
    if beta == 1 and r.dtype == self.dtype and self.ndim == 1 and self.shape == r.shape[1:]:
        r += self  # the product is ours, so the bias is added without another array
        return r
    if beta == 0:
        return r
    return r + (self if beta == 1 else self * beta)


@op(self="scale(grad, beta)",
    mat="scale(outer(grad, vec), alpha)",
    vec="scale(mv(t(mat), grad), alpha)")
def addmv(self: Array, mat: Array, vec: Array, *, beta=1, alpha=1):
    r = (mat @ vec) * alpha
    return np.broadcast_to(r if beta == 0 else r + self * beta, r.shape).astype(r.dtype)


@op(self="scale(grad, beta)",
    batch1="scale(bmm(grad, transpose(batch2, 1, 2)), alpha)",
    batch2="scale(bmm(transpose(batch1, 1, 2), grad), alpha)")
def baddbmm(self: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    r = (batch1 @ batch2) * alpha
    return r if beta == 0 else r + self * beta


# == Positions =====================================================================================


@op(node="IndexBackward0", public=False, error="index",
    self="index_back(grad, self_sym_sizes, indices)")
def index(self: Array, indices):
    return self[indices]


@op(grad="index(grad, indices)", public=False, node="IndexPutBackward0")
def _index_back_op(grad: Array, shape, indices):
    out = np.zeros(shape, grad.dtype)
    np.add.at(out, indices, grad)
    return out


@word
def index_back(grad, shape, indices):
    return _index_back_op(grad, tuple(shape), indices)


@op(node="IndexPutBackward0", public=False, error="index_put",
    self="grad if accumulate else index_cleared(grad, indices)",
    values="index(grad, indices)")
def index_put_op(self: Array, indices, values: Array, accumulate=False):
    out = self.copy()
    if accumulate:
        np.add.at(out, indices, values)
    else:
        out[indices] = values
    return out


@op(self="index_cleared(grad, indices)", public=False)
def index_cleared(self: Array, indices):
    out = self.copy()
    out[indices] = 0
    return out


def _along(dim, index):
    """Indices for NumPy: `index` along `dim`, the element's own position elsewhere."""
    places = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    places[dim] = index
    return tuple(places)


def _check_index(index):
    if index.dtype != np.int64:
        raise RuntimeError("gather(): Expected dtype int32/int64 for index")


@op(self="scatter_add_(zeros_of(self_sym_sizes, grad), dim, index, grad)")
def gather(self: Array, dim, index: Index, *, sparse_grad=False):
    if self.ndim == 0 or index.ndim == 0:
        r = np.atleast_1d(self)[np.atleast_1d(index)]
        return r.reshape(index.shape)
    if index.size == 0:
        return np.zeros(index.shape, self.dtype)
    if index.ndim != self.ndim:
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor"
        )
    return self[_along(wrap_dim(dim, self.ndim), index)]


@op(node="ScatterAddBackward0", public=False, error="scatter_add",
    self="grad",
    src="gather(grad, dim, index)")
def scatter_add_(self: Array, dim, index: Index, src: Array):
    out = self.copy()
    if index.size == 0:
        return out
    if self.ndim == 0:
        np.add.at(out.reshape(1), np.atleast_1d(index), np.atleast_1d(src))
        return out
    window = tuple(slice(n) for n in index.shape)
    np.add.at(out, _along(wrap_dim(dim, self.ndim), index), np.broadcast_to(src, src.shape)[window])
    return out


@op(node="ScatterBackward0", public=False, error="scatter",
    self="scatter_value(grad, dim, index, 0)",
    src="gather(grad, dim, index)")
def scatter_(self: Array, dim, index: Index, src: Array):
    out = self.copy()
    if self.ndim == 0:
        out[...] = np.asarray(src).reshape(())
        return out
    window = tuple(slice(n) for n in index.shape)
    out[_along(wrap_dim(dim, self.ndim), index)] = src[window]
    return out


@op(node="ScatterBackward1", public=False, error="scatter",
    self="scatter_value(grad, dim, index, 0)")
def scatter_value(self: Array, dim, index: Index, value):
    out = self.copy()
    if self.ndim == 0:
        out[...] = value
        return out
    out[_along(wrap_dim(dim, self.ndim), index)] = value
    return out


@op(self="index_add_(zeros_of(self_sym_sizes, grad), dim, index, grad)")
def index_select(self: Array, dim, index: Index):
    if self.ndim == 0:
        return np.atleast_1d(self)[index.reshape(-1)[0]]
    return np.take(self, index, wrap_dim(dim, self.ndim))


@op(node="IndexAddBackward0", public=False, error="index_add",
    self="grad",
    source="scale(index_select(grad, dim, index), alpha)")
def index_add_(self: Array, dim, index: Index, source: Array, *, alpha=1):
    out = self.copy()
    d = wrap_dim(dim, self.ndim)
    where_to: Any = (*(slice(None),) * d, index)
    if self.ndim == 0:
        np.add.at(out.reshape(1), np.atleast_1d(index), np.atleast_1d(source) * alpha)
        return out
    np.add.at(out, where_to, source if alpha == 1 else source * alpha)
    return out


# == Sorting =======================================================================================


@op(node="SortBackward0", outputs=2, public=False, error="sort",
    result_type=return_type("sort", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, True, indices)", names=("values", "indices"))
def sort_(self: Array, dim=-1, descending=False):
    i = _argsort(self, dim, descending)
    return (np.take_along_axis(self, i, dim) if self.ndim else self.copy()), i


def _argsort(a, dim, descending):
    if a.ndim == 0:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(a, dim, kind="stable")
    flipped = np.argsort(np.flip(a, dim), dim, kind="stable")
    return np.flip(a.shape[dim] - 1 - flipped, dim).copy()


@op(node="TopkBackward0", outputs=2, public=False, error="topk",
    result_type=return_type("topk", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, True, indices)", names=("values", "indices"))
def topk_(self: Array, k, dim=-1, largest=True):
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    d = wrap_dim(dim, self.ndim)
    if not 0 <= k <= self.shape[d]:
        raise RuntimeError("selected index k out of range")
    i = np.take(_argsort(self, d, largest), range(k), d)
    return np.take_along_axis(self, i, d), i


@op(node="MedianBackward0", public=False, error="median",
    self="evenly(grad, self, result)")
def median_all(self: Array):
    if self.size == 0:
        return np.asarray(np.nan, self.dtype)
    flat = np.sort(self, axis=None)
    return flat[-1] if np.isnan(flat[-1]) else flat[(self.size - 1) // 2]


@op(node="MedianBackward1", outputs=2, public=False, error="median",
    result_type=return_type("median", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)", names=("values", "indices"))
def median_dim(self: Array, dim, keepdim=False):
    return kth(self, (self.shape[dim] + 1) // 2 if self.ndim else 1, dim, keepdim)


@op(node="KthvalueBackward0", outputs=2, public=False, error="kthvalue",
    result_type=return_type("kthvalue", "values", "indices"),
    self="pick_back(grad, self_sym_sizes, dim, keepdim, indices)", names=("values", "indices"))
def kthvalue_(self: Array, k, dim=-1, keepdim=False):
    return kth(self, k, dim, keepdim)


def kth(a, k, dim, keepdim):
    if a.ndim == 0:
        return a.copy(), np.zeros((), np.int64)
    d = wrap_dim(dim, a.ndim)
    i = np.take(np.argsort(a, d, kind="stable"), [k - 1], d)
    v = np.take_along_axis(a, i, d)
    return (v, i) if keepdim else (np.squeeze(v, d), np.squeeze(i, d))


# == The engine's own need =========================================================================

engine.sum_to_array = sum_to
engine.sum_to_tensor = speak_tensors(sum_to)
