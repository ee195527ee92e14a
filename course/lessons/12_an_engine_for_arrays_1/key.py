"""The answer key of "An engine for arrays, part one"."""

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, array, new, program
from course.lessons.array_engines import ReferenceTensor, Tensor, ordered

predict_shape = Question(
    "predict_shape",
    answers=("b",),
    explain="Both are stretched: u to the right, v downwards. Every number of u meets every number "
    "of v. That is handy, and now and then it is not what one wanted.",
    experiment="run the next code cell, and count rows and columns.",
    wrong={
        "a": "Different shapes may be added, where one can be stretched to the other.",
        "c": "That would be putting one behind the other. + works number by number.",
        "d": "v has four numbers, and all of them count.",
    },
)


# Shapes together

broadcast_shape = Exercise(
    "broadcast_shape",
    experiment="broadcast_shape((3, 1), (4,)) should be (3, 4). Write both below each other, from "
    "the right.",
)


def asked(result):
    """A program that notes a refusal as a word: what an exception says is free."""
    return program(f'try:\n    result = {result}\nexcept ValueError:\n    result = "refused"')


def together(rng, *pairs):
    """Ask for the shape of each pair, in either order."""
    calls = []
    for first, second in pairs:
        if rng.randint(2):
            first, second = second, first
        calls.append(f"broadcast_shape({tuple(first)}, {tuple(second)})")
    return asked(calls[0] if len(calls) == 1 else f"[{', '.join(calls)}]")


@broadcast_shape.case("broadcast_shape-fits")
def of_the_same_length(rng):
    return together(rng, ((2, 1, 5), (1, 3, 5)))


@broadcast_shape.case("broadcast_shape-fits")
def of_different_length(rng):
    return together(rng, ((5, 1, 3), (2, 1)))


@broadcast_shape.case("broadcast_shape-fits")
def both_stretched(rng):
    return together(rng, ((3, 1), (4,)))


def refused(rng, first, second):
    if rng.randint(2):
        first, second = second, first
    return asked(f"broadcast_shape({first}, {second})")


@broadcast_shape.case("broadcast_shape-refused")
def sizes_that_differ(rng):
    return refused(rng, (2, 3), (2, 5))


@broadcast_shape.case("broadcast_shape-refused")
def alike_from_the_left(rng):
    return refused(rng, (3, 2), (3,))


@broadcast_shape.case("broadcast_shape-refused")
def a_multiple_is_no_fit(rng):
    return refused(rng, (6,), (3,))


@broadcast_shape.case("broadcast_shape-any")
def single_numbers(rng):
    return together(rng, ((), (2, 3)), ((), ()), ((1,), ()))


@broadcast_shape.case("broadcast_shape-any")
def empty(rng):
    return together(rng, ((0, 3), (1, 3)), ((2, 1), (0,)), ((0,), ()))


@broadcast_shape.case("broadcast_shape-any", draws=3)
def any_shapes(rng):
    full = [int(n) for n in rng.choice([1, 2, 3, 5, 7], size=4)]
    cut = int(rng.randint(4))
    second = [1 if rng.randint(3) == 0 else n for n in full[cut:]]
    first = [1 if rng.randint(3) == 0 else n for n in full]
    return together(rng, (first, second))


@broadcast_shape.oracle
def as_numpy_does(first, second):
    return np.broadcast_shapes(first, second)


@broadcast_shape.right
def from_the_right(first, second):
    shape = []
    for i in range(1, max(len(first), len(second)) + 1):
        sizes = {part[-i] for part in (first, second) if i <= len(part)} - {1}
        if len(sizes) > 1:
            raise ValueError("no fit")
        shape.insert(0, sizes.pop() if sizes else 1)
    return tuple(shape)


@broadcast_shape.right
def by_recursion(first, second):
    if not first or not second:
        return tuple(first or second)
    one, other = first[-1], second[-1]
    if one != other and 1 not in (one, other):
        raise ValueError(first, second)
    return (*by_recursion(first[:-1], second[:-1]), one if other == 1 else other)


def padded(first, second, left=True):
    n = max(len(first), len(second))
    ones = [(1,) * (n - len(part)) for part in (first, second)]
    first, second = tuple(first), tuple(second)
    return zip(
        ones[0] + first if left else first + ones[0],
        ones[1] + second if left else second + ones[1],
        strict=True,
    )


def fitted(pairs, join):
    sizes = []
    for one, other in pairs:
        if one != other and 1 not in (one, other):
            raise ValueError("no fit")
        sizes.append(join(one, other))
    return tuple(sizes)


def larger(one, other):
    return other if one == 1 else one


@broadcast_shape.wrong(
    15,
    "the shapes are written below each other from the left, with the ones added at the end",
    experiment="(2, 3) and (3,) fit; (2, 3) and (2,) do not.",
)
def aligned_left(first, second):
    return fitted(padded(first, second, left=False), larger)


@broadcast_shape.wrong(
    None,
    "the larger size is taken, whether the two fit or not",
    experiment="broadcast_shape((2, 3), (2, 5)) should raise ValueError.",
)
def never_refuses(first, second):
    pairs = padded(first, second)
    return tuple(larger(*sorted(p)) if 1 in p else max(p) for p in pairs)


@broadcast_shape.wrong(
    None,
    "the larger size is taken also of 0 and 1, where the result is 0",
    experiment="broadcast_shape((0, 3), (1, 3)) should be (0, 3): there is nothing to be copied.",
)
def empty_becomes_one(first, second):
    return fitted(padded(first, second), max)


@broadcast_shape.wrong(
    None,
    "a list is returned, where shapes are tuples",
    experiment="end with `return tuple(shape)`.",
)
def gives_a_list(first, second):
    return list(from_the_right(first, second))


@broadcast_shape.wrong(
    None,
    "zip stops at the end of the shorter shape, so that the sizes in front of it are lost",
    experiment="broadcast_shape((2, 3), (3,)) should have two sizes.",
)
def loses_the_front(first, second):
    pairs = zip(reversed(first), reversed(second), strict=False)
    return tuple(reversed(fitted(pairs, larger)))


@broadcast_shape.wrong(
    None,
    "shapes of different length are refused",
    experiment="broadcast_shape((2, 3), (3,)) should be (2, 3).",
)
def refuses_other_lengths(first, second):
    if len(first) != len(second):
        raise ValueError("no fit")
    return from_the_right(first, second)


@broadcast_shape.wrong(
    None,
    "the result is None or False where shapes do not fit, with no exception raised",
    experiment="broadcast_shape((2,), (3,)) should raise ValueError.",
)
def gives_nothing(first, second):
    try:
        return from_the_right(first, second)
    except ValueError:
        return None


# The way back

unbroadcast = Exercise(
    "unbroadcast",
    own_engine=True,
    instead="Here you write the engine: NumPy and Python are all that it needs.",
    sees=["result", "grad"],
    experiment="unbroadcast(np.ones((3, 4)), (3, 1)) should be three rows with 4. in each.",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
)


def arriving(check, full, *shapes):
    """Add cases in which a gradient of the shape `full` arrives for each of `shapes`."""
    for shape in shapes:

        def draw(rng, shape=shape):
            return program(
                f"result = unbroadcast(grad, {shape})", grad=array(rng.normal(size=full))
            )

        unbroadcast.case(check)(draw)


arriving("unbroadcast-rows", (2, 3), (3,), (1, 3))
arriving("unbroadcast-rows", (3, 3), (3,))
arriving("unbroadcast-columns", (2, 3), (2, 1))
arriving("unbroadcast-columns", (5, 2, 3), (2, 1))
arriving("unbroadcast-several", (5, 2, 3), (1, 2, 1), (), (1, 1), (3,))
arriving("unbroadcast-several", (2, 3), (2, 3))
arriving("unbroadcast-any", (), ())
arriving("unbroadcast-any", (0, 3), (3,), (1, 3), (0, 3), (0, 1))
arriving("unbroadcast-any", (2, 2, 2), (2,), (1, 2), (2, 1), (2, 2))
arriving("unbroadcast-any", (3, 1, 5), (1, 5), (1,), (3, 1, 5))


@unbroadcast.case("unbroadcast-any", draws=3)
def any_two_shapes(rng):
    full = [int(n) for n in rng.permutation([2, 3, 5, 7])][: int(rng.randint(1, 5))]
    shape = tuple(1 if rng.randint(2) else n for n in full[int(rng.randint(len(full))) :])
    return program(f"result = unbroadcast(grad, {shape})", grad=array(rng.normal(size=full)))


@unbroadcast.law(
    "unbroadcast-any",
    on=lambda rng: dict(v=array(rng.normal(size=(5, 2, 3))), u=array(rng.normal(size=(2, 1)))),
)
def is_the_transpose(f, new):
    """What is stretched forward must be summed backward: <v, stretched u> = <unbroadcast v, u>."""
    v, u = new()
    assert np.isclose((v * u).sum(), (f(v, (2, 1)) * u).sum())


@unbroadcast.oracle
def by_the_reference_engine(grad, shape):
    leaf = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    leaf.expand(grad.shape).backward(torch.tensor(grad))
    return leaf.grad.numpy()


@unbroadcast.right
def all_axes_at_once(grad, shape):
    extra = grad.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + i for i, n in enumerate(shape) if n == 1 != grad.shape[extra + i]
    )
    return grad.sum(axis=axes).reshape(shape)


@unbroadcast.right
def number_by_number(grad, shape):
    """Add each number of grad to its place in the result."""
    result = np.zeros(shape)
    extra = grad.ndim - len(shape)
    for place in np.ndindex(grad.shape):
        target = tuple(i if n > 1 else 0 for i, n in zip(place[extra:], shape, strict=True))
        result[target] += grad[place]
    return result


@unbroadcast.wrong(
    14,
    "nothing is summed: the gradient has the shape of the result, not of the input",
    experiment="print unbroadcast(np.ones((3, 4)), (3, 1)).shape. It should be (3, 1).",
)
def does_nothing(grad, shape):
    return grad


@unbroadcast.wrong(
    15,
    "extra axes are taken away from the end, where they were added at the front",
    experiment="for a gradient of shape (3, 3) and the shape (3,), each *column* is added up.",
)
def from_the_end(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=-1)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


@unbroadcast.wrong(
    14,
    "sizes of 1 are left as they are: only extra axes are summed",
    experiment="print unbroadcast(np.ones((3, 4)), (3, 1)).shape. It should be (3, 1).",
)
def only_extra_axes(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    return grad


@unbroadcast.wrong(
    14,
    "extra axes are left: only sizes of 1 are summed",
    experiment="print unbroadcast(np.ones((3, 4)), (4,)).shape. It should be (4,).",
)
def only_sizes_of_one(grad, shape):
    extra = grad.ndim - len(shape)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis + extra, keepdims=True)
    return grad


@unbroadcast.wrong(
    None,
    "keepdims is missing: the axis of size 1 is gone, where it should stay",
    experiment="print the shape for the shape (3, 1): two sizes, not one.",
)
def loses_ones(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1))


@unbroadcast.wrong(
    17,
    "the mean of all copies is taken, where it should be their sum",
    experiment="unbroadcast(np.ones((3, 4)), (3, 1)) should have 4. in it, not 1.",
)
def mean_for_sum(grad, shape):
    result = all_axes_at_once(grad, shape)
    return result * result.size / grad.size if grad.size else result


@unbroadcast.wrong(
    9,
    "only one of the copies counts, where all should be added up",
    experiment="unbroadcast(np.ones((3, 4)), (3, 1)) should have 4. in it, not 1.",
)
def takes_one_copy(grad, shape):
    while grad.ndim > len(shape):
        grad = grad[0]
    return grad[tuple(slice(1) if n == 1 else slice(None) for n in shape)]


@unbroadcast.wrong(
    15,
    "the numbers are put into the right shape without regard to which copy belongs to which number",
    experiment="take a gradient of shape (2, 3) with six different numbers, and the shape (2, 1).",
)
def only_reshapes(grad, shape):
    size = int(np.prod(shape))
    if not size or not grad.size:
        return np.zeros(shape)
    return grad.reshape(-1, size).sum(axis=0).reshape(shape)


# The switch

no_grad_exercise = Exercise(
    "no_grad",
    own_engine=True,
    instead="Here you write the engine: NumPy and Python are all that it needs.",
    sees=["before", "inside", "deeper", "between", "after", "caught"],
    also=["Recorder"],
    experiment="r = Recorder(), and print r.on before, inside and after `with no_grad(r):`.",
)


@no_grad_exercise.case("no_grad-block")
def one_block(rng):
    return program(
        "before = r.on\nwith no_grad(r):\n    inside = r.on\nafter = r.on", r=new("Recorder")
    )


@no_grad_exercise.case("no_grad-block")
def twice_in_a_row(rng):
    return program(
        "with no_grad(r):\n    inside = r.on\nbetween = r.on\n"
        "with no_grad(r):\n    deeper = r.on\nafter = r.on",
        r=new("Recorder"),
    )


@no_grad_exercise.case("no_grad-nested")
def a_block_in_a_block(rng):
    return program(
        "with no_grad(r):\n    with no_grad(r):\n        deeper = r.on\n    between = r.on\n"
        "after = r.on",
        r=new("Recorder"),
    )


@no_grad_exercise.case("no_grad-exception")
def an_exception(rng):
    return program(
        'caught = "nothing"\ntry:\n    with no_grad(r):\n        raise KeyError("k")\n'
        'except KeyError:\n    caught = "KeyError"\nafter = r.on',
        r=new("Recorder"),
    )


class no_grad:
    """The base of the answers below."""

    def __init__(self, recorder):
        self.recorder = recorder

    def __enter__(self):
        self.before, self.recorder.on = self.recorder.on, False

    def __exit__(self, kind, error, traceback):
        self.recorder.on = self.before


no_grad_exercise.right(no_grad)


@no_grad_exercise.right
class NoGradRemembersAtOnce:
    def __init__(self, recorder):
        self.set = lambda on: setattr(recorder, "on", on)
        self.old = recorder.on

    def __enter__(self):
        self.set(False)
        return self

    def __exit__(self, *error):
        self.set(self.old)
        return False


@no_grad_exercise.wrong(
    None,
    "the switch is always turned on at the end, also where it was off before the block",
    experiment="put a block into a block, and print r.on between the two ends.",
)
class AlwaysOn(no_grad):
    def __exit__(self, kind, error, traceback):
        self.recorder.on = True


@no_grad_exercise.wrong(
    None,
    "the switch stays off after the block: it is not put back, or what is put back was noted when "
    "the switch was off already",
    experiment="print r.on after the block, and self.before in __enter__.",
)
class StaysOff(no_grad):
    def __exit__(self, kind, error, traceback):
        pass


@no_grad_exercise.wrong(
    None,
    "the switch is not turned off inside the block",
    experiment="print r.on inside the block.",
)
class NeverOff(no_grad):
    def __enter__(self):
        self.before = self.recorder.on


@no_grad_exercise.wrong(
    None,
    "after an exception the switch is not put back",
    experiment="raise an exception in the block, catch it outside, and print r.on.",
)
class OnlyWhenAllIsWell(no_grad):
    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.recorder.on = self.before


@no_grad_exercise.wrong(
    None,
    "the method __exit__ returns True, which swallows an exception of the block",
    experiment="raise an exception in the block: it should come out of it.",
)
class Swallows(no_grad):
    def __exit__(self, kind, error, traceback):
        self.recorder.on = self.before
        return True


# The engine

Tensor_exercise = Exercise(
    "Tensor",
    own_engine=True,
    instead="Here you write the engine: NumPy and Python are all that it needs.",
    sees=["out.data", "out.requires_grad", "a.grad", "b.grad", "c.grad", "inside"],
    also=["no_grad"],
    experiment="take one operation only, on arrays of two numbers. Print out.data, then call "
    "out.backward(), and print a.grad.",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
)


def leaf(rng, shape, requires_grad=True):
    """A leaf with numbers between 0.5 and 2 in size; of either sign, unless it is the divisor."""
    numbers = rng.uniform(0.5, 2, size=shape) * rng.choice([-1, 1], size=shape)
    return new("Tensor", array(numbers), requires_grad)


def tensor_case(check, *lines, a=(2, 3), b=None, c=None, out=None):
    """Add a program to a check: leaves a, b and c of these shapes; `out` is the result's shape."""

    def draw(rng):
        names = {n: leaf(rng, s) for n, s in (("a", a), ("b", b), ("c", c)) if s is not None}
        upstream = {} if out is None else dict(g=array(rng.normal(size=out)))
        last = "out.backward()" if out is None else "out.backward(g)"
        return program("\n".join([*lines, last]), **names, **upstream)

    Tensor_exercise.case(check)(draw)


tensor_case("Tensor-sums", "out = a + b", b=(2, 3), out=(2, 3))
tensor_case("Tensor-sums", "out = a - b", b=(2, 3), out=(2, 3))
tensor_case("Tensor-sums", "out = 3 - a + b - 1.5", b=(2, 3), out=(2, 3))
tensor_case("Tensor-sums", "out = a + b", a=3, b=3)
tensor_case("Tensor-products", "out = a * b", b=(2, 3), out=(2, 3))
tensor_case("Tensor-products", "out = a / b", b=(2, 3), out=(2, 3))
tensor_case("Tensor-products", "out = a ** 3", out=(2, 3))
tensor_case("Tensor-products", "out = 2 / a * b ** -2 * 0.5", b=(2, 3), out=(2, 3))
tensor_case("Tensor-broadcast", "out = a + b", b=(3,), out=(2, 3))
tensor_case("Tensor-broadcast", "out = a * b", a=(2, 1), b=(3,), out=(2, 3))
tensor_case("Tensor-broadcast", "out = a - b / c", a=(), b=(2, 1), c=(5, 1, 3), out=(5, 2, 3))
tensor_case("Tensor-broadcast", "out = a * b + c", a=(3,), b=(3, 3), c=(3, 1), out=(3, 3))
tensor_case("Tensor-reduced", "out = (a * b).sum()", b=(2, 3))
tensor_case("Tensor-reduced", "out = a.sum(axis=1)", out=(2,))
tensor_case("Tensor-reduced", "out = a.sum(axis=0, keepdims=True)", out=(1, 3))
tensor_case("Tensor-reduced", "out = a.sum(axis=-1) * b", a=(3, 3), b=(3,), out=(3,))
tensor_case("Tensor-reduced", "out = a.sum(axis=1)", a=(5, 2, 3), out=(5, 3))
tensor_case("Tensor-means", "out = a.mean()")
tensor_case("Tensor-means", "out = a.mean(axis=0)", out=(3,))
tensor_case("Tensor-means", "out = a - a.mean(axis=1, keepdims=True)", out=(2, 3))
tensor_case("Tensor-shared", "out = a * a + a", out=(2, 3))
tensor_case(
    "Tensor-shared", "c = a * b", "d = c.sum(axis=0)", "out = c * d + c", b=(3,), out=(2, 3)
)
tensor_case("Tensor-shared", "out = (a * b).sum()", "out.backward()", b=(3,))
tensor_case(
    "Tensor-shared",
    "d = a * b",
    "e = d * d",
    "e.backward()",
    "out = (e + d) * d",
    b=(3,),
    out=(2, 3),
)
tensor_case("Tensor-changed", "out = a * b", "a.data *= 3", "b.data *= 5", b=(2, 3), out=(2, 3))
tensor_case("Tensor-changed", "out = a / b", "a.data *= 3", "b.data *= 5", b=(2, 3), out=(2, 3))
tensor_case("Tensor-changed", "out = a ** 3", "a.data *= 3", out=(2, 3))
tensor_case(
    "Tensor-changed", "out = a * b / a ** 2", "a.data = a.data * 3", "b.data = b.data * 5",
    b=(2, 3), out=(2, 3),
)  # fmt: skip


@Tensor_exercise.case("Tensor-untracked")
def constants(rng):
    return program(
        "out = a * b + c\nout.backward(g)",
        a=leaf(rng, (2, 3)),
        b=leaf(rng, (3,), False),
        c=leaf(rng, (2, 1), False),
        g=array(rng.normal(size=(2, 3))),
    )


@Tensor_exercise.case("Tensor-untracked")
def only_constants(rng):
    return program("out = a * b - 2", a=leaf(rng, (3,), False), b=leaf(rng, (3,), False))


@Tensor_exercise.case("Tensor-untracked")
def inside_a_block(rng):
    return program(
        "with no_grad(Tensor.recorder):\n    d = a * b\ninside = d.requires_grad\n"
        "out = a * d\nout.backward(g)",
        a=leaf(rng, (2, 3)),
        b=leaf(rng, (2, 3)),
        g=array(rng.normal(size=(2, 3))),
    )


tensor_case("Tensor-edges", "out = a * b + 2", a=(), b=())
tensor_case("Tensor-edges", "out = a.sum() * b", a=(0, 3), b=())
tensor_case("Tensor-edges", "out = (a * b).sum(axis=0)", a=(0, 3), b=(3,), out=(3,))
tensor_case("Tensor-edges", "out = a / b - a ** 2", a=(0,), b=(1,), out=(0,))
tensor_case("Tensor-edges", "out = a.sum(axis=0).mean()", a=(5,))
tensor_case("Tensor-edges", "out = a", a=(3,), out=(3,))
tensor_case("Tensor-edges", "out = a * 1", "for n in range(5000):", "    out = out + b", a=(), b=())


def random_lines(rng, shapes, steps=9):
    """Draw operations one after the other, on whatever shapes fit; sizes stay small."""
    numbers = {name: np.full(shape, 1.3) for name, shape in shapes.items()}
    lines = []
    while len(lines) < steps:
        x, y = (str(name) for name in rng.choice(list(numbers), size=2))
        k = round(float(rng.uniform(0.5, 2)), 2)
        texts = [f"{x} + {y}", f"{x} * {y}", f"{x} - {y}", f"{x} / ({y} ** 2 + {k})", f"{k} * {x}"]
        texts += [f"{k} - {x}", f"{x} ** 2", f"{x}.mean()", f"{x} - {x}.mean()"]
        for axis in range(numbers[x].ndim):
            texts += [f"{x}.sum(axis={axis})", f"{x}.mean(axis={axis - numbers[x].ndim})"]
            texts += [f"{x} - {x}.sum(axis={axis}, keepdims=True)"]
        text = str(rng.choice(texts))
        try:
            value = eval(text, {}, numbers)
        except ValueError:
            continue
        if np.size(value) <= 60 and 0.05 < np.abs(value).max() < 50:
            name = f"n{len(lines)}"
            lines.append(f"{name} = {text}")
            numbers[name] = value
    last = " + ".join(f"n{n}.mean()" for n in range(steps))
    return [*lines, f"out = {last}"]


@Tensor_exercise.case("Tensor-random", draws=8)
def random_graph(rng):
    sizes = [int(n) for n in rng.permutation([2, 3, 5])]
    shapes = dict(a=tuple(sizes[:2]), b=(sizes[1],), c=(sizes[0], 1) if rng.randint(2) else ())
    names = {name: leaf(rng, shape) for name, shape in shapes.items()}
    return program("\n".join([*random_lines(rng, shapes), "out.backward()"]), **names)


@Tensor_exercise.law(
    "Tensor-random",
    on=lambda rng: dict(a=array(rng.uniform(0.5, 2, size=(3, 1))), b=array(rng.normal(size=4))),
)
def measured(f, new):
    """A gradient must be what one measures by moving the numbers a little along a direction."""
    a, b = new()
    direction = np.cos(np.arange(3.0)).reshape(3, 1)

    def loss(numbers):
        x = f(numbers, True)
        y = (x * b - 1.5) / (x**2 + 2)
        return x, ((y - y.mean(axis=0)) ** 2).sum(axis=1).mean() - y.sum()

    x, out = loss(a)
    out.backward()
    h = 1e-5
    slope = (loss(a + h * direction)[1].data - loss(a - h * direction)[1].data) / (2 * h)
    assert np.isclose((x.grad * direction).sum(), slope, rtol=1e-4, atol=1e-7)


Tensor_exercise.oracle(ReferenceTensor)
Tensor_exercise.right(Tensor)


@Tensor_exercise.right
class TensorOfPieces(Tensor):
    """Quotients by powers, sums by products with ones, gradients kept in the tensors."""

    def __truediv__(self, other):
        return self * self.tensor(other) ** -1

    def __sub__(self, other):
        return self + self.tensor(other) * -1

    def sum(self, axis=None, keepdims=False):
        axes = tuple(range(self.data.ndim)) if axis is None else (axis % self.data.ndim,)
        shape, past = self.data.shape, self.data
        for i in sorted(axes, reverse=True):
            past = past.sum(axis=i, keepdims=True)
        kept = past.shape
        if not keepdims:
            past = past.reshape([n for i, n in enumerate(shape) if i not in axes])
        return self.made(past, (self, lambda g: g.reshape(kept) * np.ones(shape)))

    def backward(self, gradient=None):
        order = ordered(self)
        for tensor in order:
            tensor.arrived = np.zeros(tensor.data.shape)
        self.arrived = self.arrived + self.start(gradient)
        for tensor in order:
            for source, rule in tensor.past:
                source.arrived = source.arrived + self.fitted(rule(tensor.arrived), source)
            if not tensor.past and tensor.requires_grad:
                tensor.collect(tensor.arrived)


@Tensor_exercise.wrong(
    9,
    "a part of a gradient is put in the place of what was there, where it should be added",
    experiment="a = Tensor([1.0, 2.0], True); (a + a).backward(). a.grad should be [2., 2.].",
)
class Overwrites(Tensor):
    def add(self, grads, source, part):
        grads[source] = part


@Tensor_exercise.wrong(
    7,
    "a leaf's gradient is replaced by that of the last backward(), where both add up",
    experiment="call backward() twice. a.grad should double.",
)
class ReplacesLeafGradients(Tensor):
    def collect(self, g):
        self.grad = g.copy()


@Tensor_exercise.wrong(
    13,
    "rules look at `data` only when they run, so that they see what was written after forward",
    experiment="out = a * b; then b.data = b.data * 5; then out.backward(). Print a.grad.",
)
class LooksTooLate(Tensor):
    def keep(self):
        return lambda: self.data


@Tensor_exercise.wrong(
    13,
    "rules keep the array without a copy, so that it changes with every `data *= ...`",
    experiment="out = a * b; then b.data *= 5; then out.backward(). Print a.grad.",
)
class KeepsNoCopy(Tensor):
    def keep(self):
        kept = self.data
        return lambda: kept


@Tensor_exercise.wrong(
    14,
    "unbroadcast is never called in backward: gradients keep the shape of the result",
    experiment="a = Tensor([1.0], True); (a + np.ones(3)).backward(). a.grad should be [3.].",
)
class NeverUnbroadcasts(Tensor):
    def fitted(self, g, source):
        return g


@Tensor_exercise.wrong(
    15,
    "in backward, extra axes are summed from the end, where they were added at the front",
    experiment="add an array of shape (3, 3) and one of shape (3,). Which axis was new for it?",
)
class SumsTheWrongAxis(Tensor):
    def fitted(self, g, source):
        return from_the_end(g, source.data.shape)


@Tensor_exercise.wrong(
    11,
    "backward(gradient) ignores its argument and starts with ones",
    experiment="compare out.backward(np.array([1., 0.])) and out.backward(np.array([0., 1.])).",
)
class IgnoresTheGradient(Tensor):
    def start(self, gradient):
        return np.ones(self.data.shape)


@Tensor_exercise.wrong(
    11,
    "the rules of a product forget g: each gives only the other factor",
    experiment="out = a * b * 3 for single numbers: a.grad should be three times b.",
)
class ProductForgetsUpstream(Tensor):
    def __mul__(self, other):
        other = self.tensor(other)
        a, b = self.keep(), other.keep()

        def of(kept):
            return lambda g: kept() * np.ones(g.shape)

        return self.made(self.data * other.data, (self, of(b)), (other, of(a)))


@Tensor_exercise.wrong(
    None,
    "the gradient of what is subtracted does not change its sign",
    experiment="a = Tensor(5.0); b = Tensor(2.0, True); (a - b).backward(). b.grad should be -1.",
)
class SubtractsWithoutSign(Tensor):
    def __sub__(self, other):
        other = self.tensor(other)
        return self.made(self.data - other.data, (self, lambda g: g), (other, lambda g: g))


@Tensor_exercise.wrong(
    None,
    "the minus sign is missing in the rule for the divisor",
    experiment="a larger divisor makes a smaller quotient: for a = b = 1, b.grad should be -1.",
)
class DivisorWithoutSign(Tensor):
    def divisor(self, g, a, b):
        return g * a / b**2


@Tensor_exercise.wrong(
    None,
    "in the rule for the divisor, b is not squared",
    experiment="a = 1, b = 2: the gradient of a / b along b should be -0.25.",
)
class DivisorNotSquared(Tensor):
    def divisor(self, g, a, b):
        return -g * a / b


@Tensor_exercise.wrong(
    None,
    "the exponent in the rule of a power is not lowered by one",
    experiment="a = Tensor(2.0, True); (a ** 3).backward(). a.grad should be 12.",
)
class PowerNotLowered(Tensor):
    def power(self, g, a, n):
        return g * n * a**n


@Tensor_exercise.wrong(
    15,
    "the axis that sum took away is put back as the last one, wherever it was",
    experiment="sum over axis 0 of a (3, 3) array, with g = [1., 2., 3.]: each row of a.grad is g.",
)
class PutsTheAxisLast(Tensor):
    def stretched(self, g, shape, axis, keepdims):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, -1)
        return np.broadcast_to(g, shape)


@Tensor_exercise.wrong(
    None,
    "the axis that sum took away is not put back before stretching",
    experiment="sum over axis 1 of a (2, 3) array: g has shape (2,), and a.grad needs (2, 3).",
)
class ForgetsTheAxis(Tensor):
    def stretched(self, g, shape, axis, keepdims):
        return np.broadcast_to(g, shape)


@Tensor_exercise.wrong(
    17,
    "the mean over one axis is divided by the number of all numbers",
    experiment="a.mean(axis=0) of a (2, 3) array of ones should be ones: divide by 2.",
)
class DividesByAll(Tensor):
    def mean(self, axis=None, keepdims=False):
        return self.sum(axis, keepdims) * (1 / self.data.size)


@Tensor_exercise.wrong(
    17,
    "the mean is right, but its gradient is that of the sum: it is not divided",
    experiment="a.mean().backward() on 5 numbers: each gradient should be 0.2.",
)
class MeanWithGradientOfSum(Tensor):
    def mean(self, axis=None, keepdims=False):
        shape = self.data.shape
        mean = self.data.mean(axis=axis, keepdims=keepdims)
        return self.made(mean, (self, lambda g: self.stretched(g, shape, axis, keepdims)))


@Tensor_exercise.wrong(
    None,
    "tensors that require no gradient are tracked and get one, too",
    experiment="b = Tensor([1.0, 2.0]); after backward() b.grad should be None.",
)
class TracksEverything(Tensor):
    def tracks(self, source):
        return self.recorder.on

    def collect(self, g):
        super().collect(g)

    def backward(self, gradient=None):
        grads = {self: self.start(gradient)}
        for tensor in ordered(self):
            if not tensor.past:
                tensor.collect(grads[tensor])
            for source, rule in tensor.past:
                self.add(grads, source, self.fitted(rule(grads[tensor]), source))


@Tensor_exercise.wrong(
    None,
    "the recorder is not asked: operations are recorded inside no_grad, too",
    experiment="with no_grad(Tensor.recorder): d = a * b. Then print d.requires_grad.",
)
class IgnoresTheRecorder(Tensor):
    def tracks(self, source):
        return source.requires_grad


# Looking back

recall_outer = Question(
    "recall_outer",
    answers=(6,),
    explain="The gradient of a weight is the gradient of its output, times its input: 3 times 2.",
    experiment="look at the outer product in lesson 09.",
    wrong={
        3: "3 is the gradient of the output. Which input is it multiplied with?",
        2: "2 is the input. Which gradient is it multiplied with?",
        9: "Each weight has one input: the second one has the input 2 alone.",
    },
)

recall_twice = Question(
    "recall_twice",
    answers=(2,),
    explain="Each pass brings 1 to the leaf. The values in between start at zero in each pass.",
    experiment="try it with your engine of lesson 11.",
    wrong={
        1: "Leaves add up: the second pass does not replace the first.",
        4: "That is what one gets when the values in between keep their gradient.",
        3: "That is what one gets when a value in between keeps its gradient.",
    },
)

recall_pieces = Question(
    "recall_pieces",
    answers=(0.5,),
    explain="Each piece has half of the rows, so its mean counts for one half.",
    experiment="write the mean of four numbers as means of two and two.",
    wrong={
        1: "Then the two means are added up: twice the mean of the batch.",
        2: "Then the sum is four times the mean of the batch.",
        0.25: "A piece has 4 of 8 rows. Which share is that?",
        4: "Try it with numbers: 1, 1, 1, 1 and 3, 3, 3, 3. The mean of all is 2.",
        0.125: "The mean of a piece is divided by 4 already.",
    },
)
