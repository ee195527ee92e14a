"""What the written operations call when their arguments or results are not of the simplest kind."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections import namedtuple
from typing import Any

import numpy as np

from . import errors
from .dtypes import FROM_NUMPY, default_numpy, result_numpy
from .tensor import Tensor, fresh, new, refresh, view_of

OPERANDS = (Tensor, int, float, complex, np.number, np.bool_)
NEVER = [0]  # the version counter of what is no tensor


class Unusual(Exception):
    """Raised by folded operations: this case is for the plain ones."""


# -- arguments -------------------------------------------------------------------------------------


def not_a_tensor(x: Any, function: str, argument: str, position: int) -> Any:
    raise TypeError(
        f"{function}(): argument '{argument}' (position {position}) must be Tensor, "
        f"not {type(x).__name__}"
    )


def wanting_tensors(function: Any) -> Any:
    """`function`, which says so when an argument annotated as Tensor is none.

    Nothing is asked beforehand: what is no tensor fails somewhere inside, and is looked at then.
    """
    parameters = inspect.signature(function).parameters.values()
    wanted = [(i, p.name) for i, p in enumerate(parameters) if p.annotation == "Tensor"]
    if not wanted:
        return function

    @functools.wraps(function)
    def asking(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (AttributeError, TypeError):
            for i, name in wanted:
                given = args[i] if i < len(args) else kwargs.get(name, Tensor)
                if not isinstance(given, Tensor) and given is not Tensor:
                    not_a_tensor(given, function.__name__, name, i + 1)
            raise

    return asking


def number(x: Any, function: str, argument: str, position: int) -> Any:
    """A Python number as the forward wants it."""
    if isinstance(x, (bool, int, float, complex)):
        return x if x.__class__ is not np.float64 else float(x)
    if isinstance(x, np.generic) and x.dtype in FROM_NUMPY:
        return x.item()
    return not_a_tensor(x, function, argument, position)


def tensor_list(xs: Any, function: str, argument: str, position: int) -> Any:
    if isinstance(xs, Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be tuple of Tensors, "
            "not Tensor"
        )
    xs = list(xs)
    for i, x in enumerate(xs):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument {position - 1}, "
                f"but got {type(x).__name__}"
            )
        if x._view is not None:
            refresh(x)
    return xs


def into(out: Tensor, function: Any, given: dict) -> Tensor:
    """Do `function`, and put the result into the memory of `out`."""
    from . import inplace
    from .grad_mode import mode, no_grad

    tensors = [x for x in (out, *given.values()) if isinstance(x, Tensor)]
    if mode.enabled and any_tracked(tensors):
        raise errors.hint(
            RuntimeError(
                f"{function.__name__}(): functions with out=... arguments don't support automatic "
                "differentiation, but one of the arguments requires grad."
            ),
            "leave out= away, or work inside no_grad().",
        )
    with no_grad():
        result = function(**given)
        if out._a.shape != result._a.shape:
            out.resize_(tuple(result._a.shape))
        inplace.write(out, result._a)
        inplace.changed(out)
    return out


def any_tracked(tensors: Any) -> bool:
    return any(t._rg for t in tensors)


def as_float(a: Any) -> Any:
    return a.astype(default_numpy())


def common(floating: bool, *operands: Any) -> list[Any]:
    """Arrays and numbers, brought to the type that torch computes their operation in."""
    d = result_numpy([x for x in operands if x is not None])
    if floating and d.kind in "iub":
        d = default_numpy()
    return [
        x if x is None else
        (x if x.dtype is d else x.astype(d)) if isinstance(x, np.ndarray) else
        np.asarray(x, dtype=d)
        for x in operands
    ]  # fmt: skip


def cannot_broadcast(error: ValueError, *operands: Any) -> Exception:
    """torch's error for shapes that do not broadcast (or the error itself, if it is another)."""
    shapes = [x.shape for x in operands if isinstance(x, np.ndarray)]
    return next(
        filter(None, itertools.starmap(errors.broadcast_error, itertools.pairwise(shapes))), error
    )


# -- several results -------------------------------------------------------------------------------


def wrap_all(arrays: Any, node: Any, n: int) -> list[Any]:
    """Tensors of the results, the first `n` of them made by `node`."""
    outs = [fresh(a if a.__class__ is np.ndarray else np.asarray(a)) for a in arrays]
    if node is None:
        return outs
    if not node._wants_all:
        out, a = outs[0], outs[0]._a
        node._shape, node._dtype = a.shape, a.dtype
        out._rg, out._edge = True, node._edge()
        return outs
    node._shape, node._dtype = [a.shape for a in arrays], [a.dtype for a in arrays]
    for i, out in enumerate(outs[:n]):
        if out._a.dtype.kind in "fc":
            out._rg, out._edge = True, node._edge(i)
    return outs


def wrap_views(arrays: list, base: Tensor, node: Any) -> list[Any]:
    """Tensors of several views of `base`, made by `node`."""
    root, version, kind = view_of(base, True)
    counter, tracked = base._counter, node is not None
    outs: list[Any] = []
    edge = None
    if tracked:
        seq, dtype = node._seq, base._a.dtype
        node._shape = shapes = []
        node._dtype = dtypes = []
    for a in arrays:
        if tracked:
            shape = a.shape
            edge = (seq, node, len(outs), shape, dtype)
            shapes.append(shape)
            dtypes.append(dtype)
        out = new(Tensor)
        outs.append(out)
        out._a = a
        out._edge = edge
        out._rg = tracked
        out._counter = counter
        out._grad = out._hooks = None
        out._view = [root, version, kind]  # (each its own: one may be renewed before the others)
    return outs


RETURN_TYPES: dict[str, Any] = {}


def return_type(name: str, *fields: str) -> Any:
    """A named tuple that prints as torch's do."""
    base: Any = namedtuple(name, fields)  # type: ignore[misc]

    def show(self):
        inside = ",\n".join(f"{f}={v!r}" for f, v in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n{inside})"

    made: Any = type(
        name, (base,), {"__repr__": show, "__slots__": (), "__module__": "torch.return_types"}
    )
    RETURN_TYPES[name] = made
    return made._make
