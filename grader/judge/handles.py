"""What a student's objects look like to a check: copies, functions, and handles.

Plain values, arrays and tensors arrive as copies. Anything else stays in the room, and a check
holds a handle: attributes, items, calls and arithmetic are forwarded. Whether two things are equal,
whether one is true, and which hash it has, is never asked of an object that the student wrote.
"""

from __future__ import annotations

import functools
import sys
import types
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

from ..sandbox.inside import codec, graph
from ..sandbox.inside.ops import BINARY, UNARY
from ..sandbox.inside.peer import Peer
from ..sandbox.inside.wire import Channel, WireError

MODULES = ("numpy", "math", "cmath", "random", "operator", "autograd_lib")
"""What a check means by these names is the real module, whoever imported it"""

CALLS_KEPT = 6
"""calls of a student's functions that are remembered, should the check not pass"""

_BY_NAME = ("numpy", "math", "cmath", "operator", "autograd_lib")


def _op(handle: Any, name: str, *values: Any) -> Any:
    return object.__getattribute__(handle, "_peer").request("op", name, *values)


class Handle:
    """An object of the student's, in the room."""

    __slots__ = ("_born", "_facts", "_mixed", "_number", "_peer")

    def __init__(self, peer: JudgingPeer, number: int, facts: list[Any]) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_born", peer.check)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_facts", facts)
        object.__setattr__(self, "_mixed", False)

    def claimed_type(self) -> str:
        """Return what its class is called in the room."""
        own = object.__getattribute__(self, "_facts")
        kind = own[0] if own else None
        return str(kind._facts[0])[:100] if isinstance(kind, ClassHandle) else "function"

    def claimed_module(self) -> types.ModuleType | None:
        """Return the trusted module that this says it is."""
        own = object.__getattribute__(self, "_facts")
        name = own[1] if len(own) == 3 else None
        if type(name) is not str or name.split(".")[0] not in MODULES:
            return None
        return sys.modules.get(name)

    # NumPy's operators step back, and it makes no array of a handle.
    __array_ufunc__ = None
    __array_priority__ = 10_000

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("an object of the student's is no array")

    # Forwarded

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _SPECIAL:
            raise AttributeError(name)
        if name in _COMPARING and not _is_of_named_class(self):
            _refuse_unnamed()
        return _op(self, "getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _op(self, "setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        _op(self, "delattr", self, name)

    def __getitem__(self, key: Any) -> Any:
        return _op(self, "getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _op(self, "setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        _op(self, "delitem", self, key)

    def __len__(self) -> int:
        return _is(int, _op(self, "len", self))

    def __iter__(self) -> Any:
        return _op(self, "iter", self)

    def __next__(self) -> Any:
        return _op(self, "next", self)

    def __reversed__(self) -> Any:
        return _op(self, "reversed", self)

    def __repr__(self) -> str:
        return _is(str, _op(self, "repr", self))

    def __str__(self) -> str:
        return _is(str, _op(self, "str", self))

    def __format__(self, spec: str) -> str:
        return _is(str, _op(self, "format", self, spec))

    def __float__(self) -> float:
        return _is(float, _arithmetic("float", self))

    def __int__(self) -> int:
        return _is(int, _arithmetic("int", self))

    def __index__(self) -> int:
        return _is(int, _arithmetic("index", self))

    def __complex__(self) -> complex:
        return _is(complex, _arithmetic("complex", self))

    def __round__(self, digits: int | None = None) -> Any:
        return _op(_unmixed(self), "round", self, digits)

    def __dir__(self) -> list[str]:
        return [_is(str, name) for name in _is(list, _op(self, "dir", self))]

    def __enter__(self) -> Any:
        return _op(self, "enter", self)

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        plain = None if error is None else self._peer.describe(error)
        return _op(self, "exit", self, plain) is True

    # Refused

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(
            "an object of the student's own class cannot be compared, hashed, searched, or asked "
            "whether it is true: look at its attributes instead"
        )

    __contains__ = __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse

    def __hash__(self) -> int:
        self._refuse()


_COMPARING = {
    "allclose", "assert_equal", "eq", "equal", "equals", "ge", "gt", "isclose", "le", "lt", "ne",
    "sub", "subtract",
}  # fmt: skip
"""methods of arrays, tensors and tables that would be asked whether an answer is right"""

_SPECIAL = {"__name__", "__doc__", "__qualname__", "__module__", "__wrapped__", "__dict__"}


def _arithmetic(name: str, *values: Any) -> Any:
    """Forward an operation, unless its result could be an answer to the very value expected.

    A student's object may do arithmetic with a number, as `1 + value` does, and give an object. It
    may not make a number of it: in `abs(found - expected) < 1e-6` it could say what it likes.
    """
    handles = [value for value in values if is_handle(value)]
    if len(handles) < len(values) and not all(map(_is_of_named_class, handles)):
        _refuse_unnamed()
    mixed = len(handles) < len(values) or any(map(_is_mixed, handles))
    found = _op(handles[0], name, *values)
    if mixed and found is not NotImplemented:
        if not is_handle(found):
            _refuse_numbers()
        object.__setattr__(found, "_mixed", True)
    return found


def _is_of_named_class(handle: Handle) -> bool:
    """Say whether a check may expect an object like this: it has named a class of the student's.

    Where it has not, it expects a number, an array or a tensor. In `(found - right).abs().max()` an
    object in the place of one would be handed what is right, and could say that it is that. What a
    function that was handed in does to an object is the submission's own affair.
    """
    if object.__getattribute__(handle, "_peer").called_back:
        return True
    named = object.__getattribute__(handle, "_peer").checks_with_classes
    born = object.__getattribute__(handle, "_born")
    return bool(named & {born, object.__getattribute__(handle, "_peer").check})


def _refuse_unnamed() -> NoReturn:
    raise TypeError(
        "an object of a class of the student's own, which the check does not name, stands where a "
        "number, an array or a tensor is expected: it is not asked how far it is from what is right"
    )


def _is_mixed(handle: Handle) -> bool:
    return bool(object.__getattribute__(handle, "_mixed"))


def _unmixed(handle: Handle) -> Handle:
    return _refuse_numbers() if _is_mixed(handle) else handle


def _refuse_numbers() -> NoReturn:
    raise TypeError(
        "arithmetic between an object of the student's own class and a number has to give an "
        "object of that class: look at its attributes for numbers"
    )


def _forward(name: str, swapped: bool) -> Callable[..., Any]:
    if swapped:
        return lambda self, other: _arithmetic(name, other, self)
    return lambda self, *others: _arithmetic(name, self, *others)


for _name in BINARY:
    _plain = _name.rstrip("_")
    setattr(Handle, f"__{_plain}__", _forward(_name, False))
    setattr(Handle, f"__r{_plain}__", _forward(_name, True))
    setattr(Handle, f"__i{_plain}__", _forward(f"i{_plain}", False))
for _name in UNARY:
    setattr(Handle, f"__{_name}__", _forward(_name, False))


class CallableHandle(Handle):
    """A function of the student's, or an object that can be called."""

    __slots__ = ()

    def claimed_name(self) -> str:
        """Return what it is called in the room: of an object that can be called, its class."""
        own = object.__getattribute__(self, "_facts")
        return own[0][:100] if own and type(own[0]) is str else self.claimed_type()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        calls = object.__getattribute__(self, "_peer").calls
        try:
            result = _op(self, "call", self, args, tuple(kwargs.items()))
        except BaseException as error:
            calls.append((self, args, kwargs, None, error))
            raise
        calls.append((self, args, kwargs, result, None))
        return result


class ClassHandle(CallableHandle):
    """A class of the student's."""

    __slots__ = ()

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, Handle) and _op(self, "isinstance", value, self) is True

    def __subclasscheck__(self, value: Any) -> bool:
        return isinstance(value, Handle) and _op(self, "issubclass", value, self) is True


def same_object(one: Any, other: Any) -> bool:
    """Say whether two values are one object, wherever it is."""
    if one is other:
        return True
    if isinstance(one, Handle) and isinstance(other, Handle):
        return _op(one, "same", one, other) is True
    return False


def is_handle(value: Any) -> bool:
    """Say whether a value is something of the student's that stays in the room."""
    return issubclass(type(value), Handle)


def is_function(value: Any) -> bool:
    """Say whether a value is a plain function of the student's."""
    # Of anything else it is told what class it has, and which module it is.
    return type(value) is CallableHandle and len(object.__getattribute__(value, "_facts")) == 2


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"a {kind.__name__} was expected of the student's object")
    return value


# The judging side of a conversation


class JudgingPeer(Peer):
    """The side that asks."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.calls: deque[Any] = deque(maxlen=CALLS_KEPT)
        """the last calls of the student's functions: function, arguments, result, exception"""
        self.checks_with_classes: set[int] = set()
        """the numbers of the checks that have named a class of the student's"""
        self.called_back = 0
        """how many functions that were handed in are being called by the submission"""
        self.answering = True
        """Whether what was handed in can be used: not while no check is run, and nobody counts"""

    def request(self, what: str, *values: Any) -> Any:
        """Ask the room; of what it sends, only what a name stands for can be a trusted module."""
        try:
            found = super().request(what, *values)
        except StopIteration:
            if what == "op" and values[0] == "next":
                raise
            # In `for found in map(f, inputs)` it would end the loop, and with it the check.
            called = what == "op" and isinstance(values[1], CallableHandle)
            who = values[1].claimed_name() if called else "an answer"
            raise RuntimeError(f"{who} raised StopIteration") from None
        if what == "fetch" and is_handle(found):
            if isinstance(found, ClassHandle):
                self.checks_with_classes.add(self.check)
            return found.claimed_module() or found
        return found


def judging_peer(channel: Channel) -> JudgingPeer:
    """Make the side that asks: of it, a room may ask only what it was handed."""
    peer = JudgingPeer(channel, 0, {}, _proxy, _present, _name_of, _never)

    def must_be_answering() -> None:
        if not peer.answering:
            raise WireError("what a check has handed in can be used while it is run")

    def call(function: Any, args: Any, kwargs: Any) -> Any:
        must_be_answering()
        number = peer.table.number(function, "proxy")
        if number is None or number % 2 or type(args) is not tuple or type(kwargs) is not tuple:
            raise WireError("only functions that were handed in can be called")
        peer.called_back += 1
        try:
            return function(*args, **dict(kwargs))
        finally:
            peer.called_back -= 1

    def tensor_of_ours(tensor: Any) -> None:
        must_be_answering()
        if not graph.engine() or not isinstance(tensor, graph.engine().Tensor):
            raise WireError("only tensors have gradients")

    def gradients(tensor: Any, grad: Any, behind: Any, create: Any) -> Any:
        for one in (tensor, grad, *behind):
            tensor_of_ours(one)
        return graph.gradients(tensor, grad, behind, create is True)

    def release(tensor: Any) -> None:
        tensor_of_ours(tensor)
        graph.release(tensor)

    peer.handlers.update(call=call, gradients=gradients, release=release)
    return peer


def _never(path: list[Any]) -> NoReturn:
    raise WireError("nothing comes out of a room by its name")


def _proxy(peer: JudgingPeer, number: int, record: list[Any]) -> Any:
    what, *facts = record
    if what == "function":
        return CallableHandle(peer, number, facts)
    if what == "class":
        name, base, _ = facts
        if base is None:
            return ClassHandle(peer, number, facts)
        return type(str(name)[:100], (codec.exception_class(base),), {})
    _, _, can_be_called = facts
    return (CallableHandle if can_be_called is True else Handle)(peer, number, facts)


def _present(value: Any) -> tuple[str, list[Any]]:
    """Say what a check hands to the student's code: functions, and nothing else by reference."""
    kinds = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
    if isinstance(value, type) and issubclass(value, BaseException):
        return "class", [value.__name__, codec.nearest_builtin(value), None]
    if isinstance(value, (*kinds, type)):
        return "function", [getattr(value, "__name__", "function"), None]
    raise TypeError(f"a {type(value).__name__} cannot be handed to a student's function")


def _name_of(value: Any) -> list[str] | None:
    """Return the module and the name of a library's function or class."""
    if isinstance(value, types.ModuleType):
        name = codec.module_name(value)
        return [name, ""] if name and name.split(".")[0] in _BY_NAME else None
    if not callable(value) or isinstance(value, types.MethodType) or is_handle(value):
        return None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if type(value).__name__ == "ufunc":
        module, name = "numpy", value.__name__
    if type(module) is not str or type(name) is not str:
        return None
    if module.split(".")[0] not in _BY_NAME:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return [module, name] if found is value else None
