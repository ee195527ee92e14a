"""The answer key of "Turning it off"."""

import itertools

import autograd_lib as torch
from course.key import Exercise, Question, function, graph, program, tensor

predict_detached = Question(
    "predict_detached",
    answers=(2,),
    explain="The detached factor counts as the constant 2. The slope of 2 * x is 2.",
    experiment="try it in a new cell.",
    wrong={
        4: "That is the slope of x * x. One of the two factors has no past here.",
        0: "One of the two factors still has its past.",
        1: "The slope of `constant * x` is the constant.",
    },
)


def leaf(rng, *shape):
    """A parameter with random numbers."""
    return tensor(rng.normal(size=shape), requires_grad=True)


# Predictions

predict = Exercise(
    "predict",
    sees=["result", "result.requires_grad", "is_grad_enabled_afterwards"],
    experiment="w = torch.tensor(2., requires_grad=True); out = predict(lambda x: w * x, "
    "torch.tensor(3.)). Print out, and out.requires_grad.",
)


@predict.case("predict-flags")
def a_model_with_a_parameter(rng):
    return dict(model=function("torch.exp(w * x)", w=leaf(rng, 3)), x=tensor(rng.normal(size=3)))


@predict.case("predict-flags")
def an_input_that_requires_gradients(rng):
    return dict(model=function("(x * x).sum()"), x=leaf(rng, 2, 3))


@predict.case("predict-meanwhile")
def looks_at_the_mode(rng):
    return dict(
        model=function("x * 100 if torch.is_grad_enabled() else x"), x=tensor(rng.normal(size=3))
    )


def with_the_mode(text, **names):
    """A program after which `is_grad_enabled_afterwards` says whether the engine records."""
    return program(
        f"{text}\nis_grad_enabled_afterwards = mode(0)",
        mode=function("torch.is_grad_enabled()"),
        **names,
    )


@predict.case("predict-mode")
def recording_before(rng):
    return with_the_mode(
        "result = predict(model, x)",
        model=function("w * x", w=leaf(rng, 3)),
        x=tensor(rng.normal(size=3)),
    )


@predict.case("predict-mode")
def not_recording_before(rng):
    return with_the_mode(
        "switch(False)\nresult = predict(model, x)",
        switch=function("torch.set_grad_enabled(x)"),
        model=function("w * x", w=leaf(rng, 3)),
        x=tensor(rng.normal(size=3)),
    )


@predict.case("predict-mode")
def the_model_raises(rng):
    return with_the_mode(
        "try:\n    result = predict(model, x)\nexcept ZeroDivisionError:\n    result = None",
        model=function("x / (1 // 0)"),
        x=tensor(rng.normal(size=3)),
    )


@predict.right
def with_a_switch(model, x):
    with torch.set_grad_enabled(False):
        out = model(x)
    return out


@predict.right
def puts_it_back_by_hand(model, x):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        return model(x)
    finally:
        torch.set_grad_enabled(before)


@predict.wrong(
    None,
    "recording is never switched off",
    experiment="print requires_grad of the result, for a model with a parameter.",
)
def records(model, x):
    return model(x)


@predict.wrong(
    32,
    "only the input is detached: the model's own parameters are still recorded",
    experiment="call it with a model that has a parameter: is requires_grad of the result False?",
)
def detaches_the_input(model, x):
    return model(x.detach())


@predict.wrong(
    32,
    "the result is detached afterwards: while the model ran, everything was recorded",
    experiment="print torch.is_grad_enabled() inside the model.",
)
def detaches_the_result(model, x):
    return model(x).detach()


@predict.wrong(
    None,
    "recording is switched off and never put back",
    experiment="print torch.is_grad_enabled() after the call.",
)
def never_switches_on(model, x):
    torch.set_grad_enabled(False)
    return model(x)


@predict.wrong(
    None,
    "recording is switched on at the end by hand: that is wrong where it was off before, and does "
    "not happen where the model raises",
    experiment="call it with a model that raises. What is torch.is_grad_enabled() afterwards?",
)
def switches_by_hand(model, x):
    torch.set_grad_enabled(False)
    out = model(x)
    torch.set_grad_enabled(True)
    return out


# Stopping gradients

stop_gradient = Exercise(
    "stop_gradient",
    sees=["result", "result.requires_grad", "result.is_leaf", "t.requires_grad", "t", "t.grad"],
    experiment="t = torch.tensor([1., 2.], requires_grad=True); s = stop_gradient(t). Print "
    "s.requires_grad and t.requires_grad. Then s[0] = 7., and print t.",
)


@stop_gradient.case("stop_gradient-flags")
def a_parameter(rng):
    return dict(t=leaf(rng, 3))


@stop_gradient.case("stop_gradient-flags")
def a_result(rng):
    return dict(t=graph("2 * p", p=leaf(rng, 3)))


@stop_gradient.case("stop_gradient-flow")
def a_product(rng):
    return program("(stop_gradient(t) * t).sum().backward()\nresult = None", t=leaf(rng, 3))


@stop_gradient.case("stop_gradient-shared")
def written_into(rng):
    return program("result = stop_gradient(t)\nresult[0] = 7.0", t=leaf(rng, 3))


@stop_gradient.case("stop_gradient-shared")
def written_into_the_original(rng):
    return program(
        "result = stop_gradient(t)\nfill(t)", t=leaf(rng, 2, 3), fill=function("x.detach().zero_()")
    )


@stop_gradient.right
def with_the_flag_off(t):
    other = torch.Tensor.detach(t)
    other.requires_grad = False
    return other


@stop_gradient.right
def detached_then_viewed(t):
    return t.detach().reshape(t.shape)


@stop_gradient.wrong(
    31,
    "the numbers are copied: detach() alone shares them",
    experiment="write into the result, and print t. The change should show.",
)
def copies(t):
    return t.detach().clone()


@stop_gradient.wrong(
    None,
    "the copy is still recorded: clone() is an operation like any other",
    experiment="print grad_fn of the result.",
)
def clones(t):
    return t.clone()


@stop_gradient.wrong(
    None,
    "t itself is returned, with its flag and its past",
    experiment="ask `stop_gradient(t) is t`.",
)
def returns_t(t):
    with torch.no_grad():
        return t


@stop_gradient.wrong(
    None,
    "the flag of t itself is switched off",
    experiment="print t.requires_grad after the call. It should be as before.",
)
def switches_t_off(t):
    return t.requires_grad_(False)


@stop_gradient.wrong(
    None,
    "t itself is cut off from its past, by detach_()",
    experiment="print t.requires_grad after the call. The underscore says: t itself is changed.",
)
def detaches_t(t):
    return t.detach_()


# Freezing

freeze = Exercise(
    "freeze",
    sees=[
        "result",
        "result.requires_grad",
        *(
            f"layers[{i}][{j}]{what}"
            for i in range(3)
            for j in range(2)
            for what in (".requires_grad", ".grad")
        ),
    ],
    experiment="freeze one layer of two, call .sum().backward() on the output, and print "
    "requires_grad and grad of all four parameters.",
)


def network(rng, *sizes, old=False):
    """Layers of these sizes; with `old` all parameters have gradients already."""

    def parameter(*shape):
        grad = rng.normal(size=shape) if old else None
        return tensor(rng.normal(size=shape) / 2, requires_grad=True, grad=grad)

    return [[parameter(a, b), parameter(b)] for a, b in itertools.pairwise(sizes)]


def frozen_then_backward(rng, index, *sizes, old=False):
    """Freeze one layer, then go backward from the output."""
    return program(
        "result = freeze(layers, index, x)\nresult.sum().backward()",
        layers=network(rng, *sizes, old=old),
        index=index,
        x=tensor(rng.normal(size=sizes[0])),
    )


@freeze.case("freeze-first")
def first_of_two(rng):
    return dict(layers=network(rng, 2, 3, 1), index=0, x=tensor(rng.normal(size=2)))


@freeze.case("freeze-middle")
def first_of_two_then_backward(rng):
    return frozen_then_backward(rng, 0, 2, 3, 1)


@freeze.case("freeze-middle")
def second_of_three(rng):
    return frozen_then_backward(rng, 1, 2, 3, 5, 2)


@freeze.case("freeze-middle")
def last_of_three(rng):
    return frozen_then_backward(rng, 2, 3, 2, 2, 3)


@freeze.case("freeze-old")
def has_gradients(rng):
    return frozen_then_backward(rng, 1, 3, 2, 5, 2, old=True)


def run(layers, x):
    """All layers, one after the other."""
    for w, b in layers:
        x = torch.tanh(x @ w + b)
    return x


@freeze.right
def with_two_names(layers, index, x):
    w, b = layers[index]
    w.requires_grad = b.requires_grad = False
    w.grad = b.grad = None
    return run(layers, x)


@freeze.right
def while_running(layers, index, x):
    for i, (w, b) in enumerate(layers):
        if i == index:
            for p in (w, b):
                p.requires_grad_(False)
                p.grad = None
        x = torch.tanh(torch.matmul(x, w) + b)
    return x


@freeze.wrong(
    33,
    "the frozen layer runs inside no_grad: the layers before it are cut off too",
    experiment="freeze the second of three layers, go backward, and print the first layer's grads.",
)
def runs_in_no_grad(layers, index, x):
    for i, (w, b) in enumerate(layers):
        if i == index:
            w.requires_grad = b.requires_grad = False
            w.grad = b.grad = None
            with torch.no_grad():
                x = torch.tanh(x @ w + b)
        else:
            x = torch.tanh(x @ w + b)
    return x


@freeze.wrong(
    33,
    "the frozen layer runs inside no_grad, and its parameters still require gradients",
    experiment="print requires_grad of the frozen w. Then go backward, and look at the layer "
    "before it.",
)
def no_grad_alone(layers, index, x):
    for i, (w, b) in enumerate(layers):
        with torch.set_grad_enabled(i != index):
            x = torch.tanh(x @ w + b)
    return x


@freeze.wrong(
    34,
    "the flag is off, but the old gradient is still there: an update would go on using it",
    experiment="give the parameters gradients first, freeze, and print the frozen ones' grad.",
)
def keeps_old_gradients(layers, index, x):
    for p in layers[index]:
        p.requires_grad_(False)
    return run(layers, x)


@freeze.wrong(
    None,
    "only w is frozen, and b is not",
    experiment="print requires_grad of both tensors of the layer.",
)
def forgets_b(layers, index, x):
    layers[index][0].requires_grad_(False)
    layers[index][0].grad = None
    return run(layers, x)


@freeze.wrong(
    None,
    "all layers up to this one are frozen",
    experiment="freeze the second of three layers, and print requires_grad of the first.",
)
def freezes_all_before(layers, index, x):
    for pair in layers[: index + 1]:
        for p in pair:
            p.requires_grad_(False)
            p.grad = None
    return run(layers, x)


@freeze.wrong(
    None,
    "all layers but this one are frozen",
    experiment="freeze the first of two layers, and print requires_grad of both.",
)
def freezes_the_others(layers, index, x):
    for i, pair in enumerate(layers):
        for p in pair:
            if i != index:
                p.requires_grad_(False)
                p.grad = None
    return run(layers, x)


@freeze.wrong(
    None,
    "detach() makes new tensors, and the layer still holds the old ones: nothing is frozen",
    experiment="print requires_grad of layers[index][0] after the call.",
)
def freezes_copies(layers, index, x):
    for p in layers[index]:
        p = p.detach()
        p.grad = None
    return run(layers, x)


# The update

sgd_step = Exercise(
    "sgd_step",
    sees=[
        "result",
        *(
            f"parameters[{n}]{what}"
            for n in range(3)
            for what in ("", ".grad", ".requires_grad", ".is_leaf")
        ),
        "parameters[0] is first",
    ],
    experiment="p = torch.tensor([5.], requires_grad=True); p.grad = torch.tensor([2.]); "
    "sgd_step([p], 0.1). Print p: it should be 4.8.",
)


def trained(rng, *shape):
    """A parameter with a gradient."""
    return tensor(rng.normal(size=shape), grad=rng.normal(size=shape))


@sgd_step.case("sgd_step-moves")
def three_parameters(rng):
    return dict(
        parameters=[trained(rng, 3), trained(rng, 2, 3), trained(rng)],
        rate=float(rng.uniform(0.2, 0.6)),
    )


@sgd_step.case("sgd_step-same")
def the_same_object(rng):
    return program(
        "first = parameters[0]\nresult = sgd_step(parameters, rate)",
        parameters=[trained(rng, 2)],
        rate=float(rng.uniform(0.2, 0.6)),
    )


def frozen(rng, *shape):
    """A tensor that requires no gradients, with one from before."""
    grad = tensor(rng.normal(size=shape))
    return graph(
        "(lambda p, g: (setattr(p, 'grad', g), p)[1])(p, g)",
        p=tensor(rng.normal(size=shape)),
        g=grad,
    )


@sgd_step.case("sgd_step-skips")
def one_has_no_gradient(rng):
    return dict(
        parameters=[trained(rng, 3), tensor(rng.normal(size=2), requires_grad=True)],
        rate=float(rng.uniform(0.2, 0.6)),
    )


@sgd_step.case("sgd_step-skips")
def one_is_frozen(rng):
    return dict(parameters=[frozen(rng, 3), trained(rng, 2)], rate=float(rng.uniform(0.2, 0.6)))


@sgd_step.case("sgd_step-noticed")
def between_forward_and_backward(rng):
    return program(
        "loss = (p * p).sum()\nparameters = [p]\n"
        # A step that stops by itself raises the same as one that is noticed.
        "try:\n    sgd_step(parameters, rate)\n"
        "except RuntimeError as error:\n    assert type(error) is not RuntimeError\n    raise\n"
        "loss.backward()",
        p=trained(rng, 3),
        rate=float(rng.uniform(0.2, 0.6)),
    )


@sgd_step.right
def through_detach(parameters, rate):
    for p in parameters:
        if p.grad is None or not p.requires_grad:
            continue
        p.detach().sub_(rate * p.grad)


@sgd_step.right
@torch.no_grad()
def decorated(parameters, rate):
    for p in [p for p in parameters if p.requires_grad]:
        if p.grad is not None:
            p.add_(p.grad, alpha=-rate)


@sgd_step.wrong(
    27,
    "each parameter is replaced by a new tensor, made under no_grad: it requires no gradients, and "
    "whoever holds the old one sees no change",
    experiment="print parameters[0].requires_grad after the step. Write `-=`.",
)
def replaces_under_no_grad(parameters, rate):
    with torch.no_grad():
        for i, p in enumerate(parameters):
            if p.requires_grad and p.grad is not None:
                parameters[i] = p - rate * p.grad


@sgd_step.wrong(
    27,
    "the name p is bound to a new tensor, and the list still holds the old one: nothing moves",
    experiment="print the parameters before and after. Write `p -= ...` for `p = p - ...`.",
)
def binds_a_name(parameters, rate):
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                p = p - rate * p.grad


@sgd_step.wrong(
    28,
    "each parameter is replaced by the result of a recorded subtraction, which is no leaf",
    experiment="print parameters[0].is_leaf after the step.",
)
def replaces_recorded(parameters, rate):
    for i, p in enumerate(parameters):
        if p.requires_grad and p.grad is not None:
            parameters[i] = p - rate * p.grad


@sgd_step.wrong(
    29,
    "parameters are changed in place outside no_grad, which the engine refuses",
    experiment="put the line with the update inside `with torch.no_grad():`.",
)
def forgets_no_grad(parameters, rate):
    for p in parameters:
        if p.requires_grad and p.grad is not None:
            p -= rate * p.grad


@sgd_step.wrong(
    30,
    "the numbers are changed through .data, behind the back of graphs that need the old ones",
    experiment="step between forward and backward. The engine should notice, and raise.",
)
def through_data(parameters, rate):
    for p in parameters:
        if p.requires_grad and p.grad is not None:
            p.data -= rate * p.grad


@sgd_step.wrong(
    34,
    "a frozen parameter is moved too, by a gradient from before",
    experiment="give a parameter a gradient, call requires_grad_(False) on it, and take a step.",
)
def moves_frozen_ones(parameters, rate):
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= rate * p.grad


@sgd_step.wrong(
    6,
    "a gradient that is None is multiplied with the rate",
    experiment="take a step with a parameter that has no gradient yet.",
)
def forgets_none(parameters, rate):
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad:
                p -= rate * p.grad


@sgd_step.wrong(
    22,
    "parameters move along their gradients instead of against them: uphill",
    experiment="for p = 5 with p.grad = 2 and rate 0.1, p should be 4.8, not 5.2.",
)
def climbs(parameters, rate):
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                p += rate * p.grad


@sgd_step.wrong(
    None,
    "the rate is left out",
    experiment="call it with rate 0.1 and with rate 0.2. The steps should differ.",
)
def forgets_the_rate(parameters, rate):
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                p -= p.grad


@sgd_step.wrong(
    None,
    "gradients are set to zero as well, which nobody asked for here",
    experiment="print p.grad before the step and after it.",
)
def zeroes_too(parameters, rate):
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                p -= rate * p.grad
                p.grad.zero_()


# Looking back

recall_three_times = Question(
    "recall_three_times",
    answers=(6,),
    explain="backward() adds to what is there: 2 + 2 + 2.",
    experiment="try it with loss = 2 * p.",
    wrong={
        2: "That would be so if backward() wrote over the old gradient.",
        8: "Slopes of different passes are added, not multiplied.",
    },
)

recall_leaf = Question(
    "recall_leaf",
    answers=(True,),
    explain="It has no grad_fn, and that is what a leaf is. It requires no gradients: a constant.",
    experiment="print p.detach().is_leaf.",
    wrong={False: "A leaf is a tensor without a grad_fn. Has p.detach() got one?"},
)

recall_zeroing = Question(
    "recall_zeroing",
    answers=("c",),
    explain="There the slopes would be wiped out before they are used.",
    experiment="write down what p.grad holds after each line, for each of the three places.",
    wrong={
        "a": "There it wipes out the old slopes, before new ones come. That is right.",
        "b": "The forward pass needs no gradients. There it does no harm.",
    },
)
