"""Tensors on the wire: their numbers, their flags, their gradients, and a graph that stays at home.

A tensor that was computed leaves its graph behind. On the other side its `grad_fn` is a `Remote`
node, whose edges lead to the tensors *there* from which it was computed. Walking backward through
it asks home for the gradients. So each side walks its own part of the graph with its own engine,
and saved values are freed, kept and differentiated again where they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from .wire import WireError

Coded = Any


_sent: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""From a node to the tensor that it made and that the other side knows, for as long as both live"""


def engine() -> Any:
    """Return what is needed of the engine, None while nobody has imported it."""
    return _engine() if "autograd_lib" in sys.modules else None


@cache
def _engine() -> Any:
    import autograd_lib
    from autograd_lib import dtypes
    from autograd_lib import engine as walk
    from autograd_lib import node as nodes
    from autograd_lib.nn.parameter import Parameter
    from autograd_lib.tensor import Tensor, fresh

    class Remote(nodes.Node):
        """A computation whose graph is on the other side."""

        __slots__ = ("behind", "claimed", "number", "table")
        behind: list[Any]
        claimed: str
        number: int
        table: Any

        def _run(self, grad: Any, keep: bool) -> Any:
            found = self._ask(fresh(np.asarray(grad)), keep, False)
            return tuple(None if g is None else g._a for g in found)

        def _run_tensors(self, grad: Any, keep: bool) -> Any:
            return self._ask(grad, keep, True)

        def _ask(self, grad: Any, keep: bool, create: bool) -> tuple[Any, ...]:
            me = self.table.objects[self.number]
            found = self.table.peer.request("gradients", me, grad, tuple(self.behind), create)
            if type(found) is not tuple or len(found) != len(self._edges):
                raise WireError("a backward pass gave no gradients")
            for g, t in zip(found, self.behind, strict=True):
                if g is not None and (type(g) is not Tensor or g._a.shape != t._a.shape):
                    raise WireError("a backward pass gave something else than a gradient")
            if not keep:
                self._release()
            return found

        def _release(self) -> None:
            me = self.table.objects.get(self.number)
            if me is not None:
                self.table.peer.request("release", me)

        def name(self) -> str:
            return self.claimed

        def __repr__(self) -> str:
            return f"<{self.claimed} object at {id(self):#x}>"

    return SimpleNamespace(
        torch=autograd_lib,
        Tensor=Tensor,
        Parameter=Parameter,
        tensors=(Tensor, Parameter),
        Size=dtypes.Size,
        dtype=dtypes.dtype,
        Remote=Remote,
        fresh=fresh,
        walk=walk,
        sequence=nodes.sequence,
    )


def constant(what: str, coded: list[Coded]) -> Any:
    """Rebuild a size or a torch dtype."""
    known = _required()
    if what == "size":
        return known.Size(int(n) for n in coded)
    found = getattr(known.torch, coded[0]) if type(coded[0]) is str else None
    if not isinstance(found, known.dtype):
        raise WireError("there is no such dtype")
    return found


def _required() -> Any:
    """Return the engine; a submission that never imported it may still be sent a tensor."""
    try:
        return _engine()
    except ImportError:
        raise WireError("there are no tensors in this room") from None


def record(table: Any, number: int, tensor: Any) -> Coded:
    """Say all that there is to say of a tensor."""
    known = _engine()
    edge = tensor._edge
    if tensor._view is not None:
        edge = tensor.grad_fn and tensor._edge
    if edge is None:
        history: Coded = None
    elif isinstance(edge[1], known.Remote) and edge[1].number == number:
        history = "yours"
    else:
        name = edge[1].name()
        history = [str(name)[:200], [table.code(t) for t in boundary(edge[1])]]
        if edge[2] is None:
            _sent[edge[1]] = ref(tensor)
    counter = tensor._counter
    version = counter[0] if type(counter) is list else 0
    return [
        "tensor",
        "Parameter" if type(tensor) is known.Parameter else "Tensor",
        table.code(tensor._a),
        bool(tensor._rg),
        table.code(tensor._grad),
        version,
        history,
    ]


def boundary(node: Any) -> list[Any]:
    """Return the tensors that a part of a graph ends in.

    Those are leaves, tensors from elsewhere, and tensors that the other side knows already: what is
    behind them is walked once, from there, as in a graph that is in one place.
    """
    known = _engine()
    found: dict[int, Any] = {}
    seen, todo = {node}, [node]
    for one in todo:
        if isinstance(one, known.Remote):
            tensor = one.table.objects.get(one.number)
            if tensor is not None:
                found[id(tensor)] = tensor
            continue
        shared = _shared(one) if one is not node else None
        if shared is not None:
            found[id(shared)] = shared
            continue
        for edge in one._edges:
            if isinstance(edge, known.Tensor):
                found[id(edge)] = edge
            elif edge is not None and edge[1] not in seen:
                seen.add(edge[1])
                todo.append(edge[1])
    return list(found.values())


def _shared(node: Any) -> Any:
    """Return the tensor that a node made, if the other side knows it; else None."""
    tensor = _sent[node]() if node in _sent else None
    made = tensor is not None and tensor._edge is not None and tensor._edge[1] is node
    return tensor if made else None


@contextmanager
def _cut(nodes: Iterable[Any]) -> Iterator[None]:
    """Let these nodes be the last ones that a walk comes to."""
    edges = [(node, node._edges) for node in nodes]
    for node, _ in edges:
        node._edges = ()
    try:
        yield
    finally:
        for node, old in edges:
            node._edges = old


def empty(table: Any, record: list[Coded]) -> Any:
    """Make a tensor that is still to be filled."""
    known = _required()
    if record[1] not in ("Tensor", "Parameter"):
        raise WireError("there is no such tensor")
    return known.fresh(np.zeros(0, np.float32), getattr(known, record[1]))


def fill(table: Any, number: int, tensor: Any, record: list[Coded]) -> None:
    """Make a tensor what its record says."""
    known = _engine()
    _, _, array, tracked, grad, version, history = record
    numbers, slope = table.value(array), table.value(grad)
    if type(numbers) is not np.ndarray or type(tracked) is not bool or type(version) is not int:
        raise WireError("a tensor is malformed")
    if slope is not None and not isinstance(slope, known.Tensor):
        raise WireError("a gradient is no tensor")
    tensor._a, tensor._grad = numbers, slope
    if type(tensor._counter) is list:
        tensor._counter[0] = version
    if history == "yours":
        return
    if history is None:
        tensor._rg, tensor._edge = tracked, None
        return
    name, coded = history
    behind = [t for t in map(table.value, coded) if t is not tensor]
    if type(name) is not str or not all(isinstance(t, known.Tensor) for t in behind):
        raise WireError("a graph is malformed")
    old = tensor._edge and tensor._edge[1]
    if (
        isinstance(old, known.Remote)
        and (old.number, old.claimed) == (number, name)
        and [id(t) for t in old.behind] == [id(t) for t in behind]
    ):
        # Said again, of a graph that others have built upon meanwhile: it stays what it is.
        return
    node = object.__new__(known.Remote)
    node._hooks, node._seq = None, next(known.sequence)
    node._shape, node._dtype = numbers.shape, numbers.dtype
    node.table, node.number, node.claimed = table, number, name
    node.behind = behind
    node._edges = tuple(t._edge or t for t in node.behind)
    tensor._edge, tensor._rg = node._edge(None), True


def gradients(tensor: Any, grad: Any, behind: Any, create: bool) -> tuple[Any, ...]:
    """Walk this side's part of a graph, from one of its tensors to those that it began with."""
    known = _engine()
    if tensor._edge is None:
        return (None,) * len(behind)
    wanted = [t for t in behind if t._rg]
    # One of these may have been made from another.
    ends = {t._edge[1] for t in wanted if t._edge is not None and t._edge[2] is None}
    with _cut(ends - {tensor._edge[1]}):
        found = known.walk.gradients((tensor,), wanted, (grad,), True, create) if wanted else []
    by_id = {id(t): g for t, g in zip(wanted, found, strict=True)}
    return tuple(by_id.get(id(t)) for t in behind)


def release(tensor: Any) -> None:
    """Free what this side's part of a graph has saved, as the end of a backward pass does."""
    known = _engine()
    if tensor._edge is None:
        return
    seen, todo = {tensor._edge[1]}, [tensor._edge[1]]
    for node in todo:
        if isinstance(node, known.Remote):
            # There the walk that asks for this goes on by itself.
            continue
        node._release()
        for edge in node._edges:
            if type(edge) is tuple and edge[1] not in seen and _shared(edge[1]) is None:
                seen.add(edge[1])
                todo.append(edge[1])
