"""The instructor's tool: builds lessons, grades submissions, reports on a class."""

import os
import sys
from pathlib import Path

from .quick import do_without_formats_of_addresses

do_without_formats_of_addresses()


def __getattr__(name: str) -> str:
    """Return `__version__`, which is the course's: for that alone nobody waits for the engine."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from course import __version__

    return __version__


# nbgrader starts `alembic` by its bare name when it makes a database. It stands beside this
# Python, which need not be on the path where no environment was activated.
_beside_python = str(Path(sys.executable).parent)
if _beside_python not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_beside_python, os.environ.get("PATH", os.defpath)])
