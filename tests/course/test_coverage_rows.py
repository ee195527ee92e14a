"""What public introductions to autograd teach is taught here too: each row in a cell of its own.

checklist.toml has the rows. The folder coverage_rows has a file for each lesson: which rows it
covers, and a fragment of the cell that teaches each of them.
"""

import tomllib
from pathlib import Path

import pytest

from . import lessons

HERE = Path(__file__).parent
FILES = sorted((HERE / "coverage_rows").glob("*.toml"))


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


CHECKLIST = {
    f"{part}.{row}" for part, rows in read(HERE / "checklist.toml").items() for row in rows
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_row_that_a_lesson_covers_is_taught_by_one_of_its_cells(path):
    listed = read(path)
    cells = [" ".join(cell.source.split()) for cell in lessons.notebook(listed["lesson"]).cells]
    for row in listed["row"]:
        assert row["covers"] in CHECKLIST
        assert any(row["says"] in cell for cell in cells), f"{row['covers']}: {row['says']}"


def test_every_row_of_the_checklist_is_covered():
    covered = {row["covers"] for path in FILES for row in read(path)["row"]}
    assert CHECKLIST - covered == set()
