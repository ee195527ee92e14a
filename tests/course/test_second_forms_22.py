"""Second forms of the known mistakes of the capstone on forward mode."""

import cmath
import math

from .second_forms import SecondForms

NAME = "22_capstone_forward_mode"
forms = SecondForms(NAME)


# Duals made of a table of rules: for each operation its value, and its slopes along the inputs


def plain(function, method):
    return lambda x: getattr(x, method)() if hasattr(x, method) else function(x)


e, s = plain(math.exp, "exp"), plain(math.sin, "sin")


def c(x):
    return math.cos(x) if isinstance(x, float | int) else s(x + math.pi / 2)


RULES = {
    "add": lambda p, q, u, v: (p + q, u + v),
    "mul": lambda p, q, u, v: (p * q, p * v + q * u),
    "pow": lambda p, n, u, _: (p**n, u * n * p ** (n - 1)),
    "exp": lambda p, _, u, __: (e(p), u * e(p)),
    "sin": lambda p, _, u, __: (s(p), u * c(p)),
}


def engine(**rules):
    rules = RULES | rules

    class Number:
        def __init__(self, value, slope):
            self.value, self.slope = value, slope

        def by(self, rule, other=None, u=None, v=None):
            return Number(*rules[rule](self.value, other, self.slope if u is None else u, v))

        def __add__(self, other):
            other = lift(other)
            return self.by("add", other.value, v=other.slope)

        def __mul__(self, other):
            other = lift(other)
            found = self.by("mul", other.value, v=other.slope)
            if "in_place" not in rules:
                return found
            self.value, self.slope = found.value, found.slope
            return self

        __radd__ = __add__

        def __rmul__(self, number):
            return self * number

        def __pow__(self, n):
            return self.by("pow", n)

        def exp(self):
            return self.by("exp")

        def sin(self):
            return self.by("sin")

        def __neg__(self):
            return self * -1.0

        def __sub__(self, other):
            return self + lift(other) * -1.0

        def __rsub__(self, other):
            return lift(other) - self

        def __truediv__(self, other):
            return self * lift(other) ** -1.0

        def __rtruediv__(self, other):
            return lift(other) / self

    def lift(number):
        return number if isinstance(number, Number) else Number(number, 0.0)

    # An answer that is no number is known by the name of its class.
    Number.__name__ = "Dual"
    return Number


forms(
    "Dual",
    SlopesMultiplied=engine(mul=lambda p, q, u, v: (p * q, v * u)),
    HalfAProduct=engine(mul=lambda p, q, u, v: (p * q, q * u)),
    OwnValues=engine(mul=lambda p, q, u, v: (p * q, q * v + p * u)),
    NoChain=engine(
        pow=lambda p, n, u, _: (p**n, n * p**n / p),
        exp=lambda p, _, u, __: (e(p), e(p)),
        sin=lambda p, _, u, __: (s(p), c(p)),
    ),
    ExpUsesInput=engine(exp=lambda p, _, u, __: (e(p), u * p)),
    FunctionsOfSlopes=engine(
        exp=lambda p, _, u, __: (e(p), e(u)), sin=lambda p, _, u, __: (s(p), s(u))
    ),
    SineBackwards=engine(sin=lambda p, _, u, __: (s(p), u * -c(p))),
    PowerNotLowered=engine(pow=lambda p, n, u, _: (p**n, n * u * p * p ** (n - 1))),
    PowerWithoutFactor=engine(pow=lambda p, n, u, _: (p**n, u * p**n / p)),
    InPlace=engine(in_place=True),
)

Number = engine()


def slope(found):
    return getattr(found, "slope", 0)


def value(found):
    return getattr(found, "value", found)


forms(
    "derivative",
    holds_still=lambda f, x: 0.0 * cmath.pi,
    gives_the_value=lambda f, x: value(f(Number(x, 0.0))),
    gives_the_dual=lambda f, x: Number(0.0, 0.0) + f(Number(x, 1.0)),
    speed_is_x=lambda f, x: slope(f(Number(x, 1.0))) * x,
    only_duals=lambda f, x: f(Number(x, 2.0)).slope / 2,
)


def outputs(f, xs, vs):
    return f([Number(*pair) for pair in zip(xs, vs, strict=True)])


def row_sums(f, xs, vs):
    """Weights on the outputs, from one pass for each input."""
    found = []
    for i in range(len(xs)):
        outs = outputs(f, xs, [1.0 if i == j else 0.0 for j in range(len(xs))])
        found.append(sum(v * slope(out) for out, v in zip(outs, vs, strict=False)))
    return found


def product_afterwards(f, xs, vs):
    outs = outputs(f, xs, [1.0 for _ in xs])
    return [outs[i].slope * vs[i] for i in range(min(len(outs), len(vs)))]


forms(
    "jacobian_times",
    ignores_vs=lambda f, xs, vs: [slope(o) for o in f([Number(x, 1.0) for x in xs])],
    from_the_left=row_sums,
    adds_outputs=lambda f, xs, vs: math.fsum(slope(o) for o in outputs(f, xs, vs)),
    values_of_outputs=lambda f, xs, vs: [value(o) for o in f([Number(x, 0.0) for x in xs])],
    multiplies_afterwards=product_afterwards,
    changed_places=lambda f, xs, vs: [slope(o) for o in outputs(f, vs, xs)],
)


def passes(speed, start=lambda x, moves: x):
    """Make a gradient of the speed of input j in pass i."""

    def answer(f, xs):
        found = []
        for i in range(len(xs)):
            inputs = [Number(start(x, i == j), speed(i, j, x)) for j, x in enumerate(xs)]
            found.append(slope(f(inputs)))
        return found

    return answer


def overwrites(f, xs):
    found = passes(lambda i, j, x: float(i == j))(f, xs)
    xs[:] = [Number(x, 1.0) for x in xs]
    return found


forms(
    "gradient_forward",
    all_at_once=passes(lambda i, j, x: 1.0),
    never_stops=passes(lambda i, j, x: float(j <= i)),
    one_number=lambda f, xs: sum(passes(lambda i, j, x: float(i == j))(f, xs)),
    others_are_zero=passes(lambda i, j, x: float(i == j), lambda x, moves: x if moves else 0.0),
    moves_with_value=passes(lambda i, j, x: x * (i == j)),
    changes_xs=overwrites,
)


def nested(a, b, d):
    return lambda x: Number(Number(x, a), Number(b, d))


forms(
    "second_by_nesting",
    first_derivative=lambda f, x: f(Number(x, 1.0)).slope,
    inner_still=lambda f, x: f(nested(0.0, 1.0, 0.0)(x)).value.slope,
    slope_squared=lambda f, x: f(Number(x, 1.0)).slope ** 2,
    both_move=lambda f, x: sum((f(nested(1.0, 1.0, 0.0)(x)).slope.slope,
                                f(Number(x, 1.0)).slope)),
    whole_slope=lambda f, x: f(nested(1.0, 1.0, 0.0)(x)).slope,
)  # fmt: skip

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("Dual", engine(mul=RULES["add"], exp=lambda p, _, u, __: (e(p), u * p))),
    ("derivative", lambda f, x: value(f(Number(x, x))) * 2),
    ("jacobian_times", lambda f, xs, vs: [-slope(o) for o in outputs(f, vs, xs)]),
    ("gradient_forward", passes(lambda i, j, x: x * (j <= i))),
    ("second_by_nesting", lambda f, x: f(nested(0.0, 1.0, 1.0)(x)).slope.value * 3),
)
