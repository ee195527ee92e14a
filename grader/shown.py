"""What a submission says and shows, made fit for formgrader and for nbgrader's feedback.

Both make a page of a graded notebook with nbconvert. That stops at a picture which is named and not
there, at a colour without a number, at a widget without a model; and it takes minutes for a few
pages of brackets, of HTML in each other, or of code that no lexer was written for. Here all this is
left out, or shown as plain text, and what was left out is said. The instructor's own cells stay as
they are, and everything is still in the notebook that was handed in.

The limits let the worst known page be made in a few seconds; no lesson comes near a third of them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote

from nbformat import NotebookNode

LONGEST_SOURCE, ALL_SOURCES = 8_000, 48_000
"""characters of one cell, and of all that a student wrote, that are laid out or coloured"""

LONGEST_PLAIN, ALL_PLAIN = 20_000, 120_000
"""characters shown as they are: of one text, and of all texts and outputs"""

LONGEST_MAGIC = 2_000
"""characters coloured of a cell in another language, whose lexer may be a slow one"""

LOOSE_TAGS, DEEPEST = 60, 60
"""tags of HTML that may be as it likes, and elements that other HTML has in each other"""

LONGEST_TAG = 1_000
"""characters of a tag whose attributes may be written as one likes"""

WIDEST = 200
"""characters of a line that is shown as it was written: patterns of nbconvert's look along lines"""

LARGEST_PICTURES = 40_000_000
"""characters of pictures in all texts, each counted as often as it may be shown"""

EACH = 20
"""characters that a cell or an output counts for, beyond its own: an empty one takes time too"""

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_FENCE = re.compile(r"^([ \t>*+:\d.)-]*+(?:`{3,}+(?=[^`\n]*$)|~{3,}+))([^\n]*+)$", re.MULTILINE)
_LANGUAGES = {"", "python", "python3", "py", "ipython", "ipython3", "text", "bash", "json", "latex"}
"""whose lexers were measured; a text can name any of some hundred others"""
_TICKS = re.compile(r"`{3,}")
_WIDE = re.compile(f"(.{{{WIDEST}}})(?=.)")
_SCRIPT_LINK = re.compile(r"(?:java|vb)script:", re.IGNORECASE)

_ATTACHED = re.compile(
    r"!\[[^\[\]]*+\]\(attachment:((?:[^()\s\"'<>\\&]|\([^()\s\"'<>\\&]*+\))++)(?: \"[^\"\n]*+\")?\)"
)
_PASTED = re.compile(
    r"(!\[[^\[\]\n]*+\]\()data:(image/(?:png|jpeg|gif));base64,([A-Za-z0-9+/=]++)(?=\))"
)

_COLOUR = re.compile(r"\x1b\[([^@-~\n]*)m")
_ELEMENT = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)([^<>]*)(>?)")
_ATTRIBUTES = re.compile(r'(?:\s++[\w:.-]++="[^"<>]*+"){0,50}+\s*+/?')
_EMPTY = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
}  # fmt: skip
"""elements that have nothing in them"""
_WIDGET = "application/vnd.jupyter.widget-view+json"
_RARE = {"text/latex", "text/vnd.mermaid", "text/markdown", _WIDGET}


def tame(cells: list[NotebookNode], own: Iterable[NotebookNode]) -> None:
    """Take out what would keep a page from being made, or run in it; `own` is a student's alone."""
    page = _Page()
    gone = [cell for cell in own if not page.takes(cell)]
    for cell in cells:
        if cell.get("outputs"):
            cell["outputs"] = page.shown(cell["outputs"])
    if gone:
        left_out = {id(cell) for cell in gone}
        first, note = gone[0], f"*({len(gone)} more cells were handed in, too many to be shown.)*"
        said = NotebookNode(cell_type="markdown", id=first.id, metadata=NotebookNode(), source=note)
        cells[:] = [
            said if cell is first else cell
            for cell in cells
            if cell is first or id(cell) not in left_out
        ]


class _Page:
    """How much may still come onto one page."""

    def __init__(self) -> None:
        self.sources, self.plain, self.pictures = ALL_SOURCES, ALL_PLAIN, LARGEST_PICTURES

    # What was written

    def takes(self, cell: NotebookNode) -> bool:
        """Make a student's cell fit; says False where it is to be left out as a whole."""
        if self.sources <= 0 and "nbgrader" not in cell["metadata"]:
            return False
        kind, source = cell["cell_type"], cell["source"]
        self.sources -= EACH
        if kind == "code":
            cell["source"] = self._code(source)
        elif kind == "raw":
            cell["source"] = _without_tags(self._cut(source))
        else:
            if "attachments" in cell or "data:" in source:
                source = self._with_pictures(cell)
            cell["source"] = self._text(source, cell.get("attachments", {}), _without_tags)
        return True

    def _code(self, source: str) -> str:
        longest = LONGEST_MAGIC if source.lstrip().startswith("%%") else LONGEST_SOURCE
        kept = max(min(longest, self.sources), 0)
        self.sources -= min(len(source), kept)
        if len(source) <= kept:
            return source
        more = f"# [{len(source) - kept} more characters of this cell were handed in]"
        return f"{source[:kept]}\n{more}" if kept else more

    def _cut(self, text: str) -> str:
        kept = max(min(LONGEST_PLAIN, self.plain), 0)
        self.plain -= min(len(text), kept)
        if len(text) <= kept:
            return text
        return f"{text[:kept]}\n[{len(text) - kept} more characters]\n"

    def _text(self, text: str, attached: dict[str, object], finish: Callable[[str], str]) -> str:
        """Make a Markdown text fit: laid out, or as it was written where that is not safe."""
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        # A link is read with its entities and escapes undone.
        meant = html.unescape(text.replace("\\", "")) if "&" in text or "\\" in text else text
        if _SCRIPT_LINK.search(meant):
            return self._as_written(text, "a link in it would run a script")
        if len(text) > min(LONGEST_SOURCE, self.sources):
            return self._as_written(text, "it is too long to be laid out")
        self.sources -= len(text)
        if "attachment:" in meant:
            there = sum(_as_link(name) in attached for name in _ATTACHED.findall(text))
            if meant.count("attachment:") != there:
                # Reads the same, and begins no picture.
                text = text.replace("![", "!\uff3b")
        if "```" in text or "~~~" in text:
            text = _FENCE.sub(_known_language, text)
        return finish(text)

    def _as_written(self, text: str, why: str) -> str:
        shown = _WIDE.sub(r"\1\n", self._cut(text))
        fence = "`" * (1 + max(map(len, _TICKS.findall(shown)), default=2))
        return f"*(Shown as it was written: {why}.)*\n\n{fence}\n{shown}\n{fence}"

    def _with_pictures(self, cell: NotebookNode) -> str:
        """Find a text's pictures under the names that it gives them; returns the text.

        What some editors paste into the text itself is attached: a text is read sign by sign.
        """
        attached = cell.setdefault("attachments", NotebookNode())

        def attach(found: re.Match[str]) -> str:
            name = f"pasted-{len(attached)}"
            attached[name] = NotebookNode({found[2]: found[3]})
            return f"{found[1]}attachment:{name}"

        text = _PASTED.sub(attach, cell["source"])
        named = _ATTACHED.findall(text)
        for name in named:
            for known in (name, unquote(name)):
                if known in attached and _as_link(name) not in attached:
                    attached[_as_link(name)] = attached.pop(known)
        sizes = (len(data) for kinds in attached.values() for data in kinds.values())
        largest = max(sizes, default=0)
        # nbconvert looks from each bracket that is left on the page to the end of its line.
        brackets = max(text.count("[") - len(named), 0)
        self.pictures -= largest * (text.count("![") + brackets)
        if not attached or self.pictures < 0:
            del cell["attachments"]
        return text

    # What was shown

    def shown(self, outputs: list[NotebookNode]) -> list[NotebookNode]:
        """Make a cell's outputs fit."""
        for number, output in enumerate(outputs):
            kind = output["output_type"]
            if self.plain <= 0 and kind != "error":
                words = f"[{len(outputs) - number} more outputs, left out: there were too many]\n"
                said = NotebookNode(output_type="stream", name="stdout", text=words)
                errors = [one for one in outputs[number:] if one["output_type"] == "error"]
                return [*outputs[:number], said, *errors[:1]]
            self.plain -= EACH
            if kind == "stream":
                self._print(output, "text")
            elif kind == "error":
                output["traceback"] = self._printed("\n".join(output["traceback"])).split("\n")
            else:
                self._display(output)
        return outputs

    def _print(self, place: NotebookNode, name: str) -> None:
        text = place[name]
        if len(text) <= min(LONGEST_PLAIN, self.plain) and "\x1b[" not in text:
            self.plain -= len(text)
        else:
            place[name] = self._printed(text)

    def _printed(self, text: str) -> str:
        text = self._cut(text)
        return _COLOUR.sub(_known_colour, text) if "\x1b[" in text else text

    def _display(self, output: NotebookNode) -> None:
        data = output["data"]
        page = data.get("text/html")
        lost = ""
        if page is not None:
            if len(page) > self.plain or _is_tangled(page):
                del data["text/html"]
                lost = "its HTML is too long, or not well-formed, or too deep"
            else:
                self.plain -= len(page)
                if "<![" in page:
                    data["text/html"] = _without_sections(page)
        if not _RARE.isdisjoint(data):
            lost = self._rare(data) or lost
        if "text/plain" in data:
            self._print(data, "text/plain")
        if lost:
            words = f"[not shown: {lost}]"
            data["text/plain"] = "\n".join(filter(None, (data.get("text/plain"), words)))
        if output["metadata"]:
            output["metadata"] = NotebookNode(
                (kind, about)
                for kind, about in output["metadata"].items()
                if "/" in kind and isinstance(about, dict)
            )

    def _rare(self, data: NotebookNode) -> str:
        """Make the other kinds of texts fit; returns why one is left out, "" if none is."""
        for kind in ("text/latex", "text/vnd.mermaid"):
            if kind in data:
                self._print(data, kind)
        if "text/markdown" in data:
            text = data["text/markdown"]
            data["text/markdown"] = (
                self._as_written(text, "its HTML is not well-formed, or too deep")
                if _is_tangled(text)
                else self._text(text, {}, _without_sections)
            )
        if _WIDGET not in data:
            return ""
        del data[_WIDGET]
        return "a widget needs its kernel"


def _as_link(name: str) -> str:
    """Return the name under which nbconvert looks for a picture."""
    return quote(name, safe=":/?#@!$&()*+,;=%")


def _without_tags(text: str) -> str:
    # Before a space it begins nothing, and reads the same in a formula and in code.
    return _TAG.sub("< ", text) if "<" in text else text


def _without_sections(text: str) -> str:
    """Take out the one sign that stops the parser of pages."""
    return text.replace("<![", "&lt;![")


def _known_language(fence: re.Match[str]) -> str:
    return fence[0] if fence[2].strip() in _LANGUAGES else fence[1]


def _known_colour(found: re.Match[str]) -> str:
    """Keep a colour that can be read: the numbers 38 and 48 want another one behind them."""
    numbers = found[1]
    last = numbers.rpartition(";")[2].lstrip("0")
    return "" if numbers.strip("0123456789;") or last in ("38", "48") else found[0]


def _is_tangled(page: str) -> bool:
    """Say whether HTML has many tags, and so nested or so broken that mending it takes minutes."""
    if len(page) <= LONGEST_PLAIN and page.count("<") <= LOOSE_TAGS:
        return False
    if "<!" in page or "<?" in page:
        return True
    opened: list[str] = []
    for end, found, rest, close in _ELEMENT.findall(page):
        name = found.lower()
        if not close or (len(rest) > LONGEST_TAG and not _ATTRIBUTES.fullmatch(rest)):
            return True
        if name in _EMPTY:
            continue
        if end:
            if not opened or opened.pop() != name:
                return True
        elif not rest.endswith("/") or name in _OPEN_ANYHOW:
            opened.append(name)
            if len(opened) > DEEPEST:
                return True
    return bool(opened)


_OPEN_ANYHOW = {
    "a", "abbr", "acronym", "b", "blockquote", "code", "div", "em", "i", "li", "ol", "p", "pre",
    "span", "strong", "table", "td", "tr", "ul",
}  # fmt: skip
"""elements that a slash does not close, unlike those of a drawing"""
