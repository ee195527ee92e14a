"""What a room uses while it works: CPU time and memory of it and of all that it has started."""

from __future__ import annotations

import os
import sys

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_seconds(process: int) -> float | None:
    """Return the CPU time of a process and of the children that it has waited for."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return sum(int(field) for field in fields[11:15]) / _TICKS


def tree(process: int) -> list[int]:
    """Return a process and all its living descendants."""
    found = [process]
    for one in found:
        try:
            tasks = os.listdir(f"/proc/{one}/task")
        except OSError:
            continue
        for task in tasks[:64]:
            try:
                with open(f"/proc/{one}/task/{task}/children") as file:
                    found += [int(word) for word in file.read().split()]
            except OSError:
                continue
        if len(found) > 1000:
            break
    return found


def memory_mb(process: int) -> float:
    """Return the memory that a process and its descendants hold for themselves."""
    return sum(map(_private_kb, tree(process))) / 1000


def peak_memory_mb(process: int) -> float | None:
    """Return the most memory that a process has held so far."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            (line,) = [line for line in file if line.startswith(b"VmHWM:")]
    except (OSError, ValueError):
        return None
    return round(int(line.split()[1]) / 1024, 1)


def _private_kb(process: int) -> int:
    # The second file may be read by everybody, but counts what is shared with the server too.
    for name, wanted in (
        ("smaps_rollup", (b"Private_Dirty:", b"Swap:")),
        ("status", (b"RssAnon:", b"RssShmem:", b"VmSwap:")),
    ):
        try:
            with open(f"/proc/{process}/{name}", "rb") as file:
                lines = file.read().splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) for line in lines if line.startswith(wanted))
    return 0


CAN_WATCH = sys.platform == "linux" and os.path.isdir("/proc/self")
