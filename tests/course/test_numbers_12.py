"""Every number in the prose of lesson 12 is what its code gives."""

import numpy as np
import pytest

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "12_an_engine_for_arrays_1"


def ran(*words):
    """The names that the solved lesson has after the plain cells with these words in them."""
    scope = dict(lessons.solved(NAME))
    for cell in lessons.notebook(NAME).cells:
        if cell.cell_type == "code" and any(word in cell.source for word in words):
            exec(cell.source, scope)
    return scope


def test_an_engine_for_arrays(capsys):
    say = Claims(NAME)
    names = lessons.solved(NAME)
    Tensor, shape_of = names["Tensor"], names["broadcast_shape"]
    say("About 40 minutes to read and 60 minutes to write", *minutes(NAME))
    say('an array of shape `(3, 4)` - `"c"`', *shape_of((3, 1), (4,)))
    say("until both have the shape `(3, 4)`", *shape_of((3, 1), (4,)))
    say("Example: broadcast_shape((3, 1), (4,)) is (3, 4).", 3, 1, 4, *shape_of((3, 1), (4,)))
    say("| first | 3 , 1 | first | 5 , 2 , 3 | first | 2 , 3 |", 3, 1, 5, 2, 3, 2, 3)
    say("| second | 4 | second | 2 , 1 | second | 2 |", 4, 2, 1, 2)
    say("| result | **3 , 4** | result | **5 , 2 , 3** | result | does not fit: 3 and 2 |",
        *shape_of((3, 1), (4,)), *shape_of((5, 2, 3), (2, 1)), 3, 2)  # fmt: skip
    with pytest.raises(ValueError):
        shape_of((2, 3), (2,))
    say("<code>(1,) * 2 + (5, 3)</code> is <code>(1, 1, 5, 3)</code>", 1, 2, 5, 3,
        *((1,) * 2 + (5, 3)))  # fmt: skip

    arriving = np.array([[1.0, 2, 0, 1], [0, 3, 1, 1], [2, 0, 0, 5]])
    assert "arriving = np.array([[1.0, 2, 0, 1], [0, 3, 1, 1], [2, 0, 0, 5]])" in say.text
    back = names["unbroadcast"]
    say("add up each row: 4, 5 and 7, the gradient of u", *back(arriving, (3, 1)).ravel())
    say("add up each column: 3, 5, 1 and 7, the gradient of v", *back(arriving, (4,)))
    say("unbroadcast(np.ones((3, 4)), (3, 1)) is [[4.], [4.], [4.]].", 3, 4, 3, 1,
        *back(np.ones((3, 4)), (3, 1)).ravel())  # fmt: skip

    a = Tensor([[1.0, 2, 3], [4, 5, 6]], requires_grad=True)
    total = a.sum(axis=1)
    total.backward(np.array([10.0, 20.0]))
    say("| a, shape (2, 3) | a.sum(axis=1), shape (2,) | g, shape (2,) | rule's result, shape "
        "(2, 3) |", *a.data.shape, 1, *total.data.shape, 2, *a.grad.shape)  # fmt: skip
    say("| 1 2 3 | 6 | 10 | 10 10 10 |", *a.data[0], total.data[0], 10, *a.grad[0])
    assert total.data[1] == 15 and set(a.grad[1]) == {20}
    say(r"| 4 5 6 | $\square$ | 20 | $\square$ $\square$ $\square$ |", *a.data[1], 20)
    b = Tensor([[1.0, 2.0]], requires_grad=True)
    (b * b).sum().backward()
    say("a = Tensor([[1.0, 2.0]], requires_grad=True); (a * a).sum().backward() leaves "
        "[[2.0, 4.0]] in a.grad", 1, 2, *b.grad[0])  # fmt: skip

    run = ran("def loss_of", "t_c = np.array")
    say("they agree: -0.5180, 0.7460 and -3.6781", *run["tracked"].grad.ravel())
    assert np.allclose(run["tracked"].grad, run["measured_gradient"](run["tracked"].data,
        np.array([0.8, -1.2, 2.5, 3.0])))  # fmt: skip
    printed = capsys.readouterr().out
    assert "first gradients: -77.6140" in printed and "epoch 5000: loss 2.9276" in printed
    say("The first gradients are -77.614 and -10.64, and after 5000 epochs the loss is 2.9276",
        -77.614, -10.64, 5000, run["loss"].data)  # fmt: skip
    assert run["w"].data == pytest.approx(5.3671, abs=1e-4)
    assert run["b"].data == pytest.approx(-17.3012, abs=1e-4)
    # shapes, sizes and counts that examples choose; lessons 01, 05, 09, 11; the questions' data
    say.nothing_else_but("0 1 2 3 4 5 7 8 10 01 05 11 -1")


def test_numbers_in_the_advice_of_lesson_twelve():
    Tensor = lessons.solved(NAME)["Tensor"]
    advice = lessons.key_text(NAME)

    def gradient(expression, along="a", **numbers):
        leaves = {name: Tensor(number, True) for name, number in numbers.items()}
        eval(expression, leaves | {"np": np}).backward()
        return leaves[along].grad

    for fragment, value in (
        ("(a + a).backward(). a.grad should be [2., 2.]", gradient("a + a", a=[1.0, 2.0])),
        ("(a + np.ones(3)).backward(). a.grad should be [3.]", gradient("a + np.ones(3)", a=[1.0])),
        ("(a - b).backward(). b.grad should be -1", gradient("a - b", "b", a=5.0, b=2.0)),
        ("for a = b = 1, b.grad should be -1", gradient("a / b", "b", a=1.0, b=1.0)),
        ("the gradient of a / b along b should be -0.25", gradient("a / b", "b", a=1.0, b=2.0)),
        ("(a ** 3).backward(). a.grad should be 12", gradient("a ** 3", a=2.0)),
        ("on 5 numbers: each gradient should be 0.2", gradient("a.mean()", a=np.ones(5))[:1]),
    ):
        assert fragment in advice, fragment
        shown = fragment.rpartition("should be ")[2]
        assert np.allclose(eval(shown), value), fragment
