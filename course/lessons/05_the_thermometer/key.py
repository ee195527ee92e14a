"""The answer key of "The thermometer"."""

import autograd_lib as torch
from course.key import BY_HAND, Exercise, Question, tensor

CELSIUS = [0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21]
READINGS = [35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4]
TENTHS = [reading / 10 for reading in READINGS]

predict_directions = Question(
    "predict_directions",
    answers=("b",),
    explain="At every reading the line is too high. A smaller w lowers it, since all readings are "
    "positive, and so does a smaller b.",
    experiment="draw the line for w = 0.9, b = 0, then for w = 1, b = -5. Which comes closer?",
    wrong={
        "a": "That lifts a line which is already too high.",
        "c": "Lowering b helps. But all readings are positive: what does a larger w do to a line "
        "that is too high?",
        "d": "Lowering w helps. But what does a larger b do to a line that is too high?",
    },
)


# The model

model = Exercise(
    "model",
    sees=["result", "result.requires_grad"],
    experiment="model(torch.tensor([1., 2.]), 3., 10.) should be tensor([13., 16.]).",
)


def one_number(rng, **flags):
    """A parameter: a tensor with one number, neither 0 nor 1."""
    return tensor(rng.uniform(1.5, 3) * rng.choice([-1, 1]), **flags)


@model.case("model-line")
def tracked_parameters(rng):
    return dict(
        t_u=tensor(rng.normal(size=5)),
        w=one_number(rng, requires_grad=True),
        b=one_number(rng, requires_grad=True),
    )


@model.case("model-shapes")
def column_of_readings(rng):
    return dict(
        t_u=tensor(rng.normal(size=(3, 1))),
        w=one_number(rng, requires_grad=True),
        b=one_number(rng),
    )


@model.case("model-shapes")
def one_reading_and_plain_numbers(rng):
    return dict(
        t_u=tensor(rng.normal()),
        w=float(rng.uniform(1.5, 3)),
        b=float(rng.uniform(-3, -1.5)),
    )


@model.case("model-shapes")
def no_reading(rng):
    return dict(t_u=tensor(rng.normal(size=0)), w=one_number(rng), b=one_number(rng))


@model.right
def offset_first(t_u, w, b):
    return b + t_u * w


@model.right
def with_functions(t_u, w, b):
    slope = torch.mul(t_u, w)
    return torch.add(slope, b)


@model.wrong(
    None,
    "the offset b is left out",
    experiment="model(torch.tensor([0.]), 3., 10.): where the reading is 0, the line is at b.",
)
def forgets_b(t_u, w, b):
    return w * t_u


@model.wrong(
    None,
    "b is subtracted instead of added",
    experiment="model(torch.tensor([0.]), 3., 10.) should be 10: where the reading is 0, the line "
    "is at b.",
)
def subtracts_b(t_u, w, b):
    return w * t_u - b


@model.wrong(
    None,
    "w and b have changed places",
    experiment="model(torch.tensor([0.]), 3., 10.) should be 10: where the reading is 0, the line "
    "is at b.",
)
def swaps_w_and_b(t_u, w, b):
    return b * t_u + w


@model.wrong(
    None,
    "b is added to the reading before w multiplies it",
    experiment="model(torch.tensor([1.]), 3., 10.) should be 13. Where do your brackets stand?",
)
def adds_b_first(t_u, w, b):
    return w * (t_u + b)


@model.wrong(
    32,
    "the result has lost its graph, by item(), detach(), no_grad() or a new torch.tensor(...)",
    experiment="call it with w = torch.tensor(2., requires_grad=True), and print the result's "
    "grad_fn. It should not be None.",
)
def loses_the_graph(t_u, w, b):
    return (w * t_u + b).detach()


# The loss

loss_fn = Exercise(
    "loss_fn",
    sees=["result", "result.requires_grad"],
    experiment="loss_fn(torch.tensor([1., 5.]), torch.tensor([2., 2.])) should be 5: the errors "
    "are -1 and 3, their squares 1 and 9.",
)


@loss_fn.case("loss_fn-flat")
def flat_predictions(rng):
    return dict(
        t_p=tensor(rng.normal(size=5), requires_grad=True),
        t_c=tensor(rng.normal(size=5)),
    )


@loss_fn.case("loss_fn-column")
def column_of_predictions(rng):
    return dict(
        t_p=tensor(rng.normal(size=(3, 1)), requires_grad=True),
        t_c=tensor(rng.normal(size=3)),
    )


@loss_fn.case("loss_fn-single")
def single_prediction(rng):
    return dict(t_p=tensor(rng.normal(size=1)), t_c=tensor(rng.normal(size=1)))


@loss_fn.case("loss_fn-single")
def double_precision(rng):
    return dict(
        t_p=tensor(rng.normal(size=(7, 1)), dtype="float64", requires_grad=True),
        t_c=tensor(rng.normal(size=7), dtype="float64"),
    )


@loss_fn.right
def with_mse_loss(t_p, t_c):
    return torch.nn.functional.mse_loss(t_p.reshape(t_c.shape), t_c)


@loss_fn.right
def sum_over_number(t_p, t_c):
    difference = t_c - t_p.flatten()
    return (difference * difference).sum() / len(t_c)


@loss_fn.wrong(
    26,
    "a column of n predictions is subtracted as it is, which makes n times n differences",
    experiment="print (t_p - t_c).shape for 3 predictions in a column. There should be 3 errors.",
)
def subtracts_a_column(t_p, t_c):
    return ((t_p - t_c) ** 2).mean()


@loss_fn.wrong(
    17,
    "the squares are summed up where their mean was asked for",
    experiment="give every reading twice. A mean does not change, a sum doubles.",
)
def sum_for_mean(t_p, t_c):
    return ((t_p.reshape(-1) - t_c) ** 2).sum()


@loss_fn.wrong(
    17,
    "the squares are summed up where their mean was asked for; besides, a column of predictions is "
    "not made flat",
    experiment="give every reading twice. A mean does not change, a sum doubles.",
)
def sum_for_mean_and_column(t_p, t_c):
    return ((t_p - t_c) ** 2).sum()


@loss_fn.wrong(
    None,
    "the errors are not squared, so that those above and below cancel",
    experiment="take the errors -3 and 3. Your loss says 0, which would mean: perfect.",
)
def forgets_to_square(t_p, t_c):
    return (t_p.reshape(-1) - t_c).mean()


@loss_fn.wrong(
    None,
    "the mean of the absolute errors is taken, not of their squares",
    experiment="take the errors 1 and 3. The mean of the squares is 5, not 2.",
)
def absolute_errors(t_p, t_c):
    return (t_p.reshape(-1) - t_c).abs().mean()


@loss_fn.wrong(
    None,
    "the mean of the errors is squared, instead of the mean of the squares taken",
    experiment="take the errors -3 and 3. First square, then take the mean: 9.",
)
def squares_the_mean(t_p, t_c):
    return (t_p.reshape(-1) - t_c).mean() ** 2


@loss_fn.wrong(
    None,
    "the square root of the loss is taken",
    experiment="take the errors 1 and 3. The mean of 1 and 9 is 5: nothing more is to be done.",
)
def root_of_the_mean(t_p, t_c):
    return ((t_p.reshape(-1) - t_c) ** 2).mean().sqrt()


@loss_fn.wrong(
    32,
    "the result has lost its graph, by item(), detach(), no_grad() or a new torch.tensor(...)",
    experiment="call it with predictions that require a gradient, and print the result's grad_fn.",
)
def loss_without_graph(t_p, t_c):
    return ((t_p.detach().reshape(-1) - t_c) ** 2).mean()


# Slopes by hand: autograd is the judge

slopes_by_hand = Exercise(
    "slopes_by_hand",
    tolerance=(2e-4, 2e-5),
    any_number_type=True,
    forbid=BY_HAND,
    instead="Write the two slopes as formulas: the derivatives of the mean of squares.",
    experiment="measure: how much does the loss change when w changes by 0.1? And b?",
)


@slopes_by_hand.case("slopes_by_hand-thermometer")
def first_guess(rng):
    return dict(w=1.0, b=0.0, t_u=tensor(READINGS), t_c=tensor(CELSIUS))


@slopes_by_hand.case("slopes_by_hand-thermometer")
def another_guess(rng):
    return readings(rng, 3)


@slopes_by_hand.case("slopes_by_hand-other_data", draws=2)
def seven_readings(rng):
    return readings(rng, 7)


@slopes_by_hand.case("slopes_by_hand-other_data")
def one_reading(rng):
    return readings(rng, 1)


def readings(rng, n):
    """A line and n readings that are not on it."""
    return dict(
        w=float(rng.uniform(0.5, 2)),
        b=float(rng.uniform(-2, -0.5)),
        t_u=tensor(rng.normal(size=n) + 1),
        t_c=tensor(rng.normal(size=n) - 1),
    )


@slopes_by_hand.oracle
def slopes_by_autograd(w, b, t_u, t_c):
    params = torch.tensor([w, b], requires_grad=True)
    ((params[0] * t_u + params[1] - t_c) ** 2).mean().backward()
    return params.grad


@slopes_by_hand.right
def sums_over_number(w, b, t_u, t_c):
    n = len(t_u)
    outer = 2 * (w * t_u + b - t_c) / n
    return [(outer * t_u).sum(), outer.sum()]


@slopes_by_hand.right
def one_after_the_other(w, b, t_u, t_c):
    slope_w = slope_b = 0.0
    for u, c in zip(t_u.tolist(), t_c.tolist(), strict=True):
        e = w * u + b - c
        slope_w += 2 * e * u / len(t_u)
        slope_b += 2 * e / len(t_u)
    return slope_w, slope_b


@slopes_by_hand.wrong(
    17,
    "the slopes of all readings are summed up where their mean was asked for",
    experiment="give every reading twice. The slopes should not change.",
)
def sums_slopes(w, b, t_u, t_c):
    e = w * t_u + b - t_c
    return (2 * e * t_u).sum(), (2 * e).sum()


@slopes_by_hand.wrong(
    None,
    "the factor 2, the slope of squaring, is left out",
    experiment="the slope of e squared at e = 3 is 6. Measure it, if you do not believe it.",
)
def forgets_the_two(w, b, t_u, t_c):
    e = w * t_u + b - t_c
    return (e * t_u).mean(), e.mean()


@slopes_by_hand.wrong(
    22,
    "the sign is turned around: the slopes point downhill",
    experiment="at w=1., b=0. the loss grows with w. So its slope is positive. In which order do "
    "you subtract prediction and truth?",
)
def turns_the_sign(w, b, t_u, t_c):
    e = t_c - (w * t_u + b)
    return (2 * e * t_u).mean(), (2 * e).mean()


@slopes_by_hand.wrong(
    None,
    "the slope along w lacks its last factor, t_u, so that both slopes are the same",
    experiment="when w grows by 1, how much does w * u grow, for u = 35.7?",
)
def forgets_the_reading(w, b, t_u, t_c):
    e = w * t_u + b - t_c
    return (2 * e).mean(), (2 * e).mean()


@slopes_by_hand.wrong(
    None,
    "the slope along b is multiplied with t_u as well",
    experiment="when b grows by 1, how much does w * u + b grow? Does it depend on u?",
)
def multiplies_b_too(w, b, t_u, t_c):
    e = w * t_u + b - t_c
    return (2 * e * t_u).mean(), (2 * e * t_u).mean()


@slopes_by_hand.wrong(
    23,
    "the true values t_c are left out: the predictions stand where the errors should",
    experiment="call it with t_c equal to the predictions. Both slopes should be 0.",
)
def forgets_the_target(w, b, t_u, t_c):
    p = w * t_u + b
    return (2 * p * t_u).mean(), (2 * p).mean()


@slopes_by_hand.wrong(
    None,
    "the offset b is left out of the errors",
    experiment="call it twice with different b. The slopes should differ.",
)
def forgets_the_offset(w, b, t_u, t_c):
    e = w * t_u - t_c
    return (2 * e * t_u).mean(), (2 * e).mean()


@slopes_by_hand.wrong(
    None,
    "two means are multiplied: of a product, the mean must be taken last",
    experiment="take the errors 1 and -1 with the readings 1 and 3. The mean of 1 and -3 is -1.",
)
def multiplies_means(w, b, t_u, t_c):
    e = w * t_u + b - t_c
    return (2 * e).mean() * t_u.mean(), (2 * e).mean()


@slopes_by_hand.wrong(
    None,
    "the pair is in the wrong order: w comes first",
    experiment="print both. At w=1., b=0., with the eleven readings, the larger one belongs to w.",
)
def swaps_the_pair(w, b, t_u, t_c):
    e = w * t_u + b - t_c
    return (2 * e).mean(), (2 * e * t_u).mean()


# The training loop

training_loop = Exercise(
    "training_loop",
    sees=["result", "params", "params.requires_grad", "params.is_leaf"],
    tolerance=(2e-4, 2e-5),
    experiment="see that the checks of model and loss_fn pass: the loop uses both. Then train for "
    "two epochs, and print params and params.grad after every line.",
)


def run(rng, n_epochs, n, grad=None):
    """A few epochs on n readings; the rate is small enough for the loss to go down."""
    return dict(
        n_epochs=n_epochs,
        learning_rate=0.05,
        params=tensor(rng.uniform(0.5, 2, size=2), requires_grad=True, grad=grad),
        t_u=tensor(rng.normal(size=n) + 0.5),
        t_c=tensor(3 * rng.normal(size=n) - 1),
    )


@training_loop.case("training_loop-one_epoch")
def one_epoch(rng):
    return run(rng, 1, 3)


@training_loop.case("training_loop-thermometer")
def ten_epochs(rng):
    return dict(
        n_epochs=10,
        learning_rate=0.01,
        params=tensor([1.0, 0.0], requires_grad=True),
        t_u=tensor(TENTHS),
        t_c=tensor(CELSIUS),
    )


@training_loop.case("training_loop-other_data")
def five_epochs(rng):
    return run(rng, 5, 7)


@training_loop.case("training_loop-other_data")
def no_epoch(rng):
    return run(rng, 0, 2)


@training_loop.case("training_loop-old_gradient")
def has_a_gradient(rng):
    return run(rng, 3, 5, grad=rng.normal(size=2) + 3)


@training_loop.law("training_loop-continues", on=five_epochs)
def two_parts_make_one(f, new):
    """Training for some epochs, then calling again for some more, must be the same as one call."""
    n, rate, params, t_u, t_c = new()
    start = params.detach().clone()
    whole = start.clone().requires_grad_()
    history = f(2, rate, params, t_u, t_c) + f(3, rate, params, t_u, t_c)
    expected = f(n, rate, whole, t_u, t_c)
    # Else whoever trains nothing could be interrupted as well.
    assert len(expected) == n and abs(expected[0] - expected[-1]) > 1e-3
    assert not torch.equal(whole.detach(), start)
    assert torch.allclose(torch.tensor(history), torch.tensor(expected), rtol=1e-4, atol=1e-5)
    assert torch.allclose(params.detach(), whole.detach(), rtol=1e-4, atol=1e-5)


def loss_of(params, t_u, t_c):
    """The loss of the line that `params` holds, for the answers below."""
    return ((params[0] * t_u + params[1] - t_c) ** 2).mean()


@training_loop.right
def zeroes_before_backward(n_epochs, learning_rate, params, t_u, t_c):
    losses = []
    for _epoch in range(1, n_epochs + 1):
        w, b = params
        loss = torch.nn.functional.mse_loss(w * t_u + b, t_c)
        params.grad = None
        loss.backward()
        with torch.no_grad():
            params.sub_(learning_rate * params.grad)
        losses += [float(loss)]
    return losses


@training_loop.right
def zeroes_at_both_ends(n_epochs, learning_rate, params, t_u, t_c):
    history = [0.0] * n_epochs
    params.grad = torch.zeros_like(params)
    for epoch in range(n_epochs):
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        with torch.no_grad():
            params += -learning_rate * params.grad
            params.grad.zero_()
        history[epoch] = loss.item()
    return history


@training_loop.right
def without_grad_attribute(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    while len(history) < n_epochs:
        loss = loss_of(params, t_u, t_c)
        (slopes,) = torch.autograd.grad(loss, params)
        params.detach().sub_(learning_rate * slopes)
        history.append(loss.item())
    return history


@training_loop.wrong(
    1,
    "the gradient is never set to zero, so that every update uses the sum of all slopes so far",
    experiment="print params.grad in every epoch, and compare it with your slopes_by_hand.",
)
def never_zeroes(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params -= learning_rate * params.grad
    return history


@training_loop.wrong(
    1,
    "the gradient is set to zero after every update, but not before the first one: a gradient "
    "from before the call is added in",
    experiment="call backward() once on some loss of params, then train for one epoch.",
)
def zeroes_only_afterwards(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params -= learning_rate * params.grad
        params.grad.zero_()
    return history


@training_loop.wrong(
    3,
    "the gradient is set to zero between backward() and the update, so that params never moves",
    experiment="print params.grad just before the update. It should not be zero.",
)
def zeroes_too_late(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        params.grad.zero_()
        with torch.no_grad():
            params -= learning_rate * params.grad
    return history


@training_loop.wrong(
    6,
    "zero_() is called on a gradient that is None",
    experiment="print params.grad before the first epoch. Then see the `if` in Trap one.",
)
def zeroes_none(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad.zero_()
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params -= learning_rate * params.grad
    return history


@training_loop.wrong(
    22,
    "params moves along the slope instead of against it: uphill",
    experiment="print the history. The losses should shrink.",
)
def climbs(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad = None
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params += learning_rate * params.grad
    return history


@training_loop.wrong(
    27,
    "params is bound to a new tensor under no_grad: the new one requires no gradient, and the "
    "caller's params never changes",
    experiment="print params.requires_grad after the update. Write `-=` in place of `= ... -`.",
)
def rebinds_under_no_grad(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        if params.grad is not None:
            params.grad.zero_()
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params = params - learning_rate * params.grad
    return history


@training_loop.wrong(
    27,
    "params is bound to a new tensor under no_grad, which has no gradient to set to zero",
    experiment="print params.grad after the update. Then write `-=` in place of `= ... -`.",
)
def rebinds_under_no_grad_then_zeroes(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params = params - learning_rate * params.grad
        params.grad.zero_()
    return history


@training_loop.wrong(
    27,
    "params is bound to a new tensor in every epoch, which is told to require gradients again: "
    "training goes on, but the caller's params never changes",
    experiment="print params after the call. Then write `-=` in place of `= ... -`.",
)
def rebinds_and_requires_again(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    params.grad = None
    for _ in range(n_epochs):
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        params = (params - learning_rate * params.grad).detach().requires_grad_()
    return history


@training_loop.wrong(
    28,
    "params is bound to the result of a recorded subtraction: that is no leaf, and its .grad stays "
    "None",
    experiment="print params.is_leaf after the update. Put the update inside no_grad, with `-=`.",
)
def rebinds_tracked(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        if params.grad is not None:
            params.grad.zero_()
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        params = params - learning_rate * params.grad
    return history


@training_loop.wrong(
    29,
    "params is updated in place outside no_grad, which the engine refuses for a leaf",
    experiment="put the line with the update inside `with torch.no_grad():`.",
)
def in_place_tracked(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad = None
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        params -= learning_rate * params.grad
    return history


@training_loop.wrong(
    35,
    "the history holds the loss tensors themselves, and with them the graphs of all epochs",
    experiment="print type(history[0]). Which method makes a Python number of a tensor?",
)
def keeps_tensors(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad = None
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss)
        with torch.no_grad():
            params -= learning_rate * params.grad
    return history


@training_loop.wrong(
    35,
    "loss has become a Python number by item() before backward() is called on it",
    experiment="print type(loss) before backward(). Take the number for the history afterwards.",
)
def item_before_backward(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad = None
        loss = loss_of(params, t_u, t_c).item()
        loss.backward()
        history.append(loss)
        with torch.no_grad():
            params -= learning_rate * params.grad
    return history


@training_loop.wrong(
    None,
    "the history holds the losses after the updates: that of the untrained line is missing",
    experiment="the first entry should be the loss of the params that came in.",
)
def notes_after_the_update(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad = None
        loss_of(params, t_u, t_c).backward()
        with torch.no_grad():
            params -= learning_rate * params.grad
        history.append(loss_of(params, t_u, t_c).item())
    return history


@training_loop.wrong(
    None,
    "the function ends inside the loop, after the first epoch",
    experiment="train for two epochs, and print len(history). How far in does `return` stand?",
)
def returns_too_early(n_epochs, learning_rate, params, t_u, t_c):
    history = []
    for _ in range(n_epochs):
        params.grad = None
        loss = loss_of(params, t_u, t_c)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            params -= learning_rate * params.grad
        return history
    return history


@training_loop.wrong(
    None,
    "params is returned instead of the history",
    experiment="read the first sentence of the docstring: what should come back?",
)
def returns_params(n_epochs, learning_rate, params, t_u, t_c):
    for _ in range(n_epochs):
        params.grad = None
        loss_of(params, t_u, t_c).backward()
        with torch.no_grad():
            params -= learning_rate * params.grad
    return params


@training_loop.wrong(
    None,
    "there is no `return`, so that the history is lost",
    experiment="end the function with `return history`, outside the loop.",
)
def returns_nothing(n_epochs, learning_rate, params, t_u, t_c):
    returns_params(n_epochs, learning_rate, params, t_u, t_c)


# Looking back

recall_measured = Question(
    "recall_measured",
    answers=(6,),
    explain="12.25 - 6.25 is 6. For a parabola, equal steps to both sides give the slope exactly, "
    "2x, however long they are.",
    experiment="type (3.5**2 - 2.5**2) / 1.",
    wrong={
        9: "That is f(3) itself, not its slope.",
        3: "You may have divided by 2. The distance between 2.5 and 3.5 is 1.",
        6.5: "That is the slope from 3 to 3.5 alone, one step to the right.",
        5.5: "That is the slope from 2.5 to 3 alone, one step to the left.",
    },
)

recall_shared = Question(
    "recall_shared",
    answers=(7,),
    explain="Each use brings its slope, and they add up: 3 + 3 + 1.",
    experiment="measure it: y at 3.1 minus y at 2.9, divided by 0.2.",
    wrong={
        6: "That is the slope of a * a. The last `+ a` brings one more.",
        4: "a * a uses a twice: 3 from the left one, 3 from the right one.",
        3: "That is one of the three uses. Their slopes add up.",
        1: "That is the last of the three uses. Their slopes add up.",
        12: "That is y itself.",
    },
)

recall_target = Question(
    "recall_target",
    answers=("b",),
    explain="Only leaves that require a gradient collect one. Nobody asked for this one.",
    experiment="print t_c.requires_grad and t_c.grad.",
    wrong={
        "a": "Zeros would have to be put there by somebody. Was there anybody?",
        "c": "It would be, if t_c required a gradient. What is t_c.requires_grad?",
    },
)
