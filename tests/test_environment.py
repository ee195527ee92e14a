"""environment.yml and pyproject.toml ask for the same packages, in the same versions."""

import tomllib

import yaml

from course.find import CLONE


def declared():
    environment = yaml.safe_load((CLONE / "environment.yml").read_text(encoding="utf-8"))
    return environment["dependencies"]


def wanted():
    project = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["requires-python"], {
        *project["dependencies"],
        *project["optional-dependencies"]["grader"],
    }


def test_the_environment_has_what_students_and_instructors_need_and_nothing_else():
    python, packages = wanted()
    plain = {entry for entry in declared() if isinstance(entry, str)}
    assert plain == packages | {f"python{python}", "pip"}


def test_the_environment_installs_the_course_itself_and_lets_conda_choose_the_rest():
    (pip,) = [entry["pip"] for entry in declared() if isinstance(entry, dict)]
    assert pip == ["--editable ."]


def test_the_engine_is_installed_without_torch():
    assert not any("torch" in package for package in wanted()[1])
