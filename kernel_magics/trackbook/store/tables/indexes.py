"""The indexes of pandas, of any class, on either axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from trackbook.store.tables.arrays import array_arrow, array_meta, array_of, coded_meta, coded_of
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.shelf import Shelf, Source
from trackbook.store.tables.values import value_json, value_of

_CLASSES = (
    pd.Index,
    pd.CategoricalIndex,
    pd.DatetimeIndex,
    pd.IntervalIndex,
    pd.PeriodIndex,
    pd.TimedeltaIndex,
)


def index_meta(index: Any, shelf: Shelf) -> Meta:
    """Put an index on the shelf; one of equal distances takes no place there.

    Raises
    ------
    UnfitError
        If its class, its frequency, its names or its values would not come back equal.
    """
    names = [value_json(name) for name in index.names]
    if type(index) is pd.RangeIndex:
        own = {"all": True} if shelf.is_beside else {}
        return {"range": [index.start, index.stop, index.step], "names": names, **own}
    if type(index) is pd.MultiIndex:
        pairs = zip(index.codes, index.levels, strict=True)
        return {"levels": [coded_meta(codes, level, shelf) for codes, level in pairs], "names": names}
    if type(index) not in _CLASSES:
        raise UnfitError(f"an index of the class {type(index).__module__}.{type(index).__qualname__}")
    values = index.to_numpy() if isinstance(index.dtype, np.dtype) else index.array
    return {"values": array_meta(values, shelf), "names": names, **_freq_meta(index)}


def index_of(meta: Meta, source: Source) -> Any:
    """Return the index that `index_meta` was given, or its part."""
    names = [_hashable(value_of(name)) for name in meta["names"]]
    if "range" in meta:
        return _range(meta, source).rename(names[0])
    if "levels" in meta:
        return _multi(meta, source, names)
    values = array_of(meta["values"], source)
    if not isinstance(values, np.ndarray):
        made = pd.Index(values, name=names[0])
    else:
        made = pd.Index(values, dtype=values.dtype, name=names[0])
    if "freq" in meta:
        made.freq = meta["freq"]
    return made


def index_arrow(meta: Meta, source: Source) -> Any:
    """Return the index as Arrow shows it, one of several levels as text."""
    if "range" in meta:
        return pa.chunked_array([pa.array(_range(meta, source).to_numpy())])
    if "levels" in meta:
        return pa.chunked_array([pa.array([str(key) for key in index_of(meta, source)], pa.large_string())])
    return array_arrow(meta["values"], source)


def _range(meta: Meta, source: Source) -> Any:
    start, stop, step = meta["range"]
    whole = pd.RangeIndex(start, stop, step)
    is_all = meta.get("all") or (source.start, source.stop) == (0, len(whole))
    return whole if is_all else whole[source.start : source.stop]


def _multi(meta: Meta, source: Source, names: list[Any]) -> Any:
    pairs = [coded_of(each, source) for each in meta["levels"]]
    codes, levels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return pd.MultiIndex(levels=levels, codes=codes, names=names, verify_integrity=False)


def _freq_meta(index: Any) -> Meta:
    freq = getattr(index, "freq", None) if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) else None
    if freq is None:
        return {}
    if pd.tseries.frequencies.to_offset(freq.freqstr) != freq:
        raise UnfitError(f"an index of the frequency {freq!r}, which its name {freq.freqstr!r} does not tell all of")
    return {"freq": freq.freqstr}


def _hashable(name: Any) -> Any:
    return tuple(name) if isinstance(name, list) else name
