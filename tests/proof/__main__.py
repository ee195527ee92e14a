"""Try every answer of every key under many seeds, and mutants besides; print what came of it.

    python -m tests.proof [LESSON...] [--seeds 100] [--jobs 2]

For each exercise: right answers are accepted under twice as many seeds as wrong ones are rejected
under; a wrong answer is rejected by a named check under every seed; a mutant of the lesson's own
answer is rejected under one of a few. Mutants that do the same as the answer stand in
equivalent.toml, each with its reason. The exit code is 1 where anything does not hold.
"""

import argparse
import contextlib
import os
import signal
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from rich.console import Console
from rich.table import Table

from course.check import examine
from course.key import Exercise
from tests.course import lessons

from .mutants import mutants

SEEDS_FOR_MUTANTS = 3
SECONDS = 5
"""of computing that a mutant may take; one that does not come to an end is rejected"""
EQUIVALENT = Path(__file__).parent / "equivalent.toml"
WANTED = 0.95
"""the share of mutants to be rejected"""


@dataclass
class Row:
    """What was found out about one exercise."""

    lesson: str
    exercise: str
    rights: int = 0
    refused: list[str] = field(default_factory=list)
    """right answers that a check rejects"""
    wrongs: dict[str, set[str]] = field(default_factory=dict)
    """by wrong answer: the checks that reject it under every seed"""
    accepted: list[str] = field(default_factory=list)
    """wrong answers that pass all checks under some seed"""
    mutants: int = 0
    survivors: list[str] = field(default_factory=list)
    equivalent: dict[str, str] = field(default_factory=dict)
    """mutants that do the same, each with its argument"""
    stale: list[str] = field(default_factory=list)
    """arguments about mutants that a check rejects, or that do not exist"""


def prove(lesson: str, seeds: int) -> list[Row]:
    """Try all that a lesson's key holds."""
    known = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}
    rows = []
    for entry in lessons.key(lesson).values():
        if isinstance(entry, Exercise):
            row = Row(lesson, entry.name)
            _try_answers(row, entry, seeds)
            _try_mutants(row, entry, known.get(lesson, {}).get(entry.name, {}))
            rows.append(row)
    return rows


def _failing(cases, exercise, answer) -> Iterator[str]:
    """Yield the checks that an answer does not pass."""
    info = cases.exercises[exercise.name]
    for check in cases.checks.values():
        if check.exercise == exercise.name:
            given = cases.given(exercise, answer)
            outcome = examine(cases, check, info, given, secret=True, diagnosing=False)
            if outcome.status != "passed":
                yield check.id


def _try_answers(row: Row, exercise: Exercise, seeds: int) -> None:
    row.rights = 1 + len(exercise.rights)
    for n in range(2 * seeds):
        cases = lessons.cases(row.lesson, f"proof-{n}")
        for answer in cases.right_answers(exercise):
            for check in _failing(cases, exercise, answer):
                row.refused.append(f"{check} rejects {answer.__name__} (seed {n})")
        if n >= seeds:
            continue
        for wrong in exercise.wrongs:
            failing = set(_failing(cases, exercise, wrong.answer))
            if not failing:
                row.accepted.append(f"{wrong.name} (seed {n})")
            row.wrongs[wrong.name] = row.wrongs.get(wrong.name, failing) & failing


def _try_mutants(row: Row, exercise: Exercise, known: dict[str, str]) -> None:
    (source,) = (
        cell.source
        for cell in lessons.notebook(row.lesson).cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise.name
    )
    seeds = [lessons.cases(row.lesson, f"mutants-{n}") for n in range(SEEDS_FOR_MUTANTS)]
    for what, text in mutants(source):
        row.mutants += 1
        space = dict(lessons.solved(row.lesson))
        with _end_after(SECONDS), contextlib.redirect_stdout(open(os.devnull, "w")):
            try:
                exec(text, space)
                if any(next(_failing(c, exercise, space[exercise.name]), None) for c in seeds):
                    continue
            except _TimeIsUp:
                continue
            except KeyboardInterrupt:
                raise
            except BaseException:
                continue
        if what in known:
            row.equivalent[what] = known[what]
        else:
            row.survivors.append(what)
    row.stale = [what for what in known if what not in row.equivalent]


class _TimeIsUp(KeyboardInterrupt):
    """Of an interrupt a trial takes no note: it ends."""


@contextlib.contextmanager
def _end_after(seconds: int) -> Iterator[None]:
    def end(*_: object) -> None:
        raise _TimeIsUp

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def show(rows: list[Row], seeds: int) -> bool:
    """Print the matrix and what is amiss; returns whether all holds."""
    table = Table(title=f"Answer keys under {seeds} seeds (right answers: {2 * seeds})")
    for name in ("lesson", "exercise", "right", "wrong", "mutants rejected"):
        table.add_column(name, overflow="fold")
    for row in rows:
        bad = len({text.partition(" (")[0] for text in row.accepted})
        table.add_row(
            row.lesson,
            row.exercise,
            f"{row.rights} accepted" if not row.refused else "[bold]REFUSED[/]",
            f"{len(row.wrongs) - bad} of {len(row.wrongs)} rejected",
            f"{row.mutants - len(row.survivors) - len(row.equivalent)} of {row.mutants}"
            + (f", {len(row.equivalent)} equivalent" if row.equivalent else ""),
        )
    screen = Console(width=120)
    screen.print(table)
    matrix = Table(title="Which checks reject which wrong answer, under every seed")
    for name in ("exercise", "wrong answer", "rejected by"):
        matrix.add_column(name, overflow="fold")
    for row in rows:
        for wrong, checks in row.wrongs.items():
            short = ", ".join(sorted(check.partition("-")[2] for check in checks))
            matrix.add_row(row.exercise, wrong, short or "[bold]no check under every seed[/]")
    screen.print(matrix)
    total = sum(row.mutants for row in rows)
    survivors = [f"{r.lesson} {r.exercise}: {what}" for r in rows for what in r.survivors]
    equivalent = sum(len(row.equivalent) for row in rows)
    share = 1 - (len(survivors) + equivalent) / total if total else 1.0
    amiss = [text for row in rows for text in (*row.refused, *row.accepted)]
    amiss += [f"{EQUIVALENT.name} argues in vain: {what}" for row in rows for what in row.stale]
    print(f"{sum(len(row.wrongs) for row in rows)} known-wrong answers, {total} mutants")
    print(f"{share:.1%} of the mutants rejected")
    print(f"{equivalent} argued equivalent ({EQUIVALENT.name}):")
    for row in rows:
        for what, why in row.equivalent.items():
            print(f"  {row.lesson} {row.exercise}: {what}. {why}")
    print(f"{len(survivors)} left:")
    for text in survivors:
        print(f"  {text}")
    for text in amiss:
        print(f"AMISS  {text}")
    return not amiss and not survivors and share >= WANTED


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="by name or number; all, if none is named")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    wanted = chosen.lessons
    names = [n for n in lessons.NAMES if not wanted or n in wanted or n.partition("_")[0] in wanted]
    found = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for name, rows in zip(names, pool.map(prove, names, repeat(chosen.seeds)), strict=True):
            print(f"{name}: done", file=sys.stderr, flush=True)
            found += rows
    sys.exit(not show(found, chosen.seeds))


if __name__ == "__main__":
    main()
