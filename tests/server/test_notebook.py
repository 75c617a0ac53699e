"""What the panel shows in a notebook: tracking, the run at work, marks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.session import DATA, Notebook

from .conftest import Ask

FIT = "model = LogisticRegression(C=C).fit(X_train, y_train)"
SCORE = "accuracy = accuracy_score(y_test, model.predict(X_test))"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "root" / "work"
    place.mkdir(parents=True)
    monkeypatch.setenv("TRACKBOOK_NOTEBOOK", str(place / "train.ipynb"))
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def jp_root_dir(folder: Path) -> Path:
    return folder.parent


def save(folder: Path, cells: dict[str, str], name: str = "train") -> None:
    listed = [
        {"cell_type": "code", "id": f"cell-{key}", "metadata": {}, "source": source, "outputs": []}
        for key, source in cells.items()
    ]
    content = {"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(content))


@pytest.fixture
def nb(folder: Path) -> Iterator[Notebook]:
    """A session of the notebook, whose cells `data`, `choice`, `fit` and `score` have run."""
    cells = {"data": DATA, "choice": "C = 0.1", "fit": FIT, "score": SCORE}
    save(folder, cells)
    session = Notebook(folder, name="cell")
    for name, source in cells.items():
        session.run(source, name)
    yield session
    session.close()


async def shown(ask: Ask, **query: object) -> Any:
    answer = await ask("GET", "/notebook", **{"at": "work/train.ipynb", **query})
    assert answer.status == 200, answer.json
    return answer.json


def marks(found: Any, kind: str) -> dict[str, Any]:
    """Return the marks of a kind by their cells' ids."""
    return {cell["cell_id"]: mark for cell in found["cells"] for mark in cell["marks"] if mark["kind"] == kind}


async def test_notebook_that_is_tracked_tells_its_run_and_what_cells_measured(ask: Ask, nb: Notebook) -> None:
    found = await shown(ask)

    run = nb.only_run().run
    assert (found["session"]["state"], found["session"]["reason"]) == ("on", None)
    assert found["run"] == {"run_id": run.run_id, "name": run.name, "status": run.status.value}
    (metric,) = marks(found, "metrics")["cell-score"]["metrics"]
    assert (metric["key"], metric["run_name"]) == ("test.accuracy", run.name)
    assert metric["value"] == nb.only_run().metrics["test.accuracy"].value
    assert marks(found, "stale") == marks(found, "unordered") == {}
    digests = {cell["cell_id"]: cell["source_digest"] for cell in found["cells"]}
    assert digests["cell-fit"] == hashlib.sha256(FIT.encode()).hexdigest()


async def test_cell_that_measured_the_same_again_keeps_its_metrics(ask: Ask, nb: Notebook) -> None:
    before = marks(await shown(ask), "metrics")["cell-score"]

    for cell in ("fit", "score"):
        nb.rerun(cell)

    assert len(nb.runs()) == 1
    assert marks(await shown(ask), "metrics")["cell-score"] == before


async def test_cell_below_one_that_was_run_again_is_stale_and_says_why(ask: Ask, nb: Notebook) -> None:
    nb.edit("choice", "C = 10.0")
    save(nb.folder, {"data": DATA, "choice": "C = 10.0", "fit": FIT, "score": SCORE})

    stale = marks(await shown(ask), "stale")

    assert "cell-choice" not in stale
    assert "C as cell [3] made it, before that cell was run again as [6]" in stale["cell-fit"]["reason"]


async def test_cell_that_read_from_below_is_marked_as_out_of_order(ask: Ask, nb: Notebook) -> None:
    save(nb.folder, {"data": DATA, "fit": FIT, "choice": "C = 0.1", "score": SCORE})

    found = await shown(ask)

    assert "stands below it" in marks(found, "unordered")["cell-fit"]["reason"]


async def test_tracking_that_is_switched_by_a_program_is_seen(ask: Ask, nb: Notebook) -> None:
    """As the panel does it: silently, and so in no cell."""
    nb.shell.run_cell("%track off", silent=True)
    off = await shown(ask)
    nb.run("hidden = 1", "hidden")
    nb.shell.run_cell("%track on", silent=True)
    on = await shown(ask)

    assert (off["session"]["state"], on["session"]["state"]) == ("off", "on")
    assert "not recorded" in off["session"]["reason"]
    assert "cell-hidden" not in [cell["cell_id"] for cell in on["cells"]]


async def test_tracking_that_a_cell_switches_off_is_seen(ask: Ask, nb: Notebook) -> None:
    nb.run("if True:\n    get_ipython().run_line_magic('track', 'off')", "switch")
    off = await shown(ask)
    nb.run("%track on", "switch-on")
    on = await shown(ask)

    assert (off["session"]["state"], on["session"]["state"]) == ("off", "on")


async def test_fault_of_tracking_is_told_until_a_cell_is_recorded_whole(
    ask: Ask, nb: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("our own fault")

    with monkeypatch.context() as patch:
        patch.setattr(nb.shell._trackbook.recorder._lineage, "add", broken)
        nb.run("a = 1")
    nb.run("b = 2")
    faulty = await shown(ask)
    nb.run("c = 3")
    whole = await shown(ask)

    assert (faulty["session"]["state"], whole["session"]["state"]) == ("error", "on")
    assert faulty["session"]["reason"] == "Something could not be recorded: RuntimeError: our own fault"
    capsys.readouterr()


async def test_notebook_whose_kernel_ended_says_so(ask: Ask, nb: Notebook) -> None:
    nb.close()

    found = await shown(ask)

    assert (found["session"]["state"], found["run"]["status"]) == ("ended", "FINISHED")
    assert marks(found, "metrics")["cell-score"]


async def test_notebook_that_never_ran_has_no_session(ask: Ask, nb: Notebook) -> None:
    save(nb.folder, {"first": "1"}, "other")

    found = await shown(ask, at="work/other.ipynb")

    assert (found["session"]["state"], found["session"]["session_id"]) == ("none", None)
    assert (found["run"], found["cells"]) == (None, [])


async def test_credentials_in_a_cell_leave_no_digest_of_it(ask: Ask, nb: Notebook) -> None:
    nb.run("api_key = 'Zk3vQ9xT1rB7mW5pL2nC8dF4'", "secret")

    found = await shown(ask)

    assert [cell["source_digest"] for cell in found["cells"] if cell["cell_id"] == "cell-secret"] == [None]


@pytest.mark.parametrize("at", ["", "work"])
async def test_folder_is_no_notebook(ask: Ask, nb: Notebook, at: str) -> None:
    answer = await ask("GET", "/notebook", at=at)

    assert (answer.status, "Which notebook?" in answer.json["message"]) == (400, True)
