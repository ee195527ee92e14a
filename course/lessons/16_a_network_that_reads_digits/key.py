"""The answer key of "A network that reads digits"."""

import math

import numpy as np

import autograd_lib as torch
from course.data import digits
from course.key import Exercise, Question, program, tensor

F = torch.nn.functional

predict_start = Question(
    "predict_start",
    answers=("c",),
    explain="Minus the logarithm of one tenth is the logarithm of 10, about 2.303.",
    experiment="import math, and print -math.log(1 / 10).",
    wrong={
        "a": "A loss of 0 belongs to a probability of 1: a network that is sure, and right.",
        "b": "0.1 is the probability. The loss is minus its logarithm.",
        "d": "There are 10 digits. The loss is the logarithm of 10.",
    },
)


# A layer

Linear_exercise = Exercise(
    "Linear",
    sees=[
        "result",
        *("w_shape", "b_shape", "w.is_leaf", "b.is_leaf", "w.requires_grad", "b.requires_grad"),
        *("spread_fits", "spread_too_large", "mean_fits", "largest_bias"),
    ],
    also=["load"],
    experiment="layer = Linear(3, 2); print layer.weight, layer.bias, and layer(torch.ones(4, 3)).",
)


def spread_of(inputs):
    """The spread of the weights at the start."""
    return (2 / inputs) ** 0.5


@Linear_exercise.case("Linear-forward")
def weighted_sums(rng):
    return program(
        "layer = Linear(3, 2)\nload(layer, [weight, bias])\nresult = layer(x)",
        weight=tensor(rng.normal(size=(3, 2))),
        bias=tensor(rng.normal(size=2)),
        x=tensor(rng.normal(size=(5, 3))),
    )


@Linear_exercise.case("Linear-leaves")
def shapes_and_flags(rng):
    return program(
        "layer = Linear(5, 3)\n"
        "w, b = layer.weight, layer.bias\n"
        "w_shape, b_shape = list(w.shape), list(b.shape)"
    )


@Linear_exercise.case("Linear-spread")
def the_rule(rng):
    return program(
        "layer = Linear(64, 32)\n"
        "ratio = layer.weight.std().item() / (2 / 64) ** 0.5\n"
        "spread_fits, spread_too_large = 0.8 < ratio < 1.25, ratio > 2\n"
        "mean_fits = abs(layer.weight.mean().item()) < 0.03\n"
        "largest_bias = layer.bias.abs().max().item()"
    )


@Linear_exercise.case("Linear-any")
def other_sizes(rng):
    inputs, outputs = (int(n) for n in rng.permutation([2, 7, 11])[:2])
    return program(
        f"layer = Linear({inputs}, {outputs})\nload(layer, [weight, bias])\nresult = layer(x)",
        weight=tensor(rng.normal(size=(inputs, outputs))),
        bias=tensor(rng.normal(size=outputs)),
        x=tensor(rng.normal(size=(1, inputs))),
    )


@Linear_exercise.case("Linear-any")
def no_rows(rng):
    return program("result = Linear(3, 2)(x)", x=tensor(np.zeros((0, 3))))


@Linear_exercise.case("Linear-any")
def own_numbers(rng):
    return program(
        "one, other = Linear(13, 5), Linear(13, 5)\n"
        "result = (one.weight != other.weight).float().mean().item() > 0.9"
    )


@Linear_exercise.case("Linear-any")
def fewer_inputs(rng):
    return program(
        "spread = Linear(8, 200).weight.std().item() / (2 / 8) ** 0.5\nresult = 0.8 < spread < 1.25"
    )


class Linear:
    """The base of the answers below: parts that can be changed one at a time."""

    def __init__(self, inputs, outputs):
        self.weight = torch.randn(inputs, outputs)
        self.weight *= self.spread(inputs)
        self.weight.requires_grad = True
        self.bias = torch.zeros(outputs).requires_grad_()

    def spread(self, inputs):
        return spread_of(inputs)

    def __call__(self, x):
        return torch.matmul(x, self.weight) + self.bias

    def parameters(self):
        return [self.weight, self.bias]


Linear_exercise.right(Linear)


@Linear_exercise.right
class LinearOfParameters:
    """With torch's own Parameter, and uniform numbers of the same spread."""

    def __init__(self, inputs, outputs):
        bound = (6 / inputs) ** 0.5
        self.weight = torch.nn.Parameter((2 * torch.rand(inputs, outputs) - 1) * bound)
        self.bias = torch.nn.Parameter(torch.zeros(outputs))

    def __call__(self, x):
        return self.bias + x.matmul(self.weight)

    def parameters(self):
        return [getattr(self, name) for name in ("weight", "bias")]


@Linear_exercise.wrong(
    39,
    "the weights are the result of a product: the flag came first, and then the spread",
    experiment="print layer.weight.is_leaf. It should be True.",
)
class FlagFirst(Linear):
    def __init__(self, inputs, outputs):
        self.weight = torch.randn(inputs, outputs, requires_grad=True) * spread_of(inputs)
        self.bias = torch.zeros(outputs, requires_grad=True)


@Linear_exercise.wrong(
    None,
    "the weights have a spread of 1, whatever the number of inputs is",
    experiment="print Linear(64, 32).weight.std(). It should be about 0.18.",
)
class SpreadOfOne(Linear):
    def spread(self, inputs):
        return 1.0


@Linear_exercise.wrong(
    None,
    "the root is forgotten in the spread: the numbers are multiplied with 2 / inputs",
    experiment="print Linear(64, 32).weight.std(). It should be about 0.18.",
)
class RootForgotten(Linear):
    def spread(self, inputs):
        return 2 / inputs


@Linear_exercise.wrong(
    None,
    "all weights begin at zero, so that no gradient can come through",
    experiment="print layer.weight. Its numbers should differ.",
)
class BeginsWithZeros(Linear):
    def spread(self, inputs):
        return 0.0


@Linear_exercise.wrong(
    None,
    "the bias is left out of the sum",
    experiment="load a bias of 100s, and print layer(x).",
)
class NoBias(Linear):
    def __call__(self, x):
        return x @ self.weight


@Linear_exercise.wrong(
    None,
    "the bias begins with random numbers",
    experiment="print layer.bias. It should be zeros.",
)
class RandomBias(Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.bias = torch.randn(outputs, requires_grad=True)


@Linear_exercise.wrong(
    None,
    "the bias requires no gradient: it will never learn",
    experiment="print layer.bias.requires_grad. It should be True.",
)
class BiasWithoutFlag(Linear):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.bias = torch.zeros(outputs)


@Linear_exercise.wrong(
    None,
    "the weight has the shape (outputs, inputs) in place of (inputs, outputs)",
    experiment="print Linear(5, 3).weight.shape. It should be (5, 3).",
)
class TurnedAround(Linear):
    def __init__(self, inputs, outputs):
        super().__init__(outputs, inputs)
        self.weight = torch.randn(outputs, inputs).mul(spread_of(inputs)).requires_grad_()
        self.bias = torch.zeros(outputs, requires_grad=True)

    def __call__(self, x):
        return x @ self.weight.T + self.bias


@Linear_exercise.wrong(
    None,
    "relu is applied in the layer; but the network does that between its layers",
    experiment="print layer(x) for a few rows. Some of its numbers should be negative.",
)
class CutsOff(Linear):
    def __call__(self, x):
        return super().__call__(x).relu()


@Linear_exercise.wrong(
    None,
    "the generator is set to the same seed in every layer, so that all layers begin alike",
    experiment="print Linear(2, 2).weight twice. The numbers should differ.",
)
class SameSeed(Linear):
    def __init__(self, inputs, outputs):
        torch.manual_seed(0)
        super().__init__(inputs, outputs)


# The loss

cross_entropy = Exercise(
    "cross_entropy",
    # Near 1000, the digits of a float32 end at the fourth behind the point.
    tolerance=(1e-3, 3e-4),
    experiment="follow the worked example: scores [[1., 3., 2.]] and labels [1]. Print each step.",
)


def rows(rng, n, classes, spread=2.0):
    """Scores and labels; the numbers of rows and classes differ."""
    return dict(
        scores=tensor(spread * rng.normal(size=(n, classes))),
        labels=tensor(rng.randint(classes, size=n), dtype="int64"),
    )


@cross_entropy.case("cross_entropy-values")
def three_rows(rng):
    return rows(rng, 3, 5)


@cross_entropy.case("cross_entropy-values")
def seven_rows(rng):
    return rows(rng, 7, 2)


@cross_entropy.case("cross_entropy-values")
def as_many_rows_as_classes(rng):
    return rows(rng, 3, 3)


@cross_entropy.case("cross_entropy-large")
def large_scores(rng):
    """Scores around 1000; the loss stays ordinary."""
    case = rows(rng, 3, 5)
    numbers = np.round(np.array(case["scores"]["values"]).reshape(3, 5), 2)
    return case | dict(scores=tensor(1000 + numbers))


@cross_entropy.case("cross_entropy-large")
def rows_far_apart(rng):
    """One row of large scores, one of ordinary ones."""
    numbers = np.round(rng.normal(size=(2, 3)), 2) + np.array([[1000.0], [0.0]])
    return dict(scores=tensor(numbers), labels=tensor(rng.randint(3, size=2), dtype="int64"))


def many_rows(rng):
    return rows(rng, 11, 5)


@cross_entropy.law("cross_entropy-rows", on=many_rows)
def order_of_rows(f, new):
    """The same rows in another order must give the same loss."""
    scores, labels = new()
    order = torch.tensor([(3 * n + 4) % 11 for n in range(11)])
    permuted, mismatched = (scores[order], labels[order]), (scores.clone(), labels[order])
    loss, other = f(scores, labels), f(*permuted)
    assert torch.allclose(loss, other, rtol=1e-4, atol=1e-5)
    # What is the same for all labels does not mind their order either.
    assert not torch.allclose(loss, f(*mismatched), rtol=1e-4, atol=1e-5)


@cross_entropy.law("cross_entropy-backward", on=many_rows)
def probability_minus_target(f, new):
    """Going backward must leave (probability - target) / n in scores.grad (target: 0 or 1)."""
    scores, labels = new()
    # Before the answer is asked, which might change what it is given.
    wanted = torch.softmax(scores.clone(), dim=1)
    wanted[torch.arange(11), labels] -= 1.0
    scores.requires_grad_()
    f(scores, labels).backward()
    assert torch.allclose(scores.grad, wanted / 11, rtol=1e-3, atol=1e-5)


@cross_entropy.right
def with_logsumexp(scores, labels):
    picked = scores.gather(1, labels.reshape(-1, 1)).reshape(-1)
    return (scores.logsumexp(dim=1) - picked).sum() / len(labels)


@cross_entropy.right
def row_by_row(scores, labels):
    total = 0.0
    for row, label in zip(scores, labels.tolist(), strict=True):
        row = row - row.max().detach()
        total = total + row.exp().sum().log() - row[label]
    return total / len(labels)


@cross_entropy.right
def logarithms_of_softmax(scores, labels):
    return -(F.log_softmax(scores, dim=1)[range(len(labels)), labels]).mean()


@cross_entropy.wrong(
    17,
    "the losses of the rows are added up, where their mean was asked for",
    experiment="give the same row twice. A mean does not change, a sum doubles.",
)
def sum_for_mean(scores, labels):
    return with_logsumexp(scores, labels) * len(labels)


@cross_entropy.wrong(
    25,
    "the largest score is not taken away first, so that its exponential is too large for a float",
    experiment="print torch.tensor([1000.]).exp().",
)
def not_shifted(scores, labels):
    return (scores.exp().sum(dim=1).log() - scores[torch.arange(len(labels)), labels]).mean()


@cross_entropy.wrong(
    None,
    "the largest of all scores is taken away, where each row should lose its own largest",
    experiment="take the rows [1000., 0.] and [0., 0.]: what is left of the second one?",
)
def shifted_by_the_whole(scores, labels):
    return not_shifted(scores - scores.max(), labels)


@cross_entropy.wrong(
    26,
    "whole columns are picked with scores[:, labels]: a table of n times n numbers enters the mean",
    experiment="print the shape of what you pick. There should be one number for each row.",
)
def picks_columns(scores, labels):
    return (scores.logsumexp(dim=1).reshape(-1, 1) - scores[:, labels]).mean()


@cross_entropy.wrong(
    22,
    "the sign is turned around: minus the loss is returned",
    experiment="a loss of this kind is never negative. Print it.",
)
def turned_sign(scores, labels):
    return -with_logsumexp(scores, labels)


@cross_entropy.wrong(
    None,
    "the right scores alone are looked at; the logarithm of the sum is left out",
    experiment="let another score grow. The loss should grow, too.",
)
def right_score_alone(scores, labels):
    return -scores[torch.arange(len(labels)), labels].mean()


@cross_entropy.wrong(
    20,
    "softmax is applied twice: probabilities are treated as if they were scores",
    experiment="for scores [[100., 0.]] and labels [0] the loss should be 0.",
)
def softmax_twice(scores, labels):
    return with_logsumexp(torch.softmax(scores, dim=1), labels)


@cross_entropy.wrong(
    None,
    "the exponentials are added up along the columns (dim=0), not along each row",
    experiment="print the sum of exponentials for two rows of three scores: two numbers.",
)
def down_the_columns(scores, labels):
    shifted = scores - scores.amax(dim=0, keepdim=True)
    logarithms = shifted - shifted.exp().sum(dim=0).log()
    return -logarithms[torch.arange(len(labels)), labels].mean()


@cross_entropy.wrong(
    32,
    "the loss comes back as a Python number: no gradient can go back through it",
    experiment="print the type of the result. It should be a tensor.",
)
def gives_a_number(scores, labels):
    return with_logsumexp(scores, labels).item()


@cross_entropy.wrong(
    None,
    "the probability of the right class is returned, without its logarithm",
    experiment="a loss should be near 0 where the network is sure and right. Is it?",
)
def mean_probability(scores, labels):
    return torch.softmax(scores, dim=1)[torch.arange(len(labels)), labels].mean()


# The share of right rows

accuracy = Exercise(
    "accuracy",
    experiment="scores [[1., 3., 2.], [5., 0., 0.]] with labels [1, 2]: print the two guesses.",
)


def guesses(rng, n, classes, right):
    """Scores whose largest stands at the label in the first `right` rows, then mixed."""
    scores = rng.normal(size=(n, classes))
    labels = scores.argmax(axis=1)
    labels[right:] = (labels[right:] + 1 + rng.randint(classes - 1, size=n - right)) % classes
    order = rng.permutation(n)
    return dict(scores=tensor(scores[order]), labels=tensor(labels[order], dtype="int64"))


@accuracy.case("accuracy-share")
def two_of_five(rng):
    return guesses(rng, 5, 3, 2)


@accuracy.case("accuracy-share")
def seven_of_eleven(rng):
    return guesses(rng, 11, 4, 7)


@accuracy.case("accuracy-any")
def all_right(rng):
    return guesses(rng, 7, 3, 7)


@accuracy.case("accuracy-any")
def none_right(rng):
    return guesses(rng, 7, 3, 0)


@accuracy.case("accuracy-any")
def a_single_row(rng):
    return guesses(rng, 1, 10, 1)


@accuracy.law("accuracy-any", on=seven_of_eleven)
def order_does_not_count(f, new):
    """The same rows in another order must give the same share."""
    scores, labels = new()
    order = torch.tensor([(3 * n + 4) % 11 for n in range(11)])
    assert abs(f(scores[order], labels[order]) - f(scores, labels)) < 1e-6


@accuracy.right
def counted(scores, labels):
    right = 0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        right += row.index(max(row)) == label
    return right / len(labels)


@accuracy.right
def with_max(scores, labels):
    return torch.sum(scores.max(dim=1).indices == labels).item() / labels.shape[0]


@accuracy.wrong(
    26,
    "a column of guesses is compared with a row of labels: each guess with every label",
    experiment="print the shape of what == gives. It should be (n,).",
)
def each_with_every(scores, labels):
    return (scores.argmax(dim=1, keepdim=True) == labels).float().mean().item()


@accuracy.wrong(
    None,
    "the right rows are counted, and not divided by the number of rows",
    experiment="a share is never above 1.",
)
def a_count(scores, labels):
    return float((scores.argmax(dim=1) == labels).sum().item())


@accuracy.wrong(
    None,
    "percent are returned, where a share from 0 to 1 was asked for",
    experiment="if all rows are right the result should be 1.0.",
)
def percent(scores, labels):
    return 100.0 * counted(scores, labels)


@accuracy.wrong(
    None,
    "the share of wrong rows is returned",
    experiment="if all rows are right the result should be 1.0.",
)
def share_of_wrong(scores, labels):
    return 1.0 - counted(scores, labels)


@accuracy.wrong(
    None,
    "the result is still a tensor, and not a Python number",
    experiment="print the type of the result. What does .item() do?",
)
def still_a_tensor(scores, labels):
    return (scores.argmax(dim=1) == labels).float().mean()


@accuracy.wrong(
    None,
    "the guess is the place of the smallest score",
    experiment="print the guess for the scores [[1., 3., 2.]]. It should be 1.",
)
def guesses_the_smallest(scores, labels):
    return (scores.argmin(dim=1) == labels).float().mean().item()


# An optimizer

SGD_exercise = Exercise(
    "SGD",
    also=["walk"],
    experiment="do the worked example: p = torch.tensor(1.), walk(SGD, [p], [[torch.tensor(2.)]] * "
    "3, 0.1, 0.5). After one step p is 0.8, after two 0.5.",
)

WALK = "result = walk(SGD, starts, all_slopes, rate, momentum)"
SHAPES = ((2,), (3,))


def some_steps(rng, count, momentum, frozen=()):
    """Steps of two parameters; `frozen` are the numbers of the steps in which the second one is."""
    slopes = [[tensor(rng.normal(size=shape)) for shape in SHAPES] for _ in range(count)]
    for n in frozen:
        slopes[n][1] = None
    return program(
        WALK,
        starts=[tensor(rng.normal(size=shape)) for shape in SHAPES],
        all_slopes=slopes,
        rate=0.1,
        momentum=momentum,
    )


@SGD_exercise.case("SGD-plain")
def a_single_step(rng):
    return some_steps(rng, 1, 0.0)


@SGD_exercise.case("SGD-plain")
def three_plain_steps(rng):
    return some_steps(rng, 3, 0.0)


@SGD_exercise.case("SGD-momentum")
def two_steps(rng):
    return some_steps(rng, 2, 0.75)


@SGD_exercise.case("SGD-momentum")
def four_steps(rng):
    return some_steps(rng, 4, 0.5)


@SGD_exercise.case("SGD-frozen")
def frozen_after_two(rng):
    return some_steps(rng, 4, 0.5, frozen=[2, 3])


@SGD_exercise.case("SGD-frozen")
def never_has_a_gradient(rng):
    return some_steps(rng, 2, 0.75, frozen=[0, 1])


@SGD_exercise.case("SGD-frozen")
def frozen_without_momentum(rng):
    return some_steps(rng, 3, 0.0, frozen=[1, 2])


class SGD:
    """The base of the answers below: parts that can be changed one at a time."""

    def __init__(self, parameters, rate, momentum=0.0):
        self.parameters, self.rate, self.momentum = parameters, rate, momentum
        self.velocities = [torch.zeros(p.shape) for p in parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def push(self, v, slope):
        v.mul_(self.momentum)
        v.add_(slope)

    def step(self):
        for i in range(len(self.parameters)):
            p, v = self.parameters[i], self.velocities[i]
            if p.grad is None:
                continue
            self.push(v, p.grad)
            with torch.no_grad():
                p.sub_(self.rate * v)


SGD_exercise.right(SGD)


@SGD_exercise.right
class SGDWithDictionary:
    """Velocities begin with the first gradient, as in torch."""

    def __init__(self, parameters, rate, momentum=0.0):
        self.parameters, self.rate, self.momentum = list(parameters), rate, momentum
        self.velocity = {}

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.parameters):
            if p.grad is not None:
                before = self.velocity.get(i, 0.0)
                self.velocity[i] = self.momentum * before + p.grad
                p.add_(-self.rate * self.velocity[i])


@SGD_exercise.right
class SGDOfTorch:
    """torch's own."""

    def __init__(self, parameters, rate, momentum=0.0):
        self.own = torch.optim.SGD(parameters, lr=rate, momentum=momentum)

    def zero_grad(self):
        self.own.zero_grad()

    def step(self):
        self.own.step()


@SGD_exercise.wrong(
    1,
    "zero_grad leaves the gradients as they are, so that those of all steps add up",
    experiment="make two plain steps with slope 1: p should go down by 0.1 twice.",
)
class NeverZeroes(SGD):
    def zero_grad(self):
        pass


@SGD_exercise.wrong(
    34,
    "a parameter that is frozen still moves: its velocity goes on, with a gradient of zero",
    experiment="print p.grad after zero_grad(). It should be None, and step() should then do "
    "nothing.",
)
class FrozenStillMoves(SGD):
    def zero_grad(self):
        for p in self.parameters:
            if p.grad is not None:
                p.grad.zero_()


@SGD_exercise.wrong(
    6,
    "zero_() is called on a gradient that is None",
    experiment="call zero_grad() on a fresh optimizer, before the first backward().",
)
class ZeroesNone(SGD):
    def zero_grad(self):
        for p in self.parameters:
            p.grad.zero_()


@SGD_exercise.wrong(
    22,
    "the step goes along the velocity, uphill",
    experiment="take p = 1 and slope 2: after one step with rate 0.1 it should be 0.8.",
)
class Climbs(SGD):
    def __init__(self, parameters, rate, momentum=0.0):
        super().__init__(parameters, -rate, momentum)


@SGD_exercise.wrong(
    None,
    "the velocity that is computed is not kept: the next step begins with zero again",
    experiment="print self.velocities at the end of step(). They should not be zero.",
)
class ForgetsTheVelocity(SGD):
    def step(self):
        with torch.no_grad():
            for p, v in zip(self.parameters, self.velocities, strict=True):
                if p.grad is not None:
                    v = self.momentum * v + p.grad
                    p -= self.rate * v


@SGD_exercise.wrong(
    27,
    "the name p gets a new tensor, and the parameter stays where it was",
    experiment="change p in place, with -=, and print it after the step.",
)
class Rebinds(SGD):
    def step(self):
        with torch.no_grad():
            for p, v in zip(self.parameters, self.velocities, strict=True):
                if p.grad is not None:
                    self.push(v, p.grad)
                    p = p - self.rate * v


@SGD_exercise.wrong(
    29,
    "the leaf is changed in place outside of no_grad",
    experiment="read the exception: it names a leaf. Where is `with torch.no_grad():` missing?",
)
class InPlaceTracked(SGD):
    def step(self):
        for p, v in zip(self.parameters, self.velocities, strict=True):
            if p.grad is not None:
                self.push(v, p.grad)
                p -= self.rate * v


@SGD_exercise.wrong(
    None,
    "what has no gradient is not left alone: a step computes with None",
    experiment="make a step with a parameter whose .grad is None. It should not move.",
)
class ComputesWithNone(SGD):
    def step(self):
        with torch.no_grad():
            for p, v in zip(self.parameters, self.velocities, strict=True):
                v *= self.momentum
                v += p.grad
                p -= self.rate * v


@SGD_exercise.wrong(
    None,
    "the rate is left out of the step",
    experiment="take p = 1 and slope 2: after one step with rate 0.1 it should be 0.8.",
)
class ForgetsTheRate(SGD):
    def __init__(self, parameters, rate, momentum=0.0):
        super().__init__(parameters, 1.0, momentum)


@SGD_exercise.wrong(
    None,
    "the slope is weighed with 1 - momentum, as in a running mean; here it counts fully",
    experiment="take momentum 0.5 and slope 2: after the first step v should be 2.",
)
class RunningMean(SGD):
    def push(self, v, slope):
        v.mul_(self.momentum)
        v.add_((1 - self.momentum) * slope)


@SGD_exercise.wrong(
    None,
    "the velocity is pushed, but never multiplied with the momentum",
    experiment="take momentum 0.5 and slope 2: v should be 2 and then 3.",
)
class NeverSlowsDown(SGD):
    def push(self, v, slope):
        v.add_(slope)


# The training loop

train = Exercise(
    "train",
    sees=["losses", "accuracies", "after[0]", "after[1]", "after[3]"],
    also=["Network", "load"],
    tolerance=(1e-3, 1e-5),
    experiment="train for a single step, and print both lists. Then for two.",
)

SIZES = (5, 7, 3)


def labelled(rng, count, names, spread=1.0):
    x, labels = names
    return {
        x: tensor(spread * rng.normal(size=(count, SIZES[0]))),
        labels: tensor(rng.permutation(np.arange(count) % SIZES[-1]), dtype="int64"),
    }


def small_network(rng):
    shapes = [(SIZES[0], SIZES[1]), (SIZES[1],), (SIZES[1], SIZES[2]), (SIZES[2],)]
    return [tensor(rng.normal(size=shape) * (0.5 if len(shape) > 1 else 0.1)) for shape in shapes]


def training(rng, rate, momentum, steps, lines=()):
    """A network with given numbers, trained for some steps."""
    call = f"train(network, (x, labels), (new_x, new_labels), {rate}, {momentum}, {steps})"
    return program(
        "\n".join(
            [
                f"network = Network({list(SIZES)})",
                "load(network, numbers)",
                f"losses, accuracies = {call}",
                *lines,
                "after = network.parameters()",
            ]
        ),
        numbers=small_network(rng),
        **labelled(rng, 11, ("x", "labels")),
        **labelled(rng, 8, ("new_x", "new_labels"), spread=3.0),
    )


@train.case("train-steps")
def one_plain_step(rng):
    return training(rng, 0.5, 0.0, 1)


@train.case("train-steps")
def four_plain_steps(rng):
    return training(rng, 0.5, 0.0, 4)


@train.case("train-momentum")
def four_steps_with_momentum(rng):
    return training(rng, 0.25, 0.75, 4)


@train.case("train-untouched")
def other_digits(rng):
    """Twice from the same start, with other validation rows: only the accuracies may differ."""
    call = "train(network, (x, labels), (-new_x, new_labels), 0.25, 0.5, 3)"
    return training(rng, 0.25, 0.5, 3, ["load(network, numbers)", f"losses, accuracies = {call}"])


@train.case("train-untouched")
def no_steps_at_all(rng):
    return training(rng, 0.25, 0.5, 0)


@train.case("train-by_heart")
def twenty_digits(rng):
    pixels, labels = digits()
    chosen = rng.choice(len(labels), size=20, replace=False)
    start = [(64, 16), (16,), (16, 10), (10,)]
    return program(
        "network = Network([64, 16, 10])\n"
        "load(network, numbers)\n"
        "history = train(network, (x, labels), (x, labels), 0.2, 0.9, 60)\n"
        "losses = [history[0][0] > 1.5, history[0][-1] < 0.2]\n"
        "accuracies = [history[1][0] < 0.7, history[1][-1] > 0.9]",
        numbers=[
            tensor(np.round(rng.normal(size=s) * (2 / s[0]) ** 0.5 * (len(s) > 1), 3))
            for s in start
        ],
        x=tensor(pixels[chosen]),
        labels=tensor(labels[chosen], dtype="int64"),
    )


def loop(
    optimizer=SGD,
    zero=lambda o: o.zero_grad(),
    backward=lambda loss: loss.backward(),
    step=lambda o: o.step(),
    note=lambda loss: loss.item(),
    watched=lambda network, own, other: other,
    learned=lambda own, other: own,
    count=lambda steps: steps,
    late=False,
    again=False,
):  # fmt: skip
    """Make a training loop with some of its parts replaced."""

    def answer(network, training, validation, rate, momentum, steps):
        moved = optimizer(network.parameters(), rate, momentum)
        losses, accuracies = [], []

        def look():
            with torch.no_grad():
                x, labels = watched(network, training, validation)
                accuracies.append(counted(network(x), labels))

        for _ in range(count(steps)):
            if again:
                moved = optimizer(network.parameters(), rate, momentum)
            x, labels = learned(training, validation)
            loss = F.cross_entropy(network(x), labels)
            losses.append(note(loss))
            if not late:
                look()
            zero(moved)
            backward(loss)
            step(moved)
            if late:
                look()
        return losses, accuracies

    return answer


train.right(loop())


@train.right
def zeroes_at_the_end(network, training, validation, rate, momentum, steps):
    optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=momentum)
    records = []
    while len(records) < steps:
        with torch.no_grad():
            share = with_max(network(validation[0]), validation[1])
        loss = with_logsumexp(network(training[0]), training[1])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        records.append((loss.item(), share))
    return [loss for loss, _ in records], [share for _, share in records]


def mistaken(name, number, what, experiment, answer):
    """Add a training loop with a mistake, under a name of its own."""
    answer.__name__ = name
    train.wrong(number, what, experiment=experiment)(answer)


mistaken(
    "never_zeroes",
    1,
    "gradients are never set to zero, so that those of all steps add up",
    "print network.parameters()[0].grad in every step. Does it grow and grow?",
    loop(zero=lambda o: None),
)
mistaken(
    "zeroes_too_late",
    3,
    "gradients are set to zero between backward() and step(), so that nothing moves",
    "print a gradient just before step(). It should not be None.",
    loop(zero=lambda o: None, backward=lambda loss: None),
)
mistaken(
    "number_before_backward",
    35,
    "backward() is called on a Python number: the loss went through item() first",
    "print type(loss) before backward(). Keep the tensor, and append loss.item().",
    loop(backward=lambda loss: loss.item().backward()),
)
mistaken(
    "keeps_tensors",
    35,
    "the list holds the losses themselves, each with its whole graph, in place of Python numbers",
    "print type(losses[0]). It should be float.",
    loop(note=lambda loss: loss),
)
mistaken(
    "validation_gives_gradients",
    None,
    "the network learns from the validation rows, too",
    "give other validation rows. Losses and parameters should stay the same.",
    loop(
        learned=lambda own, other: tuple(torch.cat([a, b]) for a, b in zip(own, other, strict=True))
    ),
)
mistaken(
    "accuracy_on_training",
    None,
    "the accuracy is that on the training rows, not on the validation rows",
    "give other validation rows. The accuracies should change.",
    loop(watched=lambda network, own, other: own),
)
mistaken(
    "swaps_the_piles",
    None,
    "the network learns from the validation rows and is watched on the training rows",
    "print the number of rows that go into the loss.",
    loop(learned=lambda own, other: other, watched=lambda network, own, other: own),
)
mistaken(
    "new_optimizer_each_step",
    None,
    "the momentum is lost: it never reaches the optimizer, or each step makes a new optimizer, "
    "whose velocities begin at zero",
    "print optimizer.momentum, and make the optimizer once, before the loop.",
    loop(again=True),
)
mistaken(
    "accuracy_after_the_step",
    None,
    "the accuracy is taken after the step, the loss before it",
    "both lists should speak of the same network: append to both before step().",
    loop(late=True),
)
mistaken(
    "one_step_too_few",
    None,
    "one step too few is made",
    "with steps=1 both lists should have one item.",
    loop(count=lambda steps: max(steps - 1, 0)),
)


@train.wrong(
    None,
    "only the losses are returned, and not the accuracies",
    experiment="return both lists, with a comma in between.",
)
def returns_losses_only(*given):
    return loop()(*given)[0]


# Looking ahead and back

predict_adam = Question(
    "predict_adam",
    answers=(0.01, -0.01),
    explain="The slope is divided by its own size: 250 over the root of 250 squared is 1. Adam's "
    "first step is as long as the rate, for every parameter.",
    experiment="put numbers into the formula: m is 250, s is 250 squared.",
    wrong={
        2.5: "0.01 times 250 is what plain descent would do. What is m over the root of s?",
        250: "250 over the root of 250 squared: what is that?",
        1: "That is m over the root of s. And then comes the rate.",
        0.00004: "s is the square of the slope, and the root comes before the division.",
    },
)

recall_never_zeroed = Question(
    "recall_never_zeroed",
    answers=(1.8, -1.8),
    explain="The gradients are 3, 6 and 9: 0.1 times their sum is 1.8. It is as if there were a "
    "momentum of 1, which never dies down.",
    experiment="write down what .grad holds before each of the three steps.",
    wrong={
        0.9: "That is three times 0.1 times 3. But backward() adds to what is in .grad.",
        18: "18 is the sum of the gradients. And the rate?",
        2.7: "Gradients add up: 3, then 6, then 9. They do not triple.",
    },
)

recall_no_grad = Question(
    "recall_no_grad",
    answers=("b",),
    explain="No graph is recorded and nothing is saved for a backward pass. The forward numbers "
    "are the same.",
    experiment="print the accuracy with and without it, and look at requires_grad of the scores.",
    wrong={
        "a": "It does not change a single number of the forward pass.",
        "c": "It lasts as long as the block, and it changes no flag of any parameter.",
    },
)

recall_two_classes = Question(
    "recall_two_classes",
    answers=(-0.5,),
    explain="The probability of the first class is 0.5, its target is 1. Binary cross-entropy is "
    "the cross-entropy of two classes, one of whose scores is 0.",
    experiment="probability minus target: both scores are 0, so what is the probability?",
    wrong={
        0.5: "0.5 is the probability. And the target?",
        0: "Then training would be over. The probability is 0.5, the target 1.",
        -1: "The target is 1, and the probability is not 0.",
        round(math.log(2), 4): "That is the loss. The slope was asked for.",
    },
)
