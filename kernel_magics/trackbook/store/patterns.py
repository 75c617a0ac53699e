"""What LIKE, ILIKE and CONTAINS find, as SQLite's GLOB and as a regular expression that finds the same.

GLOB is told apart by upper and lower case, which LIKE is not in SQLite, and takes sets of characters, which makes any
letter's case indifferent (SQLite's LIKE only knows that of ASCII). PostgreSQL would take the regular expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trackbook.records import encode
from trackbook.records.query import Operator

_GLOB_SPECIAL = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern as its parts: ``%`` for anything, ``_`` for one character, else a text that stands there.

    `is_caseless`: upper and lower case are one.
    """

    parts: tuple[tuple[str, bool], ...]  # a text, and whether it is a wildcard
    is_caseless: bool

    def glob(self, before: str = "", after: str = "", *, is_json: bool = False) -> str:
        """Return the pattern for GLOB, with exact texts around it; `is_json` for a text as it stands in JSON."""
        inner = "".join(
            {"%": "*", "_": "?"}[text] if is_wild else self._glob_text(_json(text) if is_json else text)
            for text, is_wild in self.parts
        )
        return _exact_glob(before) + inner + _exact_glob(after)

    def matches(self, text: str, *, is_json: bool = False) -> bool:
        """Return whether a whole text is what the pattern describes."""
        inner = "".join(
            {"%": ".*", "_": "."}[part] if is_wild else self._regex_text(_json(part) if is_json else part)
            for part, is_wild in self.parts
        )
        return re.fullmatch(inner, text, re.DOTALL) is not None

    def _glob_text(self, text: str) -> str:
        if not self.is_caseless or len(text) > 1:
            return _exact_glob(text)
        cases = _cases(text)
        return f"[{cases}]" if len(cases) > 1 else _exact_glob(text)

    def _regex_text(self, text: str) -> str:
        return f"[{re.escape(_cases(text))}]" if self.is_caseless and len(text) == 1 else re.escape(text)


def pattern_of(operator: Operator, text: str) -> Pattern:
    """Return the pattern that a text is for LIKE, ILIKE or CONTAINS."""
    if operator is Operator.CONTAINS:
        parts = (("%", True), *((character, False) for character in text), ("%", True))
        return Pattern(parts=parts, is_caseless=True)
    parts = tuple((character, character in "%_") for character in text)
    return Pattern(parts=parts, is_caseless=operator is Operator.ILIKE)


def ending(text: str) -> str:
    """Return the GLOB of texts that end so."""
    return "*" + _exact_glob(text)


def beginning(text: str) -> str:
    """Return the GLOB of texts that begin so."""
    return _exact_glob(text) + "*"


def _cases(character: str) -> str:
    found = dict.fromkeys((character, character.lower(), character.upper()))
    return "".join(each for each in found if len(each) == 1)


def _exact_glob(text: str) -> str:
    return "".join(f"[{character}]" if character in _GLOB_SPECIAL else character for character in text)


def _json(character: str) -> str:
    return encode(character)[1:-1]
