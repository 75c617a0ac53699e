"""The points of a run's metrics, as many as a chart can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

from msgspec import Meta, Struct
from trackbook.errors import NotFoundError
from trackbook.records import MetricPoint, RunDetail
from trackbook.tracking.find import find_run

from trackbook_server.route import Asked, At, Operation, Route
from trackbook_server.routes.lasting import mark_of_run
from trackbook_server.routes.names import listed

_FEWEST, _MOST = 4, 100_000


class MetricsQuery(At, kw_only=True):
    """Which metrics, all of the run if none is named, and how many points of each at most."""

    keys: str = ""
    most: Annotated[int, Meta(ge=_FEWEST, le=_MOST)] = 1000


class Point(Struct, kw_only=True):
    """One value. A number that JSON has not is a text (``"NaN"``)."""

    step: int
    value: Any
    time: str


class Series(Struct, kw_only=True):
    """A metric's points by step, then time. Of the `total`, ends and extremes are kept where not all are given."""

    key: str
    points: list[Point]
    total: int


class SeriesList(Struct, kw_only=True):
    """Metrics of a run, in the order in which they were asked for."""

    series: list[Series]


def list_points(asked: Asked) -> SeriesList:
    """Return the points of a run's metrics."""
    query: MetricsQuery = asked.query
    with asked.project.store.frozen() as still:
        run = find_run(still, asked.path["run"])
        histories = {key: still.metric_history(run.run.run_id, key) for key in _keys(run, query.keys)}
    return SeriesList(
        series=[
            Series(key=key, points=[_point(each) for each in thinned(points, query.most)], total=len(points))
            for key, points in histories.items()
        ]
    )


def _keys(run: RunDetail, names: str) -> list[str]:
    keys = listed(names) or [*run.metrics]
    for key in keys:
        if key not in run.metrics:
            has = ", ".join(run.metrics) or "none"
            raise NotFoundError(f"Run '{run.run.name}' has no metric '{key}'. Its metrics: {has}.")
    return keys


def thinned(points: Sequence[MetricPoint], most: int) -> list[MetricPoint]:
    """Return at most so many points (four or more), in their order: both ends, and the extremes of each stretch.

    What is drawn through them looks as if it were drawn through all. A stretch of which no value is finite keeps its
    first.
    """
    if len(points) <= most:
        return [*points]
    inner = points[1:-1]
    stretches = (most - 2) // 2
    bounds = [len(inner) * each // stretches for each in range(stretches + 1)]
    kept = [points[0]]
    for start, stop in pairwise(bounds):
        places = [at for at in range(start, stop) if math.isfinite(inner[at].value)] or [start]
        extremes = {min(places, key=lambda at: inner[at].value), max(places, key=lambda at: inner[at].value)}
        kept += [inner[at] for at in sorted(extremes)]
    return [*kept, points[-1]]


def _point(point: MetricPoint) -> Point:
    return Point(step=point.step, value=point.value, time=point.time.isoformat())


ROUTES = (
    Route(
        path="/runs/{run}/metrics",
        operations={
            "GET": Operation(
                act=list_points,
                summary="List the points of a run's metrics",
                query=MetricsQuery,
                answer=SeriesList,
                mark=mark_of_run,
            )
        },
    ),
)
