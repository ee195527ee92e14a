"""draw(tensor): the graph behind a tensor, as SVG, as text, or for Graphviz."""

from __future__ import annotations

from html import escape
from typing import Any

from ..tensor import Tensor
from .graph import Box, build, variables
from .steps import gradients_on_the_way

_W, _H, _GAP_X, _GAP_Y = 132, 44, 26, 46


class Picture:
    """A drawn graph: shows itself in notebooks, prints as text; `.svg`, `.text` and `.dot`."""

    def __init__(self, boxes: list[Box], title: str):
        self.boxes, self.title = boxes, title
        self.svg, self.text, self.dot = _svg(boxes, title), _text(boxes), _dot(boxes)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.text


def draw(
    tensor: Tensor, *, gradients: bool = False, names: dict[str, Any] | None = None
) -> Picture:
    """A picture of the graph behind `tensor`, with the names of the caller's variables.

    With `gradients`, each box also says which gradient reaches it (for a scalar `tensor`; nothing
    is accumulated or freed). `names` gives names by hand.
    """
    known = variables(1)
    for name, t in (names or {}).items():
        known[id(t) if t._edge is None else id(t._edge[1])] = name
    boxes = build(tensor, known)
    if gradients:
        arriving = gradients_on_the_way(tensor)
        for box in boxes:
            box.gradient = arriving.get(box.key, "")
    title = known.get(id(tensor._edge[1]) if tensor._edge else id(tensor), "tensor")
    return Picture(boxes, title)


def caption(box: Box) -> str:
    shape = "×".join(map(str, box.shape)) or "scalar"
    if box.kind in ("leaf", "constant"):
        return f"{box.label}: {box.kind}, {shape}"
    return f"{box.name} = {box.label}, {shape}" if box.name else f"{box.label}, {shape}"


def describe(boxes: list[Box]) -> str:
    """The graph in words, for screen readers."""
    by_key = {b.key: b for b in boxes}
    lines = []
    for b in boxes:
        if b.inputs:
            fed = " and ".join(by_key[k].name or by_key[k].label for k in b.inputs)
            lines.append(f"{caption(b)}, from {fed}.")
        else:
            lines.append(f"{caption(b)}.")
    return " ".join(lines)


def _places(boxes: list[Box]) -> dict[int, tuple[float, float]]:
    """Rows by rank, leaves on top; within a row, boxes stand below what feeds them."""
    rows: dict[int, list[Box]] = {}
    for b in boxes:
        rows.setdefault(b.rank, []).append(b)
    width = max(len(r) for r in rows.values())
    x: dict[int, float] = {}
    for rank in sorted(rows):
        row = rows[rank]

        def wish(b: Box) -> float:
            fed = [x[k] for k in b.inputs if k in x]
            return sum(fed) / len(fed) if fed else 0.0

        if rank:
            row.sort(key=wish)
        start = (width - len(row)) / 2
        for i, b in enumerate(row):
            x[b.key] = start + i
    return {
        b.key: (x[b.key] * (_W + _GAP_X) + _W / 2 + 10, b.rank * (_H + _GAP_Y) + _H / 2 + 10)
        for b in boxes
    }


def _svg(boxes: list[Box], title: str) -> str:
    at = _places(boxes)
    width = max(x for x, _ in at.values()) + _W / 2 + 10
    height = max(y for _, y in at.values()) + _H / 2 + 10
    tag = f"g{abs(hash(tuple(b.key for b in boxes))) % 10**8}"
    # Shapes and borders tell kinds apart, so that colour is not needed.
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="{tag}t {tag}d" font-family="sans-serif" font-size="12">',
        f'<title id="{tag}t">The graph behind {escape(title)}</title>',
        f'<desc id="{tag}d">{escape(describe(boxes))}</desc>',
        f'<defs><marker id="{tag}a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#444"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
    ]
    for b in boxes:
        x, y = at[b.key]
        for k in b.inputs:
            u, v = at[k]
            out.append(
                f'<path d="M{u:.0f} {v + _H / 2:.0f}C{u:.0f} {v + _H:.0f} {x:.0f} {y - _H:.0f} '
                f'{x:.0f} {y - _H / 2:.0f}" fill="none" stroke="#444" '
                f'marker-end="url(#{tag}a)"/>'
            )
    for b in boxes:
        x, y = at[b.key]
        fill = {"leaf": "#e3f0e3", "output": "#fbe9d0"}.get(b.kind, "#eef1f6")
        corner = _H / 2 if b.kind in ("leaf", "constant") else 4
        border = 2.2 if b.kind == "output" else 1.2
        out.append(
            f'<rect x="{x - _W / 2:.0f}" y="{y - _H / 2:.0f}" width="{_W}" height="{_H}" '
            f'rx="{corner:.0f}" fill="{fill}" stroke="#333" stroke-width="{border}"/>'
        )
        first = f"{b.name} = {b.label}" if b.name and b.kind not in ("leaf",) else b.label
        second = (b.gradient and f"grad {b.gradient}") or "×".join(map(str, b.shape)) or "scalar"
        for text, dy, weight in ((first, -4, "bold"), (second, 13, "normal")):
            if len(text) > 20:
                text = text[:19] + "…"
            out.append(
                f'<text x="{x:.0f}" y="{y + dy:.0f}" text-anchor="middle" fill="#111" '
                f'font-weight="{weight}">{escape(text)}</text>'
            )
    return "\n".join([*out, "</svg>"])


def _text(boxes: list[Box]) -> str:
    by_key = {b.key: b for b in boxes}
    seen: set[int] = set()
    lines: list[str] = []
    # Depth first from the output, without recursion; what was shown before is only named.
    stack = [(boxes[-1].key, "", "")]
    while stack:
        key, lead, branch = stack.pop()
        b = by_key[key]
        grad = f"   grad {b.gradient}" if b.gradient else ""
        again = key in seen and bool(b.inputs)
        lines.append(f"{lead}{branch}{caption(b)}{grad}{' (see above)' if again else ''}")
        if again:
            continue
        seen.add(key)
        below = lead + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for i, k in reversed(list(enumerate(b.inputs))):
            stack.append((k, below, "└─ " if i == len(b.inputs) - 1 else "├─ "))
    return "\n".join(lines)


def _dot(boxes: list[Box]) -> str:
    number = {b.key: i for i, b in enumerate(boxes)}
    lines = ["digraph {", "  rankdir=TB;"]
    for b in boxes:
        shape = "ellipse" if b.kind in ("leaf", "constant") else "box"
        label = caption(b).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  n{number[b.key]} [shape={shape}, label="{label}"];')
    for b in boxes:
        lines += [f"  n{number[k]} -> n{number[b.key]};" for k in b.inputs]
    return "\n".join([*lines, "}"])
