"""Checks that a snapshot is whole, and lists the objects that it needs."""

from __future__ import annotations

from trackbook.errors import NotFoundError, TrackbookError
from trackbook.store.objects import Objects
from trackbook.store.tables.manifest import Manifest, Piece, read_manifest
from trackbook.store.tables.threads import in_threads


def pieces(objects: Objects, snapshot_id: str) -> list[str]:
    """Return the digests of all objects that a snapshot needs, each once, its manifest first.

    Raises
    ------
    NotFoundError
        If the manifest is missing or spoilt.
    """
    manifest = read_manifest(objects, snapshot_id)
    return [snapshot_id, *dict.fromkeys(piece.digest for piece in manifest.pieces)]


def verify(objects: Objects, snapshot_id: str) -> list[str]:
    """Return what is wrong with a snapshot, a sentence each: a piece that is missing, or whose bytes have changed."""
    try:
        manifest = read_manifest(objects, snapshot_id)
    except TrackbookError as error:
        return [str(error)]
    wanted = list(dict.fromkeys(manifest.pieces))
    found = in_threads(lambda piece: _fault(objects, piece), wanted)
    return [fault for fault in found if fault is not None] + _gaps(manifest)


def _fault(objects: Objects, piece: Piece) -> str | None:
    try:
        size = len(objects.get(piece.digest))
    except NotFoundError as error:
        return str(error)
    if size != piece.size:
        return f"Object {piece.digest[:12]} has {size:,} bytes where its snapshot says {piece.size:,}."
    return None


def _gaps(manifest: Manifest) -> list[str]:
    """Return where a manifest contradicts itself: what only a fault of ours could have written."""
    return [
        f"File {number} of the snapshot has {pages:,} bytes of pages in {held:,} bytes of pieces."
        for number, file in enumerate(manifest.files)
        if file.inline is None
        and (pages := sum(page.size for chunk in file.chunks for page in chunk))
        != (held := sum(piece.size for piece in file.pieces))
    ]
