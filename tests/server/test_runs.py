"""Lists of runs."""

from __future__ import annotations

from .conftest import Ask
from .work import Work


async def test_runs_come_newest_first_page_by_page(ask: Ask, work: Work) -> None:
    first = await ask("GET", "/runs", limit=2)
    rest = await ask("GET", "/runs", limit=500, offset=2)

    assert (first.status, rest.status) == (200, 200)
    assert first.json["total"] == rest.json["total"] == 8
    listed = [run["run_id"] for page in (first, rest) for run in page.json["runs"]]
    assert listed[:2] == [work.failed, work.by_hand]
    assert listed[-1] == work.first
    assert len({*listed}) == 8


async def test_only_the_fields_that_are_asked_for_are_given(ask: Ask, work: Work) -> None:
    chosen = await ask("GET", "/runs", experiment="analysis", fields="params.C,metrics.nothing,metrics.test.accuracy")
    whole = await ask("GET", "/runs", experiment="analysis", fields="params,tags")
    none = await ask("GET", "/runs", experiment="analysis", fields="none")
    unknown = await ask("GET", "/runs", fields="params.C,name")

    rows = {row["run_id"]: row for row in chosen.json["runs"]}
    assert rows[work.first]["params"] == {"C": 0.1}
    assert [*rows[work.first]["metrics"]] == ["test.accuracy"]
    assert len(whole.json["runs"][0]["params"]) > 5
    assert all(row["metrics"] == {} for row in whole.json["runs"])
    assert all(row["params"] == row["metrics"] == row["tags"] == {} for row in none.json["runs"])
    assert (unknown.status, "fields='name'" in unknown.json["message"]) == (400, True)


async def test_tops_come_with_their_children_counted_and_these_on_request(ask: Ask, work: Work) -> None:
    tops = await ask("GET", "/runs", roots="true", experiment="analysis")
    beneath = await ask("GET", "/runs", parent=work.parent, limit=2)

    assert {row["run_id"]: row["children"] for row in tops.json["runs"]} == {
        work.first: 0,
        work.second: 0,
        work.parent: 3,
    }
    assert [row["run_id"] for row in beneath.json["runs"]] == [*reversed(work.children)][:2]
    assert beneath.json["total"] == 3


async def test_query_finds_and_orders_runs(ask: Ask, work: Work) -> None:
    found = await ask("GET", "/runs", query="params.C > 0.5 order by params.C", limit=2, offset=1)

    assert [row["params"]["C"] for row in found.json["runs"]] == [10.0, 100.0]
    assert found.json["total"] == 3


async def test_mistake_in_a_query_is_told_with_its_place(ask: Ask) -> None:
    wrong = await ask("GET", "/runs", query="metrics.acuracy > 0.5")

    assert (wrong.status, wrong.json["error"], wrong.json["position"]) == (400, "QueryError", 0)
    assert "metrics.accuracy" in wrong.json["message"]


async def test_page_that_no_page_can_be_is_refused(ask: Ask) -> None:
    given = [{"limit": 0}, {"limit": 501}, {"limit": "x"}, {"offset": -1}, {"offset": 2**70}, {"page": 2}]

    answers = [await ask("GET", "/runs", **each) for each in given]

    assert [each.status for each in answers] == [400] * len(given)
    assert (await ask("GET", "/runs", parent="nobody")).status == 404
    assert (await ask("GET", "/runs", offset=2**53)).json["runs"] == []


async def test_numbers_that_json_has_not_are_texts(ask: Ask, work: Work) -> None:
    found = await ask("GET", "/runs", query="experiment = curves", fields="metrics")

    assert {row["run_id"] for row in found.json["runs"]} == {work.by_hand, work.failed}
    assert found.json["runs"][0]["word"] == "failed"
