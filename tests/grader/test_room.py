"""The three verbs of a room, kept by the kernel."""

import pytest

from course.describe import known, tensor
from grader.sandbox import Limits
from grader.sandbox.kernel import KernelRoom


@pytest.fixture
def room(tmp_path):
    opened = KernelRoom(tmp_path, tmp_path, Limits(cell_seconds=5))
    yield opened
    opened.close()


def test_cells_run_as_in_jupyter(room):
    assert room.run("x = 6 * 7").status == "ok"
    run = room.run("print(x)\nx")
    assert [output["output_type"] for output in run.outputs] == ["stream", "execute_result"]
    run = room.run("1 / 0")
    assert (run.status, run.error) == ("error", ("ZeroDivisionError", "division by zero"))
    assert room.run("%timeit -n1 -r1 x").status == "ok"
    assert room.peak_memory_mb() > 10


def test_values_are_fetched_as_plain_data(room):
    room.run(
        "import autograd_lib as torch\nt = torch.tensor([1.5, 2.5])\nclass Odd: pass\no = Odd()"
    )
    assert room.fetch("t")["values"] == [1.5, 2.5]
    assert room.fetch("o") == {"type": "Odd"}
    with pytest.raises(RuntimeError, match="NameError"):
        room.fetch("nothing")
    with pytest.raises(ValueError):
        room.fetch("__import__('os').getcwd()")


def test_functions_are_called_on_descriptions(room):
    room.run("def slope(f, x):\n    return (f(x + 0.5) - f(x - 0.5))")
    seen = room.call("slope", {"f": known("square"), "x": 3.0}, ["result"])
    assert seen == {"seen": {"result": {"type": "float", "value": 6.0}}}
    room.run("def total(w):\n    w.sum().backward()")
    seen = room.call("total", {"w": tensor([1.0, 2.0], requires_grad=True)}, ["w.grad"])
    assert seen["seen"]["w.grad"]["values"] == [1.0, 1.0]
    room.run("def fails(x):\n    raise ValueError('no')")
    assert room.call("fails", {"x": 1}, ["result"]) == {"raised": ["ValueError", "no"]}


def test_a_cell_that_does_not_end_is_ended(tmp_path):
    room = KernelRoom(tmp_path, tmp_path, Limits(cell_seconds=1))
    try:
        stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        assert room.run(stubborn).status == "timeout"
    finally:
        room.close()


def test_a_process_that_ends_is_noticed(room):
    assert room.run("import os\nos._exit(1)").status == "crashed"


def test_nothing_of_the_graders_environment_is_there(room, monkeypatch):
    run = room.run("import os\nprint(sorted(os.environ))")
    assert "HOME" in run.outputs[0]["text"] and "PYTEST" not in run.outputs[0]["text"]
