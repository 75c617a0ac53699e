"""Code as people write it: whatever shape a fit or a metric has, it is found and is of the right run."""

from __future__ import annotations

from pathlib import Path

import pytest

from .session import DATA, Notebook, values

TEST = "score = accuracy_score(y_test, model.predict(X_test))"


# Composed estimators


def test_pipeline_is_one_run_with_the_params_of_its_steps(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
        "model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(X_train, y_train)"
    )
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["logisticregression__C"] == 0.5
    assert run.models[0].class_name == "sklearn.pipeline.Pipeline"
    assert values(run) == {"test.accuracy": nb.variables["score"]}


def test_column_transformer_in_a_pipeline_is_one_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.compose import ColumnTransformer\nfrom sklearn.pipeline import Pipeline\n"
        "from sklearn.preprocessing import StandardScaler, KBinsDiscretizer\n"
        "prepare = ColumnTransformer([('scale', StandardScaler(), ['a', 'b']), ('keep', 'passthrough', ['c'])])\n"
        "model = Pipeline([('prepare', prepare), ('classify', LogisticRegression(C=0.5))])\n"
        "model.fit(X_train, y_train)"
    )
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["classify__C"] == 0.5
    assert run.params["prepare__scale__with_mean"] is True
    assert values(run) == {"test.accuracy": nb.variables["score"]}


def test_transformer_alone_is_no_run(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run("from sklearn.preprocessing import StandardScaler\nscaler = StandardScaler().fit(X_train)")
    nb.run("scaled = scaler.transform(X_train)\nfrom sklearn.decomposition import PCA\nPCA(2).fit_transform(X_train)")

    assert nb.runs() == []


@pytest.mark.parametrize(
    ("search", "candidates"),
    [
        ("GridSearchCV(LogisticRegression(), {'C': [0.01, 1.0, 9.0]}, cv=3)", 3),
        ("RandomizedSearchCV(LogisticRegression(), {'C': [0.01, 0.1, 1.0]}, n_iter=2, cv=3, random_state=0)", 2),
        ("HalvingGridSearchCV(LogisticRegression(), {'C': [0.01, 1.0, 9.0]}, cv=3, random_state=0)", None),
    ],
    ids=["grid", "random", "halving"],
)
def test_candidates_of_a_search_are_children(nb: Notebook, search: str, candidates: int | None) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.experimental import enable_halving_search_cv\n"
        "from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV"
    )
    nb.run(f"model = {search}.fit(X_train, y_train)")
    nb.run(TEST)

    (run,) = nb.tops()
    children = nb.children(run)
    results = nb.variables["model"].cv_results_
    assert len(children) == (candidates or len(results["params"]))
    assert [child.params for child in children] == results["params"]
    means = [child.metrics["validation.score"].value for child in children]
    assert means == pytest.approx(list(results["mean_test_score"]))
    assert [child.tags.get("best") for child in children].count("true") == 1
    assert {child.run.status for child in children} == {"FINISHED"}
    assert run.metrics["best_score"].value == nb.variables["model"].best_score_
    assert run.metrics["test.accuracy"].value == nb.variables["score"]


def test_search_with_several_scores(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.model_selection import GridSearchCV")
    nb.run(
        "search = GridSearchCV(LogisticRegression(), {'C': [0.01, 1.0]}, cv=3, scoring=['accuracy', 'f1'], refit='f1')"
        "\nsearch.fit(X_train, y_train)"
    )

    (run,) = nb.tops()
    for child in nb.children(run):
        assert {"validation.accuracy", "validation.f1"} <= values(child).keys()


def test_search_without_refit_is_a_run_all_the_same(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.model_selection import GridSearchCV")
    nb.run("search = GridSearchCV(LogisticRegression(), {'C': [0.01, 1.0]}, cv=3, refit=False).fit(X_train, y_train)")

    (run,) = nb.tops()
    assert len(nb.children(run)) == 2


def test_same_search_again_is_a_repetition(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.model_selection import GridSearchCV")
    nb.run("search = GridSearchCV(LogisticRegression(), {'C': [0.01, 1.0]}, cv=3).fit(X_train, y_train)", "search")

    nb.rerun("search")

    (run,) = nb.tops()
    assert run.tags["repeated"] == "1"
    assert len(nb.children(run)) == 2


# Cross-validation


def test_cross_val_score_is_a_run_with_a_point_a_fold(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import cross_val_score")
    nb.run("scores = cross_val_score(LogisticRegression(C=0.5), X, y, cv=4, scoring='f1')")

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert [point.value for point in nb.history(run, "validation.f1.fold")] == list(nb.variables["scores"])
    assert values(run)["validation.f1"] == pytest.approx(nb.variables["scores"].mean())


def test_cross_validate_with_several_scores(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import cross_validate")
    nb.run(
        "result = cross_validate(LogisticRegression(), X, y, cv=3, scoring=['accuracy', 'f1'], return_train_score=True)"
    )

    run = nb.only_run()
    for key, column in (("validation.accuracy", "test_accuracy"), ("train.f1", "train_f1")):
        assert [point.value for point in nb.history(run, f"{key}.fold")] == list(nb.variables["result"][column])


def test_metric_of_cross_val_predict_is_of_its_run(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import cross_val_predict")
    nb.run("guess = cross_val_predict(LogisticRegression(C=0.5), X, y, cv=3)")
    nb.run("score = accuracy_score(y, guess)")

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert values(run) == {"validation.accuracy": nb.variables["score"]}


def test_cross_validations_in_a_loop_are_siblings(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import cross_val_score")
    nb.run("for C in (0.01, 1.0):\n    print(cross_val_score(LogisticRegression(C=C), X, y, cv=3).mean())")

    (parent,) = nb.tops()
    assert [run.params["C"] for run in nb.children(parent)] == [0.01, 1.0]


def test_folds_by_hand_are_siblings_of_train_and_validation(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import KFold")
    nb.run(
        "scores = []\n"
        "for train, held_out in KFold(3).split(X):\n"
        "    model = LogisticRegression().fit(X.iloc[train], y.iloc[train])\n"
        "    scores.append(accuracy_score(y.iloc[held_out], model.predict(X.iloc[held_out])))"
    )

    (parent,) = nb.tops()
    folds = nb.children(parent)
    assert [list(values(fold).values()) for fold in folds] == [[score] for score in nb.variables["scores"]]
    assert all({use.rows for use in fold.datasets if use.role == "train"} == {100} for fold in folds)


# Cells of any kind


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\nmodel = LogisticRegression(C=0.5).fit(X_train, y_train)\n" + TEST,
        "%time model = LogisticRegression(C=0.5).fit(X_train, y_train)\n" + TEST,
        "%%capture shown\nmodel = LogisticRegression(C=0.5).fit(X_train, y_train)\n" + TEST,
        "import asyncio\nawait asyncio.sleep(0)\nmodel = LogisticRegression(C=0.5).fit(X_train, y_train)\n" + TEST,
        "async def work():\n    model = LogisticRegression(C=0.5).fit(X_train, y_train)\n    return model\n"
        "model = await work()\n" + TEST,
        "exec('model = LogisticRegression(C=0.5).fit(X_train, y_train)')\n" + TEST,
        "model = LogisticRegression(C=0.5)\ngetattr(model, 'fit')(X_train, y_train)\n" + TEST,
        "model = LogisticRegression(C=0.5); model.fit(X=X_train, y=y_train);\n" + TEST,
        "fit = LogisticRegression(C=0.5).fit\nmodel = fit(X_train, y_train)\n" + TEST,
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n"
        "    model = pool.submit(LogisticRegression(C=0.5).fit, X_train, y_train).result()\n" + TEST,
    ],
    ids=["%%time", "%time", "%%capture", "await", "async def", "exec", "getattr", "keywords", "bound", "thread"],
)
def test_fit_in_a_cell_of_any_kind_is_a_run(nb: Notebook, cell: str) -> None:
    nb.run(DATA)

    nb.run(cell)

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert values(run) == {"test.accuracy": nb.variables["score"]}
    assert run.run.status == "FINISHED"


def test_script_that_is_run_makes_runs(nb: Notebook, folder: Path) -> None:
    (folder / "train.py").write_text(
        DATA + "strength = 0.5\nmodel = LogisticRegression(C=strength).fit(X_train, y_train)\n" + TEST
    )

    nb.run("%run train.py")

    run = nb.only_run()
    assert run.params["strength"] == 0.5
    assert values(run) == {"test.accuracy": nb.variables["score"]}
    assert {"model", "X_train"} <= set(nb.last_execution().writes)


def test_model_of_a_script_is_judged_in_a_cell(nb: Notebook, folder: Path) -> None:
    (folder / "train.py").write_text(DATA + "model = LogisticRegression(C=0.5).fit(X_train, y_train)\n")
    nb.run("%run train.py")

    nb.run(TEST)

    assert values(nb.only_run()) == {"test.accuracy": nb.variables["score"]}


def test_own_module_that_fits_makes_runs(nb: Notebook, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "my_training_code.py").write_text(
        "from sklearn.linear_model import LogisticRegression\n"
        "def train(X, y, C=0.5):\n    return LogisticRegression(C=C).fit(X, y)\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    nb.run(DATA)

    nb.run("import my_training_code\nmodel = my_training_code.train(X_train, y_train)")
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["C"] == 0.5
    assert values(run) == {"test.accuracy": nb.variables["score"]}


def test_threads_fit_at_the_same_time(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def work(C):\n"
        "    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    return C, accuracy_score(y_test, model.predict(X_test))\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    scores = dict(pool.map(work, [0.0005, 0.01, 1.0, 9.0]))"
    )

    fits = [run for run in nb.runs() if run.models]
    assert {run.params["LogisticRegression.C"] if "LogisticRegression.C" in run.params else run.params["C"]
            for run in fits} == {0.0005, 0.01, 1.0, 9.0}  # fmt: skip
    assert sorted(value for run in fits for value in values(run).values()) == sorted(nb.variables["scores"].values())


# Models of any origin


def test_estimator_of_ones_own(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "class Majority(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, bias=0.0):\n        self.bias = bias\n"
        "    def fit(self, X, y):\n"
        "        self.classes_ = np.unique(y)\n        self.most_ = y.mode()[0]\n        return self\n"
        "    def predict(self, X):\n        return np.full(len(X), self.most_)\n"
        "model = Majority(bias=0.25).fit(X_train, y_train)"
    )
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["bias"] == 0.25
    assert run.models[0].class_name.endswith("Majority")
    assert values(run) == {"test.accuracy": nb.variables["score"]}


def test_class_that_only_looks_like_an_estimator(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "class Duck:\n"
        "    def __init__(self, bias):\n        self.bias = bias\n"
        "    def fit(self, X, y):\n        self.most = y.mode()[0]\n        return self\n"
        "    def predict(self, X):\n        return np.full(len(X), self.most)\n"
    )
    nb.run("model = Duck(bias=0.25).fit(X_train, y_train)")
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["bias"] == 0.25
    assert values(run) == {"test.accuracy": nb.variables["score"]}
    assert run.models[0].class_name.endswith("Duck")


def test_ensemble_written_in_a_cell_is_one_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "class Committee(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, size=3):\n        self.size = size\n"
        "    def fit(self, X, y):\n"
        "        self.classes_ = np.unique(y)\n"
        "        self.members_ = [LogisticRegression(C=10.0**-i).fit(X, y) for i in range(self.size)]\n"
        "        return self\n"
        "    def predict(self, X):\n"
        "        return (np.mean([m.predict(X) for m in self.members_], axis=0) > 0.5).astype(int)\n"
        "model = Committee(size=3).fit(X_train, y_train)"
    )
    nb.run(TEST)

    assert values(nb.only_run()) == {"test.accuracy": nb.variables["score"]}


@pytest.mark.parametrize(
    "copy",
    [
        "import copy\nmodel = copy.deepcopy(original)",
        "import copy\nmodel = copy.copy(original)",
        "import joblib\njoblib.dump(original, 'm.joblib')\nmodel = joblib.load('m.joblib')",
        "import pickle\nmodel = pickle.loads(pickle.dumps(original))",
    ],
    ids=["deepcopy", "copy", "joblib", "pickle"],
)
def test_metric_of_a_copied_model_is_of_the_run_that_made_it(nb: Notebook, copy: str) -> None:
    nb.run(DATA)
    nb.run("original = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.run("decoy = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run(copy)

    nb.run(TEST)

    right, decoy = nb.runs()
    assert values(right) == {"test.accuracy": nb.variables["score"]}
    assert not decoy.metrics


def test_model_of_another_session_gives_a_run_of_its_own(nb: Notebook, open_notebook: object) -> None:
    nb.run(DATA + "import joblib")
    nb.run("joblib.dump(LogisticRegression().fit(X_train, y_train), 'm.joblib')")
    nb.close()
    other = open_notebook()  # type: ignore[operator]  # the fixture's function
    other.run(DATA + "import joblib\nmodel = joblib.load('m.joblib')")

    other.run(TEST)

    _, loaded = other.runs()
    assert list(values(loaded).values()) == [other.variables["score"]]


def test_partial_fits_in_several_cells_are_one_model(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.linear_model import SGDClassifier\nmodel = SGDClassifier(random_state=0)")
    nb.run("for _ in range(3):\n    model.partial_fit(X_train, y_train, classes=[0, 1])")
    nb.run("for _ in range(3):\n    model.partial_fit(X_train, y_train)")
    nb.run(TEST)

    assert [value for run in nb.runs() for value in values(run).values()] == [nb.variables["score"]]


def test_clusters_are_judged(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.cluster import KMeans\nfrom sklearn.metrics import silhouette_score")
    nb.run("labels = KMeans(3, n_init=1, random_state=0).fit_predict(X)")
    nb.run("score = silhouette_score(X, labels)")

    run = nb.only_run()
    assert run.params["n_clusters"] == 3
    assert list(values(run).values()) == [nb.variables["score"]]


def test_regression_with_numpys_root_is_logged_by_hand(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.linear_model import Ridge\nfrom sklearn.metrics import mean_squared_error")
    nb.run("model = Ridge(alpha=2.0).fit(X_train, y_train)\nother = Ridge(alpha=9.0).fit(X_train, y_train)")
    nb.run("rmse = np.sqrt(((model.predict(X_test) - y_test) ** 2).mean())\n%track metric rmse=rmse")

    first = next(run for run in nb.runs() if run.params.get("alpha") == 2.0)
    assert values(first) == {"rmse": float(nb.variables["rmse"])}


def test_results_with_many_numbers_are_kept(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.metrics import confusion_matrix, classification_report, roc_curve, auc")
    nb.run("model = LogisticRegression().fit(X_train, y_train)")
    nb.run(
        "matrix = confusion_matrix(y_test, model.predict(X_test))\n"
        "report = classification_report(y_test, model.predict(X_test))\n"
        "fpr, tpr, _ = roc_curve(y_test, model.predict_proba(X_test)[:, 1])\n"
        "area = auc(fpr, tpr)"
    )

    run = nb.only_run()
    found = values(run)
    assert found["test.confusion_matrix[0,0]"] == nb.variables["matrix"][0, 0]
    assert [value for key, value in found.items() if key.endswith("auc")] == [nb.variables["area"]]
    assert {artifact.name for artifact in run.artifacts} >= {"classification_report.txt", "roc_curve.json"}
    assert nb.store.get_object(
        next(a.digest for a in run.artifacts if a.name == "classification_report.txt")
    ).decode() == nb.variables["report"]  # fmt: skip
