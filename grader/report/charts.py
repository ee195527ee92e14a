"""Charts as inline SVG: in the page's own colours, readable without them, with a title and words.

Matplotlib draws; what it writes is then made fit for a page: text stays text, colours become the
page's, ids become unique, and everything that points outside is taken out.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..pages import clean_line, percent, plural
from .summary import ExerciseShare, MistakeCount, Summary

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"

# Stand-ins that are looked up again in what matplotlib wrote.
_INK, _BAR, _BAR_TWO, _PAPER, _FAINT = "#010203", "#010204", "#010205", "#010206", "#010207"
_COLOURS = {
    _INK: "currentColor",
    _BAR: "var(--bar)",
    _BAR_TWO: "var(--bar-two)",
    _PAPER: "var(--page)",
    _FAINT: "var(--line)",
}
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "grader",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "hatch.color": _PAPER,
    "hatch.linewidth": 1.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # "$" in a text is a dollar, not mathematics that may not parse.
    "text.parse_math": False,
}
_WIDTH = 5.4

MOST_MISTAKES = 12


def score_chart(found: Summary) -> Markup:
    """Draw how many submissions have which score."""
    bins = found.histogram
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, 2.7), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(bins))
        bars = axes.bar(places, [b.count for b in bins], 0.86, color=_BAR, edgecolor=_INK)
        # Full marks are another kind of bar: hatched, so that it shows without colour.
        bars[-1].set_hatch("///")
        for place, one in zip(places, bins, strict=True):
            if one.count:
                axes.annotate(
                    str(one.count),
                    (place, one.count),
                    (0, 2),
                    textcoords="offset points",
                    ha="center",
                )
        narrow = all(one.high - one.low <= 1 for one in bins)
        labels = [f"{b.low:g}" if narrow or b.full else f"{b.low:g}–" for b in bins]
        axes.set_xticks(places, labels, fontsize=9)
        axes.set_xlabel("points" if narrow else "points, from")
        axes.set_ylabel("submissions")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_ylim(0, max(1, max(b.count for b in bins)) * 1.12)
        _tidy(axes)
        title = "Scores"
        filled = [f"{plural(b.count, 'submission')} with {b.label}" for b in bins if b.count]
        return _finish(figure, "scores", title, f"Bar chart. {'; '.join(filled) or 'No scores'}.")


def exercise_chart(exercises: Sequence[ExerciseShare]) -> Markup:
    """Draw the share of submissions that passed all checks of each exercise."""
    rows = [_Row(e.name, e.share, _of(e.right, e.of)) for e in exercises if e.of]
    return _shares(rows, "exercises", "Share right, by exercise")


def check_chart(exercises: Sequence[ExerciseShare]) -> Markup:
    """Draw the share of submissions that passed each check."""
    rows = [
        _Row(f"{check.id}: {check.idea}", check.share, _of(check.right, check.of), check.hidden)
        for exercise in exercises
        for check in exercise.checks
        if check.of
    ]
    return _shares(rows, "checks", "Share right, by check")


def mistake_chart(mistakes: Sequence[MistakeCount]) -> Markup:
    """Draw how many students made each of the commonest mistakes."""
    shown = mistakes[:MOST_MISTAKES]
    most = max((mistake.count for mistake in shown), default=1)
    rows = [
        _Row(f"{m.exercise}: {m.what}", m.count / most, plural(m.count, "student")) for m in shown
    ]
    return _shares(rows, "mistakes", "Mistakes, the commonest first", track=False)


def _of(right: int, of: int) -> str:
    return f"{percent(right / of)}, {right} of {of}"


@dataclass(frozen=True)
class _Row:
    label: str
    length: float | None
    value: str
    hidden: bool = False


def _shares(rows: Sequence[_Row], name: str, title: str, *, track: bool = True) -> Markup:
    """Draw rows of a label with a bar below it, so that labels may be long and the page narrow."""
    texts = [clean_line(row.label, 160).replace("`", "") for row in rows]
    labels = [textwrap.wrap(text, 66)[:2] or [""] for text in texts]
    height = sum(0.27 + 0.17 * len(lines) for lines in labels) + 0.1
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, max(height, 0.6)))
        axes = figure.add_axes((0.005, 0.0, 0.99, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0, 1.42)
        axes.set_ylim(height, 0)
        top = 0.0
        for row, lines in zip(rows, labels, strict=True):
            below = top + 0.04 + 0.17 * len(lines)
            axes.text(0, below - 0.02, "\n".join(lines), va="bottom", fontsize=9.5, linespacing=1.1)
            middle = below + 0.085
            if track:
                axes.barh(middle, 1, 0.13, color="none", edgecolor=_FAINT, linewidth=0.8)
            if row.length:
                axes.barh(
                    middle,
                    row.length,
                    0.13,
                    color=_BAR_TWO if row.hidden else _BAR,
                    edgecolor=_INK,
                    linewidth=0.8,
                    hatch="////" if row.hidden else None,
                )
            start = 1.0 if track else row.length or 0.0
            axes.text(start + 0.02, middle, row.value, va="center_baseline", fontsize=9.5)
            top += 0.27 + 0.17 * len(lines)
        what = "; ".join(f"{text}: {row.value}" for text, row in zip(texts, rows, strict=True))
        return _finish(figure, name, title, f"Bar chart. {what or 'Nothing to show'}.")


def _tidy(axes: Axes) -> None:
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", color=_FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _finish(figure: Figure, name: str, title: str, description: str) -> Markup:
    """Turn a figure into SVG for the inside of a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    for stand_in, colour in _COLOURS.items():
        text = text.replace(stand_in, colour)
    root = ElementTree.fromstring(text)
    for element in list(root):
        if element.tag == f"{{{_SVG}}}metadata":
            root.remove(element)
    ours = _ids_of_its_own(root, name)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{ours}title {ours}desc"}
    for place, (tag, words) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{ours}{tag}"})
        element.text = words
        root.insert(place, element)
    # The reader's font, as on the rest of the page.
    for element in root.iter(f"{{{_SVG}}}text"):
        element.set("style", element.get("style", "").replace("sans-serif", "inherit"))
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    # ElementTree escapes all texts, and nothing in the drawing comes from anywhere else.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _ids_of_its_own(root: ElementTree.Element, name: str) -> str:
    """Give all ids the chart's name in front, so that several charts fit on a page."""
    prefix = f"{name}-"
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, prefix + value)
            elif key == f"{{{_XLINK}}}href" and value.startswith("#"):
                element.set(key, f"#{prefix}{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{prefix}"))
    return prefix
