"""Arrow's own arrays and tables, of any type that Parquet can hold or that is the same bits as one that it can."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.parquet import put_together as joined
from trackbook.store.tables.parquet import read_file, write_file
from trackbook.store.tables.shelf import Shelf, Source

_types = pa.types
_SAFE: tuple[Callable[[Any], bool], ...] = (
    _types.is_boolean,
    _types.is_integer,
    _types.is_floating,
    _types.is_string,
    _types.is_large_string,
    _types.is_binary,
    _types.is_large_binary,
    _types.is_date32,
    _types.is_time64,
    _types.is_decimal128,
    _types.is_null,
)


def arrow_meta(array: Any, shelf: Shelf) -> Meta:
    """Put an array or a chunked array of Arrow on the shelf.

    Raises
    ------
    UnfitError
        If it would not come back equal.
    """
    chunked = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    return {"type": schema_text(pa.schema([pa.field("", chunked.type)])), **_meta(chunked, shelf)}


def arrow_of(meta: Meta, source: Source) -> Any:
    """Return the chunked array that `arrow_meta` was given."""
    return _of(meta, schema_of(meta["type"]).field(0).type, source)


def schema_text(schema: Any) -> str:
    """Return a schema, its metadata with it, as text."""
    return base64.b64encode(memoryview(schema.serialize())).decode("ascii")


def schema_of(text: str) -> Any:
    """Return the schema that `schema_text` was given."""
    return pa.ipc.read_schema(pa.BufferReader(base64.b64decode(text)))


def _meta(chunked: Any, shelf: Shelf) -> Meta:
    kind = chunked.type
    if isinstance(kind, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in chunked.chunks]
        return {"storage": arrow_meta(pa.chunked_array(storage, kind.storage_type), shelf)}
    if _types.is_dictionary(kind):
        return _dictionary_meta(chunked, shelf)
    same = _same_bits(kind)
    if same is not None:
        return {"bits": shelf.put(_viewed(chunked, same))}
    view = _without_view(kind)
    if view is not None:
        return {"values": shelf.put(chunked.cast(view))}
    if not _is_safe(kind):
        _check(chunked)
    return {"values": shelf.put(chunked)}


def _of(meta: Meta, kind: Any, source: Source) -> Any:
    if "storage" in meta:
        storage = arrow_of(meta["storage"], source)
        chunks = [pa.ExtensionArray.from_storage(kind, chunk) for chunk in storage.chunks]
        return pa.chunked_array(chunks, kind)
    if "dictionary" in meta:
        return _dictionary_of(meta, kind, source)
    if "bits" in meta:
        return _viewed(source.array(meta["bits"]), kind)
    found = source.array(meta["values"])
    return _cast(found, kind)


def _dictionary_meta(chunked: Any, shelf: Shelf) -> Meta:
    unified = chunked.unify_dictionaries()
    values = unified.chunk(0).dictionary if unified.num_chunks else pa.array([], chunked.type.value_type)
    indices = pa.chunked_array([chunk.indices for chunk in unified.chunks], chunked.type.index_type)
    kept = arrow_meta(values, shelf.beside)
    if not _is_text(values.type) or values.null_count or pc.count_distinct(values).as_py() != len(values):
        return {"dictionary": kept, "indices": shelf.put(indices)}
    codes = [pa.DictionaryArray.from_arrays(chunk.cast(pa.int32()), values) for chunk in indices.chunks]
    texts = pa.chunked_array(codes, pa.dictionary(pa.int32(), values.type))
    return {"dictionary": kept, "texts": shelf.put(texts)}


def _dictionary_of(meta: Meta, kind: Any, source: Source) -> Any:
    values = arrow_of(meta["dictionary"], source).combine_chunks()
    if "indices" in meta:
        codes = source.array(meta["indices"]).chunks
    else:
        codes = [_codes(chunk, values) for chunk in source.array(meta["texts"]).chunks]
    chunks = [
        pa.DictionaryArray.from_arrays(each.cast(kind.index_type), values, ordered=kind.ordered) for each in codes
    ]
    return pa.chunked_array(chunks, kind)


def _codes(chunk: Any, values: Any) -> Any:
    return pc.index_in(chunk.dictionary.cast(values.type), values).take(chunk.indices)


def _is_text(kind: Any) -> bool:
    return bool(_types.is_string(kind) or _types.is_large_string(kind))


def _same_bits(kind: Any) -> Any:
    """Return the whole number that a type is kept as which Parquet would change: it knows no seconds, for one."""
    if _types.is_time32(kind):
        return pa.int32()
    if _types.is_duration(kind) or _types.is_date64(kind) or (_types.is_timestamp(kind) and kind.unit == "s"):
        return pa.int64()
    return None


def _without_view(kind: Any) -> Any:
    if kind == pa.string_view():
        return pa.large_string()
    return pa.large_binary() if kind == pa.binary_view() else None


def _viewed(chunked: Any, kind: Any) -> Any:
    return pa.chunked_array([chunk.view(kind) for chunk in chunked.chunks], kind)


def _is_safe(kind: Any) -> bool:
    if any(test(kind) for test in _SAFE) or _types.is_timestamp(kind):
        return True
    if _types.is_fixed_size_binary(kind):
        return bool(kind.byte_width > 0)
    return bool(_types.is_list(kind) or _types.is_large_list(kind)) and _is_safe(kind.value_type)


def _cast(found: Any, kind: Any) -> Any:
    """Return an array as one of a type; types that differ in the names of their fields only are equal to Arrow."""
    return found if str(found.type) == str(kind) else found.cast(kind)


def _check(chunked: Any) -> None:
    """Refuse what Parquet doesn't give back equal, by trying."""
    reason = f"values of Arrow's type {chunked.type}, which Parquet does not give back equal"
    try:
        parts = write_file([chunked])
        found = read_file(joined([parts.body], parts.tail)).column(0)
        found = _cast(found, chunked.type)
    except (pa.ArrowException, NotImplementedError):
        raise UnfitError(reason) from None
    if str(found.type) != str(chunked.type):
        raise UnfitError(reason)
    if not found.equals(chunked) and repr(found.to_pylist()) != repr(chunked.to_pylist()):  # NaN equals nothing
        raise UnfitError(reason)


def table_meta(table: Any, shelf: Shelf) -> Meta:
    """Put a table or a record batch on the shelf."""
    columns = [_named(name, column, shelf) for name, column in zip(table.schema.names, table.columns, strict=True)]
    return {"schema": schema_text(table.schema), "columns": columns}


def table_of(meta: Meta, source: Source, columns: Sequence[int] | None = None) -> Any:
    """Return the table that `table_meta` was given, or some of its columns by number."""
    schema = schema_of(meta["schema"])
    numbers = range(len(schema)) if columns is None else columns
    if not numbers:
        return pa.table({"": pa.nulls(source.stop - source.start)}).select([]).replace_schema_metadata(schema.metadata)
    arrays = [arrow_of(meta["columns"][number], source) for number in numbers]
    return pa.Table.from_arrays(arrays, schema=pa.schema([schema.field(n) for n in numbers], schema.metadata))


def _named(name: str, column: Any, shelf: Shelf) -> Meta:
    try:
        return arrow_meta(column, shelf)
    except UnfitError as error:
        raise UnfitError(f"column {name!r} has {error}") from None
