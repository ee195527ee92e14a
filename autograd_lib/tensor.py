"""Tensor: an array that remembers where it came from."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes, errors
from .dtypes import Size
from .errors import hint
from .facts import TensorBase
from .facts import wrap_dim as wrap_dim
from .grad_mode import mode, unusual
from .numeric import START

new = object.__new__
run_backward: Any = None  # set by the engine, which cannot be imported here
short_walk: Any = None


class _InferenceCounter:
    """The version counter of tensors made in inference mode: nobody may save them."""

    def __getitem__(self, i: int) -> int:
        raise RuntimeError(errors.INFERENCE_SAVE)


INFERENCE = _InferenceCounter()


class Tensor(TensorBase):
    """An array of numbers, a gradient, and the operation that made it.

    ``Tensor(data)`` gives the default float type; use `tensor` to keep the type of the data.
    """

    # Slots instead of a dictionary: an operation makes its result with seven plain stores.
    # (A dictionary comes into being only when somebody hangs an attribute of their own on it.)
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_a",  # the NumPy array
        "_counter",  # [how often the memory was changed in place]; shared by views
        "_edge",  # leads to the operation that made it, see `node`; None: a leaf
        "_grad",  # the gradient collected so far, a Tensor
        "_hooks",  # Hooks, once somebody registers one
        "_rg",  # requires grad
        "_view",  # [base, version, kind] if it shares another tensor's memory
    )

    __module__ = "torch"
    # NumPy's operators step back, so that ours (or a TypeError) decide.
    __array_priority__ = 1000

    _a: np.ndarray
    _edge: tuple[int, Any, int | None, Any, Any] | None
    _rg: bool
    _grad: Any
    _counter: Any
    _view: Any
    _hooks: Any

    if TYPE_CHECKING:
        # The table adds methods and operators; type checkers need to know that they exist.
        def __getattr__(self, name: str) -> Any: ...

        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __truediv__: Any
        __rtruediv__: Any
        __pow__: Any
        __neg__: Any
        __getitem__: Any
        __gt__: Any
        __le__: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("device", None)
        if len(args) == 1 and isinstance(args[0], Tensor):
            a = args[0]._a
        elif len(args) == 1 and not isinstance(args[0], (int, np.integer)):
            a = np.array(args[0], dtype=dtypes.default_numpy())
        else:
            sizes = args[0] if args and isinstance(args[0], Size) else args
            a = np.zeros(sizes if sizes else 0, dtype=dtypes.default_numpy())
        return fresh(a, cls)

    # -- flags and the graph ------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._rg or (self._view is not None and self._view[0]._rg)

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if not isinstance(flag, bool):
            raise RuntimeError("requires_grad must be a bool")
        if flag and self._a.dtype.kind not in "fc":
            raise errors.only_floats("only Tensors of floating point and complex dtype")
        if flag and self._edge is not None:
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        set_requires_grad(self, flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` in place; returns the tensor. Only leaves can be changed."""
        errors.must_be_bool("requires_grad_", "requires_grad", requires_grad)
        if requires_grad and self._a.dtype.kind not in "fc":
            raise errors.only_floats("only Tensors of floating point dtype")
        set_requires_grad(self, requires_grad)
        return self

    @property
    def grad_fn(self) -> Any:
        """The node of the graph that made this tensor; None for a leaf."""
        if self._view is not None:
            refresh(self)
        return None if self._edge is None or self._edge[1]._leaf else self._edge[1]

    @property
    def is_leaf(self) -> bool:
        """True when no recorded operation made this tensor, that is, `grad_fn` is None."""
        if self._view is not None:
            refresh(self)
        return self._edge is None or self._edge[1]._leaf

    @property
    def output_nr(self) -> int:
        return 0 if self._edge is None else self._edge[2] or 0

    @property
    def grad(self) -> Any:
        """The gradient collected by `backward()`; None until there is one."""
        if self._grad is None and self._edge is not None and not self.retains_grad:
            warnings.warn(errors.NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            _check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        edge = self._edge
        if edge is None or edge[1]._hooks is None:
            return False
        return (edge[2] or 0) in edge[1]._hooks.retain

    def retain_grad(self) -> None:
        """Collect `.grad` here too, though this is no leaf. Raises for untracked tensors."""
        if not self.requires_grad:
            raise hint(
                RuntimeError("can't retain_grad on Tensor that has requires_grad=False"),
                "no gradient will ever reach this tensor, so there is none to keep.",
            )
        if self._edge is not None:
            from .hooks import retain

            retain(self)

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph and outside its version counter."""
        out = fresh(self._a)
        if self._counter is INFERENCE:
            out._counter = INFERENCE
        return out

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self._rg and value._a.dtype.kind not in "fc":
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex "
                "dtype"
            )
        self._a = value._a

    @property
    def _version(self) -> int:
        if self._counter is INFERENCE:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._counter[0]

    @property
    def _base(self) -> Any:
        return None if self._view is None else self._view[0]

    def _is_view(self) -> bool:
        return self._view is not None

    def is_inference(self) -> bool:
        """Whether it was made inside `inference_mode`."""
        return self._counter is INFERENCE

    def detach(self) -> Tensor:
        """The same memory outside the graph. In-place changes are still noticed."""
        out = fresh(self._a)
        out._counter = self._counter
        return out

    def detach_(self) -> Tensor:
        """Cut this tensor from its history, in place. Raises for views."""
        if self._view is not None:
            raise RuntimeError(errors.DETACH_VIEW)
        self._edge, self._rg = None, False
        return self

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the derivative of this tensor to the `.grad` of every leaf it was made from.

        `gradient`: the weights of the outputs, of this tensor's shape; needed unless it has one
        element. Raises RuntimeError when nothing was recorded, or when saved values are freed.
        """
        edge = self._edge
        if gradient is None and inputs is None and not create_graph and edge is not None:
            # What nearly every training step asks for: one number, all leaves, nothing unusual.
            (_, _, nr, _, dtype), a = edge, self._a
            start = START.get(dtype)
            if (
                start is not None and nr is None and not a.ndim and a.dtype is dtype
                and self._view is None and (not unusual or mode.state.__class__ is bool)
            ):  # fmt: skip
                short_walk(edge, start, retain_graph)
                return
        run_backward((self,), gradient, retain_graph, create_graph, inputs)

    # -- hooks --------------------------------------------------------------------------------

    def register_hook(self, hook: Any) -> Any:
        """Call `hook(grad)` whenever this tensor's gradient is computed; it may return another."""
        from .hooks import register_tensor_hook

        return register_tensor_hook(self, hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> Any:
        """Call `hook(tensor)` after this leaf's `.grad` was updated."""
        from .hooks import register_post_accumulate

        return register_post_accumulate(self, hook)

    def __array_wrap__(self, a: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return fresh(np.asarray(a))

    # -- copies -------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict) -> Any:
        if not self.is_leaf:
            raise hint(
                RuntimeError(
                    "Only Tensors created explicitly by the user (graph leaves) support the "
                    "deepcopy protocol at the moment.  If you were attempting to deepcopy a "
                    "module, this may be because of a torch.nn.utils.weight_norm usage, see "
                    "https://github.com/pytorch/pytorch/pull/103001"
                ),
                "use .clone() to stay in the graph, or .detach().clone() to leave it.",
            )
        if id(self) in memo:
            return memo[id(self)]
        import copy

        out = fresh(self._a.copy(), type(self))
        out._rg = self._rg
        memo[id(self)] = out
        if self._grad is not None:
            out._grad = copy.deepcopy(self._grad, memo)
        for key, value in self.__dict__.items():
            out.__dict__[key] = copy.deepcopy(value, memo)
        return out

    def __copy__(self) -> Any:
        out = fresh(self._a, type(self))
        out._rg, out._counter = self._rg, self._counter  # a leaf, as in torch
        out.__dict__.update(self.__dict__)
        return out

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._hooks is not None:
            from .utils.hooks import warn_if_has_hooks

            warn_if_has_hooks(self)
        return _rebuild, (type(self), np.ascontiguousarray(self._a).reshape(self._a.shape),
                          self._rg, dict(self.__dict__))  # fmt: skip


def _rebuild(cls: type, a: np.ndarray, rg: bool, attributes: dict) -> Tensor:
    out = fresh(np.array(a), cls)
    out._rg = rg
    out.__dict__.update(attributes)
    return out


def fresh(a: np.ndarray, cls: Any = Tensor) -> Any:
    """A leaf around the array `a`."""
    t = new(cls)
    t._a = a
    t._edge = t._grad = t._view = t._hooks = None
    t._rg = False
    t._counter = [0] if not unusual or not mode.inference else INFERENCE
    return t


def set_requires_grad(t: Tensor, flag: bool) -> None:
    if t._edge is not None:
        if not flag:
            raise hint(
                RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to "
                    "use a computed variable in a subgraph that doesn't require differentiation "
                    "use var_no_grad = var.detach()."
                ),
                "this tensor was computed; detach() gives one outside the graph.",
            )
        return
    if flag and t._counter is INFERENCE and not mode.inference:
        raise RuntimeError(errors.INFERENCE_FLAG)
    t._rg = bool(flag)


def _check_grad(t: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            "assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(value).__name__}"
        )
    if value is t:
        raise RuntimeError("can't assign Variable as its own grad")
    if value._a.dtype != t._a.dtype:
        from .hooks import check_grad_dtype

        check_grad_dtype(t, value)
    if value._a.shape != t._a.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(value._a.shape)}' to a tensor of "
            f"size '{list(t._a.shape)}'. Please ensure that the gradient and the tensor are the "
            "same size"
        )


# -- views ----------------------------------------------------------------------------------------
# A view shares its base's memory and version counter. When the memory was changed in place by a
# recorded operation, the base has a new history, and the view's own is out of date: it is replaced
# the next time anybody looks, by "a strided window on the base as it is now".

NORMAL, MULTIPLE, NO_GRAD, CUSTOM, INFERENCE_MODE = range(5)


def view_of(t: Tensor, multiple: bool = False) -> list:
    """The view record [base, version, kind] of a new view of `t`."""
    parent, counter, kind = t._view, t._counter, MULTIPLE if multiple else NORMAL
    if unusual and mode.state is not True:
        kind = INFERENCE_MODE if mode.inference else kind if mode.state else NO_GRAD
    version = 0 if counter is INFERENCE else counter[0]
    return [t, version, kind] if parent is None else [parent[0], version, max(kind, parent[2])]


def _changed_elsewhere(t: Tensor) -> RuntimeError:
    """The error for a view that cannot follow a change of its base."""
    if t._edge is None:
        return RuntimeError(errors.NO_GRAD_VIEW_CHANGED)
    node, nr = t._edge[1:3]
    name = node.name().rstrip("0123456789").removesuffix("Backward")
    what = errors.VIEW_CHANGED.format(nr or 0, name)
    return RuntimeError(
        what + (errors.MULTI_VIEW if t._view[2] == MULTIPLE else errors.CUSTOM_VIEW)
    )


def refresh(t: Tensor) -> None:
    """Renew a view's history if its memory was changed since."""
    view = t._view
    if t._counter is INFERENCE or view[1] == t._counter[0]:
        return
    base = view[0]
    if view[2] == INFERENCE_MODE and mode.state and base._rg:
        raise RuntimeError(errors.INFERENCE_BASE)
    if not base._rg or t._grad is not None:
        view[1] = t._counter[0]
        return
    if view[2] and mode.state and (view[2] != MULTIPLE or t._edge is not None):
        raise _changed_elsewhere(t)
    view[1] = t._counter[0]
    if view[2] >= NO_GRAD:
        return
    from .inplace import window

    before, mode.enabled = mode.enabled, True
    try:
        out = window(base, t)
        old, t._edge, t._rg = t._edge, out._edge, out._rg
    finally:
        mode.enabled = before
    if old is not None and old[1]._hooks is not None:
        from .hooks import move_retained

        move_retained(t, old)
