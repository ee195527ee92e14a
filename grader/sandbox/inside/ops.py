"""What can be done to a student's object from outside: a closed list of operations by name."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
]
UNARY = ["neg", "pos", "abs", "invert"]
IN_PLACE = [f"i{name.rstrip('_')}" for name in BINARY]


def _enter(manager: Any) -> Any:
    return type(manager).__enter__(manager)


def _exit(manager: Any, error: Any) -> Any:
    return type(manager).__exit__(manager, error and type(error), error, None)


def _call(function: Any, args: tuple, kwargs: tuple) -> Any:
    return function(*args, **dict(kwargs))


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "call": _call,
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "len": len,
    "iter": iter,
    "next": next,
    "reversed": reversed,
    "repr": lambda value: str(repr(value)),
    "str": lambda value: str(str(value)),
    "format": lambda value, spec: str(format(value, spec)),
    "float": float,
    "int": int,
    "index": operator.index,
    "complex": complex,
    "round": round,
    "dir": lambda value: [str(name) for name in dir(value)],
    "isinstance": isinstance,
    "issubclass": issubclass,
    "same": operator.is_,
    "enter": _enter,
    "exit": _exit,
    **{name: getattr(operator, name) for name in [*BINARY, *UNARY, *IN_PLACE]},
}
