"""A verdict can be looked into afterwards: what went in, what came back, what should have."""

import json
import unicodedata

import numpy as np
import pytest

from course import witness
from grader import evidence
from grader.directory import UsageError
from grader.grading import grade_assignment
from grader.replay import replay, show
from grader.results import Result, detail_path, read_results, result_path, write_result
from tests.conftest import LESSON

WRONG = """def six_times(x, y, w, b, extra):
    one_loss(x, y, w, b).backward()
    first = w.grad.clone()
    print("\\x1b[2J\\u202e got here")
    return first, first * 7
"""
ADDS = """def microbatch_gradients(w, x, y, sizes):
    w.grad = None
    ((x @ w - y) ** 2).mean().backward()
"""
RAISES = """def zero_gradients(parameters):
    raise ValueError("\\x1b]0;title\\x07 \\u202e no")
"""


@pytest.fixture(scope="module")
def graded(built_course, tmp_path_factory):
    """A small class, graded: one all right, one wrong in three ways, one unreadable."""
    import shutil

    from tests.conftest import Classroom

    root = tmp_path_factory.mktemp("replay") / "course"
    shutil.copytree(built_course, root)
    room = Classroom(root)
    room.hand_in("anna", room.answers())
    answers = dict(six_times=WRONG, microbatch_gradients=ADDS, zero_gradients=RAISES)
    room.hand_in("bo", room.answers(predict_two_passes=QUESTION, **answers))
    room.hand_in("cleo", "{")
    grade_assignment(room.course, room.course.lesson(LESSON), jobs=1)
    return room


QUESTION = "def predict_two_passes():\n    return 'z'"


def said(room, student, check):
    return "\n".join(replay(room.course, student, LESSON, check))


def test_a_failed_check_shows_inputs_what_came_back_what_should_have_and_why(graded):
    text = said(graded, "bo", "six_times-six")
    for part in ("Inputs:", "What came back:", "What was expected:", "Why:", "It printed:"):
        assert part in text, part
    assert "extra = 5" in text and "requires_grad" in text
    assert "got here" in text
    assert "first * 7" in text and "submission_sha256" in text
    assert "0 of 1 cases and laws agreed" in text


def test_replayed_numbers_are_those_that_the_check_saw(graded):
    path = result_path(graded.course.results, LESSON, "bo")
    tries = json.loads(detail_path(path).read_text())["checks"]["six_times-six"]["tries"]
    first, last = tries[0]["came_back"]["seen"]["result"]["items"]
    assert np.allclose(np.multiply(first["values"], 7), last["values"], rtol=1e-5)
    right = tries[0]["expected"]["seen"]["result"]["items"][1]
    six = tries[0]["inputs"]["extra"] + 1
    assert np.allclose(np.multiply(first["values"], six), right["values"], rtol=1e-4)


def test_a_passed_check_shows_what_it_looked_at(graded):
    text = said(graded, "anna", "six_times-six")
    assert "Passed" in text and "Case: agrees" in text and "What came back:" in text


def test_a_broken_law_shows_what_must_hold_the_line_and_the_calls(graded):
    text = said(graded, "bo", "microbatch_gradients-adds")
    assert "Law: does not agree" in text and "What must hold:" in text
    assert "assert" in text and "microbatch_gradients(" in text


def test_an_exception_is_shown_with_its_text_and_line(graded):
    text = said(graded, "bo", "zero_gradients-zero")
    assert "raised ValueError" in text and "In the line:" in text


def test_an_answer_to_a_question_is_shown(graded):
    assert "the answer = 'z'" in said(graded, "bo", "predict_two_passes-answer")


def test_nothing_in_it_steers_a_terminal_or_turns_text_round(graded):
    for result in read_results(graded.course.results, LESSON):
        for check in result.checks:
            for character in said(graded, result.student, check.id):
                harmless = character in "\n\t" or unicodedata.category(character)[0] != "C"
                assert harmless, (result.student, check.id, character)


def test_the_detail_file_is_the_same_when_graded_again(graded):
    paths = [detail_path(result_path(graded.course.results, LESSON, s)) for s in ("anna", "bo")]
    before = [path.read_text() for path in paths]
    grade_assignment(graded.course, graded.course.lesson(LESSON), jobs=1, force=True)
    assert [path.read_text() for path in paths] == before


@pytest.mark.parametrize(
    ("student", "assignment", "check", "says"),
    [
        ("ann", LESSON, "six_times-six", "such as: anna"),
        ("anna", "07_nothing", "six_times-six", LESSON),
        ("anna", LESSON, "six_times", "six_times-six (passed)"),
        ("cleo", LESSON, "six_times-six", "not JSON"),
        ("\x1b[2J", LESSON, "six_times-six", "There are 3"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(graded, student, assignment, check, says):
    with pytest.raises(UsageError) as error:
        replay(graded.course, student, assignment, check)
    assert says in str(error.value) and "\x1b" not in str(error.value)


def test_evidence_of_another_submission_is_not_shown(graded):
    result = next(r for r in read_results(graded.course.results, LESSON) if r.student == "anna")
    path = write_result(graded.course.results, result, {"checks": {}})
    text = path.read_text().replace(result.submission_sha256, "0" * 64)
    old = path.read_text()
    try:
        path.write_text(text)
        assert "None was kept" in said(graded, "anna", "six_times-six")
    finally:
        path.write_text(old)


def test_what_a_submission_sends_is_kept_only_in_part():
    huge = {
        "inputs": {"x": {"type": "array", "shape": [10**6], "values": [0.0] * 10**6}},
        "text": "x" * 10**6,
        "number": 10**5000,
        "deep": None,
        "wide": {str(n): [[1.0] * 1000] * 1000 for n in range(1000)},
    }
    for _ in range(200):
        huge["deep"] = [huge["deep"]]
    kept = json.dumps(evidence.bounded(huge))
    assert len(kept) < 100_000
    assert "999936" in kept and "too deep" in kept and "bits long" in kept


def test_values_are_shown_with_all_the_digits_that_were_kept():
    tensor = {"type": "tensor", "dtype": "float32", "shape": [2], "values": [0.123456789, "nan"]}
    assert show(tensor) == "tensor([0.12345679,        nan], float32, shape (2,))"
    cut = {"type": "array", "dtype": "float64", "shape": [9], "values": [1.0, {"$more": 8}]}
    assert show(cut) == "array([1.0, ... and 8 more], float64, shape (9,))"
    entries = {"type": "dict", "items": [[{"type": "str", "value": "a"}, {"type": "C"}]]}
    assert show(entries) == "{'a': <C>}"
    assert show({"type": "list", "items": []}) == "[]"


def test_a_students_machine_keeps_no_evidence():
    """Nobody listens there: an outcome in a notebook holds no hidden input."""
    assert witness.listener is None


def test_a_result_without_evidence_says_how_to_get_it(graded, tmp_path):
    result = Result.from_json(result_path(graded.course.results, LESSON, "anna").read_text())
    result.student = "dora"
    write_result(graded.course.results, result)
    assert f"grader grade {LESSON} --force" in said(graded, "dora", "six_times-six")
    result_path(graded.course.results, LESSON, "dora").unlink()
