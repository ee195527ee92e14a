"""Attributes of tensors that few programs look at, and what tensors had in old programs."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

import numpy as np

from . import creation, dtypes
from .dtypes import FROM_NUMPY, Size, long_name
from .errors import hint
from .hooks import UNSET, _add, hooks_of
from .recorder import METHODS, PUBLIC
from .tensor import Tensor, fresh

# -- hooks, as attributes --------------------------------------------------------------------------


def _backward_hooks(t: Tensor) -> Any:
    hooks, nr = t._hooks, t.output_nr
    if t._edge is not None:
        hooks = t._edge[1]._hooks
    if hooks is None or nr not in hooks.had:
        return None
    return OrderedDict((k, hook) for k, (n, hook) in hooks.tensor.items() if n == nr)


def _set_backward_hooks(t: Tensor, given: Any) -> None:
    hooks, nr = hooks_of(t if t._edge is None else t._edge[1]), t.output_nr
    for k in [k for k, (n, _) in hooks.tensor.items() if n == nr]:
        del hooks.tensor[k]
    hooks.had.discard(nr)
    for hook in (given or {}).values():
        hooks.had.add(nr)
        _add(hooks, "tensor", (nr, hook))


def _post_accumulate_grad_hooks(t: Tensor) -> Any:
    hooks = t._hooks
    known = hooks is not None and isinstance(hooks.post_accumulate, OrderedDict)
    return hooks.post_accumulate if known else None


# -- the type of the gradient ----------------------------------------------------------------------


def _grad_dtype(t: Tensor) -> Any:
    if not t.is_leaf:
        raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
    hooks = t._hooks
    if hooks is None or hooks.grad_dtype is UNSET:
        return t.dtype
    return hooks.grad_dtype and FROM_NUMPY[hooks.grad_dtype]


def _set_grad_dtype(t: Tensor, kind: Any) -> None:
    if kind is not None and not isinstance(kind, dtypes.dtype):
        raise RuntimeError(
            f"grad_dtype must be a torch.dtype or None, but got {type(kind).__name__}"
        )
    if not t.is_leaf:
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    grad = t._grad
    if kind is not None and grad is not None and grad._a.dtype != kind.np:
        raise hint(
            RuntimeError(
                f"Cannot set grad_dtype to '{kind._long}' because there is already a gradient with "
                f"dtype '{long_name(grad._a.dtype).lower()}'. Please clear the gradient (.grad = "
                "None) before changing grad_dtype, or ensure the new grad_dtype matches the "
                "existing gradient's dtype."
            ),
            "set it before the first backward().",
        )
    hooks_of(t).grad_dtype = kind and kind.np


# -- old names -------------------------------------------------------------------------------------


def _no_deletion(t: Tensor) -> None:
    raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")


def _volatile(t: Tensor) -> bool:
    warnings.warn(
        "volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2
    )
    return False


def typed(kind: Any, args: tuple) -> Tensor:
    """What ``torch.FloatTensor(*args)`` and its like make."""
    if len(args) == 1 and not isinstance(args[0], (int, np.integer, Size)):
        (data,) = args
        if isinstance(data, Tensor) and data._a.dtype != kind:
            raise TypeError(f"expected {long_name(kind)} data (got {long_name(data._a.dtype)})")
        return data.detach() if isinstance(data, Tensor) else fresh(creation.array_of(data, kind))
    sizes = args[0] if args and isinstance(args[0], Size) else args
    return fresh(np.zeros(sizes if args else 0, kind))


class _TensorType(type):
    """The class of torch.FloatTensor and its like: they stand for all tensors of one type."""

    dtype: Any

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        return typed(cls.dtype.np, args)

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and x.dtype is cls.dtype

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


for _d in dtypes.ALL:
    _name = f"{_d._long}Tensor"
    PUBLIC[_name] = _TensorType(_name, (), {"dtype": _d, "__module__": "torch"})


def as_subclass(self: Tensor, cls: type) -> Any:
    """The same tensor, memory and history, as an object of another class."""
    out = PUBLIC["alias"](self) if self.requires_grad else self.detach()
    made = fresh(out._a, cls)
    made._edge, made._rg, made._counter, made._view = out._edge, out._rg, out._counter, out._view
    return made


def _make_subclass(cls: type, data: Tensor, require_grad: bool = False) -> Any:
    made = fresh(data._a, cls)
    made._rg = require_grad
    return made


def _refusal(name: str) -> Any:
    def refuse(t: Tensor, *value: Any) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")

    return refuse


METHODS.update(
    as_subclass=as_subclass, _make_subclass=staticmethod(_make_subclass),
    __reversed__=lambda t: PUBLIC["flip"](t, 0) if t.ndim else t,
    polygamma=lambda t, n: PUBLIC["polygamma"](n, t),
    name=property(lambda t: None), volatile=property(_volatile, lambda t, value: None),
    _grad_fn=property(lambda t: t.grad_fn), _cdata=property(id),
    _backward_hooks=property(_backward_hooks, _set_backward_hooks),
    _post_accumulate_grad_hooks=property(_post_accumulate_grad_hooks),
    grad_dtype=property(_grad_dtype, _set_grad_dtype),
)  # fmt: skip
for _name in ("ipu", "maia", "mps", "mtia", "vulkan", "xla", "xpu"):
    METHODS[f"is_{_name}"] = property(lambda t: False)
for _name in ("_base", "_version", "grad_fn", "is_leaf", "output_nr", "retains_grad", "shape"):
    _refuse = _refusal(_name)
    setattr(Tensor, _name, getattr(Tensor, _name).setter(_refuse).deleter(_refuse))
Tensor.data = Tensor.data.deleter(_no_deletion)  # type: ignore[method-assign,attr-defined]
