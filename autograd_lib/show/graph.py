"""What a picture of a graph is made of: its nodes, their names, and who feeds whom."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field

from ..engine import Node, collect
from ..tensor import Tensor, refresh


@dataclass
class Box:
    """One operation or leaf."""

    key: int
    label: str  # the operation, or the leaf's name
    kind: str  # "operation", "leaf" (collects a gradient), "constant", "output"
    name: str = ""  # the caller's variable that holds its result
    shape: tuple = ()
    inputs: list[int] = field(default_factory=list)
    rank: int = 0  # the longest way from a leaf
    gradient: str = ""


def variables(depth: int) -> dict[int, str]:
    """Names of the caller's tensors: id of the tensor, or of the node that made it -> name."""
    frame = inspect.currentframe()
    for _ in range(depth + 1):
        frame = frame.f_back if frame is not None else None
    found: dict[int, str] = {}
    spaces = [] if frame is None else [frame.f_globals, frame.f_locals]
    for space in spaces:
        for name, value in list(space.items()):
            if isinstance(value, Tensor) and not name.startswith("_"):
                if value._edge is not None:
                    found[id(value._edge[1])] = name
                else:
                    found[id(value)] = name
    return found


def operation(node: Node) -> str:
    """What a reader calls the operation of a node: mul, add, mean."""
    name = node.name().removeprefix("torch::autograd::")
    return name.split("Backward")[0].lower() or name


def build(tensor: Tensor, names: dict[int, str]) -> list[Box]:
    """The graph behind a tensor, leaves first."""
    if tensor._view is not None:
        refresh(tensor)
    if tensor._edge is None:
        kind = "leaf" if tensor._rg else "constant"
        return [Box(id(tensor), names.get(id(tensor), "tensor"), kind, shape=tensor._a.shape)]
    order, _ = collect([tensor._edge[1]])
    boxes: dict[int, Box] = {}
    for node in reversed(order):
        shape = node._shape[0] if node._wants_all else node._shape
        box = Box(id(node), operation(node), "operation", names.get(id(node), ""), tuple(shape))
        for edge in node._edges:
            if edge is None:
                continue
            target = edge if isinstance(edge, Tensor) else edge[1]
            if isinstance(target, Tensor) and id(target) not in boxes:
                boxes[id(target)] = Box(
                    id(target), names.get(id(target), "leaf"), "leaf", shape=target._a.shape
                )
            box.inputs.append(id(target))
            box.rank = max(box.rank, boxes[id(target)].rank + 1)
        boxes[id(node)] = box
    boxes[id(tensor._edge[1])].kind = "output"
    return list(boxes.values())
