"""Gives each test a folder to work in and a fresh notebook in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .desk import Desk
from .session import Notebook

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # before numpy is imported: the problems are tiny, and threads would spin


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the test, with nothing of the machine's own settings."""
    for name in [*os.environ]:
        if name.startswith(("TRACKBOOK_", "JPY_", "PAPERMILL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def open_notebook(folder: Path) -> Iterator[Callable[..., Notebook]]:
    """Open notebooks in the folder; they are closed when the test ends, the newest first."""
    opened: list[Notebook] = []

    def open_one(**options: object) -> Notebook:
        opened.append(Notebook(folder, **options))  # type: ignore[arg-type]  # handed on as they are
        return opened[-1]

    yield open_one
    for notebook in reversed(opened):
        notebook.close()


@pytest.fixture
def nb(open_notebook: Callable[..., Notebook]) -> Iterator[Notebook]:
    """A notebook with Trackbook loaded; Trackbook must not have failed at anything by the end."""
    notebook = open_notebook()
    yield notebook
    assert not notebook.faults, notebook.faults[0]


@pytest.fixture
def desk(folder: Path, monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]) -> Iterator[Desk]:
    path = folder / "analysis.ipynb"
    path.write_text('{"cells": []}')
    monkeypatch.setenv("TRACKBOOK_NOTEBOOK", str(path))
    notebook = open_notebook()
    yield Desk(notebook, path)
    assert not notebook.faults, notebook.faults[0]


@pytest.fixture
def terminal(nb: Notebook) -> Desk:
    """A notebook whose file nobody knows."""
    return Desk(nb, None)
