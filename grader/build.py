"""lesson.md -> solutions/ -> assignments/, the same bytes on every build.

A lesson's cell options say what a cell is; from them come nbgrader's metadata, the cell ids, the
points and the hidden tests. The release is then made by nbgrader itself, in a throwaway course
with a database of its own: in a real one, nbgrader deletes a release that it fails to make anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupytext.myst import MystMetadataParsingError
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory as NbgraderCourse
from traitlets.config import Config

from course import __version__, find
from course.cases import record
from course.key import Exercise, Question, load_key

from .directory import CourseDirectory, Lesson, UsageError

MANIFEST = ".built.json"
"""What the last build wrote: a hash for each file, so that edits by hand are noticed."""


Key = Mapping[str, Exercise | Question]


class BuildError(UsageError):
    """A lesson's source cannot be built; the text names the cell."""


def build(course: CourseDirectory, names: list[str] | None = None) -> list[Path]:
    """Build lessons (default: all of the course) and return the files that changed.

    Raises BuildError for a source that makes no sense, and UsageError where a generated file was
    edited by hand. Nothing is moved into place unless every lesson could be built.
    """
    wanted = names or [lesson.name for lesson in course.lessons.values() if lesson.source]
    if not wanted:
        raise UsageError(
            f"{course.root} has no lessons of this course, and so nothing to build. To make a "
            "course with some: grader init DIR. For assignments of your own: nbgrader "
            "generate_assignment"
        )
    lessons = [course.lesson(name) for name in wanted]
    with tempfile.TemporaryDirectory() as folder:
        workshop = Path(folder)
        files: dict[str, Path] = {}
        for lesson in lessons:
            files |= _build_lesson(course, lesson, workshop)
        return _move_into_place(course.root, files)


def _build_lesson(course: CourseDirectory, lesson: Lesson, workshop: Path) -> dict[str, Path]:
    """Build one lesson in a workshop; returns the files by their place in the course directory."""
    key = load_key(lesson.folder / "key.py")
    notebook = solved_notebook(lesson, key)
    _compare_with_key(lesson, notebook, key)
    seed = f"public/{lesson.name}"
    cases = record(find.live_cases_of(notebook, key, seed))
    folder = workshop / "solutions" / lesson.name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{lesson.name}.ipynb")
    recorded = json.dumps(cases, indent=1, ensure_ascii=False) + "\n"
    if lesson.is_own:
        (folder / f"{lesson.name}.cases.json").write_text(recorded, encoding="utf-8")
    _generate_release(workshop, lesson.name)
    files = {
        str(path.relative_to(workshop)): path
        for top in ("solutions", "assignments")
        for path in sorted((workshop / top / lesson.name).rglob("*"))
        if path.is_file()
    }
    if not lesson.is_own and course.root == find.CLONE:
        path = workshop / f"{lesson.name}.json"
        path.write_text(recorded, encoding="utf-8")
        files[str((find.RECORDED / path.name).relative_to(find.CLONE))] = path
    return files


def _generate_release(workshop: Path, name: str) -> None:
    config = Config()
    config.CourseDirectory.root = str(workshop)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "assignments"
    config.CourseDirectory.assignment_id = name
    said: list[str] = []
    log = logging.getLogger("grader.build")
    log.propagate = False
    log.handlers = [_Collect(said)]
    try:
        generator = GenerateAssignment(coursedir=NbgraderCourse(config=config), config=config)
        generator.log = log
        generator.start()
    except (NbGraderException, SystemExit) as error:
        raise BuildError(f"nbgrader could not release {name}:\n" + "\n".join(said)) from error


class _Collect(logging.Handler):
    """Keeps what nbgrader says, to be shown only where it fails."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.said = said

    def emit(self, entry: logging.LogRecord) -> None:
        self.said.append(entry.getMessage())


# A lesson as a solved notebook


def solved_notebook(lesson: Lesson, key: Key) -> NotebookNode:
    """Make the instructor's notebook of a lesson from its lesson.md; raises BuildError."""
    path = lesson.folder / "lesson.md"
    text = path.read_text(encoding="utf-8")
    try:
        notebook = jupytext.reads(text, fmt="md:myst")
    except MystMetadataParsingError as error:
        found = re.search(r"at line (\d+)", str(error))
        quoted = str(error).strip().splitlines()[-2:]
        raise BuildError(
            f"{path}, line {found[1] if found else '?'}: the options of this cell cannot be read:\n"
            + "\n".join(quoted)
            + '\nA text with a colon in it has to stand in quotes, "like: this".'
        ) from error
    release = _release(lesson, text)
    cells = [_with_metadata(lesson, key, cell, n) for n, cell in enumerate(notebook.cells)]
    opening = nbformat.v4.new_code_cell(_opening_source(lesson, release))
    opening.metadata = _metadata("begin", locked=True, role="opening")
    cells.insert(1, opening)
    seen: dict[str, int] = {}
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        label = grade_id or hashlib.sha256(cell.source.encode()).hexdigest()
        seen[label] = seen.get(label, 0) + 1
        if grade_id and seen[label] > 1:
            raise BuildError(f"{path}: two cells are called {grade_id!r}")
        word = f"{lesson.name}/{label}/{seen[label]}"
        cell.id = hashlib.sha256(word.encode()).hexdigest()[:12]
    exercises = (entry for entry in key.values() if isinstance(entry, Exercise))
    own_engine = any(exercise.own_engine for exercise in exercises)
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"file_extension": ".py", "name": "python"},
            "autograd_course": {
                "assignment": lesson.name,
                "release": release,
                "title": lesson.title,
            }
            | ({"own_engine": True} if own_engine else {}),
        },
    )


def _release(lesson: Lesson, text: str) -> str:
    """Name the lesson's version: the package's, and a hash of text and key."""
    key = (lesson.folder / "key.py").read_bytes()
    return f"{__version__}-{hashlib.sha256(text.encode() + key).hexdigest()[:8]}"


def _opening_source(lesson: Lesson, release: str) -> str:
    policy = "" if lesson.feedback == "named" else f', feedback="{lesson.feedback}"'
    return (
        "# Run this cell first: press Shift and Enter.\n"
        "import course\n"
        "from course import check\n"
        "\n"
        f'course.begin("{lesson.name}", release="{release}"{policy})'
    )


def _with_metadata(lesson: Lesson, key: Key, cell: NotebookNode, number: int) -> NotebookNode:
    """Turn a cell's options into nbgrader's metadata and ours."""
    options = dict(cell.metadata)
    place = f"{lesson.folder / 'lesson.md'}, cell {number + 1}"
    known = {"exercise", "check", "hidden", "idea", "setup", "written"}
    if set(options) - known:
        raise BuildError(f"{place}: unknown option {', '.join(sorted(set(options) - known))}")
    new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    source, metadata = cell.source, {}
    if "exercise" in options:
        metadata = _metadata(options["exercise"], solution=True, role="exercise")
    elif "check" in options:
        source, metadata = _check_cell(lesson, key, cell.source, options, place)
    elif "written" in options:
        points = _points(lesson, options["written"], place)
        metadata = _metadata(options["written"], grade=points, solution=True, role="written")
    elif options.get("setup"):
        metadata = _metadata(f"setup-{number}", locked=True, role="setup")
    return new(source, metadata=metadata)


def _check_cell(
    lesson: Lesson, key: Key, source: str, options: Mapping[str, Any], place: str
) -> tuple[str, dict[str, Any]]:
    """Write a check cell: what students see, and the hidden test below it."""
    check = options["check"]
    exercise, dash, _ = check.partition("-")
    if not dash or "idea" not in options:
        raise BuildError(f"{place}: a check is called exercise-something, and has an idea")
    if options.get("hidden"):
        source = f"# Also tested when graded: {options['idea']}."
    given = key.get(exercise)
    if isinstance(given, Exercise):
        objects = ", ".join([exercise, *given.also])
        source += (
            "\n### BEGIN HIDDEN TESTS\n"
            f'check("{check}", {objects}, hidden=True)\n'
            "### END HIDDEN TESTS"
        )
    metadata = _metadata(check, grade=_points(lesson, check, place), locked=True, role="check")
    metadata["autograd_course"] |= {
        "check": check,
        "exercise": exercise,
        "idea": options["idea"],
        "hidden": bool(options.get("hidden")),
    }
    return source, metadata


def _points(lesson: Lesson, check: str, place: str) -> float:
    if check not in lesson.points:
        raise BuildError(f"{place}: the syllabus gives no points to {check!r}")
    return lesson.points[check]


def _metadata(
    grade_id: str,
    *,
    grade: float | None = None,
    solution: bool = False,
    locked: bool = False,
    role: str,
) -> dict[str, Any]:
    own = {
        "grade": grade is not None,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if grade is not None:
        own["points"] = grade
    lock = {"deletable": False, "editable": False} if locked else {}
    return {"nbgrader": own, "autograd_course": {"role": role}} | lock


def _compare_with_key(lesson: Lesson, notebook: NotebookNode, key: Key) -> None:
    """Refuse a lesson and a key that do not speak of the same exercises and checks."""
    roles = list(_own(notebook))
    exercises = {grade_id for grade_id, own in roles if own["role"] == "exercise"}
    checks = {grade_id for grade_id, own in roles if own["role"] == "check"}
    wanted = set()
    for name, entry in key.items():
        if isinstance(entry, Exercise):
            wanted |= {case.check for case in entry.cases} | {law.check for law in entry.laws}
        else:
            wanted.add(f"{name}-answer")
    graded = {grade_id for grade_id, own in roles if own["role"] in ("check", "written")}
    for what, found, expected in (
        ("exercises", exercises, set(key)),
        ("checks", checks, wanted),
        ("entries of points", graded, set(lesson.points)),
    ):
        if found != expected:
            raise BuildError(
                f"{lesson.folder}: lesson and {'syllabus' if 'points' in what else 'key'} do not "
                f"have the same {what}: {', '.join(sorted(found ^ expected))}"
            )


def _own(notebook: NotebookNode) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for cell in notebook.cells:
        if "autograd_course" in cell.metadata:
            yield cell.metadata.nbgrader.grade_id, cell.metadata.autograd_course


# Into place


def _move_into_place(root: Path, files: Mapping[str, Path]) -> list[Path]:
    manifest = root / MANIFEST
    built = json.loads(manifest.read_text()) if manifest.exists() else {}
    edited = [
        place
        for place in files
        if (root / place).exists()
        and place in built
        and _hash(root / place) != built[place]
        and _hash(root / place) != _hash(files[place])
    ]
    if edited:
        raise UsageError(
            "These files were changed since they were built:\n"
            + "\n".join(f"  {place}" for place in edited)
            + "\nThey are generated from course/lessons. Carry your changes over into lesson.md or "
            "key.py, then delete these files, and build again."
        )
    changed = []
    for place, path in files.items():
        target = root / place
        if not target.exists() or target.read_bytes() != path.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            changed.append(target)
        built[place] = _hash(path)
    manifest.write_text(json.dumps(built, indent=1, sort_keys=True) + "\n")
    return changed


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
