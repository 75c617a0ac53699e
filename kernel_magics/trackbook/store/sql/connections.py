"""Connections to one SQLite file, set up as the store needs them."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from trackbook import clock

_BUSY_SECONDS = 60
_STATEMENTS = 256  # that a connection keeps ready
_CANT_WRITE_BESIDE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
_CACHE_KIB = 16 * 1024  # at most, and only as much as was read: a page of a list is scattered over the whole file


class Connection(sqlite3.Connection):
    """A connection that remembers the numbers of keys on the record: a key is never deleted, nor its number changed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.key_numbers: dict[str, int] = {}


class Connections:
    """One that writes, some that read, and one kept aside to see changes.

    Attributes
    ----------
    file
        Which file it is (device and number), once it is prepared.
    still_because
        Why the file can only be read as it lies there; None: it can be used as usual.
    """

    def __init__(self, path: Path) -> None:
        self.file: tuple[int, int] | None = None
        self.still_because: sqlite3.Error | None = None
        self._path = str(path)
        self._uri = path.absolute().as_uri()
        self._lock = threading.Lock()
        self._writer: Connection | None = None
        self._readers: deque[Connection] = deque()
        self._generation = 0
        self._watch: Connection | None = None
        self._seen: int | None = None
        # Tokens outlive processes in those who poll, so a new process doesn't count from 0 again.
        self._token = int(clock.now().timestamp() * 1000)

    def token(self) -> int:
        """Return a number that differs whenever anybody committed something since: `data_version` tells the watch."""
        with self._lock:
            if self._watch is None:
                self._watch = self._connect()
            version = self._watch.execute("PRAGMA data_version").fetchone()[0]
            if version != self._seen:
                self._seen = version
                self._token += 1
            return self._token

    def writer(self) -> Connection:
        """Return the connection that writes; one thread at a time may ask."""
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """Give a connection that nobody else uses, inside a transaction that sees one state of the database."""
        generation = self._generation
        connection = self._readers.pop() if self._readers else self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            with suppress(sqlite3.Error):  # a damaged file may fail here too; what failed first is what is told
                connection.rollback()
            if generation == self._generation:
                self._readers.append(connection)
            else:
                connection.close()

    def use_wal(self) -> None:
        """Put the file into WAL mode, which stays with it. Waits for others that use it, as SQLite does not here."""
        connection = self.writer()
        deadline = clock.monotonic() + _BUSY_SECONDS
        while not _switched_to_wal(connection, is_last_try=clock.monotonic() > deadline):
            time.sleep(0.01)

    def stand_still(self, error: sqlite3.Error) -> bool:
        """Read the file as one that nobody changes, if it is whole as it lies there; return whether it is.

        In WAL mode also readers write beside the file, which a folder without the right to and a full disk forbid.
        """
        is_still = error.sqlite_errorcode & 0xFF in _CANT_WRITE_BESIDE and not _size(f"{self._path}-wal")
        if is_still:
            self.close()
            self.still_because = error
        return is_still

    def close(self) -> None:
        """Close every connection that is not in use; the next use opens new ones."""
        with self._lock:
            self._generation += 1
            idle = [self._watch, self._writer, *self._readers]
            self._watch = self._seen = self._writer = None
            self._readers.clear()
        for connection in idle:
            if connection is not None and not connection.in_transaction:  # else another thread writes to the end
                connection.close()

    def _connect(self) -> Connection:
        is_still = self.still_because is not None
        connection = sqlite3.connect(
            f"{self._uri}?immutable=1" if is_still else self._path,
            uri=is_still,
            timeout=_BUSY_SECONDS,
            isolation_level=None,  # transactions begin where we say, not where the driver guesses
            check_same_thread=False,
            cached_statements=_STATEMENTS,
            factory=Connection,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")  # in WAL mode a commit outlives the process, if not the power
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return connection


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _switched_to_wal(connection: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if is_last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
