"""torch.utils.checkpoint: save memory by computing again.

A checkpointed function keeps its inputs only. What its derivative needs is computed a second time
on the way back.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Any

from .. import random
from ..autograd import backward
from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ..errors import REENTRANT
from ..grad_mode import enable_grad, mode, no_grad
from ..tensor import Tensor


class CheckpointError(RuntimeError):
    """Computing again gave other values to save than the first time."""


class CheckpointFunction(Function):
    """The reentrant way: a node whose backward runs the function and goes back through it."""

    @staticmethod
    def forward(ctx: Any, run: Any, preserve: bool, *args: Any) -> Any:
        ctx.run, ctx.preserve, ctx.args = run, preserve, args
        if preserve:
            ctx.state = random.default_generator.get_state()
        ctx.save_for_backward(*[a for a in args if isinstance(a, Tensor)])
        with no_grad():
            return run(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if mode.task is not None and mode.task.wanted is not None:
            raise RuntimeError(REENTRANT)
        tensors = iter(ctx.saved_tensors)
        inputs: list[Any] = []
        for a in ctx.args:
            if isinstance(a, Tensor):
                t = next(tensors)
                copy = t.detach()
                copy._rg = t.requires_grad
                inputs.append(copy)
            else:
                inputs.append(a)
        now = random.default_generator.get_state()
        if ctx.preserve:
            random.default_generator.set_state(ctx.state)
        with enable_grad():
            outputs = ctx.run(*inputs)
        if ctx.preserve:
            random.default_generator.set_state(now)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True)
                 if isinstance(o, Tensor) and o.requires_grad]  # fmt: skip
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        with enable_grad():
            backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *[a._grad if isinstance(a, Tensor) else None for a in inputs])


def checkpoint(
    function: Any, *args: Any, use_reentrant: bool | None = None, preserve_rng_state: bool = True,
    determinism_check: str = "default", debug: bool = False, context_fn: Any = None,
    early_stop: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args), keeping only the inputs for backward.

    `determinism_check`: "default" compares shapes and types of what is computed again, "none" does
    not. `context_fn` returns two contexts, for the first run and for the second. `early_stop`: the
    second run ends as soon as all is there that backward needs.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an "
            "exception. use_reentrant=False is recommended, but if you need to preserve the "
            "current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not None:
            raise ValueError("Passing `context_fn` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(
            "determinism_check should be one of ['default', 'none'], but got " + determinism_check
        )
    first, second = context_fn() if context_fn else (contextlib.nullcontext(),) * 2
    run = _Recomputed(lambda: function(*args, **kwargs), second, preserve_rng_state)
    run.early_stop, run.check = early_stop and _early_stop[-1], determinism_check == "default"
    with first, saved_tensors_hooks(run.pack, run.unpack):
        result = function(*args, **kwargs)
    run.finished = True
    return result


_early_stop = [True]


class set_checkpoint_early_stop:
    """Whether checkpoints made in this context stop computing again when nothing is missing."""

    def __init__(self, enable: bool):
        self.enable = enable

    def __enter__(self) -> None:
        _early_stop.append(self.enable)

    def __exit__(self, *error: Any) -> None:
        _early_stop.pop()


class _StopRecomputationError(Exception):
    """All that was saved the first time has been computed again."""


class _Recomputed:
    """The other way: saved values are numbered, and computed again when the first is asked for."""

    def __init__(self, run: Callable[[], Any], context: Any, preserve: bool):
        self.run, self.context, self.preserve = run, context, preserve
        self.early_stop = self.check = True
        self.finished = False
        self.state = random.default_generator.get_state()
        self.saved: list[dict] = []  # what each saved tensor looked like
        self.again: dict[int, Tensor] = {}  # number -> its value, computed again

    def pack(self, t: Tensor) -> int:
        self.saved.append(_looks(t))
        return len(self.saved) - 1

    def unpack(self, i: int) -> Tensor:
        if i not in self.again:
            self._recompute()
        return self.again.pop(i)

    def _recompute(self) -> None:
        again: list[Tensor] = []
        now = random.default_generator.get_state()
        if self.preserve:
            random.default_generator.set_state(self.state)
        enabled, mode.enabled = mode.enabled, True

        def collect(t: Tensor) -> Tensor:
            again.append(t.detach())
            if self.early_stop and self.finished and len(again) == len(self.saved):
                raise _StopRecomputationError
            return t

        try:
            with self.context, saved_tensors_hooks(collect, lambda t: t):
                self.run()
        except _StopRecomputationError:
            pass
        finally:
            mode.enabled = enabled
            if self.preserve:
                random.default_generator.set_state(now)
        if self.check:
            self._compare(again)
        self.again.update(enumerate(again))

    def _compare(self, again: list[Tensor]) -> None:
        if len(again) != len(self.saved):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\nNumber of tensors saved during forward: "
                f"{len(self.saved)}\nNumber of tensors saved during recomputation: {len(again)}."
            )
        pairs = [(then, _looks(t)) for then, t in zip(self.saved, again, strict=True)]
        lines = [
            f"tensor at position {i}:\nsaved metadata: {then}\nrecomputed metadata: {now}\n"
            for i, (then, now) in enumerate(pairs)
            if then != now
        ]
        if lines:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                "different metadata than during the forward pass.\n" + "".join(lines) + "."
            )


def _looks(t: Tensor) -> dict[str, Any]:
    return {"shape": t.shape, "dtype": t.dtype, "device": t.device}


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A chain of functions in `segments` checkpointed parts; the last is run as usual."""
    functions = list(functions)
    size = len(functions) // segments

    def part(start: int, end: int) -> Any:
        def run(x: Any) -> Any:
            for f in functions[start:end]:
                x = f(x)
            return x

        return run

    end = 0
    for k in range(segments - 1):
        end = (k + 1) * size
        reentrant = True if use_reentrant is None else use_reentrant
        input = checkpoint(part(k * size, end), input, use_reentrant=reentrant)
    return part(end, len(functions))(input)
