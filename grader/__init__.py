"""The instructor's tool: builds lessons, grades submissions, reports on a class."""

from course import __version__

__all__ = ["__version__"]
