"""torch.func: derivatives as functions of functions."""

from __future__ import annotations

from typing import Any

from . import autograd
from .autograd import functional as AF
from .errors import hint
from .grad_mode import enable_grad
from .tensor import Tensor, fresh


def _track(x: Any) -> Any:
    """The same values, to be differentiated by; in the caller's graph if that is being recorded."""
    if isinstance(x, Tensor):
        return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()
    if isinstance(x, dict):
        return {k: _track(v) for k, v in x.items()}
    if isinstance(x, (tuple, list)):
        return type(x)(_track(v) for v in x)
    return x


def _leaves(x: Any) -> list:
    if isinstance(x, Tensor):
        return [x]
    if isinstance(x, dict):
        return [t for v in x.values() for t in _leaves(v)]
    if isinstance(x, (tuple, list)):
        return [t for v in x for t in _leaves(v)]
    return []


def _only_tensors(x: Any) -> None:
    if isinstance(x, (dict, tuple, list)):
        for value in x.values() if isinstance(x, dict) else x:
            _only_tensors(value)
    elif not isinstance(x, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")


def _rebuild(x: Any, values: Any) -> Any:
    if isinstance(x, Tensor):
        return next(values)
    if isinstance(x, dict):
        return {k: _rebuild(v, values) for k, v in x.items()}
    if isinstance(x, (tuple, list)):
        return type(x)(_rebuild(v, values) for v in x)
    return x


def _outer(x: Any, inputs: Any) -> Any:
    """Cut results loose unless one of the caller's inputs is itself being tracked."""
    if any(t.requires_grad for t in _leaves(inputs)):
        return x
    return _rebuild(x, iter([t.detach() for t in _leaves(x)]))


def grad_and_value(func: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
    """A function that returns the derivative of a scalar function, and its value."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        with enable_grad():
            given = list(args)
            for n in numbers:
                _only_tensors(given[n])
                given[n] = _track(given[n])
            out = func(*given, **kwargs)
            out, aux = out if has_aux else (out, None)
            if not isinstance(out, Tensor):
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got "
                    f"{type(out)}"
                )
            if out.ndim != 0:
                raise hint(
                    RuntimeError(
                        "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, "
                        f"got tensor with {out.ndim} dims. Maybe you wanted to use the vjp or "
                        "jacrev APIs instead?"
                    ),
                    "reduce the result to one number, with sum() or mean().",
                )
            wanted = [given[n] for n in numbers]
            leaves = _leaves(wanted)
            if out.requires_grad:
                found = autograd.grad(out, leaves, create_graph=True, allow_unused=True,
                                      materialize_grads=True)  # fmt: skip
            else:
                found = tuple(fresh(t._a * 0) for t in leaves)
        made = _rebuild(wanted, iter(found))
        result = made[0] if isinstance(argnums, int) else tuple(made)
        result, out, aux = (_outer(r, args) for r in (result, out, aux))
        return (result, (out, aux)) if has_aux else (result, out)

    return wrapper


def grad(func: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
    """A function that returns the derivative of a scalar function."""
    both = grad_and_value(func, argnums, has_aux)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result, value = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return wrapper


def vjp(func: Any, *primals: Any, has_aux: bool = False) -> Any:
    """func(*primals), and a function from output weights to derivatives."""
    with enable_grad():
        given = [_track(p) for p in primals]
        out = func(*given)
        out, aux = out if has_aux else (out, None)

    def pull(*cotangents: Any) -> Any:
        ys, vs = _leaves(out), _leaves(cotangents)
        xs = _leaves(given)
        with enable_grad():
            found = autograd.grad(ys, xs, vs, create_graph=True, allow_unused=True,
                                  materialize_grads=True)  # fmt: skip
        return tuple(_outer(_rebuild(given, iter(found)), (primals, cotangents)))

    result = _outer(out, primals)
    return (result, pull, aux) if has_aux else (result, pull)


def jvp(func: Any, primals: tuple, tangents: tuple) -> Any:
    """func(*primals), and its derivative in the direction of the tangents."""
    if not isinstance(primals, tuple):
        raise hint(
            RuntimeError(
                "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be "
                "valid to call f(*primals)."
            ),
            "write (x,) for one argument.",
        )
    many = len(primals) > 1
    return AF.jvp(func, primals if many else primals[0], tangents if many else tangents[0])


def jacrev(func: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
    """A function that returns all derivatives of all outputs."""

    def wrapper(*args: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        aux: list[Any] = []

        def only(*chosen: Any) -> Any:
            full = list(args)
            for n, value in zip(numbers, chosen, strict=True):
                full[n] = value
            out = func(*full)
            if has_aux:
                out, extra = out
                aux[:] = [extra]
            return out

        chosen = tuple(args[n] for n in numbers)
        tracked = any(t.requires_grad for t in _leaves(args))
        result = AF.jacobian(only, chosen, create_graph=tracked)
        if isinstance(argnums, int):
            result = (
                tuple(r[0] if isinstance(r, tuple) else r for r in result)
                if isinstance(result[0], tuple)
                else result[0]
            )
        return (result, aux[0]) if has_aux else result

    return wrapper


jacfwd = jacrev


def hessian(func: Any, argnums: Any = 0) -> Any:
    """A function that returns all second derivatives of a scalar function."""
    return jacrev(jacrev(func, argnums), argnums)


def vmap(func: Any, in_dims: Any = 0, out_dims: Any = 0, **options: Any) -> Any:
    """A function applied to each element along a dimension (one after the other)."""

    def wrapper(*args: Any) -> Any:
        dims = (in_dims,) * len(args) if in_dims is None or isinstance(in_dims, int) else in_dims
        n = _batch_size(
            f"vmap({getattr(func, '__name__', func)}, in_dims={in_dims}, ...)", args, dims
        )
        rows = [
            func(*[a if d is None else a.select(d, i) for a, d in zip(args, dims, strict=True)])
            for i in range(n)
        ]
        from .functions import stack

        if isinstance(rows[0], Tensor):
            return stack(rows, out_dims)
        leaves = zip(*[_leaves(r) for r in rows], strict=True)
        return _rebuild(rows[0], iter([stack(list(c), out_dims) for c in leaves]))

    return wrapper


def _batch_size(call: str, args: Any, dims: Any) -> int:
    """How many elements there are along the mapped dimension."""
    sizes = []
    for a, d in zip(args, dims, strict=True):
        if d is None:
            continue
        if not isinstance(a, Tensor):
            raise ValueError(
                f"{call}(<inputs>): Got in_dim={d} for an input but the input is of type "
                f"{type(a)}. We cannot vmap over non-Tensor arguments, please use None as the "
                "respective in_dim"
            )
        if not -a.ndim <= d < a.ndim:
            raise ValueError(
                f"{call}(<inputs>): Got in_dim={d} for some input, but that input is a Tensor of "
                f"dimensionality {a.ndim} so expected in_dim to satisfy {-a.ndim} <= in_dim < "
                f"{a.ndim}."
            )
        sizes.append(a.shape[d])
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


def functional_call(
    module: Any, parameters_and_buffers: Any, args: Any = (), kwargs: Any = None
) -> Any:
    """Call a module with other tensors in the place of its parameters."""
    if isinstance(parameters_and_buffers, (tuple, list)):
        merged: dict = {}
        for d in parameters_and_buffers:
            merged.update(d)
        parameters_and_buffers = merged
    args = args if isinstance(args, tuple) else (args,)
    changed = []
    modules = dict(module.named_modules())
    try:
        for path, value in parameters_and_buffers.items():
            where, _, name = path.rpartition(".")
            owner = modules[where]
            kind = owner._parameters if name in owner._parameters else owner._buffers
            changed.append((kind, name, kind[name]))
            kind[name] = value
        return module(*args, **(kwargs or {}))
    finally:
        for kind, name, value in reversed(changed):
            kind[name] = value
