"""`python -m course`: fetch a lesson, see how far one is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import __version__, released
from .progress import progress


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m course",
        description="Automatic differentiation: the course. Fetch a lesson, see how far you are.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    start = commands.add_parser("start", help="put a lesson's notebook into a folder")
    start.add_argument("lesson", help="its number or name: 06, gradients_add_up")
    start.add_argument(
        "--into",
        type=Path,
        default=Path("."),
        metavar="DIR",
        help="where to put it (default: here)",
    )
    commands.add_parser("lessons", help="list the lessons, with their minutes")
    commands.add_parser("progress", help="show which exercises are done, in your own record")
    chosen = parser.parse_args()
    if chosen.command == "start":
        try:
            notebook = released.start(chosen.lesson, chosen.into)
        except released.NotStarted as error:
            sys.exit(str(error))
        print(f'It is in {notebook}. Open it with: jupyter lab "{notebook}"')
    elif chosen.command == "progress":
        progress()
    elif chosen.command == "lessons":
        for name, lesson in released.lessons().items():
            minutes = " + ".join(map(str, lesson["minutes"]))
            print(f"{name.partition('_')[0]}  {lesson['title']:42} {minutes} minutes")
    else:
        parser.print_help()


if __name__ == "__main__":
    # What Windows takes a terminal's encoding to be cannot hold the signs of the map.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    main()
