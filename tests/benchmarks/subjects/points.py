"""Logging by hand, durable at the end: points one by one, and whole runs."""

from __future__ import annotations

import time
from pathlib import Path

import trackbook
from peer import Peer, absent
from raw import connect
from timing import Bench, Figure, Timer, by_turns, seconds


def figures(bench: Bench) -> list[Figure]:
    """Return the seconds of one point and of one run, beside MLflow's client, Trackio and raw SQLite."""
    sizes = bench.sizes
    points, slow = f"{sizes.points:,}", f"{sizes.slow_points:,}"
    raw = _raw(bench.folder / "raw.db", sizes.points)
    ours, peer = by_turns(sizes.turns, lambda: _points(sizes.points), raw)
    log = f"a metric point, {points} one by one"
    limit = Figure(name=log, peer_name="raw sqlite3, batches of 1,000", goal=3, ours=ours, peer=peer)
    trackio = _beside(
        bench, "trackio", log, f"Trackio, {points}", 0.25, lambda: _points(sizes.points), {"points": sizes.points}
    )
    mlflow = _beside(
        bench,
        "mlflow",
        log,
        f"MLflow's client on SQLite, {slow}",
        0.01,
        lambda: _points(sizes.points),
        {"points": sizes.slow_points},
    )
    created = _beside(
        bench,
        "mlflow",
        "a run with 10 params and 10 metrics",
        f"MLflow on SQLite, {sizes.created} runs",
        0.05,
        lambda: _runs(sizes.created),
        {"runs": sizes.created},
    )
    return [limit, trackio, mlflow, created]


def _beside(
    bench: Bench, peer: str, name: str, peer_name: str, goal: float, ours: Timer, question: dict[str, int]
) -> Figure:
    if peer not in bench.peers:
        return absent(bench, peer, name, peer_name, goal, by_turns(bench.sizes.turns, ours)[0])
    ((do, count),) = question.items()
    script = f"{peer}_points"
    started = bench.folder / script
    if started.exists():
        started.rename(bench.folder / f"{script}_before")
    with Peer(bench, peer, script) as process:
        samples, beside = by_turns(bench.sizes.turns, ours, lambda: process.ask(do=do, count=count))
    return Figure(name=name, peer_name=peer_name, goal=goal, ours=samples, peer=beside)


def _points(count: int) -> float:
    def log() -> None:
        with trackbook.start_run():
            for step in range(count):
                trackbook.log_metric("loss", 1 / (1 + step), step=step)

    return seconds(log) / count


def _runs(count: int) -> float:
    def create() -> None:
        for number in range(count):
            with trackbook.start_run():
                trackbook.log_params({f"p{i}": number + i for i in range(10)})
                trackbook.log_metrics({f"m{i}": number / (1 + i) for i in range(10)})

    return seconds(create) / count


def _raw(path: Path, count: int) -> Timer:
    database = connect(path)
    database.execute(
        "CREATE TABLE points (run INTEGER, key TEXT, step INTEGER, value REAL, time REAL, PRIMARY KEY (run, key, step))"
        " WITHOUT ROWID"
    )
    runs = iter(range(10_000))

    def log() -> None:
        run = next(runs)
        for start in range(0, count, 1000):
            steps = range(start, min(start + 1000, count))
            rows = [(run, "loss", step, 1 / (1 + step), time.time()) for step in steps]
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
            database.execute("COMMIT")

    return lambda: seconds(log) / count
