"""What takes long is done aside: the server answers others meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tornado.httpclient import HTTPResponse

from .conftest import Ask
from .many import RUNS


@pytest.fixture
def jp_root_dir(many: Path) -> Path:
    return many


async def test_server_answers_while_large_questions_are_worked_on(
    ask: Ask, jp_fetch: Callable[..., Awaitable[HTTPResponse]]
) -> None:
    query = "params.C > 1 and metrics.loss > 10 order by metrics.accuracy desc"
    large = [
        asyncio.ensure_future(ask("GET", "/runs", query=query, limit=500)),
        asyncio.ensure_future(ask("GET", "/columns", query="metrics.loss > 10")),
        asyncio.ensure_future(ask("GET", "/datasets/numbers/diff", before=1, after=2)),
    ]

    answered = 0
    while not all(each.done() for each in large):
        assert (await jp_fetch("api", "status")).code == 200
        answered += 1
    answers = await asyncio.gather(*large)

    assert answered > 2 * len(large), "one after the other, each large question lets one or two others in"
    assert [each.status for each in answers] == [200, 200, 200]
    assert answers[0].json["total"] < RUNS


async def test_page_of_ten_thousand_runs_is_a_page(ask: Ask) -> None:
    last = await ask("GET", "/runs", offset=RUNS - 2, fields="metrics.loss")
    columns = await ask("GET", "/columns")

    assert [row["run_id"] for row in last.json["runs"]] == ["run-00001", "run-00000"]
    assert last.json["total"] == RUNS
    assert (columns.json["looked_at"], columns.json["total"]) == (500, RUNS)
