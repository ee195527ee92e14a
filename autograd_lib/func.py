"""torch.func: derivatives as functions of functions."""

from __future__ import annotations

import functools
from typing import Any

from . import autograd
from .autograd import functional as AF
from .engine import collect
from .errors import hint
from .grad_mode import enable_grad, mode
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


def _inside(func: Any) -> Any:
    """`func`, called as torch.func calls functions: users' Functions are told so."""

    @functools.wraps(func, updated=())
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        mode.transforms += 1
        try:
            return func(*args, **kwargs)
        finally:
            mode.transforms -= 1

    return wrapper


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


def _outer(x: Any, own: Any, recording: bool) -> Any:
    """Cut results loose from our `own` inputs, unless they lead to something of the caller's."""
    ours = {id(t) for t in _leaves(own) if t.is_leaf}

    def kept(t: Tensor) -> Tensor:
        if not recording or not t.requires_grad:
            return t.detach()
        found = {id(t)} if t._edge is None else collect([t._edge[1]])[1].keys()
        return t if found - ours else t.detach()

    return _rebuild(x, iter([kept(t) for t in _leaves(x)]))


def _numbers(argnums: Any, args: tuple) -> tuple:
    """The arguments to differentiate by."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"Got argnum={n}, but only {len(args)} positional inputs")
    return numbers


def _tensors_or_nothing(aux: Any) -> None:
    for t in _flat(aux):
        if t is not None and not isinstance(t, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(t)}")


def _tensors_only(out: Any) -> Any:
    for t in _flat(out):
        if not isinstance(t, Tensor):
            raise RuntimeError(
                "vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported "
                f"type {type(t)}"
            )
    return out


def grad_and_value(func: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
    """A function that returns the derivative of a scalar function, and its value."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        numbers = _numbers(argnums, args)
        with enable_grad():
            given = list(args)
            for n in numbers:
                _only_tensors(given[n])
                given[n] = _track(given[n])
            out = _inside(func)(*given, **kwargs)
            out, aux = out if has_aux else (out, None)
            _tensors_or_nothing(aux)
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
        result, out, aux = (_outer(r, wanted, mode.enabled) for r in (result, out, aux))
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
        out = _inside(func)(*given)
        out, aux = out if has_aux else (out, None)
        _tensors_or_nothing(aux)
        _tensors_only(out)

    def pull(*cotangents: Any) -> Any:
        ys, vs = _leaves(out), _leaves(cotangents)
        xs = _leaves(given)
        with enable_grad():
            found = autograd.grad(ys, xs, vs, create_graph=True, allow_unused=True,
                                  materialize_grads=True)  # fmt: skip
        return tuple(_outer(_rebuild(given, iter(found)), given, mode.enabled))

    result = _outer(out, given, mode.enabled)
    aux = _outer(aux, given, mode.enabled)
    return (result, pull, aux) if has_aux else (result, pull)


def jvp(
    func: Any, primals: tuple, tangents: tuple, *, strict: bool = False, has_aux: bool = False
) -> Any:
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
    aux: list[Any] = []

    def only(*given: Any) -> Any:
        out = _inside(func)(*given)
        if has_aux:
            out, extra = out
            aux[:] = [extra]
        return out

    found = AF.jvp(
        only, primals if many else primals[0], tangents if many else tangents[0], strict=strict
    )
    return (*found, _rebuild(aux[0], (t.detach() for t in _leaves(aux[0])))) if has_aux else found


def linearize(func: Any, *primals: Any) -> tuple:
    """func(*primals), and a function from a direction to the derivative in it."""
    return func(*primals), lambda *tangents: jvp(func, primals, tangents)[1]


def jacrev(
    func: Any, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Any:  # fmt: skip
    """A function that returns all derivatives of all outputs.

    (They are computed one after the other, whatever `chunk_size` is.)
    """

    def wrapper(*args: Any) -> Any:
        numbers = _numbers(argnums, args)
        aux: list[Any] = []
        own: list[Any] = []

        def only(*chosen: Any) -> Any:
            own[:] = chosen
            full = list(args)
            for n, value in zip(numbers, chosen, strict=True):
                full[n] = value
            out = _inside(func)(*full)
            if has_aux:
                out, extra = out
                aux[:] = [extra]
            return _tensors_only(out)

        chosen = tuple(args[n] for n in numbers)
        result = _outer(AF.jacobian(only, chosen, create_graph=True), own, mode.enabled)
        if isinstance(argnums, int):
            result = (
                tuple(r[0] if isinstance(r, tuple) else r for r in result)
                if isinstance(result[0], tuple)
                else result[0]
            )
        return (result, _outer(aux[0], own, mode.enabled)) if has_aux else result

    return wrapper


def jacfwd(func: Any, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error") -> Any:
    """The same as `jacrev`; torch's goes forward."""
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func: Any, argnums: Any = 0) -> Any:
    """A function that returns all second derivatives of a scalar function."""
    return jacrev(jacrev(func, argnums), argnums)


def vmap(
    func: Any, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
    chunk_size: int | None = None,
) -> Any:  # fmt: skip
    """A function applied to each element along a dimension (one after the other).

    `in_dims` and `out_dims` are numbers, or nested like the arguments and the results; None is for
    what is the same for all.
    """
    name = getattr(func, "__name__", repr(func))

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
        if not isinstance(in_dims, (int, tuple, list)):
            raise ValueError(
                f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching "
                f"the structure of inputs, got: {type(in_dims)}."
            )
        if not args:
            raise ValueError(
                f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you "
                "are trying to vmap over a function with no inputs. The latter is unsupported."
            )
        dims = _spread(in_dims if isinstance(in_dims, int) else tuple(in_dims), args)
        if dims is None:
            raise ValueError(
                f"{call}: in_dims is not compatible with the structure of `inputs`. in_dims has "
                f"structure {in_dims} but inputs has structure {args}."
            )
        pairs = list(zip(_flat(args), dims, strict=True))
        n = _batch_size(call, pairs)
        inside = _inside(func)
        rows = [
            inside(*_fill(args, iter([a if d is None else a.select(d, i) for a, d in pairs])),
                 **kwargs)
            for i in range(n)
        ]  # fmt: skip
        return _gathered(name, rows, out_dims)

    return wrapper


def _flat(x: Any) -> list:
    """Everything in nested containers, tensor or not, in order."""
    if isinstance(x, dict):
        return [t for v in x.values() for t in _flat(v)]
    return [t for v in x for t in _flat(v)] if isinstance(x, (tuple, list)) else [x]


def _fill(x: Any, values: Any) -> Any:
    """The same containers with other things in them."""
    if isinstance(x, dict):
        return {k: _fill(v, values) for k, v in x.items()}
    if isinstance(x, (tuple, list)):
        made = [_fill(v, values) for v in x]
        return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)
    return next(values)


def _spread(dims: Any, x: Any) -> list | None:
    """A dimension for everything in `x`; None if `dims` is not nested like it."""
    if dims is None or isinstance(dims, int):
        return [dims] * len(_flat(x))
    if isinstance(dims, dict):
        if not isinstance(x, dict) or dims.keys() != x.keys():
            return None
        pairs = [(dims[k], v) for k, v in x.items()]
    else:
        if not isinstance(x, (tuple, list)) or len(x) != len(dims):
            return None
        pairs = list(zip(dims, x, strict=True))
    parts = [_spread(d, v) for d, v in pairs]
    return None if None in parts else [d for part in parts for d in part or []]


def _batch_size(call: str, pairs: list) -> int:
    """How many elements there are along the mapped dimension."""
    sizes = []
    for a, d in pairs:
        if d is None:
            continue
        if not isinstance(a, Tensor):
            raise ValueError(
                f"{call}: Got in_dim={d} for an input but the input is of type {type(a)}. We "
                "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -a.ndim <= d < a.ndim:
            raise ValueError(
                f"{call}: Got in_dim={d} for some input, but that input is a Tensor of "
                f"dimensionality {a.ndim} so expected in_dim to satisfy -{a.ndim} <= in_dim < "
                f"{a.ndim}."
            )
        sizes.append(a.shape[d])
    if not sizes:
        raise ValueError(f"{call}: at least one input must have a dimension to map over")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


def _gathered(name: str, rows: list, out_dims: Any) -> Any:
    """The results of all elements, put together along `out_dims`."""
    from .functions import stack

    columns = [list(c) for c in zip(*map(_flat, rows), strict=True)]
    for column in columns:
        if not isinstance(column[0], Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type "
                f"{type(column[0])}. Did you mean to set out_dims= to None for output?"
            )
    dims = _spread(out_dims, rows[0])
    if dims is None and isinstance(out_dims, (tuple, list)) and len(out_dims) == 1:
        dims = _spread(out_dims[0], rows[0])
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims}): out_dims is not compatible with the "
            f"structure of `outputs`."
        )
    made = [c[0] if d is None else stack(c, d) for c, d in zip(columns, dims, strict=True)]
    return _fill(rows[0], iter(made))


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
