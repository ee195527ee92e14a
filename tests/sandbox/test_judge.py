"""What a check can do with a student's objects, and what it cannot."""

import numpy as np
import pytest

import autograd_lib as torch
from grader.judge.handles import is_function, same_object
from grader.sandbox import RoomEnded

STUDENT = """
import numpy as np
import autograd_lib as torch

def fill(x):
    x[0] = 7.0
    return x

def second(x): return x[1:]
def both(x): return x, x
def grow(items): items.append({"n": len(items)}); return items
def apply(f, x): return f(f(x))
def refuse(): raise KeyError("x")
def loss(w, x): return (w * x).sum()
def twice(leaf, loss):
    loss.backward(retain_graph=True)
    loss.backward()
def step(w):
    with torch.no_grad(): w -= 0.5 * w.grad
class MyError(ValueError): pass
def own_error(): raise MyError("mine", 3)
def numbers():
    yield from (1, 2, 3)

class Value:
    made = 0
    def __init__(self, data):
        self.data, self.grad, self.children = data, 0.0, ()
        Value.made += 1
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data)
        out.children = (self, other)
        return out
    __radd__ = __add__
    def __mul__(self, other): return Value(self.data * other)
    def __neg__(self): return Value(-self.data)
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __repr__(self): return f"Value({self.data})"
    def __getitem__(self, key): return key
    def backward(self): self.children[0].grad = 1.0

class no_grad:
    def __enter__(self): self.before = Tensor.tracking; Tensor.tracking = False; return self
    def __exit__(self, kind, error, tb):
        Tensor.tracking = self.before
        return kind is KeyError

class Tensor:
    tracking = True
    def __init__(self, data): self.data, self.tracked = np.asarray(data), Tensor.tracking

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g
"""


@pytest.fixture
def student(room):
    assert room.run(STUDENT).status == "ok"

    class Student:
        def __getattr__(self, name):
            return room.fetch(name)

    return Student()


def test_arguments_are_changed_as_if_they_had_been_passed_directly(student):
    x = np.zeros(3)
    assert student.fill(x) is x and x[0] == 7
    matrix = np.arange(6.0).reshape(2, 3)
    student.fill(matrix[:, 1])
    assert matrix[0, 1] == 7
    fortran = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    student.fill(fortran)
    assert (fortran[0] == 7).all()
    items = [1]
    assert student.grow(items) is items and items == [1, {"n": 1}]


def test_identity_and_shared_memory_survive(student):
    x = np.zeros(4)
    one, two = student.both(x)
    assert one is two is x
    part = student.second(x)
    part[0] = 5
    assert x[1] == 5 and part.base is x
    t = torch.zeros(4)
    part = student.second(t)
    part[0] = 5
    assert t[1] == 5 and student.fill(t) is t


def test_functions_are_called_back(student):
    seen = []
    assert student.apply(lambda x: seen.append(x) or x + 1, 1) == 3 and seen == [1, 2]
    assert student.apply(np.sin, 0.5) == np.sin(np.sin(0.5))
    with pytest.raises(ZeroDivisionError):
        student.apply(lambda x: x / 0, 1)


def test_exceptions_arrive_as_themselves(student, room):
    with pytest.raises(KeyError) as caught:
        student.refuse()
    assert caught.value.args == ("x",)
    assert caught.value.student_line[0].startswith("def refuse")
    with pytest.raises(ValueError, match="mine") as caught:
        student.own_error()
    assert type(caught.value).__name__ == "MyError"
    with pytest.raises(student.MyError):
        student.own_error()
    room.run("def interrupt(): raise KeyboardInterrupt")
    with pytest.raises(Exception) as caught:
        student.interrupt()
    assert not isinstance(caught.value, KeyboardInterrupt)


def test_gradients_flow_through_both_sides(student):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    found = student.loss(w * 2, torch.tensor([3.0, 4.0]))
    assert found.requires_grad and found.grad_fn.name() == "SumBackward0"
    found.backward()
    assert w.grad.tolist() == [6.0, 8.0]
    with pytest.raises(RuntimeError, match="second time"):
        found.backward()
    student.step(w)
    assert w.tolist() == [-2.0, -2.0]
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (leaf * leaf).sum()
    student.twice(leaf, loss)
    assert leaf.grad.tolist() == [4.0, 8.0]
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("keep", [False, True])
def test_a_graph_that_goes_back_and_forth_is_walked_as_if_it_were_in_one_place(room, keep):
    source = """
import autograd_lib as torch
made = []
def start(w):
    made.append((w * w).sum() * 0.5)
    return made[-1]
def go_on(y, w):
    made.append(y * made[-1] + (w * y).exp().sum())
    return made[-1]
"""
    room.run(source)
    functions = [room.fetch(name) for name in ("start", "go_on")]

    def run(start, go_on):
        w = torch.tensor([0.3, -0.2], requires_grad=True)
        y = start(w)
        for _ in range(2):
            y = go_on(torch.sin(y) * 2, w)
        y.backward(retain_graph=keep)
        return w.grad.tolist()

    here = {}
    exec(source, here)
    assert run(*functions) == pytest.approx(run(here["start"], here["go_on"]))


def test_lesson_11_a_class_with_arithmetic(student):
    value = 1 + student.Value(2.0)
    assert value.data == 3.0 and (value * 2).data == 6.0 and (-value).data == -3.0
    assert isinstance(value, student.Value) and not isinstance(3, student.Value)
    assert repr(value) == "Value(3.0)" and str(value[1:2]) == "slice(1, 2, None)"
    value.backward()
    assert value.children[0].grad == 1.0
    value.children[0].grad = 4.0
    assert value.children[0].grad == 4.0
    assert student.Value.made >= 4
    student.Value.made = 0
    assert student.Value.made == 0
    assert same_object(value.children[0], value.children[0]) and value.children[0] is not value


def test_lesson_12_a_context_manager(student):
    assert student.Tensor([1.0]).tracked is True
    with student.no_grad() as manager:
        tensor = student.Tensor(np.ones(2))
    assert tensor.tracked is False and student.Tensor.tracking is True
    assert tensor.data.tolist() == [1.0, 1.0]
    with manager:
        raise KeyError("swallowed by the student's own __exit__")


def test_lesson_15_a_function_of_ones_own(student):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True, dtype=torch.float64)
    student.Square.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    assert torch.autograd.gradcheck(student.Square.apply, (x,))
    assert torch.autograd.gradgradcheck(student.Square.apply, (x,))


def test_generators_and_iterators(student):
    assert list(student.numbers()) == [1, 2, 3]


@pytest.mark.parametrize(
    "ask",
    [
        lambda v: v == 3,
        lambda v: v != 3,
        lambda v: v < 3,
        lambda v: bool(v),
        lambda v: hash(v),
        lambda v: v in [1, 2],
        lambda v: np.asarray(v),
        lambda v: np.testing.assert_allclose(v, 3),
        lambda v: {v: 1},
    ],
)
def test_opinions_of_a_students_object_are_not_asked_for(student, ask):
    with pytest.raises(TypeError):
        ask(student.Value(3.0))


@pytest.mark.parametrize(
    "made",
    [
        "class N(float):\n    def __eq__(s, o): return True\nx = N(1)",
        "class N(np.ndarray): pass\nx = np.zeros(3).view(N)",
        "class N(dict): pass\nx = N()",
        "class N(torch.Tensor): pass\nx = N()",
        "x = np.ma.masked_all(3)",
    ],
)
def test_imitations_stay_outside(student, room, made):
    assert room.run(made).status == "ok"
    with pytest.raises(TypeError):
        bool(student.x == 1.0)


def test_nothing_but_functions_goes_in_by_reference(student):
    class Secret:
        pass

    with pytest.raises(TypeError, match="cannot be handed"):
        student.both(Secret())


@pytest.mark.parametrize(
    "made",
    [
        "x = 0\nfor _ in range(10**4): x = (x,)",
        "x = [[]]\nfor _ in range(10**5): x.append([])",
    ],
)
def test_deep_and_huge_values_cost_a_check_and_no_more(student, room, made):
    room.run(made)
    with pytest.raises(ValueError):
        student.x  # noqa: B018
    assert room.run("1").status == "ok"


def test_a_cycle_of_lists_arrives(student, room):
    room.run("x = []; x.append(x)")
    found = student.x
    assert found[0] is found


def test_a_room_that_ends_while_a_check_asks(student, room):
    room.run("def leave(): import os; os._exit(0)")
    with pytest.raises(RoomEnded):
        student.leave()
    assert room.ended == "crashed"


def test_endless_talk_between_both_sides_ends(student, room):
    room.run("def again(f): return f(again, f)")

    def back(again, f):
        return again(f)

    with pytest.raises(RecursionError):
        student.again(back)


# Checks


def test_quickstarts_trick_of_taking_a_function_away(room, court):
    room.run("def square(x): return x * x\ndef squares(n): return [square(i) for i in range(n)]")
    check = """
orig = square
del square
try:
    squares(3)
except NameError:
    pass
else:
    raise AssertionError("squares does not use square")
finally:
    square = orig
assert squares(3) == [0, 1, 4]
"""
    assert court.run_check(check).status == "ok"
    room.run("def squares(n): return [i * i for i in range(n)]")
    run = court.run_check(check)
    assert run.error == ("AssertionError", "squares does not use square")
    assert "square" in str(room.run("square(4)").outputs) or room.run("square(4)").status == "ok"


def test_names_of_the_check_win_and_python_comes_before_the_student(room, court):
    room.run("len = lambda x: 7\nabs = len\nhelper = lambda: 0\nimport math as np")
    court.run_locked("import numpy as np\ndef helper(): return 5")
    assert court.run_check("assert len('ab') == 2 and helper() == 5 and np.pi > 3").status == "ok"
    assert court.run_check("assert np.zeros(2).shape == (2,)").status == "ok"


def test_a_check_prints_and_ends_with_a_number(room, court):
    room.run("def f():\n    print('from the room')\n    return 2")
    run = court.run_check("print('from the check')\nf() + 0.5")
    assert run.value == 2.5
    assert run.outputs[0]["text"].splitlines() == ["from the check", "from the room"]


def test_statuses_of_checks(room, court, sandbox):
    room.run("def memory(): raise MemoryError\ndef forever():\n    while True: pass")
    assert court.run_check("memory()").status == "out_of_memory"
    assert court.run_check("try: memory()\nexcept MemoryError: pass").status == "ok"
    assert court.run_check("try: forever()\nexcept Exception: pass").status == "timeout"
    assert court.run_check("1").status == "timeout"


def test_a_function_is_fetched_until_its_name_means_another(room, court):
    """Asked again and again, or a check would call what is no longer the student's answer."""
    asked = []
    ask = room.ask
    room.ask = lambda what, *values: asked.append(what) or ask(what, *values)
    room.run(
        "def f():\n    return 1\n"
        "def change():\n    global f\n    f = lambda: 2\n"
        "def use(other):\n    return f()"
    )
    assert court.run_check("assert f() == 1").status == "ok"
    assert court.run_check("assert f() == 1").status == "ok"
    assert asked.count("fetch") == 1
    assert court.run_check("change()\nassert f() == 2").status == "ok"
    room.run("def f():\n    return 3")
    assert court.run_check("assert f() == 3").status == "ok"
    check = "kept = f\nf = None\ntry:\n    use(1)\nexcept TypeError:\n    f = kept\nassert f() == 3"
    assert court.run_check(check).status == "ok"


def test_functions_that_a_cell_leaves_behind_need_not_be_fetched(room, court):
    asked = []
    ask = room.ask
    room.ask = lambda what, *values: asked.append(what) or ask(what, *values)

    def run(source):
        court.has_run(source, room.run(source, wanted=("f", "g", "number", "nothing")).functions)

    run("def f():\n    return g()\ndef g():\n    return 1\nnumber = 7")
    assert court.run_check("assert f() == 1").status == "ok"
    assert asked.count("fetch") == 0
    assert court.run_check("assert number == 7").status == "ok"
    assert asked.count("fetch") == 1
    # A name that a check gives, and has never looked up, is its own.
    assert court.run_check("g = 2").status == "ok"
    assert court.run_check("assert f() == 1 and g == 2").status == "ok"
    run("def f():\n    return 3")
    assert court.run_check("assert f() == 3").status == "ok"
    run("f = 4")
    assert court.run_check("assert f == 4").status == "ok"
    run("def f():\n    return 5\nraise ValueError")
    assert court.run_check("assert f() == 5").status == "ok"


def test_only_functions_that_were_asked_for_are_taken(room):
    """Whatever a room says: a check looks its names up, and none of them is the room's choice."""
    run = room.run("def f(): pass\ndef g(): pass\nclass C: pass\nx = [f]", wanted=("f", "C", "x"))
    assert [*run.functions] == ["f"] and is_function(run.functions["f"])
    request = room.peer.request
    room.peer.request = lambda *values: ("ok", "", "", (), (("g", 1), ("f", "text"), ("h", len)))
    assert room.run("f", wanted=("f", "g")).functions == {}
    for said in (("ok", "", "", ()), ("ok", "", "", (), [("f", 1)]), ("ok", "", "", (), ("f",))):
        room.peer.request = lambda *values, said=said: said
        assert room.run("f", wanted=("f",)).status == "crashed"
        room.ended = ""
    room.peer.request = request
