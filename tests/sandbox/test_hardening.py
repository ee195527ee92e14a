"""What a submission sends, and what a check depends on, cannot lead the judge astray."""

import math
import os
import signal
import socket
import struct
import subprocess
import sys

import nbformat
import pytest

import autograd_lib as torch
from grader import pipeline, schedule
from grader.intake import Submission
from grader.judge import bounds
from grader.judge.ahead import may_run_ahead
from grader.judge.handles import judging_peer
from grader.judge.later import may_wait
from grader.judge.provided import provided
from grader.sandbox import FULL
from grader.sandbox.inside.wire import Channel, Flood, WireError, loads
from tests.exploits import exam
from tests.exploits.forged import WIRE

BEFORE = [
    "import numpy as np\nw = 3",
    "def helper(x):\n    return w * x",
    "def f(x): return helper(x)",
]


@pytest.mark.parametrize(
    ("later", "may"),
    [
        ("x = 1\nprint(f(x))", True),
        ("def g(w):\n    helper = f\n    return [w for w in helper]", True),
        ("class helpers:\n    w = 2", True),
        ("y = [w for w in range(3)]", True),
        ("this is no Python", False),
        ("w = 4", False),
        ("w += 1", False),
        ("for w in range(3): pass", False),
        ("import helper", False),
        ("from tools import *", False),
        ("def f(x): return x", False),
        ("del helper", False),
        ("w.grad = None", False),
        ("f.cache[0] = w", False),
        ("def g():\n    global w\n    w = 1", False),
        ("exec('w = 1')", False),
        ("globals()['w'] = 1", False),
        ("%run other.py", False),
    ],
)
def test_a_hidden_check_waits_unless_a_later_cell_changes_what_it_depends_on(later, may):
    assert may_wait("x = np.ones(3)\nassert f(x) is not None", BEFORE, [later]) is may


def test_a_checks_own_names_are_not_what_it_depends_on():
    assert may_wait("w = 1\nassert g(w) == 2", ["def g(x): return 2 * x"], ["w = 2\nx = 3"])
    assert not may_wait("assert g(w) == 2", ["def g(x): return 2 * x"], ["w = 2"])


@pytest.mark.parametrize("source", ["1+" * 20_000 + "1", "-" * 20_000 + "1", "(" * 500, "\x00"])
def test_code_that_cannot_be_read_is_no_trouble(source):
    assert may_wait("f(1)", ["def f(x): return x", source], []) is True
    assert not may_wait(source, [], ["x = 1"]) or "+" in source


def test_imports_and_helpers_of_the_instructor_are_provided():
    cells = [
        "import numpy as np\nfrom math import sqrt, pi as p\nx = 1",
        "def close(a, b): return a == b",
    ]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    assert provided(notebook).keys() == {"np", "sqrt", "p", "close"}
    notebook.cells.append(nbformat.v4.new_code_cell("close = sqrt"))
    assert provided(notebook).keys() == {"np", "sqrt", "p"}


def test_a_check_that_a_huge_number_leads_astray_ends_in_time(room, court):
    room.run("def f(): return 10**15")
    assert court.run_check("for _ in range(f()): pass").status == "timeout"


def test_a_check_that_is_made_to_ask_for_too_much_memory_says_so(room, court):
    room.run("def f(): return 2**31")
    assert court.run_check("bytearray(f())").status == "out_of_memory"
    assert court.run_check("assert f() == 2**31").status == "ok"


@pytest.mark.parametrize(
    "check",
    [
        "assert abs(f() - 3) < 1e-6",
        "assert 3 in f()",
        "assert round(3 - f()) == 0",
        "assert float(f() * 1) == 3",
        "assert f() == 3",
        "assert f()",
        "assert not f() - 3",
    ],
)
def test_an_object_cannot_answer_to_the_value_that_is_expected(room, court, check):
    room.run(
        "class Z:\n"
        "    def __sub__(self, other): return self\n"
        "    __rsub__ = __mul__ = __abs__ = __sub__\n"
        "    def __lt__(self, other): return True\n"
        "    __eq__ = __contains__ = __lt__\n"
        "    def __float__(self): return 3.0\n"
        "    def __round__(self, n=0): return 0\n"
        "    def __bool__(self): return True\n"
        "def f(): return Z()"
    )
    run = court.run_check(check)
    assert run.error is not None and run.error[0] == "TypeError", run.error


def test_nothing_becomes_another_thing_by_being_said_again():
    ours, theirs = socket.socketpair()
    table = judging_peer(Channel(ours, b"x" * 16)).table
    table.decode(["obj", 1], [[1, ["function", "f", None]]])
    table.decode(["obj", 3], [[3, ["list", [1]]]])
    for number, record in [
        (1, ["list", [1]]),
        (1, ["storage", "<f8", [1], "C", bytes(8)]),
        (3, ["dict", []]),
        (3, ["function", "f", None]),
        (3, ["view", "<f8", [1], [8], 0, 3, True]),
    ]:
        with pytest.raises(WireError):
            table.decode(None, [[number, record]])
    ours.close()
    theirs.close()


def test_a_fork_server_that_was_killed_is_started_again(tmp_path):
    assignment = exam.make(tmp_path)
    handed = Submission("anna", exam.NAME, exam.notebook(exam.RIGHT), "0" * 64)
    assert schedule.work(FULL, assignment, handed, exam.LIMITS).result.score == 8
    (kind,) = (kind for kind in schedule._sandboxes if exam.LIMITS in kind)
    sandbox = schedule._sandboxes[kind]
    os.kill(sandbox.processes[0], signal.SIGKILL)
    assert schedule.work(FULL, assignment, handed, exam.LIMITS).result.score == 8
    schedule._sandboxes.pop(kind).close()


def test_an_array_does_not_bring_along_what_lies_beside_it(room, court):
    room.run(
        "def f(x):\n    x *= 2\n    base = x if x.base is None else x.base\n"
        "    found = float(base.sum())\n    base[...] = 7\n    return found"
    )
    table = "import numpy as np\ntable = np.array([[1., 10.], [2., 20.], [3., 30.]])\n"
    run = court.run_check(
        table + "found = f(table[:, 0])\n"
        "assert found == 12, found\n"
        "assert table.tolist() == [[7, 10], [7, 20], [7, 30]], table\n"
        "assert f(table[0]) == 48, 'a row is seen, too'\n"
    )
    assert run.status == "ok", run.error
    whole = court.run_check(table + "table *= 1\nassert f(table) == 132\nassert (table == 7).all()")
    assert whole.status == "ok", whole.error


# What stands in the place of a number

OBJECT = """
class Z:
    def __sub__(self, other): return self
    __rsub__ = __abs__ = abs = max = sum = __pow__ = __sub__
    def item(self): return 0.0
    def max(self): return 0.0
    def allclose(self, other): return True
    equal = eq = allclose
    def __str__(self): import os; os._exit(1)
def f(*args): return Z()
class Value:
    def __init__(self, data): self.data = data
    def __add__(self, other): return Value(self.data + getattr(other, "data", other))
    __radd__ = __add__
    def equal(self, other): return self.data == other
def value(): return Value(2)
def at_two(g): return g(Value(2)).data
"""


@pytest.mark.parametrize(
    "check",
    [
        "assert abs(f(1) - 3).max() < 1e-6",
        "assert (3 - f(1)).abs().item() < 1e-6",
        "assert ((f(1) - 3) ** 2).sum().item() < 1e-6",
        "assert f(1).allclose(3)",
        "assert f(1).eq(3)",
        "import numpy as np\nassert (np.ones(3) - f(1)).max() < 1e-6",
    ],
)
def test_an_object_is_not_asked_how_far_it_is_from_what_is_right(room, court, check):
    room.run(OBJECT)
    court.run_check("assert Value(1) is not None")
    run = court.run_check(check)
    assert run.error is not None and "does not name" in run.error[1], run.error


def test_an_object_of_a_class_that_the_check_names_does_arithmetic(room, court):
    room.run(OBJECT)
    assert court.run_check("kept = Value(1)\nassert (1 + kept).data == 2").status == "ok"
    assert court.run_check("assert (kept + 1).data == 2 and kept.equal(1)").status == "ok"
    assert court.run_check("assert isinstance(value(), Value)\nassert (value() + 1).data == 3")
    assert court.run_check("assert at_two(lambda x: 1 + x) == 3").status == "ok"
    run = court.run_check("value() + 1")
    assert run.error is not None and "does not name" in run.error[1]


def test_an_answer_cannot_end_the_loop_of_a_check(room, court):
    room.run("def f(x): raise StopIteration")
    run = court.run_check("for found, right in zip(map(f, [1, 2]), [2, 4]): assert found == right")
    assert run.error == ("RuntimeError", "f raised StopIteration")


def test_what_is_returned_is_no_module_of_the_judges(room, court):
    room.run("import autograd_lib\ndef f(): return autograd_lib")
    court.run_check("found = f()\nfound.left_behind = 1")
    assert not hasattr(torch, "left_behind")
    assert court.run_check("assert autograd_lib.ones(1).item() == 1").status == "ok"


def test_nothing_of_a_submission_is_switched_off_for_the_next_one(room, court):
    room.run(WIRE + "peer._grad_mode = lambda: False\ndef f(x): return x")
    assert court.run_check("assert f(1) == 1").status == "ok"
    assert torch.is_grad_enabled()


def test_a_room_that_ends_while_a_message_is_written_ends_its_own_check_only(tmp_path):
    answers = exam.RIGHT | {"mean": OBJECT + "def mean(numbers): return Z()"}
    with exam.open_sittings(tmp_path, [FULL]) as sitting:
        path = sitting.assignment.solution
        for place in (path, sitting.assignment.release):
            text = place.read_text().replace(
                "assert mean([1, 2, 3]) == 2", "assert False, mean([])"
            )
            place.write_text(text)
        found = sitting.grade(FULL, exam.notebook(answers)).result.checks
    assert [(c.id, c.status) for c in found if c.status != "passed"] == [("mean-hidden", "crashed")]


# What is endless, or larger than it looks

SHARED = "found = [1.0]\nfor _ in range(8): found = [found] * 100\ndef f(): return found"


@pytest.mark.parametrize(
    ("check", "status"),
    [
        ("assert f() == 1", "error"),
        ("found = f()\nassert found == 1, found", "timeout"),
        ("assert f() == 1, f'{f()}'", "timeout"),
    ],
)
def test_lists_that_share_their_parts_are_not_written_out(room, court, check, status):
    room.run(SHARED)
    run = court.run_check(check)
    assert run.status == status, run.error
    assert len(str(run.evidence)) < 10_000


def test_a_number_that_is_no_float_gives_no_points(room, court):
    room.run("def f(): return 10**400")
    run = court.run_check("f()")
    assert run.status == "ok" and run.value is not None and math.isnan(run.value)


@pytest.mark.parametrize(
    "check", ["10 ** f()", "3 ** (100 * f())", "import math\nmath.factorial(f())", "1 << f() ** 3"]
)
def test_a_number_does_not_hold_a_check(room, court, check):
    room.run("def f(): return 10**8")
    assert court.run_check(check).status in ("timeout", "out_of_memory", "error")


def test_a_check_that_nothing_can_interrupt_is_lost_alone(tmp_path, monkeypatch):
    """`sum(range(n))` looks at no signal: the worker is ended, and the rest is graded again."""
    monkeypatch.setattr(bounds, "GRACE_SECONDS", 0)
    monkeypatch.setitem(exam.CHECKS, "mean-hidden", "assert sum(range(mean([1, 2, 3]))) == 1\n")
    assignment = exam.make(tmp_path)
    answers = {"anna": "return 2", "evil": "return 10**15", "bo": "return 2", "cleo": "return 2"}
    handed = [
        Submission(name, exam.NAME, exam.notebook(exam.RIGHT | {"mean": f"def mean(n): {text}\n"}))
        for name, text in answers.items()
    ]

    def pool(jobs):
        return schedule.start_workers(jobs, FULL, exam.LIMITS, assignment)

    found = schedule.grade_all(assignment, handed, exam.LIMITS, 1, pool)
    results = {one.result.student: one.result for one in found}
    (kind,) = (kind for kind in schedule._sandboxes if exam.LIMITS in kind)
    schedule._sandboxes.pop(kind).close()
    assert {name: result.score for name, result in results.items()} == {
        "anna": 8,
        "evil": 6,
        "bo": 8,
        "cleo": 8,
    }
    (lost,) = [check for check in results["evil"].checks if check.status != "passed"]
    assert (lost.id, lost.status) == ("mean-hidden", "timeout")


@pytest.mark.parametrize("record", [["[]"] * 1_200_000, ["1"] * 4_100_000])
def test_a_message_of_too_many_parts_is_not_read(record):
    text = b"[" + ",".join(record).encode() + b"]"
    with pytest.raises(Flood):
        loads(struct.pack(">II", len(text), 0) + text)


def test_a_cell_that_is_too_long_is_not_taken_apart():
    assert not may_wait("f(1)", ["def f(x): return x"], ["a = 1;" * 20_000])
    assert may_run_ahead([("a = 1\n" * 20_000, False), ("b = 1", True)]) == []


def test_a_notebook_does_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "LARGEST_OUTPUTS", 50_000)
    made = exam.notebook(exam.RIGHT)
    shows = "display({'text/plain': 'x' * 30_000}, raw=True)"
    made.cells[2:2] = [nbformat.v4.new_code_cell(shows) for _ in range(4)]
    with exam.open_sittings(tmp_path, [FULL]) as sitting:
        graded = sitting.grade(FULL, made)
    assert graded.result.score == 8
    text = pipeline.notebook_text(graded.notebook)
    assert len(text) < 70_000 and text.count("left out") >= 3


def test_what_was_handed_in_is_not_used_while_no_check_is_run(room, court):
    room.run("kept = []\ndef f(g): kept.append(g)\n")
    assert court.run_check("f(lambda n: 2 ** n)").status == "ok"
    run = room.run("kept[0](10**9)")
    assert run.error is not None and run.error[0] == "ValueError"


AS_AN_ORDINARY_USER = """
import os
from grader.sandbox import FULL, Limits
from grader.sandbox.inside import jail
from grader.sandbox.launch import Sandbox
outside = os.getuid()
jail.unshare(jail.CLONE_NEWUSER)
jail.map_user("self", outside)
assert os.getuid() == jail.USER
lease = '''
import fcntl, os
file = os.open('/room/packages/course/check.py', os.O_RDONLY)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
'''
with Sandbox(FULL, Limits()) as sandbox:
    # More than one: each is made by a server that has made others.
    for text in ("open('/dev/kept', 'w')", "open('/dev/pts/kept', 'w')", "os.nice(-1)", lease):
        room = sandbox.open({})
        print(room.run(f"import os\\n{text}").error[0])
        room.close()
"""


@pytest.mark.full
def test_rooms_are_shut_off_from_each_other_where_no_superuser_grades():
    """The files that rooms share are then those of whoever a room is outside of it."""
    command = [sys.executable, "-c", AS_AN_ORDINARY_USER]
    # Only a process of one thread may go into a namespace of other users.
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=120)
    refused = ["OSError", "PermissionError", "PermissionError", "PermissionError"]
    assert (done.stdout.split(), done.stderr) == (refused, "")
