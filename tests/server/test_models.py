"""Models over HTTP."""

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


async def test_models_are_listed_with_their_runs_newest_first(ask: Ask, shop: Shop) -> None:
    page = (await ask("GET", "/models")).json

    assert [each["run_id"] for each in page["models"]] == [shop.bare, shop.fitted]
    assert (page["total"], page["offset"], page["next_offset"]) == (2, 0, None)
    fitted = page["models"][1]
    assert (fitted["name"], fitted["n_features"], fitted["is_kept"]) == ("model", 2, True)
    assert fitted["size"] > 0
    assert [*fitted["metrics"]] == ["train.accuracy"]


async def test_models_come_page_by_page_and_by_name(ask: Ask, shop: Shop) -> None:
    first = (await ask("GET", "/models", limit=1)).json
    second = (await ask("GET", "/models", limit=1, offset=first["next_offset"])).json
    logistic = (await ask("GET", "/models", name="logistic")).json
    nothing = (await ask("GET", "/models", name="forest")).json

    assert [each["run_id"] for page in (first, second) for each in page["models"]] == [shop.bare, shop.fitted]
    assert ([each["run_id"] for each in logistic["models"]], logistic["total"]) == ([shop.fitted], 1)
    assert (nothing["models"], nothing["total"]) == ([], 0)


async def test_card_tells_all_that_is_known_of_a_model(ask: Ask, shop: Shop) -> None:
    card = (await ask("GET", f"/runs/{shop.fitted}/models/model")).json
    by_id = (await ask("GET", f"/runs/{shop.fitted}/models/{card['model_id']}")).json
    bare = (await ask("GET", f"/runs/{shop.bare}/models/mean")).json

    assert by_id == card
    assert (card["features"], card["params"]["C"]) == (["a", "b"], 0.5)
    assert [each["name"] for each in card["datasets"]]
    assert card["load"].startswith("trackbook.")
    assert (bare["is_kept"], bare["size"], bare["load"]) == (False, None, None)


async def test_model_is_published_by_name_without_being_loaded(
    ask: Ask, shop: Shop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("skops.io.loads", refuse)

    made = await ask("POST", f"/runs/{shop.fitted}/models/model/versions", {"name": "shop-model"})
    again = await ask("POST", f"/runs/{shop.fitted}/models/model/versions", {"name": "shop-model"})

    assert made.json == again.json == {"name": "shop-model", "version": 1}
    (version,) = store.versions("shop-model")
    assert version.run_id == shop.fitted
    card = (await ask("GET", f"/runs/{shop.fitted}/models/model")).json
    assert {"name": "shop-model", "version": 1} in card["published"]


async def test_published_model_comes_back_in_a_notebook(ask: Ask, shop: Shop, store: Store) -> None:
    from trackbook.tracking.finding_datasets import find_table
    from trackbook.tracking.published_models import load_published

    await ask("POST", f"/runs/{shop.fitted}/models/model/versions", {"name": "comes-back"})

    loaded = load_published(store, find_table(store, "comes-back"))

    assert loaded.value.get_params()["C"] == 0.5


@pytest.mark.parametrize(
    ("model", "body", "status", "says"),
    [
        ("nope", {"name": "a"}, 404, "Its models: model"),
        ("model", {"name": "a@b"}, 400, "can't name a dataset"),
        ("model", {"name": ""}, 400, "name"),
        ("model", {}, 400, "name"),
        ("model", {"name": "a", "stage": "b"}, 400, "stage"),
    ],
)
async def test_what_can_not_be_published_is_said_in_a_sentence(
    ask: Ask, shop: Shop, model: str, body: object, status: int, says: str
) -> None:
    answer = await ask("POST", f"/runs/{shop.fitted}/models/{model}/versions", body)

    assert (answer.status, says in answer.json["message"]) == (status, True), answer.json


async def test_model_that_is_not_kept_is_not_published(ask: Ask, shop: Shop) -> None:
    answer = await ask("POST", f"/runs/{shop.bare}/models/mean/versions", {"name": "mean"})

    assert (answer.status, "can't be published" in answer.json["message"]) == (404, True)
