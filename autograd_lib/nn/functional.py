"""torch.nn.functional: layers, activations and losses as functions."""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from typing import Any

import numpy as np

from .. import creation
from ..errors import broadcast_error
from ..functions import cat, expand, is_number, need_tensor, reshape
from ..functions import sum as _sum
from ..inplace import apply as apply_in_place
from ..operands import Unusual
from ..recorder import PUBLIC, wanting_tensors
from ..recorder import WORDS as W
from ..tensor import Tensor, fresh, wrap_dim
from . import layers

# -- activations ----------------------------------------------------------------------------------


def _inplace(input: Tensor, out: Tensor, inplace: bool) -> Tensor:
    return input.copy_(out) if inplace else out


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return input.relu_() if inplace else W["relu"](input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(input, 0), 6)."""
    return W["hardtanh"](input, 0.0, 6.0)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where positive, else negative_slope * input."""
    return W["leaky_relu"](input, negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Leaky ReLU with learned slopes: one, or one per channel."""
    if weight.numel() > 1 and input.ndim > 1:
        weight = reshape(weight, (-1,) + (1,) * (input.ndim - 2))
    elif weight.numel() == 1 and weight.ndim:
        weight = reshape(weight, ())
    return W["prelu_kernel"](input, weight)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, else alpha * (exp(input) - 1)."""
    return W["elu"](input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """ELU with the constants of self-normalizing networks."""
    return W["elu"](input, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, else alpha * (exp(input / alpha) - 1)."""
    return W["elu"](input, alpha, 1.0, 1.0 / alpha)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input * Phi(input), Phi the normal distribution function (or its tanh approximation)."""
    return W["gelu"](input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return W["silu"](input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input))."""
    return W["mish"](input)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta * input)) / beta; the input itself where that makes no difference."""
    return W["softplus"](input, beta, threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without overflow."""
    return W["log_sigmoid"](input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return W["sigmoid"](input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return W["tanh"](input)


def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)."""
    return input / (W["abs"](input) + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)."""
    return W["sub"](input, W["tanh"](input))


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """The input, kept within [min_val, max_val]."""
    return W["hardtanh"](input, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A sigmoid of straight lines."""
    return W["hardsigmoid"](input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input)."""
    return W["hardswish"](input)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input where its size exceeds lambd, else 0."""
    return W["hardshrink"](input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input moved towards 0 by lambd."""
    return W["softshrink"](input, lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """The input where it exceeds the threshold, else `value`."""
    return W["threshold"](input, threshold, value)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b), where a and b are the halves of the input along `dim`."""
    return W["glu"](input, dim)


def _implicit_dim(name: str, ndim: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        UserWarning,
        stacklevel=5,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _softmax(word: str, name: str, input: Tensor, dim: Any, dtype: Any) -> Tensor:
    if dim is None:
        dim = _implicit_dim(name, input.ndim)
    else:
        wrap_dim(dim, input.ndim)
    return W[word](input if dtype is None else input.to(dtype), dim)


def softmax(input: Tensor, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(input) divided by its sum along `dim`."""
    return _softmax("softmax_", "softmax", input, dim, dtype)


def log_softmax(input: Tensor, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(input)), without overflow."""
    return _softmax("log_softmax_", "log_softmax", input, dim, dtype)


def softmin(input: Tensor, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-input)."""
    return _softmax("softmax_", "softmin", -input, dim, dtype)


# -- losses ---------------------------------------------------------------------------------------

_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def _reduction(name: str, size_average: Any = None, reduce: Any = None) -> int:
    if size_average is not None or reduce is not None:
        name = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{name}' "
            "instead.",
            UserWarning,
            stacklevel=5,
        )
    if name not in _REDUCTIONS:
        raise ValueError(f"{name} is not a valid value for reduction")
    return _REDUCTIONS[name]


def _same_sizes(input: Tensor, target: Tensor) -> None:
    if target.shape != input.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            UserWarning,
            stacklevel=4,
        )


def _both(input: Tensor, target: Tensor) -> Any:
    """Both, expanded to their common shape."""
    if input._a.shape == target._a.shape:
        return input, target
    wrong = broadcast_error(input._a.shape, target._a.shape)
    if wrong:
        raise wrong
    shape = np.broadcast_shapes(input._a.shape, target._a.shape)
    return expand(input, *shape), expand(target, *shape)


def _finish(losses: Tensor, reduction: int) -> Tensor:
    if reduction == 0:
        return losses
    return W["mean_all"](losses) if reduction == 1 else W["sum_all"](losses)


def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", weight: Any = None,
) -> Tensor:  # fmt: skip
    """The mean of the squared differences."""
    _same_sizes(input, target)
    r = _reduction(reduction, size_average, reduce)
    input, target = _both(input, target)
    if weight is not None:
        losses = W["mul"](W["mse_loss"](input, target, 0), weight)
        if r == 1:
            return _sum(losses) / _sum(weight)
        return _finish(losses, r)
    return W["mse_loss"](input, target, r)


def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", weight: Any = None,
) -> Tensor:  # fmt: skip
    """The mean of the absolute differences."""
    _same_sizes(input, target)
    r = _reduction(reduction, size_average, reduce)
    input, target = _both(input, target)
    losses = W["abs"](W["sub"](input, target))
    return _finish(losses if weight is None else W["mul"](losses, weight), r)


def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """Squares of small differences, sizes of large ones."""
    _same_sizes(input, target)
    r = _reduction(reduction, size_average, reduce)
    return W["smooth_l1_loss"](*_both(input, target), r, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Squares of differences up to delta, straight lines beyond."""
    _same_sizes(input, target)
    input, target = _both(input, target)
    if weight is not None:
        losses = W["mul"](W["huber_loss"](input, target, 0, delta), weight)
        return _finish(losses, _reduction(reduction))
    return W["huber_loss"](input, target, _reduction(reduction), delta)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Any = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -(y log p + (1 - y) log(1 - p)), logarithms clamped at -100."""
    r = _reduction(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = expand(weight, *target.shape)
    return W["binary_cross_entropy"](input, target, weight, r)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Any = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean", pos_weight: Any = None,
) -> Tensor:  # fmt: skip
    """Binary cross entropy of sigmoid(input), computed without overflow."""
    r = _reduction(reduction, size_average, reduce)
    if target._a.shape != input._a.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    return W["binary_cross_entropy_with_logits"](input, target, weight, pos_weight, r)


def nll_loss(
    input: Tensor, target: Tensor, weight: Any = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of minus the log-probability of each target class.

    `input`: (N, C), (C) or (N, C, ...); `target`: the classes, without the dimension C.
    """
    r = _reduction(reduction, size_average, reduce)
    if input.ndim == 0:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    if input.ndim > 1 and input._a.shape[0] != target._a.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input._a.shape[0]}) to match target batch_size "
            f"({target._a.shape[0]})."
        )
    return W["nll_loss_forward"](input, target, weight, r, ignore_index)[0]


def cross_entropy(
    input: Tensor, target: Tensor, weight: Any = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """The negative log-likelihood of log_softmax(input); targets are classes or probabilities."""
    if (
        reduction == "mean" and weight is None and size_average is None and reduce is None
        and not label_smoothing and ignore_index < 0
    ):  # fmt: skip
        try:
            return W["cross_entropy_"](input, target)
        except (Unusual, IndexError):
            pass
    r = _reduction(reduction, size_average, reduce)
    shape, classes = input._a.shape, target._a
    d = 1 if len(shape) > 1 else 0
    if d and classes.ndim and shape[0] != classes.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size "
            f"({classes.shape[0]})."
        )
    logp = W["log_softmax_"](input, d)
    if not label_smoothing and classes.shape != shape:
        return W["nll_loss_forward"](logp, target, weight, r, ignore_index)[0]
    n = shape[d]
    if classes.shape == shape and classes.dtype.kind == "f":
        if label_smoothing:
            target = target * (1 - label_smoothing) + label_smoothing / n
        terms = W["mul"](logp, target)
        if weight is not None:
            terms = terms * reshape(weight, (1,) * d + (n,) + (1,) * (input.ndim - d - 1))
        if r == 0:
            return -_sum(terms, d)
        total = -_sum(terms)
        return total / (input.numel() // n) if r == 1 else total
    if not label_smoothing:
        return nll_loss(logp, target, weight, ignore_index=ignore_index, reduction=reduction)
    nll = nll_loss(logp, target, weight, ignore_index=ignore_index, reduction=reduction)
    w = logp if weight is None else logp * reshape(
        weight, (1,) * d + (n,) + (1,) * (input.ndim - d - 1))  # fmt: skip
    smooth = W["where"](target == ignore_index, 0.0, -_sum(w, d))
    if r == 1:
        kept = fresh(np.asarray(target._a != ignore_index))
        if weight is None:
            smooth = _sum(smooth) / int(kept._a.sum())
        else:
            safe = np.where(kept._a, target._a, 0)
            smooth = _sum(smooth) / float((weight._a[safe] * kept._a).sum())
    elif r == 2:
        smooth = _sum(smooth)
    return nll * (1 - label_smoothing) + smooth * (label_smoothing / n)


def kl_div(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """The Kullback-Leibler divergence; `input` holds log-probabilities."""
    mean = reduction == "batchmean"
    r = 2 if mean else _reduction(reduction, size_average, reduce)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
            "major release.",
            UserWarning,
            stacklevel=3,
        )
    if log_target:
        losses = W["mul"](W["exp"](target), W["sub"](target, input))
    else:
        losses = W["sub"](W["xlogy"](target, target), W["mul"](target, input))
    out = _finish(losses, r)
    return out / input.shape[0] if mean and input.ndim else out


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of log(1 + exp(-y x)), for labels -1 and 1."""
    r = _reduction(reduction, size_average, reduce)
    return W["soft_margin_loss"](*_both(input, target), r)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """x where y = 1, max(0, margin - x) where y = -1."""
    far = W["clamp_scalar"](margin - input, 0, None)
    losses = W["where"](target != 1, far, 0.0) + W["where"](target != -1, input, 0.0)
    return _finish(losses, _reduction(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, -y (x1 - x2) + margin)."""
    losses = W["clamp_scalar"](-target * (input1 - input2) + margin, 0, None)
    return _finish(losses, _reduction(reduction, size_average, reduce))


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False,
    size_average: Any = None, eps: float = 1e-8, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """exp(x) - y x (or x - y log x), with Stirling's term if `full`."""
    if log_input:
        losses = W["exp"](input) - target * input
    else:
        losses = input - target * W["log"](input + eps)
    if full:
        term = target * W["log"](target) - target + 0.5 * W["log"](2 * math.pi * target)
        losses = losses + W["masked_fill"](term, target <= 1, 0)
    return _finish(losses, _reduction(reduction, size_average, reduce))


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """(log var + (x - y)^2 / var) / 2."""
    if is_number(var):
        var = creation.make(np.full(input.shape, var, input._a.dtype))
    if var.shape != input.shape and input.shape[:-1] == var.shape:
        var = W["unsqueeze"](var, -1)
    if (var._a < 0).any():
        raise ValueError("var has negative entry/entries")
    var = var.clone()
    clamped = fresh(np.maximum(var._a, eps))
    var = var + (clamped - var).detach()
    losses = 0.5 * (W["log"](var) + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return _finish(losses, _reduction(reduction))


# -- convolution and pooling ----------------------------------------------------------------------

from .convolution import (  # noqa: E402
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)  # fmt: skip

# -- layers ---------------------------------------------------------------------------------------


def linear(input: Tensor, weight: Tensor, bias: Any = None) -> Tensor:
    """input @ weight.T + bias."""
    try:
        return W["linear_"](bias, input, weight)
    except (Unusual, ValueError):
        need_tensor(input, "linear")
        need_tensor(weight, "linear", "weight", 2)
    if weight._a.ndim == 1:
        out = PUBLIC["matmul"](input, weight)
        return out if bias is None else out + bias
    if bias is None:
        return PUBLIC["matmul"](input, W["t"](weight))
    if input._a.ndim == 2:
        return W["addmm"](bias, input, W["t"](weight))
    lead = input._a.shape[:-1]
    flat = reshape(input, (math.prod(lead), input._a.shape[-1]))
    return W["view_"](W["addmm"](bias, flat, W["t"](weight)), (*lead, weight._a.shape[0]))


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Any = None) -> Tensor:
    """x1 @ weight[k] @ x2 + bias[k], for each k."""
    lead = input1.shape[:-1]
    a = reshape(input1, (-1, input1.shape[-1]))
    b = reshape(input2, (-1, input2.shape[-1]))
    k, n, m = weight.shape
    left = reshape(
        PUBLIC["matmul"](a, reshape(W["permute"](weight, 1, 0, 2), (n, k * m))), (-1, k, m)
    )
    out = reshape(_sum(left * W["unsqueeze"](b, 1), -1), (*lead, k))
    return out if bias is None else out + bias


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """While training: zeros with probability p, the rest scaled by 1 / (1 - p)."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    if p == 1:
        return W["mul"](input, fresh(np.zeros_like(input._a)))
    mask = creation.make(np.zeros(input._a.shape, input._a.dtype))
    mask.bernoulli_(1 - p)
    mask._a /= 1 - p
    return _inplace(input, W["mul"](input, mask), inplace)


def embedding(
    input: Tensor, weight: Tensor, padding_idx: Any = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The rows of `weight` at the positions in `input`."""
    pad = -1 if padding_idx is None else padding_idx % weight.shape[0]
    return W["embedding"](weight, input, pad)


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """For each class a row of zeros with a one."""
    n = int(input._a.max()) + 1 if num_classes < 0 else num_classes
    if (input._a >= n).any():
        raise RuntimeError("Class values must be smaller than num_classes.")
    return fresh((input._a[..., None] == np.arange(n)).astype(np.int64))


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Tensor:
    """The input with mean 0 and variance 1 over its last dimensions, then scaled and shifted."""
    k = len(normalized_shape)
    if tuple(input._a.shape[input.ndim - k :]) != tuple(normalized_shape):
        raise RuntimeError(
            f"Given normalized_shape={list(normalized_shape)}, expected input with shape "
            f"[*, {', '.join(map(str, normalized_shape))}], but got input of "
            f"size{list(input.shape)}"
        )
    axes = tuple(range(input.ndim - k, input.ndim))
    return W["native_layer_norm"](input, weight, bias, axes, eps)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """The input divided by its p-norm along `dim`."""
    norm = W["norm"](input, p, dim, True)
    return input / expand(W["clamp_scalar"](norm, eps, None), *input.shape)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`."""
    x1, x2 = _both(x1, x2)

    def unit(x: Tensor) -> Tensor:
        norm = W["clone"](W["norm"](x, 2, dim, True))
        return x / _at_least(norm, eps)

    return _sum(unit(x1) * unit(x2), dim)


def _at_least(norm: Tensor, eps: float) -> Tensor:
    if norm._a.size and norm._a.min() < eps:
        norm._a[...] = np.maximum(norm._a, eps)
    return norm


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension."""
    return W["norm"](W["sub"](x1, x2) + eps, p, -1, keepdim)


def _pad_constant(input: Tensor, pad: list, value: float) -> Tensor:
    before, after = [0] * input.ndim, [0] * input.ndim
    for i in range(len(pad) // 2):
        before[-1 - i], after[-1 - i] = pad[2 * i], pad[2 * i + 1]
    return W["constant_pad_nd"](input, tuple(zip(before, after, strict=True)), value)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """The input with a border; `pad` lists before and after, last dimension first."""
    pad = [int(p) for p in pad]
    if mode == "constant":
        return _pad_constant(input, pad, 0.0 if value is None else value)
    out = input
    for i in range(len(pad) // 2):
        d = input.ndim - 1 - i
        n = out.shape[d]
        left, right = pad[2 * i], pad[2 * i + 1]
        positions = np.arange(-left, n + right)
        if mode == "circular":
            # Negative widths cut first; what is left goes round.
            kept = np.arange(max(-left, 0), n - max(-right, 0))
            positions = kept[np.arange(-max(left, 0), kept.size + max(right, 0)) % kept.size]
        elif mode == "replicate":
            positions = np.clip(positions, 0, n - 1)
        else:
            positions = np.abs(positions)
            positions = np.where(positions >= n, 2 * (n - 1) - positions, positions)
        out = W["index_select"](out, d, fresh(positions))
    return out


globals().update(layers.NAMES)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances between all pairs of rows."""
    return PUBLIC["pdist"](input, p)


# -- in place --------------------------------------------------------------------------------------


def _either_way(function: Any) -> Any:
    """An activation that can also put its result in the place of its input."""
    place = list(inspect.signature(function).parameters).index("inplace") - 1

    @functools.wraps(function)
    def activation(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        wanted = kwargs.pop("inplace", False)
        if len(args) > place:
            wanted, args = args[place], (*args[:place], *args[place + 1 :])
        if not wanted:
            return function(input, *args, **kwargs)
        return apply_in_place(function, input, args, kwargs)

    return activation


def _in_place(name: str) -> Any:
    function = globals()[name]

    def activation(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return function(input, *args, inplace=True, **kwargs)

    activation.__name__ = f"{name}_"
    activation.__doc__ = f"`{name}` in place."
    return activation


for _name in (
    "celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "mish", "relu6", "selu",
    "silu", "threshold",
):  # fmt: skip
    globals()[_name] = _either_way(globals()[_name])
for _name in ("celu", "elu", "hardtanh", "leaky_relu", "relu", "selu", "threshold"):
    globals()[f"{_name}_"] = _in_place(_name)

# (relu and linear look for themselves: they are called in every step of training.)
for _name, _function in list(globals().items()):
    _own = getattr(_function, "__module__", "") == __name__ and not _name.startswith("_")
    if _own and _name not in ("relu", "linear"):
        globals()[_name] = wanting_tensors(_function)

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d", "avg_pool2d",
    "avg_pool3d", "cat", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "max_pool1d", "max_pool2d", "max_pool3d", "need_tensor",
]  # fmt: skip
