"""What this machine offers for shutting student code off, and how to get more."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from .sandbox import FULL, REDUCED, Limits, bubblewrap


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    found: str
    good: bool


def level() -> str:
    """Return the best level of isolation that this machine has."""
    return REDUCED if bubblewrap.problem() else FULL


def findings() -> Iterator[Finding]:
    """Look at what isolation is made of."""
    yield Finding(
        "system", f"{platform.system()} {platform.release()}", platform.system() == "Linux"
    )
    yield Finding("bubblewrap", _version() or "not installed", bool(_version()))
    problem = bubblewrap.problem()
    yield Finding("namespaces", problem or "can be made", not problem)
    yield Finding("cgroups", *_cgroups())
    yield Finding("Landlock", *_landlock())


def _version() -> str:
    if shutil.which("bwrap") is None:
        return ""
    told = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _cgroups() -> tuple[str, bool]:
    root = Path("/sys/fs/cgroup")
    if not (root / "cgroup.controllers").exists():
        return "version 2 is not there; memory is counted process by process", False
    if os.access(root / "cgroup.procs", os.W_OK):
        return "delegated to this user", True
    return "not delegated to this user; memory is counted process by process", False


def _landlock() -> tuple[str, bool]:
    try:
        there = "landlock" in Path("/sys/kernel/security/lsm").read_text(encoding="utf-8")
    except OSError:
        return "unknown: the kernel's list cannot be read (not needed)", False
    return ("in the kernel" if there else "not in the kernel") + " (not needed)", there


def limits_table(limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield each limit's name and value."""
    for field in fields(limits):
        yield field.name, f"{getattr(limits, field.name):g}"


ADVICE = """How to get full isolation:
  Debian      sudo apt-get install bubblewrap
              Before Debian 11 also: sudo sysctl -w kernel.unprivileged_userns_clone=1
  Ubuntu      the same; from 23.10 on AppArmor also has to allow it. Put this into
              /etc/apparmor.d/bwrap and type: sudo systemctl reload apparmor
                abi <abi/4.0>,
                include <tunables/global>
                profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }
  Fedora      sudo dnf install bubblewrap
              (Red Hat and its like: the same, and user.max_user_namespaces must not be 0)
  container   install bubblewrap in it as above, and start it with
                docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \\
                  --security-opt systempaths=unconfined --cap-add SYS_ADMIN ...
              The container itself then protects less: give it nothing that is worth stealing.
  Kubernetes  in the container's securityContext, on nodes that run nothing else:
                capabilities: {add: [SYS_ADMIN]}
                seccompProfile: {type: Unconfined}
                appArmorProfile: {type: Unconfined}
  macOS       the engine, the lessons and building work; grade in a Linux machine or container
  Windows     the same; WSL 2 is a Linux machine, where the lines above hold

Less, where you trust your students: grader grade --isolation reduced. Its results say so.
"""
