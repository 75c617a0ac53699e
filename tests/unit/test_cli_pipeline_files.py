"""How the commands of `trackbook pipeline` take and name a pipeline's file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from trackbook.cli import cli

from .pipelines.planned import write_notebook

Run = Callable[..., str]
TEXT = "name: churn\nsteps:\n- notebook: a.ipynb\n- {notebook: b.ipynb, needs: a}\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder whose pipeline has a name of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    (tmp_path / "own.yaml").write_text(TEXT, encoding="utf-8")
    for name in "ab":
        write_notebook(tmp_path / f"{name}.ipynb", f"{name} = 1")

    def invoke(*arguments: str, expected: int = 0) -> str:
        result = CliRunner().invoke(cli, ["pipeline", *arguments], prog_name="trackbook")
        assert result.exit_code == expected, result.output
        return result.output

    return invoke


@pytest.mark.parametrize("words", [("own.yaml", "a"), ("a", "-f", "own.yaml"), ("a.ipynb", "b.ipynb", "a")])
def test_mark_takes_the_file_before_the_step_as_the_other_commands_do(run: Run, words: tuple[str, ...]) -> None:
    assert "Marked as up to date: a." in run("mark", *words)


def test_mark_refuses_two_files_and_none_at_all(run: Run) -> None:
    assert "Leave one of the two out." in run("mark", "own.yaml", "a", "-f", "own.yaml", expected=2)
    assert "Missing argument" in run("mark", expected=2)


def test_marked_file_counts_for_its_own_steps(run: Run) -> None:
    run("mark", "own.yaml", "a")

    assert [each["reason"] for each in json.loads(run("plan", "own.yaml", "--json"))] == ["up to date", "never run"]


@pytest.mark.usefixtures("run")
def test_steps_are_suggested_after_the_file() -> None:
    asked = ShellComplete(cli, {}, "trackbook", "_TRACKBOOK_COMPLETE")

    after_file, alone = (asked.get_completions(["pipeline", "mark", *words], "") for words in (["own.yaml"], []))

    assert [each.value for each in after_file] == ["a", "b"]
    assert alone == []  # there is no pipeline.yaml


def test_page_of_a_graph_without_a_name_is_called_as_the_pipeline(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("name: 'a/b: c'\nsteps: [{notebook: b.ipynb}]\n", encoding="utf-8")

    own = run("graph", "own.yaml", "--html")
    run("graph", "other.yaml", "--html")

    assert "Wrote churn.html." in own
    assert "<svg" in (tmp_path / "churn.html").read_text(encoding="utf-8")
    (other,) = tmp_path.glob("a_b_c-*.html")
    assert "<svg" in other.read_text(encoding="utf-8")


def test_page_of_a_graph_is_not_written_over_the_pipeline(run: Run, tmp_path: Path) -> None:
    assert "Name it first: own.yaml --html." in run("graph", "--html", "own.yaml", expected=2)
    assert (tmp_path / "own.yaml").read_text(encoding="utf-8") == TEXT
