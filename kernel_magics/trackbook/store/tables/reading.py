"""Reads tables: whole, or some columns and rows of them, by the pieces that hold those and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa

from trackbook.errors import InvalidValueError
from trackbook.store.objects import Objects
from trackbook.store.tables.kinds import kind_of, pick
from trackbook.store.tables.manifest import Manifest, Meta, StoredFile, read_manifest, references
from trackbook.store.tables.pandas_tables import index_columns
from trackbook.store.tables.parquet import Page, footer_of, is_flat, put_together, read_file, with_chunks
from trackbook.store.tables.threads import in_threads

_FORMS = (None, "pandas", "arrow", "polars")


def read(
    objects: Objects,
    snapshot_id: str,
    columns: Sequence[Any] | None = None,
    rows: slice | range | tuple[int, int] | None = None,
    as_: str | None = None,
) -> Any:
    """Return the table of a snapshot, or a part of it.

    Parameters
    ----------
    objects
        Where its pieces are.
    snapshot_id
        The digest of its manifest.
    columns
        Labels, taken as ``frame[columns]`` takes them; the names of an Arrow or polars table; None for all.
    rows
        A range of positions, such as ``slice(0, 100)`` or ``(0, 100)``; None for all.
    as_
        ``pandas``, ``arrow`` or ``polars``; None for what was kept: then all of it is equal to that in every respect.

    Raises
    ------
    NotFoundError
        If a piece is missing or spoilt, or there is no such column.
    InvalidValueError
        If the rows are no range, or there is no such form.
    """
    if as_ not in _FORMS:
        raise InvalidValueError(f"A table can't be read as {as_!r}. It is read as pandas, arrow or polars.")
    stored = Stored.open(objects, snapshot_id, rows)
    numbers = None if columns is None else pick(stored.restore, stored, _listed(columns))
    own = stored.restore["table"]
    if as_ is None or own.startswith(as_):
        return _own(stored, numbers)
    table = arrow_table(stored, numbers)
    return table if as_ == "arrow" else _as_pandas(stored, table) if as_ == "pandas" else _as_polars(table)


def arrow_table(stored: Stored, numbers: Sequence[int] | None = None) -> Any:
    """Return a table, or some of its columns by number, as Arrow's; an index with more to say than a number last."""
    if stored.restore["table"].startswith("arrow") and "schema" in stored.restore:
        return kind_of(stored.restore).read(stored.restore, stored, numbers)
    names = kind_of(stored.restore).names(stored.restore, stored)
    numbers = list(range(len(names))) if numbers is None else list(numbers)
    arrays = arrow_columns(stored, numbers)
    index = index_columns(stored.restore, stored) if "index" in stored.restore else []
    titles = [names[number] for number in numbers]
    return pa.Table.from_arrays(
        [*arrays, *(array for _, array in index)], names=[*titles, *(name for name, _ in index)]
    )


def arrow_columns(stored: Stored, numbers: Sequence[int]) -> list[Any]:
    """Return columns by number as Arrow's chunked arrays."""
    restore = stored.restore
    wanted = [restore["columns"][number] for number in numbers] if "columns" in restore else restore
    stored.load(references(wanted))
    return kind_of(restore).arrow(restore, stored, numbers)


class Stored:
    """The stored arrays of a snapshot, for a range of its rows; each is read once."""

    def __init__(self, objects: Objects, manifest: Manifest, start: int, stop: int) -> None:
        self.manifest = manifest
        self.start, self.stop = start, stop
        self._objects = objects
        self._found: dict[tuple[int, int, int], Any] = {}
        self._small: dict[int, Any] = {}  # shared with the parts

    @classmethod
    def open(cls, objects: Objects, snapshot_id: str, rows: slice | range | tuple[int, int] | None = None) -> Stored:
        """Return a snapshot's arrays."""
        manifest = read_manifest(objects, snapshot_id)
        return cls(objects, manifest, *_bounds(rows, manifest.rows))

    @property
    def restore(self) -> Meta:
        """How the table is made of the arrays."""
        return self.manifest.restore

    def part(self, start: int, stop: int) -> Stored:
        """Return the arrays of the same snapshot for other rows."""
        part = Stored(self._objects, self.manifest, start, stop)
        part._small = self._small
        return part

    def array(self, reference: Meta) -> Any:
        """Return a stored array, or its part that the asked rows have."""
        if "whole" in reference:
            return self._column(reference["whole"], 0, None)
        each = reference.get("each", 1)
        return self._column(reference["part"], self.start * each, self.stop * each)

    def load(self, numbers: set[int]) -> None:
        """Read the files of some arrays side by side, where whole files are wanted."""
        if (self.start, self.stop) != (0, self.manifest.rows):
            return
        files = sorted({self.manifest.arrays[number][0] for number in numbers})
        in_threads(lambda file: self._column_of(file, 0, 0, self.manifest.files[file].rows), files)

    def _column(self, number: int, start: int, stop: int | None) -> Any:
        file, column = self.manifest.arrays[number]
        stop = self.manifest.files[file].rows if stop is None else stop
        return self._column_of(file, column, start, stop)

    def _column_of(self, number: int, column: int, start: int, stop: int) -> Any:
        file = self.manifest.files[number]
        if file.inline is not None or file.columns > 1:  # small, and many columns need it
            if number not in self._small:
                self._small[number] = self._read_whole(file)
            return self._small[number].column(column).slice(start, stop - start)
        key = (number, start, stop)
        if key not in self._found:
            self._found[key] = self._read(file, start, stop)
        return self._found[key].column(column)

    def _read(self, file: StoredFile, start: int, stop: int) -> Any:
        if (start, stop) == (0, file.rows) or not is_flat(footer_of(file.tail)):
            return self._read_whole(file).slice(start, stop - start)
        return self._read_pages(file, start, stop)

    def _read_whole(self, file: StoredFile) -> Any:
        inline = [] if file.inline is None else [file.inline]
        pieces = [self._objects.get(piece.digest) for piece in file.pieces]
        return read_file(put_together(inline + pieces, file.tail))

    def _read_pages(self, file: StoredFile, start: int, stop: int) -> Any:
        first, chunks = _pages(file, start, stop)
        pieces = _Pieces(self._objects, file)
        kept = [(group, [page for _, page in pages]) for group, pages in chunks]
        content = [pieces.get(at, page.size) for _, pages in chunks for at, page in pages]
        table = read_file(put_together(content, with_chunks(footer_of(file.tail), kept)))
        return table.slice(start - first, stop - start)


class _Pieces:
    """Bytes of a stored file by position; a piece is read once."""

    def __init__(self, objects: Objects, file: StoredFile) -> None:
        self._objects = objects
        self._file = file
        self._starts = [0, *accumulate(piece.size for piece in file.pieces)]
        self._found: dict[int, bytes] = {}

    def get(self, at: int, size: int) -> bytes:
        from bisect import bisect_right

        number = bisect_right(self._starts, at) - 1
        if number not in self._found:
            self._found[number] = self._objects.get(self._file.pieces[number].digest)
        start = at - self._starts[number]
        return self._found[number][start : start + size]


def _pages(file: StoredFile, start: int, stop: int) -> tuple[int, list[tuple[int, list[tuple[int, Page]]]]]:
    """Return the first row of the pages that hold some rows, and by row group where those pages lie.

    A dictionary comes with any page of its row group. For no rows, it is the first page that there is.
    """
    chosen: list[tuple[int, list[tuple[int, Page]]]] = []
    first = row = at = 0
    for group, chunk in enumerate(file.chunks):
        kept: list[tuple[int, Page]] = []
        dictionary: list[tuple[int, Page]] = []
        for page in chunk:
            if not page.values:
                dictionary = [(at, page)]
            elif row < max(stop, start + 1) and row + page.values > start:
                first = first if chosen or kept else row
                kept.append((at, page))
            row += page.values
            at += page.size
        if kept:
            chosen.append((group, dictionary + kept))
    return first, chosen


def _own(stored: Stored, numbers: Sequence[int] | None) -> Any:
    restore = stored.restore
    kind = kind_of(restore)
    if numbers is None:
        stored.load(references(restore))
        return kind.read(restore, stored, None)
    if restore["table"] in ("numpy", "sparse"):
        raise InvalidValueError("An array has no columns to choose. Read it as arrow, or choose from what you get.")
    rest = {key: each for key, each in restore.items() if key != "columns"}
    stored.load(references([rest, [restore["columns"][number] for number in numbers]]))
    return kind.read(restore, stored, numbers)


def _as_pandas(stored: Stored, table: Any) -> Any:
    return table.to_pandas()


def _as_polars(table: Any) -> Any:
    try:
        import polars
    except ImportError:
        raise InvalidValueError(
            "polars is not installed here. Install it, or read the table as pandas or arrow."
        ) from None
    if len(set(table.column_names)) < table.num_columns:
        raise InvalidValueError("polars has no columns of one name. Read the table as pandas or arrow.")
    return polars.from_arrow(table)


def _listed(columns: Sequence[Any]) -> list[Any]:
    return [columns] if isinstance(columns, str) else list(columns)


def _bounds(rows: slice | range | tuple[int, int] | None, count: int) -> tuple[int, int]:
    if rows is None:
        return 0, count
    if isinstance(rows, tuple) and len(rows) == 2:
        rows = slice(*rows)
    if isinstance(rows, range):
        rows = slice(rows.start, rows.stop, rows.step)
    if not isinstance(rows, slice) or rows.step not in (None, 1):
        raise InvalidValueError(f"{rows!r} is no range of rows. Give one such as slice(0, 100).")
    start, stop, _ = rows.indices(count)
    return start, max(start, stop)


def rows_of(file: StoredFile) -> Iterator[tuple[str, int, int]]:
    """Return each piece of a file of one flat column: its digest, and from which row to which it goes."""
    sizes = [page for chunk in file.chunks for page in chunk]
    at = row = number = 0
    for piece in file.pieces:
        end, first = at + piece.size, row
        while at < end:
            at += sizes[number].size
            row += sizes[number].values
            number += 1
        yield piece.digest, first, row
