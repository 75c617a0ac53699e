"""Kept tables as files that other programs read."""

from __future__ import annotations

from pathlib import Path

from trackbook.errors import InvalidValueError
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import KeptTable
from trackbook.tracking.export_target import new_file


def write_table(store: Store, kept: KeptTable, path: Path, *, is_forced: bool = False) -> Path:
    """Write a table to a file, in the form that its ending names, and return the path.

    Raises
    ------
    InvalidValueError
        If the ending names none, or the file is there and is not to be replaced.
    """
    from trackbook.store.tables.files import ENDINGS, write_file

    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InvalidValueError(f"'{path.name}' names no form of file. End it with one of {', '.join(ENDINGS)}.")
    with new_file(path.absolute(), is_forced=is_forced) as temporary:
        write_file(store.objects, kept.snapshot_id, temporary, ending)
    return path
