"""Every store frees what nothing needs, and nothing that a writer is about to need."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from trackbook import clock, process
from trackbook.errors import NotFoundError
from trackbook.records import Artifact, Execution, Outcome, Process, Run, Session
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, Store, open_store

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = 60
WRITERS, ROUNDS = 20, 8
FORK = multiprocessing.get_context("fork" if hasattr(os, "fork") else None)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    yield store
    store.close()


def a_session(session_id: str, ended_at: datetime | None = None) -> Session:
    pid = os.getpid()
    return Session(
        session_id=session_id,
        experiment="race",
        started_at=BEGAN,
        lease_expires_at=clock.now() + timedelta(hours=1),
        process=Process(host=process.host(), boot=process.boot_id(), pid=pid, started=process.started(pid) or 0.0),
        user="ada",
        ended_at=ended_at,
    )


def a_run(session_id: str, run_id: str, digest: str) -> RunChange:
    run = Run(run_id=run_id, name="n", experiment="race", session_id=session_id, started_at=BEGAN)
    return RunChange(run_id=run_id, run=run, artifacts=[Artifact(name="a", digest=digest, size=1)])


def test_needed_objects_stay_and_others_go(store: Store) -> None:
    needed, orphan = store.put_object(b"needed"), store.put_object(b"orphan")
    store.write(Batch(sessions=[a_session("s", BEGAN)], runs=[a_run("s", "r", needed)]))

    young = store.collect()
    told = store.collect(grace=timedelta(hours=-1), is_dry_run=True)
    freed = store.collect(grace=timedelta(hours=-1))

    assert (young.objects, young.young, young.young_bytes) == (0, 1, 6)
    assert (told.objects, told.object_bytes) == (freed.objects, freed.object_bytes) == (1, 6)
    assert store.get_object(needed) == b"needed"
    with pytest.raises(NotFoundError):
        store.get_object(orphan)


def test_nothing_that_a_living_session_put_goes(store: Store) -> None:
    digest = store.put_object(b"to be named later")
    store.write(Batch(sessions=[a_session("s")]))

    found = store.collect(grace=timedelta(hours=-1))

    assert (found.objects, found.young) == (0, 1)
    assert store.get_object(digest) == b"to be named later"


def source_of(writer: str, number: int) -> str:
    return f"# {writer} {number}\n" * 2000


def write_many(place: Path, writer: str) -> None:
    """Write cells and artifacts, each with an object that is there already, old, and needed by nothing."""
    store = open_store(place)
    for number in range(ROUNDS):
        digest = store.put_object(f"artifact of {writer} {number}".encode())
        execution = Execution(
            execution_id=f"{writer}-{number}",
            session_id=writer,
            index=number,
            source=source_of(writer, number),
            started_at=BEGAN,
            outcome=Outcome.OK,
        )
        run = a_run(writer, f"{writer}-r{number}", digest)
        store.write(Batch(sessions=[a_session(writer)], executions=[execution], runs=[run]))
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, because a new interpreter takes a second")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of threads
def test_twenty_writers_lose_nothing_to_a_collector_that_never_rests(tmp_path: Path) -> None:
    place = tmp_path / "store"
    store = open_store(place)
    writers = [f"w{number}" for number in range(WRITERS)]
    for writer in writers:
        for number in range(ROUNDS):
            store.put_object(f"artifact of {writer} {number}".encode())
            store.put_object(source_of(writer, number).encode())
    garbage = [store.put_object(f"garbage {number}".encode()) for number in range(100)]
    for path in (place / "objects").rglob("*"):
        if path.is_file():
            os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    children = [FORK.Process(target=write_many, args=(place, writer), daemon=True) for writer in writers]

    for child in children:
        child.start()
    rounds = 0
    while rounds == 0 or any(child.is_alive() for child in children):
        store.collect(grace=timedelta(seconds=SECONDS))
        rounds += 1
    for child in children:
        child.join(SECONDS)

    assert [child.exitcode for child in children] == [0] * WRITERS
    assert store.count_runs(RunFilter()) == WRITERS * ROUNDS
    assert store.verify() == []
    with pytest.raises(NotFoundError):
        store.get_object(garbage[0])
    store.close()
