"""Which params of a run somebody chose, and which are only what its estimator takes when nobody says otherwise.

A fitted model knows twenty params by default. Beside them the three that a person set would drown, so pages put the
defaults aside; records, JSON and data frames keep them all.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from trackbook.records import Execution, JsonValue, RunDetail, encode

DEFAULTS = "default_params"
_NESTED = "__"
_ASSIGNED = re.compile(r"(\w+)\s*=(?!=)")
_ESTIMATOR = "estimator"
_LISTS_OF_PARTS = frozenset({"steps", "transformers", "estimators", "transformer_list"})


def is_group(detail: RunDetail) -> bool:
    """Whether a run only holds others together, as the parent of a loop's runs does."""
    return not (detail.params or detail.metrics or detail.models)


def default_params(details: Sequence[RunDetail]) -> dict[str, frozenset[str]]:
    """Return, by run id, which params of each run nobody chose.

    A model tells which of its params are its class's defaults. A run without a model (a cross-validation, a fit that
    failed) has the same values for defaults as the models of the other runs given. What is told elsewhere counts as one
    too: a part of a pipeline (``scaler`` beside ``steps``), and what a search is of.
    """
    told = _told(details)
    return {detail.run.run_id: frozenset(_aside(detail, told)) for detail in details}


def unchosen_params(
    detail: RunDetail, executions: Iterable[Execution], witnesses: Sequence[RunDetail] = ()
) -> list[str]:
    """Return the params of a run that nobody chose, in their order.

    What the run's own cells write (``C=C``) was chosen, whatever its value. `executions` are these, `witnesses` other
    runs whose models tell what is a default, where this one has no model.
    """
    aside = default_params([detail, *witnesses])[detail.run.run_id]
    written = {name for execution in executions for name in _ASSIGNED.findall(execution.source)}
    return [key for key in detail.params if key in aside and re.split(r"__|\.", key)[-1] not in written]


def chosen_params(details: Sequence[RunDetail], aside: Mapping[str, Container[str]] | None = None) -> list[str]:
    """Return the params that somebody chose in any of the runs, in their order. `aside`: `default_params`, if known."""
    aside = default_params(details) if aside is None else aside
    return list(dict.fromkeys(key for each in details for key in each.params if key not in aside[each.run.run_id]))


def parts(params: Mapping[str, JsonValue], key: str) -> list[tuple[str, str]]:
    """Return names and classes of the parts that a param lists (a pipeline's steps); empty where it lists none."""
    value = params.get(key)
    if _leaf(key) not in _LISTS_OF_PARTS or not isinstance(value, list):
        return []
    pairs = [each for each in value if isinstance(each, list) and len(each) > 1]
    return [(str(each[0]), str(each[1])) for each in pairs]


def _aside(detail: RunDetail, told: Mapping[str, set[str]]) -> Iterator[str]:
    yield from _named_parts(detail.params)
    if detail.models:
        yield from _told_by_models(detail)
        return
    yield from (key for key, value in detail.params.items() if key in told and encode(value) in told[key])


def _told(details: Iterable[RunDetail]) -> dict[str, set[str]]:
    """Return the default values that models tell, as texts, by param."""
    told: dict[str, set[str]] = {}
    for detail in details:
        for key in _told_by_models(detail):
            told.setdefault(key, set()).add(encode(detail.params[key]))
    return told


def _told_by_models(detail: RunDetail) -> Iterator[str]:
    """Yield the params that are defaults of the run's models.

    Models that disagree about a param have it twice, one with a prefix (``alpha`` and ``Ridge.alpha``): then it is a
    default only if it is one of every model.
    """
    lists = [_defaults_of(model.details) for model in detail.models]
    by_any, by_all = set[str]().union(*lists), set[str].intersection(*lists) if lists else set()
    clashing = {key.rpartition(".")[2] for key in detail.params if "." in key} if len(lists) > 1 else set()
    for key in detail.params:
        name = key.rpartition(".")[2] if len(lists) > 1 else key
        if name in (by_all if name in clashing else by_any):
            yield key


def _defaults_of(details: Mapping[str, JsonValue]) -> set[str]:
    names = details.get(DEFAULTS)
    return {str(name) for name in names} if isinstance(names, list) else set()


def _named_parts(params: Mapping[str, JsonValue]) -> Iterator[str]:
    if _ESTIMATOR in params and any(key.startswith(_ESTIMATOR + _NESTED) for key in params):
        yield _ESTIMATOR
    for key in params:
        owner = key.removesuffix(_leaf(key))
        yield from (owner + name for name, _ in parts(params, key) if owner + name in params)


def _leaf(key: str) -> str:
    return key.rpartition(_NESTED)[2]
