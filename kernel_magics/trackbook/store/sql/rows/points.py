"""Rows of metric points, of which a training logs more than of anything else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import repeat
from operator import itemgetter
from typing import TypeAlias

from trackbook.clock import microseconds, moment
from trackbook.records import LoggedPoint, LoggedPoints, MetricPoint
from trackbook.store.sql.values import exact, number_of, real

PointRow: TypeAlias = tuple[int, int, float | None, str | None]


def point_row(point: MetricPoint) -> PointRow:
    """Return the step, time, value and exact text of a metric point."""
    value = point.value
    if type(value) is float and value and value == value:  # nearly all: nothing about them is special
        return point.step, microseconds(point.time), value, None
    return point.step, microseconds(point.time), real(value), exact(value)


def point_rows(points: Sequence[MetricPoint]) -> dict[str, list[PointRow]]:
    """Return the rows of points by key, the keys in the order in which they first came."""
    found: dict[str, list[PointRow]] = defaultdict(list)
    if not isinstance(points, LoggedPoints):
        for point in points:
            found[point.key].append(point_row(point))
        return found
    if len(set(map(itemgetter(0), points.rows))) == 1:
        return {points.rows[0][0]: _logged_rows(points.rows)}
    logged: dict[str, list[LoggedPoint]] = defaultdict(list)
    for row in points.rows:
        logged[row[0]].append(row)
    return {key: _logged_rows(listed) for key, listed in logged.items()}


def _logged_rows(points: list[LoggedPoint]) -> list[PointRow]:
    _, values, steps, times = zip(*points, strict=True)
    if set(map(type, values)) == {float} and all(values) and not any(map(math.isnan, values)):
        return list(zip(steps, times, values, repeat(None), strict=False))
    return [(step, time, real(value), exact(value)) for _, value, step, time in points]


def point_of(key: str, step: int, time: int, value: float | None, text: str | None) -> MetricPoint:
    """Return the metric point of a key and a row."""
    return MetricPoint(key=key, value=number_of(value, text), step=step, time=moment(time))
