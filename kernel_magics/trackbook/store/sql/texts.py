"""Texts that a row can't hold go to an object, and the row holds its digest instead. One place for every column.

What a row can't hold: more than 16 KiB; a NUL (PostgreSQL), a lone surrogate (no UTF-8 has one); and what looks like
such a digest itself. One text always gives one stored form, so that rows can be looked up by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from trackbook.store.objects import Objects

LONGEST = 16 * 1024  # bytes of UTF-8
MARK = "object:sha256:"


def fits(text: str) -> bool:
    """Return whether a row can hold a text as it is."""
    if len(text) > LONGEST or "\0" in text or text.startswith(MARK):
        return False
    if text.isascii():
        return True
    try:
        return len(text.encode()) <= LONGEST
    except UnicodeEncodeError:
        return False


def stored(text: str) -> str:
    """Return what a row holds for a text."""
    return text if fits(text) else MARK + hashlib.sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


class Texts:
    """The way of texts into rows and out of them."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def packed(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a row as it is stored; objects are written before any row names them."""
        together = "".join([value for value in row if type(value) is str])
        if MARK not in together and fits(together):  # what fits together fits one by one
            return row
        return tuple([self.stored(value) if isinstance(value, str) else value for value in row])

    def stored(self, text: str) -> str:
        """Return what a row holds for a text, whose object is written if it needs one."""
        return text if fits(text) else MARK + self._objects.put(_bytes(text))

    def whole(self, rows: list[tuple[Any, ...]], columns: Iterable[int]) -> list[tuple[Any, ...]]:
        """Return rows of a result with every text whole, given the positions of their texts."""
        for column in columns:
            if MARK in "".join(filter(None, map(itemgetter(column), rows))):
                return [tuple(map(self._whole, row)) for row in rows]
        return rows

    def _whole(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(MARK):
            return self._objects.get(value.removeprefix(MARK)).decode(errors="surrogatepass")
        return value
