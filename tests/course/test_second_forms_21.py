"""Second forms of the known mistakes of the capstone on a new operation."""

import numpy as np

import autograd_lib as torch

from .second_forms import SecondForms

NAME = "21_capstone_new_operation"
forms = SecondForms(NAME)


def in_numpy(function):
    """Make an answer of a function of two float32 arrays."""

    def answer(a, b):
        with np.errstate(all="ignore"):
            found = function(a.detach().numpy(), b.detach().numpy())
        if isinstance(found, tuple):
            return tuple(torch.tensor(np.asarray(f, dtype=np.float32)) for f in found)
        return torch.tensor(np.asarray(found, dtype=np.float32))

    return answer


def largest(a, b):
    return np.maximum(np.abs(a), np.abs(b))


def or_one(m):
    return m + (m == 0)


forms(
    "stable_length",
    squares_first=in_numpy(lambda a, b: (a**2 + b**2) ** np.float32(0.5)),
    divides_zeros=in_numpy(lambda a, b: largest(a, b) * np.hypot(a / largest(a, b),
                                                                 b / largest(a, b))),
    stays_scaled=in_numpy(lambda a, b: np.hypot(a, b) / or_one(largest(a, b))),
    adds_sizes=in_numpy(lambda a, b: np.abs(b) + np.abs(a)),
    forgets_the_root=in_numpy(
        lambda a, b: or_one(largest(a, b))
        * ((a / or_one(largest(a, b))) ** 2 + (b / or_one(largest(a, b))) ** 2)
    ),
    scales_by_a=in_numpy(lambda a, b: np.abs(a) * np.sqrt((b / a) * (b / a) + 1)),
    forgets_abs=in_numpy(
        lambda a, b: np.maximum(a, b) * np.sqrt((a / or_one(np.maximum(a, b))) ** 2
                                                + (b / or_one(np.maximum(a, b))) ** 2)
    ),
)  # fmt: skip


def sine_and_cosine(a, b, there=True):
    angle = np.arctan2(b, a)
    tip = (np.hypot(a, b) == 0) & there
    return np.where(tip, 0, np.cos(angle)), np.where(tip, 0, np.sin(angle))


forms(
    "length_slopes",
    nan_at_the_tip=in_numpy(lambda a, b: (a / np.hypot(a, b), b / np.hypot(b, a))),
    swapped=in_numpy(lambda a, b: sine_and_cosine(a, b)[::-1]),
    without_sign=in_numpy(lambda a, b: tuple(np.abs(s) for s in sine_and_cosine(a, b))),
    twice=in_numpy(lambda a, b: tuple(s + s for s in sine_and_cosine(a, b))),
    root_alone=in_numpy(
        lambda a, b: (np.where(np.hypot(a, b) > 0, 1 / (2 * np.hypot(a, b)), 0),) * 2
    ),
    of_the_square=in_numpy(lambda a, b: (a + a + 0 * b, b + b + 0 * a)),
    overflows=in_numpy(
        lambda a, b: (a / or_one((a**2 + b**2) ** np.float32(0.5)),
                      b / or_one((a**2 + b**2) ** np.float32(0.5)))
    ),
)  # fmt: skip


class Steps(torch.autograd.Function):
    """An arrow length whose backward is a list of steps on the pair of gradients."""

    @staticmethod
    def forward(ctx, a, b, steps, attributes):
        ctx.steps, ctx.attributes = steps, (a, b) if attributes else None
        if not attributes:
            ctx.save_for_backward(a, b)
        return torch.hypot(a, b)

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.attributes or ctx.saved_tensors
        r = torch.sqrt(a * a + b * b)
        found = ctx.steps(a, b, r, grad)
        return found[0], found[1], None, None


def steps(function, attributes=False):
    return lambda a, b: Steps.apply(a, b, function, attributes)


def fine(a, b, r, grad):
    r = torch.where(r > 0, r, torch.ones_like(r))
    return grad * a / r, grad * b / r


forms(
    "arrow_length",
    forgets_upstream=steps(lambda a, b, r, grad: fine(a, b, r, 1)),
    gradients_swapped=steps(lambda *given: fine(*given)[::-1]),
    only_a=steps(lambda *given: [fine(*given)[0], None]),
    once_only=steps(lambda *given: [torch.tensor(g.tolist()) for g in fine(*given)]),
    nan_behind_the_tip=steps(lambda a, b, r, grad: (grad * a / r, grad * b / r)),
    keeps_attributes=steps(fine, attributes=True),
    cut_off=lambda a, b: torch.tensor(np.hypot(a.detach().numpy(), b.detach().numpy())),
)


def slopes(f, x, h=1e-5):
    x = x.detach()
    numbers = x.reshape(-1).tolist()
    found = []
    for i, old in enumerate(numbers):
        sides = []
        for new in (old + h, old - h):
            moved = [*numbers[:i], new, *numbers[i + 1 :]]
            sides.append(f(torch.tensor(moved, dtype=x.dtype).reshape(x.shape)).item())
        found.append((sides[0] - sides[1]) / (2 * h))
    return np.array(found).reshape(tuple(x.shape))


def near(p, q, rtol=1e-4):
    return np.abs(p - q) <= 1e-6 + rtol * np.abs(q)


def judge(agree, weights=None, none=lambda g: False, both=lambda a, b: a and b, fresh=True):
    """Make a gradient check of how two arrays agree, and how the two verdicts are joined."""

    def check(operation, a, b):
        if fresh:
            a, b = (torch.tensor(x.tolist(), dtype=x.dtype) for x in (a, b))
        a.requires_grad = b.requires_grad = True
        out = operation(a, b)
        drawn = torch.rand_like(out) + 1 if weights is None else weights
        out.backward(drawn * torch.ones_like(out))
        for x in (a, b):
            if x.grad is None:
                return none(x)

        verdicts = [
            agree(a.grad.numpy(), slopes(lambda x: (drawn * operation(x, b.detach())).sum(), a)),
            agree(b.grad.numpy(), slopes(lambda x: (drawn * operation(a.detach(), x)).sum(), b)),
        ]
        return bool(both(*verdicts))

    return check


def strict(p, q):
    return near(p, q).all()


forms(
    "gradient_is_right",
    without_weights=judge(strict, weights=1.0),
    looks_at_a=judge(strict, both=lambda a, b: a),
    one_is_enough=judge(strict, both=lambda a, b: a or b),
    compares_sums=judge(lambda p, q: near(p.sum(), q.sum())),
    some_place=judge(lambda p, q: near(p, q, 1e-5).any()),
    exactly=judge(lambda p, q: (p == q).all()),
    too_generous=judge(lambda p, q: near(p, q, 0.1).all()),
    compares_none=judge(strict, none=lambda x: torch.allclose(x.grad, x)),
    accepts_none=judge(strict, none=lambda x: True),
    uses_the_inputs=judge(strict, fresh=False),
    accepts_all=lambda *given: bool(given),
)


def table(*pairs):
    return lambda: [[a, b] for a, b in pairs]


ACROSS = ([[-1.5], [2.0]], [0.5, -4.0, 9.0])
MIXED = ([-3.0, 1.0], [0.5, -7.0])
TIPS = ([0.0, 0.0], [0.0, 3.0])
LARGE = ([-5e199, 1e190], [2e199, 4e190])


forms(
    "telling_inputs",
    ones=table(([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])),
    positive=table(([[1.5], [2.0]], [0.5, 4.0, 9.0]), TIPS, ([5e199], [3e199])),
    no_tip=table(ACROSS, MIXED, ([0.0], [3.0]), LARGE),
    same_shapes=table(MIXED, TIPS, LARGE),
    ordinary_sizes=table(ACROSS, MIXED, TIPS),
    equal=table(([-2.0, 0.0, 5e188], [-2.0, 0.0, 5e188]), ([[3.0]], [3.0, 3.0]),
                ([3.0, 3.0], [[3.0]])),
    too_many=table(*[ACROSS, MIXED, TIPS, LARGE] * 5),
)  # fmt: skip

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("stable_length", in_numpy(lambda a, b: np.maximum(a, b) * 1.25)),
    ("length_slopes", in_numpy(lambda a, b: tuple(np.abs(s) for s in sine_and_cosine(b, a)))),
    ("arrow_length", steps(lambda a, b, r, grad: [*reversed(fine(a, b, r, 1))])),
    ("gradient_is_right", judge(strict, weights=1.0, both=lambda a, b: a)),
    ("telling_inputs", table(([1.0, 2.0], [2.0, 5.0]))),
)
