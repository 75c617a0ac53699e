"""The trials of a sweep as the store has them: its child runs, and those of the sweeps that it goes on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trackbook.errors import InvalidValueError
from trackbook.pipelines.steps.job import StepResult, StepStatus
from trackbook.pipelines.sweeps.measuring import family_of, measured, metric_names, resolve_metric, series_of
from trackbook.pipelines.sweeps.record import CONTINUES, PRUNED, SWEEP, TRIAL
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import RunFilter, Store

_AFTER = {
    RunStatus.FINISHED: TrialStatus.FINISHED,
    RunStatus.FAILED: TrialStatus.FAILED,
    RunStatus.KILLED: TrialStatus.STOPPED,
    RunStatus.RUNNING: TrialStatus.RUNNING,
}


def chain_of(store: Store, run: RunDetail) -> list[RunDetail]:
    """Return the run of a sweep, after those that it goes on from.

    Raises
    ------
    InvalidValueError
        If it is the run of no sweep.
    """
    if SWEEP not in run.tags:
        raise InvalidValueError(f"Run '{run.run.name}' is no sweep. List runs with trackbook runs.")
    chain = [run]
    while before := _before(store, chain[0]):
        chain.insert(0, before)
    return chain


def trials_of(store: Store, run: RunDetail, metric: str) -> list[Trial]:
    """Return the trials of a sweep, and of those that it goes on from, by their numbers.

    Parameters
    ----------
    metric
        Its whole name; the last part of it will do where that is a single one's.
    """
    chain = chain_of(store, run)
    runs = [child for each in chain for child in store.runs(RunFilter(parent_id=each.run.run_id, oldest_first=True))]
    found = [trial_of(store, child, metric) for child in runs if TRIAL in child.tags]
    return sorted(found, key=lambda each: each.number)


def trial_of(store: Store, run: RunDetail, metric: str) -> Trial:
    """Return the trial that a run is."""
    status = TrialStatus.PRUNED if PRUNED in run.tags else _AFTER[run.run.status]
    failure = run.run.failure
    trial = Trial(
        number=int(run.tags[TRIAL]),
        params=dict(run.params),
        status=status,
        run_id=run.run.run_id,
        run_name=run.run.name,
        seconds=_seconds(run),
        error=failure.type if failure is not None else None,
        message=failure.message if failure is not None else None,
    )
    return with_metric(store, run, trial, metric)


def with_metric(store: Store, run: RunDetail, trial: Trial, metric: str) -> Trial:
    """Return a trial with the metric's value and its series; one that has finished without a number has failed."""
    levels = family_of(store, run)
    found = measured(levels, _key(metric, metric_names(levels)))
    if found is None:
        if trial.status is not TrialStatus.FINISHED:
            return trial
        message = _without(metric, metric_names(levels))
        return replace(trial, status=TrialStatus.FAILED, error="no metric", message=message)
    owner, point = found
    if point.value != point.value and trial.status is TrialStatus.FINISHED:
        return replace(trial, status=TrialStatus.FAILED, error="NaN", message=f"{point.key} is not a number.")
    return replace(trial, value=float(point.value), series=series_of(store, owner, point.key))


def ended(trial: Trial, result: StepResult, run: RunDetail | None, wish: TrialStatus | None) -> Trial:
    """Return a trial as its step has ended; `wish` is what it was stopped for, None if it was let run."""
    is_stopped = result.status is StepStatus.STOPPED
    status = TrialStatus.FAILED if is_stopped else TrialStatus(result.status.value)  # it took too long
    return replace(
        trial,
        status=wish if is_stopped and wish is not None else status,
        run_id=run.run.run_id if run is not None else None,
        run_name=run.run.name if run is not None else None,
        seconds=(_seconds(run) if run is not None else None) or result.seconds,
        error=result.error,
        message=result.message,
        failed_cell=result.failed_cell,
    )


def _seconds(run: RunDetail) -> float | None:
    end = run.run.finished_at
    return (end - run.run.started_at).total_seconds() if end is not None else None


def _key(metric: str, names: list[str]) -> str:
    try:
        return resolve_metric(metric, names)
    except LookupError:  # what a trial lacks is told with the trial
        return metric


def _without(metric: str, names: list[str]) -> str:
    has = f"It has {', '.join(names)}." if names else "It measured nothing."
    return f"There is no {metric}. {has}"


def _before(store: Store, run: RunDetail) -> RunDetail | None:
    return next(iter(_named(store, run.tags.get(CONTINUES))), None)


def _named(store: Store, run_id: str | None) -> Iterator[RunDetail]:
    if run_id is not None:
        yield from store.runs(RunFilter(ids=[run_id]))
