"""Sessions as they happen: edits, detours and styles that make it hard to say what belongs to what."""

from __future__ import annotations

import pytest

from .session import DATA, Notebook, values

TEST = "score = accuracy_score(y_test, model.predict(X_test))"


def test_settings_in_a_class_are_params(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("class CFG:\n    seed = 7\n    holdout = 0.3\n    C = 0.5\n    title = 'nothing'")
    nb.run("A, B, s, t = train_test_split(X, y, test_size=CFG.holdout, random_state=CFG.seed)")
    nb.run("model = LogisticRegression(C=CFG.C).fit(A, s)")

    found = nb.only_run().params
    assert 0.3 in found.values()
    assert 7 in found.values()
    assert found["C"] == 0.5


def test_settings_in_a_dataclass_are_params(nb: Notebook) -> None:
    nb.run(DATA + "from dataclasses import dataclass")
    nb.run("@dataclass\nclass Config:\n    holdout: float = 0.3\n    seed: int = 7\nconfig = Config(seed=11)")
    nb.run("A, B, s, t = train_test_split(X, y, test_size=config.holdout, random_state=config.seed)")
    nb.run("model = LogisticRegression().fit(A, s)")

    found = nb.only_run().params
    assert 0.3 in found.values()
    assert 11 in found.values()


def test_attribute_set_to_a_constant_is_a_param(nb: Notebook) -> None:
    nb.run(DATA + "from types import SimpleNamespace\ncfg = SimpleNamespace()")
    nb.run("cfg.holdout = 0.3", "holdout")
    nb.run("A, B, s, t = train_test_split(X, y, test_size=cfg.holdout, random_state=0)", "split")
    nb.run("model = LogisticRegression().fit(A, s)", "fit")

    nb.edit("holdout", "cfg.holdout = 0.2")
    nb.rerun("split")
    nb.rerun("fit")

    first, second = nb.runs()
    assert 0.3 in first.params.values()
    assert 0.2 in second.params.values()
    assert 0.3 not in second.params.values()


def test_item_set_to_a_constant_is_a_param(nb: Notebook) -> None:
    nb.run(DATA + "config = {}")
    nb.run("config['C'] = 0.25", "config")
    nb.run("model = LogisticRegression(**config).fit(X_train, y_train)", "fit")

    nb.edit("config", "config['C'] = 0.75")
    nb.rerun("fit")

    first, second = nb.runs()
    assert (first.params["C"], second.params["C"]) == (0.25, 0.75)


def test_edited_metric_cell_overwrites_nothing(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\nguess = model.predict(X_test)")
    nb.run("plain = f1_score(y_test, guess)", "judge")

    nb.edit("judge", "plain = f1_score(y_test, guess, average='weighted')\nold = f1_score(y_test, guess)")

    found = [value for run in nb.runs() for value in values(run).values()]
    assert sorted(set(found)) == sorted({nb.variables["plain"], nb.variables["old"]})
    assert len({run.models[0].coefficients["a"] for run in nb.runs()}) == 1


def test_predictions_of_a_loop_are_judged_after_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "guesses = {}\nmodel = LogisticRegression()\n"
        "for C in (0.0005, 0.01, 9.0):\n"
        "    guesses[C] = model.set_params(C=C).fit(X_train, y_train).predict(X_test)"
    )
    nb.run("scores = {C: accuracy_score(y_test, guess) for C, guess in guesses.items()}")

    found = {run.params["C"]: list(values(run).values()) for run in nb.runs() if run.models}
    assert found == {C: [score] for C, score in nb.variables["scores"].items()}


def test_best_model_chosen_by_code_keeps_its_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("models = {C: LogisticRegression(C=C).fit(X_train, y_train) for C in (0.0005, 0.5)}")
    nb.run("best = max(models, key=lambda C: accuracy_score(y_train, models[C].predict(X_train)))")

    nb.run("model = models[best]\n" + TEST)

    judged = [run for run in nb.runs() if "test.accuracy" in run.metrics]
    assert [run.params["C"] for run in judged] == [nb.variables["best"]]
    assert all("train.accuracy" in run.metrics for run in nb.runs() if run.models)


def test_function_called_with_other_arguments_makes_other_runs(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "def experiment(C, columns):\n"
        "    model = LogisticRegression(C=C).fit(X_train[columns], y_train)\n"
        "    return accuracy_score(y_test, model.predict(X_test[columns]))"
    )
    nb.run("one = experiment(0.1, ['a', 'b'])")
    nb.run("two = experiment(9.0, ['c'])")

    first, second = nb.runs()
    assert (first.params["C"], second.params["C"]) == (0.1, 9.0)
    assert (first.params["columns"], second.params["columns"]) == (["a", "b"], ["c"])
    assert (list(values(first).values()), list(values(second).values())) == (
        [nb.variables["one"]], [nb.variables["two"]]
    )  # fmt: skip


def test_redefined_function_is_another_code(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("def prepare(table):\n    return table[['a']]", "prepare")
    nb.run("model = LogisticRegression().fit(prepare(X_train), y_train)", "fit")

    nb.edit("prepare", "def prepare(table):\n    return table[['a', 'b']]")
    nb.rerun("fit")

    first, second = nb.runs()
    assert (first.models[0].features, second.models[0].features) == (("a",), ("a", "b"))
    assert "nondeterministic" not in second.tags


def test_deleted_and_made_again_names_break_nothing(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.1).fit(X_train, y_train)\nguess = model.predict(X_test)")
    nb.run("del model")
    nb.run("model = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run("score = accuracy_score(y_test, guess)")

    first, second = nb.runs()
    assert list(values(first).values()) == [nb.variables["score"]]
    assert not second.metrics


def test_scores_of_equal_predictions_are_each_of_their_model(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.dummy import DummyClassifier")
    nb.run("one = DummyClassifier(strategy='prior').fit(X_train, y_train)")
    nb.run("two = DummyClassifier(strategy='most_frequent').fit(X_train, y_train)")

    nb.run("accuracy_score(y_test, list(two.predict(X_test)))")
    nb.run("f1_score(y_test, pd.Series(one.predict(X_test)).to_numpy(), zero_division=0)")

    first, second = nb.runs()
    assert values(first).keys() == {"test.f1"}
    assert values(second).keys() == {"test.accuracy"}


def test_scorer_of_a_cell_in_a_search_opens_no_runs(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.model_selection import GridSearchCV\nfrom sklearn.metrics import make_scorer")
    nb.run("def own(truth, guess):\n    return f1_score(truth, guess)\n")

    nb.run(
        "search = GridSearchCV(LogisticRegression(), {'C': [0.1, 1.0]}, cv=2, scoring=make_scorer(own))"
        ".fit(X_train, y_train)"
    )

    (run,) = nb.tops()
    assert len(nb.children(run)) == 2


def test_fit_is_seen_through_a_callback_of_a_library(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "table = pd.DataFrame({'C': [0.1, 9.0]})\n"
        "table['score'] = table['C'].apply(\n"
        "    lambda C: LogisticRegression(C=C).fit(X_train, y_train).score(X_test, y_test))"
    )

    fits = [run for run in nb.runs() if run.models]
    assert [list(values(run).values()) for run in fits] == [[score] for score in nb.variables["table"]["score"]]


def test_data_cell_again_with_the_same_data_opens_nothing(nb: Notebook) -> None:
    nb.run(DATA, "data")
    nb.run("model = LogisticRegression().fit(X_train, y_train)", "fit")
    nb.run(TEST, "test")

    nb.rerun("data")
    nb.rerun("test")

    assert len(nb.runs()) == 1


def test_cells_out_of_order_use_what_was_there(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 0.1", "params")
    nb.run("model = LogisticRegression(C=C)", "make")
    nb.edit("params", "C = 9.0")

    nb.run("model.fit(X_train, y_train)", "fit")
    nb.run(TEST)

    run = nb.only_run()
    assert run.params["C"] == 0.1
    assert 9.0 not in run.params.values()


def test_fifty_fits_are_fifty_runs(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "scores = [LogisticRegression(C=1 + i / 100).fit(X_train, y_train).score(X_test, y_test) for i in range(50)]"
    )

    (parent,) = nb.tops()
    children = nb.children(parent)
    assert [run.params["i"] for run in children] == list(range(50))
    assert [list(values(run).values()) for run in children] == [[score] for score in nb.variables["scores"]]


def test_timed_metric_is_one_series(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\nguess = model.predict(X_test)")

    nb.run("%timeit -n 20 -r 2 accuracy_score(y_test, guess)")

    assert nb.only_run().metrics.keys() <= {"test.accuracy"}


def test_timed_fit_is_one_run(nb: Notebook) -> None:
    nb.run(DATA)

    nb.run("%timeit -n 3 -r 2 LogisticRegression(C=0.5).fit(X_train, y_train)")

    assert len([run for run in nb.runs() if run.models]) == 1


@pytest.mark.parametrize("head", ["", "%%time\n", "%%capture shown\n", "%%track\n", "# a note\n"])
@pytest.mark.parametrize("empty", [1, 2])
def test_empty_lines_at_the_beginning_hide_nothing(nb: Notebook, head: str, empty: int) -> None:
    nb.run(DATA)
    nb.run("strength = 0.25")

    nb.run(
        head + "\n" * empty + "import math\ntwice = strength * 2\n"
        f"model = LogisticRegression(C=twice).fit(X_train, y_train)\n\n{TEST}"
    )

    run = nb.only_run()
    assert run.params["strength"] == 0.25
    assert values(run) == {"test.accuracy": nb.variables["score"]}


def test_list_that_a_function_only_reads_is_made_by_its_literal_alone(nb: Notebook) -> None:
    nb.run("def total(names):\n    return len(names)")

    nb.run("names = ['a', 'b']\ntotal(names)", "read")
    nb.run("others = ['a', 'b']\nothers.append('c')", "changed")
    nb.run("names, others", "use")

    (use,) = nb.last_execution().statements
    assert [source.statement for source in use.reads["names"]] == [0]
    assert [source.statement for source in use.reads["others"]] == [0, 1]
