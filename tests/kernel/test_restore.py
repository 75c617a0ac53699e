"""What a run had comes back into a notebook: equal, under its names, and never over what is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trackbook
from trackbook.display.payload import dumps
from trackbook.errors import InvalidValueError, NotFoundError

from .session import DATA, Notebook

FIT = """
C = 0.3
layers = (5, 2)
model = LogisticRegression(C=C, max_iter=500 + len(layers)).fit(X_train, y_train)
accuracy_score(y_test, model.predict(X_test))
"""


def settled(nb: Notebook) -> None:
    assert nb.shell._trackbook.recorder.snapshots.wait(60)  # type: ignore[attr-defined]  # put there by us


@pytest.fixture
def fitted(open_notebook: Callable[..., Notebook]) -> Notebook:
    """A notebook that fitted a model; what flowed into the run is kept."""
    notebook = open_notebook()
    notebook.run(DATA)
    notebook.run(FIT)
    settled(notebook)
    return notebook


def test_run_comes_back_into_another_kernel(fitted: Notebook, open_notebook: Callable[..., Notebook]) -> None:
    before = dict(fitted.variables)
    expected = before["model"].predict(before["X_test"])
    fitted.close()
    other = open_notebook()

    other.run("%track restore latest")

    found = other.variables
    pd.testing.assert_frame_equal(found["X_train"], before["X_train"])
    pd.testing.assert_series_equal(found["y_train"], before["y_train"])
    assert found["C"] == 0.3
    assert found["layers"] == (5, 2)
    np.testing.assert_array_equal(found["model"].predict(before["X_test"]), expected)
    assert "max_iter" not in found
    assert not other.faults


def test_nothing_comes_back_where_one_name_is_taken(fitted: Notebook, open_notebook: Callable[..., Notebook]) -> None:
    fitted.close()
    other = open_notebook()
    other.run("C = 'mine'")

    refused = other.fails("%track restore latest")

    assert "There is C already, and nothing was restored" in str(refused)
    assert "X_train" not in other.variables
    assert other.variables["C"] == "mine"


def test_force_puts_it_over_what_is_there(fitted: Notebook, open_notebook: Callable[..., Notebook]) -> None:
    fitted.close()
    other = open_notebook()
    other.run("C = 'mine'")

    other.run("%track restore latest C --force")

    assert other.variables["C"] == 0.3
    assert "X_train" not in other.variables


def test_python_gives_values_and_touches_no_namespace(fitted: Notebook) -> None:
    found = trackbook.restore("latest")

    assert set(found) == {"X_train", "y_train", "X_test", "y_test", "model", "C", "layers"} & set(found)
    assert {"X_train", "y_train", "model", "C", "layers"} <= set(found)
    assert found["model"] is not fitted.variables["model"]
    assert not found.missing
    assert found.remarks == ()


def busy(nb: Notebook) -> threading.Event:
    """Have what keeps contents busy with something else until the event is set, and fit a model."""
    nb.run(DATA)
    done = threading.Event()
    assert nb.shell._trackbook.recorder.snapshots._background.add(lambda: done.wait(60))  # type: ignore[attr-defined]  # put there by us
    nb.run(FIT)
    return done


def test_model_on_its_way_is_waited_for_with_a_word(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = busy(nb), []
    monkeypatch.setattr("trackbook.tracking.making._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("trackbook.restoration_view.tell_aside", lambda sentence: (told.append(sentence), done.set()))

    found = trackbook.restore("latest", ["model", "X_train"])

    assert told == ["What this notebook made is still being kept: waiting for it."]
    assert set(found) == {"model", "X_train"}
    assert not found.missing


def test_model_of_the_cell_before_is_loaded_once_it_is_kept(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    done, told = busy(nb), []
    monkeypatch.setattr("trackbook.tracking.making._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("trackbook.run_view.tell_aside", lambda sentence: (told.append(sentence), done.set()))

    nb.run("import trackbook\nagain = trackbook.get_run('latest').load_model()")

    assert told == ["What this notebook made is still being kept: waiting for it."]
    assert type(nb.variables["again"]) is type(nb.variables["model"])


def test_recording_that_is_stopped_by_hand_keeps_what_it_has_begun_to(
    nb: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = busy(nb)
    monkeypatch.setattr("trackbook.tracking.making._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("trackbook.run_view.tell_aside", lambda _: done.set())

    nb.shell.extension_manager.unload_extension("trackbook")

    assert trackbook.get_run("latest").models[0].object_digest is not None


def test_what_takes_longer_still_is_said_to_be_on_its_way(
    nb: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = busy(nb)
    for name in ("_PATIENCE_SECONDS", "_MOST_SECONDS"):
        monkeypatch.setattr(f"trackbook.tracking.making.{name}", 0.05)

    found = trackbook.restore("latest", ["model", "X_train"])
    done.set()

    reason = "it is still being kept: restore it again in a while"
    assert found.missing == {"model": reason, "X_train": reason}
    assert "still being kept" in capsys.readouterr().err


def test_name_that_the_run_does_not_have_is_told_with_those_that_it_has(fitted: Notebook) -> None:
    with pytest.raises(NotFoundError, match=r"has no table, model or param 'X_trian'. It has: X_train"):
        trackbook.restore("latest", "X_trian")


def test_hyper_param_comes_back_only_where_it_is_named(fitted: Notebook) -> None:
    found = trackbook.restore("latest", ["max_iter"])

    assert dict(found) == {"max_iter": 502}


def test_restored_table_is_known_to_be_a_kept_one(fitted: Notebook, open_notebook: Callable[..., Notebook]) -> None:
    run_id = fitted.last_run().run.run_id
    fitted.close()
    other = open_notebook()

    other.run("from sklearn.linear_model import LogisticRegression\nfrom sklearn.metrics import accuracy_score")
    other.run(f"%track restore {run_id} X_train y_train")
    other.run("again = LogisticRegression(C=2).fit(X_train, y_train)\naccuracy_score(y_train, again.predict(X_train))")

    run = other.last_run()
    assert run.run.run_id != run_id
    used = {use.name: use for use in run.datasets}
    assert [file.path for file in used["X_train"].files] == ["dataset://X_train"]
    told = trackbook.why("accuracy", run.run.run_id)
    assert any(node.code == f"%track restore {run_id} X_train y_train" for node in told.nodes)
    text = trackbook.slice(run.run.run_id).text()
    assert f"%track restore {run_id} X_train y_train" in text
    assert "%load_ext trackbook" in text
    assert not other.faults


def test_all_that_comes_back_is_known_to_be_made_by_the_cell(
    fitted: Notebook, open_notebook: Callable[..., Notebook]
) -> None:
    fitted.close()
    other = open_notebook()

    other.run("%track restore latest")
    other.run("score = model.score(X_train, y_train)")

    made, used = other.executions()[-2:]
    assert {"X_train", "y_train", "model", "C"} <= set(made.writes)
    assert [source.execution_id for source in used.statements[0].reads["model"]] == [made.execution_id]


def test_table_that_was_not_kept_is_told_with_the_reason(
    open_notebook: Callable[..., Notebook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_SNAPSHOT_BYTES", "10")
    notebook = open_notebook()
    notebook.run(DATA)
    notebook.run(FIT)
    settled(notebook)

    found = trackbook.restore("latest")

    assert "is over 10 bytes" in found.missing["X_train"]
    assert {"model", "C"} <= set(found)
    assert "! Not X_train" in repr(found)


def test_model_of_types_that_nobody_trusts_is_named_and_asked_for(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook()
    notebook.run(DATA)
    notebook.run("from lightgbm import LGBMClassifier")
    notebook.run("model = LGBMClassifier(n_estimators=2, verbose=-1, min_child_samples=2).fit(X_train, y_train)")
    notebook.run("accuracy_score(y_test, model.predict(X_test))")
    settled(notebook)
    run = trackbook.get_run("latest")

    found = trackbook.restore("latest")

    reason = found.missing["model"]
    assert "lightgbm.sklearn.LGBMClassifier" in reason
    types = reason.partition("--trust ")[2].split()[0].split(",")
    with pytest.raises(InvalidValueError, match="LGBMClassifier"):
        run.load_model()
    again: Any = run.load_model(trust=types)
    expected = notebook.variables["model"].predict(notebook.variables["X_test"])
    np.testing.assert_array_equal(again.predict(notebook.variables["X_test"]), expected)


def test_credential_does_not_come_back(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook()
    notebook.run(DATA)
    notebook.run("api_key = 'sk-proj-abcdefghijklmnop1234567890ABCDEF'\nlength = len(api_key)")
    notebook.run("model = LogisticRegression(max_iter=500 + length).fit(X_train, y_train)")
    notebook.run("accuracy_score(y_test, model.predict(X_test))")
    settled(notebook)

    found = trackbook.restore("latest")

    assert "api_key" not in found


def test_what_came_back_is_told_as_json_by_name_and_kind(fitted: Notebook) -> None:
    told = json.loads(dumps(trackbook.restore("latest", ["C", "model"]).to_dict()))

    assert told["restored"] == [{"name": "model", "kind": "model"}, {"name": "C", "kind": "param"}]
    assert told["not_restored"] == []
