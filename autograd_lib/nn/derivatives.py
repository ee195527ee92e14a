"""The table, continued: activations and losses of neural networks."""

# `sum`, `abs`, `pow` and their like are torch's words here, as in the first part of the table.
# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import math

import numpy as np

from ..derivatives import (
    PI,
    abs,
    axes,
    cat,
    div,
    erf,
    exp,
    expand,
    gather,
    index_add_,
    log,
    mean,
    mul,
    neg,
    pow,
    reshape,
    restore,
    scale,
    scatter_,
    sigmoid,
    sign,
    slice_,
    sqrt,
    tanh,
    unsqueeze,
    where,
    zeros_like,
    zeros_of,
)
from ..dtypes import FROM_NUMPY, long_name
from ..numeric import ZERO, kept, max_along, rows, sum_along
from ..recorder import Array, Index, Number, Optional, op, word
from ..tensor import fresh as _fresh
from ..tensor import wrap_dim

_add = np.add.reduce

# == Activations ===================================================================================


@op(public=False, self="leaky_relu_backward(grad, self, negative_slope)")
def leaky_relu(self: Array, negative_slope=0.01):
    return np.where(self > 0, self, self * negative_slope)


@op(public=False,
    grad="leaky_relu_backward(grad, self, negative_slope)",
    self="zeros_like(grad)")
def leaky_relu_backward(grad: Array, self: Array, negative_slope):
    return np.where(self > 0, grad, grad * negative_slope)


@op(public=False, node="ThresholdBackwardBackward0",
    grad="gated(grad, self, gate)",
    self="zeros_like(grad)")
def gated(grad: Array, self: Array, gate: Index):
    """The gradient where the gate is open; its own derivative by `self` is zero, as in torch."""
    return kept(grad, gate)


@op(public=False, node="PreluKernelBackward0", error="prelu",
    self="where(self > 0, grad, weight * grad)",
    weight="where(self > 0, 0.0, self * grad)")
def prelu_kernel(self: Array, weight: Array):
    return np.where(self > 0, self, weight * self)


@word
def elu_back(grad, self, alpha, scale, input_scale):
    below = grad * (alpha * scale * input_scale) * exp(where(self > 0, 0.0, self * input_scale))
    return where(self > 0, grad * scale, below)


@op(public=False, self="elu_back(grad, self, alpha, scale, input_scale)")
def elu(self: Array, alpha=1.0, scale=1, input_scale=1):
    return np.where(self > 0, self * scale, alpha * scale * np.expm1(self * input_scale))


@word
def gelu_slope(self, approximate):
    if approximate == "tanh":
        # gelu ~ x/2 (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3)
        k = math.sqrt(2 / PI)
        u = tanh(k * (self + 0.044715 * pow(self, 3)))
        du = k * (1 + 3 * 0.044715 * pow(self, 2))
        return 0.5 * (1 + u) + 0.5 * self * (1 - u * u) * du
    phi = exp(-0.5 * self * self) * (1 / math.sqrt(2 * PI))
    return 0.5 * (1 + erf(self * math.sqrt(0.5))) + self * phi


@op(public=False, self="grad * gelu_slope(self, approximate)")
def gelu(self: Array, *, approximate="none"):
    if approximate == "tanh":
        inner = math.sqrt(2 / PI) * (self + 0.044715 * self**3)
        return 0.5 * self * (1 + np.tanh(inner))
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return 0.5 * self * (1 + erf(self * math.sqrt(0.5)))


@word
def silu_back(grad, self):
    s = sigmoid(self)
    return grad * s * (1 + self * (1 - s))


@op(public=False, self="silu_back(grad, self)")
def silu(self: Array):
    return self * sigmoid(self)


@word
def mish_back(grad, self):
    t = tanh(softplus(self, 1, 20))
    return grad * (t + self * sigmoid(self) * (1 - t * t))


@op(public=False, self="mish_back(grad, self)")
def mish(self: Array):
    return self * np.tanh(softplus(self, 1, 20))


@op(public=False, self="where(self * beta > threshold, grad, grad * sigmoid(self * beta))")
def softplus(self: Array, beta=1, threshold=20):
    x = self * beta
    soft = np.log1p(np.exp(np.minimum(x, threshold))) / beta
    return np.where(x > threshold, self, soft).astype(self.dtype)


@op(public=False, node="LogSigmoidBackward0", error="log_sigmoid",
    self="grad * sigmoid(-self)")
def log_sigmoid(self: Array):
    # log sigmoid(x) = min(x, 0) - log(1 + exp(-|x|)) never overflows.
    return np.minimum(self, 0) - np.log1p(np.exp(-np.abs(self)))


@op(public=False, self="gated(grad, self, logical_and(self > min_val, self < max_val))")
def hardtanh(self: Array, min_val=-1.0, max_val=1.0):
    return np.clip(self, min_val, max_val).astype(self.dtype)


@op(public=False, self="grad * logical_and(self > -3, self < 3) * (1 / 6)")
def hardsigmoid(self: Array):
    return np.clip(self + 3, 0, 6) / 6


@op(public=False, self="where(self <= -3, grad * 0, where(self < 3, grad * (self / 3 + 0.5), "
                       "grad))")
def hardswish(self: Array):
    return self * np.clip(self + 3, 0, 6) / 6


@op(public=False, self="gated(grad, self, abs(self) > lambd)")
def hardshrink(self: Array, lambd=0.5):
    return np.where(np.abs(self) <= lambd, 0, self).astype(self.dtype)


@op(public=False, self="gated(grad, self, abs(self) > lambd)")
def softshrink(self: Array, lambd=0.5):
    return np.where(np.abs(self) <= lambd, 0, self - np.sign(self) * lambd).astype(self.dtype)


@op(public=False, self="gated(grad, self, logical_not(self <= threshold))")
def threshold(self: Array, threshold, value):
    return np.where(self <= threshold, value, self).astype(self.dtype)


@op(public=False, node="SoftmaxBackward0", error="softmax",
    self="(grad - sum(grad * result, dim, True)) * result")
def softmax_(self: Array, dim):
    if self.ndim == 0:
        return np.ones_like(self)
    if not self.size:
        return self.copy()
    e = np.exp(self - max_along(self, dim))
    e /= sum_along(e, dim)
    return e


@op(public=False, node="LogSoftmaxBackward0", error="log_softmax",
    self="grad - exp(result) * sum(grad, dim, True)")
def log_softmax_(self: Array, dim):
    if self.ndim == 0:
        return np.zeros_like(self)
    if not self.size:
        return self.copy()
    x = self - max_along(self, dim)
    x -= np.log(sum_along(np.exp(x), dim))
    return x


@op(public=False, self="glu_back(grad, self, dim)")
def glu(self: Array, dim=-1):
    if self.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    if self.shape[dim] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim} is size {self.shape[dim]}"
        )
    a, b = np.split(self, 2, dim)
    return a * sigmoid(b)


@word
def glu_back(grad, self, dim):
    n = self.shape[dim] // 2
    a, b = slice_(self, dim, 0, n), slice_(self, dim, n, 2 * n)
    s = sigmoid(b)
    return cat([grad * s, grad * a * s * (1 - s)], dim)



# == Losses ========================================================================================
# Each takes `reduction`: 0 leaves the losses as they are, 1 takes their mean, 2 their sum.


def reduce(losses, reduction):
    if reduction == 0:
        return losses
    total = _add(losses, None)
    return total / (losses.size or math.nan) if reduction == 1 else total


@word
def spread(grad, like, reduction):
    """The gradient of `reduce`: for each loss, how much it counts."""
    if reduction == 1:
        return grad / (max_size(like) or math.nan)
    return grad


def max_size(a):
    return math.prod(a.shape)


@word
def mse_slope(grad, a, b, reduction):
    # The factor is worked out on the scalar gradient, so that arrays are multiplied once.
    diff = a - b
    if reduction == 1:
        return diff * (grad * (2.0 / (max_size(diff) or math.nan)))
    return diff * (grad * 2.0)


@op(public=False, promote="same",
    self="mse_slope(grad, self, target, reduction)",
    target="mse_slope(grad, target, self, reduction)")
def mse_loss(self: Array, target: Array, reduction=1):
    d = self - target
    return reduce(d * d, reduction)


@word
def smooth_l1_slope(grad, a, b, reduction, beta):
    d = a - b
    g = spread(grad, d, reduction)
    if beta == 0:
        return g * sign(d)
    return where(abs(d) < beta, d * (1 / beta), sign(d)) * g


@op(public=False, promote="same", node="SmoothL1LossBackward0",
    self="smooth_l1_slope(grad, self, target, reduction, beta)",
    target="smooth_l1_slope(grad, target, self, reduction, beta)")
def smooth_l1_loss(self: Array, target: Array, reduction=1, beta=1.0):
    d = np.abs(self - target)
    if beta == 0:
        return reduce(d, reduction)
    return reduce(np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta), reduction)


@op(public=False, promote="same",
    self="-target * sigmoid(-target * self) * spread(grad, self, reduction)")
def soft_margin_loss(self: Array, target: Array, reduction=1):
    return reduce(np.log1p(np.exp(-target * self)), reduction)


@word
def huber_slope(grad, a, b, reduction, delta):
    d = a - b
    return where(abs(d) <= delta, d, sign(d) * delta) * spread(grad, d, reduction)


@op(public=False, promote="same",
    self="huber_slope(grad, self, target, reduction, delta)",
    target="huber_slope(grad, target, self, reduction, delta)")
def huber_loss(self: Array, target: Array, reduction=1, delta=1.0):
    d = np.abs(self - target)
    return reduce(np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


@word
def weighted(g, weight):
    return g if weight is None else g * weight


@word
def bce_slope(grad, self, target, weight, reduction):
    safe = where(self * (1 - self) < 1e-12, 1e-12, self * (1 - self))
    return weighted((self - target) / safe, weight) * spread(grad, self, reduction)


@word
def bce_target(grad, self, target, weight, reduction):
    g = clamp(log(1 - self), min=-100.0) - clamp(log(self), min=-100.0)
    return weighted(g, weight) * spread(grad, self, reduction)


def clamp(self, min=None, max=None):
    return np.clip(self, min, max)


@op(public=False,
    self="bce_slope(grad, self, target, weight, reduction)",
    target="bce_target(grad, self, target, weight, reduction)")
def binary_cross_entropy(self: Array, target: Array, weight: Optional = None, reduction=1):
    if self.size and (self.min() < 0 or self.max() > 1):
        raise RuntimeError("all elements of input should be between 0 and 1")
    loss = -(target * np.maximum(np.log(self), -100) + (1 - target) * np.maximum(
        np.log1p(-self), -100))
    return reduce(loss if weight is None else loss * weight, reduction)


@word
def bce_logits_slope(grad, self, target, weight, pos_weight, reduction):
    """d/dz: sigmoid(z) - y; with pos_weight p: ((p - 1) y + 1) sigmoid(z) - p y."""
    s = sigmoid(self)
    if pos_weight is None:
        g = s - target
    else:
        t = pos_weight * target
        g = (t + 1 - target) * s - t
    return weighted(g, weight) * spread(grad, self, reduction)


@word
def bce_logits_target(grad, self, weight, pos_weight, reduction):
    g = -self if pos_weight is None else log_sigmoid(-self) - pos_weight * log_sigmoid(self)
    return weighted(g, weight) * spread(grad, self, reduction)


@op(public=False, promote=None,
    self="bce_logits_slope(grad, self, target, weight, pos_weight, reduction)",
    target="bce_logits_target(grad, self, weight, pos_weight, reduction)")
def binary_cross_entropy_with_logits(
    self: Array, target: Array, weight: Optional = None, pos_weight: Optional = None, reduction=1
):
    # log(1 + exp(-|z|)) never overflows:  loss = max(z, 0) - z y + log(1 + exp(-|z|)).
    soft = np.log1p(np.exp(-np.abs(self)))
    if pos_weight is None:
        loss = np.maximum(self, ZERO.get(self.dtype, 0)) - self * target + soft
    else:
        scale_ = 1 + (pos_weight - 1) * target
        loss = (1 - target) * self + scale_ * (soft + np.maximum(-self, 0))
    return reduce(loss if weight is None else loss * weight, reduction)


@word
def nll_back(grad, shape, target, weight, reduction, ignore_index, total_weight):
    if reduction == 1:
        grad = grad / total_weight
    if weight is None and len(shape) == 2 and total_weight == shape[0]:
        return nll_spread(grad, target, shape)
    w = class_weights(target, weight, ignore_index, grad, shape)
    d = 1 if len(shape) > 1 else 0
    places = unsqueeze(where(target == ignore_index, 0, target), d)
    g = unsqueeze(-grad * w, d)
    return scatter_(zeros_of(shape, grad), d, places, g)


@op(public=False, node="NllLossBackwardBackward0",
    gy="-reshape(gather(grad, 1, unsqueeze(target, 1)), tuple(target.shape))")
def nll_spread(gy: Array, target: Index, shape):
    """The usual case, every sample counted once: minus the gradient at each target, else zero."""
    out = np.zeros(shape, gy.dtype)
    out[rows(shape[0]), target] = -gy
    return out


def class_weights(target, weight, ignore_index, like, shape):
    """How much each sample counts: its class's weight, or zero if its class is ignored."""
    t = getattr(target, "_a", target)
    kept = t != ignore_index
    safe = np.where(kept, t, 0)
    w = 1 if weight is None else getattr(weight, "_a", weight)[safe]
    out = (kept * w).astype(like.dtype if isinstance(like, (np.ndarray, np.generic)) else
                            like._a.dtype)
    return out if isinstance(like, (np.ndarray, np.generic)) else _fresh(out)


@op(public=False, node="NllLossBackward0", error="nll_loss", outputs=2,
    names=("output", "total_weight"),
    self="nll_back(grad, tuple(self.shape), target, weight, reduction, ignore_index, "
         "total_weight)")
def nll_loss_forward(
    self: Array, target: Index, weight: Optional = None, reduction=1, ignore_index=-100
):
    d = 1 if self.ndim > 1 else 0
    n = self.shape[d]
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {FROM_NUMPY[target.dtype]._long}"
        )
    if (
        weight is None and ignore_index < 0 and self.ndim == 2 and self.shape[0] == target.size
        and target.size and target.dtype == np.int64 and np.maximum.reduce(target.view("u8")) < n
    ):
        # The usual case: every sample counts. (As unsigned numbers, negative classes are huge.)
        picked = self[rows(target.size), target]
        total_weight = np.asarray(target.size, self.dtype)
        if reduction == 0:
            return -picked, total_weight
        loss = -_add(picked, None)
        return (loss / target.size if reduction == 1 else loss), total_weight
    kept = target != ignore_index
    wrong = target[kept & ((target < 0) | (target >= n))]
    if wrong.size:
        raise IndexError(f"Target {int(wrong.reshape(-1)[0])} is out of bounds.")
    w = class_weights(target, weight, ignore_index, self, self.shape)
    safe = np.expand_dims(np.where(kept, target, 0), d)
    losses = -np.squeeze(np.take_along_axis(self, safe, d), d) * w
    total_weight = _add(w, axis=None)
    if reduction == 0:
        return losses, total_weight
    loss = _add(losses, axis=None)
    return (loss / total_weight if reduction == 1 else loss), total_weight


# == Normalizing and choosing ======================================================================


@op(public=False, node="NativeLayerNormBackward0", error="layer_norm",
    input="layer_norm_back(grad, input, weight, axes_, eps)",
    weight="grad * standard(input, axes_, eps)",
    bias="grad")
def native_layer_norm(input: Array, weight: Optional, bias: Optional, axes_, eps=1e-5):
    out = standard(input, axes_, eps)
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


@word
def standard(x, axes_, eps):
    """x with mean 0 and variance 1 over these axes."""
    d = x - mean(x, axes_, True)
    return d / sqrt(mean(d * d, axes_, True) + eps)


@word
def layer_norm_back(grad, input, weight, axes_, eps):
    g = grad if weight is None else grad * weight
    d = input - mean(input, axes_, True)
    r = 1 / sqrt(mean(d * d, axes_, True) + eps)
    z = d * r
    return r * (g - mean(g, axes_, True) - z * mean(g * z, axes_, True))


@op(public=False, node="EmbeddingBackward0", error="embedding",
    weight="embedding_back(grad, indices, weight_sym_sizes, padding_idx)")
def embedding(weight: Array, indices: Index, padding_idx=-1):
    if indices.dtype.kind not in "iu":
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{long_name(indices.dtype)}Tensor instead (while checking "
            "arguments for embedding)"
        )
    return weight[indices]


@word
def embedding_back(grad, indices, shape, padding_idx):
    n = math.prod(indices.shape)
    flat = reshape(indices, (n,))
    g = reshape(grad, (n, shape[1]))
    if padding_idx >= 0:
        g = where(reshape(flat == padding_idx, (n, 1)), 0.0, g)
    return index_add_(zeros_of(shape, grad), 0, flat, g)



__all__ = ["Number", "axes", "div", "expand", "gather", "long_name", "mul", "neg", "restore",
           "scale", "wrap_dim", "zeros_like"]


@op(public=False, node="ConstantPadNdBackward0",
    self="constant_pad_nd(grad, tuple((-a, -b) for a, b in pad))")
def constant_pad_nd(self: Array, pad, value=0.0):
    """Borders of one value; a negative width cuts off instead."""
    cut = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(self.shape, pad, strict=True)
    )
    widths = [(max(a, 0), max(b, 0)) for a, b in pad]
    return np.pad(self[cut], widths, constant_values=value)
