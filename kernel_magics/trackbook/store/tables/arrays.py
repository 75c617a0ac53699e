"""Columns: what a DataFrame, a Series or an index of pandas holds, as stored arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from trackbook.store.tables.arrow import arrow_meta, arrow_of
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.numbers import numbers_arrow, numbers_meta, numbers_of
from trackbook.store.tables.shelf import Shelf, Source
from trackbook.store.tables.zones import zone_json, zone_of

_pandas: Any = pd  # where its type stubs are narrower than it is


def array_meta(values: Any, shelf: Shelf) -> Meta:
    """Put a numpy array of one dimension, or an extension array of pandas, on the shelf.

    Raises
    ------
    UnfitError
        If its dtype is another library's, or it holds something that would not come back equal.
    """
    if isinstance(values, np.ndarray):
        return numbers_meta(values, shelf)
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return numbers_meta(np.asarray(values), shelf)
    for name, (cls, write, _, _) in _CODECS.items():
        if isinstance(dtype, cls):
            return {"as": name, **write(values, shelf)}
    raise UnfitError(f"values of the dtype {dtype} ({type(dtype).__module__})")


def array_of(meta: Meta, source: Source) -> Any:
    """Return the array that `array_meta` was given."""
    codec = _CODECS.get(meta["as"])
    return numbers_of(meta, source) if codec is None else codec[2](meta, source)


def array_arrow(meta: Meta, source: Source) -> Any:
    """Return the array as Arrow shows it."""
    codec = _CODECS.get(meta["as"])
    return numbers_arrow(meta, source) if codec is None else codec[3](meta, source)


def coded_meta(codes: Any, levels: Any, shelf: Shelf) -> Meta:
    """Put codes and the index that they number on the shelf: -1 is none of its values.

    Text is kept as a dictionary, so that any reader of Parquet sees it, anything else as numbers.
    """
    from trackbook.store.tables.indexes import index_meta

    codes = np.asarray(codes)
    meta = {"levels": index_meta(levels, shelf.beside), "codes": codes.dtype.str}
    texts = _texts(levels)
    if texts is None:
        return {**meta, "numbers": shelf.put(pa.array(codes))}
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return {**meta, "texts": shelf.put(pa.DictionaryArray.from_arrays(indices, texts))}


def coded_of(meta: Meta, source: Source) -> tuple[Any, Any]:
    """Return codes and index."""
    from trackbook.store.tables.indexes import index_of

    levels = index_of(meta["levels"], source)
    dtype = np.dtype(meta["codes"])
    if "numbers" in meta:
        return source.array(meta["numbers"]).to_numpy().astype(dtype), levels
    texts = _texts(levels)
    chunks = [_codes(chunk, texts) for chunk in source.array(meta["texts"]).chunks]
    return np.concatenate([np.empty(0, dtype), *chunks]).astype(dtype), levels


def _codes(chunk: Any, texts: Any) -> Any:
    places = pc.index_in(chunk.dictionary.cast(texts.type), texts).fill_null(-1)
    return places.take(chunk.indices).fill_null(-1).to_numpy()


def _texts(levels: Any) -> Any:
    """Return an index of nothing but text as an Arrow array, None for any other."""
    if not (isinstance(levels.dtype, pd.StringDtype) or levels.dtype == object) or levels.hasnans:
        return None
    values = levels.tolist()
    if set(map(type, values)) != {str} or levels.has_duplicates:
        return None
    try:
        return pa.array(values, pa.large_string())
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None


def _categorical_meta(values: Any, shelf: Shelf) -> Meta:
    return {"ordered": bool(values.ordered), **coded_meta(values.codes, values.categories, shelf)}


def _categorical_of(meta: Meta, source: Source) -> Any:
    codes, categories = coded_of(meta, source)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(categories, ordered=meta["ordered"]))


def _categorical_arrow(meta: Meta, source: Source) -> Any:
    if "texts" in meta:
        return source.array(meta["texts"])
    from trackbook.store.tables.indexes import index_arrow

    codes, _ = coded_of(meta, source)
    indices = pa.array(codes, mask=codes < 0)
    values = index_arrow(meta["levels"], source).combine_chunks()
    return pa.chunked_array([values.take(indices)])


def _zoned_meta(values: Any, shelf: Shelf) -> Meta:
    zone = zone_json(values.dtype.tz)
    if pd.DatetimeTZDtype(values.dtype.unit, zone_of(zone)) != values.dtype:
        raise UnfitError(f"values of the dtype {values.dtype}")
    plain = np.asarray(values.asi8).view(f"M8[{values.dtype.unit}]")
    return {"zone": zone, "values": numbers_meta(plain, shelf)}


def _zoned_of(meta: Meta, source: Source) -> Any:
    plain = numbers_of(meta["values"], source)
    unit = np.datetime_data(plain.dtype)[0]
    return _pandas.array(plain, dtype=f"M8[{unit}]").tz_localize("UTC").tz_convert(zone_of(meta["zone"]))


def _zoned_arrow(meta: Meta, source: Source) -> Any:
    found = numbers_arrow(meta["values"], source)
    return found.cast(pa.timestamp(found.type.unit, "UTC"))


def _period_meta(values: Any, shelf: Shelf) -> Meta:
    freq = values.dtype.name.removeprefix("period[").removesuffix("]")
    if pd.PeriodDtype(freq) != values.dtype:
        raise UnfitError(f"periods of the frequency {values.dtype.freq!r}")
    return {"freq": freq, "values": numbers_meta(np.asarray(values.asi8), shelf)}


def _period_of(meta: Meta, source: Source) -> Any:
    return pd.arrays.PeriodArray(numbers_of(meta["values"], source), dtype=pd.PeriodDtype(meta["freq"]))


def _period_arrow(meta: Meta, source: Source) -> Any:
    found = _period_of(meta, source)
    names = [None if missing else str(value) for value, missing in zip(found, found.isna(), strict=True)]
    return pa.chunked_array([pa.array(names, pa.large_string())])


def _interval_meta(values: Any, shelf: Shelf) -> Meta:
    from trackbook.store.tables.indexes import index_meta

    left, right = index_meta(pd.Index(values.left), shelf), index_meta(pd.Index(values.right), shelf)
    return {"closed": values.closed, "left": left, "right": right}


def _interval_of(meta: Meta, source: Source) -> Any:
    from trackbook.store.tables.indexes import index_of

    left, right = index_of(meta["left"], source), index_of(meta["right"], source)
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=meta["closed"])


def _interval_arrow(meta: Meta, source: Source) -> Any:
    found = _interval_of(meta, source)
    names = [None if missing else str(value) for value, missing in zip(found, found.isna(), strict=True)]
    return pa.chunked_array([pa.array(names, pa.large_string())])


def _sparse_meta(values: Any, shelf: Shelf) -> Meta:
    """Keep the values that are stored, and nulls for those that are not."""
    kept = np.asarray(values.sp_values)
    if kept.dtype.kind not in "biuf" or kept.itemsize > 8:
        raise UnfitError(f"values of the dtype {values.dtype}")
    positions = values.sp_index.indices
    dense, missing = np.zeros(len(values), kept.dtype), np.ones(len(values), bool)
    dense[positions], missing[positions] = kept, False
    fill = numbers_meta(np.asarray([values.fill_value], dtype=object), shelf.beside)
    stored = shelf.put(pa.array(dense, mask=missing, from_pandas=False))
    return {"dtype": kept.dtype.str, "kind": values.kind, "fill": fill, "values": stored}


def _sparse_of(meta: Meta, source: Source) -> Any:
    found = source.array(meta["values"]).combine_chunks()
    dtype = np.dtype(meta["dtype"])
    positions = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False)).astype(np.int32)
    kept = found.drop_null().to_numpy(zero_copy_only=False).astype(dtype)
    fill = numbers_of(meta["fill"], source)[0]
    return _sparse_made(kept, positions, len(found), meta["kind"], pd.SparseDtype(dtype, fill))


def _sparse_made(kept: Any, positions: Any, length: int, kind: str, dtype: Any) -> Any:
    make = getattr(pd.arrays.SparseArray, "from_indices", None)
    if make is not None:
        return make(kept, positions, length, fill_value=dtype.fill_value, kind=kind)
    index = _pandas._libs.sparse.IntIndex(length, positions)  # pandas 2 has no other door
    made = index if kind == "integer" else index.to_block_index()
    return pd.arrays.SparseArray(kept, sparse_index=made, fill_value=dtype.fill_value, dtype=dtype)


def _sparse_arrow(meta: Meta, source: Source) -> Any:
    fill = numbers_of(meta["fill"], source)[0]
    return source.array(meta["values"]).fill_null(fill)


def _masked_meta(values: Any, shelf: Shelf) -> Meta:
    plain = values.to_numpy(dtype=values.dtype.numpy_dtype, na_value=values.dtype.numpy_dtype.type(0))
    return {"dtype": str(values.dtype), "values": shelf.put(pa.array(plain, mask=values.isna(), from_pandas=False))}


def _masked_of(meta: Meta, source: Source) -> Any:
    found = source.array(meta["values"]).combine_chunks()
    dtype = _pandas.api.types.pandas_dtype(meta["dtype"])
    missing = found.is_null().to_numpy(zero_copy_only=False).copy()
    plain = found.fill_null(False if pa.types.is_boolean(found.type) else 0).to_numpy(zero_copy_only=False)
    return dtype.construct_array_type()(plain.astype(dtype.numpy_dtype), missing)


def _string_meta(values: Any, shelf: Shelf) -> Meta:
    dtype = values.dtype
    missing = "nan" if dtype.na_value is not pd.NA else "NA"
    if dtype.storage == "python":
        found = pa.array(np.asarray(values, dtype=object), pa.large_string(), from_pandas=True)
    else:
        found = values.__arrow_array__()
    return {"storage": dtype.storage, "missing": missing, "type": str(found.type), "values": shelf.put(found)}


def _string_of(meta: Meta, source: Source) -> Any:
    dtype = _pandas.StringDtype(meta["storage"], na_value=pd.NA if meta["missing"] == "NA" else np.nan)
    return dtype.__from_arrow__(source.array(meta["values"]))


def _stored(meta: Meta, source: Source) -> Any:
    return source.array(meta["values"])


def _arrow_dtype_meta(values: Any, shelf: Shelf) -> Meta:
    return {"values": arrow_meta(values.__arrow_array__(), shelf)}


def _arrow_dtype_of(meta: Meta, source: Source) -> Any:
    return pd.arrays.ArrowExtensionArray(arrow_of(meta["values"], source))


def _masked_dtypes() -> tuple[type, ...]:
    numbers = (f"{sign}Int{size}Dtype" for sign in ("", "U") for size in (8, 16, 32, 64))
    return tuple(getattr(pd, name) for name in (*numbers, "Float32Dtype", "Float64Dtype", "BooleanDtype"))


_Codec = tuple[
    "type | tuple[type, ...]",
    Callable[[Any, Shelf], Meta],
    Callable[[Meta, Source], Any],
    Callable[[Meta, Source], Any],
]
_CODECS: dict[str, _Codec] = {
    "categorical": (pd.CategoricalDtype, _categorical_meta, _categorical_of, _categorical_arrow),
    "zoned": (pd.DatetimeTZDtype, _zoned_meta, _zoned_of, _zoned_arrow),
    "period": (pd.PeriodDtype, _period_meta, _period_of, _period_arrow),
    "interval": (pd.IntervalDtype, _interval_meta, _interval_of, _interval_arrow),
    "sparse": (pd.SparseDtype, _sparse_meta, _sparse_of, _sparse_arrow),
    "masked": (_masked_dtypes(), _masked_meta, _masked_of, _stored),
    "string": (pd.StringDtype, _string_meta, _string_of, _stored),
    "arrow": (pd.ArrowDtype, _arrow_dtype_meta, _arrow_dtype_of, lambda meta, source: arrow_of(meta["values"], source)),
}
