"""DataFrames and Series of pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from trackbook.errors import NotFoundError
from trackbook.store.tables.arrays import array_arrow, array_meta, array_of
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.indexes import index_arrow, index_meta, index_of
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.shelf import Shelf, Source
from trackbook.store.tables.values import value_json, value_of


def frame_meta(frame: Any, shelf: Shelf) -> Meta:
    """Put a DataFrame on the shelf."""
    labels = [str(label) for label in frame.columns]
    columns = zip(labels, (series for _, series in frame.items()), strict=True)
    values = [_column_meta(label, _values(series), shelf) for label, series in columns]
    return {
        "labels": index_meta(frame.columns, shelf.beside),
        "index": index_meta(frame.index, shelf),
        "columns": values,
        "dtypes": [str(dtype) for dtype in frame.dtypes],
        **_marks(frame),
    }


def frame_labels(meta: Meta, source: Source) -> Any:
    """Return the labels of a DataFrame's columns, an index."""
    return index_of(meta["labels"], source)


def frame_columns(meta: Meta, source: Source, columns: Sequence[Any]) -> list[int]:
    """Return the numbers of columns by label, as ``frame[columns]`` would take them."""
    labels = frame_labels(meta, source)
    places = pd.DataFrame(np.arange(len(labels))[None], columns=labels)
    try:
        picked = places[list(columns)]
    except KeyError:
        lacking = ", ".join(repr(label) for label in columns if label not in labels)
        known = ", ".join(str(label) for label in labels[:12])
        more = f" and {len(labels) - 12} more" if len(labels) > 12 else ""
        raise NotFoundError(f"The snapshot has no such columns: {lacking}. Its columns: {known}{more}.") from None
    return [int(number) for number in picked.iloc[0]]


def frame_of(meta: Meta, source: Source, columns: Sequence[int] | None = None) -> Any:
    """Return a DataFrame, or some of its columns by number."""
    numbers = range(len(meta["columns"])) if columns is None else columns
    labels = frame_labels(meta, source)
    kept = [_series(array_of(meta["columns"][number], source)) for number in numbers]
    frame = pd.DataFrame(dict(enumerate(kept)), index=None if kept else range(source.stop - source.start))
    frame.index = index_of(meta["index"], source)
    frame.columns = labels if columns is None else labels[list(numbers)]
    return _marked(frame, meta)


def series_meta(series: Any, shelf: Shelf) -> Meta:
    """Put a Series on the shelf."""
    return {
        "name": value_json(series.name),
        "index": index_meta(series.index, shelf),
        "columns": [array_meta(_values(series), shelf)],
        "dtypes": [str(series.dtype)],
        **_marks(series),
    }


def series_of(meta: Meta, source: Source) -> Any:
    """Return the Series that `series_meta` was given, or some of its rows."""
    series = _series(array_of(meta["columns"][0], source))
    series.index = index_of(meta["index"], source)
    series.name = value_of(meta["name"])
    return _marked(series, meta)


def names_of(meta: Meta, source: Source) -> list[str]:
    """Return the columns' names as text."""
    if "labels" in meta:
        return [str(label) for label in frame_labels(meta, source)]
    name = value_of(meta["name"])
    return ["values" if name is None else str(name)]


def columns_arrow(meta: Meta, source: Source, columns: Sequence[int]) -> list[Any]:
    """Return columns by number as Arrow shows them."""
    return [array_arrow(meta["columns"][number], source) for number in columns]


def index_columns(meta: Meta, source: Source) -> list[tuple[str, Any]]:
    """Return the index as named Arrow columns, none for one of equal distances without a name."""
    index = meta["index"]
    names = [value_of(name) for name in index["names"]]
    if "range" in index and names == [None]:
        return []
    titles = [f"__index_level_{i}__" if name is None else str(name) for i, name in enumerate(names)]
    if "levels" not in index:
        return [(titles[0], index_arrow(index, source))]
    levels = [array_arrow({"as": "categorical", "ordered": False, **level}, source) for level in index["levels"]]
    return list(zip(titles, map(_plain, levels), strict=True))


def _plain(column: Any) -> Any:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _values(series: Any) -> Any:
    return series.to_numpy(copy=False) if isinstance(series.dtype, np.dtype) else series.array


def _series(values: Any) -> Any:
    return pd.Series(values, dtype=values.dtype, copy=False)  # without its dtype pandas would make text of objects


def _column_meta(label: str, values: Any, shelf: Shelf) -> Meta:
    try:
        return array_meta(values, shelf)
    except UnfitError as error:
        raise UnfitError(f"column {label!r} has {error}") from None


def _marks(table: Any) -> Meta:
    marks: Meta = {}
    if table.attrs:
        try:
            marks["attrs"] = value_json(table.attrs)
        except UnfitError as error:
            raise UnfitError(f"its attrs have {error}") from None
    if not table.flags.allows_duplicate_labels:
        marks["unique"] = True
    return marks


def _marked(table: Any, meta: Meta) -> Any:
    if "attrs" in meta:
        table.attrs = value_of(meta["attrs"])
    if meta.get("unique"):
        table.flags.allows_duplicate_labels = False
    return table
