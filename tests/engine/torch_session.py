"""Replay a recorded session with torch on any library that claims to be torch.

The recording (torch_transcript.txt) looks like Python's prompt: ``>>>`` and ``...`` lines are
typed, what follows is what torch answered: printed text, ``[Category] text`` for a warning, and
``Type: text`` for an exception. Lines with ``--`` are remarks. Section 4 has two tables instead:
``expression => the names in its graph`` and ``expression => node: its saved attributes``.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORDING = Path(__file__).with_name("torch_transcript.txt")


@dataclass
class Interaction:
    section: int
    number: int  # within its section
    source: str
    expected: str
    kind: str = "prompt"
    actual: str = ""

    @property
    def name(self) -> str:
        return f"{self.section}:{self.number}"

    @property
    def same(self) -> bool:
        return alike(self.actual, self.expected)


@dataclass
class Section:
    number: int
    title: str
    interactions: list[Interaction] = field(default_factory=list)


def read(path: Path = RECORDING) -> list[Section]:
    sections: list[Section] = []
    kind, current = "prompt", None
    for line in path.read_text(encoding="utf-8").split("\n"):
        heading = re.fullmatch(r"== (\d+) (.*)", line)
        if heading:
            sections.append(Section(int(heading[1]), heading[2]))
            kind, current = "prompt", None
            continue
        if not sections:
            continue
        section = sections[-1]
        here = section.interactions
        if line in ("-- trees", "-- saved"):
            kind, current = line[3:], None
        elif line.startswith("-- "):
            current = None
        elif line.startswith(">>> "):
            current = Interaction(section.number, len(here) + 1, line[4:], "")
            here.append(current)
        elif line.startswith("... ") and current and not current.expected:
            current.source += "\n" + line[4:]
        elif kind != "prompt" and "  =>  " in line:
            source, expected = line.split("  =>  ", 1)
            here.append(Interaction(section.number, len(here) + 1, source, expected, kind))
        elif current is not None:
            current.expected += line + "\n"
    for section in sections:
        for x in section.interactions:
            x.expected = x.expected.strip("\n")
    return sections


# -- comparing ------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d*(?:e[+-]?\d+)?")


def normal(text: str) -> str:
    """Without addresses, and without where in torch's own source a warning was raised."""
    text = re.sub(r"0x[0-9a-f]+", "0x...", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def alike(a: str, b: str) -> bool:
    """Equal, but for addresses and the last printed digit of numbers with a fraction."""
    a, b = normal(a), normal(b)
    if a == b:
        return True
    if _NUMBER.sub("#", a) != _NUMBER.sub("#", b):
        return False
    for x, y in zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=True):
        mantissa, _, exponent = y.partition("e")
        digits = len(mantissa.partition(".")[2])
        unit = 10.0 ** (int(exponent or 0) - digits)
        # A whole number ("3.") has no last digit to differ in.
        if abs(float(x) - float(y)) > (1.01 * unit if digits else 0.0):
            return False
    return True


# -- replaying ------------------------------------------------------------------------------------


@contextlib.contextmanager
def as_torch(library: Any) -> Iterator[None]:
    """Within this context, ``import torch`` gives `library`."""
    root = library.__name__
    before = {n: m for n, m in sys.modules.items() if n == "torch" or n.startswith("torch.")}
    if root != "torch":
        for name, module in list(sys.modules.items()):
            if name == root or name.startswith(root + "."):
                sys.modules["torch" + name[len(root) :]] = module
    try:
        yield
    finally:
        if root != "torch":
            for name in [n for n in sys.modules if n == "torch" or n.startswith("torch.")]:
                del sys.modules[name]
            sys.modules.update(before)


def tree(t: Any) -> str:
    """The names of the graph behind a tensor, as nested calls."""

    def show(node: Any) -> str:
        if node is None:
            return "None"
        name = node.name()
        if name == "torch::autograd::AccumulateGrad":
            return "AG"
        return f"{name}({', '.join(show(n) for n, _ in node.next_functions)})"

    return show(t.grad_fn) if hasattr(t, "grad_fn") else repr(t)


def saved(t: Any) -> str:
    """The last node's name and what it saved."""
    names = sorted(n for n in dir(t.grad_fn) if n.startswith("_saved_"))
    return f"{t.grad_fn.name()}: {', '.join(names)}".rstrip()


def replay(section: Section, library: Any) -> None:
    """Run a section from the top, filling in what `library` answers."""
    module = types.ModuleType("__tut__")
    space = module.__dict__
    space["torch"] = library
    with as_torch(library):
        exec("import torch.nn.functional as F", space)
        for x in section.interactions:
            x.actual = _answer(x, space)
    library.set_printoptions(profile="default")
    library.autograd.set_detect_anomaly(False)
    library.set_grad_enabled(True)
    count = COUNTS.setdefault(f"answered by {library.__name__}", [0, 0])
    count[0] += sum(x.same for x in section.interactions)
    count[1] += len(section.interactions)


# Library -> how many interactions it answered as recorded, of how many; for the summary of tests.
COUNTS: dict[str, list[int]] = {}


def _answer(x: Interaction, space: dict[str, Any]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("always")
        # NumPy's remarks on infinities and NaN are not torch's (the engine mutes them itself, but
        # the line above has undone that).
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        if x.kind != "prompt":
            warnings.simplefilter("ignore")
        warnings.showwarning = lambda message, category, *rest, **named: print(
            f"[{category.__name__}] {message}", file=out
        )
        try:
            if x.kind == "trees":
                print(tree(eval(x.source, space)), file=out)
            elif x.kind == "saved":
                print(saved(eval(x.source, space)), file=out)
            else:
                hook, sys.displayhook = sys.displayhook, _display
                try:
                    for statement in ast.parse(x.source, "<tut>").body:
                        interactive = ast.Interactive([statement])
                        exec(compile(interactive, "<tut>", "single"), space)
                finally:
                    sys.displayhook = hook
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=out)
    return out.getvalue()


def _display(value: Any) -> None:
    if value is not None:
        print(repr(value))


if __name__ == "__main__":
    import importlib

    which = importlib.import_module(sys.argv[1] if len(sys.argv) > 1 else "autograd_lib")
    wanted = {int(s) for s in sys.argv[2:]}
    good = total = 0
    for part in read():
        if wanted and part.number not in wanted:
            continue
        replay(part, which)
        ok = sum(x.same for x in part.interactions)
        good, total = good + ok, total + len(part.interactions)
        for x in part.interactions:
            if not x.same and wanted:
                print(f"--- {x.name}: {x.source}\nexpected: {x.expected}\nactual:   {x.actual}")
        print(f"section {part.number}: {ok} of {len(part.interactions)}")
    print(f"all: {good} of {total} ({100 * good / total:.1f} %)")
