"""`trackbook pipeline plan|status|graph|mark|schema`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.records import RunStatus
from trackbook.store import open_store

from .pipelines.planned import Planned, write_notebook

TEXT = "name: churn\nsteps:\n- notebook: prepare.ipynb\n- {notebook: train.ipynb, foreach: {C: [1, 2]}}\n"
PREPARE = ("import trackbook", "trackbook.publish(1, 'train')")
TRAIN = ("# params\nC = 1.0", "import trackbook\ndf = trackbook.load('train')")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A pipeline of which one step has run and one has failed."""
    path = tmp_path_factory.mktemp("pipeline")
    store = open_store(path / "store")
    desk = Planned(path, store).write(TEXT, prepare=PREPARE, train=TRAIN)
    desk.succeed("prepare", publishes={"train": 1})
    desk.record("train[C=1]", status=RunStatus.FAILED)
    store.close()
    return path


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TRACKBOOK_STORE", str(folder / "store"))


def run(*arguments, expected=0):
    result = CliRunner().invoke(cli, ["pipeline", *arguments], prog_name="trackbook")
    assert result.exit_code == expected, result.output
    return result


def test_plan_says_name_action_and_reason():
    found = json.loads(run("plan", "--json").stdout)

    assert [(each["name"], each["action"], each["reason"], each["needs"]) for each in found] == [
        ("prepare", "skip", "up to date", []),
        ("train[C=1]", "run", "last run failed", ["prepare"]),
        ("train[C=2]", "run", "never run", ["prepare"]),
    ]
    assert "churn  2 steps of 3 to run" in run("plan").stdout


def test_plan_of_one_step_or_from_one_on():
    assert [each["action"] for each in json.loads(run("plan", "--step", "train[C=2]", "--json").stdout)] == [
        "skip",
        "skip",
        "run",
    ]
    assert [each["reason"] for each in json.loads(run("plan", "--force", "prepare", "--json").stdout)] == [
        "forced",
        "last run failed",
        "never run",
    ]
    assert "Did you mean 'train'" in run("plan", "--from", "trian", expected=2).output


def test_notebooks_are_planned_without_a_file():
    found = json.loads(run("plan", "train.ipynb", "prepare.ipynb", "--json").stdout)

    assert [each["name"] for each in found] == ["prepare", "train"]


def test_plan_says_what_other_params_would_do(tmp_path, monkeypatch):
    store = open_store(tmp_path / "store")
    Planned(tmp_path, store).write("steps:\n- notebook: a.ipynb\n", a=("# params\nC = 1.0",)).succeed("a")
    store.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))

    (planned,) = json.loads(run("plan", "-p", "a.C=0.5", "--json").stdout)

    assert (planned["action"], planned["reason"]) == ("run", "params changed: C (default) -> 0.5")
    assert "There is no param 'c'. Did you mean 'C'?" in run("plan", "-p", "a.c=1", expected=2).output
    assert ":::run" in run("graph", "-p", "a.C=0.5").stdout
    assert json.loads(run("plan", "--json").stdout)[0]["reason"] == "up to date"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (("train.ipynb", "train.ipynb"), "'train.ipynb' is named twice."),
        (("train.ipynb", "gone.ipynb"), "There is no notebook 'gone.ipynb'."),
        (("pipeline.yaml", "train.ipynb"), "'pipeline.yaml' is no notebook."),
        (("train",), "a step of it with --step"),
    ],
)
def test_files_that_make_no_pipeline_are_refused(files, told):
    assert told in run("plan", *files, expected=2).output


def test_plan_needs_no_store(tmp_path, monkeypatch):
    write_notebook(tmp_path / "a.ipynb", "x = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRACKBOOK_STORE")

    assert json.loads(run("plan", "a.ipynb", "--json").stdout)[0]["reason"] == "never run"
    assert not (tmp_path / ".trackbook").exists()


def test_status_shows_the_last_run_of_each_step():
    found = {each["name"]: each for each in json.loads(run("status", "--json").stdout)}

    assert [found[name]["status"] for name in ("prepare", "train[C=1]", "train[C=2]")] == ["FINISHED", "FAILED", None]
    assert found["prepare"]["run_id"]
    assert found["prepare"]["seconds"] >= 0
    assert "never run" in run("status").stdout


def test_graph_is_mermaid_or_a_page(tmp_path):
    text = run("graph").stdout
    run("graph", "--html", str(tmp_path / "graph.html"))

    assert text.startswith("flowchart LR\n")
    assert '-->|"train"|' in text
    assert "<svg" in (tmp_path / "graph.html").read_text(encoding="utf-8")


def test_schema_is_printed():
    assert json.loads(run("schema").stdout)["required"] == ["steps"]


def test_missing_pipeline_and_mistakes_are_refused(tmp_path):
    (tmp_path / "bad.yaml").write_text("steps:\n- notebok: x.ipynb\n")

    assert "There is no pipeline in" in run("plan", str(tmp_path), expected=2).output
    assert (
        "line 2: step '', there is no key 'notebok'" not in run("plan", str(tmp_path / "bad.yaml"), expected=2).output
    )
    assert "Did you mean 'notebook'?" in run("plan", str(tmp_path / "bad.yaml"), expected=2).output


def test_mark_makes_a_step_up_to_date(tmp_path, monkeypatch):
    store = open_store(tmp_path / "store")
    Planned(tmp_path, store).write("steps:\n- notebook: a.ipynb\n", a=("x = 1",))
    store.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))

    assert "Marked as up to date: a." in run("mark", "a").stderr

    assert json.loads(run("plan", "--json").stdout)[0]["reason"] == "up to date"
    assert json.loads(run("status", "--json").stdout)[0]["is_marked"] is True
