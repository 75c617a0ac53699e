"""Pipelines that ran or run, as the store has them: their runs, how the steps of one stand, and what a step did.

Nothing is asked of the process that drives a pipeline, which may be anywhere: what it has kept is all that there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from trackbook.capture.notebook import saved_notebook
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.graph.state import FILE_TAG, PIPELINE_TAG, STEP_TAG
from trackbook.pipelines.running.evidence import evidence_of
from trackbook.pipelines.running.kept_steps import KeptStep, read_steps
from trackbook.pipelines.running.parent import steps_of
from trackbook.pipelines.running.progress import Phase, StepFailure
from trackbook.records import Execution, Outcome, RunDetail, RunStatus
from trackbook.records.query import All, Condition, Field, Has, Not, Query, Scope
from trackbook.store.contract import RunFilter, Store

_MOST_RUNS = 1000  # of all pipelines together; older ones are only counted


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPipeline:
    """A pipeline by its name and the place of its file, with its newest runs; `total` counts those that were read."""

    name: str
    file: str | None
    runs: tuple[RunDetail, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """How a step stands. `cell` of `cells` is at work, where it runs and its notebook's file is still there.

    `data` are the datasets that it read and a step that it needs published, by that step. `run_ids` are its tries in
    this execution, oldest first.
    """

    step: KeptStep
    run_ids: tuple[str, ...] = ()
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cell: int | None = None
    cells: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineState:
    """One execution of a pipeline. `knows_graph` is false where only the steps' runs are known: no needs then."""

    name: str
    file: str | None
    detail: RunDetail
    steps: tuple[StepState, ...]
    knows_graph: bool

    @property
    def is_live(self) -> bool:
        """Whether it is still being executed."""
        return self.detail.run.status is RunStatus.RUNNING


def named_pipelines(store: Store, most_runs: int) -> list[NamedPipeline]:
    """Return the pipelines that were executed, the one at work last first, each with so many of its newest runs."""
    found: dict[tuple[str, str | None], list[RunDetail]] = {}
    for detail in store.runs(RunFilter(query=Query(where=_OF_PIPELINES), limit=_MOST_RUNS)):
        found.setdefault((detail.tags[PIPELINE_TAG], detail.tags.get(FILE_TAG)), []).append(detail)
    return [
        NamedPipeline(name=name, file=file, runs=tuple(runs[:most_runs]), total=len(runs))
        for (name, file), runs in found.items()
    ]


def pipeline_state(store: Store, detail: RunDetail) -> PipelineState:
    """Return how the steps of a pipeline's run stand.

    Raises
    ------
    InvalidValueError
        If it is no pipeline's run.
    """
    check_is_pipeline(detail)
    kept = read_steps(store, detail)
    runs: dict[str, list[RunDetail]] = {}
    for each in steps_of(store, detail.run.run_id):
        runs.setdefault(each.tags[STEP_TAG], []).append(each)
    file = detail.tags.get(FILE_TAG)
    known = kept.steps if kept is not None else [KeptStep(name=name, notebook="") for name in runs]
    steps: dict[str, StepState] = {}
    for step in known:
        if kept is None or not kept.is_final:
            step = _now(store, step, runs.get(step.name, ()), steps, detail)
        steps[step.name] = _state(store, step, runs.get(step.name, ()), file)
    return PipelineState(
        name=detail.tags[PIPELINE_TAG],
        file=file,
        detail=detail,
        steps=tuple(replace(each, data=_data(each.step, steps)) for each in steps.values()),
        knows_graph=kept is not None,
    )


def check_is_pipeline(detail: RunDetail) -> None:
    """Refuse a run that is none of a pipeline's own.

    Raises
    ------
    InvalidValueError
        If it is another one.
    """
    if PIPELINE_TAG in detail.tags and STEP_TAG not in detail.tags:
        return
    what = f"is of its step '{detail.tags[STEP_TAG]}'" if PIPELINE_TAG in detail.tags else "is of no pipeline"
    raise InvalidValueError(f"Run '{detail.run.name}' {what}. Give the run of a pipeline itself.")


def step_tries(store: Store, detail: RunDetail, name: str) -> list[RunDetail]:
    """Return the runs of a step in an execution of its pipeline, one a try, oldest first.

    A step that was skipped has the run that stood for it.

    Raises
    ------
    InvalidValueError
        If it is no pipeline's run.
    NotFoundError
        If there is no such step, or it has not begun.
    """
    check_is_pipeline(detail)
    tries = [each for each in steps_of(store, detail.run.run_id) if each.tags[STEP_TAG] == name]
    if tries:
        return tries
    kept = read_steps(store, detail)
    steps = {step.name: step for step in kept.steps} if kept is not None else {}
    step = steps.get(name)
    if step is None:
        raise NotFoundError(f"Run '{detail.run.name}' has no step '{name}'. Its steps: {', '.join(steps) or 'none'}.")
    stands = store.runs(RunFilter(ids=[step.run_id])) if step.run_id is not None else []
    if not stands:
        raise NotFoundError(f"Step '{name}' did not run in '{detail.run.name}': there is nothing to show of it.")
    return stands


# How a step stands while others still run, or when nobody could keep how it came out


def _now(
    store: Store,
    step: KeptStep,
    tries: Sequence[RunDetail],
    before: Mapping[str, StepState],
    parent: RunDetail,
) -> KeptStep:
    if tries:
        return _begun(store, step, tries, parent)
    needs = [before[name].step for name in step.needs if name in before]
    failed = next((need for need in needs if need.phase in (Phase.FAILED, Phase.BLOCKED)), None)
    if step.phase is not Phase.WAITING:
        return step
    if failed is not None:
        return replace(step, phase=Phase.BLOCKED, reason=f"blocked by {failed.name}")
    if not step.is_to_run and all(need.phase is Phase.SKIPPED for need in needs):
        return replace(step, phase=Phase.SKIPPED)
    if parent.run.status is RunStatus.RUNNING:
        return step
    return replace(step, phase=Phase.STOPPED, reason="not started")


def _begun(store: Store, step: KeptStep, tries: Sequence[RunDetail], parent: RunDetail) -> KeptStep:
    last = tries[-1].run
    phase = _phase(tries[-1])
    if phase is Phase.FAILED and len(tries) < step.attempts and parent.run.status is RunStatus.RUNNING:
        phase = Phase.RETRYING
    found = evidence_of(store, last.run_id)
    end = last.finished_at
    return replace(
        step,
        phase=phase,
        reason="its process vanished" if last.status is RunStatus.KILLED and not last.failure else step.reason,
        attempt=len(tries),
        started_at=last.started_at,
        seconds=(end - last.started_at).total_seconds() if end is not None else None,
        metrics=found.metrics,
        reads=found.reads,
        publishes=found.publishes,
        run_id=last.run_id,
        failure=_failure(tries[-1]) if phase in (Phase.FAILED, Phase.RETRYING) else None,
        params=step.params or tries[-1].params,
    )


def _phase(detail: RunDetail) -> Phase:
    run = detail.run
    if run.status is RunStatus.RUNNING:
        return Phase.RUNNING
    if run.status is RunStatus.FINISHED:
        return Phase.FINISHED
    return Phase.STOPPED if run.is_stopped else Phase.FAILED


def _failure(detail: RunDetail) -> StepFailure | None:
    failure = detail.run.failure
    return StepFailure(error=failure.type, message=failure.message) if failure is not None else None


def _state(store: Store, step: KeptStep, tries: Sequence[RunDetail], file: str | None) -> StepState:
    run_ids = tuple(each.run.run_id for each in tries)
    if step.phase is not Phase.RUNNING or not tries:
        return StepState(step=step, run_ids=run_ids)
    executions = store.executions(session_id=tries[-1].run.session_id)
    cell, cells = _at_work(executions, _notebook(step, file))
    return StepState(step=step, run_ids=run_ids, cell=cell, cells=cells)


def _notebook(step: KeptStep, file: str | None) -> Path | None:
    """Return where a step's notebook is: beneath the folder of the pipeline's file."""
    if file is None or not step.notebook:
        return None
    place = Path(file)
    return (place if place.is_dir() else place.parent) / step.notebook


def _at_work(executions: Sequence[Execution], notebook: Path | None) -> tuple[int | None, int | None]:
    """Return the number of the cell that runs, or is about to, and how many there are, as people count them."""
    saved = saved_notebook(notebook) if notebook is not None else None
    ids = [each.cell_id for each in saved.cells if each.source.strip()] if saved is not None else []
    numbers = {cell_id: number for number, cell_id in enumerate(ids, start=1) if cell_id is not None}
    if not numbers:
        return None, None
    reached = [(numbers[each.cell_id], each.outcome) for each in executions if each.cell_id in numbers]
    if not reached:
        return 1, len(ids)
    number, outcome = max(reached, key=lambda pair: pair[0])
    return number if outcome is Outcome.RUNNING else min(number + 1, len(ids)), len(ids)


def _data(step: KeptStep, steps: Mapping[str, StepState]) -> dict[str, tuple[str, ...]]:
    """Return what a step read that those which it needs published."""
    found = {
        need: tuple(label for label in step.reads if label in steps[need].step.publishes)
        for need in step.needs
        if need in steps
    }
    return {need: labels for need, labels in found.items() if labels}


def _tag(key: str) -> Field:
    return Field(scope=Scope.TAGS, key=key)


_OF_PIPELINES: Condition = All(conditions=(Has(field=_tag(PIPELINE_TAG)), Not(condition=Has(field=_tag(STEP_TAG)))))
