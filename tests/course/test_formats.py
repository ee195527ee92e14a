"""The formats hold for what later lessons need: functions, graphs and classes as exercises."""

import json

import pytest

import autograd_lib as torch
from course.cases import CheckInfo, LiveCases, RecordedCases, record
from course.check import diagnose, examine
from course.describe import build, build_names
from course.key import Exercise, array, function, graph, known, new, program, same, tensor
from course.render import call_text, value_text
from course.trial import attempt


def cases_of(exercise, reference, *checks, also=None):
    """Live cases of one exercise, and the same recorded and read back, as a student has them."""
    infos = [CheckInfo(check, exercise.name, f"idea of {check}", False) for check in checks]
    objects = {exercise.name: reference} | (also or {})
    live = LiveCases("00_test", "1", {exercise.name: exercise}, infos, objects, "seed")
    return [live, RecordedCases(json.loads(json.dumps(record(live))))]


def status(cases, answer, check, **also):
    info = cases.checks[check]
    exercise = cases.exercises[info.exercise]
    return examine(cases, info, exercise, {info.exercise: answer} | also, secret=False).status


# A function as an argument (lesson 01)


def central_difference(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def one_sided(f, x, h):
    return (f(x + h) - f(x)) / h


def test_a_function_can_be_an_argument():
    exercise = Exercise("central_difference", any_number_type=True)
    for name in ("square", "cube", "exp", "sin", "reciprocal"):
        exercise.case("central_difference-slope")(
            lambda rng, name=name: dict(f=known(name), x=float(rng.uniform(1, 2)), h=0.01)
        )
    exercise.wrong(43, "only one side is used", experiment="try x squared at 0")(one_sided)
    for cases in cases_of(exercise, central_difference, "central_difference-slope"):
        assert status(cases, central_difference, "central_difference-slope") == "passed"
        assert status(cases, one_sided, "central_difference-slope") == "failed"
        other_form = lambda f, x, h: f(x + h) / h - f(x) / h  # noqa: E731
        info = cases.exercises["central_difference"]
        assert diagnose(cases, info, {"central_difference": other_form}).name == "one_sided"


def test_a_function_can_be_given_by_its_formula():
    described = json.loads(json.dumps(function("a * x * x + torch.exp(b * x).sum()", a=2.0, b=0.0)))
    f = build(described, {}, {})
    assert f(torch.tensor([3.0])).item() == 19.0
    assert value_text(described) == (
        "lambda x: a * x * x + torch.exp(b * x).sum()   with a = 2; b = 0"
    )
    assert value_text(function("x + 1")) == "lambda x: x + 1"


# A graph to walk (lesson 04)


def walk(tensor):
    names, waiting = [], [tensor.grad_fn]
    while waiting:
        node = waiting.pop(0)
        if node is not None:
            names.append(node.name())
            waiting += [next_node for next_node, _ in node.next_functions]
    return sorted(names)


def walk_first_inputs_only(tensor):
    names, node = [], tensor.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return sorted(names)


def test_a_graph_can_be_an_argument():
    exercise = Exercise("walk")

    @exercise.case("walk-diamond")
    def diamond(rng):
        leaves = {name: tensor(rng.normal(size=3), requires_grad=True) for name in "xw"}
        return dict(tensor=graph("(x * w + x.exp()).sum()", **leaves))

    for cases in cases_of(exercise, walk, "walk-diamond"):
        assert status(cases, walk, "walk-diamond") == "passed"
        assert status(cases, walk_first_inputs_only, "walk-diamond") == "failed"


# A class of the student's own (lesson 11)


class Value:
    def __init__(self, data):
        self.data, self.grad, self._back = data, 0.0, []

    def __mul__(self, other):
        out = Value(self.data * other.data)
        out._back = [(self, other.data), (other, self.data)]
        return out

    def __add__(self, other):
        out = Value(self.data + other.data)
        out._back = [(self, 1.0), (other, 1.0)]
        return out

    def backward(self, upstream=1.0):
        self.grad += upstream
        for parent, slope in self._back:
            parent.backward(upstream * slope)


class Overwrites(Value):
    def __mul__(self, other):
        out = Overwrites(self.data * other.data)
        out._back = [(self, other.data), (other, self.data)]
        return out

    def __add__(self, other):
        out = Overwrites(self.data + other.data)
        out._back = [(self, 1.0), (other, 1.0)]
        return out

    def backward(self, upstream=1.0):
        self.grad = upstream
        for parent, slope in self._back:
            parent.backward(upstream * slope)


def test_a_class_can_be_the_exercise():
    exercise = Exercise("Value", sees=["a.grad", "b.grad", "out.data"])

    @exercise.case("Value-shared")
    def shared(rng):
        a, b = map(float, rng.normal(size=2))
        return program("out = a * b + a\nout.backward()", a=new("Value", a), b=new("Value", b))

    exercise.wrong(9, "a gradient is overwritten", experiment="try a + a")(Overwrites)
    for cases in cases_of(exercise, Value, "Value-shared"):
        assert status(cases, Value, "Value-shared") == "passed"
        assert status(cases, Overwrites, "Value-shared") == "failed"
        info = cases.exercises["Value"]
        found = diagnose(cases, info, {"Value": Overwrites})
        assert (found.name, found.number) == ("Overwrites", 9)


class HalfWritten(Overwrites):
    def __add__(self, other):
        raise NotImplementedError()


# Named as a student's would be.
HalfWritten.__add__.__code__ = HalfWritten.__add__.__code__.replace(co_qualname="Value.__add__")


def test_a_class_can_be_written_method_by_method():
    exercise = Exercise("Value", sees=["a.grad", "out.data"])
    exercise.case("Value-times")(
        lambda rng: program("out = a * a\nout.backward()", a=new("Value", float(rng.normal())))
    )
    exercise.case("Value-plus")(
        lambda rng: program("out = a + a\nout.backward()", a=new("Value", float(rng.normal())))
    )
    exercise.wrong(9, "a gradient is overwritten", experiment="try a + a")(Overwrites)
    for cases in cases_of(exercise, Value, "Value-times", "Value-plus"):
        info = cases.exercises["Value"]
        given = {"Value": HalfWritten}
        outcome = examine(cases, cases.checks["Value-plus"], info, given, secret=False)
        assert outcome.status == "not_attempted" and "`Value.__add__`" in outcome.message
        # What is not written says nothing for or against a mistake in what is.
        assert status(cases, HalfWritten, "Value-times") == "failed"
        assert diagnose(cases, info, given).name == "Overwrites"


def test_an_earlier_exercise_left_alone_is_named():
    first, second = Exercise("first"), Exercise("second")
    second.case("second-one")(lambda rng: dict(x=float(rng.normal())))
    infos = [CheckInfo("second-one", "second", "idea", False)]
    objects = {"first": abs, "second": lambda x: abs(x)}
    cases = LiveCases("00_test", "1", {"first": first, "second": second}, infos, objects, "seed")
    scope = {}
    exec(
        "def first(x):\n    raise NotImplementedError()\ndef second(x):\n    return first(x)", scope
    )
    outcome = examine(
        cases, infos[0], cases.exercises["second"], {"second": scope["second"]}, secret=True
    )
    assert outcome.status == "not_attempted" and "`first`" in outcome.message


def test_endless_recursion_is_one_mistake_wherever_it_breaks_off():
    exercise = Exercise("deep")
    exercise.case("deep-one")(lambda rng: dict(n=3))

    def endless(n):
        return endless(n)

    def endless_in_other_words(n):
        return str(endless_in_other_words(n + 1))

    exercise.wrong(None, "it never ends", experiment="try 1")(endless)
    for cases in cases_of(exercise, lambda n: n, "deep-one"):
        found = diagnose(cases, cases.exercises["deep"], {"deep": endless_in_other_words})
        assert found is not None and found.name == "endless"


def test_further_objects_of_the_students_are_handed_over():
    exercise = Exercise("outer", also=["inner"])
    exercise.case("outer-one")(lambda rng: program("result = outer(inner, 3)"))

    def outer(f, x):
        return f(x)

    def inner(x):
        return 2 * x

    for cases in cases_of(exercise, outer, "outer-one", also={"inner": inner}):
        assert status(cases, outer, "outer-one", inner=inner) == "passed"
        assert status(cases, outer, "outer-one", inner=lambda x: x) == "failed"


# Descriptions


def test_values_are_built_afresh_every_time():
    description = {"x": tensor([1.0, 2.0], requires_grad=True), "y": same("x")}
    first, second = build_names(description, {}), build_names(description, {})
    assert first["x"] is first["y"]
    assert first["x"] is not second["x"]
    (first["x"] * 2).sum().backward()
    assert second["x"].grad is None


@pytest.mark.parametrize("values", [[], 3.5, [[1.0], [2.0]], [float("nan"), float("inf")]])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_description_survives_json(values, dtype):
    description = json.loads(json.dumps(tensor(values, dtype=dtype), allow_nan=False))
    built = build(description, {}, {})
    assert built.dtype is getattr(torch, dtype)
    assert torch.allclose(built, torch.tensor(values, dtype=dtype_of(dtype)), equal_nan=True)
    again = build(json.loads(json.dumps(array(values, dtype=dtype))), {}, {})
    assert again.shape == tuple(built.shape) and str(again.dtype) == dtype


def dtype_of(name):
    return getattr(torch, name)


def test_a_tensor_can_have_a_gradient_from_the_start():
    built = build(tensor([1.0, 2.0], grad=[3.0, 4.0]), {}, {})
    assert built.requires_grad and built.grad.tolist() == [3.0, 4.0]


def test_a_trial_leaves_no_traces():
    def rude(x):
        print("look at me")
        torch.set_grad_enabled(False)
        torch.manual_seed(7)
        x.data.fill_(0)
        return torch.rand(1)

    torch.manual_seed(1)
    expected = torch.rand(3).tolist()
    torch.manual_seed(1)
    trial = attempt({"x": tensor([1.0])}, {"rude": rude}, ["result"])
    assert trial.printed == "look at me\n"
    assert torch.is_grad_enabled()
    assert torch.rand(3).tolist() == expected
    again = attempt({"x": tensor([1.0])}, {"rude": rude}, ["result"])
    assert trial.to_plain() == again.to_plain()


def test_a_known_answers_own_name_is_not_part_of_the_mistake():
    exercise = Exercise("Value", sees=["out.data"])
    exercise.case("Value-minus")(lambda rng: program("out = a - 1", a=new("Value", 2.0)))

    class KnownUnderAnotherName(Value):
        pass

    class Another(Value):
        pass

    Another.__name__ = "Value"
    exercise.wrong(None, "minus is missing", experiment="try a - 1")(KnownUnderAnotherName)
    complete = type("Value", (Value,), {"__sub__": lambda self, other: self})
    for cases in cases_of(exercise, complete, "Value-minus"):
        found = diagnose(cases, cases.exercises["Value"], {"Value": Another})
        assert found is not None and found.name == "KnownUnderAnotherName"


def test_a_program_is_shown_as_lines_to_copy(capsys):
    import course

    course.begin("11_an_engine_for_numbers")
    with pytest.raises(course.CheckFailed):
        course.check("Value-sums", Overwrites)
    shown = capsys.readouterr().out
    assert "Copy the lines above" in shown and "course.example" not in shown
    assert "raised" not in shown
    with pytest.raises(course.CheckFailed):
        course.check("Value-sums", type("Value", (), {"__init__": lambda self, data: None}))
    assert "The code below raised TypeError: unsupported operand" in capsys.readouterr().out
    course.why()
    assert "Copy the lines shown above" in capsys.readouterr().out
    tensor_case = program(
        "out = f(a)", a=new("Tensor", array([[1.5, 2.0]]), True), b=array([[1.0]])
    )
    assert call_text("f", tensor_case).splitlines() == [
        "a = Tensor(np.array([[1.5, 2.]]), True)",
        "b = np.array([[1.]])",
        "out = f(a)",
    ]
