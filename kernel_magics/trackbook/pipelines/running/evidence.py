"""What the store knows of a step that was executed: its numbers, and which versions of datasets it read and made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from trackbook.pipelines.graph.state import CURRENT_TAG, read_state
from trackbook.records import FileRead, RunDetail
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.dataset_names import label_of, labels_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a step's run and the runs inside it have on record.

    `metrics` has the latest value of each; of those with one name in several runs, the last run's. `reads` and
    `publishes` are versions of datasets (``train@3``): those that were read, and those that it stands for.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()


def evidence_of(store: Store, run_id: str) -> Evidence:
    """Return what is on record of a step, by its run."""
    runs = list(_tree(store, run_id))
    metrics = {key: float(point.value) for detail in runs for key, point in detail.metrics.items()}
    made = {label_of(version) for detail in runs for version in store.versions(run_id=detail.run.run_id)}
    return Evidence(
        metrics=metrics,
        reads=tuple(labels_of(read for detail in runs[:1] for read in _reads(store, detail, runs))),
        publishes=tuple(sorted(made | _kept_publications(store, runs))),
    )


def _kept_publications(store: Store, runs: list[RunDetail]) -> set[str]:
    """Return what a step that succeeded stands for, also what it published as it was before and is no new version."""
    digest = runs[0].tags.get(CURRENT_TAG) if runs else None
    state = read_state(store.get_object(digest)) if digest is not None else None
    return {f"{name}@{each.version}" for name, each in state.published.items()} if state is not None else set()


def _tree(store: Store, run_id: str) -> Iterator[RunDetail]:
    """Yield a run and those beneath it, the step's own first."""
    waiting = store.runs(RunFilter(ids=[run_id]))
    while waiting:
        detail = waiting.pop(0)
        yield detail
        waiting += store.runs(RunFilter(parent_id=detail.run.run_id, oldest_first=True))


def _reads(store: Store, own: RunDetail, runs: list[RunDetail]) -> Iterator[FileRead]:
    """Yield what was read: by the statements of its session, and what its runs name as their data."""
    for execution in store.executions(session_id=own.run.session_id):
        for statement in execution.statements:
            yield from statement.files
    for detail in runs:
        for use in detail.datasets:
            yield from use.files
