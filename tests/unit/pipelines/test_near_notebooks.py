"""What a person meant who names a notebook that isn't there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.pipelines.graph.near_notebooks import meant, no_notebook

THERE = (
    "train.ipynb",
    "bike_load.ipynb",
    "ext.ipynb",
    "01 Explore the data.ipynb",
    "nb/Bewertung.ipynb",
    "nb/.ipynb_checkpoints/report-checkpoint.ipynb",
    ".ipynb_checkpoints/slow-checkpoint.ipynb",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in THERE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("Train.ipynb", "train.ipynb"),
        ("train", "train.ipynb"),
        ("trian.ipynb", "train.ipynb"),
        ("train.py", "train.ipynb"),
        ("./TRAIN.IPYNB", "train.ipynb"),
        ("bike-load.ipynb", "bike_load.ipynb"),
        ("01_Explore_the_data.ipynb", "01 Explore the data.ipynb"),
        ("bewertung.ipynb", "nb/Bewertung.ipynb"),
        ("nb/bewertnug", "nb/Bewertung.ipynb"),
        ("nb\\Bewertung.ipynb", "nb/Bewertung.ipynb"),
        ("nb/train.ipynb", "train.ipynb"),
        ("gone/train.ipynb", "train.ipynb"),
    ],
)
def test_nearest_notebook_is_named_as_it_is_to_be_written(folder, written, named):
    assert meant(Path(written)) == f" Did you mean '{named}'?"
    assert meant(folder / written.replace("\\", "/")) == f" Did you mean '{folder / named}'?"


@pytest.mark.parametrize("written", ["gone.ipynb", "x.ipynb", "slow.ipynb", "report.ipynb", "train/", "", "a/b/c"])
def test_what_is_not_near_is_not_suggested(tmp_path, monkeypatch, written):
    (tmp_path / "ext.ipynb").write_text("{}")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "slow-checkpoint.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)

    assert meant(Path(written)) == ""
    assert no_notebook(Path(written)) == f"There is no notebook '{Path(written)}'. Give the path of one."


@pytest.mark.parametrize(
    "words",
    [
        ("step", "Train.ipynb"),
        ("step", "Train.ipynb", "--inspect"),
        ("sweep", "Train.ipynb", "-p", "C=1,2", "--metric", "score"),
        ("pipeline", "plan", "Train.ipynb"),
    ],
)
def test_commands_name_the_notebook_that_may_be_meant(folder, words, monkeypatch):
    monkeypatch.setenv("TRACKBOOK_STORE", str(folder / "store"))

    result = CliRunner().invoke(cli, words, prog_name="trackbook")

    assert result.exit_code == 2
    assert "There is no notebook 'Train.ipynb'. Did you mean 'train.ipynb'?" in result.stderr
