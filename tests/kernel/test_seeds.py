"""What draws random numbers without a seed is named by the run that it flows into, when the run is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trackbook

from .session import DATA, Notebook

FIT = "model = LogisticRegression().fit(X2, y)\naccuracy_score(y, model.predict(X2))"
FOREST = "from sklearn.ensemble import RandomForestClassifier\n"


@pytest.fixture
def data(nb: Notebook) -> Notebook:
    nb.run(DATA + "import random")
    return nb


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("X2 = X + np.random.normal(size=X.shape)", "numpy.random without a seed in cell 3"),
        ("random.seed(0)\nX2 = X + np.random.normal(size=X.shape)", "numpy.random without a seed in cell 3"),
        ("X2 = X * random.random()", "random without a seed in cell 3"),
        ("X2 = X + np.random.default_rng(None).normal(size=X.shape)", "default_rng(None)"),
        ("X2 = X.sample(frac=1)", "sample(random_state=None)"),
        ("columns = list({'a', 'b', 'c'})\nX2 = X[columns]", "the hash order of list({'a', 'b', 'c'})"),
        (
            "from sklearn.decomposition import TruncatedSVD\nX2 = TruncatedSVD(2).fit_transform(X)",
            "TruncatedSVD(random_state=None)",
        ),
        ("import secrets\nX2 = X * (1 + secrets.randbelow(9))", "randbelow(9)"),
    ],
)
def test_unseeded_source_is_named(data: Notebook, monkeypatch: pytest.MonkeyPatch, code: str, told: str) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)

    data.run(code)
    data.run(FIT)

    run = trackbook.get_run("latest")
    assert run.unseeded == (told,)
    assert "Randomness came in without a seed" in run.show().text
    assert [node.label for node in run.why().nodes if node.kind == "random"] != []


@pytest.mark.parametrize(
    "code",
    [
        "np.random.seed(0)\nX2 = X + np.random.normal(size=X.shape)",
        "X2 = X + np.random.default_rng(0).normal(size=X.shape)",
        "def fix(s):\n    random.seed(s)\n    np.random.seed(s)\nfix(3)\nX2 = X * random.random() * np.random.rand()",
        "X2 = X[sorted({'a', 'b', 'c'})]",
        "X2 = X.sample(frac=1, random_state=0)",
        "from sklearn.decomposition import PCA\nX2 = PCA(2).fit_transform(X)",
    ],
)
def test_seeded_source_is_not_named(data: Notebook, code: str) -> None:
    data.run(code)
    data.run(FIT)

    assert trackbook.get_run("latest").unseeded == ()
    assert "Randomness" not in trackbook.get_run("latest").show().text


def test_estimator_draws_from_the_generator_that_was_seeded(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook()
    notebook.run(DATA + FOREST)
    notebook.run("forest = RandomForestClassifier(3).fit(X, y)\naccuracy_score(y, forest.predict(X))")
    unseeded = trackbook.get_run("latest").unseeded

    notebook.run("np.random.seed(1)")
    notebook.run("forest = RandomForestClassifier(4).fit(X, y)\naccuracy_score(y, forest.predict(X))")

    assert unseeded == ("RandomForestClassifier(random_state=None)",)
    assert trackbook.get_run("latest").unseeded == ()


def test_model_that_was_chosen_by_scores_of_unseeded_models_is_made_by_chance(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.ensemble import RandomForestClassifier")
    nb.run("models = {'lr': LogisticRegression(), 'rf': RandomForestClassifier(n_estimators=3)}\nscores = {}")
    nb.run("for name, m in models.items():\n    m.fit(X_train, y_train)\n    scores[name] = m.score(X_test, y_test)")
    nb.run("best = models[max(scores, key=scores.get)]")
    nb.run("final = LogisticRegression(C=0.5).fit(X, y) if best is None else best.fit(X, y)\nfinal.score(X, y)")

    chance = trackbook.get_run("latest").unseeded

    assert "RandomForestClassifier(random_state=None)" in chance
    forest = next(run for run in nb.runs() if run.models and "Forest" in run.models[0].class_name)
    assert "without a seed" in trackbook.why("test.score", forest.run.run_id).show().text
