"""Second forms of the known mistakes of lesson 04."""

import autograd_lib as torch

from .second_forms import SecondForms

forms = SecondForms("04_reading_the_graph")


def below(node):
    return [child for child, _ in node.next_functions]


def gather(node, inputs=lambda node: below(node), keep=lambda node: True):
    """All nodes from one on, as often as they are met, by recursion."""
    if node is None:
        return []
    found = [node] if keep(node) else []
    for child in inputs(node):
        found += gather(child, inputs, keep)
    return found


def names(nodes):
    return sorted(type(node).__name__ for node in nodes)


def once(nodes):
    return list({id(node): node for node in nodes}.values())


def with_constants(node):
    return [node] if node is None else [node, *(n for c in below(node) for n in with_constants(c))]


def straight_on(t):
    found = []

    def visit(node):
        if node in found:
            return
        found.append(node)
        for child, _ in node.next_functions:
            visit(child)

    visit(t.grad_fn)
    return names(found)


forms(
    "walk",
    first_inputs_only=lambda t: names(gather(t.grad_fn, lambda node: below(node)[:1])),
    counts_repeats=lambda t: names(gather(t.grad_fn)),
    remembers_names=lambda t: sorted(set(names(gather(t.grad_fn)))),
    visits_none=straight_on,
    counts_none=lambda t: names(once(with_constants(t.grad_fn))),
    leaves_out_leaves=lambda t: names(
        once(gather(t.grad_fn, keep=lambda node: not hasattr(node, "variable")))
    ),
    one_step_only=lambda t: names(
        once([n for n in [t.grad_fn, *(below(t.grad_fn) if t.grad_fn else [])] if n is not None])
    ),
)


def ends(t, **options):
    return [node.variable for node in gather(t.grad_fn, **options) if hasattr(node, "variable")]


def listed(tensors, wanted):
    return [name for name in sorted(tensors) if wanted(tensors[name])]


def equal(one, other):
    return one.shape == other.shape and bool((one == other).all())


forms(
    "leaves_of",
    all_that_require=lambda tensors, t: listed(tensors, lambda v: v.requires_grad),
    all_parameters=lambda tensors, t: listed(
        tensors, lambda v: v.requires_grad and v.grad_fn is None
    ),
    all_leaves=lambda tensors, t: listed(tensors, lambda v: v.grad_fn is None),
    compares_numbers=lambda tensors, t: listed(
        tensors, lambda v: any(equal(v, end) for end in ends(t))
    ),
    lists_repeats=lambda tensors, t: [
        name for name in sorted(tensors) for end in ends(t) if end is tensors[name]
    ],
    follows_first_inputs=lambda tensors, t: listed(
        tensors, lambda v: any(v is end for end in ends(t, inputs=lambda node: below(node)[:1]))
    ),
)


def too_late(x, inner, outer):
    h = inner(x)
    outer(h).backward()
    h.retain_grad()
    return h.grad


def new_leaf(x, inner, outer):
    h = torch.tensor(inner(x).tolist(), requires_grad=True)
    outer(h).backward()
    return h.grad


def of_the_end(x, inner, outer):
    end = outer(inner(x))
    end.backward()
    return torch.ones_like(end)


def value(x, inner, outer):
    h = inner(x)
    torch.autograd.backward(outer(h))
    return torch.tensor(h.tolist())


forms(
    "intermediate_gradient",
    forgets_retain_grad=too_late,
    returns_the_leafs=lambda x, inner, outer: (outer(inner(x)).backward(), x.grad)[1],
    cuts_the_graph=new_leaf,
    the_last_ones=of_the_end,
    returns_the_value=value,
)


def text(node, lead="", step="  ", inputs=below, seen=None):
    """The lines of a node and of what is below it."""
    if node is None:
        return []
    if seen is not None:
        seen.add(id(node))
    found = [lead + type(node).__name__]
    for child in inputs(node):
        if seen is None or id(child) not in seen:
            found.extend(text(child, lead + step, step, inputs, seen))
    return found


def with_none(node, lead=""):
    found = lead + type(node).__name__
    if node is None:
        return found
    return "\n".join([found, *(with_none(child, lead + "  ") for child in below(node))])


def first_time(t):
    """Leave out what was shown: children are marked before any of them is visited."""
    found, seen, waiting = [], set(), [(t.grad_fn, "")]
    while waiting:
        node, lead = waiting.pop()
        if node is None:
            continue
        found.append(lead + type(node).__name__)
        fresh = []
        for child in below(node):
            if id(child) not in seen:
                seen.add(id(child))
                fresh.append((child, lead + "  "))
        waiting += reversed(fresh)
    return "\n".join(found)


def attribute_of_none(t):
    def visit(node, lead):
        children = [child for child, _ in node.next_functions]
        rest = "".join("\n" + visit(child, lead + "  ") for child in children)
        return lead + type(node).__name__ + rest

    return visit(t.grad_fn, "")


forms(
    "to_text",
    forgets_the_indent=lambda t: "\n".join(text(t.grad_fn, step="")),
    reverses_the_order=lambda t: "\n".join(text(t.grad_fn, inputs=lambda n: below(n)[::-1])),
    shows_first_inputs=lambda t: "\n".join(text(t.grad_fn, inputs=lambda n: below(n)[:1])),
    shows_nodes_once=first_time,
    shows_constants=lambda t: with_none(t.grad_fn),
    asks_none=attribute_of_none,
    ends_with_a_break=lambda t: "\n".join([*text(t.grad_fn), ""]) if t.grad_fn else "",
    prints_it=lambda t: print(*text(t.grad_fn), sep="\n"),
    returns_a_list=lambda t: text(t.grad_fn),
)

test_the_same_mistake_in_other_words_is_named = forms.test_named()
test_two_mistakes_at_once_name_none = forms.test_unnamed(
    ("walk", lambda t: [type(node).__name__ for node in gather(t.grad_fn)] + ["end"]),
    ("leaves_of", lambda tensors, t: [n for n in tensors if not tensors[n].is_leaf]),
    ("intermediate_gradient", lambda x, inner, outer: 2 * outer(inner(x)).detach()),
    ("to_text", lambda t: "\n".join(text(t.grad_fn, step="", inputs=lambda n: below(n)[::-1]))),
)
