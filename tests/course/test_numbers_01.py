"""Every number in the prose of lesson 01 is what its code gives."""

import math

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "01_slopes_you_can_measure"


def error(h, kind=float):
    """How far off the measured slope of exp at 1 is."""
    names = lessons.solved(NAME)
    f, x = (math.exp, 1.0) if kind is float else (torch.exp, torch.tensor(1.0))
    return abs(float(names["central_difference"](f, x, h)) - math.e)


def test_slopes_you_can_measure():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    square = names["square"]
    say("About 20 minutes to read and 30 minutes to write", *minutes(NAME))
    say("At $x = 3$ its value is 9", 3, square(3))
    grown = square(3.01) - square(3)
    say("a little, from 3 to 3.01", 3, 3.01)
    say('- `"a"`: by 0.0001 - `"b"`: by 0.01 - `"c"`: by 0.06 - `"d"`: by 0.09', 0.0001, 0.01,
        grown, 0.09)  # fmt: skip
    say("at 3 to its point at 4 is steeper than the curve is at 3: its slope is 7", 3, 4, 3,
        square(4) - square(3))  # fmt: skip
    say("A line from the point at 2 to the point at 4 has the slope 6, and runs parallel to the "
        "curve at 3.", 2, 4, (square(4) - square(2)) / 2, 3)  # fmt: skip
    say("central_difference(square, 3.0, 1.0) is 6.0", 3, 1,
        names["central_difference"](square, 3.0, 1.0))  # fmt: skip
    say("Take `square`, 3.0 and 1.0,", 3, 1)
    assert math.isclose((3 + 7) ** 2 - (3 - 7) ** 2, 4 * 3 * 7)
    say("the slope is $e = 2.71828", math.e)

    # Where the errors turn.
    sizes = {n: error(10.0**-n) for n in range(16)}
    assert min(sizes, key=sizes.get) == 5
    say("Down to a step of about 0.00001 the error shrinks", 10**-5)
    assert all(sizes[n] > sizes[n + 1] for n in range(5)) and sizes[15] > 0.01
    rough = {n: error(10.0**-n, torch.Tensor) for n in range(8)}
    assert min(rough, key=rough.get) == 2
    say("In float64 the error is smallest at a step of about 0.00001.", 10**-5)
    say("In float32 it is smallest at about 0.01,", 0.01)
    say("A step of 0.000001 does well in float64", 10**-6)
    assert sizes[6] < 1e-8 and 0.01 < rough[6] < 0.9
    say("about 16 digits of each number", -math.log10(2**-53))
    say("about 7, unless one asks for more", -math.log10(2**-24))
    say("the 16 digits *float64*", -math.log10(2**-53))
    assert names["best_step"](math.exp, 1.0, math.e, [1.0, 1e-5, 1e-15]) == 1e-5
    say('Return `"a"` for 0.01, `"b"` for 0.000001, `"c"` for 0.0000000001', 0.01, 1e-6, 1e-10)

    cost, x = (lambda x: x[0] * x[0] + 3 * x[1]), torch.tensor([2.0, 5.0])
    slopes = names["numeric_gradient"](cost, x, 0.1).tolist()
    say("is 4, up to rounding. Along `x[1]` it is 3, at every place", slopes[0], 1, slopes[1])
    say("here `[4, 3]`", *slopes)
    say(["numeric_gradient(cost, x, 0.1)", "tensor([4., 3.])"][0], 0.1)
    say(r"$f(x) = 5x - 7$. You measure its slope at $x = 100$ with the very long step $h = 10$",
        7, 100, 10)  # fmt: skip
    line = names["central_difference"](lambda x: 5 * x - 7, 100, 10)
    assert line == names["recall_line"]() == 5
    calls = []
    names["numeric_gradient"](lambda x: calls.append(1) or x.sum(), torch.zeros(1000), 0.1)
    assert len(calls) == names["recall_price"]()
    say("the gradient along 1000 numbers", 1000)
    # lesson 00; indices, powers; the places 3 and f(3.0); steps and errors that hints choose
    say.nothing_else_but("00 0 1 2 3 3.0 -15 10 0.1 -0.5 0.001")


def test_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    assert "square(3.01) is 9.0601" in advice and round(3.01**2, 4) == 9.0601
    assert "3.01 squared is more than 9.0001" in advice
    assert "square(4.0) is 16, square(2.0) is 4" in advice
    assert "every step finds it: 100 over 20" in advice and 5 * 110 - 5 * 90 == 100
