"""Work of every kind that the panel shows: fits, curves, a figure, a dataset with two versions, a pipeline."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .lab import Lab
from .stores import save_notebook

_CELLS = (
    "%matplotlib inline\n"
    "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\nimport trackbook\n"
    "from sklearn.linear_model import LogisticRegression\nfrom sklearn.metrics import accuracy_score, f1_score\n"
    "from sklearn.model_selection import train_test_split",
    "rng = np.random.default_rng(7)\nrows = 400\n"
    "customers = pd.DataFrame({\n"
    "    'age': rng.integers(18, 90, rows),\n    'spent': rng.gamma(2.0, 40.0, rows).round(2),\n"
    "    'visits': rng.poisson(4, rows),\n    'plan': rng.choice(['free', 'plus', 'team'], rows),\n})\n"
    "trackbook.publish(customers, 'customers')\n"
    "customers['spent'] = customers['spent'].where(customers['age'] < 85)\n"
    "trackbook.publish(customers, 'customers');",
    "stays = (customers['visits'] + rng.normal(0, 1.5, rows) > 4).rename('stays')\n"
    "numbers = customers[['age', 'visits']]\n"
    "X_train, X_test, y_train, y_test = train_test_split(numbers, stays, test_size=0.25, random_state=3)\n"
    "X_train.head(3)",
    "C = 0.0001",
    "model = LogisticRegression(C=C).fit(X_train, y_train)\npredicted = model.predict(X_test)\n"
    "accuracy = accuracy_score(y_test, predicted)\nf1 = f1_score(y_test, predicted)\n"
    "print(f'accuracy {accuracy:.3f}, f1 {f1:.3f}')",
    "C = 0.1",
    "model = LogisticRegression(C=C).fit(X_train, y_train)\npredicted = model.predict(X_test)\n"
    "accuracy = accuracy_score(y_test, predicted)\nf1 = f1_score(y_test, predicted)\n"
    "print(f'accuracy {accuracy:.3f}, f1 {f1:.3f}')",
    "for C in (0.001, 0.01, 1.0, 10.0):\n    model = LogisticRegression(C=C).fit(X_train, y_train)\n"
    "    accuracy = accuracy_score(y_test, model.predict(X_test))",
    "for rate, name in ((0.05, 'slow-learner'), (0.2, 'quick-learner')):\n"
    "    with trackbook.start_run(name, tags={'stage': 'candidate'}) as run:\n"
    "        run.log_param('rate', rate)\n        for epoch in range(40):\n"
    "            loss = np.exp(-rate * epoch) + 0.03 * rng.random()\n"
    "            run.log_metric('loss', loss, step=epoch)\n"
    "            run.log_metric('val_loss', loss + 0.1 * rng.random() + epoch / 200, step=epoch)\n"
    "        figure, axes = plt.subplots(figsize=(4, 3))\n        axes.plot(np.exp(-rate * np.arange(40)))\n"
    "        figure.savefig(f'{name}.png')\n        run.log_artifact(f'{name}.png')",
)
_STEPS = {
    "prepare": ["import pandas as pd, trackbook", "trackbook.publish(pd.DataFrame({'a': range(40)}), 'prepared');"],
    "train": ["import trackbook", "rows = len(trackbook.load('prepared'))\nprint('rows:', rows)"],
    "check": ["import trackbook", "assert len(trackbook.load('prepared')) > 90, 'too few rows'"],
    "report": ["print('done')"],
}
_PIPELINE = """
name: daily
steps:
  - notebook: prepare.ipynb
  - notebook: train.ipynb
    needs: prepare
  - notebook: check.ipynb
    needs: prepare
  - notebook: report.ipynb
    needs: [train, check]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What there is to look at.

    `at` is the notebook's path beneath the server's root. `first` and `second` are two fits in cells, `curves` two runs
    with series, `pipeline` the run of a pipeline, all by their ids; `model` is that of the second one's model.
    """

    at: str
    first: str
    second: str
    model: str
    curves: tuple[str, str]
    pipeline: str


def do_work(lab: Lab, folder: str = "work") -> Work:
    """Do all of it in a folder beneath the server's root, by papermill and the command line of its environment."""
    place = lab.root / folder
    save_notebook(place / "customers.ipynb", _CELLS)
    for name, cells in _STEPS.items():
        save_notebook(place / f"{name}.ipynb", cells)
    (place / "pipeline.yaml").write_text(_PIPELINE, encoding="utf-8")
    run_in(lab, place, "papermill", "--engine", "trackbook", "--no-progress-bar", *["customers.ipynb"] * 2)
    run_in(lab, place, "trackbook", "pipeline", "run", "--json", code=1)  # its step `check` fails
    at = f"{folder}/customers.ipynb"
    runs = runs_of(lab, at)
    by_name = {run["name"]: run["run_id"] for run in runs}
    fits = {run["params"]["C"]: run["run_id"] for run in runs if "C" in run["params"]}
    pipelines = _asked(lab, f"pipelines?at={at}")
    (model,) = _asked(lab, f"runs/{fits[0.1]}?at={at}")["models"]
    return Work(
        at=at,
        first=fits[0.0001],
        second=fits[0.1],
        model=model["model_id"],
        curves=(by_name["slow-learner"], by_name["quick-learner"]),
        pipeline=pipelines["pipelines"][0]["runs"][0]["run_id"],
    )


def runs_of(lab: Lab, at: str) -> list[dict[str, Any]]:
    """Return all runs of the store of a notebook, the newest first."""
    return list(_asked(lab, f"runs?at={at}&fields=params&limit=500")["runs"])


def _asked(lab: Lab, path: str) -> Any:
    status, found = lab.ask(path)
    assert status == 200, found
    return found


def run_in(lab: Lab, folder: Path, *words: str, code: int = 0, given: object = None) -> None:
    """Run a command of the lab's environment in a folder, with a store of its own there; `given` is told as JSON."""
    done = subprocess.run(
        [str(lab.commands / words[0]), *words[1:]],
        cwd=folder,
        env={**lab.environment, "TRACKBOOK_STORE": str(folder / ".trackbook")},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
