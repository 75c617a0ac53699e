"""MLflow's client on SQLite: points one by one, and whole runs."""

import sys

import mlflow
from answering import answer, seconds

mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
mlflow.set_experiment("bench")


def points(count):
    """Log points one by one in a run; return the seconds of one."""

    def log():
        with mlflow.start_run():
            for step in range(count):
                mlflow.log_metric("loss", 1 / (1 + step), step=step)

    return seconds(log) / count


def runs(count):
    """Create runs with 10 params and 10 metrics each; return the seconds of one."""

    def create():
        for number in range(count):
            with mlflow.start_run():
                mlflow.log_params({f"p{i}": number + i for i in range(10)})
                mlflow.log_metrics({f"m{i}": number / (1 + i) for i in range(10)})

    return seconds(create) / count


answer({"points": points, "runs": runs})
