"""How a process shuts itself off: namespaces, limits, capabilities, and a filter of system calls.

Only Linux has all of this. Everything here is called by the room's own process before any of a
submission's code runs in it, and none of it can be undone afterwards.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
CLONE_NEWCGROUP, CLONE_NEWTIME = 0x02000000, 0x00000080
NAMESPACES = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET
_ALL_NEW = NAMESPACES | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38

USER = 1000
"""who a submission is, in its own user namespace"""

if sys.platform == "linux":
    _libc: Any = ctypes.CDLL(None, use_errno=True)


def _must(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


# Namespaces


def unshare(flags: int = NAMESPACES) -> None:
    """Leave the namespaces that this process was born into; raises OSError."""
    _must(_libc.unshare(flags), "unshare")


def own_pid_namespace() -> int:
    """Return a descriptor of the namespace in which this process has its number."""
    return os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)


def fork_first(own: int) -> int:
    """Fork a child that is the first process of a new namespace; returns as `os.fork` does.

    `own` is this process's own namespace, to which its other children belong.
    """
    unshare(CLONE_NEWPID)
    process = -1
    try:
        process = os.fork()
    finally:
        if process:
            _must(_libc.setns(own, CLONE_NEWPID), "setns")
    return process


def map_user(process: int | str, outside: int) -> None:
    """Say which user outside a process in a new user namespace is; raises OSError."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{USER} {outside} 1"),
        ("gid_map", f"{USER} {outside} 1"),
    ):
        with open(f"/proc/{process}/{name}", "w") as file:
            file.write(text)


def become(user: int) -> None:
    """Become a user, for good; raises OSError."""
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


Mount = tuple[bytes, bytes, bytes | None, int, bytes | None]
"""what the call of that name takes: source, place, kind, flags, options"""


def private_places(scratch: str) -> list[Mount]:
    """Return what `private_files` mounts beside a new `/home`: the same for all rooms.

    `/tmp`, and the server's own `scratch`, become a folder in it; /proc is covered.
    """
    found: list[Mount] = [(b"/home/tmp", scratch.encode(), None, MS_BIND, None)]
    # Where Python itself is installed under /tmp, that stays as it is: read-only.
    if not os.listdir("/tmp"):
        found.append((b"/home/tmp", b"/tmp", None, MS_BIND, None))
    if os.path.isdir("/dev/shm"):
        options = b"size=16m,nr_inodes=64"
        found.append((b"tmpfs", b"/dev/shm", b"tmpfs", MS_NOSUID | MS_NODEV, options))
    if os.path.isdir("/dev/pts"):
        # Terminals of its own: what runs in another room by `!command` has one, too.
        options = b"newinstance,ptmxmode=0666,mode=0600"
        found.append((b"devpts", b"/dev/pts", b"devpts", MS_NOSUID | MS_NOEXEC, options))
    if os.path.isdir("/proc/1"):
        flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
        found.append((b"tmpfs", b"/proc", b"tmpfs", flags, b"size=4k,mode=555"))
    return found


def private_files(size_mb: int, inodes: int, places: list[Mount]) -> None:
    """Give the new mount namespace places of its own to write to; raises OSError."""
    options = f"size={size_mb}m,nr_inodes={inodes},mode=700".encode()
    _mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    _mount(b"tmpfs", b"/home", b"tmpfs", MS_NOSUID | MS_NODEV, options)
    os.mkdir("/home/tmp")
    for place in places:
        _mount(*place)


def _mount(
    source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None
) -> None:
    if _libc.mount(source, target, kind, flags, data) != 0:
        _must(-1, f"mount on {target.decode()}")


def can_watch_children() -> bool:
    """Say whether this kernel has descriptors that tell of a process's end."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


# Limits


def limit(limits: Mapping[str, Any], own: int) -> None:
    """Set what the kernel counts: memory, CPU time, processes, files and their size.

    `own` is what `mapped()` said: the libraries' share comes on top of a submission's.
    """
    megabyte = 1_000_000
    wanted = {
        "RLIMIT_AS": own + int(limits["memory_mb"]) * megabyte if own else None,
        "RLIMIT_CPU": int(limits["cpu_seconds"]),
        "RLIMIT_NPROC": limits["processes"],
        "RLIMIT_FSIZE": int(limits["file_mb"]) * megabyte,
        "RLIMIT_NOFILE": limits["open_files"],
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, value in wanted.items():
        what = getattr(resource, name, None)
        if what is None or value is None:
            continue
        _, most = resource.getrlimit(what)
        if most != resource.RLIM_INFINITY:
            value = min(int(value), most)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (int(value), int(value)))


def mapped() -> int:
    """Return the bytes of address space that the libraries take already, 0 where nobody counts."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
    return 0


# Privileges


def drop_capabilities() -> None:
    """Give up every capability, in this process and in all that it may ever start."""
    for number in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break
    header = struct.pack("=Ii", 0x20080522, 0)
    _must(_libc.capset(header, bytes(24)), "capset")


def no_new_privileges() -> None:
    """Let no program that is started from here have more rights than this process has."""
    _must(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)


def may_be_watched() -> None:
    """Let whoever grades see how much memory this process uses."""
    _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


# The filter of system calls

_X86 = {
    "ptrace": 101, "syslog": 103, "personality": 135, "pivot_root": 155, "chroot": 161,
    "acct": 163, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169,
    "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175,
    "delete_module": 176, "quotactl": 179, "kexec_load": 246, "add_key": 248, "request_key": 249,
    "keyctl": 250, "unshare": 272, "perf_event_open": 298, "fanotify_init": 300,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "memfd_create": 319,
    "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425,
    "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438,
    "mount_setattr": 442, "memfd_secret": 447, "shmget": 29, "semget": 64, "msgget": 68,
    "modify_ldt": 154, "vhangup": 153, "adjtimex": 159, "settimeofday": 164, "clock_settime": 227,
    "clock_adjtime": 305, "mq_open": 240, "_socket": 41, "_clone": 56, "_clone3": 435,
    "_fcntl": 72,
}  # fmt: skip
_ARM = {
    "ptrace": 117, "syslog": 116, "personality": 92, "pivot_root": 41, "chroot": 51, "acct": 89,
    "mount": 40, "umount2": 39, "swapon": 224, "swapoff": 225, "reboot": 142, "sethostname": 161,
    "setdomainname": 162, "init_module": 105, "delete_module": 106, "quotactl": 60,
    "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219, "unshare": 97,
    "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264,
    "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
    "kcmp": 272, "finit_module": 273, "memfd_create": 279, "kexec_file_load": 294, "bpf": 280,
    "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "pidfd_getfd": 438, "mount_setattr": 442, "memfd_secret": 447, "shmget": 194,
    "semget": 190, "msgget": 186, "vhangup": 58, "adjtimex": 171, "settimeofday": 170,
    "clock_settime": 112, "clock_adjtime": 266, "mq_open": 180, "_socket": 198, "_clone": 220,
    "_clone3": 435, "_fcntl": 25,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_AF_UNIX, _F_SETLEASE = 1, 1024


def can_filter() -> bool:
    """Say whether there is a filter for this kind of machine."""
    return sys.platform == "linux" and platform.machine() in _MACHINES


def _filter_program() -> bytes:
    """Assemble the filter: a short list of what no notebook needs is refused, all else allowed.

    Network sockets are refused, and so is every new namespace; `clone3`, whose arguments a filter
    cannot see, is said not to exist, so that libraries fall back on `clone`. A lease on a file that
    others read too would have them wait for most of a minute.
    """
    architecture, numbers = _MACHINES[platform.machine()]
    refuse = _ERROR | errno.EPERM
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        # x86-64 has a second set of numbers for the same calls.
        (_JUMP_AT_LEAST, 0, 1, 0x40000000),
        (_RETURN, 0, 0, refuse),
        (_JUMP_EQUAL, 0, 1, numbers["_clone3"]),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for name, number in numbers.items():
        if not name.startswith("_"):
            program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    program += [
        (_JUMP_EQUAL, 0, 4, numbers["_fcntl"]),
        (_LOAD, 0, 0, _SECOND_ARGUMENT),
        (_JUMP_EQUAL, 0, 1, _F_SETLEASE),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
        (_JUMP_EQUAL, 0, 3, numbers["_clone"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_SET, 0, 5, _ALL_NEW & ~CLONE_NEWTIME),
        (_RETURN, 0, 0, refuse),
        (_JUMP_EQUAL, 0, 3, numbers["_socket"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_EQUAL, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


@cache
def prepare_filter() -> tuple[Any, Any]:
    """Put the filter where the kernel finds it: what is there before rooms are forked is in all."""
    program = _filter_program()
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    return ctypes.create_string_buffer(header), code


def filter_calls() -> None:
    """Install the filter in this process; raises OSError."""
    header, _ = prepare_filter()
    _must(_libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0), "seccomp")
