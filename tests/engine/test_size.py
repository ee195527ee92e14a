"""The core of the engine stays what one reads in an afternoon."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = {
    "tensor.py": "a tensor: an array, its gradient, where it came from; views of memory",
    "recorder.py": "how an entry of the table becomes an operation that records itself",
    "engine.py": "the walk backward",
    "node.py": "nodes of the graph",
    "grad_mode.py": "whether anything is recorded, by thread",
    "autograd/function.py": "operations with a derivative of one's own",
}
MOST = 2000
SKIPPED = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(path: Path) -> int:
    """How many lines hold code: not blank, no comment, no docstring."""
    text = path.read_text()
    lines = {
        n
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in SKIPPED
        for n in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node, clean=False) is not None:
            doc = node.body[0]
            lines -= set(range(doc.lineno, doc.end_lineno + 1))
    return len(lines)


def table() -> str:
    """The core's files and how long they are, as docs/engine/README.md shows them."""
    sizes = {name: code_lines(ROOT / "autograd_lib" / name) for name in CORE}
    rows = [f"| `{name}` | {CORE[name]} | {n} |" for name, n in sizes.items()]
    total = f"| | together | {sum(sizes.values()):,} |"
    return "\n".join(["| file | what it is | lines of code |", "|---|---|---|", *rows, total])


def test_the_core_stays_small():
    assert sum(code_lines(ROOT / "autograd_lib" / name) for name in CORE) <= MOST


def test_the_table_of_sizes_is_current():
    text = (ROOT / "docs/engine/README.md").read_text()
    shown = re.search(r"\| file \| what it is \|.*?together[^\n]*", text, re.DOTALL)
    assert shown is not None
    assert shown[0] == table(), f"docs/engine/README.md should say:\n\n{table()}"
