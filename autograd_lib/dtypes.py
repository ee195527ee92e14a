"""The types of numbers, and which type a mixture of them gives.

NumPy and torch disagree here: torch never lets a lone number decide how precise an array is, so
``float32 array * float64 number`` stays float32, and integers turn into the default float.
"""

from __future__ import annotations

import math
from builtins import bool as _bool
from typing import Any

import numpy as np


class dtype:
    """The type of a tensor's numbers, such as ``torch.float32``."""

    __slots__ = ("_long", "itemsize", "name", "np")

    def __init__(self, name: str, numpy_name: str, long: str):
        self.name = name
        self.np = np.dtype(numpy_name)
        self.itemsize = self.np.itemsize
        self._long = long  # how error messages call it: Float, Double, Long ...

    @property
    def is_floating_point(self) -> _bool:
        return self.np.kind == "f"

    @property
    def is_complex(self) -> _bool:
        return self.np.kind == "c"

    @property
    def is_signed(self) -> _bool:
        return self.np.kind not in "ub"

    def to_real(self) -> dtype:
        """The type of this type's real parts."""
        return {complex64: float32, complex128: float64}.get(self, self)

    def to_complex(self) -> dtype:
        """The type of complex numbers with parts of this type."""
        return complex64 if self.to_real() == float32 else complex128

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


float16 = half = dtype("float16", "f2", "Half")
float32 = float = dtype("float32", "f4", "Float")
float64 = double = dtype("float64", "f8", "Double")
uint8 = dtype("uint8", "u1", "Byte")
int8 = dtype("int8", "i1", "Char")
int16 = short = dtype("int16", "i2", "Short")
int32 = int = dtype("int32", "i4", "Int")
int64 = long = dtype("int64", "i8", "Long")
bool = dtype("bool", "?", "Bool")
complex64 = cfloat = dtype("complex64", "c8", "ComplexFloat")
complex128 = cdouble = dtype("complex128", "c16", "ComplexDouble")

ALL = (
    float16, float32, float64, uint8, int8, int16, int32, int64, bool, complex64, complex128,
)  # fmt: skip
FROM_NUMPY = {d.np: d for d in ALL}
_KIND = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}

_default = float32


def get_default_dtype() -> dtype:
    """The float type that factories and integer arithmetic with floats give."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Change the default float type. Raises TypeError unless `d` is a float type."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, but got {d}")
    _default = d


def default_numpy() -> np.dtype:
    return _default.np


def from_numpy_dtype(d: np.dtype) -> dtype:
    """torch's name for a NumPy type. Raises TypeError for types without a counterpart."""
    try:
        return FROM_NUMPY[d]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{d.name if d.kind != 'O' else 'object_'}. "
            "The only supported types are: float64, float32, float16, complex64, complex128, "
            "int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        ) from None


def long_name(d: np.dtype) -> str:
    return FROM_NUMPY[d]._long


def promote_numpy(a: np.dtype, b: np.dtype) -> np.dtype:
    """The smallest type that holds both, where a float's width never depends on integers."""
    if a == b:
        return a
    if _KIND[a.kind] > 1 and _KIND[b.kind] < 2:
        return a
    if _KIND[b.kind] > 1 and _KIND[a.kind] < 2:
        return b
    return np.promote_types(a, b)


def promote_types(a: dtype, b: dtype) -> dtype:
    """The type of an operation between tensors of types `a` and `b`."""
    return FROM_NUMPY[promote_numpy(a.np, b.np)]


def can_cast(a: dtype, to: dtype) -> Any:
    """Whether values of type `a` may be written into type `to`: never to a lower kind."""
    return _KIND[a.np.kind] <= _KIND[to.np.kind]


def can_cast_numpy(a: np.dtype, to: np.dtype) -> Any:
    return _KIND[a.kind] <= _KIND[to.kind]


_NUMBER = (2).__class__
_REAL = (2.0).__class__


def result_numpy(operands: list[Any]) -> np.dtype:
    """The type of an operation between arrays and Python numbers.

    Arrays with dimensions decide; 0-d arrays and then numbers only when they are of a higher
    kind (bool < int < float < complex) than everything before them.
    """
    levels: list[np.dtype | None] = [None, None, None]
    for x in operands:
        if isinstance(x, (np.ndarray, np.generic)):
            level, d = (0 if x.ndim else 1), x.dtype
        elif x is True or x is False:
            level, d = 2, bool.np
        elif isinstance(x, _NUMBER):
            level, d = 2, int64.np
        elif isinstance(x, _REAL):
            level, d = 2, _default.np
        else:
            level, d = 2, (complex128 if _default is float64 else complex64).np
        known = levels[level]
        levels[level] = d if known is None else promote_numpy(known, d)
    result: np.dtype | None = None
    for d in levels:
        if d is None:
            continue
        if result is None:
            result = d
        elif _KIND[d.kind] > _KIND[result.kind]:
            if d.kind == "c" and result.kind == "f":
                d = complex128.np if result == float64.np else complex64.np
            result = d
    assert result is not None
    return result


class finfo:
    """Limits of a float type: eps, max, min, tiny, smallest_normal, bits."""

    eps: Any
    max: Any
    min: Any
    tiny: Any

    def __init__(self, d: dtype | None = None):
        info = np.finfo((d or _default).np)
        self.bits, self.dtype = info.bits, (d or _default).name
        for name in ("eps", "max", "min", "tiny", "smallest_normal", "resolution"):
            setattr(self, name, _REAL(getattr(info, name)))
        self.dtype = self.dtype.replace("complex64", "float32").replace("complex128", "float64")

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        values = ", ".join(f"{n}={getattr(self, n):.6g}" for n in names)
        return f"finfo({values}, dtype={self.dtype})"


class iinfo:
    """Limits of an integer type: max, min, bits."""

    def __init__(self, d: dtype):
        info = np.iinfo(d.np)
        self.bits, self.max, self.min, self.dtype = info.bits, info.max, info.min, d.name


class Size(tuple):
    """A tensor's shape: a tuple that prints as ``torch.Size([2, 3])``."""

    __slots__ = ()

    def numel(self) -> Any:
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    def __getitem__(self, i: Any) -> Any:
        item = tuple.__getitem__(self, i)
        return Size(item) if isinstance(i, slice) else item

    def __add__(self, other: Any) -> Size:
        return Size(tuple(self) + tuple(other))

    def __mul__(self, n: Any) -> Size:
        return Size(tuple(self) * n)


class device:
    """Where a tensor lives: here always the CPU."""

    __slots__ = ("index", "type")
    type: str

    def __init__(self, name: Any = "cpu", index: Any = None):
        kind = name.type if isinstance(name, device) else str(name).split(":")[0]
        if kind == "cuda":
            raise AssertionError("Torch not compiled with CUDA enabled")
        if kind not in ("cpu", "meta"):
            raise RuntimeError(
                f"Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, "
                f"fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type "
                f"at start of device string: {kind}"
            )
        self.type, self.index = kind, index

    def __repr__(self) -> str:
        return f"device(type='{self.type}')"

    def __str__(self) -> str:
        return self.type

    def __eq__(self, other: object) -> Any:
        return isinstance(other, device) and other.type == self.type

    def __hash__(self) -> Any:
        return hash(self.type)


class _Named:
    """A constant that prints its own name, such as ``torch.strided``."""

    def __init__(self, name: str):
        self._name = name

    def __repr__(self) -> str:
        return self._name


class layout(_Named):
    """How the numbers of a tensor lie: there is but one way here."""

    __module__ = "torch"


class memory_format(_Named):
    """In which order dimensions lie in memory."""

    __module__ = "torch"


strided = layout("torch.strided")
contiguous_format = memory_format("torch.contiguous_format")
preserve_format = memory_format("torch.preserve_format")
