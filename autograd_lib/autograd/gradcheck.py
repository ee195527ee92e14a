"""gradcheck: compare derivatives with finite differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import hint
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


def _analytical(func: Any, inputs: tuple, tracked: list, i: int, dtypes: bool) -> list[np.ndarray]:
    """The Jacobian of output `i` by going backward from each of its elements."""
    from . import grad

    y = _outputs(func, inputs)[i]
    jacobians = [np.zeros((t._a.size, y._a.size), t._a.dtype) for t in tracked]
    for k in range(y._a.size):
        one = np.zeros(y._a.shape, y._a.dtype)
        one.reshape(-1)[k] = 1
        found = grad(y, tracked, fresh(one), retain_graph=True, allow_unused=True)
        for t, j, g in zip(tracked, jacobians, found, strict=True):
            if g is None:
                continue
            if dtypes and g._a.dtype != t._a.dtype:
                raise GradcheckError("Gradient has dtype mismatch")
            j[:, k] = g._a.reshape(-1)
    return jacobians


def _check_derivative(
    func: Any, inputs: tuple, i: int, *, eps: float, atol: float, rtol: float, nondet_tol: float,
    check_grad_dtypes: bool,
) -> None:  # fmt: skip
    """Raise GradcheckError unless output `i` has the derivative that it says it has."""
    positions = [k for k, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]
    tracked = [inputs[k] for k in positions]
    analytical, again = (_analytical(func, inputs, tracked, i, check_grad_dtypes) for _ in range(2))
    for position, t, a in zip(positions, tracked, analytical, strict=True):
        n = _numerical(func, inputs, t, i, eps)
        if not np.allclose(a, n, rtol, atol, equal_nan=True):
            raise GradcheckError(
                f"Jacobian mismatch for output {i} with respect to input {position},\n"
                f"numerical:{fresh(n)}\nanalytical:{fresh(a)}\n"
            )
    for first, second in zip(analytical, again, strict=True):
        if np.abs(first - second).max(initial=0) > nondet_tol:
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output "
                "multiple times gives different values, although analytical gradient matches "
                f"numerical gradient.The tolerance for nondeterminism was {nondet_tol}."
            )


def _check_is_linear(func: Any, inputs: tuple) -> None:
    """Raise GradcheckError if a gradient comes out where none goes in."""
    from . import grad

    ys = [y for y in _outputs(func, inputs) if y.requires_grad]
    tracked = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    zeros = [fresh(np.zeros_like(y._a)) for y in ys]
    for g in grad(ys, tracked, zeros, allow_unused=True):
        if g is not None and g._a.any():
            raise GradcheckError("backward not multiplied by grad_output")


def _check_inputs(inputs: tuple) -> None:
    if not any(isinstance(t, Tensor) and t.requires_grad for t in inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    for i, t in enumerate(inputs):
        if not isinstance(t, Tensor) or not t.requires_grad:
            continue
        steps = zip(t._a.strides, t._a.shape, strict=True)
        if t._a.size and any(step == 0 and n > 1 for step, n in steps):
            raise hint(
                RuntimeError(
                    f"The {i}th input has a dimension with stride 0. gradcheck only supports "
                    "inputs that are non-overlapping to be able to compute the numerical gradients "
                    "correctly. You should call .contiguous on the input before passing it to "
                    "gradcheck."
                ),
                "each element is changed on its own, and expand() gives many one place in memory.",
            )
        if t._a.dtype not in (np.float64, np.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )


def gradcheck(
    func: Any, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
    check_backward_ad: bool = True, fast_mode: bool = False, masked: Any = None,
) -> bool:  # fmt: skip
    """True if the derivatives of `func` agree with finite differences; else GradcheckError.

    Two passes may differ by `nondet_tol`. With raise_exception=False the answer is False instead.
    Forward mode and batched gradients, which torch can check too, are not looked at.
    """
    inputs = _tensors(inputs)
    _check_inputs(inputs)
    for t in inputs:
        if isinstance(t, Tensor) and t.requires_grad:
            t.retain_grad()
    ys = _outputs(func, inputs)
    differentiable = [i for i, y in enumerate(ys) if y.requires_grad]
    try:
        if not differentiable:
            _check_constant(func, inputs, len(ys), eps, atol, rtol)
            return True
        for i in differentiable:
            _check_derivative(
                func, inputs, i, eps=eps, atol=atol, rtol=rtol, nondet_tol=nondet_tol,
                check_grad_dtypes=check_grad_dtypes,
            )  # fmt: skip
        _check_is_linear(func, inputs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check_constant(
    func: Any, inputs: tuple, outputs: int, eps: float, atol: float, rtol: float
) -> None:
    """Raise GradcheckError if outputs without derivative depend on the inputs."""
    for t in inputs:
        if isinstance(t, Tensor) and t.requires_grad:
            for i in range(outputs):
                if not np.allclose(_numerical(func, inputs, t, i, eps), 0, rtol, atol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")


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
                     raise_exception=raise_exception, nondet_tol=nondet_tol,
                     check_grad_dtypes=check_grad_dtypes)  # fmt: skip
