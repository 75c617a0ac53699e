"""What every store promises. The SQL store and the one in memory are held to it by one class of tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from trackbook.records import (
    Artifact,
    DatasetUse,
    Environment,
    Execution,
    JsonValue,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    Run,
    RunDetail,
    Session,
)

if TYPE_CHECKING:
    from trackbook.records.query import NameKind, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """What is added to one run.

    `run`: the row to insert or to replace (None: only the rest); its note counts only where the run is new. `params`
    are added; a key that is on the record with another value is refused. `metrics` are appended. `tags` are set; None
    takes a tag away. `datasets` (by name and role), `models` (by model_id), `artifacts` and `modules` (by name) are
    added, or replaced while the run is RUNNING. `note` is put over the one that the run has, an empty one takes it
    away; None leaves it.
    `execution_ids` are the executions that the run is made of, `origins` say which statements made its metrics and
    models; one of the same kind, key and statement is added once.
    """

    run_id: str
    run: Run | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    metrics: Sequence[MetricPoint] = ()
    tags: Mapping[str, str | None] = field(default_factory=dict)
    datasets: Sequence[DatasetUse] = ()
    models: Sequence[Model] = ()
    artifacts: Sequence[Artifact] = ()
    modules: Sequence[ModuleUse] = ()
    note: str | None = None
    execution_ids: Sequence[str] = ()
    origins: Sequence[Origin] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is written together: all of it or nothing.

    `withdrawn` are the ids of RUNNING runs that turned out to be none (a repetition); with all that hangs on them.
    """

    sessions: Sequence[Session] = ()
    environments: Sequence[Environment] = ()
    executions: Sequence[Execution] = ()
    runs: Sequence[RunChange] = ()
    withdrawn: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list, and of which slice of the list (newest first unless `oldest_first`).

    `ids` restricts to those runs. `name` is an exact readable name. `prefix` is the beginning of a run id.
    `only_roots` leaves out runs with a parent. `of_last_execution` restricts to the runs that the last execution of all
    that belong to runs belongs to: what was at work last, also if that was an earlier run again. `query` says more
    about the runs, puts them in order where it has one, and may have a limit of its own, within which `limit` and
    `offset` turn the pages.
    """

    ids: Sequence[str] | None = None
    prefix: str | None = None
    name: str | None = None
    experiment: str | None = None
    session_id: str | None = None
    parent_id: str | None = None
    only_roots: bool = False
    of_last_execution: bool = False
    query: Query | None = None
    oldest_first: bool = False
    limit: int | None = None
    offset: int = 0


GRACE = timedelta(hours=1)
"""How long an object may be there before the row that names it, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What `Store.collect` freed, or would free where `is_dry_run`. Sizes are in bytes.

    `objects` that nothing needs and `leftovers` of writers that died were freed; `young` ones, which nothing needs
    either, stayed because somebody may be about to. `database_bytes` came from the database's own files.
    """

    is_dry_run: bool
    objects: int = 0
    object_bytes: int = 0
    leftovers: int = 0
    leftover_bytes: int = 0
    young: int = 0
    young_bytes: int = 0
    database_bytes: int = 0

    @property
    def freed_bytes(self) -> int:
        """Everything together."""
        return self.object_bytes + self.leftover_bytes + self.database_bytes


class Store(Protocol):
    """A place where everything is kept.

    Invariants
    ----------
    - `write` is one transaction: another process sees all of a batch or nothing, and when it returns the batch outlives
      the death of this process.
    - Any number of threads and processes may read and write at once; nobody sees a lock error, no reader blocks a
      writer.
    - Nothing on the record changes: a param's value, a metric point, an execution that has ended. Runs change status,
      name, note and tags.
    - A RUNNING run of a session that is gone (lease over, or its process known to be dead on this machine) is given out
      as KILLED, without anybody's help; so is a RUNNING execution (as INTERRUPTED).
    - Values come back as they were given: NaN, the infinities, -0.0, integers of any size, long strings, any unicode.
    """

    @property
    def location(self) -> str:
        """Where the store is, as a person would say it."""

    def write(self, batch: Batch) -> None:
        """Write a batch; see the invariants.

        Raises
        ------
        ImmutableError
            If it would change what is on the record; nothing of the batch is written then.
        StoreError
            If the place can't be written.
        """

    def runs(self, where: RunFilter) -> list[RunDetail]:
        """Return the runs of a filter with all that hangs on them, in a constant number of queries."""

    def count_runs(self, where: RunFilter) -> int:
        """Return how many runs a filter has, its limit and offset put aside."""

    def names(self, kind: NameKind) -> list[str]:
        """Return the names of a kind that runs of the store have, sorted: keys, experiments, classes of models ..."""

    def metric_history(self, run_id: str, key: str) -> list[MetricPoint]:
        """Return every point of a metric, by step, then time."""

    def origins(self, run_id: str) -> list[Origin]:
        """Return which statements made a run's metrics and models, in the order in which they were written."""

    def executions(
        self, *, ids: Sequence[str] | None = None, session_id: str | None = None, run_id: str | None = None
    ) -> list[Execution]:
        """Return executions in the order in which they started, with the ids of their runs."""

    def sessions(self, *, ids: Sequence[str] | None = None) -> list[Session]:
        """Return sessions, oldest first."""

    def environment(self, environment_id: str) -> Environment | None:
        """Return an environment."""

    def put_object(self, content: bytes) -> str:
        """Keep bytes and return their digest: ``sha256`` in hex. The same bytes again cost nothing."""

    def get_object(self, digest: str) -> bytes:
        """Return the bytes of an object.

        Raises
        ------
        NotFoundError
            If there is none, or its content is not what its digest says.
        """

    def change_token(self) -> int:
        """Return a number that differs whenever something was written since, by anybody. Cheap: made to be polled."""

    def verify(self) -> list[str]:
        """Return what is wrong with the store, one sentence each; empty when all is well."""

    def collect(self, *, grace: timedelta = GRACE, is_dry_run: bool = False, is_unshared: bool = False) -> Collection:
        """Free what nothing in the store needs, while others go on writing.

        An object is put before the row that names it, so none is freed that was put, or put again, within the `grace`
        or since the oldest living session began.

        Parameters
        ----------
        grace
            How long rows may come after their objects.
        is_dry_run
            Change nothing; say what would be freed.
        is_unshared
            No other store keeps its objects at the same place, though it looks as if one might.

        Raises
        ------
        StoreError
            If the objects' place may be that of other stores too, or can't be written.
        """

    def close(self) -> None:
        """Let go of connections; a closed store is opened again by its next use."""
