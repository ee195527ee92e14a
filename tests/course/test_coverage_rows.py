"""What public introductions to autograd teach is taught here too: each row in a place of its own.

The folder coverage_rows has a file for each lesson. A row names its source (S0 to S4: five public
introductions) and what is taught; `says` is a fragment of the lesson that teaches it.
"""

import tomllib
from pathlib import Path

import pytest

from . import lessons

FILES = sorted((Path(__file__).parent / "coverage_rows").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_stands_in_its_lesson(path):
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    text = lessons.text(listed["lesson"])
    for row in listed["row"]:
        assert row["source"] in ("S0", "S1", "S2", "S3", "S4") and row["row"]
        assert row["says"] in text, f"{row['row']}: {row['says']}"
