"""Limits as a course sets them: `c.Sandbox` in its nbgrader_config.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .directory import CourseDirectory, UsageError
from .sandbox import FULL, LEVELS, Limits


def limits_of(course: CourseDirectory) -> Limits:
    """Return the limits of a course; raises UsageError for one that does not exist."""
    return make_limits(course.section("Sandbox"))


def make_limits(wanted: Mapping[str, Any]) -> Limits:
    """Make limits of what `c.Sandbox` says; raises UsageError."""
    wanted = {name: value for name, value in wanted.items() if name != "isolation"}
    fields = Limits.__dataclass_fields__
    unknown = set(wanted) - set(fields)
    if unknown:
        raise UsageError(
            f"c.Sandbox sets a limit that does not exist: {', '.join(sorted(unknown))}. There are: "
            f"{', '.join(fields)}."
        )
    for name, value in wanted.items():
        if type(value) not in (int, float) or value <= 0:
            raise UsageError(f"c.Sandbox.{name} is {value!r}; it must be a number above 0.")
    return Limits(**wanted)


def level_of(section: Mapping[str, Any]) -> str:
    """Return the level of isolation that `c.Sandbox` asks for; raises UsageError."""
    level = section.get("isolation", FULL)
    if level not in LEVELS:
        raise UsageError(f"c.Sandbox.isolation is {level!r}; it can be {', '.join(LEVELS)}.")
    return level
