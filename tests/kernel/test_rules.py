"""Which run it is: every rule of "runs without starting them" as a little session."""

from __future__ import annotations

import pytest
from trackbook.records import Role

from .session import DATA, Notebook, values

FIT = "model = LogisticRegression(C=C).fit(X_train, y_train)"
TEST = "accuracy_score(y_test, model.predict(X_test))"


@pytest.fixture
def fitted(nb: Notebook) -> Notebook:
    """A notebook with data, a parameter, a fit and a test, run once."""
    nb.run(DATA, "data")
    nb.run("C = 1.0", "params")
    nb.run(FIT, "fit")
    nb.run(TEST, "test")
    return nb


# The parameter, the fit, the same again


def test_parameter_cell_alone_opens_nothing(fitted: Notebook) -> None:
    fitted.settle()
    before = fitted.only_run()

    fitted.edit("params", "C = 2.0")

    assert fitted.only_run() == before


def test_fit_with_changed_parameter_is_the_next_run(fitted: Notebook) -> None:
    fitted.settle()
    before = fitted.only_run()

    fitted.edit("params", "C = 0.001")
    fitted.rerun("fit")
    fitted.rerun("test")

    first, second = fitted.runs()
    assert first == before
    assert (first.params["C"], second.params["C"]) == (1.0, 0.001)
    assert values(first).keys() == values(second).keys() == {"test.accuracy"}
    assert values(first) != values(second)


def test_fit_without_change_is_a_repetition(fitted: Notebook) -> None:
    before = fitted.only_run()

    fitted.rerun("fit")
    fitted.rerun("test")

    run = fitted.only_run()
    assert run.tags["repeated"] == "1"
    assert fitted.history(run, "test.accuracy") == [before.metrics["test.accuracy"]]
    assert "nondeterministic" not in run.tags


def test_each_repetition_counts_once(fitted: Notebook) -> None:
    fitted.rerun("fit")
    fitted.rerun("test")
    fitted.rerun("fit")
    fitted.rerun("test")

    assert fitted.only_run().tags["repeated"] == "2"


def test_metric_alone_again_is_a_repetition_of_it(fitted: Notebook) -> None:
    fitted.rerun("test")

    run = fitted.only_run()
    assert run.tags["repeated"] == "1"
    assert len(fitted.history(run, "test.accuracy")) == 1


def test_parameter_set_back_finds_the_first_run_again(fitted: Notebook) -> None:
    fitted.edit("params", "C = 0.001")
    fitted.rerun("fit")
    fitted.rerun("test")

    fitted.edit("params", "C = 1.0")
    fitted.rerun("fit")
    fitted.rerun("test")

    first, second = fitted.runs()
    assert first.tags["repeated"] == "1"
    assert "repeated" not in second.tags


def test_whole_notebook_run_again_is_one_run(fitted: Notebook) -> None:
    for cell in ("data", "params", "fit", "test"):
        fitted.rerun(cell)

    assert fitted.only_run().tags["repeated"] == "1"


def test_changed_code_of_the_fit_is_the_next_run(fitted: Notebook) -> None:
    fitted.edit("fit", "model = LogisticRegression(C=C, max_iter=777).fit(X_train, y_train)")

    _, second = fitted.runs()
    assert second.params["max_iter"] == 777


def test_comment_in_the_cell_is_no_change(fitted: Notebook) -> None:
    fitted.edit("fit", f"# the baseline\n{FIT}  # as ever")
    fitted.rerun("test")

    assert fitted.only_run().tags["repeated"] == "1"


def test_second_metric_joins_the_run(fitted: Notebook) -> None:
    fitted.run("f1_score(y_test, model.predict(X_test))")

    assert values(fitted.only_run()).keys() == {"test.accuracy", "test.f1"}


def test_fit_joins_nothing_that_has_a_fit(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("one = LogisticRegression(C=1.0).fit(X_train, y_train)")
    nb.run("two = LogisticRegression(C=2.0).fit(X_train, y_train)")

    assert [run.params["C"] for run in nb.tops()] == [1.0, 2.0]


# Several fits at once


def test_models_in_a_loop_are_siblings_under_one_parent(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "for C in [0.01, 0.1, 1.0]:\n"
        "    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    print(accuracy_score(y_test, model.predict(X_test)))"
    )

    (parent,) = nb.tops()
    children = nb.children(parent)
    assert [run.params["C"] for run in children] == [0.01, 0.1, 1.0]
    assert all(values(run).keys() == {"test.accuracy"} for run in children)
    assert not parent.metrics
    assert not parent.models
    assert {run.run.status for run in nb.runs()} == {"FINISHED"}


def test_loop_again_repeats_each_child(nb: Notebook) -> None:
    nb.run(DATA)
    loop = "for C in [0.01, 1.0]:\n    print(LogisticRegression(C=C).fit(X_train, y_train).score(X_test, y_test))"
    nb.run(loop, "loop")

    nb.rerun("loop")

    (parent,) = nb.tops()
    assert [run.tags.get("repeated") for run in nb.children(parent)] == ["1", "1"]


def test_loop_over_a_changed_list_adds_what_is_new(nb: Notebook) -> None:
    nb.run(DATA)
    loop = "for C in {}:\n    print(LogisticRegression(C=C).fit(X_train, y_train).score(X_test, y_test))"
    nb.run(loop.format([0.01, 1.0]), "loop")

    nb.edit("loop", loop.format([0.01, 1.0, 5.0]))

    fits = [run for run in nb.runs() if run.models]
    assert sorted(run.params["C"] for run in fits if "repeated" not in run.tags) == [5.0]
    assert sorted(run.params["C"] for run in fits) == [0.01, 1.0, 5.0]


def test_loop_over_estimators_makes_a_run_of_each(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.tree import DecisionTreeClassifier\nfrom sklearn.dummy import DummyClassifier")
    nb.run(
        "models = {'tree': DecisionTreeClassifier(random_state=0), 'dummy': DummyClassifier()}\n"
        "scores = {}\n"
        "for name, candidate in models.items():\n"
        "    candidate.fit(X_train, y_train)\n"
        "    scores[name] = accuracy_score(y_test, candidate.predict(X_test))"
    )

    found = {run.models[0].class_name.rpartition(".")[2]: values(run) for run in nb.runs() if run.models}
    scores = nb.variables["scores"]
    assert found == {
        "DecisionTreeClassifier": {"test.accuracy": scores["tree"]},
        "DummyClassifier": {"test.accuracy": scores["dummy"]},
    }


def test_two_models_of_one_cell_are_evaluated_in_a_later_one(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "weak = LogisticRegression(C=0.0005).fit(X_train, y_train)\n"
        "strong = LogisticRegression(C=9.0).fit(X_train, y_train)"
    )
    nb.run(
        "strong_score = accuracy_score(y_test, strong.predict(X_test))\n"
        "weak_score = accuracy_score(y_test, weak.predict(X_test))"
    )

    (parent,) = nb.tops()
    weak, strong = nb.children(parent)
    assert (weak.params["C"], strong.params["C"]) == (0.0005, 9.0)
    assert values(weak) == {"test.accuracy": nb.variables["weak_score"]}
    assert values(strong) == {"test.accuracy": nb.variables["strong_score"]}


def test_predictions_made_in_one_cell_are_judged_in_another(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "weak = LogisticRegression(C=0.0005).fit(X_train, y_train)\n"
        "strong = LogisticRegression(C=9.0).fit(X_train, y_train)"
    )
    nb.run("by_weak, by_strong = weak.predict(X_test), strong.predict(X_test)")
    nb.run("scores = [accuracy_score(y_test, guess) for guess in (by_weak, by_strong)]")

    weak, strong = [run for run in nb.runs() if run.models]
    assert [values(weak), values(strong)] == [{"test.accuracy": score} for score in nb.variables["scores"]]


def test_models_of_a_list_fitted_by_a_comprehension(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("fitted = [LogisticRegression(C=C).fit(X_train, y_train) for C in (0.0005, 0.5, 5)]")
    nb.run("scores = [accuracy_score(y_test, each.predict(X_test)) for each in fitted]")

    found = [run for run in nb.runs() if run.models]
    assert [run.params["C"] for run in found] == [0.0005, 0.5, 5]
    assert [values(run) for run in found] == [{"test.accuracy": score} for score in nb.variables["scores"]]


# Another result of the same


FOREST = "from sklearn.ensemble import RandomForestClassifier"


def test_unseeded_forest_with_another_result_is_nondeterministic(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FOREST)
    nb.run("forest = RandomForestClassifier(n_estimators=3, max_depth=2).fit(X_train, y_train)", "fit")
    nb.run("from sklearn.metrics import log_loss\nlog_loss(y_test, forest.predict_proba(X_test))", "test")

    nb.rerun("fit")
    nb.rerun("test")

    first, second = nb.runs()
    assert "nondeterministic" not in first.tags
    assert "RandomForestClassifier(random_state=None)" in second.tags["nondeterministic"]
    assert first.run.name in second.tags["nondeterministic"]
    assert values(first)["test.log_loss"] != values(second)["test.log_loss"]


def test_seeded_forest_is_repeated(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(FOREST)
    nb.run("forest = RandomForestClassifier(n_estimators=3, random_state=1).fit(X_train, y_train)", "fit")
    nb.run("accuracy_score(y_test, forest.predict(X_test))", "test")

    nb.rerun("fit")
    nb.rerun("test")

    assert nb.only_run().tags["repeated"] == "1"


def test_unseeded_split_is_named_as_the_source(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("X_train, X_test, y_train, y_test = train_test_split(X, y)", "split")
    nb.run("model = LogisticRegression().fit(X_train, y_train)", "fit")
    nb.run(TEST, "test")

    nb.rerun("split")
    nb.rerun("fit")
    nb.rerun("test")

    first, second = nb.runs()
    assert "nondeterministic" not in first.tags
    assert "train_test_split(random_state=None)" in second.tags["nondeterministic"]


def test_numpys_global_generator_is_named_as_the_source(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("noisy = X_train + np.random.normal(size=X_train.shape)", "noise")
    nb.run("model = LogisticRegression().fit(noisy, y_train)", "fit")

    nb.rerun("noise")
    nb.rerun("fit")

    _, second = nb.runs()
    assert "numpy.random" in second.tags["nondeterministic"]


def test_seeded_global_generator_is_no_nondeterminism(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("np.random.seed(4)\nnoisy = X_train + np.random.normal(size=X_train.shape)", "noise")
    nb.run("model = LogisticRegression().fit(noisy, y_train)", "fit")
    nb.run(TEST, "test")

    for cell in ("noise", "fit", "test"):
        nb.rerun(cell)

    assert nb.only_run().tags["repeated"] == "1"


def test_unseeded_generator_object_is_named_as_the_source(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("noisy = X_train + np.random.default_rng().normal(size=X_train.shape)", "noise")
    nb.run("model = LogisticRegression().fit(noisy, y_train)", "fit")

    nb.rerun("noise")
    nb.rerun("fit")

    _, second = nb.runs()
    assert "default_rng" in second.tags["nondeterministic"]


# Metrics that come late


def test_metric_computed_long_after_goes_to_its_models_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("first = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("second = LogisticRegression(C=9.0).fit(X_train, y_train)")
    for number in range(20):
        nb.run(f"unrelated_{number} = [{number}] * 3")

    nb.run("late = accuracy_score(y_test, first.predict(X_test))")

    one, two = nb.runs()
    assert values(one) == {"test.accuracy": nb.variables["late"]}
    assert values(two) == {}


def test_model_reassigned_between_fit_and_metric(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("guess = model.predict(X_test)")
    nb.run("model = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run("of_first = accuracy_score(y_test, guess)")
    nb.run("of_second = accuracy_score(y_test, model.predict(X_test))")

    one, two = nb.runs()
    assert values(one) == {"test.accuracy": nb.variables["of_first"]}
    assert values(two) == {"test.accuracy": nb.variables["of_second"]}


def test_same_object_fitted_anew_is_the_model_of_the_new_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.0005)")
    nb.run("model.fit(X_train, y_train)")
    nb.run("old = accuracy_score(y_test, model.predict(X_test))")
    nb.run("model.set_params(C=9.0).fit(X_train, y_train)")
    nb.run("new = accuracy_score(y_test, model.predict(X_test))")

    one, two = nb.runs()
    assert (one.params["C"], two.params["C"]) == (0.0005, 9.0)
    assert values(one) == {"test.accuracy": nb.variables["old"]}
    assert values(two) == {"test.accuracy": nb.variables["new"]}


def test_prediction_kept_in_a_frame_finds_its_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.0005).fit(X_train, y_train)")
    nb.run("table = X_test.copy()\ntable['guess'] = model.predict(X_test)\ntable['won'] = y_test")
    nb.run("model = LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.run("accuracy_score(table['won'], table['guess'])")

    one, two = nb.runs()
    assert len(one.metrics) == 1
    assert not two.metrics


# What seals a run


THRESHOLD = "guess = (model.predict_proba(X_test)[:, 1] > threshold).astype(int)\nf1_score(y_test, guess)"


def test_threshold_changed_after_the_metric_is_the_next_run(fitted: Notebook) -> None:
    fitted.run("threshold = 0.5", "threshold")
    fitted.run(THRESHOLD, "judge")
    first_f1 = values(fitted.last_run())["test.f1"]

    fitted.edit("threshold", "threshold = 0.9")
    fitted.rerun("judge")

    second = fitted.last_run()
    assert second.params["threshold"] == 0.9
    assert second.params["C"] == 1.0
    assert second.models
    assert values(second)["test.f1"] != first_f1
    assert any(run.params.get("threshold") == 0.5 and values(run)["test.f1"] == first_f1 for run in fitted.runs())


def test_threshold_set_back_repeats_the_run_that_had_it(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)")
    nb.run("threshold = 0.5", "threshold")
    nb.run(THRESHOLD, "judge")
    nb.edit("threshold", "threshold = 0.9")
    nb.rerun("judge")

    nb.edit("threshold", "threshold = 0.5")
    nb.rerun("judge")

    first, second = nb.runs()
    assert first.tags["repeated"] == "1"
    assert "repeated" not in second.tags


def test_thresholds_in_a_loop_are_a_series(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\nchance = model.predict_proba(X_test)[:, 1]")
    nb.run("scores = []\nfor t in [0.2, 0.5, 0.8]:\n    scores.append(f1_score(y_test, chance > t))")

    run = nb.only_run()
    points = nb.history(run, "test.f1")
    assert [point.step for point in points] == [0, 1, 2]
    assert [point.value for point in points] == nb.variables["scores"]


def test_test_data_changed_after_the_metric_is_the_next_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)")
    nb.run(TEST, "test")

    nb.run("X_test = X_test.iloc[:20]\ny_test = y_test.iloc[:20]")
    nb.rerun("test")

    first, second = nb.runs()
    assert {use.rows for use in first.datasets if use.role == "test"} == {60}
    assert {use.rows for use in second.datasets if use.role == "test"} == {20}


def test_train_data_changed_in_place_is_the_next_run(fitted: Notebook) -> None:
    fitted.run("X_train.loc[X_train.index[:30], 'a'] = 9.0")

    fitted.rerun("fit")
    fitted.rerun("test")

    first, second = fitted.runs()
    marks = [{use.name: use.fingerprint for use in run.datasets}["X_train"] for run in (first, second)]
    assert marks[0] != marks[1]
    assert "nondeterministic" not in second.tags


def test_constants_that_flow_into_nothing_are_no_params(fitted: Notebook) -> None:
    before = fitted.only_run()

    fitted.run("title = 'my plot'\nwidth = 640")
    fitted.rerun("test")

    run = fitted.only_run()
    assert dict(run.params) == dict(before.params)
    assert not {"title", "width"} & run.params.keys()


def test_constant_changed_that_flows_into_nothing_opens_nothing(fitted: Notebook) -> None:
    fitted.run("title = 'one'", "title")
    fitted.rerun("fit")
    fitted.rerun("test")

    fitted.edit("title", "title = 'two'")
    fitted.rerun("fit")
    fitted.rerun("test")

    assert fitted.only_run().tags["repeated"] == "2"


# Keys


def test_one_call_site_in_a_loop_is_a_series(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("from sklearn.linear_model import SGDClassifier")
    nb.run(
        "model = SGDClassifier(random_state=0)\n"
        "scores = []\n"
        "for epoch in range(4):\n"
        "    model.partial_fit(X_train, y_train, classes=[0, 1])\n"
        "    scores.append(accuracy_score(y_test, model.predict(X_test)))"
    )

    run = nb.only_run()
    assert [point.value for point in nb.history(run, "test.accuracy")] == nb.variables["scores"]
    assert values(run)["test.accuracy"] == nb.variables["scores"][-1]


def test_two_metrics_of_one_key_are_told_apart_by_their_names(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\nguess = model.predict(X_test)")
    nb.run("plain = f1_score(y_test, guess)\nweighted = f1_score(y_test, guess, average='weighted')")

    assert sorted(values(nb.only_run()).values()) == sorted([nb.variables["plain"], nb.variables["weighted"]])
    assert values(nb.only_run())["test.f1.weighted"] == nb.variables["weighted"]


def test_two_metrics_of_one_key_without_names_are_told_apart_by_order(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)\nguess = model.predict(X_test)")
    nb.run("print(f1_score(y_test, guess), f1_score(y_test, guess, average='weighted'))")

    assert values(nb.only_run()).keys() == {"test.f1", "test.f1.2"}


def test_train_and_test_score_have_their_roles(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression().fit(X_train, y_train)")
    nb.run("model.score(X_train, y_train), model.score(X_test, y_test)")

    assert values(nb.only_run()).keys() == {"train.score", "test.score"}


@pytest.mark.parametrize(
    "code",
    [
        "print(f'accuracy: {accuracy_score(y_test, model.predict(X_test)):.3f}')",
        "def judge(m):\n    return accuracy_score(y_test, m.predict(X_test))\njudge(model)",
        "judge = lambda m: accuracy_score(y_test, m.predict(X_test))\njudge(model)",
        "scores = {name: accuracy_score(y_test, m.predict(X_test)) for name, m in {'it': model}.items()}",
        "import sklearn.metrics\nsklearn.metrics.accuracy_score(y_true=y_test, y_pred=model.predict(X_test))",
        "import sklearn.metrics as sm\ngetattr(sm, 'accuracy_score')(y_test, model.predict(X_test))",
        "if (score := accuracy_score(y_test, model.predict(X_test))) > 2:\n    pass",
        "max(map(lambda m: accuracy_score(y_test, m.predict(X_test)), [model]))",
        "assert accuracy_score(y_test, model.predict(X_test)) > 0",
        "from functools import partial\npartial(accuracy_score, y_test)(model.predict(X_test))",
        "list(accuracy_score(y_test, m.predict(X_test)) for m in [model])",
        "pd.Series({'a': 1}).apply(lambda _: accuracy_score(y_test, model.predict(X_test)))",
        "accuracy_score(list(y_test), list(model.predict(X_test)))",
        "accuracy_score(y_test, pd.Series(model.predict(X_test), index=y_test.index))",
        "accuracy_score(y_test, (model.predict_proba(X_test)[:, 1] > 0.5).astype(int))",
    ],
    ids=lambda code: code.replace("accuracy_score", "metric")[:40],
)
def test_metric_in_any_expression_is_of_its_model(nb: Notebook, code: str) -> None:
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.run("decoy = LogisticRegression(C=0.0005).fit(X_train, y_train)")

    nb.run(code)

    right, decoy = nb.runs()
    assert values(right) == {"test.accuracy": nb.variables["model"].score(*_test_data(nb))}
    assert not decoy.metrics


def _test_data(nb: Notebook) -> tuple[object, object]:
    return nb.variables["X_test"], nb.variables["y_test"]


# Models in containers


@pytest.mark.parametrize(
    ("keep", "take"),
    [
        ("zoo = {}\nzoo['it'] = LogisticRegression(C=0.5).fit(X_train, y_train)", "zoo['it']"),
        ("zoo = [LogisticRegression(C=0.5)]\nzoo[0].fit(X_train, y_train)", "zoo[-1]"),
        ("class Box: pass\nbox = Box()\nbox.model = LogisticRegression(C=0.5).fit(X_train, y_train)", "box.model"),
        (
            "def keep():\n    m = LogisticRegression(C=0.5).fit(X_train, y_train)\n    return lambda: m\nget = keep()",
            "get()",
        ),
    ],
    ids=["dict", "list", "attribute", "closure"],
)
def test_model_kept_somewhere_keeps_its_run(nb: Notebook, keep: str, take: str) -> None:
    nb.run(DATA)
    nb.run(keep)
    nb.run("other = LogisticRegression(C=0.0005).fit(X_train, y_train)")

    nb.run(f"score = accuracy_score(y_test, {take}.predict(X_test))")

    kept, other = nb.runs()
    assert kept.params["C"] == 0.5
    assert values(kept) == {"test.accuracy": nb.variables["score"]}
    assert not other.metrics


# Metrics without a model


def test_metric_without_a_model_is_a_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("threshold = 0.1")
    nb.run("score = accuracy_score(y, (X['a'] > threshold).astype(int))")

    run = nb.only_run()
    assert values(run) == {"accuracy": nb.variables["score"]}
    assert run.params["threshold"] == 0.1
    assert not run.models


def test_metric_without_a_model_and_with_another_threshold_is_the_next_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("threshold = 0.1", "threshold")
    nb.run("accuracy_score(y, (X['a'] > threshold).astype(int))", "judge")

    nb.edit("threshold", "threshold = 1.0")
    nb.rerun("judge")

    assert [run.params["threshold"] for run in nb.runs()] == [0.1, 1.0]


def test_folds_of_a_loop_are_not_called_nondeterministic(nb: Notebook) -> None:
    nb.run(DATA + "from sklearn.ensemble import RandomForestClassifier\nfrom sklearn.model_selection import KFold")

    nb.run(
        "for fit, rest in KFold(3).split(X_train):\n"
        "    model = RandomForestClassifier(3).fit(X_train.iloc[fit], y_train.iloc[fit])\n"
        "    print(model.score(X_train.iloc[rest], y_train.iloc[rest]))"
    )

    assert len([run for run in nb.runs() if run.models]) == 3
    assert not any("nondeterministic" in run.tags for run in nb.runs())


# What a table is for


def test_score_of_out_of_fold_predictions_is_no_training_score(fitted: Notebook) -> None:
    fitted.run("from sklearn.model_selection import cross_val_predict")
    fitted.run(
        "oof = cross_val_predict(LogisticRegression(C=0.3), X_train, y_train, method='predict_proba')[:, 1]\n"
        "out_of_fold = accuracy_score(y_train, oof > 0.5)\n"
        "labels = cross_val_predict(LogisticRegression(C=0.2), X_train, y_train)\n"
        "direct = accuracy_score(y_train, labels)"
    )

    found = {key for run in fitted.runs() for key in run.metrics}

    assert found == {"test.accuracy", "validation.accuracy"}


FOLDS = """
from sklearn.model_selection import KFold
tr = X_train.copy()
target = y_train.copy()
scores = []
for itr, ivl in KFold(3).split(tr):
    m = LogisticRegression(C=0.7).fit({fit})
    scores.append(accuracy_score({truth}, m.predict({tested})))
"""


@pytest.mark.parametrize(
    ("fit", "truth", "tested"),
    [
        ("tr.iloc[itr], target.iloc[itr]", "target.iloc[ivl]", "tr.iloc[ivl]"),
        ("tr.values[itr], target.values[itr]", "target.values[ivl]", "tr.values[ivl]"),
        ("tr.loc[tr.index[itr]], target.loc[tr.index[itr]]", "target.loc[tr.index[ivl]]", "tr.loc[tr.index[ivl]]"),
        ("X_train.iloc[itr], y_train.iloc[itr]", "y_train.iloc[ivl]", "X_train.iloc[ivl]"),
    ],
)
def test_fold_that_is_held_out_of_the_training_table_is_not_called_training(
    fitted: Notebook, fit: str, truth: str, tested: str
) -> None:
    fitted.run(FOLDS.format(fit=fit, truth=truth, tested=tested))

    keys = {key for run in fitted.runs() for key in run.metrics}

    assert "train.accuracy" not in keys
    assert keys > {"test.accuracy"}


def test_part_of_the_training_table_by_a_name_that_says_so_is_training(fitted: Notebook) -> None:
    fitted.run("train_rows = X_train.index[:60]\nm = LogisticRegression(C=0.7).fit(X_train, y_train)")
    fitted.run("accuracy_score(y_train.loc[train_rows], m.predict(X_train.loc[train_rows]))")
    fitted.run("cols = ['a', 'b']\nn = LogisticRegression(C=0.6).fit(X_train[cols], y_train)")
    fitted.run("n.score(X_train[cols], y_train)")

    assert {key for run in fitted.runs()[1:] for key in run.metrics} == {"train.accuracy", "train.score"}


def test_held_out_part_that_is_named_validation_is_validation(fitted: Notebook) -> None:
    fitted.run("X_tr, X_valid, y_tr, y_valid = train_test_split(X, y, random_state=4)")
    fitted.run("m = LogisticRegression(C=0.4).fit(X_tr, y_tr)\naccuracy_score(y_valid, m.predict(X_valid))")

    run = fitted.last_run()

    assert set(run.metrics) == {"validation.accuracy"}
    assert {use.role for use in run.datasets} == {Role.TRAIN, Role.VALIDATION}


def test_metric_whose_arguments_are_swapped_is_of_the_model_all_the_same(fitted: Notebook) -> None:
    fitted.run("accuracy_score(model.predict(X_test), y_test)")

    run = fitted.only_run()

    assert set(run.metrics) == {"test.accuracy", "test.accuracy.2"}
    assert {use.role for use in run.datasets if use.name == "y_test"} == {Role.TEST}
