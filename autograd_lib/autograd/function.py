"""Function: operations with a derivative of one's own."""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import Any

import numpy as np

from .. import errors, saved
from ..errors import hint
from ..grad_mode import mode, no_grad
from ..hooks import move_retained
from ..inplace import check, set_history
from ..node import SHOWN, Node, as_tensor, sequence
from ..recorder import WORDS
from ..tensor import CUSTOM, INFERENCE, MULTIPLE, Tensor, fresh, refresh, view_of
from ..unbroadcast import check_shape
from .context import FunctionCtx, _FunctionBase, _HookMixin
from .kept import SavedTensor, keep


class BackwardCFunction(Node, FunctionCtx):
    """The node of a custom function; it is also the `ctx` that forward and backward see."""

    __module__ = "torch.autograd.function"
    forward_class: Any = None
    _wants_all = True
    _custom = True
    _shares = True  # what backward returns may be anybody's array
    # What forward may set, and its caller reads afterwards; None from then on.
    to_save: Any = None
    saved_for_forward: Any = None
    dirty_tensors: Any = None
    non_differentiable: Any = None
    needs_input_grad: tuple
    _is_tensor: list
    _like: list  # shape and kind of type of each tensor among the arguments

    def __init__(self) -> None:
        self._hooks = None
        self._edges = ()
        self._kept: Any = ()

    @property
    def materialize_grads(self) -> Any:
        raise AttributeError(
            "attribute 'materialize_grads' of 'torch._C._FunctionBase' objects is not readable"
        )

    @materialize_grads.setter
    def materialize_grads(self, value: bool) -> None:
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple:
        return tuple(kept.unpack() for kept in self._raw_saved_tensors)

    @property
    def saved_variables(self) -> tuple:  # type: ignore[override]
        """The old name of `saved_tensors`."""
        warnings.warn(
            "'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2
        )
        return self.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple:
        if self._kept is saved.FREED:
            raise errors.freed()
        return tuple(SavedTensor(self, i) for i in range(len(self._kept)))

    def _release(self) -> None:
        self._kept = saved.FREED

    def maybe_clear_saved_tensors(self) -> None:
        self._release()

    def apply(self, *grads: Any) -> Any:
        """Run the function's backward, as the walk does."""
        return self.forward_class.backward(self, *grads)

    def __call__(self, *grads: Any) -> Any:
        raise TypeError(f"'{type(self).__name__}' object is not callable")

    def __dir__(self) -> list[str]:
        # What begins with one underscore is the engine's, but for what torch has too.
        own = [n for n in object.__dir__(self) if not n.startswith("_") or n.startswith("__")]
        return sorted({*own, *SHOWN, "_raw_saved_tensors"})

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} object at {id(self):#x}>"

    # -- running ----------------------------------------------------------------------------------

    def _run(self, grads: Any, keep: bool) -> Any:
        out = self._call([as_tensor(g) for g in grads])
        return [None if g is None else g._a for g in out]

    def _run_tensors(self, grads: Any, keep: bool) -> Any:
        return self._call(grads)

    def _call(self, grads: Any) -> list:
        cls = self.forward_class
        name = type(self).__name__
        if cls.backward is not Function.backward and cls.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one of them."
            )
        given = cls.vjp if cls.vjp is not Function.vjp else cls.backward
        result = given(self, *grads)
        result = list(result) if isinstance(result, tuple) else [result]
        n = len(self.needs_input_grad)
        if len(result) != n:
            # Extra Nones at the end do no harm.
            if len(result) > n and all(g is None for g in result[n:]):
                result = result[:n]
            else:
                raise hint(
                    RuntimeError(
                        f"function {name} returned an incorrect number of gradients (expected {n}, "
                        f"got {len(result)})"
                    ),
                    "backward returns one gradient per argument of forward (ctx aside); None for "
                    "those that need none.",
                )
        tensors = [g for g, is_t in zip(result, self._is_tensor, strict=True) if is_t]
        for position, (g, is_t) in enumerate(zip(result, self._is_tensor, strict=True), 1):
            if g is not None and not is_t:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at position "
                    f"{position}, but the corresponding forward input was not a Variable"
                )
        for g in tensors:
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        for i, (g, like) in enumerate(zip(tensors, self._like, strict=True)):
            if g is not None and self._edges[i] is not None:
                _check(name, i, g, *like)
        return tensors


def _check(name: str, i: int, g: Tensor, shape: tuple, kind: str) -> None:
    check_shape(name, i, g._a.shape, shape, "argument")
    if g._a.dtype.kind == "c" != kind:
        raise RuntimeError(errors.COMPLEX_GRAD)


class _FunctionMeta(type):
    def __init__(cls, name: str, bases: tuple, attrs: dict):
        super().__init__(name, bases, attrs)
        node_type: Any = type(BackwardCFunction)
        made = node_type(
            f"{name}Backward", (BackwardCFunction,), {"forward_class": cls, "_forward_cls": cls}
        )
        made.__module__ = "torch.autograd.function"
        cls._backward_cls = made


class Function(_FunctionBase, FunctionCtx, _HookMixin, metaclass=_FunctionMeta):
    """An operation defined by its forward and its backward.

    Subclass it with static methods ``forward(ctx, *args)`` and ``backward(ctx, *grads)`` and use it
    as ``Name.apply(*args)``.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result. Without `setup_context`, the first argument is `ctx`."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> Any:
        """Note down what backward needs; then forward takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """One gradient per argument of forward, from one gradient per output."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward
    generate_vmap_rule = False

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """How torch's vmap would run it; this engine's goes through rows one by one."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or "
            "set generate_vmap_rule=True."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Forward mode, which this engine does not have."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the function and record it."""
        return _apply(cls, args, kwargs)


def _apply(cls: Any, args: tuple, kwargs: dict) -> Any:
    separate = cls.setup_context is not Function.setup_context
    if mode.transforms and not separate:
        raise RuntimeError(errors.NEEDS_SETUP)
    if separate:
        bound = inspect.signature(cls.forward).bind(*args, **kwargs)
        bound.apply_defaults()
        args = bound.args
    elif kwargs:
        args = _in_order(cls.forward, args, kwargs)
    node = cls._backward_cls()
    tensors = [a for a in args if isinstance(a, Tensor)]
    for t in tensors:
        if t._view is not None:
            refresh(t)
    node.needs_input_grad = tuple(isinstance(a, Tensor) and a._rg for a in args)
    node._is_tensor = [isinstance(a, Tensor) for a in args]
    node._like = [(t._a.shape, t._a.dtype.kind) for t in tensors]
    recording = mode.enabled and any(t._rg for t in tensors)
    if recording:
        node._edges = tuple((t._edge or t) if t._rg else None for t in tensors)
    with no_grad():
        if separate:
            output = cls.forward(*args)
            cls.setup_context(node, args, output)
        else:
            output = cls.forward(node, *args)
    many = isinstance(output, tuple)
    outputs = list(output) if many else [output]
    dirty = _marked(node.dirty_tensors, errors.MARK_DIRTY)
    constant = _marked(node.non_differentiable, errors.MARK_CONSTANT)
    inputs = {id(t) for t in tensors}
    if separate and {id(t) for t in node.to_save or ()} & inputs.intersection(map(id, outputs)):
        raise RuntimeError(errors.SAVED_AS_IS)
    if recording:
        for t in node.dirty_tensors or ():
            if t._rg and t._edge is None:
                raise RuntimeError(
                    "a leaf Variable that requires grad has been used in an in-place operation."
                )
            if t._view is not None:
                check(t, True)
        node._seq = next(sequence)
    returned = {id(o) for o in outputs}
    if dirty - returned:
        raise RuntimeError(errors.NOT_RETURNED)
    node._shape = [o._a.shape if isinstance(o, Tensor) else None for o in outputs]
    node._dtype = [o._a.dtype if isinstance(o, Tensor) else np.dtype("f4") for o in outputs]
    numbered: dict[int, int] = {}
    made: list[Any] = []
    for i, o in enumerate(outputs):
        if not isinstance(o, Tensor):
            made.append(o)
            continue
        if id(o) in inputs and id(o) not in dirty:
            # An input returned as it is becomes a new tensor on the same memory.
            source, o = o, fresh(o._a)
            o._counter = source._counter
            o._view = view_of(source)
            o._view[2] = CUSTOM
            numbered[id(source)] = i
        if id(o) in dirty and o._counter is not INFERENCE:
            o._counter[0] += 1
        if recording and id(outputs[i]) not in constant and o._a.dtype.kind in "fc":
            if o._view is not None and id(o) in dirty:
                if len(outputs) > 1:
                    raise RuntimeError(errors.DIRTY_VIEW)
                set_history(o, node)
            else:
                old, o._edge, o._rg = o._edge, node._edge(i), True
                if old is not None and old[1]._hooks is not None:
                    move_retained(o, old)
                if o._view is not None:
                    o._view[2] = CUSTOM if len(outputs) == 1 else MULTIPLE
            numbered[id(outputs[i])] = i
        else:
            # What has no derivative requires no grad; an input stays as it is.
            if o.requires_grad and (o._view is None or id(outputs[i]) in inputs):
                o = o.detach()
            numbered[id(outputs[i])] = -1
        made.append(o)
    if recording:
        node._kept = tuple(keep(node, t, numbered) for t in node.to_save or ())
        if mode.anomaly:
            saved.note_origin(node)
    node.to_save = node.dirty_tensors = node.non_differentiable = None
    return tuple(made) if many else made[0]


def _in_order(forward: Any, args: tuple, kwargs: dict) -> tuple:
    """All arguments by position, as they are recorded."""
    parameters = inspect.signature(forward).parameters.values()
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][1:]
    given = list(args)
    for name in kwargs:
        if name not in names:
            raise TypeError(f"forward() got an unexpected keyword argument '{name}'")
        if names.index(name) < len(args):
            raise TypeError(f"forward() got multiple values for argument '{name}'")
    for i, name in enumerate(names[len(args) : len(args) + len(kwargs)], len(args)):
        if name not in kwargs:
            raise TypeError(f"forward() missing required argument: '{name}' (position {i})")
        given.append(kwargs[name])
    return tuple(given)


def _marked(tensors: Any, refusal: str) -> set[int]:
    """The ids of tensors that forward has marked."""
    for t in tensors or ():
        if not isinstance(t, Tensor):
            raise hint(RuntimeError(refusal), f"it got a {type(t).__name__}.")
    return {id(t) for t in tensors or ()}


def once_differentiable(fn: Any) -> Any:
    """For a backward that cannot be differentiated itself: its results are constants."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args)
        if not mode.enabled or not any(isinstance(a, Tensor) and a._rg for a in args):
            return outputs
        many = outputs if isinstance(outputs, tuple) else (outputs,)

        class _Refuse(Function):
            @staticmethod
            def forward(ctx: Any, *args: Any) -> Any:
                return args[1:]

            @staticmethod
            def backward(ctx: Any, *grads: Any) -> Any:
                raise RuntimeError(
                    "trying to differentiate twice a function that was marked with "
                    "@once_differentiable"
                )

        _Refuse._backward_cls.__name__ = "Error"
        flag: Any = WORDS["zeros_like"](args[0]) if args else None
        flag._rg = True
        result = _Refuse.apply(flag, *[o.detach() if isinstance(o, Tensor) else o for o in many])
        return result if isinstance(outputs, tuple) else result[0]

    return wrapper


class NestedIOFunction(Function):
    """For old programs; a Function with static methods takes nested arguments as they are."""


class InplaceFunction(Function):
    """A Function that may work in place; kept for compatibility."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace
