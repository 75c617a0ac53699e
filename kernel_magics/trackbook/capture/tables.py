"""Datasets as runs use them: what counts as a table, its description, and the files that tables are read from."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from trackbook.capture.fingerprint import fingerprint
from trackbook.capture.secrets import redact_url
from trackbook.records import Column, DatasetUse, FileRead, Role

_TABLES = (
    ("numpy", ("ndarray",)),
    ("pandas", ("DataFrame", "Series")),
    ("scipy.sparse", ("sparray", "spmatrix")),
    ("pyarrow", ("Table", "RecordBatch", "ChunkedArray", "Array")),
    ("polars", ("DataFrame", "Series")),
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_READ_BYTES = 1 << 20


def is_table(value: object) -> bool:
    """Tell whether a value is a DataFrame, a Series, an array of one dimension or more, a sparse matrix, or Arrow's or
    polars' table or column. Imports none of their libraries: a value of one means that it is loaded.
    """
    return _package(value) is not None and getattr(value, "ndim", 1) != 0


def describe(value: object, name: str, *, role: Role | None = None, files: tuple[FileRead, ...] = ()) -> DatasetUse:
    """Return the description of a table, or of a list or tuple of numbers or rows.

    Its `kind` is package and class (``pandas.DataFrame``, ``list``), `rows` its length, and `columns` the names and
    dtypes of its columns: one for a Series, none where the columns have no names.
    """
    shape = _shape(value)
    return DatasetUse(
        name=name,
        kind=_kind(value),
        role=role,
        rows=shape[0] if shape else None,
        shape=shape,
        columns=_columns(value),
        fingerprint=fingerprint(value),
        files=files,
    )


def rows_of(value: object) -> int | None:
    """Return how many rows a table has, None of what is none."""
    shape = _shape(value) if is_table(value) else ()
    return shape[0] if shape else None


def read_file(path: object) -> FileRead:
    """Return path, size in bytes and SHA-256 of a file, hashed again only when it has changed.

    A URL keeps its place without user, password and the values of secret parameters, and has no digest; so have a
    directory and a file that is missing or may not be read.
    """
    text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else str(path)
    if text.startswith("file://"):
        text = _local(text)
    if _URL.match(text):
        return FileRead(path=redact_url(text))
    absolute = os.path.abspath(os.path.expanduser(text))
    try:
        state = os.stat(absolute)
        if not Path(absolute).is_file():
            return FileRead(path=absolute)
        digest = _file_digest(absolute, state.st_size, state.st_mtime_ns, state.st_ino)
    except (OSError, ValueError):
        return FileRead(path=absolute)
    return FileRead(path=absolute, size=state.st_size, digest=digest)


def _package(value: object) -> str | None:
    for package, classes in _TABLES:
        module = sys.modules.get(package)
        found = tuple(getattr(module, name) for name in classes if hasattr(module, name))
        if isinstance(value, found):
            return package
    return None


def _kind(value: object) -> str:
    cls, package = type(value), _package(value)
    own = cls.__module__.partition(".")[0]
    if package is None or package.partition(".")[0] == own:
        return cls.__qualname__ if own == "builtins" else f"{package or own}.{cls.__qualname__}"
    return f"{cls.__module__}.{cls.__qualname__}"  # a subclass from elsewhere: geopandas.geodataframe.GeoDataFrame


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, list | tuple):
        return _list_shape(value)
    if hasattr(value, "shape"):
        return tuple(int(n) for n in value.shape)
    return (len(value),) if hasattr(value, "__len__") else ()


def _list_shape(value: list[Any] | tuple[Any, ...]) -> tuple[int, ...]:
    """Return the shape of a list: two dimensions if it holds rows of one length."""
    if not value or not all(isinstance(row, list | tuple) or is_table(row) for row in value):
        return (len(value),)
    widths = {len(row) for row in value}
    return (len(value), widths.pop()) if len(widths) == 1 else (len(value),)


def _columns(value: Any) -> tuple[Column, ...]:
    package = _package(value)
    if package == "numpy" and value.dtype.names:
        return tuple(Column(name=name, dtype=str(value.dtype[name])) for name in value.dtype.names)
    if package == "pyarrow" and hasattr(value, "schema"):
        return tuple(Column(name=field.name, dtype=str(field.type)) for field in value.schema)
    if package not in ("pandas", "polars"):
        return ()
    if hasattr(value, "dtypes") and hasattr(value, "columns"):
        return tuple(
            Column(name=str(name), dtype=str(dtype)) for name, dtype in zip(value.columns, value.dtypes, strict=True)
        )
    return (Column(name="" if value.name is None else str(value.name), dtype=str(value.dtype)),)


def _local(url: str) -> str:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return url2pathname(urlsplit(url).path)


@lru_cache(maxsize=1024)
def _file_digest(path: str, size: int, mtime_ns: int, inode: int) -> str:
    """Return the SHA-256 of a file; what it is called with besides the path is what the cache knows it by."""
    with open(path, "rb") as file:
        state = hashlib.sha256()
        while block := file.read(_READ_BYTES):
            state.update(block)
    return state.hexdigest()
