"""Runs that differ only in their seed, taken together: mean and interval of each group, and which groups differ.

One run's score says little: another seed gives another one. Groups are made by the fields that a person names. Runs of
a group that differ in anything but their seed (another param, other data, other code) are groups of their own, because
the spread between them would not be chance. Two groups are compared by Welch's unequal-variances t-test, and the
p-values of all comparisons made are corrected together (S. Holm, A simple sequentially rejective multiple test
procedure, 1979). A group of fewer than three runs is never judged.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean, stdev

from trackbook.capture.symbols import parse_cell
from trackbook.errors import InvalidValueError
from trackbook.records import Execution, JsonValue, RunDetail, RunStatus, encode
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.choices import chosen_params, default_params, is_group
from trackbook.tracking.direction import is_detail
from trackbook.tracking.find import find_run, witnesses_of

FEWEST = 3  # runs that a group needs to be judged
CONFIDENCE = 0.95
_SEED = re.compile(r"(?:^|[._])(?:\w*_?seed|random_?state|rng)s?$", re.IGNORECASE)
_FIELDS = ("code", "data", "experiment", "model", "session")
_KINDS = ("params.", "tags.")
_CLOSE = 0.6

Facts = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A metric over the runs of a group: `n` values, their mean, sample deviation (n - 1) and 95 % t-interval.

    `deviation` is None for one value; `low` and `high` are None for fewer than three.
    """

    n: int
    mean: float
    deviation: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs that differ only in their seed.

    `labels` are the values of the fields that tell it from the other groups. `repetitions` counts runs left out because
    another one has the same seed and the same results: they say nothing new.
    """

    labels: Facts
    runs: tuple[RunDetail, ...]
    statistics: Mapping[str, Statistic]
    repetitions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two groups (their positions) in one metric: the second's mean minus the first's.

    `p` is Welch's, `corrected` the same after Holm's correction; both None where a group is too small to be judged.
    """

    metric: str
    one: int
    other: int
    difference: float
    p: float | None = None
    corrected: float | None = None

    @property
    def is_told_apart(self) -> bool | None:
        """Whether the groups differ by more than chance, at 5 %; None where that can't be judged."""
        return None if self.corrected is None else self.corrected < 1 - CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Groups by the fields asked for (`by`), and by `also`: what else differs within a group and is no seed.

    `left_out` counts runs that have not finished, and those without any of the metrics.
    """

    by: tuple[str, ...]
    also: tuple[str, ...]
    metrics: tuple[str, ...]
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    left_out: int = 0


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
        Which to compare, by key or by its end (``accuracy`` for ``test.accuracy``); default: all.
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
    keys = _metric_keys(finished, metrics)
    kept = [each for each in finished if any(_value(each, key) is not None for key in keys)]
    if not kept:
        raise InvalidValueError("There is no finished run with a metric to group. See what there is: trackbook runs.")
    named = _seed_keys(kept, seeds)
    facts = _facts(store, kept)
    fields = [_field(name, facts) for name in by]
    sets = _sets(kept, facts, fields, named)
    aside = {"experiment", "session", *fields, *named, *_unchosen(store, kept)}
    also = tuple(dict.fromkeys(name for members in sets.values() for name in _varying(members, facts, aside)))
    labelled = [*fields, *also]
    groups = [_group(_sorted(members), facts, labelled, keys) for members in _split(kept, facts, labelled).values()]
    groups.sort(key=lambda group: [encode(value) for value in group.labels.values()])
    differences = _differences(groups, keys) if compares else []
    return Grouping(
        by=tuple(fields),
        also=also,
        metrics=tuple(keys),
        groups=tuple(groups),
        differences=tuple(_corrected(differences)),
        left_out=len([each for each in details if not is_group(each)]) - len(kept),
    )


def runs_to_group(store: Store, references: Sequence[str], *, experiment: str | None = None) -> list[RunDetail]:
    """Return the runs that are named, a parent's children in its place; of none all runs of an experiment or store."""
    if not references:
        return store.runs(RunFilter(experiment=experiment))
    named = [find_run(store, reference) for reference in references]
    listed = [each for run in named for each in store.runs(RunFilter(parent_id=run.run.run_id)) or [run]]
    return list({each.run.run_id: each for each in listed}.values())


# What a run is told by


def _facts(store: Store, details: Sequence[RunDetail]) -> dict[str, Facts]:
    wanted = list(dict.fromkeys(execution_id for detail in details for execution_id in detail.execution_ids))
    shapes = {each.execution_id: _shape(each) for each in store.executions(ids=wanted)}
    return {detail.run.run_id: _facts_of(detail, shapes) for detail in details}


def _facts_of(detail: RunDetail, shapes: Mapping[str, str]) -> Facts:
    code = sorted({shapes[each] for each in detail.execution_ids if each in shapes})
    modules = sorted(f"{module.name} {module.digest}" for module in detail.modules)
    models = [model.class_name.rpartition(".")[2] for model in detail.models]
    facts: dict[str, JsonValue] = {f"params.{key}": value for key, value in detail.params.items()}
    facts |= {f"tags.{key}": value for key, value in detail.tags.items()}
    about = {
        "experiment": detail.run.experiment,
        "session": detail.run.session_id,
        "model": ", ".join(models),
        "data": _digest(_data_of(detail)),
        "code": _digest([*code, *modules]),
    }
    return {key: value for key, value in about.items() if value} | facts


def _data_of(detail: RunDetail) -> list[str]:
    """Return what is known of the data whatever way a seed split it: files by content, sizes and columns."""
    files = {file.digest or file.path for use in detail.datasets for file in use.files}
    tables = {f"{use.name} {use.role} {use.shape} {use.columns}" for use in detail.datasets}
    return [*sorted(files), *sorted(tables)]


def _digest(texts: Iterable[str]) -> str | None:
    listed = list(texts)
    return hashlib.sha256("\0".join(listed).encode()).hexdigest()[:8] if listed else None


def _shape(execution: Execution) -> str:
    """Return a cell's code without layout, comments and constants: those that matter are params."""
    tree = parse_cell(execution.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value, node.kind = None, None
    return ast.dump(tree)


def _seed_keys(details: Sequence[RunDetail], seeds: Collection[str]) -> frozenset[str]:
    keys = {key for detail in details for key in detail.params}
    unknown = [seed for seed in seeds if seed.removeprefix("params.") not in keys]
    if unknown:
        raise InvalidValueError(f"No run has a param '{unknown[0]}'. {_nearest(unknown[0], keys)}")
    named = {seed.removeprefix("params.") for seed in seeds}
    return frozenset(f"params.{key}" for key in keys if key in named or _SEED.search(key))


def _field(name: str, facts: Mapping[str, Facts]) -> str:
    known = dict.fromkeys(key for each in facts.values() for key in each)
    for candidate in (name, *(kind + name for kind in _KINDS), name.removeprefix("params.")):
        if candidate in known:
            return candidate
    raise InvalidValueError(f"No run has '{name}' to group by. {_nearest(name, known)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    asked = name.removesuffix("_score")  # functions are called so, metrics are not
    if any(each.rpartition(".")[2] == asked for each in listed):
        name = asked
    close = difflib.get_close_matches(name, [*listed, *(each.rpartition(".")[2] for each in listed)], 1, _CLOSE)
    if close:
        whole = next(each for each in listed if each == close[0] or each.rpartition(".")[2] == close[0])
        return f"Did you mean '{whole}'?"
    return f"There are: {', '.join(sorted(listed)) or 'none'}."


# Groups


def _sets(
    details: Sequence[RunDetail], facts: Mapping[str, Facts], fields: Sequence[str], seeds: frozenset[str]
) -> dict[tuple[str, ...], list[RunDetail]]:
    if seeds.intersection(fields):
        raise InvalidValueError(f"'{next(iter(seeds.intersection(fields)))}' is the seed: group by something else.")
    return _split(details, facts, fields)


def _split(
    details: Iterable[RunDetail], facts: Mapping[str, Facts], fields: Sequence[str]
) -> dict[tuple[str, ...], list[RunDetail]]:
    found: dict[tuple[str, ...], list[RunDetail]] = {}
    for detail in details:
        own = facts[detail.run.run_id]
        found.setdefault(tuple(encode(own[field]) if field in own else "" for field in fields), []).append(detail)
    return found


def _unchosen(store: Store, details: Sequence[RunDetail]) -> Iterator[str]:
    """Yield the params that nobody chose in any run: another class has other ones, and that is said by `model`."""
    told = default_params([*details, *witnesses_of(store, details)])
    chosen = set(chosen_params(details, told))
    yield from (f"params.{key}" for detail in details for key in detail.params if key not in chosen)


def _varying(members: Sequence[RunDetail], facts: Mapping[str, Facts], aside: Collection[str]) -> list[str]:
    """Return the fields in which the runs of a group differ; people's words don't count, nor what another one implies.

    Other models are made by other code, which is no news.
    """
    listed = [facts[detail.run.run_id] for detail in members]
    names = dict.fromkeys(name for each in listed for name in each if not name.startswith("tags."))
    varying = [name for name in names if name not in aside and _count(listed, name) > 1]
    is_implied = "model" in varying and _count(listed, "model") == _count(listed, "model", "code")
    return [name for name in varying if not (name == "code" and is_implied)]


def _count(listed: Iterable[Facts], *names: str) -> int:
    """Return how many different values fields have together; having none is one."""
    return len({tuple(encode(each[name]) if name in each else "" for name in names) for each in listed})


def _sorted(members: Iterable[RunDetail]) -> list[RunDetail]:
    return sorted(members, key=lambda detail: detail.run.started_at)


def _group(
    members: Sequence[RunDetail], facts: Mapping[str, Facts], fields: Sequence[str], keys: Sequence[str]
) -> Group:
    distinct = {_result(detail): detail for detail in members}
    own = facts[members[0].run.run_id]
    statistics = {}
    for key in keys:
        values = [value for detail in distinct.values() if (value := _value(detail, key)) is not None]
        if values:
            statistics[key] = _statistic(values)
    return Group(
        labels={field: own.get(field) for field in fields},
        runs=tuple(distinct.values()),
        statistics=statistics,
        repetitions=len(members) - len(distinct),
    )


def _result(detail: RunDetail) -> str:
    """Return what makes a run a repetition of another one: all its params, seeds included, and all its results."""
    metrics = {key: repr(point.value) for key, point in sorted(detail.metrics.items())}
    return encode([dict(sorted(detail.params.items())), dict(metrics)])


def _statistic(values: Sequence[float]) -> Statistic:
    n, mean = len(values), fmean(values)
    if n < 2:
        return Statistic(n=n, mean=mean)
    deviation = stdev(values)
    if n < FEWEST:
        return Statistic(n=n, mean=mean, deviation=deviation)
    from scipy.stats import t

    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
    return Statistic(n=n, mean=mean, deviation=deviation, low=mean - half, high=mean + half)


# Metrics


def _metric_keys(details: Sequence[RunDetail], wanted: Sequence[str]) -> list[str]:
    known = list(dict.fromkeys(key for detail in details for key in detail.metrics))
    if not wanted:
        return [key for key in known if not is_detail(key, known)]
    found = []
    for name in wanted:
        name = name.removeprefix("metrics.")
        matching = [name] if name in known else [key for key in known if key.endswith(f".{name}")]
        if not matching:
            raise InvalidValueError(f"No run has a metric '{name}'. {_nearest(name, known)}")
        found += matching
    return list(dict.fromkeys(found))


def _value(detail: RunDetail, key: str) -> float | None:
    """Return a metric's latest value, None where the run has none that can be averaged."""
    point = detail.metrics.get(key)
    try:
        value = float(point.value) if point is not None else math.nan
    except OverflowError:  # an integer beyond every float
        return None
    return value if math.isfinite(value) else None


# Differences


def _differences(groups: Sequence[Group], keys: Sequence[str]) -> list[Difference]:
    return [
        _difference(groups, key, one, other)
        for key in keys
        for one, other in combinations(range(len(groups)), 2)
        if key in groups[one].statistics and key in groups[other].statistics
    ]


def _difference(groups: Sequence[Group], key: str, one: int, other: int) -> Difference:
    first, second = groups[one].statistics[key], groups[other].statistics[key]
    p = _welch(first, second) if min(first.n, second.n) >= FEWEST else None
    return Difference(metric=key, one=one, other=other, difference=second.mean - first.mean, p=p)


def _welch(one: Statistic, other: Statistic) -> float:
    if not one.deviation and not other.deviation:  # no spread at all: the test has nothing to divide by
        return 1.0 if one.mean == other.mean else 0.0
    from scipy.stats import ttest_ind_from_stats

    result = ttest_ind_from_stats(one.mean, one.deviation, one.n, other.mean, other.deviation, other.n, equal_var=False)
    return float(result.pvalue)


def _corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences with Holm's p-values: the k-th smallest of m is taken times m - k + 1, and they rise."""
    tested = sorted((each.p, at) for at, each in enumerate(differences) if each.p is not None)
    corrected: dict[int, float] = {}
    least = 0.0
    for rank, (p, at) in enumerate(tested):
        least = corrected[at] = max(least, min(1.0, p * (len(tested) - rank)))
    return [replace(each, corrected=corrected.get(at)) for at, each in enumerate(differences)]
