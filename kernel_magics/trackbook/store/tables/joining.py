"""One Parquet file of many: the pages of each column are copied as they are, and one footer tells where they lie.

Source: https://parquet.apache.org/docs/file-format/metadata/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, BinaryIO, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from trackbook.store.tables.parquet import MAGIC, footer_of, with_footer, write_file
from trackbook.store.tables.thrift import BINARY, I64, LIST, STRUCT, TRUE, Struct

Pages: TypeAlias = Callable[[int, int], Iterator[bytes | memoryview]]
"""Gives the bytes of a file from one position to another, counted from its first page."""

# Fields of Parquet's metadata, by the names that its definition has for them
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_CHUNKS, _META = 1, 3
_NAME, _CHILDREN, _CONVERTED, _LOGICAL = 4, 5, 6, 10
_PATH, _UNCOMPRESSED, _COMPRESSED, _FIRST_PAGE, _DICTIONARY = 3, 6, 7, 9, 11
_TIMESTAMP, _IS_UTC = 8, 1


class ColumnsFile:
    """A Parquet file whose columns are to be copied: what its footer says, and where its bytes come from."""

    def __init__(self, tail: bytes, pages: Pages) -> None:
        footer = footer_of(tail)
        self.pages = pages
        self.groups: list[Struct] = _elements(footer, _GROUPS)
        self._schema = _columns_of(_elements(footer, _SCHEMA))
        leaves = (sum(_CHILDREN not in each for each in column) for column in self._schema)
        self._first = list(accumulate(leaves, initial=0))

    def fits(self, number: int, kind: Any) -> bool:
        """Return whether Parquet keeps a column of one of Arrow's types just as this one."""
        return _comparable(self._schema[number]) == _schema_of(kind)

    def chunks(self, group: int, number: int) -> list[Struct]:
        """Return what is told of a column's pages in a row group, once for each of its leaves."""
        found: list[Struct] = _elements(self.groups[group], _CHUNKS)
        return found[self._first[number] : self._first[number + 1]]


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a file, by number."""

    file: ColumnsFile
    number: int


def encoded(column: Any) -> FileColumn:
    """Return a column of Arrow that is encoded anew."""
    parts = write_file([stored_values(column)])

    def pages(start: int, stop: int) -> Iterator[memoryview]:
        yield parts.body[start:stop]

    return FileColumn(ColumnsFile(parts.tail, pages), 0)


def stored_values(column: Any) -> Any:
    """Return a column of Arrow as Parquet keeps it: of an extension's type as the values that it is made of."""
    if not isinstance(column.type, pa.BaseExtensionType):
        return column
    storage = column.type.storage_type
    return pa.chunked_array([chunk.storage for chunk in column.chunks], storage)


def join(sink: BinaryIO, schema: Any, columns: Sequence[FileColumn]) -> None:
    """Write a Parquet file of columns that are encoded already; of a column no more than a piece is in memory at once.

    Parameters
    ----------
    sink
        Where it goes.
    schema
        Arrow's schema of the file. Its fields may be null, as Parquet has it.
    columns
        One for each field, of one length, in row groups of one size.
    """
    sink.write(MAGIC)
    at = len(MAGIC)
    groups = []
    for number, group in enumerate(columns[0].file.groups):
        chunks: list[Struct] = []
        start = at
        for name, column in zip(schema.names, columns, strict=True):
            for chunk in column.file.chunks(number, column.number):
                first, size = _place(chunk)
                chunks.append(_moved(chunk, name, at - first))
                for part in column.file.pages(first - len(MAGIC), first - len(MAGIC) + size):
                    sink.write(part)
                at += size
        groups.append(_group(chunks, group, start, at - start))
    footer = _empty_footer(schema)
    rows = sum(group[_ROWS][1] for group in groups)
    sink.write(with_footer({**footer, _ROWS: (I64, rows), _GROUPS: (LIST, (STRUCT, groups))}))


def _place(chunk: Struct) -> tuple[int, int]:
    """Return where the pages of a column's row group begin in their file, and how many bytes they are."""
    meta: Struct = chunk[_META][1]
    return meta.get(_DICTIONARY, meta[_FIRST_PAGE])[1], meta[_COMPRESSED][1]


def _moved(chunk: Struct, name: str, distance: int) -> Struct:
    meta = dict(chunk[_META][1])
    _, path = meta[_PATH][1]
    meta[_PATH] = (LIST, (BINARY, [name.encode(), *path[1:]]))
    for field in (_FIRST_PAGE, _DICTIONARY):
        if field in meta:
            meta[field] = (I64, meta[field][1] + distance)
    return {**chunk, _META: (STRUCT, meta)}


def _group(chunks: list[Struct], like: Struct, start: int, size: int) -> Struct:
    whole = sum(chunk[_META][1][_UNCOMPRESSED][1] for chunk in chunks)
    return {**like, 1: (LIST, (STRUCT, chunks)), 2: (I64, whole), 5: (I64, start), 6: (I64, size)}


def _empty_footer(schema: Any) -> Struct:
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink, use_compliant_nested_type=False)  # as `write_file` does
    content = sink.getvalue().to_pybytes()
    return footer_of(content[-8 - int.from_bytes(content[-8:-4], "little") :])


@lru_cache(maxsize=256)
def _schema_of(kind: Any) -> list[Struct]:
    """Return what a file's schema says of a column of a type."""
    footer = _empty_footer(pa.schema([("", kind)]))
    return _comparable(_columns_of(_elements(footer, _SCHEMA))[0])


def _comparable(column: Sequence[Struct]) -> list[Struct]:
    """Return a column's schema without what doesn't matter to its pages: its name, and how times are shown."""
    head, *parts = column
    head = {key: each for key, each in head.items() if key != _NAME}
    logical: Struct = head[_LOGICAL][1] if _LOGICAL in head else {}
    if _TIMESTAMP in logical:
        head.pop(_CONVERTED, None)
        moment: Struct = {**logical[_TIMESTAMP][1], _IS_UTC: (TRUE, True)}
        head[_LOGICAL] = (STRUCT, {_TIMESTAMP: (STRUCT, moment)})
    return [head, *parts]


def _columns_of(elements: Sequence[Struct]) -> list[Sequence[Struct]]:
    """Return the parts of a schema by column: each stands before those that it consists of."""
    columns = []
    at = 1
    while at < len(elements):
        end = _end(elements, at)
        columns.append(elements[at:end])
        at = end
    return columns


def _end(elements: Sequence[Struct], at: int) -> int:
    left = 1
    while left:
        left += elements[at].get(_CHILDREN, (0, 0))[1] - 1
        at += 1
    return at


def _elements(struct: Struct, field: int) -> list[Struct]:
    found: list[Struct] = struct[field][1][1]
    return found
