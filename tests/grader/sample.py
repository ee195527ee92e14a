"""A class that was never graded: results made up by hand, around the real lesson 06."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from course import find
from grader.directory import CourseDirectory
from grader.outline import Outline, read_outline
from grader.results import GRADED, CheckResult, Result, write_result

LESSON = "06_gradients_add_up"

VOID = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}


class Sample:
    """A course directory, with a way to put results, code and marks into it."""

    def __init__(self, root: Path) -> None:
        self.course = CourseDirectory(root)
        self.name = LESSON
        shutil.copytree(find.CLONE / "assignments" / LESSON, root / "assignments" / LESSON)
        (root / "submitted").mkdir()

    def settings(self, text: str) -> None:
        """Write the course.toml."""
        (self.course.root / "course.toml").write_text(text, encoding="utf-8")
        self.course = CourseDirectory(self.course.root)

    @property
    def outline(self) -> Outline:
        return read_outline(self.course, self.name, [])

    def result(self, student: str, wrong: Mapping[str, Any] = {}, **fields: Any) -> Result:
        """Write a result: all checks passed but those in `wrong`, which has fields by id."""
        result = Result(student, self.name, fields.pop("status", GRADED), **fields)
        if result.status == GRADED:
            for exercise in self.outline.exercises:
                for check in exercise.checks:
                    one = CheckResult(
                        check.id,
                        self.name,
                        exercise.name,
                        check.max_points,
                        check.max_points,
                        "passed",
                    )
                    if check.id in wrong:
                        one.points = 0.0
                        for field, value in wrong[check.id].items():
                            setattr(one, field, value)
                    result.checks.append(one)
            result.score = sum(check.points or 0.0 for check in result.checks)
            result.max_score = sum(check.max_points for check in result.checks)
            result.submission_sha256 = "ab" * 32
        write_result(self.course.results, result)
        return result

    def code(self, student: str, **sources: str) -> Path:
        """Leave a graded notebook: exercise cells from `sources`, the rest as released."""
        released = self.course.assignments / LESSON / f"{LESSON}.ipynb"
        notebook = json.loads(released.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "").replace("-", "_")
            if name in sources:
                cell["source"] = sources[name]
        path = self.course.autograded / student / LESSON / f"{LESSON}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path


class Page(HTMLParser):
    """A parsed page. Raises AssertionError where elements are not properly nested."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.tables: list[list[list[str]]] = []
        self.stack: list[str] = []
        self.feed(html)
        self.close()
        assert not self.stack, f"not closed: {self.stack}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened = self.stack.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.stack), data))
        if "td" in self.stack or "th" in self.stack:
            self.tables[-1][-1][-1] += data

    @property
    def text(self) -> str:
        """What a reader sees, spaces evened out."""
        seen = (text for stack, text in self.texts if "style" not in stack)
        return " ".join(" ".join(seen).split())

    def rows(self, heading: str) -> dict[str, list[str]]:
        """Return the body of the table whose first heading is `heading`, by its rows' headings."""
        for table in self.tables:
            if table[0][0].strip() == heading:
                rows = ([" ".join(cell.split()) for cell in row] for row in table[1:])
                return {first: rest for first, *rest in rows}
        raise AssertionError(f"no table begins with {heading!r}")

    def assert_harmless(self) -> None:
        """Nothing can run, and nothing is loaded from anywhere."""
        banned = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "image"}
        banned |= {"foreignobject", "animate", "set", "audio", "video", "source", "math"}
        for tag, attributes in self.elements:
            assert tag.lower() not in banned, f"<{tag}>"
            for name, value in attributes.items():
                assert not name.lower().startswith("on"), f"<{tag} {name}>"
                if name.lower() in ("href", "src", "xlink:href", "action", "srcdoc", "data"):
                    assert (value or "").startswith("#"), f"<{tag} {name}={value!r}>"
                if name == "style" or "url(" in (value or ""):
                    assert "url(" not in (value or "").replace("url(#", ""), f"<{tag} {value!r}>"
        policies = [a for t, a in self.elements if a.get("http-equiv") == "Content-Security-Policy"]
        assert policies and "default-src 'none'" in (policies[0]["content"] or "")
        assert "script-src" not in (policies[0]["content"] or "")
        for place, character in enumerate(self.html):
            assert character not in "\x1b\x07\x00\x9b", repr(self.html[place - 20 : place + 20])
            assert (
                character
                not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
            )

    def assert_readable(self) -> None:
        """It has a language, landmarks, headings without gaps, and tables that speak."""
        tags = [tag for tag, _ in self.elements]
        assert ("html", {"lang": "en"}) in self.elements
        assert tags.count("h1") == 1 and tags.count("main") == 1
        levels = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3", "h4")]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert tags.count("table") == tags.count("caption")
        assert all("scope" in attributes for tag, attributes in self.elements if tag == "th")
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), "an id is there twice"
        for _, attributes in self.elements:
            for wanted in (attributes.get("aria-labelledby") or "").split():
                assert wanted in ids, f"nothing has the id {wanted}"
