"""Each known mistake, made again in other words: the diagnosis must name it all the same.

These forms stand only here. The keys do not know them.
"""

import pytest

import autograd_lib as torch
from course.check import diagnose

from . import lessons

F = torch.nn.functional
FORMS = {}


def forms(lesson, exercise, **answers):
    for mistake, answer in answers.items():
        FORMS[lesson, exercise, mistake] = answer


# The thermometer

forms(
    "05_the_thermometer",
    "model",
    forgets_b=lambda t, w, b: t.mul(w),
    subtracts_b=lambda t, w, b: -b + t * w,
    swaps_w_and_b=lambda t, w, b: w + t * b,
    adds_b_first=lambda t, w, b: t * w + b * w,
    loses_the_graph=lambda t, w, b: t * float(w) + float(b),
)


def mean(values):
    return values.sum() / values.numel()


forms(
    "05_the_thermometer",
    "loss_fn",
    subtracts_a_column=lambda p, c: mean((c - p).pow(2)),
    sum_for_mean=lambda p, c: F.mse_loss(p.flatten(), c, reduction="sum"),
    sum_for_mean_and_column=lambda p, c: ((c - p) * (c - p)).sum(),
    forgets_to_square=lambda p, c: mean(p.flatten()) - mean(c),
    absolute_errors=lambda p, c: mean(((p.flatten() - c) ** 2).sqrt()),
    squares_the_mean=lambda p, c: (p.mean() - c.mean()) * (p.mean() - c.mean()),
    root_of_the_mean=lambda p, c: mean((c - p.flatten()) ** 2) ** 0.5,
    loss_without_graph=lambda p, c: torch.tensor(F.mse_loss(p.flatten(), c).item(), dtype=c.dtype),
)


def by_reading(w, b, t_u, t_c, slope_w, slope_b):
    """Add up slopes reading by reading: functions of the error, the prediction and the reading."""
    n, sums = len(t_u), [0.0, 0.0]
    for u, c in zip(t_u.tolist(), t_c.tolist(), strict=True):
        p = w * u + b
        sums[0] += slope_w(p - c, p, u) / n
        sums[1] += slope_b(p - c, p, u) / n
    return tuple(sums)


def multiplies_means(w, b, t_u, t_c):
    slope_b = 2 * (w * t_u + b - t_c).sum() / len(t_u)
    return torch.stack([slope_b * t_u.mean(), slope_b])


def per_reading(slope_w, slope_b, scale=1.0):
    def answer(w, b, t_u, t_c):
        both = by_reading(w, b, t_u, t_c, slope_w, slope_b)
        factor = len(t_u) if scale == "n" else scale
        return [factor * both[0], factor * both[1]]

    return answer


forms(
    "05_the_thermometer",
    "slopes_by_hand",
    sums_slopes=per_reading(lambda e, p, u: 2 * e * u, lambda e, p, u: 2 * e, "n"),
    forgets_the_two=per_reading(lambda e, p, u: e * u, lambda e, p, u: e),
    turns_the_sign=per_reading(lambda e, p, u: 2 * e * u, lambda e, p, u: 2 * e, -1.0),
    forgets_the_reading=per_reading(lambda e, p, u: 2 * e, lambda e, p, u: 2 * e),
    multiplies_b_too=per_reading(lambda e, p, u: 2 * e * u, lambda e, p, u: 2 * u * e),
    forgets_the_target=per_reading(lambda e, p, u: 2 * p * u, lambda e, p, u: 2 * p),
    forgets_the_offset=lambda w, b, t_u, t_c: per_reading(
        lambda e, p, u: 2 * e * u, lambda e, p, u: 2 * e
    )(w, 0.0, t_u, t_c),
    multiplies_means=multiplies_means,
    swaps_the_pair=per_reading(lambda e, p, u: 2 * e, lambda e, p, u: 2 * e * u),
)


def line_loss(params, t_u, t_c):
    w, b = params
    return F.mse_loss(w * t_u + b, t_c)


def loop(step, before=lambda params: params.__setattr__("grad", None), note=None):
    """Make a training loop of what is done before backward(), and after it."""

    def answer(n_epochs, learning_rate, params, t_u, t_c):
        history, epoch = [], 0
        while epoch < n_epochs:
            before(params)
            loss = line_loss(params, t_u, t_c)
            loss.backward()
            history = [*history, note(loss) if note else float(loss)]
            moved = step(params, learning_rate)
            params = params if moved is None else moved
            epoch += 1
        return history

    return answer


@torch.no_grad()
def good_step(params, rate):
    params.sub_(params.grad, alpha=rate)


def nothing(params):
    """Leave the gradient as it is."""


def zero_then_step(params, rate):
    params.grad = torch.zeros_like(params.grad)
    good_step(params, rate)


def step_then_zero(params, rate):
    good_step(params, rate)
    params.grad = None


@torch.no_grad()
def uphill(params, rate):
    params.add_(params.grad * rate)


@torch.no_grad()
def new_tensor(params, rate):
    return torch.sub(params, params.grad * rate)


def new_tensor_then_zero(params, rate):
    params = new_tensor(params, rate)
    params.grad.zero_()
    return params


def new_leaf(params, rate):
    return torch.tensor((params - params.grad * rate).tolist(), requires_grad=True)


def tracked_step(params, rate):
    return params - params.grad * rate


def tracked_in_place(params, rate):
    params.sub_(params.grad * rate)


def zero_at_once(params):
    params.grad.zero_()


def item_first(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        history.append(line_loss(params, t_u, t_c).item())
        history[-1].backward()
    return history


def notes_late(n_epochs, learning_rate, params, t_u, t_c):
    losses = loop(good_step)(n_epochs, learning_rate, params, t_u, t_c)
    return [*losses[1:], line_loss(params, t_u, t_c).item()] if losses else []


forms(
    "05_the_thermometer",
    "training_loop",
    never_zeroes=loop(good_step, before=nothing),
    zeroes_only_afterwards=loop(step_then_zero, before=nothing),
    zeroes_too_late=loop(zero_then_step, before=nothing),
    zeroes_none=loop(good_step, before=zero_at_once),
    climbs=loop(uphill),
    rebinds_under_no_grad=loop(new_tensor),
    rebinds_under_no_grad_then_zeroes=loop(new_tensor_then_zero, before=nothing),
    rebinds_and_requires_again=loop(new_leaf),
    rebinds_tracked=loop(
        tracked_step, before=lambda p: p.grad.zero_() if p.grad is not None else None
    ),
    in_place_tracked=loop(tracked_in_place),
    keeps_tensors=loop(good_step, note=lambda loss: loss.detach()),
    item_before_backward=item_first,
    notes_after_the_update=notes_late,
    returns_too_early=lambda n, *rest: loop(good_step)(min(n, 1), *rest),
    returns_params=lambda n, rate, params, t_u, t_c: (
        loop(good_step)(n, rate, params, t_u, t_c),
        params,
    )[1],
    returns_nothing=lambda *given: print(loop(good_step)(*given)),
)

# Gradients add up


def passes(count, prepare=lambda w, b: None, keep=torch.clone):
    """Make an answer to six_times of the number of further passes and what is kept."""

    def answer(x, y, w, b, extra):
        def one():
            F.binary_cross_entropy_with_logits(x @ w + b, y).backward()

        one()
        first = keep(w.grad)
        done = 0
        while done < count(extra):
            prepare(w, b)
            one()
            done += 1
        return first, w.grad

    return answer


def zero_both(w, b):
    w.grad = b.grad = None


def one_graph(x, y, w, b, extra):
    loss = F.binary_cross_entropy_with_logits(x @ w + b, y)
    kept = []
    for _ in range(1 + extra):
        loss.backward()
        kept.append(w.grad.clone())
    return kept[0], w.grad


forms(
    "06_gradients_add_up",
    "six_times",
    one_pass_too_few=passes(lambda extra: extra - 1),
    keeps_no_copy=passes(lambda extra: extra, keep=lambda g: g),
    zeroes_every_time=passes(lambda extra: extra, prepare=zero_both),
    one_graph_for_all=one_graph,
)


def fill_or_make(parameters):
    for p in parameters:
        p.grad = torch.zeros_like(p)


forms(
    "06_gradients_add_up",
    "zero_gradients",
    forgets_none=lambda parameters: [p.grad.zero_() for p in parameters] and None,
    zeroes_the_parameters=lambda parameters: [p.detach().fill_(0) for p in parameters] and None,
    sets_none=lambda parameters: [setattr(p, "grad", None) for p in parameters] and None,
    makes_zeros_of_none=fill_or_make,
)


def pieces(weight, rows=None, prepare=lambda w: None):
    """Make an answer to microbatch_gradients of a piece's weight: size, number of pieces, rows."""

    def answer(w, x, y, sizes):
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        for start, size in zip(starts, sizes, strict=True):
            prepare(w)
            part = torch.arange(0 if rows == "first" else start, size if rows else start + size)
            error = y[part] - x[part] @ w
            ((error * error).sum() * weight(size, len(sizes), len(y))).backward()

    return answer


def drop_first(w, x, y, sizes):
    w.grad = None
    ((x @ w - y) ** 2).mean().backward()


forms(
    "06_gradients_add_up",
    "microbatch_gradients",
    forgets_to_weight=pieces(lambda size, count, n: 1 / size),
    mean_of_means=pieces(lambda size, count, n: 1 / size / count),
    zeroes_for_every_piece=pieces(lambda s, c, n: 1 / n, prepare=lambda w: zero_both(w, w)),
    sum_for_mean=pieces(lambda size, count, n: 1.0),
    always_the_first_rows=pieces(lambda size, count, n: 1 / n, rows="first"),
    starts_from_nothing=drop_first,
)


def backward_each(*retain):
    def answer(leaf, loss):
        for again in retain:
            torch.autograd.backward(loss, retain_graph=again)
        return leaf.grad

    return answer


forms(
    "06_gradients_add_up",
    "backward_twice",
    forgets_to_retain=backward_each(False, False),
    only_once=backward_each(False),
    retains_for_ever=backward_each(True, True),
)

# One backward, by hand

forms(
    "09_one_backward_by_hand",
    "sigmoid",
    forgets_the_minus=lambda z: 1 - torch.sigmoid(z),
    divides_infinities=lambda z: z.exp() / (z.exp() + 1),
    softmax=lambda z: (
        torch.exp(z - z.max()) / torch.exp(z - z.max()).sum(-1, keepdim=True)
        if z.numel()
        else z.clone()
    ),
    forgets_the_brackets=lambda z: 1 + (-z).exp(),
    its_slope=lambda z: torch.sigmoid(z) - torch.sigmoid(z) ** 2,
)


def mean_of(one):
    return lambda z, y: mean(one(z, y))


def stable(z, y):
    return z.clamp(min=0) - y * z + torch.log1p((-z.abs()).exp())


forms(
    "09_one_backward_by_hand",
    "bce_with_logits",
    logarithm_of_probability=mean_of(
        lambda z, y: -y * torch.log(torch.sigmoid(z)) - (1 - y) * torch.log(1 - torch.sigmoid(z))
    ),
    overflows_on_the_left=mean_of(lambda z, y: (1 - y) * z + ((-z).exp() + 1).log()),
    overflows_on_the_right=mean_of(lambda z, y: -y * z + (1 + z.exp()).log()),
    forgets_the_bars=mean_of(lambda z, y: z.clamp(min=0) - y * z + ((-z).exp() + 1).log()),
    forgets_the_minus_before_the_bars=mean_of(
        lambda z, y: z.clamp(min=0) - y * z + (z.abs().exp() + 1).log()
    ),
    sum_of_losses=lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum"),
    one_loss_each=stable,
    logits_as_probabilities=mean_of(lambda z, y: (y - 1) * torch.log(1 - z) - y * z.log()),
    sigmoid_twice=lambda z, y: F.binary_cross_entropy_with_logits(torch.sigmoid(z), y),
    turned_around=lambda z, y: mean(-stable(z, y)),
    forgets_targets=lambda z, y: F.binary_cross_entropy_with_logits(z, torch.zeros_like(y)),
    cuts_the_graph=lambda z, y: torch.tensor(stable(z, y).mean().item()),
)


def manual(slope, w_of=lambda x, g: x.reshape(-1, 1) * g, logits=lambda x, w, b: x @ w + b):
    """Make an answer to manual_gradients of the slope along z, a function of z, y and n."""

    def answer(x, y, w, b):
        g = slope(logits(x, w, b), y, y.numel())
        return w_of(x, g), g

    return answer


def right_slope(z, y, n):
    return (torch.sigmoid(z) - y) / n


def with_sigmoid_slope(factor):
    def slope(z, y, n):
        s = z.detach().clone().requires_grad_()
        p = torch.sigmoid(s)
        p.sum().backward()
        return factor * (p.detach() - y) * s.grad / n

    return slope


forms(
    "09_one_backward_by_hand",
    "manual_gradients",
    forgets_n=manual(lambda z, y, n: torch.sigmoid(z) - y),
    divides_by_inputs=lambda x, y, w, b: manual(lambda z, y, n: (torch.sigmoid(z) - y) / x.numel())(
        x, y, w, b
    ),
    forgets_the_sigmoid=manual(lambda z, y, n: z / n - y / n),
    squared_error_habit=manual(with_sigmoid_slope(2)),
    extra_slope=manual(with_sigmoid_slope(1)),
    sigmoid_of_sigmoid=manual(lambda z, y, n: right_slope(1 / (1 + torch.exp(-z)), y, n)),
    softmax_for_sigmoid=manual(lambda z, y, n: (F.softmax(z, dim=-1) - y) / n),
    target_minus_prediction=manual(lambda z, y, n: -right_slope(z, y, n)),
    forgets_the_target=manual(lambda z, y, n: torch.sigmoid(z) / n),
    forgets_the_input=manual(right_slope, w_of=lambda x, g: torch.stack([g] * len(x))),
    transposes=manual(right_slope, w_of=lambda x, g: (x.reshape(-1, 1) * g).T),
    wrong_order=lambda *given: tuple(reversed(manual(right_slope)(*given))),
    forgets_b=manual(right_slope, logits=lambda x, w, b: x @ w),
    unstable_sigmoid=manual(lambda z, y, n: (z.exp() / (z.exp() + 1) - y) / n),
)


def autograd(loss, clear=zero_both, finish=lambda w, b: None):
    """Make an answer to autograd_gradients of the loss, and what is done before and after."""

    def answer(x, y, w, b):
        clear(w, b)
        loss(x @ w + b, y).backward()
        finish(w, b)
        return (w.grad, b.grad)

    return answer


library = F.binary_cross_entropy_with_logits


def clear_at_once(w, b):
    for p in (w, b):
        p.grad.zero_()


def fill_zeros(w, b):
    w.grad, b.grad = torch.zeros_like(w), torch.zeros_like(b)


def never(x, y, w, b):
    zero_both(w, b)
    return w.grad, b.grad


forms(
    "09_one_backward_by_hand",
    "autograd_gradients",
    adds_to_old=autograd(library, clear=lambda w, b: None),
    zeroes_none=autograd(library, clear=clear_at_once),
    zeroes_afterwards=autograd(library, finish=fill_zeros),
    sigmoid_before_the_loss=autograd(lambda z, y: library(z.sigmoid(), y)),
    own_sigmoid_before_the_loss=autograd(lambda z, y: library((1 + (-z).exp()) ** -1, y)),
    sums_the_loss=autograd(lambda z, y: library(z, y, reduction="sum")),
    minus_the_loss=autograd(lambda z, y: library(z, y) * -1),
    zeros_for_targets=autograd(lambda z, y: library(z, 0 * y)),
    loss_from_probabilities=autograd(
        lambda z, y: (
            F.binary_cross_entropy(torch.sigmoid(z), y)
            if z.abs().max() < 50
            else mean(-y * torch.log(torch.sigmoid(z)) - (1 - y) * torch.log(1 - torch.sigmoid(z)))
        )
    ),
    cut_off=autograd(lambda z, y: library(torch.tensor(z.tolist()), y)),
    number_before_backward=autograd(lambda z, y: float(library(z, y))),
    never_goes_backward=never,
    returns_what_backward_returns=lambda x, y, w, b: print(
        autograd(library, clear=lambda w, b: None)(x, y, w, b)
    ),
)


def known_mistakes():
    return [
        (name, exercise.name, wrong.name)
        for name in ("05_the_thermometer", "06_gradients_add_up", "09_one_backward_by_hand")
        for exercise in lessons.key(name).values()
        for wrong in getattr(exercise, "wrongs", ())
    ]


@pytest.mark.parametrize("name, exercise, mistake", known_mistakes())
def test_the_same_mistake_in_other_words_is_named(name, exercise, mistake):
    answer = FORMS[name, exercise, mistake]
    for seed in ("second-0", "second-1"):
        cases = lessons.cases(name, seed)
        given = cases.given(lessons.key(name)[exercise], answer)
        named = diagnose(cases, cases.exercises[exercise], given)
        assert named is not None and named.name == mistake, f"taken for {named and named.name}"


TWO_AT_ONCE = [
    ("05_the_thermometer", "model", lambda t, w, b: b * t - w),
    ("05_the_thermometer", "slopes_by_hand",
     per_reading(lambda e, p, u: -e * u, lambda e, p, u: -e)),
    ("05_the_thermometer", "training_loop", loop(uphill, before=nothing)),
    ("06_gradients_add_up", "six_times",
     passes(lambda extra: extra - 1, keep=lambda g: g)),
    ("06_gradients_add_up", "microbatch_gradients",
     pieces(lambda size, count, n: 1.0, prepare=lambda w: zero_both(w, w))),
    ("09_one_backward_by_hand", "bce_with_logits", lambda z, y: -stable(z, 0 * y).sum()),
    ("09_one_backward_by_hand", "manual_gradients",
     manual(lambda z, y, n: y - torch.sigmoid(z))),
    ("09_one_backward_by_hand", "autograd_gradients",
     autograd(lambda z, y: -library(torch.sigmoid(z), y))),
]  # fmt: skip


@pytest.mark.parametrize("name, exercise, answer", TWO_AT_ONCE)
def test_two_mistakes_at_once_name_none(name, exercise, answer):
    cases = lessons.cases(name, "two")
    given = cases.given(lessons.key(name)[exercise], answer)
    assert diagnose(cases, cases.exercises[exercise], given) is None
