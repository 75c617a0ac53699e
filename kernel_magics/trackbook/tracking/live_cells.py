"""Writes a cell that takes long as running, with the runs in it, so that others see them before it has ended."""

from __future__ import annotations

import threading

from trackbook import clock
from trackbook.capture.cell import CellCapture
from trackbook.capture.events import copied
from trackbook.capture.guard import Guard
from trackbook.capture.secrets import redact
from trackbook.records import Execution
from trackbook.store.contract import Batch, RunChange
from trackbook.tracking.attempts import Attempts
from trackbook.tracking.explicit import ExplicitRuns
from trackbook.tracking.session import SessionKeeper
from trackbook.tracking.session_state import RunningCell, SessionState
from trackbook.tracking.snapshots import Snapshots


class LiveCells:
    """A thread that looks at the cell which runs, from when this is made until `close`.

    Parameters
    ----------
    state, keeper
        Where the session is at, and its hold on the store.
    capture
        Sees what the cell does.
    attempts, explicit
        The session's runs; a look changes neither.
    guard
        Takes our own faults.
    seconds
        How often it looks, and how long a cell must have run to be written.
    """

    def __init__(
        self,
        state: SessionState,
        keeper: SessionKeeper,
        capture: CellCapture,
        attempts: Attempts,
        explicit: ExplicitRuns,
        guard: Guard,
        seconds: float,
    ) -> None:
        self._state = state
        self._keeper = keeper
        self._capture = capture
        self._attempts = attempts
        self._explicit = explicit
        self._guard = guard
        self._seconds = seconds
        self.snapshots: Snapshots | None = None
        """What keeps contents, if any are kept."""
        self._stopped = threading.Event()
        threading.Thread(target=self._follow, name="trackbook-live", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _follow(self) -> None:
        """Look again and again. Runs in a thread of its own, and gives way to the end of the cell."""
        state = self._state
        while not self._stopped.wait(self._seconds):
            if state.running is None or not state.lock.acquire(blocking=False):
                continue
            try:
                with self._guard:
                    self._capture.look()
                    self._write(state.running)
            finally:
                state.lock.release()

    def _write(self, running: RunningCell | None) -> None:
        """Write what is new of a cell that runs; its runs take the place of those from the look before."""
        if running is None or (clock.now() - running.started_at).total_seconds() < self._seconds:
            return
        self._explicit.flush()
        fresh = self._fresh_runs(running)
        if running.is_written and not fresh:
            return
        if running.provisional:
            self._keeper.write(Batch(withdrawn=running.provisional))
        batch = Batch(executions=() if running.is_written else (self._execution(running),), runs=fresh)
        self._keeper.write(self.snapshots.prepared(batch)[0] if self.snapshots is not None else batch)
        running.provisional = tuple(change.run_id for change in fresh)
        running.is_written = True

    def _fresh_runs(self, running: RunningCell) -> tuple[RunChange, ...]:
        events = copied([event for event in self._capture.observer.events if event.explicit is None])
        changes = self._attempts.look(events, running.execution_id, clock.now())
        return tuple(change for change in changes.finished(None) if change.run is not None)

    def _execution(self, running: RunningCell) -> Execution:
        return Execution(
            execution_id=running.execution_id,
            session_id=self._keeper.session.session_id,
            index=running.index,
            source=redact(running.source),
            started_at=running.started_at,
            cell_id=running.cell_id,
        )
