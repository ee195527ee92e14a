"""Values that nodes keep for the way back: reading them, freeing them, noticing that they changed.

An input is kept as the tensor itself, an output as its bare array (the tensor would refer back to
the node, and the two would never be freed). Beside each stands the version its memory had.
"""

from __future__ import annotations

import os
import traceback
from typing import Any

import numpy as np

from . import errors
from .errors import hint
from .grad_mode import mode
from .tensor import INFERENCE, Tensor, fresh, refresh


class Freed:
    """Stands where a saved value stood before it was freed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<freed>"


FREED = Freed()
PACKAGE = os.path.dirname(__file__)
pass_on: Any = None  # set by the engine, which cannot be imported here


class SavedTensor:
    """A saved value as it lies in the graph; its hooks may pack it differently."""

    __module__ = "torch._C._autograd"
    __slots__ = ("_i", "_name", "_node")

    def __init__(self, node: Any = None, name: str = "", i: int | None = None):
        if node is None:
            raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")
        self._node, self._name, self._i = node, name, i

    def _value(self) -> Any:
        value = getattr(self._node, f"saved_{self._name}")
        return value if self._i is None or value is FREED else value[self._i]

    def _pack(self, pack: Any, unpack_hook: Any) -> None:
        pack_one(self._node, self._name, pack, unpack_hook, self._i)

    def unpack(self) -> Any:
        """The value, if it is still there and unchanged."""
        if self._name in self._node._results:
            return unpack_result_tensor(self._node, self._name)
        return unpack_tensor(self._node, self._name, self._i, always=True)

    @property
    def data(self) -> Any:
        """What is kept: the tensor itself, or what a pack hook made of it."""
        value = self._value()
        if isinstance(value, Packed):
            return value.value
        if value is FREED:
            return None
        return value if value is None or isinstance(value, Tensor) else fresh(np.asarray(value))

    @property
    def unpack_hook(self) -> Any:
        """What turns the kept value back, if anybody registered hooks."""
        value = self._value()
        return value.unpack if isinstance(value, Packed) else None

    def register_hooks(self, pack_hook: Any, unpack_hook: Any) -> None:
        """Keep what `pack_hook` makes of the value; `unpack_hook` turns it back when needed."""
        if not callable(pack_hook) or not callable(unpack_hook):
            raise TypeError(errors.REGISTER_HOOKS.format(self, pack_hook, unpack_hook))
        value = self._value()
        if value is None:
            raise RuntimeError(errors.HOOKS_NONE)
        if value is FREED:
            raise RuntimeError(errors.HOOKS_FREED)
        if isinstance(value, Packed):
            raise RuntimeError(errors.HOOKS_SET)
        self._pack(pack_hook, unpack_hook)


class Packed:
    """A saved value that a pack hook has put into another form."""

    __slots__ = ("edge", "unpack", "value")

    def __init__(self, value: Any, unpack: Any, edge: Any):
        self.value, self.unpack, self.edge = value, unpack, edge

    def open(self) -> Tensor:
        t = self.unpack(self.value)
        if not isinstance(t, Tensor):
            raise TypeError(errors.UNPACK_TYPE.format(type(t).__name__))
        if self.edge is None:
            return t
        out = t.detach()
        out._rg = True
        # (A leaf is its own edge; what stands for it here needs a node that leads there.)
        leaf = self.edge.__class__ is not tuple
        out._edge = pass_on(self.edge) if leaf else self.edge
        return out


def unpack(node: Any, name: str, i: int | None = None) -> Any:
    """The array (or number) saved under `name`, if it is still there and unchanged."""
    # On the way back nothing is recorded, not even by a user's unpack hook.
    enabled, mode.enabled = mode.enabled, False
    try:
        t = unpack_tensor(node, name, i)
    finally:
        mode.enabled = enabled
    return t._a if isinstance(t, Tensor) else t


def unpack_tensor(node: Any, name: str, i: int | None = None, always: bool = False) -> Any:
    """The tensor saved under `name`; `i` counts within a saved list."""
    t = getattr(node, f"saved_{name}")
    if t is FREED:
        raise errors.freed()
    version = getattr(node, f"version_{name}")
    if i is not None:
        t, version = t[i], version[i]
    if isinstance(t, Tensor):
        if t._counter[0] != version:
            raise stale(node, t._a, origin(t), t._counter[0], version)
        return t
    if isinstance(t, Packed):
        return t.open()
    if always and isinstance(t, (bool, int, float, complex)):
        # A number among the operands was saved as a 0-d tensor.
        return fresh(np.asarray(t))
    return t


def unpack_result(node: Any, name: str) -> Any:
    """The array of a saved result."""
    r = getattr(node, f"saved_{name}")
    if r is FREED:
        raise errors.freed()
    if isinstance(r, Packed):
        enabled, mode.enabled = mode.enabled, False
        try:
            return r.open()._a
        finally:
            mode.enabled = enabled
    now, then = getattr(node, f"counter_{name}"), getattr(node, f"version_{name}")
    if now[0] != then:
        raise stale(node, r, (0, node, node._results[name]), now[0], then)
    return r


def unpack_result_tensor(node: Any, name: str) -> Tensor:
    """A saved result as a tensor again, with the node itself as its origin."""
    r = getattr(node, f"saved_{name}")
    if isinstance(r, Packed):
        return r.open()
    t = fresh(unpack_result(node, name))
    t._counter = getattr(node, f"counter_{name}")
    _set_origin(t, node, node._results[name])
    return t


def _set_origin(t: Tensor, node: Any, nr: int) -> None:
    if t._a.dtype.kind in "fc" and (nr == 0 or (nr > 0 and node._wants_all)):
        t._edge, t._rg = node._edge(nr), True


def origin(t: Tensor) -> Any:
    """The edge to what made `t`: of a view, as things stand now."""
    if t._view is not None:
        refresh(t)
    return t._edge


def stale(node: Any, a: Any, edge: Any, now: int, then: int) -> RuntimeError:
    """The error for a saved value that was changed in place."""
    made_by = ""
    if edge is not None:
        name = edge[1].name().removesuffix("0").removesuffix("Backward")
        name = name.rstrip("0123456789").removesuffix("Backward")
        made_by = f", which is output {edge[2] or 0} of {name},"
    text = (
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [{errors.kind(a.dtype)} {list(a.shape)}]{made_by} is at version {now}; "
        f"expected version {then} instead. Hint: "
    )
    if mode.anomaly or "traceback_" in getattr(getattr(node, "_hooks", None), "metadata", ()):
        text += (
            "the backtrace further above shows the operation that failed to compute its gradient. "
            "The variable in question was changed in there or anywhere later. Good luck!"
        )
    else:
        text += (
            "enable anomaly detection to find the operation that failed to compute its gradient, "
            "with torch.autograd.set_detect_anomaly(True, check_nan=False)."
        )
    from .inplace import last_changes

    where = last_changes.get(a.__array_interface__["data"][0])
    reader = "the derivative" if node is None else node.name()
    note = f"{reader} needs the values as they were in the forward pass; "
    if where:
        note += f"they were changed at {where}."
    else:
        note += "use an out-of-place operation (y = y + 1 instead of y += 1), or clone() first."
    return hint(RuntimeError(text), note)


# -- the unusual modes ----------------------------------------------------------------------------


def special(node: Any) -> None:
    """Called for each new node while anomaly mode, inference mode or saved hooks are on."""
    for name in node.saved_variables:
        value = getattr(node, f"saved_{name}", None)
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(v, Tensor) and v._counter is INFERENCE for v in values):
            raise RuntimeError(errors.INFERENCE_SAVE)
    if mode.anomaly:
        note_origin(node)
    if mode.saved_hooks:
        pack, unpack_hook = mode.saved_hooks[-1]
        for name in node.saved_variables:
            # (Numbers are kept as they are.)
            if not isinstance(getattr(node, f"saved_{name}"), (bool, int, float, complex)):
                pack_one(node, name, pack, unpack_hook)


def note_origin(node: Any) -> None:
    """In anomaly mode: remember where a node was made, and in the derivative of which other."""
    from .hooks import hooks_of

    frames = traceback.extract_stack()[:-3]
    # (What this package does itself is nobody's line.)
    while frames and frames[-1].filename.startswith((PACKAGE, "<operation", "<derivative")):
        frames.pop()
    metadata = hooks_of(node).metadata
    metadata["traceback_"] = traceback.format_list(frames)
    if mode.node is not None:
        metadata["parent_"] = mode.node


def pack_one(node: Any, name: str, pack: Any, unpack_hook: Any, i: int | None = None) -> None:
    """Replace one saved value (of a list, the one numbered `i` or all) by what `pack` makes."""
    value = getattr(node, f"saved_{name}")
    if isinstance(value, tuple):
        packed = tuple(
            packed_input(v, pack, unpack_hook) if i in (None, k) else v for k, v in enumerate(value)
        )
        setattr(node, f"saved_{name}", packed)
    elif name in node._results:
        nr = node._results[name]
        t = fresh(value)
        t._counter = getattr(node, f"counter_{name}")
        _set_origin(t, node, nr)
        setattr(node, f"saved_{name}", packed_result(t, pack, unpack_hook, nr, node))
    elif value is not None:
        t = value if isinstance(value, Tensor) else fresh(np.asarray(value))
        setattr(node, f"saved_{name}", packed_input(t, pack, unpack_hook))


def packed_result(t: Tensor, pack: Any, unpack_hook: Any, nr: int, node: Any) -> Packed:
    """A result of `node`, packed."""
    result = _call_pack(pack, t)
    # The packed result must not keep the node alive through its own edge: the edge is made again
    # when it is opened.
    return _PackedResult(result.detach() if result is t else result, unpack_hook, nr, node)


def _call_pack(pack: Any, t: Tensor) -> Any:
    before, mode.enabled = mode.enabled, False
    hooks, mode.saved_hooks = mode.saved_hooks, ()
    mode.settle()
    try:
        version = t._counter
        before_version = version[0]
        result = pack(t)
        if version is not INFERENCE and t._counter[0] != before_version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook cannot be modified by in-place operations as this can lead "
                "to unexpected side-effects. Please open an issue if you need to perform in-place "
                "operations on the input to a pack hook."
            )
        return result
    finally:
        mode.enabled, mode.saved_hooks = before, hooks
        mode.settle()


def packed_input(t: Tensor, pack: Any, unpack_hook: Any) -> Packed:
    return Packed(_call_pack(pack, t), unpack_hook, (t._edge or t) if t._rg else None)


class _PackedResult(Packed):
    __slots__ = ("node", "nr")

    def __init__(self, value: Any, unpack: Any, nr: int, node: Any):
        import weakref

        super().__init__(value, unpack, None)
        self.nr, self.node = nr, weakref.ref(node)

    def open(self) -> Tensor:
        t = self.unpack(self.value)
        if not isinstance(t, Tensor):
            raise TypeError(errors.UNPACK_TYPE.format(type(t).__name__))
        out = fresh(t._a)
        _set_origin(out, self.node(), self.nr)
        return out
