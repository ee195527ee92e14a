"""The memory under tensors: storages, windows of any strides on them, resize_() and set_()."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes, errors
from .derivatives import sizes_of
from .dtypes import FROM_NUMPY, long_name
from .errors import hint
from .grad_mode import mode
from .inplace import changed, check
from .node import Node, sequence
from .numeric import memory, owner
from .recorder import METHODS, PUBLIC, WORDS, public
from .tensor import Tensor, fresh


class UntypedStorage:
    """The memory that a tensor and its views share, as bytes."""

    __module__ = "torch.storage"

    def __init__(self, a: np.ndarray):
        self._whole, _ = memory(a)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._whole.nbytes

    size = __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return self._whole.__array_interface__["data"][0]

    @property
    def _cdata(self) -> int:
        return id(owner(self._whole))

    @property
    def device(self) -> dtypes.device:
        return dtypes.device("cpu")

    def is_shared(self) -> bool:
        return False

    is_pinned = is_shared

    def tolist(self) -> list:
        """All bytes, as numbers."""
        return self._whole.view(np.uint8).tolist()


class TypedStorage(UntypedStorage):
    """The same, as numbers of one type."""

    def __len__(self) -> int:
        return self._whole.size

    size = __len__

    @property
    def dtype(self) -> dtypes.dtype:
        return FROM_NUMPY[self._whole.dtype]

    def __getitem__(self, i: int) -> Any:
        return self._whole[i].item()

    def tolist(self) -> list:
        """All numbers."""
        return self._whole.tolist()


METHODS["untyped_storage"] = lambda self: UntypedStorage(self._a)
METHODS["storage"] = METHODS["_typed_storage"] = lambda self: TypedStorage(self._a)


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both look at the same memory in the same way."""
    a, b = self._a, tensor._a
    same = self.data_ptr() == tensor.data_ptr()
    return same and a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype


METHODS["is_set_to"] = is_set_to


# -- windows ---------------------------------------------------------------------------------------


def _strided(self: Tensor, size: Any, stride: Any, storage_offset: Any) -> Tensor:
    a = self._a
    strides = None if a.flags.c_contiguous else self.stride()
    offset = 0 if storage_offset is None else storage_offset - self.storage_offset()
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    last = sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    whole, start = memory(a)
    if 0 not in size and start + offset + last >= whole.size:
        begin = start + offset
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {begin}, and "
            f"itemsize {a.itemsize} requiring a storage size of {(begin + last + 1) * a.itemsize} "
            f"are out of bounds for storage of size {whole.nbytes}"
        )
    return WORDS["as_strided_"](self, tuple(size), tuple(stride), offset, strides)


@public()
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
    """A view of any size and strides, counted in elements, on the tensor's memory."""
    return _strided(input, size, stride, storage_offset)


def as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
    """Look at this tensor's memory with other sizes and strides."""
    if mode.enabled:
        check(self, self.requires_grad)
    out = _strided(self, size, stride, storage_offset)
    self._a, self._edge, self._rg = out._a, out._edge, out._rg
    changed(self)
    if self._view is not None:
        self._view[1] = self._counter[0]
    return self


METHODS["as_strided_"] = PUBLIC["as_strided_"] = as_strided_


# -- other memory ----------------------------------------------------------------------------------


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give this tensor another size; elements keep their places, new ones may be anything."""
    if self._rg:
        raise hint(
            RuntimeError("cannot resize variables that require grad"),
            "the graph has been told of this size; resize what detach() gives.",
        )
    size = sizes_of(sizes)
    flat, start = memory(self._a)
    n = math.prod(size)
    if start + n > flat.size:
        flat = np.concatenate([flat, np.zeros(start + n - flat.size, flat.dtype)])
    self._a = flat[start : start + n].reshape(size)
    changed(self)
    return self


def resize(self: Tensor, *sizes: Any) -> Tensor:
    """The same elements in another shape; the old name of `view`."""
    size = sizes_of(sizes)
    if math.prod(size) != self.numel():
        raise RuntimeError(
            f"requested resize to {' x '.join(map(str, size))} ({math.prod(size)} elements in "
            f"total), but the given tensor has a size of {' x '.join(map(str, self.shape))} "
            f"({self.numel()} elements). autograd's resize can only change the shape of a given "
            "tensor, while preserving the number of elements. "
        )
    return PUBLIC["reshape"](self, size)


METHODS.update(
    resize_=resize_, resize=resize, resize_as=lambda self, other: resize(self, *other.shape)
)
METHODS["resize_as_"] = PUBLIC["resize_as_"] = lambda self, the_template, memory_format=None: (
    resize_(self, tuple(the_template.shape))
)


class NotImplementedNode(Node):
    """What made a tensor in a way that torch has no derivative for."""

    __slots__ = ()
    _label = "NotImplemented"

    def _run(self, grad: Any, keep: bool) -> Any:
        raise RuntimeError("derivative for set_ is not implemented")

    _run_tensors = _run


NotImplementedNode.__name__ = "NotImplemented"


def set_(
    self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """Make this tensor look at the memory of another tensor, or of a storage."""
    tracked = isinstance(source, Tensor) and source.requires_grad
    if mode.enabled and self._rg and self._edge is None:
        raise errors.leaf_in_place()
    if source is None:
        a = np.zeros(0, self._a.dtype)
    elif isinstance(source, Tensor):
        a = source._a
    else:
        a = source._whole.view(self._a.dtype)
        size = (a.size,) if size is None else tuple(size)
        stride = np.cumprod([1, *size[:0:-1]])[::-1].tolist() if stride is None else stride
        a = _strided(fresh(a), size, stride, storage_offset)._a
    if a.dtype != self._a.dtype:
        given, own = (long_name(k).lower() for k in (a.dtype, self._a.dtype))
        raise RuntimeError(f"Could not set tensor of type {given} to a tensor of type {own}")
    if mode.enabled and (tracked or self._rg):
        node = NotImplementedNode()
        node._edges, node._hooks, node._seq = (self._edge, None), None, next(sequence)
        node._shape, node._dtype = a.shape, a.dtype
        self._edge, self._rg = node._edge(), True
    self._a = a
    changed(self)
    return self


METHODS["set_"] = set_
