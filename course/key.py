"""What an answer key is made of.

A lesson's `key.py` stands beside its `lesson.md` and is never shipped to students. It has one
`Exercise` for each function or class that students write, and for each of these:

- **cases**: generators of plain descriptions of inputs. One generator serves twice: drawn with a
  public seed it gives the case that students see, drawn with a class's secret seed the one that
  is graded.
- **laws**: properties that a right answer has on any input. They need no recorded answer.
- **right** answers, written differently from the lesson's own solution, which checks must accept.
- **wrong** answers, each with the number of its mistake in the catalogue of misconceptions: checks
  must reject them, and a student whose code does the same is told which mistake it is.

The lesson's solution is the reference, unless the key gives an independent `oracle`.

A `Question` is the small sister of an exercise: a function without arguments that returns one
word, number or truth value. Its answers leave the key only as hashes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .describe import (
    Plain,
    array,
    function,
    graph,
    known,
    new,
    program,
    same,
    tensor,
)
from .observe import Rules

__all__ = [
    "BY_HAND",
    "ENGINES",
    "Exercise",
    "Question",
    "array",
    "function",
    "graph",
    "known",
    "new",
    "program",
    "same",
    "tensor",
]

ENGINES = (
    "autograd_lib",
    "torch",
    "jax",
    "autograd",
    "tensorflow",
    "mxnet",
    "tinygrad",
    "micrograd",
    "mygrad",
    "sympy",
    "casadi",
)
"""Libraries that differentiate: what an exercise on one's own engine forbids"""

BY_HAND = (*ENGINES[2:], "backward", "grad", "vjp", "jvp", "jacrev", "jacfwd", "jacobian")
"""What an exercise forbids that asks for gradients by hand, though it may calculate with tensors"""

Generator = Callable[[np.random.RandomState], Plain]


@dataclass(frozen=True)
class Case:
    """One generator of inputs, belonging to one check."""

    check: str
    draw: Generator
    draws: int


@dataclass(frozen=True)
class Law:
    """One property, belonging to one check."""

    check: str
    holds: Callable[..., None]
    on: Generator


@dataclass(frozen=True)
class Wrong:
    """One known-wrong answer: the mistake it makes, in words, and what to try."""

    name: str
    mistake: int | None
    what: str
    experiment: str
    answer: Any


@dataclass(frozen=True)
class Constraints:
    """What an answer may not do, however right its results are."""

    forbid: tuple[str, ...] = ()
    """names that it may not use; see `course.forbid`"""
    instead: str = ""
    """a sentence on what to do instead"""
    callbacks: int | None = None
    """how often it may call a function that it is given, None where nobody counts"""
    own_engine: bool = False
    """graded where no library that differentiates can be imported"""


NO_CONSTRAINTS = Constraints()


@dataclass
class Exercise:
    """One thing that students write, and all that is known about right and wrong ways to do it.

    `name` is the function's or class's name; `sees` are the paths looked at after a call
    (`result`, `w.grad`, `result is w`); `also` names further objects of the student's that its
    checks hand over; `experiment` is what to try where no mistake is recognised. For `tolerance`
    and `any_number_type` see `course.observe.Rules`; for `forbid`, `instead`, `callbacks` and
    `own_engine`, which forbids `ENGINES` too, see `Constraints`.
    """

    name: str
    sees: list[str] = field(default_factory=lambda: ["result"])
    also: list[str] = field(default_factory=list)
    experiment: str = ""
    tolerance: tuple[float, float] | None = None
    any_number_type: bool = False
    forbid: Sequence[str] = ()
    instead: str = ""
    callbacks: int | None = None
    own_engine: bool = False

    def __post_init__(self) -> None:
        self.cases: list[Case] = []
        self.laws: list[Law] = []
        self.rights: list[Any] = []
        self.wrongs: list[Wrong] = []
        self.answer: Any = None

    @property
    def rules(self) -> Rules:
        """How strictly this exercise's values are compared."""
        return Rules(self.tolerance, self.any_number_type)

    @property
    def constraints(self) -> Constraints:
        """What an answer to this exercise may not do."""
        forbid = (*self.forbid, *(ENGINES if self.own_engine else ()))
        return Constraints(forbid, self.instead, self.callbacks, self.own_engine)

    def case(self, check: str, draws: int = 1) -> Callable[[Generator], Generator]:
        """Add a generator of inputs to a check: `rng` in, a dictionary of descriptions out.

        The dictionary's order is the order of the function's arguments. `draws` cases are made
        from it, each with numbers of its own.
        """

        def add(draw: Generator) -> Generator:
            self.cases.append(Case(check, draw, draws))
            return draw

        return add

    def law(self, check: str, on: Generator | None = None) -> Callable[[Callable], Callable]:
        """Add a property to a check: a function of (f, new) that asserts what must hold.

        `f` is the answer under test, `new()` builds fresh arguments, as a tuple, from the
        generator `on` (default: the exercise's first). The property's docstring says to students
        what must hold; it must not name inputs.
        """

        def add(holds: Callable[..., None]) -> Callable[..., None]:
            generator = on or (self.cases[0].draw if self.cases else None)
            if generator is None:
                raise ValueError(f"law {check!r} needs a generator of inputs: say on=...")
            self.laws.append(Law(check, holds, generator))
            return holds

        return add

    def right(self, answer: Any) -> Any:
        """Add another right answer, written differently."""
        self.rights.append(answer)
        return answer

    def wrong(self, mistake: int | None, what: str, *, experiment: str) -> Callable[[Any], Any]:
        """Add a known-wrong answer: `what` completes "this is what you get when ...".

        `mistake` is its number in the catalogue of misconceptions, None where it is not in there.
        """

        def add(answer: Any) -> Any:
            self.wrongs.append(Wrong(answer.__name__, mistake, what, experiment, answer))
            return answer

        return add

    def oracle(self, answer: Any) -> Any:
        """Take this answer as the reference, instead of the lesson's own solution."""
        self.answer = answer
        return answer


@dataclass(frozen=True)
class Question:
    """A question about what was read: predict it, or remember it.

    `answers` are all right ones; `explain` is said when the answer is right; `wrong` maps wrong
    answers to what is said of them, `experiment` what to do after any other.
    """

    name: str
    answers: tuple[Any, ...]
    explain: str
    experiment: str
    wrong: Mapping[Any, str] = field(default_factory=dict)


def answer_hash(question: str, answer: Any) -> str:
    """Return the hash under which an answer to a question is known.

    Case and spaces of a word do not count; a number counts with four digits. An object that is
    none of these has the hash of no answer.
    """
    if type(answer) is str:
        word = "".join(answer.split()).lower()
    elif type(answer) in (bool, type(None)):
        word = str(answer)
    elif isinstance(answer, int | float):
        word = f"{float(answer):.4g}"
    else:
        word = f"<{type(answer).__name__}>"
    return hashlib.sha256(f"{question}/{word}".encode()).hexdigest()[:16]


def load_key(path: Path) -> dict[str, Exercise | Question]:
    """Run a key.py and return its exercises and questions by name, in their order.

    Raises ValueError where two of them bear one name, FileNotFoundError where there is no file.
    """
    spec = importlib.util.spec_from_file_location(f"course_key_{path.parent.name}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"there is no answer key at {path}")
    module = importlib.util.module_from_spec(spec)
    # Registered, so that the text of its functions and classes can be looked up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    key: dict[str, Exercise | Question] = {}
    for value in vars(module).values():
        if (
            isinstance(value, Exercise | Question)
            and key.setdefault(value.name, value) is not value
        ):
            raise ValueError(f"{path} has two exercises called {value.name!r}")
    return key


def stream(seed: str, *labels: Any) -> np.random.RandomState:
    """Return the random stream that belongs to a seed and these labels, the same everywhere.

    RandomState, not Generator: NumPy promises that its numbers never change between versions,
    and a lesson built next year must be the lesson that was released.
    """
    digest = hashlib.sha256("/".join([seed, *map(str, labels)]).encode()).digest()
    return np.random.RandomState(int.from_bytes(digest[:4], "little"))


def case_arguments(description: Plain) -> Mapping[str, Plain]:
    """Check that a generator returned a dictionary of descriptions or a program, and return it."""
    if not isinstance(description, dict) or not all(isinstance(k, str) for k in description):
        raise TypeError("a case's generator returns a dictionary of descriptions, or program(...)")
    return description
