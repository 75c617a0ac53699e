"""From an older schema to this version's, by Alembic. Imported only where there is one to upgrade."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from trackbook.errors import NewerSchemaError
from trackbook.store.sql.schema import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(driver: sqlite3.Connection, path: Path) -> None:
    """Upgrade the database to this version's schema, in one transaction.

    Raises
    ------
    NewerSchemaError
        If a newer Trackbook wrote it.
    """
    with as_sqlalchemy(driver) as connection:
        (revision,) = driver.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision != HEAD:  # another process may have been first
            _upgrade(connection, revision, path)


def _upgrade(connection: Connection, revision: str, path: Path) -> None:
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
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


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
