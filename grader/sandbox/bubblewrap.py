"""The command line that puts the fork server into a jail, and whether this machine has one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from . import stage

PACKAGES = "/room/packages"
FONTS = "/room/fonts"
HOME = "/home/student"
SCRATCH = "/room/scratch"

# Enough to make namespaces, and to say who a submission is outside of its own.
_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID")


def command(packages: Path, fonts: Path, hidden: Sequence[str] = ()) -> list[str]:
    """Return bubblewrap's arguments: no network, a read-only system, nothing of the user's."""
    words = ["bwrap", "--die-with-parent", "--new-session"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--hostname", "room"]
    if os.getuid() == 0:
        words += ["--cap-drop", "ALL"]
    else:
        # As nobody else than the namespace's own superuser: for another, bubblewrap puts a second
        # namespace into the first, and in that none of the first's others may be entered again.
        words += ["--unshare-user", "--uid", "0", "--gid", "0"]
        # Else this superuser may not be given another name in a room.
        words += ["--cap-add", "CAP_SETFCAP"]
    for capability in _CAPABILITIES:
        words += ["--cap-add", capability]
    words += [
        "--dir",
        "/tmp",
        "--dir",
        "/home",
        "--dir",
        "/room",
        "--tmpfs",
        SCRATCH,
        "--dev",
        "/dev",
        "--proc",
        "/proc",
    ]
    for folder in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(folder):
            words += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            words += ["--ro-bind", folder, folder]
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime"):
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for folder in _python_folders():
        # Said by name, or they would be open to the superuser alone.
        for parent in [*reversed(Path(folder).parents)][1:]:
            words += ["--dir", str(parent)]
        words += ["--ro-bind", folder, folder]
    for folder in hidden:
        words += ["--tmpfs", folder, "--remount-ro", folder]
    words += ["--ro-bind", str(packages), PACKAGES, "--ro-bind", str(fonts), FONTS]
    # What a room could leave in there, the next would find.
    return [*words, "--chdir", "/", "--remount-ro", "/dev", "--remount-ro", "/"]


def _python_folders() -> list[str]:
    """Return what this Python consists of, without folders that lie in others."""
    wanted = [sys.prefix, sys.base_prefix, *stage.library_path()]
    found: list[str] = []
    for folder in sorted(os.path.realpath(f) for f in wanted if os.path.isdir(f)):
        if not any(folder == f or folder.startswith(f + os.sep) for f in [*found, "/usr"]):
            found.append(folder)
    # A virtual environment is known by the path that it was started from.
    links = {f for f in wanted[:2] if os.path.realpath(f) not in (f, *found)}
    return found + sorted(links)


@cache
def problem() -> str:
    """Return why this machine has no full isolation, "" where it has."""
    if sys.platform != "linux":
        return f"namespaces exist on Linux only, and this is {sys.platform}"
    # Elsewhere it could not even be imported.
    from .inside import jail

    if not jail.can_filter():
        return "there is no filter of system calls for this kind of processor"
    if not jail.can_watch_children():
        return "this kernel is older than Linux 5.3"
    if shutil.which("bwrap") is None:
        return "bubblewrap (the command bwrap) is not installed"
    words = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    try:
        tried = subprocess.run(words, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap did not start: {error}"
    if tried.returncode:
        return f"bubblewrap may not make namespaces here: {tried.stderr.strip()[:200]}"
    return ""
