"""What capture adds to a fit."""

from __future__ import annotations

from itertools import count
from statistics import median

from notebook import Notebook
from peer import Peer, absent
from timing import Bench, Figure, by_turns

_HEAD = (
    "from sklearn.datasets import load_iris\n"
    "from sklearn.linear_model import LogisticRegression\n"
    "X, y = load_iris(return_X_y=True)"
)


def figures(bench: Bench) -> list[Figure]:
    """Return what capture adds to a cell that fits, beside what MLflow's autologging adds to the fit."""
    notebook, numbers = Notebook(), count(1)
    notebook.shell.run_cell(_HEAD, store_history=True)

    def added() -> float:
        return notebook.added(lambda: [_cell(next(numbers)) for _ in range(min(bench.sizes.cells, 9))])

    name = "LogisticRegression on iris, a cell of its own: added"
    peer_name, goal = "what mlflow.sklearn.autolog(log_models=False) adds", 0.05
    if "mlflow" not in bench.peers:
        return [absent(bench, "mlflow", name, peer_name, goal, by_turns(bench.sizes.turns, added)[0])]
    with Peer(bench, "mlflow", "mlflow_fit") as mlflow:
        values = count(1)

        def theirs() -> float:
            return median(mlflow.ask(do="added", c=1 + next(values) / 100) for _ in range(3))

        ours, peer = by_turns(bench.sizes.turns, added, theirs)
    return [Figure(name=name, peer_name=peer_name, goal=goal, ours=ours, peer=peer)]


def _cell(number: int) -> str:
    return f"model = LogisticRegression(C={1 + number / 100}, max_iter=500).fit(X, y)"
