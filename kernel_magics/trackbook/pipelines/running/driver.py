"""Drives the steps of a pipeline: starts what is ready and has room, waits, and decides what follows from each end.

Everything is decided in one thread. What others have to say (a step that ended, a cell that begins, a person who wants
to stop) comes to it as calls in a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Protocol

from trackbook import clock
from trackbook.errors import TrackbookError
from trackbook.pipelines.executors.contract import Executor
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.planning import FIRST_RUN, NEVER_RUN, NOT_ASKED
from trackbook.pipelines.graph.spec import Step
from trackbook.pipelines.running.evidence import Evidence, evidence_of
from trackbook.pipelines.running.failures import failure_of
from trackbook.pipelines.running.progress import SUCCEEDED, Phase, StepFailure, StepProgress, Watch
from trackbook.pipelines.running.room import Room
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus
from trackbook.store.contract import Store

_LONGEST_WAIT_SECONDS = 3600.0


class Decider(Protocol):
    """What the driver asks of whoever planned the pipeline."""

    def decide(self, step: Step) -> PlannedStep:
        """Say again whether a step has to run, now that what it needs has."""

    def note_success(self, step: Step, run_id: str) -> None:
        """Take down that a step succeeded as it is now."""


class Driver:
    """One execution of a pipeline.

    Parameters
    ----------
    plan
        The steps, in an order in which they can run.
    decider
        Is asked again about a step that runs, just before, and told of each success.
    store
        Has what the steps recorded.
    executor
        Runs them.
    room
        How much may run at once.
    job_of
        Makes the job of a step.
    watch
        Is told of each change.
    note_failure
        Sees to it that the store has how a step failed or was stopped, and returns the result with its run.
    """

    def __init__(
        self,
        plan: Plan,
        decider: Decider,
        store: Store,
        executor: Executor,
        room: Room,
        job_of: Callable[[Step], StepJob],
        watch: Watch,
        note_failure: Callable[[StepJob, StepResult], StepResult],
    ) -> None:
        self._decider = decider
        self._store = store
        self._executor = executor
        self._room = room
        self._job_of = job_of
        self._watch = watch
        self._note_failure = note_failure
        self._planned = {each.step.name: each for each in plan.steps}
        self._steps = {name: _begun(planned, self._planned) for name, planned in self._planned.items()}
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._futures: dict[str, Future[StepResult]] = {}
        self._jobs: dict[str, StepJob] = {}
        self._due: dict[str, float] = {}
        self.is_stopping = False
        """Whether nothing more is started."""
        self.fault: str | None = None
        """Why it could not go on, where that was no step's doing."""

    @property
    def steps(self) -> tuple[StepProgress, ...]:
        """How the steps stand."""
        return tuple(self._steps.values())

    @property
    def was_stopped(self) -> bool:
        """Whether somebody stopped it before all was done."""
        is_done = all(step.phase in SUCCEEDED for step in self.steps)
        return self.is_stopping and self.fault is None and not is_done

    def run(self) -> None:
        """Run what has to run; return when nothing runs any more and nothing can be started."""
        for step in self.steps:
            self._watch(step)
        while True:
            self._start_ready()
            if not self._futures and not self._due:
                break
            self._listen()
        for step in self.steps:
            if step.phase is Phase.WAITING:
                self._change(step.name, phase=Phase.STOPPED, reason="not started")

    def stop(self) -> None:
        """Ask that what runs be stopped and nothing be started any more. From any thread, and from signal handlers."""
        self._inbox.put(self._stop)

    # What happens

    def _listen(self) -> None:
        """Do what the next call in the queue says, or return when a step's next try is due."""
        soonest = min(self._due.values(), default=clock.monotonic() + _LONGEST_WAIT_SECONDS)
        try:
            self._inbox.get(timeout=max(0.0, soonest - clock.monotonic()))()
        except Empty:
            return

    def _stop(self) -> None:
        self.is_stopping = True
        self._due.clear()
        for name, step in [*self._steps.items()]:
            if step.phase is Phase.RETRYING:
                self._change(name, phase=Phase.FAILED, reason="not tried again")
                self._block(name)
        for future in list(self._futures.values()):
            future.cancel()

    def _hear(self, event: StepEvent) -> None:
        step = self._steps.get(event.name)
        if step is None or step.phase is not Phase.RUNNING:
            return
        if event.metric is not None and event.value is not None:
            self._change(event.name, metrics={**step.metrics, event.metric: event.value})
        elif event.cell is not None:
            self._change(event.name, cell=event.cell, cells=event.cells)
        elif event.warning is not None and event.warning not in step.warnings:
            self._change(event.name, warnings=(*step.warnings, event.warning))

    # Starting

    def _start_ready(self) -> None:
        """Start every step that is ready and has room; one that is skipped may make others ready."""
        has_changed = True
        while has_changed and not self.is_stopping:
            has_changed = False
            for name in self._ready():
                has_changed |= self._start_or_skip(name)

    def _ready(self) -> Iterator[str]:
        """Yield the steps that could start; those that a skipped one makes ready come after it."""
        for name in [*self._steps]:
            step, now = self._steps[name], clock.monotonic()
            is_due = step.phase is Phase.RETRYING and self._due.get(name, now) <= now
            if not self.is_stopping and (is_due or (step.phase is Phase.WAITING and self._has_all(step))):
                yield name

    def _has_all(self, step: StepProgress) -> bool:
        return all(self._steps[need].phase in SUCCEEDED for need in step.needs)

    def _start_or_skip(self, name: str) -> bool:
        """Skip a step, or start it if it has room; return whether it was skipped."""
        step, planned = self._steps[name], self._planned[name]
        has_news = any(self._steps[need].phase is Phase.FINISHED for need in step.needs)
        if planned.action is Action.SKIP and planned.earlier is None and not has_news:
            self._change(name, phase=Phase.SKIPPED, reason=planned.reason)
            return True
        if not self._room.fits(step.step, self._running()):
            return False
        planned = self._decider.decide(step.step)  # before each try: what the step is now is what is noted of it
        if planned.action is Action.SKIP and step.phase is Phase.WAITING:
            self._change(name, phase=Phase.SKIPPED, reason=planned.reason)
            return True
        self._start(name, planned.reason if step.phase is Phase.WAITING else self._planned[name].reason)
        return False

    def _running(self) -> list[Step]:
        return [self._planned[name].step for name in self._futures]

    def _start(self, name: str, reason: str) -> None:
        step = self._steps[name]
        job = self._jobs[name] = self._job_of(step.step)
        self._due.pop(name, None)
        self._change(
            name,
            phase=Phase.RUNNING,
            reason=FIRST_RUN if reason == NEVER_RUN else reason,
            attempt=step.attempt + 1,
            cell=None,
            started_at=clock.now(),
            seconds=None,
            metrics={},
            output=job.output,
        )
        try:
            future = self._executor.submit(job, self._tell)
        except (TrackbookError, RuntimeError, OSError) as error:  # a cluster that is gone, a pool that is broken
            self._break(name, error)
            return
        self._futures[name] = future
        future.add_done_callback(lambda done: self._inbox.put(partial(self._ended, name, done)))

    def _tell(self, event: StepEvent) -> None:
        self._inbox.put(partial(self._hear, event))

    # Ending

    def _ended(self, name: str, future: Future[StepResult]) -> None:
        del self._futures[name]
        try:
            result = future.result()
        except CancelledError:
            self._change(name, phase=Phase.STOPPED, reason="not started", started_at=None)
        except Exception as error:  # noqa: BLE001  # whatever it is: the executor can't go on
            self._break(name, error)
        else:
            self._settle(name, result)

    def _settle(self, name: str, result: StepResult) -> None:
        if result.status is StepStatus.FINISHED:
            self._succeed(name, result)
        elif result.status is StepStatus.STOPPED and self.is_stopping:
            result = self._note_failure(self._jobs[name], result)
            self._change(name, phase=Phase.STOPPED, reason="stopped", **self._results(name, result))
        else:
            self._fail(name, result)

    def _succeed(self, name: str, result: StepResult) -> None:
        if result.run_id is not None:
            self._decider.note_success(self._planned[name].step, result.run_id)
        self._change(name, phase=Phase.FINISHED, **self._results(name, result))

    def _fail(self, name: str, result: StepResult) -> None:
        """Note a failure: it is tried again if it may be, else what needs it is blocked."""
        step = self._steps[name]
        if result.is_late or result.is_vanished:
            result = replace(result, failed_cell=result.failed_cell or step.cell)
        result = self._note_failure(self._jobs[name], result)
        failure = failure_of(result, self._jobs[name].output)
        known = self._results(name, result) | {"failure": failure}
        if step.attempt >= step.attempts or self.is_stopping:
            self._change(name, phase=Phase.FAILED, **known)
            self._block(name)
            return
        wait = step.step.retry_seconds * 2 ** (step.attempt - 1)
        self._due[name] = clock.monotonic() + wait
        self._change(name, phase=Phase.RETRYING, reason=f"{failure.summary}; again in {wait:g} s", **known)

    def _results(self, name: str, result: StepResult) -> dict[str, object]:
        """Return what is known of a step that was executed, however it ended."""
        evidence = evidence_of(self._store, result.run_id) if result.run_id is not None else Evidence()
        return {
            "seconds": result.seconds,
            "run_id": result.run_id,
            "metrics": {**self._steps[name].metrics, **evidence.metrics},
            "reads": evidence.reads,
            "publishes": evidence.publishes,
        }

    def _block(self, failed: str) -> None:
        """Mark what needs a failed step, and what needs that."""
        blocked = {failed}
        for name, step in [*self._steps.items()]:  # in an order in which they can run
            if step.phase is Phase.WAITING and blocked & {*step.needs}:
                blocked.add(name)
                self._change(name, phase=Phase.BLOCKED, reason=f"blocked by {failed}")

    def _break(self, name: str, error: Exception) -> None:
        """Give up: steps can't be run any more."""
        self.fault = f"{type(error).__name__}: {error}"
        failure = StepFailure(error=type(error).__name__, message=str(error))
        self._change(name, phase=Phase.FAILED, failure=failure)
        self._block(name)
        self._stop()

    def _change(self, name: str, **values: object) -> None:
        self._steps[name] = replace(self._steps[name], **values)  # type: ignore[arg-type]  # fields of it, by the callers
        self._watch(self._steps[name])


def _begun(planned: PlannedStep, all_planned: Mapping[str, PlannedStep]) -> StepProgress:
    """Return how a step stands before anything ran; what it needs and is not in the plan is taken to be there.

    A step that nobody asked for stands as it is, whatever becomes of what it needs.
    """
    return StepProgress(
        step=planned.step,
        phase=Phase.SKIPPED if planned.reason == NOT_ASKED else Phase.WAITING,
        needs=tuple(need for need in planned.needs if need in all_planned),
        reason=planned.reason,
        attempts=planned.step.retries + 1,
    )
