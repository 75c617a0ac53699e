"""What flows into runs is kept by content, as it was when it did."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trackbook.records import DatasetUse, RunDetail, Snapshot
from trackbook.tracking.promises import EXAMPLE_PREDICTIONS, NOT_KEPT

from .session import DATA, Notebook

FIT = "model = LogisticRegression().fit(X_train, y_train)"


def used(run: RunDetail) -> dict[str, DatasetUse]:
    """Return the datasets of a run by name."""
    return {use.name: use for use in run.datasets}


def kept(nb: Notebook, name: str, run: RunDetail | None = None) -> Any:
    """Return the content that is kept of a dataset of the last run."""
    nb.settle()
    snapshot_id = used(run or nb.last_run())[name].snapshot_id
    assert snapshot_id is not None, (name, dict((run or nb.last_run()).tags))
    return nb.store.get_table(snapshot_id)


def tables(nb: Notebook) -> list[Snapshot]:
    """Return the snapshots of tables, without the examples of models."""
    examples = {model.example_snapshot for run in nb.runs() for model in run.models}
    return [each for each in nb.store.snapshots() if each.kind != "file" and each.snapshot_id not in examples]


# Tables


def test_frames_that_a_model_is_fitted_on_come_back_equal(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)

    pd.testing.assert_frame_equal(kept(nb, "X_train"), nb.variables["X_train"])
    pd.testing.assert_series_equal(kept(nb, "y_train"), nb.variables["y_train"])


def test_table_changed_in_place_after_the_fit_is_kept_as_it_was(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("before = X_train.copy()\n" + FIT + "\nX_train.iloc[:, 0] = 0.0\nX_train['more'] = 1")

    pd.testing.assert_frame_equal(kept(nb, "X_train"), nb.variables["before"])


def test_table_changed_in_the_next_cell_is_kept_as_it_was(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("A = X_train.to_numpy().copy()\nbefore = A.copy()")
    nb.run("model = LogisticRegression().fit(A, y_train)")
    nb.run("A *= 0")

    assert np.array_equal(kept(nb, "A"), nb.variables["before"])


def test_view_of_an_array_is_kept_as_it_was(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("A = np.array(X_train, order='F')\nwhole = A.copy()\nbefore = A[:, ::2].copy()")
    nb.run("V = A[:, ::2]\nmodel = LogisticRegression().fit(V, y_train)\nA[:] = -1.0")

    assert np.array_equal(kept(nb, "V"), nb.variables["before"])


def test_frame_over_memory_that_is_written_to_is_never_kept_wrong(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("A = X_train.to_numpy().copy()\nbefore = A.copy()\nF = pd.DataFrame(A, copy=False)")
    nb.run("model = LogisticRegression().fit(F, y_train)\nA[:] = -1.0")

    nb.settle()
    run = nb.last_run()
    use = used(run)["F"]
    if use.snapshot_id is None:
        assert "F: it was changed while it was being kept" in run.tags[NOT_KEPT]
    else:
        assert np.array_equal(nb.store.get_table(use.snapshot_id).to_numpy(), nb.variables["before"])


def test_sparse_matrix_is_kept_as_it_was(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("import scipy.sparse as sp\nS = sp.csr_array(X_train.to_numpy())\nbefore = S.toarray()")
    nb.run("model = LogisticRegression().fit(S, y_train)\nS.data[:] = 0")

    assert np.array_equal(kept(nb, "S").toarray(), nb.variables["before"])


def test_hundred_fits_on_one_table_make_one_snapshot(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("for C in np.linspace(0.1, 1, 30):\n    LogisticRegression(C=C).fit(X_train, y_train)")

    nb.settle()
    runs = [run for run in nb.runs() if run.datasets]
    assert len(runs) >= 30
    assert len(tables(nb)) == 2
    assert len({used(run)["X_train"].snapshot_id for run in runs} - {None}) == 1
    assert all(used(run)["y_train"].snapshot_id is not None for run in runs)


def test_table_of_an_earlier_session_is_not_kept_again(nb: Notebook, open_notebook: Callable[..., Notebook]) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.settle()
    before = nb.store.usage()
    nb.close()

    other = open_notebook()
    other.run(DATA)
    other.run(FIT)
    other.settle()

    one, two = other.runs()
    assert used(one)["X_train"].snapshot_id == used(two)["X_train"].snapshot_id is not None
    assert other.store.usage().snapshots == before.snapshots


def test_tables_that_differ_in_attrs_alone_are_two_snapshots(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.settle()
    nb.run("X_train.attrs['source'] = 'survey'\nother = LogisticRegression(C=0.5).fit(X_train, y_train)")

    first, second = (run for run in nb.runs() if run.datasets)
    assert kept(nb, "X_train", first).attrs == {}
    nb.settle()
    assert kept(nb, "X_train", nb.last_run()).attrs == {"source": "survey"}
    assert second.run.run_id == nb.last_run().run.run_id


def test_table_over_the_limit_has_its_fingerprint_and_the_run_says_so(
    monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_SNAPSHOT_BYTES", "2000")
    nb = open_notebook()
    nb.run(DATA)
    nb.run(FIT)

    nb.settle()
    run = nb.last_run()
    assert used(run)["X_train"].snapshot_id is None
    assert used(run)["X_train"].fingerprint is not None
    assert used(run)["y_train"].snapshot_id is not None
    assert run.tags[NOT_KEPT] == "X_train: 3.6 kB is over 2 kB"
    assert not nb.faults


def test_budget_of_the_store_is_not_exceeded(
    monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_BUDGET_BYTES", "3000")
    nb = open_notebook()
    nb.run(DATA)
    nb.run(FIT)

    nb.settle()
    run = nb.last_run()
    assert used(run)["X_train"].snapshot_id is None
    assert "would go over the budget of 3 kB" in run.tags[NOT_KEPT]
    assert nb.store.usage().snapshot_bytes <= 3000
    assert not nb.faults


def test_nothing_is_kept_when_snapshots_are_off(
    monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_SNAPSHOTS", "off")
    nb = open_notebook()
    nb.run(DATA)
    nb.run(FIT)
    nb.close()

    run = nb.last_run()
    assert used(run)["X_train"].snapshot_id is None
    assert run.models[0].object_digest is None
    assert NOT_KEPT not in run.tags
    assert nb.store.snapshots() == []


def test_nothing_is_kept_while_tracking_is_off(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track off")
    nb.run(FIT)
    nb.settle()

    assert nb.runs() == []
    assert nb.store.snapshots() == []


def test_what_is_being_kept_is_finished_when_the_session_ends(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.close()

    assert used(nb.last_run())["X_train"].snapshot_id is not None
    assert nb.store.verify() == []


def test_table_of_a_metric_is_kept_too(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.run("accuracy_score(y_test, model.predict(X_test))")

    pd.testing.assert_frame_equal(kept(nb, "X_test"), nb.variables["X_test"])
    pd.testing.assert_series_equal(kept(nb, "y_test"), nb.variables["y_test"])


def test_objects_nobody_can_keep_are_named_with_the_reason(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("class Own:\n    def __float__(self): return 1.0")
    nb.run("labels = list(y_train)\nmodel = LogisticRegression().fit(X_train, labels)")

    nb.settle()
    assert nb.last_run().tags[NOT_KEPT] == "labels: a list is no table"


def test_table_that_is_asked_for_is_kept_over_every_limit(
    monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_SNAPSHOT_BYTES", "2000")
    nb = open_notebook()
    nb.run(DATA)
    nb.run(FIT)
    nb.run("%track data X_train --name train")

    nb.settle()
    (version,) = nb.store.versions("train")
    assert used(nb.last_run())["X_train"].snapshot_id == version.snapshot_id
    assert len(nb.last_run().datasets) == 2
    assert NOT_KEPT not in nb.last_run().tags
    pd.testing.assert_frame_equal(nb.store.get_table(version.snapshot_id), nb.variables["X_train"])
    assert not nb.faults


def test_table_can_be_kept_before_there_is_a_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("%track data X[['a']] --name small")

    (version,) = nb.store.versions("small")
    assert nb.runs() == []
    assert list(nb.store.get_table(version.snapshot_id)) == ["a"]


def test_name_without_a_table_is_answered_with_how_to_say_it(nb: Notebook) -> None:
    error = nb.fails("%track data --name train")

    assert "Say which table is to be 'train': %track data df --name train" in str(error)


# Files


def test_file_that_is_read_is_kept_by_content(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("X.assign(won=y).to_csv('data.csv', index=False)")
    content = Path("data.csv").read_bytes()
    nb.run("table = pd.read_csv('data.csv')")
    nb.run("model = LogisticRegression().fit(table[['a', 'b']], table['won'])")

    nb.settle()
    (file,) = used(nb.last_run())["table['won']"].files
    assert file.object_digest == file.digest == hashlib.sha256(content).hexdigest()
    assert nb.store.get_object(file.object_digest) == content
    reading = next(each for each in nb.executions() if each.source.startswith("table = "))
    assert [file.object_digest for statement in reading.statements for file in statement.files] == [file.digest]


def test_large_file_is_kept_though_it_is_replaced_at_once(nb: Notebook, folder: Path) -> None:
    nb.run("import pandas as pd, numpy as np, os\nfrom sklearn.linear_model import LogisticRegression")
    nb.run(
        "rng = np.random.default_rng(0)\nmade = pd.DataFrame(rng.normal(size=(20_000, 4)), columns=list('abcd'))\n"
        "made['t'] = (made.a > 0).astype(int)\nmade.to_csv('big.csv', index=False)"
    )
    content = Path("big.csv").read_bytes()
    Path("other.csv").write_text("a\n1")
    nb.run("table = pd.read_csv('big.csv')\nos.replace('other.csv', 'big.csv')")
    nb.run("model = LogisticRegression().fit(table[['a', 'b']], table['t'])")

    nb.settle()
    (file,) = used(nb.last_run())["table['t']"].files
    assert file.object_digest is not None
    assert nb.store.get_object(file.object_digest) == content


@pytest.mark.parametrize("name", [".env", "kaggle.json", "id_rsa", "server.pem", "credentials.csv", "aws_secrets.yaml"])
def test_file_of_credentials_is_never_kept(nb: Notebook, name: str) -> None:
    Path(name).write_text("a,b\n1,2\n")
    nb.run(f"with open('{name}') as file:\n    content = file.read()")

    nb.settle()
    assert nb.store.snapshots() == []
    assert all(f.object_digest is None for e in nb.executions() for s in e.statements for f in s.files)


def test_settings_with_a_credential_in_them_are_not_kept(nb: Notebook) -> None:
    Path("config.json").write_text('{"db": {"password": "hunter2-Zx81qwe"}}')
    nb.run("with open('config.json') as file:\n    content = file.read()")

    nb.settle()
    assert nb.store.snapshots() == []


def test_files_over_the_limit_are_said_however_far_upstream(
    folder: Path, monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_SNAPSHOT_BYTES", "1000")
    for name in ("big.csv", "unused.csv"):
        (folder / name).write_text(f"a,{name}\n" + "".join(f"{row},{row % 5}\n" for row in range(900)))
    nb = open_notebook()
    nb.run("import pandas as pd\nfrom sklearn.linear_model import Ridge")
    nb.run("unused = pd.read_csv('unused.csv')")
    nb.run("raw = pd.read_csv('big.csv')")
    nb.run("raw[:20].to_csv('small.csv', index=False)")
    nb.run("df = pd.read_csv('small.csv')\nm = Ridge().fit(df[['a']], df['big.csv'])")
    nb.settle()

    told = nb.only_run().tags[NOT_KEPT]
    assert "big.csv: 5." in told
    assert "is over 1 kB" in told
    assert "unused" not in told
    assert "small" not in told


# A store that is deleted


@pytest.mark.parametrize("rows", [40, 20_000])  # kept while the cell waits, and in the background
def test_what_was_kept_in_a_store_that_is_gone_is_kept_anew(nb: Notebook, folder: Path, rows: int) -> None:
    pd.DataFrame({"a": range(rows), "b": [each % 7 / 10 for each in range(rows)]}).to_csv(folder / "t.csv", index=False)
    nb.run("import pandas as pd\nfrom sklearn.linear_model import Ridge\ndf = pd.read_csv('t.csv')")
    nb.run("m = Ridge().fit(df[['a']], df['b'])")
    nb.settle()
    shutil.rmtree(folder / "store")
    nb.run("m = Ridge(alpha=2.0).fit(df[['a']], df['b'])\nr2 = m.score(df[['a']], df['b'])")

    pd.testing.assert_frame_equal(kept(nb, "df[['a']]"), nb.variables["df"][["a"]])
    run = nb.only_run()
    assert [file.object_digest is not None for use in run.datasets for file in use.files] == [True] * len(run.datasets)
    assert run.models[0].object_digest is not None
    assert NOT_KEPT not in run.tags
    assert nb.store.verify() == []


def test_what_can_not_be_kept_anew_in_another_store_is_said(nb: Notebook, folder: Path) -> None:
    (folder / "t.csv").write_text("a,b\n1,2\n2,4\n3,5\n")
    nb.run("import pandas as pd\nfrom sklearn.linear_model import Ridge\ndf = pd.read_csv('t.csv')")
    nb.run("m = Ridge().fit(df[['a']], df['b'])")
    nb.settle()
    (folder / "t.csv").unlink()
    nb.run(
        "import shutil\nm = Ridge(alpha=3.0).fit(df[['a']], df['b'])\n"
        "get_ipython()._trackbook.recorder.snapshots.wait(60)\nshutil.rmtree('store')"
    )

    nb.settle()
    told = nb.only_run().tags[NOT_KEPT]
    assert "m: it was kept in a store that was deleted since" in told
    assert "t.csv: it can't be read (No such file or directory)" in told
    assert nb.store.verify() == []


# Models


def test_fitted_model_is_kept_with_an_example_and_what_it_says_of_it(nb: Notebook) -> None:
    import skops.io

    nb.run(DATA)
    nb.run(FIT)
    nb.settle()

    (model,) = nb.last_run().models
    assert model.object_digest is not None
    assert model.example_snapshot is not None
    again = skops.io.loads(nb.store.get_object(model.object_digest))
    example = nb.store.get_table(model.example_snapshot)
    pd.testing.assert_frame_equal(example, nb.variables["X_train"].iloc[:5])
    assert model.details[EXAMPLE_PREDICTIONS] == {
        "predict": nb.variables["model"].predict(example).tolist(),
        "predict_proba": nb.variables["model"].predict_proba(example).tolist(),
    }
    assert np.array_equal(again.coef_, nb.variables["model"].coef_)


def test_model_that_is_fitted_again_is_kept_as_it_was(nb: Notebook) -> None:
    import skops.io

    nb.run(DATA)
    nb.run(FIT + "\nbefore = model.coef_.copy()\nmodel.fit(X_train * 2, y_train)")
    nb.run("model.fit(X_train * 3, y_train)")
    nb.settle()

    first = next(run for run in nb.runs() if run.models)
    assert first.models[0].object_digest is not None
    again = skops.io.loads(nb.store.get_object(first.models[0].object_digest))
    assert np.array_equal(again.coef_, nb.variables["before"])


def test_model_with_the_notebooks_own_code_in_it_is_named(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import FunctionTransformer\n"
        "def widen(table):\n    return table * 2"
    )
    nb.run("model = make_pipeline(FunctionTransformer(widen), LogisticRegression()).fit(X_train, y_train)")
    nb.settle()

    run = nb.last_run()
    assert run.models[0].object_digest is None
    assert run.tags[NOT_KEPT] == "model: it holds the function widen, which only this notebook or project has"


def test_model_over_its_limit_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    monkeypatch.setenv("TRACKBOOK_MODEL_BYTES", "1000")
    nb = open_notebook()
    nb.run(DATA)
    nb.run("from sklearn.neighbors import KNeighborsClassifier\nmodel = KNeighborsClassifier().fit(X_train, y_train)")
    nb.settle()

    run = nb.last_run()
    assert run.models[0].object_digest is None
    assert "is over 1 kB" in run.tags[NOT_KEPT]
    assert not nb.faults


def test_keeping_leaves_random_numbers_and_models_as_they_are(
    nb: Notebook, open_notebook: Callable[..., Notebook]
) -> None:
    draw = "model = RandomForestClassifier(5).fit(X_train, y_train)\nnumber = np.random.random()"
    start = "from sklearn.ensemble import RandomForestClassifier\nnp.random.seed(1)"
    nb.run(DATA)
    nb.run(start)
    nb.run(draw)
    nb.settle()
    nb.run("after = np.random.random()")
    nb.close()

    bare = open_notebook(load=False)
    bare.run(DATA)
    bare.run(start)
    bare.run(draw)
    bare.run("after = np.random.random()")

    names = ("number", "after")
    assert [nb.variables[name] for name in names] == [bare.variables[name] for name in names]


def test_many_models_of_a_loop_are_all_kept(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("for C in (0.1, 0.2, 0.4, 0.8):\n    model = LogisticRegression(C=C).fit(X_train, y_train)")
    nb.settle()

    models = [model for run in nb.runs() for model in run.models]
    assert len(models) == 4
    assert len({model.object_digest for model in models} - {None}) == 4
    assert len({model.example_snapshot for model in models}) == 1


def test_model_that_learns_step_by_step_is_kept_as_it_is_at_the_end_of_its_cell(nb: Notebook) -> None:
    import skops.io

    nb.run(DATA)
    nb.run("from sklearn.linear_model import SGDClassifier\nmodel = SGDClassifier(random_state=0)")
    nb.run(
        "for start in range(0, 90, 30):\n"
        "    model.partial_fit(X_train[start:start + 30], y_train[start:start + 30], classes=[0, 1])\n"
        "after = model.coef_.copy()"
    )
    nb.settle()

    (model,) = nb.last_run().models
    assert model.object_digest is not None
    again = skops.io.loads(nb.store.get_object(model.object_digest))
    assert np.array_equal(again.coef_, nb.variables["after"])
