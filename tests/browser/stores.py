"""Stores that are there before somebody looks: one with ten thousand runs, and notebooks for what is looked at."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trackbook.records import MetricPoint, Process, Run, RunStatus, Session
from trackbook.store.contract import Batch, RunChange
from trackbook.store.location import open_store

RUNS = 10_000
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
_AT_ONCE = 2_000
_MODELS = ("Ridge", "Lasso", "SVC")


def save_notebook(path: Path, cells: Iterable[str]) -> None:
    """Save a notebook of code cells; their ids are `cell-0`, `cell-1` and so on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": listed, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), encoding="utf-8")


def make_many(folder: Path, count: int = RUNS) -> None:
    """Make a store with many runs, and the notebook `many.ipynb` that they are of.

    Run number n is called ``run-n``; the accuracy of number 4,321 is the best one, and no two are the same.
    """
    save_notebook(folder / "many.ipynb", ["1"])
    store = open_store(folder / ".trackbook")
    session = Session(
        session_id="s1",
        experiment="many",
        started_at=NOON,
        lease_expires_at=NOON,
        process=Process(host="elsewhere", boot="b", pid=1, started=0.0),
        user="ana",
        ended_at=NOON,
    )
    store.write(Batch(sessions=[session]))
    for first in range(0, count, _AT_ONCE):
        store.write(Batch(runs=[_run(number) for number in range(first, min(count, first + _AT_ONCE))]))
    store.close()


def _run(number: int) -> RunChange:
    at = NOON + timedelta(seconds=number)
    run = Run(
        run_id=f"run-{number:05}",
        name=f"run-{number}",
        experiment="many",
        session_id="s1",
        started_at=at,
        finished_at=at + timedelta(seconds=1 + number % 50),
        status=RunStatus.FAILED if number % 40 == 7 else RunStatus.FINISHED,
    )
    values = {"accuracy": 0.9 - abs(number - 4321) / 50_000, "loss": 1 + math.sin(number / 30)}
    metrics = [MetricPoint(key=key, value=value, time=at) for key, value in values.items()]
    params = {"C": 10.0 ** (number % 7 - 3), "model": _MODELS[number % 3], "seed": number % 11}
    tags = {"stage": "candidate"} if number % 10 == 0 else {}
    return RunChange(run_id=run.run_id, run=run, params=params, metrics=metrics, tags=tags)
