"""Whether two tables are the same in every respect, by their libraries' own checks and some more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
from pandas.testing import assert_frame_equal, assert_index_equal, assert_series_equal
from polars.testing import assert_frame_equal as assert_polars_frame_equal
from polars.testing import assert_series_equal as assert_polars_series_equal

_CONTAINERS = (list, tuple, dict, set, frozenset, np.ndarray, pd.Interval, complex, Decimal)


def assert_same(one: Any, other: Any) -> None:
    """Fail unless two tables are the same."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        _assert_same_frame(one, other)
    elif isinstance(one, pd.Series):
        assert_series_equal(one, other, check_exact=True, check_flags=True, check_freq=True, check_index_type="exact")
        assert one.attrs == other.attrs
    elif isinstance(one, np.ndarray):
        _assert_same_array(one, other)
    elif isinstance(one, pa.Table | pa.RecordBatch):
        other.validate(full=True)
        assert one.schema.equals(other.schema, check_metadata=True)
        assert repr(one.to_pydict()) == repr(other.to_pydict())  # NaN equals nothing
    elif isinstance(one, polars.DataFrame):
        assert_polars_frame_equal(one, other, check_exact=True)
    elif isinstance(one, polars.Series):
        assert_polars_series_equal(one, other, check_exact=True)
    elif hasattr(one, "tocoo"):
        _assert_same_sparse(one, other)
    else:
        assert one.type == other.type
        assert repr(one.to_pylist()) == repr(other.to_pylist())


def _assert_same_frame(one: pd.DataFrame, other: pd.DataFrame) -> None:
    kept = [number for number in range(one.shape[1]) if not _is_nested(one.iloc[:, number])]
    assert_frame_equal(
        one.iloc[:, kept],
        other.iloc[:, kept],
        check_exact=True,
        check_freq=True,
        check_flags=True,
        check_names=True,
        check_categorical=True,
        check_index_type="exact",
        check_column_type="exact",
    )
    for axis in (0, 1):
        mine, theirs = one.axes[axis], other.axes[axis]
        assert_index_equal(mine, theirs, exact=True, check_exact=True)
        assert repr(list(mine.names)) == repr(list(theirs.names))
        assert getattr(mine, "freq", None) == getattr(theirs, "freq", None)
        if isinstance(mine, pd.MultiIndex):
            assert all(a.identical(b) or a.equals(b) for a, b in zip(mine.levels, theirs.levels, strict=True))
    assert one.attrs == other.attrs
    for number in range(one.shape[1]):
        _assert_same_values(one.iloc[:, number], other.iloc[:, number])


def _is_nested(column: Any) -> bool:
    """Tell whether a column holds what pandas' own check can't compare: NaN in a list is not equal to another, say."""
    return bool(column.dtype == object and any(isinstance(each, _CONTAINERS) for each in column))


def _assert_same_values(one: pd.Series[Any], other: pd.Series[Any]) -> None:
    assert repr(one.dtype) == repr(other.dtype)
    if one.dtype == object:
        assert _text(list(one)) == _text(list(other))
    elif isinstance(one.dtype, np.dtype):
        assert one.to_numpy().tobytes() == other.to_numpy().tobytes()  # the payload of NaN and the sign of zero too
    elif isinstance(one.dtype, pd.SparseDtype):
        assert one.array.kind == other.array.kind
        assert one.array.sp_values.tobytes() == other.array.sp_values.tobytes()
        assert one.array.sp_index.equals(other.array.sp_index)


def _text(value: Any) -> str:
    """Return a text of a value, its class with it; sets have no order."""
    name = type(value).__name__
    if isinstance(value, dict):
        return f"{name}{[(_text(key), _text(each)) for key, each in value.items()]}"
    if isinstance(value, list | tuple):
        return f"{name}{[_text(each) for each in value]}"
    if isinstance(value, set | frozenset):
        return f"{name}{sorted(_text(each) for each in value)}"
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {value.tobytes()!r}"
    return f"{name} {value!r}"


def _assert_same_array(one: Any, other: Any) -> None:
    assert (one.dtype, one.shape) == (other.dtype, other.shape)
    assert one.flags.f_contiguous == other.flags.f_contiguous
    if isinstance(one, np.ma.MaskedArray):
        assert np.ma.getmaskarray(one).tobytes() == np.ma.getmaskarray(other).tobytes()
        assert (one.mask is np.ma.nomask) == (other.mask is np.ma.nomask)
        assert repr(one.fill_value) == repr(other.fill_value)
    if one.dtype == object:
        assert _text(one.tolist()) == _text(other.tolist())
    elif one.dtype.names is not None:
        for name in one.dtype.names:
            _assert_same_array(np.asarray(one[name]), np.asarray(other[name]))
    else:
        assert np.ma.getdata(one).tobytes() == np.ma.getdata(other).tobytes()


def _assert_same_sparse(one: Any, other: Any) -> None:
    assert (one.format, one.shape, one.dtype) == (other.format, other.shape, other.dtype)
    assert one.toarray().tobytes() == other.toarray().tobytes()
    for name in ("data", "indices", "indptr", "offsets"):
        if isinstance(getattr(one, name, None), np.ndarray):
            mine, theirs = getattr(one, name), getattr(other, name)
            assert mine.dtype == theirs.dtype or name != "data"
            assert np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f") or one.format in ("lil", "dok")
