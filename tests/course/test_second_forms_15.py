"""Second forms of the known mistakes of lesson 15."""

import numpy as np

import autograd_lib as torch

from .second_forms import SecondForms

NAME = "15_beyond_first_order"
forms = SecondForms(NAME)
grad = torch.autograd.grad


def slope_at(f, x, **options):
    return grad(outputs=f(x), inputs=[x], **options)[0]


def both_kept(f, x):
    f(x).backward(create_graph=True)
    second = grad(x.grad, x)[0]
    return second.detach()


def sum_of_both(f, x):
    torch.autograd.backward(f(x), create_graph=True)
    torch.autograd.backward(x.grad)
    return x.grad.detach().clone()


forms(
    "second_derivative",
    not_recorded=lambda f, x: slope_at(lambda x: slope_at(f, x), x),
    first_only=lambda f, x: torch.autograd.functional.jacobian(f, x),
    squares_the_slope=lambda f, x: slope_at(f, x) * slope_at(f, x),
    adds_both=sum_of_both,
    leaves_a_gradient=both_kept,
    gives_the_tuple=lambda f, x: (slope_at(lambda x: slope_at(f, x, create_graph=True), x),),
)


def table(f, x):
    """The Hessian, a row for each number, from a copy of x."""
    x = x.detach().clone().requires_grad_()
    g = slope_at(f, x, create_graph=True)
    rows = [slope_at(lambda x, i=i: g[i], x, retain_graph=True).tolist() for i in range(len(x))]
    return torch.tensor(rows, dtype=x.dtype)


def number_as_leaf(f, x, v):
    g = slope_at(f, x)
    return torch.tensor(float((g * v).sum()), dtype=x.dtype)


def product_kept(f, x, v):
    torch.autograd.backward([f(x)], create_graph=True)
    return slope_at(lambda x: (x.grad * v).sum(), x)


forms(
    "hessian_vector_product",
    product_not_recorded=lambda f, x, v: slope_at(lambda x: (slope_at(f, x) * v).sum(), x),
    forgets_v=lambda f, x, v: table(f, x).sum(0),
    multiplies_afterwards=lambda f, x, v: (table(f, x) * v.unsqueeze(1)).sum(1),
    first_order_only=lambda f, x, v: v * slope_at(f, x),
    stops_at_the_number=number_as_leaf,
    gradient_times_gradient=lambda f, x, v: torch.outer(slope_at(f, x), slope_at(f, x)) @ v,
    product_leaves_a_gradient=product_kept,
)


def rows_in_grad(f, x):
    g = slope_at(f, x, create_graph=True)
    result = torch.zeros(len(x), len(x))
    for i in range(len(x)):
        g[i].backward(retain_graph=True)
        result[i] = x.grad
    x.grad = None
    return result


def freed(f, x):
    g = slope_at(f, x, create_graph=True)
    rows = torch.zeros(len(x), len(x))
    for i, slope in enumerate(g):
        rows[i] = grad(slope, x)[0]
    return rows


forms(
    "hessian",
    table_not_recorded=lambda f, x: torch.stack(
        [slope_at(lambda x, i=i: slope_at(f, x)[i], x) for i in range(len(x))]
    ),
    frees_after_the_first_row=freed,
    sum_of_rows=lambda f, x: table(f, x).sum(1),
    diagonal_only=lambda f, x: table(f, x) * torch.eye(len(x)),
    outer_product=lambda f, x: slope_at(f, x).reshape(-1, 1) * slope_at(f, x),
    rows_add_up=rows_in_grad,
)


def step(f, x):
    return torch.from_numpy(
        np.linalg.solve(table(f, x).numpy(), slope_at(f, x).detach().numpy())
    ).to(x.dtype)


def in_place(f, x):
    d = step(f, x)
    with torch.no_grad():
        x -= d
    return x.clone()


forms(
    "newton_step",
    walks_away=lambda f, x: step(f, x) + x.detach(),
    gradient_descent=lambda f, x: (x - 1.0 * slope_at(f, x)).detach(),
    multiplies_by_hessian=lambda f, x: x.detach() - (slope_at(f, x) * table(f, x)).sum(1),
    diagonal_of_hessian=lambda f, x: torch.stack(
        [x[i].detach() - slope_at(f, x)[i] / table(f, x)[i, i] for i in range(len(x))]
    ),
    step_alone=lambda f, x: step(f, x) * -1,
    changes_x=in_place,
)


def function(name, forward, backward):
    """Make a Function by its two parts, which get ctx themselves."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type(name, (torch.autograd.Function,), members)


def exp_keeping_both(ctx, x):
    result = x.exp()
    ctx.save_for_backward(x, result)
    return result


def exps(slope):
    def backward(ctx, grad):
        x, result = ctx.saved_tensors
        return slope(x, result, grad)

    return lambda x: function("E", exp_keeping_both, backward).apply(x)


forms(
    "my_exp",
    slope_is_input=exps(lambda x, r, g: g * x),
    forgets_upstream=exps(lambda x, r, g: r * 1),
    adds_upstream=exps(lambda x, r, g: g + r),
    forgets_the_slope=exps(lambda x, r, g: g * 1),
    power_rule=exps(lambda x, r, g: g * x * (x - 1).exp()),
    once_only=exps(lambda x, r, g: torch.tensor((r * g).tolist())),
    cut_off=lambda x: torch.tensor(np.exp(x.detach().numpy())),
)


def rounds(backward, forward=lambda ctx, x: x.round()):
    return lambda x: function("R", forward, backward).apply(x)


def keeping(ctx, x):
    ctx.save_for_backward(x)
    return x.round()


forms(
    "round_straight_through",
    plain_rounding=lambda x: x.round(),
    ones_for_upstream=rounds(lambda ctx, g: torch.ones_like(g)),
    all_detached=lambda x: torch.tensor(np.round(x.detach().numpy())),
    nothing_rounded=rounds(lambda ctx, g: g, lambda ctx, x: x.clone()),
    rounds_down=rounds(lambda ctx, g: g * 1, lambda ctx, x: x.floor()),
    multiplies_by_x=rounds(lambda ctx, g: ctx.saved_tensors[0] * g, keeping),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("second_derivative", lambda f, x: (slope_at(f, x) ** 2,)),
    ("hessian_vector_product", lambda f, x, v: slope_at(f, x).sum() * v),
    ("hessian", lambda f, x: table(f, x).sum(0) * slope_at(f, x)),
    ("newton_step", lambda f, x: x.detach() + table(f, x) @ slope_at(f, x)),
    ("my_exp", exps(lambda x, r, g: x + g)),
    ("round_straight_through", rounds(lambda ctx, g: torch.ones_like(g), lambda c, x: x.floor())),
)
