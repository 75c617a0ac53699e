"""Which numbers the versions of datasets from elsewhere have in a store."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from trackbook.records import DATASET_PATH, DatasetVersion, Snapshot, dataset_key
from trackbook.store import keeping
from trackbook.store.contract import Batch, Store

_FIRST = 1


class Numbering:
    """The versions of a batch as a store has them, or will have them.

    Parameters
    ----------
    still
        The store, in which nobody publishes meanwhile.
    batch
        What comes from elsewhere.
    new_executions
        Those that the store lacks: what they published is a new version there, unless the latest has that content. Of
        what others did, the store has a version with that content already, if any.

    Attributes
    ----------
    new
        The versions that the store lacks, with their numbers.
    names
        What read a version of another number there, by how that is put down there.
    """

    def __init__(self, still: Store, batch: Batch, new_executions: Set[str]) -> None:
        self.new: list[DatasetVersion] = []
        self.names: dict[str, str] = {}
        self._new_executions = new_executions
        self._known = {name: still.versions(name) for name in {each.name for each in batch.versions}}
        used = [each.snapshot_id for listed in self._known.values() for each in listed]
        self._snapshots = {each.snapshot_id: each for each in (*batch.snapshots, *still.snapshots(ids=used))}
        for version in batch.versions:
            self._number(version)

    def _number(self, given: DatasetVersion) -> None:
        known = self._known[given.name]
        placed = self._on_record(given, known)
        if placed is None:
            number = max((each.version for each in known), default=_FIRST - 1) + 1
            placed = replace(given, version=number)
            known.append(placed)
            self.new.append(placed)
        if placed.version != given.version:
            old, new = _label(given), _label(placed)
            self.names |= {dataset_key(old): dataset_key(new), DATASET_PATH + old: DATASET_PATH + new}

    def _on_record(self, given: DatasetVersion, known: list[DatasetVersion]) -> DatasetVersion | None:
        """Return the version that this one is in the store, None if it is a new one there."""
        same = [each for each in known if self._is_same_content(each, given)]
        twins = [each for each in same if each.version == given.version or _maker(each) == _maker(given)]
        if twins:
            return twins[0]
        is_known = given.execution_id not in self._new_executions
        return same[-1] if same and (is_known or same[-1] is known[-1]) else None

    def _is_same_content(self, one: DatasetVersion, other: DatasetVersion) -> bool:
        return keeping.is_same_content(self._snapshot(one), self._snapshot(other))

    def _snapshot(self, version: DatasetVersion) -> Snapshot:
        return self._snapshots[version.snapshot_id]


def _maker(version: DatasetVersion) -> tuple[object, ...]:
    return version.session_id, version.execution_id, version.made_at


def _label(version: DatasetVersion) -> str:
    return f"{version.name}@{version.version}"
