"""Digests of Arrow data: by value, whatever the chunks, slices, offsets and what lies under the nulls."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from xxhash import xxh3_128

from trackbook.capture.canonical.binary import Array, combine, filled, pieces_digest, spans
from trackbook.capture.canonical.objects import encoded, objects_digest


def chunks_digest(chunks: Sequence[Any], dtype: Any) -> bytes:
    """Return the digest of Arrow arrays of one type, taken as one."""
    types = sys.modules["pyarrow"].types
    if types.is_dictionary(dtype):
        return _dictionary_digest(chunks, dtype)
    if _is_text(types, dtype):
        return text_digest([_text(chunk) for chunk in chunks])
    if types.is_list(dtype) or types.is_large_list(dtype) or types.is_fixed_size_list(dtype):
        lengths = [_numbers(chunk.value_lengths().fill_null(0), np.int64) for chunk in chunks]
        children = chunks_digest([chunk.flatten() for chunk in chunks], dtype.value_type)
        return combine("list", pieces_digest(lengths), pieces_digest(map(_nulls, chunks)), children)
    if types.is_struct(dtype):
        fields = list(zip(*(chunk.flatten() for chunk in chunks), strict=True)) or [()] * dtype.num_fields
        members = (chunks_digest(field, dtype.field(i).type) for i, field in enumerate(fields))
        return combine("struct", pieces_digest(map(_nulls, chunks)), *members)
    if types.is_primitive(dtype) or types.is_decimal(dtype) or types.is_fixed_size_binary(dtype):
        return _fixed_digest(chunks, dtype)
    return objects_digest([value for chunk in chunks for value in chunk.to_pylist()])


def arrow_digest(value: Any) -> bytes:
    """Return the digest of a pyarrow Array, ChunkedArray, RecordBatch or Table; metadata does not count."""
    if hasattr(value, "column_names"):
        columns = (_typed_digest(column) for column in value.columns)
        return combine("arrow table", value.num_rows, objects_digest(list(value.column_names)), *columns)
    return combine("arrow array", _typed_digest(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Strings as bytes: which are null (one byte each), their lengths in UTF-8 bytes (int64, in pieces), all joined.

    A null has the length zero, and none of the bytes.
    """

    nulls: Array
    lengths: Iterable[Array]
    content: bytes | memoryview


def text_digest(texts: Sequence[Text]) -> bytes:
    """Return the digest of strings that are given in parts."""
    content = xxh3_128()
    for text in texts:
        content.update(text.content)
    nulls = pieces_digest(text.nulls for text in texts)
    return combine("text", nulls, pieces_digest(chain.from_iterable(text.lengths for text in texts)), content.digest())


def python_text_digest(values: Array, missing: Array) -> bytes:
    """Return `text_digest` of strings that are Python objects."""
    lengths, content = encoded(np.where(missing, "", values).tolist())
    return text_digest([Text(nulls=missing.astype(np.uint8), lengths=[lengths], content=content)])


def _typed_digest(value: Any) -> bytes:
    chunks = value.chunks if hasattr(value, "chunks") else [value]
    return combine(str(value.type), len(value), chunks_digest(chunks, value.type))


def _is_text(types: Any, dtype: Any) -> bool:
    checks = ("is_string", "is_large_string", "is_string_view", "is_binary", "is_large_binary", "is_binary_view")
    return any(getattr(types, check)(dtype) for check in checks)


def _nulls(chunk: Any) -> Array:
    """Return one byte an element: 1 for a null."""
    validity = chunk.buffers()[0]
    if validity is None or not chunk.null_count:
        return np.zeros(len(chunk), np.uint8)
    return 1 - _bits(validity, chunk.offset, len(chunk))


def _bits(buffer: Any, offset: int, length: int) -> Array:
    first, last = offset // 8, (offset + length + 7) // 8
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8)[first:last], bitorder="little")
    return bits[offset - 8 * first :][:length]


def _numbers(chunk: Any, dtype: Any) -> Array:
    return chunk.to_numpy(zero_copy_only=False).astype(dtype, copy=False)  # type: ignore[no-any-return]  # pyarrow is untyped


def _text(chunk: Any) -> Text:
    """Return what a chunk of strings or bytes holds."""
    pyarrow = sys.modules["pyarrow"]
    if pyarrow.types.is_string_view(chunk.type):
        chunk = chunk.cast(pyarrow.large_string())
    elif pyarrow.types.is_binary_view(chunk.type):
        chunk = chunk.cast(pyarrow.large_binary())
    nulls, bounds = _nulls(chunk), _bounds(chunk)
    if chunk.null_count and np.diff(bounds)[nulls.view(bool)].any():  # something lies under a null
        chunk = chunk.fill_null(b"" if "binary" in str(chunk.type) else "")
        bounds = _bounds(chunk)
    data = chunk.buffers()[2]
    content = b"" if data is None else memoryview(data)[int(bounds[0]) : int(bounds[-1])]
    return Text(nulls=nulls, lengths=_lengths(bounds), content=content)


def _bounds(chunk: Any) -> Array:
    """Return where each string begins, and where the last one ends."""
    if not len(chunk):
        return np.zeros(1, np.int64)
    width = np.int64 if str(chunk.type).startswith("large_") else np.int32
    return np.frombuffer(chunk.buffers()[1], width)[chunk.offset : chunk.offset + len(chunk) + 1]


def _lengths(bounds: Array) -> Iterator[Array]:
    starts, ends = bounds[:-1], bounds[1:]
    return (np.subtract(ends[span], starts[span], dtype=np.int64) for span in spans(len(starts)))


def _fixed_digest(chunks: Sequence[Any], dtype: Any) -> bytes:
    nulls = [_nulls(chunk) for chunk in chunks]
    arrays = ((_fixed(chunk, dtype), hidden.view(bool)) for chunk, hidden in zip(chunks, nulls, strict=True))
    values = pieces_digest(filled(array, hidden) if hidden.any() else array for array, hidden in arrays)
    return combine("fixed", pieces_digest(nulls), values)


def _fixed(chunk: Any, dtype: Any) -> Array:
    """Return the values of a fixed-width type: floats as floats, anything else as the bytes that it is."""
    types = sys.modules["pyarrow"].types
    data = chunk.buffers()[1]
    if data is None:
        return np.empty(0, np.uint8)
    if types.is_boolean(dtype):
        return _bits(data, chunk.offset, len(chunk))
    width = dtype.bit_width // 8
    kind = np.dtype(f"<f{width}" if types.is_floating(dtype) else f"V{width}")
    return np.frombuffer(data, kind, count=len(chunk), offset=chunk.offset * width) if width else np.empty(0, np.uint8)


def _dictionary_digest(chunks: Sequence[Any], dtype: Any) -> bytes:
    """Hash the values that the indices stand for; in what order they are listed counts where it is said to."""
    values = chunks_digest([chunk.dictionary_decode() for chunk in chunks], dtype.value_type)
    if not dtype.ordered:
        return combine("dictionary", values)
    pyarrow = sys.modules["pyarrow"]
    unified = pyarrow.chunked_array(chunks, dtype).unify_dictionaries().chunks
    order = chunks_digest([unified[0].dictionary] if unified else [], dtype.value_type)
    return combine("dictionary", values, order)
