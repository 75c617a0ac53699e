"""The words on a run, in a store of their own."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from trackbook import process
from trackbook.records import Process, Run, RunStatus, Session
from trackbook.store import Batch, RunChange, Store
from trackbook.store.location import open_store

from .conftest import Ask


@pytest.fixture
def jp_root_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    open_store(folder / ".trackbook").close()
    return folder


async def test_unknown_and_ambiguous_runs_are_refused_in_a_sentence(ask: Ask, store: Store) -> None:
    _add(store, "twin-1", name="twins")
    _add(store, "twin-2", name="twins")

    unknown = await ask("GET", "/runs/no-such-run")
    ambiguous = await ask("GET", "/runs/twins")

    assert (unknown.status, unknown.json["error"]) == (404, "NotFoundError")
    assert (ambiguous.status, ambiguous.json["error"]) == (409, "AmbiguousError")
    assert "twin-1" in ambiguous.json["message"]


async def test_note_name_and_tags_change_together_and_stay(ask: Ask, store: Store) -> None:
    _add(store, "worded-0001", name="old-name")
    words = {"note": "the **baseline**", "name": "new name", "tags": {"owner": "ana", "draft": "yes"}}

    changed = await ask("PATCH", "/runs/worded-0001", words)
    again = await ask("PATCH", "/runs/worded-0001", {"tags": {"draft": None, "never-there": None}})

    assert (changed.status, changed.json["tags"]) == (200, {"owner": "ana", "draft": "yes"})
    told = (await ask("GET", "/runs/worded-0001")).json
    assert (told["name"], told["note"], told["tags"]) == ("new name", "the **baseline**", {"owner": "ana"})
    assert again.json == told
    assert (await ask("PATCH", "/runs/worded-0001", {"note": None})).json["note"] is None


async def test_words_that_cannot_be_are_refused_and_nothing_changes(ask: Ask, store: Store) -> None:
    _add(store, "worded-0001", name="old-name")
    bodies = [
        {"tags": {"": "x"}, "note": "changed"},
        {"tags": {" a": "x"}, "note": "changed"},
        {"tags": {"a": 1}, "note": "changed"},
        {"name": "", "note": "changed"},
        {"name": "latest", "note": "changed"},
        {"name": "a\nb", "note": "changed"},
        {"name": "x" * 201, "note": "changed"},
        {"name": None},
        {"unknown": 1},
        [],
        "text",
    ]

    answers = [await ask("PATCH", "/runs/worded-0001", body) for body in bodies]

    assert [each.status for each in answers] == [400] * len(bodies)
    assert all(each.json["message"] for each in answers)
    assert (await ask("GET", "/runs/worded-0001")).json["note"] is None


async def test_run_of_a_kernel_at_work_keeps_its_name(ask: Ask, store: Store) -> None:
    _add(store, "alive-0001", name="alive", is_alive=True)

    named = await ask("PATCH", "/runs/alive-0001", {"name": "other", "note": "hello"})
    noted = await ask("PATCH", "/runs/alive-0001", {"note": "hello"})

    assert (named.status, named.json["error"]) == (409, "ImmutableError")
    assert (noted.status, noted.json["name"], noted.json["note"]) == (200, "alive", "hello")


def _add(store: Store, run_id: str, *, name: str, is_alive: bool = False) -> None:
    """Write a run that can be taken out again."""
    now = datetime.now(UTC)
    own = Process(
        host=process.host(), boot=process.boot_id(), pid=os.getpid(), started=process.started(os.getpid()) or 0
    )
    session = Session(
        session_id=f"session-{run_id}",
        experiment="words",
        started_at=now,
        lease_expires_at=now + timedelta(hours=1),
        process=own,
        user="ana",
        ended_at=None if is_alive else now,
    )
    run = Run(
        run_id=run_id,
        name=name,
        experiment="words",
        session_id=session.session_id,
        started_at=now,
        status=RunStatus.RUNNING,
    )
    store.write(Batch(sessions=[session], runs=[RunChange(run_id=run_id, run=run)]))
