"""What a Function's forward may note down on `ctx` for its backward."""

from __future__ import annotations

import warnings
from typing import Any


class FunctionCtx:
    """What `forward` notes down for `backward`."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs for backward; found there as `ctx.saved_tensors`."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """For forward mode, which this engine does not have; kept for compatibility."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Say which inputs were changed in place."""
        self.dirty_tensors = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Of old programs; tensors that share memory are known anyway."""
        warnings.warn(
            "`mark_shared_storage` is deprecated. Tensors with shared storages are automatically "
            "tracked. Note that calls to `set_()` are not tracked",
            FutureWarning,
            stacklevel=2,
        )

    def mark_non_differentiable(self, *args: Any) -> None:
        """Say which outputs have no derivative."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether missing gradients come as zeros (True) or as None."""
        self.materialize_grads = value


class _HookMixin:
    pass


class _FunctionBase:
    pass


for _c, _m in ((FunctionCtx, "torch.autograd.function"), (_HookMixin, "torch.autograd.function"),
               (_FunctionBase, "torch._C")):  # fmt: skip
    _c.__module__ = _m
