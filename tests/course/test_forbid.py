"""A name that an exercise forbids is found in the text of the answer, and in nothing else."""

import pytest

from course import find, forbid
from course.cases import LiveCases, RecordedCases, record
from course.check import examine
from course.key import BY_HAND, ENGINES, Exercise, tensor

from . import lessons


def scan(*texts, forbidden=("backward", "jax"), entry="f"):
    return forbid.scan(tuple(texts), entry, tuple(forbidden))


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    x.backward()",
        "def f(x):\n    g = x.backward\n    g()",
        "f = lambda x: x.backward()",
        "def f(x):\n    import jax",
        "def f(x):\n    import jax.numpy as np",
        "def f(x):\n    import a.jax as b",
        "def f(x):\n    from jax.numpy import sin",
        "def f(x):\n    from lib import backward as b",
        "def f(x):\n    return getattr(x, 'backward')()",
        "def f(x):\n    return __import__('jax')",
        "def f(x):\n    import importlib\n    return importlib.import_module('jax.numpy')",
        "import operator\ndef f(x):\n    return operator.attrgetter('a.backward')(x)",
        "def f(x):\n    return vars(x)['backward']",
        "def f(x):\n    return x.__dict__['backward']",
        "import sys\ndef f(x):\n    return sys.modules['jax']",
        "def f(x):\n    return backward(x)",
        "def f(x):\n    def inner():\n        return x.backward()\n    return inner()",
        "class f:\n    def go(self, x):\n        x.backward()",
        "def f(x, how=lambda y: y.backward()):\n    return how(x)",
        "import jax\ndef f(x):\n    return jax.grad(x)",
        "import jax as j\ndef f(x):\n    return j.grad(x)",
        "def helper(x):\n    x.backward()\ndef f(x):\n    return helper(x)",
        "if True:\n    def helper(x):\n        x.backward()\ndef f(x):\n    return helper(x)",
        "try:\n    import jax\nexcept ImportError: pass\ndef f(x):\n    return jax.grad(x)",
        "class f: pass\nf.go = lambda self, x: x.backward()",
        "tools = {'go': lambda x: x.backward()}\ndef f(x):\n    return tools['go'](x)",
        "@(lambda g: g.backward)\ndef f(x): return x",
        "async def f(x):\n    x.backward()",
        "%%time\ndef f(x):\n    x.backward()",
        "!ls\n%matplotlib inline\ndef f(x):\n    x.backward()",
        "files = !ls\ndef f(x):\n    x.backward()",
        "t = %time 1\ndef f(x):\n    x.backward()",
        "x?\ndef f(x):\n    x.backward()",
        "def f(x):\n    x.backward()\n" + "#" * forbid.LONGEST,
        "def f(x) -> a.backward:\n    return f.__annotations__['return'](x)",
        "(go := a.backward)\ndef f(x): go(x)",
        "match 1:\n    case 1:\n        go = a.backward\ndef f(x): go(x)",
        "globals()['go'] = a.backward\ndef f(x): go(x)",
        "class A: pass\nsetattr(A, 'go', a.backward)\ndef f(x): A.go(x)",
        "exec('def f(x): x.backward()')",
        "def f(x):\n    match x:\n        case object(backward=go): go()",
        "def f(x):\n    getattr(*[x, 'backward'])()",
        "%time f = lambda x: x.backward()",
        "try: raise E\nexcept E as e: f = e.backward",
    ],
)
def test_a_forbidden_name_is_found_wherever_it_stands(text):
    use = scan(text)
    assert use is not None and use.name in ("backward", "jax")
    assert text.split("\n")[use.number - 1].strip() == use.line
    assert use.name in use.line or use.line.startswith(("import", "from"))


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x",
        "def other(x):\n    x.backward()\ndef f(x):\n    return x",
        "def f(x):\n    backward = x + 1\n    return backward",
        "def f(backward):\n    return backward",
        "def f(x):\n    return [backward for backward in x]",
        "def f(x):\n    def backward():\n        return 1\n    return backward()",
        "def backward(x):\n    return x\ndef f(x):\n    return backward(x)",
        "def f(x):\n    'Never call backward() here.'\n    return 'backward'",
        "class f:\n    def backward(self):\n        self.backward_order = []",
        "def f(x):\n    return x.backwards, x.my_backward",
        "def f(x): this is not Python",
        "",
        "-" * 100_000 + "1",
        "(" * 100_000,
        "f = 1\x00",
        "loss = model(x).backward()\ndef f(x):\n    loss = x\n    return loss",
    ],
)
def test_what_only_looks_like_it_is_not(text):
    assert scan(text) is None


def test_the_last_definition_counts():
    """As in a notebook, where a cell is mended and run again."""
    wrong, right = "def f(x):\n    x.backward()", "def f(x):\n    return x"
    assert scan(wrong, right) is None
    assert scan(right, wrong) is not None
    helper = "def h(x):\n    x.backward()"
    assert scan(helper, "def f(x): return h(x)") is not None
    assert scan(helper, "def f(x): return h(x)", "def h(x): return x") is None
    assert scan("class f: pass", "f.go = lambda x: x.backward()") is not None


@pytest.mark.parametrize(
    "text",
    [
        "globals().update(f=lambda x: x.backward())",
        "def install():\n    global f\n    def f(x): x.backward()\ninstall()",
        "def install():\n    f.__code__ = (lambda x: x.backward()).__code__\ninstall()",
        "get_ipython().user_ns['f'] = lambda x: x.backward()",
        "import __main__\n__main__.f = lambda x: x.backward()",
        "import sys\nsetattr(sys.modules['__main__'], 'f', lambda x: x.backward())",
        "program = 'def f(x): x.backward()'\nexec(program)",
        "get_ipython().run_cell('def f(x): x.backward()')",
        "import builtins\nbuiltins.len = lambda x: x.backward()",
        "a.Tensor.size = lambda x: x.backward()",
        "def size(x): x.backward()\nsetattr(a.Tensor, 'size', size)",
        "try: raise E\nexcept E as f: f.backward()",
    ],
)
def test_an_answer_may_become_another_one_behind_its_back(text):
    assert scan("def f(x):\n    return len(x.size())", text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "print(globals())\nx.backward()",
        "def train():\n    global steps\n    steps = 1\n    x.backward()",
        "x.size = 2 * x.backward()",
        "def train(x):\n    x.size = None\n    x.backward()",
        "%timeit -n 10 x.backward()",
        "import sys\nif __name__ == '__main__':\n    x.backward()",
        "program = 'x.backward()'\nexec('y = 1')",
        "def train(f):\n    f.size = 1\n    f.backward()",
    ],
)
def test_what_others_do_is_not_laid_at_its_door(text):
    assert scan("def f(x):\n    return len(x.size())", text) is None


def test_names_that_call_each_other_come_to_an_end():
    assert scan("def f(x): return g(x)\ndef g(x): return f(x)") is None


# In an exercise


double = Exercise(
    "double", forbid=["backward"], instead="Work it out on paper.", experiment="try 2."
)


@double.case("double-numbers")
def numbers(rng):
    return dict(x=tensor(rng.normal(size=2)))


def by_hand(x):
    return 2 * x


def by_autograd(x):
    leaf = x.detach().requires_grad_()
    (leaf * leaf).sum().backward()
    return leaf.grad


def cases_of(exercise):
    info = find.CheckInfo("double-numbers", "double", "any numbers", False)
    return LiveCases("demo", "1", {"double": exercise}, [info], {"double": by_hand}, "seed")


def outcome(cases, answer):
    info = cases.checks["double-numbers"]
    return examine(cases, info, cases.exercises["double"], {"double": answer}, secret=True)


def test_a_right_result_by_a_forbidden_way_fails_and_says_which_line():
    cases = cases_of(double)
    assert outcome(cases, by_hand).status == "passed"
    found = outcome(cases, by_autograd)
    assert found.status == "failed"
    assert "without `backward`" in found.message and "Work it out on paper." in found.message
    assert "`(leaf * leaf).sum().backward()`" in found.message


def test_it_is_recorded_for_students_machines():
    again = RecordedCases(record(cases_of(double)))
    assert again.exercises["double"].constraints.forbid == ("backward",)
    assert outcome(again, by_autograd).status == "failed"
    plain = record(cases_of(Exercise("double")))
    assert "constraints" not in plain["exercises"][0]


def test_lessons_on_ones_own_engine_forbid_every_other():
    assert set(ENGINES) <= set(Exercise("Value", own_engine=True).constraints.forbid)


@pytest.mark.parametrize("name", lessons.NAMES)
def test_no_solution_uses_what_its_exercise_forbids(name):
    texts = tuple("".join(cell.source) for cell in lessons.notebook(name).cells)
    for exercise in lessons.key(name).values():
        forbidden = getattr(exercise, "forbid", ()) and exercise.constraints.forbid
        assert forbid.scan(texts, exercise.name, tuple(forbidden)) is None, exercise.name


def test_by_hand_allows_tensors_and_forbids_their_gradients():
    good = "import autograd_lib as torch\ndef f(x):\n    grad_w = torch.exp(x)\n    return grad_w"
    assert scan(good, forbidden=BY_HAND) is None
    for way in ("torch.autograd.grad(x, w)", "x.backward()", "w.grad", "torch.func.grad(x)"):
        assert scan(good.replace("torch.exp(x)", way), forbidden=BY_HAND), way
