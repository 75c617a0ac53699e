"""Lists of runs, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from trackbook.display.rows import run_seconds
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter
from trackbook.tracking.query import query_of
from trackbook_server.route import Asked, At, Operation, Route

_MOST = 500


class RunsQuery(At, kw_only=True):
    """Which runs, and which page of them.

    `query` as people write it (``metrics.accuracy > 0.9 order by started_at desc``). `fields` are the params, metrics
    and tags to give, separated by commas (``params.C,metrics.accuracy``); all if empty.
    """

    query: str = ""
    experiment: str = ""
    fields: str = ""
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = 100
    offset: Annotated[int, Meta(ge=0)] = 0


class RunRow(Struct, kw_only=True):
    """A run in a list. Times are ISO 8601 in UTC; a number that JSON has not is a text (``"NaN"``)."""

    run_id: str
    name: str
    experiment: str
    status: str
    verdict: str | None
    verdict_reason: str | None
    started_at: str
    finished_at: str | None
    seconds: float | None
    parent_id: str | None
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
    store = asked.project.store
    where = RunFilter(
        experiment=query.experiment or None,
        query=query_of(store, query.query),
        limit=query.limit,
        offset=query.offset,
    )
    with store.frozen() as still:
        details, total = still.runs(where), still.count_runs(where)
    wanted = frozenset(filter(None, query.fields.split(",")))
    return RunsPage(runs=[_row(detail, wanted) for detail in details], total=total, offset=query.offset)


def _row(detail: RunDetail, wanted: frozenset[str]) -> RunRow:
    run = detail.run
    return RunRow(
        run_id=run.run_id,
        name=run.name,
        experiment=run.experiment,
        status=run.status.value,
        verdict=run.verdict,
        verdict_reason=run.verdict_reason,
        started_at=run.started_at.isoformat(),
        finished_at=run.finished_at.isoformat() if run.finished_at else None,
        seconds=run_seconds(detail),
        parent_id=run.parent_id,
        note=run.note,
        models=[model.class_name for model in detail.models],
        datasets=[dataset.name for dataset in detail.datasets],
        params=_chosen("params", detail.params, wanted),
        metrics=_chosen("metrics", {key: point.value for key, point in detail.metrics.items()}, wanted),
        tags=_chosen("tags", detail.tags, wanted),
    )


def _chosen(kind: str, values: Any, wanted: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not wanted or f"{kind}.{key}" in wanted}


ROUTES = (
    Route(
        path="/runs",
        operations={"GET": Operation(act=list_runs, summary="List runs", query=RunsQuery, answer=RunsPage)},
    ),
)
