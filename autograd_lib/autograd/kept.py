"""What a Function's node keeps: the tensors that were given to save_for_backward()."""

from __future__ import annotations

from typing import Any

from .. import errors, saved
from ..grad_mode import mode
from ..tensor import Tensor, fresh


class SavedTensor(saved.SavedTensor):
    """One of the tensors that a Function saved.

    The node has ``(tensor, version, None)`` for an input, ``((array, counter), version, output)``
    for its own output: the tensor would keep the node alive, and the node it.
    """

    __module__ = "torch._C._autograd"
    __slots__ = ()
    _i: int

    def __init__(self, node: Any, i: int):
        super().__init__(node, "tensors", i)

    def _value(self) -> Any:
        if self._node._kept is saved.FREED:
            return saved.FREED
        item = self._node._kept[self._i]
        if item is None or item[2] is None:
            return item and item[0]
        return fresh(item[0][0])

    def _pack(self, pack: Any, unpack_hook: Any) -> None:
        kept = list(self._node._kept)
        kept[self._i] = _packed(self._node, kept[self._i], pack, unpack_hook)
        self._node._kept = tuple(kept)

    def unpack(self) -> Any:
        """The tensor, checked against changes in place."""
        if self._node._kept is saved.FREED:
            raise errors.freed()
        item, node = self._node._kept[self._i], self._node
        if item is None:
            return None
        t, version, nr = item
        if isinstance(t, saved.Packed):
            return t.open()
        if nr is None:
            if t._counter[0] != version:
                raise saved.stale(node, t._a, saved.origin(t), t._counter[0], version)
            return t
        array, counter = t
        if counter[0] != version:
            raise saved.stale(node, array, (0, node, nr), counter[0], version)
        return _output(node, array, counter, nr)


def _output(node: Any, array: Any, counter: Any, nr: int) -> Tensor:
    """An output of `node` made anew; `nr` is -1 where it is not differentiable."""
    out = fresh(array)
    out._counter = counter
    if nr >= 0:
        out._edge, out._rg = node._edge(nr), True
    return out


def keep(node: Any, t: Any, outputs: dict[int, int]) -> Any:
    if t is None:
        return None
    if not isinstance(t, Tensor):
        i = next(i for i, other in enumerate(node.to_save) if other is t)
        raise TypeError(
            "save_for_backward can only save variables, but argument "
            f"{i} is of type {type(t).__name__}"
        )
    nr = outputs.get(id(t))
    item = (t, t._counter[0], None) if nr is None else ((t._a, t._counter), t._counter[0], nr)
    return _packed(node, item, *mode.saved_hooks[-1]) if mode.saved_hooks else item


def _packed(node: Any, item: Any, pack: Any, unpack_hook: Any) -> Any:
    t, _, nr = item
    if nr is None:
        return (saved.packed_input(t, pack, unpack_hook), 0, None)
    t = _output(node, t[0], t[1], nr)
    return (saved.packed_result(t, pack, unpack_hook, nr, node), 0, None)
