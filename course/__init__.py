"""The course: what a student's notebook imports.

`begin` opens a lesson, `check` looks at an answer, `why` names the likely mistake, `example` hands
out a check's inputs to play with, `solution` shows the lesson's own answer, `progress` draws a map
of what is done.
"""

__version__ = "0.1.0"

from .check import CheckFailed, begin, check, example, solution, why
from .progress import progress

__all__ = [
    "CheckFailed",
    "__version__",
    "begin",
    "check",
    "example",
    "progress",
    "solution",
    "why",
]
