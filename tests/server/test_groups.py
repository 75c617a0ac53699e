"""Groups of runs over HTTP: a table by one param, and the parts of one of its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Ask

ALL = {"experiment": "analysis", "metric": "accuracy"}


async def test_groups_are_runs_by_a_param_with_their_means(ask: Ask) -> None:
    found = (await ask("GET", "/groups", by="C", **ALL)).json

    runs = (await ask("GET", "/runs", experiment="analysis", query="params.C = 0.1")).json["runs"]
    (group,) = (each for each in found["groups"] if each["value"] == 0.1)
    assert (found["by"], found["metrics"]) == ("params.C", ["test.accuracy"])
    assert [each["value"] for each in found["groups"]] == [0.01, 0.1, 1.0, 10.0, 100.0]
    assert group["runs"] == group["statistics"]["test.accuracy"]["n"] == len(runs) == 1
    assert group["statistics"]["test.accuracy"]["mean"] == runs[0]["metrics"]["test.accuracy"]


async def test_parts_of_a_value_tell_its_runs_apart(ask: Ask) -> None:
    found = (await ask("GET", "/groups/parts", by="params.C", value="0.1", **ALL)).json
    every = (await ask("GET", "/groups/parts", by="params.C", differences="true", **ALL)).json

    assert [each["labels"]["params.C"] for each in found["groups"]] == [0.1]
    assert found["groups"][0]["runs"] == 1
    assert found["differences"] == []
    assert [each["labels"]["params.C"] for each in every["groups"]] == [0.01, 0.1, 1.0, 10.0, 100.0]
    assert len(every["differences"]) == 10


@pytest.mark.parametrize("path", ["/groups", "/groups/parts"])
async def test_groups_by_nothing_or_unknown_fields_are_refused(ask: Ask, path: str) -> None:
    nothing = await ask("GET", path, by=",")
    unknown = await ask("GET", path, by="params.nothing")

    assert (nothing.status, unknown.status) == (400, 400)
    assert "nothing" in unknown.json["message"]


@pytest.mark.parametrize(
    ("value", "status", "word"), [("0.3", 404, "0.3"), ("ridge", 400, "double quotes"), ("[" * 9000, 400, "JSON")]
)
async def test_value_that_no_run_has_is_answered_with_a_sentence(ask: Ask, value: str, status: int, word: str) -> None:
    answer = await ask("GET", "/groups/parts", by="params.C", value=value)

    assert answer.status == status
    assert word in answer.json["message"]


async def test_two_fields_are_for_parts_alone(ask: Ask) -> None:
    answer = await ask("GET", "/groups", by="params.C,params.model")

    assert answer.status == 400
    assert "/groups/parts" in answer.json["message"]


class TestOfManyRuns:
    """Of ten thousand."""

    @pytest.fixture
    def jp_root_dir(self, many: Path) -> Path:
        return many

    async def test_groups_have_all_of_them(self, ask: Ask) -> None:
        found = (await ask("GET", "/groups", by="params.C")).json

        assert [each["value"] for each in found["groups"]] == [*range(7)]
        assert sum(each["runs"] for each in found["groups"]) == 10_000
        assert {*found["metrics"]} == {"accuracy", "loss"}

    async def test_parts_of_too_many_are_refused(self, ask: Ask) -> None:
        every = await ask("GET", "/groups/parts", by="params.C", value="3")
        some = await ask("GET", "/groups/parts", by="params.C", value="3", query="metrics.loss > 95")

        assert every.status == 400
        assert "1,429 runs" in every.json["message"]
        assert sum(each["runs"] for each in some.json["groups"]) == 15
