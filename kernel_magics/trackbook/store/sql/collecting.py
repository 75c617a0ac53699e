"""What a SQL store frees: the objects that no row names, and the pages that its database no longer uses."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from trackbook.clock import microseconds
from trackbook.errors import NotFoundError, StoreError
from trackbook.records import Session
from trackbook.store.collecting import began, sweep
from trackbook.store.contract import Collection
from trackbook.store.kept import new_bytes
from trackbook.store.objects import Objects
from trackbook.store.sql import data_reading, statements
from trackbook.store.sql.database import Database
from trackbook.store.sql.needing import needs, used_snapshots
from trackbook.store.sql.texts import Texts

_WORTH_IT = 10  # free pages are given back where they are one in so many: that writes the whole file anew
_CHECKPOINT_MILLISECONDS = 2000  # to wait for readers; whoever comes last empties the log anyway
_SQLITE = b"SQLite format 3\x00"


def check_unshared(path: Path, objects_location: str) -> None:
    """Refuse to judge objects that other stores may need.

    Raises
    ------
    StoreError
        If the objects lie elsewhere than beside the database, or another database lies there too.
    """
    others = [each.name for each in path.parent.iterdir() if each != path and _is_database(each)]
    if others or Path(objects_location) != path.parent / "objects":
        which = f"Other stores ({', '.join(sorted(others))})" if others else "Other stores"
        raise StoreError(
            f"{which} may keep their objects in {objects_location} too, and need what this one doesn't. "
            "If none does, say so with --unshared."
        )


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def collect(
    database: Database, objects: Objects, sessions: Iterable[Session], grace: timedelta, *, is_dry_run: bool
) -> Collection:
    """Free what no row needs.

    The rows are read after the sessions and in one state; a row that is written later names an object that was put, or
    put again, after the moment from which all objects stay. An object that is lost, with the outputs that it listed,
    stops nothing. Snapshots are forgotten before: what is found is marked as used, and so either stays, or is not
    found and kept anew.
    """
    since = began(grace, sessions)
    idle = _idle_snapshots(database, objects, since)
    if not is_dry_run:
        idle = _forgotten(database, idle, since)
    with database.reading() as connection:
        needed = {digest for digest, _ in needs(connection, objects, NotFoundError, without=idle)}
    found = sweep(objects, needed, since, is_dry_run=is_dry_run)
    if idle and not is_dry_run:
        _count_bytes(database, objects)
    freed = _idle_bytes(database) if is_dry_run else _compacted(database)
    return replace(found, database_bytes=freed, snapshots=len(idle))


def _idle_snapshots(database: Database, objects: Objects, since: datetime) -> set[str]:
    """Return the snapshots that nothing needs and nobody has wanted to name since a time."""
    with database.reading() as connection:
        found = statements.IDLE_SNAPSHOTS.ask(connection, {"since": microseconds(since)})
        return {each for (each,) in found} - used_snapshots(connection, objects, NotFoundError) if found else set()


def _forgotten(database: Database, idle: Iterable[str], since: datetime) -> set[str]:
    """Forget those of some snapshots that are still not needed, and return them; the write lock is held briefly."""
    gone: set[str] = set()

    def forget(connection: sqlite3.Connection) -> None:
        for snapshot_id in idle:
            values = (snapshot_id, microseconds(since))
            if connection.execute(statements.FORGET_SNAPSHOT.sql, values).rowcount:
                gone.add(snapshot_id)

    if idle:
        database.write(forget)
    return gone


def _count_bytes(database: Database, objects: Objects) -> None:
    """Note what each snapshot that is left takes besides older ones."""
    with database.reading() as connection:
        snapshots = data_reading.snapshots(connection, Texts(objects), {})
    counted = [(size, each.snapshot_id) for each, size in new_bytes(objects, snapshots) if size != each.new_bytes]
    if counted:
        database.write(lambda connection: statements.SET_NEW_BYTES.run(connection, counted))


def _compacted(database: Database) -> int:
    """Give free pages back to the disk, empty the log, and return by how much the files shrank."""
    before = _size(database.path)
    database.alone(_compact)
    return max(0, before - _size(database.path))


def _compact(connection: sqlite3.Connection) -> None:
    if _is_worth_it(connection):
        connection.execute("VACUUM")
    timeout = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_MILLISECONDS}")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {timeout}")


def _idle_bytes(database: Database) -> int:
    """Return about how much `_compacted` would give back."""
    with database.reading() as connection:
        free_pages = _number(connection, "freelist_count") * _number(connection, "page_size")
        log = _file_size(_log(database.path))
        return log + (free_pages if _is_worth_it(connection) else 0)


def _is_worth_it(connection: sqlite3.Connection) -> bool:
    free_pages = _number(connection, "freelist_count")
    return free_pages > 0 and free_pages * _WORTH_IT >= _number(connection, "page_count")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _size(path: Path) -> int:
    return _file_size(path) + _file_size(_log(path))


def _file_size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
