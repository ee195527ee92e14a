"""Every number in the prose of lesson 15 is what its code gives."""

import pytest

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "15_beyond_first_order"
grad = torch.autograd.grad


def leaf(*values):
    return torch.tensor(values[0] if len(values) == 1 else list(values), requires_grad=True)


def cube(x):
    return x * x * x


def valley(x):
    return x[0] ** 2 + 100 * x[1] ** 2


@pytest.fixture(scope="module")
def printed():
    """What the lesson's cells print, run from the top, without checks and pictures."""
    import contextlib
    import io

    out, names = io.StringIO(), {"display": lambda *things, **options: None}
    with contextlib.redirect_stdout(out):
        for cell in lessons.notebook(NAME).cells:
            role = cell.metadata.get("autograd_course", {}).get("role")
            if cell.cell_type == "code" and role not in ("opening", "check"):
                exec(cell.source, names)
    return out.getvalue(), names


def test_beyond_first_order(printed):
    say, own = Claims(NAME), lessons.solved(NAME)
    text, names = printed
    second = own["second_derivative"]
    say("About 30 minutes to read and 50 minutes to write", *minutes(NAME))
    x = leaf(3.0)
    first_at_3 = grad(cube(x), x)[0]
    say("$3 x^2$, which is 27 at 3", 3, 2, first_at_3, 3)
    say("$6 x$, which is 18 at 3", 6, second(cube, leaf(3.0)), 3)
    say('- `"a"`: yes, `second` is 18', second(cube, leaf(3.0)))
    say("All three were computed at 81 places at once", len(names["t"]))
    say("| slope of the slope | $6 x$ | 12 |", 6, second(cube, leaf(2.0)))
    x = leaf(2.0)
    assert grad(cube(x), x)[0] == second(cube, leaf(2.0))
    say("At 2, two lines of the table hold the same number.", 2)
    say("for f = x * x * x and x = 2 the result is 12", 2, second(cube, leaf(2.0)))

    def f(x):
        return x[0] ** 2 * x[1]

    x, v = leaf(1.0, 2.0), torch.tensor([10.0, 0.0])
    a, b = own["hessian_vector_product"](f, x, v).tolist()
    say("for f = x[0]**2 * x[1], x = [1, 2] and v = [10, 0] the result is [40, 20]",
        0, 2, 1, 1, 2, 10, 0, a, b)  # fmt: skip
    h = own["hessian"](f, x)
    say("for f = x[0]**2 * x[1] and x = [1, 2] the result is [[4, 2], [2, 0]]",
        0, 2, 1, 1, 2, *h.flatten().tolist())  # fmt: skip

    def bowl(x):
        return x[0] ** 2 + 5 * x[1] ** 2

    say("for f = x[0]**2 + 5 * x[1]**2 the result is [0, 0] from everywhere", 0, 2, 5, 1, 2,
        *own["newton_step"](bowl, leaf(1.7, -2.5)).tolist())  # fmt: skip
    say("$x_0^2 + 100 \\, x_1^2$", 2, 100, 2)
    assert "one step of Newton:            0.00" in text
    assert float(text.split("100 steps of gradient descent:")[1].split()[0]) > 1

    x = leaf(1.0, -3.0)
    (5 * names["Square"].apply(x)).sum().backward()
    assert x.grad.tolist() == [10.0, -30.0]
    say("Here `grad` is 5, for each number.", 5)
    at_zero = leaf(0.0)
    out = own["my_exp"](at_zero)
    out.backward()
    say("my_exp(x) at x = 0 is 1, and so is its slope", 0, out.item())
    assert at_zero.grad == 1

    x = leaf(0.3, 1.8)
    torch.round(x).sum().backward()
    say("Its slope is 0 wherever it has one.", x.grad[0])
    x.grad = None
    out = own["round_straight_through"](x)
    (out * 5).sum().backward()
    say("for x = [0.3, 1.8] the result is [0, 2]. After (result * 5).sum().backward(), x.grad is "
        "[5, 5]", 0.3, 1.8, *out.tolist(), 5, *x.grad.tolist())  # fmt: skip
    say("If the correction counts as a constant, the slope of the sum is 1.", x.grad[0] / 5)

    say("Let us try it on 64 sines, one after the other, in pieces of 8.", 64, 8)
    assert "plain:   64 tensors saved" in text and "pieces:  8 tensors saved" in text
    slopes = [line.split()[1] for line in text.splitlines() if line.startswith("slope    ")]
    assert len(slopes) == 2 and slopes[0] == slopes[1]
    say("each piece saves its 8 values again", 8)
    most = dict(zip(names["counts"], names["most"], strict=True))
    say("is 8 + 8 = 16 tensors in place of 64", 8, 64 // 8, most[8], 64)
    assert min(most.values()) == most[8]
    say("One piece holds 65 tensors, eight pieces hold 16, sixty-four pieces hold 65 again.",
        most[1], most[8], most[64])  # fmt: skip
    say("how often is each of the 64 sines computed", 64)
    assert lessons.key(NAME)["predict_sines"].answers == (times_computed(names["Checkpoint"]),)

    # lesson numbers, the list's numbers, parts of formulas, the inputs of questions
    say.nothing_else_but("-1 0 1 2 3 5 6 06 10 4")
    loss = (leaf(1.0, 2.0) ** 2).sum()
    loss.backward()
    with pytest.raises(RuntimeError):
        loss.backward()
    x = leaf(3.0)
    (x.detach() * x).backward()
    assert x.grad == own["recall_detach"]()


def times_computed(Checkpoint):
    calls = []

    def piece(x):
        calls.append(x)
        return torch.sin(x)

    x = leaf(1.0)
    Checkpoint.apply(piece, x).backward()
    return len(calls)


def test_numbers_in_the_advice_of_lesson_fifteen():
    advice = lessons.key_text(NAME)
    own = lessons.solved(NAME)

    def f(x):
        return x[0] ** 2 * x[1]

    x = leaf(1.0, 2.0)
    product = own["hessian_vector_product"](f, x, torch.tensor([1.0, 0.0]))
    assert "For v = [1, 0] the result should be [4, 2]." in advice
    assert product.tolist() == [4, 2]
    both = [grad(cube(y := leaf(3.0)), y)[0], own["second_derivative"](cube, leaf(3.0))]
    assert "at 3. The first derivative is 27, the second 18." in advice
    assert both == [27, 18]
    five = [grad(y * y, y)[0] ** 2 for y in [leaf(5.0)]]
    assert "x * x at 5. The result should be 2, not 100" in advice
    assert five == [100] and own["second_derivative"](lambda x: x * x, leaf(5.0)) == 2

    def bowl(x):
        return (x * x).sum()

    y = leaf(3.0, 4.0)
    assert "at [3, 4]. The gradient is [6, 8], H is 2 on its diagonal" in advice
    assert grad(bowl(y), y)[0].tolist() == [6, 8]
    assert own["hessian"](bowl, y).tolist() == [[2, 0], [0, 2]]
    assert "The result should be [0, 0], not [6, 8]." in advice
    assert (2 * y - own["newton_step"](bowl, y)).tolist() == [6, 8]
    assert "The slope of exp there is 2.718, not 1." in advice
    assert torch.exp(torch.tensor(1.0)).item() == pytest.approx(2.718, abs=5e-4)

    def tilted(x):
        return x[0] ** 2 + x[0] * x[1] + x[1] ** 2

    assert "x[0]**2 + x[0] * x[1] + x[1]**2. One step should end at [0, 0]" in advice
    end = own["newton_step"](tilted, y)
    assert torch.allclose(end, torch.zeros(2), atol=1e-6)
