"""A reference engine for automatic differentiation: PyTorch's autograd in NumPy.

Use it as ``import autograd_lib as torch``. Everything here bears torch's name, takes torch's
arguments, prints what torch prints and raises what torch raises; only the CPU is there, and only
what autograd needs. docs/engine/README.md says in which order to read it.

This file is torch's namespace: modules of the engine, names imported from them, and the operations
of the tables, which `namespace` puts here and on Tensor.
"""

# ruff: noqa: F401, E402 - names are imported here in order to be found here
from __future__ import annotations

import warnings as _warnings
from math import e, inf, nan, pi
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

# An operation on NaN or infinity is no reason to warn: torch does not either. Most operations see
# to that themselves (see `numeric`); this is for the rest of this package's own calls of NumPy.
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"autograd_lib\b")

from . import namespace as _namespace  # isort: skip - the tables come first
from . import bytecode as _bytecode  # isort: skip
from . import (
    _C,
    autograd,
    backends,
    cuda,
    func,
    linalg,
    nn,
    optim,
    overrides,
    profiler,
    random,
    show,
    special,
    testing,
    utils,
    version,
)
from .autograd.anomaly_mode import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_anomaly_enabled,
)
from .creation import as_tensor, from_numpy, tensor
from .dtypes import (
    Size,
    can_cast,
    contiguous_format,
    device,
    dtype,
    finfo,
    get_default_dtype,
    iinfo,
    layout,
    memory_format,
    preserve_format,
    promote_types,
    set_default_dtype,
    strided,
)
from .errors import is_warn_always_enabled, set_warn_always
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .namespace import get_num_threads, set_num_threads, typename
from .printing import set_printoptions
from .random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .serialization import load, save
from .tensor import Tensor

__version__ = "0.1.0"
newaxis = None
vmap = func.vmap
globals().update(_namespace.NAMES)
globals().update(_namespace.layers())
_bytecode.keep()

if _TYPE_CHECKING:
    # Most names are entries of the tables, put here when the package is imported.
    def __getattr__(name: str) -> _Any: ...
