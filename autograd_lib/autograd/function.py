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
from ..inplace import set_history
from ..node import Node, as_tensor, sequence
from ..recorder import WORDS
from ..tensor import CUSTOM, INFERENCE, MULTIPLE, Tensor, fresh, refresh, view_of


class FunctionCtx:
    """What `forward` notes down for `backward`."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs for backward; found there as `ctx.saved_tensors`."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, but argument "
                    f"{tensors.index(t)} is of type {type(t).__name__}"
                )
        self.to_save = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs were changed in place."""
        self.dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no derivative."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether missing gradients come as zeros (True) or as None."""
        self._materialize = value

    def save_for_forward(self, *tensors: Any) -> None:
        """For forward mode, which this engine does not have; kept for compatibility."""


class _HookMixin:
    pass


class _FunctionBase:
    pass


for _c, _m in ((FunctionCtx, "torch.autograd.function"), (_HookMixin, "torch.autograd.function"),
               (_FunctionBase, "torch._C")):  # fmt: skip
    _c.__module__ = _m


class BackwardCFunction(Node, FunctionCtx):
    """The node of a custom function; it is also the `ctx` that forward and backward see."""

    __module__ = "torch.autograd.function"
    forward_class: Any = None
    _wants_all = True
    _custom = True
    _shares = True  # what backward returns may be anybody's array
    to_save: tuple
    dirty: tuple
    non_differentiable: tuple
    _materialize: bool
    needs_input_grad: tuple
    _is_tensor: list
    _shapes: list

    def __init__(self) -> None:
        self.to_save = self.dirty = self.non_differentiable = ()
        self._materialize = True
        self._hooks = None
        self._edges = ()
        self._kept: Any = ()

    @property
    def saved_tensors(self) -> tuple:
        if self._kept is saved.FREED:
            raise errors.freed()
        return tuple(_read(self, i, item) for i, item in enumerate(self._kept))

    @property
    def saved_variables(self) -> tuple:  # type: ignore[override]
        """The old name of `saved_tensors`."""
        warnings.warn(
            "'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2
        )
        return self.saved_tensors

    _raw_saved_tensors = property(lambda self: self._kept)

    @property
    def _saved_tensors(self) -> tuple:
        return self.saved_tensors

    def _release(self) -> None:
        self._kept = saved.FREED

    def maybe_clear_saved_tensors(self) -> None:
        self._release()

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} object at {id(self):#x}>"

    def apply(self, *grads: Any) -> Any:
        """Run the function's backward, as the walk does."""
        return self.forward_class.backward(self, *grads)

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
        if not isinstance(result, (tuple, list)):
            result = (result,)
        result = list(result)
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
        for g, is_t in zip(result, self._is_tensor, strict=True):
            if g is not None and not is_t:
                raise RuntimeError(
                    f"function {name} returned a gradient different from None at position "
                    f"{result.index(g) + 1}, but the corresponding forward input was not a Variable"
                )
        for g in tensors:
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        for i, (g, shape) in enumerate(zip(tensors, self._shapes, strict=True)):
            if g is not None and self._edges[i] is not None:
                _check_shape(name, i, g, shape)
        return tensors


def _check_shape(name: str, i: int, g: Tensor, shape: tuple) -> None:
    got = g._a.shape
    lead = len(got) - len(shape)
    if lead < 0 or any(w not in (1, n) for w, n in zip(shape, got[lead:], strict=True)):
        raise hint(
            RuntimeError(
                f"Function {name} returned an invalid gradient at index {i} - got {list(got)} but "
                f"expected shape compatible with {list(shape)}"
            ),
            "a gradient has the shape of the argument that it belongs to.",
        )


def _read(node: Any, i: int, item: Any) -> Any:
    """One saved tensor, checked against changes in place."""
    if item is None:
        return None
    t, version, nr = item
    if isinstance(t, saved.Packed):
        return t.open()
    if nr is None:
        if t._counter[0] != version:
            raise saved.stale(node, t._a, t._edge, t._counter[0], version)
        return t
    array, counter = t
    if counter[0] != version:
        raise saved.stale(node, array, (0, node, nr), counter[0], version)
    out = fresh(array)
    out._counter = counter
    if nr >= 0:
        out._edge, out._rg = (node._seq, node, nr), True
    return out


def _keep(node: Any, t: Any, outputs: dict[int, int]) -> Any:
    if t is None:
        return None
    if id(t) in outputs:
        # An output is kept as its array: the tensor would keep the node alive, and the node it.
        item: Any = ((t._a, t._counter), t._counter[0], outputs[id(t)])
        if mode.saved_hooks:
            pack, unpack = mode.saved_hooks[-1]
            return (saved._packed(fresh(t._a), pack, unpack), 0, None)
        return item
    if mode.saved_hooks:
        pack, unpack = mode.saved_hooks[-1]
        return (saved._packed(t, pack, unpack), 0, None)
    return (t, t._counter[0], None)


class _FunctionMeta(type):
    def __init__(cls, name: str, bases: tuple, attrs: dict):
        super().__init__(name, bases, attrs)
        node_type: Any = type(BackwardCFunction)
        made = node_type(f"{name}Backward", (BackwardCFunction,), {"forward_class": cls})
        made.__module__ = "torch.autograd.function"
        cls._backward_cls = made


class Function(metaclass=_FunctionMeta):
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
        """For vmap, which this engine does not have."""
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
    if separate:
        bound = inspect.signature(cls.forward).bind(*args, **kwargs)
        bound.apply_defaults()
        args = bound.args
    elif kwargs:
        raise TypeError(f"forward() got an unexpected keyword argument '{next(iter(kwargs))}'")
    node = cls._backward_cls()
    tensors = [a for a in args if isinstance(a, Tensor)]
    for t in tensors:
        if t._view is not None:
            refresh(t)
    node.needs_input_grad = tuple(isinstance(a, Tensor) and a._rg for a in args)
    node._is_tensor = [isinstance(a, Tensor) for a in args]
    node._shapes = [t._a.shape for t in tensors]
    recording = mode.enabled and any(t._rg for t in tensors)
    with no_grad():
        if separate:
            output = cls.forward(*args)
            cls.setup_context(node, args, output)
        else:
            output = cls.forward(node, *args)
    many = isinstance(output, tuple)
    outputs = list(output) if many else [output]
    dirty = {id(t) for t in node.dirty}
    constant = {id(t) for t in node.non_differentiable}
    inputs = {id(t) for t in tensors}
    if recording:
        node._edges = tuple((t._edge or t) if t._rg else None for t in tensors)
        for t in node.dirty:
            if t._rg and t._edge is None:
                raise RuntimeError(
                    "a leaf Variable that requires grad has been used in an in-place operation."
                )
        node._seq = next(sequence)
    returned = {id(o) for o in outputs}
    if any(id(t) not in returned for t in node.dirty):
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
                    raise RuntimeError(
                        "Functions which modify views in-place must return a single Variable"
                    )
                set_history(o, node)
            else:
                o._edge, o._rg = (node._seq, node, i), True
                if o._view is not None:
                    o._view[2] = CUSTOM if len(outputs) == 1 else MULTIPLE
            numbered[id(outputs[i])] = i
        elif recording and id(outputs[i]) in constant:
            o._edge, o._rg = None, False
            numbered[id(outputs[i])] = -1
        made.append(o)
    if recording:
        node._kept = tuple(_keep(node, t, numbered) for t in node.to_save)
        if mode.anomaly:
            hooks = mode.saved_hooks
            mode.saved_hooks = ()
            try:
                saved.special(node)
            finally:
                mode.saved_hooks = hooks
    node.to_save = node.dirty = node.non_differentiable = ()
    return tuple(made) if many else made[0]


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

        flag: Any = WORDS["zeros_like"](args[0]) if args else None
        flag._rg = True
        result = _Refuse.apply(flag, *[o.detach() if isinstance(o, Tensor) else o for o in many])
        return result if isinstance(outputs, tuple) else result[0]

    return wrapper


class InplaceFunction(Function):
    """A Function that may work in place; kept for compatibility."""
