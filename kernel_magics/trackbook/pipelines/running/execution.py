"""Executes a pipeline from its plan to its end: its own run, the executor, the driver, and how it came out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from trackbook import clock
from trackbook.pipelines.executors.contract import Executor
from trackbook.pipelines.graph.facts import begun_tags
from trackbook.pipelines.graph.memory import Success, successes
from trackbook.pipelines.graph.plan import Plan
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.running.driver import Decider, Driver
from trackbook.pipelines.running.evidence import evidence_of
from trackbook.pipelines.running.interrupts import asked_to_stop
from trackbook.pipelines.running.kept_steps import ended_content, planned_content
from trackbook.pipelines.running.options import RunOptions
from trackbook.pipelines.running.parent import PipelineRun
from trackbook.pipelines.running.places import file_name, folder_of, make_folder
from trackbook.pipelines.running.progress import Phase, PipelineOutcome, StepProgress, Watch
from trackbook.pipelines.running.room import Room, room_here
from trackbook.pipelines.steps.job import StepJob
from trackbook.records import Failure, RunDetail, RunStatus
from trackbook.store.contract import Store
from trackbook.tracking.find import short_id

_SQLITE = "sqlite:///"
_MOST_LOOKED_UP = 200  # steps; looking up what each has on record takes some milliseconds


def _quiet(_: int) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What is needed to execute a pipeline.

    Attributes
    ----------
    plan, decider
        What is to be done, and who is asked again before each step.
    store
        Where everything is recorded.
    options
        What the person asked for; kept with the run.
    watch
        Is told of each change.
    warn
        Is told what a person should know and that stops nothing.
    at_interrupt
        Is told, with how often it was, when somebody asks to stop.
    resumes
        The run that this one goes on from.
    """

    plan: Plan
    decider: Decider
    store: Store
    options: RunOptions
    watch: Watch
    warn: Callable[[str], None]
    at_interrupt: Callable[[int], None] = _quiet
    resumes: RunDetail | None = None

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline."""
        return self.plan.pipeline

    def run(self) -> PipelineOutcome:
        """Execute it, and return how it came out.

        Raises
        ------
        InvalidValueError
            If another process runs it, or an executor can't be had.
        """
        place = folder_of(self.pipeline, self.store)
        executor = open_executor(self.options)
        try:
            parent = PipelineRun(self.pipeline, self.store, self.options, place, self.warn, self.resumes)
        except BaseException:
            executor.close()
            raise
        try:
            return self._driven(parent, executor, make_folder(place / short_id(parent.run_id)))
        finally:
            parent.close()

    def _driven(self, parent: PipelineRun, executor: Executor, folder: Path) -> PipelineOutcome:
        began = clock.monotonic()
        jobs = Jobs(self.pipeline, self.store, parent.run_id, folder, self._room(executor))
        driver = Driver(
            self.plan, self.decider, self.store, executor, jobs.room, jobs.of, self.watch, parent.note_failure
        )
        parent.keep_steps(planned_content(self.plan, driver.steps))

        def stop(times: int) -> None:
            self.at_interrupt(times)
            driver.stop()

        with asked_to_stop(stop):
            try:
                driver.run()
            finally:
                executor.close(stop=driver.is_stopping or sys.exc_info()[0] is not None)
        outcome = PipelineOutcome(
            name=self.pipeline.name,
            steps=self._with_evidence(driver.steps),
            started_at=parent.run.started_at,
            seconds=clock.monotonic() - began,
            run_id=parent.run_id,
            folder=folder,
            is_stopped=driver.was_stopped,
            fault=driver.fault,
        )
        parent.keep_steps(ended_content(outcome.steps))
        parent.end(*_status(outcome))
        return outcome

    def _with_evidence(self, steps: tuple[StepProgress, ...]) -> tuple[StepProgress, ...]:
        """Return the steps, those that were skipped with what the run that stands for them has on record."""
        skipped = [step.name for step in steps if step.phase is Phase.SKIPPED]
        if not skipped or len(skipped) > _MOST_LOOKED_UP:
            return steps
        known = successes(self.store, self.pipeline)
        return tuple(self._standing(step, known.get(step.name)) for step in steps)

    def _standing(self, step: StepProgress, success: Success | None) -> StepProgress:
        if step.phase is not Phase.SKIPPED or success is None:
            return step
        found = evidence_of(self.store, success.state.made_by)
        return replace(
            step,
            run_id=success.state.made_by,
            metrics=found.metrics,
            reads=found.reads,
            publishes=found.publishes,
        )

    def _room(self, executor: Executor) -> Room:
        if self.options.executor == "local":
            return room_here(executor.slots)
        return Room(slots=executor.slots, cpus=executor.slots)


class Jobs:
    """Makes the jobs of a pipeline's steps.

    Parameters
    ----------
    folder
        Where executed notebooks go.
    """

    def __init__(self, pipeline: Pipeline, store: Store, parent_run_id: str, folder: Path, room: Room) -> None:
        self._pipeline = pipeline
        self._store = address_of(store)
        self._parent_run_id = parent_run_id
        self._folder = folder
        self.room = room

    def of(self, step: Step) -> StepJob:
        """Return the job of a step; its kernel works in the notebook's folder, as it does in Jupyter."""
        notebook = self._pipeline.folder / step.notebook
        return StepJob(
            name=step.name,
            notebook=notebook,
            output=self._folder / f"{file_name(step.name)}.ipynb",
            params=step.params,
            folder=notebook.parent,
            kernel=step.kernel,
            timeout=step.timeout,
            threads=self.room.threads(step),
            store=self._store,
            experiment=self._pipeline.name,
            parent_run_id=self._parent_run_id,
            tags=begun_tags(self._pipeline, step),
            hides_secrets=True,
        )


def address_of(store: Store) -> str:
    """Return what another process has to be told to open the same store."""
    return f"{_SQLITE}{store.location}" if Path(store.location).is_file() else store.location


def open_executor(options: RunOptions) -> Executor:
    """Return what the options name to run steps.

    Raises
    ------
    InvalidValueError
        If a cluster can't be reached.
    """
    if options.address is not None:
        from trackbook.pipelines.executors.dask import DaskExecutor

        return DaskExecutor(options.address)
    from trackbook.pipelines.executors.local import LocalExecutor

    return LocalExecutor(options.jobs)


def _status(outcome: PipelineOutcome) -> tuple[RunStatus, Failure | None]:
    """Return the status of a pipeline's run, and why it failed."""
    if outcome.is_stopped:
        return RunStatus.KILLED, Failure(type="StoppedError", message="It was asked to stop.")
    if outcome.is_successful:
        return RunStatus.FINISHED, None
    failures: Mapping[str, str] = {step.name: step.failure.summary for step in outcome.failed if step.failure}
    message = "; ".join(f"{name}: {said}" for name, said in failures.items()) or (outcome.fault or "")
    return RunStatus.FAILED, Failure(type="StepFailed", message=message)
