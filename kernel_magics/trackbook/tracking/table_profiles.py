"""What the columns of kept tables look like: worked out once, then kept with them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from trackbook.errors import InvalidValueError, NotFoundError, StoreError
from trackbook.records import FILE, MODEL, Role, RunDetail, Snapshot
from trackbook.records.profile import TableProfile
from trackbook.store.contract import Batch, Store


def profile_of(store: Store, snapshot: Snapshot, *, is_kept: bool = True) -> TableProfile:
    """Return what the columns of a snapshot look like: worked out once, then kept with it.

    Parameters
    ----------
    is_kept
        Whether one that is worked out is kept; else nothing is written.

    Raises
    ------
    InvalidValueError
        If it is a model's, or a file's.
    """
    from trackbook.store import tables

    if snapshot.kind in (FILE, MODEL):
        raise InvalidValueError(f"A {snapshot.kind} has no columns, and so no profile.")
    if snapshot.profile_digest is not None:
        with suppress(NotFoundError):  # it can be worked out again
            return tables.read_profile(store.objects, snapshot.profile_digest)
    profile = tables.profile(store.objects, snapshot.snapshot_id)
    if not is_kept:
        return profile
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
