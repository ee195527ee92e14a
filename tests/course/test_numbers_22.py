"""Every number in the prose of the capstone on forward mode is what its code gives."""

import math

import pytest

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "22_capstone_forward_mode"


def test_forward_mode():
    say, own = Claims(NAME), lessons.solved(NAME)
    Dual = own["Dual"]
    say("About 25 minutes to read and 60 minutes to write", *minutes(NAME))
    x = Dual(2.0, 1.0)
    out = x * (x + 5)
    say("| $x$ itself | 2 | 1 | | a constant | 5 | 0 | | $x + 5$ | 7 | 1 |", x.value, x.slope, 5, 0,
        5, (x + 5).value, (x + 5).slope)  # fmt: skip
    say(r"| $x \cdot (x + 5)$ | 14 | $1 \cdot 7 + 2 \cdot 1 = 9$ |", 5, out.value, 1, 7, 2, 1,
        out.slope)  # fmt: skip
    say("x = Dual(2.0, 1.0); out = x * (x + 5) has out.value == 14.0 and out.slope == 9.0",
        2, 1, 5, out.value, out.slope)  # fmt: skip
    product = Dual(2.0, 3.0) * Dual(5.0, 7.0)
    say("$p$ has the value 2 and the slope 3, $q$ has the value 5 and the slope 7", 2, 3, 5, 7)
    assert product.slope == own["predict_product"]()
    say("for f = lambda x: x * x * x and x = 2.0 the result is 12", 2,
        own["derivative"](lambda x: x * x * x, 2.0))  # fmt: skip

    root = 2.0
    for _ in range(5):
        step = Dual(root, 1.0) * Dual(root, 1.0) - 2
        root -= step.value / step.slope
    say("the square root of 2", 2)
    assert f"{root:.10f}" == f"{math.sqrt(2):.10f}"
    assert "After five steps all ten digits" in say.text

    found = own["jacobian_times"](lambda x: [x[0] * x[1], x[0]], [2.0, 3.0], [1.0, 10.0])
    say("for f = lambda x: [x[0] * x[1], x[0]], xs = [2.0, 3.0], vs = [1.0, 10.0]: [23, 1]",
        0, 1, 0, 2, 3, 1, 10, *found)  # fmt: skip
    found = own["gradient_forward"](lambda x: x[0] * x[0] * x[1], [3.0, 5.0])
    say("for f = lambda x: x[0] * x[0] * x[1] and xs = [3.0, 5.0] the result is [30, 9]",
        0, 0, 1, 3, 5, *found)  # fmt: skip
    say("for f = lambda x: x * x * x and x = 3.0 the result is 18", 3,
        own["second_by_nesting"](lambda x: x * x * x, 3.0))  # fmt: skip
    assert (x + x).slope == 2
    # milestones, lesson numbers, seeds, formulas, the list's numbers, a question's data
    say.nothing_else_but("-1 0 0.0 1 1.0 2 3 4 5 10 11 100")


def test_forward_and_reverse_agree():
    own = lessons.solved(NAME)

    def example(x):
        return x[0] * x[0] * x[1] + (x[0] * x[1]).sin() / x[1].exp()

    xs = [3.0, 5.0]
    leaf = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    example(leaf).backward()
    assert own["gradient_forward"](example, xs) == pytest.approx(leaf.grad.tolist())


def test_numbers_in_the_advice_of_forward_mode():
    advice, own = lessons.key_text(NAME), lessons.solved(NAME)
    Dual = own["Dual"]
    p, q = Dual(2.0, 3.0), Dual(5.0, 7.0)
    assert "p * q should have the value 10 and the slope 29" in advice
    assert ((p * q).value, (p * q).slope) == (10, 29)
    assert "p * q should have the slope 29, not 41" in advice and 3 * 2 + 5 * 7 == 41
    assert "3 times 5 and 2 times 7, which is 15 and 14" in advice
    x = Dual(2.0, 1.0)
    assert "take x * x * x at 2.0. The result should be 12, not 8." in advice
    assert ((x * x * x).slope, (x * x * x).value) == (12, 8)
    assert "p * p should have the slope 4, not 1" in advice and (x * x).slope == 4
    assert "p ** 3 should have the slope 12, not 24" in advice and (x**3).slope == 12
    assert 3 * 2**3 == 24 and 2**2 == 4
    assert "p.exp() should have the slope 5, not 1" in advice
    assert Dual(0.0, 5.0).exp().slope == 5
    assert "not 2.718" in advice and math.e == pytest.approx(2.718, abs=5e-4)
    nested = (lambda x: x * x * x)(Dual(Dual(3.0, 1.0), Dual(1.0, 0.0)))
    four = [nested.value.value, nested.value.slope, nested.slope.value, nested.slope.slope]
    assert "Four numbers are in it: 27, 27, 27 and 18" in advice and four == [27, 27, 27, 18]
    both = (lambda x: x * x)(Dual(Dual(5.0, 1.0), Dual(1.0, 1.0)))
    assert "The result should be 2, not 12" in advice and both.slope.slope == 12
