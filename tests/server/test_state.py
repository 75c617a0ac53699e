"""A store at a glance, the columns of its runs, and what completes a query."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ask
from .work import NOTEBOOK, Work


async def test_state_tells_the_experiments_and_that_of_the_open_notebook(ask: Ask, work: Work) -> None:
    of_notebook = await ask("GET", "/state", at=NOTEBOOK)
    of_folder = await ask("GET", "/state")

    state = of_notebook.json
    assert of_notebook.status == 200
    assert state["location"] == str(work.folder / ".trackbook")
    assert (state["experiment"], of_folder.json["experiment"]) == ("analysis", None)
    assert [(each["name"], each["runs"]) for each in state["experiments"]] == [("curves", 2), ("analysis", 6)]
    assert state["runs"] == 8
    assert state["schema_version"]
    assert state["user"]


async def test_notebook_without_a_session_has_no_experiment(ask: Ask) -> None:
    found = await ask("GET", "/state", at="other.ipynb")

    assert (found.status, found.json["experiment"]) == (200, None)


class TestWithoutAStore:
    @pytest.fixture
    def jp_root_dir(self, tmp_path: Path) -> Path:
        folder = tmp_path / "empty"
        folder.mkdir()
        return folder

    async def test_sentence_says_how_to_go_on(self, ask: Ask) -> None:
        found = await ask("GET", "/state", at="new.ipynb")

        assert (found.status, found.json["error"]) == (404, "NotFoundError")
        assert "%load_ext trackbook" in found.json["message"]


async def test_columns_tell_what_varies_and_what_nobody_chose(ask: Ask) -> None:
    found = await ask("GET", "/columns", experiment="analysis")

    columns = {each["field"]: each for each in found.json["columns"]}
    assert found.json["looked_at"] == found.json["total"] == 6
    assert columns["params.C"] | {"kind": "param", "is_varying": True, "is_aside": False} == columns["params.C"]
    assert columns["params.max_iter"]["is_aside"]
    assert columns["metrics.test.accuracy"]["higher_is_better"] is True
    assert columns["started_at"]["kind"] == "run"
    assert not columns["experiment"]["is_varying"]
    assert "metrics.loss" not in columns


async def test_columns_are_those_of_the_runs_that_a_query_finds(ask: Ask) -> None:
    found = await ask("GET", "/columns", query="experiment = curves")

    fields = [each["field"] for each in found.json["columns"] if each["kind"] != "run"]
    assert fields == ["metrics.gap", "metrics.loss"]


@pytest.mark.parametrize(
    ("query", "start", "expected"),
    [
        ("metrics.acc", 0, {"text": "metrics.accuracy", "kind": "field", "detail": "number"}),
        ("params.C ", 9, {"text": ">=", "kind": "operator", "detail": ""}),
        ("status = fin", 9, {"text": "FINISHED", "kind": "value", "detail": ""}),
        ("experiment = cu", 13, {"text": "curves", "kind": "value", "detail": ""}),
        ("params.C > 1 ", 13, {"text": "and", "kind": "keyword", "detail": ""}),
    ],
)
async def test_query_is_completed_where_the_cursor_stands(
    ask: Ask, query: str, start: int, expected: dict[str, str]
) -> None:
    found = await ask("GET", "/completions", query=query + " and more", position=len(query))

    assert found.json["from"] == start
    assert expected in found.json["options"]


async def test_names_of_the_experiment_come_first(ask: Ask) -> None:
    of_curves = await ask("GET", "/completions", query="metrics.", experiment="curves")
    of_analysis = await ask("GET", "/completions", query="metrics.", experiment="analysis")

    assert of_curves.json["options"][0]["text"] == "metrics.gap"
    assert of_analysis.json["options"][0]["text"] == "metrics.accuracy"
