"""Stores that can't be read: a sentence, and the status that says whose fault it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from trackbook.store.location import open_store

from .conftest import Ask


@pytest.fixture
def jp_root_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    open_store(folder / ".trackbook").close()
    return folder


async def test_store_of_a_newer_version_says_what_to_do(ask: Ask, jp_root_dir: Path) -> None:
    with sqlite3.connect(jp_root_dir / ".trackbook" / "trackbook.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    found = await ask("GET", "/state")

    assert (found.status, found.json["error"]) == (409, "NewerSchemaError")
    assert "pip install --upgrade trackbook" in found.json["message"]


async def test_store_that_is_none_is_unavailable(ask: Ask, jp_root_dir: Path) -> None:
    (jp_root_dir / ".trackbook" / "trackbook.db").write_bytes(b"no database at all" * 1000)

    found = await ask("GET", "/runs")

    assert (found.status, found.json["error"]) == (503, "StoreError")
    assert str(jp_root_dir) in found.json["message"]


async def test_store_that_broke_while_it_was_in_use_is_unavailable(ask: Ask, jp_root_dir: Path) -> None:
    before = await ask("GET", "/runs")
    for file in (jp_root_dir / ".trackbook").glob("trackbook.db*"):
        file.unlink()
    (jp_root_dir / ".trackbook" / "trackbook.db").write_bytes(b"no database at all" * 1000)

    found = await ask("GET", "/runs")

    assert (before.status, found.status) == (200, 503)


async def test_fault_of_our_own_is_told_without_its_details(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a detail")

    monkeypatch.setattr("trackbook_server.places.Places.project", fail)

    found = await ask("GET", "/state")

    assert (found.status, found.json["error"]) == (500, "InternalServerError")
    assert "a detail" not in found.json["message"]
