"""What SQLite raises, as this library's errors with the way on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from trackbook.errors import InvalidValueError, StoreError, TrackbookError
from trackbook.store.rules import unknown_link

_GET_RIGHTS = "Give yourself the right to write the file and its folder, or set $TRACKBOOK_STORE to another place."
_MAKE_SPACE = "Free some space on that disk, or set $TRACKBOOK_STORE to another place."
_NO_LOCKS = (
    "The file system there can't lock files as SQLite needs it, which network shares often can't: "
    "set $TRACKBOOK_STORE to a folder of a local disk."
)
_ADVICE = {
    sqlite3.SQLITE_BUSY: "Another process has held it for a minute; end that one, or try again.",
    sqlite3.SQLITE_NOTADB: "Move that file away and a new store is made, or restore it from a backup.",
    sqlite3.SQLITE_CORRUPT: "Restore it from a backup, or move it away and a new store is made.",
    sqlite3.SQLITE_READONLY: _GET_RIGHTS,
    sqlite3.SQLITE_PERM: _GET_RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _GET_RIGHTS,
    sqlite3.SQLITE_FULL: _MAKE_SPACE,
    sqlite3.SQLITE_PROTOCOL: _NO_LOCKS,
    sqlite3.SQLITE_NOLFS: _NO_LOCKS,
    sqlite3.SQLITE_IOERR: "The disk there fails or has gone: look at it, or set $TRACKBOOK_STORE to another place.",
    sqlite3.SQLITE_ERROR: "A newer Trackbook may have changed it meanwhile: restart this kernel or command.",
}
_LOCK_FAILURES = frozenset(
    {
        sqlite3.SQLITE_IOERR_LOCK,
        sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_UNLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
        sqlite3.SQLITE_IOERR_SHMLOCK,
        sqlite3.SQLITE_IOERR_SHMMAP,
    }
)
_LEAST_SPACE = 2**20  # bytes; with less, an I/O error is most likely for want of it


class Translated:
    """A context that raises this library's errors for what goes wrong with the database at a path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, sqlite3.Error | OverflowError):
            raise _translation(self._path, error) from error
        if isinstance(error, OSError) and not isinstance(error, TrackbookError):
            what = error.strerror or error
            raise StoreError(f"The store's database {self._path} can't be used: {what}. {_GET_RIGHTS}") from error


def _translation(path: Path, error: sqlite3.Error | OverflowError) -> TrackbookError:
    if isinstance(error, OverflowError):
        return InvalidValueError(f"A whole number in the batch is beyond 64 bits: {error}.")
    if isinstance(error, sqlite3.IntegrityError):
        return _refused(error)
    if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError | sqlite3.DataError):
        return InvalidValueError(f"The batch has a value that can't be kept: {error}.")
    return StoreError(f"The store's database {path} can't be used: {error}. {_way_on(path, error)}")


def _refused(error: sqlite3.IntegrityError) -> InvalidValueError:
    reason = str(error)
    if "FOREIGN KEY" in reason:
        return InvalidValueError(unknown_link(reason))
    return InvalidValueError(f"The batch has a value that can't be kept: {reason}.")


def _way_on(path: Path, error: sqlite3.Error) -> str:
    code: int = getattr(error, "sqlite_errorcode", 0)  # the driver's own complaints have none
    family = code & 0xFF  # the rest tells the kinds of one code apart
    if family == sqlite3.SQLITE_IOERR and _is_full(path):
        return _MAKE_SPACE
    if code in _LOCK_FAILURES:
        return _NO_LOCKS
    return _ADVICE.get(family, "Look at it with trackbook verify.")


def _is_full(path: Path) -> bool:
    import shutil

    try:
        return shutil.disk_usage(path.parent).free < _LEAST_SPACE
    except OSError:
        return False
