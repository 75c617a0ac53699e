"""Diffs of two snapshots: what changed, told by reading the neighbourhood of what changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackbook.errors import InvalidValueError
from trackbook.records.dataset import Column
from trackbook.records.table_diff import TableDiff
from trackbook.store.objects import MemoryObjects
from trackbook.store.tables import diff, pieces, write

from .test_pieces import BASE, OTHER, ROWS, Counting


def compared(one: Any, other: Any, **options: Any) -> TableDiff:
    objects = MemoryObjects()
    return diff(objects, write(objects, one).snapshot_id, write(objects, other).snapshot_id, **options)


def small() -> pd.DataFrame:
    return pd.DataFrame({"id": range(10), "x": np.arange(10.0), "c": pd.Categorical(list("aabbccaabb"))})


def test_equal_tables_do_not_differ() -> None:
    assert compared(small(), small()).is_empty
    assert compared(BASE, BASE.copy()).is_empty


def test_edited_cells_are_counted_and_shown() -> None:
    frame = small()
    frame.loc[[2, 5], "x"] = [20.0, np.nan]

    found = compared(small(), frame)

    (column,) = found.columns
    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 2)
    assert (column.name, column.changed, column.mean_before, column.mean_after) == ("x", 2, 3.5, 20.0)
    assert (column.missing_before, column.missing_after) == (0, 1)
    assert [(each.row_before, each.before, each.after) for each in column.examples] == [
        (2, "2.0", "20.0"),
        (5, "5.0", "nan"),
    ]


def test_inserted_and_deleted_rows_leave_the_others_unchanged() -> None:
    frame = pd.concat([small().iloc[:3], small().iloc[:2].assign(id=-1), small().iloc[5:]], ignore_index=True)

    found = compared(small(), frame)

    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 2)  # two in the place of two

    found = compared(small(), small().drop([4, 5]).reset_index(drop=True))

    assert (found.rows_added, found.removed, found.rows_changed) == (0, ((4, 6),), 0)


def test_rows_are_told_by_position_where_that_is_asked() -> None:
    found = compared(small(), small().iloc[1:].reset_index(drop=True), by="position")

    assert (found.rows_removed, found.removed, found.rows_changed) == (1, ((9, 10),), 9)


def test_rows_are_told_by_a_key_in_any_order() -> None:
    frame = small().iloc[::-1].reset_index(drop=True)
    frame.loc[0, "x"] = -1.0
    frame = pd.concat([frame.iloc[:-1], small().iloc[:1].assign(id=99)], ignore_index=True)

    found = compared(small(), frame, key=["id"])

    assert (found.rows_added, found.added, found.removed) == (1, ((9, 10),), ((0, 1),))
    assert [(each.name, each.changed) for each in found.columns] == [("x", 1)]
    assert found.columns[0].examples[0].row_before == 9
    assert found.columns[0].examples[0].row_after == 0


def test_key_that_tells_no_rows_apart_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="Several rows before have the same c"):
        compared(small(), small(), key=["c"])
    with pytest.raises(InvalidValueError, match="would need a column 'y'"):
        compared(small(), small(), key=["y"])


def test_schema_changes_are_told() -> None:
    frame = small().drop(columns="x").assign(y="z", c=small()["c"].cat.set_categories(["b", "a", "new"]))
    frame = frame.astype({"id": "float64"})

    found = compared(small(), frame)

    assert found.columns_added == (Column(name="y", dtype="str"),)
    assert found.columns_removed == (Column(name="x", dtype="float64"),)
    changed = {each.name: each for each in found.columns}
    assert (changed["id"].dtype_before, changed["id"].dtype_after, changed["id"].changed) == ("int64", "float64", 0)
    assert (changed["c"].new_categories, changed["c"].gone_categories, changed["c"].changed) == (("new",), ("c",), 2)


def test_index_is_a_column_of_the_diff() -> None:
    before, after = (small().set_index(pd.Index(list(names), name="key")) for names in ("abcdefghij", "abcdefghiX"))

    found = compared(before, after)

    assert [(each.name, each.changed) for each in found.columns] == [("index key", 1)]


def test_order_of_columns_is_told() -> None:
    found = compared(small(), small()[["x", "id", "c"]])

    assert found.is_order_changed
    assert not found.columns


@pytest.mark.parametrize("kind", [lambda df: df.to_numpy(), lambda df: df["x"]], ids=["array", "series"])
def test_arrays_and_series_are_compared_too(kind: Callable[[pd.DataFrame], Any]) -> None:
    frame = small()[["id", "x"]]
    edit = frame.assign(x=frame["x"].where(frame["x"] != 3, 30))

    found = compared(kind(frame), kind(edit))

    assert (found.rows_changed, found.rows_added, found.rows_removed) == (1, 0, 0)


LARGE: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], tuple[int, int, int], float]] = {
    "rows appended": (lambda df: pd.concat([df, OTHER.iloc[:2000]], ignore_index=True), (2000, 0, 0), 0.2),
    "rows inserted": (
        lambda df: pd.concat([df.iloc[:100_000], OTHER.iloc[:100], df.iloc[100_000:]], ignore_index=True),
        (100, 0, 0), 0.4,
    ),
    "rows deleted": (lambda df: df.drop(range(90_000, 92_000)).reset_index(drop=True), (0, 2000, 0), 0.4),
    "a cell edited": (lambda df: df.assign(price=df["price"].where(df.index != 77_777, -1.0)), (0, 0, 1), 0.1),
    "a column replaced": (lambda df: df.assign(float1=-df["float1"]), (0, 0, ROWS), 0.35),
    "a column replaced and rows deleted": (
        lambda df: df.assign(float1=-df["float1"]).drop(range(50)).reset_index(drop=True), (0, 50, ROWS - 50), 0.7,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_only_pieces_near_what_differs_are_read(name: str) -> None:
    change, counts, share = LARGE[name]
    objects = Counting()
    first, second = write(objects, BASE), write(objects, change(BASE))

    found = diff(objects, first.snapshot_id, second.snapshot_id)

    assert (found.rows_added, found.rows_removed, found.rows_changed) == counts
    assert objects.bytes_read() < share * first.stored_bytes


@pytest.mark.parametrize("by", ["content", "position"])
def test_of_many_narrow_columns_only_files_with_those_that_differ_are_read(by: str) -> None:
    objects = Counting()
    wide = pd.DataFrame(np.random.default_rng(2).normal(size=(1_000, 600)), columns=[f"c{n}" for n in range(600)])
    edited = wide.copy()
    edited.iloc[10:20, 5:8] = 0.0
    first, second = write(objects, wide), write(objects, edited)

    found = diff(objects, first.snapshot_id, second.snapshot_id, by=by)

    assert (found.rows_changed, [column.name for column in found.columns]) == (10, ["c5", "c6", "c7"])
    assert len(set(objects.read)) < 0.5 * len(pieces(objects, first.snapshot_id))
    objects.read.clear()
    assert diff(objects, first.snapshot_id, first.snapshot_id, by=by).is_empty
    assert len(objects.read) == 2


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_counts_add_up_and_pairs_are_what_they_say(data: st.DataObject) -> None:
    before = data.draw(st.lists(st.integers(0, 9), max_size=12))
    after = data.draw(st.one_of(st.lists(st.integers(0, 9), max_size=12), st.permutations(before)))
    frames = [pd.DataFrame({"a": np.array(each, "i8"), "b": np.array(each, "i8") * 2}) for each in (before, after)]

    found = compared(*frames)

    assert found.rows_before - found.rows_removed == found.rows_after - found.rows_added
    assert found.rows_changed <= found.rows_before - found.rows_removed
    assert found.is_empty == (list(before) == list(after))
    for each in (example for column in found.columns if column.name == "a" for example in column.examples):
        assert (str(before[each.row_before]), str(after[each.row_after])) == (each.before, each.after)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 20), st.integers(0, 3)), st.dictionaries(st.integers(0, 20), st.integers(0, 3)))
def test_diff_by_key_is_that_of_two_dicts(before: dict[int, int], after: dict[int, int]) -> None:
    frames = [
        pd.DataFrame({"k": np.array(list(each), "i8"), "v": np.array(list(each.values()), "i8")})
        for each in (before, after)
    ]

    found = compared(*frames, key=["k"])

    assert found.rows_added == len(after.keys() - before.keys())
    assert found.rows_removed == len(before.keys() - after.keys())
    assert found.rows_changed == sum(before[key] != after[key] for key in before.keys() & after.keys())
