"""Second forms of the known mistakes of lesson 03."""

import autograd_lib as torch

from .second_forms import SecondForms

forms = SecondForms("03_tensors_that_remember")


def brackets(t):
    return "result" if not t.is_leaf() else "constant"


forms(
    "classify",
    flag_means_parameter=lambda t: ["constant", "parameter"][int(t.requires_grad)],
    leaf_means_parameter=lambda t: "parameter" if t.grad_fn is None else "result",
    constant_means_result=lambda t: {True: "parameter"}.get(
        t.requires_grad and t.is_leaf, "result"
    ),
    asks_for_the_gradient=lambda t: (
        "result" if not t.is_leaf else "parameter" if t.grad is not None else "constant"
    ),
    swaps_two_kinds=lambda t: (
        "parameter" if t.grad_fn is not None else "result" if t.requires_grad else "constant"
    ),
    calls_a_property=brackets,
)


def early_flag(values, scale):
    start = values.clone().float()
    start.requires_grad = True
    return torch.mul(start, scale)


def flag_on_values(values, scale):
    leaf = values.float()
    leaf.requires_grad = True
    return scale * leaf


def no_cast(values, scale):
    product = torch.mul(values, scale)
    product.requires_grad = True
    return product


def scaled_in_place(values, scale):
    values.mul_(scale)
    return torch.tensor(values.tolist(), dtype=torch.float32, requires_grad=True)


forms(
    "make_parameter",
    flag_first=early_flag,
    flags_the_values=flag_on_values,
    forgets_the_cast=lambda values, scale: torch.mul(values, scale).requires_grad_(True),
    forgets_the_flag=lambda values, scale: torch.mul(values.float(), scale),
    forgets_the_scale=lambda values, scale: torch.tensor(
        values.tolist(), dtype=torch.float32, requires_grad=True
    ),
    changes_the_values=scaled_in_place,
)


def flag_on_x(f, x):
    leaf = x.float()
    leaf.requires_grad = True
    torch.autograd.backward(f(leaf))
    return leaf.grad


def backward_returns_nothing(f, x):
    return f(torch.tensor(x.tolist(), dtype=torch.float32, requires_grad=True)).backward()


forms(
    "first_gradient",
    flags_x=flag_on_x,
    forgets_to_cast=lambda f, x: torch.autograd.grad(f(leaf := x.clone().requires_grad_()), leaf)[
        0
    ],
    asks_a_result=backward_returns_nothing,
    forgets_to_flag=lambda f, x: f(x.float()).backward(),
    returns_the_value=lambda f, x: f(torch.tensor(x.tolist(), dtype=torch.float32)),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("classify", lambda t: "result" if t.is_leaf else "parameter"),
    ("make_parameter", lambda values, scale: values.clone().float()),
    ("first_gradient", lambda f, x: f(x.requires_grad_())),
)
