"""The command line, as a person types it: what it prints, writes and exits with."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest

from course import find
from grader.directory import CourseDirectory
from grader.results import write_result
from tests.conftest import LESSON, LEVEL


@pytest.fixture
def grader(classroom):
    """Run `grader ...` in the classroom's folder; returns what it printed and its exit code."""

    def run(*arguments, cwd=classroom.root):
        if arguments[0] in ("grade", "demo"):
            arguments = (*arguments, "--isolation", LEVEL)
        environment = os.environ | {"PYTHONPATH": str(find.CLONE), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-m", "grader", *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            env=environment,
            stdin=subprocess.DEVNULL,
        )

    return run


def words(text):
    return " ".join(text.split())


def test_help_lists_the_commands_and_explains_each(grader):
    shown = grader("--help")
    assert shown.returncode == 0
    listed = re.findall(r"^│ (\w+) +(\S.*?) *│$", shown.stdout, re.MULTILINE)
    commands = [name for name, _ in listed if not name.startswith("-")]
    assert {"init", "build", "grade", "results", "feedback", "report", "demo"} <= set(commands)
    for name in commands:
        page = grader(name, "--help")
        assert page.returncode == 0
        options = re.findall(r"^│ .*?(--[a-z-]+).*│$", page.stdout, re.MULTILINE)
        for line in re.findall(r"^│ +(?:\*)? *--.*│$", page.stdout, re.MULTILINE):
            assert len(re.sub(r"--\S+|[A-Z\[\]│]", "", line).split()) >= 3, f"{name}: {line}"
        assert "--help" in options


def test_a_course_is_made_and_its_next_steps_told(grader, tmp_path):
    made = grader("init", "new course", "--lessons", "05,06", cwd=tmp_path)
    assert made.returncode == 0
    course = CourseDirectory(tmp_path / "new course")
    assert list(course.lessons) == ["05_the_thermometer", "06_gradients_add_up"]
    for name in course.lessons:
        assert (course.assignments / name / f"{name}.ipynb").exists()
    for words_of_a_step in ("course.toml", "grader build", "submitted/STUDENT/ASSIGNMENT/"):
        assert words_of_a_step in made.stdout
    secret = (course.root / ".secret").read_text()
    again = grader("init", "new course", cwd=tmp_path)
    assert again.returncode == 2
    assert "is a course already" in words(again.stderr)
    assert (course.root / ".secret").read_text() == secret


def test_two_courses_have_two_secrets(grader, tmp_path):
    for name in ("one", "two"):
        assert grader("init", name, "--lessons", "06", cwd=tmp_path).returncode == 0
    secrets = {(tmp_path / name / ".secret").read_text() for name in ("one", "two")}
    assert len(secrets) == 2 and all(len(secret) > 60 for secret in secrets)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "07_not_there"], ["07_not_there", "06_gradients_add_up"]),
        (["results", "07_not_there"], ["07_not_there", "06_gradients_add_up"]),
        (["init", "other", "--lessons", "99"], ["no lesson '99'", "05_the_thermometer"]),
        (["results"], ["no results", "grader grade"]),
        (["feedback"], ["no results", "grader grade"]),
        (["report"], ["no results", "grader grade"]),
        (["grade"], ["Nothing in", "STUDENT/ASSIGNMENT"]),
        (["grade", "--course", "elsewhere"], ["elsewhere"]),
        (["build", "--course", "empty"], ["no lessons of this course", "grader init"]),
        (["grade", "--course", "empty"], ["is no course directory", "--course DIR"]),
        (["demo", "--dir", "."], ["something else in it", "grader demo --dir"]),
    ],
)
def test_what_makes_no_sense_gets_one_sentence_and_exit_code_2(grader, classroom, arguments, said):
    (classroom.root / "empty").mkdir()
    done = grader(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for part in said:
        assert part in words(done.stderr)


def test_a_missing_submitted_folder_is_explained(grader, classroom):
    (classroom.root / "submitted").rmdir()
    done = grader("grade")
    assert done.returncode == 2
    assert "submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb" in words(done.stderr)


def test_a_folder_with_an_unknown_name_is_named_and_the_rest_graded(grader, classroom):
    classroom.hand_in("ada", classroom.notebook("assignments"))
    (classroom.root / "submitted" / "ada" / "homework 6").mkdir()
    (classroom.root / "submitted" / "bob" / LESSON).mkdir(parents=True)
    done = grader("grade")
    assert done.returncode == 0
    printed = words(done.stdout)
    assert "1 graded" in printed and "1 set aside" in printed
    assert f"bob: submitted/bob/{LESSON} is empty. Ask the student for" in printed
    assert "submitted/ada/homework 6 was left alone: there is no such assignment" in printed
    # The bar with the time left goes to stderr: what is printed can be piped.
    assert "left:" in done.stderr and "left:" not in done.stdout
    assert "Warning" not in done.stderr


def test_a_fault_of_the_graders_own_is_exit_code_1_and_loses_nobody_else(grader, classroom):
    classroom.hand_in("ada", classroom.notebook("assignments"))
    # Staff have damaged the released notebook: no student can help that.
    (classroom.root / "assignments" / LESSON / f"{LESSON}.ipynb").write_text("{")
    done = grader("grade")
    assert done.returncode == 1
    assert "ada: The grader itself failed" in words(done.stdout)


@pytest.fixture
def some_results(classroom):
    """Results without grading: one graded, one set aside, one with a name made to do harm."""
    from grader.results import GRADED, QUARANTINED, CheckResult, Result

    def check(status, points, **more):
        return CheckResult("six_times-six", LESSON, "six_times", points, 2.0, status, **more)

    named = {"mistake": 1, "name": "zeroes_every_time", "what": "gradients are set to zero"}
    for result in (
        Result("ada", LESSON, GRADED, 2.0, 2.0, [check("passed", 2.0)]),
        Result("bob", LESSON, GRADED, 0.0, 2.0, [check("failed", 0.0, diagnosis=named)]),
        Result("=cmd()", LESSON, QUARANTINED, message="[red]not[/] a notebook"),
    ):
        write_result(classroom.course.results, result)


def test_results_as_json_are_what_is_on_disk(grader, classroom, some_results):
    found = json.loads(grader("results", "--format", "json").stdout)
    assert [result["student"] for result in found] == ["=cmd()", "ada", "bob"]
    for result in found:
        path = classroom.course.results / LESSON / f"{result['student']}.json"
        assert result == json.loads(path.read_text())


def test_results_as_csv_open_in_a_spreadsheet(grader, some_results):
    rows = list(csv.DictReader(io.StringIO(grader("results", LESSON, "--format", "csv").stdout)))
    assert [row["student"] for row in rows] == ["'=cmd()", "ada", "bob"]
    assert rows[2]["check_status"] == "failed" and rows[2]["diagnosis"] == "zeroes_every_time"
    assert rows[1]["score"] == "2.0" and rows[0]["score"] == ""


def test_results_as_a_table_show_names_and_messages_as_they_are(grader, some_results):
    shown = grader("results").stdout
    for text in ("=cmd()", "[red]not[/] a notebook", "2 of 2", "failed: six_times"):
        assert text in shown


@pytest.mark.full
def test_the_doctor_says_what_there_is_and_what_to_do(grader, monkeypatch):
    well = grader("doctor")
    assert well.returncode == 0
    assert "can give here: full" in words(well.stdout) and "memory_mb" in well.stdout
    # For another machine than this one
    asked = grader("doctor", "--advice")
    assert asked.returncode == 0 and "Kubernetes" in asked.stdout
    assert "Kubernetes" not in well.stdout
    # Without bubblewrap on the path
    monkeypatch.setenv("PATH", "/nowhere")
    ill = grader("doctor")
    assert ill.returncode == 1
    assert "not installed" in ill.stdout and "sudo apt-get install bubblewrap" in ill.stdout
    refused = grader("grade")
    assert refused.returncode == 2
    assert "--isolation reduced" in words(refused.stderr)


def test_the_doctor_works_where_there_is_no_sandbox_to_be_had(tmp_path):
    """As on Windows: modules of POSIX's are missing, and nbgrader need not be there."""
    program = (
        "import sys, types\n"
        "sys.modules.update(dict.fromkeys(['resource', 'fcntl', 'grp', 'pwd', 'nbgrader']))\n"
        "import grader.cli\n"
        "from grader.sandbox import bubblewrap\n"
        "bubblewrap.sys = types.SimpleNamespace(platform='win32')\n"
        "sys.argv = ['grader', 'doctor']\n"
        "grader.cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(find.CLONE), "COLUMNS": "200"},
    )
    assert done.returncode == 1, done.stderr
    assert "this is win32" in words(done.stdout) and "WSL 2" in done.stdout
    for system in ("Debian", "Ubuntu", "Fedora", "container", "Kubernetes", "macOS", "Windows"):
        assert re.search(rf"^  {system} ", done.stdout, re.MULTILINE), system


def test_an_old_demo_is_replaced_and_nothing_else(grader, tmp_path):
    done = grader("demo", "--students", "1", "--dir", "d", "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Which mistakes this class made" in done.stdout
    report = re.search(r"Report on the class: (.*)", done.stdout)[1]
    assert (tmp_path / report).exists()
    (tmp_path / "d" / "left over").touch()
    again = grader("demo", "--students", "1", "--dir", "d", "--jobs", "1", cwd=tmp_path)
    assert again.returncode == 0
    assert not (tmp_path / "d" / "left over").exists()
