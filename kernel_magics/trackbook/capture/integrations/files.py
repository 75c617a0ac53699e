"""Files: what pandas, polars, numpy, joblib, aiofiles, ``open`` and ``Path`` read."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from trackbook.capture.hooks import THREADS, Call, Hooks

_READERS = {
    "pandas": (
        "read_csv", "read_table", "read_fwf", "read_excel", "read_json", "read_html", "read_xml", "read_feather",
        "read_parquet", "read_orc", "read_sas", "read_spss", "read_stata", "read_pickle", "read_hdf",
    ),
    "polars": (
        "read_csv", "read_parquet", "read_ipc", "read_json", "read_ndjson", "read_excel", "scan_csv", "scan_parquet",
    ),
    "numpy": ("load", "loadtxt", "genfromtxt", "fromregex"),
    "joblib": ("load",),
    "pathlib": ("open",),
    "aiofiles.threadpool": ("open",),
    "IPython.core.interactiveshell": ("_modified_open",),
}  # fmt: skip
_THROUGH = THREADS | {"pathlib"}  # what may stand between the notebook's code and a reader that it calls itself
_FILE_HANDLES = ("open", "_modified_open")


class FilesIntegration:
    """Notes the files that a notebook reads."""

    modules = tuple(_READERS)

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch the functions of a module that read files."""
        self._hooks = hooks
        holder = module.Path if module.__name__ == "pathlib" else module
        for name in _READERS[module.__name__]:
            hooks.watch(getattr(holder, name, None), on_return=self._has_read)

    def _has_read(self, call: Call, result: Any) -> None:
        path = next(iter(call.arguments.values()), None)
        is_handle = call.name in _FILE_HANDLES
        if not set(call.through) <= _THROUGH or not _is_path(path):
            return
        if is_handle and not set(str(call.arguments.get("mode") or "r")) <= set("rbtU"):
            return
        self._hooks.observer.tables.add_read(call, path, None if is_handle else result)


def _is_path(value: object) -> bool:
    """Return whether a reader was given a path or URL (not an open file, a descriptor or text)."""
    return (isinstance(value, str) and "\n" not in value and len(value) < 4096) or hasattr(value, "__fspath__")
