"""How many submissions a second `grader grade` gets through, and stock nbgrader on the same ones.

    python benchmarks/grading.py [--submissions 40] [--rounds 1]

Whole commands are timed, from a fresh gradebook: `nbgrader autograde` with a config that names only
the directories, and `grader grade` with one worker and with one per core, in turns within one run.
Of the submissions of lesson 06, 60 % are right, 30 % wrong and 10 % blank. Both must come to the
same scores, or no time is told.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from course import find
from course.key import Exercise, load_key
from grader.demo.students import Handed, students
from grader.init import make_course

LESSON = "06_gradients_add_up"
CLONE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Make a class, grade it in each way, print what each took."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--submissions", type=int, default=40)
    options.add_argument("--rounds", type=int, default=1, help="medians are taken over these")
    chosen = options.parse_args()
    cores = os.cpu_count() or 1
    grader = [sys.executable, "-m", "grader.cli", "grade", LESSON]
    commands = {"nbgrader autograde": [sys.executable, "-m", "nbgrader", "autograde", LESSON]}
    for jobs in dict.fromkeys((1, cores)):
        commands[f"grader grade --jobs {jobs}"] = [*grader, "--jobs", str(jobs)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "class"
        make_class(root, chosen.submissions)
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        scores = {}
        for _ in range(chosen.rounds):
            for name, command in commands.items():
                taken, scores[name] = run(command, root)
                seconds[name].append(taken)
    if len({tuple(sorted(found.items())) for found in scores.values()}) != 1:
        sys.exit(f"The scores are not the same, so there is nothing to compare: {scores}")
    report(chosen.submissions, {name: statistics.median(taken) for name, taken in seconds.items()})


def make_class(root: Path, number: int) -> None:
    """Make a course whose students have handed in lesson 06: 60 % right, 30 % wrong, 10 % blank."""
    course = make_course(root, LESSON, "the same class on every machine")
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text().split("\n# `nbgrader autograde`")[0])
    release, solution = (
        nbformat.read(top / LESSON / f"{LESSON}.ipynb", as_version=4)
        for top in (course.assignments, course.solutions)
    )
    key = load_key(find.lesson_folder(LESSON, root) / "key.py")
    everybody = dict(students(release, solution, key, None))
    wrong = [w.name for e in key.values() if isinstance(e, Exercise) for w in e.wrongs]
    right = [name for name in everybody if name.startswith(("full_solution", "alternative_"))]
    turns = in_turns(
        [everybody[name] for name in right],
        [everybody[name] for name in wrong],
        everybody["blank"],
    )
    for n, handed in enumerate(itertools.islice(turns, number)):
        folder = course.submitted / f"student_{n:04}" / LESSON
        folder.mkdir(parents=True)
        for name, text in handed.items():
            (folder / name).write_text(text, encoding="utf-8")


def in_turns(right: list[Handed], wrong: list[Handed], blank: Handed) -> Iterator[Handed]:
    """Yield submissions without end: of each ten, six right, three wrong and one blank."""
    rights, wrongs = itertools.cycle(right), itertools.cycle(wrong)
    while True:
        for letter in "RRWRRWRRWB":
            yield blank if letter == "B" else next(rights if letter == "R" else wrongs)


def run(command: list[str], root: Path) -> tuple[float, dict[str, float]]:
    """Run a command on a fresh gradebook; returns its seconds and the scores it came to."""
    for leftover in ("autograded", "results"):
        shutil.rmtree(root / leftover, ignore_errors=True)
    (root / "gradebook.db").unlink(missing_ok=True)
    if "nbgrader" in command:
        # Before it grades, stock nbgrader must have met the assignment; that is not timed.
        quiet([sys.executable, "-m", "nbgrader", "generate_assignment", LESSON, "--force"], root)
    started = time.perf_counter()
    quiet(command, root)
    taken = time.perf_counter() - started
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        return taken, {s.student.id: s.score for s in book.assignment_submissions(LESSON)}


def quiet(command: list[str], root: Path) -> None:
    """Run a command; ends with what it said where it fails."""
    environment = os.environ | {"PYTHONPATH": str(CLONE)}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def report(number: int, seconds: dict[str, float]) -> None:
    """Print a line for each command."""
    stock = seconds["nbgrader autograde"]
    print(f"{number} submissions of {LESSON}, whole commands")
    print(f"{'':28}{'seconds':>9}{'per second':>12}{'times stock':>13}")
    for name, taken in seconds.items():
        print(f"{name:28}{taken:9.1f}{number / taken:12.2f}{stock / taken:13.1f}")


if __name__ == "__main__":
    main()
