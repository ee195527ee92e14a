"""save and load, without pickle: nothing in a file can run.

A file is a zip archive of NumPy arrays and one JSON text that says how they hang together.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import OrderedDict
from typing import Any

import numpy as np

from .nn.parameter import Parameter
from .tensor import Tensor, fresh
from .utils.hooks import warn_if_has_hooks


def _describe(x: Any, arrays: list) -> Any:
    if isinstance(x, Tensor):
        known = next((i for i, (t, _) in enumerate(arrays) if t is x), None)
        if known is not None:
            return {"": "again", "array": known}
        warn_if_has_hooks(x)
        arrays.append((x, np.array(x._a)))
        kind = "parameter" if isinstance(x, Parameter) else "tensor"
        return {"": kind, "array": len(arrays) - 1, "requires_grad": bool(x.requires_grad)}
    if isinstance(x, np.ndarray) and x.dtype != object:
        arrays.append((x, x))
        return {"": "array", "array": len(arrays) - 1}
    if isinstance(x, dict):
        items = [[_describe(k, arrays), _describe(v, arrays)] for k, v in x.items()]
        return {"": "ordered" if isinstance(x, OrderedDict) else "dict", "items": items}
    if isinstance(x, (list, tuple)):
        return {"": type(x).__name__ if type(x) in (list, tuple) else "tuple",
                "items": [_describe(v, arrays) for v in x]}  # fmt: skip
    if x is None or isinstance(x, (bool, int, str)):
        return x
    if isinstance(x, (float, np.floating)):
        return {"": "float", "value": float(x).hex()}
    raise TypeError(f"cannot save an object of type {type(x).__name__}")


def _build(x: Any, arrays: list) -> Any:
    if not isinstance(x, dict):
        return x
    kind = x[""]
    if kind in ("tensor", "parameter"):
        t = fresh(arrays[x["array"]], Parameter if kind == "parameter" else Tensor)
        t._rg = x["requires_grad"]
        arrays[x["array"]] = t  # for when it comes again
        return t
    if kind in ("array", "again"):
        return arrays[x["array"]]
    if kind == "float":
        return float.fromhex(x["value"])
    if kind in ("dict", "ordered"):
        made: Any = OrderedDict() if kind == "ordered" else {}
        for k, v in x["items"]:
            made[_build(k, arrays)] = _build(v, arrays)
        return made
    items = [_build(v, arrays) for v in x["items"]]
    return tuple(items) if kind == "tuple" else items


def save(obj: Any, f: Any) -> None:
    """Write tensors, and containers of them, numbers and strings, to a path or an open file."""
    arrays: list[tuple] = []  # what is saved, and its array
    text = json.dumps(_describe(obj, arrays))
    with zipfile.ZipFile(f, "w") as archive:
        archive.writestr("object.json", text)
        for i, (_, a) in enumerate(arrays):
            buffer = io.BytesIO()
            np.save(buffer, a, allow_pickle=False)
            archive.writestr(f"{i}.npy", buffer.getvalue())


def load(f: Any, *, map_location: Any = None, weights_only: bool = True) -> Any:
    """Read what `save` wrote. A tensor that stood in several places is one again."""
    with zipfile.ZipFile(f) as archive:
        described = json.loads(archive.read("object.json"))
        count = len(archive.namelist()) - 1
        arrays: list[Any] = [
            np.load(io.BytesIO(archive.read(f"{i}.npy")), allow_pickle=False) for i in range(count)
        ]
    return _build(described, arrays)
