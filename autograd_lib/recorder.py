"""How an entry of the table becomes an operation that records itself.

An entry is a forward function on arrays and one formula per differentiable argument. From it this
file writes two things, as source text that you can print with ``python -m autograd_lib.recorder
mul``: the public function, which unwraps tensors, calls the forward and notes what the derivative
will need; and a Node class, whose ``run`` calls the formulas.

Writing source instead of looping over arguments makes an operation about three times as fast: the
text has no loop, no dictionary and no test that this operation does not need.

**Words.** Formulas are written in torch's words (``grad * cos(self)``). In the table's own module
``cos`` is the forward on arrays, which is the fast path. For ``create_graph`` the very same code
object is given another dictionary of globals, in which ``cos`` is the recording function: the
derivative is then itself recorded, and can be differentiated again.
"""

from __future__ import annotations

import inspect
import itertools
import linecache
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from . import errors
from .dtypes import FROM_NUMPY, default_numpy, result_numpy
from .engine import (
    FREED,
    Node,
    new,
    new_node,
    sequence,
    unpack,
    unpack_result,
    unpack_result_tensor,
    unpack_tensor,
)
from .grad_mode import mode
from .tensor import INFERENCE, Tensor, refresh, special_node, view_of

# Annotations that say what an argument may be. They are read as text, see `_Entry`.
Array = Any  # a tensor
Number = Any  # a tensor or a Python number
Optional = Any  # a tensor or None
Index = Any  # a tensor that does not share in the common type: positions, masks, classes
Arrays = Any  # a sequence of tensors

KINDS = {"Array", "Number", "Optional", "Arrays", "Index"}

ENTRIES: dict[str, _Entry] = {}
PUBLIC: dict[str, Any] = {}  # torch's functions, by name
METHODS: dict[str, Any] = {}  # what is also a method of Tensor
WORDS: dict[str, Any] = {}  # the second vocabulary: every word on tensors


def camel(name: str) -> str:
    """torch's name for a node's class, without Backward: parts capitalized, as in LogSoftmax."""
    parts = [p for p in name.split("_") if p]
    joined = "".join(p[:1].upper() + p[1:] for p in parts)
    return re.sub(r"(\d)([a-z])", lambda m: m[1] + m[2].upper(), joined)


def speak_tensors(function: Any) -> Any:
    """The same code with the second vocabulary: words that record themselves."""
    twin = FunctionType(
        function.__code__, WORDS, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__doc__ = function.__doc__
    twin.__annotations__ = {}
    return twin


def register(name: str, function: Any, public: bool = True, method: bool = True) -> None:
    """Make `function` the word `name` on tensors, and perhaps part of torch's namespace."""
    WORDS[name] = function
    if public and not name.startswith("_"):
        PUBLIC[name] = function
        if method:
            METHODS[name] = function


def public(method: bool = True, name: str | None = None) -> Callable:
    """A function on tensors, as torch has it; formulas on arrays have their own word for it."""

    def decorate(function: Any) -> Any:
        register(name or function.__name__, function, True, method)
        return function

    return decorate


def word(function: Any) -> Any:
    """A helper of formulas: available in both vocabularies, not public."""
    WORDS[function.__name__] = speak_tensors(function)
    return function


def composite(method: bool = True, name: str | None = None) -> Callable:
    """An operation that is made of others: its derivative follows from theirs."""

    def decorate(function: Any) -> Any:
        register(name or function.__name__, speak_tensors(function), True, method)
        return function

    return decorate


def op(
    name: str | None = None,
    *,
    node: str | None = None,
    promote: str | None = None,
    view: bool = False,
    multiple_views: bool = False,
    outputs: int | str | tuple = 1,
    method: bool = True,
    result_type: Any = None,
    error: str | None = None,
    public: bool = True,
    shows: tuple = (),
    hides: tuple = (),
    names: tuple = (),
    label: str = "",
    **formulas: Callable,
) -> Callable:
    """Declare an operation of the table.

    The decorated function is the forward, on arrays, with torch's argument names. Keyword
    arguments other than the options are formulas, by the argument that they differentiate. What a
    formula's parameters name is saved: an argument, ``result``, or ``<argument>_sym_sizes``.

    Options: `node` is torch's node name; `promote` is "float" (integers become floats first),
    "same" (arguments get a common type) or "same_float"; a `view` shares its input's memory;
    `outputs` is a number, or "many" for a tuple of differentiable results; `result_type` makes
    the tuple returned for several outputs, of which then only the first is differentiable;
    `names` are those of the outputs, for formulas; `shows` are saved attributes that torch has and
    we can work out, `hides` those that we have and torch does not; `label` is what the node says
    its name is, where that is not its class's.
    """

    def decorate(forward: Any) -> Any:
        entry = _Entry(
            name or forward.__name__, forward, formulas, node, promote, view, multiple_views,
            outputs, result_type, error, shows, hides, names, label,
        )  # fmt: skip
        ENTRIES[entry.name] = entry
        register(entry.name, entry.function, public, method)
        return forward

    return decorate


class _Entry:
    """One line of the table, and what is made of it."""

    def __init__(
        self, name: str, forward: Any, formulas: dict[str, Any], node: str | None,
        promote: str | None, view: bool, multiple_views: bool, outputs: int | str | tuple,
        result_type: Any, error: str | None, shows: tuple, hides: tuple, names: tuple, label: str,
    ):  # fmt: skip
        self.name, self.forward, self.formulas = name, forward, formulas
        self.promote, self.view, self.multiple_views = promote, view, multiple_views
        self.outputs, self.result_type, self.shows = outputs, result_type, shows
        self.hides, self.names, self.label = hides, names, label
        self.error = error or name.strip("_")
        self.signature = inspect.signature(forward)
        self.kinds = {
            p.name: p.annotation
            for p in self.signature.parameters.values()
            if p.annotation in KINDS
        }
        self.differentiable = list(formulas)
        self.node_name = node or f"{camel(name)}Backward0"
        self._plan_saving()
        # An operation without derivative never makes a node.
        self.node = self._make_node() if formulas else Node
        self.source = self._write_function()
        self.function = self._compile(self.source, f"<operation {name}>")[self.name]
        self.function.__doc__ = forward.__doc__
        self.operator = self._compile(self._write_function(True), f"<operator {name}>")[self.name]
        self.function.__qualname__ = self.name

    # -- what is saved --------------------------------------------------------------------------

    def _plan_saving(self) -> None:
        self.wants = {
            arg: [p for p in inspect.signature(f).parameters if p not in ("grad", "grads")]
            for arg, f in self.formulas.items()
        }
        self.saved: dict[str, list[str]] = {}  # what is saved -> which arguments' formulas want it
        for arg, names in self.wants.items():
            for n in names:
                self.saved.setdefault(n, []).append(arg)
        self.saved_tensors = [s for s in self.saved if s in self.kinds]
        self.results = {"result": 0, **{n: i for i, n in enumerate(self.names)}}
        self.saved_results = [s for s in self.saved if s in self.results]
        self.saved_plain = [
            s for s in self.saved if s not in self.saved_tensors and s not in self.saved_results
        ]
        for s in self.saved_plain:
            base = re.sub(r"_(sym_sizes|sym_numel|dtype|needed)$", "", s)
            if base not in self.signature.parameters:
                raise TypeError(f"{self.name}: no argument {s!r}")

    # -- the node -------------------------------------------------------------------------------

    def _make_node(self) -> type[Node]:
        slots: list[str] = []
        for s in self.saved_tensors:
            slots += [f"saved_{s}", f"version_{s}"]
        for s in self.saved_results:
            slots += [f"saved_{s}", f"version_{s}", f"counter_{s}"]
        slots += [f"saved_{s}" for s in self.saved_plain]
        grad = "grads" if self.outputs == "many" or isinstance(self.outputs, tuple) else "grad"
        lines = ["def run(node, grad):"]
        tensor_lines = ["def run_tensors(node, grad):"]
        # An operation on a list of tensors has as many edges as the list is long.
        many = [a for a in self.differentiable if self.kinds.get(a) == "Arrays"]
        names = [f"edge_{a}" for a in self.differentiable]
        if many:
            body, tbody = self._run_lines(many[0], "    ")
            lines += [*body, f"    return grad_{many[0]}"]
            tensor_lines += [*tbody, f"    return grad_{many[0]}"]
        else:
            for out, which in ((lines, 0), (tensor_lines, 1)):
                if len(names) == 1:
                    out += self._run_lines(self.differentiable[0], "    ")[which]
                else:
                    out.append(f"    {', '.join(names)} = node.edges")
                    for a in self.differentiable:
                        out.append(f"    if edge_{a} is None: grad_{a} = None")
                        out.append("    else:")
                        out += self._run_lines(a, "        ")[which]
                out.append(f"    return {', '.join('grad_' + a for a in self.differentiable)},")
        release = ["def release(node):"]
        for s in self.saved_tensors + self.saved_results:
            release.append(f"    node.saved_{s} = FREED")
        words: dict[str, Any] = {
            "Tensor": Tensor, "unpack": unpack, "unpack_tensor": unpack_tensor, "FREED": FREED,
            "unpack_result": unpack_result, "unpack_result_tensor": unpack_result_tensor,
        }  # fmt: skip
        for a, f in self.formulas.items():
            words[f"array_{a}"], words[f"tensor_{a}"] = f, speak_tensors(f)
        text = "\n".join(lines + tensor_lines)
        if len(release) > 1:
            text += "\n" + "\n".join(release)
        self.node_source = text
        made = self._compile(text, f"<derivative {self.name}>", words)
        body_ns: dict[str, Any] = {
            "__slots__": tuple(slots),
            "run": made["run"],
            "run_tensors": made["run_tensors"],
            "saves": len(release) > 1,
            "wants_all": grad == "grads",
            "saved_names": tuple(sorted({*self.saved, *self.shows} - {*self.hides})),
            "results": self.results,
            "_label": self.label,
            "saved_variables": tuple(self.saved_tensors + self.saved_results),
            "entry": self,
        }
        if len(release) > 1:
            body_ns["release"] = made["release"]
        for s in self.saved:
            body_ns[f"_saved_{s}"] = _saved_property(s, self)
            if s in self.saved_tensors or s in self.saved_results:
                body_ns[f"_raw_saved_{s}"] = _raw_property(s)
        for s in self.shows:
            body_ns[f"_saved_{s}"] = _shown_property(s)
        made_type: Any = type(Node)
        return made_type(self.node_name, (Node,), body_ns)

    def _run_lines(self, arg: str, pad: str) -> tuple[list[str], list[str]]:
        fast, slow, given = [], [], ["grad"]
        for s in self.wants[arg]:
            given.append(s)
            if s in self.saved_tensors:
                if self.kinds[s] == "Arrays":
                    fast.append(f"{s} = [unpack(node, '{s}', i) for i in range(len(node.edges))]")
                    slow.append(
                        f"{s} = [unpack_tensor(node, '{s}', i) for i in range(len(node.edges))]"
                    )
                    continue
                fast += [
                    f"{s} = node.saved_{s}",
                    f"if {s}.__class__ is Tensor and {s}._counter[0] == node.version_{s}:"
                    f" {s} = {s}._a",
                    f"else: {s} = unpack(node, '{s}')",
                ]
                slow.append(f"{s} = unpack_tensor(node, '{s}')")
            elif s in self.saved_results:
                fast += [
                    f"{s} = node.saved_{s}",
                    f"if {s}.__class__ is not ndarray or "
                    f"node.counter_{s}[0] != node.version_{s}: {s} = unpack_result(node, '{s}')",
                ]
                slow.append(f"{s} = unpack_result_tensor(node, '{s}')")
            else:
                fast.append(f"{s} = node.saved_{s}")
                slow.append(f"{s} = node.saved_{s}")
        call = f"{arg}({', '.join(given)})"
        fast.append(f"grad_{arg} = array_{call}")
        slow.append(f"grad_{arg} = tensor_{call}")
        return [pad + x for x in fast], [pad + x for x in slow]

    # -- the public function --------------------------------------------------------------------

    def _parameters(self) -> tuple[str, str, dict[str, Any]]:
        """The public signature, the call of the forward, and the defaults by name."""
        parts, call, defaults, starred = [], [], {}, False
        for p in self.signature.parameters.values():
            shown = "input" if p.name == "self" else p.name
            if p.kind is p.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            if p.default is not p.empty:
                defaults[f"default_{p.name}"] = p.default
                parts.append(f"{shown}=default_{p.name}")
            else:
                parts.append(shown)
            value = f"{shown}_a" if p.name in self.kinds else shown
            call.append(f"{shown_kw(p)}{value}")
        return ", ".join(parts), ", ".join(call), defaults

    def _write_function(self, operator: bool = False) -> str:
        """The public function; as an operator it leaves what it does not know to others."""
        parameters, call, self.defaults = self._parameters()
        w: list[str] = [f"def {self.name}({parameters}):"]
        shown = {a: "input" if a == "self" else a for a in self.kinds}
        position = {p: i + 1 for i, p in enumerate(self.signature.parameters)}
        track: list[str] = []
        for a, kind in self.kinds.items():
            v, used = shown[a], a in self.differentiable
            if kind == "Arrays":
                w += [
                    f"    {v} = tensor_list({v}, '{self.error}', '{v}', {position[a]})",
                    f"    {v}_a = [t._a for t in {v}]",
                ]
                if used:
                    w.append(f"    {v}_rg = any_tracked({v})")
                    track.append(f"{v}_rg")
                continue
            w += [
                f"    if {v}.__class__ is Tensor or isinstance({v}, Tensor):",
                f"        if {v}._view is not None: refresh({v})",
                f"        {v}_a = {v}._a; {v}_c = {v}._counter",
            ]
            if used:
                w.append(f"        {v}_rg = {v}._rg")
                track.append(f"{v}_rg")
            if kind == "Number" and operator:
                w += [
                    f"    elif {v}.__class__ is float or {v}.__class__ is int:",
                    f"        {v}_a = {v}; {v}_c = NO_COUNTER"
                    + (f"; {v}_rg = False" if used else ""),
                    f"    elif not isinstance({v}, OPERANDS): return NotImplemented",
                ]
            if kind == "Number":
                bad = f"{v}_a = number({v}, '{self.error}', '{v}', {position[a]})"
            elif kind == "Optional":
                bad = (
                    f"{v}_a = None if {v} is None else "
                    f"not_a_tensor({v}, '{self.error}', '{v}', {position[a]})"
                )
            else:
                bad = f"not_a_tensor({v}, '{self.error}', '{v}', {position[a]})"
            w += ["    else:", f"        {bad}"]
            if kind not in ("Array", "Index"):
                w.append(f"        {v}_c = NO_COUNTER" + (f"; {v}_rg = False" if used else ""))
        w += self._promotion(shown)
        if self.promote in ("same", "same_float") and len(self.kinds) > 1:
            arrays = ", ".join(f"{shown[a]}_a" for a, k in self.kinds.items() if k != "Index")
            w += [
                f"    try: _r = forward({call})",
                "    except ValueError as error:",
                f"        raise cannot_broadcast(error, {arrays}) from None",
            ]
        else:
            w.append(f"    _r = forward({call})")
        condition = " or ".join(track)
        if self.outputs == 1:
            w += self._wrap_one(condition, shown)
        else:
            w += self._wrap_many(condition, shown)
        return "\n".join(w)

    def _promotion(self, shown: dict[str, str]) -> list[str]:
        args = [shown[a] for a, k in self.kinds.items() if k in ("Array", "Number", "Optional")]
        if self.promote == "float":
            a = args[0]
            return [
                f"    if {a}_a.dtype.kind in 'iub': {a}_a = {a}_a.astype(default_numpy())",
            ]
        if self.promote in ("same", "same_float"):
            arrays = ", ".join(f"{a}_a" for a in args)
            if len(args) == 2:
                a, b = args
                numbers = [k for k in self.kinds.values() if k == "Number"]
                test = f"{a}_a.dtype is not {b}_a.dtype"
                if numbers:
                    # A Python float next to a float array needs no thought: NumPy lets the
                    # array's type win, as torch does.
                    test = (
                        f"({a}_a.dtype is not {b}_a.dtype) if {b}_a.__class__ is ndarray and "
                        f"{a}_a.__class__ is ndarray else ({a}_a.__class__ is not ndarray or "
                        f"{b}_a.__class__ is not float or {a}_a.dtype.kind != 'f')"
                    )
                out = [f"    if {test}:"]
                if self.promote == "same_float":
                    out = [f"    if ({test}) or {a}_a.dtype.kind in 'iub':"]
                flag = self.promote == "same_float"
                return [*out, f"        {arrays} = common({flag}, {arrays})"]
            return [f"    {arrays} = common({self.promote == 'same_float'}, {arrays})"]
        return []

    def _edge(self, v: str) -> str:
        return f"(({v}._edge or ({v}, -1)) if {v}_rg else None)"

    def _save_lines(self, shown: dict[str, str], pad: str) -> list[str]:
        w = []
        for s, owners in self.saved.items():
            if s in self.saved_tensors:
                v = shown[s]
                if self.kinds[s] == "Arrays":
                    w.append(f"_node.saved_{s} = tuple({v})")
                    w.append(f"_node.version_{s} = tuple([t._counter[0] for t in {v}])")
                    continue
                # Only what some wanted derivative needs is kept alive.
                keep = " or ".join(f"{shown[o]}_rg" for o in owners)
                everyone = len(owners) == len(self.differentiable)
                w.append(f"_node.saved_{s} = {v}" + ("" if everyone else f" if {keep} else None"))
                w.append(f"_node.version_{s} = {v}_c[0]")
            elif s in self.saved_results:
                i = self.results[s]
                r = "_r" if self.outputs == 1 else f"_r[{i}]"
                t = "_out" if self.outputs == 1 else f"_outs[{i}]"
                w.append(f"_node.saved_{s} = {r}")
                w.append(f"_node.counter_{s} = _c = {t}._counter; _node.version_{s} = _c[0]")
            elif s.endswith("_sym_sizes") and s not in self.signature.parameters:
                base = s[: -len("_sym_sizes")]
                v = shown[base]
                if self.kinds[base] == "Arrays":
                    w.append(f"_node.saved_{s} = [a.shape for a in {v}_a]")
                else:
                    w.append(f"_node.saved_{s} = {v}_a.shape")
            elif s.endswith("_sym_numel") and s not in self.signature.parameters:
                w.append(f"_node.saved_{s} = {shown[s[: -len('_sym_numel')]]}_a.size")
            elif s.endswith("_dtype") and s not in self.signature.parameters:
                w.append(f"_node.saved_{s} = {shown[s[: -len('_dtype')]]}_a.dtype")
            elif s.endswith("_needed") and s not in self.signature.parameters:
                w.append(f"_node.saved_{s} = {shown[s[: -len('_needed')]]}_rg")
            else:
                w.append(f"_node.saved_{s} = {s}")
        return [pad + x for x in w]

    def _wrap_one(self, condition: str, shown: dict[str, str]) -> list[str]:
        w = ["    if _r.__class__ is not ndarray: _r = asarray(_r)"]
        w.append("    _out = new(Tensor); _out._a = _r; _out._grad = _out._hooks = None")
        if self.view:
            v = shown["self"]
            w.append(f"    _out._counter = {v}_c; _out._view = view_of({v}, {self.multiple_views})")
        else:
            w.append("    _out._counter = [0]; _out._view = None")
        if not condition:
            return [
                *w,
                "    _out._rg = False; _out._edge = None",
                *self._inference(),
                "    return _out",
            ]
        arrays = [a for a in self.differentiable if self.kinds.get(a) == "Arrays"]
        if arrays:
            v = shown[arrays[0]]
            edges = f"tuple([(t._edge or (t, -1)) if t._rg else None for t in {v}])"
        else:
            edges = ", ".join(self._edge(shown[a]) for a in self.differentiable) + ","
        w += [
            f"    if ({condition}) and _mode.enabled and _r.dtype.kind in 'fc':"
            if self.promote is None
            else f"    if ({condition}) and _mode.enabled:",
            "        _node = new_node(Backward); _node.seq = next(sequence); _node.hooks = None",
            f"        _node.edges = {edges}",
            "        _node.shape = _r.shape; _node.dtype = _r.dtype",
            *self._save_lines(shown, "        "),
            "        _out._rg = True; _out._edge = (_node, 0)",
            "        if _mode.special: special_node(_node)",
            "        return _out",
            # A view made under no_grad is no part of the graph, yet says it requires grad.
            f"    _out._rg = {shown['self'] + '_rg' if self.view else 'False'}; _out._edge = None",
            *self._inference(),
            "    return _out",
        ]
        return w

    @staticmethod
    def _inference() -> list[str]:
        return ["    if _mode.special and _mode.inference: _out._counter = INFERENCE"]

    def _wrap_many(self, condition: str, shown: dict[str, str]) -> list[str]:
        views = f"{shown['self']}" if self.view else "None"
        w = [
            *(
                ["    _r = [x if x.__class__ is ndarray else asarray(x) for x in _r]"]
                if not self.view
                else []
            ),
            f"    _outs = wrap_all(_r, {views}, {self.multiple_views})",
        ]
        if condition:
            edges = ", ".join(self._edge(shown[a]) for a in self.differentiable) + ","
            w += [
                f"    if ({condition}) and _mode.enabled:",
                "        _node = new_node(Backward); _node.seq = next(sequence)",
                f"        _node.hooks = None; _node.edges = {edges}",
                f"        connect(_node, _outs, {self._differentiable_outputs()})",
                *self._save_lines(shown, "        "),
                "        if _mode.special: special_node(_node)",
            ]
        w.append("    return package(_outs)")
        return w

    def _differentiable_outputs(self) -> str:
        if self.outputs == "many":
            return "len(_outs)"
        return str(len(self.outputs)) if isinstance(self.outputs, tuple) else "1"

    def _compile(
        self, text: str, filename: str, words: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        if words is None:
            words = {
                "Tensor": Tensor, "Backward": self.node, "forward": self.forward, "_mode": mode,
                "new": new, "new_node": new_node, "sequence": sequence, "asarray": np.asarray,
                "refresh": refresh, "view_of": view_of, "special_node": special_node,
                "number": number, "not_a_tensor": not_a_tensor, "tensor_list": tensor_list,
                "any_tracked": any_tracked, "common": common, "default_numpy": default_numpy,
                "NO_COUNTER": NO_COUNTER, "OPERANDS": (int, float, complex, np.number, np.bool_),
                "INFERENCE": INFERENCE, "cannot_broadcast": cannot_broadcast, "wrap_all": wrap_all,
                "connect": connect,
                "package": self.result_type or tuple,
                **self.defaults,
            }  # fmt: skip
        words["ndarray"] = np.ndarray
        words["__name__"] = "autograd_lib.derivatives"
        exec(compile(text, filename, "exec"), words)
        # Tracebacks show the written source too.
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        return words


def shown_kw(p: inspect.Parameter) -> str:
    return f"{p.name}=" if p.kind is p.KEYWORD_ONLY else ""


def _saved_property(name: str, entry: _Entry) -> property:
    if name in entry.saved_results:
        return property(lambda node: unpack_result_tensor(node, name))
    if entry.kinds.get(name) == "Arrays":
        return property(
            lambda node: tuple(unpack_tensor(node, name, i) for i in range(len(node.edges)))
        )
    if name in entry.saved_tensors:
        return property(lambda node: unpack_tensor(node, name, always=True))
    return property(lambda node: getattr(node, f"saved_{name}"))


def _shown_property(name: str) -> property:
    """A fact about a saved tensor that torch keeps on its own and we need not."""
    base, what = re.fullmatch(r"(.*)_sym_(sizes|strides)", name).groups()  # type: ignore[union-attr]

    def read(node: Any) -> Any:
        t = unpack_tensor(node, base)
        return None if t is None else tuple(t.shape if what == "sizes" else t.stride())

    return property(read)


def _raw_property(name: str) -> property:
    return property(lambda node: SavedTensor(node, name))


class SavedTensor:
    """A saved value as it lies in the graph; its hooks may pack it differently."""

    __module__ = "torch._C._autograd"

    def __init__(self, node: Any, name: str):
        self._node, self._name = node, name

    def register_hooks(self, pack: Any, unpack_hook: Any) -> None:
        from .tensor import pack_saved

        pack_saved(self._node, self._name, pack, unpack_hook)


# -- what the written functions call --------------------------------------------------------------

NO_COUNTER = [0]


def _type_name(x: Any) -> str:
    return type(x).__name__


def not_a_tensor(x: Any, function: str, argument: str, position: int) -> Any:
    raise TypeError(
        f"{function}(): argument '{argument}' (position {position}) must be Tensor, "
        f"not {_type_name(x)}"
    )


def number(x: Any, function: str, argument: str, position: int) -> Any:
    """A Python number as the forward wants it."""
    if isinstance(x, (bool, int, float, complex)):
        return x if x.__class__ is not np.float64 else float(x)
    if isinstance(x, np.generic) and x.dtype in FROM_NUMPY:
        return x.item()
    return not_a_tensor(x, function, argument, position)


def tensor_list(xs: Any, function: str, argument: str, position: int) -> Any:
    if isinstance(xs, Tensor):
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be tuple of Tensors, "
            "not Tensor"
        )
    xs = list(xs)
    for i, x in enumerate(xs):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument {position - 1}, "
                f"but got {_type_name(x)}"
            )
        if x._view is not None:
            refresh(x)
    return xs


def cannot_broadcast(error: ValueError, *operands: Any) -> Exception:
    """torch's error for shapes that do not broadcast (or the error itself, if it is another)."""
    shapes = [x.shape for x in operands if isinstance(x, np.ndarray)]
    for a, b in itertools.pairwise(shapes):
        for i in range(1, min(len(a), len(b)) + 1):
            if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
                return errors.hint(
                    RuntimeError(
                        f"The size of tensor a ({a[-i]}) must match the size of tensor b ({b[-i]}) "
                        f"at non-singleton dimension {max(len(a), len(b)) - i}"
                    ),
                    f"the shapes are {list(a)} and {list(b)}; counted from the right, sizes must "
                    "be equal, or one of them 1.",
                )
    return error


def any_tracked(tensors: Any) -> bool:
    return any(t._rg for t in tensors)


def common(floating: bool, *operands: Any) -> list[Any]:
    """Arrays and numbers, brought to the type that torch computes their operation in."""
    d = result_numpy([x for x in operands if x is not None])
    if floating and d.kind in "iub":
        d = default_numpy()
    return [
        x if x is None else x.astype(d) if isinstance(x, np.ndarray) else np.asarray(x, dtype=d)
        for x in operands
    ]


def wrap_all(arrays: Any, base: Any, multiple_views: bool) -> list[Any]:
    outs = []
    view = None if base is None else view_of(base, multiple_views)
    for r in arrays:
        out = new(Tensor)
        out._a = r
        out._grad = out._hooks = out._edge = None
        out._rg = False
        out._counter = [0] if base is None else base._counter
        # (Each view its own record: one may be renewed before the others.)
        out._view = view if view is None else view[:]
        outs.append(out)
    if mode.special and mode.inference:
        for out in outs:
            out._counter = INFERENCE
    return outs


def connect(node: Any, outs: Any, n: int) -> None:
    """Make `node` the origin of the first `n` results."""
    if not node.wants_all:
        a = outs[0]._a
        node.shape, node.dtype = a.shape, a.dtype
        if a.dtype.kind in "fc":
            outs[0]._rg, outs[0]._edge = True, (node, 0)
        return
    node.shape, node.dtype = shapes, dtypes = [], []
    for i, out in enumerate(outs[:n]):
        a = out._a
        shapes.append(a.shape)
        dtypes.append(a.dtype)
        if a.dtype.kind in "fc":
            out._rg, out._edge = True, (node, i)


__all__ = [
    "ENTRIES",
    "METHODS",
    "PUBLIC",
    "WORDS",
    "Array",
    "Arrays",
    "Index",
    "Number",
    "Optional",
    "composite",
    "op",
    "public",
    "word",
]  # fmt: skip

if __name__ == "__main__":
    import sys

    import autograd_lib  # noqa: F401
    from autograd_lib.recorder import ENTRIES as table

    for wanted in sys.argv[1:]:
        print(table[wanted].source, table[wanted].node_source, sep="\n\n", end="\n\n")
