"""Cells that a whole class has in common may run ahead of it, and nobody can tell."""

import json
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from course import find
from course.key import load_key
from grader import intake
from grader.demo.students import students
from grader.init import make_course
from grader.judge.ahead import may_run_ahead
from grader.pipeline import Assignment, get_ready, grade
from grader.sandbox import FULL, Limits
from grader.sandbox.launch import Sandbox
from tests.conftest import LEVEL
from tests.grader.test_repeatable import MAY_DIFFER

OURS, THEIRS = True, False
LIMITS = Limits(cell_seconds=2)


@pytest.mark.parametrize(
    ("cells", "ahead"),
    [
        # Nothing of a student's comes before.
        ([("x = 1", OURS), ("print(x)", OURS)], [0, 1]),
        # A definition that has nothing to do with it.
        ([("x = 1", OURS), ("def f(a): return a", THEIRS), ("print(x)", OURS)], [0, 2]),
        # It uses what a student defines, and what comes after it may depend on what it did.
        (
            [("def f(a): return a", THEIRS), ("print(f(1))", OURS), ("print(2)", OURS)],
            [],
        ),
        # It gives another meaning to a name that a student's function uses.
        ([("def f(): return x", THEIRS), ("x = 2", OURS)], []),
        ([("def x(): return 1", THEIRS), ("x = 2", OURS)], []),
        # It changes what a student's function may see.
        ([("x = []", OURS), ("def f(): return x", THEIRS), ("x.append(1)", OURS)], [0]),
        # ... which a name of the function's own is not.
        ([("x = []", OURS), ("def f(x): return x", THEIRS), ("x.append(1)", OURS)], [0, 2]),
        # A cell of the student's that does something.
        ([("print(1)", THEIRS), ("x = 1", OURS)], []),
        ([("def f(a=print(1)): return a", THEIRS), ("x = 1", OURS)], []),
        ([("@print\ndef f(): pass", THEIRS), ("x = 1", OURS)], []),
        ([("class A(B, metaclass=C): pass", THEIRS), ("x = 1", OURS)], []),
        ([("%matplotlib inline", THEIRS), ("x = 1", OURS)], []),
        ([("def f(:", THEIRS), ("x = 1", OURS)], []),
        # It may change any name, or how everything works.
        ([("def f(): return globals()['x']", THEIRS), ("x = 1", OURS)], []),
        ([("def f():\n    global x\n    x = 2", THEIRS), ("x = 1", OURS)], []),
        ([("def f(): return 1", THEIRS), ("torch.set_default_dtype(t)", OURS)], []),
    ],
)
def test_what_may_run_ahead_is_read_from_the_text(cells, ahead):
    assert may_run_ahead(cells) == ahead


@pytest.mark.full
@pytest.mark.parametrize("lesson", ["06_gradients_add_up", "07_turning_it_off"])
def test_results_are_the_same_with_and_without(lesson, tmp_path, monkeypatch):
    assert_nobody_can_tell(lesson, tmp_path, monkeypatch, most=16)


def assert_nobody_can_tell(lesson, folder, monkeypatch, most=None):
    """Grade a class of all kinds in both ways; compare results, evidence and notebooks."""
    course = make_course(folder / "course", lesson, "a secret")
    release, solution = (
        nbformat.read(top / lesson / f"{lesson}.ipynb", as_version=4)
        for top in (course.assignments, course.solutions)
    )
    key = load_key(find.lesson_folder(lesson, course.root) / "key.py")
    handed = list(students(release, solution, key, None))[:most]
    for name, files in handed:
        place = course.submitted / name / lesson
        place.mkdir(parents=True)
        for file, text in files.items():
            (place / file).write_text(text, encoding="utf-8")
    assignment = Assignment(lesson, course.root, course.lesson(lesson).source)
    asked = []
    seen = []
    for with_templates in (True, False):
        if not with_templates:
            monkeypatch.setattr(Sandbox, "template", lambda self, cells: asked.append(cells))
        with Sandbox(LEVEL, LIMITS, engine=assignment.engine) as sandbox:
            found = {}
            for name, _ in handed:
                submission = intake.read(course, course.lesson(lesson), name)
                graded = grade(assignment, submission, LIMITS, sandbox)
                result = json.loads(replace(graded.result).to_json())
                for field in MAY_DIFFER:
                    result.pop(field)
                cells = graded.notebook.cells if graded.notebook else []
                found[name] = result, graded.detail, [c.get("outputs") for c in cells]
            seen.append(found)
    assert any(asked), "no cell could have run ahead, so this shows nothing"
    for name, _ in handed:
        assert seen[0][name] == seen[1][name], name


@pytest.mark.full
def test_a_course_of_many_lessons_holds_the_template_of_one(tmp_path):
    course = make_course(tmp_path / "course", "06,07", "a secret")
    with Sandbox(FULL, LIMITS) as sandbox:
        sandbox.wait()
        bare = living(sandbox)
        for lesson in list(course.lessons.values()) * 3:
            get_ready(Assignment.of(course, lesson), LIMITS, sandbox)
        # The last is asked what it has shown; the others have been told to end before.
        (cells,) = sandbox._templates
        assert sandbox.template(cells) is not None
        deadline = time.monotonic() + 20
        while (found := living(sandbox) - bare) != 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert found == 2, "the template, and the room that it has been asked for"


def living(sandbox):
    """Count processes, but for those that have ended and that nobody has asked about yet."""
    states = [
        Path(f"/proc/{n}/stat").read_text().rsplit(")")[-1].split()[0] for n in sandbox.processes
    ]
    return sum(state != "Z" for state in states)
