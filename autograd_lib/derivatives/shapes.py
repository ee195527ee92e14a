"""The table: shapes, views, joining, copies and filling."""

# In this file `sum`, `abs`, `pow`, `round` and their like are torch's words, not Python's.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from ..dtypes import long_name, result_numpy
from ..numeric import complex_met, memory
from ..recorder import Array, Arrays, op, word
from ..tensor import wrap_dim

_array, _empty = np.array, np.empty


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
        out = _empty(size, self.dtype)
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


# Offsets count elements from the first element of `self`. `strides` are its own, if they are not
# those of its size.


def in_memory(a, size, stride, offset, kind=None):
    """A window on the memory that `a` is a part of; perhaps as elements of another type."""
    flat, start = (a.reshape(-1), 0) if a.flags.c_contiguous and offset >= 0 else memory(a)
    if kind is not None:
        flat, start = flat.view(kind), start * a.itemsize // kind.itemsize
    if start + offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {start + offset}")
    return as_strided_array(flat[start + offset:], size, tuple(s * flat.itemsize for s in stride))


def laid_out(a, strides):
    """A copy of `a` with its elements in memory where these strides put them."""
    if strides is None:
        return np.array(a, order="C")
    places = places_of(a.shape, strides)
    out = in_memory(np.empty(places.max(initial=0) + 1, a.dtype), a.shape, strides, 0)
    out[...] = a
    return out


def places_of(size, strides, offset=0):
    """Where in memory the elements lie."""
    if strides is None:
        return np.arange(offset, offset + math.prod(size)).reshape(size)
    out = np.full(size, offset)
    for n, step, place in zip(size, strides, np.ogrid[tuple(slice(n) for n in size)], strict=True):
        if n > 1:
            out += step * place
    return out


def both_places(own, window):
    """Where a tensor's elements lie in memory and where those of a window, and how much there is.
    """
    low = min_of(own.min(initial=0), window.min(initial=0))
    own, window = own - low, window - low
    return own, window, max_of(own.max(initial=0), window.max(initial=0)) + 1


@op(self="as_strided_backward(grad, self_sym_sizes, size, stride, storage_offset, strides)",
    node="AsStridedBackward0", view=True, public=False, error="as_strided", hides=("strides",))
def as_strided_(self: Array, size, stride, storage_offset=0, strides=None):
    return in_memory(self, size, stride, storage_offset)


@op(self="strided_take(grad, size, stride, storage_offset, strides)", public=False)
def as_strided_backward(self: Array, input_sizes, size, stride, storage_offset, strides=None):
    own, window, n = both_places(places_of(input_sizes, strides),
                                    places_of(size, stride, storage_offset))
    out = np.zeros(n, self.dtype)
    np.add.at(out, window, self)
    if strides is not None and 0 in strides:  # many elements in one place share its gradient
        out /= np.maximum(np.bincount(own.reshape(-1), minlength=n), 1)
    return out[own]


@op(self="as_strided_backward(grad, self_sym_sizes, size, stride, storage_offset, strides)",
    public=False)
def strided_take(self: Array, size, stride, storage_offset, strides=None):
    own, window, n = both_places(places_of(self.shape, strides),
                                    places_of(size, stride, storage_offset))
    out = np.zeros(n, self.dtype)
    out[own] = self
    return out[window]


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


# -- a copy with other values in one part ----------------------------------------------------------


def _with(self, view, src):
    """A copy of `self` with `src` where `view` (a function of the copy) looks."""
    out = self.copy()
    part = view(out)
    if part.shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(part.shape)}"
        )
    part[...] = src
    return out


@op(self="select_scatter(grad, zeros_of(src_sym_sizes, grad), dim, index)",
    src="select(grad, dim, index)")
def select_scatter(self: Array, src: Array, dim, index):
    return _with(self, lambda out: select(out, dim, index), src)


@op(self="slice_scatter(grad, zeros_of(src_sym_sizes, grad), dim, start, end, step)",
    src="slice_(grad, dim, start, end, step)")
def slice_scatter(self: Array, src: Array, dim=0, start=None, end=None, step=1):
    return _with(self, lambda out: slice_(out, dim, start, end, step), src)


@op(self="diagonal_scatter(grad, zeros_of(src_sym_sizes, grad), offset, dim1, dim2)",
    src="diagonal(grad, offset, dim1, dim2)")
def diagonal_scatter(self: Array, src: Array, offset=0, dim1=0, dim2=1):
    return _with(self, lambda out: diagonal(out, offset, dim1, dim2), src)


@op(self="as_strided_scatter(grad, zeros_of(src_sym_sizes, grad), size, stride, storage_offset)",
    src="as_strided_(contiguous(grad), size, stride, storage_offset or 0)")
def as_strided_scatter(self: Array, src: Array, size, stride, storage_offset=None):
    out = np.ascontiguousarray(self).copy()
    as_strided_(out, tuple(size), tuple(stride), storage_offset or 0)[...] = src
    return out


@op(node="UnfoldBackward0", view=True, public=False, error="unfold",
    self="unfold_backward(grad, self_sym_sizes, dimension, size, step)")
def unfold_(self: Array, dimension, size, step):
    d = wrap_dim(dimension, self.ndim)
    full = self if self.ndim else self.reshape(1)
    n = full.shape[d]
    if size > n:
        raise RuntimeError(
            f"maximum size for tensor at dimension {d} is {n} but size is {size}"
        )
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    shape, strides = list(full.shape), list(full.strides)
    shape[d], strides[d] = (n - size) // step + 1, full.strides[d] * step
    if not self.ndim:
        return as_strided_array(full, (size,), (full.strides[d],))
    return as_strided_array(full, (*shape, size), (*strides, full.strides[d]))


@op(self="unfold_(grad, dim, size, step)", public=False)
def unfold_backward(self: Array, input_sizes, dim, size, step):
    out = np.zeros(input_sizes, self.dtype)
    places = unfold_(np.arange(out.size).reshape(input_sizes), dim, size, step)
    np.add.at(out.reshape(-1), places, self)
    return out


@op(self="stack(grads, dim)", outputs="many", view=True, multiple_views=True)
def unbind(self: Array, dim=0):
    if self.ndim == 0:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    if dim:
        self = np.moveaxis(self, wrap_dim(dim, self.ndim), 0)
    out, i, n = [], 0, len(self)
    while i < n:  # (`for` would take 0.1 us more, a comprehension 0.3)
        out.append(self[i, ...])
        i += 1
    return out


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
        out = _array(tensors)
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


@op(self="zeros_like(grad)", public=False, node="EqBackward0")
def overwritten(self: Array, values):
    return values


@op(self="zeros_like(grad)", value="sum(grad)", public=False,
    node="FillBackward3")
def fill_tensor(self: Array, value: Array):
    return np.full_like(self, value)


@op(self="zeros_like(grad)", src="grad", public=False, node="CopyBackwards",
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


@op(node="NormalBackward3", public=False,
    mean="zeros_of(mean_sym_sizes, grad)",
    std="zeros_of(std_sym_sizes, grad)")
def normal_of_both(mean: Array, std: Array, drawn):
    return drawn


def _drawn(kind, title):
    """Random numbers in the place of a tensor's own: nothing flows back to what was there."""

    def fill(self: Array, drawn):
        return np.asarray(drawn).astype(self.dtype)

    fill.__annotations__["self"] = "Array"
    op(f"{kind}_fill", node=title, public=False, self="zeros_like(grad)")(fill)


for _kind in ("uniform", "normal", "exponential", "cauchy", "geometric"):
    _drawn(_kind, f"{_kind.capitalize()}Backward0")
_drawn("bernoulli", "BernoulliBackward2")
_drawn("random", "RandomBackward2")
_drawn("log_normal", "LogNormalBackward0")


@op(name="to_", node="ToCopyBackward0", self="grad", public=False)
def to_type(self: Array, dtype):
    with np.errstate(all="ignore"):
        if self.dtype.kind == "c" and dtype.kind != "c":
            complex_met()
            self = self.real
        return self.astype(dtype)
