"""How a check's words look: as a box in a notebook, as plain lines elsewhere.

Everything that comes from a student's code is escaped. A box says in words what its colour says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .describe import Plain, is_program, numbers_in
from .observe import show_numbers

HEADINGS = {
    "passed": ("✓ Passed", "#1a7f37"),
    "failed": ("✗ Not right yet", "#b35900"),
    "error": ("✗ Stopped by an exception", "#b35900"),
    "not_attempted": ("○ Not written yet", "#57606a"),
    "note": ("ⓘ", "#0969da"),
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
    text = as_text(status, title, lines, detail, closing)
    shell = _notebook()
    if shell is None:
        print(text)
        return
    from IPython.display import display

    bundle = {"text/plain": text, "text/html": as_html(status, title, lines, detail, closing)}
    display(bundle | dict(data or {}), raw=True)


def _notebook() -> Any:
    """Return the notebook's shell, None outside of one (without importing IPython there)."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if shell is not None and hasattr(shell, "kernel") else None


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
    parts = [f"<p style='margin:0'><strong>{heading}</strong>: {html.escape(title)}</p>"]
    parts += [_paragraph(line) for line in lines]
    if detail:
        style = "margin:.4em 0;padding:.4em .6em;overflow-x:auto;background:rgba(127,127,127,.12)"
        parts.append(f"<pre style='{style}'>{html.escape(detail)}</pre>")
    parts += [_paragraph(line) for line in closing]
    style = f"border-left:4px solid {colour};padding:.3em .8em;max-width:52em"
    return f"<div style='{style}'>{''.join(parts)}</div>"


def _paragraph(line: str) -> str:
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(line))
    return f"<p style='margin:.3em 0 0;white-space:pre-wrap'>{words}</p>"


def call_text(name: str, arguments: Plain) -> str:
    """Show what was called: each argument on a line of its own, short."""
    if is_program(arguments):
        given = [f"{key} = {value_text(v)}" for key, v in arguments["names"].items()]
        return "\n".join([*given, arguments["text"]])
    given = [f"{key} = {value_text(value)}" for key, value in arguments.items()]
    return "\n".join([*given, f"{name}({', '.join(arguments)})"])


def value_text(description: Plain) -> str:
    """Show one described value the way one would type it, long arrays cut."""
    if isinstance(description, float):
        return f"{description:.4g}"
    if isinstance(description, list):
        return f"[{', '.join(map(_inner_text, description))}]"
    if not isinstance(description, dict):
        return repr(description)
    match description.get("$"):
        case None:
            items = (f"{key!r}: {_inner_text(item)}" for key, item in description.items())
            return f"{{{', '.join(items)}}}"
        case "tensor":
            return _numbers_text("torch.tensor", description)
        case "array":
            return _numbers_text("np.array", description)
        case "graph":
            return _with_names(description["expression"], description["names"])
        case "function":
            return _with_names(f"lambda x: {description['formula']}", description["names"])
        case "new":
            return (
                f"{description['class']}({', '.join(map(_inner_text, description['arguments']))})"
            )
        case "known" if " " in description["name"]:
            # Lesson 14: its name would say what is wrong with it.
            return "<operation>"
        case _:
            return str(description["name"])


_SHAPE = "   # shape "


def _inner_text(description: Plain) -> str:
    """Show a value inside of another one, where no remark may follow it."""
    return value_text(description).partition(_SHAPE)[0]


def _with_names(text: str, names: Mapping[str, Plain]) -> str:
    given = (f"{name} = {_inner_text(value)}" for name, value in names.items())
    return f"{text}   with {'; '.join(given)}" if names else text


def _numbers_text(maker: str, description: Plain) -> str:
    flags = ", requires_grad=True" if description.get("requires_grad") else ""
    if maker == "torch.tensor" and description["dtype"] in ("float16", "float64"):
        flags = f", dtype=torch.{description['dtype']}{flags}"
    values = numbers_in(description)
    shape = f"{_SHAPE}{tuple(values.shape)}" if values.ndim > 1 else ""
    rows = show_numbers(np.asarray(values)).replace("\n", " ")
    return f"{maker}({rows}{flags}){shape}"
