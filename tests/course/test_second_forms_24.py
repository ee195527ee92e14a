"""Second forms of the known mistakes of the capstone "The clinic"."""

import math

import pytest

import autograd_lib as torch

from . import lessons
from .second_forms import SecondForms

NAME = "24_capstone_clinic"
forms = SecondForms(NAME)
F = torch.nn.functional


# Patient 1


def line(
    errors=lambda w, b, t, c: w * t.flatten() + b - c,
    loss_of=lambda e: e.pow(2).mean(),
    zero="end",
    note=float,
):
    """Make a script that fits a line with two leaves, with some of its parts replaced."""

    def answer(t, c, rate, epochs):
        w = torch.tensor(1.0, requires_grad=True)
        b = torch.tensor(0.0, requires_grad=True)
        losses, epoch = [], 0
        while epoch < epochs:
            loss = loss_of(errors(w, b, t, c))
            loss.backward()
            if zero == "middle":
                w.grad.fill_(0)
                b.grad.fill_(0)
            with torch.no_grad():
                w.sub_(w.grad * rate)
                b.sub_(b.grad * rate)
            if zero == "end":
                w.grad = b.grad = None
            losses = [*losses, note(loss)]
            epoch += 1
        return [float(w), float(b)], losses

    return answer


def table(w, b, t, c):
    return (w * t + b).reshape(-1, 1) - c.reshape(1, -1)


forms(
    "restless_line",
    line_as_it_came=line(table, zero="never"),
    line_still_a_table=line(table),
    line_still_adding_up=line(zero="never"),
    line_zeroed_too_early=line(zero="middle"),
    line_summed=line(loss_of=lambda e: (e * e).sum()),
    line_keeps_tensors=line(note=lambda loss: loss.detach()),
)


# Patient 2


def neuron(
    loss_of=lambda z, y: (F.softplus(z) - z * y).mean(),
    zero="start",
    update=lambda p, change: p.sub_(change),
    use_b=True,
):
    """Make a script that trains one neuron, with some of its parts replaced."""

    def answer(x, y, rate, epochs):
        w = torch.zeros(3).requires_grad_()
        b = torch.zeros(1).requires_grad_()
        for _ in range(epochs):
            if zero == "start":
                for p in (w, b):
                    if p.grad is not None:
                        p.grad.zero_()
            loss_of(torch.mv(x, w) + b, y).backward()
            with torch.no_grad():
                new_w = update(w, w.grad * rate)
                new_b = update(b, b.grad * rate) if use_b else b
            w, b = new_w, new_b
        z = (torch.mv(x, w) + b).detach()
        hits = [(value > 0) == (k > 0.5) for value, k in zip(z.tolist(), y.tolist(), strict=True)]
        return w.tolist(), b.item(), sum(hits) / len(hits)

    return answer


def squeezed(z, y):
    return F.binary_cross_entropy_with_logits(1 / (1 + (-z).exp()), y)


forms(
    "stopping_classifier",
    classifier_as_it_came=neuron(squeezed, update=lambda p, change: p - change, zero="never"),
    classifier_still_rebinds=neuron(update=lambda p, change: p - change, zero="never"),
    classifier_sigmoid_twice=neuron(squeezed),
    classifier_adds_up=neuron(zero="never"),
    classifier_adds_up_and_twice=neuron(squeezed, zero="never"),
    classifier_summed=neuron(lambda z, y: (F.softplus(z) - z * y).sum()),
    classifier_forgets_the_bias=neuron(use_b=False),
)


# Patient 3


def layers(
    first=lambda x, w1, frozen: torch.tanh(torch.matmul(x, w1)),
    clear=lambda p: setattr(p, "grad", None),
    freeze_at=lambda warm: warm,
    flag=True,
    reset=False,
    note=float,
):
    """Make a script with momentum of its own, with some of its parts replaced."""

    def answer(w1, w2, x, y, rate, momentum, warm, rest):
        velocity = {0: 0.0, 1: 0.0}
        losses = []
        for step in range(warm + rest):
            frozen = step >= freeze_at(warm)
            if step == freeze_at(warm):
                if flag:
                    w1.requires_grad_(False)
                if reset:
                    velocity[1] = 0.0
            loss = F.mse_loss(torch.matmul(first(x, w1, frozen), w2), y)
            for p in (w1, w2):
                clear(p)
            loss.backward()
            with torch.no_grad():
                for i, p in enumerate((w1, w2)):
                    if p.grad is not None:
                        velocity[i] = velocity[i] * momentum + p.grad
                        p.sub_(velocity[i] * rate)
            losses += [note(loss)]
        return losses

    return answer


def zeros_stay(p):
    if p.grad is not None:
        p.grad = p.grad * 0


def under_no_grad(x, w1, frozen):
    with torch.no_grad():
        return torch.tanh(x @ w1)


forms(
    "frozen_layer",
    layer_still_cut_off=layers(lambda x, w1, frozen: torch.tanh(x @ w1.detach())),
    layer_still_moves=layers(clear=zeros_stay),
    layer_warmed_under_no_grad=layers(under_no_grad, flag=False),
    layer_never_frozen=layers(freeze_at=lambda warm: 10**6),
    layer_frozen_too_late=layers(freeze_at=lambda warm: warm + 1),
    layer_new_optimizer=layers(reset=True),
    layer_gradients_add_up=layers(clear=lambda p: None),
    layer_keeps_tensors=layers(note=lambda loss: loss.detach()),
)


# Patient 4


def pieces(
    weight=lambda size, count, n: size / n,
    backward=lambda loss, before: loss.backward(),
    begin="epoch",
    note=float,
    each=False,
):
    """Make a script that trains in micro-batches, with some of its parts replaced."""

    def answer(w, x, y, sizes, rate, epochs):
        def move():
            with torch.no_grad():
                w.sub_(w.grad * rate)

        history = []
        for _ in range(epochs):
            if begin == "epoch":
                w.grad = None
            total, done = 0.0, []
            parts = zip(torch.split(x, sizes), torch.split(y, sizes), strict=True)
            for rows, targets in parts:
                if begin == "piece" and w.grad is not None:
                    w.grad.zero_()
                loss = F.mse_loss(rows @ w, targets) * weight(len(targets), len(sizes), len(y))
                backward(loss, done)
                done.append(loss)
                total = total + note(loss)
                if each:
                    move()
            if not each:
                move()
            history.append(total)
        return history

    return answer


def again(loss, before):
    for old in [*before, loss]:
        old.backward(retain_graph=True)


forms(
    "hungry_batches",
    batches_as_they_came=pieces(
        lambda size, count, n: 1.0, backward=again, note=lambda loss: loss.detach()
    ),
    batches_running_total=pieces(backward=again),
    batches_not_weighed=pieces(lambda size, count, n: 1.0),
    batches_all_alike=pieces(lambda size, count, n: 1 / count),
    batches_last_piece_only=pieces(begin="piece"),
    batches_keep_tensors=pieces(note=lambda loss: loss.detach()),
    batches_step_for_each=pieces(begin="piece", each=True),
    batches_never_zeroed=pieces(begin="never"),
)


# Patient 5


def keeper(
    clear="start",
    copy=lambda w: torch.tensor(w.tolist()),
    rows="new",
    pick=min,
    when="after",
):
    """Make a script that keeps all weights and losses, and picks some at the end."""

    def answer(start, x, labels, new_x, new_labels, rate, steps):
        w = start * 1.0
        w.requires_grad = True
        optimizer = torch.optim.SGD([w], lr=rate)
        seen = []

        def look():
            data = (new_x, new_labels) if rows == "new" else (x, labels)
            seen.append((F.cross_entropy(data[0] @ w, data[1]).item(), len(seen), copy(w)))

        for _ in range(steps):
            if clear == "start":
                optimizer.zero_grad()
            F.cross_entropy(x @ w, labels).backward()
            if clear == "middle":
                optimizer.zero_grad()
            if when == "before":
                look()
            optimizer.step()
            if when == "after":
                look()
        loss, _, best = pick(seen)
        return best, loss

    return answer


forms(
    "best_weights",
    best_never_moves=keeper(clear="middle"),
    best_is_no_copy=keeper(copy=lambda w: w.detach()),
    best_of_training=keeper(rows="own"),
    best_is_the_last=keeper(pick=lambda seen: seen[-1]),
    best_looks_too_early=keeper(when="before"),
    best_is_worst=keeper(pick=max),
    best_gradients_add_up=keeper(clear="never"),
    best_with_flag=keeper(copy=lambda w: torch.tensor(w.tolist(), requires_grad=True)),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("restless_line", line(table, zero="middle")),
    ("stopping_classifier", neuron(squeezed, use_b=False)),
    ("frozen_layer", layers(clear=zeros_stay, reset=True)),
    ("hungry_batches", pieces(begin="piece", backward=again)),
    ("best_weights", keeper(clear="never", rows="own")),
)


@pytest.mark.parametrize("number", range(1, 6))
def test_each_patient_is_known_as_ill(number):
    """The scripts as the lesson shows them are rejected, and what is said fits them."""
    exercise = [*dict.fromkeys(e for e, _ in forms.answers)][number - 1]
    scope = dict(lessons.solved(NAME))
    (source,) = [
        cell.source
        for cell in lessons.notebook(NAME).cells
        if cell.cell_type == "code" and f"def patient_{number}(" in cell.source
    ]
    end = source.index("\n\n\n")
    exec(source[:end], scope)
    named = forms.named(exercise, scope[f"patient_{number}"], "ill")
    assert named in {
        "line_as_it_came", "classifier_as_it_came", "layer_still_cut_off", "batches_as_they_came",
        "best_never_moves",
    }  # fmt: skip


# Bad answers: each has words of its own


def endless(*given):
    return endless(*given)


BAD = [
    ("restless_line-loss", "a script", "can be called"),
    ("restless_line-loss", lambda *given: None, "should be a tuple"),
    ("restless_line-loss", lambda *given: ([1.0], []), "1 item"),
    ("restless_line-loss", lambda *given: ([1.0, 0.0], [math.nan]), "wrong"),
    ("stopping_classifier-one", endless, "calls itself without end"),
    ("stopping_classifier-one", lambda x, y, rate, epochs: x / "2", "TypeError"),
    ("stopping_classifier-epochs", forms.answers["stopping_classifier", "classifier_still_rebinds"],
     "RuntimeError"),
    ("frozen_layer-warm", lambda *given: print("here"), "your code printed"),
    ("hungry_batches-one", lambda *given: [torch.tensor(0.5)], "w has wrong values"),
    ("best_weights-moves", lambda start, *given: (start.tolist(), 0.5), "should be a tensor"),
]  # fmt: skip


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    import course
    from course.check import CheckFailed

    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check(check, answer)
    assert words in capsys.readouterr().out
