"""Runs slices, each alone in an interpreter that is forked from one with the libraries imported already.

Run as a script. Each line on its standard input is a JSON object with `notebook` (the slice's file), `folder` (the
working directory), `environment` (variables to set) and `log` (where the process writes); the answer is a line when it
has come to its end: the name of the error that a cell ended with, or nothing. The slice is tracked: what it measured is
in its own store afterwards.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import nbformat

WARM = (
    *("IPython.core.interactiveshell", "matplotlib.pyplot", "pandas", "scipy.stats", "skops.io"),
    *("sklearn.datasets", "sklearn.ensemble", "sklearn.model_selection", "sklearn.pipeline", "sklearn.svm"),
    *("sklearn.neighbors", "sklearn.compose", "sklearn.cluster", "sklearn.decomposition", "sklearn.feature_selection"),
    *("trackbook.store.sql.store", "trackbook.capture.integrations.sklearn", "trackbook.capture.observer"),
    *("trackbook.magics.recording", "trackbook.magics.completion", "pyarrow.parquet"),
)
_LONGEST = 120  # seconds


def main() -> None:
    """Fork an interpreter for every request until the input ends."""
    os.environ["MPLBACKEND"] = "agg"
    for name in WARM:
        importlib.import_module(name)
    sys.path[0] = ""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        os.waitpid(child, 0)
        print(_said(json.loads(line)), flush=True)


def _run(request: dict[str, object]) -> None:
    import signal

    signal.alarm(_LONGEST)
    log = os.open(str(request["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, target)
    os.chdir(str(request["folder"]))
    environment = request["environment"]
    assert isinstance(environment, dict)
    os.environ.update(environment)
    said = _execute(nbformat.read(str(request["notebook"]), as_version=4).cells)
    Path(f"{request['log']}.end").write_text(said, encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)


def _execute(cells: list[dict[str, object]]) -> str:
    """Execute code cells as a kernel would; return the name of the error that one ended with."""
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        def enable_gui(self, gui: object = None) -> None:
            """Take ``%matplotlib inline``, which has no window here."""

    shell = Shell.instance()
    shell.run_cell("%load_ext trackbook", store_history=True)
    said = ""
    for cell in cells:
        if cell["cell_type"] == "code" and not said:
            result = shell.run_cell(str(cell["source"]), store_history=True, cell_id=cell["id"])
            error = result.error_before_exec or result.error_in_exec
            said = f"{type(error).__name__}: {error}" if error is not None else ""
    shell.run_cell("%unload_ext trackbook")
    return said


def _said(request: dict[str, object]) -> str:
    end = Path(f"{request['log']}.end")
    return " ".join(end.read_text(encoding="utf-8").split()) if end.exists() else "it did not come to its end"


if __name__ == "__main__":
    main()
