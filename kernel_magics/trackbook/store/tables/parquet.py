"""Parquet files as bytes: written so that equal rows give equal pages, taken apart at the pages, put together again.

Content-defined chunking begins a page where the values say so, not after so many of them; so a page is the same bytes
wherever its rows lie in the table, and rows that are inserted change the pages that they fall into and no other. Each
column is encoded for that: a dictionary (which any new value shifts) only where there are few values; differences for
whole numbers and times; the bytes of floats apart, where they are hardly ever equal.

Source: https://parquet.apache.org/docs/file-format/, https://huggingface.co/blog/parquet-cdc
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trackbook.store.tables.thrift import I64, LIST, STRUCT, Struct, read_struct, write_struct

MAGIC = b"PAR1"
_CHUNKS = {"min_chunk_size": 4 << 10, "max_chunk_size": 128 << 10, "norm_level": 0}  # bytes of values, not yet packed
_ROW_GROUP = 1 << 20
_SAMPLE = 4096
_NO_LIMIT = 1 << 30
_TYPES_OF_DELTA = (pa.types.is_integer, pa.types.is_timestamp, pa.types.is_duration, pa.types.is_time, pa.types.is_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it lies in a file, its header with it. `values` is how many rows of a flat column it holds.

    A dictionary, which comes before the pages of its column, holds none.
    """

    size: int
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A Parquet file in parts: the pages of each row group's columns in order, and what stands behind the last page."""

    body: memoryview
    chunks: tuple[tuple[Page, ...], ...]
    tail: bytes


def write_file(columns: Sequence[Any]) -> Parts:
    """Return Arrow columns of one length as a Parquet file; they are named by number.

    Raises
    ------
    pyarrow.ArrowException
        If Parquet has no place for a type.
    """
    table = pa.table(list(columns), names=[str(number) for number in range(len(columns))])
    encodings = {name: _encoding(table.column(name)) for name in table.column_names}
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=_ROW_GROUP,
        compression="zstd",
        use_dictionary=[name for name, encoding in encodings.items() if encoding == "DICTIONARY"] or False,
        column_encoding={name: each for name, each in encodings.items() if each not in ("DICTIONARY", "PLAIN")} or None,
        write_statistics=False,
        use_compliant_nested_type=False,  # the elements of lists keep the name that they have
        data_page_size=_NO_LIMIT,
        use_content_defined_chunking=_CHUNKS,
    )
    return _taken_apart(memoryview(sink.getvalue()).cast("B"))


def read_file(content: bytes, columns: Sequence[int] | None = None) -> Any:
    """Return the Arrow table of a Parquet file, or some of its columns by number."""
    names = None if columns is None else [str(number) for number in columns]
    return pq.read_table(pa.BufferReader(content), columns=names, use_threads=False)


def put_together(pages: Sequence[bytes | memoryview], tail: bytes) -> bytes:
    """Return the file of all its pages (or of bytes that hold several) and its tail."""
    return b"".join((MAGIC, *pages, tail))


def footer_of(tail: bytes) -> Struct:
    """Return the metadata at the end of a file."""
    size = int.from_bytes(tail[-8:-4], "little")
    return read_struct(tail, len(tail) - 8 - size)[0]


def with_footer(footer: Struct) -> bytes:
    """Return the tail of a file that has this metadata."""
    content = write_struct(footer)
    return content + len(content).to_bytes(4, "little") + MAGIC


def is_flat(footer: Struct) -> bool:
    """Tell whether a file holds one column that is neither nested nor repeated: then a page's values are its rows."""
    elements = footer[2][1][1]
    return len(elements) == 2 and elements[1].get(3, (0, 0))[1] != 2


def with_chunks(footer: Struct, chunks: Sequence[tuple[int, Sequence[Page]]]) -> bytes:
    """Return the tail of a file that holds some pages of a flat column.

    Parameters
    ----------
    footer
        The metadata of the whole file.
    chunks
        The numbers of its row groups that remain, each with the pages that remain of it.
    """
    groups = footer[4][1][1]
    at = len(MAGIC)
    kept = []
    for number, pages in chunks:
        group = dict(groups[number])
        kept.append(_group(group, pages, at))
        at += sum(page.size for page in pages)
    rows = sum(page.values for _, pages in chunks for page in pages)
    return with_footer({**footer, 3: (I64, rows), 4: (LIST, (STRUCT, kept))})


def _group(group: Struct, pages: Sequence[Page], at: int) -> Struct:
    size, rows = sum(page.size for page in pages), sum(page.values for page in pages)
    column = dict(group[1][1][1][0])
    described = dict(column[3][1])
    has_dictionary = 11 in described
    described[5], described[7] = (I64, rows), (I64, size)
    described[9] = (I64, at + (pages[0].size if has_dictionary else 0))
    if has_dictionary:
        described[11] = (I64, at)
    column[3] = (STRUCT, described)
    return {1: (LIST, (STRUCT, [column])), 2: group[2], 3: (I64, rows), 5: (I64, at), 6: (I64, size)}


def _taken_apart(content: memoryview) -> Parts:
    footer = footer_of(bytes(content[-8 - int.from_bytes(content[-8:-4], "little") :]))
    chunks = []
    end = len(MAGIC)
    for group in footer[4][1][1]:
        for column in group[1][1][1]:
            pages, end = _pages(content, end, column[3][1][7][1])
            chunks.append(pages)
    return Parts(body=content[len(MAGIC) : end], chunks=tuple(chunks), tail=bytes(content[end:]))


def _pages(content: memoryview, at: int, size: int) -> tuple[tuple[Page, ...], int]:
    pages = []
    end = at + size
    while at < end:
        header, after = read_struct(content, at)
        length = after - at + header[3][1]
        pages.append(Page(size=length, values=header[5][1][1][1] if 5 in header else 0))
        at += length
    return tuple(pages), end


def _encoding(column: Any) -> str:
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return "PLAIN"
    if pa.types.is_dictionary(kind) or _has_few_values(column):
        return "DICTIONARY"
    if any(test(kind) for test in _TYPES_OF_DELTA):
        return "DELTA_BINARY_PACKED"
    if pa.types.is_floating(kind) and kind.bit_width > 16 and _differs_everywhere(column):
        return "BYTE_STREAM_SPLIT"
    return "PLAIN"


def _has_few_values(column: Any) -> bool:
    sample = _sample(column)
    return bool(len(sample)) and _distinct(sample) <= max(1, len(sample) // 4)


def _differs_everywhere(column: Any) -> bool:
    sample = _sample(column)
    return _distinct(sample) > 0.95 * len(sample)


def _distinct(sample: Any) -> int:
    count: int = pc.count_distinct(sample, mode="all").as_py()
    return count


def _sample(column: Any) -> Any:
    if len(column) <= _SAMPLE:
        return column
    return column.take(pa.array(np.linspace(0, len(column) - 1, _SAMPLE, dtype=np.int64)))
