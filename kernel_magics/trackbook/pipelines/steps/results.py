"""What a step's run and those beneath it hold."""

from __future__ import annotations

from collections.abc import Iterable

from trackbook.records import MetricPoint, RunDetail
from trackbook.store.contract import RunFilter, Store


def runs_of_step(store: Store, run_id: str) -> list[RunDetail]:
    """Return a step's run and all runs beneath it, each after the one that it is beneath, oldest first."""
    found = list(store.runs(RunFilter(ids=(run_id,))))
    for detail in found:  # it grows while it is walked through
        found += store.runs(RunFilter(parent_id=detail.run.run_id, oldest_first=True))
    return found


def metrics_of(runs: Iterable[RunDetail]) -> dict[str, MetricPoint]:
    """Return the latest point of each metric of several runs."""
    found: dict[str, MetricPoint] = {}
    for detail in runs:
        for key, point in detail.metrics.items():
            if key not in found or point.time >= found[key].time:
                found[key] = point
    return found
