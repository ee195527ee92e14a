"""Names that an exercise forbids: a look at the text of a student's cells, without running it.

Looked at is what the exercise's function or class consists of: its own definition, and whatever of
the notebook it names, helpers and imports, and what those name. Another exercise of the same
notebook may use what this one may not.

A name is found as a name, an attribute, a part of an import (`import a.b`, `from a import b as c`),
and as a literal text in `getattr(x, "b")`, `__import__("a")`, `exec("a.b()")` and the like. It is
not found where a program puts it together (`getattr(x, "back" + "ward")`) or where the code is not
in the notebook: in a file that it imports, or in a library's function of another name.

A statement that can give a new meaning to any name, such as `globals().update(...)`, may have made
the answer what it is, and is looked at as well.
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
    waiting = [entry, *([_ANY_NAME] if whole else [])]
    seen, programs = {*waiting}, set()
    while waiting:
        looked_for = waiting.pop(0)
        for node, text in bindings.get(looked_for, []):
            look = _Look(forbidden, bindings, looked_for in programs)
            look.visit(node)
            programs |= look.programs - seen
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

_ANY_NAME = ""
"""stands among the bindings for whatever a statement that can bind any name has bound"""

_REACHING = {
    "globals", "exec", "eval", "get_ipython", "user_ns", "builtins", "__builtins__", "__main__",
    "__globals__",
}  # fmt: skip
"""names by which any name of the notebook can be given another meaning"""


def _bindings(texts: Sequence[str]) -> _Bindings:
    """Say for each name of the notebook which statements made it what it is."""
    found: _Bindings = {}
    cells = [(text, list(_statements(text))) for text in texts]
    for text, statements in cells:
        bound: set[str] = set()
        for statement in statements:
            for name in _bound(statement):
                if name not in bound:
                    # What a later cell binds anew is no longer what it was.
                    bound.add(name)
                    found[name] = []
                found[name].append((statement, text))
            for name in _changed(statement):
                found.setdefault(name, []).append((statement, text))
            if _reaches_any_name(statement):
                found.setdefault(_ANY_NAME, []).append((statement, text))
    for text, statements in cells:
        for statement in statements:
            for name in _methods_put_in(statement, found):
                found.setdefault(f".{name}", []).append((statement, text))
    return found


def _reaches_any_name(statement: ast.stmt) -> bool:
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                if name in _REACHING:
                    return True
            case ast.Subscript(value=ast.Attribute(attr="modules")):
                return True
            case ast.Call(func=ast.Name(id="vars" | "locals"), args=[]):
                return True
    return False


def _methods_put_in(statement: ast.stmt, bindings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes to which a function is given, as in `torch.Tensor.outer = f`.

    Whoever calls `x.outer(w)` then calls it, and need not name what it was given to.
    """
    for node in ast.walk(statement):
        match node:
            case ast.Assign(targets=[*_, ast.Attribute(attr=name)], value=value):
                pass
            case ast.Call(
                func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), value]
            ):
                pass
            case _:
                continue
        made = bindings.get(value.id, ()) if isinstance(value, ast.Name) else ()
        if isinstance(value, ast.Lambda) or any(isinstance(s, ast.FunctionDef) for s, _ in made):
            yield name


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
            elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
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
    """Yield the names of which a statement changes a part, as `Value.backward = f` does.

    A function that is called may do so too, or give a name of the notebook another meaning.
    """
    inside = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    own = _locals(statement) if inside else set()
    for node in ast.walk(statement) if inside else [statement]:
        if isinstance(node, ast.Global):
            yield from node.names
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if getattr(call.func, "id", "") == "setattr":
                names = {part.id for part in call.args[:1] if isinstance(part, ast.Name)}
                yield from names - own
        for target in _targets(node):
            while isinstance(target, ast.Attribute | ast.Subscript):
                target = target.value
                if isinstance(target, ast.Name) and target.id not in own:
                    yield target.id


def _targets(statement: ast.AST) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    if isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.For):
        return [statement.target]
    if isinstance(statement, ast.With):
        return [item.optional_vars for item in statement.items if item.optional_vars is not None]
    return []


_NAMESPACES = ("globals", "locals", "vars")
_BY_PROGRAM = ("exec", "eval", "compile", "run_cell", "run_line_magic", "run_cell_magic")
_BY_TEXT = {
    "getattr",
    "getattr_static",
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
    """A look through one statement: the first forbidden use, and the names that it leads to.

    The texts in it may be a `program`, which is run somewhere.
    """

    def __init__(
        self, forbidden: Sequence[str], bindings: Mapping[str, Any], program: bool = False
    ) -> None:
        self._forbidden, self._bindings, self._program = set(forbidden), bindings, program
        self._local: list[set[str]] = []
        self.found: tuple[str, int] | None = None
        self.names: list[str] = []
        self.programs: set[str] = set()
        """those of the names whose texts are run"""

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
            if f".{node.attr}" in self._bindings:
                self.names.append(f".{node.attr}")

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """Meet attributes that a pattern looks at: `case Tensor(backward=go)`."""
        for name in node.kwd_attrs:
            self._meet(name, node)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Meet the words of a text that is run as a program."""
        if self._program and isinstance(node.value, str):
            self._meet_words(node.value, node)

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
            for part in ast.walk(argument):
                self._meet_text(part)
                if called in _BY_PROGRAM and isinstance(part, ast.Constant):
                    self._meet_words(str(part.value), node)
                elif called in _BY_PROGRAM and isinstance(part, ast.Name):
                    self.programs.add(part.id)
        self.generic_visit(node)

    def _meet_words(self, text: str, node: ast.AST) -> None:
        for word in re.findall(r"\w+", text):
            self._meet(word, node)

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
_TIMED = re.compile(r"^(\s*(?:[\w, ]+=\s*)?)%(?:time|timeit|prun)\s+(?:-\S+\s+|\d+\s+)*(?=[^-\s])")


def without_magics(source: str) -> str:
    """Blank out the lines that are for IPython only; what a magic runs is looked at too."""
    lines = (_TIMED.sub(r"\1", line) for line in source.split("\n"))
    return "\n".join("" if _MAGIC.match(line) else line for line in lines)
