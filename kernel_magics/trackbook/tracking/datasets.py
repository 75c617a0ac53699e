"""Datasets by name: publishing a table as the next version of one, reading it, listing what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trackbook import clock
from trackbook.capture.fingerprint import fingerprint as fingerprint_of
from trackbook.capture.tables import is_table
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import MODEL, DatasetVersion, RunDetail, Snapshot
from trackbook.records.table_diff import TableDiff
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.dataset_names import PATH, KeptTable, check_name, label_of
from trackbook.tracking.find import short_id
from trackbook.tracking.finding_datasets import no_dataset
from trackbook.tracking.query import query_of

_MOST_VERSIONS = 100  # of a name; runs that used older ones only are not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who publishes or checks a table: as much as is known of session, run and execution."""

    session_id: str | None = None
    run_id: str | None = None
    execution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A name with its versions, oldest first.

    `snapshots` are those of the versions by id, `runs` counts the runs that used one of them.
    """

    name: str
    versions: tuple[DatasetVersion, ...]
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    runs: int = 0

    @property
    def latest(self) -> DatasetVersion:
        """The newest version."""
        return self.versions[-1]

    def snapshot(self, version: DatasetVersion) -> Snapshot:
        """Return what a version holds."""
        return self.snapshots[version.snapshot_id]

    @property
    def stored_bytes(self) -> int:
        """What the versions take: what each brought that was not there before it."""
        return sum({each.snapshot_id: each.new_bytes for each in self.snapshots.values()}.values())


def publish_table(store: Store, table: Any, name: str, maker: Maker) -> DatasetVersion:
    """Make a table the next version of a dataset, and return that; the content of the latest version again is that one.

    Raises
    ------
    InvalidValueError
        If it has no name for a dataset, is no table, or can't be kept such that an equal one comes back.
    """
    name = check_name(name)
    return publish_snapshot(store, keep_table(store, table, f"published as '{name}'"), name, maker)


def publish_snapshot(store: Store, snapshot: Snapshot, name: str, maker: Maker) -> DatasetVersion:
    """Make what is kept the next version of a name, and return that."""
    version = DatasetVersion(
        name=name,
        snapshot_id=snapshot.snapshot_id,
        made_at=clock.now(),
        fingerprint=snapshot.fingerprint,
        session_id=maker.session_id,
        run_id=maker.run_id,
        execution_id=maker.execution_id,
    )
    return store.publish(version, snapshot=snapshot)


def keep_table(store: Store, table: Any, purpose: str) -> Snapshot:
    """Keep a table's content, and return its snapshot, to be written with what names it.

    Raises
    ------
    InvalidValueError
        If it is no table, or would not come back equal; it says that it can't be `purpose`.
    """
    if not is_table(table) and type(table).__module__.partition(".")[0] not in ("numpy", "pandas", "pyarrow", "polars"):
        raise InvalidValueError(
            f"A {type(table).__name__} can't be {purpose}: it is no table. Give a DataFrame, a Series, an array, a "
            "sparse matrix, or an Arrow or polars table."
        )
    from trackbook.store.tables import restore_key

    fingerprint, key = fingerprint_of(table), restore_key(table)
    known = store.find_snapshot(fingerprint, key) if fingerprint is not None and key is not None else None
    if known is not None:
        return known
    try:
        snapshot = store.put_table(table, fingerprint=fingerprint)
    except InvalidValueError as error:
        raise InvalidValueError(f"This {type(table).__name__} can't be {purpose}: {error}.") from None
    return replace(snapshot, restore_key=key or snapshot.snapshot_id)


def load_table(
    store: Store,
    kept: KeptTable,
    *,
    columns: Sequence[Any] | None = None,
    rows: slice | range | tuple[int, int] | None = None,
    as_: str | None = None,
) -> Any:
    """Return the content of a table, or a part of it, as `Store.get_table` does.

    Raises
    ------
    InvalidValueError
        If it is a model.
    """
    check_is_table(store, kept)
    return read_table(store, kept, columns=columns, rows=rows, as_=as_)


def read_table(
    store: Store,
    kept: KeptTable,
    *,
    columns: Sequence[Any] | None = None,
    rows: slice | range | tuple[int, int] | None = None,
    as_: str | None = None,
) -> Any:
    """Return the content of what is known to be a table, as `load_table` does."""
    return store.get_table(kept.snapshot_id, columns=columns, rows=_range(rows), as_=as_)


def check_is_table(store: Store, kept: KeptTable) -> None:
    """Refuse a version that is a model.

    Raises
    ------
    InvalidValueError
        If it is one.
    """
    if is_published_model(store, kept):
        raise no_table(kept)


def no_table(kept: KeptTable) -> InvalidValueError:
    """Return the error that says that a version is a model."""
    return InvalidValueError(f"'{kept.label}' is a model and no table: trackbook.load('{kept.label}') gives it back.")


def is_published_model(store: Store, kept: KeptTable) -> bool:
    """Return whether a version is a model's; what is no version is a run's own table."""
    return kept.version is not None and any(each.kind == MODEL for each in store.snapshots(ids=[kept.snapshot_id]))


def _range(rows: object) -> slice | None:
    if rows is None or isinstance(rows, slice):
        return rows
    if isinstance(rows, range):
        return slice(rows.start, rows.stop, rows.step)
    if isinstance(rows, tuple | list) and len(rows) == 2 and all(isinstance(each, int | None) for each in rows):
        return slice(*rows)
    raise InvalidValueError(f"rows={rows!r} is no range of rows. Give one such as (0, 100) or slice(0, 100).")


def diff_tables(
    store: Store, before: KeptTable, after: KeptTable, *, key: Sequence[str] = (), by_position: bool = False
) -> TableDiff:
    """Return what differs between two tables; rows are told by a key, by position, or, without either, by content."""
    from trackbook.store import tables

    for each in (before, after):
        check_is_table(store, each)
    by = "position" if by_position else "content"
    return tables.diff(store.objects, before.snapshot_id, after.snapshot_id, key=list(key) or None, by=by)


def list_datasets(store: Store, names: Iterable[str] | None = None) -> list[Dataset]:
    """Return the datasets by name, each with its versions; those of some names alone, if given.

    Raises
    ------
    NotFoundError
        If there is none of a given name.
    """
    wanted = None if names is None else [check_name(name) for name in names]
    versions: dict[str, list[DatasetVersion]] = {name: [] for name in wanted or ()}
    for each in store.versions(wanted[0] if wanted is not None and len(wanted) == 1 else None):
        if wanted is None or each.name in versions:
            versions.setdefault(each.name, []).append(each)
    missing = next((name for name, found in versions.items() if not found), None)
    if missing is not None:
        raise NotFoundError(no_dataset(store, missing))
    ids = [each.snapshot_id for found in versions.values() for each in found]
    snapshots = {each.snapshot_id: each for each in store.snapshots(ids=ids)} if ids else {}
    return [_dataset(store, name, found, snapshots) for name, found in sorted(versions.items())]


def _dataset(store: Store, name: str, versions: Sequence[DatasetVersion], snapshots: Mapping[str, Snapshot]) -> Dataset:
    return Dataset(
        name=name,
        versions=tuple(versions),
        snapshots={each.snapshot_id: snapshots[each.snapshot_id] for each in versions},
        runs=store.count_runs(_users(store, versions[-_MOST_VERSIONS:])),
    )


def runs_using(store: Store, version: DatasetVersion, limit: int | None = None) -> list[RunDetail]:
    """Return the runs that used a version, newest first: loaded from it, or of the same content."""
    where = replace(_users(store, [version]), limit=limit)
    return store.runs(where)


def _users(store: Store, versions: Iterable[DatasetVersion]) -> RunFilter:
    words = [word for each in versions for word in (PATH + label_of(each), each.fingerprint) if word]
    quoted = ('"' + word.replace('"', '""') + '"' for word in words)
    return RunFilter(query=query_of(store, " or ".join(f"dataset = {word}" for word in quoted)))


def made_by(store: Store, version: DatasetVersion) -> str:
    """Return who published a version, as far as that is known: a run, or a notebook."""
    run = next(iter(store.runs(RunFilter(ids=[version.run_id]))), None) if version.run_id else None
    session = next(iter(store.sessions(ids=[version.session_id])), None) if version.session_id else None
    where = session.notebook or session.experiment if session is not None else ""
    name = f"run {run.run.name} ({short_id(run.run.run_id)})" if run is not None else ""
    return " in ".join(filter(None, (name, where)))
