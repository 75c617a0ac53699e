"""Puts files that a run read, and that the store kept, where a slice looks for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
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
