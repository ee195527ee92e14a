"""torch.utils.hooks: the handle that registering a hook returns."""

from ..hooks import RemovableHandle

__all__ = ["RemovableHandle"]
