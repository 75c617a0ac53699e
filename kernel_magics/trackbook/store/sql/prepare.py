"""From no file, or an older one, to a database with this version's tables, even when many processes do it at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, event, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from trackbook.errors import NewerSchemaError, NotFoundError, StoreError
from trackbook.store.folders import create_private_file, make_private_folder
from trackbook.store.sql.database import Database
from trackbook.store.sql.schema import HEAD, alembic_version, executions, metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


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
    with database.preparing() as driver, as_sqlalchemy(driver) as connection:
        revision = _revision(driver, database.path)
        if revision is None:
            metadata.create_all(connection, checkfirst=False)
            alembic_version.create(connection)
            connection.execute(insert(alembic_version), {"version_num": HEAD})
        elif revision != HEAD:
            _upgrade(connection, revision, database.path)


@contextmanager
def as_sqlalchemy(driver: sqlite3.Connection) -> Iterator[Connection]:
    """Give a driver's connection as SQLAlchemy and Alembic know it, inside a write transaction."""
    engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)
    event.listen(engine, "begin", lambda _: driver.execute("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error
        raise


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
        return alembic_version.name in _tables(connection) and _revision(connection, database.path) == HEAD


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _revision(connection: sqlite3.Connection, path: Path) -> str | None:
    """Return the schema's revision, None for an empty database."""
    tables = _tables(connection)
    if not tables:
        return None
    if executions.name not in tables or alembic_version.name not in tables:
        raise StoreError(f"{path} is the database of another program. Set $TRACKBOOK_STORE to a place of its own.")
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if found is None else str(found[0])


def _upgrade(connection: Connection, revision: str, path: Path) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = migration_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise NewerSchemaError(
            f"The store {path} was written by a newer Trackbook (its schema is {revision}, this one knows {HEAD}). "
            "Upgrade it with pip install --upgrade trackbook."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migration_config() -> Config:
    """Return Alembic's configuration: the scripts in this package, and nothing from files."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
