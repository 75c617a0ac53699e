"""Tables as files of their own, for programs that know nothing of snapshots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from pyarrow import feather

from trackbook.store.objects import Objects
from trackbook.store.tables.parquet_files import shown_table, write_parquet
from trackbook.store.tables.reading import Stored, read


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


def _write_arrow(objects: Objects, snapshot_id: str, path: Path) -> None:
    feather.write_feather(shown_table(Stored.open(objects, snapshot_id)), path)


ENDINGS: dict[str, Callable[[Objects, str, Path], None]] = {
    ".parquet": write_parquet,
    ".csv": _write_csv,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
}
