"""XGBoost and LightGBM as people use them: their own interface, scikit-learn's, loops, callbacks, mistakes."""

from __future__ import annotations

import pytest
from trackbook.records import RunDetail

from .session import Notebook, values

DATA = """
import numpy as np
import pandas as pd
import xgboost as xgb
import lightgbm as lgb
from sklearn.datasets import make_classification
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, train_test_split

numbers, target = make_classification(n_samples=200, n_features=4, flip_y=0.2, random_state=0)
X, y = pd.DataFrame(numbers, columns=list("abcd")), pd.Series(target, name="won")
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
"""
MATRICES = "dtrain, dtest = xgb.DMatrix(X_train, label=y_train), xgb.DMatrix(X_test, y_test)"
SETS = "train_data = lgb.Dataset(X_train, label=y_train)\nval_data = lgb.Dataset(X_test, y_test, reference=train_data)"
LOGISTIC = 'params = {"max_depth": 2, "eta": 0.3, "objective": "binary:logistic", "eval_metric": "logloss"}'
BINARY = 'params = {"objective": "binary", "num_leaves": 5, "verbose": -1, "metric": "binary_logloss"}'


@pytest.fixture
def xgboost(nb: Notebook) -> Notebook:
    """A notebook with data in XGBoost's matrices."""
    for cell in (DATA, MATRICES, LOGISTIC):
        nb.run(cell)
    return nb


@pytest.fixture
def lightgbm(nb: Notebook) -> Notebook:
    """A notebook with data in LightGBM's sets."""
    for cell in (DATA, SETS, BINARY):
        nb.run(cell)
    return nb


def series(nb: Notebook, run: RunDetail, key: str) -> list[float | int]:
    return [point.value for point in sorted(nb.history(run, key), key=lambda point: point.step)]


def used(run: RunDetail) -> dict[str, str]:
    return {use.name: str(use.role) for use in run.datasets}


# XGBoost's own interface


def test_training_is_a_run_with_params_data_and_model(xgboost: Notebook) -> None:
    xgboost.run("bst = xgb.train(params, dtrain, num_boost_round=7)")

    run = xgboost.only_run()
    assert run.params == {
        "max_depth": 2, "eta": 0.3, "objective": "binary:logistic", "eval_metric": "logloss", "num_boost_round": 7,
    }  # fmt: skip
    assert used(run) == {"X_train": "train", "y_train": "train"}
    assert {use.rows for use in run.datasets} == {140}
    model = run.models[0]
    assert (model.name, model.class_name, model.features) == ("bst", "xgboost.core.Booster", ("a", "b", "c", "d"))
    assert sum(model.importances.values()) == pytest.approx(1.0)
    assert model.details["n_rounds"] == 7


def test_history_of_evaluation_is_a_series_of_each_table(xgboost: Notebook) -> None:
    xgboost.run("log = {}")
    xgboost.run(
        "bst = xgb.train(params, dtrain, 6, evals=[(dtrain, 'train'), (dtest, 'eval')], evals_result=log, "
        "verbose_eval=False)"
    )

    run = xgboost.only_run()
    log = xgboost.variables["log"]
    assert series(xgboost, run, "train.logloss") == log["train"]["logloss"]
    assert series(xgboost, run, "test.logloss") == log["eval"]["logloss"]
    assert used(run) == {"X_train": "train", "y_train": "train", "X_test": "test", "y_test": "test"}


def test_history_is_kept_without_being_asked_for(xgboost: Notebook) -> None:
    xgboost.run("dmine = xgb.DMatrix(X[:50], y[:50])")
    xgboost.run("bst = xgb.train(params, dtrain, 4, evals=[(dmine, 'eval')], verbose_eval=False)")

    assert len(series(xgboost, xgboost.only_run(), "validation.logloss")) == 4


def test_tables_with_names_of_ones_own_keep_them(xgboost: Notebook) -> None:
    xgboost.run("bst = xgb.train(params, dtrain, 3, evals=[(dtest, 'spring'), (dtest, 'autumn')], verbose_eval=False)")

    assert xgboost.only_run().metrics.keys() == {"spring.logloss", "autumn.logloss"}


def test_early_stopping_tells_its_round(xgboost: Notebook) -> None:
    xgboost.run(
        "bst = xgb.train(params, dtrain, 200, evals=[(dtest, 'eval')], early_stopping_rounds=3, verbose_eval=False)"
    )

    run = xgboost.only_run()
    best = xgboost.variables["bst"].best_iteration
    assert run.params["early_stopping_rounds"] == 3
    assert values(run)["best_iteration"] == best
    assert values(run)["best_score"] == pytest.approx(min(series(xgboost, run, "test.logloss")))
    assert len(series(xgboost, run, "test.logloss")) == best + 4


def test_callbacks_that_stop_early_are_params_too(xgboost: Notebook) -> None:
    xgboost.run(
        "stop = xgb.callback.EarlyStopping(rounds=2, save_best=True)\n"
        "bst = xgb.train(params, dtrain, 100, evals=[(dtest, 'eval')], callbacks=[stop], verbose_eval=False)"
    )

    run = xgboost.only_run()
    assert run.params["early_stopping_rounds"] == 2
    assert run.models[0].details["n_rounds"] == xgboost.variables["bst"].best_iteration + 1


@pytest.mark.parametrize(
    "measure",
    [
        "accuracy_score(y_test, bst.predict(dtest) > 0.5)",
        "accuracy_score(y_test, (bst.predict(xgb.DMatrix(X_test)) > 0.5).astype(int))",
        "p = bst.predict(dtest)\nlabels = np.where(p > 0.5, 1, 0)\naccuracy_score(y_test, labels)",
        "accuracy_score(y_test, np.round(bst.inplace_predict(X_test)))",
    ],
)
def test_metric_of_a_prediction_is_of_its_training(xgboost: Notebook, measure: str) -> None:
    xgboost.run("bst = xgb.train(params, dtrain, 5)")
    xgboost.run("other = xgb.train({**params, 'max_depth': 1}, dtrain, 5)")
    xgboost.run(measure)

    first, second = xgboost.runs()
    assert first.metrics.keys() == {"test.accuracy"}
    assert not second.metrics


def test_params_changed_in_place_are_those_that_were_used(xgboost: Notebook) -> None:
    xgboost.run("params['max_depth'] = 5")
    xgboost.run("bst = xgb.train(params, dtrain, 5)")

    run = xgboost.only_run()
    assert run.params["max_depth"] == 5
    assert "params" not in run.params


def test_same_training_again_is_a_repetition(xgboost: Notebook) -> None:
    xgboost.run("bst = xgb.train(params, dtrain, 5, evals=[(dtest, 'eval')], verbose_eval=False)", cell="fit")
    xgboost.rerun("fit")

    assert xgboost.only_run().tags["repeated"] == "1"


def test_reading_a_matrix_does_not_change_it(xgboost: Notebook) -> None:
    xgboost.run("bst = xgb.train(params, dtrain, 2)")
    xgboost.run("bst.predict(dtrain)")

    assert not {"dtrain", "bst", *xgboost.last_execution().maybe} & {*xgboost.last_execution().writes}
    assert xgboost.last_execution().maybe == ()


def test_setting_labels_changes_a_matrix(xgboost: Notebook) -> None:
    xgboost.run("dtrain.set_label(1 - y_train)")

    assert xgboost.last_execution().writes == ("dtrain",)


def test_cross_validation_is_a_run_of_means_by_round(xgboost: Notebook) -> None:
    xgboost.run("cv = xgb.cv(params, dtrain, num_boost_round=4, nfold=3, seed=1)")

    run = xgboost.only_run()
    table = xgboost.variables["cv"]
    assert run.params["nfold"] == 3
    assert series(xgboost, run, "validation.logloss") == list(table["test-logloss-mean"])
    assert series(xgboost, run, "train.logloss.std") == list(table["train-logloss-std"])
    assert not run.models


def test_loop_over_params_makes_sibling_runs(xgboost: Notebook) -> None:
    xgboost.run(
        "for depth in [1, 2, 3]:\n"
        "    bst = xgb.train({**params, 'max_depth': depth}, dtrain, 4)\n"
        "    print(accuracy_score(y_test, bst.predict(dtest) > 0.5))"
    )

    (parent,) = xgboost.tops()
    runs = xgboost.children(parent)
    assert [run.params["max_depth"] for run in runs] == [1, 2, 3]
    assert all(run.metrics.keys() == {"test.accuracy"} for run in runs)


def test_loop_of_updates_is_one_run(xgboost: Notebook) -> None:
    xgboost.run(
        "bst = xgb.Booster({'eta': 0.1, 'objective': 'binary:logistic'}, [dtrain])\n"
        "for i in range(5):\n"
        "    bst.update(dtrain, i)\n"
        "    print(bst.eval_set([(dtrain, 'train'), (dtest, 'eval')], i))"
    )

    run = xgboost.only_run()
    assert run.params == {"eta": 0.1, "objective": "binary:logistic", "iterations": 5}
    assert len(series(xgboost, run, "train.logloss")) == len(series(xgboost, run, "test.logloss")) == 5
    assert run.models[0].details["n_rounds"] == 5


def test_saved_and_loaded_booster_is_known(xgboost: Notebook) -> None:
    xgboost.run("bst = xgb.train(params, dtrain, 5)\nbst.save_model('model.json')")
    xgboost.run("again = xgb.Booster()\nagain.load_model('model.json')")
    xgboost.run("log_loss(y_test, again.predict(dtest))")

    assert xgboost.only_run().metrics.keys() == {"test.log_loss"}


def test_training_that_raises_fails(xgboost: Notebook) -> None:
    xgboost.fails("xgb.train({'objective': 'nonsense'}, dtrain)")

    run = xgboost.only_run()
    assert run.run.status == "FAILED"
    assert run.params["objective"] == "nonsense"


def test_training_that_is_interrupted_keeps_its_rounds(xgboost: Notebook) -> None:
    xgboost.run(
        "class Impatient(xgb.callback.TrainingCallback):\n"
        "    def after_iteration(self, model, epoch, evals_log):\n"
        "        if epoch == 2: raise KeyboardInterrupt\n"
    )
    xgboost.fails("xgb.train(params, dtrain, 50, evals=[(dtest, 'eval')], callbacks=[Impatient()], verbose_eval=False)")

    run = xgboost.only_run()
    assert run.run.status == "KILLED"
    assert len(series(xgboost, run, "test.logloss")) == 3


def test_error_that_the_cell_caught_leaves_no_history_with_the_next(xgboost: Notebook) -> None:
    xgboost.run(
        "try:\n    xgb.train({'max_depth': -1}, dtrain, 3)\nexcept Exception:\n    pass\n"
        "clf = xgb.XGBClassifier(n_estimators=3).fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)"
    )

    failed, good = [run for run in xgboost.runs() if run.params]
    assert (failed.run.status, dict(failed.metrics)) == ("FAILED", {})
    assert good.metrics.keys() == {"test.logloss"}


# LightGBM's own interface


def test_lightgbm_training_has_params_data_and_history(lightgbm: Notebook) -> None:
    lightgbm.run("bst = lgb.train(params, train_data, 6, [train_data, val_data], ['train', 'valid'])")
    lightgbm.run("accuracy_score(y_test, bst.predict(X_test) > 0.5)")

    run = lightgbm.only_run()
    assert run.params == {
        "objective": "binary", "num_leaves": 5, "verbose": -1, "metric": "binary_logloss", "num_boost_round": 6,
    }  # fmt: skip
    assert used(run) == {"X_train": "train", "y_train": "train", "X_test": "test", "y_test": "test"}
    assert len(series(lightgbm, run, "train.binary_logloss")) == 6
    assert run.metrics.keys() == {"train.binary_logloss", "test.binary_logloss", "test.accuracy"}
    assert run.models[0].importances.keys() == {"a", "b", "c", "d"}


def test_history_is_what_lightgbm_itself_records(lightgbm: Notebook) -> None:
    lightgbm.run("log = {}")
    lightgbm.run(
        "bst = lgb.train(params, train_data, 100, valid_sets=[val_data], "
        "callbacks=[lgb.record_evaluation(log), lgb.early_stopping(3, verbose=False)])"
    )

    run = lightgbm.only_run()
    assert series(lightgbm, run, "test.binary_logloss") == lightgbm.variables["log"]["valid_0"]["binary_logloss"]
    assert run.params["early_stopping_rounds"] == 3
    assert values(run)["best_iteration"] == lightgbm.variables["bst"].best_iteration
    assert values(run)["best_score"] == pytest.approx(min(series(lightgbm, run, "test.binary_logloss")))


def test_training_a_dataset_leaves_it_unchanged(lightgbm: Notebook) -> None:
    lightgbm.run("bst = lgb.train(params, train_data, 3, valid_sets=[val_data])")

    assert lightgbm.last_execution().writes == ("bst",)
    assert lightgbm.last_execution().maybe == ()


def test_function_that_trains_is_followed_for_each_call(lightgbm: Notebook) -> None:
    lightgbm.run(
        "def fit(rate, leaves=4):\n"
        "    data = lgb.Dataset(X_train, y_train)\n"
        "    model = lgb.train({'learning_rate': rate, 'num_leaves': leaves, 'verbose': -1}, data, 5)\n"
        "    return roc_auc_score(y_test, model.predict(X_test))"
    )
    lightgbm.run("scores = {rate: fit(rate) for rate in (0.05, 0.5)}")

    runs = lightgbm.children(lightgbm.tops()[0])
    assert [run.params["learning_rate"] for run in runs] == [0.05, 0.5]
    assert [values(run)["test.roc_auc"] for run in runs] == list(lightgbm.variables["scores"].values())


def test_lightgbm_cross_validation(lightgbm: Notebook) -> None:
    lightgbm.run("found = lgb.cv(params, train_data, 4, nfold=3, eval_train_metric=True)")

    run = lightgbm.only_run()
    expected = lightgbm.variables["found"]["valid binary_logloss-mean"]
    assert series(lightgbm, run, "validation.binary_logloss") == expected
    assert "train.binary_logloss.std" in run.metrics


def test_lightgbm_loop_of_updates_is_one_run(lightgbm: Notebook) -> None:
    lightgbm.run(
        "bst = lgb.Booster(params, train_data)\nbst.add_valid(val_data, 'val')\n"
        "for i in range(4):\n    bst.update()\n    print(bst.eval_train(), bst.eval_valid())"
    )

    run = lightgbm.only_run()
    assert len(series(lightgbm, run, "train.binary_logloss")) == 4
    assert len(series(lightgbm, run, "validation.binary_logloss")) == 4
    assert "i" not in run.params


def test_lightgbm_training_that_raises_fails(lightgbm: Notebook) -> None:
    lightgbm.fails("lgb.train({'objective': 'binary', 'num_leaves': -3, 'verbose': -1}, train_data)")

    assert lightgbm.only_run().run.status == "FAILED"


def test_lightgbm_model_from_a_file_is_known(lightgbm: Notebook) -> None:
    lightgbm.run("bst = lgb.train(params, train_data, 5)\nbst.save_model('model.txt')")
    lightgbm.run("again = lgb.Booster(model_file='model.txt')\nlog_loss(y_test, again.predict(X_test))")

    assert lightgbm.only_run().metrics.keys() == {"test.log_loss"}


# scikit-learn's interface


def test_classifier_has_a_run_of_its_own_and_no_inner_one(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "clf = xgb.XGBClassifier(n_estimators=30, max_depth=2, early_stopping_rounds=3)\n"
        "clf.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_test, y_test)], verbose=False)"
    )
    nb.run("clf.score(X_test, y_test)")

    run = nb.only_run()
    log = nb.variables["clf"].evals_result()
    assert series(nb, run, "train.logloss") == log["validation_0"]["logloss"]
    assert series(nb, run, "test.logloss") == log["validation_1"]["logloss"]
    assert values(run)["best_iteration"] == nb.variables["clf"].best_iteration
    assert used(run) == {"X_train": "train", "y_train": "train", "X_test": "test", "y_test": "test"}


def test_what_nobody_chose_of_a_classifier_is_a_default(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("clf = xgb.XGBClassifier(n_estimators=5, max_depth=2).fit(X_train, y_train)")

    run = nb.only_run()
    defaults = run.models[0].details["default_params"]
    assert isinstance(defaults, list)
    assert run.params.keys() - {str(name) for name in defaults} == {"n_estimators", "max_depth"}


@pytest.mark.parametrize("given", ["eval_X=X_test, eval_y=y_test", "eval_X=(X_test,), eval_y=(y_test,)"])
def test_lightgbm_regressor_has_its_history(nb: Notebook, given: str) -> None:
    nb.run(DATA)
    nb.run(f"model = lgb.LGBMRegressor(n_estimators=6, verbose=-1).fit(X_train, y_train, {given})")

    run = nb.only_run()
    assert series(nb, run, "test.l2") == nb.variables["model"].evals_result_["valid_0"]["l2"]
    assert used(run)["X_test"] == "test"


@pytest.mark.parametrize(
    "fit",
    [
        "xgb.XGBRegressor(n_estimators=3).fit(half[cols], half.won, verbose=False, "
        "eval_set=[(rest[cols], rest.won), (half[cols].copy(), half.won)])",
        "lgb.LGBMRegressor(n_estimators=3, verbose=-1).fit(half[cols], half.won, eval_metric='rmse', "
        "eval_X=(rest[cols], half[cols].copy()), eval_y=(rest.won, half.won))",
    ],
)
def test_training_table_that_is_cut_out_anew_is_measured_as_training(nb: Notebook, fit: str) -> None:
    nb.run(DATA + "df = X.assign(won=y)\ncols = ['a', 'b', 'c']\nhalf, rest = df[:90], df[90:]")
    nb.run(f"model = {fit}")
    history = nb.run("list((getattr(model, 'evals_result_', None) or model.evals_result()).values())")

    run = nb.runs()[0]
    assert series(nb, run, "validation.rmse") == history[0]["rmse"]
    assert series(nb, run, "train.rmse") == history[1]["rmse"]


def test_lightgbm_that_measures_on_the_training_first_mixes_nothing_up(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "model = lgb.LGBMRegressor(n_estimators=3, verbose=-1)\n"
        "model.fit(X_train, y_train, eval_X=(X_test, X_train), eval_y=(y_test, y_train))"
    )

    run, log = nb.only_run(), nb.variables["model"].evals_result_
    by_key = {key: series(nb, run, key) for key in ("train.l2", "test.l2")}
    assert sorted(by_key.values()) == sorted(each["l2"] for each in log.values())
    assert by_key["test.l2"] == log["valid_0"]["l2"]


def test_training_matrix_that_is_made_anew_is_measured_as_training(xgboost: Notebook) -> None:
    xgboost.run(
        "log = {}\nbooster = xgb.train({'max_depth': 2}, xgb.DMatrix(X.to_numpy(), y), 3, "
        "evals=[(xgb.DMatrix(X.to_numpy(), y), 'eval')], evals_result=log, verbose_eval=False)"
    )

    assert series(xgboost, xgboost.only_run(), "train.rmse") == xgboost.variables["log"]["eval"]["rmse"]


def test_search_over_boosters_is_one_run_with_candidates(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "search = GridSearchCV(xgb.XGBClassifier(n_estimators=4), {'max_depth': [1, 2]}, cv=2)\n"
        "search.fit(X_train, y_train)\nsearch.score(X_test, y_test)"
    )

    (top,) = nb.tops()
    assert len(nb.children(top)) == 2
    assert "test.score" in top.metrics


def test_classifier_from_a_file_predicts_for_its_run(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("clf = xgb.XGBClassifier(n_estimators=5).fit(X_train, y_train)\nclf.save_model('clf.json')")
    nb.run("again = xgb.XGBClassifier()\nagain.load_model('clf.json')\naccuracy_score(y_test, again.predict(X_test))")

    assert nb.only_run().metrics.keys() == {"test.accuracy"}


# Leaving


def test_libraries_are_as_they_were_when_trackbook_is_unloaded(nb: Notebook) -> None:
    nb.run(DATA)
    watched = nb.variables["xgb"].train.__code__, nb.variables["lgb"].train.__code__

    nb.run("%unload_ext trackbook")

    left = nb.variables["xgb"].train.__code__, nb.variables["lgb"].train.__code__
    assert all(before is not after for before, after in zip(watched, left, strict=True))
    assert all("site-packages" in code.co_filename for code in left)
