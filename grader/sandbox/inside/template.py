"""Cells that a whole class has in common, run once for all of its rooms."""

from __future__ import annotations

import gc
import os
import resource
from typing import Any

from . import shell


def prepare(own_shell: shell.RoomShell, cells: list[str], seconds: float) -> list[Any] | None:
    """Run cells; returns the outputs of each, None where a fork could not go on from there.

    A fork takes over what is in memory, and nothing else: a cell that starts a thread or a process,
    leaves a file, or keeps one open has to be run in each room by itself.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, most))
    before = _beside_memory()
    outputs: list[Any] = []
    shell.send_to(own_shell, lambda output: outputs[-1].append(output))
    shell.redirect(lambda output: outputs[-1].append(output))
    for source in cells:
        outputs.append([])
        if shell.run(own_shell, source)[0] != "ok":
            return None
    shell.close_fonts()
    gc.collect()
    if _beside_memory() != before:
        return None
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    return outputs


def _beside_memory() -> tuple[Any, ...]:
    """Return what a process has that its forks do not take over, or would share."""
    files = sorted(os.listdir("/proc/self/fd"))
    left = [sorted(names) for _, *names in os.walk(os.environ["TMPDIR"])]
    with open("/proc/thread-self/children") as file:
        children = file.read()
    threads = len(os.listdir("/proc/self/task"))
    return threads, len(files), left, children, os.getcwd(), dict(os.environ)
