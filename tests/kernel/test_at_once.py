"""Two kernels, a papermill child and a reader on one store at the same time: nobody waits, nobody sees a lock."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from tests.forks import forks

from .kernel import Kernel
from .test_real_kernel import DATA, LOAD, TEST

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CELLS = 6


def fit(strength: float) -> str:
    return f"C = {strength}\nmodel = LogisticRegression(C=C).fit(X_train, y_train)\n{TEST}"


def papermill(folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    sources = [LOAD, "strength = 1.0", DATA, *(fit(1000 + number) for number in range(CELLS))]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, folder / "in.ipynb")
    command = ["-m", "papermill", "in.ipynb", "out.ipynb", "-p", "strength", "2.0", "--no-progress-bar"]
    return forks.run(*command, folder=folder, environment=environ)


def read(folder: Path, environ: Mapping[str, str]) -> list[subprocess.CompletedProcess[str]]:
    return [forks.run("-m", "trackbook", "runs", "--json", folder=folder, environment=environ) for _ in range(3)]


def test_two_kernels_a_papermill_child_and_a_reader_get_along(folder: Path) -> None:
    environ = {**os.environ, "TRACKBOOK_STORE": str(folder / "store"), "PYTHONWARNINGS": "ignore"}
    with Kernel(folder, environ) as one, Kernel(folder, environ) as two, ThreadPoolExecutor(2) as pool:
        for kernel in (one, two):
            assert [kernel.run(source)["status"] for source in (LOAD, DATA)] == ["ok", "ok"]

        child, reader = pool.submit(papermill, folder, environ), pool.submit(read, folder, environ)
        requests = [(each, each.begin(fit(first + n))) for n in range(CELLS) for each, first in ((one, 1), (two, 100))]

        assert {kernel.reply_to(request)["status"] for kernel, request in requests} == {"ok"}
        assert child.result().returncode == 0, child.result().stderr
        readings = reader.result()
        said = one.text() + two.text() + child.result().stderr + "".join(each.stderr for each in readings)
    store = open_store(folder / "store")
    runs, problems = store.runs(RunFilter()), store.verify()
    store.close()
    assert [each.returncode for each in readings] == [0] * len(readings)
    assert all(isinstance(json.loads(each.stdout), list) for each in readings)
    assert "lock" not in said
    assert "Trackbook" not in said
    fits = [run for run in runs if run.models]
    assert len(fits) == 3 * CELLS
    assert len({run.run.session_id for run in fits}) == 3
    assert len({run.run.experiment for run in fits if run.run.parent_id is None}) == 1
    assert len({run.run.name for run in runs}) == len(runs)
    assert problems == []
