"""Which of the numbers that a trial measured is the one that a sweep is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.records import MetricPoint, Role, RunDetail
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.direction import is_detail

_MOST_NAMED = 20


def family_of(store: Store, run: RunDetail) -> list[list[RunDetail]]:
    """Return a run and the runs beneath it, level by level: a notebook's own, those of its fits, those of a search."""
    levels = [[run]]
    while beneath := [child for each in levels[-1] for child in _children(store, each)]:
        levels.append(beneath)
    return levels


def metric_names(levels: Iterable[Sequence[RunDetail]]) -> list[str]:
    """Return the names of all metrics of some runs, sorted; the spread of a metric is none of its own."""
    names = {key for level in levels for each in level for key in each.metrics}
    return sorted(name for name in names if not is_detail(name, names))


def is_meant(metric: str, key: str) -> bool:
    """Return whether a metric may be the one that a person names: by its whole name, or by the last part of it.

    >>> is_meant("accuracy", "test.accuracy"), is_meant("accuracy", "balanced_accuracy")
    (True, False)
    """
    return key == metric or key.rpartition(".")[2] == metric


def resolve_metric(metric: str, names: Sequence[str]) -> str:
    """Return the metric that a person names: the one of that name, else the only one with that last part.

    Of several it is the one on validation data, which is there to choose by, else the one on test data.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several have that last part, and none was measured on such data.
    """
    if metric in names:
        return metric
    found = [name for name in names if is_meant(metric, name)]
    held_out = [f"{role}.{metric}" for role in (Role.VALIDATION, Role.TEST) if f"{role}.{metric}" in found]
    if held_out:
        return held_out[0]
    if len(found) > 1:
        raise AmbiguousError(f"'{metric}' may be {_listed(found)}. Name one of them: --metric {found[0]}.")
    if found:
        return found[0]
    raise NotFoundError(_no_metric(metric, names))


def measured(levels: Iterable[Sequence[RunDetail]], key: str) -> tuple[RunDetail, MetricPoint] | None:
    """Return the value of a metric with the run that has it: the uppermost, of several the one measured last."""
    for level in levels:
        found = [(each, each.metrics[key]) for each in level if key in each.metrics]
        if found:
            return max(found, key=lambda pair: pair[1].time)
    return None


def series_of(store: Store, run: RunDetail, key: str) -> tuple[float, ...]:
    """Return the values of a metric of a run on its way, oldest first."""
    return tuple(float(point.value) for point in store.metric_history(run.run.run_id, key))


def _children(store: Store, run: RunDetail) -> Iterator[RunDetail]:
    yield from store.runs(RunFilter(parent_id=run.run.run_id, oldest_first=True))


def _no_metric(metric: str, names: Sequence[str]) -> str:
    if not names:
        return (
            f"The first trial that finished has no metric '{metric}', and no other: the notebook measured nothing. "
            "Use a function of sklearn.metrics in it, or trackbook.log_metric."
        )
    lasts = {name.rpartition(".")[2]: name for name in names}
    near = get_close_matches(metric, [*names, *lasts], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"The first trial that finished has no metric '{metric}'. It has {_listed(names)}.{hint}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
