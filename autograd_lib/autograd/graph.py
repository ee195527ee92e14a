"""torch.autograd.graph: looking at the graph, and hooks on what it saves."""

from __future__ import annotations

import contextlib
import threading
import weakref
from typing import Any, NamedTuple

import numpy as np

from .. import errors
from ..grad_mode import mode, pop_saved_hooks, push_saved_hooks
from ..grad_mode import mode as thread
from ..hooks import RemovableHandle
from ..node import AccumulateGrad, Node, accumulator
from ..tensor import INFERENCE, Tensor


class GradientEdge(NamedTuple):
    """A place in the graph to which gradients flow: output `output_nr` of `node`."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge into which this tensor's gradient flows."""
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    if tensor._edge is None:
        return GradientEdge(accumulator(tensor), 0)
    return GradientEdge(tensor._edge[1], tensor.output_nr)


class saved_tensors_hooks:
    """Within this context, saved values are kept as `pack_hook` returns them."""

    def __init__(self, pack_hook: Any, unpack_hook: Any):
        self.hooks = (pack_hook, unpack_hook)

    def __enter__(self) -> None:
        push_saved_hooks(*self.hooks)

    def __exit__(self, *error: Any) -> None:
        pop_saved_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Keep saved values in main memory; there is no other here, so they are copied."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t.clone(), lambda t: t)


class disable_saved_tensors_hooks(contextlib.ContextDecorator):
    """Within this context, `saved_tensors_hooks` raises this message."""

    def __init__(self, error_message: str):
        self.message = error_message

    def __enter__(self) -> None:
        if mode.saved_hooks:
            raise RuntimeError(self.message)
        self.before, mode.no_saved_hooks = mode.no_saved_hooks, self.message

    def __exit__(self, *error: Any) -> None:
        mode.no_saved_hooks = self.before


class allow_mutation_on_saved_tensors:
    """Within this context, saved values may be changed in place: they are copied just before."""

    under_way = False

    def __init__(self) -> None:
        # What nodes keep are handles. What a handle stands for is forgotten with it.
        self.original: Any = weakref.WeakKeyDictionary()
        self.cloned: Any = weakref.WeakKeyDictionary()
        self.tid_to_weakhandle: Any = weakref.WeakValueDictionary()

    def __enter__(self) -> allow_mutation_on_saved_tensors:
        if allow_mutation_on_saved_tensors.under_way:
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        allow_mutation_on_saved_tensors.under_way = self.inside = True
        push_saved_hooks(self._pack, self._unpack)
        mode.before_write = self._before_write
        return self

    def _pack(self, t: Tensor) -> Any:
        memory = (t.data_ptr(), t._version, tuple(t.shape), t.stride())
        handle = self.tid_to_weakhandle.get(memory)
        if handle is None:
            handle = self.tid_to_weakhandle[memory] = _Handle()
            self.original[handle] = t.detach()
        return handle

    def _unpack(self, handle: Any) -> Tensor:
        assert self.inside, (
            "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
            "in which the graph was originally recorded."
        )
        return self.cloned[handle] if handle in self.cloned else self.original[handle]

    def _before_write(self, t: Tensor) -> None:
        for handle, kept in list(self.original.items()):
            if kept._counter is t._counter or np.shares_memory(kept._a, t._a):
                self.cloned[handle] = kept.clone()
                del self.original[handle]

    def clear(self) -> None:
        """Forget what was saved."""
        for kept in (self.original, self.cloned, self.tid_to_weakhandle):
            kept.clear()

    def __exit__(self, *error: Any) -> None:
        allow_mutation_on_saved_tensors.under_way = self.inside = False
        mode.before_write = None
        pop_saved_hooks()
        self.clear()


class _Handle:
    """Stands for a saved value."""


_warn_on_mismatch = True


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Whether to warn of gradients that come on another stream: here there is only one."""
    global _warn_on_mismatch
    _warn_on_mismatch = enabled


def increment_version(tensor: Any) -> None:
    """Count a change of a tensor's memory (or of several tensors') that autograd did not see."""
    try:
        tensors = (tensor,) if isinstance(tensor, Tensor) else iter(tensor)
    except TypeError:
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input") from None
    for t in tensors:
        if not isinstance(t, Tensor):
            raise RuntimeError(
                "increment_version expects each element of the iterable to be a tensor"
            )
        if t._counter is not INFERENCE:
            t._counter[0] += 1


def register_multi_grad_hook(tensors: Any, fn: Any, *, mode: str = "all") -> Any:
    """Call `fn` once per walk, with all gradients (None where none arrives), or with the first."""
    tensors = list(tensors)
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    for t in tensors:
        if not t.requires_grad:
            raise AssertionError("Expected gradient function to be set")
    lock = threading.Lock()
    seen: dict[int, list] = {}  # id of the walk -> [walk, how many to come, gradients]

    def make(i: int) -> Any:
        def hook(grad: Any) -> None:
            walk = thread.task
            with lock:
                for key in [k for k, (w, *_) in seen.items() if w() is None]:
                    del seen[key]
                first = id(walk) not in seen
                if first:
                    count = 0 if mode == "any" else sum(_is_reached(walk, t) for t in tensors)
                    seen[id(walk)] = [weakref.ref(walk), count, [None] * len(tensors)]
                entry = seen[id(walk)]
                entry[1] -= 1
                entry[2][i] = grad
            if mode == "any":
                if first:
                    fn(grad)
            elif entry[1] == 0:
                fn(entry[2])

        return hook

    return _Handles(tuple(t.register_hook(make(i)) for i, t in enumerate(tensors)))


def _is_reached(walk: Any, t: Tensor) -> bool:
    if t._edge is None and not walk.accumulate:
        raise RuntimeError(errors.LEAF_IN_GRAD)
    return walk.will_reach(t)


class _Handles(RemovableHandle):
    """Several handles in one."""

    def __init__(self, handles: tuple):
        self.handles, self.id = handles, handles[0].id

    def remove(self) -> None:
        for h in self.handles:
            h.remove()


__all__ = [
    "AccumulateGrad", "GradientEdge", "Node", "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version",
    "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
    "set_warn_on_accumulate_grad_stream_mismatch",
]  # fmt: skip
