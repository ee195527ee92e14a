"""torch's namespace: what the tables say, put together when the package is imported."""

from __future__ import annotations

from typing import Any

from . import (
    attributes,  # noqa: F401 - registers its attributes
    creation,  # noqa: F401 - registers its functions
    dtypes,
    einsum,  # noqa: F401 - registers its function
    folded,  # noqa: F401 - registers its operations
    functions,
    inplace,
    memory,  # noqa: F401 - registers its functions
    words,
)
from .derivatives import (
    arithmetic,
    comparing,
    complexes,
    linalg,
    matrices,
    positions,
    reductions,
    shapes,
    special,
)
from .functions import decompositions  # noqa: F401 - registers its functions
from .nn import convolution
from .nn import derivatives as nn_derivatives
from .recorder import METHODS, PUBLIC
from .tensor import Tensor

words.install(
    shapes, arithmetic, comparing, complexes, reductions, matrices, positions, special, linalg,
    nn_derivatives, convolution,
)  # fmt: skip
functions.install_operators()
inplace.install()

# (What Tensor defines itself stays, but for operators, which every class inherits.)
for name, function in METHODS.items():
    if name.startswith("__") or not hasattr(Tensor, name):
        setattr(Tensor, name, function)

TYPES = {d.name: d for d in dtypes.ALL}
OLD_NAMES = {
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32",
    "short": "int16", "cfloat": "complex64", "cdouble": "complex128",
}  # fmt: skip
NAMES: dict[str, Any] = {**PUBLIC, **TYPES, **{k: TYPES[v] for k, v in OLD_NAMES.items()}}


# Layers that are also functions of torch itself.
LAYERS = [
    "adaptive_avg_pool1d", "adaptive_max_pool1d", "alpha_dropout", "avg_pool1d", "batch_norm",
    "bilinear", "binary_cross_entropy_with_logits", "celu", "celu_", "channel_shuffle", "conv1d",
    "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "ctc_loss", "dropout", "embedding_bag",
    "feature_alpha_dropout", "group_norm", "hardshrink", "hinge_embedding_loss", "instance_norm",
    "kl_div", "layer_norm", "margin_ranking_loss", "max_pool1d", "max_pool2d", "max_pool3d",
    "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu",
    "rms_norm", "rrelu", "rrelu_", "selu", "selu_", "threshold", "threshold_",
    "triplet_margin_loss",
]  # fmt: skip


def layers() -> dict[str, Any]:
    """torch's names for functions of torch.nn.functional."""
    from .nn import functional

    found = {name: getattr(functional, name) for name in LAYERS}

    def embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1, *rest: Any) -> Tensor:
        """The rows of `weight` at these positions."""
        return functional.embedding(indices, weight, padding_idx if padding_idx >= 0 else None)

    return {**found, "embedding": embedding}


def typename(obj: Any) -> str:
    """The name of a tensor's type, or of an object's class."""
    if isinstance(obj, Tensor):
        return obj.type()
    return f"{type(obj).__module__}.{type(obj).__name__}"


def set_num_threads(n: int) -> None:
    """Here for compatibility; NumPy's BLAS decides."""


def get_num_threads() -> int:
    """Always 1."""
    return 1
