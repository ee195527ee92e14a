"""How long Restart & Run All takes on each solved lesson: ``python benchmarks/lessons.py [NAME]``.

A fresh kernel for each lesson, all of its cells in order; wall time, and the slowest cell.
"""

from __future__ import annotations

import sys
import time

import nbformat
from nbclient import NotebookClient

from course import find

LIMITS = {"13": 40, "16": 40, "21": 40, "22": 40, "23": 40, "24": 40}
"""Seconds that a lesson may take, by its number; all others 10"""


def run(name: str) -> tuple[float, float, str]:
    """Return a lesson's seconds, and the seconds and first line of its slowest cell."""
    path = find.CLONE / "solutions" / name / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    begun: dict[int, float] = {}
    took: dict[int, float] = {}

    def begin(cell: nbformat.NotebookNode, cell_index: int) -> None:
        begun[cell_index] = time.monotonic()

    def end(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
        took[cell_index] = time.monotonic() - begun.get(cell_index, time.monotonic())

    client = NotebookClient(
        notebook, timeout=600, on_cell_execute=begin, on_cell_executed=end, store_widget_state=False
    )
    start = time.monotonic()
    client.execute()
    whole = time.monotonic() - start
    slowest = max(took, key=lambda index: took[index])
    return whole, took[slowest], notebook.cells[slowest].source.splitlines()[0]


def main() -> None:
    """Print a line for each lesson; the exit code is 1 where one takes longer than it may."""
    names = sorted(path.name for path in (find.CLONE / "solutions").iterdir() if path.is_dir())
    late = False
    print(f"{'lesson':<36} {'seconds':>7} {'limit':>6}   slowest cell")
    for name in names:
        if sys.argv[1:] and name not in sys.argv[1:] and name[:2] not in sys.argv[1:]:
            continue
        whole, slowest, line = run(name)
        limit = LIMITS.get(name[:2], 10)
        late = late or whole > limit
        print(f"{name:<36} {whole:7.1f} {limit:>6}   {slowest:.1f} s  {line[:48]}", flush=True)
    sys.exit(late)


if __name__ == "__main__":
    main()
