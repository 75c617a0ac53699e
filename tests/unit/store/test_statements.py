"""The compiled statements are those that the tables give, and what reads and writes needs no SQLAlchemy."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from trackbook.records import MetricPoint
from trackbook.store.sql import statements
from trackbook.store.sql.compiled import Change
from trackbook.store.sql.latest import LatestMetrics

from .write_statements import code_of, written

WRITTEN = written()


def test_every_statement_is_written() -> None:
    assert {name for name in vars(statements) if name.isupper()} == set(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_written_statement_is_the_one_that_the_tables_give(name: str) -> None:
    wanted = code_of(WRITTEN[name])

    assert code_of(getattr(statements, name)) == wanted, "Run: python tests/unit/store/write_statements.py"


def test_store_is_made_written_and_read_without_sqlalchemy(tmp_path: Path) -> None:
    code = """
import sys
from datetime import UTC, datetime
from trackbook.records import LoggedPoints, Process, Run, Session
from trackbook.store import Batch, RunChange, RunFilter, open_store

at = datetime(2026, 3, 1, tzinfo=UTC)
home = Process(host="h", boot="b", pid=1, started=0.0)
session = Session(session_id="s", experiment="e", started_at=at, lease_expires_at=at, process=home, user="u")
run = Run(run_id="r", name="n", experiment="e", session_id="s", started_at=at)
store = open_store(sys.argv[1])
points = LoggedPoints([("a", 1.0, step, 0) for step in range(3)])
store.write(Batch(sessions=[session], runs=[RunChange(run_id="r", run=run, params={"C": 1}, metrics=points)]))
store.close()
store = open_store(sys.argv[1])
for where in ({}, {"ids": ["r"]}, {"experiment": "e", "limit": 1}, {"prefix": "r"}, {"session_id": "s"}):
    assert store.runs(RunFilter(**where))[0].params == {"C": 1}
assert (store.count_runs(RunFilter()), len(store.metric_history("r", "a"))) == (1, 3)
assert store.executions(session_id="s") == []
store.close()
assert not {"sqlalchemy", "alembic"} & set(sys.modules)
"""

    subprocess.run([sys.executable, "-c", code, str(tmp_path / "store")], check=True)


def test_values_of_a_row_are_a_tuple_however_few() -> None:
    assert Change("DELETE", "a").values_of({"a": 1, "b": 2}) == (1,)
    assert Change("DELETE", "b a").values_of({"a": 1, "b": 2}) == (2, 1)


def test_latest_metrics_are_a_mapping_of_points() -> None:
    metrics = LatestMetrics({"b": (1, 0, "b", 3, 10**6, 0.5, None), "a": (1, 1, "a", 0, 0, 5.0, "5")})
    b = MetricPoint(key="b", value=0.5, step=3, time=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))

    assert (list(metrics), len(metrics), metrics["b"]) == (["b", "a"], 2, b)
    assert ("b" in metrics, "c" in metrics, metrics.get("c")) == (True, False, None)
    assert metrics == {"b": b, "a": metrics["a"]}
    assert type(metrics["a"].value) is int
    assert repr(metrics) == repr(dict(metrics))
