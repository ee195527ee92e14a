"""The answer key of "Beyond first order"."""

import autograd_lib as torch
from course.key import Exercise, Question, function, program, tensor

predict_second = Question(
    "predict_second",
    answers=(12,),
    explain="6 times 2. The slope itself is 3 times 4, also 12: a coincidence of this point.",
    experiment="work out 6x at x = 2.",
    wrong={
        8: "8 is the value, 2 cubed.",
        6: "6 is the third derivative. The second is 6x.",
        2: "2 is x.",
    },
)

grad = torch.autograd.grad


# A gradient with a past

derivatives = Exercise(
    "derivatives",
    experiment="derivatives(lambda x: x**3, 2.0, 4) should be [12.0, 12.0, 6.0, 0.0].",
    tolerance=(1e-6, 1e-9),
)


def derivatives_case(check, formula, count, **names):
    def draw(rng):
        named = {name: float(rng.uniform(0.5, 2)) for name in names}
        return dict(f=function(formula, **named), x=float(rng.uniform(1.2, 2.2)), count=count)

    derivatives.case(check)(draw)


derivatives_case("derivatives-first", "x ** 3", 2)
derivatives_case("derivatives-first", "a * x.exp() * x", 2, a=1)
derivatives_case("derivatives-higher", "x ** 3 - a * x * x", 5, a=1)
derivatives_case("derivatives-higher", "(a * x).sin()", 4, a=1)
derivatives_case("derivatives-any", "a * x", 3, a=1)
derivatives_case("derivatives-any", "x ** 4 / a", 0, a=1)
derivatives_case("derivatives-any", "1 / (a + x * x)", 3, a=1)
derivatives_case("derivatives-any", "x.log() * a", 1, a=1)


def leaf_of(x):
    return torch.tensor(x, dtype=torch.float64, requires_grad=True)


@derivatives.right
def by_recursion(f, x, count):
    leaf = leaf_of(x)

    def higher(value, left):
        if not left:
            return []
        if value.grad_fn is None:
            return [0.0] * left
        slope = grad(value, leaf, create_graph=True)[0]
        return [float(slope), *higher(slope, left - 1)]

    return higher(f(leaf), count)


@derivatives.right
def with_backward(f, x, count):
    leaf, found = leaf_of(x), []
    value = f(leaf)
    while len(found) < count:
        if not value.requires_grad:
            found.append(0.0)
            continue
        leaf.grad = None
        value.backward(create_graph=True)
        value = leaf.grad
        found.append(value.item())
    return found


def loop(f, x, count, step, wanted=True):
    leaf, found = leaf_of(x), []
    value = f(leaf)
    for _ in range(count):
        value = step(value, leaf) if value.requires_grad or not wanted else torch.tensor(0.0)
        found.append(value.item())
    return found


@derivatives.wrong(
    37,
    "retain_graph=True is given, which keeps saved values but records nothing",
    experiment="print the grad_fn of the first gradient. It should not be None.",
)
def retains_only(f, x, count):
    return loop(f, x, count, lambda v, leaf: grad(v, leaf, retain_graph=True)[0], wanted=False)


@derivatives.wrong(
    37,
    "the gradients are not recorded, and those without a past are taken for zero",
    experiment="add create_graph=True, and print the grad_fn of the first gradient.",
)
def zero_without_past(f, x, count):
    return loop(f, x, count, lambda v, leaf: grad(v, leaf)[0])


@derivatives.wrong(
    None,
    "a derivative that does not depend on x any more is asked for its gradient, too",
    experiment="the fourth derivative of x cubed is 0: ask value.requires_grad first.",
)
def asks_constants(f, x, count):
    return loop(f, x, count, lambda v, leaf: grad(v, leaf, create_graph=True)[0], wanted=False)


@derivatives.wrong(
    None,
    "the value of f itself is in the list, as its first number",
    experiment="for x cubed at 2 the list begins with 12, not with 8.",
)
def begins_with_the_value(f, x, count):
    return [f(leaf_of(x)).item(), *by_recursion(f, x, count)][:count]


@derivatives.wrong(
    None,
    "the list holds tensors, where plain floats were asked for",
    experiment="use value.item().",
)
def gives_tensors(f, x, count):
    return [torch.tensor(d, dtype=torch.float64) for d in by_recursion(f, x, count)]


@derivatives.wrong(
    1,
    "gradients add up in x.grad: each derivative holds those before it",
    experiment="set x.grad to None before each backward(), or use torch.autograd.grad.",
)
def adds_up(f, x, count):
    leaf, found = leaf_of(x), []
    value = f(leaf)
    for _ in range(count):
        if value.requires_grad:
            before = 0.0 if leaf.grad is None else leaf.grad.item()
            (value,) = grad(value, leaf, create_graph=True)
            leaf.grad = torch.tensor(before + value.item(), dtype=torch.float64)
            found.append(leaf.grad.item())
        else:
            found.append(found[-1] if found else 0.0)
    return found


# The Hessian

hessian_vector_product = Exercise(
    "hessian_vector_product",
    sees=["result", "result.requires_grad", "x", "x.grad", "v"],
    experiment="take the example of the text, and print g, then (g * v).sum().",
)

FORMULAS = [
    "(x[0] * x[1] * x[1]).exp() + (a * x).sum() ** 3",
    "(x.sin() * x.flip(0) * a).sum() + x[0] ** 2",
    "((a * x).sum() ** 2 + 1).log() * x[0] + x.prod()",
]


def bent(rng, n=3, dtype="float64", formula=None):
    """A function of n numbers whose Hessian has no zeros, and where to take it."""
    formula = formula or FORMULAS[int(rng.randint(len(FORMULAS)))]
    weights = tensor(rng.uniform(0.3, 0.9, size=n), dtype=dtype)
    x = tensor(rng.uniform(0.3, 0.9, size=n) * rng.choice([-1, 1], size=n), dtype=dtype)
    return dict(f=function(formula, a=weights), x=x)


def example():
    return dict(f=function("x[0]**2 * x[1]"), x=tensor([3.0, 5.0]))


@hessian_vector_product.case("hessian_vector_product-example")
def of_the_text(rng):
    return example() | dict(v=tensor([1.0, 2.0]))


for _formula in FORMULAS:
    hessian_vector_product.case("hessian_vector_product-telling")(
        lambda rng, formula=_formula: (
            bent(rng, formula=formula) | dict(v=tensor(rng.normal(size=3), dtype="float64"))
        )
    )


@hessian_vector_product.case("hessian_vector_product-laws")
def five_numbers(rng):
    return bent(rng, 5) | dict(v=tensor(rng.normal(size=5), dtype="float64"))


@hessian_vector_product.case("hessian_vector_product-laws")
def a_leaf_with_a_gradient(rng):
    case = bent(rng, 2)
    values = case["x"]["values"]
    x = tensor(values, dtype="float64", grad=rng.normal(size=2))
    return case | dict(x=x, v=tensor(rng.normal(size=2), dtype="float64"))


@hessian_vector_product.law("hessian_vector_product-laws", on=five_numbers)
def linear(f, new):
    """The product with a sum of two vectors must be the sum of the two products."""
    function, x, v = new()
    w = v.flip(0) * 2
    both = f(function, x, v + w)
    assert torch.allclose(both, f(function, x, v) + f(function, x, w), rtol=1e-6, atol=1e-9)


@hessian_vector_product.law("hessian_vector_product-laws", on=five_numbers)
def symmetric(f, new):
    """For two vectors v and w, w times H v must be v times H w."""
    function, x, v = new()
    w = v.flip(0) * 2 + 1
    one, other = (w * f(function, x, v)).sum(), (v * f(function, x, w)).sum()
    assert torch.allclose(one, other, rtol=1e-6, atol=1e-9)


def gradient_at(f, x, recorded=True):
    leaf = x.detach().clone().requires_grad_()
    return grad(f(leaf), leaf, create_graph=recorded)[0], leaf


def second(f, x):
    """The Hessian, row by row."""
    g, leaf = gradient_at(f, x)
    return torch.stack([grad(part, leaf, retain_graph=True)[0] for part in g])


@hessian_vector_product.right
def with_the_whole_hessian(f, x, v):
    return second(f, x) @ v


@hessian_vector_product.right
def with_grad_outputs(f, x, v):
    g, leaf = gradient_at(f, x)
    return grad(g, leaf, grad_outputs=v)[0]


@hessian_vector_product.wrong(
    37,
    "retain_graph=True is given, which records nothing: the gradient has no past",
    experiment="print the grad_fn of the gradient. It should not be None.",
)
def retains_for_product(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    (g,) = grad(f(leaf), leaf, retain_graph=True)
    return grad((g * v).sum(), leaf)[0]


@hessian_vector_product.wrong(
    40,
    "v is left out: the result is the sum of all columns of the Hessian",
    experiment="with v = [0., 0.] the result should be zeros.",
)
def forgets_v(f, x, v):
    return second(f, x).sum(0)


@hessian_vector_product.wrong(
    None,
    "the gradient is multiplied with v: only the first order is there",
    experiment="for f = x[0]**2 * x[1], two gradients are needed one after the other.",
)
def first_order_only(f, x, v):
    return gradient_at(f, x, recorded=False)[0] * v


@hessian_vector_product.wrong(
    None,
    "only the diagonal of the Hessian counts: each number is multiplied with its own",
    experiment="the slope along x[0] changes also when x[1] moves.",
)
def diagonal_only(f, x, v):
    return torch.diagonal(second(f, x)) * v


@hessian_vector_product.wrong(
    None,
    "the result is still tracked: the second call was given create_graph=True, too",
    experiment="print result.requires_grad. It should be False.",
)
def stays_tracked(f, x, v):
    g, leaf = gradient_at(f, x)
    return grad((g * v).sum(), leaf, create_graph=True)[0]


@hessian_vector_product.wrong(
    None,
    "the gradient is multiplied with itself, where it should be multiplied with v",
    experiment="print (g * v).sum() for the example: 48.",
)
def g_times_g(f, x, v):
    g, leaf = gradient_at(f, x)
    return grad((g * g).sum() / 2, leaf)[0]


hessian = Exercise(
    "hessian",
    sees=["result", "result.requires_grad", "x", "x.grad"],
    experiment="take the example of the text: two products, with [1., 0.] and with [0., 1.].",
)


@hessian.case("hessian-example")
def hessian_of_the_text(rng):
    return example()


for _formula in FORMULAS:
    hessian.case("hessian-telling")(lambda rng, formula=_formula: bent(rng, formula=formula))


@hessian.case("hessian-any")
def one_number(rng):
    return dict(f=function("(x ** 3).sum()"), x=tensor(rng.normal(size=1), dtype="float64"))


@hessian.case("hessian-any")
def with_a_gradient(rng):
    case = bent(rng, 2)
    return case | dict(x=tensor(case["x"]["values"], dtype="float64", grad=rng.normal(size=2)))


@hessian.case("hessian-any")
def in_single_precision(rng):
    return bent(rng, 2, dtype="float32")


@hessian.right
def row_by_row(f, x):
    return second(f, x)


@hessian.right
def by_the_library(f, x):
    return torch.autograd.functional.hessian(f, x.detach())


@hessian.wrong(
    None,
    "only the diagonal is filled",
    experiment="the slope along x[0] changes also when x[1] moves.",
)
def only_diagonal(f, x):
    return torch.diag(torch.diagonal(second(f, x)))


@hessian.wrong(
    37,
    "retain_graph=True is given, which records nothing: the gradient has no past",
    experiment="print the grad_fn of the gradient. It should not be None.",
)
def retains_for_hessian(f, x):
    return torch.stack([retains_for_product(f, x, row) for row in torch.eye(len(x), dtype=x.dtype)])


@hessian.wrong(
    None,
    "the vectors are all ones, in place of one 1 and zeros",
    experiment="print the vectors. The first is [1., 0., 0.].",
)
def ones_for_each(f, x):
    return torch.stack([second(f, x).sum(0) for _ in x])


@hessian.wrong(
    None,
    "products of two slopes are taken, where slopes of slopes were asked for",
    experiment="for a straight line the Hessian is zero.",
)
def products_of_slopes(f, x):
    g = gradient_at(f, x, recorded=False)[0]
    return torch.outer(g, g)


@hessian.wrong(
    None,
    "a list of columns is returned, where a tensor was asked for",
    experiment="torch.stack makes one tensor of a list of tensors.",
)
def gives_a_list(f, x):
    return list(second(f, x))


# Newton's step

newton_step = Exercise(
    "newton_step",
    sees=["result", "result.requires_grad", "x", "x.grad"],
    experiment="f = (x[0] - 1)**2 + 3 * x[1]**2 at [3., 2.]: g is [4., 12.], and H has 2 and 6.",
)


def bowl(rng, n, dtype="float64"):
    """A bowl with a symmetric matrix, and a place to start from."""
    m = rng.normal(size=(n, n))
    return dict(
        f=function(
            "x @ A @ x + (b * x).sum()",
            A=tensor(m @ m.T + n * torch.eye(n).numpy(), dtype=dtype),
            b=tensor(rng.normal(size=n), dtype=dtype),
        ),
        x=tensor(rng.normal(size=n) * 3, dtype=dtype),
    )


newton_step.case("newton_step-bowl")(lambda rng: bowl(rng, 2))
newton_step.case("newton_step-bowl")(lambda rng: bowl(rng, 3))


@newton_step.case("newton_step-curved")
def curved(rng):
    return dict(
        f=function(
            "(x.exp() * a).sum() + (x[0] - x[1]) ** 2", a=tensor([0.7, 1.3], dtype="float64")
        ),
        x=tensor(rng.normal(size=2), dtype="float64"),
    )


newton_step.case("newton_step-any")(lambda rng: bowl(rng, 5))


@newton_step.case("newton_step-any")
def with_old_gradient(rng):
    case = bowl(rng, 2)
    return case | dict(x=tensor(case["x"]["values"], dtype="float64", grad=rng.normal(size=2)))


@newton_step.law("newton_step-bowl", on=lambda rng: bowl(rng, 3))
def at_the_bottom(f, new):
    """After one step on a bowl the gradient must be zero."""
    function, x = new()
    place = f(function, x).detach().requires_grad_()
    (slope,) = grad(function(place), place)
    assert torch.allclose(slope, torch.zeros_like(slope), atol=1e-6)


@newton_step.right
def with_the_inverse(f, x):
    return x.detach() - torch.linalg.inv(second(f, x)) @ gradient_at(f, x, recorded=False)[0]


@newton_step.right
def solving_a_column(f, x):
    g = gradient_at(f, x, recorded=False)[0]
    return x.detach() - torch.linalg.solve(second(f, x), g.reshape(-1, 1)).reshape(-1)


@newton_step.wrong(
    22,
    "the step goes the wrong way: d is added, where it should be subtracted",
    experiment="at a bowl, print f before and after the step.",
)
def adds_d(f, x):
    return 2 * x.detach() - with_the_inverse(f, x)


@newton_step.wrong(
    None,
    "the gradient itself is subtracted: the Hessian plays no part",
    experiment="for f = (x[0] - 1)**2 + 3 * x[1]**2 at [3., 2.] the step is [2., 2.].",
)
def gradient_descent(f, x):
    return x.detach() - gradient_at(f, x, recorded=False)[0]


@newton_step.wrong(
    None,
    "the gradient is multiplied with the Hessian, where H d = g has to be solved",
    experiment="where the bowl is steep, the Hessian is large, and the step should be small.",
)
def multiplies(f, x):
    return x.detach() - second(f, x) @ gradient_at(f, x, recorded=False)[0]


@newton_step.wrong(
    None,
    "each slope is divided by its own second derivative alone: the rest of the Hessian is left out",
    experiment="take a bowl with x[0] * x[1] in it.",
)
def divides_by_the_diagonal(f, x):
    return x.detach() - gradient_at(f, x, recorded=False)[0] / torch.diagonal(second(f, x))


@newton_step.wrong(
    None,
    "only the step d is returned, not the place where it leads",
    experiment="for f = (x[0] - 1)**2 + 3 * x[1]**2 the result is [1., 0.] from anywhere.",
)
def only_the_step(f, x):
    return x.detach() - with_the_inverse(f, x)


# Operations of one's own

softplus = Exercise(
    "softplus",
    sees=["result", "x.grad"],
    experiment="softplus at 0. is 0.6931, and its slope there is 0.5.",
)


def softplus_case(check, *shape, values=None, backward=True):
    """The result, and what a weighed sum of it leaves in x.grad."""

    def draw(rng):
        numbers = rng.normal(size=shape) if values is None else values
        weights = rng.normal(size=len(values) if values else shape)
        lines = ["result = softplus(x)", *(["(result * w).sum().backward()"] if backward else [])]
        x, w = tensor(numbers, requires_grad=True), tensor(weights)
        return program("\n".join(lines), x=x, w=w)

    softplus.case(check)(draw)


softplus_case("softplus-values", 5, backward=False)
softplus_case("softplus-values", values=[0.0, 2.0], backward=False)
softplus_case("softplus-gradient", 3)
softplus_case("softplus-gradient", values=[1.5, -0.7])
softplus_case("softplus-large", values=[200.0, -200.0, 0.5])
softplus_case("softplus-large", 2, 3)
softplus_case("softplus-large")
softplus_case("softplus-large", 0)


def made(forward, backward):
    """A function made of its two ways: of x, and of the gradient, x and the result."""

    class Made(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            result = forward(x)
            ctx.save_for_backward(x, result)
            return result

        @staticmethod
        def backward(ctx, grad):
            return backward(grad, *ctx.saved_tensors)

    def answer(x):
        return Made.apply(x)

    return answer


def stable(x):
    return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))


def known_wrong(exercise, name, mistake, what, experiment, forward, backward):
    answer = made(forward, backward)
    answer.__name__ = name
    exercise.wrong(mistake, what, experiment=experiment)(answer)


softplus.oracle(torch.nn.functional.softplus)
softplus.right(made(stable, lambda g, x, r: g / (1 + torch.exp(-x))))
softplus.right(made(stable, lambda g, x, r: g * (1 - torch.exp(-r))))
known_wrong(
    softplus, "forgets_what_arrives", 11,
    "backward returns the slope alone and forgets the gradient that arrives",
    "3 * softplus(x): the 3 must be in x.grad.",
    stable, lambda g, x, r: torch.sigmoid(x),
)  # fmt: skip
known_wrong(
    softplus, "uses_the_result", 12,
    "backward takes the sigmoid of the result, where it should be that of the input",
    "print what you save in forward, and what you use in backward.",
    stable, lambda g, x, r: g * torch.sigmoid(r),
)  # fmt: skip
known_wrong(
    softplus, "slope_of_the_sigmoid", 19,
    "backward uses the slope of the sigmoid, s * (1 - s), where the sigmoid itself is the slope",
    "at x = 0 the slope of softplus is 0.5, not 0.25.",
    stable, lambda g, x, r: g * torch.sigmoid(x) * (1 - torch.sigmoid(x)),
)  # fmt: skip
known_wrong(
    softplus, "overflows", 25,
    "log(1 + e^x) is computed as it stands: e^200 is too large for a number",
    "print torch.exp(torch.tensor(200.)). Then use the formula with |x| in it.",
    lambda x: torch.log(1 + torch.exp(x)), lambda g, x, r: g * torch.sigmoid(x),
)  # fmt: skip
known_wrong(
    softplus, "forgets_the_maximum", None,
    "max(x, 0) is left out of the forward formula",
    "softplus at 2. should be 2.1269.",
    lambda x: torch.log1p(torch.exp(-torch.abs(x))), lambda g, x, r: g * torch.sigmoid(x),
)  # fmt: skip
known_wrong(
    softplus, "slope_of_relu", None,
    "backward is that of relu: 1 for positive numbers, 0 for the others",
    "at x = 0 the slope of softplus is 0.5.",
    stable, lambda g, x, r: g * (x > 0),
)  # fmt: skip


straight_through_round = Exercise(
    "straight_through_round",
    sees=["result", "x.grad"],
    experiment="for x = [1.2, 2.7] print the result, and x.grad after result.sum().backward().",
)


def round_case(check, *shape, backward=True):
    def draw(rng):
        whole, part = rng.randint(-3, 4, size=shape), rng.uniform(-0.4, 0.4, size=shape)
        lines = ["result = straight_through_round(x)"]
        lines += ["(result * w).sum().backward()"] if backward else []
        x = tensor(whole + part, requires_grad=True)
        return program("\n".join(lines), x=x, w=tensor(rng.normal(size=shape)))

    straight_through_round.case(check)(draw)


round_case("straight_through_round-values", 5, backward=False)
round_case("straight_through_round-values", backward=False)
round_case("straight_through_round-gradient", 3)
round_case("straight_through_round-gradient", 2, 3)

straight_through_round.right(made(torch.round, lambda g, x, r: g))


@straight_through_round.right
def with_detach(x):
    return torch.round(x).detach() + x - x.detach()


@straight_through_round.wrong(
    None,
    "torch.round is used as it is: its slope is 0, and nothing comes back",
    experiment="print x.grad after a backward pass: it should not be zeros.",
)
def plain_round(x):
    return torch.round(x)


@straight_through_round.wrong(
    32,
    "the result is cut off by detach(): no gradient can go back",
    experiment="print result.requires_grad. It should be True.",
)
def cut_off(x):
    return torch.round(x).detach()


@straight_through_round.wrong(
    None,
    "x itself is returned: nothing is rounded",
    experiment="print straight_through_round(torch.tensor([1.2])).",
)
def does_not_round(x):
    return x * 1


known_wrong(
    straight_through_round, "ones_come_back", 11,
    "backward returns ones, whatever arrives",
    "3 * straight_through_round(x): x.grad should hold 3.",
    torch.round, lambda g, x, r: torch.ones_like(g),
)  # fmt: skip
known_wrong(
    straight_through_round, "cuts_digits_off", None,
    "digits are cut off, where numbers should be rounded: 2.7 becomes 2",
    "print the result for [1.2, 2.7, -1.7].",
    torch.trunc, lambda g, x, r: g,
)  # fmt: skip


# Looking back

recall_detach = Question(
    "recall_detach",
    answers=(2,),
    explain="Only one of the two factors is tracked: its slope is the other one, 2.",
    experiment="try it, and compare with x * x.",
    wrong={
        4: "4 is the gradient of x * x. How many of the two factors are tracked here?",
        0: "One of the two factors is tracked still.",
        1: "The slope of a product along one factor is the other factor.",
    },
)

recall_ones = Question(
    "recall_ones",
    answers=("b",),
    explain="What arrives is 1, and multiplying with 1 changes nothing. Draw it at random.",
    experiment="think of a rule without g, and let ones arrive.",
    wrong={
        "a": "A turned sign gives -1 in place of 1: that shows.",
        "c": "A missing factor shows, whatever arrives.",
    },
)

recall_axis = Question(
    "recall_axis",
    answers=("(2,)", "2", "(2)"),
    explain="One number for each row is left, so one gradient for each row arrives.",
    experiment="print a.sum(axis=1).data.shape.",
    wrong={
        "(3,)": "That is what is left of axis=0. Over which axis does axis=1 add up?",
        "(2,3)": "That is the shape of a, and of a.grad. g belongs to the result.",
        "(2,1)": "That would be so with keepdims=True.",
    },
)
