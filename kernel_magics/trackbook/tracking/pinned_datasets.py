"""Datasets for a process that makes a run again: the versions that it is to read, in a store of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from trackbook.records import DatasetVersion, FileRead
from trackbook.store import kept
from trackbook.store.contract import Batch, Store
from trackbook.tracking.dataset_names import PATH, is_dataset, label_of

PINNED = "TRACKBOOK_DATA_VERSIONS"


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
