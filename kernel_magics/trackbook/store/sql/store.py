"""The store in a SQL database and an object store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.errors import StoreError
from trackbook.records import DatasetVersion, Environment, Execution, MetricPoint, Origin, RunDetail, Session
from trackbook.store import rules
from trackbook.store.contract import GRACE, Batch, Collection, RunFilter
from trackbook.store.objects import Objects
from trackbook.store.sql import reading, rows, statements, writing
from trackbook.store.sql.connections import Connection
from trackbook.store.sql.data import SqlData
from trackbook.store.sql.database import Database
from trackbook.store.sql.drafts import drafted, packed_execution
from trackbook.store.sql.prepare import prepare
from trackbook.store.sql.texts import Texts, stored

if TYPE_CHECKING:
    from trackbook.records.query import NameKind
    from trackbook.store.contract import Store


class SqlStore(SqlData):
    """See `trackbook.store.contract.Store`, which it keeps.

    Parameters
    ----------
    path
        The SQLite file.
    objects
        Where artifacts and long texts go.
    location
        What a person calls the place.
    create
        Make the file if there is none.
    """

    def __init__(self, path: Path, objects: Objects, *, location: str, create: bool = True) -> None:
        self._location = location
        self._objects = objects
        self._texts = Texts(objects)
        self._database = Database(path, partial(prepare, create=create))
        self._reading: Callable[[], AbstractContextManager[sqlite3.Connection]] = self._database.reading

    @property
    def location(self) -> str:
        """Where the store is."""
        return self._location

    def identity(self) -> object | None:
        """Return which file the database is."""
        return self._database.identity()

    def open(self) -> None:
        """Open the database now, so that what is wrong with it shows here."""
        self._database.open()

    def write(self, batch: Batch) -> None:
        """Write a batch in one transaction."""
        rules.check_batch(batch)
        if not self._is_added(batch.lone_execution):
            made = drafted(batch, self._texts)
            self._database.write(lambda connection: writing.write(connection, batch, made, self._texts))

    def _written(self, batch: Batch) -> list[DatasetVersion]:
        rules.check_batch(batch)
        made = drafted(batch, self._texts)
        versions: list[DatasetVersion] = []
        self._database.write(lambda connection: versions.extend(writing.write(connection, batch, made, self._texts)))
        return versions

    def compose(self, make: Callable[[Store], Batch]) -> Batch:
        """Write a batch that is made of what is on the record."""
        made: list[Batch] = []

        def write(connection: Connection) -> None:
            batch = make(self._reading_by(connection))
            rules.check_batch(batch)
            writing.write(connection, batch, drafted(batch, self._texts), self._texts)
            made.append(batch)

        self._database.write(write)
        return made[-1]

    def _is_added(self, execution: Execution | None) -> bool:
        """Add an execution, which is one statement, unless it is on the record already: return whether it was added."""
        if execution is None:
            return False
        values = packed_execution(execution, self._texts)
        return self._database.alone(lambda connection: writing.is_added(connection, [values]))

    @contextmanager
    def frozen(self) -> Iterator[SqlStore]:
        """Give the store as it is at this moment: its reads are in one transaction."""
        with self._reading() as connection:
            yield self._reading_by(connection)

    def _reading_by(self, connection: sqlite3.Connection) -> SqlStore:
        """Return this store with one connection to read by."""
        still = copy(self)
        still._reading = lambda: nullcontext(connection)
        return still

    def runs(self, where: RunFilter) -> list[RunDetail]:
        """Return the runs of a filter."""
        with self._reading() as connection:
            return reading.runs(connection, self._texts, where)

    def count_runs(self, where: RunFilter) -> int:
        """Return how many runs a filter has."""
        with self._reading() as connection:
            return reading.count_runs(connection, self._texts, where)

    def names(self, kind: NameKind) -> list[str]:
        """Return the names of a kind that runs have, sorted."""
        from trackbook.store.sql import query_names

        with self._reading() as connection:
            return query_names.names(connection, self._texts, kind)

    def metric_history(self, run_id: str, key: str) -> list[MetricPoint]:
        """Return every point of a metric."""
        with self._reading() as connection:
            return reading.metric_history(connection, self._texts, run_id, key)

    def origins(self, run_id: str) -> list[Origin]:
        """Return which statements made a run's metrics and models."""
        with self._reading() as connection:
            return reading.origins(connection, self._texts, run_id)

    def executions(
        self, *, ids: Sequence[str] | None = None, session_id: str | None = None, run_id: str | None = None
    ) -> list[Execution]:
        """Return executions in the order in which they started."""
        with self._reading() as connection:
            return reading.executions(connection, self._texts, ids, session_id, run_id)

    def sessions(self, *, ids: Sequence[str] | None = None) -> list[Session]:
        """Return sessions, oldest first."""
        with self._reading() as connection:
            return reading.sessions(connection, self._texts, ids)

    def environment(self, environment_id: str) -> Environment | None:
        """Return an environment."""
        with self._reading() as connection:
            found = statements.ENVIRONMENT.ask(connection, {"environment": stored(environment_id)})
        whole = self._texts.whole(found, statements.ENVIRONMENT.texts)
        return rows.environment_of(statements.ENVIRONMENT.named(whole)[0]) if whole else None

    def put_object(self, content: bytes) -> str:
        """Keep bytes and return their digest."""
        return self._objects.put(content)

    def get_object(self, digest: str) -> bytes:
        """Return the bytes of an object."""
        return self._objects.get(digest)

    def change_token(self) -> int:
        """Return a number that differs whenever something was written since."""
        return self._database.change_token()

    def verify(self) -> list[str]:
        """Return what is wrong with the store."""
        from trackbook.store.sql import verifying

        try:
            with self._reading() as connection:
                return verifying.problems(connection, self._objects)
        except StoreError as error:
            return [str(error)]

    def collect(self, *, grace: timedelta = GRACE, is_dry_run: bool = False, is_unshared: bool = False) -> Collection:
        """Free what nothing in the store needs."""
        from trackbook.store.sql import collecting

        if not is_unshared:
            collecting.check_unshared(self._database.path, self._objects.location)
        return collecting.collect(self._database, self._objects, self.sessions(), grace, is_dry_run=is_dry_run)

    def close(self) -> None:
        """Let go of connections."""
        self._database.close()
