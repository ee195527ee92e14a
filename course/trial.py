"""Trials: run somebody's code on one case, once, and write down what it did.

The student's function, the reference answer and the known-wrong answers all go through `attempt`,
so that what is compared was observed in the same way. A trial leaves no traces: what the code
prints and warns is caught, random generators and the gradient mode are put back.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import CodeType, TracebackType
from typing import Any

import numpy as np

import autograd_lib as torch

from .describe import Plain, build_names, is_program
from .observe import look, observe

elsewhere: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext
"""Entered around every trial. Whoever tries code that lives in another process starts that process
afresh too."""

_lent = torch.Generator()
"""Stands in for the engine's own generator during a trial, which costs less than its state."""

generators_are_free = False
"""Whether nobody goes on with Python's and NumPy's random generators after a trial: to put them
back takes longer than many a trial does."""

MISSING = {"type": "missing"}
"""Observed where a path leads nowhere: no such attribute, or nothing to look into."""


@dataclass
class Raised:
    """An exception that somebody's code raised."""

    type: str
    text: str
    hint: str = ""
    """what the engine adds to torch's words"""
    line: str = ""
    """the last line of the student's own cells that it passed through"""
    number: int = 0
    attempted: bool = True
    """False where a stub was left as it was"""
    function: str = ""
    """the innermost function that it passed through, such as `Value.__mul__`"""


@dataclass
class Trial:
    """What one run on one case did."""

    seen: dict[str, Plain] = field(default_factory=dict)
    raised: Raised | None = None
    printed: str = ""
    calls: dict[str, int] = field(default_factory=dict)
    """how often each function among the arguments was called, where that is counted"""
    left: str = ""
    """what the code has changed for all that comes after it, in words"""

    def to_plain(self) -> Plain:
        """Return what identifies the behaviour: observations, or the exception."""
        if self.raised is not None:
            return {"raised": [self.raised.type, self.raised.text]}
        return {"seen": self.seen}


def attempt(
    case: Plain, objects: Mapping[str, Any], sees: Sequence[str], *, counting: bool = False
) -> Trial:
    """Build a case's values, run the first of `objects` (or the case's program), look at `sees`.

    Arguments are passed by position, so that a student may rename them. When `counting`, it is
    counted how often functions among them are called. Raises nothing that the code under trial
    raises, but for KeyboardInterrupt.
    """
    trial = Trial()
    with quietly() as printed:
        try:
            if is_program(case):
                names = build_names(case["names"], objects)
                # The statements come from an answer key, never from a submission.
                exec(case["text"], dict(objects), names)
            else:
                names = build_names(case, objects)
                function = next(iter(objects.values()))
                given = _counted(names, trial.calls) if counting else names
                names["result"] = function(*given.values())
            trial.seen = {path: observe_path(path, names) for path in sees}
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            trial.raised = describe_exception(error)
        trial.left = _left_behind()
    trial.printed = printed.getvalue()
    return trial


def _counted(names: Mapping[str, Any], calls: dict[str, int]) -> dict[str, Any]:
    """Have calls of the functions among these values counted.

    The count is kept on this side: code that is tried in another process cannot change it.
    """

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        calls[name] = 0

        def counted(*args: Any, **kwargs: Any) -> Any:
            calls[name] += 1
            return function(*args, **kwargs)

        return counted

    return {
        name: counting(name, value)
        if callable(value) and not isinstance(value, torch.Tensor)
        else value
        for name, value in names.items()
    }


def _left_behind() -> str:
    """Say what is no longer as `quietly` has set it, or nothing."""
    if not torch.is_grad_enabled():
        return (
            "gradients are switched off when it is done, for all that comes later: "
            "`with torch.no_grad():` switches them on again by itself"
        )
    if torch.get_default_dtype() != torch.float32:
        return "tensors made later have another dtype: leave `set_default_dtype` out"
    return ""


def observe_path(path: str, names: Mapping[str, Any]) -> Plain:
    """Observe what a path leads to, MISSING where it leads nowhere."""
    try:
        return observe(look(path, names))
    except (AttributeError, IndexError, KeyError, TypeError):
        return MISSING


@contextlib.contextmanager
def _putting_back() -> Iterator[None]:
    """Put Python's and NumPy's random generators back after a block."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextlib.contextmanager
def quietly() -> Iterator[io.StringIO]:
    """Run a block with output and warnings caught, and put global state back after it.

    Generators start from a fixed seed, so that code that draws numbers does the same each time.
    """
    global generators_are_free
    printed = io.StringIO()
    generator = torch.default_generator
    engine_state = vars(generator).copy()
    # A trial within a trial has one of its own.
    lent = torch.Generator() if generator._engine is _lent._engine else _lent
    grad_mode, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    free = generators_are_free
    with (
        contextlib.nullcontext() if free else _putting_back(),
        elsewhere(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
        np.errstate(),
    ):
        warnings.simplefilter("ignore")
        random.seed(0)
        np.random.seed(0)
        vars(generator).update(vars(lent.manual_seed(0)))
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        # A trial within this one puts back what this one goes on with.
        generators_are_free = False
        try:
            yield printed
        finally:
            generators_are_free = free
            vars(generator).update(engine_state)
            torch.set_grad_enabled(grad_mode)
            torch.set_default_dtype(dtype)


def describe_exception(error: BaseException) -> Raised:
    """Write down an exception: its type, its text, and where in the student's own code it arose."""
    raised = Raised(type(error).__name__, _text(error), hint=" ".join(_notes(error)))
    # A stub says NotImplementedError with nothing behind it; a student's own use of it says more.
    raised.attempted = not (isinstance(error, NotImplementedError) and not raised.text)
    # An exception that comes from another process has been told where it arose.
    told = getattr(error, "student_line", None)
    if told is not None:
        raised.line, raised.number, raised.function = told
        return raised
    for code, number in _frames(error.__traceback__):
        raised.function = code.co_qualname.rpartition("<locals>.")[2]
        filename = code.co_filename
        if "ipykernel_" in filename or filename.startswith("<ipython-input"):
            raised.line = linecache.getline(filename, number).strip()
            raised.number = number
    return raised


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _notes(error: BaseException) -> list[str]:
    return [note for note in getattr(error, "__notes__", []) if isinstance(note, str)]


def _frames(traceback: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code, traceback.tb_lineno
        traceback = traceback.tb_next
