"""Run torch's own operator database on torch and on the engine, and compare.

For every sample input of an operation in float64: the results, the gradients for random weights,
and the gradients of those gradients. Needs torch and expecttest; run as
``python tests/torch/opdb.py [name ...]`` for a report.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

import autograd_lib as ours

TOLERANCE = {torch.float64: (1e-7, 1e-7), torch.float32: (1e-3, 1e-4)}


# Where the exact answer is zero and single precision leaves a remainder on torch's side.
# (The weights of cov are float32, whatever its input is.)
REMAINDERS = {"cov": 1e-6, "nn.functional.layer_norm": 1e-3, "nn.functional.normalize": 1e-3}


@dataclass
class Report:
    name: str
    samples: int = 0
    failures: list[str] = field(default_factory=list)
    missing: bool = False

    @property
    def good(self) -> bool:
        return not self.missing and not self.failures and self.samples > 0


def find(name: str) -> Any:
    """Our operation of this name: a function, or a method of Tensor."""
    if name in ADAPTED:
        return ADAPTED[name]
    place: Any = ours
    with contextlib.suppress(AttributeError):
        for part in name.split("."):
            place = getattr(place, part)
        if not isinstance(place, ours.dtype):
            return place
    method = getattr(ours.Tensor, name, None)
    return method.fget if isinstance(method, property) else method


# Where the database gives the arguments in another order than torch's function takes them.
ADAPTED: dict[str, Any] = {
    "where": lambda x, condition, other: ours.where(condition, x, other),
    "polygamma": lambda x, n: ours.polygamma(n, x),
    "special.polygamma": lambda x, n: ours.special.polygamma(n, x),
    "nn.functional.embedding": lambda w, i, **k: ours.nn.functional.embedding(i, w, **k),
    "nn.functional.embedding_bag": lambda w, i, **k: ours.nn.functional.embedding_bag(i, w, **k),
    "einsum": lambda tensors, equation: ours.einsum(equation, tensors),
}


def seeded(name: str) -> Any:
    """The database draws random operations from seed 42."""

    def run(*args: Any, **kwargs: Any) -> Any:
        ours.manual_seed(42)
        place: Any = ours
        for part in name.split("."):
            place = getattr(place, part)
        return place(*args, **kwargs)

    return run


ADAPTED |= {
    name: seeded(name)
    for name in (
        "normal", "bernoulli", "nn.functional.dropout", "nn.functional.dropout2d",
        "nn.functional.dropout3d", "nn.functional.alpha_dropout",
        "nn.functional.feature_alpha_dropout", "nn.functional.rrelu",
        "nn.functional.scaled_dot_product_attention",
    )
}  # fmt: skip


def entries() -> dict[str, list[Any]]:
    """The differentiable entries of the database, by name."""
    found: dict[str, list[Any]] = {}
    for op in op_db:
        if not op.supports_autograd or torch.float64 not in op.dtypes:
            continue
        # Names in underscores are internal. Variants of pinv are the database's own compositions;
        # those of normal are drawn without a fixed seed.
        special = op.name in {"linalg.pinv", "normal"} and op.variant_test_name
        # Samples of as_strided begin before their input, in memory that `convert` leaves behind;
        # the gradient of as_strided_scatter is torch's of the window, where it should be the rest.
        special = special or op.name in {"as_strided", "as_strided_scatter"}
        # Its samples hand over functions of torch's.
        special = special or op.name == "nn.functional.triplet_margin_with_distance_loss"
        if op.name.strip("_") == op.name and not special:
            found.setdefault(op.name, []).append(op)
    return found


def convert(x: Any) -> Any:
    """torch's argument as ours, on the same memory."""
    if isinstance(x, torch.Tensor):
        t = ours.from_numpy(x.detach().numpy())
        return t.requires_grad_() if x.requires_grad else t
    if isinstance(x, torch.dtype):
        return getattr(ours, str(x).removeprefix("torch."))
    if isinstance(x, torch.Size):
        return ours.Size(x)
    if isinstance(x, (list, tuple)):
        if hasattr(x, "_fields"):
            return type(x)(*map(convert, x))
        return type(x)(map(convert, x))
    if isinstance(x, dict):
        return {k: convert(v) for k, v in x.items()}
    if isinstance(x, torch.device):
        return ours.device(str(x))
    if isinstance(x, torch.memory_format):
        return ours.contiguous_format
    if isinstance(x, torch.nn.functional.__class__):
        return x
    return x


def tensors(x: Any, kind: type) -> list[Any]:
    """The tensors in nested containers, in order."""
    if isinstance(x, kind):
        return [x]
    if isinstance(x, dict):
        return [t for v in x.values() for t in tensors(v, kind)]
    if isinstance(x, (list, tuple)):
        return [t for v in x for t in tensors(v, kind)]
    return []


def close(a: Any, b: Any, dtype: Any, name: str = "") -> str:
    """Why our `a` is not torch's `b`; nothing if it is."""
    if b is None or a is None:
        x = a if b is None else b
        if x is None:
            return ""
        # A missing gradient and one of zeros are the same answer.
        z = x.detach().numpy(force=True)
        tiny = 1e-6 if dtype == torch.float32 else 0.0
        return "" if not np.any(np.abs(z) > tiny) else f"one is None, the other {x}"
    b = b.detach().resolve_conj().resolve_neg()
    if tuple(a.shape) != tuple(b.shape):
        return f"shape {tuple(a.shape)} instead of {tuple(b.shape)}"
    if str(a.dtype) != str(b.dtype):
        return f"type {a.dtype} instead of {b.dtype}"
    x, y = a.detach().numpy(), b.numpy(force=True)
    rtol, atol = TOLERANCE[dtype]
    if (dtype == torch.float32 or name == "cov") and y.size:
        # What cancels in single precision is lost on either side: measure by the largest element.
        atol = max(atol, REMAINDERS.get(name, 0.0))
        atol *= max(1.0, float(np.nan_to_num(np.abs(y), nan=0.0, posinf=0.0).max()))
    if not np.allclose(x, y, rtol, atol, equal_nan=True):
        worst, largest = np.nanmax(np.abs(x - y.astype(x.dtype))), np.nanmax(np.abs(y))
        return f"off by {worst} where the largest is {largest}"
    return ""


def weights(outs: list[Any], seed: int) -> list[np.ndarray]:
    rng = np.random.RandomState(seed)
    return [
        rng.standard_normal(tuple(o.shape)).astype(o.detach().numpy(force=True).dtype) for o in outs
    ]


def differentiate(
    library: Any, outs: list, inputs: list, make: Any, second: bool
) -> tuple[list, list]:
    """First and second derivatives for random weights, as two lists."""
    live = [o for o in outs if o.requires_grad]
    if not live or not inputs:
        return [], []
    vs = [make(w).requires_grad_() for w in weights(live, 1)]
    first = library.autograd.grad(live, inputs, vs, create_graph=True, allow_unused=True)
    again = [g for g in first if g is not None and g.requires_grad]
    if not again or not second:
        return list(first), []
    us = [make(w) for w in weights(again, 2)]
    second = library.autograd.grad(again, [*inputs, *vs], us, allow_unused=True)
    return list(first), list(second)


def check_sample(op: Any, function: Any, sample: Any, second: bool, dtype: Any) -> str:
    given = convert([sample.input, *sample.args]), convert(sample.kwargs)
    theirs_in = [t for t in tensors([sample.input, sample.args, sample.kwargs], torch.Tensor)
                 if t.requires_grad]  # fmt: skip
    ours_in = [t for t in tensors(given, ours.Tensor) if t.requires_grad]
    torch.manual_seed(0)
    ours.manual_seed(0)
    expected = op(sample.input, *sample.args, **sample.kwargs)
    actual = function(*given[0], **given[1])
    post = sample.output_process_fn_grad or (lambda x: x)
    expected, actual = post(expected), post(actual)
    outs = tensors(actual, ours.Tensor), tensors(expected, torch.Tensor)
    if len(outs[0]) != len(outs[1]):
        return f"{len(outs[0])} results instead of {len(outs[1])}"
    for a, b in zip(*outs, strict=True):
        why = close(a, b, dtype, op.name)
        if why:
            return f"result: {why}"
        if b.is_floating_point() and a.requires_grad != b.requires_grad:
            return f"requires_grad {a.requires_grad} instead of {b.requires_grad}"
    results: list[Any] = []
    for library, found, wanted, make in (
        (ours, outs[0], ours_in, lambda w: ours.from_numpy(np.array(w))),
        (torch, outs[1], theirs_in, lambda w: torch.from_numpy(np.array(w))),
    ):
        try:
            results.append(differentiate(library, found, wanted, make, second))
        except RuntimeError as error:
            results.append(str(error).split("\n")[0])
    mine, theirs = results
    if isinstance(mine, str) or isinstance(theirs, str):
        # (What torch cannot differentiate twice may be differentiated here.)
        beyond = "is not implemented" in str(theirs) and not isinstance(mine, str)
        return "" if mine == theirs or beyond else f"{mine} instead of {theirs}"
    for order in (0, 1) if second else (0,):
        pairs = (mine[order], theirs[order])
        if len(pairs[0]) != len(pairs[1]):
            if order == 1 and not (pairs[0] and pairs[1]):
                longer = pairs[0] or pairs[1]
                if all(g is None or not np.any(g.detach().numpy(force=True)) for g in longer):
                    continue
            return f"{len(pairs[0])} gradients of order {order + 1} instead of {len(pairs[1])}"
        for i, (a, b) in enumerate(zip(*pairs, strict=True)):
            why = close(a, b, dtype, op.name)
            if why:
                return f"gradient {i} of order {order + 1}: {why}"
    return ""


def check(name: str, ops: list[Any], dtype: Any = torch.float64) -> Report:
    """All sample inputs of all entries of one name."""
    report = Report(name)
    function = find(name)
    if function is None:
        report.missing = True
        return report
    for op in ops:
        torch.manual_seed(0)
        samples = list(op.sample_inputs("cpu", dtype, requires_grad=True))
        for i, sample in enumerate(samples):
            report.samples += 1
            try:
                why = check_sample(op, function, sample, op.supports_gradgrad, dtype)
            except Exception as error:
                why = f"{type(error).__name__}: {str(error)[:200]}"
            if why:
                report.failures.append(f"sample {i}: {why}  <- {sample.summary()}"[:400])
    return report


def main() -> None:
    wanted = sys.argv[1:]
    good, bad, missing = [], [], []
    for name, ops in entries().items():
        if wanted and name not in wanted:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = check(name, ops)
        (missing if report.missing else good if report.good else bad).append(report)
        if not report.good and not report.missing:
            print(f"{name}: {len(report.failures)} of {report.samples} samples differ")
            for line in report.failures[: 10 if wanted else 1]:
                print("    ", line)
    print(f"agree: {len(good)}  differ: {len(bad)}  not offered: {len(missing)}")
    print("not offered:", " ".join(r.name for r in missing))
    print("agreeing:", " ".join(r.name for r in good))


if __name__ == "__main__":
    main()
