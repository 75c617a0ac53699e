"""Runs that a person starts: nested, announced to child processes, and ended whatever happens."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.errors import ImmutableError, InvalidValueError, NoRunError
from trackbook.records import Failure, RunDetail, RunStatus
from trackbook.store import Batch, RunChange
from trackbook.store.contract import RunFilter
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.logged_values import (
    artifact_content,
    checked_metrics,
    checked_params,
    checked_step,
    metric_number,
)
from trackbook.tracking.recorder import Recorder
from trackbook.tracking.scope import StartedRun

from tests.unit.cells import execute

from .conftest import Desk


@pytest.fixture
def runs(desk: Desk) -> ExplicitRuns:
    return ExplicitRuns(desk.keeper())


def details(desk: Desk) -> dict[str, RunDetail]:
    return {detail.run.name: detail for detail in desk.store.runs(RunFilter())}


def history(desk: Desk, run_id: str, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in desk.store.metric_history(run_id, key)]


def test_started_run_is_in_the_store_at_once(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", tags={"team": "red"}, experiment="fraud")

    detail = details(desk)["mine"]
    assert (detail.run.run_id, detail.run.status) == (started.run_id, RunStatus.RUNNING)
    assert (detail.tags, detail.run.experiment) == ({"team": "red"}, "fraud")
    assert runs.innermost is started


@pytest.mark.parametrize("status", [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED])
def test_stop_says_how_it_ended(status: RunStatus, desk: Desk, runs: ExplicitRuns) -> None:
    failure = Failure(type="ValueError", message="no")
    started = runs.start("mine")

    runs.stop(started, status, failure)

    run = details(desk)["mine"].run
    assert (run.status, run.failure) == (status, failure)
    assert run.finished_at is not None
    assert run.environment_id is not None
    assert runs.innermost is None


def test_runs_nest(desk: Desk, runs: ExplicitRuns) -> None:
    outer = runs.start("outer")
    inner = runs.start("inner")

    runs.stop(inner)
    third = runs.start("third")

    assert details(desk)["inner"].run.parent_id == outer.run_id
    assert details(desk)["third"].run.parent_id == outer.run_id
    assert runs.innermost is third


def test_stop_of_the_outer_ends_the_inner_ones(desk: Desk, runs: ExplicitRuns) -> None:
    outer = runs.start("outer")
    runs.start("inner")
    runs.start("innermost")

    runs.stop(outer)

    assert {detail.run.status for detail in details(desk).values()} == {RunStatus.FINISHED}
    assert runs.started == []


def test_stop_twice_is_nothing(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    runs.stop(started)
    first = details(desk)["mine"].run

    runs.stop(started, RunStatus.FAILED)

    assert details(desk)["mine"].run == first


def test_children_learn_the_run_by_the_environment(runs: ExplicitRuns) -> None:
    outer = runs.start("outer")
    outside = os.environ["TRACKBOOK_RUN_ID"]
    inner = runs.start("inner")
    inside = os.environ["TRACKBOOK_RUN_ID"]

    runs.stop(inner)
    between = os.environ["TRACKBOOK_RUN_ID"]
    runs.stop(outer)

    assert (outside, inside, between) == (outer.run_id, inner.run_id, outer.run_id)
    assert "TRACKBOOK_RUN_ID" not in os.environ
    assert "TRACKBOOK_STORE" not in os.environ


def test_environment_of_the_person_is_put_back(runs: ExplicitRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_RUN_ID", "theirs")
    started = runs.start("mine")

    runs.stop(started)

    assert os.environ["TRACKBOOK_RUN_ID"] == "theirs"


def test_metrics_get_steps_one_after_the_other(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    for value in (0.1, 0.2, 0.3):
        runs.log_metrics(started, {"loss": value}, None)
    runs.log_metrics(started, {"loss": 0.4}, 10)
    runs.log_metrics(started, {"loss": 0.5}, None)
    runs.flush()

    assert history(desk, started.run_id, "loss") == [(0, 0.1), (1, 0.2), (2, 0.3), (10, 0.4), (11, 0.5)]


def test_many_points_are_written_together(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    before = len(desk.store.batches)

    for step in range(2500):
        runs.log_metrics(started, {"loss": step}, None)
    runs.stop(started)

    assert len(desk.store.metric_history(started.run_id, "loss")) == 2500
    assert len(desk.store.batches) - before < 20


def test_special_numbers_are_values(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    for value in (math.nan, math.inf, -math.inf):
        runs.log_metrics(started, {"loss": value}, None)
    runs.stop(started)

    assert [str(value) for _, value in history(desk, started.run_id, "loss")] == ["nan", "inf", "-inf"]


def test_params_tags_and_notes_are_written_at_once(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    runs.log(started, params={"lr": 0.1}, tags={"a": "1"}, note="good")

    detail = details(desk)["mine"]
    assert (detail.params, detail.tags, detail.run.note) == ({"lr": 0.1}, {"a": "1"}, "good")


def test_secrets_are_left_out(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    runs.log(started, params={"password": "hunter2hunter2"})

    assert "hunter2" not in str(details(desk)["mine"].params)


def test_nothing_to_log_to_is_said(runs: ExplicitRuns) -> None:
    with pytest.raises(NoRunError, match="start_run"):
        runs.for_logging()


def test_run_of_the_parent_process_is_logged_to(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = ExplicitRuns(desk.keeper())
    theirs = parent.start("theirs")
    parent.log_metrics(theirs, {"loss": 1.0}, 4)
    parent.flush()
    child = ExplicitRuns(desk.keeper())

    mine = child.for_logging()
    child.log_metrics(mine, {"loss": 2.0}, None)
    child.close(RunStatus.FINISHED)

    assert history(desk, theirs.run_id, "loss") == [(4, 1.0), (5, 2.0)]
    assert details(desk)["theirs"].run.status is RunStatus.RUNNING  # its owner says when it ends


def test_run_of_a_parent_that_the_store_does_not_know(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_RUN_ID", "nowhere")
    runs = ExplicitRuns(desk.keeper())

    with pytest.raises(NoRunError):
        runs.for_logging()


def test_close_ends_what_is_started(desk: Desk, runs: ExplicitRuns) -> None:
    for name in ("a", "b"):
        started = runs.start(name)
        runs.log_metrics(started, {"loss": 1.0}, None)

    runs.close(RunStatus.KILLED)

    assert {detail.run.status for detail in details(desk).values()} == {RunStatus.KILLED}
    assert all(detail.metrics["loss"].value == 1.0 for detail in details(desk).values())
    assert "TRACKBOOK_RUN_ID" not in os.environ


def test_nothing_is_lost_while_the_store_is_away(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    desk.store.is_down = True

    runs.log_metrics(started, {"loss": 1.0}, None)
    runs.flush()
    runs.log(started, params={"lr": 0.1})
    runs.stop(started)
    desk.store.is_down = False
    desk.keepers[0].write(Batch())

    detail = details(desk)["mine"]
    assert (detail.params, detail.metrics["loss"].value, detail.run.status) == ({"lr": 0.1}, 1.0, RunStatus.FINISHED)
    assert len(desk.said) == 1


def test_a_run_is_started_though_the_store_can_not_be_opened(desk: Desk) -> None:
    desk.can_open = False
    runs = ExplicitRuns(desk.keeper())

    started = runs.start("mine")
    runs.log_metrics(started, {"loss": 1.0}, None)
    desk.can_open = True
    runs.stop(started)

    assert details(desk)["mine"].metrics["loss"].value == 1.0


def test_wrong_param_is_refused_and_the_rest_goes_on(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    runs.log(started, params={"lr": 0.1})

    with pytest.raises(ValueError, match="lr"):
        runs.log(started, params={"lr": 0.2})
    runs.log(started, params={"depth": 3})

    assert details(desk)["mine"].params == {"lr": 0.1, "depth": 3}


@pytest.mark.parametrize(
    "value", [1, 0.5, True and 2, np.float32(0.5), np.int64(3), np.array(0.5), np.array([0.5]), math.nan, 10**30]
)
def test_numbers_are_metrics(value: object) -> None:
    assert isinstance(metric_number("a", value), int | float)


@pytest.mark.parametrize("value", [True, "0.5", None, [1], np.array([1, 2]), object(), 1j, np.bool_(True), {}])
def test_what_is_no_number_is_refused_in_one_sentence(value: object) -> None:
    with pytest.raises(InvalidValueError, match="'loss' needs a number") as caught:
        metric_number("loss", value)

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("key", ["", " ", None, 3])
def test_names_of_metrics_and_params_are_checked(key: object) -> None:
    with pytest.raises(InvalidValueError):
        checked_metrics({key: 1})  # type: ignore[dict-item]  # what people do
    with pytest.raises(InvalidValueError):
        checked_params({key: 1})  # type: ignore[dict-item]  # what people do


@given(st.floats() | st.integers())
def test_number_stays_the_number(value: float) -> None:
    found = metric_number("a", value)

    assert found == value or math.isnan(value)
    assert type(found) is type(value)


def test_file_is_read_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"abc")

    assert artifact_content(tmp_path / "plot.png", None) == ("plot.png", b"abc", "image/png")
    assert artifact_content(tmp_path / "plot.png", "plots/roc.txt")[::2] == ("plots/roc.txt", "text/plain")


@pytest.mark.parametrize("name", ["../x", "a/../b", "a//b", "..", ".", "a/./b", "a\x00b", "..\\x"])
def test_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")

    with pytest.raises(InvalidValueError, match="no name for an artifact"):
        artifact_content(tmp_path / "x", name)


def test_folder_and_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="folder"):
        artifact_content(tmp_path, "x")
    with pytest.raises(InvalidValueError, match="can't be read"):
        artifact_content(tmp_path / "gone", None)


def test_run_change_of_a_note_is_only_the_owner_s(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = ExplicitRuns(desk.keeper())
    theirs = parent.start("theirs")
    child = ExplicitRuns(desk.keeper())

    child.log(child.for_logging(), note="mine", tags={"a": "b"})

    assert details(desk)["theirs"].tags == {"a": "b"}
    assert isinstance(RunChange(run_id=theirs.run_id), RunChange)


# Threads and tasks


def in_thread(act: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result(30)


def test_run_of_a_thread_is_its_own(runs: ExplicitRuns) -> None:
    mine = runs.start("mine")
    gone_on, seen = threading.Event(), threading.Event()

    def work() -> tuple[object, object]:
        theirs = runs.start("theirs")
        seen.set()
        gone_on.wait(30)
        return theirs, runs.innermost

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        seen.wait(30)
        here = runs.innermost
        gone_on.set()
        theirs, there = working.result(30)

    assert here is mine
    assert there is theirs


def test_thread_without_a_run_of_its_own_logs_to_the_main_thread_s(runs: ExplicitRuns) -> None:
    runs.start("outer")
    inner = runs.start("inner")

    assert in_thread(lambda: runs.innermost) is inner


def test_run_that_only_another_thread_has_is_nobody_else_s(runs: ExplicitRuns) -> None:
    in_thread(lambda: runs.start("theirs"))

    assert runs.innermost is None
    assert in_thread(lambda: runs.innermost) is None


def test_runs_of_tasks_are_apart_and_beneath_the_one_around_them(runs: ExplicitRuns) -> None:
    async def work(number: int, together: asyncio.Barrier) -> bool:
        started = runs.start(f"task-{number}")
        await together.wait()
        is_own = runs.innermost is started
        await together.wait()
        runs.stop(started)
        return is_own

    async def main() -> list[bool]:
        runs.start("outer")
        together = asyncio.Barrier(3)
        return await asyncio.gather(*(work(number, together) for number in range(3)))

    own = asyncio.run(main())

    (outer,) = runs.started
    parents = {started.run.parent_id for started in runs.known.values() if started is not outer}
    assert own == [True] * 3
    assert parents == {outer.run_id}


def test_run_that_a_task_left_open_is_there_for_the_next_cell(runs: ExplicitRuns) -> None:
    async def cell() -> StartedRun:
        return runs.start("mine")

    started = asyncio.run(cell())

    assert runs.innermost is started


def test_thread_that_could_mean_several_runs_logs_to_what_they_share(runs: ExplicitRuns) -> None:
    async def work(together: asyncio.Barrier) -> tuple[object, object]:
        started = runs.start("task")
        await together.wait()
        found = await asyncio.get_running_loop().run_in_executor(None, lambda: runs.innermost)
        announced = os.environ["TRACKBOOK_RUN_ID"]
        await together.wait()
        runs.stop(started)
        return found, announced

    async def main() -> list[tuple[object, object]]:
        together = asyncio.Barrier(2)
        return await asyncio.gather(work(together), work(together))

    outer = runs.start("outer")
    seen = asyncio.run(main())

    assert seen[0] == (outer, outer.run_id)


def test_environment_is_clean_whatever_the_order_of_the_ends(runs: ExplicitRuns) -> None:
    one = in_thread(lambda: runs.start("one"))
    other = in_thread(lambda: runs.start("other"))
    assert isinstance(one, StartedRun)
    assert isinstance(other, StartedRun)

    runs.stop(one)
    between = os.environ.get("TRACKBOOK_RUN_ID")
    runs.stop(other)

    assert between == other.run_id
    assert "TRACKBOOK_RUN_ID" not in os.environ


def test_notebook_s_own_run_is_announced_around_all_others(runs: ExplicitRuns) -> None:
    around = runs.start("notebook")
    runs.put_around(around)
    inner = runs.start("inner")
    during = os.environ["TRACKBOOK_RUN_ID"]

    runs.stop(inner)

    assert (during, os.environ["TRACKBOOK_RUN_ID"]) == (inner.run_id, around.run_id)
    assert runs.innermost is None
    runs.close(RunStatus.FINISHED)
    assert "TRACKBOOK_RUN_ID" not in os.environ


def test_points_of_many_threads_get_a_step_each(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: runs.log_metrics(started, {"n": number}, None), range(2500)))
    runs.stop(started)

    points = history(desk, started.run_id, "n")
    assert [step for step, _ in points] == list(range(2500))
    assert sorted(value for _, value in points) == list(range(2500))


# When things are written


def test_points_do_not_wait_longer_than_a_tick(desk: Desk) -> None:
    runs = ExplicitRuns(desk.keeper())
    started = runs.start("mine")
    runs.log_metrics(started, {"a": 1}, None)
    before = history(desk, started.run_id, "a")

    runs.keeper.at_tick()

    assert (before, history(desk, started.run_id, "a")) == ([], [(0, 1)])


def test_the_heart_ticks(desk: Desk, eventually: Callable[[Callable[[], object]], None]) -> None:
    runs = ExplicitRuns(desk.keeper(heartbeat_seconds=0.01))
    started = runs.start("mine")

    runs.log_metrics(started, {"a": 1}, None)

    eventually(lambda: history(desk, started.run_id, "a") == [(0, 1)])


def test_points_are_written_at_once_where_nobody_says_goodbye(desk: Desk) -> None:
    runs = ExplicitRuns(desk.keeper(), is_hasty=True)
    started = runs.start("mine")

    runs.log_metrics(started, {"a": 1}, None)

    assert history(desk, started.run_id, "a") == [(0, 1)]


def test_point_of_a_run_that_has_ended_is_written_at_once(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    runs.stop(started)

    runs.log_metrics(started, {"late": 1}, None)

    assert history(desk, started.run_id, "late") == [(0, 1)]


def test_step_after_the_last_possible_one_is_that_one(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    runs.log_metrics(started, {"a": 1}, 2**63 - 1)
    runs.log_metrics(started, {"a": 2}, None)
    runs.flush()

    assert history(desk, started.run_id, "a") == [(2**63 - 1, 1), (2**63 - 1, 2)]


def test_param_that_changes_is_refused_at_the_door_and_nothing_of_it_kept(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    runs.log(started, params={"a": 1})
    desk.store.is_down = True  # where the store could not say it

    with pytest.raises(ImmutableError, match="Param 'a'"):
        runs.log(started, params={"b": 2, "a": 1.5})
    runs.log(started, params={"b": 3, "a": 1})

    desk.store.is_down = False
    runs.flush()
    assert details(desk)["mine"].params == {"a": 1, "b": 3}


def test_secret_in_an_error_does_not_reach_the_store(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")

    runs.stop(started, RunStatus.FAILED, Failure(type="ValueError", message="password='hunter2secret99'"))

    failure = details(desk)["mine"].run.failure
    assert failure is not None
    assert "hunter2" not in failure.message


# At the door


@pytest.mark.parametrize(("step", "expected"), [(None, None), (3, 3), (np.int64(3), 3), (-(2**63), -(2**63))])
def test_whole_numbers_are_steps(step: object, expected: int | None) -> None:
    assert checked_step(step) == expected


@pytest.mark.parametrize("step", [1.5, "1", 2**63, -(2**63) - 1, float("nan"), [1]])
def test_what_is_no_step_is_refused(step: object) -> None:
    with pytest.raises(InvalidValueError, match="Count steps from 0"):
        checked_step(step)


class Tensor:
    """As torch's: the size is a method, the shape a tuple of its own kind."""

    def __init__(self, *shape: int) -> None:
        self.shape = Shape(shape)

    def size(self) -> tuple[int, ...]:
        return self.shape

    def item(self) -> float:
        return 0.5


class Shape(tuple[int, ...]):
    pass


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_tensor_of_one_element_is_a_number(shape: tuple[int, ...]) -> None:
    assert metric_number("a", Tensor(*shape)) == 0.5


def test_tensor_of_many_elements_is_none() -> None:
    with pytest.raises(InvalidValueError, match="needs a number, not Tensor"):
        metric_number("a", Tensor(2))


@pytest.mark.parametrize("path", [".", "", "/"])
def test_folder_without_a_name_is_called_a_folder(path: str) -> None:
    with pytest.raises(InvalidValueError, match="is a folder"):
        artifact_content(path, None)


def test_param_said_by_hand_holds_against_one_that_flows_in(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine")
    runs.log(started, params={"C": 1})

    flowed = runs.reconciled([RunChange(run_id=started.run_id, params={"C": 0.5, "depth": 3})])
    desk.store.write(Batch(runs=flowed))

    assert details(desk)["mine"].params == {"C": 1, "depth": 3}
    with pytest.raises(ImmutableError, match="Param 'depth'"):
        runs.log(started, params={"depth": 4})


def test_params_of_other_runs_are_as_they_flow(runs: ExplicitRuns) -> None:
    change = RunChange(run_id="another0run", params={"C": 0.5})

    assert runs.reconciled([change]) == (change,)


def test_cell_whose_params_clash_with_those_said_by_hand_is_kept(desk: Desk) -> None:
    keeper = desk.keeper()
    variables: dict[str, object] = {"__name__": "__main__"}
    recorder = Recorder(keeper, variables, frozenset, desk.guard)
    recorder.capture.attach()
    started = recorder.explicit.start("mine")
    recorder.by_hand.log(params={"C": 1.0})
    source = "from sklearn.linear_model import LogisticRegression\nC = 0.5\n"
    source += "m = LogisticRegression(C=C).fit([[0.0], [1.0]], [0, 1])"

    recorder.begin_cell(source, source, None, {})
    error = execute(source, variables, 1)
    recorder.end_cell(error, count=1)
    recorder.explicit.stop(started)
    recorder.close()

    detail = details(desk)["mine"]
    assert (error, desk.guard.faults) == (None, [])
    assert [execution.source for execution in desk.store.executions()] == [source]
    assert (detail.params["C"], detail.models[0].name) == (1.0, "m")
