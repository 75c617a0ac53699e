"""Connections to one SQLite file, set up as the store needs them."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

from trackbook import clock

_BUSY_SECONDS = 60


class Connections:
    """A pool, and one connection kept aside to see changes: `data_version` tells it of commits by all others.

    Attributes
    ----------
    engine
        Begins transactions that see one state of the database.
    writer
        The same pool; begins transactions that hold the write lock from their start.
    file
        Which file it is (device and number), once it is prepared.
    """

    def __init__(self, path: Path) -> None:
        self.engine = _engine(path)
        self.writer = self.engine.execution_options(begin="IMMEDIATE")
        self.file: tuple[int, int] | None = None
        self._path = path
        self._lock = threading.Lock()
        self._watch: sqlite3.Connection | None = None
        self._seen: int | None = None
        # Tokens outlive processes in those who poll, so a new process doesn't count from 0 again.
        self._token = int(clock.now().timestamp() * 1000)

    def token(self) -> int:
        """Return a number that differs whenever anybody committed something since."""
        with self._lock:
            if self._watch is None:
                self._watch = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
            version = self._watch.execute("PRAGMA data_version").fetchone()[0]
            if version != self._seen:
                self._seen = version
                self._token += 1
            return self._token

    def use_wal(self) -> None:
        """Put the file into WAL mode, which stays with it. Waits for others that use it, as SQLite does not here."""
        with self.engine.connect() as connection:
            deadline = clock.monotonic() + _BUSY_SECONDS
            while not _switched_to_wal(raw(connection), is_last_try=clock.monotonic() > deadline):
                time.sleep(0.01)

    def close(self) -> None:
        """Close every connection that is not in use; the next use opens new ones."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = self._seen = None
        self.engine.dispose()


def raw(connection: Connection) -> sqlite3.Connection:
    """Return the driver's connection, for what must happen outside SQLAlchemy's transactions."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS},
        max_overflow=-1,  # more threads than pooled connections open more instead of giving up
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_on_begin` says, not where the driver guesses
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # in WAL mode a commit outlives the process, if not a power cut


def _on_begin(connection: Connection) -> None:
    raw(connection).execute(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _switched_to_wal(driver: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        driver.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if is_last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
