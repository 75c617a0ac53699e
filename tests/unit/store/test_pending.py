"""What waits for a store: as text and back, in a file that processes share, and handed over part by part."""

from __future__ import annotations

import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from trackbook.errors import StoreError
from trackbook.records import LoggedPoints, MetricPoint, Run, Snapshot
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, open_store, tables
from trackbook.store.handing import hand_over
from trackbook.store.parcels import dumped, loaded
from trackbook.store.pending import Pending, pending_of
from trackbook.store.sql.failures import Translated

from tests.migrations.make_store import NOON, fill

JSON: some.SearchStrategy[Any] = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text() | some.just("!"), inner),
)


class Listening(MemoryStore):
    """A store that keeps what it was given; it can be away."""

    def __init__(self) -> None:
        super().__init__("memory://listening")
        self.given: list[Batch | bytes] = []
        self.is_away = False

    def write(self, batch: Batch) -> None:
        self._take(batch)
        super().write(batch)

    def put_object(self, content: bytes) -> str:
        self._take(content)
        return super().put_object(content)

    def put_table(self, table: Any, **known: Any) -> Snapshot:
        snapshot = super().put_table(table, **known)
        for digest in tables.pieces(self.objects, snapshot.snapshot_id):
            self._take(self.get_object(digest))
        return snapshot

    def _take(self, given: Batch | bytes) -> None:
        if self.is_away:
            raise StoreError("The store is away. Bring it back.")
        self.given.append(given)


@pytest.fixture
def parcels() -> list[Batch | bytes]:
    """One of everything that can be written."""
    store = Listening()
    fill(store)
    return store.given


@pytest.fixture
def pending(tmp_path: Path) -> Pending:
    return Pending(tmp_path / "state" / "pending.db")


def test_batch_of_everything_comes_back_from_its_text(parcels: list[Batch | bytes]) -> None:
    batches = [parcel for parcel in parcels if isinstance(parcel, Batch)]

    assert [repr(loaded(dumped(batch))) for batch in batches] == [
        repr(batch) for batch in batches
    ]  # NaN equals nothing


@given(params=some.dictionaries(some.text(), JSON))
def test_any_params_come_back_from_their_text(params: dict[str, Any]) -> None:
    batch = Batch(runs=(RunChange(run_id="r1", params=params),))

    assert repr(loaded(dumped(batch))) == repr(batch)


def test_points_that_are_logged_one_by_one_come_back_from_their_text() -> None:
    points = LoggedPoints([("loss", 0.5, 0, 1), ("loss", 2**70, 1, 2)])

    (change,) = loaded(dumped(Batch(runs=(RunChange(run_id="r1", metrics=points),)))).runs

    assert list(change.metrics) == list(points)


def test_what_waits_arrives_in_order_and_leaves_nothing(parcels: list[Batch | bytes], pending: Pending) -> None:
    pending.add(parcels[:3])
    pending.add(parcels[3:])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (pending.path, pending.path.parent)}
    store = Listening()

    assert pending.deliver(store) == []

    assert repr(store.given) == repr(parcels)
    assert modes == {0o600, 0o700}
    assert len(pending) == 0
    assert b"churn" not in pending.path.read_bytes()


def test_what_a_store_that_is_away_does_not_take_waits_on(parcels: list[Batch | bytes], pending: Pending) -> None:
    store = Listening()
    store.is_away = True
    pending.add(parcels)

    with pytest.raises(StoreError, match="away"):
        pending.deliver(store)

    assert len(pending) == len(parcels)


def test_many_add_and_deliver_at_once_and_each_parcel_arrives_once(pending: Pending) -> None:
    store = Listening()
    adding = [threading.Thread(target=pending.add, args=([b"%d" % number],)) for number in range(40)]

    for number, thread in enumerate(adding):
        thread.start()
        if number % 5 == 0:
            pending.deliver(store)
    for thread in adding:
        thread.join(60)
    pending.deliver(store)

    assert sorted(store.given) == sorted(b"%d" % number for number in range(40))  # type: ignore[type-var]  # all bytes


def test_damaged_file_is_put_aside_and_said(pending: Pending, parcels: list[Batch | bytes]) -> None:
    pending.path.parent.mkdir()
    pending.path.write_bytes(b"no database" * 999)

    with pytest.raises(StoreError, match="damaged"):
        pending.add(parcels)
    pending.add(parcels)

    assert len(pending) == len(parcels)


def test_store_that_is_opened_takes_in_what_waits(
    tmp_path: Path, parcels: list[Batch | bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    waiting = pending_of(str(tmp_path / "store"))
    assert waiting is not None
    waiting.add(parcels)

    with_all = open_store(tmp_path / "store")

    assert {detail.run.run_id for detail in with_all.runs(RunFilter())} == {"r1", "r2"}
    assert with_all.verify() == []
    assert len(waiting) == 0
    with_all.close()


def test_nothing_waits_for_a_store_in_memory() -> None:
    assert pending_of("memory://anything") is None


def test_refused_part_of_a_batch_is_all_that_is_lost(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    fill(store)
    (execution,) = store.executions(ids=["e1"])
    run = Run(run_id="new", name="n", experiment="churn", session_id="s1", started_at=NOON, parent_id="nobody")
    points = [MetricPoint(key=key, value=1.0, time=NOON) for key in ("a", "b", "c")]
    new = RunChange(run_id="new", run=run, metrics=points, execution_ids=["e9"])
    wrong = RunChange(run_id="r1", params={"C": 7, "fresh": 1, "solver": "lbfgs"}, tags={"good": "yes"})
    lost = RunChange(run_id="deleted", tags={"x": "y"})
    seen = replace(execution, execution_id="e9", run_ids=("new", "deleted"))

    refusals = hand_over(store, Batch(executions=[seen], runs=[wrong, lost, new]))

    kept, made = (store.runs(RunFilter(ids=[name]))[0] for name in ("r1", "new"))
    assert {"C is 0.1" if "'C'" in str(each) else "no run" for each in refusals} == {"C is 0.1", "no run"}
    assert (kept.params["C"], kept.params["fresh"], kept.tags["good"]) == (0.1, 1, "yes")
    assert (made.run.parent_id, list(made.metrics)) == (None, ["a", "b", "c"])
    assert store.executions(ids=["e9"])[0].run_ids == ("new",)
    assert store.verify() == []
    store.close()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_PROTOCOL, "local disk"),
        (sqlite3.SQLITE_IOERR_SHMLOCK, "local disk"),
        (sqlite3.SQLITE_IOERR_READ, "The disk there fails"),
        (sqlite3.SQLITE_BUSY, "for a minute"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "the right to write"),
        (sqlite3.SQLITE_CORRUPT, "backup"),
    ],
)
def test_what_sqlite_says_comes_with_the_way_on(tmp_path: Path, code: int, advice: str) -> None:
    error = sqlite3.OperationalError("as SQLite puts it")
    error.sqlite_errorcode = code

    with pytest.raises(StoreError, match=advice), Translated(tmp_path / "trackbook.db"):
        raise error
