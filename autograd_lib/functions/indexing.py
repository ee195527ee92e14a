"""Indexing with x[...], and operations on elements at given places."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import creation, dtypes, errors
from ..derivatives.positions import Places
from ..grad_mode import mode
from ..recorder import METHODS, public, register
from ..tensor import Tensor, fresh, wrap_dim
from .common import W, is_number, max_
from .shapes import expand, reshape
from .types import to_dtype


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
    if t is self and places is None:
        return W["slice_" if key.__class__ is slice else "alias"](self)
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
    if isinstance(key, list) and len(key) < 32 and any(isinstance(k, _MANY) for k in key):
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
    dropped = 0  # dimensions that whole numbers have taken away
    for k in keys:
        if k is ...:
            dim += self.ndim - used
        elif k is None:
            t, dim = W["unsqueeze"](t, dim), dim + 1
        elif isinstance(k, (bool, np.bool_)):
            t = W["unsqueeze"](t, dim)
            advanced[dim] = np.array([0] if k else [], dtype=np.int64)
            dim += 1
        elif _is_int(k) or (
            isinstance(k, Tensor) and k.ndim == 0 and k._a.dtype.kind in "iu"
            and not k._rg and k._a.dtype != np.uint8
        ):  # fmt: skip
            k, n = int(k), t._a.shape[dim]
            if not -n <= k < n:
                raise IndexError(
                    f"index {k} is out of bounds for dimension {dim + dropped} with size {n}"
                )
            t = W["select"](t, dim, k)
            dropped += 1
        elif isinstance(k, slice):
            step = 1 if k.step is None else int(k.step)
            if step == 0:
                raise ValueError("slice step cannot be zero")
            if step < 0:
                raise ValueError("step must be greater than zero")
            n = t._a.shape[dim]
            start, stop, _ = slice(
                None if k.start is None else int(k.start),
                None if k.stop is None else int(k.stop), step,
            ).indices(n)  # fmt: skip
            if (start, step) != (0, 1) or stop < n:
                t = W["slice_"](t, dim, start, max_(stop, start), step)
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
        return t, None
    last = max_(advanced)
    if len(advanced) > 1:
        _check_places(advanced.values())
    return t, Places.of((advanced.get(d, slice(None)) for d in range(last + 1)), keys)


# What makes a list a tuple of indices, one for each dimension.
_MANY = (list, tuple, range, Tensor, np.ndarray, slice, type(None), type(...))


def _check_places(places: Any) -> None:
    """Raise unless indices of several dimensions go together."""
    shapes = [a.shape for a in places]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(s)) for s in shapes)
        ) from None


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """x[key] = value: a copy into the view, or into the chosen positions."""
    from .. import inplace

    before, mode.enabled = mode.enabled, mode.enabled
    try:
        t, places = _basic(self, key)
    finally:
        mode.enabled = before
    if not isinstance(value, Tensor):
        if not is_number(value):
            raise errors.hint(
                TypeError(f"can't assign a {type(value).__name__} to a {self.type()}"),
                "make it a tensor first: torch.tensor(...).",
            )
        value = creation.make(np.asarray(value).astype(self._a.dtype))
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
    value = to_dtype(value, t.dtype)
    try:
        np.broadcast_to(value._a, t._a[places].shape)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"indexing result of shape {list(t._a[places].shape)}"
        ) from None
    inplace.apply(lambda s, v: W["index_put_op"](s, places, v), t, (value,), {})


def delitem(self: Tensor, key: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


METHODS.update(__getitem__=getitem, __setitem__=setitem, __delitem__=delitem)


@public()
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `values` at these positions (added to what is there, if `accumulate`)."""
    places = Places.of((slice(None) if i is None else _as_places(i) for i in indices), indices)
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
    if reduce is not None:
        if not isinstance(src, Tensor):
            src = fresh(np.full(index._a.shape, src, input._a.dtype))
        return W["scatter_reduce_"](
            input, dim, index, src, {"add": "sum", "multiply": "prod"}.get(reduce, reduce)
        )
    if isinstance(src, Tensor):
        return W["scatter_"](input, dim, index, src)
    return W["scatter_value"](input, dim, index, src)


@public()
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy where what goes to one place is summed, multiplied, averaged, or compared."""
    if not input.ndim:
        whole, index, src = (reshape(t, 1) for t in (input, index, src))
        return reshape(W["scatter_reduce_"](whole, 0, index, src, reduce, include_self), ())
    return W["scatter_reduce_"](input, dim, index, src, reduce, include_self)


@public()
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *,
    include_self: bool = True,
) -> Tensor:  # fmt: skip
    """The same with slices of `source` along `dim`."""
    d = wrap_dim(dim, input.ndim)
    if not source.ndim:
        source, index = reshape(source, 1), reshape(index, 1)
    shape = [-1 if k == d else 1 for k in range(source.ndim)]
    places = expand(reshape(index, *shape), *source.shape)
    return scatter_reduce(input, dim, places, source, reduce, include_self=include_self)


@public()
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the elements of `source`, one after another, where the mask is true."""
    if mask._a.dtype != bool:
        raise RuntimeError(
            "masked_scatter_ only supports boolean masks, but got mask with dtype "
            f"{dtypes.long_name(mask._a.dtype)}"
        )
    shape = np.broadcast_shapes(input._a.shape, mask._a.shape)
    places = np.nonzero(np.broadcast_to(mask._a, shape or (1,)))
    if not shape:
        return reshape(W["masked_scatter_"](reshape(input, 1), source, places), ())
    return W["masked_scatter_"](expand(input, *shape), source, places)


@public()
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `source` at positions in the flattened tensor."""
    n = input._a.size
    flat = np.where(index._a < 0, index._a + n, index._a)
    if ((flat < 0) | (flat >= n)).any():
        raise IndexError("put_(): index out of range")
    if index.numel() != source.numel():
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.numel()}, index.numel() = {index.numel()}"
        )
    places = np.unravel_index(flat, input._a.shape or (1,))
    if not input.ndim:
        return reshape(W["put_"](reshape(input, 1), source, places, accumulate), ())
    return W["put_"](input, source, places, accumulate)


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
