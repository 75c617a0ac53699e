"""The commands that a pipeline is exported as, executed one after the other as another engine does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.store.contract import RunFilter

from .step_notebooks import quiet_variables, recorded, write

PIPELINE = """\
name: two halves
steps:
  - notebook: second.ipynb
  - name: first of two
    notebook: first.ipynb
    environment: "it's needed.txt"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline whose names need quotes, and a command line that finds Trackbook."""
    write(
        tmp_path / "first.ipynb",
        "import pandas, trackbook\ntrackbook.publish(pandas.DataFrame({'a': [1, 2]}), 'halves')",
    )
    write(
        tmp_path / "second.ipynb",
        "import trackbook\ntrackbook.log_metric('total', int(trackbook.load('halves')['a'].sum()))",
    )
    (tmp_path / "pipeline.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "it's needed.txt").write_text("# nothing\n", encoding="utf-8")
    for name, value in quiet_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jobs_in_order(jobs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a workflow as a runner takes them: each after those that it needs."""
    done: dict[str, dict[str, Any]] = {}
    while len(done) < len(jobs):
        ready = next(key for key, job in jobs.items() if key not in done and set(job.get("needs", ())) <= done.keys())
        done[ready] = jobs[ready]
    return list(done.values())


def test_lines_of_a_github_workflow_run_the_pipeline(folder: Path) -> None:
    exported = CliRunner().invoke(cli, ["pipeline", "export", "--to", "github"])
    assert exported.exit_code == 0, exported.output
    jobs = jobs_in_order(yaml.safe_load(exported.stdout)["jobs"])
    # pip would ask the registry for Trackbook; all else is run as it is
    lines = [
        step["run"].replace("python -m pip install", "ls") for job in jobs for step in job["steps"] if "run" in step
    ]

    done = [
        subprocess.run(["bash", "-e", "-c", line.replace("ls trackbook", "true")], capture_output=True, text=True)
        for line in lines
    ]

    assert [each.stderr for each in done if each.returncode] == []
    assert sum("it's needed.txt" in each.stdout for each in done) == 1
    store, _ = recorded(folder)
    steps = [run for run in store.runs(RunFilter(oldest_first=True)) if "step" in run.tags]
    assert [run.tags["step"] for run in steps] == ["first of two", "second"]
    assert {run.run.status for run in steps} == {"FINISHED"}
