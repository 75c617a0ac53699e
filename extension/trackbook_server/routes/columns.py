"""The columns that a list of runs can have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from trackbook.display.rows import flat_row
from trackbook.records import JsonValue, RunDetail, encode
from trackbook.store.contract import RunFilter
from trackbook.tracking.choices import default_params
from trackbook.tracking.direction import higher_is_better, is_detail
from trackbook.tracking.query import query_of

from trackbook_server.route import Asked, At, Operation, Route

_MOST_RUNS = 500  # that are looked at: a list of ten thousand is asked for its columns each time that a run changes
_KINDS = {"params": "param", "metrics": "metric", "tags": "tag"}


class ColumnsQuery(At, kw_only=True):
    """Of which runs, as for the list itself."""

    query: str = ""
    experiment: str = ""


class RunColumn(Struct, kw_only=True):
    """A column of a list of runs.

    `field` is what a query calls it (``metrics.accuracy``, ``started_at``), `kind` is ``metric``, ``param``, ``tag`` or
    ``run``. `runs` counts those that have a value, `is_varying` says whether it tells some of them apart. `is_aside` is
    what lists leave out at first: a param that nobody chose, a metric that only spreads or parts another one.
    """

    field: str
    kind: str
    runs: int
    is_varying: bool
    is_aside: bool
    higher_is_better: bool | None


class Columns(Struct, kw_only=True):
    """Columns, those of the runs themselves first. The newest `looked_at` runs of `total` were looked at."""

    columns: list[RunColumn]
    looked_at: int
    total: int


def list_columns(asked: Asked) -> Columns:
    """Return the columns that runs have."""
    query: ColumnsQuery = asked.query
    store = asked.project.store
    where = RunFilter(experiment=query.experiment or None, query=query_of(store, query.query), limit=_MOST_RUNS)
    with store.frozen() as still:
        details, total = still.runs(where), still.count_runs(where)
    return Columns(columns=[*_columns(details)], looked_at=len(details), total=total)


def _columns(details: Sequence[RunDetail]) -> Iterator[RunColumn]:
    runs: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    for detail in details:
        for field, value in flat_row(detail).items():
            texts = seen.setdefault(field, set())
            if value is not None:
                runs[field] += 1
                if len(texts) < 2:
                    texts.add(_text(value))
    aside = _aside(details)
    for field in sorted(seen, key=_place):
        scope, dot, key = field.partition(".")
        kind = _KINDS[scope] if dot else "run"
        yield RunColumn(
            field=field,
            kind=kind,
            runs=runs[field],
            is_varying=len(seen[field]) > 1 or 0 < runs[field] < len(details),
            is_aside=field in aside,
            higher_is_better=higher_is_better(key) if kind == "metric" else None,
        )


def _text(value: object) -> str:
    plain: JsonValue = value if isinstance(value, bool | int | float | str | list | dict) else str(value)
    return encode(plain)


def _place(field: str) -> tuple[int, str]:
    """Put the run's own columns first, then params, metrics and tags."""
    scope, dot, key = field.partition(".")
    return (1 + [*_KINDS].index(scope), key) if dot else (0, "")


def _aside(details: Sequence[RunDetail]) -> set[str]:
    defaults = default_params(details)
    chosen = {key for each in details for key in each.params if key not in defaults[each.run.run_id]}
    params = {key for each in details for key in each.params} - chosen
    metrics = {key for each in details for key in each.metrics}
    return {*_fields("params", params), *_fields("metrics", (key for key in metrics if is_detail(key, metrics)))}


def _fields(scope: str, keys: Iterable[str]) -> Iterator[str]:
    return (f"{scope}.{key}" for key in keys)


ROUTES = (
    Route(
        path="/columns",
        operations={
            "GET": Operation(
                act=list_columns, summary="List the columns that runs have", query=ColumnsQuery, answer=Columns
            )
        },
    ),
)
