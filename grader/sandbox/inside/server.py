"""The fork server: imports everything once, then forks a room for each submission.

Run as `python -m autograd_room.server FD SETTINGS`. For each datagram that arrives on the control
socket FD, which brings two sockets along, it forks a *keeper*; the keeper forks the room as the
first process of its own namespaces, waits for its end, and says how it ended. When the other end of
the keeper's socket closes, the keeper kills the room; killing the first process of a namespace
kills all others in it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
from typing import Any

from . import jail, pictures, refuse, room, shell
from .wire import Channel, Closed

FULL, REDUCED, NONE = "full", "reduced", "none"

_PICTURE = """
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.plot([1, 2], [3, 4], label="line"), axes.bar([1, 2], [3, 4])
axes.set(title="Title", xlabel="x", ylabel="y"), axes.legend()
display(figure)
plt.close("all")
"""


def main() -> None:
    """Serve until the control socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    own_shell = _import_everything(settings)
    control.send(json.dumps({"ready": os.getpid()}).encode())
    gc.collect()
    gc.freeze()
    while True:
        data, fds, _, _ = socket.recv_fds(control, 65536, 2)
        if not data:
            return
        wanted = json.loads(data)
        _fork_keeper(control, settings | wanted, fds, own_shell)
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _import_everything(settings: dict[str, Any]) -> shell.RoomShell:
    # A clone that was installed in place must not be on the path, nor the working directory.
    sys.path[:] = [path for path in settings["path"] if os.path.exists(path)]
    shutil.copytree(settings["fonts"], os.environ["MPLCONFIGDIR"], dirs_exist_ok=True)
    os.environ.pop("PYTHONPATH")
    own_shell = shell.make_shell(lambda output: None)
    pictures.install()
    import matplotlib.pyplot

    for name in settings["imports"]:
        __import__(name)
    refuse.refuse(settings["refuse"])
    # What IPython and matplotlib do at a first cell and a first picture is done once.
    own_shell.run_cell("1 + 1", store_history=False)
    own_shell.run_cell(_PICTURE, store_history=False)
    own_shell.reset(new_session=True)
    pictures.forget()
    # matplotlib closes fonts in every forked process. Of none that are open there is nothing to do.
    matplotlib.font_manager._get_font.cache_clear()  # type: ignore[attr-defined]
    return own_shell


def _fork_keeper(
    control: socket.socket, settings: dict[str, Any], fds: list[int], own_shell: shell.RoomShell
) -> None:
    """Fork the keeper, and say from outside who a submission is (only a superuser need do so)."""
    mapped = settings["level"] == FULL and os.getuid() == 0
    there, here = os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:
        try:
            control.close()
            os.close(there[0])
            os.close(here[1])
            _keep(settings, fds, own_shell, there[1], here[0])
        except BaseException as error:
            with contextlib.suppress(OSError):
                socket.socket(fileno=fds[1]).send(json.dumps({"failed": repr(error)}).encode())
        finally:
            os._exit(0)
    os.close(there[1])
    os.close(here[0])
    if mapped and os.read(there[0], 1):
        with contextlib.suppress(OSError):
            jail.map_user(process, settings["user"])
        with contextlib.suppress(BrokenPipeError):
            os.write(here[1], b"x")
    os.close(there[0])
    os.close(here[1])


def _keep(
    settings: dict[str, Any], fds: list[int], own_shell: shell.RoomShell, say: int, hear: int
) -> None:
    """Be the keeper: fork the room, wait for its end, report it."""
    level = settings["level"]
    if sys.platform == "linux":
        jail.die_with_parent()
        jail.adopt_orphans()
    if level == FULL:
        root = os.getuid() == 0
        outside = os.getuid()
        jail.unshare()
        if root:
            os.write(say, b"x")
            os.read(hear, 1)
        else:
            jail.map_user(os.getpid(), outside)
        jail.become(jail.USER)
    os.close(say)
    os.close(hear)
    process = os.fork()
    if process == 0:
        try:
            _be_the_room(settings, fds, own_shell)
        finally:
            os._exit(0)
    os.close(fds[0])
    status = socket.socket(fileno=fds[1])
    status.send(json.dumps({"started": process}).encode())
    _wait(status, process, level)


def _wait(status: socket.socket, process: int, level: str) -> None:
    ended: tuple[int, int, Any] | None = None
    waker, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while ended is None:
        found = os.wait4(process, os.WNOHANG)
        if found[0] == process:
            ended = found
            break
        ready, _, _ = select.select([status, waker], [], [])
        if waker in ready:
            waker.recv(64)
        if status in ready:
            # Whatever it says, or if it hangs up: the room is over.
            status.recv(64)
            _kill(process, level)
            ended = os.wait4(process, 0)
    _kill_orphans()
    report = {"exit": os.waitstatus_to_exitcode(ended[1]), "peak_kb": ended[2].ru_maxrss}
    with contextlib.suppress(OSError):
        status.send(json.dumps(report).encode())


def _kill(process: int, level: str) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, signal.SIGKILL)
    if level != FULL:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)


def _kill_orphans() -> None:
    """End what the room has left behind, where no namespace does so."""
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


def _be_the_room(settings: dict[str, Any], fds: list[int], own_shell: shell.RoomShell) -> None:
    level, limits = settings["level"], settings["limits"]
    link = socket.socket(fileno=fds[0])
    mapped = jail.mapped()
    # Signals to one's own group reach across namespaces: nobody else may be in it.
    os.setsid()
    if level == FULL:
        jail.private_files(limits["disk_mb"], limits["files"], os.environ["TMPDIR"])
    home = settings["home"]
    os.makedirs(home, exist_ok=True)
    if settings.get("own_user"):
        os.chown(home, settings["user"], settings["user"])
    os.chdir(home)
    os.environ["HOME"] = home
    os.environ["TMPDIR"] = "/home/tmp" if level == FULL else home
    _close_all_but(link.fileno())
    jail.limit(limits, mapped)
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
