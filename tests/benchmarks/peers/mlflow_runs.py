"""MLflow's search over many runs on SQLite.

Its client makes one run; the others are copies of the rows of that one, with values of their own, since the client
needs more than five minutes for 10,000 of them.
"""

import atexit
import random
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import mlflow
from answering import answer, seconds

FILE = Path(sys.argv[1]) / "mlflow.db"
mlflow.set_tracking_uri(f"sqlite:///{FILE}")
mlflow.set_experiment("bench")


def make(count):
    """Make the runs; return the bytes that one takes on disk."""
    with mlflow.start_run() as run:
        mlflow.log_params({"lr": "0.1", **{f"p{i}": "0" for i in range(9)}})
        mlflow.log_metrics({"acc": 0.5, **{f"m{i}": 0.5 for i in range(9)}})
    with sqlite3.connect(FILE) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            if "run_uuid" in columns:
                _copy(database, table, columns, run.info.run_id, count - 1)
    database.close()
    return FILE.stat().st_size / count


def _copy(database, table, columns, run_id, count):
    rows = [
        dict(zip(columns, row, strict=True))
        for row in database.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", [run_id])
    ]
    marks = ", ".join("?" * len(columns))
    made = (tuple(_value(table, row, number).values()) for number in range(count) for row in rows)
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", made)


def _value(table, row, number):
    chance = random.Random(f"{number} {row.get('key')}")
    row = {**row, "run_uuid": uuid.UUID(int=number + 1).hex}
    if table == "params":
        row["value"] = chance.choice(["0.1", "0.01", "0.001", "0.0001"]) if row["key"] == "lr" else str(number % 100)
    if table in ("metrics", "latest_metrics"):
        row["value"] = chance.random()
    return row


def best():
    """Return the seconds of the 100 best runs by a metric."""
    return seconds(lambda: _full(mlflow.search_runs(order_by=["metrics.acc DESC"], max_results=100), 100))


def filtered():
    """Return the seconds of a filter on a metric and a param."""
    return seconds(lambda: mlflow.search_runs(filter_string="metrics.acc > 0.9 and params.lr = '0.01'"))


def serve(port):
    """Start MLflow's server, which lists runs to its page; return its address."""
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        f"sqlite:///{FILE}",
        "--port",
        str(port),
    ]
    server = subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.DEVNULL)
    atexit.register(_end, server)
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            return url
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("MLflow's server ended")


def _end(server):
    server.terminate()
    server.wait(30)


def _full(frame, count):
    assert len(frame) == count, f"MLflow found {len(frame)} runs"


answer({"make": make, "best": best, "filtered": filtered, "serve": serve})
