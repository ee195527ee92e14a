"""torch.autograd.graph: looking at the graph, and hooks on what it saves."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engine import AccumulateGrad, Node, accumulator
from ..grad_mode import mode
from ..hooks import RemovableHandle
from ..tensor import Tensor


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
        if mode.no_saved_hooks is not None:
            raise RuntimeError(mode.no_saved_hooks)
        mode.saved_hooks = (*mode.saved_hooks, self.hooks)
        mode.settle()

    def __exit__(self, *error: Any) -> None:
        mode.saved_hooks = mode.saved_hooks[:-1]
        mode.settle()


class save_on_cpu(saved_tensors_hooks):
    """Keep saved values in main memory; there is no other here, so they are copied."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t.clone(), lambda t: t)


class disable_saved_tensors_hooks:
    """Within this context, `saved_tensors_hooks` raises this message."""

    def __init__(self, error_message: str):
        self.message = error_message

    def __enter__(self) -> None:
        self.before, mode.no_saved_hooks = mode.no_saved_hooks, self.message

    def __exit__(self, *error: Any) -> None:
        mode.no_saved_hooks = self.before


class allow_mutation_on_saved_tensors:
    """Within this context, saved values may be changed in place: copies are kept."""

    def __init__(self) -> None:
        self._hooks = saved_tensors_hooks(lambda t: t.clone(), lambda t: t)

    def __enter__(self) -> Any:
        self._hooks.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._hooks.__exit__()


def register_multi_grad_hook(tensors: Any, fn: Any, *, mode: str = "all") -> Any:
    """Call `fn` once the gradients of all tensors (or of any) were computed."""
    tensors = list(tensors)
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    seen: dict[int, Any] = {}
    state = {"fired": False}

    def make(i: int) -> Any:
        def hook(grad: Any) -> None:
            if mode == "any":
                if not state["fired"]:
                    state["fired"] = True
                    fn(grad)
                return
            seen[i] = grad
            if len(seen) == len(tensors):
                grads = [seen[k] for k in range(len(tensors))]
                seen.clear()
                fn(grads)

        return hook

    handles = [t.register_hook(make(i)) for i, t in enumerate(tensors)]
    first: Any = handles[0]

    class _Handle(RemovableHandle):
        def __init__(self) -> None:
            self.id = first.id

        def remove(self) -> None:
            for h in handles:
                h.remove()

    return _Handle()


__all__ = [
    "AccumulateGrad", "GradientEdge", "Node", "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks", "get_gradient_edge", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip
