"""torch.nn.utils: helpers for parameters and their gradients."""

from __future__ import annotations

import math
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
def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False) -> Tensor:  # fmt: skip
    """Scale all gradients so that their joint norm is at most max_norm; returns the norm before."""
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    grads = [p._grad._a for p in parameters if p._grad is not None]
    norms = [float(np.linalg.norm(g.reshape(-1), norm_type)) for g in grads]
    total = (
        max(norms, default=0.0)
        if norm_type == math.inf
        else (sum(n**norm_type for n in norms) ** (1 / norm_type))
    )
    factor = min(1.0, max_norm / (total + 1e-6))
    for g in grads:
        g *= factor
    return fresh(np.asarray(total, np.float32))


@no_grad()
def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Keep every element of every gradient within plus or minus clip_value."""
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for p in parameters:
        if p._grad is not None:
            np.clip(p._grad._a, -clip_value, clip_value, out=p._grad._a)
