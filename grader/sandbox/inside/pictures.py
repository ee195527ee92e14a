"""Pictures that need not be drawn again: those of a lesson's own cells, the same for a whole class.

Drawing a figure takes longer than all other cells of a notebook together. What it would look like
is known from its parts: a figure whose fingerprint is known is sent as that fingerprint alone, and
whoever grades puts the picture in its place.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import pickle
from collections.abc import Callable, Iterable
from typing import Any

MARK = "known picture "
"""Stands, with a fingerprint, for a picture; base64 has no spaces."""

MOST_REMEMBERED = 64

_known: set[str] = set()
_drawn: dict[str, str] = {}


def know(fingerprints: Iterable[str]) -> None:
    """Say of which figures the pictures are known elsewhere."""
    _known.update(fingerprints)


def drawn() -> dict[str, str]:
    """Return what has been drawn here, by fingerprint."""
    return dict(_drawn)


def forget() -> None:
    """Forget what has been drawn here."""
    _drawn.clear()


def install() -> None:
    """Have IPython ask here before it draws a figure."""
    from IPython.core import pylabtools

    pylabtools.print_figure = _instead_of(pylabtools.print_figure)


def _instead_of(draw: Callable[..., Any]) -> Callable[..., Any]:
    def print_figure(figure: Any, fmt: str = "png", **options: Any) -> Any:
        found = None
        if fmt == "png" and options.get("base64"):
            found = fingerprint(figure, options)
        if found in _known:
            return f"{MARK}{found}"
        picture = draw(figure, fmt=fmt, **options)
        if found is not None and type(picture) is str and len(_drawn) < MOST_REMEMBERED:
            _drawn[found] = picture
        return picture

    return print_figure


def fingerprint(figure: Any, options: dict[str, Any]) -> str | None:
    """Return what tells a figure from all that would look different, None where that is not known.

    A figure with something of the notebook's own in it, such as a function, cannot be told.
    """
    import matplotlib

    parts = io.BytesIO()
    try:
        _Parts(parts, protocol=5).dump(
            [figure, sorted(options.items()), [*matplotlib.rcParams.items()]]
        )
    except Exception:
        return None
    return hashlib.sha256(parts.getbuffer()).hexdigest()


class _Parts(pickle.Pickler):
    """Writes down what a figure consists of; it is never read again."""

    def reducer_override(self, value: Any) -> Any:
        """Leave out where in memory things are."""
        from matplotlib.transforms import TransformNode

        if not isinstance(value, TransformNode):
            return NotImplemented
        state = {k: v for k, v in vars(value).items() if k != "_parents"}
        return copyreg.__newobj__, (type(value),), state  # type: ignore[attr-defined]
