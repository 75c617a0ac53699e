"""Runs to read: built from records, at a frozen hour, in a store that lives in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from trackbook.records import MetricPoint, Process, Run, RunDetail, RunStatus, Session
from trackbook.store import Batch, MemoryStore, RunChange

NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)


@dataclass
class Notebook:
    """A store with one living session, and a way to put runs into it."""

    store: MemoryStore = field(default_factory=lambda: MemoryStore("memory://notebook"))
    session_id: str = "sess0000000000000000aa"
    count: int = 0

    def __post_init__(self) -> None:
        home = Process(host="elsewhere", boot="another boot", pid=1, started=0.0)
        session = Session(
            session_id=self.session_id,
            experiment="churn",
            started_at=NOON,
            lease_expires_at=FAR,
            process=home,
            user="ana",
        )
        self.store.write(Batch(sessions=[session]))

    def add(self, detail: RunDetail) -> RunDetail:
        """Write a run with all that hangs on it."""
        change = RunChange(
            run_id=detail.run.run_id,
            run=detail.run,
            params=detail.params,
            metrics=list(detail.metrics.values()),
            tags=dict(detail.tags),
            datasets=detail.datasets,
            models=detail.models,
            artifacts=detail.artifacts,
            execution_ids=detail.execution_ids,
        )
        self.store.write(Batch(runs=[change]))
        return detail


def make(
    number: int,
    *,
    name: str = "",
    run_id: str = "",
    metrics: Mapping[str, float | int] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    run: Mapping[str, Any] | None = None,
    **rest: Any,
) -> RunDetail:
    """Return the `number`-th run, started so many minutes after noon; `run` are other fields of its row."""
    started = NOON + timedelta(minutes=number)
    status = (run or {}).get("status", RunStatus.FINISHED)
    row = {
        "run_id": run_id or f"{number:08d}abcdefghjkmnpq",
        "name": name or f"calm-owl-{number}",
        "experiment": "churn",
        "session_id": "sess0000000000000000aa",
        "started_at": started,
        "finished_at": None if status is RunStatus.RUNNING else started + timedelta(seconds=90),
        "status": status,
    }
    points = {key: MetricPoint(key=key, value=value, time=started) for key, value in (metrics or {}).items()}
    return RunDetail(run=Run(**(row | dict(run or {}))), params=params or {}, metrics=points, tags=tags or {}, **rest)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def make_run() -> Callable[..., RunDetail]:
    return make
