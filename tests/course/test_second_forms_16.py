"""Second forms of the known mistakes of lesson 16."""

import math

import numpy as np
import pytest

import autograd_lib as torch

from .second_forms import SecondForms

NAME = "16_a_network_that_reads_digits"
forms = SecondForms(NAME)
F = torch.nn.functional


# A layer


def layer(
    weight=lambda i, o: torch.normal(0.0, (2.0 / i) ** 0.5, (i, o)),
    bias=lambda o: torch.zeros(o),
    flags=(True, True),
    call=lambda self, x: torch.addmm(self.bias, x, self.weight),
):
    """Make a layer with some of its parts replaced."""

    class Linear:
        def __init__(self, inputs, outputs):
            self.weight, self.bias = weight(inputs, outputs), bias(outputs)
            for t, flag in zip((self.weight, self.bias), flags, strict=True):
                if flag and not t.requires_grad:
                    t.requires_grad = True

        def __call__(self, x):
            return call(self, x)

        def parameters(self):
            return [*(self.weight, self.bias)]

    return Linear


def seeded(i, o):
    torch.random.manual_seed(3)
    return torch.randn(i, o) * math.sqrt(2 / i)


forms(
    "Linear",
    FlagFirst=layer(lambda i, o: torch.randn(i, o).requires_grad_() * math.sqrt(2 / i)),
    SpreadOfOne=layer(lambda i, o: torch.normal(0.0, 1.0, (i, o))),
    RootForgotten=layer(lambda i, o: torch.randn(i, o) / (i / 2)),
    BeginsWithZeros=layer(lambda i, o: torch.zeros(i, o)),
    NoBias=layer(call=lambda self, x: torch.matmul(x, self.weight)),
    RandomBias=layer(bias=lambda o: torch.randn(o)),
    BiasWithoutFlag=layer(flags=(True, False)),
    TurnedAround=layer(
        lambda i, o: torch.randn(o, i) * math.sqrt(2 / i),
        call=lambda self, x: F.linear(x, self.weight, self.bias),
    ),
    CutsOff=layer(call=lambda self, x: torch.relu(x @ self.weight + self.bias)),
    SameSeed=layer(seeded),
)


# The loss


def picked(table, labels):
    return torch.stack([row[k] for row, k in zip(table, labels.tolist(), strict=True)])


def naive(scores, labels):
    return (
        -(scores.exp() / scores.exp().sum(dim=1, keepdim=True))
        .log()[torch.arange(len(labels)), labels]
        .mean()
    )


def unsafe(scores, labels):
    """The logarithm of the sum, as it stands in the formula."""
    total = scores.exp().sum(dim=1)
    return total.log().mean() - picked(scores, labels).mean()


forms(
    "cross_entropy",
    sum_for_mean=lambda s, k: F.cross_entropy(s, k, reduction="sum"),
    not_shifted=unsafe,
    shifted_by_the_whole=lambda s, k: unsafe(s - s.flatten().max(), k),
    picks_columns=lambda s, k: F.log_softmax(s, dim=1)[:, k].mean() * -1,
    turned_sign=lambda s, k: F.log_softmax(s, dim=1)[torch.arange(len(k)), k].mean(),
    right_score_alone=lambda s, k: (0 - picked(s, k)).mean(),
    softmax_twice=lambda s, k: F.cross_entropy(s.softmax(dim=1), k),
    down_the_columns=lambda s, k: F.nll_loss(F.log_softmax(s, dim=0), k),
    gives_a_number=lambda s, k: float(F.cross_entropy(s, k)),
    mean_probability=lambda s, k: picked(s.softmax(dim=1), k).mean(),
)


# The share of right rows


def compared(scores, labels):
    return np.equal(np.argmax(scores.numpy(), axis=1), labels.numpy())


forms(
    "accuracy",
    each_with_every=lambda s, k: (s.argmax(dim=1) == k.reshape(-1, 1)).float().mean().item(),
    a_count=lambda s, k: float(np.sum(compared(s, k))),
    percent=lambda s, k: float(np.mean(compared(s, k)) * 100),
    share_of_wrong=lambda s, k: (s.argmax(dim=1) != k).float().mean().item(),
    still_a_tensor=lambda s, k: (s.argmax(dim=1) == k).sum() / len(k),
    guesses_the_smallest=lambda s, k: ((-s).argmax(dim=1) == k).float().mean().item(),
)


# An optimizer


def sgd(
    push=lambda m, v, g: m * v + g,
    move=lambda p, change: p.sub_(change),
    clear=lambda p: setattr(p, "grad", None),
    keep=True,
    rate=lambda rate: rate,
    tracked=False,
    slope=lambda p: p.grad,
    waits=True,
):
    """Make an optimizer with some of its parts replaced; velocities stand in a list of floats."""

    class SGD:
        def __init__(self, parameters, rate, momentum=0.0):
            self.pairs = [[p, 0.0] for p in parameters]
            self.rate, self.momentum = rate, momentum

        def zero_grad(self):
            for p, _ in self.pairs:
                clear(p)

        def step(self):
            for pair in self.pairs:
                p, v = pair
                if waits and p.grad is None:
                    continue
                with torch.no_grad():
                    v = push(self.momentum, v, slope(p))
                if keep:
                    pair[1] = v
                with torch.set_grad_enabled(tracked):
                    move(p, rate(self.rate) * v)

    return SGD


def zeros(p):
    if p.grad is not None:
        p.grad = torch.zeros_like(p.grad)


class MultipliesNone:
    def __init__(self, parameters, rate, momentum=0.0):
        self.parameters, self.rate, self.momentum = parameters, rate, momentum
        self.velocities = [torch.zeros_like(p).detach() for p in parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocities, strict=True):
            v.mul_(self.momentum)
            v += p.grad
            p.sub_(v * self.rate)


forms(
    "SGD",
    NeverZeroes=sgd(clear=lambda p: p.grad),
    FrozenStillMoves=sgd(
        waits=False,
        slope=lambda p: 0.0 if p.grad is None else p.grad,
        push=lambda m, v, g: v * m + g,
    ),
    ZeroesNone=sgd(clear=lambda p: p.grad.zero_()),
    Climbs=sgd(move=lambda p, change: p.add_(change)),
    ForgetsTheVelocity=sgd(keep=False),
    Rebinds=sgd(move=lambda p, change: p - change),
    InPlaceTracked=sgd(tracked=True),
    ComputesWithNone=MultipliesNone,
    ForgetsTheRate=sgd(rate=lambda rate: 1),
    RunningMean=sgd(push=lambda m, v, g: v + (1 - m) * (g - v)),
    NeverSlowsDown=sgd(push=lambda m, v, g: v + g),
)


# The training loop


def trainer(body, optimizer=lambda network, rate, m: torch.optim.SGD(
        network.parameters(), lr=rate, momentum=m)):  # fmt: skip
    """Make a training loop of the body of its loop, which returns what goes into the two lists."""

    def answer(network, training, validation, rate, momentum, steps):
        own = optimizer(network, rate, momentum)
        records = [body(network, training, validation, own) for _ in range(steps)]
        return [loss for loss, _ in records], [share for _, share in records]

    return answer


def share(network, pile):
    with torch.no_grad():
        return float(np.mean(compared(network(pile[0]), pile[1])))


def body(train_on="own", watch="other", zero="first", note=float, order="before"):
    def one(network, own, other, optimizer):
        both = tuple(torch.cat(pair) for pair in zip(other, own, strict=True))
        piles = {"own": own, "other": other, "both": both}
        x, labels = piles[train_on]
        if zero == "first":
            optimizer.zero_grad()
        loss = F.cross_entropy(network(x), labels)
        before = share(network, piles[watch])
        loss.backward()
        if zero == "late":
            optimizer.zero_grad()
        optimizer.step()
        return note(loss), before if order == "before" else share(network, piles[watch])

    return one


def fresh_each_time(network, training, validation, rate, momentum, steps):
    one = trainer(body())
    losses, accuracies = [], []
    for _ in range(steps):
        loss, right = one(network, training, validation, rate, momentum, 1)
        losses += loss
        accuracies += right
    return losses, accuracies


def item_first(network, training, validation, rate, momentum, steps):
    losses, accuracies = [], []
    for _ in range(steps):
        loss = F.cross_entropy(network(training[0]), training[1]).item()
        loss.backward()
    return losses, accuracies


forms(
    "train",
    never_zeroes=trainer(body(zero="never")),
    zeroes_too_late=trainer(body(zero="late")),
    number_before_backward=item_first,
    keeps_tensors=trainer(body(note=lambda loss: loss.detach())),
    validation_gives_gradients=trainer(body(train_on="both")),
    accuracy_on_training=trainer(body(watch="own")),
    swaps_the_piles=trainer(body(train_on="other", watch="own")),
    new_optimizer_each_step=fresh_each_time,
    accuracy_after_the_step=trainer(body(order="after")),
    one_step_too_few=lambda *given: trainer(body())(*given[:-1], len(range(1, given[-1]))),
    returns_losses_only=lambda *given: trainer(body())(*given)[0],
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("Linear", layer(bias=lambda o: torch.randn(o), flags=(True, False))),
    ("cross_entropy", lambda s, k: -F.cross_entropy(s, k, reduction="sum")),
    ("accuracy", lambda s, k: 100.0 * (s.argmin(dim=1) == k).float().mean().item()),
    ("SGD", sgd(keep=False, move=lambda p, change: p.add_(change))),
    ("train", trainer(body(zero="never", watch="own"))),
)


# Bad answers: each has words of its own


def endless(*given):
    return endless(*given)


def prints_and_returns(scores, labels):
    print("looking at", len(labels), "rows")


BAD = [
    ("cross_entropy-values", 3, "can be called"),
    ("cross_entropy-values", lambda s, k: None, "should be a tensor"),
    ("cross_entropy-values", lambda s, k: s, "shape"),
    ("cross_entropy-values", lambda s, k: F.cross_entropy(s, k).double(), "dtype"),
    ("cross_entropy-values", lambda s, k: s.sum() * math.nan, "nan"),
    ("cross_entropy-values", endless, "calls itself without end"),
    ("accuracy-share", prints_and_returns, "your code printed"),
    ("accuracy-share", lambda s, k: [0.4], "should be a float"),
    ("accuracy-share", lambda s, k: s / "2", "TypeError"),
    ("cross_entropy-large", forms.answers["cross_entropy", "not_shifted"], "infinity"),
]


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    import course
    from course.check import CheckFailed

    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check(check, answer)
    assert words in capsys.readouterr().out
