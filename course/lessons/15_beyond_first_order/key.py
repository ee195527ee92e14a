"""The answer key of "Beyond first order"."""

import autograd_lib as torch
from course.key import Exercise, Question, function, program, tensor

grad = torch.autograd.grad
close = (1e-3, 1e-4)

predict_second = Question(
    "predict_second",
    answers=("c",),
    explain="The walk backward was not recorded: `slope` has no grad_fn, as the print shows. There "
    "is nothing to walk back through, and torch says so.",
    experiment="look at the printed slope: is there a grad_fn?",
    wrong={
        "a": "It would be 18, if the way to `slope` had been recorded. Was it? Look at what print "
        "shows.",
        "b": "`slope` is a constant indeed: it has no grad_fn. What did torch say in lesson 03 "
        "when asked to go back from a constant?",
    },
)


def number(rng, low=0.5, high=1.5, **more):
    return tensor(float(rng.uniform(low, high)), requires_grad=True, **more)


def vector(rng, n, low=0.5, high=1.5, **more):
    return tensor(rng.uniform(low, high, size=n), requires_grad=True, **more)


# One number

second_derivative = Exercise(
    "second_derivative",
    callbacks=1,
    instead="Go backward through the backward pass: that needs f's graph once.",
    sees=["result", "x.grad"],
    experiment="take f = lambda x: x * x * x at 3. The first derivative is 27, the second 18.",
    tolerance=close,
    any_number_type=True,
)


@second_derivative.case("second_derivative-cube", draws=2)
def cube(rng):
    return dict(f=function("x * x * x"), x=number(rng))


@second_derivative.case("second_derivative-cube")
def cube_and_more(rng):
    a = round(float(rng.uniform(2, 4)), 2)
    return dict(f=function("a * x ** 3 + x * x", a=a), x=number(rng, 2.5, 3.5))


@second_derivative.case("second_derivative-others")
def exponential(rng):
    a = round(float(rng.uniform(1.2, 2)), 2)
    return dict(f=function("torch.exp(a * x) - 5 * x", a=a), x=number(rng))


@second_derivative.case("second_derivative-others")
def wave(rng):
    return dict(f=function("torch.sin(x * x) / x"), x=number(rng, 0.8, 1.4))


@second_derivative.case("second_derivative-others")
def falling(rng):
    return dict(f=function("1 / x"), x=number(rng))


@second_derivative.oracle
def by_the_library(f, x):
    return torch.autograd.functional.hessian(f, x)


@second_derivative.right
def with_backward_elsewhere(f, x):
    copy = x.detach().clone().requires_grad_()
    f(copy).backward(create_graph=True)
    slope, copy.grad = copy.grad, None
    slope.backward()
    return copy.grad


@second_derivative.right
def as_a_number(f, x):
    slope = grad(f(x), [x], create_graph=True)[0]
    return grad([slope], [x])[0].item()


@second_derivative.wrong(
    37,
    "retain_graph=True stands where create_graph=True belongs, or neither: the first walk backward "
    "is not recorded",
    experiment="print the first slope. Is there a grad_fn?",
)
def not_recorded(f, x):
    (slope,) = grad(f(x), x, retain_graph=True)
    (second,) = grad(slope, x)
    return second


@second_derivative.wrong(
    None,
    "the first derivative is returned",
    experiment="take x * x * x at 3, not at 2: the result should be 18, not 27.",
)
def first_only(f, x):
    return grad(f(x), x)[0]


@second_derivative.wrong(
    None,
    "the slope is squared, where its own slope is wanted",
    experiment="take x * x at 5. The result should be 2, not 100.",
)
def squares_the_slope(f, x):
    return grad(f(x), x)[0] ** 2


@second_derivative.wrong(
    1,
    "backward() is called twice, and x.grad holds the sum of the first and second derivative",
    experiment="print x.grad after each backward(). torch.autograd.grad leaves it alone.",
)
def adds_both(f, x):
    f(x).backward(create_graph=True)
    x.grad.backward()
    return x.grad


@second_derivative.wrong(
    None,
    "the result is right, but backward() has left the first derivative in x.grad",
    experiment="use torch.autograd.grad for both walks, and print x.grad afterwards.",
)
def leaves_a_gradient(f, x):
    f(x).backward(create_graph=True)
    return grad(x.grad, x)[0]


@second_derivative.wrong(
    None,
    "the tuple is returned that torch.autograd.grad gives, not the tensor in it",
    experiment="print the result: are there brackets with a comma around the tensor?",
)
def gives_the_tuple(f, x):
    (slope,) = grad(f(x), x, create_graph=True)
    return grad(slope, x)


# Products with the Hessian

hessian_vector_product = Exercise(
    "hessian_vector_product",
    callbacks=1,
    instead="Go backward through the backward pass: that needs f's graph once.",
    sees=["result", "x.grad"],
    experiment="take f = x[0]**2 * x[1] at [1, 2]. For v = [1, 0] the result should be [4, 2].",
    tolerance=close,
)


def two(rng):
    a, b = (round(float(n), 2) for n in rng.uniform(1, 3, size=2))
    return dict(
        f=function("a * x[0] ** 2 * x[1] + b * x[1] ** 3", a=a, b=b), x=vector(rng, 2, 0.6, 1.6)
    )


def many(rng, n):
    """Every number of the input meets every other, and m is not symmetric."""
    m = tensor(rng.normal(size=(n, n)).round(2))
    return dict(f=function("(x * x) @ m @ torch.sin(x)", m=m), x=vector(rng, n))


def quadratic(rng, n):
    m = tensor(rng.normal(size=(n, n)).round(2))
    return dict(f=function("(x @ m) @ x + 3 * x.sum()", m=m), x=vector(rng, n))


def with_v(case, rng):
    n = case["x"]["shape"][0]
    return case | dict(v=tensor(rng.uniform(0.5, 2, size=n) * rng.choice([-1, 1], size=n)))


@hessian_vector_product.case("hessian_vector_product-two", draws=2)
def two_numbers(rng):
    return with_v(two(rng), rng)


@hessian_vector_product.case("hessian_vector_product-more")
def five_numbers(rng):
    return with_v(many(rng, 5), rng)


@hessian_vector_product.case("hessian_vector_product-laws")
def three_numbers(rng):
    return with_v(many(rng, 3), rng)


@hessian_vector_product.law("hessian_vector_product-laws", on=lambda rng: with_v(many(rng, 3), rng))
def linear(f, new):
    """Twice v must give twice the result."""
    curve, x, v = new()
    assert torch.allclose(f(curve, x, 2 * v), 2 * f(curve, x, v), rtol=1e-3, atol=1e-4)


@hessian_vector_product.law(
    "hessian_vector_product-laws", on=lambda rng: with_v(quadratic(rng, 5), rng)
)
def measured(f, new):
    """For a quadratic function, the result must be what the gradient grows by from x to x + v."""
    curve, x, v = new()
    there = (x + v).detach().requires_grad_()
    (before,), (after,) = grad(curve(x), x), grad(curve(there), there)
    assert torch.allclose(f(curve, x, v), after - before, rtol=1e-3, atol=1e-3)


@hessian_vector_product.oracle
def the_librarys_product(f, x, v):
    return torch.autograd.functional.hvp(f, x, v)[1]


@hessian_vector_product.right
def with_upstream(f, x, v):
    (gradient,) = grad(f(x), x, create_graph=True)
    return grad(gradient, x, grad_outputs=v)[0]


@hessian_vector_product.right
def summed(f, x, v):
    gradient = grad(f(x), x, create_graph=True)[0]
    total = 0
    for slope, weight in zip(gradient, v, strict=True):
        total = total + slope * weight
    return grad(total, x)[0]


@hessian_vector_product.wrong(
    37,
    "retain_graph=True stands where create_graph=True belongs, or neither: the gradient has no "
    "graph behind it",
    experiment="print the gradient. Is there a grad_fn?",
)
def product_not_recorded(f, x, v):
    (gradient,) = grad(f(x), x, retain_graph=True)
    return grad(gradient @ v, x)[0]


@hessian_vector_product.wrong(
    None,
    "v is forgotten: the gradient's numbers are added up, which is the product with ones",
    experiment="take another v. Does the result change?",
)
def forgets_v(f, x, v):
    (gradient,) = grad(f(x), x, create_graph=True)
    return grad(gradient.sum(), x)[0]


@hessian_vector_product.wrong(
    None,
    "v is multiplied in after the second walk, number by number, where it belongs before it",
    experiment="take v = [1, 0] for f = x[0]**2 * x[1]. The second number of the result is not 0.",
)
def multiplies_afterwards(f, x, v):
    return forgets_v(f, x, v) * v


@hessian_vector_product.wrong(
    None,
    "the gradient itself is multiplied by v, and there is no second walk backward",
    experiment="count the calls of torch.autograd.grad. There should be two.",
)
def first_order_only(f, x, v):
    return grad(f(x), x)[0] * v


@hessian_vector_product.wrong(
    None,
    "the number gradient @ v is returned, not its slopes along x",
    experiment="print the shape of the result. It should be that of x.",
)
def stops_at_the_number(f, x, v):
    return (grad(f(x), x)[0] @ v).detach()


@hessian_vector_product.wrong(
    None,
    "the product of the gradient with itself is taken for the Hessian",
    experiment="take f = x[0] + x[1]**2: the first number of the result should be 0.",
)
def gradient_times_gradient(f, x, v):
    (gradient,) = grad(f(x), x)
    return gradient * (gradient @ v)


@hessian_vector_product.wrong(
    None,
    "the result is right, but backward() has left a gradient in x.grad",
    experiment="use torch.autograd.grad for both walks, and print x.grad afterwards.",
)
def product_leaves_a_gradient(f, x, v):
    f(x).backward(create_graph=True)
    return grad(x.grad @ v, x)[0]


# The Hessian

hessian = Exercise(
    "hessian",
    sees=["result", "x.grad"],
    experiment="take f = x[0]**2 * x[1] at [1, 2]. The result should be [[4, 2], [2, 0]].",
    tolerance=close,
)


@hessian.case("hessian-two", draws=2)
def hessian_of_two(rng):
    return two(rng)


@hessian.case("hessian-more")
def hessian_of_five(rng):
    return many(rng, 5)


@hessian.case("hessian-laws")
def hessian_of_one(rng):
    return many(rng, 1)


@hessian.case("hessian-laws")
def hessian_of_three(rng):
    return many(rng, 3)


@hessian.law("hessian-laws", on=lambda rng: many(rng, 5))
def symmetric(f, new):
    """The order of the two slopes must not matter: row i, column j is row j, column i."""
    table = f(*new())
    assert torch.allclose(table, table.T, rtol=1e-3, atol=1e-4)


@hessian.law("hessian-laws", on=lambda rng: with_v(quadratic(rng, 3), rng))
def times_v(f, new):
    """For a quadratic function, H @ v must be what the gradient grows by from x to x + v."""
    curve, x, v = new()
    there = (x + v).detach().requires_grad_()
    (before,), (after,) = grad(curve(x), x), grad(curve(there), there)
    assert torch.allclose(f(curve, x) @ v, after - before, rtol=1e-3, atol=1e-3)


@hessian.oracle
def the_librarys_table(f, x):
    return torch.autograd.functional.hessian(f, x)


@hessian.right
def by_products(f, x):
    return torch.stack([with_upstream(f, x, v) for v in torch.eye(len(x), dtype=x.dtype)])


@hessian.right
def filled_in(f, x):
    (gradient,) = grad(f(x), x, create_graph=True)
    table = torch.zeros(len(x), len(x), dtype=x.dtype)
    for i in range(len(x)):
        table[i] = grad(gradient[i], x, retain_graph=True)[0]
    return table


@hessian.wrong(
    37,
    "retain_graph=True stands where create_graph=True belongs, or neither: the gradient has no "
    "graph behind it",
    experiment="print the gradient. Is there a grad_fn?",
)
def table_not_recorded(f, x):
    (gradient,) = grad(f(x), x, retain_graph=True)
    return torch.stack([grad(slope, x, retain_graph=True)[0] for slope in gradient])


@hessian.wrong(
    None,
    "the second row fails, since the walk for the first row has freed the saved values",
    experiment="say retain_graph=True in the loop. Which lesson was about that?",
)
def frees_after_the_first_row(f, x):
    (gradient,) = grad(f(x), x, create_graph=True)
    return torch.stack([grad(gradient[i], x)[0] for i in range(len(x))])


@hessian.wrong(
    40,
    "one walk from the sum of the gradient's numbers is taken for all rows: it gives their sum",
    experiment="print the shape of the result. It should have two dimensions.",
)
def sum_of_rows(f, x):
    (gradient,) = grad(f(x), x, create_graph=True)
    return grad(gradient.sum(), x)[0]


@hessian.wrong(
    None,
    "only the diagonal is there: the slopes of one number of the gradient along the others are 0",
    experiment="take f = x[0] * x[1]. The diagonal is 0, and the other two numbers are 1.",
)
def diagonal_only(f, x):
    return torch.diag(torch.diag(by_products(f, x)))


@hessian.wrong(
    None,
    "the product of the gradient with itself is taken for the Hessian",
    experiment="take f = x[0] + x[1]**2: the first row should be 0.",
)
def outer_product(f, x):
    (gradient,) = grad(f(x), x)
    return torch.outer(gradient, gradient)


@hessian.wrong(
    1,
    "rows add up: backward() is called for each row, and x.grad is never set to zero in between",
    experiment="print the rows one after the other. Does each hold the one before?",
)
def rows_add_up(f, x):
    (gradient,) = grad(f(x), x, create_graph=True)
    rows = []
    for slope in gradient:
        slope.backward(retain_graph=True)
        rows.append(x.grad.clone())
    x.grad = None
    return torch.stack(rows)


# Newton

newton_step = Exercise(
    "newton_step",
    sees=["result", "x", "x.grad"],
    experiment="take f = (x * x).sum() at [3, 4]. The gradient is [6, 8], H is 2 on its diagonal, "
    "and the result should be [0, 0].",
    tolerance=close,
)


@newton_step.case("newton_step-valley", draws=2)
def bent_valley(rng):
    a = round(float(rng.uniform(1.5, 4)), 2)
    x = [float(rng.uniform(1.1, 1.5)), float(rng.uniform(-0.5, 0.5))]
    return dict(
        f=function("(1 - x[0]) ** 2 + a * (x[1] - x[0] ** 2) ** 2", a=a),
        x=tensor(x, requires_grad=True),
    )


def bowl(rng, n):
    m = tensor((0.5 * rng.normal(size=(n + 2, n))).round(2))
    return dict(f=function("torch.exp(m @ x).sum() + (x * x).sum()", m=m), x=vector(rng, n))


def quadratic_bowl(rng, n):
    m = tensor(rng.normal(size=(n, n)).round(2))
    return dict(
        f=function("((m @ x) ** 2).sum() + (x * x).sum() - 5 * x[0]", m=m), x=vector(rng, n)
    )


@newton_step.case("newton_step-others")
def three_in_a_bowl(rng):
    return bowl(rng, 3)


@newton_step.case("newton_step-others")
def five_in_a_bowl(rng):
    return bowl(rng, 5)


@newton_step.case("newton_step-bottom")
def seven_in_a_quadratic_bowl(rng):
    return quadratic_bowl(rng, 7)


@newton_step.law("newton_step-bottom", on=lambda rng: quadratic_bowl(rng, 3))
def ends_at_the_bottom(f, new):
    """On a quadratic function the gradient after one step must be zero."""
    curve, x = new()
    there = torch.tensor(f(curve, x).tolist(), requires_grad=True)
    (left,) = grad(curve(there), there)
    assert torch.allclose(left, torch.zeros_like(left), atol=1e-3)


@newton_step.right
def by_the_inverse(f, x):
    (gradient,) = grad(f(x), x)
    return (x - torch.linalg.inv(by_products(f, x)) @ gradient).detach()


@newton_step.right
def solved_for_a_column(f, x):
    gradient = grad(f(x), x)[0].reshape(-1, 1)
    step = torch.linalg.solve(the_librarys_table(f, x), -gradient)
    return x.detach() + step.flatten()


@newton_step.wrong(
    22,
    "the step has the wrong sign: it is added, where it should be subtracted",
    experiment="take f = (x * x).sum() at [3, 4]. The result should be [0, 0], not [6, 8].",
)
def walks_away(f, x):
    return 2 * x.detach() - by_the_inverse(f, x)


@newton_step.wrong(
    None,
    "the gradient is subtracted as it is: the Hessian is not used",
    experiment="multiply f by 10. A Newton step stays the same.",
)
def gradient_descent(f, x):
    return x.detach() - grad(f(x), x)[0]


@newton_step.wrong(
    None,
    "the gradient is multiplied by the Hessian, where it should be solved with it",
    experiment="multiply f by 10. A Newton step stays the same.",
)
def multiplies_by_hessian(f, x):
    return x.detach() - by_products(f, x) @ grad(f(x), x)[0]


@newton_step.wrong(
    None,
    "each number of the gradient is divided by its own second derivative: the rest of H is "
    "not used",
    experiment="take f = x[0]**2 + x[0] * x[1] + x[1]**2. One step should end at [0, 0].",
)
def diagonal_of_hessian(f, x):
    return x.detach() - grad(f(x), x)[0] / torch.diag(by_products(f, x))


@newton_step.wrong(
    None,
    "the step alone is returned, not the place where it ends",
    experiment="take f = (x * x).sum() at [3, 4]. The result should be [0, 0].",
)
def step_alone(f, x):
    return by_the_inverse(f, x) - x.detach()


@newton_step.wrong(
    None,
    "x itself is changed",
    experiment="print x before and after the call.",
)
def changes_x(f, x):
    there = by_the_inverse(f, x)
    with torch.no_grad():
        x.copy_(there)
    return there


# A function with a derivative of its own

my_exp = Exercise(
    "my_exp",
    sees=["result", "x.grad"],
    experiment="x = torch.tensor(0.0, requires_grad=True); out = my_exp(x); (out * 5).backward(). "
    "out should be 1, and x.grad 5.",
)


@my_exp.case("my_exp-values")
def one_exp(rng):
    return dict(x=number(rng, -1, 1))


@my_exp.case("my_exp-values")
def table_of_exps(rng):
    return dict(x=vector(rng, (2, 3), -1, 2))


def weights(rng, n):
    return tensor(rng.uniform(1.5, 3, size=n) * rng.choice([-1, 1], size=n))


@my_exp.case("my_exp-gradient")
def gradient_of_one(rng):
    return program("result = my_exp(x)\n(result * 3).backward()", x=number(rng, 1.5, 2))


@my_exp.case("my_exp-gradient")
def gradient_of_several(rng):
    return program(
        "result = my_exp(x)\n(result * g).sum().backward()",
        x=vector(rng, 3, 0.2, 0.9),
        g=weights(rng, 3),
    )


@my_exp.case("my_exp-second")
def second_of_several(rng):
    return program(
        "import autograd_lib as torch\n"
        "result = my_exp(x)\n"
        "(slope,) = torch.autograd.grad(result, x, g, create_graph=True)\n"
        "(slope * h).sum().backward()",
        x=vector(rng, 3, 0.2, 0.9),
        g=weights(rng, 3),
        h=weights(rng, 3),
    )


@my_exp.case("my_exp-middle")
def used_twice(rng):
    return program(
        "inner = my_exp(x * 0.5)\n"
        "result = my_exp(inner * w) + inner * x\n"
        "(result * g).sum().backward()",
        x=vector(rng, (2, 3), -0.9, 0.9),
        w=tensor(rng.uniform(0.3, 0.9, size=3)),
        g=weights(rng, (2, 3)),
    )


def own(forward, backward):
    """Make a function of a Function: what forward returns and keeps, what backward returns."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            result, kept = forward(x)
            ctx.save_for_backward(kept)
            return result

        @staticmethod
        def backward(ctx, grad):
            return backward(ctx.saved_tensors[0], grad)

    return Own.apply


def keep_result(x):
    result = torch.exp(x)
    return result, result


def keep_input(x):
    return torch.exp(x), x


@my_exp.oracle
def the_librarys_exp(x):
    return torch.exp(x)


@my_exp.right
def computes_again(x):
    return own(keep_input, lambda x, grad: torch.exp(x) * grad)(x)


@my_exp.right
def one_over(x):
    def forward(x):
        result = 1 / torch.exp(-x)
        return result, result

    return own(forward, lambda result, grad: grad * result)(x)


@my_exp.wrong(
    12,
    "the slope of exp is taken to be its input: x is kept, where the result should be",
    experiment="take x = 0. The slope of exp there is 1, not 0.",
)
def slope_is_input(x):
    return own(keep_input, lambda x, grad: x * grad)(x)


@my_exp.wrong(
    11,
    "backward returns the slope alone: the upstream gradient, grad, is forgotten",
    experiment="call (5 * out).sum().backward(), and then the same without the 5. Does x.grad "
    "change?",
)
def forgets_upstream(x):
    return own(keep_result, lambda result, grad: result.clone())(x)


@my_exp.wrong(
    None,
    "slope and upstream gradient are added, where they should be multiplied",
    experiment="call (5 * out).sum().backward() at x = 0. x.grad should be 5, not 6.",
)
def adds_upstream(x):
    return own(keep_result, lambda result, grad: result + grad)(x)


@my_exp.wrong(
    None,
    "the upstream gradient is handed on as it is: the slope of exp is forgotten",
    experiment="take x = 1. The slope of exp there is 2.718, not 1.",
)
def forgets_the_slope(x):
    return own(keep_result, lambda result, grad: grad.clone())(x)


@my_exp.wrong(
    None,
    "exp is treated like a power: the slope is x * exp(x - 1)",
    experiment="take x = 0. The slope of exp there is 1, not 0.",
)
def power_rule(x):
    return own(keep_input, lambda x, grad: x * torch.exp(x - 1) * grad)(x)


@my_exp.wrong(
    37,
    "backward cuts the graph, by detach() or numpy(): then slopes have no slopes",
    experiment="use ordinary operations on tensors in backward, and nothing else.",
)
def once_only(x):
    return own(keep_result, lambda result, grad: (result * grad).detach())(x)


@my_exp.wrong(
    32,
    "the result has no graph behind it: apply is not used, or x is detached before it",
    experiment="print my_exp(x) for an x that requires a gradient. Is there a grad_fn?",
)
def cut_off(x):
    return torch.exp(x.detach())


# Straight through

round_straight_through = Exercise(
    "round_straight_through",
    sees=["result", "x.grad"],
    experiment="take x = [0.3, 1.8]. The result should be [0, 2], and after "
    "(result * 5).sum().backward() x.grad should be [5, 5].",
    tolerance=(2e-4, 1e-5),
)


def no_halves(rng, size):
    """Numbers not near the middle between two whole ones, both kinds of rounding among them."""
    whole = rng.randint(-3, 4, size=size)
    away = rng.uniform(0.15, 0.4, size=size) * rng.choice([-1, 1], size=size)
    away.flat[0] = abs(away.flat[0])
    away.flat[1] = -abs(away.flat[1])
    return tensor(whole + away, requires_grad=True)


@round_straight_through.case("round_straight_through-values")
def rounded_three(rng):
    return dict(x=no_halves(rng, 3))


@round_straight_through.case("round_straight_through-values")
def rounded_table(rng):
    return dict(x=no_halves(rng, (2, 5)))


@round_straight_through.case("round_straight_through-gradient", draws=2)
def gradient_of_rounded(rng):
    return program(
        "result = round_straight_through(x)\n(result * g).sum().backward()",
        x=no_halves(rng, 3),
        g=weights(rng, 3),
    )


@round_straight_through.case("round_straight_through-middle")
def rounded_in_the_middle(rng):
    return program(
        "result = round_straight_through(x * 2 + w) ** 2\n(result * g).sum().backward()",
        x=tensor(rng.randint(-3, 4, size=(2, 3)) + 0.6, requires_grad=True),
        w=tensor(rng.uniform(0.05, 0.2, size=3)),
        g=weights(rng, (2, 3)),
    )


@round_straight_through.right
def with_a_function(x):
    return own(lambda x: (torch.round(x), x), lambda kept, grad: grad.clone())(x)


@round_straight_through.right
def subtracts_the_rest(x):
    rest = (x - torch.floor(x + 0.5)).detach()
    return x - rest


@round_straight_through.wrong(
    44,
    "rounding is used as it is: its slope is 0, and nothing comes back",
    experiment="print x.grad. Is it all zero?",
)
def plain_rounding(x):
    return torch.round(x)


@round_straight_through.wrong(
    11,
    "backward returns ones: the upstream gradient is forgotten",
    experiment="call (result * 5).sum().backward(). x.grad should be 5, not 1.",
)
def ones_for_upstream(x):
    return own(lambda x: (torch.round(x), x), lambda x, grad: torch.ones_like(x))(x)


@round_straight_through.wrong(
    32,
    "the result is detached as a whole: there is no way back at all",
    experiment="print the result. Is there a grad_fn?",
)
def all_detached(x):
    return torch.round(x).detach()


@round_straight_through.wrong(
    None,
    "the result is x itself: nothing is rounded",
    experiment="print the result for x = [0.3, 1.8].",
)
def nothing_rounded(x):
    return x + 0


@round_straight_through.wrong(
    None,
    "numbers are always rounded down, where the nearest whole number is wanted",
    experiment="print the result for x = 1.8. It should be 2.",
)
def rounds_down(x):
    return x + (torch.floor(x) - x).detach()


@round_straight_through.wrong(
    None,
    "the upstream gradient is multiplied by x, where it should be handed on as it is",
    experiment="take x = [0.3, 1.8]. After result.sum().backward(), x.grad should be [1, 1].",
)
def multiplies_by_x(x):
    return own(lambda x: (torch.round(x), x), lambda x, grad: x * grad)(x)


# Time for memory

predict_sines = Question(
    "predict_sines",
    answers=(2,),
    explain="Once on the way forward, once more when its piece is run again. That is one more walk "
    "forward in all: time for memory.",
    experiment="put a print into eight_sines, and run the cell again.",
    wrong={
        1: "Forward, yes. And what does Checkpoint.backward call?",
        3: "Once forward. How often does Checkpoint.backward run its piece?",
        8: "8 is the length of a piece. Each piece is run forward, and run again on the way back.",
        9: "There are 8 pieces, but each sine belongs to one of them alone.",
        16: "16 is the number of tensors held. How often is one sine computed?",
        64: "64 is the number of sines. How often is one of them computed?",
        128: "128 is right for all sines together. How often is one of them computed?",
    },
)


# Looking back

recall_again = Question(
    "recall_again",
    answers=("error",),
    explain="The product has saved w, and the first walk has freed it. retain_graph=True keeps it.",
    experiment="try it, with w = torch.tensor([1.0, 2.0], requires_grad=True).",
    wrong={
        "adds": "It would add, if the second walk got that far. What has the first one freed?",
        "nothing": "torch is not silent about this. What has the first walk freed?",
    },
)

recall_walks = Question(
    "recall_walks",
    answers=(3,),
    explain="A walk backward gives one row of the Jacobian: all slopes of one output. There are "
    "three outputs.",
    experiment="look for the rows of a Jacobian in lesson 10.",
    wrong={
        5: "5 would be right for columns, which walks forward give. A walk backward gives a row.",
        15: "15 is the number of slopes. One walk gives several of them.",
        1: "One walk gives the slopes of one output, or of a weighted sum of outputs.",
    },
)

recall_detach = Question(
    "recall_detach",
    answers=(3,),
    explain="The detached factor is a constant with the value 3, and the slope of 3 * x is 3. "
    "Straight-through rounding uses the same trick.",
    experiment="do it, and print x.grad. Which of the two factors counts as a constant?",
    wrong={
        6: "6 is the slope of x * x. Here one of the two factors is a constant.",
        0: "One of the two factors still is x.",
        9: "9 is the value of y. What is the slope of a constant times x?",
    },
)
