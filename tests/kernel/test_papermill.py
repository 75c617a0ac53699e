"""Under papermill the notebook's execution is a run, with papermill's params; its fits are children."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
import papermill
import pytest
from trackbook.records import RunDetail
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from tests.forks.forks import forked_kernels

from .session import values
from .test_real_kernel import DATA, LOAD, TEST

pytestmark = pytest.mark.filterwarnings("ignore")  # papermill's and its kernel's own
PARAMETERS = "strengths = [1.0]\nkind = 'default'"
FIT = "for C in strengths:\n    model = LogisticRegression(C=C).fit(X_train, y_train)"


def execute(folder: Path, cells: Sequence[str], **parameters: object) -> None:
    """Execute a notebook; the cell that begins with ``strength`` is its parameter cell."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for source in cells:
        tags = ["parameters"] if source.startswith("strength") else []
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    nbformat.write(notebook, folder / "train.ipynb")
    with forked_kernels():
        papermill.execute_notebook(
            folder / "train.ipynb", folder / "out.ipynb", parameters=parameters, cwd=folder, progress_bar=False
        )


def recorded(folder: Path) -> tuple[Store, RunDetail, list[RunDetail]]:
    """Return the store, the only run in it without a parent, and the others, oldest first."""
    store = open_store(start=folder)
    (parent,) = store.runs(RunFilter(only_roots=True))
    others = [run for run in store.runs(RunFilter(oldest_first=True)) if run.run.parent_id]
    return store, parent, others


def test_execution_is_the_parent_with_papermills_params(folder: Path) -> None:
    execute(folder, [LOAD, PARAMETERS, DATA, FIT, TEST], strengths=[0.1, 9.0], kind="given")

    _, parent, others = recorded(folder)
    fits = [run for run in others if run.models]
    assert (parent.params["strengths"], parent.params["kind"]) == ([0.1, 9.0], "given")
    assert (parent.run.status, parent.models) == ("FINISHED", ())
    assert [run.models[0].coefficients["0"] for run in fits] == sorted(run.models[0].coefficients["0"] for run in fits)
    assert [run.params["strengths"] for run in fits] == [[0.1, 9.0], [0.1, 9.0]]
    assert [values(run).keys() for run in fits] == [set(), {"test.accuracy"}]
    assert {run.run.session_id for run in others} == {parent.run.session_id}


def test_notebook_that_fails_has_a_failed_parent(folder: Path) -> None:
    with pytest.raises(papermill.PapermillExecutionError):
        execute(folder, [LOAD, "strength = 1.0", "raise ValueError('no data')"], strength=2.0)

    _, parent, _ = recorded(folder)
    assert parent.params["strength"] == 2.0
    assert parent.run.status == "FAILED"
    assert parent.run.failure is not None
    assert (parent.run.failure.type, parent.run.failure.message) == ("ValueError", "no data")


def test_two_executions_are_two_parents_of_one_experiment_whenever_they_load(folder: Path) -> None:
    fit = "from sklearn.linear_model import Ridge\nmodel = Ridge(alpha=strength).fit([[0.0], [1.0]], [0.0, 1.0])"
    for strength, cells in ((0.1, [LOAD, "strength = 1.0"]), (9.0, ["strength = 1.0", LOAD, fit])):
        execute(folder, [*cells, "%track metric double=strength*2"], strength=strength)

    store = open_store(start=folder)
    parents = store.runs(RunFilter(only_roots=True, oldest_first=True))
    children = store.runs(RunFilter(parent_id=parents[1].run.run_id))
    assert [run.params["strength"] for run in parents] == [0.1, 9.0]
    assert [run.params["strength"] for run in children if run.models] == [9.0]
    assert len({run.run.experiment for run in parents}) == 1
    assert len({run.run.session_id for run in parents}) == 2
