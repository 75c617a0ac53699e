"""MLflow's autologging of scikit-learn: what it adds to a fit."""

import sys

import mlflow
import mlflow.sklearn
from answering import answer, seconds
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
mlflow.set_experiment("bench")
X, y = load_iris(return_X_y=True)


def added(c):
    """Return the seconds that autologging adds to one fit."""
    mlflow.sklearn.autolog(disable=True)
    bare = seconds(lambda: LogisticRegression(C=c, max_iter=500).fit(X, y))
    mlflow.sklearn.autolog(log_models=False, silent=True)
    return seconds(lambda: LogisticRegression(C=c, max_iter=500).fit(X, y)) - bare


answer({"added": added})
