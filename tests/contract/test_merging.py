"""Every store takes in what another one holds: nothing is lost, nothing comes twice, and numbers are its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from trackbook.errors import InvalidValueError, StoreError
from trackbook.records import (
    Artifact,
    Check,
    DatasetUse,
    DatasetVersion,
    Environment,
    FileRead,
    Git,
    HiddenRead,
    HiddenReason,
    Model,
    ModuleUse,
    Origin,
    OriginKind,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Reproduction,
    ReproductionVerdict,
    RunStatus,
    Source,
    Statement,
    dataset_key,
)
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, Store, open_store
from trackbook.store.merging.gathering import gathered
from trackbook.store.merging.merge import merge

from .test_store import FAR, LONG, NOON, a_point, a_run, a_session, an_execution

FINISHED = {"status": RunStatus.FINISHED, "finished_at": NOON + timedelta(minutes=1)}


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    other = open_store(tmp_path / "other")
    yield other
    other.close()


def publish(store: Store, name: str, values: list[int], **who: Any) -> DatasetVersion:
    snapshot = store.put_table(pd.DataFrame({"a": values}), fingerprint=f"of {values}")
    version = DatasetVersion(name=name, snapshot_id=snapshot.snapshot_id, made_at=NOON + timedelta(seconds=len(values)))
    return store.publish(replace(version, **who), snapshot=snapshot)


def write_everything(store: Store, run_id: str = "r1") -> None:
    """Write a run with one of everything that can hang on it."""
    table = store.put_table(pd.DataFrame({"a": [1, 2], "b": ["x", None]}), fingerprint="f")
    profile = store.put_object(b"profile")
    file = store.put_file(b"a,b\n1,2\n")
    read = FileRead(path="in.csv", size=8, digest=file.snapshot_id, object_digest=file.snapshot_id)
    part = OutputPart(media_type="image/png", size=3, digest=store.put_object(b"png"))
    statement = Statement(line=1, end_line=2, reads={"x": (Source(execution_id="e0", statement=0),)}, files=(read,))
    execution = an_execution(
        source=LONG,
        outputs=(Output(kind=OutputKind.DISPLAY, parts=(part,)),),
        statements=(statement,),
    )
    environment = Environment(
        environment_id="env",
        python="3.11",
        implementation="CPython",
        platform="linux",
        machine="x",
        git=Git(commit="abc", patch=store.put_object(b"patch")),
    )
    change = RunChange(
        run_id=run_id,
        run=a_run(run_id, environment_id="env", note="well", **FINISHED),
        params={"C": 0.1, "long": LONG, "nested": {"a": [1, None]}},
        metrics=[a_point(value, step=step) for step, value in enumerate((0.5, float("nan"), -0.0))] + [a_point(2**70)],
        tags={"mood": "good"},
        datasets=[DatasetUse(name="df", kind="pandas.DataFrame", files=(read,), snapshot_id=table.snapshot_id)],
        models=[
            Model(
                model_id="m1",
                name="clf",
                class_name="sklearn.Model",
                object_digest=store.put_object(b"model"),
                example_snapshot=table.snapshot_id,
            )
        ],
        artifacts=[Artifact(name="plot.png", digest=store.put_object(b"plot"), size=4)],
        modules=[ModuleUse(name="tools", path="tools.py", digest=store.put_object(b"x = 1"), size=5)],
        execution_ids=["e1"],
        origins=[Origin(kind=OriginKind.METRIC, key="accuracy", source=Source(execution_id="e1", statement=0))],
    )
    store.write(
        Batch(
            sessions=[a_session(environment_id="env", ended_at=NOON + timedelta(hours=1))],
            environments=[environment],
            executions=[execution],
            snapshots=[replace(table, profile_digest=profile), file],
            runs=[change],
            versions=[DatasetVersion(name="train", snapshot_id=table.snapshot_id, made_at=NOON, run_id=run_id)],
            checks=[Check(check_id="c1", name="ages", table="df", at=NOON, is_passed=True, run_id=run_id)],
            reproductions=[
                Reproduction(
                    reproduction_id="p1",
                    run_id=run_id,
                    at=NOON,
                    verdict=ReproductionVerdict.EXACT,
                    reason="It is.",
                    slice_digest=store.put_object(b"slice"),
                )
            ],
        )
    )


def readable(store: Store) -> dict[str, Any]:
    """Return all that a store gives out, NaN as text."""
    held = asdict(gathered(store))
    for change in held["runs"]:
        change["metrics"] = sorted(map(repr, change["metrics"]))
    return {name: sorted(map(repr, records)) for name, records in held.items()}


# All of it


def test_store_that_takes_in_another_holds_what_that_holds(store: Store, other: Store) -> None:
    write_everything(other)

    merged = merge(store, other)

    assert readable(store) == readable(other)
    assert (merged.runs, merged.executions, merged.versions, merged.lost) == (1, 1, ("train@1",), ())
    assert store.verify() == []
    assert store.get_table(store.versions("train")[0].snapshot_id)["a"].tolist() == [1, 2]


def test_merging_again_changes_nothing(store: Store, other: Store) -> None:
    write_everything(other)
    merge(store, other)
    before = readable(store)

    merged = merge(store, other)

    assert readable(store) == before
    assert (merged.runs, merged.executions, merged.versions) == (0, 0, ())


def test_stores_that_take_in_each_other_hold_the_same(store: Store, other: Store) -> None:
    write_everything(other)
    store.write(Batch(sessions=[a_session("s2")], runs=[RunChange(run_id="r2", run=a_run("r2", session_id="s2"))]))

    merge(store, other)
    merge(other, store)

    assert readable(store) == readable(other)


def test_what_the_other_has_lost_is_told_and_stops_nothing(store: Store) -> None:
    other = MemoryStore()
    lost = Artifact(name="plot.png", digest="0" * 64, size=4)
    other.write(Batch(sessions=[a_session()], runs=[RunChange(run_id="r1", run=a_run(), artifacts=[lost])]))

    merged = merge(store, other)

    assert merged.lost == (lost.digest,)
    assert store.runs(RunFilter())[0].artifacts == (lost,)


def test_merge_that_breaks_off_leaves_nothing_to_be_seen(store: Store, other: Store) -> None:
    write_everything(other)
    before = readable(store)

    with pytest.raises(StoreError, match="full"):
        merge(store, Failing(other, after=3))

    assert readable(store) == before
    merge(store, other)
    assert readable(store) == readable(other)


class Failing:
    """A store that can't be read any more after some objects."""

    def __init__(self, other: Store, after: int) -> None:
        self._other, self._left = other, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._other, name)

    def get_object(self, digest: str) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise StoreError("The disk is full.")
        return self._other.get_object(digest)


def test_what_is_composed_is_written_whole_or_not_at_all(store: Store) -> None:
    batch = Batch(sessions=[a_session()], runs=[RunChange(run_id="r1", run=a_run(session_id="nowhere"))])

    with pytest.raises(InvalidValueError):
        store.compose(lambda still: batch)

    assert store.sessions() == []


# What came on in between


def test_run_that_went_on_is_taken_in_to_its_end(store: Store, other: Store) -> None:
    first = RunChange(run_id="r1", run=a_run(), params={"C": 1}, metrics=[a_point(0.5), a_point(0.5)])
    other.write(Batch(sessions=[a_session()], runs=[first], executions=[an_execution(outcome=Outcome.RUNNING)]))
    merge(store, other)
    more = RunChange(
        run_id="r1",
        run=a_run(**FINISHED),
        params={"D": 2},
        metrics=[a_point(0.5), a_point(0.75, step=1)],
        tags={"a": "b"},
        execution_ids=["e1"],
    )
    other.write(Batch(sessions=[a_session(ended_at=NOON)], executions=[an_execution(seconds=2.0)], runs=[more]))

    merge(store, other)

    assert readable(store) == readable(other)
    assert len(store.metric_history("r1", "accuracy")) == 4


def test_what_people_said_here_since_stays(store: Store, other: Store) -> None:
    write_everything(other)
    merge(store, other)
    store.write(Batch(runs=[RunChange(run_id="r1", tags={"mood": None, "mine": "yes"}, note="mine")]))

    merge(store, other)

    (detail,) = store.runs(RunFilter())
    assert (dict(detail.tags), detail.run.note) == ({"mine": "yes"}, "mine")


def test_run_of_a_kernel_that_died_is_taken_in_as_killed(store: Store, other: Store) -> None:
    gone = a_session(lease_expires_at=NOON)
    other.write(Batch(sessions=[gone], runs=[RunChange(run_id="r1", run=a_run())]))

    merge(store, other)

    assert readable(store) == readable(other)
    assert store.runs(RunFilter())[0].run.status is RunStatus.KILLED


# Versions of datasets


def test_version_whose_number_is_taken_gets_the_next_and_what_read_it_says_so(store: Store, other: Store) -> None:
    publish(store, "train", [1])
    publish(other, "train", [7, 8])
    path = FileRead(path="dataset://train@1", is_latest=True)
    hidden = HiddenRead(
        name=dataset_key("train@1"), source=Source(execution_id="e1", statement=0), reason=HiddenReason.CHANGED
    )
    read = an_execution(statements=(Statement(line=1, end_line=1, files=(path,)),), hidden=(hidden,))
    use = DatasetUse(name="df", kind="pandas.DataFrame", files=(path,))
    run = RunChange(run_id="r1", run=a_run(**FINISHED), datasets=[use], execution_ids=["e1"])
    other.write(Batch(sessions=[a_session()], executions=[read], runs=[run]))

    merged = merge(store, other)

    assert merged.versions == ("train@2",)
    (execution,) = store.executions()
    assert execution.statements[0].files[0].path == "dataset://train@2"
    assert execution.hidden[0].name == dataset_key("train@2")
    assert store.runs(RunFilter())[0].datasets[0].files[0].path == "dataset://train@2"
    assert [each.version for each in store.versions("train")] == [1, 2]


def test_version_that_both_know_is_one(store: Store, other: Store) -> None:
    publish(store, "train", [1])
    publish(store, "train", [2, 3])
    publish(other, "train", [1])
    publish(other, "test", [1])

    merged = merge(store, other)

    assert merged.versions == ("test@1",)


def test_content_that_came_back_is_a_version_again(store: Store, other: Store) -> None:
    publish(store, "train", [1])
    publish(store, "train", [2, 3])
    publish(other, "train", [9])
    publish(other, "train", [1], execution_id="e1")
    other.write(Batch(sessions=[a_session()], executions=[an_execution()]))

    assert merge(store, other).versions == ("train@3", "train@4")
    assert merge(store, other).versions == ()


def test_version_that_was_the_latest_here_is_known_again_after_others(store: Store, other: Store) -> None:
    """Its execution has come before."""
    publish(store, "train", [0])
    publish(store, "train", [1])
    publish(other, "train", [1], execution_id="e1")
    other.write(Batch(sessions=[a_session()], executions=[an_execution()]))
    merge(store, other)
    publish(store, "train", [5, 6])

    assert merge(store, other).versions == ()
    assert [each.version for each in store.versions("train")] == [1, 2, 3]


def test_many_who_merge_one_store_at_once_take_it_in_once(tmp_path: Path, other: Store) -> None:
    write_everything(other)
    publish(other, "test", [3])
    stores = [open_store(tmp_path / "store") for _ in range(4)]
    publish(stores[0], "train", [5])

    with ThreadPoolExecutor(len(stores)) as pool:
        merged = [*pool.map(lambda each: merge(each, other), stores)]

    assert sum(each.runs for each in merged) == 1
    assert [each.version for each in stores[0].versions("train")] == [1, 2]
    assert len(stores[0].metric_history("r1", "accuracy")) == 4
    assert stores[0].verify() == []


# Some of it


def test_some_runs_come_with_all_that_belongs_to_them(store: Store, other: Store) -> None:
    write_everything(other)
    child = RunChange(run_id="r2", run=a_run("r2", session_id="s2", parent_id="r1", **FINISHED))
    stranger = RunChange(run_id="r3", run=a_run("r3", session_id="s3", **FINISHED), execution_ids=["e1"])
    other.write(Batch(sessions=[a_session("s2"), a_session("s3")], runs=[child, stranger]))
    publish(other, "stranger", [1], session_id="s3", run_id="r3")
    publish(other, "sibling", [2], session_id="s1", run_id="r3")

    merge(store, other, ["r2"])

    assert {detail.run.run_id for detail in store.runs(RunFilter())} == {"r1", "r2"}
    assert {(each.name, each.run_id) for each in store.versions()} == {("train", "r1"), ("sibling", None)}
    assert {each.session_id for each in store.sessions()} == {"s1", "s2"}
    assert store.verify() == []


# Any stores


@some.composite
def batches(draw: some.DrawFn, letter: str) -> Batch:
    """Draw what a store may hold: sessions, runs beneath runs, points, executions, versions."""
    count = draw(some.integers(1, 4))
    sessions = [a_session(f"{letter}{at}", lease_expires_at=draw(some.sampled_from((NOON, FAR)))) for at in range(2)]
    executions = [
        an_execution(f"{letter}{at}", session_id=f"{letter}{at % 2}", outcome=draw(some.sampled_from(Outcome)))
        for at in range(count)
    ]
    runs = []
    for at in range(count):
        parent = draw(some.sampled_from([None, *(f"{letter}{before}" for before in range(at))]))
        status = draw(some.sampled_from(RunStatus))
        run = a_run(f"{letter}{at}", session_id=f"{letter}{at % 2}", parent_id=parent, status=status)
        values = draw(some.lists(some.floats(), max_size=4))
        points = [a_point(value, step=draw(some.integers(0, 2))) for value in values]
        params = draw(some.dictionaries(some.text(max_size=3), some.integers() | some.text(), max_size=3))
        linked = draw(some.sets(some.sampled_from([each.execution_id for each in executions])))
        change = RunChange(run_id=run.run_id, run=run, metrics=points, params=params, execution_ids=sorted(linked))
        runs.append(change)
    return Batch(sessions=sessions, executions=executions, runs=runs)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    one=batches("a"), two=batches("b"), names=some.lists(some.tuples(some.booleans(), some.integers(0, 3)), max_size=6)
)
def test_any_two_stores_hold_the_same_once_each_has_taken_in_the_other(
    one: Batch, two: Batch, names: list[tuple[bool, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, second = MemoryStore(), open_store(tmp_path_factory.mktemp("any") / "store")
    first.write(one)
    second.write(two)
    for is_first, value in names:
        publish(first if is_first else second, "train", [value], execution_id="a0" if is_first else "b0")

    merge(first, second)
    held = readable(first)
    merge(first, second)
    merge(second, first)
    merge(first, second)

    without = {"versions", "snapshots"}
    assert {name: value for name, value in readable(first).items() if name not in without} == {
        name: value for name, value in readable(second).items() if name not in without
    }
    assert readable(first) == held
    second.close()
