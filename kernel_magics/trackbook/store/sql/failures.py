"""What SQLite raises, as this library's errors with the way on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from trackbook.errors import InvalidValueError, StoreError, TrackbookError
from trackbook.store.rules import unknown_link

_GET_RIGHTS = "Give yourself the right to write the file and its folder, or set $TRACKBOOK_STORE to another place."
_ADVICE = {
    "locked": "Another process has held it for a minute; end that one, or try again.",
    "not a database": "Move that file away and a new store is made, or restore it from a backup.",
    "malformed": "Restore it from a backup, or move it away and a new store is made.",
    "readonly": _GET_RIGHTS,
    "unable to open": _GET_RIGHTS,
    "full": "Free some space on that disk, or set $TRACKBOOK_STORE to another place.",
}


class Translated:
    """A context that raises this library's errors for what goes wrong with the database at a path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, sqlite3.Error | OverflowError):
            raise _translation(self._path, error) from error


def _translation(path: Path, error: sqlite3.Error | OverflowError) -> TrackbookError:
    if isinstance(error, sqlite3.IntegrityError):
        return _refused(error)
    if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError):
        return InvalidValueError(f"The batch has a value that can't be kept: {error}.")
    if isinstance(error, OverflowError):
        return InvalidValueError(f"A whole number in the batch is beyond 64 bits: {error}.")
    return StoreError(_explained(path, error))


def _refused(error: sqlite3.IntegrityError) -> InvalidValueError:
    reason = str(error)
    if "FOREIGN KEY" in reason:
        return InvalidValueError(unknown_link(reason))
    return InvalidValueError(f"The batch has a value that can't be kept: {reason}.")


def _explained(path: Path, error: object) -> str:
    text = str(error)
    advice = (advice for symptom, advice in _ADVICE.items() if symptom in text)
    way_on = next(advice, "Look at it with trackbook verify.")
    return f"The store's database {path} can't be used: {text}. {way_on}"
