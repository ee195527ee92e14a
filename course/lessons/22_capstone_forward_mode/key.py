"""The answer key of "Capstone: forward mode"."""

import math

from course.key import ENGINES, Exercise, Question, function, new, program

predict_product = Question(
    "predict_product",
    answers=(29,),
    explain="Slope of the left times the right, plus the left times slope of the right: 3 times 5 "
    "and 2 times 7, which is 15 and 14.",
    experiment="write down the product rule, and put the four numbers into it.",
    wrong={
        21: "21 is the product of the slopes. The product rule has two parts, each with one value "
        "and one slope.",
        10: "10 is the value of the product.",
        15: "15 is what p's slope contributes. q changes, too.",
        14: "14 is what q's slope contributes. p changes, too.",
        31: "Each slope was multiplied by its own value. The product rule crosses them.",
    },
)


# Milestone 1

Dual_exercise = Exercise(
    "Dual",
    forbid=ENGINES,
    instead="Here the slopes travel forward, in your own class.",
    sees=["out.value", "out.slope", "p.value", "p.slope"],
    experiment="p = Dual(2.0, 3.0), q = Dual(5.0, 7.0). p * q should have the value 10 and the "
    "slope 29. Then try one method after the other.",
    any_number_type=True,
    tolerance=(1e-6, 1e-9),
)


def duals(rng, names="pq"):
    """Values between 0.4 and 1.6, the first positive; slopes between 1.5 and 3, of either sign."""
    described = {}
    for place, name in enumerate(names):
        sign = rng.choice([-1, 1]) if place else 1
        slope = float(rng.uniform(1.5, 3) * rng.choice([-1, 1]))
        described[name] = new("Dual", float(rng.uniform(0.4, 1.6) * sign), slope)
    return described


def dual_case(check, text, names="pq"):
    Dual_exercise.case(check)(lambda rng: program(f"out = {text}", **duals(rng, names)))


dual_case("Dual-product", "p * q")
dual_case("Dual-product", "p * p", "p")
dual_case("Dual-product", "3.5 * p", "p")
dual_case("Dual-product", "p * q * 2 + q * p * p + 1")
dual_case("Dual-power", "p ** 3", "p")
dual_case("Dual-power", "p ** -1.5 * q")
dual_case("Dual-power", "(p - q) / q + 2 / p - 1")
dual_case("Dual-functions", "p.exp()", "p")
dual_case("Dual-functions", "p.sin()", "p")
dual_case("Dual-functions", "(p * q).exp() * q.sin()")
dual_case("Dual-long", "(p * q + r.exp()) * (p - r.sin()) / (q * q + 1)", "pqr")
dual_case("Dual-long", "((p ** 2.5 + q * r) ** 2 + 1).sin() * (q - 3).exp() - r", "pqr")
dual_case("Dual-long", "2 / (p + p * p).exp() + (1 - q).sin() ** 2")


@Dual_exercise.law("Dual-long", on=lambda rng: dict(x=float(rng.uniform(0.5, 1.5))))
def measured(f, new):
    """A slope must be what one measures by moving the value a little to both sides."""
    (x,) = new()

    def curve(number):
        p = f(number, 3.0)
        return (p.sin() * p**3 + (2 - p).exp()) / (p * p + 0.5)

    h = 1e-5
    slope = 3 * (curve(x + h).value - curve(x - h).value) / (2 * h)
    assert abs(curve(x).slope - slope) < 1e-6 * (1 + abs(slope))


def exp(x):
    return math.exp(x) if isinstance(x, int | float) else x.exp()


def sin(x):
    return math.sin(x) if isinstance(x, int | float) else x.sin()


def cos(x):
    return math.cos(x) if isinstance(x, int | float) else (x + math.pi / 2).sin()


class Dual:
    """The base of the answers below: parts that can be changed one at a time."""

    still = 0.0

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def dual(self, number):
        return number if isinstance(number, Dual) else type(self)(number, self.still)

    def __add__(self, other):
        other = self.dual(other)
        return type(self)(self.value + other.value, self.slope + other.slope)

    def product(self, other):
        return self.slope * other.value + self.value * other.slope

    def __mul__(self, other):
        other = self.dual(other)
        return type(self)(self.value * other.value, self.product(other))

    def power(self, n):
        return n * self.value ** (n - 1) * self.slope

    def __pow__(self, n):
        return type(self)(self.value**n, self.power(n))

    def of_exp(self):
        return exp(self.value) * self.slope

    def exp(self):
        return type(self)(exp(self.value), self.of_exp())

    def of_sin(self):
        return cos(self.value) * self.slope

    def sin(self):
        return type(self)(sin(self.value), self.of_sin())

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + self.dual(other) * -1.0

    def __rsub__(self, other):
        return self.dual(other) - self

    def __truediv__(self, other):
        return self * self.dual(other) ** -1.0

    def __rtruediv__(self, other):
        return self.dual(other) / self


Dual_exercise.right(Dual)


@Dual_exercise.right
class DualByLogarithms(Dual):
    """Products by the relative slopes of both sides."""

    def product(self, other):
        return (self.slope / self.value + other.slope / other.value) * (self.value * other.value)

    def power(self, n):
        return self.value**n * (n * self.slope / self.value)


@Dual_exercise.wrong(
    None,
    "the slope of a product is the product of the slopes",
    experiment="p = Dual(2.0, 1.0): p * p should have the slope 4, not 1.",
)
class SlopesMultiplied(Dual):
    def product(self, other):
        return self.slope * other.slope


@Dual_exercise.wrong(
    None,
    "one half of the product rule is missing: the slope of the right side does not count",
    experiment="p = Dual(2.0, 1.0): p * p should have the slope 4, not 2.",
)
class HalfAProduct(Dual):
    def product(self, other):
        return self.slope * other.value


@Dual_exercise.wrong(
    None,
    "in a product each slope is multiplied by its own value, where it belongs to the other's",
    experiment="p = Dual(2.0, 3.0), q = Dual(5.0, 7.0): p * q should have the slope 29, not 41.",
)
class OwnValues(Dual):
    def product(self, other):
        return self.slope * self.value + other.value * other.slope


@Dual_exercise.wrong(
    11,
    "powers, exp and sin forget the slope that comes with the number: the chain rule is missing",
    experiment="p = Dual(0.0, 5.0): p.exp() should have the slope 5, not 1.",
)
class NoChain(Dual):
    def power(self, n):
        return n * self.value ** (n - 1)

    def of_exp(self):
        return exp(self.value)

    def of_sin(self):
        return cos(self.value)


@Dual_exercise.wrong(
    12,
    "the slope of exp is taken to be its input, where it is its result",
    experiment="p = Dual(0.0, 1.0): p.exp() should have the slope 1, not 0.",
)
class ExpUsesInput(Dual):
    def of_exp(self):
        return self.value * self.slope


@Dual_exercise.wrong(
    None,
    "exp and sin are applied to the slope as well",
    experiment="p = Dual(0.0, 1.0): p.exp() should have the slope 1, not 2.718.",
)
class FunctionsOfSlopes(Dual):
    def of_exp(self):
        return exp(self.slope)

    def of_sin(self):
        return sin(self.slope)


@Dual_exercise.wrong(
    22,
    "the slope of the sine has the wrong sign",
    experiment="p = Dual(0.0, 1.0): p.sin() should have the slope 1, not -1.",
)
class SineBackwards(Dual):
    def of_sin(self):
        return cos(self.value) * self.slope * -1.0


@Dual_exercise.wrong(
    None,
    "the exponent in the slope of a power is not lowered by one",
    experiment="p = Dual(2.0, 1.0): p ** 3 should have the slope 12, not 24.",
)
class PowerNotLowered(Dual):
    def power(self, n):
        return n * self.value**n * self.slope


@Dual_exercise.wrong(
    None,
    "the factor n is missing in the slope of a power",
    experiment="p = Dual(2.0, 1.0): p ** 3 should have the slope 12, not 4.",
)
class PowerWithoutFactor(Dual):
    def power(self, n):
        return self.value ** (n - 1) * self.slope


@Dual_exercise.wrong(
    None,
    "a product changes the number on the left, where it should make a new one",
    experiment="p = Dual(2.0, 1.0); p * p; then print p.value. It should still be 2.",
)
class InPlace(Dual):
    def __mul__(self, other):
        other = self.dual(other)
        self.slope, self.value = self.product(other), self.value * other.value
        return self


# Milestone 2

derivative = Exercise(
    "derivative",
    forbid=ENGINES,
    instead="Here the slopes travel forward, in your own class.",
    experiment="print f(Dual(2.0, 1.0)) for f = lambda x: x * x * x. Which part do you return?",
    any_number_type=True,
    tolerance=(1e-6, 1e-9),
)


def one_argument(exercise, check, formula, low=0.6, high=1.5):
    @exercise.case(check)
    def case(rng):
        a = round(float(rng.uniform(1.5, 3)), 2)
        f = function(formula, a=a) if "a" in formula else function(formula)
        return dict(f=f, x=float(rng.uniform(low, high)))


one_argument(derivative, "derivative-plain", "x * x * x")
one_argument(derivative, "derivative-plain", "a * x ** 2 + 4 / x")
one_argument(derivative, "derivative-plain", "(a * x).sin() * x.exp()")
one_argument(derivative, "derivative-others", "(x * x - a).exp() / (x + 1)", -1.5, -1.2)
one_argument(derivative, "derivative-others", "(1 - x) * (a - x) ** 3")
one_argument(derivative, "derivative-others", "a")


@derivative.right
def by_its_slope(f, x):
    out = f(Dual(float(x), 1.0))
    return out.slope if isinstance(out, Dual) else 0.0


@derivative.right
def with_another_speed(f, x):
    out = f(Dual(x, 4.0)) + Dual(0.0, 0.0)
    return out.slope / 4


@derivative.wrong(
    None,
    "x is handed over with the slope 0, like a constant: nothing changes",
    experiment="print f(Dual(2.0, 0.0)) and f(Dual(2.0, 1.0)).",
)
def holds_still(f, x):
    return as_dual(f(Dual(x, 0.0))).slope


@derivative.wrong(
    None,
    "the value is returned, not the slope",
    experiment="take x * x * x at 2.0. The result should be 12, not 8.",
)
def gives_the_value(f, x):
    return as_dual(f(Dual(x, 1.0))).value


@derivative.wrong(
    None,
    "the whole Dual is returned, not its slope",
    experiment="print type(derivative(f, 2.0)). It should be float.",
)
def gives_the_dual(f, x):
    return as_dual(f(Dual(x, 1.0)))


@derivative.wrong(
    None,
    "x is handed over with x itself as its slope",
    experiment="take f = lambda x: x. Its slope is 1 everywhere.",
)
def speed_is_x(f, x):
    return as_dual(f(Dual(x, x))).slope


@derivative.wrong(
    None,
    "a function that returns a plain number is not thought of: a float has no slope to ask for",
    experiment="take f = lambda x: 5.0. The result should be 0.",
)
def only_duals(f, x):
    return f(Dual(x, 1.0)).slope


def as_dual(number):
    return number if isinstance(number, Dual) else Dual(number, 0.0)


# Milestone 3

jacobian_times = Exercise(
    "jacobian_times",
    forbid=ENGINES,
    instead="Here the slopes travel forward, in your own class.",
    experiment="take f = lambda x: [x[0] * x[1], x[0]] at [2.0, 3.0]. With vs = [1.0, 0.0] the "
    "result is the first column of the Jacobian, [3, 1].",
    any_number_type=True,
    tolerance=(1e-6, 1e-9),
)


def several(check, formula, n):
    @jacobian_times.case(check)
    def case(rng):
        return many_arguments(rng, formula, n)


def many_arguments(rng, formula, n):
    xs = [float(x) for x in rng.uniform(0.5, 1.5, size=n)]
    vs = [float(v) for v in rng.uniform(1.5, 3, size=n) * rng.choice([-1, 1], size=n)]
    return dict(f=function(formula), xs=xs, vs=vs)


SQUARE = "[x[0] * x[0] * x[1], x[1].exp() - x[0]]"
WIDE = "[x[0] * x[1] * x[2] + x[4].sin(), x[3] ** 3 / x[0]]"
TALL = "[x[0] * x[1], x[0].sin(), x[1].exp() * x[0], x[0] - x[1], x[1] ** 2]"

several("jacobian_times-two", SQUARE, 2)
several("jacobian_times-more", WIDE, 5)
several("jacobian_times-more", TALL, 2)
several("jacobian_times-laws", "[x[0] / x[2] + x[1], x[1] * x[2], (x[0] * x[2]).sin()]", 3)


@jacobian_times.law("jacobian_times-laws", on=lambda rng: many_arguments(rng, WIDE, 5))
def linear(f, new):
    """Twice v must give twice the result."""
    curve, xs, vs = new()
    once, twice = f(curve, xs, vs), f(curve, xs, [2 * v for v in vs])
    assert all(abs(b - 2 * a) < 1e-9 * (1 + abs(b)) for a, b in zip(once, twice, strict=True))


@jacobian_times.law("jacobian_times-laws", on=lambda rng: many_arguments(rng, TALL, 2))
def one_pass(f, new):
    """The function must be called exactly once, whatever the number of inputs and outputs."""
    curve, xs, vs = new()
    calls = []

    def counted(x):
        calls.append(1)
        return curve(x)

    f(counted, xs, vs)
    assert len(calls) == 1


def moving(xs, vs):
    return [Dual(x, v) for x, v in zip(xs, vs, strict=True)]


def columns(f, xs):
    """The Jacobian, a list for each input."""
    found = []
    for place in range(len(xs)):
        speeds = [float(place == other) for other in range(len(xs))]
        found.append([as_dual(out).slope for out in f(moving(xs, speeds))])
    return found


@jacobian_times.right
def in_one_line(f, xs, vs):
    return [as_dual(out).slope for out in f(moving(xs, vs))]


@jacobian_times.right
def by_index(f, xs, vs):
    inputs = []
    for i in range(len(xs)):
        inputs.append(Dual(xs[i], 0.5 * vs[i]))
    slopes = []
    for out in f(inputs):
        slopes.append(2 * out.slope)
    return slopes


@jacobian_times.wrong(
    None,
    "all inputs move with speed 1: vs is not used",
    experiment="take another vs. Does the result change?",
)
def ignores_vs(f, xs, vs):
    return in_one_line(f, xs, [1.0] * len(xs))


@jacobian_times.wrong(
    41,
    "v is multiplied from the left: this is the weighted sum of rows that reverse mode gives, v "
    "times J where J times v is wanted",
    experiment="count the numbers of the result. There should be one for each output.",
)
def from_the_left(f, xs, vs):
    return [
        sum(slope * v for slope, v in zip(column, vs, strict=False)) for column in columns(f, xs)
    ]


@jacobian_times.wrong(
    40,
    "the slopes of all outputs are added up to one number",
    experiment="count the numbers of the result. There should be one for each output.",
)
def adds_outputs(f, xs, vs):
    return sum(in_one_line(f, xs, vs))


@jacobian_times.wrong(
    None,
    "values are returned in place of slopes",
    experiment="take another vs. Does the result change?",
)
def values_of_outputs(f, xs, vs):
    return [as_dual(out).value for out in f(moving(xs, vs))]


@jacobian_times.wrong(
    None,
    "v is multiplied onto the outputs, and the inputs all move with speed 1",
    experiment="take vs = [1.0, 0.0]. The second output may still move.",
)
def multiplies_afterwards(f, xs, vs):
    return [slope * v for slope, v in zip(ignores_vs(f, xs, vs), vs, strict=False)]


@jacobian_times.wrong(
    None,
    "xs and vs have changed places: the speeds are the values",
    experiment="print the value and the slope of the first Dual that is made.",
)
def changed_places(f, xs, vs):
    return in_one_line(f, vs, xs)


# Milestone 4

gradient_forward = Exercise(
    "gradient_forward",
    forbid=ENGINES,
    instead="Here the slopes travel forward, in your own class.",
    sees=["result", "xs"],
    experiment="take f = lambda x: x[0] * x[0] * x[1] at [3.0, 5.0], and print the speeds of each "
    "pass: [1, 0], then [0, 1].",
    any_number_type=True,
    tolerance=(1e-6, 1e-9),
)


def gradient_case(check, formula, n):
    @gradient_forward.case(check)
    def case(rng):
        given = many_arguments(rng, formula, n)
        return dict(f=given["f"], xs=given["xs"])


gradient_case("gradient_forward-two", "x[0] * x[0] * x[1]", 2)
gradient_case("gradient_forward-two", "(x[0] * x[1]).sin() + x[1].exp() * x[0]", 2)
gradient_case("gradient_forward-more", "x[0] ** 3 + x[0].exp()", 1)
gradient_case("gradient_forward-more", "x[0] * x[1] * x[2] + (x[3] * x[4]).sin()", 5)
gradient_case("gradient_forward-more", "x[0] * x[2].exp()", 3)


@gradient_forward.right
def of_columns(f, xs):
    return [column[0] for column in columns(lambda x: [f(x)], xs)]


@gradient_forward.right
def one_moves(f, xs):
    return [
        f([Dual(x, 1.0 if j == i else 0.0) for j, x in enumerate(xs)]).slope for i in range(len(xs))
    ]


@gradient_forward.wrong(
    None,
    "all inputs move in every pass: each number is the sum of all slopes",
    experiment="print the speeds of each pass. One of them should be 1, the others 0.",
)
def all_at_once(f, xs):
    return [f([Dual(x, 1.0) for x in xs]).slope for _ in xs]


@gradient_forward.wrong(
    None,
    "speeds of earlier passes are never set back to 0: each number has those before it in it",
    experiment="print the speeds of each pass. Make the list inside the loop.",
)
def never_stops(f, xs):
    return [
        f([Dual(x, 1.0 if j <= i else 0.0) for j, x in enumerate(xs)]).slope for i in range(len(xs))
    ]


@gradient_forward.wrong(
    None,
    "one pass with all inputs moving is taken for the gradient: a single number comes out",
    experiment="count the numbers of the result. There should be one for each input.",
)
def one_number(f, xs):
    return f([Dual(x, 1.0) for x in xs]).slope


@gradient_forward.wrong(
    None,
    "only one input is handed over at a time, with its value, and the others as zeros",
    experiment="take f = lambda x: x[0] * x[1]. Its slope along x[0] is the value of x[1].",
)
def others_are_zero(f, xs):
    return [
        f([Dual(x, 1.0) if j == i else Dual(0.0, 0.0) for j, x in enumerate(xs)]).slope
        for i in range(len(xs))
    ]


@gradient_forward.wrong(
    None,
    "each slope is multiplied by the value of its input",
    experiment="take f = lambda x: x[0] at [7.0]. The result should be [1].",
)
def moves_with_value(f, xs):
    return [slope * x for slope, x in zip(of_columns(f, xs), xs, strict=True)]


@gradient_forward.wrong(
    None,
    "the list xs itself is changed",
    experiment="print xs before and after the call.",
)
def changes_xs(f, xs):
    found = of_columns(f, xs)
    for place in range(len(xs)):
        xs[place] = Dual(xs[place], 1.0)
    return found


# Milestone 5

second_by_nesting = Exercise(
    "second_by_nesting",
    forbid=ENGINES,
    instead="Here the slopes travel forward, in your own class.",
    experiment="print f of your nested number for f = lambda x: x * x * x at 3.0. Four numbers are "
    "in it: 27, 27, 27 and 18.",
    any_number_type=True,
    tolerance=(1e-6, 1e-9),
)

one_argument(second_by_nesting, "second_by_nesting-powers", "x * x * x")
one_argument(second_by_nesting, "second_by_nesting-powers", "a * x ** 4 - x * x")
one_argument(second_by_nesting, "second_by_nesting-functions", "(a * x).exp() + x")
one_argument(second_by_nesting, "second_by_nesting-functions", "x.sin() * x")
one_argument(second_by_nesting, "second_by_nesting-others", "(x * x).sin() / (x + a)")
one_argument(second_by_nesting, "second_by_nesting-others", "1 / (x - 3) ** 2 + (x * x).exp()")


@second_by_nesting.right
def derivative_of_derivative(f, x):
    return by_its_slope(lambda y: f(Dual(y, 1.0)).slope, x)


@second_by_nesting.right
def both_levels(f, x):
    inner = Dual(x, 1.0)
    outer = Dual(inner, inner.dual(1.0))
    slope = f(outer).slope
    return slope.slope


@second_by_nesting.wrong(
    None,
    "the first derivative is returned: the value of the slope",
    experiment="take x * x * x at 3.0. The result should be 18, not 27.",
)
def first_derivative(f, x):
    return both(f, x).slope.value


@second_by_nesting.wrong(
    None,
    "the inner x does not move: its slope is 0, and the slope of the slope too",
    experiment="print the two parts of the nested number. Its value should be Dual(x, 1.0).",
)
def inner_still(f, x):
    return f(Dual(Dual(x, 0.0), Dual(1.0, 0.0))).slope.slope


@second_by_nesting.wrong(
    None,
    "the slope is squared, where its own slope is wanted",
    experiment="take x * x at 5.0. The result should be 2, not 100.",
)
def slope_squared(f, x):
    return both(f, x).slope.value ** 2


@second_by_nesting.wrong(
    None,
    "the outer slope moves, too: its inner slope is 1 where it should be 0, and the first "
    "derivative is added to the second",
    experiment="take f = lambda x: x * x at 5.0. The result should be 2, not 12.",
)
def both_move(f, x):
    return f(Dual(Dual(x, 1.0), Dual(1.0, 1.0))).slope.slope


@second_by_nesting.wrong(
    None,
    "the slope is a Dual, and it is returned as a whole",
    experiment="print the result. It should be one number.",
)
def whole_slope(f, x):
    return both(f, x).slope


def both(f, x):
    return f(Dual(Dual(x, 1.0), Dual(1.0, 0.0)))


# Looking back

recall_adding = Question(
    "recall_adding",
    answers=("__add__",),
    explain="The slope of a sum is the sum of the slopes. Forward, the two uses of x arrive at the "
    "sum; backward, the two ways from the sum arrive at x.",
    experiment="look for a plus sign between two slopes in Dual.",
    wrong={
        "__mul__": "It adds too, in the product rule. Which method is called for x + x?",
        "__radd__": "It is called for a plain number plus a Dual, and hands the work on.",
    },
)

recall_backward = Question(
    "recall_backward",
    answers=(1,),
    explain="One pass backward gives all slopes of one output. That is what reverse mode is for.",
    experiment="how often is backward() called in a training step?",
    wrong={100: "That is the price of forward mode, or of measuring."},
)

recall_option = Question(
    "recall_option",
    answers=("create_graph", "create_graph=True"),
    explain="With create_graph=True the walk backward is recorded. A Dual of Duals "
    "needs no option.",
    experiment="look for the table of two options in lesson 15.",
    wrong={
        "retain_graph": "That one keeps the saved values of the pass forward. Which one records "
        "the walk backward?",
    },
)
