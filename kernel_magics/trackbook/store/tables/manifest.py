"""A snapshot's manifest: the object that says which pieces a table is made of, and what it takes to give it back.

It is JSON, deflated. Nothing in it is code, nor makes code run. Its digest is the snapshot's id: equal tables that are
written by the same versions of the libraries have one.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from trackbook.errors import NewerSchemaError, NotFoundError, StoreError
from trackbook.store.objects import Objects
from trackbook.store.tables.parquet import Page

Meta: TypeAlias = dict[str, Any]
"""How an array, an index or a table is made of stored arrays, as JSON. ``{"part": 3}`` is stored array number 3, of as
many rows as the table (or ``each`` times as many); ``{"whole": 3}`` one that is never read in part."""

VERSION = 1
_MAGIC = b"trackbook table\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some bytes of a stored file, an object."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A Parquet file of one or more columns of one length, cut at its pages.

    A small one is kept `inline`, in the manifest. `chunks` are the pages of each row group's columns in order.
    """

    rows: int
    columns: int
    tail: bytes
    pieces: tuple[Piece, ...] = ()
    chunks: tuple[tuple[Page, ...], ...] = ()
    inline: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a snapshot holds.

    Attributes
    ----------
    kind
        Package and class, as a dataset's: ``pandas.DataFrame``.
    rows, columns
        How many; an array of one dimension has one column.
    restore
        How the table is made of the stored arrays.
    arrays
        Where each stored array lies: file and column.
    files
        The stored files.
    """

    kind: str
    rows: int
    columns: int
    restore: Meta
    arrays: tuple[tuple[int, int], ...]
    files: tuple[StoredFile, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Every piece of every file, in order; one that is used twice stands twice."""
        return tuple(piece for file in self.files for piece in file.pieces)


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return a manifest as it is kept."""
    document = {
        "version": VERSION,
        "kind": manifest.kind,
        "rows": manifest.rows,
        "columns": manifest.columns,
        "restore": manifest.restore,
        "arrays": manifest.arrays,
        "files": [_file_json(file) for file in manifest.files],
    }
    return _MAGIC + zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 6)


def read_manifest(objects: Objects, snapshot_id: str) -> Manifest:
    """Return the manifest of a snapshot.

    Raises
    ------
    NotFoundError
        If it is missing or spoilt, or the object is no snapshot.
    NewerSchemaError
        If a newer Trackbook wrote it.
    """
    content = objects.get(snapshot_id)
    if not content.startswith(_MAGIC):
        raise NotFoundError(
            f"Object {snapshot_id[:12]} is no snapshot of a table. List the snapshots with %track data."
        )
    try:
        document = json.loads(zlib.decompress(content[len(_MAGIC) :]))
    except (ValueError, zlib.error) as error:
        raise StoreError(f"Snapshot {snapshot_id[:12]} can't be read: {error}. Check it: trackbook verify.") from error
    if document["version"] > VERSION:
        raise NewerSchemaError(
            f"Snapshot {snapshot_id[:12]} was written by a newer Trackbook. Upgrade: pip install -U trackbook."
        )
    return Manifest(
        kind=document["kind"],
        rows=document["rows"],
        columns=document["columns"],
        restore=document["restore"],
        arrays=tuple((file, column) for file, column in document["arrays"]),
        files=tuple(_file(each) for each in document["files"]),
    )


def references(meta: Any) -> set[int]:
    """Return the numbers of all stored arrays that something is made of."""
    if isinstance(meta, dict):
        own = {meta[key] for key in ("part", "whole") if key in meta}
        return own.union(*(references(each) for each in meta.values()))
    if isinstance(meta, list):
        return set().union(*(references(each) for each in meta))
    return set()


def _file_json(file: StoredFile) -> Meta:
    head: Meta = {"rows": file.rows, "columns": file.columns, "tail": _text(file.tail)}
    if file.inline is not None:
        return {**head, "inline": _text(file.inline)}
    pages = [page for chunk in file.chunks for page in chunk]
    return {
        **head,
        "digests": _text(bytes.fromhex("".join(piece.digest for piece in file.pieces))),
        "sizes": [piece.size for piece in file.pieces],
        "chunks": [len(chunk) for chunk in file.chunks],
        "pages": [page.size for page in pages],
        "values": [page.values for page in pages],
    }


def _file(document: Meta) -> StoredFile:
    rows, columns, tail = document["rows"], document["columns"], base64.b64decode(document["tail"])
    if "inline" in document:
        return StoredFile(rows=rows, columns=columns, tail=tail, inline=base64.b64decode(document["inline"]))
    pages = [Page(size=size, values=n) for size, n in zip(document["pages"], document["values"], strict=True)]
    digests = base64.b64decode(document["digests"]).hex()
    pieces = (Piece(digest=digests[64 * i : 64 * i + 64], size=size) for i, size in enumerate(document["sizes"]))
    return StoredFile(
        rows=rows, columns=columns, tail=tail, pieces=tuple(pieces), chunks=_grouped(pages, document["chunks"])
    )


def _grouped(pages: Sequence[Page], counts: Sequence[int]) -> tuple[tuple[Page, ...], ...]:
    groups = []
    at = 0
    for count in counts:
        groups.append(tuple(pages[at : at + count]))
        at += count
    return tuple(groups)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
