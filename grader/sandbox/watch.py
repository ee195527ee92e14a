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


def holds_more(process: int, megabytes: float) -> bool:
    """Say whether a process and its descendants hold more memory for themselves than this."""
    processes = tree(process)
    # What each of them has, shared or not, is soon looked up, and hardly ever comes near a limit.
    if sum(map(_any_kb, processes)) <= 1000 * megabytes:
        return False
    return sum(map(_private_kb, processes)) > 1000 * megabytes


def peak_memory_mb(process: int) -> float | None:
    """Return the most memory that a process has held so far."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            (line,) = [line for line in file if line.startswith(b"VmHWM:")]
    except (OSError, ValueError):
        return None
    return round(int(line.split()[1]) / 1024, 1)


def _any_kb(process: int) -> int:
    """Return a process's memory, with what it shares with the server."""
    return _sum_of(process, "status", (b"RssAnon:", b"RssShmem:", b"VmSwap:")) or 0


def _private_kb(process: int) -> int:
    """Return a process's own memory; where that may not be read, with what it shares."""
    own = _sum_of(process, "smaps_rollup", (b"Private_Dirty:", b"Swap:"))
    return _any_kb(process) if own is None else own


def _sum_of(process: int, name: str, wanted: tuple[bytes, ...]) -> int | None:
    try:
        with open(f"/proc/{process}/{name}", "rb") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(wanted))
    except OSError:
        return None


CAN_WATCH = sys.platform == "linux" and os.path.isdir("/proc/self")
