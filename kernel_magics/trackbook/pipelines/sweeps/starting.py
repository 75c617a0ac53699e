"""Starts a sweep, or goes on with one from what the store has of it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from trackbook.errors import InvalidValueError
from trackbook.pipelines.executors.contract import Executor
from trackbook.pipelines.graph.near_notebooks import no_notebook
from trackbook.pipelines.sweeps.history import chain_of, trials_of
from trackbook.pipelines.sweeps.outcome import Draw, Outcome, Watch, left, past_outcome
from trackbook.pipelines.sweeps.reading import read_space
from trackbook.pipelines.sweeps.record import NOTEBOOK, SPEC, SWEEP, kept_notebook
from trackbook.pipelines.sweeps.running import SweepRunner
from trackbook.pipelines.sweeps.spec import Sweep, sweep_of
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, as_asked
from trackbook.records import Artifact, RunDetail, RunStatus
from trackbook.store.contract import Store

NewExecutor = Callable[[int], Executor]


def run_sweep(
    store: Store,
    sweep: Sweep,
    watch: Watch = lambda _: None,
    executor: NewExecutor | None = None,
    *,
    draw: Draw | None = None,
) -> Outcome:
    """Run a sweep to its end.

    Parameters
    ----------
    watch
        Called with how far it is whenever that changes, and a few times a second.
    executor
        Makes who executes the trials, given how many run at once; None: processes on this machine.
    draw
        Makes the page that is kept with the sweep's run; None: there is none.

    Raises
    ------
    InvalidValueError
        If the notebook has no such params, or a value can't be of a param's type; before anything is executed.
    NotFoundError, AmbiguousError
        If the first trial that finishes doesn't have the metric, or several that may be meant.
    """
    if not sweep.notebook.is_file():
        raise InvalidValueError(no_notebook(sweep.notebook))
    space = read_space(sweep.params, sweep.notebook)
    with _executing(sweep, executor) as executing:
        return SweepRunner(store, executing, sweep, space, watch, draw=draw).run()


def resume_sweep(
    store: Store,
    run: RunDetail,
    watch: Watch = lambda _: None,
    executor: NewExecutor | None = None,
    *,
    draw: Draw | None = None,
    trials: int | None = None,
    jobs: int | None = None,
) -> Outcome:
    """Go on with a sweep: what has finished or was pruned counts, what failed or was stopped is tried again.

    A run that has ended is not opened again: the rest has one of its own, which names the one that it goes on from. If
    nothing is left, nothing is run.

    Parameters
    ----------
    run
        The run of the sweep.
    draw
        As for `run_sweep`.
    trials
        How many there are to be in all, earlier ones included; None: as before.

    Raises
    ------
    InvalidValueError
        If the run is no sweep's, or it still runs.
    """
    chain_of(store, run)
    if run.run.status is RunStatus.RUNNING:
        raise InvalidValueError(f"The sweep '{run.run.name}' still runs. Go on with it when it has ended.")
    with _kept_sweep(store, run) as (kept, remark):
        sweep = replace(kept, metric=run.tags[SWEEP], trials=trials or kept.trials, jobs=jobs or kept.jobs)
        space = read_space(sweep.params, sweep.notebook)
        earlier = [as_asked(_ended(each), space) for each in trials_of(store, run, sweep.metric)]
        if left(sweep, space, earlier) == 0:
            return past_outcome(run, sweep, space, earlier)
        with _executing(sweep, executor) as executing:
            parts = (store, executing, sweep, space, watch)
            continues = run.run.run_id
            return SweepRunner(*parts, draw=draw, earlier=earlier, continues=continues, remark=remark).run()


@contextmanager
def _kept_sweep(store: Store, run: RunDetail) -> Iterator[tuple[Sweep, str]]:
    """Give the sweep of a run with the notebook as it was then: the file itself, or where that changed a copy.

    Beside it stands what to say of that.
    """
    sweep, kept = sweep_of(store.get_object(_artifact(run, SPEC).digest)), _artifact(run, NOTEBOOK)
    if _is_same(sweep.notebook, kept):
        yield sweep, ""
        return
    with tempfile.TemporaryDirectory(prefix="trackbook-sweep-") as folder:
        copy = Path(folder) / sweep.notebook.name
        copy.write_bytes(store.get_object(kept.digest))
        yield replace(sweep, notebook=copy, is_lasting=False), _remark(sweep, run) if sweep.is_lasting else ""


def _remark(sweep: Sweep, run: RunDetail) -> str:
    became, advice = "is gone", ""
    if sweep.notebook.is_file():
        became, advice = "has changed", " To try the notebook as it is now, start another sweep."
    since = f"{sweep.notebook.name} {became} since {run.run.name} began"
    return f"{since}: this goes on with the notebook as it was then, which is kept with that run.{advice}"


def _artifact(run: RunDetail, name: str) -> Artifact:
    found = next((each for each in run.artifacts if each.name == name), None)
    if found is None:
        raise InvalidValueError(f"Run '{run.run.name}' doesn't hold {name}, which a sweep goes on with. Start another.")
    return found


def _is_same(notebook: Path, kept: Artifact) -> bool:
    return notebook.is_file() and hashlib.sha256(kept_notebook(notebook)).hexdigest() == kept.digest


def _ended(trial: Trial) -> Trial:
    return replace(trial, status=TrialStatus.STOPPED) if trial.status is TrialStatus.RUNNING else trial


@contextmanager
def _executing(sweep: Sweep, executor: NewExecutor | None) -> Iterator[Executor]:
    executing = (executor or _local)(sweep.jobs)
    try:
        yield executing
    finally:
        executing.close(stop=True)


def _local(jobs: int) -> Executor:
    from trackbook.pipelines.executors.local import LocalExecutor

    return LocalExecutor(jobs)
