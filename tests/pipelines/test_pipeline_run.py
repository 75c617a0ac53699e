"""Pipelines that are really run, by the command line: what runs, what a failure stops, and how they go on then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.running.options import RunOptions
from trackbook.pipelines.running.parent import PipelineRun, kept_options
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter, Store
from trackbook.store.location import open_store

from tests.forks import forks

PARAMETERS = "# parameters\n"
DEADLINE_SECONDS = 120.0
NOTEBOOKS = {
    "ingest": [
        PARAMETERS + "rows: int = 4",
        "import pandas as pd, trackbook\npassword = 'hunter2-and-more'\nprint('as', password)",
        "raw = trackbook.publish(pd.DataFrame({'a': range(rows)}), 'raw')",
    ],
    "prepare": ["import trackbook", "train = trackbook.load('raw').iloc[1:]\ntrackbook.publish(train, 'train');"],
    "train": [
        PARAMETERS + "C: float = 1.0",
        "import trackbook",
        "trackbook.log_metric('score', float(len(trackbook.load('train')) * C))",
    ],
    "check": ["import trackbook", "train = trackbook.load('train')\nlimit = 0\nassert len(train) <= limit, 'too long'"],
    "after": ["print('checked')"],
}
PIPELINE = """
name: churn
steps:
  - notebook: after.ipynb
    needs: check
  - notebook: check.ipynb
  - notebook: train.ipynb
    foreach:
      C: [1.0, 2.0]
  - notebook: prepare.ipynb
  - notebook: ingest.ipynb
"""
SLOW = [
    "import os, time, pathlib",
    "print('shown')",
    "pathlib.Path('pid').write_text(str(os.getpid()))\nos.rename('pid', 'started')",
    "while not pathlib.Path('go').exists():\n    time.sleep(0.02)",
]


def write(folder: Path, name: str, cells: list[str]) -> None:
    """Write a notebook; a cell that begins with the word is its parameters cell."""
    written = [
        {
            "cell_type": "code",
            "id": f"{name}-{number}",
            "metadata": {"tags": ["parameters"]} if source.startswith(PARAMETERS) else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "trackbook", "pipeline", *words]


def variables(folder: Path) -> dict[str, str]:
    return {**os.environ, "TRACKBOOK_STORE": str(folder / ".trackbook"), "TRACKBOOK_LEASE_SECONDS": "60"}


def pipeline(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``trackbook pipeline ...`` to its end."""
    return forks.run(*command(*words)[1:], folder=folder, environment=variables(folder))


def until(happened: Callable[[], Any], what: str) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)


@dataclass
class Executed:
    """A pipeline's folder, what a command printed, the document among that, and the store."""

    folder: Path
    done: subprocess.CompletedProcess[str]
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return open_store(self.folder / ".trackbook")

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        return {step["name"]: step for step in self.document["steps"]}

    def run(self, run_id: str) -> RunDetail:
        (found,) = self.store.runs(RunFilter(ids=[run_id]))
        return found


def executed(folder: Path, *words: str) -> Executed:
    done = pipeline(folder, *words, "--json")
    assert done.stdout, done.stderr
    return Executed(folder, done, json.loads(done.stdout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("churn")
    for name, cells in NOTEBOOKS.items():
        write(folder, name, cells)
    (folder / "pipeline.yaml").write_text(PIPELINE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def first(folder: Path) -> Executed:
    """The pipeline when it was run first: a step of it fails."""
    return executed(folder, "run", "-p", "ingest.rows=5", "--force", "ingest")


@pytest.fixture(scope="module")
def resumed(folder: Path, first: Executed) -> Executed:
    """The pipeline when it went on, the notebook that had failed mended."""
    write(folder, "check", [cell.replace("limit = 0", "limit = 9") for cell in NOTEBOOKS["check"]])
    return executed(folder, "resume")


def states(found: Executed) -> dict[str, str]:
    return {name: step["state"] for name, step in found.steps.items()}


def test_failed_step_stops_what_needs_it_and_the_rest_finishes(first: Executed) -> None:
    assert first.done.returncode == 1, first.done.stderr
    assert states(first) == {
        "ingest": "finished",
        "prepare": "finished",
        "train[C=1.0]": "finished",
        "train[C=2.0]": "finished",
        "check": "failed",
        "after": "blocked",
    }
    assert first.steps["after"]["reason"] == "blocked by check"


def test_failure_names_the_cell_and_the_line_of_the_notebook(first: Executed) -> None:
    assert first.steps["check"]["error"] == {
        "type": "AssertionError",
        "message": "too long",
        "cell": 2,
        "line": 3,
        "code": "assert len(train) <= limit, 'too long'",
    }
    assert "check: failed: cell 2, line 3: AssertionError: too long" in first.done.stderr


def test_each_change_is_a_line_where_there_is_no_terminal(first: Executed) -> None:
    lines = first.done.stderr.splitlines()

    assert "prepare: runs (first run)" in lines
    assert any(line.startswith("train[C=2.0]: finished in ") and line.endswith("score 8") for line in lines)
    assert "after: blocked by check" in lines
    assert "\x1b" not in first.done.stderr


def test_steps_record_which_versions_of_datasets_they_read(first: Executed) -> None:
    steps = first.steps

    assert (steps["ingest"]["reads"], steps["ingest"]["publishes"]) == ([], ["raw@1"])
    assert (steps["prepare"]["reads"], steps["prepare"]["publishes"]) == (["raw@1"], ["train@1"])
    assert steps["train[C=1.0]"]["reads"] == steps["check"]["reads"] == ["train@1"]
    (version,) = first.store.versions("train")
    assert version.run_id == steps["prepare"]["run_id"]


def test_pipeline_is_a_run_and_its_steps_are_runs_inside_it(first: Executed) -> None:
    parent = first.run(first.document["run_id"])
    children = first.store.runs(RunFilter(parent_id=parent.run.run_id))

    assert (parent.run.name, parent.run.status, parent.run.experiment) == ("churn", "FAILED", "churn")
    assert parent.tags == {"pipeline": "churn", "pipeline.file": str(first.folder / "pipeline.yaml")}
    assert parent.params == {"ingest.rows": 5, "train.C": [1.0, 2.0]}
    assert parent.run.failure is not None
    assert parent.run.failure.message == "check: AssertionError: too long"
    assert sorted(child.tags["step"] for child in children) == [
        "check",
        "ingest",
        "prepare",
        "train[C=1.0]",
        "train[C=2.0]",
    ]
    assert {child.tags["pipeline"] for child in children} == {"churn"}
    assert first.steps["train[C=2.0]"]["metrics"] == {"score": 8.0}


def test_executed_notebooks_and_the_report_are_beside_the_store(first: Executed) -> None:
    place = first.folder / ".trackbook" / "pipelines" / "churn"
    folder = Path(first.document["folder"])

    assert folder.parent == place
    assert sorted(path.name for path in folder.iterdir()) == [
        "check.ipynb",
        "ingest.ipynb",
        "prepare.ipynb",
        "report.html",
        "train[C=1.0].ipynb",
        "train[C=2.0].ipynb",
    ]
    assert "# Parameters" in (folder / "ingest.ipynb").read_text()
    assert "[secret]" in (folder / "ingest.ipynb").read_text()
    assert "hunter2" not in (folder / "ingest.ipynb").read_text()
    assert not [path for path in first.folder.glob("*.ipynb") if '"output_type"' in path.read_text()]


def test_report_is_kept_with_the_run_and_loads_nothing(first: Executed) -> None:
    page = Path(first.document["report"]).read_text()
    kept = {each.name: each.digest for each in first.run(first.document["run_id"]).artifacts}

    assert first.store.get_object(kept["report.html"]).decode() == page
    assert 'href="train%5BC%3D2.0%5D.ipynb"' in page
    assert "assert len(train) &lt;= limit, &#x27;too long&#x27;" in page
    assert "train@1" in page
    assert "http" not in page
    assert "<script" not in page


def test_resuming_runs_only_what_did_not_succeed(first: Executed, resumed: Executed) -> None:
    assert resumed.done.returncode == 0, resumed.done.stderr
    assert states(resumed) == {
        "ingest": "skipped",
        "prepare": "skipped",
        "train[C=1.0]": "skipped",
        "train[C=2.0]": "skipped",
        "check": "finished",
        "after": "finished",
    }
    parent = resumed.run(resumed.document["run_id"])
    assert parent.run.status == "FINISHED"
    assert parent.params["ingest.rows"] == 5
    assert parent.tags["resumes"] == first.document["run_id"]
    assert resumed.steps["prepare"]["run_id"] == first.steps["prepare"]["run_id"]
    assert resumed.steps["train[C=1.0]"]["metrics"] == {"score": 4.0}


def test_nothing_is_run_or_recorded_when_all_is_up_to_date(resumed: Executed) -> None:
    before = resumed.store.count_runs(RunFilter())

    again = pipeline(resumed.folder, "run", "-p", "ingest.rows=5")

    assert again.returncode == 0, again.stderr
    assert "nothing to do, all 6 steps are up to date" in again.stdout
    assert resumed.store.count_runs(RunFilter()) == before
    assert "nothing to go on with" in pipeline(resumed.folder, "resume").stdout


def test_step_that_gives_the_same_leaves_what_needs_it_alone(resumed: Executed) -> None:
    cells = NOTEBOOKS["prepare"]
    write(resumed.folder, "prepare", [*cells[:-1], cells[-1] + "\nprint(len(train))"])

    found = executed(resumed.folder, "run", "-p", "ingest.rows=5")

    assert found.done.returncode == 0, found.done.stderr
    assert {name for name, step in found.steps.items() if step["state"] == "finished"} == {"prepare"}
    assert found.steps["prepare"]["publishes"] == ["train@1"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-p", "train.D=1"), "D"),
        (("-p", "ingest.rows=much"), "much"),
        (("-p", "trian.C=1"), "Did you mean 'train'?"),
        (("-p", "C=1"), "STEP.PARAM=VALUE"),
        (("-p", "train.C=3"), "foreach varies"),
        (("--step", "trian"), "Did you mean 'train'?"),
        (("--executor", "dask"), "--address"),
    ],
)
def test_mistakes_are_told_before_anything_runs(resumed: Executed, words: tuple[str, ...], told: str) -> None:
    before = resumed.store.count_runs(RunFilter())

    code, error = refused(resumed.folder, words)

    assert (code, told in error) == (2, True), error
    assert resumed.store.count_runs(RunFilter()) == before


def test_missing_kernels_are_told_before_anything_runs(resumed: Executed) -> None:
    before = resumed.store.count_runs(RunFilter())
    text = (resumed.folder / "pipeline.yaml").read_text()
    (resumed.folder / "pipeline.yaml").write_text(text.replace("needs: check", "needs: check\n    kernel: conda-env"))

    code, error = refused(resumed.folder, ())
    (resumed.folder / "pipeline.yaml").write_text(text)

    assert (code, "Step 'after': There is no kernel 'conda-env' here." in error) == (2, True), error
    assert resumed.store.count_runs(RunFilter()) == before


def refused(folder: Path, words: tuple[str, ...]) -> tuple[int, str]:
    """Run a command in this process, for what is refused soon."""
    from click.testing import CliRunner
    from trackbook.cli import cli

    file = str(folder / "pipeline.yaml")
    arguments = ["pipeline", "run", file, "--store", str(folder / ".trackbook"), "--force", "after", *words]
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, result.stderr


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A driver whose second step runs until it is told to go on; it is in a group of its own, as in a terminal."""
    write(tmp_path, "quick", ["import trackbook, pandas as pd", "trackbook.publish(pd.DataFrame({'a': [1]}), 'quick')"])
    write(tmp_path, "slow", ["import trackbook", "trackbook.load('quick')", *SLOW])
    (tmp_path / "pipeline.yaml").write_text("steps: [{notebook: quick.ipynb, cache: false}, {notebook: slow.ipynb}]")
    process = subprocess.Popen(
        command("run"),
        cwd=tmp_path,
        env=variables(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: (tmp_path / "started").exists() or process.poll() is not None, "the start of the slow step")
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate()


def processes(driver: subprocess.Popen[str], folder: Path) -> list[psutil.Process]:
    """Return what a driver has started, the kernel of its slow step among it."""
    kernel = psutil.Process(int((folder / "started").read_text()))
    return [kernel, *(each for each in psutil.Process(driver.pid).children(recursive=True) if each != kernel)]


def test_second_driver_is_refused_and_ctrl_c_leaves_a_resumable_state(
    slow: subprocess.Popen[str], tmp_path: Path
) -> None:
    started = processes(slow, tmp_path)

    second = pipeline(tmp_path, "run")
    slow.send_signal(signal.SIGINT)
    printed, errors = slow.communicate(timeout=DEADLINE_SECONDS)

    assert second.returncode == 2
    assert f"is being run by process {slow.pid} of " in second.stderr
    assert slow.returncode == 130, errors
    assert "slow: stopped" in printed
    assert "trackbook pipeline resume" in printed
    assert "Stopping" in errors
    assert psutil.wait_procs(started, timeout=DEADLINE_SECONDS)[1] == []
    (kept,) = (tmp_path / ".trackbook" / "pipelines").glob("*/*/slow.ipynb")
    assert "shown" in kept.read_text()
    assert "■ stopped" in pipeline(tmp_path, "status").stdout
    assert "last run was stopped" in pipeline(tmp_path, "plan").stdout
    runs = open_store(tmp_path / ".trackbook").runs(RunFilter())
    assert {detail.run.name: detail.run.word for detail in runs} == {
        tmp_path.name: "stopped",
        "quick": "finished",
        "slow": "stopped",
    }


def test_killed_driver_leaves_no_kernels_and_a_resumable_state(slow: subprocess.Popen[str], tmp_path: Path) -> None:
    started = processes(slow, tmp_path)

    slow.kill()
    slow.communicate(timeout=DEADLINE_SECONDS)
    gone, alive = psutil.wait_procs(started, timeout=DEADLINE_SECONDS)
    (tmp_path / "go").touch()
    found = executed(tmp_path, "resume")

    assert (len(gone), alive) == (len(started), [])
    assert states(found) == {"quick": "skipped", "slow": "finished"}, found.done.stderr
    assert found.steps["slow"]["reason"] == "last run was killed"
    killed = found.run(found.run(found.document["run_id"]).tags["resumes"])
    assert killed.run.status == "KILLED"


def test_run_whose_cluster_is_gone_goes_on_here(tmp_path: Path) -> None:
    write(tmp_path, "only", ["x = 1"])
    (tmp_path / "pipeline.yaml").write_text("name: one\nsteps: [{notebook: only.ipynb}]")
    store = open_store(tmp_path / ".trackbook")
    away = RunOptions(executor="dask", address="tcp://127.0.0.1:1")
    gone = PipelineRun(read_pipeline(tmp_path), store, away, tmp_path / "place", pytest.fail)
    gone.close()

    found = executed(tmp_path, "resume", "--executor", "local")

    assert states(found) == {"only": "finished"}, found.done.stderr
    run = found.run(found.document["run_id"])
    assert run.tags["resumes"] == gone.run_id
    assert kept_options(store, run) == RunOptions()


def test_step_that_could_not_be_recorded_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-without.py").write_text("import sys; sys.modules['trackbook.magics.answering'] = None")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    write(tmp_path, "only", ["x = 1"])
    (tmp_path / "pipeline.yaml").write_text("name: one\nsteps: [{notebook: only.ipynb}]")

    found = executed(tmp_path, "run")

    (warning,) = found.steps["only"]["warnings"]
    assert "not recorded" in warning
    assert f"! only: {warning}" in pipeline(tmp_path, "run").stdout
    page = next((tmp_path / ".trackbook").rglob("report.html")).read_text(encoding="utf-8")
    assert "only: This execution is not recorded" in page
