"""What the documentation promises, done."""

import re
import shutil
import tomllib
from dataclasses import asdict

import nbformat
import pytest

from course import find
from grader.build import build
from grader.directory import CourseDirectory, UsageError, all_lessons
from grader.grading import grade_assignment
from grader.init import STOCK_DOOR, make_course
from grader.limits import limits_of
from grader.results import read_results
from grader.sandbox import Limits

OWN = "50_learning_rates"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with the overlay that docs/instructors.md tells instructors to copy."""
    root = tmp_path_factory.mktemp("own") / "my_course"
    make_course(root, "06", "a secret")
    shutil.copytree(find.CLONE / "docs" / "example_overlay", root / "own_lessons")
    page = (find.CLONE / "docs" / "instructors.md").read_text(encoding="utf-8")
    shown = [
        text for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "overlay" in text
    ]
    (root / "course.toml").write_text(shown[0], encoding="utf-8")
    course = CourseDirectory(root)
    build(course)
    return course


def hand_in(course, student, body):
    path = course.assignments / OWN / f"{OWN}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if body and "raise NotImplementedError()" in cell.source:
            cell.source = cell.source.replace("raise NotImplementedError()", body)
    folder = course.submitted / student / OWN
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{OWN}.ipynb")


def test_the_example_of_an_own_exercise_is_built_and_graded(course):
    assert (course.assignments / OWN / f"{OWN}.cases.json").exists()
    hand_in(course, "right", "return start / 2 ** int(epoch / period)")
    hand_in(course, "wrong", "return start * 2 ** (-epoch / period)")
    hand_in(course, "blank", "")
    grade_assignment(course, course.lesson(OWN), jobs=1)
    results = {result.student: result for result in read_results(course.results, OWN)}
    assert {name: result.score for name, result in results.items()} == {
        "right": 3.0,
        "wrong": 1.0,
        "blank": 0.0,
    }
    (missed,) = [check for check in results["wrong"].checks if check.status == "failed"]
    assert missed.diagnosis["name"] == "falls_all_the_time"


def test_every_settings_example_is_one_that_the_grader_takes(tmp_path):
    page = (find.CLONE / "docs" / "instructors.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 2
    shutil.copytree(find.CLONE / "docs" / "example_overlay", tmp_path / "own_lessons")
    for text in examples:
        (tmp_path / "course.toml").write_text(text, encoding="utf-8")
        assert CourseDirectory(tmp_path).lessons


def test_the_readme_lists_every_lesson_with_its_minutes():
    readme = (find.CLONE / "README.md").read_text(encoding="utf-8")
    for name, lesson in all_lessons(find.CLONE).items():
        reading, writing = lesson["minutes"]
        row = next(
            line for line in readme.splitlines() if f"(assignments/{name}/{name}.ipynb)" in line
        )
        assert lesson["title"] in row and row.endswith(f"| {reading} + {writing} |")


def test_every_file_that_the_documentation_names_is_there():
    docs = find.CLONE / "docs"
    for page in [find.CLONE / "README.md", *docs.glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([\w./]+)\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_version_is_the_same_everywhere():
    import autograd_lib
    import grader

    project = tomllib.loads((find.CLONE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert autograd_lib.__version__ == grader.__version__ == project["version"]


def test_every_limit_is_in_the_manual_with_its_default():
    page = (find.CLONE / "docs" / "instructors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| ([\d, ]+) \|", page, re.MULTILINE)
    told = {
        name.strip("` "): float(value)
        for names, values in rows
        for name, value in zip(names.split(","), values.split(","), strict=True)
    }
    assert told == asdict(Limits())


def test_the_door_in_the_manual_is_the_one_that_courses_get():
    page = (find.CLONE / "docs" / "instructors.md").read_text(encoding="utf-8")
    config = (find.CLONE / "nbgrader_config.py").read_text(encoding="utf-8")
    settings = "".join(line for line in STOCK_DOOR.splitlines(True) if line[0] != "#")
    assert settings in page and STOCK_DOOR in config


def test_limits_are_set_in_the_config_and_wrong_ones_refused(tmp_path):
    assert limits_of(CourseDirectory(tmp_path)) == Limits()
    config = tmp_path / "nbgrader_config.py"
    config.write_text("c = get_config()\nc.Sandbox.memory_mb = 2000\n")
    assert limits_of(CourseDirectory(tmp_path)) == Limits(memory_mb=2000)
    for line, word in {
        "c.Sandbox.memory = 1": "memory_mb",
        "c.Sandbox.files = -1": "above 0",
        "c.Sandbox.files = 'many'": "above 0",
        "c.Sandbox.files = ": "SyntaxError",
    }.items():
        config.write_text(f"c = get_config()\n{line}\n")
        with pytest.raises(UsageError, match=word):
            limits_of(CourseDirectory(tmp_path))
