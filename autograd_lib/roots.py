"""What a walk is asked for: outputs with their gradients, and places where gradients are wanted.

Both `backward()` and `autograd.grad` come through here, and are told what is wrong with what they
were given in torch's words.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import errors
from .dtypes import Size
from .errors import hint
from .node import AccumulateGrad
from .numeric import complex_met
from .tensor import Tensor, fresh, refresh


def root_gradients(
    tensors: tuple, gradients: Any, create: bool, what: str
) -> list[tuple[Tensor, Any]]:
    """Each output with its incoming gradient, checked."""
    if gradients is None:
        gradients = (None,) * len(tensors)
    elif isinstance(gradients, Tensor):
        gradients = (gradients,)
    else:
        gradients = tuple(gradients)
    for g in gradients:
        if g is not None and not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if what == "backward":
        gradients = gradients[: len(tensors)]
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    roots: list[tuple[Any, Any]] = []
    for i, (t, g) in enumerate(zip(tensors, gradients, strict=True)):
        if not isinstance(t, Tensor):
            if not hasattr(t, "output_nr"):
                raise AssertionError("Expected output to be a torch.Tensor")
            roots.append(_root_edge(t, g, create, i))
            continue
        if t._view is not None:
            refresh(t)
        if g is None:
            if t._rg and t._a.size != 1:
                raise errors.not_scalar()
            if t._rg and t._a.dtype.kind == "c":
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got {t.dtype}"
                )
            a = t._a
            g = a.dtype.type(1) if a.ndim == 0 else np.ones(a.shape, a.dtype)
            if create:
                g = fresh(np.asarray(g))
        else:
            if g._a.shape != t._a.shape:
                raise _mismatch(i, g.shape, t.shape)
            if g._a.dtype.kind == "c":
                complex_met()
            if (g._a.dtype.kind == "c") != (t._a.dtype.kind == "c"):
                raise RuntimeError(
                    "For complex Tensors, both grad_output and output are required to have the "
                    f"same dtype. Mismatch in dtype: grad_output[{i}] has a dtype of {g.dtype} "
                    f"and output[{i}] has a dtype of {t.dtype}."
                )
            if create:
                g = g if g._a.dtype == t._a.dtype else g.to(t.dtype)
            else:
                g = g._a if g._a.dtype == t._a.dtype else g._a.astype(t._a.dtype)
        if not t._rg:
            raise errors.no_graph(i)
        roots.append((t if t._edge is None else t._edge, g))
    return roots


def _mismatch(i: int, given: Size, shape: Size) -> RuntimeError:
    return hint(
        RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {given} and output[{i}] has a "
            f"shape of {shape}."
        ),
        "the gradient says how much each element of the output counts, so it has the output's "
        "shape.",
    )


def _root_edge(root: Any, g: Any, create: bool, i: int) -> tuple[Any, Any]:
    """The same for a place in the graph (a GradientEdge)."""
    node, nr = root.node, root.output_nr
    edge: Any
    if isinstance(node, AccumulateGrad):
        edge, shape, dtype = node.variable, node._shape, node._dtype
    else:
        edge = node._edge(nr)
        shape, dtype = edge[3:]
    if g is None:
        if math.prod(shape) != 1:
            raise errors.not_scalar()
        g = fresh(np.ones(shape, dtype))
    elif g._a.shape != shape:
        raise _mismatch(i, g.shape, Size(shape))
    return edge, g if create else g._a


def wanted_places(inputs: Any) -> dict:
    """What to look out for: ids of leaves, and output numbers by node."""
    wanted: dict[Any, Any] = {}
    for t in inputs:
        if isinstance(t, Tensor):
            if t._view is not None:
                refresh(t)
            if not t._rg:
                raise hint(
                    RuntimeError("One of the differentiated Tensors does not require grad"),
                    "give it requires_grad=True before the forward pass.",
                )
            if t._edge is None:
                wanted[id(t)] = True
            else:
                wanted.setdefault(t._edge[1], set()).add(t._edge[2])
        elif not hasattr(t, "output_nr"):
            raise RuntimeError(
                f"all inputs have to be Tensors or GradientEdges, but got {type(t).__name__}"
            )
        else:
            node, nr = t.node, t.output_nr
            if isinstance(node, AccumulateGrad):
                wanted[id(node.variable)] = True
            else:
                wanted.setdefault(node, set()).add(nr if node._wants_all else None)
    return wanted
