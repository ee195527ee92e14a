"""The walk backward through the graph.

An edge is ``(number, node, output, shape, type)``, or a leaf itself, or None (see `node`). They
point from the loss to the parameters: the way gradients travel.

Every node bears the number of its creation. An operation is always made after everything it uses,
so always going on with the newest node meets each one when all its gradients have arrived: a heap
takes the place of counting dependencies, and nothing recurses.
"""

from __future__ import annotations

import itertools
import threading
import warnings
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

import numpy as np

from . import errors
from . import tensor as tensor_module
from .errors import hint
from .grad_mode import mode, unusual
from .hooks import (
    UNSET,
    Hooks,
    grad_kind,
    hooks_of,
    run_post_accumulate_hooks,
    run_post_hooks,
    run_pre_hooks,
    run_tensor_hooks,
)
from .node import AccumulateGrad, Node, as_tensor, run_node
from .numeric import START, loud, quiet
from .roots import root_gradients, wanted_places
from .tensor import Tensor, fresh
from .unbroadcast import fit_array, fit_dtype, fit_tensor

_numbers = itertools.count()  # of long walks
_SEQ = attrgetter("_seq")
add = np.add


# -- the walk -------------------------------------------------------------------------------------


def walk(edge: Any, grad: Any, keep: bool) -> None:
    """Carry the gradient `grad` (an array) from `edge` back to the leaves, and accumulate there.

    This is the whole of backward() for nearly every training step. What is unusual (hooks,
    gradients that are only handed back, derivatives to be recorded too) is left to `long_walk`.
    """
    # The next edge and its gradient are kept at hand. In a chain, that is all there is to keep:
    # the heap and `arrived` are for what has to wait (a place in both takes 0.1 us).
    heap: list[tuple] = []  # edges to nodes where a gradient has arrived
    arrived: dict[Any, Any] = {}  # node -> its gradient; of many outputs, a list
    leaves: dict[int, list] = {}  # id of leaf -> [leaf, gradient, is the array ours alone?]
    onward: Any = None  # the gradient for the next node, while this one's are dealt out
    hooked = Hooks.made
    watched = False  # has anything with hooks been reached?
    token = quiet()
    try:
        while edge is not None:
            _, node, nr, _, _ = edge
            if (hooked and (watched or node._hooks is not None)) or (
                nr is not None and node._custom
            ):
                arrived[node] = grad
                watched = True
                break
            if nr is not None:
                for g in grad:  # (asked here: the call takes 0.2 us, and is hardly ever needed)
                    if g is None:
                        grad = _complete(node, grad, False)
                        break
            edge, edges, i = None, node._edges, 0
            for g in node._run(grad, keep):  # (counting ourselves: `zip` would take 0.1 us more)
                to = edges[i]
                i += 1
                if g is None or to is None:
                    continue
                if to.__class__ is tuple:
                    _, target, nr, shape, dtype = to
                    if g.shape != shape or g.dtype is not dtype:
                        g = fit_array(node, g, shape, dtype)
                    if nr is not None:
                        here = edge is not None and edge[1] is target
                        box = onward if here else arrived.get(target)
                        if box is not None:
                            box[nr] = g if box[nr] is None else box[nr] + g
                            continue
                        box = [None] * len(target._shape)
                        box[nr] = g
                        g = box
                    elif edge is not None and edge[1] is target:
                        onward = onward + g
                        continue
                    elif arrived and target in arrived:  # (mostly, nothing has to wait)
                        arrived[target] = arrived[target] + g
                        continue
                    if edge is None:
                        edge, onward = to, g
                    else:
                        arrived[target] = g
                        heappush(heap, to)
                    continue
                a = to._a
                if g.shape != a.shape or g.dtype is not a.dtype:
                    g = fit_array(node, g, a.shape, grad_kind(to, g.dtype))
                key = id(to)
                if key in leaves:
                    entry = leaves[key]
                    entry[1], entry[2] = entry[1] + g, True
                    continue
                # An array that the derivative has just made is taken over by the leaf; one that was
                # only passed on, or is a view, will have to be copied.
                leaves[key] = [to, g, g is not grad and g.base is None and not node._shares]
                if hooked and to._hooks is not None:
                    watched = True
            if heap and (edge is None or heap[0] < edge):
                if edge is not None:
                    arrived[edge[1]] = onward
                    heappush(heap, edge)
                edge = heappop(heap)
                onward = arrived.pop(edge[1])
            grad = onward
    finally:
        loud(token)
    if watched:
        rest = Walk(False, None, True)
        rest.arrived = leaves
        long_walk(rest, arrived, keep)
        return
    for leaf, g, alone in leaves.values():
        accumulate(leaf, g, alone)


def collect(roots: Any) -> tuple[list[Node], dict[int, int]]:
    """The nodes that the roots reach, newest first; and how many edges reach each leaf (by id)."""
    seen = set(roots)
    order = list(seen)
    leaves: dict[int, int] = {}
    # The list grows while we go through it: every node found is looked at in its turn.
    for node in order:
        if node._folded:
            node.unfolded()
        for edge in node._edges:
            if edge.__class__ is tuple:
                target = edge[1]
                if target not in seen:
                    seen.add(target)
                    order.append(target)
            elif edge is not None:
                leaves[id(edge)] = leaves.get(id(edge), 0) + 1
    order.sort(key=_SEQ)
    return order, leaves


class Walk:
    """One long walk: what is asked for, and what has arrived at the leaves."""

    __slots__ = (
        "__weakref__",
        "accumulate",
        "arrived",
        "callbacks",
        "captured",
        "create",
        "depth",
        "leaves",
        "number",
        "reached",
        "running",
        "wanted",
    )  # fmt: skip

    def __init__(self, create: bool, wanted: dict | None, accumulate: bool):
        self.number = next(_numbers)
        self.create = create  # record the derivative itself?
        self.depth = 0  # how many walks it stands in
        self.wanted = wanted  # nodes and ids of leaves whose gradients are asked for; None: all
        self.accumulate = accumulate  # into .grad, or only hand back?
        self.running: set[Node] | None = None  # with `wanted`: the nodes that lie before it
        self.leaves: dict[int, int] = {}  # id of leaf -> how many edges have yet to be walked
        # id of leaf -> (leaf, gradient, is the array ours alone?)
        self.arrived: dict[int, Any] = {}
        self.captured: dict[Any, Any] = {}
        self.callbacks: list[Any] = []  # to be called at the end
        self.reached: set[Any] = set()  # nodes that will run, ids of leaves that will be delivered

    def will_reach(self, t: Tensor) -> bool:
        """Whether a gradient for `t` is computed on this walk."""
        return (id(t) if t._edge is None else t._edge[1]) in self.reached

    def needs(self, edge: Any) -> bool:
        """Whether a gradient that leaves by this edge is of any use."""
        if edge is None or self.wanted is None:
            return edge is not None
        return edge[1] in self.reached if edge.__class__ is tuple else id(edge) in self.wanted

    def leaf(self, leaf: Tensor, g: Any, alone: bool) -> None:
        """Walk one edge into a leaf; after the last one, deliver the sum."""
        key = id(leaf)
        if self.wanted is not None and key not in self.wanted:
            return
        left = self.leaves[key] - 1
        self.leaves[key] = left
        old = self.arrived.pop(key, None)
        if old is not None:
            # A sum is a new array: ours alone, and free to be kept without a copy.
            g, alone = (old[1] + g, True) if g is not None else old[1:]
        if g is None:
            # (Hooks of a leaf to which nothing comes are called all the same.)
            if not left and leaf._hooks is not None:
                deliver(self, leaf, None, False)
            return
        if left:
            self.arrived[key] = (leaf, g, alone)
        else:
            deliver(self, leaf, g, alone)


def long_walk(state: Walk, arrived: dict[Any, Any], keep: bool) -> dict:
    """Carry on from what has `arrived` at nodes, minding hooks and all that `state` asks for.

    Here all nodes are found first. So it is known how many edges lead to a leaf, and its hooks are
    called once, with the sum, as soon as the last one was walked. Gradients are arrays, or tensors
    when the derivative is recorded too. Returns those that are wanted, by edge.
    """
    if mode.task is not None and state.depth == 0:
        state.depth = mode.task.depth + 1
        if state.depth % DEEP == 0:
            return _elsewhere(state, arrived, keep)
    create = state.create
    order, state.leaves = collect(arrived)
    if state.wanted is not None:
        order, state.running, state.leaves = _on_the_way(order, state.wanted)
        if state.accumulate:
            # As in torch, backward(inputs=...) runs the nodes it is told of, to no effect but that
            # their hooks are called.
            state.running.update(n for n in order if n in state.wanted)
    state.reached = {*order, *state.leaves, *state.arrived}
    by_itself = create or state.wanted is not None or mode.anomaly or not START
    fit = fit_tensor if create else fit_array
    enabled, mode.enabled = mode.enabled, create
    outer, mode.task = mode.task, state
    token = quiet()
    try:
        for key, (leaf, g, alone) in list(state.arrived.items()):
            if not state.leaves.get(key):
                del state.arrived[key]
                deliver(state, leaf, g, alone)
        for node in order:
            grad = arrived.pop(node, None)
            if grad is None and not node._custom:
                # Nothing arrived, so nothing flows on; but leaves wait for every edge.
                grads: Any = (None,) * len(node._edges)
                hooks = node._hooks
                if hooks is not None and (hooks.pre or hooks.post) and not node._wants_all:
                    grads = _visit(state, node, None) or grads
                elif hooks is not None and hooks.tensor:
                    run_tensor_hooks(hooks, [None] * _outputs(node))
            elif by_itself or node._hooks is not None or node._wants_all:
                # (A user's own backward is called even so: it may make something of nothing.)
                grads = _visit(state, node, [None] * _outputs(node) if grad is None else grad)
                if grads is None:
                    continue
            else:
                grads = node._run(grad, True)
            if not keep and grad is not None:
                node._release()
            for edge, g in zip(node._edges, grads):  # noqa: B905 - the table makes them equally long
                if edge is None:
                    continue
                if edge.__class__ is not tuple:
                    if g is None:
                        state.leaf(edge, None, False)
                        continue
                    a = edge._a
                    if g.shape != a.shape or g.dtype is not a.dtype:
                        h = fit(node, g, a.shape, grad_kind(edge, g.dtype))
                        state.leaf(edge, h, h is not g)
                    else:
                        alone = g is not grad and not create and g.base is None and not node._shares
                        state.leaf(edge, g, alone)
                elif g is not None:
                    _, target, nr, shape, dtype = edge
                    if g.shape != shape or g.dtype is not dtype:
                        g = fit(node, g, shape, dtype)
                    add_to(arrived, target, nr, g)
    finally:
        loud(token)
        mode.enabled, mode.task = enabled, outer
    for callback in state.callbacks:
        callback()
    return state.captured


# How many walks may stand inside one another, each begun by a Function's backward or a hook of the
# one before, until the next goes on in a thread of its own, where Python's stack is empty.
DEEP = 40


def _elsewhere(state: Walk, arrived: dict[Any, Any], keep: bool) -> dict:
    """`long_walk` in a thread of its own, in the modes of this one."""
    modes, captured, errors_there = dict(mode.__dict__), [], []

    def run() -> None:
        mode.__dict__.update(modes)
        mode.settle()
        try:
            captured.append(long_walk(state, arrived, keep))
        except BaseException as error:
            errors_there.append(error)
        unusual.discard(threading.get_ident())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors_there:
        raise errors_there[0]
    return captured[0]


def add_to(arrived: dict[Any, Any], node: Any, nr: int | None, g: Any) -> None:
    """Add a gradient to what has arrived at a node (at one output, if it has many)."""
    if nr is None:
        old = arrived.get(node)
        arrived[node] = g if old is None else old + g
        return
    box = arrived.setdefault(node, [None] * len(node._shape))
    box[nr] = g if box[nr] is None else box[nr] + g


def _outputs(node: Node) -> int:
    return len(node._shape) if node._wants_all else 1


def _visit(state: Walk, node: Node, grad: Any) -> Any:
    """Run a node about which something is unusual; None if it need not run."""
    running, hooks = state.running, node._hooks
    if running is not None or hooks is not None:
        grad = _before(state, node, grad)
        if running is not None and node not in running:
            return None
        if hooks is not None and hooks.pre:
            grads = grad if node._wants_all else [grad]
            grads = _plain(state, run_pre_hooks(hooks, [as_tensor(g) for g in grads]))
            grad = grads if node._wants_all else grads[0]
    given = grad
    if node._wants_all:
        grad = _complete(node, list(grad), state.create)
    if mode.anomaly or hooks is not None:
        return _run_watched(state, node, grad, given)
    return run_node(node, grad, state.create)


def _on_the_way(order: list[Node], wanted: dict) -> tuple[list[Node], set[Node], dict[int, int]]:
    """Of the nodes in `order`: those of interest, those of them to run, and edges per leaf.

    A node runs when something wanted lies behind it; one that is wanted itself is only looked at.
    """
    useful: set[Node] = set()
    running: set[Node] = set()
    leaves: dict[int, int] = {}
    for node in reversed(order):
        for edge in node._edges:
            if edge[1] in useful if edge.__class__ is tuple else id(edge) in wanted:
                running.add(node)
                useful.add(node)
                break
        if node in wanted:
            useful.add(node)
    order = [n for n in order if n in useful]
    for node in running:
        for edge in node._edges:
            if edge is not None and edge.__class__ is not tuple:
                leaves[id(edge)] = leaves.get(id(edge), 0) + 1
    return order, running, leaves


def place(edge: Any, g: Any) -> tuple[Any, Any]:
    """The shape and type that a gradient `g` has where this edge leads."""
    if edge.__class__ is not tuple:
        return edge._a.shape, grad_kind(edge, g.dtype)
    return edge[3:]


def _complete(node: Node, grads: list, create: bool) -> list:
    """Zeros for the outputs that no gradient reached, unless the node minds the difference."""
    for i, g in enumerate(grads):
        if g is None and node._materialize and node._shape[i] is not None:
            zeros = np.zeros(node._shape[i], node._dtype[i])
            grads[i] = fresh(zeros) if create else zeros
    return grads


def _before(state: Walk, node: Node, grad: Any) -> Any:
    """Tensor hooks, retain_grad, then gradients that are asked for. (Hooks see tensors.)"""
    hooks = node._hooks
    given = grads = grad if node._wants_all else [grad]
    if hooks is not None and (hooks.tensor or hooks.retain):
        grads = _plain(state, run_tensor_hooks(hooks, [as_tensor(g) for g in grads]))
    # As in torch, tensor hooks do not change what is handed back if the walk goes on from here.
    found = given if state.running is not None and node in state.running else grads
    for nr in (state.wanted or {}).get(node, ()):
        state.captured[(node, nr)] = found[nr or 0]
    return grads if node._wants_all else grads[0]


def _plain(state: Walk, grads: list) -> list:
    return grads if state.create else [None if g is None else g._a for g in grads]


def _run_watched(state: Walk, node: Node, grad: Any, arrived: Any) -> Any:
    """Run a node that may have hooks behind it, or whose results anomaly mode looks at.

    Its hooks see what `arrived`, where its derivative sees zeros for the None among it.
    """
    create = state.create
    if not mode.anomaly and not node._hooks.post:  # type: ignore[union-attr]
        return run_node(node, grad, create)
    outer, mode.node = mode.node, node
    try:
        grads = run_node(node, grad, create)
    except Exception:
        if mode.anomaly:
            warn_origin(node)
        raise
    finally:
        mode.node = outer
    fit = fit_tensor if create else fit_array
    grads = tuple(
        # (What a user's own backward returns, hooks see even where nobody wants it.)
        (g if node._custom else None) if g is None or not state.needs(e)
        else fit(node, g, *place(e, g))
        for e, g in zip(node._edges, grads, strict=True)
    )  # fmt: skip
    if node._hooks is not None and node._hooks.post:
        given = tuple(as_tensor(g) for g in (arrived if node._wants_all else [arrived]))
        tensors = run_post_hooks(node._hooks, tuple(map(as_tensor, grads)), given)
        grads = tensors if create else tuple(None if g is None else g._a for g in tensors)
    if mode.anomaly and mode.check_nan:
        for i, g in enumerate(grads):
            a = g._a if isinstance(g, Tensor) else g
            if a is not None and np.isnan(a).any():
                warn_origin(node)
                raise hint(
                    RuntimeError(
                        f"Function '{node.name()}' returned nan values in its {i}th output."
                    ),
                    "the warning above shows the line of the forward pass that this belongs to.",
                )
    return grads


def warn_origin(node: Node) -> None:
    """Anomaly mode: say where the failing node was made."""
    trace = node._hooks.metadata.get("traceback_") if node._hooks is not None else None
    where = "".join(trace) if trace else None
    if where is None:
        text = (
            f"Error detected in {node.name()}. No forward pass information available. Enable "
            "detect anomaly during forward pass for more information."
        )
        line = 100
    else:
        text = (
            f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n"
            f"{where}"
        )
        line = 122
    place = "/__w/pytorch/pytorch/torch/csrc/autograd/python_anomaly_mode.cpp"
    warnings.warn(f"{text} (Triggered internally at {place}:{line}.)", UserWarning, stacklevel=5)
    parent = node._hooks.metadata.get("parent_") if node._hooks is not None else None
    while parent is not None:
        metadata = hooks_of(parent).metadata
        text = (
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call "
            "that induced the previous calculation:\n" + "".join(metadata.get("traceback_", []))
        )
        warnings.warn(f"{text} (Triggered internally at {place}:129.)", UserWarning, stacklevel=5)
        parent = metadata.get("parent_")


# -- at the leaves --------------------------------------------------------------------------------


def deliver(state: Walk, leaf: Tensor, g: Any, alone: bool) -> None:
    """All gradients of a leaf have arrived: hooks, then hand back or accumulate."""
    hooks = leaf._hooks
    if hooks is not None:
        if hooks.grad_dtype is not UNSET and g is not None:
            g = fit_dtype(g, grad_kind(leaf, g.dtype))
        t = run_tensor_hooks(hooks, [as_tensor(g)])
        if hooks.pre and state.accumulate:
            t = run_pre_hooks(hooks, t)
        g, alone = _plain(state, t)[0], False
    if not state.accumulate:
        state.captured[id(leaf)] = g
        return
    if g is None:
        pass
    elif state.create:
        old = leaf._grad
        leaf._grad = fresh(np.empty_like(leaf._a, g._a.dtype)).copy_(g) if old is None else old + g
    else:
        accumulate(leaf, g, alone)
    if hooks is not None:
        run_post_accumulate_hooks(hooks, leaf)
        if hooks.post:
            run_post_hooks(hooks, (), (as_tensor(g),))


def accumulate(leaf: Tensor, g: Any, alone: bool) -> None:
    """Add an array to the leaf's ``.grad``."""
    old = leaf._grad
    if old is None:
        if not alone or g.__class__ is not np.ndarray or g.strides != leaf._a.strides:
            # The first gradient has the leaf's own layout.
            g, own = np.empty_like(leaf._a, g.dtype), g
            g[...] = own
        leaf._grad = fresh(g)
        return
    a = old._a
    try:  # (to ask first whether the shapes are the same would take 0.1 us)
        if a.dtype is not g.dtype:
            raise ValueError
        add(a, g, a)
    except ValueError:
        leaf._grad = fresh(a + g)
        return
    try:
        old._counter[0] += 1
    except RuntimeError:
        raise RuntimeError(errors.INFERENCE_INPLACE) from None


# -- the two doors --------------------------------------------------------------------------------


def backward(
    tensors: Any, gradients: Any, keep: bool | None, create: bool, inputs: Any = None
) -> None:
    """Accumulate the gradients of `tensors` into leaves (all of them, or only `inputs`)."""
    wanted = None
    if inputs is not None:
        one = isinstance(inputs, Tensor) or hasattr(inputs, "output_nr")  # (a GradientEdge)
        inputs = (inputs,) if one else tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        for t in inputs:
            if isinstance(t, Tensor):
                t.retain_grad()
        wanted = wanted_places(inputs)
    roots = root_gradients(tuple(tensors), gradients, create, "backward")
    if create:
        errors.warn_once(errors.CREATE_GRAPH)
    _from(roots, create if keep is None else keep, Walk(create, wanted, True))


tensor_module.run_backward, tensor_module.short_walk = backward, walk


def _from(roots: list[tuple[Any, Any]], keep: bool, state: Walk) -> dict:
    """Walk from `roots`: edges, each with its gradient."""
    arrived: dict[Any, Any] = {}
    for edge, g in roots:
        if edge.__class__ is tuple:
            add_to(arrived, edge[1], edge[2], g)
        else:
            old = state.arrived.get(id(edge))
            g = g if old is None else old[1] + g
            state.arrived[id(edge)] = (edge, g, old is not None)
    return long_walk(state, arrived, keep)


def gradients(
    outputs: Any, inputs: Any, grad_outputs: Any, keep: bool | None, create: bool
) -> list[Any]:
    """The gradients of `outputs` with respect to `inputs`; None for those not reached."""
    roots = root_gradients(outputs, grad_outputs, create, "grad")
    keep = create if keep is None else keep
    captured = _from(roots, keep, Walk(create, wanted_places(inputs), False))
    found = []
    for t in inputs:
        if not isinstance(t, Tensor):
            node = t.node
            nr = t.output_nr if node._wants_all else None
            key: Any = id(node.variable) if isinstance(node, AccumulateGrad) else (node, nr)
        else:
            key = id(t) if t._edge is None else t._edge[1:3]
        g = captured.get(key)
        if g is not None and not create:
            # The array may be somebody else's too: a root's gradient, another result.
            g = fresh(np.array(g))
        found.append(g)
    return found
