"""What datasets, models and pipelines are asked about: a notebook that publishes, and a pipeline run twice."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from tests.forks import forks
from tests.kernel.session import DATA, Notebook

CELLS = {
    "data": DATA + "import trackbook",
    "publish": "customers = X.assign(id=range(len(X)))\ntrackbook.publish(customers, 'customers');",
    "again": "more = customers.assign(a=customers['a'].where(customers['id'] > 2, 0.0))\n"
    "trackbook.publish(more, 'customers');",
    "fit": "model = LogisticRegression(C=0.5).fit(trackbook.load('customers', version=1)[['a', 'b']], y)",
    "score": "accuracy = accuracy_score(y, model.predict(customers[['a', 'b']]))",
    "bare": "class Mean:\n    def fit(self, X, y):\n        self.mean = y.mean()\n        return self\n\n"
    "    def predict(self, X):\n        return [self.mean] * len(X)\n\nmean = Mean().fit(X, y)",
}
STEPS = {
    "prepare": ["import pandas as pd, trackbook", "trackbook.publish(pd.DataFrame({'a': range(4)}), 'raw');"],
    "check": [
        "import trackbook",
        "rows = len(trackbook.load('raw'))\nprint('rows:', rows)",
        "assert rows > 9, 'too few'",
    ],
    "report": ["print('done')"],
}
PIPELINE = """
name: daily
steps:
  - notebook: report.ipynb
    needs: check
  - notebook: check.ipynb
  - notebook: prepare.ipynb
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The folder, the run of the fit, one with a model that can't be kept, and the pipeline's runs, by their ids."""

    folder: Path
    fitted: str
    bare: str
    first: str
    second: str


@cache
def do_shop(folder: Path) -> Shop:
    """Do all of it in a folder, once."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("TRACKBOOK_", "JPY_", "PAPERMILL_")):
                patch.delenv(name)
        patch.chdir(folder)
        patch.setenv("TRACKBOOK_NOTEBOOK", str(folder / "shop.ipynb"))
        patch.setenv("XDG_STATE_HOME", str(folder.parent / "state-of-shop"))
        patch.setenv("IPYTHONDIR", str(folder.parent / "ipython-of-shop"))
        _run_notebook(folder)
        patch.delenv("TRACKBOOK_NOTEBOOK")
        first, second = _run_pipeline(folder), _run_pipeline(folder)
    runs = {detail.run.run_id: detail for detail in _runs(folder)}
    by_class = {model.class_name.rpartition(".")[2]: run_id for run_id, each in runs.items() for model in each.models}
    return Shop(folder=folder, fitted=by_class["LogisticRegression"], bare=by_class["Mean"], first=first, second=second)


def _run_notebook(folder: Path) -> None:
    notebook = Notebook(folder, name="shop")
    for name, source in CELLS.items():
        notebook.run(source, name)
    notebook.settle()
    assert not notebook.faults, notebook.faults[0]
    notebook.close()


def _run_pipeline(folder: Path) -> str:
    for name, cells in STEPS.items():
        _save(folder, name, cells)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    environment = {**os.environ, "TRACKBOOK_STORE": str(folder / ".trackbook")}
    done = forks.run("-m", "trackbook", "pipeline", "run", "--json", folder=folder, environment=environment)
    assert done.returncode == 1, done.stderr  # a step fails
    return str(json.loads(done.stdout)["run_id"])


def _save(folder: Path, name: str, cells: list[str]) -> None:
    listed = [
        {
            "cell_type": "code",
            "id": f"{name}-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": listed, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(content))


def _runs(folder: Path) -> list[RunDetail]:
    store = open_store(folder / ".trackbook", create=False)
    try:
        return store.runs(RunFilter())
    finally:
        store.close()
