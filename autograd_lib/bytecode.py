"""Bytecode of what the recorder writes, kept where Python keeps that of files.

Compiling the text of all operations takes a fifth of a second, at every import. What is kept is
found by the text itself, so it is never out of date; where it cannot be kept, nothing else changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType

_FILE = Path(__file__).parent / "__pycache__" / f"written.{sys.implementation.cache_tag}.bin"


def _read() -> dict[bytes, CodeType]:
    with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
        data = _FILE.read_bytes()
        if data.startswith(MAGIC_NUMBER):
            found: dict[bytes, CodeType] = marshal.loads(data[len(MAGIC_NUMBER) :])
            return found
    return {}


_kept = _read()
_used: dict[bytes, CodeType] = {}


def compiled(text: str, filename: str) -> CodeType:
    """Compile a text, unless that has been done before."""
    key = hashlib.blake2b(f"{filename}\n{text}".encode(), digest_size=16).digest()
    code = _kept.get(key) or compile(text, filename, "exec")
    _used[key] = code
    return code


def keep() -> None:
    """Keep what has been compiled since the import began, if some of it is new."""
    if sys.dont_write_bytecode or _used.keys() <= _kept.keys():
        return
    new = _FILE.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        new.write_bytes(MAGIC_NUMBER + marshal.dumps(_used))
        new.replace(_FILE)
