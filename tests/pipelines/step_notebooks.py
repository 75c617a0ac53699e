"""Notebooks for steps, as people write them: plain files, most without a word of Trackbook."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from trackbook.records import RunDetail
from trackbook.store import Store, open_store
from trackbook.store.contract import RunFilter

PARAMETERS = "# what may change\n"


def write(path: Path, *cells: str, kernel: str | None = "python3", language: str = "python") -> Path:
    """Write a notebook; the cell that begins with `PARAMETERS` is tagged so."""
    notebook = nbformat.v4.new_notebook()
    if kernel is not None:
        notebook.metadata.kernelspec = {"name": kernel, "display_name": kernel, "language": language}
    for source in cells:
        tags = ["parameters"] if source.startswith(PARAMETERS) else ["raises-exception"] * source.startswith("# may")
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    nbformat.write(notebook, path)
    return path


def quiet_variables(folder: Path) -> dict[str, str]:
    """Return environment variables for tests: a store of their own, nothing of the machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKBOOK_", "JPY_"))}
    return kept | {
        "TRACKBOOK_STORE": str(folder / "store"),
        "IPYTHONDIR": str(folder / "ipython"),
        "XDG_STATE_HOME": str(folder / "state"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def recorded(folder: Path) -> tuple[Store, list[RunDetail]]:
    """Return the store in a folder and all its runs, oldest first."""
    store = open_store(folder / "store")
    return store, store.runs(RunFilter(oldest_first=True))


def kept_notebook(store: Store, run: RunDetail) -> nbformat.NotebookNode:
    """Return the executed notebook that is kept with a run."""
    (artifact,) = run.artifacts
    return nbformat.reads(store.get_object(artifact.digest).decode(), as_version=4)
