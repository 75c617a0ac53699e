"""Runs a sweep: asks for params, has them executed side by side, and keeps what came out."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from trackbook import clock
from trackbook.errors import TrackbookError
from trackbook.pipelines.executors.contract import Executor
from trackbook.pipelines.steps.job import StepEvent, StepJob, StepResult, StepStatus
from trackbook.pipelines.sweeps.history import ended, with_metric
from trackbook.pipelines.sweeps.measuring import family_of, metric_names, resolve_metric
from trackbook.pipelines.sweeps.outcome import Draw, Outcome, Progress, Watch, left
from trackbook.pipelines.sweeps.record import FIGURE, TABLE, TRIAL, SweepRecord
from trackbook.pipelines.sweeps.space import Space
from trackbook.pipelines.sweeps.spec import Sweep
from trackbook.pipelines.sweeps.study import Study, planned, sampler_of
from trackbook.pipelines.sweeps.table import dumped
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, best_of, last_tries
from trackbook.records import Failure, RunDetail, RunStatus
from trackbook.store.contract import RunFilter, Store

_TICK_SECONDS = 0.2


@dataclass(slots=True, eq=False)
class _Going:
    """A trial that runs."""

    trial: Trial
    future: Future[StepResult] | None = None
    series: dict[str, list[float]] = field(default_factory=dict)
    wish: TrialStatus | None = None


class SweepRunner:
    """A sweep while it runs.

    Parameters
    ----------
    store, executor
        Where its trials are recorded, and who executes them.
    sweep, space
        What is tried.
    watch
        Called whenever something has changed, and a few times a second.
    draw
        Makes the page that is kept with its run; None: there is none.
    earlier, continues
        The trials of the sweep that it goes on from, and its run.
    remark
        What is told with its progress and its outcome.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        sweep: Sweep,
        space: Space,
        watch: Watch = lambda _: None,
        *,
        draw: Draw | None = None,
        earlier: Sequence[Trial] = (),
        continues: str | None = None,
        remark: str = "",
    ) -> None:
        self._store, self._executor, self._watch, self._draw = store, executor, watch, draw
        self._sweep, self._space, self._remark = sweep, space, remark
        self._planned = planned(sweep, space)
        self._study = Study(sweep, space, earlier)
        self._earlier = tuple(each for each in earlier if each.status is not TrialStatus.RUNNING)
        self._number = max((each.number for each in earlier), default=0)
        self._lock = threading.Lock()
        self._going: dict[int, _Going] = {}
        self._cells: dict[int, tuple[int, int]] = {}
        self._ended: list[Trial] = []
        self._metric = sweep.metric
        self._is_resolved = best_of(earlier, is_maximized=sweep.is_maximized) is not None
        self._record = SweepRecord(sweep, store.location, continues)

    def run(self) -> Outcome:
        """Run it to its end.

        Raises
        ------
        NotFoundError, AmbiguousError
            If the first trial that finishes doesn't have the metric.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="trackbook-sweep-") as folder:
                try:
                    self._go(Path(folder))
                except BaseException:
                    self._stop()
                    raise
        except KeyboardInterrupt:
            return self._end(RunStatus.KILLED)
        except BaseException as error:
            self._record.end(RunStatus.FAILED, failure=Failure(type=type(error).__name__, message=str(error)))
            raise
        return self._end(RunStatus.FINISHED if self._best() is not None else RunStatus.FAILED)

    # Trials, one after another

    def _go(self, folder: Path) -> None:
        is_all = False
        while True:
            while not is_all and len(self._going) < min(self._sweep.jobs, self._executor.slots):
                is_all = not self._begin_next(folder)
            if not self._going:
                return
            done = self._wait()
            for going in done:
                self._take(going)
            self._tell()

    def _begin_next(self, folder: Path) -> bool:
        if left(self._sweep, self._space, self._earlier) <= len(self._ended) + len(self._going):
            return False
        with self._lock:
            params = self._study.ask(self._number + 1)
        if params is None:
            return False
        self._number += 1
        going = _Going(trial=Trial(number=self._number, params=params))
        self._going[self._number] = going
        job = self._job(going.trial, folder / f"trial-{self._number}.ipynb")
        going.future = self._executor.submit(job, lambda event: self._hear(going, event))
        self._tell()
        return True

    def _job(self, trial: Trial, output: Path) -> StepJob:
        return StepJob(
            name=f"{self._record.run.name}-{trial.number}",
            notebook=self._sweep.notebook.absolute(),
            output=output,
            params=trial.params,
            folder=self._sweep.working_folder,
            timeout=self._sweep.timeout,
            store=self._store.location,
            experiment=self._record.experiment,
            parent_run_id=self._record.run_id,
            tags={TRIAL: str(trial.number)},
        )

    def _hear(self, going: _Going, event: StepEvent) -> None:
        """Take what a trial tells while it runs; called from any thread."""
        with self._lock:
            if event.cell is not None and event.cells is not None:
                self._cells[going.trial.number] = (event.cell, event.cells)
            if event.metric is not None and event.value is not None and not math.isnan(event.value):
                going.series.setdefault(event.metric, []).append(event.value)
                self._consider(going)

    def _consider(self, going: _Going) -> None:
        """Wish that a trial stops if it is hopeless by now; the lock is held."""
        series = going.series.get(self._metric, ()) if self._is_resolved else ()
        if going.wish is None and self._study.is_hopeless(going.trial.number, series):
            going.wish = TrialStatus.PRUNED

    def _wait(self) -> list[_Going]:
        """Return the trials that have ended, none if that takes a while; those that are hopeless are stopped."""
        for going in self._going.values():
            if going.wish is TrialStatus.PRUNED and going.future is not None:
                going.future.cancel()
        futures = [each.future for each in self._going.values() if each.future is not None]
        done, _ = wait(futures, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED)
        return [each for each in list(self._going.values()) if each.future in done]

    def _take(self, going: _Going) -> None:
        result = _result_of(going)
        with self._lock:
            del self._going[going.trial.number]
            self._cells.pop(going.trial.number, None)
        trial = self._judged(going, result)
        with self._lock:
            self._study.tell(trial)
            for other in self._going.values():  # one may measure nothing more, and is known to be worse only now
                self._consider(other)
        self._ended.append(trial)
        if trial.status is TrialStatus.PRUNED:
            self._record.note_pruned(trial)
        best = self._best()
        if best is not None and trial.status is TrialStatus.FINISHED:
            self._record.note_best(self._metric, best, len(self._earlier) + len(self._ended))

    def _judged(self, going: _Going, result: StepResult) -> Trial:
        """Return a trial as it has ended, with the metric's value from its run."""
        run = self._run_of(result.run_id)
        trial = ended(going.trial, result, run, going.wish)
        if run is None:
            return self._record.add_trial(trial)
        if trial.status is TrialStatus.FINISHED and not self._is_resolved:
            self._metric = resolve_metric(self._sweep.metric, metric_names(family_of(self._store, run)))
            self._is_resolved = True
        trial = with_metric(self._store, run, trial, self._metric)
        return replace(trial, series=trial.series or tuple(going.series.get(self._metric, ())))

    def _run_of(self, run_id: str | None) -> RunDetail | None:
        return next(iter(self._store.runs(RunFilter(ids=[run_id]))), None) if run_id is not None else None

    # The end

    def _stop(self) -> None:
        """Stop what runs; a trial that has come to its end in spite of that counts."""
        for going in self._going.values():
            going.wish = going.wish or TrialStatus.STOPPED
            if going.future is not None:
                going.future.cancel()
        self._executor.close(stop=True)
        for going in self._going.values():
            result = _result_of(going)
            run = self._run_of(result.run_id)
            trial = ended(going.trial, result, run, going.wish)
            if run is not None and self._is_resolved:
                trial = with_metric(self._store, run, trial, self._metric)
            self._ended.append(trial)
        self._going.clear()

    def _end(self, status: RunStatus) -> Outcome:
        best, outcome = self._best(), self._outcome(is_interrupted=status is RunStatus.KILLED)
        page = {FIGURE: self._draw(outcome)} if self._draw is not None else {}
        self._record.keep({TABLE: dumped(outcome.trials)} | page)
        stop = Failure(type="StoppedError", message="It was asked to stop.") if status is RunStatus.KILLED else None
        params = best.params if best is not None and status is RunStatus.FINISHED else None
        self._record.end(status, params, failure=stop)
        self._tell()
        return outcome

    def _outcome(self, *, is_interrupted: bool) -> Outcome:
        run = self._record.run
        return Outcome(
            sweep=self._sweep,
            space=self._space,
            run_id=run.run_id,
            run_name=run.name,
            metric=self._metric,
            trials=self._trials(),
            planned=self._planned,
            sampler=sampler_of(self._sweep, self._space),
            started_at=run.started_at,
            finished_at=clock.now(),
            is_interrupted=is_interrupted,
            remark=self._remark,
        )

    def _best(self) -> Trial | None:
        return best_of([*self._earlier, *self._ended], is_maximized=self._sweep.is_maximized)

    def _trials(self) -> tuple[Trial, ...]:
        return last_tries([*self._earlier, *self._ended, *(going.trial for going in self._going.values())])

    def _latest(self) -> dict[int, float]:
        with self._lock:
            found = {number: each.series.get(self._metric) for number, each in self._going.items()}
        return {number: series[-1] for number, series in found.items() if series}

    def _tell(self) -> None:
        self._watch(
            Progress(
                run_id=self._record.run_id,
                run_name=self._record.run.name,
                metric=self._metric,
                is_maximized=self._sweep.is_maximized,
                trials=self._trials(),
                planned=self._planned,
                cells=dict(self._cells),
                latest=self._latest(),
                remark=self._remark,
            )
        )


def _result_of(going: _Going) -> StepResult:
    """Return what a step has done; what its executor failed at is a failure of the trial."""
    name = f"trial {going.trial.number}"
    if going.future is None or going.future.cancelled():
        return StepResult(name=name, status=StepStatus.STOPPED)
    error = going.future.exception()
    if error is None:
        return going.future.result()
    if isinstance(error, TrackbookError):
        raise error
    return StepResult(name=name, status=StepStatus.FAILED, error=type(error).__name__, message=str(error))
