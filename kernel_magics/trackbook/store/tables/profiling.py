"""What the columns of a snapshot look like: Arrow does the counting, column by column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trackbook.errors import NotFoundError
from trackbook.records.profile import QUANTILES, ColumnProfile, Histogram, Mark, TableProfile, TopValue
from trackbook.store.objects import Objects
from trackbook.store.tables.comparing import Place, Side
from trackbook.store.tables.manifest import read_manifest
from trackbook.store.tables.reading import Stored
from trackbook.store.tables.threads import in_threads

_BINS = 20
_TOP = 10
_TEXT = 80
_types = pa.types
_ON_A_CLOCK = (_types.is_timestamp, _types.is_date, _types.is_time, _types.is_duration)


def profile(objects: Objects, snapshot_id: str, columns: Sequence[str] | None = None) -> TableProfile:
    """Return what the columns of a snapshot look like, all or those that are named.

    Raises
    ------
    NotFoundError
        If a piece is missing, or there is no such column.
    """
    manifest = read_manifest(objects, snapshot_id)
    stored = Stored(objects, manifest, 0, manifest.rows)
    places = Side(stored).places
    if unknown := [name for name in columns or () if name not in places]:
        raise NotFoundError(f"The snapshot has no column {unknown[0]!r}. Its columns: {', '.join(list(places)[:12])}.")
    names = list(places) if columns is None else list(columns)
    together = "columns" not in stored.restore  # an array is one piece of memory: read once

    def of(name: str) -> ColumnProfile:
        side = Side(stored if together else stored.part(0, manifest.rows))
        return _profile(name, side.dtype(places[name]), _values(side, places[name], manifest.rows))

    found = [of(name) for name in names] if together else in_threads(of, names)
    return TableProfile(kind=manifest.kind, rows=manifest.rows, columns=tuple(found))


def write_profile(objects: Objects, found: TableProfile) -> str:
    """Keep a profile as an object and return its digest."""
    return objects.put(json.dumps(asdict(found), separators=(",", ":")).encode())


def read_profile(objects: Objects, digest: str) -> TableProfile:
    """Return the profile that `write_profile` kept."""
    document = json.loads(objects.get(digest))
    return TableProfile(**{**document, "columns": tuple(_column(each) for each in document["columns"])})


def _column(document: dict[str, Any]) -> ColumnProfile:
    histogram = document["histogram"]
    made = {
        "quantiles": tuple(document["quantiles"]),
        "histogram": histogram and Histogram(edges=tuple(histogram["edges"]), counts=tuple(histogram["counts"])),
        "top": tuple(TopValue(**each) for each in document["top"]),
    }
    return ColumnProfile(**{**document, **made})


def _values(side: Side, place: Place, rows: int) -> Any:
    values = side.values(place, 0, rows)
    return values.cast(values.type.value_type) if _types.is_dictionary(values.type) else values


def _profile(name: str, dtype: str, values: Any) -> ColumnProfile:
    is_missing = values.is_null(nan_is_null=_types.is_floating(values.type))
    kept = values.filter(pc.invert(is_missing))
    distinct = _distinct(kept)
    return ColumnProfile(
        name=name,
        dtype=dtype,
        rows=len(values),
        missing=len(values) - len(kept),
        distinct=distinct,
        top=_top(kept, distinct),
        **_scale(kept),
    )


def _distinct(values: Any) -> int | None:
    if not len(values):
        return 0
    try:
        count: int = pc.count_distinct(values).as_py()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
    return count


def _top(values: Any, distinct: int | None) -> tuple[TopValue, ...]:
    if not distinct or (distinct > len(values) // 2 and distinct > _TOP):
        return ()
    counts = values.value_counts()
    fields = counts.flatten() if isinstance(counts, pa.StructArray) else counts.combine_chunks().flatten()
    order = np.argsort(-fields[1].to_numpy(), kind="stable")[:_TOP]
    found = fields[0].take(pa.array(order)).to_pylist()
    return tuple(
        TopValue(value=str(value)[:_TEXT], count=int(count))
        for value, count in zip(found, fields[1].to_numpy()[order], strict=True)
    )


def _scale(values: Any) -> dict[str, Any]:
    """Return what there is to say of values with an order."""
    kind = values.type
    if not len(values):
        return {}
    if _types.is_integer(kind) or _types.is_floating(kind) or _types.is_decimal(kind):
        return _numbers(values)
    if any(test(kind) for test in _ON_A_CLOCK):
        return _times(values)
    if _types.is_string(kind) or _types.is_large_string(kind):
        lengths = pc.min_max(pc.utf8_length(values)).as_py()
        found = pc.min_max(values).as_py()
        return {
            "minimum": found["min"][:_TEXT],
            "maximum": found["max"][:_TEXT],
            "shortest": lengths["min"],
            "longest": lengths["max"],
        }
    return {}


def _numbers(values: Any) -> dict[str, Any]:
    array = (values.cast(pa.float64()) if _types.is_decimal(values.type) else values).to_numpy()
    finite = array[np.isfinite(array)]
    found: dict[str, Any] = {
        "infinite": len(array) - len(finite),
        "minimum": _mark(array.min()),
        "maximum": _mark(array.max()),
    }
    if not len(finite):
        return found
    wide = finite.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers near the largest there is no mean
        return {
            **found,
            "mean": float(wide.mean()),
            "deviation": float(wide.std()),
            "quantiles": tuple(float(each) for each in np.quantile(wide, QUANTILES)),
            "histogram": _histogram(wide),
        }


def _times(values: Any) -> dict[str, Any]:
    """Return the scale of times, taken as numbers and put back."""
    kind = values.type
    width = pa.int32() if kind.bit_width == 32 else pa.int64()
    array = pa.chunked_array([chunk.view(width) for chunk in values.chunks], width).to_numpy()
    histogram = _histogram(array.astype(np.float64))

    def text(number: float) -> str:
        return str(pa.scalar(int(number), width).cast(kind).as_py())

    edges = tuple(text(edge) for edge in histogram.edges if isinstance(edge, float)) if histogram else ()
    return {
        "minimum": text(array.min()),
        "maximum": text(array.max()),
        "quantiles": tuple(text(each) for each in np.quantile(array, QUANTILES, method="lower")),
        "histogram": histogram and Histogram(edges=edges, counts=histogram.counts),
    }


def _histogram(values: Any) -> Histogram | None:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        return None
    try:
        counts, edges = np.histogram(values, bins=_BINS)
    except ValueError:  # too many bins for numbers that differ in their last digits only
        return Histogram(edges=(low, high), counts=(len(values),))
    return Histogram(edges=tuple(float(each) for each in edges), counts=tuple(int(each) for each in counts))


def _mark(value: Any) -> Mark:
    found: Mark = value.item()
    return found
