"""Whether operations are recorded: per thread, switched by contexts that are also decorators."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any

from . import errors

new, get_ident = object.__new__, threading.get_ident
# Which threads are in any state but plain recording (and "anomaly", which all new threads are). As
# long as there are none, an operation need not ask its thread for its state: that takes 0.07 us.
unusual: set[Any] = set()


class _Mode(threading.local):
    """What this thread is doing.

    Every operation asks two questions: is it to be recorded, and is anything unusual going on
    (inference mode, anomaly mode, hooks on saved tensors)? One look at `state` answers both, since
    a look at a thread's own attribute is dear: True or False when nothing is unusual, else 1 or 0.
    """

    # Class attributes are what a new thread starts with; assigning makes them the thread's own.
    state: Any = True
    inference = False  # inside inference_mode: no version counters, nothing saved, ever
    asked = False  # what grad mode is said to be there, where nothing is recorded anyway
    anomaly = False  # remember where each node was made
    check_nan = True
    saved_hooks: tuple = ()  # stack of (pack, unpack)
    no_saved_hooks: str | None = None  # why hooks on saved tensors are refused, if they are
    before_write: Any = None  # called before memory is changed in place
    node: Any = None  # the node being run, for anomaly mode
    transforms = 0  # how many functions of torch.func are under way
    task: Any = None  # the long walk that is under way

    @property
    def enabled(self) -> bool:
        """Whether operations are recorded."""
        return bool(self.state) or (self.inference and self.asked)

    @enabled.setter
    def enabled(self, on: Any) -> None:
        modes = self.anomaly or self.saved_hooks or self.inference
        self.asked = on = bool(on)
        unusual.add(get_ident())  # (first: an interrupt leaves one too many, never one too few)
        self.state = int(on and not self.inference) if modes else on
        if self.state is True:
            unusual.discard(get_ident())

    def settle(self) -> None:
        """To be called when something unusual begins or ends."""
        self.enabled = self.enabled


mode = thread = _Mode()


def set_anomaly(on: bool, check_nan: bool) -> None:
    """Switch anomaly mode on this thread, and on those that begin from now on."""
    for where in (_Mode, mode):
        where.anomaly, where.check_nan = on, check_nan
    _Mode.state = 1 if on else True
    (unusual.add if on else unusual.discard)("anomaly")
    mode.settle()


def push_saved_hooks(pack: Any, unpack: Any) -> None:
    """From now on, nodes keep what `pack` makes of a tensor; `unpack` turns it back."""
    if mode.no_saved_hooks is not None:
        raise RuntimeError(mode.no_saved_hooks)
    if not callable(pack) or not callable(unpack):
        raise TypeError(errors.PUSH_HOOKS.format(pack, unpack))
    mode.saved_hooks = (*mode.saved_hooks, (pack, unpack))
    mode.settle()


def pop_saved_hooks() -> None:
    """Until here: the hooks pushed last are no longer in force."""
    mode.saved_hooks = mode.saved_hooks[:-1]
    mode.settle()


class _Context:
    """A context that is also a decorator, for functions and for generators."""

    __slots__ = ("__weakref__", "before")  # (without a dictionary, 0.05 us less)

    def __new__(cls, function: Any = None, *args: Any, **kwargs: Any) -> Any:
        # `@no_grad` without parentheses hands over the function itself.
        if function is not None and cls._bare and callable(function):
            return cls()(function)
        return new(cls)

    _bare = False

    def __call__(self, function: Callable) -> Callable:
        if inspect.isclass(function):
            warnings.warn(errors.DECORATED_CLASS, FutureWarning, stacklevel=2)
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                # The mode belongs to the generator's own steps, not to whoever consumes them.
                steps = function(*args, **kwargs)
                value = None
                with self.clone():
                    try:
                        item = steps.send(None)
                    except StopIteration as stop:
                        return stop.value
                while True:
                    try:
                        value = yield item
                    except GeneratorExit:
                        with self.clone():
                            steps.close()
                        raise
                    except BaseException as error:
                        with self.clone():
                            try:
                                item = steps.throw(error)
                            except StopIteration as stop:
                                return stop.value
                    else:
                        with self.clone():
                            try:
                                item = steps.send(value)
                            except StopIteration as stop:
                                return stop.value

            return generator

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return wrapper

    def clone(self) -> Any:
        return type(self)()

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *error: Any) -> Any:
        raise NotImplementedError


class no_grad(_Context):
    """Record nothing inside: results do not require grad."""

    __slots__ = ()

    # (Without lists of arguments: every step of training enters this and leaves it, 0.1 us.)
    def __new__(cls, function: Any = None) -> Any:
        return new(cls) if function is None else cls()(function)

    def __enter__(self) -> None:
        state = mode.state if unusual else True
        if state.__class__ is bool:
            unusual.add(get_ident())
            self.before, mode.state = state, False
        else:
            self.before, mode.enabled = mode.enabled, False

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if mode.state.__class__ is bool:
            mode.state = self.before
            if self.before:
                unusual.discard(get_ident())
        else:
            mode.enabled = self.before


class enable_grad(_Context):
    """Record inside, even within `no_grad`."""

    _bare = True

    def __enter__(self) -> None:
        self.before, mode.enabled = mode.enabled, True

    def __exit__(self, *error: Any) -> None:
        mode.enabled = self.before


class set_grad_enabled(_Context):
    """Switch recording on or off: at once, and back at the end of a `with`."""

    def __init__(self, mode: bool):
        errors.must_be_bool("set_grad_enabled", "enabled", mode)
        self.before, self.mode = thread.enabled, mode
        thread.enabled = self.mode

    def __call__(self, function: Callable) -> Callable:
        mode.enabled = self.before
        return super().__call__(function)

    def clone(self) -> Any:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        mode.enabled = self.mode

    def __exit__(self, *error: Any) -> None:
        mode.enabled = self.before


class inference_mode(_Context):
    """`no_grad`, and more: tensors made inside can never enter a recorded computation."""

    _bare = True

    def __init__(self, mode: Any = True):
        self.mode = mode is True or callable(mode)
        self.before = (True, False)

    def clone(self) -> Any:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        self.before = (mode.enabled, mode.inference)
        mode.inference = self.mode
        mode.enabled = not self.mode

    def __exit__(self, *error: Any) -> None:
        enabled, mode.inference = self.before
        mode.enabled = enabled


def is_grad_enabled() -> bool:
    """Whether operations are being recorded on this thread."""
    return mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return mode.inference


# torch's own module path is part of what these objects print.
for _c in (no_grad, enable_grad, set_grad_enabled, inference_mode):
    _c.__module__ = "torch.autograd.grad_mode"
