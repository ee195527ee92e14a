"""Descriptions: plain data that say how to build the values a check needs.

A case in an answer key does not hand out tensors, it *describes* them, as nested lists, numbers
and small tagged dictionaries that JSON can carry. Whoever needs the values builds them afresh:
the check in a student's notebook, the known-wrong answers beside it, a judge in another process.
So nothing a function does to its arguments can reach the next call, and a case that was recorded
when the lesson was built is the same case on every machine.

A tagged dictionary has the one key "$": its kind. The functions below write them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import autograd_lib as torch

from . import broken

Plain = Any
"""None, bool, int, float, str, and lists and string-keyed dictionaries of them."""


# Writing descriptions


def tensor(
    values: Any, *, dtype: str = "float32", requires_grad: bool = False, grad: Any = None
) -> Plain:
    """Describe a leaf tensor with these values (anything NumPy takes), of torch's `dtype`.

    `grad` gives it a gradient from the start, of the same shape and dtype.
    """
    data = np.asarray(values)
    description = {
        "$": "tensor",
        "dtype": dtype,
        "shape": list(data.shape),
        "values": numbers_out(data),
        "requires_grad": requires_grad or grad is not None,
    }
    if grad is not None:
        description["grad"] = tensor(np.broadcast_to(grad, data.shape), dtype=dtype)
    return description


def array(values: Any, *, dtype: str = "float64") -> Plain:
    """Describe a NumPy array."""
    data = np.asarray(values)
    return {"$": "array", "dtype": dtype, "shape": list(data.shape), "values": numbers_out(data)}


def same(name: str) -> Plain:
    """Describe the very object that was already built under `name`, not a copy of it."""
    return {"$": "same", "name": name}


def known(name: str) -> Plain:
    """Describe one of the functions in `KNOWN_FUNCTIONS`, for exercises that take a function."""
    if name not in KNOWN_FUNCTIONS:
        raise ValueError(f"no known function {name!r}; there are {', '.join(KNOWN_FUNCTIONS)}")
    return {"$": "known", "name": name}


def function(formula: str, **names: Plain) -> Plain:
    """Describe a function of one argument, `x`, by its formula, for exercises that take a function.

    `names` are descriptions of the formula's other variables; `torch` is the reference engine.
    Example: `function("a * x * x + b", a=1.5, b=2.0)`.
    """
    return {"$": "function", "formula": formula, "names": names}


def graph(expression: str, **names: Plain) -> Plain:
    """Describe the tensor that the engine makes of `expression`, with the graph behind it.

    `names` are descriptions of the expression's variables, built in their order; what the case has
    built before is there too, and `torch` is the reference engine. Example:
    `graph("(x * w).sum()", x=tensor([1, 2]), w=tensor([3, 4]))`.
    """
    return {"$": "graph", "expression": expression, "names": names}


def new(class_name: str, *arguments: Plain) -> Plain:
    """Describe an instance of a class that the student writes, made from these arguments."""
    return {"$": "new", "class": class_name, "arguments": list(arguments)}


def program(text: str, **names: Plain) -> Plain:
    """Describe a few statements to run instead of one call, for exercises on a student's class.

    `names` are descriptions of the variables the statements start with; the student's objects
    are there under their own names, and what the statements define can be looked at afterwards.
    """
    return {"$": "program", "text": text, "names": names}


def is_program(description: Plain) -> bool:
    """Say whether a case is a program rather than the arguments of one call."""
    return isinstance(description, dict) and description.get("$") == "program"


# Building values


def evaluate_here(expression: str, names: Mapping[str, Any], objects: Mapping[str, Any]) -> Any:
    """Return what an expression over these names gives: a tensor with its graph, or a function."""
    # The expression comes from an answer key, never from a submission.
    return eval(expression, {"torch": torch, **names})


evaluate = evaluate_here
"""Whoever tries code that lives in another process has graphs and functions made there."""


KNOWN_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "square": lambda x: x * x,
    "cube": lambda x: x * x * x,
    "reciprocal": lambda x: 1 / x,
    "exp": lambda x: x.exp() if isinstance(x, torch.Tensor) else np.exp(x),
    "sin": lambda x: x.sin() if isinstance(x, torch.Tensor) else np.sin(x),
}
# What lesson 14 examines: `known("right exp")`, `known("exp goes back by its input")`.
KNOWN_FUNCTIONS |= {f"right {name}": operation for name, operation in broken.RIGHT.items()}
KNOWN_FUNCTIONS |= {bug: operation for bug, (_, operation) in broken.BUGS.items()}


def build(description: Plain, built: Mapping[str, Any], objects: Mapping[str, Any]) -> Any:
    """Build the value that `description` describes.

    `built` holds what was built before it in the same case (for `same`), `objects` the student's
    own functions and classes (for `new`). Raises ValueError for a kind that does not exist.
    """
    if isinstance(description, list):
        return [build(item, built, objects) for item in description]
    if not isinstance(description, dict):
        return description
    match description.get("$"):
        case None:
            return {key: build(item, built, objects) for key, item in description.items()}
        case "tensor":
            leaf = torch.tensor(
                numbers_in(description),
                dtype=getattr(torch, description["dtype"]),
                requires_grad=description["requires_grad"],
            )
            if "grad" in description:
                leaf.grad = build(description["grad"], built, objects)
            return leaf
        case "array":
            return numbers_in(description)
        case "same":
            return built[description["name"]]
        case "known":
            return KNOWN_FUNCTIONS[description["name"]]
        case "function":
            names = build_names(description["names"], objects)
            return evaluate(f"lambda x: {description['formula']}", names, objects)
        case "graph":
            names = {**built, **build_names(description["names"], objects)}
            return evaluate(description["expression"], names, objects)
        case "new":
            arguments = [build(item, built, objects) for item in description["arguments"]]
            return objects[description["class"]](*arguments)
        case kind:
            raise ValueError(f"no description of kind {kind!r}")


def build_names(names: Mapping[str, Plain], objects: Mapping[str, Any]) -> dict[str, Any]:
    """Build named values in their order, so that later ones can say `same` of earlier ones."""
    built: dict[str, Any] = {}
    for name, description in names.items():
        built[name] = build(description, built, objects)
    return built


# Numbers as JSON can carry them


def numbers_out(values: np.ndarray) -> list[Plain]:
    """Flatten an array into numbers; what JSON has no number for (nan, inf) becomes its name."""
    flat = values.ravel().tolist()
    return [v if not isinstance(v, float) or math.isfinite(v) else str(v) for v in flat]


def numbers_in(record: Mapping[str, Any]) -> np.ndarray:
    """Rebuild the array that `numbers_out` flattened, from its record of dtype, shape, values."""
    # NumPy knows "nan" and "inf" by their names, too.
    return np.array(record["values"], dtype=record["dtype"]).reshape(record["shape"])


def size(description: Plain) -> int:
    """Count the numbers in a description: the smallest failing case is the one shown."""
    if isinstance(description, list):
        return sum(size(item) for item in description)
    if isinstance(description, dict):
        return sum(size(item) for key, item in description.items() if key != "shape")
    return int(isinstance(description, int | float))
