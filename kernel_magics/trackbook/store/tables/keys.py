"""What of a table its fingerprint leaves out: how it would look, beyond its values, if it came back."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

from trackbook.errors import TrackbookError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.values import value_json


def restore_key(table: object) -> str | None:
    """Return a text that tells apart tables of one fingerprint that are not the same in every respect.

    Two tables with one fingerprint and one key have one snapshot: attrs, flags, the classes of indexes, frequencies,
    memory order and metadata of a schema count here. It is quick, and looks at no values.

    Returns
    -------
    str or None
        32 hex digits; None where only writing the table tells (sparse matrices, attrs of one's own classes).
    """
    try:
        found = _description(table)
    except TrackbookError:
        return None
    if found is None:
        return None
    return hashlib.sha256(json.dumps(found, sort_keys=True, default=repr).encode()).hexdigest()[:32]


def _description(table: Any) -> Meta | None:
    cls = type(table)
    package = cls.__module__.partition(".")[0]
    head: Meta = {"class": f"{package}.{cls.__qualname__}"}
    if package == "pandas":
        labels = _index(table.columns) if hasattr(table, "columns") else value_json(table.name)
        dtypes = table.dtypes if hasattr(table, "columns") else [table.dtype]
        marks = {"attrs": value_json(table.attrs), "unique": not table.flags.allows_duplicate_labels}
        return {**head, "labels": labels, "index": _index(table.index), "dtypes": list(map(_dtype, dtypes)), **marks}
    if package == "numpy":
        masked = [repr(getattr(table, name, None)) for name in ("_fill_value", "hardmask")]
        order = [table.flags.c_contiguous, table.flags.f_contiguous]
        return {**head, "order": order, "dtype": repr(table.dtype), "masked": masked, "mask": _has_mask(table)}
    if package == "pyarrow" and hasattr(table, "schema"):
        return {
            **head,
            "schema": table.schema.to_string(show_schema_metadata=True),
            "dictionaries": _dictionaries(table),
        }
    if package == "polars":
        return {**head, "schema": repr(getattr(table, "schema", None) or table.dtype)}
    return None


def _index(index: Any) -> Meta:
    found: Meta = {
        "class": type(index).__name__,
        "freq": repr(getattr(index, "freq", None)),
        "dtype": _dtype(index.dtype),
    }
    if index.nlevels > 1:
        found["levels"] = [{**_index(level), "hash": _hash(level)} for level in index.levels]
    return found


def _hash(level: Any) -> str:
    """Return a hash of a level's values: a fingerprint looks through levels at the rows."""
    pandas = sys.modules["pandas"]
    return hashlib.sha256(pandas.util.hash_array(level.to_numpy(), categorize=False).tobytes()).hexdigest()


def _dtype(dtype: Any) -> str:
    """Return all that tells a dtype from others: of text, what its missing values are and where it is kept."""
    extra = getattr(dtype, "storage", None), repr(getattr(dtype, "na_value", None))
    inner = _index(dtype.categories) if getattr(dtype, "categories", None) is not None else None
    return f"{dtype!r} {extra} {inner}"


def _has_mask(table: Any) -> bool:
    numpy = sys.modules["numpy"]
    return getattr(table, "mask", numpy.ma.nomask) is not numpy.ma.nomask


def _dictionaries(table: Any) -> list[str]:
    """Return the values of dictionaries, used or not: of those a fingerprint sees the used ones."""
    pyarrow = sys.modules["pyarrow"]
    columns = [column for column in table.columns if pyarrow.types.is_dictionary(column.type)]
    return [repr([chunk.dictionary.to_pylist() for chunk in getattr(each, "chunks", [each])]) for each in columns]
