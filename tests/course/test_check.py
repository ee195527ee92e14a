"""What check() says: of each way to be wrong something of its own, of a hidden case nothing."""

import json
import re
import sys

import numpy as np
import pytest

import autograd_lib as torch
import course
from course import find
from course.check import CheckFailed, examine
from course.key import load_key, tensor
from course.observe import Rules, differ, observe
from course.render import call_text

LESSON = "06_gradients_add_up"


@pytest.fixture
def lesson(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    course.begin(LESSON)


def said(capsys, id, *objects, **options):
    """Run a check that must fail, and return what it showed."""
    capsys.readouterr()
    with pytest.raises(CheckFailed):
        course.check(id, *objects, **options)
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def live():
    return find.live_cases(LESSON)


WRONG = [
    (lambda x, y, w, b, extra: None, "None"),
    (lambda x, y, w, b, extra: [w.clone(), w], "should be a tuple"),
    (lambda x, y, w, b, extra: (w[0], w), "shape"),
    (lambda x, y, w, b, extra: (w.detach().double(), w), "float64"),
    (lambda x, y, w, b, extra: (w.detach() * float("nan"), w), "nan"),
    (lambda x, y, w, b, extra: (w.detach().numpy(), w), "NumPy array"),
    (lambda x, y, w, b, extra: 1 / 0, "ZeroDivisionError"),
    (lambda x, y, w, b: None, "TypeError"),
    (lambda *a: endless(*a), "calls itself without end"),
]


def endless(*arguments):
    return endless(*arguments)


@pytest.mark.parametrize(("answer", "words"), WRONG)
def test_each_way_to_be_wrong_has_its_own_words(lesson, capsys, answer, words):
    assert words in said(capsys, "six_times-six", answer)


def numeric_gradient(f, x, h):
    slopes = torch.zeros_like(x)
    for i in range(len(x)):
        up, down = x.clone(), x.clone()
        up[i] += h
        down[i] -= h
        slopes[i] = (f(up) - f(down)) / (2 * h)
    return slopes


def moves_its_input(f, x, h):
    slopes = numeric_gradient(f, x, h)
    x += h
    return slopes


def prints(f, x, h):
    print("my x is", x.shape)


def switches_gradients_off(f, x, h):
    torch.set_grad_enabled(False)
    return numeric_gradient(f, x, h)


def sets_a_dtype(f, x, h):
    torch.set_default_dtype(torch.float64)
    return numeric_gradient(f, x, h)


MORE = [
    (moves_its_input, "x was changed, and should be as it was before the call"),
    (prints, "your code printed\n    my x is torch.Size([2])"),
    (lambda f, x, h: numeric_gradient(f, x, h).tolist(), "`torch.tensor(...)` makes one"),
    (lambda f, x, h: x.sum, "is a pair of brackets missing"),
    (lambda f, x, h: "4", "The result is a str and should be a tensor."),
    (lambda f, x, h: object(), "The result is an object"),
    (lambda f, x, h: x / 0, "contains an infinity"),
    (lambda f, x, h: switches_gradients_off(f, x, h) * 0, "gradients are switched off"),
]


@pytest.mark.parametrize(("answer", "words"), MORE)
def test_other_ways_to_be_wrong_have_their_own_words_too(lesson, capsys, answer, words):
    course.begin("01_slopes_you_can_measure")
    assert words in said(capsys, "numeric_gradient-two", answer)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("answer", "words"),
    [(switches_gradients_off, "gradients are switched off"), (sets_a_dtype, "another dtype")],
)
def test_what_an_answer_leaves_behind_is_said_and_put_right(lesson, capsys, answer, words):
    course.begin("01_slopes_you_can_measure")
    course.check("numeric_gradient-two", answer)
    assert words in capsys.readouterr().out
    assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32


def test_what_is_seen_and_should_be_is_shown_with_four_digits_at_most(lesson, capsys):
    text = said(capsys, "microbatch_gradients-equal", lambda w, x, y, sizes: None)
    assert "w.grad is None" in text and "microbatch_gradients(w, x, y, sizes)" in text
    digits = [n.replace(".", "").lstrip("0") for n in re.findall(r"\d+\.\d+", text)]
    assert digits and max(map(len, digits)) <= 4


def test_a_stub_is_told_from_an_exception(lesson, capsys):
    def six_times(x, y, w, b, extra):
        raise NotImplementedError()

    text = said(capsys, "six_times-six", six_times)
    assert "Not written yet" in text and "Return the gradient of w after one pass" in text


def test_a_name_used_for_something_else_is_noticed(lesson, capsys):
    assert "can be called" in said(capsys, "six_times-six", 3)


def test_why_names_the_mistake(lesson, capsys):
    key = load_key(find.PACKAGE / "lessons" / LESSON / "key.py")
    wrong = {wrong.name: wrong for wrong in key["microbatch_gradients"].wrongs}
    said(capsys, "microbatch_gradients-unequal", wrong["mean_of_means"].answer)
    course.why()
    assert wrong["mean_of_means"].what in capsys.readouterr().out


def test_why_names_nothing_where_no_known_mistake_fits(lesson, capsys):
    def two_at_once(w, x, y, sizes):
        w.grad = None
        rows = slice(0, sizes[0])
        (-((x[rows] @ w - y[rows]) ** 2).sum()).backward()

    said(capsys, "microbatch_gradients-unequal", two_at_once)
    course.why()
    assert "no known mistake" in capsys.readouterr().out


def test_the_instructor_decides_how_much_is_said(capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    wrong = lambda w, x, y, sizes: None  # noqa: E731
    course.begin(LESSON, feedback="observed")
    assert "w.grad is None" in said(capsys, "microbatch_gradients-equal", wrong)
    course.why()
    assert "chosen" in capsys.readouterr().out
    course.begin(LESSON, feedback="pass_fail")
    assert "w.grad" not in said(capsys, "microbatch_gradients-equal", wrong)


def test_an_answer_that_prints_and_warns_passes(lesson, capsys):
    key = load_key(find.PACKAGE / "lessons" / LESSON / "key.py")

    def loud(*arguments):
        import sys
        import warnings

        warnings.warn("slow", stacklevel=1)
        print("here", file=sys.stderr)
        return key["six_times"].rights[0](*arguments)

    course.check("six_times-six", loud)
    shown = capsys.readouterr()
    assert "Passed" in shown.out and shown.err == ""


def test_a_check_can_be_run_again_in_any_order(lesson, capsys):
    key = load_key(find.PACKAGE / "lessons" / LESSON / "key.py")
    for id in ("six_times-six", "microbatch_gradients-unequal", "six_times-six"):
        course.check(id, key[id.split("-")[0]].rights[0])


def test_example_hands_out_the_inputs(lesson):
    w, x, y, sizes = course.example("microbatch_gradients-unequal")
    assert w.requires_grad and sum(sizes) == len(x) == len(y)
    with pytest.raises(LookupError):
        course.example("microbatch_gradients-adds")


def test_without_an_open_lesson_it_says_what_to_do(monkeypatch):
    # The module's name is shadowed by its main function's.
    monkeypatch.setattr(sys.modules["course.check"]._lesson, "assignment", "")
    with pytest.raises(LookupError, match="first cell"):
        course.check("six_times-six", max)


def test_a_notebook_of_another_version_is_told_the_cure(capsys):
    course.begin(LESSON, release="9.9.9-00000000")
    assert "pip install autograd-course==9.9.9" in capsys.readouterr().out
    course.begin(LESSON, release=find.recorded_cases(LESSON).release)
    assert capsys.readouterr().out == ""


def test_a_lesson_that_is_not_installed_is_told_the_cure(capsys):
    course.begin("42_unknown")
    assert "42_unknown.cases.json" in capsys.readouterr().out


def numbers_of(plain):
    """All numbers in a description or an observation, as a message would show them."""
    if isinstance(plain, dict):
        return {n for key, value in plain.items() if key != "shape" for n in numbers_of(value)}
    if isinstance(plain, list):
        return {n for value in plain for n in numbers_of(value)}
    return {f"{plain:.4g}"} if isinstance(plain, float) else set()


def test_of_a_hidden_check_neither_inputs_nor_expected_values_are_said(live):
    key = load_key(find.PACKAGE / "lessons" / LESSON / "key.py")

    def quotes_its_inputs(*arguments):
        raise ValueError(f"{arguments}")

    tried = 0
    for info in live.checks.values():
        exercise = live.exercises.get(info.exercise)
        if exercise is None:
            continue
        wrong = [w.answer for w in key[info.exercise].wrongs]
        for answer in [*wrong, quotes_its_inputs]:
            outcome = examine(live, info, exercise, {info.exercise: answer}, secret=True)
            text = json.dumps(outcome.to_plain())
            for case in live.of(info.id):
                secrets = numbers_of(case.arguments) | numbers_of(case.expected())
                leaked = {s for s in secrets if len(s) > 4 and s in text}
                assert not leaked, (info.id, answer.__name__, leaked)
                tried += len(secrets)
    assert tried > 500


def test_hidden_cases_change_with_the_seed_and_with_nothing_else(monkeypatch, tmp_path):
    def arguments():
        return [case.arguments for case in find.live_cases(LESSON).of("six_times-any_number")]

    (tmp_path / "course.toml").write_text("")
    (tmp_path / ".secret").write_text("one")
    monkeypatch.setenv(find.COURSE_DIRECTORY_VARIABLE, str(tmp_path))
    one = arguments()
    assert one == arguments()
    (tmp_path / ".secret").write_text("two")
    assert one != arguments()


# Comparing


class Agreeable:
    """Equal to everything, as an object of a submission's may be."""

    def __eq__(self, other):
        return True

    __hash__ = None


class AgreeableArray(np.ndarray):
    def __array_function__(self, *arguments, **options):
        return True

    def __array_ufunc__(self, *arguments, **options):
        return True


class Word(str):
    pass


ONE = observe(torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize(
    "value",
    [
        Agreeable(),
        np.array([1.0, 2.0]).view(AgreeableArray),
        np.ma.masked_all(2),
        torch.tensor([1.0]),
        torch.tensor(1.0),
        torch.tensor([]),
        torch.tensor([[1.0, 2.0]]),
        torch.tensor([1.0, float("nan")]),
        torch.tensor([1.0, 2.0], dtype=torch.float64),
        torch.tensor([1, 2]),
        torch.tensor([1.0, 2.01]),
        [1.0, 2.0],
        None,
    ],
)
def test_nothing_else_passes_for_a_tensor(value):
    assert differ(ONE, observe(value)) is not None


def test_strictness_is_the_exercises_choice():
    loose = Rules(any_number_type=True)
    assert differ(observe(1.5), observe(torch.tensor(1.5)), loose) is None
    assert differ(observe(torch.tensor([1.0, 2.0])), observe([1, 2]), loose) is None
    assert differ(observe(1.5), observe(True), loose) is not None
    assert differ(observe(1.5), observe([1.5]), loose) is not None
    assert differ(observe(1.5), observe("1.5"), loose) is not None
    assert differ(observe("a"), observe(Word("a"))) is not None
    assert differ(observe(1.0), observe(1.001), Rules(tolerance=(1e-2, 0))) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [({"a": 1}, {"a": 2}), ({"a": 1}, {}), ((1, 2), (1, 3)), ([1], [1, 1]), (1, 2), (True, False)],
)
def test_containers_are_compared_to_the_bottom(one, other):
    assert differ(observe(one), observe(one)) is None
    assert differ(observe(one), observe(other)) is not None


def test_where_any_kind_of_number_will_do_none_is_asked_for_by_name():
    loose = Rules(any_number_type=True)
    number, numbers = observe(1.5), observe([1.5, 2.5])
    assert "should be a number" in differ(number, observe(None), loose).text
    assert "should be numbers" in differ(numbers, observe("1.5"), loose).text
    assert differ(numbers, observe(torch.tensor([1.5, 2.5])), loose) is None


def test_texts_of_several_lines_are_shown_line_by_line():
    found = differ(observe("add\n  mul"), observe("add\nmul"), path="the result")
    assert found.detail == "the result is\n\nadd\nmul\n\nand should be\n\nadd\n  mul"


def test_short_lists_of_unequal_length_are_shown():
    detail = differ(observe(["a", "b"]), observe(["a"])).detail
    assert detail == "it has 1 item and should have 2\n\nseen    ['a']\nwanted  ['a', 'b']"
    assert "seen" not in differ(observe([[1], 2]), observe([3])).detail


def test_a_gradient_from_before_is_shown():
    text = call_text("step", {"parameters": [tensor([1.0]), tensor([2.0], grad=[0.5])], "rate": 3})
    assert text.splitlines() == [
        "parameters = [torch.tensor([1.]), torch.tensor([2.], requires_grad=True)]",
        "parameters[1].grad = torch.tensor([0.5])",
        "rate = 3",
        "step(parameters, rate)",
    ]
