"""How an entry of the table becomes an operation that records itself.

An entry is a forward function on arrays and one formula per differentiable argument. From it this
file writes three things, as source text, which `Entry` keeps for you to print (``source``,
``operator_source`` and ``node_source``, as docs/engine/README.md shows):

- the public function, which unwraps tensors, calls the forward and notes what the derivative needs;
- for arithmetic, Python's operator: the same, but straight for the case that nearly always is;
- a Node class, whose ``run`` reads what was saved, computes the formulas, and frees it.

Writing source instead of looping over arguments makes an operation about three times as fast: the
text has no loop, no dictionary and no test that this operation does not need.

**Words.** Formulas are written in torch's words ("grad * cos(self)"). There are two vocabularies,
that is, dictionaries of globals. In the first ``cos`` is the forward on arrays, which is the fast
path. For ``create_graph`` the same formula is given the second, in which ``cos`` is the recording
function: the derivative is then itself recorded, and can be differentiated again.
"""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from . import operands
from .bytecode import compiled
from .errors import freed
from .grad_mode import mode, unusual
from .node import FoldedNode, Node, sequence
from .numeric import CONSTANTS, loud, quiet
from .operands import wanting_tensors
from .saved import (
    FREED,
    SavedTensor,
    special,
    unpack,
    unpack_result,
    unpack_result_tensor,
    unpack_tensor,
)
from .shown import shown_fact
from .tensor import INFERENCE, Tensor, new, refresh, view_of

# Annotations that say what an argument may be. They are read as text, see `Entry`.
Array = Any  # a tensor
Number = Any  # a tensor or a Python number
Optional = Any  # a tensor or None
Index = Any  # a tensor that does not share in the common type: positions, masks, classes
Arrays = Any  # a sequence of tensors

KINDS = {"Array", "Number", "Optional", "Arrays", "Index"}

# What can be saved of an argument instead of itself: <argument>_sym_sizes and so on.
FACTS = {"sizes": "_a.shape", "numel": "_a.size", "dtype": "_a.dtype", "needed": "_rg",
         "turned": "_a.flags.f_contiguous"}  # fmt: skip
NAME = re.compile(r"(?<![.\w])[a-zA-Z_]\w*")
FACT = re.compile(r"_(sym_sizes|sym_numel|dtype|needed|turned)$")

ENTRIES: dict[str, Entry] = {}
PUBLIC: dict[str, Any] = {}  # torch's functions, by name
METHODS: dict[str, Any] = {}  # what is also a method of Tensor
# The two vocabularies of formulas: what words mean on arrays, and on tensors.
ARRAYS: dict[str, Any] = {"__builtins__": __builtins__}
WORDS: dict[str, Any] = {"__builtins__": __builtins__}


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
        called = name or function.__name__
        register(called, function, True, method)
        PUBLIC[called] = wanting_tensors(function)
        return function

    return decorate


def word(function: Any) -> Any:
    """A helper of formulas: available in both vocabularies, not public."""
    WORDS[function.__name__] = speak_tensors(function)
    return function


def op(name: str | None = None, *, public: bool = True, method: bool = True, **given: Any) -> Any:
    """Declare an operation of the table: the decorated function is its forward, on arrays.

    Keyword arguments that are no options of `Entry` are formulas, by the argument that they
    differentiate. `public` operations are functions of torch's namespace, and perhaps a `method`.
    """
    options = {k: v for k, v in given.items() if k in Entry.__dataclass_fields__}
    formulas = {k: v for k, v in given.items() if k not in options}

    def decorate(forward: Any) -> Any:
        entry = Entry(name or forward.__name__, forward, formulas, into=public, **options)
        ENTRIES[entry.name] = entry
        register(entry.name, entry.function, public, method)
        return forward

    return decorate


def unary(name: str, forward: Any, formula: str) -> Any:
    """An entry on one line: name, forward, derivative. Integers become floats first."""

    def function(self: Any) -> Any:
        return forward(self)

    function.__name__ = name
    function.__annotations__["self"] = "Array"
    frame: Any = inspect.currentframe()
    part = frame.f_back.f_globals["__name__"]
    return op(name, promote="float", self=formula, module=part)(function)


@dataclass(eq=False)
class Entry:
    """One line of the table, and what is made of it.

    The forward has torch's argument names. What a formula names is saved: an argument, ``result``,
    or ``<argument>_sym_sizes`` (its shape).
    """

    name: str
    forward: Any
    formulas: dict[str, str]
    node: str = ""  # torch's name for the node
    label: str = ""  # what the node says its name is, where that is not its class's
    error: str = ""  # what messages call the operation
    promote: str | None = None  # "float": integers become floats; "same": arguments get a common
    #                             type; "same_float": both
    ufunc: Any = None  # what the forward comes to for two arrays of one type; makes an operator
    view: bool = False  # does the result share its input's memory?
    multiple_views: bool = False
    holomorphic: bool = True  # do the formulas hold for complex numbers, up to conjugation?
    calm: bool = False  # does NumPy hardly ever warn here?
    outputs: int | str | tuple = 1  # "many": a tuple of differentiable results; a number: only the
    #                                 first is differentiable
    names: tuple = ()  # of the outputs, for formulas
    result_type: Any = tuple  # makes what is returned for several outputs
    keeps: tuple = ()  # arguments that torch saves, though the formulas do not need them
    shows: tuple = ()  # saved attributes that torch has and that can be worked out
    hides: tuple = ()  # ... that are saved here and that torch does not have
    inside: tuple = ()  # arrays that the forward returns beside its result, for formulas
    unfold: Any = None  # makes the node that torch has, of one that does several steps at once
    module: str = ""  # the part of the table that it stands in
    into: bool = False  # may the result be put into a tensor given as `out`?

    def __post_init__(self) -> None:
        self.error = self.error or self.name.strip("_")
        self.module = self.module or self.forward.__module__
        self.signature = inspect.signature(self.forward)
        self.kinds = {
            p.name: p.annotation
            for p in self.signature.parameters.values()
            if p.annotation in KINDS
        }
        own = {
            "made", "made_dtype", "made_shape", "node", "result", "seq", "state", "thread", "token",
        }  # fmt: skip
        clash = own & {*self.signature.parameters}
        if clash:
            raise TypeError(f"{self.name}: the written text needs the names {clash} for itself")
        self.differentiable = list(self.formulas)
        self.node_name = self.node or f"{camel(self.name)}Backward0"
        self.wants_all = self.outputs == "many" or isinstance(self.outputs, tuple)
        self.results = {"result": 0, **{n: i for i, n in enumerate(self.names)}}
        self._plan_saving()
        # An operation without derivative never makes a node.
        self.node_class = self._make_node() if self.formulas else Node
        self.source = self._write_function()
        self.function = self._public_function(self.source, "operation")
        self.function.__doc__ = self.forward.__doc__
        self.operator_source = self._write_operator() if self.ufunc is not None else ""
        if self.ufunc is not None:
            self.operator = self._public_function(
                self.operator_source, "operator", general=self.function
            )

    # -- what is saved -----------------------------------------------------------------------------

    def _plan_saving(self) -> None:
        self.wants = {arg: self._saved_names(text) for arg, text in self.formulas.items()}
        self.saved: dict[str, list[str]] = {}  # what is saved -> which arguments' formulas want it
        for arg, names in self.wants.items():
            for n in names:
                self.saved.setdefault(n, []).append(arg)
        for n in self.keeps:
            self.saved.setdefault(n, self.differentiable)
        self.saved_tensors = [s for s in self.saved if s in self.kinds]
        self.saved_results = [s for s in self.saved if s in self.results]
        self.saved_variables = tuple(self.saved_tensors + self.saved_results)

    def _saved_names(self, formula: str) -> list[str]:
        """What a formula names that is neither the gradient nor a word."""
        found = []
        for n in NAME.findall(formula):
            base = FACT.sub("", n)
            known = n in self.results or n in self.inside
            if known or (base in self.signature.parameters and n != "grad"):
                found.append(n)
        return list(dict.fromkeys(found))

    # -- the node ----------------------------------------------------------------------------------

    def _make_node(self) -> type[Node]:
        slots = [f"saved_{s}" for s in self.saved]
        slots += [f"version_{s}" for s in self.saved_variables]
        slots += [f"counter_{s}" for s in self.saved_results]
        slots += ["real"] if self.unfold else []
        space: dict[str, Any] = {
            "__slots__": tuple(slots),
            "_run": self._at_first("_run", True),
            "_run_tensors": self._at_first("_run_tensors", False),
            "_wants_all": self.wants_all,
            "_holomorphic": self.holomorphic,
            "saved_names": tuple(sorted({*self.saved, *self.shows} - {*self.hides})),
            "saved_variables": self.saved_variables,
            "_results": self.results,
            "_label": self.label,
            "__module__": "builtins",  # as torch's, which are written in C++
            "entry": self,
        }
        if self.unfold:
            del space["_run_tensors"]
            space["_unfold"] = staticmethod(self.unfold)
            made_type: Any = type(Node)
            return made_type(self.node_name, (FoldedNode,), space)
        for s in self.saved:
            space[f"_saved_{s}"] = _saved_property(s, self)
        for s in self.saved_variables:
            space[f"_raw_saved_{s}"] = _raw_property(s, self)
        for s in self.shows:
            space[f"_saved_{s}"] = _shown_property(s)
        made_type = type(Node)
        return made_type(self.node_name, (Node,), space)

    @property
    def node_source(self) -> str:
        """The text of the derivative, on arrays."""
        return self._write_run("run", True)

    def _at_first(self, name: str, arrays: bool) -> Any:
        """A program needs few derivatives of all: each is written when it is first called."""

        def run(node: Any, grad: Any, keep: bool) -> Any:
            text = self._write_run(name.strip("_"), arrays)
            made = self._derivative(text, ARRAYS if arrays else WORDS)
            setattr(self.node_class, name, made)
            return made(node, grad, keep)

        return run

    def _write_run(self, name: str, arrays: bool) -> str:
        """The derivative: one gradient, or None, for each edge."""
        grad = "grads" if self.wants_all else "grad"
        w: list[str] = []
        if self.unfold:
            w.append("    if node.real is not None: return node.real._run(grad, keep)")
        many = [a for a in self.differentiable if self.kinds.get(a) == "Arrays"]
        if many:
            # An operation on a list of tensors has as many edges as the list is long.
            w += self._read(many[0], arrays, "    ")
            w.append(f"    to_{many[0]} = {self.formulas[many[0]]}")
            result = f"to_{many[0]}"
        elif len(self.differentiable) == 1:
            (a,) = self.differentiable
            w += self._read(a, arrays, "    ")
            w.append(f"    to_{a} = {self.formulas[a]}")
            result = f"(to_{a},)"
        else:
            result = ", ".join(f"to_{a}" for a in self.differentiable)
            w.append(f"    {result} = node._edges")
            for a in self.differentiable:
                w.append(f"    if to_{a} is not None:")
                w += self._read(a, arrays, "        ")
                w.append(f"        to_{a} = {self.formulas[a]}")
        if self.saved_variables or self.inside:
            freed = " = ".join(f"node.saved_{s}" for s in (*self.saved_variables, *self.inside))
            w.append(f"    if not keep: {freed} = FREED")
        w.append(f"    return {result}")
        text = "\n".join(w)
        used = {*NAME.findall(text)}
        helpers = "".join(f", {h}={h}" for h in READERS if h in used)
        return f"def {name}(node, {grad}, keep{helpers}):\n{text}"

    def _read(self, arg: str, arrays: bool, pad: str) -> list[str]:
        """Lines that read what the formula for `arg` needs."""
        w = []
        for s in self.wants[arg]:
            if s in self.inside:
                w.append(f"{s} = node.saved_{s}")
                w.append(f"if {s} is FREED: raise freed()")
            elif s not in self.saved_variables:
                w.append(f"{s} = node.saved_{s}")
            elif self.kinds.get(s) == "Arrays":
                read = "unpack" if arrays else "unpack_tensor"
                w.append(f"{s} = [{read}(node, '{s}', i) for i in range(len(node._edges))]")
            elif not arrays:
                read = "unpack_result_tensor" if s in self.saved_results else "unpack_tensor"
                w.append(f"{s} = {read}(node, '{s}')")
            elif s in self.saved_results:
                w += [
                    f"{s} = node.saved_{s}",
                    f"if {s}.__class__ is not ndarray or "
                    f"node.counter_{s}[0] != node.version_{s}: {s} = unpack_result(node, '{s}')",
                ]
            else:
                w += [
                    f"{s} = node.saved_{s}",
                    f"if {s}.__class__ is Tensor and {s}._counter[0] == node.version_{s}:"
                    f" {s} = {s}._a",
                ]
                if self.kinds[s] == "Optional":
                    w.append(f"elif {s} is None: pass")
                if self.kinds[s] == "Number":
                    # (For a NumPy scalar, a Python number is the cheapest partner.)
                    w.append(f"elif {s}.__class__ is float:")
                    w.append(f"    if grad.__class__ is ndarray: {s} = constants[grad.dtype][{s}]")
                w.append(f"else: {s} = unpack(node, '{s}')")
        return [pad + x for x in w]

    # -- the public function -----------------------------------------------------------------------

    def _write_function(self) -> str:
        parts, call, self.defaults, starred = [], [], {}, False
        for p in self.signature.parameters.values():
            v = shown(p.name)
            if p.kind is p.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            if p.default is not p.empty:
                self.defaults[f"default_{p.name}"] = p.default
            parts.append(v if p.default is p.empty else f"{v}=default_{p.name}")
            value = f"{v}_a" if p.name in self.kinds else v
            call.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY else value)
        into = self.into and self.outputs == 1 and not self.view
        if into:
            parts += ["out=None"] if starred else ["*", "out=None"]
        w = [f"def {self.name}({', '.join(parts)}):"]
        if into:
            given = ", ".join(f"{shown(n)}={shown(n)}" for n in self.signature.parameters)
            w.append(f"    if out is not None: return into(out, {self.name}, dict({given}))")
        if self.unfold:
            w.append("    if unusual and thread.state.__class__ is not bool: raise Unusual")
        for position, a in enumerate(self.signature.parameters, 1):
            if a in self.kinds:
                w += self._unwrap(a, self.kinds[a], position)
        results = ", ".join(("result", *self.inside))
        run = [*self._promotion(), f"    {results} = forward({', '.join(call)})"]
        if self.view:
            w += run
        elif self.calm:
            # A warning that filters have made an error is no error here: once more, quietly.
            w += ["    try:", *("    " + x for x in run), "    except RuntimeWarning:"]
            w += ["        token = quiet()", "        try:", *("        " + x for x in run)]
            w.append("        finally: loud(token)")
        else:
            w += ["    token = quiet()", "    try:", *("    " + x for x in run)]
            if self.promote in ("same", "same_float"):
                arrays = ", ".join(f"{shown(a)}_a" for a, k in self.kinds.items() if k != "Index")
                w += [
                    "    except ValueError as error:",
                    f"        raise cannot_broadcast(error, {arrays}) from None",
                ]
            w.append("    finally: loud(token)")
        w += self._wrap_one() if self.outputs == 1 else self._wrap_many()
        return "\n".join(w)

    def _unwrap(self, a: str, kind: str, position: int) -> list[str]:
        """Lines that turn an argument `v` into an array `v_a`, and note whether it is tracked."""
        v, where = shown(a), f"'{self.error}', '{shown(a)}', {position}"
        used, kept = a in self.differentiable, a in self.saved_tensors
        untracked = (f"; {v}_rg = False" if used else "") + (f"; {v}_c = NEVER" if kept else "")
        if kind == "Arrays":
            return [
                f"    {v} = tensor_list({v}, {where})",
                f"    {v}_a = [t._a for t in {v}]",
                *([f"    {v}_rg = any_tracked({v})"] if used else []),
            ]
        w = [
            f"    if {v}.__class__ is Tensor or isinstance({v}, Tensor):",
            f"        if {v}._view is not None: refresh({v})",
            f"        {v}_a = {v}._a"
            + (f"; {v}_rg = {v}._rg" if used else "")
            + (f"; {v}_c = {v}._counter" if kept else ""),
        ]
        if kind == "Optional":
            w.append(f"    elif {v} is None: {v}_a = None{untracked}")
        if kind == "Number":
            return [*w, f"    else: {v}_a = number({v}, {where}){untracked}"]
        return [*w, "    else: raise Unusual" if self.unfold else
                f"    else: not_a_tensor({v}, {where})"]  # fmt: skip

    def _promotion(self) -> list[str]:
        args = [shown(a) for a, k in self.kinds.items() if k in ("Array", "Number", "Optional")]
        if self.promote == "float":
            return [f"    if {args[0]}_a.dtype.kind in 'iub': {args[0]}_a = as_float({args[0]}_a)"]
        if self.promote is None:
            return []
        arrays, floating = ", ".join(f"{a}_a" for a in args), self.promote == "same_float"
        if len(args) == 2 and "Number" not in self.kinds.values() and not floating:
            return [
                f"    if {args[0]}_a.dtype is not {args[1]}_a.dtype:",
                f"        {arrays} = common(False, {arrays})",
            ]
        return [f"    {arrays} = common({floating}, {arrays})"]

    def _wrap_one(self, dtype: str = "result.dtype") -> list[str]:
        """Lines that make the result a tensor, and record the operation if that is called for."""
        w = [
            "    if result.__class__ is not ndarray: result = asarray(result)",
            "    made = new(Tensor); made._a = result",
        ]
        if self.view:
            w.append("    made._counter = input._counter; made._grad = made._hooks = None; "
                     f"made._view = view_of(input, {self.multiple_views})")  # fmt: skip
        else:
            w.append("    made._counter = [0]; made._grad = made._hooks = made._view = None")
        if self.formulas:
            tracked = " or ".join(f"{shown(a)}_rg" for a in self.differentiable)
            # (Only conversions make anything but floats of floats.)
            converts = "dtype" in self.signature.parameters
            floats = " and result.dtype.kind in 'fc'" if converts else ""
            w.append("    state = thread.state if unusual else True")
            w.append(f"    if ({tracked}) and state{floats}:")
            w += self._record(dtype)
        # A view made under no_grad is no part of the graph, yet says it requires grad.
        tracked_view = self.view and "self" in self.differentiable
        w.append(f"    made._edge = None; made._rg = {'input_rg' if tracked_view else 'False'}")
        if not self.view:
            state = "state" if self.formulas else "unusual and thread.state"
            w += [f"    if {state}.__class__ is not bool and thread.inference:",
                  "        made._counter = INFERENCE"]  # fmt: skip
        return [*w, "    return made"]

    def _record(self, dtype: str) -> list[str]:
        """Lines that make the node; they end with the return of the recorded result."""
        return [
            *self._make(),
            "        node._shape = made_shape = result.shape",
            f"        node._dtype = made_dtype = {dtype}",
            *self._keep("result", "made._counter"),
            "        made._rg = True; made._edge = (seq, node, None, made_shape, made_dtype)",
            "        if state is not True: special(node)",
            "        return made",
        ]

    def _make(self) -> list[str]:
        """Lines that make a node and its edges; a leaf is an edge itself."""
        many = [a for a in self.differentiable if self.kinds.get(a) == "Arrays"]
        if many:
            v = shown(many[0])
            edges = f"tuple([(t._edge or t) if t._rg else None for t in {v}])"
        else:
            edges = ", ".join(f"({shown(a)}._edge or {shown(a)}) if {shown(a)}_rg else None"
                              for a in self.differentiable) + ","  # fmt: skip
        return [
            # (A folded node leaves numbers free for the nodes inside it.)
            *(["        next(sequence); next(sequence)"] if self.unfold else []),
            "        node = Backward(); node._seq = seq = next(sequence); node._hooks = None"
            + ("; node.real = None" if self.unfold else ""),
            f"        node._edges = {edges}",
        ]

    def _keep(self, result: str, counter: str) -> list[str]:
        """Lines that save what the formulas need."""
        w = []
        for s, owners in self.saved.items():
            v = shown(s)
            base = FACT.sub("", s)
            if self.kinds.get(s) == "Arrays":
                w += [
                    f"node.saved_{s} = tuple({v})",
                    f"node.version_{s} = tuple([t._counter[0] for t in {v}])",
                ]
            elif s in self.saved_tensors:
                # Only what some wanted derivative needs is kept alive.
                wanted = " or ".join(f"{shown(o)}_rg" for o in owners)
                everyone = len(owners) == len(self.differentiable)
                if everyone:
                    w.append(f"node.saved_{s} = {v}; node.version_{s} = {v}_c[0]")
                    continue
                w.append(f"if {wanted}: node.saved_{s} = {v}; node.version_{s} = {v}_c[0]")
                w.append(f"else: node.saved_{s} = node.version_{s} = None")
            elif s in self.saved_results:
                i = self.results[s]
                r, c = result.format(i), counter.format(i)
                w.append(f"node.saved_{s} = {r}; node.counter_{s} = c = {c}; "
                         f"node.version_{s} = c[0]")  # fmt: skip
            elif s in self.signature.parameters or s in self.inside:
                w.append(f"node.saved_{s} = {s}")
            elif self.kinds[base] == "Arrays":
                w.append(f"node.saved_{s} = [a.shape for a in {shown(base)}_a]")
            else:
                w.append(f"node.saved_{s} = {shown(base)}{FACTS[s.rsplit('_', 1)[1]]}")
        return ["        " + x for x in w]

    def _wrap_many(self) -> list[str]:
        n = len(self.outputs) if isinstance(self.outputs, tuple) else "len(result)"
        wrap = ("wrap_views(result, input, %s)" if self.view else
                f"wrap_all(result, %s, {n if self.wants_all else 1})")  # fmt: skip
        if not self.formulas:
            return [f"    return package({wrap % None})"]
        tracked = " or ".join(f"{shown(a)}_rg" for a in self.differentiable)
        return [
            "    state = thread.state if unusual else True",
            f"    if ({tracked}) and state:",
            *self._make(),
            f"        outs = {wrap % 'node'}",
            *self._keep("outs[{}]._a", "outs[{}]._counter"),
            "        if state is not True: special(node)",
            "        return package(outs)",
            f"    return package({wrap % None})",
        ]

    # -- Python's operator -------------------------------------------------------------------------

    def _write_operator(self) -> str:
        """Two tensors of one type, or a tensor and a number; all else goes the general way.

        What that saves, for eleven numbers: the forward is the ufunc itself and not a function of
        ours that calls it (0.1 us), a number becomes an array once and for all (0.4 us), and with
        fewer questions the text is half as long (0.2 us).
        """
        whole = " or dtype.kind != 'f'" if self.promote == "same_float" else ""
        w = [
            f"def {self.name}(input, other):",
            *self._current("input", "    "),
            "    a = input._a; input_rg = input._rg; dtype = a.dtype",
            "    if other.__class__ is Tensor:",
            *self._current("other", "        "),
            "        b = other._a; other_rg = other._rg",
            "    elif other.__class__ is float or other.__class__ is int:",
            "        b = constants[dtype][other]; other_rg = False; other_c = NEVER",
            "        if b.__class__ is not ndarray: return general(input, other)",
            "    elif isinstance(other, OPERANDS): return general(input, other)",
            "    else: return NotImplemented",
            f"    if b.dtype is not dtype{whole}: return general(input, other)",
        ]
        if whole:
            w += ["    token = quiet()", "    try: result = ufunc(a, b)",
                  "    except ValueError: return general(input, other)",
                  "    finally: loud(token)"]  # fmt: skip
        else:
            # The general way says what is wrong; or, if a warning was made an error, says nothing.
            w += [
                "    try: result = ufunc(a, b)",
                "    except (ValueError, TypeError, RuntimeWarning):",
                "        return general(input, other)",
            ]
        if "alpha" in self.saved:
            w.append("    alpha = 1")
        return "\n".join(w + self._wrap_one("dtype"))

    def _current(self, v: str, pad: str) -> list[str]:
        """Lines that renew the history of an operand, and note its counter if it will be saved."""
        saved = v.replace("input", "self") in self.saved_tensors
        c = f"{v}_c" if saved else f"{v}._counter"
        return [
            *([f"{pad}{c} = {v}._counter"] if saved else []),
            f"{pad}if {v}._view is not None and (",
            f"{pad}    {c} is INFERENCE or {v}._view[1] != {c}[0]): refresh({v})",
        ]

    # -- from text to functions --------------------------------------------------------------------

    def _public_function(self, text: str, what: str, **more: Any) -> Any:
        space = {
            "Tensor": Tensor, "ndarray": np.ndarray, "Backward": self.node_class, "thread": mode,
            "forward": self.forward, "ufunc": self.ufunc, "package": self.result_type, "new": new,
            "sequence": sequence, "asarray": np.asarray, "refresh": refresh, "view_of": view_of,
            "special": special, "INFERENCE": INFERENCE, "quiet": quiet, "loud": loud,
            "constants": CONSTANTS, "unusual": unusual, "__name__": "autograd_lib.derivatives",
            **vars(operands), **self.defaults, **more,
        }  # fmt: skip
        exec(_compiled(text, f"<{what} {self.name}>"), space)
        return space[self.name]

    def _derivative(self, text: str, space: dict[str, Any]) -> Any:
        """The function with the words of `space` as its globals."""
        scratch = dict(READERS)
        exec(_compiled(text, f"<derivative {self.name}>"), scratch)
        made = next(f for f in scratch.values() if isinstance(f, FunctionType) and
                    f.__code__.co_filename == f"<derivative {self.name}>")  # fmt: skip
        return FunctionType(made.__code__, space, made.__name__, made.__defaults__)


# What derivatives need besides words. They get it as default arguments: those are local variables,
# the fastest kind there is, and the words' own space stays clean.
READERS = {
    "Tensor": Tensor, "ndarray": np.ndarray, "FREED": FREED, "unpack": unpack,
    "unpack_tensor": unpack_tensor, "unpack_result": unpack_result,
    "unpack_result_tensor": unpack_result_tensor, "constants": CONSTANTS, "freed": freed,
}  # fmt: skip


def _compiled(text: str, filename: str) -> CodeType:
    # Tracebacks show the written source too.
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    return compiled(text, filename)


def shown(name: str) -> str:
    """torch calls the first argument `input` where the table says `self`."""
    return "input" if name == "self" else name


# -- what nodes show of what they saved ------------------------------------------------------------


def _saved_property(name: str, entry: Entry) -> property:
    if name in entry.saved_results:
        return property(lambda node: unpack_result_tensor(node, name))
    if entry.kinds.get(name) == "Arrays":
        return property(
            lambda node: tuple(unpack_tensor(node, name, i) for i in range(len(node._edges)))
        )
    if name in entry.saved_tensors:
        return property(lambda node: unpack_tensor(node, name, always=True))
    return property(lambda node: shown_fact(node, name, getattr(node, f"saved_{name}")))


def _shown_property(name: str) -> property:
    """A fact about a saved tensor that torch keeps on its own and we need not."""
    base, what = re.fullmatch(r"(.*)_sym_(sizes|strides)", name).groups()  # type: ignore[union-attr]

    def read(node: Any) -> Any:
        t = unpack_tensor(node, base)
        return None if t is None else tuple(t.shape if what == "sizes" else t.stride())

    return property(read)


def _raw_property(name: str, entry: Entry) -> property:
    if entry.kinds.get(name) == "Arrays":
        return property(
            lambda node: tuple(SavedTensor(node, name, i) for i in range(len(node._edges)))
        )
    return property(lambda node: SavedTensor(node, name))


__all__ = [
    "ENTRIES", "METHODS", "PUBLIC", "WORDS", "Array", "Arrays", "Index", "Number", "Optional", "op",
    "public", "unary", "word",
]  # fmt: skip
