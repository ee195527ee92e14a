"""Observations: what a student's code did, as plain data, and how two of them differ.

A verdict never asks a student's object whether it is equal to anything: every value is first
turned into plain data (`observe`), and only plain data is compared (`differ`), in the order in
which a teacher would ask: is it there, is it the right type, shape, dtype, finite, right?
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_lib as torch

from .describe import Plain, numbers_in, numbers_out

MOST_NUMBERS = 100_000
"""An array larger than this is observed by type, shape and dtype only, and never equals another."""

# How far apart two numbers may be, by dtype: (relative, absolute). A float32 sum of a few hundred
# terms, taken in another order, moves the sixth digit.
TOLERANCE = {"float16": (1e-2, 1e-3), "float32": (2e-4, 2e-6), "float64": (1e-6, 1e-9)}


_PLAIN_TYPES = {
    "NoneType",
    "bool",
    "int",
    "str",
    "float",
    "array",
    "tensor",
    "list",
    "tuple",
    "dict",
}
"""What a class of somebody's own is not taken for, whatever it is called"""

_FUNCTIONS = ("function", "method", "builtin_function_or_method")


def observe(value: Any, depth: int = 0) -> Plain:
    """Turn a value into plain data that says its type and, for numbers and containers, all of it.

    Anything but numbers, strings, tensors, arrays and containers of them is observed by the name
    of its type alone. Subclasses are told apart from the types they imitate.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return {"type": kind.__name__, "value": value}
    if kind is float:
        return {"type": "float", "value": numbers_out(np.array(value))[0]}
    if isinstance(value, np.generic) and kind.__module__ == "numpy":
        return {"type": kind.__name__, "value": numbers_out(np.asarray(value))[0]}
    if kind is np.ndarray:
        return _observe_numbers("array", str(value.dtype), value)
    if isinstance(value, torch.Tensor):
        data = np.asarray(value.detach().numpy())
        return _observe_numbers("tensor", str(value.dtype).removeprefix("torch."), data)
    if kind in (list, tuple) and depth < 8:
        return {"type": kind.__name__, "items": [observe(item, depth + 1) for item in value]}
    if kind is dict and depth < 8:
        entries = [[observe(k, depth + 1), observe(v, depth + 1)] for k, v in value.items()]
        return {"type": "dict", "items": entries}
    # What stands for an object in another process knows what that is called there.
    claimed = getattr(kind, "claimed_type", None)
    name = claimed(value) if claimed is not None else kind.__name__
    return {"type": f"{name} of its own" if name in _PLAIN_TYPES else name}


def _observe_numbers(kind: str, dtype: str, data: np.ndarray) -> Plain:
    seen = {"type": kind, "dtype": dtype, "shape": list(data.shape)}
    if data.size <= MOST_NUMBERS and data.dtype.kind in "biuf":
        seen["values"] = numbers_out(data)
    return seen


_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(-?\d+)\]")


def look(path: str, names: Mapping[str, Any]) -> Any:
    """Follow a path such as `w.grad` or `result[0].data` from a named value.

    `result is w` asks whether both sides are one object.
    """
    if " is " in path:
        left, right = path.split(" is ")
        return look(left, names) is look(right, names)
    head = re.match(r"[A-Za-z_]\w*", path)
    if head is None:
        raise ValueError(f"{path!r} does not start with a name")
    value, position = names[head.group()], head.end()
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise ValueError(f"cannot follow {path!r} at {path[position:]!r}")
        attribute, index = step.groups()
        value = getattr(value, attribute) if attribute else value[int(index)]
        position = step.end()
    return value


@dataclass(frozen=True)
class Difference:
    """One way in which what was seen is not what it should be."""

    kind: str
    """missing, type, length, shape, dtype, finite or value"""
    text: str
    """names no expected number: it may be said of a hidden check"""
    detail: str = ""
    """may name expected numbers: said of visible checks only"""


@dataclass(frozen=True)
class Rules:
    """How strictly an exercise's values are compared.

    `tolerance` is (relative, absolute), instead of the dtype's own. With `any_number_type` a
    float, a 0-d tensor and a 0-d array are the same number, and a list is an array.
    """

    tolerance: tuple[float, float] | None = None
    any_number_type: bool = False


def differ(
    expected: Plain, seen: Plain, rules: Rules = Rules(), path: str = "it"
) -> Difference | None:
    """Return how `seen` differs from `expected`, both observations, or None where it does not."""
    if rules.any_number_type:
        expected, seen = _as_array(expected), _as_array(seen)
    if expected["type"] != seen["type"]:
        return _differ_in_type(expected, seen, path)
    if "items" in expected:
        return _differ_in_items(expected, seen, rules, path)
    if "shape" in expected:
        return _differ_in_array(expected, seen, rules, path)
    if "value" not in expected:
        return None
    if not _is_number(expected):
        if expected["value"] == seen["value"]:
            return None
        both = f"{path} is {seen['value']!r} and should be {expected['value']!r}"
        if "\n" in f"{seen['value']}{expected['value']}":
            both = f"{path} is\n\n{seen['value']}\n\nand should be\n\n{expected['value']}"
        if expected["type"] == "bool":
            return Difference("value", both)
        return Difference("value", f"{path} is not what it should be", both)
    dtype = "float64" if expected["type"] in ("float", "int") else expected["type"]
    return _differ_in_numbers(
        {"values": [expected["value"]], "dtype": dtype, "shape": []},
        {"values": [seen["value"]], "dtype": dtype, "shape": []},
        rules,
        path,
    )


def _is_number(record: Plain) -> bool:
    return record["type"] not in ("bool", "str", "bool_", "NoneType")


def _as_array(record: Plain) -> Plain:
    """Read a number, or nested lists of numbers, as an array, where it can be."""
    if record["type"] in ("tensor", "array"):
        return record | {"type": "array", "dtype": "float64", "loose": True}
    value = _nested(record)
    if value is None:
        return record
    try:
        data = np.array(value, dtype=float)
    except ValueError:
        return record
    return _observe_numbers("array", "float64", data) | {"loose": True}


def _nested(record: Plain) -> Any:
    if record["type"] in ("list", "tuple"):
        items = [_nested(item) for item in record["items"]]
        return None if any(item is None for item in items) else items
    if "values" in record and record["shape"] == []:
        return float(record["values"][0])
    if "value" in record and _is_number(record) and record["value"] is not None:
        return float(record["value"])
    return None


_TYPE_NAMES = {"NoneType": "None", "bool": "a bool", "int": "an int", "array": "a NumPy array"}


def type_name(record: Plain) -> str:
    """Name the type of an observed value, with its article."""
    if "loose" in record:
        return "numbers" if record["shape"] else "a number"
    article = "an" if record["type"][:1].lower() in tuple("aeiou") else "a"
    return _TYPE_NAMES.get(record["type"], f"{article} {record['type']}")


def _differ_in_type(expected: Plain, seen: Plain, path: str) -> Difference:
    wanted = type_name(expected)
    if not _is_known(seen["type"]):
        # The name of a class of somebody's own can be any words; they are not for every ear.
        return Difference(
            "type",
            f"{path} is an object of a class of its own and should be {wanted}",
            f"{path} is {type_name(seen)} and should be {wanted}",
        )
    text = f"{path} is {type_name(seen)} and should be {wanted}"
    if seen["type"] == "NoneType" and path == "the result":
        text += ": does the function end without a `return`, or is what it returns None?"
    elif seen["type"] in _FUNCTIONS:
        text += ": is a pair of brackets missing, `()`, that would call it?"
    elif seen["type"] == "list" and expected["type"] == "tensor":
        text += ": `torch.tensor(...)` makes one of a list of numbers"
    return Difference("type", text)


def _is_known(name: str) -> bool:
    known = name in (*_PLAIN_TYPES, *_FUNCTIONS) or hasattr(builtins, name) or hasattr(np, name)
    return known or hasattr(torch, name)


def _differ_in_items(expected: Plain, seen: Plain, rules: Rules, path: str) -> Difference | None:
    if len(expected["items"]) != len(seen["items"]):
        return Difference(
            "length",
            f"{path} does not have the right number of items",
            f"{path} has {_items(seen)} and should have {len(expected['items'])}"
            + _both_lists(seen, expected),
        )
    if expected["type"] == "dict":
        return _differ_in_entries(expected, seen, rules, path)
    for index, (one, other) in enumerate(zip(expected["items"], seen["items"], strict=True)):
        difference = differ(one, other, rules, f"{path.removeprefix('the ')}[{index}]")
        if difference is not None:
            return difference
    return None


def _items(record: Plain) -> str:
    return "1 item" if len(record["items"]) == 1 else f"{len(record['items'])} items"


def _both_lists(seen: Plain, expected: Plain) -> str:
    """Show two short lists of words or whole numbers beside each other."""
    if expected["type"] == "dict":
        return ""
    both = [[item.get("value") for item in record["items"]] for record in (seen, expected)]
    if any(len(values) > 12 or not all(type(v) in (str, int) for v in values) for values in both):
        return ""
    return f"\n\nseen    {both[0]}\nwanted  {both[1]}"


def _differ_in_entries(expected: Plain, seen: Plain, rules: Rules, path: str) -> Difference | None:
    found = {repr(key): value for key, value in seen["items"]}
    for key, value in expected["items"]:
        if repr(key) not in found:
            return Difference("missing", f"{path} lacks the key {key.get('value')!r}")
        difference = differ(value, found[repr(key)], rules, f"{path}[{key.get('value')!r}]")
        if difference is not None:
            return difference
    return None


def _differ_in_array(expected: Plain, seen: Plain, rules: Rules, path: str) -> Difference | None:
    if expected["shape"] != seen["shape"]:
        return Difference(
            "shape",
            f"{path} has the wrong shape",
            f"{path} has shape {_shape(seen)} and should have shape {_shape(expected)}",
        )
    if expected["dtype"] != seen["dtype"]:
        text = f"{path} has dtype {seen['dtype']} and should have dtype {expected['dtype']}"
        return Difference("dtype", text)
    if "values" not in expected or "values" not in seen:
        return Difference("value", f"{path} is too large to be compared")
    return _differ_in_numbers(expected, seen, rules, path)


def _shape(record: Plain) -> str:
    return str(tuple(record["shape"]))


def _differ_in_numbers(expected: Plain, seen: Plain, rules: Rules, path: str) -> Difference | None:
    if expected["values"] == seen["values"]:
        return None
    want, got = numbers_in(expected), numbers_in(seen)
    if want.dtype.kind not in "fiu":
        wrong = int(np.sum(want != got))
        if not wrong:
            return None
        return Difference(
            "value", f"{path} is wrong in {wrong} of {want.size} places", _both(want, got, path)
        )
    want, got = want.astype(float), got.astype(float)
    if np.isnan(got).any() and not np.isnan(want).any():
        nan = f"{path} contains nan: a number that is not one"
        return Difference("finite", nan, _both(want, got, path))
    if np.isinf(got).any() and not np.isinf(want).any():
        infinite = f"{path} contains an infinity"
        return Difference("finite", infinite, _both(want, got, path))
    if np.array_equal(got, want):
        return None
    relative, absolute = rules.tolerance or TOLERANCE.get(expected["dtype"], TOLERANCE["float64"])
    if np.allclose(got, want, rtol=relative, atol=absolute, equal_nan=True):
        return None
    text = f"{path} has wrong values" if want.ndim else f"{path} has the wrong value"
    return Difference("value", text, _both(want, got, path) + _ratio(want, got))


def _both(want: np.ndarray, got: np.ndarray, path: str) -> str:
    return f"{path} is         {show_numbers(got)}\n{path} should be  {show_numbers(want)}"


def _ratio(want: np.ndarray, got: np.ndarray) -> str:
    """Say it where all numbers are off by one factor: the strongest hint there is."""
    if np.any(want == 0) or not np.isfinite(got).all():
        return ""
    ratios = got / want
    ratio = float(ratios.flat[0])
    if ratio == 0 or f"{ratio:.4g}" == "1" or not np.allclose(ratios, ratio, rtol=1e-3):
        return ""
    if want.size == 1 and not _is_whole(ratio) and not _is_whole(1 / ratio):
        return ""
    subject = "Each number is" if want.size > 1 else "It is"
    return f"\n{subject} {ratio:.4g} times what it should be."


def _is_whole(number: float) -> bool:
    return 0.5 < abs(number) < 100 and abs(number - round(number)) < 1e-3


def show_numbers(values: np.ndarray) -> str:
    """Render an array with at most four significant digits, and long ones cut in the middle."""

    def four_digits(number: Any) -> str:
        digits = f"{number:.4g}"
        # A whole number keeps its point, as torch prints it: typed back in, it is a float again.
        return digits if set(digits) & set(".en") else f"{digits}."

    return np.array2string(
        np.asarray(values),
        separator=", ",
        threshold=20,
        edgeitems=2,
        max_line_width=72,
        formatter={"float_kind": four_digits},
    )
