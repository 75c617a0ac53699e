"""Puts files that a run read, and that the store kept, where a slice looks for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import FileRead
from trackbook.store.contract import Store


def kept_digest(store: Store, file: FileRead) -> str | None:
    """Return the digest of the object that holds a file as it was read, None if the store has none."""
    for digest in (file.object_digest, file.digest):
        if digest is not None and file.digest is not None:
            try:
                content = store.get_object(digest)
            except NotFoundError:
                continue
            if hashlib.sha256(content).hexdigest() == file.digest:
                return digest
    return None


def changed_files(store: Store, files: Iterable[FileRead]) -> Iterator[str]:
    """Yield a sentence for each file that is not what a run read any more: what became of it, and what to do."""
    for file in files:
        if "://" in file.path or file.digest is None or _is_same(file):
            continue
        became = "has changed since the run read it" if os.path.isfile(file.path) else "is gone"
        if kept_digest(store, file) is not None:
            yield f"{file.path} {became}. The store keeps it as it was: slice with --data snapshot to read that."
        else:
            yield f"{file.path} {became}, and the store doesn't keep what it was."


def _is_same(file: FileRead) -> bool:
    try:
        if file.size is not None and os.path.getsize(file.path) != file.size:
            return False
        with open(file.path, "rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.digest
    except OSError:
        return False


def put_files(store: Store, files: Mapping[str, str]) -> None:
    """Write files that are not there yet.

    Parameters
    ----------
    files
        The SHA-256 of each by its path, from the working folder; it names the object that holds the content.

    Raises
    ------
    InvalidValueError
        If one is there with another content, which is never overwritten; nothing is written then.
    NotFoundError
        If the store doesn't hold one.
    """
    missing = [path for path in files if not os.path.isfile(path)]
    for path in files.keys() - set(missing):
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != files[path]:
            raise InvalidValueError(f"{path} holds something else than the run read. Run this in an empty folder.")
    for path in missing:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(store.get_object(files[path]))
