"""What ``trackbook new`` lays out: the notebooks, run once as the pipeline that they are, and the files around them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.pipelines.templates import missing_modules, notebook_names
from trackbook.store import Store, open_store
from trackbook.store.contract import RunFilter
from trackbook.tracking.checks import broken_rules

from tests.forks import forks

from .step_notebooks import quiet_variables

PUBLISHED = {"raw", "validated", "train", "test", "model", "predictions", "comparison", "scores", "drift"}


def trackbook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call the command line in a folder, with a store there."""
    return forks.run("-m", "trackbook", *words, folder=folder, environment=quiet_variables(folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A project that was laid out and run: its folder, its store, what the command said."""

    folder: Path
    store: Store
    done: subprocess.CompletedProcess[str]

    def metrics(self, step: str) -> dict[str, float]:
        """Return what the notebook of a step logged."""
        runs = self.store.runs(RunFilter(oldest_first=True))
        (top,) = (run for run in runs if run.tags.get("step") == step)
        members = [run for run in runs if run.run.session_id == top.run.session_id]
        return {key: point.value for run in members for key, point in run.metrics.items()}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    """The project as it is laid out, executed once."""
    folder = tmp_path_factory.mktemp("made") / "churn"
    folder.mkdir()
    made = trackbook(folder, "new", "pipeline", "churn", "--folder", ".")
    assert made.returncode == 0, made.stderr
    done = trackbook(folder, "pipeline", "run", "--json")
    return Executed(folder=folder, store=open_store(folder / "store"), done=done)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to lay things out in, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_notebook_runs_as_a_step_and_publishes_what_it_says(project: Executed) -> None:
    document: dict[str, Any] = json.loads(project.done.stdout)

    assert project.done.returncode == 0, project.done.stderr
    assert {step["name"] for step in document["steps"]} == set(notebook_names())
    assert {each.name for each in project.store.versions()} == PUBLISHED


def test_gate_of_a_new_project_passes_and_would_not_pass_a_model_that_is_worse(project: Executed) -> None:
    passed = trackbook(project.folder, "gate", "churn")
    (project.folder / "strict.yaml").write_text("thresholds: [difference >= 0.9]")
    failed = trackbook(project.folder, "gate", "churn", "--rules", "strict.yaml")

    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "1 check passed" in passed.stdout
    assert failed.returncode == 1


def test_scores_are_inside_their_intervals_and_beat_the_rule_without_features(project: Executed) -> None:
    evaluated, compared = project.metrics("evaluate"), project.metrics("compare")

    assert evaluated["test.accuracy"] > 0.9
    for name in ("accuracy", "balanced_accuracy", "roc_auc", "brier"):
        assert evaluated[f"test.{name}.low"] <= evaluated[f"test.{name}"] <= evaluated[f"test.{name}.high"]
    assert compared["difference.low"] > 0
    assert compared["is_not_worse"] == 1


def test_area_under_the_curve_is_that_of_scikit_learn(project: Executed) -> None:
    from sklearn.metrics import brier_score_loss, roc_auc_score

    (version,) = project.store.versions("predictions")
    rows = project.store.get_table(version.snapshot_id)

    evaluated = project.metrics("evaluate")
    assert evaluated["test.roc_auc"] == pytest.approx(roc_auc_score(rows["truth"], rows["chance"]))
    assert evaluated["test.brier"] == pytest.approx(brier_score_loss(rows["truth"], rows["chance"]))


def test_random_halves_of_one_table_have_not_drifted(project: Executed) -> None:
    assert project.metrics("monitor")["drift.columns"] <= 1


def test_nothing_runs_again_in_a_new_project_that_has_run(project: Executed) -> None:
    planned = trackbook(project.folder, "pipeline", "plan", "--json")

    assert {step["action"] for step in json.loads(planned.stdout)} == {"skip"}


def test_rows_that_break_the_rules_go_no_further(project: Executed) -> None:
    (project.folder / "holes.csv").write_text("age;left\n" + "30;1\n;0\n;1\n" * 30 + "400;\n", encoding="utf-8")
    ingested = trackbook(project.folder, "step", "ingest.ipynb", "-p", "source", "holes.csv", "-p", "output", "holes")
    rules = "{input: holes, target: left, output: whole, min_rows: 500, ranges: {age: [0, 120]}}"

    done = trackbook(project.folder, "step", "validate.ipynb", "-y", rules)

    assert ingested.returncode == 0, ingested.stdout
    assert done.returncode == 1
    (failed,) = (check for check in project.store.checks() if not check.is_passed)
    broken = {rule["rule"] for rule in broken_rules(failed)}
    assert broken == {"at least 500 rows", "at most 20% missing", "not_nullable", "in_range(0.0, 120.0)"}
    assert project.store.versions("holes")
    assert not project.store.versions("whole")


def test_misspelt_estimator_is_answered_with_the_nearest_names(project: Executed) -> None:
    done = trackbook(project.folder, "step", "train.ipynb", "-p", "estimator", "RandomForrest")

    assert done.returncode == 1
    assert "scikit-learn has no classifier 'RandomForrest'. Is it: RandomForestClassifier" in done.stdout + done.stderr


@pytest.mark.parametrize("name", notebook_names())
def test_notebook_explains_each_of_its_params_and_declares_a_type_for_it(name: str, here: Path) -> None:
    laid_out = CliRunner().invoke(cli, ["new", "notebook", name])
    notebook = nbformat.read(here / f"{name}.ipynb", as_version=4)
    params = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())).source

    declared = re.findall(r"^(\w+): .+? = ", params, flags=re.MULTILINE)
    explained = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.+?) \|", notebook.cells[0].source, re.MULTILINE)))
    assert laid_out.exit_code == 0
    assert sorted(declared) == sorted(explained)
    assert len(re.findall(r"^\w+.*? = ", params, flags=re.MULTILINE)) == len(declared)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_own_data_is_found_from_the_project(here: Path) -> None:
    (here / "customers.csv").write_text("age,left\n30,1\n40,0\n")

    done = CliRunner().invoke(cli, ["new", "pipeline", "loyal", "--data", "customers.csv", "--target", "left"])

    described = yaml.safe_load((here / "loyal/pipeline.yaml").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert described["name"] == "loyal"
    assert described["params"]["target"] == "left"
    assert described["steps"][0]["params"]["source"] == "../customers.csv"


def test_every_file_is_filled_in_and_hidden_ones_are_hidden(here: Path) -> None:
    CliRunner().invoke(cli, ["new", "pipeline", "churn"])

    written = {str(path.relative_to(here / "churn")) for path in (here / "churn").rglob("*") if path.is_file()}
    texts = [(here / "churn" / name).read_text(encoding="utf-8") for name in written]
    assert {".gitignore", ".dockerignore", ".pre-commit-config.yaml", ".github/workflows/pipeline.yaml"} < written
    assert not [text for text in texts if "PIPELINE_" in text]


def test_workflow_is_as_github_wants_it(here: Path) -> None:
    CliRunner().invoke(cli, ["new", "pipeline", "churn"])
    workflow = here / "churn/.github/workflows/pipeline.yaml"

    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "run: trackbook gate churn" in workflow.read_text(encoding="utf-8")


def test_what_is_there_is_never_overwritten(here: Path) -> None:
    (here / "churn").mkdir()
    (here / "churn/gate.yaml").write_text("mine")

    done = CliRunner().invoke(cli, ["new", "pipeline", "churn"])

    assert done.exit_code == 2
    assert f"'churn{os.sep}gate.yaml' is there already" in done.output
    assert [path.name for path in (here / "churn").iterdir()] == ["gate.yaml"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pipeline", "churn"], "It needs pandera, not here yet: pip install -r churn/requirements.txt\nRun it with"),
        (["notebook", "validate"], "It needs pandera, not here yet: pip install pandera"),
    ],
)
def test_packages_that_are_missing_are_named_before_anything_fails(
    words: list[str], sentence: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandera", None)  # as where it is not installed

    done = CliRunner().invoke(cli, ["new", *words])

    assert done.exit_code == 0
    assert sentence in done.stderr


def test_nothing_is_said_to_be_missing_where_all_is_there(here: Path) -> None:
    done = CliRunner().invoke(cli, ["new", "pipeline", "churn"])

    assert "It needs" not in done.output
    assert missing_modules((here / "churn").glob("*.ipynb")) == ()


def test_hooks_leave_the_ids_of_cells_and_name_only_commands_that_there_are(here: Path) -> None:
    CliRunner().invoke(cli, ["new", "pipeline", "churn"])
    described = yaml.safe_load((here / "churn/.pre-commit-config.yaml").read_text(encoding="utf-8"))

    strip, plan = (shlex.split(hook["entry"]) for hook in described["repos"][0]["hooks"])
    planned = CliRunner().invoke(cli, [*plan[1:], "churn"], env={"TRACKBOOK_STORE": "none"})
    assert strip == ["nbstripout", "--keep-id"]
    assert planned.exit_code == 0


def test_dockerfile_puts_the_project_where_the_argo_workflow_looks_for_it(here: Path) -> None:
    CliRunner().invoke(cli, ["new", "pipeline", "churn"])
    text = (here / "churn/Dockerfile").read_text(encoding="utf-8")
    exported = CliRunner().invoke(cli, ["pipeline", "export", "churn", "--to", "argo"], env={"TRACKBOOK_STORE": "none"})

    (folder,) = re.findall(r"^WORKDIR (.+)$", text, flags=re.MULTILINE)
    arguments = yaml.safe_load(exported.stdout)["spec"]["arguments"]["parameters"]
    assert {"name": "folder", "value": folder} in arguments


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pipeline", "my churn"], "can't be called 'my churn'"),
        (["pipeline", "churn", "--data", "nope.csv", "--target", "y"], "There is no file 'nope.csv'"),
        (["pipeline", "churn", "--data", "https://example.org/x.csv"], "--target COLUMN"),
        (["notebook", "trian"], "There are: batch_score, compare"),
        (["notebook", "train", "-o", "train.py"], "ends with .ipynb"),
    ],
)
def test_bad_words_are_refused_and_nothing_is_written(words: list[str], sentence: str, here: Path) -> None:
    done = CliRunner().invoke(cli, ["new", *words])

    assert done.exit_code == 2
    assert sentence in done.output
    assert not list(here.iterdir())
