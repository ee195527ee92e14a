"""Names that an exercise forbids: a look at the text of a student's cells, without running it.

Looked at is what the exercise's function or class consists of: its own definition, and whatever of
the notebook it names, helpers and imports, and what those name. Another exercise of the same
notebook may use what this one may not.

A name is found as a name, an attribute, a part of an import (`import a.b`, `from a import b as c`),
and as a literal text in `getattr(x, "b")`, `__import__("a")`, `import_module("a")` and the like. It
is not found where a program puts it together (`getattr(x, "back" + "ward")`, `eval`) or where the
code is not in the notebook: in a file that it imports, or in a library's function of another name.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

cells: Callable[[], Sequence[str]] | None = None
"""Returns the notebook's code cells as they were run; None: ask the notebook that this runs in"""

LONGEST = 200_000
"""characters of a cell that is looked at"""


@dataclass(frozen=True)
class Use:
    """A forbidden name, and where it stands."""

    name: str
    line: str
    """the line's text"""
    number: int
    """of the line, in its cell"""


def find(exercise: str, answer: Any, forbidden: Sequence[str]) -> Use | None:
    """Return the first use of a forbidden name that an answer consists of, None without one."""
    if not forbidden:
        return None
    texts, entry = _texts(exercise, answer)
    return scan(tuple(texts), entry, tuple(forbidden))


def _texts(exercise: str, answer: Any) -> tuple[Sequence[str], str]:
    """Return the cells to look at, and the name to begin with."""
    if cells is not None:
        return cells(), exercise
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    history = getattr(getattr(shell, "history_manager", None), "input_hist_parsed", None)
    if history:
        return history, exercise
    # Outside of a notebook, as for the answers of a key: the file that it stands in.
    module = inspect.getmodule(answer)
    try:
        return [inspect.getsource(module)] if module is not None else [], answer.__name__
    except (OSError, TypeError, AttributeError):
        return [], exercise


@lru_cache(8)
def scan(texts: tuple[str, ...], entry: str, forbidden: tuple[str, ...]) -> Use | None:
    """Look through what `entry` consists of in these cells, the later definition winning."""
    bindings = _bindings(texts)
    waiting, seen = [entry], {entry}
    while waiting:
        for node, text in bindings.get(waiting.pop(0), []):
            look = _Look(forbidden, bindings)
            look.visit(node)
            if look.found is not None:
                name, number = look.found
                lines = text.splitlines()
                line = lines[number - 1].strip() if number <= len(lines) else ""
                return Use(name, line, number)
            for name in look.names:
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
    return None


_Bindings = dict[str, list[tuple[ast.stmt, str]]]


def _bindings(texts: Sequence[str]) -> _Bindings:
    """Say for each name of the notebook which statements made it what it is."""
    found: _Bindings = {}
    for text in texts:
        plain = without_magics(text)
        bound: set[str] = set()
        for statement in _statements(plain):
            for name in _bound(statement):
                if name not in bound:
                    # What a later cell binds anew is no longer what it was.
                    bound.add(name)
                    found[name] = []
                found[name].append((statement, plain))
            for name in _changed(statement):
                found.setdefault(name, []).append((statement, plain))
    return found


def _statements(text: str) -> Iterator[ast.stmt]:
    """Yield a cell's statements, and those in its top-level blocks; none where it is not Python."""
    try:
        waiting = list(ast.parse(text).body) if len(text) <= LONGEST else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    while waiting:
        statement = waiting.pop(0)
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                waiting += [s for s in getattr(statement, field, []) if isinstance(s, ast.stmt)]
            for handler in getattr(statement, "handlers", []):
                waiting += handler.body


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement gives a meaning."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.split(".")[0]
    for target in _targets(statement):
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _changed(statement: ast.stmt) -> Iterator[str]:
    """Yield the names of which a statement changes a part, as `Value.backward = f` does."""
    for target in _targets(statement):
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
            if isinstance(target, ast.Name):
                yield target.id


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    if isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.For):
        return [statement.target]
    if isinstance(statement, ast.With):
        return [item.optional_vars for item in statement.items if item.optional_vars is not None]
    return []


_BY_TEXT = {
    "getattr",
    "hasattr",
    "setattr",
    "delattr",
    "attrgetter",
    "methodcaller",
    "__import__",
    "import_module",
    "__getattribute__",
    "get",
}
"""functions that look up what a text names"""


class _Look(ast.NodeVisitor):
    """A look through one statement: the first forbidden use, and the names that it leads to."""

    def __init__(self, forbidden: Sequence[str], bindings: Mapping[str, Any]) -> None:
        self._forbidden, self._bindings = set(forbidden), bindings
        self._local: list[set[str]] = []
        self.found: tuple[str, int] | None = None
        self.names: list[str] = []

    def _meet(self, text: str, node: ast.AST) -> None:
        """Meet a name, or several with points between them."""
        for part in (text, *text.split(".")):
            if part in self._forbidden and self.found is None:
                self.found = part, getattr(node, "lineno", 0)

    def visit_Name(self, node: ast.Name) -> None:
        """Meet a name, unless the function or the notebook has made it something of its own."""
        if any(node.id in names for names in self._local):
            return
        if node.id in self._bindings:
            self.names.append(node.id)
        elif isinstance(node.ctx, ast.Load):
            self._meet(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Meet an attribute, such as `loss.backward`."""
        self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            self._meet(node.attr, node)

    def visit_Import(self, node: ast.Import) -> None:
        """Meet what is imported."""
        for alias in node.names:
            self._meet(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Meet the module, and what is imported from it."""
        for name in (node.module or "", *(alias.name for alias in node.names)):
            self._meet(name, node)

    def visit_Call(self, node: ast.Call) -> None:
        """Meet a name that is looked up by its text."""
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in _BY_TEXT:
            for argument in node.args:
                self._meet_text(argument)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Meet a name in a dictionary of names: `vars(torch)["grad"]`."""
        value = node.value
        called = value.func if isinstance(value, ast.Call) else value
        if getattr(called, "attr", getattr(called, "id", "")) in (
            "__dict__",
            "globals",
            "locals",
            "modules",
            "vars",
        ):
            self._meet_text(node.slice)
        self.generic_visit(node)

    def _meet_text(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._meet(node.value, node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Look into a function, whose arguments and variables are its own."""
        for outer in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if outer is not None:
                self.visit(outer)
        self._scope(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Look into a nameless function."""
        for outer in (*node.args.defaults, *node.args.kw_defaults):
            if outer is not None:
                self.visit(outer)
        self._scope(node, [node.body])

    def _scope(self, function: ast.AST, body: Sequence[ast.AST]) -> None:
        self._local.append(_locals(function))
        for part in body:
            self.visit(part)
        self._local.pop()


def _locals(function: ast.AST) -> set[str]:
    """Return the names that belong to a function: what it is given, and what it binds itself.

    What it imports is met where it stands, so that the name may count as its own here.
    """
    own: set[str] = set()
    shared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            own |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.ClassDef):
            own |= {node.name} if node.name and node is not function else set()
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared |= set(node.names)
    return own - shared


_MAGIC = re.compile(r"^\s*[%!]")


def without_magics(source: str) -> str:
    """Blank out the lines that are for IPython only; what a cell magic runs is looked at too."""
    return "\n".join("" if _MAGIC.match(line) else line for line in source.split("\n"))
