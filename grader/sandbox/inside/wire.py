"""Packets: how bytes travel between the room and the one who asks.

Each packet is a datagram that begins with a cookie, so that what a submission writes into a
descriptor it found is skipped, and the conversation goes on. A message is one or more packets:
JSON first, then blobs of bytes that it refers to. Nothing else is understood, nothing is unpickled.
"""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

COOKIE_BYTES = 16
PACKET = 60_000
WATCH_SECONDS = 0.05
"""between two looks at what the other side uses"""

_HEAD = struct.Struct(">BI")
_LENGTHS = struct.Struct(">II")
_BLOB = struct.Struct(">I")
_REFERENCE = "$bytes"


class WireError(Exception):
    """The other side said something that is not of the closed format, or too much of it."""


class Closed(WireError):
    """The other side is gone."""


class Flood(WireError):
    """The other side sent more than it may."""


class TooLate(WireError):
    """The other side did not answer in time."""


def dumps(message: Any) -> bytes:
    """Turn a message (lists, strings, numbers, None, bytes) into bytes."""
    blobs: list[bytes] = []

    def blob(value: Any) -> dict[str, int]:
        if type(value) is not bytes:
            raise WireError(f"a {type(value).__name__} cannot be sent")
        blobs.append(value)
        return {_REFERENCE: len(blobs) - 1}

    text = json.dumps(message, default=blob, allow_nan=False, separators=(",", ":")).encode()
    parts = [_LENGTHS.pack(len(text), len(blobs)), text]
    for one in blobs:
        parts += (_BLOB.pack(len(one)), one)
    return b"".join(parts)


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def whole_characters(text: bytes) -> bytes:
    """Return JSON text in which halves of characters have become "?": no file can hold them."""
    if _HALF.search(text) is None:
        return text
    return json.dumps(json.loads(text.decode()), ensure_ascii=False).encode("utf-8", "replace")


MOST_BRACKETS, MOST_COMMAS = 1_000_000, 4_000_000


def is_crowded(text: bytes) -> bool:
    """Say whether JSON text would become far larger: "[]," takes thirty times as much."""
    brackets = text.count(b"[") + text.count(b"{")
    return brackets > MOST_BRACKETS or text.count(b",") > MOST_COMMAS


DEEPEST = 100
"""lists and objects of JSON in each other"""


_FLAT = {str, int, float, bool, type(None)}


def is_deep(value: Any, levels: int = DEEPEST) -> bool:
    """Say whether data is nested more deeply than what reads it later could follow."""
    if isinstance(value, dict):
        value = value.values()
    elif type(value) is not list:
        return False
    inner = [part for part in value if type(part) not in _FLAT]
    return levels == 0 or any(is_deep(part, levels - 1) for part in inner)


def loads(data: bytes) -> Any:
    """Turn bytes into a message; raises WireError for anything that `dumps` would not write."""
    try:
        length, count = _LENGTHS.unpack_from(data)
        position = _LENGTHS.size + length
        text = data[_LENGTHS.size : position]
        if len(text) != length:
            raise WireError("a message was cut off")
        if is_crowded(text):
            raise Flood("a message of too many parts")
        blobs: list[bytes | None] = []
        for _ in range(count):
            (size,) = _BLOB.unpack_from(data, position)
            position += _BLOB.size
            blobs.append(data[position : position + size])
            position += size
        if position != len(data):
            raise WireError("a message has the wrong length")

        def hook(found: dict[str, Any]) -> Any:
            place = found.get(_REFERENCE)
            if type(place) is not int:
                return found
            blob, blobs[place] = blobs[place], None
            if blob is None:
                # Each would be copied: a short message could ask for any amount of memory.
                raise WireError("bytes are referred to twice")
            return blob

        words = whole_characters(text).decode()
        if not blobs:
            return _PLAIN.decode(words)
        return json.loads(words, object_hook=hook, parse_constant=_no_constant)
    except (ValueError, IndexError, struct.error, RecursionError) as error:
        raise WireError(f"a message could not be read: {type(error).__name__}") from error


def _no_constant(name: str) -> Any:
    raise WireError(f"{name} is no number here")


_PLAIN = json.JSONDecoder(parse_constant=_no_constant)


class Channel:
    """One end of the conversation.

    `watch` is asked while waiting, and raises when something is amiss; `allowance` is the number of
    bytes that may still be received, None where nobody counts.
    """

    def __init__(self, sock: socket.socket, cookie: bytes) -> None:
        self.sock = sock
        self.cookie = cookie
        self.watch: Callable[[], None] | None = None
        self.deadline: float | None = None
        """when, by the monotonic clock, whatever is asked must have been answered"""
        self.allowance: int | None = None
        self.largest = 64_000_000
        self._watched = time.monotonic()
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._partial: list[bytes] = []
        self._sizes = 0
        self._send, self._receive = sock.send, sock.recv

    def send(self, message: Any) -> None:
        """Send one message; raises Closed when nobody is there, TooLate when nobody reads."""
        data = dumps(message)
        for start in range(0, len(data), PACKET):
            last = start + PACKET >= len(data)
            packet = self.cookie + _HEAD.pack(last, len(data)) + data[start : start + PACKET]
            try:
                self._send(packet)
            except TimeoutError:
                raise TooLate("nobody reads") from None
            except OSError as error:
                raise Closed("nobody is there") from error

    def receive(self) -> Any:
        """Wait for one message and return it."""
        while True:
            packet = self._packet()
            if packet[:COOKIE_BYTES] != self.cookie or len(packet) < COOKIE_BYTES + _HEAD.size:
                continue
            last, total = _HEAD.unpack_from(packet, COOKIE_BYTES)
            if total > self.largest:
                raise Flood(f"one message of {total} bytes")
            self._partial.append(packet[COOKIE_BYTES + _HEAD.size :])
            self._sizes += len(self._partial[-1])
            if self._sizes > total:
                raise WireError("a message is longer than it said")
            if last:
                data = b"".join(self._partial)
                self._partial, self._sizes = [], 0
                return loads(data)

    def _packet(self) -> bytes:
        if self.watch is not None or self.deadline is not None:
            self._wait()
        try:
            packet = self._receive(PACKET + 1024)
        except OSError as error:
            raise Closed("nobody is there") from error
        if not packet:
            raise Closed("nobody is there")
        if self.allowance is not None:
            self.allowance -= len(packet)
            if self.allowance < 0:
                raise Flood("more was sent than is allowed")
        return packet

    def _wait(self) -> None:
        # A flood keeps the socket readable: before each packet it is seen whether it is time.
        patience = 20
        while True:
            now = time.monotonic()
            if self.deadline is not None and now > self.deadline:
                raise TooLate("no answer in time")
            if self.watch is not None and now > self._watched + WATCH_SECONDS:
                self._watched = now
                self.watch()
            if self._poll.poll(patience):
                return
            patience = 50
