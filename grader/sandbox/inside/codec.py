"""Values on the wire: a closed set of kinds, each rebuilt afresh from plain data.

A value is a JSON scalar, or a list that begins with the name of its kind. What has an identity
(lists, dictionaries, sets, arrays, tensors, functions, instances) stands in a table that both sides
hold: it is sent once as a record, and again whenever it has changed, and what arrives for an object
that is known already is written into that object. So aliases stay aliases, arrays that share memory
go on sharing it, and a change on one side is seen on the other.
"""

from __future__ import annotations

import builtins
import itertools
import math
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

from . import graph
from .wire import WireError

Coded = Any
"""What JSON and blobs can carry"""

MOST_OBJECTS = 20_000
"""in one message"""
MOST_KNOWN = 200_000
"""in one check"""
MOST_VALUES = 500_000
MOST_SEEN = 2**23
"""elements of a view, which need not have memory of their own"""
MOST_ALIKE = 100
"""keys of one set or dictionary that have the same hash"""
DEEPEST = 40

_DTYPES = {
    np.dtype(code).str: np.dtype(code)
    for code in ("?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d", "F", "D")
}
_SCALARS = {dtype.type for dtype in _DTYPES.values()}
_KEYED = {kind.__name__: kind for kind in (OrderedDict, defaultdict, Counter, dict)}
_EMPTY: dict[str, Callable[[], Any]] = {
    kind.__name__: kind for kind in (list, set, bytearray, deque, *_KEYED.values())
}
"""kinds that have an identity, by their names, and without anything in them at first"""
_AS_THEY_ARE = {type(None), bool, str}
_TYPES = {
    name: value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and name[0] != "_"
}
_TYPE_NAMES = {value: name for name, value in _TYPES.items()}
_MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_RECORDS = {
    "array": ("view",),
    "storage": ("storage",),
    "tensor": ("tensor",),
    "proxy": ("function", "instance", "class"),
}
"""what may be said of an object, by the role it has"""
_SINGLES = {"ellipsis": ..., "notimplemented": NotImplemented}


class Table:
    """The objects that both sides know, by number, and what was last said of each.

    `resolve` decides what a value of a kind that only one side may send becomes here (see Peer);
    `export` says how an object without a kind of its own is to be presented.
    """

    def __init__(
        self,
        first: int,
        proxy: Callable[[int, list[Coded]], Any],
        present: Callable[[Any], tuple[str, list[Any]]],
        name_of: Callable[[Any], list[str] | None],
        by_name: Callable[[list[Any]], Any],
        peer: Any,
    ) -> None:
        self._next = first
        self._proxy, self._present, self._name_of = proxy, present, name_of
        self._by_name = by_name
        self._peer = peer
        self.objects: dict[int, Any] = {}
        self._numbers: dict[tuple[int, str], int] = {}
        self._said: dict[int, Coded] = {}
        self._data: dict[int, str] = {}
        """the role of each object that can change"""
        self._queue: list[int] = []
        self._seen: dict[int, np.ndarray] = {}
        """of memory that is shared in part: which of its bytes the other side may see"""
        self._open: set[int] = set()
        """memory that is shared as a whole"""
        self._values = 0

    # Numbers

    def number(self, value: Any, role: str = "") -> int | None:
        """Return the number of an object that both sides know."""
        found = self._numbers.get((id(value), role))
        return found if found is not None and self.objects.get(found) is value else None

    def add(self, number: int, value: Any, role: str = "") -> None:
        """Enter an object under a number."""
        if len(self.objects) >= MOST_KNOWN:
            raise WireError(f"more than {MOST_KNOWN} objects in one check")
        self.objects[number] = value
        self._numbers[(id(value), role)] = number
        if role != "proxy":
            self._data[number] = role

    def forget(self) -> None:
        """Drop what can change: from here on, each side has its own."""
        if not self._data:
            return
        for number, role in self._data.items():
            self._numbers.pop((id(self.objects.pop(number, None)), role), None)
            self._said.pop(number, None)
        self._data.clear()
        self._seen.clear()
        self._open.clear()

    def _share(self, value: Any, role: str) -> list[Coded]:
        number = self._numbers.get((id(value), role))
        if number is None or self.objects.get(number) is not value:
            number = self._next
            self._next += 2
            self.add(number, value, role)
            self._queue.append(number)
        return ["obj", number]

    def _share_array(self, array: np.ndarray) -> list[Coded]:
        """Share an array that owns its memory as just that, any other as a view of memory."""
        if isinstance(array.base, np.ndarray) or not _is_whole(array):
            return self._share(array, "array")
        coded = self._share(array, "storage")
        self.show(coded[1], array, array, 0)
        return coded

    # Out

    def encode(self, value: Any) -> tuple[Coded, list[Coded]]:
        """Return a value's code, and records of all objects that are new or have changed.

        Raises WireError for what is too large; the table is then as it was before.
        """
        first = self._next
        try:
            return self._encode(value)
        except BaseException:
            for number in range(first, self._next, 2):
                value = self.objects.pop(number, None)
                self._numbers.pop((id(value), self._data.pop(number, "proxy")), None)
            raise

    def _encode(self, value: Any) -> tuple[Coded, list[Coded]]:
        self._values = 0
        self._queue = list(self._data)
        coded = self._code(value, 0)
        records: list[Coded] = []
        done: set[int] = set()
        memory: list[int] = []
        for number in itertools.chain(self._queue, memory):
            if len(records) > MOST_OBJECTS:
                raise WireError(f"more than {MOST_OBJECTS} objects at once")
            if number in done:
                continue
            if self._data.get(number) == "storage" and number not in memory:
                # Memory comes last, when it is known which of it can be seen.
                memory.append(number)
                continue
            done.add(number)
            record = self._record(number)
            if self._said.get(number) != record:
                self._said[number] = record
                records.append([number, record])
        return coded, records

    def _code(self, value: Any, depth: int) -> Coded:
        kind = type(value)
        self._values += 1
        if self._values > MOST_VALUES or depth > DEEPEST:
            raise WireError("this is too large, or nested too deeply, to be looked at")
        if kind in _AS_THEY_ARE:
            return value
        if kind is int:
            return value if -(2**63) <= value < 2**63 else ["int", hex(value)]
        if kind is float:
            return value if math.isfinite(value) else ["float", repr(value)]
        if kind is tuple or kind is frozenset:
            return [kind.__name__, *(self._code(item, depth + 1) for item in value)]
        if _EMPTY.get(kind.__name__) is kind:
            return self._share(value, "plain")
        if kind is np.ndarray and value.dtype.str in _DTYPES:
            return self._share_array(value)
        engine = graph.engine()
        if engine is not None and kind in engine.tensors:
            return self._share(value, "tensor")
        if kind is bytes:
            return ["bytes", value]
        if kind is complex:
            return ["complex", self._code(value.real, 0), self._code(value.imag, 0)]
        if kind in (range, slice):
            ends = (value.start, value.stop, value.step)
            return [kind.__name__, *(self._code(end, depth + 1) for end in ends)]
        if kind in _SCALARS:
            return ["scalar", value.dtype.str, value.tobytes()]
        if isinstance(value, np.dtype) and value.str in _DTYPES:
            return ["dtype", value.str]
        for name, single in _SINGLES.items():
            if value is single:
                return [name]
        if engine is not None:
            if kind is engine.Size:
                return ["size", *map(int, value)]
            if kind is engine.dtype:
                return ["torch", value.name]
        if isinstance(value, type) and value in _TYPE_NAMES:
            return ["type", _TYPE_NAMES[value]]
        path = self._name_of(value)
        if path is not None:
            return ["name", *path]
        return self._share(value, "proxy")

    def _record(self, number: int) -> Coded:
        value = self.objects[number]
        role = self._data.get(number, "proxy")
        if role == "array":
            return _array_record(self, value)
        if role == "storage":
            order = "C" if value.flags.c_contiguous else "F"
            shape = list(value.shape)
            data = value.tobytes(order)
            if number in self._seen:
                data = np.where(self._seen[number], np.frombuffer(data, np.uint8), 0).tobytes()
            return ["storage", value.dtype.str, shape, order, data]
        if role == "tensor":
            return graph.record(self, number, value)
        if role == "proxy":
            what, details = self._present(value)
            return [what, *(self._code(detail, 1) for detail in details)]
        kind = type(value)
        if kind is bytearray:
            return ["bytearray", bytes(value)]
        if kind.__name__ in _KEYED:
            pairs = [[self._code(k, 1), self._code(v, 1)] for k, v in list(value.items())]
            return [kind.__name__, pairs]
        return [kind.__name__, [self._code(item, 1) for item in list(value)]]

    # In

    def decode(self, coded: Coded, records: Any) -> Any:
        """Rebuild a value; raises WireError for anything that is not of the closed format."""
        try:
            if type(records) is not list or len(records) > MOST_OBJECTS:
                raise WireError("a message has too many objects")
            self._values = 0
            fresh = {}
            for number, record in records:
                if type(number) is not int or type(record) is not list:
                    raise WireError("a record is malformed")
                fresh[number] = record
            self._incoming = fresh
            for number in fresh:
                self._known(number)
            for number in list(fresh):
                self._fill(number, fresh[number])
            return self._value(coded, 0)
        except _MALFORMED as error:
            raise WireError(f"a value is malformed: {type(error).__name__}: {error}") from error

    def _known(self, number: Any) -> Any:
        """Return the object with a number, making an empty one for a record that is new."""
        if type(number) is not int:
            raise WireError("an object has no number")
        if number in self.objects:
            return self.objects[number]
        record = self._incoming.get(number)
        if record is None:
            raise WireError("an object is referred to that nobody sent")
        if number % 2 == self._next % 2:
            raise WireError("an object has a number that is not its sender's")
        value, role = self._empty(number, record)
        self.add(number, value, role)
        return value

    def _empty(self, number: int, record: list[Coded]) -> tuple[Any, str]:
        what = record[0]
        if what in _EMPTY:
            return _EMPTY[what](), "plain"
        if what == "storage":
            _, dtype, shape, order, data = record
            if math.prod(_shape(shape)) * _DTYPES[dtype].itemsize != len(data):
                raise WireError("an array has more or fewer bytes than it says")
            return np.empty(shape, _DTYPES[dtype], order=order), "storage"
        if what == "view":
            return _view(self, record), "array"
        if what == "tensor":
            return graph.empty(self, record), "tensor"
        if what in ("function", "instance", "class"):
            return self._proxy(number, [what, *(self._value(x, 1) for x in record[1:])]), "proxy"
        raise WireError("an object is of no known kind")

    def _fill(self, number: int, record: list[Coded]) -> None:
        value, what = self.objects[number], record[0]
        role = self._data.get(number, "proxy")
        fits = what == type(value).__name__ if role == "plain" else what in _RECORDS[role]
        if not fits:
            raise WireError("an object has changed its type")
        if what in ("list", "deque"):
            value[:] = [self._value(item, 1) for item in record[1]] if what == "list" else []
            if what == "deque":
                value.clear()
                value.extend(self._value(item, 1) for item in record[1])
        elif what == "set":
            items = _keys([self._value(item, 1) for item in record[1]])
            value.clear()
            value.update(items)
        elif what in _KEYED:
            pairs = [(self._value(k, 1), self._value(v, 1)) for k, v in record[1]]
            _keys([key for key, _ in pairs])
            value.clear()
            dict.update(value, pairs)
        elif what == "bytearray":
            value[:] = record[1]
        elif what == "storage":
            if value.nbytes != len(record[4]):
                raise WireError("memory has changed its size")
            data = record[4]
            if number in self._seen:
                old = np.frombuffer(value.tobytes("A"), np.uint8)
                data = np.where(self._seen[number], np.frombuffer(data, np.uint8), old).tobytes()
            _write(value, data)
        elif what == "tensor":
            graph.fill(self, number, value, record)
        # Its sender need not be told what it has just said itself.
        self._said[number] = record

    def _value(self, coded: Coded, depth: int) -> Any:
        kind = type(coded)
        self._values += 1
        if self._values > MOST_VALUES or depth > DEEPEST:
            raise WireError("a value is too large, or nested too deeply")
        if coded is None or kind in (bool, int, float, str):
            return coded
        if kind is not list:
            raise WireError("a value is of no known kind")
        what = coded[0]
        if what == "obj":
            return self._known(coded[1])
        if what in ("tuple", "frozenset"):
            items = [self._value(item, depth + 1) for item in coded[1:]]
            return tuple(items) if what == "tuple" else frozenset(_keys(items))
        if what == "int":
            if len(coded[1]) > 20_000:
                raise WireError("a number is too large")
            return int(coded[1], 16)
        if what == "float":
            return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[coded[1]]
        if what == "bytes" and type(coded[1]) is bytes:
            return coded[1]
        if what == "complex":
            return complex(self._value(coded[1], 1), self._value(coded[2], 1))
        if what == "slice":
            return slice(*(self._value(end, depth + 1) for end in coded[1:4]))
        if what == "range":
            return range(*(_int(end) for end in coded[1:4]))
        if what == "scalar":
            (found,) = np.frombuffer(coded[2], _DTYPES[coded[1]])
            return found
        if what == "dtype":
            return _DTYPES[coded[1]]
        if what in _SINGLES:
            return _SINGLES[what]
        if what == "type":
            return _TYPES[coded[1]]
        if what == "name":
            return self._by_name(coded[1:])
        if what in ("size", "torch"):
            return graph.constant(what, coded[1:])
        raise WireError("a value is of no known kind")

    def show(self, storage: int, root: np.ndarray, array: np.ndarray, offset: int) -> None:
        """Let the other side see that part of some memory that an array looks at.

        A column of a table that also holds the answers does not bring the table along. (Only the
        side that judges, which has the even numbers, has anything to hide.)
        """
        if self._next % 2 == 0 and array is not root and storage not in self._open:
            seen = self._seen.setdefault(storage, np.zeros(root.nbytes, bool))
            shape, strides = (*array.shape, array.itemsize), (*array.strides, 1)
            np.ndarray(shape, bool, seen, offset, strides)[...] = True
            if not seen.all():
                return
        self._seen.pop(storage, None)
        self._open.add(storage)

    # For the graph, which stores tensors with what belongs to them

    def code(self, value: Any) -> Coded:
        """Return the code of a part of a record."""
        return self._code(value, 1)

    def value(self, coded: Coded) -> Any:
        """Return the value of a part of a record."""
        return self._value(coded, 1)

    @property
    def peer(self) -> Any:
        """The conversation that this table belongs to."""
        return self._peer


def _keys(found: list[Any]) -> list[Any]:
    """Refuse keys that were chosen to have one hash: each would be compared with all others.

    That is done in C, where nothing can interrupt it.
    """
    if len(found) > MOST_ALIKE and max(Counter(map(hash, found)).values()) > MOST_ALIKE:
        raise WireError("too many keys have the same hash")
    return found


def _int(value: Any) -> int:
    if type(value) is not int:
        raise WireError("a number is missing")
    return value


def _shape(shape: Any) -> tuple[int, ...]:
    sizes = tuple(_int(size) for size in shape)
    if len(sizes) > 32 or any(size < 0 for size in sizes) or math.prod(sizes) > 2**28:
        raise WireError("an array has an impossible shape")
    return sizes


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def _array_record(table: Table, array: np.ndarray) -> Coded:
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    if type(root) is not np.ndarray or root.dtype.str not in _DTYPES:
        root = root.view(np.ndarray)
    writeable = array.flags.writeable
    if not _is_whole(root) or root.dtype.str not in _DTYPES:
        # Memory of an unusual kind is not shared with the other side, only its numbers are.
        root = array = array.copy()
    storage = table._share(root, "storage")
    offset = 0 if array is root else _address(array) - _address(root)
    table.show(storage[1], root, array, offset)
    place = [list(array.shape), list(array.strides), offset]
    return ["view", array.dtype.str, *place, storage[1], writeable]


def _is_whole(memory: np.ndarray) -> bool:
    """Say whether an array's elements fill its memory without gaps."""
    return bool(memory.flags.c_contiguous or memory.flags.f_contiguous)


def _view(table: Table, record: list[Coded]) -> np.ndarray:
    _, code, shape, strides, offset, storage, writeable = record
    root, dtype = table._known(storage), _DTYPES[code]
    if table._data.get(storage) != "storage":
        raise WireError("a view looks at something that is no memory")
    sizes, steps = _shape(shape), tuple(_int(step) for step in strides)
    if math.prod(sizes) > MOST_SEEN:
        # With steps of nothing, eight bytes look like as much as one likes.
        raise WireError("a view looks at more than an array may have")
    if len(sizes) != len(steps):
        raise WireError("a view has a shape that does not fit its strides")
    low = high = _int(offset)
    for size, step in zip(sizes, steps, strict=True):
        reach = (size - 1) * step
        low, high = low + min(reach, 0), high + max(reach, 0)
    if 0 not in sizes and (low < 0 or high + dtype.itemsize > root.nbytes):
        raise WireError("a view reaches outside of its memory")
    if 0 in sizes:
        return np.empty(sizes, dtype)
    buffer = root if root.flags.c_contiguous else root.T
    view: np.ndarray = np.ndarray(sizes, dtype, buffer, offset, steps)
    if not writeable:
        view.flags.writeable = False
    return view


def _write(array: np.ndarray, data: bytes) -> None:
    """Write bytes into an array's own memory."""
    if array.nbytes == 0 or array.tobytes("A") == data:
        return
    flat = array if array.flags.c_contiguous else array.T
    writeable = array.flags.writeable
    if not writeable:
        return
    np.copyto(flat.reshape(-1).view(np.uint8), np.frombuffer(data, np.uint8))


def nearest_builtin(kind: type) -> str:
    """Return the name of the builtin exception that an exception class stands nearest to."""
    for base in kind.__mro__:
        if _TYPE_NAMES.get(base) and issubclass(base, BaseException):
            return _TYPE_NAMES[base]
    return "Exception"


def exception_class(name: Any) -> type[BaseException]:
    """Return a builtin exception class by its name."""
    found = _TYPES.get(name)
    if found is None or not issubclass(found, BaseException):
        return Exception
    return found


def module_name(value: Any) -> str | None:
    """Return the name of a module that is loaded under just that name."""
    name = getattr(value, "__name__", None)
    return name if type(name) is str and sys.modules.get(name) is value else None
