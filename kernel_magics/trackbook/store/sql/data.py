"""What a store in a SQL database does with data: tables, their snapshots and versions, checks, reproductions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from trackbook import clock
from trackbook.records import Check, DatasetVersion, Reproduction, Snapshot
from trackbook.store.contract import Batch, Holdings, ObjectUse, Usage
from trackbook.store.kept import KeepsTables, held
from trackbook.store.objects import Objects
from trackbook.store.sql import data_holdings, data_reading, statements
from trackbook.store.sql.database import Database
from trackbook.store.sql.texts import Texts

T = TypeVar("T")


class SqlData(KeepsTables):
    """The part of `store.SqlStore` that is about data."""

    _database: Database
    _objects: Objects
    _texts: Texts
    _reading: Callable[[], AbstractContextManager[sqlite3.Connection]]

    def _written(self, batch: Batch) -> list[DatasetVersion]:
        """Write a batch and return its versions as they are on the record."""
        raise NotImplementedError

    @property
    def objects(self) -> Objects:
        """The place of the objects."""
        return self._objects

    def object_uses(self, digest: str) -> list[ObjectUse]:
        """Return what an object is as an artifact or a module of a run, or as part of what a cell showed."""
        from trackbook.store.sql import object_uses

        with self._reading() as connection:
            return object_uses.object_uses(connection, self._texts, digest)

    def snapshots(
        self, *, ids: Sequence[str] | None = None, fingerprints: Sequence[str] | None = None
    ) -> list[Snapshot]:
        """Return the snapshots on the record, oldest first."""
        asked = {"snapshot_id": ids, "fingerprint": fingerprints}
        return self._ask(data_reading.snapshots, asked)

    def find_snapshot(self, fingerprint: str, restore_key: str = "") -> Snapshot | None:
        """Return the snapshot that a table would become, if it is kept, and mark it as used again."""
        with self._reading() as connection:
            found = data_reading.snapshot_of_content(connection, self._texts, fingerprint, restore_key)
        return found if found is not None and self._is_used(found) else None

    def _is_used(self, snapshot: Snapshot) -> bool:
        """Mark a snapshot as used now and return whether it is still there."""
        values = (clock.microseconds(clock.now()), snapshot.snapshot_id)
        use = statements.USE_SNAPSHOT.sql
        return self._database.alone(lambda connection: connection.execute(use, values).rowcount > 0)

    def versions(
        self, name: str | None = None, *, run_id: str | None = None, snapshot_id: str | None = None
    ) -> list[DatasetVersion]:
        """Return versions of datasets by name, then number."""
        return self._ask(data_reading.versions, _each(name=name, run_id=run_id, snapshot_id=snapshot_id))

    def publish(self, version: DatasetVersion, *, snapshot: Snapshot | None = None) -> DatasetVersion:
        """Write a version and return it with its number."""
        (published,) = self._written(Batch(snapshots=(snapshot,) if snapshot else (), versions=(version,)))
        return published

    def checks(
        self, *, run_id: str | None = None, execution_id: str | None = None, snapshot_id: str | None = None
    ) -> list[Check]:
        """Return checks in the order of their times."""
        return self._ask(data_reading.checks, _each(run_id=run_id, execution_id=execution_id, snapshot_id=snapshot_id))

    def reproductions(self, *, run_id: str | None = None) -> list[Reproduction]:
        """Return reproductions in the order of their times."""
        return self._ask(data_reading.reproductions, _each(run_id=run_id))

    def usage(self) -> Usage:
        """Return how much the store holds."""
        with self._reading() as connection:
            ((count, size),) = statements.SNAPSHOT_BYTES.ask(connection)
            models = data_holdings.models(connection)
        return Usage(
            snapshots=count,
            snapshot_bytes=size,
            model_bytes=sum(map(self._size_of_model, models)),
            database_bytes=_size_of(self._database.path),
        )

    def _size_of_model(self, digest: str) -> int:
        """Return what a model takes, looked at once: an object does not change."""
        if digest not in self._model_sizes:
            self._model_sizes[digest] = self._objects.size(digest)
        return self._model_sizes[digest]

    @cached_property
    def _model_sizes(self) -> dict[str, int]:
        return {}

    def holdings(self) -> Holdings:
        """Return what the objects take by kind."""
        with self._reading() as connection:
            snapshots = data_reading.snapshots(connection, self._texts, {})
            named = data_holdings.by_kind(connection, self._texts)
        return held(self._objects, snapshots, named)

    def _ask(
        self,
        read: Callable[[sqlite3.Connection, Texts, Mapping[str, Iterable[str] | None]], list[T]],
        asked: Mapping[str, Iterable[str] | None],
    ) -> list[T]:
        with self._reading() as connection:
            return read(connection, self._texts, asked)


def _each(**asked: str | None) -> dict[str, Iterable[str] | None]:
    return {name: None if value is None else (value,) for name, value in asked.items()}


def _size_of(path: Path) -> int:
    """Return what a file takes; nothing where it has just been deleted."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
