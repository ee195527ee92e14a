"""Limits as a course sets them: `c.Sandbox` in nbgrader_config.py, then [limits] in course.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .directory import CourseDirectory, UsageError
from .sandbox import FULL, LEVELS, Limits

CONFIG = "nbgrader_config.py"


def limits_of(course: CourseDirectory) -> Limits:
    """Return the limits of a course; raises UsageError for one that does not exist."""
    configured = {k: v for k, v in sandbox_section(course.root).items() if k != "isolation"}
    return make_limits(configured | dict(course.settings.get("limits", {})))


def make_limits(wanted: Mapping[str, Any]) -> Limits:
    """Make limits of what somebody wrote; raises UsageError."""
    fields = Limits.__dataclass_fields__
    unknown = set(wanted) - set(fields)
    if unknown:
        raise UsageError(
            f"A limit is set that does not exist: {', '.join(sorted(unknown))}. There are: "
            f"{', '.join(fields)}."
        )
    for name, value in wanted.items():
        if type(value) not in (int, float) or value <= 0:
            raise UsageError(f"The limit {name} is {value!r}; it must be a number above 0.")
    return Limits(**wanted)


def level_of(section: Mapping[str, Any]) -> str:
    """Return the level of isolation that a section asks for; raises UsageError."""
    level = section.get("isolation", FULL)
    if level not in LEVELS:
        raise UsageError(f"c.Sandbox.isolation is {level!r}; it can be {', '.join(LEVELS)}.")
    return level


def sandbox_section(root: Path) -> dict[str, Any]:
    """Return what an nbgrader_config.py says of `c.Sandbox`, {} where there is none."""
    if not (root / CONFIG).exists():
        return {}
    # nbgrader itself reads its settings in this way; importing it would take a second.
    from traitlets.config.loader import PyFileConfigLoader

    return dict(PyFileConfigLoader(CONFIG, path=str(root)).load_config().get("Sandbox", {}))
