"""One session's hold on the store: opened in the background, kept alive by a heartbeat, written to in order.

What can't be written is kept in memory, said once, and written as soon as the store takes it again.
"""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
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
from trackbook.store.contract import Batch, Store


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
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        notebook: Notebook,
        start: Path,
        settings: Settings,
        guard: Guard,
        warn: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._warn = warn
        self._start = start
        self._lock = threading.RLock()
        self._waiting: list[Batch] = []
        self._is_failing = False
        self._stopped = threading.Event()
        self.session = _new_session(notebook, settings)
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="trackbook")
        self._open_store = open_store
        self._store: Future[Store] = self._workers.submit(self._open)
        self._environment: Future[Environment] = self._workers.submit(self._capture_environment)
        self._stamp = packages_stamp()
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
        with self._lock:
            if self._store.done() and self._store.exception() is not None:
                self._store = self._workers.submit(self._open)  # it could not be opened then; perhaps it can now
            opening = self._store
        return opening.result()

    @property
    def is_failing(self) -> bool:
        """Whether the last thing could not be written."""
        return self._is_failing

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
        stamp = packages_stamp()
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                self._environment = self._workers.submit(self._capture_environment)
            pending = self._environment
        with self._guard:
            return pending.result()
        return None

    def write(self, batch: Batch) -> bool:
        """Write a batch, after those that still wait; return whether nothing waits any more."""
        with self._lock:
            self._waiting.append(batch)
            try:
                store = self.store
                while self._waiting:
                    store.write(self._waiting[0])
                    del self._waiting[0]
            except StoreError as error:
                if not self._is_failing:
                    self._warn(f"Trackbook can't write its store: {error} What ran is kept in memory until it can.")
                self._is_failing = True
                return False
            except Exception:
                del self._waiting[0]  # it is this batch that is wrong, and it would stay wrong
                raise
            self._is_failing = False
            return True

    def close(self, *, forget: bool = False) -> None:
        """End the session. `forget`: without a word in the store (a child after a fork is not the session)."""
        self._stopped.set()
        if not forget:
            with self._guard:
                now = clock.now()
                self.session = replace(self.session, ended_at=now)
                self.write(Batch(sessions=(self.session,)))
            with self._guard:
                if self._store.done():
                    self.store.close()
        self._workers.shutdown(wait=not forget, cancel_futures=True)

    def _open(self) -> Store:
        store = self._open_store()
        store.write(Batch(sessions=(self.session,)))
        return store

    def _capture_environment(self) -> Environment:
        environment = capture_environment(self._start, self.store.put_object)
        with self._lock:
            self.session = replace(self.session, environment_id=environment.environment_id)
            self.store.write(Batch(environments=(environment,), sessions=(self.session,)))
        return environment

    def _beat(self) -> None:
        """Move the lease forward until the session ends. Runs in a thread of its own."""
        while not self._stopped.wait(self._settings.heartbeat_seconds):
            with self._guard, self._lock:
                if self._stopped.is_set() or not self._store.done() or self._is_failing:
                    continue
                self.session = replace(self.session, lease_expires_at=_lease(self._settings))
                self.write(Batch(sessions=(self.session,)))


def _new_session(notebook: Notebook, settings: Settings) -> Session:
    return Session(
        session_id=clock.new_id(),
        experiment=settings.experiment or (notebook.path.stem if notebook.path is not None else "default"),
        started_at=clock.now(),
        lease_expires_at=_lease(settings),
        process=Process(
            host=process.host(),
            boot=process.boot_id(),
            pid=os.getpid(),
            started=process.started(os.getpid()) or 0.0,
        ),
        user=_user(),
        notebook=str(notebook.path) if notebook.path is not None else None,
        kernel_id=notebook.kernel_id,
        parent_run_id=os.environ.get("TRACKBOOK_RUN_ID") or None,
    )


def _lease(settings: Settings) -> datetime:
    return clock.now() + timedelta(seconds=settings.lease_seconds)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
