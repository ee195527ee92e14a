"""How a check's words look: as a box in a notebook, as plain lines elsewhere.

Everything that comes from a student's code is escaped. A box says in words what its colour says.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .describe import Plain, is_program, numbers_in
from .observe import show_numbers

LINE = 80
"""characters that fit beside each other in a box"""

screen: Callable[[dict[str, Any]], Any] | None = None
"""Takes what is shown, as a display bundle; None: the notebook, or else standard output"""

HEADINGS = {
    "passed": ("✓ Passed", "#1a7f37"),
    "failed": ("✗ Not right yet", "#b35900"),
    "error": ("✗ Stopped by an exception", "#b35900"),
    "not_attempted": ("○ Not written yet", "#57606a"),
    "note": ("Note", "#0969da"),
}


def present(
    status: str,
    title: str,
    lines: Sequence[str],
    *,
    detail: str = "",
    closing: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
) -> None:
    """Show a box: heading, lines, a fixed-width block, closing lines; `data` rides along unseen."""
    display_or_print(
        as_text(status, title, lines, detail, closing),
        as_html(status, title, lines, detail, closing),
        data,
    )


def display_or_print(text: str, page: str, data: Mapping[str, Any] | None = None) -> None:
    """Show HTML in a notebook, text elsewhere."""
    bundle = {"text/plain": text, "text/html": page} | dict(data or {})
    if screen is not None:
        screen(bundle)
    elif in_notebook():
        from IPython.display import display

        display(bundle, raw=True)
    else:
        print(text)


def graded() -> bool:
    """Say whether a grader reads what is shown: a judge, or nbgrader on its own."""
    return screen is not None or bool(os.environ.get("NBGRADER_EXECUTION"))


def in_notebook() -> bool:
    """Say whether this runs in a notebook's kernel (without importing IPython elsewhere)."""
    import sys

    ipython = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython() if ipython is not None else None, "kernel")


def as_text(
    status: str, title: str, lines: Sequence[str], detail: str, closing: Sequence[str]
) -> str:
    """Render a box as plain lines."""
    blocks = [f"{HEADINGS[status][0]}: {title}", *lines]
    if detail:
        blocks.append("\n".join(f"    {line}" for line in detail.splitlines()))
    return "\n".join([*blocks, *closing])


def as_html(
    status: str, title: str, lines: Sequence[str], detail: str, closing: Sequence[str]
) -> str:
    """Render a box as HTML: readable on light and dark pages alike, and without styles."""
    heading, colour = HEADINGS[status]
    parts = [f"<div><strong>{heading}</strong>: {html.escape(title)}</div>"]
    parts += [_paragraph(line) for line in lines]
    if detail:
        style = "margin:.4em 0;padding:.4em .6em;overflow-x:auto;background:rgba(127,127,127,.12)"
        parts.append(f"<pre style='{style}'>{html.escape(detail)}</pre>")
    parts += [_paragraph(line) for line in closing]
    style = f"border-left:4px solid {colour};padding:.3em .8em;max-width:52em"
    return f"<div style='{style}'>{''.join(parts)}</div>"


def _paragraph(line: str) -> str:
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(line))
    return f"<div style='margin:.3em 0 0;white-space:pre-wrap'>{words}</div>"


def call_text(name: str, arguments: Plain) -> str:
    """Show what was called: each argument on a line of its own, short."""
    program = is_program(arguments)
    named = arguments["names"] if program else arguments
    call = arguments["text"] if program else f"{name}({', '.join(arguments)})"
    return "\n".join([*_given_lines(named), call])


def _given_lines(names: Mapping[str, Plain]) -> Iterator[str]:
    for name, value in names.items():
        yield _assignment(name, value)
        yield from _gradient_lines(name, value)


def _gradient_lines(path: str, description: Plain) -> Iterator[str]:
    """Show the gradients that tensors have from the start."""
    if isinstance(description, list):
        for i, item in enumerate(description):
            yield from _gradient_lines(f"{path}[{i}]", item)
    elif isinstance(description, dict) and "grad" in description:
        yield _assignment(f"{path}.grad", description["grad"])


def _assignment(name: str, description: Plain) -> str:
    lead = f"{name} = "
    text = value_text(description, len(lead))
    if isinstance(description, list) and len(lead) + len(text) > LINE:
        items = [f"    {value_text(item, 4)},{_remark(item)}" for item in description]
        return "\n".join([f"{lead}[", *items, "]"])
    return f"{lead}{text}{_remark(description)}"


def value_text(description: Plain, column: int = 0) -> str:
    """Show one described value the way one would type it at a column, long arrays cut."""
    if isinstance(description, float):
        return f"{description:.4g}"
    if isinstance(description, list):
        return f"[{', '.join(map(value_text, description))}]"
    if not isinstance(description, dict):
        return repr(description)
    match description.get("$"):
        case None:
            items = (f"{key!r}: {value_text(item)}" for key, item in description.items())
            return f"{{{', '.join(items)}}}"
        case "tensor":
            return _numbers_text("torch.tensor(", description, column)
        case "array":
            return _numbers_text("np.array(", description, column)
        case "graph":
            return _with_names(description["expression"], description["names"])
        case "function":
            return _with_names(f"lambda x: {description['formula']}", description["names"])
        case "new":
            return f"{description['class']}({', '.join(map(value_text, description['arguments']))})"
        case "known" if " " in description["name"]:
            # Lesson 14: its name would say what is wrong with it.
            return "<operation>"
        case _:
            return str(description["name"])


def _with_names(text: str, names: Mapping[str, Plain]) -> str:
    given = (f"{name} = {value_text(value)}" for name, value in names.items())
    return f"{text}   with {'; '.join(given)}" if names else text


def _numbers_text(maker: str, description: Plain, column: int) -> str:
    flags = ", requires_grad=True" if description.get("requires_grad") else ""
    if maker == "torch.tensor(" and description["dtype"] in ("float16", "float64"):
        flags = f", dtype=torch.{description['dtype']}{flags}"
    indent = "\n" + " " * (column + len(maker))
    rows = show_numbers(np.asarray(numbers_in(description))).replace("\n", indent)
    return f"{maker}{rows}{flags})"


def _remark(description: Plain) -> str:
    """Say the shape of numbers that are not all shown."""
    if not isinstance(description, dict) or description.get("$") not in ("tensor", "array"):
        return ""
    values = np.asarray(numbers_in(description))
    cut = values.size > 1 and "..." in show_numbers(values)
    return f"  # shape {tuple(values.shape)}" if cut else ""
