"""The second vocabulary: what the words of formulas mean on tensors.

Most words are operations of the table or functions of torch, and register themselves. Here are the
few that formulas need and torch does not have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .grad_mode import mode
from .recorder import ARRAYS, PUBLIC, WORDS
from .tensor import Tensor, fresh


def zeros_of(size: Any, like: Tensor) -> Tensor:
    return fresh(np.zeros(size, like._a.dtype))


def eye_like(like: Tensor, shape: Any) -> Tensor:
    return fresh(np.eye(*shape, dtype=like._a.dtype))


def has_zero(self: Tensor) -> bool:
    return bool((self._a == 0).any())


def kept(grad: Tensor, mask: Tensor) -> Any:
    return WORDS["where_"](mask, grad, 0.0)


def twice(self: Tensor) -> Any:
    # As torch has it: x squared can be differentiated once more than 2x, x + x once less.
    return WORDS["pow"](self, 1) * 2


def tracked(self: Tensor) -> bool:
    return self._rg and mode.enabled


def install(*modules: Any) -> None:
    """Complete both vocabularies: torch's functions, these words, helpers of the table."""
    for name, function in PUBLIC.items():
        WORDS.setdefault(name, function)
    WORDS.update(zeros_of=zeros_of, eye_like=eye_like, has_zero=has_zero, tracked=tracked,
                 kept=kept, twice=twice,
                 product=WORDS["mm"], turned=WORDS["t"])  # fmt: skip
    for module in modules:
        for name, value in vars(module).items():
            if not name.startswith("__"):
                ARRAYS.setdefault(name, value)
                WORDS.setdefault(name, value)
