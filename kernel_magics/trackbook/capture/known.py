"""Remembers facts about objects without keeping the objects: by identity, by the memory they look into, by content."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Generic, TypeVar
from weakref import ref

T = TypeVar("T")
_MOST_EQUAL = 8  # facts about equal contents; the oldest go first
_MOST_CONTENTS = 4096  # facts found again by content; the oldest go first


class Known(Generic[T]):
    """Facts about objects, found again by the object, by a view of it, or by an equal copy of its values."""

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[ref[object], T]] = {}
        self._by_content: dict[bytes, list[T]] = {}

    def put(self, value: object, fact: T, *, by_owner: bool = False, by_content: bool = False) -> None:
        """Remember a fact about an object (the newest wins).

        `by_owner`: also about the memory that it looks into, `by_content`: also about its values.
        """
        for item in _with_owner(value) if by_owner else (value,):
            self._put(item, fact)
        digest = content_digest(value) if by_content else None
        if digest is not None:
            facts = self._by_content.pop(digest, [])
            if len(self._by_content) >= _MOST_CONTENTS:
                self._by_content.pop(next(iter(self._by_content)))
            self._by_content[digest] = [*facts[-_MOST_EQUAL + 1 :], fact]

    def get(self, value: object) -> T | None:
        """Return the fact about this very object, or about the memory that it looks into."""
        for item in _with_owner(value):
            entry = self._by_id.get(id(item))
            if entry is not None and entry[0]() is item:
                return entry[1]
        return None

    def alive(self) -> list[tuple[object, T]]:
        """Return the objects that still live, with their facts."""
        return [(value, fact) for watched, fact in list(self._by_id.values()) if (value := watched()) is not None]

    def equal_to(self, value: object) -> list[T]:
        """Return the facts about objects that held the same values, oldest first."""
        digest = content_digest(value)
        return self._by_content.get(digest, []) if digest is not None else []

    def _put(self, item: object, fact: T) -> None:
        key = id(item)

        def forget(_: ref[object], by_id: dict[int, tuple[ref[object], T]] = self._by_id) -> None:
            by_id.pop(key, None)

        try:
            self._by_id[key] = (ref(item, forget), fact)
        except TypeError:
            return  # lists, tuples and numbers can't be watched: they are found by content alone


def content_digest(value: object) -> bytes | None:
    """Return a hash of the values in a list, array or Series, whatever holds them; None for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not _is_sequence(value):
        return None
    from xxhash import xxh3_128_digest

    try:
        array = numpy.asarray(value)
    except ValueError:  # a list of lists of different lengths
        return None
    if array.dtype.kind in "biuf":
        content = numpy.ascontiguousarray(array, dtype="float64").tobytes()
    elif array.dtype.kind in "OUS" and array.size <= 1_000_000:
        content = "\x00".join(map(str, array.ravel().tolist())).encode("utf-8", "surrogatepass")
    else:
        return None
    size: int = array.size
    return xxh3_128_digest(content + size.to_bytes(8, "little"))


def _is_sequence(value: object) -> bool:
    module = type(value).__module__.partition(".")[0]
    if module in ("numpy", "pandas"):
        return hasattr(value, "__array__") and hasattr(value, "shape")
    return isinstance(value, list | tuple) and len(value) > 0 and isinstance(value[0], int | float | str | bool)


def _with_owner(value: object) -> Iterator[object]:
    """Yield an object and, for an array that is a view, the array that owns the memory."""
    yield value
    base = getattr(value, "base", None) if type(value).__module__.partition(".")[0] == "numpy" else None
    while base is not None and type(base).__module__.partition(".")[0] == "numpy":
        owner, base = base, getattr(base, "base", None)
        if base is None:
            yield owner
