"""Every number that the prose of lessons 05, 06 and 09 gives is what their code gives.

A claim is a fragment of the lesson, word for word, with the numbers that stand in it, computed
here. What is left of the prose after all claims may hold no number but those listed as given: data,
counts, and the values that an example chooses.
"""

import re
import tomllib
from functools import cache

import numpy as np
import pytest

import autograd_lib as torch
from course import find

from . import lessons

THERMOMETER, ADDING, BACKWARD = (
    "05_the_thermometer",
    "06_gradients_add_up",
    "09_one_backward_by_hand",
)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w)")


def numbers_in(fragment):
    return NUMBER.findall(fragment)


def agree(shown, value, off=0.0):
    """Say whether a printed number is `value`, rounded; it may be `off` units of its last digit."""
    decimals = len(shown.partition(".")[2])
    return abs(float(shown) - float(value)) <= (0.51 + off) * 10**-decimals


class Claims:
    """Fragments of a lesson with their numbers, and what is left of its prose without them."""

    def __init__(self, name):
        self.text = lessons.text(name)
        self.left = lessons.prose(name)

    def __call__(self, fragment, *values, off=0.0):
        assert fragment in self.text, f"the lesson does not say: {fragment}"
        shown = numbers_in(fragment)
        assert len(shown) == len(values), f"{fragment!r} holds {shown}, compared with {values}"
        for one, value in zip(shown, values, strict=True):
            assert agree(one, value, off), f"{fragment!r}: {one} should be {value}"
        self.left = self.left.replace(fragment, "")

    def nothing_else_but(self, given):
        left = set(numbers_in(self.left)) - set(given.split())
        assert not left, f"numbers that no claim covers: {sorted(left)}"


def minutes(name):
    syllabus = tomllib.loads((find.PACKAGE / "syllabus.toml").read_text(encoding="utf-8"))
    (entry,) = [entry for entry in syllabus["lesson"] if entry["name"] == name]
    return entry["minutes"]


# The thermometer


def readings():
    names = lessons.solved(THERMOMETER)
    return names["t_u"], 0.1 * names["t_u"], names["t_c"]


def gradient_at_the_start(t):
    params = torch.tensor([1.0, 0.0], requires_grad=True)
    loss = ((params[0] * t + params[1] - readings()[2]) ** 2).mean()
    loss.backward()
    return loss.item(), params.grad.tolist()


@cache
def trained(scaled, rate, epochs, zeroing=True):
    """What the lesson's own loop comes to: its history, and the parameters after it."""
    names = lessons.solved(THERMOMETER)
    t = readings()[1 if scaled else 0]
    params = torch.tensor([1.0, 0.0], requires_grad=True)
    if zeroing:
        return names["training_loop"](epochs, rate, params, t, names["t_c"]), params.tolist()
    history = []
    for _ in range(epochs):
        loss = names["loss_fn"](names["model"](t, *params), names["t_c"])
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params -= rate * params.grad
    return history, params.tolist()


def largest_rate(t):
    """Two over the largest curvature of the loss: there steps begin to grow."""
    rows = np.stack([np.asarray(t.tolist()), np.ones(len(t))], axis=1)
    return 2 / np.linalg.eigvalsh(2 * rows.T @ rows / len(t))[-1]


def best_line(t):
    w, b = np.polyfit(np.asarray(t.tolist()), np.asarray(readings()[2].tolist()), 1)
    return w, b


def test_the_thermometer():
    say = Claims(THERMOMETER)
    t_u, t_un, t_c = readings()
    say("About 25 minutes to read and 40 minutes to write", *minutes(THERMOMETER))
    say("write down both readings on 11 days", len(t_u))
    assert len(t_c) == 11

    raw_loss, raw = gradient_at_the_start(t_u)
    loss, scaled = gradient_at_the_start(t_un)
    say("two slopes, 4517.2969 and 82.6,", *raw)
    say("the first of the pair is about 4517.3.", raw[0])
    say("negative: -77.614 and -10.64, with a loss of 80.364", *scaled, loss)
    say("it is the slope of b, -10.640", scaled[1])
    say("it is the slope of w, -77.614", scaled[0])
    say("1 at the loss, 1/11 behind the mean, 2e/11 behind the square", 1, 1, 11, 11)
    history, _ = trained(False, 0.01, 2)
    say("the loss has grown from 1764 to more than 5 million", raw_loss, 5)
    assert history[1] > 5e6
    say("The slope along $w$ is 55 times the slope along $b$", raw[0] / raw[1])
    history, params = trained(False, 0.0001, 5000)
    say("A smaller rate, such as 0.0001, does go down", 0.0001)
    say("after 5000 epochs the loss is still 24.9", 5000, history[-1])
    assert [round(p, 4) for p in params] == [0.2577, -1.4631]
    say(
        "Just under 0.033 for `t_un`, and just under 0.00034 for `t_u`",
        largest_rate(t_un),
        largest_rate(t_u),
    )
    for scale, limit in ((True, largest_rate(t_un)), (False, largest_rate(t_u))):
        below, above = trained(scale, 0.99 * limit, 40)[0], trained(scale, 1.01 * limit, 40)[0]
        assert below[-1] < below[1] and above[-1] > above[1]

    history, params = trained(True, 0.01, 5000)
    say("returns [80.36, 37.57, 30.87]", *history[:3])
    epochs = range(500, 5001, 500)
    table = re.search(r"\| epoch ([\d |]*)[ |-]*\| loss ([\d. |]*)", say.text)
    assert [int(n) for n in NUMBER.findall(table[1])] == list(epochs)
    say.left = say.left.replace(table[0], "")
    for epoch, shown in zip(epochs, NUMBER.findall(table[2]), strict=True):
        assert agree(shown, history[epoch - 1], off=1), epoch
    w, b = best_line(readings()[1])
    say("The parameters end at `[5.3671, -17.3012]`", *params, off=1)
    say("It gives 5.3677 and -17.3048", w, b)
    say("$b$ still misses 0.0036", params[1] - b)
    say("a tenth of that, 0.537", w / 10)
    say("would have 0.556 and -17.8", 5 / 9, -160 / 9)

    history, params = trained(True, 0.01, 5000, zeroing=False)
    say("the loss is 64.4 in the end", history[-1])
    assert lessons.solved(THERMOMETER)["recall_measured"]() == (3.5**2 - 2.5**2) / 1
    model = lessons.solved(THERMOMETER)["model"]
    hint = "reading, 5, with slope 3 and offset 10. Which two operations give the prediction, 25?"
    say(hint, 5, 3, 10, model(torch.tensor(5.0), 3.0, 10.0).item())
    # w = 1, b = 0; shapes; reshape(-1); squares; lessons; epochs; x = 3 with steps of 0.5
    say.nothing_else_but("0 1 -1 2 3 4 02 03 06 08 500 5000 0.5 3.5 2.5")


# Gradients add up


def seed_zero():
    torch.manual_seed(0)
    x, y = torch.ones(5), torch.zeros(3)
    w, b = torch.randn(5, 3, requires_grad=True), torch.randn(3, requires_grad=True)
    return x, y, w, b


def test_gradients_add_up():
    say = Claims(ADDING)
    x, y, w, b = seed_zero()
    lessons.solved(ADDING)["one_loss"](x, y, w, b).backward()
    say("About 15 minutes to read and 30 minutes to write", *minutes(ADDING))
    say("The first is 0.2661 high", b.grad[0].item())
    # lesson 05; a batch of 11; 3 rows taken as 2 and 1; indices; x[2:5]; 6 * first; * 0.1
    say.nothing_else_but("05 11 1 2 3 4 6 0.1 5 0")


# One backward, by hand


def naive(z):
    """The loss for target 0 from the probability, in single precision, with its slope."""
    z = torch.tensor(float(z), requires_grad=True)
    loss = -torch.log(1 - 1 / (1 + torch.exp(-z)))
    loss.backward()
    return loss.item(), z.grad.item()


def test_one_backward_by_hand():
    say = Claims(BACKWARD)
    names = lessons.solved(BACKWARD)
    x, y, w, b = seed_zero()
    grad_w, grad_b = (g.detach() for g in names["manual_gradients"](x, y, w, b))
    say("About 25 minutes to read and 40 minutes to write", *minutes(BACKWARD))
    say("the second is tensor([0.2661, 0.1179, 0.0027])", *grad_b.tolist())
    assert say.text.count("[0.2661, 0.1179, 0.0027]") == 2  # by hand, and by autograd
    assert grad_w.tolist() == [grad_b.tolist()] * 5
    z = torch.matmul(x, w) + b
    np.testing.assert_allclose(z.tolist(), [1.3755, -0.6023, -4.8127], atol=6e-5)
    assert agree("0.6819", names["bce_with_logits"](z, y).item())

    half, other = names["sigmoid"](torch.tensor([0.0, 2.0])).tolist()
    say("is tensor([0.5000, 0.8808])", half, other)
    small = names["bce_with_logits"](torch.tensor([0.0, 200.0]), torch.tensor([1.0, 1.0])).item()
    say("is tensor(0.3466)", small)

    assert naive(16)[0] < 16 and naive(17) == (np.inf, np.inf) and np.isnan(naive(200)[1])
    assert 16.5 < next(z for z in np.arange(15, 18, 0.01) if naive(z)[0] == np.inf) < 17
    assert names["sigmoid"](torch.tensor(200.0)).item() == 1
    logit = torch.tensor([200.0], requires_grad=True)
    loss = names["bce_with_logits"](logit, torch.tensor([0.0]))
    loss.backward()
    say("it is 200, and its gradient is p - y = 1.", loss.item(), logit.grad.item())

    outer = torch.outer(torch.tensor([2.0, -1.0]), torch.tensor([0.5, 0.1, -0.2])).tolist()
    say("| $i = 0$ | 1.0 |", 0, outer[0][0])
    say(r"| $i = 1$ | $\square$ | -0.1 |", 1, outer[1][1])
    # targets, indices, n = 3, two inputs with g; the slopes 2, 5 and 4 of the first question
    say.nothing_else_but("0 1 2 3 4 5 06 17 200 -200 -1 0.5 0.1 -0.2")


def test_numbers_in_the_advice_of_lesson_nine():
    names = lessons.solved(BACKWARD)
    advice = lessons.key_text(BACKWARD)

    def loss(z, y):
        return names["bce_with_logits"](torch.tensor([z]), torch.tensor([y])).item()

    for fragment, value in (
        ("torch.tensor([0.]), torch.tensor([1.])) should be 0.6931", loss(0.0, 1.0)),
        ("z = -1 and y = 0. The loss should be 0.3133", loss(-1.0, 0.0)),
        ("z = 1 and y = 0. The loss should be 1.3133", loss(1.0, 0.0)),
        ("For z = 5 and y = 0 it should be 5.0067", loss(5.0, 0.0)),
        ("with y = 1 only 0.0067", loss(5.0, 1.0)),
        ("lie between 0.5 and 0.7311", names["sigmoid"](torch.tensor(1.0)).item()),
        ("0.8808, 0.1192", names["sigmoid"](torch.tensor(-2.0)).item()),
    ):
        assert fragment.lower() in advice.lower(), fragment
        assert agree(numbers_in(fragment)[-1], value), fragment


def test_what_the_usual_mistakes_give_on_the_example():
    key = lessons.key(BACKWARD)["manual_gradients"]
    wrong = {entry.name: entry.answer for entry in key.wrongs}
    x, y, w, b = (t.detach() for t in seed_zero())
    for name, expected in (
        ("squared_error_habit", [0.0857, 0.0539, 0.00004]),
        ("extra_slope", [0.0857 / 2, 0.0539 / 2, 0.00002]),
        ("sigmoid_of_sigmoid", [0.2299, 0.1958, 0.1673]),
        ("forgets_the_target", [0.2661, 0.1179, 0.0027]),
        ("forgets_the_input", [0.2661, 0.1179, 0.0027]),
    ):
        np.testing.assert_allclose(wrong[name](x, y, w, b)[1].tolist(), expected, atol=6e-5)


@pytest.mark.parametrize("name", [THERMOMETER, ADDING, BACKWARD])
def test_a_summary_has_at_most_five_lines(name):
    last = lessons.notebook(name).cells[-1].source
    assert last.startswith("## Summary")
    assert 3 <= last.count("\n- ") <= 5
