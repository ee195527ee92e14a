"""gradcheck: compare derivatives with finite differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..tensor import Tensor, fresh


class GradcheckError(RuntimeError):
    """The derivative is not what finite differences say."""

    __module__ = "torch.autograd.gradcheck"


def _tensors(x: Any) -> tuple:
    return (x,) if isinstance(x, Tensor) else tuple(x)


def _outputs(func: Any, inputs: tuple) -> list:
    return [y for y in _tensors(func(*inputs)) if isinstance(y, Tensor) and y._a.dtype.kind in "fc"]


def _numerical(func: Any, inputs: tuple, t: Tensor, i: int, eps: float) -> np.ndarray:
    """The Jacobian of output `i`, by central differences in each element of `t`."""
    flat = t._a.reshape(-1) if t._a.flags.c_contiguous else None
    columns = []
    for k in range(t._a.size):
        place: Any = k if flat is not None else np.unravel_index(k, t._a.shape)
        where = flat if flat is not None else t._a
        kept = where[place]
        where[place] = kept + eps
        up = _outputs(func, inputs)[i]._a.astype(t._a.dtype).copy()
        where[place] = kept - eps
        down = _outputs(func, inputs)[i]._a.astype(t._a.dtype).copy()
        where[place] = kept
        columns.append(((up - down) / (2 * eps)).reshape(-1))
    size = _outputs(func, inputs)[i].numel()
    return np.stack(columns) if columns else np.zeros((0, size), t._a.dtype)


def _analytical(func: Any, inputs: tuple, tracked: list, i: int) -> list[np.ndarray]:
    from . import grad

    y = _outputs(func, inputs)[i]
    jacobians = [np.zeros((t._a.size, y._a.size), t._a.dtype) for t in tracked]
    if not y.requires_grad:
        return jacobians
    for k in range(y._a.size):
        one = np.zeros(y._a.shape, y._a.dtype)
        one.reshape(-1)[k] = 1
        found = grad(y, tracked, fresh(one), retain_graph=True, allow_unused=True)
        for j, g in zip(jacobians, found, strict=True):
            if g is not None:
                j[:, k] = g._a.reshape(-1)
    return jacobians


def gradcheck(
    func: Any, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
    check_backward_ad: bool = True, fast_mode: bool = False, masked: Any = None,
) -> bool:  # fmt: skip
    """True if the derivatives of `func` agree with finite differences; else GradcheckError."""
    inputs = _tensors(inputs)
    tracked = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    if not tracked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    for i, t in enumerate(inputs):
        if (
            isinstance(t, Tensor)
            and t.requires_grad
            and t._a.dtype not in (np.float64, np.complex128)
        ):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                UserWarning,
                stacklevel=2,
            )
    positions = [i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]
    for t in tracked:
        if t.is_leaf:
            continue
        t.retain_grad()
    ys = _outputs(func, inputs)
    differentiable = [i for i, y in enumerate(ys) if y.requires_grad]
    if not differentiable:
        # Then nothing may depend on the inputs.
        numbers = [_numerical(func, inputs, t, i, eps) for i in range(len(ys)) for t in tracked]
        if all(np.allclose(n, 0, rtol, atol) for n in numbers):
            return True
        if raise_exception:
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return False
    for i in differentiable:
        analytical = _analytical(func, inputs, tracked, i)
        for position, t, a in zip(positions, tracked, analytical, strict=True):
            n = _numerical(func, inputs, t, i, eps)
            if np.allclose(a, n, rtol, atol, equal_nan=True):
                continue
            if raise_exception:
                raise GradcheckError(
                    f"Jacobian mismatch for output {i} with respect to input {position},\n"
                    f"numerical:{fresh(n)}\nanalytical:{fresh(a)}\n"
                )
            return False
    return True


def gradgradcheck(
    func: Any, inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True,
    nondet_tol: float = 0.0, check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
    check_batched_grad: bool = False, check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True, fast_mode: bool = False, masked: Any = False,
) -> bool:  # fmt: skip
    """gradcheck of the derivative itself: True if second derivatives agree too."""
    from . import grad

    inputs = _tensors(inputs)
    tracked = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    ys = [y for y in _outputs(func, inputs) if y.requires_grad]
    if grad_outputs is None:
        rng = np.random.RandomState(0)
        vs = [
            fresh(rng.standard_normal(y._a.shape).astype(y._a.dtype)).requires_grad_() for y in ys
        ]
    else:
        vs = list(_tensors(grad_outputs))

    def derivative(*args: Any) -> Any:
        xs, gs = args[: len(inputs)], args[len(inputs) :]
        wanted = [t for t in xs if isinstance(t, Tensor) and t.requires_grad]
        outs = [y for y in _outputs(func, xs) if y.requires_grad]
        found = grad(outs, wanted, gs, create_graph=True, allow_unused=True)
        return tuple(g for g in found if isinstance(g, Tensor))

    assert tracked
    return gradcheck(derivative, (*inputs, *vs), eps=eps, atol=atol, rtol=rtol,
                     raise_exception=raise_exception)  # fmt: skip
