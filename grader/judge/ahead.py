"""Cells that a whole class has in common run before anything of a student's. May they, here?

Then they are run once for all, and each room begins behind them. That comes to the same as long as
a student's cell that stands before such a cell does nothing but define functions and classes, and
neither of them has to do with what the other defines or changes. All of this is read from the
cells' text; where it cannot be told, a cell is run at its own place.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from .scopes import ANYTHING, has_magic, scopes, statements

_FOR_ALL = {
    "set_default_dtype", "set_grad_enabled", "set_printoptions", "seterr", "seterrcall", "rcParams",
    "simplefilter", "filterwarnings", "setrecursionlimit", "settrace", "setprofile", "chdir",
    "environ", "inference_mode", "use_deterministic_algorithms", "set_anomaly_enabled", "style",
}  # fmt: skip
"""what changes how all code works from then on, a student's functions included"""


def may_run_ahead(cells: Sequence[tuple[str, bool]]) -> list[int]:
    """Return which cells may run before all others, in their order.

    Each is its source, and whether the whole class has it. Until the first cell that does something
    and is not among them, cells are looked at one by one.
    """
    found: list[int] = []
    data: set[str] = set()
    before: list[str] = []
    for place, (source, common) in enumerate(cells):
        if common and (not before or _may_pass(source, before, data)):
            found.append(place)
            data |= _data(source)
        elif _only_defines(source):
            before.append(source)
        else:
            break
    return found


def _may_pass(source: str, before: Sequence[str], data: set[str]) -> bool:
    """Say whether a cell finds, and leaves, the same without the definitions `before` it."""
    own = _names(source)
    if own is None or has_magic(source) or own[1] & ANYTHING or _words(source) & _FOR_ALL:
        return False
    bound, used = own
    for other in before:
        theirs = _names(other)
        if theirs is None or theirs[1] & ANYTHING:
            return False
        defined, needed = theirs
        if defined & (bound | used) or needed & bound or needed & used & (data | _data(source)):
            return False
    return True


@lru_cache(1024)
def _names(source: str) -> tuple[set[str], set[str]] | None:
    """Return the names that a cell binds, and those that it uses."""
    found = scopes(source)
    if found is None:
        return None
    bound: set[str] = set().union(*(scope.bound for scope in found))
    return bound, set().union(*(scope.used for scope in found))


@lru_cache(1024)
def _data(source: str) -> set[str]:
    """Return the names that a cell gives to what may change: neither modules nor definitions."""
    fixed: set[str] = set()
    for node in statements(source) or ():
        match node:
            case ast.Import() | ast.ImportFrom():
                fixed.update((a.asname or a.name).split(".")[0] for a in node.names)
            case ast.FunctionDef() | ast.ClassDef():
                fixed.add(node.name)
    names = _names(source)
    return names[0] - fixed if names else set()


@lru_cache(1024)
def _words(source: str) -> set[str]:
    parts = ast.walk(ast.parse(source))
    return {str(getattr(part, "attr", getattr(part, "id", ""))) for part in parts}


@lru_cache(1024)
def _only_defines(source: str) -> bool:
    """Say whether running a cell only gives names to functions, classes and constants."""
    if has_magic(source):
        return False
    body = statements(source)
    try:
        return body is not None and all(map(_defines, body))
    except RecursionError:
        return False


def _defines(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef(decorator_list=[]):
            arguments = node.args
            at_once = [*arguments.defaults, *arguments.kw_defaults, node.returns]
            at_once += [a.annotation for a in ast.walk(arguments) if isinstance(a, ast.arg)]
            return all(map(_is_quiet, filter(None, at_once))) and not any(
                isinstance(inner, ast.Global) for inner in ast.walk(node)
            )
        case ast.ClassDef(decorator_list=[], keywords=[]):
            return all(map(_is_quiet, node.bases)) and all(map(_defines, node.body))
        case ast.Import() | ast.Pass():
            return True
        case ast.ImportFrom():
            return all(alias.name != "*" for alias in node.names)
        case ast.Assign() if all(isinstance(target, ast.Name) for target in node.targets):
            return _is_quiet(node.value)
        case ast.Expr():
            return isinstance(node.value, ast.Constant)
    return False


def _is_quiet(node: ast.expr) -> bool:
    """Say whether an expression only names or puts together what is there."""
    parts = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Load)
    return all(isinstance(part, parts) for part in ast.walk(node))
