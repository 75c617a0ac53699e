"""What comes into a notebook from outside (files, randomness), found again by the statements that it came in at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

from trackbook.capture.trace import CELL, Flowing, Place
from trackbook.records import Source

T = TypeVar("T")
Upstream = Callable[[Iterable[str], Collection[Source]], Iterable[Source]]
"""Gives the statements of earlier cells that flowed into names; beyond those of the second argument nothing."""


class Arrivals(Generic[T]):
    """What came in at statements (a file, randomness), to be found again by what those statements flow into."""

    def __init__(self) -> None:
        self._here: list[tuple[list[Place], T]] = []
        self._earlier: dict[Source, list[T]] = {}

    def add(self, here: list[Place], what: T) -> None:
        """Something came in at the statements that are running."""
        self._here.append((here, what))

    def settle(self, execution_id: str) -> dict[int, list[T]]:
        """The cell has ended: its statements are known by their source from now on; return what came in at each."""
        arrived: dict[int, list[T]] = {}
        for here, what in self._here:
            activation, statement = here[-1] if here else (None, 0)
            if activation == CELL:  # else nobody knows for which statement it came in
                source = Source(execution_id=execution_id, statement=statement)
                self._earlier.setdefault(source, []).append(what)
                arrived.setdefault(statement, []).append(what)
        self._here = []
        return arrived

    def reaching(self, flowing: Flowing, upstream: Upstream) -> list[T]:
        """Return what came in at the statements that flowed into something, each once."""
        found = [what for here, what in self._here if not flowing.places.isdisjoint(here)]
        for source in upstream(flowing.outside, ()):
            found += self._earlier.get(source, [])
        return list(dict.fromkeys(found))
