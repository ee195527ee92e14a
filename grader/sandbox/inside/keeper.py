"""The keeper: waits for a room's end where no namespace ends all that it started.

It is forked from the server, and forks the room. Whatever the room leaves behind becomes the
keeper's own child, and is ended with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from . import jail


def fork(control: socket.socket, fds: list[int], enter: Callable[[], None]) -> int:
    """Fork a keeper, whose room does `enter`; returns its process."""
    process = os.fork()
    if process == 0:
        try:
            control.close()
            _keep(fds, enter)
        except BaseException as error:
            with contextlib.suppress(OSError):
                socket.socket(fileno=fds[1]).send(json.dumps({"failed": repr(error)}).encode())
        finally:
            os._exit(0)
    return process


def report(status: socket.socket, how: int, used: Any) -> None:
    """Say how a room has ended, from what `os.wait4` returned."""
    found = {"exit": os.waitstatus_to_exitcode(how), "peak_kb": used.ru_maxrss}
    with contextlib.suppress(OSError):
        status.send(json.dumps(found).encode())


def _keep(fds: list[int], enter: Callable[[], None]) -> None:
    """Be the keeper: fork the room, wait for its end, report it."""
    if sys.platform == "linux":
        jail.die_with_parent()
        jail.adopt_orphans()
    process = os.fork()
    if process == 0:
        try:
            enter()
        finally:
            os._exit(0)
    os.close(fds[0])
    _wait(socket.socket(fileno=fds[1]), process)


def _wait(status: socket.socket, process: int) -> None:
    waker, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ended, how, used = os.wait4(process, os.WNOHANG)
        if ended == process:
            break
        ready, _, _ = select.select([status, waker], [], [])
        if waker in ready:
            waker.recv(64)
        if status in ready:
            # Whatever it says, or if it hangs up: the room is over.
            status.recv(64)
            _kill(process)
            _, how, used = os.wait4(process, 0)
            break
    _kill_orphans()
    report(status, how, used)


def _kill(process: int) -> None:
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(process, signal.SIGKILL)


def _kill_orphans() -> None:
    """End what the room has left behind."""
    own = os.getpid()
    for _ in range(200):
        try:
            with open(f"/proc/{own}/task/{own}/children") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            return
        if not children:
            return
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
