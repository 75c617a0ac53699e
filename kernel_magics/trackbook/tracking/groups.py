"""Runs that differ only in their seed, taken together: mean and interval of each group, and which groups differ.

One run's score says little: another seed gives another one. Groups are made by the fields that a person names. Runs of
a group that differ in anything but their seed (another param, other data, other code) are groups of their own, because
the spread between them would not be chance. Of data and code only what made a metric counts for it: a cell that
measures something else afterwards sets no run apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import RunDetail, RunStatus, encode
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.choices import is_group
from trackbook.tracking.find import find_run
from trackbook.tracking.group_facts import (
    Facts,
    facts_of,
    find_field,
    metrics_meant,
    place_of,
    seed_keys,
    unchosen,
    value_of,
    value_text,
    without_candidates,
)
from trackbook.tracking.group_metrics import by_telling, main_metrics
from trackbook.tracking.group_statistics import Difference, Statistic, count_pairs, differences, statistic
from trackbook.tracking.metric_code import MetricCode
from trackbook.tracking.query import query_of

_PER_METRIC = ("data", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs that differ only in their seed.

    `labels` are the values of the fields that tell it from the other groups. `repetitions` counts runs left out because
    another one has the same seed and the same results: they say nothing new. `statistics` has the metrics that its runs
    have and that were made alike; a run can be in another group with a metric that was not.
    """

    labels: Facts
    runs: tuple[RunDetail, ...]
    statistics: Mapping[str, Statistic]
    repetitions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Groups by the fields asked for (`by`), and by `also`: what else differs within a group and is no seed.

    `unpaired` counts comparisons that could not be judged and are no `differences`, as there are too many groups.
    `left_out` counts runs that have not finished, and those without any of the metrics; `candidates` those of searches,
    which stand behind the run of their search (`searches` are the names of these). `others` are the metrics that nobody
    asked for and that compare little.
    """

    by: tuple[str, ...]
    also: tuple[str, ...]
    metrics: tuple[str, ...]
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    unpaired: int = 0
    left_out: int = 0
    candidates: int = 0
    searches: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class _Piece:
    """Runs whose `keys` were made alike."""

    members: list[RunDetail]
    keys: list[str] = field(default_factory=list)


def group_runs(
    store: Store,
    details: Sequence[RunDetail],
    by: Sequence[str],
    *,
    metrics: Sequence[str] = (),
    seeds: Collection[str] = (),
    compares: bool = True,
) -> Grouping:
    """Group runs and compare the groups.

    Parameters
    ----------
    by
        Fields: ``params.KEY`` (or ``KEY``), ``tags.KEY``, ``model``, ``data``, ``code``, ``experiment``
        or ``session``. ``params.model`` is the model's class where no run has a param of that name.
    metrics
        Which to compare, by key or by its end (``accuracy`` for ``test.accuracy``), ``test.*`` or ``all``; default:
        those that most runs have, or that groups can be told apart by.
    seeds
        Params that are seeds although their name (``seed``, ``random_state``) doesn't say so.
    compares
        Whether the groups are compared, each with each: of a thousand groups that takes long, and nobody reads it.

    Raises
    ------
    InvalidValueError
        If no run has such a field or metric.
    """
    finished = [each for each in details if each.run.status is RunStatus.FINISHED and not is_group(each)]
    listed = without_candidates(finished, (*by, *metrics))
    meant = metrics_meant(listed, metrics or ["all"]) if any(each.metrics for each in listed) else []
    kept = [_held(each) for each in listed if any(value_of(each, key) is not None for key in meant)]
    if not kept:
        raise InvalidValueError("There is no finished run with a metric to group. See what there is: trackbook runs.")
    code = MetricCode(store, kept)
    seeding = seed_keys(kept, seeds, code)
    facts = facts_of(kept, code, meant)
    fields = [find_field(name, facts) for name in by]
    if asked := seeding.intersection(fields):
        raise InvalidValueError(f"'{min(asked)}' is the seed: group by something else.")
    keys = meant if metrics else main_metrics(list(_split(kept, facts, fields).values()), meant)
    measured = [each for each in kept if any(value_of(each, key) is not None for key in keys)]
    sets = _split(measured, facts, fields).values()
    aside = {"experiment", "session", *_PER_METRIC, *fields, *seeding, *unchosen(store, kept), *_dicts(facts)}
    varying = dict.fromkeys(name for members in sets for name in _varying(members, facts, aside))
    also = [name for name in varying if not _is_of_model(name, measured, facts, [*fields, *varying])]
    alike = list(_split(measured, facts, [*fields, *also]).values())
    also += [each for each in _PER_METRIC if each not in fields and any(_parts(alike, keys, code, each))]
    groups = [
        _group(piece, facts, [*fields, *also], code) for members in alike for piece in _pieces(members, keys, code)
    ]
    groups.sort(key=lambda group: [place_of(value) for value in group.labels.values()])
    statistics = [group.statistics for group in groups]
    compared = differences(statistics, keys) if compares else []
    return Grouping(
        by=tuple(fields),
        also=tuple(also),
        metrics=tuple(keys),
        groups=tuple(groups),
        differences=tuple(compared),
        unpaired=count_pairs(statistics, keys) - len(compared) if compares else 0,
        left_out=len([each for each in details if not is_group(each)]) - len(finished) + len(listed) - len(measured),
        candidates=len(finished) - len(listed),
        searches=_searches(finished, listed),
        others=tuple(by_telling([key for key in meant if key not in keys])),
    )


def _held(detail: RunDetail) -> RunDetail:
    """Return a run whose points are made once, not each time that one is asked for."""
    return replace(detail, metrics=dict(detail.metrics))


def runs_to_group(store: Store, references: Sequence[str], *, experiment: str | None = None) -> list[RunDetail]:
    """Return the runs that are named or that a query finds; without either all of an experiment or store.

    Children stand in the place of a parent that only holds them together. Those of a search do where only searches are
    named; else the search itself is meant.
    """
    if not references:
        return store.runs(RunFilter(experiment=experiment))
    named = [run for reference in references for run in _meant(store, reference, experiment)]
    children = {run.run.run_id: store.runs(RunFilter(parent_id=run.run.run_id)) for run in named}
    is_of_searches = all(children.values())
    found = [
        each for run in named for each in (children[run.run.run_id] if is_of_searches or is_group(run) else ()) or [run]
    ]
    return list({each.run.run_id: each for each in found}.values())


def _meant(store: Store, reference: str, experiment: str | None) -> list[RunDetail]:
    """Return the run of a name or id, or the runs of a query."""
    if not any(sign in reference.strip() for sign in " =<>~"):
        return [find_run(store, reference)]
    found = store.runs(RunFilter(experiment=experiment, query=query_of(store, reference)))
    if not found:
        raise NotFoundError(f"No run is found by '{reference}'. See what there is: trackbook runs.")
    return found


def _searches(details: Iterable[RunDetail], listed: Collection[RunDetail]) -> tuple[str, ...]:
    """Return the names of the runs whose candidates are not listed."""
    kept = {each.run.run_id for each in listed}
    parents = {each.run.parent_id for each in details if each.run.run_id not in kept}
    return tuple(each.run.name for each in listed if each.run.run_id in parents)


# Groups


def _split(
    details: Iterable[RunDetail], facts: Mapping[str, Facts], fields: Sequence[str]
) -> dict[tuple[str, ...], list[RunDetail]]:
    found: dict[tuple[str, ...], list[RunDetail]] = {}
    for detail in details:
        own = facts[detail.run.run_id]
        found.setdefault(tuple(value_text(own, field) for field in fields), []).append(detail)
    return found


def _varying(members: Sequence[RunDetail], facts: Mapping[str, Facts], aside: Collection[str]) -> list[str]:
    """Return the fields in which the runs of a group differ; people's words don't count."""
    listed = [facts[detail.run.run_id] for detail in members]
    names = dict.fromkeys(name for each in listed for name in each if not name.startswith("tags."))
    return [name for name in names if name not in aside and _count(listed, name) > 1]


def _count(listed: Iterable[Facts], name: str) -> int:
    """Return how many different values a field has; having none is one."""
    return len({value_text(each, name) for each in listed})


def _dicts(facts: Mapping[str, Facts]) -> set[str]:
    """Return the fields that are dicts: their entries are fields of their own."""
    return {name for each in facts.values() for name, value in each.items() if isinstance(value, dict)}


def _is_of_model(name: str, details: Sequence[RunDetail], facts: Mapping[str, Facts], fields: Sequence[str]) -> bool:
    """Return whether a field with parts (a pipeline's steps, a search's grid) says no more than the model's class."""
    listed = [facts[detail.run.run_id] for detail in details]
    has_parts = any(isinstance(each.get(name), list | dict) for each in listed)
    both = {(value_text(each, "model"), value_text(each, name)) for each in listed}
    return has_parts and "model" in fields and len(both) == _count(listed, "model")


def _made(detail: RunDetail, key: str, code: MetricCode, name: str) -> str | None:
    """Return a digest of the data, or of the code, that made a metric of a run."""
    return code.code(detail, key) if name == "code" else code.data(detail, key)


def _parts(sets: Iterable[Sequence[RunDetail]], keys: Sequence[str], code: MetricCode, name: str) -> Iterable[bool]:
    """Yield of each set of runs and each metric whether the metric was made of different data, or by different code."""
    for members in sets:
        for key in keys:
            yield len({_made(each, key, code, name) for each in members if value_of(each, key) is not None}) > 1


def _pieces(members: Sequence[RunDetail], keys: Sequence[str], code: MetricCode) -> list[_Piece]:
    """Return the runs of a set, parted where a metric was made in different ways; a metric that runs lack parts none.

    What most runs have comes first, so that other metrics find their runs there.
    """
    pieces: list[_Piece] = []
    having = {key: [each for each in members if value_of(each, key) is not None] for key in keys}
    for key in sorted(keys, key=lambda each: -len(having[each])):
        ways: dict[tuple[str | None, ...], list[RunDetail]] = {}
        for detail in having[key]:
            ways.setdefault(tuple(_made(detail, key, code, name) for name in _PER_METRIC), []).append(detail)
        for part in ways.values():
            fitting = (each for each in pieces if _ids(part) == _ids(each.members) & _ids(having[key]))
            piece = next(fitting, None)
            if piece is None:
                pieces.append(piece := _Piece(part))
            piece.keys.append(key)
    return pieces


def _ids(details: Iterable[RunDetail]) -> set[str]:
    return {detail.run.run_id for detail in details}


def _group(piece: _Piece, facts: Mapping[str, Facts], fields: Sequence[str], code: MetricCode) -> Group:
    members = sorted(piece.members, key=lambda detail: detail.run.started_at)
    first = members[0]
    distinct = {key: _distinct(members, key, code) for key in piece.keys}
    kept = {detail.run.run_id for runs in distinct.values() for detail in runs}
    own = {**facts[first.run.run_id], **{name: _made(first, piece.keys[0], code, name) for name in _PER_METRIC}}
    return Group(
        labels={name: own.get(name) for name in fields},
        runs=tuple(detail for detail in members if detail.run.run_id in kept),
        statistics={
            key: statistic([value for run in runs if (value := value_of(run, key)) is not None])
            for key, runs in distinct.items()
        },
        repetitions=len(members) - len(kept),
    )


def _distinct(members: Iterable[RunDetail], key: str, code: MetricCode) -> list[RunDetail]:
    """Return the runs that have a metric, without those that only repeat another one."""
    kept: dict[str, list[RunDetail]] = {}
    for detail in members:
        if value_of(detail, key) is None:
            continue
        same = kept.setdefault(encode(dict(sorted(detail.params.items()))), [])
        if code.is_by_chance(detail) or not any(_is_repetition(detail, each) for each in same):
            same.append(detail)
    return [detail for same in kept.values() for detail in same]


def _is_repetition(one: RunDetail, other: RunDetail) -> bool:
    """Return whether runs of the same params, seeds included, had the same data and all metrics that both have."""
    metrics = [key for key in one.metrics if key in other.metrics]
    tables = {(use.name, use.role): use.fingerprint for use in other.datasets}
    same = (tables.get((use.name, use.role), use.fingerprint) == use.fingerprint for use in one.datasets)
    return all(repr(one.metrics[key].value) == repr(other.metrics[key].value) for key in metrics) and all(same)
