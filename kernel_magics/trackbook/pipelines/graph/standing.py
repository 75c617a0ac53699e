"""How the steps of a pipeline stand: what became of each when it last ran, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trackbook.pipelines.graph.memory import latest_runs
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.state import MARKED_TAG
from trackbook.records import MetricPoint, RunDetail
from trackbook.store.contract import RunFilter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A step with its last run, if there was one, and the metrics of that and of the runs inside it."""

    step: Step
    detail: RunDetail | None
    metrics: Mapping[str, MetricPoint]

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
    return [_standing(step, found.get(step.name), store) for step in pipeline.steps]


def _standing(step: Step, detail: RunDetail | None, store: Store) -> Standing:
    metrics: dict[str, MetricPoint] = {}
    if detail is not None:
        inside = store.runs(RunFilter(parent_id=detail.run.run_id, oldest_first=True))
        for each in [*inside, detail]:
            metrics |= each.metrics
    return Standing(step=step, detail=detail, metrics=metrics)
