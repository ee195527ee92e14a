"""draw(tensor): the graph behind a tensor, as SVG, as text, or for Graphviz."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any
from zlib import crc32

from ..tensor import Tensor
from . import elsewhere
from .graph import Box, build, caller, shorten, variables
from .steps import gradients_on_the_way

_H, _GAP_X, _GAP_Y, _MARGIN = 44, 26, 40, 12
_MANY = 24  # operations in a picture; text and DOT show all
_BACK = "#b3400d"  # the colour of gradients; their arrows are dashed as well


class Picture:
    """A drawn graph: shows itself in notebooks, prints as text; `.svg`, `.text` and `.dot`."""

    def __init__(self, boxes: list[Box], title: str):
        self.boxes, self.title = boxes, title
        self.svg = _svg(shorten(boxes, _MANY), title)
        self.text, self.dot = _text(boxes), _dot(boxes)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.text


def draw(
    tensor: Tensor, *, gradients: bool = False, names: dict[str, Any] | None = None
) -> Picture:
    """A picture of the graph behind `tensor`, with the names of the caller's variables.

    With `gradients`, each box also says which gradient reaches it (for a scalar `tensor`; nothing
    is accumulated or freed). `names` gives names by hand. Real torch's tensors are drawn too.
    """
    named = [*caller(1), *(names or {}).items()]
    if isinstance(tensor, Tensor):
        boxes = build(tensor, variables(named))
        if gradients:
            arriving = gradients_on_the_way(tensor)
            for box in boxes:
                box.gradient = arriving.get(box.key, "")
    elif elsewhere.is_tensor(tensor):
        boxes = elsewhere.build(tensor, named, gradients)
    else:
        raise TypeError(f"draw() takes a tensor, not {type(tensor).__name__}")
    root = boxes[-1]
    return Picture(boxes, (root.name if root.kind == "output" else root.label) or "tensor")


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


def _lines(box: Box) -> tuple[str, str]:
    """What stands in a box: its name, and its shape or gradient."""
    first = f"{box.name} = {box.label}" if box.name and box.kind != "leaf" else box.label
    second = f"grad {box.gradient}" if box.gradient else str(list(box.shape)) if box.shape else ""
    return first, second or ("" if box.label.startswith("…") else "scalar")


def _places(boxes: list[Box], wide: float) -> dict[int, tuple[float, float]]:
    """Rows by rank; within a row, boxes (and bends of edges) stand below what feeds them."""
    rows: dict[int, list[Box]] = {}
    for b in boxes:
        rows.setdefault(b.rank, []).append(b)
    width = max(len(r) for r in rows.values())
    x: dict[int, float] = {}
    for rank in sorted(rows):
        row = rows[rank]

        def wish(b: Box) -> float:
            fed = [x[k] for k in b.inputs if k in x]
            return sum(fed) / len(fed) if fed else float(width)

        if rank:
            row.sort(key=wish)
        start = (width - len(row)) / 2
        for i, b in enumerate(row):
            x[b.key] = start + i
    return {
        b.key: (x[b.key] * (wide + _GAP_X) + wide / 2 + _MARGIN,
                b.rank * (_H + _GAP_Y) + _H / 2 + _MARGIN)
        for b in boxes
    }  # fmt: skip


def _arrow(start: tuple, end: tuple, style: str) -> str:
    """A curve from one row to the next, leaving and arriving upright."""
    (u, v), (x, y) = start, end
    half = (v + y) / 2
    return (
        f'<path d="M{u:.0f} {v:.0f}C{u:.0f} {half:.0f} {x:.0f} {half:.0f} {x:.0f} {y:.0f}" '
        f'fill="none" {style}/>'
    )


def _bent(boxes: list[Box]) -> list[Box]:
    """The same with a bend in each row that an edge passes on its way, so that none runs behind
    a box.
    """
    rank = {b.key: b.rank for b in boxes}
    bends: list[Box] = []
    out = []
    for b in boxes:
        inputs = []
        for k in b.inputs:
            for row in range(rank[k] + 1, b.rank):
                bends.append(Box(-1 - len(bends), "", "bend", inputs=[k], rank=row))
                k = bends[-1].key
            inputs.append(k)
        out.append(replace(b, inputs=inputs))
    return [*out, *bends]


def _svg(boxes: list[Box], title: str) -> str:
    longest = max(len(line) for b in boxes for line in _lines(b))
    wide = min(max(7.2 * longest + 24, 100), 300)
    edges = _bent(boxes)
    at = _places(edges, wide)
    back = any(b.gradient for b in boxes)
    width = max(x for x, _ in at.values()) + wide / 2 + _MARGIN
    height = max(y for _, y in at.values()) + _H / 2 + _MARGIN + (22 if back else 0)
    told = describe(boxes)
    # Ids are a page's: pictures that share one tell the same. (And it is the same every time.)
    tag = f"g{crc32(f'{title} {told}'.encode()):08x}"
    # Shapes, borders and dashes tell kinds apart, so that colour is not needed.
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-labelledby="{tag}t {tag}d" font-family="sans-serif" font-size="12">',
        f'<title id="{tag}t">The graph behind {escape(title)}</title>',
        f'<desc id="{tag}d">{escape(told)}</desc>',
        "<defs>",
        *(
            f'<marker id="{tag}{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for name, colour in (("a", "#444"), ("b", _BACK))
        ),
        "</defs>",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="#fff"/>',
    ]
    ahead, astern = 'stroke="#444"', f'stroke="{_BACK}" stroke-dasharray="5 3"'
    aside = 9 if back else 0
    for b in edges:
        x, y = at[b.key]
        bend = b.kind == "bend"
        if bend:
            out.append(_arrow((x - aside, y - _H / 2), (x - aside, y + _H / 2), ahead))
            if back:
                out.append(_arrow((x + 9, y + _H / 2), (x + 9, y - _H / 2), astern))
        for k in b.inputs:
            u, v = at[k]
            tip = "" if bend else f' marker-end="url(#{tag}a)"'
            out.append(_arrow((u - aside, v + _H / 2), (x - aside, y - _H / 2), ahead + tip))
            if back:
                tip = "" if k < 0 else f' marker-end="url(#{tag}b)"'
                out.append(_arrow((x + 9, y - _H / 2), (u + 9, v + _H / 2), astern + tip))
    for b in boxes:
        x, y = at[b.key]
        fill = {"leaf": "#e3f0e3", "output": "#fbe9d0"}.get(b.kind, "#eef1f6")
        corner = _H / 2 if b.kind in ("leaf", "constant") else 4
        border = 2.2 if b.kind == "output" else 1.2
        out.append(
            f'<rect x="{x - wide / 2:.0f}" y="{y - _H / 2:.0f}" width="{wide:.0f}" height="{_H}" '
            f'rx="{corner:.0f}" fill="{fill}" stroke="#333" stroke-width="{border}"/>'
        )
        most = int((wide - 16) / 7)
        for text, dy, weight in zip(_lines(b), (-4, 13), ("bold", "normal"), strict=True):
            text = text if len(text) <= most else text[: most - 1] + "…"
            colour = _BACK if text.startswith("grad ") else "#111"
            out.append(
                f'<text x="{x:.0f}" y="{y + dy:.0f}" text-anchor="middle" fill="{colour}" '
                f'font-weight="{weight}">{escape(text)}</text>'
            )
    if back:
        out.append(
            f'<text x="{_MARGIN}" y="{height - 9:.0f}" fill="#444">solid: values forward; '
            f'<tspan fill="{_BACK}">dashed: gradients back</tspan></text>'
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
