"""Second forms of the known mistakes of lesson 13."""

import numpy as np
import pytest

import autograd_lib as torch
import course
from course.check import CheckFailed, examine

from . import lessons
from .second_forms import SecondForms
from .test_second_forms_12 import Numbered

NAME = "13_an_engine_for_arrays_2"
forms = SecondForms(NAME)


class Matrices(Numbered):
    """Rules as static functions of g and of numbers that were frozen forward."""

    for_left = staticmethod(lambda g, a, b: (b @ g.T).T)
    for_right = staticmethod(lambda g, a, b: (g.T @ a).T)

    def __matmul__(self, other):
        other = self.lift(other)
        a, b = self.frozen(), other.frozen()
        return self.out(
            np.matmul(a, b),
            (self, lambda g: self.for_left(g, a, b)),
            (other, lambda g: self.for_right(g, a, b)),
        )

    def reshape(self, *shape):
        like = self.frozen()
        return self.out(self.data.reshape(*shape), (self, lambda g: np.reshape(g, like.shape)))

    unturn = staticmethod(lambda g, shape: np.swapaxes(g, 0, 1))

    def transpose(self):
        shape = self.data.shape
        return self.out(np.swapaxes(self.data, 0, 1), (self, lambda g: self.unturn(g, shape)))

    @staticmethod
    def put_back(g, key, like):
        # One picked number at a time.
        flat, places = np.zeros(like.size), np.arange(like.size).reshape(like.shape)[key]
        for place, number in zip(np.ravel(places), np.ravel(g), strict=True):
            flat[place] = flat[place] + number
        return flat.reshape(like.shape)

    def __getitem__(self, key):
        like = self.frozen()
        return self.out(self.data[key] + 0.0, (self, lambda g: self.put_back(g, key, like)))

    of_exp = staticmethod(lambda g, a: np.e**a * g)
    of_log = staticmethod(lambda g, a: 1 / a * g)
    of_relu = staticmethod(lambda g, a: np.where(a > 0, g, 0.0))

    def each(self, number, rule):
        a = self.frozen()
        return self.out(number(a), (self, lambda g: rule(g, a)))

    def exp(self):
        return self.each(np.exp, self.of_exp)

    def log(self):
        return self.each(np.log, self.of_log)

    def relu(self):
        return self.each(lambda a: np.where(a > 0, a, 0.0), self.of_relu)

    @staticmethod
    def won(a, axis):
        """How much of the gradient each number gets."""
        hits = np.equal(a, np.max(a, axis, keepdims=True)).astype(float)
        return hits / np.sum(hits, axis, keepdims=True)

    def max(self, axis=None, keepdims=False):
        a = self.frozen()

        def rule(g):
            shape = np.max(a, axis, keepdims=True).shape
            return np.reshape(g, shape) * self.won(a, axis)

        return self.out(np.max(a, axis, keepdims=keepdims), (self, rule))


def engine(**parts):
    return type("Tensor", (Matrices,), parts)


def each(**rules):
    return engine(**{name: staticmethod(rule) for name, rule in rules.items()})


def assigned(g, key, like):
    out = like * 0
    out[key] = g + out[key]
    return out


def shared_out(g, key, like):
    mean = np.mean(g) if np.size(g) else 0.0
    return np.full(like.shape, mean if np.ndim(g) else float(g))


class Late(Matrices):
    """All rules ask the tensors themselves."""

    def __matmul__(self, other):
        other = self.lift(other)
        return self.out(
            self.data @ other.data,
            (self, lambda g: g @ other.data.T),
            (other, lambda g: self.data.T @ g),
        )

    def each(self, number, rule):
        return self.out(number(self.data), (self, lambda g: rule(g, self.data)))

    def __mul__(self, other):
        other = self.lift(other)
        return self.out(
            self.data * other.data,
            (self, lambda g: other.data * g),
            (other, lambda g: self.data * g),
        )

    def __truediv__(self, other):
        other = self.lift(other)
        return self.out(
            self.data / other.data,
            (self, lambda g: g / other.data),
            (other, lambda g: self.below(g, self.data, other.data)),
        )

    def __pow__(self, n):
        return self.out(self.data**n, (self, lambda g: self.slope(self.data, n) * g))

    def max(self, axis=None, keepdims=False):
        def rule(g):
            shape = np.max(self.data, axis, keepdims=True).shape
            return np.reshape(g, shape) * self.won(self.data, axis)

        return self.out(np.max(self.data, axis, keepdims=keepdims), (self, rule))


def first_winner(a, axis):
    rows = a.reshape(1, -1) if axis is None else np.moveaxis(a, axis, -1)
    hits = np.zeros(rows.shape)
    for place in np.ndindex(rows.shape[:-1]):
        hits[place][list(rows[place]).index(max(rows[place]))] = 1
    return hits.reshape(a.shape) if axis is None else np.moveaxis(hits, -1, axis)


def winners_of_all(a, axis):
    hits = np.where(a == np.amax(a), 1.0, 0.0)
    return hits / hits.sum()


forms(
    "Tensor",
    MatmulNotTransposed=each(
        for_left=lambda g, a, b: np.dot(g, b), for_right=lambda g, a, b: np.dot(a, g)
    ),
    MatmulRulesSwapped=each(
        for_left=lambda g, a, b: (g.T @ a).T, for_right=lambda g, a, b: (b @ g.T).T
    ),
    MatmulWrongOrder=each(
        for_left=lambda g, a, b: b.transpose() @ g, for_right=lambda g, a, b: g @ a.transpose()
    ),
    MatmulForgetsUpstream=each(
        for_left=lambda g, a, b: np.ones_like(g) @ b.T,
        for_right=lambda g, a, b: a.T @ np.ones_like(g),
    ),
    KeepsTheLastPick=each(put_back=assigned),
    SpreadsThePick=each(put_back=shared_out),
    NotTurnedBack=engine(
        unturn=staticmethod(lambda g, shape: g),
        shrink=staticmethod(
            lambda g, shape: g if g.shape == shape[::-1] else Numbered.shrink(g, shape)
        ),
    ),
    TurnedBackByReshape=each(unturn=lambda g, shape: np.reshape(g, shape)),
    ExpUsesInput=each(of_exp=lambda g, a: a * g),
    LogUsesResult=each(of_log=lambda g, a: g / np.log(a)),
    ExpForgetsUpstream=each(of_exp=lambda g, a: np.exp(a)),
    ReluOpenAtZero=each(of_relu=lambda g, a: np.where(a < 0, 0.0, g)),
    ReluHalfOpenAtZero=each(of_relu=lambda g, a: g * np.heaviside(a, 0.5)),
    EqualMaximaGetAll=each(won=lambda a, axis: np.where(a < a.max(axis, keepdims=True), 0.0, 1.0)),
    FirstMaximumGetsAll=each(won=first_winner),
    MaximumOfAll=each(won=winners_of_all),
    LooksTooLate=Late,
)


def entropy(of_row, reduce=lambda losses, n: losses * (1 / n)):
    """Go row by row: `of_row` gets a row of scores, the same shifted, its label, and all labels."""

    def answer(scores, labels):
        total = 0.0
        for n, label in enumerate(np.array(labels).tolist()):
            row = scores[n]
            total = total + of_row(row, row - row.max(), label, labels)
        return reduce(total, len(labels))

    return answer


def log_sum(row):
    return row.exp().sum().log()


def from_p(scores, labels):
    s = scores - scores.data.max(axis=1, keepdims=True)
    p = s.exp() / s.exp().sum(axis=1, keepdims=True)
    return p[list(range(len(labels))), labels].log().mean() * -1.0


def down_the_columns(scores, labels):
    s = scores - scores.max(axis=1).reshape(-1, 1)
    n = len(labels)
    return s.transpose().exp().sum(axis=1).log().mean() - s[list(range(n)), labels].sum() / n


forms(
    "cross_entropy",
    not_shifted=entropy(lambda row, s, y, all_labels: log_sum(row) - row[y]),
    logarithm_of_probabilities=from_p,
    shifted_on_one_side=entropy(lambda row, s, y, all_labels: log_sum(s) - row[y]),
    sum_for_mean=entropy(lambda row, s, y, all_labels: log_sum(s) - s[y], lambda total, n: total),
    turned_around=entropy(lambda row, s, y, all_labels: s[y] - log_sum(s)),
    picks_all_pairs=entropy(lambda row, s, y, labels: log_sum(s) - s[np.array(labels)].mean()),
    forgets_the_logarithm=entropy(lambda row, s, y, all_labels: s.exp().sum() - s[y]),
    forgets_the_labels=entropy(lambda row, s, y, all_labels: log_sum(s)),
    sums_the_columns=down_the_columns,
    cuts_the_graph=lambda scores, labels: type(scores)(
        torch.nn.functional.cross_entropy(torch.tensor(scores.data), torch.tensor(labels)).item()
    ),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("Tensor", each(of_exp=lambda g, a: a * g, of_relu=lambda g, a: np.where(a < 0, 0.0, g))),
    ("Tensor", each(won=lambda a, axis: -winners_of_all(a, axis))),
    ("cross_entropy", entropy(lambda row, s, y, labels: s[y] - log_sum(s), lambda t, n: t)),
)


def test_an_engine_in_other_words_is_right_too():
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
    ("Tensor-matmul", "Tensor", "can be called"),
    ("Tensor-matmul", engine(__matmul__=lambda a, b: None), "NoneType"),
    ("Tensor-matmul", engine(__matmul__=lambda a, b: a.data @ b.data), "backward"),
    ("Tensor-moved", each(unturn=lambda g, shape: g), "shape"),
    ("Tensor-picked", engine(__getitem__=endless), "calls itself without end"),
    ("Tensor-functions", each(of_log=lambda g, a: np.log(-a)), "nan"),
    ("Tensor-maxima", engine(max=lambda a: a), "shape"),
    ("cross_entropy-values", lambda scores, labels: None, "does not exist"),
    ("cross_entropy-values", lambda scores, labels: 0.5, "does not exist"),
    ("cross_entropy-values", lambda scores: None, "TypeError"),
    ("cross_entropy-gradient", lambda scores, labels: None, "NoneType"),
    ("cross_entropy-large", lambda scores, labels: scores.exp().sum().log() * np.nan, "nan"),
]


@pytest.mark.parametrize("check, answer, words", BAD)
def test_bad_answers_are_told_what_is_wrong(check, answer, words, capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    others = [lessons.solved(NAME)["Tensor"]] if check.startswith("cross") else []
    with pytest.raises(CheckFailed):
        course.check(check, answer, *others)
    assert words in capsys.readouterr().out
