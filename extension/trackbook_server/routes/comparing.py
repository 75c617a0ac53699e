"""Runs beside each other: what sets them apart, cell by cell of two, and groups of those that differ in their seed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta
from trackbook.display.diff_payload import diff_payload
from trackbook.display.payload import comparison_payload, grouping_payload
from trackbook.errors import InvalidValueError
from trackbook.store.contract import RunFilter
from trackbook.tracking.compare import compare_runs
from trackbook.tracking.diff import diff_runs
from trackbook.tracking.groups import group_runs
from trackbook.tracking.numbers import tolerance_of
from trackbook.tracking.query import query_of

from trackbook_server.route import Asked, At, Operation, Route
from trackbook_server.routes.lasting import mark_of_two
from trackbook_server.routes.names import listed

_MOST_RUNS = 100


class CompareQuery(At, kw_only=True):
    """Which runs, with commas between them; a single one stands beside its children. `all`: also what is the same."""

    runs: str
    all: bool = False


class DiffQuery(At, kw_only=True):
    """Two runs; without `after`, the one given is compared with the run before it of its experiment.

    `tolerance`: how far numbers in outputs may be apart, relative to the larger one.
    """

    before: str
    after: str = ""
    tolerance: Annotated[float, Meta(ge=0, lt=1)] | None = None


class GroupsQuery(At, kw_only=True):
    """By which fields (``params.model,tags.stage``), which metrics of them, and of which runs.

    `seed` names params that are seeds although their names don't say so.
    """

    by: str
    metric: str = ""
    seed: str = ""
    experiment: str = ""
    query: str = ""


def compare(asked: Asked) -> dict[str, Any]:
    """Return runs side by side, as ``trackbook compare --json`` prints them; each row says which run does best."""
    names = listed(asked.query.runs)
    if len(names) > _MOST_RUNS:
        raise InvalidValueError(f"{len(names)} runs are more than can stand side by side. Name at most {_MOST_RUNS}.")
    with asked.project.store.frozen() as still:
        found = compare_runs(still, names)
    return comparison_payload(found, found.rows if asked.query.all else found.differing())


def diff(asked: Asked) -> dict[str, Any]:
    """Return what sets one run apart from another, as ``trackbook diff --json`` prints it."""
    query: DiffQuery = asked.query
    with asked.project.store.frozen() as still:
        found = diff_runs(still, query.before, query.after or None, tolerance_of(query.tolerance))
        return diff_payload(found)


def group(asked: Asked) -> dict[str, Any]:
    """Return groups of runs that differ only in their seed, as ``trackbook compare --group-by --json`` prints them."""
    query: GroupsQuery = asked.query
    by = listed(query.by)
    if not by:
        raise InvalidValueError("Nothing is named to group by. Give a field, such as by=params.model.")
    with asked.project.store.frozen() as still:
        runs = still.runs(RunFilter(experiment=query.experiment or None, query=query_of(still, query.query)))
        found = group_runs(still, runs, by, metrics=listed(query.metric), seeds=listed(query.seed))
    return grouping_payload(found)


ROUTES = (
    Route(
        path="/compare",
        operations={
            "GET": Operation(act=compare, summary="Put runs side by side", query=CompareQuery, answer=dict[str, Any])
        },
    ),
    Route(
        path="/diff",
        operations={
            "GET": Operation(
                act=diff, summary="Tell two runs apart", query=DiffQuery, answer=dict[str, Any], mark=mark_of_two
            )
        },
    ),
    Route(
        path="/groups",
        operations={
            "GET": Operation(
                act=group, summary="Group runs that differ in their seed", query=GroupsQuery, answer=dict[str, Any]
            )
        },
    ),
)
