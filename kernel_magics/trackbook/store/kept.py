"""Tables and files in a store's objects: the door to `trackbook.store.tables`, imported with the first table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trackbook import clock
from trackbook.errors import NotFoundError
from trackbook.records import FILE, MODEL, Snapshot
from trackbook.store.contract import Holdings
from trackbook.store.objects import Objects

_HELD_AS = {FILE: "files", MODEL: "models"}  # the rest is tables


def file_snapshot(digest: str, size: int, *, is_new: bool) -> Snapshot:
    """Return the snapshot of a file whose content is kept and takes so many bytes there."""
    return Snapshot(
        snapshot_id=digest,
        kind=FILE,
        made_at=clock.now(),
        fingerprint=digest,
        restore_key=FILE,
        stored_bytes=size,
        new_bytes=size if is_new else 0,
    )


class KeepsTables:
    """The part of a store that keeps tables and files in its objects."""

    _objects: Objects

    def put_table(self, table: Any, *, fingerprint: str | None = None, restore_key: str = "") -> Snapshot:
        """Keep the content of a table and return its snapshot."""
        from trackbook.store import tables

        written = tables.write(self._objects, table)
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

    def put_file(self, content: bytes) -> Snapshot:
        """Keep the content of a file and return its snapshot."""
        digest, is_new, size = self._objects.add(content, packs=True)
        return file_snapshot(digest, size, is_new=is_new)

    def put_model(self, content: bytes, *, fingerprint: str) -> Snapshot:
        """Keep a model's file and return its snapshot."""
        snapshot = self.put_file(content)
        return replace(snapshot, kind=MODEL, fingerprint=fingerprint, restore_key=MODEL)

    def get_table(
        self,
        snapshot_id: str,
        *,
        columns: Sequence[Any] | None = None,
        rows: slice | None = None,
        as_: str | None = None,
    ) -> Any:
        """Return the table of a snapshot, or a part of it."""
        from trackbook.store import tables

        return tables.read(self._objects, snapshot_id, columns=columns, rows=rows, as_=as_)


def pieces(objects: Objects, snapshot: Snapshot) -> dict[str, int]:
    """Return the objects that hold a snapshot's content, and their sizes; the manifest of a table is none of them.

    Raises
    ------
    NotFoundError
        If its manifest is lost or spoilt: nobody knows its pieces any more.
    StoreError
        If a newer Trackbook wrote it.
    """
    if snapshot.kind in (FILE, MODEL):
        return {snapshot.snapshot_id: snapshot.stored_bytes}
    from trackbook.store.tables.manifest import read_manifest

    return {piece.digest: piece.size for piece in read_manifest(objects, snapshot.snapshot_id).pieces}


def needed(objects: Objects, snapshot: Snapshot) -> Iterator[str]:
    """Return the objects that a snapshot consists of: its manifest, its profile, its pieces, if they can be known."""
    yield snapshot.snapshot_id
    if snapshot.profile_digest is not None:
        yield snapshot.profile_digest
    try:
        yield from pieces(objects, snapshot)
    except NotFoundError:
        return  # whoever looks at the manifest finds it


def held(objects: Objects, snapshots: Iterable[Snapshot], named: Mapping[str, Iterable[str]]) -> Holdings:
    """Return what objects take by kind; `named` are those of each kind that are no snapshots, the first kind first."""
    kinds: dict[str, str] = {}
    for snapshot in snapshots:
        kind = _HELD_AS.get(snapshot.kind, "tables")
        kinds |= {digest: kind for digest in needed(objects, snapshot) if digest not in kinds}
    for kind, digests in named.items():
        kinds |= {digest: kind for digest in digests if digest not in kinds}
    sizes: Counter[str] = Counter()
    for entry in objects.entries():
        age = objects.age(entry)
        sizes[kinds.get(entry.digest or "", "others")] += age.size if age is not None else 0
    return Holdings(**sizes)


def new_bytes(objects: Objects, snapshots: Iterable[Snapshot]) -> Iterator[tuple[Snapshot, int]]:
    """Return the bytes of each snapshot that no earlier one has, from the oldest on."""
    seen: set[str] = set()
    for snapshot in snapshots:
        try:
            own = pieces(objects, snapshot)
        except NotFoundError:
            continue
        yield snapshot, sum(size for digest, size in own.items() if digest not in seen)
        seen |= own.keys()
