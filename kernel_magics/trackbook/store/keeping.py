"""What is known of where contents are kept, which version follows, and that nothing on the record changes: the same
for every store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, TypeVar

from trackbook.errors import ImmutableError, InvalidValueError
from trackbook.records import Check, DatasetUse, DatasetVersion, FileRead, Model, Reproduction, Snapshot
from trackbook.store.contract import Batch

_VERSION_LIMIT = 2**63
_WHERE_KEPT = ("object_digest", "snapshot_id", "example_snapshot")
_FILLED_DETAILS = ("example_predictions",)  # of a model: what it said of its example, known when that is kept

D = TypeVar("D")
Versions = dict[str, dict[int, DatasetVersion]]
"""Versions by name and number."""


def times(batch: Batch) -> Iterator[tuple[datetime, str]]:
    """Return the times of a batch's data, and what has them."""
    yield from ((each.made_at, f"Snapshot {each.snapshot_id}") for each in batch.snapshots)
    yield from ((each.made_at, f"A version of dataset '{each.name}'") for each in batch.versions)
    yield from ((each.at, f"Check '{each.name}'") for each in batch.checks)
    yield from ((each.at, f"The reproduction of run {each.run_id}") for each in batch.reproductions)


def check_versions(versions: Iterable[DatasetVersion]) -> None:
    """Refuse versions without a name, and numbers that don't count from 1."""
    for version in versions:
        if not version.name.strip():
            raise InvalidValueError("A dataset needs a name to be published under. Give it one, such as 'train'.")
        if not 0 <= version.version < _VERSION_LIMIT:
            raise InvalidValueError(
                f"{version.version} is no version of dataset '{version.name}'. Versions count from 1; leave it out for "
                "the next."
            )


def filled(stored: D, given: D) -> D:
    """Return a description as it is on the record once it is written: where the same content is kept stays known."""
    made: D | Any = given
    if isinstance(stored, DatasetUse) and isinstance(given, DatasetUse):
        made = _filled_use(stored, given)
    elif isinstance(stored, Model) and isinstance(given, Model) and _bare(stored) == _bare(given):
        made = _filled(stored, given)
    return made


def _filled_use(stored: DatasetUse, given: DatasetUse) -> DatasetUse:
    known = {(file.path, file.digest): file for file in stored.files}
    files = [_filled(known.get((file.path, file.digest), file), file) if file.digest else file for file in given.files]
    made = replace(given, files=tuple(files))
    is_same = stored.fingerprint == given.fingerprint if given.fingerprint else _bare(stored) == _bare(given)
    return _filled(stored, made) if is_same else made


def _filled(stored: D, given: D) -> D:
    """Return a record with what is missing of where its content is kept from another of the same content."""
    assert isinstance(given, DatasetUse | FileRead | Model)
    missing = [each.name for each in fields(given) if each.name in _WHERE_KEPT and getattr(given, each.name) is None]
    made: D | Any = replace(given, **{name: getattr(stored, name) for name in missing})
    return _with_details(stored, made) if isinstance(stored, Model) else made


def _with_details(stored: Model, given: Any) -> Any:
    known = {name: stored.details[name] for name in _FILLED_DETAILS if name in stored.details}
    return replace(given, details={**known, **given.details})


def _bare(record: DatasetUse | Model) -> str:
    """Return all of a record but where its content is kept, as text: NaN equals nothing, not even itself."""
    if isinstance(record, DatasetUse):
        files = tuple(replace(file, object_digest=None) for file in record.files)
        return repr(replace(record, files=files, snapshot_id=None))
    details = {name: value for name, value in record.details.items() if name not in _FILLED_DETAILS}
    return repr(replace(record, object_digest=None, example_snapshot=None, details=details))


def used_again(stored: Snapshot, given: Snapshot) -> Snapshot:
    """Return a snapshot that is written again: nothing of it changes but a profile that it had not."""
    return replace(stored, profile_digest=stored.profile_digest or given.profile_digest)


def numbered(
    given: Iterable[DatasetVersion], on_record: Versions, snapshots: Mapping[str, Snapshot]
) -> list[DatasetVersion]:
    """Return what each version is on the record, those that are new among them, and add these to `on_record`.

    Parameters
    ----------
    on_record
        Of each name that is given: the latest version, and those whose numbers are given.
    snapshots
        Those of all these versions that the store has.

    Raises
    ------
    InvalidValueError
        If a snapshot is not there.
    ImmutableError
        If a number is taken by another content.
    """
    return [_numbered(version, on_record.setdefault(version.name, {}), snapshots) for version in given]


def _numbered(
    version: DatasetVersion, known: dict[int, DatasetVersion], snapshots: Mapping[str, Snapshot]
) -> DatasetVersion:
    if version.snapshot_id not in snapshots:
        raise InvalidValueError(
            f"The store has no snapshot {version.snapshot_id[:12]} that dataset '{version.name}' could be. "
            "Write it first, or in the same batch."
        )
    snapshot = snapshots[version.snapshot_id]
    before = known.get(version.version or max(known, default=0))
    if before is not None and is_same_content(snapshots[before.snapshot_id], snapshot):
        return before
    if before is not None and version.version:
        raise ImmutableError(
            f"Version {version.version} of dataset '{version.name}' is on the record with another content. "
            "Leave the number out, and it becomes the next version."
        )
    number = version.version or max(known, default=0) + 1
    made = replace(version, version=number, fingerprint=version.fingerprint or snapshot.fingerprint)
    known[number] = made
    return made


def is_same_content(one: Snapshot, other: Snapshot) -> bool:
    """Return whether two snapshots give back equal tables: the same one, or the same content written otherwise."""
    if one.snapshot_id == other.snapshot_id:
        return True
    same = (one.fingerprint, one.restore_key) == (other.fingerprint, other.restore_key)
    return same and one.fingerprint is not None


def check_same(stored: Check | Reproduction, given: Check | Reproduction) -> None:
    """Refuse another account of a check or a reproduction that is on the record."""
    if repr(stored) != repr(given):
        what = f"Check '{given.name}'" if isinstance(given, Check) else f"The reproduction of run {given.run_id}"
        raise ImmutableError(f"{what} is on the record and does not change. Write what came after it as another one.")
