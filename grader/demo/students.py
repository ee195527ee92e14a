"""The students of a sample class, and what each of them hands in.

A student is named after what is special about the submission, so that the table that follows can
be read without a legend.
"""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from course.key import Exercise, Question

from ..restore import grade_id, role

Handed = dict[str, str]
"""The files in a submitted folder: name and text."""

Answers = dict[str, str]
"""The text of each exercise's cell, by grade id."""


def students(
    release: NotebookNode,
    solution: NotebookNode,
    key: Mapping[str, Exercise | Question],
    number: int | None,
) -> Iterator[tuple[str, Handed]]:
    """Yield each student's id and files: first one of each kind, then mixes up to `number`."""
    full = solved_answers(solution)
    everybody = itertools.chain(
        _right_students(release, full, key),
        _unfinished_students(release, full),
        _unlucky_students(release, full),
        _wrong_students(release, full, key),
    )
    if number is None:
        yield from everybody
        return
    mixed = _mixed_students(release, full, key)
    yield from itertools.islice(itertools.chain(everybody, mixed), number)


def solved_answers(solution: NotebookNode) -> Answers:
    """Return the text of each exercise's and written question's cell, without the marks."""
    marks = ("### BEGIN SOLUTION", "### END SOLUTION")
    answers = {}
    for cell in solution.cells:
        if role(cell) in ("exercise", "written"):
            lines = [line for line in cell.source.splitlines() if line.strip() not in marks]
            answers[grade_id(cell) or ""] = "\n".join(lines)
    return answers


def notebook_with(release: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Write answers into a copy of the released notebook."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell) or ""]
    return notebook


def _handed(release: NotebookNode, answers: Mapping[str, str]) -> Handed:
    return _as_files(notebook_with(release, answers))


def _as_files(notebook: NotebookNode) -> Handed:
    name = notebook.metadata["autograd_course"]["assignment"]
    return {f"{name}.ipynb": nbformat.writes(notebook)}


# Right


def _right_students(
    release: NotebookNode, full: Answers, key: Mapping[str, Exercise | Question]
) -> Iterator[tuple[str, Handed]]:
    yield "full_solution", _handed(release, full)
    exercises = [entry for entry in key.values() if isinstance(entry, Exercise)]
    most = max(len(exercise.rights) for exercise in exercises)
    for n in range(most):
        other = {
            e.name: answer_source(e.name, e.rights[n % len(e.rights)])
            for e in exercises
            if e.rights
        }
        yield f"alternative_{n + 1}", _handed(release, full | other)
    first = exercises[0].name
    warned = _after_docstring(full[first], ["import warnings", 'warnings.warn("Is this fast?")'])
    yield "warns_but_right", _handed(release, full | {first: warned})


def _after_docstring(source: str, lines: list[str]) -> str:
    """Put lines at the start of a function's body, behind its docstring."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    at = function.body[0].end_lineno or 0
    text = source.splitlines()
    return "\n".join([*text[:at], *(f"    {line}" for line in lines), *text[at:]])


# Unfinished


def _unfinished_students(release: NotebookNode, full: Answers) -> Iterator[tuple[str, Handed]]:
    yield "blank", _handed(release, {})
    half = dict(itertools.islice(full.items(), len(full) // 2))
    yield "half_done", _handed(release, half)


# Unlucky


def _unlucky_students(release: NotebookNode, full: Answers) -> Iterator[tuple[str, Handed]]:
    broken = _graded(release)
    first, second = broken[0], broken[1]
    yield "syntax_error", _handed(release, full | {first: full[first].replace("):", ")", 1)})
    loop = _after_docstring(full[first], ["while True:", "    pass"])
    yield "endless_loop", _handed(release, full | {first: loop})
    leave = _after_docstring(full[second], ["import os", "os._exit(0)"])
    yield "leaves_python", _handed(release, full | {second: leave})

    notebook = notebook_with(release, full)
    checks = [cell for cell in notebook.cells if role(cell) == "check"]
    notebook.cells.remove(checks[1])
    yield "deleted_check", _as_files(notebook)

    notebook = notebook_with(release, full)
    answer = next(cell for cell in notebook.cells if grade_id(cell) == first)
    twin = copy.deepcopy(answer)
    twin.id = f"{answer.id[:-1]}x"
    notebook.cells.insert(notebook.cells.index(answer) + 1, twin)
    yield "doubled_cell", _as_files(notebook)

    ((name, text),) = _handed(release, full).items()
    yield "corrupt_file", {name: text[: len(text) // 3]}
    yield "old_format", {name: text.replace('"nbformat": 4', '"nbformat": 3')}
    yield "wrong_name", {"homework.ipynb": text}
    yield "two_notebooks", {"final.ipynb": text, "final (1).ipynb": text}
    yield "empty_folder", {}


def _graded(release: NotebookNode) -> list[str]:
    """Return the exercises whose checks give points, in their order."""
    graded = []
    for cell in release.cells:
        if role(cell) == "check" and cell.metadata["nbgrader"]["points"]:
            graded.append(cell.metadata["autograd_course"]["exercise"])
    return list(dict.fromkeys(graded))


# Wrong


def _wrong_students(
    release: NotebookNode, full: Answers, key: Mapping[str, Exercise | Question]
) -> Iterator[tuple[str, Handed]]:
    for exercise in key.values():
        if isinstance(exercise, Exercise):
            for wrong in exercise.wrongs:
                source = answer_source(exercise.name, wrong.answer)
                yield wrong.name, _handed(release, full | {exercise.name: source})


def _mixed_students(
    release: NotebookNode, full: Answers, key: Mapping[str, Exercise | Question]
) -> Iterator[tuple[str, Handed]]:
    """Students without end, each with right, wrong and missing answers; the same on every run."""
    stubs = solved_answers(release)
    for n in itertools.count(1):
        rng = np.random.RandomState(n)
        answers = dict(full)
        for name, entry in key.items():
            fate = rng.uniform()
            if fate > 0.9:
                answers[name] = stubs[name]
            elif fate > 0.7 and isinstance(entry, Exercise) and entry.wrongs:
                wrong = entry.wrongs[rng.randint(len(entry.wrongs))]
                answers[name] = answer_source(name, wrong.answer)
        yield f"student_{n:04}", _handed(release, answers)


def answer_source(name: str, answer: Callable[..., Any]) -> str:
    """Return the text of an answer from a key, under the exercise's name.

    Helpers of the key's own module that it calls come before it, as nested parts of the same cell.
    """
    parts: dict[str, str] = {}
    _collect(answer, parts)
    helpers = [text for function, text in parts.items() if function != answer.__name__]
    body = parts[answer.__name__]
    head = "class" if inspect.isclass(answer) else "def"
    renamed = body.replace(f"{head} {answer.__name__}", f"{head} {name}", 1)
    return "\n\n\n".join([*helpers, renamed])


def _collect(answer: Callable[..., Any], parts: dict[str, str]) -> None:
    """Gather the text of a function and, before it, of those in its module that it names."""
    if answer.__name__ in parts:
        return
    text = textwrap.dedent(inspect.getsource(answer))
    tree = ast.parse(text).body[0]
    assert isinstance(tree, ast.FunctionDef | ast.ClassDef)
    module = inspect.getmodule(answer)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for used in sorted(names - {answer.__name__}):
        helper = getattr(module, used, None)
        if inspect.isfunction(helper) and helper.__module__ == answer.__module__:
            _collect(helper, parts)
    # Without its decorators, which belong to the key.
    parts[answer.__name__] = "\n".join(text.splitlines()[tree.lineno - 1 :])
