"""The database file: connections, transactions, and what is done when the process forks or the file goes away."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, ProgrammingError, StatementError

from trackbook import clock
from trackbook.errors import InvalidValueError, StoreError, TrackbookError
from trackbook.store.rules import unknown_link

_BUSY_SECONDS = 60
_open: weakref.WeakSet[Database] = weakref.WeakSet()
_inherited: list[object] = []  # never closed: SQLite forbids a child to touch what its parent opened


class Database:
    """One SQLite file in WAL mode, shared by the threads of a process.

    Writers take the write lock at the start of their transaction (``BEGIN IMMEDIATE``): a transaction that starts by
    reading and then writes is refused at once if another one wrote in between, whatever the timeout. Readers see one
    state for as long as their transaction lasts and block nobody.

    Parameters
    ----------
    path
        The file.
    prepare
        Called with the database before its first use, and again after `close`.
    """

    def __init__(self, path: Path, prepare: Callable[[Database], None]) -> None:
        self.path = path
        self._prepare = prepare
        self._connections: _Connections | None = None
        self._renew_locks()
        _open.add(self)

    def _renew_locks(self) -> None:
        self._writing = threading.Lock()  # threads wait here in turn, not in SQLite's polling
        self._preparing = threading.RLock()

    def open(self) -> None:
        """Prepare the database now rather than at its first use."""
        self._ready()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection inside a write transaction, committed at the end.

        Raises
        ------
        StoreError
            If the file is another one than at the last use: what was written to the old one is gone, and whoever writes
            has to know.
        """
        with self._writing, self._translated(), self._ready(must_be_same=True).writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database."""
        with self._translated(), self._ready().engine.begin() as connection:
            yield connection

    @contextmanager
    def peeking(self) -> Iterator[Connection]:
        """Give a connection to a database that is not ready yet."""
        with self._translated(), self._connected().engine.begin() as connection:
            yield connection

    @contextmanager
    def preparing(self, *, foreign_keys: bool = True) -> Iterator[Connection]:
        """Give a connection inside a write transaction to a database that is not ready yet."""
        with self._translated(), self._connected().writer.connect() as connection:
            raw = _raw(connection)
            raw.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")  # no effect inside a transaction
            try:
                with connection.begin():
                    yield connection
            finally:
                raw.execute("PRAGMA foreign_keys = ON")

    def use_wal(self) -> None:
        """Put the file into WAL mode, which stays with it. Waits for others that use it, as SQLite does not here."""
        with self._translated(), self._connected().engine.connect() as connection:
            deadline = clock.monotonic() + _BUSY_SECONDS
            while not _switched_to_wal(_raw(connection), is_last_try=clock.monotonic() > deadline):
                time.sleep(0.01)

    def change_token(self) -> int:
        """Return a number that differs whenever anybody committed something since."""
        with self._translated():
            return self._ready().token()

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        with self._preparing:
            if self._connections is not None:
                self._connections.close()
            self._connections = None

    def _ready(self, *, must_be_same: bool = False) -> _Connections:
        """Return the connections to the prepared file at the path; a deleted one would still take writes."""
        connections = self._connections
        if connections is not None and connections.file is not None:
            if connections.file == _identity(self.path):
                return connections
            self.close()
            if must_be_same:
                raise StoreError(
                    f"The store's database {self.path} was deleted or replaced while it was in use. Restart the kernel."
                )
        with self._preparing:
            connections = self._connected()
            if connections.file is None:
                self._prepare(self)
                connections.file = _identity(self.path)
            return connections

    def _connected(self) -> _Connections:
        with self._preparing:
            if self._connections is None:
                self._connections = _Connections(self.path)
            return self._connections

    def _after_fork(self) -> None:
        _inherited.append(self._connections)
        self._connections = None
        self._renew_locks()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise _refused(error) from error
        except (InterfaceError, ProgrammingError) as error:
            raise InvalidValueError(f"The batch has a value that can't be kept: {error.orig}.") from error
        except DBAPIError as error:
            raise StoreError(_explained(self.path, error.orig)) from error
        except StatementError as error:
            raise _cause(error) from error
        except OverflowError as error:
            raise InvalidValueError(f"A whole number in the batch is beyond 64 bits: {error}.") from error
        except sqlite3.Error as error:
            raise StoreError(_explained(self.path, error)) from error


class _Connections:
    """The pool of connections to one file, and one kept aside: `data_version` tells it of commits by all others."""

    def __init__(self, path: Path) -> None:
        self.engine = _engine(path)
        self.writer = self.engine.execution_options(begin="IMMEDIATE")
        self.file: tuple[int, int] | None = None  # which file it is, once it is prepared
        self._path = path
        self._lock = threading.Lock()
        self._watch: sqlite3.Connection | None = None
        self._seen: int | None = None
        # Tokens outlive processes in those who poll, so a new process doesn't count from 0 again.
        self._token = int(clock.now().timestamp() * 1000)

    def token(self) -> int:
        with self._lock:
            if self._watch is None:
                self._watch = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
            version = self._watch.execute("PRAGMA data_version").fetchone()[0]
            if version != self._seen:
                self._seen = version
                self._token += 1
            return self._token

    def close(self) -> None:
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = None
        self.engine.dispose()


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
    _raw(connection).execute(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _switched_to_wal(raw: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        raw.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if is_last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _refused(error: IntegrityError) -> InvalidValueError:
    reason = str(error.orig)
    if "FOREIGN KEY" in reason:
        return InvalidValueError(unknown_link(reason))
    return InvalidValueError(f"The batch has a value that can't be kept: {reason}.")


def _cause(error: StatementError) -> TrackbookError:
    if isinstance(error.orig, TrackbookError):
        return error.orig
    return InvalidValueError(f"The batch has a value that can't be kept: {error.orig}.")


def _explained(path: Path, error: object) -> str:
    text = str(error)
    for symptom, advice in _ADVICE.items():
        if symptom in text:
            return f"The store's database {path} can't be used: {text}. {advice}"
    return f"The store's database {path} can't be used: {text}. Look at it with trackbook verify."


_GET_RIGHTS = "Give yourself the right to write the file and its folder, or set $TRACKBOOK_STORE to another place."
_ADVICE = {
    "locked": "Another process has held it for a minute; end that one, or try again.",
    "not a database": "Move that file away and a new store is made, or restore it from a backup.",
    "malformed": "Restore it from a backup, or move it away and a new store is made.",
    "readonly": _GET_RIGHTS,
    "unable to open": _GET_RIGHTS,
    "full": "Free some space on that disk, or set $TRACKBOOK_STORE to another place.",
}


def _renew_after_fork() -> None:
    for database in list(_open):
        database._after_fork()


os.register_at_fork(after_in_child=_renew_after_fork)
