"""Every number in the prose of the capstone "A learned rate" is what its code gives."""

from functools import cache

import numpy as np

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, largest_rate, minutes, readings

NAME = "23_capstone_learned_rate"


def square(p):
    return p * p


@cache
def thermometer():
    """The lesson's runs on the thermometer, as they stand in its cell."""
    scope = dict(lessons.solved(NAME))
    (source,) = [
        c.source for c in lessons.notebook(NAME).cells if "def thermometer_loss" in c.source
    ]
    exec(source, scope)
    return scope


def test_a_learned_rate(capsys):
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 20 minutes to read and 70 minutes to work, in four milestones", *minutes(NAME))

    # One step, two steps.
    one = torch.tensor(1.0)
    loss, slope = names["rate_slope"](square, one, 0.1, 1)
    p1, p2 = (names["unroll"](square, one, torch.tensor(0.1), n).item() for n in (1, 2))
    say("| the slope of the loss at the start, $s = 2 p_0$ | 2 |", 2, 2)
    say("$p_1 = p_0 - r s$ | 0.8 | along $r$: $-s = -2$ |", p1, -2)
    say("| the loss at the end, $L = p_1^2$ | 0.64 | along $p_1$: $2 p_1 = 1.6$ |",
        2, loss, 2, 2 * p1)  # fmt: skip
    say(r"along the rate is $1.6 \cdot (-2) = -3.2$", 2 * p1, -2, slope)
    say("| $p_2 = p_1 - r s_1$ | 0.64 |", p2)
    whole = names["rate_slope"](square, one, 0.1, 2)[1]
    say("the slope along $r$ is $-8 (1 - 2r)^3$, which is -4.096", -8, 1, 3, whole)
    assert abs(whole - -8 * (1 - 0.2) ** 3) < 1e-5
    fixed = 2 * p2 * (-2 - 2 * p1)
    say(r"gets $2 p_2 \cdot (-s_0 - s_1) = -4.608$", 2, fixed)
    say("start 1, rate 0.1 and 2 steps it is 0.64", 1, 0.1, 2, p2)
    say("start 1, rate 0.1 and 1 step it is (0.64, -3.2)", 1, 0.1, 1, loss, slope)
    short = names["short_slope"](square, one, 0.1, 2, 1)
    say("start 1, rate 0.1, steps 2 and last 1 it is -2.048", 1, 0.1, 2, 1, short)
    say("After one step $p$ is 0.8. From there, one step leads to $0.8 (1 - 2r)$, and the loss is "
        "$0.64 (1 - 2r)^2$. Its slope at 0.1 is 0.64 times -3.2.",
        p1, p1, 1, p1**2, 1, 2, 0.1, p1**2, slope)  # fmt: skip
    assert abs(p1**2 * slope - short) < 1e-5
    say("The same number, 27.", 3 * 3**2)

    # The thermometer.
    t_u, _, t_c = readings()
    say("rates above 0.00034 exploded", largest_rate(t_u))
    w, b = np.polyfit(np.asarray(t_u.tolist()), np.asarray(t_c.tolist()), 1)
    best = float(((w * t_u + b - t_c) ** 2).mean())
    say("The best loss that a straight line can have is 2.93.", best)
    losses = thermometer()["losses"]
    assert losses[-1] < 1.01 * best and losses[-1] < losses[0] / 8
    printed = capsys.readouterr().out
    assert "2.94" in printed and printed.count("29.") == 3
    say("the loss after twenty steps falls from 23.8, slowly at first, then steeply, and comes "
        "close to a dashed line at 2.93", losses[0], best)  # fmt: skip
    assert losses[0] - losses[5] < losses[10] - losses[15]

    r = torch.tensor(1 / 4)
    q = names["unroll"](lambda q: 4 * q * q, one, r, 5).item()
    assert abs(abs(q) - 1) < 1e-6 and names["recall_stable"]() == r
    # lessons; formulas; the predicted rate 0.1; readings divided by 10; lengths of runs
    say.nothing_else_but("0 1 2 3 4 5 05 10 15 200 0.1 -0.5 8")


def test_the_curves_of_the_picture():
    def end(rate, steps):
        p, q = (1 - 2 * rate) ** steps, (1 - 8 * rate) ** steps
        return p * p + 4 * q * q

    rates = [0.002 * n for n in range(251)]
    curves = {steps: [end(r, steps) for r in rates] for steps in (1, 3, 10)}
    for curve in curves.values():
        assert curve[0] > curve[20] and curve[-1] > 6
    assert min(curves[1]) > min(curves[3]) > min(curves[10])


def test_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    assert "At 0.1 the loss after the step is 0.64, at 0.2 it is 0.36" in advice
    assert abs((1 - 2 * 0.2) ** 2 - 0.36) < 1e-9
    names = lessons.solved(NAME)
    rates, _ = names["learn_rates"](square, torch.tensor(1.0), torch.tensor(0.1), 1, 1, 1.0)
    assert f"the rate becomes {rates.item():.4f}" in advice
    assert "the slope along u is -0.32" in advice and abs(0.1 * -3.2 + 0.32) < 1e-9
    p = [names["unroll"](square, torch.tensor(1.0), torch.tensor(0.1), n).item() for n in (1, 2, 3)]
    assert "p is {:.3g}, {:.3g} and {:.3g}".format(*p) in advice
    loss, slope = names["rate_slope"](square, torch.tensor(1.0), 0.1, 2)
    assert f"for two ({loss:.4f}, {slope:.3f})" in advice
