"""Datasets by name: publishing a table as the next version of one, finding a version again, listing what there is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from trackbook import clock
from trackbook.capture.fingerprint import fingerprint as fingerprint_of
from trackbook.capture.tables import is_table
from trackbook.errors import AmbiguousError, InvalidValueError, NotFoundError, StoreError
from trackbook.records import DatasetUse, DatasetVersion, FileRead, Role, RunDetail, Snapshot
from trackbook.records.profile import TableProfile
from trackbook.records.table_diff import TableDiff
from trackbook.store import kept
from trackbook.store.contract import Batch, RunFilter, Store
from trackbook.tracking.annotate import check_key
from trackbook.tracking.find import find_run, short_id
from trackbook.tracking.query import query_of

PATH = "dataset://"
"""What the path of a read begins with where a dataset was read, and no file."""
PINNED = "TRACKBOOK_DATA_VERSIONS"
_LONGEST_NAME = 200
_SHORTEST_FINGERPRINT = 4
_MOST_NAMES = 8
_MOST_VERSIONS = 100  # of a name; runs that used older ones only are not counted
_HASH = "xx3:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who publishes or checks a table: as much as is known of session, run and execution."""

    session_id: str | None = None
    run_id: str | None = None
    execution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTable:
    """A table that can be read again: a dataset's version, or, where `version` is None, one that a run used.

    `is_latest`: nobody said which version, so it is the latest.
    """

    name: str
    snapshot_id: str
    version: DatasetVersion | None = None
    is_latest: bool = False

    @property
    def label(self) -> str:
        """What it is called: ``train@3``."""
        return label_of(self.version) if self.version is not None else self.name

    @property
    def read(self) -> FileRead:
        """How a read of it is put down, beside reads of files."""
        path = PATH + self.label
        return FileRead(path=path, digest=self.snapshot_id, object_digest=self.snapshot_id, is_latest=self.is_latest)


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


def label_of(version: DatasetVersion) -> str:
    """Return what a version is called: ``train@3``."""
    return f"{version.name}@{version.version}"


def check_name(name: object) -> str:
    """Return `name` if a dataset may be called so.

    Raises
    ------
    InvalidValueError
        If it is no text, empty or too long, or holds what means something else on a command line.
    """
    found = check_key(name, "dataset")
    if "@" in found or found.startswith("-") or "\\" in found:
        raise InvalidValueError(
            f"{found!r} can't name a dataset: leave out @ and backslashes, and a dash at the beginning. "
            "A version is written behind the name: train@3."
        )
    if len(found) > _LONGEST_NAME:
        raise InvalidValueError(f"A dataset's name of {len(found)} characters is too long. At most {_LONGEST_NAME}.")
    return found


def split_reference(reference: str) -> tuple[str, int | None]:
    """Return the name and the version that ``train@3`` means; without a version it is the latest, None.

    Raises
    ------
    InvalidValueError
        If what follows the sign is no version.
    """
    name, sign, number = check_key(reference, "dataset").strip().partition("@")
    return check_name(name), _number(number) if sign else None


def publish_table(store: Store, table: Any, name: str, maker: Maker) -> DatasetVersion:
    """Make a table the next version of a dataset, and return that; the content of the latest version again is that one.

    Raises
    ------
    InvalidValueError
        If it has no name for a dataset, is no table, or can't be kept such that an equal one comes back.
    """
    name = check_name(name)
    snapshot = keep_table(store, table, f"published as '{name}'")
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


def profile_of(store: Store, snapshot: Snapshot) -> TableProfile:
    """Return what the columns of a snapshot look like: worked out once, then kept with it."""
    from trackbook.store import tables

    if snapshot.profile_digest is not None:
        with suppress(NotFoundError):  # it can be worked out again
            return tables.read_profile(store.objects, snapshot.profile_digest)
    profile = tables.profile(store.objects, snapshot.snapshot_id)
    with suppress(StoreError):  # a store that can only be read shows it all the same
        digest = tables.write_profile(store.objects, profile)
        store.write(Batch(snapshots=(replace(snapshot, profile_digest=digest),)))
    return profile


def profiles_of(store: Store, detail: RunDetail, *, most_cells: int | None = None) -> dict[str, TableProfile]:
    """Return what the columns of a run's tables look like, by their names.

    Of tables whose content is kept, training data first; of several with one content the first. One of more cells than
    `most_cells` is left out unless its profile is there already. A table whose pieces are lost has none.
    """
    uses = sorted(detail.datasets, key=lambda use: use.role not in (Role.TRAIN, None))
    ids = dict.fromkeys(use.snapshot_id for use in uses if use.snapshot_id is not None)
    snapshots = {each.snapshot_id: each for each in store.snapshots(ids=list(ids))} if ids else {}
    found: dict[str, TableProfile] = {}
    for use in uses:
        snapshot = snapshots.pop(use.snapshot_id or "", None)
        if snapshot is not None and (snapshot.profile_digest is not None or _is_quick(snapshot, most_cells)):
            with suppress(NotFoundError):
                found[use.name if use.name not in found else f"{use.name} ({use.role})"] = profile_of(store, snapshot)
    return found


def _is_quick(snapshot: Snapshot, most_cells: int | None) -> bool:
    return most_cells is None or (snapshot.rows or 0) * (snapshot.columns or 0) <= most_cells


def diff_tables(
    store: Store, before: KeptTable, after: KeptTable, *, key: Sequence[str] = (), by_position: bool = False
) -> TableDiff:
    """Return what differs between two tables; rows are told by a key, by position, or, without either, by content."""
    from trackbook.store import tables

    by = "position" if by_position else "content"
    return tables.diff(store.objects, before.snapshot_id, after.snapshot_id, key=list(key) or None, by=by)


# Finding a version


def find_table(
    store: Store,
    name: str | None,
    *,
    version: int | str | None = None,
    run: str | None = None,
    fingerprint: str | None = None,
) -> KeptTable:
    """Return the table that is meant: a version by number, the one that a run made or used, the one with a content.

    Parameters
    ----------
    name
        The dataset, ``train`` or ``train@3``; without it, a fingerprint alone says which.
    version
        Its number; without anything else the latest.
    run
        A run as for `trackbook.tracking.find.find_run`. Beside datasets, ``name`` may be what the run called a table.
    fingerprint
        The content's, or the beginning of it.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such version, or several.
    InvalidValueError
        If more than one of these says which, or one is none.
    """
    if sum(each is not None for each in (version, run, fingerprint)) > 1:
        raise InvalidValueError("Give one of version, run and fingerprint: each says for itself which table is meant.")
    if fingerprint is not None:
        return _with_fingerprint(store, name, fingerprint)
    if name is None:
        raise InvalidValueError("Which dataset? Give a name, or a fingerprint.")
    if run is not None:
        return _of_run(store, check_name(name), find_run(store, run))
    name, number = split_reference(name)
    if number is not None and version is not None:
        raise InvalidValueError(f"'{name}@{number}' names a version itself. Leave version={version!r} out.")
    wanted = number if version is None else _number(version)
    return replace(kept_version(_numbered(store, name, wanted)), is_latest=wanted is None)


def newer_version(store: Store, label: str, session_id: str | None) -> DatasetVersion | None:
    """Return the latest version of a dataset, if it is newer than one (``train@3``) and has another content.

    One that the session published itself is none: what a notebook publishes, it makes again.
    """
    name, number = split_reference(label)
    versions = store.versions(name)
    read = next((each for each in versions if each.version == number), None)
    if read is None or read is versions[-1] or versions[-1].snapshot_id == read.snapshot_id:
        return None
    return versions[-1] if session_id is None or versions[-1].session_id != session_id else None


def find_version(store: Store, reference: str) -> DatasetVersion:
    """Return the version that ``train@3`` or ``train`` (the latest) means.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return _numbered(store, *split_reference(reference))


def version_before(store: Store, version: DatasetVersion) -> DatasetVersion:
    """Return the version before another of its dataset.

    Raises
    ------
    NotFoundError
        If it is the first.
    """
    earlier = [each for each in store.versions(version.name) if each.version < version.version]
    if not earlier:
        raise NotFoundError(
            f"'{label_of(version)}' is the first version of its dataset. Name another version to compare it with."
        )
    return earlier[-1]


def kept_version(version: DatasetVersion) -> KeptTable:
    """Return the table of a version."""
    return KeptTable(name=version.name, snapshot_id=version.snapshot_id, version=version)


def _number(version: object) -> int | None:
    if version == "latest":
        return None
    text = str(version).strip()
    if isinstance(version, bool) or not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise InvalidValueError(f"{version!r} is no version. Versions count from 1: train@3, or version=3.")
    return int(text)


def _numbered(store: Store, name: str, number: int | None) -> DatasetVersion:
    versions = store.versions(name)
    if not versions:
        raise NotFoundError(_no_dataset(store, name))
    if number is None:
        return versions[-1]
    found = next((each for each in versions if each.version == number), None)
    if found is None:
        has = ", ".join(str(each.version) for each in versions[-_MOST_NAMES:])
        raise NotFoundError(f"Dataset '{name}' has no version {number}. Its versions: {has}.")
    return found


def _with_fingerprint(store: Store, name: str | None, fingerprint: str) -> KeptTable:
    wanted = str(fingerprint).strip().removeprefix(_HASH).lower()
    if len(wanted) < _SHORTEST_FINGERPRINT:
        raise InvalidValueError(f"{fingerprint!r} is too short for a fingerprint. Give {_SHORTEST_FINGERPRINT} digits.")
    known = store.versions(None if name is None else check_name(name))
    found = [each for each in known if (each.fingerprint or "").startswith(wanted)]
    contents = {each.fingerprint for each in found}
    if len(contents) > 1:
        raise AmbiguousError(f"{len(contents)} contents have fingerprints that begin with '{wanted}'. Give more of it.")
    if found:
        return kept_version(found[-1])
    snapshots = [each for each in store.snapshots() if (each.fingerprint or "").startswith(wanted)] if not name else []
    if len(snapshots) == 1:
        return KeptTable(name=wanted[:8], snapshot_id=snapshots[0].snapshot_id)
    if snapshots:
        raise AmbiguousError(f"{len(snapshots)} snapshots have fingerprints that begin with '{wanted}'. Give a name.")
    if name is not None and not known:
        raise NotFoundError(_no_dataset(store, name))
    of_name = f" of dataset '{name}'" if name else ""
    raise NotFoundError(f"No version{of_name} has the fingerprint '{wanted}'. See them with trackbook data ls.")


def _of_run(store: Store, name: str, detail: RunDetail) -> KeptTable:
    """Return the version of a name that a run published, else used; else the table that it called so."""
    versions = store.versions(name)
    own = [each for each in versions if each.run_id == detail.run.run_id]
    used = [each for each in versions if any(_is_use_of(use, each) for use in detail.datasets)]
    if own or used:
        return kept_version((own or used)[-1])
    named = [use for use in detail.datasets if use.name == name]
    kept = list(dict.fromkeys(use.snapshot_id for use in named if use.snapshot_id is not None))
    if len(kept) > 1:
        roles = ", ".join(str(use.role) for use in named)
        raise AmbiguousError(
            f"Run '{detail.run.name}' used several tables named '{name}' ({roles}). "
            "Give the fingerprint of the one you mean: trackbook.get_run(...).datasets has them."
        )
    if kept:
        return KeptTable(name=name, snapshot_id=kept[0])
    if named:
        raise NotFoundError(f"Only the fingerprint of '{name}' was kept with run '{detail.run.name}', not its content.")
    if not versions and store.versions():
        hint = _near(name, [*{each.name for each in store.versions()}, *(use.name for use in detail.datasets)])
    else:
        hint = ""
    has = ", ".join(dict.fromkeys(use.name for use in detail.datasets)) or "none"
    raise NotFoundError(
        f"Run '{detail.run.name}' ({short_id(detail.run.run_id)}) neither made nor used a dataset '{name}'.{hint} "
        f"Its tables: {has}."
    )


def _is_use_of(use: DatasetUse, version: DatasetVersion) -> bool:
    path = PATH + label_of(version)
    if use.snapshot_id is not None or use.fingerprint is None:
        return use.snapshot_id == version.snapshot_id or any(file.path == path for file in use.files)
    return use.fingerprint == version.fingerprint or any(file.path == path for file in use.files)


def _no_dataset(store: Store, name: str) -> str:
    names = list(dict.fromkeys(each.name for each in store.versions()))
    if not names:
        return (
            f"No dataset '{name}': none is published in {store.location} yet. "
            f"Publish one: trackbook.publish(table, '{name}')."
        )
    listed = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return f"No dataset '{name}'.{_near(name, names)} There are: {listed}."


def _near(name: str, names: Iterable[str]) -> str:
    by_case = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_case, n=2)
    return f" Did you mean {' or '.join(repr(by_case[each]) for each in close)}?" if close else ""


# Reading


def load_table(
    store: Store,
    kept: KeptTable,
    *,
    columns: Sequence[Any] | None = None,
    rows: slice | range | tuple[int, int] | None = None,
    as_: str | None = None,
) -> Any:
    """Return the content of a table, or a part of it, as `Store.get_table` does."""
    return store.get_table(kept.snapshot_id, columns=columns, rows=_range(rows), as_=as_)


def _range(rows: object) -> slice | None:
    if rows is None or isinstance(rows, slice):
        return rows
    if isinstance(rows, range):
        return slice(rows.start, rows.stop, rows.step)
    if isinstance(rows, tuple | list) and len(rows) == 2 and all(isinstance(each, int | None) for each in rows):
        return slice(*rows)
    raise InvalidValueError(f"rows={rows!r} is no range of rows. Give one such as (0, 100) or slice(0, 100).")


def pinned(name: str | None) -> str | None:
    """Return the version that this process is to read of a dataset whose version it leaves open (``train@3``), if any.

    A slice says so in ``$TRACKBOOK_DATA_VERSIONS``: ``train@3,test@1``.
    """
    labels = os.environ.get(PINNED, "").split(",")
    return next((label for label in labels if label.rpartition("@")[0] == name), None) if name else None


def copy_datasets(store: Store, target: Store, reads: Iterable[FileRead]) -> str:
    """Put datasets into another store as they were read, and return what ``$TRACKBOOK_DATA_VERSIONS`` is to be there.

    Tables that no version is of, a run's own, become versions of the name that they were read by.

    Raises
    ------
    NotFoundError
        If a piece of one is lost.
    """
    labels = []
    for read in filter(is_dataset, reads):
        name, sign, number = read.path.removeprefix(PATH).rpartition("@")
        name = name if sign else number
        (snapshot,) = store.snapshots(ids=[read.object_digest or ""])
        snapshot = replace(snapshot, profile_digest=None)
        for digest in kept.needed(store.objects, snapshot):
            target.put_object(store.get_object(digest))
        version = DatasetVersion(
            name=name,
            version=int(number) if sign else 1,
            snapshot_id=snapshot.snapshot_id,
            fingerprint=snapshot.fingerprint,
            made_at=snapshot.made_at,
        )
        target.write(Batch(snapshots=(snapshot,), versions=(version,)))
        labels.append(label_of(version))
    return ",".join(labels)


def labels_of(reads: Iterable[FileRead]) -> list[str]:
    """Return which versions some reads are of (``train@3``); reads of files are none of them."""
    return sorted({read.path.removeprefix(PATH) for read in reads if is_dataset(read)})


def is_dataset(read: FileRead) -> bool:
    """Return whether a dataset was read, and no file."""
    return read.path.startswith(PATH)


# Listing


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
        raise NotFoundError(_no_dataset(store, missing))
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
