"""One run, and what stands around it."""

from __future__ import annotations

from .conftest import Ask
from .work import PIXEL, Work


async def test_run_is_told_with_all_that_stands_around_it(ask: Ask, work: Work) -> None:
    first = (await ask("GET", f"/runs/{work.first}")).json

    assert first["run_id"] == work.first
    assert first["params"]["C"] == 0.1
    assert "accuracy" in first["metrics"] or "test.accuracy" in first["metrics"]
    assert first["session"]["notebook"] == str(work.notebook)
    assert first["notebook"] == "analysis.ipynb"
    assert "max_iter" in first["defaults"]
    assert "C" not in first["defaults"]
    assert first["origins"][0]["execution_id"] in first["executions"]
    assert all(each["snapshot_id"] for each in first["datasets"])
    assert [each["is_kept"] for each in first["models"]] == [True]
    assert (first["parent"], first["children"], first["word"]) == (None, [], "finished")


async def test_parent_and_children_name_each_other(ask: Ask, work: Work) -> None:
    parent = (await ask("GET", f"/runs/{work.parent}")).json
    child = (await ask("GET", f"/runs/{work.children[0]}")).json

    assert [each["run_id"] for each in parent["children"]] == [*work.children]
    assert parent["children_total"] == 3
    assert parent["is_group"]
    assert child["parent"]["run_id"] == work.parent


async def test_run_is_found_by_name_prefix_and_latest(ask: Ask, work: Work) -> None:
    by_name = await ask("GET", "/runs/by-hand")
    by_prefix = await ask("GET", f"/runs/{work.by_hand[:10]}")

    assert by_name.json["run_id"] == by_prefix.json["run_id"] == work.by_hand
    assert (await ask("GET", "/runs/latest")).status == 200
    assert {each["name"]: each["size"] for each in by_name.json["artifacts"]}["pixel.png"] == len(PIXEL)
