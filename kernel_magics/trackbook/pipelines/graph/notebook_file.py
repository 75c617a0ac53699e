"""A notebook's file as a step sees it: its code cells, its kernel, and the params that it has."""

from __future__ import annotations

import ast
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from trackbook.capture.magics_source import parse_cell
from trackbook.capture.notebook import SavedCell
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.near_notebooks import no_notebook

PARAMETERS = "parameters"
_FORMAT = 4
_MOST_KEPT = 4096  # notebooks without their outputs: more than a pipeline has, else each plan reads all of them anew


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFile:
    """What of a notebook's file makes its results. `language` is as the kernel's name for it, in lower case."""

    cells: tuple[SavedCell, ...]
    kernel: str | None
    language: str

    @property
    def is_python(self) -> bool:
        """Whether its cells are IPython's."""
        return self.language in ("python", "ipython", "")


def read_notebook(path: Path) -> NotebookFile:
    """Return a notebook's file, read again only if it has changed.

    Raises
    ------
    InvalidValueError
        If it is not there, or no notebook.
    """
    try:
        return _read(*_version_of(path))
    except (FileNotFoundError, NotADirectoryError):
        raise InvalidValueError(no_notebook(path)) from None
    except OSError as error:
        raise InvalidValueError(f"The notebook '{path}' can't be read: {error.strerror}.") from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise InvalidValueError(f"'{path}' is no notebook in Jupyter's format (.ipynb). Save it anew.") from None


def _version_of(path: Path) -> tuple[str, int, int, int]:
    """Return a file's path with its times and size: what the caches know its state by."""
    state = os.stat(path)
    return os.fspath(path), state.st_mtime_ns, state.st_ctime_ns, state.st_size


@lru_cache(maxsize=_MOST_KEPT)
def _read(path: str, mtime_ns: int, ctime_ns: int, size: int) -> NotebookFile:
    """Read a notebook's file."""
    content = json.loads(Path(path).read_bytes())
    if content.get("nbformat", _FORMAT) < _FORMAT:
        content = _renewed(path)
    metadata = content.get("metadata") or {}
    kernelspec = metadata.get("kernelspec") or {}
    language = kernelspec.get("language") or (metadata.get("language_info") or {}).get("name") or ""
    return NotebookFile(
        cells=tuple(_cell(cell) for cell in content["cells"] if cell.get("cell_type") == "code"),
        kernel=kernelspec.get("name"),
        language=str(language).lower(),
    )


def _renewed(path: str) -> Any:
    """Return a notebook of Jupyter's first years as it would be saved today, as papermill executes it."""
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing is wrong with its age
        return nbformat.read(path, as_version=_FORMAT)  # type: ignore[no-untyped-call]  # it has no types


def _cell(cell: Mapping[str, Any]) -> SavedCell:
    source, tags = cell.get("source", ""), (cell.get("metadata") or {}).get("tags") or []
    return SavedCell(
        cell_id=cell.get("id"),
        source="".join(source) if isinstance(source, list) else str(source),
        tags=tuple(tag for tag in tags if isinstance(tag, str)),
    )


def declared_params(path: Path) -> frozenset[str] | None:
    """Return the names that a notebook's ``parameters`` cell assigns; None if that can't be told."""
    try:
        return _declared(*_version_of(path))
    except (OSError, InvalidValueError, SyntaxError):
        return None


@lru_cache(maxsize=_MOST_KEPT)
def _declared(path: str, mtime_ns: int, ctime_ns: int, size: int) -> frozenset[str] | None:
    notebook = read_notebook(Path(path))
    if not notebook.is_python:
        return None
    cells = [cell for cell in notebook.cells if PARAMETERS in cell.tags]
    return frozenset(name for cell in cells for name in _assigned(parse_cell(cell.source)))


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
