"""Right results by a way that an exercise rules out: the same verdict when graded and at home."""

import nbformat
import pytest
from nbclient import NotebookClient

from course import find
from course.check import OUTCOME
from grader.directory import CourseDirectory
from grader.intake import Submission
from grader.pipeline import Assignment, grade
from grader.restore import grade_id
from grader.sandbox import FULL, Limits, stage
from grader.sandbox.launch import Sandbox

LIMITS = Limits()

BY_AUTOGRAD = """def use_tools(loss, leaves):
    loss.backward()
    return tuple(leaf.grad for leaf in leaves)

def manual_gradients(x, y, w, b):
    leaves = [w.detach().requires_grad_(), b.detach().requires_grad_()]
    z = x @ leaves[0] + leaves[1]
    return use_tools(torch.nn.functional.binary_cross_entropy_with_logits(z, y), leaves)
"""
BY_DIFFERENCES = """def vjp(f, x, v):
    x, slopes = x.detach(), []
    for step in 0.001 * torch.eye(len(x)):
        slopes.append(((f(x + step) - f(x - step)) @ v).item() / 0.002)
    return torch.tensor(slopes)
"""
BORROWED = """def cross_entropy(scores, labels):
    import autograd_lib as engine
    return engine.nn.functional.cross_entropy(engine.tensor(scores.data), engine.tensor(labels))
"""


@pytest.fixture(scope="module")
def sandboxes():
    with Sandbox(FULL, LIMITS) as usual, Sandbox(FULL, LIMITS, engine=False) as bare:
        yield {True: usual, False: bare}


def assignment(name):
    course = CourseDirectory(find.CLONE)
    return Assignment(name, course.root, course.lesson(name).source)


def answered(name, **answers):
    notebook = nbformat.read(assignment(name).solution, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(grade_id(cell), cell.source)
    return notebook


def graded(sandboxes, name, **answers):
    wanted = assignment(name)
    submission = Submission("anna", name, answered(name, **answers), "0" * 64)
    return grade(wanted, submission, LIMITS, sandboxes[wanted.engine]).result


@pytest.mark.parametrize(
    ("lesson", "exercise", "answer", "says"),
    [
        (
            "09_one_backward_by_hand",
            "manual_gradients",
            BY_AUTOGRAD,
            ("`loss.backward()` (line 2 of its cell)", "a formula of your own"),
        ),
        (
            "10_many_outputs",
            "vjp",
            BY_DIFFERENCES,
            ("`f` may be called 2 times", "One pass forward and one pass backward"),
        ),
        (
            "13_an_engine_for_arrays_2",
            "cross_entropy",
            BORROWED,
            ("`import autograd_lib as engine`", "Here you write the engine"),
        ),
    ],
)
def test_such_an_answer_costs_its_exercise_and_nothing_else(
    sandboxes, lesson, exercise, answer, says
):
    result = graded(sandboxes, lesson, **{exercise: answer})
    own = [check for check in result.checks if check.exercise == exercise]
    assert any(check.status == "failed" for check in own)
    told = "\n".join(check.message for check in own)
    for words in says:
        assert words in told
    lost = [c.id for c in result.checks if c.exercise != exercise and c.status == "failed"]
    assert lost == []


def test_at_home_the_same_is_said(tmp_path, monkeypatch):
    """In a notebook of the student's, where a cell is run, mended, and run again."""
    monkeypatch.setenv("PYTHONPATH", str(find.CLONE))
    name = "09_one_backward_by_hand"
    notebook = answered(name, manual_gradients=BY_AUTOGRAD)
    right = next(c for c in answered(name).cells if grade_id(c) == "manual_gradients").source
    places = {grade_id(cell): n for n, cell in enumerate(notebook.cells)}
    check = 'check("manual_gradients-example", manual_gradients)'
    wanted = [
        cell
        for cell in notebook.cells[: places["manual_gradients"] + 1]
        if cell.cell_type == "code" and "matplotlib" not in cell.source
    ]
    notebook.cells = [
        *wanted,
        nbformat.v4.new_code_cell(f"try: {check}\nexcept AssertionError: pass"),
        nbformat.v4.new_code_cell(right),
        nbformat.v4.new_code_cell(check),
    ]
    NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute(
        cwd=str(tmp_path)
    )
    shown = [
        output.data[OUTCOME]
        for cell in notebook.cells
        for output in cell.outputs
        if OUTCOME in output.get("data", {})
    ]
    before, after = [one for one in shown if one["id"] == "manual_gradients-example"][-2:]
    assert before["status"] == "failed"
    assert "`loss.backward()` (line 2 of its cell)" in before["message"]
    assert after["status"] == "passed"


@pytest.mark.parametrize(
    "source",
    ["import autograd_lib", "import torch.autograd", "from jax import grad", "import autograd"],
)
def test_no_engine_can_be_imported_where_one_is_built(sandboxes, source):
    room = sandboxes[False].open({})
    run = room.run(source)
    assert run.error[0] == "ModuleNotFoundError" and "an engine of your own" in run.error[1]
    room.close()


def test_what_notebooks_call_besides_is_there(sandboxes):
    room = sandboxes[False].open({})
    source = (
        "import course, numpy, matplotlib.pyplot\nfrom course import check\n"
        "from course.data import digits\ncourse.begin('x', release='y')\n"
        "check('a-b', len)\ncourse.why(); course.progress()\nassert len(digits()[0]) == 1797"
    )
    assert room.run(source).status == "ok"
    found = room.run("import sys; [m for m in sys.modules if m.startswith('autograd_lib')]")
    assert found.outputs[0]["data"]["text/plain"] == "[]"
    room.close()


def test_an_installed_engine_is_not_even_on_the_disk(monkeypatch):
    """Taking the guard out of the import system does not help."""
    monkeypatch.setattr("course.key.ENGINES", ("yaml",))
    assert stage.installed(["yaml"]), "the tests need a library to hide"
    with Sandbox(FULL, LIMITS, engine=False) as bare:
        room = bare.open({})
        run = room.run("import sys; sys.meta_path.pop(0)\nimport yaml\nyaml.safe_load")
        assert run.status == "error"
        room.close()
    with Sandbox(FULL, LIMITS) as usual:
        room = usual.open({})
        assert room.run("import yaml\nyaml.safe_load").status == "ok"
        room.close()
