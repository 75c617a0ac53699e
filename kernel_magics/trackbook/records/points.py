"""Metric points that are logged one by one, as plain tuples: a record for each costs more than the rest of its way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, overload

from trackbook import clock
from trackbook.records.run import MetricPoint

LoggedPoint: TypeAlias = tuple[str, float | int, int, int]
"""Key, value, step, and microseconds since 1970 in UTC."""


class LoggedPoints(Sequence[MetricPoint]):
    """Metric points in the order in which they were logged; records for whoever asks for one.

    Parameters
    ----------
    rows
        The points; whoever gives them does not change the list any more.
    """

    __slots__ = ("rows",)

    def __init__(self, rows: list[LoggedPoint]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> MetricPoint: ...
    @overload
    def __getitem__(self, index: slice) -> LoggedPoints: ...
    def __getitem__(self, index: int | slice) -> MetricPoint | LoggedPoints:
        if isinstance(index, slice):
            return LoggedPoints(self.rows[index])
        key, value, step, microseconds = self.rows[index]
        return MetricPoint(key=key, value=value, step=step, time=clock.moment(microseconds))

    def __repr__(self) -> str:
        return f"<{len(self)} metric points>"
