"""gradcheck: compare derivatives with finite differences.

In slow mode all of each Jacobian; in fast mode one number of it, v^T J u for random u and v.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import hint
from ..random import Generator
from ..tensor import Tensor, fresh
from .function import Function


class GradcheckError(RuntimeError):
    """The derivative is not what finite differences say."""

    __module__ = "torch.autograd.gradcheck"


def _as_tuple(x: Any) -> tuple:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def _is_float(x: Any) -> bool:
    return isinstance(x, Tensor) and x._a.dtype.kind in "fc"


def _differentiable(x: Any) -> tuple:
    return tuple(y for y in _as_tuple(x) if y.requires_grad)


class _Check:
    """One comparison: of `func`, or of the real or imaginary parts of what it returns."""

    def __init__(self, func: Any, inputs: tuple, eps: float, atol: float, rtol: float,
                 nondet_tol: float, dtypes: bool, part: str, parted: list[int]):  # fmt: skip
        self.func, self.inputs, self.eps = func, inputs, eps
        self.atol, self.rtol, self.nondet_tol, self.dtypes = atol, rtol, nondet_tol, dtypes
        self.part, self.parted = part, parted  # "real" or "imaginary", of these outputs
        self.outputs = _as_tuple(func(*inputs))
        self.live = [y for y in self.outputs if y.requires_grad]
        self.positions = [
            k for k, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad
        ]
        self.tracked = [inputs[k] for k in self.positions]

    # -- finite differences ------------------------------------------------------------------------

    def _change(self, t: Tensor, step: Any, where: str) -> list[Tensor]:
        """How much each output changes along `step` (an array), per length of `eps`."""
        a = t._a
        kept = a.copy()
        a[...] = kept - step
        down = [y.clone() for y in _as_tuple(self.func(*self.inputs))]
        a[...] = kept + step
        up = [y.clone() for y in _as_tuple(self.func(*self.inputs))]
        a[...] = kept
        for x, y in zip(down, up, strict=True):
            for what in ("shape", "dtype"):
                one, other = getattr(x, what), getattr(y, what)
                if one != other:
                    raise AssertionError(
                        f"Expected `func` to return outputs with the same {what} when inputs are "
                        f"perturbed {where}by {self.eps}, but got: {what}s {one} and {other}."
                    )
        return [((y - x) / (2 * self.eps)).detach().reshape(-1)
                for x, y in zip(down, up, strict=True)]  # fmt: skip

    def _derivative(self, t: Tensor, steps: Any, where: str = "") -> list[np.ndarray]:
        """The derivative of each output along `steps`: one for each part of a number."""
        found = self._change(t, steps[0], where)
        if t._a.dtype.kind == "c":
            found = [x + y * 1j for x, y in
                     zip(found, self._change(t, steps[1] * 1j, where), strict=True)]  # fmt: skip
        return [x._a for x in found]

    def _floats(self, found: Any) -> list:
        """What belongs to outputs of float types."""
        return [x for x, y in zip(found, self.outputs, strict=True) if _is_float(y)]

    def numerical(self, t: Tensor) -> list[np.ndarray]:
        """The Jacobian of every float output with respect to `t`."""
        rows = []
        for place in np.ndindex(t._a.shape):
            step = np.zeros_like(t._a)
            step[place] = self.eps
            index = place if len(place) != 1 else place[0]
            rows.append(self._floats(self._derivative(t, (step, step), f"on index {index} ")))
        kinds = self._floats(self.outputs)
        return [
            np.stack([row[i] for row in rows]) if rows else np.zeros((0, y.numel()), y._a.dtype)
            for i, y in enumerate(kinds)
        ]

    # -- going backward ----------------------------------------------------------------------------

    def _rows(self, y: Tensor, vectors: list[np.ndarray]) -> list[np.ndarray]:
        """For each input, the products of these vectors with the Jacobian of `y`, as columns."""
        from . import grad

        columns = [np.zeros((t._a.size, len(vectors)), t._a.dtype) for t in self.tracked]
        wrong = []
        for k, v in enumerate(vectors):
            given = fresh(v.reshape(y._a.shape).copy())  # (a backward may change it in place)
            found = grad(y, self.tracked, given, retain_graph=True, allow_unused=True)
            for t, column, g in zip(self.tracked, columns, found, strict=True):
                if g is None:
                    continue
                if self.dtypes and g._a.dtype != t._a.dtype:
                    wrong.append("Gradient has dtype mismatch")
                if g._a.shape != t._a.shape:
                    wrong.append("Analytical gradient has incorrect size")
                else:
                    column[:, k] = g._a.reshape(-1)
        if wrong:
            raise GradcheckError(min(wrong, key=lambda text: text.startswith("Analytical")))
        return columns

    def analytical(self, y: Tensor, vectors: list[np.ndarray]) -> list[np.ndarray]:
        """The same, computed twice to see that the two times agree."""
        first, second = self._rows(y, vectors), self._rows(y, vectors)
        for one, other in zip(first, second, strict=True):
            if np.abs(one - other).max(initial=0) > self.nondet_tol:
                raise GradcheckError(NOT_REENTRANT.format(self.nondet_tol))
        return first

    # -- comparing ---------------------------------------------------------------------------------

    def slow(self) -> None:
        """Compare all of each Jacobian."""
        numerical = [self.numerical(t) for t in self.tracked]
        if not self.live:
            if any((n != 0).any() for per_input in numerical for n in per_input):
                raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        places = [i for i, y in enumerate(self._floats(self.outputs)) if y.requires_grad]
        for i, (place, y) in enumerate(zip(places, self.live, strict=True)):
            analytical = self.analytical(y, list(np.eye(y.numel(), dtype=y._a.dtype)))
            for j, a in enumerate(analytical):
                n = numerical[j][place]
                if not np.allclose(a, n, self.rtol, self.atol):
                    raise GradcheckError(self._mismatch(i, j, fresh(n), fresh(a)))

    def fast(self) -> None:
        """Compare v^T J u, for random u at the inputs and v at the outputs."""
        draw = Generator()
        us = [[_direction(t, draw) for _ in range(1 + t.is_complex())] for t in self.tracked]
        vs = [_direction(y, draw) for y in self.live]
        steps = [[(u * self.eps).reshape(t._a.shape) for u in both]
                 for t, both in zip(self.tracked, us, strict=True)]  # fmt: skip
        changes = [self._derivative(t, s) for t, s in zip(self.tracked, steps, strict=True)]
        if not self.live:
            worst = max((np.abs(c).max(initial=0) for cs in changes for c in cs), default=0)
            if worst > self.nondet_tol:
                raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        changes = [self._floats(change) for change in changes]
        places = [i for i, y in enumerate(self._floats(self.outputs)) if y.requires_grad]
        products = [self.analytical(y, [v]) for y, v in zip(self.live, vs, strict=True)]
        for j, both in enumerate(us):
            for i, (place, v) in enumerate(zip(places, vs, strict=True)):
                n, row = np.sum(v * changes[j][place]), products[i][j][:, 0]
                a = row.real @ both[0] + (1j * (row.imag @ both[1]) if len(both) > 1 else 0)
                atol = self.atol * float(sum(u.sum() for u in both)) * float(v.sum())
                if not np.allclose(a, n, self.rtol, atol):
                    text = self._mismatch(i, j, fresh(np.asarray(n)), fresh(np.asarray(a)))
                    raise GradcheckError(text + self._in_slow_mode(i, j, place))

    def _mismatch(self, i: int, j: int, numerical: Any, analytical: Any) -> str:
        prefix = (
            f"While considering the {self.part} part of complex outputs only, "
            if i in self.parted
            else ""
        )
        return (
            f"{prefix}Jacobian mismatch for output {i} with respect to input {j},\n"
            f"numerical:{numerical}\nanalytical:{analytical}\n"
        )

    def _in_slow_mode(self, i: int, j: int, place: int) -> str:
        numerical = self.numerical(self.tracked[j])[place]
        y = self.live[i]
        analytical = self._rows(y, list(np.eye(y.numel(), dtype=y._a.dtype)))[j]
        worst = fresh(np.asarray(np.abs(numerical - analytical).max()))
        text = SLOW_MODE.format(fresh(numerical), fresh(analytical), worst)
        return text + (SLOW_IS_FINE if np.allclose(analytical, numerical, self.rtol, self.atol)
                       else "")  # fmt: skip


def _direction(t: Tensor, draw: Generator) -> np.ndarray:
    """A random vector of length 1, with as many elements as `t`."""
    u = draw.uniform(t._a.size, np.dtype("f4")).astype(t._a.real.dtype)
    length = math.sqrt(float((u * u).sum()))
    return u / length if u.size else u


NOT_REENTRANT = """\
Backward is not reentrant, i.e., running backward with same input and grad_output multiple times \
gives different values, although analytical gradient matches numerical gradient.The tolerance for \
nondeterminism was {}.

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""

SLOW_MODE = """
The above quantities relating the numerical and analytical jacobians are computed \n\
in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n\
about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:

Numerical:
 {}
Analytical:
{}

The max per-element difference (slow mode) is: {}.
"""

SLOW_IS_FINE = """\
Fast gradcheck failed but element-wise differences are small. This means that the
test might've passed in slow_mode!

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck:

If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `fast_mode=False` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_fast_mode=False`
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_fast_mode=False`"""

# -- further questions to a backward ---------------------------------------------------------------


def _check_is_linear(outputs: tuple, tracked: list, masked: Any) -> None:
    """Raise GradcheckError if a gradient comes out where none goes in."""
    from . import grad

    zeros = [fresh(np.zeros_like(y._a)) for y in outputs]
    for g, t in zip(grad(outputs, tracked, zeros, allow_unused=True), tracked, strict=True):
        if g is None:
            continue
        if not np.allclose(g._a, 0) if masked else g._a.any():
            raise GradcheckError("backward not multiplied by grad_output")
        if g._a.dtype != t._a.dtype:
            raise GradcheckError("grad is incorrect type")


class UndefinedGrad(Function):
    """A result whose gradient never arrives."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> None:
        return None


def _check_undefined(func: Any, inputs: tuple, tracked: list) -> None:
    """Raise GradcheckError unless a missing gradient counts as one of zeros."""
    outputs = _differentiable(func(*inputs))
    cases = [[UndefinedGrad.apply(y) for y in outputs]]
    for i in range(len(outputs) if len(outputs) > 1 else 0):
        outputs = _differentiable(func(*inputs))
        cases.append([UndefinedGrad.apply(y) if k == i else y for k, y in enumerate(outputs)])
    for case in cases:
        _check_zeros(case, tracked)


def _check_zeros(outputs: list, tracked: list) -> None:
    from . import grad

    end = (
        'Please look at "Notes about undefined output gradients" in "tools/autograd/'
        'derivatives.yaml"'
    )
    zeros = [fresh(np.zeros_like(y._a)) for y in outputs]
    try:
        found = grad(outputs, tracked, zeros, allow_unused=True)
    except RuntimeError as error:
        warnings.warn(UNDEFINED, stacklevel=5)
        raise GradcheckError(
            f"Expected backward function to handle undefined output grads. {end}"
        ) from error
    if any(g is not None and g._a.any() for g in found):
        warnings.warn(UNDEFINED, stacklevel=5)
        raise GradcheckError(
            "Expected all input grads to be undefined or zero when all output grads are undefined "
            f"or zero. {end}"
        )


UNDEFINED = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by "
    "default, but it may break existing callers of this function. If this is true for you, you can "
    'call this function with "check_undefined_grad=False" to disable the feature'
)


def _check_batched(output: Tensor, i: int, tracked: list) -> None:
    """Raise GradcheckError unless a batch of gradients gives what each of them gives."""
    from . import grad

    rng = np.random.RandomState(0)
    v = rng.standard_normal((2, *output._a.shape)).astype(output._a.dtype)
    options: dict[str, Any] = {"retain_graph": True, "allow_unused": True}
    try:
        batch = grad(output, tracked, fresh(v), is_grads_batched=True, **options)
    except RuntimeError as error:
        raise GradcheckError(f"While computing batched gradients, got: {error}") from error
    for k in range(2):
        single = grad(output, tracked, fresh(v[k]), **options)
        for j, (b, s) in enumerate(zip(batch, single, strict=True)):
            if b is not None and not np.allclose(b._a[k], s._a):
                raise GradcheckError(
                    f"For output {i} and input {j}:\n\ngradcheck or gradgradcheck failed while "
                    f"testing batched gradient computation.\n\nGot:\n{b[k]}\n\nExpected:\n{s}"
                )


def _check_inputs(inputs: tuple) -> None:
    if not any(isinstance(t, Tensor) and t.requires_grad for t in inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    for i, t in enumerate(inputs):
        if not isinstance(t, Tensor) or not t.requires_grad:
            continue
        if t._a.dtype not in (np.float64, np.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )
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
        t.retain_grad()


# -- what users call -------------------------------------------------------------------------------


def _need(wanted: bool, text: str) -> None:
    if not wanted:
        raise AssertionError(text)


def gradcheck(
    func: Any, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
    check_backward_ad: bool = True, fast_mode: bool = False, masked: Any = None,
) -> bool:  # fmt: skip
    """True if the derivatives of `func` agree with finite differences; else GradcheckError.

    Two passes may differ by `nondet_tol`. With raise_exception=False the answer is False instead.
    `check_forward_ad` asks for torch's forward mode, which is not here: nothing is compared then.
    """
    _need(
        check_forward_ad or check_backward_ad,
        "Expected at least one of check_forward_ad or check_backward_ad to be True",
    )
    _need(
        check_backward_ad or not check_batched_grad,
        "Setting check_batched_grad=True requires check_backward_ad to be True",
    )
    _need(
        check_forward_ad or not check_batched_forward_grad,
        "Setting check_batched_forward_grad=True requires check_forward_ad to be True",
    )
    given = _as_tuple(inputs)
    _check_inputs(given)
    results = func(*given)
    outputs = _differentiable(results)
    if not check_backward_ad:
        return True
    tracked = [t for t in given if isinstance(t, Tensor) and t.requires_grad]
    try:
        for part, function in _parts(func, results):
            parted = [i for i, y in enumerate(outputs) if y.is_complex()]
            check = _Check(function, given, eps, atol, rtol, nondet_tol, check_grad_dtypes,
                           part, parted)  # fmt: skip
            (check.fast if fast_mode else check.slow)()
        for i, y in enumerate(outputs):
            if check_batched_grad:
                _check_batched(y, i, tracked)
        if outputs:
            _check_is_linear(outputs, tracked, masked)
            if check_undefined_grad:
                _check_undefined(func, given, tracked)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _parts(func: Any, results: Any) -> list[tuple[str, Callable]]:
    """The real-valued functions to look at: `func`, or the two parts of its complex results."""
    if not any(y.is_complex() for y in _as_tuple(results)):
        return [("", func)]

    def part(name: str) -> Callable:
        def run(*args: Any) -> tuple:
            outs = _as_tuple(func(*args))
            return tuple(getattr(y, name) if y.is_complex() else y for y in outs)

        return run

    return [("imaginary", part("imag")), ("real", part("real"))]


def gradgradcheck(
    func: Any, inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True,
    nondet_tol: float = 0.0, check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
    check_batched_grad: bool = False, check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True, fast_mode: bool = False, masked: Any = False,
) -> bool:  # fmt: skip
    """gradcheck of the derivative itself: True if second derivatives agree too."""
    from ..testing import make_tensor
    from . import grad

    _need(
        check_fwd_over_rev or check_rev_over_rev,
        "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True",
    )
    for name, wanted in (("undefined", check_undefined_grad), ("batched", check_batched_grad)):
        _need(
            check_rev_over_rev or not wanted,
            f"Setting check_{name}_grad=True requires check_rev_over_rev to be True",
        )
    given = _as_tuple(inputs)
    if grad_outputs is None:
        vs = tuple(
            make_tensor(
                y.shape, dtype=y.dtype, device="cpu", low=-1, high=1, requires_grad=True,
                noncontiguous=gen_non_contig_grad_outputs,
            )
            for y in _differentiable(func(*given))
        )  # fmt: skip
    else:
        vs = _as_tuple(grad_outputs)
    tracked = [i for i, t in enumerate(given) if isinstance(t, Tensor) and t.requires_grad]
    count = len(given)

    def derivative(*args: Any) -> Any:
        outs = _differentiable(func(*args[:count]))
        wanted = tuple(args[i] for i in tracked)
        found = grad(outs, wanted, args[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if isinstance(g, Tensor))

    return gradcheck(derivative, given + vs, eps=eps, atol=atol, rtol=rtol,
                     raise_exception=raise_exception, nondet_tol=nondet_tol,
                     check_undefined_grad=check_undefined_grad,
                     check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad,
                     fast_mode=fast_mode, check_forward_ad=check_fwd_over_rev,
                     check_backward_ad=check_rev_over_rev, masked=masked)  # fmt: skip
