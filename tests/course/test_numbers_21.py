"""Every number in the prose of the capstone on a new operation is what its code gives."""

import math

import pytest

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "21_capstone_new_operation"


def leaf(number):
    return torch.tensor(float(number), requires_grad=True)


def test_a_new_operation():
    say, own = Claims(NAME), lessons.solved(NAME)
    say("About 25 minutes to read and 80 minutes to write", *minutes(NAME))
    largest = torch.finfo(torch.float32).max
    say(r"$3.4 \cdot 10^{38}$", largest / 1e38, 10, 38)
    a, b = torch.tensor(3e30), torch.tensor(4e30)
    assert torch.sqrt(a * a + b * b).item() == math.inf
    r = own["stable_length"](a, b).item()
    say(r"On paper the result is $5 \cdot 10^{30}$", r / 1e30, 10, 30)
    assert r == pytest.approx(5e30)
    p, q = -3 / 4, 4 / 4
    say("for $a = -3$ and $b = 4$:", -3, 4)
    say(r"| 4 | -0.75 | $\square$ | $\square$ | 1.25 | $\square$ |", 4, p, math.hypot(p, q))
    say("Both numbers in brackets are at most 1.", max(abs(p), abs(q)))
    zero = torch.tensor(0.0)
    say("The length of two zeros is 0.", own["stable_length"](zero, zero))
    slopes = [s.item() for s in own["length_slopes"](torch.tensor(-3.0), torch.tensor(4.0))]
    say("for a = -3 and b = 4 the slopes are -0.6 and 0.8", -3, 4, *slopes)
    say("At two zeros both slopes are 0.", own["length_slopes"](zero, zero)[0])
    a, b = leaf(-3), leaf(4)
    length = own["arrow_length"](a, b)
    length.backward()
    say("for a = -3 and b = 4 it is 5, and backward() leaves -0.6 and 0.8", -3, 4, length.item(),
        a.grad, b.grad)  # fmt: skip
    pairs = own["telling_inputs"]()
    assert len(pairs) <= 12 and all(own["caught"](way, pairs) for way in own["BROKEN"])
    at_ones = [own["caught"](way, [(1.0, 1.0)]) for way in own["BROKEN"]]
    assert "With $a = b = 1$ most bugs pass." in say.text and sum(at_ones) < len(at_ones) / 2
    few = [(1.0, 1.0), ([3.0, 5.0], [4.0, 12.0])]
    assert not all(own["caught"](way, few) for way in own["BROKEN"])
    say("[(1.0, 1.0), ([3.0, 5.0], [4.0, 12.0])] has two pairs", 1, 1, 3, 5, 4, 12)

    checked = own["gradient_is_right"]
    a = torch.tensor([[3.0], [-5.0]], dtype=torch.float64)
    b = torch.tensor([4.0, -12.0, 0.5], dtype=torch.float64)

    def no_upstream(a, b, r, grad):
        return a / r, b / r

    assert checked(own["arrow_length"], a, b)
    assert not checked(own["with_backward"](no_upstream), a, b)

    x = leaf(0)
    torch.relu(x).backward()
    assert own["recall_kink"]() == x.grad == 0
    a, b = torch.ones(2, 1, requires_grad=True), torch.ones(3)
    (a * b).sum().backward()
    assert own["recall_shape"]() == str(tuple(a.grad.shape)).replace(" ", "")
    say("`a` has shape (2, 1), `b` has shape (3,)", 2, 1, 3)
    # milestones, lessons, powers and halves in formulas, tolerances, the list's own numbers
    say.nothing_else_but("0 1 2 3 4 5 6 01 12 14 15 1e-15")


def test_numbers_in_the_advice_of_the_new_operation():
    advice, own = lessons.key_text(NAME), lessons.solved(NAME)
    three, four = torch.tensor(3.0), torch.tensor(4.0)
    assert "take a = 3, b = 4. The result should be 5, not 1.25" in advice
    assert own["stable_length"](three, four) == 5 and 5 / 4 == 1.25
    assert "take a = 3, b = 4. The result should be 5, not 7" in advice
    assert three + four == 7
    assert "The slopes should be 0.6 and 0.8, not 6 and 8" in advice
    assert [round(s.item(), 6) for s in own["length_slopes"](three, four)] == [0.6, 0.8]
    assert [2 * three, 2 * four] == [6, 8]
    assert "The slopes should be 0.6 and 0.8, not both 0.1" in advice
    assert 1 / (2 * math.hypot(3, 4)) == pytest.approx(0.1)
    a, b = leaf(-3), leaf(4)
    (own["arrow_length"](a, b) * 10).backward()
    assert "(arrow_length(a, b) * 10).backward() should leave -6 and 8" in advice
    assert [a.grad.item(), b.grad.item()] == pytest.approx([-6, 8])
    assert "Float64 ends at about 1.8e308" in advice
    assert round(torch.finfo(torch.float64).max / 1e308, 1) == 1.8
    assert "a * a would be 9e60" in advice
