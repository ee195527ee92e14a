"""Second forms of the known mistakes of lesson 08."""

import numpy as np

import autograd_lib as torch

from .second_forms import SecondForms

forms = SecondForms("08_why_scaling_matters")


def arrays(*tensors):
    return [t.double().numpy() for t in tensors]


def walk(rate):
    """Training by hand, all epochs at once: powers of a matrix, whatever they grow to."""

    def answer(t, c):
        t, c = arrays(t, c)
        rows = np.stack([t, np.ones(len(t))], axis=1)
        bowl = 2 * rows.T @ rows / len(t)
        best = np.linalg.solve(bowl, 2 * rows.T @ c / len(t))
        with np.errstate(all="ignore"):
            step = np.linalg.matrix_power(np.eye(2) - rate * bowl, 5000)
            place = best + step @ (np.array([1.0, 0.0]) - best)
        return list(place) if np.isfinite(place).all() else [float("nan")] * 2

    return answer


def fit(t, c):
    w, b = np.polyfit(*arrays(t, c), 1)
    return float(w), float(b)


def origin(t, c):
    t, c = arrays(t, c)
    w = t @ c / (t @ t)
    return torch.tensor([w, (c - w * t).mean()])


def by_spread(t, c):
    t, c = arrays(t, c)
    w = np.mean((t - t.mean()) * (c - c.mean())) / t.std()
    return w, c.mean() - w * t.mean()


forms(
    "closed_form",
    trains_too_fast=walk(0.01),
    trains_too_slowly=walk(0.0001),
    through_the_origin=origin,
    forgets_the_shift=lambda t, c: (fit(t, c)[0], c.sum() / len(c)),
    swaps_the_pair=lambda t, c: fit(t, c)[::-1],
    translates_back=lambda t, c: fit(c, t),
    divides_by_the_spread=by_spread,
)


def bowl(t, ww=lambda t: 2 * np.mean(t**2), wb=lambda t: 2 * np.mean(t), bb=2.0):
    """The flattest and the steepest curvature, by the formula, of possibly wrong entries."""
    (t,) = arrays(t)
    a, b = ww(t), wb(t)
    root = np.sqrt((a - bb) ** 2 + 4 * b * b)
    steepest = (a + bb + root) / 2
    return (a * bb - b * b) / steepest, steepest


def summed(t):
    low, high = bowl(t, ww=lambda t: 2 * np.sum(t**2), wb=lambda t: 2 * np.sum(t))
    return high / low


forms(
    "condition_number",
    upside_down=lambda t: bowl(t)[0] / bowl(t)[1],
    ignores_the_slant=lambda t: (t**2).mean().item(),
    returns_the_largest=lambda t: bowl(t)[1],
    takes_the_difference=lambda t: bowl(t)[1] - bowl(t)[0],
    one_along_b=lambda t: bowl(t, bb=1.0)[1] / bowl(t, bb=1.0)[0],
    sums_for_means=summed,
)
forms(
    "largest_stable_rate",
    half_the_rate=lambda t: 1 / bowl(t)[1],
    by_the_flattest=lambda t: 2 / bowl(t)[0],
    always_a_hundredth=lambda t: torch.tensor(1.0) / 100,
    always_a_ten_thousandth=lambda t: 10**-4,
    along_w_only=lambda t: 2 / (2 * t * t).mean(),
    rate_of_sums=lambda t: 2 / (bowl(t)[1] * len(t)),
    forgets_to_divide=lambda t: 2 * bowl(t)[1],
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("closed_form", lambda t, c: fit(c, t)[::-1]),
    ("condition_number", lambda t: bowl(t, bb=1.0)[0]),
    ("largest_stable_rate", lambda t: 1 / bowl(t)[0]),
)
