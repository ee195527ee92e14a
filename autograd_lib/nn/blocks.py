"""Modules for images, sequences and batches: convolutions, normalization, pooling, recurrence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..functions import cat, stack
from ..recorder import PUBLIC
from ..tensor import Tensor, fresh
from . import functional, init
from .modules import Module, ModuleDict, ModuleList, simple
from .parameter import Parameter

F: Any = functional  # (Some of its names are put there when it is imported.)


def _many(x: Any, n: int) -> tuple:
    return (x,) * n if isinstance(x, int) else tuple(x)


def _parameter(*shape: int, value: float | None = None, bound: float = 0.0) -> Parameter:
    """A parameter of one value, or drawn evenly from plus or minus `bound`."""
    p = Parameter(fresh(np.full(shape, value or 0.0, np.float32)))
    return p if value is not None else init.uniform_(p, -bound, bound)


# -- convolutions ----------------------------------------------------------------------------------


class _Conv(Module):
    _n = 0
    _transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        n = self._n
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _many(kernel_size, n), _many(stride, n)
        self.dilation, self.padding_mode = _many(dilation, n), padding_mode
        self.padding = padding if isinstance(padding, str) else _many(padding, n)
        ends = (out_channels, in_channels) if not self._transposed else (in_channels, out_channels)
        self.weight = Parameter(
            fresh(np.zeros((ends[0], ends[1] // groups, *self.kernel_size), np.float32))
        )
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan = self.weight.shape[1] * math.prod(self.kernel_size)
        self.register_parameter("bias", None)
        if bias:
            self.bias = _parameter(out_channels, bound=1 / math.sqrt(fan))

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            sides = [p for p in reversed(padding) for _ in range(2)]
            input, padding = F.pad(input, sides, mode=self.padding_mode), (0,) * self._n
        convolve = getattr(F, f"conv{self._n}d")
        return convolve(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )


class _ConvTranspose(_Conv):
    _transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, output_padding: Any = 0, groups: int = 1, bias: bool = True,
        dilation: Any = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias
        )
        self.output_padding = _many(output_padding, self._n)

    def forward(self, input: Tensor) -> Tensor:
        convolve = getattr(F, f"conv_transpose{self._n}d")
        return convolve(input, self.weight, self.bias, self.stride, self.padding,
                        self.output_padding, self.groups, self.dilation)  # fmt: skip


# -- normalization ---------------------------------------------------------------------------------


class _Norm(Module):
    _affine, _track = True, True

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool | None = None, track_running_stats: bool | None = None, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        affine = self._affine if affine is None else affine
        track = self._track if track_running_stats is None else track_running_stats
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track
        self.register_parameter("weight", _parameter(num_features, value=1.0) if affine else None)
        self.register_parameter("bias", _parameter(num_features, value=0.0) if affine else None)
        values: Any = (np.zeros(num_features, np.float32), np.ones(num_features, np.float32),
                  np.zeros((), np.int64))  # fmt: skip
        names = ("running_mean", "running_var", "num_batches_tracked")
        for name, a in zip(names, values, strict=True):
            self.register_buffer(name, fresh(a) if track else None)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Norm):
    def forward(self, input: Tensor) -> Tensor:
        own = self.training or self.running_mean is None
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        return F.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, own,
            momentum or 0.0, self.eps,
        )  # fmt: skip


class _InstanceNorm(_Norm):
    _affine = _track = False

    def forward(self, input: Tensor) -> Tensor:
        own = self.training or not self.track_running_stats
        return F.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, own,
            self.momentum or 0.0, self.eps,
        )  # fmt: skip


class GroupNorm(Module):
    """Mean 0 and variance 1 in each group of channels, then scaled and shifted."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True):
        super().__init__()
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.register_parameter("weight", _parameter(num_channels, value=1.0) if affine else None)
        self.register_parameter("bias", _parameter(num_channels, value=0.0) if affine else None)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """The root mean square 1 over the last dimensions, then scaled."""

    def __init__(self, normalized_shape: Any, eps: float | None = None,
                 elementwise_affine: bool = True):  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps = _many(normalized_shape, 1), eps
        self.register_parameter(
            "weight", _parameter(*self.normalized_shape, value=1.0) if elementwise_affine else None
        )

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)


# -- recurrence ------------------------------------------------------------------------------------


def _recurrent_step(kind: str, x: Tensor, state: Any, w: list) -> Any:
    """One step: the new state (of an LSTM, a pair)."""
    h = state[0] if kind == "LSTM" else state
    a = F.linear(x, w[0], w[2] if len(w) > 2 else None)
    b = F.linear(h, w[1], w[3] if len(w) > 2 else None)
    if kind == "LSTM":
        i, f, g, o = (a + b).chunk(4, -1)
        c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c
    if kind == "GRU":
        (ar, az, an), (br, bz, bn) = a.chunk(3, -1), b.chunk(3, -1)
        r, z = (ar + br).sigmoid(), (az + bz).sigmoid()
        n = (an + r * bn).tanh()
        return n + z * (h - n)
    return (a + b).relu() if kind == "relu" else (a + b).tanh()


GATES = {"LSTM": 4, "GRU": 3, "tanh": 1, "relu": 1}


class _Cell(Module):
    _kind = "tanh"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True,
                 nonlinearity: str = "tanh"):  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.kind = nonlinearity if self._kind == "tanh" else self._kind
        rows, bound = GATES[self.kind] * hidden_size, 1 / math.sqrt(hidden_size)
        self.weight_ih = _parameter(rows, input_size, bound=bound)
        self.weight_hh = _parameter(rows, hidden_size, bound=bound)
        if bias:
            self.bias_ih, self.bias_hh = (_parameter(rows, bound=bound) for _ in range(2))

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        if hx is None:
            zeros = input.new_zeros(*input.shape[:-1], self.hidden_size)
            hx = (zeros, zeros) if self.kind == "LSTM" else zeros
        return _recurrent_step(self.kind, input, hx, list(self.parameters()))


class LSTMCell(_Cell):
    """One step of an LSTM."""

    _kind = "LSTM"


class GRUCell(_Cell):
    """One step of a GRU."""

    _kind = "GRU"


class RNNCell(_Cell):
    """One step of a simple recurrent network."""


class RNNBase(Module):
    """Layers of cells that go along a sequence, perhaps in both directions."""

    _kind = "tanh"

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        nonlinearity: str = "tanh",
    ):  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        self.kind = nonlinearity if self._kind == "tanh" else self._kind
        rows, bound = GATES[self.kind] * hidden_size, 1 / math.sqrt(hidden_size)
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for end in self._ends(layer):
                shapes: dict[str, Any] = {
                    "weight_ih": (rows, width),
                    "weight_hh": (rows, hidden_size),
                }
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                for name, shape in shapes.items():
                    self.register_parameter(f"{name}_{end}", _parameter(*shape, bound=bound))

    def _ends(self, layer: int) -> list[str]:
        return [f"l{layer}", f"l{layer}_reverse"][: 1 + self.bidirectional]

    def flatten_parameters(self) -> None:
        """Here for compatibility: there is nothing to flatten."""

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        single = input.ndim == 2
        x = input.unsqueeze(1) if single else input.transpose(0, 1) if self.batch_first else input
        many = self.num_layers * (1 + self.bidirectional)
        pair = self.kind == "LSTM"
        if hx is None:
            zeros = x.new_zeros(many, x.shape[1], self.hidden_size)
            hx = (zeros, zeros) if pair else zeros
        elif single:
            hx = tuple(h.unsqueeze(1) for h in hx) if pair else hx.unsqueeze(1)
        last: list[Any] = []
        for layer in range(self.num_layers):
            sides = []
            for turned, end in enumerate(self._ends(layer)):
                k = len(last)
                state = (hx[0][k], hx[1][k]) if pair else hx[k]
                names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if self.bias else 2]
                w = [getattr(self, f"{name}_{end}") for name in names]
                steps = x.unbind(0)
                out = []
                for step in reversed(steps) if turned else steps:
                    state = _recurrent_step(self.kind, step, state, w)
                    out.append(state[0] if pair else state)
                sides.append(stack(out[::-1] if turned else out))
                last.append(state)
            x = cat(sides, -1) if len(sides) > 1 else sides[0]
            if self.dropout and layer + 1 < self.num_layers:
                x = F.dropout(x, self.dropout, self.training)
        states = [stack(list(s)) for s in zip(*last, strict=True)] if pair else [stack(last)]
        if single:
            x, states = x.squeeze(1), [s.squeeze(1) for s in states]
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, (tuple(states) if pair else states[0])


class LSTM(RNNBase):
    """Long short-term memory."""

    _kind = "LSTM"


class GRU(RNNBase):
    """Gated recurrent units."""

    _kind = "GRU"


class RNN(RNNBase):
    """A simple recurrent network."""


# -- around functions ------------------------------------------------------------------------------


class EmbeddingBag(Module):
    """Sums or means of rows of a table."""

    def __init__(self, num_embeddings: int, embedding_dim: int, mode: str = "mean"):
        super().__init__()
        self.mode = mode
        self.weight = _parameter(num_embeddings, embedding_dim, value=0.0)
        init.normal_(self.weight)

    def forward(self, input: Tensor, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        return F.embedding_bag(
            input, self.weight, offsets, mode=self.mode, per_sample_weights=per_sample_weights
        )


class _Pad(Module):
    _n, _mode = 1, "constant"

    def __init__(self, padding: Any, value: float = 0.0):
        super().__init__()
        self.padding, self.value = _many(padding, 2 * self._n), value

    def forward(self, input: Tensor) -> Tensor:
        if self._mode == "constant":
            return F.pad(input, self.padding, "constant", self.value)
        return F.pad(input, self.padding, self._mode)


MADE: dict[str, type] = {}
for _n in (1, 2, 3):
    for _name, _base in (
        ("Conv{}d", _Conv), ("ConvTranspose{}d", _ConvTranspose), ("BatchNorm{}d", _BatchNorm),
        ("InstanceNorm{}d", _InstanceNorm),
    ):  # fmt: skip
        _name = _name.format(_n)
        MADE[_name] = type(_name, (_base,), {"_n": _n, "__module__": __name__})
    for _kind, _mode in (("Constant", "constant"), ("Zero", "constant"), ("Circular", "circular"),
                         ("Reflection", "reflect"), ("Replication", "replicate")):  # fmt: skip
        _name = f"{_kind}Pad{_n}d"
        MADE[_name] = type(_name, (_Pad,), {"_n": _n, "_mode": _mode, "__module__": __name__})
    for _name, _options in (
        ("max_pool{}d", (("kernel_size", None), ("stride", None), ("padding", 0), ("dilation", 1),
                         ("return_indices", False), ("ceil_mode", False))),
        ("avg_pool{}d", (("kernel_size", None), ("stride", None), ("padding", 0),
                         ("ceil_mode", False), ("count_include_pad", True))),
        ("adaptive_avg_pool{}d", (("output_size", None),)),
        ("adaptive_max_pool{}d", (("output_size", None), ("return_indices", False))),
    ):  # fmt: skip
        _name = _name.format(_n)
        _title = "".join(part.capitalize() for part in _name.split("_"))
        _title = _title[:-1] + "d"
        MADE[_title] = simple(_title, getattr(F, _name), *_options)


class _Dropout(Module):
    _function: Any = None

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


for _name, _title in (
    ("dropout1d", "Dropout1d"), ("dropout2d", "Dropout2d"), ("dropout3d", "Dropout3d"),
    ("alpha_dropout", "AlphaDropout"), ("feature_alpha_dropout", "FeatureAlphaDropout"),
):  # fmt: skip
    MADE[_title] = type(
        _title, (_Dropout,), {"_function": staticmethod(getattr(F, _name)), "__module__": __name__}
    )

MADE |= {
    "PixelShuffle": simple("PixelShuffle", F.pixel_shuffle, ("upscale_factor", 1)),
    "PixelUnshuffle": simple("PixelUnshuffle", F.pixel_unshuffle, ("downscale_factor", 1)),
    "ChannelShuffle": simple("ChannelShuffle", F.channel_shuffle, ("groups", 1)),
    "Upsample": simple("Upsample", F.interpolate, ("size", None), ("scale_factor", None),
                       ("mode", "nearest"), ("align_corners", None)),
    "Unfold": simple("Unfold", F.unfold, ("kernel_size", 1), ("dilation", 1), ("padding", 0),
                     ("stride", 1)),
    "Fold": simple("Fold", F.fold, ("output_size", 1), ("kernel_size", 1), ("dilation", 1),
                   ("padding", 0), ("stride", 1)),
    "LocalResponseNorm": simple("LocalResponseNorm", F.local_response_norm, ("size", 1),
                                ("alpha", 1e-4), ("beta", 0.75), ("k", 1.0)),
    "Softmax2d": simple("Softmax2d", lambda input: PUBLIC["softmax"](input, -3)),
    "RReLU": simple("RReLU", F.rrelu, ("lower", 1 / 8), ("upper", 1 / 3)),
}  # fmt: skip


class _OfSeveral(Module):
    """A module around a function of several tensors."""

    _function: Any = None
    _options: Any = ()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()
        values = dict(self._options)
        values.update(zip(values, args, strict=False))
        for key, value in {**values, **kwargs}.items():
            setattr(self, key, value)

    def forward(self, *inputs: Tensor) -> Tensor:
        given = {key: getattr(self, key) for key, _ in self._options}
        return type(self)._function(*inputs, **given)


_SEVERAL: Any = (
    ("CosineSimilarity", F.cosine_similarity, (("dim", 1), ("eps", 1e-8))),
    ("PairwiseDistance", F.pairwise_distance, (("p", 2.0), ("eps", 1e-6), ("keepdim", False))),
    ("CosineEmbeddingLoss", F.cosine_embedding_loss, (("margin", 0.0), ("reduction", "mean"))),
    ("TripletMarginLoss", F.triplet_margin_loss,
     (("margin", 1.0), ("p", 2.0), ("eps", 1e-6), ("swap", False), ("reduction", "mean"))),
    ("TripletMarginWithDistanceLoss", F.triplet_margin_with_distance_loss,
     (("distance_function", None), ("margin", 1.0), ("swap", False), ("reduction", "mean"))),
    ("MultiMarginLoss", F.multi_margin_loss,
     (("p", 1), ("margin", 1.0), ("weight", None), ("reduction", "mean"))),
    ("MultiLabelMarginLoss", F.multilabel_margin_loss, (("reduction", "mean"),)),
    ("MultiLabelSoftMarginLoss", F.multilabel_soft_margin_loss,
     (("weight", None), ("reduction", "mean"))),
    ("CTCLoss", F.ctc_loss, (("blank", 0), ("reduction", "mean"), ("zero_infinity", False))),
)  # fmt: skip
for _title, _function, _options in _SEVERAL:
    MADE[_title] = type(_title, (_OfSeveral,), {
        "_function": staticmethod(_function), "_options": _options, "__module__": __name__,
        "__doc__": _function.__doc__,
    })  # fmt: skip

globals().update(MADE)

__all__ = [
    "GRU", "LSTM", "RNN", "EmbeddingBag", "GRUCell", "GroupNorm", "LSTMCell", "ModuleDict",
    "ModuleList", "RMSNorm", "RNNBase", "RNNCell",
]  # fmt: skip
__all__ += list(MADE)
