"""Where student code runs."""

from .room import FULL, LEVELS, NONE, REDUCED, CellRun, Limits, Room, RoomEnded

__all__ = ["FULL", "LEVELS", "NONE", "REDUCED", "CellRun", "Limits", "Room", "RoomEnded"]
