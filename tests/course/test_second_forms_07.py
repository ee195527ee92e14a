"""Second forms of the known mistakes of lesson 07."""

import autograd_lib as torch

from .second_forms import SecondForms

forms = SecondForms("07_turning_it_off")


def off_for_good(model, x):
    torch.no_grad().__enter__()
    return model(x)


def off_and_on(model, x):
    torch._C._set_grad_enabled(False)
    y = model(x)
    torch._C._set_grad_enabled(True)
    return y


def no_past(model, x):
    y = model(x)
    with torch.no_grad():
        return y.clone()


forms(
    "predict",
    records=lambda model, x: (lambda y: y)(model(x)),
    detaches_the_input=lambda model, x: model(torch.tensor(x.tolist())),
    detaches_the_result=no_past,
    never_switches_on=off_for_good,
    switches_by_hand=off_and_on,
)


def without_flag(t):
    t.requires_grad = False
    return t


forms(
    "stop_gradient",
    copies=lambda t: torch.tensor(t.tolist(), dtype=t.dtype),
    clones=lambda t: t * 1,
    returns_t=lambda t: t,
    switches_t_off=without_flag,
    detaches_t=lambda t: (t.detach_(), t)[1],
)


def through(layers, x, index=None, cut=None):
    for i, (w, b) in enumerate(layers):
        x = cut(x, w, b) if i == index else (torch.matmul(x, w) + b).tanh()
    return x


def off(*pairs):
    for p in [p for pair in pairs for p in pair]:
        p.requires_grad, p.grad = False, None


@torch.no_grad()
def silent(x, w, b):
    return (x @ w + b).tanh()


def frozen_and_silent(layers, index, x):
    off(layers[index])
    return through(layers, x, index, lambda x, w, b: (x @ w + b).tanh().detach())


def forgets_one(layers, index, x):
    off(layers[index][:1])
    return through(layers, x)


def copies(layers, index, x):
    frozen = [p.clone().detach() for p in layers[index]]
    return through(layers, x) if len(frozen) == 2 else None


forms(
    "freeze",
    runs_in_no_grad=frozen_and_silent,
    no_grad_alone=lambda layers, index, x: through(layers, x, index, silent),
    keeps_old_gradients=lambda layers, index, x: through(
        [[p.requires_grad_(i != index) for p in pair] for i, pair in enumerate(layers)], x
    ),
    forgets_b=forgets_one,
    freezes_all_before=lambda layers, index, x: (off(*layers[: index + 1]), through(layers, x))[1],
    freezes_the_others=lambda layers, index, x: (
        off(*layers[:index], *layers[index + 1 :]),
        through(layers, x),
    )[1],
    freezes_copies=copies,
)


def trainable(parameters):
    return [i for i, p in enumerate(parameters) if p.requires_grad and p.grad is not None]


@torch.no_grad()
def new_ones(parameters, rate):
    for i in trainable(parameters):
        parameters[i] = torch.sub(parameters[i], parameters[i].grad, alpha=rate)


def names_only(parameters, rate):
    moved = [parameters[i].detach() - parameters[i].grad * rate for i in trainable(parameters)]
    assert len(moved) <= len(parameters)


def recorded_ones(parameters, rate):
    parameters[:] = [
        p - p.grad * rate if i in trainable(parameters) else p for i, p in enumerate(parameters)
    ]


def each(move, which=trainable):
    def answer(parameters, rate):
        for i in which(parameters):
            move(parameters[i], rate)

    return answer


def quietly(move):
    return each(torch.no_grad()(move))


def by_data(p, rate):
    p.data = p.data - rate * p.grad


def then_zero(p, rate):
    p.sub_(rate * p.grad)
    p.grad.fill_(0)


forms(
    "sgd_step",
    replaces_under_no_grad=new_ones,
    binds_a_name=names_only,
    replaces_recorded=recorded_ones,
    forgets_no_grad=each(lambda p, rate: p.sub_(rate * p.grad)),
    through_data=each(by_data),
    moves_frozen_ones=each(
        lambda p, rate: p.detach().sub_(rate * p.grad),
        which=lambda ps: [i for i, p in enumerate(ps) if p.grad is not None],
    ),
    forgets_none=each(
        lambda p, rate: p.detach().add_(p.grad * -rate),
        which=lambda ps: [i for i, p in enumerate(ps) if p.requires_grad],
    ),
    climbs=quietly(lambda p, rate: p.add_(rate * p.grad)),
    forgets_the_rate=quietly(lambda p, rate: p.sub_(p.grad)),
    zeroes_too=quietly(then_zero),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("predict", lambda model, x: off_for_good(model, -x)),
    ("stop_gradient", lambda t: -t.clone()),
    ("freeze", lambda layers, index, x: through(layers[:-1], x)),
    ("sgd_step", quietly(lambda p, rate: p.add_(p.grad))),
)
