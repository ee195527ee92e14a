"""torch.nn's modules: layers that own their parameters."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import creation
from ..grad_mode import no_grad
from ..hooks import RemovableHandle
from ..tensor import Tensor, fresh
from . import functional as F
from . import init
from .parameter import Parameter


class Module:
    """A part of a network: it finds parameters and submodules among its attributes."""

    training: bool
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]

    def __init__(self) -> None:
        # Past our own __setattr__, which needs these to exist.
        for name in ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks"):
            object.__setattr__(self, name, OrderedDict())
        object.__setattr__(self, "training", True)

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._forward_hooks and not self._forward_pre_hooks:
            return self.forward(*args, **kwargs)
        for hook in self._forward_pre_hooks.values():
            result = hook(self, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
        out = self.forward(*args, **kwargs)
        for hook in self._forward_hooks.values():
            result = hook(self, args, out)
            if result is not None:
                out = result
        return out

    def register_forward_hook(self, hook: Any) -> Any:
        """Call `hook(module, args, output)` after each forward."""
        return self._hook(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Any) -> Any:
        """Call `hook(module, args)` before each forward."""
        return self._hook(self._forward_pre_hooks, hook)

    @staticmethod
    def _hook(where: dict, hook: Any) -> Any:
        handle = RemovableHandle(where)
        where[handle.id] = hook
        return handle

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in own:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            own.pop(name, None)
            self._parameters[name] = value
        elif "_parameters" in own and name in self._parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__module__}.{type(value).__name__}' as "
                    f"parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self._parameters[name] = None
        elif isinstance(value, Module):
            if "_modules" not in own:
                raise AttributeError("cannot assign module before Module.__init__() call")
            own.pop(name, None)
            self._modules[name] = value
        elif "_buffers" in own and name in self._buffers:
            self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        for kind in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(kind)
            if found is not None and name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for kind in (self._parameters, self._buffers, self._modules):
            if name in kind:
                del kind[name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Any) -> None:
        """Add a parameter (or None) under this name."""
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Add a tensor that belongs to the state but is not trained."""
        self._buffers[name] = tensor

    def add_module(self, name: str, module: Any) -> None:
        """Add a submodule under this name."""
        self._modules[name] = module

    register_module = add_module

    def named_modules(self, memo: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """This module and all below it, with their paths; each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Any]:
        """This module and all below it."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The submodules directly below, with their names."""
        for name, module in self._modules.items():
            if module is not None:
                yield name, module

    def children(self) -> Iterator[Any]:
        """The submodules directly below."""
        for _, module in self.named_children():
            yield module

    def _named(self, kind: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix=prefix) if recurse else [(prefix, self)]:
            for name, value in getattr(module, kind).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{path}.{name}" if path else name), value

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """All parameters with their paths; each once."""
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """All parameters: what an optimizer wants."""
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """All buffers with their paths."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """All buffers."""
        for _, b in self.named_buffers(recurse=recurse):
            yield b

    def get_parameter(self, target: str) -> Any:
        """The parameter at this path."""
        return dict(self.named_parameters())[target]

    def get_submodule(self, target: str) -> Any:
        """The module at this path."""
        return dict(self.named_modules())[target]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients (or set them to zero)."""
        for p in self.parameters():
            if p._grad is not None:
                if set_to_none:
                    p._grad = None
                else:
                    p._grad.detach_().zero_()

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Freeze or unfreeze all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def train(self, mode: bool = True) -> Any:
        """Set training mode (dropout drops, batch statistics are used)."""
        for module in self.modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Any:
        """Set evaluation mode."""
        return self.train(False)

    def apply(self, fn: Callable[[Any], None]) -> Any:
        """Call `fn` on every module, children first."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> Any:
        for module in self.modules():
            for p in module._parameters.values():
                if p is not None:
                    p._a = fn(p.detach())._a
                    if p._grad is not None:
                        p._grad._a = fn(p._grad.detach())._a
            for name, b in module._buffers.items():
                if b is not None:
                    module._buffers[name] = fn(b)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Convert all parameters and buffers."""
        return self._apply(lambda t: t.to(*args, **kwargs))

    def double(self) -> Any:
        """Convert to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def float(self) -> Any:
        """Convert to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def state_dict(self, *, prefix: str = "") -> Any:
        """All parameters and buffers by path, detached."""
        out = OrderedDict()
        for path, module in self.named_modules():
            for kind in (module._parameters, module._buffers):
                for name, value in kind.items():
                    if value is not None:
                        out[prefix + (f"{path}.{name}" if path else name)] = value.detach()
        return out

    def load_state_dict(self, state_dict: Any, strict: bool = True) -> Any:
        """Copy values back by path. Raises RuntimeError for missing, extra or misshapen ones."""
        own = self.state_dict()
        missing = [k for k in own if k not in state_dict]
        unexpected = [k for k in state_dict if k not in own]
        problems = []
        if strict:
            if unexpected:
                keys = ", ".join(f'"{k}"' for k in unexpected)
                problems.append(f"Unexpected key(s) in state_dict: {keys}. ")
            if missing:
                keys = ", ".join(f'"{k}"' for k in missing)
                problems.append(f"Missing key(s) in state_dict: {keys}. ")
        with no_grad():
            for k, t in own.items():
                if k not in state_dict:
                    continue
                if t.shape != state_dict[k].shape:
                    problems.append(
                        f"size mismatch for {k}: copying a param with shape "
                        f"{state_dict[k].shape} from checkpoint, the shape in current model is "
                        f"{t.shape}."
                    )
                    continue
                t.copy_(state_dict[k])
        if problems:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                + "\n\t".join(problems)
            )
        return _Keys(missing, unexpected)

    def extra_repr(self) -> str:
        """What to print between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        below = [
            f"({name}): " + repr(module).replace("\n", "\n  ")
            for name, module in self._modules.items()
        ]
        if not below and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        inside = "\n  ".join(lines + below)
        return f"{self._get_name()}(\n  {inside}\n)"

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._parameters, *self._buffers, *self._modules})


class _Keys:
    def __init__(self, missing: list, unexpected: list):
        self.missing_keys, self.unexpected_keys = missing, unexpected

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys}, "
            f"unexpected_keys={self.unexpected_keys})"
        )


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
