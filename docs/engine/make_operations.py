"""Write operations.md from the table: ``python docs/engine/make_operations.py``."""

from __future__ import annotations

from pathlib import Path

import autograd_lib  # noqa: F401 - fills the tables
from autograd_lib.recorder import ENTRIES, PUBLIC, Entry

PAGE = Path(__file__).with_name("operations.md")
HEAD = """\
# Operations

Written by `make_operations.py` from the tables in `autograd_lib`; do not edit.

Each operation of the table has a node of its own in the graph. The heading is the function, as
torch has it; an operation in parentheses is not called by that name, but stands behind a function
or method (`pow_scalar` behind `x ** 2`). Below stand the node's name, what it saves (`_saved_...`),
and the derivative with respect to each argument: `grad` is the gradient of the result, `result` the
result itself, and `self_sym_sizes` the shape of `self`. Formulas need not undo broadcasting: the
engine sums a gradient to the shape of what it belongs to.
"""
PARTS = {
    "autograd_lib.derivatives.shapes": "Shapes, views, joining, copies",
    "autograd_lib.derivatives.arithmetic": "Arithmetic",
    "autograd_lib.derivatives.comparing": "Comparing and choosing",
    "autograd_lib.derivatives.complexes": "Complex numbers",
    "autograd_lib.derivatives.reductions": "Reductions",
    "autograd_lib.derivatives.matrices": "Matrices",
    "autograd_lib.derivatives.positions": "Positions and sorting",
    "autograd_lib.derivatives.special": "Special functions",
    "autograd_lib.derivatives.linalg": "Linear algebra",
    "autograd_lib.functions.decompositions": "Eigenvalues",
    "autograd_lib.nn.derivatives": "Neural networks",
    "autograd_lib.nn.convolution": "Convolution and pooling",
    "autograd_lib.folded": "Several steps at once",
}


def entry_lines(entry: Entry) -> list[str]:
    """The paragraph of one operation."""
    heading = entry.source[len("def ") : entry.source.index(":\n")]
    for name, value in entry.defaults.items():
        heading = heading.replace(f"={name}", f"={value!r}")
    if entry.name not in PUBLIC:
        heading = f"({heading})"
    if not entry.formulas:
        return [f"### `{heading}`", "", "Has no derivative.", ""]
    saved = ", ".join(f"`{name}`" for name in entry.node_class.saved_names) or "nothing"
    lines = [f"### `{heading}`", "", f"`{entry.node_name}` saves {saved}.", ""]
    lines += [f"- `{argument}`: `{formula}`" for argument, formula in entry.formulas.items()]
    return [*lines, ""]


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for module, title in PARTS.items():
        lines += [f"## {title}", ""]
        entries = [e for e in ENTRIES.values() if e.module == module]
        for entry in sorted(entries, key=lambda e: e.name):
            lines += entry_lines(entry)
    made = sorted(set(PUBLIC) - set(ENTRIES))
    lines += ["## Functions made of these", "", "Their derivatives follow from their parts.", ""]
    for name in made:
        said = (PUBLIC[name].__doc__ or "").strip().splitlines()
        lines.append(f"- `{name}`: {said[0]}" if said else f"- `{name}`")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
