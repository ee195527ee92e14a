"""torch.nn.utils: helpers for parameters and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functions import cat, reshape
from ..grad_mode import no_grad
from ..tensor import Tensor, fresh


def parameters_to_vector(parameters: Any) -> Tensor:
    """All parameters, flattened and joined."""
    return cat([reshape(p, -1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Any) -> None:
    """Write parts of a vector into parameters, in order."""
    start = 0
    for p in parameters:
        n = p.numel()
        p._a = vec._a[start : start + n].reshape(p._a.shape)
        start += n


@no_grad()
def get_total_norm(tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: Any = None) -> Tensor:  # fmt: skip
    """The norm of all these tensors' elements together."""
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not tensors:
        return fresh(np.zeros((), np.float32))
    norms = np.array([np.linalg.norm(t._a.reshape(-1), norm_type) for t in tensors])
    total = np.linalg.norm(norms, norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is "
            "non-finite, so it cannot be clipped. To disable this error and scale the gradients by "
            "the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return fresh(np.asarray(total, tensors[0]._a.real.dtype))


def _parameters(parameters: Any) -> list:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


@no_grad()
def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor,
                          foreach: Any = None) -> None:  # fmt: skip
    """Scale all gradients, whose joint norm is `total_norm`, so that it is at most max_norm."""
    factor = min(1.0, max_norm / (float(total_norm) + 1e-6))
    for p in _parameters(parameters):
        if p._grad is not None:
            p._grad.mul_(factor)


@no_grad()
def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: Any = None) -> Tensor:  # fmt: skip
    """Scale all gradients so that their joint norm is at most max_norm; returns the norm before."""
    parameters = _parameters(parameters)
    grads = [p._grad for p in parameters if p._grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


@no_grad()
def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Keep every element of every gradient within plus or minus clip_value."""
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for p in parameters:
        if p._grad is not None:
            np.clip(p._grad._a, -clip_value, clip_value, out=p._grad._a)
