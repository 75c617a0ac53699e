"""What the notebook of a slice calls to have the data that its run read: where it is kept, in the very versions."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from trackbook.errors import NotFoundError
from trackbook.project import current_project
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import label_of
from trackbook.tracking.finding_datasets import find_version
from trackbook.tracking.kept_files import put_files
from trackbook.tracking.pinned_datasets import PINNED

_STORE = "TRACKBOOK_STORE"


def give_data(store: str, files: Mapping[str, str] | None = None, datasets: Mapping[str, str] | None = None) -> None:
    """Let this process read what a run read, whatever has been published since.

    Parameters
    ----------
    store
        Where it is kept. ``$TRACKBOOK_STORE`` goes before it, for stores that were moved.
    files
        The SHA-256 of each kept file by its path, from the working folder; they are written there if they are missing.
    datasets
        The snapshot that each version of a dataset has to be, by its label (``train@3``). ``trackbook.load("train")``
        gives that version from now on.

    Raises
    ------
    InvalidValueError
        If another file is there already; see `put_files`.
    NotFoundError
        If something is not kept here, or is something else than the run read.
    """
    if not os.environ.get(_STORE) and ("://" in store or Path(store).exists()):
        os.environ[_STORE] = store
    kept = current_project().store
    put_files(kept, files or {})
    for label, snapshot_id in (datasets or {}).items():
        _pin(kept, label, snapshot_id, store)


def _pin(kept: Store, label: str, snapshot_id: str, meant: str) -> None:
    name = label.rpartition("@")[0]
    versions = {label_of(each): each for each in kept.versions(name)}
    found = versions.get(label)
    if found is None or found.snapshot_id != snapshot_id:
        raise NotFoundError(
            f"The store {kept.location} has no {label} such as the run read. It was kept in {meant}: "
            f"set {_STORE} to where that is now, before the kernel starts."
        )
    others = os.environ.get(PINNED, "")
    os.environ[PINNED] = f"{others},{label}" if others else label
    latest = find_version(kept, name)
    if latest.version != found.version:
        text = f"{name} is at version {latest.version} by now; this notebook loads {label}, as the run did."
        warnings.warn(text, stacklevel=3)
