"""Every number in the prose of lesson 02 is what its code gives."""

from . import lessons
from .test_lesson_05_09_numbers import Claims, minutes

NAME = "02_the_chain_rule_on_a_small_graph"


def test_the_chain_rule_on_a_small_graph():
    say = Claims(NAME)
    names = lessons.solved(NAME)
    say("About 20 minutes to read and 30 minutes to write", *minutes(NAME))
    say('- `"a"`: 4 times as fast - `"b"`: 7 times as fast - `"c"`: 12 times as fast',
        4, 3 + 4, 3 * 4)  # fmt: skip

    # The worked example.
    x, w, b, y = 3.0, 2.0, -1.0, 1.0
    p = w * x
    s = p + b
    e = s - y
    say("with the values 6, 5, 4 and 16", p, s, e, e * e)
    say("The slope at the loss is 1, at e, s, p and b it is 8, at y it is -8, at w it is 24, "
        "and at x it is 16.", 1, 2 * e, -2 * e, 2 * e * x, 2 * e * w)  # fmt: skip
    assert abs(((2.1 * x + b - y) ** 2 - (1.9 * x + b - y) ** 2) / 0.2 - 24) < 1e-9

    # The graph with gaps.
    say("forward(2.0, 3.0, 1.0) is (6.0, 8.0, 7.0, 49.0)", 2, 3, 1, *names["forward"](2, 3, 1))
    local = names["local_slopes"](2.0, 3.0, 1.0)
    say('"v_u" is 1, and the value at "loss_t" is 14', local["v_u"], local["loss_t"])
    once, ten = (names["backward"](2.0, 3.0, 1.0, upstream) for upstream in (1.0, 10.0))
    say("second number is 28, in backward(2.0, 3.0, 1.0, 10.0) it is 280",
        once[1], 2, 3, 1, 10, ten[1])  # fmt: skip
    d_t = local["loss_t"]
    say("with 2, 3 and 1 a central difference along `a` gives 56, and the one path alone gives "
        "only 42", 2, 3, 1, once[0], d_t * 3)  # fmt: skip
    assert names["recall_one_side"]() == (4**2 - 3**2) / 1
    # lesson 01; 3 times, 4 times; d_loss is 1, local slopes; 2, 3 and 1; x squared; 1000 inputs
    say.nothing_else_but("0 01 1 -1 2 3 4 1000")


def test_numbers_in_the_advice():
    advice = lessons.key_text(NAME)
    u, v, t, loss = lessons.solved(NAME)["forward"](2.0, 3.0, 1.0)
    for words in (f"v is {v:.0f}, and c is 1", f"should be {u:.0f} + 2", f"should be {t:.0f} * 7",
                  f"the loss is {loss:.0f}", "one way brings 42 and the other 14"):  # fmt: skip
        assert words in advice, words
    assert (2 * t * 3, 2 * t) == (42, 14)
