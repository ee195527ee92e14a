"""A page for each student: what was checked, what was seen, and the likely mistake.

The page is written where nbgrader keeps its own, so `nbgrader release_feedback` finds it. It is
made from the result, the gradebook and the cells that the student wrote. It shows no outputs: a
submission could put there what a hidden check passed to it.
"""

from __future__ import annotations

import builtins
import json
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from .directory import CourseDirectory, UsageError
from .marks import Marks, marks_by_people
from .outline import Outline, OutlinedCheck, OutlinedExercise, read_outline, source_of
from .pages import STATUS_WORDS, clean, render, write_page
from .results import GRADED, CheckResult, Result, read_results

LONGEST_CODE = 20_000
"""characters of one exercise's code that a page shows"""

EXCHANGE_FILES = ("timestamp.txt", "submission_secret.txt")
"""what nbgrader's exchange keeps beside a submission, and wants beside its feedback"""


def write_feedback(course: CourseDirectory, assignment: str) -> list[Path]:
    """Write feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html for each result and return the pages.

    Raises UsageError for an unknown assignment, for one without results, and for a result that
    cannot be read.
    """
    lesson = course.lesson(assignment)
    results = load_results(course, assignment)
    if not results:
        raise UsageError(
            f"There are no results of {assignment} yet. Type `grader grade {assignment}` first."
        )
    pages = []
    for name in lesson.notebooks:
        parts = [r.of_notebook(name) for r in results] if len(lesson.notebooks) > 1 else results
        outline = read_outline(course, assignment, parts, name)
        marks = marks_by_people(course, assignment, name)
        for result in parts:
            by_people = marks.get(result.student, Marks())
            sources = students_cells(course, result, name)
            text = feedback_page(result, outline, by_people, sources, lesson.feedback, name)
            folder = course.feedback / result.student / assignment
            pages.append(write_page(folder / f"{name}.html", text))
    for result in results:
        _bring_exchange_files(
            course.submitted / result.student / assignment,
            course.feedback / result.student / assignment,
        )
    return pages


def load_results(course: CourseDirectory, assignment: str) -> list[Result]:
    """Read an assignment's results; raises UsageError where one cannot be read."""
    course.lesson(assignment)
    try:
        results = list(read_results(course.results, assignment))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"A result in {course.results / assignment} cannot be read ({error}). Type "
            f"`grader grade {assignment} --force` to grade again."
        ) from error
    for result in results:
        # A student's id becomes a folder's name.
        if result.student in ("", ".", "..") or Path(result.student).name != result.student:
            raise UsageError(
                f"A result in {course.results / assignment} is of a student called "
                f"{clean(result.student, 80)!r}, which no folder can be called. Delete that result."
            )
    return results


def feedback_page(
    result: Result,
    outline: Outline,
    marks: Marks,
    sources: Mapping[str, str],
    policy: str = "named",
    notebook: str = "",
) -> str:
    """Return one student's page on a notebook.

    `sources` holds the cells that the student wrote, by grade id.
    """
    graded = result.status == GRADED
    found = {check.id: check for check in result.checks}
    exercises = (
        [
            _exercise(exercise, found, marks, sources.get(exercise.name), policy)
            for exercise in outline.exercises
        ]
        if graded
        else []
    )
    score = marks.score(result)
    return render(
        "feedback.html",
        result=result,
        title=outline.title,
        graded=graded,
        handed_in=graded or result.submission_sha256 is not None or result.status != "not_graded",
        score=(score or 0.0) if graded else score,
        max_score=result.max_score or outline.max_points,
        penalty=min(marks.late_penalty, score or 0.0),
        waiting=[exercise.name for exercise in exercises if exercise.waits],
        exercises=exercises,
        comments=[] if graded else list(marks.comments.values()),
        notebook=notebook or result.assignment,
        can_ask_why=policy == "named" and any(e.mistakes for e in outline.exercises),
    )


# What the template shows


@dataclass
class _Check:
    idea: str
    hidden: bool
    status: str
    points: float | None
    max_points: float
    by_person: bool
    said: list[tuple[str, str]] = field(default_factory=list)
    """("text", ...) or ("block", ...), in fixed-width letters"""
    mistake: str = ""
    experiment: str = ""
    told: bool = False
    """the mistake was told above, at another check of the same exercise"""

    @property
    def symbol(self) -> str:
        return self._words[0]

    @property
    def verdict(self) -> str:
        return self._words[1]

    @property
    def _words(self) -> tuple[str, str]:
        if self.status == "awaiting_manual" and self.by_person:
            return "✓", "Marked by a person"
        if self.status == "awaiting_manual" and not self.max_points:
            return "✓", "Handed in"
        return STATUS_WORDS[self.status]


@dataclass
class _Exercise:
    name: str
    section: str
    written: bool
    checks: list[_Check]
    code: Markup | None
    answer: str
    comment: str

    @property
    def points(self) -> float:
        return sum(check.points or 0.0 for check in self.checks)

    @property
    def max_points(self) -> float:
        return sum(check.max_points for check in self.checks)

    @property
    def passed(self) -> int:
        return sum(check.status == "passed" for check in self.checks)

    @property
    def blank(self) -> bool:
        return all(check.status in ("not_attempted", "missing") for check in self.checks)

    @property
    def waits(self) -> bool:
        return any(
            check.status == "awaiting_manual" and check.max_points and not check.by_person
            for check in self.checks
        )


def _exercise(
    exercise: OutlinedExercise,
    found: Mapping[str, CheckResult],
    marks: Marks,
    source: str | None,
    policy: str,
) -> _Exercise:
    checks: list[_Check] = []
    for check in exercise.checks:
        one = found.get(check.id) or CheckResult(
            check.id, "", exercise.name, 0.0, check.max_points, "missing"
        )
        view = _check(exercise, check, one, marks, source or "", policy)
        view.told = bool(view.mistake) and any(view.mistake == c.mistake for c in checks)
        checks.append(view)
    own = "" if source is None or source.strip() == exercise.stub.strip() else source
    return _Exercise(
        exercise.name,
        exercise.section,
        exercise.written,
        checks,
        _code(own) if own and not exercise.written else None,
        clean(own, LONGEST_CODE) if exercise.written else "",
        marks.comments.get(exercise.name, ""),
    )


def _check(
    exercise: OutlinedExercise,
    check: OutlinedCheck,
    found: CheckResult,
    marks: Marks,
    source: str,
    policy: str,
) -> _Check:
    status = found.status if found.status in STATUS_WORDS else "error"
    view = _Check(
        check.idea,
        check.hidden,
        status,
        marks.points(check.id, found.points),
        found.max_points,
        check.id in marks.manual,
    )
    if status == "awaiting_manual" or (policy == "pass_fail" and status == "failed"):
        return view
    if check.hidden:
        view.said = [("text", _words_of_hidden(status, found.message, source))]
    else:
        view.said = _blocks(found.message) or [("text", _ADVICE.get(status, ""))]
    view.said = [(kind, text) for kind, text in view.said if text]
    if policy == "named" and found.diagnosis and status != "passed":
        # The words come from the catalogue; what a result says only chooses among them.
        mistake = exercise.mistakes.get(str(found.diagnosis.get("name")))
        if mistake is not None:
            view.mistake, view.experiment = mistake.what, mistake.experiment
            # The experiment need not be told twice.
            view.said = [block for block in view.said if not block[1].startswith(_TRY)]
        elif not check.hidden:
            view.mistake = str(found.diagnosis.get("what", ""))
    return view


_TRY = "Something to try: "

_ADVICE = {
    "error": "Run the cell and this check in your notebook: the last line of what they print says "
    "what went wrong.",
    "timeout": "It did not come to an end. Is there a loop whose condition never becomes false?",
    "out_of_memory": "It asked for more memory than a submission may have. Does a list or a graph "
    "grow with every step?",
    "output_limit": "It printed without end. Take print() out of the innermost loop.",
    "crashed": "Python itself ended. Look for exit calls, or for a recursion without end.",
    "missing": "There was nothing to look at. Is the function still there, under its own name?",
    "not_attempted": "There was no answer in this cell. Put your code in the place of "
    "`raise NotImplementedError()`.",
}


def _blocks(message: str) -> list[tuple[str, str]]:
    """Tell a message's sentences from the inputs and numbers between them."""
    lines = clean(message).strip().split("\n")
    closing = [lines.pop()] if len(lines) > 1 and lines[-1].startswith(_TRY) else []
    first, rest = lines[0], "\n".join(lines[1:]).strip("\n")
    found = [("text", first), ("block", rest), *(("text", line) for line in closing)]
    return [(kind, text) for kind, text in found if text.strip()]


# Hidden checks

_TYPES = re.compile(
    r"None|tensor|array|NumPy array|Tensor|ndarray|(float|int|uint)\d*|bool_?|str|list|tuple|dict"
    r"|set|range|function|generator"
)


def _words_of_hidden(status: str, message: str, source: str) -> str:
    """Say of a hidden check what was seen, and let nothing out that a submission could have put in.

    A submission that sees hidden inputs while it runs can hand them on in whatever it names: an
    exception's type or text, a type, a length, a line of generated code. So an exception is named
    only where Python itself has it, a line quoted only where it stands in the student's own cell,
    and long numbers are left out.
    """
    if status == "error":
        raised = re.search(r"(?:raised|stopped with) (\w+)", message)
        line = re.search(r"in the line `([^`\n]+)`", message)
        name = raised.group(1) if raised else ""
        known = name if _is_exception(name) else "an exception"
        if message.startswith("There is no `"):
            reason = f"stopped with {known}" if "stopped with" in message else "does not define it"
            return (
                f"There is nothing to check: the cell that should define it {reason}. Mend that "
                "cell first; all checks after it depend on it."
            )
        own = {text.strip() for text in source.splitlines()}
        place = f" in the line `{line[1]}`" if line and line[1].strip() in own else ""
        return (
            f"Your code raised {known}{place}. Try it on other inputs than those in the notebook: "
            "the smallest, an empty one, an unusual one."
        )
    if status != "failed":
        return _ADVICE.get(status, "")
    first = clean(message, 300).strip().split("\n")[0]
    first = re.sub(
        r"\bis (?:an? )?(.*?) and should be\b",
        lambda found: (
            found[0] if _TYPES.fullmatch(found[1]) else "is something of another type and should be"
        ),
        first,
    )
    return re.sub(r"\d+\.\d*|\d{3,}", "…", first)


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


# The student's own cells


def students_cells(course: CourseDirectory, result: Result, notebook: str) -> dict[str, str]:
    """Read what a student wrote from a graded notebook, by grade id; {} where there is none."""
    path = course.autograded / result.student / result.assignment / f"{notebook}.ipynb"
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: source_of(cell)
        for cell in cells
        # A solution cell, never a locked one: that is where hidden tests are.
        if cell.get("metadata", {}).get("nbgrader", {}).get("solution")
    }


class _Plain(HtmlFormatter):
    """Pygments' HTML without its own wrapping elements."""

    def __init__(self) -> None:
        super().__init__(nowrap=True)


def _code(source: str) -> Markup:
    """Highlight code; what it holds is escaped by pygments."""
    shown = clean(source, LONGEST_CODE)
    return Markup(highlight(shown, PythonLexer(stripnl=False), _Plain()))


# nbgrader's exchange


def _bring_exchange_files(submitted: Path, folder: Path) -> None:
    """Copy what `nbgrader release_feedback` looks for; it reads them beside the page."""
    for name in EXCHANGE_FILES:
        path = submitted / name
        try:
            about = path.lstat()
        except OSError:
            continue
        # Links are not followed: they come from a submission.
        if stat.S_ISREG(about.st_mode) and about.st_size < 10_000:
            shutil.copyfile(path, folder / name)
