"""Every number in the prose of lesson 04 is what its code gives."""

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "04_reading_the_graph"


def test_reading_the_graph():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 25 minutes to read and 40 minutes to write", *minutes(NAME))

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    between = names["intermediate_gradient"](x, lambda x: 3 * x, lambda h: (h * h).sum())
    assert between.tolist() == [6, 12] and x.grad.tolist() == [18, 36]
    assert "it is tensor([6., 12.]), and x.grad is tensor([18., 36.])" in say.text
    assert names["walk"](x * 2 + 1) == ["AccumulateGrad", "AddBackward0", "MulBackward0"]
    assert names["to_text"](x * 2) == "MulBackward0\n  AccumulateGrad"
    w, b = (torch.tensor(n, requires_grad=True) for n in (1.0, 0.0))
    lines = names["to_text"](w * torch.ones(3) + b).split()
    assert " ".join(lines) in say.text

    # The loss of three readings: the gradient at the square is a third each.
    squares = torch.ones(3, requires_grad=True)
    squares.mean().backward()
    say("at `loss` the gradient is 1, at pow a third for each reading.", 1)
    assert torch.allclose(squares.grad, torch.full((3,), 1 / 3))
    say("is 6, along the other it is 7", 6, 7)
    assert names["recall_two_paths"]() == 6 + 7
    # lessons 03, 05 and 09, the three hints, the numbers of a question
    say.nothing_else_but("03 05 09 1 2 3 1.0 2.0")


def test_the_network_is_the_one_that_all_sources_have():
    torch.manual_seed(0)
    w, b = torch.randn(5, 3, requires_grad=True), torch.randn(3, requires_grad=True)
    z = torch.matmul(torch.ones(5), w) + b
    assert [round(n, 4) for n in z.tolist()] == [1.3755, -0.6023, -4.8127]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.zeros(3))
    assert round(loss.item(), 4) == 0.6819
