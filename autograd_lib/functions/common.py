"""What all parts of the functions use."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..recorder import WORDS
from ..tensor import Tensor

W = WORDS  # the table's operations, on tensors
_NUMBERS = (int, float, complex, bool, np.number, np.bool_)


def is_number(x: Any) -> bool:
    return isinstance(x, _NUMBERS)


def need_tensor(x: Any, function: str, argument: str = "input", position: int = 1) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be Tensor, "
            f"not {type(x).__name__}"
        )


# (`min` and `max` are torch's words in some of the parts.)
min_, max_, any_of = builtins.min, builtins.max, builtins.any
