"""Many processes publish one dataset at once, while somebody collects, and are killed in the middle of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from trackbook import clock, process
from trackbook.records import DatasetVersion, Process, Session, Snapshot
from trackbook.store import Batch, Store, open_store, tables

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, because a new interpreter takes a second"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # Python 3.12 warns of threads
]
SECONDS = 60
WRITERS = 20
LIVES = 12
ROWS = 40_000
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
assert tables.write  # imported before the fork, so that no child waits for it
FORK = multiprocessing.get_context("fork" if hasattr(os, "fork") else None)


def a_snapshot(letters: str) -> Snapshot:
    return Snapshot(snapshot_id=f"{letters:0>64}", kind="list", made_at=NOON, fingerprint=f"of {letters}")


def a_version(snapshot: Snapshot) -> DatasetVersion:
    return DatasetVersion(name="train", snapshot_id=snapshot.snapshot_id, made_at=NOON)


def together(work: Callable[[int], None]) -> None:
    """Run something in twenty processes that begin at the same moment, and wait until all have done it."""
    gate = FORK.Barrier(WRITERS)

    def begin(number: int) -> None:
        gate.wait(SECONDS)
        work(number)

    children = [FORK.Process(target=begin, args=(number,), daemon=True) for number in range(WRITERS)]
    for child in children:
        child.start()
    for child in children:
        child.join(SECONDS)
    assert [child.exitcode for child in children] == [0] * WRITERS


def test_twenty_processes_publish_a_name_and_each_content_gets_a_number_of_its_own(tmp_path: Path) -> None:
    place = tmp_path / "store"
    open_store(place).close()

    def publish(number: int) -> None:
        store = open_store(place)
        snapshot = a_snapshot(str(number))
        published = store.publish(a_version(snapshot), snapshot=snapshot)
        (tmp_path / f"{number}.said").write_text(str(published.version))
        store.close()

    together(publish)

    store = open_store(place)
    versions = store.versions("train")
    said = {a_snapshot(str(n)).snapshot_id: int((tmp_path / f"{n}.said").read_text()) for n in range(WRITERS)}
    assert [each.version for each in versions] == list(range(1, WRITERS + 1))
    assert {each.snapshot_id: each.version for each in versions} == said
    store.close()


def test_twenty_processes_that_publish_the_same_make_one_version(tmp_path: Path) -> None:
    place = tmp_path / "store"
    open_store(place).close()

    def publish(number: int) -> None:
        store = open_store(place)
        assert store.publish(a_version(a_snapshot("same")), snapshot=a_snapshot("same")).version == 1
        store.close()

    together(publish)

    store = open_store(place)
    assert len(store.versions("train")) == 1
    store.close()


def a_table(life: int, number: int) -> pd.DataFrame:
    """Return a table that shares most pieces with the one before."""
    drawn = np.random.default_rng(0).random(ROWS)
    drawn[:100] = life * 1000 + number
    return pd.DataFrame({"x": drawn, "n": np.arange(ROWS)})


def publish_without_end(place: Path, notes: Path, life: int) -> None:
    store = open_store(place)
    own = Process(
        host=process.host(), boot=process.boot_id(), pid=os.getpid(), started=process.started(os.getpid()) or 0.0
    )
    session = Session(
        session_id=f"s{life}",
        experiment="race",
        started_at=clock.now(),
        lease_expires_at=clock.now() + timedelta(hours=1),
        process=own,
        user="ada",
    )
    store.write(Batch(sessions=[session]))
    for number in range(10_000):
        snapshot = store.put_table(a_table(life, number), fingerprint=f"{life} {number}")
        store.write(Batch(snapshots=[snapshot]))
        if number % 2:  # the others are soon nobody's
            version = store.publish(a_version(snapshot))
            with notes.open("a") as file:
                file.write(f"{version.version} {life} {number}\n")


def live_and_die(store: Store, place: Path, notes: Path, life: int, chance: Random) -> None:
    """Let a process publish while others collect, and kill it at some moment."""
    child = FORK.Process(target=publish_without_end, args=(place, notes, life), daemon=True)
    before = lines(notes)
    child.start()
    deadline = time.monotonic() + SECONDS
    while lines(notes) <= before and time.monotonic() < deadline:
        store.collect(grace=timedelta())
    time.sleep(chance.random() * 0.1)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(SECONDS)


def lines(notes: Path) -> int:
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def test_killed_publishers_leave_no_version_that_cannot_be_loaded(tmp_path: Path) -> None:
    place, notes, chance = tmp_path / "store", tmp_path / "notes", Random(7)
    store = open_store(place)

    for life in range(LIVES):
        live_and_die(store, place, notes, life, chance)
        store.collect(grace=timedelta())

    versions = {each.version: each for each in store.versions("train")}
    assert store.verify() == []
    assert sorted(versions) == list(range(1, len(versions) + 1))
    for line in notes.read_text().splitlines():
        version, life, number = map(int, line.split())
        assert versions[version].fingerprint == f"{life} {number}"
        pd.testing.assert_frame_equal(store.get_table(versions[version].snapshot_id), a_table(life, number))
    assert store.usage().snapshots <= len(versions) + 2
    store.close()
