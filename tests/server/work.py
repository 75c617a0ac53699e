"""The work whose runs the server is asked about: a notebook in a folder, run cell by cell in a shell of its own."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

from tests.kernel.session import DATA, Notebook

NOTEBOOK = "analysis.ipynb"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""The smallest image."""
SCRIPT = "<script>document.title = 'harm'</script>"
DRAWING = f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>'
CELLS = {
    "data": DATA,
    "choice": "C = 0.1",
    "fit": "model = LogisticRegression(C=C).fit(X_train, y_train)",
    "score": "accuracy = accuracy_score(y_test, model.predict(X_test))\naccuracy",
    "shown": f"""
from IPython.display import HTML, SVG, Image, display
display(Image(data={PIXEL!r}), HTML("<b>shown</b>" + {SCRIPT!r}), SVG({DRAWING!r}))
print(f"accuracy is {{accuracy}}")
""",
    "loop": """
for c in (0.01, 1.0, 100.0):
    searched = LogisticRegression(C=c).fit(X_train, y_train)
    searched_accuracy = accuracy_score(y_test, searched.predict(X_test))
""",
    "by-hand": """
with trackbook.start_run("by-hand", experiment="curves") as run:
    for step in range(3000):
        run.log_metric("loss", 1 / (step + 1), step=step)
        run.log_metric("gap", float("nan") if step == 10 else float("inf") if step == 11 else step % 7, step=step)
    run.log_artifact("page.html")
    run.log_artifact("pixel.png")
    run.log_artifact("lost.txt")
    run.log_artifact("drawing.svg")
""",
}
FAILING = """
with trackbook.start_run("failed", experiment="curves"):
    raise ValueError("too bad")
"""
SECOND = "C = 10.0"
"""What the cell `choice` says when `fit` and `score` are run once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The ids of runs: two fits of one notebook, a loop of three with their parent, two started by hand, one failed."""

    folder: Path
    first: str
    second: str
    parent: str
    children: tuple[str, ...]
    by_hand: str
    failed: str

    @property
    def notebook(self) -> Path:
        """The notebook."""
        return self.folder / NOTEBOOK


def do_work(folder: Path) -> Work:
    """Run the notebook in a folder, and end its session."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("TRACKBOOK_", "JPY_", "PAPERMILL_")):
                patch.delenv(name)
        patch.chdir(folder)
        patch.setenv("TRACKBOOK_NOTEBOOK", str(folder / NOTEBOOK))
        patch.setenv("XDG_STATE_HOME", str(folder.parent / "state-of-work"))
        patch.setenv("IPYTHONDIR", str(folder.parent / "ipython-of-work"))
        (folder / "page.html").write_text(f"<!doctype html>{SCRIPT}")
        (folder / "lost.txt").write_text("soon lost")
        (folder / "drawing.svg").write_text(DRAWING)
        (folder / "pixel.png").write_bytes(PIXEL)
        _save(folder, CELLS)
        _run(folder)
        return _found(folder)


def _run(folder: Path) -> None:
    notebook = Notebook(folder, name="cell")
    notebook.run("import trackbook", "import")
    for name, source in CELLS.items():
        notebook.run(source, name)
        if name == "shown":
            notebook.edit("choice", SECOND)
            _save(folder, {**CELLS, "choice": SECOND})
            notebook.rerun("fit")
            notebook.rerun("score")
    notebook.fails(FAILING, "failing")
    notebook.settle()
    assert not notebook.faults, notebook.faults[0]
    notebook.close()


def _save(folder: Path, cells: dict[str, str]) -> None:
    listed = [
        {
            "cell_type": "code",
            "id": f"cell-{name}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for name, source in cells.items()
    ]
    content = {"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / NOTEBOOK).write_text(json.dumps(content))


def _found(folder: Path) -> Work:
    store = open_store(start=folder, create=False)
    runs = store.runs(RunFilter(oldest_first=True))
    store.close()
    by_name = {each.run.name: each.run.run_id for each in runs}
    children = [each for each in runs if each.run.parent_id]
    fits = [each for each in runs if "C" in each.params and each not in children]
    return Work(
        folder=folder,
        first=fits[0].run.run_id,
        second=fits[1].run.run_id,
        parent=str(children[0].run.parent_id),
        children=tuple(map(_id, children)),
        by_hand=by_name["by-hand"],
        failed=by_name["failed"],
    )


def _id(detail: RunDetail) -> str:
    return detail.run.run_id
