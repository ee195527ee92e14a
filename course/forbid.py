"""Names that an exercise forbids: a look at the text of a student's cells, without running it.

Looked at is what the exercise's function or class consists of: its own definition, and whatever of
the notebook it names, helpers and imports, and what those name. Another exercise of the same
notebook may use what this one may not.

A name is found as a name, an attribute, a part of an import (`import a.b`, `from a import b as c`),
and as a literal text in `getattr(x, "b")`, `__import__("a")`, `exec("a.b()")` and the like. It is
not found where a program puts it together (`getattr(x, "back" + "ward")`) or where the code is not
in the notebook: in a file that it imports, or in a library's function of another name.
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
    notebook = _notebook()
    if notebook is not None:
        return scan(tuple(notebook), exercise, tuple(forbidden))
    text, entry = _file(answer)
    return scan((text,), entry, tuple(forbidden), whole=False)


def _notebook() -> Sequence[str] | None:
    """Return the cells to look at, None outside of a notebook."""
    if cells is not None:
        return cells()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(getattr(shell, "history_manager", None), "input_hist_parsed", None) or None


def _file(answer: Any) -> tuple[str, str]:
    """Return the text of the file that an answer of a key stands in, and its name there."""
    module = inspect.getmodule(answer)
    try:
        return inspect.getsource(module) if module is not None else "", answer.__name__
    except (OSError, TypeError, AttributeError):
        return "", ""


@lru_cache(8)
def scan(
    texts: tuple[str, ...], entry: str, forbidden: tuple[str, ...], whole: bool = True
) -> Use | None:
    """Look through what `entry` consists of in these cells, the later definition winning.

    Where they do not show how it came about, all of them may belong to it, if they are `whole`: the
    notebook, and not a file with others' answers in it as well.
    """
    for text in texts:
        if len(text) > LONGEST:
            found = _in_words(text, forbidden)
            if found is not None:
                return found
    bindings = _bindings(texts)
    if whole and entry not in bindings:
        bindings[entry] = [(s, text) for text in texts for s in _statements(text)]
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


def _in_words(text: str, forbidden: Sequence[str]) -> Use | None:
    """Look for forbidden names among the words of a cell that is too long to be taken apart."""
    found = re.search(rf"\b({'|'.join(map(re.escape, forbidden))})\b", text)
    if found is None:
        return None
    number = text.count("\n", 0, found.start()) + 1
    return Use(found[1], text.split("\n")[number - 1].strip()[:200], number)


_Bindings = dict[str, list[tuple[ast.stmt, str]]]


def _bindings(texts: Sequence[str]) -> _Bindings:
    """Say for each name of the notebook which statements made it what it is."""
    found: _Bindings = {}
    for text in texts:
        bound: set[str] = set()
        for statement in _statements(text):
            for name in _bound(statement):
                if name not in bound:
                    # What a later cell binds anew is no longer what it was.
                    bound.add(name)
                    found[name] = []
                found[name].append((statement, text))
            for name in _changed(statement):
                found.setdefault(name, []).append((statement, text))
    return found


def _statements(text: str) -> Iterator[ast.stmt]:
    """Yield a cell's statements, and those in its top-level blocks; none where it is not Python."""
    waiting = _parsed(text) if len(text) <= LONGEST else []
    while waiting:
        statement = waiting.pop(0)
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                waiting += [s for s in getattr(statement, field, []) if isinstance(s, ast.stmt)]
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                waiting += part.body


def _parsed(text: str) -> list[ast.stmt]:
    """Return a cell's statements: as they stand, or as the notebook's shell would read them."""
    try:
        return ast.parse(without_magics(text)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        return ast.parse(TransformerManager().transform_cell(text)).body
    except (ImportError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement gives a meaning."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.split(".")[0]
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.NamedExpr):
                yield node.target.id
            elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
                yield node.name
    for target in _targets(statement):
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                # As in `globals()["f"] = g`.
                called = getattr(getattr(node.value, "func", None), "id", "")
                if called in _NAMESPACES and isinstance(node.slice.value, str):
                    yield node.slice.value


def _changed(statement: ast.stmt) -> Iterator[str]:
    """Yield the names of which a statement changes a part, as `Value.backward = f` does."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if getattr(call.func, "id", "") == "setattr":
            yield from (part.id for part in call.args[:1] if isinstance(part, ast.Name))
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


_NAMESPACES = ("globals", "locals", "vars")
_BY_PROGRAM = ("exec", "eval", "compile")
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
        for argument in node.args if called in (*_BY_TEXT, *_BY_PROGRAM) else ():
            self._meet_text(argument)
            if called in _BY_PROGRAM and isinstance(argument, ast.Constant):
                for word in re.findall(r"\w+", str(argument.value)):
                    self._meet(word, node)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Meet a name in a dictionary of names: `vars(torch)["grad"]`."""
        value = node.value
        called = value.func if isinstance(value, ast.Call) else value
        if getattr(called, "attr", getattr(called, "id", "")) in (
            "__dict__",
            "modules",
            *_NAMESPACES,
        ):
            self._meet_text(node.slice)
        self.generic_visit(node)

    def _meet_text(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._meet(node.value, node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Look into a function, whose arguments and variables are its own."""
        said = [
            node.returns,
            *(a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg)),
        ]
        for outer in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *said):
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
