"""The database file: transactions, and what is done when the process forks or the file goes away."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from trackbook.errors import StoreError, StoreReplacedError
from trackbook.store.sql.connections import Connection, Connections
from trackbook.store.sql.failures import Translated
from trackbook.store.sql.gate import Gate, without_interrupts

_FORK_SECONDS = 5.0
T = TypeVar("T")
_open: weakref.WeakSet[Database] = weakref.WeakSet()
_inherited: list[Connections] = []  # never closed: SQLite forbids a child to touch what its parent opened


class Database:
    """One SQLite file in WAL mode, shared by the threads of a process.

    Writers take the write lock at the start of their transaction (``BEGIN IMMEDIATE``): a transaction that starts by
    reading and then writes is refused at once if another one wrote in between, whatever the timeout. Readers see one
    state for as long as their transaction lasts and block nobody.

    Before the process forks, every connection is closed: SQLite keeps its locks on a file in memory, and a child that
    inherits those believes in locks that it does not have (https://sqlite.org/howtocorrupt.html, section 2.6).

    Parameters
    ----------
    path
        The file.
    prepare
        Called with the database before its first use, and again after `close`.
    """

    def __init__(self, path: Path, prepare: Callable[[Database], None]) -> None:
        self.path = path
        self._file = str(path)
        self._translated = Translated(path)
        self._prepare = prepare
        self._is_torn = False
        self._is_replaced = False
        """Whether a reader has found another file than at the last use, which nobody who writes knows yet."""
        self._begin_anew()
        _open.add(self)

    def _begin_anew(self) -> None:
        self._connections: Connections | None = None
        self._gate = Gate()
        self._writing = threading.Lock()  # threads wait here in turn, not in SQLite's polling
        self._preparing = threading.RLock()

    def open(self) -> None:
        """Prepare the database now rather than at its first use."""
        with self._gate, self._translated:
            self._ready()

    def write(self, act: Callable[[Connection], object]) -> None:
        """Call a function with a connection inside a write transaction, committed at its end.

        Raises
        ------
        StoreError
            If the file is another one than at the last use: what was written to the old one is gone, and whoever writes
            has to know.
        """
        with without_interrupts(), self._gate, self._translated, self._writing:
            connection = self._ready(is_writing=True).writer()
            try:
                connection.execute("BEGIN IMMEDIATE")
                act(connection)
                connection.execute("COMMIT")
            except BaseException as error:
                self._undo(connection, error)
                raise

    def alone(self, act: Callable[[Connection], T]) -> T:
        """Call a function with the connection that writes, in no transaction, and return what it returns.

        That is for one statement, which is a transaction by itself, and for what SQLite only does there (``VACUUM``).
        """
        with without_interrupts(), self._gate, self._translated, self._writing:
            connection = self._ready(is_writing=True).writer()
            try:
                return act(connection)
            except BaseException as error:
                self._undo(connection, error)
                raise

    def _undo(self, connection: Connection, error: BaseException) -> None:
        connection.rollback()  # nothing, if the database has done so itself
        connection.key_numbers.clear()  # whatever of them was of this transaction
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:
            self.close()  # the next use looks whether a newer version has upgraded it meanwhile

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one state of the database."""
        with self._gate, self._translated, self._ready().reader() as connection:
            yield connection

    @contextmanager
    def peeking(self) -> Iterator[sqlite3.Connection]:
        """Give `prepare` a connection that sees the database as it is."""
        with self._connected().reader() as connection:
            yield connection

    @contextmanager
    def preparing(self) -> Iterator[sqlite3.Connection]:
        """Give `prepare` a connection in WAL mode, with foreign keys unchecked."""
        connections = self._connected()
        connections.use_wal()
        connection = connections.writer()
        connection.execute("PRAGMA foreign_keys = OFF")  # of no effect inside a transaction
        try:
            yield connection
        finally:
            connection.execute("PRAGMA foreign_keys = ON")

    def change_token(self) -> int:
        """Return a number that differs whenever anybody committed something since."""
        with self._gate, self._translated:
            return self._ready().token()

    def identity(self) -> object | None:
        """Return which file lies at the path (device and number), None if there is none."""
        return _identity(self._file)

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        with self._preparing:
            if self._connections is not None:
                self._connections.close()
            self._connections = None

    def _ready(self, *, is_writing: bool = False) -> Connections:
        """Return the connections to the prepared file at the path; a deleted one would still take writes."""
        connections = self._connections
        if connections is not None and connections.file is not None:
            is_same = connections.file == _identity(self._file)
            self._is_replaced |= not is_same
            if is_same and connections.still_because is None and not (is_writing and self._is_replaced):
                return connections
            self.close()
        if is_writing and self._is_replaced:
            self._is_replaced = False
            raise StoreReplacedError(
                f"The store's database {self.path} was deleted or replaced while it was in use. "
                "What it held is gone, this session's cells and runs too: fit a model again to measure it further. "
                "What is recorded from now on goes to the one that is there, or to a new one."
            )
        return self._prepared(is_writing)

    def _prepared(self, is_writing: bool) -> Connections:
        with self._preparing:
            connections = self._connected()
            if connections.file is None:
                self._prepare_or_stand_still(connections, is_writing)
                connections.file = _identity(self._file)
            return connections

    def _prepare_or_stand_still(self, connections: Connections, is_writing: bool) -> None:
        try:
            self._prepare(self)
        except sqlite3.OperationalError as error:
            if is_writing or not connections.stand_still(error):
                raise
            self._prepare(self)

    def _connected(self) -> Connections:
        if self._is_torn:
            raise StoreError(
                f"This process was forked in the middle of a write to {self.path}, so it can't use that store. "
                "Start it with the spawn method instead."
            )
        with self._preparing:
            if self._connections is None:
                self._connections = Connections(self.path)
            return self._connections

    def pause(self) -> None:
        """Before a fork: wait until no thread is inside a transaction, and close every connection."""
        if self._gate.shut(_FORK_SECONDS) and self._connections is not None:
            self._connections.close()

    def resume(self) -> None:
        """After a fork, in the parent."""
        self._gate.open()

    def be_reborn(self) -> None:
        """After a fork, in the child: the other threads are gone, with whatever they held."""
        self._is_torn = not self._gate.is_empty
        if self._connections is not None:
            _inherited.append(self._connections)
        self._begin_anew()


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _for_each(act: Callable[[Database], None]) -> Callable[[], None]:
    def act_on_all() -> None:
        for database in list(_open):
            act(database)

    return act_on_all


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_for_each(Database.pause),
        after_in_parent=_for_each(Database.resume),
        after_in_child=_for_each(Database.be_reborn),
    )
