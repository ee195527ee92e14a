"""Results: what grading one submission came to, as JSON in results/ASSIGNMENT/STUDENT.json.

Grading again gives the same file but for `started`, `seconds` and `peak_memory_mb`. What only staff
may see (whole tracebacks, what a cell printed) goes to a detail file beside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

SCHEMA = 1

MADE_OF = ("submission_sha256", "assignment_sha256", "key_sha256", "seed_id")
"""Fields of a result that its detail file repeats: what the evidence in it was gathered from"""

GRADED, QUARANTINED, NOT_GRADED = "graded", "quarantined", "not_graded"

CHECK_STATUSES = (
    "passed",
    "failed",
    "error",
    "timeout",
    "out_of_memory",
    "output_limit",
    "crashed",
    "missing",
    "not_attempted",
    "awaiting_manual",
)


@dataclass
class CheckResult:
    """One check of one submission. `message` may be shown to the student."""

    id: str
    notebook: str
    exercise: str
    points: float | None
    """None where a person has to give them"""
    max_points: float
    status: str
    message: str = ""
    diagnosis: dict[str, Any] | None = None
    """the likely mistake: its number in the catalogue, its name, and what it is, in words"""


@dataclass
class Result:
    """One submission's result, whatever became of it."""

    student: str
    assignment: str
    status: str
    score: float | None = None
    """before late penalties; None unless graded"""
    max_score: float = 0.0
    checks: list[CheckResult] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    message: str = ""
    """what happened and what to do, where the submission was not graded"""
    submission_sha256: str | None = None
    assignment_sha256: str = ""
    key_sha256: str | None = ""
    environment: dict[str, str] = field(default_factory=dict)
    engine_version: str = ""
    grader_version: str = ""
    seed_id: str = ""
    isolation: str = "none"
    started: str = ""
    seconds: float = 0.0
    peak_memory_mb: float | None = None

    def by_name(self) -> dict[str, CheckResult]:
        """Return the checks by their ids; where two notebooks have the same one, by both names."""
        count = Counter(check.id for check in self.checks)
        return {
            check.id if count[check.id] == 1 else f"{check.notebook}/{check.id}": check
            for check in self.checks
        }

    def of_notebook(self, name: str) -> Result:
        """Return what one of several notebooks has of this."""
        checks = [check for check in self.checks if check.notebook == name]
        graded = self.status == GRADED
        return replace(
            self,
            checks=checks,
            score=sum(check.points or 0.0 for check in checks) if graded else None,
            max_score=sum(check.max_points for check in checks),
            repairs=[text for text in self.repairs if text.startswith(f"{name}: ")],
        )

    def in_full(self) -> Result:
        """Return this with each check, and its exercise, under its notebook's name as well."""
        return replace(
            self,
            checks=[
                replace(
                    check,
                    id=f"{check.notebook}/{check.id}",
                    exercise=f"{check.notebook}/{check.exercise}",
                )
                for check in self.checks
            ],
        )

    def to_json(self) -> str:
        """Return the file's text: a line for each field, and for each check."""
        # Written line by line: json's own way to break lines takes ten times as long.
        checks = ",\n".join(f"  {_line(vars(check))}" for check in self.checks)
        fields = {
            name: f"[\n{checks}\n ]" if name == "checks" and checks else _line(value)
            for name, value in {"schema": SCHEMA, **vars(self)}.items()
        }
        lines = ",\n".join(f' "{name}": {text}' for name, text in fields.items())
        return f"{{\n{lines}\n}}\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read a file's text; raises ValueError for a schema of another version."""
        record = json.loads(text)
        if record.pop("schema") != SCHEMA:
            raise ValueError("the result was written by another version of grader: grade again")
        record["checks"] = [CheckResult(**check) for check in record["checks"]]
        return cls(**record)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def result_path(folder: Path, assignment: str, student: str) -> Path:
    """Return where a result is kept."""
    return folder / assignment / f"{student}.json"


def write_result(folder: Path, result: Result, detail: dict[str, Any] | None = None) -> Path:
    """Write a result, and beside it what only staff may see; each file whole or not at all."""
    path = result_path(folder, result.assignment, result.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    # First: a result must never stand beside the evidence of another submission.
    beside = {name: getattr(result, name) for name in MADE_OF} | (detail or {})
    _replace(detail_path(path), json.dumps(beside, ensure_ascii=False) + "\n")
    _replace(path, result.to_json())
    return path


def detail_path(path: Path) -> Path:
    """Return where the detail beside a result is kept."""
    return path.with_suffix(".detail")


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def read_results(folder: Path, assignment: str) -> Iterator[Result]:
    """Read an assignment's results, in the order of the students' names."""
    for path in sorted((folder / assignment).glob("*.json")):
        yield Result.from_json(path.read_text(encoding="utf-8"))
