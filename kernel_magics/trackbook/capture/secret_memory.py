"""Credentials that were known by their names: the same value is a secret wherever else it turns up in this process."""

from __future__ import annotations

import re

from trackbook.capture.secret_values import SECRET

_SHORTEST = 8  # characters: shorter ones are words that stand everywhere
_MOST = 1000  # values; the oldest are forgotten first
_SPACE = re.compile(r"\s")
_known: dict[str, None] = {}


def remember(value: str) -> None:
    """Take note of a value that is a credential; not of words, which may mean something else elsewhere."""
    if len(value) >= _SHORTEST and not value.isalpha() and SECRET not in value and not _SPACE.search(value):
        if len(_known) >= _MOST and value not in _known:
            del _known[next(iter(_known))]
        _known[value] = None


def is_known(value: str) -> bool:
    """Return whether a value is one of those."""
    return value in _known


def without_known(text: str) -> str:
    """Return a text that was shown with ``[secret]`` in place of those values."""
    for value in [value for value in _known if value in text]:
        text = text.replace(value, SECRET)
    return text


def without_known_literals(source: str) -> str:
    """Return code with ``[secret]`` in place of the string literals that hold just one of those values."""
    for value in [value for value in _known if value in source]:
        for quote in ('"', "'"):
            source = source.replace(quote + value + quote, quote + SECRET + quote)
    return source
