"""What a submission sends, and what a check depends on, cannot lead the judge astray."""

import os
import signal
import socket

import nbformat
import pytest

from grader import schedule
from grader.judge.handles import judging_peer
from grader.judge.later import may_wait
from grader.judge.provided import provided
from grader.sandbox import FULL
from grader.sandbox.inside.wire import Channel, WireError
from tests.exploits import exam

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
        (3, ["root", 3]),
    ]:
        with pytest.raises(WireError):
            table.decode(None, [[number, record]])
    ours.close()
    theirs.close()


def test_a_fork_server_that_was_killed_is_started_again(tmp_path):
    from grader.intake import Submission

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
