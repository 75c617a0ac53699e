"""What nothing needs is freed, and nothing else, whatever others do meanwhile."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.errors import NotFoundError, StoreError
from trackbook.records import (
    Artifact,
    Environment,
    Execution,
    Git,
    ModuleUse,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    RunStatus,
)
from trackbook.store import Batch, RunChange, RunFilter, open_store
from trackbook.store.objects import FolderObjects, open_objects

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
DAY = timedelta(days=1)
NOISE = Random(1).randbytes(5000)  # that no compression makes smaller


@pytest.fixture
def store(tmp_path, notebook):
    """A store on disk with one session, which has ended."""
    store = open_store(tmp_path / "store")
    session = notebook.store.sessions()[0]
    store.write(Batch(sessions=[replace(session, ended_at=session.started_at)]))
    yield store
    store.close()


def make_old(store):
    """Let everything at the objects' place be put long ago."""
    for path in place_of(store).rglob("*"):
        if path.is_file():
            os.utime(path, (LONG_AGO, LONG_AGO))


def place_of(store):
    return Path(store.location) / "objects"


def put(store, text):
    return store.put_object(text.encode())


def write_run(store, detail, **parts):
    store.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run, **parts)]))


def test_objects_that_nothing_needs_are_freed_once_they_are_old(store):
    orphan = put(store, "nobody names me")

    young = store.collect()
    make_old(store)
    old = store.collect()

    assert (young.objects, young.young, young.young_bytes) == (0, 1, len("nobody names me"))
    assert (old.objects, old.object_bytes, old.young) == (1, len("nobody names me"), 0)
    with pytest.raises(NotFoundError):
        store.get_object(orphan)


def test_dry_run_says_what_a_real_one_frees_and_changes_nothing(store):
    for number in range(5):
        put(store, f"orphan {number}")
    make_old(store)
    before = {path: path.stat() for path in place_of(store).rglob("*")}

    told = store.collect(is_dry_run=True)
    after = {path: path.stat() for path in place_of(store).rglob("*")}
    freed = store.collect()

    assert before == after
    assert (told.objects, told.object_bytes) == (freed.objects, freed.object_bytes) == (5, 40)
    assert told.is_dry_run
    assert not freed.is_dry_run


def test_everything_that_a_row_names_stays(store, make_run):
    long = "a long text\n" * 4000
    shown = put(store, "a figure")
    outputs = [
        Output(
            kind=OutputKind.DISPLAY,
            parts=tuple(OutputPart(media_type=f"image/x-{number}", size=8, digest=shown) for number in range(500)),
        )
    ]  # so many that the list itself is an object
    git = Git(commit="c", is_dirty=True, patch=put(store, "the patch"))
    environment = Environment(
        environment_id="e", python="3", implementation="C", platform="L", machine="m", git=git, packages={"x": long}
    )
    detail = make_run(1, tags={"long": long}, params={"text": long}, run={"note": long})
    cell = Execution(
        execution_id="x",
        session_id=detail.run.session_id,
        index=1,
        source=long + "#",
        started_at=detail.run.started_at,
        outcome=Outcome.OK,
        outputs=tuple(outputs),
    )
    store.write(Batch(environments=[environment], executions=[cell]))
    write_run(
        store,
        detail,
        params=detail.params,
        tags=dict(detail.tags),
        artifacts=[Artifact(name="a", digest=put(store, "an artifact"), size=11)],
        modules=[ModuleUse(name="m", path="m.py", digest=put(store, "a module"), size=8)],
    )
    make_old(store)

    found = store.collect(grace=timedelta())

    assert (found.objects, found.young) == (0, 0)
    assert store.verify() == []
    assert store.executions()[0].outputs == tuple(outputs)
    assert store.get_object(shown) == b"a figure"


def test_objects_of_a_run_that_was_withdrawn_are_freed(store, make_run):
    detail = make_run(1, run={"status": RunStatus.RUNNING, "finished_at": None})
    write_run(store, detail, artifacts=[Artifact(name="a", digest=put(store, "mine"), size=4)])
    make_old(store)

    kept = store.collect()
    store.write(Batch(withdrawn=[detail.run.run_id]))
    freed = store.collect()

    assert (kept.objects, freed.objects) == (0, 1)


def test_object_that_is_put_again_is_young_again(store, make_run):
    put(store, "the same bytes")
    make_old(store)

    digest = put(store, "the same bytes")  # costs nothing, and a row will name it next
    found = store.collect()
    write_run(store, make_run(1), artifacts=[Artifact(name="a", digest=digest, size=14)])

    assert (found.objects, found.young) == (0, 1)
    assert store.verify() == []


def test_object_that_is_put_again_between_look_and_deletion_stays(tmp_path):
    objects = FolderObjects(tmp_path)
    digest = objects.put(b"the same bytes")
    (entry,) = objects.entries()
    os.utime(tmp_path / entry.name, (LONG_AGO, LONG_AGO))
    before = datetime.now(UTC).timestamp() - 3600
    assert objects.age(entry).put_at < before

    objects.put(b"the same bytes")

    assert not objects.free(entry, before)
    assert objects.get(digest) == b"the same bytes"
    assert len(list(objects.entries())) == 1


def test_what_a_living_session_has_put_stays_however_short_the_grace(store, notebook):
    digest = put(store, "put when the session began, to be named hours later")
    began = datetime.now(UTC) - timedelta(hours=5)
    living = replace(notebook.store.sessions()[0], session_id="living", started_at=began)
    path = place_of(store) / digest[:2] / digest[2:]
    four_hours_ago = (began + timedelta(hours=1)).timestamp()
    os.utime(path, (four_hours_ago, four_hours_ago))

    store.write(Batch(sessions=[living]))
    while_alive = store.collect()
    store.write(Batch(sessions=[replace(living, ended_at=datetime.now(UTC))]))
    afterwards = store.collect()

    assert (while_alive.objects, while_alive.young) == (0, 1)
    assert afterwards.objects == 1


def test_what_dead_writers_left_half_written_is_freed_but_not_what_living_ones_write(store):
    put(store, "an object")
    folder = next(place_of(store).iterdir())
    (folder / ".0123456789abcdef").write_bytes(b"half")
    young = store.collect(grace=timedelta())
    make_old(store)

    old = store.collect(grace=DAY)

    assert (young.leftovers, old.leftovers, old.leftover_bytes) == (0, 1, 4)


def test_files_that_are_not_ours_stay(store):
    put(store, "an object")
    folder = next(place_of(store).iterdir())
    for path in (folder / "notes.txt", place_of(store) / "README"):
        path.write_text("of somebody")
    make_old(store)

    store.collect()

    assert (folder / "notes.txt").exists()
    assert (place_of(store) / "README").exists()


def test_missing_object_stops_nothing(store, make_run):
    gone = put(store, "will be gone")
    write_run(store, make_run(1), artifacts=[Artifact(name="a", digest=gone, size=12)])
    parts = tuple(OutputPart(media_type="image/png", size=1, digest=gone) for _ in range(500))
    cell = Execution(
        execution_id="x",
        session_id="sess0000000000000000aa",
        index=1,
        source="1",
        started_at=make_run(1).run.started_at,
        outcome=Outcome.OK,
        outputs=(Output(kind=OutputKind.DISPLAY, parts=parts),),
    )
    store.write(Batch(executions=[cell]))
    for path in place_of(store).rglob("*"):
        if path.is_file():
            path.unlink()
    put(store, "an orphan")
    make_old(store)

    assert store.collect().objects == 1


def test_nothing_is_freed_while_a_list_of_outputs_can_not_be_read(store, make_run):
    shown = put(store, "a figure")
    parts = tuple(OutputPart(media_type="image/png", size=1, digest=shown) for _ in range(500))
    cell = Execution(
        execution_id="x",
        session_id="sess0000000000000000aa",
        index=1,
        source="1",
        started_at=make_run(1).run.started_at,
        outcome=Outcome.OK,
        outputs=(Output(kind=OutputKind.DISPLAY, parts=parts),),
    )
    store.write(Batch(executions=[cell]))
    make_old(store)
    listing = next(path for path in place_of(store).rglob("*") if path.is_file() and path.stat().st_size > 100)
    aside = listing.rename(place_of(store) / "aside")
    listing.mkdir()  # can't be read, and not for being gone

    with pytest.raises(StoreError):
        store.collect()
    listing.rmdir()
    aside.rename(listing)

    assert store.get_object(shown) == b"a figure"


def test_room_in_the_database_goes_back_to_the_disk(store, make_run):
    for number in range(200):
        running = make_run(number, run={"status": RunStatus.RUNNING, "finished_at": None})
        write_run(store, running, params={f"p{each}": "x" * 200 for each in range(20)})
    ids = [detail.run.run_id for detail in store.runs(RunFilter())]
    store.write(Batch(withdrawn=ids[1:]))
    database = place_of(store).parent / "trackbook.db"

    told = store.collect(is_dry_run=True)
    freed = store.collect()

    assert told.database_bytes > 500_000
    assert freed.database_bytes > 500_000
    assert database.stat().st_size < 400_000
    assert [detail.run.run_id for detail in store.runs(RunFilter())] == ids[:1]
    assert store.verify() == []
    assert store.collect().freed_bytes == 0


def test_objects_that_another_store_may_need_are_refused_unless_somebody_knows_better(store, tmp_path, monkeypatch):
    other = sqlite3.connect(place_of(store).parent / "copy.db")
    other.execute("CREATE TABLE t (x)")
    other.close()
    put(store, "perhaps the other's")
    make_old(store)

    with pytest.raises(StoreError, match=r"copy\.db.*--unshared"):
        store.collect()
    assert store.collect(is_unshared=True).objects == 1

    monkeypatch.setenv("TRACKBOOK_OBJECTS", str(tmp_path / "team"))
    sharing = open_store(tmp_path / "another")
    with pytest.raises(StoreError, match=r"team.*--unshared"):
        sharing.collect()
    sharing.close()


def test_remote_objects_are_freed_when_old_and_written_again_when_used_again(monkeypatch):
    from trackbook.store import objects as module

    objects = open_objects("memory://gc-test/objects")
    objects.put(b"used again")
    objects.put(b"never again")
    written = {entry.digest: objects.age(entry).put_at for entry in objects.entries()}
    later = datetime.now(UTC).timestamp() + 7200
    monkeypatch.setattr(module.time, "time", lambda: later)

    used = objects.put(b"used again")
    system = objects._system()[0]
    entries = {entry.digest: entry for entry in objects.entries()}
    freed = {digest: objects.free(entry, later - 3600) for digest, entry in entries.items() if digest != used}

    assert len(entries) == 2
    assert list(freed.values()) == [True]
    assert objects.age(entries[used]).put_at > written[used]
    assert objects.get(used) == b"used again"
    system.rm("/gc-test", recursive=True)


def gc(store, *arguments, expected=0):
    result = CliRunner().invoke(cli, ["gc", "--store", store.location, *arguments], prog_name="trackbook")
    assert result.exit_code == expected, result.output
    return result


def test_command_says_what_would_be_freed_and_then_what_was(store):
    store.put_object(NOISE)
    make_old(store)

    told = gc(store, "--dry-run").stdout
    freed = json.loads(gc(store, "--json").stdout)
    nothing = gc(store).stdout

    assert told.startswith("Would free ")
    assert "1 object that nothing needs (5.0 kB)" in told
    assert (freed["dry_run"], freed["objects"], freed["object_bytes"]) == (False, 1, 5000)
    assert nothing == f"Nothing to free in {store.location}.\n"


def test_command_says_what_stayed_because_it_is_young(store):
    store.put_object(NOISE)

    told = gc(store).stdout
    freed = gc(store, "--grace", "0").stdout

    assert "1 object (5.0 kB) that nothing needs yet stayed" in told
    assert "1 object that nothing needs" in freed


@pytest.mark.parametrize("grace", ["", "h", "soon", "-1h", "1", "1.5h", "999999d", "1w"])
def test_grace_that_is_no_time_is_wrong_use(store, grace):
    result = gc(store, "--grace", grace, expected=2)

    assert f"'{grace}' is no time. Write a number and its unit: 30m, 1h, 2d; 0 for none." in result.stderr
