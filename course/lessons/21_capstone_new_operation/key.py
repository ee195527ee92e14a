"""The answer key of "Capstone: a new operation"."""

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, program, tensor

predict_huge = Question(
    "predict_huge",
    answers=("b",),
    explain="a * a would be 9e60, far beyond what float32 holds. It becomes infinite, and the "
    "root of infinity is infinite. The result would have fitted; the way to it did not.",
    experiment="run the three lines, and print a * a.",
    wrong={
        "a": "The result would fit. But print a * a: does that fit?",
        "c": "0 is what comes of squaring tiny numbers. These are huge.",
    },
)


def floats(rng, size, low=0.5, high=2.0, scale=1.0, **more):
    """Numbers of either sign, and at least one of each where there are two."""
    numbers = rng.uniform(low, high, size=size) * rng.choice([-1, 1], size=size)
    if numbers.size > 1:
        numbers.flat[0], numbers.flat[1] = -abs(numbers.flat[0]), abs(numbers.flat[1])
    return tensor(numbers * scale, **more)


def zeros_and(rng, n, **more):
    """Pairs of zero and something, something and zero, zero and zero, and n plain ones."""
    a, b = rng.uniform(0.5, 2, size=(2, n + 3)) * rng.choice([-1, 1], size=(2, n + 3))
    a[0] = b[1] = a[2] = b[2] = 0
    return dict(a=tensor(a, **more), b=tensor(b, **more))


# Milestone 1

stable_length = Exercise(
    "stable_length",
    experiment="try 3 and 4, then 3e30 and 4e30, then 0 and 0: 5, 5e30 and 0.",
    tolerance=(1e-4, 0.0),
)


@stable_length.case("stable_length-plain")
def two_numbers(rng):
    return dict(a=floats(rng, ()), b=floats(rng, ()))


@stable_length.case("stable_length-plain")
def several(rng):
    return dict(a=floats(rng, 5), b=floats(rng, 5))


@stable_length.case("stable_length-sizes")
def huge(rng):
    return dict(a=floats(rng, 3, scale=1e30), b=floats(rng, 3, scale=1e30))


@stable_length.case("stable_length-sizes")
def tiny(rng):
    return dict(a=floats(rng, 3, scale=1e-30), b=floats(rng, 3, scale=1e-30))


@stable_length.case("stable_length-sizes")
def unequal(rng):
    return dict(a=floats(rng, 2, scale=1e-15), b=floats(rng, 2, scale=1e30))


@stable_length.case("stable_length-zeros")
def zeros(rng):
    return zeros_and(rng, 2)


@stable_length.case("stable_length-stretched")
def stretched(rng):
    return dict(a=floats(rng, (2, 1)), b=floats(rng, 5))


@stable_length.oracle
def the_librarys(a, b):
    return torch.hypot(a, b)


@stable_length.right
def larger_and_smaller(a, b):
    a, b = torch.broadcast_tensors(a.abs(), b.abs())
    larger, smaller = torch.maximum(a, b), torch.minimum(a, b)
    q = torch.where(larger > 0, smaller / larger.clamp(min=1e-38), torch.zeros_like(larger))
    return larger * (1 + q * q) ** 0.5


@stable_length.right
def in_twice_the_digits(a, b):
    return (a.double() ** 2 + b.double() ** 2).sqrt().to(a.dtype)


@stable_length.wrong(
    None,
    "the numbers are squared as they are: huge ones overflow, tiny ones vanish",
    experiment="take a = 3e30, b = 4e30, and print a * a.",
)
def squares_first(a, b):
    return torch.sqrt(a * a + b * b)


@stable_length.wrong(
    None,
    "two zeros give nan: the larger one is zero, and zero is divided by zero",
    experiment="take a = b = 0, and print a / m.",
)
def divides_zeros(a, b):
    m = torch.maximum(a.abs(), b.abs())
    return m * torch.sqrt((a / m) ** 2 + (b / m) ** 2)


@stable_length.wrong(
    None,
    "the result is not multiplied by the larger one again",
    experiment="take a = 3, b = 4. The result should be 5, not 1.25.",
)
def stays_scaled(a, b):
    m = torch.maximum(a.abs(), b.abs())
    safe = torch.where(m == 0, torch.ones_like(m), m)
    return torch.sqrt((a / safe) ** 2 + (b / safe) ** 2)


@stable_length.wrong(
    None,
    "sizes are added: there are no squares and no root",
    experiment="take a = 3, b = 4. The result should be 5, not 7.",
)
def adds_sizes(a, b):
    return a.abs() + b.abs()


@stable_length.wrong(
    None,
    "the root is forgotten",
    experiment="take a = 3, b = 4. The result should be 5.",
)
def forgets_the_root(a, b):
    m = torch.maximum(a.abs(), b.abs())
    safe = torch.where(m == 0, torch.ones_like(m), m)
    return m * ((a / safe) ** 2 + (b / safe) ** 2)


@stable_length.wrong(
    None,
    "a is always taken out of the root, even where it is the smaller one or zero",
    experiment="take a = 0, b = 4, and then a = 1e-15, b = 1e30.",
)
def scales_by_a(a, b):
    return a.abs() * torch.sqrt(1 + (b / a) ** 2)


@stable_length.wrong(
    None,
    "the larger one is taken without abs(), so that negative numbers go wrong",
    experiment="take a = -3, b = -4. The result should be 5.",
)
def forgets_abs(a, b):
    m = torch.maximum(a, b)
    safe = torch.where(m == 0, torch.ones_like(m), m)
    return m * torch.sqrt((a / safe) ** 2 + (b / safe) ** 2)


# Milestone 2

length_slopes = Exercise(
    "length_slopes",
    experiment="take a = -3 and b = 4: -0.6 and 0.8. Then take a = b = 0: 0 and 0.",
    tolerance=(1e-4, 1e-6),
)


@length_slopes.case("length_slopes-plain")
def slopes_of_two(rng):
    return dict(a=floats(rng, ()), b=floats(rng, ()))


@length_slopes.case("length_slopes-plain")
def slopes_of_several(rng):
    return dict(a=floats(rng, 5), b=floats(rng, 5))


@length_slopes.case("length_slopes-tip")
def slopes_at_the_tip(rng):
    return zeros_and(rng, 2)


@length_slopes.case("length_slopes-laws")
def huge_slopes(rng):
    return dict(a=floats(rng, 3, scale=1e30), b=floats(rng, 3, scale=1e30))


@length_slopes.case("length_slopes-laws")
def stretched_slopes(rng):
    return dict(a=floats(rng, (2, 1)), b=floats(rng, 3))


def in_float64(rng):
    return dict(a=floats(rng, 5, dtype="float64"), b=floats(rng, 5, dtype="float64"))


@length_slopes.law("length_slopes-laws", on=in_float64)
def size_one(f, new):
    """The squares of the two slopes must add up to 1, everywhere but at the tip."""
    slope_a, slope_b = f(*new())
    total = slope_a * slope_a + slope_b * slope_b
    assert torch.allclose(total, torch.ones_like(total))


@length_slopes.law("length_slopes-laws", on=in_float64)
def measured(f, new):
    """The slopes must be what one measures, by moving a or b a little to both sides."""
    a, b = new()
    h = 1e-6
    along_a = (torch.hypot(a + h, b) - torch.hypot(a - h, b)) / (2 * h)
    along_b = (torch.hypot(a, b + h) - torch.hypot(a, b - h)) / (2 * h)
    slope_a, slope_b = f(a, b)
    assert torch.allclose(slope_a, along_a, atol=1e-6)
    assert torch.allclose(slope_b, along_b, atol=1e-6)


@length_slopes.right
def by_the_engine(a, b):
    a, b = torch.broadcast_tensors(a.detach(), b.detach())
    larger = torch.maximum(a.abs(), b.abs())
    larger = torch.where(larger > 0, larger, torch.ones_like(larger))
    a, b = a / larger, b / larger
    r = torch.sqrt(a * a + b * b).clamp(min=1e-10)
    return a / r, b / r


@length_slopes.right
def by_an_angle(a, b):
    angle = torch.atan2(*torch.broadcast_tensors(b, a))
    there = (a != 0) | (b != 0)
    none = torch.zeros_like(angle)
    return torch.where(there, torch.cos(angle), none), torch.where(there, torch.sin(angle), none)


@length_slopes.wrong(
    44,
    "two zeros give nan: zero is divided by zero at the tip",
    experiment="take a = b = 0. Both slopes should be 0.",
)
def nan_at_the_tip(a, b):
    r = torch.hypot(a, b)
    return a / r, b / r


def safe_length(a, b):
    r = torch.hypot(a, b)
    return torch.where(r == 0, torch.ones_like(r), r)


@length_slopes.wrong(
    None,
    "the two slopes have changed places",
    experiment="take a = -3, b = 4. The slope along a should be -0.6.",
)
def swapped(a, b):
    r = safe_length(a, b)
    return b / r, a / r


@length_slopes.wrong(
    None,
    "the sign of a and of b is lost",
    experiment="take a = -3, b = 4. The slope along a should be -0.6, not 0.6.",
)
def without_sign(a, b):
    r = safe_length(a, b)
    return a.abs() / r, b.abs() / r


@length_slopes.wrong(
    None,
    "the 2 from the square is kept, and the 2 below the root's slope is forgotten",
    experiment="take a = 3, b = 0. The slope along a should be 1, not 2.",
)
def twice(a, b):
    r = safe_length(a, b)
    return 2 * a / r, 2 * b / r


@length_slopes.wrong(
    None,
    "the slope of the root is there, and the slope of the square behind it is forgotten",
    experiment="take a = 3, b = 4. The slopes should be 0.6 and 0.8, not both 0.1.",
)
def root_alone(a, b):
    r = safe_length(a, b)
    # Spelled so that a tip gives zero.
    half = torch.where(torch.hypot(a, b) == 0, torch.zeros_like(r), 0.5 / r)
    return half, half.clone()


@length_slopes.wrong(
    None,
    "these are the slopes of a*a + b*b, without the root",
    experiment="take a = 3, b = 4. The slopes should be 0.6 and 0.8, not 6 and 8.",
)
def of_the_square(a, b):
    a, b = torch.broadcast_tensors(a, b)
    return 2 * a, 2 * b


@length_slopes.wrong(
    None,
    "the length is computed from squares as they are, and huge numbers overflow",
    experiment="take a = 3e30, b = 4e30. The slopes should be 0.6 and 0.8.",
)
def overflows(a, b):
    r = torch.sqrt(a * a + b * b)
    safe = torch.where(r == 0, torch.ones_like(r), r)
    return a / safe, b / safe


# Milestone 3

arrow_length = Exercise(
    "arrow_length",
    sees=["result", "a.grad", "b.grad"],
    experiment="take a = -3 and b = 4, both requiring gradients: "
    "(arrow_length(a, b) * 10).backward() should leave -6 and 8.",
    tolerance=(2e-4, 1e-5),
)

BACKWARD = "result = arrow_length(a, b)\n(result * g).sum().backward()"
TRACKED = dict(requires_grad=True)


@arrow_length.case("arrow_length-plain")
def one_arrow(rng):
    return program(
        "result = arrow_length(a, b)\n(result * 10).backward()",
        a=floats(rng, (), **TRACKED),
        b=floats(rng, (), **TRACKED),
    )


@arrow_length.case("arrow_length-plain")
def three_arrows(rng):
    return program(
        BACKWARD, a=floats(rng, 3, **TRACKED), b=floats(rng, 3, **TRACKED), g=floats(rng, 3, 2, 3)
    )


@arrow_length.case("arrow_length-stretched")
def column_and_row(rng):
    return program(
        BACKWARD,
        a=floats(rng, (2, 1), **TRACKED),
        b=floats(rng, 3, **TRACKED),
        g=floats(rng, (2, 3), 2, 3),
    )


@arrow_length.case("arrow_length-second")
def slopes_of_slopes(rng):
    return program(
        "import autograd_lib as torch\n"
        "result = arrow_length(a, b)\n"
        "(slope,) = torch.autograd.grad(result, a, g, create_graph=True)\n"
        "(slope * h).sum().backward()",
        a=floats(rng, 3, **TRACKED),
        b=floats(rng, 3, **TRACKED),
        g=floats(rng, 3, 2, 3),
        h=floats(rng, 3, 2, 3),
    )


@arrow_length.case("arrow_length-middle")
def at_the_tip(rng):
    return program(BACKWARD, **zeros_and(rng, 2, **TRACKED), g=floats(rng, 5, 2, 3))


@arrow_length.case("arrow_length-middle")
def one_tensor_twice(rng):
    return program(
        "inner = a * 2\nresult = arrow_length(inner, inner) * b\n(result * g).sum().backward()",
        a=floats(rng, 3, **TRACKED),
        b=floats(rng, 3, **TRACKED),
        g=floats(rng, 3, 2, 3),
    )


@arrow_length.case("arrow_length-changed")
def changed_in_between(rng):
    return program(
        "inner = a * 2\n"
        # What stops by itself, or cannot be walked back, raises the same as what notices a change.
        "try:\n    result = arrow_length(inner, b)\n"
        "except RuntimeError as error:\n    assert type(error) is not RuntimeError\n    raise\n"
        "assert result.requires_grad\n"
        "inner.add_(1)\n"
        "(result * g).sum().backward()",
        a=floats(rng, 3, **TRACKED),
        b=floats(rng, 3, **TRACKED),
        g=floats(rng, 3, 2, 3),
    )


def length(a, b):
    """A length that can be differentiated twice, away from the tip."""
    square = a * a + b * b
    return torch.sqrt(torch.where(square == 0, torch.ones_like(square), square)) * (square != 0)


def slopes(a, b):
    r = length(a, b)
    safe = torch.where(r == 0, torch.ones_like(r), r)
    return a / safe, b / safe


def operation(backward, keep=lambda ctx, a, b: ctx.save_for_backward(a, b)):
    """Make an operation of how it goes backward, a function of a, b and grad."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            keep(ctx, a, b)
            return length(a, b)

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors or (ctx.a, ctx.b)
            return backward(a, b, grad)

    return Own.apply


def times(grad, pair):
    return pair[0] * grad, pair[1] * grad


@arrow_length.right
def with_slopes(a, b):
    return operation(lambda a, b, grad: times(grad, slopes(a, b)))(a, b)


@arrow_length.right
def keeps_the_length_too(a, b):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *both):
            r = torch.hypot(*both)
            ctx.save_for_backward(*both, r)
            return r

        @staticmethod
        def backward(ctx, grad):
            a, b, r = ctx.saved_tensors
            per_length = grad / torch.where(r == 0, torch.ones_like(r), r)
            return per_length * a, per_length * b

    return Own.apply(a, b)


@arrow_length.wrong(
    11,
    "the slopes are returned as they are: the upstream gradient, grad, is forgotten",
    experiment="take a = -3, b = 4 and (arrow_length(a, b) * 10).backward(). a.grad should be -6.",
)
def forgets_upstream(a, b):
    return operation(lambda a, b, grad: slopes(a, b))(a, b)


@arrow_length.wrong(
    None,
    "the two gradients come in the wrong order",
    experiment="take a = -3, b = 4 and call backward(). a.grad should be -0.6.",
)
def gradients_swapped(a, b):
    return operation(lambda a, b, grad: times(grad, slopes(b, a)))(a, b)


@arrow_length.wrong(
    None,
    "only a gets a gradient, and None is returned for b",
    experiment="print b.grad after backward().",
)
def only_a(a, b):
    return operation(lambda a, b, grad: (slopes(a, b)[0] * grad, None))(a, b)


@arrow_length.wrong(
    37,
    "backward cuts the graph, by detach(), item() or numpy(): then slopes have no slopes",
    experiment="use tensors and ordinary operations in backward, and nothing else.",
)
def once_only(a, b):
    return operation(
        lambda a, b, grad: tuple(g.detach() for g in times(grad, slopes(a, b))),
    )(a, b)


@arrow_length.wrong(
    44,
    "the tip gives nan: backward divides by a length of zero",
    experiment="take a = b = 0 and call backward(). Both gradients should be 0.",
)
def nan_behind_the_tip(a, b):
    def backward(a, b, grad):
        r = torch.sqrt(a * a + b * b)
        return a / r * grad, b / r * grad

    return operation(backward)(a, b)


def keep_as_attributes(ctx, a, b):
    ctx.a, ctx.b = a, b


@arrow_length.wrong(
    13,
    "inputs are kept as attributes of ctx: changed in between, they give wrong gradients "
    "in silence",
    experiment="change an input in place after the call, then call backward(). Keep inputs by "
    "ctx.save_for_backward, and there is an exception.",
)
def keeps_attributes(a, b):
    return operation(lambda a, b, grad: times(grad, slopes(a, b)), keep_as_attributes)(a, b)


@arrow_length.wrong(
    32,
    "the result has no graph behind it: apply is not used, or inputs are detached before it",
    experiment="print arrow_length(a, b). Is there a grad_fn?",
)
def cut_off(a, b):
    return torch.hypot(a.detach(), b.detach())


# Milestone 4

gradient_is_right = Exercise(
    "gradient_is_right",
    sees=["result", "a.requires_grad"],
    also=["with_backward"],
    experiment="try it on lambda a, b: a * b, which is right, and on with_backward(no_upstream), "
    "which is not. Print measured slopes and gradients side by side.",
)


def judged(check, way, shapes=(3, 3), draws=1):
    """Add a case: an arrow length with a way back, given by the two gradients it returns."""

    @gradient_is_right.case(check, draws=draws)
    def case(rng):
        a, b = (floats(rng, shape, dtype="float64") for shape in shapes)
        text = (
            f"way = lambda a, b, r, grad: ({way})\n"
            "result = gradient_is_right(with_backward(way), a, b)"
        )
        return program(text, a=a, b=b)


def judged_function(check, function, shapes):
    """Add a case: a function whose gradients the engine gets right."""

    @gradient_is_right.case(check)
    def case(rng):
        a, b = (floats(rng, shape, dtype="float64") for shape in shapes)
        return program(f"result = gradient_is_right(lambda a, b: {function}, a, b)", a=a, b=b)


judged("gradient_is_right-right", "a / r * grad, b / r * grad", draws=2)
judged_function("gradient_is_right-right", "a * b", ((), ()))
judged_function("gradient_is_right-right", "a * a * b", ((2, 1), 3))
judged("gradient_is_right-wrong", "a / r, b / r")
judged("gradient_is_right-wrong", "b / r * grad, a / r * grad")
judged("gradient_is_right-wrong", "a / r * grad, 2 * b / r * grad")
judged("gradient_is_right-wrong", "2 * a / r * grad, b / r * grad")
judged("gradient_is_right-none", "a / r * grad, None")
judged("gradient_is_right-none", "None, b / r * grad")
judged("gradient_is_right-subtle", "a / r * grad * 1.01, b / r * grad", ((2, 1), 3))
judged("gradient_is_right-subtle", "a / r * grad, b / r * grad * 0.99")
judged("gradient_is_right-subtle", "a / r * grad, b.abs() / r * grad", (5, 5))
judged("gradient_is_right-subtle", "a / r * grad + (a - a.mean()), b / r * grad", (5, 5))
judged("gradient_is_right-subtle", "a / r * grad, b / r * grad.mean()")
judged_function("gradient_is_right-subtle", "(a * b).exp() / 3", ((2, 3), (2, 1)))


def measure(f, x, h=1e-6):
    """Slopes measured to both sides, one number at a time."""
    slopes = []
    for place in range(x.numel()):
        step = torch.tensor(np.eye(x.numel())[place].reshape(tuple(x.shape)) * h, dtype=x.dtype)
        slopes.append((f(x + step) - f(x - step)).item() / (2 * h))
    return torch.tensor(slopes, dtype=x.dtype).reshape(tuple(x.shape))


def draw_weights(out):
    return 0.5 + torch.rand(out.shape, dtype=out.dtype)


def all_agree(claimed, measured, rtol=1e-4):
    return torch.allclose(claimed, measured, rtol=rtol, atol=1e-6)


def checker(
    agree=all_agree,
    draw=draw_weights,
    again=lambda weights, out: weights,
    h=1e-6,
    copy=lambda x: x.detach().clone().requires_grad_(),
    none=lambda: False,
    join=all,
):
    """Make a gradient check of its parts."""

    def check(operation, a, b):
        a, b = copy(a), copy(b)
        out = operation(a, b)
        weights = draw(out)
        (out * weights).sum().backward()
        if a.grad is None or b.grad is None:
            return none()
        old_a, old_b = a.detach(), b.detach()
        weights = again(weights, out)
        along_a = measure(lambda x: (operation(x, old_b) * weights).sum(), old_a, h)
        along_b = measure(lambda x: (operation(old_a, x) * weights).sum(), old_b, h)
        return join([agree(a.grad, along_a), agree(b.grad, along_b)])

    return check


@gradient_is_right.right
def in_parts(operation, a, b):
    return checker()(operation, a, b)


@gradient_is_right.right
def along_one_direction_after_the_other(operation, a, b):
    """All numbers moved alone by NumPy, with weights of another kind."""
    leaves = [torch.tensor(x.detach().tolist(), dtype=x.dtype, requires_grad=True) for x in (a, b)]
    out = operation(*leaves)
    weights = torch.linspace(1, 2, out.numel(), dtype=out.dtype).reshape(out.shape) ** 2
    found = torch.autograd.grad(out, leaves, weights, allow_unused=True)
    for which, claimed in enumerate(found):
        if claimed is None:
            return False
        for place in np.ndindex(*leaves[which].shape):
            sides = []
            for h in (1e-5, -1e-5):
                moved = [np.array(leaf.tolist()) for leaf in leaves]
                moved[which][place] += h
                result = operation(*(torch.tensor(m, dtype=out.dtype) for m in moved))
                sides.append((result * weights).sum().item())
            slope = (sides[0] - sides[1]) / 2e-5
            if abs(claimed[place].item() - slope) > 1e-5 * (1 + abs(slope)):
                return False
    return True


@gradient_is_right.wrong(
    11,
    "the outputs are added up without weights: the upstream gradient is all ones, and a backward "
    "that forgets it is accepted",
    experiment="try with_backward(no_upstream). The result should be False.",
)
def without_weights(operation, a, b):
    return checker(draw=torch.ones_like)(operation, a, b)


@gradient_is_right.wrong(
    None,
    "only the gradient along a is looked at",
    experiment="try an operation whose gradient along b alone is wrong.",
)
def looks_at_a(operation, a, b):
    return checker(join=lambda both: both[0])(operation, a, b)


@gradient_is_right.wrong(
    None,
    "one right gradient out of two is enough: `or` stands where `and` belongs",
    experiment="try an operation whose gradient along b alone is wrong.",
)
def one_is_enough(operation, a, b):
    return checker(join=any)(operation, a, b)


@gradient_is_right.wrong(
    None,
    "sums of gradients are compared: errors that cancel are not seen",
    experiment="compare number by number, with torch.allclose.",
)
def compares_sums(operation, a, b):
    return checker(lambda claimed, measured: all_agree(claimed.sum(), measured.sum()))(
        operation, a, b
    )


@gradient_is_right.wrong(
    None,
    "one place that agrees is enough: any() stands where all() belongs",
    experiment="print which places agree, for an operation that is wrong in one of them.",
)
def some_place(operation, a, b):
    def some(claimed, measured):
        return bool(((claimed - measured).abs() < 1e-5).any())

    return checker(some)(operation, a, b)


@gradient_is_right.wrong(
    43,
    "every operation is rejected: numbers are compared exactly, or measured with far too short a "
    "step, or weighed differently on the two sides",
    experiment="print both for a right operation. How many digits agree?",
)
def exactly(operation, a, b):
    return checker(lambda claimed, measured: bool((claimed == measured).all()) and False)(
        operation, a, b
    )


@gradient_is_right.wrong(
    None,
    "measured numbers may be off by a tenth: small errors in a gradient are not seen",
    experiment="try an operation whose gradient is 1.01 times what it should be.",
)
def too_generous(operation, a, b):
    return checker(lambda claimed, measured: all_agree(claimed, measured, 0.1))(operation, a, b)


@gradient_is_right.wrong(
    6,
    "a gradient that is None is compared like a tensor, and the function raises an exception",
    experiment="try an operation that returns None for b.",
)
def compares_none(operation, a, b):
    return checker(none=lambda: torch.allclose(None, a))(operation, a, b)


@gradient_is_right.wrong(
    None,
    "a gradient that is None is accepted",
    experiment="try an operation that returns None for b. It should be False.",
)
def accepts_none(operation, a, b):
    return checker(none=lambda: True)(operation, a, b)


@gradient_is_right.wrong(
    None,
    "a and b themselves are made to require gradients, where they should stay as they are",
    experiment="print a.requires_grad before and after the call.",
)
def uses_the_inputs(operation, a, b):
    return checker(copy=lambda x: x.requires_grad_())(operation, a, b)


@gradient_is_right.wrong(
    None,
    "everything is accepted",
    experiment="try with_backward(no_upstream). The result should be False.",
)
def accepts_all(operation, a, b):
    return True


# Milestone 5

telling_inputs = Exercise(
    "telling_inputs",
    also=["caught", "BROKEN"],
    experiment="for way in BROKEN: print(way.__name__, caught(way, telling_inputs())).",
)


@telling_inputs.case("telling_inputs-shown")
def the_six(rng):
    return program("result = {way.__name__: caught(way, telling_inputs()) for way in BROKEN}")


def hidden_bug(*lines):
    """Add a case: whether a way back, written out here, is caught."""
    body = "\n    ".join(lines)
    text = f"def way(a, b, r, grad):\n    {body}\nresult = caught(way, telling_inputs())"
    telling_inputs.case("telling_inputs-others")(lambda rng: program(text))


SAFE = "s = r + (r == 0)"
hidden_bug(SAFE, "return a / s * grad, b.abs() / s * grad")
hidden_bug(SAFE, "return (a + (a == 0)) / s * grad, b / s * grad")
hidden_bug(SAFE, "return a / s * grad, b / s * grad * b.numel() / r.numel()")
hidden_bug("s = (a * a + b * b) ** 0.5", "s = s + (s == 0)", "return a / s * grad, b / s * grad")
hidden_bug(SAFE, "return a / s * grad, b / s * grad.mean()")
hidden_bug(SAFE, "return a / s * grad * a.numel() / r.numel(), b / s * grad")


@telling_inputs.case("telling_inputs-others")
def how_many(rng):
    return program("result = len(telling_inputs()) < 13")


GENERIC = ([3.0, -1.0, 0.5], [-4.0, 2.0, -0.3])
STRETCHED = ([[1.0], [-2.0]], [3.0, -5.0, 7.0])
ZEROS = ([0.0, 0.0, 1.5], [0.0, 2.5, 0.0])
HUGE = ([3e200, -4e200], [-4e200, 1e200])


@telling_inputs.right
def one_by_one():
    pairs = [(3.0, -4.0), (-3.0, 4.0), (-0.5, -2.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
    return [*pairs, ([2.0], [[1.0], [3.0]]), ([[1.0], [3.0]], [2.0]), (3e170, 4e170),
            ([1.0, 2.0], [3.0, -4.0])]  # fmt: skip


@telling_inputs.right
def in_two_tables():
    column = [[-2.0], [0.0], [1e180], [0.3]]
    row = [-1.0, 0.0, 5.0, 2e180, 0.7]
    return [(column, row), (row, column), ([0.0, 1.0], [-2.0, 0.0])]


@telling_inputs.wrong(
    None,
    "all numbers are ones: nearly every bug passes",
    experiment="take numbers that are all different, and some of them negative.",
)
def ones():
    return [(1.0, 1.0), ([1.0, 1.0], [1.0, 1.0])]


@telling_inputs.wrong(
    None,
    "all numbers are positive: lost signs are not seen",
    experiment="try caught(forgets_sign, telling_inputs()).",
)
def positive():
    return [(np.abs(a).tolist(), np.abs(b).tolist()) for a, b in (GENERIC, STRETCHED, ZEROS, HUGE)]


@telling_inputs.wrong(
    None,
    "there are no two zeros at one place: what happens at the tip is not seen",
    experiment="try caught(zero_by_zero, telling_inputs()).",
)
def no_tip():
    return [GENERIC, STRETCHED, ([0.0, 1.5], [2.5, 0.0]), HUGE]


@telling_inputs.wrong(
    14,
    "a and b always have the same shape: what happens where one of them is stretched is not seen",
    experiment="try caught(mean_where_stretched, telling_inputs()).",
)
def same_shapes():
    return [GENERIC, ZEROS, HUGE]


@telling_inputs.wrong(
    None,
    "all numbers are of ordinary size: overflow is not seen",
    experiment="square your largest number. Is it finite? Float64 ends at about 1.8e308.",
)
def ordinary_sizes():
    return [GENERIC, STRETCHED, ZEROS]


@telling_inputs.wrong(
    None,
    "a and b are always equal: gradients that have changed places are not seen",
    experiment="try caught(swaps_inputs, telling_inputs()).",
)
def equal():
    twos = ([[-2.0]], [-2.0, -2.0])
    return [([3.0, -1.0, 0.0], [3.0, -1.0, 0.0]), twos, twos[::-1], (-3e200, -3e200)]


@telling_inputs.wrong(
    None,
    "the list is longer than twelve pairs",
    experiment="put several numbers into one list: one pair can show several bugs.",
)
def too_many():
    return [GENERIC, STRETCHED, ZEROS, HUGE] * 4


# Looking back

recall_shape = Question(
    "recall_shape",
    answers=("(2,1)",),
    explain="A gradient has the shape of its tensor. What arrives has shape (2, 3), and is added "
    "up along the direction in which a was stretched.",
    experiment="do it, and print a.grad.shape.",
    wrong={
        "(2,3)": "That is the shape of out, and of what arrives. Which shape has a itself?",
        "(3,)": "That is the shape of b.",
    },
)

recall_step = Question(
    "recall_step",
    answers=(False,),
    explain="At first it does. Then the two results agree in nearly all digits, and their "
    "difference is mostly rounding, divided by a tiny number.",
    experiment="measure the slope of exp at 1 with h = 1e-5 and with h = 1e-15.",
    wrong={True: "Two nearly equal numbers are subtracted. How many digits of that are left?"},
)

recall_kink = Question(
    "recall_kink",
    answers=(0,),
    explain="Any number between 0 and 1 could be defended. torch has chosen 0.",
    experiment="x = torch.tensor(0.0, requires_grad=True); torch.relu(x).backward(); print x.grad.",
    wrong={
        1: "That is the slope on the right. torch takes the one on the left.",
        0.5: "That would be the middle, and could be defended. torch takes another one.",
    },
)
