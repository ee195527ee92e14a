"""torch.autograd: gradients on request, custom functions, and tools around the graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import errors
from ..engine import backward as _backward
from ..engine import gradients
from ..errors import hint
from ..tensor import Tensor, fresh
from . import anomaly_mode, forward_ad, function, functional, grad_mode, graph, profiler, variable
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function, NestedIOFunction
from .grad_mode import (
    _force_original_view_tracking,
    _unsafe_preserve_version_counter,
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    is_view_replay_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .variable import Variable


def _tuple(x: Any) -> tuple:
    return (x,) if isinstance(x, (Tensor, graph.GradientEdge)) else tuple(x)


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, grad_variables: Any = None, inputs: Any = None,
) -> None:  # fmt: skip
    """Add the derivatives of `tensors` to the `.grad` of the leaves they were made from.

    `grad_tensors`: weights for outputs with more than one element. See `Tensor.backward`.
    """
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    _backward(_tuple(tensors), grad_tensors, retain_graph, create_graph, inputs)


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, only_inputs: bool = True, allow_unused: bool | None = None,
    is_grads_batched: bool = False, materialize_grads: bool = False,
) -> tuple:  # fmt: skip
    """The derivatives of `outputs` with respect to `inputs`, as a tuple; no `.grad` changes.

    Raises RuntimeError for an input that the outputs do not depend on, unless `allow_unused`.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    outputs, inputs = _tuple(outputs), _tuple(inputs)
    if not inputs:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    if is_grads_batched:
        _check_batch(outputs, grad_outputs)
        counts = [g.shape[0] for g in _tuple(grad_outputs) if g is not None]
        count = counts[0]
        if any(n != count for n in counts):
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got "
                f"sizes {counts} for the mapped dimension"
            )
        from ..functions import stack

        rows = []
        for i in range(count):
            g = [x if x is None else x[i] for x in _tuple(grad_outputs)]
            keep = retain_graph if i == count - 1 else True
            rows.append(grad(outputs, inputs, g, keep, create_graph, True, allow_unused))
        columns = zip(inputs, zip(*rows, strict=True), strict=True)
        return tuple(_zeros(t, materialize_grads) if col[0] is None else stack(col)
                     for t, col in columns)  # fmt: skip
    found = gradients(outputs, inputs, grad_outputs, retain_graph, create_graph)
    for i, (g, t) in enumerate(zip(found, inputs, strict=True)):
        if g is None:
            if not allow_unused:
                raise hint(
                    RuntimeError(
                        f"The differentiated Tensor at index {i} appears to not have been used in "
                        "the graph. Set allow_unused=True if this is the desired behavior."
                    ),
                    "the outputs were not computed from it: was it rebound or detached on the way?",
                )
            found[i] = _zeros(t, materialize_grads)
    return tuple(found)


def _zeros(t: Any, wanted: bool) -> Any:
    """For a tensor that no gradient reaches."""
    if not wanted:
        return None
    if isinstance(t, graph.GradientEdge):
        raise RuntimeError(
            "materialize_grads cannot be used when the given input is a GradientEdge"
        )
    return fresh(np.zeros_like(t._a))


def _check_batch(outputs: tuple, grad_outputs: Any) -> None:
    if grad_outputs is None:
        raise errors.not_scalar()
    for i, (g, t) in enumerate(zip(_tuple(grad_outputs), outputs, strict=True)):
        if g is None:
            continue
        if g.ndim == 0 or g.shape[1:] != t.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                f"match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {g.shape[2:]} and output[{i}] has a shape of "
                f"{t.shape}. If you only want some tensors in `grad_output` to be considered "
                "batched, consider using vmap."
            )


__all__ = [
    "Function", "GradcheckError", "NestedIOFunction", "Variable", "_force_original_view_tracking",
    "_unsafe_preserve_version_counter", "anomaly_mode", "backward", "detect_anomaly", "enable_grad",
    "forward_ad", "function", "functional", "grad", "grad_mode", "gradcheck", "gradgradcheck",
    "graph", "inference_mode", "is_multithreading_enabled", "is_view_replay_enabled", "no_grad",
    "profiler", "set_detect_anomaly", "set_grad_enabled", "set_multithreading_enabled", "variable",
]  # fmt: skip
