"""Every store keeps the pieces of snapshots that something needs, frees the others, and tells whom damage touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trackbook import clock
from trackbook.errors import NotFoundError
from trackbook.records import (
    FILE,
    Check,
    DatasetUse,
    DatasetVersion,
    FileRead,
    Model,
    Reproduction,
    ReproductionVerdict,
    Snapshot,
    Statement,
)
from trackbook.store import Batch, MemoryStore, RunChange, Store, open_store
from trackbook.store.kept import pieces

from .test_store import NOON, a_run, a_session, an_execution

ROWS = 60_000
AT_ONCE = timedelta(hours=-1)
LONG_BEFORE = NOON - timedelta(days=365)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    store.write(Batch(sessions=[a_session(ended_at=NOON)], runs=[RunChange(run_id="r1", run=a_run())]))
    yield store
    store.close()


def a_table(seed: int = 0) -> pd.DataFrame:
    drawn = np.random.default_rng(seed)
    return pd.DataFrame({"number": drawn.random(ROWS), "place": drawn.integers(0, 9, ROWS)})


def a_snapshot(store: Store, table: pd.DataFrame, fingerprint: str = "f") -> Snapshot:
    return store.put_table(table, fingerprint=fingerprint)


def needing_nothing(snapshot: Snapshot) -> Batch:
    return Batch(snapshots=[snapshot])


def needing_by_dataset(snapshot: Snapshot) -> Batch:
    use = DatasetUse(name="df", kind=snapshot.kind, snapshot_id=snapshot.snapshot_id)
    return Batch(snapshots=[snapshot], runs=[RunChange(run_id="r1", datasets=[use])])


def needing_by_model(snapshot: Snapshot) -> Batch:
    model = Model(model_id="m", name="clf", class_name="Model", example_snapshot=snapshot.snapshot_id)
    return Batch(snapshots=[snapshot], runs=[RunChange(run_id="r1", models=[model])])


def needing_by_version(snapshot: Snapshot) -> Batch:
    version = DatasetVersion(name="train", snapshot_id=snapshot.snapshot_id, made_at=NOON)
    return Batch(snapshots=[snapshot], versions=[version])


def needing_by_check(snapshot: Snapshot) -> Batch:
    check = Check(check_id="c", name="c", table="df", at=NOON, is_passed=True, snapshot_id=snapshot.snapshot_id)
    return Batch(snapshots=[snapshot], checks=[check])


def needing_by_file(snapshot: Snapshot) -> Batch:
    file = FileRead(path="a.parquet", digest="d", object_digest=snapshot.snapshot_id)
    statement = Statement(line=1, end_line=1, files=(file,))
    return Batch(snapshots=[snapshot], executions=[an_execution(statements=(statement,))])


@pytest.mark.parametrize(
    "needing", [needing_by_dataset, needing_by_model, needing_by_version, needing_by_check, needing_by_file]
)
def test_snapshot_that_something_needs_stays_whole(store: Store, needing: Callable[[Snapshot], Batch]) -> None:
    table = a_table()
    snapshot = a_snapshot(store, table)
    store.write(needing(snapshot))

    found = store.collect(grace=AT_ONCE)

    assert (found.snapshots, found.objects) == (0, 0)
    pd.testing.assert_frame_equal(store.get_table(snapshot.snapshot_id), table)
    assert store.verify() == []


def test_snapshot_that_nothing_needs_is_forgotten_with_its_pieces(store: Store) -> None:
    snapshot = a_snapshot(store, a_table())
    profile = store.put_object(b"profile")
    store.write(needing_nothing(replace(snapshot, profile_digest=profile)))
    objects = [snapshot.snapshot_id, profile, *pieces(store.objects, snapshot)]
    assert store.verify() == []

    told = store.collect(grace=AT_ONCE, is_dry_run=True)
    still_there = store.snapshots()
    freed = store.collect(grace=AT_ONCE)

    assert (told.snapshots, told.objects, len(still_there)) == (1, len(objects), 1)
    assert (freed.snapshots, freed.objects) == (1, len(objects))
    assert told.object_bytes == freed.object_bytes == snapshot.stored_bytes + len(b"profile")
    assert (store.snapshots(), store.find_snapshot("f"), store.usage().snapshot_bytes) == ([], None, 0)
    for digest in objects:
        with pytest.raises(NotFoundError):
            store.get_object(digest)
    assert store.verify() == []


def test_pieces_that_another_snapshot_shares_stay_and_are_counted_there(store: Store) -> None:
    table = a_table()
    shorter = a_snapshot(store, table.head(ROWS - 100), "shorter")
    longer = a_snapshot(store, table, "longer")
    store.write(needing_nothing(shorter))
    store.write(needing_by_version(longer))
    assert longer.new_bytes < longer.stored_bytes / 2

    found = store.collect(grace=AT_ONCE)

    assert found.snapshots == 1
    pd.testing.assert_frame_equal(store.get_table(longer.snapshot_id), table)
    assert longer.stored_bytes * 0.9 < store.usage().snapshot_bytes <= longer.stored_bytes
    assert store.verify() == []


def test_snapshot_that_a_living_session_found_stays_until_it_is_named(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = a_snapshot(store, a_table())
    with monkeypatch.context() as long_ago:
        long_ago.setattr(clock, "now", lambda: LONG_BEFORE)
        store.write(needing_nothing(snapshot))
    store.write(Batch(sessions=[a_session("s2")]))

    found = store.find_snapshot("f")
    kept = store.collect(grace=AT_ONCE)
    store.write(needing_by_dataset(snapshot))

    assert (found, kept.snapshots, kept.objects) == (snapshot, 0, 0)
    assert store.verify() == []


def test_snapshot_that_nobody_asked_for_since_a_session_began_goes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as long_ago:
        long_ago.setattr(clock, "now", lambda: LONG_BEFORE)
        store.write(needing_nothing(a_snapshot(store, a_table())))
    store.write(Batch(sessions=[a_session("s2")]))

    found = store.collect(grace=AT_ONCE)

    assert (found.snapshots, store.snapshots()) == (1, [])


def test_young_snapshot_stays(store: Store) -> None:
    store.write(needing_nothing(a_snapshot(store, a_table())))

    found = store.collect()

    assert (found.snapshots, found.objects, len(store.snapshots())) == (0, 0, 1)


def test_files_models_schemas_slices_and_logs_stay(store: Store) -> None:
    digests = [store.put_object(f"object {number}".encode()) for number in range(6)]
    of_run, of_cell, model, schema, notebook, log = digests
    statement = Statement(line=1, end_line=1, files=(FileRead(path="b.csv", object_digest=of_cell),))
    use = DatasetUse(name="df", kind="list", files=(FileRead(path="a.csv", digest="d", object_digest=of_run),))
    fitted = Model(model_id="m", name="clf", class_name="Model", object_digest=model)
    check = Check(check_id="c", name="c", table="df", at=NOON, is_passed=True, schema_digest=schema)
    reproduction = Reproduction(
        reproduction_id="p",
        run_id="r1",
        at=NOON,
        verdict=ReproductionVerdict.FAILED,
        reason="A file is missing.",
        slice_digest=notebook,
        log_digest=log,
    )
    store.write(
        Batch(
            executions=[an_execution(statements=(statement,) * 300)],  # so long that it is an object itself
            runs=[RunChange(run_id="r1", datasets=[use], models=[fitted])],
            checks=[check],
            reproductions=[reproduction],
        )
    )

    found = store.collect(grace=AT_ONCE)

    assert found.objects == 0
    assert [store.get_object(digest) for digest in digests] == [f"object {n}".encode() for n in range(6)]
    assert store.verify() == []


def test_file_is_kept_as_long_as_a_cell_names_it(store: Store, tmp_path: Path) -> None:
    kept, idle = store.put_file(b"a,b\n1,2\n"), store.put_file(b"c\n3\n")
    file = FileRead(path="a.csv", digest=kept.snapshot_id, object_digest=kept.snapshot_id)
    cell = an_execution(statements=(Statement(line=1, end_line=1, files=(file,)),))
    store.write(Batch(snapshots=[kept, idle], executions=[cell]))
    before = store.usage()

    found = store.collect(grace=AT_ONCE)

    assert (found.snapshots, found.objects, found.object_bytes) == (1, 1, len(b"c\n3\n"))
    assert (before.snapshot_bytes, store.usage().snapshot_bytes) == (12, 8)
    assert store.get_object(kept.snapshot_id) == b"a,b\n1,2\n"
    assert store.find_snapshot(kept.snapshot_id, FILE) == kept
    assert store.put_file(b"a,b\n1,2\n").new_bytes == 0
    assert store.verify() == []
    spoil(store, kept.snapshot_id, tmp_path)
    assert "Execution e1 can't be read whole" in store.verify()[0]


def spoil(store: Store, digest: str, tmp_path: Path) -> None:
    """Flip one bit of an object on the disk; in memory, which nobody else reaches, one can only be lost."""
    if isinstance(store, MemoryStore):
        del store.objects._contents[digest]
        return
    path = tmp_path / "store" / "objects" / digest[:2] / digest[2:]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_flipped_bit_names_the_runs_and_versions_that_it_touches(store: Store, tmp_path: Path) -> None:
    table = a_table()
    one, other = a_snapshot(store, table), a_snapshot(store, table.assign(more=1))
    use = DatasetUse(name="df", kind="x", snapshot_id=other.snapshot_id)
    store.write(Batch(runs=[RunChange(run_id="r2", run=a_run("r2"))]))
    store.write(Batch(snapshots=[one, other], runs=[RunChange(run_id="r2", datasets=[use])]))
    store.write(needing_by_version(one))
    shared = pieces(store.objects, one).keys() & pieces(store.objects, other).keys()

    spoil(store, sorted(shared)[0], tmp_path)
    (problem,) = store.verify()

    assert "Run r2" in problem
    assert "Dataset train version 1" in problem
    assert ("There is no object" if isinstance(store, MemoryStore) else "is spoilt") in problem
    assert "Run r1" not in problem


@pytest.mark.parametrize("kept_as", ["slice_digest", "log_digest"])
def test_flipped_bit_of_a_reproduction_names_the_run_that_was_made_again(
    store: Store, tmp_path: Path, kept_as: str
) -> None:
    digest = store.put_object(b"what a reproduction has kept")
    runs = [RunChange(run_id=run_id, run=a_run(run_id)) for run_id in ("r2", "r3")]
    kept: dict[str, Any] = {kept_as: digest}
    again = [
        Reproduction(reproduction_id=each, run_id="r2", at=NOON, verdict=ReproductionVerdict.EXACT, reason="", **kept)
        for each in ("p1", "p2")
    ]
    store.write(Batch(runs=runs, reproductions=again))

    spoil(store, digest, tmp_path)
    (problem,) = store.verify()

    assert problem.startswith("Reproduction of run r2 can't be read whole: ")
    assert "r3" not in problem


def test_flipped_bit_in_a_manifest_or_profile_is_found(store: Store, tmp_path: Path) -> None:
    snapshot = replace(a_snapshot(store, a_table()), profile_digest=store.put_object(b"profile"))
    store.write(needing_by_dataset(snapshot))

    for digest in (snapshot.snapshot_id, snapshot.profile_digest):
        spoil(store, digest or "", tmp_path)

    problems = store.verify()
    assert len(problems) == 2
    assert all("Run r1 can't be read whole" in problem for problem in problems)
    assert store.collect(grace=AT_ONCE, is_dry_run=True).snapshots == 0
