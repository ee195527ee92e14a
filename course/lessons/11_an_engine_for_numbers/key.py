"""The answer key of "An engine for numbers"."""

import math

import numpy as np

import autograd_lib as torch
from course.key import Exercise, Question, new, program

predict_overwriting = Question(
    "predict_overwriting",
    answers=(1,),
    explain="Each arrow puts its slope in the place of what was there. The second 1 replaces the "
    "first, where the two should be added up to 2. This is the commonest bug of young engines.",
    experiment="do it on paper: there are two arrows, and for each of them one assignment.",
    wrong={
        2: "2 is what should stand there. But `=` does not add: it replaces.",
        0: "The engine does write into a.grad, once for each arrow.",
        3: "3 is the value of a. The slope of a + a along each use of a is 1.",
        6: "6 is the value of out. The slope of a + a along each use of a is 1.",
    },
)


# A first class

Pair_exercise = Exercise(
    "Pair",
    sees=["out.x", "out.y", "p.x", "p.y", "q.x", "q.y"],
    experiment="p = Pair(1, 2), then print (p + p).x, (p * 3).y and (3 * p).y: 2, 6 and 6.",
    any_number_type=True,
)


def two_pairs(rng):
    """Two pairs of four different numbers."""
    numbers = [float(n) for n in rng.normal(size=4) + np.array([0, 3, 6, 9])]
    return dict(p=new("Pair", *numbers[:2]), q=new("Pair", *numbers[2:]))


@Pair_exercise.case("Pair-sum")
def sum_of_pairs(rng):
    return program("out = p + q", **two_pairs(rng))


@Pair_exercise.case("Pair-product")
def pair_times_number(rng):
    return program("out = p * 3.5", **two_pairs(rng))


@Pair_exercise.case("Pair-product")
def number_times_pair(rng):
    return program("out = 2.5 * p", **two_pairs(rng))


@Pair_exercise.case("Pair-untouched")
def several_operations(rng):
    return program("out = p + 2 * q + p * 0.5 + q", **two_pairs(rng))


class Pair:
    """The base of the answers below."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return type(self)(self.x + other.x, self.y + other.y)

    def __mul__(self, number):
        return type(self)(number * self.x, number * self.y)

    def __rmul__(self, number):
        return self.__mul__(number)


Pair_exercise.right(Pair)


@Pair_exercise.right
class PairInAList:
    def __init__(self, *both):
        self.both = list(both)

    x = property(lambda self: self.both[0])
    y = property(lambda self: self.both[1])

    def __add__(self, other):
        return PairInAList(*[a + b for a, b in zip(self.both, other.both, strict=True)])

    def __mul__(self, number):
        return PairInAList(*[a * number for a in self.both])

    __rmul__ = __mul__


@Pair_exercise.wrong(
    None,
    "an operation changes the object on the left, where it should make a new one",
    experiment="p = Pair(1, 2); p + p; then print p.x. It should still be 1.",
)
class PairInPlace(Pair):
    def __add__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __mul__(self, number):
        self.x *= number
        self.y *= number
        return self


@Pair_exercise.wrong(
    None,
    "the result is a plain tuple or list of two numbers, not a new Pair",
    experiment="print type(p + p). It should say Pair.",
)
class PairGivesTuples(Pair):
    def __add__(self, other):
        return (self.x + other.x, self.y + other.y)

    def __mul__(self, number):
        return (self.x * number, self.y * number)


@Pair_exercise.wrong(
    None,
    "the word `return` is missing at the end of __add__ and __mul__, so that their result is None",
    experiment="print Pair(1, 2) + Pair(1, 2). It should not be None.",
)
class PairGivesNothing(Pair):
    def __add__(self, other):
        Pair(self.x + other.x, self.y + other.y)

    def __mul__(self, number):
        Pair(self.x * number, self.y * number)


@Pair_exercise.wrong(
    None,
    "only the first of the two numbers is multiplied",
    experiment="print (Pair(1, 2) * 10).y. It should be 20.",
)
class PairHalfMultiplied(Pair):
    def __mul__(self, number):
        return type(self)(self.x * number, self.y)


@Pair_exercise.wrong(
    None,
    "x and y change places in __init__ or in a result",
    experiment="print Pair(1, 2).x. It should be 1.",
)
class PairCrossed(Pair):
    def __init__(self, x, y):
        self.x, self.y = y, x

    def __add__(self, other):
        return type(self)(self.y + other.y, self.x + other.x)

    def __mul__(self, number):
        return type(self)(self.y * number, self.x * number)


@Pair_exercise.wrong(
    None,
    "the product 2 * p fails: __rmul__ calls itself, since `number * self` asks for __rmul__ again",
    experiment="write `self * number` in __rmul__: that asks for __mul__.",
)
class PairGoesInCircles(Pair):
    def __rmul__(self, number):
        return number * self


# The order

topological_order = Exercise(
    "topological_order",
    also=["Node"],
    experiment="make the graph of the text with Node, and print the names in your order.",
)


def walk_program(nodes, result):
    """Make a graph of (name, inputs) one after the other, order it, look at `result`."""
    lines = [
        f'{name} = Node("{name}"{"".join(f", {i}" for i in inputs)})' for name, inputs in nodes
    ]
    lines += [f"order = topological_order({nodes[-1][0]})"]
    return program("\n".join([*lines, result]))


NAMES = "result = [node.name for node in order]"


@topological_order.case("topological_order-simple")
def straight(rng):
    return walk_program([("a", ""), ("b", "a"), ("c", "b"), ("d", "c")], NAMES)


@topological_order.case("topological_order-simple")
def only_one_order(rng):
    x, y = rng.permutation(["b", "c"])
    return walk_program([("a", ""), ("b", "a"), ("c", "ab"), ("d", f"{x}{y}")], NAMES)


@topological_order.case("topological_order-simple")
def used_twice_in_one_place(rng):
    return walk_program([("a", ""), ("b", "aa"), ("c", "bb")], NAMES)


def waits(nodes):
    """Look at the length of the order, and whether each node stands before each of its inputs."""
    pairs = sorted({(name, i) for name, inputs in nodes for i in inputs})
    before = [
        f'result["{n} before {i}"] = names.index("{n}") < names.index("{i}")' for n, i in pairs
    ]
    lines = ["names = [node.name for node in order]", 'result = {"nodes": len(names)}', *before]
    return "\n".join(lines)


@topological_order.case("topological_order-diamonds")
def equal_paths(rng):
    x, y = rng.permutation(["c", "d"])
    nodes = [("a", ""), ("b", "a"), ("c", "b"), ("d", "b"), ("e", f"{x}{y}")]
    return walk_program(nodes, waits(nodes))


@topological_order.case("topological_order-diamonds")
def unequal_paths(rng):
    nodes = [("a", ""), ("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "eb")]
    return walk_program(nodes, waits(nodes))


@topological_order.case("topological_order-diamonds")
def unequal_paths_the_other_way(rng):
    nodes = [("a", ""), ("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "be")]
    return walk_program(nodes, waits(nodes))


@topological_order.case("topological_order-deep")
def a_long_chain(rng):
    return program(
        'node = Node("0")\n'
        "for n in range(1, 5001):\n"
        "    node = Node(str(n), node)\n"
        "order = topological_order(node)\n"
        "result = [len(order), order[0].name, order[-1].name]"
    )


@topological_order.case("topological_order-any", draws=5)
def any_graph(rng):
    nodes = [("a", "")]
    for name in "bcdefghijk":
        so_far = [n for n, _ in nodes]
        count = min(len(so_far), int(rng.choice([0, 1, 2, 2, 2])))
        nodes.append((name, "".join(rng.choice(so_far, size=count))))
    # All that nobody uses is used by the last one, so that all of the graph is reached.
    used = {i for _, inputs in nodes for i in inputs}
    nodes.append(("z", "".join(rng.permutation([n for n, _ in nodes if n not in used]))))
    return walk_program(nodes, waits(nodes))


@topological_order.case("topological_order-any")
def one_node(rng):
    return walk_program([("a", "")], NAMES)


@topological_order.case("topological_order-any")
def twice_in_a_row(rng):
    nodes = [("a", ""), ("b", "a"), ("c", "ab")]
    return walk_program(nodes, "order = topological_order(c)\n" + NAMES)


def uses_of(last):
    """How often each node is used, counted in a dictionary in the order of discovery."""
    uses, to_visit = {last: 0}, [last]
    while to_visit:
        for source in to_visit.pop().inputs:
            if source not in uses:
                uses[source] = 0
                to_visit.append(source)
            uses[source] += 1
    return uses


@topological_order.right
def counting(last):
    uses, order = uses_of(last), [last]
    for node in order:
        for source in node.inputs:
            uses[source] -= 1
            if not uses[source]:
                order.append(source)
    return order


@topological_order.right
def as_in_the_text(last):
    uses, order, ready = uses_of(last), [], [last]
    while ready:
        order.append(ready.pop())
        for source in order[-1].inputs:
            uses[source] -= 1
            if not uses[source]:
                ready.append(source)
    return order


@topological_order.right
def by_finishing(last):
    """Depth first, each node written down when all below it are done, then turned around."""
    finished, seen, stack = [], {last}, [(last, iter(last.inputs))]
    while stack:
        node, rest = stack[-1]
        for source in rest:
            if source not in seen:
                seen.add(source)
                stack.append((source, iter(source.inputs)))
                break
        else:
            stack.pop()
            finished.append(node)
    return finished[::-1]


@topological_order.wrong(
    10,
    "a node is written down as soon as the walk reaches it, depth first, without waiting",
    experiment="in e = f(c, d), c = g(b), d = h(b), the node b must come after both c and d.",
)
def depth_first(last):
    order, stack, seen = [], [last], set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        order.append(node)
        stack.extend(reversed(node.inputs))
    return order


@topological_order.wrong(
    10,
    "the nodes come level by level: first all inputs, then the inputs of these, without waiting",
    experiment="in d = f(a, c), c = g(b), b = h(a), the node a is an input of d, and still last.",
)
def breadth_first(last):
    order, seen = [last], {last}
    for node in order:
        order += [source for source in dict.fromkeys(node.inputs) if source not in seen]
        seen.update(node.inputs)
    return order


@topological_order.wrong(
    10,
    "the order is that in which count_uses happens to find the nodes: nobody waits",
    experiment="print the names in order for a graph in which a short and a long path meet.",
)
def as_found(last):
    return list(uses_of(last))


@topological_order.wrong(
    None,
    "the order is turned around: inputs come first, and `last` stands at the end",
    experiment="print order[0].name. It should be the name of the last node.",
)
def turned_around(last):
    return counting(last)[::-1]


@topological_order.wrong(
    None,
    "the function calls itself for each step, too deep for a long chain",
    experiment="make a chain of 5000 nodes in a loop. Python stops at about 1000 calls.",
)
def recursive(last):
    finished, seen = [], set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for source in node.inputs:
            visit(source)
        finished.append(node)

    visit(last)
    return finished[::-1]


@topological_order.wrong(
    None,
    "a node that is used several times stands in the list several times",
    experiment="c made from b and b, b made from a: the order has three nodes.",
)
def repeats(last):
    order = [last]
    for node in order:
        order += node.inputs
    return order


@topological_order.wrong(
    None,
    "names are returned in place of the nodes",
    experiment="print type(order[0]). It should be a Node, not a str.",
)
def gives_names(last):
    return [node.name for node in counting(last)]


@topological_order.wrong(
    None,
    "a use is counted down only once where one node stands twice among the inputs",
    experiment="let b be made from a and a. Then a is used twice, and its count starts at 2.",
)
def counts_sets(last):
    uses, order = uses_of(last), [last]
    for node in order:
        for source in dict.fromkeys(node.inputs):
            uses[source] -= 1
            if not uses[source]:
                order.append(source)
    return order


# The engine

Value_exercise = Exercise(
    "Value",
    own_engine=True,
    instead="Here you write the engine: plain Python is all that it needs.",
    sees=["out.data", "a.grad", "b.grad", "c.grad"],
    experiment="take a = Value(3.0) and one operation only. Print data, then call backward(), "
    "and print a.grad.",
    any_number_type=True,
    tolerance=(1e-6, 1e-9),
)


def values(rng, names="abc"):
    """Leaves between 0.4 and 1.6 in size, of either sign; the first is positive."""
    numbers = rng.uniform(0.4, 1.6, size=len(names)) * rng.choice([-1, 1], size=len(names))
    numbers[0] = abs(numbers[0])
    return {n: new("Value", float(x)) for n, x in zip(names, numbers, strict=True)}


def value_case(check, *lines, names="abc"):
    """Add one program to a check, on values of its own."""
    text = "\n".join([*lines, "out.backward()"])
    Value_exercise.case(check)(lambda rng: program(text, **values(rng, names)))


value_case("Value-sums", "out = a + b", names="ab")
value_case("Value-sums", "out = a + a", names="a")
value_case("Value-sums", "out = a + b + a + c + 2.5")
value_case("Value-products", "out = a * b", names="ab")
value_case("Value-products", "out = a * a", names="a")
value_case("Value-products", "out = 3.5 * a", names="a")
value_case("Value-products", "out = a * b * c + b * 2.5")
value_case("Value-powers", "out = a ** 3", names="a")
value_case("Value-powers", "out = a ** -1.5 * 2", names="a")
value_case("Value-powers", "out = (a - b) / c + 2 / a - 1")
value_case("Value-functions", "out = a.exp()", names="a")
value_case("Value-functions", "out = (a * b).exp() * 3", names="ab")
value_case("Value-functions", "out = a.relu()", names="a")
value_case("Value-functions", "out = (a - 5).relu() + (a + 5).relu() * 3", names="a")
value_case("Value-diamonds", "d = a * b", "out = d * d", names="ab")
value_case("Value-diamonds", "d = a * b", "e = d * c", "out = e + d * 2", "out = out * e")
value_case("Value-diamonds", "d = a + b", "e = d.exp()", "out = d * (e * e + d)", names="ab")
value_case("Value-twice", "out = a * b", "out.backward()", names="ab")
value_case("Value-twice", "d = a * b", "e = d + d * c", "out = e * d * 2", "out.backward()")
value_case("Value-twice", "d = a * b", "other = d * c", "other.backward()", "out = d * d + other")
value_case("Value-twice", "out = a", "out.backward()", names="a")


@Value_exercise.case("Value-functions")
def below_zero_and_near_it(rng):
    text = "out = a.relu() * 3 + a * b\nout.backward()"
    return program(text, a=new("Value", float(rng.uniform(-0.8, -0.2))), b=new("Value", 2.5))


@Value_exercise.case("Value-functions")
def at_zero(rng):
    """The lesson says it: 1 if a is positive, else 0."""
    text = "out = a.relu() * 3 + a * b\nout.backward()"
    return program(text, a=new("Value", 0.0), b=new("Value", float(rng.uniform(1.5, 2.5))))


@Value_exercise.case("Value-deep")
def deep(rng):
    return program(
        "out = a * 1\nfor n in range(5000):\n    out = out + b\nout.backward()", **values(rng, "ab")
    )


def random_lines(rng, leaves, steps=11):
    """Draw operations one after the other; what grows too large or comes near a kink is redrawn."""
    numbers, lines = dict(leaves), []
    while len(lines) < steps:
        x, y = (str(name) for name in rng.choice(list(numbers), size=2))
        k = round(float(rng.uniform(0.5, 2)), 2)
        expression = str(
            rng.choice(
                [
                    f"{x} + {y}",
                    f"{x} * {y}",
                    f"{x} - {y}",
                    f"{x} / {y}",
                    f"{k} * {x}",
                    f"{k} - {x}",
                    f"{k} / {x}",
                    f"{x} ** 2",
                    f"{x}.exp()",
                    f"{x}.relu()",
                ]
            )
        )
        if ".relu" in expression:
            value = max(numbers[x], 0.05)
        elif ".exp" in expression:
            value = math.exp(numbers[x])
        else:
            value = eval(expression, {}, numbers)
        if 0.1 < abs(value) < 4:
            name = f"n{len(lines)}"
            lines.append(f"{name} = {expression}")
            numbers[name] = value
    last = [f"n{n}" for n in range(steps - 4, steps)]
    return [*lines, f"out = {' + '.join(last)} + a * b * c"]


@Value_exercise.case("Value-random", draws=8)
def random_graph(rng):
    described = values(rng)
    leaves = {name: value["arguments"][0] for name, value in described.items()}
    return program("\n".join([*random_lines(rng, leaves), "out.backward()"]), **described)


@Value_exercise.law("Value-random", on=lambda rng: dict(x=float(rng.uniform(0.5, 1.5))))
def measured(f, new):
    """A gradient must be the slope that one measures by moving the value a little to both sides."""
    (x,) = new()

    def curve(number):
        a = f(number)
        b = (a * a + 1.5).exp() / a
        return a, (b - a**3) * b + (a - 0.1).relu()

    a, out = curve(x)
    out.backward()
    h = 1e-5
    slope = (curve(x + h)[1].data - curve(x - h)[1].data) / (2 * h)
    assert abs(a.grad - slope) < 1e-4 * abs(slope)


@Value_exercise.oracle
class ReferenceValue:
    """The reference engine in a Value's clothes."""

    def __init__(self, data):
        fresh = not isinstance(data, torch.Tensor)
        self.tensor = (
            torch.tensor(float(data), dtype=torch.float64, requires_grad=True) if fresh else data
        )

    @property
    def data(self):
        return self.tensor.item()

    @property
    def grad(self):
        return 0.0 if self.tensor.grad is None else self.tensor.grad.item()

    def backward(self):
        self.tensor.backward(retain_graph=True)

    def exp(self):
        return ReferenceValue(self.tensor.exp())

    def relu(self):
        return ReferenceValue(self.tensor.relu())


def _forward(name):
    def method(self, *others):
        others = [other.tensor if isinstance(other, ReferenceValue) else other for other in others]
        return ReferenceValue(getattr(self.tensor, name)(*others))

    return method


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "neg"):
    setattr(ReferenceValue, f"__{_name}__", _forward(f"__{_name}__"))


class Value:
    """The base of the answers below: parts that can be changed one at a time."""

    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.inputs, self.slopes = inputs, slopes

    def value(self, number):
        return number if isinstance(number, Value) else type(self)(number)

    def made(self, data, *sources):
        """A result, with pairs of an input and a slope."""
        return type(self)(data, [source for source, _ in sources], [slope for _, slope in sources])

    def __add__(self, other):
        other = self.value(other)
        return self.made(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = self.value(other)
        return self.made(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, n):
        return self.made(self.data**n, (self, n * self.data ** (n - 1)))

    def exp(self):
        return self.made(math.exp(self.data), (self, math.exp(self.data)))

    def relu(self):
        return self.made(max(self.data, 0.0), (self, float(self.data > 0)))

    def start(self, order):
        for value in order:
            if value.inputs:
                value.grad = 0.0
        self.grad += 1.0

    def order(self):
        return as_in_the_text(self)

    def backward(self):
        order = self.order()
        self.start(order)
        for value in order:
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                source.grad += self.share(slope, value.grad)

    def share(self, slope, grad):
        return slope * grad

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -self.value(other)

    def __rsub__(self, other):
        return self.value(other) - self

    def __truediv__(self, other):
        return self * self.value(other) ** -1.0

    def __rtruediv__(self, other):
        return self.value(other) / self


Value_exercise.right(Value)


@Value_exercise.right
class ValueWithGradientsAside(Value):
    """Gradients of one pass are kept in a dictionary; only then do the leaves get theirs."""

    def order(self):
        return by_finishing(self)

    def backward(self):
        found = {self: 1.0}
        for value in self.order():
            upstream = found.get(value, 0.0)
            if not value.inputs:
                value.grad = value.grad + upstream
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                found[source] = found.get(source, 0.0) + slope * upstream


@Value_exercise.right
class ValueWithNumbers(Value):
    """Every value has a number; inputs are made first, so that larger numbers come first."""

    made_so_far = 0

    def __init__(self, data, inputs=(), slopes=()):
        super().__init__(data, inputs, slopes)
        ValueWithNumbers.made_so_far += 1
        self.number = ValueWithNumbers.made_so_far

    def order(self):
        return sorted(uses_of(self), key=lambda value: -value.number)


@Value_exercise.wrong(
    9,
    "a gradient is put in the place of what was there, where it should be added",
    experiment="a = Value(3.0); out = a + a; out.backward(). a.grad should be 2.",
)
class Overwrites(Value):
    def backward(self):
        order = self.order()
        self.start(order)
        for value in order:
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                source.grad = slope * value.grad


@Value_exercise.wrong(
    10,
    "a value passes its gradient on at once, each time that a part of it arrives",
    experiment="a = Value(3.0); c = a * 1; out = c * c. Print c.grad and a.grad: both should be 6.",
)
class PassesOnAtOnce(Value):
    def backward(self):
        self.start(self.order())
        stack = [(self, 0)]
        while stack:
            value, place = stack.pop()
            if place < len(value.inputs):
                stack.append((value, place + 1))
                source = value.inputs[place]
                source.grad += value.slopes[place] * value.grad
                stack.append((source, 0))


@Value_exercise.wrong(
    11,
    "only the slope is added to an input's gradient: the value's own gradient is forgotten",
    experiment="out = a * 5 * 3: a.grad should be 15. What is the gradient of a * 5?",
)
class ForgetsUpstream(Value):
    def share(self, slope, grad):
        return slope


@Value_exercise.wrong(
    12,
    "the slope of exp is taken to be its input, where it is its result",
    experiment="a = Value(0.0); a.exp().backward(). a.grad should be 1.",
)
class ExpUsesInput(Value):
    def exp(self):
        return self.made(math.exp(self.data), (self, self.data))


@Value_exercise.wrong(
    7,
    "backward() sets the gradients of leaves to zero first, so that nothing adds up",
    experiment="call out.backward() twice. a.grad should double.",
)
class ResetsLeaves(Value):
    def start(self, order):
        for value in order:
            value.grad = 0.0
        self.grad = 1.0


@Value_exercise.wrong(
    8,
    "values in the middle keep their gradient from the pass before, and pass it on again",
    experiment="out = a * 1 * 1 * 1, and backward() twice. a.grad should be 2, not more.",
)
class KeepsGradientsOnTheWay(Value):
    def start(self, order):
        self.grad += 1.0


@Value_exercise.wrong(
    8,
    "values in the middle keep their gradient from the pass before; only the last is set to 1",
    experiment="out = a * 1 * 1 * 1, and backward() twice. a.grad should be 2, not more.",
)
class KeepsGradientsBeforeTheLast(Value):
    def start(self, order):
        self.grad = 1.0


@Value_exercise.wrong(
    None,
    "the two slopes of a product have changed places: each input got its own number",
    experiment="out = a * b with a = 2, b = 5: a.grad should be 5.",
)
class SlopesSwapped(Value):
    def __mul__(self, other):
        other = self.value(other)
        return self.made(self.data * other.data, (self, self.data), (other, other.data))


@Value_exercise.wrong(
    None,
    "the exponent in the slope of a power is not lowered by one",
    experiment="a = Value(2.0); out = a ** 3. a.grad should be 3 * 2 ** 2, which is 12.",
)
class PowerNotLowered(Value):
    def __pow__(self, n):
        return self.made(self.data**n, (self, n * self.data**n))


@Value_exercise.wrong(
    None,
    "the factor n is missing in the slope of a power",
    experiment="a = Value(2.0); out = a ** 3. a.grad should be 3 * 2 ** 2, which is 12.",
)
class PowerWithoutFactor(Value):
    def __pow__(self, n):
        return self.made(self.data**n, (self, self.data ** (n - 1)))


@Value_exercise.wrong(
    None,
    "relu passes gradients on where its input is negative, too",
    experiment="a = Value(-3.0); a.relu().backward(). a.grad should be 0.",
)
class ReluAlwaysOpen(Value):
    def relu(self):
        return self.made(max(self.data, 0.0), (self, 1.0))


@Value_exercise.wrong(
    None,
    "the slope of relu is its result, where it should be 1",
    experiment="a = Value(3.0); a.relu().backward(). a.grad should be 1.",
)
class ReluUsesResult(Value):
    def relu(self):
        return self.made(max(self.data, 0.0), (self, max(self.data, 0.0)))


@Value_exercise.wrong(
    None,
    "the gradient of the last value never becomes 1: nothing has anything to pass on",
    experiment="after out.backward(), print out.grad. It should be 1.",
)
class NeverStarts(Value):
    def start(self, order):
        for value in order:
            if value.inputs:
                value.grad = 0.0


@Value_exercise.wrong(
    None,
    "the list is walked from its end, so that inputs come before the values that use them",
    experiment="print order[0] in backward(): it should be the value backward() was called on.",
)
class WalksTheWrongWay(Value):
    def order(self):
        return as_in_the_text(self)[::-1]


@Value_exercise.wrong(
    None,
    "backward() calls itself for each step, too deep for a long chain",
    experiment="make a chain of 5000 additions in a loop. Python stops at about 1000 calls.",
)
class BackwardIsRecursive(Value):
    def order(self):
        return recursive(self)


# A network

neuron = Exercise(
    "neuron",
    own_engine=True,
    instead="Here you write the engine: plain Python is all that it needs.",
    sees=["out.data", "v.grad", "w.grad", "u.grad", "b.grad"],
    also=["Value"],
    experiment="neuron([Value(2.0), Value(3.0)], Value(1.0), [10, -5]) should have data 6.0, and "
    "its backward() leaves 10, -5 and 1 in the gradients.",
    any_number_type=True,
)


def open_neuron(rng, result="out = neuron([v, w], b, inputs)"):
    """Two inputs; one weighed input is negative, and the sum is positive."""
    x, y = (float(n) for n in rng.uniform(1, 2, size=2))
    return program(
        result,
        v=new("Value", float(rng.uniform(2, 3))),
        w=new("Value", float(rng.uniform(0.1, 0.5))),
        b=new("Value", float(rng.uniform(0.5, 1.5))),
        inputs=[x, -y],
    )


@neuron.case("neuron-forward")
def forward_only(rng):
    return open_neuron(rng)


@neuron.case("neuron-backward")
def and_backward(rng):
    return open_neuron(rng, "out = neuron([v, w], b, inputs) * 3\nout.backward()")


@neuron.case("neuron-several")
def one_input(rng):
    return program(
        "out = neuron([w], b, inputs) * 2\nout.backward()",
        w=new("Value", float(rng.uniform(1, 2))),
        b=new("Value", float(rng.uniform(1, 2))),
        inputs=[float(rng.uniform(1, 2))],
    )


@neuron.case("neuron-several")
def cut_off(rng):
    return program(
        "out = neuron([v, w], b, inputs) * 2 + b\nout.backward()",
        v=new("Value", float(rng.uniform(1, 2))),
        w=new("Value", float(rng.uniform(1, 2))),
        b=new("Value", float(rng.uniform(-2, -1))),
        inputs=[float(rng.uniform(-2, -1)), float(rng.uniform(0.1, 0.2))],
    )


@neuron.case("neuron-several")
def three_inputs(rng):
    u, v, w, b = (new("Value", float(n)) for n in rng.uniform(0.5, 2, size=4))
    inputs = [float(n) for n in rng.uniform(0.5, 2, size=3)]
    text = "out = neuron([u, v, w], b, inputs)\nout.backward()"
    return program(text, u=u, v=v, w=w, b=b, inputs=inputs)


@neuron.right
def with_sum(weights, bias, inputs):
    return (sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias).relu()


@neuron.right
def from_the_first(weights, bias, inputs):
    result = weights[0] * inputs[0]
    for i in range(1, len(weights)):
        result = result + weights[i] * inputs[i]
    result = bias + result
    return result.relu()


@neuron.wrong(
    None,
    "the bias is left out",
    experiment="take all inputs as 0 and the bias as 5. The result should be 5.",
)
def no_bias(weights, bias, inputs):
    return sum(w * x for w, x in zip(weights, inputs, strict=True)).relu()


@neuron.wrong(
    None,
    "relu is left out: the sum itself is returned",
    experiment="take weights of 1, a bias of 0 and negative inputs. The result should be 0.",
)
def no_relu(weights, bias, inputs):
    return sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias


@neuron.wrong(
    None,
    "relu is applied to each part, where it should be applied to the whole sum",
    experiment="take the parts 3 and -1, and a bias of 0. The result should be 2, not 3.",
)
def relu_of_parts(weights, bias, inputs):
    return sum((w * x).relu() for w, x in zip(weights, inputs, strict=True)) + bias.relu()


@neuron.wrong(
    32,
    "the result is made of plain numbers (.data): no gradient can go back through it",
    experiment="call backward() on the result, and print weights[0].grad.",
)
def cuts_the_graph(weights, bias, inputs):
    total = bias.data
    for w, x in zip(weights, inputs, strict=True):
        total += w.data * x
    return type(bias)(total).relu()


@neuron.wrong(
    None,
    "the bias is added once for each input",
    experiment="take all inputs as 0, two of them, and the bias as 5. The result should be 5.",
)
def bias_each_time(weights, bias, inputs):
    return sum(w * x + bias for w, x in zip(weights, inputs, strict=True)).relu()


# One step of training

descend = Exercise(
    "descend",
    own_engine=True,
    instead="Here you write the engine: plain Python is all that it needs.",
    sees=["p.data", "q.data", "p.grad", "q.grad", "result"],
    also=["Value"],
    experiment="p = Value(3.0), descend([p], p * p, 0.1), and print p.grad and p.data: 6 and 2.4.",
    any_number_type=True,
)


def parameters(rng):
    p, q = (float(n) for n in rng.uniform(0.5, 1.5, size=2))
    return dict(p=new("Value", p), q=new("Value", q))


@descend.case("descend-step")
def one_step(rng):
    return program("result = descend([p, q], p * p * q + q, 0.1)", **parameters(rng))


@descend.case("descend-steps")
def three_steps(rng):
    return program(
        "for n in range(3):\n    result = descend([p, q], p * p * q + q, 0.05)", **parameters(rng)
    )


@descend.case("descend-old")
def old_gradients(rng):
    return program(
        "(p * 7 + q * 11).backward()\nresult = descend([p, q], (p - q) ** 2 + q, 0.1)",
        **parameters(rng),
    )


@descend.case("descend-old")
def not_reached(rng):
    return program(
        "(p * 7 + q * 11).backward()\nresult = descend([p, q], p * p, 0.1)", **parameters(rng)
    )


@descend.right
def zero_just_before(parameters, loss, rate):
    for p in parameters:
        p.grad -= p.grad
    loss.backward()
    for p in parameters:
        p.data = p.data - p.grad * rate


@descend.right
def by_index(parameters, loss, rate):
    old = [p.grad for p in parameters]
    loss.backward()
    for i in range(len(parameters)):
        parameters[i].grad -= old[i]
        parameters[i].data += -rate * parameters[i].grad


@descend.wrong(
    1,
    "gradients from before are never set to zero, so that they count again in each step",
    experiment="call descend twice, and print p.grad after each call.",
)
def never_zeroes(parameters, loss, rate):
    loss.backward()
    for p in parameters:
        p.data -= rate * p.grad


@descend.wrong(
    3,
    "all gradients are zero at the update: they are set to zero after backward(), or backward() is "
    "never called",
    experiment="print p.grad just before the update.",
)
def zeroes_too_late(parameters, loss, rate):
    loss.backward()
    for p in parameters:
        p.grad = 0.0
        p.data -= rate * p.grad


@descend.wrong(
    1,
    "gradients are set to zero after the step only: what was there before the call still counts",
    experiment="call (p * 7).backward() first, and then descend. The 7 must not count.",
)
def zeroes_afterwards(parameters, loss, rate):
    never_zeroes(parameters, loss, rate)
    for p in parameters:
        p.grad = 0.0


@descend.wrong(
    22,
    "the step goes along the gradient, uphill",
    experiment="print the loss before and after. It should become smaller.",
)
def climbs(parameters, loss, rate):
    zero_just_before(parameters, loss, -rate)


@descend.wrong(
    27,
    "the name p gets a new value, and the parameter in the list stays what it was",
    experiment="change p.data, as in p.data -= ..., and look at it after the call.",
)
def rebinds(parameters, loss, rate):
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p = p - rate * p.grad


@descend.wrong(
    None,
    "the rate is left out of the update",
    experiment="for p = 3, loss p * p and rate 0.1 the step is 0.6, not 6.",
)
def forgets_the_rate(parameters, loss, rate):
    zero_just_before(parameters, loss, 1.0)


# Looking back

recall_logit = Question(
    "recall_logit",
    answers=(-0.5,),
    explain="Prediction minus target: the sigmoid of 0 is 0.5, and 0.5 - 1 is -0.5.",
    experiment="look for 'prediction minus target' in lesson 09.",
    wrong={
        0.5: "0.5 is the prediction. What is taken away from it?",
        -1: "The slope is the sigmoid of z, minus y; the sigmoid of 0 is not 0.",
        0: "The slope is the sigmoid of z, minus y; the sigmoid of 0 is not 1.",
    },
)

recall_three_passes = Question(
    "recall_three_passes",
    answers=(12,),
    explain="Three times 4, added up. Your own engine does the same at its leaves.",
    experiment="do it: p = torch.tensor(1., requires_grad=True), and (4 * p).backward() three "
    "times.",
    wrong={
        4: "4 is the last gradient alone. But backward() adds.",
        8: "None is a start like zero: all three passes count.",
        64: "Gradients are added, not multiplied.",
    },
)

recall_update_question = Question(
    "recall_update",
    answers=("b",),
    explain="Recording happens in the methods of Value: __add__, __mul__ and so on. The update "
    "uses none of them.",
    experiment="print type(p.data) and type(p.grad).",
    wrong={
        "a": "There would be a bug if the update made new Values with inputs. Does it?",
        "c": "In torch, -= on a tensor is recorded like any other operation. Lesson 05 shows the "
        "exception that follows.",
    },
)
