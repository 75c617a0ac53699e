"""Work on several columns at once: Parquet, compression and hashing let Python's lock go."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_MOST = 8


def in_threads(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Sequence[_Result]:
    """Return what a function gives for each item, in their order; one after another while Python is shutting down."""
    waiting = list(items)
    if len(waiting) < 2:
        return [function(item) for item in waiting]
    with ThreadPoolExecutor(min(_MOST, os.cpu_count() or 1, len(waiting)), "trackbook-tables") as pool:
        try:
            futures = [pool.submit(function, item) for item in waiting]
        except RuntimeError:  # no thread can be started any more
            return [function(item) for item in waiting]
        return [future.result() for future in futures]
