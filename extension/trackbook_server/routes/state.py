"""A store at a glance: where it is, whose runs it holds, and which of them belong to the notebook that is open."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from trackbook import __version__
from trackbook.errors import NotFoundError
from trackbook.records.query import NameKind
from trackbook.store.contract import RunFilter, Store
from trackbook.store.sql.statements import HEAD
from trackbook.tracking.stale_report import session_of

from trackbook_server.route import Asked, Operation, Route

_NOTEBOOK = ".ipynb"


class ExperimentCount(Struct, kw_only=True):
    """An experiment, how many runs it has, and when the newest of them began."""

    name: str
    runs: int
    latest_at: str | None


class State(Struct, kw_only=True):
    """A store at a glance. Experiments come newest first.

    `experiment` is the one that the notebook was recorded in last, null where `at` is none, or it has no session yet.
    `user` is who asks, as the server knows them.
    """

    location: str
    schema_version: str
    version: str
    experiment: str | None
    experiments: list[ExperimentCount]
    runs: int
    user: str


def show_state(asked: Asked) -> State:
    """Return a store at a glance."""
    with asked.project.store.frozen() as still:
        counts = [_count(still, name) for name in still.names(NameKind.EXPERIMENT)]
        return State(
            location=asked.project.location,
            schema_version=HEAD,  # whatever was written by an older version was upgraded when it was opened
            version=__version__,
            experiment=_experiment_of(still, asked.place),
            experiments=sorted(counts, key=lambda each: each.latest_at or "", reverse=True),
            runs=still.count_runs(RunFilter()),
            user=asked.user,
        )


def _count(store: Store, experiment: str) -> ExperimentCount:
    where = RunFilter(experiment=experiment, limit=1)
    latest_at = next((each.run.started_at.isoformat() for each in store.runs(where)), None)
    return ExperimentCount(name=experiment, runs=store.count_runs(where), latest_at=latest_at)


def _experiment_of(store: Store, place: Path) -> str | None:
    if place.suffix != _NOTEBOOK:
        return None
    try:
        return session_of(store, str(place), None).experiment
    except NotFoundError:
        return None


ROUTES = (
    Route(
        path="/state", operations={"GET": Operation(act=show_state, summary="Show a store at a glance", answer=State)}
    ),
)
