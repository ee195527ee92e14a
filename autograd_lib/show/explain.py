"""explain(tensor): why its `.grad` is None, zero or NaN."""

from __future__ import annotations

import numpy as np

from ..engine import collect
from ..grad_mode import no_grad
from ..tensor import Tensor
from .graph import caller, operation, variables
from .steps import _walk


class Explanation(str):
    """A few sentences; prints without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def explain(tensor: Tensor, loss: Tensor | None = None) -> Explanation:
    """Say why `tensor.grad` is what it is; with `loss`, follow the path from there."""
    names = variables([*caller(1)])
    return Explanation("\n".join(_explain(tensor, loss, names)))


def _called(t: Tensor, names: dict[int, str]) -> str:
    return names.get(id(t) if t._edge is None else id(t._edge[1]), "this tensor")


def _explain(t: Tensor, loss: Tensor | None, names: dict[int, str]) -> list[str]:
    name = _called(t, names)
    if not t.requires_grad:
        said = [f"{name}.grad is None: {name} does not require grad."]
        if t._a.dtype.kind not in "fc":
            said.append("Its numbers are whole, and only float tensors have gradients.")
        else:
            said.append(
                "Either it was made without requires_grad=True, or what it was computed from was "
                "cut off: by no_grad(), detach(), .data, or NumPy."
            )
        return said
    if t._edge is not None and not t.retains_grad:
        return [
            f"{name}.grad is None: {name} was computed (by {operation(t._edge[1])}), and only "
            "leaves keep their gradient.",
            f"Call {name}.retain_grad() before backward() to keep it here too.",
        ]
    if loss is not None:
        cut = _path(t, loss, names)
        if cut is not None:
            return [f"{name}.grad is {_what(t)}: no path leads from the loss to {name}.", *cut]
    grad = t._grad
    if grad is None:
        said = [f"{name}.grad is None: no backward() has reached {name} yet."]
        if loss is not None:
            said.append("A path is there; call backward() on the loss.")
        else:
            said.append("Pass the loss as well, explain(tensor, loss), to look for the path.")
        return said
    a = grad._a
    if np.isnan(a).any() or np.isinf(a).any():
        return [f"{name}.grad has NaN or infinity in it.", *_first_bad(loss)]
    if not a.any():
        return [f"{name}.grad is zero everywhere.", *_first_zero(t, loss, names)]
    return [
        f"{name}.grad is there: {a.size} numbers, the largest of size "
        f"{float(np.abs(a).max()):.4g}.",
        "Every backward() adds to it; set it to None (or zero) before the next one.",
    ]


def _what(t: Tensor) -> str:
    if t._grad is None:
        return "None"
    return "zero" if not t._grad._a.any() else "from an earlier backward()"


def _path(t: Tensor, loss: Tensor, names: dict[int, str]) -> list[str] | None:
    """None if the loss depends on `t`; else where its own paths end."""
    if loss is t:
        return None
    if loss._edge is None:
        return [
            "The loss itself has no history"
            + ("; it is a leaf." if loss._rg else ": nothing was recorded on the way to it."),
        ]
    order, leaves = collect([loss._edge[1]])
    if id(t) in leaves or (t._edge is not None and t._edge[1] in set(order)):
        return None
    cuts = [
        f"{operation(n)}{f' (made {names[id(n)]})' if id(n) in names else ''}"
        for n in order
        if any(e is None for e in n._edges)
    ]
    reached = [names.get(k, "a leaf without a name here") for k in leaves]
    said = [f"The loss depends on: {', '.join(reached) or 'nothing that requires grad'}."]
    if cuts:
        said.append(f"Operands without history entered at: {', '.join(cuts)}. Look there.")
    return said


def _first_bad(loss: Tensor | None) -> list[str]:
    if loss is None:
        return ["Pass the loss as well, explain(tensor, loss), to find the operation."]
    with no_grad(), np.errstate(all="ignore"):
        try:
            for node, given, out in _walk(loss):
                bad = any(not np.isfinite(g).all() for _, g in out)
                if bad and all(np.isfinite(g).all() for g in given):
                    return [f"It first appears in the derivative of {operation(node)}."]
        except RuntimeError:
            return ["The graph has been freed; run the forward pass again to look for the place."]
    return ["The forward pass already holds NaN or infinity."]


def _first_zero(t: Tensor, loss: Tensor | None, names: dict[int, str]) -> list[str]:
    if loss is None:
        return ["Pass the loss as well, explain(tensor, loss), to find the operation."]
    with no_grad(), np.errstate(all="ignore"):
        try:
            for node, given, out in _walk(loss):
                if any(np.any(g) for g in given) and out and not any(np.any(g) for _, g in out):
                    made = f" (made {names[id(node)]})" if id(node) in names else ""
                    return [f"The derivative of {operation(node)}{made} is zero at these values."]
        except RuntimeError:
            return ["The graph has been freed; run the forward pass again to look for the place."]
    return ["Contributions along different paths cancel, or it was set to zero."]
