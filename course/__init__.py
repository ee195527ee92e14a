"""The course: what a student's notebook imports.

`begin` opens a lesson, `check` looks at an answer, `why` names the likely mistake, `example` hands
out a check's inputs to play with.
"""

from .check import CheckFailed, begin, check, example, why

__version__ = "0.1.0"
__all__ = ["CheckFailed", "__version__", "begin", "check", "example", "why"]
