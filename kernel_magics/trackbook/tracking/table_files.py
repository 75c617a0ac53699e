"""Kept tables and published models as files that other programs read."""

from __future__ import annotations

from pathlib import Path

from trackbook.errors import InvalidValueError
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import KeptTable
from trackbook.tracking.datasets import is_published_model
from trackbook.tracking.export_target import new_file

_MODEL_ENDING = ".skops"


def write_table(store: Store, kept: KeptTable, path: Path, *, is_forced: bool = False) -> Path:
    """Write a table to a file, in the form that its ending names, or a model to one of skops, and return the path.

    Raises
    ------
    InvalidValueError
        If the ending names none, or the file is there and is not to be replaced.
    """
    from trackbook.store.tables.files import ENDINGS, write_file

    ending = path.suffix.lower()
    if is_published_model(store, kept):
        return _write_model(store, kept, path, is_forced)
    if ending not in ENDINGS:
        raise InvalidValueError(f"'{path.name}' names no form of file. End it with one of {', '.join(ENDINGS)}.")
    with new_file(path.absolute(), is_forced=is_forced) as temporary:
        write_file(store.objects, kept.snapshot_id, temporary, ending)
    return path


def _write_model(store: Store, kept: KeptTable, path: Path, is_forced: bool) -> Path:
    if path.suffix.lower() != _MODEL_ENDING:
        raise InvalidValueError(f"'{kept.label}' is a model. Give '{path.name}' the ending {_MODEL_ENDING}.")
    content = store.get_object(kept.snapshot_id)
    with new_file(path.absolute(), is_forced=is_forced) as temporary:
        Path(temporary).write_bytes(content)
    return path
