"""torch.overrides: what is left of it where nothing is overridden."""

from __future__ import annotations

from typing import Any

from .tensor import Tensor


def is_tensor_like(inp: Any) -> bool:
    """Whether this is a tensor."""
    return isinstance(inp, Tensor)


def has_torch_function(relevant_args: Any) -> bool:
    """Whether any of these overrides torch's functions: this engine asks none of them."""
    return False


__all__ = ["has_torch_function", "is_tensor_like"]
