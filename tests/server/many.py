"""A store with ten thousand runs, and a dataset whose two versions take a while to compare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from trackbook.records import DatasetVersion, MetricPoint, Process, Run, RunStatus, Session
from trackbook.store import Batch, RunChange, Store
from trackbook.store.location import open_store

NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
RUNS = 10_000
_ROWS = 100_000
_AT_ONCE = 2_000


def make_many(folder: Path) -> None:
    """Make the store, beneath a folder."""
    store = open_store(folder / ".trackbook")
    process = Process(host="elsewhere", boot="b", pid=1, started=0.0)
    session = Session(
        session_id="s1",
        experiment="many",
        started_at=NOON,
        lease_expires_at=NOON,
        process=process,
        user="ana",
        ended_at=NOON,
    )
    store.write(Batch(sessions=[session]))
    for first in range(0, RUNS, _AT_ONCE):
        store.write(Batch(runs=[_run(number) for number in range(first, first + _AT_ONCE)]))
    _publish(store)
    store.close()


def _run(number: int) -> RunChange:
    at = NOON + timedelta(seconds=number)
    run = Run(
        run_id=f"run-{number:05}",
        name=f"run-{number}",
        experiment="many",
        session_id="s1",
        started_at=at,
        finished_at=at,
        status=RunStatus.FINISHED,
    )
    metrics = [MetricPoint(key=key, value=number % most, time=at) for key, most in (("loss", 97), ("accuracy", 89))]
    return RunChange(run_id=run.run_id, run=run, params={"C": number % 7, "seed": number}, metrics=metrics)


def _publish(store: Store) -> None:
    values = np.random.default_rng(0).normal(size=(_ROWS, 4))
    for step in range(2):
        values[:: 1000 + step] += step
        snapshot = store.put_table(pd.DataFrame(values, columns=[*"abcd"]))
        store.publish(DatasetVersion(name="numbers", snapshot_id=snapshot.snapshot_id, made_at=NOON), snapshot=snapshot)
