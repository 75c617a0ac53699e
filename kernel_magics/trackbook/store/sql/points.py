"""Metric points on their way into the tables: the latest of each key in one, all others in the history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from trackbook.store.sql import statements
from trackbook.store.sql.drafts import ChangeRows, Values
from trackbook.store.sql.numbering import Numbers
from trackbook.store.sql.rows import PointRow

Place: TypeAlias = tuple[int, int]  # of a run and a key


def write_points(changes: Iterable[ChangeRows], runs: Numbers, keys: Mapping[str, int]) -> None:
    """Write the points of a batch."""
    given = [change for change in changes if change.points]
    if not given:
        return
    points: dict[Place, list[PointRow]] = defaultdict(list)
    for change in given:
        number = runs[change.run_id]
        for name, point in change.points:
            points[number, keys[name]].append(point)
    run_ids = [change.run_id for change in given]
    latest = _latest(points, runs, run_ids)
    places = runs.places("latest_metrics", run_ids if points.keys() - latest.keys() else ())
    best: list[Values] = []
    after: list[Values] = []
    among: list[Values] = []
    for (run, key), listed in points.items():
        place, before = latest[run, key] if (run, key) in latest else (places.take(run), None)
        series = _Series(before, listed)
        best.append((run, key, place, *series.latest))
        after += [(run, key, *values) for values in series.after()]
        among += [(run, key, *values) for values in series.among()]
    statements.ADD_POINT.run(runs.connection, after)
    statements.ADD_POINT_AMONG.run(runs.connection, among)
    statements.PUT_LATEST.run(runs.connection, best)


def _latest(points: Iterable[Place], runs: Numbers, run_ids: Iterable[str]) -> dict[Place, tuple[int, PointRow]]:
    """Return the latest points on the record with their places in the run."""
    keys = statements.numbers({key for _, key in points})
    found = runs.ask(statements.LATEST_OF_KEYS, run_ids, keys=keys)
    return {(number, key): (place, (step, at, *rest)) for number, key, place, step, at, *rest in found}


class _Series:
    """The points of one key in the order in which they came, parted into the latest and the rest."""

    def __init__(self, before: PointRow | None, points: list[PointRow]) -> None:
        self._before = before
        self._rest: list[PointRow] = []
        latest = before
        for point in points:
            if latest is None:
                latest = point
            elif point[:2] >= latest[:2]:
                self._rest.append(latest)
                latest = point
            else:
                self._rest.append(point)
        assert latest is not None
        self.latest = latest

    def _is_after(self, point: PointRow) -> bool:
        return self._before is None or point[:2] > self._before[:2]

    def after(self) -> Iterator[Values]:
        """Return the points later than any in the history, each with its place among those of its step and time."""
        taken: Counter[tuple[int, int]] = Counter()
        for point in self._rest:
            if self._is_after(point):
                step, time, value, text = point
                yield step, time, taken[step, time], value, text
                taken[step, time] += 1

    def among(self) -> Iterator[Values]:
        """Return the others, as `ADD_POINT_AMONG` takes them: it looks for the place itself."""
        for point in self._rest:
            if not self._is_after(point):
                step, time, value, text = point
                yield step, time, value, text
