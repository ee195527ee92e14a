"""A student's own machine: fetching a lesson, the record of what was done, solutions, progress."""

import os
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient

import course
from course import find, journal, released
from course.check import check

LESSON = "06_gradients_add_up"
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture
def record(tmp_path, monkeypatch):
    """An empty record, and lesson 06 open."""
    monkeypatch.setenv(journal.FILE_VARIABLE, str(tmp_path / "own" / "journal.jsonl"))
    course.begin(LESSON)
    return journal.path()


def attempt(answer, capsys, check_id="zero_gradients-zero"):
    with pytest.raises(course.CheckFailed):
        check(check_id, answer)
    return capsys.readouterr().out


def sets_none(parameters):
    for p in parameters:
        p.grad = None


def does_nothing(parameters):
    return None


def returns_list(parameters):
    return []


def right(parameters):
    for p in parameters:
        if p.grad is not None:
            p.grad.zero_()


# Hints


def test_a_hint_is_offered_after_three_different_tries(record, capsys):
    for answer in (sets_none, sets_none, sets_none, does_nothing):
        assert "hints" not in attempt(answer, capsys)
    assert "That was try number 3. Below the exercise there are folded hints" in attempt(
        returns_list, capsys
    )
    check("zero_gradients-zero", right)
    capsys.readouterr()
    assert "hints" not in attempt(sets_none, capsys)


def test_the_same_code_is_the_same_try_whatever_its_comments():
    def one(x):
        return x + 1

    def other(x):
        # a comment
        return x + 1

    def third(x):
        return x + 2

    assert journal.answer_id(one) == journal.answer_id(other) != journal.answer_id(third)

    class Value:
        def f(self):
            return 1

    assert journal.answer_id(Value) != journal.answer_id(type("Value", (), {}))
    assert journal.answer_id(3) == journal.answer_id("anything without code")


# The record


def test_the_record_survives_what_is_no_entry_and_a_place_that_cannot_be_written(
    record, capsys, monkeypatch, tmp_path
):
    attempt(sets_none, capsys)
    with record.open("a") as file:
        file.write('not json\n[1]\n{"half": ')
    attempt(does_nothing, capsys)
    assert [entry["exercise"] for entry in journal.read()] == ["zero_gradients"]
    (tmp_path / "file").touch()
    monkeypatch.setenv(journal.FILE_VARIABLE, str(tmp_path / "file" / "journal.jsonl"))
    attempt(sets_none, capsys)
    assert list(journal.read()) == []


def test_nothing_is_recorded_while_grading(record, capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    attempt(sets_none, capsys)
    assert not record.exists()


# Progress


def test_progress_is_kept_when_lessons_are_renumbered(record, capsys):
    check("zero_gradients-zero", right)
    attempt(lambda x, y, w, b, extra: None, capsys, "six_times-six")
    assert {entry["lesson"] for entry in journal.read()} == {"gradients_add_up"}
    course.progress()
    (row,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("06")]
    assert row.split()[-3:] == ["1", "of", "8"]
    signs = next(word for word in row.split() if set(word) <= set("●◐◔○"))
    exercises = [*find.recorded_cases(LESSON).exercises, *find.recorded_cases(LESSON).questions]
    states = dict(zip(exercises, signs, strict=True))
    assert (states["zero_gradients"], states["six_times"]) == ("●", "◔")
    assert states["backward_twice"] == "○"


# Solutions


def test_a_solution_is_shown_after_a_try_or_on_plain_request_and_noted(record, capsys):
    course.solution("zero_gradients")
    assert "You have not tried it yet" in capsys.readouterr().out
    attempt(sets_none, capsys)
    course.solution("zero_gradients")
    shown = capsys.readouterr().out
    assert "p.grad.zero_()" in shown and "SOLUTION" not in shown
    course.solution("six_times", now=True)
    assert "w.grad.clone()" in capsys.readouterr().out
    assert [e["exercise"] for e in journal.read() if e.get("looked")] == [
        "zero_gradients",
        "six_times",
    ]
    course.progress()
    assert "◐" in capsys.readouterr().out.splitlines()[released_index()]
    with pytest.raises(LookupError, match="seven_times"):
        course.solution("seven_times")


def test_of_a_written_question_the_model_answer_and_the_rubric_are_shown(record, capsys):
    course.solution("written-1")
    shown = capsys.readouterr().out
    assert "Model answer: " in shown and "Rubric, a point for each: " in shown
    assert "SOLUTION" not in shown


def released_index():
    return list(released.lessons()).index(LESSON)


# Fetching a lesson


def test_a_lesson_is_found_by_number_name_and_slug():
    for wanted in ("6", "06", "gradients_add_up", LESSON):
        assert released.lesson(wanted) == LESSON
    with pytest.raises(released.NotStarted, match=r"There are: .*06"):
        released.lesson("99")


def test_work_is_never_written_over(tmp_path):
    notebook = released.start("06", tmp_path)
    notebook.write_text("my work")
    with pytest.raises(released.NotStarted, match="stays as it is"):
        released.start("06", tmp_path)
    assert notebook.read_text() == "my work"


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The built wheel, unpacked into a folder that cannot be written."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*PIP, "wheel", ".", "--no-deps", "--no-build-isolation", "-w", str(folder)],
        cwd=find.CLONE,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    root = folder / "installed"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(root)
    for place in (root, *root.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)
    yield root
    for place in (root, *root.rglob("*")):
        place.chmod(0o755 if place.is_dir() else 0o644)


def run(wheel, tmp_path, *command):
    """Run Python with the unpacked wheel and nothing of the clone."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"PYTHONPATH": str(wheel), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {journal.FILE_VARIABLE: str(tmp_path / "journal.jsonl")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment | {"PYTHONIOENCODING": "utf-8"},
    )


def test_the_wheel_holds_no_key_no_solution_and_no_hidden_check(wheel):
    files = [path.relative_to(wheel) for path in wheel.rglob("*") if path.is_file()]
    names = {str(path) for path in files}
    assert not any("lessons" in path.parts for path in files)
    assert not any(path.name == "lesson.md" or "solutions" in path.parts for path in files)
    assert [str(path) for path in files if path.name == "key.py"] == ["course/key.py"]
    for name in released.lessons():
        assert f"course/released/{name}/{name}.ipynb" in names
        assert f"course/recorded/{name}.json" in names
        text = (wheel / f"course/released/{name}/{name}.ipynb").read_text(encoding="utf-8")
        for secret in ("BEGIN SOLUTION", "BEGIN HIDDEN", "hidden=True"):
            assert secret not in text


def test_a_lesson_runs_from_the_wheel_alone_in_a_folder_with_umlauts(wheel, tmp_path):
    place = tmp_path / "Übung eins"
    done = run(wheel, tmp_path, "-m", "course", "start", "06", "--into", str(place))
    assert done.returncode == 0, done.stderr
    path = place / LESSON / f"{LESSON}.ipynb"
    assert os.access(path, os.W_OK) and str(path) in done.stdout
    notebook = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    opening = next(source for source in sources if "course.begin" in source)
    code = f"{opening}\nfrom course import check\ncheck('zero_gradients-zero', lambda p: None)"
    shown = run(wheel, tmp_path, "-c", code)
    assert "Not right yet: zero_gradients-zero" in shown.stdout
    assert "different versions" not in shown.stdout
    asked = run(wheel, tmp_path, "-c", f"{opening}\ncourse.solution('six_times')")
    assert "This install holds no solutions" in asked.stdout
    drawn = run(wheel, tmp_path, "-m", "course", "progress")
    assert "Gradients add up" in drawn.stdout


def test_nothing_that_only_posix_has_is_needed(wheel, tmp_path):
    blocked = ["fcntl", "resource", "pwd", "grp", "termios", "posix_ipc", "syslog"]
    code = (
        f"import sys\nfor name in {blocked}: sys.modules[name] = None\n"
        "import course, autograd_lib as torch\n"
        f"course.begin('{LESSON}')\n"
        "course.check('recall_leaf-answer', lambda: False)\n"
        "course.progress()\n"
    )
    done = run(wheel, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    assert "Passed: recall_leaf-answer" in done.stdout


def test_a_notebook_travels_alone(wheel, tmp_path):
    name = f"{LESSON}.ipynb"
    notebook = nbformat.read(wheel / "course" / "released" / LESSON / name, as_version=4)
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        client = NotebookClient(notebook, allow_errors=True, timeout=120)
        client.execute(env=os.environ | {"PYTHONPATH": str(wheel)})
    finally:
        os.chdir(before)
    outputs = [
        output["data"]["application/vnd.autograd-course.check+json"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "application/vnd.autograd-course.check+json" in output.get("data", {})
    ]
    assert {outcome["status"] for outcome in outputs} == {"not_attempted"}
    visible = [info for info in find.recorded_cases(LESSON).checks.values() if not info.hidden]
    assert len(outputs) == len(visible)
