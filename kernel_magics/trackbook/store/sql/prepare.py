"""From no file, or an older one, to a database with this version's tables, even when many processes do it at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from trackbook.errors import NotFoundError, StoreError
from trackbook.store.folders import create_private_file, make_private_folder
from trackbook.store.sql.database import Database
from trackbook.store.sql.statements import HEAD, SCHEMA


def prepare(database: Database, *, create: bool = True) -> None:
    """Create the database or upgrade it, under its write lock; do nothing if it is as it should be.

    Raises
    ------
    NotFoundError
        If there is none and none may be created.
    NewerSchemaError
        If a newer Trackbook wrote it.
    StoreError
        If it can't be opened, or belongs to another program.
    """
    _make_file(database.path, create=create)
    if _is_current(database):
        return
    with database.preparing() as connection:
        revision = _made(connection, database.path)
        if revision != HEAD:
            from trackbook.store.sql.upgrading import upgrade

            upgrade(connection, database.path)


def _made(connection: sqlite3.Connection, path: Path) -> str:
    """Return the schema's revision; make the schema if there is none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        revision = _revision(connection, path)
        if revision is None:
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return revision or HEAD


def _make_file(path: Path, *, create: bool) -> None:
    if path.is_file():
        return
    if path.exists():
        raise StoreError(f"{path} is no file, so it can't be the store's database. Move it away or name another place.")
    if not create:
        raise NotFoundError(f"There is no store at {path}. Make one with trackbook init.")
    try:
        make_private_folder(path.parent)
        create_private_file(path)
    except OSError as error:
        raise StoreError(
            f"No store can be made at {path.parent}: {error.strerror}. Give yourself the right to write there, "
            "or set $TRACKBOOK_STORE to another place."
        ) from error


def _is_current(database: Database) -> bool:
    with database.peeking() as connection:
        return "alembic_version" in _tables(connection) and _revision(connection, database.path) == HEAD


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _revision(connection: sqlite3.Connection, path: Path) -> str | None:
    """Return the schema's revision, None for an empty database."""
    tables = _tables(connection)
    if not tables:
        return None
    if not {"executions", "alembic_version"} <= tables:
        raise StoreError(f"{path} is the database of another program. Set $TRACKBOOK_STORE to a place of its own.")
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if found is None else str(found[0])
