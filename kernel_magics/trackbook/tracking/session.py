"""One session's hold on the store: opened in the background, kept alive by a heartbeat, written to in order.

What can't be written waits, which is said once, and is written as soon as the store takes it again (see `outbox`).
"""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from trackbook import clock, process
from trackbook.capture.environment import capture_environment, packages_stamp
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.config import Settings
from trackbook.errors import StoreError
from trackbook.records import Environment, Process, Run, Session
from trackbook.store.contract import Batch, RunFilter, Store
from trackbook.store.pending import Pending, pending_of
from trackbook.tracking.outbox import Outbox

_TICK_SECONDS = 1.0  # how often the heart looks whether there is something to do
_JUMP_SECONDS = 1.0  # a clock that moved by more against the monotonic one was set, or the machine slept


class SessionKeeper:
    """A session that is alive, and everything written in it.

    Parameters
    ----------
    open_store
        Opens the store; called in the background.
    notebook
        What this session is of.
    start
        The folder that it works in.
    settings, guard
        As everywhere.
    warn
        Called with one sentence when the store can't be written, once until it can again.
    locate
        Returns where the store is or would be: what can't be written waits in a file for that place. Without it, it
        waits in memory.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        notebook: Notebook,
        start: Path,
        settings: Settings,
        guard: Guard,
        warn: Callable[[str], None],
        locate: Callable[[], str] | None = None,
    ) -> None:
        self._settings = settings
        self._warn = warn
        self.guard = guard
        """Takes our own faults."""
        self._start = start
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self.at_tick: Callable[[], None] = lambda: None
        """Called about once a second, in the heart's thread: to queue what should not wait for the next cell."""
        self.at_write: Callable[[Batch], None] | None = None
        """Called with each batch of cells and runs that is written or queued, in any thread."""
        self.session = _new_session(notebook, settings)
        self._open_store = open_store
        self._missing_parent: str | None = None
        self._locate = locate
        self._outbox = Outbox(
            self._open, lambda: Batch(sessions=(self.session,)), self._as_sent, guard, warn, self._pending
        )
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="trackbook")
        self._workers.submit(self._outbox.deliver)
        self._stamp = packages_stamp()
        self._environment: Future[Environment | None] = self._workers.submit(self._capture_environment)
        self._heart = threading.Thread(target=self._beat, name="trackbook-heartbeat", daemon=True)
        self._heart.start()

    @property
    def store(self) -> Store:
        """The store; waits until it is open.

        Raises
        ------
        StoreError
            If it can't be opened.
        """
        return self._outbox.store

    @property
    def location(self) -> str | None:
        """Where the store is, None as long as it is not open. Never waits."""
        return self._outbox.location

    @property
    def identity(self) -> object | None:
        """What tells the open store from one that is made in its place; None where there is none. Never waits."""
        return self._outbox.identity

    @property
    def is_failing(self) -> bool:
        """Whether the last thing could not be written."""
        return self._outbox.is_failing

    @property
    def is_here(self) -> bool:
        """Whether this process is the session's; a forked child of it is not."""
        return self._outbox.is_here

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended."""
        return self._stopped.is_set()

    def new_run(self, run_id: str | None, name: str | None, at: datetime) -> Run:
        """Return a new run of this session, not written yet."""
        return Run(
            run_id=run_id or clock.new_id(),
            name=name or clock.new_name(),
            experiment=self.session.experiment,
            session_id=self.session.session_id,
            started_at=at,
        )

    def environment(self) -> Environment | None:
        """Return what the session runs on; captured anew if packages were installed since."""
        if not self.is_here:
            return None
        stamp = packages_stamp()
        with self._lock:
            if stamp != self._stamp and not self.is_closed:
                self._stamp = stamp
                self._environment = self._workers.submit(self._capture_environment)
            pending = self._environment
        try:
            return pending.result()
        except CancelledError:  # the session ended before it began
            return None

    def settle(self, seconds: float) -> None:
        """Wait, at most so long, until the environment has been looked for: before a fork, for a child would wait for
        ever to import what another thread was importing just then.
        """
        wait([self._environment], timeout=seconds)

    def write(self, batch: Batch) -> bool:
        """Write a batch, after what still waits; return whether nothing waits any more.

        In a forked child this does nothing.

        Raises
        ------
        ImmutableError, InvalidValueError, NotFoundError
            If the store refuses the batch; it is dropped then.
        """
        self.queue(batch)
        return self._outbox.deliver(batch)

    def queue(self, batch: Batch) -> None:
        """Put a batch behind what waits, for the next `write` or `deliver`."""
        self._outbox.add(batch)
        if self.at_write is not None:
            with self.guard:
                self.at_write(batch)

    def deliver(self) -> bool:
        """Write what is queued and return whether nothing waits any more."""
        return self._outbox.deliver()

    def put_object(self, content: bytes) -> str:
        """Keep bytes and return their digest, at once: the store gets them before the next batch."""
        return self._outbox.add_object(content)

    def close(self, *, forget: bool = False) -> None:
        """End the session. `forget`: without a word in the store (a child after a fork is not the session)."""
        with self._lock:
            if self.is_closed:
                return
            if not forget:
                self._change(ended_at=clock.now())
            self._stopped.set()
        if not forget and self.is_here:
            with self.guard:
                left_over = self._outbox.close()
                if left_over:
                    self._warn(left_over)
        self._workers.shutdown(wait=not forget and self.is_here, cancel_futures=True)

    def _open(self) -> Store:
        """Open the store and look whether it has the run of the parent process, which may use another store."""
        store = self._open_store()
        parent_id = self.session.parent_run_id
        if parent_id is not None and not store.runs(RunFilter(ids=(parent_id,))):
            self._missing_parent = parent_id
            self._warn(
                f"There is no run '{parent_id}', which $TRACKBOOK_RUN_ID names, in {store.location}. "
                "What is recorded here stands alone."
            )
        return store

    def _pending(self) -> Pending | None:
        """Return the file for what waits for this session's store; without a known place there is none."""
        if self._locate is None:
            return None
        try:
            return pending_of(self.location or self._locate())
        except (StoreError, OSError):  # what is wrong with the place is told by opening it
            return None

    def _as_sent(self, batch: Batch) -> Batch:
        """Return a batch whose runs are not beneath a parent that the store does not have."""
        if self._missing_parent is None:
            return batch
        return replace(
            batch,
            runs=[
                replace(change, run=replace(change.run, parent_id=None))
                if change.run is not None and change.run.parent_id == self._missing_parent
                else change
                for change in batch.runs
            ],
        )

    def _change(self, environment: Environment | None = None, **values: object) -> None:
        """Change the session as long as it lives, and queue that."""
        with self._lock:
            if self.is_closed:
                return
            self.session = replace(self.session, **values)  # type: ignore[arg-type]  # fields of Session, by the callers
            kept = (environment,) if environment is not None else ()
            self._outbox.add(Batch(environments=kept, sessions=(self.session,)))

    def _capture_environment(self) -> Environment | None:
        with self.guard:
            environment = capture_environment(self._start, self.put_object)
            self._change(environment, environment_id=environment.environment_id)
            self._outbox.deliver()
            return environment
        return None

    def _beat(self) -> None:
        """Say that the session is alive until it ends, and try a store that is away. Runs in a thread of its own."""
        beat_seconds = self._settings.heartbeat_seconds
        offset, due_at = _clock_offset(), clock.monotonic() + beat_seconds
        while not self._stopped.wait(min(_TICK_SECONDS, beat_seconds)):
            has_jumped = abs(_clock_offset() - offset) > _JUMP_SECONDS
            with self.guard:
                self.at_tick()
                if (self.is_failing and not self.deliver()) or not (has_jumped or clock.monotonic() >= due_at):
                    continue
                offset, due_at = _clock_offset(), clock.monotonic() + beat_seconds
                self._change(lease_expires_at=_lease(self._settings), process=_this_process())
                self.deliver()


def _new_session(notebook: Notebook, settings: Settings) -> Session:
    return Session(
        session_id=clock.new_id(),
        experiment=settings.experiment or (notebook.path.stem if notebook.path is not None else "default"),
        started_at=clock.now(),
        lease_expires_at=_lease(settings),
        process=_this_process(),
        user=_user(),
        notebook=str(notebook.path) if notebook.path is not None else None,
        kernel_id=notebook.kernel_id,
        parent_run_id=os.environ.get("TRACKBOOK_RUN_ID") or None,
        folder=str(notebook.folder) if notebook.folder is not None else None,
    )


def _this_process() -> Process:
    """Return this process as it is known by now: its start is reckoned by the clock, and moves when that is set."""
    return Process(
        host=process.host(),
        boot=process.boot_id(),
        pid=os.getpid(),
        started=process.started(os.getpid()) or 0.0,
    )


def _clock_offset() -> float:
    return clock.now().timestamp() - clock.monotonic()


def _lease(settings: Settings) -> datetime:
    return clock.now() + timedelta(seconds=settings.lease_seconds)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
