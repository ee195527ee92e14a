"""Every number in the prose of lesson 14 is what its code gives."""

import math

import autograd_lib as torch
from course import broken

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "14_trust_but_check"


def error(h, dtype):
    """How far off the measured slope of exp at 1 is, as the lesson's picture has it."""
    right, left = (torch.exp(torch.tensor(1.0 + s * h, dtype=dtype)).item() for s in (1, -1))
    return abs((right - left) / (2 * h) - math.e)


def test_trust_but_check(capsys):
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 30 minutes to read and 50 minutes to write", *minutes(NAME))
    steps = [10.0**-k for k in range(1, 14)]
    best = {d: min(steps, key=lambda h, d=d: error(h, d)) for d in (torch.float32, torch.float64)}
    assert best[torch.float32] in (1e-2, 1e-3) and best[torch.float64] in (1e-5, 1e-6)
    assert 0.005 < error(1e-6, torch.float32) < 1 and error(1e-6, torch.float64) < 1e-8
    say("In float32 the best step is near 0.01", 0.01)
    say("for 5000, a step of 0.005.", 5000, 1e-6 * 5000)
    text = "gradcheck(lambda x: (x * x).sum(), torch.tensor([1.0, -2.0])) is True"
    assert text in say.text
    assert names["gradcheck"](lambda x: (x * x).sum(), torch.tensor([1.0, -2.0])) is True
    matrices = torch.rand(2, 3), torch.rand(3, 4)
    assert names["random_projection_check"](torch.matmul, *matrices) is True
    a, b, v = 3, 4, 2
    for (u, w), row in (
        ((1, 0), "| 3 | 4 | 1 | 0 | 2 | 2 · 4 = 8 | 8 · 1 + 6 · 0 = 8 |"),
        ((1, -1), r"| 3 | 4 | 1 | -1 | 2 | 2 · (4 - 3) = 2 | $\square$ · 1 + $\square$ · (-1)"),
    ):
        measured = v * (u * b + w * a)
        assert measured == v * b * u + v * a * w
        shown = (a, b, u, w, v)
        if w == 0:
            say(row, *shown, v, b, measured, v * b, u, v * a, w, measured)
        else:
            say(row, *shown, v, b, 3, measured, u, w)
    x = torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64)
    assert names["find_kinks"](lambda x: x.relu().sum(), x) == [1]

    scope = dict(names)
    for cell in lessons.notebook(NAME).cells:
        if cell.cell_type == "code" and "def careless_inputs" in cell.source:
            exec(cell.source, scope)
    printed = capsys.readouterr().out
    assert "Only two of the six are caught." in say.text
    assert sum(line.endswith("[]") for line in printed.splitlines()) == 4
    assert len(broken.ENGINES) == 6 and len(broken.RIGHT) == 10
    for letter, engine in broken.ENGINES.items():
        (name,) = [n for n, operation in engine.items() if operation is not broken.RIGHT[n]]
        assert names["find_the_bug"](engine) == name, letter
    assert names["recall_cube"]() == round((0.1**3 + 0.1**3) / 0.2, 10)
    assert names["recall_mean"]() == 10 / 5
    # exponents, places, slopes of relu, lessons 01, 09, 10, 12, 13; the questions' data; tolerances
    say.nothing_else_but("0 1 2 3 4 5 6 7 01 09 10 12 13 0.1 0.001 -1 0.0 -0.0 1.0 -2.0")


def test_numbers_in_the_advice_of_lesson_fourteen():
    advice = lessons.key_text(NAME)
    slope = (1e8 + 1e-6) ** 3 - (1e8 - 1e-6) ** 3
    assert "(1e8 + 1e-6)**3 - (1e8 - 1e-6)**3. It should be close to 6e10" in advice
    assert math.isclose(slope, 6e10, rel_tol=0.01)
    assert "measure x * x at 3 with h = 0.5. You should get 6" in advice
    assert (3.5**2 - 2.5**2) / 1 == 6


def test_every_bug_is_one_and_every_right_operation_is_right():
    check = lessons.solved(NAME)["find_the_bug"]
    assert check(broken.RIGHT) is None
    for bug, (name, _) in broken.BUGS.items():
        assert check(broken.with_bug(bug)) == name, bug
