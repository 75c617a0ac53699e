"""Hostile spellings of places, runs, hashes and names: refused in a sentence, and nothing outside is read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import AsyncHTTPClient
from trackbook.store.location import open_store

from .conftest import Answer, Ask

SECRET = "the neighbour's"
UP = (
    "..",
    "../",
    "../neighbour",
    "../neighbour/",
    "../neighbour/a.ipynb",
    "../neighbour/.trackbook",
    "../neighbour/.trackbook/trackbook.db",
    "./../neighbour",
    "work/../../neighbour",
    "work/./.././../neighbour",
    "work/../../neighbour/a.ipynb",
    "../../../../../../../../etc/passwd",
    "../root/../neighbour",
    "..//neighbour",
    "link",
    "link/a.ipynb",
    "work/linked",
    "link/../neighbour",
    "/etc/passwd",
    "//etc/passwd",
    "/",
    "{root}/../neighbour",
    "{neighbour}",
    "{neighbour}/a.ipynb",
    "..\\neighbour",
    "..\\..\\etc\\passwd",
    "work\\..\\..\\neighbour",
    "\\\\server\\share",
    "C:\\Windows",
    "work/\0/../../neighbour",
    "../neighbour\0.ipynb",
    "\0",
    "loop",
    "loop/a",
    "x" * 300,
    "x/" * 3000,
    "\ud800",
)
"""Places that are none, or outside: `at` may mean none of them."""
ODD = (
    "...",
    "..;/neighbour",
    "%2e%2e/neighbour",
    "%2e%2e%2fneighbour",
    "..%2fneighbour",
    "%252e%252e%252fneighbour",
    "..%c0%afneighbour",
    "..%5cneighbour",
    "\uff0e\uff0e/neighbour",
    "..\u2215neighbour",
    "~",
    "~root",
    "~/neighbour",
    "$HOME/neighbour",
    "${HOME}",
    "file:///etc/passwd",
    "http://localhost/",
    "sqlite:///../neighbour/.trackbook/trackbook.db",
    "memory://x",
    "-o/etc/passwd",
    "CON",
    " ../neighbour",
    "..\u200b/neighbour",
)
"""Names of files and folders that look like more: as places they are beneath the root, and mean its store."""


@pytest.fixture
def neighbour(tmp_path: Path) -> Path:
    """A folder beside the root, with a store that nobody may see."""
    folder = tmp_path / "neighbour"
    folder.mkdir()
    (folder / "a.ipynb").write_text(SECRET)
    open_store(folder / ".trackbook").close()
    return folder


@pytest.fixture
def jp_root_dir(tmp_path: Path, neighbour: Path) -> Path:
    root = tmp_path / "root"
    (root / "work").mkdir(parents=True)
    open_store(root / ".trackbook").close()
    (root / "link").symlink_to(neighbour)
    (root / "work" / "linked").symlink_to(neighbour)
    (root / "loop").symlink_to(root / "loop")
    return root


@pytest.fixture
def untouched(neighbour: Path) -> Iterator[None]:
    """Nothing of the neighbour's was opened: reading would have moved the times of access."""
    files = [path for path in (neighbour, *neighbour.rglob("*")) if path.is_file()]
    long_ago = 1_000_000_000
    for path in files:
        os.utime(path, (long_ago, path.stat().st_mtime))
    yield
    assert {path.name for path in files if path.stat().st_atime != long_ago} == set()


@pytest.fixture
def ask_raw(
    http_server_client: AsyncHTTPClient, jp_base_url: str, jp_serverapp: ServerApp
) -> Callable[[str], Awaitable[Answer]]:
    """Ask for a path as it is spelled."""

    async def ask_path(path: str) -> Answer:
        headers = {"Authorization": f"token {jp_serverapp.identity_provider.token}"}
        url = f"{jp_base_url}trackbook/api/v1{path}"
        got = await http_server_client.fetch(url, headers=headers, raise_error=False)
        return Answer(got.code, got.headers, got.body or b"")

    return ask_path


AskRaw = Callable[[str], Awaitable[Answer]]


def spelled(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def refusal(path: str) -> int:
    """Return the status of a path that means nothing: not found, or, when it is no text at all, not understood."""
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        return 400
    return 404


def test_table_has_sixty_spellings() -> None:
    assert len({*UP, *ODD}) >= 60


async def test_place_outside_of_the_root_is_refused(
    ask_raw: AskRaw, untouched: None, neighbour: Path, jp_root_dir: Path
) -> None:
    places = [each.replace("{root}", str(jp_root_dir)).replace("{neighbour}", str(neighbour)) for each in UP]

    answers = {place[:80]: await ask_raw(f"/state?at={spelled(place)}") for place in places}

    assert {place: each.status for place, each in answers.items() if each.status != refusal(spelled(place))} == {}
    assert all(each.json["message"] for each in answers.values())
    assert not any(SECRET.encode() in each.content for each in answers.values())


async def test_odd_place_means_the_store_of_the_root(ask_raw: AskRaw, untouched: None, jp_root_dir: Path) -> None:
    answers = {place: await ask_raw(f"/state?at={spelled(place)}") for place in ODD}

    told = {place: (each.status, each.json.get("location")) for place, each in answers.items()}
    assert told == dict.fromkeys(ODD, (200, str(jp_root_dir / ".trackbook")))


async def test_run_hash_and_name_are_no_paths(ask_raw: AskRaw, untouched: None) -> None:
    routes = (
        "/runs/{}",
        "/runs/{}/slice",
        "/runs/{}/executions",
        "/objects/{}",
        "/datasets/{}",
        "/snapshots/{}/profile",
    )
    names = [each for each in (*UP, *ODD) if len(each) < 1000]

    answers = {(route, name): await ask_raw(route.format(spelled(name))) for route in routes for name in names}

    assert {key: each.status for key, each in answers.items() if each.status != refusal(spelled(key[1]))} == {}
    assert not any(SECRET.encode() in each.content for each in answers.values())


async def test_path_that_is_spelled_as_it_is_reaches_no_file(ask_raw: AskRaw, untouched: None) -> None:
    names = [*UP[:14], *ODD]

    raw = [quote(name, safe="/.%;~:$").replace("%25", "%") for name in names]
    answers = {name: await ask_raw(f"/objects/{name}") for name in raw}

    assert {name: each.status for name, each in answers.items() if each.status != refusal(name)} == {}
    assert not any(SECRET.encode() in each.content for each in answers.values())


async def test_spelling_that_is_no_text_is_refused(ask_raw: AskRaw) -> None:
    paths = (
        "/runs/%ff",
        "/objects/%c0%ae",
        "/runs?query=%ff",
        "/state?at=%c0%ae%c0%ae",
        "/runs?limit=%ff",
        "/runs?%ff=1",
    )

    answers = {path: await ask_raw(path) for path in paths}

    assert {path: each.status for path, each in answers.items()} == dict.fromkeys(paths, 400)


async def test_folder_that_became_a_store_or_lost_it_is_noticed(ask: Ask, jp_root_dir: Path, tmp_path: Path) -> None:
    before = await ask("GET", "/state")
    shutil.move(jp_root_dir / ".trackbook", tmp_path / "away")
    without = await ask("GET", "/state")
    open_store(jp_root_dir / ".trackbook").close()
    again = await ask("GET", "/state")

    assert [each.status for each in (before, without, again)] == [200, 404, 200]
