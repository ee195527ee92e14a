"""The fork server: imports everything once, then forks a room for each submission.

Run as `python -m autograd_room.server FD SETTINGS`. For each datagram that arrives on the control
socket FD, which brings two sockets along, it forks a room: the first process of namespaces of its
own. It waits for the room's end, and says on the second socket how it ended. When the other end of
that socket says something, or closes, it kills the room; killing the first process of a namespace
kills all others in it. Where there are no namespaces, a *keeper* stands between server and room, to
find whatever the room leaves behind.

A datagram with cells, and one socket, asks for a *template*: a fork that runs the cells, which a
whole class has in common, and is then a fork server itself, on that socket. Its rooms begin where
those cells end. A datagram with nothing but one socket asks a template what its cells have shown.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
from functools import partial
from typing import Any

import numpy

from . import jail, keeper, pictures, refuse, room, shell, template, warm
from .wire import Channel, Closed

FULL, REDUCED, NONE = "full", "reduced", "none"
LONGEST_ORDER = 1_000_000
"""bytes of one datagram with what is wanted"""

_PICTURE = """
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(1, 1))
axes.plot([1, 2], [3, 4], label="line"), axes.bar([1, 2], [3, 4])
axes.set(title="Title", xlabel="x", ylabel="y"), axes.legend()
display(figure)
plt.close("all")
"""


def main() -> None:
    """Serve until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    # What is imported stays: looking through it for garbage would take a tenth of the time.
    gc.disable()
    own_shell = _import_everything(settings)
    control.send(json.dumps({"ready": os.getpid()}).encode())
    _serve(control, settings, own_shell)
    # Somebody waits for the end of it: nothing of what was imported need be taken down.
    os._exit(0)


def _serve(
    control: socket.socket,
    settings: dict[str, Any],
    own_shell: shell.RoomShell,
    shown: list[Any] | None = None,
) -> None:
    """Open rooms and templates for whoever is at the other end, until nobody is."""
    # What is there now will stay: nobody need look through it for garbage, and so copy its pages.
    gc.freeze()
    gc.enable()
    settings = settings | {
        # Python would seed it anew in every fork.
        "random": random.getstate(),
        "mapped": jail.mapped(),
        "places": jail.private_places(os.environ["TMPDIR"]) if settings["level"] == FULL else [],
    }
    rooms = _Rooms(settings["level"])
    others: list[int] = []
    while True:
        watched: list[Any] = [control, *rooms.watched]
        ready, _, _ = select.select(watched, [], [])
        rooms.attend(ready)
        others = [process for process in others if os.waitpid(process, os.WNOHANG) == (0, 0)]
        if control not in ready:
            continue
        data, fds, _, _ = socket.recv_fds(control, LONGEST_ORDER, 2)
        if not data:
            return
        asked = json.loads(data)
        if "cells" in asked:
            others.append(_fork_template(settings, asked, fds[0], own_shell))
        elif len(fds) == 1:
            with socket.socket(fileno=os.dup(fds[0])) as asking, contextlib.suppress(Closed):
                Channel(asking, bytes.fromhex(asked["cookie"])).send(shown)
        elif settings["level"] == FULL:
            rooms.open(settings | asked, fds, own_shell)
        else:
            within = partial(enter, settings | asked, fds, own_shell)
            others.append(keeper.fork(control, fds, within))
        for fd in fds:
            os.close(fd)


def _import_everything(settings: dict[str, Any]) -> shell.RoomShell:
    # A clone that was installed in place must not be on the path, nor the working directory.
    sys.path[:] = [path for path in settings["path"] if os.path.exists(path)]
    shutil.copytree(settings["fonts"], os.environ["MPLCONFIGDIR"], dirs_exist_ok=True)
    os.environ.pop("PYTHONPATH")
    own_shell = shell.make_shell(lambda output: None)
    pictures.install()
    # It reads the same descriptions again and again, to put them into others: half of a second.
    tidied, inspect.cleandoc = inspect.cleandoc, functools.cache(inspect.cleandoc)
    import matplotlib.pyplot  # noqa: F401

    inspect.cleandoc = tidied
    for name in settings["imports"]:
        __import__(name)
    refuse.refuse(settings["refuse"])
    # What IPython and matplotlib do at a first cell and a first picture is done once.
    own_shell.run_cell("1 + 1", store_history=False)
    own_shell.run_cell(_PICTURE, store_history=False)
    # Else they would start from what the system draws, and no two runs would be the same.
    random.seed(0)
    numpy.random.seed(0)
    engine = sys.modules.get("autograd_lib")
    if engine is not None:
        warm.practise(engine)
    warm.converse(own_shell, engine)
    own_shell.reset(new_session=True)
    pictures.forget()
    shell.close_fonts()
    if jail.can_filter():
        jail.prepare_filter()
    return own_shell


class _Rooms:
    """The rooms that this server has opened in namespaces of their own, until each has ended."""

    def __init__(self, level: str) -> None:
        self._own = jail.own_pid_namespace() if level == FULL else -1
        self._open: dict[int, tuple[int, socket.socket]] = {}
        """by the descriptor that tells of a room's end: its process, and whom to tell"""
        self._asking: dict[int, int] = {}
        """the processes of rooms that nobody has ended yet, by their status socket"""

    @property
    def watched(self) -> list[int]:
        """Where something may happen."""
        return [*self._open, *self._asking]

    def open(self, settings: dict[str, Any], fds: list[int], own_shell: shell.RoomShell) -> None:
        """Fork a room."""
        mapped = settings["superuser"]
        there, here = os.pipe(), os.pipe()
        process = jail.fork_first(self._own)
        if process == 0:
            try:
                _shut_off(mapped, there[1], here[0])
                enter(settings, fds, own_shell)
            except BaseException as error:
                # Only what fails before a notebook begins finds the socket open.
                with contextlib.suppress(OSError):
                    socket.socket(fileno=fds[1]).send(json.dumps({"failed": repr(error)}).encode())
            finally:
                os._exit(0)
        os.close(there[1])
        os.close(here[0])
        if mapped and os.read(there[0], 1):
            # Only from outside can a superuser say who a submission is.
            with contextlib.suppress(OSError):
                jail.map_user(process, settings["user"])
            with contextlib.suppress(BrokenPipeError):
                os.write(here[1], b"x")
        os.close(there[0])
        os.close(here[1])
        status = socket.socket(fileno=os.dup(fds[1]))
        self._open[os.pidfd_open(process)] = process, status
        self._asking[status.fileno()] = process

    def attend(self, ready: list[Any]) -> None:
        """End the rooms that are to end, and tell of those that have."""
        for fd in ready:
            if fd in self._asking:
                # Whatever it says, or if it hangs up: the room is over.
                os.kill(self._asking.pop(fd), signal.SIGKILL)
        for fd in ready:
            if fd in self._open:
                process, status = self._open.pop(fd)
                os.close(fd)
                self._asking.pop(status.fileno(), None)
                _, how, used = os.wait4(process, 0)
                keeper.report(status, how, used)
                status.close()


def _shut_off(mapped: bool, say: int, hear: int) -> None:
    """Be in namespaces of one's own, and nobody in particular in them."""
    outside = os.getuid()
    jail.unshare(jail.NAMESPACES & ~jail.CLONE_NEWPID)
    if mapped:
        os.write(say, b"x")
        os.read(hear, 1)
    else:
        jail.map_user("self", outside)
    jail.become(jail.USER)


def _fork_template(
    settings: dict[str, Any], asked: dict[str, Any], fd: int, own_shell: shell.RoomShell
) -> int:
    """Fork a server whose rooms begin behind some cells, unless these leave more than names."""
    process = os.fork()
    if process == 0:
        try:
            _close_all_but(fd)
            jail.die_with_parent()
            shown = template.prepare(own_shell, asked["cells"], asked["seconds"])
            _serve(socket.socket(fileno=fd), settings, own_shell, shown)
        finally:
            os._exit(0)
    return process


def enter(settings: dict[str, Any], fds: list[int], own_shell: shell.RoomShell) -> None:
    """Become a room: shut off what is left open, and answer until the other side hangs up."""
    level, limits = settings["level"], settings["limits"]
    link = socket.socket(fileno=fds[0])
    # Signals to one's own group reach across namespaces: nobody else may be in it.
    os.setsid()
    if level == FULL:
        jail.private_files(limits["disk_mb"], limits["files"], settings["places"])
    home = settings["home"]
    os.makedirs(home, exist_ok=True)
    if settings.get("own_user"):
        os.chown(home, settings["user"], settings["user"])
    os.chdir(home)
    os.environ["HOME"] = home
    os.environ["TMPDIR"] = "/home/tmp" if level == FULL else home
    _close_all_but(link.fileno())
    jail.limit(limits, settings["mapped"])
    if settings.get("own_user"):
        os.setgroups([])
        jail.become(settings["user"])
    if sys.platform == "linux":
        jail.die_with_parent()
        jail.may_be_watched()
    if level == FULL:
        jail.drop_capabilities()
    if level != NONE and jail.can_filter():
        jail.no_new_privileges()
        jail.filter_calls()
    random.setstate(settings["random"])
    channel = Channel(link, bytes.fromhex(settings["cookie"]))
    channel.largest = limits["message_mb"] * 1_000_000
    link.send(channel.cookie + b"hello")
    with contextlib.suppress(Closed):
        room.work(own_shell, channel)


def _close_all_but(kept: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.closerange(3, kept)
    os.closerange(kept + 1, 4096)


if __name__ == "__main__":
    main()
