"""torch.utils.hooks: the handle that registering a hook returns, and hooks in pickled tensors."""

from __future__ import annotations

import warnings
from typing import Any

from ..hooks import RemovableHandle


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


__all__ = ["RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]
