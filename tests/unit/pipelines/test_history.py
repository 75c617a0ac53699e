"""How the steps of a pipeline stand while it runs, and after it was killed: read from the store alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from trackbook import clock
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.graph.facts import begun_tags
from trackbook.pipelines.graph.state import tags_of
from trackbook.pipelines.running.history import PipelineState, named_pipelines, pipeline_state, step_tries
from trackbook.pipelines.running.kept_steps import STEPS_FILE, ended_content, planned_content
from trackbook.pipelines.running.progress import Phase, StepFailure, StepProgress
from trackbook.records import Artifact, Execution, Failure, Outcome, Process, Run, RunDetail, RunStatus, Session
from trackbook.store import Batch, RunChange, RunFilter, open_store

from .planned import Planned

TEXT = """\
name: daily
steps:
- {notebook: load.ipynb, params: {password: hunter2-and-more}}
- {notebook: train.ipynb, needs: load, retries: 1}
- {notebook: report.ipynb, needs: train}
- {notebook: other.ipynb}
"""
FAR = timedelta(days=1)


class Desk:
    """A pipeline that is being executed by a process elsewhere."""

    def __init__(self, planned: Planned) -> None:
        self.planned = planned
        self.store = planned.store
        self.session = self._session()
        self.run = Run(
            run_id=clock.new_id(),
            name="daily",
            experiment="daily",
            session_id=self.session.session_id,
            started_at=clock.now(),
        )
        self.store.write(Batch(sessions=[self.session]))
        self.write(tags=tags_of(planned.planner.pipeline))

    def write(self, content: bytes | None = None, **change: object) -> None:
        """Write the pipeline's run, with what it keeps of its steps."""
        if content is not None:
            digest = self.store.put_object(content)
            change["artifacts"] = [Artifact(name=STEPS_FILE, digest=digest, size=len(content))]
        self.store.write(Batch(runs=[RunChange(run_id=self.run.run_id, run=self.run, **change)]))  # type: ignore[arg-type]

    def plan(self) -> list[StepProgress]:
        """Keep the plan, and return how the steps stand by it."""
        plan = self.planned.planner.plan()
        begun = [StepProgress(step=each.step, needs=each.needs, attempts=each.step.retries + 1) for each in plan.steps]
        self.write(planned_content(plan, begun))
        return begun

    def begin(self, name: str) -> Run:
        """Begin a step, in a session of its own."""
        session = self._session()
        run = replace(self.run, run_id=clock.new_id(), name=name, session_id=session.session_id)
        run = replace(run, parent_id=self.run.run_id, started_at=clock.now())
        (step,) = self.planned.planner.named(name)
        tags = begun_tags(self.planned.planner.pipeline, step)
        self.store.write(Batch(sessions=[session], runs=[RunChange(run_id=run.run_id, run=run, tags=tags)]))
        return run

    def end(self, run: Run, status: RunStatus, failure: Failure | None = None) -> None:
        """End a run."""
        ended = replace(run, status=status, failure=failure, finished_at=clock.now())
        self.store.write(Batch(runs=[RunChange(run_id=run.run_id, run=ended)]))

    def die(self) -> None:
        """Let the process that drives it vanish."""
        self.store.write(Batch(sessions=[replace(self.session, lease_expires_at=clock.now() - FAR)]))

    def ran(self, run: Run, cell_id: str, outcome: Outcome) -> None:
        """Write a cell of a step."""
        execution = Execution(
            execution_id=clock.new_id(),
            session_id=run.session_id,
            index=int(cell_id[1:]) + 1,
            source="...",
            started_at=clock.now(),
            cell_id=cell_id,
            outcome=outcome,
        )
        self.store.write(Batch(executions=[execution]))

    def detail(self) -> RunDetail:
        (found,) = self.store.runs(RunFilter(ids=[self.run.run_id]))
        return found

    def state(self) -> PipelineState:
        return pipeline_state(self.store, self.detail())

    def phases(self) -> dict[str, Phase]:
        return {each.step.name: each.step.phase for each in self.state().steps}

    def _session(self) -> Session:
        return Session(
            session_id=clock.new_id(),
            experiment="daily",
            started_at=clock.now(),
            lease_expires_at=clock.now() + FAR,
            process=Process(host="elsewhere", boot="another", pid=1, started=0.0),
            user="ana",
        )


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[Planned]:
    store = open_store(tmp_path / "store")
    cells = ("x = 1", "y = 2", "#md text", "z = 3")
    yield Planned(tmp_path, store).write(
        TEXT, load=("# params\npassword = ''",), train=cells, report=cells, other=cells
    )
    store.close()


@pytest.fixture
def desk(planned: Planned) -> Desk:
    return Desk(planned)


def test_steps_wait_until_they_begin(desk: Desk) -> None:
    desk.plan()

    state = desk.state()

    assert state.is_live
    assert {each.step.name: each.step.phase for each in state.steps} == dict.fromkeys(
        ["load", "train", "report", "other"], Phase.WAITING
    )
    assert {each.step.name: each.step.needs for each in state.steps}["train"] == ("load",)


def test_step_that_is_up_to_date_is_skipped_and_what_needs_it_waits(desk: Desk) -> None:
    desk.planned.succeed("load")
    desk.planned.again()
    desk.plan()

    assert desk.phases() == {
        "load": Phase.SKIPPED,
        "train": Phase.WAITING,
        "report": Phase.WAITING,
        "other": Phase.WAITING,
    }


def test_running_step_tells_which_cell_is_at_work(desk: Desk) -> None:
    desk.plan()
    run = desk.begin("train")
    first = desk.state().steps
    desk.ran(run, "c0", Outcome.OK)
    second = desk.state().steps
    desk.ran(run, "c3", Outcome.RUNNING)
    third = desk.state().steps

    told = [
        next((each.cell, each.cells) for each in steps if each.step.name == "train") for steps in (first, second, third)
    ]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_failed_step_is_tried_again_and_blocks_others_when_it_is_not(desk: Desk) -> None:
    desk.plan()
    desk.end(desk.begin("load"), RunStatus.FINISHED)
    desk.end(desk.begin("train"), RunStatus.FAILED, Failure(type="ValueError", message="too few"))
    retrying = desk.phases()
    desk.end(desk.begin("train"), RunStatus.FAILED, Failure(type="ValueError", message="too few"))
    failed = {each.step.name: each for each in desk.state().steps}

    assert (retrying["train"], retrying["report"]) == (Phase.RETRYING, Phase.WAITING)
    assert (failed["train"].step.phase, failed["report"].step.phase) == (Phase.FAILED, Phase.BLOCKED)
    assert failed["report"].step.reason == "blocked by train"
    assert failed["train"].step.failure == StepFailure(error="ValueError", message="too few")
    assert (failed["train"].step.attempt, len(failed["train"].run_ids)) == (2, 2)


def test_steps_of_a_pipeline_whose_process_vanished_are_not_waiting_for_ever(desk: Desk) -> None:
    desk.plan()
    desk.end(desk.begin("load"), RunStatus.FINISHED)
    desk.die()

    assert not desk.state().is_live
    assert desk.phases() == {
        "load": Phase.FINISHED,
        "train": Phase.STOPPED,
        "report": Phase.STOPPED,
        "other": Phase.STOPPED,
    }


def test_how_steps_came_out_is_what_was_kept_at_the_end(desk: Desk) -> None:
    begun = desk.plan()
    ended = [
        replace(each, phase=Phase.FINISHED, attempt=1, metrics={"loss": float("nan")}, warnings=("Beware.",))
        for each in begun
    ]
    desk.write(ended_content(ended))
    desk.end(desk.run, RunStatus.FINISHED)

    state = desk.state()

    assert {each.step.phase for each in state.steps} == {Phase.FINISHED}
    assert state.steps[0].step.warnings == ("Beware.",)
    assert repr(state.steps[0].step.metrics["loss"]) == "nan"


def test_credentials_among_params_are_not_kept(desk: Desk) -> None:
    desk.plan()

    (kept,) = desk.detail().artifacts

    assert b"hunter2" not in desk.store.get_object(kept.digest)


def test_pipeline_of_an_earlier_version_shows_the_steps_that_ran(desk: Desk) -> None:
    desk.end(desk.begin("load"), RunStatus.FINISHED)
    desk.end(desk.run, RunStatus.FINISHED)

    state = desk.state()

    assert not state.knows_graph
    assert {each.step.name: each.step.phase for each in state.steps} == {"load": Phase.FINISHED}


def test_pipelines_of_one_name_at_two_places_are_two(desk: Desk) -> None:
    desk.write(tags={"pipeline.file": "/elsewhere/pipeline.yaml"})
    Desk(desk.planned)

    found = named_pipelines(desk.store, 10)

    assert [each.name for each in found] == ["daily", "daily"]
    assert [each.file for each in found][1] == "/elsewhere/pipeline.yaml"


def test_tries_of_a_step_come_oldest_first_and_of_none_it_is_said(desk: Desk) -> None:
    desk.plan()
    runs = [desk.begin("train"), desk.begin("train")]

    assert [each.run.run_id for each in step_tries(desk.store, desk.detail(), "train")] == [
        each.run_id for each in runs
    ]
    with pytest.raises(NotFoundError, match="did not run"):
        step_tries(desk.store, desk.detail(), "report")
    with pytest.raises(NotFoundError, match="Its steps: load, train, report, other"):
        step_tries(desk.store, desk.detail(), "nope")
    (step,) = desk.store.runs(RunFilter(ids=[runs[0].run_id]))
    with pytest.raises(InvalidValueError, match="is of its step 'train'"):
        step_tries(desk.store, step, "train")
