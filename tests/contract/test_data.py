"""Every store keeps snapshots, the versions of datasets, checks and reproductions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from trackbook.errors import ImmutableError, InvalidValueError
from trackbook.records import (
    Check,
    ComparedKind,
    Comparison,
    DatasetUse,
    DatasetVersion,
    FileRead,
    Model,
    ModuleUse,
    Reproduction,
    ReproductionVerdict,
    RunStatus,
    Snapshot,
    Statement,
)
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, Store, open_store
from trackbook.store.handing import hand_over

from .test_store import NOON, a_run, a_session, an_execution

A, B, C = (
    Snapshot(
        snapshot_id=letter * 64,
        kind="pandas.DataFrame",
        made_at=NOON + timedelta(seconds=number),
        fingerprint=f"of {letter}",
        restore_key="k",
        rows=2**40,
        columns=3,
        stored_bytes=10,
        new_bytes=7,
    )
    for number, letter in enumerate("abc")
)
USE = DatasetUse(name="df", kind="pandas.DataFrame", fingerprint="of a")
MODEL = Model(model_id="m1", name="clf", class_name="sklearn.Model", importances={"age": float("nan")})
CHECK = Check(
    check_id="c1",
    name="ages",
    table="df",
    at=NOON,
    is_passed=False,
    failures=2,
    sample=({"age": -1, "name": "ü"}, {"age": float("nan")}),
    schema_name="schema.py:Ages",
    snapshot_id=A.snapshot_id,
    session_id="s1",
    execution_id="e1",
    run_id="r1",
)
REPRODUCTION = Reproduction(
    reproduction_id="p1",
    run_id="r1",
    at=NOON,
    verdict=ReproductionVerdict.NONDETERMINISTIC,
    reason="Two fresh runs differ.",
    tolerance=1e-9,
    environment="strict",
    comparisons=(
        Comparison(kind=ComparedKind.METRIC, key="auc", expected=0.5, found=float("nan"), is_same=False),
        Comparison(kind=ComparedKind.SNAPSHOT, key="df", expected="x", found="x", is_same=True, is_exact=True),
    ),
    seconds=1.5,
    first_difference={"execution": "e1", "statement": 3},
    details={"packages": {"pandas": ["2.2", "3.0"]}},
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    store.write(Batch(sessions=[a_session()], runs=[RunChange(run_id="r1", run=a_run())]))
    yield store
    store.close()


def a_version(snapshot: Snapshot, name: str = "train", **changes: Any) -> DatasetVersion:
    return replace(DatasetVersion(name=name, snapshot_id=snapshot.snapshot_id, made_at=NOON), **changes)


def end(store: Store) -> None:
    store.write(Batch(runs=[RunChange(run_id="r1", run=a_run(status=RunStatus.FINISHED, finished_at=NOON))]))


def add(store: Store, **parts: Any) -> None:
    store.write(Batch(runs=[RunChange(run_id="r1", **parts)]))


# Snapshots


def test_snapshots_come_back_equal_oldest_first(store: Store) -> None:
    store.write(Batch(snapshots=[B, A]))

    assert store.snapshots() == [A, B]
    assert store.snapshots(ids=[B.snapshot_id]) == [B]
    assert store.snapshots(fingerprints=["of a", "of c"]) == [A]
    assert store.snapshots(ids=[A.snapshot_id], fingerprints=["of b"]) == []
    assert (store.usage().snapshots, store.usage().snapshot_bytes) == (2, 14)


def test_what_the_objects_take_is_known_by_kind(store: Store) -> None:
    table, file = store.put_table(pd.DataFrame({"x": [1, 2]})), store.put_file(b"12345678")
    model, module, unused = (store.put_object(name * 100) for name in (b"model", b"code", b"other"))
    store.write(Batch(snapshots=[table, file]))
    add(
        store,
        models=[Model(model_id="m1", name="m", class_name="x.M", object_digest=model)],
        modules=[ModuleUse(name="own", path="own.py", digest=module, size=400)],
    )

    found = store.holdings()

    assert (found.tables, found.files, found.models) == (table.stored_bytes, 8, 500)
    assert (found.outputs, found.code, found.others) == (0, 400, 500)
    assert store.usage().model_bytes == 500
    assert store.usage().kept_bytes == table.stored_bytes + 508
    assert store.get_object(unused)


def test_snapshot_without_a_fingerprint_comes_back_equal(store: Store) -> None:
    bare = Snapshot(snapshot_id="d" * 64, kind="numpy.ndarray", made_at=NOON)

    store.write(Batch(snapshots=[bare]))

    assert store.snapshots() == [bare]


def test_snapshot_is_found_by_fingerprint_and_restore_key_together(store: Store) -> None:
    store.write(Batch(snapshots=[A]))

    assert store.find_snapshot("of a", "k") == A
    assert store.find_snapshot("of a", "another") is None
    assert store.find_snapshot("of b", "k") is None


def test_snapshot_that_is_written_again_only_gains_its_profile(store: Store) -> None:
    profile = store.put_object(b"profile")
    store.write(Batch(snapshots=[A]))

    store.write(Batch(snapshots=[replace(A, made_at=NOON + timedelta(1), new_bytes=0, profile_digest=profile)]))
    store.write(Batch(snapshots=[A]))

    assert store.snapshots() == [replace(A, profile_digest=profile)]


def test_table_comes_back_whole_and_in_part(store: Store) -> None:
    table = pd.DataFrame({"age": [1, 2, 3], "name": ["a", "ü", None]}, index=["x", "y", "z"])

    snapshot = store.put_table(table, fingerprint="f", restore_key="k")
    store.write(Batch(snapshots=[snapshot]))

    assert store.find_snapshot("f", "k") == snapshot
    assert (snapshot.kind, snapshot.rows, snapshot.columns) == ("pandas.DataFrame", 3, 2)
    pd.testing.assert_frame_equal(store.get_table(snapshot.snapshot_id), table)
    part = store.get_table(snapshot.snapshot_id, columns=["name"], rows=slice(1, 3))
    pd.testing.assert_frame_equal(part, table[["name"]].iloc[1:3])
    assert store.get_table(snapshot.snapshot_id, as_="arrow").column("age").to_pylist() == [1, 2, 3]


def test_same_table_again_costs_nothing(store: Store) -> None:
    table = pd.DataFrame({"number": range(10_000)})

    first, again = store.put_table(table), store.put_table(table.copy())

    assert first.snapshot_id == again.snapshot_id
    assert (first.new_bytes > 0, again.new_bytes) == (True, 0)


def test_table_that_cannot_be_kept_equal_is_refused(store: Store) -> None:
    class Strange:
        pass

    with pytest.raises(InvalidValueError):
        store.put_table(pd.DataFrame({"things": [Strange()]}))


# Versions


def test_versions_count_from_one_for_each_name(store: Store) -> None:
    store.write(Batch(snapshots=[A, B]))

    published = [store.publish(a_version(each, name)) for name in ("train", "tést") for each in (A, B)]

    assert [(each.name, each.version) for each in published] == [("train", 1), ("train", 2), ("tést", 1), ("tést", 2)]
    assert store.versions() == sorted(published, key=lambda version: (version.name, version.version))
    assert store.versions("train") == published[:2]
    assert store.versions(snapshot_id=A.snapshot_id) == sorted(published[::2], key=lambda version: version.name)
    assert store.versions("none") == []


def test_version_knows_the_fingerprint_of_its_snapshot_and_its_run(store: Store) -> None:
    published = store.publish(a_version(A, session_id="s1", run_id="r1", execution_id="e1"), snapshot=A)

    assert published == a_version(A, version=1, fingerprint="of a", session_id="s1", run_id="r1", execution_id="e1")
    assert store.versions(run_id="r1") == [published]
    assert store.versions("train", run_id="r2") == []


def test_same_content_as_the_latest_is_the_same_version(store: Store) -> None:
    written_otherwise = replace(A, snapshot_id="e" * 64)
    first = store.publish(a_version(A, run_id="r1"), snapshot=A)

    again = store.publish(a_version(A, made_at=NOON + timedelta(1)))
    other_bytes = store.publish(a_version(written_otherwise), snapshot=written_otherwise)

    assert first == again == other_bytes
    assert store.versions() == [first]


def test_content_of_an_older_version_becomes_a_new_one(store: Store) -> None:
    store.write(Batch(snapshots=[A, B, replace(C, fingerprint="of b", restore_key="another")]))

    numbers = [store.publish(a_version(each)).version for each in (A, B, A, B, C)]

    assert numbers == [1, 2, 3, 4, 5]


def test_versions_of_one_batch_are_numbered_in_order(store: Store) -> None:
    store.write(Batch(snapshots=[A, B], versions=[a_version(A), a_version(B), a_version(B), a_version(A)]))

    assert [(each.version, each.snapshot_id[0]) for each in store.versions()] == [(1, "a"), (2, "b"), (3, "a")]


def test_number_that_is_given_stays_and_is_never_taken_by_other_content(store: Store) -> None:
    store.write(Batch(snapshots=[A, B], versions=[a_version(A, version=5)]))

    with pytest.raises(ImmutableError, match=r"Version 5 of dataset 'train'.*next version"):
        store.write(Batch(snapshots=[C], versions=[a_version(B, version=5)]))

    assert store.snapshots(ids=[C.snapshot_id]) == []
    assert store.publish(a_version(A, version=5)).version == 5
    assert store.publish(a_version(B)).version == 6
    assert store.publish(a_version(C, version=2), snapshot=C).version == 2
    assert [each.version for each in store.versions()] == [2, 5, 6]


@pytest.mark.parametrize(
    "version", [a_version(B), a_version(A, run_id="r9"), a_version(A, name=" "), a_version(A, version=-1)]
)
def test_version_of_what_is_not_there_is_refused(store: Store, version: DatasetVersion) -> None:
    with pytest.raises(InvalidValueError):
        store.publish(version, snapshot=A)

    assert (store.versions(), store.snapshots()) == ([], [])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    published=some.lists(some.tuples(some.sampled_from("xy"), some.sampled_from([A, B, C]), some.integers(0, 6))),
    cuts=some.integers(1, 4),
)
def test_both_stores_number_alike(
    published: list[tuple[str, Snapshot, int]], cuts: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stores: list[Store] = [MemoryStore(), open_store(tmp_path_factory.mktemp("store"))]
    versions = [a_version(snapshot, name, version=number) for name, snapshot, number in published]
    batches = [versions[at : at + cuts] for at in range(0, len(versions), cuts)]
    said: list[list[str]] = [[], []]

    for store, answers in zip(stores, said, strict=True):
        store.write(Batch(snapshots=[A, B, C]))
        for batch in batches:
            try:
                store.write(Batch(versions=batch))
            except ImmutableError as error:
                answers.append(str(error))

    assert stores[0].versions() == stores[1].versions()
    assert said[0] == said[1]
    stores[1].close()


# Checks and reproductions


def test_checks_come_back_equal_in_the_order_of_their_times(store: Store) -> None:
    earlier = Check(check_id="c0", name="any", table="t", at=NOON - timedelta(1), is_passed=True)

    store.write(Batch(snapshots=[A], checks=[CHECK, earlier]))
    store.write(Batch(checks=[CHECK]))

    assert repr(store.checks()) == repr([earlier, CHECK])  # NaN equals nothing
    assert [each.check_id for each in store.checks(run_id="r1")] == ["c1"]
    assert [each.check_id for each in store.checks(execution_id="e1", snapshot_id=A.snapshot_id)] == ["c1"]
    assert store.checks(execution_id="e1", run_id="r2") == []


def test_check_on_record_does_not_change(store: Store) -> None:
    store.write(Batch(snapshots=[A], checks=[CHECK]))

    with pytest.raises(ImmutableError, match="Check 'ages' is on the record"):
        store.write(Batch(checks=[replace(CHECK, is_passed=True)]))

    assert not store.checks()[0].is_passed


@pytest.mark.parametrize("check", [CHECK, replace(CHECK, snapshot_id=None, run_id="r9")])
def test_check_of_what_is_not_there_is_refused(store: Store, check: Check) -> None:
    with pytest.raises(InvalidValueError, match="does not have"):
        store.write(Batch(checks=[check]))

    assert store.checks() == []


def test_reproductions_come_back_equal_in_the_order_of_their_times(store: Store) -> None:
    bare = Reproduction(
        reproduction_id="p0",
        run_id="r1",
        at=NOON - timedelta(1),
        verdict=ReproductionVerdict.EXACT,
        reason="Everything is equal.",
    )

    store.write(Batch(reproductions=[REPRODUCTION, bare]))
    store.write(Batch(reproductions=[REPRODUCTION]))

    assert repr(store.reproductions()) == repr([bare, REPRODUCTION])
    assert len(store.reproductions(run_id="r1")) == 2
    assert store.reproductions(run_id="r2") == []
    with pytest.raises(ImmutableError, match="The reproduction of run r1"):
        store.write(Batch(reproductions=[replace(bare, verdict=ReproductionVerdict.DIFFERENT)]))


def test_reproduction_of_no_run_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="does not have"):
        store.write(Batch(reproductions=[replace(REPRODUCTION, run_id="r9")]))


def test_version_and_check_stay_when_their_run_is_withdrawn(store: Store) -> None:
    store.write(
        Batch(snapshots=[A], versions=[a_version(A, run_id="r1")], checks=[CHECK], reproductions=[REPRODUCTION])
    )

    store.write(Batch(withdrawn=["r1"]))

    assert [(each.version, each.run_id) for each in store.versions()] == [(1, None)]
    assert [(each.check_id, each.run_id) for each in store.checks()] == [("c1", None)]
    assert store.reproductions() == []


def test_time_without_a_zone_is_refused(store: Store) -> None:
    naive = NOON.replace(tzinfo=None)

    for batch in (
        Batch(snapshots=[replace(A, made_at=naive)]),
        Batch(snapshots=[A], versions=[a_version(A, made_at=naive)]),
        Batch(snapshots=[A], checks=[replace(CHECK, at=naive)]),
        Batch(reproductions=[replace(REPRODUCTION, at=naive)]),
    ):
        with pytest.raises(InvalidValueError, match="without a time zone"):
            store.write(batch)


# Where the content of a run's data and models is kept


def test_run_shows_where_its_data_and_models_are_kept(store: Store) -> None:
    file = FileRead(path="a.csv", size=3, digest="d", object_digest=store.put_object(b"a,b"))
    use = replace(USE, files=(file, FileRead(path="b.csv")), snapshot_id=A.snapshot_id)
    model = replace(MODEL, object_digest=store.put_object(b"skops"), example_snapshot=B.snapshot_id)

    store.write(Batch(snapshots=[A, B], runs=[RunChange(run_id="r1", datasets=[use], models=[model])]))

    (detail,) = store.runs(RunFilter())
    assert detail.datasets == (use,)
    assert repr(detail.models) == repr((model,))


def test_statement_shows_where_its_files_are_kept(store: Store) -> None:
    files = (FileRead(path="a.csv", size=3, digest="d", object_digest="e" * 64), FileRead(path="b.csv"))
    execution = an_execution(statements=(Statement(line=1, end_line=1, files=files),))

    store.write(Batch(executions=[execution]))

    assert store.executions() == [execution]


def test_where_content_is_kept_can_be_filled_in_once_the_run_has_ended(store: Store) -> None:
    bare = replace(USE, files=(FileRead(path="a.csv", digest="d"),))
    kept = replace(USE, files=(FileRead(path="a.csv", digest="d", object_digest="e" * 64),), snapshot_id=A.snapshot_id)
    model = replace(MODEL, object_digest="f" * 64, example_snapshot=A.snapshot_id)
    add(store, datasets=[bare], models=[MODEL])
    end(store)

    store.write(Batch(snapshots=[A], runs=[RunChange(run_id="r1", datasets=[kept], models=[model])]))
    add(store, datasets=[bare], models=[MODEL])

    (detail,) = store.runs(RunFilter())
    assert detail.datasets == (kept,)
    assert repr(detail.models) == repr((model,))


def test_where_content_is_kept_does_not_change_once_the_run_has_ended(store: Store) -> None:
    store.write(Batch(snapshots=[A, B]))
    add(store, datasets=[replace(USE, snapshot_id=A.snapshot_id)])
    end(store)

    with pytest.raises(ImmutableError):
        add(store, datasets=[replace(USE, snapshot_id=B.snapshot_id)])
    with pytest.raises(ImmutableError):
        add(store, datasets=[replace(USE, snapshot_id=A.snapshot_id, rows=5)])

    assert store.runs(RunFilter())[0].datasets == (replace(USE, snapshot_id=A.snapshot_id),)


def test_snapshot_is_not_forgotten_when_the_same_dataset_is_written_again(store: Store) -> None:
    store.write(Batch(snapshots=[A]))
    add(store, datasets=[replace(USE, snapshot_id=A.snapshot_id)], models=[replace(MODEL, object_digest="f" * 64)])

    add(store, datasets=[replace(USE, rows=5)], models=[MODEL])

    (detail,) = store.runs(RunFilter())
    assert detail.datasets == (replace(USE, rows=5, snapshot_id=A.snapshot_id),)
    assert detail.models[0].object_digest == "f" * 64


def test_snapshot_of_other_content_is_not_taken_over(store: Store) -> None:
    store.write(Batch(snapshots=[A]))
    add(store, datasets=[replace(USE, snapshot_id=A.snapshot_id)], models=[replace(MODEL, object_digest="f" * 64)])

    add(store, datasets=[replace(USE, fingerprint="of b")], models=[replace(MODEL, features=("x",))])

    (detail,) = store.runs(RunFilter())
    assert detail.datasets == (replace(USE, fingerprint="of b"),)
    assert detail.models[0].object_digest is None


def test_dataset_of_a_snapshot_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="snapshot"):
        add(store, datasets=[replace(USE, snapshot_id=A.snapshot_id)])
    with pytest.raises(InvalidValueError, match="snapshot"):
        add(store, models=[replace(MODEL, example_snapshot=A.snapshot_id)])


def test_what_names_a_lost_snapshot_or_run_is_kept_without(store: Store) -> None:
    batch = Batch(
        executions=[replace(an_execution(), run_ids=("r1",))],
        snapshots=[B],
        runs=[
            RunChange(
                run_id="r1",
                datasets=[replace(USE, snapshot_id=A.snapshot_id), replace(USE, name="b", snapshot_id=B.snapshot_id)],
                models=[replace(MODEL, example_snapshot=A.snapshot_id, object_digest="f" * 64)],
            )
        ],
        versions=[a_version(B, run_id="r9")],
        checks=[replace(CHECK, run_id="r9")],
        reproductions=[REPRODUCTION],
    )

    refusals = hand_over(store, batch)

    (detail,) = store.runs(RunFilter())
    assert refusals == []
    assert [each.snapshot_id for each in detail.datasets] == [None, B.snapshot_id]
    assert (detail.models[0].example_snapshot, detail.models[0].object_digest) == (None, "f" * 64)
    assert [(each.version, each.run_id) for each in store.versions()] == [(1, None)]
    assert [(each.snapshot_id, each.run_id) for each in store.checks()] == [(None, None)]
    assert len(store.reproductions()) == len(store.executions(run_id="r1")) == 1
