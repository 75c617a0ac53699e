"""Tables in a store's objects: the door to `trackbook.store.tables`, which is imported when the first table comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from trackbook import clock
from trackbook.errors import TrackbookError
from trackbook.records import Snapshot
from trackbook.store.objects import Objects


def put_table(objects: Objects, table: Any, fingerprint: str | None, restore_key: str) -> Snapshot:
    """Keep the content of a table and return its snapshot."""
    from trackbook.store import tables

    written = tables.write(objects, table)
    return Snapshot(
        snapshot_id=written.snapshot_id,
        kind=written.kind,
        made_at=clock.now(),
        fingerprint=fingerprint,
        restore_key=restore_key,
        rows=written.rows,
        columns=written.columns,
        stored_bytes=written.stored_bytes,
        new_bytes=written.new_bytes,
    )


def get_table(
    objects: Objects, snapshot_id: str, columns: Sequence[Any] | None, rows: slice | None, as_: str | None
) -> Any:
    """Return the table of a snapshot, or a part of it."""
    from trackbook.store import tables

    return tables.read(objects, snapshot_id, columns=columns, rows=rows, as_=as_)


def needed(objects: Objects, snapshot: Snapshot) -> set[str]:
    """Return the digests of the objects that a snapshot consists of: its manifest, its pieces, its profile."""
    from trackbook.store import tables

    return {snapshot.snapshot_id, *tables.pieces(objects, snapshot.snapshot_id), *_profile(snapshot)}


def _profile(snapshot: Snapshot) -> list[str]:
    return [] if snapshot.profile_digest is None else [snapshot.profile_digest]


def problems(objects: Objects, snapshots: Iterable[Snapshot], users: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Return what is wrong with snapshots, and what it touches: `users` are what names one, and which."""
    touched: dict[str, dict[str, None]] = defaultdict(dict)
    for who, snapshot_id in users:
        touched[snapshot_id].setdefault(who)
    for snapshot in snapshots:
        names = " and ".join(touched[snapshot.snapshot_id]) or "nothing"
        for problem in _problems(objects, snapshot):
            yield f"Snapshot {snapshot.snapshot_id[:12]}, which {names} needs, can't be read whole: {problem}"


def _problems(objects: Objects, snapshot: Snapshot) -> Iterator[str]:
    from trackbook.store import tables

    yield from tables.verify(objects, snapshot.snapshot_id)
    for digest in _profile(snapshot):
        try:
            objects.get(digest)
        except TrackbookError as error:
            yield str(error)
