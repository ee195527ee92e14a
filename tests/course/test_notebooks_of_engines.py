"""Lessons 11 to 15 in a kernel, as built: solved, all is well; released, only checks fail."""

import nbformat
import pytest
from nbclient import NotebookClient

from course import find

from . import lessons

NAMES = [name for name in lessons.NAMES if name[:2] in ("11", "12", "13", "14", "15")]


def executed(top, name, folder):
    """A built notebook after a run from its first cell to its last, in an empty folder."""
    notebook = nbformat.read(find.CLONE / top / name / f"{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, allow_errors=True, resources=resources).execute()
    return notebook


def raised(cell):
    return any(output.output_type == "error" for output in cell.get("outputs", ()))


def role(cell):
    return cell.metadata.get("autograd_course", {}).get("role")


@pytest.mark.parametrize("name", NAMES)
def test_the_solved_notebook_runs_to_its_end(name, tmp_path):
    cells = executed("solutions", name, tmp_path).cells
    assert [cell.source for cell in cells if raised(cell)] == []
    pictures = [o for c in cells for o in c.get("outputs", ()) if "image/png" in o.get("data", {})]
    assert pictures and all(o.metadata["image/png"]["alt"] for o in pictures)


@pytest.mark.parametrize("name", NAMES)
def test_the_released_notebook_fails_in_its_checks_alone(name, tmp_path):
    cells = executed("assignments", name, tmp_path).cells
    for cell in cells:
        shown = role(cell) == "check" and cell.source.startswith("check(")
        assert raised(cell) == shown, cell.source
