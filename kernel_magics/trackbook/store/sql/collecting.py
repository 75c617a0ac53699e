"""What a SQL store frees: the objects that no row names, and the pages that its database no longer uses."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from trackbook.errors import NotFoundError, StoreError
from trackbook.records import Session
from trackbook.store.collecting import began, sweep
from trackbook.store.contract import Collection
from trackbook.store.objects import Objects
from trackbook.store.sql.database import Database
from trackbook.store.sql.texts import Texts
from trackbook.store.sql.verifying import references

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
    stops nothing.
    """
    since = began(grace, sessions)
    with database.reading() as connection:
        needed = {digest for digest, _ in references(connection, Texts(objects), NotFoundError)}
    found = sweep(objects, needed, since, is_dry_run=is_dry_run)
    freed = _idle_bytes(database) if is_dry_run else _compacted(database)
    return replace(found, database_bytes=freed)


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
