"""Words that nobody means well, given to datasets, models, pipelines, jobs and notebooks: a sentence, never a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from .conftest import Ask
from .shop import Shop, do_shop

WORDS = (
    "..",
    "../../etc/passwd",
    "a\x00b",
    "a'; drop table runs; --",
    "%",
    "%2e%2e%2f",
    "*",
    "\u202e\U0001f600",
    "<script>alert(1)</script>",
    "9" * 5000,
    "-1",
    "1e9",
    "{run}",
    "${HOME}",
    "latest",
    " ",
)
PATHS = (
    "/datasets/{word}",
    "/datasets/customers/versions/{word}",
    "/datasets/{word}/diff",
    "/snapshots/{word}/profile",
    "/runs/{run}/models/{word}",
    "/pipelines/{word}",
    "/pipelines/{first}/steps/{word}/log",
    "/jobs/{word}",
)
QUERIES = (
    ("/datasets/customers/diff", "before"),
    ("/datasets/customers/diff", "after"),
    ("/datasets/customers/diff", "key"),
    ("/models", "name"),
    ("/models", "limit"),
    ("/models", "offset"),
    ("/notebook", "at"),
    ("/notebook", "kernel"),
)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of what other tests ask about, since some of the words are taken as names."""
    made = do_shop(tmp_path_factory.getbasetemp() / "shop")
    return replace(made, folder=copytree(made.folder, tmp_path_factory.mktemp("hostile") / "shop"))


@pytest.fixture
def jp_root_dir(shop: Shop) -> Path:
    return shop.folder


@pytest.mark.parametrize("path", PATHS)
async def test_word_in_a_path_is_answered_with_a_sentence(ask: Ask, shop: Shop, path: str) -> None:
    for word in WORDS:
        given = path.replace("{run}", shop.fitted).replace("{first}", shop.first)
        answer = await ask("GET", given.replace("{word}", word))

        assert answer.status in (200, 400, 404), (word[:20], answer.content[:200])
        assert answer.status == 200 or answer.json["message"]


@pytest.mark.parametrize(("path", "name"), QUERIES)
async def test_word_in_a_query_is_answered_with_a_sentence(ask: Ask, path: str, name: str) -> None:
    for word in (*WORDS, "9" * 30):
        answer = await ask("GET", path, **{name: word})

        assert answer.status in (200, 400, 404), (word[:20], answer.content[:200])
        assert answer.status == 200 or answer.json["message"]


@pytest.mark.parametrize("word", [word for word in WORDS if word not in ("latest",)])
async def test_word_as_a_name_to_publish_by_is_taken_whole_or_refused(ask: Ask, shop: Shop, word: str) -> None:
    answer = await ask("POST", f"/runs/{shop.fitted}/models/model/versions", {"name": word})

    assert (answer.status, answer.json.get("name")) == (200, word) or answer.status == 400
