"""What a sweep tells while it runs, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from trackbook.pipelines.sweeps.space import Space
from trackbook.pipelines.sweeps.spec import Sampler, Sweep
from trackbook.pipelines.sweeps.study import planned, sampler_of
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, best_of, last_tries
from trackbook.records import RunDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sweep is.

    Attributes
    ----------
    run_id, run_name
        Its run.
    metric
        The metric's whole name once it is known, before that what the person said.
    trials
        Those that have begun, earlier ones of a sweep that goes on included, by number.
    planned
        How many there are to be.
    cells
        Which cell, of how many, the trials that run are at, by their numbers.
    latest
        What the trials that run measured last of the metric, by their numbers.
    remark
        What a person has to know of it, a sentence; empty where there is nothing.
    """

    run_id: str
    run_name: str
    metric: str
    is_maximized: bool
    trials: tuple[Trial, ...]
    planned: int
    cells: dict[int, tuple[int, int]]
    latest: dict[int, float] = field(default_factory=dict)
    remark: str = ""

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return best_of(self.trials, is_maximized=self.is_maximized)


Watch: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a sweep came to.

    Attributes
    ----------
    run_id, run_name
        Its run.
    metric
        The metric's whole name.
    trials
        All of them, by number.
    planned
        How many there were to be.
    sampler
        The one that chose.
    started_at, finished_at
        Of its run, not of those that it goes on from.
    is_interrupted
        Whether a person stopped it.
    remark
        As of `Progress`.
    """

    sweep: Sweep
    space: Space
    run_id: str
    run_name: str
    metric: str
    trials: tuple[Trial, ...]
    planned: int
    sampler: Sampler
    started_at: datetime
    finished_at: datetime
    is_interrupted: bool = False
    remark: str = ""

    @property
    def best(self) -> Trial | None:
        """The best trial, None if none has finished."""
        return best_of(self.trials, is_maximized=self.sweep.is_maximized)


Draw: TypeAlias = Callable[[Outcome], bytes]
"""Makes the page that is kept with a sweep's run."""


def left(sweep: Sweep, space: Space, earlier: Iterable[Trial]) -> int:
    """Return how many trials are still to be run: those that failed or were stopped do not count."""
    known = sum(each.status in (TrialStatus.FINISHED, TrialStatus.PRUNED) for each in earlier)
    return max(0, planned(sweep, space) - known)


def past_outcome(run: RunDetail, sweep: Sweep, space: Space, trials: Sequence[Trial]) -> Outcome:
    """Return what a sweep came to of which nothing is left to run."""
    kept = last_tries(trials)
    return Outcome(
        sweep=sweep,
        space=space,
        run_id=run.run.run_id,
        run_name=run.run.name,
        metric=sweep.metric,
        trials=kept,
        planned=planned(sweep, space),
        sampler=sampler_of(sweep, space),
        started_at=run.run.started_at,
        finished_at=run.run.finished_at or run.run.started_at,
        remark=f"Nothing was left to run: this is what {run.run.name} came to.",
    )
