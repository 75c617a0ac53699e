"""How the steps of a pipeline stand: what became of each when it last ran, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.memory import latest_runs
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.state import MARKED_TAG
from trackbook.records import MetricPoint, Run, RunDetail, RunStatus
from trackbook.store.contract import RunFilter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A step with its last run, if there was one, and the metrics of that and of the runs inside it.

    `blocked_by` is, of a step that never ran, the failed step that keeps it from running.
    """

    step: Step
    detail: RunDetail | None
    metrics: Mapping[str, MetricPoint]
    blocked_by: str | None = None

    @property
    def is_marked(self) -> bool:
        """Whether nothing ran: somebody said that the step is up to date."""
        return self.detail is not None and MARKED_TAG in self.detail.tags

    @property
    def seconds(self) -> float | None:
        """How long its last run took, None if it hasn't ended or nothing ran."""
        run = self.detail.run if self.detail is not None else None
        if run is None or run.finished_at is None or self.is_marked:
            return None
        return (run.finished_at - run.started_at).total_seconds()


def standings(pipeline: Pipeline, store: Store) -> list[Standing]:
    """Return how the steps stand, in the order of the file."""
    found = latest_runs(store, pipeline)
    blockers = _blockers(pipeline, store, found)
    return [_standing(step, found.get(step.name), store, blockers.get(step.name)) for step in pipeline.steps]


def _blockers(pipeline: Pipeline, store: Store, found: Mapping[str, RunDetail]) -> dict[str, str]:
    """Return, by step that never ran, the failed step that it needs, directly or not.

    Notebooks are read only where there is both: what a step needs may stand in them alone.
    """
    failed = {name for name, detail in found.items() if _has_failed(detail.run)}
    if not failed or all(step.name in found for step in pipeline.steps):
        return {}
    from trackbook.pipelines.graph.planning import Planner

    try:
        graph = Planner(pipeline, store).graph
    except InvalidValueError:  # a notebook is gone or broken: how the steps stand is shown all the same
        return {}
    blockers: dict[str, str] = {}
    for name in graph.order:
        causes = (need if need in failed else blockers.get(need) for need in graph.needs[name])
        cause = next((each for each in causes if each is not None), None)
        if cause is not None and name not in found:
            blockers[name] = cause
    return blockers


def _has_failed(run: Run) -> bool:
    """Return whether a run has kept others from running: one that was stopped, or left alone, has not."""
    is_lost = run.status is RunStatus.KILLED and run.failure is not None and not run.is_stopped
    return run.status is RunStatus.FAILED or is_lost


def _standing(step: Step, detail: RunDetail | None, store: Store, blocked_by: str | None) -> Standing:
    metrics: dict[str, MetricPoint] = {}
    if detail is not None:
        inside = store.runs(RunFilter(parent_id=detail.run.run_id, oldest_first=True))
        for each in [*inside, detail]:
            metrics |= each.metrics
    return Standing(step=step, detail=detail, metrics=metrics, blocked_by=blocked_by)
