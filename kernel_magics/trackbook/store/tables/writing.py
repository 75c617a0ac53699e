"""Writes tables: takes them apart, encodes their columns side by side, and puts down the pieces that are new."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from trackbook.store.objects import Objects
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.kinds import TakenApart, take_apart
from trackbook.store.tables.manifest import Manifest, Piece, StoredFile, manifest_bytes
from trackbook.store.tables.parquet import Parts, write_file
from trackbook.store.tables.shelf import Shelf
from trackbook.store.tables.threads import in_threads

_TINY_TABLE = 64 << 10  # bytes in memory up to which a table is its manifest and nothing else
_TINY_FILE = 4 << 10  # bytes up to which a file is kept in the manifest
_NARROW = 64 << 10  # bytes in memory up to which a column shares a file with others
_SHARED = 1 << 20  # bytes in memory that such a file holds
_MOST = 128 << 10  # bytes of a piece: pages are joined up to that, and never cut
_LARGE = 4 << 20  # bytes of a file from which on its pieces are larger, so that a table is not too many objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A table that was written.

    `stored_bytes` is what all its pieces and its manifest take, `new_bytes` what of that was not in the store before.
    """

    snapshot_id: str
    kind: str
    rows: int
    columns: int
    stored_bytes: int
    new_bytes: int


def write(objects: Objects, table: object) -> Written:
    """Keep a table and return its snapshot's id and size. The same table again writes nothing.

    Parameters
    ----------
    objects
        Where its pieces go.
    table
        A DataFrame or Series of pandas or polars, a numpy array, a sparse matrix of scipy, or an Arrow table, batch or
        array. It must not change meanwhile.

    Raises
    ------
    UnfitError
        If it would not come back equal: nothing is kept wrong. `refusal` gives the reason without writing.
    StoreError
        If the objects can't be written.
    """
    shelf = Shelf()
    taken = take_apart(table, shelf)
    groups = list(_grouped(shelf.arrays))
    is_tiny = sum(array.nbytes for array in shelf.arrays) <= _TINY_TABLE
    writer = _Writer(objects, _TINY_TABLE if is_tiny else _TINY_FILE)
    files = in_threads(lambda group: writer.file([shelf.arrays[number] for number in group]), groups)
    places = {number: (i, j) for i, group in enumerate(groups) for j, number in enumerate(group)}
    return writer.finish(taken, files, [places[number] for number in range(len(shelf.arrays))])


def refusal(table: object) -> str | None:
    """Return why a table can't be kept, in a sentence, or None if it can.

    This does all of the work of keeping it but the writing.
    """
    try:
        take_apart(table, Shelf())
    except UnfitError as error:
        return str(error)
    return None


class _Writer:
    def __init__(self, objects: Objects, most_inline: int) -> None:
        self._objects = objects
        self._most_inline = most_inline
        self._sizes: dict[str, int] = {}
        self._new_bytes = 0

    def file(self, columns: Sequence[Any]) -> StoredFile:
        try:
            parts = write_file(columns)
        except (pa.ArrowException, NotImplementedError) as error:
            raise UnfitError(f"it has values that Parquet can't hold ({error})") from None
        rows = len(columns[0])
        if len(parts.body) <= self._most_inline:
            return StoredFile(rows=rows, columns=len(columns), tail=parts.tail, inline=bytes(parts.body))
        pieces = tuple(self._put(parts.body[start:stop]) for start, stop in _cuts(parts, is_alone=len(columns) == 1))
        return StoredFile(rows=rows, columns=len(columns), tail=parts.tail, pieces=pieces, chunks=parts.chunks)

    def finish(self, taken: TakenApart, files: Sequence[StoredFile], places: Sequence[tuple[int, int]]) -> Written:
        manifest = Manifest(
            kind=taken.kind,
            rows=taken.rows,
            columns=taken.columns,
            restore=taken.restore,
            arrays=tuple(places),
            files=tuple(files),
        )
        piece = self._put(memoryview(manifest_bytes(manifest)))
        return Written(
            snapshot_id=piece.digest,
            kind=taken.kind,
            rows=taken.rows,
            columns=taken.columns,
            stored_bytes=sum(self._sizes.values()),
            new_bytes=self._new_bytes,
        )

    def _put(self, content: memoryview) -> Piece:
        digest, is_new, _ = self._objects.add(bytes(content))
        if is_new:
            self._new_bytes += len(content)
        self._sizes[digest] = len(content)
        return Piece(digest=digest, size=len(content))


def _grouped(arrays: Sequence[Any]) -> Iterator[list[int]]:
    """Return which arrays share a file: short ones of one length."""
    open_groups: dict[int, list[int]] = {}
    sizes: dict[int, int] = {}
    for number, array in enumerate(arrays):
        length = len(array)
        if array.nbytes > _NARROW:
            yield [number]
            continue
        if length in open_groups and sizes[length] + array.nbytes > _SHARED:
            yield open_groups.pop(length)
        open_groups.setdefault(length, []).append(number)
        sizes[length] = array.nbytes + (sizes[length] if len(open_groups[length]) > 1 else 0)
    yield from open_groups.values()


def _cuts(parts: Parts, *, is_alone: bool) -> Iterator[tuple[int, int]]:
    """Return where a file is cut: at pages, and small ones together, in a way that finds the same cuts again.

    Where a piece ends depends on its last page alone once it is large enough, so that a change stays in its place. A
    dictionary is a piece for itself: it changes more often than the pages that use it.
    """
    least = 8 << 10 if len(parts.body) < _LARGE else 16 << 10
    start = at = 0
    for chunk in parts.chunks:
        for page in chunk:
            at += page.size
            is_dictionary = is_alone and not page.values
            size = at - start
            marked = page.size >= least or zlib.crc32(parts.body[at - page.size : at]) % 2 == 0
            if is_dictionary or size >= _MOST or (size >= least and marked):
                yield start, at
                start = at
    if at > start:
        yield start, at
