from __future__ import annotations

import math

import pytest
from trackbook.errors import InvalidValueError
from trackbook.records import DatasetUse, Environment, Model, Role
from trackbook.tracking.compare import ABSENT, Section, compare, compare_runs
from trackbook.tracking.direction import higher_is_better

PYTHON = Environment(
    environment_id="e", python="3.11", implementation="CPython", platform="Linux", machine="x86_64", packages={"p": "1"}
)


def row(comparison, key, section=None):
    return next(each for each in comparison.rows if each.key == key and section in (None, each.section))


def test_metrics_have_differences_a_direction_and_a_best_run(make_run):
    runs = [
        make_run(1, metrics={"test.accuracy": 0.8, "loss": 0.4}),
        make_run(2, metrics={"test.accuracy": 0.9, "loss": 0.5}),
    ]

    compared = compare(runs, {})

    accuracy, loss = row(compared, "test.accuracy"), row(compared, "loss")
    assert accuracy.higher_is_better is True
    assert accuracy.best == (1,)
    assert accuracy.differences == (0.0, pytest.approx(0.1))
    assert loss.higher_is_better is False
    assert loss.best == (0,)


def test_nan_is_never_best_and_has_no_difference(make_run):
    runs = [
        make_run(1, metrics={"accuracy": math.nan}),
        make_run(2, metrics={"accuracy": 0.1}),
        make_run(3, metrics={"accuracy": 0.2}),
    ]

    accuracy = row(compare(runs, {}), "accuracy")

    assert accuracy.best == (2,)
    assert accuracy.differences == (None, None, None)
    assert accuracy.differs


def test_equal_nan_does_not_differ(make_run):
    runs = [make_run(number, metrics={"accuracy": math.nan}, params={"x": math.nan}) for number in (1, 2)]

    assert compare(runs, {}).differing() == ()


def test_none_is_a_value_and_not_the_same_as_absent(make_run):
    compared = compare([make_run(1, params={"C": None}), make_run(2)], {})

    assert row(compared, "C").values == (None, ABSENT)
    assert row(compared, "C").differs


def test_integers_beyond_every_float_are_compared(make_run):
    compared = compare([make_run(1, metrics={"score": 0.5}), make_run(2, metrics={"score": 10**400})], {})

    assert row(compared, "score").best == (1,)
    assert row(compared, "score").differences == (0.0, None)


def test_only_what_differs_is_differing(make_run):
    runs = [make_run(1, params={"C": 1, "seed": 0}), make_run(2, params={"C": 2, "seed": 0})]

    compared = compare(runs, {})

    assert [each.key for each in compared.differing()] == ["C"]
    assert [each.key for each in compared.rows] == ["C", "seed"]


def test_data_is_told_apart_by_its_fingerprint_and_role(make_run):
    def data(fingerprint):
        return (DatasetUse(name="X", kind="DataFrame", role=Role.TRAIN, rows=3, shape=(3, 2), fingerprint=fingerprint),)

    same = compare([make_run(1, datasets=data("a")), make_run(2, datasets=data("a"))], {})
    other = compare([make_run(1, datasets=data("a")), make_run(2, datasets=data("b"))], {})
    unknown = compare([make_run(1, datasets=data(None)), make_run(2, datasets=data(None))], {})

    assert [row(each, "X (train)").differs for each in (same, other, unknown)] == [False, True, True]


def test_model_class_and_environment_are_compared(make_run):
    runs = [
        make_run(1, models=(Model(model_id="1", name="m", class_name="a.Lasso"),), run={"environment_id": "e"}),
        make_run(2, models=(Model(model_id="2", name="m", class_name="a.Ridge"),)),
    ]

    compared = compare(runs, {"e": PYTHON})

    assert row(compared, "class").values == ("a.Lasso", "a.Ridge")
    assert row(compared, "p", Section.ENVIRONMENT).values == ("1", ABSENT)


def test_single_run_is_compared_with_its_children(notebook, make_run):
    parent = notebook.add(make_run(1, name="search", metrics={"score": 1}))
    notebook.add(make_run(2, metrics={"score": 2}, run={"parent_id": parent.run.run_id}))

    compared = compare_runs(notebook.store, ["search"])

    assert row(compared, "score").values == (1, 2)


def test_comparison_of_a_run_with_itself_is_refused(notebook, make_run):
    notebook.add(make_run(1, name="brave-otter"))

    with pytest.raises(InvalidValueError, match="two different runs"):
        compare_runs(notebook.store, ["brave-otter", "latest"])


@pytest.mark.parametrize(
    ("key", "direction"),
    [
        ("accuracy", True),
        ("test.balanced_accuracy", True),
        ("roc_auc", True),
        ("r2", True),
        ("f1_macro", True),
        ("mean_test_score", True),
        ("neg_mean_squared_error", True),
        ("ndcg@10", True),
        ("validation.accuracy.second", True),
        ("mean_squared_error", False),
        ("test.log_loss", False),
        ("brier_score_loss", False),
        ("davies_bouldin_score", False),
        ("RMSE", False),
        ("max_error", False),
        ("l2", False),
        ("score_std", None),
        ("n_clusters", None),
        ("fit_time", None),
        ("", None),
    ],
)
def test_direction_is_read_off_the_name(key, direction):
    assert higher_is_better(key) is direction
