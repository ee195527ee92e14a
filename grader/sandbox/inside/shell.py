"""A notebook's shell without a kernel: cells in, outputs out.

Magics, display, rich output and matplotlib's pictures are IPython's own. Only tracebacks are
written plainly: IPython's take longer than most cells.
"""

from __future__ import annotations

import base64
import math
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

CHUNK = 4_096
_FOR_SHELL = re.compile(
    r"\r|\A\s|\A\Z|^[ \t]*(>>>|\.\.\.|In \[|[,;/%!?])|=[\s\\]*[%!]|\?[ \t]*$", re.MULTILINE
)
"""signs that may be for IPython: magics, shell commands, help, lines copied with their prompts"""
Emit = Callable[[dict[str, Any]], None]


class Stream:
    """Standard output or error: collects text, and sends it in pieces."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, emit: Emit) -> None:
        self.name = f"<{name}>"
        self._name, self._emit = name, emit
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """Take text; what is longer than a piece goes out at once."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._parts.append(text)
        self._size += len(text)
        if self._size > CHUNK:
            self.flush()
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of the lines."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Send what has been collected."""
        if self._parts:
            text = "".join(self._parts)
            self._parts, self._size = [], 0
            self._emit({"output_type": "stream", "name": self._name, "text": text})

    def isatty(self) -> bool:
        """Say no: there is nobody at the other end."""
        return False

    def readable(self) -> bool:
        """Say no."""
        return False

    def writable(self) -> bool:
        """Say yes."""
        return True

    def fileno(self) -> int:
        """Refuse: there is no file behind this."""
        raise OSError("this stream has no file descriptor")


class _Publisher(DisplayPublisher):
    emit: Emit

    def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
        flush()
        self.emit(
            {"output_type": "display_data", "data": plain(data), "metadata": plain(metadata or {})}
        )

    def clear_output(self, wait: bool = False) -> None:
        pass


class _Hook(DisplayHook):
    emit: Emit

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        flush()
        self.emit(
            {
                "output_type": "execute_result",
                "data": plain(format_dict),
                "metadata": plain(md_dict or {}),
                "execution_count": self.prompt_count,
            }
        )

    def finish_displayhook(self) -> None:
        pass


class RoomShell(InteractiveShell):
    """IPython's shell; `kernel` says to libraries that this is a notebook."""

    displayhook_class = _Hook
    kernel = None

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        pass

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        pass

    def showindentationerror(self) -> None:
        pass

    def transform_cell(self, raw_cell: str) -> str:
        """Return a cell as Python: as it is, where nothing in it could be meant for IPython.

        IPython takes it apart into tokens twice, which takes as long as running it.
        """
        if _FOR_SHELL.search(raw_cell) or self.input_transformers_post:
            return super().transform_cell(raw_cell)
        return raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"

    def should_run_async(self, raw_cell: str, **kwargs: Any) -> bool:
        """Say whether a cell waits for something; only then need it be compiled to find out."""
        may = "await" in raw_cell or "async" in raw_cell
        return may and super().should_run_async(raw_cell, **kwargs)

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def init_virtualenv(self) -> None:
        pass

    def init_history(self) -> None:
        # Histories are kept in a database; one that is never used need not be opened.
        from IPython.core.history import HistoryManager

        self.history_manager = HistoryManager(shell=self, parent=self, enabled=False)


def make_shell(emit: Emit) -> RoomShell:
    """Make the one shell of this process, whose outputs go to `emit`."""
    shell = RoomShell.instance(
        display_pub_class=_Publisher, colors=_colours(), history_length=0, cache_size=0
    )
    send_to(shell, emit)
    return shell


def send_to(shell: RoomShell, emit: Emit) -> None:
    """Send what the shell's cells show to `emit`."""
    publisher, hook = shell.display_pub, shell.displayhook
    assert isinstance(publisher, _Publisher) and isinstance(hook, _Hook)
    publisher.emit = hook.emit = emit


def _colours() -> str:
    import IPython

    return "NoColor" if IPython.version_info[0] < 9 else "nocolor"


def close_fonts() -> None:
    """Leave no font open: matplotlib would close them in every fork."""
    import matplotlib.font_manager

    matplotlib.font_manager._get_font.cache_clear()  # type: ignore[attr-defined]


def redirect(emit: Emit) -> None:
    """Send what is printed to `emit`."""
    sys.stdout = sys.__stdout__ = Stream("stdout", emit)  # type: ignore[assignment, misc]
    sys.stderr = sys.__stderr__ = Stream("stderr", emit)  # type: ignore[assignment, misc]


def flush() -> None:
    """Send what has been printed so far."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            continue


def run(
    shell: RoomShell, source: str, number: int | None = None
) -> tuple[str, str, str, tuple[str, ...]]:
    """Run a cell; returns its status, the exception's name and text, and the traceback.

    As tuples: a list would be an object that both sides share from then on.
    """
    if number is not None:
        shell.execution_count = number
    result = shell.run_cell(source, store_history=True)
    flush()
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return "ok", "", "", ()
    try:
        text = str(error)
    except Exception:
        text = ""
    return "error", type(error).__name__, text[:2000], tuple(_traceback(error))


def _traceback(error: BaseException) -> list[str]:
    try:
        found = traceback.TracebackException(
            type(error), error, _own_frames(error), limit=-8, compact=True
        )
        return [line.rstrip("\n")[:2000] for line in found.format(chain=False)][:60]
    except Exception:
        return []


def _own_frames(error: BaseException) -> Any:
    """Leave out the frames of the shell itself, which come first."""
    frames = error.__traceback__
    while frames is not None and "IPython" in frames.tb_frame.f_code.co_filename:
        frames = frames.tb_next
    return frames


def plain(data: Any) -> Any:
    """Turn a display bundle into what JSON can carry."""
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    if isinstance(data, bytes):
        return base64.b64encode(data).decode("ascii")
    if data is None or type(data) in (bool, int, str):
        return data
    if type(data) is float and math.isfinite(data):
        return data
    return str(data)
