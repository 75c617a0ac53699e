"""Which of the judged runs has a metric, by the names that queries know."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trackbook.pipelines.gates.rule import Subject
from trackbook.records import RunDetail
from trackbook.tracking.query_names import metric_keys


class Which(StrEnum):
    """Which of several runs that have a metric counts."""

    ALL = "all"
    BEST = "best"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A metric that a rule asks for: its key, or the end of one; of a step only, if one is named."""

    metric: str
    step: str | None = None
    which: Which = Which.ALL

    def __str__(self) -> str:
        of = f" of the {self.which.value}" if self.which is not Which.ALL else ""
        return f"{self.metric}{of} in {self.step}" if self.step is not None else f"{self.metric}{of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric's latest value in a run."""

    run: RunDetail
    key: str
    value: float | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found of a metric: the values, or, where there are none, the reason."""

    measured: tuple[Measured, ...] = ()
    reason: str = ""


def find_metric(subject: Subject, wanted: Wanted) -> Search:
    """Return where a metric was measured, in the order of the runs; of a run and those beneath it, in the uppermost.

    A short key is looked up as queries do it: itself, on test, on validation data, else the only one that ends so.
    """
    if wanted.step is not None:
        tops = subject.of_step(wanted.step)
        if not tops:
            return Search(reason=f"there is no step '{wanted.step}'; {_steps_text(subject)}")
    else:
        tops = subject.tops()
    key = wanted.metric.removeprefix("metrics.").removeprefix("metric.").strip("`")
    found = _of_one_key(list(_uppermost(subject, tops, key)), key)
    if not found:
        return Search(reason=_reason(subject, tops, key))
    return Search(measured=tuple(found[-1:] if wanted.which is Which.LAST else found))


def key_in(run: RunDetail, key: str) -> str | None:
    """Return the key that a run has a metric under; None if it has none, or nobody could say which."""
    return next(iter(metric_keys(key, list(run.metrics))), None)


def _uppermost(subject: Subject, runs: Sequence[RunDetail], key: str) -> Iterator[Measured]:
    for run in runs:
        own = key_in(run, key)
        if own is not None:
            yield Measured(run=run, key=own, value=run.metrics[own].value)
        else:
            yield from _uppermost(subject, subject.beneath(run.run.run_id), key)


def _of_one_key(found: Sequence[Measured], key: str) -> Sequence[Measured]:
    """Return those under the key that a short one means first, where runs have it under several; none if any may be."""
    keys = list(dict.fromkeys(each.key for each in found))
    if len(keys) < 2:
        return found
    meant = metric_keys(key, keys)[:1]
    return [each for each in found if each.key in meant]


def _all_beneath(subject: Subject, runs: Sequence[RunDetail]) -> Iterator[RunDetail]:
    for run in runs:
        yield run
        yield from _all_beneath(subject, subject.beneath(run.run.run_id))


def _reason(subject: Subject, tops: Sequence[RunDetail], key: str) -> str:
    known = list(dict.fromkeys(each for run in _all_beneath(subject, tops) for each in run.metrics))
    endings = [each for each in known if each.endswith(f".{key}")]
    if len(endings) > 1:
        return f"'{key}' could be {' or '.join(endings)}; give the whole key"
    if not known:
        return "no metric is on record"
    spoken = {each.rpartition(".")[2].lower(): each for each in reversed(known)} | {
        each.lower(): each for each in known
    }
    close = difflib.get_close_matches(key.lower(), list(spoken), n=1)
    if close:
        return f"not measured; did you mean {spoken[close[0]]}?"
    return f"not measured; there are {', '.join(known[:8])}{' ...' if len(known) > 8 else ''}"


def _steps_text(subject: Subject) -> str:
    names = subject.steps()
    return f"there are {', '.join(names)}" if names else "it has no steps"
