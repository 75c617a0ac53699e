"""A notebook to type into: cells of a fresh IPython shell, and what Trackbook's store holds of them afterwards.

The shell lives in the process of the test; `test_real_kernel.py` has the few sessions that need a kernel of their own.
The store is read through a connection of its own, as another process would.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from trackbook.records import Execution, JsonValue, MetricPoint, RunDetail
from trackbook.store import Store
from trackbook.store.contract import RunFilter
from trackbook.store.location import open_store

DATA = """
import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split

def make():
    values, target = make_classification(n_samples=150, n_features=4, flip_y=0.2, random_state=3)
    return pd.DataFrame(values, columns=["a", "b", "c", "d"]), pd.Series(target, name="won")

X, y = make()
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)
"""
"""A small classification problem, as most of these sessions begin."""


class Notebook:
    """One session of one notebook in a folder of its own; `close` ends it.

    A cell is known by its name: run under the same name it has the same cell id, as in a notebook.
    """

    def __init__(self, folder: Path, *, load: bool = True, name: str = "notebook") -> None:
        self.folder = folder
        self._name = name
        self._sources: dict[str, str] = {}
        self._reader: Store | None = None
        self.shell = _new_shell()
        if load:
            self.run("%load_ext trackbook")

    # Cells

    def run(self, source: str, cell: str | None = None) -> Any:
        """Run a cell as typed and return its value; an error in it is an error of the test."""
        result = self._execute(source, cell)
        result.raise_error()
        return result.result

    def fails(self, source: str, cell: str | None = None) -> BaseException:
        """Run a cell that is to raise, and return what it raised."""
        result = self._execute(source, cell)
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        assert error is not None, f"this cell raised nothing: {source}"
        return error

    def rerun(self, cell: str) -> Any:
        """Run a cell again as it is."""
        return self.run(self._sources[cell], cell)

    def edit(self, cell: str, source: str) -> Any:
        """Type another source into a cell and run it."""
        return self.run(source, cell)

    def _execute(self, source: str, cell: str | None) -> Any:
        name = cell or f"cell-{len(self._sources)}"
        self._sources[name] = source
        result = self.shell.run_cell(source, store_history=True, cell_id=f"{self._name}-{name}")
        if source == "%load_ext trackbook":
            self._wait_until_loaded()
        return result

    def _wait_until_loaded(self) -> None:
        """A cell that does nothing else than to load is recorded in the background, as the only one."""
        extension = getattr(self.shell, "_trackbook", None)
        if extension is not None:
            extension.keeper.deliver()

    @property
    def variables(self) -> dict[str, Any]:
        """The notebook's namespace."""
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    def settle(self) -> None:
        """Wait until all is kept that the cells have given to be kept."""
        extension = getattr(self.shell, "_trackbook", None)
        assert extension is None or extension.recorder.snapshots.wait(60)

    # What is recorded

    @property
    def store(self) -> Store:
        """The store of the folder, opened apart from the notebook's own."""
        if self._reader is None:
            self._reader = open_store(start=self.folder)
        return self._reader

    def runs(self) -> list[RunDetail]:
        """Return all runs in the order in which they started."""
        return self.store.runs(RunFilter(oldest_first=True))

    def tops(self) -> list[RunDetail]:
        """Return the runs that have no parent."""
        return self.store.runs(RunFilter(oldest_first=True, only_roots=True))

    def children(self, parent: RunDetail) -> list[RunDetail]:
        """Return the runs under another."""
        return self.store.runs(RunFilter(oldest_first=True, parent_id=parent.run.run_id))

    def only_run(self) -> RunDetail:
        """Return the run, if there is just one."""
        found = self.runs()
        assert len(found) == 1, [(run.run.name, dict(run.params), values(run)) for run in found]
        return found[0]

    def last_run(self) -> RunDetail:
        """Return the run that started last."""
        return self.runs()[-1]

    def history(self, run: RunDetail, key: str) -> list[MetricPoint]:
        """Return all points of a metric."""
        return self.store.metric_history(run.run.run_id, key)

    def executions(self) -> list[Execution]:
        """Return the executions of all sessions in their order."""
        return self.store.executions()

    def last_execution(self) -> Execution:
        """Return the execution of the cell that was run last."""
        return self.executions()[-1]

    @property
    def faults(self) -> list[str]:
        """What Trackbook itself failed at."""
        extension = getattr(self.shell, "_trackbook", None)
        return list(extension.guard.faults) if extension is not None else []

    def close(self) -> None:
        """End the session as a kernel that is shut down does."""
        if getattr(self.shell, "_trackbook", None) is not None:
            self.shell.run_line_magic("unload_ext", "trackbook")
        if self._reader is not None:
            self._reader.close()
        with contextlib.suppress(AttributeError):
            self.shell.restore_sys_module_state()
        InteractiveShell.clear_instance()


def values(run: RunDetail) -> dict[str, float | int]:
    """Return the latest value of each metric of a run."""
    return {key: point.value for key, point in run.metrics.items()}


def params(run: RunDetail, *names: str) -> Mapping[str, JsonValue]:
    """Return some params of a run; those that it doesn't have are left out."""
    return {name: run.params[name] for name in names if name in run.params}


def _new_shell() -> InteractiveShell:
    HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(user_module=types.ModuleType("__main__"))
    shell.colors = "nocolor"
    return shell
