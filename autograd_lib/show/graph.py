"""What a picture of a graph is made of: its nodes, their names, and who feeds whom."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..engine import collect
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
    rank: int = 0  # the row: one below the lowest of the inputs
    gradient: str = ""


def caller(depth: int) -> Iterator[tuple[str, Any]]:
    """The caller's variables and, of modules, the parameters: names and values."""
    frame = inspect.currentframe()
    for _ in range(depth + 1):
        frame = frame.f_back if frame is not None else None
    modules = []
    for space in [] if frame is None else [frame.f_globals, frame.f_locals]:
        for name, value in list(space.items()):
            if name.startswith("_"):
                continue
            # The class is asked: an object may claim to have everything.
            if hasattr(type(value), "named_parameters"):
                modules.append((name, value))
            else:
                yield name, value
    for name, module in modules:
        for inner, p in module.named_parameters():
            yield f"{name}.{inner}", p


def variables(named: Iterable[tuple[str, Any]]) -> dict[int, str]:
    """Names of tensors: id of the tensor, or of the node that made it -> name."""
    found: dict[int, str] = {}
    for name, value in named:
        if isinstance(value, Tensor):
            key = id(value) if value._edge is None else id(value._edge[1])
            if "." not in name or key not in found:
                found[key] = name
    return found


@dataclass
class Part:
    """One operation, before it is known where it stands."""

    key: int
    label: str
    shape: tuple
    inputs: list[tuple[int, tuple | None]]  # keys; of leaves their shapes, too


def operation(node: Any) -> str:
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
    parts = []
    for node in reversed(order):
        shape = node._shape[0] if node._wants_all else node._shape
        inputs: list[tuple[int, tuple | None]] = [
            (id(edge), edge._a.shape) if isinstance(edge, Tensor) else (id(edge[1]), None)
            for edge in node._edges
            if edge is not None
        ]
        parts.append(Part(id(node), operation(node), tuple(shape), inputs))
    return place(parts, names)


def place(parts: list[Part], names: dict[int, str]) -> list[Box]:
    """Make boxes of the operations, which are in the order of their creation, and of leaves."""
    boxes: dict[int, Box] = {}
    for part in parts:
        name = names.get(part.key, "")
        box = Box(part.key, part.label, "operation", name, part.shape)
        for key, leaf in part.inputs:
            if leaf is not None and key not in boxes:
                boxes[key] = Box(key, names.get(key, "leaf"), "leaf", shape=leaf)
            box.inputs.append(key)
            box.rank = max(box.rank, boxes[key].rank + 1)
        boxes[part.key] = box
    boxes[parts[-1].key].kind = "output"
    # Everything stands just above the first operation that uses it.
    lowest: dict[int, int] = {}
    for box in reversed(boxes.values()):
        box.rank = lowest.get(box.key, box.rank)
        for key in box.inputs:
            lowest[key] = min(lowest.get(key, box.rank), box.rank - 1)
    return list(boxes.values())


def shorten(boxes: list[Box], limit: int) -> list[Box]:
    """The last `limit` operations; one box stands for all before them."""
    operations = [b for b in boxes if b.kind in ("operation", "output")]
    if len(operations) <= limit:
        return boxes
    dropped = {b.key for b in operations[:-limit]}
    rest = Box(0, f"… {len(dropped)} operations before", "operation")
    for b in boxes:
        if b.key in dropped:
            rest.inputs += [k for k in b.inputs if k not in dropped and k not in rest.inputs]
    kept = [b for b in boxes if b.key not in dropped]
    first = min(b.rank for b in kept if b.kind in ("operation", "output"))
    out = []
    for b in kept:
        inputs = list(dict.fromkeys(0 if k in dropped else k for k in b.inputs))
        rank = max(b.rank - first + 2, 0 if b.kind == "leaf" else 2)
        out.append(replace(b, inputs=inputs, rank=0 if b.key in rest.inputs else rank))
    rest.rank = 1
    place = next(i for i, b in enumerate(out) if b.kind != "leaf")
    return [*out[:place], rest, *out[place:]]
