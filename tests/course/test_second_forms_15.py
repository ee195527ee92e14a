"""Second forms of the known mistakes of lesson 15."""

import pytest

import autograd_lib as torch
import course
from course.check import CheckFailed

from .second_forms import SecondForms

NAME = "15_beyond_first_order"
forms = SecondForms(NAME)
grad = torch.autograd.grad


def chain(f, x, count, ask=None, **options):
    """One derivative after the other, as tensors, the value of f first."""
    at = torch.tensor(x, dtype=torch.float64).requires_grad_()
    found = [f(at)]
    for _ in range(count):
        if ask is None or ask(found[-1]):
            found.append(grad(found[-1], [at], **options)[0])
        else:
            found.append(torch.zeros((), dtype=torch.float64))
    return found


def has_past(value):
    return value.grad_fn is not None


def right(f, x, count):
    return [d.item() for d in chain(f, x, count, has_past, create_graph=True)[1:]]


forms(
    "derivatives",
    retains_only=lambda f, x, n: [float(d) for d in chain(f, x, n, retain_graph=True)[1:]],
    zero_without_past=lambda f, x, n: [float(d) for d in chain(f, x, n, has_past)[1:]],
    asks_constants=lambda f, x, n: [float(d) for d in chain(f, x, n, create_graph=True)[1:]],
    begins_with_the_value=lambda f, x, n: [
        float(d) for d in chain(f, x, n, has_past, create_graph=True)
    ][:n],
    gives_tensors=lambda f, x, n: [
        d.detach() for d in chain(f, x, n, has_past, create_graph=True)[1:]
    ],
    adds_up=lambda f, x, n: [sum(right(f, x, n)[: k + 1]) for k in range(n)],
)


def columns(f, x):
    """The Hessian by the columns of an identity."""
    at = x.detach() * 1
    at.requires_grad_(True)
    g = grad(f(at), at, create_graph=True)[0]
    units = torch.eye(at.numel(), dtype=at.dtype)
    return torch.stack([grad(g, at, units[i], retain_graph=True)[0] for i in range(len(units))], 1)


def slope(f, x, **options):
    at = x.detach() * 1
    at.requires_grad_(True)
    return grad(f(at), at, **options)[0], at


def tracked_product(f, x, v):
    g, at = slope(f, x, create_graph=True)
    return grad(g, at, v, create_graph=True)[0]


def retained_product(f, x, v):
    g, at = slope(f, x, retain_graph=True)
    return grad(torch.dot(g, v), at)[0]


forms(
    "hessian_vector_product",
    retains_for_product=retained_product,
    forgets_v=lambda f, x, v: columns(f, x) @ torch.ones_like(v),
    first_order_only=lambda f, x, v: v * slope(f, x)[0],
    diagonal_only=lambda f, x, v: (columns(f, x) * torch.eye(len(v), dtype=v.dtype)) @ v,
    stays_tracked=tracked_product,
    g_times_g=lambda f, x, v: columns(f, x) @ slope(f, x)[0],
)

forms(
    "hessian",
    only_diagonal=lambda f, x: columns(f, x) * torch.eye(len(x), dtype=x.dtype),
    retains_for_hessian=lambda f, x: torch.stack(
        [retained_product(f, x, unit) for unit in torch.eye(len(x), dtype=x.dtype)], 1
    ),
    ones_for_each=lambda f, x: columns(f, x).sum(1).expand(len(x), len(x)),
    products_of_slopes=lambda f, x: slope(f, x)[0].reshape(-1, 1) * slope(f, x)[0],
    gives_a_list=lambda f, x: [columns(f, x)[:, i] for i in range(len(x))],
)


def step(f, x, solve=torch.linalg.solve, sign=-1.0, place=True):
    d = solve(columns(f, x), slope(f, x)[0])
    return sign * d + (x.detach() if place else 0 * d)


forms(
    "newton_step",
    adds_d=lambda f, x: step(f, x, sign=1.0),
    gradient_descent=lambda f, x: step(f, x, solve=lambda H, g: g),
    multiplies=lambda f, x: step(f, x, solve=lambda H, g: (H * g).sum(1)),
    divides_by_the_diagonal=lambda f, x: step(
        f, x, solve=lambda H, g: torch.stack([g[i] / H[i, i] for i in range(len(g))])
    ),
    only_the_step=lambda f, x: step(f, x, sign=1.0, place=False),
)


def both_ways(value, back):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x.detach()
            ctx.result = value(ctx.x)
            return ctx.result.clone()

        @staticmethod
        def backward(ctx, upstream):
            return back(upstream, ctx.x, ctx.result)

    return lambda x: Own.apply(x)


def soft(x):
    return x.clamp(min=0) + (1 + (-x.abs()).exp()).log()


def sigma(x):
    return 1 / (1 + (-x).exp())


forms(
    "softplus",
    forgets_what_arrives=both_ways(soft, lambda g, x, r: sigma(x)),
    uses_the_result=both_ways(soft, lambda g, x, r: sigma(r) * g),
    slope_of_the_sigmoid=both_ways(soft, lambda g, x, r: g * (sigma(x) - sigma(x) ** 2)),
    overflows=both_ways(lambda x: (x.exp() + 1).log(), lambda g, x, r: sigma(x) * g),
    forgets_the_maximum=both_ways(
        lambda x: (1 + (-x.abs()).exp()).log(), lambda g, x, r: sigma(x) * g
    ),
    slope_of_relu=both_ways(soft, lambda g, x, r: torch.where(x > 0, g, torch.zeros_like(g))),
)

forms(
    "straight_through_round",
    plain_round=lambda x: x.round(),
    cut_off=lambda x: torch.tensor(x.detach().numpy().round()),
    does_not_round=lambda x: x + 0,
    ones_come_back=both_ways(torch.round, lambda g, x, r: g * 0 + 1),
    cuts_digits_off=lambda x: x + (x.trunc() - x).detach(),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("derivatives", lambda f, x, n: [-float(d) for d in chain(f, x, n, has_past)[1:]]),
    ("hessian_vector_product", lambda f, x, v: -columns(f, x).sum(1)),
    ("hessian", lambda f, x: list(columns(f, x) * torch.eye(len(x), dtype=x.dtype))),
    ("newton_step", lambda f, x: step(f, x, solve=lambda H, g: g, sign=1.0)),
    ("softplus", both_ways(lambda x: (x.exp() + 1).log(), lambda g, x, r: sigma(x))),
)


# Bad answers: each has words of its own


def endless(*given):
    return endless(*given)


BAD = [
    ("derivatives-first", lambda f, x, n: None, "None"),
    ("derivatives-first", lambda f, x, n: right(f, x, n)[:1], "items"),
    ("derivatives-first", lambda f, x, n: tuple(right(f, x, n)), "tuple"),
    ("derivatives-first", endless, "calls itself without end"),
    ("hessian_vector_product-example", lambda f, x, v: [22.0, 6.0], "list"),
    ("hessian_vector_product-example", lambda f, x, v: columns(f, x), "shape"),
    ("hessian-example", lambda f, x: columns(f, x).numpy(), "NumPy array"),
    ("newton_step-bowl", lambda f, x: x * float("nan"), "nan"),
    ("newton_step-bowl", lambda f, x: x.sub_(step(f, x)) * 0 + step(f, x), "wrong values"),
    ("softplus-values", lambda x: None, "None"),
    ("straight_through_round-values", lambda x: [1.0], "list"),
    ("straight_through_round-gradient", lambda x: torch.round(x).detach(), "RuntimeError"),
]


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check(check, answer)
    shown = capsys.readouterr().out
    assert words in shown, shown
