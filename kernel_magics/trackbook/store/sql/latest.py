"""The latest metrics of a run as they are read: a record of a point is made when somebody asks for that key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trackbook.records import MetricPoint
from trackbook.store.sql.rows import point_of


class LatestMetrics(Mapping[str, MetricPoint]):
    """The latest point of each key of a run; a list of a hundred runs shows few of their numbers.

    Parameters
    ----------
    rows
        The rows of `statements.LATEST`, by key.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: dict[str, tuple[Any, ...]]) -> None:
        self._rows = rows

    def __getitem__(self, key: str) -> MetricPoint:
        _, _, _, step, time, value, text = self._rows[key]
        return point_of(key, step, time, value, text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __repr__(self) -> str:
        return repr(dict(self))
