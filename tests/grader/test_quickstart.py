"""A course that this project did not make: `nbgrader quickstart`'s example, graded unchanged.

Through both doors, and where nobody does harm also by nbgrader alone. A second assignment has what
the example lacks: the same ids in two notebooks, data beside them, points for a text that is no
answer.
"""

import copy
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from nbgrader.api import Gradebook

from course import find
from grader.init import STOCK_DOOR
from grader.results import read_results
from tests.conftest import LEVEL
from tests.grader.sample import Page

NOTEBOOKS = ("problem1", "problem2")

SQUARES = "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n    return {}"
ANSWERS = {
    "full": {},
    "own_sum": {"sum_of_squares": "def sum_of_squares(n):\n    return n*(n+1)*(2*n+1)//6"},
    "no_error": {"squares": "def squares(n):\n    return [i**2 for i in range(1, n + 1)]"},
    "crashes": {"squares": "def squares(n):\n    import os\n    os._exit(0)"},
    "lies": {
        "squares": "class S:\n    def __eq__(self, other): return True\n" + SQUARES.format("S()")
    },
}
POINTS = {
    "correct_squares": 1.0,
    "squares_invalid_input": 1.0,
    "correct_sum_of_squares": 0.5,
    "sum_of_squares_uses_squares": 0.5,
}
LOST = {
    "full": set(),
    "blank": set(POINTS),
    "own_sum": {"sum_of_squares_uses_squares"},
    "no_error": {"squares_invalid_input"},
    "crashes": set(POINTS) - {"sum_of_squares_uses_squares"},
    "lies": {"correct_squares", "correct_sum_of_squares"},
}
UNREADABLE = {"spoiled", "renamed", "empty"}
HONEST = ("full", "blank", "own_sum", "no_error", "half")
BY_HAND = {"sum_of_squares_equation", "sum_of_squares_application", "part-a", "part-b"}


def run(module, root, *arguments):
    environment = os.environ | {"PYTHONPATH": str(find.CLONE), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        env=environment,
    )


def nbgrader(root, *arguments):
    return run("nbgrader", root, *arguments)


def grader(root, *arguments):
    if arguments[0] == "grade":
        arguments = (*arguments, "--isolation", LEVEL)
    return run("grader", root, *arguments)


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The example course with our door, and a class that has handed in."""
    folder = tmp_path_factory.mktemp("quickstart")
    nbgrader(folder, "quickstart", "course")
    root = folder / "course"
    with open(root / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(f"\n{STOCK_DOOR}c.Sandbox.cell_seconds = 5\nc.Sandbox.isolation = '{LEVEL}'\n")
    make_second(root / "source" / "ps2")
    for name in ("ps1", "ps2"):
        made = nbgrader(root, "generate_assignment", name)
        assert made.returncode == 0, made.stderr
    for student in LOST:
        hand_in(root, student)
    inbox = root / "submitted"
    for student in ("half", "spoiled", "renamed"):
        shutil.copytree(inbox / "full" / "ps1", inbox / student / "ps1")
    (inbox / "half" / "ps1" / "problem2.ipynb").unlink()
    (inbox / "spoiled" / "ps1" / "problem2.ipynb").write_text("{")
    (inbox / "renamed" / "ps1" / "problem2.ipynb").rename(inbox / "renamed" / "ps1" / "two.ipynb")
    (inbox / "empty" / "ps1").mkdir(parents=True)
    shutil.copytree(root / "source" / "ps2", inbox / "full" / "ps2")
    hand_in_second(root)
    return root


def make_second(folder):
    """Write an assignment of two notebooks that call their cells alike."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "numbers.txt").write_text("1 2 3")
    (folder / "reading.py").write_text("def total(text):\n    return sum(map(int, text.split()))")
    for number, name in enumerate(("first", "second"), 1):
        cells = [
            code("answer", f"def answer(x):\n    ### BEGIN SOLUTION\n    return {number} * x\n"
                 "    ### END SOLUTION", solution=True),
            code("check", f"assert answer(3) == {3 * number}\n### BEGIN HIDDEN TESTS\n"
                 f"assert answer(5) == {5 * number}\n### END HIDDEN TESTS", points=number),
            code("reads", "import reading\n"
                 "assert reading.total(open('data/numbers.txt').read()) == 6", points=1),
            code("neat", f"{number} times x.", points=2, solution=True, kind="markdown"),
        ]  # fmt: skip
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")


def code(name, source, points=None, solution=False, kind="code"):
    cell = getattr(nbformat.v4, f"new_{kind}_cell")(source)
    cell.metadata["nbgrader"] = {
        "grade_id": name, "grade": points is not None, "solution": solution, "task": False,
        "locked": not solution, "schema_version": 3,
    } | ({} if points is None else {"points": points})  # fmt: skip
    return cell


def hand_in_second(root):
    """Hand in one that is right in the first notebook alone."""
    folder = root / "submitted" / "mixed" / "ps2"
    shutil.copytree(root / "source" / "ps2", folder)
    notebook = read(folder / "second.ipynb")
    notebook.cells[0].source = "def answer(x):\n    return 6 if x == 3 else 0"
    nbformat.write(notebook, folder / "second.ipynb")


def hand_in(root, student):
    folder = root / "submitted" / student / "ps1"
    shutil.copytree(root / "release" / "ps1", folder)
    for name in NOTEBOOKS if student != "blank" else ():
        notebook = read(folder / f"{name}.ipynb")
        solved = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source
                  for c in read(root / "source" / "ps1" / f"{name}.ipynb").cells}  # fmt: skip
        for cell in notebook.cells:
            own = cell.metadata.get("nbgrader", {})
            if own.get("solution"):
                right = solved[own["grade_id"]]
                cell.source = ANSWERS[student].get(own["grade_id"], right)
        nbformat.write(notebook, folder / f"{name}.ipynb")


FOLDERS = {
    "source": "master", "release": "handout", "submitted": "inbox", "autograded": "marked",
    "feedback": "back",
}  # fmt: skip


@pytest.fixture(scope="module")
def fast(course, tmp_path_factory):
    """The same course graded by `grader grade`, with all folders under other names."""
    root = tmp_path_factory.mktemp("fast") / "course"
    shutil.copytree(course, root)
    with open(root / "nbgrader_config.py", "a", encoding="utf-8") as config:
        for step, name in FOLDERS.items():
            config.write(f"c.CourseDirectory.{step}_directory = '{name}'\n")
            if (root / step).exists():
                (root / step).rename(root / name)
        config.write("c.CourseDirectory.db_url = 'sqlite:///marks.db'\n")
    (root / "gradebook.db").rename(root / "marks.db")
    done = grader(root.parent, "grade", "--course", "course", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "ps1: 7 graded" in done.stdout and "3 set aside" in done.stdout
    return root


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    """The course graded by nbgrader, with our steps."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(course, root)
    for name in ("ps1", "ps2"):
        done = nbgrader(root, "autograde", name)
        assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def stock(course, tmp_path_factory):
    """The honest graded by nbgrader alone."""
    root = tmp_path_factory.mktemp("stock") / "course"
    shutil.copytree(course, root)
    config = (root / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(config.split(STOCK_DOOR)[0], encoding="utf-8")
    for folder in (root / "submitted").iterdir():
        if folder.name not in HONEST:
            shutil.rmtree(folder)
    done = nbgrader(root, "autograde", "ps1")
    assert done.returncode == 0, done.stderr
    return root


def results(root, name):
    found = read_results(root / "results", name)
    return {r.student: replace(r, started="", seconds=0, peak_memory_mb=0) for r in found}


@pytest.mark.parametrize("name", ["ps1", "ps2"])
def test_both_doors_leave_the_same_results(graded, fast, name):
    ours, theirs = results(fast, name), results(graded, name)
    # That nothing came from somebody whom the gradebook knows is said by one of them alone.
    absent = {student for student in ours if ours[student].status == "not_graded"}
    for student in theirs:
        found = replace(
            ours[student], message=ours[student].message.replace("inbox/", "submitted/")
        )
        assert theirs[student] == found
    assert theirs.keys() == ours.keys() - absent
    assert (theirs.keys() >= UNREADABLE) is (name == "ps1")


def rows(address, name):
    """Return all marks and comments of an assignment as the gradebook has them."""
    found = {}
    with Gradebook(f"sqlite:///{address}") as book:
        for submission in book.assignment_submissions(name):
            for part in submission.notebooks:
                for grade in part.grades:
                    what = "mark", submission.student.id, part.name, grade.name
                    found[what] = grade.auto_score, grade.needs_manual_grade
                for comment in part.comments:
                    what = "comment", submission.student.id, part.name, comment.name
                    found[what] = comment.auto_comment
    return found


@pytest.mark.parametrize("name", ["ps1", "ps2"])
def test_both_doors_leave_the_same_gradebook(graded, fast, name):
    theirs = rows(graded / "gradebook.db", name)
    ours = rows(fast / "marks.db", name)
    assert len(theirs) > 15
    for what, value in theirs.items():
        reason = str(ours[what]).replace("inbox/", "submitted/")
        assert value == ours[what] or value == reason, what
    assert theirs.keys() == ours.keys()


def test_the_honest_have_the_marks_that_nbgrader_alone_gives(stock, fast):
    alone, ours = rows(stock / "gradebook.db", "ps1"), rows(fast / "marks.db", "ps1")
    assert {student for _, student, *_ in alone} == set(HONEST)
    assert alone == {what: ours[what] for what in alone}


def test_the_same_id_in_two_notebooks_is_two_checks(fast):
    checks = results(fast, "ps2")["mixed"].by_name()
    assert {name: (check.points, check.status) for name, check in checks.items()} == {
        "first/check": (1.0, "passed"), "first/reads": (1.0, "passed"),
        "first/neat": (None, "awaiting_manual"),
        "second/check": (0.0, "failed"), "second/reads": (1.0, "passed"),
        "second/neat": (None, "awaiting_manual"),
    }  # fmt: skip
    replayed = grader(fast, "replay", "mixed", "ps2", "second/check")
    assert replayed.returncode == 0 and "return 6 if x == 3" in replayed.stdout
    asked = grader(fast, "replay", "mixed", "ps2", "check")
    assert asked.returncode == 2 and "second/check (failed)" in " ".join(asked.stderr.split())


def test_pages_and_reports_have_a_part_for_each_notebook(fast):
    with Gradebook(f"sqlite:///{fast / 'marks.db'}") as book:
        book.find_grade("neat", "second", "ps2", "mixed").manual_score = 1.5
        book.find_comment("answer", "first", "ps2", "mixed").manual_comment = "So short!"
        book.db.commit()
    assert grader(fast, "feedback").returncode == 0
    pages = {
        name: Page((fast / "back" / "mixed" / "ps2" / f"{name}.html").read_text(encoding="utf-8"))
        for name in ("first", "second")
    }
    for page in pages.values():
        page.assert_harmless()
        page.assert_readable()
    assert "2 of 4 points" in pages["first"].text and "So short!" in pages["first"].text
    assert "2.5 of 5 points" in pages["second"].text and "So short!" not in pages["second"].text
    assert "return 6 if x == 3" in pages["second"].text
    # A hidden test is told by neither its inputs nor its text.
    assert (
        "run only when graded" in pages["second"].text and "answer(5)" not in pages["second"].text
    )
    assert grader(fast, "report").returncode == 0
    shares = Page((fast / "report" / "ps2.html").read_text(encoding="utf-8")).rows("Check")
    assert shares["first/check: check"][:2] == ["2", "2"]
    assert shares["second/check: check"][:2] == ["1", "2"]
    # nbgrader's own pages can be made of what `grader grade` leaves.
    assert nbgrader(fast, "generate_feedback", "ps2").returncode == 0


def test_what_was_set_aside_is_listed_and_can_be_looked_at(fast):
    listed = " ".join(grader(fast, "quarantine").stdout.split())
    assert "inbox/spoiled/ps1/problem2.ipynb is not a notebook" in listed
    assert "inbox/renamed/ps1/two.ipynb has the wrong name" in listed
    assert "rename it to problem2.ipynb" in listed
    looked = grader(fast, "look", "spoiled", "ps1")
    assert looked.returncode == 0 and "problem2.ipynb: 1 bytes" in looked.stdout
    assert not (fast / "marked" / "spoiled").exists()


def test_results_can_be_read_by_people_and_programs(fast):
    shown = grader(fast, "results", "ps2").stdout
    assert "3 of 9" in shown and "failed: answer" in shown
    table = list(csv.DictReader(io.StringIO(grader(fast, "results", "--format", "csv").stdout)))
    found = {(r["notebook"], r["check"]): r["points"] for r in table if r["student"] == "mixed"}
    assert found["second", "check"] == "0.0" and found["first", "check"] == "1.0"


def test_what_has_not_changed_is_kept(fast):
    again = grader(fast, "grade", "ps2")
    assert again.returncode == 0
    assert "0 graded, 2 kept from before" in again.stdout


def test_a_notebook_that_is_taken_back_leaves_nothing(fast, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(fast, root)
    (root / "inbox" / "mixed" / "ps2" / "second.ipynb").unlink()
    assert grader(root, "grade", "ps2").returncode == 0
    assert [p.name for p in (root / "marked" / "mixed" / "ps2").glob("*.ipynb")] == ["first.ipynb"]
    assert rows(root / "marks.db", "ps2")["mark", "mixed", "second", "reads"] == (0.0, False)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda root: shutil.rmtree(root / "handout" / "ps2"), "nbgrader generate_assignment ps2"),
        (lambda root: (root / "master").rename(root / "elsewhere"), "is no course directory"),
        (
            lambda root: (root / "nbgrader_config.py").write_text(
                "c = get_config()\nc.CourseDirectory.directory_structure = "
                "'{nbgrader_step}/{assignment_id}/{student_id}'\n"
            ),
            "directory_structure",
        ),
    ],
)
def test_what_is_missing_in_a_course_is_said(fast, tmp_path, change, says):
    root = tmp_path / "course"
    shutil.copytree(fast, root)
    change(root)
    done = grader(root, "grade")
    assert done.returncode == 2 and says in " ".join(done.stderr.split())


@pytest.mark.parametrize("student", LOST)
def test_each_check_sees_what_it_sees_in_a_kernel(graded, student):
    record = json.loads((graded / "results" / "ps1" / f"{student}.json").read_text())
    found = {check["id"]: check for check in record["checks"]}
    assert {check["notebook"] for check in found.values()} == set(NOTEBOOKS)
    assert {name for name in POINTS if found[name]["points"] == 0.0} == LOST[student]
    kept = {name for name in POINTS if name not in LOST[student]}
    assert all(found[name]["status"] == "passed" for name in kept)
    expected = sum(POINTS[name] for name in kept)
    assert record["score"] == expected and record["max_score"] == 13
    waits = {name for name, check in found.items() if check["status"] == "awaiting_manual"}
    assert waits >= (BY_HAND if student != "blank" else set())
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as book:
        submission = book.find_submission("ps1", student)
        assert (submission.score, submission.max_score) == (expected, 13)
        assert submission.needs_manual_grade


def test_statuses_say_what_happened(graded):
    def statuses(student):
        record = json.loads((graded / "results" / "ps1" / f"{student}.json").read_text())
        return {check["id"]: check["status"] for check in record["checks"]}

    assert statuses("crashes")["correct_squares"] == "crashed"
    assert statuses("blank")["correct_squares"] == "not_attempted"
    assert statuses("blank")["part-a"] == "not_attempted"
    assert statuses("no_error")["squares_invalid_input"] == "failed"


def test_a_notebook_that_was_not_handed_in_is_missing_and_counts(graded):
    record = json.loads((graded / "results" / "ps1" / "half.json").read_text())
    assert (record["score"], record["max_score"]) == (3.0, 13.0)
    missing = [check["id"] for check in record["checks"] if check["status"] == "missing"]
    assert missing == ["part-a", "part-b"]


BUTTON = """
import json, sys
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import PyFileConfigLoader
config = PyFileConfigLoader("nbgrader_config.py", path=".").load_config()
button = NbGraderAPI(CourseDirectory(config=config), config=config)
done = {student: button.autograde("ps1", student, force=True) for student in sys.argv[1:]}
print(json.dumps({student: [one["success"], one["log"]] for student, one in done.items()}))
"""


def test_formgraders_button_grades_one_student_or_says_why_not(graded, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(graded, root)
    (root / "results" / "ps1" / "full.json").unlink()
    program = [sys.executable, "-W", "ignore", "-c", BUTTON, "spoiled", "full"]
    done = subprocess.run(
        program, cwd=root, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(find.CLONE)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pressed = json.loads(done.stdout.splitlines()[-1])
    assert pressed["spoiled"][0] is False
    assert "submitted/spoiled/ps1/problem2.ipynb is not a notebook" in pressed["spoiled"][1]
    assert pressed["full"][0] is True
    assert results(root, "ps1") == results(graded, "ps1")


def test_a_check_that_the_judge_cannot_support_is_refused_and_named(course, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(course, root, ignore=shutil.ignore_patterns("results", "autograded"))
    path = root / "source" / "ps1" / "problem1.ipynb"
    notebook = read(path)
    before = copy.deepcopy(notebook)
    cell = next(c for c in notebook.cells
                if c.metadata.get("nbgrader", {}).get("grade_id") == "correct_squares")  # fmt: skip
    cell.source += "\nimport inspect\nassert 'range' in inspect.getsource(squares)"
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    next(c for c in graded if "ValueError" in c.source).source = "### AUTOTEST squares(2)"
    nbformat.write(notebook, path)
    for done in (
        nbgrader(root, "autograde", "ps1", "--student", "full", "--force"),
        grader(root, "grade", "ps1"),
    ):
        assert done.returncode > 0
        assert "problem1, correct_squares: TypeError" in done.stderr
        assert "problem1, squares_invalid_input: nbgrader's AUTOTEST" in done.stderr
    assert not (root / "results" / "ps1" / "full.json").exists()
    nbformat.write(before, path)
    assert nbgrader(root, "autograde", "ps1", "--student", "full", "--force").returncode == 0
