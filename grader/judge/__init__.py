"""Where a check cell's run becomes a verdict."""

from .verdict import Definition, judge

__all__ = ["Definition", "judge"]
