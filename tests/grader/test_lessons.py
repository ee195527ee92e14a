"""Every lesson goes through the exam room: its solution gets all points, the release none."""

import nbformat
import pytest

from grader.demo.students import notebook_with, solved_answers
from grader.grading import grade_assignment
from grader.init import make_course
from grader.results import read_results
from tests.conftest import LEVEL


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course of all lessons, with one student who hands in solutions and one who does nothing."""
    course = make_course(tmp_path_factory.mktemp("all") / "course", "all", "a secret")
    results = {}
    for name, lesson in course.lessons.items():
        release, solution = (
            nbformat.read(top / name / f"{name}.ipynb", as_version=4)
            for top in (course.assignments, course.solutions)
        )
        for student, answers in (("full", solved_answers(solution)), ("blank", {})):
            folder = course.submitted / student / name
            folder.mkdir(parents=True)
            nbformat.write(notebook_with(release, answers), folder / f"{name}.ipynb")
        grade_assignment(course, lesson, jobs=2)
        results[name] = {r.student: r for r in read_results(course.results, name)}
    return results


def test_solutions_get_full_points(graded):
    lost = {
        f"{name}: {check.id}": check.message
        for name, results in graded.items()
        for check in results["full"].checks
        if check.status not in ("passed", "awaiting_manual")
    }
    assert not lost
    for results in graded.values():
        by_hand = sum(c.max_points for c in results["full"].checks if c.points is None)
        assert results["full"].score == results["full"].max_score - by_hand > 0
        assert results["full"].isolation == LEVEL


def test_releases_get_nothing_and_are_told_what_to_write(graded):
    for name, results in graded.items():
        assert results["blank"].score == 0, name
        assert {check.status for check in results["blank"].checks} == {"not_attempted"}, name
