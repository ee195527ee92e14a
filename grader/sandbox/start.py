"""The fork server's process: started early, since it takes a second to import everything.

This imports nothing that takes long itself, so that a command can start a server first, and import
what it needs meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from . import bubblewrap, stage
from .room import FULL, REDUCED


class SandboxError(Exception):
    """The sandbox does not start on this machine; the text says why."""


class Server:
    """A process that imports what rooms need, and then forks them."""

    def __init__(self, level: str, *, engine: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
        os.chmod(self.folder, 0o755)
        packages = stage.stage(self.folder, engine=engine)
        fonts = stage.font_cache()
        inner = [bubblewrap.PACKAGES, bubblewrap.FONTS] if level == FULL else [packages, fonts]
        refused = [] if engine else _engines()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {
            "level": level,
            "imports": ["autograd_lib", "course"] if engine else [],
            "refuse": refused,
            "path": [str(inner[0]), *stage.library_path()],
            "fonts": str(inner[1]),
            "own_user": level == REDUCED and _others_can_read_python(),
            "superuser": hasattr(os, "getuid") and os.getuid() == 0,
        }
        hidden = stage.installed(refused)
        words = bubblewrap.command(packages, fonts, hidden) if level == FULL else []
        python = [sys.executable, "-P", "-s", "-B", "-m", f"{stage.ROOM_PACKAGE}.server"]
        home = Path(bubblewrap.SCRATCH) if level == FULL else self.folder
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            [*words, *python, str(theirs.fileno()), json.dumps(settings)],
            env=_environment(str(inner[0]), home),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
        )
        theirs.close()

    @property
    def number(self) -> int:
        """The number of its process."""
        return self._process.pid

    def said(self) -> str:
        """Return what it has complained of, "" once it is closed."""
        if self._errors.closed:
            return ""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace").strip()[-2000:]

    def close(self) -> None:
        """End it, and with it every room."""
        self.control.close()
        self._wait_for_end(1)
        self._process.kill()
        self._process.wait()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait_for_end(self, seconds: float) -> None:
        """Wait until it has ended, at most so long."""
        try:
            ended = os.pidfd_open(self._process.pid)
        except (AttributeError, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        else:
            # To wait for a process and for a time, Popen looks after it every 50 ms.
            select.select([ended], [], [], seconds)
            os.close(ended)


_ahead: dict[tuple[str, bool], Server] = {}


def ahead(level: str, *, engine: bool = True) -> None:
    """Start a server for a sandbox that will be wanted soon, if this machine can."""
    if (level, engine) not in _ahead:
        with contextlib.suppress(OSError):
            _ahead[level, engine] = Server(level, engine=engine)


def take(level: str, *, engine: bool = True) -> Server:
    """Return a server that was started ahead, or one that is started now."""
    return _ahead.pop((level, engine), None) or Server(level, engine=engine)


def close_those_ahead() -> None:
    """End the servers that nobody has taken."""
    while _ahead:
        _ahead.popitem()[1].close()


def _engines() -> list[str]:
    from course.key import ENGINES

    return list(ENGINES)


def _environment(packages: str, home: Path) -> dict[str, str]:
    """Make an environment that is the same on every run and holds nothing of the grader's user."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return kept | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": packages,
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # Hashes and sums in a fixed order, or grading again could give another result.
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


def _others_can_read_python() -> bool:
    """Say whether a room could be a user of its own: only a superuser can make it one."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    for name in (os.__file__, *stage.library_path()):
        path = Path(name).resolve()
        for part in (path, *path.parents):
            if part.exists() and not part.stat().st_mode & 0o001 and part.is_dir():
                return False
    return True
