"""Queries from Python and the command line."""

from __future__ import annotations

import json

import pytest
import trackbook
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.errors import QueryError
from trackbook.project import Project, set_current
from trackbook.records import Model
from trackbook.store import Batch, RunChange, RunFilter, open_store
from trackbook.tracking.find import list_runs
from trackbook.tracking.query import query_of

PARENT = "00000001abcdefghjkmnpq"


@pytest.fixture
def runs(make_run):
    ridge = Model(model_id="m", name="model", class_name="sklearn.linear_model.Ridge")
    return [
        make_run(1, run_id=PARENT, metrics={"test.r2": 0.5, "mae": 3.0}, params={"alpha": 1.0}, models=(ridge,)),
        make_run(2, metrics={"test.r2": -0.7, "mae": 2.0}, params={"alpha": 0.1}, run={"parent_id": PARENT}),
        make_run(3, metrics={"test.r2": 0.9}, tags={"best": "yes"}, run={"experiment": "prices"}),
    ]


@pytest.fixture
def project(notebook, runs):
    for detail in runs:
        notebook.add(detail)
    set_current(Project(notebook.store))
    yield notebook
    set_current(None)


@pytest.fixture
def place(tmp_path, monkeypatch, notebook, runs):
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    store = open_store(tmp_path / "store")
    store.write(Batch(sessions=notebook.store.sessions()))
    for detail in runs:
        change = RunChange(
            run_id=detail.run.run_id,
            run=detail.run,
            params=detail.params,
            metrics=list(detail.metrics.values()),
            tags=dict(detail.tags),
            models=detail.models,
        )
        store.write(Batch(runs=[change]))
    yield store
    store.close()


def say(*words):
    return CliRunner().invoke(cli, ["runs", *words])


def names(output):
    return [run["name"] for run in json.loads(output)]


def test_python_takes_a_query_first(project):
    frame = trackbook.runs("metrics.r2 > 0 order by metrics.r2 desc limit 5")

    assert list(frame["name"]) == ["calm-owl-3", "calm-owl-1"]
    assert list(trackbook.runs("tags.best")["name"]) == ["calm-owl-3"]
    assert list(trackbook.runs("metrics.r2 > 0", experiment="churn")["name"]) == ["calm-owl-1"]
    assert list(trackbook.runs("order by metrics.r2 limit 2", 1)["name"]) == ["calm-owl-2"]


def test_python_points_at_a_mistake(project):
    with pytest.raises(QueryError, match=r"Did you mean metrics\.mae\?\n  metrics\.maee > 0\n  \^") as caught:
        trackbook.runs("metrics.maee > 0")

    assert caught.value.position == 0


def test_order_of_a_query_decides_over_parents(project):
    tree = list_runs(project.store, RunFilter(query=query_of(project.store, "order by metrics.mae")), limit=2)

    assert [branch.detail.run.name for branch in tree.branches] == ["calm-owl-2", "calm-owl-1"]
    assert tree.total == 3


def test_condition_alone_keeps_children_beneath_their_parents(project):
    tree = list_runs(project.store, RunFilter(query=query_of(project.store, "metrics.mae > 0")), limit=5)

    assert [branch.detail.run.name for branch in tree.branches] == ["calm-owl-1"]
    assert [child.detail.run.name for child in tree.branches[0].children] == ["calm-owl-2"]


def test_command_line_takes_a_query_quoted_or_not(place):
    quoted = say("--json", "metrics.r2 > -0.9 and model = 'Ridge'")
    bare = say("metrics.r2", ">", "-0.9", "and", "model", "=", "Ridge", "--json")

    assert names(quoted.output) == names(bare.output) == ["calm-owl-1"]


def test_command_line_shows_what_was_asked_for(place):
    shown = say("metrics.mae < 5 and params.alpha < 0.5").output

    assert "calm-owl-2" in shown
    assert "calm-owl-1" not in shown
    assert "mae" in shown
    assert "alpha" in shown


def test_command_line_says_what_found_nothing(place):
    assert "No run for: metrics.r2 > 5" in say("metrics.r2 > 5").output


def test_command_line_answers_mistakes_with_exit_code_2(place):
    mistake, option = say("modle = Ridge"), say("--limt", "3")

    assert (mistake.exit_code, option.exit_code) == (2, 2)
    assert "Did you mean model?" in mistake.stderr
    assert "  modle = Ridge\n  ^" in mistake.stderr
    assert "No such option" in option.stderr


def test_limits_of_query_and_option_both_hold(place):
    assert len(names(say("order by metrics.r2 limit 2", "--json").output)) == 2
    assert len(names(say("order by metrics.r2 limit 2", "--json", "--limit", "1").output)) == 1
