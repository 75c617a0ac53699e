"""``%track sweep``: the notebook's own slice with other values of the literals in its code."""

from __future__ import annotations

import pytest
from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.pipelines.sweeps.literals import with_params
from trackbook.store.contract import RunFilter
from trackbook.tracking.slice import slice_run

from .session import DATA, Notebook

FIT = """
model = LogisticRegression(
    max_iter=200,  # enough
)
model.fit(X_train, y_train)
score = accuracy_score(y_test, model.predict(X_test))
"""


@pytest.fixture
def fitted(nb: Notebook) -> Notebook:
    nb.run(DATA)
    nb.run("size = 3\nlevel = 'é'; rounds = size + 2")
    nb.run(FIT)
    return nb


def sliced(notebook: Notebook):
    store = notebook.store
    return slice_run(store, store.runs(RunFilter(limit=1))[0])


def code_of(notebook) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}


def test_literals_become_params_where_they_stand(fitted):
    notebook, names = with_params(sliced(fitted), ["max_iter", "n_samples", "train_test_split.random_state"])

    text = "\n".join(code_of(notebook).values())
    assert names == {
        "max_iter": "max_iter",
        "n_samples": "n_samples",
        "train_test_split.random_state": "train_test_split_random_state",
    }
    assert code_of(notebook)["parameters"].split("\n") == [
        "max_iter = 200",
        "n_samples = 150",
        "train_test_split_random_state = 0",
    ]
    assert "max_iter=max_iter,  # enough" in text
    assert "make_classification(n_samples=n_samples, n_features=4, flip_y=0.2, random_state=3)" in text
    assert "random_state=train_test_split_random_state)" in text


def test_what_a_model_leaves_to_its_default_is_written_into_its_call(fitted):
    notebook, names = with_params(sliced(fitted), ["C"])

    text = "\n".join(code_of(notebook).values())
    assert names == {"C": "C"}
    assert code_of(notebook)["parameters"] == "C = 1.0"
    compile(text, "slice", "exec")
    assert "max_iter=200,  # enough\nC=C)" in text


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("LogisticRegression()", "LogisticRegression(C=C)"),
        ("LogisticRegression(tol=(1e-4))", "LogisticRegression(tol=(1e-4), C=C)"),
        ("LogisticRegression(tol=1e-4 # tight,\n)", "LogisticRegression(tol=1e-4 # tight,\n, C=C)"),
    ],
)
def test_a_default_is_written_behind_what_the_call_has(nb, call, written):
    nb.run(DATA)
    nb.run(f"model = {call}.fit(X_train, y_train)\nscore = accuracy_score(y_test, model.predict(X_test))")

    notebook, _ = with_params(sliced(nb), ["C"])

    text = "\n".join(code_of(notebook).values())
    compile(text, "slice", "exec")
    assert written in text


def test_the_default_of_a_functions_argument_is_tried_where_no_call_gives_another(nb):
    nb.run(DATA)
    nb.run("def first(X, number=2, *, start=0):\n    return X.iloc[:, start:start + number]")
    nb.run("model = LogisticRegression().fit(first(X_train, start=1), y_train)")
    nb.run("score = accuracy_score(y_test, model.predict(first(X_test, start=1)))")

    notebook, names = with_params(sliced(nb), ["number"])

    text = "\n".join(code_of(notebook).values())
    assert names == {"number": "number_param"}
    assert "def first(X, number=number_param, *, start=0):" in text
    assert code_of(notebook)["parameters"] == "number_param = 2"
    with pytest.raises(AmbiguousError, match=r"start stands in 2 places: first\(start=1\)"):
        with_params(sliced(nb), ["first.start"])


@pytest.mark.parametrize(
    ("head", "written"),
    [
        ("for C in [0.1, 1, 10]:", "for C in [C_param]:"),
        ("for C in (0.1, 10):", "for C in [C_param]:"),
        ("for C in np.logspace(-1, 1, 2):", "LogisticRegression(C=C_param)"),
    ],
)
def test_one_value_takes_the_place_of_all_that_a_loop_goes_through(nb, head, written):
    nb.run(DATA)
    nb.run(
        f"import numpy as np\n{head}\n    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    score = accuracy_score(y_test, model.predict(X_test))"
    )

    notebook, names = with_params(sliced(nb), ["C"])

    text = "\n".join(code_of(notebook).values())
    assert names == {"C": "C_param"}
    compile(text, "slice", "exec")
    assert written in text
    assert code_of(notebook)["parameters"].startswith("C_param = 1")


def test_a_key_of_the_settings_is_tried_before_they_are_made(nb):
    nb.run("import trackbook")
    nb.run("cfg = {'lr': 0.1, 'steps': 3}\nstart = 4.0")
    nb.run("w = start\nfor step in range(cfg['steps']):\n    w -= cfg['lr'] * w")
    nb.run("trackbook.log_metric('loss', w)")

    notebook, names = with_params(sliced(nb), ["lr", "start"])

    cells = code_of(notebook)
    order = list(cells.values())
    assert names == {"lr": "lr", "start": "start_param"}
    assert cells["parameters"] == "lr = 0.1\nstart_param = 4.0"
    assert [cell.id for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())] == ["parameters"]
    made = next(at for at, source in enumerate(order) if "{'lr': lr, 'steps': 3}" in source)
    assert order.index(cells["parameters"]) < made
    assert "start = start_param" in "\n".join(order)


def test_a_literal_in_several_places_is_refused_with_the_places(fitted):
    with pytest.raises(AmbiguousError, match=r"random_state stands in 2 places: make_classification\(random_state=3\)"):
        with_params(sliced(fitted), ["random_state"])


def test_a_name_that_is_no_literal_is_refused_with_those_that_are(fitted):
    with pytest.raises(NotFoundError, match="Did you mean max_iter"):
        with_params(sliced(fitted), ["maxiter"])


def test_a_notebook_sweeps_its_own_slice(fitted, capsys):
    before = fitted.store.count_runs(RunFilter())

    fitted.run("%track sweep accuracy C=0.01,1 --jobs 2 --json")

    text = capsys.readouterr().out
    assert '"C": 0.01' in text
    assert '"finished": 2' in text
    parent = next(each for each in fitted.store.runs(RunFilter(only_roots=True)) if "sweep" in each.tags)
    trials = fitted.store.runs(RunFilter(parent_id=parent.run.run_id))
    assert parent.metrics["test.accuracy"].value > 0
    assert sorted(each.params["C"] for each in trials) == [0.01, 1]
    assert {each.run.experiment for each in trials} == {parent.run.experiment}
    assert fitted.store.count_runs(RunFilter()) == before + 1 + 2 * 2  # each trial with the run of its fit
    assert "sweep" not in fitted.shell.user_ns
