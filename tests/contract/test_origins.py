"""Every store keeps where a run's metrics and models were made, and what statements read and drew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from trackbook.records import FileRead, Inside, Origin, OriginKind, Source, Statement
from trackbook.store import Batch, MemoryStore, RunChange, Store, open_store

from .test_store import a_run, a_session, an_execution

ORIGIN = Origin(
    kind=OriginKind.METRIC,
    key="test.accuracy",
    source=Source(execution_id="e1", statement=2),
    names=("X", "größe"),
    literals={"cutoff": 0.5, "nothing": None},
    inside=(Inside(function="main", line=3), Inside(function="judge", line=0)),
    fits=(Source(execution_id="e0", statement=7),),
    unseeded=("train_test_split()",),
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    store.write(Batch(sessions=[a_session()], runs=[RunChange(run_id="r1", run=a_run())]))
    yield store
    store.close()


def test_origins_come_back_equal_in_the_order_in_which_they_were_written(store: Store) -> None:
    plain = Origin(kind=OriginKind.FIT, key="", source=Source(execution_id="e0", statement=0))

    store.write(Batch(runs=[RunChange(run_id="r1", origins=[ORIGIN])]))
    store.write(Batch(runs=[RunChange(run_id="r1", origins=[plain])]))

    assert store.origins("r1") == [ORIGIN, plain]
    assert store.origins("r2") == []


def test_origin_that_is_on_record_stays_as_it_was(store: Store) -> None:
    store.write(Batch(runs=[RunChange(run_id="r1", origins=[ORIGIN, ORIGIN])]))
    store.write(Batch(runs=[RunChange(run_id="r1", origins=[replace(ORIGIN, names=("other",))])]))

    assert store.origins("r1") == [ORIGIN]


def test_origins_go_with_a_withdrawn_run(store: Store) -> None:
    store.write(Batch(runs=[RunChange(run_id="r1", origins=[ORIGIN])]))

    store.write(Batch(withdrawn=["r1"]))

    assert store.origins("r1") == []


def test_statement_keeps_the_files_that_it_read_and_what_it_drew(store: Store) -> None:
    files = (FileRead(path="/data/a.csv", size=3, digest="abc"), FileRead(path="https://example.org/b.csv"))
    statement = Statement(line=1, end_line=1, files=files, unseeded=("sample()",))
    execution = an_execution(statements=(statement, Statement(line=2, end_line=2)))

    store.write(Batch(executions=[execution]))

    assert store.executions(ids=["e1"]) == [execution]
