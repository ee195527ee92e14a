"""The answer key of "The chain rule on a small graph"."""

import math

import autograd_lib as torch
from course.key import ENGINES, Exercise, Question

predict_chain = Question(
    "predict_chain",
    answers=("c",),
    explain="When x grows by 0.01, y grows by 0.03, and z by four times that: 0.12.",
    experiment="let x grow by 0.01. By how much does y grow? And then z?",
    wrong={
        "a": "That is how fast z grows compared with y. But y itself is faster than x.",
        "b": "Speeds along a chain are not added. Let x grow by 0.01, and follow it through.",
    },
)


# Forward

forward = Exercise(
    "forward",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
    experiment="forward(2.0, 3.0, 1.0) should be (6.0, 8.0, 7.0, 49.0). Which of the four differs?",
)


def three_numbers(rng):
    """Three numbers of either sign, far from 0 and 1; no two of them alike."""
    sizes = rng.permutation([1.7, 2.6, 3.4]) + rng.uniform(-0.2, 0.2, size=3)
    a, b, c = (float(n) for n in sizes * rng.choice([-1, 1], size=3))
    return dict(a=a, b=b, c=c)


def example(rng):
    """The numbers of the docstrings."""
    return dict(a=2.0, b=3.0, c=1.0)


def positive(rng):
    return {name: abs(number) for name, number in three_numbers(rng).items()}


forward.case("forward-example")(example)
forward.case("forward-example")(positive)
forward.case("forward-numbers", draws=2)(three_numbers)


@forward.right
def in_one_go(a, b, c):
    return [a * b, a * b + a, a * b + a - c, (a * b + a - c) ** 2]


@forward.right
def step_by_step(a, b, c):
    values = [b * a]
    values.append(a + values[-1])
    values.append(-c + values[-1])
    values.append(values[-1] ** 2)
    return tuple(values)


@forward.wrong(
    None,
    "only the loss is returned, not all four values",
    experiment="print len(forward(2.0, 3.0, 1.0)).",
)
def returns_the_loss_alone(a, b, c):
    return (a * b + a - c) ** 2


@forward.wrong(
    None,
    "t is c - v, the wrong way round",
    experiment="for 2, 3 and 1 the third value should be 7: v is 8, and c is 1.",
)
def subtracts_the_wrong_way(a, b, c):
    v = a * b + a
    return a * b, v, c - v, (c - v) ** 2


@forward.wrong(
    None,
    "the second use of a is left out: v is u alone",
    experiment="look at the table again: what is added to u?",
)
def forgets_the_second_use(a, b, c):
    u = a * b
    return u, u, u - c, (u - c) ** 2


@forward.wrong(
    None,
    "b is added to u in place of a",
    experiment="for 2, 3 and 1 the second value should be 6 + 2.",
)
def adds_b(a, b, c):
    u = a * b
    v = u + b
    return u, v, v - c, (v - c) ** 2


@forward.wrong(
    None,
    "t is doubled where it should be squared",
    experiment="for 2, 3 and 1 the last value should be 7 * 7.",
)
def doubles_for_squares(a, b, c):
    t = a * b + a - c
    return a * b, a * b + a, t, 2 * t


# Local slopes

local_slopes = Exercise(
    "local_slopes",
    forbid=ENGINES,
    instead="Plain numbers are enough: one formula for each arrow.",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
    experiment="take one node, move one of its inputs by 0.1 and leave the others. How much does "
    "the node's value grow, divided by 0.1?",
)
local_slopes.case("local_slopes-example")(positive)
local_slopes.case("local_slopes-example")(example)
local_slopes.case("local_slopes-numbers", draws=2)(three_numbers)

KEYS = ("u_a", "u_b", "v_u", "v_a", "t_v", "t_c", "loss_t")


@local_slopes.oracle
def by_the_engine(a, b, c):
    def along(f, *inputs):
        leaves = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in inputs]
        return [g.item() for g in torch.autograd.grad(f(*leaves), leaves)]

    t = a * b + a - c
    slopes = (
        along(lambda a, b: a * b, a, b)
        + along(lambda u, a: u + a, a * b, a)
        + along(lambda v, c: v - c, a * b + a, c)
        + along(lambda t: t * t, t)
    )
    return dict(zip(KEYS, slopes, strict=True))


@local_slopes.right
def one_by_one(a, b, c):
    slopes = {}
    slopes["loss_t"] = (a * b + a - c) * 2
    slopes["t_v"] = slopes["v_u"] = slopes["v_a"] = 1
    slopes["t_c"] = -1
    slopes["u_a"], slopes["u_b"] = b, a
    return slopes


@local_slopes.right
def measures_them(a, b, c):
    u, v = a * b, a * b + a
    t = v - c

    def slope(f, x):
        return (f(x + 1.0) - f(x - 1.0)) / 2.0

    return dict(
        u_a=slope(lambda a: a * b, a),
        u_b=slope(lambda b: a * b, b),
        v_u=slope(lambda u: u + a, u),
        v_a=slope(lambda a: u + a, a),
        t_v=slope(lambda v: v - c, v),
        t_c=slope(lambda c: v - c, c),
        loss_t=slope(lambda t: t * t, t),
    )


def with_changes(a, b, c, **changed):
    """The right slopes, some of them changed."""
    return one_by_one(a, b, c) | changed


@local_slopes.wrong(
    None,
    "the two factors have changed places: along a the product grows as fast as b says",
    experiment="2 * 3 is 6, and 3 * 3 is 9: the first factor grew by 1, the product by 3.",
)
def swaps_the_factors(a, b, c):
    return with_changes(a, b, c, u_a=a, u_b=b)


@local_slopes.wrong(
    22,
    "the minus of `v - c` is forgotten: t falls when c grows",
    experiment="8 - 1 is 7, and 8 - 2 is 6. Did t grow?",
)
def forgets_the_minus(a, b, c):
    return with_changes(a, b, c, t_c=1.0)


@local_slopes.wrong(
    None,
    "the 2 in the slope of a square is left out",
    experiment="measure it: 7.1 * 7.1 minus 6.9 * 6.9, divided by 0.2.",
)
def forgets_the_two(a, b, c):
    return with_changes(a, b, c, loss_t=a * b + a - c)


@local_slopes.wrong(
    None,
    "the slope of v along a counts the way through u as well: that is not local any more",
    experiment="in `v = u + a`, let a grow by 1 and hold u fixed. By how much does v grow?",
)
def counts_both_ways(a, b, c):
    return with_changes(a, b, c, v_a=1 + b)


@local_slopes.wrong(
    None,
    "these are slopes of the loss, not local ones: the rest of the chain is multiplied in already",
    experiment="the local slope of u along a does not depend on c. Does yours?",
)
def multiplies_too_early(a, b, c):
    d_t = 2 * (a * b + a - c)
    local = one_by_one(a, b, c)
    return {key: slope if key == "loss_t" else d_t * slope for key, slope in local.items()}


@local_slopes.wrong(
    None,
    "the values of the nodes stand where their slopes should",
    experiment="the slope of a sum along one of its parts is 1, whatever the sum is.",
)
def values_for_slopes(a, b, c):
    u, v = a * b, a * b + a
    t = v - c
    return dict(u_a=u, u_b=u, v_u=v, v_a=v, t_v=t, t_c=t, loss_t=t * t)


# Backward

backward = Exercise(
    "backward",
    forbid=ENGINES,
    instead="Plain numbers are enough: multiply along each path, and add up the paths.",
    tolerance=(1e-6, 1e-9),
    any_number_type=True,
    experiment="backward(2.0, 3.0, 1.0, 1.0): measure the three slopes with central differences of "
    "forward(...)[3], and compare.",
)


@backward.case("backward-example")
def the_example(rng):
    return example(rng) | dict(upstream=1.0)


@backward.case("backward-example")
def positive_numbers(rng):
    return positive(rng) | dict(upstream=1.0)


@backward.case("backward-numbers", draws=2)
def any_numbers(rng):
    return three_numbers(rng) | dict(upstream=1.0)


@backward.case("backward-upstream", draws=2)
def with_upstream(rng):
    return three_numbers(rng) | dict(upstream=float(rng.uniform(0.3, 0.8) * rng.choice([-1, 1])))


@backward.case("backward-upstream")
def nothing_arrives(rng):
    return three_numbers(rng) | dict(upstream=0.0)


@backward.law("backward-measured", on=any_numbers)
def is_what_one_measures(f, new):
    """Each slope must be what one measures by moving that input a little to both sides."""

    def loss(a, b, c):
        return (a * b + a - c) ** 2

    *place, upstream = new()
    # As many slopes as there are inputs: of none, nothing would be asked.
    for i, slope in zip(range(3), f(*place, upstream), strict=True):
        up, down = list(place), list(place)
        up[i] += 0.5
        down[i] -= 0.5
        measured = loss(*up) - loss(*down)
        assert math.isclose(float(slope), measured, rel_tol=1e-6, abs_tol=1e-9)


@backward.law("backward-upstream", on=with_upstream)
def scales_with_upstream(f, new):
    """Twice the upstream slope must give twice the slopes."""
    a, b, c, upstream = new()
    once, twice = f(a, b, c, upstream), f(a, b, c, 2 * upstream)
    assert all(math.isclose(2 * float(x), float(y)) for x, y in zip(once, twice, strict=True))


@backward.oracle
def autograd(a, b, c, upstream):
    leaves = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in (a, b, c)]
    t = leaves[0] * leaves[1] + leaves[0] - leaves[2]
    (t * t * upstream).backward()
    return tuple(leaf.grad.item() for leaf in leaves)


@backward.right
def path_by_path(a, b, c, upstream):
    t = a * b + a - c
    through_u = upstream * 2 * t * b
    directly = upstream * 2 * t
    return [through_u + directly, upstream * 2 * t * a, -upstream * 2 * t]


@backward.right
def with_a_table(a, b, c, upstream):
    t = a * b + a - c
    d = {"loss": upstream}
    for start, end, slope in (
        ("loss", "t", 2 * t), ("t", "v", 1), ("t", "c", -1), ("v", "u", 1), ("v", "a", 1),
        ("u", "a", b), ("u", "b", a),
    ):  # fmt: skip
        d[end] = d.get(end, 0.0) + d[start] * slope
    return d["a"], d["b"], d["c"]


def slope_at_t(a, b, c):
    """The slope of the loss along t, for the answers below."""
    return 2 * (a * b + a - c)


@backward.wrong(
    9,
    "the slope along a that came directly through v is overwritten by the one through u",
    experiment="print d_a after every line that sets it. The second one must add.",
)
def keeps_the_way_through_u(a, b, c, upstream):
    d_t = upstream * slope_at_t(a, b, c)
    return d_t * b, d_t * a, -d_t


@backward.wrong(
    9,
    "the slope along a that came through u is lost: only the direct way through v is left",
    experiment="print d_a after every line that sets it. The second one must add.",
)
def keeps_the_direct_way(a, b, c, upstream):
    d_t = upstream * slope_at_t(a, b, c)
    return d_t, d_t * a, -d_t


@backward.wrong(
    11,
    "upstream is not used: the walk always starts with 1",
    experiment="call it with upstream=1.0, then with upstream=10.0. What should change?",
)
def forgets_upstream(a, b, c, upstream):
    d_t = slope_at_t(a, b, c)
    return d_t * (b + 1), d_t * a, -d_t


@backward.wrong(
    11,
    "each node's local slopes are taken alone: what arrives from behind is not multiplied in",
    experiment="the line of an arrow is `what arrives * local slope`. Where is what arrives?",
)
def local_slopes_alone(a, b, c, upstream):
    return b + 1, a, -1.0


@backward.wrong(
    11,
    "the slope of the last step, the square, is left out",
    experiment="start the walk at the loss, not at t: what is d_t?",
)
def skips_the_square(a, b, c, upstream):
    return upstream * (b + 1), upstream * a, -upstream


@backward.wrong(
    22,
    "the minus of `v - c` is forgotten",
    experiment="for 2, 3 and 1 the loss is 49. Raise c a little: does it grow?",
)
def forgets_the_sign_of_c(a, b, c, upstream):
    d_t = upstream * slope_at_t(a, b, c)
    return d_t * (b + 1), d_t * a, d_t


@backward.wrong(
    22,
    "all signs are turned around",
    experiment="for 2, 3 and 1 the loss is 49. Raise a a little: does it grow?",
)
def turns_all_signs(a, b, c, upstream):
    d_t = -upstream * slope_at_t(a, b, c)
    return d_t * (b + 1), d_t * a, -d_t


@backward.wrong(
    None,
    "the two factors of a * b have changed places",
    experiment="see your local slopes: what is the slope of u along a?",
)
def swaps_a_and_b(a, b, c, upstream):
    d_t = upstream * slope_at_t(a, b, c)
    return d_t * (a + 1), d_t * b, -d_t


@backward.wrong(
    None,
    "the 2 in the slope of the square is left out",
    experiment="for 2, 3 and 1 the second number should be 28.",
)
def halves_everything(a, b, c, upstream):
    d_t = upstream * slope_at_t(a, b, c) / 2
    return d_t * (b + 1), d_t * a, -d_t


@backward.wrong(
    None,
    "the slopes of the two ways to a are multiplied: along one path slopes are multiplied, but "
    "different paths are added",
    experiment="for 2, 3 and 1, one way brings 42 and the other 14.",
)
def multiplies_the_ways(a, b, c, upstream):
    d_t = upstream * slope_at_t(a, b, c)
    return d_t * d_t * b, d_t * a, -d_t


# Looking back

recall_one_side = Question(
    "recall_one_side",
    answers=(7,),
    explain="16 - 9 is 7. The curve bends upwards, so a step to the right finds too much.",
    experiment="work out 4 squared and 3 squared. How far is it from 3 to 4?",
    wrong={
        6: "That is the curve's own slope. One long step to the right finds another.",
        3.5: "From 3 to 4 it is 1, not 2.",
        5: "That is the step to the left, from 2 to 3.",
    },
)

recall_three_uses = Question(
    "recall_three_uses",
    answers=(3,),
    explain="Each of the three uses has the slope 1, and they add up.",
    experiment="let x grow by 1. By how much does x + x + x grow?",
    wrong={
        1: "That is one use alone. How many arrows lead from x to y?",
        0: "y does grow with x. Let x grow by 1.",
    },
)

recall_passes = Question(
    "recall_passes",
    answers=(1,),
    explain="The walk starts at the loss and passes through every node once.",
    experiment="count how often you went through the graph in `backward`. It found three slopes.",
    wrong={
        1000: "That is how many passes *forward* it takes, one for each input.",
        2000: "That is what measuring takes.",
        2: "One pass forward and one pass backward: the question is about those backward.",
    },
)
