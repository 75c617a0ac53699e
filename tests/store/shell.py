"""A notebook in a process of its own, without a kernel: what a test does to that process can't hurt the tests.

``python shell.py`` reads its cells from stdin, as a JSON list, and runs them. ``python shell.py nursery`` reads one
folder a line, forks a notebook that runs cells there until it is killed, and prints its process id: a fork of a process
that has imported everything takes a hundredth of a start.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import types
from itertools import count
from pathlib import Path

from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

WARM = (
    "sklearn.linear_model",
    "sklearn.metrics",
    "IPython.core.magics",
    "trackbook.capture.canonical",
    "trackbook.capture.integrations.sklearn",
    "trackbook.magics.completion",
    "trackbook.magics.recording",
    "trackbook.magics.track",
    "trackbook.store.sql.store",
)
HEAD = "from sklearn.linear_model import LogisticRegression\nfrom sklearn.metrics import accuracy_score"
BODIES = (
    "x = {number}",
    "print('a long output ' * 2000)",  # becomes an object
    "model = LogisticRegression(C={number} + 1.0).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])",
    "accuracy_score([0, 1], model.predict([[0.5], [2.5]]))",
    "y = x + 1\ny",
)


def new_shell() -> InteractiveShell:
    """Return a shell with Trackbook loaded."""
    HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(user_module=types.ModuleType("__main__"))
    shell.colors = "nocolor"
    shell.run_cell("%load_ext trackbook", store_history=True)
    return shell


def source_of(life: str, number: int) -> str:
    """Return the cell that a notebook without end runs as its n-th."""
    body = HEAD if number == 0 else BODIES[number % len(BODIES)].format(number=number)
    return f"# {life} {number}\n{body}"


def run_without_end(folder: Path, life: str) -> None:
    """Run cells in a folder and note each whose prompt is back in a file, until somebody kills this process."""
    os.environ["TRACKBOOK_STORE"] = str(folder / "store")
    os.chdir(folder)
    notes = os.open(folder / f"{life}.notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    shell = new_shell()
    for number in count():
        shell.run_cell(source_of(life, number), store_history=True)
        os.write(notes, f"{number}\n".encode())


def be_a_nursery() -> None:
    """Import all that a notebook needs, then fork one for each line of stdin."""
    for module in WARM:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print("ready", flush=True)
    for line in sys.stdin:
        folder, _, life = line.rstrip("\n").rpartition(" ")
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run_without_end(Path(folder), life)
        print(child, flush=True)


def run_cells(sources: list[str]) -> None:
    """Run cells and end the session as a kernel that is shut down does."""
    shell = new_shell()
    for source in sources:
        shell.run_cell(source, store_history=True)
    shell.run_line_magic("unload_ext", "trackbook")


if __name__ == "__main__":
    if sys.argv[1:] == ["nursery"]:
        be_a_nursery()
    else:
        run_cells(json.load(sys.stdin))
