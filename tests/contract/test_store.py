"""Every store keeps the contract of `trackbook.store.contract`; one set of tests over all of them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trackbook import process
from trackbook.errors import ImmutableError, InvalidValueError, NotFoundError
from trackbook.records import (
    Artifact,
    Column,
    DatasetUse,
    Environment,
    Execution,
    Failure,
    FileRead,
    Git,
    HiddenRead,
    HiddenReason,
    LoggedPoint,
    LoggedPoints,
    MetricPoint,
    Model,
    ModuleUse,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Process,
    Resources,
    Role,
    Run,
    RunStatus,
    Session,
    Source,
    Statement,
    Verdict,
)
from trackbook.records.query import Field, Has, Query, Scope
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, Store, open_store
from trackbook.store.contract import Fields

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
LONG = "a long text, ü\n" * 4000
HERE = Process(
    host=process.host(), boot=process.boot_id(), pid=os.getpid(), started=process.started(os.getpid()) or 0.0
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    store.write(Batch(sessions=[a_session()]))
    yield store
    store.close()


def a_session(session_id: str = "s1", **changes: Any) -> Session:
    session = Session(
        session_id=session_id,
        experiment="churn",
        started_at=NOON,
        lease_expires_at=FAR,
        process=HERE,
        user="ada",
    )
    return replace(session, **changes)


def a_run(run_id: str = "r1", **changes: Any) -> Run:
    run = Run(run_id=run_id, name="brave-otter", experiment="churn", session_id="s1", started_at=NOON)
    return replace(run, **changes)


def an_execution(execution_id: str = "e1", **changes: Any) -> Execution:
    execution = Execution(
        execution_id=execution_id,
        session_id="s1",
        index=1,
        source="x = 1",
        started_at=NOON,
        outcome=Outcome.OK,
    )
    return replace(execution, **changes)


def a_point(value: float = 0.5, key: str = "accuracy", **changes: Any) -> MetricPoint:
    return replace(MetricPoint(key=key, value=value, time=NOON), **changes)


def write_run(store: Store, run_id: str = "r1", *, run: Run | None = None, **parts: Any) -> None:
    store.write(Batch(runs=[RunChange(run_id=run_id, run=run or a_run(run_id), **parts)]))


def add(store: Store, run_id: str = "r1", **parts: Any) -> None:
    store.write(Batch(runs=[RunChange(run_id=run_id, **parts)]))


def names(store: Store, **where: Any) -> list[str]:
    return [detail.run.run_id for detail in store.runs(RunFilter(**where))]


# What was written comes back


def test_session_comes_back_equal(store: Store) -> None:
    session = a_session("s2", notebook="a/b.ipynb", kernel_id="k", environment_id="v", parent_run_id="p", ended_at=NOON)

    store.write(Batch(sessions=[session]))

    assert store.sessions(ids=["s2"]) == [session]


def test_sessions_come_oldest_first_and_are_replaced_by_heartbeats(store: Store) -> None:
    older = a_session("s0", started_at=NOON - timedelta(microseconds=1))
    beaten = a_session(lease_expires_at=FAR + timedelta(days=1))

    store.write(Batch(sessions=[older, beaten]))

    assert store.sessions() == [older, beaten]


def test_frozen_store_does_not_see_what_is_written_meanwhile(store: Store) -> None:
    write_run(store, "r1", params={"a": 1})

    with store.frozen() as still:
        before = [still.runs(RunFilter()), still.count_runs(RunFilter()), still.executions(), still.sessions()]
        write_run(store, "r2")
        add(store, "r1", params={"b": 2}, metrics=[a_point()])
        store.write(Batch(executions=[an_execution()], sessions=[a_session("s2")]))
        after = [still.runs(RunFilter()), still.count_runs(RunFilter()), still.executions(), still.sessions()]
        history = still.metric_history("r1", "accuracy")

    assert after == before
    assert history == []
    assert names(store) == ["r2", "r1"]
    assert len(store.metric_history("r1", "accuracy")) == 1


def test_environment_comes_back_equal_and_is_kept_once(store: Store) -> None:
    environment = Environment(
        environment_id="v1",
        python="3.11.7",
        implementation="CPython",
        platform="Linux",
        machine="x86_64",
        packages={"pandas": "2.2", "own": "0.1", "numpy": "2.1"},
        origins={"own": "editable file:///work/own"},
        requires={"pandas": ("numpy",)},
        hardware={"cpu": 8, "gpu": None, "memory": 1.5e10},
        git=Git(commit="abc", branch="main", is_dirty=True, patch=store.put_object(b"diff"), remote="git@x:y"),
    )

    store.write(Batch(environments=[environment]))
    store.write(Batch(environments=[replace(environment, python="4")]))

    assert store.environment("v1") == environment
    assert store.environment("v2") is None


def test_environment_without_git_comes_back_without(store: Store) -> None:
    environment = Environment(environment_id="v", python="3", implementation="C", platform="L", machine="m")

    store.write(Batch(environments=[environment]))

    assert store.environment("v") == environment


CUT = OutputPart(media_type="text/plain", size=10**9, digest="1" * 64, text="naïve \x1b[31m", is_cut=True)
SHOWN = Output(
    kind=OutputKind.RESULT,
    parts=(CUT, OutputPart(media_type="image/png", size=3, digest="2" * 64), OutputPart(media_type="x/y", size=0)),
)


def test_execution_comes_back_equal(store: Store) -> None:
    statement = Statement(
        line=1,
        end_line=2,
        reads={"df": (Source(execution_id="e0", statement=3), Source(execution_id="e0", statement=4)), "os": ()},
        writes=("x", "y"),
        literals={"x": [1, 2.0, None, {"deep": "ü"}]},
    )
    execution = an_execution(
        cell_id="c",
        count=7,
        seconds=0.25,
        outcome=Outcome.ERROR,
        failure=Failure(type="ValueError", message="bad", traceback="Traceback"),
        reads=("df",),
        writes=("x", "y"),
        maybe=("m",),
        state=("numpy.random",),
        hidden=(HiddenRead(name="df", source=Source(execution_id="e0", statement=3), reason=HiddenReason.RERUN),),
        outputs=(SHOWN, Output(kind=OutputKind.STREAM, name="stderr", parts=(CUT,))),
        statements=(statement, Statement(line=3, end_line=3)),
        resources=Resources(cpu_seconds=0.1, peak_memory_bytes=2**40, gpu_peak_memory_bytes=2**41, gpu_percent=12.5),
    )

    store.write(Batch(executions=[execution]))

    assert store.executions(ids=["e1"]) == [execution]


def test_run_comes_back_equal_with_all_that_hangs_on_it(store: Store) -> None:
    digest = store.put_object(b"png")
    run = a_run(
        status=RunStatus.FAILED,
        verdict=Verdict.STALE,
        verdict_reason="'df' was made by a cell that was edited since.",
        finished_at=NOON + timedelta(microseconds=1),
        failure=Failure(type="ValueError", message="bad"),
        environment_id="v1",
        note="try again",
    )
    dataset = DatasetUse(
        name="X_train",
        kind="DataFrame",
        role=Role.TRAIN,
        rows=100,
        shape=(100, 2),
        columns=(Column(name="age", dtype="int64"),),
        fingerprint="f",
        files=(FileRead(path="a.csv", size=3, digest="d"), FileRead(path="b.csv")),
    )
    model = Model(
        model_id="m1",
        name="clf",
        class_name="sklearn.X",
        signature={"inputs": ["age"]},
        features=("age",),
        importances={"age": 0.5},
        coefficients={"age": [0.1, None]},
        details={"n": 1},
    )
    artifact = Artifact(name="plot.png", digest=digest, size=3, media_type="image/png")
    module = ModuleUse(name="shop.clean", path="shop/clean.py", digest=digest, size=3)
    point = a_point()

    write_run(
        store,
        run=run,
        params={"C": 0.1, "a": None},
        metrics=[point],
        tags={"team": "red"},
        datasets=[dataset, replace(dataset, role=None), replace(dataset, role=Role.TEST)],
        models=[model],
        artifacts=[artifact],
        modules=[module, replace(module, name="shop")],
        execution_ids=["e2", "e1"],
    )

    (detail,) = store.runs(RunFilter())
    assert detail.run == run
    assert detail.params == {"C": 0.1, "a": None}
    assert detail.metrics == {"accuracy": point}
    assert detail.tags == {"team": "red"}
    assert detail.datasets == (dataset, replace(dataset, role=None), replace(dataset, role=Role.TEST))
    assert detail.models == (model,)
    assert detail.artifacts == (artifact,)
    assert detail.modules == (module, replace(module, name="shop"))
    assert detail.execution_ids == ("e2", "e1")


def test_times_of_any_zone_come_back_as_the_same_moment_in_utc(store: Store) -> None:
    moment = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    write_run(store, run=a_run(started_at=moment))

    (detail,) = store.runs(RunFilter())
    assert detail.run.started_at == NOON


def test_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="time zone"):
        write_run(store, run=a_run(started_at=NOON.replace(tzinfo=None)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LONG, id="long"),
        "\0",
        "nul\0inside",
        "\ud800 lone",
        "object:sha256:" + "0" * 64,
        "\ud83d\ude00",
        pytest.param("😀" * 5000, id="wide"),
    ],
)
def test_any_text_comes_back_whole_wherever_it_stands(store: Store, text: str) -> None:
    run = a_run(text, name=text, experiment=text, note=text, failure=Failure(type=text, message=text, traceback=text))
    statement = Statement(line=1, end_line=1, writes=(text,), literals={text: text})

    store.write(
        Batch(
            executions=[an_execution(source=text, reads=(text,), statements=(statement,))],
            runs=[RunChange(run_id=text, run=run, params={text: text}, tags={text: text}, metrics=[a_point(key=text)])],
        )
    )

    (detail,) = store.runs(RunFilter(ids=[text], name=text, experiment=text))
    assert (detail.run, detail.params, detail.tags) == (run, {text: text}, {text: text})
    assert store.metric_history(text, text) == [a_point(key=text)]
    (execution,) = store.executions()
    assert (execution.source, execution.reads, execution.statements) == (text, (text,), (statement,))
    assert store.verify() == []


def test_a_list_that_the_caller_changes_later_is_kept_as_it_was(store: Store) -> None:
    layers = [64, 32]

    write_run(store, params={"layers": layers})
    layers.append(16)

    assert store.runs(RunFilter())[0].params == {"layers": [64, 32]}


# Numbers


SPECIAL = [math.nan, math.inf, -math.inf, -0.0, 0.0, 5, 5.0, 2**63, -(2**63) - 1, 10**400, -(10**400), 1e308, 5e-324]


@pytest.mark.parametrize("value", [*SPECIAL, pytest.param(10**5000, id="5001 digits")])
def test_special_number_comes_back_exactly(store: Store, value: float) -> None:
    write_run(store, metrics=[a_point(value)])

    (latest,) = (detail.metrics["accuracy"].value for detail in store.runs(RunFilter()))
    (point,) = store.metric_history("r1", "accuracy")
    assert_same_number(latest, value)
    assert_same_number(point.value, value)


def assert_same_number(one: float, other: float) -> None:
    assert type(one) is type(other)
    assert one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, float):
        assert math.copysign(1, one) == math.copysign(1, other)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(values=st.lists(st.floats() | st.integers() | st.sampled_from(SPECIAL), min_size=1, max_size=20))
def test_any_metric_values_come_back_in_the_order_of_their_steps(store: Store, values: list[float]) -> None:
    run_id = f"r{store.count_runs(RunFilter())}"

    write_run(store, run_id, metrics=[a_point(value, step=step) for step, value in enumerate(values)])

    points = store.metric_history(run_id, "accuracy")
    assert [repr(point.value) for point in points] == [repr(value) for value in values]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(params=st.dictionaries(st.text(st.characters(exclude_categories=[])), JSON, max_size=5))
def test_any_params_come_back_equal(store: Store, params: dict[str, Any]) -> None:
    run_id = f"r{store.count_runs(RunFilter())}"

    write_run(store, run_id, params=params)

    (detail,) = store.runs(RunFilter(ids=[run_id]))
    assert repr(detail.params) == repr(params)


def test_param_without_a_json_form_is_refused_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="no JSON form"):
        write_run(store, params={"model": object()})

    assert names(store) == []


def test_step_beyond_64_bits_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="Step"):
        write_run(store, metrics=[a_point(step=2**63)])


# Metrics


def test_latest_point_has_the_greatest_step_then_time_then_came_last(store: Store) -> None:
    later = NOON + timedelta(seconds=1)
    write_run(store, metrics=[a_point(1.0, step=3), a_point(2.0, step=2, time=later), a_point(3.0, step=3)])

    add(store, metrics=[a_point(4.0, step=1, time=later)])
    latest_after_older = store.runs(RunFilter())[0].metrics["accuracy"]
    add(store, metrics=[a_point(5.0, step=3)])
    latest_after_equal = store.runs(RunFilter())[0].metrics["accuracy"]
    add(store, metrics=[a_point(6.0, step=3, time=later), a_point(7.0, step=3)])
    latest_after_later = store.runs(RunFilter())[0].metrics["accuracy"]

    assert [latest_after_older.value, latest_after_equal.value, latest_after_later.value] == [3.0, 5.0, 6.0]
    history = [point.value for point in store.metric_history("r1", "accuracy")]
    assert history == [4.0, 2.0, 1.0, 3.0, 5.0, 7.0, 6.0]
    assert store.verify() == []


def test_finished_run_takes_more_metrics(store: Store) -> None:
    write_run(store, run=a_run(status=RunStatus.FINISHED))

    add(store, metrics=[a_point()])

    assert store.runs(RunFilter())[0].metrics == {"accuracy": a_point()}


def test_history_of_what_is_not_there_is_empty(store: Store) -> None:
    assert store.metric_history("r9", "accuracy") == []


# Immutability


def test_param_keeps_its_value_and_nothing_of_the_batch_is_written(store: Store) -> None:
    write_run(store, params={"C": 1})

    with pytest.raises(ImmutableError, match="Param 'C' of run 'brave-otter' is 1 on the record"):
        store.write(Batch(executions=[an_execution()], runs=[RunChange(run_id="r1", params={"C": 2}, tags={"a": "b"})]))

    (detail,) = store.runs(RunFilter())
    assert (detail.params, detail.tags, store.executions()) == ({"C": 1}, {}, [])


@pytest.mark.parametrize("other", [1.0, True, "1", [1], None])
def test_param_of_another_type_is_another_value(store: Store, other: object) -> None:
    write_run(store, params={"C": 1})

    with pytest.raises(ImmutableError):
        add(store, params={"C": other})


@pytest.mark.parametrize("value", [math.nan, {"a": 1, "b": [math.nan]}, LONG])
def test_param_can_be_written_again_with_the_same_value(store: Store, value: Any) -> None:
    write_run(store, params={"C": value})

    add(store, params={"C": dict(reversed(value.items())) if isinstance(value, dict) else value, "D": 1})

    assert repr(store.runs(RunFilter())[0].params) == repr({"C": value, "D": 1})


def test_two_values_for_a_param_in_one_batch_are_refused(store: Store) -> None:
    first = RunChange(run_id="r1", run=a_run(), params={"C": 1})

    with pytest.raises(ImmutableError):
        store.write(Batch(runs=[first, RunChange(run_id="r1", params={"C": 2})]))

    assert names(store) == []


def test_execution_changes_until_it_has_ended(store: Store) -> None:
    ended = an_execution(seconds=1.0)
    store.write(Batch(executions=[an_execution(outcome=Outcome.RUNNING)]))
    store.write(Batch(executions=[ended]))

    store.write(Batch(executions=[ended]))
    with pytest.raises(ImmutableError, match="Execution e1 has ended"):
        store.write(Batch(executions=[replace(ended, source="x = 2")]))

    assert store.executions() == [ended]


def test_run_changes_status_name_note_and_tags(store: Store) -> None:
    write_run(store, run=a_run(status=RunStatus.FINISHED), tags={"a": "1", "b": "2"})
    changed = a_run(status=RunStatus.FAILED, name="calm-crane", verdict=Verdict.STALE, verdict_reason="x was edited")

    write_run(store, run=changed, note="bad data", tags={"a": None, "b": "3", "c": "4", "never": None})

    (detail,) = store.runs(RunFilter())
    assert (detail.run, detail.tags) == (replace(changed, note="bad data"), {"b": "3", "c": "4"})


def test_note_needs_no_row_and_a_row_that_is_out_of_date_does_not_undo_it(store: Store) -> None:
    write_run(store, run=a_run(note="first"))

    add(store, note="of a person")
    write_run(store, run=a_run(status=RunStatus.FINISHED, note="first"))
    kept = store.runs(RunFilter())[0].run
    add(store, note="")
    emptied = store.runs(RunFilter())[0].run

    assert (kept.note, kept.status, emptied.note) == ("of a person", RunStatus.FINISHED, None)


@pytest.mark.parametrize("change", [{"session_id": "s2"}, {"started_at": FAR}])
def test_origin_of_a_run_never_changes(store: Store, change: dict[str, Any]) -> None:
    store.write(Batch(sessions=[a_session("s2")]))
    write_run(store)

    with pytest.raises(ImmutableError, match=next(iter(change))):
        write_run(store, run=a_run(**change))


def test_parent_of_an_ended_run_is_filled_in_and_then_stays(store: Store) -> None:
    write_run(store, "p1")
    write_run(store, "p2")
    write_run(store, run=a_run(status=RunStatus.FINISHED))

    write_run(store, run=a_run(status=RunStatus.FINISHED, parent_id="p1"))
    with pytest.raises(ImmutableError, match="parent_id"):
        write_run(store, run=a_run(status=RunStatus.FINISHED, parent_id="p2"))

    assert names(store, parent_id="p1") == ["r1"]


def test_ended_run_does_not_run_again(store: Store) -> None:
    write_run(store, run=a_run(status=RunStatus.FINISHED))

    with pytest.raises(ImmutableError, match="does not run again"):
        write_run(store)


DATASET = DatasetUse(name="X", kind="DataFrame", rows=1)
MODEL = Model(model_id="m", name="clf", class_name="A", importances={"x": math.nan})
ARTIFACT = Artifact(name="a.txt", digest="0" * 64, size=1)
MODULE = ModuleUse(name="shop.clean", path="shop/clean.py", digest="0" * 64, size=1)
DESCRIBED: list[tuple[str, Any, Any]] = [
    ("datasets", DATASET, replace(DATASET, rows=2)),
    ("models", MODEL, replace(MODEL, class_name="B")),
    ("artifacts", ARTIFACT, replace(ARTIFACT, size=2)),
    ("modules", MODULE, replace(MODULE, digest="1" * 64)),
]


@pytest.mark.parametrize(("kind", "before", "after"), DESCRIBED)
def test_description_is_replaced_while_the_run_runs_and_stays_when_it_has_ended(
    store: Store, kind: str, before: Any, after: Any
) -> None:
    write_run(store, **{kind: [before]})
    write_run(store, run=a_run(status=RunStatus.FINISHED), **{kind: [after]})

    add(store, **{kind: [after]})
    with pytest.raises(ImmutableError, match="has ended"):
        add(store, **{kind: [before]})

    (kept,) = getattr(store.runs(RunFilter())[0], kind)
    assert repr(kept) == repr(after)


def test_change_of_a_run_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no run r9"):
        add(store, "r9", tags={"a": "b"})


@pytest.mark.parametrize("change", [{"session_id": "gone"}, {"parent_id": "gone"}])
def test_run_of_an_unknown_session_or_parent_is_refused(store: Store, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="the store does not have"):
        write_run(store, run=a_run(**change))

    assert names(store) == []


def test_batch_may_bring_a_child_before_its_parent(store: Store) -> None:
    child = RunChange(run_id="r2", run=a_run("r2", parent_id="r1"))

    store.write(Batch(runs=[child, RunChange(run_id="r1", run=a_run())]))

    assert names(store, parent_id="r1") == ["r2"]


# Withdrawal


def test_withdrawn_run_goes_with_all_that_hangs_on_it(store: Store) -> None:
    store.write(Batch(executions=[an_execution()]))
    write_run(store, params={"C": 1}, metrics=[a_point()], tags={"a": "b"}, execution_ids=["e1"])
    write_run(store, "r2", run=a_run("r2", parent_id="r1"))

    store.write(Batch(withdrawn=["r1", "never-written"]))

    assert names(store) == ["r2"]
    assert names(store, only_roots=True) == ["r2"]
    assert store.metric_history("r1", "accuracy") == []
    assert store.executions()[0].run_ids == ()
    assert store.verify() == []


def test_ended_run_can_not_be_withdrawn(store: Store) -> None:
    write_run(store, run=a_run(status=RunStatus.FINISHED))

    with pytest.raises(ImmutableError, match="withdrawn"):
        store.write(Batch(withdrawn=["r1"]))

    assert names(store) == ["r1"]


# Executions and their runs


def test_executions_name_their_runs_whoever_said_so(store: Store) -> None:
    runs = [RunChange(run_id=run_id, run=a_run(run_id), execution_ids=["e1"]) for run_id in ("r1", "r2")]
    store.write(Batch(executions=[an_execution(), an_execution("e2", index=2, run_ids=("r1",))], runs=runs))

    first, second = store.executions()

    assert (set(first.run_ids), second.run_ids) == ({"r1", "r2"}, ("r1",))
    assert store.executions(run_id="r1") == [first, second]
    assert store.executions(run_id="r2", ids=["e2"]) == []
    assert set(store.runs(RunFilter(ids=["r1"]))[0].execution_ids) == {"e1", "e2"}


def test_run_may_name_an_execution_that_is_written_later(store: Store) -> None:
    write_run(store, execution_ids=["e1"])

    store.write(Batch(executions=[an_execution()]))

    assert store.executions(run_id="r1") == [an_execution(run_ids=("r1",))]


def test_executions_come_in_the_order_in_which_they_started(store: Store) -> None:
    store.write(Batch(sessions=[a_session("s2")]))
    second = an_execution("a", index=2, started_at=NOON + timedelta(microseconds=1))
    other = an_execution("c", session_id="s2", started_at=NOON - timedelta(seconds=1))

    store.write(Batch(executions=[second, an_execution("b"), other]))

    assert [execution.execution_id for execution in store.executions()] == ["c", "b", "a"]
    assert [execution.execution_id for execution in store.executions(session_id="s1")] == ["b", "a"]


# Listing


@pytest.fixture
def listed(store: Store) -> Store:
    store.write(Batch(sessions=[a_session("s2")]))
    times = [NOON + timedelta(seconds=number // 2) for number in range(5)]
    runs = [a_run(f"a{number}", started_at=moment) for number, moment in enumerate(times)]
    runs.append(a_run("B0", experiment="other", session_id="s2", name="calm-crane", parent_id="a0", started_at=FAR))
    store.write(Batch(runs=[RunChange(run_id=run.run_id, run=run) for run in runs]))
    return store


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "B0 a4 a3 a2 a1 a0"),
        ({"oldest_first": True}, "a0 a1 a2 a3 a4 B0"),
        ({"limit": 2}, "B0 a4"),
        ({"limit": 2, "offset": 2}, "a3 a2"),
        ({"offset": 4}, "a1 a0"),
        ({"limit": 0}, ""),
        ({"ids": ["a1", "a3", "a9"]}, "a3 a1"),
        ({"ids": []}, ""),
        ({"prefix": "a"}, "a4 a3 a2 a1 a0"),
        ({"prefix": "a3"}, "a3"),
        ({"prefix": "b"}, ""),
        ({"prefix": ""}, "B0 a4 a3 a2 a1 a0"),
        ({"prefix": "a%"}, ""),
        ({"prefix": "\ud800"}, ""),
        ({"name": "calm-crane"}, "B0"),
        ({"experiment": "churn", "limit": 1}, "a4"),
        ({"session_id": "s2"}, "B0"),
        ({"parent_id": "a0"}, "B0"),
        ({"only_roots": True, "oldest_first": True, "limit": 1}, "a0"),
        ({"only_roots": True, "parent_id": "a0"}, ""),
        ({"of_last_execution": True}, ""),
    ],
)
def test_filter_gives_runs_in_order(listed: Store, where: dict[str, Any], expected: str) -> None:
    found = names(listed, **where)

    assert " ".join(found) == expected
    assert listed.count_runs(RunFilter(**{**where, "limit": None, "offset": 0})) >= len(found)


def test_runs_of_the_last_execution_are_those_that_were_at_work_last(store: Store) -> None:
    store.write(Batch(executions=[an_execution(), an_execution("e2"), an_execution("e3")]))
    write_run(store, execution_ids=["e1"])
    write_run(store, "r2", run=a_run("r2"), execution_ids=["e2"])

    write_run(store, execution_ids=["e1", "e3"])

    assert names(store, of_last_execution=True) == ["r1"]
    assert names(store, of_last_execution=True, experiment="another") == []


def test_runs_with_a_tag_are_those_that_have_it_now(store: Store) -> None:
    write_run(store, tags={"stage": "final", "draft": "1"})
    write_run(store, "r2", run=a_run("r2"), tags={"stage": ""})
    write_run(store, "r3", run=a_run("r3"), tags={"draft": "1"})

    store.write(Batch(runs=[RunChange(run_id="r1", tags={"draft": None})]))

    assert sorted(names(store, tagged="stage")) == ["r1", "r2"]
    assert names(store, tagged="draft") == ["r3"]
    assert names(store, tagged="never written") == []
    assert names(store, tagged="stage", experiment="another") == []
    assert store.count_runs(RunFilter(tagged="stage")) == 2


def test_count_leaves_out_limit_and_offset(listed: Store) -> None:
    assert listed.count_runs(RunFilter(experiment="churn", limit=1, offset=3)) == 5


def test_list_of_ids_may_be_as_long_as_it_likes(listed: Store) -> None:
    assert names(listed, ids=[f"x{number}" for number in range(40_000)] + ["a1"]) == ["a1"]


# Killed


def test_running_run_of_a_living_session_reads_as_running(store: Store) -> None:
    write_run(store)
    store.write(Batch(executions=[an_execution(outcome=Outcome.RUNNING)]))

    assert store.runs(RunFilter())[0].run.status is RunStatus.RUNNING
    assert store.executions()[0].outcome is Outcome.RUNNING


GONE: dict[str, Any] = {
    "its lease is over": {"lease_expires_at": NOON},
    "it has ended": {"ended_at": NOON},
    "its process is not there": {"process": replace(HERE, pid=2**22 + 1)},
    "its process id was used again": {"process": replace(HERE, started=HERE.started - 60)},
}


@pytest.mark.parametrize("why", GONE)
def test_what_runs_in_a_session_that_is_gone_reads_as_killed(store: Store, why: str) -> None:
    running = an_execution(outcome=Outcome.RUNNING)
    store.write(Batch(executions=[running], runs=[RunChange(run_id="r1", run=a_run(), execution_ids=["e1"])]))
    write_run(store, "r2", run=a_run("r2", status=RunStatus.FINISHED))

    store.write(Batch(sessions=[a_session(**GONE[why])]))

    statuses = {detail.run.run_id: detail.run.status for detail in store.runs(RunFilter())}
    assert statuses == {"r1": RunStatus.KILLED, "r2": RunStatus.FINISHED}
    assert store.executions()[0].outcome is Outcome.INTERRUPTED


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"boot": "another"}])
def test_process_of_another_machine_is_judged_by_its_lease(store: Store, change: dict[str, str]) -> None:
    write_run(store)

    store.write(Batch(sessions=[a_session(process=replace(HERE, pid=2**22 + 1, **change))]))

    assert store.runs(RunFilter())[0].run.status is RunStatus.RUNNING


def test_session_that_comes_back_to_life_finishes_its_run(store: Store) -> None:
    store.write(Batch(sessions=[a_session(lease_expires_at=NOON)]))
    write_run(store)

    store.write(Batch(sessions=[a_session()]))
    write_run(store, run=a_run(status=RunStatus.FINISHED))

    assert store.runs(RunFilter())[0].run.status is RunStatus.FINISHED


# Objects, changes, closing


def test_object_comes_back_under_its_digest(store: Store) -> None:
    digest = store.put_object(b"hello")

    assert digest == store.put_object(b"hello")
    assert store.get_object(digest) == b"hello"
    assert digest == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_missing_object_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no object 000000000000"):
        store.get_object("0" * 64)


@pytest.mark.parametrize(
    "digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "\u0660" * 64]
)
def test_what_is_no_digest_is_refused_at_the_door(store: Store, digest: str) -> None:
    with pytest.raises(InvalidValueError, match="no digest"):
        store.get_object(digest)


def test_what_hangs_on_a_run_comes_in_the_order_in_which_it_was_first_written(store: Store) -> None:
    write_run(store, params={"z": 1}, tags={"z": "1"}, metrics=[a_point(key="z")], artifacts=[ARTIFACT])
    other, module = replace(ARTIFACT, name="0.txt"), replace(MODULE, name="a")

    add(store, params={"a": 2, "z": 1}, tags={"a": "2"}, metrics=[a_point(key="a"), a_point(2.0, key="z", step=1)])
    add(store, tags={"z": "3"}, artifacts=[other, ARTIFACT], modules=[MODULE, module], execution_ids=["e2", "e1"])

    (detail,) = store.runs(RunFilter())
    assert [list(detail.params), list(detail.tags), list(detail.metrics)] == [["z", "a"]] * 3
    assert [each.name for each in detail.artifacts] == ["a.txt", "0.txt"]
    assert [each.name for each in detail.modules] == ["shop.clean", "a"]
    assert detail.execution_ids == ("e2", "e1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from("ab"), st.integers(-1, 2), st.integers(0, 1)), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_points_in_any_order_and_number_of_batches_come_back_by_step_then_time_then_as_they_came(
    store: Store, batches: list[list[tuple[str, int, int]]]
) -> None:
    run_id = f"r{store.count_runs(RunFilter())}"
    numbered = [
        [
            a_point(10 * place + number, key=key, step=step, time=NOON + timedelta(seconds=later))
            for number, (key, step, later) in enumerate(batch)
        ]
        for place, batch in enumerate(batches)
    ]
    write_run(store, run_id)

    for points in numbered:
        add(store, run_id, metrics=points)

    (detail,) = store.runs(RunFilter(ids=[run_id]))
    for key, latest in detail.metrics.items():
        came = [point for points in numbered for point in points if point.key == key]
        expected = sorted(came, key=lambda point: (point.step, point.time))
        assert (store.metric_history(run_id, key), latest) == (expected, expected[-1])


def test_missing_object_of_an_artifact_is_told_with_its_run(store: Store) -> None:
    write_run(store, artifacts=[ARTIFACT])

    (problem,) = store.verify()

    assert "Run r1" in problem
    assert "no object 000000000000" in problem


def test_change_token_moves_with_every_write_and_only_then(store: Store) -> None:
    before = store.change_token()
    unchanged = store.change_token()
    write_run(store)
    after = store.change_token()

    assert before == unchanged
    assert after != before


def test_closed_store_is_opened_by_its_next_use(store: Store) -> None:
    write_run(store)

    store.close()

    assert names(store) == ["r1"]


# Points that were logged one by one


LOGGED = st.tuples(st.sampled_from(["a", "b.c"]), st.floats() | st.integers(), st.integers(0, 3), st.integers(0, 2**40))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(rows=st.lists(LOGGED, min_size=1, max_size=12))
def test_logged_points_are_kept_as_points_are(store: Store, rows: list[LoggedPoint]) -> None:
    one, other = (f"r{store.count_runs(RunFilter()) + number}" for number in range(2))
    points = LoggedPoints(rows)

    write_run(store, one, metrics=points)
    write_run(store, other, metrics=list(points))

    assert (len(points), repr(points[1:])) == (len(rows), f"<{len(rows) - 1} metric points>")
    for key in {row[0] for row in rows}:
        assert repr(store.metric_history(one, key)) == repr(store.metric_history(other, key))
    assert store.verify() == []


def test_logged_step_beyond_64_bits_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="Step"):
        write_run(store, metrics=LoggedPoints([("a", 1.0, 2**63, 0)]))


@pytest.mark.parametrize("query", [None, Query(where=Has(field=Field(scope=Scope.PARAMS, key="C")))])
def test_only_the_fields_that_are_asked_for_come_with_runs(store: Store, query: Query | None) -> None:
    long = "k" * 20_000
    points = [a_point(key="loss"), a_point(key="auc")]
    write_run(store, params={"C": 1, "it's": 2, long: 3}, metrics=points, tags={"stage": "final"})

    (some,) = store.runs(RunFilter(query=query, fields=Fields(params=["it's", long, "none"], metrics=["auc"])))
    (none,) = store.runs(RunFilter(query=query, fields=Fields(params=[], metrics=[], tags=[])))

    assert (some.params, [*some.metrics], some.tags) == ({"it's": 2, long: 3}, ["auc"], {"stage": "final"})
    assert (none.params, dict(none.metrics), none.tags) == ({}, {}, {})
    assert store.runs(RunFilter(fields=Fields())) == store.runs(RunFilter())
