"""`trackbook gate` as CI calls it: on runs that a notebook recorded, with models and tables that were kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result
from trackbook.cli import cli
from trackbook.records import RunDetail

from .session import DATA, Notebook

MEASURE = """
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
"""
FIT = """
columns = {columns}
model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0)).fit(X_train[columns], y_train)
predicted = model.predict(X_test[columns])
accuracy_score(y_test, predicted)
f1_score(y_test, predicted, average="weighted")
roc_auc_score(y_test, model.predict_proba(X_test[columns])[:, 1])
log_loss(y_test, model.predict_proba(X_test[columns]))
"""


@pytest.fixture
def fitted(open_notebook: Callable[..., Notebook]) -> tuple[RunDetail, RunDetail]:
    """A good run and a bad one, of a session that has ended."""
    notebook = open_notebook()
    notebook.run(MEASURE)
    notebook.run(DATA)
    for columns in (["a", "b", "c", "d"], ["b"]):
        notebook.run(FIT.format(columns=columns))
    notebook.settle()
    good, bad = notebook.runs()
    notebook.close()
    return good, bad


def gate(folder: Path, run: str, rules: object, *options: str) -> Result:
    (folder / "gate.yaml").write_text(json.dumps(rules), encoding="utf-8")
    return CliRunner().invoke(cli, ["gate", run, *options], prog_name="trackbook")


def test_gate_holds_runs_against_rules_and_each_other(folder: Path, fitted: tuple[RunDetail, RunDetail]) -> None:
    good, bad = fitted
    metrics = ["accuracy", "f1", "roc_auc", "log_loss"]
    rules = {
        "thresholds": [f"test.accuracy >= {good.metrics['test.accuracy'].value}"],
        "not_worse_than": {"run": bad.run.name, "metrics": metrics},
        "verdict": "clean",
        "max_seconds": 600,
    }

    passed = gate(folder, good.run.name, rules, "-o", "report.md")
    failed = gate(
        folder, bad.run.name, {**rules, "not_worse_than": {"run": good.run.name, "metrics": metrics}}, "--json"
    )
    wrong = gate(folder, good.run.name, {"treshold": []})

    assert (passed.exit_code, failed.exit_code, wrong.exit_code) == (0, 1, 2), passed.output
    assert passed.stdout == (folder / "report.md").read_text(encoding="utf-8")
    assert passed.stdout.count("✅ pass |") == 8
    assert "60 rows of y_test" in passed.stdout
    found = json.loads(failed.stdout)
    assert found["passed"] is False
    compared = [each for each in found["rules"] if each["rule"] == "not_worse_than"]
    assert [each["details"]["paired"] for each in compared] == [True] * 4
    assert [each["details"]["n"] for each in compared] == [60] * 4
    assert [each["result"] for each in found["rules"]][:3] == ["pass", "fail", "fail"]
    assert "Did you mean 'thresholds'?" in wrong.stderr


def test_gate_makes_runs_again_and_runs_notebooks_whose_outputs_must_stay(
    folder: Path, fitted: tuple[RunDetail, RunDetail]
) -> None:
    good, _ = fitted
    for name, shown in (("same", "3"), ("changed", "4")):
        output = nbformat.v4.new_output("execute_result", {"text/plain": shown}, execution_count=1)
        cells = [
            nbformat.v4.new_code_cell("import os"),
            nbformat.v4.new_code_cell("1 + 2", execution_count=1, outputs=[output]),
        ]
        kernel = {"name": "of-another-machine", "display_name": "Mine", "language": "python"}
        made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(made, folder / f"{name}.ipynb")

    without = gate(folder, good.run.run_id, {"reproduced": "exact"})
    result = gate(folder, good.run.run_id, {"reproduced": {"run": True}, "nbval": ["*.ipynb"]}, "--json")
    then = gate(folder, good.run.run_id, {"reproduced": "exact"})

    rules = [(each["rule"], each["result"], each["found"]) for each in json.loads(result.stdout)["rules"]]
    assert rules == [
        ("status", "pass", "finished"),
        ("reproduced", "pass", "exact"),
        ("nbval", "fail", "1 of 2 cells differ or fail: cell 2"),
        ("nbval", "pass", "2 cells as before"),
    ]
    assert (without.exit_code, result.exit_code, then.exit_code) == (1, 1, 0)
    assert "not reproduced yet: trackbook reproduce" in without.stdout


def test_gate_refuses_a_report_that_is_none_before_it_does_anything(folder: Path) -> None:
    refused = gate(folder, "latest", {"reproduced": {"run": True}}, "-o", "notebook.ipynb")

    assert refused.exit_code == 2
    assert "is no report. Name a file that ends with .md or .json" in refused.stderr
