"""Programs about graph, hooks, functions and modes print the same on torch and on the engine."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import autograd_lib as ours

FILES = sorted(Path(__file__).parent.glob("behaviours*.txt"))
PROGRAMS = [
    program
    for file in FILES
    for program in file.read_text(encoding="utf-8").split("\n", 2)[2].split("------\n")
]


@contextlib.contextmanager
def under_the_name_torch(module: Any) -> Any:
    """Let `import torch` find `module`, with its submodules."""
    if module is torch:
        yield
        return
    kept = {k: m for k, m in sys.modules.items() if k.split(".")[0] == "torch"}
    for name in kept:
        del sys.modules[name]
    sys.modules["torch"] = module
    own = f"{module.__name__}."
    for name, part in [(k, m) for k, m in sys.modules.items() if k.startswith(own)]:
        sys.modules[f"torch.{name.removeprefix(own)}"] = part
    try:
        yield
    finally:
        for name in [k for k in sys.modules if k.split(".")[0] == "torch"]:
            del sys.modules[name]
        sys.modules.update(kept)


def output(program: str, module: Any) -> str:
    """What the program prints, the error that ends it included."""
    module.manual_seed(0)
    module.set_grad_enabled(True)
    leaf = module.tensor([1.0, 2.0, 3.0], dtype=module.float64, requires_grad=True)
    printed = io.StringIO()
    with under_the_name_torch(module), contextlib.redirect_stdout(printed), \
            warnings.catch_warnings():  # fmt: skip
        warnings.simplefilter("ignore")
        try:
            exec(compile(program, "<program>", "exec"), {"torch": module, "x": leaf})
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return re.sub(r"0x[0-9a-f]+", "0x", printed.getvalue())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.strip().splitlines()[0][:60])
def test_prints_the_same(program: str) -> None:
    assert output(program, ours) == output(program, torch)
