"""Second forms of the known mistakes of lesson 12."""

from itertools import count, zip_longest

import numpy as np
import pytest

import course
from course.check import CheckFailed, examine

from . import lessons
from .second_forms import SecondForms

NAME = "12_an_engine_for_arrays_1"
forms = SecondForms(NAME)


# Shapes


def joined(first, second, join, pairs=None):
    """Fit two shapes together, size by size from the right, or in the given pairs."""
    if pairs is None:
        pairs = zip_longest(first[::-1], second[::-1], fillvalue=1)
    sizes = [join(a, b) for a, b in pairs]
    return tuple(sizes[::-1])


def strict(one, other):
    if one == 1 or one == other:
        return other
    if other == 1:
        return one
    raise ValueError(one, other)


def strict_but_larger(one, other):
    strict(one, other)
    return one if one > other else other


def from_the_left(first, second):
    return joined(first, second, strict, list(zip_longest(first, second, fillvalue=1))[::-1])


def same_length_only(first, second):
    if len(first) > len(second) or len(second) > len(first):
        raise ValueError("lengths")
    return joined(first, second, strict)


def silent(first, second):
    for one, other in zip(first[::-1], second[::-1], strict=False):
        if one != other and one != 1 and other != 1:
            return
    return joined(first, second, strict)


forms(
    "broadcast_shape",
    aligned_left=from_the_left,
    never_refuses=lambda first, second: joined(
        first, second, lambda a, b: min(a, b) if 0 in (a, b) and a + b < 2 else max(a, b)
    ),
    empty_becomes_one=lambda first, second: joined(first, second, strict_but_larger),
    gives_a_list=lambda first, second: [*np.broadcast_shapes(first, second)],
    loses_the_front=lambda first, second: joined(
        first, second, strict, [*zip(first[::-1], second[::-1], strict=False)]
    ),
    refuses_other_lengths=same_length_only,
    gives_nothing=silent,
)


def folded(grad, shape, extra=np.add.reduce, ones=lambda g, axis: g.sum(axis, keepdims=True)):
    """Take extra axes away one at a time with `extra`, then fold axes of size 1 with `ones`."""
    for _ in range(len(grad.shape) - len(shape)):
        grad = extra(grad)
    for axis in reversed(range(len(shape))):
        if shape[axis] == 1:
            grad = ones(grad, axis)
    return grad


def only_ones(grad, shape):
    extra = len(grad.shape) - len(shape)
    axes = tuple(extra + axis for axis, size in enumerate(shape) if size == 1)
    return np.sum(grad, axis=axes, keepdims=True)


def mean_of(grad, shape):
    if not grad.size:
        return np.zeros(shape)
    return folded(grad, shape, lambda g: g.mean(0), lambda g, axis: g.mean(axis, keepdims=True))


def dealt_out(grad, shape):
    """Deal the numbers of grad out to the places of the result, one after the other, in turn."""
    result = np.zeros(shape)
    flat = result.reshape(-1)
    for n, number in enumerate(grad.flat):
        flat[n % flat.size] += number
    return result


forms(
    "unbroadcast",
    does_nothing=lambda grad, shape: grad + 0.0,
    from_the_end=lambda grad, shape: folded(grad, shape, extra=lambda g: g.sum(g.ndim - 1)),
    only_extra_axes=lambda grad, shape: folded(grad, shape, ones=lambda g, axis: g),
    only_sizes_of_one=only_ones,
    loses_ones=lambda grad, shape: folded(grad, shape, ones=lambda g, axis: g.sum(axis)),
    mean_for_sum=mean_of,
    takes_one_copy=lambda grad, shape: folded(
        grad, shape, lambda g: g[0], lambda g, axis: np.delete(g, slice(1, None), axis)
    ),
    only_reshapes=dealt_out,
)


def switch(enter, leave):
    """A context manager of two functions: of the recorder, and of what enter returned."""

    class no_grad:
        def __init__(self, recorder):
            self.r = recorder

        def __enter__(self):
            self.kept = enter(self.r)

        def __exit__(self, *error):
            return leave(self.r, self.kept, error)

    return no_grad


def off(recorder):
    old, recorder.on = recorder.on, False
    return old


def put(recorder, value):
    recorder.on = value


forms(
    "no_grad",
    AlwaysOn=switch(off, lambda r, old, error: put(r, not False)),
    StaysOff=switch(lambda r: put(r, False), lambda r, old, error: put(r, bool(old))),
    NeverOff=switch(lambda r: r.on, lambda r, old, error: put(r, old)),
    OnlyWhenAllIsWell=switch(off, lambda r, old, error: None if any(error) else put(r, old)),
    Swallows=switch(off, lambda r, old, error: [put(r, old)]),
)


# An engine that numbers its tensors, and keeps a gradient of each pass in them


class Numbered:
    recorder = type("Recorder", (), {"on": True})()
    numbers = count()

    def __init__(self, data, requires_grad=False, parents=()):
        self.data = np.array(data, dtype=np.float64)
        self.requires_grad = requires_grad
        self.grad, self.parents, self.number = None, parents, next(self.numbers)

    def lift(self, value):
        return value if isinstance(value, Numbered) else type(self)(value)

    def wanted(self, parent):
        return self.recorder.on and parent.requires_grad

    def out(self, data, *parents):
        parents = [pair for pair in parents if self.wanted(pair[0])]
        return type(self)(data, len(parents) > 0, parents)

    def frozen(self):
        return self.data + 0.0

    def __add__(self, other):
        other = self.lift(other)
        return self.out(self.data + other.data, (self, np.array), (other, np.array))

    minus = staticmethod(np.negative)

    def __sub__(self, other):
        other = self.lift(other)
        return self.out(self.data - other.data, (self, np.array), (other, self.minus))

    def __mul__(self, other):
        other = self.lift(other)
        a, b = self.frozen(), other.frozen()
        return self.out(a * b, (self, lambda g: b * g), (other, lambda g: a * g))

    @staticmethod
    def below(g, a, b):
        return g * a / (b * b) * -1

    def __truediv__(self, other):
        other = self.lift(other)
        a, b = self.frozen(), other.frozen()
        return self.out(a / b, (self, lambda g: g / b), (other, lambda g: self.below(g, a, b)))

    @staticmethod
    def slope(a, n):
        return n * np.power(a, n - 1)

    def __pow__(self, n):
        a = self.frozen()
        return self.out(a**n, (self, lambda g: self.slope(a, n) * g))

    @staticmethod
    def unsum(g, like, axis, keepdims):
        back = g if axis is None or keepdims else np.expand_dims(g, axis)
        return np.broadcast_to(back, like.shape)

    def sum(self, axis=None, keepdims=False):
        like = np.zeros(self.data.shape)
        total = np.sum(self.data, axis, keepdims=keepdims)
        return self.out(total, (self, lambda g: self.unsum(g, like, axis, keepdims)))

    def mean(self, axis=None, keepdims=False):
        n = len(self.data.ravel()) if axis is None else self.data.shape[axis]
        return self.sum(axis, keepdims) * (1 / n)

    @staticmethod
    def shrink(g, shape):
        return folded(g, shape)

    def first(self, gradient):
        return np.ones_like(self.data) if gradient is None else gradient + 0.0

    def collect(self, g):
        self.grad = g + (0.0 if self.grad is None else self.grad)

    def receive(self, g):
        self.passing = g if self.passing is None else self.passing + g

    def order(self, family):
        return sorted(family, key=lambda tensor: -tensor.number)

    @property
    def inputs(self):
        return [parent for parent, _ in self.parents]

    def leaves_collect(self):
        return not self.parents and self.requires_grad

    def backward(self, gradient=None):
        family, todo = {self}, [self]
        while todo:
            for parent, _ in todo.pop().parents:
                if parent not in family:
                    family.add(parent)
                    todo.append(parent)
        for one in family:
            one.passing = None
        self.passing = self.first(gradient)
        for one in self.order(family):
            if one.leaves_collect():
                one.collect(one.passing)
            for parent, rule in one.parents:
                parent.receive(self.shrink(rule(one.passing), parent.data.shape))

    def __neg__(self):
        return self.lift(0.0) - self

    def __rsub__(self, other):
        return self.lift(other) - self

    def __rtruediv__(self, other):
        return self.lift(other) / self

    __radd__ = __add__

    def __rmul__(self, other):
        return self * other


def engine(**methods):
    return type("Tensor", (Numbered,), methods)


def product(rule):
    """Multiplication whose rule gets g, the tensor of its own side, and that of the other."""

    def method(self, other):
        other = self.lift(other)
        return self.out(self.data * other.data, (self, lambda g: rule(g, self, other)),
                        (other, lambda g: rule(g, other, self)))  # fmt: skip

    return method


class Late(Numbered):
    """All rules ask the tensors themselves."""

    __mul__ = product(lambda g, own, other: g * other.data)

    def __truediv__(self, other):
        other = self.lift(other)
        return self.out(
            self.data / other.data,
            (self, lambda g: g / other.data),
            (other, lambda g: self.below(g, self.data, other.data)),
        )

    def __pow__(self, n):
        return self.out(self.data**n, (self, lambda g: self.slope(self.data, n) * g))


def without_upstream(self, other):
    other = self.lift(other)
    shape = (self.data + other.data).shape
    a, b = (np.broadcast_to(t.frozen(), shape) for t in (self, other))
    return self.out(a * b, (self, lambda g: b), (other, lambda g: a))


def mean_with_wrong_rule(self, axis=None, keepdims=False):
    out = self.sum(axis, keepdims)
    out.data = np.mean(self.data, axis, keepdims=keepdims)
    return out


forms(
    "Tensor",
    Overwrites=engine(
        receive=lambda self, g: setattr(self, "passing", g),
        # What comes last stays: here the order counts, and it is the lesson's.
        order=lambda self, family: lessons.solved(NAME)["topological_order"](self),
    ),
    ReplacesLeafGradients=engine(collect=lambda self, g: setattr(self, "grad", g)),
    LooksTooLate=Late,
    KeepsNoCopy=engine(frozen=lambda self: self.data),
    NeverUnbroadcasts=engine(shrink=staticmethod(lambda g, shape: g)),
    SumsTheWrongAxis=engine(
        shrink=staticmethod(lambda g, s: folded(g, s, extra=lambda g: g.sum(g.ndim - 1)))
    ),
    IgnoresTheGradient=engine(first=lambda self, gradient: self.data * 0 + 1),
    ProductForgetsUpstream=engine(__mul__=without_upstream),
    SubtractsWithoutSign=engine(minus=staticmethod(np.positive)),
    DivisorWithoutSign=engine(below=staticmethod(lambda g, a, b: a / b / b * g)),
    DivisorNotSquared=engine(below=staticmethod(lambda g, a, b: a / -b * g)),
    PowerNotLowered=engine(slope=staticmethod(lambda a, n: a**n * n)),
    PutsTheAxisLast=engine(
        unsum=staticmethod(
            lambda g, like, axis, keepdims: (
                (g if axis is None or keepdims else g[..., None]) + np.zeros_like(like)
            )
        )
    ),
    ForgetsTheAxis=engine(
        unsum=staticmethod(lambda g, like, axis, keepdims: np.broadcast_to(g, like.shape))
    ),
    DividesByAll=engine(mean=lambda self, *a, **o: self.sum(*a, **o) / np.size(self.data)),
    MeanWithGradientOfSum=engine(mean=mean_with_wrong_rule),
    TracksEverything=engine(
        wanted=lambda self, parent: self.recorder.on,
        leaves_collect=lambda self: not self.parents,
    ),
    IgnoresTheRecorder=engine(wanted=lambda self, parent: parent.requires_grad),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("broadcast_shape", lambda first, second: list(from_the_left(first, second))),
    ("unbroadcast", lambda grad, shape: folded(grad, shape, lambda g: g[0], lambda g, axis: g)),
    ("Tensor", engine(frozen=lambda self: self.data, minus=staticmethod(np.positive))),
    ("Tensor", engine(collect=lambda self, g: setattr(self, "grad", -g))),
)


def test_an_engine_of_numbered_tensors_is_right_too():
    for seed in ("right-0", "right-1", "right-2"):
        cases = lessons.cases(NAME, seed)
        exercise = lessons.key(NAME)["Tensor"]
        for info in cases.checks.values():
            if info.exercise == "Tensor":
                given = cases.given(exercise, engine())
                outcome = examine(cases, info, cases.exercises["Tensor"], given, secret=False)
                assert outcome.status == "passed", outcome.message + outcome.detail


# Bad answers: each has words of its own


def endless(self, *others, **options):
    return endless(self, *others, **options)


BAD = [
    ("broadcast_shape-fits", lambda first, second: None, "None"),
    ("broadcast_shape-fits", lambda first: first, "TypeError"),
    ("unbroadcast-rows", lambda grad, shape: None, "None"),
    ("unbroadcast-rows", lambda grad, shape: grad, "shape"),
    ("unbroadcast-rows", lambda grad, shape: np.zeros(shape) * np.nan, "nan"),
    ("unbroadcast-rows", lambda grad, shape: str(shape), "str"),
    ("unbroadcast-rows", lambda grad, shape: grad.__imul__(0).sum(0).reshape(shape), "grad"),
    ("no_grad-block", lambda recorder: None, "context manager"),
    ("Tensor-sums", 7, "can be called"),
    ("Tensor-sums", lambda data, requires_grad=False: None, "TypeError"),
    ("Tensor-sums", engine(__sub__=lambda a, b: None), "NoneType"),
    ("Tensor-reduced", engine(sum=endless), "calls itself without end"),
    ("Tensor-means", engine(mean=lambda a, *o, **k: a.sum(*o, **k) * np.nan), "nan"),
    ("Tensor-reduced", engine(collect=lambda a, g: setattr(a, "grad", 0.0)), "shape"),
]


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    others = {"no_grad": ["Recorder"], "Tensor": ["no_grad"]}.get(check.split("-")[0], [])
    with pytest.raises(CheckFailed):
        course.check(check, answer, *(lessons.solved(NAME)[name] for name in others))
    assert words in capsys.readouterr().out
