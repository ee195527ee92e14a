"""Feedback pages say what was seen, and nothing in them can run, load or betray anything."""

import json

import nbformat
import pytest
from nbgrader.api import Gradebook

from course import find
from grader.directory import UsageError
from grader.feedback import write_feedback
from grader.pages import STATUS_WORDS, clean
from grader.results import CHECK_STATUSES
from tests.grader.sample import LESSON, Page, Sample

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>"
BIDI = "\u202eevil\u202c\u2066x\u2069\u200f"
ANSI = "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link"


@pytest.fixture
def sample(tmp_path):
    return Sample(tmp_path)


def page_of(sample, student):
    write_feedback(sample.course, LESSON)
    path = sample.course.feedback / student / LESSON / f"{LESSON}.html"
    page = Page(path.read_text(encoding="utf-8"))
    page.assert_harmless()
    page.assert_readable()
    return page


FAILED = {
    "microbatch_gradients-unequal": {
        "status": "failed",
        "message": "w.grad has wrong values.\nsizes = [1, 2]\nw.grad is [1.5]\n"
        "Something to try: sizes=[4].",
        "diagnosis": {"mistake": 5, "name": "mean_of_means", "what": "forged words"},
    }
}
WAITS = {"written-1": {"status": "awaiting_manual", "points": None}}


def test_a_page_says_what_was_checked_and_what_was_seen(sample):
    sample.result("anna", FAILED)
    page = page_of(sample, "anna")
    assert "13 of 15 points" in page.text
    assert "✗ Not right yet : pieces of unequal size" in page.text
    assert "w.grad has wrong values." in page.text and "w.grad is [1.5]" in page.text
    assert "any number of further passes, none included checked at grading" in page.text
    rows = page.rows("Exercise")
    assert rows["microbatch_gradients"] == ["✗ 2 of 3 passed", "3 of 5"]
    assert rows["six_times"] == ["✓ 2 of 2 passed", "4 of 4"]


def test_exercises_stand_in_the_lessons_order(sample):
    sample.result("anna")
    names = [exercise.name for exercise in sample.outline.exercises]
    shown = [row for row in page_of(sample, "anna").rows("Exercise") if row in names]
    assert shown == [name for name in names if name in shown] and len(shown) == 8


def test_the_mistakes_words_come_from_the_catalogue(sample):
    sample.result("anna", FAILED)
    page = page_of(sample, "anna")
    assert "This is what you get when every piece counts alike" in page.text
    assert "forged words" not in page.text


@pytest.mark.parametrize("policy", ["observed", "pass_fail"])
def test_the_instructor_decides_how_much_is_said(sample, policy):
    sample.settings(f'feedback = "{policy}"\n')
    sample.result("anna", FAILED)
    page = page_of(sample, "anna")
    assert "This is what you get" not in page.text and "course.why()" not in page.text
    assert ("w.grad has wrong values." in page.text) == (policy == "observed")
    assert "Not right yet" in page.text


@pytest.mark.parametrize("status", CHECK_STATUSES)
def test_every_status_has_words_and_a_symbol(sample, status):
    sample.result("anna", {"six_times-six": {"status": status, "points": 0.0}})
    page = page_of(sample, "anna")
    symbol, verdict = STATUS_WORDS[status]
    assert symbol and f"{symbol} {verdict} : one pass, then five more" in page.text


HIDDEN = "six_times-any_number"


@pytest.mark.parametrize(
    ("status", "message", "says", "never"),
    [
        (
            "error",
            "`six_times` raised W0_1234 in the line `secret = 0.1234`: w was 0.1234.",
            "Your code raised an exception.",
            "1234",
        ),
        (
            "error",
            "`six_times` raised TypeError in the line `return first`: w was 0.1234.",
            "Your code raised TypeError in the line return first .",
            "1234",
        ),
        (
            "error",
            "There is no `six_times`, because the cell that defines it stopped with "
            "SyntaxError: 0.1234. Mend that cell first.",
            "stopped with SyntaxError",
            "1234",
        ),
        (
            "failed",
            "the result is a W_is_0_1234 and should be a tuple.\nw = [0.1234]",
            "is something of another type and should be a tuple.",
            "1234",
        ),
        (
            "failed",
            "the result has 12345678 items, which is not the right number.",
            "the result has … items",
            "1234",
        ),
        (
            "failed",
            "the result is None and should be a tuple.",
            "is None and should be a tuple",
            "?!",
        ),
    ],
)
def test_a_submission_cannot_hand_on_what_a_hidden_check_passed_to_it(
    sample, status, message, says, never
):
    wrong = {
        HIDDEN: {
            "status": status,
            "message": message,
            "diagnosis": {"mistake": 1, "name": "forged", "what": "w is 0.1234"},
        }
    }
    sample.result("anna", wrong)
    sample.code("anna", six_times="def six_times(x, y, w, b, extra):\n    return first\n")
    page = page_of(sample, "anna")
    assert says in page.text
    assert never not in page.text


def test_no_hidden_check_and_no_output_is_shown(sample):
    sample.result("anna")
    path = sample.code("anna", six_times="def six_times():\n    return 1  # mine\n")
    solution = nbformat.read(find.CLONE / "solutions" / LESSON / f"{LESSON}.ipynb", 4)
    hidden = [cell.source for cell in solution.cells if "BEGIN HIDDEN TESTS" in cell.source]
    assert hidden
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        own = cell["metadata"].get("autograd_course", {})
        if own.get("role") == "check":
            cell["source"] += "\n### BEGIN HIDDEN TESTS\nthe hidden source\n### END HIDDEN TESTS"
        if cell["cell_type"] == "code":
            html = {"output_type": "display_data", "metadata": {}, "data": {"text/html": SCRIPT}}
            text = {"output_type": "stream", "name": "stdout", "text": "stolen inputs"}
            cell["outputs"] = [html, text]
    path.write_text(json.dumps(notebook))
    page = page_of(sample, "anna")
    assert "# mine" in page.text
    for secret in ("the hidden source", "HIDDEN TESTS", "hidden=True", "stolen inputs", "alert"):
        assert secret not in page.html


@pytest.mark.parametrize("hostile", [SCRIPT, BIDI, ANSI, "</pre></main><script>", "{{ 7 * 7 }}"])
def test_hostile_text_is_shown_as_text(sample, hostile):
    wrong = {
        "six_times-six": {"status": "failed", "message": f"{hostile}\n{hostile}\n{hostile}"},
        "microbatch_gradients-unequal": {
            "status": "failed",
            "diagnosis": {"mistake": None, "name": hostile, "what": hostile},
        },
        "written-1": {"status": "awaiting_manual", "points": None, "notebook": hostile},
    }
    sample.result("anna", wrong, repairs=[hostile], grader_version=hostile, started=hostile)
    sample.code("anna", six_times=f'x = """{hostile}"""\n# {hostile}', written_1=hostile)
    page = page_of(sample, "anna")
    if hostile == SCRIPT:
        assert page.text.count("<script>alert(1)</script>") >= 5
    assert "49" not in page.text
    assert "evil.example" not in page.html


@pytest.mark.parametrize("student", ["<img src=x onerror=alert(1)>", "a'\"&b", BIDI, "ä ö", "-x"])
def test_a_students_id_is_only_text(sample, student):
    sample.result(student, FAILED)
    page = page_of(sample, student)
    assert clean(student) in "".join(text for _, text in page.texts)


@pytest.mark.parametrize("student", ["..", ".", "", "../../anna", "a/b"])
def test_a_students_id_that_is_no_folder_name_is_refused(sample, student):
    sample.result("anna")
    path = sample.course.results / LESSON / "anna.json"
    path.write_text(path.read_text().replace('"anna"', json.dumps(student)))
    with pytest.raises(UsageError, match="no folder"):
        write_feedback(sample.course, LESSON)
    assert not sample.course.feedback.exists()


def test_floods_are_cut(sample):
    flood = "x" * 5_000_000
    sample.result(
        "anna", {"six_times-six": {"status": "failed", "message": flood}}, repairs=[flood]
    )
    sample.code("anna", six_times=flood, written_1=flood)
    page = page_of(sample, "anna")
    assert len(page.html) < 150_000 and "(cut: it was longer)" in page.text


def test_clean_keeps_text_and_drops_what_steers():
    assert clean("naïve 数 \t⚙\n" + "a\u200db") == "naïve 数 \t⚙\na\u200db"
    assert clean(ANSI) == "redlink" and clean(BIDI) == "evilx"
    assert clean("a\x00b\x9b31mc\ud800\ue000") == "abc"
    assert clean("one\r\ntwo\u2028three") == "one\ntwo\nthree"
    assert clean("\x1b]0;never ended") == ""


# Not graded


@pytest.mark.parametrize(
    ("status", "sha", "heading"),
    [
        ("quarantined", "cd" * 32, "Your notebook was set aside"),
        ("not_graded", None, "Nothing was handed in"),
        ("not_graded", "cd" * 32, "Your notebook was not graded"),
    ],
)
def test_a_submission_without_a_score_says_what_happened(sample, status, sha, heading):
    message = f"the file is not JSON {SCRIPT}"
    sample.result("anna", status=status, message=message, submission_sha256=sha)
    page = page_of(sample, "anna")
    assert heading in page.text and message in page.text
    assert "of 15 points" not in page.text and not page.tables
    assert ("What you can do" in page.text) == (heading != "Your notebook was not graded")


def test_no_results_and_unknown_assignments_are_said(sample):
    with pytest.raises(UsageError, match="no results"):
        write_feedback(sample.course, LESSON)
    with pytest.raises(UsageError, match="no assignment"):
        write_feedback(sample.course, "07_else")
    (sample.course.results / LESSON).mkdir(parents=True)
    (sample.course.results / LESSON / "anna.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        write_feedback(sample.course, LESSON)


# People


def mark(sample, student, grades, comments, penalty):
    """Write into the gradebook as formgrader would: fields of grades, and comments, by cell."""
    with Gradebook(sample.course.gradebook_url) as book:
        book.add_assignment(LESSON)
        book.add_notebook(LESSON, LESSON)
        for cell in grades:
            book.add_grade_cell(cell, LESSON, LESSON, max_score=2, cell_type="code")
        for cell in comments:
            book.add_solution_cell(cell, LESSON, LESSON)
        book.add_student(student)
        book.add_submission(LESSON, student)
        for cell, fields in grades.items():
            for name, value in fields.items():
                setattr(book.find_grade(cell, LESSON, LESSON, student), name, value)
        for cell, text in comments.items():
            book.find_comment(cell, LESSON, LESSON, student).manual_comment = text
        notebook = book.find_submission_notebook(LESSON, LESSON, student)
        notebook.late_submission_penalty = penalty
        book.db.commit()


@pytest.mark.filterwarnings("ignore:Object of type")
def test_a_persons_mark_wins_and_comments_are_shown(sample):
    sample.result("anna", FAILED | WAITS)
    corrected = {"auto_score": 0.0, "manual_score": 1.5, "extra_credit": 0.25}
    grades = {"microbatch_gradients-unequal": corrected, "written-1": {"manual_score": 1.0}}
    mark(sample, "anna", grades, {"written-1": f"Well put. {SCRIPT}"}, penalty=1.0)
    page = page_of(sample, "anna")
    assert "14.75 of 15 points" in page.text
    assert "15.75 points, less 1 point for handing in late." in page.text
    assert "A person looked at this and gave 1.75 points of 2." in page.text
    assert f"Well put. {SCRIPT}" in page.text
    assert "Marked by a person" in page.text


def test_an_answer_that_carries_points_waits_for_a_person(sample):
    waits = {"written-1": {"status": "awaiting_manual", "points": None, "max_points": 3.0}}
    sample.result("anna", waits)
    page = page_of(sample, "anna")
    assert "This is not the last word: 1 answer in your own words waits" in page.text
    assert page.rows("Exercise")["In your own words"] == ["… waits for a person", "waits"]


def test_no_gradebook_is_made_by_reading(sample):
    sample.result("anna")
    page_of(sample, "anna")
    assert not (sample.course.root / "gradebook.db").exists()


def test_repairs_are_told(sample):
    sample.result("anna", repairs=["The check cell six_times-six was missing and was put back."])
    assert "six_times-six was missing and was put back" in page_of(sample, "anna").text


def test_what_nbgraders_exchange_wants_stands_beside_the_page(sample, tmp_path):
    folder = sample.course.submitted / "anna" / LESSON
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-10-05 12:30:00 UTC")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not for students")
    (folder / "submission_secret.txt").symlink_to(elsewhere)
    sample.result("anna")
    page_of(sample, "anna")
    left = sorted(path.name for path in (sample.course.feedback / "anna" / LESSON).iterdir())
    assert left == [f"{LESSON}.html", "timestamp.txt"]
