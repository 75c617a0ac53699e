"""The driver of a pipeline: what runs beside what, what a failure stops, when a step is tried again, how it is stopped.

Steps are told to an executor of these tests, which keeps the contract of all executors without any notebook.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from trackbook.pipelines.executors.stepping import StepFuture
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.planning import NOT_ASKED
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.running.driver import Driver
from trackbook.pipelines.running.progress import Phase, StepProgress
from trackbook.pipelines.running.room import Room
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus, Tell
from trackbook.store.memory import MemoryStore

Work = Callable[[StepJob, Tell, threading.Event], StepResult]
SECONDS = 20.0
ROOM = Room(slots=8, cpus=8)


def finished(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
    return StepResult(name=job.name, status=StepStatus.FINISHED, run_id=f"run-of-{job.name}", seconds=0.1)


def failed(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
    return StepResult(name=job.name, status=StepStatus.FAILED, failed_cell=2, error="ValueError", message="no data")


def until_stopped(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
    assert should_stop.wait(SECONDS)
    return StepResult(name=job.name, status=StepStatus.STOPPED)


class Threads:
    """Runs each step's work in a thread of its own, at once."""

    def __init__(self, work: Mapping[str, Work]) -> None:
        self.slots = 8
        self.work = work
        self.running: set[str] = set()
        self.most: list[frozenset[str]] = []
        self.tries: dict[str, int] = {}

    def submit(self, job: StepJob, tell: Tell) -> Future[StepResult]:
        future = StepFuture()
        self.tries[job.name] = self.tries.get(job.name, 0) + 1
        self.running.add(job.name)
        self.most.append(frozenset(self.running))
        threading.Thread(target=self._run, args=(future, job, tell)).start()
        return future

    def _run(self, future: StepFuture, job: StepJob, tell: Tell) -> None:
        future.set_running_or_notify_cancel()
        try:
            result = self.work.get(job.name, finished)(job, tell, future.should_stop)
        except ConnectionError as error:
            self.running.discard(job.name)
            future.set_exception(error)
            return
        self.running.discard(job.name)
        future.set_result(result)

    def close(self, *, stop: bool = False) -> None:
        return


class Decisions:
    """Decides as it is told: the steps in `same` turn out to be up to date when what they need has run."""

    def __init__(self, *, same: tuple[str, ...] = ()) -> None:
        self.same = same
        self.asked: list[str] = []
        self.noted: list[tuple[str, str]] = []

    def decide(self, step: Step) -> PlannedStep:
        self.asked.append(step.name)
        action = Action.SKIP if step.name in self.same else Action.RUN
        reason = "up to date" if step.name in self.same else "never run"
        return PlannedStep(step=step, needs=(), action=action, reason=reason)

    def note_success(self, step: Step, run_id: str) -> None:
        self.noted.append((step.name, run_id))


class Case:
    """A pipeline that is driven once: `needs` says the steps and what each needs."""

    def __init__(
        self,
        needs: Mapping[str, tuple[str, ...]],
        work: Mapping[str, Work] | None = None,
        *,
        skip: tuple[str, ...] = (),
        unasked: tuple[str, ...] = (),
        same: tuple[str, ...] = (),
        room: Room = ROOM,
        **options: Mapping[str, object],
    ) -> None:
        steps = {name: Step(name=name, notebook=Path(f"{name}.ipynb"), **options.get(name, {})) for name in needs}
        planned = tuple(
            PlannedStep(
                step=steps[name],
                needs=before,
                action=Action.SKIP if name in (*skip, *unasked) else Action.RUN,
                reason=NOT_ASKED if name in unasked else "up to date" if name in skip else "never run",
            )
            for name, before in needs.items()
        )
        pipeline = Pipeline(name="p", folder=Path(), steps=tuple(steps.values()))
        self.threads = Threads(work or {})
        self.decisions = Decisions(same=same)
        self.told: list[StepProgress] = []
        self.failures: list[tuple[str, int | None]] = []
        self.at: dict[tuple[str, Phase], Callable[[], None]] = {}
        self.driver = Driver(
            Plan(pipeline=pipeline, steps=planned),
            self.decisions,
            MemoryStore("memory://driver"),
            self.threads,
            room,
            lambda step: StepJob(name=step.name, notebook=step.notebook, output=Path("nowhere.ipynb")),
            self._watch,
            self._note_failure,
        )

    def _note_failure(self, job: StepJob, result: StepResult) -> StepResult:
        self.failures.append((job.name, result.failed_cell))
        return replace(result, run_id=result.run_id or f"failed-run-of-{job.name}")

    def _watch(self, step: StepProgress) -> None:
        self.told.append(step)
        self.at.pop((step.name, step.phase), lambda: None)()

    def run(self) -> dict[str, StepProgress]:
        self.driver.run()
        return {step.name: step for step in self.driver.steps}

    def phases(self) -> dict[str, str]:
        return {name: step.phase.value for name, step in self.run().items()}


def test_steps_run_after_what_they_need() -> None:
    case = Case({"a": (), "b": ("a",), "c": ("a", "b")})

    assert set(case.phases().values()) == {"finished"}
    begun = [step.name for step in case.told if step.phase is Phase.RUNNING]
    assert begun == ["a", "b", "c"]
    assert case.decisions.noted == [(name, f"run-of-{name}") for name in "abc"]


def test_step_that_had_never_run_is_said_to_run_for_the_first_time_once_it_has_begun() -> None:
    case = Case({"a": (), "b": ("a",)}, {"a": failed})

    steps = case.run()

    assert [step.reason for step in case.told if step.name == "a"] == ["never run", "first run", "first run"]
    assert steps["b"].reason == "blocked by a"


def test_steps_that_need_nothing_of_each_other_run_side_by_side() -> None:
    together = threading.Barrier(2)

    def meet(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        together.wait(SECONDS)
        return finished(job, tell, should_stop)

    case = Case({"a": (), "b": ()}, {"a": meet, "b": meet})

    assert case.phases() == {"a": "finished", "b": "finished"}


@pytest.mark.parametrize(
    ("room", "options"),
    [
        (Room(slots=1, cpus=8), {}),
        (Room(slots=8, cpus=3), {"a": {"cpus": 2.0}, "b": {"cpus": 2.0}, "c": {"cpus": 2.0}}),
        (Room(slots=8, cpus=8, memory=100), {name: {"memory": 60} for name in "abc"}),
        (Room(slots=8, cpus=2), {"a": {"cpus": 16.0}, "b": {"cpus": 16.0}, "c": {"cpus": 16.0}}),
    ],
)
def test_steps_without_room_beside_each_other_run_one_by_one(room: Room, options: dict[str, dict[str, object]]) -> None:
    case = Case({"a": (), "b": (), "c": ()}, room=room, **options)

    assert set(case.phases().values()) == {"finished"}
    assert max(map(len, case.threads.most)) == 1


def test_failed_step_blocks_what_needs_it_and_the_rest_finishes() -> None:
    case = Case({"a": (), "b": ("a",), "c": ("b",), "d": (), "e": ("d",)}, {"a": failed})

    steps = case.run()

    assert {name: step.phase.value for name, step in steps.items()} == {
        "a": "failed",
        "b": "blocked",
        "c": "blocked",
        "d": "finished",
        "e": "finished",
    }
    assert (steps["b"].reason, steps["c"].reason) == ("blocked by a", "blocked by a")
    failure = steps["a"].failure
    assert failure is not None
    assert (failure.error, failure.message, failure.cell) == ("ValueError", "no data", 2)


def test_step_that_nobody_asked_for_is_not_blocked_by_a_failure() -> None:
    case = Case({"a": (), "b": ("a",), "c": ("b",)}, {"a": failed}, unasked=("b", "c"))

    steps = case.run()

    assert {name: step.phase.value for name, step in steps.items()} == {"a": "failed", "b": "skipped", "c": "skipped"}
    assert [step.is_asked for step in steps.values()] == [True, False, False]


def test_failure_is_tried_again_with_waits_that_double() -> None:
    def third_time(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        return (finished if case.threads.tries["a"] == 3 else failed)(job, tell, should_stop)

    case = Case({"a": (), "b": ("a",)}, {"a": third_time}, a={"retries": 2, "retry_seconds": 0.01})

    steps = case.run()

    assert (steps["a"].phase.value, steps["a"].attempt, steps["b"].phase.value) == ("finished", 3, "finished")
    waits = [step.reason for step in case.told if step.phase is Phase.RETRYING]
    assert waits == ["ValueError: no data; again in 0.01 s", "ValueError: no data; again in 0.02 s"]


def test_step_is_given_up_after_its_last_try() -> None:
    case = Case({"a": (), "b": ("a",)}, {"a": failed}, a={"retries": 1, "retry_seconds": 0.01})

    assert case.phases() == {"a": "failed", "b": "blocked"}
    assert case.threads.tries == {"a": 2}


def test_skipped_steps_stand_for_themselves_and_nobody_is_asked_again() -> None:
    case = Case({"a": (), "b": ("a",), "c": ("b",)}, skip=("a", "b"))

    assert case.phases() == {"a": "skipped", "b": "skipped", "c": "finished"}
    assert case.decisions.asked == ["c"]


def test_step_is_skipped_after_all_if_what_it_needs_gave_the_same() -> None:
    case = Case({"a": (), "b": ("a",), "c": ("b",)}, skip=("c",), same=("b",))

    steps = case.run()

    assert {name: step.phase.value for name, step in steps.items()} == {"a": "finished", "b": "skipped", "c": "skipped"}
    assert steps["b"].reason == "up to date"
    assert case.decisions.asked == ["a", "b"]


def test_planned_skip_is_looked_at_again_when_what_it_needs_has_run() -> None:
    case = Case({"a": (), "b": ("a",)}, skip=("b",))

    assert case.phases() == {"a": "finished", "b": "finished"}


def test_stopping_ends_what_runs_and_starts_nothing_more() -> None:
    case = Case({"a": (), "b": ("a",), "c": (), "d": ("c",)}, {"c": until_stopped})
    case.at["c", Phase.RUNNING] = case.driver.stop

    steps = case.run()

    assert steps["c"].phase is Phase.STOPPED
    assert (steps["d"].phase, steps["d"].reason) == (Phase.STOPPED, "not started")
    assert [name for name, _ in case.failures] == ["c"]
    assert steps["c"].run_id == "failed-run-of-c"
    assert case.driver.was_stopped


def test_stop_that_comes_when_all_is_done_stops_nothing() -> None:
    def ask_first(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        case.driver.stop()
        return finished(job, tell, should_stop)

    case = Case({"a": ()}, {"a": ask_first})

    assert case.phases() == {"a": "finished"}
    assert not case.driver.was_stopped


def test_stopping_does_not_wait_for_the_next_try() -> None:
    case = Case({"a": (), "b": ("a",)}, {"a": failed}, a={"retries": 5, "retry_seconds": 3600.0})
    case.at["a", Phase.RETRYING] = case.driver.stop

    assert case.phases() == {"a": "failed", "b": "blocked"}


@pytest.mark.parametrize(
    ("status", "error"), [(StepStatus.STOPPED, "TimeoutError"), (StepStatus.FAILED, "ProcessEnded")]
)
def test_step_that_was_late_or_vanished_has_failed_in_the_cell_that_it_was_in(status: StepStatus, error: str) -> None:
    def work(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        tell(StepEvent(name=job.name, cell=2, cells=3))
        return StepResult(name=job.name, status=status, error=error)

    case = Case({"a": (), "b": ("a",)}, {"a": work})

    steps = case.run()

    assert {name: step.phase.value for name, step in steps.items()} == {"a": "failed", "b": "blocked"}
    assert steps["a"].failure is not None
    assert steps["a"].failure.cell == 2
    assert (case.failures, steps["a"].run_id) == ([("a", 2)], "failed-run-of-a")


def test_executor_that_breaks_ends_the_pipeline_and_says_why() -> None:
    def lose(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        raise ConnectionError("the scheduler is gone")

    case = Case({"a": (), "b": ("a",), "c": ()}, {"a": lose, "c": until_stopped})

    assert case.phases() == {"a": "failed", "b": "blocked", "c": "stopped"}
    assert case.driver.fault == "ConnectionError: the scheduler is gone"


def test_cells_and_metrics_are_told_while_a_step_runs() -> None:
    def work(job: StepJob, tell: Tell, should_stop: threading.Event) -> StepResult:
        tell(StepEvent(name=job.name, cell=1, cells=2))
        tell(StepEvent(name=job.name, metric="accuracy", value=0.5))
        tell(StepEvent(name=job.name, cell=2, cells=2))
        return finished(job, tell, should_stop)

    case = Case({"a": ()}, {"a": work})

    case.run()

    told = [(step.cell, dict(step.metrics)) for step in case.told if step.phase is Phase.RUNNING]
    assert told == [(None, {}), (1, {}), (1, {"accuracy": 0.5}), (2, {"accuracy": 0.5})]
