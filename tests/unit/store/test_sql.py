"""What only a database can suffer: damage, deletion, and too many queries."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from trackbook.errors import ImmutableError, NotFoundError, StoreError
from trackbook.records import (
    Artifact,
    Execution,
    MetricPoint,
    Output,
    OutputKind,
    OutputPart,
    Process,
    Run,
    RunStatus,
    Session,
)
from trackbook.store import Batch, RunChange, RunFilter, Store, open_store
from trackbook.store.sql import connections
from trackbook.store.sql.store import SqlStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SESSION = Session(
    session_id="s1",
    experiment="churn",
    started_at=NOON,
    lease_expires_at=datetime(2999, 1, 1, tzinfo=UTC),
    process=Process(host="elsewhere", boot="b", pid=1, started=0.0),
    user="ada",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "store")
    store.write(Batch(sessions=[SESSION]))
    yield store
    store.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "store" / "trackbook.db"


def change(number: int, note: str | None = None) -> RunChange:
    run_id = f"r{number}"
    run = Run(run_id=run_id, name="n", experiment="churn", session_id="s1", started_at=NOON, note=note)
    points = [MetricPoint(key=key, value=step, step=step, time=NOON) for key in ("a", "b") for step in range(3)]
    return RunChange(run_id=run_id, run=run, params={"C": number, "x": "y"}, metrics=points, tags={"t": "u"})


def alter(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(statement)
        connection.commit()


class Listening(connections.Connection):
    """A connection that tells which statements it was sent."""

    sent: ClassVar[list[str]] = []

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        self.sent.append(sql)
        return super().execute(sql, *values)

    def executemany(self, sql: str, rows: Any) -> sqlite3.Cursor:
        self.sent.append(sql)
        return super().executemany(sql, rows)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch, store: Store) -> list[str]:
    """The statements that are sent while a test runs."""
    store.close()
    monkeypatch.setattr(connections, "Connection", Listening)
    Listening.sent = []
    store.sessions()
    assert Listening.sent
    return Listening.sent


def test_run_that_ends_has_no_index_of_it_written_anew(store: Store, queries: list[str]) -> None:
    store.write(Batch(runs=[change(1)]))
    queries.clear()
    run = store.runs(RunFilter())[0].run

    store.write(Batch(runs=[RunChange(run_id="r1", run=replace(run, status=RunStatus.FINISHED, finished_at=NOON))]))

    (update,) = [sql for sql in queries if sql.startswith("UPDATE runs")]
    assert not any(f"{name}=" in update for name in ("name", "experiment", "session_id", "parent_id", "started_at"))


def test_numbers_of_keys_are_asked_once(store: Store, queries: list[str]) -> None:
    for number in range(3):
        store.write(Batch(runs=[change(number)]))
        asked = [sql for sql in queries if "FROM keys" in sql]
        queries.clear()

    assert asked == []


def test_numbers_of_a_batch_that_was_refused_are_forgotten(store: Store, tmp_path: Path) -> None:
    other = open_store(tmp_path / "store")
    store.write(Batch(runs=[change(1)]))
    keys = [RunChange(run_id="r1", params={"mine": 1}), RunChange(run_id="r1", params={"C": "another"})]

    with pytest.raises(ImmutableError):
        store.write(Batch(runs=keys))
    other.write(Batch(runs=[RunChange(run_id="r1", params={"theirs": 2})]))
    store.write(Batch(runs=keys[:1]))

    params = store.runs(RunFilter())[0].params
    other.close()
    assert params == {"C": 1, "x": "y", "theirs": 2, "mine": 1}


def test_listing_takes_as_many_queries_for_a_thousand_runs_as_for_one(store: Store, queries: list[str]) -> None:
    store.write(Batch(runs=[change(number) for number in range(1000)]))
    queries.clear()

    one = store.runs(RunFilter(limit=1))
    for_one = len(queries)
    many = store.runs(RunFilter())

    assert (len(one), len(many)) == (1, 1000)
    assert len(queries) - for_one == for_one < 12


def test_batch_takes_as_many_statements_for_a_thousand_runs_as_for_one(store: Store, queries: list[str]) -> None:
    for number in (0, 1):  # then the numbers of the keys are known
        store.write(Batch(runs=[change(number)]))
    queries.clear()
    store.write(Batch(runs=[change(2)]))
    for_one = len(queries)

    store.write(Batch(runs=[change(number) for number in range(3, 1002)]))

    assert len(queries) - for_one == for_one


def test_file_is_in_wal_mode(store: Store, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_latest_metrics_and_params_can_be_filtered_by_index(store: Store, database: Path) -> None:
    asked = {
        "ix_latest_metrics_key_number_value": "SELECT 1 FROM latest_metrics WHERE key_number = 1 AND value > 0.5",
        "ix_params_number": "SELECT 1 FROM params WHERE key_number = 2 AND number < 1",
        "ix_params_prefix": (
            "SELECT 1 FROM params WHERE key_number = 2 AND number IS NULL AND substr(value, 1, 64) = '\"lbfgs\"'"
        ),
        "ix_tags_prefix": "SELECT 1 FROM tags WHERE key_number = 2 AND substr(value, 1, 64) = 'best'",
        "ix_runs_experiment_started_at": "SELECT 1 FROM runs WHERE experiment = 'e' ORDER BY started_at DESC",
    }

    with closing(sqlite3.connect(database)) as connection:
        plans = {name: connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall() for name, query in asked.items()}

    assert all(name in str(plan) for name, plan in plans.items())


def test_nan_is_null_and_everything_else_sorts_as_a_number(store: Store, database: Path) -> None:
    values = [float("nan"), 2**63, -0.0, 10**400, float("-inf"), 0.5]
    points = [MetricPoint(key=str(number), value=value, time=NOON) for number, value in enumerate(values)]
    run = change(0).run
    store.write(Batch(runs=[RunChange(run_id="r0", run=run, metrics=points)]))

    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT key, value FROM latest_metrics JOIN keys ON key_number = number ORDER BY value"
        ).fetchall()

    assert [key for key, _ in rows] == ["0", "4", "2", "5", "1", "3"]
    assert rows[0][1] is None


def test_long_texts_are_objects_and_short_ones_are_not(store: Store, database: Path, tmp_path: Path) -> None:
    store.write(Batch(runs=[change(0, note="x" * 16_384), change(1, note="x" * 16_385), change(2, note="ü" * 8_193)]))

    with closing(sqlite3.connect(database)) as connection:
        notes = [note for (note,) in connection.execute("SELECT note FROM runs ORDER BY run_id")]

    assert notes[0] == "x" * 16_384
    assert all(note.startswith("object:sha256:") for note in notes[1:])
    assert len([path for path in (tmp_path / "store" / "objects").rglob("*") if path.is_file()]) == 2


def test_verify_names_the_run_whose_text_is_lost(store: Store, tmp_path: Path) -> None:
    store.write(Batch(runs=[change(0, note="x" * 20_000), change(1)]))
    shutil.rmtree(tmp_path / "store" / "objects")

    (problem,) = store.verify()

    assert problem.startswith("Run r0 can't be read whole: There is no object")


def test_verify_names_every_run_that_needs_an_object(store: Store) -> None:
    artifact = Artifact(name="a", digest="0" * 64, size=1)
    runs = [RunChange(run_id=f"r{number}", run=change(number).run, artifacts=[artifact]) for number in range(8)]
    store.write(Batch(runs=runs))

    (problem,) = store.verify()

    assert problem.startswith("Runs r0, r1, r2, r3, r4 and 3 more can't be read whole")


OF_RUN_1 = (
    "run_number = (SELECT number FROM runs WHERE run_id = 'r1') "
    "AND key_number = (SELECT number FROM keys WHERE key = 'a')"
)


@pytest.mark.parametrize(
    "damage", [f"UPDATE latest_metrics SET step = 0 WHERE {OF_RUN_1}", f"DELETE FROM latest_metrics WHERE {OF_RUN_1}"]
)
def test_verify_names_a_run_whose_latest_metric_is_not_its_last(store: Store, database: Path, damage: str) -> None:
    store.write(Batch(runs=[change(0), change(1)]))
    alter(database, damage)

    (problem,) = store.verify()

    assert problem == "Run r1 shows another latest 'a' than its history holds."


def test_verify_names_runs_that_are_missing_by_their_numbers(store: Store, database: Path) -> None:
    store.write(Batch(runs=[change(0)]))
    alter(database, "DELETE FROM runs")

    assert "Run number 1 has a row in params whose row in runs is missing." in store.verify()


def test_verify_names_runs_whose_keys_are_missing(store: Store, database: Path) -> None:
    store.write(Batch(runs=[change(0)]))
    alter(database, "DELETE FROM keys WHERE key = 'C'")

    assert store.verify() == ["Run r0 has a row in params whose row in keys is missing."]


def test_verify_names_executions_whose_figures_are_lost(store: Store) -> None:
    figure = Output(kind=OutputKind.DISPLAY, parts=(OutputPart(media_type="image/png", size=9, digest="0" * 64),))
    execution = Execution(
        execution_id="e1", session_id="s1", index=1, source="plot()", started_at=NOON, outputs=(figure,)
    )
    store.write(Batch(executions=[execution]))

    (problem,) = store.verify()

    assert problem.startswith("Execution e1 can't be read whole: There is no object 000000000000")


def test_verify_names_a_run_whose_session_is_missing(store: Store, database: Path) -> None:
    store.write(Batch(runs=[change(0)]))
    alter(database, "DELETE FROM sessions")

    assert store.verify() == ["Run r0 has a row in runs whose row in sessions is missing."]


def test_verify_tells_of_a_damaged_file(store: Store, database: Path) -> None:
    store.write(Batch(runs=[change(number, note="x" * 3000) for number in range(200)]))
    store.close()
    with database.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(os.urandom(4096) * 40)

    problems = store.verify()

    assert problems
    assert all("damaged" in problem or "malformed" in problem for problem in problems)


def test_store_that_is_deleted_while_in_use_refuses_to_write_into_the_void(store: Store, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "store")

    with pytest.raises(StoreError, match="deleted or replaced"):
        store.write(Batch(sessions=[SESSION]))
    store.write(Batch(sessions=[SESSION]))

    assert store.sessions() == [SESSION]


def test_reader_that_comes_first_leaves_it_to_the_writer_to_learn_that_the_store_was_deleted(
    store: Store, tmp_path: Path
) -> None:
    before = store.identity()
    shutil.rmtree(tmp_path / "store")
    gone = store.identity()

    assert store.count_runs(RunFilter()) == 0
    with pytest.raises(StoreError, match="deleted or replaced"):
        store.write(Batch(sessions=[SESSION]))
    store.write(Batch(sessions=[SESSION]))

    assert store.sessions() == [SESSION]
    assert gone is None
    assert store.identity() not in (None, before)


def test_reader_of_a_deleted_store_sees_the_new_one(store: Store, tmp_path: Path) -> None:
    reader = open_store(tmp_path / "store", create=False)
    store.write(Batch(runs=[change(0)]))
    before = reader.count_runs(RunFilter())
    store.close()
    shutil.rmtree(tmp_path / "store")

    with pytest.raises(NotFoundError):
        reader.count_runs(RunFilter())
    store.write(Batch(sessions=[SESSION]))

    assert (before, reader.count_runs(RunFilter())) == (1, 0)
    reader.close()


def test_failed_batch_leaves_the_store_usable(store: Store) -> None:
    bad = change(0).run
    assert bad is not None
    with pytest.raises(ValueError, match="can't be kept"):
        store.write(Batch(runs=[RunChange(run_id="r0", run=bad, tags={"a": {}})]))  # type: ignore[dict-item]  # on purpose

    store.write(Batch(runs=[change(1)]))

    assert [detail.run.run_id for detail in store.runs(RunFilter())] == ["r1"]


def test_closing_lets_another_thread_finish_what_it_writes(store: SqlStore) -> None:
    is_inside, may_end = threading.Event(), threading.Event()

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE sessions SET user = 'grace'")
        is_inside.set()
        may_end.wait(10)

    thread = threading.Thread(target=store._database.write, args=(write,))
    thread.start()
    is_inside.wait(10)
    store.close()
    may_end.set()
    thread.join()

    assert [session.user for session in store.sessions()] == ["grace"]


def test_store_that_is_deleted_while_it_is_measured_takes_nothing(
    store: Store, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted_meanwhile(connection: sqlite3.Connection) -> list[str]:
        shutil.rmtree(database.parent)
        return []

    monkeypatch.setattr("trackbook.store.sql.data_holdings.models", deleted_meanwhile)

    assert store.usage().database_bytes == 0
