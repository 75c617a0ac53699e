"""Runs beside each other."""

from __future__ import annotations

from .conftest import Ask
from .work import Work


async def test_compared_runs_say_which_does_best(ask: Ask, work: Work) -> None:
    runs = ",".join(work.children)
    found = await ask("GET", "/compare", runs=runs)
    whole = await ask("GET", "/compare", runs=runs, all="true")

    rows = {(row["section"], row["key"]): row for row in found.json["rows"]}
    accuracy = next(row for (section, key), row in rows.items() if section == "metrics" and key.endswith("accuracy"))
    best = max(accuracy["values"])
    assert [run["run_id"] for run in found.json["runs"]] == [*work.children]
    assert [accuracy["values"][at] for at in accuracy["best"]] == [best] * len(accuracy["best"])
    assert accuracy["best"]
    assert len(whole.json["rows"]) > len(found.json["rows"])


async def test_parent_stands_for_its_children(ask: Ask, work: Work) -> None:
    found = await ask("GET", "/compare", runs=work.parent)

    assert [run["run_id"] for run in found.json["runs"]] == [*work.children]


async def test_comparison_needs_two_runs_that_there_are(ask: Ask, work: Work) -> None:
    one = await ask("GET", "/compare", runs=work.first)
    unknown = await ask("GET", "/compare", runs=f"{work.first},nobody")
    none = await ask("GET", "/compare")
    many = await ask("GET", "/compare", runs=",".join(map(str, range(101))))

    assert [each.status for each in (one, unknown, none, many)] == [400, 404, 400, 400]


async def test_run_that_is_gone_is_said_beside_the_others(ask: Ask, work: Work) -> None:
    found = await ask("GET", "/compare", runs=f"{work.first},gone,{work.second}")

    assert [run["run_id"] for run in found.json["runs"]] == [work.first, work.second]
    assert [(each["run"], "'gone'" in each["message"]) for each in found.json["missing"]] == [("gone", True)]


async def test_difference_shows_the_edited_cell(ask: Ask, work: Work) -> None:
    found = await ask("GET", "/diff", before=work.first, after=work.second)

    edited = [cell for cell in found.json["cells"] if cell["change"] == "edited"]
    assert [line["text"] for line in edited[0]["lines"]] == ["C = 0.1", "C = 10.0"]
    assert [each["key"] for each in found.json["params"]] == ["C"]
    assert not found.json["same"]


async def test_difference_of_two_ended_runs_is_not_sent_twice(ask: Ask, work: Work) -> None:
    query = {"before": work.first, "after": work.second}
    first = await ask("GET", "/diff", **query)
    again = await ask("GET", "/diff", **query, headers={"If-None-Match": first.headers["Etag"]})
    strict = await ask("GET", "/diff", **query, tolerance=0, headers={"If-None-Match": first.headers["Etag"]})

    assert (first.status, again.status, strict.status) == (200, 304, 200)


async def test_difference_that_there_is_not_is_refused(ask: Ask, work: Work) -> None:
    same = await ask("GET", "/diff", before=work.first, after=work.first)
    loose = await ask("GET", "/diff", before=work.first, after=work.second, tolerance=1)

    assert (same.status, loose.status) == (400, 400)
