"""The answer key of the capstone "The clinic"."""

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, tensor

F = torch.nn.functional

predict_curve = Question(
    "predict_curve",
    answers=("b",),
    explain="The sum of all slopes goes on pushing when the bottom has been reached. It takes as "
    "long to turn around: a pendulum.",
    experiment="follow a sum of slopes by hand: when does it change its sign?",
    wrong={
        "a": "A flat line: nothing moves. But added-up gradients do move something.",
        "c": "This is the healthy one.",
        "d": "This one goes uphill: its sign is wrong, or its rate is far too large.",
    },
)


# Patient 1

diagnose_1 = Question(
    "diagnose_1",
    answers=("be", "ae", "ab", "ba", "bb", "aa"),
    explain="A column minus a row is a table with a number for each pair; and each gradient is "
    "added to the old one.",
    experiment="print (predictions - c).shape, and params.grad in every epoch.",
    wrong={
        "bc": "The first letter is right. After c the gradient has just arrived: a line that sets "
        "it to zero there takes it away before it is used.",
        "bd": "The first letter is right. Between d and e the gradient is still needed: e uses it.",
        "de": "d is healthy: it keeps a Python number.",
        "ce": "c is healthy. Print the shape of predictions - c.",
    },
)

restless_line = Exercise(
    "restless_line",
    tolerance=(1e-3, 1e-4),
    experiment="print the shape of predictions - c, and params.grad in the first two epochs.",
)


def line(rng, count, epochs):
    t = np.round(rng.uniform(1, 3, size=(count, 1)), 2)
    c = 2 * t[:, 0] + np.round(rng.normal(size=count), 2)
    return dict(t=tensor(t), c=tensor(c), rate=0.02, epochs=epochs)


@restless_line.case("restless_line-loss")
def one_epoch(rng):
    return line(rng, 5, 1)


@restless_line.case("restless_line-epochs")
def seven_epochs(rng):
    return line(rng, 5, 7)


@restless_line.case("restless_line-other")
def more_readings(rng):
    return line(rng, 11, 13)


@restless_line.case("restless_line-other")
def a_single_reading(rng):
    return line(rng, 1, 3)


def fit(
    flat=lambda t: t.reshape(-1),
    zero="before",
    mean=lambda errors: (errors**2).mean(),
    note=lambda loss: loss.item(),
    sign=-1,
    end=lambda params: params.tolist(),
):  # fmt: skip
    """Make a script that fits a line, with some of its parts replaced."""

    def answer(t, c, rate, epochs):
        params = torch.tensor([1.0, 0.0], requires_grad=True)
        losses = []
        for _ in range(epochs):
            loss = mean(params[0] * flat(t) + params[1] - c)
            losses.append(note(loss))
            if zero == "before" and params.grad is not None:
                params.grad.zero_()
            loss.backward()
            if zero == "too early":
                params.grad.zero_()
            with torch.no_grad():
                params += sign * rate * params.grad
        return end(params), losses

    return answer


def add_wrongs(exercise, *entries):
    """Add known-wrong answers: name, mistake, what, experiment, answer."""
    for name, mistake, what, experiment, answer in entries:
        answer.__name__ = name
        exercise.wrong(mistake, what, experiment=experiment)(answer)


restless_line.right(fit())


@restless_line.right
def with_columns(t, c, rate, epochs):
    """The targets become a column, in place of making the readings flat."""
    w, b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=rate)
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = F.mse_loss(w * t + b, c.reshape(-1, 1))
        loss.backward()
        optimizer.step()
        losses += [loss.item()]
    return [w.item(), b.item()], losses


add_wrongs(
    restless_line,
    (
        "line_as_it_came",
        26,
        "the script is as it came: a column minus a row, and gradients that add up",
        "print (predictions - c).shape. It should be (n,).",
        fit(flat=lambda t: t, zero="never"),
    ),
    (
        "line_still_a_table",
        26,
        "predictions are still a column when c, which is flat, is taken away: a number for each "
        "pair",
        "print (predictions - c).shape. It should be (n,).",
        fit(flat=lambda t: t),
    ),
    (
        "line_still_adding_up",
        1,
        "gradients are still never set to zero, so that those of all epochs add up",
        "print params.grad in every epoch.",
        fit(zero="never"),
    ),
    (
        "line_zeroed_too_early",
        3,
        "gradients are set to zero between backward() and the step: nothing moves any more",
        "print params.grad just before the step.",
        fit(zero="too early"),
    ),
    (
        "line_summed",
        17,
        "the squared errors are added up, where their mean was asked for",
        "print the loss for one reading, and for the same reading given twice.",
        fit(mean=lambda errors: (errors**2).sum()),
    ),
    (
        "line_keeps_tensors",
        35,
        "the list of losses holds tensors, each with its graph",
        "print type(losses[0]). It should be float.",
        fit(note=lambda loss: loss),
    ),
)


# Patient 2

diagnose_2 = Question(
    "diagnose_2",
    answers=("ade", "bde"),
    explain="d and e make new tensors that require no gradient; and the loss takes logits, but "
    "gets what has been through a sigmoid already.",
    experiment="print w.requires_grad after line d, and read the name of the loss function to its "
    "end.",
    wrong={
        "def": "d and e: right. f compares logits with 0, which is healthy.",
        "cde": "d and e: right. c is healthy. Which function is applied to the logits twice?",
        "abc": "Look at d and e: is w still the tensor that requires a gradient?",
        "abd": "d has a neighbour with the same illness.",
        "abde": "a and b are one illness: either line may be changed. Return three letters.",
    },
)

stopping_classifier = Exercise(
    "stopping_classifier",
    tolerance=(1e-3, 1e-5),
    experiment="print w.requires_grad and w.grad at the end of each epoch, and the first loss: for "
    "logits of zero it is ln 2, about 0.693.",
)


def two_classes(rng, count, epochs, rate=0.75):
    x = np.round(rng.normal(size=(count, 3)) + np.array([0.5, -0.3, 0.2]), 2)
    z = x @ np.array([1.0, -2.0, 0.5]) + 0.8 * rng.normal(size=count)
    y = (z > np.sort(z)[count // 2]).astype(float)
    return dict(x=tensor(x), y=tensor(y), rate=rate, epochs=epochs)


@stopping_classifier.case("stopping_classifier-one")
def first_epoch(rng):
    return two_classes(rng, 7, 1)


@stopping_classifier.case("stopping_classifier-epochs")
def five_epochs(rng):
    return two_classes(rng, 7, 5)


@stopping_classifier.case("stopping_classifier-other")
def many_epochs(rng):
    return two_classes(rng, 13, 17)


def classify(
    loss_of=F.binary_cross_entropy_with_logits, zero="before", rebind=False, sign=-1, border=0.0,
    moves=lambda w, b: [w, b], end=lambda w, b, right: (w.tolist(), b.item(), right.item()),
):  # fmt: skip
    """Make a script that trains one neuron, with some of its parts replaced."""

    def answer(x, y, rate, epochs):
        w, b = torch.zeros(3, requires_grad=True), torch.zeros(1, requires_grad=True)
        for _ in range(epochs):
            loss = loss_of(x @ w + b, y)
            if zero == "before":
                w.grad = b.grad = None
            loss.backward()
            with torch.no_grad():
                if rebind:
                    w, b = w + sign * rate * w.grad, b + sign * rate * b.grad
                else:
                    for p in moves(w, b):
                        p += sign * rate * p.grad
        with torch.no_grad():
            right = ((x @ w + b > border) == (y > 0.5)).float().mean()
        return end(w, b, right)

    return answer


def sigmoid_twice(z, y):
    return F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)


stopping_classifier.right(classify())


@stopping_classifier.right
def by_hand(x, y, rate, epochs):
    w, b = torch.zeros(3), torch.zeros(1)
    for _ in range(epochs):
        g = (torch.sigmoid(x @ w + b) - y) / len(y)
        w, b = w - rate * (g @ x), b - rate * g.sum()
    right = [(z > 0) == (k > 0.5) for z, k in zip((x @ w + b).tolist(), y.tolist(), strict=True)]
    return w.tolist(), float(b), sum(right) / len(right)


add_wrongs(
    stopping_classifier,
    (
        "classifier_as_it_came",
        27,
        "the script is as it came: rebinding under no_grad, and a sigmoid too many",
        "print w.requires_grad after the first epoch.",
        classify(loss_of=sigmoid_twice, rebind=True),
    ),
    (
        "classifier_still_rebinds",
        27,
        "w and b are still new tensors after the first step, made where nothing is recorded",
        "print w.requires_grad after the first epoch. Change w in place.",
        classify(rebind=True),
    ),
    (
        "classifier_sigmoid_twice",
        20,
        "the sigmoid is still applied twice: once in the script, once in the loss",
        "print the loss of a logit of 10 with the target 1: it should be nearly 0.",
        classify(loss_of=sigmoid_twice),
    ),
    (
        "classifier_adds_up",
        1,
        "w and b stay the same tensors now, but their gradients are never set to zero",
        "print w.grad in the first two epochs.",
        classify(zero="never"),
    ),
    (
        "classifier_adds_up_and_twice",
        20,
        "the exception is cured alone: gradients add up now, and the sigmoid is still there twice",
        "print w.grad in the first two epochs, and the loss of a logit of 10 with the target 1.",
        classify(loss_of=sigmoid_twice, zero="never"),
    ),
    (
        "classifier_summed",
        17,
        "the losses of the rows are added up, where their mean was asked for",
        "give every row twice. Nothing should change.",
        classify(loss_of=lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="sum")),
    ),
    (
        "classifier_forgets_the_bias",
        None,
        "the bias is never moved",
        "print b after some epochs. It should not be zero.",
        classify(moves=lambda w, b: [w]),
    ),
)


# Patient 3

diagnose_3 = Question(
    "diagnose_3",
    answers=("cf",),
    explain="detach cuts the way back to w1; and zeros, in the place of None, let the velocity of "
    "the frozen layer go on.",
    experiment="print w1.grad after line g: in the warm-up, and after the freezing.",
    wrong={
        "bc": "c is right. b is healthy: it switches the flag off. Why does the optimizer still "
        "move w1?",
        "ac": "c is right. One optimizer for both is healthy, if it leaves alone what has no "
        "gradient.",
        "ch": "c is right. h only does what it was told. What does it find in w1.grad?",
        "fg": "f is right. g is healthy. Which line cuts the way back to w1?",
    },
)

frozen_layer = Exercise(
    "frozen_layer",
    sees=["w1.requires_grad", "w1", "w2", "result"],
    tolerance=(1e-3, 1e-5),
    experiment="keep a copy of w1, w1.detach().clone(), and compare: it should move in the "
    "warm-up, and not at all after it.",
)


def two_layers(rng, warm, rest, rows=5):
    return dict(
        w1=tensor(rng.normal(size=(2, 3)), requires_grad=True),
        w2=tensor(rng.normal(size=3), requires_grad=True),
        x=tensor(rng.normal(size=(rows, 2))),
        y=tensor(rng.normal(size=rows)),
        rate=0.1,
        momentum=0.5,
        warm=warm,
        rest=rest,
    )


@frozen_layer.case("frozen_layer-warm")
def warm_up_only(rng):
    return two_layers(rng, 3, 0)


@frozen_layer.case("frozen_layer-frozen")
def then_frozen(rng):
    return two_layers(rng, 3, 3)


@frozen_layer.case("frozen_layer-other")
def longer(rng):
    return two_layers(rng, 2, 5, rows=7)


@frozen_layer.case("frozen_layer-other")
def no_warm_up(rng):
    return two_layers(rng, 0, 3)


def two_phases(
    zero=lambda optimizer: optimizer.zero_grad(),
    hidden=lambda h: h,
    when=lambda step, warm: step == warm,
    freeze=lambda w1: w1.requires_grad_(False),
    anew=False,
    early=False,
    note=lambda loss: loss.item(),
):  # fmt: skip
    """Make a script that trains two layers and freezes the first, with some parts replaced."""

    def answer(w1, w2, x, y, rate, momentum, warm, rest):
        optimizer = torch.optim.SGD([w1, w2], lr=rate, momentum=momentum)
        losses = []
        for step in range(warm + rest):
            if when(step, warm):
                freeze(w1)
                if anew:
                    optimizer = torch.optim.SGD([w2], lr=rate, momentum=momentum)
            with torch.set_grad_enabled(not early):
                h = torch.tanh(x @ w1)
            loss = ((hidden(h) @ w2 - y) ** 2).mean()
            losses.append(note(loss))
            zero(optimizer)
            loss.backward()
            optimizer.step()
        return losses

    return answer


frozen_layer.right(two_phases())


@frozen_layer.right
def own_momentum(w1, w2, x, y, rate, momentum, warm, rest):
    velocities = [torch.zeros(2, 3), torch.zeros(3)]
    losses = []
    for step in range(warm + rest):
        trained = [w2] if step >= warm else [w1, w2]
        w1.requires_grad_(step < warm)
        loss = F.mse_loss(torch.tanh(x @ w1) @ w2, y)
        slopes = torch.autograd.grad(loss, trained)
        with torch.no_grad():
            for p, slope in zip(trained, slopes, strict=True):
                v = velocities[0 if p is w1 else 1]
                v.mul_(momentum).add_(slope)
                p -= rate * v
        losses.append(loss.item())
    return losses


def keep_zeros(optimizer):
    optimizer.zero_grad(set_to_none=False)


add_wrongs(
    frozen_layer,
    (
        "layer_still_cut_off",
        32,
        "the first layer still never learns: the way back to it is cut by detach, in the warm-up "
        "too",
        "print w1.grad in the warm-up. It should not be None.",
        two_phases(hidden=lambda h: h.detach(), zero=keep_zeros),
    ),
    (
        "layer_still_moves",
        34,
        "the frozen layer still moves: its gradient is zeros, not None, and its velocity goes on",
        "print w1.grad after the freezing. It should be None.",
        two_phases(zero=keep_zeros),
    ),
    (
        "layer_warmed_under_no_grad",
        33,
        "the first layer runs inside no_grad from the first step on: it never learns",
        "print w1.grad in the warm-up. It should not be None.",
        two_phases(early=True, when=lambda step, warm: False),
    ),
    (
        "layer_never_frozen",
        None,
        "the first layer is never frozen",
        "print w1.requires_grad at the end.",
        two_phases(when=lambda step, warm: False),
    ),
    (
        "layer_frozen_too_late",
        None,
        "the first layer is frozen one step too late",
        "with warm=0 the first layer should not move at all.",
        two_phases(when=lambda step, warm: step == warm + 1),
    ),
    (
        "layer_new_optimizer",
        None,
        "a new optimizer is made at the freezing: the velocity of w2 is lost",
        "compare w2 with the run of one optimizer, one step after the freezing.",
        two_phases(anew=True),
    ),
    (
        "layer_gradients_add_up",
        1,
        "gradients are never set to zero any more",
        "print w2.grad in the first two steps.",
        two_phases(zero=lambda optimizer: None),
    ),
    (
        "layer_keeps_tensors",
        35,
        "the list of losses holds tensors, each with its graph",
        "print type(losses[0]). It should be float.",
        two_phases(note=lambda loss: loss),
    ),
)


# Patient 4

diagnose_4 = Question(
    "diagnose_4",
    answers=("bd", "bc", "bcd"),
    explain="Each piece counts the same, whatever its size and number; and the running total goes "
    "backward again and again through the pieces before.",
    experiment="take sizes=[40] and then sizes=[20, 20], and print w.grad after each backward().",
    wrong={
        "df": "d is right. f keeps all graphs alive, but the numbers are the same. What about the "
        "mean of a piece?",
        "cf": "c and f keep graphs alive. Which line goes backward through too much?",
        "ad": "d is right. a is healthy: once in an epoch, before its first piece.",
        "ab": "b is right. a is healthy: once in an epoch, before its first piece.",
        "bf": "b is right. f keeps all graphs alive, but the numbers are the same.",
    },
)

hungry_batches = Exercise(
    "hungry_batches",
    sees=["w.requires_grad", "w", "result"],
    tolerance=(1e-3, 1e-5),
    experiment="take the same rows as sizes=[4] and as sizes=[1, 3]: both must leave the same w.",
)


def batches(rng, sizes, epochs):
    rows = sum(sizes)
    return dict(
        w=tensor(rng.normal(size=3), requires_grad=True),
        x=tensor(rng.normal(size=(rows, 3))),
        y=tensor(rng.normal(size=rows)),
        sizes=[int(size) for size in sizes],
        rate=0.05,
        epochs=epochs,
    )


@hungry_batches.case("hungry_batches-one")
def in_one_piece(rng):
    return batches(rng, [5], 1)


@hungry_batches.case("hungry_batches-pieces")
def equal_pieces(rng):
    return batches(rng, [2, 2, 2], 2)


@hungry_batches.case("hungry_batches-pieces")
def unequal_pieces(rng):
    return batches(rng, rng.permutation([1, 2, 5]), 2)


@hungry_batches.case("hungry_batches-other")
def more_epochs(rng):
    return batches(rng, rng.permutation([1, 2, 3, 5]), 5)


@hungry_batches.case("hungry_batches-other")
def none_at_all(rng):
    return batches(rng, [2, 3], 0)


def epochs_of(
    part=lambda errors, n, count: (errors**2).sum() / n,
    running=False,
    zero="epoch",
    note=lambda loss: loss.item(),
    rebind=False,
    every_piece=False,
    share=lambda losses: sum(losses),
):
    """Make a script that trains in micro-batches, with some of its parts replaced."""

    def answer(w, x, y, sizes, rate, epochs):
        noted = []
        for _ in range(epochs):
            if zero == "epoch":
                w.grad = None
            losses, start = [], 0
            for size in sizes:
                if zero == "piece":
                    w.grad = None
                rows = slice(start, start + size)
                losses.append(part(x[rows] @ w - y[rows], len(x), len(sizes)))
                (sum(losses) if running else losses[-1]).backward(retain_graph=running)
                start += size
                if every_piece:
                    with torch.no_grad():
                        w -= rate * w.grad
            if not every_piece:
                with torch.no_grad():
                    w -= rate * w.grad
            noted.append(share([note(loss) for loss in losses]))
        return noted

    return answer


hungry_batches.right(epochs_of())


@hungry_batches.right
def weighted_means(w, x, y, sizes, rate, epochs):
    optimizer = torch.optim.SGD([w], lr=rate)
    history = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total = 0.0
        pieces = zip(torch.split(x, sizes), torch.split(y, sizes), strict=True)
        for rows, targets in pieces:
            loss = F.mse_loss(rows @ w, targets) * (len(targets) / len(y))
            loss.backward()
            total += loss.detach().item()
        optimizer.step()
        history.append(total)
    return history


def piece_mean(errors, n, count):
    return (errors**2).mean()


add_wrongs(
    hungry_batches,
    (
        "batches_as_they_came",
        36,
        "the script is as it came: backward() goes through the running total, with "
        "retain_graph=True, and pieces are not weighed",
        "print w.grad after each piece, for sizes=[4] and for sizes=[2, 2].",
        epochs_of(part=piece_mean, running=True, note=lambda loss: loss),
    ),
    (
        "batches_running_total",
        36,
        "backward() still goes through the running total: earlier pieces count again and again",
        "with two pieces: which losses does the second backward() go through?",
        epochs_of(running=True),
    ),
    (
        "batches_not_weighed",
        5,
        "the mean of every piece is added up as it is, so that the result grows with their number",
        "sizes=[4], then sizes=[2, 2]. How much larger is w.grad?",
        epochs_of(part=piece_mean),
    ),
    (
        "batches_all_alike",
        5,
        "every piece counts alike, however many rows it has",
        "sizes=[3, 1]: the single row must not weigh as much as the three together.",
        epochs_of(part=lambda errors, n, count: (errors**2).mean() / count),
    ),
    (
        "batches_last_piece_only",
        4,
        "gradients are set to zero for every piece, so that only the last one is left",
        "print w.grad after each piece. It should grow from piece to piece.",
        epochs_of(zero="piece"),
    ),
    (
        "batches_keep_tensors",
        35,
        "the totals are tensors, which keep the graphs of all pieces alive",
        "print type(losses[0]). It should be float.",
        epochs_of(note=lambda loss: loss),
    ),
    (
        "batches_step_for_each",
        None,
        "a step is made for each piece, where one for the whole epoch was asked for",
        "print w after each piece. It should move once an epoch.",
        epochs_of(every_piece=True, zero="piece"),
    ),
    (
        "batches_never_zeroed",
        1,
        "gradients are not set to zero at the beginning of an epoch",
        "print w.grad at the beginning of the second epoch.",
        epochs_of(zero="never"),
    ),
)


# Patient 5

diagnose_5 = Question(
    "diagnose_5",
    answers=("cg", "bg"),
    explain="The gradient is set to zero just before the step that needs it; and detach shares its "
    "numbers with w, so that the best weights go on changing.",
    experiment="print w.grad just before line d, and `best` after each step.",
    wrong={
        "cf": "c is right. f compares with the best so far, which is healthy.",
        "ce": "c is right. e only looks, and keeps a number. What about the weights that are kept?",
        "cd": "Both belong to one illness: the order. What about the weights that are kept?",
        "fg": "g is right. f is healthy. Why does nothing move?",
        "ag": "g is right. a is healthy: cross_entropy takes scores.",
    },
)

best_weights = Exercise(
    "best_weights",
    sees=["result", "result[0].requires_grad", "start", "start.requires_grad"],
    tolerance=(1e-3, 1e-5),
    experiment="print the validation loss after each step, and where it is lowest; then compare "
    "`best` with the weights of that step.",
)


def validated(start, x, labels, new_x, new_labels, rate, steps):
    """The validation loss after each step: for choosing data, and for the answers below."""
    w = start.clone().requires_grad_()
    losses, weights = [], []
    for _ in range(steps):
        (slope,) = torch.autograd.grad(F.cross_entropy(x @ w, labels), w)
        w = (w - rate * slope).detach().requires_grad_()
        losses.append(F.cross_entropy(new_x @ w, new_labels).item())
        weights.append(w.detach())
    return losses, weights


def learned_by_heart(rng, steps, rate=1.0, highest=0):
    """Data on which the validation loss is lowest on the way, and highest at one of its ends."""
    for _ in range(500):
        case = dict(
            start=tensor(np.round(rng.normal(size=(2, 3)), 2)),
            x=tensor(np.round(rng.normal(size=(5, 2)), 2)),
            labels=tensor(rng.randint(3, size=5), dtype="int64"),
            new_x=tensor(np.round(rng.normal(size=(4, 2)), 2)),
            new_labels=tensor(rng.randint(3, size=4), dtype="int64"),
        )
        data = [torch.tensor(np.reshape(v["values"], v["shape"])) for v in case.values()]
        losses, _ = validated(
            *[t.float() if t.is_floating_point() else t for t in data], rate, steps
        )
        lowest = int(np.argmin(losses))
        lowest_is_clear = sorted(losses)[1] - losses[lowest] > 0.003
        others = [loss for n, loss in enumerate(losses) if n != highest % steps]
        highest_is_clear = losses[highest] - max(others) > 0.003
        if 0 < lowest < steps - 1 and lowest_is_clear and highest_is_clear:
            return case | dict(rate=rate, steps=steps)
    raise AssertionError("no such data found")


@best_weights.case("best_weights-moves")
def two_steps(rng):
    case = learned_by_heart(rng, 5)
    return case | dict(steps=1)


@best_weights.case("best_weights-best")
def best_on_the_way(rng):
    return learned_by_heart(rng, 5)


@best_weights.case("best_weights-other")
def longer_run(rng):
    return learned_by_heart(rng, 7, rate=2.0, highest=-1)


def keeper(
    zero="first", keep=lambda w: w.detach().clone(), watch="new", order="after", better="lower",
    sign=1, begin=lambda start: start.clone().requires_grad_(), mixed=False, last=False,
):  # fmt: skip
    """Make a script that keeps the best weights, with some of its parts replaced."""

    def answer(start, x, labels, new_x, new_labels, rate, steps):
        w = begin(start)
        best, best_loss = None, float("inf") if better == "lower" else -float("inf")

        def look():
            nonlocal best, best_loss
            rows, classes = (new_x, new_labels) if watch == "new" else (x, labels)
            with torch.no_grad():
                value = F.cross_entropy(rows @ w, classes).item()
            if (value < best_loss) == (better == "lower") or last:
                best, best_loss = keep(w), value

        for _ in range(steps):
            loss = F.cross_entropy(x @ w, labels)
            if zero == "first":
                w.grad = None
            loss.backward()
            if zero == "too early":
                w.grad.zero_()
            if order == "before":
                look()
            with torch.no_grad():
                w -= sign * rate * w.grad
            if order == "after":
                look()
        return best, best_loss

    return answer


best_weights.right(keeper())


@best_weights.right
def from_a_list(start, x, labels, new_x, new_labels, rate, steps):
    losses, weights = validated(start, x, labels, new_x, new_labels, rate, steps)
    place = losses.index(min(losses))
    return weights[place], losses[place]


add_wrongs(
    best_weights,
    (
        "best_never_moves",
        3,
        "gradients are still set to zero between backward() and the step: nothing moves",
        "print w.grad just before the step.",
        keeper(zero="too early", keep=lambda w: w.detach()),
    ),
    (
        "best_is_no_copy",
        31,
        "best still shares its numbers with w: detach() makes no copy",
        "print best after each step. Does it change without being set?",
        keeper(keep=lambda w: w.detach()),
    ),
    (
        "best_of_training",
        None,
        "the loss on the training rows decides, where that on the validation rows should",
        "which rows does the comparison look at?",
        keeper(watch="own"),
    ),
    (
        "best_is_the_last",
        None,
        "the weights of the last step are returned, without looking for the best",
        "print the validation loss after each step. Where is it lowest?",
        keeper(last=True),
    ),
    (
        "best_looks_too_early",
        None,
        "the validation rows are looked at before the step, so that the last weights are not seen",
        "with steps=1 the weights should have moved once.",
        keeper(order="before"),
    ),
    (
        "best_is_worst",
        None,
        "the weights with the highest validation loss are kept",
        "print the validation loss after each step, and compare with what is returned.",
        keeper(better="higher"),
    ),
    (
        "best_gradients_add_up",
        1,
        "gradients are never set to zero any more",
        "print w.grad in the first two steps.",
        keeper(zero="never"),
    ),
    (
        "best_with_flag",
        None,
        "the weights that are returned still require gradients",
        "print best.requires_grad. It should be False.",
        keeper(keep=lambda w: w.clone()),
    ),
)


# Looking back

recall_micro = Question(
    "recall_micro",
    answers=("b",),
    explain="Only what arrived after the last zero is left.",
    experiment="lesson 06: print w.grad after each piece.",
    wrong={
        "a": "For that, gradients must add up over the pieces.",
        "c": "After the last zero, one more backward() has run.",
    },
)

recall_shape = Question(
    "recall_shape",
    answers=(121,),
    explain="Each of 11 rows meets each of 11 columns: a table of 11 times 11.",
    experiment="print (torch.zeros(11, 1) - torch.zeros(11)).shape.",
    wrong={
        11: "That would be so if both had the same shape.",
        22: "They are not put beside each other: each number of one meets each of the other.",
    },
)

recall_start = Question(
    "recall_start",
    answers=(False,),
    explain="The logarithm of 10 is about 2.3. Ten times as much means that the network is sure of "
    "itself, and wrong: weights that are too large, say.",
    experiment="import math, and print math.log(10).",
    wrong={True: "What is the loss of a network that gives all ten classes the same probability?"},
)
