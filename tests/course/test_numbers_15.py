"""Every number in the prose of lesson 15 is what its code gives."""

import math

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "15_beyond_first_order"


def worked(x):
    return x[0] ** 2 * x[1]


def test_beyond_first_order():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 30 minutes to read and 45 minutes to write", *minutes(NAME))
    found = names["derivatives"](lambda x: x**3, 2.0, 4)
    say("derivatives(lambda x: x**3, 2.0, 4) is [12.0, 12.0, 6.0, 0.0]", 3, 2, 4, *found)
    assert names["predict_second"]() == found[1]
    x = torch.tensor([3.0, 5.0])
    g = torch.autograd.functional.vjp(worked, x)[1]
    say(r"| gradient $g$ | $(2 x_0 x_1,\; x_0^2) = (30, 9)$ |", 2, 2, *g.tolist())
    v = torch.tensor([1.0, 2.0])
    say(r"| $g \cdot v$ | $2 x_0 x_1 + 2 x_0^2 = 48$ |", 2, 2, 2, (g * v).sum().item())
    product = names["hessian_vector_product"](worked, x, v).tolist()
    say(r"| its gradient | $(2 x_1 + 4 x_0,\; 2 x_0) = (22, 6)$ |", 2, 4, 2, *product)
    say("at x = [3., 5.] and v = [1., 2.] it is [22., 6.].", 3, 5, 1, 2, *product)
    matrix = names["hessian"](worked, x)
    say("at x = [3., 5.] it is [[10., 6.], [6., 0.]].", 3, 5, *matrix.reshape(-1).tolist())
    bottom = names["newton_step"](lambda x: (x[0] - 1) ** 2 + 3 * x[1] ** 2, x)
    say("f = (x[0] - 1)**2 + 3 * x[1]**2, from any x, the result is [1., 0.]", 0, 1, 2, 3, 1, 2,
        1, 0)  # fmt: skip
    assert bottom.tolist() == [1, 0]
    half = names["softplus"](torch.tensor([0.0]))
    say("softplus(torch.tensor([0.0])) is tensor([0.6931])", 0, half.item())
    rounded = names["straight_through_round"](torch.tensor([1.2, 2.7]))
    say("for x = [1.2, 2.7] the result is [1., 3.], and its sum leaves [1., 1.]", 1.2, 2.7,
        *rounded.tolist(), 1, 1)  # fmt: skip

    scope = dict(names)
    (cell,) = [c for c in lessons.notebook(NAME).cells if "class Again" in c.source]
    exec(cell.source, scope)
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    nodes, seen = [scope["long_part"](x).grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is not None and node not in seen:
            seen.add(node)
            nodes += [following for following, _ in node.next_functions]
    operations = [node for node in seen if "Accumulate" not in node.name()]
    say("the values of 40 operations waited for backward", len(operations))
    assert names["recall_axis"]() == "(2,)"
    # exponents, entries of vectors, lessons 09, 10, 12, 14; 200 and -200 in a docstring
    say.nothing_else_but("0 1 2 3 4 5 6 -1 09 10 12 14 200 -200")


def test_numbers_in_the_advice_of_lesson_fifteen():
    advice = lessons.key_text(NAME)
    softplus = lessons.solved(NAME)["softplus"]
    assert "softplus at 0. is 0.6931, and its slope there is 0.5" in advice
    assert math.isclose(softplus(torch.tensor(0.0)).item(), 0.6931, abs_tol=5e-5)
    assert "softplus at 2. should be 2.1269" in advice
    assert math.isclose(softplus(torch.tensor(2.0)).item(), 2.1269, abs_tol=5e-5)
    assert "print (g * v).sum() for the example: 48" in advice
    x = torch.tensor([3.0, 2.0], requires_grad=True)
    ((x[0] - 1) ** 2 + 3 * x[1] ** 2).backward()
    assert "at [3., 2.]: g is [4., 12.], and H has 2 and 6" in advice
    assert x.grad.tolist() == [4, 12]
    start = lessons.solved(NAME)["newton_step"](lambda x: (x[0] - 1) ** 2 + 3 * x[1] ** 2, x)
    assert "at [3., 2.] the step is [2., 2.]" in advice
    assert (x.detach() - start).tolist() == [2, 2]
