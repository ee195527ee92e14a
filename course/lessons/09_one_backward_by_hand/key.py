"""The answer key of "One backward, by hand"."""

import autograd_lib as torch
from course.key import BY_HAND, Exercise, Question, tensor

predict_rows = Question(
    "predict_rows",
    answers=("b",),
    explain="The gradient of a weight is the gradient of its output, times its input. Here all "
    "inputs are 1, so all rows are alike, whatever the weights are.",
    experiment="call loss.backward() in a new cell, and print w.grad.",
    wrong={
        "a": "The weights differ. But does the slope of z along a weight depend on that weight, or "
        "on the input that it is multiplied with?",
        "c": "Then no change of any weight would change the loss. But the loss is far from "
        "its smallest value.",
    },
)


# The sigmoid

sigmoid = Exercise(
    "sigmoid",
    experiment="sigmoid(torch.tensor([0., 2., -2.])) should be tensor([0.5000, 0.8808, 0.1192]).",
)


@sigmoid.case("sigmoid-values")
def some_numbers(rng):
    return dict(z=tensor(2 * rng.normal(size=5)))


@sigmoid.case("sigmoid-large")
def large_numbers(rng):
    return dict(z=tensor([200.0, -200.0, float(rng.normal())]))


@sigmoid.case("sigmoid-large")
def a_table(rng):
    return dict(z=tensor(rng.normal(size=(2, 3))))


@sigmoid.case("sigmoid-large")
def one_number(rng):
    return dict(z=tensor(rng.normal()))


@sigmoid.case("sigmoid-large")
def no_number(rng):
    return dict(z=tensor(rng.normal(size=0)))


@sigmoid.law("sigmoid-large", on=a_table)
def mirrored(f, new):
    """The sigmoid of z and the sigmoid of -z must add up to 1."""
    (z,) = new()
    assert torch.allclose(f(z) + f(-z), torch.ones_like(z))


@sigmoid.right
def with_tanh(z):
    return (torch.tanh(z / 2) + 1) / 2


@sigmoid.right
def with_a_power(z):
    return (torch.exp(z * -1.0) + 1) ** -1


@sigmoid.wrong(
    None,
    "the minus sign in the exponent is missing, so that yes and no change places",
    experiment="sigmoid(torch.tensor(5.)) should be close to 1, not to 0.",
)
def forgets_the_minus(z):
    return 1 / (1 + torch.exp(z))


@sigmoid.wrong(
    25,
    "a huge number is divided by a huge number: e^200 is too large, and inf / inf is not a number",
    experiment="print torch.exp(torch.tensor(200.)). Then use exp(-z) alone.",
)
def divides_infinities(z):
    return torch.exp(z) / (1 + torch.exp(z))


@sigmoid.wrong(
    21,
    "all outputs together are made to add up to 1 (that is softmax), where each stands alone",
    experiment="sigmoid of two zeros should be two times 0.5; of five zeros, five times 0.5.",
)
def softmax(z):
    return torch.softmax(z, dim=-1) if z.ndim else torch.ones_like(z)


@sigmoid.wrong(
    None,
    "the brackets are not where they should be: 1 / 1 + e^(-z) is 1 + e^(-z)",
    experiment="sigmoid(torch.tensor(0.)) should be 0.5. What does yours give, and why?",
)
def forgets_the_brackets(z):
    return 1 / 1 + torch.exp(-z)


@sigmoid.wrong(
    None,
    "the slope of the sigmoid is returned, not the sigmoid itself",
    experiment="sigmoid(torch.tensor(5.)) should be close to 1.",
)
def its_slope(z):
    s = torch.sigmoid(z)
    return s * (1 - s)


# The loss

bce_with_logits = Exercise(
    "bce_with_logits",
    sees=["result", "result.requires_grad"],
    experiment="bce_with_logits(torch.tensor([0.]), torch.tensor([1.])) should be 0.6931.",
)


def outputs(rng, n, scale=1.5):
    """n tracked logits of either sign, none near 0 or 1, and n targets between 0 and 1."""
    size = scale * rng.uniform(0.3, 2, size=n)
    return dict(
        z=tensor(size * (-1) ** rng.permutation(n), requires_grad=True),
        y=tensor(rng.uniform(0.1, 0.9, size=n)),
    )


@bce_with_logits.case("bce_with_logits-values")
def yes_and_no(rng):
    return outputs(rng, 5) | dict(y=tensor(rng.permutation([0.0, 1.0, 1.0, 0.0, 1.0])))


@bce_with_logits.case("bce_with_logits-values")
def logits_between_zero_and_one(rng):
    z = rng.uniform(0.2, 0.8, size=2)
    return dict(z=tensor(z, requires_grad=True), y=tensor([0.0, 1.0]))


@bce_with_logits.case("bce_with_logits-large")
def sure_and_wrong(rng):
    z = [200.0, float(rng.uniform(1, 2)), float(rng.uniform(-2, -1))]
    return dict(z=tensor(z, requires_grad=True), y=tensor([0.0, 1.0, 1.0]))


@bce_with_logits.case("bce_with_logits-large")
def wrong_on_the_other_side(rng):
    z = [-200.0, float(rng.uniform(1, 2)), float(rng.uniform(-2, -1))]
    return dict(z=tensor(z, requires_grad=True), y=tensor([1.0, 1.0, 0.0]))


@bce_with_logits.case("bce_with_logits-large")
def sure_and_right(rng):
    return dict(z=tensor([-200.0, 200.0], requires_grad=True), y=tensor([0.0, 1.0]))


@bce_with_logits.case("bce_with_logits-symmetric")
def targets_in_between(rng):
    return outputs(rng, 7)


@bce_with_logits.case("bce_with_logits-symmetric")
def one_output(rng):
    return outputs(rng, 1)


@bce_with_logits.case("bce_with_logits-symmetric")
def a_table_of_outputs(rng):
    return dict(
        z=tensor(rng.normal(size=(2, 3)) + 3, requires_grad=True),
        y=tensor(rng.uniform(size=(2, 3))),
    )


@bce_with_logits.law("bce_with_logits-symmetric", on=targets_in_between)
def yes_for_no(f, new):
    """When all logits change their sign and yes and no change places, the loss must stay."""
    z, y = new()
    assert torch.allclose(f(z, y), f(-z, 1 - y), rtol=1e-4, atol=1e-6)


@bce_with_logits.law("bce_with_logits-symmetric", on=targets_in_between)
def linear_in_the_target(f, new):
    """Raising the targets must lower the loss by the mean of the logits times what was added."""
    z, y = new()
    lower = f(z, torch.zeros_like(y)) - (z * y).mean()
    assert torch.allclose(f(z, y), lower, rtol=1e-4, atol=1e-6)


def slope_along_z(f, new):
    """Going backward through the loss must leave (sigmoid(z) - y) / n in z.grad."""
    z, y = new()
    # Before the answer is asked, which might change what it is given.
    expected = (torch.sigmoid(z.detach()) - y) / y.numel()
    f(z, y).backward()
    assert torch.allclose(z.grad, expected, rtol=1e-3, atol=1e-6)


bce_with_logits.law("bce_with_logits-backward", on=targets_in_between)(slope_along_z)
bce_with_logits.law("bce_with_logits-backward", on=sure_and_wrong)(slope_along_z)
bce_with_logits.law("bce_with_logits-backward", on=wrong_on_the_other_side)(slope_along_z)


@bce_with_logits.right
def with_clamp(z, y):
    parts = z.clamp(min=0) - y * z + torch.log1p(torch.exp(-z.abs()))
    return parts.sum() / parts.numel()


@bce_with_logits.right
def with_the_library(z, y):
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y)


@bce_with_logits.right
def case_by_case(z, y):
    small = torch.exp(torch.where(z > 0, -z, z))
    return torch.mean(torch.where(z > 0, z, torch.zeros_like(z)) - z * y + torch.log(1 + small))


@bce_with_logits.wrong(
    25,
    "the logarithm of a probability is taken: at z = 200, 1 - p is exactly 0",
    experiment="print p and 1 - p for z = 200. Then use the last formula, which needs no p.",
)
def logarithm_of_probability(z, y):
    p = 1 / (1 + torch.exp(-z))
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


@bce_with_logits.wrong(
    25,
    "e^(-z) is computed for very negative z too, where it is too large for a number",
    experiment="print torch.exp(torch.tensor(200.)). Then use the formula with |z| in it.",
)
def overflows_on_the_left(z, y):
    return (z - z * y + torch.log(1 + torch.exp(-z))).mean()


@bce_with_logits.wrong(
    25,
    "e^z is computed for very large z too, where it is too large for a number",
    experiment="print torch.exp(torch.tensor(200.)). Then use the formula with |z| in it.",
)
def overflows_on_the_right(z, y):
    return (torch.log(1 + torch.exp(z)) - z * y).mean()


@bce_with_logits.wrong(
    None,
    "the bars around z are missing in the exponent, or max(z, 0) was kept without them",
    experiment="take one output, z = -1 and y = 0. The loss should be 0.3133.",
)
def forgets_the_bars(z, y):
    return (torch.relu(z) - z * y + torch.log(1 + torch.exp(-z))).mean()


@bce_with_logits.wrong(
    None,
    "the minus sign before |z| is missing, so that e^|z| grows too large",
    experiment="take one output, z = 1 and y = 0. The loss should be 1.3133.",
)
def forgets_the_minus_before_the_bars(z, y):
    return (torch.relu(z) - z * y + torch.log(1 + torch.exp(torch.abs(z)))).mean()


@bce_with_logits.wrong(
    17,
    "the losses of all outputs are summed up where their mean was asked for",
    experiment="give every output twice. A mean does not change, a sum doubles.",
)
def sum_of_losses(z, y):
    return (torch.relu(z) - z * y + torch.log(1 + torch.exp(-torch.abs(z)))).sum()


@bce_with_logits.wrong(
    None,
    "the losses are not averaged: one number was asked for, not one for each output",
    experiment="print the shape of the result.",
)
def one_loss_each(z, y):
    return torch.relu(z) - z * y + torch.log(1 + torch.exp(-torch.abs(z)))


@bce_with_logits.wrong(
    18,
    "the logits are taken for probabilities: the sigmoid is left out",
    experiment="which numbers does your logarithm get when z is negative?",
)
def logits_as_probabilities(z, y):
    return -(y * torch.log(z) + (1 - y) * torch.log(1 - z)).mean()


@bce_with_logits.wrong(
    20,
    "the sigmoid is applied twice: a formula that wants logits gets probabilities",
    experiment="take one output, z = 5 and y = 1. The loss should be close to 0.",
)
def sigmoid_twice(z, y):
    p = torch.sigmoid(z)
    return (torch.relu(p) - p * y + torch.log(1 + torch.exp(-torch.abs(p)))).mean()


@bce_with_logits.wrong(
    22,
    "the sign is turned around: a good prediction gets a low, negative number here",
    experiment="this loss is never negative. For z = 5 and y = 0 it should be 5.0067.",
)
def turned_around(z, y):
    return -(torch.relu(z) - z * y + torch.log(1 + torch.exp(-torch.abs(z)))).mean()


@bce_with_logits.wrong(
    23,
    "the targets are left out: the loss is the same for yes and for no",
    experiment="take z = 5. With y = 0 the loss should be 5.0067, with y = 1 only 0.0067.",
)
def forgets_targets(z, y):
    return (torch.relu(z) + torch.log(1 + torch.exp(-torch.abs(z)))).mean()


@bce_with_logits.wrong(
    32,
    "the result has lost its graph, by item(), detach(), no_grad() or a new torch.tensor(...)",
    experiment="call it with logits that require a gradient, and print the result's grad_fn.",
)
def cuts_the_graph(z, y):
    return with_clamp(z.detach(), y)


# The backward pass by hand: autograd is the judge

manual_gradients = Exercise(
    "manual_gradients",
    forbid=BY_HAND,
    instead="Write each step backward as a formula of your own.",
    experiment="take one input and one output, such as x=[2.], y=[1.], w=[[0.5]], b=[0.], and work "
    "out every step on paper.",
)


def network(rng, k, n, *, tracked=False, old=False, targets=None):
    """A network with k inputs and n outputs, generic numbers everywhere."""

    def parameter(*shape):
        grad = rng.normal(size=shape) + 2 if old else None
        return tensor(rng.normal(size=shape), requires_grad=tracked, grad=grad)

    return dict(
        x=tensor(rng.normal(size=k) + rng.choice([-2, 2])),
        y=tensor(rng.uniform(0.2, 0.9, size=n) if targets is None else targets),
        w=parameter(k, n),
        b=parameter(n),
    )


def seed_zero(*, tracked=False):
    """The network of the lesson's text."""
    numbers = torch.Generator().manual_seed(0)
    w, b = torch.randn(5, 3, generator=numbers), torch.randn(3, generator=numbers)
    return dict(
        x=tensor([1.0] * 5),
        y=tensor([0.0] * 3),
        w=tensor(w.numpy(), requires_grad=tracked),
        b=tensor(b.numpy(), requires_grad=tracked),
    )


def huge(rng, *, tracked=False):
    """A network whose logits are 200, -200, and an ordinary one."""
    x = rng.uniform(0.5, 2, size=2)
    z = [200.0, -200.0, float(rng.normal())]
    return dict(
        x=tensor(x),
        y=tensor(rng.uniform(0.2, 0.9, size=3)),
        w=tensor([[number / x.sum() for number in z]] * 2, requires_grad=tracked),
        b=tensor([0.5, -0.25, 0.75], requires_grad=tracked),
    )


@manual_gradients.case("manual_gradients-example")
def the_example(rng):
    return seed_zero()


@manual_gradients.case("manual_gradients-telling")
def three_inputs_two_outputs(rng):
    return network(rng, 3, 2)


@manual_gradients.case("manual_gradients-telling")
def two_inputs_five_outputs(rng):
    return network(rng, 2, 5, targets=rng.permutation([0.0, 1.0, 1.0, 0.0, 1.0]))


@manual_gradients.case("manual_gradients-large")
def large_logits(rng):
    return huge(rng)


@manual_gradients.case("manual_gradients-large")
def one_input_one_output(rng):
    return network(rng, 1, 1)


@manual_gradients.case("manual_gradients-large")
def square(rng):
    return network(rng, 3, 3)


@manual_gradients.law("manual_gradients-laws", on=three_inputs_two_outputs)
def scaled(f, new):
    """With x twice as large and w half as large z stays: grad_w must double, grad_b must stay."""
    x, y, w, b = new()
    other = (2 * x, y.clone(), w / 2, b.clone())
    for_the_contrary = (x.clone(), 1 - y, w.clone(), b.clone())
    grad_w, grad_b = f(x, y, w, b)
    scaled_w, scaled_b = f(*other)
    # What does not look at the target at all stays, too.
    assert not torch.allclose(f(*for_the_contrary)[0], grad_w, rtol=1e-3, atol=1e-5)
    assert torch.allclose(scaled_w, 2 * grad_w, rtol=1e-3, atol=1e-5)
    assert torch.allclose(scaled_b, grad_b, rtol=1e-3, atol=1e-5)


@manual_gradients.law("manual_gradients-laws", on=three_inputs_two_outputs)
def shifted(f, new):
    """What is taken from b may be added through w: z stays, and so must both gradients."""
    x, y, w, b = new()
    grad_w, grad_b = f(x, y, w, b)
    shifted_w, shifted_b = f(x, y, w + torch.outer(x, b) / (x * x).sum(), b - b)
    assert torch.allclose(shifted_w, grad_w, rtol=1e-3, atol=1e-5)
    assert torch.allclose(shifted_b, grad_b, rtol=1e-3, atol=1e-5)


@manual_gradients.oracle
def by_the_engine(x, y, w, b):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(torch.matmul(x, w) + b, y)
    return torch.autograd.grad(loss, (w, b))


@manual_gradients.right
def with_broadcasting(x, y, w, b):
    p = torch.sigmoid((x.reshape(-1, 1) * w).sum(dim=0) + b)
    g = (p - y) / y.numel()
    return x.reshape(-1, 1) * g, g


@manual_gradients.right
def weight_by_weight(x, y, w, b):
    grad_w, grad_b = torch.zeros_like(w), torch.zeros_like(b)
    for j in range(len(y)):
        z = b[j] + (x * w[:, j]).sum()
        grad_b[j] = (torch.sigmoid(z) - y[j]) / len(y)
        for i in range(len(x)):
            grad_w[i, j] = x[i] * grad_b[j]
    return grad_w, grad_b


def logits(x, w, b):
    """The network's outputs, for the wrong answers below."""
    return torch.matmul(x, w) + b


@manual_gradients.wrong(
    17,
    "the division by n is missing: the loss is a mean over the n outputs, not a sum",
    experiment="look at the ratio of your numbers to the right ones. Is it the number of outputs?",
)
def forgets_n(x, y, w, b):
    g = torch.sigmoid(logits(x, w, b)) - y
    return torch.outer(x, g), g


@manual_gradients.wrong(
    17,
    "the sum is divided by the number of inputs instead of the number of outputs",
    experiment="the mean is taken over the numbers in z. How many are there?",
)
def divides_by_inputs(x, y, w, b):
    g = (torch.sigmoid(logits(x, w, b)) - y) / len(x)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    18,
    "the sigmoid is left out: z - y stands where sigmoid(z) - y should",
    experiment="no entry of sigmoid(z) - y can be larger than 1 in size. Print yours.",
)
def forgets_the_sigmoid(x, y, w, b):
    g = (logits(x, w, b) - y) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    19,
    "the slope of the sigmoid is multiplied in once more, and a factor 2, as for a squared error",
    experiment="read the derivation again: the slope of the loss along z is already complete.",
)
def squared_error_habit(x, y, w, b):
    p = torch.sigmoid(logits(x, w, b))
    g = 2 * (p - y) * p * (1 - p) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    19,
    "the slope of the sigmoid, p * (1 - p), is multiplied in once more",
    experiment="read the derivation again: the slope of the loss along z is already complete.",
)
def extra_slope(x, y, w, b):
    p = torch.sigmoid(logits(x, w, b))
    g = (p - y) * p * (1 - p) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    20,
    "the sigmoid is applied twice",
    experiment="print p. Numbers from a sigmoid of a sigmoid all lie between 0.5 and 0.7311.",
)
def sigmoid_of_sigmoid(x, y, w, b):
    g = (torch.sigmoid(torch.sigmoid(logits(x, w, b))) - y) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    21,
    "softmax is used, which makes the outputs add up to 1, where each output stands alone",
    experiment="add up n * grad_b + y. With softmax that is always 1.",
)
def softmax_for_sigmoid(x, y, w, b):
    g = (torch.softmax(logits(x, w, b), dim=0) - y) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    22,
    "the sign is turned around: target minus prediction",
    experiment="with targets of 0, more z means more loss. So grad_b should be positive.",
)
def target_minus_prediction(x, y, w, b):
    g = (y - torch.sigmoid(logits(x, w, b))) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    23,
    "the target is left out, which only shows where y is not 0",
    experiment="call it twice, with y of zeros and y of ones. The results should differ.",
)
def forgets_the_target(x, y, w, b):
    g = torch.sigmoid(logits(x, w, b)) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    24,
    "the input is left out of grad_w, so that all its rows are the same",
    experiment="set one input to 0. Its weights have no effect: their gradient should be 0.",
)
def forgets_the_input(x, y, w, b):
    g = (torch.sigmoid(logits(x, w, b)) - y) / len(y)
    return torch.outer(torch.ones_like(x), g), g


@manual_gradients.wrong(
    None,
    "grad_w is transposed: its rows belong to the inputs, its columns to the outputs",
    experiment="print the shapes of w and of grad_w. They should be the same.",
)
def transposes(x, y, w, b):
    g = (torch.sigmoid(logits(x, w, b)) - y) / len(y)
    return torch.outer(g, x), g


@manual_gradients.wrong(
    None,
    "the pair is in the wrong order: the gradient along w comes first",
    experiment="print the shapes of both. The first should be that of w.",
)
def wrong_order(x, y, w, b):
    g = (torch.sigmoid(logits(x, w, b)) - y) / len(y)
    return g, torch.outer(x, g)


@manual_gradients.wrong(
    None,
    "the offset b is left out of the forward pass",
    experiment="call it twice with different b. The results should differ.",
)
def forgets_b(x, y, w, b):
    g = (torch.sigmoid(torch.matmul(x, w)) - y) / len(y)
    return torch.outer(x, g), g


@manual_gradients.wrong(
    25,
    "the sigmoid divides a huge number by a huge number for large z, and inf / inf is no number",
    experiment="print torch.exp(torch.tensor(200.)). Then use 1 / (1 + torch.exp(-z)).",
)
def unstable_sigmoid(x, y, w, b):
    e = torch.exp(logits(x, w, b))
    g = (e / (1 + e) - y) / len(y)
    return torch.outer(x, g), g


# The same by autograd

autograd_gradients = Exercise(
    "autograd_gradients",
    experiment="print w.grad before you call your function, and after. Which part is new?",
)


@autograd_gradients.case("autograd_gradients-example")
def the_example_tracked(rng):
    return seed_zero(tracked=True)


@autograd_gradients.case("autograd_gradients-telling")
def telling(rng):
    return network(rng, 3, 2, tracked=True)


@autograd_gradients.case("autograd_gradients-telling")
def huge_logits(rng):
    return huge(rng, tracked=True)


@autograd_gradients.case("autograd_gradients-old")
def old_gradients(rng):
    return network(rng, 2, 3, tracked=True, old=True)


@autograd_gradients.law("autograd_gradients-old", on=telling)
def again(f, new):
    """Called twice with the same arguments, it must return the same gradients twice."""
    arguments = new()
    first = [g.clone() for g in f(*arguments)]
    second = f(*arguments)
    assert all(torch.allclose(a, b) for a, b in zip(first, second, strict=True))


@autograd_gradients.right
def with_grad(x, y, w, b):
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y)
    grad_w, grad_b = torch.autograd.grad(loss, [w, b])
    return grad_w, grad_b


@autograd_gradients.right
def with_zeros(x, y, w, b):
    for p in (w, b):
        if p.grad is not None:
            p.grad.zero_()
    with_clamp(torch.matmul(x, w) + b, y).backward()
    return w.grad, b.grad


def library_loss(z, y):
    """The loss from the library, for the wrong answers below."""
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y)


@autograd_gradients.wrong(
    1,
    "gradients from before are not removed, so that the new ones are added to them",
    experiment="call your function twice in a row. The second result should equal the first.",
)
def adds_to_old(x, y, w, b):
    library_loss(torch.matmul(x, w) + b, y).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    6,
    "zero_() is called on a gradient that is None",
    experiment="print w.grad before the first backward(). What can be done with None?",
)
def zeroes_none(x, y, w, b):
    w.grad.zero_()
    b.grad.zero_()
    library_loss(torch.matmul(x, w) + b, y).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    3,
    "the gradients are set to zero after backward() and before they are returned",
    experiment="print w.grad directly after backward(), and again before the return.",
)
def zeroes_afterwards(x, y, w, b):
    w.grad = b.grad = None
    library_loss(torch.matmul(x, w) + b, y).backward()
    w.grad.zero_()
    b.grad.zero_()
    return w.grad, b.grad


@autograd_gradients.wrong(
    20,
    "a sigmoid is applied to z before the loss, which applies its own: it wants logits",
    experiment="leave the sigmoid out: `with_logits` in the loss's name says that it is in there.",
)
def sigmoid_before_the_loss(x, y, w, b):
    w.grad = b.grad = None
    library_loss(torch.sigmoid(torch.matmul(x, w) + b), y).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    20,
    "your own sigmoid is applied to z before the loss, which applies its own: it wants logits",
    experiment="leave the sigmoid out: `with_logits` in the loss's name says that it is in there.",
)
def own_sigmoid_before_the_loss(x, y, w, b):
    w.grad = b.grad = None
    library_loss(1 / (1 + torch.exp(-(torch.matmul(x, w) + b))), y).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    17,
    "the loss is summed up over the outputs where its mean was asked for",
    experiment="look at the ratio of your numbers to the right ones. Is it the number of outputs?",
)
def sums_the_loss(x, y, w, b):
    w.grad = b.grad = None
    (library_loss(torch.matmul(x, w) + b, y) * len(y)).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    22,
    "the sign is turned around: backward() starts from minus the loss",
    experiment="with targets of 0, more z means more loss. So the gradient along b is positive.",
)
def minus_the_loss(x, y, w, b):
    w.grad = b.grad = None
    (-library_loss(torch.matmul(x, w) + b, y)).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    23,
    "the targets are left out: zeros stand in their place",
    experiment="call it twice, with y of zeros and y of ones. The results should differ.",
)
def zeros_for_targets(x, y, w, b):
    w.grad = b.grad = None
    library_loss(torch.matmul(x, w) + b, torch.zeros_like(y)).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    25,
    "the loss is computed from probabilities, whose logarithm breaks for large z",
    experiment="print your loss for z = 200 and y = 0. It should be 200.",
)
def loss_from_probabilities(x, y, w, b):
    w.grad = b.grad = None
    logarithm_of_probability(torch.matmul(x, w) + b, y).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    32,
    "the graph is cut between the parameters and the loss, by detach(), no_grad() or item()",
    experiment="print loss.requires_grad before backward(). It should be True.",
)
def cut_off(x, y, w, b):
    w.grad = b.grad = None
    library_loss((torch.matmul(x, w) + b).detach(), y).backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    35,
    "loss has become a Python number by item() before backward() is called on it",
    experiment="print type(loss) before backward(). Only a tensor remembers how it was made.",
)
def number_before_backward(x, y, w, b):
    w.grad = b.grad = None
    library_loss(torch.matmul(x, w) + b, y).item().backward()
    return w.grad, b.grad


@autograd_gradients.wrong(
    None,
    "backward() is never called, so that there are no gradients",
    experiment="print w.grad before the return. Who should have filled it?",
)
def never_goes_backward(x, y, w, b):
    w.grad = b.grad = None
    library_loss(torch.matmul(x, w) + b, y)
    return w.grad, b.grad


@autograd_gradients.wrong(
    None,
    "the result of backward() is returned, which is None: the gradients are in w.grad and b.grad",
    experiment="print what loss.backward() returns.",
)
def returns_what_backward_returns(x, y, w, b):
    return library_loss(torch.matmul(x, w) + b, y).backward()


# Looking back

recall_adding = Question(
    "recall_adding",
    answers=(4,),
    explain="2 and 5 made 7; zero_() wiped them out; then came 4.",
    experiment="write down p.grad after each of the four steps.",
    wrong={
        11: "zero_() wipes out what was there.",
        7: "That is the sum before zero_().",
        9: "zero_() wipes out the whole sum, not only its first part.",
        0: "zero_() is not the last step: one more backward() follows.",
    },
)

recall_update = Question(
    "recall_update",
    answers=("b",),
    explain="In place, so that it stays the same leaf; under no_grad, so that the step is not "
    "recorded.",
    experiment="try all four in a new cell, and print p.requires_grad, p.is_leaf after each.",
    wrong={
        "a": "The engine refuses: such a leaf cannot be changed in place while operations are "
        "recorded.",
        "c": "`=` binds the name to a new tensor. Made under no_grad, what is its requires_grad?",
        "d": "`=` binds the name to the result of a recorded operation. Is that a leaf?",
    },
)

recall_second_backward = Question(
    "recall_second_backward",
    answers=(False,),
    explain="Additions and sums save nothing in the forward pass, so there is nothing to free.",
    experiment="try it in a new cell. Then try it with (t * t).sum().",
    wrong={True: "What is freed are saved values. Does an addition need any to go backward?"},
)
