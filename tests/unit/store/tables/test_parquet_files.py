"""A kept table as one Parquet file: its pages are copied, and whatever reads Parquet reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from trackbook.store.objects import MemoryObjects
from trackbook.store.tables import parquet, write
from trackbook.store.tables.files import write_file

from .equality import assert_same
from .strategies import frames
from .test_pieces import mixed


def exported(table: Any, path: Path) -> Path:
    objects = MemoryObjects()
    write_file(objects, write(objects, table).snapshot_id, path, ".parquet")
    return path


def people(rows: int = 400) -> pd.DataFrame:
    chance = np.random.default_rng(5)
    days = pd.date_range("2026-01-01", periods=rows, freq="h")
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "income": np.where(chance.random(rows) < 0.1, np.nan, chance.normal(size=rows)),
            "name": pd.Series([f"name {number % 50}" for number in range(rows)], dtype="str"),
            "note": pd.Series([None if number % 5 == 0 else "x" for number in range(rows)], dtype=object),
            "colour": pd.Categorical(chance.choice(["red", "blue"], rows), categories=["grey", "red", "blue", "none"]),
            "size": pd.Categorical(chance.choice([1, 2], rows), ordered=True),
            "at": days,
            "there": days.tz_localize("UTC").tz_convert("Europe/Berlin"),
            "second": days.astype("M8[s]"),
            "wait": pd.to_timedelta(np.arange(rows), unit="s"),
            "answer": pd.array([1, None] * (rows // 2), dtype="Int64"),
            "small": np.arange(rows).astype("i1"),
            "is_new": chance.random(rows) > 0.5,
            "tags": pd.Series([[1, 2], []] * (rows // 2)),
        }
    )


FRAMES = {
    "of every dtype": people(),
    "with a named index": people().set_index("name"),
    "with two levels": people().set_index(["id", "there"]),
    "with a range of its own": people()[["id"]].iloc[5:300:3],
    "with numbers as labels": people()[["id", "at"]].set_axis([0, 1], axis=1),
    "with labels of two levels": people()[["id", "at"]].set_axis(pd.MultiIndex.from_product([["a"], [1, 2]]), axis=1),
    "without rows": people().iloc[:0],
    "without columns": people()[[]],
    "with attrs": people()[["id"]].pipe(lambda frame: frame.attrs.update(unit="kg") or frame),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frame_is_read_as_one_that_pandas_wrote(tmp_path: Path, name: str) -> None:
    frame = FRAMES[name]
    theirs = tmp_path / "theirs.parquet"
    frame.to_parquet(theirs)

    ours = exported(frame, tmp_path / "ours.parquet")

    assert_same(pd.read_parquet(ours), pd.read_parquet(theirs))
    assert pq.read_table(ours).equals(pq.read_table(theirs))
    notes = [json.loads(pq.read_schema(path).metadata[b"pandas"]) for path in (ours, theirs)]
    assert notes[0] == notes[1]
    if frame.shape[1] and len(frame):
        assert polars.read_parquet(ours).equals(polars.read_parquet(theirs), null_equal=True)
        assert is_same_to_duckdb(ours, theirs)


def is_same_to_duckdb(one: Path, other: Path) -> bool:
    tables = [duckdb.sql(f"select * from read_parquet('{path}')") for path in (one, other)]
    has_same_columns = tables[0].columns == tables[1].columns and tables[0].types == tables[1].types
    differences = duckdb.sql(
        f"(from '{one}' except all from '{other}') union all (from '{other}' except all from '{one}')"
    )
    return has_same_columns and differences.count("*").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"x": [1.0, float("nan"), None], "s": [{"a": 1, "b": "q"}, None, {"a": 2, "b": None}]}),
        pa.table({"l": [[[1], None], None, []], "t": pa.array([1, None, 2], pa.time64("us"))}),
        pa.table({"d": pa.array(["a", None, "a"]).dictionary_encode(), "w": pa.array([1, 2, None], pa.duration("us"))}),
        pa.table([[1], ["a"]], schema=pa.schema([pa.field("n", pa.int8(), nullable=False), ("s", pa.string())])),
        pa.table({"a": [1]}).replace_schema_metadata({"unit": "kg"}),
    ],
)  # fmt: skip
def test_arrow_table_comes_back_from_the_file(tmp_path: Path, table: pa.Table) -> None:
    found = pq.read_table(exported(table, tmp_path / "table.parquet"))

    assert found.schema.equals(table.schema, check_metadata=True)
    assert repr(found.to_pydict()) == repr(table.to_pydict())  # NaN equals nothing


def test_polars_frame_comes_back_from_the_file(tmp_path: Path) -> None:
    frame = polars.DataFrame({"n": [1, 2, None], "s": ["x", None, "y"], "l": [[1], None, [2, 3]]})

    assert_same(polars.read_parquet(exported(frame, tmp_path / "table.parquet")), frame)


def test_array_and_series_are_columns_of_the_file(tmp_path: Path) -> None:
    array = pq.read_table(exported(np.arange(6.0).reshape(3, 2), tmp_path / "array.parquet"))
    series = pq.read_table(exported(pd.Series([1, 2], name="n"), tmp_path / "series.parquet"))

    assert array.to_pydict() == {"0": [0.0, 2.0, 4.0], "1": [1.0, 3.0, 5.0]}
    assert series.to_pydict() == {"n": [1, 2]}


@settings(max_examples=25, deadline=None)
@given(frames())
@pytest.mark.filterwarnings("ignore:The DataFrame has:UserWarning")  # labels that are no texts, in pandas's own file
def test_whatever_pandas_can_write_is_written_so(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame) -> None:
    ours, theirs = (tmp_path_factory.getbasetemp() / f"{name}.parquet" for name in ("ours", "theirs"))
    try:
        pq.write_table(pa.Table.from_pandas(frame), theirs)
        expected = pq.ParquetFile(theirs).read()
    except (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError, OSError):
        assume(False)

    exported(frame, ours)

    found = pq.ParquetFile(ours).read()
    assert found.schema.equals(expected.schema)
    assert repr(found.to_pydict()) == repr(expected.to_pydict())


def test_pages_are_copied_and_row_groups_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROW_GROUP", 30_000)
    frame = mixed(50_000)[["float0", "int0", "category", "token", "bool"]]
    objects = MemoryObjects()
    snapshot_id = write(objects, frame).snapshot_id
    kept = [objects.get(entry.name) for entry in objects.entries()]

    write_file(objects, snapshot_id, path := tmp_path / "frame.parquet", ".parquet")

    content, described = path.read_bytes(), pq.read_metadata(path)
    assert [described.row_group(number).num_rows for number in range(2)] == [30_000, 20_000]
    pieces = [piece for piece in kept if piece in content]
    assert sum(map(len, pieces)) > 0.9 * len(content)
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame)
    read = duckdb.sql(f"select count(*), sum(int0), max(token) from '{path}'").fetchall()
    assert read == [(len(frame), int(frame["int0"].sum()), frame["token"].max())]
    assert polars.read_parquet(path)["float0"].sum() == pytest.approx(frame["float0"].sum())
