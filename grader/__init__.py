"""The instructor's tool: builds lessons, grades submissions, reports on a class."""

import os
import sys
from pathlib import Path

from course import __version__

from .quick import import_nbformat

__all__ = ["__version__"]

import_nbformat()

# nbgrader starts `alembic` by its bare name when it makes a database. It stands beside this
# Python, which need not be on the path where no environment was activated.
_beside_python = str(Path(sys.executable).parent)
if _beside_python not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_beside_python, os.environ.get("PATH", os.defpath)])
