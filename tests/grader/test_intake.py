"""Whatever stands in a submitted folder: a sentence that names the file and says what to do."""

import json
import os
import pickle

import nbformat
import pytest

from grader import intake
from tests.conftest import LESSON


def read(classroom, student="anna"):
    return intake.read(classroom.course, classroom.course.lesson(LESSON), student)


def test_a_notebook_is_read(classroom):
    classroom.hand_in("anna", classroom.answers())
    submission = read(classroom)
    assert submission.problem == "" and submission.notebook.cells and len(submission.sha256) == 64


def test_a_submission_travels_with_its_notebook(classroom):
    classroom.hand_in("anna", classroom.answers())
    submission = read(classroom)
    again = pickle.loads(pickle.dumps(submission))
    assert again == submission and again.notebook.cells[0].metadata == {}


@pytest.mark.parametrize(("levels", "problem"), [(90, False), (120, True), (900, True)])
def test_how_deep_a_notebook_may_be(classroom, levels, problem):
    """Whoever reads it later, in another process, must get as far as this one did."""
    text = nbformat.writes(classroom.answers())
    deep = "[" * levels + "]" * levels
    classroom.hand_in("anna", text.replace('"metadata": {}', f'"metadata": {{"a": {deep}}}', 1))
    found = read(classroom).problem
    assert ("nested too deeply" in found) is problem and bool(found) is problem


def test_a_picture_that_was_pasted_into_a_text_is_read_with_it(classroom):
    notebook = classroom.answers(**{"written-1": "![](attachment:a.png)"})
    for cell in notebook.cells:
        cell.attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}
    classroom.hand_in("anna", json.dumps(notebook))
    cells = read(classroom).notebook.cells
    assert all(("attachments" in cell) is (cell.cell_type == "markdown") for cell in cells)


def as_other(notebook, **changes):
    return json.dumps(json.loads(nbformat.writes(notebook)) | changes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ('{"cells": [', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("\x00\x01", "not JSON"),
        ("[]", "no notebook"),
        ("{}", "no notebook"),
        ('{"nbformat": 3, "worksheets": []}', "format 3"),
        ('{"nbformat": 5, "cells": []}', "format 5"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "damaged"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}', "damaged"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', "damaged"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": 3, "cells": []}', "damaged"),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": '
            '{"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}}',
            "language 'R'",
        ),
    ],
)
def test_what_is_no_notebook_of_ours_is_set_aside(classroom, text, says):
    classroom.hand_in("anna", text)
    problem = read(classroom).problem
    assert says in problem and f"submitted/anna/{LESSON}/{LESSON}.ipynb" in problem
    assert problem.endswith(".") and read(classroom).notebook is None


def test_names_and_numbers_of_notebooks(classroom):
    folder = classroom.root / "submitted/anna" / LESSON
    assert read(classroom).absent
    folder.mkdir(parents=True)
    assert "is empty" in read(classroom).problem
    (folder / "notes.txt").touch()
    assert "no notebook" in read(classroom).problem
    classroom.hand_in("anna", classroom.answers(), "hw.ipynb")
    assert "hw.ipynb has the wrong name" in read(classroom).problem
    classroom.hand_in("anna", classroom.answers(), "hw2.ipynb")
    assert "hw.ipynb, hw2.ipynb" in read(classroom).problem
    classroom.hand_in("anna", classroom.answers())
    submission = read(classroom)
    assert submission.problem == "" and "hw.ipynb, hw2.ipynb" in submission.notes[0]


def test_links_and_devices_are_not_followed(classroom, tmp_path):
    elsewhere = tmp_path / "elsewhere.ipynb"
    elsewhere.write_text(nbformat.writes(classroom.answers()))
    folder = classroom.root / "submitted/anna" / LESSON
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.ipynb").symlink_to(elsewhere)
    assert "is a link" in read(classroom).problem
    (classroom.root / "submitted/bo").mkdir()
    (classroom.root / f"submitted/bo/{LESSON}").symlink_to(folder)
    assert "is a link" in read(classroom, "bo").problem
    pipe = classroom.root / f"submitted/cleo/{LESSON}"
    pipe.mkdir(parents=True)
    os.mkfifo(pipe / f"{LESSON}.ipynb")
    assert "device" in read(classroom, "cleo").problem


def test_a_huge_file_is_not_read(classroom, monkeypatch):
    monkeypatch.setattr(intake, "LARGEST_NOTEBOOK", 1000)
    classroom.hand_in("anna", classroom.answers())
    assert "Clear Outputs" in read(classroom).problem


def test_folders_of_no_assignment_are_named(classroom):
    (classroom.root / "submitted/anna/hw1").mkdir(parents=True)
    (sentence,) = intake.strangers(classroom.course)
    assert "submitted/anna/hw1" in sentence and LESSON in sentence


def test_the_time_of_handing_in_is_read_and_forgiven(classroom):
    path = classroom.hand_in("anna", classroom.answers()).with_name("timestamp.txt")
    path.write_text("2026-10-05 12:30:00.5 UTC\n")
    assert read(classroom).timestamp == "2026-10-05 12:30:00.500000"
    path.write_text("yesterday")
    assert read(classroom).timestamp is None


@pytest.mark.parametrize("kernel", ["python", ["python"], None, {"language": 3}, {"language": []}])
def test_a_kernel_that_makes_no_sense_stops_nobody(classroom, kernel):
    notebook = classroom.answers()
    notebook.metadata["kernelspec"] = kernel
    classroom.hand_in("anna", json.dumps(notebook))
    found = read(classroom)
    assert found.problem == "" and found.notebook is not None


def test_a_name_that_is_short_but_has_many_bytes_is_no_student():
    assert intake.is_name("ж" * 100) and not intake.is_name("字" * 100)
