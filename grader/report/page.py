"""The report's page: the numbers of the summary, as charts and as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ..directory import CourseDirectory
from ..pages import render, write_page
from . import charts
from .summary import Summary, summary

MOST_NAMES = 30
"""students named for one thing; a class of a thousand would fill pages"""

MOST_ROWS = 100
"""rows in a table of things to look at"""


def write_report(course: CourseDirectory, assignment: str, *, names: bool = False) -> Path:
    """Write report/ASSIGNMENT.html and return its path; pseudonymous unless `names`.

    Raises UsageError for an unknown assignment and for a result that cannot be read.
    """
    found = summary(course, assignment, names=names)
    return write_page(course.report / f"{assignment}.html", report_page(found))


def report_page(found: Summary) -> str:
    """Return the page that shows a summary."""
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return render(
        "report.html",
        found=found,
        written=written,
        most_names=MOST_NAMES,
        most_rows=MOST_ROWS,
        most_mistakes=charts.MOST_MISTAKES,
        score_chart=charts.score_chart(found) if found.scores and found.histogram else None,
        exercise_chart=charts.exercise_chart(found.exercises) if found.graded else None,
        check_chart=charts.check_chart(found.exercises) if found.graded else None,
        mistake_chart=charts.mistake_chart(found.mistakes) if found.mistakes else None,
    )
