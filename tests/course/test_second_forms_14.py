"""Second forms of the known mistakes of lesson 14."""

import contextlib

import numpy as np
import pytest

import autograd_lib as torch
import course
from course.check import CheckFailed, examine

from . import lessons
from .second_forms import SecondForms

NAME = "14_trust_but_check"
forms = SecondForms(NAME)


def close(g, s):
    return bool(np.allclose(g, s, rtol=1e-4, atol=1e-7))


def by_columns(compare=close, dtype=torch.float64, h=None, width=2.0, own=False):
    """Number by number through NumPy arrays; what is compared, and in which precision, varies."""

    def answer(f, x):
        leaf = x if own else x.detach().to(dtype or x.dtype).clone().requires_grad_()
        f(leaf).backward()
        grad = leaf.grad.double().numpy().ravel()
        start = np.array(x.detach().to(dtype or x.dtype).numpy())
        measured = []
        for place in np.ndindex(start.shape):
            step = h or 1e-6 * max(1.0, abs(float(start[place])))
            values = []
            for sign in (1, -1):
                moved = start.copy()
                moved[place] += sign * step
                values.append(f(torch.tensor(moved)).item())
            measured.append((values[0] - values[1]) / (width * step))
        return compare(grad, np.array(measured))

    return answer


def signed(g, s):
    return not any(one - other > 1e-7 + 1e-4 * abs(other) for one, other in zip(g, s, strict=True))


def own_gradient(f, x):
    good = by_columns()(f, x)
    f(x).sum().backward()
    return good


forms(
    "gradcheck",
    in_the_precision_of_x=by_columns(dtype=None),
    one_fixed_step=by_columns(h=1e-6),
    only_the_first=by_columns(lambda g, s: close(g[0], s[0])),
    compares_sums=by_columns(lambda g, s: close(np.sum(g), np.sum(s))),
    forgets_the_absolute_value=by_columns(signed),
    fixed_tolerance=by_columns(lambda g, s: bool(np.allclose(g, s, rtol=1e-4, atol=1e-3))),
    divides_by_one_step=by_columns(width=1.0),
    turned_around=by_columns(lambda g, s: not close(g, s)),
    leaves_a_gradient=own_gradient,
)


def through(v=torch.randn_like, moved=lambda n, count: True, double=True, width=2.0):
    """Both sides by dot products of everything laid out in one row."""

    def answer(f, *inputs):
        kind = torch.float64 if double else None
        xs = [torch.tensor(x.detach().numpy(), dtype=kind, requires_grad=True) for x in inputs]
        us = [torch.randn_like(x.detach()) * moved(n, len(xs)) for n, x in enumerate(xs)]
        out = f(*xs)
        weights = v(out.detach())
        grads = torch.autograd.grad(out, xs, weights)
        computed = sum(torch.sum(g * u).item() for g, u in zip(grads, us, strict=True))
        sides = [
            f(*[x.detach() + s * u for x, u in zip(xs, us, strict=True)]) for s in (1e-6, -1e-6)
        ]
        measured = torch.sum(weights * (sides[0] - sides[1])).item() / 1e-6 / width
        return abs(computed - measured) <= 1e-5 + 1e-5 * abs(measured)

    return answer


def swallowing(f, *inputs):
    result = False
    with contextlib.suppress(Exception):
        result = through()(f, *inputs)
    return result


forms(
    "random_projection_check",
    ones_for_v=through(v=lambda out: out * 0 + 1),
    only_the_first_input=through(moved=lambda n, count: n == 0),
    only_the_last_input=through(moved=lambda n, count: n == count - 1),
    in_single_precision=through(double=False),
    divides_by_one_step_only=through(width=1.0),
    catches_exceptions=swallowing,
)


def bends(f, x):
    """The slope to the right minus the slope to the left, for each place."""
    h, here, found = 1e-6, float(f(x)), []
    for i in range(x.shape[0]):
        unit = torch.tensor([float(i == j) for j in range(x.shape[0])], dtype=torch.float64)
        found.append((float(f(x + h * unit)) - here) / h - (here - float(f(x - h * unit))) / h)
    return found


def places(test):
    return lambda f, x: [i for i, bend in enumerate(bends(f, x)) if test(bend)]


def all_or_none(f, x):
    h, ones = 1e-6, torch.ones_like(x)
    bend = float(f(x + h * ones)) - 2 * float(f(x)) + float(f(x - h * ones))
    return [*range(len(x))] if not -1e-9 < bend < 1e-9 else []


forms(
    "find_kinks",
    zeros_of_x=lambda f, x: np.flatnonzero(x.numpy() == 0).tolist(),
    exactly_equal=places(lambda bend: bend != 0),
    only_growing=places(lambda bend: -bend > 0.001),
    moves_all=all_or_none,
    truth_values=lambda f, x: [not -0.001 <= bend <= 0.001 for bend in bends(f, x)],
    numbers_at_kinks=lambda f, x: [
        float(n) for n, bend in zip(x, bends(f, x), strict=True) if abs(bend) > 0.001
    ],
    smooth_places=places(lambda bend: abs(bend) <= 0.001),
)


def numbers(*shape, low=0.3, high=2.3, both=True):
    """Different numbers, of both signs in turn."""
    drawn = torch.linspace(low, high, int(np.prod(shape)) + 1)[1:]
    signs = torch.tensor([-1.0 if n % 2 else 1.0 for n in range(len(drawn))])
    return (drawn * signs if both else drawn).reshape(shape)


def inputs_of(name, both=True, second=(3,), right=(3, 4), make=numbers):
    first = make(2, 3) if both is None else make(2, 3, both=both and name != "log")
    if name == "matmul":
        left = (2, 3) if right[0] == 3 else right
        return [make(*left, both=both), make(*right, low=0.1, both=both)]
    if name in ("add", "multiply", "divide"):
        return [first, make(*second, low=0.4, both=both)]
    return [first]


def ones(*shape, low=0, both=True):
    return torch.ones(*shape)


def hunt(check=None, caught=(RuntimeError,), at_error="name", end=None, **choice):
    def answer(engine):
        names = iter(engine)
        for name in names:
            try:
                good = (check or through())(engine[name], *inputs_of(name, **choice))
            except caught:
                good = at_error != "name"
            if not good:
                return name
        return end

    return answer


def first_that_passes(engine):
    bug = hunt()(engine)
    return next(name for name in engine if name != bug)


forms(
    "find_the_bug",
    with_ones=hunt(make=ones, second=(2, 3), right=(2, 2)),
    only_positive=hunt(both=False),
    nothing_broadcast=hunt(second=(2, 3)),
    does_not_catch=hunt(caught=()),
    passes_over=hunt(at_error="go on"),
    ones_arrive=hunt(check=through(v=torch.ones_like)),
    first_right_one=first_that_passes,
    never_none=hunt(end="matmul"),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("gradcheck", by_columns(lambda g, s: not close(g[0], s[0]))),
    ("random_projection_check", through(v=torch.ones_like, moved=lambda n, count: n == 0)),
    ("find_kinks", lambda f, x: [abs(bend) <= 0.001 for bend in bends(f, x)]),
    ("find_the_bug", hunt(second=(2, 3), both=False)),
)


# Bad answers: each has words of its own


def endless(*given):
    return endless(*given)


def overwrites(f, x):
    x.data.fill_(0.5)
    return True


BAD = [
    ("gradcheck-right", lambda f, x: None, "None"),
    ("gradcheck-right", lambda f, x: "True", "str"),
    ("gradcheck-right", lambda f, x: torch.tensor(True), "is a tensor and should be a bool"),
    ("gradcheck-right", lambda f: True, "TypeError"),
    ("gradcheck-right", endless, "calls itself without end"),
    ("gradcheck-right", overwrites, "x was changed"),
    ("gradcheck-wrong", lambda f, x: True, "is True and should be False"),
    ("random_projection_check-right", lambda f, *inputs: f(*inputs).sum().backward(), "raised"),
    ("find_kinks-relu", lambda f, x: None, "None"),
    ("find_kinks-relu", lambda f, x: (2,), "tuple"),
    ("find_kinks-relu", lambda f, x: [float("nan")], "should be an int"),
    ("find_the_bug-six", lambda engine: None, "None"),
    ("find_the_bug-clean", lambda engine: "none", "str"),
    ("find_the_bug-six", lambda engine: engine["power"], "KeyError"),
]


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check(check, answer)
    shown = capsys.readouterr().out
    assert words in shown, shown


def test_a_check_does_not_give_the_bug_away(capsys):
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check("find_the_bug-six", lambda engine: "sum")
    shown = capsys.readouterr().out
    assert "'exp': <operation>" in shown and "goes back" not in shown


def test_a_test_that_uses_plain_numpy_is_right_too():
    named = forms.named
    for exercise, answer in (
        ("gradcheck", by_columns()),
        ("random_projection_check", through()),
        ("find_kinks", places(lambda bend: abs(bend) > 0.001)),
        ("find_the_bug", hunt()),
    ):
        assert named(exercise, answer, "right") is None
        cases = lessons.cases(NAME, "right")
        for info in cases.checks.values():
            if info.exercise == exercise:
                given = {exercise: answer}
                outcome = examine(cases, info, cases.exercises[exercise], given, secret=False)
                assert outcome.status == "passed", outcome.message + outcome.detail
