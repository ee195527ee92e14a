"""torch.nn's modules: layers that own their parameters."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np

from ... import creation
from ...tensor import Tensor, fresh
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

# -- containers -----------------------------------------------------------------------------------


class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *args: Any):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for i, module in enumerate(args):
                self.add_module(str(i), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, i: Any) -> Any:
        items = list(self._modules.values())
        return type(self)(*items[i]) if isinstance(i, slice) else items[i]

    def append(self, module: Any) -> Any:
        self.add_module(str(len(self)), module)
        return self


class ModuleList(Module):
    """A list of modules that are found as submodules."""

    def __init__(self, modules: Any = ()):
        super().__init__()
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, i: Any) -> Any:
        return list(self._modules.values())[i]

    def append(self, module: Any) -> Any:
        self.add_module(str(len(self)), module)
        return self


class ModuleDict(Module):
    """A dictionary of modules that are found as submodules."""

    def __init__(self, modules: Any = None):
        super().__init__()
        for name, module in (modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __len__(self) -> int:
        return len(self._modules)

    def keys(self) -> Any:
        return self._modules.keys()

    def items(self) -> Any:
        return self._modules.items()

    def values(self) -> Any:
        return self._modules.values()


class ParameterList(Module):
    """A list of parameters that are found as such."""

    def __init__(self, values: Any = ()):
        super().__init__()
        for i, p in enumerate(values):
            self.register_parameter(str(i), p if isinstance(p, Parameter) else Parameter(p))

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def __getitem__(self, i: Any) -> Any:
        return list(self._parameters.values())[i]


class Identity(Module):
    """Returns its input."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


# -- layers ---------------------------------------------------------------------------------------


def _empty(*shape: int, dtype: Any = None) -> Parameter:
    return Parameter(creation.empty(*shape, dtype=dtype))


class Linear(Module):
    """input @ weight.T + bias; both start uniform within 1 / sqrt(in_features)."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None,
                 dtype: Any = None):  # fmt: skip
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = _empty(out_features, in_features, dtype=dtype)
        if bias:
            self.bias = _empty(out_features, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Bilinear(Module):
    """x1 @ weight[k] @ x2 + bias[k]."""

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True):
        super().__init__()
        self.weight = _empty(out_features, in1_features, in2_features)
        if bias:
            self.bias = _empty(out_features)
        else:
            self.register_parameter("bias", None)
        bound = 1 / math.sqrt(in1_features)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)


class Embedding(Module):
    """A row of `weight` for each index; rows start standard normal."""

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: Any = None):
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        self.weight = _empty(num_embeddings, embedding_dim)
        init.normal_(self.weight)
        if padding_idx is not None:
            self.weight._a[padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last dimensions, then a learned scale and shift."""

    def __init__(self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True,
                 bias: bool = True):  # fmt: skip
        super().__init__()
        shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.register_parameter("weight", None)
        self.register_parameter("bias", None)
        if elementwise_affine:
            self._parameters["weight"] = Parameter(creation.ones(*shape))
            if bias:
                self._parameters["bias"] = Parameter(creation.zeros(*shape))

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class Dropout(Module):
    """While training, zeros with probability p; the rest is scaled up to keep the mean."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        super().__init__()
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Flatten(Module):
    """Dimensions from start_dim to end_dim made into one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension split into several."""

    def __init__(self, dim: int, unflattened_size: Any):
        super().__init__()
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Any) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)


class PReLU(Module):
    """Leaky ReLU with learned slopes."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25):
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = Parameter(fresh(np.full(num_parameters, init, np.float32)))

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


def simple(name: str, function: Any, *options: tuple[str, Any], shown: bool = True) -> type:
    """A module around a function of one argument."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        values = dict(options)
        values.update(zip(values, args, strict=False))
        values.update(kwargs)
        for key, value in values.items():
            setattr(self, key, value)

    def forward(self: Any, input: Tensor) -> Tensor:
        return function(input, **{key: getattr(self, key) for key, _ in options})

    def extra_repr(self: Any) -> str:
        parts = []
        for key, _ in options:
            value = getattr(self, key)
            if key == "inplace":
                if value:
                    parts.append("inplace=True")
            else:
                parts.append(f"{key}={value!r}" if isinstance(value, str) else f"{key}={value}")
        return ", ".join(parts) if shown else ""

    return type(name, (Module,), {
        "__init__": __init__, "forward": forward, "extra_repr": extra_repr,
        "__module__": __name__, "__doc__": function.__doc__,
    })  # fmt: skip


_IN = ("inplace", False)
ReLU = simple("ReLU", F.relu, _IN)
ReLU6 = simple("ReLU6", F.relu6, _IN)
LeakyReLU = simple("LeakyReLU", F.leaky_relu, ("negative_slope", 0.01), _IN)
ELU = simple("ELU", F.elu, ("alpha", 1.0), _IN)
SELU = simple("SELU", F.selu, _IN)
CELU = simple("CELU", F.celu, ("alpha", 1.0), _IN)
GELU = simple("GELU", F.gelu, ("approximate", "none"))
SiLU = simple("SiLU", F.silu, _IN)
Mish = simple("Mish", F.mish, _IN)
Softplus = simple("Softplus", F.softplus, ("beta", 1.0), ("threshold", 20.0))
Sigmoid = simple("Sigmoid", F.sigmoid)
Tanh = simple("Tanh", F.tanh)
LogSigmoid = simple("LogSigmoid", F.logsigmoid)
Softsign = simple("Softsign", F.softsign)
Tanhshrink = simple("Tanhshrink", F.tanhshrink)
Hardtanh = simple("Hardtanh", F.hardtanh, ("min_val", -1.0), ("max_val", 1.0), _IN)
Hardsigmoid = simple("Hardsigmoid", F.hardsigmoid, _IN)
Hardswish = simple("Hardswish", F.hardswish, _IN)
Hardshrink = simple("Hardshrink", F.hardshrink, ("lambd", 0.5))
Softshrink = simple("Softshrink", F.softshrink, ("lambd", 0.5))
Threshold = simple("Threshold", F.threshold, ("threshold", 0.0), ("value", 0.0), _IN)
Softmax = simple("Softmax", F.softmax, ("dim", None))
LogSoftmax = simple("LogSoftmax", F.log_softmax, ("dim", None))
Softmin = simple("Softmin", F.softmin, ("dim", None))
GLU = simple("GLU", F.glu, ("dim", -1))


def _loss(name: str, function: Any, *options: tuple[str, Any]) -> type:
    """A module around a loss."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        values = {**dict(options), "reduction": "mean"}
        if args:
            values.update(zip(values, args, strict=False))
        values.update(kwargs)
        for key, value in values.items():
            if isinstance(value, Tensor):
                self.register_buffer(key, value)
            else:
                setattr(self, key, value)

    def forward(self: Any, *inputs: Tensor) -> Tensor:
        given = {key: getattr(self, key) for key, _ in options}
        return function(*inputs, **given, reduction=self.reduction)

    return type(name, (Module,), {
        "__init__": __init__, "forward": forward, "__module__": __name__,
        "__doc__": function.__doc__,
    })  # fmt: skip


MSELoss = _loss("MSELoss", F.mse_loss)
L1Loss = _loss("L1Loss", F.l1_loss)
SmoothL1Loss = _loss("SmoothL1Loss", F.smooth_l1_loss, ("beta", 1.0))
HuberLoss = _loss("HuberLoss", F.huber_loss, ("delta", 1.0))
BCELoss = _loss("BCELoss", F.binary_cross_entropy, ("weight", None))
BCEWithLogitsLoss = _loss(
    "BCEWithLogitsLoss", F.binary_cross_entropy_with_logits, ("weight", None), ("pos_weight", None)
)
NLLLoss = _loss("NLLLoss", F.nll_loss, ("weight", None), ("ignore_index", -100))
CrossEntropyLoss = _loss(
    "CrossEntropyLoss", F.cross_entropy, ("weight", None), ("ignore_index", -100),
    ("label_smoothing", 0.0),
)  # fmt: skip
KLDivLoss = _loss("KLDivLoss", F.kl_div, ("log_target", False))
SoftMarginLoss = _loss("SoftMarginLoss", F.soft_margin_loss)
PoissonNLLLoss = _loss("PoissonNLLLoss", F.poisson_nll_loss, ("log_input", True), ("full", False))
GaussianNLLLoss = _loss("GaussianNLLLoss", F.gaussian_nll_loss, ("full", False))
HingeEmbeddingLoss = _loss("HingeEmbeddingLoss", F.hinge_embedding_loss, ("margin", 1.0))
MarginRankingLoss = _loss("MarginRankingLoss", F.margin_ranking_loss, ("margin", 0.0))
