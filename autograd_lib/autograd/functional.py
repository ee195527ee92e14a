"""torch.autograd.functional: Jacobians, Hessians and products with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functions
from ..grad_mode import enable_grad
from ..tensor import Tensor, fresh


def _as_tuple(x: Any, what: str, function: str) -> tuple[bool, tuple]:
    if isinstance(x, Tensor):
        return False, (x,)
    if isinstance(x, tuple):
        for i, t in enumerate(x):
            if not isinstance(t, Tensor):
                raise TypeError(
                    f"The {what} given to {function} must be either a Tensor or a tuple of Tensors "
                    f"but the value at index {i} has type {type(t)}."
                )
        return True, tuple(x)
    raise TypeError(
        f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the "
        f"given {what} has type {type(x)}."
    )


def _inputs(inputs: tuple, create: bool) -> tuple:
    """Inputs to differentiate by: in the caller's graph if the result is to be, else cut off."""
    if create:
        return tuple(t.view_as(t) if t.requires_grad else t.detach().requires_grad_()
                     for t in inputs)  # fmt: skip
    return tuple(t.detach().requires_grad_() for t in inputs)


def _one_or_all(many: bool, x: Any) -> Any:
    return tuple(x) if many else x[0]


def _done(x: Any, create: bool) -> Any:
    if isinstance(x, tuple):
        return tuple(_done(t, create) for t in x)
    return x if create or x is None else x.detach()


# What strict mode says when something does not depend on something.
OUTPUT = (
    "Output {} of the user-provided function does not require gradients. The outputs must be "
    "computed in a differentiable manner from the input when running in strict mode."
)
PRODUCT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in "
    "strict mode."
)
ROW = (
    "Output 0 of the user-provided function is independent of input {}. This is not allowed in "
    "strict mode."
)
SLOPE = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {} is independent of the input. This is not allowed in strict mode. You "
    "should ensure that your function is twice differentiable and that the jacobian depends on the "
    "inputs (this would be violated by a linear function for example)."
)
CREATED = (
    "The jacobian of the user-provided function is independent of input {}. This is not allowed in "
    "strict mode when create_graph=True."
)


def _require(tensors: Any, text: str) -> None:
    """Strict mode: all of them must have come from the inputs."""
    for i, t in enumerate(tensors):
        if not t.requires_grad:
            raise RuntimeError(text.format(i))


def _grad(outputs: Any, inputs: Any, grads: Any, create: bool, strict: str = "") -> tuple:
    """Gradients, zero where there is none; or, with `strict`, an error with that text."""
    from . import grad

    tracked = [(o, g) for o, g in zip(outputs, grads, strict=True) if o.requires_grad]
    if not tracked:
        found: tuple = (None,) * len(inputs)
    else:
        found = grad([o for o, _ in tracked], inputs, [g for _, g in tracked],
                     retain_graph=True, create_graph=create, allow_unused=True)  # fmt: skip
    for i, g in enumerate(found):
        if g is None and strict:
            raise RuntimeError(strict.format(i))
    return tuple(
        fresh(np.zeros_like(t._a)) if g is None else g for g, t in zip(found, inputs, strict=True)
    )


def _vector(v: Any, like: tuple, many: bool, function: str) -> tuple:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            if function == "vjp":
                raise RuntimeError(
                    "The vector v can only be None if the user-provided function returns a single "
                    "Tensor with a single element."
                )
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a "
                "single Tensor with a single element."
            )
        return (fresh(np.ones_like(like[0]._a)),)
    _, vs = _as_tuple(v, "v", function)
    if len(vs) != len(like) and not many:
        raise RuntimeError("The given v should contain a single Tensor.")
    if len(vs) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}."
        )
    for i, (a, b) in enumerate(zip(vs, like, strict=True)):
        if a.shape != b.shape:
            prefix = f"Entry {i} in " if len(like) > 1 else ""
            raise RuntimeError(
                f"{prefix}v has invalid size: should be {b.shape} but got {a.shape}."
            )
    return vs


def vjp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and v times its Jacobian."""
    with enable_grad():
        many, xs = _as_tuple(inputs, "inputs", "vjp")
        xs = _inputs(xs, create_graph)
        many_out, ys = _as_tuple(func(*xs), "outputs of the user-provided function", "vjp")
        if strict:
            _require(ys, OUTPUT)
        vs = _vector(v, ys, many_out, "vjp")
        found = _grad(ys, xs, vs, create_graph, PRODUCT if strict else "")
        if strict and create_graph:
            _require(found, CREATED)
    return (
        _done(_one_or_all(many_out, ys), create_graph),
        _done(_one_or_all(many, found), create_graph),
    )


def jvp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and its Jacobian times v.

    By going backward twice: u^T J is linear in u, and its derivative with respect to u, times v,
    is J v.
    """
    with enable_grad():
        many, xs = _as_tuple(inputs, "inputs", "jvp")
        vs = _vector(v, xs, many, "jvp")
        xs = _inputs(xs, create_graph)
        many_out, ys = _as_tuple(func(*xs), "outputs of the user-provided function", "jvp")
        if strict:
            _require(ys, OUTPUT)
        us = tuple(fresh(np.zeros_like(y._a)).requires_grad_() for y in ys)
        rows = _grad(ys, xs, us, True, PRODUCT if strict else "")
        found = _grad(rows, us, vs, create_graph)
        if strict and create_graph:
            _require(found, CREATED)
    return (
        _done(_one_or_all(many_out, ys), create_graph),
        _done(_one_or_all(many_out, found), create_graph),
    )


def jacobian(func: Any, inputs: Any, create_graph: bool = False, strict: bool = False,
             vectorize: bool = False, strategy: str = "reverse-mode") -> Any:  # fmt: skip
    """All derivatives of all outputs: a tensor of shape (*output, *input), or tuples of them."""
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    return _jacobian(func, inputs, create_graph, strict, OUTPUT, ROW)


def _jacobian(
    func: Any, inputs: Any, create_graph: bool, strict: bool, output: str, row_text: str
) -> Any:
    with enable_grad():
        many, xs = _as_tuple(inputs, "inputs", "jacobian")
        xs = _inputs(xs, create_graph)
        many_out, ys = _as_tuple(func(*xs), "outputs of the user-provided function", "jacobian")
        if strict:
            _require(ys, output)
        result = []
        for y in ys:
            rows: list[list[Tensor]] = [[] for _ in xs]
            flat = functions.reshape(y, -1) if y.ndim else functions.reshape(y, 1)
            for i in range(y.numel()):
                one = np.zeros(flat._a.shape, flat._a.dtype)
                one[i] = 1
                found = _grad((flat,), xs, (fresh(one),), create_graph, row_text if strict else "")
                if strict and create_graph:
                    _require(found, CREATED)
                for row, g in zip(rows, found, strict=True):
                    row.append(g)
            made = tuple(
                functions.reshape(functions.stack(row), (*y.shape, *x.shape))
                if row else fresh(np.zeros((*y.shape, *x.shape), x._a.dtype))
                for row, x in zip(rows, xs, strict=True)
            )  # fmt: skip
            result.append(_one_or_all(many, made))
    return _done(_one_or_all(many_out, tuple(result)), create_graph)


def _single(y: Any, name: str) -> None:
    many, _ = _as_tuple(y, "outputs of the user-provided function", name)
    if many:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if y.numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )


def hessian(
    func: Any, inputs: Any, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """All second derivatives of a scalar function."""
    many, _ = _as_tuple(inputs, "inputs", "hessian")

    def scalar(*xs: Any) -> Tensor:
        y = func(*xs)
        _single(y, "hessian")
        if strict:
            _require((y,), OUTPUT)
        return functions.reshape(y, ())

    def slope(*xs: Any) -> Any:
        return jacobian(scalar, xs, create_graph=True)

    result = _jacobian(slope, inputs, create_graph, strict, SLOPE, SLOPE)
    return result if many else result[0]


def vhp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and v times its Hessian."""
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and its Hessian times v: the same as `vhp`, since Hessians are symmetric."""
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(
    name: str, func: Any, inputs: Any, v: Any, create_graph: bool, strict: bool
) -> Any:
    with enable_grad():
        many, xs = _as_tuple(inputs, "inputs", name)
        vs = _vector(v, xs, many, name)
        xs = _inputs(xs, create_graph)
        y = func(*xs)
        _single(y, name)
        if strict:
            _require((y,), OUTPUT)
        one = fresh(np.ones((), y._a.dtype))
        slope = _grad((functions.reshape(y, ()),), xs, (one,), True, PRODUCT if strict else "")
        if strict:
            _require(slope, SLOPE)
        found = _grad(slope, xs, vs, create_graph, SLOPE if strict else "")
    return _done(y, create_graph), _done(_one_or_all(many, found), create_graph)
