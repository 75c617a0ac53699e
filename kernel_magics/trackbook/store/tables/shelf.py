"""Where the arrays of one table are put down while it is taken apart, and taken up again when it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa

from trackbook.store.tables.manifest import Meta


class Shelf:
    """Arrow arrays in the order in which they were put down."""

    def __init__(self, arrays: list[Any] | None = None, key: str = "part") -> None:
        self.arrays: list[Any] = [] if arrays is None else arrays
        self._key = key

    def put(self, array: Any) -> Meta:
        """Put an array down and return how it is found again."""
        self.arrays.append(array)
        return {self._key: len(self.arrays) - 1}

    @property
    def is_beside(self) -> bool:
        """Whether what is put down here is never read in part."""
        return self._key == "whole"

    @property
    def beside(self) -> Shelf:
        """The same shelf, for arrays that have a length of their own: categories, say, which any rows need whole."""
        return Shelf(self.arrays, "whole")


class Source(Protocol):
    """Where stored arrays come from. `start` and `stop` are the rows that are asked for."""

    start: int
    stop: int

    def array(self, reference: Meta) -> Any:
        """Return a stored array as one of Arrow's chunked arrays: all of it, or the rows that are asked for."""


class Arrays:
    """Stored arrays of which all rows are wanted, in memory or loaded one by one."""

    def __init__(self, load: Callable[[int], Any], rows: int) -> None:
        self._load = load
        self.start, self.stop = 0, rows

    def array(self, reference: Meta) -> Any:
        """Return a stored array."""
        found = self._load(reference["part"] if "part" in reference else reference["whole"])
        return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
