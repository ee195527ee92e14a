"""Every number in the prose of lesson 08 is what its code gives."""

import math

import pytest

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "08_why_scaling_matters"


def test_why_scaling_matters():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    t_u, t_un, t_c, train = (names[name] for name in ("t_u", "t_un", "t_c", "train"))
    rate, condition = names["largest_stable_rate"], names["condition_number"]
    say("About 20 minutes to read and 30 minutes to write", *minutes(NAME))

    # One parameter.
    say(r"$\text{loss} = 2 x^2$", 2, 2)
    say("at $x = 1$ and take one step against the slope, with a rate of 0.6", 1, 0.6)
    assert 1 - 0.6 * 4 < -1 < 1 - 0.4 * 4 < 0 < 1 - 0.1 * 4 < 1 and 1 - 0.5 * 4 == -1
    say(r"\text{rate} < \frac{2}{4} = 0.5", 2, 4, 2 / 4)
    say("The rate 0.1 goes down slowly, on one side. The rate 0.4 jumps", 0.1, 0.4)
    say("At 0.5 it jumps for ever, and at 0.6 it flies off", 0.5, 0.6)
    assert names["recall_rate"]() == 2 / 8

    # The bottom.
    w, b = names["closed_form"](t_un, t_c)
    loss = ((w * t_un + b - t_c) ** 2).mean().item()
    say("For `t_un` the bottom is at 5.3677 and -17.3048, with a loss of 2.9276", w, b, loss)
    example = names["closed_form"](torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 3.0, 5.0]))
    assert [round(float(n), 5) for n in example] == [2, 1]

    # Both units.
    say("| condition number | 33599 | 357 |", condition(t_u), condition(t_un))
    say("| largest stable rate | 0.00034 | 0.033 |", rate(t_u), rate(t_un))
    assert 28 < 0.01 / rate(t_u) < 32 and "thirty times too large" in say.text
    assert math.isnan(train(t_u, t_c, 0.01, 200)[0][-1])
    _, place = train(t_u, t_c, 0.0001, 5000)
    loss_there = ((place[0] * t_u + place[1] - t_c) ** 2).mean().item()
    say("after 5000 epochs the parameters are 0.2577 and -1.4631, and the loss is still 24.9",
        5000, *place, loss_there)  # fmt: skip
    say("So a rate of 0.01 is thirty", 0.01)
    say("A rate of 0.0001 is safe", 0.0001)
    for values, expected in (([-1.0, 1.0], (1, 1)), ([-2.0, 2.0], (4, 0.25))):
        t = torch.tensor(values)
        assert (condition(t), rate(t)) == pytest.approx(expected)

    # Ten epochs on scaled readings.
    scaled = (t_u - t_u.mean()) / ((t_u - t_u.mean()) ** 2).mean().sqrt()
    assert condition(scaled) == pytest.approx(1, abs=1e-3)
    assert train(scaled, t_c, 0.4, 10)[0][-1] == pytest.approx(loss, rel=1e-4)
    # lesson 05 and its 5000 epochs; 4x; factors; 40 epochs of a picture; hints; q[0] = 7.0
    say.nothing_else_but("05 0 1 -1 2 -2 3 4 5 7.0 8 40 0.01 5000")


def test_the_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    assert "The slope is 4, the step 2.4, and 1 - 2.4 is -1.4." in advice
    assert round(1 - 0.6 * 4, 6) == -1.4 and round(1 - 4 * 0.4, 6) == -0.6
