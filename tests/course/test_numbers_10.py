"""Every number in the prose of lesson 10 is what its code gives."""

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "10_many_outputs"


def test_many_outputs():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    f, x = names["three_outputs"], torch.tensor([2.0, 5.0])
    say("About 20 minutes to read and 30 minutes to write", *minutes(NAME))

    (a, b), (c, d), (e, g) = names["jacobian"](f, x).tolist()
    say("| `x[0] * x[1]` | 5 | 2 |", 0, 1, a, b)
    say("| `x[0] + x[1] * x[1]` | 1 | 10 |", 0, 1, 1, c, d)
    say("| `3 * x[0]` | 3 | 0 |", 3, 0, e, g)
    say(r"$$v_0 \cdot 5 + v_1 \cdot 1 + v_2 \cdot 3$$", a, c, e)
    say("The numbers are $5 + 10 + 300$ and $2 + 100 + 0$",
        a, 10 * c, 100 * e, b, 10 * d, 100 * g)  # fmt: skip
    weighted = names["vjp"](f, x, torch.tensor([1.0, 10.0, 100.0])).tolist()
    say("beside the three rows of J stand the weights 1, 10 and 100", 1, 10, 100)
    say("column by column, to one row: 315 and 102", *weighted)
    say(r"\Rightarrow\; (1, 10) \qquad", c, d)
    say(r"\Rightarrow\; (9, 12)", a + c + e, b + d + g)
    assert names["jacobian_times"](f, x, torch.tensor([1.0, 0.0])).tolist() == [a, c, e]
    y, grown = names["doubling"](torch.tensor([3.0, 4.0]), torch.tensor([1.0, 10.0]), 15.0)
    assert (y.tolist(), grown.tolist()) == ([12, 16], [4, 40])

    # The doubling loop.
    torch.manual_seed(0)
    draw, v = torch.randn(3), torch.tensor([0.1, 1.0, 0.0001])
    y, grown = names["doubling"](draw, v, 1000)
    factor = (grown / v).tolist()[1]
    say("With this `x` there were 9 doublings, $2^9 = 512$. So every slope is 512, and the "
        "gradient is $v$ times 512", 9, 2, 9, 2**9, factor, factor)  # fmt: skip
    assert torch.allclose(y, draw * factor) and factor == 512
    say("for a shorter `x`, it might be 1024", 2**10)

    # The table with a slanting line of ones.
    table = torch.eye(4, 5, requires_grad=True)
    ((table + 1) ** 2).t().backward(torch.ones(5, 4))
    assert set(table.grad.flatten().tolist()) == {2, 4}
    assert table.grad[0].tolist() == [4, 2, 2, 2, 2]
    say("Here are 20 inputs in a table", table.numel())
    say("and 20 outputs in a table", table.numel())
    say("4 where the ones are, else 2", 4, 2)
    say("A function has 100 inputs and 3 outputs", 100, 3)
    assert names["recall_passes"]() == 3 and names["recall_ones"]() == 2 * 3
    # lessons 02, 03, 06 and 07; indices and hints; the point (2, 5); weights of 1; questions
    say.nothing_else_but("02 03 06 07 0 1 2 3 5 1.0 2.0 3.0 0. 1.")


def test_another_draw_takes_ten_doublings():
    x = torch.tensor([1.0, 0.5, -0.7])
    _, g = lessons.solved(NAME)["doubling"](x, torch.ones(3), 1000)
    assert g.tolist() == [1024] * 3
