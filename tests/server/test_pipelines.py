"""Pipelines over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ask
from .shop import Shop, do_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return do_shop(tmp_path_factory.getbasetemp() / "shop")


@pytest.fixture
def jp_root_dir(shop: Shop) -> Path:
    return shop.folder


async def test_pipelines_are_listed_with_their_newest_runs(ask: Ask, shop: Shop) -> None:
    (daily,) = (await ask("GET", "/pipelines")).json["pipelines"]

    assert (daily["name"], daily["file"], daily["total"]) == ("daily", str(shop.folder / "pipeline.yaml"), 2)
    assert [each["run_id"] for each in daily["runs"]] == [shop.second, shop.first]
    assert {each["word"] for each in daily["runs"]} == {"failed"}
    assert "AssertionError" in daily["runs"][0]["error"]


async def test_execution_tells_its_graph_and_how_each_step_came_out(ask: Ask, shop: Shop) -> None:
    first = (await ask("GET", f"/pipelines/{shop.first}")).json
    second = (await ask("GET", f"/pipelines/{shop.second}")).json

    steps = {each["name"]: each for each in first["steps"]}
    assert (first["pipeline"], first["is_live"], first["knows_graph"]) == ("daily", False, True)
    assert [(each["name"], each["state"]) for each in first["steps"]] == [
        ("prepare", "finished"),
        ("check", "failed"),
        ("report", "blocked"),
    ]
    assert (steps["check"]["needs"], steps["report"]["needs"]) == (["prepare"], ["check"])
    assert steps["check"]["data"] == {"prepare": ["raw@1"]}
    assert (steps["check"]["error"]["cell"], steps["check"]["error"]["message"]) == (3, "too few")
    assert steps["report"]["reason"] == "blocked by check"
    assert [each["state"] for each in second["steps"]] == ["skipped", "failed", "blocked"]
    assert second["steps"][0]["run_id"] == steps["prepare"]["run_id"]


async def test_log_of_a_step_has_its_cells_with_what_they_showed(ask: Ask, shop: Shop) -> None:
    log = (await ask("GET", f"/pipelines/{shop.first}/steps/check/log")).json

    assert log["attempts"] == [log["run_id"]]
    assert (log["state"], [each["source"].split("\n")[0] for each in log["cells"]][1]) == (
        "failed",
        "rows = len(trackbook.load('raw'))",
    )
    assert log["cells"][1]["outputs"][0]["parts"][0]["text"] == "rows: 4\n"
    assert (log["cells"][2]["failure"]["type"], log["cells"][2]["failure"]["message"]) == ("AssertionError", "too few")


async def test_log_of_a_skipped_step_is_that_of_the_run_that_stood_for_it(ask: Ask, shop: Shop) -> None:
    stood = (await ask("GET", f"/pipelines/{shop.first}/steps/prepare/log")).json
    skipped = (await ask("GET", f"/pipelines/{shop.second}/steps/prepare/log")).json

    assert (skipped["run_id"], skipped["cells"]) == (stood["run_id"], stood["cells"])


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/pipelines/{fitted}", 400, "is of no pipeline"),
        ("/pipelines/nope", 404, "No run 'nope'"),
        ("/pipelines/{first}/steps/nope/log", 404, "Its steps: prepare, check, report"),
        ("/pipelines/{first}/steps/report/log", 404, "did not run"),
        ("/pipelines/{first}/steps/train[C=1]/log", 404, "train[C=1]"),
        ("/pipelines/{first}/steps/check/log?attempt={fitted}", 404, "no try of step"),
    ],
)
async def test_what_is_not_there_is_said_in_a_sentence(ask: Ask, shop: Shop, path: str, status: int, says: str) -> None:
    whole, _, attempt = path.format(first=shop.first, fitted=shop.fitted).partition("?attempt=")

    answer = await ask("GET", whole, **({"attempt": attempt} if attempt else {}))

    assert (answer.status, says in answer.json["message"]) == (status, True), answer.json
