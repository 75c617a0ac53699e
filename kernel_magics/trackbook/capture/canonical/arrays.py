"""Digests of numpy arrays and scipy sparse matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from trackbook.capture.canonical.binary import (
    Array,
    bytes_digest,
    combine,
    filled,
    pieces_digest,
    side_by_side_digests,
    spans,
)
from trackbook.capture.canonical.objects import objects_digest

_FIXED = "?biufcmMSU"


def array_digest(array: Array, dtype: str | None = None) -> bytes:
    """Return the digest of an array of any dtype, shape and layout.

    `dtype` is the text of the dtype that counts, where that is not the array's own.
    """
    dtype = str(array.dtype) if dtype is None else dtype
    if array.dtype.names is not None:
        fields = (part for name in array.dtype.names for part in (name, array_digest(array[name])))
        return combine("record", *array.shape, *fields)
    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(array)
        return combine("masked", array_digest(filled(np.ma.getdata(array), mask), dtype), bytes_digest(mask))
    if array.dtype.hasobject or array.dtype.kind == "T":
        return _content(array, dtype, objects_digest(array.reshape(-1).tolist()))
    return _content(array, dtype, bytes_digest(array))


@lru_cache(maxsize=64)  # by start, stop and step: the rows of most tables are numbered alike
def range_digest(numbers: range) -> bytes:
    """Return `array_digest` of integers at equal distances, without making an array of them."""
    parts = (numbers[span] for span in spans(len(numbers)))
    content = pieces_digest(np.arange(part.start, part.stop, part.step, dtype=np.int64) for part in parts)
    return combine("array", "int64", len(numbers), content)


def strided_digests(columns: Sequence[Array]) -> list[bytes]:
    """Return `array_digest` of strided columns of one length, which are read from memory together."""
    contents = side_by_side_digests(columns)
    return [_content(column, str(column.dtype), content) for column, content in zip(columns, contents, strict=True)]


def is_strided(column: Array) -> bool:
    """Tell whether the values of a column lie apart, so that it is read faster together with its neighbours."""
    return bool(column.size) and column.strides[0] != column.itemsize and column.dtype.kind in _FIXED


def sparse_digest(matrix: Any) -> bytes:
    """Return the digest of a sparse matrix: format, shape, dtype and what differs from zero, in order.

    The order in which entries are kept, duplicates that add up and zeros that are kept do not count.
    """
    shape = tuple(int(n) for n in matrix.shape)
    head: tuple[str | int, ...] = ("sparse", str(matrix.format), str(matrix.dtype), *shape)
    if len(shape) != 2:
        return combine(*head, *_entries(matrix))
    rows = _compressed(matrix)
    parts = (rows.indptr, rows.indices)
    return combine(*head, *(bytes_digest(part.astype(np.int64)) for part in parts), array_digest(rows.data))


def _content(array: Array, dtype: str, content: bytes) -> bytes:
    return combine("array", dtype, *array.shape, content)


def _compressed(matrix: Any) -> Any:
    """Return a canonical matrix of compressed rows or columns; the one given keeps its arrays and its flags."""
    if matrix.format in ("csr", "csc"):
        parts = (matrix.data, matrix.indices, matrix.indptr)
        compressed = type(matrix)(parts, shape=matrix.shape, copy=False)  # asking one for its order writes on it
    else:
        compressed = matrix.tocsr(copy=True)
    if not compressed.has_canonical_format:
        compressed = compressed.copy()
        compressed.sum_duplicates()
    if compressed.nnz != np.count_nonzero(compressed.data) or len(compressed.data) != compressed.nnz:
        compressed = compressed.copy()
        compressed.eliminate_zeros()
    return compressed


def _entries(array: Any) -> list[bytes]:
    entries = array.tocoo(copy=True)
    entries.sum_duplicates()
    entries.eliminate_zeros()
    return [*(bytes_digest(axis.astype(np.int64)) for axis in entries.coords), array_digest(entries.data)]
