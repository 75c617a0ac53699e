"""Many processes use one store at once, fork, and are killed in the middle of a write."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import pytest
from trackbook import clock, process
from trackbook.errors import StoreError
from trackbook.records import Execution, MetricPoint, Outcome, Process, Run, RunStatus, Session
from trackbook.store import Batch, RunChange, RunFilter, Store, open_store

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, because a new interpreter takes a second"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # Python 3.12 warns of threads
]
SECONDS = 60
FORK = multiprocessing.get_context("fork" if hasattr(os, "fork") else None)


def batch_of(writer: str, number: int) -> Batch:
    """A cell with a run, and a text long enough to become an object."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    pid = os.getpid()
    home = Process(host=process.host(), boot=process.boot_id(), pid=pid, started=process.started(pid) or 0.0)
    session = Session(
        session_id=writer,
        experiment="race",
        started_at=moment,
        lease_expires_at=clock.now() + timedelta(hours=1),
        process=home,
        user="ada",
    )
    execution = Execution(
        execution_id=f"{writer}-e{number}",
        session_id=writer,
        index=number,
        source=f"# {writer} {number}\n" * 2000,
        started_at=moment,
        outcome=Outcome.OK,
    )
    run_id = f"{writer}-r{number}"
    run = Run(run_id=run_id, name="n", experiment="race", session_id=writer, started_at=moment)
    points = [MetricPoint(key="loss", value=1 / (step + 1), step=step, time=moment) for step in range(5)]
    change = RunChange(
        run_id=run_id,
        run=run,
        params={f"p{each}": each for each in range(10)},
        metrics=points,
        execution_ids=[execution.execution_id],
    )
    return Batch(sessions=[session], executions=[execution], runs=[change])


def start(work: Callable[..., None], *arguments: object) -> BaseProcess:
    child = FORK.Process(target=work, args=arguments, daemon=True)
    child.start()
    return child


def write_many(place: Path, writer: str, count: int, told: Connection | None = None) -> None:
    store = open_store(place)
    for number in range(1, count + 1):
        store.write(batch_of(writer, number))
        if told is not None:
            told.send(number)
    store.close()


def finish(child: BaseProcess) -> None:
    child.join(SECONDS)
    assert child.exitcode == 0


def wait_until(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_twenty_processes_make_their_first_use_at_once(tmp_path: Path) -> None:
    open_store(tmp_path / "imports").close()  # so that the children differ in nothing but luck
    place = tmp_path / "new" / ".trackbook"
    gate = FORK.Barrier(20)

    def first_use(writer: str) -> None:
        gate.wait(SECONDS)
        write_many(place, writer, 50)

    children = [start(first_use, f"w{number}") for number in range(20)]
    for child in children:
        finish(child)

    store = open_store(place)
    runs = store.runs(RunFilter())
    assert {detail.run.run_id for detail in runs} == {f"w{writer}-r{n}" for writer in range(20) for n in range(1, 51)}
    assert all(len(detail.params) == 10 and detail.metrics["loss"].step == 4 for detail in runs)
    assert len(store.executions()) == 1000
    assert store.verify() == []
    store.close()


def test_two_processes_write_while_a_third_reads(tmp_path: Path) -> None:
    place = tmp_path / ".trackbook"
    store = open_store(place)
    children = [start(write_many, place, name, 60) for name in ("w1", "w2")]
    seen: list[int] = []

    while any(child.is_alive() for child in children):
        seen.append(len(store.runs(RunFilter())))
        assert all(len(detail.params) == 10 for detail in store.runs(RunFilter(limit=5)))
    for child in children:
        finish(child)

    assert seen == sorted(seen)
    assert store.count_runs(RunFilter()) == 120
    assert store.verify() == []
    store.close()


def test_reader_is_not_blocked_by_an_open_write(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")
    store.write(batch_of("w", 1))
    other = sqlite3.connect(tmp_path / ".trackbook" / "trackbook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE runs SET name = 'changed'")

    (before,) = store.runs(RunFilter())
    other.execute("COMMIT")
    (after,) = store.runs(RunFilter())

    assert (before.run.name, after.run.name) == ("n", "changed")
    other.close()
    store.close()


def test_writer_waits_for_another_one(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")
    other = sqlite3.connect(tmp_path / ".trackbook" / "trackbook.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    releasing = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    releasing.start()

    store.write(batch_of("w", 1))

    releasing.join()
    assert store.count_runs(RunFilter()) == 1
    other.close()
    store.close()


def test_threads_of_one_process_share_a_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")

    def work(writer: str) -> None:
        for number in range(10):
            store.write(batch_of(writer, number))
            store.runs(RunFilter(limit=3))

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)

    assert store.count_runs(RunFilter()) == 120
    assert store.verify() == []
    store.close()


@pytest.mark.parametrize("seed", range(15))
def test_killed_writer_leaves_what_it_was_told_is_written(tmp_path: Path, seed: int) -> None:
    place = tmp_path / ".trackbook"
    chance = Random(seed)
    heard, told = FORK.Pipe(duplex=False)
    child = start(write_many, place, "w", 10_000, told)
    told.close()

    last, enough = 0, chance.randrange(1, 40)
    while last < enough:
        last = heard.recv()
    time.sleep(chance.random() / 200)  # somewhere inside one of the next writes
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join(SECONDS)
    last = max([last, *everything_in(heard)])

    store = open_store(place)
    runs = store.runs(RunFilter(oldest_first=True))
    assert [detail.run.run_id for detail in runs][:last] == [f"w-r{number}" for number in range(1, last + 1)]
    assert len(runs) - last in (0, 1)
    assert all(len(detail.params) == 10 and detail.metrics["loss"].step == 4 for detail in runs)
    assert len(store.executions()) == len(runs)
    assert {detail.run.status for detail in runs} == {RunStatus.KILLED}
    assert store.verify() == []
    store.close()


def everything_in(pipe: Connection) -> Iterator[int]:
    try:
        while True:
            yield pipe.recv()
    except (EOFError, OSError):  # it ends in the middle of a number where the writer was killed while it told one
        return


def test_run_of_a_killed_process_reads_as_killed_before_anybody_waits_for_it(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")
    heard, told = FORK.Pipe(duplex=False)
    child = start(write_many, tmp_path / ".trackbook", "w", 10_000, told)
    heard.recv()
    alive = status(store)

    os.kill(child.pid or 0, signal.SIGKILL)

    wait_until(lambda: status(store) is RunStatus.KILLED)  # still a zombie: its parent is this process
    assert alive is RunStatus.RUNNING
    child.join(SECONDS)
    store.close()


def status(store: Store) -> RunStatus:
    return store.runs(RunFilter(prefix="w-r1"))[-1].run.status


def test_store_is_used_on_both_sides_of_a_fork_in_the_middle_of_writes(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")
    written, enough = 0, threading.Event()

    def write_until_told() -> None:
        nonlocal written
        while not enough.is_set():
            written += 1
            store.write(batch_of("parent", written))

    def write_in_child(name: str) -> None:
        for number in range(10):
            store.write(batch_of(name, number))
        assert store.verify() == []

    writing = threading.Thread(target=write_until_told)
    writing.start()
    wait_until(lambda: written > 2)
    children = [start(write_in_child, f"child{number}") for number in range(6)]
    for child in children:
        finish(child)
    enough.set()
    writing.join(SECONDS)

    assert store.count_runs(RunFilter()) == 60 + written
    assert store.verify() == []
    store.close()


def test_child_forked_in_the_middle_of_a_write_says_so_and_the_parent_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackbook.store.sql.database._FORK_SECONDS", 0.1)
    store = open_store(tmp_path / ".trackbook")
    other = sqlite3.connect(tmp_path / ".trackbook" / "trackbook.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = threading.Thread(target=store.write, args=(batch_of("parent", 1),))
    writing.start()
    wait_until(lambda: store._database._writing.locked())  # type: ignore[attr-defined]  # no other sign of it

    def write_in_child() -> None:
        with pytest.raises(StoreError, match="forked in the middle of a write"):
            store.write(batch_of("child", 1))

    child = start(write_in_child)
    finish(child)
    other.execute("COMMIT")
    writing.join(SECONDS)

    assert store.count_runs(RunFilter()) == 1
    other.close()
    store.close()


@pytest.mark.timeout(60)
def test_interrupts_never_tear_a_write(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")
    written, chance, turns = 0, Random(1), 60
    go, arrived = threading.Semaphore(0), threading.Semaphore(0)

    def interrupt() -> None:
        for _ in range(turns):
            go.acquire()
            time.sleep(chance.random() / 300)  # somewhere inside a write
            os.kill(os.getpid(), signal.SIGINT)
            while not arrived.acquire(timeout=5):  # Python drops one that comes while it cleans up an object
                os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt, daemon=True)
    interrupting.start()
    for _ in range(turns):
        with pytest.raises(KeyboardInterrupt):
            write_without_end(store, written, go)
        arrived.release()
        written = store.count_runs(RunFilter())
    interrupting.join(SECONDS)

    finish(start(write_many, tmp_path / ".trackbook", "other", 1))  # nobody is left with the lock
    assert store.count_runs(RunFilter(experiment="race")) == written + 1
    assert store.verify() == []
    store.close()


def write_without_end(store: Store, written: int, go: threading.Semaphore) -> None:
    go.release()
    while True:
        written += 1
        store.write(batch_of("w", written))


def test_change_token_sees_writes_of_other_processes(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".trackbook")
    before = store.change_token()

    finish(start(write_many, tmp_path / ".trackbook", "w", 1))

    assert store.change_token() != before
    store.close()
