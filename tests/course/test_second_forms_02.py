"""Second forms of the known mistakes of lesson 02."""

from .second_forms import SecondForms

forms = SecondForms("02_the_chain_rule_on_a_small_graph")


def in_steps(v=lambda u, a, b: u + a, t=lambda v, c: v - c, loss=lambda t: t**2):
    """Make a forward pass, with some of its steps replaced."""

    def answer(a, b, c):
        values = [a * b]
        values.append(v(values[0], a, b))
        values.append(t(values[1], c))
        return [*values, loss(values[2])]

    return answer


forms(
    "forward",
    returns_the_loss_alone=lambda a, b, c: in_steps()(a, b, c)[-1],
    subtracts_the_wrong_way=in_steps(t=lambda v, c: -v + c),
    forgets_the_second_use=in_steps(v=lambda u, a, b: u),
    adds_b=in_steps(v=lambda u, a, b: b + u),
    doubles_for_squares=in_steps(loss=lambda t: t + t),
)


def slopes(**changed):
    """Make local slopes, with some of them replaced by functions of a, b and t."""

    def answer(a, b, c):
        t = a * (b + 1) - c
        right = dict(u_a=b, u_b=a, v_u=1, v_a=1, t_v=1, t_c=-1, loss_t=t + t)
        return right | {key: value(a, b, t) for key, value in changed.items()}

    return answer


def all_of_the_loss(a, b, c):
    d = 2 * a * b + 2 * a - 2 * c
    return {"u_a": d * b, "u_b": a * d, "v_u": d, "v_a": d, "t_v": d, "t_c": -d, "loss_t": d}


def values(a, b, c):
    u, v, t, loss = in_steps()(a, b, c)
    return {"loss_t": loss, "t_c": t, "t_v": t, "v_a": v, "v_u": v, "u_b": u, "u_a": u}


forms(
    "local_slopes",
    swaps_the_factors=slopes(u_a=lambda a, b, t: a, u_b=lambda a, b, t: b),
    forgets_the_minus=slopes(t_c=lambda a, b, t: abs(-1)),
    forgets_the_two=slopes(loss_t=lambda a, b, t: t),
    counts_both_ways=slopes(v_a=lambda a, b, t: b + 1.0),
    multiplies_too_early=all_of_the_loss,
    values_for_slopes=values,
)


def walk(start=lambda upstream: upstream, square=lambda t: t + t, a=lambda ways: sum(ways),
         factors=lambda a, b: (b, a), sign=-1):  # fmt: skip
    """Make a walk back, with some of its parts replaced."""

    def answer(given_a, given_b, c, upstream):
        t = given_a * given_b + given_a - c
        d = {"t": start(upstream) * square(t)}
        along_a, along_b = factors(given_a, given_b)
        return a([d["t"], along_a * d["t"]]), along_b * d["t"], sign * d["t"]

    return answer


forms(
    "backward",
    keeps_the_way_through_u=walk(a=lambda ways: ways[-1]),
    keeps_the_direct_way=walk(a=lambda ways: ways[0]),
    forgets_upstream=walk(start=lambda upstream: 1.0),
    local_slopes_alone=walk(start=lambda upstream: 1.0, square=lambda t: 1.0),
    skips_the_square=walk(square=lambda t: 1.0),
    forgets_the_sign_of_c=walk(sign=1),
    turns_all_signs=walk(start=lambda upstream: -upstream),
    swaps_a_and_b=walk(factors=lambda a, b: (a, b)),
    halves_everything=walk(square=lambda t: t),
    multiplies_the_ways=walk(a=lambda ways: ways[0] * ways[1]),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("forward", in_steps(v=lambda u, a, b: u, t=lambda v, c: c - v)),
    ("local_slopes", slopes(t_c=lambda a, b, t: 1, loss_t=lambda a, b, t: t)),
    ("backward", walk(sign=1, a=lambda ways: ways[0])),
)
