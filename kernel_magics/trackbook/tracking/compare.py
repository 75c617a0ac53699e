"""What sets runs apart: their params, metrics, data, models and environments side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from trackbook.errors import InvalidValueError
from trackbook.records import DatasetUse, Environment, JsonValue, RunDetail, encode
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.choices import chosen_params, default_params, is_group
from trackbook.tracking.direction import higher_is_better, is_detail
from trackbook.tracking.find import environments_of, find_run, witnesses_of

_ITERATIONS = "iterations"
_MODEL_FACTS = {"n_features_in_": "features", "best_params_": "best params", "n_iter_": _ITERATIONS}


class Section(StrEnum):
    """What a row of a comparison is about."""

    PARAMS = "params"
    METRICS = "metrics"
    DATA = "data"
    MODEL = "model"
    MODULES = "modules"
    ENVIRONMENT = "environment"


class Absent:
    """Stands where a run has nothing under a key; None is a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key in every run.

    `values` and `differences` have one item a run. A difference is the value minus the baseline's, of metrics only,
    None where there is none to take. `best` are the positions of the runs that do best, empty where the direction
    (`higher_is_better`) is unknown or all are equal. `is_telling`: it sets the runs apart in a way that somebody would
    want to know first; what only differs because another class has other defaults does not.
    """

    section: Section
    key: str
    values: tuple[JsonValue | Absent, ...]
    differs: bool
    is_telling: bool = False
    differences: tuple[float | None, ...] = ()
    higher_is_better: bool | None = None
    best: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Runs side by side; the one at the position `baseline` is what the others are measured against.

    `defaults` are the params that nobody chose, by run id.
    """

    runs: tuple[RunDetail, ...]
    rows: tuple[Row, ...]
    baseline: int = 0
    defaults: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def differing(self) -> tuple[Row, ...]:
        """Return the rows whose values are not the same in every run."""
        return tuple(row for row in self.rows if row.differs)

    def telling(self) -> tuple[Row, ...]:
        """Return the rows that differ and that somebody would want to see first."""
        return tuple(row for row in self.rows if row.is_telling)


def compare(
    runs: Sequence[RunDetail], environments: Mapping[str, Environment], *, witnesses: Sequence[RunDetail] = ()
) -> Comparison:
    """Put runs side by side. `environments` are theirs, by id; a missing one leaves its rows absent.

    `witnesses` are other runs whose models tell which params are defaults of those runs that have no model.
    """
    found = [environments.get(detail.run.environment_id or "") for detail in runs]
    judges = _judges(runs)
    defaults = default_params([*runs, *witnesses])
    rows = (
        *_model_rows(runs, judges),
        *_metric_rows(runs, judges),
        *_param_rows(runs, judges, defaults),
        *_rows(Section.DATA, [_data(detail.datasets) for detail in runs], judges, _same_data),
        *_rows(Section.MODULES, [_modules(detail) for detail in runs], judges),
        *_rows(Section.ENVIRONMENT, [_environment(environment) for environment in found], judges),
    )
    return Comparison(runs=tuple(runs), rows=rows, baseline=judges[0], defaults=defaults)


def _judges(runs: Sequence[RunDetail]) -> list[int]:
    """Return the positions of the runs that are measured against each other, and decide whether a row is telling.

    A parent has other params, data and metrics than its children by its nature, and a group has none.
    """
    parents = {detail.run.parent_id for detail in runs}
    judges = [at for at, each in enumerate(runs) if each.run.run_id not in parents and not is_group(each)]
    return judges if len(judges) > 1 else list(range(len(runs)))


def compare_runs(store: Store, references: Sequence[str]) -> Comparison:
    """Find runs as `find_run` does and put them side by side; a single run stands beside its children.

    A group has nothing to compare: named alone, its children are put side by side without it.

    Raises
    ------
    InvalidValueError
        If fewer than two different runs are named.
    """
    runs = list({detail.run.run_id: detail for detail in (find_run(store, each) for each in references)}.values())
    if len(runs) == 1:
        children = store.runs(RunFilter(parent_id=runs[0].run.run_id, oldest_first=True))
        runs = children if is_group(runs[0]) and len(children) > 1 else runs + children
    if len(runs) < 2:
        raise InvalidValueError("A comparison needs two different runs. Name them by id or name: compare A B.")
    return compare(runs, environments_of(store, runs), witnesses=witnesses_of(store, runs))


def _rows(
    section: Section,
    columns: Sequence[Mapping[str, JsonValue]],
    judges: Sequence[int],
    is_same: Callable[[JsonValue | Absent, JsonValue | Absent], bool] | None = None,
) -> list[Row]:
    is_same = is_same or _same
    rows = []
    for key in _keys(columns):
        values = tuple(column.get(key, ABSENT) for column in columns)
        first = values[judges[0]]
        rows.append(
            Row(
                section=section,
                key=key,
                values=values,
                differs=not all(is_same(values[0], value) for value in values[1:]),
                is_telling=not all(is_same(first, values[at]) for at in judges),
            )
        )
    return rows


def _param_rows(runs: Sequence[RunDetail], judges: Sequence[int], defaults: Mapping[str, Container[str]]) -> list[Row]:
    chosen = set(chosen_params(runs, defaults))
    rows = _rows(Section.PARAMS, [detail.params for detail in runs], judges)
    return [row if row.key in chosen else replace(row, is_telling=False) for row in rows]


def _model_rows(runs: Sequence[RunDetail], judges: Sequence[int]) -> list[Row]:
    rows = _rows(Section.MODEL, [_models(detail) for detail in runs], judges)
    return [replace(row, is_telling=False) if row.key == _ITERATIONS else row for row in rows]


def _metric_rows(runs: Sequence[RunDetail], judges: Sequence[int]) -> list[Row]:
    columns: list[Mapping[str, JsonValue]] = [
        {key: point.value for key, point in detail.metrics.items()} for detail in runs
    ]
    keys = set(_keys(columns))
    rows = _rows(Section.METRICS, columns, range(len(runs)))
    return [_metric_row(replace(row, is_telling=row.differs and not is_detail(row.key, keys)), judges) for row in rows]


def _metric_row(row: Row, judges: Sequence[int]) -> Row:
    direction = higher_is_better(row.key)
    measured = [value if at in judges else ABSENT for at, value in enumerate(row.values)]
    return replace(
        row,
        differences=tuple(_difference(value, measured[judges[0]]) for value in measured),
        higher_is_better=direction,
        best=_best(measured, direction) if row.differs else (),
    )


def _difference(value: JsonValue | Absent, first: JsonValue | Absent) -> float | None:
    if not _is_number(value) or not _is_number(first):
        return None
    try:
        difference = float(value - first)  # type: ignore[operator]  # both are numbers: _is_number says so
    except OverflowError:  # integers beyond every float
        return None
    return difference if math.isfinite(difference) else None


def _best(values: Sequence[JsonValue | Absent], direction: bool | None) -> tuple[int, ...]:
    numbers = {at: value for at, value in enumerate(values) if isinstance(value, int | float) and _is_number(value)}
    if direction is None or len(numbers) < 2 or len(set(numbers.values())) == 1:
        return ()
    top = max(numbers.values()) if direction else min(numbers.values())
    return tuple(at for at, number in numbers.items() if number == top)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # NaN equals nothing


def _same(one: JsonValue | Absent, other: JsonValue | Absent) -> bool:
    if isinstance(one, Absent) or isinstance(other, Absent):
        return one is other
    if _is_number(one) and _is_number(other):
        return one == other
    return encode(one) == encode(other)


def _data(datasets: Iterable[DatasetUse]) -> dict[str, JsonValue]:
    rows: dict[str, JsonValue] = {}
    for dataset in datasets:
        key = f"{dataset.name} ({dataset.role})" if dataset.role else dataset.name
        rows[key] = {"rows": dataset.rows, "shape": list(dataset.shape), "fingerprint": dataset.fingerprint}
    return rows


def _same_data(one: JsonValue | Absent, other: JsonValue | Absent) -> bool:
    """Tell data apart by content; where a fingerprint is missing, nobody can say that two tables are the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one["fingerprint"] is not None and _same(one, other)
    return _same(one, other)


def _models(detail: RunDetail) -> dict[str, JsonValue]:
    """Return what was fitted; of a single model also what it found out by fitting."""
    classes: list[JsonValue] = [model.class_name for model in detail.models]
    if len(classes) != 1:
        return {"class": classes} if classes else {}
    details = detail.models[0].details
    facts = {name: details[key] for key, name in _MODEL_FACTS.items() if key in details}
    return {"class": classes[0]} | {name: _unwrapped(value) for name, value in facts.items()}


def _unwrapped(value: JsonValue) -> JsonValue:
    """Return the only item of a list that has one: iterations are counted for each class."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _modules(detail: RunDetail) -> dict[str, JsonValue]:
    """Return the digest of each of the project's own modules that flowed into a run, by its file."""
    return {module.path: module.digest for module in detail.modules}


def _environment(environment: Environment | None) -> dict[str, JsonValue]:
    if environment is None:
        return {}
    facts: dict[str, JsonValue] = {"python": environment.python, "platform": environment.platform}
    if environment.git:
        facts["git commit"] = environment.git.commit
        facts["git branch"] = environment.git.branch
        facts["uncommitted changes"] = environment.git.patch or environment.git.is_dirty
    return facts | {name: environment.packages[name] for name in sorted(environment.packages)}


def _keys(columns: Iterable[Mapping[str, JsonValue]]) -> list[str]:
    """Return every key, in the order of the runs that have them."""
    return list(dict.fromkeys(key for column in columns for key in column))
