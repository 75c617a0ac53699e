"""DataFrames and Series of polars, by way of Arrow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from trackbook.store.tables.arrow import table_meta, table_of
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.shelf import Arrays, Shelf, Source


def polars_meta(value: Any, shelf: Shelf) -> Meta:
    """Put a DataFrame or a Series of polars on the shelf.

    Raises
    ------
    UnfitError
        If Arrow does not give it back equal: columns of Python objects, for example.
    """
    polars = sys.modules["polars"]
    is_frame = type(value) is polars.DataFrame
    if not is_frame and type(value) is not polars.Series:
        raise UnfitError(f"it is of the class {type(value).__module__}.{type(value).__qualname__}")
    frame = (value if is_frame else value.to_frame()).clone()  # of a clone: Arrow's chunks are joined in it
    meta = table_meta(_arrow(frame), shelf)
    _check(frame, polars_of(meta, Arrays(shelf.arrays.__getitem__, frame.height)), polars)
    return meta if is_frame else {**meta, "series": True}


def polars_of(meta: Meta, source: Source, columns: Sequence[int] | None = None) -> Any:
    """Return what `polars_meta` was given, or some of its columns by number."""
    import polars

    table = table_of(meta, source, columns)
    names = table.schema.names
    found: Any = polars.from_arrow(table) if names else polars.DataFrame(height=source.stop - source.start)
    return found.to_series(0) if meta.get("series") else found


def _arrow(frame: Any) -> Any:
    if not frame.width and frame.height:
        raise UnfitError("it has rows and no columns")
    try:
        return frame.to_arrow()
    except Exception as error:  # noqa: BLE001  # polars has errors of many classes, panics among them
        raise UnfitError(f"it has columns that Arrow does not know ({str(error)[:80]})") from None


def _check(frame: Any, found: Any, polars: Any) -> None:
    for name in frame.columns:
        one, other = frame.get_column(name), found.get_column(name)
        if one.dtype != other.dtype or not one.equals(other, check_dtypes=True, null_equal=True):
            raise UnfitError(f"column {name!r} has values of {one.dtype}, which Arrow does not give back equal")
