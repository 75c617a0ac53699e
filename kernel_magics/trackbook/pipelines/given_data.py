"""Gives a reproduction's own store the datasets that the run loaded by name, in the versions that it loaded."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from trackbook.records import FileRead
from trackbook.store.contract import Batch, Store
from trackbook.store.location import open_store
from trackbook.tracking.datasets import labels_of


def give_datasets(store: Store, reads: Iterable[FileRead], folder: Path) -> None:
    """Put the versions that some reads are of into the store in a folder, under their names and numbers.

    Raises
    ------
    NotFoundError
        If one is not kept any more.
    """
    wanted = {read.object_digest: label for read in reads for label in labels_of([read]) if read.object_digest}
    if not wanted:
        return
    with closing(open_store(folder)) as target:
        for snapshot_id, label in wanted.items():
            _give(store, target, snapshot_id, label)


def _give(store: Store, target: Store, snapshot_id: str, label: str) -> None:
    snapshot = store.snapshots(ids=[snapshot_id])
    table = store.get_table(snapshot_id)
    made = target.put_table(
        table,
        fingerprint=snapshot[0].fingerprint if snapshot else None,
        restore_key=snapshot[0].restore_key if snapshot else "",
    )
    name, _, number = label.rpartition("@")
    versions = [
        replace(each, snapshot_id=made.snapshot_id, session_id=None, run_id=None, execution_id=None)
        for each in store.versions(name, snapshot_id=snapshot_id)
        if str(each.version) == number
    ]
    target.write(Batch(snapshots=[made], versions=versions))
