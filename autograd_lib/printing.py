"""How tensors print: torch's layout, to the character.

All elements of a tensor share one format. Whole numbers print as ``1.``; otherwise four decimals,
or scientific notation when the numbers are too big, too small or too far apart for that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes
from .dtypes import FROM_NUMPY


class _Options:
    precision = 4
    threshold = 1000.0
    edgeitems = 3
    linewidth = 80
    sci_mode: bool | None = None


options = _Options()
_PROFILES = {
    "default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, math.inf, 3, 80),
}  # fmt: skip


def set_printoptions(
    precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
    linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None,
) -> None:  # fmt: skip
    """Change how tensors print; `profile` is one of default, short, full."""
    if profile is not None:
        p = _PROFILES[profile]
        options.precision, options.threshold, options.edgeitems, options.linewidth = p
    for name, value in (
        ("precision", precision), ("threshold", threshold), ("edgeitems", edgeitems),
        ("linewidth", linewidth),
    ):  # fmt: skip
        if value is not None:
            setattr(options, name, value)
    options.sci_mode = sci_mode


class _Format:
    """The common format of some numbers: decide once, then print each."""

    def __init__(self, a: np.ndarray):
        self.floating = a.dtype.kind == "f"
        self.whole, self.scientific, self.width = True, False, 1
        flat = a.reshape(-1)
        if not self.floating:
            for x in flat.tolist():
                self.width = max(self.width, len(str(x)))
            return
        # Zeros, infinities and NaN have no say in the format, and may stick out of it.
        useful = flat[np.isfinite(flat) & (flat != 0)]
        if useful.size == 0:
            return
        size = np.abs(useful).astype(np.float64)
        biggest, smallest = float(size.max()), float(size.min())
        self.whole = bool((useful == np.ceil(useful)).all())
        self.scientific = (
            biggest / smallest > 1000.0 or biggest > 1.0e8 or (not self.whole and smallest < 1.0e-4)
        )
        if options.sci_mode is not None:
            self.scientific = options.sci_mode
        self.width = max(len(self._one(x)) for x in useful.tolist())

    def _one(self, x: float) -> str:
        if self.scientific:
            return f"{x:.{options.precision}e}"
        if self.whole:
            text = f"{x:.0f}"
            return text if not math.isfinite(x) else text + "."
        return f"{x:.{options.precision}f}"

    def __call__(self, x: Any) -> str:
        text = self._one(x) if self.floating else str(x)
        return text.rjust(self.width)


class _ComplexFormat:
    def __init__(self, a: np.ndarray):
        self.real, self.imag = _Format(a.real), _Format(a.imag)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, x: complex) -> str:
        imag = self.imag(x.imag).lstrip()
        sign = "" if imag.startswith("-") else "+"
        return f"{self.real(x.real)}{sign}{imag}j"


def _format_of(a: np.ndarray) -> Any:
    return _ComplexFormat(a) if a.dtype.kind == "c" else _Format(a)


def _summary(a: np.ndarray) -> np.ndarray:
    """The elements that will be shown."""
    edge = options.edgeitems
    for d in range(a.ndim):
        if a.shape[d] > 2 * edge:
            keep = [*range(edge), *range(a.shape[d] - edge, a.shape[d])]
            a = np.take(a, keep, d)
    return a


def _vector(a: np.ndarray, indent: int, summarize: bool, show: Any) -> str:
    per_line = max(1, math.floor((options.linewidth - indent) / (show.width + 2)))
    edge = options.edgeitems
    if summarize and not edge:
        words = ["..."]
    elif summarize and a.shape[0] > 2 * edge:
        values = a.tolist()
        words = [show(x) for x in values[:edge]] + [" ..."] + [show(x) for x in values[-edge:]]
    else:
        words = [show(x) for x in a.tolist()]
    lines = [words[i : i + per_line] for i in range(0, len(words), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"


def _body(a: np.ndarray, indent: int, summarize: bool, show: Any) -> str:
    if a.ndim == 0:
        return show(a.item())
    if a.ndim == 1:
        return _vector(a, indent, summarize, show)
    edge = options.edgeitems
    if summarize and a.shape[0] > 2 * edge:
        parts = [_body(x, indent + 1, summarize, show) for x in a[:edge]]
        parts.append("...")
        parts += [_body(x, indent + 1, summarize, show) for x in a[-edge:]]
    else:
        parts = [_body(x, indent + 1, summarize, show) for x in a]
    return "[" + ("," + "\n" * (a.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def tensor_text(t: Any, indent: int) -> str:
    a = t._a
    if a.dtype == np.float16:
        a = a.astype(np.float32)
    summarize = a.size > options.threshold
    return _body(a, indent, summarize, _format_of(_summary(a) if summarize else a))


def tensor_repr(t: Any) -> str:
    """The text of ``repr(t)``."""
    prefix = "tensor(" if type(t).__name__ in ("Tensor", "Parameter") else f"{type(t).__name__}("
    indent = len(prefix)
    kind = FROM_NUMPY[t._a.dtype]
    quiet = kind in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool) or (
        kind.is_complex and kind is dtypes.complex64
    )
    suffixes = []
    if t._a.size == 0:
        if t._a.ndim != 1:
            suffixes.append(f"size={tuple(t._a.shape)}")
        if kind is not dtypes.get_default_dtype():
            suffixes.append(f"dtype={kind}")
        text = "[]"
    else:
        if not quiet:
            suffixes.append(f"dtype={kind}")
        text = tensor_text(t, indent)
    try:
        node = t.grad_fn
    except RuntimeError:  # a view that cannot follow what happened to its base
        return _join(prefix + text, [*suffixes, "grad_fn=<Invalid>"], indent)
    if node is not None:
        name = type(node).__name__
        if name == "CppFunction":
            name = node.name().rsplit("::", 1)[-1]
        suffixes.append(f"grad_fn=<{name}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    return _join(prefix + text, suffixes, indent)


def _join(text: str, suffixes: list[str], indent: int) -> str:
    """Append the suffixes, on a new line where the last one has become too long."""
    parts = [text]
    last = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        n = len(suffix)
        if last + n + 2 > options.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            last = indent + n
        else:
            parts.append(", " + suffix)
            last += n + 2
    return "".join(parts) + ")"
