"""check(): look at an answer, and say what was seen. why(): name the likely mistake.

A check shows its outcome twice: as words for the reader, and beside them as structured data
(`OUTCOME`) that a grading pipeline reads. What it says of a hidden check names neither inputs nor
expected values: not in words, not in the data, not in an exception.
"""

from __future__ import annotations

import builtins
import linecache
import re
import traceback
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NoReturn

from . import find, forbid, journal, witness
from .cases import CaseRecord, Cases, CheckInfo, ExerciseInfo, LiveLaw, Mistake, QuestionInfo
from .describe import Plain, build_names, is_program, size
from .key import answer_hash
from .observe import Difference, differ, observe
from .render import call_text, graded, present
from .solution import show_solution
from .trial import MISSING, Raised, Trial, attempt, describe_exception, observe_path, quietly

OUTCOME = "application/vnd.autograd-course.check+json"
"""The media type of a check's structured outcome."""

POLICIES = ("named", "observed", "pass_fail")
"""How much a check says: the likely mistake too, what was seen, or only whether it passed."""


class CheckFailed(AssertionError):
    """An answer is not right yet; what was seen is shown above the exception."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


@dataclass
class Outcome:
    """What one check found."""

    check: CheckInfo
    status: str
    """passed, failed, error or not_attempted"""
    message: str = ""
    detail: str = ""
    """a longer text in fixed-width letters: inputs, what was seen, what should be"""
    experiment: str = ""
    diagnosis: Mistake | None = None
    is_answer: bool = False
    """whether this was the answer to a question: what can be said of it has been said"""
    is_program: bool = False
    """whether the case shown is a few statements, which can be copied, and not one call"""

    def to_plain(self) -> dict[str, Any]:
        """Return the structured form, as the grading pipeline reads it."""
        mistake = self.diagnosis
        return {
            "schema": 1,
            "id": self.check.id,
            "exercise": self.check.exercise,
            "hidden": self.check.hidden,
            "status": self.status,
            "message": self.message,
            "detail": self.detail,
            "experiment": self.experiment,
            "diagnosis": mistake
            and {"mistake": mistake.number, "name": mistake.name, "what": mistake.what},
        }


@dataclass
class _Lesson:
    """The lesson that this notebook has opened, and the last check that did not pass."""

    assignment: str = ""
    policy: str = "named"
    last: Outcome | None = None
    recorded: Cases | None = None
    live: dict[str, Cases] = field(default_factory=dict)


_lesson = _Lesson()


# What a notebook calls


def begin(assignment: str, release: str = "", feedback: str = "named") -> None:
    """Open a lesson: every notebook's first cell does.

    `release` is the lesson's version that the notebook came with: where another one is installed,
    a note says so and how to cure it. `feedback` is one of `POLICIES`.
    """
    _lesson.assignment, _lesson.policy, _lesson.last = assignment, feedback, None
    _lesson.recorded = None
    _lesson.live.clear()
    try:
        installed = find.recorded_cases(assignment).release
    except find.NotFound as error:
        present("note", f"Lesson {assignment}", [str(error)])
        return
    if release and installed != release:
        ours, theirs = installed.split("-")[0], release.split("-")[0]
        present(
            "note",
            "This notebook and the installed course are of different versions",
            [
                f"The notebook came with release {release} of this lesson; release {installed} "
                "is installed. Checks may ask for something else than the text does.",
                f"To install what the notebook wants: pip install autograd-course=={theirs}"
                if ours != theirs
                else "Take the notebook anew from where you got it, and copy your answers over.",
            ],
        )


def check(id: str, *objects: Any, hidden: bool = False) -> None:
    """Check the student's `objects` (a function or class, and what else the check needs).

    Shows what was found. Raises CheckFailed where the answer is not right yet, and LookupError
    where the lesson has no such check.
    """
    cases = _cases(hidden)
    if id not in cases.checks:
        raise LookupError(f"lesson {cases.assignment} has no check called {id!r}")
    info = cases.checks[id]
    exercise = cases.exercises.get(info.exercise)
    names = (info.exercise, *(exercise.also if exercise else ()))
    if len(objects) != len(names):
        raise TypeError(f"check({id!r}, ...) needs these after the name: {', '.join(names)}")
    given = dict(zip(names, objects, strict=True))
    if not callable(objects[0]):
        outcome = _not_callable(info, objects[0])
    elif exercise is None:
        outcome = examine_answer(info, cases.questions[info.exercise], objects[0])
    else:
        outcome = examine(cases, info, exercise, given, secret=hidden)
    if not hidden:
        journal.write(
            cases.assignment,
            info.exercise,
            check=info.id,
            status=outcome.status,
            answer=journal.answer_id(objects[0]),
        )
    if outcome.status == "passed":
        if _lesson.last is not None and _lesson.last.check.exercise == info.exercise:
            _lesson.last = None
        lines = [*_passed_lines(cases, info), *filter(None, [outcome.message])]
        present("passed", info.id, lines, data={OUTCOME: outcome.to_plain()})
        return
    _lesson.last = _as_policy_allows(outcome)
    _fail(_lesson.last, outcome)


def solution(exercise: str, now: bool = False) -> None:
    """Show how this lesson solves an exercise, once you have tried it, or `now`.

    It is noted in your own record. Of a written question, `"written-1"`, it shows the model answer
    and what to look for. Raises LookupError where the lesson has no such exercise.
    """
    show_solution(_cases(hidden=False).assignment, exercise, now=now)


def why() -> None:
    """Name the likely mistake behind the last check that did not pass, if exactly one fits."""
    last = _lesson.last
    if last is None:
        present(
            "note",
            "Nothing to explain",
            ["No check has failed, or the last one that did has passed since."],
        )
    elif _lesson.policy != "named":
        present(
            "note",
            last.check.id,
            ["Your instructor has chosen that mistakes are not named in this assignment."],
        )
    elif last.status == "not_attempted":
        present("note", last.check.id, [f"There is no answer yet. {last.message}"])
    elif last.is_answer:
        tried = [f"Something to try: {last.experiment}"] if last.experiment else []
        present("note", last.check.id, [last.message, *tried])
    elif last.diagnosis is None:
        present(
            "note",
            f"{last.check.id}: no known mistake does just this",
            [
                "None of the mistakes that this course knows gives exactly what your answer gives. "
                "Perhaps it makes two at once, or a new one.",
                _look_closer(last),
                *([f"Something to try: {last.experiment}"] if last.experiment else []),
            ],
        )
    else:
        mistake = last.diagnosis
        present(
            "note",
            f"{last.check.id}: a likely mistake",
            [f"This is what you get when {mistake.what}.", f"To see it, try: {mistake.experiment}"],
        )


def _look_closer(outcome: Outcome) -> str:
    """Say how to get at the case that was shown."""
    if outcome.check.hidden:
        return "Try your function on small inputs whose answer you can work out by hand."
    if outcome.is_program:
        return (
            "Copy the lines shown above into a cell of your own, and print what happens on the way."
        )
    return (
        f'Type `course.example("{outcome.check.id}")` to get the inputs of the case shown above, '
        "call your function on them, and print what happens in between."
    )


def example(id: str) -> Any:
    """Return fresh inputs of a visible check: those of its smallest case, in the order of the call.

    One input is returned as itself, several as a tuple. Raises LookupError for a check that does
    not exist or that has no visible case.
    """
    cases = _cases(hidden=False)
    records = cases.of(id) if id in cases.checks else []
    if not records or is_program(records[0].arguments):
        raise LookupError(f"lesson {cases.assignment} has no visible inputs for {id!r}")
    smallest = min(records, key=lambda record: size(record.arguments))
    values = tuple(build_names(smallest.arguments, {}).values())
    return values[0] if len(values) == 1 else values


def _cases(hidden: bool) -> Cases:
    if not _lesson.assignment:
        raise LookupError(
            "no lesson is open: run the notebook's first cell, the one with course.begin(...)"
        )
    if not hidden:
        if _lesson.recorded is None:
            _lesson.recorded = find.recorded_cases(_lesson.assignment)
        return _lesson.recorded
    if _lesson.assignment not in _lesson.live:
        _lesson.live[_lesson.assignment] = find.live_cases(_lesson.assignment)
    return _lesson.live[_lesson.assignment]


# Looking at an answer


def examine(
    cases: Cases,
    info: CheckInfo,
    exercise: ExerciseInfo,
    objects: Mapping[str, Any],
    *,
    secret: bool,
    diagnosing: bool = True,
) -> Outcome:
    """Try an answer on a check's cases and laws; shows nothing and raises nothing.

    With `secret` the outcome names neither inputs nor expected values. Without `diagnosing` it is
    not asked which mistake was made, which takes most of the time.
    """
    use = forbid.find(exercise.name, objects[exercise.name], exercise.constraints.forbid)
    if use is not None:
        return _forbidden(info, exercise, use)
    failing: list[tuple[CaseRecord, Trial, Difference | None]] = []
    tried: dict[int, Trial] = {}
    left = ""
    for record in cases.of(info.id):
        allowed = exercise.constraints.callbacks
        trial = attempt(record.arguments, objects, exercise.sees, counting=allowed is not None)
        tried[id(record.arguments)] = trial
        expected = record.expected()
        difference = _difference(expected, trial, exercise, record.arguments)
        difference = difference or _too_many(trial, exercise)
        agrees = difference is None and (trial.raised is None or "raised" in expected)
        witness.tell_case(record.arguments, expected, trial, difference, agrees)
        if trial.raised is not None and not trial.raised.attempted:
            return _not_attempted(info, exercise, trial.raised, cases.exercises)
        left = left or trial.left
        if not agrees:
            failing.append((record, trial, difference))
    if failing:
        record, trial, difference = min(failing, key=lambda found: size(found[0].arguments))
        outcome = _explain(info, exercise, record, trial, difference, secret)
        outcome.message = _with_what_is_left(outcome.message, exercise, left)
        outcome.diagnosis = diagnose(cases, exercise, objects, tried) if diagnosing else None
        if outcome.diagnosis is not None:
            outcome.experiment = outcome.diagnosis.experiment
        return outcome
    for law in cases.laws(info.id):
        broken = _try_law(cases, info, exercise, law, objects)
        if broken is not None:
            if diagnosing and broken.status != "not_attempted":
                broken.diagnosis = diagnose(cases, exercise, objects, tried)
            return broken
    return Outcome(info, "passed", _with_what_is_left("", exercise, left))


def _with_what_is_left(message: str, exercise: ExerciseInfo, left: str) -> str:
    """Add to a message what the answer has changed for everybody; a check has put it right."""
    if not left:
        return message
    return f"{message} Mind what `{exercise.name}` leaves behind: {left}.".strip()


def examine_answer(info: CheckInfo, question: QuestionInfo, answer: Any) -> Outcome:
    """Look at the answer to a question; the same whether the check is visible or hidden."""
    trial = attempt({}, {question.name: answer}, [])
    if trial.raised is not None:
        if not trial.raised.attempted:
            return _not_attempted(info, question, trial.raised)
        outcome = _explain_exception(info, question, trial.raised, secret=False)
        outcome.is_answer = True
        return outcome
    with quietly():
        value = answer()
    given = answer_hash(question.name, value)
    witness.tell_answer(observe(value), given in question.right, question.explain)
    if given in question.right:
        return Outcome(info, "passed", question.explain)
    message = question.wrong.get(given, "That is not it.")
    if value is None:
        message = f"`{question.name}` returns None: does it end without a `return`?"
    elif not isinstance(value, str | bool | int | float):
        message = (
            f"`{question.name}` returns something of type {type(value).__name__}. An answer is a "
            "word in quotes, a number, True or False."
        )
    return Outcome(info, "failed", message, experiment=question.experiment, is_answer=True)


def diagnose(
    cases: Cases,
    exercise: ExerciseInfo,
    objects: Mapping[str, Any],
    tried: Mapping[int, Trial] = MappingProxyType({}),
) -> Mistake | None:
    """Return the one known mistake that does exactly what this answer does, on all known cases.

    Cases that were `tried` already, by the ids of their arguments, need not be again. None where no
    mistake fits, or more than one.
    """
    candidates = list(exercise.mistakes)
    for info in cases.checks.values():
        if info.exercise != exercise.name:
            continue
        for record in cases.of(info.id):
            if not candidates:
                return None
            trial = tried.get(id(record.arguments)) or attempt(
                record.arguments, objects, exercise.sees
            )
            if trial.raised is not None and not trial.raised.attempted:
                # A part that is not written yet: of the others this case can say nothing.
                continue
            candidates = [
                mistake
                for mistake in candidates
                if _does_the_same(record.mistaken(mistake.name), trial, exercise)
            ]
    return candidates[0] if len(candidates) == 1 else None


def _does_the_same(behaviour: Mapping[str, Any], trial: Trial, exercise: ExerciseInfo) -> bool:
    if trial.raised is not None or "raised" in behaviour:
        return _exception_words(behaviour) == _exception_words(trial.to_plain())
    return _difference(behaviour, trial, exercise) is None


# NumPy says the same in other words in each of its functions.
_SHAPES_DO_NOT_FIT = {
    "arrays": ("could not be broadcast",),
    "matrices": ("mismatch in its core dimension", "not aligned"),
}


def _exception_words(behaviour: Mapping[str, Any]) -> list[str]:
    """Return an exception's words in any order: `a * None` and `None * a` are one mistake."""
    if behaviour.get("raised", ("",))[0] == "RecursionError":
        # Where the last straw fell depends on how deep the caller stood.
        return ["RecursionError"]
    text = behaviour.get("raised", ("", ""))[1]
    for kind, signs in _SHAPES_DO_NOT_FIT.items():
        if any(sign in text for sign in signs):
            return [behaviour["raised"][0], kind]
    return sorted(" ".join(behaviour.get("raised", ())).replace("'", " ").split())


def _difference(
    behaviour: Mapping[str, Any],
    trial: Trial,
    exercise: ExerciseInfo,
    arguments: Plain = None,
) -> Difference | None:
    """Compare a recorded behaviour with a trial, path by path.

    With the case's `arguments`, one that should have stayed as it was is told from a wrong result.
    """
    if "raised" in behaviour:
        kind = behaviour["raised"][0]
        if trial.raised is not None and trial.raised.type == kind:
            return None
        return Difference("missing", f"this should raise {kind}, and does not")
    if trial.raised is not None:
        return None
    for path, expected in behaviour["seen"].items():
        name = _path_text(path)
        seen = trial.seen.get(path, MISSING)
        if seen == MISSING and expected != MISSING:
            return Difference("missing", f"{name} does not exist")
        difference = differ(expected, seen, exercise.rules, name)
        if difference is not None:
            if _was_so_before(path, expected, exercise, arguments):
                text = f"{name} was changed, and should be as it was before the call"
                return replace(difference, kind="changed", text=text)
            return difference
    return None


def _too_many(trial: Trial, exercise: ExerciseInfo) -> Difference | None:
    """Say it where a function that was handed in was called more often than is allowed."""
    allowed, instead = exercise.constraints.callbacks, exercise.constraints.instead.rstrip(".")
    for name, count in trial.calls.items():
        if allowed is not None and count > allowed:
            often = "once" if allowed == 1 else f"{allowed} times"
            words = f"`{name}` may be called {often}, and is called more often"
            detail = f"{words}: {count} times"
            if instead:
                words, detail = f"{words}. {instead}", f"{detail}. {instead}"
            return Difference("calls", words, detail)
    return None


def _was_so_before(path: str, expected: Plain, exercise: ExerciseInfo, arguments: Plain) -> bool:
    """Say whether a path leads to what an argument held before the call."""
    head = re.split(r"[.\[ ]", path)[0]
    if arguments is None or is_program(arguments) or head not in arguments or " is " in path:
        return False
    try:
        found = observe_path(path, build_names(arguments, {}))
    except KeyError:
        # An instance of the student's own class: what it held, only that class knows.
        return False
    return found != MISSING and differ(expected, found, exercise.rules) is None


def _path_text(path: str) -> str:
    """Name a path in words: `result` is no name that the student has seen."""
    if path.startswith("result."):
        return f"{path.removeprefix('result.')} of the result"
    return "the result" if path == "result" else path


def _try_law(
    cases: Cases,
    info: CheckInfo,
    exercise: ExerciseInfo,
    live: LiveLaw,
    objects: Mapping[str, Any],
) -> Outcome | None:
    """Try a property; None where it holds."""
    answer = objects[exercise.name]
    raised: list[BaseException] = []

    def f(*arguments: Any) -> Any:
        # What the student's code raises is told apart from the law's own assertions.
        try:
            return answer(*arguments)
        except BaseException as error:
            raised.append(error)
            raise

    must_hold = _first_line(live.law.holds.__doc__)
    with quietly():
        try:
            live.law.holds(f, live.new)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            witness.tell_law(must_hold, error, _last_line(error))
            if not raised or error is not raised[-1]:
                return Outcome(info, "failed", must_hold)
            found = describe_exception(error)
            if not found.attempted:
                return _not_attempted(info, exercise, found, cases.exercises)
            return _explain_exception(info, exercise, found, secret=True)
    witness.tell_law(must_hold, None, "")
    return None


def _last_line(error: BaseException) -> str:
    """Return the line of the answer key that an exception came out of, "" where there is none."""
    line = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith("key.py"):
            line = linecache.getline(frame.f_code.co_filename, number).strip()
    return line


def _first_line(docstring: str | None) -> str:
    words = " ".join((docstring or "").split())
    return words or "A property that every right answer has does not hold."


# Finding the words


def _not_callable(info: CheckInfo, found: Any) -> Outcome:
    return Outcome(
        info,
        "failed",
        f"`{info.exercise}` is of type {type(found).__name__}, not something that can be called. "
        "Was the name used again for something else? Run the cell that defines it once more.",
    )


def _not_attempted(
    info: CheckInfo,
    exercise: ExerciseInfo | QuestionInfo,
    raised: Raised,
    exercises: Container[str] = (),
) -> Outcome:
    # Of a class it may be one method; and it may be an earlier exercise that this one uses.
    found = raised.function
    is_part = found.startswith(f"{exercise.name}.") and not info.hidden
    is_other = found != exercise.name and found in exercises
    name = found if is_part or is_other else exercise.name
    says = f" What to write: {exercise.says}" if exercise.says and not is_other else ""
    return Outcome(
        info,
        "not_attempted",
        f"`{name}` is still as it came. Put your code in the place of "
        f"`raise NotImplementedError()`, run that cell, then run this one.{says}",
    )


def _forbidden(info: CheckInfo, exercise: ExerciseInfo, use: forbid.Use) -> Outcome:
    """Say where a forbidden name stands. Its line is the student's own, and no secret."""
    words = (
        f"This exercise is to be solved without `{use.name}`, which stands in the line "
        f"`{use.line}` (line {use.number} of its cell)."
    )
    outcome = Outcome(info, "failed", f"{words} {exercise.constraints.instead}".rstrip())
    outcome.experiment = exercise.experiment
    return outcome


def _explain(
    info: CheckInfo,
    exercise: ExerciseInfo,
    record: CaseRecord,
    trial: Trial,
    difference: Difference | None,
    secret: bool,
) -> Outcome:
    if trial.raised is not None:
        outcome = _explain_exception(
            info, exercise, trial.raised, secret, is_program(record.arguments)
        )
    else:
        assert difference is not None
        # A sentence begins with a capital; a name such as w.grad is what it is.
        sentence = re.sub(r"^(the|this)\b", lambda word: word[0].title(), difference.text)
        end = "" if sentence.endswith("?") else "."
        outcome = Outcome(info, "failed", f"{sentence}{end}", difference.detail)
    outcome.experiment = exercise.experiment
    if secret:
        outcome.detail = ""
    else:
        tried = call_text(exercise.name, record.arguments)
        outcome.is_program = is_program(record.arguments)
        printed = f"\n\nyour code printed\n{trial.printed.rstrip()[:500]}" if trial.printed else ""
        outcome.detail = f"{tried}\n\n{outcome.detail}".rstrip() + printed
    return outcome


def _explain_exception(
    info: CheckInfo,
    exercise: ExerciseInfo | QuestionInfo,
    raised: Raised,
    secret: bool,
    by_lines: bool = False,
) -> Outcome:
    """Say what was raised and where; of a secret case only what Python itself has a name for.

    The text may quote inputs, and which of a thousand lines raised it can tell of them as well.

    `by_lines`: a few statements were run, and what they ask for may not be there at all.
    """
    subject = f"`{exercise.name}`"
    if by_lines and not raised.line:
        subject = f"Code that uses `{exercise.name}`" if secret else "The code below"
    where = f" in the line `{raised.line}`" if raised.line and not secret else ""
    text = "" if secret or not raised.text else f": {raised.text}"
    advice = f" {raised.hint}" if raised.hint and not secret else _ADVICE.get(raised.type, "")
    # An exception class of somebody's own can have any words for its name.
    kind = raised.type if not secret or hasattr(builtins, raised.type) else "an exception"
    return Outcome(info, "error", f"{subject} raised {kind}{where}{text.rstrip('.')}.{advice}")


_ADVICE = {
    "RecursionError": " The function calls itself without end, or for each of thousands of steps: "
    "which case should stop it, or would a loop do?",
    "NameError": " A name is used that nothing has defined yet: look for a slip of the pen, or for "
    "a cell that was not run.",
    "SystemExit": " Answers must not end the program: take out `exit()` or `quit()`.",
}


def _passed_lines(cases: Cases, info: CheckInfo) -> Sequence[str]:
    own = [other for other in cases.checks.values() if other.exercise == info.exercise]
    visible = [other for other in own if not other.hidden]
    place = next((n for n, other in enumerate(visible, 1) if other.id == info.id), 0)
    if info.exercise in cases.questions:
        return []
    if info.hidden:
        return [f"{info.idea} (checked only when graded)"]
    lines = [f"{info.idea} (idea {place} of {len(visible)} shown for `{info.exercise}`)"]
    unseen = [other.idea for other in own if other.hidden]
    if unseen and place == len(visible):
        lines.append(f"Also tested when graded: {'; '.join(unseen)}.")
    return lines


def _as_policy_allows(outcome: Outcome) -> Outcome:
    """Return what the instructor lets be said of an outcome."""
    if _lesson.policy == "pass_fail" and outcome.status == "failed":
        return replace(
            outcome,
            message="The answer is not right yet.",
            detail="",
            experiment="",
            diagnosis=None,
        )
    return outcome if _lesson.policy == "named" else replace(outcome, diagnosis=None)


def _fail(outcome: Outcome, whole: Outcome) -> NoReturn:
    lines = [f"Asked: {outcome.check.idea}.", outcome.message]
    closing = []
    if outcome.experiment:
        closing.append(f"Something to try: {outcome.experiment}")
    grading = graded()
    if outcome.status != "not_attempted" and not outcome.is_answer and not grading:
        if not outcome.check.hidden and _lesson.policy != "pass_fail":
            closing.append(
                "Copy the lines above into a cell of your own to look closer."
                if outcome.is_program
                else f'`course.example("{outcome.check.id}")` gives you these inputs.'
            )
        if _lesson.policy == "named":
            closing.append("`course.why()` names the likely mistake.")
        tries = journal.tries(_lesson.assignment, outcome.check.exercise)
        if tries >= journal.TRIES:
            closing.append(
                f"That was try number {tries}. Below the exercise there are folded hints: open the "
                "first."
            )
    # Staff get the whole of it, for the report on the class; the feedback page keeps to the policy.
    told = whole if grading else outcome
    present(
        outcome.status,
        outcome.check.id,
        lines,
        detail=outcome.detail,
        closing=closing,
        data={OUTCOME: told.to_plain()},
    )
    raise CheckFailed(f"{outcome.check.id} is not passed yet; what was seen stands above.")
