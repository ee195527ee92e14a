"""What is kept of a check, for staff: inputs, what came back, what was expected, and why.

It goes into the detail file beside a result, where `grader replay` finds it. What a submission sent
can be as large as a room's limits allow; what is kept of it is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from course.observe import observe

MOST_TRIES = 4
"""cases and laws kept of one check that did not pass; of one that passed, the first"""
MOST_ITEMS = 64
"""numbers kept of one array, items of one list, entries of one dictionary"""
LONGEST_TEXT = 2_000
"""characters of one text"""
DEEPEST = 12
LARGEST = 2_000
"""values kept of one case, of all its arrays and lists together"""

MOST_OBSERVED = 100_000
"""items of one value, in all of its lists together, up to which it is looked at"""

MOST_OF_THE_KEY = 1_000
"""cases whose inputs and expected values are remembered"""

CUT = "$more"
"""stands, with a number, for so many items that were left out of a list"""

Call = tuple[Any, Any, Any, Any, BaseException | None]
"""function, arguments, named arguments, result, exception"""


def keep(tries: list[dict[str, Any]], failed: bool) -> dict[str, Any]:
    """Return what is kept of a check: of its tries, those that did not agree before others."""
    chosen = sorted(tries, key=lambda one: one["agrees"])[: MOST_TRIES if failed else 1]
    return {
        "tried": len(tries),
        "agreed": sum(one["agrees"] for one in tries),
        "tries": [_try(one) for one in chosen],
    }


def _try(one: dict[str, Any]) -> dict[str, Any]:
    ours = {name: _of_the_key(one[name]) for name in ("inputs", "expected") if name in one}
    return {name: ours[name] if name in ours else bounded(value) for name, value in one.items()}


def joined(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a check whose first part passed and whose other part was run then."""
    return {
        **then,
        **{name: first.get(name, 0) + then.get(name, 0) for name in ("tried", "agreed")},
        "tries": [*then.get("tries", ()), *first.get("tries", ())],
    }


def calls_out(calls: Iterable[Call]) -> list[dict[str, Any]]:
    """Describe calls of a student's functions. Arguments are as they stand now."""
    return [bounded(_call(*call)) for call in calls]


def _call(
    function: Any, args: Any, kwargs: Any, result: Any, error: BaseException | None
) -> dict[str, Any]:
    call: dict[str, Any] = {
        "function": function.claimed_name(),
        "arguments": [_observe(value) for value in args],
    }
    if kwargs:
        call["named"] = {str(name): _observe(value) for name, value in kwargs.items()}
    if error is None:
        call["result"] = _observe(result)
    else:
        call["raised"] = [type(error).__name__, _text(error)]
    return call


def _observe(value: Any) -> Any:
    """Observe a value that is not too large: lists that share parts can be endless, written out."""
    left, waiting = MOST_OBSERVED, [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            one = [*one.keys(), *one.values()]
        if type(one) in (list, tuple):
            left -= 1 + len(one)
            if left < 0:
                return {"type": type(value).__name__, "value": "[too large to be kept]"}
            waiting += one
    return observe(value)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def bounded(record: Any) -> Any:
    """Return plain data with long lists, long texts and deep places cut."""
    return _Cutter().cut(record, 0)


class _OfTheKey:
    """What is the same object for a whole class, inputs and expected values, cut once."""

    def __init__(self) -> None:
        self._cut: dict[int, tuple[Any, Any]] = {}

    def __call__(self, record: Any) -> Any:
        kept = self._cut.get(id(record))
        if kept is None or kept[0] is not record:
            if len(self._cut) >= MOST_OF_THE_KEY:
                self._cut.clear()
            kept = self._cut[id(record)] = record, bounded(record)
        return kept[1]


_of_the_key = _OfTheKey()


class _Cutter:
    def __init__(self) -> None:
        self._left = LARGEST

    def cut(self, value: Any, depth: int, short: bool = False) -> Any:
        self._left -= 1
        kind = type(value)
        if kind is float:
            return float(f"{value:.9g}") if short else value
        if value is None or kind is bool:
            return value
        if kind is int:
            # An integer of a million digits is no shorter for being one number.
            return value if value.bit_length() < 256 else f"{value.bit_length()} bits long"
        if kind is str:
            more = len(value) - LONGEST_TEXT
            return value if more <= 0 else f"{value[:LONGEST_TEXT]} [{more} more characters]"
        if depth > DEEPEST:
            return "[too deep to be kept]"
        if kind is list or kind is tuple:
            first = value[: self._most(len(value))]
            if all(type(one) is float for one in first):
                self._left -= len(first)
                kept = [float(f"{one:.9g}") for one in first] if short else [*first]
            else:
                kept = [self.cut(one, depth + 1, short) for one in first]
            return kept + ([{CUT: len(value) - len(first)}] if len(first) < len(value) else [])
        if kind is dict or isinstance(value, Mapping):
            items = list(value.items())
            chosen = items[: self._most(len(items))]
            # Nine digits tell all numbers of this type apart.
            short = value.get("dtype") == "float32"
            entries = {str(key)[:200]: self.cut(one, depth + 1, short) for key, one in chosen}
            return entries | ({CUT: len(items) - len(chosen)} if len(chosen) < len(items) else {})
        for plain in (float, int, str):
            if isinstance(value, plain):
                return self.cut(plain(value), depth, short)
        return f"[{kind.__name__}]"

    def _most(self, count: int) -> int:
        return min(count, MOST_ITEMS, max(self._left, 1))
