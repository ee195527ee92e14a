"""Every number in the prose of the capstone "The clinic" is what its code gives."""

import math
from functools import cache
from itertools import pairwise

import autograd_lib as torch

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "24_capstone_clinic"


@cache
def shown():
    """What the lesson's own cells leave: the four curves, and the five patients."""
    scope = dict(lessons.solved(NAME)) | {"display": lambda *given, **options: None}
    for cell in lessons.notebook(NAME).cells:
        parts = ("def slope_of", "def patient_")
        if cell.cell_type == "code" and any(part in cell.source for part in parts):
            exec(cell.source, scope)
    return scope


def test_the_clinic():
    say = Claims(NAME)
    say("About 20 minutes to read and 90 minutes to work", *minutes(NAME))
    say("Each has written down its loss for 60 epochs.", 60)
    p, grad, rows = 2.0, 0.0, []
    for _ in range(3):
        grad += 4
        p -= 0.1 * grad
        rows += [grad, p]
    say("| 1 | 4 | 1.6 | | 2 | 8 | 0.8 | | 3 | 12 | -0.4 |",
        1, *rows[:2], 2, *rows[2:4], 3, *rows[4:])  # fmt: skip
    say("question 4. The slope is 4 in each step.", 4, 4)
    assert len(shown()["y"]) == 40
    say("One epoch over the same 40 rows", 40)
    say("A column of shape `(11, 1)` minus a row of shape `(11,)`", 11, 1, 11)
    assert (torch.zeros(11, 1) - torch.zeros(11)).numel() == lessons.solved(NAME)["recall_shape"]()
    # lessons, questions, patients, the steps of an example; a logit of 5; a plausible loss; ln 2
    say.nothing_else_but("05 06 07 16 0 1 2 3 4 5 6 23")


def test_the_curves_are_what_is_said_of_them():
    flat, swinging, healthy, growing = shown()["CURVES"].values()
    assert len({len(c) for c in shown()["CURVES"].values()}) == 1 and len(flat) == 60
    assert len(set(flat)) == 1
    turns = [
        n for n in range(1, 59)
        if (swinging[n] - swinging[n - 1]) * (swinging[n + 1] - swinging[n]) < 0
    ]  # fmt: skip
    assert len(turns) >= 3
    assert all(a >= b for a, b in pairwise(healthy))
    assert all(a < b for a, b in pairwise(growing) if b < 200)
    assert lessons.solved(NAME)["predict_curve"]() == "b"


def test_the_patients_show_what_they_complain_of(capsys):
    shown.cache_clear()
    scope = shown()
    said = capsys.readouterr().out
    losses = scope["losses"]
    assert max(losses[30:]) > 1.2 * min(losses[30:])
    assert "two epochs: element 0 of tensors does not require grad" in said
    assert "how far the first layer has moved in the warm-up: 0.0" in said
    assert "moved: False" in said
    one, four = (line for line in said.splitlines() if line.startswith(("[40]", "[10")))
    assert one.split("]", 1)[1] != four.split("]", 1)[1]


def test_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    assert "it is ln 2, about 0.693" in advice and round(math.log(2), 3) == 0.693
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(10.0), torch.tensor(1.0)
    )
    assert "it should be nearly 0" in advice and loss.item() < 1e-4
    assert "about 2.3." in advice and round(math.log(10), 1) == 2.3
