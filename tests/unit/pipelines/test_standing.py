"""How steps stand that never ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from trackbook.display.pipeline_steps import show_status, status_payload
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.graph.standing import standings
from trackbook.records import Failure, RunStatus
from trackbook.store import Batch, RunChange, RunFilter, open_store

from .planned import Planned

TEXT = """\
steps:
- notebook: load.ipynb
- notebook: train.ipynb
- {notebook: report.ipynb, needs: train}
- notebook: other.ipynb
"""
LOAD = ("import trackbook", "trackbook.publish(1, 'raw')")
TRAIN = ("import trackbook", "raw = trackbook.load('raw')")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Planned]:
    """A pipeline of which nothing has run; what `train` needs stands in its notebook alone."""
    store = open_store(tmp_path / "store")
    yield Planned(tmp_path, store).write(TEXT, load=LOAD, train=TRAIN, report=("x = 1",), other=("y = 1",))
    store.close()


def blocked(desk: Planned) -> dict[str, str | None]:
    found = standings(read_pipeline(desk.folder), desk.store)
    return {each.step.name: each.blocked_by for each in found}


def test_step_that_never_ran_is_blocked_by_the_failed_one_that_it_needs(desk: Planned) -> None:
    desk.record("load", status=RunStatus.FAILED)

    pipeline = read_pipeline(desk.folder)
    found = standings(pipeline, desk.store)

    assert blocked(desk) == {"load": None, "train": "load", "report": "load", "other": None}
    text = show_status(pipeline, found).text
    assert text.count("blocked by load") == 2
    assert text.count("never run") == 1
    assert [each["blocked_by"] for each in status_payload(found)] == [None, "load", "load", None]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(("error", "blocker"), [("ProcessEnded", "load"), ("StoppedError", None)])
def test_step_is_blocked_by_one_that_lost_its_process_and_not_by_one_that_was_stopped(
    desk: Planned, error: str, blocker: str | None
) -> None:
    run_id = desk.record("load", status=RunStatus.KILLED)
    (detail,) = desk.store.runs(RunFilter(ids=[run_id]))
    run = replace(detail.run, failure=Failure(type=error, message="It ended."))
    desk.store.write(Batch(runs=(RunChange(run_id=run_id, run=run),)))

    assert blocked(desk)["report"] == blocker


def test_step_is_not_blocked_where_what_it_needs_was_only_stopped_or_never_ran(desk: Planned) -> None:
    desk.record("load", status=RunStatus.KILLED)
    desk.record("other", status=RunStatus.FAILED)

    assert set(blocked(desk).values()) == {None}


def test_step_that_ran_before_shows_that_and_not_what_blocks_it(desk: Planned) -> None:
    desk.succeed("load", publishes={"raw": 1})
    desk.succeed("train", loads=["raw"])
    desk.record("load", status=RunStatus.FAILED)

    assert blocked(desk)["train"] is None


def test_status_is_shown_though_a_notebook_is_broken(desk: Planned) -> None:
    desk.record("load", status=RunStatus.FAILED)
    (desk.folder / "other.ipynb").write_text("no notebook")

    assert set(blocked(desk).values()) == {None}
