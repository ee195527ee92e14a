"""The answer key of the capstone "A learned rate"."""

import autograd_lib as torch
from course.key import Exercise, Question, function, program, tensor

predict_direction = Question(
    "predict_direction",
    answers=("a",),
    explain="At 0.1 the loss after the step is 0.64, at 0.2 it is 0.36. At 0.5 it would be 0.",
    experiment="put 0.1, 0.2 and 0.05 into the formula.",
    wrong={
        "b": "Put 0.05 into the formula: is the loss smaller there than at 0.1?",
        "c": "Put 0.2 into the formula, and compare.",
    },
)


# Inputs: losses that are curved differently everywhere


def bowl(rng, count=3):
    """A sum of squares with weights of their own; slopes are straight lines."""
    return function("(a * x * x).sum()", a=tensor(rng.uniform(0.4, 1.4, size=count)))


def steep(rng):
    """With fourth powers: slopes are bent."""
    return function("(x ** 4 / 4 + a * x * x).sum()", a=tensor(rng.uniform(0.2, 0.8, size=3)))


def mixed(rng):
    """Parameters that depend on each other."""
    return function(
        "((x[0] * b - x[1]) ** 2 + (x.sum() - 1) ** 2) / 2", b=float(rng.uniform(0.5, 1.5))
    )


def away_from_zero(rng, size):
    return rng.uniform(0.5, 1.5, size=size) * rng.choice([-1, 1], size=size)


def run(rng, loss_of, steps, size=3, rate=None):
    """A run of some steps; the rate is a leaf that requires a gradient unless it is given."""
    return dict(
        loss_of=loss_of,
        start=tensor(away_from_zero(rng, size)),
        rate=rate or tensor(rng.uniform(0.05, 0.2), requires_grad=True),
        steps=steps,
    )


# A run that is recorded

unroll = Exercise(
    "unroll",
    sees=["result", "result.requires_grad", "rate.grad", "start", "start.requires_grad"],
    tolerance=(1e-4, 1e-6),
    experiment="take loss_of = lambda p: p * p, start torch.tensor(1.), rate torch.tensor(0.1): "
    "after 1, 2 and 3 steps p is 0.8, 0.64 and 0.512.",
)


@unroll.case("unroll-values")
def one_step(rng):
    return run(rng, bowl(rng), 1)


@unroll.case("unroll-values")
def three_steps(rng):
    return run(rng, steep(rng), 3)


@unroll.case("unroll-rates")
def own_rates(rng):
    rates = tensor(rng.uniform(0.05, 0.2, size=2), requires_grad=True)
    return run(rng, mixed(rng), 3, size=2, rate=rates)


@unroll.case("unroll-rates")
def own_rates_on_a_bowl(rng):
    rates = tensor(rng.uniform(0.05, 0.2, size=3), requires_grad=True)
    return run(rng, bowl(rng), 2, rate=rates)


@unroll.case("unroll-any")
def longer_run(rng):
    return run(rng, mixed(rng), 6, size=2)


@unroll.case("unroll-any")
def a_single_number(rng):
    return run(rng, function("x ** 4 / 4 + a * x * x", a=float(rng.uniform(0.2, 0.8))), 3, size=())


@unroll.case("unroll-any")
def in_float64(rng):
    """What start is, the result is, too."""
    start = tensor(away_from_zero(rng, 3), dtype="float64")
    rate = tensor(rng.uniform(0.05, 0.2), dtype="float64", requires_grad=True)
    return run(rng, steep(rng), 2, rate=rate) | dict(start=start)


@unroll.case("unroll-graph")
def back_to_the_rate(rng):
    text = "result = unroll(loss_of, start, rate, steps)\nloss_of(result).backward()"
    return program(text, **run(rng, mixed(rng), 3, size=2))


@unroll.case("unroll-graph")
def back_to_several_rates(rng):
    text = "result = unroll(loss_of, start, rate, steps)\nloss_of(result).backward()"
    rates = tensor(rng.uniform(0.05, 0.2, size=3), requires_grad=True)
    return program(text, **run(rng, steep(rng), 2, rate=rates))


def recorded(loss_of, p, rate):
    """One recorded step."""
    return p - rate * torch.autograd.grad(loss_of(p), p, create_graph=True)[0]


@unroll.right
def step_by_step(loss_of, start, rate, steps):
    p = torch.tensor(start.tolist(), dtype=start.dtype, requires_grad=True)
    while steps > 0:
        p = recorded(loss_of, p, rate)
        steps -= 1
    return p


@unroll.right
def with_backward(loss_of, start, rate, steps):
    p = start.detach().clone().requires_grad_(True)
    for _ in range(steps):
        loss_of(p).backward(create_graph=True, inputs=[p])
        slope = p.grad
        p = torch.sub(p, slope * rate)
    return p


@unroll.wrong(
    37,
    "the slopes inside the run count as fixed numbers: create_graph=True is missing, or they are "
    "detached",
    experiment="print slope.requires_grad in the second step.",
)
def slopes_fixed(loss_of, start, rate, steps):
    """Right values, and a graph without the way through the slopes."""
    p = start.clone().requires_grad_()
    for _ in range(steps):
        p = p - rate * recorded_slope(loss_of, p).detach()
    return p


def recorded_slope(loss_of, p):
    return torch.autograd.grad(loss_of(p), p, create_graph=True)[0]


@unroll.wrong(
    32,
    "the rate has become a Python number: no slope can go back to it",
    experiment="print p.requires_grad at the end, and look for item(), float() and detach().",
)
def rate_cut_off(loss_of, start, rate, steps):
    return step_by_step(loss_of, start, rate.detach(), steps).detach()


@unroll.wrong(
    27,
    "the update stands in no_grad: the new p remembers nothing, and the next slope cannot be found",
    experiment="take `with torch.no_grad():` out. This update is part of the computation.",
)
def not_recorded(loss_of, start, rate, steps):
    p = start.clone().requires_grad_()
    for _ in range(steps):
        slope = recorded_slope(loss_of, p)
        with torch.no_grad():
            p = p - rate * slope
    return p


@unroll.wrong(
    28,
    "p.grad is asked for after the first step, when p is no leaf any more and has none",
    experiment="print p.is_leaf and p.grad in the second step; use torch.autograd.grad instead.",
)
def asks_for_grad(loss_of, start, rate, steps):
    p = start.clone().requires_grad_()
    for _ in range(steps):
        loss_of(p).backward(create_graph=True)
        p = p - rate * p.grad
    return p


@unroll.wrong(
    29,
    "the leaf is changed in place, with -=, where a new tensor should be made",
    experiment="write p = p - ..., so that the old p stays what it was.",
)
def in_place(loss_of, start, rate, steps):
    p = start.clone().requires_grad_()
    for _ in range(steps):
        p -= rate * recorded_slope(loss_of, p)
    return p


@unroll.wrong(
    22,
    "the steps go along the slope, uphill",
    experiment="print the loss after each step. It should become smaller.",
)
def climbs(loss_of, start, rate, steps):
    return step_by_step(loss_of, start, -rate, steps)


@unroll.wrong(
    None,
    "one step too few is made",
    experiment="with steps=1, p should have moved once.",
)
def one_too_few(loss_of, start, rate, steps):
    return step_by_step(loss_of, start, rate, steps - 1)


@unroll.wrong(
    None,
    "all steps use the slope at the start",
    experiment="print the slope in each step. It should change.",
)
def slope_of_the_start(loss_of, start, rate, steps):
    p = start.clone().requires_grad_()
    slope = recorded_slope(loss_of, p)
    for _ in range(steps):
        p = p - rate * slope
    return p


@unroll.wrong(
    None,
    "start itself is turned into a leaf that requires a gradient; a copy should be",
    experiment="print start.requires_grad after the call. It should be False.",
)
def flags_the_start(loss_of, start, rate, steps):
    p = start.requires_grad_()
    for _ in range(steps):
        p = recorded(loss_of, p, rate)
    return p


@unroll.wrong(
    None,
    "the loss is returned, where the parameters were asked for",
    experiment="print the shape of the result. It should be that of start.",
)
def returns_the_loss(loss_of, start, rate, steps):
    return loss_of(step_by_step(loss_of, start, rate, steps))


# The slope along the rate

rate_slope = Exercise(
    "rate_slope",
    tolerance=(2e-3, 1e-5),
    experiment="take loss_of = lambda p: p * p, start torch.tensor(1.), rate 0.1: for one step the "
    "result is (0.64, -3.2), for two (0.4096, -4.096).",
)


def number(rng):
    return float(round(rng.uniform(0.05, 0.2), 3))


@rate_slope.case("rate_slope-one")
def single_step(rng):
    return run(rng, steep(rng), 1, rate=number(rng))


@rate_slope.case("rate_slope-one")
def single_step_on_a_bowl(rng):
    return run(rng, bowl(rng, ()), 1, size=(), rate=number(rng))


@rate_slope.case("rate_slope-steps")
def two_steps_on_a_bowl(rng):
    return run(rng, bowl(rng, ()), 2, size=(), rate=number(rng))


@rate_slope.case("rate_slope-steps")
def four_steps(rng):
    return run(rng, steep(rng), 4, rate=number(rng))


@rate_slope.case("rate_slope-measured")
def five_steps(rng):
    return run(rng, mixed(rng), 5, size=2, rate=number(rng))


def exact_run(rng):
    case = run(rng, steep(rng), 4, rate=number(rng))
    return case | dict(start=tensor(away_from_zero(rng, 3), dtype="float64"))


@rate_slope.law("rate_slope-measured", on=exact_run)
def measured(f, new):
    """The slope must be the one that one measures: the loss at a rate a little above and below."""
    loss_of, start, rate, steps = new()
    h = 1e-3
    slope = f(loss_of, start, rate, steps)[1]
    above, below = (f(loss_of, start, rate + d, steps)[0] for d in (h, -h))
    found = (above - below) / (2 * h)
    assert abs(slope - found) < 1e-2 * abs(found) + 1e-3


def slope_with(unrolled, pick=lambda loss, slope: (loss.item(), slope.item())):
    """Make an answer of a way to unroll and of what is returned."""

    def answer(loss_of, start, rate, steps):
        leaf = torch.tensor(rate, requires_grad=True)
        loss = loss_of(unrolled(loss_of, start, leaf, steps))
        return pick(loss, torch.autograd.grad(loss, leaf)[0])

    return answer


@rate_slope.right
def with_grad(loss_of, start, rate, steps):
    return slope_with(step_by_step)(loss_of, start, rate, steps)


@rate_slope.right
def in_double(loss_of, start, rate, steps):
    """Forward beside each step: how p moves when the rate does, kept by hand."""
    leaf = torch.tensor([rate], requires_grad=True)
    p = step_by_step(loss_of, start, leaf.sum(), steps)
    loss = loss_of(p)
    loss.backward()
    return (float(loss), float(leaf.grad[0]))


@rate_slope.wrong(
    37,
    "the slopes inside the run count as fixed numbers: create_graph=True is missing in unroll, or "
    "a slope is detached there",
    experiment="for p * p, start 1, rate 0.1 and two steps the slope is -4.096, not -4.608.",
)
def run_with_fixed_slopes(loss_of, start, rate, steps):
    return slope_with(slopes_fixed)(loss_of, start, rate, steps)


@rate_slope.wrong(
    32,
    "only the last step is looked at: p is detached on the way",
    experiment="look for detach() in unroll: what is cut off there cannot be seen from the end.",
)
def last_step_only(loss_of, start, rate, steps):
    def cut(loss_of, start, leaf, steps):
        p = start
        for _ in range(steps):
            p = step_by_step(loss_of, p.detach(), leaf, 1)
        return p

    return slope_with(cut)(loss_of, start, rate, steps)


@rate_slope.wrong(
    None,
    "the loss at the start is returned, beside the right slope",
    experiment="for p * p, start 1, rate 0.1 and one step the loss is 0.64, not 1.",
)
def loss_at_the_start(loss_of, start, rate, steps):
    return loss_of(start).item(), with_grad(loss_of, start, rate, steps)[1]


@rate_slope.wrong(
    None,
    "the losses after all steps are added up, where the last one was asked for",
    experiment="for p * p, start 1, rate 0.1 and two steps the loss is 0.4096.",
)
def adds_up_all_losses(loss_of, start, rate, steps):
    pairs = [with_grad(loss_of, start, rate, n) for n in range(1, steps + 1)]
    return sum(loss for loss, _ in pairs), sum(slope for _, slope in pairs)


@rate_slope.wrong(
    22,
    "the sign of the slope is turned around",
    experiment="for p * p, start 1 and rate 0.1 more rate means less loss: what sign is that?",
)
def turned_sign(loss_of, start, rate, steps):
    loss, slope = with_grad(loss_of, start, rate, steps)
    return loss, -slope


@rate_slope.wrong(
    None,
    "the result is a pair of tensors, not of Python floats",
    experiment="print the types of both. What does .item() do?",
)
def pair_of_tensors(loss_of, start, rate, steps):
    return slope_with(step_by_step, lambda loss, slope: (loss.detach(), slope))(
        loss_of, start, rate, steps
    )


@rate_slope.wrong(
    None,
    "the pair is turned around: the slope stands first",
    experiment="for p * p, start 1, rate 0.1 and one step the result is (0.64, -3.2).",
)
def swaps_the_pair(loss_of, start, rate, steps):
    return with_grad(loss_of, start, rate, steps)[::-1]


@rate_slope.wrong(
    35,
    "backward() is called on a Python number: the loss went through item() first",
    experiment="print type(loss) before backward(). Only a tensor remembers how it was made.",
)
def number_before_backward(loss_of, start, rate, steps):
    leaf = torch.tensor(rate, requires_grad=True)
    loss = loss_of(step_by_step(loss_of, start, leaf, steps)).item()
    loss.backward()
    return loss, leaf.grad.item()


# A shorter memory

short_slope = Exercise(
    "short_slope",
    tolerance=(2e-3, 1e-5),
    experiment="take loss_of = lambda p: p * p, start torch.tensor(1.), rate 0.1: for steps=2 and "
    "last=1 the result is -2.048, half of rate_slope's.",
)


def cut_run(rng, loss_of, steps, last, size=3):
    return run(rng, loss_of, steps, size, rate=number(rng)) | dict(last=last)


@short_slope.case("short_slope-last")
def last_of_two(rng):
    return cut_run(rng, bowl(rng), 2, 1)


@short_slope.case("short_slope-last")
def last_of_three(rng):
    return cut_run(rng, steep(rng), 3, 1)


@short_slope.case("short_slope-several")
def two_of_three(rng):
    return cut_run(rng, steep(rng), 3, 2)


@short_slope.case("short_slope-several")
def two_of_five(rng):
    return cut_run(rng, bowl(rng), 5, 2)


@short_slope.case("short_slope-any")
def three_of_seven(rng):
    return cut_run(rng, mixed(rng), 7, 3, size=2)


@short_slope.case("short_slope-any")
def all_but_one(rng):
    return cut_run(rng, steep(rng), 5, 4)


def cut_after(first, detached=lambda p: p.detach(), unrolled=None, early=None):
    """Make an answer that runs `first(steps, last)` steps, cuts, and runs the others."""
    go_on = unrolled or step_by_step

    def answer(loss_of, start, rate, steps, last):
        leaf = torch.tensor(rate, requires_grad=True)
        count = first(steps, last)
        p = detached(step_by_step(loss_of, start, leaf, count)) if count else start
        loss = loss_of(go_on(loss_of, p, leaf, steps - count))
        return torch.autograd.grad(loss, leaf)[0].item()

    return answer


@short_slope.right
def two_runs(loss_of, start, rate, steps, last):
    return cut_after(lambda steps, last: steps - last)(loss_of, start, rate, steps, last)


@short_slope.right
def two_rates(loss_of, start, rate, steps, last):
    """The first steps use a rate that requires no gradient."""
    early, late = torch.tensor(rate), torch.tensor(rate, requires_grad=True)
    p = start.clone().requires_grad_()
    for n in range(steps):
        p = recorded(loss_of, p, early if n < steps - last else late)
    loss_of(p).backward()
    return late.grad.item()


@short_slope.wrong(
    None,
    "the slope goes back through all steps: nothing is cut off",
    experiment="compare with rate_slope: for last=1 the two should differ.",
)
def whole_slope(loss_of, start, rate, steps, last):
    return with_grad(loss_of, start, rate, steps)[1]


@short_slope.wrong(
    None,
    "the run is cut after `last` steps, where `last` steps should be left",
    experiment="for steps=5 and last=2 the first run has three steps.",
)
def cut_at_the_wrong_end(loss_of, start, rate, steps, last):
    return cut_after(lambda steps, last: last)(loss_of, start, rate, steps, last)


@short_slope.wrong(
    None,
    "one step too many is looked at",
    experiment="for last=1, the slope of the last step alone counts.",
)
def one_too_many(loss_of, start, rate, steps, last):
    return cut_after(lambda steps, last: steps - last - 1)(loss_of, start, rate, steps, last)


@short_slope.wrong(
    None,
    "the last run begins at the start again, not where the first one has ended",
    experiment="print where the second run begins. For p * p, start 1 and rate 0.1 it is 0.8.",
)
def begins_anew(loss_of, start, rate, steps, last):
    return with_grad(loss_of, start, rate, last)[1]


@short_slope.wrong(
    37,
    "the slopes inside the last steps count as fixed numbers",
    experiment="for last=1 this does not show. Try last=2, and look for create_graph=True.",
)
def last_slopes_fixed(loss_of, start, rate, steps, last):
    return cut_after(lambda steps, last: steps - last, unrolled=slopes_fixed)(
        loss_of, start, rate, steps, last
    )


@short_slope.wrong(
    None,
    "the first steps alone are looked at: the rate of the last ones requires no gradient",
    experiment="which of the two runs should go back to the leaf?",
)
def first_steps_only(loss_of, start, rate, steps, last):
    early, late = torch.tensor(rate, requires_grad=True), torch.tensor(rate)
    p = step_by_step(loss_of, start, early, steps - last)
    for _ in range(last):
        p = recorded(loss_of, p, late)
    return torch.autograd.grad(loss_of(p), early)[0].item()


# Walking downhill on the rates

learn_rates = Exercise(
    "learn_rates",
    sees=["result", "result[0].requires_grad", "rates", "rates.requires_grad", "start"],
    tolerance=(2e-3, 1e-5),
    experiment="take loss_of = lambda p: p * p, start torch.tensor(1.), rates torch.tensor(0.1), "
    "one step, one round, pace 1: the slope along u is -0.32, and the rate becomes 0.1377.",
)


def rounds_of(rng, loss_of, count, steps, size=3, rates=(), pace=0.2):
    return dict(
        loss_of=loss_of,
        start=tensor(away_from_zero(rng, size)),
        rates=tensor(rng.uniform(0.05, 0.15, size=rates)),
        steps=steps,
        rounds=count,
        pace=pace,
    )


@learn_rates.case("learn_rates-one")
def one_round(rng):
    return rounds_of(rng, bowl(rng), 1, 2)


@learn_rates.case("learn_rates-one")
def one_round_one_step(rng):
    return rounds_of(rng, steep(rng), 1, 1)


@learn_rates.case("learn_rates-rounds")
def three_rounds(rng):
    return rounds_of(rng, steep(rng), 3, 3)


@learn_rates.case("learn_rates-rounds")
def two_rounds_on_a_bowl(rng):
    return rounds_of(rng, bowl(rng, ()), 2, 2, size=())


@learn_rates.case("learn_rates-several")
def rates_of_their_own(rng):
    return rounds_of(rng, mixed(rng), 4, 3, size=2, rates=2)


@learn_rates.case("learn_rates-several")
def no_rounds(rng):
    return rounds_of(rng, bowl(rng), 0, 2, rates=3)


def rounds_with(
    leaf=lambda rates: rates.log().detach().requires_grad_(),
    rates_of=lambda u: u.exp(),
    unrolled=step_by_step,
    sign=-1,
    clear=True,
    note=lambda loss: loss.item(),
    late=False,
    end=lambda rates: rates.detach(),
    rebind=False,
    follow=False,
):  # fmt: skip
    """Make an answer with some of its parts replaced; it goes backward with backward()."""

    def answer(loss_of, start, rates, steps, rounds, pace):
        u, losses, where = leaf(rates), [], start
        for _ in range(rounds):
            p = unrolled(loss_of, where, rates_of(u), steps)
            loss = loss_of(p)
            if clear:
                u.grad = None
            loss.backward()
            with torch.no_grad():
                if rebind:
                    u = u + sign * pace * u.grad
                else:
                    u += sign * pace * u.grad
            if late:
                loss = loss_of(unrolled(loss_of, where, rates_of(u), steps))
            if follow:
                where = p.detach()
            losses.append(note(loss))
        return end(rates_of(u)), losses

    return answer


learn_rates.right(rounds_with())


@learn_rates.right
def by_multiplying(loss_of, start, rates, steps, rounds, pace):
    """Without u: its slope is the rate's slope times the rate, and its step multiplies the rate."""
    rates, losses = rates.clone(), []
    for _ in range(rounds):
        rates.requires_grad_()
        loss = loss_of(step_by_step(loss_of, start, rates, steps))
        (slope,) = torch.autograd.grad(loss, rates)
        rates = rates.detach() * (-pace * slope * rates.detach()).exp()
        losses = [*losses, loss.item()]
    return rates, losses


def mistaken(name, mistake, what, experiment, answer):
    """Add an answer with a mistake, under a name of its own."""
    answer.__name__ = name
    learn_rates.wrong(mistake, what, experiment=experiment)(answer)


mistaken(
    "never_zeroes",
    1,
    "u.grad is never set to zero, so that the slopes of all rounds add up",
    "print u.grad in every round; or use torch.autograd.grad, which adds nothing up.",
    rounds_with(clear=False),
)
mistaken(
    "learns_the_rate_itself",
    None,
    "the rate itself is moved, not its logarithm",
    "the leaf is u = rates.log(), and the run uses u.exp().",
    rounds_with(leaf=lambda rates: rates.clone().requires_grad_(), rates_of=lambda u: u * 1),
)
mistaken(
    "learn_climbs",
    22,
    "the steps for u go uphill",
    "print the losses of the rounds. They should become smaller.",
    rounds_with(sign=1),
)
mistaken(
    "learn_with_fixed_slopes",
    37,
    "the slopes inside the run count as fixed numbers: create_graph=True is missing, or a slope is "
    "detached",
    "run the check of milestone 2 again, and look at unroll.",
    rounds_with(unrolled=slopes_fixed),
)
mistaken(
    "learn_keeps_tensors",
    35,
    "the list holds tensors, each with the graph of a whole run, in place of Python numbers",
    "print type(losses[0]). It should be float.",
    rounds_with(note=lambda loss: loss),
)
mistaken(
    "notes_after_the_step",
    None,
    "the loss is noted after the step for u, not before it",
    "the first item of the list belongs to the rates that were given.",
    rounds_with(late=True),
)
mistaken(
    "keeps_the_graph",
    None,
    "the learned rates still have a graph behind them",
    "print the requires_grad of the result. It should be False.",
    rounds_with(end=lambda rates: rates),
)
mistaken(
    "rebinds_u",
    27,
    "u is a new tensor after the first round, made inside no_grad: it requires no gradient",
    "print u.requires_grad in every round. Change u in place.",
    rounds_with(rebind=True),
)
mistaken(
    "goes_on_from_the_end",
    None,
    "each round starts where the one before has ended, not at `start`",
    "print where each run starts.",
    rounds_with(follow=True),
)
mistaken(
    "u_is_no_leaf",
    39,
    "u is computed from a tensor that requires a gradient: it is no leaf and collects none",
    "print u.is_leaf. Take the logarithm first, then call requires_grad_().",
    rounds_with(leaf=lambda rates: rates.clone().requires_grad_().log()),
)


# Looking back

recall_retain = Question(
    "recall_retain",
    answers=("b",),
    explain="retain_graph keeps the saved values of the forward pass. It does not record the "
    "backward pass.",
    experiment="try it in the cell of milestone 1: print the requires_grad of the slope.",
    wrong={
        "a": "One keeps a graph that is there, the other makes a new one, of the backward pass.",
        "c": "The first step has all that it needs. Nothing is raised: that is the trap.",
    },
)

recall_leaf = Question(
    "recall_leaf",
    answers=(False,),
    explain="It is the result of a recorded subtraction, and has a grad_fn.",
    experiment="print p.is_leaf and p.grad_fn after one step.",
    wrong={True: "It was one before the step. What is it made from now?"},
)

recall_stable = Question(
    "recall_stable",
    answers=(0.25,),
    explain="A step multiplies q by 1 - 8r. Beyond r = 0.25 that is below -1: q changes sign and "
    "grows.",
    experiment="take q = 1, and work out q after two steps with the rates 0.2 and 0.3.",
    wrong={
        0.125: "At 0.125 one step leads right to the bottom. Beyond it q changes sign, and still "
        "shrinks.",
        0.5: "That holds for 2 * q**2. The slope of 4 * q**2 is 8q.",
        1: "That holds for q**2. Here the slope is four times as steep.",
    },
)
