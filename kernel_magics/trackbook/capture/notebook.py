"""Which notebook a kernel runs, as far as its surroundings tell; and the cells of its file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_CONNECTION_FILE = re.compile(r"kernel-(?P<id>[\w.-]+)\.json$")
_NOTEBOOK_SUFFIXES = (".ipynb", ".py", ".md", ".Rmd", ".qmd")  # what Jupyter opens as a notebook, Jupytext's included
_LAUNCHERS = ("ipykernel_launcher.py", "ipykernel", "colab_kernel_launcher.py")
_MAX_NOTEBOOK_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """Where the code comes from. `path` is absolute, None where nothing tells; it need not exist any more.
    `folder` is the working folder when that was asked.

    `frontend` is ``jupyter``, ``vscode``, ``papermill``, ``script``, ``ipython`` or ``kernel`` (a kernel of which no
    more is known).
    """

    path: Path | None
    frontend: str
    kernel_id: str | None
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCell:
    """A code cell of a notebook's file; `cell_id` is None in formats that have none."""

    cell_id: str | None
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNotebook:
    """The code cells of a notebook's file from its top, and when it was saved, in seconds since 1970."""

    cells: tuple[SavedCell, ...]
    saved_at: float


def find_notebook(variables: Mapping[str, object], environ: Mapping[str, str], argv: Sequence[str]) -> Notebook:
    """Return what the user's variables, the environment and the command line tell of the notebook.

    In this order: ``TRACKBOOK_NOTEBOOK`` (said by a person), papermill's paths, VS Code's variable, Jupyter Server's
    session name (which for a console is no path), the script that runs.
    """
    kernel_id = _kernel_id(argv)
    frontend, path = _origin(variables, environ, argv, is_kernel=kernel_id is not None)
    return Notebook(path=path, frontend=frontend, kernel_id=kernel_id, folder=_working_folder())


def cell_tags(path: Path, cell_id: str) -> tuple[str, ...]:
    """Return the tags of a cell from the notebook's file, as last saved; none if that can't be told."""
    saved = saved_notebook(path)
    found = (cell.tags for cell in saved.cells if cell.cell_id == cell_id) if saved is not None else iter(())
    return next(found, ())


def saved_notebook(path: str | Path) -> SavedNotebook | None:
    """Return the notebook as last saved, read again only if its file has changed; None if it can't be read."""
    try:
        state = os.stat(path)
        return _saved(os.fspath(path), state.st_mtime_ns, state.st_size)
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _origin(
    variables: Mapping[str, object], environ: Mapping[str, str], argv: Sequence[str], *, is_kernel: bool
) -> tuple[str, Path | None]:
    said = _path(environ.get("TRACKBOOK_NOTEBOOK"))
    for frontend, path in _candidates(variables, environ):
        if path is not None:
            return frontend, said or path
    if is_kernel or "JPY_SESSION_NAME" in environ or _is_launcher(argv):
        return ("jupyter" if "JPY_SESSION_NAME" in environ else "kernel"), said
    script = _script(argv)
    return ("script" if script else "ipython"), said or script


def _candidates(variables: Mapping[str, object], environ: Mapping[str, str]) -> list[tuple[str, Path | None]]:
    papermill = [
        _path(place.get(f"PAPERMILL_{end}_PATH")) for end in ("INPUT", "OUTPUT") for place in (variables, environ)
    ]
    session = environ.get("JPY_SESSION_NAME") or variables.get("__session__")
    return [
        ("papermill", next((path for path in papermill if path is not None), None)),
        ("vscode", _path(variables.get("__vsc_ipynb_file__"))),
        ("jupyter", _path(session) if str(session).endswith(_NOTEBOOK_SUFFIXES) else None),
    ]


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was removed
        return None


def _path(value: object) -> Path | None:
    """Return an absolute path, None for what is none: nothing, a URL, a value that is not text."""
    if not isinstance(value, str | os.PathLike) or not str(value).strip() or "://" in str(value) or "\0" in str(value):
        return None
    return Path(os.path.abspath(value))


def _kernel_id(argv: Sequence[str]) -> str | None:
    for argument in argv:
        if found := _CONNECTION_FILE.search(argument):
            return found["id"]
    return None


def _is_launcher(argv: Sequence[str]) -> bool:
    return bool(argv) and (os.path.basename(argv[0]) in _LAUNCHERS or f"{os.sep}ipykernel{os.sep}" in argv[0])


def _script(argv: Sequence[str]) -> Path | None:
    """Return the script that runs, None for an interactive prompt and IPython's own launcher."""
    path = _path(argv[0]) if argv else None
    return (
        path
        if path is not None and path.suffix in (".py", ".ipy") and path.is_file() and "IPython" not in path.parts
        else None
    )


@lru_cache(maxsize=4)
def _saved(path: str, mtime_ns: int, size: int) -> SavedNotebook | None:
    """Read a notebook's file; its time and size are what the cache knows its state by."""
    if size > _MAX_NOTEBOOK_BYTES:
        return None
    with open(path, "rb") as file:
        try:
            content = json.load(file)
        except (ValueError, RecursionError):  # a script, say: that it is none is worth remembering, too
            return None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        return None
    kept = (_saved_cell(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type", "code") == "code")
    return SavedNotebook(cells=tuple(kept), saved_at=mtime_ns / 1e9)


def _saved_cell(cell: Mapping[str, Any]) -> SavedCell:
    source, cell_id = cell.get("source", ""), cell.get("id")
    return SavedCell(
        cell_id=cell_id if isinstance(cell_id, str) else None,
        source="".join(map(str, source)) if isinstance(source, list) else str(source),
        tags=_cell_tags(cell),
    )


def _cell_tags(cell: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
