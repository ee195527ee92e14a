"""What is in a cell for IPython only."""

from __future__ import annotations

import re

_MAGIC = re.compile(r"^\s*[%!]")


def without_magics(source: str) -> str:
    """Leave out what is for IPython only; a cell magic takes the whole cell with it."""
    if source.lstrip().startswith("%%"):
        return ""
    return "\n".join("" if _MAGIC.match(line) else line for line in source.split("\n"))
