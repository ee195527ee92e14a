"""Shapes, joining and splitting: overloads of the table's views and copies."""

from __future__ import annotations

import builtins
import itertools
import math
from typing import Any

import numpy as np

from .. import dtypes
from ..derivatives import infer, sizes_of
from ..dtypes import dtype as Dtype
from ..recorder import METHODS, PUBLIC, public, register
from ..tensor import Tensor, fresh, wrap_dim
from .common import W, any_of, max_, min_


@public()
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape: a view where that is possible, else a copy."""
    size = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else sizes_of(shape)
    a = input._a
    full = infer(size, a.size)
    try:
        np.reshape(a, full, copy=False)
    except ValueError:
        return W["unsafe_view"](contiguous(input), full)
    return W["view_"](input, full)


def view(self: Tensor, *shape: Any) -> Tensor:
    """The same memory in another shape. Raises RuntimeError where only a copy could do that."""
    if len(shape) == 1 and isinstance(shape[0], Dtype):
        return fresh(self._a.view(shape[0].np))
    return W["view_"](self, sizes_of(shape))


METHODS["view"] = view
METHODS["view_as"] = lambda self, other: view(self, *other.shape)
METHODS["reshape_as"] = lambda self, other: reshape(self, *other.shape)


@public()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` made into one."""
    n = input.ndim
    start, end = wrap_dim(start_dim, n), wrap_dim(end_dim, n)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if n == 0:
        return reshape(input, 1)
    if start == end:
        return input
    shape = input._a.shape
    middle = math.prod(shape[start : end + 1])
    return reshape(input, (*shape[:start], middle, *shape[end + 1 :]))


@public()
def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension `dim` split into `sizes`."""
    d = wrap_dim(dim, input.ndim)
    shape = input._a.shape
    full = infer(tuple(sizes), shape[d])
    return view(input, *shape[:d], *full, *shape[d + 1 :])


@public()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, -1)


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The same elements in C order: itself, or a copy."""
    if self._a.flags.c_contiguous:
        return self
    out = W["clone"](self)
    out._a = np.ascontiguousarray(out._a).reshape(out._a.shape)
    return out


register("contiguous", contiguous, public=False)
METHODS["contiguous"] = contiguous


def expand(self: Tensor, *size: Any, implicit: bool = False) -> Tensor:
    """A view that repeats dimensions of size 1."""
    return W["expand_"](self, size[0] if len(size) == 1 and isinstance(size[0], tuple)
                        else sizes_of(size))  # fmt: skip


register("expand", expand)
del PUBLIC["expand"]


@public()
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """A view of this shape that repeats dimensions of size 1."""
    return W["expand_"](input, tuple(size))


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over repeated dimensions, down to this shape: what undoes `expand`."""
    shape, given = sizes_of(size), self._a.shape
    lead = len(given) - len(shape)
    if lead < 0 or any_of(s not in (1, g) for s, g in zip(shape, given[lead:], strict=True)):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(given)}}}.")
    dims = [i for i, n in enumerate(given) if i < lead or (shape[i - lead] == 1 and n != 1)]
    out = W["sum_dim"](self, dims, True) if dims else self
    return view(out, *shape) if lead else out


METHODS["sum_to_size"] = sum_to_size
METHODS["expand_as"] = lambda self, other: expand(self, *other.shape)


@public(method=False)
def broadcast_tensors(*tensors: Any) -> Any:
    """All tensors, expanded to their common shape."""
    shape = broadcast_shapes(*[t.shape for t in tensors])
    return tuple(t if t.shape == shape else expand(t, *shape) for t in tensors)


@public(method=False)
def broadcast_shapes(*shapes: Any) -> Any:
    """The common shape of arrays of these shapes."""
    try:
        return dtypes.Size(
            np.broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes])
        )
    except ValueError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape"
        ) from None


@public()
def permute(input: Tensor, *dims: Any) -> Tensor:
    """A view with its dimensions in another order."""
    order = sizes_of(dims) if dims != ((),) else ()
    if len(order) != input.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {input.ndim} is not "
            f"equal to len(dims) = {len(order)}"
        )
    full = tuple(wrap_dim(d, input.ndim) for d in order)
    if len(builtins.set(full)) != len(full):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return W["permute_"](input, full)


@public()
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """A view with some dimensions moved."""
    one = isinstance(source, int)
    src = [wrap_dim(d, input.ndim) for d in ((source,) if one else source)]
    dst = [wrap_dim(d, input.ndim) for d in ((destination,) if one else destination)]
    if len(src) != len(dst):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source "
            f"({list(source)} dims) should contain the same number of dims as destination "
            f"({list(destination)} dims)"
        )
    order = [d for d in range(input.ndim) if d not in src]
    for d, s in sorted(zip(dst, src, strict=True)):
        order.insert(d, s)
    return W["permute_"](input, tuple(order)) if input.ndim else W["alias"](input)


register("moveaxis", movedim)
register("swapaxes", lambda input, axis0, axis1: W["transpose"](input, axis0, axis1))
register("swapdims", lambda input, dim0, dim1: W["transpose"](input, dim0, dim1))


@public()
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """A view without dimensions of size 1 (all of them, or those given)."""
    if dim is None:
        return W["squeeze_all"](input)
    if isinstance(dim, (tuple, list)):
        return W["squeeze_dims"](input, tuple(dim))
    return W["squeeze_dim"](input, dim)


def _T(self: Tensor) -> Tensor:
    return W["permute_"](self, tuple(range(self.ndim))[::-1])


def _mT(self: Tensor) -> Tensor:
    if self.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D "
            "tensor."
        )
    return W["transpose"](self, -2, -1)


def _H(self: Tensor) -> Tensor:
    return W["transpose"](self, 0, 1).conj()


def _mH(self: Tensor) -> Tensor:
    return _mT(self).conj()


METHODS.update(T=property(_T), mT=property(_mT), H=property(_H), mH=property(_mH))
register("adjoint", _mH)


@public()
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> Any:
    """Views of consecutive parts, each of this size or of these sizes."""
    if isinstance(split_size_or_sections, int):
        return W["split_size"](tensor, split_size_or_sections, dim)
    return W["split_with_sizes"](tensor, list(split_size_or_sections), dim)


METHODS["split"] = lambda self, split_size, dim=0: split(self, split_size, dim)


@public()
def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> Any:
    """Copies of consecutive parts, which may be changed in place."""
    return tuple(part.clone() for part in split(tensor, split_size, dim))


@public()
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    """Copies of `chunks` parts of about the same size, which may be changed in place."""
    return tuple(part.clone() for part in chunk(input, chunks, dim))


@public()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    """Views of `chunks` parts of about the same size."""
    if chunks < 1:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input.size(dim)
    size = (n + chunks - 1) // chunks
    if size == 0:
        return W["split_with_sizes"](input, [0] * chunks, dim)
    return W["split_size"](input, size, dim)


@public()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> Any:
    """Views of parts: a number of them, or between given positions."""
    d = wrap_dim(dim, input.ndim)
    n = input.shape[d]
    x = indices_or_sections
    x = x.tolist() if isinstance(x, Tensor) else x
    if isinstance(x, int):
        ends = [n // x * (i + 1) + min_(i + 1, n % x) for i in range(x)]
    else:
        ends = [*(min_(max_(i if i >= 0 else i + n, 0), n) for i in x), n]
    out, start = [], 0
    for e in ends:
        out.append(W["slice_"](input, d, start, max_(e, start)))
        start = e
    return tuple(out)


def _splitter(name: str, axis: Any) -> None:
    def function(input: Tensor, indices_or_sections: Any) -> Any:
        return tensor_split(input, indices_or_sections, axis(input))

    function.__name__ = name
    register(name, function)


_splitter("hsplit", lambda t: 0 if t.ndim == 1 else 1)
_splitter("vsplit", lambda t: 0)
_splitter("dsplit", lambda t: 2)


@public()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """A view of `length` positions along `dim`, from `start` on."""
    d = wrap_dim(dim, input.ndim)
    start = int(start)
    n = input.shape[d]
    start = start + n if start < 0 else start
    if start + length > n or length < 0:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return W["slice_"](input, d, start, start + length)


@public(method=False)
def cat(tensors: Any, dim: Any = 0, *, out: Any = None, axis: Any = None) -> Tensor:
    """Tensors joined along an existing dimension."""
    return W["cat_"](tensors, dim if axis is None else axis)


for _alias in ("concat", "concatenate"):
    register(_alias, cat, method=False)


@public(method=False)
def stack(tensors: Any, dim: int = 0, *, out: Any = None) -> Tensor:
    """Tensors joined along a new dimension."""
    return W["stack_"](tensors, dim)


def _atleast(n: int) -> Any:
    def function(*tensors: Any) -> Any:
        def one(t: Tensor) -> Tensor:
            while t.ndim < n:
                t = W["unsqueeze"](t, -1 if t.ndim == 2 else 0)
            return t

        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return one(tensors[0])
        many = tensors[0] if len(tensors) == 1 else tensors
        return tuple(one(t) for t in many)

    function.__name__ = f"atleast_{n}d"
    register(function.__name__, function, method=False)
    return function


_atleast_1d, _atleast_2d, _atleast_3d = _atleast(1), _atleast(2), _atleast(3)


@public(method=False)
def hstack(tensors: Any, *, out: Any = None) -> Tensor:
    """Tensors joined side by side."""
    tensors = _atleast_1d(tuple(tensors))
    return cat(tensors, 0 if tensors[0].ndim == 1 else 1)


@public(method=False)
def vstack(tensors: Any, *, out: Any = None) -> Tensor:
    """Tensors joined as rows."""
    return cat(_atleast_2d(tuple(tensors)), 0)


register("row_stack", vstack, method=False)


@public(method=False)
def dstack(tensors: Any, *, out: Any = None) -> Tensor:
    """Tensors joined along the third dimension."""
    return cat(_atleast_3d(tuple(tensors)), 2)


@public(method=False)
def column_stack(tensors: Any, *, out: Any = None) -> Tensor:
    """Vectors joined as columns."""
    return hstack([reshape(t, t.numel(), 1) if t.ndim <= 1 else t for t in tensors])


@public()
def flip(input: Tensor, *size: Any, dims: Any = None) -> Tensor:
    """A copy with the order of elements along `dims` reversed."""
    given = size if dims is None else (dims,)
    return W["flip_"](input, tuple(sizes_of(given)) if given != ((),) else ())


register("fliplr", lambda input: flip(input, 1))
register("flipud", lambda input: flip(input, 0))


@public()
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """A copy with elements moved along `dims`; those that fall off come back at the start."""
    s = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    d = (dims,) if isinstance(dims, int) else tuple(dims or ())
    return W["roll_"](input, s, tuple(wrap_dim(k, input.ndim) for k in d))


@public()
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """A copy turned by 90 degrees, `k` times."""
    k %= 4
    a, b = dims
    if k == 0:
        return W["clone"](input)
    if k == 2:
        return flip(input, a, b)
    return W["transpose"](flip(input, b), a, b) if k == 1 else flip(W["transpose"](input, a, b), b)


def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """A copy that repeats the tensor along each dimension."""
    return W["repeat_"](self, sizes_of(repeats))


METHODS["repeat"] = repeat


@public()
def tile(input: Tensor, *dims: Any) -> Tensor:
    """Like `repeat`; missing counts are ones."""
    reps = sizes_of(dims)
    return repeat(input, (1,) * (input.ndim - len(reps)) + tuple(reps))


@public()
def repeat_interleave(
    input: Tensor, repeats: Any, dim: Any = None, *, output_size: Any = None
) -> Tensor:
    """A copy with each element repeated."""
    if dim is None:
        input, dim = flatten(input), 0
    n = input.size(dim) if input.ndim else 1
    counts = repeats._a.reshape(-1) if isinstance(repeats, Tensor) else np.array([repeats])
    positions = np.repeat(np.arange(n), np.broadcast_to(counts, (n,)))
    return W["index_select"](input, dim, fresh(positions))


@public()
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with this diagonal, or the diagonal of a matrix (as a copy)."""
    if input.ndim == 1:
        return W["diag_embed"](input, diagonal)
    if input.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return W["diagonal"](input, diagonal)


@public()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with the elements of `input` on its diagonal."""
    return W["diag_embed"](flatten(input) if input.ndim else reshape(input, 1), offset)


@public(method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    """Coordinates of a grid: every tensor expanded along the others' dimensions."""
    ts = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    ts = list(ts)
    turned = indexing == "xy" and len(ts) > 1
    shape = [t.numel() for t in ts]
    out = []
    for i, t in enumerate(ts):
        one = [1] * len(ts)
        one[i] = shape[i]
        out.append(expand(view(t, one), *shape))
    if turned:
        out = [W["transpose"](g, 0, 1) for g in out]
    return tuple(out)


METHODS["unfold"] = lambda self, dimension, size, step: W["unfold_"](self, dimension, size, step)
_parts = W["split_with_sizes"]


@public()
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> Any:
    """Views of consecutive parts of these sizes."""
    return _parts(input, list(split_sizes), dim)


register("positive", lambda input: input)


def _copying(name: str) -> None:
    """The function `name`, whose result is a copy and no view."""

    def function(*args: Any, **kwargs: Any) -> Any:
        made = PUBLIC[name](*args, **kwargs)
        return made.clone() if isinstance(made, Tensor) else tuple(t.clone() for t in made)

    function.__name__ = f"{name}_copy"
    function.__doc__ = f"`{name}`, as a copy."
    register(function.__name__, function, method=False)


for _name in (
    "as_strided", "diagonal", "narrow", "permute", "select", "squeeze", "t", "transpose", "unbind",
    "unsqueeze", "split_with_sizes", "view_as_real", "view_as_complex",
):  # fmt: skip
    _copying(_name)
METHODS["narrow_copy"] = lambda self, dim, start, length: self.narrow(dim, start, length).clone()
register("alias_copy", lambda input: input.clone(), method=False)
register("expand_copy", lambda input, size: expand(input, *size).clone(), method=False)
register("view_copy", lambda input, size: input.view(size).clone(), method=False)
register("unfold_copy", lambda input, dimension, size, step:
         W["unfold_"](input, dimension, size, step).clone(), method=False)  # fmt: skip


@public(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with these along its diagonal."""
    rows = [W["atleast_2d"](t) for t in tensors]
    width, before, out = sum(r.shape[1] for r in rows), 0, []
    for r in rows:
        after = width - before - r.shape[1]
        zeros = [r.new_zeros(r.shape[0], n) for n in (before, after)]
        out.append(cat([zeros[0], r, zeros[1]], 1))
        before += r.shape[1]
    return cat(out, 0)


@public(method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each, as rows."""
    if len(tensors) == 1:
        return tensors[0]
    grids = W["meshgrid"](*tensors, indexing="ij")
    return stack([reshape(g, -1) for g in grids], 1)


@public(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of `r` elements, as rows."""
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input.shape[0]), r)), np.int64).reshape(-1, r)
    if not r:
        return input.new_empty(0)
    return W["index"](input, (places,))
