"""Files by content: the digest of one, asked for again only if `os.stat` says that it was written since."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from trackbook.pipelines.graph.state import FileState

_CHUNK = 1 << 20


def stamp_of(path: Path) -> tuple[int, ...]:
    """Return what is never the same for two contents of one file; empty if there is no such file.

    The time of its last change of any kind is in it, which nobody can set back as they can its time of writing.
    """
    try:
        state = os.stat(path)
    except OSError:
        return ()
    return (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


def file_state(path: Path) -> FileState | None:
    """Return a file as it is now, None if it can't be read."""
    stamp = stamp_of(path)
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return None
    return FileState(digest=digest.hexdigest(), stamp=stamp)


def module_state(path: Path) -> FileState | None:
    """Return a module as it is now, by the digest that runs keep it under: credentials are taken out before."""
    from trackbook.capture.secrets import redact
    from trackbook.pipelines.graph.code import module_code

    stamp = stamp_of(path)
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None
    content = redact(text).encode("utf-8", "surrogateescape")
    return FileState(digest=hashlib.sha256(content).hexdigest(), stamp=stamp, code=module_code(path, text))


def is_same(path: Path, before: FileState, *, is_module: bool = False) -> bool:
    """Return whether a file holds what it did; of a module, whether its code does."""
    if before.stamp and stamp_of(path) == before.stamp:
        return True
    now = module_state(path) if is_module else file_state(path)
    return now is not None and (now.digest == before.digest or bool(now.code and now.code == before.code))
