"""Datasets and tables over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from trackbook.store import Store

from .conftest import Ask
from .shop import Shop, do_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return do_shop(tmp_path_factory.getbasetemp() / "shop")


@pytest.fixture
def jp_root_dir(shop: Shop) -> Path:
    return shop.folder


async def test_datasets_are_listed_with_their_versions(ask: Ask) -> None:
    answer = await ask("GET", "/datasets")

    found = {each["name"]: each for each in answer.json["datasets"]}
    assert (answer.status, sorted(found)) == (200, ["customers", "raw"])
    assert [each["version"] for each in found["customers"]["versions"]] == [1, 2]
    assert (await ask("GET", "/datasets/customers")).json == found["customers"]


async def test_version_tells_its_columns_and_the_runs_that_used_it(ask: Ask, shop: Shop) -> None:
    first = (await ask("GET", "/datasets/customers/versions/1")).json
    latest = (await ask("GET", "/datasets/customers/versions/latest")).json

    assert [each["run_id"] for each in first["runs"]] == first["run_ids"] == [shop.fitted]
    assert [each["name"] for each in first["profile"]["columns"]][-5:] == ["a", "b", "c", "d", "id"]
    assert first["made_by"].endswith("shop.ipynb")
    assert (latest["version"], latest["run_ids"], latest["versions"]) == (2, [], [1, 2])


async def test_two_versions_are_told_apart(ask: Ask) -> None:
    by_key = (await ask("GET", "/datasets/customers/diff", before=1, after=2, key="id")).json
    by_default = (await ask("GET", "/datasets/customers/diff")).json

    assert (by_key["before_version"], by_key["after_version"]) == (1, 2)
    assert (by_key["rows_changed"], [each["name"] for each in by_key["columns"]]) == (3, ["a"])
    assert (by_default["before_version"], by_default["after_version"]) == (1, 2)


async def test_table_that_was_never_published_has_a_profile_that_may_be_kept(ask: Ask, shop: Shop) -> None:
    used = (await ask("GET", f"/runs/{shop.fitted}")).json["datasets"]

    answers = [await ask("GET", f"/snapshots/{each['snapshot_id']}/profile") for each in used]

    assert {answer.status for answer in answers} == {200}
    assert [answer.json["rows"] for answer in answers] == [each["rows"] for each in used]
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)


async def test_looking_at_tables_writes_nothing(ask: Ask, store: Store) -> None:
    before = store.change_token()

    await ask("GET", "/datasets/customers/versions/2")
    await ask("GET", "/datasets/customers/diff")

    assert store.change_token() == before
    assert all(each.profile_digest is None for each in store.snapshots())


@pytest.mark.parametrize(
    ("path", "query", "status", "says"),
    [
        ("/datasets/custmers", {}, 404, "customers"),
        ("/datasets/customers/versions/9", {}, 404, "Its versions: 1, 2"),
        ("/datasets/customers/versions/first", {}, 400, "is no version"),
        ("/datasets/customers/diff", {"after": 1}, 404, "first version"),
        ("/datasets/customers/diff", {"key": "nope"}, 400, "nope"),
        ("/datasets/customers/diff", {"key": "id", "by": "position"}, 400, "Give one of them"),
        ("/datasets/customers/diff", {"by": "magic"}, 400, "magic"),
        ("/snapshots/" + 64 * "0" + "/profile", {}, 404, "No table"),
    ],
)
async def test_what_is_not_there_is_said_in_a_sentence(
    ask: Ask, path: str, query: dict[str, object], status: int, says: str
) -> None:
    answer = await ask("GET", path, **query)

    assert (answer.status, says in answer.json["message"]) == (status, True), answer.json


async def test_file_has_no_profile(ask: Ask, store: Store) -> None:
    models = (await ask("GET", "/models")).json["models"]
    kept = next(each for each in models if each["is_kept"])
    await ask("POST", f"/runs/{kept['run_id']}/models/{kept['model_id']}/versions", {"name": "without-columns"})
    (version,) = store.versions("without-columns")

    answer = await ask("GET", f"/snapshots/{version.snapshot_id}/profile")
    shown = await ask("GET", "/datasets/without-columns/versions/1")

    assert (answer.status, "no columns" in answer.json["message"]) == (400, True)
    assert (shown.json["kind"], shown.json["profile"]) == ("model", None)
