"""Every number in the prose of lesson 16 is what its code gives."""

import math
from functools import cache

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "16_a_network_that_reads_digits"


@cache
def runs():
    """The lesson's two training runs and its look into the drawer, cell by cell as they stand."""
    scope = dict(lessons.solved(NAME))
    for cell in lessons.notebook(NAME).cells:
        parts = ("def first_loss", "RUNS = {", "best = max(", "torch.optim.Adam(")
        if cell.cell_type == "code" and any(part in cell.source for part in parts):
            exec(cell.source, scope)
    return scope


def test_a_network_that_reads_digits():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 35 minutes to read and 55 minutes to write", *minutes(NAME))
    ln10 = -math.log(1 / 10)
    say('- `"a"`: 0 - `"b"`: about 0.1 - `"c"`: about 2.3 - `"d"`: 10', 0, 1 / 10, ln10, 10)
    say("near $\\ln 10 \\approx 2.3$, and there", 10, ln10)

    # The piles.
    pixels, labels = names["pixels"], names["labels"]
    say("1797 digits, written by hand, 8 pixels wide and 8 pixels high. A picture is a row of 64 "
        "numbers: 0 is paper, 1 is ink. A label is a whole number from 0 to 9.",
        len(labels), 8, 8, pixels.shape[1], pixels.min().item(), pixels.max().item(),
        labels.min().item(), labels.max().item())  # fmt: skip
    piles = [names[name] for name in ("training", "validation", "drawer")]
    assert sorted(torch.cat([k for _, k in piles]).tolist()) == sorted(labels.tolist())
    assert sorted(names["order"].tolist()) == list(range(1797))
    for fragment, (x, _) in zip(("| training | 1000 |", "| validation | 300 |", "| test | 497 |"),
                                piles, strict=True):  # fmt: skip
        say(fragment, len(x))
    network = names["Network"]([64, 32, 10])
    say("A network with 2410 parameters", sum(p.numel() for p in network.parameters()))
    say("`Network([64, 32, 10])` has 64 inputs, 32 numbers in the middle and 10 scores",
        64, 32, 10, 64, 32, 10)  # fmt: skip

    # The start.
    first_loss = runs()["first_loss"]
    zero, middle, one = (first_loss(spread) for spread in (0.0, 0.2, 1.0))
    assert abs(zero[0] - ln10) < 1e-6 and zero[1] == 0
    assert 2 < middle[0] < 2.8 and middle[1] > 0.001
    say("- With a spread of 1 the loss is more than ten times as large.", 1)
    assert one[0] > 10 * ln10

    # The worked example of the loss.
    scores = torch.tensor([[1.0, 3.0, 2.0]])
    exponentials = (scores - 3).exp().flatten().tolist()
    total = sum(exponentials)
    say("A worked example with three scores, 1, 3 and 2, and the label 1", 1, 3, 2, 1)
    say("| the largest score | 3 |", scores.max().item())
    say("| scores minus the largest | -2, 0, -1 |", *(scores - 3).flatten().tolist())
    say("| the sum of their exponentials | 0.135 + 1 + 0.368 = 1.503 |", *exponentials, total)
    say("| its logarithm | 0.408 |", math.log(total))
    loss = names["cross_entropy"](scores, torch.tensor([1]))
    say("| minus the right score, which is 0 now | 0.408 |", 0, loss.item())
    say("for scores [[1., 3., 2.]] and labels [1] it is 0.4076", 1, 3, 2, 1, loss.item())
    say("But the exponential of 1000 is too large for a float. The exponential of -1000 is just 0.",
        1000, -1000, torch.tensor(-1000.0).exp().item())  # fmt: skip
    assert torch.tensor(1000.0).exp().item() == math.inf
    half = names["accuracy"](torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 0.0]]), torch.tensor([1, 2]))
    say("for scores [[1., 3., 2.], [5., 0., 0.]] and labels [1, 2] it is 0.5",
        1, 3, 2, 5, 0, 0, 1, 2, half)  # fmt: skip

    # The worked example of momentum.
    def places(steps):
        slopes = [[torch.tensor(2.0)]] * steps
        (p,) = names["walk"](names["SGD"], [torch.tensor(1.0)], slopes, 0.1, 0.5)
        return p.item()

    say("with $p = 1$, rate 0.1, momentum 0.5, and a slope that is always 2", 1, 0.1, 0.5, 2)
    say("| start | 0 | 1 |", 0, places(0))
    say("| 1 | 0.5 · 0 + 2 = 2 | 1 - 0.1 · 2 = 0.8 |", 1, 0.5, 0, 2, 2, 1, 0.1, 2, places(1))
    say("| 2 | 0.5 · 2 + 2 = 3 | 0.8 - 0.1 · 3 = 0.5 |",
        2, 0.5, 2, 2, 3, places(1), 0.1, 3, places(2))  # fmt: skip

    say("Predict: a parameter has the slope 250. How far does Adam move it in the first step, with "
        "a rate of 0.01?", 250, 0.01)  # fmt: skip
    p = torch.tensor(1.0, requires_grad=True)
    (250 * p).backward()
    torch.optim.Adam([p], lr=0.01).step()
    assert abs(1 - p.item() - names["predict_adam"]()) < 1e-5
    say("The slope of a parameter is 3 in every step. The rate is 0.1,", 3, 0.1)
    assert abs(0.1 * (3 + 6 + 9) - names["recall_never_zeroed"]()) < 1e-9
    z = torch.tensor(0.0, requires_grad=True)
    ((z.exp() + 1).log() - z).backward()
    assert z.grad.item() == names["recall_two_classes"]()
    # lessons; labels, steps and formulas; 93 percent, see below; 64 and 2 in the rule; 20 digits
    say.nothing_else_but("0 1 2 05 06 07 09 10 11 13 20 64 2.3 32 10 100 1000 0.5 3 9 93")


def test_the_training_runs_do_what_the_lesson_says(capsys):
    scope = runs()
    plain, faster = scope["curves"].values()
    for losses, accuracies in (plain, faster):
        assert 2 < losses[0] < 2.7 and accuracies[0] < 0.2 and accuracies[-1] > 0.9
    assert all(faster[0][n] < plain[0][n] for n in range(20, 120))
    assert faster[0][10] > plain[0][10] and abs(faster[1][-1] - plain[1][-1]) < 0.03
    right = scope["accuracy"](scope["scores"], scope["drawer"][1])
    assert "More than 93% should be right" in lessons.text(NAME) and right > 0.93
    assert scope["right"] > 0.93


def test_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    assert "about 2.303" in advice and round(math.log(10), 3) == 2.303
    assert "It should be about 0.18." in advice and round(math.sqrt(2 / 64), 2) == 0.18
