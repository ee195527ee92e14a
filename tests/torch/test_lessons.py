"""The solved lessons on real torch: the import line alone is changed, and the same is printed."""

import contextlib
import importlib
import io
import json
import re
import sys
import warnings
from pathlib import Path

import pytest
import torch

import autograd_lib
import course.broken
from autograd_lib import show

SOLUTIONS = Path(__file__).parents[2] / "solutions"
LESSONS = sorted(path.stem for path in SOLUTIONS.glob("*/*.ipynb"))
ENGINE, TORCH = "import autograd_lib as torch", "import torch"


def cells(name):
    """The code cells of a solved lesson, but for those that only speak with the course's checks."""
    notebook = json.loads((SOLUTIONS / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        role = cell["metadata"].get("autograd_course", {}).get("role")
        if cell["cell_type"] == "code" and role not in ("opening", "check"):
            yield "".join(cell["source"])


def printed(sources):
    """Run cells in one namespace, without pictures, and return what each of them printed."""
    names = {"__name__": "lesson", "display": lambda *things, **options: None}
    said = []
    for source in sources:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, "<cell>", "exec"), names)
        said.append(out.getvalue())
    return said


@pytest.fixture(autouse=True)
def without_a_screen(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")


def built_on(module):
    """Let the broken engines of lesson 14 be made of `module`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "autograd_lib", module)
        importlib.reload(course.broken)


def rounded(text):
    """Whatever is rounded away in another order: digits behind the third; and where modules are."""
    text = re.sub(r"\S+[/\\](torch|autograd_lib)$", "here", text, flags=re.M)
    return re.sub(r"-?\d+\.\d+(e[-+]\d+)?", lambda number: f"{float(number[0]):.3g}", text)


def test_a_graph_of_torchs_is_drawn_as_ours():
    drawn = []
    for library in (autograd_lib, torch):
        w = library.tensor([1.0, 2.0], requires_grad=True)
        net = library.nn.Linear(2, 1)
        library.nn.init.ones_(net.weight), library.nn.init.zeros_(net.bias)
        left, right = (w * w).split(1)
        loss = (net((left + w).exp().reshape(1, 2)) * right).mean()
        drawn.append((show.draw(loss, gradients=True).text, show.draw(w).text))
    assert drawn[0] == drawn[1] and "net.weight: leaf, 1×2" in drawn[0][0]


@pytest.mark.parametrize("name", LESSONS)
def test_a_solved_lesson_says_the_same_on_torch(name):
    sources = list(cells(name))
    if not any(ENGINE in source for source in sources):
        pytest.skip("this lesson does without the engine")
    built_on(torch)
    try:
        on_torch = printed(source.replace(ENGINE, TORCH) for source in sources)
    finally:
        built_on(autograd_lib)
    for ours, theirs, source in zip(printed(sources), on_torch, sources, strict=True):
        assert rounded(ours) == rounded(theirs), source
