"""What a store holds, at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trackbook.records import RunDetail, Session
from trackbook.store.contract import RunFilter, Store, Usage
from trackbook.store.rules import is_gone


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentCount:
    """An experiment, how many runs it has, and the newest of them."""

    experiment: str
    runs: int
    latest: RunDetail | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A store at a glance.

    `live` are the sessions that are held to be alive; experiments come newest first. `budget_bytes` is what the
    snapshots of the store may take together, where that is known.
    """

    location: str
    runs: int
    sessions: int
    live: tuple[Session, ...]
    experiments: tuple[ExperimentCount, ...]
    latest: RunDetail | None
    usage: Usage
    budget_bytes: int | None


def overview(store: Store, *, now: datetime, budget_bytes: int | None = None) -> Overview:
    """Return what a store holds, without reading every run of it."""
    sessions = store.sessions()
    newest = store.runs(RunFilter(limit=1))
    names = dict.fromkeys([detail.run.experiment for detail in newest])
    names |= dict.fromkeys(session.experiment for session in reversed(sessions))
    return Overview(
        location=store.location,
        runs=store.count_runs(RunFilter()),
        sessions=len(sessions),
        live=tuple(each for each in sessions if not is_gone(each, now)),
        experiments=tuple(_count(store, name) for name in names),
        latest=newest[0] if newest else None,
        usage=store.usage(),
        budget_bytes=budget_bytes,
    )


def _count(store: Store, experiment: str) -> ExperimentCount:
    newest = store.runs(RunFilter(experiment=experiment, limit=1))
    count = store.count_runs(RunFilter(experiment=experiment)) if newest else 0
    return ExperimentCount(experiment=experiment, runs=count, latest=newest[0] if newest else None)
