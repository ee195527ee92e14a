"""Operations for lesson 14: right ones, and the same with a wrong derivative.

Do not read on before you have found the bugs. The six engines of the lesson stand in `ENGINES`:
each is a dictionary of ten operations, nine of them right. An operation takes tensors of the
reference engine and computes the right result; what it passes back may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_lib as torch

Operation = Callable[..., Any]
Rule = Callable[..., Any]


def _operation(forward: Rule, *rules: Rule) -> Operation:
    """Make an operation of its forward function and one rule for each input.

    A rule takes the gradient of the result, the result and the inputs, and returns the gradient of
    its input in the shape of the result; what was broadcast is summed up afterwards.
    """

    class Made(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            result = forward(*inputs)
            ctx.save_for_backward(result, *inputs)
            return result

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            result, *inputs = ctx.saved_tensors
            parts = [rule(grad, result, *inputs) for rule in rules]
            fitted = tuple(_fit(part, own.shape) for part, own in zip(parts, inputs, strict=True))
            return fitted if len(fitted) > 1 else fitted[0]

    return lambda *inputs: Made.apply(*inputs)


def _fit(grad: Any, shape: Any, reduce: str = "sum") -> Any:
    """Sum a gradient up to the shape of an input that was broadcast."""
    while grad.ndim > len(shape):
        grad = getattr(grad, reduce)(0)
    for axis, size in enumerate(shape):
        if size == 1 and grad.shape[axis] != 1:
            grad = getattr(grad, reduce)(axis, keepdim=True)
    return grad


def _relu(a: Any) -> Any:
    return torch.relu(a)


def _passed(grad: Any, *_: Any) -> Any:
    return grad


def _left(g: Any, r: Any, a: Any, b: Any) -> Any:
    return g @ b.T


def _right(g: Any, r: Any, a: Any, b: Any) -> Any:
    return a.T @ g


RIGHT: dict[str, Operation] = {
    "add": _operation(lambda a, b: a + b, _passed, _passed),
    "multiply": _operation(lambda a, b: a * b, lambda g, r, a, b: g * b, lambda g, r, a, b: g * a),
    "divide": _operation(
        lambda a, b: a / b, lambda g, r, a, b: g / b, lambda g, r, a, b: -g * a / b**2
    ),
    "square": _operation(lambda a: a * a, lambda g, r, a: 2 * g * a),
    "exp": _operation(torch.exp, lambda g, r, a: g * r),
    "log": _operation(torch.log, lambda g, r, a: g / a),
    "relu": _operation(_relu, lambda g, r, a: g * (a > 0)),
    "sum": _operation(lambda a: a.sum(), lambda g, r, a: g.expand(a.shape)),
    "mean": _operation(lambda a: a.mean(), lambda g, r, a: (g / a.numel()).expand(a.shape)),
    "matmul": _operation(lambda a, b: a @ b, _left, _right),
}
"""Ten operations with their right derivatives."""


def _averaged(grad: Any, result: Any, a: Any, b: Any) -> Any:
    return _fit(grad, b.shape, "mean")


BUGS: dict[str, tuple[str, Operation]] = {
    "the copies of a broadcast input are averaged": (
        "add",
        _operation(lambda a, b: a + b, _passed, _averaged),
    ),
    "the gradient that arrives is forgotten in a product": (
        "multiply",
        _operation(
            lambda a, b: a * b,
            lambda g, r, a, b: b.expand(r.shape),
            lambda g, r, a, b: a.expand(r.shape),
        ),
    ),
    "the slopes of a product have changed places": (
        "multiply",
        _operation(lambda a, b: a * b, lambda g, r, a, b: g * a, lambda g, r, a, b: g * b),
    ),
    "the divisor is not squared": (
        "divide",
        _operation(lambda a, b: a / b, lambda g, r, a, b: g / b, lambda g, r, a, b: -g * a / b),
    ),
    "the divisor has the wrong sign": (
        "divide",
        _operation(lambda a, b: a / b, lambda g, r, a, b: g / b, lambda g, r, a, b: g * a / b**2),
    ),
    "the divisor is forgotten on the way to the dividend": (
        "divide",
        _operation(lambda a, b: a / b, _passed, lambda g, r, a, b: -g * a / b**2),
    ),
    "the two is forgotten in a square": (
        "square",
        _operation(lambda a: a * a, lambda g, r, a: g * a),
    ),
    "exp goes back by its input": ("exp", _operation(torch.exp, lambda g, r, a: g * a)),
    "exp forgets what arrives": ("exp", _operation(torch.exp, lambda g, r, a: r)),
    "log goes back by its result": ("log", _operation(torch.log, lambda g, r, a: g / r)),
    "relu lets everything pass": ("relu", _operation(_relu, _passed)),
    "the sum forgets what arrives": (
        "sum",
        _operation(lambda a: a.sum(), lambda g, r, a: torch.ones_like(a)),
    ),
    "the mean goes back like a sum": (
        "mean",
        _operation(lambda a: a.mean(), lambda g, r, a: g.expand(a.shape)),
    ),
    "the mean is divided by its rows alone": (
        "mean",
        _operation(lambda a: a.mean(), lambda g, r, a: (g / len(a)).expand(a.shape)),
    ),
    "a matrix is not transposed": (
        "matmul",
        _operation(lambda a, b: a @ b, lambda g, r, a, b: g @ b, _right),
    ),
    "two factors of a matrix product have changed places": (
        "matmul",
        _operation(lambda a, b: a @ b, _left, lambda g, r, a, b: g @ a.T),
    ),
}
"""What is wrong, in words; the operation's name; the operation."""


def with_bug(bug: str) -> dict[str, Operation]:
    """Return an engine in which one operation has this bug."""
    name, operation = BUGS[bug]
    return RIGHT | {name: operation}


ENGINES: dict[str, dict[str, Operation]] = {
    "A": with_bug("exp goes back by its input"),
    "B": with_bug("the gradient that arrives is forgotten in a product"),
    "C": with_bug("a matrix is not transposed"),
    "D": with_bug("the copies of a broadcast input are averaged"),
    "E": with_bug("the divisor is not squared"),
    "F": with_bug("relu lets everything pass"),
}
"""The six broken engines of lesson 14."""
