"""All runs with one value of a field taken together, whatever else differs between them: a table of thousands of runs.

`groups` tells runs apart by all that they were made of, so it reads their code and data. Here nothing is read but the
field and the few metrics that are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from trackbook.lineage.code_shape import entries_of
from trackbook.records import JsonValue, RunDetail, RunStatus
from trackbook.records.query import NameKind
from trackbook.store.contract import Fields, RunFilter, Store
from trackbook.tracking.choices import is_group
from trackbook.tracking.group_facts import (
    ALL,
    MODEL_PARAMS,
    PARAM,
    TAG,
    find_field,
    known_metrics,
    metrics_named,
    model_of,
    place_of,
    value_of,
    value_text,
    without_candidates,
)
from trackbook.tracking.group_metrics import by_telling, main_metrics
from trackbook.tracking.group_statistics import Statistic, spread

_LOOKED_AT = 500  # of the newest runs, to choose metrics by
_MODEL = f"{PARAM}model"
_OF_RUNS = ("experiment", "model", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The finished runs with one value, None also where they lack the field, and each metric that some of them have."""

    value: JsonValue
    run_ids: tuple[str, ...]
    statistics: Mapping[str, Statistic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """Pools by a field, smaller values first; there are none where no run has the field.

    `left_out` counts runs that have not finished or have none of the metrics, `candidates` those of searches, which
    stand behind the run of their search. `others` are metrics that are not shown.
    """

    by: str
    metrics: tuple[str, ...]
    pools: tuple[Pool, ...]
    left_out: int = 0
    candidates: int = 0
    others: tuple[str, ...] = ()


def pool_runs(store: Store, where: RunFilter, by: str, *, metrics: Sequence[str] = ()) -> Pooling:
    """Pool the runs of a filter by a field.

    Parameters
    ----------
    by
        ``params.KEY`` (or ``KEY``), ``tags.KEY``, ``model``, ``experiment`` or ``session``. ``params.model`` is the
        model's class where no run has a param of that name.
    metrics
        Which to show, as for `groups.group_runs`; default: the most telling ones of the newest runs.

    Raises
    ------
    InvalidValueError
        If the store has no such field or metric.
    """
    field = _field(store, by)
    keys, others = _metrics(store, where, field, metrics)
    details = store.runs(replace(where, fields=_read(store, field, keys)))
    finished = _finished(details)
    listed = without_candidates(finished, (by, field, *metrics))
    if field == _MODEL and not any("model" in each.params for each in listed):
        field = "model"
    found, left_out = _pools(listed, field, keys)
    return Pooling(
        by=field,
        metrics=tuple(keys),
        pools=tuple(sorted(found, key=lambda pool: place_of(pool.value))),
        left_out=left_out + _count_unfinished(details),
        candidates=len(finished) - len(listed),
        others=tuple(others),
    )


def _field(store: Store, by: str) -> str:
    """Return the field that a person means, of all that the store has."""
    params = store.names(NameKind.PARAMS)
    key = by.removeprefix(PARAM)
    names = [f"{PARAM}{each}" for each in params] + [f"{TAG}{each}" for each in store.names(NameKind.TAGS)]
    names += [f"{PARAM}{key}"] if any(key.startswith(f"{each}.") for each in params) else []  # an entry of a dict
    return find_field(by, {"": dict.fromkeys([*names, *_OF_RUNS])})


def _read(store: Store, field: str, keys: Sequence[str]) -> Fields:
    """Return what has to be read of each run."""
    if field.startswith(TAG):
        return Fields(params=[], metrics=keys, tags=[field.removeprefix(TAG)])
    key = field.removeprefix(PARAM)
    params = [each for each in store.names(NameKind.PARAMS) if key == each or key.startswith(f"{each}.")]
    return Fields(params=[*params, *(MODEL_PARAMS if key == "model" else ())], metrics=keys, tags=[])


def _metrics(store: Store, where: RunFilter, field: str, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the metrics to show and those not to show."""
    if wanted:
        return metrics_named(store.names(NameKind.METRICS), wanted), []
    fields = replace(_read(store, field, ()), metrics=None)
    newest = _finished(store.runs(replace(where, limit=min(where.limit or _LOOKED_AT, _LOOKED_AT), fields=fields)))
    listed = [each for each in without_candidates(newest, (field,)) if each.metrics]
    known = known_metrics(listed) or dict.fromkeys(store.names(NameKind.METRICS))
    meant = metrics_named(known, [ALL]) if known else []
    shown = main_metrics([*_members(listed, field).values()] or [()], meant) if meant else []
    return shown, by_telling([key for key in meant if key not in shown])


def _finished(details: Iterable[RunDetail]) -> list[RunDetail]:
    return [each for each in details if each.run.status is RunStatus.FINISHED]


def _count_unfinished(details: Sequence[RunDetail]) -> int:
    return len(details) - len(_finished(details))


def _pools(listed: Sequence[RunDetail], field: str, keys: Sequence[str]) -> tuple[list[Pool], int]:
    """Return the pools, and how many runs none of them has; a run that only holds others together is not missed."""
    parents = {each.run.parent_id for each in listed}
    pools, left_out, is_known = [], 0, False
    for members in _members(listed, field).values():
        values = {each.run.run_id: _values(each, keys) for each in members}
        ids = tuple(run_id for run_id, found in values.items() if found)
        is_known = is_known or _value(members[0], field) is not None
        left_out += sum(not values[each.run.run_id] and not _holds(each, parents) for each in members)
        if ids:
            columns = {key: [found[key] for found in values.values() if key in found] for key in keys}
            statistics = {key: spread(column) for key, column in columns.items() if column}
            pools.append(Pool(value=_value(members[0], field), run_ids=ids, statistics=statistics))
    return (pools, left_out) if is_known else ([], len(listed))


def _holds(detail: RunDetail, parents: Iterable[str | None]) -> bool:
    return is_group(detail) and detail.run.run_id in parents


def _values(detail: RunDetail, keys: Iterable[str]) -> dict[str, float]:
    return {key: value for key in keys if (value := value_of(detail, key)) is not None}


def _members(details: Iterable[RunDetail], field: str) -> dict[str, list[RunDetail]]:
    found: dict[str, list[RunDetail]] = {}
    for detail in details:
        found.setdefault(value_text({"": _value(detail, field)}, ""), []).append(detail)
    return found


def _value(detail: RunDetail, field: str) -> JsonValue:
    """Return a run's value of a field, None where it has none."""
    if field.startswith(PARAM):
        key = field.removeprefix(PARAM)
        return detail.params[key] if key in detail.params else dict(entries_of(detail.params)).get(key)
    if field.startswith(TAG):
        return detail.tags.get(field.removeprefix(TAG))
    if field == "model":
        return model_of(detail) or None
    return detail.run.experiment if field == "experiment" else detail.run.session_id
