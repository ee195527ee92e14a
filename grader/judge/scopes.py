"""Which names a cell's text binds, and which it uses: read, never run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import lru_cache

from .magics import without_magics

LONGEST = 50_000
"""characters of a cell that is looked at: what it consists of takes a thousand times the memory"""

ANYTHING = {
    "exec", "eval", "compile", "globals", "locals", "vars", "setattr", "delattr", "get_ipython",
    "__import__", "__builtins__", "builtins", "sys",
}  # fmt: skip
"""who uses these may change any name"""


def has_magic(source: str) -> bool:
    """Say whether some line of a cell is for the shell, and not Python."""
    return any(line.lstrip()[:1] in ("%", "!") for line in source.splitlines())


@dataclass(frozen=True)
class Scope:
    """The global names that a piece of code binds or reaches into, and those that it uses."""

    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def without(self, local: set[str]) -> Scope:
        """Return this for code around a piece that has some names to itself."""
        return Scope(self.bound - local, self.used - local)


def statements(source: str) -> list[ast.stmt] | None:
    """Return what a cell consists of; None where it makes no sense, or is too long."""
    if len(source) > LONGEST:
        return None
    try:
        return ast.parse(without_magics(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(1024)
def scopes(source: str) -> tuple[Scope, ...] | None:
    """Look at each statement of a cell; None where it makes no sense."""
    body = statements(source)
    try:
        return None if body is None else tuple(map(_scan, body))
    except RecursionError:
        return None


def wanted(source: str, checks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that a cell binds and one of the `checks` uses."""
    bound = {name for scope in scopes(source) or () for name in scope.bound}
    return tuple(sorted(bound & _used(checks)))


@lru_cache(64)
def _used(sources: tuple[str, ...]) -> set[str]:
    return {name for source in sources for scope in scopes(source) or () for name in scope.used}


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _scan(node: ast.AST) -> Scope:
    scope = Scope()
    for child in ast.iter_child_nodes(node):
        inner = _scan(child)
        scope.bound.update(inner.bound)
        scope.used.update(inner.used)
    match node:
        case ast.Name(id=name, ctx=context):
            (scope.used if isinstance(context, ast.Load) else scope.bound).add(name)
        case ast.Attribute() | ast.Subscript() if not isinstance(node.ctx, ast.Load):
            # What is changed is something in the object that the name stands for.
            scope.bound.update(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
        case ast.Import() | ast.ImportFrom():
            scope.bound.update((a.asname or a.name).split(".")[0] for a in node.names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            scope.bound.add(name)
        case ast.arg():
            scope.bound.add(node.arg)
    if isinstance(node, _FUNCTIONS):
        stated = {n for one in ast.walk(node) if isinstance(one, ast.Global) for n in one.names}
        local = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)
                 and not isinstance(n.ctx, ast.Load)} | {
            n.arg for n in ast.walk(node) if isinstance(n, ast.arg)
        }  # fmt: skip
        scope = scope.without(local - stated)
    elif isinstance(node, _COMPREHENSIONS):
        scope = scope.without(set().union(*(_scan(g.target).bound for g in node.generators)))
    elif isinstance(node, ast.ClassDef):
        scope.bound.clear()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope.bound.add(node.name)
    return scope
