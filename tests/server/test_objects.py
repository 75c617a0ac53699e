"""Bytes by their hash: pictures are shown, nothing that could run is, and only what a run names is given."""

from __future__ import annotations

import hashlib

import pytest
from trackbook.records import Artifact
from trackbook.store import Batch, RunChange, RunFilter, Store

from .conftest import Ask
from .work import DRAWING, PIXEL, SCRIPT, Work


def digest_of(content: bytes | str) -> str:
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()


async def test_picture_is_shown_and_kept(ask: Ask) -> None:
    path = f"/objects/{digest_of(PIXEL)}"
    first = await ask("GET", path)
    head = await ask("HEAD", path)
    again = await ask("GET", path, headers={"If-None-Match": first.headers["Etag"]})

    assert (first.status, first.content) == (200, PIXEL)
    assert first.headers["Content-Type"] == "image/png"
    assert "Content-Disposition" not in first.headers
    assert "immutable" in first.headers["Cache-Control"]
    assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", str(len(PIXEL)))
    assert (again.status, again.content) == (304, b"")


@pytest.mark.parametrize("content", [f"<!doctype html>{SCRIPT}", DRAWING])
async def test_what_could_run_is_only_to_be_saved(ask: Ask, content: str) -> None:
    found = await ask("GET", f"/objects/{digest_of(content)}")

    assert (found.status, found.content) == (200, content.encode())
    assert found.headers["Content-Disposition"].startswith("attachment;")
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers.get_list("Content-Security-Policy") == ["default-src 'none'; sandbox"]
    assert "html" not in found.headers["Content-Type"]


async def test_name_of_a_file_cannot_write_headers(ask: Ask, work: Work, store: Store) -> None:
    name, content = 'a"\r\nSet-Cookie: x=1; ü/../../b.html', b"named so"
    digest = store.put_object(content)
    hostile = Artifact(name=name, digest=digest, size=8, media_type="text/html\r\nX-Own: 1")
    session = store.runs(RunFilter(ids=[work.by_hand]))[0].run
    run = type(session)(
        run_id="named",
        name="named",
        experiment="named",
        session_id=session.session_id,
        started_at=session.started_at,
    )
    store.write(Batch(runs=[RunChange(run_id="named", run=run, artifacts=[hostile])]))

    found = await ask("GET", f"/objects/{digest}")
    store.write(Batch(withdrawn=["named"]))

    assert found.status == 200
    assert not any("x=1" in value for key, value in found.headers.get_all() if key == "Set-Cookie")
    assert "X-Own" not in found.headers
    assert found.headers["Content-Disposition"].isascii()
    assert "/" not in found.headers["Content-Disposition"].partition(";")[2]


async def test_only_what_a_run_names_is_given(ask: Ask, work: Work, store: Store) -> None:
    unnamed = store.put_object(b"nobody's")
    first = store.runs(RunFilter(ids=[work.first]))[0]
    model, table = first.models[0].object_digest, first.datasets[0].snapshot_id

    answers = [await ask("GET", f"/objects/{digest}") for digest in (unnamed, model, table, "0" * 64)]

    assert [each.status for each in answers] == [404] * 4


async def test_object_that_was_lost_is_not_found(ask: Ask, work: Work) -> None:
    content = (work.folder / "lost.txt").read_bytes()
    digest = digest_of(content)
    (kept,) = [each for each in (work.folder / ".trackbook").rglob("*") if each.name.startswith(digest[2:])]
    kept.unlink()

    found = await ask("GET", f"/objects/{digest}")

    assert (found.status, found.json["error"]) == (404, "NotFoundError")


@pytest.mark.parametrize("digest", ["x", "A" * 64, "0" * 63, "0" * 65, "..", "%2e%2e%2fpixel.png", "\uff10" * 64])
async def test_only_hashes_name_objects(ask: Ask, digest: str) -> None:
    found = await ask("GET", f"/objects/{digest}")

    assert (found.status, found.json["error"]) == (404, "NotFoundError")
