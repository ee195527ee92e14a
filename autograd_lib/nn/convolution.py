"""The table, continued: convolution and pooling, in any number of dimensions.

A convolution adds up, over the positions of the kernel, a shifted part of the input times the
weights at that position. It is linear in the input and in the weights, so there are three
operations, each the derivative of the others: the convolution, its transpose with respect to the
input, and its transpose with respect to the weights.
"""

# The table is laid out by hand, an entry's parts aligned.
# fmt: off
# mypy: disable-error-code="has-type,var-annotated,no-untyped-def"
from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..derivatives import reshape, scatter_add_, slice_, sum, zeros_of
from ..recorder import WORDS as W
from ..recorder import Array, Optional, op, word
from ..tensor import Tensor

_einsum = np.einsum


def _positions(sizes: Any) -> Any:
    return itertools.product(*map(range, sizes))


def _window(position: Any, stride: Any, dilation: Any, out: Any) -> tuple:
    """The part of a padded input that the kernel's `position` touches."""
    return (slice(None), slice(None), *(
        slice(p * d, p * d + s * (n - 1) + 1 if n else p * d, s)
        for p, s, d, n in zip(position, stride, dilation, out, strict=True)))


def _padded(a: np.ndarray, padding: Any) -> np.ndarray:
    if not any(padding):
        return a
    return np.pad(a, [(0, 0), (0, 0), *((p, p) for p in padding)])


def _grouped(a: np.ndarray, groups: int, axis: int) -> np.ndarray:
    """One dimension split into (groups, rest)."""
    shape = a.shape
    return a.reshape(*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :])


def out_sizes(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple:
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


@op(public=False, error="conv", node="ConvolutionBackward0",
    input="conv_input(grad, weight, input_sym_sizes, stride, padding, dilation, groups)",
    weight="conv_weight(grad, input, weight_sym_sizes, stride, padding, dilation, groups)",
    bias="bias_back(grad)")
def convolution(input: Array, weight: Array, bias: Optional, stride, padding, dilation, groups):
    x, kernel = _padded(input, padding), weight.shape[2:]
    out = out_sizes(input.shape[2:], kernel, stride, padding, dilation)
    g = groups
    total = np.zeros((x.shape[0], weight.shape[0], *out), x.dtype)
    w = _grouped(weight, g, 0)
    target = _grouped(total, g, 1)
    for position in _positions(kernel):
        part = _grouped(x[_window(position, stride, dilation, out)], g, 1)
        target += _einsum("ngi...,goi->ngo...", part, w[(..., *position)], optimize=True)
    if bias is not None:
        total += bias.reshape(1, -1, *(1,) * len(out))
    return total


@op(public=False, node="ConvolutionBackwardBackward0",
    gy="cropped(convolution(grad, weight, None, stride, padding, dilation, groups), gy_sym_sizes)",
    weight="conv_weight(gy, grad, weight_sym_sizes, stride, padding, dilation, groups)")
def conv_input(gy: Array, weight: Array, size, stride, padding, dilation, groups):
    """The transpose with respect to the input: from outputs `gy` back to inputs of this `size`."""
    kernel, out, g = weight.shape[2:], gy.shape[2:], groups
    full = [n + 2 * p for n, p in zip(size[2:], padding, strict=True)]
    x = np.zeros((*size[:2], *full), gy.dtype)
    w, y = _grouped(weight, g, 0), _grouped(gy, g, 1)
    for position in _positions(kernel):
        part = _einsum("ngo...,goi->ngi...", y, w[(..., *position)], optimize=True)
        x[_window(position, stride, dilation, out)] += part.reshape(
            part.shape[0], -1, *part.shape[3:])
    inner = tuple(slice(p, p + n) for n, p in zip(size[2:], padding, strict=True))
    return x[(slice(None), slice(None), *inner)]


@word
def cropped(x, shape):
    """Without the rows that output_padding added."""
    for d in range(2, x.ndim):
        if x.shape[d] > shape[d]:
            x = slice_(x, d, 0, shape[d])
    return x


@op(public=False, node="ConvolutionBackwardBackward0",
    gy="cropped(convolution(input, grad, None, stride, padding, dilation, groups), gy_sym_sizes)",
    input="conv_input(gy, grad, input_sym_sizes, stride, padding, dilation, groups)")
def conv_weight(gy: Array, input: Array, size, stride, padding, dilation, groups):
    """The transpose with respect to the weights."""
    x, out, g = _padded(input, padding), gy.shape[2:], groups
    w = np.zeros(size, gy.dtype)
    target, y = _grouped(w, g, 0), _grouped(gy, g, 1)
    for position in _positions(size[2:]):
        part = _grouped(x[_window(position, stride, dilation, out)], g, 1)
        target[(..., *position)] = _einsum("ngo...,ngi...->goi", y, part, optimize=True)
    return w


@word
def bias_back(grad):
    return sum(grad, tuple(d for d in range(grad.ndim) if d != 1))



# == Pooling =======================================================================================


@op(public=False, node="MaxPool2DWithIndicesBackward0", outputs=2, names=("output", "indices"),
    error="max_pool",
    self="pool_back(grad, tuple(self.shape), indices)")
def max_pool_(self: Array, kernel, stride, padding, dilation, out):
    """The largest element of each window, and its place in the (flattened) input."""
    size = self.shape[2:]
    widths = [
        (p, max(0, (n - 1) * s + d * (k - 1) + 1 - p - m))
        for p, n, s, d, k, m in zip(padding, out, stride, dilation, kernel, size, strict=True)
    ]
    low = -np.inf if self.dtype.kind == "f" else np.iinfo(self.dtype).min
    x = np.pad(self, [(0, 0), (0, 0), *widths], constant_values=low)
    places = np.pad(np.arange(math.prod(size)).reshape(size), widths, constant_values=-1)
    best = np.full((*self.shape[:2], *out), low, self.dtype)
    where = np.full(best.shape, -1)
    for position in _positions(kernel):
        window = _window(position, stride, dilation, out)
        part = x[window]
        here = np.broadcast_to(places[window[2:]], part.shape)
        better = (here >= 0) & ((part > best) | np.isnan(part) | (where < 0))
        best, where = np.where(better, part, best), np.where(better, here, where)
    return best, where


@word
def pool_back(grad, shape, indices):
    n = math.prod(shape[2:])
    flat = scatter_add_(
        zeros_of((shape[0], shape[1], n), grad), 2,
        reshape(indices, (shape[0], shape[1], -1 if grad_size(grad) else 0)),
        reshape(grad, (shape[0], shape[1], -1 if grad_size(grad) else 0)),
    )
    return reshape(flat, shape)


def grad_size(g):
    return math.prod(g.shape)




def _divisors(size, kernel, stride, padding, out, include_pad, override):
    """By how much each window's sum is divided."""
    if override:
        return float(override)
    sizes = []
    for n, k, s, p, m in zip(size, kernel, stride, padding, out, strict=True):
        start = np.arange(m) * s - p
        end = np.minimum(start + k, n + p)
        if not include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, n)
        sizes.append(end - start)
    return np.prod(np.stack(np.meshgrid(*sizes, indexing="ij")), 0).astype(float)


@op(public=False, node="AvgPool2DBackward0", error="avg_pool",
    self="avg_pool_back(grad, self_sym_sizes, kernel, stride, padding, out, include_pad, "
         "override)",
    hides=("kernel", "out", "include_pad", "override"))
def avg_pool_(self: Array, kernel, stride, padding, out, include_pad=True, override=None):
    size = self.shape[2:]
    widths = _pool_widths(size, kernel, stride, padding, out)
    x = np.pad(self, [(0, 0), (0, 0), *widths])
    total = np.zeros((*self.shape[:2], *out), self.dtype)
    ones = (1,) * len(out)
    for position in _positions(kernel):
        total += x[_window(position, stride, ones, out)]
    return (total / _divisors(size, kernel, stride, padding, out, include_pad, override)).astype(
        self.dtype)


def _pool_widths(size, kernel, stride, padding, out):
    return [
        (p, max(0, (n - 1) * s + k - p - m))
        for p, n, s, k, m in zip(padding, out, stride, kernel, size, strict=True)
    ]


@op(public=False, node="AvgPool2DBackwardBackward0",
    gy="avg_pool_(grad, kernel, stride, padding, out, include_pad, override)")
def avg_pool_back(gy: Array, shape, kernel, stride, padding, out, include_pad, override):
    size = shape[2:]
    widths = _pool_widths(size, kernel, stride, padding, out)
    full = [n + a + b for n, (a, b) in zip(size, widths, strict=True)]
    x = np.zeros((*shape[:2], *full), gy.dtype)
    g = (gy / _divisors(size, kernel, stride, padding, out, include_pad, override)).astype(gy.dtype)
    for position in _positions(kernel):
        x[_window(position, stride, (1,) * len(out), out)] += g
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(size, widths, strict=True))
    return x[(slice(None), slice(None), *inner)]


# == As functions ==================================================================================


def _many(x: Any, n: int) -> tuple:
    return (int(x),) * n if isinstance(x, int) else tuple(x) * (n if len(x) == 1 else 1)


def _batched(input: Tensor, n: int) -> tuple[Tensor, bool]:
    if input.ndim == n + 1:
        return W["unsqueeze"](input, 0), True
    return input, False


def _unbatched(out: Tensor, single: bool) -> Tensor:
    return W["squeeze_dim"](out, 0) if single else out


def _conv(n: int) -> Any:
    def conv(
        input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Tensor:
        x, single = _batched(input, n)
        stride, dilation = _many(stride, n), _many(dilation, n)
        kernel = weight.shape[2:]
        if x.ndim != n + 2:
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to conv{n}d, but got "
                f"input of size: {list(input.shape)}"
            )
        if x.shape[1] != weight.shape[1] * groups:
            raise RuntimeError(
                f"Given groups={groups}, weight of size {list(weight.shape)}, expected "
                f"input{list(x.shape)} to have {weight.shape[1] * groups} channels, but got "
                f"{x.shape[1]} channels instead"
            )
        if padding == "valid":
            padding = 0
        elif padding == "same":
            both = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
            extra = [b % 2 for b in both]
            if any(extra):
                from .functional import pad

                x = pad(x, [v for e in reversed(extra) for v in (0, e)])
            padding = [b // 2 for b in both]
        out = W["convolution"](x, weight, bias, stride, _many(padding, n), dilation, groups)
        return _unbatched(out, single)

    conv.__name__ = f"conv{n}d"
    conv.__doc__ = f"Convolution (cross-correlation) over {n} dimensions."
    return conv


def _conv_transpose(n: int) -> Any:
    def conv(
        input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Tensor:
        x, single = _batched(input, n)
        stride, padding, dilation, more = (
            _many(v, n) for v in (stride, padding, dilation, output_padding)
        )
        size = tuple(
            (m - 1) * s - 2 * p + d * (k - 1) + o + 1
            for m, s, p, d, k, o in zip(x.shape[2:], stride, padding, dilation, weight.shape[2:],
                                        more, strict=True)
        )
        full = (x.shape[0], weight.shape[1] * groups, *size)
        out = W["conv_input"](x, weight, full, stride, padding, dilation, groups)
        if bias is not None:
            out = out + bias.reshape(1, -1, *(1,) * n)
        return _unbatched(out, single)

    conv.__name__ = f"conv_transpose{n}d"
    conv.__doc__ = f"The transpose of a convolution over {n} dimensions."
    return conv


conv1d, conv2d, conv3d = _conv(1), _conv(2), _conv(3)
conv_transpose1d, conv_transpose2d, conv_transpose3d = (_conv_transpose(n) for n in (1, 2, 3))


def _pooled(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> tuple:
    out = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        m = -(-span // s) + 1 if ceil else span // s + 1
        # The last window must start inside the input or its left padding.
        if ceil and (m - 1) * s >= n + p:
            m -= 1
        out.append(m)
    return tuple(out)


def _max_pool(n: int) -> Any:
    def pool(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:
        x, single = _batched(input, n)
        kernel, padding, dilation = (_many(v, n) for v in (kernel_size, padding, dilation))
        stride = _many(stride, n) if stride or stride == 0 else kernel
        out = _pooled(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
        best, where = W["max_pool_"](x, kernel, stride, padding, dilation, out)
        best = _unbatched(best, single)
        return (best, _unbatched(where, single)) if return_indices else best

    pool.__name__ = f"max_pool{n}d"
    pool.__doc__ = f"The largest element of each window over {n} dimensions."
    return pool


max_pool1d, max_pool2d, max_pool3d = _max_pool(1), _max_pool(2), _max_pool(3)


def _avg_pool(n: int) -> Any:
    def pool(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
        ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Tensor:
        x, single = _batched(input, n)
        kernel, padding = _many(kernel_size, n), _many(padding, n)
        stride = _many(stride, n) if stride or stride == 0 else kernel
        out = _pooled(x.shape[2:], kernel, stride, padding, (1,) * n, ceil_mode)
        r = W["avg_pool_"](x, kernel, stride, padding, out, count_include_pad, divisor_override)
        return _unbatched(r, single)

    pool.__name__ = f"avg_pool{n}d"
    pool.__doc__ = f"The mean of each window over {n} dimensions."
    return pool


avg_pool1d, avg_pool2d, avg_pool3d = _avg_pool(1), _avg_pool(2), _avg_pool(3)


def _adaptive_avg(n: int) -> Any:
    def pool(input: Tensor, output_size: Any) -> Tensor:
        sizes = _many(output_size, n) if isinstance(output_size, int) else tuple(output_size)
        out = input
        for i, m in enumerate(sizes):
            d = input.ndim - n + i
            size = input.shape[d]
            m = size if m is None else m
            # A matrix of averages: row j has 1 / length in the j-th part.
            a = np.zeros((m, size), input._a.dtype)
            for j in range(m):
                start, end = j * size // m, -(-(j + 1) * size // m)
                a[j, start:end] = 1 / (end - start)
            from ..tensor import fresh

            moved = W["transpose"](out, d, -1)
            out = W["transpose"](W["matmul"](moved, fresh(a.T.copy())), d, -1)
        return out

    pool.__name__ = f"adaptive_avg_pool{n}d"
    pool.__doc__ = "Means over parts, as many as asked for."
    return pool


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = map(_adaptive_avg, (1, 2, 3))
