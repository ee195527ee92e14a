"""What a tensor says of its array: shape, type, place in memory; numbers for Python and NumPy.

This has to do with gradients only in that a tensor which requires them gives no bare numbers away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes, errors
from .dtypes import FROM_NUMPY, Size
from .errors import hint
from .grad_mode import mode
from .numeric import memory


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front. Raises IndexError when there is none such."""
    n = ndim or 1
    if not -n <= dim < n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
        )
    return dim + n if dim < 0 else dim


class TensorBase:
    """What every tensor can be asked; in torch too, the base of Tensor."""

    __slots__ = ()
    __module__ = "torch._C"

    _a: np.ndarray
    _rg: bool
    requires_grad: Any
    unbind: Any

    # -- shape and type -----------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        return Size(self._a.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one entry of it."""
        return Size(self._a.shape) if dim is None else self._a.shape[wrap_dim(dim, self._a.ndim)]

    @property
    def dtype(self) -> dtypes.dtype:
        return FROM_NUMPY[self._a.dtype]

    @property
    def device(self) -> dtypes.device:
        return dtypes.device("cpu")

    @property
    def layout(self) -> Any:
        return dtypes.strided

    @property
    def ndim(self) -> int:
        return self._a.ndim

    @property
    def itemsize(self) -> int:
        return self._a.itemsize

    @property
    def nbytes(self) -> int:
        return self._a.nbytes

    is_cuda = is_sparse = is_quantized = is_meta = is_mkldnn = is_nested = False
    is_cpu = True

    def dim(self) -> int:
        return self._a.ndim

    ndimension = dim

    def numel(self) -> int:
        return self._a.size

    nelement = numel

    def element_size(self) -> int:
        return self._a.itemsize

    def stride(self, dim: int | None = None) -> Any:
        strides = tuple(s // self._a.itemsize for s in self._a.strides)
        return strides if dim is None else strides[wrap_dim(dim, self._a.ndim)]

    def storage_offset(self) -> int:
        return memory(self._a)[1]

    def data_ptr(self) -> int:
        return self._a.__array_interface__["data"][0]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        return self._a.flags.c_contiguous

    def is_floating_point(self) -> bool:
        return self._a.dtype.kind == "f"

    def is_complex(self) -> bool:
        return self._a.dtype.kind == "c"

    def is_signed(self) -> bool:
        return self._a.dtype.kind not in "ub"

    def is_same_size(self, other: TensorBase) -> bool:
        return self._a.shape == other._a.shape

    def get_device(self) -> int:
        return -1

    # -- to Python and NumPy ------------------------------------------------------------------

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self._a.size != 1:
            raise hint(
                RuntimeError(
                    f"a Tensor with {self._a.size} elements cannot be converted to Scalar"
                ),
                "item() is for one number; use tolist() for many.",
            )
        return self._a.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self._a.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The same memory as a NumPy array. Raises for tensors that require grad."""
        if not force and mode.enabled and self.requires_grad:
            raise errors.numpy_of_tracked()
        return self._a

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        a = self.numpy()
        if dtype is not None and a.dtype != dtype:
            return a.astype(dtype)
        return a.copy() if copy else a

    def _scalar(self) -> Any:
        if self._a.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if self._rg:
            errors.warn_once(errors.TO_SCALAR)
        return self._a.item()

    def __float__(self) -> float:
        return float(self._scalar())

    def __int__(self) -> int:
        return int(self._scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def __index__(self) -> int:
        if self._a.size != 1 or self._a.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._a.item())

    def __bool__(self) -> bool:
        if self._a.size != 1:
            which = "no values" if self._a.size == 0 else "more than one value"
            raise hint(
                RuntimeError(f"Boolean value of Tensor with {which} is ambiguous"),
                "say which you mean: .any(), .all(), or compare one element.",
            )
        return bool(self._a.item())

    def __len__(self) -> int:
        try:
            return len(self._a)
        except TypeError:
            raise TypeError("len() of a 0-d tensor") from None

    def __iter__(self) -> Any:
        if self._a.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (TensorBase, int, float, complex, bool)):
            value = element._a if isinstance(element, TensorBase) else element
            return bool((self._a == value).any())
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
            f"{type(element)}."
        )

    def __hash__(self) -> int:
        # Elementwise == must not make tensors unhashable: identity is what dictionaries need.
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if self._a.ndim == 0:
            return self._a.item().__format__(spec)
        return object.__format__(self, spec)
