"""Restore: the instructor's cells around the student's own.

What is graded is the instructor's notebook with the student's cells in it. The instructor's order
is the backbone; a student's further cells stay behind the cell that they stood behind. So a check
cell that was deleted, changed, doubled, retyped or moved is there as it was released, exactly once.

A cell is known by its grade id. Where that was lost, as in Colab or VS Code, the instructor's own
cells are known by their text, an exercise by what it defines, and a written answer by its place.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import nbformat
from nbformat import NotebookNode

START = ""
"""Stands for the place before the first cell of the backbone."""

NAMED = 8
"""cells that one sentence about repairs names"""

LONGEST_SPLIT = 20_000
"""characters of a cell that is looked at for having been split"""

MOST_SPLITS = 20
"""times that this is looked for in one notebook"""


@dataclass
class Restored:
    """A notebook that can be graded."""

    cells: list[NotebookNode] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    unchanged: set[str] = field(default_factory=set)
    """grade ids of solution cells that are as they were released"""
    shown: dict[str, str] = field(default_factory=dict)
    """what students got of each check cell"""
    own: list[NotebookNode] = field(default_factory=list)
    """those of the cells that the student wrote, answers first; all others are the instructor's"""


def role(cell: NotebookNode) -> str:
    """Return what a cell is: opening, setup, exercise, check, written, or "" for others.

    Of a cell that our build did not make, nbgrader's own flags say it.
    """
    # Items, and dictionaries alone: asked of each cell of each submission, again and again.
    own = cell["metadata"].get("autograd_course")
    if isinstance(own, dict):
        return own.get("role", "")
    flags = cell["metadata"].get("nbgrader")
    if not isinstance(flags, dict) or grade_id(cell) is None:
        return ""
    if flags.get("solution") or flags.get("task"):
        return "written" if flags.get("grade") or flags.get("task") else "exercise"
    return "check" if flags.get("grade") else "setup"


def grade_id(cell: NotebookNode) -> str | None:
    """Return a cell's grade id, None where it has none or its metadata makes no sense."""
    own = cell["metadata"].get("nbgrader")
    name = own.get("grade_id") if isinstance(own, dict) else None
    return name if isinstance(name, str) else None


def exercises(cells: Iterable[NotebookNode]) -> dict[str, str]:
    """Say of each check and written question what it belongs to, by grade ids.

    Of a check that our build did not make that is the answer before it.
    """
    found: dict[str, str] = {}
    answer = None
    for cell in cells:
        name = grade_id(cell)
        if name is None:
            continue
        match role(cell):
            case "exercise":
                answer = name
            case "check":
                own = cell.metadata.get("autograd_course", {})
                found[name] = own.get("exercise") or answer or name
            case "written":
                found[name] = name
    return found


class Backbone:
    """The instructor's notebook, looked through once for a whole class.

    `solution` is nbgrader's source version, with the hidden tests; `release` is what students got.
    """

    def __init__(self, solution: NotebookNode, release: NotebookNode) -> None:
        self.order = release.cells
        self.released = {name: cell for cell in release.cells if (name := grade_id(cell))}
        self.cells = {
            name: cell for cell in solution.cells if (name := grade_id(cell)) in self.released
        }
        self.roles = {name: role(cell) for name, cell in self.cells.items()}
        self.answers = {name for name, cell in self.cells.items() if is_answer(cell)}
        self.text = {name: _even(cell.source) for name, cell in self.released.items()}
        """what students got of each cell, but for what editors add and take away"""
        self.texts = {_even(cell.source) for cell in release.cells}
        self.by_text: dict[str, list[str]] = {}
        """the cells that can be known by what stands in them"""
        for name, cell in self.released.items():
            if role(cell) != "written":
                self.by_text.setdefault(self.text[name], []).append(name)
        unnamed = [cell for cell in release.cells if not grade_id(cell)]
        self.unnamed = Counter(cell.source for cell in unnamed)
        """the instructor's cells that have no grade id, of which each submission has a copy"""
        self.attached = {
            cell.source: cell.attachments for cell in unnamed if cell.get("attachments")
        }


def restore(submitted: NotebookNode, backbone: Backbone) -> Restored:
    """Put a student's cells into the instructor's notebook."""
    return _Repair(submitted, backbone).restored()


@dataclass
class _Cell:
    """A submitted cell."""

    kind: str
    source: str
    name: str | None
    """the backbone's cell that it is, or a copy of; None for a cell of the student's own"""
    marked: bool
    """whether it says so itself"""
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)
    """what was pasted into it"""

    @cached_property
    def text(self) -> str:
        """Its source, but for what editors add and take away."""
        return _even(self.source)

    @cached_property
    def defined(self) -> set[str]:
        """What it defines, also where it is not Python to its end."""
        return {first or second for first, second in _DEFINITION.findall(self.source)}


class _Repair:
    """One submission being put in order."""

    def __init__(self, submitted: NotebookNode, backbone: Backbone) -> None:
        self.backbone = backbone
        self.cells = self._join(list(self._read(submitted)))
        self.repairs: dict[str, list[str]] = {}
        self.places: dict[str, int] = {}
        """where the cell that counts stood, by name"""
        self.answers: dict[str, str] = {}
        self.twins: set[int] = set()
        """where further versions of an answer stood"""

    # Which cell is which

    def _read(self, submitted: NotebookNode) -> Iterator[_Cell]:
        left = {text: [*names] for text, names in self.backbone.by_text.items()}
        for cell in submitted.cells:
            name = grade_id(cell)
            marked = name in self.backbone.cells
            if not marked:
                same = left.get(_even(cell.source), [])
                # Two checks may read alike: they are taken in their order.
                name = (same.pop(0) if len(same) > 1 else same[0]) if same else None
            pictures = _pictures(cell.get("attachments")) if "attachments" in cell else {}
            yield _Cell(cell.cell_type, cell.source, name, marked, pictures)

    def _join(self, cells: list[_Cell]) -> list[_Cell]:
        """Put back together what was split in the middle of a function or class."""
        joined: list[_Cell] = []
        looked = 0
        for cell in cells:
            before = joined[-1] if joined else None
            if looked < MOST_SPLITS and before is not None and self._may_continue(before, cell):
                looked += 1
                whole = f"{before.source}\n{cell.source}"
                if _is_python(whole):
                    name, marked = before.name or cell.name, before.marked or cell.marked
                    joined[-1] = _Cell("code", whole, name, marked)
                    continue
            joined.append(cell)
        return joined

    def _may_continue(self, before: _Cell, cell: _Cell) -> bool:
        ends = before.text.rpartition("\n")[2]
        return (
            cell.source.lstrip("\n")[:1] in (" ", "\t")
            and before.kind == cell.kind == "code"
            and len({before.name, cell.name} - {None}) <= 1
            and len(before.source) + len(cell.source) <= LONGEST_SPLIT
            and (ends[:1] in (" ", "\t") or ends.endswith((":", "(", "[", "{", ",")))
        )

    def _is(self, name: str | None, *roles: str) -> bool:
        return name is not None and self.backbone.roles.get(name) in roles

    # Which of them count

    def restored(self) -> Restored:
        """Return the notebook to grade."""
        found: dict[str | None, list[int]] = {}
        for n, cell in enumerate(self.cells):
            found.setdefault(cell.name, []).append(n)
        for name in self.backbone.cells:
            places = found.get(name, [])
            if name in self.backbone.answers:
                self._choose_answer(name, places)
            else:
                self._choose_locked(name, places)
        anchors = self._anchors()
        for name in self.places:
            if name not in anchors:
                self._note("moved", name)
        for name in self.places:
            if not self.cells[self.places[name]].marked:
                self._note("unmarked", name)
        return self._assemble(anchors)

    def _choose_locked(self, name: str, places: list[int]) -> None:
        if not places:
            self._note("missing", name)
            return
        cell = self.backbone.released[name]
        # One that says that it is this cell goes before one that merely reads like it.
        self.places[name] = max(places, key=lambda n: (self.cells[n].marked, -n))
        copies = [self.cells[n] for n in places]
        if any(c.marked and c.text != self.backbone.text[name] for c in copies):
            self._note("changed", name)
        elif any(c.kind != cell.cell_type for c in copies):
            self._note("retyped", name)
        if len(copies) > 1:
            self._note("twice", name)
        if self.backbone.roles[name] != "check":
            self.twins |= set(places) - {self.places[name]}

    def _choose_answer(self, name: str, places: list[int]) -> None:
        stub = self.backbone.released[name]
        # A copy that is still the stub does not stand in the way of an answer.
        written = [n for n in places if self.cells[n].text != self.backbone.text[name]]
        if not written and self._search(name):
            return
        if not places:
            self._note("blank", name)
            return
        chosen = (written or places)[0]
        cell = self.cells[chosen]
        self.places[name], self.answers[name] = chosen, cell.source
        self.twins |= {n for n in written if self.cells[n].source != cell.source}
        if len(places) > 1:
            self._note("both" if self.twins & set(places) else "twice", name)
        if cell.kind != stub.cell_type:
            self._note("retyped", name)

    def _search(self, name: str) -> bool:
        """Look for an answer in cells that do not say that they are it; says whether there is."""
        if self.backbone.roles[name] == "written":
            place = self._place_of_written(name)
            candidates = [] if place is None else [place]
        else:
            candidates = [n for n, cell in enumerate(self.cells) if self._defines(cell, name)]
        own = [n for n in candidates if self.cells[n].name is None]
        if own:
            self.places[name] = own[-1]
            self.cells[own[-1]].name = name
            self.answers[name] = self.cells[own[-1]].source
        elif candidates:
            # Several cells became one: what it defines is there from the first place on.
            self.answers[name] = self.cells[candidates[-1]].source
            self._note("merged", name)
        return bool(candidates)

    def _defines(self, cell: _Cell, name: str) -> bool:
        return (
            cell.text not in self.backbone.texts
            # What a text quotes stands in fences; code that was made a text does not.
            and (cell.kind == "code" or "```" not in cell.source)
            and name in cell.defined
        )

    def _place_of_written(self, name: str) -> int | None:
        """Find a written answer by its place: between the released cells on either side of it."""
        order = self.backbone.order
        n = next(i for i, cell in enumerate(order) if grade_id(cell) == name)
        before = _even(order[n - 1].source) if n else None
        after = _even(order[n + 1].source) if n + 1 < len(order) else None
        texts = [cell.text for cell in self.cells]
        first = texts.index(before) + 1 if before in texts else None
        last = texts.index(after) if after in texts else len(texts) if after is None else None
        if first is None and last is None:
            return None
        if first is None:
            return self._own_text(range(last - 1, -1, -1)) if last is not None else None
        return self._own_text(range(first, len(texts) if last is None else last))

    def _own_text(self, places: range) -> int | None:
        """Return the first of the student's own cells that follow each other in these places."""
        for n in places:
            cell = self.cells[n]
            if cell.text in self.backbone.texts or cell.name is not None:
                return None
            if cell.source.strip():
                return n
        return None

    # Where they stand

    def _anchors(self) -> set[str]:
        """Return the cells that the student left in their order; the others have been moved.

        The heaviest of all increasing sequences: an exercise moved behind its check is where the
        student's further cells belong to, not the check.
        """
        best: list[tuple[int, int, list[str]]] = []
        for name, place in self.places.items():
            weight = 1 if self._is(name, "check") else 100
            before = [(w, names) for p, w, names in best if p < place]
            total, names = max(before, key=lambda one: one[0], default=(0, []))
            best.append((place, total + weight, [*names, name]))
        return set(max(best, key=lambda one: one[1])[2]) if best else set()

    def _assemble(self, anchors: set[str]) -> Restored:
        names = {place: name for name, place in self.places.items()}
        unnamed = self.backbone.unnamed.copy()
        answers: list[NotebookNode] = []
        further: list[NotebookNode] = []
        extras: dict[str, list[NotebookNode]] = {}
        last = START
        for n, cell in enumerate(self.cells):
            if n in names:
                last = names[n] if names[n] in anchors else last
            elif n in self.twins or cell.name is None:
                extra = _plain(cell.kind, cell.source)
                extras.setdefault(last, []).append(extra)
                if unnamed[cell.source] > 0:
                    unnamed[cell.source] -= 1
                    _attach(extra, self.backbone.attached.get(cell.source))
                else:
                    further.append(extra)
                    _attach(extra, cell.pictures)
        restored = Restored(extras.get(START, []))
        for name, cell in self.backbone.cells.items():
            source, what = cell.source, self.backbone.roles[name]
            if what == "check":
                restored.shown[name] = self.backbone.released[name].source
            elif name in self.backbone.answers:
                stub = self.backbone.released[name].source
                source = self.answers.get(name, stub)
                if source.strip() == stub.strip():
                    restored.unchanged.add(name)
            new = _marked(cell, source)
            if name in self.answers and source != stub:
                answers.append(new)
                if name in self.places:
                    _attach(new, self.cells[self.places[name]].pictures)
            restored.cells.append(new)
            restored.cells += extras.get(name, [])
        for number, new in enumerate(restored.cells):
            # New cells get random ids, and a restored notebook is to be the same on every run.
            new.id = f"cell-{number}"
        restored.own = [*answers, *further]
        restored.repairs = [
            _sentence(_SENTENCES[kind], names) for kind, names in self.repairs.items()
        ]
        return restored

    def _note(self, kind: str, name: str) -> None:
        self.repairs.setdefault(kind, []).append(name)


def is_answer(cell: NotebookNode) -> bool:
    """Whether students write into it; a task is a text that they answer in cells of their own."""
    return role(cell) in ("exercise", "written") and not cell.metadata["nbgrader"].get("task")


_SENTENCES = {
    "missing": "Missing, and put back as released: {}.",
    "changed": "Changed, and put back as released: {}.",
    "retyped": "No longer the kind of cell that it was released as, and made one again: {}.",
    "moved": "Moved, and put back in its place: {}.",
    "twice": "There more than once, and counted once: {}.",
    "both": "There more than once, in different versions, which were all run in their turn: {}.",
    "unmarked": "Without its mark (some editors drop them), and found by what it says, defines or "
    "stands beside: {}.",
    "merged": "Missing, but another cell defines it, and was taken for it: {}.",
    "blank": "Missing, and its stub put back: {}.",
}


def _sentence(words: str, names: list[str]) -> str:
    listed = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return words.format(listed + more)


_DEFINITION = re.compile(
    r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _even(source: str) -> str:
    """Return a text without the spaces and line ends that editors add and take away."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


PICTURES = ("image/png", "image/jpeg", "image/gif")
"""Kinds of attachments that an answer keeps; others, such as SVG, may hold scripts."""


def _pictures(attachments: object) -> dict[str, dict[str, str]]:
    """Return those of a cell's attachments that are pictures, and can be nothing else."""
    if not isinstance(attachments, Mapping):
        return {}
    found: dict[str, dict[str, str]] = {}
    for name, kinds in attachments.items():
        if isinstance(kinds, Mapping):
            kept = {
                kind: data
                for kind in PICTURES
                if isinstance(data := kinds.get(kind), str) and _BASE64.fullmatch(data)
            }
            found |= {str(name): kept} if kept else {}
    return found


_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def _plain(kind: str, source: str) -> NotebookNode:
    """Make a cell without outputs, tags, attachments or other metadata."""
    # nbformat's own makers validate each cell, which takes longer than running it.
    new = NotebookNode(id="", cell_type=kind, metadata=NotebookNode(), source=source)
    if kind == "code":
        new.update(execution_count=None, outputs=[])
    return new


def _marked(cell: NotebookNode, source: str) -> NotebookNode:
    """Make a cell with the type of the instructor's `cell`, and its very metadata."""
    new = _plain(cell.cell_type, source)
    new["metadata"] = cell.metadata
    _attach(new, cell.get("attachments"))
    return new


def _attach(cell: NotebookNode, pictures: Mapping[str, dict[str, str]] | None) -> None:
    """Give a text its pictures: a person is to see the sketch that was pasted into an answer."""
    if pictures and cell.cell_type == "markdown":
        cell["attachments"] = nbformat.from_dict({**cell.get("attachments", {}), **pictures})
