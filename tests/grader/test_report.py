"""The class report: its numbers are right, its pages say the same twice, and nobody is named."""

import re
import shutil
from itertools import pairwise

import pytest

from course import find
from grader.directory import UsageError
from grader.marks import Marks
from grader.report import summary, write_report
from grader.report.pseudonyms import Names
from grader.report.summary import REASONS, histogram, summarize
from tests.grader.sample import LESSON, Page, Sample


@pytest.fixture
def sample(tmp_path):
    return Sample(tmp_path)


def page_of(sample, **options):
    path = write_report(sample.course, LESSON, **options)
    assert path == sample.course.report / f"{LESSON}.html"
    page = Page(path.read_text(encoding="utf-8"))
    page.assert_harmless()
    page.assert_readable()
    return page


def failed(name=None, status="failed"):
    diagnosis = name and {"mistake": 5, "name": name, "what": "forged words"}
    return {"status": status, "diagnosis": diagnosis}


BLANK = {"status": "not_attempted"}
WAITS = {"status": "awaiting_manual", "points": None, "max_points": 1.0}


@pytest.fixture
def class_of_six(sample):
    """Six graded, one set aside, one that handed nothing in, one known from a folder alone."""
    sample.result("anna")
    sample.result("bo", {"microbatch_gradients-unequal": failed("mean_of_means")})
    sample.result(
        "cleo",
        {
            "microbatch_gradients-equal": failed("forgets_to_weight"),
            "microbatch_gradients-unequal": failed("forgets_to_weight"),
        },
    )
    sample.result("dora", {"microbatch_gradients-unequal": failed("mean_of_means")})
    sample.result(
        "emil", {"six_times-six": failed(status="timeout"), "six_times-any_number": BLANK}
    )
    sample.result("fay", {"six_times-six": failed(), "written-1": WAITS})
    message = "submitted/gus/Gus Gruber.ipynb has the wrong name. Rename it."
    sample.result("gus", status="quarantined", message=message)
    sample.result("hal", status="not_graded", message="nothing was handed in.")
    (sample.course.submitted / "ida").mkdir()
    (sample.course.submitted / "jo" / LESSON).mkdir(parents=True)
    return sample


def test_the_numbers(class_of_six):
    found = summary(class_of_six.course, LESSON, names=True)
    assert (found.graded, found.set_aside, found.not_graded) == (6, 1, 0)
    assert (found.not_handed_in, found.ungraded, found.students) == (2, 1, 10)
    assert sorted(found.scores) == [11, 12, 13, 13, 13, 15]
    assert found.median == 13 and found.mean == pytest.approx(77 / 6)
    shares = {e.name: (e.right, e.of, e.unnamed) for e in found.exercises}
    assert shares["microbatch_gradients"] == (3, 6, 0)
    assert shares["six_times"] == (4, 6, 1)
    checks = {c.id: c for e in found.exercises for c in e.checks}
    assert checks["microbatch_gradients-unequal"].share == 0.5
    assert checks["six_times-any_number"].not_attempted == 1
    assert [(m.name, m.number, m.students) for m in found.mistakes] == [
        ("mean_of_means", 5, ["bo", "dora"]),
        ("forgets_to_weight", 5, ["cleo"]),
    ]
    assert [(one.student, one.what) for one in found.stopped] == [("emil", "six_times-six")]
    assert [(one.student, one.what) for one in found.waiting] == [("fay", "written-1")]
    assert [one.student for one in found.quarantined] == ["gus"]


def test_tables_say_what_the_summary_says(class_of_six):
    found = summary(class_of_six.course, LESSON)
    page = page_of(class_of_six)
    students = page.rows("What")
    assert students["Graded"] == [str(found.graded)]
    assert students["Nothing handed in"] == [str(found.not_handed_in)]
    assert students["Students known to the course"] == [str(found.students)]
    assert page.rows("Points") == {one.label: [str(one.count)] for one in found.histogram}
    exercises = page.rows("Exercise")
    for exercise in found.exercises:
        assert exercises[exercise.name][:2] == [str(exercise.right), str(exercise.of)]
    checks = page.rows("Check")
    for exercise in found.exercises:
        for check in exercise.checks:
            (row,) = (row for first, row in checks.items() if first.startswith(f"{check.id}:"))
            blank = str(check.not_attempted)
            assert [row[0], row[1], row[3]] == [str(check.right), str(check.of), blank]
    mistakes = page.rows("Mistake")
    assert len(mistakes) == len(found.mistakes)
    for (first, row), mistake in zip(mistakes.items(), found.mistakes, strict=True):
        assert first.startswith(mistake.what) and mistake.what != "forged words"
        assert row == [mistake.exercise, str(mistake.count)]


def test_charts_have_words_and_the_same_numbers(class_of_six):
    page = page_of(class_of_six)
    charts = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(charts) == 4 and all(chart["role"] == "img" for chart in charts)
    titles = [text for stack, text in page.texts if stack[-2:] == ("svg", "title")]
    words = [text for stack, text in page.texts if stack[-1:] == ("desc",)]
    assert len(titles) == len(words) == 4
    assert "3 submissions with 13" in words[0] and "1 submission with 15" in words[0]
    assert "microbatch_gradients: 50 %, 3 of 6" in words[1]
    assert "pieces of unequal size: 50 %, 3 of 6" in words[2]
    assert "however many rows it has: 2 students" in words[3]
    # Nothing is told by colour alone: hidden checks are hatched, and said to be.
    assert page.html.count("<pattern") >= 2 and "Hatched bars are hidden checks" in page.text
    assert "<metadata" not in page.html and "purl.org" not in page.html


NAMES = ["anna", "bo", "cleo", "dora", "emil", "fay", "gus", "hal", "ida", "Gruber"]


def named(page):
    return [name for name in NAMES if re.search(rf"\b{name}\b", page.html)]


def test_nobody_is_named_unless_asked_for(class_of_six):
    page = page_of(class_of_six)
    assert named(page) == []
    assert "One notebook, under another name." in page.text
    page = page_of(class_of_six, names=True)
    assert {"bo", "cleo", "dora", "emil", "fay", "gus", "Gruber"} <= set(named(page))


def test_pseudonyms_last_as_long_as_the_secret(sample):
    first, second = Names(sample.course), Names(sample.course)
    assert first.of("anna") != second.of("anna") and not first.lasting
    (sample.course.root / ".secret").write_text("one")
    first, second = Names(sample.course), Names(sample.course)
    assert first.of("anna") == second.of("anna") != first.of("bo") and first.lasting
    (sample.course.root / ".secret").write_text("another")
    assert Names(sample.course).of("anna") != first.of("anna")
    assert len({first.of(f"student{n}") for n in range(10_000)}) == 10_000


def test_the_order_gives_nobody_away(sample):
    (sample.course.root / ".secret").write_text("one")
    for n in range(12):
        sample.result(f"student{n:02}", {"microbatch_gradients-unequal": failed("mean_of_means")})
    (mistake,) = summary(sample.course, LESSON).mistakes
    assert mistake.students == sorted(mistake.students)
    ids = [Names(sample.course).of(f"student{n:02}") for n in range(12)]
    assert mistake.students != ids


def test_a_persons_mark_counts(sample):
    result = sample.result("anna", {"six_times-six": failed(), "written-1": WAITS})
    names = Names(sample.course, real=True)
    marks = {
        "anna": Marks(manual={"six_times-six": 2.0, "written-1": 2.0}, again={"six_times-six"})
    }
    found = summarize(sample.outline, [result], marks, names)
    assert found.scores == [17.0] and found.waiting == []
    assert [(one.student, one.what) for one in found.again] == [("anna", "six_times-six")]
    assert found.exercises[-1].right == 1


@pytest.mark.parametrize(
    ("max_score", "scores"),
    [
        (15, [0, 14.5, 15, 16, -1]),
        (1, [0, 0.5, 1]),
        (100, range(101)),
        (250, [7]),
        (0.5, [0.25, 0.3, 0.35]),
    ],
)
def test_each_score_is_in_one_bin(max_score, scores):
    bins = histogram(scores, max_score)
    assert sum(one.count for one in bins) == len(scores)
    for one in bins[1:-1]:
        assert one.count == sum(one.low <= score < one.high for score in scores)
    assert 2 <= len(bins) <= 17
    assert bins[0].low == 0 and bins[-1].low == max_score
    assert all(one.high == other.low for one, other in pairwise(bins))
    assert bins[-1].count == sum(score >= max_score for score in scores)
    assert histogram(scores, 0) == []


# Sizes and bad input


def test_an_assignment_without_results(sample):
    page = page_of(sample)
    assert page.rows("What")["Graded"] == ["0"] and "<svg" not in page.html
    with pytest.raises(UsageError, match="no assignment"):
        write_report(sample.course, "07_else")


def test_one_result(sample):
    sample.result("anna")
    page = page_of(sample)
    assert page.rows("What")["Graded"] == ["1"] and "No known mistake was found." in page.text


def test_a_thousand_results(sample):
    for n in range(1000):
        wrong = {"microbatch_gradients-unequal": failed("mean_of_means"), "written-1": WAITS}
        sample.result(
            f"student{n:04}", wrong if n % 2 else {"six_times-six": failed(None, "crashed")}
        )
    page = page_of(sample, names=True)
    assert page.rows("Mistake") and "and 470 more" in page.text and "And 400 more" in page.text
    assert len(page.html) < 300_000


HOSTILE = ["<img src=x onerror=alert(1)>", "\u202eevil", "$\\frac$", "ö" * 400, "a\x1b[2Jb"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_as_text(sample, hostile):
    wrong = {"six_times-six": failed(hostile, "failed")}
    wrong["six_times-six"]["diagnosis"]["what"] = hostile
    sample.result("anna", wrong, isolation=hostile)
    if len(hostile) < 200:
        sample.result(hostile, {"six_times-six": failed(None, "timeout")})
        sample.result(f"{hostile}2", status="quarantined", message=hostile)
    page = page_of(sample, names=True)
    if hostile.startswith("<"):
        assert page.text.count(hostile) >= 4


def test_a_course_without_its_released_notebook(sample):
    sample.result("anna", {"six_times-six": failed()})
    shutil.rmtree(sample.course.assignments)
    page = page_of(sample)
    assert page.rows("Exercise")["six_times"][:2] == ["0", "1"]


def test_reasons_fit_what_intake_says():
    """A pseudonymous report knows intake's sentences by these words."""
    source = (find.CLONE / "grader" / "intake.py").read_text(encoding="utf-8")
    sentences = re.sub(r'"\s+f?"', "", source)
    for words, _ in REASONS:
        assert words in sentences or words == "grader itself failed", words
