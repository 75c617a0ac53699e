"""Texts that a row can't hold go to an object, and the row holds its digest instead. One place for every column.

What a row can't hold: more than 16 KiB; a NUL (PostgreSQL), a lone surrogate (no UTF-8 has one); and what looks like
such a digest itself. One text always gives one stored form, so that rows can be looked up by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult

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

    def packed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as it is stored; objects are written before any row names them."""
        return {name: self._packed(value) if isinstance(value, str) else value for name, value in row.items()}

    def _packed(self, text: str) -> str:
        return text if fits(text) else MARK + self._objects.put(_bytes(text))

    def rows(self, result: CursorResult[Any]) -> Sequence[Any]:
        """Return the rows of a result with every text whole."""
        rows = result.all()
        if not any(MARK in "".join(_texts(column)) for column in zip(*rows, strict=True)):
            return rows  # one search over joined columns costs a tenth of looking at each value
        return [_Row(zip(row._fields, map(self._whole, row), strict=True)) for row in rows]

    def _whole(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(MARK):
            return self._objects.get(value.removeprefix(MARK)).decode(errors="surrogatepass")
        return value


class _Row:
    """What a row of a result is for its readers: values in order, and by name."""

    def __init__(self, items: Iterable[tuple[str, Any]]) -> None:
        self.__dict__.update(items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.__dict__.values())


def _texts(column: Iterable[Any]) -> Iterable[str]:
    return (value for value in column if type(value) is str)
