"""Functions that users hang onto tensors and nodes, called while gradients flow."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from . import errors
from .dtypes import FROM_NUMPY
from .errors import hint
from .tensor import Tensor

UNSET: Any = object()  # (None as the type of a gradient means that any type will do)


class Hooks:
    """All that may hang on a node (or on a leaf, in place of its AccumulateGrad)."""

    __slots__ = (
        "grad_dtype",
        "had",
        "metadata",
        "post",
        "post_accumulate",
        "pre",
        "retain",
        "tensor",
    )
    made = False  # have there ever been any? (One look at this saves looking at each node.)

    def __init__(self) -> None:
        Hooks.made = True
        self.tensor: dict[int, tuple[int, Callable]] = {}  # id -> (output number, hook)
        self.pre: dict[int, Callable] = {}
        self.post: dict[int, Callable] = {}
        self.post_accumulate: dict[int, Callable] = {}
        self.retain: dict[int, Any] = {}  # output number -> weak reference to the tensor
        self.grad_dtype = UNSET  # of a leaf: NumPy's type of its gradient, if that is not its own
        self.had: set[int] = set()  # outputs on whose tensors there has ever been a hook
        # Anything; in anomaly mode also "traceback_", where the node was made, and "parent_", the
        # node whose derivative made this one.
        self.metadata: dict[str, Any] = {}


class RemovableHandle:
    """What registering a hook returns; `remove()` takes the hook off again."""

    __module__ = "torch.utils.hooks"
    next_id = 0

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None):
        # The dictionary of hooks lives as long as its node; a handle must not prolong that.
        self.hooks_dict_ref: Any = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        more = (extra_dict,) if isinstance(extra_dict, dict) else tuple(extra_dict or ())
        self.extra_dict_ref: tuple = tuple(weakref.ref(d) for d in more)

    def remove(self) -> None:
        for ref in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = ref()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple:
        return self.hooks_dict_ref(), self.id, tuple(ref() for ref in self.extra_dict_ref)

    def __setstate__(self, state: tuple) -> None:
        hooks, self.id, more = state
        # A dictionary that is already gone is stood in for by an empty one.
        self.hooks_dict_ref = weakref.ref(OrderedDict() if hooks is None else hooks)
        self.extra_dict_ref = tuple(weakref.ref(OrderedDict() if d is None else d) for d in more)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: Any) -> None:
        self.remove()


def hooks_of(x: Any) -> Hooks:
    """The hooks of a node or leaf tensor, made on first use."""
    if isinstance(x, Tensor):
        if x._hooks is None:
            x._hooks = Hooks()
        return x._hooks
    if x._hooks is None:
        x._hooks = Hooks()
    return x._hooks


def _add(hooks: Hooks, which: str, hook: Any) -> RemovableHandle:
    d = getattr(hooks, which)
    if not isinstance(d, OrderedDict):  # (a plain dictionary cannot be referred to weakly)
        d = OrderedDict()
        setattr(hooks, which, d)
    handle = RemovableHandle(d)
    d[handle.id] = hook
    return handle


def register_tensor_hook(t: Tensor, hook: Any) -> RemovableHandle:
    # A view that has hooks keeps them together, on the origin that it had then.
    if not (t._rg if t._backward_hooks is not None else t.requires_grad):
        raise hint(
            RuntimeError("cannot register a hook on a tensor that doesn't require gradient"),
            "no gradient will ever be computed for it; set requires_grad=True before.",
        )
    hooks = hooks_of(t if t._edge is None else t._edge[1])
    hooks.had.add(t.output_nr)
    return _add(hooks, "tensor", (t.output_nr, hook))


def grad_kind(leaf: Tensor, given: Any) -> Any:
    """NumPy's type for a gradient that comes to `leaf` in the type `given`."""
    if leaf._hooks is None or leaf._hooks.grad_dtype is UNSET:
        return leaf._a.dtype
    return given if leaf._hooks.grad_dtype is None else leaf._hooks.grad_dtype


def check_grad_dtype(leaf: Tensor, grad: Tensor) -> None:
    """Raise unless a gradient assigned to `leaf` may be of this type."""
    wanted = grad_kind(leaf, grad._a.dtype)
    if wanted != grad._a.dtype:
        kind = FROM_NUMPY[grad._a.dtype]._long.lower()
        kind = {"long": "long int", "half": "c10::Half"}.get(kind, kind)
        raise RuntimeError(errors.GRAD_DTYPE.format(kind, FROM_NUMPY[wanted]._long))


def register_post_accumulate(t: Tensor, hook: Any) -> RemovableHandle:
    if not t.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if t._edge is not None:
        raise hint(
            RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors"),
            "only leaves accumulate; use register_hook() on a computed tensor.",
        )
    return _add(hooks_of(t), "post_accumulate", hook)


def register_node_hook(node: Any, hook: Any) -> RemovableHandle:
    return _add(hooks_of(node), "post", hook)


def register_node_prehook(node: Any, hook: Any) -> RemovableHandle:
    return _add(hooks_of(node), "pre", hook)


def retain(t: Tensor) -> None:
    _, node, nr, _, _ = t._edge  # type: ignore[misc]
    hooks_of(node).retain[nr or 0] = weakref.ref(t)


def move_retained(t: Tensor, old: tuple) -> None:
    """`t` has a new origin: what it retained there is retained here from now on."""
    kept = old[1]._hooks.retain
    ref = kept.get(old[2] or 0)
    if ref is not None and ref() is t:
        del kept[old[2] or 0]
        retain(t)


def _name(hook: Any) -> str:
    return getattr(hook, "__name__", type(hook).__name__)


def _check(hook: Any, old: Tensor | None, new: Any) -> Tensor:
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(new, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if new._a.dtype != old._a.dtype:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value (was {errors.kind(old._a.dtype)} "
            f"got {errors.kind(new._a.dtype)})"
        )
    if new._a.shape != old._a.shape:
        raise hint(
            RuntimeError(f"hook '{_name(hook)}' has changed the size of value"),
            "a hook may change the numbers of a gradient, never its shape.",
        )
    return new


def run_post_accumulate_hooks(hooks: Hooks, leaf: Tensor) -> None:
    """Run what waits for a leaf's `.grad` to be filled."""
    for hook in list(hooks.post_accumulate.values()):
        result = hook(leaf)
        if isinstance(result, Tensor):
            raise RuntimeError("Tensor post accumulate grad hooks should return None.")
        if result is not None:
            raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")


def run_tensor_hooks(hooks: Hooks, grads: list[Any]) -> list[Any]:
    """Run tensor hooks in the order of registration; then fill what retain_grad() asked for."""
    for nr, hook in list(hooks.tensor.values()):
        g = grads[nr]
        result = hook(g)
        if result is not None:
            grads[nr] = _check(hook, g, result)
    for nr, ref in hooks.retain.items():
        t, g = ref(), grads[nr]
        if t is None or g is None:
            continue
        if t._grad is None:
            t._grad = g.clone() if not g._rg else g
        else:
            t._grad = t._grad + g
    return grads


def run_pre_hooks(hooks: Hooks, grads: list[Any]) -> list[Any]:
    for hook in list(hooks.pre.values()):
        result = hook(tuple(grads))
        if result is not None:
            grads = _replaced(hook, grads, result)
    return grads


def _replaced(hook: Any, old: Any, result: Any) -> list[Any]:
    """Gradients after a hook of a node returned some; None takes one away."""
    if not isinstance(result, tuple):
        raise hint(
            TypeError(f"expected tuple, but hook returned '{type(result).__name__}'"),
            "a node may have many gradients, so that its hooks return a tuple, or None.",
        )
    if len(result) != len(old):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values "
            f"(got {len(result)}, but expected {len(old)})"
        )
    return [n if n is None else _check(hook, g, n) for g, n in zip(old, result, strict=True)]


def run_post_hooks(hooks: Hooks, inputs: tuple, outputs: tuple) -> tuple:
    for hook in list(hooks.post.values()):
        result = hook(inputs, outputs)
        if result is not None:
            inputs = tuple(_replaced(hook, inputs, result))
    return inputs
