"""The answer key of "Many outputs"."""

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, function, tensor

predict_three = Question(
    "predict_three",
    answers=("c",),
    explain="A pass backward has to know how much each of the outputs counts.",
    experiment="run the next cell.",
    wrong={
        "a": "A gradient has the shape of its tensor. And which pass would find three rows?",
        "b": "That would need a decision: that all outputs count alike. Nobody has made it.",
    },
)

THREE = function("torch.stack([x[0] * x[1], x[0] + x[1] * x[1], 3 * x[0]])")


def numbers(rng, n):
    """Numbers of either sign, none near zero."""
    return rng.uniform(0.6, 1.4, size=n) * rng.choice([-1, 1], size=n)


def bent(rng, m, n):
    """A function from n to m numbers, in which every output depends on every input."""
    a, b = (tensor(rng.normal(size=(m, n))) for _ in range(2))
    return function("torch.matmul(a, x * x) + torch.sin(torch.matmul(b, x))", a=a, b=b)


def true_jacobian(f, x):
    """The Jacobian by the engine's own function."""
    return torch.autograd.functional.jacobian(f, x.clone())


# v times J

vjp = Exercise(
    "vjp",
    sees=["result", "x.requires_grad", "x.grad"],
    tolerance=(1e-3, 1e-5),
    callbacks=2,
    instead="One pass forward and one pass backward give the whole product.",
    experiment="vjp(three_outputs, torch.tensor([2., 5.]), torch.tensor([1., 10., 100.])) should "
    "be tensor([315., 102.]).",
)


@vjp.case("vjp-weights")
def two_to_three(rng):
    return dict(f=THREE, x=tensor(numbers(rng, 2)), v=tensor(numbers(rng, 3)))


@vjp.case("vjp-shapes")
def more_inputs(rng):
    return dict(f=bent(rng, 2, 5), x=tensor(numbers(rng, 5)), v=tensor(numbers(rng, 2)))


@vjp.case("vjp-shapes")
def as_many(rng):
    return dict(f=bent(rng, 3, 3), x=tensor(numbers(rng, 3)), v=tensor(numbers(rng, 3)))


@vjp.law("vjp-linear", on=more_inputs)
def linear(f, new):
    """Twice the weights must give twice the product, and sums of weights its sum."""
    g, x, v = new()
    w = torch.tensor([0.5, -2.0])
    both = f(g, x, 2 * v + w)
    assert torch.allclose(both, 2 * f(g, x, v) + f(g, x, w), rtol=1e-3, atol=1e-4)


@vjp.law("vjp-linear", on=as_many)
def in_step_with_measuring(f, new):
    """v times the measured growth along u must be the product times u."""
    g, x, v = (t.double() if isinstance(t, torch.Tensor) else t for t in new())
    u = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)

    def wide(x):
        return g(x.float()).double()

    measured = (wide(x + 0.01 * u) - wide(x - 0.01 * u)) / 0.02
    product = f(g, x.float(), v.float())
    assert abs(((measured * v).sum() - (product.double() * u).sum()).item()) < 0.05


@vjp.oracle
def by_the_table(f, x, v):
    return torch.matmul(v, true_jacobian(f, x))


@vjp.right
def with_grad(f, x, v):
    leaf = x.detach().clone()
    leaf.requires_grad = True
    return torch.autograd.grad(f(leaf), leaf, grad_outputs=v)[0]


@vjp.right
def as_a_loss(f, x, v):
    leaf = torch.tensor(x.tolist(), requires_grad=True)
    (f(leaf) * v).sum().backward()
    return leaf.grad


@vjp.wrong(
    40,
    "the weights are not used: all outputs count alike, which gives the column sums of the table",
    experiment="call it twice, with different v. The results should differ.",
)
def ignores_the_weights(f, x, v):
    leaf = x.clone().requires_grad_()
    f(leaf).sum().backward()
    return leaf.grad


@vjp.wrong(
    41,
    "the table is multiplied from the wrong side: J v stands where v J should",
    experiment="the result has a number for each input. Which side of the table are the inputs on?",
)
def from_the_other_side(f, x, v):
    return true_jacobian(f, x) @ v


@vjp.wrong(
    None,
    "backward() gets no weights, and several numbers need them",
    experiment="read the exception. What has to be handed to backward()?",
)
def forgets_the_weights(f, x, v):
    leaf = x.clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


@vjp.wrong(
    None,
    "x itself is made a parameter: it has the flag and a gradient afterwards",
    experiment="print x.requires_grad after the call.",
)
def flags_x(f, x, v):
    x.requires_grad_()
    f(x).backward(v)
    return x.grad


@vjp.wrong(
    None,
    "the outputs are weighted and returned, but nobody goes backward",
    experiment="for x with 2 numbers the result has 2 numbers.",
)
def weights_the_values(f, x, v):
    return f(x) * v


# The table

jacobian = Exercise(
    "jacobian",
    sees=["result", "x.requires_grad", "x.grad"],
    tolerance=(1e-3, 1e-5),
    experiment="jacobian(three_outputs, torch.tensor([2., 5.])) should be "
    "[[5., 2.], [1., 10.], [3., 0.]].",
)


@jacobian.case("jacobian-table")
def three_rows(rng):
    return dict(f=THREE, x=tensor(numbers(rng, 2)))


@jacobian.case("jacobian-shapes")
def wide_table(rng):
    return dict(f=bent(rng, 2, 5), x=tensor(numbers(rng, 5)))


@jacobian.case("jacobian-shapes")
def square_table(rng):
    return dict(f=bent(rng, 3, 3), x=tensor(numbers(rng, 3)))


@jacobian.case("jacobian-shapes")
def one_row(rng):
    return dict(f=bent(rng, 1, 3), x=tensor(numbers(rng, 3)))


@jacobian.oracle
def by_the_library(f, x):
    return true_jacobian(f, x)


@jacobian.right
def with_unit_vectors(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = [torch.autograd.grad(y, leaf, v, retain_graph=True)[0] for v in torch.eye(len(y))]
    return torch.stack(rows)


@jacobian.right
def a_new_graph_for_every_row(f, x):
    table = []
    for i in range(len(f(x))):
        leaf = torch.tensor(x.tolist(), requires_grad=True)
        f(leaf)[i].backward()
        table.append(leaf.grad.tolist())
    return torch.tensor(table)


@jacobian.wrong(
    40,
    "one pass backward from all outputs gives the sum of the rows, not the table",
    experiment="print the shape of what you return. There should be a row for each output.",
)
def sums_the_rows(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    y.backward(torch.ones_like(y))
    return leaf.grad


@jacobian.wrong(
    41,
    "the table is turned on its side: rows belong to outputs, columns to inputs",
    experiment="print the shape of what you return, for 2 inputs and 3 outputs.",
)
def turned(f, x):
    return true_jacobian(f, x).T


@jacobian.wrong(
    1,
    "the gradient is not removed between the passes, so that each row holds the ones before it too",
    experiment="print every row as you find it. The second should be [1., 10.] for three_outputs.",
)
def rows_add_up(f, x):
    return true_jacobian(f, x).cumsum(0)


@jacobian.wrong(
    1,
    "all rows are one and the same tensor, which goes on growing",
    experiment="ask rows[0] is rows[1]. Set .grad to None between the passes, or copy it.",
)
def rows_are_one_tensor(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = []
    for i in range(len(y)):
        y[i].backward(retain_graph=True)
        rows.append(leaf.grad)
    return torch.stack(rows)


@jacobian.wrong(
    None,
    "saved values are freed by the first pass, and the second needs them",
    experiment="read the text of the exception to its end: it says which argument is missing.",
)
def forgets_to_retain(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = []
    for i in range(len(y)):
        leaf.grad = None
        y[i].backward()
        rows.append(leaf.grad)
    return torch.stack(rows)


# J times u

jacobian_times = Exercise(
    "jacobian_times",
    tolerance=(1e-3, 1e-5),
    experiment="jacobian_times(three_outputs, torch.tensor([2., 5.]), torch.tensor([1., 0.])) "
    "should be tensor([5., 1., 3.]).",
)


@jacobian_times.case("jacobian_times-column")
def along_u(rng):
    return dict(f=THREE, x=tensor(numbers(rng, 2)), u=tensor(numbers(rng, 2)))


@jacobian_times.case("jacobian_times-shapes")
def five_to_two(rng):
    return dict(f=bent(rng, 2, 5), x=tensor(numbers(rng, 5)), u=tensor(numbers(rng, 5)))


@jacobian_times.case("jacobian_times-shapes")
def three_to_three(rng):
    return dict(f=bent(rng, 3, 3), x=tensor(numbers(rng, 3)), u=tensor(numbers(rng, 3)))


@jacobian_times.law("jacobian_times-adjoint", on=five_to_two)
def both_products_agree(f, new):
    """v times (J u) must be the same as (v J) times u."""
    g, x, u = new()
    v = torch.tensor([1.5, -0.5])
    leaf = x.clone().requires_grad_()
    g(leaf).backward(v)
    # First that which does not depend on the answer: it might change what it is given.
    other = (leaf.grad * u).sum()
    one = (f(g, x, u) * v).sum()
    assert torch.allclose(one, other, rtol=1e-3, atol=1e-4)


@jacobian_times.oracle
def table_times_u(f, x, u):
    return torch.matmul(true_jacobian(f, x), u)


@jacobian_times.right
def output_by_output(f, x, u):
    return torch.stack([(row * u).sum() for row in true_jacobian(f, x)])


@jacobian_times.right
def backward_twice(f, x, u):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    v = torch.zeros_like(y).requires_grad_()
    (g,) = torch.autograd.grad(y, leaf, v, create_graph=True)
    return torch.autograd.grad(g, v, u)[0]


@jacobian_times.wrong(
    41,
    "the table is multiplied from the wrong side: u J stands where J u should",
    experiment="the result has a number for each output, not for each input.",
)
def u_from_the_left(f, x, u):
    return u @ true_jacobian(f, x)


@jacobian_times.wrong(
    None,
    "each row is multiplied with u, and not added up",
    experiment="print the shape of what you return. It should have one number for each output.",
)
def does_not_add(f, x, u):
    return true_jacobian(f, x) * u


@jacobian_times.wrong(
    None,
    "u is not used: the rows are added up as they are",
    experiment="with u = [1., 0.] the result is the first column of the table.",
)
def sums_each_row(f, x, u):
    return true_jacobian(f, x).sum(dim=1)


@jacobian_times.wrong(
    None,
    "f(x + u) - f(x) is a difference, not a slope: the step is far too long",
    experiment="take u ten times as large. The result should grow by just that factor.",
)
def one_long_step(f, x, u):
    return f(x + u) - f(x)


# Doubling

doubling = Exercise(
    "doubling",
    sees=["result", "x.requires_grad", "x.grad"],
    experiment="doubling(torch.tensor([3., 4.]), torch.tensor([1., 10.]), 15.) should be "
    "[12., 16.] and [4., 40.].",
)


def to_double(rng, n, times):
    """A vector that has to be doubled so many times, with a limit that is not nearly hit."""
    x = numbers(rng, n).astype("float32")
    limit = float(np.linalg.norm(x) * 2 ** (times - 1) * 1.9)
    return dict(x=tensor(x), v=tensor(numbers(rng, n)), limit=limit)


@doubling.case("doubling-loop")
def three_times(rng):
    return to_double(rng, 3, 3)


@doubling.case("doubling-loop")
def nine_times(rng):
    return to_double(rng, 2, 9)


@doubling.case("doubling-lengths")
def once(rng):
    return to_double(rng, 5, 0)


@doubling.case("doubling-lengths")
def some_times(rng):
    return to_double(rng, 3, int(rng.randint(4, 8)))


@doubling.case("doubling-lengths")
def at_the_limit_exactly(rng):
    limit = float(rng.choice([20, 40, 80]))
    return dict(x=tensor([3.0, -4.0]), v=tensor(numbers(rng, 2)), limit=limit)


@doubling.right
def counts(x, v, limit):
    factor = 2.0
    while (x * factor).norm() < limit:
        factor *= 2
    leaf = x.clone().requires_grad_()
    y = leaf * factor
    (y * v).sum().backward()
    return y.detach(), leaf.grad


@doubling.right
def for_ever_until(x, v, limit):
    leaf = torch.tensor(x.tolist(), requires_grad=True)
    y = leaf
    while True:
        y = y + y
        if y.norm().item() >= limit:
            break
    (g,) = torch.autograd.grad(y, leaf, v)
    return y.detach(), g


def doubled(x, times):
    """x doubled some times."""
    return x * 2.0**times


def times_needed(x, limit):
    """How often x has to be doubled."""
    times = 1
    while doubled(x, times).norm() < limit:
        times += 1
    return times


@doubling.wrong(
    40,
    "the weights v are not used: all outputs count alike",
    experiment="print g / v. All its numbers should be the same power of two.",
)
def forgets_v(x, v, limit):
    y, _ = counts(x, v, limit)
    return y, torch.full_like(x, 2.0 ** times_needed(x, limit))


@doubling.wrong(
    None,
    "one doubling too many is made",
    experiment="print the norm in every round. When should the loop end?",
)
def one_too_many(x, v, limit):
    factor = 2.0 ** (times_needed(x, limit) + 1)
    return x * factor, v * factor


@doubling.wrong(
    None,
    "the first doubling is missing: an x that is long enough already is not doubled at all",
    experiment="try limit=0.1. One doubling should still be made.",
)
def none_at_first(x, v, limit):
    factor = 1.0
    while (x * factor).norm() < limit:
        factor *= 2
    return x * factor, v * factor


@doubling.wrong(
    None,
    "the largest number is compared with the limit, not the norm",
    experiment="for [3., 4.] the norm is 5, and the largest number is 4.",
)
def compares_the_largest(x, v, limit):
    factor = 2.0
    while (x * factor).abs().max() < limit:
        factor *= 2
    return x * factor, v * factor


@doubling.wrong(
    32,
    "detach() cuts the graph inside the loop, so that there is nothing to walk back through",
    experiment="print y.grad_fn after the loop. `detach()` belongs into the condition only.",
)
def cuts_in_the_loop(x, v, limit):
    y = x.clone().requires_grad_().detach() * 2
    y.backward(v)
    return y, x.grad


@doubling.wrong(
    None,
    "the pair is in the wrong order: what comes out first, and then the gradient",
    experiment="for [3., 4.] and limit 15 the first should be [12., 16.].",
)
def swaps_the_pair(x, v, limit):
    y, g = counts(x, v, limit)
    return g, y


# Looking back

recall_ones = Question(
    "recall_ones",
    answers=(6,),
    explain="Each output depends on one input only: the slopes are 2, 4 and 6.",
    experiment="write down the Jacobian. It has three numbers that are not zero.",
    wrong={
        9: "That is the output. What is its slope?",
        12: "That is the sum of all slopes. Along the last input there is only one.",
        3: "The slope of x * x at 3 is not 3.",
    },
)

recall_passes = Question(
    "recall_passes",
    answers=(3,),
    explain="One for each row, and there is a row for each output.",
    experiment="what does one pass backward give: a row or a column?",
    wrong={
        100: "That would be passes forward, one for each column.",
        300: "That is how many numbers the table has.",
        1: "One pass gives a weighted sum of the rows.",
    },
)

recall_retain = Question(
    "recall_retain",
    answers=("b",),
    explain="Saved values are freed by a pass; nodes stay as long as something points to them.",
    experiment="go backward twice through (t + t).sum(), which saves nothing.",
    wrong={
        "a": "The nodes stay anyway: loss.grad_fn is still there after backward().",
        "c": "That is retain_grad(), of a result.",
    },
)
