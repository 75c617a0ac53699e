"""What a person logs by hand in a notebook: to the run that is started, else to the one that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import FrameType

from trackbook import clock
from trackbook.capture.events import FitEvent, LogEvent, MetricEvent
from trackbook.capture.guard import Guard
from trackbook.capture.observer import Observer
from trackbook.capture.tables import describe
from trackbook.capture.trace import Flowing
from trackbook.errors import NoRunError
from trackbook.records import JsonValue, Outcome
from trackbook.store.contract import Batch, RunChange
from trackbook.tracking.attempts import Attempts
from trackbook.tracking.changes import Changes
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.session_state import SessionState

_BETWEEN_CELLS = ""  # stands for an execution's id where there is none


class HandLog:
    """Takes what is logged by hand: as an event of the cell that runs, else for the current run at once.

    Where tracking is off and no run is started, it takes nothing: the person's code is to run all the same.

    Parameters
    ----------
    state, keeper
        Where the session is at, and its hold on the store.
    observer
        Has the events of the cell that runs.
    attempts, explicit
        The session's runs.
    guard
        Takes our own faults.
    """

    def __init__(
        self,
        state: SessionState,
        keeper: SessionKeeper,
        observer: Observer,
        attempts: Attempts,
        explicit: ExplicitRuns,
        guard: Guard,
    ) -> None:
        self._state = state
        self._keeper = keeper
        self._observer = observer
        self._attempts = attempts
        self._explicit = explicit
        self._guard = guard

    def log_metrics(
        self,
        metrics: Mapping[str, float | int],
        step: int | None,
        frame: FrameType | None,
        expression: str | None = None,
    ) -> None:
        """Log numbers: to the run that is started, else the one that they flow from, else the current one.

        Parameters
        ----------
        frame
            The frame that logs.
        expression
            The code of the value, where the frame's own code does not show it (a magic's line).

        Raises
        ------
        NoRunError
            If there is no run and no cell is running.
        """
        started = self._explicit.innermost
        if started is not None:
            self._explicit.log_metrics(started, metrics, step)
            if self._state.is_in_cell and self._state.is_on:
                with self._guard:
                    self._observer.add_logged_inputs(frame, expression, metrics)
        elif not self._state.is_on:
            return
        elif self._state.is_in_cell:
            self._observer.add_logged_metrics(frame, metrics, step, expression)
        else:
            self._log_between_cells(metrics, step)

    def log(
        self,
        *,
        params: Mapping[str, JsonValue] | None = None,
        tags: Mapping[str, str | None] | None = None,
        note: str | None = None,
        artifact: tuple[str, bytes, str] | None = None,
    ) -> None:
        """Log something else: to the run that is started, else the current one; params wait for the next one.

        Raises
        ------
        NoRunError
            If there is no run and this does not open one.
        """
        started = self._explicit.innermost
        if started is not None:
            kept = (self._explicit.keep_file(artifact),) if artifact is not None else ()
            self._explicit.log(started, params=params, tags=tags, note=note, artifacts=kept)
            return
        if not self._state.is_on:
            return
        if not params and not self._has_run():
            raise NoRunError(
                "There is no run yet. Fit a model or log a metric first, or start one: %track start my-run"
            )
        event = LogEvent(
            at=clock.now(),
            inputs=Flowing(),
            logged=dict(params or {}),
            tags=dict(tags or {}),
            note=note,
            artifact=artifact,
        )
        if self._state.is_in_cell:
            self._observer.events.append(event)
        else:
            with self._state.lock:
                self._write(self._attempts.process([event], _BETWEEN_CELLS, Outcome.OK, None, clock.now()))

    def log_table(self, table: object, name: str, snapshot_id: str) -> None:
        """Note that the run which is started, else the current one, uses a table whose content is kept."""
        if not self._state.is_on or not self._has_run():
            return
        use = replace(describe(table, name), snapshot_id=snapshot_id)
        started = self._explicit.innermost
        if started is not None:
            self._keeper.write(Batch(runs=(RunChange(run_id=started.run_id, datasets=(use,)),)))
        elif self._state.is_in_cell:
            self._observer.events.append(LogEvent(at=clock.now(), inputs=Flowing(), data=[use]))

    def _has_run(self) -> bool:
        """Return whether there is a run that something logged now would belong to."""
        is_here = any(isinstance(event, FitEvent | MetricEvent) for event in self._observer.events)
        return self._explicit.innermost is not None or self._attempts.current is not None or is_here

    def _log_between_cells(self, metrics: Mapping[str, float | int], step: int | None) -> None:
        """Log what a thread or a widget logs while no cell runs: to the current run."""
        with self._state.lock:
            if self._attempts.current is None:
                raise NoRunError("There is no run yet, and no cell is running. Start one: %track start my-run")
            events = [
                MetricEvent(
                    at=clock.now(), inputs=Flowing(), call_site=(key,), code=f"between cells: {key}", name=key,
                    role=None,
                    values={"": value}, step=step, is_logged=True,
                )
                for key, value in metrics.items()
            ]  # fmt: skip
            self._write(self._attempts.process(events, _BETWEEN_CELLS, Outcome.OK, None, clock.now()))

    def _write(self, changes: Changes) -> None:
        self._keeper.write(Batch(runs=changes.finished(None)))
