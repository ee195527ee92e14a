"""torch.utils.hooks: handles of hooks, hooks in pickled tensors, and modules' backward hooks."""

from __future__ import annotations

import warnings
from typing import Any

from ..grad_mode import is_grad_enabled
from ..hooks import RemovableHandle
from ..tensor import Tensor


def unserializable_hook(f: Any) -> Any:
    """Mark a hook so that nobody is warned when a tensor is pickled without it."""
    f.__torch_unserializable__ = True
    return f


def warn_if_has_hooks(tensor: Any) -> None:
    """Warn of each hook that pickling this tensor leaves behind."""
    for hook in (tensor._backward_hooks or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, "
                "you can decorate the function with @torch.utils.hooks.unserializable_hook to "
                "suppress this warning",
                stacklevel=2,
            )


class BackwardHook:
    """Backward hooks of one call of a module.

    All inputs go through one node that passes them on, and so do all outputs. Their gradients are
    thus known together: those of the outputs before the module runs backward, those of the inputs
    when it has.
    """

    def __init__(self, module: Any, user_hooks: list, user_pre_hooks: list):
        self.module, self.user_hooks, self.user_pre_hooks = module, user_hooks, user_pre_hooks
        self.grad_outputs: Any = None
        self.n_inputs = self.n_outputs = -1
        # Which of the inputs, or outputs, are tensors; None if no gradient passes there.
        self.input_tensors_index: list[int] | None = None
        self.output_tensors_index: list[int] | None = None

    def setup_input_hook(self, args: tuple) -> tuple:
        """The inputs, watched."""
        args, self.input_tensors_index = _watched(args, self._on_inputs)
        self.n_inputs = len(args)
        return args

    def setup_output_hook(self, args: Any) -> Any:
        """The outputs, watched."""
        many = args if isinstance(args, tuple) else (args,)
        many, self.output_tensors_index = _watched(many, self._on_outputs)
        self.n_outputs = len(many)
        return many if isinstance(args, tuple) else many[0]

    def _on_inputs(self, grad_input: tuple, _: tuple) -> Any:
        # A gradient may come to an input without having gone through an output, as in the second
        # derivative; that is none of the hook's business.
        if self.grad_outputs is None:
            return None
        index = self.input_tensors_index or []
        grads = _spread(index, grad_input, self.n_inputs)
        for hook in self.user_hooks:
            result = hook(self.module, grads, self.grad_outputs)
            if result is None:
                continue
            if len(result) != len(grads):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, got "
                    f"{len(result)}, but expected {len(grads)}"
                )
            grads = result
        self.grad_outputs = None
        return tuple(grads[i] for i in index)

    def _on_outputs(self, _: tuple, grad_output: tuple) -> Any:
        index = self.output_tensors_index or []
        grads = _spread(index, grad_output, self.n_outputs)
        for hook in self.user_pre_hooks:
            result = hook(self.module, grads)
            if result is None:
                continue
            if len(result) != self.n_outputs:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, got "
                    f"{len(result)}, but expected {self.n_outputs}"
                )
            grads = result
        self.grad_outputs = grads
        if self.input_tensors_index is None:
            self._without_inputs()
        return tuple(grads[i] for i in index)

    def _without_inputs(self) -> None:
        """No input wants a gradient, so that the hooks are called with those of the outputs."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See https://docs.pytorch.org/docs/main/"
            "generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for more "
            "details.",
            stacklevel=5,
        )
        for hook in self.user_hooks:
            result = hook(self.module, (None,) * self.n_inputs, self.grad_outputs)
            nothing = isinstance(result, tuple) and all(g is None for g in result)
            if result is not None and not nothing:
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None


def _spread(index: list[int], values: Any, n: int) -> tuple:
    """The values at their places among `n`, None elsewhere."""
    found = dict(zip(index, values, strict=True))
    return tuple(found.get(i) for i in range(n))


def _watched(args: tuple, hook: Any) -> tuple[tuple, list[int] | None]:
    """What is given, its tensors passed through one node that `hook` hangs on; and which they are.

    Where nothing requires grad, there is no node.
    """
    index = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
    if not is_grad_enabled() or not any(args[i].requires_grad for i in index):
        return args, None
    from ..nn.modules._functions import BackwardHookFunction

    passed = BackwardHookFunction.apply(*(args[i] for i in index))
    next(t.grad_fn for t in passed if t.grad_fn is not None).register_hook(hook)
    found = dict(zip(index, passed, strict=True))
    items = [found.get(i, a) for i, a in enumerate(args)]
    return (tuple(items) if type(args) is tuple else type(args)(*items)), index


__all__ = ["BackwardHook", "RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]
