"""Runs a slice once in a fresh kernel: starts the process that does it, listens to it, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trackbook.pipelines.ending import let_go
from trackbook.pipelines.reproducing.kernel import PLAN_VARIABLE
from trackbook.pipelines.reproducing.scratch import Scratch
from trackbook.tracking.judging import CellFailure

_FOREIGN = ("TRACKBOOK_", "JPY_", "PAPERMILL_", "VSCODE_", "IPYKERNEL_")
_PATIENCE_SECONDS = 10.0
_EXIT_SECONDS = "60"  # for models and tables that are still being kept when the last cell has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Cell `cell` of `cells` of the slice is about to run, for the `attempt`-th time (from 1)."""

    attempt: int
    cell: int
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a fresh run ended: `failure` is None if it came to its end; `printed` is what its process wrote."""

    failure: CellFailure | None
    printed: str


def variables_of(scratch: Scratch, *, plan: Path, notebook: Path, experiment: str, hash_seed: str) -> dict[str, str]:
    """Return the environment variables of a fresh kernel: this process's, with a store and folders of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | {
        PLAN_VARIABLE: str(plan),
        "TRACKBOOK_STORE": str(scratch.path / "store"),
        "TRACKBOOK_NOTEBOOK": str(notebook),
        "TRACKBOOK_EXPERIMENT": experiment,
        "TRACKBOOK_EXIT_SECONDS": _EXIT_SECONDS,
        "JUPYTER_RUNTIME_DIR": str(scratch.path / "runtime"),
        "TMPDIR": str(scratch.path / "tmp"),
        "PYTHONHASHSEED": hash_seed,
    }


def run_notebook(
    scratch: Scratch, notebook: Path, variables: Mapping[str, str], tell: Callable[[int, int], None]
) -> Ended:
    """Run a notebook in the folder of a scratch; what it shows goes to the scratch's ``out.ipynb``.

    Parameters
    ----------
    tell
        Called before each cell with its number and how many there are.
    """
    job = scratch.path / "job.json"
    content = {
        "source": str(notebook),
        "target": str(scratch.path / "out.ipynb"),
        "folder": str(scratch.folder),
        "scratch": str(scratch.path),
    }
    job.write_text(json.dumps(content), encoding="utf-8")
    printed = scratch.path / "printed.txt"
    with printed.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "trackbook.pipelines.reproducing.notebook_process", str(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=variables,
            cwd=scratch.path,
            start_new_session=True,
        )
        try:
            failure = _listen(process, notebook, tell)
        finally:
            let_go(process, _PATIENCE_SECONDS)
    return Ended(failure=failure, printed=printed.read_text(encoding="utf-8", errors="replace"))


def _listen(process: subprocess.Popen[bytes], notebook: Path, tell: Callable[[int, int], None]) -> CellFailure | None:
    for line in process.stdout or ():
        event = _event(line)
        if event.get("event") == "cell":
            tell(int(event["at"]), int(event["of"]))
        elif event.get("event") == "error":
            return CellFailure(
                cell_id=_cell_id(notebook, event["cell"]), name=str(event["name"]), message=str(event["message"])
            )
        elif event.get("event") == "done":
            return None
    return CellFailure(cell_id=None, name="process", message=f"It ended by itself, with exit code {process.wait()}.")


def _event(line: bytes) -> Mapping[str, Any]:
    """Return an event; something else that was printed there is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _cell_id(notebook: Path, index: int | None) -> str | None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return str(cells[index]["id"]) if index is not None and 0 <= index < len(cells) else None
