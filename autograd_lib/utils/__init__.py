"""torch.utils: checkpoint, and hooks."""

from . import checkpoint

__all__ = ["checkpoint"]
