"""What a check itself may use: it works on what a submission sent, and may be led astray by it.

A submission that returns a huge number can make a check loop for ever over `range(found)`, or ask
for an array of that size. The check's own process then has to survive.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from ..sandbox import Limits

GRACE_SECONDS = 3
"""CPU time after which a check that cannot be interrupted takes its whole process with it"""

_expendable = False


def be_expendable() -> None:
    """Let a check end this process where nothing else ends it; whoever gave it work starts another.

    A loop inside of C, such as `sum(range(found))`, looks at no signal that Python handles.
    """
    global _expendable
    if sys.platform == "linux":
        import resource

        # What ends it would leave all of its memory in a file.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        _expendable = True


class _Crossed(BaseException):
    """The time is over; nothing that a check catches."""


class Bounds:
    """Limits CPU time and memory of this process within `with` statements, on Linux.

    The same as a cell's, but on top of what the process holds when this is made.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.crossed = ""
        """timeout, where the time was used up"""
        self._active = (
            sys.platform == "linux" and threading.current_thread() is threading.main_thread()
        )
        self._before: Any = None
        self._most = _mapped() + 2 * limits.memory_mb * 1_000_000 if self._active else 0

    def __enter__(self) -> Bounds:
        self.crossed = ""
        if self._active:
            import resource

            soft, hard = self._soft = resource.getrlimit(resource.RLIMIT_AS)
            if self._most > 0 and (soft == resource.RLIM_INFINITY or self._most < soft):
                resource.setrlimit(resource.RLIMIT_AS, (self._most, hard))
            self._before = signal.signal(signal.SIGPROF, self._too_long)
            # Again and again, should the check catch what is raised.
            signal.setitimer(signal.ITIMER_PROF, self._limits.cell_seconds, 0.5)
            if _expendable:
                seconds = time.process_time() + self._limits.cell_seconds + GRACE_SECONDS
                self._limit_cpu(math.ceil(seconds))
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        if self._active:
            import resource

            signal.setitimer(signal.ITIMER_PROF, 0)
            if _expendable:
                self._limit_cpu(-1)
            signal.signal(signal.SIGPROF, self._before)
            resource.setrlimit(resource.RLIMIT_AS, self._soft)
        return isinstance(error, _Crossed)

    @staticmethod
    def _limit_cpu(seconds: int) -> None:
        """Have the kernel end this process after so much CPU time, at -1 not any more."""
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (hard if seconds < 0 else soft, hard))

    def _too_long(self, number: int, frame: FrameType | None) -> None:
        self.crossed = "timeout"
        raise _Crossed


def _mapped() -> int:
    """Return the bytes of address space that this process takes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
