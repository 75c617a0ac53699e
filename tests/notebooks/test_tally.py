"""What counts as found: the judge's list against a store whose content is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from trackbook.records import MetricPoint, Model, Process, Run, Session
from trackbook.store.contract import Batch, RunChange
from trackbook.store.location import open_store

from .found import Call, Found, excess_models, read_found, tally_fits, tally_metrics, tally_searches
from .notebook import parse_notebook

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
NOTEBOOK = parse_notebook("small", "# %%\nm = Ridge().fit(X, y)\nr2_score(y, m.predict(X))\n")


def test_every_fit_and_number_is_found_in_a_full_store(tmp_path: Path) -> None:
    found = _store_with(tmp_path, models=["Ridge", "SVC"], values=[0.5, math.nan])

    calls = (_fit("Ridge", "a"), _fit("SVC", "b"), _metric(0.5), _metric(math.nan))

    assert tally_fits(NOTEBOOK, calls, found).share == 1.0
    assert tally_metrics(NOTEBOOK, calls, found).share == 1.0
    assert excess_models(NOTEBOOK, calls, found) == []


def test_missing_fit_is_named_with_its_cell_and_source(tmp_path: Path) -> None:
    found = _store_with(tmp_path, models=["Ridge"], values=[])

    tally = tally_fits(NOTEBOOK, (_fit("Ridge", "a"), _fit("Ridge", "b")), found)

    assert (tally.expected, len(tally.misses)) == (2, 1)
    assert "small: 1 of 2 fits of Ridge have no run: cell 1, line 1 `m = Ridge().fit(X, y)`" in tally.misses[0]


def test_missing_number_is_named_with_its_cell_and_source(tmp_path: Path) -> None:
    found = _store_with(tmp_path, models=["Ridge"], values=[0.25])

    tally = tally_metrics(NOTEBOOK, (_metric(0.25), _metric(0.75)), found)

    assert tally.misses == ["small: r2_score = [0.75] is not on record: cell 1, line 2 `r2_score(y, m.predict(X))`"]


def test_same_fit_again_needs_no_second_run(tmp_path: Path) -> None:
    found = _store_with(tmp_path, models=["Ridge"], values=[])

    tally = tally_fits(NOTEBOOK, (_fit("Ridge", "a"), _fit("Ridge", "a")), found)

    assert (tally.expected, tally.misses) == (1, [])


def test_calls_inside_another_are_not_asked_for(tmp_path: Path) -> None:
    found = _store_with(tmp_path, models=["Ridge"], values=[0.5])
    inner = [{**_fit("SVC", "b"), "inside": "Ridge"}, {**_metric(0.1), "inside": "Ridge"}]

    calls = (_fit("Ridge", "a"), *inner)

    assert tally_fits(NOTEBOOK, calls, found).misses == []
    assert tally_metrics(NOTEBOOK, calls, found).expected == 0


def test_model_that_nobody_fitted_is_named(tmp_path: Path) -> None:
    found = _store_with(tmp_path, models=["Ridge", "Ridge"], values=[])

    assert excess_models(NOTEBOOK, (_fit("Ridge", "a"),), found) == [
        "small: 2 runs have a Ridge, which was fitted 1 times"
    ]


@pytest.mark.parametrize(("recorded", "misses"), [([0.2, 0.4], 0), ([0.3], 0), ([0.2], 1)])
def test_cross_validation_is_found_by_its_folds_or_their_mean(
    tmp_path: Path, recorded: list[float], misses: int
) -> None:
    found = _store_with(tmp_path, models=["Ridge"], values=recorded)
    call = {**_metric(0.0), "kind": "validation", "name": "cross_val_score", "values": [0.2, 0.4]}

    assert len(tally_searches(NOTEBOOK, (call,), found).misses) == misses


def _fit(name: str, key: str) -> Call:
    return {**_metric(0.0), "kind": "fit", "name": name, "key": key, "values": [], "line": 1}


def _metric(value: float) -> Call:
    place = {"cell": "cell-1", "line": 2, "function": "<module>", "inside": None}
    return {"kind": "metric", "name": "r2_score", "values": [value], **place}


def _store_with(folder: Path, *, models: Sequence[str], values: Sequence[float]) -> Found:
    """A store with a run for each model; the first has the values, as one series."""
    points = [MetricPoint(key="r2", value=value, step=step, time=NOON) for step, value in enumerate(values)]
    process = Process(host="here", boot="b", pid=1, started=0.0)
    session = Session(
        session_id="s", experiment="small", started_at=NOON, lease_expires_at=NOON, process=process, user="ada"
    )
    changes = [
        RunChange(
            run_id=f"run-{nth}",
            run=Run(run_id=f"run-{nth}", name=f"calm-otter-{nth}", experiment="small", session_id="s", started_at=NOON),
            metrics=points if nth == 0 else (),
            models=[Model(model_id=f"model-{nth}", name="m", class_name=f"sklearn.somewhere.{name}")],
        )
        for nth, name in enumerate(models)
    ]
    store = open_store(folder / "store")
    store.write(Batch(sessions=[session], runs=changes))
    store.close()
    return read_found(folder / "store")
