"""What all pages share: how text is made harmless, what statuses are called, the template engine.

Everything that a submission had a hand in is hostile: messages, notebook names, student ids. It
comes into a page as text and in no other way: `clean` takes out what could steer a terminal or turn
the reading direction round, Jinja2 escapes the rest, and the page's own policy forbids scripts.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from course.render import HEADINGS

from .results import CHECK_STATUSES

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

LONGEST_TEXT = 2_000
"""characters of one message that a page shows"""

# The same words that students read in their notebooks, and more for what only grading meets.
STATUS_WORDS = {
    status: (heading[0], heading[1:].strip())
    for status, (heading, _) in HEADINGS.items()
    if status in CHECK_STATUSES
} | {
    "timeout": ("✗", "Stopped: it took too long"),
    "out_of_memory": ("✗", "Stopped: it used too much memory"),
    "output_limit": ("✗", "Stopped: it printed too much"),
    "crashed": ("✗", "Python ended while it ran"),
    "missing": ("○", "There was nothing to check"),
    "awaiting_manual": ("…", "Waits for a person"),
}
"""status: a symbol, and what it means in words"""

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_JOINERS = "\u200c\u200d"  # some scripts cannot be spelled without them


def clean(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return plain text: no escape sequences, no control or direction characters, not too long."""
    # Cut first (with some room for what is taken out): a flood should not be worked through.
    whole = str(text)
    given = _ESCAPE_SEQUENCES.sub("", whole[: 4 * longest]).replace("\r\n", "\n")
    given = re.sub(r"[\r\x0b\x0c\x85\u2028\u2029]", "\n", given)
    kept = "".join(character for character in given if _is_harmless(character))
    if len(kept) > longest or len(whole) > 4 * longest:
        return f"{kept[:longest].rstrip()} … (cut: it was longer)"
    return kept


def _is_harmless(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return True
    # Control, format (the direction characters are among them), surrogate, private use.
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co")


def clean_line(text: object, longest: int = 200) -> str:
    """Return plain text on one line."""
    return clean(" ".join(clean(text, longest).split()), longest)


def words(text: object, longest: int = LONGEST_TEXT) -> Markup:
    """Return text as HTML: escaped, with `code` in backticks as code."""
    escaped = str(escape(clean(text, longest)))
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escaped))


def breakable(name: object) -> Markup:
    """Return a name as HTML that may be broken after its underscores, on a narrow screen."""
    return Markup(str(escape(clean_line(name))).replace("_", "_<wbr>"))


def number(value: float | None) -> str:
    """Write a number of points: at most two decimals, none where there are none."""
    if value is None:
        return "–"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(share: float | None) -> str:
    """Write a share in whole per cent."""
    return "–" if share is None else f"{100 * share:.0f} %"


def plural(count: float, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


@cache
def _environment() -> Environment:
    # Here: grading only cleans texts, and makes no page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Never guessed from a template's name: everything is escaped.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": breakable,
        "line": clean_line,
        "number": number,
        "percent": percent,
        "plural": plural,
        "words": words,
    }
    environment.globals["status_words"] = STATUS_WORDS
    # Our own, written by hand; inside <style> it must not be escaped.
    environment.globals["style"] = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment


def render(template: str, **values: Any) -> str:
    """Render one of the templates beside this file."""
    return _environment().get_template(template).render(**values)


def write_page(path: Path, text: str) -> Path:
    """Write a page whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
    return path
