"""torch's functions that are made of the table's operations: choosing among overloads, indexing,
matmul and its shapes, and compositions. Their derivatives follow from their parts.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from . import creation, dtypes, errors
from .derivatives import axes, infer, sizes_of
from .dtypes import FROM_NUMPY, can_cast_numpy
from .dtypes import dtype as Dtype
from .grad_mode import mode
from .operands import RETURN_TYPES, Unusual, return_type
from .recorder import ENTRIES, METHODS, PUBLIC, WORDS, public, register
from .tensor import Tensor, fresh, wrap_dim

W = WORDS  # the table's operations, on tensors
_NUMBERS = (int, float, complex, bool, np.number, np.bool_)


def is_number(x: Any) -> bool:
    return isinstance(x, _NUMBERS)


def need_tensor(x: Any, function: str, argument: str = "input", position: int = 1) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be Tensor, "
            f"not {type(x).__name__}"
        )


# -- types ----------------------------------------------------------------------------------------


def _to_dtype(t: Tensor, d: Any, copy: bool = False) -> Tensor:
    kind = creation.numpy_dtype(d)
    if t._a.dtype == kind:
        return t.clone() if copy else t
    return W["to_"](t, kind)


def to(self: Tensor, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False,
       non_blocking: bool = False, memory_format: Any = None) -> Tensor:  # fmt: skip
    """This tensor in another type; itself if nothing changes."""
    for x in args:
        if isinstance(x, Dtype) or x in (float, int, builtins.bool):
            dtype = x
        elif isinstance(x, Tensor):
            dtype = x.dtype
        elif isinstance(x, (str, dtypes.device)):
            dtypes.device(x)
    if device is not None:
        dtypes.device(device)
    if dtype is None:
        return self.clone() if copy else self
    return _to_dtype(self, dtype, copy)


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of this tensor's type, or the tensor in another type."""
    if dtype is None:
        return f"torch.{self.dtype._long}Tensor"
    if isinstance(dtype, str):
        name = dtype.removeprefix("torch.").removesuffix("Tensor")
        for d in dtypes.ALL:
            if d._long == name:
                return _to_dtype(self, d)
        raise ValueError(f"invalid type: {dtype!r}")
    return _to_dtype(self, dtype)


METHODS.update(to=to, type=type_, type_as=lambda self, other: _to_dtype(self, other.dtype))
METHODS.update(cpu=lambda self: self, cuda=lambda self, *a: dtypes.device("cuda"))


def _conversion(name: str) -> Any:
    target = getattr(dtypes, name)

    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return _to_dtype(self, target)

    convert.__name__ = name
    return convert


for _name in ("half", "float", "double", "short", "int", "long", "bool", "cfloat", "cdouble"):
    METHODS[_name] = _conversion(_name)
METHODS["byte"] = lambda self: _to_dtype(self, dtypes.uint8)
METHODS["char"] = lambda self: _to_dtype(self, dtypes.int8)


@public(method=False)
def result_type(tensor1: Any, tensor2: Any) -> Dtype:
    """The type of an operation between two tensors or numbers."""
    both = [x._a if isinstance(x, Tensor) else x for x in (tensor1, tensor2)]
    return FROM_NUMPY[dtypes.result_numpy(both)]


# -- shapes ---------------------------------------------------------------------------------------


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
    return tuple(expand(t, *shape) for t in tensors)


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


METHODS.update(
    T=property(_T), mT=property(_mT), H=property(lambda self: W["transpose"](self, 0, 1)),
    mH=property(_mT),
)  # fmt: skip
register("adjoint", lambda input: _mT(input))


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


min_, max_, any_of = builtins.min, builtins.max, builtins.any


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


# -- indexing -------------------------------------------------------------------------------------


def _bad_index(x: Any) -> IndexError:
    return errors.hint(
        IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are "
            f"valid indices (got {type(x).__name__})"
        ),
        "use whole numbers, slices, or tensors of integers or booleans.",
    )


def getitem(self: Tensor, key: Any) -> Tensor:
    """x[key]: views for numbers and slices, copies for tensors of positions or masks."""
    if key.__class__ is int:
        if not self._a.ndim:
            raise _too_few(self, 1)
        n = self._a.shape[0]
        if not -n <= key < n:
            raise IndexError(f"index {key} is out of bounds for dimension 0 with size {n}")
        return W["select"](self, 0, key)
    t, places = _basic(self, key)
    return t if places is None else W["index"](t, places)


def _too_few(self: Tensor, n: int) -> IndexError:
    if self.ndim == 0:
        return IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
            "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
        )
    return IndexError(f"too many indices for tensor of dimension {self.ndim}")


def _is_int(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, (bool, np.bool_))


def _as_places(x: Any) -> Any:
    """An index given as a sequence or array, as an array of positions or a mask."""
    if isinstance(x, Tensor):
        a = x._a
    elif isinstance(x, (list, tuple, np.ndarray, range)):
        a = np.asarray(creation._plain(list(x)) if not isinstance(x, np.ndarray) else x)
        if a.size == 0 and not isinstance(x, np.ndarray):
            a = a.astype(np.int64)
    else:
        raise _bad_index(x)
    if a.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return a.astype(bool) if a.dtype == np.uint8 else a


def _basic(self: Tensor, key: Any) -> tuple[Tensor, Any]:
    """Apply the numbers and slices in `key`; return what is left for advanced indexing."""
    if isinstance(key, list) and any(isinstance(k, (slice, type(None))) for k in key):
        key = tuple(key)
    keys = list(key) if isinstance(key, tuple) else [key]
    used = 0
    for k in keys:
        if isinstance(k, (Tensor, np.ndarray)) and k.dtype in (dtypes.bool, np.bool_):
            used += k.ndim
        elif k is not None and k is not ... and not isinstance(k, (bool, np.bool_)):
            used += 1
    if used > self.ndim:
        raise _too_few(self, used)
    t, dim, advanced = self, 0, {}
    changed = False
    for k in keys:
        if k is ...:
            dim += self.ndim - used
        elif k is None:
            t, dim, changed = W["unsqueeze"](t, dim), dim + 1, True
        elif isinstance(k, (bool, np.bool_)):
            t, changed = W["unsqueeze"](t, dim), True
            advanced[dim] = np.array([0] if k else [], dtype=np.int64)
            dim += 1
        elif _is_int(k) or (
            isinstance(k, Tensor) and k.ndim == 0 and k._a.dtype.kind in "iu"
            and not k._rg and k._a.dtype != np.uint8
        ):  # fmt: skip
            k, n = int(k), t._a.shape[dim]
            if not -n <= k < n:
                raise IndexError(f"index {k} is out of bounds for dimension {dim} with size {n}")
            t, changed = W["select"](t, dim, k), True
        elif isinstance(k, slice):
            step = 1 if k.step is None else int(k.step)
            if step <= 0:
                raise ValueError("step must be greater than zero")
            n = t._a.shape[dim]
            start, stop, _ = slice(
                None if k.start is None else int(k.start),
                None if k.stop is None else int(k.stop), step,
            ).indices(n)  # fmt: skip
            if (start, step) != (0, 1) or stop < n:
                t, changed = W["slice_"](t, dim, start, max_(stop, start), step), True
            dim += 1
        else:
            places = _as_places(k)
            if places.dtype == bool:
                for i, m in enumerate(places.shape):
                    if t._a.shape[dim + i] != m:
                        raise IndexError(
                            f"The shape of the mask {list(places.shape)} at index {i} does not "
                            f"match the shape of the indexed tensor {list(t._a.shape)} at index "
                            f"{dim + i}"
                        )
                if places.ndim == 0:
                    t = W["unsqueeze"](t, dim)
                    advanced[dim] = np.array([0] if places else [], dtype=np.int64)
                    dim += 1
                    continue
                for found in np.nonzero(places):
                    advanced[dim] = found
                    dim += 1
                continue
            n = t._a.shape[dim]
            out = places[(places >= n) | (places < -n)]
            if out.size:
                raise IndexError(
                    f"index {int(out.reshape(-1)[0])} is out of bounds for dimension {dim} with "
                    f"size {n}"
                )
            advanced[dim] = places
            dim += 1
    if not advanced:
        return (t if changed else W["alias"](t)), None
    last = max_(advanced)
    return t, tuple(advanced.get(d, slice(None)) for d in range(last + 1))


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """x[key] = value: a copy into the view, or into the chosen positions."""
    from . import inplace

    before, mode.enabled = mode.enabled, mode.enabled
    try:
        t, places = _basic(self, key)
    finally:
        mode.enabled = before
    if not isinstance(value, Tensor):
        value = creation.make(
            creation.array_of(value, self._a.dtype)
            if not is_number(value)
            else np.asarray(value).astype(self._a.dtype)
        )
    if places is None:
        if value.ndim > t.ndim:
            lead = value.ndim - t.ndim
            if any(n != 1 for n in value.shape[:lead]):
                raise RuntimeError(
                    f"expand(torch.{self.dtype._long}Tensor{{{list(value.shape)}}}, "
                    f"size={list(t.shape)}): the number of sizes provided ({t.ndim}) must be "
                    "greater or equal to the number of dimensions in the tensor "
                    f"({value.ndim})"
                )
            value = reshape(value, value.shape[lead:])
        if value.shape != t.shape:
            try:
                np.broadcast_to(value._a, t._a.shape)
            except ValueError:
                d = next(
                    i for i in range(1, value.ndim + 1) if value.shape[-i] not in (1, t.shape[-i])
                )
                raise RuntimeError(
                    f"The expanded size of the tensor ({t.shape[-d]}) must match the existing "
                    f"size ({value.shape[-d]}) at non-singleton dimension {t.ndim - d}.  Target "
                    f"sizes: {list(t.shape)}.  Tensor sizes: {list(value.shape)}"
                ) from None
        t.copy_(value)
        return
    value = _to_dtype(value, t.dtype)
    try:
        np.broadcast_to(value._a, t._a[places].shape)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"indexing result of shape {list(t._a[places].shape)}"
        ) from None
    inplace.apply(lambda s, v: W["index_put_op"](s, places, v), t, (value,), {})


METHODS["__getitem__"], METHODS["__setitem__"] = getitem, setitem


@public()
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `values` at these positions (added to what is there, if `accumulate`)."""
    places = tuple(slice(None) if i is None else _as_places(i) for i in indices)
    return W["index_put_op"](input, places, values, accumulate)


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements at positions in the flattened tensor."""
    return reshape(W["index_select"](reshape(input, -1), 0, reshape(index, -1)), index.shape)


@public()
def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Tensor:
    """Like `gather`, with broadcasting."""
    if dim is None:
        return W["gather"](reshape(input, -1), 0, reshape(indices, -1))
    d = wrap_dim(dim, input.ndim)
    shape = list(np.broadcast_shapes(
        [n for i, n in enumerate(input.shape) if i != d],
        [n for i, n in enumerate(indices.shape) if i != d],
    ))  # fmt: skip
    full_i, full_t = list(shape), list(shape)
    full_i.insert(d, indices.shape[d])
    full_t.insert(d, input.shape[d])
    return W["gather"](expand(input, *full_t), d, expand(indices, *full_i))


@public()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, in one dimension."""
    shape = np.broadcast_shapes(input._a.shape, mask._a.shape)
    m = np.broadcast_to(mask._a, shape)
    if not shape:
        return W["index"](reshape(input, 1), (np.nonzero(m.reshape(1))[0],))
    return W["index"](expand(input, *shape), np.nonzero(m))


@public()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with `value` where the mask is true."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        return W["masked_fill_tensor"](input, mask, value)
    return W["masked_fill_scalar"](input, mask, value)


@public()
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
            reduce: Any = None) -> Tensor:  # fmt: skip
    """A copy with elements of `src` (or one value) written at `index` along `dim`."""
    src = value if src is None else src
    if isinstance(src, Tensor):
        return W["scatter_"](input, dim, index, src)
    return W["scatter_value"](input, dim, index, src)


@public()
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with elements of `src` added at `index` along `dim`."""
    return W["scatter_add_"](input, dim, index, src)


@public()
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy with slices of `source` added at positions `index` along `dim`."""
    return W["index_add_"](input, dim, index, source, alpha=alpha)


@public()
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with `value` at positions `index` along `dim`."""
    mask = np.zeros(input._a.shape, bool)
    if input.ndim == 0:
        mask[...] = True
    else:
        mask[(slice(None),) * wrap_dim(dim, input.ndim) + (index._a,)] = True
    return masked_fill(input, fresh(mask), value)


@public()
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with slices of `source` written at positions `index` along `dim`."""
    if input.ndim == 0:
        return reshape(W["index_put_op"](reshape(input, 1), (index._a.reshape(-1),),
                                         reshape(source, -1)), ())  # fmt: skip
    d = wrap_dim(dim, input.ndim)
    places = (slice(None),) * d + (index._a.reshape(-1),)
    return W["index_put_op"](input, places, source if source.ndim else reshape(source, 1))


@public()
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Elements of `input` where the condition holds, else of `other`."""
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    return W["where_"](condition, input, other)


METHODS["where"] = lambda self, condition, other: W["where_"](condition, self, other)


@public()
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not zero."""
    found = np.nonzero(np.atleast_1d(input._a))
    if as_tuple:
        return tuple(fresh(a) for a in found)
    return fresh(np.stack(found, 1) if input.ndim else np.zeros((len(found[0]), 0), np.int64))


register("argwhere", lambda input: nonzero(input))


# -- arithmetic -----------------------------------------------------------------------------------


@public()
def div(input: Any, other: Any, *, rounding_mode: Any = None) -> Tensor:
    """Division; with `rounding_mode` "trunc" or "floor", rounded."""
    if rounding_mode is None:
        return W["true_div"](input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return W["div_mode"](input, other, rounding_mode)


register("divide", div)
register("true_divide", lambda input, other: W["true_div"](input, other))


@public()
def floor_divide(input: Any, other: Any) -> Tensor:
    """Division rounded down."""
    return W["floor_divide_"](input, other)


@public()
def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input."""
    name = "rsub_tensor" if isinstance(other, Tensor) else "rsub_scalar"
    return W[name](input, other, alpha=alpha)


@public()
def remainder(input: Any, other: Any) -> Tensor:
    """What division rounded down leaves over: has the sign of `other`."""
    if isinstance(other, Tensor):
        return W["remainder_tensor"](input, other)
    return W["remainder_scalar"](input, other)


@public()
def fmod(input: Tensor, other: Any) -> Tensor:
    """What division rounded towards zero leaves over: has the sign of `input`."""
    return W["fmod_tensor" if isinstance(other, Tensor) else "fmod_scalar"](input, other)


@public()
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input)."""
    return W["lerp_tensor" if isinstance(weight, Tensor) else "lerp_scalar"](input, end, weight)


@public()
def pow(input: Any, exponent: Any) -> Tensor:
    """`input` to the power `exponent`."""
    if not isinstance(exponent, Tensor):
        need_tensor(input, "pow")
        return W["pow_scalar"](input, _plain_number(exponent))
    if not isinstance(input, Tensor):
        return W["pow_number"](_plain_number(input), exponent)
    return W["pow_tensor"](input, exponent)


def _plain_number(x: Any) -> Any:
    return x.item() if isinstance(x, np.generic) else x


@public()
def square(input: Tensor) -> Tensor:
    """input ** 2."""
    need_tensor(input, "square")
    return W["pow_scalar"](input, 2)


@public()
def float_power(input: Any, exponent: Any) -> Tensor:
    """The power in double precision."""

    def double(x: Any) -> Any:
        return _to_dtype(x, dtypes.float64) if isinstance(x, Tensor) else x

    return pow(double(input), double(exponent))


def _aliases(**names: str) -> None:
    for new, old in names.items():
        register(new, PUBLIC[old])


@public()
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Elements moved into the interval from `min` to `max` (numbers or tensors)."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):

        def as_tensor(x: Any) -> Any:
            return (
                x
                if x is None or isinstance(x, Tensor)
                else fresh(np.asarray(x, dtype=input._a.dtype))
            )

        return W["clamp_tensor"](input, as_tensor(min), as_tensor(max))
    return W["clamp_scalar"](input, min, max)


register("clip", clamp)
register("clamp_min", lambda input, min: clamp(input, min=min))
register("clamp_max", lambda input, max: clamp(input, max=max))


# -- reductions -----------------------------------------------------------------------------------


def _typed(input: Tensor, d: Any) -> Tensor:
    return input if d is None else _to_dtype(input, d)


@public()
def sum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Tensor:
    """The sum of all elements, or along `dim`."""
    if dtype is not None:
        input = _typed(input, dtype)
    if dim is None and axis is None and not keepdim:
        return W["sum_all"](input)
    return W["sum_dim"](input, dim if axis is None else axis, keepdim)


@public()
def mean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Tensor:
    """The mean of all elements, or along `dim`. Raises RuntimeError for integers."""
    if dtype is not None:
        input = _typed(input, dtype)
    if dim is None and axis is None and not keepdim:
        return W["mean_all"](input)
    return W["mean_dim"](input, dim if axis is None else axis, keepdim)


@public()
def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product of all elements, or along `dim`."""
    input = _typed(input, dtype)
    return W["prod_all"](input) if dim is None else W["prod_dim"](input, dim, keepdim)


_MISSING: Any = object()


def _correction(args: tuple, unbiased: Any, correction: Any, dim: Any, keepdim: Any) -> Any:
    args = list(args)  # type: ignore[assignment]
    if args and isinstance(args[0], bool):
        unbiased = args.pop(0)  # type: ignore[attr-defined]
    elif args:
        dim = args.pop(0)  # type: ignore[attr-defined]
        if args:
            unbiased = args.pop(0)  # type: ignore[attr-defined]
        if args:
            keepdim = args.pop(0)  # type: ignore[attr-defined]
    if correction is _MISSING or correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return dim, correction, keepdim


@public()
def var(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Tensor:
    """The variance of all elements, or along `dim`, dividing by n - correction."""
    return W["var_"](input, *_correction(args, unbiased, correction, dim, keepdim))


@public()
def std(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Tensor:
    """The standard deviation: the square root of `var`."""
    return W["std_"](input, *_correction(args, unbiased, correction, dim, keepdim))


@public(method=False)
def var_mean(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Any:
    """Variance and mean."""
    d, c, k = _correction(args, unbiased, correction, dim, keepdim)
    return W["var_"](input, d, c, k), mean(input, d, k)


@public(method=False)
def std_mean(
    input: Tensor,
    *args: Any,
    dim: Any = None,
    unbiased: Any = None,
    correction: Any = _MISSING,
    keepdim: bool = False,
) -> Any:
    """Standard deviation and mean."""
    d, c, k = _correction(args, unbiased, correction, dim, keepdim)
    return W["std_"](input, d, c, k), mean(input, d, k)


def _extreme(name: str, pairwise: str) -> None:
    def function(
        input: Tensor, *args: Any, dim: Any = None, keepdim: bool = False, other: Any = None
    ) -> Any:
        if args and isinstance(args[0], Tensor):
            return W[pairwise](input, args[0])
        if other is not None:
            return W[pairwise](input, other)
        if args:
            dim = args[0]
            keepdim = args[1] if len(args) > 1 else keepdim
        if dim is None:
            return W[f"{name}_all"](input)
        return W[f"{name}_dim"](input, dim, keepdim)

    function.__name__ = name
    function.__doc__ = f"The {name}imum of all elements; along `dim` with its positions."
    register(name, function)


_extreme("max", "maximum")
_extreme("min", "minimum")


RETURN_AMINMAX = return_type("aminmax", "min", "max")


@public()
def aminmax(input: Tensor, *, dim: Any = None, keepdim: bool = False) -> Any:
    """Smallest and largest elements."""
    d = () if dim is None else (dim,)
    return RETURN_AMINMAX((W["amin"](input, d, keepdim), W["amax"](input, d, keepdim)))


def _logical(name: str, f: Any) -> None:
    def function(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        if dim is None:
            return fresh(np.asarray(f(input._a)))
        kind = np.uint8 if input._a.dtype == np.uint8 else bool
        return fresh(
            np.asarray(f(input._a, axis=axes(dim, input.ndim), keepdims=keepdim)).astype(kind)
        )

    function.__name__ = name
    register(name, function)


_logical("all", np.all)
_logical("any", np.any)


@public()
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return fresh(
        np.asarray(np.count_nonzero(input._a, axis=None if dim is None else axes(dim, input.ndim)))
    )


@public()
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) along `dim`, without overflow."""
    return W["logsumexp_"](input, dim, keepdim)


@public()
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(input) divided by its sum along `dim`."""
    return W["softmax_"](_typed(input, dtype), wrap_dim(dim, input.ndim))


@public()
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """log(softmax(input)), without overflow."""
    return W["log_softmax_"](_typed(input, dtype), wrap_dim(dim, input.ndim))


@public()
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along `dim`."""
    return W["cumsum_"](_typed(input, dtype), dim)


@public()
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along `dim`."""
    return W["cumprod_"](_typed(input, dtype), dim)


@public()
def median(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The median (the lower of two middle elements)."""
    return W["median_all"](input) if dim is None else W["median_dim"](input, dim, keepdim)


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along `dim`, with its position."""
    return W["kthvalue_"](input, k, dim, keepdim)


@public()
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
    """Elements in order along `dim`, with their positions."""
    return W["sort_"](input, wrap_dim(dim, input.ndim), descending)


@public()
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> Tensor:
    """The positions that would sort along `dim`."""
    return sort(input, dim, descending)[1]


register("msort", lambda input: sort(input, 0)[0])


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) elements along `dim`, with their positions."""
    return W["topk_"](input, k, dim, largest)


# -- matrices -------------------------------------------------------------------------------------


@public()
def matmul(input: Any, other: Any) -> Tensor:
    """Matrix product: of vectors, of matrices, of stacks of matrices (the others broadcast)."""
    if not isinstance(other, Tensor):
        need_tensor(other, "matmul", "other", 2)
    need_tensor(input, "matmul")
    n, m = input._a.ndim, other._a.ndim
    if n == 2 and m == 2:
        return W["mm"](input, other)
    if n == 0 or m == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D"
        )
    if n == 1 and m == 1:
        return W["dot"](input, other)
    if n == 2 and m == 1:
        return W["mv"](input, other)
    if n == 1 and m == 2:
        try:
            return W["row"](input, other)
        except (Unusual, ValueError):
            pass
        return W["squeeze_in_place"](W["mm"](W["unsqueeze"](input, 0), other), 0)
    return _matmul_many(input, other)


def _matmul_many(a: Tensor, b: Tensor) -> Tensor:
    # A stack times one matrix is one tall matrix times it.
    if a.ndim >= 3 and b.ndim <= 2:
        lead = a._a.shape[:-1]
        flat = reshape(a, (math.prod(lead), a._a.shape[-1]))
        if b.ndim == 2:
            return W["unsafe_view"](W["mm"](flat, b), (*lead, b._a.shape[1]))
        return W["unsafe_view"](W["mv"](flat, b), lead)
    if a.ndim <= 2 and b.ndim >= 3:
        turned = W["transpose"](b, -2, -1)
        if a.ndim == 1:
            lead = turned._a.shape[:-1]
            return W["unsafe_view"](
                W["mv"](reshape(turned, (math.prod(lead), turned._a.shape[-1])), a), lead
            )
        return W["transpose"](_matmul_many(turned, W["t"](a)), -2, -1)
    n, m = a._a.shape[-2:]
    k, p = b._a.shape[-2:]
    wrong = errors.broadcast_error(a._a.shape[:-2], b._a.shape[:-2])
    if wrong:
        raise wrong
    lead = np.broadcast_shapes(a._a.shape[:-2], b._a.shape[:-2])
    count = math.prod(lead)
    left = reshape(expand(a, *lead, n, m), (count, n, m))
    right = reshape(expand(b, *lead, k, p), (count, k, p))
    return W["unsafe_view"](W["bmm"](left, right), (*lead, n, p))


@public()
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The product of every element of one vector with every element of another."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if input.ndim != 1 else 'vec2'}, but got "
            f"{input.ndim if input.ndim != 1 else vec2.ndim}-D"
        )
    return W["mul"](reshape(input, (input._a.shape[0], 1)), vec2)


register("ger", outer)


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products along the last dimension."""
    if input.ndim == 0 or other.ndim == 0:
        return W["mul"](input, other)
    return tensordot(input, other, ([-1], [-1]))


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The dot product of two vectors."""
    return W["dot"](input, other)


@public(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Any = None) -> Tensor:
    """The sum of products over `dims`: a number of them, or one list for each tensor."""
    if isinstance(dims, int):
        da, db = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        da, db = [list(d) if not isinstance(d, int) else [d] for d in dims]
    da = [wrap_dim(int(d), a.ndim) for d in da]
    db = [wrap_dim(int(d), b.ndim) for d in db]
    fa = [i for i in range(a.ndim) if i not in da]
    fb = [i for i in range(b.ndim) if i not in db]
    # A dimension of size 1 stands for any size on the other side.
    for x, y in list(zip(da, db, strict=True)):
        if a.shape[x] != b.shape[y]:
            if a.shape[x] == 1:
                b = sum(b, y, True)
            elif b.shape[y] == 1:
                a = sum(a, x, True)
            else:
                raise RuntimeError(
                    "contracted dimensions need to match, but first has size "
                    f"{a.shape[x]} in dim {x} and second has size {b.shape[y]} in dim {y}"
                )
    n = math.prod(a.shape[d] for d in da)
    left = reshape(permute(a, *fa, *da) if a.ndim else a, (math.prod(a.shape[i] for i in fa), n))
    right = reshape(permute(b, *db, *fb) if b.ndim else b, (n, math.prod(b.shape[i] for i in fb)))
    return reshape(W["mm"](left, right), (*[a.shape[i] for i in fa], *[b.shape[i] for i in fb]))


@public(method=False)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product."""
    n = max_(input.ndim, other.ndim)
    a = reshape(input, (1,) * (n - input.ndim) + tuple(input.shape))
    b = reshape(other, (1,) * (n - other.ndim) + tuple(other.shape))
    left = reshape(a, tuple(x for s in a.shape for x in (s, 1)))
    right = reshape(b, tuple(x for s in b.shape for x in (1, s)))
    return reshape(W["mul"](left, right),
                   tuple(s * r for s, r in zip(a.shape, b.shape, strict=True)))  # fmt: skip


METHODS["kron"] = kron


@public()
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """beta * input + alpha * the sum over a stack of matrix products."""
    total = sum(W["bmm"](batch1, batch2), 0)
    total = total if alpha == 1 else W["mul"](total, alpha)
    return W["add"](total, input if beta == 1 else W["mul"](input, beta)) if beta else total


@public()
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    product = outer(vec1, vec2)
    product = product if alpha == 1 else W["mul"](product, alpha)
    return W["add"](product, W["mul"](input, beta)) if beta else product


@public(method=False)
def chain_matmul(*matrices: Any) -> Tensor:
    """The product of matrices, from left to right."""
    out = matrices[0]
    for m in matrices[1:]:
        out = W["mm"](out, m)
    return out


# -- comparing whole tensors ----------------------------------------------------------------------


@public()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shape and all elements are the same."""
    return bool(input._a.shape == other._a.shape and np.array_equal(input._a, other._a))


@public()
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Elementwise |input - other| <= atol + rtol |other|."""
    return fresh(np.asarray(np.isclose(input._a, other._a, rtol, atol, equal_nan)))


@public()
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether all elements are close."""
    if input._a.dtype != other._a.dtype:
        raise RuntimeError(
            f"{dtypes.long_name(input._a.dtype)} did not match {dtypes.long_name(other._a.dtype)}"
        )
    return bool(np.allclose(input._a, other._a, rtol, atol, equal_nan))


@public(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


@public()
def numel(input: Tensor) -> int:
    """How many elements there are."""
    return input._a.size


register("is_floating_point", lambda input: input._a.dtype.kind == "f")
register("is_complex", lambda input: input._a.dtype.kind == "c")
register("is_nonzero", lambda input: bool(input))
register("detach", lambda input: input.detach(), method=False)


@public(method=False)
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """The distinct elements, in order."""
    found: Any = np.unique(  # type: ignore[call-overload]
        input._a, return_inverse=return_inverse, return_counts=return_counts
    )
    return tuple(fresh(np.asarray(a)) for a in found) if isinstance(found, tuple) else fresh(found)


@public(method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers from their real and imaginary parts."""
    return W["complex_"](real, imag)


# -- Python's operators ---------------------------------------------------------------------------

_OTHERS = (Tensor, int, float, bool, builtins.complex, np.number, np.bool_)


def mean_method(
    self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None
) -> Tensor:
    """The mean of all elements, or along `dim`."""
    if dim is None and dtype is None and axis is None and not keepdim:
        return mean_all(self)
    return mean(self, dim, keepdim, dtype=dtype, axis=axis)


def sum_method(self: Tensor, *dim: Any, keepdim: bool = False, **named: Any) -> Tensor:
    """The sum of all elements, or along `dim`."""
    if not dim and not keepdim and not named:
        return sum_all(self)
    if len(dim) == 2 and isinstance(dim[1], bool):
        keepdim = dim[1]
        dim = dim[:1]
    given: Any = dim[0] if len(dim) == 1 else (dim or None)
    if "dim" in named:
        given = named.pop("dim")
    return sum(self, given, keepdim, **named)


mean_all, sum_all = W["mean_all"], W["sum_all"]
METHODS["mean"], METHODS["sum"] = mean_method, sum_method


def _operator(name: str, f: Any, swap: bool = False) -> None:
    def method(self: Tensor, other: Any) -> Any:
        # What is neither tensor nor number may know itself what to do.
        if other.__class__ is Tensor or isinstance(other, _OTHERS):
            return f(other, self) if swap else f(self, other)
        return NotImplemented

    method.__name__ = method.__qualname__ = name
    METHODS[name] = method


def install_operators() -> None:
    """Give Tensor Python's operators."""
    # These are written as operators by the recorder, one call less.
    for name in ("add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne"):
        METHODS[f"__{name}__"] = ENTRIES[name].operator
    METHODS["__truediv__"] = ENTRIES["true_div"].operator
    METHODS["__radd__"], METHODS["__rmul__"] = METHODS["__add__"], METHODS["__mul__"]
    for name, f in {
        "floordiv": floor_divide, "mod": remainder, "and": W["bitwise_and"],
        "or": W["bitwise_or"], "xor": W["bitwise_xor"], "lshift": W["bitwise_left_shift"],
        "rshift": W["bitwise_right_shift"],
    }.items():  # fmt: skip
        _operator(f"__{name}__", f)
    for name, f in {
        "rsub": rsub, "rand": W["bitwise_and"],
        "ror": W["bitwise_or"], "rxor": W["bitwise_xor"],
    }.items():  # fmt: skip
        _operator(f"__{name}__", f)
    power = W["pow_scalar"]

    def pow_(self: Tensor, other: Any) -> Any:
        if other.__class__ is int or other.__class__ is float:
            return power(self, other)
        return pow(self, other) if isinstance(other, _OTHERS) else NotImplemented

    METHODS["__pow__"] = pow_
    _operator("__rtruediv__", lambda s, o: W["mul"](W["reciprocal"](s), o))
    _operator("__rpow__", pow, swap=True)
    _operator("__rfloordiv__", floor_divide, swap=True)
    _operator("__rmod__", remainder, swap=True)

    def rmatmul(self: Tensor, other: Any) -> Any:
        return NotImplemented

    def matmul_(self: Tensor, other: Any) -> Any:
        return matmul(self, other) if isinstance(other, Tensor) else NotImplemented

    METHODS.update(
        __matmul__=matmul_, __rmatmul__=rmatmul, __neg__=W["neg"], __abs__=W["abs"],
        __pos__=lambda self: self, __invert__=W["bitwise_not"],
    )  # fmt: skip
    for name in ("add", "sub", "mul", "div", "pow", "floor_divide", "remainder", "bitwise_and",
                 "bitwise_or", "bitwise_xor"):  # fmt: skip
        python = {
            "div": "truediv",
            "floor_divide": "floordiv",
            "remainder": "mod",
            "bitwise_and": "and",
            "bitwise_or": "or",
            "bitwise_xor": "xor",
        }.get(name, name)

        def augmented(self: Tensor, other: Any, _f: Any = None, _n: str = f"{name}_") -> Any:
            if not isinstance(other, _OTHERS):
                return NotImplemented
            return METHODS[_n](self, other)

        METHODS[f"__i{python}__"] = augmented


_aliases(
    multiply="mul", subtract="sub", negative="neg", absolute="abs", arccos="acos", arcsin="asin",
    arctan="atan", arccosh="acosh", arcsinh="asinh", arctanh="atanh", arctan2="atan2", fix="trunc",
    greater="gt", greater_equal="ge", less="lt", less_equal="le", not_equal="ne",
)  # fmt: skip

__all__ = ["RETURN_TYPES", "can_cast_numpy", "install_operators"]
