"""Runs beside each other: what sets them apart, and cell by cell of two."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType
from trackbook.display.diff_payload import diff_payload
from trackbook.display.payload import comparison_payload
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.store.contract import Store
from trackbook.tracking.compare import compare_runs
from trackbook.tracking.diff import diff_runs
from trackbook.tracking.find import find_run
from trackbook.tracking.numbers import tolerance_of

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
    tolerance: Annotated[float, Meta(ge=0, lt=1)] | UnsetType = UNSET


def compare(asked: Asked) -> dict[str, Any]:
    """Return runs side by side, as ``trackbook compare --json`` prints them; each row says which run does best.

    What is named and is not there any more stands in `missing`, each with `run` and a sentence, `message`.
    """
    names = listed(asked.query.runs)
    if len(names) > _MOST_RUNS:
        raise InvalidValueError(f"{len(names)} runs are more than can stand side by side. Name at most {_MOST_RUNS}.")
    with asked.project.store.frozen() as still:
        missing = _missing(still, names)
        there = [name for name in names if name not in missing]
        if missing and len(there) < 2:
            raise NotFoundError(next(iter(missing.values())))
        found = compare_runs(still, there)
    payload = comparison_payload(found, found.rows if asked.query.all else found.differing())
    return {**payload, "missing": [{"run": name, "message": message} for name, message in missing.items()]}


def _missing(store: Store, names: Iterable[str]) -> dict[str, str]:
    """Return the names of runs that there are not, with what is to be said of each."""
    missing = {}
    for name in names:
        try:
            find_run(store, name)
        except NotFoundError as error:
            missing[name] = str(error)
    return missing


def diff(asked: Asked) -> dict[str, Any]:
    """Return what sets one run apart from another, as ``trackbook diff --json`` prints it."""
    query: DiffQuery = asked.query
    with asked.project.store.frozen() as still:
        found = diff_runs(
            still,
            query.before,
            query.after or None,
            tolerance_of(None if query.tolerance is UNSET else query.tolerance),
        )
        return diff_payload(found)


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
)
