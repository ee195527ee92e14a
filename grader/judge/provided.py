"""What the instructor's own cells provide: imports, and functions to help with.

A check may say `np.testing.assert_allclose` though NumPy is imported in a cell that students may
change. Were that name looked up in the room, a submission could put its own in its place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from ..restore import role
from .magics import without_magics


def provided(solution: NotebookNode) -> dict[str, str]:
    """Return the text that gives each name its meaning, for names with just one meaning.

    Looked at are the imports of all cells, and the functions of cells that are nobody's exercise.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for cell in solution.cells:
        if cell.cell_type != "code" or role(cell) == "check":
            continue
        for name, text in _definitions(cell.source, helpers=role(cell) == ""):
            if not text or found.get(name, text) != text:
                taken.add(name)
            found[name] = text
    return {name: text for name, text in found.items() if name not in taken}


def _definitions(source: str, helpers: bool) -> Iterator[tuple[str, str]]:
    """Yield each name that a cell binds, and the text that does it, "" where that is not enough."""
    try:
        body = ast.parse(without_magics(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in body:
        match node:
            case ast.Import():
                for alias in node.names:
                    yield (
                        (alias.asname or alias.name).split(".")[0],
                        ast.unparse(ast.Import([alias])),
                    )
            case ast.ImportFrom():
                for alias in node.names:
                    one = ast.ImportFrom(node.module, [alias], node.level)
                    yield alias.asname or alias.name, ast.unparse(one)
            case ast.FunctionDef():
                yield node.name, ast.unparse(node) if helpers else ""
            case _:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        yield inner.id, ""
