"""Every number in the prose of lesson 13 is what its code gives."""

import math

import numpy as np
import pytest

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "13_an_engine_for_arrays_2"


def ran(*words):
    """The names that the solved lesson has after the plain cells with these words in them."""
    scope = dict(lessons.solved(NAME))
    for cell in lessons.notebook(NAME).cells:
        if cell.cell_type == "code" and any(word in cell.source for word in words):
            exec(cell.source.partition("fig, axes")[0], scope)
    return scope


def maximum_of(row, g):
    a = lessons.solved(NAME)["Tensor"]([row], True)
    out = a.max(axis=1)
    out.backward(np.array([g]))
    return [*row, *out.data, g, *a.grad[0]]


def test_an_engine_for_arrays(capsys):
    say = Claims(NAME)
    names = lessons.solved(NAME)
    Tensor = names["Tensor"]
    say("About 40 minutes to read and 60 minutes to write", *minutes(NAME))
    a = Tensor([5.0, 6.0, 7.0], requires_grad=True)
    a[[0, 0, 1]].sum().backward()
    assert a.grad.tolist() == [2, 1, 0]
    say('- `"b"`: `[2, 1, 0]`, since number 0 was picked twice', *a.grad, 0)
    say('- `"a"`: `[1, 1, 0]`, since numbers 0 and 1 were picked, and number 2 was not',
        1, 1, 0, 0, 1, 2)  # fmt: skip
    a, b = Tensor(np.ones((2, 3)), True), Tensor(np.ones((3, 4)), True)
    out = a @ b
    out.backward()
    say("Their product has shape (2, 4), and so has its gradient `g`.", *out.data.shape)
    say("What comes back to `a` must have the shape of `a`, which is (2, 3).", *a.grad.shape)
    say("`b` is (3, 4), its transpose `b.T` is (4, 3).", *b.data.shape, *b.data.T.shape)
    assert r"\underset{(2,\,4)}{g} \;\cdot\; \underset{(4,\,3)}{b^T} \;=\; \underset{(2,\,3)}" in (
        say.text
    )
    say("| 1, 5, 2 | 5 | 6 | 0, 6, 0 |", *maximum_of([1, 5, 2], 6))
    say("| 4, 3, 4 | 4 | 6 | 3, 0, 3 |", *maximum_of([4, 3, 4], 6))
    say(r"| 7, 7, 7 | 7 | 6 | $\square$, $\square$, $\square$ |", *maximum_of([7, 7, 7], 6)[:5])
    a = Tensor([[1.0, 2.0]], requires_grad=True)
    (a @ Tensor([[3.0], [4.0]])).backward()
    say("(a @ Tensor([[3.0], [4.0]])).backward() leaves [[3.0, 4.0]] in a.grad.", 3, 4, *a.grad[0])
    loss = names["cross_entropy"](Tensor([[0.0, 0.0]]), [1])
    say("cross_entropy(Tensor([[0.0, 0.0]]), [1]) has data 0.6931, the logarithm of 2.", 0, 0, 1,
        loss.data, 2)  # fmt: skip
    assert math.isclose(loss.data, math.log(2))
    with pytest.raises(OverflowError):
        math.exp(1000)

    run = ran("= digits()", "history = []")
    pixels, test = run["pixels"], run["test"]
    assert pixels.shape == (1797, 64) and "1,797 digits, written by hand, 8 by 8 pixels" in say.text
    say("360 of them are put aside", len(test))
    say("It has 64 inputs, one for each pixel, then 32 neurons with relu, then 10 scores",
        pixels.shape[1], *run["w2"].data.shape)  # fmt: skip
    say("the loss falls steeply from 2.57, then slowly to below 0.1.", run["history"][0], 0.1)
    assert 0.05 < run["history"][-1] < 0.1
    assert "falls from 2.6 to below 0.1" in say.text
    share = run["share_right"](test)
    assert share > 0.95 and f"unseen right {share:.1%}" in capsys.readouterr().out
    say("More than 95% of the digits", 95)
    cells = lessons.notebook(NAME).cells
    own = [c.source for c in cells if c.cell_type == "code" and "def __" in c.source]
    assert 190 <= sum(len(source.splitlines()) for source in own) <= 240
    say("by about 200 lines of code", 200)
    # indices, exponents, the pictures' shapes; lessons 12, 09, 15; the data's counts; slopes 0, 1
    say.nothing_else_but("0 1 2 3 4 8 10 12 09 15 40 60 1000 -1000 1,797 -1 797 4.0")


def test_numbers_in_the_advice_of_lesson_thirteen():
    Tensor = lessons.solved(NAME)["Tensor"]
    advice = lessons.key_text(NAME)

    def gradient(expression, a):
        leaf = Tensor(a, True)
        eval(expression, {"a": leaf}).backward()
        return leaf.grad.tolist()

    one = [5.0, 6.0]
    for fragment, value in (
        ("a[[0, 0]].sum().backward(). a.grad[0] should be 2", gradient("a[[0, 0]].sum()", one)),
        ("a[0].backward(). a.grad should be [1., 0.]", gradient("a[0]", one)),
        ("a = Tensor(0.0, True); a.exp().backward(). a.grad should be 1", gradient("a.exp()", 0.0)),
        ("a.relu().backward(). a.grad should be 0", gradient("a.relu()", 0.0)),
        ("a.max().backward(). a.grad should be [0.5, 0.5]", gradient("a.max()", [4.0, 4.0])),
    ):  # fmt: skip
        assert fragment in advice, fragment
        assert np.allclose(eval(fragment.rpartition("should be ")[2]), np.ravel(value)[:2][
            : np.size(eval(fragment.rpartition("should be ")[2]))])  # fmt: skip
    scores = Tensor([[0.0, 0.0]], True)
    loss = lessons.solved(NAME)["cross_entropy"](scores, [1])
    loss.backward()
    assert "should have data 0.6931, and leave [[0.5, -0.5]] in the gradient" in advice
    assert scores.grad.tolist() == [[0.5, -0.5]] and f"{loss.data:.4f}" == "0.6931"
