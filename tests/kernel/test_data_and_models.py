"""What a run says of its data and its model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import trackbook
from trackbook.records import DatasetUse, Role, RunDetail

from .session import DATA, Notebook

FIT = "model = LogisticRegression().fit(X_train, y_train)"
TEST = "accuracy_score(y_test, model.predict(X_test))"


def used(run: RunDetail) -> dict[str, DatasetUse]:
    """Return the datasets of a run by name."""
    return {use.name: use for use in run.datasets}


# Names, roles, rows


def test_data_have_names_roles_rows_and_columns(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.run(TEST)

    found = used(nb.only_run())
    assert {name: (use.role, use.rows) for name, use in found.items()} == {
        "X_train": ("train", 90), "y_train": ("train", 90), "X_test": ("test", 60), "y_test": ("test", 60),
    }  # fmt: skip
    assert [(column.name, column.dtype) for column in found["X_train"].columns] == [(c, "float64") for c in "abcd"]
    assert found["X_train"].shape == (90, 4)
    assert len({use.fingerprint for use in found.values()}) == 4


def test_fingerprint_is_that_of_the_same_data_in_another_session(nb: Notebook, open_notebook: object) -> None:
    nb.run(DATA)
    nb.run(FIT)
    nb.close()

    other = open_notebook()  # type: ignore[operator]  # the fixture's function
    other.run(DATA)
    other.run(FIT)

    one, two = other.runs()
    assert {n: u.fingerprint for n, u in used(one).items()} == {n: u.fingerprint for n, u in used(two).items()}


def test_three_way_split_has_train_validation_and_test(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "rest, X_last, rest_y, y_last = train_test_split(X, y, test_size=30, random_state=0)\n"
        "X_fit, X_tune, y_fit, y_tune = train_test_split(rest, rest_y, test_size=20, random_state=0)"
    )
    nb.run("model = LogisticRegression().fit(X_fit, y_fit)")
    nb.run("accuracy_score(y_tune, model.predict(X_tune)), accuracy_score(y_last, model.predict(X_last))")

    run = nb.only_run()
    roles = {name: use.role for name, use in used(run).items()}
    assert roles == {
        "X_fit": "train", "y_fit": "train", "X_tune": "validation", "y_tune": "validation",
        "X_last": "test", "y_last": "test",
    }  # fmt: skip
    assert run.metrics.keys() == {"validation.accuracy", "test.accuracy"}


def test_holdout_split_in_two_has_validation_and_test(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "X_fit, rest, y_fit, rest_y = train_test_split(X, y, test_size=60, random_state=0)\n"
        "X_tune, X_last, y_tune, y_last = train_test_split(rest, rest_y, test_size=20, random_state=0)"
    )
    nb.run("model = LogisticRegression().fit(X_fit, y_fit)")
    nb.run("accuracy_score(y_tune, model.predict(X_tune)), accuracy_score(y_last, model.predict(X_last))")

    assert nb.only_run().metrics.keys() == {"validation.accuracy", "test.accuracy"}


def test_scaled_data_keep_their_roles(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.preprocessing import StandardScaler\nscaler = StandardScaler()\n"
        "A = scaler.fit_transform(X_train)\nB = scaler.transform(X_test)"
    )
    nb.run("model = LogisticRegression().fit(A, y_train)")
    nb.run("accuracy_score(y_test, model.predict(B))\nmodel.score(B, y_test)\nmodel.score(A, y_train)")

    run = nb.only_run()
    assert {name: use.role for name, use in used(run).items()} == {
        "A": "train", "y_train": "train", "B": "test", "y_test": "test",
    }  # fmt: skip
    assert run.metrics.keys() == {"test.accuracy", "test.score", "train.score"}


def test_arrays_of_frames_keep_their_roles(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("one, two, t1, t2 = train_test_split(X.to_numpy(), y.to_numpy(), random_state=0)")
    nb.run("model = LogisticRegression().fit(one, t1)")
    nb.run("model.score(two, t2)")

    run = nb.only_run()
    assert {name: use.role for name, use in used(run).items()} == {
        "one": "train", "t1": "train", "two": "test", "t2": "test",
    }  # fmt: skip
    assert {use.kind for use in run.datasets} == {"ndarray"} or all("array" in use.kind for use in run.datasets)


def test_values_of_split_frames_keep_their_roles(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("A, B, s, t = train_test_split(X, y, random_state=0)")
    nb.run("model = LogisticRegression().fit(A.values, s.values)")
    nb.run("model.score(B.values, t.values)")

    assert nb.only_run().metrics.keys() == {"test.score"}


@pytest.mark.parametrize("inputs", ["X[['a', 'b']]", "X[rows][['a', 'b']]", "X.loc[:, ['a', 'b']]", "X[['a']].copy()"])
def test_slices_that_are_written_out_each_time_are_known_by_their_content(nb: Notebook, inputs: str) -> None:
    truth = "y[rows]" if "rows" in inputs else "y"
    nb.run(DATA + "rows = X.index % 3 > 0")

    nb.run(f"model = LogisticRegression().fit({inputs}, {truth})")
    nb.run(f"a = accuracy_score({truth}, model.predict({inputs}))\nb = model.score({inputs}, {truth})")

    assert nb.only_run().metrics.keys() == {"train.accuracy", "train.score"}


def test_other_rows_of_a_table_are_not_taken_for_those_of_the_training(nb: Notebook) -> None:
    nb.run(DATA + "rows = X.index % 2 > 0")

    nb.run("model = LogisticRegression().fit(X[rows], y[rows])")
    nb.run("a = accuracy_score(y[~rows], model.predict(X[~rows]))")

    assert nb.only_run().metrics.keys() == {"accuracy"}


def test_roles_are_read_from_names_where_no_flow_tells(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("X_tr, X_val = X[:100], X[100:]\ny_tr, y_val = y[:100], y[100:]")
    nb.run("model = LogisticRegression().fit(X_tr, y_tr)")
    nb.run("model.score(X_val, y_val)")

    assert nb.only_run().metrics.keys() == {"validation.score"}


def test_data_made_in_a_function_are_described(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "def train():\n"
        "    values, target = make()\n"
        "    model = LogisticRegression().fit(values, target)\n"
        "    return accuracy_score(target, model.predict(values))\n"
        "train()"
    )

    found = used(nb.only_run())
    assert {(name, use.rows) for name, use in found.items()} == {("values", 150), ("target", 150)}


def test_sparse_matrix_is_described(nb: Notebook) -> None:
    nb.run(DATA + "from scipy import sparse\nS = sparse.csr_matrix(X_train.to_numpy())")
    nb.run("model = LogisticRegression().fit(S, y_train)")

    use = used(nb.only_run())["S"]
    assert (use.rows, use.shape, use.role) == (90, (90, 4), "train")
    assert use.fingerprint


def test_plain_lists_are_described(nb: Notebook) -> None:
    nb.run("from sklearn.linear_model import LogisticRegression")
    nb.run("rows = [[0.0], [1.0], [2.0], [3.0]]\nlabels = [0, 0, 1, 1]\nmodel = LogisticRegression().fit(rows, labels)")

    assert {name: use.rows for name, use in used(nb.only_run()).items()} == {"rows": 4, "labels": 4}


def test_score_on_the_lists_that_were_trained_on_is_of_training(nb: Notebook) -> None:
    nb.run("from sklearn.linear_model import LinearRegression")
    nb.run("rows = [[0.0], [1.0], [2.0], [4.0]]\ntarget = [0, 2, 1, 3]\nmodel = LinearRegression().fit(rows, target)")
    nb.run("model.score(rows, target)")

    run = nb.only_run()
    assert run.metrics.keys() == {"train.score"}
    assert [(use.name, use.role) for use in run.datasets] == [("rows", Role.TRAIN), ("target", Role.TRAIN)]

    nb.run("rows.append([9.0])\ntarget.append(1)\nmodel.score(rows, target)")

    assert nb.only_run().metrics.keys() == {"train.score", "score"}


@pytest.mark.parametrize(
    ("fit", "name"),
    [
        ("LogisticRegression().fit(X_train, y_train, sample_weight=w)", "w"),
        ("LogisticRegression().fit(X_train, y_train, w)", "w"),
        ("make_pipeline(LogisticRegression()).fit(X_train, y_train, logisticregression__sample_weight=w)", "w"),
        ("LogisticRegression().fit(X_train, y_train, sample_weight=table['weight'])", "table['weight']"),
    ],
)
def test_weights_of_the_rows_are_a_dataset_that_is_kept(nb: Notebook, fit: str, name: str) -> None:
    nb.run(DATA + "from sklearn.pipeline import make_pipeline")
    nb.run("w = np.linspace(0.5, 1.0, len(X_train))\ntable = X_train.assign(weight=w)")
    nb.run(f"model = {fit}")
    nb.settle()

    use = used(nb.only_run())[name]
    assert (use.role, use.rows) == (Role.TRAIN, 90)
    assert np.array_equal(nb.store.get_table(use.snapshot_id or ""), nb.variables["w"])
    assert nb.only_run().models[0].signature["target"] == {"name": "won", "dtype": "int64"}


# Files


@pytest.fixture
def files(folder: Path, nb: Notebook) -> Path:
    """A folder with the data in several formats."""
    nb.run(DATA)
    nb.run(
        "table = X.assign(won=y)\ntable.to_csv('data.csv', index=False)\ntable.to_parquet('data.parquet')\n"
        "np.save('data.npy', table.to_numpy())\ntable.to_json('data.json', orient='records')"
    )
    return folder


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("table = pd.read_csv('data.csv')", "data.csv"),
        ("from pathlib import Path\ntable = pd.read_csv(Path('data.csv'))", "data.csv"),
        ("table = pd.read_csv(filepath_or_buffer='data.csv')", "data.csv"),
        ("table = pd.read_parquet('data.parquet')", "data.parquet"),
        ("table = pd.DataFrame(np.load('data.npy'), columns=[*'abcd', 'won'])", "data.npy"),
        ("import json\nwith open('data.json') as file:\n    table = pd.DataFrame(json.load(file))", "data.json"),
        (
            "import json\nfrom pathlib import Path\ntable = pd.DataFrame(json.loads(Path('data.json').read_text()))",
            "data.json",
        ),
        ("def load(path):\n    return pd.read_csv(path)\ntable = load('data.csv')", "data.csv"),
        (
            "import csv\nrows = list(csv.DictReader(open('data.csv')))\ntable = pd.DataFrame(rows).astype(float)",
            "data.csv",
        ),
    ],
    ids=["csv", "path", "keyword", "parquet", "npy", "open json", "read_text", "function", "csv module"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_file_that_data_came_from_is_known(nb: Notebook, files: Path, read: str, name: str) -> None:
    nb.run(read)
    nb.run("A_train, A_test, b_train, b_test = train_test_split(table[[*'abcd']], table['won'], random_state=0)")

    nb.run("model = LogisticRegression().fit(A_train, b_train)")

    (file,) = used(nb.only_run())["A_train"].files
    content = (files / name).read_bytes()
    assert Path(file.path) == files / name
    assert (file.size, file.digest) == (len(content), hashlib.sha256(content).hexdigest())


def test_changed_file_is_changed_data(nb: Notebook, files: Path) -> None:
    nb.run("table = pd.read_csv('data.csv')", "read")
    nb.run("model = LogisticRegression().fit(table[[*'abcd']], table['won'])", "fit")
    nb.run("pd.concat([table, table]).to_csv('data.csv', index=False)")

    nb.rerun("read")
    nb.rerun("fit")

    first, second = nb.runs()
    digests = [{file.digest for use in run.datasets for file in use.files} for run in (first, second)]
    assert digests[0] != digests[1]
    assert "nondeterministic" not in second.tags


# Models


def test_model_has_class_signature_features_and_coefficients(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression()\nmodel.fit(X_train, y_train)")

    (model,) = nb.only_run().models
    fitted = nb.variables["model"]
    assert (model.name, model.class_name) == ("model", "sklearn.linear_model._logistic.LogisticRegression")
    assert model.features == ("a", "b", "c", "d")
    assert model.signature["inputs"] == [{"name": name, "dtype": "float64"} for name in "abcd"]
    assert model.signature["target"] == {"name": "won", "dtype": "int64"}
    assert model.signature["classes"] == [0, 1]
    assert {n: model.coefficients[n] for n in "abcd"} == dict(zip("abcd", fitted.coef_[0].tolist(), strict=True))


def test_name_of_a_model_is_what_the_statement_calls_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("best = LogisticRegression(C=0.5).fit(X_train, y_train)")

    assert nb.only_run().models[0].name == "best"


def test_name_of_a_model_in_a_dict_says_where_it_is(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("zoo = {'logistic': LogisticRegression(C=0.5)}\nzoo['logistic'].fit(X_train, y_train)")

    assert nb.only_run().models[0].name == "zoo['logistic']"


def test_forest_has_importances_by_feature(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.ensemble import RandomForestClassifier")
    nb.run("model = RandomForestClassifier(5, random_state=0).fit(X_train, y_train)")

    (model,) = nb.only_run().models
    assert model.importances == dict(zip("abcd", nb.variables["model"].feature_importances_.tolist(), strict=True))


def test_coefficients_are_found_through_pipeline_and_search(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import GridSearchCV\nfrom sklearn.pipeline import make_pipeline")
    nb.run("from sklearn.preprocessing import StandardScaler")
    nb.run(
        "steps = make_pipeline(StandardScaler(), LogisticRegression())\n"
        "model = GridSearchCV(steps, {'logisticregression__C': [0.1, 1.0]}, cv=3).fit(X_train, y_train)"
    )

    (model,) = nb.tops()[0].models
    inner = nb.variables["model"].best_estimator_[-1]
    assert [model.coefficients[name] for name in "abcd"] == inner.coef_[0].tolist()
    assert model.class_name.endswith("GridSearchCV")


def test_importances_of_a_selection_have_the_names_that_are_left(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.pipeline import make_pipeline\nfrom sklearn.feature_selection import SelectKBest")
    nb.run("model = make_pipeline(SelectKBest(k=2), LogisticRegression()).fit(X_train, y_train)")

    (model,) = nb.only_run().models
    left = set(nb.variables["model"][0].get_feature_names_out())
    assert set(model.coefficients) == {*left, "(intercept)"}


def test_coefficients_of_several_classes_are_lists(nb: Notebook) -> None:
    nb.run("from sklearn.datasets import load_iris\nfrom sklearn.linear_model import LogisticRegression")
    nb.run("X, y = load_iris(return_X_y=True, as_frame=True)\nmodel = LogisticRegression(max_iter=500).fit(X, y)")

    (model,) = nb.only_run().models
    assert model.coefficients["petal length (cm)"] == nb.variables["model"].coef_[:, 2].tolist()


def test_environment_and_resources_are_with_the_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FIT)

    run = nb.only_run()
    environment = nb.store.environment(run.run.environment_id or "")
    assert environment is not None
    assert environment.packages["scikit-learn"]
    resources = nb.last_execution().resources
    assert (resources.cpu_seconds or 0) >= 0
    assert (resources.peak_memory_bytes or 0) > 1_000_000


def test_run_says_which_of_its_files_hold_something_else_by_now(nb: Notebook, folder: Path) -> None:
    (folder / "data.csv").write_text("a,y\n" + "1,0\n2,1\n" * 20)
    nb.run("import pandas as pd\nfrom sklearn.linear_model import LogisticRegression")
    nb.run("df = pd.read_csv('data.csv')\nm = LogisticRegression().fit(df[['a']], df.y)\nm.score(df[['a']], df.y)")
    before = trackbook.get_run("latest").show().text

    (folder / "data.csv").write_text("a,y\n" + "1,0\n3,1\n" * 20)

    changed = trackbook.get_run("latest").show().text
    (folder / "data.csv").unlink()
    gone = trackbook.get_run("latest").show().text

    assert "changed since it was read" not in before
    assert "data.csv has changed since it was read." in changed
    assert "data.csv is no longer where it was read." in gone
    assert "no longer" not in before + changed
    assert " no " not in next(line for line in before.splitlines() if line.startswith("df[['a']]"))
