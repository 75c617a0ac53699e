"""Puts files that a run read, and that the store kept, where a slice looks for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trackbook.capture.secrets import redact
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import FileRead, ModuleUse
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


def changed_modules(store: Store, modules: Iterable[ModuleUse], root: Path) -> Iterator[str]:
    """Yield a sentence for each module of the project that is not what a run imported any more.

    Parameters
    ----------
    root
        The folder of the project, which the modules' paths begin at.
    """
    for module in modules:
        file = root / module.path
        if not module.name.replace(".", "").isidentifier():
            continue  # what a module was before it was loaded again
        if not file.is_file():
            yield f"The module {module.name} is gone from {file}."
        elif not _has_source(store, file, module.digest):
            yield f"The module {module.name} has changed since the run imported it; {file} is imported as it is now."


def _has_source(store: Store, file: Path, digest: str) -> bool:
    """Return whether a module's file holds what is kept, which has no credentials in it; True where that is lost."""
    try:
        kept = store.get_object(digest)
    except NotFoundError:
        return True
    content = file.read_bytes()
    if content == kept:
        return True
    return redact(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape") == kept


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
