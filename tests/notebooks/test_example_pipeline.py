"""The example's pipeline, run once by the command line as its README says, and held against what is saved."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.forks import forks

EXAMPLES = Path(__file__).parents[2] / "example_notebooks"
HOME = EXAMPLES / "05_pipeline"
NAMES = ["prepare", "train", "report"]
STEPS = ["prepare", "train[learning_rate=0.1]", "train[learning_rate=0.3]", "report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A copy of the example that has run, and the document that the command printed."""

    folder: Path
    document: dict[str, Any]

    def trackbook(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call the command line there."""
        return trackbook(self.folder, *words)

    def notebook(self, step: str) -> nbformat.NotebookNode:
        """Return the executed notebook of a step."""
        (found,) = (each["output"] for each in self.document["steps"] if each["name"] == step)
        return nbformat.read(found, as_version=4)


def trackbook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call the command line in a folder, with a store beside it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKBOOK_", "JPY_"))}
    places = {"TRACKBOOK_STORE": str(folder.parent / "store"), "IPYTHONDIR": str(folder.parent / "ipython")}
    return forks.run("-m", "trackbook", *words, folder=folder, environment=kept | places)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    folder = tmp_path_factory.mktemp("example")
    for name in ("05_pipeline", "data"):
        shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    done = trackbook(folder / "05_pipeline", "pipeline", "run", "--json")
    assert done.returncode == 0, done.stderr
    return Executed(folder=folder / "05_pipeline", document=json.loads(done.stdout))


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """Return what a cell has printed or shown, as text."""
    return [output.text if "text" in output else output.data["text/plain"] for output in cell.outputs]


def test_steps_ran_in_the_order_that_their_datasets_say(example: Executed) -> None:
    steps = {step["name"]: step for step in example.document["steps"]}

    assert sorted(steps) == sorted(STEPS)
    assert set(steps["report"]["needs"]) == set(STEPS[:3])
    assert steps["report"]["reads"] == ["bikes_future@1", "bikes_predicted_0.1@1", "bikes_predicted_0.3@1"]


def test_gate_passes_and_judges_both_models(example: Executed) -> None:
    done = example.trackbook("gate", "bikes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "(2 of 2 runs)" in done.stdout


def test_nothing_runs_twice_and_another_cut_runs_all_again(example: Executed) -> None:
    description = example.folder / "pipeline.yaml"
    before = json.loads(example.trackbook("pipeline", "plan", "--json").stdout)
    text = description.read_text(encoding="utf-8")
    description.write_text(text.replace("2012-09-01", "2012-07-01"), encoding="utf-8")
    after = json.loads(example.trackbook("pipeline", "plan", "--json").stdout)
    description.write_text(text, encoding="utf-8")

    assert [step["action"] for step in before] == ["skip"] * 4
    assert [step["action"] for step in after] == ["run"] * 4


@pytest.mark.parametrize(("name", "step"), list(zip(NAMES, ["prepare", STEPS[1], "report"], strict=True)))
def test_saved_outputs_are_those_of_a_run(name: str, step: str, example: Executed) -> None:
    saved = nbformat.read(HOME / f"{name}.ipynb", as_version=4)
    executed = {cell.id: cell for cell in example.notebook(step).cells}

    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any(cell.outputs for cell in code)
    assert [shown(cell) for cell in code] == [shown(executed[cell.id]) for cell in code]
