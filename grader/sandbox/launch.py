"""The sandbox: one fork server per worker, and rooms opened from it."""

from __future__ import annotations

import array
import contextlib
import json
import os
import re
import secrets
import select
import shutil
import socket
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..judge.handles import is_function, judging_peer
from . import bubblewrap, start, watch
from .inside.peer import REBOUND
from .inside.pictures import MARK
from .inside.wire import COOKIE_BYTES, Channel, Closed, Flood, TooLate, WireError, is_deep
from .room import FULL, CellRun, Limits, RoomEnded
from .start import SandboxError

FIRST_USER = 0x5A000000
"""where the user numbers begin that rooms have outside, when a superuser grades"""


MOST_TEMPLATES = 4
"""of one worker; rooms that could begin behind other cells run all of theirs"""

LONGEST_TEMPLATE = 100_000
"""characters of all of a template's cells; they travel in one datagram"""


class Sandbox:
    """A warm fork server; use it in a `with` statement, or call close()."""

    def __init__(self, level: str, limits: Limits, *, engine: bool = True) -> None:
        self.level, self._limits = level, limits
        self._process = start.take(level, engine=engine)
        self._server = _Source(self._process.control)
        self._templates: dict[tuple[str, ...], Template | None] = {}
        self._wanted: Counter[tuple[str, ...]] = Counter()
        self._ready = False
        self._user = os.getpid()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def wait(self) -> None:
        """Wait until the server has imported everything; raises SandboxError."""
        if self._ready:
            return
        self._server.control.settimeout(self._limits.start_seconds)
        try:
            # Only looked at: every process that shares this sandbox is to find it.
            self._ready = bool(self._server.control.recv(4096, socket.MSG_PEEK))
        except OSError:
            self._ready = False
        if not self._ready:
            said = self._process.said()
            self.close()
            raise SandboxError(f"the sandbox did not start: {said or 'it gave no reason'}")
        self._server.control.settimeout(None)

    def open(
        self,
        files: Mapping[str, bytes],
        pictures: Mapping[str, str] | None = None,
        template: Template | None = None,
    ) -> SandboxRoom:
        """Open a room with these files in its working directory; raises SandboxError.

        `pictures`, by fingerprint, need not be drawn in it. What a `template` has run is done.
        """
        self.wait()
        self._leave_what_is_others()
        source = template or self._server
        order = source.ordered or self._order(source)
        # The next one gets ready while this one is used.
        source.ordered = self._order(source)
        room = SandboxRoom(order, self.level, self._limits, files)
        if pictures:
            room.know(pictures)
        return room

    def template(self, cells: tuple[str, ...]) -> Template | None:
        """Return where rooms begin behind these cells, None where each room runs them itself.

        Only cells that a whole class has in common should come here. What comes first is taken for
        what most of the class has; anything else has to come twice.
        """
        if not self._may_be_template(cells):
            return None
        self._leave_what_is_others()
        if cells not in self._templates and len(self._templates) < MOST_TEMPLATES:
            self._wanted[cells] += 1
            if not self._templates or self._wanted[cells] > 1:
                self.start_template(cells)
        made = self._templates.get(cells)
        if made is not None and made.outputs is None:
            self.wait()
            made.outputs = self._ask_what_was_shown(made)
            if made.outputs is None:
                made.close()
                made = self._templates[cells] = None
            else:
                made.ordered = self._order(made)
        return made

    def _may_be_template(self, cells: tuple[str, ...]) -> bool:
        return self.level == FULL and bool(cells) and sum(map(len, cells)) <= LONGEST_TEMPLATE

    def start_template(self, cells: tuple[str, ...]) -> None:
        """Have these cells run, and do not wait; forks of this process will share the template."""
        if not self._may_be_template(cells):
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wanted = {"cells": cells, "seconds": self._limits.cell_seconds}
        with theirs, contextlib.suppress(OSError):
            socket.send_fds(self._server.control, [json.dumps(wanted).encode()], [theirs.fileno()])
        self._templates[cells] = Template(ours)

    def drop_templates(self) -> None:
        """End them: the next class has other cells in common."""
        for template in filter(None, self._templates.values()):
            template.close()
        self._templates, self._wanted = {}, Counter()

    def _leave_what_is_others(self) -> None:
        """In a fork of the process that made this: let go of the rooms that it has ordered."""
        if self._user != os.getpid():
            self._user = os.getpid()
            for source in (self._server, *filter(None, self._templates.values())):
                source.ordered = None

    def _ask_what_was_shown(self, template: Template) -> list[list[Any]] | None:
        """Wait for a template; returns what each of its cells has shown, None if it is no use."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        cookie = secrets.token_bytes(COOKIE_BYTES)
        channel = Channel(ours, cookie)
        channel.deadline = time.monotonic() + self._limits.start_seconds
        with ours, contextlib.suppress(OSError, WireError):
            with theirs:
                asked = json.dumps({"cookie": cookie.hex()}).encode()
                socket.send_fds(template.control, [asked], [theirs.fileno()])
            outputs = channel.receive()
            return outputs and [[_output(one) for one in cell] for cell in outputs]
        return None

    def _order(self, source: _Source) -> _Order:
        """Ask for a room, and do not wait for it."""
        room_end, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        keeper_end, status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if hasattr(socket, "SO_PASSCRED"):
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        cookie = secrets.token_bytes(COOKIE_BYTES)
        home = bubblewrap.HOME
        if self.level != FULL:
            home = tempfile.mkdtemp(prefix="room-", dir=self._process.folder)
        limits = asdict(self._limits)
        limits["cpu_seconds"] = 2 + self._limits.submission_seconds
        wanted = {
            "cookie": cookie.hex(),
            "home": home,
            "limits": limits,
            "user": FIRST_USER + os.getpid() % 0x100000,
        }
        try:
            socket.send_fds(
                source.control,
                [json.dumps(wanted).encode()],
                [room_end.fileno(), keeper_end.fileno()],
            )
        except OSError as error:
            raise SandboxError("the sandbox has ended") from error
        finally:
            room_end.close()
            keeper_end.close()
        return _Order(ours, status, cookie, Path(home) if self.level != FULL else None)

    @property
    def processes(self) -> list[int]:
        """The server and what belongs to it."""
        return watch.tree(self._process.number)

    def hang_up(self) -> None:
        """Let the server end, and every room with it, while its user goes on with something."""
        self.drop_templates()
        self._server.close()

    def close(self) -> None:
        """End the server, and with it every room."""
        self.hang_up()
        self._process.close()


@dataclass(frozen=True)
class _Order:
    """A room that gets ready: the ends of its sockets on this side, its cookie, its folder."""

    link: socket.socket
    status: socket.socket
    cookie: bytes
    folder: Path | None

    def cancel(self) -> None:
        """Have it ended by hanging up."""
        self.link.close()
        self.status.close()


@dataclass
class _Source:
    """A process that forks rooms, and the room that it has been asked for already."""

    control: socket.socket
    ordered: _Order | None = field(default=None, init=False)

    def close(self) -> None:
        """Have it ended by hanging up."""
        if self.ordered is not None:
            self.ordered.cancel()
        self.control.close()


@dataclass
class Template(_Source):
    """A process in which some cells have been run, and whose rooms begin behind them."""

    outputs: list[list[Any]] | None = None
    """what each of the cells has shown, None before that was asked"""


class SandboxRoom:
    """A fork of the server that holds one submission; see `Room` for the verbs."""

    def __init__(
        self, order: _Order, level: str, limits: Limits, files: Mapping[str, bytes]
    ) -> None:
        self.isolation = level
        self.limits, self._status, self._folder = limits, order.status, order.folder
        self._channel = Channel(order.link, order.cookie)
        self._channel.largest = limits.message_mb * 1_000_000
        self._channel.watch = self._look
        self.peer = judging_peer(self._channel)
        self.peer.on_event = self._on_event
        self.peer.on_broken = lambda error: RoomEnded(self._end(error))
        self.ended = ""
        """why the room is over; "" while it is not"""
        self.until = float("inf")
        """when, by the monotonic clock, the whole submission's time is over"""
        self.slow = False
        """True where wall-clock time ended it, which a busy machine may be the reason for"""
        self._lines, self._words = {""}, {""}
        self.peer.is_own = lambda line, function: (
            line in self._lines and self._words.issuperset(function.split("."))
        )
        self._outputs: list[Any] | None = None
        self.on_text: Any = lambda name, text: None
        """told what is printed while nobody runs a cell"""
        self.on_rebound: Any = lambda: None
        """told when a function that was fetched may no longer be what its name means"""
        self._pictures: Mapping[str, str] = {}
        self._peak: float | None = None
        self._process = 0
        self._process = self._wait_for_hello(order.link, limits.start_seconds)
        self._cpu_before: float | None = None
        self._cpu_limit = float("inf")
        self._looked = 0.0
        with self.within():
            for name, data in files.items():
                self.peer.request("put", name, data)

    def _wait_for_hello(self, link: socket.socket, seconds: float) -> int:
        ready, _, _ = select.select([link], [], [], seconds)
        size = socket.CMSG_SPACE(struct.calcsize("3i"))
        data, ancillary, _, _ = link.recvmsg(1024, size) if ready else (b"", [], 0, None)
        if not data.endswith(b"hello"):
            reason = self._report().get("failed", "a room did not start")
            self.close()
            raise SandboxError(reason)
        # Whoever grades must not hang on a room that does not read.
        link.settimeout(self.limits.wall_seconds)
        for level, kind, found in ancillary:
            if level == socket.SOL_SOCKET and kind == getattr(socket, "SCM_CREDENTIALS", -1):
                return int(array.array("i", found[:4])[0])
        return 0

    # Limits

    @contextlib.contextmanager
    def within(self) -> Any:
        """Count CPU time, wall-clock time and output of a block from here on.

        Inside, requests raise RoomEnded where one of them runs out, or the room ends otherwise.
        """
        if self.ended:
            raise RoomEnded(self.ended)
        self._channel.allowance = int(
            (self.limits.output_mb + 2 * self.limits.message_mb) * 1_000_000
        )
        self._channel.deadline = min(time.monotonic() + self.limits.wall_seconds, self.until)
        self._printed = int(self.limits.output_mb * 1_000_000)
        # Looked at when an answer has been waited for: most come before that.
        self._cpu_before = None
        self._cpu_limit = self.limits.cell_seconds
        yield

    def _cpu(self) -> float:
        return (watch.cpu_seconds(self._process) or 0.0) if self._process else 0.0

    def _look(self) -> None:
        """Be asked while an answer is waited for."""
        if not watch.CAN_WATCH or not self._process:
            return
        used = self._cpu()
        if self._cpu_before is None:
            self._cpu_before = used
        if used - self._cpu_before > self._cpu_limit:
            raise TooLate("the CPU time is used up")
        now = time.monotonic()
        if now - self._looked > 0.1:
            self._looked = now
            # One process alone meets its own limit first, as a MemoryError that it may survive.
            if watch.holds_more(self._process, 1.25 * self.limits.memory_mb):
                raise _OutOfMemory("the memory is used up")

    def _end(self, error: WireError) -> str:
        """Close the room, and find out why it has ended."""
        if self.ended:
            return self.ended
        used = 0.0 if self._cpu_before is None else self._cpu() - self._cpu_before
        if isinstance(error, _OutOfMemory):
            self.ended = "out_of_memory"
        elif isinstance(error, TooLate):
            self.ended = "timeout"
            self.slow = used < self._cpu_limit
        elif isinstance(error, Flood):
            self.ended = "output_limit"
        else:
            self.ended = "crashed"
        report = self._stop()
        if isinstance(error, Closed) and report.get("exit") == -9:
            # Nobody but the kernel kills from outside: for memory, or for CPU time.
            self.ended = "timeout" if used >= self._cpu_limit - 1 else "out_of_memory"
        return self.ended

    # Verbs

    def run(self, source: str, number: int | None = None, wanted: tuple[str, ...] = ()) -> CellRun:
        """Run a cell as Jupyter would; where `ended` is true of the result, the room is over."""
        outputs: list[Any] = []
        self._outputs = outputs
        self._lines.update(line.strip() for line in source.splitlines())
        self._words.update(re.findall(r"\w+", source))
        self.peer.answering = False
        try:
            with self.within():
                found = self.peer.request("run", source, number, wanted)
                status, name, text, lines, functions = _checked(found)
        except RoomEnded as ended:
            return CellRun(ended.status, outputs)
        except WireError as error:
            return CellRun(self._end(error), outputs)
        except (Exception, SystemExit, GeneratorExit):
            # The shell itself fails only where somebody has meddled with it. What ends a submission
            # must not end whoever grades it.
            return CellRun("crashed", outputs)
        finally:
            self._outputs = None
            self.peer.answering = True
        known = {name: one for name, one in functions if name in wanted and is_function(one)}
        if status == "ok":
            return CellRun("ok", outputs, functions=known)
        outputs.append(
            {"output_type": "error", "ename": name, "evalue": text, "traceback": list(lines)}
        )
        if name == "MemoryError":
            text = "the memory that a submission has is used up"
        return CellRun("error", outputs, (name, text), functions=known)

    def fetch(self, name: str) -> Any:
        """Return what a name means in the notebook; raises NameError."""
        return self.ask("fetch", name)

    def ask(self, what: str, *values: Any) -> Any:
        """Ask something of the notebook."""
        if self.ended:
            raise RoomEnded(self.ended)
        return self.peer.request(what, *values)

    def know(self, known: Mapping[str, str]) -> None:
        """Have the room name these pictures, instead of drawing them."""
        self._pictures = known
        self.ask("know", tuple(known))

    def drawn(self) -> dict[str, str]:
        """Return the pictures that were drawn here: of a room in which no student's code ran."""
        return {str(name): str(picture) for name, picture in self.ask("drawn").items()}

    def _put_picture(self, data: dict[str, Any]) -> dict[str, Any]:
        """Put the picture in the place of its name."""
        found = data.get("image/png")
        if type(found) is str and found.startswith(MARK):
            picture = self._pictures.get(found.removeprefix(MARK))
            data = {kind: value for kind, value in data.items() if kind != "image/png"}
            return data if picture is None else {"image/png": picture, **data}
        return data

    def _on_event(self, event: Any) -> None:
        if event == REBOUND:
            self.on_rebound()
            return
        output = _output(event)
        if "data" in output:
            output["data"] = self._put_picture(output["data"])
        size = len(json.dumps(output))
        self._printed -= size
        if self._printed < 0:
            raise Flood("more was printed than is allowed")
        if self._outputs is None:
            if output["output_type"] == "stream":
                self.on_text(output["name"], output["text"])
        elif (
            output["output_type"] == "stream"
            and self._outputs
            and self._outputs[-1].get("name") == output["name"]
        ):
            self._outputs[-1]["text"] += output["text"]
        else:
            self._outputs.append(output)

    def peak_memory_mb(self) -> float | None:
        """Return the most memory that the process has held; known once the room is closed."""
        return self._peak

    # The end

    def _report(self) -> dict[str, Any]:
        """Return what the keeper has said last."""
        said: dict[str, Any] = {}
        self._status.settimeout(10)
        with contextlib.suppress(OSError, ValueError):
            while "exit" not in said and "failed" not in said:
                data = self._status.recv(4096)
                if not data:
                    break
                said = json.loads(data)
        return said

    def _stop(self) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            self._status.send(b"end")
        report = self._report()
        if "peak_kb" in report:
            self._peak = round(report["peak_kb"] / 1024, 1)
        return report

    def close(self) -> None:
        """End the process and all that it started."""
        if not self.ended:
            self.ended = "closed"
            if self._folder is not None:
                self._stop()
            else:
                # It leaves nothing behind that one would have to wait for.
                self._peak = watch.peak_memory_mb(self._process)
        self._channel.sock.close()
        self._status.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class _OutOfMemory(WireError):
    """All processes together hold more than they may."""


def _checked(found: Any) -> tuple[str, str, str, tuple[str, ...], tuple[Any, ...]]:
    match found:
        case (str(how), str(name), str(text), tuple(lines), tuple(functions)):
            if all(type(line) is str for line in lines) and all(map(_is_named, functions)):
                kept = tuple(line[:2000] for line in lines[:60])
                return how, name[:200], text[:2000], kept, functions
    raise WireError("a cell ended in an unknown way")


def _is_named(one: Any) -> bool:
    return type(one) is tuple and len(one) == 2 and type(one[0]) is str


def _bundle(data: dict[str, Any]) -> dict[str, Any]:
    """Keep of what is shown what nbformat allows, and so what reads it expects: texts, or JSON."""
    found = {}
    for kind, value in data.items():
        if type(value) is list and all(type(part) is str for part in value):
            value = "".join(value)
        if type(value) is str or kind.endswith(("/json", "+json")):
            found[kind] = value
    return found


def _output(event: Any) -> dict[str, Any]:
    """Check an output that a room sent: plain, and of a known kind."""
    kind = event.get("output_type") if type(event) is dict else None
    if kind == "stream" and type(event.get("text")) is str:
        name = "stderr" if event.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": event["text"]}
    if kind in ("display_data", "execute_result") and type(event.get("data")) is dict:
        metadata = event.get("metadata")
        if is_deep(event["data"]) or is_deep(metadata):
            raise WireError("an output is nested too deeply")
        output = {
            "output_type": kind,
            "data": _bundle(event["data"]),
            "metadata": metadata if type(metadata) is dict else {},
        }
        if kind == "execute_result":
            count = event.get("execution_count")
            output["execution_count"] = count if type(count) is int else None
        return output
    raise WireError("an output is of no known kind")
