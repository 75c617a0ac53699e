"""An old store is upgraded once, by whoever comes first, whole or not at all."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from trackbook.records import MetricPoint
from trackbook.store import Batch, RunChange, RunFilter, open_store
from trackbook.store.sql import connections
from trackbook.store.sql.schema import HEAD

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, because a new interpreter takes a second"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # Python 3.12 warns of threads
]
STORES = Path(__file__).parents[1] / "migrations"
PAST = [folder for folder in sorted(STORES.glob("schema_*")) if folder.name != f"schema_{HEAD}"]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS = 60

CHANGES = ("CREATE", "DROP", "ALTER", "INSERT", "UPDATE", "DELETE", "COMMIT")
FORK = multiprocessing.get_context("fork" if hasattr(os, "fork") else None)


def open_and_count(folder: Path, left: int, done: Connection | None = None) -> None:
    """Open a store, in a process of its own that is killed, as by the system, before one statement more changes it."""

    class Dying(connections.Connection):
        def count(self, statement: str) -> None:
            nonlocal left
            left -= statement.lstrip().upper().startswith(CHANGES)
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        made = original(*arguments, **options | {"factory": Dying})
        made.set_trace_callback(made.count)
        return made

    original, connections.sqlite3.connect = sqlite3.connect, connect
    open_store(folder).close()
    if done is not None:
        done.send(left)


@pytest.fixture(params=PAST, ids=[folder.name for folder in PAST])
def past(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(request.param, tmp_path / ".trackbook")
    return tmp_path / ".trackbook"


def content_of(database: Path) -> list[str]:
    """Return everything that a database file holds, as SQL."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(connection.iterdump())


def open_and_die(folder: Path, changes: int) -> bool:
    """Open a store in a process that dies before one of its changes; return whether it did."""
    child = FORK.Process(target=open_and_count, args=(folder, changes))
    child.start()
    child.join(SECONDS)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def test_upgrade_that_is_interrupted_leaves_the_old_version_whole(past: Path) -> None:
    before = content_of(past / "trackbook.db")
    changes = number_of_changes(past)

    for number in sorted({0, 1, *range(0, changes, max(changes // 4, 1)), changes - 1}):
        assert open_and_die(past, number)
        assert content_of(past / "trackbook.db") == before, f"after {number} changes"

    store = open_store(past)
    assert {detail.run.run_id for detail in store.runs(RunFilter())} == {"r1", "r2"}
    store.write(Batch(runs=[RunChange(run_id="r1", metrics=[MetricPoint(key="new", value=1.0, time=NOON)])]))
    assert store.runs(RunFilter(ids=["r1"]))[0].metrics["new"].value == 1.0
    assert store.verify() == []
    store.close()


def number_of_changes(past: Path) -> int:
    """Return how many statements an upgrade changes the store with."""
    trial = shutil.copytree(past, past.with_name("trial"))
    many = 100_000
    heard, told = FORK.Pipe(duplex=False)
    child = FORK.Process(target=open_and_count, args=(trial, many, told))
    child.start()
    child.join(SECONDS)
    assert child.exitcode == 0
    return many - int(heard.recv())


def test_twenty_processes_meet_an_old_store_and_upgrade_it_once(past: Path, tmp_path: Path) -> None:
    shutil.copytree(past, tmp_path / "imports")
    open_store(tmp_path / "imports").close()  # so that the children differ in nothing but luck
    upgrades = tmp_path / "upgrades"
    start_together(20, lambda number: use_old_store(past, number, upgrades))

    store = open_store(past)
    (detail,) = store.runs(RunFilter(ids=["r1"]))
    assert {f"k{number}" for number in range(20)} <= set(detail.metrics)
    assert detail.params == {"C": 0.1, "solver": "lbfgs", "layers": [64, 32]}
    assert store.verify() == []
    assert upgrades.read_text() == "upgraded\n"
    store.close()


def use_old_store(folder: Path, number: int, upgrades: Path) -> None:
    from alembic import command

    original = command.upgrade

    def noted(*arguments: object) -> None:
        with upgrades.open("a") as file:
            file.write("upgraded\n")
        original(*arguments)  # type: ignore[arg-type]  # handed on as they are

    command.upgrade = noted
    store = open_store(folder)
    point = MetricPoint(key=f"k{number}", value=number, time=NOON)
    store.write(Batch(runs=[RunChange(run_id="r1", metrics=[point])]))
    store.close()


def start_together(count: int, work: Callable[[int], None]) -> None:
    """Run something in processes that all begin at the same moment, and wait until they have done it."""
    gate = FORK.Barrier(count)

    def begin(number: int) -> None:
        gate.wait(SECONDS)
        work(number)

    children = [FORK.Process(target=begin, args=(number,), daemon=True) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join(SECONDS)
        assert child.exitcode == 0
