"""What nodes show of what they saved that is no tensor: sizes, dimensions, flags, indices.

Facts are kept in the form that is handy on the way back, and shown in that which torch keeps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .tensor import fresh

# Facts that torch keeps as 64 bits without a sign: -1 shows as 2**64 - 1.
UNSIGNED = {
    "diagonal", "dim", "dim0", "dim1", "dim2", "dimension", "dims", "end", "ignore_index", "index",
    "k", "offset", "pad", "padding_idx", "shifts", "start",
}  # fmt: skip
# Operations over several dimensions: even one stands in a tuple.
OVER_DIMENSIONS = {
    "AmaxBackward0", "AminBackward0", "LinalgVectorNormBackward0", "LogsumexpBackward0",
    "MeanBackward1", "NansumBackward0", "StdBackward0", "StdMeanBackward0", "SumBackward1",
    "VarBackward0", "VarMeanBackward0",
}  # fmt: skip


def shown_fact(node: Any, name: str, value: Any) -> Any:
    """The fact `name` that `node` saved, as users see it."""
    if name == "dim" and value.__class__ is int and type(node).__name__ in OVER_DIMENSIONS:
        value = (value,)
    return _shown(value, name in UNSIGNED)


def _shown(value: Any, unsigned: bool) -> Any:
    if isinstance(value, tuple):
        return tuple(_shown(v, unsigned) for v in value)
    if isinstance(value, np.ndarray):
        return fresh(value)
    if value == slice(None):
        return None  # all of a dimension, among indices
    return value + 2**64 if unsigned and value.__class__ is int and value < 0 else value
