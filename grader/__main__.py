"""The command `grader`: what takes longest is started first, then the command line is read."""

from __future__ import annotations

import os
import sys

from .sandbox import FULL, start


def main() -> None:
    """Run the command line."""
    # As in a room: further threads of NumPy's would only get into each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = set(sys.argv[2:])
    if sys.argv[1:2] == ["grade"] and not words & {"--help", "--isolation"}:
        # Whatever else the words say, this will be wanted, and it has a second to import.
        start.ahead(FULL)
    try:
        from .cli import main as command_line

        command_line()
    finally:
        start.close_those_ahead()


if __name__ == "__main__":
    main()
