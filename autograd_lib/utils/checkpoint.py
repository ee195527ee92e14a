"""torch.utils.checkpoint: save memory by computing again.

A checkpointed function keeps its inputs only. What its derivative needs is computed a second time
on the way back.
"""

from __future__ import annotations

import warnings
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
    """function(*args), keeping only the inputs for backward."""
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
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    early_stop = early_stop and _early_stop[-1]
    return _recompute(function, args, kwargs, preserve_rng_state, early_stop)


class _Enough(Exception):
    """All saved values are there again: the rest of the function need not run."""


_early_stop = [True]


class set_checkpoint_early_stop:
    """Whether checkpoints made in this context stop computing again when nothing is missing."""

    def __init__(self, enable: bool):
        self.enable = enable

    def __enter__(self) -> None:
        _early_stop.append(self.enable)

    def __exit__(self, *error: Any) -> None:
        _early_stop.pop()


def _recompute(function: Any, args: tuple, kwargs: dict, preserve: bool, early_stop: bool) -> Any:
    """The other way: saved values are numbered, and computed again when the first is asked for."""
    state = random.default_generator.get_state()
    count = [0]
    found: dict[int, Tensor] = {}

    def pack(t: Tensor) -> int:
        count[0] += 1
        return count[0] - 1

    def unpack(i: int) -> Tensor:
        if i not in found:
            again: list[Tensor] = []

            def collect(t: Tensor) -> Tensor:
                again.append(t.detach())
                if early_stop and len(again) == count[0]:
                    raise _Enough
                return t

            now = random.default_generator.get_state()
            if preserve:
                random.default_generator.set_state(state)
            enabled, mode.enabled = mode.enabled, True
            try:
                with saved_tensors_hooks(collect, lambda t: t):
                    function(*args, **kwargs)
            except _Enough:
                pass
            finally:
                mode.enabled = enabled
                if preserve:
                    random.default_generator.set_state(now)
            if len(again) != count[0]:
                raise CheckpointError(
                    "torch.utils.checkpoint: A different number of tensors was saved during the "
                    "original forward and recomputation.\nNumber of tensors saved during forward: "
                    f"{count[0]}\nNumber of tensors saved during recomputation: {len(again)}."
                )
            found.update(enumerate(again))
        return found.pop(i)

    with saved_tensors_hooks(pack, unpack):
        return function(*args, **kwargs)


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
