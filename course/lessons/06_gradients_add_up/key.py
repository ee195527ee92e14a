"""The answer key of "Gradients add up"."""

import autograd_lib as torch
from course.key import Exercise, Question, graph, tensor

predict_two_passes = Question(
    "predict_two_passes",
    answers=("b",),
    explain="Each backward pass adds its gradient to what is there.",
    experiment="call one_loss(x, y, w, b).backward() once more, and print b.grad.",
    wrong={
        "a": "The loss is the same, and so is its gradient; but what does backward() do with it?",
        "c": "The second backward() has a graph of its own, from a forward pass of its own: "
        "nothing of it was used before.",
    },
)


# Six times


def bce(x, y, w, b):
    """The lesson's one_loss, for the answers below."""
    z = torch.matmul(x, w) + b
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y)


six_times = Exercise(
    "six_times",
    sees=["result", "w.grad", "b.grad"],
    experiment="print b.grad after every pass. How often has it grown?",
)


def bce_inputs(rng, extra):
    """Generic inputs: neither ones nor zeros, 5 and 3 so that no two sizes are alike."""
    return dict(
        x=tensor(rng.normal(size=5)),
        y=tensor(rng.uniform(size=3)),
        w=tensor(rng.normal(size=(5, 3)), requires_grad=True),
        b=tensor(rng.normal(size=3), requires_grad=True),
        extra=extra,
    )


@six_times.case("six_times-six")
def five_more(rng):
    return bce_inputs(rng, 5)


@six_times.case("six_times-any_number")
def some_more(rng):
    return bce_inputs(rng, int(rng.choice([2, 3, 7, 11])))


@six_times.case("six_times-any_number")
def none_more(rng):
    return bce_inputs(rng, 0)


@six_times.right
def with_a_counter(x, y, w, b, extra):
    first = None
    passes = 0
    while passes < 1 + extra:
        bce(x, y, w, b).backward()
        passes += 1
        if first is None:
            first = w.grad.detach().clone()
    return (first, w.grad)


@six_times.right
def with_one_sum(x, y, w, b, extra):
    bce(x, y, w, b).backward()
    first = w.grad * 1.0
    if extra:
        sum(bce(x, y, w, b) for _ in range(extra)).backward()
    return first, w.grad


@six_times.wrong(
    2,
    "one pass too few is run: the first pass counts, and `extra` more come after it",
    experiment="extra=0 must still run one pass, extra=1 two. Count the calls of backward().",
)
def one_pass_too_few(x, y, w, b, extra):
    bce(x, y, w, b).backward()
    first = w.grad.clone()
    for _ in range(extra - 1):
        bce(x, y, w, b).backward()
    return first, w.grad


@six_times.wrong(
    None,
    "the first gradient is kept without a copy, so that it goes on growing",
    experiment="after `first = w.grad`, ask `first is w.grad`. Then use clone().",
)
def keeps_no_copy(x, y, w, b, extra):
    bce(x, y, w, b).backward()
    first = w.grad
    for _ in range(extra):
        bce(x, y, w, b).backward()
    return first, w.grad


@six_times.wrong(
    1,
    "gradients are set to zero before every pass, where this time they should add up",
    experiment="take the line that sets gradients to zero out of the loop.",
)
def zeroes_every_time(x, y, w, b, extra):
    bce(x, y, w, b).backward()
    first = w.grad.clone()
    for _ in range(extra):
        w.grad.zero_()
        b.grad.zero_()
        bce(x, y, w, b).backward()
    return first, w.grad


@six_times.wrong(
    36,
    "backward() goes through one and the same graph again, whose saved values are freed",
    experiment="move the forward pass into the loop: each backward() needs a graph of its own.",
)
def one_graph_for_all(x, y, w, b, extra):
    loss = bce(x, y, w, b)
    loss.backward()
    first = w.grad.clone()
    for _ in range(extra):
        loss.backward()
    return first, w.grad


# Back to zero

zero_gradients = Exercise(
    "zero_gradients",
    sees=[
        "result",
        *(f"parameters[{n}]{what}" for n in range(3) for what in (".grad", ".requires_grad", "")),
    ],
    experiment="make p = torch.tensor([1.], requires_grad=True), give it p.grad = "
    "torch.tensor([3.]), call your function on [p], and print p and p.grad.",
)


@zero_gradients.case("zero_gradients-zero")
def all_have_gradients(rng):
    shapes = [(3,), (2, 5), ()]
    return dict(
        parameters=[tensor(rng.normal(size=s), grad=rng.normal(size=s)) for s in shapes],
    )


@zero_gradients.case("zero_gradients-none")
def some_have_none(rng):
    return dict(
        parameters=[
            tensor(rng.normal(size=2), requires_grad=True),
            tensor(rng.normal(size=(2, 3)), grad=rng.normal(size=(2, 3))),
            tensor(rng.normal(size=()), requires_grad=True),
        ]
    )


@zero_gradients.law("zero_gradients-zero")
def in_place(f, new):
    """The zeros must be written into the tensor that p.grad already is, not into a new one."""
    (parameters,) = new()
    held = [p.grad for p in parameters]
    f(parameters)
    assert all(p.grad is old for p, old in zip(parameters, held, strict=True))


@zero_gradients.right
def with_fill(parameters):
    for p in parameters:
        if p.grad is None:
            continue
        p.grad.fill_(0)


@zero_gradients.right
def with_copy(parameters):
    for g in [p.grad for p in parameters if p.grad is not None]:
        g.copy_(torch.zeros_like(g))


@zero_gradients.wrong(
    6,
    "zero_() is called on a gradient that is None",
    experiment="call your function before the first backward(), when every .grad is None.",
)
def forgets_none(parameters):
    for p in parameters:
        p.grad.zero_()


@zero_gradients.wrong(
    None,
    "the parameters are set to zero instead of their gradients",
    experiment="print the parameters before and after. They should not change.",
)
def zeroes_the_parameters(parameters):
    with torch.no_grad():
        for p in parameters:
            p.zero_()


@zero_gradients.wrong(
    None,
    "gradients are thrown away (None) instead of set to zero",
    experiment="print p.grad afterwards: it should be a tensor of zeros.",
)
def sets_none(parameters):
    for p in parameters:
        p.grad = None


@zero_gradients.wrong(
    None,
    "a gradient that was None is turned into zeros",
    experiment="give your function a tensor that has no gradient yet. It should have none after.",
)
def makes_zeros_of_none(parameters):
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
        p.grad.zero_()


# Micro-batches

microbatch_gradients = Exercise(
    "microbatch_gradients",
    sees=["w.grad", "result"],
    experiment="take sizes=[4], then sizes=[1, 3]. Both must give the same w.grad.",
)


def batch(rng, sizes):
    """A batch cut into pieces; 3 columns, and as many rows as the pieces have together."""
    rows = sum(sizes)
    return dict(
        w=tensor(rng.normal(size=3), requires_grad=True),
        x=tensor(rng.normal(size=(rows, 3))),
        y=tensor(rng.normal(size=rows)),
        sizes=[int(size) for size in sizes],
    )


@microbatch_gradients.case("microbatch_gradients-equal")
def equal(rng):
    return batch(rng, [2, 2, 2, 2, 2])


@microbatch_gradients.case("microbatch_gradients-unequal")
def unequal(rng):
    return batch(rng, rng.permutation([1, 2, 3, 5]))


@microbatch_gradients.case("microbatch_gradients-unequal")
def one_piece(rng):
    return batch(rng, [7])


@microbatch_gradients.law("microbatch_gradients-adds", on=unequal)
def adds_to_what_is_there(f, new):
    """Called twice, it must leave twice the gradient: what was in w.grad stays in the sum."""
    arguments = new()
    f(*arguments)
    once = arguments[0].grad.clone()
    # Twice nothing is nothing.
    assert once.abs().max() > 1e-3
    f(*arguments)
    assert torch.allclose(arguments[0].grad, 2 * once, rtol=1e-4, atol=1e-6)


@microbatch_gradients.right
def weighted_means(w, x, y, sizes):
    first, rows = 0, sum(sizes)
    for size in sizes:
        last = first + size
        part = torch.nn.functional.mse_loss(x[first:last] @ w, y[first:last])
        (part * (size / rows)).backward()
        first = last


@microbatch_gradients.right
def row_by_row(w, x, y, sizes):
    n = y.shape[0]
    for i in range(n):
        error = (x[i] * w).sum() - y[i]
        (error.pow(2) / n).backward()


@microbatch_gradients.wrong(
    5,
    "the mean of every piece is added up as it is, so that the result grows with their number",
    experiment="sizes=[4], then sizes=[2, 2]. How much larger is the second result?",
)
def forgets_to_weight(w, x, y, sizes):
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        ((x[rows] @ w - y[rows]) ** 2).mean().backward()
        start += size


@microbatch_gradients.wrong(
    5,
    "every piece counts alike, however many rows it has",
    experiment="sizes=[3, 1]: the single row must not weigh as much as the other three together.",
)
def mean_of_means(w, x, y, sizes):
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        (((x[rows] @ w - y[rows]) ** 2).mean() / len(sizes)).backward()
        start += size


@microbatch_gradients.wrong(
    4,
    "the gradient is set to zero for every piece, so that only the last one is left",
    experiment="print w.grad after each piece. It should grow from piece to piece.",
)
def zeroes_for_every_piece(w, x, y, sizes):
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        w.grad = None
        (((x[rows] @ w - y[rows]) ** 2).sum() / len(x)).backward()
        start += size


@microbatch_gradients.wrong(
    17,
    "the sum over all rows is taken where the mean was asked for",
    experiment="give the same row twice. A mean does not change, a sum doubles.",
)
def sum_for_mean(w, x, y, sizes):
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        ((x[rows] @ w - y[rows]) ** 2).sum().backward()
        start += size


@microbatch_gradients.wrong(
    None,
    "every piece starts at the first row again",
    experiment="print the rows that each piece takes, for sizes=[2, 1].",
)
def always_the_first_rows(w, x, y, sizes):
    for size in sizes:
        (((x[:size] @ w - y[:size]) ** 2).sum() / len(x)).backward()


@microbatch_gradients.wrong(
    None,
    "a gradient that was there before the call is thrown away",
    experiment="call your function twice in a row. The second call should double w.grad.",
)
def starts_from_nothing(w, x, y, sizes):
    w.grad = None
    weighted_means(w, x, y, sizes)


# The same graph twice

backward_twice = Exercise(
    "backward_twice",
    sees=["leaf.grad", "result"],
    experiment="t = torch.tensor(3., requires_grad=True); loss = t * t. After your function, "
    "t.grad should be 12, and one more loss.backward() should raise.",
)


@backward_twice.case("backward_twice-twice")
def saves_its_input(rng):
    return dict(
        leaf=tensor(rng.normal(size=(2, 3)), requires_grad=True),
        loss=graph("(leaf * leaf).exp().mean()"),
    )


@backward_twice.case("backward_twice-twice")
def has_a_gradient_already(rng):
    return dict(
        leaf=tensor(rng.normal(size=3), grad=rng.normal(size=3)),
        loss=graph("(leaf ** 3).sum()"),
    )


@backward_twice.case("backward_twice-additions")
def additions(rng):
    return dict(
        leaf=tensor(rng.normal(size=5), requires_grad=True),
        loss=graph("(leaf + leaf + 1).sum()"),
    )


@backward_twice.law("backward_twice-freed", on=saves_its_input)
def freed_afterwards(f, new):
    """After the second pass the saved values must be freed: a third backward() raises."""
    leaf, loss = new()
    f(leaf, loss)
    assert leaf.grad is not None
    try:
        loss.backward()
    except RuntimeError:
        return
    raise AssertionError


@backward_twice.right
def in_a_loop(leaf, loss):
    for again in (True, False):
        loss.backward(retain_graph=again)
    return leaf.grad


@backward_twice.right
def with_autograd_grad(leaf, loss):
    (g,) = torch.autograd.grad(loss, leaf)
    leaf.grad = 2 * g if leaf.grad is None else leaf.grad + 2 * g
    return leaf.grad


@backward_twice.wrong(
    None,
    "saved values are freed by the first pass already, and the second needs them",
    experiment="read the text of the exception to its end: it says which argument is missing.",
)
def forgets_to_retain(leaf, loss):
    loss.backward()
    loss.backward()
    return leaf.grad


@backward_twice.wrong(
    None,
    "backward() is called only once",
    experiment="print leaf.grad after each call of backward().",
)
def only_once(leaf, loss):
    loss.backward()
    return leaf.grad


@backward_twice.wrong(
    36,
    "retain_graph=True is given to both passes, so that nothing is ever freed",
    experiment="call loss.backward() a third time after your function: it should raise.",
)
def retains_for_ever(leaf, loss):
    loss.backward(retain_graph=True)
    loss.backward(retain_graph=True)
    return leaf.grad


# Looking back

recall_leaf = Question(
    "recall_leaf",
    answers=(False,),
    explain="It is the result of a tracked multiplication, so it has a grad_fn. The leaf is the "
    "tensor before the multiplication, and it has no name any more.",
    experiment="make p in a new cell, and print p.is_leaf and p.grad_fn.",
    wrong={True: "requires_grad=True made a leaf; but is p still that tensor after `* 0.1`?"},
)

recall_update = Question(
    "recall_update",
    answers=("dcab", "cdab", "cabd"),
    explain="Zero the old gradient before backward() fills it, and use it before it is zeroed.",
    experiment="write down what params.grad holds after each of your four lines.",
    wrong={
        "cadb": "The gradient is set to zero after backward() and before it is used: the "
        "parameters would never move.",
        "dacb": "backward() comes before the loss of this round is computed.",
        "cbad": "The parameters are changed before backward() has found out in which direction.",
        "dcba": "The parameters are changed before backward() has found out in which direction.",
    },
)

recall_rebinding = Question(
    "recall_rebinding",
    answers=(False,),
    explain="The name now means a new tensor, made where nothing is tracked. Training would stop "
    "at the next backward().",
    experiment="try it with params = torch.tensor([1., 2.], requires_grad=True) and a rate of 0.",
    wrong={True: "`-=` changes the old tensor; `=` with a new right-hand side makes another one."},
)
