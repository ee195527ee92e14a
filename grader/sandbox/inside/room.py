"""One submission's process: answers requests about a notebook that runs here.

It is forked from the server with everything imported. Before the first cell runs it has shut itself
off; after that it is as trustworthy as the code that runs in it, that is, not at all.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
import types
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from . import codec, graph, pictures, shell
from .ops import OPERATIONS
from .peer import REBOUND, Peer
from .proxies import Callback
from .wire import Channel, WireError

FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)

MODULES_BY_NAME = ("numpy", "math", "cmath", "random", "autograd_lib", "builtins", "operator")


class Room:
    """The notebook, and what may be asked about it."""

    def __init__(self, own_shell: shell.RoomShell, channel: Channel) -> None:
        self._shell = own_shell
        self._names: dict[str, Any] = own_shell.user_ns
        handlers: dict[str, Callable[..., Any]] = {
            "run": self.run,
            "fetch": self.fetch,
            "bind": self.bind,
            "unbind": self.unbind,
            "op": self.operate,
            "put": self.put,
            "evaluate": self.evaluate,
            "gradients": graph.gradients,
            "release": graph.release,
            "know": pictures.know,
            "drawn": pictures.drawn,
        }
        self._peer = Peer(channel, 1, handlers, _proxy, present, lambda value: None, by_name)
        self._peer.on_context = self._be_quiet
        self._peer.on_done = self._tell_if_rebound
        self._peer.in_trial = lambda: self._quiet is not None
        self._fetched: dict[str, Any] = {}
        """functions, which the other side keeps until it is told otherwise"""
        self._check = 0
        self._quiet: Any = None
        self._states: Any = None

    def serve(self) -> None:
        """Answer until the other side hangs up."""
        self._peer.serve()

    def emit(self, output: dict[str, Any]) -> None:
        """Send an output of the cell that runs."""
        self._peer.event(output)

    # Verbs

    def run(
        self, source: str, number: int | None = None, wanted: tuple[str, ...] = ()
    ) -> tuple[Any, ...]:
        """Run a cell as Jupyter would; functions that will be `wanted` come with the answer."""
        how = shell.run(self._shell, source, number)
        found = (name for name in wanted if type(self._names.get(name)) in FUNCTIONS)
        return *how, tuple((name, self.fetch(name)) for name in found)

    def fetch(self, name: str) -> Any:
        """Return what a name means in the notebook; raises NameError."""
        if name not in self._names:
            raise NameError(f"name {name!r} is not defined")
        found = self._names[name]
        if type(found) in FUNCTIONS:
            self._fetched[name] = found
        return found

    def bind(self, name: str, value: Any) -> None:
        """Give a name another meaning."""
        self._names[name] = value
        self._fetched.pop(name, None)

    def unbind(self, name: str) -> None:
        """Take a name away."""
        self._names.pop(name, None)
        self._fetched.pop(name, None)

    def _tell_if_rebound(self) -> None:
        """Tell it where code that was called has given another meaning to a name."""
        for name, value in self._fetched.items():
            if self._names.get(name) is not value:
                self._fetched.clear()
                self._peer.event(REBOUND)
                return

    def operate(self, name: str, *values: Any) -> Any:
        """Do one of the operations that there are."""
        if name == "exit" and values[1] is not None:
            values = (values[0], self._peer.rebuild(values[1]))
        try:
            return OPERATIONS[name](*values)
        finally:
            shell.flush()

    def put(self, name: str, data: bytes) -> None:
        """Leave a file in the working directory."""
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def evaluate(self, expression: str, names: tuple[Any, ...]) -> Any:
        """Return what an expression of the key's gives: a tensor with its graph, or a function.

        On this side, because a graph that came over the wire would be a single node.
        """
        return eval(expression, {"torch": sys.modules["autograd_lib"], **dict(names)})

    # Repeatability

    def _be_quiet(self, kind: str, context: Any) -> None:
        """Start generators anew for each trial, and put them back before the notebook goes on."""
        check, context = context
        if check != self._check:
            # What was shared in the last check is now this side's own.
            self._check = check
            self._peer.table.forget()
        if context != self._quiet:
            self._quiet = context
            # A trial makes its values itself, and none of them is used after it.
            self._peer.table.forget()
            if context is not None:
                if self._states is None:
                    self._states = _states()
                warnings.simplefilter("ignore")
                _seed()
        if context is None and self._states is not None and kind not in _ONLY_NAMES:
            _restore(self._states)
            self._states = None


_ONLY_NAMES = ("fetch", "bind", "unbind", "release")
"""requests in which no code runs that could tell how generators stand"""


def _seed() -> None:
    random.seed(0)
    np.random.seed(0)
    engine = sys.modules.get("autograd_lib")
    if engine is not None:
        engine.manual_seed(0)
        engine.set_grad_enabled(True)


@cache
def _stand_in(kind: Any) -> Any:
    return kind()


def _words() -> bytes | None:
    """Return the memory of NumPy's generator, as long as it is the one that it begins with.

    Most notebooks never use it; to ask for its state, or to set it, takes as long as a trial.
    """
    generator = np.random.get_bit_generator()  # type: ignore[attr-defined]
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, 4 * (624 + 1))


@cache
def _fresh_words() -> bytes | None:
    """Return what it holds when it has just been seeded; to be asked before a notebook runs."""
    np.random.seed(0)
    return _words()


def _states() -> tuple[Any, ...]:
    engine = sys.modules.get("autograd_lib")
    own = None
    if engine is not None:
        generator = vars(engine.default_generator)
        own = generator.copy(), engine.is_grad_enabled()
        # Another stands in for it, which costs less than to copy how it stands.
        generator.update(vars(_stand_in(engine.Generator)))
    numpys = None if _words() == _fresh_words() else np.random.get_state()
    return random.getstate(), numpys, own, list(warnings.filters)


def _restore(states: tuple[Any, ...]) -> None:
    random.setstate(states[0])
    if states[1] is None:
        np.random.seed(0)
    else:
        np.random.set_state(states[1])
    engine = sys.modules.get("autograd_lib")
    if engine is not None and states[2] is not None:
        vars(engine.default_generator).update(states[2][0])
        engine.set_grad_enabled(states[2][1])
    warnings.filters[:] = states[3]  # type: ignore[index]


def present(value: Any) -> tuple[str, list[Any]]:
    """Say what an object is that has no kind of its own: module, class, function or instance."""
    if isinstance(value, types.ModuleType):
        return "instance", [None, codec.module_name(value), False]
    if isinstance(value, type):
        base = codec.nearest_builtin(value) if issubclass(value, BaseException) else None
        return "class", [value.__name__, base, _doc(value)]
    if type(value) in FUNCTIONS:
        return "function", [getattr(value, "__name__", ""), _doc(value)]
    return "instance", [type(value), None, callable(value)]


def _doc(value: Any) -> str | None:
    found = getattr(value, "__doc__", None)
    return found[:4000] if type(found) is str else None


def _proxy(peer: Peer, number: int, record: list[Any]) -> Any:
    if record[0] == "class":
        return type(str(record[1]), (codec.exception_class(record[2]),), {})
    if record[0] != "function":
        raise WireError("nothing of that kind comes in")
    return Callback(peer, number, str(record[1]))


def by_name(path: list[Any]) -> Any:
    """Return a library's function or class by its module's name and its own."""
    module, name = path
    if module.split(".")[0] not in MODULES_BY_NAME:
        raise WireError("nothing of that name comes in")
    found: Any = sys.modules.get(module) or __import__(module, fromlist=["_"])
    for part in name.split(".") if name else []:
        found = getattr(found, part)
    return found


def work(own_shell: shell.RoomShell, channel: Channel) -> None:
    """Be the room, until the other side hangs up."""
    room = Room(own_shell, channel)
    shell.send_to(own_shell, room.emit)
    shell.redirect(room.emit)
    # Where a notebook stands comes last: a student's numpy.py is not NumPy.
    sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())] + [os.getcwd()]
    room.serve()
