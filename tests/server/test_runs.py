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
