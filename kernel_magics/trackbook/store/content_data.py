"""What a store in memory holds of data: snapshots, versions, checks, reproductions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from trackbook import clock
from trackbook.errors import InvalidValueError
from trackbook.records import Check, DatasetVersion, Reproduction, Snapshot
from trackbook.store import keeping, rules
from trackbook.store.contract import Batch

R = TypeVar("R", Check, DatasetVersion)


@dataclass(slots=True)
class DataContent:
    """Snapshots with the time at which each was last asked for, versions by name and number, the rest by id."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    used_at: dict[str, datetime] = field(default_factory=dict)
    versions: keeping.Versions = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    reproductions: dict[str, Reproduction] = field(default_factory=dict)

    def check(self, batch: Batch, run_ids: Set[str]) -> None:
        """Refuse what would change the record, and names of what is not there; `run_ids` are."""
        snapshots = self._snapshots_with(batch)
        missing = sorted({*_named_snapshots(batch)} - snapshots.keys()) + sorted({*_named_runs(batch)} - run_ids)
        if missing:
            raise InvalidValueError(rules.unknown_link(", ".join(missing)))
        keeping.numbered(batch.versions, {name: dict(known) for name, known in self.versions.items()}, snapshots)
        for check in batch.checks:
            keeping.check_same(self.checks.get(check.check_id, check), check)
        for reproduction in batch.reproductions:
            keeping.check_same(self.reproductions.get(reproduction.reproduction_id, reproduction), reproduction)

    def write(self, batch: Batch) -> list[DatasetVersion]:
        """Write what was checked, and return the versions as they are on the record."""
        self.snapshots = self._snapshots_with(batch)
        self.used_at |= {each.snapshot_id: clock.now() for each in batch.snapshots}
        self.checks |= {each.check_id: deepcopy(each) for each in batch.checks}
        self.reproductions |= {each.reproduction_id: deepcopy(each) for each in batch.reproductions}
        return keeping.numbered(batch.versions, self.versions, self.snapshots)

    def _snapshots_with(self, batch: Batch) -> dict[str, Snapshot]:
        found = dict(self.snapshots)
        for given in batch.snapshots:
            found[given.snapshot_id] = keeping.used_again(found.get(given.snapshot_id, given), given)
        return found

    def find(self, fingerprint: str, restore_key: str) -> Snapshot | None:
        """Return the newest snapshot of a content, which counts as used again."""
        wanted = (fingerprint, restore_key)
        found = [each for each in self.snapshots.values() if (each.fingerprint, each.restore_key) == wanted]
        if not found:
            return None
        newest = max(found, key=lambda snapshot: snapshot.made_at)
        self.used_at[newest.snapshot_id] = clock.now()
        return newest

    def forget_run(self, run_id: str) -> None:
        """Let versions and checks stay without a run that was withdrawn, and its reproductions go."""
        for name, known in self.versions.items():
            self.versions[name] = {number: _without(each, run_id) for number, each in known.items()}
        self.checks = {check_id: _without(each, run_id) for check_id, each in self.checks.items()}
        kept = self.reproductions.items()
        self.reproductions = {each_id: each for each_id, each in kept if each.run_id != run_id}

    def forget_snapshots(self, idle: Set[str]) -> None:
        """Forget some snapshots."""
        self.snapshots = {each_id: each for each_id, each in self.snapshots.items() if each_id not in idle}
        self.used_at = {each_id: each for each_id, each in self.used_at.items() if each_id not in idle}

    def count_bytes(self, counted: Iterable[tuple[Snapshot, int]]) -> None:
        """Note what snapshots take besides older ones."""
        for snapshot, new_bytes in counted:
            self.snapshots[snapshot.snapshot_id] = replace(snapshot, new_bytes=new_bytes)

    def users(self) -> Iterator[tuple[str, str]]:
        """Return what names a snapshot, and which."""
        for known in self.versions.values():
            for version in known.values():
                yield f"Dataset {version.name} version {version.version}", version.snapshot_id
        for check in self.checks.values():
            if check.snapshot_id is not None:
                yield f"Check {check.check_id}", check.snapshot_id

    def references(self) -> Iterator[tuple[str, str]]:
        """Return what needs an object, and which; what snapshots consist of put aside."""
        for check in self.checks.values():
            if check.schema_digest is not None:
                yield f"Check {check.check_id}", check.schema_digest
        for reproduction in self.reproductions.values():
            for digest in filter(None, (reproduction.slice_digest, reproduction.log_digest)):
                yield f"Reproduction of run {reproduction.run_id}", digest


def _without(record: R, run_id: str) -> R:
    return replace(record, run_id=None) if record.run_id == run_id else record


def _named_snapshots(batch: Batch) -> Iterator[str]:
    named = [each.snapshot_id for each in batch.checks]
    for change in batch.runs:
        named += [each.snapshot_id for each in change.datasets] + [each.example_snapshot for each in change.models]
    yield from filter(None, named)


def _named_runs(batch: Batch) -> Iterator[str]:
    yield from (each.run_id for each in batch.versions if each.run_id is not None)
    yield from (each.run_id for each in batch.checks if each.run_id is not None)
    yield from (each.run_id for each in batch.reproductions)
