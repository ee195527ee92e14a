"""torch._C: the few names of torch's compiled core that Python code reaches for."""

from __future__ import annotations

import copy
from typing import Any

from . import grad_mode
from .errors import LEAF_IN_GRAD
from .facts import TensorBase
from .grad_mode import is_grad_enabled as _is_grad_enabled
from .node import AccumulateGrad, Node, sequence
from .random import Generator
from .saved import SavedTensor


def _set_grad_enabled(enabled: bool) -> None:
    """Switch recording on or off on this thread."""
    grad_mode.mode.enabled = enabled


def _is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` was told last."""
    from .autograd.grad_mode import set_multithreading_enabled

    return set_multithreading_enabled.now


def _current_graph_task_id() -> int:
    """The number of the walk that is under way on this thread; -1 if there is none."""
    return -1 if grad_mode.mode.task is None else grad_mode.mode.task.number


def _will_engine_execute_node(node: Node) -> bool:
    """Whether the walk that is under way runs this node."""
    task = grad_mode.mode.task
    if task is None:
        raise RuntimeError(
            "_get_should_execute_nodes should only be called during the backward pass"
        )
    if isinstance(node, AccumulateGrad):
        if not task.accumulate:
            raise RuntimeError(LEAF_IN_GRAD)
        return id(node.variable) in (task.reached if task.wanted is None else task.wanted)
    return node in (task.reached if task.running is None else task.running)


class _functions:
    """torch._C._functions: classes of nodes."""

    AccumulateGrad = AccumulateGrad

    class UndefinedGrad:
        """Makes of a tensor one whose gradient never arrives."""

        def __call__(self, t: Any) -> Any:
            from .autograd.gradcheck import UndefinedGrad

            return UndefinedGrad.apply(t)


class _autograd:
    """torch._C._autograd: the stack of default hooks on saved tensors."""

    @staticmethod
    def _push_saved_tensors_default_hooks(pack: Any, unpack: Any) -> None:
        grad_mode.push_saved_hooks(pack, unpack)

    @staticmethod
    def _pop_saved_tensors_default_hooks() -> None:
        grad_mode.pop_saved_hooks()

    @staticmethod
    def _top_saved_tensors_default_hooks(ignore_is_tracing: bool = False) -> Any:
        return grad_mode.mode.saved_hooks[-1] if grad_mode.mode.saved_hooks else None

    @staticmethod
    def _saved_tensors_hooks_is_enabled() -> bool:
        return grad_mode.mode.no_saved_hooks is None

    @staticmethod
    def _saved_tensors_hooks_enable() -> None:
        grad_mode.mode.no_saved_hooks = None

    @staticmethod
    def _saved_tensors_hooks_disable(message: str) -> None:
        grad_mode.mode.no_saved_hooks = message

    @staticmethod
    def _saved_tensors_hooks_get_disabled_error_message() -> str | None:
        return grad_mode.mode.no_saved_hooks

    SavedTensor = SavedTensor

    @staticmethod
    def _get_sequence_nr() -> int:
        """The number that the next node will bear."""
        return -next(copy.copy(sequence))

    @staticmethod
    def _unsafe_set_version_counter(tensors: Any, versions: Any) -> None:
        for t, version in zip(tensors, versions, strict=True):
            t._counter[0] = version


__all__ = [
    "Generator", "TensorBase", "_autograd", "_current_graph_task_id", "_functions",
    "_is_grad_enabled", "_is_multithreading_enabled", "_set_grad_enabled",
    "_will_engine_execute_node",
]  # fmt: skip
