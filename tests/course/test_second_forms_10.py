"""Second forms of the known mistakes of lesson 10."""

import autograd_lib as torch

from .second_forms import SecondForms

forms = SecondForms("10_many_outputs")


def leaf_of(x):
    return torch.tensor(x.tolist(), dtype=x.dtype, requires_grad=True)


def rows_of(f, x):
    """The Jacobian's rows, each from a graph of its own."""
    found = []
    for i in range(f(x).numel()):
        leaf = leaf_of(x)
        found.append(torch.autograd.grad(f(leaf)[i], leaf)[0])
    return found


def table(f, x):
    return torch.stack(rows_of(f, x))


def on_x(f, x, v):
    x.requires_grad = True
    (f(x) * v).sum().backward()
    return x.grad


forms(
    "vjp",
    ignores_the_weights=lambda f, x, v: sum(rows_of(f, x)),
    from_the_other_side=lambda f, x, v: table(f, x) @ v,
    forgets_the_weights=lambda f, x, v: torch.autograd.grad(f(leaf := leaf_of(x)), leaf)[0],
    flags_x=on_x,
    weights_the_values=lambda f, x, v: v * f(x.clone()),
)


def growing(f, x):
    rows = rows_of(f, x)
    return torch.stack([sum(rows[: i + 1]) for i in range(len(rows))])


def same_row(f, x):
    return torch.stack([sum(rows_of(f, x))] * len(f(x)))


def freed(f, x):
    leaf = leaf_of(x)
    y = f(leaf)
    return torch.stack([torch.autograd.grad(y[i], leaf)[0] for i in range(len(y))])


forms(
    "jacobian",
    sums_the_rows=lambda f, x: sum(rows_of(f, x)),
    turned=lambda f, x: torch.stack(rows_of(f, x), dim=1),
    rows_add_up=growing,
    rows_are_one_tensor=same_row,
    forgets_to_retain=freed,
)
forms(
    "jacobian_times",
    u_from_the_left=lambda f, x, u: u @ table(f, x),
    does_not_add=lambda f, x, u: torch.stack([row * u for row in rows_of(f, x)]),
    sums_each_row=lambda f, x, u: torch.stack([row.sum() for row in rows_of(f, x)]),
    one_long_step=lambda f, x, u: -(f(x) - f(x + u)),
)


def doublings(
    start=1, more=0, size=lambda y: y.norm(), weigh=lambda v: v, pair=lambda y, g: (y, g)
):
    def answer(x, v, limit):
        times = start
        while size(x * 2.0**times) < limit:
            times += 1
        factor = 2.0 ** (times + more)
        return pair(x * factor, weigh(v) * factor)

    return answer


def cut(x, v, limit):
    y = (leaf_of(x) * 2).detach()
    torch.autograd.backward(y, v)
    return y, x.grad


forms(
    "doubling",
    forgets_v=doublings(weigh=torch.ones_like),
    one_too_many=doublings(more=1),
    none_at_first=doublings(start=0),
    compares_the_largest=doublings(size=lambda y: max(y.abs().tolist())),
    cuts_in_the_loop=cut,
    swaps_the_pair=doublings(pair=lambda y, g: (g, y)),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("vjp", lambda f, x, v: table(f, x).sum(dim=1)),
    ("jacobian", lambda f, x: growing(f, x).T),
    ("jacobian_times", lambda f, x, u: table(f, x).sum(dim=0)),
    ("doubling", doublings(more=1, weigh=torch.ones_like)),
)
