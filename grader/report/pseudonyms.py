"""Pseudonyms: the same for a student all through a course, and no way back without its secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from ..directory import CourseDirectory
from ..pages import clean_line

# No vowels, so no words; no letters and digits that look alike.
_LETTERS = "23456789BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8


class Names:
    """How a report calls students: by pseudonyms, or by their ids where `real`."""

    def __init__(self, course: CourseDirectory, *, real: bool = False) -> None:
        self.real = real
        path = course.root / ".secret"
        self.lasting = path.exists()
        """whether the next report will use the same pseudonyms"""
        # An unkeyed hash could be undone by trying all student ids.
        word = path.read_bytes().strip() if self.lasting else secrets.token_bytes(32)
        self._key = hmac.digest(word, b"pseudonyms", hashlib.sha256)

    def of(self, student: str) -> str:
        """Return the name to show, on one line; a long id is cut in the middle."""
        if self.real:
            name = clean_line(student, 300)
            return name if len(name) <= 60 else f"{name[:40]}…{name[-15:]}"
        digest = hmac.digest(self._key, student.encode("utf-8", "replace"), hashlib.sha256)
        number = int.from_bytes(digest, "big")
        letters = ""
        for _ in range(_LENGTH):
            number, place = divmod(number, len(_LETTERS))
            letters += _LETTERS[place]
        return f"{letters[:4]}-{letters[4:]}"
