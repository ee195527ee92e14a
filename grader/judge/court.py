"""Where checks run: in this process, which no submission's code ever enters.

The instructor's version of the locked cells and of the checks is run here. What they define wins;
every other name is fetched from the room when it is looked up.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, MappingProxyType, TracebackType
from typing import Any

from course import describe, forbid, render, trial, witness

from .. import evidence
from ..sandbox import CellRun, RoomEnded
from ..sandbox.launch import SandboxRoom
from .bounds import Bounds
from .handles import is_handle, same_object
from .magics import without_magics
from .names import Names

LONGEST_TEXT = 20_000
"""characters kept of what a student's functions print while a check calls them"""

_FILE = "<check>"


class Court:
    """The judge's side of one room."""

    def __init__(
        self, room: SandboxRoom, provided: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._room = room
        self._names = Names(self._ask, provided)
        dict.__setitem__(self._names, "same_object", same_object)
        self._bounds = Bounds(room.limits)
        self._trials = itertools.count(1)
        self._printed = 0
        self._cells: list[str] = []
        self.silent = False
        """Whether nothing is kept of what a submission prints or raises: hidden tests are run"""
        room.on_text = self._print
        room.on_rebound = self._names.fetch_anew

    def _ask(self, what: str, *values: Any) -> Any:
        return self._room.ask(what, *values)

    # Cells

    def has_run(self, source: str, functions: Mapping[str, Any]) -> None:
        """Take note of a cell that was run in the room, and of functions that it left behind.

        Its text is what forbidden names are looked for in, and the room is not asked for it.
        """
        self._cells.append(source)
        self._names.learn(functions)

    def run_locked(self, source: str) -> None:
        """Run a locked cell for the names that it defines; what fails in it is left out."""
        with contextlib.suppress(RoomEnded), self._sitting([]), self._bounds:
            self._execute(source)

    def run_check(self, source: str) -> CellRun:
        """Run a check; its status is that of the room, where that ended meanwhile."""
        tries: list[dict[str, Any]] = []
        calls = self._room.peer.calls
        calls.clear()

        def listen(one: dict[str, Any]) -> None:
            if one["kind"] == "law" and not one["agrees"]:
                one["calls"] = evidence.calls_out(calls)
            tries.append(one)

        run = self._run_check(source, listen)
        failed = run.status != "ok" or not all(one["agrees"] for one in tries)
        run.evidence = evidence.keep(tries, failed)
        if failed and not tries:
            run.evidence["calls"] = evidence.calls_out(calls)
        if run.line:
            run.evidence["line"] = [run.line, source.splitlines()[run.line - 1]]
        if run.error is not None:
            run.evidence["error"] = list(run.error)
        calls.clear()
        return run

    def _run_check(self, source: str, listen: Callable[[dict[str, Any]], None]) -> CellRun:
        outputs: list[Any] = []
        try:
            with (
                self._sitting(outputs, listen) as printed,
                self._bounds as bounds,
            ):
                self._room.peer.check += 1
                self._room.peer.table.forget()
                self._room.peer.last_raised = None
                value, error = self._execute(source)
                # What is in it may be asked for its words, or be endless once written out.
                words = "" if error is None else _words(error)
        except RoomEnded as ended:
            return CellRun(ended.status, outputs)
        if bounds.crossed:
            return CellRun(bounds.crossed, outputs)
        text = printed.getvalue()
        if text and not self.silent:
            outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": text})
        if self._room.ended:
            return CellRun(self._room.ended, outputs)
        if error is not None:
            if self._room.peer.last_raised is MemoryError or type(error) is MemoryError:
                return CellRun("out_of_memory", outputs)
            name = type(error).__name__
            if not self.silent:
                lines = [f"{name}: {words}"]
                outputs.append(
                    {"output_type": "error", "ename": name, "evalue": words, "traceback": lines}
                )
            return CellRun("error", outputs, (name, words), line=_line(error.__traceback__))
        return CellRun("ok", outputs, value=_points(value))

    @contextlib.contextmanager
    def _sitting(
        self, outputs: list[Any], listener: Callable[[dict[str, Any]], None] | None = None
    ) -> Iterator[io.StringIO]:
        """Catch what is shown and printed, and have trials start afresh in the room too."""
        printed = io.StringIO()
        self._printed = 0

        def show(bundle: Any) -> None:
            outputs.append({"output_type": "display_data", "data": bundle, "metadata": {}})

        meanwhile = (
            (render, "screen", show),
            (trial, "elsewhere", self._quiet),
            (trial, "generators_are_free", True),
            (describe, "evaluate", self._evaluate),
            (witness, "listener", listener),
            (forbid, "cells", lambda: self._cells),
        )
        before = [(module, name, getattr(module, name)) for module, name, _ in meanwhile]
        for module, name, value in meanwhile:
            setattr(module, name, value)
        try:
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
                self._room.within(),
            ):
                yield printed
        finally:
            for module, name, value in before:
                setattr(module, name, value)

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        peer = self._room.peer
        before, peer.context = peer.context, next(self._trials)
        peer.table.forget()
        try:
            yield
        finally:
            peer.context = before
            peer.table.forget()

    def _evaluate(
        self, expression: str, names: Mapping[str, Any], objects: Mapping[str, Any]
    ) -> Any:
        """Make graphs and functions where they are used: in the room, but for our own answers."""
        if any(is_handle(value) for value in objects.values()):
            return self._ask("evaluate", expression, tuple(names.items()))
        return describe.evaluate_here(expression, names, objects)

    def _print(self, name: str, text: str) -> None:
        left = LONGEST_TEXT - self._printed
        self._printed += len(text)
        if left > 0:
            sys.stdout.write(text[:left])

    def _execute(self, source: str) -> tuple[Any, BaseException | None]:
        """Run a cell's text; returns the value of its last expression, and what it raised."""
        try:
            statements, last = _compiled(source)
            exec(statements, self._names)
            if last is not None:
                return eval(last, self._names), None
        except KeyboardInterrupt:
            # Somebody at the keyboard: what a submission raises never arrives as this.
            raise
        except BaseException as error:
            return None, error
        return None, None


def _points(value: Any) -> float | None:
    """Return the number that a check ended with; one too large for a float gives no points."""
    if type(value) is int and value.bit_length() > 1000:
        return math.nan
    return float(value) if type(value) in (int, float) else None


@functools.lru_cache(256)
def _compiled(source: str) -> tuple[CodeType, CodeType | None]:
    """Compile a cell of the instructor's once for a whole class, its last expression by itself."""
    tree = ast.parse(without_magics(source), _FILE)
    value = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        value = compile(ast.Expression(tree.body.pop().value), _FILE, "eval")  # type: ignore[attr-defined]
    return compile(tree, _FILE, "exec"), value


def _words(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except Exception:
        return ""


def _line(traceback: TracebackType | None) -> int:
    """Return the number of the check's line in which an exception arose."""
    found = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILE:
            found = traceback.tb_lineno
        traceback = traceback.tb_next
    return found
