"""Second forms of the known mistakes of the capstone "A learned rate"."""

import math

import pytest

import autograd_lib as torch

from .second_forms import SecondForms

NAME = "23_capstone_learned_rate"
forms = SecondForms(NAME)
grad = torch.autograd.grad


# A run that is recorded


def runs(
    begin=lambda start: start * 1.0,
    slope=lambda f, p: grad(f(p), [p], create_graph=True)[0],
    move=lambda p, change: p - change,
    rate=lambda rate: rate,
    count=lambda steps: steps,
    end=lambda f, p: p,
):
    """Make a run with some of its parts replaced."""

    def answer(loss_of, start, given, steps):
        p = begin(start).requires_grad_(True)
        done = 0
        while done < count(steps):
            p = move(p, slope(loss_of, p) * rate(given))
            done += 1
        return end(loss_of, p)

    return answer


def without_recording(p, change):
    with torch.no_grad():
        return torch.sub(p, change)


def leaf_slope(f, p):
    f(p).backward(create_graph=True)
    return p.grad


def first_slope_only(loss_of, start, rate, steps):
    leaf = start.detach().clone().requires_grad_()
    (slope,) = grad(loss_of(leaf), leaf, create_graph=True)
    return leaf - steps * rate * slope


class Numbers:
    """A rate as a plain number, and what is made of it without a past."""

    @staticmethod
    def run(loss_of, start, rate, steps):
        p = start.clone()
        for _ in range(steps):
            leaf = torch.tensor(p.tolist(), dtype=p.dtype, requires_grad=True)
            loss_of(leaf).backward()
            p = p - torch.tensor(rate.tolist(), dtype=p.dtype) * leaf.grad
        return p


FIXED = runs(slope=lambda f, p: grad(f(p), p, retain_graph=True)[0])

forms(
    "unroll",
    slopes_fixed=FIXED,
    rate_cut_off=Numbers.run,
    not_recorded=runs(move=without_recording),
    asks_for_grad=runs(
        begin=lambda start: start.clone(),
        slope=leaf_slope,
        move=lambda p, change: p - change,
    ),
    in_place=runs(
        begin=lambda start: start.detach().clone(), move=lambda p, change: p.sub_(change)
    ),
    climbs=runs(move=lambda p, change: change + p),
    one_too_few=runs(count=lambda steps: steps - 1),
    slope_of_the_start=first_slope_only,
    flags_the_start=runs(begin=lambda start: start),
    returns_the_loss=runs(end=lambda f, p: f(p)),
)


RUN = runs()


# The slope along the rate


def slopes(run=RUN, back=lambda f, start, p: f(p), end=lambda loss, g: (float(loss), float(g))):
    def answer(loss_of, start, rate, steps):
        leaf = torch.tensor(float(rate)).requires_grad_()
        loss = back(loss_of, start, run(loss_of, start, leaf, steps))
        loss.backward()
        return end(loss, leaf.grad)

    return answer


def cut_run(loss_of, start, rate, steps):
    before = runs()(loss_of, start, rate.detach(), steps - 1) if steps > 1 else start
    return runs(begin=lambda p: p.detach().clone())(loss_of, before, rate, 1)


def all_losses(loss_of, start, rate, steps):
    leaf = torch.tensor(rate, requires_grad=True)
    total, p = 0.0, start
    p = start.clone().requires_grad_()
    for _ in range(steps):
        p = p - leaf * grad(loss_of(p), p, create_graph=True)[0]
        total = total + loss_of(p)
    total.backward()
    return total.item(), leaf.grad.item()


def item_too_early(loss_of, start, rate, steps):
    leaf = torch.tensor(rate, requires_grad=True)
    value = loss_of(runs()(loss_of, start, leaf, steps)).item()
    return value, value.backward()


def first_loss(loss_of, start, rate, steps):
    return float(loss_of(start)), slopes()(loss_of, start, rate, steps)[1]


forms(
    "rate_slope",
    run_with_fixed_slopes=slopes(FIXED),
    last_step_only=slopes(cut_run),
    loss_at_the_start=first_loss,
    adds_up_all_losses=all_losses,
    turned_sign=slopes(end=lambda loss, g: (float(loss), -float(g))),
    pair_of_tensors=slopes(end=lambda loss, g: (loss.detach(), g)),
    swaps_the_pair=slopes(end=lambda loss, g: (float(g), float(loss))),
    number_before_backward=item_too_early,
)


# A shorter memory


def short(begin, run=RUN, length=lambda steps, last: last):
    """Make an answer of where the second run begins, and how long it is."""

    def answer(loss_of, start, rate, steps, last):
        leaf = torch.tensor(rate, requires_grad=True)
        p = begin(loss_of, start, leaf, steps, last)
        end = run(loss_of, p, leaf, length(steps, last))
        (g,) = grad(loss_of(end), leaf)
        return float(g)

    return answer


def middle(count, detach=True):
    def begin(loss_of, start, leaf, steps, last):
        n = count(steps, last)
        if n == 0:
            return start
        p = runs()(loss_of, start, leaf, n)
        return p.detach() if detach else p

    return begin


def late_rate_cut(loss_of, start, rate, steps, last):
    leaf = torch.tensor(rate, requires_grad=True)
    p = start.clone().requires_grad_()
    for n in range(steps):
        own = leaf if n < steps - last else leaf.detach()
        p = p - own * grad(loss_of(p), p, create_graph=True)[0]
    loss_of(p).backward()
    return leaf.grad.item()


forms(
    "short_slope",
    whole_slope=short(middle(lambda steps, last: steps - last, detach=False)),
    cut_at_the_wrong_end=short(
        middle(lambda steps, last: last), length=lambda steps, last: steps - last
    ),
    one_too_many=short(
        middle(lambda steps, last: steps - last - 1), length=lambda steps, last: last + 1
    ),
    begins_anew=short(lambda loss_of, start, *rest: start.clone()),
    last_slopes_fixed=short(middle(lambda steps, last: steps - last), FIXED),
    first_steps_only=late_rate_cut,
)


# Walking downhill on the rates


def learner(
    leaf=lambda rates: torch.log(rates).requires_grad_(),
    rate=torch.exp,
    run=RUN,
    step=lambda u, change: u.sub_(change),
    note=float,
    end=lambda rates: rates.detach(),
    order="before",
    go_on=False,
    slope=lambda loss, u: grad(loss, u)[0],
):
    def answer(loss_of, start, rates, steps, rounds, pace):
        u, noted, where, round_number = leaf(rates), [], start, 0
        while round_number < rounds:
            p = run(loss_of, where, rate(u), steps)
            loss = loss_of(p)
            with torch.enable_grad():
                change = pace * slope(loss, u)
            with torch.no_grad():
                moved = step(u, change)
            u = u if moved is None else moved
            if order == "after":
                loss = loss_of(run(loss_of, where, rate(u), steps))
            noted += [note(loss)]
            where = p.detach() if go_on else where
            round_number += 1
        return end(rate(u)), noted

    return answer


def adding_up(loss, u):
    loss.backward()
    return u.grad


forms(
    "learn_rates",
    never_zeroes=learner(slope=adding_up),
    learns_the_rate_itself=learner(
        leaf=lambda rates: rates.clone().requires_grad_(), rate=lambda u: u + 0.0
    ),
    learn_climbs=learner(step=lambda u, change: u.add_(change)),
    learn_with_fixed_slopes=learner(run=FIXED),
    learn_keeps_tensors=learner(note=lambda loss: loss.detach()),
    notes_after_the_step=learner(order="after"),
    keeps_the_graph=learner(end=lambda rates: rates),
    rebinds_u=learner(step=lambda u, change: u - change, slope=adding_up),
    goes_on_from_the_end=learner(go_on=True),
    u_is_no_leaf=learner(
        leaf=lambda rates: torch.log(rates.clone().requires_grad_()), slope=adding_up
    ),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("unroll", runs(count=lambda steps: steps - 1, move=lambda p, change: p + change)),
    ("rate_slope", slopes(cut_run, end=lambda loss, g: (float(g), float(loss)))),
    ("short_slope", short(lambda loss_of, start, *rest: start, forms.answers["unroll", "climbs"])),
    ("learn_rates", learner(order="after", step=lambda u, change: u.add_(change))),
)


# Bad answers: each has words of its own


def endless(*given):
    return endless(*given)


BAD = [
    ("unroll-values", "a rate", "can be called"),
    ("unroll-values", lambda f, start, rate, steps: None, "should be a tensor"),
    ("unroll-values", lambda f, start, rate, steps: start.tolist(), "should be a tensor"),
    ("unroll-values", lambda f, start, rate, steps: start * math.nan, "nan"),
    ("unroll-values", endless, "calls itself without end"),
    ("rate_slope-one", lambda f, start, rate, steps: 0.64, "should be a tuple"),
    ("rate_slope-one", lambda f, start, rate, steps: (1.0,), "1 item"),
    ("short_slope-last", lambda *given: print("here"), "your code printed"),
    ("learn_rates-one", lambda *given: given[2], "should be a tuple"),
]


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    import course
    from course.check import CheckFailed

    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check(check, answer)
    assert words in capsys.readouterr().out
