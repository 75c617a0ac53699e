"""Groups of runs: a table of what one value of a param has got, and apart from it what else its runs differ in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from trackbook.display.payload import grouping_payload
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import decode, strict
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.group_facts import value_text
from trackbook.tracking.group_pools import Pool, pool_runs
from trackbook.tracking.group_statistics import Statistic
from trackbook.tracking.groups import group_runs
from trackbook.tracking.query import query_of

from trackbook_server.route import Asked, At, Operation, Route
from trackbook_server.routes.names import listed

_MOST_RUNS = 1000  # whose code and data are read for one answer


class GroupsQuery(At, kw_only=True):
    """By which field (``params.C``, ``params.model``, ``tags.stage``), which metrics, and of which runs."""

    by: str
    metric: str = ""
    experiment: str = ""
    query: str = ""


class PartsQuery(At, kw_only=True):
    """By which fields, which metrics of them, and of which runs.

    `value` is that of the first field, as JSON (``0.1``, ``"ridge"``); without it, the runs of all values are told
    apart. `seed` names params that are seeds although their names don't say so. `differences`: compare the groups, too.
    """

    by: str
    value: str = ""
    metric: str = ""
    seed: str = ""
    experiment: str = ""
    query: str = ""
    differences: bool = False


class Spread(Struct, kw_only=True):
    """A metric over some runs: `n` values, their mean, and their sample deviation, null for a single one."""

    n: int
    mean: float
    deviation: float | None


class RunsOfValue(Struct, kw_only=True):
    """The finished runs with a value of the field, null also where they have none, and each metric over them."""

    value: Any
    runs: int
    statistics: dict[str, Spread]


class Groups(Struct, kw_only=True):
    """Runs by their value of a field, small values first; none where no run has the field.

    `left_out` counts runs that have not finished or have none of the metrics, `candidates` those of searches, which
    stand behind the run of their search.
    """

    by: str
    metrics: list[str]
    groups: list[RunsOfValue]
    left_out: int
    candidates: int
    other_metrics: list[str]


def group(asked: Asked) -> Groups:
    """Return runs taken together by a field, over whatever else they differ in."""
    query: GroupsQuery = asked.query
    (by,) = _fields(query.by, most=1)
    with asked.project.store.frozen() as still:
        found = pool_runs(still, _meant(still, query), by, metrics=listed(query.metric))
    return Groups(
        by=found.by,
        metrics=list(found.metrics),
        groups=[_of_value(pool) for pool in found.pools],
        left_out=found.left_out,
        candidates=found.candidates,
        other_metrics=list(found.others),
    )


def part(asked: Asked) -> dict[str, Any]:
    """Return groups of runs that differ only in their seed, as ``trackbook compare --group-by --json`` prints them.

    Each with `runs`, how many it has. The groups are compared only if that is asked for.
    """
    query: PartsQuery = asked.query
    by, metrics = _fields(query.by), listed(query.metric)
    with asked.project.store.frozen() as still:
        where = _meant(still, query)
        if query.value:
            where = RunFilter(ids=_ids(still, where, query.value, by[0], metrics))
        _refuse_many(still.count_runs(where))
        runs = still.runs(where)
        found = group_runs(still, runs, by, metrics=metrics, seeds=listed(query.seed), compares=query.differences)
    payload: dict[str, Any] = grouping_payload(found)
    return payload | {"groups": [{**each, "runs": len(each["run_ids"])} for each in payload["groups"]]}


def _fields(text: str, most: int | None = None) -> list[str]:
    by = listed(text)
    if not by:
        raise InvalidValueError("Nothing is named to group by. Give a field, such as by=params.model.")
    if most is not None and len(by) > most:
        raise InvalidValueError(f"{len(by)} fields are named to group by. Give one; /groups/parts takes several.")
    return by


def _meant(store: Store, query: GroupsQuery | PartsQuery) -> RunFilter:
    return RunFilter(experiment=query.experiment or None, query=query_of(store, query.query))


def _ids(store: Store, where: RunFilter, text: str, by: str, metrics: Sequence[str]) -> tuple[str, ...]:
    """Return the runs that have a value of a field."""
    try:
        value = decode(text)
    except (ValueError, RecursionError):
        raise InvalidValueError(f"value={text!r} is no JSON. Give a number, or a text in double quotes.") from None
    found = pool_runs(store, where, by, metrics=metrics)
    for pool in found.pools:
        if _text(strict(pool.value)) == _text(value):
            return pool.run_ids
    raise NotFoundError(f"No finished run here has {found.by} = {text}. See which values there are: /groups?by={by}.")


def _text(value: Any) -> str:
    return value_text({"": value}, "")


def _refuse_many(count: int) -> None:
    if count > _MOST_RUNS:
        raise InvalidValueError(
            f"{count:,} runs are more than the {_MOST_RUNS:,} that can be told apart at once. Write a narrower query."
        )


def _of_value(pool: Pool) -> RunsOfValue:
    statistics = {key: _spread(each) for key, each in pool.statistics.items()}
    return RunsOfValue(value=strict(pool.value), runs=len(pool.run_ids), statistics=statistics)


def _spread(each: Statistic) -> Spread:
    return Spread(n=each.n, mean=each.mean, deviation=each.deviation)


ROUTES = (
    Route(
        path="/groups",
        operations={
            "GET": Operation(act=group, summary="Take runs together by a field", query=GroupsQuery, answer=Groups)
        },
    ),
    Route(
        path="/groups/parts",
        operations={
            "GET": Operation(
                act=part, summary="Group runs that differ in their seed", query=PartsQuery, answer=dict[str, Any]
            )
        },
    ),
)
