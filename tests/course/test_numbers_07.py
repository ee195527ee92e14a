"""Every number in the prose of lesson 07 is what its code gives."""

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "07_turning_it_off"


def gradient(f, at):
    x = torch.tensor(at, requires_grad=True)
    f(x).backward()
    return x.grad.item()


def test_turning_it_off():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 25 minutes to read and 35 minutes to write", *minutes(NAME))
    say("a parameter with the value 2", 2)
    say("(For `x * x` it would be 4.)", gradient(lambda x: x * x, 2.0))
    assert names["predict_detached"]() == gradient(lambda x: x.detach() * x, 2.0) == 2
    say("The loss was computed at 3, where the slope is 6", 3, gradient(lambda x: x * x, 3.0))

    p = torch.tensor([5.0], requires_grad=True)
    p.grad = torch.tensor([2.0])
    names["sgd_step"]([p], 0.1)
    assert abs(p.item() - 4.8) < 1e-6 and "sgd_step([p], 0.1) makes p 4.8." in say.text
    q = torch.tensor([5.0], requires_grad=True)
    for _ in range(2):
        (2 * q).sum().backward()
    say("In the second round the gradient was 4, not 2", q.grad.item(), 2)
    assert names["recall_three_times"]() == 3 * 2
    # lessons 05 and 06; two lines below the square; three hints; the slope 2 of a question
    say.nothing_else_but("05 06 1 2 3")


def test_data_hides_a_change_and_the_engine_notices_the_others():
    p = torch.tensor([3.0], requires_grad=True)
    loss = (p * p).sum()
    p.data -= 1.0
    loss.backward()
    assert p.grad.item() not in (6.0, 0.0)
