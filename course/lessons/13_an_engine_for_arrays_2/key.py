"""The answer key of "An engine for arrays, part two"."""

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, array, new, program
from course.lessons import array_engines

predict_picked = Question(
    "predict_picked",
    answers=("b",),
    explain="Number 0 is in the sum twice: moving it by 1 moves the sum by 2. Number 2 is not in "
    "it.",
    experiment="write the sum down: which numbers of a stand in it, and how often?",
    wrong={
        "a": "Number 0 was picked, yes. But the sum holds it twice.",
        "c": "Three numbers were added up, but not the three numbers of a: number 2 is not in the "
        "sum.",
    },
)


# The engine

Tensor_exercise = Exercise(
    "Tensor",
    own_engine=True,
    instead="Here you write the engine: NumPy and Python are all that it needs.",
    sees=["out.data", "a.grad", "b.grad", "c.grad"],
    experiment="take one operation only, on a matrix of shape (2, 3). Print out.data, then call "
    "backward(), and print a.grad and its shape.",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
)


def leaf(rng, shape):
    """A leaf with different numbers between 0.5 and 2 in size, of either sign."""
    numbers = rng.uniform(0.5, 2, size=shape) * rng.choice([-1, 1], size=shape)
    return new("Tensor", array(numbers), True)


def tensor_case(check, *lines, a=(2, 3), b=None, c=None, out=None, **more):
    """Add a program to a check: leaves a, b and c of these shapes; `out` is the result's shape."""

    def draw(rng):
        names = {n: leaf(rng, s) for n, s in (("a", a), ("b", b), ("c", c)) if s is not None}
        upstream = {} if out is None else dict(g=array(rng.normal(size=out)))
        last = "out.backward()" if out is None else "out.backward(g)"
        return program("\n".join([*lines, last]), **names, **more, **upstream)

    Tensor_exercise.case(check)(draw)


tensor_case("Tensor-matmul", "out = a @ b", b=(3, 5), out=(2, 5))
tensor_case("Tensor-matmul", "out = a @ b + c", a=(3, 2), b=(2, 1), c=(5,), out=(3, 5))
tensor_case("Tensor-matmul", "out = (a @ b) @ c", b=(3, 5), c=(5, 1), out=(2, 1))
tensor_case("Tensor-matmul", "out = a @ a", a=(3, 3), out=(3, 3))
tensor_case("Tensor-moved", "out = a.reshape(3, 2)", out=(3, 2))
tensor_case("Tensor-moved", "out = a.reshape(-1) * b", b=(6,), out=(6,))
tensor_case("Tensor-moved", "out = a.transpose()", out=(3, 2))
tensor_case("Tensor-moved", "out = a @ a.transpose() * b", b=(2, 1), out=(2, 2))
tensor_case("Tensor-moved", "out = a.reshape(3, 2).transpose() - a", out=(2, 3))
tensor_case("Tensor-picked", "out = a[1]", out=(3,))
tensor_case("Tensor-picked", "out = a[:, 1:] * b", b=(2, 1), out=(2, 2))
tensor_case("Tensor-picked", "out = a[1, 2] * b", b=(3,), out=(3,))
tensor_case(
    "Tensor-picked", "out = a[rows, columns]", a=(3, 5), out=(3,),
    rows=array([0, 1, 2], dtype="int64"), columns=array([4, 0, 3], dtype="int64"),
)  # fmt: skip
tensor_case("Tensor-picked", "out = a[::2] * a[1]", a=(3,), out=(2,))


@Tensor_exercise.case("Tensor-repeated", draws=2)
def repeated_places(rng):
    return program(
        "out = a[places]\nout.backward(g)",
        a=leaf(rng, (3,)),
        places=array(rng.permutation([0, 0, 1, 0]), dtype="int64"),
        g=array(rng.normal(size=4)),
    )


@Tensor_exercise.case("Tensor-repeated")
def repeated_rows_and_pairs(rng):
    return program(
        "out = a[rows].sum() * 2 + (a[rows, columns] * g).sum()\nout.backward()",
        a=leaf(rng, (3, 2)),
        rows=array([2, 0, 2, 2], dtype="int64"),
        columns=array([1, 0, 1, 0], dtype="int64"),
        g=array(rng.normal(size=4)),
    )


tensor_case("Tensor-functions", "out = a.exp()", out=(2, 3))
tensor_case("Tensor-functions", "out = (a ** 2 + 0.5).log() * b", b=(3,), out=(2, 3))
tensor_case("Tensor-functions", "out = a.relu() * 2", out=(2, 3))
tensor_case("Tensor-functions", "out = (a * b).exp().relu()", b=(3,), out=(2, 3))
tensor_case("Tensor-maxima", "out = a.max()")
tensor_case("Tensor-maxima", "out = a.max(axis=1)", out=(2,))
tensor_case("Tensor-maxima", "out = a.max(axis=0)", a=(3, 3), out=(3,))
tensor_case("Tensor-maxima", "out = a - a.max(axis=-1, keepdims=True)", out=(2, 3))
tensor_case("Tensor-maxima", "out = a.max(axis=1) * b", a=(2, 3, 5), b=(5,), out=(2, 5))


@Tensor_exercise.case("Tensor-kinks")
def relu_at_zero(rng):
    numbers = [0.0, float(rng.uniform(1, 2)), -0.0, float(rng.uniform(-2, -1))]
    return program(
        "out = a.relu()\nout.backward(g)",
        a=new("Tensor", array(rng.permutation(numbers)), True),
        g=array(rng.normal(size=4)),
    )


@Tensor_exercise.case("Tensor-kinks")
def equal_maxima_in_rows(rng):
    rows = [[2.5, 1.0, 2.5], [3.0, 3.0, 3.0], [0.5, -1.0, 0.25]]
    return program(
        "out = a.max(axis=1)\nout.backward(g)",
        a=new("Tensor", array(rng.permutation(rows)), True),
        g=array(rng.normal(size=3)),
    )


@Tensor_exercise.case("Tensor-kinks")
def equal_maxima_of_all(rng):
    return program(
        "out = a.max() * 6\nout.backward()",
        a=new("Tensor", array(rng.permutation([4.0, 1.5, 4.0, 4.0, -2.0])), True),
    )


for _lines in (
    ["out = a @ b", "a.data *= 3", "b.data *= 5"],
    ["out = a.exp().sum() + (a * a).log().sum() + b.sum()", "a.data *= -3"],
    ["out = a.relu()[0] * b[0, 0] - a.max()", "a.data *= -3"],
):
    tensor_case("Tensor-kept", *_lines[:1], "out = out.sum()", *_lines[1:], b=(3, 5))
tensor_case("Tensor-edges", "out = a @ b", a=(0, 3), b=(3, 2), out=(0, 2))
tensor_case("Tensor-edges", "out = (a @ b).sum()", a=(2, 0), b=(0, 3))
tensor_case("Tensor-edges", "out = a.reshape(1, 1) @ b", a=(), b=(1, 2), out=(1, 2))
tensor_case(
    "Tensor-edges", "out = a[:0].exp().sum() + (a[0] ** 2 + 1).log().relu().sum() * 2", a=(1,)
)
tensor_case("Tensor-edges", "out = (a * 0.5).exp().max() + a.max(axis=0).max()", a=(1, 1))


def random_lines(rng, leaves, steps=10):
    """Draw operations one after the other, away from kinks, while numbers stay small."""
    names = {name: Tensor(array_of) for name, array_of in leaves.items()}
    lines = []
    while len(lines) < steps:
        x, y = (str(name) for name in rng.choice(list(names), size=2))
        k = round(float(rng.uniform(0.5, 2)), 2)
        texts = [f"{x} + {y}", f"{x} * {y}", f"{x}.exp()", f"({x} ** 2 + {k}).log()"]
        texts += [f"{x}.relu()", f"{x}.reshape(-1)", f"{x}[0]", f"{x}[1:]", f"{x}[[0, 1, 0]]"]
        texts += [f"{x}.max()", f"{x} - {x}.mean()", f"{k} * {x}"]
        if names[x].data.ndim == names[y].data.ndim == 2:
            axis = int(rng.randint(2))
            texts += [f"{x} @ {y}", f"{x} @ {y}", f"{x}.transpose()"]
            texts += [f"{x}.transpose() @ {y}", f"{x}.max(axis={axis}, keepdims=True)"]
        text = str(rng.choice(texts))
        try:
            value = eval(text, {}, names)
        except (ValueError, IndexError):
            continue
        numbers = names[x].data
        near_a_kink = ".relu" in text and np.abs(numbers).min() < 0.05
        near_a_kink |= ".max" in text and len(set(np.round(numbers.ravel(), 2))) < numbers.size
        sane = value.data.size and 0.05 < np.abs(value.data).max() < 20 and value.data.size <= 40
        if sane and not near_a_kink:
            lines.append(f"n{len(lines)} = {text}")
            names[f"n{len(lines) - 1}"] = value
    return [*lines, "out = " + " + ".join(f"n{n}.mean()" for n in range(steps))]


@Tensor_exercise.case("Tensor-random", draws=8)
def random_graph(rng):
    sizes = [int(n) for n in rng.permutation([2, 3, 5])]
    shapes = dict(a=sizes[:2], b=sizes[1:], c=sizes[1:2])
    leaves = {name: leaf(rng, shape) for name, shape in shapes.items()}
    arrays = {
        name: np.reshape(text["arguments"][0]["values"], shapes[name])
        for name, text in leaves.items()
    }
    return program("\n".join([*random_lines(rng, arrays), "out.backward()"]), **leaves)


@Tensor_exercise.law(
    "Tensor-random",
    on=lambda rng: dict(
        a=array(rng.uniform(0.5, 2, size=(2, 3))), b=array(rng.normal(size=(3, 5)))
    ),
)
def measured(f, new):
    """A gradient must be what one measures by moving the numbers a little along a direction."""
    a, b = new()
    direction = np.cos(np.arange(6.0)).reshape(2, 3)

    def loss(numbers):
        x = f(numbers, True)
        y = (x @ b).exp() + 1
        z = y.log().reshape(5, 2).transpose() - (x * 2 - 1.7).relu().sum()
        return x, (z[[0, 1, 0]] * z.max(axis=0)).sum()

    x, out = loss(a)
    out.backward()
    h = 1e-6
    slope = (loss(a + h * direction)[1].data - loss(a - h * direction)[1].data) / (2 * h)
    assert np.isclose((x.grad * direction).sum(), slope, rtol=1e-4, atol=1e-6)


@Tensor_exercise.oracle
class ReferenceTensor(array_engines.ReferenceTensor):
    """The reference engine with what this lesson adds."""

    def __matmul__(self, other):
        return self.apply("__matmul__", other)

    def reshape(self, *shape):
        return self.apply("reshape", shape)

    def transpose(self):
        return self.apply("t")

    def __getitem__(self, key):
        return self.apply("__getitem__", key)

    def exp(self):
        return self.apply("exp")

    def log(self):
        return self.apply("log")

    def relu(self):
        return self.apply("relu")

    def max(self, axis=None, keepdims=False):
        return self.apply("max") if axis is None else self.apply("amax", axis, keepdims)


class Tensor(array_engines.Tensor):
    """The base of the answers below: parts that can be changed one at a time."""

    recorder = array_engines.Recorder()

    def __matmul__(self, other):
        other = self.tensor(other)
        a, b = self.keep(), other.keep()
        rules = (self, lambda g: self.left(g, a(), b())), (other, lambda g: self.right(g, a(), b()))
        return self.made(self.data @ other.data, *rules)

    def left(self, g, a, b):
        return g @ b.T

    def right(self, g, a, b):
        return a.T @ g

    def reshape(self, *shape):
        old = self.data.shape
        return self.made(self.data.reshape(shape), (self, lambda g: self.shaped_back(g, old)))

    def shaped_back(self, g, old):
        return g.reshape(old)

    def transpose(self):
        return self.made(self.data.T, (self, self.turned_back))

    def turned_back(self, g):
        return g.T

    def __getitem__(self, key):
        shape = self.data.shape
        return self.made(self.data[key], (self, lambda g: self.scattered(g, key, shape)))

    def scattered(self, g, key, shape):
        grad = np.zeros(shape)
        np.add.at(grad, key, g)
        return grad

    def exp(self):
        a = self.keep()
        return self.made(np.exp(self.data), (self, lambda g: self.exp_rule(g, a())))

    def exp_rule(self, g, a):
        return g * np.exp(a)

    def log(self):
        a = self.keep()
        return self.made(np.log(self.data), (self, lambda g: self.log_rule(g, a())))

    def log_rule(self, g, a):
        return g / a

    def relu(self):
        a = self.keep()
        return self.made(np.maximum(self.data, 0), (self, lambda g: self.relu_rule(g, a())))

    def relu_rule(self, g, a):
        return g * (a > 0)

    def max(self, axis=None, keepdims=False):
        a = self.keep()
        largest = self.data.max(axis=axis, keepdims=keepdims)

        def rule(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return self.max_rule(g, a(), axis)

        return self.made(largest, (self, rule))

    def max_rule(self, g, a, axis):
        winners = a == a.max(axis=axis, keepdims=True)
        return g * winners / winners.sum(axis=axis, keepdims=True)


Tensor_exercise.right(Tensor)


@Tensor_exercise.right
class TensorByPlaces(Tensor):
    """Moves and picks are all one: which number of the old array each new number is."""

    def placed(self, function):
        places = function(np.arange(self.data.size).reshape(self.data.shape))

        def rule(g):
            counts = np.bincount(places.ravel(), weights=g.ravel(), minlength=self.data.size)
            return counts.reshape(shape)

        shape = self.data.shape
        return self.made(self.data.ravel()[places], (self, rule))

    def reshape(self, *shape):
        return self.placed(lambda places: places.reshape(*shape))

    def transpose(self):
        return self.placed(np.transpose)

    def __getitem__(self, key):
        return self.placed(lambda places: np.asarray(places[key]))

    def __matmul__(self, other):
        other = self.tensor(other)
        a, b = self.keep()(), other.keep()()
        rules = (
            (self, lambda g: np.einsum("ij,kj->ik", g, b)),
            (other, lambda g: np.einsum("ik,ij->kj", a, g)),
        )
        return self.made(np.einsum("ik,kj->ij", a, b), *rules)


@Tensor_exercise.wrong(
    16,
    "the factors in matmul's rules are not transposed",
    experiment="for (2, 3) @ (3, 4), write down the shapes of g, a and b. Which products exist?",
)
class MatmulNotTransposed(Tensor):
    def left(self, g, a, b):
        return g @ b

    def right(self, g, a, b):
        return a @ g


@Tensor_exercise.wrong(
    16,
    "the two rules of matmul have changed places: a gets the gradient of b, and b that of a",
    experiment="print a.grad.shape for (2, 3) @ (3, 4). It should be (2, 3).",
)
class MatmulRulesSwapped(Tensor):
    def left(self, g, a, b):
        return a.T @ g

    def right(self, g, a, b):
        return g @ b.T


@Tensor_exercise.wrong(
    16,
    "the factors in matmul's rules stand in the wrong order: b.T @ g for g @ b.T",
    experiment="for (2, 3) @ (3, 4), write down the shapes of g and b.T. Which product exists?",
)
class MatmulWrongOrder(Tensor):
    def left(self, g, a, b):
        return b.T @ g

    def right(self, g, a, b):
        return g @ a.T


@Tensor_exercise.wrong(
    11,
    "the rules of matmul forget g: a gets sums of b, and b gets sums of a",
    experiment="call backward(g) with a g that is not ones, and compare.",
)
class MatmulForgetsUpstream(Tensor):
    def left(self, g, a, b):
        return np.ones(g.shape) @ b.T

    def right(self, g, a, b):
        return a.T @ np.ones(g.shape)


@Tensor_exercise.wrong(
    9,
    "a place that was picked several times keeps only its last part: grad[key] += g",
    experiment="a = Tensor([5.0, 6.0], True); a[[0, 0]].sum().backward(). a.grad[0] should be 2.",
)
class KeepsTheLastPick(Tensor):
    def scattered(self, g, key, shape):
        grad = np.zeros(shape)
        grad[key] += g
        return grad


@Tensor_exercise.wrong(
    None,
    "the gradient of what was picked is also that of all others: they should get 0",
    experiment="a = Tensor([5.0, 6.0], True); a[0].backward(). a.grad should be [1., 0.].",
)
class SpreadsThePick(Tensor):
    def scattered(self, g, key, shape):
        return np.ones(shape) * (g if g.ndim == 0 else g.sum() / g.size if g.size else 0.0)


@Tensor_exercise.wrong(
    None,
    "the gradient of a transpose is not transposed back",
    experiment="print a.grad.shape for a of shape (2, 3): also (2, 3).",
)
class NotTurnedBack(Tensor):
    def turned_back(self, g):
        return g

    def fitted(self, g, source):
        return g if g.shape == source.data.shape[::-1] else super().fitted(g, source)


@Tensor_exercise.wrong(
    None,
    "a transpose is undone by reshape: the shape is right, the numbers are in other places",
    experiment="take a = [[1, 2, 3], [4, 5, 6]] and print a.T.reshape(2, 3).",
)
class TurnedBackByReshape(Tensor):
    def transpose(self):
        shape = self.data.shape
        return self.made(self.data.T, (self, lambda g: g.reshape(shape)))


@Tensor_exercise.wrong(
    12,
    "the rule of exp multiplies with the input, where it should be the result",
    experiment="a = Tensor(0.0, True); a.exp().backward(). a.grad should be 1.",
)
class ExpUsesInput(Tensor):
    def exp_rule(self, g, a):
        return g * a


@Tensor_exercise.wrong(
    12,
    "the rule of log divides by the result, where it should be the input",
    experiment="a = Tensor(1.0, True): the slope of log at 1 is 1, and its result is 0.",
)
class LogUsesResult(Tensor):
    def log_rule(self, g, a):
        return g / np.log(a)


@Tensor_exercise.wrong(
    11,
    "the rule of exp forgets g",
    experiment="out = a.exp() * 3. The 3 must arrive in a.grad.",
)
class ExpForgetsUpstream(Tensor):
    def exp_rule(self, g, a):
        return np.exp(a)


@Tensor_exercise.wrong(
    44,
    "at exactly 0 relu has slope 1, where torch, and this course, choose 0",
    experiment="a = Tensor(0.0, True); a.relu().backward(). a.grad should be 0.",
)
class ReluOpenAtZero(Tensor):
    def relu_rule(self, g, a):
        return g * (a >= 0)


@Tensor_exercise.wrong(
    44,
    "at exactly 0 relu has slope one half, where torch, and this course, choose 0",
    experiment="a = Tensor(0.0, True); a.relu().backward(). a.grad should be 0.",
)
class ReluHalfOpenAtZero(Tensor):
    def relu_rule(self, g, a):
        return g * ((a > 0) + 0.5 * (a == 0))


@Tensor_exercise.wrong(
    44,
    "each of several largest numbers gets the whole gradient, where they should share it",
    experiment="a = Tensor([4.0, 4.0], True); a.max().backward(). a.grad should be [0.5, 0.5].",
)
class EqualMaximaGetAll(Tensor):
    def max_rule(self, g, a, axis):
        return g * (a == a.max(axis=axis, keepdims=True))


@Tensor_exercise.wrong(
    44,
    "of several largest numbers only the first gets the gradient, where they should share it",
    experiment="a = Tensor([4.0, 4.0], True); a.max().backward(). a.grad should be [0.5, 0.5].",
)
class FirstMaximumGetsAll(Tensor):
    def max_rule(self, g, a, axis):
        if axis is None:
            first = np.zeros(a.shape)
            first.flat[a.argmax()] = 1
            return g * first
        places = np.expand_dims(a.argmax(axis=axis), axis)
        first = np.zeros(a.shape)
        np.put_along_axis(first, places, 1.0, axis)
        return g * first


@Tensor_exercise.wrong(
    None,
    "with an axis, all numbers share that equal the largest number of the whole array",
    experiment="[[1., 2.], [8., 9.]].max(axis=1): each row has a largest number of its own.",
)
class MaximumOfAll(Tensor):
    def max_rule(self, g, a, axis):
        winners = a == a.max()
        return g * winners / winners.sum()


@Tensor_exercise.wrong(
    13,
    "rules look at `data` only when they run, so that they see what was written after forward",
    experiment="out = a @ b; then b.data *= 5; then out.backward(). Print a.grad.",
)
class LooksTooLate(Tensor):
    def keep(self):
        return lambda: self.data


# Cross-entropy

cross_entropy = Exercise(
    "cross_entropy",
    own_engine=True,
    instead="Here you write the engine: NumPy and Python are all that it needs.",
    sees=["loss.data", "scores.grad"],
    also=["Tensor"],
    experiment="cross_entropy(Tensor([[0.0, 0.0]], True), [1]) should have data 0.6931, and leave "
    "[[0.5, -0.5]] in the gradient.",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
)


def scored(numbers, labels, backward=True):
    lines = ["loss = cross_entropy(scores, labels)", *(["loss.backward()"] if backward else [])]
    return program(
        "\n".join(lines),
        scores=new("Tensor", array(numbers), True),
        labels=array(labels, dtype="int64"),
    )


@cross_entropy.case("cross_entropy-values")
def no_backward(rng):
    return scored(rng.normal(size=(2, 3)), rng.permutation(3)[:2], backward=False)


@cross_entropy.case("cross_entropy-values")
def more_rows_than_classes(rng):
    return scored(2 * rng.normal(size=(5, 2)), rng.permutation([0, 1, 1, 0, 1]), backward=False)


@cross_entropy.case("cross_entropy-gradient")
def and_backward(rng):
    return scored(rng.normal(size=(3, 5)), rng.permutation(5)[:3])


@cross_entropy.case("cross_entropy-gradient")
def the_same_label_twice(rng):
    return scored(rng.normal(size=(3, 2)), rng.permutation([1, 0, 1]))


@cross_entropy.case("cross_entropy-large")
def huge(rng):
    ordinary = [float(n) for n in rng.normal(size=3)]
    return scored([[1000.0, -1000.0, 3.0], [900.0, 901.0, 899.0], ordinary], [1, 0, 2])


@cross_entropy.case("cross_entropy-large")
def very_negative(rng):
    return scored([[-1000.0, -1001.0], [-2000.0, 0.0]], rng.permutation([0, 1]))


@cross_entropy.case("cross_entropy-shifted")
def one_row(rng):
    return scored(rng.normal(size=(1, 5)), [int(rng.randint(5))])


@cross_entropy.case("cross_entropy-shifted")
def equal_scores(rng):
    return scored(np.full((2, 3), float(rng.normal())), rng.permutation(3)[:2])


@cross_entropy.case("cross_entropy-shifted")
def shifted_rows(rng):
    scores = rng.normal(size=(3, 5)) + 700 * rng.normal(size=(3, 1))
    return scored(scores, rng.permutation(5)[:3])


@cross_entropy.oracle
def by_the_reference_engine(scores, labels):
    """The library's loss; what comes back to the scores is passed on through a sum."""
    leaf = torch.tensor(np.array(scores.data), requires_grad=True)
    loss = torch.nn.functional.cross_entropy(leaf, torch.tensor(np.array(labels)))
    loss.backward()
    gradient = leaf.grad.numpy()
    # A tensor of the student's own kind with this value and this gradient.
    return (scores * gradient).sum() + (loss.item() - float((scores.data * gradient).sum()))


def picked(scores, labels):
    return scores[np.arange(len(labels)), np.array(labels)]


@cross_entropy.right
def with_one_hot_labels(scores, labels):
    n, k = scores.data.shape
    hot = np.eye(k)[labels]
    m = scores.data.max(axis=1, keepdims=True)
    return ((scores - m).exp().sum(axis=1).log() - ((scores - m) * hot).sum(axis=1)).sum() / n


@cross_entropy.right
def log_softmax_first(scores, labels):
    m = scores.max(axis=1, keepdims=True)
    logs = scores - m - (scores - m).exp().sum(axis=1, keepdims=True).log()
    return picked(logs, labels).mean() * -1


@cross_entropy.wrong(
    25,
    "the largest score is not subtracted, so that e^1000 is too large for a number",
    experiment="print np.exp(1000.0). Then subtract the largest score of each row first.",
)
def not_shifted(scores, labels):
    return (scores.exp().sum(axis=1).log() - picked(scores, labels)).mean()


@cross_entropy.wrong(
    25,
    "probabilities are computed first, and their logarithm then: 0 has none",
    experiment="print p for the scores 1000 and -1000. Then take the logarithm of the sum alone.",
)
def logarithm_of_probabilities(scores, labels):
    e = (scores - scores.max(axis=1, keepdims=True)).exp()
    p = e / e.sum(axis=1, keepdims=True)
    return (picked(p, labels).log() * -1).mean()


@cross_entropy.wrong(
    None,
    "the largest score is subtracted on one side only: it is missing where the label's is picked",
    experiment="add 5 to all scores of a row. The loss should not change.",
)
def shifted_on_one_side(scores, labels):
    m = scores.max(axis=1, keepdims=True)
    return ((scores - m).exp().sum(axis=1).log() - picked(scores, labels)).mean()


@cross_entropy.wrong(
    17,
    "the losses are summed up where their mean was asked for",
    experiment="give each row twice. A mean does not change, a sum doubles.",
)
def sum_for_mean(scores, labels):
    return with_one_hot_labels(scores, labels) * len(labels)


@cross_entropy.wrong(
    22,
    "the sign is turned around: a good score makes the loss larger here",
    experiment="this loss is never negative.",
)
def turned_around(scores, labels):
    return with_one_hot_labels(scores, labels) * -1


@cross_entropy.wrong(
    26,
    "scores[:, labels] picks from every row the columns of all labels, n times n numbers",
    experiment="print the shape of what you pick. It should be (n,).",
)
def picks_all_pairs(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    return (s.exp().sum(axis=1, keepdims=True).log() - s[:, np.array(labels)]).mean()


@cross_entropy.wrong(
    None,
    "the logarithm is left out: the sum of e^score itself is taken",
    experiment="for two scores of 0 the loss should be 0.6931, the logarithm of 2.",
)
def forgets_the_logarithm(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    return (s.exp().sum(axis=1) - picked(s, labels)).mean()


@cross_entropy.wrong(
    23,
    "the labels are not used: the loss is the same whatever they are",
    experiment="call it with the labels 0 and 1 on the same scores.",
)
def forgets_the_labels(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    return s.exp().sum(axis=1).log().mean()


@cross_entropy.wrong(
    15,
    "the sum of e^score runs down the columns, where it should run along each row",
    experiment="each row is one picture: its probabilities add up to 1. Which axis is that?",
)
def sums_the_columns(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    return s.exp().sum(axis=0).log().mean() - picked(s, labels).mean()


@cross_entropy.wrong(
    32,
    "the loss is computed from .data, plain numbers: no gradient can go back",
    experiment="call backward() on the loss, and print scores.grad.",
)
def cuts_the_graph(scores, labels):
    return with_one_hot_labels(type(scores)(scores.data), labels)


# Looking back

recall_copies = Question(
    "recall_copies",
    answers=(3,),
    explain="v was copied into 3 rows, so each of its numbers was used 3 times.",
    experiment="look at the picture of lesson 12: along which arrows does v's gradient arrive?",
    wrong={
        4: "4 numbers are added up for each number of u: it was copied into 4 columns.",
        12: "12 numbers arrive in all, for 4 numbers of v.",
        1: "Then nothing would have been copied.",
    },
)

recall_freed = Question(
    "recall_freed",
    answers=(False,),
    explain="Your rules hold their copies as long as the result lives. torch frees what it kept, "
    "to save memory.",
    experiment="try it: out = (t * t).sum(), and out.backward() twice.",
    wrong={True: "What would have to be gone? Who would have thrown it away?"},
)

recall_uses = Question(
    "recall_uses",
    answers=(2,),
    explain="a is used in c and in d. That c is used twice as well makes c wait, not a.",
    experiment="draw the graph, and count the arrows that lead away from a.",
    wrong={
        1: "a is used in c = a * b. And where else?",
        3: "Paths are not counted, only direct uses: in which lines does a stand?",
    },
)
