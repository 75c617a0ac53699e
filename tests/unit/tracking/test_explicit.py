"""Runs that a person starts: nested, announced to child processes, and ended whatever happens."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.errors import InvalidValueError, NoRunError
from trackbook.records import Failure, RunDetail, RunStatus
from trackbook.store import Batch, RunChange
from trackbook.store.contract import RunFilter
from trackbook.tracking.explicit import (
    ExplicitRuns,
    artifact_content,
    checked_metrics,
    checked_params,
    metric_number,
)

from .conftest import Desk


@pytest.fixture
def runs(desk: Desk) -> ExplicitRuns:
    return ExplicitRuns(desk.keeper())


def details(desk: Desk) -> dict[str, RunDetail]:
    return {detail.run.name: detail for detail in desk.store.runs(RunFilter())}


def history(desk: Desk, run_id: str, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in desk.store.metric_history(run_id, key)]


def test_started_run_is_in_the_store_at_once(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run", tags={"team": "red"}, experiment="fraud")

    detail = details(desk)["mine"]
    assert (detail.run.run_id, detail.run.status) == (started.run_id, RunStatus.RUNNING)
    assert (detail.tags, detail.run.experiment) == ({"team": "red"}, "fraud")
    assert runs.innermost is started


@pytest.mark.parametrize("status", [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED])
def test_stop_says_how_it_ended(status: RunStatus, desk: Desk, runs: ExplicitRuns) -> None:
    failure = Failure(type="ValueError", message="no")
    started = runs.start("mine", by="start_run")

    runs.stop(started, status, failure)

    run = details(desk)["mine"].run
    assert (run.status, run.failure) == (status, failure)
    assert run.finished_at is not None
    assert run.environment_id is not None
    assert runs.innermost is None


def test_runs_nest(desk: Desk, runs: ExplicitRuns) -> None:
    outer = runs.start("outer", by="start_run")
    inner = runs.start("inner", by="start_run")

    runs.stop(inner)
    third = runs.start("third", by="start_run")

    assert details(desk)["inner"].run.parent_id == outer.run_id
    assert details(desk)["third"].run.parent_id == outer.run_id
    assert runs.innermost is third


def test_stop_of_the_outer_ends_the_inner_ones(desk: Desk, runs: ExplicitRuns) -> None:
    outer = runs.start("outer", by="start_run")
    runs.start("inner", by="start_run")
    runs.start("innermost", by="start_run")

    runs.stop(outer)

    assert {detail.run.status for detail in details(desk).values()} == {RunStatus.FINISHED}
    assert runs.started == []


def test_stop_twice_is_nothing(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")
    runs.stop(started)
    first = details(desk)["mine"].run

    runs.stop(started, RunStatus.FAILED)

    assert details(desk)["mine"].run == first


def test_children_learn_the_run_by_the_environment(runs: ExplicitRuns) -> None:
    outer = runs.start("outer", by="start_run")
    outside = os.environ["TRACKBOOK_RUN_ID"]
    inner = runs.start("inner", by="start_run")
    inside = os.environ["TRACKBOOK_RUN_ID"]

    runs.stop(inner)
    between = os.environ["TRACKBOOK_RUN_ID"]
    runs.stop(outer)

    assert (outside, inside, between) == (outer.run_id, inner.run_id, outer.run_id)
    assert "TRACKBOOK_RUN_ID" not in os.environ
    assert "TRACKBOOK_STORE" not in os.environ


def test_environment_of_the_person_is_put_back(runs: ExplicitRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_RUN_ID", "theirs")
    started = runs.start("mine", by="start_run")

    runs.stop(started)

    assert os.environ["TRACKBOOK_RUN_ID"] == "theirs"


def test_metrics_get_steps_one_after_the_other(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")

    for value in (0.1, 0.2, 0.3):
        runs.log_metrics(started, {"loss": value}, None)
    runs.log_metrics(started, {"loss": 0.4}, 10)
    runs.log_metrics(started, {"loss": 0.5}, None)
    runs.flush()

    assert history(desk, started.run_id, "loss") == [(0, 0.1), (1, 0.2), (2, 0.3), (10, 0.4), (11, 0.5)]


def test_many_points_are_written_together(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")
    before = len(desk.store.batches)

    for step in range(2500):
        runs.log_metrics(started, {"loss": step}, None)
    runs.stop(started)

    assert len(desk.store.metric_history(started.run_id, "loss")) == 2500
    assert len(desk.store.batches) - before < 20


def test_special_numbers_are_values(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")

    for value in (math.nan, math.inf, -math.inf):
        runs.log_metrics(started, {"loss": value}, None)
    runs.stop(started)

    assert [str(value) for _, value in history(desk, started.run_id, "loss")] == ["nan", "inf", "-inf"]


def test_params_tags_and_notes_are_written_at_once(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")

    runs.log(started, params={"lr": 0.1}, tags={"a": "1"}, note="good")

    detail = details(desk)["mine"]
    assert (detail.params, detail.tags, detail.run.note) == ({"lr": 0.1}, {"a": "1"}, "good")


def test_secrets_are_left_out(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")

    runs.log(started, params={"password": "hunter2hunter2"})

    assert "hunter2" not in str(details(desk)["mine"].params)


def test_nothing_to_log_to_is_said(runs: ExplicitRuns) -> None:
    with pytest.raises(NoRunError, match="start_run"):
        runs.for_logging()


def test_run_of_the_parent_process_is_logged_to(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = ExplicitRuns(desk.keeper())
    theirs = parent.start("theirs", by="start_run")
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
        started = runs.start(name, by="start_run")
        runs.log_metrics(started, {"loss": 1.0}, None)

    runs.close(RunStatus.KILLED)

    assert {detail.run.status for detail in details(desk).values()} == {RunStatus.KILLED}
    assert all(detail.metrics["loss"].value == 1.0 for detail in details(desk).values())
    assert "TRACKBOOK_RUN_ID" not in os.environ


def test_nothing_is_lost_while_the_store_is_away(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")
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

    started = runs.start("mine", by="start_run")
    runs.log_metrics(started, {"loss": 1.0}, None)
    desk.can_open = True
    runs.stop(started)

    assert details(desk)["mine"].metrics["loss"].value == 1.0


def test_wrong_param_is_refused_and_the_rest_goes_on(desk: Desk, runs: ExplicitRuns) -> None:
    started = runs.start("mine", by="start_run")
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
    theirs = parent.start("theirs", by="start_run")
    child = ExplicitRuns(desk.keeper())

    child.log(child.for_logging(), note="mine", tags={"a": "b"})

    assert details(desk)["theirs"].tags == {"a": "b"}
    assert isinstance(RunChange(run_id=theirs.run_id), RunChange)
