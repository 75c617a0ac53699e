"""What a table costs in objects: versions share pieces, parts are read by theirs, and a fault in one is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackbook.errors import InvalidValueError, NewerSchemaError, NotFoundError
from trackbook.store.objects import FolderObjects, MemoryObjects
from trackbook.store.tables import manifest, pieces, read, restore_key, verify, write

from .equality import assert_same

ROWS = 200_000


class Counting(MemoryObjects):
    """Objects that know what was read of them."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, digest: str) -> bytes:
        self.read.append(digest)
        return super().get(digest)

    def bytes_read(self) -> int:
        read, self.read = self.read, []
        return sum(len(self._contents[digest]) for digest in read)


def mixed(rows: int, seed: int = 7) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    words = np.array([f"word {number}" for number in range(500)], dtype=object)
    columns: dict[str, Any] = {f"float{i}": chance.normal(size=rows) for i in range(4)}
    columns |= {f"int{i}": chance.integers(0, 10 ** (3 * i + 2), rows) for i in range(3)}
    columns["price"] = np.round(chance.gamma(2.0, 50.0, rows), 2)
    columns["category"] = pd.Categorical(chance.choice(["red", "green", "blue"], rows))
    columns["text"] = pd.Series(words[chance.integers(0, 500, rows)], dtype="str")
    columns["token"] = pd.Series([f"{number:x}" for number in chance.integers(0, 2**62, rows)], dtype="str")
    columns["time"] = np.datetime64("2026-01-01", "us") + np.arange(rows).astype("m8[s]") * 60
    columns["bool"] = chance.random(rows) > 0.5
    return pd.DataFrame(columns)


BASE = mixed(ROWS)
OTHER = mixed(5_000, seed=8)


def edited(frame: pd.DataFrame) -> pd.DataFrame:
    count = ROWS // 100
    part = OTHER.iloc[:count].set_axis(range(ROWS // 3, ROWS // 3 + count))
    return pd.concat([frame.iloc[: ROWS // 3], part, frame.iloc[ROWS // 3 + count :]])


VERSIONS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], float]] = {
    "the same again": (pd.DataFrame.copy, 0.0),
    "1 % of rows appended": (lambda df: pd.concat([df, OTHER.iloc[: ROWS // 100]], ignore_index=True), 0.04),
    "1 % of rows edited in one place": (edited, 0.07),
    "1 % of rows deleted in one place": (lambda df: df.drop(range(90_000, 92_000)).reset_index(drop=True), 0.07),
    "100 rows inserted in the middle": (
        lambda df: pd.concat([df.iloc[:100_000], OTHER.iloc[:100], df.iloc[100_000:]], ignore_index=True), 0.08,
    ),
    "one column replaced": (lambda df: df.assign(float1=np.random.default_rng(1).normal(size=ROWS)), 0.16),
    "one column more": (lambda df: df.assign(more=df["float0"] * 2), 0.16),
    "columns in another order": (lambda df: df[df.columns[::-1]], 0.01),
    "a column under another name": (lambda df: df.rename(columns={"price": "cost"}), 0.01),
}  # fmt: skip


@pytest.mark.parametrize("name", VERSIONS)
def test_next_version_costs_its_neighbourhood_only(name: str) -> None:
    change, share = VERSIONS[name]
    objects = MemoryObjects()
    first = write(objects, BASE)

    second = write(objects, change(BASE))

    assert first.new_bytes == first.stored_bytes
    assert second.new_bytes <= share * first.stored_bytes


def test_small_table_is_one_object() -> None:
    objects = MemoryObjects()

    written = write(objects, BASE.iloc[:200])

    assert pieces(objects, written.snapshot_id) == [written.snapshot_id]
    assert [entry.digest for entry in objects.entries()] == [written.snapshot_id]


def test_many_short_columns_share_pieces() -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(100, 2000)))
    objects = MemoryObjects()

    written = write(objects, frame)

    assert len(pieces(objects, written.snapshot_id)) < 200
    assert_same(frame, read(objects, written.snapshot_id))


def test_two_of_many_columns_are_read_by_their_pieces() -> None:
    objects = Counting()
    written = write(objects, BASE)

    found = read(objects, written.snapshot_id, columns=["text", "int0"])

    assert_same(BASE[["text", "int0"]], found)
    assert objects.bytes_read() < 0.1 * written.stored_bytes


def test_some_rows_are_read_by_their_pieces() -> None:
    objects = Counting()
    written = write(objects, BASE)

    found = read(objects, written.snapshot_id, rows=(100_000, 100_050))

    assert_same(BASE.iloc[100_000:100_050], found)
    assert objects.bytes_read() < 0.2 * written.stored_bytes


LONG: dict[str, Any] = {
    "a frame": mixed(30_000),
    "an index of times": mixed(30_000).set_index(pd.date_range("2026-01-01", periods=30_000, freq="min")),
    "an array": np.random.default_rng(1).normal(size=(20_000, 3)),
    "objects": pd.Series([1, "a", None, 2.5] * 8_000, dtype=object),
    "lists": pa.table({"list": [[n, None] for n in range(20_000)], "n": range(20_000)}),
}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_range_of_rows_is_that_part_of_the_table(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(LONG)))
    table = LONG[name]
    start, stop = sorted(data.draw(st.tuples(st.integers(0, len(table)), st.integers(0, len(table)))))
    snapshot_id = write(SHARED, table).snapshot_id

    found = read(SHARED, snapshot_id, rows=slice(start, stop))

    expected = table.slice(start, stop - start) if isinstance(table, pa.Table) else table[start:stop]
    assert_same(expected, found)


SHARED = MemoryObjects()


def test_table_is_read_in_other_forms() -> None:
    frame = BASE.iloc[:100].set_index("token")
    objects = MemoryObjects()
    snapshot_id = write(objects, frame).snapshot_id
    array_id = write(objects, np.arange(6.0).reshape(3, 2)).snapshot_id

    arrow = read(objects, snapshot_id, as_="arrow")
    polars = read(objects, snapshot_id, ["price", "time"], as_="polars")
    pandas = read(objects, array_id, as_="pandas")

    assert arrow.column_names == [*frame.columns, "token"]
    assert arrow.column("price").to_pylist() == frame["price"].tolist()
    assert polars["time"].to_list() == frame["time"].dt.to_pydatetime().tolist()
    assert_same(pd.DataFrame({"0": [0.0, 2, 4], "1": [1.0, 3, 5]}), pandas)


def test_what_is_asked_wrongly_is_answered_with_what_there_is() -> None:
    objects = MemoryObjects()
    snapshot_id = write(objects, pd.DataFrame({"a": [1], "b": [2]})).snapshot_id

    with pytest.raises(NotFoundError, match="Its columns: a, b"):
        read(objects, snapshot_id, columns=["c"])
    with pytest.raises(InvalidValueError, match="no range of rows"):
        read(objects, snapshot_id, rows=slice(0, 4, 2))
    with pytest.raises(InvalidValueError, match="pandas, arrow or polars"):
        read(objects, snapshot_id, as_="csv")
    with pytest.raises(NotFoundError, match="no snapshot of a table"):
        read(objects, objects.put(b"something else"))


def test_newer_snapshot_is_refused_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = MemoryObjects()
    snapshot_id = write(objects, BASE.iloc[:5]).snapshot_id

    monkeypatch.setattr(manifest, "VERSION", 0)

    with pytest.raises(NewerSchemaError, match="pip install -U trackbook"):
        read(objects, snapshot_id)


def test_whole_snapshot_has_no_faults() -> None:
    objects = MemoryObjects()

    assert verify(objects, write(objects, BASE).snapshot_id) == []


def test_flipped_byte_and_missing_piece_are_found(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    snapshot_id = write(objects, BASE).snapshot_id
    _, flipped, missing, *_ = pieces(objects, snapshot_id)
    path = tmp_path / flipped[:2] / flipped[2:]
    content = bytearray(path.read_bytes())
    content[7] ^= 1
    path.write_bytes(content)
    (tmp_path / missing[:2] / missing[2:]).unlink()

    faults = verify(objects, snapshot_id)

    assert len(faults) == 2
    assert f"Object {flipped[:12]}" in faults[0]
    assert "spoilt" in faults[0]
    assert f"no object {missing[:12]}" in faults[1]
    with pytest.raises(NotFoundError):
        read(objects, snapshot_id)


def test_lost_manifest_is_a_fault() -> None:
    assert "no object" in verify(MemoryObjects(), "f" * 64)[0]


def test_same_table_has_one_snapshot_in_any_place(tmp_path: Path) -> None:
    written = [write(objects, BASE).snapshot_id for objects in (MemoryObjects(), FolderObjects(tmp_path))]

    assert written[0] == written[1]


def test_pieces_and_tail_of_a_column_are_a_parquet_file(tmp_path: Path) -> None:
    objects = MemoryObjects()
    found = manifest.read_manifest(objects, write(objects, BASE).snapshot_id)
    file = found.files[found.arrays[0][0]]

    path = tmp_path / "column.parquet"
    path.write_bytes(b"PAR1" + b"".join(objects.get(piece.digest) for piece in file.pieces) + file.tail)

    assert pq.read_table(path).column(0).to_pylist() == BASE["float0"].tolist()


KEYS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "attrs": lambda df: df.assign().pipe(with_attrs),
    "flags": lambda df: df.set_flags(allows_duplicate_labels=False),
    "integers for a range": lambda df: df.set_axis(pd.Index(list(df.index), dtype="int64")),
    "text kept by Python": lambda df: df.astype({"text": pd.StringDtype("python", na_value=np.nan)}),
    "no index of text but objects": lambda df: df.set_axis(pd.Index(list(df.columns), dtype=object), axis=1),
}


def with_attrs(frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs = {"k": 1}
    return frame


@pytest.mark.parametrize("name", KEYS)
def test_restore_key_tells_what_a_fingerprint_leaves_out(name: str) -> None:
    frame = BASE.iloc[:3]

    changed = KEYS[name](frame)

    assert restore_key(frame) == restore_key(frame.copy())
    assert restore_key(frame) != restore_key(changed)


def test_restore_key_tells_memory_order_apart() -> None:
    array = np.arange(6.0).reshape(2, 3)

    assert restore_key(array) == restore_key(array + 1)
    assert restore_key(array) != restore_key(np.asfortranarray(array))
