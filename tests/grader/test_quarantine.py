"""What was set aside can be looked at: as text, with nothing in it being run or followed."""

import json
import os
import unicodedata

import nbformat
import pytest

from grader import quarantine
from grader.directory import UsageError
from grader.grading import grade_assignment
from tests.conftest import LESSON

NOTEBOOK = f"{LESSON}.ipynb"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e<script>alert(1)</script>\x9b31m"


def look(classroom, student="anna"):
    return "\n".join(quarantine.look(classroom.course, student, LESSON))


def assert_harmless(text):
    for character in text:
        assert character in "\n\t" or unicodedata.category(character)[0] != "C", repr(character)


def test_cells_are_shown_as_text_and_outputs_are_not(classroom):
    notebook = classroom.answers(six_times=HOSTILE)
    cell = next(c for c in notebook.cells if c.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text="an output")]
    cell.metadata["nbgrader"]["grade_id"] = HOSTILE
    classroom.hand_in("anna", notebook)
    shown = look(classroom)
    assert f"A notebook of {len(notebook.cells)} cells" in shown
    assert "<script>alert(1)</script>" in shown and "def backward_twice" in shown
    assert "an output" not in shown
    assert_harmless(shown)


@pytest.mark.parametrize(
    ("data", "shows"),
    [
        (b"", "0 bytes"),
        (b'{"cells": [{"cell_type": "code", "source"', '{"cells"'),
        (b"caf\xe9 au lait, and one hundred letters more" * 3, "caf\ufffd au lait"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "89 50 4e 47"),
        (b"\x1f\x8b" + os.urandom(5000), "1f 8b"),
        (HOSTILE.encode(), "<script>"),
        (b"[" * 100_000, "[[["),
        (
            b'{"cells": [1, {"source": 3}, {"source": ["a", 4]}, {"cell_type": ["x"]}]}',
            "[1] no cell",
        ),
        (b'{"nbformat": 3, "worksheets": [{"cells": [{"input": "old = 1"}]}]}', "old = 1"),
        (b'{"nbformat": 3, "worksheets": [{"cells": 3}, 4]}', "0 cells"),
        (b"x" * 10_000_000, "(cut: it was longer)"),
    ],
)
def test_any_file_at_all_is_shown_and_little_of_it(classroom, data, shows):
    path = classroom.hand_in("anna", "")
    path.write_bytes(data)
    shown = look(classroom)
    assert shows in shown and len(shown) < 50_000
    assert_harmless(shown)


def test_links_and_devices_are_named_and_not_opened(classroom, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text('{"cells": [{"source": "the secret"}]}')
    folder = classroom.hand_in("anna", classroom.answers()).parent
    (folder / "link.ipynb").symlink_to(secret)
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "folder").mkdir()
    os.close(os.open(os.fsencode(folder) + b"/bad\xff\x1b[2Jname.txt", os.O_CREAT))
    shown = look(classroom)
    assert "link.ipynb: a link to" in shown and "pipe.ipynb: a pipe, not opened" in shown
    assert "folder: a folder, not opened" in shown and "the secret" not in shown
    assert_harmless(shown)
    (classroom.course.submitted / "bo").mkdir()
    (classroom.course.submitted / "bo" / LESSON).symlink_to(folder)
    assert "it was not opened" in look(classroom, "bo") and "def " not in look(classroom, "bo")


def test_many_files_and_cells_are_cut(classroom):
    cells = [{"cell_type": "code", "source": f"x{n}"} for n in range(5000)]
    path = classroom.hand_in("anna", json.dumps({"cells": cells}))
    for n in range(500):
        (path.parent / f"f{n}").touch()
    shown = look(classroom)
    assert "4800 more cells" in shown and "451 more files" in shown


@pytest.mark.parametrize("student", ["nobody", "..", ".", "", "../submitted/anna", "\x1b[2J"])
def test_who_handed_in_nothing_is_said(classroom, student):
    classroom.hand_in("anna", classroom.answers())
    with pytest.raises(UsageError, match="anna") as error:
        look(classroom, student)
    assert_harmless(str(error.value))


def test_the_list_has_each_reason_and_the_graders_table_points_there(classroom, capsys):
    from grader.cli import grade_with_progress

    classroom.hand_in("anna", classroom.answers())
    classroom.hand_in("bo", "{")
    classroom.hand_in("cleo", classroom.answers(), "final\x1b[2J.ipynb")
    assert grade_with_progress(classroom.course, [LESSON], 1, False) == 0
    printed = capsys.readouterr().out
    assert f"grader look bo {LESSON}" in printed and "grader quarantine" in printed
    assert "\x1b[2J" not in printed
    found = quarantine.set_aside(classroom.course, None)
    assert [result.student for result in found] == ["bo", "cleo"]
    assert "not JSON" in found[0].message and "rename it to" in found[1].message
    # The reason stands above what is shown of the file.
    assert look(classroom, "bo").splitlines()[1].strip() == found[0].message
    assert_harmless(look(classroom, "cleo"))


def test_halves_of_characters_end_nothing(classroom):
    """A lone surrogate can be printed, raised and typed into a cell, but no file can hold one."""
    answers = {
        "six_times": "def six_times(*_):\n    print('\\ud800')\n    raise ValueError('\\udcff')",
        "zero_gradients": "def zero_gradients(parameters):\n    return '\ud800'",
        "written-1": "\udfff and \U0001f600",
    }
    text = json.dumps(json.loads(nbformat.writes(classroom.answers())))
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(name, cell["source"])
    classroom.hand_in("anna", json.dumps(notebook))
    classroom.hand_in("bo", classroom.answers())
    summary = grade_assignment(classroom.course, classroom.course.lesson(LESSON), jobs=1)
    assert summary.graded == 2
    graded = classroom.course.autograded / "anna" / LESSON / NOTEBOOK
    assert "? and \U0001f600" in graded.read_text(encoding="utf-8")


def test_a_file_name_that_is_no_text_ends_nothing(classroom):
    folder = classroom.hand_in("anna", classroom.answers()).parent
    os.rename(folder / NOTEBOOK, os.fsencode(folder) + b"/\xff\xfe.ipynb")
    summary = grade_assignment(classroom.course, classroom.course.lesson(LESSON), jobs=1)
    assert [result.student for result in summary.set_aside] == ["anna"]
