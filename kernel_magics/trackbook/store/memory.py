"""The store in memory: for tests, and for a notebook that must leave no trace."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING

from trackbook import clock
from trackbook.errors import TrackbookError
from trackbook.records import Environment, Execution, MetricPoint, Origin, RunDetail, Session
from trackbook.store import rules
from trackbook.store.content import Content
from trackbook.store.contract import GRACE, Batch, Collection, RunFilter
from trackbook.store.objects import MemoryObjects

if TYPE_CHECKING:
    from trackbook.records.query import NameKind


class MemoryStore:
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

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        rules.check_batch(batch)
        with self._lock:
            self._content.write(batch)
            self._token += 1

    def runs(self, where: RunFilter) -> list[RunDetail]:
        """Return the runs of a filter."""
        with self._lock:
            first = max(where.offset, 0)
            end = None if where.limit is None else first + max(where.limit, 0)
            found = self._content.found(where, self._gone)[first:end]
            gone = self._gone(kept.run.session_id for kept in found)
            return [kept.detail(kept.run.session_id in gone) for kept in found]

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

    def change_token(self) -> int:
        """Return a number that differs whenever something was written since."""
        with self._lock:
            return self._token

    def verify(self) -> list[str]:
        """Return which objects are needed and not there: nothing else can go wrong in memory."""
        with self._lock:
            return [problem for who, digest in self._references() for problem in self._lost(who, digest)]

    def _references(self) -> Iterator[tuple[str, str]]:
        for kept in self._content.runs.values():
            for artifact in kept.artifacts.values():
                yield f"Run {kept.run.run_id}", artifact.digest
            for module in kept.modules.values():
                yield f"Run {kept.run.run_id}", module.digest
        for execution in self._content.executions.values():
            for digest in rules.object_digests(execution.outputs):
                yield f"Execution {execution.execution_id}", digest
        for environment in self._content.environments.values():
            if environment.git and environment.git.patch:
                yield f"Environment {environment.environment_id}", environment.git.patch

    def _lost(self, who: str, digest: str) -> Iterator[str]:
        try:
            self._objects.get(digest)
        except TrackbookError as error:
            yield f"{who} can't be read whole: {error}"

    def collect(self, *, grace: timedelta = GRACE, is_dry_run: bool = False, is_unshared: bool = False) -> Collection:
        """Free what nothing in the store needs; its objects are never shared."""
        from trackbook.store.collecting import began, sweep

        with self._lock:
            needed = {digest for _, digest in self._references()}
            since = began(grace, self._content.sessions.values())
            return sweep(self._objects, needed, since, is_dry_run=is_dry_run)

    def close(self) -> None:
        """Do nothing: what is in memory has no connections, and closing must not lose it."""
