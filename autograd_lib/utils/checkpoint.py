"""torch.utils.checkpoint: save memory by computing again.

A checkpointed function keeps its inputs only. What its derivative needs is computed a second time
on the way back.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from typing import Any

import numpy as np

from .. import random
from ..autograd import backward
from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ..errors import REENTRANT
from ..grad_mode import enable_grad, mode, no_grad
from ..tensor import Tensor, fresh


class CheckpointError(RuntimeError):
    """Computing again gave other values to save than the first time."""


class CheckpointFunction(Function):
    """The reentrant way: a node whose backward runs the function and goes back through it."""

    @staticmethod
    def forward(ctx: Any, run: Any, preserve: bool, *args: Any) -> Any:
        check_backward_validity(args)
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
        inputs = detach_variable(
            tuple(next(tensors) if isinstance(a, Tensor) else a for a in ctx.args)
        )
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


class DefaultDeviceType:
    """The device whose random numbers a checkpoint keeps: the CPU's are kept in any case."""

    _now = "cuda"

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        DefaultDeviceType._now = device

    @staticmethod
    def get_device_type() -> str:
        return DefaultDeviceType._now


def get_device_states(*args: Any) -> tuple:
    """No devices, no states."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """The reverse: nothing to restore."""


def noop_context_fn() -> tuple:
    """Two contexts that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs: Any) -> tuple:
    """The same tensors outside the graph, each as differentiable as it was."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: ",
            type(inputs).__name__,
        )
    out = []
    for x in inputs:
        copy = x.detach() if isinstance(x, Tensor) else x
        if copy is not x:
            copy._rg = x.requires_grad
        out.append(copy)
    return tuple(out)


def check_backward_validity(inputs: Any) -> None:
    """Warn if none of the inputs can have a gradient."""
    if not any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=4
        )


def checkpoint(
    function: Any, *args: Any, use_reentrant: bool | None = None, context_fn: Any = noop_context_fn,
    determinism_check: str = "default", debug: bool = False, early_stop: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args), keeping only the inputs for backward.

    `determinism_check`: "default" compares shapes and types of what is computed again, "none" does
    not. `context_fn` returns two contexts, for the first run and for the second. `early_stop`: the
    second run ends as soon as all is there that backward needs. `preserve_rng_state`: it draws the
    random numbers of the first.
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
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve, *args)
    if (debug if _debug[-1] is None else _debug[-1]) and context_fn is not noop_context_fn:
        raise ValueError("debug=True is incompatible with non-default context_fn")
    if determinism_check not in ("default", "none"):
        raise ValueError(
            "determinism_check should be one of ['default', 'none'], but got " + determinism_check
        )
    first, second = context_fn()
    if not mode.enabled:
        return function(*args, **kwargs)
    frame = _Frame(function, args, kwargs, second, preserve)
    frame.early_stop = early_stop if _early_stop[-1] is None else _early_stop[-1]
    frame.check = determinism_check == "default"
    with saved_tensors_hooks(frame.pack, frame.unpack), first:
        result = function(*args, **kwargs)
    frame.completed = True
    return result


_early_stop: list[bool | None] = [None]
_debug: list[bool | None] = [None]


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Any:
    """Whether checkpoints made in this context stop computing again when nothing is missing."""
    _early_stop.append(enable)
    try:
        yield
    finally:
        _early_stop.pop()


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Any:
    """Whether checkpoints made in this context are as if `debug` had been given."""
    _debug.append(enabled)
    try:
        yield
    finally:
        _debug.pop()


class _StopRecomputationError(Exception):
    """All that was saved the first time has been computed again."""


class _SaveInputs(Function):
    """Keeps the inputs of a checkpoint as any operation would: changes to them are noticed."""

    @staticmethod
    def forward(ctx: Any, dummy: Any, *tensors: Any) -> Any:
        ctx.save_for_backward(*tensors)
        return fresh(np.empty((0,)))

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        raise AssertionError("Did not expect to backward on this graph")


class _Holder:
    """Stands for a saved tensor: knows its value for a backward that has computed it again."""

    def __init__(self, looks: Any):
        self.looks = looks  # of the tensor, the first time
        self.again: dict[Any, Tensor] = {}  # number of the backward -> its value


class _Frame:
    """The other way: of saved values only places are kept; the first to be asked for fills all."""

    def __init__(self, function: Any, args: tuple, kwargs: dict, context: Any, preserve: bool):
        self.function, self.kwargs = function, kwargs
        self.context, self.preserve = context, preserve
        self.early_stop = self.check = True
        self.completed = self.surplus = False
        self.state = random.default_generator.get_state()
        self.holders: list[Any] = []  # weak references, in the order of saving
        self.looks: list[Any] = []
        self.done: set[Any] = set()  # backwards that have computed everything again
        # (The inputs are saved before the hooks are there, so that they are held once.)
        self.tensors = [isinstance(a, Tensor) for a in args]
        self.others = [None if isinstance(a, Tensor) else a for a in args]
        dummy = fresh(np.empty((0,))).requires_grad_()
        kept = _SaveInputs.apply(dummy, *[a for a in args if isinstance(a, Tensor)])
        self.inputs = kept.grad_fn

    def pack(self, t: Tensor) -> _Holder:
        holder = _Holder(_looks(t) if self.check else None)
        self.holders.append(weakref.ref(holder))
        self.looks.append(holder.looks)
        return holder

    def unpack(self, holder: _Holder) -> Tensor:
        # (A backward begins as a short walk, without a number, and may go on as a long one.)
        key = None if mode.task is None or None in holder.again else mode.task.number
        if key not in self.done or (key is None and key not in holder.again):
            self._recompute(key)
            self.done.add(key)
        if key not in holder.again:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already "
                "unpacked once. If you are calling ctx.saved_tensors in backward, make sure to do "
                "so only once. Otherwise please open an issue with details on your use case."
            )
        return holder.again.pop(key)

    def _recompute(self, key: Any) -> None:
        saved = iter(self.inputs.saved_tensors)
        args = [next(saved) if is_tensor else other
                for is_tensor, other in zip(self.tensors, self.others, strict=True)]  # fmt: skip
        now = random.default_generator.get_state()
        if self.preserve:
            random.default_generator.set_state(self.state)
        looks: list[Any] = []
        try:
            with (
                saved_tensors_hooks(lambda t: self._collect(key, looks, t), lambda t: t),
                enable_grad(),
                self.context,
            ):
                self.function(*args, **self.kwargs)
        except _StopRecomputationError:
            pass
        finally:
            if self.preserve:
                random.default_generator.set_state(now)
        self._compare(looks)

    def _collect(self, key: Any, looks: list, t: Tensor) -> Tensor:
        """Called for every tensor that is saved the second time."""
        t = t.detach()
        looks.append(_looks(t) if self.check else None)
        if len(looks) > len(self.holders):
            if self.completed:
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation "
                    "than during the original forward pass.\n"
                )
            # A backward inside the function, which has not come to its end the first time.
            self.surplus = True
            return t
        holder = self.holders[len(looks) - 1]()
        if holder is not None:
            holder.again[key] = t
        if self.early_stop and len(looks) == len(self.holders):
            raise _StopRecomputationError
        return t

    def _compare(self, again: list) -> None:
        if self.surplus:
            return
        if len(again) != len(self.looks):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\nNumber of tensors saved during forward: "
                f"{len(self.looks)}\nNumber of tensors saved during recomputation: {len(again)}."
            )
        lines = [
            f"tensor at position {i}:\nsaved metadata: {then}\nrecomputed metadata: {now}\n"
            for i, (then, now) in enumerate(zip(self.looks, again, strict=True))
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
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. In version 2.9 we will raise an exception if use_reentrant is not "
            "passed. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
            "the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
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
        input = checkpoint(
            part(k * size, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return part(end, len(functions))(input)
