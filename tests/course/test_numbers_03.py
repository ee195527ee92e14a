"""Every number in the prose of lesson 03 is what its code gives."""

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "03_tensors_that_remember"


def ones():
    return torch.ones(2, 2, requires_grad=True)


def test_tensors_that_remember():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 25 minutes to read and 30 minutes to write", *minutes(NAME))

    x = ones()
    y = x + 2
    z = y * y * 3
    out = z.mean()
    out.backward()
    (value,) = set(z.flatten().tolist())
    say(r"is $3 \cdot (1 + 2)^2 = 27$, so their mean is 27 too", 3, 1, 2, 2, value, out.item())
    (slope,) = set(x.grad.flatten().tolist())
    say("There are the slopes, 4.5 for each number", slope)
    say("the mean of 3 * (x + 2)**2 it is 4.5 everywhere", 3, 2, 2, slope)
    assert names["predict_slope"]() == slope

    x = ones()
    z = (x + 3) ** 2
    z.mean().backward()
    (value,), (slope,) = set(z.flatten().tolist()), set(x.grad.flatten().tolist())
    say("So `z` is 16 everywhere, and the slope is 2", value, slope)
    assert slope == 1 / 4 * 2 * 4

    made = names["make_parameter"](torch.tensor([1, 2]), 3).tolist()
    assert made == [3, 6] and "tensor([3., 6.], requires_grad=True)" in say.text
    assert names["recall_two_ways"]() == 3 + 1
    # lessons 02 and 04; rows and indices 0 to 12; one quarter; AddBackward0's; mean 0, spread 1
    given = "01 02 04 0 1 2 3 4 5 6 7 8 9 10 11 12 0.1 1.0"
    say.nothing_else_but(given)


def test_the_kinds_in_the_table_are_what_the_engine_says():
    classify = lessons.solved(NAME)["classify"]
    x, c, k = ones(), torch.ones(2, 2), torch.tensor([1, 2, 3])
    rows = [
        x, c, c + 5, x + 5,
        torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True) * 0.1,
        x.double(), x[0],
        k * 2, (c * 2).requires_grad_(), x * 0, x > 0,
    ]  # fmt: skip
    letters = "".join(classify(t)[0] for t in rows)
    names = ("predict_rows_1_to_4", "predict_rows_5_to_8", "predict_rows_9_to_12")
    assert letters == "".join(lessons.solved(NAME)[name]() for name in names)


def test_the_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    assert "a quarter. Times 3, times 2 * 3 for the square, times 1: 4.5" in advice
    assert 1 / 4 * 3 * (2 * 3) * 1 == 4.5
