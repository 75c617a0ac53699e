"""Metric points on their way into the tables: the latest of each key in one, all others in the history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import lt
from typing import TypeAlias

from trackbook.store.sql import statements
from trackbook.store.sql.drafts import ChangeRows, Values
from trackbook.store.sql.numbering import Numbers
from trackbook.store.sql.parameters import numbers
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
        for key, listed in change.points.items():
            points[number, keys[key]] += listed
    run_ids = [change.run_id for change in given]
    latest = _latest(points, runs, run_ids)
    places = runs.places("latest_metrics", run_ids if points.keys() - latest.keys() else ())
    best: list[Values] = []
    after: list[Values] = []
    among: list[Values] = []
    for (run, key_number), series in points.items():
        known = latest.get((run, key_number))
        place, before = known or (places.take(run), None)
        parted = _parted(before, series)
        best.append((run, key_number, place, *parted.latest))
        if parted.is_rising:
            after += [(run, key_number, step, time, 0, value, text) for step, time, value, text in parted.after]
        else:
            after += [(run, key_number, *values) for values in _placed(parted.after)]
        among += [(run, key_number, *point) for point in parted.among]
    statements.ADD_POINT.run(runs.connection, after)
    statements.ADD_POINT_AMONG.run(runs.connection, among)
    statements.PUT_LATEST.run(runs.connection, best)


def _latest(points: Iterable[Place], runs: Numbers, run_ids: Iterable[str]) -> dict[Place, tuple[int, PointRow]]:
    """Return the latest points on the record with their places in the run."""
    keys = numbers({key for _, key in points})
    found = runs.ask(statements.LATEST_OF_KEYS, run_ids, keys=keys)
    return {(number, key): (place, (step, at, *rest)) for number, key, place, step, at, *rest in found}


@dataclass(slots=True)
class _Parted:
    """The points of a key. `after`: those later than any in the history; if they are rising, no two of one step."""

    latest: PointRow
    after: list[PointRow]
    among: list[PointRow]
    is_rising: bool


def _parted(before: PointRow | None, points: list[PointRow]) -> _Parted:
    """Part points, in the order in which they came, into the latest and the rest."""
    if (before is None or points[0][:2] > before[:2]) and _is_rising(points):
        return _Parted(points[-1], points[:-1], [before] if before else [], is_rising=True)
    latest, rest = before, []
    for point in points:
        if latest is None:
            latest = point
        elif point[:2] >= latest[:2]:
            rest.append(latest)
            latest = point
        else:
            rest.append(point)
    assert latest is not None
    among = [point for point in rest if before is not None and point[:2] <= before[:2]]
    after = rest if not among else [point for point in rest if before is None or point[:2] > before[:2]]
    return _Parted(latest, after, among, is_rising=False)


def _is_rising(points: list[PointRow]) -> bool:
    steps = [point[0] for point in points]
    return all(map(lt, steps, steps[1:]))


def _placed(points: Iterable[PointRow]) -> Iterator[Values]:
    """Return points with their places: how many came before them that have the same step and time."""
    taken: Counter[tuple[int, int]] = Counter()
    for step, time, value, text in points:
        yield step, time, taken[step, time], value, text
        taken[step, time] += 1
