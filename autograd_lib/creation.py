"""Making tensors: from data, from sizes, from the random generator."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from . import dtypes, errors, random
from .dtypes import FROM_NUMPY, default_numpy
from .dtypes import dtype as Dtype
from .grad_mode import mode
from .recorder import METHODS, WORDS, public, register
from .tensor import Tensor, fresh, new

_REAL = (float, np.floating)


def make(a: Any, requires_grad: bool = False) -> Tensor:
    """A leaf around the array `a`."""
    t = fresh(a)
    if requires_grad:
        if a.dtype.kind not in "fc":
            raise errors.only_floats()
        t._rg = True
    return t


def numpy_dtype(d: Any) -> Any:
    """The NumPy type for torch's; None stays None."""
    if d is None:
        return None
    if isinstance(d, Dtype):
        return d.np
    if d is float or d is int or d is bool:
        return {float: np.dtype("f8"), int: np.dtype("i8"), bool: np.dtype("?")}[d]
    raise TypeError(f"dtype must be torch.dtype, not {type(d).__name__}")


def as_sizes(size: tuple, name: str = "size") -> tuple:
    """Sizes from arguments, one by one or as a sequence."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    out = []
    for s in size:
        if isinstance(s, (float, str)) or not hasattr(s, "__index__"):
            raise TypeError(f"'{type(s).__name__}' object cannot be interpreted as an integer")
        out.append(int(s))
    for s in out:
        if s < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {s}: {out}")
    return tuple(out)


def _depth_shape(data: Any) -> tuple:
    """The shape of nested sequences; raises ValueError if they are ragged."""
    shape = []
    while isinstance(data, (list, tuple)) or (isinstance(data, (Tensor, np.ndarray)) and data.ndim):
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _check_ragged(data: Any, shape: tuple, dim: int = 0) -> None:
    if not shape:
        if isinstance(data, (list, tuple)):
            raise TypeError("not a sequence")
        return
    if isinstance(data, (list, tuple)):
        if len(data) != shape[0]:
            raise ValueError(
                f"expected sequence of length {shape[0]} at dim {dim} (got {len(data)})"
            )
        if len(shape) > 1:
            for x in data:
                if not isinstance(x, (list, tuple, Tensor, np.ndarray)):
                    raise TypeError(
                        f"expected a sequence of length {shape[1]} at dim {dim + 1}, "
                        f"got {type(x).__name__}"
                    )
                _check_ragged(x, shape[1:], dim + 1)


def _plain(data: Any) -> Any:
    """Nested lists with tensors inside as nested lists of numbers."""
    if isinstance(data, Tensor):
        return data._a.tolist()
    if isinstance(data, (list, tuple)):
        return [_plain(x) for x in data]
    return data


def _leaves(data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        for x in data:
            yield from _leaves(x)
    else:
        yield data


def array_of(data: Any, d: Any = None) -> np.ndarray:
    """A new array from Python data, with torch's choice of type."""
    if isinstance(data, Tensor):
        return data._a.astype(d) if d is not None else data._a.copy()
    if isinstance(data, np.ndarray):
        if data.dtype not in FROM_NUMPY:
            dtypes.from_numpy_dtype(data.dtype)
        return np.array(data, dtype=d)
    if isinstance(data, np.generic):
        return np.array(data, dtype=d)
    if isinstance(data, (bool, int, float, complex)):
        kind = d if d is not None else _guess([data])
        return np.array(data, dtype=kind)
    if isinstance(data, str) or data is None:
        if isinstance(data, str):
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
        raise RuntimeError("Could not infer dtype of NoneType")
    if not isinstance(data, (list, tuple)):
        if hasattr(data, "__array__"):
            return array_of(np.asarray(data), d)
        try:
            data = list(data)
        except TypeError:
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}") from None
    shape = _depth_shape(data)
    found = list(_leaves(data))
    for x in found:
        if isinstance(x, str):
            raise ValueError(f"too many dimensions '{type(x).__name__}'")
        if x is None:
            raise RuntimeError("Could not infer dtype of NoneType")
    _check_ragged(data, shape)
    kind = d if d is not None else _guess(found)
    made = np.array(_plain(data), dtype=kind)
    # (An array that was reshaped is a view, even of its own shape.)
    return made if made.shape == shape else made.reshape(shape)


def _guess(found: list) -> np.dtype:
    """The type torch gives to these numbers: float if any is, else int, else bool."""
    if not found:
        return default_numpy()
    kind: Any = None
    for x in found:
        if isinstance(x, (Tensor, np.ndarray, np.generic)):
            d = x._a.dtype if isinstance(x, Tensor) else x.dtype
        elif isinstance(x, bool):
            d = np.dtype("?")
        elif isinstance(x, int):
            d = np.dtype("i8")
        elif isinstance(x, float):
            d = default_numpy()
        elif isinstance(x, complex):
            d = np.dtype("c16") if default_numpy() == np.float64 else np.dtype("c8")
        else:
            raise RuntimeError(f"Could not infer dtype of {type(x).__name__}")
        kind = d if kind is None else dtypes.promote_numpy(kind, d)
    return kind


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A new leaf with a copy of `data`: numbers, nested sequences, or a NumPy array.

    Floats become the default float type, integers int64; NumPy arrays keep their type.
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), "
            "rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    _check_device(device)
    return make(array_of(data, numpy_dtype(dtype)), requires_grad)


def _check_device(device: Any) -> None:
    if device is not None:
        dtypes.device(device)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory where it can."""
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype is dtype else data.to(dtype)
    if isinstance(data, np.ndarray):
        a = data if dtype is None else data.astype(numpy_dtype(dtype), copy=False)
        return from_numpy(a)
    return tensor(data, dtype=dtype)


def from_numpy(a: np.ndarray) -> Tensor:
    """A tensor on the memory of a NumPy array: changes show on both sides."""
    if not isinstance(a, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(a).__name__})")
    dtypes.from_numpy_dtype(a.dtype)
    if any(s < 0 for s in a.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    return fresh(a)


def _factory(name: str, fill: Any) -> Any:
    def function(
        *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, **named: Any,
    ) -> Tensor:  # fmt: skip
        if "size" in named:
            size = tuple(named.pop("size"))
        _check_device(device)
        kind = numpy_dtype(dtype) or default_numpy()
        return make(fill(as_sizes(size), kind), requires_grad)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"A new tensor of {name if name != 'empty' else 'unset values'}."
    register(name, function, method=False)
    return function


zeros = _factory("zeros", np.zeros)
ones = _factory("ones", np.ones)
empty = _factory("empty", np.zeros)


@public(method=False)
def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A new tensor filled with one value; its type follows the value's."""
    value = fill_value._a if isinstance(fill_value, Tensor) else fill_value
    kind = numpy_dtype(dtype) or _guess([fill_value])
    return make(np.full(as_sizes((size,)), value, dtype=kind), requires_grad)


def _like(name: str, fill: Any) -> None:
    def function(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        kind = numpy_dtype(dtype) or input._a.dtype
        return make(fill(input._a, kind), requires_grad)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Like {name[:-5]}, with the shape and type of `input`."
    register(name, function, method=False)


_like("zeros_like", lambda a, d: np.zeros_like(a, dtype=d, subok=False))
_like("ones_like", lambda a, d: np.ones_like(a, dtype=d, subok=False))
_like("empty_like", lambda a, d: np.zeros_like(a, dtype=d, subok=False))
_like("rand_like", lambda a, d: _random().uniform(a.size, d).reshape(a.shape))
_like("randn_like", lambda a, d: _random().normal(a.size, d).reshape(a.shape))


@public(method=False)
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Like `full`, with the shape and type of `input`."""
    kind = numpy_dtype(dtype) or input._a.dtype
    return make(np.full_like(input._a, fill_value, dtype=kind, subok=False), requires_grad)


def _new(name: str, fill: Any) -> None:
    def method(
        self: Tensor, *size: Any, dtype: Any = None, device: Any = None, layout: Any = None,
        requires_grad: bool = False, **named: Any,
    ) -> Tensor:  # fmt: skip
        if "size" in named:
            size = tuple(named.pop("size"))
        return make(fill(as_sizes(size), numpy_dtype(dtype) or self._a.dtype), requires_grad)

    method.__name__ = name
    METHODS[name] = method


_new("new_zeros", np.zeros)
_new("new_ones", np.ones)
_new("new_empty", np.zeros)


def _new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    kind = numpy_dtype(dtype) or self._a.dtype
    return make(np.full(as_sizes((size,)), fill_value, dtype=kind), requires_grad)


def _new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    return make(array_of(data, numpy_dtype(dtype) or self._a.dtype), requires_grad)


METHODS["new_full"], METHODS["new_tensor"] = _new_full, _new_tensor


@public(method=False)
def eye(
    n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal of an `n` by `m` matrix, zeros elsewhere."""
    return make(np.eye(n, m, dtype=numpy_dtype(dtype) or default_numpy()), requires_grad)


def _number(x: Any) -> Any:
    return x.item() if isinstance(x, Tensor) else x


@public(method=False)
def arange(
    *args: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, start: Any = None, end: Any = None, step: Any = None,
) -> Tensor:  # fmt: skip
    """Numbers from `start` (0) up to but not including `end`, in steps (of 1)."""
    given = [_number(x) for x in args]
    if len(given) == 1 and end is None:
        given = [0, given[0]]
    if start is not None:
        given.insert(0, start)
    elif end is not None and not given:
        given.insert(0, 0)
    if end is not None:
        given.append(end)
    first, last = given[:2]
    by = given[2] if len(given) > 2 else 1 if step is None else step
    if by == 0:
        raise RuntimeError("step must be nonzero")
    if (by > 0 and first > last) or (by < 0 and first < last):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = numpy_dtype(dtype) or (
        default_numpy() if any(isinstance(x, _REAL) for x in (first, last, by)) else np.dtype("i8")
    )
    n = max(math.ceil((last - first) / by), 0)
    return make((first + np.arange(n) * by).astype(kind), requires_grad)


@public(method=False)
def linspace(
    start: Any, end: Any, steps: int, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` evenly spaced numbers from `start` to `end`, both included."""
    kind = numpy_dtype(dtype) or default_numpy()
    return make(_linspace(_number(start), _number(end), steps, kind), requires_grad)


def _linspace(start: float, end: float, n: int, kind: Any) -> np.ndarray:
    # From both ends towards the middle, as torch does, so that the ends are exact.
    if n < 0:
        raise RuntimeError("number of steps must be non-negative")
    if n == 1:
        return np.array([start]).astype(kind)
    i = np.arange(n)
    work = kind if np.dtype(kind).kind == "f" else np.float64
    step = np.asarray((end - start) / max(n - 1, 1), dtype=work)
    up = np.asarray(start, work) + step * i.astype(work)
    down = np.asarray(end, work) - step * (n - 1 - i).astype(work)
    return np.where(i < n // 2, up, down).astype(kind)


@public(method=False)
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers from base**start to base**end, evenly spaced in their logarithm."""
    kind = numpy_dtype(dtype) or default_numpy()
    a = base ** _linspace(_number(start), _number(end), steps, np.dtype("f8"))
    return make(a.astype(kind), requires_grad)


# -- random ---------------------------------------------------------------------------------------


def _random(generator: Any = None) -> random.Generator:
    return random.default_generator if generator is None else generator


@public(method=False)
def rand(
    *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Uniform random numbers in [0, 1)."""
    shape = as_sizes(tuple(named["size"]) if "size" in named else size)
    a = _random(generator).uniform(math.prod(shape), numpy_dtype(dtype) or default_numpy())
    return make(a.reshape(shape), requires_grad)


@public(method=False)
def randn(
    *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Standard normal random numbers."""
    shape = as_sizes(tuple(named["size"]) if "size" in named else size)
    a = _random(generator).normal(math.prod(shape), numpy_dtype(dtype) or default_numpy())
    return make(a.reshape(shape), requires_grad)


@public(method=False)
def randint(
    low: Any, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from `low` (0) up to but not including `high`."""
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    shape = as_sizes((size,))
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    a = _random(generator).integers(low, high, math.prod(shape)).reshape(shape)
    return make(a.astype(numpy_dtype(dtype) or np.int64), requires_grad)


@public(method=False)
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The integers 0 to n - 1 in random order."""
    return make(
        _random(generator).permutation(n).astype(numpy_dtype(dtype) or np.int64), requires_grad
    )


@public()
def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None, out: Any = None) -> Tensor:
    """Ones with the probabilities in `input` (or `p`), else zeros."""
    a = input._a
    kind = a.dtype
    if p is not None:
        u = _random(generator).uniform(a.size, np.dtype("f8")).reshape(a.shape)
        return make((u < p).astype(kind))
    if np.any((a < 0) | (a > 1)):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    u = _random(generator).uniform(a.size, kind).reshape(a.shape)
    return WORDS["bernoulli_like"](input, (u < a).astype(kind))


@public(method=False)
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, out: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal random numbers with the given mean and standard deviation (numbers or tensors)."""
    if size is None:
        m = mean._a if isinstance(mean, Tensor) else np.asarray(mean)
        s = std._a if isinstance(std, Tensor) else np.asarray(std)
        shape = np.broadcast_shapes(m.shape, s.shape)
        kind = (mean if isinstance(mean, Tensor) else std)._a.dtype
    else:
        m, s, shape = mean, std, as_sizes((size,))
        kind = numpy_dtype(dtype) or default_numpy()
    z = _random(generator).normal(math.prod(shape), kind).reshape(shape)
    drawn = (z * s + m).astype(kind)
    both = [x for x in (mean, std) if size is None and isinstance(x, Tensor)]
    if len(both) == 2:
        return WORDS["normal_of_both"](mean, std, drawn)
    if both:
        return WORDS["normal_like"](both[0], drawn)
    return make(drawn, requires_grad)


def _fill(self: Tensor, a: np.ndarray, kind: str) -> Tensor:
    from .inplace import apply, changed, check

    if mode.enabled and self.requires_grad:
        # What was there before has no influence any more: its gradient is zero.
        return apply(WORDS[f"{kind}_fill"], self, (a.reshape(self._a.shape),), {})
    check(self, self.requires_grad)
    self._a[...] = a.reshape(self._a.shape)
    changed(self)
    return self


def uniform_(self: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with uniform random numbers between `a` and `b`, in place."""
    kind = self._a.dtype
    u = _random(generator).uniform(self._a.size, kind)
    if kind == np.float32:
        u = random.fma32(u, np.float32(b - a), np.float32(a)) if u.size else u
    else:
        u = u * (b - a) + a
    return _fill(self, u, "uniform")


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with normal random numbers, in place."""
    n, kind = self._a.size, self._a.dtype
    z = _random(generator).normal(n, kind if n >= 16 else np.dtype("f8"))
    if kind == np.float32 and n >= 16 and (mean, std) != (0.0, 1.0):
        z = random.fma32(z, np.float32(std), np.float32(mean))
    else:
        z = z * std + mean
    return _fill(self, z.astype(kind), "normal")


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Fill with ones (with probability `p`) and zeros, in place."""
    if isinstance(p, Tensor):
        u = _random(generator).uniform(self._a.size, p._a.dtype).reshape(self._a.shape)
        return _fill(self, u < p._a, "bernoulli")
    u = _random(generator).uniform(self._a.size, np.dtype("f8"))
    return _fill(self, (u < p).astype(self._a.dtype), "bernoulli")


def random_(self: Tensor, *bounds: Any, generator: Any = None) -> Tensor:
    """Fill with random integers, in place."""
    low, high = (
        (0, 2**24 if self._a.dtype.kind == "f" else 2**31)
        if not bounds
        else ((0, bounds[0]) if len(bounds) == 1 else bounds)
    )
    return _fill(self, _random(generator).integers(low, high, self._a.size), "random")


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with exponentially distributed random numbers, in place."""
    u = _random(generator).uniform(self._a.size, np.dtype("f8"))
    return _fill(self, (-np.log1p(-u) / lambd).astype(self._a.dtype), "exponential")


def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Tensor:
    """Fill with random numbers of a Cauchy distribution, in place."""
    u = _random(generator).uniform(self._a.size, np.dtype("f8"))
    drawn = median + sigma * np.tan(math.pi * (u - 0.5))
    return _fill(self, drawn.astype(self._a.dtype), "cauchy")


def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Fill with the numbers of tries until something of probability `p` happens, in place."""
    u = _random(generator).uniform(self._a.size, np.dtype("f8"))
    drawn = np.ceil(np.log1p(-u) / math.log1p(-p))
    return _fill(self, np.maximum(drawn, 1).astype(self._a.dtype), "geometric")


def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Any = None) -> Tensor:
    """Fill with exponentials of normal random numbers, in place."""
    z = _random(generator).normal(self._a.size, np.dtype("f8"))
    return _fill(self, np.exp(z * std + mean).astype(self._a.dtype), "log_normal")


METHODS.update(
    uniform_=uniform_, normal_=normal_, bernoulli_=bernoulli_, random_=random_,
    exponential_=exponential_, cauchy_=cauchy_, geometric_=geometric_, log_normal_=log_normal_,
)  # fmt: skip

__all__ = ["as_tensor", "from_numpy", "make", "new", "numpy_dtype", "tensor"]
