"""Second forms of the known mistakes of lesson 11."""

import math

import pytest

from course.check import examine

from . import lessons
from .second_forms import SecondForms

NAME = "11_an_engine_for_numbers"
forms = SecondForms(NAME)


# Pairs, made by one function from what is done to the two numbers


def pair(add, times, start=lambda x, y: (x, y), right=lambda self, number: self * number):
    class Pair:
        def __init__(self, x, y):
            self.x, self.y = start(x, y)

        def __add__(self, other):
            return add(Pair, self, other)

        def __mul__(self, number):
            return times(Pair, self, number)

        def __rmul__(self, number):
            return right(self, number)

    return Pair


def good_sum(Pair, p, q):
    return Pair(p.x + q.x, p.y + q.y)


def good_product(Pair, p, k):
    return Pair(p.x * k, p.y * k)


def change(p, x, y):
    p.x, p.y = x, y
    return p


forms(
    "Pair",
    PairInPlace=pair(
        lambda Pair, p, q: change(p, p.x + q.x, p.y + q.y),
        lambda Pair, p, k: change(p, k * p.x, k * p.y),
    ),
    PairGivesTuples=pair(
        lambda Pair, p, q: (p.x + q.x, p.y + q.y), lambda Pair, p, k: (k * p.x, k * p.y)
    ),
    PairGivesNothing=pair(
        lambda Pair, p, q: print(good_sum(Pair, p, q)),
        lambda Pair, p, k: print(good_product(Pair, p, k)),
    ),
    PairHalfMultiplied=pair(good_sum, lambda Pair, p, k: change(Pair(0, p.y), p.x * k, p.y)),
    PairCrossed=pair(
        lambda Pair, p, q: Pair(q.y + p.y, q.x + p.x),
        lambda Pair, p, k: Pair(p.y * k, p.x * k),
        start=lambda x, y: reversed((x, y)),
    ),
    PairGoesInCircles=pair(good_sum, good_product, right=lambda p, k: k * p),
)


# Orders


def users_of(last):
    """A dictionary from each node to those that use it, by following inputs."""
    users, todo = {last: []}, [last]
    for node in todo:
        for source in node.inputs:
            if source not in users:
                users[source] = []
                todo.append(source)
            users[source].append(node)
    return users


def good_order(last, once=False):
    users, done, order = users_of(last), set(), []
    left = {node: len(set(u)) if once else len(u) for node, u in users.items()}
    waiting = [last]
    while waiting:
        node = waiting.pop()
        done.add(node)
        order.append(node)
        for source in node.inputs:
            left[source] -= 1
            if left[source] == 0:
                waiting.append(source)
    return order


def depth_first(last):
    """With an iterator for each node on the way."""
    order, seen, path = [last], {last}, [iter(last.inputs)]
    while path:
        source = next(path[-1], None)
        if source is None:
            path.pop()
        elif source not in seen:
            seen.add(source)
            order.append(source)
            path.append(iter(source.inputs))
    return order


def breadth_first(last):
    levels, seen = [[last]], {last}
    while levels[-1]:
        level = []
        for node in levels[-1]:
            for source in node.inputs:
                if source not in seen:
                    seen.add(source)
                    level.append(source)
        levels.append(level)
    return [node for level in levels for node in level]


def as_found(last):
    found, stack = [last], [last]
    known = {last}
    while stack:
        node = stack[-1]
        del stack[-1]
        for source in node.inputs:
            if source not in known:
                known.add(source)
                found += [source]
                stack += [source]
    return found


def recursive(last, order=None):
    top = order is None
    order = {} if top else order
    for source in last.inputs:
        if source not in order:
            recursive(source, order)
    order[last] = True
    return list(reversed(order)) if top else None


def repeats(last):
    order, todo = [], [last]
    while todo:
        node = todo.pop(0)
        order.append(node)
        todo.extend(node.inputs)
    return order


def counts_sets(last):
    left = {node: len(users) for node, users in users_of(last).items()}
    order = []
    ready = [last]
    while ready:
        order.append(ready.pop(0))
        for source in {id(s): s for s in order[-1].inputs}.values():
            left[source] -= 1
            if left[source] == 0:
                ready.append(source)
    return order


forms(
    "topological_order",
    depth_first=depth_first,
    breadth_first=breadth_first,
    as_found=as_found,
    turned_around=lambda last: list(reversed(good_order(last))),
    recursive=recursive,
    repeats=repeats,
    gives_names=lambda last: [str(node.name) for node in good_order(last)],
    counts_sets=counts_sets,
)


# Engines whose values carry a function that passes a gradient on, in place of slopes


class Closures:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.inputs, self.pass_on = data, 0.0, parents, lambda g: None

    def add_to(self, grad):
        self.grad = self.grad + grad

    def lift(self, other):
        return other if isinstance(other, Closures) else type(self)(other)

    def result(self, data, *parents):
        """Make a result of pairs of a parent and a function from its gradient to the parent's."""
        out = type(self)(data, [parent for parent, _ in parents])

        def pass_on(g):
            for parent, function in parents:
                parent.add_to(function(g))

        out.pass_on = pass_on
        return out

    def __add__(self, other):
        return self.result(self.data + self.lift(other).data, (self, lambda g: g),
                           (self.lift(other), lambda g: g))  # fmt: skip

    def __mul__(self, other):
        a, b = self, self.lift(other)
        return self.result(a.data * b.data, (a, lambda g: g * b.data), (b, lambda g: g * a.data))

    def __pow__(self, n):
        x = self.data
        return self.result(math.pow(x, n), (self, lambda g: g * n * math.pow(x, n - 1)))

    def exp(self):
        e = math.e**self.data
        return self.result(e, (self, lambda g: g * e))

    def relu(self):
        x = self.data
        return self.result(x if x > 0 else 0.0, (self, lambda g: g if x > 0 else 0.0))

    def clear(self, order):
        for value in order:
            value.grad = value.grad * (not value.inputs)

    def seed(self):
        self.grad += 1

    def backward(self):
        order = good_order(self)
        self.clear(order)
        self.seed()
        for value in order:
            value.pass_on(value.grad)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + self.lift(other) * -1

    def __rsub__(self, other):
        return self.lift(other) + self * -1

    def __truediv__(self, other):
        return self * self.lift(other) ** -1

    def __rtruediv__(self, other):
        return self.lift(other) * self**-1

    __radd__ = __add__
    __rmul__ = __mul__


def closures(**methods):
    if "__mul__" in methods:
        methods["__rmul__"] = methods["__mul__"]
    return type("Value", (Closures,), methods)


def at_once(self):
    """Depth first along every path, from one generator for each value on the way."""
    self.clear(good_order(self))
    self.seed()
    path = [iter(self.inputs)]
    slopes = [list(self.shares())]
    values = [self]
    while path:
        source = next(path[-1], None)
        if source is None:
            path.pop(), slopes.pop(), values.pop()
            continue
        source.grad += slopes[-1].pop(0)(values[-1].grad)
        path.append(iter(source.inputs)), slopes.append(source.shares()), values.append(source)


class Shares(Closures):
    """Keeps the functions themselves, so that each parent can be served alone."""

    def result(self, data, *parents):
        out = type(self)(data, [parent for parent, _ in parents])
        out.functions = [function for _, function in parents]
        return out

    def shares(self):
        return list(getattr(self, "functions", ()))

    backward = at_once


def backward_from_the_end(self):
    order = good_order(self)
    self.clear(order)
    self.seed()
    while order:
        value = order.pop()
        value.pass_on(value.grad)


def backward_without_upstream(self):
    order = good_order(self)
    self.clear(order)
    self.seed()
    for value in order:
        value.pass_on(1.0)


def backward_by_recursion(self):
    order = recursive(self)
    self.clear(order)
    self.seed()
    for value in order:
        value.pass_on(value.grad)


def reset_all(self, order):
    for value in order:
        value.grad = 0


forms(
    "Value",
    Overwrites=closures(add_to=lambda self, grad: setattr(self, "grad", grad)),
    PassesOnAtOnce=Shares,
    ForgetsUpstream=closures(backward=backward_without_upstream),
    ExpUsesInput=closures(
        exp=lambda self: self.result(math.exp(self.data), (self, lambda g: g * self.data))
    ),
    ResetsLeaves=closures(clear=reset_all),
    KeepsGradientsOnTheWay=closures(clear=lambda self, order: None),
    KeepsGradientsBeforeTheLast=closures(
        clear=lambda self, order: None, seed=lambda self: setattr(self, "grad", 1)
    ),
    SlopesSwapped=closures(
        __mul__=lambda a, b: a.result(
            a.data * a.lift(b).data,
            (a, lambda g: a.data * g),
            (a.lift(b), lambda g: a.lift(b).data * g),
        )
    ),
    PowerNotLowered=closures(
        __pow__=lambda a, n: a.result(a.data**n, (a, lambda g: g * a.data**n * n))
    ),
    PowerWithoutFactor=closures(
        __pow__=lambda a, n: a.result(a.data**n, (a, lambda g: a.data**n / a.data * g))
    ),
    ReluAlwaysOpen=closures(
        relu=lambda self: self.result(self.data * (self.data > 0), (self, lambda g: g))
    ),
    ReluUsesResult=closures(
        relu=lambda self: self.result(
            self.data * (self.data > 0), (self, lambda g: g * self.data * (self.data > 0))
        )
    ),
    NeverStarts=closures(seed=lambda self: None),
    WalksTheWrongWay=closures(backward=backward_from_the_end),
    BackwardIsRecursive=closures(backward=backward_by_recursion),
)


# A neuron of its parts


def summed(part=lambda w, x: w * x, end=lambda total, bias: (total + bias).relu()):
    def answer(weights, bias, inputs):
        parts = [part(weights[i], inputs[i]) for i in range(len(inputs))]
        total = parts.pop()
        while parts:
            total = total + parts.pop()
        return end(total, bias)

    return answer


def plain(weights, bias, inputs):
    numbers = [w.data * x for w, x in zip(weights, inputs, strict=True)]
    return type(weights[0])(max(0.0, bias.data + math.fsum(numbers)))


forms(
    "neuron",
    no_bias=summed(end=lambda total, bias: total.relu()),
    no_relu=summed(end=lambda total, bias: bias + total),
    relu_of_parts=summed(lambda w, x: (x * w).relu(), lambda total, bias: bias.relu() + total),
    cuts_the_graph=plain,
    bias_each_time=lambda weights, bias, inputs: summed(
        end=lambda total, bias: (total + len(inputs) * bias).relu()
    )(weights, bias, inputs),
)


def step(before=True, rate=lambda rate: rate, after=False, write=True):
    def answer(parameters, loss, learning_rate):
        if before:
            for p in parameters:
                p.grad = 0
        loss.backward()
        moved = []
        for p in parameters:
            target = p if write else type(p)(p.data)
            target.data = target.data - rate(learning_rate) * p.grad
            moved.append(target)
        parameters = moved
        if after:
            for p in parameters:
                p.grad = 0

    return answer


forms(
    "descend",
    never_zeroes=step(before=False),
    zeroes_too_late=lambda parameters, loss, rate: (
        [setattr(p, "grad", 0) for p in parameters] and None
    ),
    zeroes_afterwards=step(before=False, after=True),
    climbs=step(rate=lambda rate: -rate),
    rebinds=step(write=False),
    forgets_the_rate=step(rate=lambda rate: 1),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("Pair", pair(lambda Pair, p, q: (p.x + q.x,), good_product, right=lambda p, k: k * p)),
    ("topological_order", lambda last: depth_first(last)[::-1]),
    ("Value", closures(clear=reset_all, backward=backward_from_the_end)),
    ("Value", closures(backward=backward_without_upstream, clear=reset_all)),
    ("neuron", summed(end=lambda total, bias: total)),
    ("descend", step(before=False, rate=lambda rate: -rate)),
)


def test_engines_of_closures_are_right_too():
    cases = lessons.cases(NAME, "right")
    for info in cases.checks.values():
        if info.exercise == "Value":
            outcome = examine(cases, info, cases.exercises["Value"], {"Value": closures()},
                              secret=False)  # fmt: skip
            assert outcome.status == "passed", outcome.message + outcome.detail


# Bad answers: each has words of its own


def endless(self, *others):
    return endless(self, *others)


def raises(error):
    def method(self, *others):
        raise error

    return method


BAD = [
    (3, "Value-sums", "can be called"),
    (lambda data: None, "Value-sums", "TypeError"),
    (lambda data: data, "Value-sums", "AttributeError"),
    (closures(__add__=lambda a, b: None), "Value-sums", "'NoneType' object has no attribute"),
    (closures(__add__=lambda a, b: a.data + 1), "Value-sums", "no attribute 'backward'"),
    (closures(__mul__=raises(KeyError("w"))), "Value-products", "KeyError"),
    (closures(__mul__=raises(NotImplementedError())), "Value-products", "still as it came"),
    (closures(exp=endless), "Value-functions", "calls itself without end"),
    (closures(exp=lambda a: closures()(math.nan)), "Value-functions", "nan"),
    (closures(seed=lambda self: setattr(self, "grad", None)), "Value-sums", "TypeError"),
]


@pytest.mark.parametrize("answer, check, words", BAD)
def test_bad_engines_are_told_what_is_wrong(answer, check, words, capsys, monkeypatch):
    import course
    from course.check import CheckFailed

    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(NAME)
    with pytest.raises(CheckFailed):
        course.check(check, answer)
    assert words in capsys.readouterr().out
