"""Tables as files of their own, for programs that know nothing of snapshots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import feather, parquet

from trackbook.store.objects import Objects
from trackbook.store.tables.reading import read


def write_file(objects: Objects, snapshot_id: str, path: Path, ending: str) -> None:
    """Write the table of a snapshot to a file, in the form of one of `ENDINGS`.

    Raises
    ------
    NotFoundError
        If a piece is missing.
    OSError
        If the file can't be written.
    """
    ENDINGS[ending](objects, snapshot_id, path)


def _write_csv(objects: Objects, snapshot_id: str, path: Path) -> None:
    table = read(objects, snapshot_id, as_="pandas")
    has_index = not isinstance(table.index, pd.RangeIndex) or table.index.name is not None
    table.to_csv(path, index=has_index)


def _write_parquet(objects: Objects, snapshot_id: str, path: Path) -> None:
    parquet.write_table(_arrow(objects, snapshot_id), path, compression="zstd")


def _write_arrow(objects: Objects, snapshot_id: str, path: Path) -> None:
    feather.write_feather(_arrow(objects, snapshot_id), path)


def _arrow(objects: Objects, snapshot_id: str) -> Any:
    """Return the table as Arrow has it; a DataFrame with the words by which pandas finds its index again."""
    table = read(objects, snapshot_id)
    if isinstance(table, pd.DataFrame):
        try:
            return pa.Table.from_pandas(table)
        except (pa.ArrowException, ValueError, TypeError):  # mixed values, names that repeat
            pass
    return read(objects, snapshot_id, as_="arrow")


ENDINGS: dict[str, Callable[[Objects, str, Path], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
}
