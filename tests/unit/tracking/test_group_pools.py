"""Runs taken together by one value, from what little is read for that."""

from __future__ import annotations

import sys
from statistics import fmean, stdev

import pytest
from trackbook.errors import InvalidValueError
from trackbook.records import Model, RunStatus
from trackbook.store.contract import RunFilter
from trackbook.tracking.group_pools import pool_runs
from trackbook.tracking.query import query_of

EVERY = RunFilter()


@pytest.fixture
def store(notebook):
    return notebook.store


@pytest.fixture
def keep(notebook, make_run):
    """Keep a run; return its id."""
    return lambda number, **parts: notebook.add(make_run(number, **parts)).run.run_id


def values_of(pooling):
    return [pool.value for pool in pooling.pools]


def test_pool_has_all_runs_of_a_value_whatever_else_they_differ_in(store, keep):
    low = [keep(n, params={"lr": 0.1, "depth": n}, metrics={"accuracy": n / 10}) for n in range(1, 6)]
    high = keep(8, params={"lr": 1}, metrics={"accuracy": 0.5})

    found = pool_runs(store, EVERY, "lr")

    assert (found.by, found.metrics, values_of(found)) == ("params.lr", ("accuracy",), [0.1, 1])
    first, second = found.pools
    numbers = [n / 10 for n in range(1, 6)]
    assert sorted(first.run_ids) == sorted(low)
    assert first.statistics["accuracy"].mean == pytest.approx(fmean(numbers))
    assert first.statistics["accuracy"].deviation == pytest.approx(stdev(numbers))
    assert second.run_ids == (high,)
    assert second.statistics["accuracy"].deviation is None


def test_one_and_one_point_zero_are_the_same_value_and_true_is_another(store, keep):
    for number, value in enumerate((1, 1.0, True), 1):
        keep(number, params={"C": value}, metrics={"f1": 0.5})

    found = pool_runs(store, EVERY, "params.C")

    assert sorted(len(pool.run_ids) for pool in found.pools) == [1, 2]


def test_runs_that_lack_the_field_are_a_pool_of_their_own(store, keep):
    keep(1, params={"C": 1}, metrics={"f1": 0.5})
    lacking = keep(2, params={"other": 1}, metrics={"f1": 0.7})

    found = pool_runs(store, EVERY, "C")

    assert {pool.value: pool.run_ids for pool in found.pools}[None] == (lacking,)


def test_runs_without_an_end_or_a_metric_are_counted_and_left_out(store, keep):
    keep(1, params={"C": 1}, metrics={"f1": 0.5})
    keep(2, params={"C": 1}, metrics={"f1": float("nan")})
    keep(3, params={"C": 1}, metrics={"f1": 0.5}, run={"status": RunStatus.FAILED})

    found = pool_runs(store, EVERY, "C")

    assert [len(pool.run_ids) for pool in found.pools] == [1]
    assert found.left_out == 2


def test_candidates_stand_behind_their_search(store, keep):
    model = Model(model_id="m", name="m", class_name="sklearn.model_selection.GridSearchCV")
    search = keep(1, params={"C": 1}, metrics={"f1": 0.5}, models=[model])
    keep(2, params={"C": 1}, metrics={"f1": 0.1}, run={"parent_id": search})

    found = pool_runs(store, EVERY, "C")

    assert [pool.run_ids for pool in found.pools] == [(search,)]
    assert found.candidates == 1


def test_model_is_its_class_where_no_run_has_a_param_of_that_name(store, keep):
    for number, name in enumerate(("Ridge", "Lasso"), 1):
        model = Model(model_id=f"m{number}", name="m", class_name=f"sklearn.linear_model.{name}")
        keep(number, metrics={"r2": 0.5}, models=[model])

    found = pool_runs(store, EVERY, "params.model")

    assert (found.by, values_of(found)) == ("model", ["Lasso", "Ridge"])


def test_runs_are_pooled_by_tags_and_by_an_entry_of_a_dict(store, keep):
    keep(1, params={"config": {"lr": 0.1}}, metrics={"f1": 0.5}, tags={"stage": "draft"})
    keep(2, params={"config": {"lr": 0.2}}, metrics={"f1": 0.6}, tags={"stage": "final"})

    assert values_of(pool_runs(store, EVERY, "tags.stage")) == ["draft", "final"]
    assert values_of(pool_runs(store, EVERY, "params.config.lr")) == [0.1, 0.2]


def test_only_the_runs_of_a_query_are_pooled(store, keep):
    keep(1, params={"C": 1}, metrics={"f1": 0.5})
    keep(2, params={"C": 2}, metrics={"f1": 0.7})
    keep(3, params={"D": 2}, metrics={"f1": 0.7})

    some = pool_runs(store, RunFilter(query=query_of(store, "metrics.f1 > 0.6")), "C")
    none = pool_runs(store, RunFilter(query=query_of(store, "params.D = 2")), "C")

    assert values_of(some) == [2, None]
    assert none.pools == ()


def test_metrics_that_are_named_are_shown_and_others_are_told_of(store, keep):
    keep(1, params={"C": 1}, metrics={f"m{n}": 0.5 for n in range(6)})

    named = pool_runs(store, EVERY, "C", metrics=["m5"])
    most = pool_runs(store, EVERY, "C")

    assert named.metrics == ("m5",)
    assert len(most.metrics) == 4
    assert {*most.metrics, *most.others} == {f"m{n}" for n in range(6)}


@pytest.mark.parametrize(("by", "metrics", "word"), [("CC", [], "CC"), ("C", ["f2"], "f2")])
def test_what_the_store_has_not_is_refused_by_name(store, keep, by, metrics, word):
    keep(1, params={"C": 1}, metrics={"f1": 0.5})

    with pytest.raises(InvalidValueError, match=word):
        pool_runs(store, EVERY, by, metrics=metrics)


def test_nothing_is_read_but_the_field_and_the_metrics(store, keep, monkeypatch):
    for number in range(1, 8):
        keep(number, params={"C": number % 2, "other": 1}, metrics={f"m{n}": 0.5 for n in range(9)})
    asked = []
    runs = store.runs
    monkeypatch.setattr(store, "runs", lambda where: asked.append(where) or runs(where))
    monkeypatch.setattr(store, "origins", lambda run_id: pytest.fail("the code of runs is read"))
    monkeypatch.delitem(sys.modules, "scipy.stats", raising=False)

    found = pool_runs(store, EVERY, "C")

    assert (asked[-1].fields.params, asked[-1].fields.tags) == (["C"], [])
    assert tuple(asked[-1].fields.metrics) == found.metrics
    assert all(where.limit is not None for where in asked[:-1])
    assert "scipy.stats" not in sys.modules
