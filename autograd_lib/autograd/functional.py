"""torch.autograd.functional: Jacobians, Hessians and products with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functions
from ..grad_mode import enable_grad, mode, set_grad_enabled
from ..tensor import Tensor, fresh

# -- what goes in and what comes out ---------------------------------------------------------------


def _as_tuple(x: Any, what: str, function: str) -> tuple[bool, tuple]:
    """Whether `x` is a tuple, and its tensors as one."""
    many = isinstance(x, tuple)
    xs = x if many else (x,)
    for i, t in enumerate(xs):
        if not isinstance(t, Tensor):
            which = f"value at index {i}" if many else f"given {what}"
            raise TypeError(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but "
                f"the {which} has type {type(t)}."
            )
    return many, xs


def _inputs(inputs: tuple, create: bool, track: bool = True) -> tuple:
    """The caller's tensors: in the caller's graph if the result is to be, else cut off."""
    return tuple(t.view_as(t) if create and t.requires_grad else t.detach().requires_grad_(track)
                 for t in inputs)  # fmt: skip


def _call(func: Any, xs: tuple, name: str, strict: bool) -> tuple[bool, tuple]:
    many, ys = _as_tuple(func(*xs), "outputs of the user-provided function", name)
    _require(ys, OUTPUT, strict)
    return many, ys


def _one_or_all(many: bool, x: Any) -> Any:
    return tuple(x) if many else x[0]


def _done(x: Any, create: bool) -> Any:
    if isinstance(x, tuple):
        return tuple(_done(t, create) for t in x)
    return x if create else x.detach()


def _vector(v: Any, like: tuple, many: bool, create: bool, name: str) -> tuple | None:
    """The vector of a product with these tensors' shapes; None for a single number."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            whose = (
                "user-provided function returns a single Tensor with a single element."
                if name == "vjp"
                else "input to the user-provided function is a single Tensor with a single element."
            )
            raise RuntimeError(f"The vector v can only be None if the {whose}")
        return None
    _, vs = _as_tuple(v, "v", name)
    vs = _inputs(vs, create, False)
    if len(vs) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}."
            if many
            else "The given v should contain a single Tensor."
        )
    for i, (a, b) in enumerate(zip(vs, like, strict=True)):
        if a.shape != b.shape:
            raise RuntimeError(
                f"{f'Entry {i} in ' if many else ''}v has invalid size: should be {b.shape} but "
                f"got {a.shape}."
            )
    return vs


# -- what strict mode says when something does not depend on something -----------------------------

OUTPUT = (
    "Output {} of the user-provided function does not require gradients. The outputs must be "
    "computed in a differentiable manner from the input when running in strict mode."
)
PRODUCT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in "
    "strict mode."
)
SLOPE = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {} is independent of the input. This is not allowed in strict mode. You "
    "should ensure that your function is twice differentiable and that the jacobian depends on the "
    "inputs (this would be violated by a linear function for example)."
)
LINEAR = (
    "The gradient with respect to input {} is independent of the inputs of the user-provided "
    "function. This is not allowed in strict mode."
)
# ... in a gradient that is missing altogether, by what it is the gradient of.
MISSING = {
    "back": PRODUCT,
    "back_trick": (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs "
        "when using the double backward trick to compute forward mode gradients. This is not "
        "allowed in strict mode."
    ),
    "double_back": (
        "The jacobian of the user-provided function is independent of input {}. This is not "
        "allowed in strict mode."
    ),
    "double_back_trick": (
        "The hessian of the user-provided function is independent of entry {} in the "
        "grad_jacobian. This is not allowed in strict mode as it prevents from using the double "
        "backward trick to replace forward mode AD."
    ),
}
CREATED = (
    "The {} of the user-provided function is independent of input {}. This is not allowed in "
    "strict mode when create_graph=True."
)


def _require(tensors: Any, text: str, strict: bool) -> None:
    """Strict mode: all of them must be there and have come from the inputs."""
    for i, t in enumerate(tensors if strict else ()):
        if t is None:
            raise RuntimeError(PRODUCT.format(i))
        if not t.requires_grad:
            raise RuntimeError(text.format(i))


def _filled(found: Any, like: tuple, strict: bool, create: bool, stage: str) -> tuple:
    """Gradients, with zeros for those that are missing; strict mode raises instead."""
    for i, g in enumerate(found if strict else ()):
        if g is None:
            raise RuntimeError(MISSING[stage].format(i))
        if create and not g.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(CREATED.format(what, i))
    return tuple(
        fresh(np.zeros_like(t._a)) if g is None else g for g, t in zip(found, like, strict=True)
    )


def _grad(outputs: Any, inputs: Any, grads: Any, create: bool, **options: Any) -> tuple:
    """Gradients of those outputs that have any; None where there is none."""
    from . import grad

    grads = (None,) * len(outputs) if grads is None else grads
    tracked = [
        (o, g) for o, g in zip(outputs, grads, strict=True) if o is not None and o.requires_grad
    ]
    if not tracked:
        return (None,) * len(inputs)
    return grad([o for o, _ in tracked], inputs, [g for _, g in tracked],
                create_graph=create, allow_unused=True, **options)  # fmt: skip


# -- products --------------------------------------------------------------------------------------


def vjp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and v times its Jacobian."""
    with enable_grad():
        many, xs = _as_tuple(inputs, "inputs", "vjp")
        xs = _inputs(xs, create_graph)
        many_out, ys = _call(func, xs, "vjp", strict)
        vs = _vector(v, ys, many_out, create_graph, "vjp")
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(ys, xs, vs, create_graph)
        found = _filled(found, xs, strict, create_graph, "back")
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
        xs = _inputs(xs, create_graph)
        vs = _vector(v, xs, many, create_graph, "jvp")
        many_out, ys = _call(func, xs, "jvp", strict)
        us = tuple(fresh(np.zeros_like(y._a)).requires_grad_() for y in ys)
        rows = _grad(ys, xs, us, True)
        _require(rows, LINEAR, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(rows, us, vs, create_graph)
        found = _filled(found, ys, strict, create_graph, "back_trick")
    return (
        _done(_one_or_all(many_out, ys), create_graph),
        _done(_one_or_all(many_out, found), create_graph),
    )


def vhp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and v times its Hessian."""
    with enable_grad():
        many, xs, vs, y, slope = _slope("vhp", func, inputs, v, create_graph, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(slope, xs, vs, create_graph)
        found = _filled(found, xs, strict, create_graph, "double_back")
    return _done(y, create_graph), _done(_one_or_all(many, found), create_graph)


def hvp(
    func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> Any:
    """func(inputs), and its Hessian times v, by going backward three times."""
    with enable_grad():
        many, xs, vs, y, slope = _slope("hvp", func, inputs, v, create_graph, strict)
        us = tuple(fresh(np.zeros_like(x._a)).requires_grad_() for x in xs)
        rows = _grad(slope, xs, us, True)
        _require(rows, SLOPE, strict)
    with set_grad_enabled(create_graph or mode.enabled):
        found = _grad(rows, us, vs, create_graph)
        found = _filled(found, xs, strict, create_graph, "double_back_trick")
    return _done(y, create_graph), _done(_one_or_all(many, found), create_graph)


def _slope(name: str, func: Any, inputs: Any, v: Any, create: bool, strict: bool) -> tuple:
    """What both products with a Hessian need: the inputs, the vector, the value, its gradient."""
    many, xs = _as_tuple(inputs, "inputs", name)
    xs = _inputs(xs, create)
    vs = _vector(v, xs, many, create, name)
    y = _single(*_call(func, xs, name, strict), name)
    slope = _grad((y,), xs, None, True)
    _require(slope, SLOPE, strict)
    return many, xs, vs, y, slope


def _single(many: bool, ys: tuple, name: str) -> Tensor:
    if many:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if ys[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return ys[0]


# -- whole matrices --------------------------------------------------------------------------------


def jacobian(func: Any, inputs: Any, create_graph: bool = False, strict: bool = False,
             vectorize: bool = False, strategy: str = "reverse-mode") -> Any:  # fmt: skip
    """All derivatives of all outputs: a tensor of shape (*output, *input), or tuples of them."""
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        _refuse_forward(create_graph, strict, vectorize)
    with enable_grad():
        many, xs = _as_tuple(inputs, "inputs", "jacobian")
        xs = _inputs(xs, create_graph)
        many_out, ys = _call(func, xs, "jacobian", strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
                "supported together. Please either set `strict=False` or `vectorize=False`."
            )
        blocks = (
            _blocks_at_once(ys, xs, create_graph)
            if vectorize
            else tuple(_block(i, y, xs, create_graph, strict) for i, y in enumerate(ys))
        )
    # (A function without results has no first row: an error of torch's too.)
    if not blocks:
        raise IndexError("tuple index out of range")
    result = tuple(_one_or_all(many, block) for block in blocks)
    return _done(_one_or_all(many_out, result), create_graph)


def _refuse_forward(create_graph: bool, strict: bool, vectorize: bool) -> None:
    """What torch's forward mode does not do; the rest is done in reverse, with the same result."""
    if create_graph:
        raise NotImplementedError(
            "torch.autograd.functional.jacobian: `create_graph=True` and "
            '`strategy="forward-mode"` are not supported together (yet). Please either set '
            '`create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are '
            "not supported together (yet). Please either set `strict=False` or "
            '`strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly "
            "implemented for `vectorize=True`."
        )


def _block(i: int, y: Tensor, xs: tuple, create: bool, strict: bool) -> tuple:
    """The derivatives of one output, element by element."""
    rows: list[list[Tensor]] = [[] for _ in xs]
    for j in range(y.numel()):
        one = (functions.reshape(y, -1)[j],)
        found = _grad(one, xs, None, create, retain_graph=True)
        for k, (g, x) in enumerate(zip(found, xs, strict=True)):
            if g is None and strict:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {k}. This "
                    "is not allowed in strict mode."
                )
            if g is not None and strict and create and not g.requires_grad:
                raise RuntimeError(CREATED.format("jacobian", i))
            rows[k].append(fresh(np.zeros_like(x._a)) if g is None else g)
    return tuple(
        functions.stack(row).view((*y.shape, *x.shape)) for row, x in zip(rows, xs, strict=True)
    )


def _blocks_at_once(ys: tuple, xs: tuple, create: bool) -> tuple:
    """The derivatives of all outputs, asked for as one batch."""
    sizes = [y.numel() for y in ys]
    if not sum(sizes):
        return tuple(
            tuple(fresh(np.zeros((*y.shape, *x.shape), x._a.dtype)) for x in xs) for y in ys
        )
    basis = _construct_standard_basis_for(ys, tuple(sizes))
    flat = tuple(functions.reshape(y, -1) for y in ys)
    found = _grad(flat, xs, basis, create, is_grads_batched=True)
    columns = [
        fresh(np.zeros((sum(sizes), *x.shape), x._a.dtype)) if g is None else g
        for g, x in zip(found, xs, strict=True)
    ]
    parts = [c.split(sizes) for c in columns]
    return tuple(
        tuple(part[i].view((*y.shape, *x.shape)) for part, x in zip(parts, xs, strict=True))
        for i, y in enumerate(ys)
    )


def _construct_standard_basis_for(tensors: tuple, sizes: tuple) -> tuple:
    """The rows of a unit matrix, cut into one block of columns for each tensor."""
    total, first, blocks = sum(sizes), 0, []
    for t, n in zip(tensors, sizes, strict=True):
        blocks.append(fresh(np.eye(total, n, -first, t._a.dtype)))
        first += n
    return tuple(blocks)


def hessian(
    func: Any, inputs: Any, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """All second derivatives of a scalar function."""
    many, xs = _as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def scalar(*xs: Any) -> Tensor:
        return _single(*_call(func, xs, "hessian", strict), "hessian").squeeze()

    def slope(*xs: Any) -> Any:
        made = jacobian(scalar, xs, create_graph=True)
        _require(made, SLOPE, strict)
        return made

    result = jacobian(slope, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return result if many else result[0][0]
