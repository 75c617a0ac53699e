"""What an export says of data: versions of datasets, checks, reproductions, and the snapshots that all name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from trackbook.records import Check, DatasetVersion, FileRead, Reproduction, RunDetail, Snapshot
from trackbook.store import kept
from trackbook.store.contract import Store


@dataclass(slots=True)
class ExportedData:
    """The data of the runs that are exported.

    Parameters
    ----------
    is_everything
        All of the store's, not only what these runs name or made.

    Attributes
    ----------
    digests
        The objects that what was read so far names, in the order in which they were met.
    """

    store: Store
    is_everything: bool
    digests: dict[str, None] = field(default_factory=dict)
    _run_ids: dict[str, None] = field(default_factory=dict)
    _named: dict[str, None] = field(default_factory=dict)
    """Snapshots, and objects that files are kept in: which is which is known when the snapshots are read."""

    def note_run(self, detail: RunDetail) -> None:
        """Remember what a run names."""
        self._run_ids.setdefault(detail.run.run_id)
        for use in detail.datasets:
            self._name(use.snapshot_id)
            self.note_files(use.files)
        for model in detail.models:
            self._name(model.example_snapshot)
            self._keep(model.object_digest)

    def note_files(self, files: Iterable[FileRead]) -> None:
        """Remember what files are kept in."""
        for file in files:
            self._name(file.object_digest)

    def _name(self, snapshot_id: str | None) -> None:
        if snapshot_id is not None:
            self._named.setdefault(snapshot_id)

    def _keep(self, digest: str | None) -> None:
        if digest is not None:
            self.digests.setdefault(digest)

    def versions(self) -> Iterator[DatasetVersion]:
        """Return versions that the runs published or used."""
        for version in self.store.versions():
            if self.is_everything or version.run_id in self._run_ids or version.snapshot_id in self._named:
                self._name(version.snapshot_id)
                yield version

    def checks(self) -> Iterator[Check]:
        """Return the runs' checks."""
        for check in self.store.checks():
            if self.is_everything or check.run_id in self._run_ids:
                self._name(check.snapshot_id)
                self._keep(check.schema_digest)
                yield check

    def reproductions(self) -> Iterator[Reproduction]:
        """Return the runs' reproductions."""
        for reproduction in self.store.reproductions():
            if self.is_everything or reproduction.run_id in self._run_ids:
                self._keep(reproduction.slice_digest)
                self._keep(reproduction.log_digest)
                yield reproduction

    def snapshots(self) -> Iterator[Snapshot]:
        """Return the snapshots that were named, once all else was read, and note the objects that they consist of."""
        found = self.store.snapshots(ids=None if self.is_everything else list(self._named))
        of_files = self._named.keys() - {snapshot.snapshot_id for snapshot in found}
        self.digests |= {digest: None for digest in self._named if digest in of_files}
        for snapshot in found:
            self.digests |= dict.fromkeys(kept.needed(self.store.objects, snapshot))
            yield snapshot
