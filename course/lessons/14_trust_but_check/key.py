"""The answer key of "Trust, but check"."""

import autograd_lib as torch
from course import broken
from course.key import Exercise, Question, function, known, program, tensor

predict_kink = Question(
    "predict_kink",
    answers=(0.5,),
    explain="(h - 0) / 2h: half of the slope on the right, half of the slope on the left. No step, "
    "however small, changes that.",
    experiment="put h = 0.1 into the formula, and then h = 0.001.",
    wrong={
        0: "0 is the slope on the left, and what torch chooses. But what does the formula give?",
        1: "1 is the slope on the right alone. The formula uses both sides.",
    },
)


# Number by number

gradcheck = Exercise(
    "gradcheck",
    sees=["result", "x", "x.grad"],
    experiment="for f(x) = the sum of x * x, print the computed and the measured gradient at "
    "x = [1., -2.]: both are [2., -4.].",
)


def weighed(rng, text, x, dtype="float64", **names):
    """A function of x, weighed by numbers that differ, and where to check it."""
    weights = tensor(rng.uniform(0.5, 2, size=x.shape) * rng.choice([-1, 1]), dtype=dtype)
    f = function(f"(w * {text}).sum()", w=weights, **names)
    return dict(f=f, x=tensor(x, dtype=dtype, requires_grad=True))


def numbers(rng, *shape):
    """Different numbers of either sign, none near 0 or 1."""
    return rng.uniform(1.2, 2.2, size=shape) * rng.choice([-1, 1], size=shape)


def gradcheck_case(check, text, *shape, draws=1, **names):
    gradcheck.case(check, draws)(lambda rng: weighed(rng, text, numbers(rng, *shape), **names))


gradcheck_case("gradcheck-right", "(x * x * x)", 2)
gradcheck_case("gradcheck-right", "(x.exp() / (x * x + 1))", 3)
gradcheck_case("gradcheck-right", "op(x)", 3, op=known("right exp"))
for _bug in (
    "exp goes back by its input",
    "the two is forgotten in a square",
    "exp forgets what arrives",
):
    gradcheck_case("gradcheck-wrong", "op(x)", 3, op=known(_bug))


@gradcheck.case("gradcheck-wrong")
def wrong_in_the_last_place(rng):
    """The last number goes through a wrong rule, all others through right ones."""
    x = numbers(rng, 3)
    text = "torch.stack([good(x[0]), good(x[1]), bad(x[2])])"
    return weighed(
        rng, text, x, good=known("right square"), bad=known("the two is forgotten in a square")
    )


@gradcheck.case("gradcheck-numbers")
def single_precision(rng):
    return weighed(rng, "x.exp().sin()", numbers(rng, 3), dtype="float32")


@gradcheck.case("gradcheck-numbers")
def large_numbers(rng):
    return weighed(rng, "(x ** 3)", 1e8 * numbers(rng, 2))


@gradcheck.case("gradcheck-numbers")
def small_and_right(rng):
    return weighed(rng, "(op(x) * 1e-4)", numbers(rng, 2), op=known("right square"))


@gradcheck.case("gradcheck-numbers")
def small_and_wrong(rng):
    op = known("the two is forgotten in a square")
    return weighed(rng, "(op(x) * 1e-5)", numbers(rng, 2), op=op)


@gradcheck.case("gradcheck-numbers")
def a_zero(rng):
    return weighed(rng, "(x * x + x)", numbers(rng, 2) * [0, 1])


@gradcheck.case("gradcheck-any")
def off_by_less_than_the_tolerance(rng):
    """What is added has the value 0 and a gradient: five hundred-thousandths of the right one."""
    text = "(x * x + 5e-5 * (x * x - (x * x).detach()))"
    return weighed(rng, text, numbers(rng, 2))


@gradcheck.case("gradcheck-any")
def nearly_no_gradient(rng):
    """The measured gradient is 0, the computed one 2e-8 to 4e-8."""
    return weighed(rng, "(2e-8 * (x - x.detach()))", numbers(rng, 2))


gradcheck_case("gradcheck-any", "(x @ x.T @ x)", 2, 3)
gradcheck_case("gradcheck-any", "op(x)", op=known("right exp"))
# Several draws: whoever forgets abs() is right for one sign of the difference, by chance.
gradcheck_case("gradcheck-any", "op(x)", draws=8, op=known("exp goes back by its input"))
gradcheck_case("gradcheck-any", "op(x)", 2, 3, op=known("exp goes back by its input"))


@gradcheck.case("gradcheck-any")
def errors_that_cancel(rng):
    """Both numbers have the gradient of the other one."""
    f = function("op(x[0], x[1])", op=known("the slopes of a product have changed places"))
    return dict(f=f, x=tensor(numbers(rng, 2), dtype="float64", requires_grad=True))


@gradcheck.case("gradcheck-any")
def has_a_gradient_already(rng):
    x = tensor(numbers(rng, 2), dtype="float64", grad=rng.normal(size=2))
    return dict(f=function("(x * x * x).sum()"), x=x)


def computed_at(f, x):
    x = x.detach().double().requires_grad_()
    return torch.autograd.grad(f(x), x)[0]


def measured_at(f, x, step=lambda number: 1e-6 * max(1.0, abs(number)), left=True):
    """The measured gradient of f at x, in the precision of x."""
    flat = x.detach().reshape(-1)
    slopes = []
    for i, number in enumerate(flat.tolist()):
        h = step(number)
        moved = [flat.clone(), flat.clone()]
        moved[0][i] += h
        moved[1][i] -= h if left else 0
        with torch.no_grad():
            right, other = (f(part.reshape(x.shape)).item() for part in moved)
        slopes.append((right - other) / (2 * h if left else h))
    return torch.tensor(slopes, dtype=torch.float64).reshape(x.shape)


def close(one, other):
    return torch.allclose(one, other, rtol=1e-4, atol=1e-7)


@gradcheck.right
def with_grad_and_slices(f, x):
    return close(computed_at(f, x), measured_at(f, x.double()))


@gradcheck.right
def with_numbers_in_lists(f, x):
    x = x.detach().double()
    gradient = computed_at(f, x).reshape(-1).tolist()
    slopes = measured_at(f, x).reshape(-1).tolist()
    return all(abs(g - s) <= 1e-7 + 1e-4 * abs(s) for g, s in zip(gradient, slopes, strict=True))


@gradcheck.wrong(
    43,
    "the slope is measured in the precision of x: in float32 a step of 1e-6 is lost in rounding",
    experiment="print (torch.tensor(1.5) + 1e-6) - 1.5, and the same in float64.",
)
def in_the_precision_of_x(f, x):
    own = x.detach().clone().requires_grad_()
    gradient = torch.autograd.grad(f(own), own)[0].double()
    return close(gradient, measured_at(f, x))


@gradcheck.wrong(
    43,
    "one fixed step is used for all numbers: for large ones it is lost in rounding",
    experiment="print (1e8 + 1e-6)**3 - (1e8 - 1e-6)**3. It should be close to 6e10.",
)
def one_fixed_step(f, x):
    return close(computed_at(f, x), measured_at(f, x.double(), step=lambda number: 1e-6))


@gradcheck.wrong(
    None,
    "only the first number is checked",
    experiment="count how often f is called for three numbers: once, and twice for each.",
)
def only_the_first(f, x):
    gradient, slopes = computed_at(f, x).reshape(-1), measured_at(f, x.double()).reshape(-1)
    return close(gradient[:1], slopes[:1])


@gradcheck.wrong(
    None,
    "sums of all numbers are compared, in which errors can cancel",
    experiment="the gradients [1., 3.] and [2., 2.] have one sum. Are they close?",
)
def compares_sums(f, x):
    return close(computed_at(f, x).sum(), measured_at(f, x.double()).sum())


@gradcheck.wrong(
    None,
    "the difference is compared without its size: a negative one always counts as small",
    experiment="print 1.0 - 2.0 < 0.001. Then use abs, or torch.allclose.",
)
def forgets_the_absolute_value(f, x):
    difference = computed_at(f, x) - measured_at(f, x.double())
    return bool((difference <= 1e-7 + 1e-4 * measured_at(f, x.double()).abs()).all())


@gradcheck.wrong(
    None,
    "the tolerance does not follow the size of the numbers: small wrong gradients pass",
    experiment="multiply f by 1e-5. A wrong gradient is still wrong.",
)
def fixed_tolerance(f, x):
    return torch.allclose(computed_at(f, x), measured_at(f, x.double()), rtol=1e-4, atol=1e-3)


@gradcheck.wrong(
    None,
    "the measured slope is divided by h, where both sides together are 2h apart",
    experiment="measure x * x at 3 with h = 0.5. You should get 6.",
)
def divides_by_one_step(f, x):
    return close(computed_at(f, x), 2 * measured_at(f, x.double()))


@gradcheck.wrong(
    None,
    "the answer says whether the gradients differ: True and False have changed places",
    experiment="call it with a right derivative. It should say True.",
)
def turned_around(f, x):
    return not with_grad_and_slices(f, x)


@gradcheck.wrong(
    None,
    "backward() is called on x itself, so that its gradient changes",
    experiment="print x.grad before and after. It should be the same.",
)
def leaves_a_gradient(f, x):
    f(x).backward()
    return with_grad_and_slices(f, x)


# All numbers at once

random_projection_check = Exercise(
    "random_projection_check",
    sees=["result", "a", "b"],
    experiment="take f(a, b) = a * b for single numbers, and print both sides.",
)


def projected(check, op, *shapes, dtype="float64", positive=False, draws=1):
    """Check a known operation on inputs of these shapes."""

    def draw(rng):
        names = dict(zip("ab", shapes, strict=False))
        inputs = {}
        for name, shape in names.items():
            drawn = numbers(rng, *shape)
            inputs[name] = tensor(abs(drawn) if positive else drawn, dtype=dtype)
        return dict(op=known(op), **inputs)

    random_projection_check.case(check, draws)(draw)


projected("random_projection_check-right", "right matmul", (2, 3), (3, 5))
projected("random_projection_check-right", "right divide", (2, 3), (3,))
projected("random_projection_check-right", "right exp", (3,))
# Several draws: whoever forgets abs() is right for one sign of the difference, by chance.
projected("random_projection_check-wrong", "exp goes back by its input", (3,), draws=6)
projected("random_projection_check-wrong", "the divisor is not squared", (2, 3), (2, 3))
projected(
    "random_projection_check-wrong",
    "the divisor is forgotten on the way to the dividend",
    (2, 3),
    (2, 3),
)
projected(
    "random_projection_check-wrong", "the copies of a broadcast input are averaged", (2, 3), (3,)
)
projected("random_projection_check-wrong", "relu lets everything pass", (7,))
projected("random_projection_check-upstream", "exp forgets what arrives", (3,))
projected(
    "random_projection_check-upstream",
    "the gradient that arrives is forgotten in a product",
    (2, 3),
    (2, 3),
)
projected("random_projection_check-upstream", "the sum forgets what arrives", (5,))
projected("random_projection_check-any", "right exp", (5,), dtype="float32")
projected("random_projection_check-any", "right multiply", (2, 3), (2, 1), dtype="float32")
projected("random_projection_check-any", "right multiply", (), ())
projected("random_projection_check-any", "right log", (2, 3), positive=True)
projected("random_projection_check-any", "right mean", (2, 3))
projected("random_projection_check-any", "the mean is divided by its rows alone", (2, 3))
projected("random_projection_check-any", "the slopes of a product have changed places", (), ())


@random_projection_check.case("random_projection_check-any")
def off_by_less_than_the_tolerance_allows(rng):
    """Large slopes, off by two millionths: what is added has the value 0 and a gradient."""
    op = function("1e4 * (x * x + 2e-6 * (x * x - (x * x).detach()))")
    return dict(op=op, a=tensor(numbers(rng, 3), dtype="float64"))


@random_projection_check.case("random_projection_check-any")
def nearly_no_slope(rng):
    op = function("1e-7 * (x - x.detach())")
    return dict(op=op, a=tensor(numbers(rng, 3), dtype="float64"))


@random_projection_check.case("random_projection_check-any")
def exceptions_come_through(rng):
    return program(
        "try:\n    random_projection_check(op, a, b)\n    result = 'nothing'\n"
        "except RuntimeError:\n    result = 'RuntimeError'",
        op=known("a matrix is not transposed"),
        a=tensor(numbers(rng, 2, 3), dtype="float64"),
        b=tensor(numbers(rng, 3, 5), dtype="float64"),
    )


def project(f, inputs, v=None, u=None, h=1e-6, double=True, which=slice(None), width=2.0):
    """Both sides of the comparison."""
    kept = [(x.double() if double else x).detach().clone().requires_grad_() for x in inputs]
    result = f(*kept)
    v = v(result) if v else torch.randn(result.shape, dtype=result.dtype)
    result.backward(v)
    along = [u(x) if u else torch.randn(x.shape, dtype=x.dtype) for x in kept]
    along = [a if n in range(len(kept))[which] else 0 * a for n, a in enumerate(along)]
    with torch.no_grad():
        ahead = f(*[x + h * a for x, a in zip(kept, along, strict=True)])
        behind = f(*[x - h * a for x, a in zip(kept, along, strict=True)])
    measured = ((ahead - behind) * v).sum().item() / (width * h)
    return sum((x.grad * a).sum().item() for x, a in zip(kept, along, strict=True)), measured


def agree(computed, measured):
    return abs(computed - measured) < 1e-5 * (1 + abs(measured))


@random_projection_check.right
def with_normal_directions(f, *inputs):
    return agree(*project(f, inputs))


@random_projection_check.right
def with_uniform_directions(f, *inputs):
    def draw(like):
        return torch.rand(like.shape, dtype=torch.float64) * 2 + 0.1

    return agree(*project(f, inputs, v=draw, u=draw))


@random_projection_check.right
def with_vjp_and_three_directions(f, *inputs):
    return all(agree(*project(f, inputs)) for _ in range(3))


@random_projection_check.wrong(
    11,
    "v is all ones: a rule that forgets what arrives is right for ones",
    experiment="draw v with torch.randn(result.shape, dtype=torch.float64).",
)
def ones_for_v(f, *inputs):
    return agree(*project(f, inputs, v=torch.ones_like))


@random_projection_check.wrong(
    None,
    "only the first input is moved: a wrong rule for the second one is never seen",
    experiment="each input needs a direction of its own, that is not zero.",
)
def only_the_first_input(f, *inputs):
    return agree(*project(f, inputs, which=slice(1)))


@random_projection_check.wrong(
    None,
    "only the last input is moved, or only its gradient counted",
    experiment="each input needs a direction of its own, that is not zero.",
)
def only_the_last_input(f, *inputs):
    return agree(*project(f, inputs, which=slice(-1, None)))


@random_projection_check.wrong(
    43,
    "float32 inputs are checked in float32: a step of 1e-6 is lost in rounding",
    experiment="turn the inputs into float64 first: x.detach().double().",
)
def in_single_precision(f, *inputs):
    return agree(*project(f, inputs, double=False))


@random_projection_check.wrong(
    None,
    "the measured side is divided by h, where both sides together are 2h apart",
    experiment="measure x * x at 3 with h = 0.5. You should get 6.",
)
def divides_by_one_step_only(f, *inputs):
    return agree(*project(f, inputs, width=1.0))


@random_projection_check.wrong(
    None,
    "exceptions in backward() are caught here, where they should come through",
    experiment="call it with two matrices that do not fit.",
)
def catches_exceptions(f, *inputs):
    try:
        return agree(*project(f, inputs))
    except RuntimeError:
        return False


# Kinks

find_kinks = Exercise(
    "find_kinks",
    experiment="for relu at [1., 0., -1.], print the slopes to the right and to the left: they "
    "differ in the middle only.",
)


def kinks_case(check, formula, make):
    find_kinks.case(check)(
        lambda rng: dict(f=function(formula), x=tensor(make(rng), dtype="float64"))
    )


def some_zeros(rng):
    return [0.0, *numbers(rng, 2).tolist(), 0.0][:: int(rng.choice([-1, 1]))]


kinks_case("find_kinks-relu", "x.relu().sum()", lambda rng: [*numbers(rng, 2).tolist(), 0.0])
kinks_case("find_kinks-relu", "(x * x.exp() + 3 * x.abs()).sum()", some_zeros)
kinks_case("find_kinks-relu", "(x - 2.5).abs().sum()", lambda rng: [1.0, 2.5, float(rng.normal())])
kinks_case("find_kinks-smooth", "(x * x + x.sin()).sum()", some_zeros)
kinks_case("find_kinks-smooth", "x.relu().sum()", lambda rng: numbers(rng, 5))
kinks_case("find_kinks-smooth", "(30 * x * x * x).sum()", lambda rng: numbers(rng, 3))
kinks_case("find_kinks-ties", "x.amax()", lambda rng: rng.permutation([4.0, 1.0, 4.0, 2.0, 4.0]))
kinks_case("find_kinks-ties", "x.amax()", lambda rng: rng.permutation([4.0, 1.0, 0.0]))
kinks_case("find_kinks-ties", "(x.relu() ** 2).sum()", some_zeros)
kinks_case("find_kinks-ties", "(x[0] * 0.01 - x[1]).abs() * 0.2", lambda rng: [50.0, 0.5])
kinks_case("find_kinks-ties", "(x[0] - x[1]).abs()", lambda rng: [float(rng.normal())] * 2)


def sides(f, x, h=1e-6):
    """The slopes to the right and to the left, for each place."""
    found = []
    for i in range(len(x)):
        right, left = x.clone(), x.clone()
        right[i] += h
        left[i] -= h
        values = [f(part).item() for part in (right, x, left)]
        found.append(((values[0] - values[1]) / h, (values[1] - values[2]) / h))
    return found


@find_kinks.right
def from_pairs(f, x):
    return [i for i, (right, left) in enumerate(sides(f, x)) if abs(right - left) > 1e-3]


@find_kinks.right
def by_the_second_difference(f, x):
    kinks, h = [], 1e-6
    for i, row in enumerate(torch.eye(len(x), dtype=torch.float64)):
        bend = f(x + h * row) - 2 * f(x) + f(x - h * row)
        if bend.abs().item() / h > 1e-3:
            kinks += [i]
    return kinks


@find_kinks.wrong(
    44,
    "places where x is 0 are named, without a measurement",
    experiment="take (x - 2.5).abs(): its kink is at 2.5. And x * x has none at 0.",
)
def zeros_of_x(f, x):
    return [i for i, number in enumerate(x.tolist()) if number == 0]


@find_kinks.wrong(
    44,
    "the two slopes are asked to be exactly equal: rounding makes a kink of every place",
    experiment="print the difference of the two slopes of x * x at 1.5.",
)
def exactly_equal(f, x):
    return [i for i, (right, left) in enumerate(sides(f, x)) if right != left]


@find_kinks.wrong(
    44,
    "only kinks at which the slope grows are found: the size of the difference is not taken",
    experiment="take -x.abs(): its slope falls from 1 to -1 at 0.",
)
def only_growing(f, x):
    return [i for i, (right, left) in enumerate(sides(f, x)) if left - right > 1e-3]


@find_kinks.wrong(
    None,
    "all numbers are moved at once, so that one kink is found at every place",
    experiment="only x[i] moves: make a step of zeros with one number in it.",
)
def moves_all(f, x, h=1e-6):
    right, here, left = (f(x + k * h).item() for k in (1, 0, -1))
    return list(range(len(x))) if abs(right - 2 * here + left) / h > 1e-3 else []


@find_kinks.wrong(
    None,
    "the list holds True and False for each place, where the places themselves were asked for",
    experiment="for relu at [1., 0., -1.] the answer is [1].",
)
def truth_values(f, x):
    return [abs(right - left) > 1e-3 for right, left in sides(f, x)]


@find_kinks.wrong(
    None,
    "the numbers of x at the kinks are returned, where their places were asked for",
    experiment="for relu at [1., 0., -1.] the answer is [1]: place 1, not the number 0.",
)
def numbers_at_kinks(f, x):
    return [x[i].item() for i in from_pairs(f, x)]


@find_kinks.wrong(
    44,
    "the places without a kink are returned",
    experiment="for relu at [1., 0., -1.] the answer is [1].",
)
def smooth_places(f, x):
    return [i for i in range(len(x)) if i not in from_pairs(f, x)]


# Six broken engines

find_the_bug = Exercise(
    "find_the_bug",
    experiment="print what random_projection_check says for each operation of one engine.",
)


def engine(*bugs):
    """Describe an engine: right operations, but for these bugs."""
    wrong = {broken.BUGS[bug][0]: known(bug) for bug in bugs}
    return dict(engine={name: wrong.get(name, known(f"right {name}")) for name in broken.RIGHT})


SIX = [
    "exp goes back by its input",
    "the gradient that arrives is forgotten in a product",
    "a matrix is not transposed",
    "the copies of a broadcast input are averaged",
    "the divisor is not squared",
    "relu lets everything pass",
]
for _bug in SIX:
    find_the_bug.case("find_the_bug-six")(lambda rng, bug=_bug: engine(bug))
find_the_bug.case("find_the_bug-clean")(lambda rng: engine())
for _bug in broken.BUGS:
    if _bug not in SIX:
        find_the_bug.case("find_the_bug-others")(lambda rng, bug=_bug: engine(bug))


def telling(name, positive=False, square=False, alike=False, ones=False):
    """Inputs for the operation of this name."""
    shapes = [(2, 3)]
    if name in ("add", "multiply", "divide"):
        shapes = [(2, 3), (2, 3) if alike else (1, 3)]
    elif name == "matmul":
        shapes = [(2, 2), (2, 2)] if square else [(2, 3), (3, 4)]
    drawn = []
    for shape in shapes:
        size = torch.rand(shape, dtype=torch.float64) + 1.2
        sign = torch.where(torch.rand(shape) < 0.5, -1.0, 1.0)
        sign.reshape(-1)[0] = -1.0
        made = torch.ones_like(size) if ones else size
        drawn.append(made if positive or ones or name == "log" else made * sign)
    return drawn


def search(engine, check=with_normal_directions, caught=RuntimeError, **choice):
    for name, operation in engine.items():
        try:
            if not check(operation, *telling(name, **choice)):
                return name
        except caught:
            return name
    return None


@find_the_bug.right
def by_projection(engine):
    return search(engine)


@find_the_bug.right
def number_by_number(engine):
    """Each operation weighed by random numbers, each input in its turn."""
    for name, operation in engine.items():
        inputs = telling(name)
        for i in range(len(inputs)):
            weights = []

            def f(x, i=i, inputs=inputs, operation=operation, weights=weights):
                result = operation(*inputs[:i], x, *inputs[i + 1 :])
                if not weights:
                    weights.append(torch.randn(result.shape, dtype=torch.float64) + 3)
                return (weights[0] * result).sum()

            try:
                if not with_grad_and_slices(f, inputs[i]):
                    return name
            except Exception:
                return name
    return None


@find_the_bug.wrong(
    None,
    "all inputs are ones, behind which many bugs hide",
    experiment="choose numbers that differ from each other, none of them 0, 1 or 2.",
)
def with_ones(engine):
    return search(engine, ones=True, square=True, alike=True)


@find_the_bug.wrong(
    None,
    "all inputs are positive: what is wrong for negative ones is never seen",
    experiment="which part of relu do your inputs reach?",
)
def only_positive(engine):
    return search(engine, positive=True)


@find_the_bug.wrong(
    14,
    "nothing is broadcast: both inputs of an operation have the same shape",
    experiment="give add a matrix of shape (2, 3) and a second input of shape (3,).",
)
def nothing_broadcast(engine):
    return search(engine, alike=True)


@find_the_bug.wrong(
    16,
    "a rule that raises an exception is not caught: the search stops there",
    experiment="put try and except around the check. An exception in backward() is a bug found.",
)
def does_not_catch(engine):
    return search(engine, caught=())


@find_the_bug.wrong(
    16,
    "an exception in backward() is passed over, as if the operation were right",
    experiment="what does your function do in the line after `except`?",
)
def passes_over(engine):
    for name, operation in engine.items():
        try:
            if not with_normal_directions(operation, *telling(name)):
                return name
        except RuntimeError:
            continue
    return None


@find_the_bug.wrong(
    11,
    "what arrives is always ones: rules that forget it are right for ones",
    experiment="draw v at random in random_projection_check.",
)
def ones_arrive(engine):
    return search(engine, check=ones_for_v)


@find_the_bug.wrong(
    None,
    "the first operation that is right is returned, where the wrong one was asked for",
    experiment="print the name and what the check says, for each operation.",
)
def first_right_one(engine):
    return next(iter(name for name in engine if name != search(engine)), None)


@find_the_bug.wrong(
    None,
    "an engine without bugs is accused: the last name, or a word, is returned in place of None",
    experiment="what does your function return after the loop?",
)
def never_none(engine):
    return search(engine) or list(engine)[-1]


# Looking back

recall_ties = Question(
    "recall_ties",
    answers=(0.5,),
    explain="Two equal maxima share the gradient.",
    experiment="look for the table of rows and maxima in lesson 13.",
    wrong={
        1: "There is a second 3, which is just as large.",
        0: "The first 3 is one of the largest numbers.",
    },
)

recall_cube = Question(
    "recall_cube",
    answers=(0.01,),
    explain="(0.001 + 0.001) / 0.2. The error is the square of the step: half the step, a quarter "
    "of the error.",
    experiment="compute 0.1 cubed, and minus 0.1 cubed.",
    wrong={
        0: "0 is the true slope. With a large step the measured one is off.",
        0.001: "That is 0.1 cubed. Subtract the other side, and divide by the distance.",
        0.1: "0.1 is the step. Put it into (f(h) - f(-h)) / 2h.",
    },
)

recall_mean = Question(
    "recall_mean",
    answers=(2,),
    explain="Each of the five counts for one fifth of the mean.",
    experiment="think of the mean as a sum, times one fifth.",
    wrong={
        10: "That would be a sum. A mean divides by how many there are.",
        50: "A mean divides by how many there are.",
        0.2: "0.2 is the slope of the mean. What arrives is multiplied by it.",
    },
)
