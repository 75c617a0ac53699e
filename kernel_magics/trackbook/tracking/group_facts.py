"""What runs are told apart by: params, tags, the model, data, code; and which fields and metrics a person means."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from trackbook.errors import InvalidValueError
from trackbook.lineage.code_shape import entries_of, is_seed_name
from trackbook.lineage.evidence import leaf_of
from trackbook.records import JsonValue, RunDetail, encode
from trackbook.store.contract import Store
from trackbook.tracking.choices import chosen_params, default_params, parts
from trackbook.tracking.direction import is_detail
from trackbook.tracking.find import witnesses_of
from trackbook.tracking.metric_code import MetricCode, digest

PARAM, TAG = "params.", "tags."
ALL = "all"
_CLOSE = 0.6
_LARGE = 1e300  # integers beyond every float are put in order as texts
_SEARCHED = "estimator"
_STEPS = ("steps", f"{_SEARCHED}__steps")
MODEL_PARAMS = (_SEARCHED, *_STEPS)
"""The params that say more of a model than its class."""

Facts = Mapping[str, JsonValue]


def facts_of(details: Iterable[RunDetail], code: MetricCode, keys: Sequence[str]) -> dict[str, Facts]:
    """Return the fields of each run, by its id. `keys` are the metrics whose code and data count."""
    listed = list(details)
    shared = [key for key in keys if all(value_of(detail, key) is not None for detail in listed)]
    return {detail.run.run_id: _facts(detail, code, shared) for detail in listed}


def _facts(detail: RunDetail, code: MetricCode, shared: Sequence[str]) -> Facts:
    facts: dict[str, JsonValue] = {f"{PARAM}{key}": value for key, value in detail.params.items()}
    facts |= {f"{PARAM}{key}": value for key, value in entries_of(detail.params)}
    facts |= {f"{TAG}{key}": value for key, value in detail.tags.items()}
    keys = shared or list(detail.metrics)
    about = {
        "experiment": detail.run.experiment,
        "session": detail.run.session_id,
        "model": model_of(detail),
        "data": digest(dict.fromkeys(text for key in keys if (text := code.data(detail, key)))),
        "code": digest(dict.fromkeys(text for key in keys if (text := code.code(detail, key)))),
    }
    return {key: value for key, value in about.items() if value} | facts


def model_of(detail: RunDetail) -> str:
    """Return the classes of a run's models; of a pipeline with its last step, of a search with what it searches."""
    names = ", ".join(model.class_name.rpartition(".")[2] for model in detail.models)
    steps = next((found for key in _STEPS if (found := parts(detail.params, key))), [])
    searched = detail.params.get(_SEARCHED)
    inner = steps[-1][1] if steps else searched if isinstance(searched, str) else ""
    inner = inner.rpartition(".")[2]
    if not names or not inner or len(detail.models) > 1:
        return names or inner  # a cross-validation has no model, but says of which it is
    return f"{names}({inner})"


def value_text(facts: Facts, name: str) -> str:
    """Return a field as a text that is the same where the value is: 1 is 1.0. Of a run without it, an empty one."""
    value = facts.get(name)
    if isinstance(value, float) and value.is_integer():
        return encode(int(value))
    return encode(value) if name in facts else ""


def place_of(value: JsonValue) -> tuple[bool, float, str]:
    """Return what puts the values of a field in order: numbers by size, then texts."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGE
    return not is_number, float(value) if is_number else 0.0, encode(value)  # type: ignore[arg-type]  # a number


def without_candidates(details: Sequence[RunDetail], asked: Collection[str]) -> list[RunDetail]:
    """Return the runs without the candidates of searches that are among them.

    They stay where one of the names that are `asked` for is a param or metric of theirs alone.
    """
    searches = {detail.run.run_id for detail in details if detail.models}
    found = [detail for detail in details if detail.models or detail.run.parent_id not in searches]
    if len(found) == len(details):
        return found
    known = {name for detail in found for name in _names(detail)}
    of_candidates = {name for detail in details for name in _names(detail)} - known
    return list(details) if of_candidates.intersection(asked) else found


def _names(detail: RunDetail) -> set[str]:
    """Return what the params and metrics of a run can be called."""
    params = {name for key in detail.params for name in (key, f"params.{key}")}
    return params.union(*({key, f"metrics.{key}", key.rpartition(".")[2]} for key in detail.metrics))


# What a person means


def seed_keys(details: Sequence[RunDetail], seeds: Collection[str], code: MetricCode) -> frozenset[str]:
    """Return the params that are seeds: by their names, by what the code does with them, or because somebody says so.

    Raises
    ------
    InvalidValueError
        If no run has a param that somebody says is a seed.
    """
    keys = {key for detail in details for key in (*detail.params, *dict(entries_of(detail.params)))}
    unknown = [seed for seed in seeds if seed.removeprefix(PARAM) not in keys]
    if unknown:
        raise InvalidValueError(f"No run has a param '{unknown[0]}'. {nearest(unknown[0], keys)}")
    named = {seed.removeprefix(PARAM) for seed in seeds}
    by_code = {key for key in keys if all(key in code.seeds(each) for each in details if key in each.params)}
    return frozenset(f"{PARAM}{key}" for key in keys if key in named or key in by_code or is_seed_name(key))


def find_field(name: str, facts: Mapping[str, Facts]) -> str:
    """Return the field that a person means; see `group_runs`."""
    known = dict.fromkeys(key for each in facts.values() for key in each)
    for candidate in (name, *(kind + name for kind in (PARAM, TAG)), name.removeprefix(PARAM)):
        if candidate in known:
            return candidate
    leaf = name.removeprefix(PARAM)
    nested = [each for each in known if each.startswith(PARAM) and leaf_of(each) == leaf]
    of_models = [each for each in nested if each.endswith(f"__{leaf}")] or nested
    if len(of_models) > 1:
        raise InvalidValueError(f"'{name}' could be {' or '.join(of_models)}. Give the whole name.")
    if of_models:
        return of_models[0]
    raise InvalidValueError(f"No run has '{name}' to group by. {nearest(name, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    asked = name.removesuffix("_score")  # functions are called so, metrics are not
    if any(each.rpartition(".")[2] == asked for each in listed):
        name = asked
    close = difflib.get_close_matches(name, [*listed, *(each.rpartition(".")[2] for each in listed)], 1, _CLOSE)
    if close:
        whole = next(each for each in listed if each == close[0] or each.rpartition(".")[2] == close[0])
        return f"Did you mean '{whole}'?"
    return f"There are: {', '.join(sorted(listed)) or 'none'}."


def unchosen(store: Store, details: Sequence[RunDetail]) -> Iterator[str]:
    """Yield the params that nobody chose in any run: another class has other ones, and that is said by `model`."""
    told = default_params([*details, *witnesses_of(store, details)])
    chosen = set(chosen_params(details, told))
    yield from (f"{PARAM}{key}" for detail in details for key in detail.params if key not in chosen)


def metrics_meant(details: Sequence[RunDetail], wanted: Sequence[str]) -> list[str]:
    """Return the metrics of some names: a key, its end (``accuracy`` for ``test.accuracy``), ``test.*`` or ``all``.

    Raises
    ------
    InvalidValueError
        If no run has such a metric.
    """
    return metrics_named(known_metrics(details), wanted)


def metrics_named(known: Collection[str], wanted: Iterable[str]) -> list[str]:
    """Return which of the metrics that there are have some names; see `metrics_meant`."""
    found = []
    for name in wanted:
        name = name.removeprefix("metrics.")
        matching = [key for key in known if _is_meant(key, name, known)]
        if not matching:
            raise InvalidValueError(f"No run has a metric '{name}'. {nearest(name, known)}")
        found += matching
    return list(dict.fromkeys(found))


def known_metrics(details: Iterable[RunDetail]) -> dict[str, None]:
    """Return the metrics that some of the runs have."""
    return dict.fromkeys(key for detail in details for key in detail.metrics)


def _is_meant(key: str, name: str, known: Collection[str]) -> bool:
    if name in known:
        return key == name
    if name == ALL:
        return not is_detail(key, known)
    pattern = re.escape(name).replace(r"\*", ".*")
    return re.fullmatch(rf"(?:.*\.)?{pattern}", key) is not None


def value_of(detail: RunDetail, key: str) -> float | None:
    """Return a metric's latest value, None where the run has none that can be averaged."""
    point = detail.metrics.get(key)
    try:
        value = float(point.value) if point is not None else math.nan
    except OverflowError:  # an integer beyond every float
        return None
    return value if math.isfinite(value) else None
