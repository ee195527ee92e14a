"""A check that nothing can interrupt, by nbgrader's own command: it is lost, and nothing else."""

import json
import subprocess
import sys

import nbformat

from grader.init import STOCK_DOOR
from tests.exploits import exam

SETTINGS = f"""
c = get_config()
c.Sandbox.cell_seconds = 1
{STOCK_DOOR}
"""


def test_a_check_that_is_stuck_in_c_is_lost_alone(tmp_path, monkeypatch):
    monkeypatch.setitem(
        exam.CHECKS, "mean-hidden", "assert sum(range(int(mean([1, 2, 3])))) == 1\n"
    )
    exam.make(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(SETTINGS)
    for student, text in {"anna": "return 2", "evil": "return 10**15"}.items():
        folder = tmp_path / "submitted" / student / exam.NAME
        folder.mkdir(parents=True)
        handed = exam.notebook(exam.RIGHT | {"mean": f"def mean(n): {text}\n"})
        nbformat.write(handed, folder / f"{exam.NAME}.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", exam.NAME],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    results = {
        student: json.loads((tmp_path / "results" / exam.NAME / f"{student}.json").read_text())
        for student in ("anna", "evil")
    }
    assert {student: result["score"] for student, result in results.items()} == {
        "anna": 8,
        "evil": 6,
    }
    lost = [check for check in results["evil"]["checks"] if check["status"] != "passed"]
    assert [(check["id"], check["status"]) for check in lost] == [("mean-hidden", "timeout")]
