"""Every number in the prose of lesson 11 is what its code gives."""

import math

import pytest

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "11_an_engine_for_numbers"


def engine():
    return lessons.solved(NAME)


def moons():
    """The lesson's training run: its own code, cell by cell, with the pictures left out."""
    scope = dict(engine())
    for cell in lessons.notebook(NAME).cells:
        if cell.cell_type == "code" and ("def two_moons" in cell.source
                                         or "def make_network" in cell.source
                                         or "history = []" in cell.source):  # fmt: skip
            exec(cell.source, scope)
    return scope


def test_an_engine_for_numbers(capsys):
    say = Claims(NAME)
    Value = engine()["Value"]
    say("About 40 minutes to read and 60 minutes to write", *minutes(NAME))
    say("Pair(1, 2) + 3 * Pair(10, 20) has p.x == 31 and p.y == 62", 1, 2, 3, 10, 20, 31, 62)
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    out = c + a
    out.backward()
    say("$a = 2$ and $b = -3$, and compute", 2, -3)
    say(r"| $c = a \cdot b$ | -6 | $b = -3$ | $a = 2$ |", c.data, *c.slopes)
    say("| $out = c + a$ | -4 | 1 | 1 |", out.data, *out.slopes)
    say("| out | 1 | | c | 1 · 1 = 1 | | b | 2 · 1 = 2 | | a | (-3) · 1 + 1 · 1 = -2 |",
        out.grad, 1, 1, c.grad, 2, 1, b.grad, -3, 1, 1, 1, a.grad)  # fmt: skip
    say("with the slopes -3 and 2.", *c.slopes)
    say("with the slopes 1 and 1.", *out.slopes)
    uses = engine()["count_uses"](out)
    say("| at the start | 1 | 2 | 1 | out |", uses[c], uses[a], uses[b])
    say("A chain of 5000 must work", 5000)
    say("Python stops at about 1000 calls", 1000)

    a = Value(3.0)
    (2 * a * a + a).backward()
    say("out = 2 * a * a + a; out.backward() gives a.grad == 13.0", 2, a.grad)
    names = engine()
    result = names["neuron"]([Value(2.0), Value(3.0)], Value(1.0), [10, -5])
    say("neuron([Value(2.0), Value(3.0)], Value(1.0), [10, -5]) has data 6.0", 2, 3, 1, 10, -5,
        result.data)  # fmt: skip
    p = Value(3.0)
    names["descend"]([p], p * p, 0.1)
    say("for p = Value(3.0), descend([p], p * p, 0.1) leaves 2.4 in p.data", 3, 0.1, p.data)

    run = moons()
    assert "right 97%" in capsys.readouterr().out
    say("Something to learn: 60 points in two groups", len(run["points"]))
    say("The network has 8 neurons.", len(run["biases"]))
    say("There are 33 parameters: 16 weights and 8 biases in the neurons, 8 weights and one bias",
        len(run["parameters"]), 16, len(run["biases"]), len(run["last_weights"]))  # fmt: skip
    say("on the left the loss falls from 1.48, fast at first", run["history"][0])
    assert run["history"][-1] < 0.07
    assert run["share_right"](run["network"], run["two_moons"](200, seed=1)) > 0.93

    z = 0.0
    assert names["recall_logit"]() == 1 / (1 + math.exp(-z)) - 1
    assert names["recall_three_passes"]() == 3 * 4
    # leaves and powers in formulas, lesson numbers, steps and counts of a list, the question's data
    say.nothing_else_but("0 1 2 3 4 5 05 09 -1 40 0.0")


def test_numbers_in_the_advice_of_lesson_eleven():
    Value = engine()["Value"]
    advice = lessons.key_text(NAME)

    def gradient(expression, **numbers):
        leaves = {name: Value(number) for name, number in numbers.items()}
        eval(expression, leaves).backward()
        return leaves["a"].grad

    for fragment, value in (
        ("out = a + a; out.backward(). a.grad should be 2", gradient("a + a", a=3.0)),
        ("out = a * 5 * 3: a.grad should be 15", gradient("a * 5 * 3", a=1.0)),
        ("a = value(0.0); a.exp().backward(). a.grad should be 1", gradient("a.exp()", a=0.0)),
        ("out = a * b with a = 2, b = 5: a.grad should be 5", gradient("a * b", a=2.0, b=5.0)),
        ("a.grad should be 3 * 2 ** 2, which is 12", gradient("a ** 3", a=2.0)),
        ("print c.grad and a.grad: both should be 6", gradient("(a * 1) * (a * 1)", a=3.0)),
    ):
        assert fragment in advice.lower(), fragment
        assert float(fragment.split()[-1]) == pytest.approx(value)
