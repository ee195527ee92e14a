"""Methods that work on a tensor's memory itself: element by element, by another size, by a swap."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import creation, inplace
from ..dtypes import default_numpy
from ..recorder import METHODS, PUBLIC, public, register
from ..tensor import INFERENCE, Tensor, fresh
from .common import W

# -- element by element, by a Python function ------------------------------------------------------


def _untracked(name: str, *tensors: Tensor) -> None:
    if any(t.requires_grad for t in tensors):
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )


def _elementwise(self: Tensor, function: Any, *others: Tensor) -> Tensor:
    a = self._a
    arrays = [np.broadcast_to(t._a, a.shape) for t in (self, *others)]
    for place in np.ndindex(a.shape):
        a[place] = function(*[b[place].item() for b in arrays])
    return self


def apply_(self: Tensor, callable: Any) -> Tensor:
    """Replace each element by what the function makes of it."""
    _untracked("apply_", self)
    return _elementwise(self, callable)


def map_(self: Tensor, tensor: Tensor, callable: Any) -> Tensor:
    """The same with a second tensor's element."""
    _untracked("map_", self, tensor)
    return _elementwise(self, callable, tensor)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Any) -> Tensor:
    """The same with elements of two other tensors."""
    _untracked("map2_", self, x, y)
    return _elementwise(self, callable, x, y)


# -- other memory ----------------------------------------------------------------------------------


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Set the main diagonal to one value."""

    def filled(t: Tensor) -> Tensor:
        mask = np.zeros(t._a.shape, bool)
        np.fill_diagonal(mask, True, wrap)
        return W["masked_fill_scalar"](t, fresh(mask), fill_value)

    return inplace.apply(filled, self, (), {})


def new(self: Tensor, *args: Any) -> Tensor:
    """A tensor of the same type, of these sizes or with these elements."""
    if len(args) == 1 and isinstance(args[0], (list, tuple, np.ndarray)):
        return fresh(np.array(args[0], self._a.dtype))
    if len(args) == 1 and isinstance(args[0], Tensor):
        return fresh(args[0]._a.astype(self._a.dtype))
    return fresh(np.zeros(creation.as_sizes(args) if args else (0,), self._a.dtype))


METHODS.update(
    apply_=apply_, map_=map_, map2_=map2_, fill_diagonal_=fill_diagonal_, new=new,
    dim_order=lambda self: tuple(sorted(range(self.ndim), key=lambda d: -self.stride(d))),
    is_shared=lambda self: False, share_memory_=lambda self: self,
    is_pinned=lambda self, device=None: False, pin_memory=lambda self, device=None: self,
    to_dense=lambda self, dtype=None: self,
    new_empty_strided=lambda self, size, stride, dtype=None, device=None, requires_grad=False:
        PUBLIC["empty_strided"](size, stride, dtype=dtype or self.dtype,
                                requires_grad=requires_grad),
)  # fmt: skip
register("is_same_size", lambda input, other: input._a.shape == other._a.shape)
register("is_signed", lambda input: input.is_signed())
register("is_inference", lambda input: input._counter is INFERENCE)


@public(method=False)
def empty_strided(size: Any, stride: Any, *, dtype: Any = None, layout: Any = None,
                  device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """A tensor with these strides, counted in elements."""
    kind = creation.numpy_dtype(dtype) or default_numpy()
    need = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    memory = np.zeros(max(need, 0) if 0 not in tuple(size) else 0, kind)
    a = np.lib.stride_tricks.as_strided(memory, size, [s * kind.itemsize for s in stride])
    return creation.make(a, requires_grad)


@public(method=False)
def scalar_tensor(s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False) -> Tensor:  # fmt: skip
    """One number as a tensor, of the default float type unless another is given."""
    return creation.make(np.asarray(s, creation.numpy_dtype(dtype) or default_numpy()),
                         requires_grad)  # fmt: skip


@public(method=False)
def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: Any = None,
            requires_grad: bool = False) -> Tensor:  # fmt: skip
    """A tensor of this data, on the same memory where that can be."""
    out = creation.as_tensor(obj, dtype=dtype)
    out = out.clone() if copy else out
    return out.requires_grad_() if requires_grad else out


def _triangle(name: str, find: Any) -> None:
    def function(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None,
                 layout: Any = None) -> Tensor:  # fmt: skip
        places = np.stack(find(row, offset, col)).astype(np.int64)
        return fresh(places.astype(creation.numpy_dtype(dtype) or np.int64))

    function.__name__ = name
    function.__doc__ = "The places in this triangle of a matrix, as two rows of indices."
    register(name, function, method=False)


_triangle("tril_indices", np.tril_indices)
_triangle("triu_indices", np.triu_indices)


@public(method=False)
def randint_like(input: Tensor, low: Any, high: Any = None, *, dtype: Any = None,
                 layout: Any = None, device: Any = None, requires_grad: bool = False,
                 memory_format: Any = None) -> Tensor:  # fmt: skip
    """Random integers in a tensor of the same size and type."""
    low, high = (0, low) if high is None else (low, high)
    return PUBLIC["randint"](low, high, tuple(input.shape), dtype=dtype or input.dtype,
                             requires_grad=requires_grad)  # fmt: skip


@public()
def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *,
                generator: Any = None) -> Tensor:  # fmt: skip
    """Positions drawn with probabilities in proportion to the elements."""
    u = PUBLIC["rand"](
        *input.shape[:-1],
        num_samples if replacement else input.shape[-1],
        dtype=creation.FROM_NUMPY[np.dtype("f8")],
        generator=generator,
    )._a
    if replacement:
        shares = np.cumsum(input._a, -1) / np.sum(input._a, -1, keepdims=True)
        return fresh((u[..., None] >= shares[..., None, :]).sum(-1))
    with np.errstate(divide="ignore"):
        keys = np.where(input._a > 0, np.log1p(-u) / input._a, -np.inf)
    return fresh(np.argsort(-keys, -1, kind="stable")[..., :num_samples])


# -- torch's functions that change their argument --------------------------------------------------

_IN_PLACE = [
    "abs", "acos", "acosh", "addmv", "arccos", "arccosh", "arcsin", "arcsinh", "arctan",
    "arctanh", "asin", "asinh", "atan", "atanh", "ceil", "clamp", "clamp_max", "clamp_min", "clip",
    "cos", "cosh", "deg2rad", "detach", "erf", "erfc", "exp", "exp2", "expm1", "fill", "fix",
    "floor", "frac", "index_put", "log", "log10", "log1p", "log2", "logit", "nan_to_num", "neg",
    "negative", "rad2deg", "reciprocal", "relu", "resize_as", "round", "rsqrt", "sigmoid", "sin",
    "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "xlogy", "zero",
]  # fmt: skip


def _changing(name: str) -> None:
    def function(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return getattr(input, name)(*args, **kwargs)

    function.__name__ = name
    function.__doc__ = f"`Tensor.{name}` as a function."
    register(name, function, method=False)


for _name in _IN_PLACE:
    _changing(f"{_name}_")


@public(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A copy with every element set to `value`."""
    return input.clone().fill_(value)
