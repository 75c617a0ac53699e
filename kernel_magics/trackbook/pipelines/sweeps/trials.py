"""A trial: one execution of a sweep's notebook with some params, as the store has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from trackbook.records import JsonValue, encode


class TrialStatus(StrEnum):
    """What became of a trial."""

    RUNNING = "running"
    FINISHED = "finished"
    PRUNED = "pruned"
    """Stopped, for what it measured on its way was worse than that of others."""
    FAILED = "failed"
    STOPPED = "stopped"
    """Because the whole sweep was; it is tried again when that goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One execution with some params.

    Attributes
    ----------
    number
        From 1, in the order in which they began.
    value
        Of the sweep's metric; of a pruned one the last that it measured. None where there is none.
    run_id, run_name
        Its run, beneath the sweep's.
    seconds
        From its start to its end.
    error, message, failed_cell
        Why it failed: the exception, what it said, and the number of the cell, from 1.
    series
        The values of the metric on its way, oldest first.
    """

    number: int
    params: dict[str, JsonValue]
    status: TrialStatus = TrialStatus.RUNNING
    value: float | None = None
    run_id: str | None = None
    run_name: str | None = None
    seconds: float | None = None
    error: str | None = None
    message: str | None = None
    failed_cell: int | None = None
    series: tuple[float, ...] = field(default=(), repr=False)


def best_of(trials: Iterable[Trial], *, is_maximized: bool) -> Trial | None:
    """Return the finished trial with the best value, the first of several; None where none has finished."""
    done = [each for each in trials if each.status is TrialStatus.FINISHED and each.value is not None]
    return min(done, key=lambda each: _rank(each, is_maximized), default=None)


def ranked(trials: Iterable[Trial], *, is_maximized: bool) -> list[Trial]:
    """Return the trials with a value, finished ones first, the best at the top; then the others by number."""
    order = {TrialStatus.FINISHED: 0, TrialStatus.PRUNED: 1}
    return sorted(trials, key=lambda each: (order.get(each.status, 2), *_rank(each, is_maximized)))


def last_tries(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Return trials by number; of those with the same params, where one was tried again, only the last."""
    found = {encode(dict(sorted(each.params.items()))): each for each in sorted(trials, key=lambda each: each.number)}
    return tuple(sorted(found.values(), key=lambda each: each.number))


def as_asked(trial: Trial, names: Iterable[str]) -> Trial:
    """Return a trial with the params that the sweep tries, in its order; its run has also what it left as it was."""
    return replace(trial, params={name: trial.params[name] for name in names if name in trial.params})


def counted(trials: Sequence[Trial]) -> dict[TrialStatus, int]:
    """Return how many trials have come to each end, those that none has left out."""
    found = {status: sum(each.status is status for each in trials) for status in TrialStatus}
    return {status: number for status, number in found.items() if number}


def _rank(trial: Trial, is_maximized: bool) -> tuple[float, int]:
    if trial.value is None:
        return float("inf"), trial.number
    return (-trial.value if is_maximized else trial.value), trial.number
