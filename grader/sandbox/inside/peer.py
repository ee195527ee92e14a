"""The conversation: requests and answers, each of which may ask back before it is done.

Both sides are a `Peer`. What one of them may ask of the other is decided by the handlers that it
was given: the room answers everything, the side that judges only what it has handed out itself.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from . import graph
from .codec import Table, exception_class, nearest_builtin
from .wire import Channel, WireError

DEEPEST_TALK = 40

REBOUND = "rebound"
"""the event that a name, fetched as a function, has got another meaning without being told to"""


class Peer:
    """One side of a conversation. `first` is 0 or 1, so that both sides' numbers differ."""

    def __init__(
        self,
        channel: Channel,
        first: int,
        handlers: Mapping[str, Callable[..., Any]],
        proxy: Callable[[Peer, int, list[Any]], Any],
        present: Callable[[Any], tuple[str, list[Any]]],
        name_of: Callable[[Any], list[str] | None],
        by_name: Callable[[list[Any]], Any],
    ) -> None:
        self.channel = channel
        self.handlers = dict(handlers)
        self.table = Table(
            first,
            lambda number, record: proxy(self, number, record),
            present,
            name_of,
            by_name,
            self,
        )
        self.on_event: Callable[[Any], None] = lambda event: None
        self.on_broken: Callable[[WireError], BaseException] = lambda error: error
        """makes what is raised when the conversation has come to an end"""
        self.check = 0
        """which check is run, counted from 1; at the next one, what is shared is forgotten"""
        self.context: Any = None
        """which trial of it, None outside of trials; both travel with every request"""
        self.on_context: Callable[[str, Any], None] = lambda kind, context: None
        """told of every request that comes in: its kind, and its check and trial"""
        self.on_done: Callable[[], None] = lambda: None
        """told when a request has been handled, before its answer is sent"""
        self.in_trial: Callable[[], bool] = lambda: self.context is not None
        """says whether both sides now try an answer together, and so have one grad mode"""
        self._count = first
        self._depth = 0
        self._process = os.getpid()
        self.last_raised: type[BaseException] | None = None
        self.is_own: Callable[[str, str], bool] = lambda line, function: True
        """says whether a line of code, and the name of a function, are in a notebook's cells"""

    # Asking

    def request(self, what: str, *values: Any) -> Any:
        """Ask the other side, answering what it asks back; returns or raises what it did."""
        if self._depth >= DEEPEST_TALK:
            raise RecursionError("functions on both sides call each other without end")
        coded, records = self.table.encode(values)
        self._count += 2
        self._depth += 1
        try:
            context = [self.check, self.context]
            message = [what, self._count, coded, records, context, self._grad_mode()]
            said, answer = self._exchange(message)
        except WireError as broken:
            raise self.on_broken(broken) from broken
        finally:
            self._depth -= 1
        if said == "done":
            return answer
        error = self.rebuild(answer)
        self.last_raised = type(error)
        raise error

    def _exchange(self, message: list[Any]) -> tuple[str, Any]:
        """Send a request, and answer what is asked until its own answer comes."""
        number = message[1]
        self.channel.send(message)
        while True:
            kind, found, *rest = _message(self.channel.receive())
            if kind == "event":
                self.on_event(found)
            elif kind in ("done", "raised"):
                if found != number:
                    raise WireError("an answer to another question")
                self._take_grad_mode(rest[-1])
                return kind, self.table.decode(rest[0], rest[1])
            else:
                self.answer(kind, found, *rest)

    def event(self, event: Any) -> None:
        """Tell the other side something to which there is no answer."""
        self.channel.send(["event", event])

    # Answering

    def serve(self) -> None:
        """Answer requests until the other side is gone."""
        while True:
            kind, number, *rest = _message(self.channel.receive())
            if kind not in ("event", "done", "raised"):
                self.answer(kind, number, *rest)

    def answer(
        self, kind: str, number: Any, coded: Any, records: Any, context: Any, grad_mode: Any
    ) -> None:
        """Answer one request with what its handler returns or raises."""
        self.on_context(kind, context)
        self._take_grad_mode(grad_mode)
        values = self.table.decode(coded, records)
        handler = self.handlers.get(kind)
        if handler is None or type(values) is not tuple or type(number) is not int:
            raise WireError(f"nobody answers to {kind!r} here")
        said = "done"
        try:
            found = self.table.encode(handler(*values))
        except WireError as error:
            if self._is_broken(error):
                raise
            told = ("ValueError", None, "ValueError", (str(error),), (), ("", 0, ""))
            said, found = "raised", self.table.encode(told)
        except BaseException as error:
            said, found = "raised", self.table.encode(self.describe(error))
        self.on_done()
        if os.getpid() != self._process:
            # A copy of this process, which a submission has made and forgotten, has no say.
            os._exit(0)
        self.channel.send([said, number, *found, self._grad_mode()])

    # The grad mode, which in a trial is one for both sides: as if it were one process

    def _grad_mode(self) -> bool | None:
        engine = graph.engine() if self.in_trial() else None
        return engine.torch.is_grad_enabled() if engine else None

    def _take_grad_mode(self, mode: Any) -> None:
        # Outside of trials nobody would put it back: it would be the next submission's, too.
        engine = graph.engine() if type(mode) is bool and self.in_trial() else None
        if engine and engine.torch.is_grad_enabled() is not mode:
            engine.torch.set_grad_enabled(mode)

    @staticmethod
    def _is_broken(error: WireError) -> bool:
        """Say whether the conversation itself is at an end, not one value too large for it."""
        return type(error) is not WireError

    # Exceptions

    def describe(self, error: BaseException) -> tuple[Any, ...]:
        """Turn an exception into plain data: its builtin class, own class, name, args and so on."""
        kind = type(error)
        base = nearest_builtin(kind)
        own = None if kind is exception_class(base) else kind
        try:
            args = tuple(error.args)
            if not all(type(arg) in (str, int, float, bool, type(None)) for arg in args):
                args = (str(error),)
        except Exception:
            args = ()
        if own is not None and len(args) != 1:
            args = (_text(error),)
        notes = tuple(n for n in getattr(error, "__notes__", ()) if type(n) is str)
        if isinstance(own, type) and own.__module__.startswith("autograd_lib"):
            own = None
        return base, own, kind.__name__, args, notes, _line(error.__traceback__)

    def rebuild(self, found: Any) -> BaseException:
        """Make an exception of what `describe` said."""
        if type(found) is not tuple or len(found) != 6:
            return RuntimeError("an exception that cannot be described")
        base, own, name, args, notes, line = found
        kind = exception_class(base)
        if own is not None and isinstance(own, type) and issubclass(own, BaseException):
            kind = own
        if not issubclass(kind, Exception) and kind not in (SystemExit, GeneratorExit):
            # An interrupt of theirs must not interrupt us.
            kind = _named(str(name))
        error: BaseException
        try:
            error = kind(*args)
        except Exception:
            error = RuntimeError(*map(str, args))
        for note in notes:
            error.add_note(str(note))
        if type(line) is tuple and [type(part) for part in line] == [str, int, str]:
            text, number, function = line
            # Whoever says where an exception arose may say anything, and it is told to students.
            line = (text, number, function) if self.is_own(text, "") else ("", 0, function)
            error.__dict__["student_line"] = line if self.is_own("", function) else (*line[:2], "")
        return error


def _message(message: Any) -> Any:
    if type(message) is not list or len(message) < 2 or type(message[0]) is not str:
        raise WireError("a message is malformed")
    if message[0] != "event" and len(message) < 5:
        raise WireError("a message is malformed")
    return message


def _named(name: str) -> type[Exception]:
    return type(name, (Exception,), {})


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _line(traceback: TracebackType | None) -> tuple[str, int, str]:
    """Return where in a notebook's cells an exception arose: line, its number, and function."""
    line, number, function = "", 0, ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename.startswith("<ipython-input"):
            number = traceback.tb_lineno
            line = linecache.getline(code.co_filename, number).strip()
        function = code.co_qualname.rpartition("<locals>.")[2]
        traceback = traceback.tb_next
    return line, number, function
