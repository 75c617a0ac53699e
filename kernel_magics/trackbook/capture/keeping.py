"""Contents that are kept: how large a table is, and a copy of it that stays as it is while the notebook goes on."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from trackbook.capture.tables import is_table
from trackbook.records import FileRead, Model

_SAMPLED = 200
_POINTER_BYTES = 8


class Keeping(Protocol):
    """What takes contents to be kept, at the moment at which they are used. None of its methods raises."""

    def keep_table(self, value: object, fingerprint: str | None) -> str | None:
        """Take a table as it is now and return what stands for its snapshot until that is there.

        None if tables are not to be kept.
        """

    def keep_file(self, file: FileRead) -> None:
        """Take a file that has just been read."""

    def keep_model(self, model: Model, estimator: object, inputs: object) -> None:
        """Take a fitted model as it is now, with some of the rows that it was trained on."""


def size_in_memory(table: Any) -> int:
    """Return about how many bytes a table takes. Of columns of Python objects some are looked at."""
    package = type(table).__module__.partition(".")[0]
    if package == "polars":
        return int(table.estimated_size())
    if hasattr(table, "memory_usage"):
        return _frame_size(table)
    if package == "scipy":
        return sum(int(part.nbytes) for part in vars(table).values() if hasattr(part, "nbytes"))
    size = int(getattr(table, "nbytes", 0))
    return size + _objects_size(table.ravel()) if _is_of_objects(table) else size


def still(table: Any) -> object:
    """Return a table with the same content that later changes of this one don't reach.

    pandas with copy on write shares the memory until somebody writes to either of them through pandas; Arrow's and
    polars' data don't change. Whatever else is writable is copied. Python objects in the table are shared, and so is
    memory that somebody writes to behind the back of its library: see `is_private`.
    """
    package = _package(table)
    if package == "pandas":
        return table.copy(deep=not _is_copied_on_write())
    if package == "polars":
        return table.clone()
    if package == "numpy":
        return table.copy(order="K")
    return table.copy() if package == "scipy" else table


def is_private(table: Any) -> bool:
    """Return whether nobody else can change what `still` returned."""
    return _package(table) in ("numpy", "scipy") and not _is_of_objects(table)


def first_rows(table: Any, count: int) -> object | None:
    """Return a copy of the first rows of a table, None if it has none or is no table."""
    if not is_table(table) or getattr(table, "ndim", 2) < 1:
        return None
    if _package(table) == "pandas":
        rows = table.iloc[:count]
    elif hasattr(table, "slice"):
        rows = table.slice(0, count)
    else:
        rows = table.tocsr()[:count] if hasattr(table, "tocsr") else table[:count]
    return still(rows)


def _package(table: object) -> str:
    """Return the package whose kind of table this is, also where the class itself is somebody else's."""
    for package, classes in (("pandas", ("DataFrame", "Series")), ("numpy", ("ndarray",))):
        module = sys.modules.get(package)
        if module is not None and isinstance(table, tuple(getattr(module, name) for name in classes)):
            return package
    return type(table).__module__.partition(".")[0]


def _is_of_objects(table: Any) -> bool:
    return getattr(getattr(table, "dtype", None), "kind", None) == "O"


def _is_copied_on_write() -> bool:
    pandas: Any = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True


def _frame_size(table: Any) -> int:
    used = table.memory_usage(index=True, deep=False)
    size = int(used if isinstance(used, int) or not hasattr(used, "sum") else used.sum())
    if not hasattr(table, "columns"):
        return size + (_objects_size(table) if _is_of_objects(table) else 0)
    places = [place for place, dtype in enumerate(table.dtypes) if dtype.kind == "O"]
    return size + sum(_objects_size(table.iloc[:, place]) for place in places)


def _objects_size(values: Any) -> int:
    """Return about how many bytes Python objects take, from some of them; what they hold does not count."""
    count = len(values)
    if not count:
        return 0
    seen = list(values[:: max(1, count // _SAMPLED)])
    return max(0, sum(map(sys.getsizeof, seen)) * count // len(seen) - _POINTER_BYTES)
