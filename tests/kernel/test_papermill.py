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

from .session import DATA, values

pytestmark = pytest.mark.filterwarnings("ignore")  # papermill's and its kernel's own
LOAD = "%load_ext trackbook"
FIT = "for C in strengths:\n    model = LogisticRegression(C=C).fit(X_train, y_train)"
TEST = "score = accuracy_score(y_test, model.predict(X_test))"


def execute(folder: Path, cells: Sequence[str], **parameters: object) -> None:
    """Execute a notebook; the cell that begins with ``strength`` is its parameter cell."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for source in cells:
        tags = ["parameters"] if source.startswith("strength") else []
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    nbformat.write(notebook, folder / "train.ipynb")
    papermill.execute_notebook(
        folder / "train.ipynb", folder / "out.ipynb", parameters=parameters, cwd=folder, progress_bar=False
    )


def recorded(folder: Path) -> tuple[Store, list[RunDetail]]:
    """Return the store and all its runs, oldest first."""
    store = open_store(start=folder)
    return store, store.runs(RunFilter(oldest_first=True))


@pytest.mark.parametrize("loads_first", [True, False])
def test_execution_is_the_parent_with_papermills_params(folder: Path, loads_first: bool) -> None:
    body = ["strengths = [1.0]\nkind = 'default'", DATA, FIT, TEST]
    cells = [LOAD, *body] if loads_first else [body[0], LOAD, *body[1:]]

    execute(folder, cells, strengths=[0.1, 9.0], kind="given")

    store, (parent, *rest) = recorded(folder)
    assert parent.run.parent_id is None
    assert (parent.params["strengths"], parent.params["kind"]) == ([0.1, 9.0], "given")
    assert parent.run.status == "FINISHED"
    assert not parent.models
    fits = [run for run in rest if run.models]
    assert [run.params["C"] if "LogisticRegression.C" not in run.params else run.params["LogisticRegression.C"]
            for run in fits] == [0.1, 9.0]  # fmt: skip
    assert {run.run.session_id for run in rest} == {parent.run.session_id}
    roots = {run.run.run_id for run in store.runs(RunFilter(only_roots=True))}
    assert roots == {parent.run.run_id}
    assert values(fits[-1]).keys() == {"test.accuracy"}


def test_notebook_that_fails_has_a_failed_parent(folder: Path) -> None:
    with pytest.raises(papermill.PapermillExecutionError):
        execute(folder, [LOAD, "strength = 1.0", DATA, "raise ValueError('no data')"], strength=2.0)

    _, (parent, *_) = recorded(folder)
    assert parent.params["strength"] == 2.0
    assert parent.run.status == "FAILED"
    assert parent.run.failure is not None
    assert (parent.run.failure.type, parent.run.failure.message) == ("ValueError", "no data")


def test_two_executions_are_two_parents_of_one_experiment(folder: Path) -> None:
    for strength in (0.1, 9.0):
        execute(
            folder, [LOAD, "strength = 1.0", DATA, "LogisticRegression(C=strength).fit(X_train, y_train)"], strength=strength
        )  # fmt: skip

    store, found = recorded(folder)
    parents = store.runs(RunFilter(only_roots=True, oldest_first=True))
    assert [run.params["strength"] for run in parents] == [0.1, 9.0]
    assert len({run.run.experiment for run in found}) == 1
    assert len({run.run.session_id for run in parents}) == 2
