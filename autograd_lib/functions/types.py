"""Changing a tensor's type, and what type an operation has."""

from __future__ import annotations

import builtins
from typing import Any

from .. import creation, dtypes
from ..dtypes import FROM_NUMPY
from ..dtypes import dtype as Dtype
from ..recorder import METHODS, public
from ..tensor import Tensor
from .common import W


def to_dtype(t: Tensor, d: Any, copy: bool = False) -> Tensor:
    kind = creation.numpy_dtype(d)
    return t if t._a.dtype == kind and not copy else W["to_"](t, kind)


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
        dtype = self.dtype
    return to_dtype(self, dtype, copy)


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of this tensor's type, or the tensor in another type."""
    if dtype is None:
        return f"torch.{self.dtype._long}Tensor"
    if isinstance(dtype, str):
        name = dtype.removeprefix("torch.").removesuffix("Tensor")
        for d in dtypes.ALL:
            if d._long == name:
                return to_dtype(self, d)
        raise ValueError(f"invalid type: {dtype!r}")
    if isinstance(dtype, type) and isinstance(getattr(dtype, "dtype", None), Dtype):
        dtype = dtype.dtype  # type: ignore[attr-defined]  # torch.FloatTensor and its like
    return to_dtype(self, dtype)


METHODS.update(to=to, type=type_, type_as=lambda self, other: to_dtype(self, other.dtype))
METHODS.update(cpu=lambda self: self, cuda=lambda self, *a: dtypes.device("cuda"))


def _conversion(name: str) -> Any:
    target = getattr(dtypes, name)

    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return to_dtype(self, target)

    convert.__name__ = name
    return convert


for _name in ("half", "float", "double", "short", "int", "long", "bool", "cfloat", "cdouble"):
    METHODS[_name] = _conversion(_name)
METHODS["byte"] = lambda self: to_dtype(self, dtypes.uint8)
METHODS["char"] = lambda self: to_dtype(self, dtypes.int8)


@public(method=False)
def result_type(tensor1: Any, tensor2: Any) -> Dtype:
    """The type of an operation between two tensors or numbers."""
    both = [x._a if isinstance(x, Tensor) else x for x in (tensor1, tensor2)]
    return FROM_NUMPY[dtypes.result_numpy(both)]
