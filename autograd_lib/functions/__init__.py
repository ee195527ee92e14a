"""torch's functions that are made of the table's operations: choosing among overloads, indexing,
matmul and its shapes, and compositions. Their derivatives follow from their parts.
"""

from . import (
    arithmetic,
    comparing,
    complexes,
    indexing,
    matrices,
    memory,
    operators,
    reductions,
    shapes,
    statistics,
    types,
)
from .common import is_number, need_tensor
from .operators import install_operators
from .reductions import sum
from .shapes import cat, expand, permute, reshape, stack

__all__ = [
    "arithmetic", "cat", "comparing", "complexes", "expand", "indexing", "install_operators",
    "is_number", "matrices", "memory", "need_tensor", "operators", "permute", "reductions",
    "reshape", "shapes", "stack", "statistics", "sum", "types",
]  # fmt: skip
