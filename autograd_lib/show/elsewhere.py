"""Graphs of real torch's tensors, read through what torch itself shows of them.

So the pictures stay when a lesson's import line is changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from .graph import Box, Part, operation, place
from .steps import brief


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of torch's."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def build(tensor: Any, named: Iterable[tuple[str, Any]], gradients: bool) -> list[Box]:
    """The graph behind a tensor, leaves first; with `gradients`, what reaches each box."""
    named = [(name, value) for name, value in named if is_tensor(value)]
    if tensor.grad_fn is None:
        name = next((name for name, value in named if value is tensor), "tensor")
        kind = "leaf" if tensor.requires_grad else "constant"
        return [Box(id(tensor), name, kind, shape=tuple(tensor.shape))]
    # The objects that stand for nodes live as long as somebody holds them: here this list does.
    nodes = [tensor.grad_fn]
    seen = set(nodes)
    for node in nodes:
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                nodes.append(before)
    leaves = {node: node.variable for node in nodes if hasattr(node, "variable")}
    operations = sorted(set(nodes) - set(leaves), key=lambda node: node._sequence_nr())
    parts = [
        Part(
            id(node),
            operation(node),
            tuple(node._input_metadata[0].shape),
            [
                (id(leaves[before]), tuple(leaves[before].shape))
                if before in leaves
                else (id(before), None)
                for before, _ in node.next_functions
                if before is not None
            ],
        )
        for node in operations
    ]
    keys = {id(value if value.grad_fn is None else value.grad_fn): name for name, value in named}
    boxes = place(parts, keys)
    if gradients:
        arriving = _gradients(tensor, operations, list(leaves.values()))
        for box in boxes:
            box.gradient = arriving.get(box.key, "")
    return boxes


def _gradients(tensor: Any, operations: list[Any], leaves: list[Any]) -> dict[int, str]:
    """For each node and leaf, a short rendering of the gradient that reaches it."""
    found: dict[int, str] = {}

    def note(key: int) -> Any:
        def hook(grads: tuple) -> None:
            if grads[0] is not None:
                found[key] = brief(grads[0].detach().numpy())

        return hook

    hooks = [node.register_prehook(note(id(node))) for node in operations]
    try:
        torch = sys.modules["torch"]
        grads = torch.autograd.grad(tensor, leaves, torch.ones_like(tensor), retain_graph=True)
    finally:
        for hook in hooks:
            hook.remove()
    found |= {id(t): brief(g.detach().numpy()) for t, g in zip(leaves, grads, strict=True)}
    return found
