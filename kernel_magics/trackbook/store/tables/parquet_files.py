"""A kept table as one Parquet file: columns that are kept as the file is to have them are copied, others encoded."""

from __future__ import annotations

import json
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from trackbook.store.objects import Objects
from trackbook.store.tables.arrays import array_of
from trackbook.store.tables.arrow import schema_of
from trackbook.store.tables.indexes import index_of
from trackbook.store.tables.joining import ColumnsFile, FileColumn, Pages, encoded, join, stored_values
from trackbook.store.tables.manifest import Meta, StoredFile, references
from trackbook.store.tables.pandas_tables import frame_of
from trackbook.store.tables.reading import Stored, arrow_columns, arrow_table
from trackbook.store.tables.threads import in_threads

_PANDAS = b"pandas"
_UNKNOWN = (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError)  # of what a file has no place for


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the file. `pandas` is what pandas notes of it there."""

    name: str
    kind: Any
    pages: FileColumn
    pandas: Meta


def write_parquet(objects: Objects, snapshot_id: str, path: Path) -> None:
    """Write the table of a snapshot to a Parquet file, as pandas or Arrow would show it to any reader.

    Pages are copied where the kept column is what the file is to hold; each column is read to see that. So as many
    columns are in memory at once as there are processors, besides those, compressed, that had to be encoded anew: what
    Parquet has no type for, and numbers of pandas with NaN, which are nulls in a file, as pandas itself writes them.

    Raises
    ------
    NotFoundError
        If a piece is missing.
    OSError
        If the file can't be written.
    """
    stored = Stored.open(objects, snapshot_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of labels that are texts in a file
        schema, columns = _Exported(objects, stored).file() if _has_pages(stored) else (None, [])
        if not columns:
            pq.write_table(shown_table(stored), path, compression="zstd")
            return
    with open(path, "wb") as sink:
        join(sink, schema, [column.pages for column in columns])


def shown_table(stored: Stored) -> Any:
    """Return a table as Arrow has it; a DataFrame with the words by which pandas finds its index again."""
    if _is_frame(stored):
        try:
            return pa.Table.from_pandas(frame_of(stored.restore, stored))
        except _UNKNOWN:
            pass
    return arrow_table(stored)


class _Exported:
    """The columns of a snapshot on their way into a file."""

    def __init__(self, objects: Objects, stored: Stored) -> None:
        self._stored = stored
        self._files = [_columns_file(objects, file) for file in stored.manifest.files]

    def file(self) -> tuple[Any, list[_Column]]:
        """Return the schema of the file, and its columns."""
        if _is_frame(self._stored):
            try:
                return self._of_frame()
            except _UNKNOWN:
                pass
        columns = self._of_arrow()
        schema = pa.schema([(column.name, column.kind) for column in columns])
        return schema.with_metadata(_metadata(self._stored)), columns

    def _of_frame(self) -> tuple[Any, list[_Column]]:
        stored = self._stored
        head = pa.Table.from_pandas(frame_of(stored.restore, stored.part(0, 0))).schema
        metas = stored.restore["columns"]
        names = head.names[: len(metas)]
        columns = in_threads(lambda pair: self._of_series(*pair), zip(names, metas, strict=True))
        index = pa.Table.from_pandas(pd.DataFrame(index=index_of(stored.restore["index"], stored)))
        levels = zip(head.names[len(metas) :], index.columns, _noted(index.schema)["columns"], strict=True)
        every = [*columns, *(_Column(name, values.type, encoded(values), noted) for name, values, noted in levels)]
        schema = pa.schema([(column.name, column.kind) for column in every])
        return schema.with_metadata({_PANDAS: _words(head, index.schema, every)}), every

    def _of_series(self, name: str, meta: Meta) -> _Column:
        values = array_of(meta, self._stored.part(0, self._stored.stop))
        series = pd.Series(values, dtype=values.dtype, copy=False)
        found = pa.Table.from_pandas(series.to_frame(name), preserve_index=False)
        return self._column(name, found.column(0), meta, _noted(found.schema)["columns"][0])

    def _of_arrow(self) -> list[_Column]:
        stored = self._stored
        if "schema" not in stored.restore:
            table = arrow_table(stored)
            return [
                _Column(name, table.column(i).type, encoded(table.column(i)), {})
                for i, name in enumerate(table.schema.names)
            ]
        names = schema_of(stored.restore["schema"]).names

        def column(number: int) -> _Column:
            (values,) = arrow_columns(stored.part(0, stored.stop), [number])
            return self._column(names[number], values, stored.restore["columns"][number])

        return list(in_threads(column, range(len(names))))

    def _column(self, name: str, values: Any, meta: Meta, noted: Meta | None = None) -> _Column:
        kept = self._kept(values, meta)
        return _Column(name, values.type, kept or encoded(values), noted or {})

    def _kept(self, values: Any, meta: Meta) -> FileColumn | None:
        """Return the column that is kept, if its pages hold just these values."""
        manifest = self._stored.manifest
        parts = [
            number for number in references(meta) if manifest.files[manifest.arrays[number][0]].rows == len(values)
        ]
        for part in parts:
            file, number = manifest.arrays[part]
            if self._files[file].fits(number, values.type):
                own = self._stored.part(0, self._stored.stop).array({"part": part})
                if _is_same(own, stored_values(values)):
                    return FileColumn(self._files[file], number)
        return None


def _is_frame(stored: Stored) -> bool:
    return bool(stored.restore["table"] == "pandas frame")


def _has_pages(stored: Stored) -> bool:
    """Return whether there is something to copy that may be null wherever it is: what must not be is told otherwise."""
    text = stored.restore.get("schema")
    return stored.stop > 0 and (text is None or all(field.nullable for field in schema_of(text)))


def _metadata(stored: Stored) -> Any:
    text = stored.restore.get("schema")
    return None if text is None else schema_of(text).metadata


def _noted(schema: Any) -> Meta:
    """Return what pandas notes in a file."""
    found: Meta = json.loads(schema.metadata[_PANDAS])
    return found


def _words(head: Any, index: Any, columns: Sequence[_Column]) -> bytes:
    """Return what pandas notes in the file: the table without rows says all but the types of objects, and a range."""
    noted, of_index = _noted(head), _noted(index)["index_columns"]
    ranges = [each for each in of_index if isinstance(each, dict)]
    types = [{key: column.pandas[key] for key in ("pandas_type", "metadata")} for column in columns]
    described = [{**each, **own} for each, own in zip(noted["columns"], types, strict=True)]
    return json.dumps({**noted, "columns": described, "index_columns": ranges or noted["index_columns"]}).encode()


def _columns_file(objects: Objects, file: StoredFile) -> ColumnsFile:
    starts = list(accumulate((piece.size for piece in file.pieces), initial=0))

    def pages(start: int, stop: int) -> Iterator[bytes | memoryview]:
        if file.inline is not None:
            yield file.inline[start:stop]
            return
        number = bisect_right(starts, start) - 1
        while start < stop:
            piece = memoryview(objects.get(file.pieces[number].digest))
            end = min(stop, starts[number + 1])
            yield piece[start - starts[number] : end - starts[number]]
            start, number = end, number + 1

    source: Pages = pages
    return ColumnsFile(file.tail, source)


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two columns, which Parquet keeps alike, hold the same bits, and nulls in the same places."""
    if one.null_count != other.null_count:
        return False
    if pa.types.is_dictionary(other.type):
        one, other = (
            each.cast(each.type.value_type) if pa.types.is_dictionary(each.type) else each for each in (one, other)
        )
    if pa.types.is_primitive(other.type) and pa.types.is_primitive(one.type) and other.type.bit_width > 1:
        bits = getattr(pa, f"int{other.type.bit_width}")()
        one, other = (pa.chunked_array([chunk.view(bits) for chunk in each.chunks], bits) for each in (one, other))
    try:
        return bool(one.cast(other.type).equals(other))
    except pa.ArrowException:
        return False
