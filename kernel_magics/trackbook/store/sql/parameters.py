"""Lists as one parameter each, for conditions that take however many there are (`core.among`)."""

from __future__ import annotations

from collections.abc import Iterable

from trackbook.records import JsonValue, encode
from trackbook.store.sql.texts import stored


def ids(values: Iterable[str]) -> str:
    """Return ids as rows hold them."""
    return texts(stored(value) for value in values)


def texts(values: Iterable[str]) -> str:
    """Return texts that are such as rows hold them."""
    return encode(list[JsonValue](values))


def numbers(values: Iterable[int]) -> str:
    """Return numbers of runs or keys."""
    return encode(list[JsonValue](values))
