"""torch._C: the few names of torch's compiled core that Python code reaches for."""

from __future__ import annotations

from typing import Any

from . import grad_mode
from .facts import TensorBase
from .grad_mode import is_grad_enabled as _is_grad_enabled
from .node import AccumulateGrad, Node
from .random import Generator


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
            raise RuntimeError(
                "A leaf node was passed to _will_engine_execute_node but we are currently running "
                "autograd.grad(). This is currently not supported."
            )
        return id(node.variable) in (task.reached if task.wanted is None else task.wanted)
    return node in (task.reached if task.running is None else task.running)


class _functions:
    """torch._C._functions: classes of nodes."""

    AccumulateGrad = AccumulateGrad


class _autograd:
    """torch._C._autograd: the stack of default hooks on saved tensors."""

    @staticmethod
    def _push_saved_tensors_default_hooks(pack: Any, unpack: Any) -> None:
        grad_mode.push_saved_hooks(pack, unpack)

    @staticmethod
    def _pop_saved_tensors_default_hooks() -> None:
        grad_mode.pop_saved_hooks()


__all__ = [
    "Generator", "TensorBase", "_autograd", "_current_graph_task_id", "_functions",
    "_is_grad_enabled", "_is_multithreading_enabled", "_set_grad_enabled",
    "_will_engine_execute_node",
]  # fmt: skip
