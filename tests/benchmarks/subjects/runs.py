"""Questions to many runs, 10 params and 10 metrics each, and what they take on disk."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import trackbook
from peer import Peer, absent
from raw import connect
from timing import Bench, Figure, by_turns, seconds
from trackbook import clock
from trackbook.process import boot_id, host, started
from trackbook.project import Project, open_project
from trackbook.records import MetricPoint, Process, Run, RunStatus, Session
from trackbook.store.contract import Batch, RunChange, RunFilter
from trackbook.tracking.query import query_of

RATES = (0.1, 0.01, 0.001, 0.0001)
BEST = "order by metrics.acc desc limit 100"
FILTER = "metrics.acc > 0.9 and params.lr = 0.01"


def figures(bench: Bench) -> list[Figure]:
    """Return both questions beside MLflow and raw SQL, the page of ten times as many runs, and bytes a run."""
    sizes = bench.sizes
    project, size = made_runs(bench.folder / "some", sizes.runs)
    crowd, _ = made_runs(bench.folder / "many", sizes.many_runs)
    raw = _raw(bench.folder / "raw.db", sizes.runs)
    runs, many, turns = f"{sizes.runs:,}", f"{sizes.many_runs:,}", sizes.turns
    page, peer_page = by_turns(turns, lambda: _records(project, BEST), lambda: seconds(lambda: _best(raw)))
    some, peer_some = by_turns(turns, lambda: _records(project, FILTER), lambda: seconds(lambda: _filter(raw)))
    large, small = by_turns(turns, lambda: _records(crowd, BEST), lambda: _records(project, BEST))
    return [
        *_beside_mlflow(bench, project, size),
        Figure(name=f"best 100 of {runs} runs", peer_name="raw indexed SQL", goal=3, ours=page, peer=peer_page),
        Figure(name=f"filter of {runs} runs", peer_name="raw indexed SQL", goal=3, ours=some, peer=peer_some),
        Figure(name=f"best 100 of {many} runs", peer_name=f"best 100 of {runs}", goal=1.5, ours=large, peer=small),
    ]


def _beside_mlflow(bench: Bench, project: Project, size: float) -> list[Figure]:
    runs, turns = f"{bench.sizes.runs:,}", bench.sizes.turns
    names = f"best 100 of {runs} runs, as a frame", f"filter of {runs} runs, as a frame", f"bytes a run, {runs} runs"
    peer_name, on_disk = f"mlflow.search_runs, {runs}", f"MLflow on SQLite, {runs}"
    if "mlflow" not in bench.peers:
        ours = [by_turns(turns, lambda q=q: _frame(project, q))[0] for q in (BEST, FILTER)]
        return [
            absent(bench, "mlflow", names[0], peer_name, 0.02, ours[0]),
            absent(bench, "mlflow", names[1], peer_name, 0.1, ours[1]),
            absent(bench, "mlflow", names[2], on_disk, 0.5, [size]),
        ]
    with Peer(bench, "mlflow", "mlflow_runs") as mlflow:
        theirs = mlflow.ask(do="make", count=bench.sizes.runs)
        best = by_turns(turns, lambda: _frame(project, BEST), lambda: mlflow.ask(do="best"))
        some = by_turns(turns, lambda: _frame(project, FILTER), lambda: mlflow.ask(do="filtered"))
    return [
        Figure(name=names[0], peer_name=peer_name, goal=0.02, ours=best[0], peer=best[1]),
        Figure(name=names[1], peer_name=peer_name, goal=0.1, ours=some[0], peer=some[1]),
        Figure(name=names[2], peer_name=on_disk, goal=0.5, ours=[size], peer=[theirs], unit="bytes"),
    ]


def _frame(project: Project, query: str) -> float:
    return seconds(lambda: trackbook.runs(query, project=project))


def _records(project: Project, query: str) -> float:
    store = project.store
    return seconds(lambda: store.runs(RunFilter(query=query_of(store, query))))


def _values(count: int) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
    chance = random.Random(7)
    for _ in range(count):
        params = {"lr": chance.choice(RATES), **{f"p{i}": chance.randrange(100) for i in range(9)}}
        yield params, {"acc": chance.random(), **{f"m{i}": chance.random() for i in range(9)}}


def made_runs(folder: Path, count: int) -> tuple[Project, float]:
    """Make a store with runs, in batches; return it and the bytes that one run takes on disk."""
    project = open_project(folder)
    began, session_id = clock.now(), clock.new_id()
    here = Process(host=host(), boot=boot_id(), pid=os.getpid(), started=started(os.getpid()) or 0.0)
    session = Session(
        session_id=session_id,
        experiment="bench",
        started_at=began,
        lease_expires_at=began + timedelta(hours=1),
        process=here,
        user="bench",
    )
    project.store.write(Batch(sessions=[session]))
    changes: list[RunChange] = []
    for params, metrics in _values(count):
        changes.append(_change(session_id, params, metrics))
        if len(changes) == 1000:
            project.store.write(Batch(runs=changes))
            changes = []
    project.store.write(Batch(runs=changes))
    project.close()
    return project, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / count


def _change(session_id: str, params: dict[str, float], metrics: dict[str, float]) -> RunChange:
    now, run_id = clock.now(), clock.new_id()
    run = Run(
        run_id=run_id,
        name=clock.new_name(),
        experiment="bench",
        session_id=session_id,
        started_at=now,
        status=RunStatus.FINISHED,
        finished_at=now,
    )
    points = [MetricPoint(key=key, value=value, time=now) for key, value in metrics.items()]
    return RunChange(run_id=run_id, run=run, params=params, metrics=points)


_SCHEMA = """
CREATE TABLE runs (number INTEGER PRIMARY KEY, name TEXT, started REAL, finished REAL, status TEXT);
CREATE TABLE params (run INTEGER, key TEXT, value REAL, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TABLE metrics (run INTEGER, key TEXT, value REAL, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE INDEX params_by_value ON params (key, value);
CREATE INDEX metrics_by_value ON metrics (key, value);
"""


def _raw(path: Path, count: int) -> sqlite3.Connection:
    database = connect(path)
    database.executescript(_SCHEMA)
    database.execute("BEGIN")
    for number, (params, metrics) in enumerate(_values(count)):
        database.execute("INSERT INTO runs VALUES (?, ?, 0, 1, 'FINISHED')", (number, f"run {number}"))
        database.executemany("INSERT INTO params VALUES (?, ?, ?)", [(number, *each) for each in params.items()])
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?)", [(number, *each) for each in metrics.items()])
    database.execute("COMMIT")
    return database


def _best(database: sqlite3.Connection) -> list[dict[str, Any]]:
    return _wide(database, "SELECT run FROM metrics WHERE key = 'acc' ORDER BY value DESC LIMIT 100")


def _filter(database: sqlite3.Connection) -> list[dict[str, Any]]:
    return _wide(
        database,
        "SELECT m.run FROM metrics m JOIN params p ON p.run = m.run AND p.key = 'lr' AND p.value = 0.01"
        " WHERE m.key = 'acc' AND m.value > 0.9",
    )


def _wide(database: sqlite3.Connection, ids: str) -> list[dict[str, Any]]:
    """Return the rows of runs with all their params and metrics."""
    found = [number for (number,) in database.execute(ids)]
    marks = ", ".join("?" * len(found))
    runs: dict[int, dict[str, Any]] = {}
    for number, *rest in database.execute(f"SELECT * FROM runs WHERE number IN ({marks})", found):
        runs[number] = {"run": rest}
    for table in ("params", "metrics"):
        for run, key, value in database.execute(f"SELECT run, key, value FROM {table} WHERE run IN ({marks})", found):
            runs[run][key] = value
    return [runs[number] for number in found]
