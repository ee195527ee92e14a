"""torch.utils: checkpoint, and hooks."""

from . import _pytree, checkpoint, hooks

__all__ = ["_pytree", "checkpoint", "hooks"]
