"""Which words stand before what a booster measured after each round."""

from __future__ import annotations

import pytest
from trackbook.capture.integrations.boosting import early_stopping, history_points, labels
from trackbook.records import Role


@pytest.mark.parametrize(
    ("name", "role", "label"),
    [
        ("train", None, "train"), ("training", None, "train"), ("dtrain", None, "train"),
        ("eval", None, "validation"), ("eval", Role.TEST, "test"), ("validation_0", None, "validation"),
        ("validation_0", Role.TRAIN, "train"), ("valid_1", Role.TEST, "test"), ("val", None, "validation"),
        ("my_val_set", None, "validation"), ("test", Role.VALIDATION, "test"), ("spring", Role.TEST, "spring"),
        ("train_test", None, "train_test"),
    ],
)  # fmt: skip
def test_table_has_its_role_where_nobody_named_it_otherwise(name: str, role: Role | None, label: str) -> None:
    assert labels([(name, role)]) == {name: label}


def test_no_two_tables_share_a_label() -> None:
    found = labels([("validation_0", Role.TEST), ("validation_1", Role.TEST), ("spring", None)])

    assert found == {"validation_0": "test", "validation_1": "validation_1", "spring": "spring"}


def test_history_is_a_point_a_round() -> None:
    history = {"eval": {"auc": [0.5, 0.75], "error": [0.2, float("inf")]}}

    points = history_points(history, {"eval": "test"})

    assert points == [
        ("test.auc", 0.5, 0),
        ("test.auc", 0.75, 1),
        ("test.error", 0.2, 0),
        ("test.error", float("inf"), 1),
    ]


def test_only_callbacks_that_stop_are_params() -> None:
    stop = type("EarlyStopping", (), {"rounds": 7})()

    assert early_stopping([object(), stop]) == {"early_stopping_rounds": 7}
    assert early_stopping([print]) == early_stopping(None) == {}
