"""Lists of runs, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct
from trackbook.display.rows import run_seconds
from trackbook.errors import InvalidValueError
from trackbook.records import RunDetail
from trackbook.store.contract import Fields, RunFilter, Store
from trackbook.tracking.find import find_run
from trackbook.tracking.query import query_of

from trackbook_server.route import Asked, At, Operation, Route
from trackbook_server.routes.names import listed

_MOST = 500
_WHOLE = ("params", "metrics", "tags")
_KINDS = tuple(f"{each}." for each in _WHOLE)


class RunsQuery(At, kw_only=True):
    """Which runs, and which page of them.

    `query` as people write it (``metrics.accuracy > 0.9 order by started_at desc``). `parent` gives the runs that are
    parts of that one; `roots` leaves out the runs that are parts of another. `fields` are the params, metrics and tags
    to give, separated by commas (``params.C,metrics.accuracy,tags``; ``tags`` alone means all of them); everything if
    empty, nothing if ``none``.
    """

    query: str = ""
    experiment: str = ""
    parent: str = ""
    roots: bool = False
    fields: str = ""
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = 100
    offset: Annotated[int, Meta(ge=0, le=2**53)] = 0


class RunRow(Struct, kw_only=True):
    """A run in a list. Times are ISO 8601 in UTC; a number that JSON has not is a text (``"NaN"``).

    `word` is what people read of its `status`: a run that was stopped is ``KILLED`` and ``stopped``. `children` counts
    the runs that are parts of it.
    """

    run_id: str
    name: str
    experiment: str
    status: str
    word: str
    verdict: str | None
    verdict_reason: str | None
    started_at: str
    finished_at: str | None
    seconds: float | None
    parent_id: str | None
    children: int
    note: str | None
    models: list[str]
    datasets: list[str]
    params: dict[str, Any]
    metrics: dict[str, Any]
    tags: dict[str, str]


class RunsPage(Struct, kw_only=True):
    """A page of runs: `total` counts all that were asked for, on every page."""

    runs: list[RunRow]
    total: int
    offset: int


def list_runs(asked: Asked) -> RunsPage:
    """Return a page of runs."""
    query: RunsQuery = asked.query
    with asked.project.store.frozen() as still:
        where = _runs_meant(still, query)
        details, total = still.runs(where), still.count_runs(where)
        rows = [_row(still, detail) for detail in details]
    return RunsPage(runs=rows, total=total, offset=query.offset)


def _runs_meant(store: Store, query: RunsQuery) -> RunFilter:
    return RunFilter(
        experiment=query.experiment or None,
        parent_id=find_run(store, query.parent).run.run_id if query.parent else None,
        only_roots=query.roots,
        query=query_of(store, query.query),
        fields=_fields(query.fields),
        limit=query.limit,
        offset=query.offset,
    )


def _fields(text: str) -> Fields:
    """Return what is to be given of each run."""
    names = listed(text)
    if not names:
        return Fields()
    for name in names:
        if not name.startswith(_KINDS) and name not in _WHOLE and names != ["none"]:
            raise InvalidValueError(
                f"fields={name!r} is none. Give params.KEY, metrics.KEY or tags.KEY, "
                "all of a kind as params, metrics or tags, or none."
            )
    params, metrics, tags = (_keys(kind, names) for kind in _WHOLE)
    return Fields(params=params, metrics=metrics, tags=tags)


def _keys(kind: str, names: Sequence[str]) -> list[str] | None:
    """Return the keys of a kind that are asked for, None where all are."""
    start = f"{kind}."
    return None if kind in names else [name.removeprefix(start) for name in names if name.startswith(start)]


def _row(store: Store, detail: RunDetail) -> RunRow:
    run = detail.run
    return RunRow(
        run_id=run.run_id,
        name=run.name,
        experiment=run.experiment,
        status=run.status.value,
        word=run.word,
        verdict=run.verdict,
        verdict_reason=run.verdict_reason,
        started_at=run.started_at.isoformat(),
        finished_at=run.finished_at.isoformat() if run.finished_at else None,
        seconds=run_seconds(detail),
        parent_id=run.parent_id,
        children=store.count_runs(RunFilter(parent_id=run.run_id)),
        note=run.note,
        models=[model.class_name for model in detail.models],
        datasets=list(dict.fromkeys(dataset.name for dataset in detail.datasets)),
        params=dict(detail.params),
        metrics={key: point.value for key, point in detail.metrics.items()},
        tags=dict(detail.tags),
    )


ROUTES = (
    Route(
        path="/runs",
        operations={"GET": Operation(act=list_runs, summary="List runs", query=RunsQuery, answer=RunsPage)},
    ),
)
