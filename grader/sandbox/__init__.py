"""Where student code runs."""

from .room import CellRun, Limits, Room

__all__ = ["CellRun", "Limits", "Room"]
