"""Profiles: what the columns of a snapshot look like."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from trackbook.errors import NotFoundError
from trackbook.records.profile import ColumnProfile, TopValue
from trackbook.store.objects import MemoryObjects
from trackbook.store.tables import profile, read_profile, refusal, write, write_profile

from .strategies import frames


def profiled(table: Any) -> dict[str, ColumnProfile]:
    objects = MemoryObjects()
    return {each.name: each for each in profile(objects, write(objects, table).snapshot_id).columns}


def test_numbers_have_a_scale() -> None:
    values = np.array([*range(1, 101), np.nan, np.inf])

    found = profiled(pd.DataFrame({"x": values}))["x"]

    assert (found.rows, found.missing, found.infinite, found.distinct) == (102, 1, 1, 101)
    assert (found.minimum, found.maximum, found.mean) == (1.0, np.inf, 50.5)
    assert found.quantiles == tuple(np.quantile(np.arange(1, 101), [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert found.deviation == pytest.approx(np.arange(1, 101).std())
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 100
    assert (found.histogram.edges[0], found.histogram.edges[-1]) == (1.0, 100.0)


def test_text_and_categories_have_top_values() -> None:
    frame = pd.DataFrame({"s": ["b", "a", "b", None, "ccc"] * 2, "c": pd.Categorical(list("xxyyyxxxxz"))})

    found = profiled(frame)

    assert (found["s"].missing, found["s"].distinct, found["s"].shortest, found["s"].longest) == (2, 3, 1, 3)
    assert found["s"].top[0] == TopValue(value="b", count=4)
    assert [each.value for each in found["c"].top] == ["x", "y", "z"]


def test_times_have_a_scale_as_text() -> None:
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2026-01-01", periods=5, freq="D", tz="UTC"),
            "delta": pd.to_timedelta(range(5), unit="h"),
            "day": pd.array([date(2026, 1, n) for n in range(1, 6)], dtype="date32[pyarrow]"),
        }
    )

    found = profiled(frame)

    assert (found["time"].minimum, found["time"].quantiles[2]) == (
        "2026-01-01 00:00:00+00:00",
        "2026-01-03 00:00:00+00:00",
    )
    assert found["delta"].maximum == "4:00:00"
    assert found["day"].maximum == "2026-01-05"


def test_what_can_be_said_of_odd_columns_is_said() -> None:
    frame = pd.DataFrame(
        {
            "empty": [None, None],
            "mixed": ["a", 1],
            "lists": [[1], [2]],
            "decimal": pd.array([Decimal("1.5"), None], dtype=pd.ArrowDtype(pa.decimal128(5, 1))),
            "huge": [1.7e308, -1.7e308],
        }
    )

    found = profiled(frame)

    assert (found["empty"].missing, found["empty"].distinct) == (2, 0)
    assert found["mixed"].distinct == 2
    assert found["decimal"].mean == 1.5
    assert found["huge"].minimum == -1.7e308


def test_profile_is_kept_as_an_object() -> None:
    objects = MemoryObjects()
    frame = pd.DataFrame({"x": [1.5, np.inf], "s": ["a", "a"], "t": pd.date_range("2026-01-01", periods=2)})
    found = profile(objects, write(objects, frame).snapshot_id)

    assert read_profile(objects, write_profile(objects, found)) == found


def test_some_columns_are_profiled_by_name() -> None:
    objects = MemoryObjects()
    snapshot_id = write(objects, pd.DataFrame({"a": [1], "b": [2]})).snapshot_id

    assert [each.name for each in profile(objects, snapshot_id, ["b"]).columns] == ["b"]
    with pytest.raises(NotFoundError, match="Its columns: a, b"):
        profile(objects, snapshot_id, ["c"])


def test_columns_of_an_array_are_numbered() -> None:
    found = profiled(np.arange(6).reshape(3, 2))

    assert list(found) == ["0", "1"]
    assert found["1"].mean == 3.0


@settings(max_examples=40, deadline=None)
@given(frames())
def test_any_frame_that_is_kept_has_a_profile(frame: pd.DataFrame) -> None:
    if refusal(frame) is None:
        found = profiled(frame)

        assert all(each.rows == len(frame) for each in found.values())
