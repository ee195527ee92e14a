"""Grading again gives the same; what changes a score is on record; old scores never stand in."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import replace

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader import intake, schedule
from grader.build import build
from grader.directory import CourseDirectory
from grader.grading import grade_assignment, has_result
from grader.pipeline import Assignment, Graded
from grader.restore import role
from grader.results import NOT_GRADED, Result, detail_path, read_results
from grader.sandbox import FULL, Limits
from tests.conftest import LESSON, Classroom

MAY_DIFFER = ("started", "seconds", "peak_memory_mb")

ANSWERS = {
    "right": {},
    "wrong": {"six_times": "def six_times(x, y, w, b, extra):\n    return w, b"},
    "endless": {"six_times": "def six_times(*_):\n    while True: pass"},
    "random": {
        "six_times": 'import random\ndef six_times(*_):\n    return random.random(), hash("a")'
    },
    "busy": {
        "zero_gradients": "total = sum(i * i for i in range(3_000_000))\n"
        "def zero_gradients(parameters):\n"
        "    for p in parameters:\n"
        "        if p.grad is not None: p.grad.zero_()"
    },
}


@pytest.fixture(scope="module")
def mixed(built_course, tmp_path_factory):
    """A class of all sorts, one of them near its limit of CPU time."""
    root = tmp_path_factory.mktemp("repeatable") / "course"
    shutil.copytree(built_course, root)
    room = Classroom(root)
    with (root / "nbgrader_config.py").open("a") as settings:
        settings.write("\nc.Sandbox.cell_seconds = 2\n")
    for student, answers in ANSWERS.items():
        room.hand_in(student, room.answers(**answers))
    room.hand_in("corrupt", "{")
    return room


def snapshot(room):
    """All results and details, but for what may differ."""
    found = {}
    for result in read_results(room.course.results, LESSON):
        record = json.loads(result.to_json())
        for name in MAY_DIFFER:
            del record[name]
        path = room.course.results / LESSON / f"{result.student}.json"
        found[result.student] = record, detail_path(path).read_text()
    return found


def graded(room, jobs):
    grade_assignment(room.course, room.course.lesson(LESSON), jobs=jobs, force=True)
    return snapshot(room)


@contextlib.contextmanager
def full_load():
    """Keep every core busy with something else, twice over."""
    words = [sys.executable, "-c", "while True: pass"]
    burners = [subprocess.Popen(words) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def test_alone_or_beside_full_load_on_one_worker_or_many(mixed):
    alone = graded(mixed, 1)
    with full_load():
        loaded = graded(mixed, 3)
    assert alone == loaded
    assert alone["endless"][0]["score"] < alone["busy"][0]["score"] == 15


class SlowPool:
    """A pool in which wall-clock time ends a submission whenever there are several workers."""

    def __init__(self):
        self.asked = []

    def __call__(self, jobs):
        self.jobs = jobs
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, assignment, submission, limits):
        self.asked.append((submission.student, self.jobs))
        future = Future()
        late = self.jobs > 1 and submission.student == "bo"
        result = Result(submission.student, assignment.name, "graded", 0.0 if late else 1.0)
        future.set_result(Graded(result, slow=late))
        return future


def test_a_wall_clock_time_out_beside_others_is_run_again_alone(classroom):
    names = ("anna", "bo", "cleo")
    submissions = [intake.Submission(name, LESSON) for name in names]
    pool = SlowPool()
    assignment = Assignment(LESSON, classroom.root, classroom.course.lesson(LESSON).source)
    found = list(schedule.grade_all(assignment, submissions, Limits(), 2, pool))
    assert {one.result.student: one.result.score for one in found} == dict.fromkeys(names, 1.0)
    assert pool.asked == [("anna", 2), ("bo", 2), ("cleo", 2), ("bo", 1)]


# What is on record


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A course with a lesson of its own, graded once; lesson, key and data can be changed."""
    from course import find
    from grader.init import make_course

    root = tmp_path_factory.mktemp("own") / "course"
    make_course(root, "06", "a secret")
    shutil.copytree(find.CLONE / "docs" / "example_overlay", root / "own_lessons")
    (root / "course.toml").write_text('overlay = "own_lessons"\nlessons = ["50_learning_rates"]\n')
    course = CourseDirectory(root)
    build(course)
    (lesson,) = course.lessons.values()
    folder = root / "submitted" / "anna" / lesson.name
    folder.mkdir(parents=True)
    solved = nbformat.read(root / "solutions" / lesson.name / f"{lesson.name}.ipynb", 4)
    nbformat.write(solved, folder / f"{lesson.name}.ipynb")
    grade_assignment(course, lesson, jobs=1)
    return root


def add_a_space(path):
    return lambda root: (root / path).write_bytes((root / path).read_bytes() + b"\n")


LIMITS = Limits()
NAME = "50_learning_rates"


@pytest.mark.parametrize(
    "change",
    [
        add_a_space(f"submitted/anna/{NAME}/{NAME}.ipynb"),
        add_a_space(f"solutions/{NAME}/{NAME}.ipynb"),
        add_a_space(f"assignments/{NAME}/{NAME}.ipynb"),
        add_a_space(f"assignments/{NAME}/{NAME}.cases.json"),
        add_a_space(f"own_lessons/{NAME}/key.py"),
        lambda root: (root / ".secret").write_text("another"),
        lambda root: (root / f"assignments/{NAME}/data.csv").write_text("1,2"),
    ],
    ids=["submission", "solution", "release", "cases", "key", "secret", "data"],
)
def test_whatever_could_change_a_score_is_noticed(own, tmp_path, change):
    root = tmp_path / "course"
    shutil.copytree(own, root)
    assert is_current(root)
    change(root)
    assert not is_current(root)


def test_limits_and_isolation_are_noticed(own):
    assert is_current(own)
    assert not is_current(own, replace(LIMITS, cell_seconds=1))
    assert not is_current(own, isolation="reduced")


def is_current(root, limits=LIMITS, isolation=FULL):
    course = CourseDirectory(root)
    (lesson,) = course.lessons.values()
    submission = intake.read(course, lesson, "anna")
    assignment = Assignment(lesson.name, course.root, lesson.source)
    return has_result(course, assignment, submission, limits, isolation)


# Old scores


def grade(room):
    return grade_assignment(room.course, room.course.lesson(LESSON), jobs=1)


def score_of(room, student="anna"):
    (result,) = [r for r in read_results(room.course.results, LESSON) if r.student == student]
    with Gradebook(room.course.gradebook_url) as book:
        entry = book.find_submission(LESSON, student)
        return result.status, result.score, entry.score, entry.needs_manual_grade


def corrupt(room, path):
    path.write_text("{")


def rename(room, path):
    path.rename(path.with_name("homework.ipynb"))


def take_away(room, path):
    shutil.rmtree(path.parent)


def blank(room, path):
    nbformat.write(room.notebook("assignments"), path)


def delete_graded_cells(room, path):
    notebook = room.notebook("assignments")
    notebook.cells = [cell for cell in notebook.cells if role(cell) not in ("check", "exercise")]
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    ("resubmit", "expected"),
    [
        (corrupt, ("quarantined", None, 0, True)),
        (rename, ("quarantined", None, 0, True)),
        (take_away, ("not_graded", None, 0, True)),
        (delete_graded_cells, ("graded", 0, 0, False)),
        (blank, ("graded", 0, 0, False)),
    ],
)
def test_an_old_score_never_stands_in(classroom, resubmit, expected):
    path = classroom.hand_in("anna", classroom.answers())
    grade(classroom)
    assert score_of(classroom) == ("graded", 15, 15, False)
    resubmit(classroom, path)
    grade(classroom)
    assert score_of(classroom) == expected
    graded_notebook = classroom.course.autograded / "anna" / LESSON / f"{LESSON}.ipynb"
    assert graded_notebook.exists() == (expected[0] == "graded")


def test_an_old_score_does_not_stand_where_the_grader_itself_failed(classroom):
    path = classroom.hand_in("anna", classroom.answers())
    grade(classroom)
    path.write_text(path.read_text() + "\n")
    # Staff have damaged the released notebook, and no second try can help that.
    (classroom.root / "assignments" / LESSON / f"{LESSON}.ipynb").write_text("{")
    assert [result.student for result in grade(classroom).faults] == ["anna"]
    assert score_of(classroom) == (NOT_GRADED, None, 0, True)
