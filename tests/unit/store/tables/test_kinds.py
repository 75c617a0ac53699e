"""Tables of every kind come back the same, or are refused with the reason."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trackbook.store.objects import MemoryObjects
from trackbook.store.tables import UnfitError, read, refusal, write

from .equality import assert_same
from .strategies import cells, frames, ndarrays

generated = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def back(table: Any) -> Any:
    objects = MemoryObjects()
    return read(objects, write(objects, table).snapshot_id)


@generated
@given(frames())
def test_any_frame_comes_back_the_same(frame: pd.DataFrame) -> None:
    assert refusal(frame) is None

    assert_same(frame, back(frame))


@generated
@given(ndarrays())
def test_any_array_comes_back_the_same(array: Any) -> None:
    reason = refusal(array)

    if reason is None:
        assert_same(array, back(array))
    else:
        assert "masked array with fields" in reason or "no plain description" in reason


@generated
@given(st.lists(cells(), max_size=5))
def test_any_cells_come_back_the_same(values: list[Any]) -> None:
    array = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):
        array[number] = value

    assert_same(array, back(array))


EMPTY: dict[str, Any] = {
    "nothing": pd.DataFrame(),
    "no columns": pd.DataFrame(index=pd.date_range("2026-01-01", periods=3, freq="h")),
    "no rows": pd.DataFrame(
        {"a": np.array([], "i8"), "b": pd.Categorical([], categories=["x"]), "c": pd.array([], "str")}
    ),
    "no rows of an array": np.zeros((0, 4)),
    "no width of an array": np.zeros((4, 0)),
    "an empty Arrow table": pa.table({"a": pa.array([], pa.int8())}),
    "an Arrow table without columns": pa.table({"a": [1, 2]}).select([]),
    "an empty polars frame": pl.DataFrame(),
}
PANDAS: dict[str, Any] = {
    "a range with start, step and name": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(3, 7, 2, name="r")),
    "labels twice": pd.DataFrame(np.arange(4.0).reshape(2, 2), columns=["a", "a"]),
    "labels of several types": pd.DataFrame(np.zeros((1, 4)), columns=[1, "1", None, (1, 2)]),
    "unused levels": pd.DataFrame({"a": range(4)}, index=pd.MultiIndex.from_product([["b", "a"], [2, 1]])).iloc[:2],
    "unused categories": pd.DataFrame({"a": pd.Categorical(["x"], categories=["z", "x", "y"], ordered=True)}),
    "categories of a range": pd.DataFrame({"a": pd.Categorical.from_codes([0, 4, -1], pd.RangeIndex(5))}),
    "a Series with a tuple for a name": pd.Series([1.0, -0.0, math.nan], name=("a", 1)),
    "a Series of text": pd.Series(["a", None, "c"], index=pd.Index(["x", "y", "z"], name="i")),
    "a missing level": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), (None, 2)])),
    "text with surrogates": pd.DataFrame({"a": pd.Series(["\ud800", "b"], dtype=object)}),
    "embeddings": pd.DataFrame({"a": [np.arange(3.0), np.arange(2)]}),
    "nested attrs": pd.DataFrame({"a": [1]}),
}
PANDAS["nested attrs"].attrs = {"source": {"files": ["a.csv"], "at": datetime(2026, 1, 1)}, "limits": (0, 1)}
NUMPY: dict[str, Any] = {
    "fields": np.array([(1, 2.0, b"ab")], dtype=[("a", "i4"), ("b", ">f8"), ("c", "S3")]),
    "fields in fields": np.zeros(2, np.dtype([("a", [("x", "i4"), ("y", "U3")]), ("b", "f8", (2,))])),
    "aligned fields": np.zeros(2, np.dtype([("a", "i1"), ("b", "f8", (2, 2))], align=True)),
    "masked with a fill value": np.ma.masked_array([1.0, 2, 3], mask=[0, 1, 0], fill_value=9),
    "no dimension": np.array(3.5),
    "records": np.rec.array([(1, "a")], dtype=[("x", "i4"), ("y", "U2")]),
    "a matrix": np.asmatrix([[1, 2], [3, 4]]),
    "long doubles": np.array([1, math.nan], "g"),
    "text of no length": np.array(["", ""], "U0"),
    "a stride": np.arange(12.0).reshape(3, 4)[:, ::2],
    "a payload in NaN": np.array([0x7FF8000000000123, 0xFFF8000000000001], "u8").view("f8"),
}
SPARSE: dict[str, Any] = {
    f"{form} {cls}": getattr(sp, f"{form}_{cls}")(sp.random(5, 6, 0.4, rng=np.random.default_rng(1)))
    for form in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok")
    for cls in ("matrix", "array")
}
SPARSE["zeros that are kept"] = sp.csr_array((np.array([0.0, 1]), np.array([2, 1]), np.array([0, 2])), shape=(1, 3))
SPARSE["entries twice"] = sp.coo_array((np.array([1.0, 1]), (np.array([0, 0]), np.array([1, 1]))), shape=(1, 2))
ARROW: dict[str, Any] = {
    "nested, with metadata": pa.table(
        {
            "list": [[1], None],
            "struct": [{"x": 1}, None],
            "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32())),
            "fixed": pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
            "large": pa.array([["a"], [None]], pa.large_list(pa.large_string())),
        }
    ).replace_schema_metadata({"k": "v"}),
    "dictionaries": pa.table(
        {
            "text": pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int8()), ["unused", "b"]),
            "number": pa.DictionaryArray.from_arrays([0, 0], pa.array([3, 4]), ordered=True),
        }
    ),
    "what Parquet has no word for": pa.table(
        {
            "view": pa.array(["a", None], pa.string_view()),
            "time": pa.array([1, 2], pa.time32("s")),
            "date": pa.array([86400000, None], pa.date64()),
            "seconds": pa.array([1, None], pa.timestamp("s")),
            "duration": pa.array([1, None], pa.duration("s")),
            "nothing": pa.nulls(2),
            "decimal": pa.array([Decimal("1.2"), None]),
        }
    ),
    "an extension type": pa.table({"u": pa.array([b"0" * 16], pa.uuid())}),
    "a batch": pa.record_batch({"a": [1, None], "b": ["x", "y"]}),
    "an array": pa.array([1.5, None]),
    "chunks": pa.chunked_array([[1, 2], [3]]),
    "a slice": pa.table({"a": list(range(10)), "s": [str(n) for n in range(10)]}).slice(3, 4),
    "names twice": pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], names=["a", "a"]),
}
POLARS: dict[str, Any] = {
    "many types": pl.DataFrame(
        {
            "a": [1, None],
            "category": pl.Series(["a", "b"], dtype=pl.Categorical),
            "enum": pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])),
            "list": [[1], [2]],
            "duration": [timedelta(days=1)] * 2,
            "struct": [{"a": 1}, {"a": 2}],
            "decimal": [Decimal("1.2")] * 2,
            "nothing": [None, None],
            "array": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int8, 2)),
            "zone": pl.Series([datetime(2026, 1, 1)] * 2).dt.replace_time_zone("Europe/Berlin"),
        }
    ),
    "a Series": pl.Series("x", [1.5, math.nan, None]),
}
TABLES = {
    f"{group} {name}": table
    for group, tables in (
        ("empty:", EMPTY), ("pandas:", PANDAS), ("numpy:", NUMPY),
        ("sparse:", SPARSE), ("arrow:", ARROW), ("polars:", POLARS),
    )
    for name, table in tables.items()
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_table_comes_back_the_same(name: str) -> None:
    table = TABLES[name]

    found = back(table)

    assert_same(table, found)


WORKDAYS = pd.date_range("2026-01-01", periods=3, freq=pd.offsets.CDay(holidays=["2026-01-02"]))


class Own:
    """A class of one's own."""


class OwnFrame(pd.DataFrame):
    """A frame with more to it than pandas knows."""


def deep() -> list[Any]:
    inner: list[Any] = []
    for _ in range(100):
        inner = [inner]
    return inner


def endless() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "an instance": (lambda: pd.DataFrame({"a": [1, Own()]}), "column 'a' has a value of the class .*Own in row 1"),
    "a function": (lambda: np.array([print], dtype=object), "builtin_function_or_method in row 0"),
    "a subclass of a frame": (lambda: OwnFrame({"a": [1]}), "OwnFrame, which may hold more"),
    "attrs": (lambda: with_attrs({"a": Own()}), "its attrs have a value of the class"),
    "depth": (lambda: pd.Series([deep()]), "nested more than 32 levels"),
    "itself": (lambda: pd.Series([endless()]), "nested more than 32 levels"),
    "a lazy plan": (lambda: pl.LazyFrame({"a": [1]}), "collect it first"),
    "objects of polars": (lambda: pl.DataFrame({"a": pl.Series([Own()], dtype=pl.Object)}), "column 'a' has"),
    "an interval of months": (
        lambda: pa.table({"a": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}),
        "column 'a' has values of Arrow's type month_day_nano_interval",
    ),
    "objects in fields": (lambda: np.zeros(1, [("a", "O")]), "an array of"),
    "a list": (lambda: [1, 2], "a builtins.list is no table"),
    "holidays": (
        lambda: pd.DataFrame(index=WORKDAYS),
        "an index of the frequency",
    ),
}  # fmt: skip


def with_attrs(attrs: dict[Any, Any]) -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = attrs
    return frame


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_come_back_equal_is_refused_with_the_reason(name: str) -> None:
    make, reason = REFUSED[name]
    table = make()

    with pytest.raises(UnfitError, match=reason):
        write(MemoryObjects(), table)

    assert refusal(table) is not None


def test_what_comes_back_can_be_written_on() -> None:
    frame = pd.DataFrame({"a": [1.0, 2], "i": pd.array([1, None], "Int64"), "s": ["x", "y"], "b": [True, False]})

    found = back(frame)
    found.loc[0, ["a", "i", "s", "b"]] = [5.0, 6, "z", False]
    array = back(np.arange(3))
    array[0] = 7

    assert found.iloc[0].tolist() == [5.0, 6, "z", False]
    assert array.tolist() == [7, 1, 2]


def test_writing_leaves_the_table_alone() -> None:
    frame = pd.DataFrame({"a": [1, 2], "o": ["x", [1]]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]))
    before = pickle.dumps(frame)

    write(MemoryObjects(), frame)

    assert pickle.dumps(frame) == before


def test_nothing_is_pickled() -> None:
    objects = MemoryObjects()
    frame = pd.DataFrame({"o": [1, "x", {"k": [None]}], "c": pd.Categorical(["a", "b", "a"])})

    write(objects, frame)

    for entry in objects.entries():
        with pytest.raises(Exception):  # noqa: B017, PT011  # whatever the unpickler says of what is no pickle
            pickle.loads(objects.get(entry.name))
