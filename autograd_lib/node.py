"""Nodes of the graph: one for each recorded operation, and one at the end of each edge to a leaf.

A node's `edges` lead to where the operands came from. An edge is one of three things:

- ``(number, node, output, shape, dtype)``: the operand was made by `node` (as that output of it, if
  it has many), and its gradient is to be of this shape and type;
- the operand itself, a leaf, which collects the gradient;
- None: the operand is a constant, and no gradient is wanted.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import numpy as np

from . import saved as saved_module
from .dtypes import FROM_NUMPY, device
from .grad_mode import mode
from .hooks import Hooks, hooks_of, register_node_hook, register_node_prehook
from .numeric import START
from .saved import FREED
from .tensor import Tensor, fresh

# Counts down, so that a heap, which gives the smallest first, gives the newest.
sequence = itertools.count(0, -1)


def as_tensor(g: Any) -> Any:
    return g if g is None or isinstance(g, Tensor) else fresh(np.asarray(g))


# What every node shows.
SHOWN = (
    "_input_metadata", "_register_hook_dict", "_sequence_nr", "_set_sequence_nr", "metadata",
    "name", "next_functions", "register_hook", "register_prehook", "requires_grad",
)  # fmt: skip


class _NodeType(type):
    def __repr__(cls) -> str:
        # torch's nodes are written in C++, but for those of users' Functions.
        python = cls.__module__.startswith("torch")
        return f"<class '{cls.__module__ + '.' if python else ''}{cls.__name__}'>"


class Node(metaclass=_NodeType):
    """One recorded operation: where its gradients go, and how to compute them.

    The table makes a subclass per operation, with slots for what it saves and two methods:
    ``run(grad, keep)`` on arrays and ``run_tensors(grad, keep)`` on tensors, each returning one
    gradient (or None) per edge, and letting go of what was saved unless told to `keep` it.
    """

    __module__ = "torch.autograd.graph"
    __slots__ = ("__weakref__", "_dtype", "_edges", "_hooks", "_seq", "_shape")

    _edges: tuple
    _seq: int
    _shape: Any
    _dtype: Any
    _hooks: Hooks | None

    _wants_all = False  # does it take a list of gradients, one per output?
    _materialize = True  # ... with zeros for those that nothing reached?
    _custom = False  # does it run code that is not the table's?
    _holomorphic = True  # are its formulas complex derivatives, up to conjugation?
    _shares = False  # may its gradients be arrays that somebody else holds too?
    _folded = False  # does it stand for several nodes?
    _leaf = False  # does a tensor with this origin pass for a leaf?
    saved_names: tuple = ()
    saved_variables: tuple = ()
    _results: dict = {}  # noqa: RUF012 - names of saved results -> output numbers
    _label = ""

    def _run(self, grad: Any, keep: bool) -> Any:
        raise NotImplementedError

    def _run_tensors(self, grad: Any, keep: bool) -> Any:
        raise NotImplementedError

    def _release(self) -> None:
        """Let go of saved values."""
        for name in self.saved_variables:
            setattr(self, f"saved_{name}", FREED)

    def _edge(self, nr: int = 0) -> tuple:
        """The edge that leads here, to output `nr`."""
        if self._wants_all:
            return (self._seq, self, nr, self._shape[nr], self._dtype[nr])
        return (self._seq, self, None, self._shape, self._dtype)

    def name(self) -> str:
        """The name of the operation's class, such as MulBackward0."""
        return type(self)._label or type(self).__name__

    @property
    def next_functions(self) -> tuple:
        """Where the gradients go: a tuple of (node, number of the node's output)."""
        return tuple(
            (None, 0) if e is None
            else (e[1], e[2] or 0) if e.__class__ is tuple
            else (accumulator(e), 0)
            for e in self._edges
        )  # fmt: skip

    @property
    def metadata(self) -> dict:
        return hooks_of(self).metadata

    @property
    def requires_grad(self) -> bool:
        return True

    @property
    def _input_metadata(self) -> tuple:
        shapes, dtypes = (
            (self._shape, self._dtype) if self._wants_all else ([self._shape], [self._dtype])
        )
        return tuple(_Metadata(s, d) for s, d in zip(shapes, dtypes, strict=True))

    @property
    def _register_hook_dict(self) -> Any:
        return self.register_hook

    def _sequence_nr(self) -> int:
        return -self._seq

    def _set_sequence_nr(self, n: int) -> None:
        self._seq = -n

    def register_hook(self, hook: Any) -> Any:
        """Call `hook(grad_inputs, grad_outputs)` after this node ran."""
        return register_node_hook(self, hook)

    def register_prehook(self, hook: Any) -> Any:
        """Call `hook(grad_outputs)` before this node runs."""
        return register_node_prehook(self, hook)

    def __call__(self, *grads: Any) -> Any:
        """The gradients of what the operation was made from, given those of its results."""
        wanted = len(self._shape) if self._wants_all else 1
        if len(grads) != wanted:
            raise TypeError(f"expected {wanted} arguments, got {len(grads)} instead")
        for i, g in enumerate(grads):
            if g is not None and not isinstance(g, Tensor):
                raise TypeError(f"argument {i} is not a Variable")
        if all(g is None for g in grads):
            found = (None,) * len(self._edges)
        else:
            found = self._gradients(grads)
        return found[0] if len(found) == 1 else found

    def _gradients(self, grads: Any) -> tuple:
        create = mode.enabled
        given: Any = grads if create else [None if g is None else g._a for g in grads]
        if self._wants_all:
            zeros = [np.zeros(s, d) for s, d in zip(self._shape, self._dtype, strict=True)]
            given = [(fresh(z) if create else z) if g is None else g
                     for g, z in zip(given, zeros, strict=True)]  # fmt: skip
        else:
            given = given[0]
        found = run_node(self, given, create)
        return tuple(None if e is None else as_tensor(g)
                     for e, g in zip(self._edges, found, strict=True))  # fmt: skip

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def __dir__(self) -> list[str]:
        names = [*SHOWN]
        names += [f"_saved_{n}" for n in self.saved_names]
        names += [f"_raw_saved_{n}" for n in self.saved_variables]
        return sorted([n for n in object.__dir__(self) if n.startswith("__")] + names)


def run_node(node: Node, grad: Any, create: bool) -> Any:
    """The gradients that `node` makes of `grad`, arrays or (to `create` a graph) tensors.

    The table's formulas are derivatives as of real numbers: `grad * other` for a product. Of
    complex numbers, torch wants `grad * conj(other)`, so the formula is given the conjugate of the
    gradient, and what it makes of it is conjugated. (START is empty once there were any.)
    """
    if grad is None:
        return (None,) * len(node._edges)
    run = node._run_tensors if create else node._run
    if START or node._custom or not node._holomorphic:
        return run(grad, True)
    many = isinstance(grad, list)
    turned = [_conjugate(g) for g in (grad if many else [grad])]
    if not many and turned[0] is grad:
        return run(grad, True)
    # (Adding nothing makes the zeros positive that conjugates have made negative.)
    back = [_conjugate(g) for g in run(turned if many else turned[0], True)]
    return back if create else [g + 0 if g is not None else None for g in back]


def _conjugate(g: Any) -> Any:
    if isinstance(g, Tensor):
        return g.conj() if g._a.dtype.kind == "c" else g
    return g if g is None or g.dtype.kind != "c" else g.conj()


class FoldedNode(Node):
    """An operation that torch writes as several, computed at once because that is faster.

    On the way back it does all their steps; to everybody who looks, it is the last of them. As soon
    as somebody asks for its insides, `real` becomes the node that torch has, with the nodes before
    it, and does the work from then on.
    """

    __slots__ = ()
    _folded = True
    real: Any

    @staticmethod
    def _unfold(node: Any) -> Node:
        raise NotImplementedError

    def unfolded(self) -> Node:
        """The node that stands for the last step alone; from now on it does the work."""
        if self.real is None:
            real = self._unfold(self)
            real._seq, real._shape, real._dtype = self._seq, self._shape, self._dtype
            real._hooks = None
            self._edges, self.real = real._edges, real
        return self.real

    def _run_tensors(self, grad: Any, keep: bool) -> Any:
        return self.unfolded()._run_tensors(grad, keep)

    def _release(self) -> None:
        self.unfolded()._release()

    @property
    def next_functions(self) -> tuple:
        """Where the gradients go: a tuple of (node, number of the node's output)."""
        return self.unfolded().next_functions

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_saved_", "_raw_saved_")):
            return getattr(self.unfolded(), name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return dir(self.unfolded())


class _Metadata:
    """What a node knows about one of its results."""

    is_nested_tensor = is_cpp_nested_tensor = False
    device = device("cpu")

    def __init__(self, shape: Any, dtype: Any):
        self.shape, self.dtype = list(shape), FROM_NUMPY[dtype]


class AccumulateGrad(Node):
    """The end of an edge at a leaf: adds the gradient to the leaf's ``.grad``.

    Inside the graph an edge leads straight to the leaf (saving one object per leaf and pass); this
    is what `next_functions` shows in its place. It has no state of its own, and the hooks that it
    takes are kept by the leaf.
    """

    __slots__ = ("variable",)
    _label = "torch::autograd::AccumulateGrad"

    def __init__(self, variable: Tensor):
        self.variable = variable
        self._edges, self._seq = (), 1 - 2**64
        self._shape, self._dtype = variable._a.shape, variable._a.dtype
        self._hooks = hooks_of(variable)

    def _gradients(self, grads: Any) -> tuple:
        from .engine import accumulate

        accumulate(self.variable, grads[0]._a, False)
        return ()

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), "variable"]


class PassOn(Node):
    """Leads to a leaf from what stands in for its saved value: what a hook has unpacked."""

    __slots__ = ()
    _label = "torch::autograd::AccumulateGrad"
    _shares = _leaf = True

    def _run(self, grad: Any, keep: bool) -> tuple:
        return (grad,)

    _run_tensors = _run


def pass_on(leaf: Tensor) -> tuple:
    """The edge of a new tensor whose gradients are those of `leaf`."""
    node = PassOn()
    node._edges, node._hooks, node._seq = (leaf,), None, next(sequence)
    node._shape, node._dtype = leaf._a.shape, leaf._a.dtype
    return node._edge()


saved_module.pass_on = pass_on
_accumulators: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """The AccumulateGrad of a leaf: the same object for as long as anybody holds it."""
    node = _accumulators.get(id(leaf))
    if node is None or node.variable is not leaf:
        node = _accumulators[id(leaf)] = AccumulateGrad(leaf)
    return node
