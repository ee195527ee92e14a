"""The command line: `grader COMMAND`, each command a function below."""

from __future__ import annotations

import csv
import gc
import io
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .errors import UsageError
from .isolation import Isolation, IsolationOption, require
from .quick import import_nbformat, uncollected
from .sandbox import FULL, start

# A command that grades starts the sandbox first, and imports what takes long meanwhile.
if TYPE_CHECKING:
    from .directory import CourseDirectory
    from .results import Result

app = typer.Typer(
    help="Build the course's lessons, grade a class on them, and see what it understood.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
CORES = os.cpu_count() or 1

screen = Console()
errors = Console(stderr=True)

Course = Annotated[
    Path,
    typer.Option(
        "--course", help="The course directory: any of nbgrader's. The project's clone is one, too."
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ASSIGNMENT]...", show_default="all", help="Which assignments."),
]
Jobs = Annotated[
    int, typer.Option(min=1, show_default="one per core", help="How many processes grade at once.")
]


def main() -> None:
    """Run the command line; a UsageError is one sentence and exit code 2."""
    try:
        app()
    except UsageError as error:
        errors.print(f"[bold red]Cannot do that:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)
    finally:
        # What is there when a command ends need not be looked through for garbage.
        gc.freeze()


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Build the course's lessons, grade a class on them, and see what it understood."""
    if show:
        from . import __version__

        screen.print(__version__)
        raise typer.Exit


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make the course.")],
    lessons: Annotated[
        str, typer.Option(help="Which lessons, by number or name, with commas: 05,06.")
    ] = "all",
) -> None:
    """Make a course directory: settings, a secret for hidden tests, and the lessons' notebooks."""
    from .init import make_course

    course = make_course(directory, lessons)
    screen.print(f"The course is in [bold]{escape(str(course.root))}[/]. Next:")
    screen.print(
        "  1. Look through course.toml: lessons, dates, points, and how much feedback says.\n"
        "     After a change there, type: grader build\n"
        "  2. Give students the folders in assignments/, by nbgrader's exchange or your LMS.\n"
        "  3. Put what they hand in into submitted/STUDENT/ASSIGNMENT/, and type: grader grade"
    )


@app.command()
def build(
    names: Names = None,
    course: Course = Path("."),
) -> None:
    """Make solutions/ and assignments/ from the lessons' sources.

    A generated notebook that somebody changed by hand is never overwritten.
    """
    from .build import build as build_lessons

    directory = _open(course)
    changed = build_lessons(directory, names)
    for path in changed:
        screen.print(f"wrote {escape(str(path.relative_to(directory.root)))}", soft_wrap=True)
    screen.print(f"{len(changed)} files written; everything else was up to date.")


@app.command()
def grade(
    names: Names = None,
    course: Course = Path("."),
    jobs: Jobs = CORES,
    force: Annotated[
        bool, typer.Option(help="Grade again what has a result for the same files already.")
    ] = False,
    isolation: IsolationOption = Isolation.FULL,
) -> None:
    """Grade what is in submitted/, into results/, autograded/ and the gradebook.

    Exit code: 0 when every submission has a result, 1 when the grader itself failed on some, 2 when
    the command makes no sense here.
    """
    # (Closed with the command, if nothing takes it.)
    start.ahead(isolation)
    if grade_with_progress(_open(course), names, jobs, force, isolation):
        raise typer.Exit(1)


def _open(root: Path) -> CourseDirectory:
    """Return the course in a folder; raises UsageError where there is none."""
    with uncollected():
        from .directory import CourseDirectory

    return CourseDirectory(root)


def grade_with_progress(
    directory: CourseDirectory,
    names: list[str] | None,
    jobs: int,
    force: bool,
    isolation: str = FULL,
) -> int:
    """Grade, showing a bar and then a summary; returns how many the grader itself failed on."""
    import_nbformat()
    with uncollected():
        from .grading import grade_assignment, to_grade
        from .intake import strangers
        from .pages import clean, clean_line

    faults = 0
    require(isolation)
    lessons = to_grade(directory, names)
    for lesson in lessons:
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=errors,
        )
        bar = progress.add_task(lesson.name, total=None)

        # The bar has a thread, and starts when workers have been forked.
        def start(total: int, progress: Progress = progress, bar: TaskID = bar) -> None:
            progress.update(bar, total=total)
            progress.start()

        try:
            summary = grade_assignment(
                directory,
                lesson,
                jobs=jobs,
                force=force,
                isolation=isolation,
                is_last=lesson is lessons[-1],
                on_start=start,
                on_result=lambda _, p=progress, bar=bar: p.advance(bar),  # type: ignore[misc]
            )
        finally:
            progress.stop()
        faults += len(summary.faults)
        screen.print(
            f"[bold]{escape(lesson.name)}[/]: {summary.graded} graded, {summary.kept} kept from "
            f"before, {len(summary.set_aside)} set aside, {len(summary.absent)} not handed in."
        )
        aside = sorted(summary.set_aside, key=lambda result: result.student)
        for result in [*aside, *summary.faults]:
            said = f"{clean_line(result.student)}: {clean(result.message)}"
            screen.print(f"  {escape(said)}", soft_wrap=True)
        if aside:
            first = clean_line(aside[0].student)
            said = _LOOK.format(student=first, assignment=lesson.name)
            screen.print(f"  {escape(said)}", "  The whole list: grader quarantine", sep="\n")
    for sentence in strangers(directory):
        screen.print(escape(sentence), soft_wrap=True)
    return faults


class Format(StrEnum):
    """How `grader results` prints."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command()
def results(
    names: Names = None,
    course: Course = Path("."),
    format: Annotated[
        Format, typer.Option(help="A table to read, or data for another tool.")
    ] = Format.TABLE,
) -> None:
    """Show the results of the last grading."""
    from .tables import results_table

    directory = _open(course)
    found = _results(directory, names)
    if format is Format.JSON:
        print(
            json.dumps(
                [json.loads(result.to_json()) for result in found], ensure_ascii=False, indent=1
            )
        )
    elif format is Format.CSV:
        print(_as_csv(found), end="")
    else:
        for name in dict.fromkeys(result.assignment for result in found):
            screen.print(results_table(name, [r for r in found if r.assignment == name]))


def _results(directory: CourseDirectory, names: list[str] | None) -> list[Result]:
    from .results import read_results

    chosen = [directory.lesson(name).name for name in names or directory.lessons]
    found = [result for name in chosen for result in read_results(directory.results, name)]
    if not found:
        raise UsageError(f"There are no results in {directory.results} yet. Type: grader grade")
    return found


def _as_csv(found: list[Result]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            "assignment",
            "student",
            "status",
            "score",
            "max_score",
            "notebook",
            "check",
            "check_status",
            "points",
            "max_points",
            "diagnosis",
        ]
    )
    for result in found:
        head = [result.assignment, result.student, result.status, result.score, result.max_score]
        if not result.checks:
            writer.writerow([_cell(value) for value in [*head, "", "", "", "", "", ""]])
        for check in result.checks:
            named = check.diagnosis["name"] if check.diagnosis else ""
            place = check.notebook, check.id
            row = [*head, *place, check.status, check.points, check.max_points, named]
            writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Keep a spreadsheet from reading a student's id as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


@app.command()
def feedback(
    names: Names = None,
    course: Course = Path("."),
) -> None:
    """Write a page for each student, into feedback/STUDENT/ASSIGNMENT/."""
    from .feedback import write_feedback

    directory = _open(course)
    for name in dict.fromkeys(result.assignment for result in _results(directory, names)):
        pages = write_feedback(directory, name)
        screen.print(
            f"{escape(name)}: {len(pages)} pages in {escape(str(directory.feedback))}",
            soft_wrap=True,
        )


@app.command()
def report(
    names: Names = None,
    course: Course = Path("."),
    with_names: Annotated[
        bool, typer.Option("--names", help="Write students' ids instead of pseudonyms.")
    ] = False,
) -> None:
    """Write a page on the class: scores, what was right, and which mistakes were made."""
    from .report import write_report

    directory = _open(course)
    for name in dict.fromkeys(result.assignment for result in _results(directory, names)):
        path = write_report(directory, name, names=with_names)
        screen.print(f"{escape(name)}: {escape(str(path))}", soft_wrap=True)


@app.command()
def replay(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="As in submitted/STUDENT.")],
    assignment: Annotated[
        str, typer.Argument(metavar="ASSIGNMENT", help="As in submitted/STUDENT/ASSIGNMENT.")
    ],
    check: Annotated[
        str, typer.Argument(metavar="CHECK", help="Such as six_times-six, or problem1/squares.")
    ],
    course: Course = Path("."),
) -> None:
    """Show one verdict to staff: the inputs, what came back, what was expected, and why it fell.

    All of it was kept when the submission was graded; nothing is run. It tells hidden inputs and
    expected values: it is not for students.
    """
    from .replay import replay as replay_check

    for line in replay_check(_open(course), student, assignment, check):
        print(line)


@app.command()
def quarantine(
    names: Names = None,
    course: Course = Path("."),
) -> None:
    """List the submissions that were set aside, why, and what to do about each."""
    from .quarantine import set_aside
    from .tables import plain_table

    found = set_aside(_open(course), names)
    for name in dict.fromkeys(result.assignment for result in found):
        rows = ((r.student, r.message) for r in found if r.assignment == name)
        screen.print(plain_table(name, ("student", "why it was set aside, and what to do"), rows))
    said = _LOOK.format(student="STUDENT", assignment="ASSIGNMENT")
    screen.print(said if found else "Nothing was set aside.", highlight=False)


_LOOK = "To look inside safely: grader look {student} {assignment}"


@app.command()
def look(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="As in submitted/STUDENT.")],
    assignment: Annotated[
        str, typer.Argument(metavar="ASSIGNMENT", help="As in submitted/STUDENT/ASSIGNMENT.")
    ],
    course: Course = Path("."),
) -> None:
    """Look inside a submission safely: as plain text, without running or opening anything in it."""
    from .quarantine import look as look_inside

    for line in look_inside(_open(course), student, assignment):
        print(line)


@app.command()
def doctor(
    course: Course = Path("."),
    advice: Annotated[
        bool,
        typer.Option("--advice", help="Say how to get more on any system, also where this is all."),
    ] = False,
) -> None:
    """Say how far this machine can shut student code off, and how to get more.

    Exit code: 0 when that is all the way, 1 when it is less.
    """
    from .doctor import ADVICE, findings, level, limits_table
    from .limits import limits_of
    from .tables import plain_table

    screen.print(
        plain_table(
            "What this machine offers",
            ("what", "found", ""),
            ((f.what, f.found, "good" if f.good else "-") for f in findings()),
        ),
        plain_table(
            "Limits of a submission (nbgrader_config.py, c.Sandbox)",
            ("limit", "value"),
            limits_table(limits_of(_open(course))),
        ),
        sep="\n",
    )
    screen.print(f"Isolation that `grader grade` can give here: [bold]{level()}[/]")
    if advice or level() != FULL:
        screen.print(ADVICE, markup=False, highlight=False, soft_wrap=True)
    if level() != FULL:
        raise typer.Exit(1)


@app.command()
def demo(
    students: Annotated[
        int | None, typer.Option(min=1, help="How many students.", show_default="one of each kind")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where to put the class; an old demo there is replaced.")
    ] = Path("demo"),
    jobs: Jobs = CORES,
    isolation: IsolationOption = Isolation.FULL,
) -> None:
    """Make a sample class, grade it, and show what comes out."""
    from .demo import make_class
    from .feedback import write_feedback
    from .report import summary, write_report
    from .results import read_results
    from .tables import exercises_table, mistakes_table, results_table

    course, assignment = make_class(directory, students)
    faults = grade_with_progress(course, [assignment], jobs, True, isolation)
    found = list(read_results(course.results, assignment))
    screen.print(results_table(assignment, found))
    numbers = summary(course, assignment)
    screen.print(exercises_table(numbers), mistakes_table(numbers), sep="\n")
    pages = write_feedback(course, assignment)
    page = write_report(course, assignment)
    screen.print(f"Feedback: {len(pages)} pages, such as {escape(str(pages[0]))}", soft_wrap=True)
    screen.print(f"Report on the class: [bold]{escape(str(page))}[/]", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
