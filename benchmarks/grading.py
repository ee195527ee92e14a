"""How fast `grader grade` is, beside stock nbgrader on the same submissions, and what it holds.

    python benchmarks/grading.py [--submissions 100] [--stock 100] [--crowd 1000]

Whole commands are timed, in one run, each from a gradebook that has met the assignment: `nbgrader
autograde` with a config that names only the directories, and `grader grade` with one worker and
with two. Of the submissions of lesson 06, 60 % are right, 30 % wrong and 10 % blank. All must come
to the same scores, or no time is told. With `--stock 20`, stock nbgrader grades only the first 20,
and its time is scaled to all of them. Then a room is measured by itself, and memory.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course import find
from course.key import Exercise, load_key
from grader.directory import CourseDirectory
from grader.pipeline import Assignment, grade
from grader.restore import role
from grader.sandbox import FULL, Limits, bubblewrap
from grader.sandbox.launch import Sandbox

LESSON = "06_gradients_add_up"
CLONE = Path(__file__).resolve().parent.parent
STOCK = "nbgrader autograde"
Files = Mapping[str, str]
"""What a student handed in: texts by file name"""


@dataclass(frozen=True)
class Row:
    """One thing that was measured."""

    what: str
    have: float
    goal: float
    unit: str
    at_least: bool = False
    """whether more is better"""

    def __str__(self) -> str:
        ratio = self.have / self.goal
        met = ratio >= 1 if self.at_least else ratio <= 1
        sign = ">=" if self.at_least else "<="
        return (
            f"{self.what:58}{self.have:9.1f} {self.unit:5} {sign}{self.goal:7.1f}"
            f"{ratio:8.2f}  {'met' if met else 'missed'}"
        )


def main() -> None:
    """Make a class, measure, print what was found beside what was wanted."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--submissions", type=int, default=100)
    options.add_argument("--stock", type=int, help="how many stock nbgrader grades (default: all)")
    options.add_argument("--crowd", type=int, default=1000, help="for the coordinator's memory")
    chosen = options.parse_args()
    if bubblewrap.problem():
        sys.exit(f"There is no sandbox to be measured here: {bubblewrap.problem()}.")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "class"
        make_class(root, chosen.submissions)
        rows = [*commands(root, chosen.submissions, chosen.stock or chosen.submissions)]
        rows += [empty_room(), thirty_cells(root), waiting_room(root)]
        crowd = Path(folder) / "crowd"
        make_class(crowd, chosen.crowd)
        rows.append(coordinator(crowd, chosen.crowd))
    print(f"\n{'':58}{'have':>9} {'':7}{'goal':>8}{'ratio':>8}")
    print(*rows, sep="\n")


# The class


def make_class(root: Path, number: int) -> None:
    """Make a course whose students have handed in lesson 06: 60 % right, 30 % wrong, 10 % blank."""
    # Here, because it needs nbgrader, which no worker has in its memory.
    from grader.demo.students import students
    from grader.init import make_course

    course = make_course(root, LESSON, "the same class on every machine")
    # The settings that make nbgrader run student code by itself, as it comes.
    text = (root / "nbgrader_config.py").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "CourseDirectory" in line or "import os" in line]
    settings = "\n".join([*kept[:1], "c = get_config()", *kept[1:], ""])
    (root / "nbgrader_config.py").write_text(settings, encoding="utf-8")
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


def in_turns(right: list[Files], wrong: list[Files], blank: Files) -> Iterator[Files]:
    """Yield submissions without end: of each ten, six right, three wrong and one blank."""
    rights, wrongs = itertools.cycle(right), itertools.cycle(wrong)
    while True:
        for letter in "RRWRRWRRWB":
            yield blank if letter == "B" else next(rights if letter == "R" else wrongs)


# Whole commands


def commands(root: Path, number: int, by_stock: int) -> Iterator[Row]:
    """Time whole commands on one class; ends where they do not come to the same scores."""
    quiet([sys.executable, "-m", "nbgrader", "generate_assignment", LESSON, "--force"], root)
    shutil.copy(root / "gradebook.db", root / "met.db")
    few = root.with_name("few")
    shutil.copytree(root, few)
    for folder in sorted((few / "submitted").iterdir())[by_stock:]:
        shutil.rmtree(folder)
    print(
        f"{number} submissions of {LESSON}, whole commands\n{'':28}{'seconds':>9}{'a second':>10}"
    )
    taken, scores = run([sys.executable, "-m", "nbgrader", "autograde", LESSON], few)
    stock = by_stock / taken
    print(f"{STOCK:28}{taken:9.1f}{stock:10.2f}" + f"  (of {by_stock})" * (by_stock < number))
    for jobs, goal in ((1, 25.0), (2, 45.0)):
        name = f"grader grade --jobs {jobs}"
        command = [sys.executable, "-m", "grader", "grade", LESSON, "--jobs", str(jobs)]
        taken, found = run(command, root)
        print(f"{name:28}{taken:9.1f}{number / taken:10.2f}")
        if len(found) != number or not scores.items() <= found.items():
            sys.exit(f"The scores are not the same, so there is nothing to compare: {found}")
        yield Row(f"{name}, times stock", number / taken / stock, goal, "times", at_least=True)


def run(command: list[str], root: Path) -> tuple[float, dict[str, float]]:
    """Run a command on a class that nothing is graded of; returns seconds and scores."""
    # In a folder of its own: where much was just deleted, new files take longer.
    copy = root.with_name(f"{root.name} {'-'.join(command[2:])}")
    shutil.copytree(root, copy)
    shutil.copy(root / "met.db", copy / "gradebook.db")
    from nbgrader.api import Gradebook

    started = time.perf_counter()
    quiet(command, copy)
    taken = time.perf_counter() - started
    with Gradebook(f"sqlite:///{copy / 'gradebook.db'}") as book:
        return taken, {s.student.id: s.score for s in book.assignment_submissions(LESSON)}


def quiet(command: list[str], root: Path) -> str:
    """Run a command and return what it printed; ends with what it said where it fails."""
    # Modules are kept compiled, as they are wherever nobody has asked for something else.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(CLONE)
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


# A room by itself


def median_ms(do: Callable[[], None], times: int = 30) -> float:
    """Return the median time that something takes, in milliseconds, once it is warm."""
    taken = []
    for n in range(times + 3):
        started = time.perf_counter()
        do()
        if n >= 3:
            taken.append(time.perf_counter() - started)
    return 1000 * statistics.median(taken)


def empty_room() -> Row:
    """Open and close a room in which nothing happens."""
    with Sandbox(FULL, Limits()) as sandbox:
        taken = median_ms(lambda: sandbox.open({}).close())
    return Row("a room for an empty notebook", taken, 15, "ms")


def thirty_cells(root: Path) -> Row:
    """Run thirty cells of solved lessons in a room, and in a process that is only warm."""
    sources = []
    for path in sorted((CLONE / "solutions").glob("*/*.ipynb"))[5:8]:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and role(cell) != "check":
                sources.append(cell.source)
    sources = sources[:30]
    (root / "cells.json").write_text(json.dumps(sources), encoding="utf-8")
    bare = float(quiet([sys.executable, "-c", BARE], root))
    with Sandbox(FULL, Limits()) as sandbox:

        def in_a_room() -> None:
            room = sandbox.open({})
            for source in sources:
                room.run(source)
            room.close()

        taken = median_ms(in_a_room, 10)
    return Row(
        f"{len(sources)} cells in a room ({bare:.0f} ms without)", taken, 1.5 * bare + 25, "ms"
    )


BARE = """
import json, os, statistics, time
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
from IPython.core.interactiveshell import InteractiveShell
import autograd_lib, course, matplotlib.pyplot
InteractiveShell.showtraceback = lambda self, *_, **__: None
shell = InteractiveShell.instance(history_load_length=0)
shell.display_pub.publish = lambda *_, **__: None
sources = json.load(open("cells.json"))
taken, screen = [], os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for _ in range(13):
    shell.reset(new_session=True)
    started = time.perf_counter()
    for source in sources:
        shell.run_cell(source)
    taken.append(time.perf_counter() - started)
os.write(screen, str(1000 * statistics.median(taken[3:])).encode())
"""


# Memory


def pss_mb(process: int) -> float:
    """Return a process's memory, of what it shares with others its share."""
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
        (found,) = [line for line in file if line.startswith("Pss:")]
    return int(found.split()[1]) / 1000


def waiting_room(root: Path) -> Row:
    """Weigh a worker that has graded a submission, and a room that waits for its first cell."""
    taken = float(quiet([sys.executable, __file__, "weigh", str(root)], root))
    return Row("a waiting room and its judge, proportional memory", taken, 150, "MB")


def weigh(root: Path) -> float:
    """Be the worker: grade something, open a room, weigh both."""
    from grader import intake

    course = CourseDirectory(root)
    lesson = course.lesson(LESSON)
    with Sandbox(FULL, Limits()) as sandbox:
        assignment = Assignment(LESSON, course.root, lesson.source)
        submission = intake.read(course, lesson, "student_0000")
        grade(assignment, submission, Limits(), sandbox)
        before = set(sandbox.processes)
        room = sandbox.open({})
        found = set(sandbox.processes) - before
        total = pss_mb(os.getpid()) + sum(map(pss_mb, found))
        room.close()
    return total


def coordinator(root: Path, number: int) -> Row:
    """Compare the coordinator's memory after ten results with that after all."""
    few, many = json.loads(quiet([sys.executable, __file__, "coordinate", str(root)], root))
    return Row(
        f"the coordinator after {number} submissions ({few:.0f} MB after 10)",
        many,
        1.05 * few,
        "MB",
    )


def coordinate(root: Path) -> list[float]:
    """Be the coordinator: grade a class; returns its memory after ten results and at the end."""
    from grader.grading import grade_assignment

    course = CourseDirectory(root)
    held: list[float] = []

    def look(_: object) -> None:
        with open("/proc/self/statm", encoding="ascii") as file:
            held.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)

    grade_assignment(course, course.lesson(LESSON), jobs=2, on_result=look)
    # Results come in batches, so the first ten may be twenty.
    return [held[9], held[-1]]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["weigh", root]:
            print(weigh(Path(root)))
        case ["coordinate", root]:
            print(json.dumps(coordinate(Path(root))))
        case _:
            main()
