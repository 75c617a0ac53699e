"""What could not be written to a store, in a private file of the person's until the store takes it.

It lies apart from the store, whose own place is what can't be written: in ``$XDG_STATE_HOME/trackbook/pending``
(``~/.local/state`` by default), one SQLite file a store. Whoever opens that store on this machine takes in what waits.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trackbook import process
from trackbook.errors import InvalidValueError, StoreError
from trackbook.store.contract import Store
from trackbook.store.folders import create_private_file, make_private_folder
from trackbook.store.handing import hand_over
from trackbook.store.parcels import Parcel, dumped, loaded

_FORMAT = 1
_BUSY_SECONDS = 60
_MOST_PAGES = 2**18  # of 4096 bytes: a gigabyte
_TABLE = "CREATE TABLE IF NOT EXISTS parcels (number INTEGER PRIMARY KEY, content BLOB NOT NULL)"


class Pending:
    """The parcels that wait for one store, in the order in which they were to be written. Processes may share it.

    Parameters
    ----------
    path
        The file. When nothing waits any more it stays, empty: SQLite forbids to remove what others may have open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_there(self) -> bool:
        """Whether there is a file, in which something may wait."""
        try:
            return self.path.exists()
        except OSError:  # no right to look
            return False

    def __len__(self) -> int:
        if not self.is_there:
            return 0
        with self._open() as connection:
            return int(connection.execute("SELECT count(*) FROM parcels").fetchone()[0])

    def add(self, parcels: Iterable[Parcel]) -> None:
        """Put parcels behind those that wait; all or none.

        Raises
        ------
        StoreError
            If the file can't be written.
        """
        contents = [(parcel if isinstance(parcel, bytes) else dumped(parcel),) for parcel in parcels]
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO parcels (content) VALUES (?)", contents)
            connection.execute("COMMIT")

    def deliver(self, store: Store) -> list[Exception]:
        """Write all that waits and return why the store refused some of it; what it refused is forgotten.

        A process that dies between writing and forgetting leaves one parcel that is written twice: that changes nothing
        but metric points, which are then in the history twice.

        Raises
        ------
        StoreError
            If the store can't be written, or the file not read; the rest waits on.
        """
        refusals: list[Exception] = []
        if self.is_there:
            with self._open() as connection:
                while _deliver_one(connection, store, refusals):
                    pass
        return refusals

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            make_private_folder(self.path.parent)
            create_private_file(self.path)
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                _prepare(connection, self.path)
                yield connection
        except StoreError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise StoreError(self._put_aside(error)) from error

    def _put_aside(self, error: sqlite3.Error | OSError) -> str:
        """Return what to say of an error; a damaged file makes room for a new one."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it says more than is asked
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return f"{self.path}, which keeps what waits for a store, can't be used: {error}."
        aside = self.path.with_suffix(".damaged")
        self.path.replace(aside)
        return f"What waited for a store is damaged ({error}). It is in {aside}; delete that if you can't mend it."


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA max_page_count = {_MOST_PAGES}")
    connection.execute("PRAGMA secure_delete = ON")  # what is delivered is not to be found here any more
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _FORMAT:
        raise StoreError(f"{path} was written by a newer Trackbook. Upgrade it with pip install --upgrade trackbook.")
    if version < _FORMAT:
        connection.execute("PRAGMA auto_vacuum = FULL")  # before there is a table
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA user_version = {_FORMAT}")


def _first(connection: sqlite3.Connection) -> tuple[int, str | bytes] | None:
    found: tuple[int, str | bytes] | None = connection.execute(
        "SELECT number, content FROM parcels ORDER BY number LIMIT 1"
    ).fetchone()
    return found


def _deliver_one(connection: sqlite3.Connection, store: Store, refusals: list[Exception]) -> bool:
    """Write the first parcel, unseen by other processes, and return whether there was one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _first(connection)
        if found is not None:
            number, content = found
            refusals += _written(store, content)
            connection.execute("DELETE FROM parcels WHERE number = ?", (number,))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return found is not None


def _written(store: Store, content: str | bytes) -> list[Exception]:
    if isinstance(content, bytes):
        store.put_object(content)
        return []
    try:
        batch = loaded(content)
    except InvalidValueError as error:
        return [error]
    return hand_over(store, batch)


def pending_of(location: str) -> Pending | None:
    """Return what waits for the store at a location; None where nothing can wait, as for a store in memory."""
    folder = _state_folder()
    if folder is None or "://" in location:
        return None
    place = f"{process.host()}\0{location}"  # homes are shared by machines whose other folders are not
    return Pending(folder / "trackbook" / "pending" / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.db")


def _state_folder() -> Path | None:
    named = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or ""
    if os.path.isabs(named):
        return Path(named)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:  # a container may run as a user that has no home
        return None
