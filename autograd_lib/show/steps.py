"""steps(loss): the walk backward, one node at a time, without touching any `.grad`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from ..engine import collect
from ..grad_mode import no_grad
from ..node import as_tensor
from ..numeric import loud, quiet
from ..tensor import Tensor
from ..unbroadcast import fit_array
from .graph import caller, operation, variables


def brief(a: Any) -> str:
    """A short rendering of an array."""
    a = np.asarray(a)
    if a.size > 6:
        return f"{'×'.join(map(str, a.shape))}, size {np.sqrt(np.sum(a.astype(float) ** 2)):.4g}"
    shown = np.array2string(a, precision=4, separator=", ", suppress_small=True)
    return re.sub(r"\s+(?=\])", "", re.sub(r"\s+", " ", shown).replace("[ ", "["))


@dataclass
class Step:
    """One node: what came in, and what went out to whom."""

    number: int
    operation: str
    name: str
    incoming: list[str]
    outgoing: list[tuple[str, str]] = field(default_factory=list)
    accumulated: dict[str, str] = field(default_factory=dict)  # leaves so far

    def __str__(self) -> str:
        head = f"{self.number}. {self.operation}" + (f" (made {self.name})" if self.name else "")
        lines = [head, "   in:  " + "; ".join(self.incoming)]
        lines += [f"   out: {g}  to {where}" for where, g in self.outgoing]
        if self.accumulated:
            held = ", ".join(f"{k} {v}" for k, v in self.accumulated.items())
            lines.append(f"   leaves so far: {held}")
        return "\n".join(lines)


class Steps(list):
    """All steps: prints as text, is a slider in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str:
        # As high as the longest step, so that nothing jumps while the slider moves.
        lines = max((str(s).count("\n") + 1 for s in self), default=1)
        style = f"min-height:{1.4 * lines:.1f}em;line-height:1.4;margin:.4em 0"
        pages = "".join(
            f'<pre class="step" style="{style}"{"" if i == 0 else " hidden"}>{escape(str(s))}</pre>'
            for i, s in enumerate(self)
        )
        move = (
            "const d=this.closest('div');"
            "d.querySelectorAll('pre.step').forEach((e,i)=>e.hidden=i!=this.value);"
            "d.querySelector('output').textContent=1+Number(this.value);"
        )
        return (
            f'<div><label>Step <output>1</output> of {len(self)} <input type="range" min="0" '
            f'max="{max(len(self) - 1, 0)}" value="0" style="width:20em;vertical-align:middle" '
            f'aria-label="step of the walk backward" oninput="{escape(move)}"></label>{pages}</div>'
        )


def _walk(loss: Tensor) -> Any:
    """Yield (node, incoming, outgoing) in the engine's order; nothing is freed or accumulated."""
    if loss._edge is None:
        return
    _, node0, nr0, _, _ = loss._edge
    nr0 = nr0 or 0
    order, _ = collect([node0])
    pending: dict[Any, dict[int, Any]] = {node0: {nr0: np.ones(loss._a.shape, loss._a.dtype)}}
    for node in order:
        box = pending.pop(node, None)
        if box is None:
            continue
        if node._wants_all:
            given = [
                box.get(i, np.zeros(s, d))
                for i, (s, d) in enumerate(zip(node._shape, node._dtype, strict=True))
            ]
            grads = node._run(given, True)
        else:
            given = [box[0]]
            grads = node._run(box[0], True)
        out = []
        for edge, g in zip(node._edges, grads, strict=True):
            if edge is None or g is None:
                continue
            if isinstance(edge, Tensor):
                g = fit_array(node, g, edge._a.shape, edge._a.dtype)
            else:
                _, target, nr, shape, kind = edge
                nr = nr or 0
                g = fit_array(node, g, shape, kind)
                there = pending.setdefault(target, {})
                there[nr] = there[nr] + g if nr in there else g
            out.append((edge, g))
        yield node, given, out


def steps(loss: Tensor) -> Steps:
    """The walk backward from `loss`, node by node: gradients in, gradients out, leaves so far."""
    names = variables([*caller(1)])
    result = Steps()
    held: dict[int, Any] = {}
    shown: dict[int, str] = {}
    token = quiet()
    with no_grad():
        for node, given, out in _walk(loss):
            step = Step(len(result) + 1, operation(node), names.get(id(node), ""),
                        [brief(g) for g in given])  # fmt: skip
            for edge, g in out:
                if isinstance(edge, Tensor):
                    name = names.get(id(edge), "leaf")
                    held[id(edge)] = held[id(edge)] + g if id(edge) in held else g
                    shown[id(edge)] = name
                else:
                    name = names.get(id(edge[1]), operation(edge[1]))
                step.outgoing.append((name, brief(g)))
            step.accumulated = {shown[k]: brief(v) for k, v in held.items()}
            result.append(step)
    loud(token)
    return result


def gradients_on_the_way(loss: Tensor) -> dict[int, str]:
    """For each node and leaf, a short rendering of the gradient that reaches it."""
    total: dict[int, Any] = {}
    with no_grad():
        for node, given, out in _walk(loss):
            total[id(node)] = given[0]
            for edge, g in out:
                if isinstance(edge, Tensor):
                    total[id(edge)] = total.get(id(edge), 0) + g
    return {k: brief(as_tensor(v)._a) for k, v in total.items()}
