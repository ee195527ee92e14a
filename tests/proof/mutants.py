"""Mutants: copies of an answer with one small thing changed, as a slip of the pen would.

A check that accepts a mutant either has a gap, or the mutant does the same as the answer. Which of
the two it is, a person has to say.
"""

import ast
import copy
from collections.abc import Iterator

SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}

EITHER_WAY = {"max", "min", "maximum", "minimum"}
"""Functions of two arguments whose order does not matter."""


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Yield (what was changed, the changed source) for each mutant of a cell's solutions."""
    tree = ast.parse(source)
    _without_docstrings(tree)
    lines = _solution_lines(source)
    number = 0
    while True:
        mutant = copy.deepcopy(tree)
        change = _Change(number, lines)
        change.visit(mutant)
        if change.what is None:
            return
        number += 1
        yield change.what, ast.unparse(ast.fix_missing_locations(mutant))


def _solution_lines(source: str) -> set[int]:
    """Return the numbers of the lines that students write; what is given to them stays."""
    lines, inside = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        inside = line.strip() == "### BEGIN SOLUTION" or (
            inside and line.strip() != "### END SOLUTION"
        )
        if inside:
            lines.add(number)
    return lines


def _without_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]


class _Change(ast.NodeTransformer):
    """Makes the change that bears a number, counted in the order of the text."""

    def __init__(self, number: int, lines: set[int]) -> None:
        self._left = number
        self._lines = lines
        self._line = 0
        self.what: str | None = None

    def _now(self) -> bool:
        if self.what is not None or self._line not in self._lines:
            return False
        self._left -= 1
        return self._left < 0

    def _note(self, before: ast.AST, after: ast.AST | None) -> None:
        new = ast.unparse(ast.fix_missing_locations(after)) if after is not None else "nothing"
        self.what = f"line {self._line}: `{_short(ast.unparse(before))}` becomes `{_short(new)}`"

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if self.what is not None:
            return node
        self._line = getattr(node, "lineno", self._line)
        before = copy.deepcopy(node)
        for changed in self._changes(node):
            if self._now():
                self._note(before, changed)
                return changed
        if _is_data(node):
            return node
        if isinstance(getattr(node, "body", None), list) and not isinstance(
            node, ast.Module | ast.ClassDef
        ):
            self._drop_a_statement(node)
        return super().generic_visit(node)

    def _drop_a_statement(self, node: ast.AST) -> None:
        for name in ("body", "orelse"):
            for place, statement in enumerate(getattr(node, name, [])):
                if isinstance(statement, ast.stmt) and not _says_nothing(statement):
                    self._line = statement.lineno
                    if self._now():
                        self._note(statement, None)
                        getattr(node, name)[place] = ast.Pass()
                        return

    def _changes(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield a node in each of the ways in which it could have been written wrongly."""
        if _is_data(node):
            # Numbers to try things with: a slip in one of them is as good a number. Ones are not.
            yield _ones(node)
            return
        swap = SWAPS.get(type(getattr(node, "op", None)))
        if swap is not None:
            yield _with(node, op=swap())
        if isinstance(node, ast.AugAssign):
            yield ast.Assign([copy.deepcopy(node.target)], node.value, lineno=node.lineno)
        elif isinstance(node, ast.UnaryOp):
            yield node.operand
        elif isinstance(node, ast.Compare):
            for place, operator in enumerate(node.ops):
                if type(operator) in SWAPS:
                    ops = [*node.ops[:place], SWAPS[type(operator)](), *node.ops[place + 1 :]]
                    yield _with(node, ops=ops)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, bool):
                yield ast.Constant(not node.value)
            elif isinstance(node.value, int | float):
                yield ast.Constant(node.value + 1)
                yield ast.Constant(node.value - 1)
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                yield _with(node, keywords=[k for k in node.keywords if k is not keyword])
            if len(node.args) == 2 and not (
                any(isinstance(a, ast.Starred) for a in node.args)
                or ast.unparse(node.func).rpartition(".")[2] in EITHER_WAY
            ):
                yield _with(node, args=node.args[::-1])


def _is_data(node: ast.AST) -> bool:
    """Say whether this is a list of two or more numbers, or of such lists, written out."""
    return isinstance(node, ast.List) and (_count(node) or 0) >= 2


def _count(node: ast.AST) -> int | None:
    """Count the numbers in nested lists of them; None where there is something else."""
    if isinstance(node, ast.List):
        counts = [_count(item) for item in node.elts]
        return None if None in counts else sum(filter(None, counts))
    bare = node.operand if isinstance(node, ast.UnaryOp) else node
    return 1 if isinstance(bare, ast.Constant) and isinstance(bare.value, float) else None


def _ones(node: ast.expr) -> ast.expr:
    """Return nested lists with each number replaced by one."""
    if isinstance(node, ast.List):
        return ast.List([_ones(item) for item in node.elts], ast.Load())
    return ast.Constant(1.0)


def _says_nothing(statement: ast.stmt) -> bool:
    """Say whether nothing changes when a statement is left out: a function ends in None anyway."""
    return isinstance(statement, ast.Pass) or ast.unparse(statement) in ("return", "return None")


def _with(node: ast.AST, **fields: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
