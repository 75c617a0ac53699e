"""The store in memory: for tests, and for a notebook that must leave no trace."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trackbook import clock
from trackbook.errors import TrackbookError
from trackbook.records import (
    Check,
    DatasetVersion,
    Environment,
    Execution,
    MetricPoint,
    Origin,
    Reproduction,
    RunDetail,
    Session,
    Snapshot,
)
from trackbook.store import rules
from trackbook.store.content import Content
from trackbook.store.contract import GRACE, Batch, Collection, Holdings, ObjectUse, RunFilter, Usage
from trackbook.store.kept import KeepsTables, held, new_bytes
from trackbook.store.kept import needed as needed_by
from trackbook.store.objects import MemoryObjects, Objects

if TYPE_CHECKING:
    from trackbook.records.query import NameKind
    from trackbook.store.contract import Store


class MemoryStore(KeepsTables):
    """See `trackbook.store.contract.Store`, which it keeps as long as its process lives.

    Records go in and out as copies, so that nobody changes what is on the record by changing a list.
    """

    def __init__(self, location: str = "memory://") -> None:
        self._location = location
        self._lock = threading.RLock()
        self._content = Content()
        self._objects = MemoryObjects()
        self._token = int(clock.now().timestamp() * 1000)

    @property
    def location(self) -> str:
        """The URL that opens it again in this process."""
        return self._location

    def identity(self) -> object | None:
        """Return the same for ever: nobody can delete it."""
        return self._location

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        self._write(batch)

    def _write(self, batch: Batch) -> list[DatasetVersion]:
        rules.check_batch(batch)
        with self._lock:
            versions = self._content.write(batch)
            self._token += 1
            return versions

    def compose(self, make: Callable[[Store], Batch]) -> Batch:
        """Write a batch that is made of what is on the record."""
        with self._lock:
            batch = make(self)
            self._write(batch)
            return batch

    @contextmanager
    def frozen(self) -> Iterator[MemoryStore]:
        """Give the store as it is at this moment."""
        still = copy(self)
        with self._lock:
            still._content = deepcopy(self._content)
        yield still

    def runs(self, where: RunFilter) -> list[RunDetail]:
        """Return the runs of a filter."""
        with self._lock:
            first = max(where.offset, 0)
            end = None if where.limit is None else first + max(where.limit, 0)
            found = self._content.found(where, self._gone)[first:end]
            gone = self._gone(kept.run.session_id for kept in found)
            return [rules.with_fields(kept.detail(kept.run.session_id in gone), where.fields) for kept in found]

    def count_runs(self, where: RunFilter) -> int:
        """Return how many runs a filter has."""
        with self._lock:
            return len(self._content.found(where, self._gone))

    def names(self, kind: NameKind) -> list[str]:
        """Return the names of a kind that runs have, sorted."""
        with self._lock:
            return self._content.names(kind)

    def _gone(self, session_ids: Iterable[str]) -> set[str]:
        now = clock.now()
        return {each for each in set(session_ids) if rules.is_gone(self._content.sessions[each], now)}

    def metric_history(self, run_id: str, key: str) -> list[MetricPoint]:
        """Return every point of a metric, by step, then time."""
        with self._lock:
            kept = self._content.runs.get(run_id)
            points = kept.points.get(key, []) if kept else []
            return sorted(points, key=lambda point: (point.step, point.time))

    def origins(self, run_id: str) -> list[Origin]:
        """Return which statements made a run's metrics and models."""
        with self._lock:
            kept = self._content.runs.get(run_id)
            return deepcopy(list(kept.origins.values())) if kept else []

    def executions(
        self, *, ids: Sequence[str] | None = None, session_id: str | None = None, run_id: str | None = None
    ) -> list[Execution]:
        """Return executions in the order in which they started."""
        with self._lock:
            found = [
                execution
                for execution in self._content.executions.values()
                if (ids is None or execution.execution_id in ids)
                and (session_id is None or execution.session_id == session_id)
                and (run_id is None or run_id in self._content.run_ids.get(execution.execution_id, ()))
            ]
            gone = self._gone(execution.session_id for execution in found)
            found.sort(key=lambda execution: (execution.started_at, execution.index, execution.execution_id))
            return [self._content.execution(each.execution_id, each.session_id in gone) for each in found]

    def sessions(self, *, ids: Sequence[str] | None = None) -> list[Session]:
        """Return sessions, oldest first."""
        with self._lock:
            found = [each for each in self._content.sessions.values() if ids is None or each.session_id in ids]
            return sorted(found, key=lambda session: (session.started_at, session.session_id))

    def environment(self, environment_id: str) -> Environment | None:
        """Return an environment."""
        with self._lock:
            return deepcopy(self._content.environments.get(environment_id))

    def put_object(self, content: bytes) -> str:
        """Keep bytes and return their digest."""
        return self._objects.put(content)

    def get_object(self, digest: str) -> bytes:
        """Return the bytes of an object."""
        return self._objects.get(digest)

    def object_uses(self, digest: str) -> list[ObjectUse]:
        """Return what an object is as an artifact or a module of a run, or as part of what a cell showed."""
        with self._lock:
            return self._content.object_uses(digest)

    @property
    def objects(self) -> Objects:
        """The place of the objects."""
        return self._objects

    def snapshots(
        self, *, ids: Sequence[str] | None = None, fingerprints: Sequence[str] | None = None
    ) -> list[Snapshot]:
        """Return the snapshots on the record, oldest first."""
        with self._lock:
            found = [
                each
                for each in self._content.data.snapshots.values()
                if (ids is None or each.snapshot_id in ids)
                and (fingerprints is None or each.fingerprint in fingerprints)
            ]
            return sorted(found, key=lambda snapshot: (snapshot.made_at, snapshot.snapshot_id))

    def find_snapshot(self, fingerprint: str, restore_key: str = "") -> Snapshot | None:
        """Return the snapshot that a table would become, if it is kept."""
        with self._lock:
            return self._content.data.find(fingerprint, restore_key)

    def versions(
        self, name: str | None = None, *, run_id: str | None = None, snapshot_id: str | None = None
    ) -> list[DatasetVersion]:
        """Return versions of datasets by name, then number."""
        with self._lock:
            every = [each for known in self._content.data.versions.values() for each in known.values()]
            found = [
                each
                for each in every
                if name in (None, each.name)
                and run_id in (None, each.run_id)
                and snapshot_id in (None, each.snapshot_id)
            ]
            return sorted(found, key=lambda version: (version.name, version.version))

    def publish(self, version: DatasetVersion, *, snapshot: Snapshot | None = None) -> DatasetVersion:
        """Write a version and return it with its number."""
        (published,) = self._write(Batch(snapshots=(snapshot,) if snapshot else (), versions=(version,)))
        return published

    def checks(
        self, *, run_id: str | None = None, execution_id: str | None = None, snapshot_id: str | None = None
    ) -> list[Check]:
        """Return checks in the order of their times."""
        with self._lock:
            found = [
                each
                for each in self._content.data.checks.values()
                if run_id in (None, each.run_id)
                and execution_id in (None, each.execution_id)
                and snapshot_id in (None, each.snapshot_id)
            ]
            return deepcopy(sorted(found, key=lambda check: (check.at, check.check_id)))

    def reproductions(self, *, run_id: str | None = None) -> list[Reproduction]:
        """Return reproductions in the order of their times."""
        with self._lock:
            found = [each for each in self._content.data.reproductions.values() if run_id in (None, each.run_id)]
            return deepcopy(sorted(found, key=lambda reproduction: (reproduction.at, reproduction.reproduction_id)))

    def usage(self) -> Usage:
        """Return how much the store holds."""
        with self._lock:
            snapshots = self._content.data.snapshots.values()
            return Usage(
                snapshots=len(snapshots),
                snapshot_bytes=sum(each.new_bytes for each in snapshots),
                model_bytes=sum(map(self._objects.size, set(self._content.objects_by_kind()["models"]))),
            )

    def holdings(self) -> Holdings:
        """Return what the objects take by kind."""
        with self._lock:
            return held(self._objects, self._content.data.snapshots.values(), self._content.objects_by_kind())

    def change_token(self) -> int:
        """Return a number that differs whenever something was written since."""
        with self._lock:
            return self._token

    def verify(self) -> list[str]:
        """Return which objects are needed and not there: nothing else can go wrong in memory."""
        with self._lock:
            needed: dict[str, dict[str, None]] = defaultdict(dict)
            for who, digest in self._needed(self._content.data.snapshots):
                needed[digest].setdefault(who)
            return [problem for digest, who in needed.items() for problem in self._lost(" and ".join(who), digest)]

    def _needed(self, snapshot_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Return what needs an object, and which: those of some snapshots for all that names them."""
        snapshots = self._content.data.snapshots
        users: dict[str, list[str]] = defaultdict(list)
        for who, snapshot_id in self._users():
            users[snapshot_id].append(who)
        for snapshot_id in snapshot_ids:
            for digest in needed_by(self._objects, snapshots[snapshot_id]):
                yield from ((who, digest) for who in users.get(snapshot_id, [f"Snapshot {snapshot_id}"]))
        yield from (each for each in self._content.references() if each[1] not in snapshots)

    def _users(self) -> Iterator[tuple[str, str]]:
        """Return what needs a snapshot, and which: by its id, or as what a file's content is kept in."""
        yield from self._content.users_of_snapshots()
        yield from (each for each in self._content.references() if each[1] in self._content.data.snapshots)

    def _lost(self, who: str, digest: str) -> Iterator[str]:
        try:
            self._objects.get(digest)
        except TrackbookError as error:
            yield f"{who} can't be read whole: {error}"

    def collect(self, *, grace: timedelta = GRACE, is_dry_run: bool = False, is_unshared: bool = False) -> Collection:
        """Free what nothing in the store needs; its objects are never shared."""
        from trackbook.store.collecting import began, sweep

        with self._lock:
            since = began(grace, self._content.sessions.values())
            data = self._content.data
            used = {snapshot_id for _, snapshot_id in self._users()}
            idle = {each for each, used_at in data.used_at.items() if each not in used and used_at < since}
            needed = {digest for _, digest in self._needed(data.snapshots.keys() - idle)}
            if not is_dry_run:
                data.forget_snapshots(idle)
                data.count_bytes(new_bytes(self._objects, self.snapshots()) if idle else ())
            found = sweep(self._objects, needed, since, is_dry_run=is_dry_run)
            return replace(found, snapshots=len(idle))

    def close(self) -> None:
        """Do nothing: what is in memory has no connections, and closing must not lose it."""
