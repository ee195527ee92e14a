"""What each lesson has: pictures in words, hints in steps, a written question, known names."""

import ast
import re

import pytest

from course.key import Exercise

from . import lessons

everywhere = pytest.mark.parametrize("name", lessons.NAMES)

PREREQUISITES = {
    # Functions, lists and loops: what the first lesson asks for.
    *("abs", "append", "float", "int", "len", "print", "range", "sum", "sorted", "str", "zip"),
    *("enumerate", "isinstance", "list", "max", "min", "tuple", "reversed", "set", "dict", "pop"),
}
SPECIAL_SYNTAX = (
    *(ast.ClassDef, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp),
    *(ast.Try, ast.With, ast.Raise, ast.Starred, ast.IfExp, ast.Slice, ast.JoinedStr),
    *(ast.NamedExpr, ast.Yield, ast.Global, ast.Nonlocal, ast.Match),
)


def role(cell):
    return cell.metadata.get("autograd_course", {}).get("role")


def cells_of(name, *roles):
    return [cell for cell in lessons.notebook(name).cells if role(cell) in roles]


# Pictures


@everywhere
def test_there_is_a_picture_and_every_picture_has_words(name):
    sources = [cell.source for cell in lessons.notebook(name).cells]
    code = "\n".join(source for source in sources if "display(" in source)
    assert code.count("display(") == code.count('"alt": ')
    for text in re.findall(r"^alt = \(?\s*\"(.*)\"", code, re.MULTILINE):
        assert len(text) > 30, text
    assert '"alt": ' in code


# Hints


@everywhere
def test_each_exercise_has_three_folded_hints_and_none_is_the_answer(name):
    exercises = {entry.name for entry in lessons.key(name).values() if isinstance(entry, Exercise)}
    steps, waiting = [], None
    for cell in lessons.notebook(name).cells:
        if role(cell) == "exercise" and cell.metadata.nbgrader.grade_id in exercises:
            waiting = cell
        elif waiting is not None and "<details>" in cell.source:
            steps.append((waiting, re.findall(r"<summary>Hint (\d)\b.*</summary>", cell.source)))
            answer = solution_lines(waiting)
            shown = {line.strip() for line in cell.source.splitlines()}
            assert not set(answer) <= shown
            assert cell.source.count("<details>") == cell.source.count("</details>")
            waiting = None
    assert {cell.metadata.nbgrader.grade_id for cell, _ in steps} == exercises
    assert all(numbers == ["1", "2", "3"] for _, numbers in steps)


# The question that is answered in words


@everywhere
def test_the_written_question_has_a_model_answer_and_a_rubric(name):
    (cell,) = cells_of(name, "written")
    assert cell.metadata.nbgrader.grade and cell.metadata.nbgrader.solution
    answer = re.search(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", cell.source, re.DOTALL)[1]
    assert "Model answer: " in answer and "Rubric" in answer
    assert 'course.solution("written-1")' in lessons.prose(name)


# Names


def solution_lines(cell):
    found = re.search(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
    return [line.strip() for line in found[1].splitlines() if line.strip()]


def used_by(cell):
    """Return the names and the kinds of syntax that a cell's answer uses and does not define."""
    tree = ast.parse(cell.source)
    nodes = list(ast.walk(tree))
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    own |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    names = {n.id for n in nodes if isinstance(n, ast.Name)}
    names |= {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    names |= {n.arg for n in nodes if isinstance(n, ast.keyword) and n.arg}
    return names - own, {type(n) for n in nodes if isinstance(n, SPECIAL_SYNTAX)}


def syntax_of(source):
    """Return the kinds of syntax in a code cell, or in the code that a text quotes."""
    kinds = set()
    for code in [source, *re.findall(r"```(?:python)?\n(.*?)```", source, re.DOTALL),
                 *re.findall(r"`([^`\n]+)`", source)]:  # fmt: skip
        try:
            kinds |= {type(node) for node in ast.walk(ast.parse(code.strip()))}
        except SyntaxError:
            continue
    return kinds


def test_no_exercise_needs_what_was_not_introduced():
    """A name or a kind of syntax stood in a lesson's text or code before, or in the stub itself."""
    words, syntax, unknown = set(PREREQUISITES), set(), []
    for name in lessons.NAMES:
        for cell in lessons.notebook(name).cells:
            stub = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "...", cell.source, flags=re.S)
            words |= set(re.findall(r"\w+", stub))
            syntax |= syntax_of(stub)
            if role(cell) == "exercise":
                names, kinds = used_by(cell)
                missing = sorted(names - words) + sorted(k.__name__ for k in kinds - syntax)
                if missing:
                    unknown.append(f"{name}, {cell.metadata.nbgrader.grade_id}: {missing}")
                # What the answer uses, the reader has seen from here on.
                words |= set(re.findall(r"\w+", cell.source))
                syntax |= syntax_of(cell.source)
    assert not unknown, "\n".join(unknown)


@pytest.mark.parametrize("name", [name for name in lessons.NAMES if name < "11"])
def test_classes_and_operator_methods_come_with_lesson_11(name):
    for cell in cells_of(name, "exercise"):
        names, kinds = used_by(cell)
        assert ast.ClassDef not in kinds
        assert not [n for n in names if n.startswith("__") and n != "__name__"]
