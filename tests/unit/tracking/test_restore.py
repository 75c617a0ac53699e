"""Kept models come back only as trusted, are tried when they do, and params come back as code wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from trackbook.capture.quiet import quiet
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import (
    DatasetUse,
    Execution,
    JsonValue,
    Model,
    Outcome,
    Process,
    Role,
    Run,
    RunDetail,
    RunStatus,
    Session,
    Statement,
)
from trackbook.store import Batch, MemoryStore
from trackbook.store.contract import RunChange, RunFilter
from trackbook.tracking.kept_models import UntrustedModelError, load_model
from trackbook.tracking.promises import EXAMPLE_PREDICTIONS, NOT_KEPT
from trackbook.tracking.restore import restore

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]])


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore("memory://restore")


@pytest.fixture
def model(store: MemoryStore) -> Model:
    """A regression on two features that is kept, with an example of its inputs and what it said of them."""
    from sklearn.linear_model import LinearRegression

    with quiet():
        import skops.io

    fitted = LinearRegression().fit(ROWS, [1.0, 2.0, 3.0])
    snapshot = store.put_table(ROWS)
    store.write(Batch(snapshots=[snapshot]))
    return Model(
        model_id="m",
        name="model",
        class_name="sklearn.linear_model._base.LinearRegression",
        signature={"n_features": 2},
        details={EXAMPLE_PREDICTIONS: {"predict": fitted.predict(ROWS).tolist()}},
        object_digest=store.put_object(skops.io.dumps(fitted)),
        example_snapshot=snapshot.snapshot_id,
    )


def recorded(
    store: MemoryStore,
    *cells: tuple[str, Mapping[str, JsonValue]],
    datasets: tuple[DatasetUse, ...] = (),
    models: tuple[Model, ...] = (),
    tags: Mapping[str, str] | None = None,
) -> RunDetail:
    """Record a run of cells that assign literals."""
    process = Process(host="h", boot="b", pid=1, started=0.0)
    session = Session(
        session_id="s", experiment="e", started_at=AT, lease_expires_at=AT, process=process, user="u", ended_at=AT
    )
    executions = [
        Execution(
            execution_id=f"x{number}",
            session_id="s",
            index=number + 1,
            source=source,
            started_at=AT,
            outcome=Outcome.OK,
            statements=(Statement(line=1, end_line=source.count("\n") + 1, literals=literals),),
        )
        for number, (source, literals) in enumerate(cells)
    ]
    run = Run(run_id="r1", session_id="s", experiment="e", name="otter", status=RunStatus.FINISHED, started_at=AT)
    change = RunChange(
        run_id="r1",
        run=run,
        params={name: value for _, literals in cells for name, value in literals.items()} | {"tol": 0.5},
        datasets=datasets,
        models=models,
        tags=tags or {},
        execution_ids=[each.execution_id for each in executions],
    )
    store.write(Batch(sessions=[session], executions=executions, runs=[change]))
    return store.runs(RunFilter())[0]


# Models


def test_model_that_predicts_what_it_did_comes_back_without_a_remark(store: MemoryStore, model: Model) -> None:
    loaded = load_model(store, model)

    assert loaded.remarks == ()
    np.testing.assert_allclose(loaded.value.predict(ROWS), [1.0, 2.0, 3.0])


def test_model_that_predicts_something_else_says_so(store: MemoryStore, model: Model) -> None:
    other = replace(model, details={EXAMPLE_PREDICTIONS: {"predict": [1.0, 2.0, 3.1]}})

    assert load_model(store, other).remarks == (
        "model: predict gives other values here for the example of its inputs than it gave then.",
    )


def test_model_with_another_signature_or_a_lost_example_says_so(store: MemoryStore, model: Model) -> None:
    other = replace(model, signature={"n_features": 3}, example_snapshot="0" * 64)

    assert load_model(store, other).remarks == (
        "model: it takes 2 features, and took 3.",
        "model: the example of its inputs is lost, so nobody tried it.",
    )


def test_method_that_fails_here_is_told(store: MemoryStore, model: Model) -> None:
    other = replace(model, details={EXAMPLE_PREDICTIONS: {"predict_proba": [[1.0]]}})

    assert "predict_proba fails here" in load_model(store, other).remarks[0]


def test_type_that_nobody_trusts_is_named_and_nothing_is_loaded(store: MemoryStore, model: Model) -> None:
    with quiet():
        import skops.io
    content = skops.io.dumps(SimpleNamespace(depth=3))  # a type that skops knows nothing of
    other = replace(model, object_digest=store.put_object(content), details={}, example_snapshot=None)

    with pytest.raises(UntrustedModelError, match="doesn't trust by itself") as refused:
        load_model(store, other)

    assert refused.value.types == ("types.SimpleNamespace",)
    assert load_model(store, other, trust=["types.SimpleNamespace"]).value.depth == 3


def test_broken_and_missing_models_are_told_in_a_sentence(store: MemoryStore, model: Model) -> None:
    with pytest.raises(InvalidValueError, match="The file of model 'model' can't be read"):
        load_model(store, replace(model, object_digest=store.put_object(b"no model")))
    with pytest.raises(NotFoundError, match="not the model"):
        load_model(store, replace(model, object_digest=None))


# Names


def test_params_come_back_as_they_were_written(store: MemoryStore) -> None:
    run = recorded(
        store,
        ("layers = (5, 2)", {"layers": [5, 2]}),
        ("rate: float = 1e-3", {"rate": 1e-3}),
        ("a, b = 1, 2", {"a": 1, "b": 2}),
        ("class Config:\n    depth = 3", {"Config.depth": 3}),
    )

    found = restore(store, run)

    assert found.values == {"layers": (5, 2), "rate": 1e-3, "a": 1, "b": 2}
    assert [each.name for each in found.unrestored] == ["Config.depth"]
    assert restore(store, run, ["tol"]).values == {"tol": 0.5}


def test_names_that_are_taken_stop_everything_unless_forced(store: MemoryStore, model: Model) -> None:
    run = recorded(store, ("C = 1", {"C": 1}), models=(model,))
    into: dict[str, Any] = {"C": "mine", "tol": "mine"}

    with pytest.raises(InvalidValueError, match="There is C already, and nothing was restored"):
        restore(store, run, into=into)
    assert into == {"C": "mine", "tol": "mine"}

    restore(store, run, into=into, force=True)
    assert into["C"] == 1
    assert into["tol"] == "mine"
    assert "model" in into


def test_what_cannot_come_back_is_in_nobodys_way_and_told_with_the_reason(store: MemoryStore) -> None:
    big = DatasetUse(name="X", kind="ndarray", fingerprint="f" * 32)
    run = recorded(store, datasets=(big,), tags={NOT_KEPT: "X: 1.2 GB is over 512 MB"})
    into: dict[str, Any] = {"X": "mine"}

    found = restore(store, run, into=into)

    assert [(each.name, each.reason) for each in found.unrestored] == [("X", "it is not kept: 1.2 GB is over 512 MB")]
    assert into == {"X": "mine"}


def test_tables_without_one_name_are_left_to_their_fingerprint(store: MemoryStore) -> None:
    one, other = store.put_table(ROWS), store.put_table(ROWS + 1)
    store.write(Batch(snapshots=[one, other]))
    uses = (
        DatasetUse(name="X", kind="ndarray", role=Role.TRAIN, fingerprint="a" * 32, snapshot_id=one.snapshot_id),
        DatasetUse(name="X", kind="ndarray", role=Role.TEST, fingerprint="b" * 32, snapshot_id=other.snapshot_id),
        DatasetUse(name="df[['a']]", kind="ndarray", fingerprint="c" * 32, snapshot_id=one.snapshot_id),
    )

    found = restore(store, recorded(store, datasets=uses))

    reasons = {each.name: each.reason for each in found.unrestored}
    assert "several tables of this name (train, test)" in reasons["X"]
    assert "trackbook.load(fingerprint='aaaaaaaaaaaa')" in reasons["X"]
    assert "no name of its own" in reasons["df[['a']]"]
    assert found.values == {}
