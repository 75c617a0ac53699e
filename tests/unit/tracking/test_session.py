"""A session's hold on the store: opened in the background, kept alive, and nothing is lost while the store is away."""

from __future__ import annotations

import contextlib
import shutil
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from trackbook import clock
from trackbook.errors import ImmutableError, NotFoundError, StoreError, StoreReplacedError
from trackbook.records import Artifact, Execution, Outcome, Run, RunStatus
from trackbook.store import Batch, MemoryStore, RunChange
from trackbook.store.contract import RunFilter
from trackbook.tracking.session import SessionKeeper

Wait = Callable[[Callable[[], object]], None]


def execution_of(keeper: SessionKeeper, index: int) -> Execution:
    return Execution(
        execution_id=clock.new_id(),
        session_id=keeper.session.session_id,
        index=index,
        source=f"x = {index}",
        started_at=clock.now(),
        outcome=Outcome.OK,
    )


def batch_of(keeper: SessionKeeper, index: int = 1) -> Batch:
    return Batch(executions=(execution_of(keeper, index),))


def indexes(store: MemoryStore) -> list[int]:
    return sorted(execution.index for execution in store.executions())


def test_session_is_in_the_store_with_its_first_write(desk) -> None:
    keeper = desk.keeper()

    keeper.write(batch_of(keeper))

    (session,) = desk.store.sessions()
    assert session.session_id == keeper.session.session_id
    assert (session.experiment, session.notebook) == ("churn", str(desk.folder / "churn.ipynb"))
    assert session.ended_at is None
    assert indexes(desk.store) == [1]


def test_experiment_is_what_the_settings_say(desk) -> None:
    assert desk.keeper(experiment="fraud").session.experiment == "fraud"


def test_parent_process_run_is_the_sessions_parent(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_RUN_ID", "parent0run")

    assert desk.keeper().session.parent_run_id == "parent0run"


def test_heartbeat_moves_the_lease(desk, eventually: Wait) -> None:
    keeper = desk.keeper(heartbeat_seconds=0.01, lease_seconds=60.0)
    first = keeper.session.lease_expires_at

    eventually(lambda: desk.store.sessions() and desk.store.sessions()[0].lease_expires_at > first)


def test_no_heartbeat_after_the_end(desk, eventually: Wait) -> None:
    keeper = desk.keeper(heartbeat_seconds=0.005)
    eventually(lambda: len(desk.store.batches) > 5)

    keeper.close()
    written = len(desk.store.batches)
    threading.Event().wait(0.1)

    assert len(desk.store.batches) == written
    assert desk.store.sessions()[0].ended_at is not None


@pytest.mark.parametrize("attempt", range(20))
def test_close_ends_the_session_whatever_the_heart_does(desk, attempt: int) -> None:
    keeper = desk.keeper(heartbeat_seconds=0.0001)
    keeper.write(batch_of(keeper))

    keeper.close()

    assert desk.store.sessions()[0].ended_at is not None


def test_close_writes_what_still_waits(desk) -> None:
    keeper = desk.keeper()
    keeper.write(batch_of(keeper, 1))
    desk.store.is_down = True
    keeper.write(batch_of(keeper, 2))
    desk.store.is_down = False

    keeper.close()

    assert indexes(desk.store) == [1, 2]


def test_close_to_forget_says_nothing_to_the_store(desk) -> None:
    keeper = desk.keeper()
    keeper.write(batch_of(keeper))

    keeper.close(forget=True)

    assert desk.store.sessions()[0].ended_at is None


def test_close_twice_is_nothing(desk) -> None:
    keeper = desk.keeper()
    keeper.close()
    first = desk.store.sessions()[0].ended_at

    keeper.close()

    assert desk.store.sessions()[0].ended_at == first
    assert desk.said == []


def test_store_that_can_not_be_opened_is_said_once_and_nothing_is_lost(desk) -> None:
    desk.can_open = False
    keeper = desk.keeper()

    written = [keeper.write(batch_of(keeper, index)) for index in (1, 2, 3)]
    failing = keeper.is_failing
    desk.can_open = True
    written.append(keeper.write(batch_of(keeper, 4)))

    assert written == [False, False, False, True]
    assert (failing, keeper.is_failing) == (True, False)
    assert indexes(desk.store) == [1, 2, 3, 4]
    assert len(desk.said) == 1
    assert "There is no such folder" in desk.said[0]


def test_store_that_becomes_unwritable_is_said_once_and_nothing_is_lost(desk) -> None:
    keeper = desk.keeper()
    keeper.write(batch_of(keeper, 1))

    desk.store.is_down = True
    for index in (2, 3):
        keeper.write(batch_of(keeper, index))
    desk.store.is_down = False
    keeper.write(batch_of(keeper, 4))

    assert indexes(desk.store) == [1, 2, 3, 4]
    assert len(desk.said) == 1


def test_each_outage_is_said_once(desk) -> None:
    keeper = desk.keeper()
    keeper.environment()
    for index in range(1, 7):
        desk.store.is_down = index % 2 == 0
        keeper.write(batch_of(keeper, index))

    assert len(desk.said) == 3


def test_what_comes_late_for_a_run_of_a_deleted_store_is_no_second_warning(desk, monkeypatch) -> None:
    keeper = desk.keeper()
    run = keeper.new_run(None, "lost", clock.now())
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run),)))
    replaced, write = [StoreReplacedError("The store was deleted.")], desk.store.write

    def write_to_the_new_one(batch: Batch) -> None:
        if replaced:
            raise replaced.pop()
        if any(change.run_id == run.run_id for change in batch.runs):
            raise NotFoundError("The store has no such run.")
        write(batch)

    monkeypatch.setattr(desk.store, "write", write_to_the_new_one)
    keeper.write(batch_of(keeper, 1))
    keeper.queue(Batch(runs=(RunChange(run_id=run.run_id, tags={"late": "yes"}),)))
    keeper.write(batch_of(keeper, 2))

    assert len(desk.said) == 1
    assert desk.guard.count == 0
    assert indexes(desk.store) == [1, 2]


def test_order_is_kept_over_an_outage(desk) -> None:
    keeper = desk.keeper()
    run = keeper.new_run(None, "first", clock.now())
    desk.store.is_down = True
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, params={"a": 1}),)))
    ended = replace(run, status=RunStatus.FINISHED, finished_at=clock.now())
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=ended),)))
    desk.store.is_down = False

    keeper.write(Batch())

    (detail,) = desk.store.runs(RunFilter())
    assert (detail.run.status, detail.params) == (RunStatus.FINISHED, {"a": 1})


def test_any_error_of_opening_counts_as_a_store_that_is_away(desk) -> None:
    desk.can_open, desk.opening_error = False, PermissionError(13, "Permission denied", "/data")
    keeper = desk.keeper()

    keeper.write(batch_of(keeper, 1))
    desk.can_open = True
    keeper.write(batch_of(keeper, 2))

    assert indexes(desk.store) == [1, 2]


def test_a_batch_that_is_wrong_does_not_hold_up_the_others(desk) -> None:
    keeper = desk.keeper()
    run = keeper.new_run(None, None, clock.now())
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, params={"a": 1}),)))

    with pytest.raises(ImmutableError):
        keeper.write(Batch(runs=(RunChange(run_id=run.run_id, params={"a": 2}),)))
    keeper.write(batch_of(keeper, 1))

    assert indexes(desk.store) == [1]


def test_a_wrong_batch_that_waited_is_not_taken_for_the_present_one(desk) -> None:
    keeper = desk.keeper()
    run = keeper.new_run(None, None, clock.now())
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, params={"a": 1}),)))
    desk.store.is_down = True
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, params={"a": 2}),)))
    desk.store.is_down = False

    with contextlib.suppress(ImmutableError):  # of the batch that waited
        keeper.write(batch_of(keeper, 1))
    keeper.write(batch_of(keeper, 2))

    assert indexes(desk.store) == [1, 2]


def test_environment_is_written_and_remembered(desk) -> None:
    keeper = desk.keeper()

    environment = keeper.environment()
    again = keeper.environment()

    assert environment is not None
    assert again is environment
    assert desk.store.environment(environment.environment_id) == environment
    assert keeper.session.environment_id == environment.environment_id


def test_environment_survives_an_outage_at_the_start(desk) -> None:
    desk.can_open = False
    keeper = desk.keeper()
    keeper.write(batch_of(keeper, 1))
    keeper.environment()

    desk.can_open = True
    keeper.write(batch_of(keeper, 2))
    environment = keeper.environment()

    assert environment is not None
    assert desk.store.environment(environment.environment_id) == environment


def test_an_outage_is_one_warning_also_when_runs_want_their_environment(desk) -> None:
    desk.can_open = False
    keeper = desk.keeper()

    for index in (1, 2, 3):
        keeper.write(batch_of(keeper, index))
        keeper.environment()

    assert len(desk.said) == 1


def test_environment_is_captured_anew_when_packages_change(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = desk.keeper()
    first = keeper.environment()
    monkeypatch.setattr("trackbook.tracking.session.packages_stamp", lambda: "something was installed")

    again = keeper.environment()

    assert again is not first


def test_new_run_belongs_to_the_session(desk) -> None:
    keeper = desk.keeper()
    now = clock.now()

    named, other = keeper.new_run("given0id", "given-name", now), keeper.new_run(None, None, now)

    assert (named.run_id, named.name, named.started_at) == ("given0id", "given-name", now)
    assert other.run_id != named.run_id
    assert {run.session_id for run in (named, other)} == {keeper.session.session_id}
    assert isinstance(named, Run)
    assert named.status is RunStatus.RUNNING


def test_many_threads_write_at_once(desk) -> None:
    keeper = desk.keeper(heartbeat_seconds=0.001)

    def write(first: int) -> None:
        for index in range(first, first + 20):
            desk.store.is_down = index % 5 == 0
            keeper.write(batch_of(keeper, index))

    threads = [threading.Thread(target=write, args=(100 * number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.store.is_down = False
    keeper.write(Batch())

    assert indexes(desk.store) == sorted(100 * number + index for number in range(1, 5) for index in range(20))


def test_a_store_on_disk_that_comes_back(tmp_path: Path, desk) -> None:
    from trackbook.store.location import open_store

    place = tmp_path / "disk"
    place.write_text("a file where the store's folder should be")
    desk.open_store = lambda: open_store(str(place), start=tmp_path)
    keeper = desk.keeper()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keeper.write(batch_of(keeper, 1))
    place.unlink()
    keeper.write(batch_of(keeper, 2))

    assert sorted(execution.index for execution in keeper.store.executions()) == [1, 2]
    assert len(desk.said) == 1


def test_store_that_can_not_be_opened_raises_a_store_error_to_who_asks(desk) -> None:
    desk.can_open = False
    keeper = desk.keeper()

    with pytest.raises(StoreError, match="no such folder"):
        keeper.store  # noqa: B018  asking is the test


# Objects, and the order in which things arrive


def test_object_of_an_outage_arrives_before_the_batch_that_names_it(desk) -> None:
    keeper = desk.keeper()
    run = keeper.new_run(None, None, clock.now())
    keeper.write(Batch())
    desk.store.is_down = True

    digest = keeper.put_object(b"a plot")
    plot = Artifact(name="plot", digest=digest, size=6)
    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run, artifacts=(plot,)),)))
    desk.store.is_down = False
    keeper.write(Batch())

    assert digest == sha256(b"a plot").hexdigest()
    assert desk.store.get_object(digest) == b"a plot"
    assert desk.store.runs(RunFilter())[0].artifacts == (plot,)


def test_what_waited_arrives_without_another_write(desk, eventually: Wait) -> None:
    keeper = desk.keeper(heartbeat_seconds=0.01)
    keeper.write(Batch())
    desk.store.is_down = True
    keeper.write(batch_of(keeper, 1))

    desk.store.is_down = False

    eventually(lambda: indexes(desk.store) == [1])


def test_refusal_of_a_batch_that_waited_is_no_error_of_the_next(desk) -> None:
    keeper = desk.keeper()
    keeper.write(Batch())
    desk.store.is_down = True
    keeper.write(Batch(runs=(RunChange(run_id="never0written", params={"a": 1}),)))
    desk.store.is_down = False

    written = keeper.write(batch_of(keeper, 1))

    assert written
    assert indexes(desk.store) == [1]
    assert desk.guard.count == 1


def test_what_is_lost_at_the_end_is_said(desk) -> None:
    keeper = desk.keeper()
    keeper.write(Batch())
    desk.store.is_down = True
    keeper.write(batch_of(keeper, 1))

    keeper.close()

    assert "2 things are lost" in desk.said[-1]  # the cell, and the end of the session


def test_store_that_fails_slowly_is_not_tried_with_every_write(desk) -> None:
    keeper = desk.keeper()
    keeper.environment()
    tries = []

    def hang(batch: Batch) -> None:
        tries.append(batch)
        threading.Event().wait(0.6)
        raise StoreError("The disk does not answer.")

    desk.store.write = hang
    for index in range(50):
        keeper.write(batch_of(keeper, index))

    del desk.store.write
    assert len(tries) < 3


def test_signal_handler_that_logs_amid_a_write_doubles_nothing(desk) -> None:
    keeper = desk.keeper()
    keeper.environment()
    inner = batch_of(keeper, 2)
    write = desk.store.write

    def interrupted(batch: Batch) -> None:
        desk.store.write = write
        keeper.write(inner)
        write(batch)

    desk.store.write = interrupted
    keeper.write(batch_of(keeper, 1))

    assert [batch.executions[0].index for batch in desk.store.batches if batch.executions] == [1, 2]


def test_session_goes_on_in_a_store_that_was_deleted(tmp_path: Path, desk) -> None:
    from trackbook.store.location import open_store

    desk.open_store = lambda: open_store(str(tmp_path / "disk"), start=tmp_path)
    keeper = desk.keeper()
    keeper.write(batch_of(keeper, 1))
    shutil.rmtree(tmp_path / "disk")

    for index in (2, 3):
        (tmp_path / "disk").mkdir(exist_ok=True)
        keeper.write(batch_of(keeper, index))

    assert sorted(execution.index for execution in keeper.store.executions()) == [2, 3]


# Alive, whatever the clock does


def test_heartbeat_says_anew_when_the_process_started(desk, eventually: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = desk.keeper(heartbeat_seconds=0.01)
    moved = keeper.session.process.started + 3600

    monkeypatch.setattr("trackbook.process.started", lambda pid: moved)  # as when the clock is set

    eventually(lambda: desk.store.sessions() and desk.store.sessions()[0].process.started == moved)


def test_lease_is_renewed_at_once_when_the_clock_jumps(desk, eventually: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = desk.keeper(heartbeat_seconds=3600.0)
    keeper.write(Batch())
    now = clock.now

    monkeypatch.setattr("trackbook.clock.now", lambda: now() + timedelta(hours=2))

    eventually(lambda: desk.store.sessions()[0].lease_expires_at > now() + timedelta(hours=1))


# Another store than the parent's


def test_parent_run_that_is_in_another_store_is_left_out(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_RUN_ID", "elsewhere0run")
    keeper = desk.keeper()
    run = replace(keeper.new_run(None, None, clock.now()), parent_id="elsewhere0run")

    keeper.write(Batch(runs=(RunChange(run_id=run.run_id, run=run),)))

    assert desk.store.runs(RunFilter())[0].run.parent_id is None
    assert ["elsewhere0run" in sentence for sentence in desk.said] == [True]
