"""The solved lessons run on torch when the import line alone is changed, and print the same."""

from __future__ import annotations

import contextlib
import io
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

SOLUTIONS = Path(__file__).parents[2] / "solutions"
LESSONS = sorted(SOLUTIONS.glob("*/*.ipynb"))
IMPORT = "import autograd_lib as torch"


def cells(path: Path) -> list[str]:
    """The code that a lesson shows, solutions included; checks know only the engine."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    return [
        "".join(c["source"]) for c in code if not c["metadata"].get("nbgrader", {}).get("grade")
    ]


def run(path: Path, import_line: str) -> list[str]:
    """What each cell prints. Line magics are left out."""
    space: dict[str, Any] = {"__name__": "__main__", "display": lambda *a, **k: None}
    printed = []
    for cell in cells(path):
        text = re.sub(r"(?m)^[%!].*$", "pass", cell.replace(IMPORT, import_line))
        out = io.StringIO()
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, f"<{path.stem}, cell {len(printed) + 1}>", "exec"), space)
        printed.append(re.sub(r"0x[0-9a-f]+", "0x", out.getvalue()))
    return printed


def last_digits(text: str) -> str:
    """Numbers rounded to three digits: sums in another order differ in the last ones."""
    return re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda m: f"{float(m[0]):.3g}", text)


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_runs_on_torch(path: Path) -> None:
    ours, theirs = run(path, IMPORT), run(path, "import torch")
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        assert last_digits(a) == last_digits(b), f"cell {i} prints something else on torch"
