"""Functions of torch.nn.functional that are made of other operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import creation
from ..functions import cat, reshape, stack
from ..grad_mode import no_grad
from ..random import default_generator
from ..recorder import PUBLIC
from ..recorder import WORDS as W
from ..tensor import Tensor, fresh, wrap_dim

# -- normalizing -----------------------------------------------------------------------------------


def _scaled(x: Tensor, weight: Any, bias: Any, dim: int = 1) -> Tensor:
    """Times a weight and plus a bias for each place along `dim`."""
    shape = [x.shape[d] if d == dim else 1 for d in range(x.ndim)]
    if weight is not None:
        x = x * reshape(weight, *shape)
    return x if bias is None else x + reshape(bias, *shape)


def _standard(x: Tensor, dims: tuple, eps: float) -> Tensor:
    """Mean 0 and variance 1 over these dimensions."""
    mean = x.mean(dims, keepdim=True)
    return (x - mean) * (x.var(dims, correction=0, keepdim=True) + eps).rsqrt()


def batch_norm(
    input: Tensor, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """The input with mean 0 and variance 1 in each channel, over the batch while training."""
    if not input.numel():
        return input.clone()
    dims = (0, *range(2, input.ndim))
    if not training:
        shape = [n if d == 1 else 1 for d, n in enumerate(input.shape)]
        scale = (reshape(running_var, *shape) + eps).rsqrt()
        return _scaled((input - reshape(running_mean, *shape)) * scale, weight, bias)
    n = math.prod(input.shape[d] for d in dims)
    if n == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    if running_mean is not None:
        with no_grad():
            running_mean.mul_(1 - momentum).add_(input.mean(dims) * momentum)
            running_var.mul_(1 - momentum).add_(input.var(dims) * momentum)
    return _scaled(_standard(input, dims, eps), weight, bias)


def instance_norm(
    input: Tensor, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """The input with mean 0 and variance 1 in each channel of each example."""
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    dims = tuple(range(2, input.ndim))
    if running_mean is not None:
        with no_grad():
            running_mean.mul_(1 - momentum).add_(input.mean(dims).mean(0) * momentum)
            running_var.mul_(1 - momentum).add_(input.var(dims).mean(0) * momentum)
    return _scaled(_standard(input, dims, eps), weight, bias)


def group_norm(
    input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Tensor:
    """The input with mean 0 and variance 1 in each group of channels."""
    channels = input.shape[1]
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    size = math.prod(input.shape[1:]) // num_groups
    grouped = reshape(input, input.shape[0], num_groups, size)
    out = reshape(_standard(grouped, (2,), eps), input.shape)
    return _scaled(out, weight, bias)


def rms_norm(
    input: Tensor, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Tensor:
    """The input divided by its root mean square over its last dimensions."""
    dims = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    eps = float(np.finfo(input._a.dtype).eps) if eps is None else eps
    out = input * (input.pow(2).mean(dims, keepdim=True) + eps).rsqrt()
    return out if weight is None else out * weight


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """The input divided by what its neighbouring channels are like."""
    square = input.pow(2).movedim(1, -1)
    padded = W["constant_pad_nd"](
        square, (*[(0, 0)] * (input.ndim - 1), (size // 2, (size - 1) // 2)), 0.0
    )
    means = W["unfold_"](padded, input.ndim - 1, size, 1).mean(-1).movedim(-1, 1)
    return input / (means * alpha + k).pow(beta)


# -- arranging -------------------------------------------------------------------------------------


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels become finer rows and columns."""
    r, (*lead, c, h, w) = upscale_factor, input.shape
    x = reshape(input, *lead, c // r**2, r, r, h, w)
    n = len(lead)
    x = x.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return reshape(x, *lead, c // r**2, h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Rows and columns become channels."""
    r, (*lead, c, h, w) = downscale_factor, input.shape
    n = len(lead)
    x = reshape(input, *lead, c, h // r, r, w // r, r)
    x = x.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return reshape(x, *lead, c * r * r, h // r, w // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels of different groups, in turn."""
    n, c, *rest = input.shape
    return reshape(reshape(input, n, groups, c // groups, *rest).transpose(1, 2), n, c, *rest)


def _pair(x: Any) -> tuple:
    return (x, x) if isinstance(x, int) else tuple(x)


def _windows(size: tuple, kernel: tuple, dilation: tuple, padding: tuple, stride: tuple) -> Any:
    """For each element of each window its place in the padded image."""
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange((n + 2 * p - d * (k - 1) - 1) // s + 1) * s
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    width = size[1] + 2 * padding[1]
    places = rows[:, None, :, None] * width + columns[None, :, None, :]
    return places.reshape(kernel[0] * kernel[1], -1)


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """All windows of an image, as columns."""
    x = input if input.ndim == 4 else input.unsqueeze(0)
    options = [_pair(v) for v in (kernel_size, dilation, padding, stride)]
    p = options[2]
    places = _windows(x.shape[2:], *options)
    padded = W["constant_pad_nd"](x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])), 0.0)
    flat = reshape(padded, *x.shape[:2], math.prod(padded.shape[2:]))
    out = W["index"](flat, (slice(None), slice(None), places))
    out = reshape(out, x.shape[0], x.shape[1] * places.shape[0], places.shape[1])
    return out if input.ndim == 4 else out.squeeze(0)


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
    stride: Any = 1,
) -> Tensor:  # fmt: skip
    """The sum of windows, each put back in its place."""
    x = input if input.ndim == 3 else input.unsqueeze(0)
    h, w = _pair(output_size)
    options = [_pair(v) for v in (kernel_size, dilation, padding, stride)]
    (kh, kw), p = options[0], options[2]
    places = _windows((h, w), *options)
    channels = x.shape[1] // (kh * kw)
    height, width = h + 2 * p[0], w + 2 * p[1]
    zeros = x.new_zeros(x.shape[0], channels, height * width)
    parts = reshape(x, x.shape[0], channels, *places.shape)
    whole = W["index_put_op"](zeros, (slice(None), slice(None), places), parts, True)
    out = reshape(whole, x.shape[0], channels, height, width)
    out = out[:, :, p[0] : p[0] + h, p[1] : p[1] + w]
    return out if input.ndim == 3 else out.squeeze(0)


def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:  # fmt: skip
    """The input in another size: nearest elements, or straight lines between them."""
    n = input.ndim - 2
    scales = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * n
    if size is not None:
        sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,) * n
        scales = (None,) * n
    else:
        sizes = tuple(int(m * s) for m, s in zip(input.shape[2:], scales, strict=True))
    if recompute_scale_factor:
        scales = (None,) * n
    if mode == "area":
        from .convolution import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[n - 1](input, sizes)
    out = input
    for i, (m, scale) in enumerate(zip(sizes, scales, strict=True)):
        d = 2 + i
        matrix = _resampling(input.shape[d], m, scale, mode, bool(align_corners))
        moved = out.movedim(d, -1)
        out = (moved @ fresh(matrix.T.astype(input._a.dtype))).movedim(-1, d)
    return out


def _resampling(n: int, m: int, scale: Any, mode: str, corners: bool) -> np.ndarray:
    """A matrix that makes `m` elements of `n`."""
    step = n / m if scale is None else 1 / scale
    k = np.arange(m)
    if mode.startswith("nearest"):
        at = np.floor((k + 0.5) * step) if mode == "nearest-exact" else np.floor(k * step)
        low = high = np.minimum(at.astype(int), n - 1)
        part = np.zeros(m)
    else:
        at = k * ((n - 1) / max(m - 1, 1)) if corners else (k + 0.5) * step - 0.5
        if mode == "bicubic":
            return _cubic(n, at)
        at = np.maximum(at, 0)
        low = np.minimum(np.floor(at).astype(int), n - 1)
        high, part = np.minimum(low + 1, n - 1), at - low
    out = np.zeros((m, n))
    np.add.at(out, (k, low), 1 - part)
    np.add.at(out, (k, high), part)
    return out


def _cubic(n: int, at: np.ndarray) -> np.ndarray:
    """A matrix that interpolates at these places by cubic convolution, with a = -0.75."""
    a, low, rows = -0.75, np.floor(at).astype(int), np.arange(len(at))
    out = np.zeros((len(at), n))
    for shift in (-1, 0, 1, 2):
        d = np.abs(at - low - shift)
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = ((d - 5) * d + 8) * d * a - 4 * a
        weight = np.where(d <= 1, near, far)
        np.add.at(out, (rows, np.clip(low + shift, 0, n - 1)), weight)
    return out


def upsample(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
             align_corners: Any = None) -> Tensor:  # fmt: skip
    """The old name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The input in another size, by nearest elements."""
    return interpolate(input, size, scale_factor)


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The input in another size, by straight lines from corner to corner."""
    return interpolate(input, size, scale_factor, "bilinear", True)


# -- losses ----------------------------------------------------------------------------------------


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return losses if reduction == "none" else getattr(losses, reduction)()


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """1 - cosine for pairs that belong together (1), the cosine over a margin for others (-1)."""
    tiny = 1e-12
    product = (input1 * input2).sum(-1)
    sizes = ((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)
    cosine = product / sizes.sqrt()
    zeros = fresh(np.zeros_like(cosine._a))
    together = PUBLIC["where"](target == 1, 1 - cosine, zeros)
    apart = PUBLIC["where"](target == -1, (cosine - margin).clamp(min=0), zeros)
    return _reduced(together + apart, reduction)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
    eps: float = 1e-6, swap: bool = False, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """How much nearer than a margin the negative example is than the positive one."""

    def apart(a: Tensor, b: Tensor) -> Tensor:
        return PUBLIC["norm"](a - b + eps, p, -1)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=apart, margin=margin, swap=swap,
        reduction=reduction,
    )  # fmt: skip


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Any = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The same with any distance."""
    apart = distance_function or (lambda a, b: PUBLIC["norm"](a - b + 1e-6, 2, -1))
    near, far = apart(anchor, positive), apart(anchor, negative)
    if swap:
        far = PUBLIC["minimum"](far, apart(positive, negative))
    return _reduced((near - far + margin).clamp(min=0), reduction)


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Any = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """How far other classes come within a margin of the right one."""
    x = input if input.ndim > 1 else reshape(input, 1, -1)
    labels = reshape(target, -1, 1)
    short = (margin - x.gather(1, labels) + x).clamp(min=0).pow(p)
    if weight is not None:
        short = short * W["index"](weight, (labels._a,))
    others = fresh(np.arange(x.shape[1]) != labels._a)
    losses = (short * others).sum(1) / x.shape[1]
    return _reduced(losses if input.ndim > 1 else losses[0], reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Any = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean over classes of each class's cross entropy."""
    logs = W["log_sigmoid"]
    losses = -(target * logs(input) + (1 - target) * logs(-input))
    losses = losses if weight is None else losses * weight
    return _reduced(losses.mean(-1), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """How far other classes come within 1 of the right ones (listed up to the first -1)."""
    x, t = (v if v.ndim > 1 else v.reshape(1, -1) for v in (input, target))
    losses = []
    for row, labels in zip(x.unbind(0), t._a, strict=True):
        ends = np.flatnonzero(labels < 0)
        right = labels[: ends[0] if ends.size else len(labels)]
        others = np.setdiff1d(np.arange(row.shape[0]), right)
        gaps = 1 - W["index"](row, (right,)).unsqueeze(1) + W["index"](row, (others,)).unsqueeze(0)
        losses.append(gaps.clamp(min=0).sum() / row.shape[0])
    made = stack(losses)
    return _reduced(made if input.ndim > 1 else made[0], reduction)


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """Minus the log of the probability that the rows spell the target, blanks between."""
    x = log_probs if log_probs.ndim == 3 else log_probs.unsqueeze(1)
    times, sizes = (
        np.reshape(n._a if isinstance(n, Tensor) else np.asarray(n), -1)
        for n in (input_lengths, target_lengths)
    )
    ends = np.cumsum(sizes)
    losses = []
    for b, (time, size) in enumerate(zip(times, sizes, strict=True)):
        row = (
            targets._a[ends[b] - size : ends[b]]
            if targets.ndim == 1 and x.shape[1] > 1
            else (targets._a.reshape(x.shape[1], -1)[b, :size])
        )
        losses.append(_spelled(x[:, b], row, int(time), blank))
    made = stack(losses)
    if zero_infinity:
        made = PUBLIC["where"](made.isinf(), 0.0, made)
    if reduction == "mean":
        return (made / fresh(np.maximum(sizes, 1).astype(made._a.dtype))).mean()
    out = _reduced(made, reduction)
    return out[0] if log_probs.ndim == 2 and reduction == "none" else out


# (In the place of minus infinity, whose differences are no numbers.)
_NEVER = -1e30


def _spelled(x: Tensor, labels: np.ndarray, time: int, blank: int) -> Tensor:
    """Forward through time: for each place in the spelling, the log of having got there."""
    spelling = np.full(2 * len(labels) + 1, blank)
    spelling[1::2] = labels
    n = len(spelling)
    skips = np.zeros(n, bool)
    skips[2:] = (spelling[2:] != blank) & (spelling[2:] != spelling[:-2])
    never = fresh(np.full(2, _NEVER, x._a.dtype))
    here = W["index"](x[0], (spelling[:2],)) if n > 1 else x[0, blank : blank + 1]
    here = cat([here, fresh(np.full(n - here.shape[0], _NEVER, x._a.dtype))])
    for t in range(1, time):
        behind = cat([never, here])
        skipped = PUBLIC["where"](fresh(skips), behind[:n], fresh(np.asarray(_NEVER, x._a.dtype)))
        ways = stack([here, behind[1 : n + 1], skipped])
        here = ways.logsumexp(0) + W["index"](x[t], (spelling,))
    loss = -here[-2:].logsumexp(0)
    return PUBLIC["where"](loss > -_NEVER / 2, math.inf, loss)


# -- chance ----------------------------------------------------------------------------------------


def _kept(input: Tensor, p: float, shape: tuple) -> Tensor:
    """Ones with probability 1 - p, else zeros."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return creation.make(np.zeros(shape, input._a.dtype)).bernoulli_(1 - p)


def _feature_dropout(dims: int) -> Any:
    def dropout(
        input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training or p == 0:
            return input
        lead = 2 if dims == 2 else input.ndim - dims  # (A 3-d input is a batch here.)
        mask = _kept(input, p, (*input.shape[:lead], *[1] * (input.ndim - lead)))
        out = input * (mask / (1 - p) if p < 1 else mask)
        return input.copy_(out) if inplace else out

    dropout.__name__ = f"dropout{dims}d"
    dropout.__doc__ = "While training: whole channels are zero with probability p."
    return dropout


dropout1d, dropout2d, dropout3d = map(_feature_dropout, (1, 2, 3))


def _self_normalizing(input: Tensor, p: float, mask: Tensor, inplace: bool) -> Tensor:
    alpha = 1.7580993408473766
    a = ((alpha**2 * p + 1) * (1 - p)) ** -0.5 if p < 1 else 0.0
    out = input * (mask * a) + ((mask - 1) * (alpha * a) + alpha * a * p)
    return input.copy_(out) if inplace else out


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean and variance."""
    if not training or p == 0:
        return input
    return _self_normalizing(input, p, _kept(input, p, tuple(input.shape)), inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """The same for whole channels."""
    if not training or p == 0:
        return input
    shape = (*input.shape[:2], *[1] * (input.ndim - 2))
    return _self_normalizing(input, p, _kept(input, p, shape), inplace)


def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
          inplace: bool = False) -> Tensor:  # fmt: skip
    """Leaky ReLU with slopes drawn while training, else the mean of their bounds."""
    slope: Any = (lower + upper) / 2
    if training:
        # Drawn one by one, and only where they are needed.
        below = ~(input._a > 0)
        slopes = np.ones_like(input._a)
        draws = default_generator.uniform(int(below.sum()), np.dtype("f8"))
        slopes[below] = draws * (upper - lower) + lower
        slope = fresh(slopes)
    out = PUBLIC["where"](input > 0, input, input * slope)
    return input.copy_(out) if inplace else out


def rrelu_(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3,
           training: bool = False) -> Tensor:  # fmt: skip
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A softmax drawn at random; if `hard`, ones and zeros with the gradient of the soft one."""
    noise = creation.make(np.zeros_like(logits._a)).exponential_().log()
    soft = ((logits - noise) / tau).softmax(dim)
    if not hard:
        return soft
    best = soft.max(dim, keepdim=True)[1]
    ones = fresh(np.zeros_like(soft._a)).scatter_(wrap_dim(dim, soft.ndim), best, 1.0)
    return ones - soft.detach() + soft


# -- looking up, pooling, attending ----------------------------------------------------------------


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(query @ key.T / sqrt(size)) @ value."""
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (t.repeat_interleave(times, -3) for t in (key, value))
    size = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query @ key.transpose(-2, -1)) * size
    if is_causal:
        n, m = scores.shape[-2:]
        scores = scores.masked_fill(fresh(~np.tri(n, m, dtype=bool)), -math.inf)
    elif attn_mask is not None and attn_mask._a.dtype == np.bool_:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    weights = scores.softmax(-1)
    if dropout_p:
        weights = weights * (_kept(weights, dropout_p, tuple(weights.shape)) / (1 - dropout_p))
    return weights @ value


def _adaptive_max(n: int) -> Any:
    def pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        sizes = (output_size,) * n if isinstance(output_size, int) else tuple(output_size)
        lead = input.ndim - n
        inner = tuple(input.shape[lead:])
        sizes = tuple(m or size for m, size in zip(sizes, inner, strict=True))
        flat = reshape(input, *input.shape[:lead], -1)
        grid = np.arange(math.prod(inner)).reshape(inner)
        values, places = [], []
        for cell in np.ndindex(sizes):
            part = grid[tuple(
                slice(c * size // m, -(-(c + 1) * size // m))
                for c, m, size in zip(cell, sizes, inner, strict=True)
            )].reshape(-1)  # fmt: skip
            best = W["index"](flat, (..., part)).max(-1)
            values.append(best[0])
            places.append(part[best[1]._a])
        out = reshape(stack(values, -1), *input.shape[:lead], *sizes)
        if not return_indices:
            return out
        return out, fresh(np.stack(places, -1).reshape(out._a.shape))

    pool.__name__ = f"adaptive_max_pool{n}d"
    pool.__doc__ = "The largest element of each part, as many parts as asked for."
    return pool


adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = map(_adaptive_max, (1, 2, 3))


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Any = None, max_norm: Any = None,
    norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean",
    sparse: bool = False, per_sample_weights: Any = None, include_last_offset: bool = False,
    padding_idx: Any = None,
) -> Tensor:  # fmt: skip
    """The sum, mean or largest of the rows of each bag."""
    if input.ndim == 2:
        starts = list(range(0, input.numel(), input.shape[1]))
        if per_sample_weights is not None:
            per_sample_weights = reshape(per_sample_weights, -1)
    else:
        starts = offsets.tolist()
        starts = starts[:-1] if include_last_offset else starts
    flat = input._a.reshape(-1)
    padding_idx = None if padding_idx is None else padding_idx % weight.shape[0]
    out = []
    for start, end in zip(starts, [*starts[1:], len(flat)], strict=True):
        kept = np.arange(start, end)
        if padding_idx is not None:
            kept = kept[flat[kept] != padding_idx]
        rows = W["index"](weight, (flat[kept],))
        if per_sample_weights is not None:
            rows = rows * W["index"](per_sample_weights, (kept,)).unsqueeze(1)
        empty = not len(kept)
        reduced = "sum" if empty else {"max": "amax"}.get(mode, mode)
        out.append(getattr(rows, reduced)(0))
    return stack(out) if out else weight.new_zeros(0, weight.shape[1])


# What functional takes over.
NAMES = {
    name: function
    for name, function in list(globals().items())
    if getattr(function, "__module__", "") == __name__ and not name.startswith("_")
}
