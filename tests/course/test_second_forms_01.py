"""Second forms of the known mistakes of lesson 01."""

import math

import autograd_lib as torch

from .second_forms import SecondForms

forms = SecondForms("01_slopes_you_can_measure")


def ratio(right, left, scale=1.0, run=lambda h: 2 * h):
    """Make a slope of two places, given in steps, a factor, and the distance divided by."""

    def answer(f, x, h):
        values = [f(x + n * h) for n in (left, right)]
        return scale * (values[1] - values[0]) / run(h)

    return answer


forms(
    "central_difference",
    only_right=ratio(1, 0, run=lambda h: h),
    only_left=ratio(0, -1, run=lambda h: h),
    forgets_the_two=ratio(1, -1, scale=2),
    forgets_the_brackets=lambda f, x, h: h * 0.5 * (f(x + h) - f(x - h)),
    forgets_to_divide=ratio(1, -1, run=lambda h: 1),
    turns_the_sign=ratio(-1, 1),
    one_fixed_step=lambda f, x, h: ratio(1, -1)(f, x, 2e-6),
)


def errors(f, x, slope, steps):
    return [float(ratio(1, -1)(f, x, h)) - slope for h in steps]


def first_below(f, x, slope, steps):
    found, lowest = steps[0], math.inf
    for h, error in zip(steps, errors(f, x, slope, steps), strict=True):
        if error < lowest:
            found, lowest = h, error
    return found


def place_of_best(f, x, slope, steps):
    size = [abs(e) for e in errors(f, x, slope, steps)]
    return sorted(range(len(steps)), key=size.__getitem__)[0]


def best_one_sided(f, x, slope, steps):
    pairs = [(abs(float(ratio(1, 0, run=lambda h: h)(f, x, h)) - slope), h) for h in steps]
    return min(pairs)[1]


forms(
    "best_step",
    the_shortest=lambda f, x, slope, steps: sorted(steps)[0],
    always_the_same=lambda f, x, slope, steps: 10**-5,
    the_longest=lambda f, x, slope, steps: sorted(steps)[-1],
    forgets_abs=first_below,
    the_worst=lambda *given: given[3][
        max(range(len(given[3])), key=[abs(e) for e in errors(*given)].__getitem__)
    ],
    returns_the_error=lambda *given: sorted(map(abs, errors(*given)))[0],
    returns_the_place=place_of_best,
    one_sided=best_one_sided,
)


def each(move, run=lambda h: 2 * h, scale=1.0):
    """Make a gradient of how the places are made, a function of x, i and h; they are (up, down)."""

    def answer(f, x, h):
        slopes = []
        for i in range(len(x)):
            up, down = move(x, i, h)
            slopes.append(scale * (float(f(up)) - float(f(down))) / run(h))
        return torch.tensor(slopes, dtype=x.dtype)

    return answer


def unit(x, i, h):
    return torch.tensor([h if j == i else 0.0 for j in range(len(x))], dtype=x.dtype)


def pile_up(f, x, h):
    moved = [torch.zeros_like(x), torch.zeros_like(x)]

    def move(x, i, h):
        moved[0] = moved[0] + unit(x, i, h)
        moved[1] = moved[1] - unit(x, i, h)
        return x + moved[0], x + moved[1]

    return each(move)(f, x, h)


def one_tensor(x, i, h):
    x[i] = x[i] + h
    x[i] = x[i] - h
    return x, x


def move_x(x, i, h):
    low = x - unit(x, i, h)
    x += unit(x, i, h)
    return x, low


forms(
    "numeric_gradient",
    never_moves_back=pile_up,
    makes_no_copies=each(one_tensor),
    changes_x=each(move_x),
    moves_all_at_once=each(lambda x, i, h: (x + h, x - h)),
    only_to_the_right=each(lambda x, i, h: (x + unit(x, i, h), x), run=lambda h: h),
    divides_by_one_step=each(
        lambda x, i, h: (x + unit(x, i, h), x - unit(x, i, h)), run=lambda h: h
    ),
    left_minus_right=each(lambda x, i, h: (x - unit(x, i, h), x + unit(x, i, h))),
    fixed_step=lambda f, x, h: each(lambda x, i, h: (x + unit(x, i, h), x - unit(x, i, h)))(
        f, x, 1e-6
    ),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("central_difference", ratio(0, 1, run=lambda h: h)),
    ("best_step", lambda *given: max(map(abs, errors(*given)))),
    ("numeric_gradient", each(lambda x, i, h: (x - h, x + h))),
)
