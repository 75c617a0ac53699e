from __future__ import annotations

import math
import subprocess
import sys
from datetime import timedelta

import pytest
import trackbook
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.project import Project, current_project, set_current
from trackbook.records import Artifact, MetricPoint
from trackbook.store import Batch, RunChange


@pytest.fixture
def project(notebook):
    project = Project(notebook.store)
    set_current(project)
    yield project
    set_current(None)


def test_runs_are_rows_newest_first_with_their_params_metrics_and_tags(project, notebook, make_run):
    notebook.add(make_run(1, params={"C": 0.1}, metrics={"test.accuracy": 0.8}, tags={"owner": "ana"}))
    notebook.add(make_run(2, params={"depth": 3}))

    frame = trackbook.runs()

    assert list(frame["name"]) == ["calm-owl-2", "calm-owl-1"]
    assert frame["params.C"].iloc[1] == 0.1
    assert math.isnan(frame["params.C"].iloc[0])
    assert frame["metrics.test.accuracy"].iloc[1] == 0.8
    assert frame["tags.owner"].iloc[1] == "ana"
    assert frame["tags.owner"].iloc[0] is None
    assert list(frame["seconds"]) == [90.0, 90.0]
    assert str(frame["started_at"].dtype) == "datetime64[us, UTC]"


def test_no_number_loses_anything_in_a_frame(project, notebook, make_run):
    big, exact = 10**30, 2**53 + 1
    notebook.add(make_run(1, params={"big": big, "exact": exact, "flag": True}, metrics={"a": math.inf, "n": math.nan}))
    notebook.add(make_run(2, params={"exact": 0.5}, metrics={"a": -math.inf}))

    frame = trackbook.runs()

    assert frame["params.big"].iloc[1] == big
    assert frame["params.exact"].iloc[1] == exact
    assert frame["params.flag"].iloc[1] is True
    assert list(frame["metrics.a"]) == [-math.inf, math.inf]
    assert math.isnan(frame["metrics.n"].iloc[1])


def test_empty_store_gives_an_empty_frame_with_its_columns(project):
    frame = trackbook.runs(experiment="churn")

    assert len(frame) == 0
    assert {"run_id", "name", "experiment", "status", "verdict", "started_at"} <= set(frame.columns)


def test_runs_are_filtered_and_limited(project, notebook, make_run):
    for number in range(4):
        notebook.add(make_run(number, run={"experiment": "churn" if number % 2 else "prices"}))

    assert len(trackbook.runs(experiment="churn")) == 2
    assert len(trackbook.runs(limit=3)) == 3
    assert len(trackbook.runs(session="latest")) == 4
    with pytest.raises(InvalidValueError, match="limit=-1"):
        trackbook.runs(limit=-1)


def test_metric_is_found_without_its_role_where_that_is_clear(project, notebook, make_run):
    notebook.add(make_run(1, metrics={"test.accuracy": 0.8, "test.f1": 0.5, "train.f1": 0.9}))

    metrics = trackbook.get_run("latest").metrics

    assert metrics["accuracy"] == metrics["test.accuracy"] == 0.8
    assert "accuracy" in metrics
    assert "f1" not in metrics
    with pytest.raises(KeyError, match=r"test\.f1 or train\.f1"):
        metrics["f1"]
    with pytest.raises(KeyError, match=r"No metric 'auc'.*test\.accuracy"):
        metrics["auc"]
    assert list(metrics) == ["test.accuracy", "test.f1", "train.f1"]


def test_run_object_shows_what_was_written_since(project, notebook, make_run):
    detail = notebook.add(make_run(1))
    run = trackbook.get_run("latest")
    before = dict(run.metrics)

    point = MetricPoint(key="late", value=1, time=detail.run.started_at)
    notebook.store.write(Batch(runs=[RunChange(run_id=run.run_id, metrics=[point])]))

    assert before == {}
    assert run.metrics["late"] == 1


def test_run_object_knows_its_family_and_files(project, notebook, make_run):
    digest = notebook.store.put_object(b"hello")
    parent = notebook.add(make_run(1, name="search", artifacts=(Artifact(name="a.txt", digest=digest, size=5),)))
    notebook.add(make_run(2, name="candidate", run={"parent_id": parent.run.run_id}))

    run = trackbook.get_run("search")

    assert [child.name for child in run.children] == ["candidate"]
    assert run.children[0].parent == run
    assert run.parent is None
    assert run.read_artifact("a.txt") == b"hello"
    with pytest.raises(NotFoundError, match=r"no artifact 'b\.txt'"):
        run.read_artifact("b.txt")


def test_run_object_says_who_it_is(project, notebook, make_run):
    notebook.add(make_run(1, name="brave-otter", metrics={"test.accuracy": 0.8125, "big": 10**400}))

    run = trackbook.get_run("brave-otter")

    assert repr(run).startswith("<Run brave-otter 00000001 churn FINISHED test.accuracy=0.8125, big=1000")
    assert run.status == "FINISHED"
    assert "brave-otter" in run._repr_html_()


def test_history_has_every_point_by_step(project, notebook, make_run):
    detail = notebook.add(make_run(1))
    at = detail.run.started_at
    points = [
        MetricPoint(key="train.loss", value=1 / (step + 1), step=step, time=at + timedelta(seconds=step))
        for step in (2, 0, 1)
    ]
    notebook.store.write(Batch(runs=[RunChange(run_id=detail.run.run_id, metrics=points)]))

    frame = trackbook.metric_history(trackbook.get_run("latest"), "loss")

    assert list(frame.columns) == ["step", "value", "time"]
    assert list(frame["step"]) == [0, 1, 2]
    assert list(frame["value"]) == [1.0, 0.5, 1 / 3]


def test_something_that_names_no_run_is_refused(project):
    with pytest.raises(InvalidValueError, match="A int names no run"):
        trackbook.get_run(3)


def test_project_of_the_working_directory_is_found_and_found_again(tmp_path, monkeypatch, make_run):
    from trackbook.project import open_project

    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").touch()
        open_project(start=tmp_path / name, create=True).close()

    locations = []
    for name in ("one", "two"):
        monkeypatch.chdir(tmp_path / name)
        locations.append(current_project().location)
    set_current(None)

    assert locations == [str(tmp_path / "one" / ".trackbook"), str(tmp_path / "two" / ".trackbook")]


def test_reading_where_there_is_no_store_makes_none(tmp_path, monkeypatch):
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotFoundError, match="no store"):
        trackbook.runs()

    assert list(tmp_path.iterdir()) == []


def test_importing_trackbook_loads_nothing_heavy():
    heavy = "IPython pandas numpy sqlalchemy rich click"
    code = f"import sys, trackbook; print([name for name in '{heavy}'.split() if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_public_name_exists():
    assert [name for name in trackbook.__all__ if getattr(trackbook, name, None) is None] == []
    assert set(trackbook.__all__) <= set(dir(trackbook))
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        trackbook.nope  # noqa: B018
