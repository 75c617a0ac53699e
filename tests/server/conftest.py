"""A Jupyter server with Trackbook on, over a folder with a notebook whose runs were made once for all tests."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse
from trackbook.store import Store
from trackbook.store.location import open_store
from traitlets.config import Config

from .many import make_many
from .work import Work, do_work

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # before numpy is imported: the problems are tiny, and threads would spin

_PATIENCE_SECONDS = 240.0
PREFIX = ("trackbook", "api", "v1")


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The runs that there are, and the folder with their notebook and their store. Tests may only add to it."""
    return do_work(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store has ten thousand runs. Tests only read it."""
    folder = tmp_path_factory.mktemp("many")
    make_many(folder)
    return folder


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own settings."""
    for name in [*os.environ]:
        if name.startswith(("TRACKBOOK_", "JPY_", "PAPERMILL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.fixture
def jp_root_dir(work: Work) -> Path:
    """The folder that the server serves."""
    return work.folder


@pytest.fixture
def jp_server_config() -> Config:
    """Trackbook on, as its wheel's own configuration has it."""
    return Config({"ServerApp": {"jpserver_extensions": {"trackbook_server": True}}})


@pytest.fixture
def store(jp_root_dir: Path) -> Iterator[Store]:
    """The store beneath the server's root, opened apart from the server's own."""
    opened = open_store(start=jp_root_dir, create=False)
    yield opened
    opened.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> Any:
        """The content, if it is JSON."""
        return json.loads(self.content)


Ask: TypeAlias = Callable[..., Awaitable[Answer]]


@pytest.fixture
def ask(jp_fetch: Callable[..., Awaitable[HTTPResponse]]) -> Ask:
    """Ask a route, ``await ask("GET", "/runs", query="metrics.accuracy > 0.5")``: the answer, whatever its status."""

    async def ask_route(
        method: str, path: str, body: object = None, headers: dict[str, str] | None = None, **query: object
    ) -> Answer:
        content = None if body is None else json.dumps(body)
        parts = (*PREFIX, *path.strip("/").split("/"))
        may_lack = method in ("POST", "PATCH", "PUT")
        try:
            got = await jp_fetch(
                *parts,
                method=method,
                body=content,
                params=query,
                headers=dict(headers or {}),
                allow_nonstandard_methods=content is not None or may_lack,
                raise_error=False,
                request_timeout=_PATIENCE_SECONDS,
            )
        except HTTPClientError as error:  # 599: nobody answered
            raise AssertionError(f"{method} {path}: {error}") from error
        return Answer(got.code, got.headers, got.body or b"")

    return ask_route
