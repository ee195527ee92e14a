"""Where a check's cases come from: recorded beside the lesson, or made live from its answer key.

On a student's machine there is no key. What the visible checks need was *recorded* when the lesson
was built: inputs as descriptions, what the reference did, and what each known-wrong answer did
(numbers only, no code). Where the key is at hand, on an instructor's machine, cases are *live*:
made from the key's generators with the class's own seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from .describe import Plain, build_names
from .key import (
    NO_CONSTRAINTS,
    Constraints,
    Exercise,
    Law,
    Question,
    answer_hash,
    case_arguments,
    stream,
)
from .observe import Rules
from .trial import attempt


@dataclass(frozen=True)
class CheckInfo:
    """What may be said of a check to anybody."""

    id: str
    exercise: str
    idea: str
    hidden: bool


@dataclass(frozen=True)
class Mistake:
    """A known-wrong answer as students may see it: in words."""

    name: str
    number: int | None
    what: str
    experiment: str


@dataclass(frozen=True)
class ExerciseInfo:
    """What a check needs to know of an exercise besides its cases."""

    name: str
    says: str
    """the first sentence of the stub's docstring"""
    sees: tuple[str, ...]
    also: tuple[str, ...]
    experiment: str
    rules: Rules
    mistakes: tuple[Mistake, ...]
    constraints: Constraints = NO_CONSTRAINTS


@dataclass(frozen=True)
class QuestionInfo:
    """A question with its answers as hashes."""

    name: str
    says: str
    right: tuple[str, ...]
    wrong: Mapping[str, str]
    explain: str
    experiment: str


@dataclass(frozen=True)
class CaseRecord:
    """One case: described inputs, and what the reference and the wrong answers do with them."""

    arguments: Plain
    expected: Callable[[], Plain]
    mistaken: Callable[[str], Plain]


@dataclass(frozen=True)
class LiveLaw:
    """A property together with a maker of fresh arguments for it."""

    law: Law
    new: Callable[[], tuple[Any, ...]]


class Cases(Protocol):
    """What `check()` asks of a lesson, recorded or live."""

    assignment: str
    release: str
    checks: dict[str, CheckInfo]
    exercises: dict[str, ExerciseInfo]
    questions: dict[str, QuestionInfo]

    def of(self, check: str) -> list[CaseRecord]:
        """Return the cases of one check."""
        ...

    def laws(self, check: str) -> list[LiveLaw]:
        """Return the properties of one check, none where they were only recorded."""
        ...


# Recorded


class RecordedCases:
    """Cases read from the file that `grader build` writes for the visible checks."""

    def __init__(self, record: Plain) -> None:
        self.assignment: str = record["assignment"]
        self.release: str = record["release"]
        self.checks = {entry["id"]: CheckInfo(**entry) for entry in record["checks"]}
        self.exercises = {entry["name"]: _exercise_in(entry) for entry in record["exercises"]}
        self.questions = {entry["name"]: QuestionInfo(**entry) for entry in record["questions"]}
        self._cases: dict[str, list[Plain]] = record["cases"]

    @classmethod
    def read(cls, path: Path) -> RecordedCases:
        """Read a file of recorded cases; raises OSError or ValueError where it cannot be read."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def of(self, check: str) -> list[CaseRecord]:
        """Return the cases of one visible check."""
        return [
            CaseRecord(
                entry["arguments"],
                expected=lambda entry=entry: entry["expected"],  # type: ignore[misc]
                mistaken=lambda name, entry=entry: entry["mistaken"][name],  # type: ignore[misc]
            )
            for entry in self._cases.get(check, [])
        ]

    def laws(self, check: str) -> list[LiveLaw]:
        """Return nothing: a law is code, and stays with the key."""
        return []


def _exercise_in(entry: Plain) -> ExerciseInfo:
    rules = entry["rules"]
    tolerance = tuple(rules["tolerance"]) if rules["tolerance"] else None
    return ExerciseInfo(
        **entry
        | {
            "sees": tuple(entry["sees"]),
            "also": tuple(entry["also"]),
            "rules": Rules(tolerance, rules["any_number_type"]),
            "mistakes": tuple(Mistake(**mistake) for mistake in entry["mistakes"]),
            "constraints": _constraints_in(entry.get("constraints", {})),
        }
    )


def _constraints_in(entry: Plain) -> Constraints:
    return Constraints(**entry | {"forbid": tuple(entry.get("forbid", ()))})


def _exercise_out(info: ExerciseInfo) -> Plain:
    entry = asdict(info)
    if info.constraints == NO_CONSTRAINTS:
        del entry["constraints"]
    return entry


# Live


class LiveCases:
    """Cases made from an answer key, the reference's objects and a seed.

    `checks` come from the lesson, in its order. `objects` are all names that the solved lesson
    defines; `says` the first sentence of each exercise's docstring.
    """

    def __init__(
        self,
        assignment: str,
        release: str,
        key: Mapping[str, Exercise | Question],
        checks: Iterable[CheckInfo],
        objects: Mapping[str, Any],
        seed: str,
    ) -> None:
        self.assignment = assignment
        self.release = release
        self.checks = {check.id: check for check in checks}
        self._key = {name: entry for name, entry in key.items() if isinstance(entry, Exercise)}
        self._objects = objects
        self._seed = seed
        self._records: dict[str, list[CaseRecord]] = {}
        self.exercises = {name: self._info(exercise) for name, exercise in self._key.items()}
        self.questions = {
            name: self._question(entry)
            for name, entry in key.items()
            if isinstance(entry, Question)
        }

    def _says(self, name: str) -> str:
        return _first_sentence(getattr(self._objects.get(name), "__doc__", None))

    def _question(self, question: Question) -> QuestionInfo:
        name = question.name
        return QuestionInfo(
            name,
            self._says(name),
            tuple(answer_hash(name, answer) for answer in question.answers),
            {answer_hash(name, answer): text for answer, text in question.wrong.items()},
            question.explain,
            question.experiment,
        )

    def _info(self, exercise: Exercise) -> ExerciseInfo:
        return ExerciseInfo(
            exercise.name,
            self._says(exercise.name),
            tuple(exercise.sees),
            tuple(exercise.also),
            exercise.experiment,
            exercise.rules,
            tuple(Mistake(w.name, w.mistake, w.what, w.experiment) for w in exercise.wrongs),
            exercise.constraints,
        )

    def of(self, check: str) -> list[CaseRecord]:
        """Return the cases of one check, visible or hidden."""
        if check not in self._records:
            self._records[check] = self._draw(check)
        return self._records[check]

    def _draw(self, check: str) -> list[CaseRecord]:
        exercise = self._key.get(self.checks[check].exercise)
        if exercise is None:
            return []
        generators = [case for case in exercise.cases if case.check == check]
        return [
            self._live(exercise, case_arguments(case.draw(stream(self._seed, check, n, draw))))
            for n, case in enumerate(generators)
            for draw in range(case.draws)
        ]

    def _live(self, exercise: Exercise, arguments: Plain) -> CaseRecord:
        # What the reference and the wrong answers do is looked at once, for a whole class.
        def behaviour(answer: Any) -> Plain:
            trial = attempt(arguments, self.given(exercise, answer), exercise.sees)
            if trial.raised is not None:
                # Known answers have names of their own; what students write bears the exercise's.
                own = rf"\b{re.escape(answer.__name__)}\b"
                trial.raised.text = re.sub(own, exercise.name, trial.raised.text)
            return trial.to_plain()

        answers = {wrong.name: wrong.answer for wrong in exercise.wrongs}
        return CaseRecord(
            arguments,
            expected=cache(lambda: behaviour(self.reference(exercise))),
            mistaken=cache(lambda name: behaviour(answers[name])),
        )

    def laws(self, check: str) -> list[LiveLaw]:
        """Return the properties of one check."""
        exercise = self._key.get(self.checks[check].exercise)
        if exercise is None:
            return []
        found = []
        for n, law in enumerate(law for law in exercise.laws if law.check == check):
            rng = stream(self._seed, check, "law", n)

            def new(law: Law = law, rng: Any = rng) -> tuple[Any, ...]:
                return tuple(build_names(case_arguments(law.on(rng)), {}).values())

            found.append(LiveLaw(law, new))
        return found

    def reference(self, exercise: Exercise) -> Any:
        """Return the answer that others are compared with."""
        return exercise.answer or self._objects[exercise.name]

    def right_answers(self, exercise: Exercise) -> list[Any]:
        """Return the lesson's solution and all other answers that no check may reject.

        The reference is one of them, unless names are forbidden: it may take a way that is closed
        to students, as autograd is the judge of gradients by hand.
        """
        reference = [] if exercise.constraints.forbid else [self.reference(exercise)]
        return [self._objects[exercise.name], *reference, *exercise.rights]

    def given(self, exercise: Exercise, answer: Any) -> dict[str, Any]:
        """Return the objects a trial gets where `answer` stands for the exercise's own."""
        return {exercise.name: answer} | {name: self._objects[name] for name in exercise.also}


def _first_sentence(docstring: str | None) -> str:
    first = " ".join((docstring or "").split("\n\n")[0].split())
    head, dot, _ = first.partition(". ")
    return head + "." if dot else first


def record(cases: LiveCases) -> Plain:
    """Record all that visible checks need; of hidden ones, only that they exist and their idea."""
    visible = [check for check in cases.checks.values() if not check.hidden]
    return {
        "schema": 1,
        "assignment": cases.assignment,
        "release": cases.release,
        "checks": [asdict(check) for check in cases.checks.values()],
        "exercises": [_exercise_out(exercise) for exercise in cases.exercises.values()],
        "questions": [asdict(question) for question in cases.questions.values()],
        "cases": {
            check.id: [
                {
                    "arguments": case.arguments,
                    "expected": case.expected(),
                    "mistaken": {
                        mistake.name: case.mistaken(mistake.name)
                        for mistake in cases.exercises[check.exercise].mistakes
                    },
                }
                for case in cases.of(check.id)
            ]
            for check in visible
            if check.exercise in cases.exercises
        },
    }
