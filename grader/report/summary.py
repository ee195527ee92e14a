"""The numbers of a class report: tables, charts and the command line all show these."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..directory import CourseDirectory
from ..feedback import load_results
from ..marks import Marks, known_students, marks_by_people
from ..outline import Outline, OutlinedExercise, read_outline
from ..pages import STATUS_WORDS, clean_line
from ..results import GRADED, QUARANTINED, CheckResult, Result
from .pseudonyms import Names

MOST_BARS = 16

STOPPED = ("timeout", "out_of_memory", "output_limit", "crashed")


@dataclass(frozen=True)
class Bin:
    """Scores from `low` to under `high`; the last bin is for full marks and more."""

    low: float
    high: float
    count: int
    full: bool = False
    exact: bool = False
    """all its scores are `low`"""

    @property
    def label(self) -> str:
        """The scores that it holds, in words."""
        if self.full:
            return f"{self.low:g} (full marks)"
        if self.exact:
            return f"{self.low:g}"
        return f"{self.low:g} to under {self.high:g}"


@dataclass
class CheckShare:
    """How many graded submissions passed one check."""

    id: str
    idea: str
    hidden: bool
    written: bool
    right: int = 0
    of: int = 0
    """graded submissions, those that a person has still to mark left out"""
    not_attempted: int = 0
    waiting: int = 0

    @property
    def share(self) -> float | None:
        """The share right, None where there is nothing to divide by."""
        return self.right / self.of if self.of else None


@dataclass
class ExerciseShare:
    """How many graded submissions passed all checks of one exercise."""

    name: str
    section: str
    checks: list[CheckShare]
    right: int = 0
    of: int = 0
    unnamed: int = 0
    """submissions that tried, and failed in no way that the catalogue knows"""

    @property
    def share(self) -> float | None:
        """The share right, None where there is nothing to divide by."""
        return self.right / self.of if self.of else None


@dataclass
class MistakeCount:
    """One known mistake, and who made it."""

    exercise: str
    name: str
    number: int | None
    what: str
    students: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many students made it."""
        return len(self.students)


@dataclass(frozen=True)
class Attention:
    """Something that staff should look at."""

    student: str
    what: str
    why: str


@dataclass
class Summary:
    """What an assignment's results come to. Students stand in it under the names to be shown."""

    assignment: str
    title: str
    max_score: float
    graded: int = 0
    set_aside: int = 0
    not_graded: int = 0
    not_handed_in: int = 0
    ungraded: int = 0
    """handed in since the class was graded"""
    scores: list[float] = field(default_factory=list)
    histogram: list[Bin] = field(default_factory=list)
    exercises: list[ExerciseShare] = field(default_factory=list)
    mistakes: list[MistakeCount] = field(default_factory=list)
    quarantined: list[Attention] = field(default_factory=list)
    stopped: list[Attention] = field(default_factory=list)
    waiting: list[Attention] = field(default_factory=list)
    again: list[Attention] = field(default_factory=list)
    isolation: dict[str, int] = field(default_factory=dict)
    real_names: bool = False
    lasting_names: bool = False

    @property
    def students(self) -> int:
        """How many students the course knows."""
        return self.graded + self.set_aside + self.not_graded + self.not_handed_in + self.ungraded

    @property
    def mean(self) -> float | None:
        """The mean score."""
        return statistics.fmean(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        """The middle score."""
        return statistics.median(self.scores) if self.scores else None


def summary(course: CourseDirectory, assignment: str, *, names: bool = False) -> Summary:
    """Work out an assignment's numbers; students are pseudonymous unless `names`.

    Raises UsageError for an unknown assignment and for a result that cannot be read.
    """
    results = load_results(course, assignment)
    if len(course.lesson(assignment).notebooks) > 1:
        results = [result.in_full() for result in results]
    outline = read_outline(course, assignment, results)
    return summarize(
        outline,
        results,
        marks_by_people(course, assignment),
        Names(course, real=names),
        known=known_students(course),
        handed_in=_handed_in(course, assignment),
    )


def _handed_in(course: CourseDirectory, assignment: str) -> set[str]:
    if not course.submitted.is_dir():
        return set()
    return {
        folder.name
        for folder in course.submitted.iterdir()
        if not folder.name.startswith(".") and (folder / assignment).is_dir()
    }


def summarize(
    outline: Outline,
    results: Iterable[Result],
    marks: Mapping[str, Marks],
    names: Names,
    *,
    known: Iterable[str] = (),
    handed_in: Iterable[str] = (),
) -> Summary:
    """Add results up. `known` are the course's students, `handed_in` those with a folder."""
    # Sorted by what is shown: the order of the real ids would give pseudonyms away.
    results = sorted(results, key=lambda result: names.of(result.student))
    found = Summary(outline.assignment, outline.title, outline.max_points)
    found.real_names, found.lasting_names = names.real, names.lasting
    found.exercises = [_share(exercise) for exercise in outline.exercises]
    catalogue = {exercise.name: exercise for exercise in outline.exercises}
    mistakes: dict[tuple[str, str], MistakeCount] = {}
    for result in results:
        by_people = marks.get(result.student, Marks())
        if result.status == GRADED:
            found.graded += 1
            found.scores.append(by_people.score(result) or 0.0)
            found.max_score = max(found.max_score, result.max_score)
            _count_checks(found, result, by_people)
            _count_mistakes(mistakes, result, catalogue, names)
            _look_at(found, result, by_people, names)
        else:
            _set_aside(found, result, names)
    seen = {result.student for result in results}
    newcomers = set(handed_in) - seen
    found.ungraded = len(newcomers)
    found.not_handed_in += len(set(known) - seen - newcomers)
    found.isolation = dict(
        Counter(clean_line(result.isolation, 40) for result in results if result.status == GRADED)
    )
    found.mistakes = sorted(
        mistakes.values(), key=lambda mistake: (-mistake.count, mistake.exercise, mistake.name)
    )
    found.histogram = histogram(found.scores, found.max_score)
    return found


def _share(exercise: OutlinedExercise) -> ExerciseShare:
    return ExerciseShare(
        exercise.name,
        exercise.section,
        [CheckShare(c.id, c.idea, c.hidden, exercise.written) for c in exercise.checks],
    )


# People put their names into file names, so a pseudonymous report quotes no message.
REASONS = (
    ("grader itself failed", "The grader itself failed on it. Grade again."),
    ("wrong name", "One notebook, under another name. If it is the one that counts, rename it."),
    (
        "several notebooks",
        "Several notebooks, none with the right name. Rename the one that counts.",
    ),
    ("is empty", "An empty folder. Ask for the notebook."),
    ("no notebook in it", "A folder without a notebook. Ask for the notebook."),
    ("not JSON", "Its text is not JSON: perhaps the upload was cut off. Ask for it again."),
    ("notebook format", "Its notebook format is not 4. Ask for it to be saved in JupyterLab."),
    ("but no notebook", "A file that is no notebook. Ask for the notebook."),
    ("is damaged", "A damaged notebook. Ask for it to be saved in JupyterLab."),
    ("for the language", "A notebook for another language. Ask for a Python kernel."),
    ("MB large", "Too large a file. Ask for it with its outputs cleared."),
    ("is a link", "A link or a device where a file or folder should be."),
    ("cannot be read", "The file could not be read. Look at its permissions."),
)


def _set_aside(found: Summary, result: Result, names: Names) -> None:
    if result.status == QUARANTINED:
        found.set_aside += 1
    elif result.submission_sha256 is None:
        found.not_handed_in += 1
        return
    else:
        found.not_graded += 1
    if names.real:
        why = clean_line(result.message, 500) or "No reason was recorded."
    else:
        why = next(
            (reason for words, reason in REASONS if words in result.message),
            "For another reason; a report with names says which.",
        )
    what = "set aside" if result.status == QUARANTINED else "not graded"
    found.quarantined.append(Attention(names.of(result.student), what, why))


def _count_checks(found: Summary, result: Result, by_people: Marks) -> None:
    results = {check.id: check for check in result.checks}
    for exercise in found.exercises:
        right = counted = tried = 0
        named = False
        for share in exercise.checks:
            check = results.get(share.id)
            if share.written and not (check and check.max_points):
                # What carries no points is not marked: neither right nor wrong.
                share.not_attempted += check is None or check.status == "not_attempted"
                continue
            if check is None:
                share.of += 1
                counted += 1
                continue
            if check.status == "awaiting_manual":
                if share.id not in by_people.manual:
                    share.waiting += 1
                    continue
                passed = by_people.manual[share.id] >= check.max_points
            else:
                passed = check.status == "passed"
            share.of += 1
            share.right += passed
            share.not_attempted += check.status == "not_attempted"
            counted += 1
            right += passed
            tried += not passed and check.status not in ("not_attempted", "awaiting_manual")
            named = named or bool(check.diagnosis) or check.status in STOPPED
        if counted:
            exercise.of += 1
            exercise.right += right == counted
            exercise.unnamed += bool(tried) and not named


def _count_mistakes(
    mistakes: dict[tuple[str, str], MistakeCount],
    result: Result,
    catalogue: Mapping[str, OutlinedExercise],
    names: Names,
) -> None:
    made: dict[tuple[str, str], CheckResult] = {}
    for check in result.checks:
        if check.diagnosis and check.status != "passed":
            made.setdefault((check.exercise, str(check.diagnosis.get("name"))), check)
    for (exercise, name), check in made.items():
        assert check.diagnosis is not None
        known = catalogue[exercise].mistakes.get(name) if exercise in catalogue else None
        what = known.what if known else clean_line(check.diagnosis.get("what") or name)
        number = known.number if known else check.diagnosis.get("mistake")
        count = mistakes.setdefault(
            (exercise, name), MistakeCount(exercise, clean_line(name, 80), number, what)
        )
        count.students.append(names.of(result.student))


def _look_at(found: Summary, result: Result, by_people: Marks, names: Names) -> None:
    student = names.of(result.student)
    for check in result.checks:
        place = clean_line(check.id, 80)
        if check.status in STOPPED:
            found.stopped.append(Attention(student, place, STATUS_WORDS[check.status][1]))
        if check.id in by_people.again:
            found.again.append(Attention(student, place, "marked by hand, then graded anew"))
        elif (
            check.status == "awaiting_manual"
            and check.max_points
            and check.id not in by_people.manual
        ):
            found.waiting.append(Attention(student, place, "waits for a person's mark"))


def histogram(scores: Iterable[float], max_score: float) -> list[Bin]:
    """Sort scores into bins of one round width, with full marks (and more) in one of their own."""
    if max_score <= 0:
        return []
    scores = list(scores)
    width = _round_width(max_score)
    exact = width == 1 and all(float(score).is_integer() for score in [*scores, max_score])
    # Rounded: in floating point, 3 * 0.1 is more than 0.3, and 0.3 / 0.1 less than 3.
    edges = [round(n * width, 9) for n in range(math.ceil(round(max_score / width, 9)))]
    counts = [0] * (len(edges) + 1)
    for score in scores:
        if score >= max_score:
            counts[-1] += 1
        else:
            place = math.floor(round(score / width, 9))
            counts[min(max(0, place), len(edges) - 1)] += 1
    bins = [
        Bin(low, high, count, exact=exact)
        for low, high, count in zip(edges, [*edges[1:], max_score], counts, strict=False)
    ]
    return [*bins, Bin(max_score, max_score, counts[-1], full=True)]


def _round_width(max_score: float) -> float:
    """Return the smallest of 1, 2, 5, 10, ... that needs few enough bins; less for small scores."""
    power = 10.0 ** math.floor(math.log10(max_score / MOST_BARS))
    steps = (power, 2 * power, 5 * power, 10 * power, 20 * power)
    width = next(step for step in steps if max_score / step <= MOST_BARS)
    return max(width, 1.0) if max_score >= 4 else width
