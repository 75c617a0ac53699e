"""Numpy arrays of one dimension as Arrow arrays, bit by bit: NaN keeps its payload, zero its sign, NaT its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.objects import objects_meta, objects_of
from trackbook.store.tables.shelf import Shelf, Source

_UNITS_OF_ARROW = ("s", "ms", "us", "ns")


def numbers_meta(values: NDArray[Any], shelf: Shelf) -> Meta:
    """Put an array of one dimension and any dtype on the shelf."""
    if values.dtype.kind == "O":
        return objects_meta(values, shelf)
    if values.dtype.kind == "T" or values.dtype.hasobject:
        raise UnfitError(f"an array of {values.dtype}")
    native = _native(values)
    kept, how = _arrow(native)
    return {"as": "numbers", "dtype": dtype_json(values.dtype), "how": how, "values": shelf.put(kept)}


def numbers_of(meta: Meta, source: Source) -> NDArray[Any]:
    """Return the array that `numbers_meta` was given: a new one, that may be written on."""
    if meta["as"] != "numbers":
        return objects_of(meta, source)
    dtype = dtype_of(meta["dtype"])
    chunked = source.array(meta["values"])
    native = dtype.newbyteorder("=") if dtype.names is None else dtype
    found = np.empty(len(chunked), native)
    at = 0
    for chunk in chunked.chunks:
        found[at : at + len(chunk)] = _numpy(chunk, native, meta["how"])
        at += len(chunk)
    return found if native == dtype else found.byteswap().view(dtype)


def numbers_arrow(meta: Meta, source: Source) -> Any:
    """Return the array as Arrow shows it: dates and durations as such, text as text."""
    chunked = source.array(meta["values"])
    if meta["as"] != "numbers" or meta["how"] == "same":
        return chunked
    dtype = dtype_of(meta["dtype"])
    if dtype.kind in "mM" and np.datetime_data(dtype)[0] != "generic":
        unit = "s" if np.datetime_data(dtype)[0] in ("Y", "M", "W", "D", "h", "m", "s") else "ns"
        return pa.chunked_array([pa.array(numbers_of(meta, source).astype(f"{dtype.kind}8[{unit}]"))])
    if dtype.kind == "U":
        return pa.chunked_array([pa.array(numbers_of(meta, source).tolist(), pa.large_string())])
    return chunked


def dtype_json(dtype: np.dtype[Any]) -> Any:
    """Return a dtype as what `json` can write: numpy's own text of it, or the list of its fields."""
    found = np.lib.format.dtype_to_descr(dtype)
    if dtype_of(_listed(found)) != dtype:
        raise UnfitError(f"an array of {dtype}, which has no plain description")
    return _listed(found)


def dtype_of(found: Any) -> np.dtype[Any]:
    """Return the dtype that `dtype_json` was given."""
    made: np.dtype[Any] = np.lib.format.descr_to_dtype(_paired(found))
    return made


def _listed(found: Any) -> Any:
    return [_listed(each) for each in found] if isinstance(found, list | tuple) else found


def _paired(found: Any) -> Any:
    """Turn JSON's lists back into the tuples of a description: fields, shapes, a title with its name."""
    if isinstance(found, str):
        return found
    if all(isinstance(each, list) and each and isinstance(each[0], str | list) for each in found):
        return [_field(each) for each in found]
    head, shape = found
    return _paired(head), tuple(shape)


def _field(found: Sequence[Any]) -> Any:
    name, content, *shape = found
    return (tuple(name) if isinstance(name, list) else name, _paired(content), *(tuple(each) for each in shape))


def _native(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.names is not None or values.dtype.isnative:
        return values
    return values.byteswap().view(values.dtype.newbyteorder("="))


def _arrow(values: NDArray[Any]) -> tuple[Any, str]:
    """Return an Arrow array of the values, and how it is read: ``same``, ``int``, ``ms`` (from seconds), ``raw``."""
    kind = values.dtype.kind
    if kind in "bui" or (kind == "f" and values.itemsize <= 8):
        return pa.array(values, from_pandas=False), "same"
    if kind in "mM":
        return _times(values, kind)
    if not values.itemsize:
        return pa.nulls(len(values)), "raw"
    content = pa.py_buffer(np.ascontiguousarray(values).view(np.uint8).reshape(-1))
    return pa.Array.from_buffers(pa.binary(values.itemsize), len(values), [None, content]), "raw"


def _times(values: NDArray[Any], kind: str) -> tuple[Any, str]:
    unit, count = np.datetime_data(values.dtype)
    if unit in _UNITS_OF_ARROW and count == 1:
        found = pa.array(values, from_pandas=False)
        if kind == "m" or unit != "s":
            return found, "same"
        try:  # Parquet knows no seconds
            return found.cast(pa.timestamp("ms")), "ms"
        except pa.ArrowInvalid:
            pass
    return pa.array(values.view(np.int64)), "int"


def _numpy(chunk: Any, dtype: np.dtype[Any], how: str) -> Any:
    if how == "raw":
        if not dtype.itemsize:
            return np.zeros(len(chunk), dtype)
        start = chunk.offset * dtype.itemsize
        return np.frombuffer(chunk.buffers()[1], np.uint8)[start : start + len(chunk) * dtype.itemsize].view(dtype)
    if how == "int":
        return chunk.to_numpy(zero_copy_only=False).view(dtype)
    if how == "ms":
        return chunk.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)
    return chunk.to_numpy(zero_copy_only=False)
