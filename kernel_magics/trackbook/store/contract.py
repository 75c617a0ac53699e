"""What every store promises. The SQL store and the one in memory are held to it by one class of tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from trackbook.records import (
    Artifact,
    Check,
    DatasetUse,
    DatasetVersion,
    Environment,
    Execution,
    JsonValue,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    Reproduction,
    Run,
    RunDetail,
    Session,
    Snapshot,
)

if TYPE_CHECKING:
    from trackbook.records.query import NameKind, Query
    from trackbook.store.objects import Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChange:
    """What is added to one run.

    `run`: the row to insert or to replace (None: only the rest); its note counts only where the run is new. `params`
    are added; a key that is on the record with another value is refused. `metrics` are appended. `tags` are set; None
    takes a tag away. `datasets` (by name and role), `models` (by model_id), `artifacts` and `modules` (by name) are
    added, or replaced while the run is RUNNING. Where their content is kept (`DatasetUse.snapshot_id`,
    `FileRead.object_digest`, `Model.object_digest`, `Model.example_snapshot`) can also be filled in later, and is not
    forgotten when the same is written again without it. `note` is put over the one that the run has, an empty one
    takes it away; None leaves it.
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

    What a row names must be on the record, or in the same batch: a run's session, the snapshot of a dataset.
    `snapshots` are added, their objects put before; one that is written again counts as used again, and its profile is
    filled in. `versions` without a number get the next one of their name, unless the latest has the same content; a
    number that is taken by another content is refused. `checks` and `reproductions` are added. `withdrawn` are the ids
    of RUNNING runs that turned out to be none (a repetition); with all that hangs on them, checks and versions put
    aside.
    """

    sessions: Sequence[Session] = ()
    environments: Sequence[Environment] = ()
    executions: Sequence[Execution] = ()
    snapshots: Sequence[Snapshot] = ()
    runs: Sequence[RunChange] = ()
    versions: Sequence[DatasetVersion] = ()
    checks: Sequence[Check] = ()
    reproductions: Sequence[Reproduction] = ()
    withdrawn: Sequence[str] = ()

    @property
    def lone_execution(self) -> Execution | None:
        """The execution, where there is one that belongs to no run, and nothing else to write: most cells are that."""
        if len(self.executions) != 1 or self.executions[0].run_ids or self.has_data:
            return None
        has_more = self.runs or self.sessions or self.environments or self.withdrawn
        return None if has_more else self.executions[0]

    @property
    def has_data(self) -> bool:
        """Whether there are snapshots, versions, checks or reproductions."""
        return bool(self.snapshots or self.versions or self.checks or self.reproductions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Which params, metrics and tags to give with runs, by their keys; None: all of that kind."""

    params: Sequence[str] | None = None
    metrics: Sequence[str] | None = None
    tags: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list, and of which slice of the list (newest first unless `oldest_first`).

    `ids` restricts to those runs. `name` is an exact readable name. `prefix` is the beginning of a run id.
    `only_roots` leaves out runs with a parent. `of_last_execution` restricts to the runs that the last execution of all
    that belong to runs belongs to: what was at work last, also if that was an earlier run again. `tagged` is the
    name of a tag that they have, whatever its value: asked for in no time, as no query has to be made. `query` says
    more about the runs, puts them in order where it has one, and may have a limit of its own, within which `limit` and
    `offset` turn the pages. `fields` leaves out params, metrics and tags that nobody is going to look at.
    """

    ids: Sequence[str] | None = None
    prefix: str | None = None
    name: str | None = None
    experiment: str | None = None
    session_id: str | None = None
    parent_id: str | None = None
    tagged: str | None = None
    only_roots: bool = False
    of_last_execution: bool = False
    query: Query | None = None
    oldest_first: bool = False
    limit: int | None = None
    offset: int = 0
    fields: Fields = Fields()


GRACE = timedelta(hours=1)
"""How long an object may be there before the row that names it, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What `Store.collect` freed, or would free where `is_dry_run`. Sizes are in bytes.

    `objects` that nothing needs and `leftovers` of writers that died were freed; `young` ones, which nothing needs
    either, stayed because somebody may be about to. `snapshots` were forgotten that no run, version, check or model
    needs; their pieces are among the objects. `database_bytes` came from the database's own files.
    """

    is_dry_run: bool
    objects: int = 0
    object_bytes: int = 0
    leftovers: int = 0
    leftover_bytes: int = 0
    young: int = 0
    young_bytes: int = 0
    snapshots: int = 0
    database_bytes: int = 0

    @property
    def freed_bytes(self) -> int:
        """Everything together."""
        return self.object_bytes + self.leftover_bytes + self.database_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much a store holds. Sizes are in bytes.

    `snapshots` counts tables and files. `snapshot_bytes` is what the pieces of all of them take, each piece counted
    once: as they were written, and counted anew by `Store.collect`. `model_bytes` is what models take.
    """

    snapshots: int = 0
    snapshot_bytes: int = 0
    model_bytes: int = 0
    database_bytes: int = 0

    @property
    def kept_bytes(self) -> int:
        """Tables, files and models: what a budget is for."""
        return self.snapshot_bytes + self.model_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectUse:
    """What an object is: the media type that it was kept as, and the name of the file, None of what a cell showed."""

    media_type: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the objects of a store take, by kind, in bytes; one that is of several kinds counts as the first of them.

    `tables` and `files` are snapshots, with the profiles of tables. `code` is modules, and what was changed since the
    git commit. `others` is the rest: artifacts, reproductions, schemas, long texts, and what nothing needs any more.
    """

    tables: int = 0
    files: int = 0
    models: int = 0
    outputs: int = 0
    code: int = 0
    others: int = 0


class Store(Protocol):
    """A place where everything is kept.

    Invariants
    ----------
    - `write` is one transaction: another process sees all of a batch or nothing, and when it returns the batch outlives
      the death of this process.
    - Any number of threads and processes may read and write at once; nobody sees a lock error, no reader blocks a
      writer.
    - Nothing on the record changes: a param's value, a metric point, an execution that has ended, a dataset's version.
      Runs change status, name, note and tags.
    - A RUNNING run of a session that is gone (lease over, or its process known to be dead on this machine) is given out
      as KILLED, without anybody's help; so is a RUNNING execution (as INTERRUPTED).
    - Values come back as they were given: NaN, the infinities, -0.0, integers of any size, long strings, any unicode.
    """

    @property
    def location(self) -> str:
        """Where the store is, as a person would say it."""

    def identity(self) -> object | None:
        """Return what tells this store from one that is made in its place when it was deleted; None if there is none.

        It opens nothing and never waits.
        """

    def write(self, batch: Batch) -> None:
        """Write a batch; see the invariants.

        Raises
        ------
        ImmutableError
            If it would change what is on the record; nothing of the batch is written then.
        StoreError
            If the place can't be written.
        """

    def compose(self, make: Callable[[Store], Batch]) -> Batch:
        """Write a batch that is made of what is on the record, and return it; nobody writes in between.

        Parameters
        ----------
        make
            Is given the store, to read only, and has to be quick: whoever else writes waits.

        Raises
        ------
        ImmutableError
            If it would change what is on the record; nothing of the batch is written then.
        StoreError
            If the place can't be written.
        """

    def frozen(self) -> AbstractContextManager[Store]:
        """Give the store as it is at this moment, for reads that belong together: what is written meanwhile isn't seen.

        Only for as long as the reads take, for what is written meanwhile can't be tidied up before.
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

    def object_uses(self, digest: str) -> list[ObjectUse]:
        """Return what an object is as an artifact or a module of a run, or as part of what a cell showed.

        Empty for all else that is kept: tables, models, what belongs to reproductions, and what nothing names.
        """

    @property
    def objects(self) -> Objects:
        """The place of the objects, for `trackbook.store.tables`."""

    def put_table(self, table: Any, *, fingerprint: str | None = None, restore_key: str = "") -> Snapshot:
        """Keep the content of a table and return its snapshot, which is on the record once a batch has written it.

        Raises
        ------
        InvalidValueError
            If it can't be kept such that an equal one comes back; nothing is kept then.
        """

    def put_file(self, content: bytes) -> Snapshot:
        """Keep the content of a file and return its snapshot, which is on the record once a batch has written it.

        Its id is the SHA-256 of the bytes, as in a `FileRead`: `get_object` gives them back. Unlike an object that was
        only put, it is found again by `find_snapshot`, and counts in `usage`.
        """

    def put_model(self, content: bytes, *, fingerprint: str) -> Snapshot:
        """Keep a model's file and return its snapshot, which is on the record once a batch has written it.

        As `put_file`, but for what tells it apart: a hash of what the model holds, for its file is another each time.
        """

    def get_table(
        self,
        snapshot_id: str,
        *,
        columns: Sequence[Any] | None = None,
        rows: slice | None = None,
        as_: str | None = None,
    ) -> Any:
        """Return the table of a snapshot, equal to what was kept.

        Parameters
        ----------
        columns
            The names of those to read; all if None.
        rows
            A range of positions to read; all if None.
        as_
            ``"pandas"``, ``"arrow"`` or ``"polars"``: instead of the kind that was kept.

        Raises
        ------
        NotFoundError
            If it is not kept, or a piece of it is lost.
        """

    def snapshots(
        self, *, ids: Sequence[str] | None = None, fingerprints: Sequence[str] | None = None
    ) -> list[Snapshot]:
        """Return the snapshots on the record, oldest first."""

    def find_snapshot(self, fingerprint: str, restore_key: str = "") -> Snapshot | None:
        """Return the snapshot that a table with this fingerprint and restore key would become, if it is kept.

        The caller may name it in a batch as long as its session lives: it counts as used again.
        """

    def versions(
        self, name: str | None = None, *, run_id: str | None = None, snapshot_id: str | None = None
    ) -> list[DatasetVersion]:
        """Return versions of datasets by name, then number: all, or those of a name, a run, a snapshot."""

    def publish(self, version: DatasetVersion, *, snapshot: Snapshot | None = None) -> DatasetVersion:
        """Write a version, with its snapshot if that is new, and return it with its number.

        Any number of processes may publish a name at once: each content gets a number of its own. If the latest version
        has the same content, that one is returned and nothing is written.

        Raises
        ------
        InvalidValueError
            If the store has no such snapshot or run.
        ImmutableError
            If it has a number, and that is another content's.
        """

    def checks(
        self, *, run_id: str | None = None, execution_id: str | None = None, snapshot_id: str | None = None
    ) -> list[Check]:
        """Return checks in the order of their times: all, or those of a run, an execution, a snapshot."""

    def reproductions(self, *, run_id: str | None = None) -> list[Reproduction]:
        """Return reproductions in the order of their times: all, or those of a run."""

    def usage(self) -> Usage:
        """Return how much the store holds. Cheap: made to be asked before each snapshot."""

    def holdings(self) -> Holdings:
        """Return what the objects take by kind. It looks at every object."""

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
