"""What is a table, of which kind, and how each kind is taken apart and made again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.store.tables import arrow, numpy_tables, pandas_tables, polars_tables
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.manifest import Meta
from trackbook.store.tables.shelf import Shelf, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the tables of one kind are handled.

    Attributes
    ----------
    write
        Puts a table on a shelf and returns how it is made again.
    read
        Makes the table of that, or some of its columns (by number) and rows (the source's).
    names
        Returns the columns' names as text.
    arrow
        Returns columns (by number) as Arrow shows them.
    """

    write: Callable[[Any, Shelf], Meta]
    read: Callable[[Meta, Source, Sequence[int] | None], Any]
    names: Callable[[Meta, Source], list[str]]
    arrow: Callable[[Meta, Source, Sequence[int]], list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenApart:
    """A table in parts: its arrays lie on the shelf, and `restore` says how it is made of them."""

    kind: str
    rows: int
    columns: int
    restore: Meta


def take_apart(table: Any, shelf: Shelf) -> TakenApart:
    """Put a table on the shelf.

    Raises
    ------
    UnfitError
        If it is no table, or would not come back equal.
    """
    cls = type(table)
    package = cls.__module__.partition(".")[0]
    name = _kind_name(table, package)
    restore = {"table": name, **_KINDS[name].write(table, shelf)}
    shown = f"scipy.sparse.{cls.__qualname__}" if package == "scipy" else f"{package}.{cls.__qualname__}"
    shape = getattr(table, "shape", None) or (len(table) if shape_is_known(table) else 1,)
    columns = len(restore["columns"]) if "columns" in restore else _width(shape)
    return TakenApart(kind=shown, rows=int(shape[0]), columns=columns, restore=restore)


def shape_is_known(table: Any) -> bool:
    """Tell whether a table without a shape has a length: Arrow's columns have, an array of no dimension has none."""
    return getattr(table, "ndim", 1) != 0


def kind_of(restore: Meta) -> Kind:
    """Return how a kept table is handled."""
    try:
        return _KINDS[restore["table"]]
    except KeyError:
        raise InvalidValueError(
            f"A snapshot holds a table of the kind {restore['table']!r}, which is not known here. "
            "Upgrade: pip install -U trackbook."
        ) from None


def pick(restore: Meta, source: Source, columns: Sequence[Any]) -> list[int]:
    """Return the numbers of columns by label.

    Raises
    ------
    NotFoundError
        If there is no such column.
    """
    if "labels" in restore:
        return pandas_tables.frame_columns(restore, source, columns)
    names = kind_of(restore).names(restore, source)
    missing = [str(column) for column in columns if str(column) not in names]
    if missing:
        raise NotFoundError(f"The snapshot has no column {missing[0]!r}. Its columns: {', '.join(names[:12])}.")
    return [names.index(str(column)) for column in columns]


def _kind_name(table: Any, package: str) -> str:
    cls = type(table).__qualname__
    numpy, sparse = sys.modules.get("numpy"), sys.modules.get("scipy.sparse")
    if package == "pandas" and cls in ("DataFrame", "Series"):
        return "pandas frame" if cls == "DataFrame" else "pandas series"
    if package == "pyarrow":
        for classes, name in _ARROW:
            if isinstance(table, classes):
                return name
    if package == "polars" and cls in ("DataFrame", "Series"):
        return "polars"
    if numpy is not None and isinstance(table, numpy.ndarray):
        return "numpy"
    if sparse is not None and isinstance(table, sparse.sparray | sparse.spmatrix):
        return "sparse"
    raise UnfitError(_refused(type(table), package))


def _refused(cls: type, package: str) -> str:
    name = f"{cls.__module__}.{cls.__qualname__}"
    if package == "polars" and cls.__qualname__ == "LazyFrame":
        return "a LazyFrame is a plan and holds no data: collect it first"
    bases = {f"{base.__module__.partition('.')[0]}.{base.__qualname__}" for base in cls.__mro__[1:]}
    if bases & {"pandas.DataFrame", "pandas.Series", "polars.DataFrame", "polars.Series"}:
        return f"it is of the class {name}, which may hold more than the table that it is based on"
    return f"a {name} is no table"


def _width(shape: Sequence[int]) -> int:
    width = 1
    for length in shape[1:]:
        width *= int(length)
    return width


def _batch(meta: Meta, source: Source, columns: Sequence[int] | None) -> Any:
    table = arrow.table_of(meta, source, columns)
    return pa.RecordBatch.from_arrays([_one(column) for column in table.columns], schema=table.schema)


def _one(column: Any) -> Any:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _arrow_table_names(meta: Meta, _: Source) -> list[str]:
    return list(arrow.schema_of(meta["schema"]).names)


def _arrow_table_columns(meta: Meta, source: Source, columns: Sequence[int]) -> list[Any]:
    return [arrow.arrow_of(meta["columns"][number], source) for number in columns]


def _frame_arrow(meta: Meta, source: Source, columns: Sequence[int]) -> list[Any]:
    return pandas_tables.columns_arrow(meta, source, columns)


def _sparse_arrow(meta: Meta, source: Source, columns: Sequence[int]) -> list[Any]:
    matrix = numpy_tables.sparse_of(meta, source)
    if matrix.ndim == 1:
        return [pa.chunked_array([pa.array(matrix.toarray())])]
    by_column = matrix.tocsc()
    return [pa.chunked_array([pa.array(by_column[:, [number]].toarray()[:, 0])]) for number in columns]


def _column_meta(array: Any, shelf: Shelf) -> Meta:
    return {"columns": [arrow.arrow_meta(array, shelf)]}


def _column(meta: Meta, source: Source, _: Sequence[int] | None) -> Any:
    return arrow.arrow_of(meta["columns"][0], source)


_ARROW: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (pa.Table, "arrow table"),
    (pa.RecordBatch, "arrow batch"),
    (pa.ChunkedArray, "arrow chunks"),
    (pa.Array, "arrow array"),
)
_KINDS: dict[str, Kind] = {
    "pandas frame": Kind(
        write=pandas_tables.frame_meta,
        read=pandas_tables.frame_of,
        names=pandas_tables.names_of,
        arrow=_frame_arrow,
    ),
    "pandas series": Kind(
        write=pandas_tables.series_meta,
        read=lambda meta, source, _: pandas_tables.series_of(meta, source),
        names=pandas_tables.names_of,
        arrow=_frame_arrow,
    ),
    "arrow table": Kind(
        write=arrow.table_meta, read=arrow.table_of, names=_arrow_table_names, arrow=_arrow_table_columns
    ),
    "arrow batch": Kind(write=arrow.table_meta, read=_batch, names=_arrow_table_names, arrow=_arrow_table_columns),
    "arrow chunks": Kind(
        write=_column_meta, read=_column, names=lambda meta, source: ["values"], arrow=_arrow_table_columns
    ),
    "arrow array": Kind(
        write=_column_meta,
        read=lambda meta, source, columns: _one(_column(meta, source, columns)),
        names=lambda meta, source: ["values"],
        arrow=_arrow_table_columns,
    ),
    "polars": Kind(
        write=polars_tables.polars_meta,
        read=polars_tables.polars_of,
        names=_arrow_table_names,
        arrow=_arrow_table_columns,
    ),
    "numpy": Kind(
        write=numpy_tables.ndarray_meta,
        read=lambda meta, source, _: numpy_tables.ndarray_of(meta, source),
        names=lambda meta, source: numpy_tables.ndarray_names(meta),
        arrow=numpy_tables.ndarray_columns,
    ),
    "sparse": Kind(
        write=numpy_tables.sparse_meta,
        read=lambda meta, source, _: numpy_tables.sparse_of(meta, source),
        names=lambda meta, source: [str(number) for number in range(_width(meta["shape"]))],
        arrow=_sparse_arrow,
    ),
}
