"""The answer key of "Reading the graph"."""

import autograd_lib as torch
from course.key import Exercise, Question, function, graph, tensor

predict_ends = Question(
    "predict_ends",
    answers=("b",),
    explain="The graph is kept for gradients, and only w and b require them.",
    experiment="print requires_grad of each of the four.",
    wrong={
        "a": "x and y went into the computation. But are there slopes to be found along them?",
        "c": "Print requires_grad of x.",
    },
)


def leaf(rng, *shape):
    """A parameter with random numbers."""
    return tensor(rng.normal(size=shape), requires_grad=True)


def constant(rng, *shape):
    """A tensor with random numbers that requires no gradients."""
    return tensor(rng.normal(size=shape))


def add_graphs(exercise, check, *expressions):
    """Add a case for each expression of p and q (parameters) and c (a constant)."""
    for expression in expressions:

        def draw(rng, expression=expression):
            names = dict(p=leaf(rng, 3), q=leaf(rng, 3), c=constant(rng, 3))
            used = {name: value for name, value in names.items() if name in letters(expression)}
            return dict(t=graph(expression, **used))

        exercise.case(check)(draw)


def letters(expression):
    """The names in an expression that are one letter long."""
    return set("".join(x if x.isalnum() else " " for x in expression).split())


# The names of these graphs' nodes are not in the order in which any walk meets them.
CHAIN = ("p.exp()", "p.exp().sum()", "p.exp().sin().sum()")
BRANCHES = ("(p * q).sum()", "(p.exp() + q).sum()", "p * q - q.sin()")
CONSTANTS = ("c", "c * 2 + 1", "(p * c).sum()", "2 * (c - p.exp())", "(c.exp() * q).sum() / 3")


# Walk

walk = Exercise(
    "walk",
    experiment="p = torch.tensor([1., 2.], requires_grad=True); t = p * p + 1. The list should be "
    '["AccumulateGrad", "AddBackward0", "MulBackward0"].',
)
add_graphs(walk, "walk-chain", *CHAIN)
add_graphs(walk, "walk-branches", *BRANCHES)
add_graphs(walk, "walk-constants", *CONSTANTS)
add_graphs(walk, "walk-reuse", "p * p", "(lambda h: h.exp() + h.sin())(p * q)")
add_graphs(walk, "walk-reuse", "(lambda a: a * a)((lambda b: b * b)(p * q))")


@walk.case("walk-reuse")
def the_loss_of_a_network(rng):
    return dict(
        t=graph(
            "(lambda z: (z.exp() / (z.exp() + z).sum()).mean())(torch.matmul(x, w) + b)",
            x=constant(rng, 5),
            w=leaf(rng, 5, 3),
            b=leaf(rng, 3),
        )
    )


@walk.right
def by_recursion(t):
    seen = set()

    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            for below, _ in node.next_functions:
                visit(below)

    visit(t.grad_fn)
    return sorted([type(node).__name__ for node in seen])


@walk.right
def level_by_level(t):
    level = [] if t.grad_fn is None else [t.grad_fn]
    nodes = {}
    while level:
        nodes |= {id(node): node for node in level}
        level = [
            pair[0]
            for node in level
            for pair in node.next_functions
            if pair[0] is not None and id(pair[0]) not in nodes
        ]
    names = [node.__class__.__name__ for node in nodes.values()]
    names.sort()
    return names


def nodes_with_repeats(t):
    """All nodes, each as often as arrows and ways lead to it."""
    waiting, found = [t.grad_fn], []
    while waiting:
        node = waiting.pop()
        if node is not None:
            found.append(node)
            waiting += [below for below, _ in node.next_functions]
    return found


def name_of(node):
    return type(node).__name__


@walk.wrong(
    None,
    "only the first input of every node is followed",
    experiment="take t = p * q, with two parameters. How many AccumulateGrad are there?",
)
def first_inputs_only(t):
    names, node = [], t.grad_fn
    while node is not None:
        names.append(name_of(node))
        node = node.next_functions[0][0] if node.next_functions else None
    return sorted(names)


@walk.wrong(
    None,
    "a node that several arrows lead to is counted several times",
    experiment="take t = p * p. There are two arrows, but how many nodes?",
)
def counts_repeats(t):
    return sorted(name_of(node) for node in nodes_with_repeats(t))


@walk.wrong(
    None,
    "names are remembered in place of nodes, so that two nodes of one name count once",
    experiment="take t = p.exp().exp(). There are two nodes called ExpBackward0.",
)
def remembers_names(t):
    return sorted({name_of(node) for node in nodes_with_repeats(t)})


@walk.wrong(
    None,
    "a constant is treated as a node: None stands for it, which has no next_functions",
    experiment="take t = p * 2, and print t.grad_fn.next_functions.",
)
def visits_none(t):
    waiting, visited = [t.grad_fn], []
    while waiting:
        node = waiting.pop()
        if node not in visited:
            visited.append(node)
            waiting += [below for below, _ in node.next_functions]
    return sorted(name_of(node) for node in visited)


@walk.wrong(
    None,
    "constants are counted among the nodes: None stands for them",
    experiment="take t = p * 2. Is there a NoneType in your list?",
)
def counts_none(t):
    waiting, visited = [t.grad_fn], []
    while waiting:
        node = waiting.pop()
        if node not in visited:
            visited.append(node)
            waiting += [below for below, _ in getattr(node, "next_functions", ())]
    return sorted(name_of(node) for node in visited)


@walk.wrong(
    38,
    "only operations are counted: the AccumulateGrad nodes of parameters are left out",
    experiment="take t = p * 2. At which node does the graph end?",
)
def leaves_out_leaves(t):
    return [name for name in by_recursion(t) if name != "AccumulateGrad"]


@walk.wrong(
    None,
    "only the last node and its next nodes are visited, not those behind them",
    experiment="take t = p.exp().exp().exp(). How many nodes are there?",
)
def one_step_only(t):
    if t.grad_fn is None:
        return []
    nodes = {t.grad_fn, *(below for below, _ in t.grad_fn.next_functions)} - {None}
    return sorted(name_of(node) for node in nodes)


# Leaves

leaves_of = Exercise(
    "leaves_of",
    experiment="for w = torch.ones(2, requires_grad=True) and c = torch.ones(2), "
    'leaves_of({"w": w, "c": c}, (w * c).sum()) should be ["w"].',
)


@leaves_of.case("leaves_of-network")
def a_network(rng):
    return dict(
        tensors=dict(x=constant(rng, 5), y=constant(rng, 3), w=leaf(rng, 5, 3), b=leaf(rng, 3)),
        t=graph(
            "((torch.matmul(tensors['x'], tensors['w']) + tensors['b'] - tensors['y'])**2).mean()"
        ),
    )


@leaves_of.case("leaves_of-network")
def one_layer(rng):
    return dict(
        tensors=dict(w=leaf(rng, 3), c=constant(rng, 3)),
        t=graph("(tensors['w'] * tensors['c']).sum()"),
    )


@leaves_of.case("leaves_of-unreached")
def one_is_not_used(rng):
    return dict(
        tensors=dict(u=leaf(rng, 3), v=leaf(rng, 3), c=constant(rng, 3)),
        t=graph("(tensors['c'] * tensors['u'].exp()).sum()"),
    )


@leaves_of.case("leaves_of-unreached")
def a_result_among_them(rng):
    return dict(
        tensors=dict(h=graph("2 * p", p=leaf(rng, 3)), b=leaf(rng, 3), v=leaf(rng, 3)),
        t=graph("(tensors['h'].exp() * tensors['b']).sum()"),
    )


@leaves_of.case("leaves_of-unreached")
def from_a_constant(rng):
    return dict(
        tensors=dict(w=leaf(rng, 3), c=constant(rng, 3)), t=graph("(tensors['c'] * 2).sum()")
    )


@leaves_of.case("leaves_of-equal")
def equal_numbers(rng):
    numbers = rng.normal(size=3)
    twins = {name: tensor(numbers, requires_grad=True) for name in ("b", "a", "d")}
    return dict(tensors=twins, t=graph("(tensors['d'] * 2 - tensors['a']).sum()"))


@leaves_of.case("leaves_of-equal")
def two_ways(rng):
    return dict(
        tensors=dict(s=leaf(rng, 3), r=leaf(rng, 3)),
        t=graph("(tensors['s'].exp() * tensors['s'] + tensors['r']).sum()"),
    )


@leaves_of.law("leaves_of-network", on=a_network)
def only_reads(f, new):
    """Reading the graph must not change anything: no gradient may arrive in any tensor."""
    tensors, t = new()
    f(tensors, t)
    assert all(each.grad is None for each in tensors.values())
    t.backward()  # and nothing was freed


@leaves_of.right
def by_identity(tensors, t):
    reached = set()

    def visit(node):
        if node is None:
            return
        if hasattr(node, "variable"):
            reached.add(id(node.variable))
        for below, _ in node.next_functions:
            visit(below)

    visit(t.grad_fn)
    return sorted(name for name, each in tensors.items() if id(each) in reached)


@leaves_of.right
def asks_autograd(tensors, t):
    def reached(each):
        if t.grad_fn is None or not (each.is_leaf and each.requires_grad):
            return False
        (found,) = torch.autograd.grad(t, each, allow_unused=True, retain_graph=True)
        return found is not None

    return [name for name in sorted(tensors) if reached(tensors[name])]


def variables(t):
    """The tensors at which the graph ends, with repeats."""
    return [n.variable for n in nodes_with_repeats(t) if name_of(n) == "AccumulateGrad"]


@leaves_of.wrong(
    38,
    "every tensor that requires gradients is listed, whether the graph leads to it or not",
    experiment="make one more parameter that the loss does not use. Is it listed?",
)
def all_that_require(tensors, t):
    return sorted(name for name, each in tensors.items() if each.requires_grad)


@leaves_of.wrong(
    38,
    "every leaf that requires gradients is listed, whether the graph leads to it or not",
    experiment="make one more parameter that the loss does not use. Is it listed?",
)
def all_parameters(tensors, t):
    return sorted(name for name, each in tensors.items() if each.requires_grad and each.is_leaf)


@leaves_of.wrong(
    38,
    "every leaf is listed, constants too",
    experiment="print is_leaf and requires_grad of torch.ones(2).",
)
def all_leaves(tensors, t):
    return sorted(name for name, each in tensors.items() if each.is_leaf)


@leaves_of.wrong(
    None,
    "tensors are compared by their numbers: different tensors may hold equal ones",
    experiment="make two parameters with the same numbers, and use only one of them.",
)
def compares_numbers(tensors, t):
    return sorted(
        name
        for name, each in tensors.items()
        if any(each.shape == v.shape and torch.equal(each, v) for v in variables(t))
    )


@leaves_of.wrong(
    None,
    "a leaf is listed once for every way that leads to it",
    experiment="try it on (w * w).sum(). How often is w in your list?",
)
def lists_repeats(tensors, t):
    return sorted(name for v in variables(t) for name, each in tensors.items() if v is each)


@leaves_of.wrong(
    None,
    "only the first input of every node is followed",
    experiment="try it on (v * w).sum(), with two parameters.",
)
def follows_first_inputs(tensors, t):
    node = t.grad_fn
    while node is not None and name_of(node) != "AccumulateGrad":
        node = node.next_functions[0][0]
    return sorted(name for name, each in tensors.items() if node and node.variable is each)


# In between

intermediate_gradient = Exercise(
    "intermediate_gradient",
    sees=["result", "x.grad"],
    experiment="x = torch.tensor([1., 2.], requires_grad=True), inner = lambda x: 3 * x, "
    "outer = lambda h: (h * h).sum(): the result should be tensor([6., 12.]).",
)


@intermediate_gradient.case("intermediate_gradient-squares")
def squares(rng):
    a = float(rng.uniform(1.5, 3))
    return dict(x=leaf(rng, 3), inner=function("a * x", a=a), outer=function("(x * x).sum()"))


@intermediate_gradient.case("intermediate_gradient-others")
def exponential_and_mean(rng):
    return dict(x=leaf(rng, 2, 3), inner=function("x.exp()"), outer=function("(x**3).mean()"))


@intermediate_gradient.case("intermediate_gradient-others")
def changes_the_shape(rng):
    return dict(
        x=leaf(rng, 2, 3), inner=function("(x * x).sum(dim=0)"), outer=function("x.sin().sum()")
    )


@intermediate_gradient.right
def with_autograd_grad(x, inner, outer):
    h = inner(x)
    loss = outer(h)
    (slopes,) = torch.autograd.grad(loss, h, retain_graph=True)
    loss.backward()
    return slopes


@intermediate_gradient.right
def in_two_walks(x, inner, outer):
    h = inner(x)
    cut = h.detach().requires_grad_()
    outer(cut).backward()
    h.backward(cut.grad)
    return cut.grad


@intermediate_gradient.wrong(
    38,
    "the value in between was not told in time to keep its gradient: a grad_fn is not a .grad",
    experiment="call retain_grad() on it, before backward(), and on the very tensor that is used.",
)
def forgets_retain_grad(x, inner, outer):
    h = inner(x)
    outer(h).backward()
    return h.grad


@intermediate_gradient.wrong(
    None,
    "the gradient along x is returned, not the one in between",
    experiment="for inner = lambda x: 3 * x the two differ by a factor of 3.",
)
def returns_the_leafs(x, inner, outer):
    outer(inner(x)).backward()
    return x.grad


@intermediate_gradient.wrong(
    32,
    "the graph is cut in between, by detach() or a new tensor, so that nothing arrives at x",
    experiment="print x.grad afterwards. It should not be None.",
)
def cuts_the_graph(x, inner, outer):
    h = inner(x).detach().requires_grad_()
    outer(h).backward()
    return h.grad


@intermediate_gradient.wrong(
    None,
    "the gradient of the last value along itself is returned, which is always 1",
    experiment="of which tensor do you return .grad?",
)
def the_last_ones(x, inner, outer):
    out = outer(inner(x))
    out.retain_grad()
    out.backward()
    return out.grad


@intermediate_gradient.wrong(
    None,
    "the value in between is returned, not its gradient",
    experiment="for inner = lambda x: 3 * x and outer = lambda h: h.sum() it is all ones.",
)
def returns_the_value(x, inner, outer):
    h = inner(x)
    outer(h).backward()
    return h.detach()


# As text

to_text = Exercise(
    "to_text",
    experiment="print(to_text(p * 2)) for a parameter p, and compare it with the docstring.",
)
add_graphs(to_text, "to_text-chain", *CHAIN)
add_graphs(to_text, "to_text-branches", *BRANCHES, "p.exp() - q.sin() * p")
add_graphs(to_text, "to_text-constants", *CONSTANTS)
add_graphs(to_text, "to_text-reuse", "p * p", "(lambda h: h.exp() + h.sin())(p * q)")


@to_text.right
def from_the_nodes_up(t):
    def lines_of(node):
        if node is None:
            return []
        below = [line for child, _ in node.next_functions for line in lines_of(child)]
        return [type(node).__name__, *("  " + line for line in below)]

    return "\n".join(lines_of(t.grad_fn))


@to_text.right
def with_a_list(t):
    text, waiting = "", [(t.grad_fn, "")]
    while waiting:
        node, lead = waiting.pop()
        if node is not None:
            text += f"\n{lead}{type(node).__name__}"
            waiting += [(child, lead + "  ") for child, _ in reversed(node.next_functions)]
    return text.lstrip("\n")


def lines(t, indent="  ", children=lambda node: [c for c, _ in node.next_functions]):
    """The lines of the text, some of it done otherwise, for the answers below."""
    found = []

    def visit(node, level):
        if node is not None:
            found.append(indent * level + name_of(node))
            for child in children(node):
                visit(child, level + 1)

    visit(t.grad_fn, 0)
    return found


@to_text.wrong(
    None,
    "no line stands further in than another",
    experiment="print the level of every node. The next nodes are one level deeper.",
)
def forgets_the_indent(t):
    return "\n".join(lines(t, indent=""))


@to_text.wrong(
    None,
    "the next nodes come in reverse order, the last one first",
    experiment="try p.exp() + q. The exponential should come first.",
)
def reverses_the_order(t):
    return "\n".join(lines(t, children=lambda node: [c for c, _ in reversed(node.next_functions)]))


@to_text.wrong(
    None,
    "only the first input of every node is followed",
    experiment="try p * q, with two parameters.",
)
def shows_first_inputs(t):
    return "\n".join(lines(t, children=lambda node: [c for c, _ in node.next_functions[:1]]))


@to_text.wrong(
    None,
    "a node that was shown before is left out, with all that is behind it",
    experiment="try p * p. There are two lines below MulBackward0.",
)
def shows_nodes_once(t):
    seen = []

    def unseen(node):
        found = []
        for child, _ in node.next_functions:
            if child not in seen:
                seen.append(child)
                found.append(child)
        return found

    return "\n".join(lines(t, children=unseen))


@to_text.wrong(
    None,
    "constants are shown as well: None has no line of its own",
    experiment="try p * 2. There should be two lines.",
)
def shows_constants(t):
    found = []

    def visit(node, level):
        found.append("  " * level + name_of(node))
        for child, _ in getattr(node, "next_functions", ()):
            visit(child, level + 1)

    visit(t.grad_fn, 0)
    return "\n".join(found)


@to_text.wrong(
    None,
    "a constant is treated as a node: None stands for it, which has no next_functions",
    experiment="try p * 2, and print t.grad_fn.next_functions.",
)
def asks_none(t):
    found = []

    def visit(node, level):
        found.append("  " * level + name_of(node))
        for child, _ in node.next_functions:
            visit(child, level + 1)

    visit(t.grad_fn, 0)
    return "\n".join(found)


@to_text.wrong(
    None,
    "a line break follows the last line",
    experiment="print(repr(to_text(p * 2))). Join the lines, so that breaks stand only in between.",
)
def ends_with_a_break(t):
    return "".join(line + "\n" for line in lines(t))


@to_text.wrong(
    None,
    "the text is printed, or lost, but not returned",
    experiment="text = to_text(p * 2), and then print(type(text)).",
)
def prints_it(t):
    print("\n".join(lines(t)))


@to_text.wrong(
    None,
    "a list of lines is returned, not one text",
    experiment='join the lines: "\\n".join(lines).',
)
def returns_a_list(t):
    return lines(t)


# Looking back

recall_when = Question(
    "recall_when",
    answers=("b",),
    explain="Each operation adds its node as it runs. backward() only walks back.",
    experiment="print grad_fn of a result, before any backward().",
    wrong={
        "a": "A result has a grad_fn before backward() is called. So the graph is there already.",
        "c": "At that time nobody knows yet what will be computed.",
    },
)

recall_two_paths = Question(
    "recall_two_paths",
    answers=(13,),
    explain="Along a path one multiplies, and where paths meet one adds.",
    experiment="think of loss = 6 * a + 7 * a.",
    wrong={
        42: "Along one path slopes are multiplied. Different paths are added.",
        7: "That is one of the two ways.",
        6: "That is one of the two ways.",
        6.5: "Effects add up; there is nothing to take the mean of.",
    },
)

recall_cast = Question(
    "recall_cast",
    answers=("p",),
    explain="q is the result of a cast: the gradient flows through it to the leaf p.",
    experiment="print q.is_leaf and q.grad_fn.",
    wrong={
        "q": "q is a result. Results pass their gradient on.",
        "both": "q is a result, and nobody told it to keep its gradient.",
    },
)
