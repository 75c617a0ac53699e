"""Hypothesis strategies for tables of every kind."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

ROWS = st.integers(0, 12)
TEXTS = st.text(max_size=6)
_UNITS = st.sampled_from(["s", "ms", "us", "ns"])
_ZONES = st.sampled_from(
    [
        UTC,
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("America/New_York"),
        timezone(timedelta(hours=5, minutes=30)),
        ZoneInfo("UTC"),
    ]
)
_NUMBERS = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(),
    npst.unsigned_integer_dtypes(),
    npst.floating_dtypes(),
    npst.complex_number_dtypes(),
)
_PANDAS_NUMBERS = st.sampled_from(["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"])
_FREQS = st.sampled_from(["D", "h", "ME", "QE-MAR", "B", "W-TUE", "2D", "15min", "YS", "3s"])


def plain_values() -> st.SearchStrategy[Any]:
    """Values as people have them in columns of objects."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(exclude_categories=()), max_size=5),
        st.binary(max_size=5),
        st.decimals(allow_nan=True),
        st.fractions(),
        st.dates(),
        st.times(),
        st.datetimes(timezones=st.one_of(st.none(), _ZONES)),
        st.timedeltas(),
        st.complex_numbers(),
        st.uuids(),
        st.sampled_from(
            [pd.NA, pd.NaT, np.nan, -0.0, Decimal("1.20"), range(3), pd.Interval(1, 2), pd.Period("2026-01", "M")]
        ),
        st.datetimes(
            min_value=pd.Timestamp("1700-01-01").to_pydatetime(), max_value=pd.Timestamp("2200-01-01").to_pydatetime()
        ).map(pd.Timestamp),
        npst.arrays(
            st.sampled_from(["i4", "f8", "M8[s]", "U3", ">f4"]),
            npst.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
        ),
        st.sampled_from([np.float32(0.1), np.int8(3), np.bool_(True), np.datetime64("2026-01-01"), np.str_("x")]),
    )


def cells() -> st.SearchStrategy[Any]:
    """Plain values, and lists and dicts of them."""
    keys = st.one_of(st.text(max_size=3), st.integers(), st.none(), st.tuples(st.integers(), st.text(max_size=2)))
    return st.recursive(
        plain_values(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.dictionaries(keys, inner, max_size=3),
            st.frozensets(keys, max_size=3),
        ),
        max_leaves=5,
    )


@st.composite
def objects(draw: st.DrawFn, rows: int) -> Any:
    """An array of objects: of one type with gaps of one kind, or of any."""
    gap = draw(st.sampled_from([None, np.nan, pd.NA, pd.NaT]))
    kind = _KINDS_OF_OBJECTS[draw(st.integers(0, len(_KINDS_OF_OBJECTS) - 1))]
    values = draw(
        st.lists(st.one_of(kind, st.just(gap)) if draw(st.booleans()) else kind, min_size=rows, max_size=rows)
    )
    found = np.empty(rows, dtype=object)
    for number, value in enumerate(values):
        found[number] = value
    return found


@st.composite
def arrays(draw: st.DrawFn, rows: int) -> Any:
    """What a column or an index of pandas holds."""
    return _ARRAYS[draw(st.integers(0, len(_ARRAYS) - 1))](draw, rows)


def _fixed(draw: st.DrawFn, rows: int) -> Any:
    return draw(npst.arrays(draw(_PANDAS_NUMBERS), rows))


def _times(draw: st.DrawFn, rows: int) -> Any:
    kind, unit = draw(st.sampled_from("mM")), draw(_UNITS)
    numbers = draw(npst.arrays("i8", rows, elements=st.one_of(st.integers(-(10**8), 10**8), st.just(-(2**63)))))
    return pd.array(numbers.view(f"{kind}8[{unit}]"))


def _zoned(draw: st.DrawFn, rows: int) -> Any:
    numbers = draw(npst.arrays("i8", rows, elements=st.integers(0, 10**9)))
    unit = draw(_UNITS)
    return pd.DatetimeIndex(numbers.view(f"M8[{unit}]")).tz_localize("UTC").tz_convert(draw(_ZONES)).array


def _masked(draw: st.DrawFn, rows: int) -> Any:
    name = draw(st.sampled_from(["Int64", "UInt8", "Float32", "Float64", "boolean", "Int16"]))
    dtype = pd.api.types.pandas_dtype(name)
    values = draw(npst.arrays(dtype.numpy_dtype, rows))
    return dtype.construct_array_type()(values, draw(npst.arrays("?", rows)))


def _text(draw: st.DrawFn, rows: int) -> Any:
    values = draw(st.lists(st.one_of(TEXTS, st.none()), min_size=rows, max_size=rows))
    missing = draw(st.sampled_from([pd.NA, np.nan]))
    return pd.array(values, dtype=pd.StringDtype(draw(st.sampled_from(["python", "pyarrow"])), na_value=missing))


def _arrow(draw: st.DrawFn, rows: int) -> Any:
    values, elements = _ARROW_VALUES[draw(st.integers(0, len(_ARROW_VALUES) - 1))]
    listed = draw(st.lists(st.one_of(elements, st.none()), min_size=rows, max_size=rows))
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(listed, values)]))


def _categorical(draw: st.DrawFn, rows: int) -> Any:
    of = (_text, _fixed, _zoned, _interval)[draw(st.integers(0, 3))]
    levels = pd.Index(of(draw, 6)).unique()
    levels = levels[~levels.isna()]
    codes = draw(npst.arrays("i4", rows, elements=st.integers(-1, len(levels) - 1)))
    return pd.Categorical.from_codes(codes, categories=levels, ordered=draw(st.booleans()))


def _interval(draw: st.DrawFn, rows: int) -> Any:
    left = draw(npst.arrays(draw(st.sampled_from(["i8", "f8"])), rows, elements=st.integers(-9, 9)))
    return pd.arrays.IntervalArray.from_arrays(left, left + 2, closed=draw(st.sampled_from(["left", "right", "both"])))


def _period(draw: st.DrawFn, rows: int) -> Any:
    numbers = draw(npst.arrays("i8", rows, elements=st.one_of(st.integers(0, 5000), st.just(-(2**63)))))
    freq = draw(st.sampled_from(["D", "M", "Q-NOV", "Y", "h", "W-TUE", "3D", "min"]))
    return pd.arrays.PeriodArray(numbers, dtype=pd.PeriodDtype(freq))


def _sparse(draw: st.DrawFn, rows: int) -> Any:
    dtype, fill = draw(st.sampled_from([("f8", np.nan), ("f8", 0.0), ("i8", 0), ("?", False), ("i2", 7)]))
    values = draw(npst.arrays(dtype, rows, elements=st.sampled_from([0, 1])))
    return pd.arrays.SparseArray(values, fill_value=fill, kind=draw(st.sampled_from(["integer", "block"])))


def _objects(draw: st.DrawFn, rows: int) -> Any:
    return draw(objects(rows))


_ARRAYS = [
    _fixed, _times, _zoned, _masked, _text, _arrow, _categorical, _interval, _period, _sparse, _objects,
]  # fmt: skip
_KINDS_OF_OBJECTS = (TEXTS, st.booleans(), st.integers(), st.floats(), st.binary(max_size=3), cells())
_ARROW_VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [*{
    pa.int8(): st.integers(-100, 100),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.bool_(): st.booleans(),
    pa.large_string(): TEXTS,
    pa.binary(3): st.binary(min_size=3, max_size=3),
    pa.timestamp("s"): st.integers(-(10**9), 10**9),
    pa.timestamp("us", "Europe/Berlin"): st.integers(0, 10**12),
    pa.duration("ms"): st.integers(-(10**9), 10**9),
    pa.time32("s"): st.integers(0, 86399),
    pa.date64(): st.dates(),
    pa.decimal128(12, 2): st.decimals(-100, 100, places=2),
    pa.list_(pa.int32()): st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=3),
    pa.list_(pa.int8(), 2): st.tuples(st.integers(0, 5), st.integers(0, 5)).map(list),
    pa.struct([("a", pa.int32()), ("b", pa.string())]): st.fixed_dictionaries({"a": st.integers(0, 9), "b": TEXTS}),
    pa.map_(pa.string(), pa.int8()): st.lists(st.tuples(TEXTS, st.integers(0, 9)), max_size=2),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", ""]),
    pa.dictionary(pa.int32(), pa.int64()): st.integers(0, 3),
}.items()]  # fmt: skip
names = st.one_of(st.none(), st.text(max_size=3), st.integers(), st.tuples(st.text(max_size=2), st.integers()))


@st.composite
def indexes(draw: st.DrawFn, rows: int, *, levels: bool = True) -> Any:
    """Indexes of every class."""
    choice = draw(st.integers(0, 4 if levels else 2))
    if choice == 0:
        start, step = draw(st.integers(-5, 5)), draw(st.sampled_from([1, 2, -3]))
        return pd.RangeIndex(start, start + rows * step, step, name=draw(names))
    if choice == 1:
        return _timed(draw, rows)
    if choice == 2:
        return pd.Index(_labels(draw, rows), name=draw(names))
    parts = [pd.Index(_labels(draw, rows)) for _ in range(choice - 1)]
    return pd.MultiIndex.from_arrays(parts, names=[draw(names) for _ in parts])


def _timed(draw: st.DrawFn, rows: int) -> Any:
    if draw(st.booleans()):
        return pd.timedelta_range(
            "1 day", periods=rows, freq=draw(st.sampled_from(["D", "h", "15min"])), name=draw(names)
        )
    zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin"]))
    return pd.date_range("2026-03-01", periods=rows, freq=draw(_FREQS), tz=zone, name=draw(names))


def _labels(draw: st.DrawFn, rows: int) -> Any:
    """Return what pandas takes as an index and as a level of one."""
    kind = draw(st.integers(0, len(_LABELS)))
    if kind < len(_LABELS):
        return _LABELS[kind](draw, rows)
    values = draw(st.lists(st.one_of(TEXTS, st.integers(-9, 9), st.dates()), min_size=rows, max_size=rows))
    return np.array([*values, None], dtype=object)[:-1]


_LABELS = (_fixed, _times, _zoned, _masked, _text, _categorical, _interval, _period)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """DataFrames: any columns, any indexes, labels twice, attrs, flags."""
    rows, width = draw(ROWS), draw(st.integers(0, 4))
    columns = [pd.Series(values, dtype=values.dtype) for values in (draw(arrays(rows)) for _ in range(width))]
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(rows) if not width else None)
    frame.index = draw(indexes(rows))
    frame.columns = draw(indexes(width))
    frame.attrs = draw(
        st.dictionaries(st.text(max_size=3), st.one_of(st.integers(), st.lists(st.text(max_size=2))), max_size=2)
    )
    if frame.index.is_unique and frame.columns.is_unique and draw(st.booleans()):
        frame = frame.set_flags(allows_duplicate_labels=False)
    return frame


@st.composite
def ndarrays(draw: st.DrawFn) -> Any:
    """Numpy arrays: any dtype, shape, byte order and memory order; structured and masked ones."""
    dtype = draw(
        st.one_of(
            _NUMBERS,
            npst.byte_string_dtypes(max_len=4),
            npst.unicode_string_dtypes(max_len=4),
            npst.datetime64_dtypes(),
            npst.timedelta64_dtypes(),
            npst.array_dtypes(st.one_of(_NUMBERS, npst.unicode_string_dtypes(max_len=3)), max_size=3),
        )
    )
    array = draw(npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    if array.dtype.names is None and draw(st.integers(0, 3)) == 0:
        return np.ma.MaskedArray(array, mask=draw(npst.arrays("?", array.shape)))
    return array
