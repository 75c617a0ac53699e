"""Plans against what kernels really recorded: two notebooks run once, and many questions are asked of that."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.graph.planning import Planner
from trackbook.pipelines.graph.state import PIPELINE_TAG, STEP_TAG
from trackbook.pipelines.steps.job import StepJob, StepStatus
from trackbook.pipelines.steps.running import run_step
from trackbook.store import open_store

TEXT = """
name: real
steps:
  - {notebook: train.ipynb, params: {strength: 2}}
  - {notebook: steps/prepare.ipynb, needs: []}
"""
PREPARE = (
    "import pandas as pd, trackbook",
    "raw = pd.read_csv('../raw.csv')\nraw.to_csv('clean.csv', index=False)",
    "trackbook.publish(raw, 'clean')\nagain = pd.read_csv('clean.csv')",
)
TRAIN = (
    "# params\nstrength = 1.0",
    "from helpers import table\nimport pandas as pd",
    "df = table('clean')\ntext = pd.read_csv('steps/clean.csv')\nprint(len(df) * strength)",
)


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook; a cell that begins with ``# params`` is tagged as its parameters."""
    path.parent.mkdir(exist_ok=True)
    tagged = [(cell, ["parameters"] if cell.startswith("# params") else []) for cell in cells]
    made = [nbformat.v4.new_code_cell(cell, metadata={"tags": tags}) for cell, tags in tagged]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": spec}), path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A pipeline whose steps have run, in kernels."""
    folder = tmp_path_factory.mktemp("real")
    write_notebook(folder / "train.ipynb", *TRAIN)
    write_notebook(folder / "steps/prepare.ipynb", *PREPARE)
    (folder / "helpers.py").write_text("import trackbook\ndef table(name):\n    return trackbook.load(name)\n")
    (folder / "raw.csv").write_text("a\n1\n2\n")
    (folder / "pipeline.yaml").write_text(TEXT)
    store = open_store(folder / ".trackbook")
    planner = Planner(read_pipeline(folder), store)
    for planned in planner.plan().steps:
        execute(planner, planned.step.name, store)
    yield folder, store
    store.close()


def execute(planner: Planner, name: str, store) -> None:
    """Run a step as a driver would."""
    (step,) = planner.named(name)
    planner.decide(step)
    path = planner.pipeline.path_of(step)
    job = StepJob(
        name=name,
        notebook=path,
        output=path.with_suffix(".out.ipynb"),
        params=step.params,
        folder=path.parent,
        store=store.location,
        tags={PIPELINE_TAG: planner.pipeline.name, STEP_TAG: name},
    )
    result = run_step(job, lambda event: None)
    assert result.status is StepStatus.FINISHED, result
    planner.note_success(step, str(result.run_id))


def reasons(folder: Path, store) -> dict[str, str]:
    return {each.step.name: each.reason for each in Planner(read_pipeline(folder), store).plan().steps}


def test_nothing_has_to_run_twice_and_everything_that_was_read_is_known(place):
    folder, store = place

    planner = Planner(read_pipeline(folder), store)

    assert [(each.step.name, each.reason) for each in planner.plan().steps] == [
        ("prepare", "up to date"),
        ("train", "up to date"),
    ]
    assert planner.graph.data["train"] == {"prepare": ("clean",)}
    prepare, train = (planner.state_of(name) for name in ("prepare", "train"))
    assert set(prepare.files) == {"raw.csv"}
    assert set(train.files) == {"steps/clean.csv"}
    assert {name: each.version for name, each in train.datasets.items()} == {"clean": 1}
    assert {name: each.version for name, each in prepare.published.items()} == {"clean": 1}
    assert set(train.modules) == {"helpers.py"}


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("raw.csv", "a\n1\n3\n", {"prepare": "file raw.csv changed", "train": "needs prepare, which runs"}),
        ("steps/clean.csv", "a\n9\n", {"prepare": "up to date", "train": "file steps/clean.csv changed"}),
        (
            "helpers.py",
            "import trackbook\ntable = trackbook.load\n",
            {"prepare": "up to date", "train": "code changed: helpers.py"},
        ),
    ],
)
def test_what_kernels_read_is_looked_at(place, file, text, expected):
    folder, store = place
    before = (folder / file).read_text()
    (folder / file).write_text(text)

    found = reasons(folder, store)

    (folder / file).write_text(before)
    assert found == expected
    assert set(reasons(folder, store).values()) == {"up to date"}


def test_step_that_publishes_the_same_again_leaves_the_next_up_to_date(place):
    folder, store = place
    planner = Planner(read_pipeline(folder), store)
    planner.plan(force=["prepare"])

    execute(planner, "prepare", store)

    (train,) = planner.named("train")
    assert planner.decide(train).reason == "up to date"
    assert set(reasons(folder, store).values()) == {"up to date"}
