"""The answer key of "Why scaling matters"."""

import math

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, tensor

CELSIUS = [0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21]
READINGS = [35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4]
TENTHS = [reading / 10 for reading in READINGS]

predict_step = Question(
    "predict_step",
    answers=("c",),
    explain="The slope is 4, the step 2.4, and 1 - 2.4 is -1.4.",
    experiment="work out the slope at 1, then the step, then 1 minus the step.",
    wrong={
        "a": "The step is 0.6 times the slope. How long is that?",
        "b": "It is the other side. But is 1.4 nearer to 0 than 1?",
    },
)


# The bottom

closed_form = Exercise(
    "closed_form",
    tolerance=(1e-3, 1e-3),
    any_number_type=True,
    experiment="closed_form(torch.tensor([0., 1., 2.]), torch.tensor([1., 3., 5.])) should be "
    "2 and 1.",
)


def readings(rng, n, mean, spread):
    """Readings of some thermometer, with a mean and a spread."""
    t = rng.normal(size=n)
    return mean + spread * (t - t.mean()) / t.std()


def thermometer(rng, n, slope, mean=50.0, spread=15.0):
    """Readings, and true values near a line through them."""
    t = readings(rng, n, mean, spread)
    c = slope * (t - mean) + rng.normal(size=n) * spread / 8 + rng.uniform(4, 9)
    return dict(t=tensor(t), c=tensor(c))


@closed_form.case("closed_form-line")
def the_thermometer(rng):
    return dict(t=tensor(READINGS), c=tensor(CELSIUS))


@closed_form.case("closed_form-line")
def three_points(rng):
    return dict(t=tensor([3.0, 5.0, 8.0]), c=tensor([2.0, 6.0, 12.0]))


@closed_form.case("closed_form-other_data")
def rising(rng):
    return thermometer(rng, 7, float(rng.uniform(0.4, 0.9)))


@closed_form.case("closed_form-other_data")
def falling(rng):
    return thermometer(rng, 13, -float(rng.uniform(0.4, 0.9)))


@closed_form.oracle
def least_squares(t, c):
    rows = np.stack([t.double().numpy(), np.ones(len(t))], axis=1)
    w, b = np.linalg.lstsq(rows, c.double().numpy(), rcond=None)[0]
    return float(w), float(b)


@closed_form.right
def with_sums(t, c):
    n = len(t)
    t, c = t.double(), c.double()
    w = (n * (t * c).sum() - t.sum() * c.sum()) / (n * (t * t).sum() - t.sum() ** 2)
    return [w.item(), ((c.sum() - w * t.sum()) / n).item()]


@closed_form.right
def with_one_deviation(t, c):
    u = t - t.mean()
    w = (u * c).sum() / (u**2).sum()
    return w, (c - w * t).mean()


def trained(t, c, rate, epochs=5000):
    """Where training from w = 1, b = 0 comes to."""
    t, c = t.double().numpy(), c.double().numpy()
    ww, wb, w_c, b_c = (float(2 * m.mean()) for m in (t * t, t, t * c, c))
    w, b = 1.0, 0.0
    for _ in range(epochs):
        w, b = w - rate * (ww * w + wb * b - w_c), b - rate * (wb * w + 2 * b - b_c)
        if not math.isfinite(w):
            return math.nan, math.nan
    return w, b


@closed_form.wrong(
    45,
    "it is trained with a rate of 0.01, which is too large for raw readings: numbers grow until "
    "they are none",
    experiment="print w after each of the first four epochs. No training is needed here.",
)
def trains_too_fast(t, c):
    return trained(t, c, 0.01)


@closed_form.wrong(
    46,
    "it is trained with a rate of 0.0001, for which 5000 epochs are far too few",
    experiment="print the loss after 5000 epochs, and at the bottom. No training is needed here.",
)
def trains_too_slowly(t, c):
    return trained(t, c, 0.0001)


@closed_form.wrong(
    None,
    "the means are not subtracted: this w belongs to a line through the origin",
    experiment="take t = [0., 1., 2.] and c = [1., 3., 5.]. The line does not pass through 0.",
)
def through_the_origin(t, c):
    w = (t * c).mean() / (t * t).mean()
    return w, c.mean() - w * t.mean()


@closed_form.wrong(
    None,
    "b is the mean of the true values alone: w times the mean of the readings is missing",
    experiment="take t = [0., 1., 2.] and c = [1., 3., 5.]. At t = 0 the line should be at 1.",
)
def forgets_the_shift(t, c):
    w, _ = with_one_deviation(t, c)
    return w, c.mean()


@closed_form.wrong(
    None,
    "the pair is in the wrong order: w comes first",
    experiment="take t = [0., 1., 2.] and c = [1., 3., 5.]: w is 2, and b is 1.",
)
def swaps_the_pair(t, c):
    w, b = with_one_deviation(t, c)
    return b, w


@closed_form.wrong(
    None,
    "readings and true values have changed places: this line translates back",
    experiment="w says how much c grows when t grows by 1, not the other way round.",
)
def translates_back(t, c):
    return with_one_deviation(c, t)


@closed_form.wrong(
    None,
    "w is divided by the spread of the readings, where it should be the spread squared",
    experiment="what does the formula divide by? There is a square in it, and no root.",
)
def divides_by_the_spread(t, c):
    u = t - t.mean()
    w = (u * c).mean() / (u * u).mean().sqrt()
    return w, c.mean() - w * t.mean()


# Curvatures

condition_number = Exercise(
    "condition_number",
    tolerance=(2e-3, 1e-4),
    any_number_type=True,
    experiment="condition_number(torch.tensor([-2., 2.])) should be 4: along w the curvature is 8, "
    "along b it is 2.",
)
largest_stable_rate = Exercise(
    "largest_stable_rate",
    tolerance=(2e-4, 1e-8),
    any_number_type=True,
    experiment="largest_stable_rate(torch.tensor([-2., 2.])) should be 0.25: the largest curvature "
    "is 8.",
)


@condition_number.case("condition_number-thermometer")
@largest_stable_rate.case("largest_stable_rate-thermometer")
def raw(rng):
    return dict(t=tensor(READINGS))


@condition_number.case("condition_number-thermometer")
@largest_stable_rate.case("largest_stable_rate-thermometer")
def divided_by_ten(rng):
    return dict(t=tensor(TENTHS))


@condition_number.case("condition_number-other_data")
@largest_stable_rate.case("largest_stable_rate-other_data")
def around_zero(rng):
    return dict(t=tensor(readings(rng, 5, float(rng.uniform(-0.6, -0.3)), 1.7)))


@condition_number.case("condition_number-other_data")
@largest_stable_rate.case("largest_stable_rate-other_data")
def small_and_far(rng):
    return dict(t=tensor(readings(rng, 7, float(rng.uniform(3, 5)), 0.8)))


@condition_number.case("condition_number-other_data")
def tiny(rng):
    return dict(t=tensor(readings(rng, 3, float(rng.uniform(0.1, 0.2)), 0.2)))


def curvatures(t):
    """All curvatures of the loss, from the smallest to the largest, by NumPy."""
    rows = np.stack([t.double().numpy(), np.ones(len(t))], axis=1)
    return np.linalg.eigvalsh(2 * rows.T @ rows / len(t))


@condition_number.oracle
def ratio_of_eigenvalues(t):
    smallest, largest = curvatures(t)
    return float(largest / smallest)


@condition_number.right
def from_half_the_bowl(t):
    squares, mean = (t * t).mean().item(), t.mean().item()
    middle = (squares + 1) / 2
    largest = middle + math.sqrt((squares - 1) ** 2 / 4 + mean**2)
    return largest**2 / (squares - mean**2)


@condition_number.right
def with_variance(t):
    mean = t.double().mean()
    variance = ((t - mean) ** 2).mean()
    trace = variance + mean**2 + 1
    largest = (trace + (trace**2 - 4 * variance) ** 0.5) / 2
    return largest * largest / variance


@condition_number.wrong(
    None,
    "the ratio is upside down: the smallest curvature divided by the largest",
    experiment="a condition number is never below 1. Which comes first in the pair from extremes?",
)
def upside_down(t):
    return 1 / ratio_of_eigenvalues(t)


@condition_number.wrong(
    None,
    "the curvature along w is divided by the one along b: the flattest direction lies across",
    experiment="use extremes(ww, wb, bb), which looks at all directions.",
)
def ignores_the_slant(t):
    return (2 * t * t).mean() / 2


@condition_number.wrong(
    None,
    "the largest curvature alone is returned",
    experiment="for [-1., 1.] both curvatures are 2. What should the ratio be?",
)
def returns_the_largest(t):
    return float(curvatures(t)[1])


@condition_number.wrong(
    None,
    "the difference of the two curvatures is taken, not their ratio",
    experiment="for [-1., 1.] both curvatures are 2. What should the ratio be?",
)
def takes_the_difference(t):
    smallest, largest = curvatures(t)
    return float(largest - smallest)


@condition_number.wrong(
    None,
    "the curvature along b is taken as 1: the slope along b is the mean of 2 * e, so it is 2",
    experiment="for [-1., 1.] the condition number is 1.",
)
def one_along_b(t):
    ww, wb = (2 * t * t).mean().item(), (2 * t).mean().item()
    low, high = np.linalg.eigvalsh([[ww, wb], [wb, 1.0]])
    return float(high / low)


@condition_number.wrong(
    17,
    "sums are taken along w where means were asked for, but not along b",
    experiment="give every reading twice. The condition number should not change.",
)
def sums_for_means(t):
    ww, wb = (2 * t * t).sum().item(), (2 * t).sum().item()
    low, high = np.linalg.eigvalsh([[ww, wb], [wb, 2.0]])
    return float(high / low)


@largest_stable_rate.law("largest_stable_rate-limit", on=divided_by_ten)
def falls_below_and_grows_above(f, new):
    """Just below the rate the loss must fall, and just above it must grow."""
    (t,) = new()
    # Before the answer is asked, which might change what it is given.
    rows = np.stack([t.double().numpy(), np.ones(len(t))], axis=1)
    bowl = 2 * rows.T @ rows / len(t)
    limit = float(f(t))

    def deviation(rate, steps):
        """How far training is from the bottom, after some steps from a place off the floor."""
        place = np.ones(2)
        for _ in range(steps):
            place = place - rate * bowl @ place
        return float(place @ bowl @ place)

    assert deviation(0.98 * limit, 200) < deviation(0.98 * limit, 1)
    assert deviation(1.02 * limit, 200) > deviation(1.02 * limit, 1)


@largest_stable_rate.oracle
def two_over_the_largest(t):
    return float(2 / curvatures(t)[1])


@largest_stable_rate.right
def by_power_iteration(t):
    t = t.double()
    w, b = 1.0, 1.0
    largest = 0.0
    for _ in range(200):
        w, b = (2 * (w * t + b) * t).mean().item(), (2 * (w * t + b)).mean().item()
        largest = math.hypot(w, b)
        w, b = w / largest, b / largest
    return torch.tensor(2 / largest)


@largest_stable_rate.right
def by_the_formula(t):
    squares, mean = (t * t).mean(), t.mean()
    half = (squares + 1) / 2 + (((squares - 1) / 2) ** 2 + mean * mean).sqrt()
    return 1 / half


@largest_stable_rate.wrong(
    None,
    "the rate is 1 over the curvature, not 2: safe, but only half of what is possible",
    experiment="for curvature 4 and rate 0.4 a step makes x to -0.6 * x. Does that shrink?",
)
def half_the_rate(t):
    return float(1 / curvatures(t)[1])


@largest_stable_rate.wrong(
    45,
    "the smallest curvature is taken: the steepest direction flies off first",
    experiment="train(t_un, t_c, rate, 20)[0] with your rate. What do the losses do?",
)
def by_the_flattest(t):
    return float(2 / curvatures(t)[0])


@largest_stable_rate.wrong(
    45,
    "one and the same rate, 0.01, is returned for all readings",
    experiment="train(t_u, t_c, 0.01, 20)[0]. What do the losses do?",
)
def always_a_hundredth(t):
    return 0.01


@largest_stable_rate.wrong(
    46,
    "one and the same rate, 0.0001, is returned for all readings",
    experiment="train(t_un, t_c, 0.0001, 100)[0]. How far does the loss come down?",
)
def always_a_ten_thousandth(t):
    return 0.0001


@largest_stable_rate.wrong(
    None,
    "only the curvature along w is looked at: the steepest direction is slanted, and steeper",
    experiment="use extremes(ww, wb, bb), which looks at all directions.",
)
def along_w_only(t):
    return 1 / (t * t).mean().item()


@largest_stable_rate.wrong(
    17,
    "sums are taken over the readings where means were asked for",
    experiment="give every reading twice. The rate should not change.",
)
def rate_of_sums(t):
    return two_over_the_largest(t) / len(t)


@largest_stable_rate.wrong(
    None,
    "the curvature is turned into a rate without a division by it",
    experiment="a larger curvature needs a smaller rate. Try [-1., 1.] and [-2., 2.].",
)
def forgets_to_divide(t):
    return 2 * float(curvatures(t)[1])


# Looking back

recall_rate = Question(
    "recall_rate",
    answers=(0.25,),
    explain="2 / 8. At that rate a step makes x to -x.",
    experiment="by which factor does a step change x, for the curvature 8 and your rate?",
    wrong={
        0.125: "At that rate a single step ends at the bottom. One may go twice as far.",
        0.5: "That is for the curvature 4.",
        4: "Divide 2 by the curvature, not the other way round.",
    },
)

recall_stuck = Question(
    "recall_stuck",
    answers=("b",),
    explain="The update subtracts zero. A loss that does not move at all never got an update.",
    experiment="write down what the gradient holds just before the update, in each case.",
    wrong={
        "a": "Then the loss grows.",
        "c": "Then the loss swings: the updates grow too large.",
    },
)

recall_shared_memory = Question(
    "recall_shared_memory",
    answers=(True,),
    explain="detach() does not copy: both look at the same numbers.",
    experiment="try it in a new cell, and print p.",
    wrong={False: "Does detach() make a copy? Try it."},
)
