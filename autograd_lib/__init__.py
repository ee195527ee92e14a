"""A reference engine for automatic differentiation: PyTorch's autograd in NumPy.

Use it as ``import autograd_lib as torch``. Everything here bears torch's name, takes torch's
arguments, prints what torch prints and raises what torch raises; only the CPU is there, and only
what autograd needs. Start reading at `tensor`, then `engine`, then `derivatives`.
"""

# ruff: noqa: E402, F401, F811 - this file is torch's namespace
from __future__ import annotations

import math as _math
import warnings as _warnings
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

# An operation on NaN or infinity is no reason to warn: torch does not either. The filter covers
# this package's own calls of NumPy only.
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"autograd_lib\b")

from . import creation, derivatives, dtypes, einsum, functions, inplace, random, words
from .creation import as_tensor, from_numpy, tensor
from .dtypes import (
    ALL as _ALL_DTYPES,
)
from .dtypes import (
    Size,
    can_cast,
    contiguous_format,
    device,
    dtype,
    finfo,
    get_default_dtype,
    iinfo,
    preserve_format,
    promote_types,
    set_default_dtype,
    strided,
)
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .grad_mode import mode as _mode
from .printing import set_printoptions
from .random import Generator, default_generator, initial_seed, manual_seed, seed
from .recorder import METHODS as _METHODS
from .recorder import PUBLIC as _PUBLIC
from .tensor import Tensor

__version__ = "0.1.0"

from . import derivatives_linalg as _linalg_table
from . import derivatives_special as _special_table
from . import nn
from .nn import convolution as _conv_table
from .nn import derivatives as _nn_table

words.install(_special_table, _linalg_table, _nn_table, _conv_table)
functions.install_operators()
inplace.install()

for _name, _function in _METHODS.items():
    if not hasattr(Tensor, _name) or _name.startswith("__") or _name in ("detach",):
        setattr(Tensor, _name, _function)
globals().update(_PUBLIC)

for _d in _ALL_DTYPES:
    globals()[_d.name] = _d
float = dtypes.float32
double, half = dtypes.float64, dtypes.float16
long, int, short = dtypes.int64, dtypes.int32, dtypes.int16
cfloat, cdouble = dtypes.complex64, dtypes.complex128
pi, e, inf, nan = _math.pi, _math.e, _math.inf, _math.nan
newaxis = None

softmax = nn.functional._softmax_public = lambda input, dim, dtype=None: nn.functional.softmax(  # type: ignore
    input, dim, dtype=dtype
)
log_softmax = lambda input, dim, dtype=None: nn.functional.log_softmax(input, dim, dtype=dtype)  # noqa: E731
Tensor.softmax = softmax  # type: ignore[attr-defined]
Tensor.log_softmax = log_softmax  # type: ignore[attr-defined]

from . import autograd, func, linalg, optim, show, special, utils
from .serialization import load, save

if _TYPE_CHECKING:
    # Most names above are entries of the tables, put here when the package is imported.
    def __getattr__(name: str) -> _Any: ...


class _C:
    """The few names of torch's compiled core that Python code reaches for."""

    _set_grad_enabled = staticmethod(lambda on: setattr(_mode, "enabled", on))
    _is_grad_enabled = staticmethod(is_grad_enabled)
    Generator = Generator


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return _mode.anomaly


def typename(obj: _Any) -> str:
    """The name of a tensor's type, or of an object's class."""
    if isinstance(obj, Tensor):
        return obj.type()
    return f"{type(obj).__module__}.{type(obj).__name__}"


def set_num_threads(n: _Any) -> None:
    """Here for compatibility; NumPy's BLAS decides."""


def get_num_threads() -> _Any:
    """Always 1."""
    return 1
