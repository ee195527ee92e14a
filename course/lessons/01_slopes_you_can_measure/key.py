"""The answer key of "Slopes you can measure"."""

import math

import autograd_lib as torch
from course.key import Exercise, Question, function, known, tensor

predict_growth = Question(
    "predict_growth",
    answers=("c",),
    explain="square(3.01) is 9.0601. Near 3 the square grows about six times as fast as x.",
    experiment="print(square(3.01) - square(3.0)).",
    wrong={
        "a": "That is the square of the change. But 3.01 squared is more than 9.0001.",
        "b": "That is the change of x itself. Does the square grow as fast as x?",
        "d": "Close: each of the two factors grows by 0.01. What does that add to 3 * 3?",
    },
)


# One slope

central_difference = Exercise(
    "central_difference",
    tolerance=(1e-4, 1e-5),
    any_number_type=True,
    experiment="central_difference(square, 3.0, 1.0) should be 6: square(4.0) is 16, square(2.0) "
    "is 4, and from 2 to 4 it is 2.",
)


def place(rng):
    """A place to measure at: on either side of zero, not near it."""
    return float(rng.uniform(1.2, 2) * rng.choice([-1, 1]))


@central_difference.case("central_difference-square")
def parabola(rng):
    return dict(f=known("square"), x=place(rng), h=0.5)


@central_difference.case("central_difference-square")
def parabola_with_a_long_step(rng):
    return dict(f=known("square"), x=place(rng), h=5.0)


@central_difference.case("central_difference-exp")
def exponential(rng):
    return dict(f=known("exp"), x=float(rng.uniform(0.5, 1)), h=0.5)


@central_difference.case("central_difference-exp")
def third_power(rng):
    return dict(f=known("cube"), x=place(rng), h=0.2)


@central_difference.case("central_difference-quadratics")
def any_parabola(rng):
    a, b, c = (float(n) for n in rng.uniform(1.2, 3, size=3) * rng.choice([-1, 1], size=3))
    return dict(f=function("a * x * x + b * x + c", a=a, b=b, c=c), x=place(rng), h=7.0)


@central_difference.case("central_difference-tensors")
def tensor_with_one_number(rng):
    return dict(f=known("exp"), x=tensor(rng.uniform(0.5, 1), dtype="float64"), h=0.25)


@central_difference.law("central_difference-quadratics", on=any_parabola)
def the_step_does_not_matter(f, new):
    """For a parabola every step must give the same slope, a long one and a short one."""
    parabola, x, _ = new()
    assert math.isclose(f(parabola, x, 7.0), f(parabola, x, 0.5), rel_tol=1e-6, abs_tol=1e-6)


@central_difference.right
def mean_of_both_sides(f, x, h):
    right = (f(x + h) - f(x)) / h
    left = (f(x) - f(x - h)) / h
    return (right + left) / 2


@central_difference.right
def rise_over_run(f, x, h):
    start, end = x - h, x + h
    rise = f(end) - f(start)
    return rise / (end - start)


@central_difference.wrong(
    None,
    "only the step to the right is taken",
    experiment="try square at 0, with h=1.0: the slope there is 0.",
)
def only_right(f, x, h):
    return (f(x + h) - f(x)) / h


@central_difference.wrong(
    None,
    "only the step to the left is taken",
    experiment="try square at 0, with h=1.0: the slope there is 0.",
)
def only_left(f, x, h):
    return (f(x) - f(x - h)) / h


@central_difference.wrong(
    None,
    "the rise is divided by h, but from one step left to one step right it is twice as far",
    experiment="how far is it from x - h to x + h, for x = 3 and h = 1?",
)
def forgets_the_two(f, x, h):
    return (f(x + h) - f(x - h)) / h


@central_difference.wrong(
    None,
    "the brackets around 2 * h are missing: `/ 2 * h` divides by 2 and then multiplies with h",
    experiment="print(12 / 2 * 3), and print(12 / (2 * 3)).",
)
def forgets_the_brackets(f, x, h):
    return (f(x + h) - f(x - h)) / 2 * h


@central_difference.wrong(
    None,
    "the rise is not divided by the run",
    experiment="take square at 3 with h=1.0, then with h=0.5. Both should give 6.",
)
def forgets_to_divide(f, x, h):
    return f(x + h) - f(x - h)


@central_difference.wrong(
    22,
    "the sign is turned around: left minus right",
    experiment="at 3 the square grows with x. So its slope is positive.",
)
def turns_the_sign(f, x, h):
    return (f(x - h) - f(x + h)) / (2 * h)


@central_difference.wrong(
    43,
    "one fixed, tiny step is taken, whatever h is",
    experiment="call it for math.exp at 1.0 with h=1.0: a long step should show a large error.",
)
def one_fixed_step(f, x, h):
    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6


# The best step

best_step = Exercise(
    "best_step",
    any_number_type=True,
    experiment="for your smallest case, print every step with its error.",
)


def measured(f, x, h):
    """The central difference, as a Python number."""
    return float((f(x + h) - f(x - h)) / (2 * h))


def measured_apart(f, x, h):
    """The same on paper, rounded in another way."""
    return float(f(x + h) / (2 * h) - f(x - h) / (2 * h))


STEPS_64 = [1e-1, 1e-5, 1e-9, 1e-12]
STEPS_32 = [1e-1, 1e-2, 1e-5, 1e-7]


def clearly_best(rng, low, high, kind, slope_of, steps, best):
    """A place where `best` wins by far, however the difference is rounded."""
    while True:
        number = float(rng.uniform(low, high))
        x = torch.tensor(number) if kind == "float32" else number
        number = float(x)
        slope = slope_of(number)
        f = torch.exp if kind == "float32" else math.exp
        f = f if slope_of is math.exp else (torch.sin if kind == "float32" else math.sin)
        errors = {
            h: [abs(way(f, x, h) - slope) for way in (measured, measured_apart)] for h in steps
        }
        others = [error for h in steps if h != best for error in errors[h]]
        if min(others) > 10 * max(errors[best]):
            return (tensor(number) if kind == "float32" else number), slope


@best_step.case("best_step-float64")
def in_float64(rng):
    x, slope = clearly_best(rng, 0.5, 1.5, "float64", math.exp, STEPS_64, 1e-5)
    return dict(f=known("exp"), x=x, slope=slope, steps=STEPS_64)


@best_step.case("best_step-float32", draws=2)
def in_float32(rng):
    x, slope = clearly_best(rng, 0.5, 1.5, "float32", math.exp, STEPS_32, 1e-2)
    return dict(f=known("exp"), x=x, slope=slope, steps=STEPS_32)


@best_step.case("best_step-order")
def in_any_order(rng):
    x, slope = clearly_best(rng, 0.3, 0.9, "float64", math.cos, STEPS_64, 1e-5)
    steps = [STEPS_64[i] for i in [2, 0, 3, 1]]
    return dict(f=known("sin"), x=x, slope=slope, steps=steps)


@best_step.case("best_step-order")
def best_one_first(rng):
    x, slope = clearly_best(rng, 0.5, 1.5, "float64", math.exp, STEPS_64, 1e-5)
    return dict(f=known("exp"), x=x, slope=slope, steps=[1e-5, 1e-1, 1e-12])


@best_step.case("best_step-order")
def a_single_step(rng):
    return dict(f=known("square"), x=place(rng), slope=100.0, steps=[0.5])


@best_step.right
def with_min(f, x, slope, steps):
    return min(steps, key=lambda h: abs(measured(f, x, h) - slope))


@best_step.right
def with_a_list_of_errors(f, x, slope, steps):
    errors = []
    for h in steps:
        difference = measured_apart(f, x, h) - slope
        errors.append(max(difference, -difference))
    return steps[errors.index(min(errors))]


@best_step.wrong(
    43,
    "the shortest step is taken, as if shorter were always better",
    experiment="print the error of every step. Where does it begin to grow again?",
)
def the_shortest(f, x, slope, steps):
    return min(steps)


@best_step.wrong(
    43,
    "one and the same step is returned for every function and every kind of number",
    experiment="try it with a float32 tensor, and with other steps to choose from.",
)
def always_the_same(f, x, slope, steps):
    return 1e-5


@best_step.wrong(
    None,
    "the longest step is taken",
    experiment="print the error of every step. Which one is the smallest?",
)
def the_longest(f, x, slope, steps):
    return max(steps)


@best_step.wrong(
    None,
    "the sign of the error counts, so that a large negative error looks like a small one",
    experiment="try it with math.sin at 0.5, whose true slope is math.cos(0.5). Print the errors.",
)
def forgets_abs(f, x, slope, steps):
    return min(steps, key=lambda h: measured(f, x, h) - slope)


@best_step.wrong(
    None,
    "the step with the largest error is returned",
    experiment="print the error of every step, and mark the one you return.",
)
def the_worst(f, x, slope, steps):
    return max(steps, key=lambda h: abs(measured(f, x, h) - slope))


@best_step.wrong(
    None,
    "the smallest error is returned, not the step that belongs to it",
    experiment="is your result one of the numbers in steps?",
)
def returns_the_error(f, x, slope, steps):
    return min(abs(measured(f, x, h) - slope) for h in steps)


@best_step.wrong(
    None,
    "the place of the step in the list is returned, not the step itself",
    experiment="is your result one of the numbers in steps?",
)
def returns_the_place(f, x, slope, steps):
    errors = [abs(measured(f, x, h) - slope) for h in steps]
    return errors.index(min(errors))


@best_step.wrong(
    None,
    "the slope is measured with a step to one side only, for which another step is best",
    experiment="use your central_difference.",
)
def one_sided(f, x, slope, steps):
    return min(steps, key=lambda h: abs(float((f(x + h) - f(x)) / h) - slope))


# Many slopes

numeric_gradient = Exercise(
    "numeric_gradient",
    sees=["result", "x"],
    tolerance=(1e-3, 1e-4),
    experiment="numeric_gradient(cost, torch.tensor([2., 5.]), 0.1) should be tensor([4., 3.]).",
)


def numbers(rng, n):
    """Numbers of either sign, none near zero."""
    return rng.uniform(1.2, 2, size=n) * rng.choice([-1, 1], size=n)


@numeric_gradient.case("numeric_gradient-two")
def two_numbers(rng):
    a, b = (float(n) for n in numbers(rng, 2))
    return dict(
        f=function("a * x[0] * x[0] + b * x[1]", a=a, b=b), x=tensor(numbers(rng, 2)), h=0.25
    )


@numeric_gradient.case("numeric_gradient-product")
def product_of_three(rng):
    return dict(f=function("x[0] * x[0] * x[1] * x[2]"), x=tensor(numbers(rng, 3)), h=0.5)


@numeric_gradient.case("numeric_gradient-product")
def exponentials(rng):
    return dict(f=function("(x[1:] * torch.exp(x[:-1])).sum()"), x=tensor(numbers(rng, 5)), h=0.5)


@numeric_gradient.case("numeric_gradient-untouched")
def double_precision(rng):
    return dict(
        f=function("(x * x * x).sum() + x[0] * x[1]"),
        x=tensor(numbers(rng, 3), dtype="float64"),
        h=1e-4,
    )


@numeric_gradient.case("numeric_gradient-untouched")
def one_number(rng):
    return dict(f=function("torch.exp(x).sum()"), x=tensor(numbers(rng, 1)), h=0.5)


@numeric_gradient.case("numeric_gradient-quadratics")
def any_quadratic(rng):
    a, b = (float(n) for n in numbers(rng, 2))
    return dict(
        f=function("a * (x * x).sum() + b * x[0] * x[2]", a=a, b=b),
        x=tensor(numbers(rng, 3), dtype="float64"),
        h=5.0,
    )


@numeric_gradient.law("numeric_gradient-untouched", on=product_of_three)
def unchanged_to_the_last_digit(f, new):
    """x must be the same after the call, to the last digit: work on copies of it."""
    g, x, h = new()
    before = x.clone()
    f(g, x, h)
    assert torch.equal(x, before)


@numeric_gradient.law("numeric_gradient-quadratics", on=any_quadratic)
def agrees_with_autograd(f, new):
    """For a sum of squares and products the slopes must be exact, however long the step is."""
    g, x, h = new()
    leaf = x.clone().requires_grad_()
    g(leaf).backward()
    assert torch.allclose(f(g, x, h), leaf.grad, rtol=1e-6, atol=1e-6)


@numeric_gradient.right
def with_unit_steps(f, x, h):
    slopes = []
    for i in range(x.numel()):
        step = torch.zeros_like(x)
        step[i] = h
        slopes.append((f(x + step) - f(x - step)) / (2 * h))
    return torch.stack(slopes)


@numeric_gradient.right
def moves_and_puts_back(f, x, h):
    moved, slopes = x.clone(), []
    for i, old in enumerate(x.tolist()):
        moved[i] = old + h
        high = float(f(moved))
        moved[i] = old - h
        low = float(f(moved))
        moved[i] = old
        slopes.append((high - low) / (2 * h))
    return torch.tensor(slopes, dtype=x.dtype)


@numeric_gradient.wrong(
    None,
    "the copies are made once, before the loop, so that numbers moved earlier stay moved",
    experiment="print up and down in every round of the loop. How many numbers differ from x?",
)
def never_moves_back(f, x, h):
    slopes = torch.zeros_like(x)
    up, down = x.clone(), x.clone()
    for i in range(len(x)):
        up[i] += h
        down[i] -= h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


@numeric_gradient.wrong(
    None,
    "up and down are x itself under other names: what one moves, the other moves back",
    experiment="after `up = x`, ask `up is x`. Then use clone().",
)
def makes_no_copies(f, x, h):
    slopes = torch.zeros_like(x)
    for i in range(len(x)):
        up = x
        up[i] += h
        down = x
        down[i] -= h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


@numeric_gradient.wrong(
    None,
    "x itself is moved, and not put back",
    experiment="print x before the call and after it.",
)
def changes_x(f, x, h):
    slopes = torch.zeros_like(x)
    for i in range(len(x)):
        down = x.clone()
        down[i] -= h
        up = x
        up[i] += h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


@numeric_gradient.wrong(
    None,
    "all numbers are moved at once, so that every place holds the same slope",
    experiment="print up - x. Only one number should differ from zero.",
)
def moves_all_at_once(f, x, h):
    return torch.zeros_like(x) + (f(x + h) - f(x - h)) / (2 * h)


@numeric_gradient.wrong(
    None,
    "only the step to the right is taken",
    experiment="take the square of a single number at 0, with h=1.0: the slope there is 0.",
)
def only_to_the_right(f, x, h):
    slopes = torch.zeros_like(x)
    for i in range(len(x)):
        up = x.clone()
        up[i] += h
        slopes[i] = (f(up) - f(x)) / h
    return slopes


@numeric_gradient.wrong(
    None,
    "the rises are divided by h, but from one step left to one step right it is twice as far",
    experiment="try it on cost at [2., 5.]. Are your numbers twice 4 and 3?",
)
def divides_by_one_step(f, x, h):
    return 2 * with_unit_steps(f, x, h)


@numeric_gradient.wrong(
    22,
    "the sign is turned around: left minus right",
    experiment="try it on cost at [2., 5.]. Both slopes are positive there.",
)
def left_minus_right(f, x, h):
    return -with_unit_steps(f, x, h)


@numeric_gradient.wrong(
    43,
    "one fixed, tiny step is taken, whatever h is",
    experiment="print the rises in float32, before you divide. How many digits are left?",
)
def fixed_step(f, x, h):
    return with_unit_steps(f, x, 1e-6)


# Looking back

recall_line = Question(
    "recall_line",
    answers=(5,),
    explain="A straight line has one slope everywhere, and every step finds it: 100 over 20.",
    experiment="work out f(110) and f(90), and divide their difference by 20.",
    wrong={
        10: "From 90 to 110 it is 20, not 10.",
        100: "That is the rise. What is the run?",
        493: "That is the value at 100, not the slope.",
        -7: "That is where the line starts. What is its slope?",
    },
)

recall_float32 = Question(
    "recall_float32",
    answers=("a",),
    explain="With 7 digits a shorter step leaves too few of them in the difference.",
    experiment="look at the lower end of the dashed curve in the picture.",
    wrong={
        "b": "That is good in float64. In float32 the error is then hundredths to tenths.",
        "c": "Can x + h still be told from x, with 7 digits?",
    },
)

recall_price = Question(
    "recall_price",
    answers=(2000,),
    explain="Two calls for each of the numbers. Going backward will need one pass for all.",
    experiment="count the calls for a tensor with 2 numbers, then with 3.",
    wrong={
        1000: "Each central difference calls f at two places.",
        2: "That is for one number. Each number needs steps of its own.",
        1001: "That would do for steps to the right alone, sharing f(x).",
        1: "That would be automatic differentiation.",
    },
)
